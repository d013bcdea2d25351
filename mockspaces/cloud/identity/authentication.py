"""From a credential to a caller: one place for REST and Socket.IO (AUTH-*).

Each kind of credential is verified with a key chosen by its kind, never by its header alone (ACC-IDT-06).
Every rule runs on every request; only the result of the signature check is remembered.
"""

import math
from collections.abc import Mapping
from typing import Any

import msgspec

from mockspaces.cloud.kernel import jws, keys
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Grant, ServiceApp, User
from mockspaces.contract import errors

LONGEST_SHOWN = 80  # characters of a bad value that a reason repeats
MILLISECONDS_BEGIN = 1e11  # as seconds the year 5138, as milliseconds 1973


async def authenticate(world: World, scheme: str, token: str) -> Caller:
    """Return the caller that a credential names; ``scheme`` is a word of the Authorization header (AUTH-HDR-03)."""
    verifier = _VERIFIERS.get(scheme.lower())
    if verifier is None:
        known = ", ".join(_VERIFIERS)
        raise Rejection(errors.CREDENTIAL_MALFORMED, f'unknown scheme "{scheme[:LONGEST_SHOWN]}"; known are {known}')
    return await verifier(world, token)


def _invalid(why: str) -> Rejection:
    return Rejection(errors.CREDENTIAL_INVALID, why)


def _claim(claims: Mapping[str, Any], name: str) -> str:
    """Say in words for a client developer what a claim or header member is, as JSON and not too long."""
    if name not in claims:
        return f"{name} is missing"
    try:
        text = msgspec.json.encode(claims[name]).decode()
    except (OverflowError, UnicodeEncodeError):  # numbers beyond 64 bits, halves of surrogate pairs
        text = ascii(claims[name])
    return f"{name} is {text if len(text) <= LONGEST_SHOWN else text[:LONGEST_SHOWN] + ' ...'}"


def _blanks(value: object) -> str:
    """Hint at blanks around a value, as printed in a sample of the documents (AUTH-SVC-10)."""
    return "; blanks around it are significant" if isinstance(value, str) and value != value.strip() else ""


def _read(world: World, text: str) -> jws.Token:
    try:
        return world.tokens.read(text)
    except jws.MalformedTokenError as error:
        raise _invalid(str(error)) from None


# --- bearer: OAuth access tokens (AUTH-OAUTH-01)


async def _bearer(world: World, text: str) -> Caller:
    token = await world.state.access_tokens.get(text)
    grant = await world.state.grants.get(token.grant_id) if token else None
    if token is None or grant is None:
        hint = "; it looks like a JWT, and those are sent as jwt or service_app" if text.startswith("eyJ") else ""
        raise _invalid(f"no such access token was issued in this world{hint}")
    if grant.revoked:
        raise _invalid("the grant of this access token was revoked")
    user = await _enabled_user(world, grant.user_id)
    expired = world.clock.now_ms() - token.expires
    if expired >= 0:
        raise Rejection(errors.CREDENTIAL_EXPIRED, f"the access token expired {expired / 1000:g} s ago")
    return Caller(kind="oauth", person=user, grant=grant, scopes=token.scopes)


async def _enabled_user(world: World, user_id: str) -> User:
    user = await world.state.users.get(user_id)
    if user is None:
        raise _invalid("the user of this credential does not exist")
    if not user.enabled:
        raise _invalid(f'the user "{user.username}" is disabled')
    return user


# --- jwt: user and anonymous JWTs


async def _jwt(world: World, text: str) -> Caller:
    token = _read(world, text)
    algorithm = token.header.get("alg")
    if algorithm == jws.RS256:
        return await _user_jwt(world, token)
    if algorithm == jws.HS256:
        return await _anonymous_jwt(world, token)
    raise _invalid(f"{_claim(token.header, 'alg')}; a user JWT has RS256, an anonymous one HS256")


async def _user_jwt(world: World, token: jws.Token) -> Caller:
    """Check a user JWT (AUTH-USER-01..05)."""
    claims = token.claims
    key_id = claims.get("publickeyid")
    key = world.signing_keys.get(key_id) if isinstance(key_id, str) else None
    if key_id is None and "kid" in token.header:
        raise _invalid("publickeyid is missing; it looks like the JWT of a service app, which is sent as service_app")
    if key is None:
        raise _invalid(f"{_claim(claims, 'publickeyid')}, which names no key of this world")
    if not world.signatures.verify(token, str(key_id), key):
        raise _invalid(f'the signature does not match key "{key_id}"')
    for foreign in ("aud", "anonymous_id"):  # ACC-IDT-06: a mixture is of no kind
        if foreign in claims:
            raise _invalid(f"{_claim(claims, foreign)}, which no user JWT has")
    issuer = world.settings.accounts_issuer
    if claims.get("iss") != issuer:
        raise _invalid(f'{_claim(claims, "iss")}, this deployment is "{issuer}"')
    if claims.get("product_type") != "accounts":
        raise _invalid(f'{_claim(claims, "product_type")}, expected "accounts"')
    _check_expiry(world, claims)
    ndbid = claims.get("user_id")
    user = await world.state.users.first("ndbid", ndbid) if isinstance(ndbid, str) else None
    if user is None or user.is_service_account:
        raise _invalid(f"{_claim(claims, 'user_id')}, which names no user")
    await _enabled_user(world, user.id)
    grant = await _bound_grant(world, token)
    return Caller(kind="user", person=user, grant=grant, scopes=grant.scopes if grant else ())


async def _bound_grant(world: World, token: jws.Token) -> Grant | None:
    """Return the grant that a user JWT is bound to, if any (AUTH-USER-04, ACC-UJWT-06)."""
    issued = await world.state.issued_jwts.get(jws.digest(token.signed).hex())
    if issued is None or issued.grant_id is None:
        return None
    grant = await world.state.grants.get(issued.grant_id)
    if grant is None or grant.revoked:
        raise _invalid("the grant of this user JWT was revoked")
    return grant


async def _anonymous_jwt(world: World, token: jws.Token) -> Caller:
    """Check an anonymous JWT (AUTH-ANON-01); ``iss`` is not compared."""
    claims = token.claims
    if "anonymous_id" not in claims or "aud" in claims or "publickeyid" in claims:
        raise _invalid("an HS256 token is only accepted here with anonymous_id; an id_token is no credential")
    if not jws.verify_hs256(token, world.secret("anonymous")):
        raise _invalid("the signature does not match the anonymous secret of this world")
    _check_expiry(world, claims)
    person_id = claims["anonymous_id"]
    person = await world.state.anonymous.get(person_id) if isinstance(person_id, str) else None
    if person is None:
        raise _invalid(f"{_claim(claims, 'anonymous_id')}, which names no anonymous user")
    return Caller(kind="anon", person=person)


def _check_expiry(world: World, claims: dict[str, Any]) -> None:
    expiry, now = _number(claims, "exp"), world.clock.now()
    if expiry <= now:
        raise Rejection(errors.CREDENTIAL_EXPIRED, f"exp {expiry:.0f} was {now - expiry:.0f} s ago")


def _number(claims: dict[str, Any], name: str) -> float:
    value = claims.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _invalid(f"{_claim(claims, name)}, expected a number: Unix seconds")
    try:
        seconds = float(value)
    except OverflowError:
        seconds = math.inf
    if not math.isfinite(seconds):
        raise _invalid(f"{name} is out of range, expected Unix seconds")
    return seconds


# --- service_app: JWTs that clients sign themselves (AUTH-SVC-01..19)


async def _service_app(world: World, text: str) -> Caller:
    token = _read(world, text)
    _check_service_header(token.header)
    app = await _issuing_app(world, token.claims)
    await _check_service_signature(world, token, app)
    if token.claims.get("sub") != app.subject:
        raise _invalid(f'{_claim(token.claims, "sub")}, this app has "{app.subject}"{_blanks(token.claims.get("sub"))}')
    _check_audience(world, token.claims)
    _check_service_times(world, token.claims)
    account = await world.state.users.get(app.account_id)
    if not app.active:
        raise Rejection(errors.APP_INACTIVE, f'service app "{app.id}" is not activated')
    if account is None or not account.enabled:
        raise Rejection(errors.SERVICE_ACCOUNT_DISABLED, f'the service account "{app.subject}" is disabled')
    return Caller(kind="svc", person=account, app=app, scopes=app.scopes)


def _check_service_header(header: dict[str, Any]) -> None:
    """AUTH-SVC-02, -19. ``jku``, ``x5u``, ``jwk`` and ``x5c`` are ignored: the key is only ever that of ``kid``."""
    if header.get("alg") != jws.RS256:
        raise _invalid(f'{_claim(header, "alg")}, a service-app JWT has "RS256"')
    if not isinstance(header.get("kid"), str):
        raise _invalid(f"{_claim(header, 'kid')} in the JWT header; take it from the key file")
    if header.get("typ", "JWT") != "JWT":
        raise _invalid(f'{_claim(header, "typ")}, expected "JWT"')
    if "crit" in header:
        raise _invalid("the JWT header has crit, which is not supported")


async def _issuing_app(world: World, claims: dict[str, Any]) -> ServiceApp:
    issuer = claims.get("iss")
    app = await world.state.apps.get(issuer) if isinstance(issuer, str) else None
    if app is None:
        raise _invalid(f"{_claim(claims, 'iss')}, which names no service app{_blanks(issuer)}")
    return app


async def _check_service_signature(world: World, token: jws.Token, app: ServiceApp) -> None:
    kid = token.header["kid"]
    key = await world.state.app_keys.get(kid)
    if key is None or key.app_id != app.id:
        raise _invalid(f'{_claim(token.header, "kid")}, which is not a key of app "{app.id}"')
    if not world.signatures.verify(token, kid, keys.load(key.material)):
        raise _invalid(f'the signature does not match key "{kid}"')


def _check_audience(world: World, claims: dict[str, Any]) -> None:
    audience, accepted = claims.get("aud"), world.settings.rest_service_audiences
    given = audience if isinstance(audience, list) else [audience]
    if not any(isinstance(value, str) and value in accepted for value in given):
        wanted = " or ".join(f'"{value}"' for value in accepted)
        raise _invalid(f"{_claim(claims, 'aud')}, accepted is {wanted}")


def _check_service_times(world: World, claims: dict[str, Any]) -> None:
    """AUTH-SVC-08, -09, -11."""
    now, leeway = world.clock.now(), world.settings.rest_service_leeway_s
    limit = world.contract.limits.service_jwt_ahead_s
    expiry = _number(claims, "exp")
    if expiry <= now - leeway:
        raise Rejection(errors.CREDENTIAL_EXPIRED, f"exp {expiry:.0f} was {now - expiry:.0f} s ago")
    ahead = math.floor(expiry) - math.floor(now)
    if ahead > limit + leeway:
        hint = "; it looks like milliseconds, expected seconds" if expiry > MILLISECONDS_BEGIN else ""
        raise _invalid(f"exp is {ahead} s ahead, the limit is {limit}{hint}")
    if "nbf" in claims and (begin := _number(claims, "nbf")) > now + leeway:
        raise _invalid(f"nbf is {begin - now:.0f} s in the future")


# --- sat: space access tokens of room apps


async def _sat(world: World, text: str) -> Caller:
    token = await world.state.space_tokens.get(text)
    if token is None:
        raise _invalid("no such space access token was issued in this world")
    if token.expires <= world.clock.now_ms():
        raise Rejection(errors.CREDENTIAL_EXPIRED, "the space access token has expired")
    return Caller(kind="sat", person=await _enabled_user(world, token.authorizer_id), scopes=token.scopes)


_VERIFIERS = {"jwt": _jwt, "bearer": _bearer, "service_app": _service_app, "sat": _sat}
