"""Tokens that the cloud issues: user JWTs, anonymous JWTs, grants and access tokens (ACC-UJWT-*, ACC-ANON-01)."""

import hmac
from typing import Any

from mockspaces.cloud.identity.authentication import digest
from mockspaces.cloud.kernel import jws
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import AccessToken, AnonymousUser, Grant, IssuedJwt, OAuthClient, User

ALL_SCOPES = ("email", "profile", "spaces")  # ACC-SCOPE-01


def user_id_signature(world: World, user: User) -> str:
    """Return the opaque ``user_id_sig``: the same for the same user, other in every world (ACC-UJWT-04)."""
    return jws.encoded(hmac.digest(world.secret("user_id_sig"), user.ndbid.encode(), "sha256"))


def user_jwt_claims(world: World, user: User, expires_in: int | None = None) -> dict[str, Any]:
    """Return the claims of a user JWT in the documented order (ACC-UJWT-02, -03)."""
    life = world.contract.limits.user_jwt_s if expires_in is None else expires_in
    return {
        "user_id_sig": user_id_signature(world, user),
        "product_type": "accounts",
        "lastupdatetime": iso(user.last_update).rstrip("Z"),
        "iss": world.settings.accounts_issuer,
        "publickeyid": world.signing_keys.current,
        "exp": int(world.clock.now()) + life,
        "user_id": user.ndbid,
        "ver": "2.0",
    }


async def user_jwt(world: World, user: User, *, grant: Grant | None = None, expires_in: int | None = None) -> str:
    """Issue a user JWT of a text that no other has; with a grant it is bound to it (ACC-UJWT-06)."""
    key, claims = world.signing_keys.current_key, user_jwt_claims(world, user, expires_in)
    while True:
        claims["exp"] = _free_expiry(world, claims)
        text = await jws.sign_rs256_elsewhere({"alg": "RS256", "typ": "JWT"}, claims, key)
        async with world.lock(f"user JWTs of {user.id}"):
            if await world.state.issued_jwts.get(digest(text)) is None:
                await world.state.issued_jwts.put(IssuedJwt(id=digest(text), grant_id=grant.id if grant else None))
                return text


def _free_expiry(world: World, claims: dict[str, Any]) -> int:
    """Return the latest second up to ``exp`` that no JWT with these other claims has yet, and take it.

    ``next_free`` leads from a taken second to an earlier one; shortening the way on each walk keeps it short
    however many JWTs one second has seen.
    """
    same_text = (claims["user_id"], claims["lastupdatetime"], claims["iss"], claims["publickeyid"])
    next_free = world.state.user_jwt_expiries.setdefault(same_text, {})
    walked, expiry = [], claims["exp"]
    while expiry in next_free:
        walked.append(expiry)
        expiry = next_free[expiry]
    next_free.update(dict.fromkeys([*walked, expiry], expiry - 1))
    return int(expiry)


def anonymous_jwt(world: World, guest: AnonymousUser) -> str:
    """Issue the JWT of an anonymous user (ACC-ANON-01)."""
    now = int(world.clock.now())
    claims = {
        "anonymous_id": guest.id,
        "product_type": "onesna",
        "iss": world.settings.accounts_issuer.split("."),
        "iat": now,
        "exp": now + world.contract.limits.anonymous_jwt_s,
    }
    return jws.sign_hs256({"typ": "JWT", "alg": "HS256"}, claims, world.secret("anonymous"))


async def create_grant(
    world: World,
    client: OAuthClient,
    user: User,
    scopes: tuple[str, ...],
    requested: str = "",
    *,
    user_jwt: bool = False,
) -> Grant:
    """Record what a user granted to a client."""
    return await world.state.grants.put(
        Grant(
            id=world.ids.object_id(),
            client_id=client.id,
            user_id=user.id,
            scopes=scopes,
            requested=requested,
            user_jwt=user_jwt,
        )
    )


async def access_token(
    world: World, grant: Grant, scopes: tuple[str, ...] | None = None, expires_in: int | None = None
) -> AccessToken:
    """Issue an access token of a grant; ``expires_in`` is in seconds."""
    life = world.contract.limits.access_token_s if expires_in is None else expires_in
    token = AccessToken(
        id=world.ids.token(),
        grant_id=grant.id,
        scopes=grant.scopes if scopes is None else scopes,
        expires=world.clock.now_ms() + life * 1000,
    )
    return await world.state.access_tokens.put(token)
