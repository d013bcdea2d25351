"""Which OAuth client calls, and with what proof (ACC-TOKEN-02, -03, -05, -18)."""

import hmac

import msgspec

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import OAuthClient
from mockspaces.contract import oauth_errors


class ProvenClient(msgspec.Struct, frozen=True):
    """A client; without ``by_secret`` it has a secret but left it out beside a verifier (ACC-TOKEN-05)."""

    client: OAuthClient
    by_secret: bool = True


async def known(world: World, client_id: str | None, code: str = oauth_errors.INVALID_CLIENT) -> OAuthClient:
    """Return an active client by id, without any proof (ACC-REVOKE-06). Refuses any other with ``code``."""
    if client_id is None:
        raise Rejection(code, "the parameter client_id is missing")
    client = await world.state.clients.get(client_id)
    if client is None:
        raise Rejection(code, f'no client has the client_id "{client_id[:80]}"')
    if not client.active:
        raise Rejection(code, f'the client "{client_id}" is not active')
    return client


async def authenticate(
    world: World, client_id: str | None, secret: str | None, *, has_verifier: bool = False
) -> ProvenClient:
    """Return the client that a secret proves. A public client sends none; a client with a secret always does."""
    client = await known(world, client_id)
    if client.secret is None:
        if secret is not None:
            raise refused(f'client "{client.id}" is public, it must send no secret')
        return ProvenClient(client)
    if secret is None and has_verifier and world.settings.accounts_pkce_without_secret:
        return ProvenClient(client, by_secret=False)
    if secret is None:
        raise refused(f'client "{client.id}" sent no client_secret')
    if not hmac.compare_digest(client.secret.encode(), secret.encode()):
        raise refused(f'the client_secret is not that of client "{client.id}"')
    return ProvenClient(client)


async def proves(world: World, client_id: str, secret: str) -> bool:
    """Whether this is the secret of a client."""
    try:
        await authenticate(world, client_id, secret)
    except Rejection:
        return False
    return True


def refused(why: str) -> Rejection:
    """Return the refusal of a client."""
    return Rejection(oauth_errors.INVALID_CLIENT, why)
