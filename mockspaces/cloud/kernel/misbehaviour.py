"""How an identity provider can misbehave, by name: what a client's own checks are for.

The rows say what happens; the operations of the identity server ask `Misbehaviours.met` where it would happen.
"""

from collections.abc import Mapping
from typing import Any

import msgspec

from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.entities import replace
from mockspaces.cloud.store.run import Misbehaviour


class Row(msgspec.Struct, frozen=True):
    """One way to misbehave; ``claims`` are what an id_token then says, numbers as seconds from now."""

    name: str
    does: str
    claims: Mapping[str, str | int] = {}


BAD_SIGNATURE = "id_token.bad_signature"
ALG_NONE = "id_token.alg_none"
NO_REFRESH_TOKEN = "no_refresh_token"
NO_ID_TOKEN = "no_id_token"
EXPIRED_ACCESS_TOKEN = "access_token.expired_at_issue"
STATE_NOT_RETURNED = "state_not_returned"
STATE_CHANGED = "state_changed"
REVOKE_NOT_EFFECTIVE = "revoke_not_effective"
KEY_ROTATED = "key_rotated"

ROWS = (
    Row(BAD_SIGNATURE, "The signature of an id_token does not match."),
    Row(ALG_NONE, "An id_token says alg none and has no signature."),
    Row("id_token.expired_at_issue", "An id_token has expired when it arrives.", {"iat": -3601, "exp": -1}),
    Row("id_token.issued_in_future", "An id_token was issued an hour from now.", {"iat": 3600, "exp": 7200}),
    Row("id_token.wrong_audience", "An id_token is meant for another client.", {"aud": "another-client"}),
    Row("id_token.wrong_issuer", "An id_token comes from another issuer.", {"iss": "issuer.invalid"}),
    Row("id_token.wrong_nonce", "An id_token has another nonce than the request.", {"nonce": "another-nonce"}),
    Row("id_token.wrong_subject", "An id_token names nobody who is known.", {"sub": "agnobody", "user_id": "agnobody"}),
    Row(KEY_ROTATED, "The key that signs user JWTs is replaced at once, and what the old one signed is refused."),
    Row(NO_REFRESH_TOKEN, "A token answer has no refresh_token."),
    Row(NO_ID_TOKEN, "A token answer has no id_token."),
    Row(EXPIRED_ACCESS_TOKEN, "An access token has expired when it arrives."),
    Row(STATE_NOT_RETURNED, "A redirect back to the client has no state."),
    Row(STATE_CHANGED, "A redirect back to the client has another state than the request."),
    Row(REVOKE_NOT_EFFECTIVE, "A revocation is answered as done, and the tokens live on."),
)
BY_NAME = {row.name: row for row in ROWS}


class Misbehaviours:
    """What one world's identity server does wrong for now."""

    def __init__(self, asked: Collection[Misbehaviour]) -> None:
        """Read and change what was ``asked`` for."""
        self._asked = asked

    def add(self, one: Misbehaviour) -> Misbehaviour:
        """Misbehave so from now on; asking again for the same replaces what was asked before."""
        return self._asked.store(one)

    def all(self) -> list[Misbehaviour]:
        """Return what was asked for."""
        return self._asked.every()

    def clear(self) -> None:
        """Behave again."""
        for one in self.all():
            self._asked.remove(one.id)

    def met(self, name: str) -> bool:
        """Whether this happens now; it is counted."""
        one = self._asked.peek(name)
        if one is None or (one.times is not None and one.fired >= one.times):
            return False
        self._asked.store(replace(one, fired=one.fired + 1))
        return True

    def distort(self, claims: Mapping[str, Any], now: float) -> dict[str, Any]:
        """Return the claims of an id_token as they are issued: right, unless one of the rows happens now."""
        distorted = dict(claims)
        for row in [BY_NAME[one.name] for one in self.all()]:
            present = {name: value for name, value in row.claims.items() if _present(name, claims)}
            if present and self.met(row.name):
                for name, value in present.items():
                    distorted[name] = int(now) + value if isinstance(value, int) else value
        return distorted


def _present(name: str, claims: Mapping[str, Any]) -> bool:
    """Whether a kind of id_token has a claim; a nonce may come unasked."""
    return name in claims or name == "nonce"
