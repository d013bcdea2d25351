"""What a credential is, from its form: nothing of it is kept but kind, algorithm, names of claims and life."""

import base64
from typing import Any

import msgspec

from mockspaces.traffic.archives import Message

PARTS = 3


class Token(msgspec.Struct, frozen=True, kw_only=True):
    """A JWT taken apart, unchecked: nobody here has the keys."""

    header: dict[str, Any]
    claims: dict[str, Any]

    @property
    def kind(self) -> str:
        """Whose JWT it is, by its algorithm and claims (ACC-IDT-06)."""
        if self.header.get("alg") == "HS256":
            return "anonymous" if "anonymous_id" in self.claims else "id_token"
        if "publickeyid" in self.claims:
            return "user"
        return "service app" if "kid" in self.header else "unknown"

    @property
    def life(self) -> float | None:
        """The seconds from issue to expiry, where both are told."""
        iat, exp = self.claims.get("iat"), self.claims.get("exp")
        return exp - iat if isinstance(iat, int | float) and isinstance(exp, int | float) else None


def sent(request: Message) -> tuple[str, str]:
    """Return the scheme of the credential that a request was sent with, in lower case, and its text; "" for none."""
    scheme, _, text = (request.header("authorization") or "").partition(" ")
    return scheme.lower(), text.strip()


def token(text: str) -> Token | None:
    """Return the JWT that a text is, None if it is none."""
    parts = text.split(".")
    if len(parts) != PARTS:
        return None
    try:
        header, claims = (msgspec.json.decode(_decoded(part), type=dict[str, Any]) for part in parts[:2])
    except (ValueError, msgspec.MsgspecError):
        return None
    return Token(header=header, claims=claims)


def _decoded(part: str) -> bytes:
    return base64.b64decode(part + "=" * (-len(part) % 4), altchars=b"-_", validate=True)


def described(scheme: str, text: str) -> str:
    """Return what may be told of a credential: scheme, kind, algorithm, life."""
    known = scheme.lower() if scheme.lower() in ("jwt", "bearer", "service_app", "sat", "basic", "oauth") else "another"
    found = token(text)
    if found is None:
        return f"{known} scheme, opaque, {len(text)} characters"
    alg = found.header.get("alg")
    told = alg if alg in ("RS256", "HS256", "ES256", "none") else "another algorithm"
    life = f", {found.life:g} s" if found.life is not None else ""
    return f"{known} scheme, JWT of kind {found.kind}, {told}{life}"


def encoded(part: Any) -> str:
    """Return a header or claims as a JWT has them."""
    return base64.urlsafe_b64encode(msgspec.json.encode(part)).rstrip(b"=").decode()
