import base64
import json
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.kernel import jws, keys
from mockspaces.cloud.kernel.jws import MalformedTokenError, SignatureCache, Token, TokenReader

KEY, OTHER = keys.pooled(0), keys.pooled(1)
HEADER: dict[str, Any] = {"alg": "RS256", "typ": "JWT", "kid": "k"}
CLAIMS: dict[str, Any] = {"iss": "app", "exp": 1_927_857_906}
VALID = jws.sign_rs256(HEADER, CLAIMS, KEY)


def read(text: str) -> Token:
    return jws.read(text, max_chars=8192, max_depth=32)


def part(data: bytes | str) -> str:
    raw = data.encode() if isinstance(data, str) else data
    return base64.urlsafe_b64encode(raw).rstrip(b"=").decode()


def token(header: bytes | str = '{"alg":"RS256"}', payload: bytes | str = "{}", signature: str = "AAAA") -> str:
    return f"{part(header)}.{part(payload)}.{signature}"


def test_valid_token_is_taken_apart() -> None:
    """Header, claims, signed bytes and signature are those that were put together."""
    found = read(VALID)
    assert (found.header, found.claims) == (HEADER, CLAIMS)
    assert found.signed == VALID.rpartition(".")[0].encode()
    assert jws.encoded(found.signature) == VALID.rpartition(".")[2]


@given(st.dictionaries(st.text(), st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text()))
def test_signed_claims_are_those_that_another_library_reads(claims: dict[str, Any]) -> None:
    """What is signed here is verified and read alike by PyJWT."""
    text = jws.sign_rs256(HEADER, claims, KEY)
    assert json.loads(jwt.api_jws.decode(text, KEY.loaded.public, ["RS256"])) == claims == read(text).claims


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "three parts"),
        ("a.b", "three parts"),
        (VALID + ".x", "three parts"),
        (token()[:-4] + "AA==", "signature is not canonical"),
        (token()[:-4] + "AB", "signature is not canonical"),
        (token()[:-4] + "A", "signature is not base64url"),
        (token()[:-4] + "A+/A", "signature is not canonical"),
        (token()[:-4] + "A A", "signature is not base64url"),
        (token()[:-4] + "ÄAAA", "signature is not base64url"),
        (token(header="[]"), "header is no JSON object"),
        (token(header="nonsense"), "header is not JSON"),
        (token(header=b"\xff"), "header is not JSON in UTF-8"),
        (token(header=""), "header is not JSON"),
        (token(payload="1"), "payload is no JSON object"),
        (token(payload='{"exp":1,"exp":2}'), "payload repeats a member"),
        (token(payload='{"a":{"b":1,"b":2}}'), "payload repeats a member"),
        (token(payload='{"exp":NaN}'), "NaN is not JSON"),
        (token(payload='{"exp":Infinity}'), "Infinity is not JSON"),
        (token(payload='{"exp":1}x'), "payload is not JSON"),
        (token(payload='{"a":' + "[" * 32 + "]" * 32 + "}"), "nests too deep"),
        (token(payload="[" * 3000), "payload is not JSON"),
        (token(payload='{"exp":' + "9" * 5000 + "}"), "payload is not JSON"),
        ("x" * 8193, "8193 characters"),
    ],
)
def test_malformed_token_is_refused_with_a_reason(text: str, why: str) -> None:
    """Everything that is no strict compact JWS is refused, in words that name the bad part."""
    with pytest.raises(MalformedTokenError, match=why):
        read(text)


@pytest.mark.parametrize("payload", ['{"a":' + "[" * 31 + "]" * 31 + "}", '{"a":1,"b":{"a":1}}', ' {"a" : 1} '])
def test_what_only_looks_odd_is_read(payload: str) -> None:
    """The deepest nesting allowed, the same name at two levels, and blanks are fine."""
    assert read(token(payload=payload)).claims == json.loads(payload)


@given(st.text(max_size=60) | st.from_regex(r"[\w-]{0,20}\.[\w-]{0,20}\.[\w-]{0,20}"))
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text whatever makes the reader fail in another way than by refusing it."""
    try:
        found = read(text)
    except MalformedTokenError:
        return
    assert isinstance(found.header, dict)
    assert isinstance(found.claims, dict)


@given(st.integers(0, len(VALID) - 1), st.sampled_from("ABCDabcd0189-_.=+/ "))
def test_no_changed_character_survives(at: int, character: str) -> None:
    """A valid token with any one character changed is malformed, or its signature does not match."""
    changed = VALID[:at] + character + VALID[at + 1 :]
    if changed == VALID:
        return
    try:
        found = read(changed)
    except MalformedTokenError:
        return
    assert not SignatureCache().verify(found, "k", KEY)


def test_hs256_needs_the_same_secret() -> None:
    """A token is authenticated with its own secret and with no other."""
    found = read(jws.sign_hs256({"alg": "HS256"}, CLAIMS, b"secret"))
    assert jws.verify_hs256(found, b"secret")
    assert not jws.verify_hs256(found, b"other")


def test_signature_of_another_key_does_not_match() -> None:
    """The check tells keys apart, also after the right one has been remembered."""
    cache = SignatureCache()
    assert cache.verify(read(VALID), "k", KEY)
    assert not cache.verify(read(VALID), "other", OTHER)


@pytest.mark.parametrize("text", [VALID, token()])
def test_remembered_result_is_the_computed_one(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """The second check of a token, good or bad, computes nothing and says the same."""
    cache = SignatureCache()
    first = cache.verify(read(text), "k", KEY)
    monkeypatch.setattr(keys.KeyPair, "verify", None)
    assert cache.verify(read(text), "k", KEY) is first


def test_same_signature_under_another_text_is_checked_anew() -> None:
    """A remembered success covers that very token only, not its signature under other claims."""
    cache = SignatureCache()
    assert cache.verify(read(VALID), "k", KEY)
    head, _payload, signature = VALID.split(".")
    assert not cache.verify(read(f"{head}.{part('{}')}.{signature}"), "k", KEY)


def test_signature_cache_is_bounded() -> None:
    """A flood of tokens costs no more memory than the cache's size, and the oldest entries go first."""
    cache = SignatureCache(size=3)
    tokens = [read(token(payload=json.dumps({"n": number}))) for number in range(5)]
    for found in tokens:
        cache.verify(found, "k", KEY)
    assert [digest for digest, _key in cache._results] == [found.digest for found in tokens[2:]]


def test_reader_is_bounded_and_remembers_only_what_it_could_read() -> None:
    """The reader keeps the last tokens it took apart, and nothing of those it refused."""
    reader = TokenReader(lambda: 8192, lambda: 32, size=2)
    texts = [token(payload=json.dumps({"n": number})) for number in range(4)]
    for text in texts:
        reader.read(text)
    with pytest.raises(MalformedTokenError):
        reader.read("no token")
    assert [key[0] for key in reader._read] == texts[2:]
    assert reader.read(texts[3]) is reader.read(texts[3])


def test_lowered_limit_holds_for_remembered_tokens() -> None:
    """A token that was read a moment ago is refused as soon as the contract allows fewer characters."""
    limit = [8192]
    reader = TokenReader(lambda: limit[0], lambda: 32)
    reader.read(VALID)
    limit[0] = 10
    with pytest.raises(MalformedTokenError, match="the limit is 10"):
        reader.read(VALID)
