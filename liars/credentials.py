"""Lies about credentials: what is accepted that should not be, and what is refused that should."""

import base64
import time
from collections.abc import Callable, Sequence
from typing import Any

import jwt

from contract_tests.kit import private_key
from liars.exchanges import Answer, Ask, Change, Request, answer
from liars.keys import Forgives, forgiven, keys, read, signed
from liars.lie import ALL, PEOPLE, WORDS, Lie, asks, refusal

API = r"\w+ /api/(?!1\.0/).*"
TOKENS = r"POST /oauth2/access_token/?"
HOUR_S = 3600
# Who accepts anything breaks each of these: the one row that names more than five others.
EVERY_RULE = (*(f"AUTH-SVC-{number}" for number in ("01", "02", "03", "04", "06", "07", "08", "09", "10", "11", "16", "19")),
              "AUTH-SVC-20", "ERR-ORDER-01", *WORDS)  # fmt: skip
TOKEN_CHARS = 40  # of an OAuth token
INVALID = {"code": "auth.credential_invalid", "message": "The credential is not valid."}
Claims = dict[str, Any]


def service_token(request: Request) -> str:
    """Return the JWT of a service app in a request, empty if it is another credential."""
    scheme, _blank, token = request.header("Authorization").partition(" ")
    return token.strip() if scheme.lower() == "service_app" else ""


def accepts(fits: Forgives) -> Change:
    """Return the change that puts a valid service JWT of the app in the place of one that ``fits``."""

    def edit(request: Request) -> Request:
        token = service_token(request)
        better = forgiven(token, fits) if token else token
        return request if better == token else request.with_header("Authorization", f"service_app {better}")

    return asks(edit)


def refuses(fits: Forgives) -> Change:
    """Return the change that refuses a service JWT that ``fits``."""

    async def change(request: Request, ask: Ask) -> Answer:
        found = read(service_token(request))
        return answer(INVALID, 401) if found and fits(*found) else await ask(request)

    return change


def anything(request: Request) -> Request:
    """Put a valid JWT in the place of any text under the scheme of service apps, unless it is one that would do."""
    token = service_token(request)
    scheme = request.header("Authorization").partition(" ")[0]
    if scheme.lower() != "service_app" or read(token) is not None:
        return request
    return request.with_header("Authorization", f"service_app {signed(keys.mightiest)}")


def ahead(claims: Claims) -> float:
    """Return how many seconds exp is ahead; 0 if it is no number."""
    exp = claims.get("exp")
    return exp - int(time.time()) if isinstance(exp, int | float) and not isinstance(exp, bool) else 0


def other(claims: Claims, member: str) -> bool:
    """Whether a claim is there, and not the app's; blanks around it make no other."""
    key = keys.app(str(claims.get("iss", "")).strip())
    said = claims.get(member)
    return isinstance(said, str) and bool(said.strip()) and (key is None or said.strip() != key[member])


def blank(claims: Claims, member: str) -> bool:
    said = claims.get(member)
    return isinstance(said, str) and said != said.strip() and not other(claims, member)


def badly_signed(header: Claims, claims: Claims) -> bool:
    """Whether nothing but the signature of a JWT is wrong; it needs the token, which the caller keeps."""
    return header.get("alg") == "RS256" and keys.of(header.get("kid")) is not None


def unsigned(request: Request) -> Request:
    """Put a good signature in the place of a bad one."""
    token = service_token(request)
    found = read(token) if token else None
    key = keys.of(found[0].get("kid")) if found else None
    if found is None or key is None or not badly_signed(*found) or key["iss"] != found[1].get("iss"):
        return request
    public = private_key(key["private_key"]).public_key()
    try:
        jwt.decode(token, public, ["RS256"], options={"verify_exp": False, "verify_aud": False, "verify_nbf": False})
    except jwt.InvalidSignatureError:
        return request.with_header("Authorization", f"service_app {signed(key)}")
    except jwt.PyJWTError:
        return request
    return request


def spelled(request: Request, scheme: str) -> bool:
    return request.header("Authorization").startswith(scheme)


def audience(claims: Claims) -> bool:
    """Whether aud is there and names somebody else alone."""
    said = claims.get("aud")
    return bool(said) and "spaces.avayacloud.com" not in (said if isinstance(said, list) else [said])


def service_apps() -> Sequence[Lie]:
    def known(header: Claims) -> bool:
        return keys.of(header.get("kid")) is not None

    rows: Sequence[tuple[str, str, Forgives, tuple[str, ...]]] = (
        ("alg HS256 is accepted", "AUTH-SVC-02", lambda h, _c: h.get("alg") == "HS256", ("AUTH-SVC-05",)),
        ("alg none is accepted", "AUTH-SVC-02", lambda h, _c: str(h.get("alg")).lower() == "none", ("AUTH-SVC-05",)),
        ("alg RS512 is accepted", "AUTH-SVC-02", lambda h, _c: h.get("alg") in ("RS384", "RS512", "PS256"), ()),
        ("no kid is accepted", "AUTH-SVC-02", lambda h, _c: "kid" not in h, ()),
        ("a typ that is not JWT is accepted", "AUTH-SVC-02", lambda h, _c: h.get("typ") not in (None, "JWT"), ()),
        ("an unknown kid is accepted", "AUTH-SVC-04", lambda h, _c: isinstance(h.get("kid"), str) and not known(h), ()),
        ("no iss is accepted", "AUTH-SVC-03", lambda _h, c: "iss" not in c, ()),
        ("an unknown iss is accepted", "AUTH-SVC-03", lambda _h, c: other(c, "iss"), ("AUTH-SVC-04", "AUTH-SVC-06")),
        ("no sub is accepted", "AUTH-SVC-06", lambda _h, c: "sub" not in c, ()),
        ("a wrong sub is accepted", "AUTH-SVC-06", lambda _h, c: other(c, "sub"), ("AUTH-SVC-03",)),
        ("no aud is accepted", "AUTH-SVC-07", lambda _h, c: "aud" not in c, ()),
        ("a wrong aud is accepted", "AUTH-SVC-07", lambda _h, c: audience(c), ()),
        ("no exp is accepted", "AUTH-SVC-08", lambda _h, c: "exp" not in c, ()),
        ("an expired JWT is accepted", "AUTH-SVC-08", lambda _h, c: -(10**6) < ahead(c) < 0, ()),
        ("an exp of 0 is accepted", "AUTH-SVC-08", lambda _h, c: c.get("exp") == 0, ()),
        ("an exp that is a text is accepted", "AUTH-SVC-08", lambda _h, c: isinstance(c.get("exp"), str), ()),
        ("an exp 3601 s ahead is accepted", "AUTH-SVC-09", lambda _h, c: HOUR_S < ahead(c) < HOUR_S + 9, ()),
        ("an exp ten hours ahead is accepted", "AUTH-SVC-09", lambda _h, c: HOUR_S * 2 < ahead(c) < HOUR_S * 20, ()),
        ("an exp in milliseconds is accepted", "AUTH-SVC-09", lambda _h, c: ahead(c) > 10**11, ("AUTH-SVC-08",)),
        ("blanks around iss are ignored", "AUTH-SVC-10", lambda _h, c: blank(c, "iss"), ("AUTH-SVC-03",)),
        ("blanks around sub are ignored", "AUTH-SVC-10", lambda _h, c: blank(c, "sub"), ("AUTH-SVC-06",)),
        ("nbf is ignored", "AUTH-SVC-11", lambda _h, c: c.get("nbf", 0) != 0, ()),
        ("crit is ignored", "AUTH-SVC-19", lambda h, _c: "crit" in h, ()),
    )
    refused: Sequence[tuple[str, str, Forgives]] = (
        ("aud in an array is refused", "AUTH-SVC-07", lambda _h, c: isinstance(c.get("aud"), list)),
        ("a JWT with jku is refused", "AUTH-SVC-19", lambda h, _c: "jku" in h),
        ("a JWT with jwk is refused", "AUTH-SVC-19", lambda h, _c: "jwk" in h),
        ("a JWT with iat is refused", "AUTH-SVC-11", lambda _h, c: "iat" in c),
        (
            "an exp with a fraction is refused",
            "AUTH-SVC-08",
            lambda _h, c: isinstance(c.get("exp"), float) and ahead(c) > 0,
        ),
        ("an exp a half hour ahead is refused", "AUTH-SVC-09", lambda _h, c: HOUR_S / 2 < ahead(c) <= HOUR_S),
    )
    foreign: Forgives = lambda h, c: known(h) and keys.of(h["kid"]) is not keys.app(c.get("iss"))  # noqa: E731 - a row
    return (
        *(Lie(name, named, API, accepts(fits), (*others, *WORDS)) for name, named, fits, others in rows),
        *(Lie(name, named, API, refuses(fits)) for name, named, fits in refused),
        Lie("a kid of another app is accepted", "AUTH-SVC-20", API, accepts(foreign), ("AUTH-SVC-04", *WORDS), ALL),
        Lie("a bad signature is accepted", "AUTH-SVC-05", API, asks(unsigned), ("AUTH-SVC-02", "AUTH-SVC-19", *WORDS)),
        Lie("a text that is no JWT is accepted", "AUTH-SVC-01", API, asks(anything), ("AUTH-SVC-02", *WORDS)),
        Lie(
            "any text under service_app is accepted",
            "AUTH-SVC-05",
            API,
            accepts_all(),
            EVERY_RULE,
        ),
        Lie("an expired JWT breaks the service", "AUTH-SVC-08", API, broken("auth.credential_expired"), breaks=True),
        Lie("a bad JWT breaks the service", "AUTH-SVC-06", API, broken("auth.credential_invalid"), breaks=True),
    )


def accepts_all() -> Change:
    """Return the change that lets everybody in who says ``service_app``."""

    def edit(request: Request) -> Request:
        scheme, _blank, token = request.header("Authorization").partition(" ")
        if scheme.lower() != "service_app":
            return request
        found = read(token.strip())
        key = found and (keys.of(found[0].get("kid")) or keys.app(found[1].get("iss")))
        return request.with_header("Authorization", f"service_app {signed(key or keys.mightiest)}")

    return asks(edit)


def broken(code: str) -> Change:
    """Return the change that breaks where a refusal of this code should be."""
    fits = refusal(code)

    async def change(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        return answer({"oops": "Traceback"}, 500) if fits(told) else told

    return change


def headers() -> Sequence[Lie]:
    """Return lies about the form of the Authorization header."""

    def quoted(request: Request) -> Request:
        said = request.header("Authorization").replace('"', "").replace("'", "")
        return request.with_header("Authorization", said) if request.header("Authorization") else request

    def nobody(request: Request) -> Request:
        if request.header("Authorization"):
            return request
        return request.with_header("Authorization", f"service_app {signed(keys.mightiest)}")

    def strange(request: Request) -> bool:
        scheme, _blank, token = request.header("Authorization").partition(" ")
        return bool(token) and scheme.lower() not in ("jwt", "bearer", "service_app", "sat", "")

    async def cased(request: Request, ask: Ask) -> Answer:
        scheme = request.header("Authorization").partition(" ")[0]
        exact = scheme in ("jwt", "Bearer", "bearer", "service_app", "sat", "") or not scheme.isalpha() ^ (
            "_" in scheme
        )
        return await ask(request) if exact else answer({**INVALID, "code": "auth.credential_malformed"}, 401)

    async def blanks(request: Request, ask: Ask) -> Answer:
        several = "  " in request.header("Authorization")
        return answer({**INVALID, "code": "auth.credential_malformed"}, 401) if several else await ask(request)

    def cookie(request: Request) -> bool:
        return bool(request.header("Cookie")) and not request.header("Authorization")

    async def looks(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        scheme, _blank, token = request.header("Authorization").partition(" ")
        bad = bool(scheme) and read(token) is None and len(token) != TOKEN_CHARS
        return answer(INVALID, 401) if told.good and bad else told

    open_calls = r"\w+ /api/(service-configurations|limit|flavors?|confnumbers|health|flavor.*)"
    return (
        Lie(
            "quotes around a credential are ignored",
            "AUTH-HDR-02",
            API,
            asks(quoted),
            ("AUTH-HDR-01", "AUTH-HDR-03", *WORDS),
        ),
        Lie("no credential is asked for", "AUTH-HDR-06", API, asks(nobody), ("ERR-ORDER-01", "AUTH-HDR-04", *WORDS)),
        Lie("any scheme will do", "AUTH-HDR-03", API, as_the_last(strange), ("AUTH-HDR-01", *WORDS), PEOPLE),
        Lie("schemes are spelled in one way", "AUTH-HDR-01", API, cased, ("AUTH-HDR-03", *WORDS)),
        Lie("a second blank after the scheme is refused", "AUTH-HDR-01", API, blanks),
        Lie("a cookie authenticates", "AUTH-HDR-04", API, as_the_last(cookie), ("AUTH-HDR-06", *WORDS), PEOPLE),
        Lie(
            "a bad credential is refused where none is needed",
            "ERR-ORDER-03",
            open_calls,
            looks,
            ("MISC-CONF-01", "REST-HOST-02"),
        ),
    )


def as_the_last(fits: Callable[[Request], bool]) -> Change:
    """Return the change that lets who ``fits`` in: as the last one who was, else as an anonymous user, else as an app."""
    last: list[str] = []

    async def change(request: Request, ask: Ask) -> Answer:
        if fits(request):
            if not last:
                form = Request((("Host", request.header("Host")),), method="POST", target="/api/anonymous/auth")
                guest = await ask(form.with_json({}))
                last.append(f"jwt {guest.json['token']}")
            told = await ask(request.with_header("Authorization", last[-1]))
            app = f"service_app {signed(keys.mightiest)}"
            return told if told.good else await ask(request.with_header("Authorization", app))
        told = await ask(request)
        if told.good and request.header("Authorization") and request.path.startswith("/api/users/me"):
            last.append(request.header("Authorization"))
        return told

    return change


class Memory:
    """What a liar remembers of good calls, to let bad ones in."""

    def __init__(self) -> None:
        self._bearer = ""
        self._jwt = ""
        self._forms: dict[str, dict[str, str]] = {}
        self._used: set[str] = set()

    async def _look(self, request: Request, ask: Ask) -> Answer:
        """Pass a call on, and remember a good token with its form."""
        told = await ask(request)
        body = told.json if told.good else None
        if "/oauth2/access_token" in request.path and isinstance(body, dict):
            if "logan" in str(body.get("scope")):
                self._bearer = f"Bearer {body.get('access_token')}"
            self._forms.setdefault(request.form.get("client_id", ""), request.form)
            self._forms.setdefault(request.form.get("username", ""), request.form)
        if request.path.endswith("get_jwt_token") and isinstance(body, dict):
            self._jwt = f"jwt {body.get('token')}"
        return told

    def in_place(self, scheme: str, code: str) -> Change:
        """Return the change that lets a refused credential of a scheme in, as that of somebody who came before."""
        fits = refusal(code)

        async def change(request: Request, ask: Ask) -> Answer:
            told = await self._look(request, ask)
            good = self._jwt if scheme == "jwt" else self._bearer
            if not fits(told) or not good or request.header("Authorization").partition(" ")[0].lower() != scheme:
                return told
            return await ask(request.with_header("Authorization", good))

        return change

    def forgives(self, code: str, member: str, whose: str) -> Change:
        """Return the change that takes a bad member of a form for the good one that came before from the same."""
        fits = refusal(code)

        async def change(request: Request, ask: Ask) -> Answer:
            told = await self._look(request, ask)
            good = self._forms.get(request.form.get(whose, ""), {}).get(member)
            return await ask(request.with_form(**{member: good})) if fits(told) and good else told

        return change

    async def rotates(self, request: Request, ask: Ask) -> Answer:
        """Refuse a refresh token that was used before."""
        used = request.form.get("refresh_token", "") if request.form.get("grant_type") == "refresh_token" else ""
        if used and used in self._used:
            message = "The refresh token is not valid."
            return answer({"error": {"code": "invalid_grant", "message": message}, "error_description": message}, 400)
        told = await ask(request)
        self._used |= {used} if told.good and used else set()
        return told


async def revokes_nothing(request: Request, ask: Ask) -> Answer:
    """Say that a token is revoked, and do nothing."""
    form = request.form
    return answer({}) if form.get("refresh_token") or form.get("token") else await ask(request)


async def no_basic(request: Request, ask: Ask) -> Answer:
    """Know nobody who authenticates by HTTP Basic."""
    if not request.header("Authorization").startswith("Basic "):
        return await ask(request)
    said = base64.b64encode(b"nobody:nothing").decode()
    return await ask(request.with_header("Authorization", f"Basic {said}"))


async def any_scope(request: Request, ask: Ask) -> Answer:
    """Give every scope to who asks for one that there is not."""
    told = await ask(request)
    return await ask(request.with_form(scope=None)) if refusal("invalid_scope")(told) else told


def oauth() -> Sequence[Lie]:
    """Return lies about tokens of people."""
    memory = Memory()
    both = rf"{API}|{TOKENS}|POST /api/1\.0/jwt/get_jwt_token/?"
    revocation = r"POST /oauth2/revoke_token/?"
    return (
        Lie("an unknown OAuth token is accepted", "AUTH-OAUTH-01", both,
            memory.in_place("bearer", "auth.credential_invalid"), ("ACC-REVOKE-05", "ACC-TOK-02", "ACC-REVOKE-02"), PEOPLE),
        Lie("the spaces scope is not asked for", "AUTH-OAUTH-02", both,
            memory.in_place("bearer", "scope.oauth_missing"), ("PERM-MAP-09", "ACC-SCOPE-09", "ACC-TOKEN-06", *WORDS), PEOPLE),
        Lie("any user JWT is accepted", "AUTH-USER-01", both,
            memory.in_place("jwt", "auth.credential_invalid"),
            ("ACC-IDT-05", "ACC-IDT-06", "AUTH-ANON-02", "AUTH-ANON-01", "AUTH-USER-03"), PEOPLE),
        Lie("a wrong secret is accepted", "ACC-TOKEN-02", TOKENS, memory.forgives("invalid_client", "client_secret", "client_id"),
            ("ACC-TOKEN-15", "ACC-ERR-05"), PEOPLE),
        Lie("a wrong password is accepted", "ACC-TOKEN-16", TOKENS, memory.forgives("invalid_grant", "password", "username"),
            ("ACC-TOKEN-07",), PEOPLE),
        Lie("revoking has no effect", "ACC-REVOKE-05", revocation, revokes_nothing,
            ("ACC-REVOKE-01", "ACC-REVOKE-02", "ACC-REVOKE-06", "AUTH-OAUTH-01", "ACC-REVOKE-03"), PEOPLE),
        Lie("a refresh token is accepted once", "ACC-TOKEN-11", TOKENS, memory.rotates, ("ACC-TOKEN-06", "ACC-TOKEN-12"), PEOPLE),
        Lie("HTTP Basic is not accepted", "ACC-TOKEN-03", TOKENS, no_basic, (), PEOPLE),
        Lie("an unknown OAuth scope is ignored", "ACC-SCOPE-06", TOKENS, any_scope, ("ACC-SCOPE-04", "ACC-TOKEN-06"), PEOPLE),
    )  # fmt: skip


def credentials() -> Sequence[Lie]:
    return [*service_apps(), *headers(), *oauth()]
