"""The authorization request: what a client asks a user for, and what leaves when they say yes (ACC-AUTHZ-*)."""

import re
from typing import Literal

import msgspec

from mockspaces.cloud.identity import clients, oauth_scopes, tokens
from mockspaces.cloud.identity.oauth_scopes import Requested
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import AccessToken, AuthorizationCode, OAuthClient, User
from mockspaces.contract import nearest, oauth_errors
from mockspaces.contract.limits import Limits

AUTHORIZATION_CODE = "authorization_code"
TOKEN = "token"
_LOOPBACK = re.compile(r"(http://(?:127\.0\.0\.1|\[::1\]))(?::\d{1,5})?((?:/[^#]*)?)")
_UNRESERVED = re.compile(r"[A-Za-z0-9._~-]*")  # RFC 7636, 4.1


class Destination(msgspec.Struct, frozen=True):
    """Where the answer may go: a known client at one of its registered URIs."""

    client: OAuthClient
    redirect_uri: str


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """The parameters of a request as they came, None where they are absent or empty."""

    response_type: str | None = None
    access_type: str | None = None
    scope: str | None = None
    nonce: str | None = None
    code_challenge: str | None = None
    code_challenge_method: str | None = None


class AuthorizationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """A request that passed every check."""

    client: OAuthClient
    redirect_uri: str
    response_type: str
    requested: Requested
    online: bool
    nonce: str | None
    challenge: str | None
    challenge_method: Literal["S256", "plain"]


async def destination(world: World, client_id: str | None, redirect_uri: str | None) -> Destination:
    """Return where to answer. Refused without a redirect if client or URI cannot be trusted (ACC-AUTHZ-11)."""
    client = await clients.known(world, client_id, oauth_errors.UNTRUSTED_REQUEST)
    if redirect_uri is None:
        raise _untrusted("the parameter redirect_uri is missing")
    if redirect_uri in client.redirect_uris:
        return Destination(client, redirect_uri)
    if _without_port(redirect_uri) in {_without_port(one) for one in client.redirect_uris} - {None}:
        if world.settings.accounts_loopback_ports:
            return Destination(client, redirect_uri)
        hint = "; the setting accounts.loopback_ports lets its port be any (RFC 8252, 7.3)"
    else:
        hint = nearest(redirect_uri, list(client.redirect_uris))
    raise _untrusted(f'the redirect_uri "{redirect_uri[:200]}" is not registered for this client{hint}')


def _without_port(uri: str) -> str | None:
    """Return a redirect URI of a program on this machine without its port, None for any other (RFC 8252, 7.3)."""
    parts = _LOOPBACK.fullmatch(uri)
    return None if parts is None else f"{parts[1]}{parts[2]}"


def _untrusted(why: str) -> Rejection:
    return Rejection(oauth_errors.UNTRUSTED_REQUEST, why)


def check(world: World, to: Destination, asked: Asked, accounts_origin: str) -> AuthorizationRequest:
    """Check everything else. What is refused here is told to the client at its URI (ACC-AUTHZ-12)."""
    # ACC-AUTHZ-03, -13.
    if asked.response_type is None:
        raise _bad("response_type", "required")
    grants = world.contract.accounts.response_types
    if asked.response_type not in grants:
        why = f'no response_type "{asked.response_type[:80]}"{nearest(asked.response_type, list(grants))}'
        raise Rejection(oauth_errors.UNSUPPORTED_RESPONSE_TYPE, why)
    check_grant(to.client, grants[asked.response_type])
    response_type = asked.response_type
    if asked.access_type not in (None, "offline", "online"):
        raise _bad("access_type", 'expected "offline" or "online"')
    return AuthorizationRequest(
        client=to.client,
        redirect_uri=to.redirect_uri,
        response_type=response_type,
        requested=oauth_scopes.parse(world, accounts_origin, asked.scope),
        online=asked.access_type == "online",
        nonce=asked.nonce,
        challenge=asked.code_challenge,
        challenge_method=_challenge_method(world, to.client, response_type, asked),
    )


def _challenge_method(world: World, client: OAuthClient, response_type: str, asked: Asked) -> Literal["S256", "plain"]:
    """ACC-AUTHZ-07."""
    limits, challenge, method = world.contract.limits, asked.code_challenge, asked.code_challenge_method
    if challenge is None and method is None:
        if client.secret is None and response_type != TOKEN:
            raise _bad("code_challenge", "required, because this client is public")
        return "S256"
    if method not in ("S256", "plain"):
        raise _bad("code_challenge_method", 'expected "S256" or "plain"')
    if challenge is None or not well_formed(challenge, limits):
        low, high = limits.code_challenge_min_chars, limits.code_challenge_max_chars
        raise _bad("code_challenge", f"expected {low} to {high} characters of A-Z a-z 0-9 - . _ ~")
    return "S256" if method == "S256" else "plain"


def well_formed(text: str, limits: Limits) -> bool:
    """Whether a text can be a code challenge or verifier (RFC 7636, 4.1)."""
    long_enough = limits.code_challenge_min_chars <= len(text) <= limits.code_challenge_max_chars
    return long_enough and _UNRESERVED.fullmatch(text) is not None


def check_grant(client: OAuthClient, grant_type: str) -> None:
    """Refuse a kind of grant that the client is not enabled for."""
    if client.grants is not None and grant_type not in client.grants:
        enabled = ", ".join(client.grants)
        raise Rejection(oauth_errors.UNAUTHORIZED_CLIENT, f'client "{client.id}" is enabled for {enabled} only')


def _bad(parameter: str, problem: str) -> Rejection:
    return Rejection(oauth_errors.INVALID_REQUEST, f"{parameter}: {problem}", detail=f"{parameter}: {problem}")


async def issue_code(world: World, request: AuthorizationRequest, user: User) -> AuthorizationCode:
    """Issue a code, bound to all that the user agreed to (ACC-AUTHZ-18)."""
    grant = await tokens.create_grant(
        world,
        request.client,
        user,
        request.requested.names,
        request.requested.words,
        user_jwt=request.response_type == "esjwtcode",
    )
    return await world.state.codes.put(
        AuthorizationCode(
            id=world.ids.token(),
            grant_id=grant.id,
            client_id=request.client.id,
            redirect_uri=request.redirect_uri,
            expires=world.clock.now_ms() + world.contract.limits.authorization_code_s * 1000,
            online=request.online,
            nonce=request.nonce,
            challenge=request.challenge,
            challenge_method=request.challenge_method,
        )
    )


async def issue_token(world: World, request: AuthorizationRequest, user: User) -> AccessToken:
    """Issue an access token without a code: the implicit flow (ACC-AUTHZ-17)."""
    grant = await tokens.create_grant(world, request.client, user, request.requested.names, request.requested.words)
    return await tokens.access_token(world, grant)
