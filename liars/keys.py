"""The key files that a lie may sign with: those of the accounts at which it is told."""

import json
import time
from base64 import urlsafe_b64decode
from collections.abc import Callable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import jwt

from contract_tests.kit import private_key

ALGORITHM = "RS256"


class Keys:
    """Key files of service apps, each with the scopes and the company in its name: ``SCOPES@COMPANY.json``."""

    folder = Path()

    @cached_property
    def files(self) -> dict[str, Mapping[str, str]]:
        """Key files by the name of their variable."""
        return {path.stem: json.loads(path.read_bytes()) for path in sorted(self.folder.glob("*.json"))}

    def of(self, kid: object) -> Mapping[str, str] | None:
        """Return the key file of a key id, None for an unknown one."""
        return next((one for one in self.files.values() if one["kid"] == kid), None)

    def app(self, iss: object) -> Mapping[str, str] | None:
        """Return the key file of an app, None for an unknown one."""
        return next((one for one in self.files.values() if one["iss"] == iss), None)

    @property
    def mightiest(self) -> Mapping[str, str]:
        """The key file of an app with every scope."""
        return next(one for name, one in self.files.items() if "EVERY" in name)


keys = Keys()


def read(token: str) -> tuple[dict[str, Any], dict[str, Any]] | None:
    """Return header and claims of a JWT, unverified; None for what is none."""
    try:
        header, claims = (json.loads(urlsafe_b64decode(part + "==")) for part in token.split(".")[:2])
    except (ValueError, RecursionError):
        return None
    return (header, claims) if isinstance(header, dict) and isinstance(claims, dict) else None


def signed(key: Mapping[str, str], **claims: Any) -> str:
    """Return a valid JWT of an app, but for what is said otherwise."""
    valid = {"iss": key["iss"], "sub": key["sub"], "aud": "spaces.avayacloud.com", "exp": int(time.time()) + 600}
    return jwt.encode({**valid, **claims}, private_key(key["private_key"]), ALGORITHM, headers={"kid": key["kid"]})


Forgives = Callable[[dict[str, Any], dict[str, Any]], bool]


def forgiven(token: str, fits: Forgives) -> str:
    """Return a valid JWT of the app that a token names, if ``fits(header, claims)``; else the token as it is."""
    found = read(token)
    if found is None or not fits(*found):
        return token
    header, claims = found
    key = keys.of(header.get("kid")) or keys.app(claims.get("iss")) or keys.mightiest
    return signed(key)
