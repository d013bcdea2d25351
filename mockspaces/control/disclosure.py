"""What the journal shows of credentials: what they say, never what they are.

Tokens, passwords and secrets are hidden wherever they stand: in headers, queries, forms, JSON and frames. One of twenty
characters or more leaves a fingerprint, so that two uses of the same one can be told from uses of two.
"""

import base64
import binascii
import hashlib
import json
import re
from functools import lru_cache
from typing import Any

from msgspec.structs import replace

from mockspaces.cloud.kernel import jws
from mockspaces.cloud.kernel.journal import Entry, Headers, unpacked
from mockspaces.cloud.kernel.world import World
from mockspaces.contract.shapes.control import Credential, Kind

HIDDEN = "***"
FINGERPRINTED = 20  # characters from which on a secret cannot be guessed from eight digits of its hash
FAR_S = 1e12  # seconds that are a time at all

# Members and parameters whose values are secrets, wherever they occur.
_NAMES = (
    "access_token|refresh_token|id_token|token|jwt|password|client_secret|code_verifier|assertion|private_key|secret"
    "|signature|csrfmiddlewaretoken|pin"
)
_MEMBER = re.compile(rf'("(?:{_NAMES})"\s*:\s*")((?:[^"\\]|\\.)*)')
_PARAMETER = re.compile(rf"([?&#](?:{_NAMES}|code)=)([^&#\s\"]*)")
_FIRST = re.compile(rf"\A((?:{_NAMES}|code)=)([^&\s]*)")
_JWT = re.compile(r"(eyJ(?<![\w-]eyJ)[\w-]*\.[\w-]+\.[\w-]*)")  # begins with a literal, which is searched for fast
_HEADER = re.compile(r"authorization|cookie|token|secret|password|signature")
_PAIR = re.compile(r"(=)([^;]*)")


def fingerprint(secret: str) -> str:
    """Return a mark by which a long secret is known again, and nothing of a short one."""
    digest = hashlib.sha256(secret.encode("utf-8", "surrogatepass")).hexdigest()
    return digest[:8] if len(secret) >= FINGERPRINTED else ""


def _hidden(match: re.Match[str]) -> str:
    *before, secret = match.groups()
    return f"{''.join(before)}{HIDDEN}{fingerprint(secret)}" if secret else match[0]


def text(body: str) -> str:
    """Return a body, frame or target without its secrets."""
    if '"' in body:
        body = _MEMBER.sub(_hidden, body)
    if "=" in body:
        body = _FIRST.sub(_hidden, _PARAMETER.sub(_hidden, body))
    return _JWT.sub(_hidden, body) if "eyJ" in body else body


def parameter(name: str, value: str) -> str:
    """Return the value of a parameter of a query, hidden if it is a secret."""
    return text(f"?{name}={value}")[len(name) + 2 :] if _PARAMETER.match(f"?{name}=") else text(value)


def header(name: str, value: str) -> str:
    """Return the value of a header without its secrets."""
    if not _is_secret(name):
        return text(value)
    if "cookie" in name.lower():  # of one that is set the first pair is it, the others are its attributes
        return _PAIR.sub(_hidden, value, count=0 if name.lower() == "cookie" else 1)
    scheme, blank, token = value.partition(" ")
    if not blank:
        return f"{HIDDEN}{fingerprint(value)}"
    client = _client(token) if scheme.lower() == "basic" else ""
    return f"{scheme} {client}{HIDDEN}{fingerprint(token)}"


def headers(entry: Entry) -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Return the header lines of a request and of its answer, without their secrets."""

    def shown(lines: Headers) -> list[tuple[str, str]]:
        decoded = ((name.decode("latin-1"), value.decode("latin-1")) for name, value in lines)
        return [(name, header(name, value)) for name, value in decoded]

    return shown(unpacked(entry.head)), shown(entry.headers)


@lru_cache(maxsize=1024)
def _is_secret(header_name: str) -> bool:
    return _HEADER.search(header_name.lower()) is not None


def _client(token: str) -> str:
    """Return the user part of Basic credentials, which is no secret, with its colon."""
    try:
        return base64.b64decode(token, validate=True).decode().partition(":")[0] + ":"
    except (binascii.Error, ValueError):
        return ""


KINDS: dict[str, Kind] = {"bearer": "oauth", "oauth": "oauth", "service_app": "svc", "sat": "sat", "basic": "client"}


def credential(world: World, entry: Entry) -> Credential | None:
    """Return what a credential says, whether or not it was accepted, or None where there is none.

    ``seconds_left`` counts from the time of the entry; ``key`` says whether the key is known, as things stand now.
    """
    found = sent(entry)
    if found is None:
        return None
    scheme, token = found
    kind = KINDS.get(scheme.lower())
    shown = Credential(scheme=scheme, kind=kind, fingerprint=fingerprint(token))
    if kind == "client":
        return replace(shown, sub=_client(token).removesuffix(":") or None)
    if kind in ("oauth", "sat"):
        known = world.state.space_tokens.peek(token) if kind == "sat" else world.state.access_tokens.peek(token)
        return replace(shown, seconds_left=(known.expires - entry.time) / 1000) if known else shown
    try:
        limits = world.contract.limits
        read = jws.read(token, max_chars=limits.token_chars, max_depth=limits.json_depth)
    except jws.MalformedTokenError:
        return shown
    return replace(shown, **_claims(world, entry, read, kind))


def sent(entry: Entry) -> tuple[str, str] | None:
    """Return scheme and token that came with an entry; they are secret."""
    return entry.credential or _authorization(entry)


def _authorization(entry: Entry) -> tuple[str, str] | None:
    for name, value in unpacked(entry.head):
        if name.lower() == b"authorization":
            scheme, _, token = value.decode("latin-1").strip().partition(" ")
            return (scheme, token.strip()) if token else None
    return None


def _claims(world: World, entry: Entry, token: jws.Token, kind: str | None) -> dict[str, Any]:
    header, claims = token.header, token.claims
    found: dict[str, Any] = {"alg": header.get("alg")}
    key_id = header.get("kid")
    if kind is None:  # a JWT under the scheme jwt is that of a user or of somebody without an account
        service = "kid" in header and "publickeyid" not in claims
        kind = "svc" if service else "anon" if header.get("alg") == jws.HS256 else "user"
        key_id = header.get("kid") if service else claims.get("publickeyid")
    found |= {name: claims[name] for name in ("iss", "sub", "aud", "exp", "user_id", "anonymous_id") if name in claims}
    found |= {"kind": kind, "kid": key_id, "key": _key(world, kind, key_id, claims.get("iss"))}
    expiry = claims.get("exp")
    if isinstance(expiry, int | float) and not isinstance(expiry, bool) and abs(expiry) < FAR_S:
        found["seconds_left"] = round(expiry - entry.time / 1000, 3)
    return whole(found)


def whole(found: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer can hold: whoever signs may send halves of surrogate pairs."""
    shown: dict[str, Any] = json.loads(json.dumps(found, ensure_ascii=False).encode("utf-8", "replace"))
    return shown


def _key(world: World, kind: str, key_id: object, issuer: object) -> str:
    """Say in words which key a token names."""
    if kind == "anon":
        return "the secret of this world for people without an account"
    if not isinstance(key_id, str):
        return "none is named"
    if kind == "user":
        return "a key of this world" if world.signing_keys.get(key_id) else "no key of this world"
    key = world.state.app_keys.peek(key_id)
    if key is None:
        return "no key of this world"
    return "a key of this app" if key.app_id == issuer else f'a key of app "{key.app_id}"'
