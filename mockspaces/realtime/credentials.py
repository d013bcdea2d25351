"""Who connects: the credential of a handshake or of a CONNECT (RT-AUTH-01..11)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mockspaces.cloud.identity.authentication import authenticate, is_of_service_app
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.spaces import access
from mockspaces.contract import errors
from mockspaces.contract.scopes import SOCKET

JWT, SERVICE_APP = "jwt", "service_app"


class Credential(msgspec.Struct, frozen=True):
    """A token with its type as sent; ``note`` names the setting that saved it."""

    token: str
    type: str
    note: str = ""


def read(world: World, handshake: Mapping[str, str], auth: Any) -> Credential:
    """Return the credential of the handshake, or that of the CONNECT if the handshake has none (RT-AUTH-08)."""
    source: Mapping[str, Any] = handshake
    if not handshake.get("token"):
        source = auth if isinstance(auth, Mapping) else {}
    token, kind = source.get("token"), source.get("tokenType") or JWT  # RT-AUTH-09
    if not isinstance(token, str) or not token:
        raise Rejection(errors.CREDENTIAL_MISSING, "neither the handshake nor the CONNECT has a token")
    suffix = world.contract.sockets.corrupt_suffix
    if source is handshake and token.endswith(suffix) and world.settings.socket_lenient_token:
        note = f"setting socket.lenient_token took {suffix} off the token"
        return Credential(token.removesuffix(suffix), str(kind), note)
    return Credential(token, str(kind))


async def admit(world: World, credential: Credential) -> Caller:
    """Return the caller, checked as for a call (RT-AUTH-04, -05, RT-ACC-01)."""
    types: Mapping[str, str] = world.contract.sockets.token_types
    scheme = types.get(credential.type)
    if scheme is None:
        known = ", ".join(types)
        raise Rejection(errors.CREDENTIAL_MALFORMED, f'unknown tokenType "{credential.type[:40]}"; known are {known}')
    if scheme == JWT and is_of_service_app(world, credential.token):
        scheme = SERVICE_APP
    caller = await authenticate(world, scheme, credential.token)
    access.check_kind(world.contract.endpoints[SOCKET], caller)
    return caller
