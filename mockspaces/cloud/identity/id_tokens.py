"""id_tokens: HS256 ones with audience, or user JWTs by another name (ACC-IDT-*, ACC-INFO-*)."""

from typing import Any

import msgspec
from msgspec import UNSET

from mockspaces.cloud.identity import tokens
from mockspaces.cloud.identity.authentication import authenticate
from mockspaces.cloud.kernel import jws, misbehaviour
from mockspaces.cloud.kernel.jws import UnsignedToken
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Grant, IssuedIdToken, OAuthClient, User
from mockspaces.contract import oauth_errors
from mockspaces.contract.shapes.accounts import IdTokenClaims
from mockspaces.contract.shapes.changes import builtins


class TokenInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What an id_token says; ``audience`` is empty for a user JWT without grant (ACC-INFO-07)."""

    user: User
    audience: str
    seconds_left: int


async def issue(
    world: World, client: OAuthClient, user: User, grant: Grant, nonce: str | None = None
) -> str | UnsignedToken:
    """Issue the id_token of a grant in the form that request and setting ask for (ACC-AUTHZ-19, ACC-IDT-04).

    A user JWT is signed after the commit.
    """
    state, contract = world.state, world.contract
    if grant.user_jwt or world.settings.accounts_id_token_style == "rs256":
        unsigned = await tokens.user_jwt(world, user, grant=grant)
        return _misbehaving(world, client, unsigned.header, unsigned.claims) or unsigned
    now = int(world.clock.now())
    said = IdTokenClaims(
        sub=user.ndbid,
        iss=world.settings.accounts_issuer,
        aud=client.id,
        email=user.username,
        iat=now,
        exp=now + contract.limits.id_token_s,
        id_token_version=contract.accounts.id_token_version,
        nonce=UNSET if nonce is None else nonce,
    )
    claims = builtins(said, contract.shapes)
    header = {"alg": jws.HS256, "typ": "JWT"}
    text = jws.sign_hs256(header, claims, _key(world, client))
    known = jws.digest(text.encode()).hex()
    issued = IssuedIdToken(id=f"{known}.{grant.id}", text=known, grant_id=grant.id, created=world.clock.now_ms())
    await state.issued_id_tokens.put(issued)
    return _misbehaving(world, client, header, claims) or text


def _misbehaving(world: World, client: OAuthClient, header: dict[str, Any], claims: dict[str, Any]) -> str | None:
    """Return an id_token as a misbehaving server would make it, None if this one behaves; it is no token on record."""
    if not world.misbehaviours.all():
        return None
    claims = world.misbehaviours.distort(claims, world.clock.now())
    if header["alg"] == jws.HS256:
        text = jws.sign_hs256(header, claims, _key(world, client))
    else:
        text = jws.sign_rs256(header, claims, world.signing_keys.current_key)
    if world.misbehaviours.met(misbehaviour.BAD_SIGNATURE):
        right = world.tokens.read(text).signature
        return f"{text.rpartition('.')[0]}.{jws.encoded(bytes([right[0] ^ 1]) + right[1:])}"
    if world.misbehaviours.met(misbehaviour.ALG_NONE):
        return f"{jws.signing_input({**header, 'alg': 'none'}, claims).decode()}."
    return text


def _key(world: World, client: OAuthClient) -> bytes:
    """Return the secret of a client, or a key drawn for one without (ACC-IDT-02)."""
    return client.secret.encode() if client.secret is not None else world.secret(f"id_token of {client.id}")


async def tell(world: World, text: str) -> TokenInfo:
    """Return what an id_token or user JWT says. Refuses any other token, and a dead one (ACC-INFO-06, ACC-IDT-06)."""
    try:
        token = world.tokens.read(text)
    except jws.MalformedTokenError as error:
        raise _refused(str(error)) from None
    if token.header.get("alg") == jws.HS256:
        audience = token.claims.get("aud")
        client = await world.state.clients.get(audience) if isinstance(audience, str) else None
        if client is None or not isinstance(token.claims.get("sub"), str):
            raise _refused("an HS256 token is only accepted here with sub and with a client as aud")
        if not jws.verify_hs256(token, _key(world, client)):
            raise _refused(f'the signature does not match the key of client "{client.id}"')
        grant = await _live_grant(world, token)
        user = await world.state.users.get(grant.user_id)
        if user is None or not user.enabled:
            raise _refused("the user of this id_token does not exist or is disabled")
        return TokenInfo(user=user, audience=client.id, seconds_left=_seconds_left(world, token))
    try:
        caller = await authenticate(world, "jwt", text)
    except Rejection as rejection:
        raise _refused(rejection.why) from None
    left = _seconds_left(world, token)
    if caller.grant is None:
        return TokenInfo(user=caller.user, audience="", seconds_left=left)
    # As the id_token of a grant it is no other than the HS256 one: whose it is, and for how long clients may keep it.
    most = world.contract.limits.id_token_s
    return TokenInfo(user=caller.user, audience=caller.grant.client_id, seconds_left=min(left, most))


async def _live_grant(world: World, token: jws.Token) -> Grant:
    """Return a grant that owns the token: a right signature alone is no proof that this server made it."""
    issued = await world.state.issued_id_tokens.page("text", token.digest.hex())
    if not issued:
        raise _refused("the id_token was not issued by this server, whoever signed it")
    for one in issued:
        grant = await world.state.grants.get(one.grant_id)
        if grant and not grant.revoked:
            return grant
    raise _refused("the grant of this id_token was revoked")


def _seconds_left(world: World, token: jws.Token) -> int:
    """Return the whole seconds that an issued token has left. Refuses one whose ``exp`` has come."""
    left: float = token.claims["exp"] - world.clock.now()
    if left <= 0:
        raise _refused(f"the token expired {-left:.0f} s ago")
    return int(left)


def _refused(why: str) -> Rejection:
    return Rejection(oauth_errors.INVALID_TOKEN, why)
