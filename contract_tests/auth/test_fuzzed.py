import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric import padding
from cryptography.hazmat.primitives.hashes import SHA256
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from contract_tests.claims import claim
from contract_tests.kit import AUDIENCE, App, Cloud, behaviour, only_mock

BASE64URL = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
many = settings(max_examples=120, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@dataclass(frozen=True)
class Valid:
    """A cloud with one valid token of each kind and the app that signs."""

    cloud: Cloud
    app: App
    tokens: dict[str, str]

    def status(self, kind: str, token: str) -> int:
        """Make a call that the valid token may make, and return the status."""
        scheme = {"user": "jwt", "guest": "jwt", "bearer": "bearer", "app": "service_app"}[kind]
        headers = [(b"Authorization", f"{scheme} {token}".encode("latin-1"))]
        url = f"{self.cloud.api}/{'spaces/invite' if kind == 'app' else 'users/me'}"
        body: Any = {"topic": {"title": "x"}} if kind == "app" else None
        answer: httpx.Response = self.cloud.http.request("POST" if body else "GET", url, headers=headers, json=body)
        return answer.status_code


@pytest.fixture
def valid(cloud: Cloud) -> Iterator[Valid]:
    """One valid token of each kind, each of them accepted before and after all mutations."""
    only_mock(cloud, "a real service is spared hundreds of bad tokens")
    app = cloud.app("spaces.create")
    tokens = {
        "user": cloud.jwt_user().token,
        "guest": cloud.guest().token,
        "bearer": cloud.user().token,
        "app": app.sign(),
    }
    found = Valid(cloud, app, tokens)
    assert {found.status(kind, token) for kind, token in tokens.items()} == {200}
    spaces = cloud.control("GET", "")["counts"]["spaces"]
    yield found
    assert cloud.control("GET", "")["counts"]["spaces"] == spaces, "a refused token has made a space"
    assert {found.status(kind, token) for kind, token in tokens.items()} == {200}


KINDS = {"user": "AUTH-USER-01", "guest": "AUTH-ANON-01", "bearer": "AUTH-OAUTH-01", "app": "AUTH-SVC-05"}
OF_CLAIM = {
    "iss": "AUTH-SVC-03",
    "sub": "AUTH-SVC-06",
    "aud": "AUTH-SVC-07",
    "exp": "AUTH-SVC-08",
    "nbf": "AUTH-SVC-11",
}
kinds = st.sampled_from(["user", "guest", "bearer", "app"])
signed_kinds = st.sampled_from(["user", "guest", "app"])


@behaviour("AUTH-SVC-05", "AUTH-USER-01", "AUTH-ANON-01", "AUTH-OAUTH-01")
@many
@given(
    kind=kinds,
    place=st.integers(0, 10_000),
    character=st.sampled_from(BASE64URL + ".=+/~")
    | st.characters(min_codepoint=33, max_codepoint=255, exclude_characters='"\x7f', exclude_categories=["Cc", "Zs"]),
)
def test_no_character_can_be_exchanged(valid: Valid, kind: str, place: int, character: str) -> None:
    """A token with any one character exchanged, in header, payload or signature, is refused."""
    token = valid.tokens[kind]
    place %= len(token)
    assume(token[place] != character)
    with claim(KINDS[kind], f"no character of it can be exchanged ({kind})"):
        assert valid.status(kind, token[:place] + character + token[place + 1 :]) == 401


@behaviour("AUTH-SVC-05", "AUTH-USER-01", "AUTH-ANON-01", "AUTH-OAUTH-01")
@many
@given(kind=kinds, begin=st.integers(0, 2000), end=st.integers(0, 2000), text=st.text(BASE64URL + ".", max_size=5))
def test_no_part_can_be_cut_out_or_put_in(valid: Valid, kind: str, begin: int, end: int, text: str) -> None:
    """A token that was shortened, prolonged, or has a piece replaced is refused."""
    token = valid.tokens[kind]
    low, high = sorted((begin % (len(token) + 1), end % (len(token) + 1)))
    changed = token[:low] + text + token[high:]
    assume(changed not in (token, ""))
    with claim(KINDS[kind], f"no part of it can be cut out or put in ({kind})"):
        assert valid.status(kind, changed) == 401


@behaviour("AUTH-SVC-05", "ACC-IDT-06")
@many
@given(source=signed_kinds, target=signed_kinds, part=st.integers(0, 2))
def test_parts_of_two_tokens_do_not_mix(valid: Valid, source: str, target: str, part: int) -> None:
    """Header, payload or signature of one token do not fit into a token of another kind."""
    parts, others = valid.tokens[target].split("."), valid.tokens[source].split(".")
    changed = ".".join([*parts[:part], others[part], *parts[part + 1 :]])
    assume(changed != valid.tokens[target])
    for kind, shown in (("user", "ACC-IDT-06"), ("app", "AUTH-SVC-05")):
        with claim(shown, f"parts of two tokens are refused ({kind})"):
            assert valid.status(kind, changed) == 401


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=40),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=6,
)


def resigned(token: str, member: str, value: object) -> str:
    """Change a claim and keep the signature."""
    header, payload, signature = token.split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    changed = json.dumps({**claims, member: value}).encode()
    return f"{header}.{base64.urlsafe_b64encode(changed).rstrip(b'=').decode()}.{signature}"


@behaviour("AUTH-USER-01", "AUTH-ANON-01", "AUTH-SVC-05")
@many
@given(
    kind=signed_kinds,
    member=st.sampled_from(["exp", "iss", "sub", "aud", "user_id", "anonymous_id", "publickeyid", "product_type", "x"]),
    value=json_values,
)
def test_no_claim_can_be_changed_under_a_signature(valid: Valid, kind: str, member: str, value: object) -> None:
    """A token with any claim changed to anything, its signature kept, is refused."""
    with claim(KINDS[kind], f"no claim can be changed under its signature ({kind})"):
        assert valid.status(kind, resigned(valid.tokens[kind], member, value)) == 401


def is_acceptable(app: App, member: str, value: object, now: float) -> bool:
    """Say by the documents whether a service app's claim may have this value."""
    if member == "aud":
        return AUDIENCE in (value if isinstance(value, list) else [value])
    if member in ("iss", "sub"):
        return value == app.key[member]
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if member == "nbf":
        return number and float(value) <= now  # type: ignore[arg-type]
    return number and now < value <= now + 3600  # type: ignore[operator]


@behaviour("AUTH-SVC-03", "AUTH-SVC-06", "AUTH-SVC-07", "AUTH-SVC-08", "AUTH-SVC-11")
@many
@given(member=st.sampled_from(["iss", "sub", "aud", "exp", "nbf"]), value=json_values)
def test_a_claim_of_another_value_is_refused_even_if_it_is_signed(valid: Valid, member: str, value: object) -> None:
    """A JWT that the app itself signed with an arbitrary claim is accepted only where the documents allow it."""
    now = valid.cloud.epoch
    claims = {**valid.app.claims(), member: value}
    assume(not is_acceptable(valid.app, member, value, now))
    with claim(OF_CLAIM[member], f"{member} of a value that is not allowed is refused"):
        assert valid.status("app", sign_any(valid.app, claims)) == 401


@behaviour("AUTH-SVC-02")
@many
@given(member=st.sampled_from(["alg", "kid", "typ", "crit"]), value=json_values)
def test_a_header_member_of_another_value_is_refused_even_if_it_is_signed(
    valid: Valid, member: str, value: object
) -> None:
    """A JWT that the app itself signed with an arbitrary header member is refused."""
    assume((member, value) not in {("typ", "JWT"), ("alg", "RS256")} if isinstance(value, str) else True)
    assume((member, value) != ("kid", valid.app.key["kid"]))
    with claim("AUTH-SVC-02", f"{member} of a value that is not allowed is refused"):
        assert valid.status("app", sign_any(valid.app, valid.app.claims(), {member: value})) == 401


def sign_any(app: App, claims: dict[str, Any], header: dict[str, Any] | None = None) -> str:
    """Sign whatever is given: PyJWT would refuse some of it."""
    head = {"alg": "RS256", "typ": "JWT", "kid": app.key["kid"], **(header or {})}
    parts = [base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in (head, claims)]
    signature = app.private_key.sign(".".join(parts).encode(), padding.PKCS1v15(), SHA256())
    return ".".join([*parts, base64.urlsafe_b64encode(signature).rstrip(b"=").decode()])


@behaviour("AUTH-HDR-01", "AUTH-HDR-03")
@many
@given(value=st.binary(max_size=60).filter(lambda value: not set(value) & set(b"\r\n\0")))
def test_any_bytes_as_authorization_are_refused(valid: Valid, value: bytes) -> None:
    """Whatever stands in the header, the answer is a 401, never a server error."""
    cleaned = bytes(byte for byte in value.strip() if byte >= 32 and byte != 127)
    headers = [(b"Authorization", cleaned.strip())]
    with claim("AUTH-HDR-01", "AUTH-HDR-03", "any bytes as credential are refused"):
        answer = valid.cloud.http.get(f"{valid.cloud.api}/users/me", headers=headers)
        assert answer.status_code == 401
        assert answer.json()["code"] in ("auth.credential_malformed", "auth.credential_invalid")
