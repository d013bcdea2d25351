"""From a credential to a caller: one place for REST and Socket.IO (AUTH-*).

Each kind of credential is verified with a key chosen by its kind, never by its header alone (ACC-IDT-06).
Every rule runs on every request; only the result of the signature check is remembered.

A credential becomes a case: what it says, and what the world knows of that. Each kind of case has its rules in their
order, and the first that does not hold refuses. `explain` holds a credential against the same rules once more, all of
them, for whoever wants to know why it was refused; requests pay nothing for that.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, ClassVar, NamedTuple, TypeVar

import msgspec

from mockspaces.cloud.kernel import jws, keys
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import AccessToken, AnonymousUser, AppKey, Grant, ServiceApp, SpaceToken, User
from mockspaces.contract import errors

LONGEST_SHOWN = 80  # characters of a bad value that a reason repeats
MILLISECONDS_BEGIN = 1e11  # as seconds the year 5138, as milliseconds 1973

Thing = TypeVar("Thing")


class UnjudgedError(Exception):
    """Raised by a rule that needs something which does not exist, as an earlier rule has found."""


class Rule(NamedTuple):
    """One rule: what it demands, in words; what raises `Rejection` for a case that does not meet it; its statements."""

    words: str
    check: Callable[[Any], None]
    sources: tuple[str, ...]


class Check(msgspec.Struct, frozen=True):
    """What became of one rule: ``holds`` is None where there is nothing to judge; ``why`` says what does not hold."""

    rule: str
    holds: bool | None
    why: str = ""
    sources: tuple[str, ...] = ()


class Explanation(NamedTuple):
    """What became of all rules, and who sent the credential if all hold."""

    checks: Sequence[Check]
    caller: Caller | None


class Case(ABC):
    """A credential with what the world knows of it, as of ``now`` in milliseconds."""

    rules: ClassVar[Sequence[Rule]]

    def __init__(self, world: World, now: int) -> None:
        """Begin to look at a credential."""
        self.world = world
        self.now_ms = now
        self.now = now / 1000

    @abstractmethod
    def caller(self) -> Caller:
        """Return who sent it, once all rules hold."""


async def authenticate(world: World, scheme: str, token: str) -> Caller:
    """Return the caller that a credential names; ``scheme`` is a word of the Authorization header (AUTH-HDR-03)."""
    case = await _way(scheme, token)(world, token, world.clock.now_ms())
    for rule in case.rules:
        rule.check(case)
    return case.caller()


async def explain(world: World, scheme: str, token: str, now: int) -> Explanation:
    """Hold a credential against all rules of its kind as of ``now`` (milliseconds), with what the world knows today."""
    try:
        case = await _way(scheme, token)(world, token, now)
    except Rejection as rejection:
        return Explanation([Check("the credential can be read", holds=False, why=rejection.why)], None)
    checks = [_held(rule, case) for rule in case.rules]
    return Explanation(checks, case.caller() if all(one.holds for one in checks) else None)


def _held(rule: Rule, case: Case) -> Check:
    try:
        rule.check(case)
    except Rejection as rejection:
        return Check(rule.words, holds=False, why=rejection.why, sources=rule.sources)
    except UnjudgedError:
        return Check(rule.words, holds=None, sources=rule.sources)
    return Check(rule.words, holds=True, sources=rule.sources)


def _way(scheme: str, token: str) -> Callable[[World, str, int], Awaitable[Case]]:
    """Return what looks a credential up. Refuses what cannot be one of any kind."""
    way = _CASES.get(scheme.lower())
    if way is None:
        known = ", ".join(_CASES)
        raise Rejection(errors.CREDENTIAL_MALFORMED, f'unknown scheme "{scheme[:LONGEST_SHOWN]}"; known are {known}')
    if token.startswith("[") and token.endswith("]"):
        raise _invalid("the token stands in [ ], with which the documents mark what is to be filled in; leave them out")
    return way


def _known(thing: Thing | None) -> Thing:
    """Return what a rule needs. Raises `UnjudgedError` where an earlier rule has found that it does not exist."""
    if thing is None:
        raise UnjudgedError
    return thing


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


def _check_enabled(user: User | None) -> None:
    if user is None:
        raise _invalid("the user of this credential does not exist")
    if not user.enabled:
        raise _invalid(f'the user "{user.username}" is disabled')


# --- bearer: OAuth access tokens (AUTH-OAUTH-01)


class AccessTokenCase(Case):
    """An OAuth access token."""

    text: str
    token: AccessToken | None
    grant: Grant | None
    user: User | None

    def check_known(self) -> None:
        """The token was issued here, for a grant that there is."""
        if self.token is None or self.grant is None:
            looks_signed = self.text.startswith("eyJ")
            hint = "; it looks like a JWT, and those are sent as jwt or service_app" if looks_signed else ""
            raise _invalid(f"no such access token was issued in this world{hint}")

    def check_grant(self) -> None:
        """Whoever revokes a grant revokes its tokens."""
        grant = _known(self.grant)
        if grant.revoked:
            raise _invalid("the grant of this access token was revoked")

    def check_user(self) -> None:
        """The user is there and enabled."""
        _known(self.grant)
        _check_enabled(self.user)

    def check_expiry(self) -> None:
        """The token is still valid."""
        expired = self.now_ms - _known(self.token).expires
        if expired >= 0:
            raise Rejection(errors.CREDENTIAL_EXPIRED, f"the access token expired {expired / 1000:g} s ago")

    def caller(self) -> Caller:
        """Return the user, bound by what they granted."""
        token = _known(self.token)
        return Caller(kind="oauth", person=_known(self.user), grant=self.grant, scopes=token.scopes)

    rules = (
        Rule("the access token was issued in this world", check_known, ("AUTH-OAUTH-01",)),
        Rule("its grant was not revoked", check_grant, ("AUTH-OAUTH-01",)),
        Rule("its user exists and is enabled", check_user, ("AUTH-USER-05",)),
        Rule("it has not expired", check_expiry, ("AUTH-OAUTH-01",)),
    )


async def _bearer(world: World, text: str, now: int) -> Case:
    case = AccessTokenCase(world, now)
    case.text = text
    state = world.state
    token = case.token = state.access_tokens.peek(text)
    grant = case.grant = state.grants.peek(token.grant_id) if token else None
    case.user = state.users.peek(grant.user_id) if grant else None
    return case


# --- jwt: user and anonymous JWTs


async def _jwt(world: World, text: str, now: int) -> Case:
    token = _read(world, text)
    algorithm = token.header.get("alg")
    if algorithm == jws.RS256:
        return await _user_jwt(world, token, now)
    if algorithm == jws.HS256:
        return await _anonymous_jwt(world, token, now)
    raise _invalid(f"{_claim(token.header, 'alg')}; a user JWT has RS256, an anonymous one HS256")


class UserCase(Case):
    """A user JWT (AUTH-USER-01..05)."""

    token: jws.Token
    user: User | None
    bound: bool  # to a grant (AUTH-USER-04, ACC-UJWT-06)
    grant: Grant | None

    def check_key(self) -> None:
        """The JWT names a key that verifies."""
        key_id = self.token.claims.get("publickeyid")
        if key_id is None and "kid" in self.token.header:
            like = "it looks like the JWT of a service app, which is sent as service_app"
            raise _invalid(f"publickeyid is missing; {like}")
        if self._key() is None:
            raise _invalid(f"{_claim(self.token.claims, 'publickeyid')}, which names no key of this world")

    def _key(self) -> keys.KeyPair | None:
        key_id = self.token.claims.get("publickeyid")
        return self.world.signing_keys.get(key_id) if isinstance(key_id, str) else None

    def check_signature(self) -> None:
        """That key has signed it."""
        key_id = str(self.token.claims.get("publickeyid"))
        if not self.world.signatures.verify(self.token, key_id, _known(self._key())):
            raise _invalid(f'the signature does not match key "{key_id}"')

    def check_kind(self) -> None:
        """A mixture is of no kind (ACC-IDT-06)."""
        for foreign in ("aud", "anonymous_id"):
            if foreign in self.token.claims:
                raise _invalid(f"{_claim(self.token.claims, foreign)}, which no user JWT has")

    def check_issuer(self) -> None:
        """It is of this deployment."""
        claims, issuer = self.token.claims, self.world.settings.accounts_issuer
        if claims.get("iss") != issuer:
            raise _invalid(f'{_claim(claims, "iss")}, this deployment is "{issuer}"')

    def check_product(self) -> None:
        """It is of the identity server."""
        if self.token.claims.get("product_type") != "accounts":
            raise _invalid(f'{_claim(self.token.claims, "product_type")}, expected "accounts"')

    def check_expiry(self) -> None:
        """It is still valid."""
        _check_expiry(self, self.token.claims)

    def check_user(self) -> None:
        """It names somebody."""
        if self.user is None or self.user.is_service_account:
            raise _invalid(f"{_claim(self.token.claims, 'user_id')}, which names no user")

    def check_enabled(self) -> None:
        """They may still sign in."""
        _check_enabled(_known(self.user))

    def check_grant(self) -> None:
        """Whoever revokes a grant revokes what is bound to it."""
        if self.bound and (self.grant is None or self.grant.revoked):
            raise _invalid("the grant of this user JWT was revoked")

    def caller(self) -> Caller:
        """Return the user, bound by what they granted if it is."""
        grant = self.grant
        return Caller(kind="user", person=_known(self.user), grant=grant, scopes=grant.scopes if grant else ())

    rules = (
        Rule("publickeyid names a key of this world", check_key, ("AUTH-USER-01",)),
        Rule("the signature was made with that key", check_signature, ("AUTH-USER-01",)),
        Rule("it has no claim of other kinds of JWT", check_kind, ("ACC-IDT-06",)),
        Rule("iss is that of this deployment", check_issuer, ("AUTH-USER-02",)),
        Rule("product_type is accounts", check_product, ("AUTH-USER-03",)),
        Rule("exp has not passed", check_expiry, ("AUTH-USER-03",)),
        Rule("user_id names a user", check_user, ("AUTH-USER-03",)),
        Rule("the user is enabled", check_enabled, ("AUTH-USER-05",)),
        Rule("the grant that it is bound to, if any, was not revoked", check_grant, ("AUTH-USER-04",)),
    )


async def _user_jwt(world: World, token: jws.Token, now: int) -> Case:
    case, state = UserCase(world, now), world.state
    case.token = token
    ndbid = token.claims.get("user_id")
    case.user = await state.users.first("ndbid", ndbid) if isinstance(ndbid, str) else None
    issued = await state.issued_jwts.get(jws.digest(token.signed).hex())
    case.bound = issued is not None and issued.grant_id is not None
    case.grant = await state.grants.get(issued.grant_id) if issued and issued.grant_id else None
    return case


class AnonymousCase(Case):
    """An anonymous JWT (AUTH-ANON-01); ``iss`` is not compared."""

    token: jws.Token
    person: AnonymousUser | None

    def check_kind(self) -> None:
        """It is of this kind and of no other."""
        claims = self.token.claims
        if "anonymous_id" not in claims or "aud" in claims or "publickeyid" in claims:
            raise _invalid("an HS256 token is only accepted here with anonymous_id; an id_token is no credential")

    def check_signature(self) -> None:
        """This world has signed it."""
        if not jws.verify_hs256(self.token, self.world.secret("anonymous")):
            raise _invalid("the signature does not match the anonymous secret of this world")

    def check_expiry(self) -> None:
        """It is still valid."""
        _check_expiry(self, self.token.claims)

    def check_person(self) -> None:
        """It names somebody."""
        if self.person is None:
            raise _invalid(f"{_claim(self.token.claims, 'anonymous_id')}, which names no anonymous user")

    def caller(self) -> Caller:
        """Return somebody without an account."""
        return Caller(kind="anon", person=_known(self.person))

    rules = (
        Rule("it has anonymous_id and no claim of other kinds of JWT", check_kind, ("ACC-IDT-06",)),
        Rule("the signature was made with the secret of this world", check_signature, ("AUTH-ANON-01",)),
        Rule("exp has not passed", check_expiry, ("AUTH-ANON-01",)),
        Rule("anonymous_id names an anonymous user", check_person, ("AUTH-ANON-01",)),
    )


async def _anonymous_jwt(world: World, token: jws.Token, now: int) -> Case:
    case = AnonymousCase(world, now)
    case.token = token
    person_id = token.claims.get("anonymous_id")
    case.person = await world.state.anonymous.get(person_id) if isinstance(person_id, str) else None
    return case


def _check_expiry(case: Case, claims: dict[str, Any]) -> None:
    expiry, now = _number(claims, "exp"), case.now
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


class ServiceCase(Case):
    """The JWT of a service app."""

    token: jws.Token
    app: ServiceApp | None
    key: AppKey | None
    account: User | None

    def check_header(self) -> None:
        """AUTH-SVC-02, -19. ``jku``, ``x5u``, ``jwk`` and ``x5c`` are ignored: the key is only ever that of ``kid``."""
        header = self.token.header
        if header.get("alg") != jws.RS256:
            raise _invalid(f'{_claim(header, "alg")}, a service-app JWT has "RS256"')
        if not isinstance(header.get("kid"), str):
            raise _invalid(f"{_claim(header, 'kid')} in the JWT header; take it from the key file")
        if header.get("typ", "JWT") != "JWT":
            raise _invalid(f'{_claim(header, "typ")}, expected "JWT"')
        if "crit" in header:
            raise _invalid("the JWT header has crit, which is not supported")

    def check_issuer(self) -> None:
        """There is such an app."""
        if self.app is None:
            issuer = self.token.claims.get("iss")
            raise _invalid(f"{_claim(self.token.claims, 'iss')}, which names no service app{_blanks(issuer)}")

    def check_key(self) -> None:
        """The key is that app's own (AUTH-SVC-20)."""
        app, key = _known(self.app), self.key
        if key is None or key.app_id != app.id:
            raise _invalid(f'{_claim(self.token.header, "kid")}, which is not a key of app "{app.id}"')

    def check_signature(self) -> None:
        """That key has signed it."""
        key = _known(self.key)
        if not self.world.signatures.verify(self.token, key.id, keys.load(key.material)):
            raise _invalid(f'the signature does not match key "{key.id}"')

    def check_subject(self) -> None:
        """It speaks for the account of that app."""
        claims, app = self.token.claims, _known(self.app)
        if claims.get("sub") != app.subject:
            raise _invalid(f'{_claim(claims, "sub")}, this app has "{app.subject}"{_blanks(claims.get("sub"))}')

    def check_audience(self) -> None:
        """It is meant for this service."""
        audience, accepted = self.token.claims.get("aud"), self.world.settings.rest_service_audiences
        given = audience if isinstance(audience, list) else [audience]
        if not any(isinstance(value, str) and value in accepted for value in given):
            wanted = " or ".join(f'"{value}"' for value in accepted)
            raise _invalid(f"{_claim(self.token.claims, 'aud')}, accepted is {wanted}")

    def check_expiry(self) -> None:
        """It is still valid (AUTH-SVC-08)."""
        expiry, now = _number(self.token.claims, "exp"), self.now
        if expiry <= now - self.world.settings.rest_service_leeway_s:
            raise Rejection(errors.CREDENTIAL_EXPIRED, f"exp {expiry:.0f} was {now - expiry:.0f} s ago")

    def check_lifetime(self) -> None:
        """It does not live too long (AUTH-SVC-09)."""
        leeway, limit = self.world.settings.rest_service_leeway_s, self.world.contract.limits.service_jwt_ahead_s
        expiry = _number(self.token.claims, "exp")
        ahead = math.floor(expiry) - math.floor(self.now)
        if ahead > limit + leeway:
            hint = "; it looks like milliseconds, expected seconds" if expiry > MILLISECONDS_BEGIN else ""
            raise _invalid(f"exp is {ahead} s ahead, the limit is {limit}{hint}")

    def check_begin(self) -> None:
        """It is valid already (AUTH-SVC-11)."""
        claims, latest = self.token.claims, self.now + self.world.settings.rest_service_leeway_s
        if "nbf" in claims and (begin := _number(claims, "nbf")) > latest:
            raise _invalid(f"nbf is {begin - self.now:.0f} s in the future")

    def check_active(self) -> None:
        """The app may call (AUTH-SVC-12)."""
        app = _known(self.app)
        if not app.active:
            raise Rejection(errors.APP_INACTIVE, f'service app "{app.id}" is not activated')

    def check_account(self) -> None:
        """So may its account."""
        app = _known(self.app)
        if self.account is None or not self.account.enabled:
            raise Rejection(errors.SERVICE_ACCOUNT_DISABLED, f'the service account "{app.subject}" is disabled')

    def caller(self) -> Caller:
        """Return the account of the app."""
        app = _known(self.app)
        return Caller(kind="svc", person=_known(self.account), app=app, scopes=app.scopes)

    rules = (
        Rule("the header has alg RS256, a kid, and nothing unknown", check_header, ("AUTH-SVC-02", "AUTH-SVC-19")),
        Rule("iss names a service app", check_issuer, ("AUTH-SVC-03", "AUTH-SVC-10")),
        Rule("kid names a key of this app", check_key, ("AUTH-SVC-04", "AUTH-SVC-20")),
        Rule("the signature was made with that key", check_signature, ("AUTH-SVC-05",)),
        Rule("sub is that of the app", check_subject, ("AUTH-SVC-06", "AUTH-SVC-10")),
        Rule("aud is this service", check_audience, ("AUTH-SVC-07",)),
        Rule("exp has not passed", check_expiry, ("AUTH-SVC-08",)),
        Rule("exp is no further ahead than the limit", check_lifetime, ("AUTH-SVC-09",)),
        Rule("nbf, if any, has passed", check_begin, ("AUTH-SVC-11",)),
        Rule("the app is activated", check_active, ("AUTH-SVC-12",)),
        Rule("the service account is enabled", check_account, ("AUTH-SVC-13",)),
    )


async def _service_app(world: World, text: str, now: int) -> Case:
    case, state = ServiceCase(world, now), world.state
    token = case.token = _read(world, text)
    issuer, key_id = token.claims.get("iss"), token.header.get("kid")
    app = case.app = await state.apps.get(issuer) if isinstance(issuer, str) else None
    case.key = await state.app_keys.get(key_id) if isinstance(key_id, str) else None
    case.account = await state.users.get(app.account_id) if app else None
    return case


# --- sat: space access tokens of room apps


class SpaceTokenCase(Case):
    """A space access token."""

    token: SpaceToken | None
    user: User | None

    def check_known(self) -> None:
        """It was issued here."""
        if self.token is None:
            raise _invalid("no such space access token was issued in this world")

    def check_expiry(self) -> None:
        """It is still valid."""
        if _known(self.token).expires <= self.now_ms:
            raise Rejection(errors.CREDENTIAL_EXPIRED, "the space access token has expired")

    def check_user(self) -> None:
        """Whoever authorized it is enabled."""
        _known(self.token)
        _check_enabled(self.user)

    def caller(self) -> Caller:
        """Return whoever authorized it."""
        return Caller(kind="sat", person=_known(self.user), scopes=_known(self.token).scopes)

    rules = (
        Rule("the space access token was issued in this world", check_known, ("ACC-SAT-01",)),
        Rule("it has not expired", check_expiry, ("DM-TOK-05",)),
        Rule("its user exists and is enabled", check_user, ("AUTH-USER-05",)),
    )


async def _sat(world: World, text: str, now: int) -> Case:
    case = SpaceTokenCase(world, now)
    token = case.token = await world.state.space_tokens.get(text)
    case.user = await world.state.users.get(token.authorizer_id) if token else None
    return case


def is_of_service_app(world: World, text: str) -> bool:
    """Whether a JWT has the form of those that service apps sign (RT-AUTH-03)."""
    try:
        token = world.tokens.read(text)
    except jws.MalformedTokenError:
        return False
    return "kid" in token.header and "iss" in token.claims and "publickeyid" not in token.claims


_CASES: Mapping[str, Callable[[World, str, int], Awaitable[Case]]] = {
    "jwt": _jwt,
    "bearer": _bearer,
    "service_app": _service_app,
    "sat": _sat,
}
