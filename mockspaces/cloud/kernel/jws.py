"""Compact JWS: strict reading, signing, and the cached result of signature checks.

Reading never trusts a header: it only takes the text apart. Who verifies chooses the key by the kind of
token (ACC-IDT-06). The cache remembers cryptography, never a decision.
"""

import asyncio
import base64
import binascii
import hashlib
import hmac
import json
from collections import OrderedDict
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache, lru_cache
from typing import Any

import msgspec

from mockspaces.cloud.kernel.keys import KeyPair
from mockspaces.cloud.kernel.nesting import deeper_than

RS256, HS256 = "RS256", "HS256"


def mac(secret: bytes, data: bytes) -> bytes:
    """Return the HMAC-SHA256 of some data. OpenSSL takes longer to prepare a key than to use it, so keys are kept."""
    prepared = _keyed(secret).copy()
    prepared.update(data)
    return prepared.digest()


@lru_cache(maxsize=256)
def _keyed(secret: bytes) -> hmac.HMAC:
    return hmac.new(secret, digestmod="sha256")


class MalformedTokenError(ValueError):
    """The text is no compact JWS; the message says why, in words for a client developer."""


class Token(msgspec.Struct, frozen=True):
    """A compact JWS taken apart; nothing in it is verified. ``digest`` is that of its whole text."""

    header: dict[str, Any]
    claims: dict[str, Any]
    signed: bytes
    signature: bytes
    digest: bytes


def digest(data: bytes) -> bytes:
    """Return the hash by which the text of a token, or the part of it that is signed, is known again."""
    return hashlib.sha256(data).digest()


def read(text: str, *, max_chars: int, max_depth: int) -> Token:
    """Take a compact JWS apart. Raises `MalformedTokenError`.

    Refused are: other than three parts, base64url that is padded or not canonical, JSON that is no
    object, repeats a member, nests too deep or is not UTF-8.
    """
    if len(text) > max_chars:
        message = f"the token has {len(text)} characters, the limit is {max_chars}"
        raise MalformedTokenError(message)
    parts = text.split(".")
    if len(parts) != 3:  # noqa: PLR2004 - header, payload, signature
        message = f"a JWT has three parts between dots, this one has {len(parts)}"
        raise MalformedTokenError(message)
    header, claims = (_object(part, name, max_depth) for part, name in zip(parts, ("header", "payload"), strict=False))
    signed = text.rpartition(".")[0].encode("ascii")
    return Token(header, claims, signed, _decoded(parts[2], "signature"), digest(text.encode()))


def _decoded(part: str, name: str) -> bytes:
    try:
        data = base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        message = f"the {name} is not base64url"
        raise MalformedTokenError(message) from None
    if encoded(data) != part:
        message = f"the {name} is not canonical unpadded base64url"
        raise MalformedTokenError(message)
    return data


def _object(part: str, name: str, max_depth: int) -> dict[str, Any]:
    data = _decoded(part, name)
    try:
        value = _decoder(name).decode(data.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        if isinstance(error, MalformedTokenError):
            raise
        message = f"the {name} is not JSON in UTF-8"
        raise MalformedTokenError(message) from error
    if data.count(b"{") + data.count(b"[") > max_depth and deeper_than(value, max_depth):
        message = f"the {name} nests too deep"
        raise MalformedTokenError(message)
    if not isinstance(value, dict):
        message = f"the {name} is no JSON object"
        raise MalformedTokenError(message)
    return value


@cache
def _decoder(name: str) -> json.JSONDecoder:
    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        found = dict(pairs)
        if len(found) != len(pairs):
            message = f"the {name} repeats a member"
            raise MalformedTokenError(message)
        return found

    return json.JSONDecoder(object_pairs_hook=members, parse_constant=_no_constant)


def _no_constant(name: str) -> None:
    message = f"{name} is not JSON"
    raise MalformedTokenError(message)


def encoded(data: bytes) -> str:
    """Return unpadded base64url."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode("ascii")


def signing_input(header: dict[str, Any], claims: dict[str, Any]) -> bytes:
    """Return header and payload as they are signed, members in the order given."""
    return f"{encoded(msgspec.json.encode(header))}.{encoded(msgspec.json.encode(claims))}".encode("ascii")


def sign_rs256(header: dict[str, Any], claims: dict[str, Any], key: KeyPair) -> str:
    """Return a compact JWS signed with an RSA key."""
    signed = signing_input(header, claims)
    return f"{signed.decode('ascii')}.{encoded(key.sign(signed))}"


class UnsignedToken:
    """A token that is issued but not signed yet: RSA takes a millisecond, and nobody else has to wait for it."""

    def __init__(self, header: dict[str, Any], claims: dict[str, Any], key: KeyPair) -> None:
        """Write down what will be signed."""
        self.header = header
        self.claims = claims
        self.key = key
        self.signing_input = signing_input(header, claims)

    async def signed(self) -> str:
        """Return the compact JWS; RSA runs in a thread, and two of them sign 1.6 times as fast as the loop."""
        text = self.signing_input
        signature = await asyncio.get_running_loop().run_in_executor(_signers(), self.key.sign, text)
        return f"{text.decode('ascii')}.{encoded(signature)}"


@cache
def _signers() -> ThreadPoolExecutor:
    return ThreadPoolExecutor(max_workers=2, thread_name_prefix="mockspaces-sign")


def sign_hs256(header: dict[str, Any], claims: dict[str, Any], secret: bytes) -> str:
    """Return a compact JWS authenticated with a secret."""
    signed = signing_input(header, claims)
    return f"{signed.decode('ascii')}.{encoded(mac(secret, signed))}"


def verify_hs256(token: Token, secret: bytes) -> bool:
    """Whether the token was authenticated with this secret (2 µs: not worth caching)."""
    return hmac.compare_digest(mac(secret, token.signed), token.signature)


class SignatureCache:
    """Bounded memory of RS256 checks, keyed by token and key; the oldest entry goes first."""

    def __init__(self, size: int = 4096) -> None:
        """Remember at most ``size`` results."""
        self._size = size
        self._results: OrderedDict[tuple[bytes, str], bool] = OrderedDict()

    def verify(self, token: Token, key_id: str, key: KeyPair) -> bool:
        """Whether the token was signed with this key; ``key_id`` must name the key in this world."""
        place = (token.digest, key_id)
        if place not in self._results:
            self._results[place] = key.verify(token.signed, token.signature)
            if len(self._results) > self._size:
                self._results.popitem(last=False)
        return self._results[place]


class TokenReader:
    """Reads compact JWS and remembers the last ones: taking a text apart has the same result every time."""

    def __init__(self, max_chars: Callable[[], int], max_depth: Callable[[], int], size: int = 1024) -> None:
        """Read tokens within the limits of the contract in force."""
        self._max_chars, self._max_depth, self._size = max_chars, max_depth, size
        self._read: OrderedDict[tuple[str, int, int], Token] = OrderedDict()

    def read(self, text: str) -> Token:
        """Take a compact JWS apart. Raises `MalformedTokenError`."""
        place = (text, self._max_chars(), self._max_depth())  # an overlay may change the limits
        token = self._read.get(place)
        if token is None:
            token = read(text, max_chars=place[1], max_depth=place[2])
            self._read[place] = token
            if len(self._read) > self._size:
                self._read.popitem(last=False)
        return token
