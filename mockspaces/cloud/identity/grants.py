"""Grants at the token endpoint: codes, refresh tokens and passwords turn into tokens (ACC-TOKEN-*, ACC-REVOKE-*).

A failure changes nothing, with two exceptions that a client brings about itself: a code used twice, and
under strict rotation a refresh token used twice, revoke the whole grant.
"""

import hashlib
import hmac

import msgspec

from mockspaces.cloud.identity import clients, id_tokens, oauth_requests, oauth_scopes, sign_in, tokens
from mockspaces.cloud.identity.clients import ProvenClient
from mockspaces.cloud.identity.oauth_scopes import Requested
from mockspaces.cloud.kernel import jws, misbehaviour
from mockspaces.cloud.kernel.events import AccessEnded
from mockspaces.cloud.kernel.jws import UnsignedToken
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import (
    AccessToken,
    AuthorizationCode,
    Grant,
    OAuthClient,
    RefreshToken,
    User,
    replace,
)
from mockspaces.contract import oauth_errors


class Issued(msgspec.Struct, frozen=True, kw_only=True):
    """What the token endpoint answers; online access has no refresh token (ACC-TOKEN-14)."""

    access_token: AccessToken
    scope: str
    refresh_token: RefreshToken | None
    id_token: str | UnsignedToken


async def exchange_code(
    world: World, proven: ProvenClient, value: str, redirect_uri: str, verifier: str | None
) -> Issued:
    """Exchange an authorization code, once (ACC-TOKEN-04, -05, -13)."""
    code = await world.state.codes.get(value)
    if code is None or code.client_id != proven.client.id:
        raise _refused("no such code was issued to this client")
    if code.used:
        await revoke_grant(world, code.grant_id)
        world.transactions.keep()
        raise _refused("the code was used before; everything issued from it is now revoked")
    late = world.clock.now_ms() - code.expires
    if late >= 0:
        raise _refused(f"the code expired {late / 1000:g} s ago")
    if redirect_uri != code.redirect_uri:
        raise _refused(f'redirect_uri is "{redirect_uri[:200]}", the code was issued for "{code.redirect_uri}"')
    _check_verifier(world, proven, code, verifier)
    grant, user = await _live(world, code.grant_id)
    await world.state.codes.put(replace(code, used=True))
    return await _issue(world, proven.client, user, grant, online=code.online, nonce=code.nonce)


def _check_verifier(world: World, proven: ProvenClient, code: AuthorizationCode, verifier: str | None) -> None:
    """ACC-TOKEN-05, -18; RFC 7636, 4.6."""
    if code.challenge is None:
        if not proven.by_secret:
            raise clients.refused("the secret was left out, and the code has no challenge that could stand in for it")
        if proven.client.secret is None:
            raise _refused("the code of a public client needs a challenge")
        if verifier is not None and not world.settings.accounts_ignore_verifier:
            raise _refused("a code_verifier for a code without challenge; accounts.ignore_verifier lets it pass")
        return
    if verifier is None:
        raise _refused("the code has a challenge, and no code_verifier was sent")
    if not oauth_requests.well_formed(verifier, world.contract.limits):
        raise _refused("the code_verifier is not 43 to 128 characters of A-Z a-z 0-9 - . _ ~")
    computed = verifier
    if code.challenge_method == "S256":
        computed = jws.encoded(hashlib.sha256(verifier.encode()).digest())
    if not hmac.compare_digest(computed.encode(), code.challenge.encode()):
        raise _refused(f"the code_verifier does not match the challenge ({code.challenge_method})")


async def refresh(world: World, client: OAuthClient, value: str, scope: str | None, accounts_origin: str) -> Issued:
    """Exchange a refresh token for new tokens of the same grant (ACC-TOKEN-06, -10..12)."""
    token = await world.state.refresh_tokens.get(value)
    if token is None:
        raise _refused("no such refresh token was issued in this world")
    grant, user = await _live(world, token.grant_id)
    if grant.client_id != client.id:
        raise _refused("the refresh token belongs to another client")
    if token.replaced and world.settings.accounts_strict_rotation:
        await revoke_grant(world, grant.id)
        world.transactions.keep()
        raise _refused("the refresh token was replaced before; the whole grant is now revoked (strict_rotation)")
    narrowed = None if scope is None else oauth_scopes.parse(world, accounts_origin, scope)
    if narrowed and (beyond := [name for name in narrowed.names if name not in grant.scopes]):  # ACC-TOKEN-06
        granted = ", ".join(grant.scopes)
        raise Rejection(oauth_errors.INVALID_SCOPE, f"granted was {granted}; {', '.join(beyond)} goes beyond")
    if world.settings.accounts_strict_rotation:
        await world.state.refresh_tokens.put(replace(token, replaced=True))
    return await _issue(world, client, user, grant, narrowed=narrowed)


async def exchange_password(
    world: World, client: OAuthClient, username: str, password: str, requested: Requested
) -> Issued:
    """Exchange a user name and password (ACC-TOKEN-07, -16); a public client may not (ACC-TOKEN-18)."""
    if client.secret is None:
        raise Rejection(oauth_errors.UNAUTHORIZED_CLIENT, f'client "{client.id}" is public')
    user = await sign_in.check_password(world, username, password)
    grant = await tokens.create_grant(world, client, user, requested.names, requested.words)
    return await _issue(world, client, user, grant)


async def _live(world: World, grant_id: str) -> tuple[Grant, User]:
    """Return a grant that is not revoked, and its user, who must be able to sign in (ACC-TOKEN-16)."""
    grant = await world.state.grants.get(grant_id)
    if grant is None or grant.revoked:
        raise _refused("the grant was revoked")
    user = await world.state.users.get(grant.user_id)
    if user is None or not user.enabled:
        raise _refused("the user of this grant does not exist or is disabled")
    return grant, user


async def _issue(
    world: World,
    client: OAuthClient,
    user: User,
    grant: Grant,
    *,
    online: bool = False,
    nonce: str | None = None,
    narrowed: Requested | None = None,
) -> Issued:
    scopes = narrowed.names if narrowed else grant.scopes
    life = 0 if world.misbehaviours.met(misbehaviour.EXPIRED_ACCESS_TOKEN) else None
    silent = online or world.misbehaviours.met(misbehaviour.NO_REFRESH_TOKEN)
    issued, renewal = await tokens.access_token(world, grant, scopes, life), None
    if not silent:
        renewal = await world.state.refresh_tokens.put(RefreshToken(id=world.ids.token(), grant_id=grant.id))
    return Issued(
        access_token=issued,
        scope=oauth_scopes.printed(world, scopes, narrowed.words if narrowed else grant.requested),
        refresh_token=renewal,
        id_token=await id_tokens.issue(world, client, user, grant, nonce),
    )


async def revoke(world: World, client: OAuthClient, value: str) -> None:
    """Revoke the grant of a refresh or access token; an unknown token is no error (ACC-REVOKE-02..06)."""
    token = await world.state.refresh_tokens.get(value) or await world.state.access_tokens.get(value)
    grant = await world.state.grants.get(token.grant_id) if token else None
    if grant is None:
        return
    if grant.client_id != client.id:
        raise _refused("the token belongs to another client; nothing was revoked")
    if world.misbehaviours.met(misbehaviour.REVOKE_NOT_EFFECTIVE):
        return
    await revoke_grant(world, grant.id)


async def revoke_grant(world: World, grant_id: str) -> None:
    """End a grant: what was issued from it is refused from now on, and its sockets end (ACC-REVOKE-05, RT-AUTH-12)."""
    grant = await world.state.grants.get(grant_id)
    if grant is not None:
        await world.state.grants.put(replace(grant, revoked=True))
        await world.publish(AccessEnded(person_id=grant.user_id, grant_id=grant.id))


def _refused(why: str) -> Rejection:
    return Rejection(oauth_errors.INVALID_GRANT, why)
