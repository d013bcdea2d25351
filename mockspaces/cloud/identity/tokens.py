"""Tokens that the cloud issues: user JWTs, anonymous JWTs, grants and access tokens (ACC-UJWT-*, ACC-ANON-01)."""

import hashlib
from typing import Any

import msgspec

from mockspaces.cloud.kernel import jws
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.jws import UnsignedToken
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import AccessToken, AnonymousUser, Grant, IssuedJwt, OAuthClient, User
from mockspaces.contract.shapes.accounts import AnonymousJwtClaims, UserJwtClaims
from mockspaces.contract.shapes.changes import builtins

AFTER_ALL_IDS = "g"  # ids are hexadecimal


def user_id_signature(world: World, user: User) -> str:
    """Return the opaque ``user_id_sig``: the same for the same user, other in every world (ACC-UJWT-04)."""
    return jws.encoded(jws.mac(world.secret("user_id_sig"), user.ndbid.encode()))


def user_jwt_claims(world: World, user: User, expires_in: int | None = None) -> dict[str, Any]:
    """Return the claims of a user JWT in the documented order (ACC-UJWT-02, -03)."""
    life = world.contract.limits.user_jwt_s if expires_in is None else expires_in
    words = world.contract.accounts
    said = UserJwtClaims(
        user_id_sig=user_id_signature(world, user),
        product_type=words.user_jwt_product,
        lastupdatetime=iso(user.last_update).rstrip("Z"),
        iss=world.settings.accounts_issuer,
        publickeyid=world.signing_keys.current,
        exp=int(world.clock.now()) + life,
        user_id=user.ndbid,
        ver=words.user_jwt_version,
    )
    claims: dict[str, Any] = builtins(said, world.contract.shapes)
    return claims


async def user_jwt(
    world: World, user: User, *, grant: Grant | None = None, expires_in: int | None = None
) -> UnsignedToken:
    """Issue a user JWT that is like no other; with a grant it is bound to it (ACC-UJWT-06).

    It is on record by what will be signed; the signature is made after the commit, since it takes a while.
    """
    claims = user_jwt_claims(world, user, expires_in)
    others = hashlib.sha256(msgspec.json.encode({**claims, "exp": 0})).hexdigest()
    claims["exp"] = await _free_expiry(world, others, claims["exp"])
    issued = UnsignedToken({"alg": jws.RS256, "typ": "JWT"}, claims, world.signing_keys.current_key)
    await world.state.issued_jwts.put(
        IssuedJwt(
            id=jws.digest(issued.signing_input).hex(),
            grant_id=grant.id if grant else None,
            claims=others,
            expires=claims["exp"],
        )
    )
    return issued


async def _free_expiry(world: World, claims: str, latest: int) -> int:
    """Return the latest second up to ``latest`` in which no JWT with these other claims expires yet.

    The taken seconds below ``latest`` are a run without holes, ended by one that is free. The index sorts them,
    so the length of the run is found by halving; mostly all that are taken are that run, which is tried first.
    """
    issued = world.state.issued_jwts
    taken = await issued.count("expiry", claims)
    if not taken:
        return latest
    until = taken - await issued.count("expiry", claims, after=(latest, AFTER_ALL_IDS))
    low, high = 0, until  # of the seconds up to `latest`, how many at the end are surely taken, and how many may be
    tried = high
    while low < high:
        [one] = await issued.page("expiry", claims, offset=until - tried, limit=1)
        low, high = (tried, high) if one.expires == latest - tried + 1 else (low, tried - 1)
        tried = (low + high + 1) // 2
    return latest - low


def anonymous_jwt(world: World, guest: AnonymousUser) -> str:
    """Issue the JWT of an anonymous user (ACC-ANON-01)."""
    now = int(world.clock.now())
    said = AnonymousJwtClaims(
        anonymous_id=guest.id,
        product_type=world.contract.accounts.anonymous_jwt_product,
        iss=world.settings.accounts_issuer.split("."),
        iat=now,
        exp=now + world.contract.limits.anonymous_jwt_s,
    )
    claims = builtins(said, world.contract.shapes)
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
