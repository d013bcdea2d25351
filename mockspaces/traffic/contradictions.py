"""What one exchange shows to be otherwise, of statements that no single exchange can show to be so: rules and tests.

A rule here confirms nothing. Most are about credentials: what is wrong with a JWT can be read without any key, so
who is let in with one is let in against the rule. Clocks differ: what is about the present time has a minute's grace.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from mockspaces.contract import errors, oauth_scopes
from mockspaces.traffic import credentials
from mockspaces.traffic.exchanges import Exchange
from mockspaces.traffic.rules import Rule, Test

GRACE_S = 60
LONGEST_S = 3600
FAR = 1e18
ERRORS, UNAUTHORIZED, NOT_FOUND, TOO_LARGE = 400, 401, 404, 413
OK = 200
ISSUER = "avayacloud.com"
TOKEN_ANSWER = {"access_token", "scope", "expires_in", "token_type"}
UNSERVED = re.compile("like|viewed|version|legal|archive|presence", re.IGNORECASE)  # words of paths that nobody knows
ESCAPED = {'"': "&quot;", "'": "&#x27;"}


def _number(value: Any) -> float | None:
    """Return a number as near to it as floats go, None for what is none."""
    return max(-FAR, min(FAR, value)) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _wants(exchange: Exchange) -> bool:
    """Whether a call of the REST API wants a credential, and got an answer that tells of it."""
    row = exchange.call.row
    return row is not None and row.surface == "rest" and "none" not in row.auth and exchange.call.method != "OPTIONS"


def _let_in(exchange: Exchange) -> bool:
    return exchange.status < ERRORS


# --- JWTs of service apps


def _app(wrong: Callable[[credentials.Token, float], bool]) -> Test:
    """Return the test that nobody is let in by a service app's JWT that is wrong, at its time."""

    def test(exchange: Exchange) -> bool | None:
        scheme, text = credentials.sent(exchange.request)
        token = credentials.token(text) if scheme == "service_app" and _wants(exchange) else None
        if token is None or not wrong(token, exchange.at):
            return None
        return not _let_in(exchange)

    return test


def _lacks(name: str) -> Callable[[credentials.Token, float], bool]:
    return lambda token, _at: name not in token.claims


def _ahead(token: credentials.Token, at: float) -> float | None:
    exp = _number(token.claims.get("exp"))
    return exp - at if exp is not None and at else None


def _has_expired(token: credentials.Token, at: float) -> bool:
    ahead = _ahead(token, at)
    return ahead is not None and ahead < -GRACE_S


def _lives_too_long(token: credentials.Token, at: float) -> bool:
    ahead = _ahead(token, at)
    return ahead is not None and ahead > LONGEST_S + GRACE_S


def _begins_later(token: credentials.Token, at: float) -> bool:
    begin = _number(token.claims.get("nbf"))
    return begin is not None and bool(at) and begin > at + GRACE_S


def _is_no_jwt(exchange: Exchange) -> bool | None:
    scheme, text = credentials.sent(exchange.request)
    if scheme != "service_app" or not _wants(exchange) or credentials.token(text) is not None:
        return None
    return not _let_in(exchange)


# --- other credentials


def _is_quoted(exchange: Exchange) -> bool | None:
    value = exchange.request.header("authorization") or ""
    if not _wants(exchange) or not re.search(r"[\"']", value):
        return None
    return not _let_in(exchange)


def _knows_scheme(exchange: Exchange) -> bool | None:
    scheme, text = credentials.sent(exchange.request)
    if not _wants(exchange) or not text or scheme in ("jwt", "bearer", "service_app", "sat"):
        return None
    return not _let_in(exchange)


def _nobody(*, with_cookie: bool) -> Test:
    """Return the test that nobody is let in without a credential, told of archives that have credentials."""

    def test(exchange: Exchange) -> bool | None:
        if not exchange.whole or not _wants(exchange) or exchange.request.header("authorization"):
            return None
        if with_cookie != bool(exchange.request.header("cookie")):
            return None
        return not _let_in(exchange)

    return test


def _no_guest_creates(exchange: Exchange) -> bool | None:
    scheme, text = credentials.sent(exchange.request)
    token = credentials.token(text) if scheme == "jwt" else None
    return not _let_in(exchange) if token is not None and token.kind == "anonymous" else None


# --- the identity server


def _is_vendor_style(exchange: Exchange) -> bool | None:
    error = exchange.body.get("error") if isinstance(exchange.body, dict) else None
    return isinstance(error, dict) if exchange.status >= ERRORS and error is not None else None


def _token_is_bad_request(exchange: Exchange) -> bool | None:
    return exchange.status == 400 if exchange.code == "invalid_token" else None  # noqa: PLR2004 - a bad request


def _has_token_keys(exchange: Exchange) -> bool | None:
    if exchange.status != OK or not isinstance(exchange.body, dict) or not exchange.form:
        return None
    return set(exchange.body) >= TOKEN_ANSWER


def _has_id_token(exchange: Exchange) -> bool | None:
    """Whether a grant of the e-mail or profile scope has an id_token."""
    scope = exchange.body.get("scope") if exchange.status == OK and isinstance(exchange.body, dict) else None
    if not isinstance(scope, str) or "refresh_token" not in exchange.body:
        return None
    return "id_token" in exchange.body


def _scopes_are_printed(exchange: Exchange) -> bool | None:
    scope = exchange.body.get("scope") if exchange.status == OK and isinstance(exchange.body, dict) else None
    if not isinstance(scope, str) or not scope:
        return None
    return all(one.startswith(f"{oauth_scopes.TESTING_BASE}/auth/") for one in scope.split())


def _claims_of_sent(exchange: Exchange) -> dict[str, Any]:
    given = {**dict(exchange.call.place.query), **dict(exchange.form)}
    found = credentials.token(given.get("id_token", ""))
    return found.claims if found else {}


def _tells(member: str, claim: str) -> Test:
    """Return the test that a member is the claim of the id_token that was asked about."""

    def test(exchange: Exchange) -> bool | None:
        claims = _claims_of_sent(exchange)
        if exchange.status != OK or not isinstance(exchange.body, dict) or claim not in claims:
            return None
        return bool(exchange.body.get(member) == claims[claim])

    return test


def _issuer(exchange: Exchange) -> bool | None:
    if exchange.status != OK or not isinstance(exchange.body, dict):
        return None
    return exchange.body.get("issuer") == ISSUER


# --- the REST API


def _has_page_paths(exchange: Exchange) -> bool | None:
    body = exchange.body if exchange.status == OK and isinstance(exchange.body, dict) else {}
    found = [body[name] for name in ("nextPageUrl", "previousPageUrl") if isinstance(body.get(name), str)]
    return all(one == "" or one.startswith("/") for one in found) if found else None


def _is_escaped(exchange: Exchange) -> bool | None:
    """Whether quotes of a text without tags come back escaped."""
    items = exchange.body.get("data") if exchange.status == OK and isinstance(exchange.body, dict) else None
    sent = exchange.sent if isinstance(exchange.sent, dict) else {}
    if not items or not isinstance(items, list) or not isinstance(items[0], dict):
        return None
    was, told = (one.get("content") for one in (sent, items[0]))
    if not isinstance(was, dict) or not isinstance(told, dict):
        return None
    text, shown = was.get("bodyText"), told.get("bodyText")
    if not isinstance(text, str) or not isinstance(shown, str) or re.search(r"[<>&]", text):
        return None
    return not any(one in shown for one in ESCAPED) if any(one in text for one in ESCAPED) else None


def _is_not_blank(exchange: Exchange) -> bool | None:
    content = exchange.sent.get("content") if isinstance(exchange.sent, dict) else None
    if not isinstance(content, dict) or content.get("data"):
        return None
    text = content.get("bodyText", "")
    return not _let_in(exchange) if isinstance(text, str) and not text.strip() else None


def _needs_id(exchange: Exchange) -> bool | None:
    if not isinstance(exchange.sent, dict) or exchange.sent.get("_id") == exchange.call.named.get("messageId"):
        return None
    return not _let_in(exchange)


def _default_name(exchange: Exchange) -> bool | None:
    sent = exchange.sent if isinstance(exchange.sent, dict) else dict(exchange.form)
    if exchange.status != OK or not isinstance(exchange.body, dict) or sent.get("displayname"):
        return None
    return bool(exchange.body.get("displayname", "Guest") == "Guest")


def _has_content(exchange: Exchange) -> bool | None:
    """Whether who writes invitations themselves gets their text, and nobody else."""
    items = exchange.body.get("data") if exchange.status == OK and isinstance(exchange.body, dict) else None
    if not items or not isinstance(items, list) or not isinstance(items[0], dict):
        return None
    return ("inviteContent" in exchange.body) == (items[0].get("informChannel") in ("client", "outlook"))


def _rates(exchange: Exchange) -> bool | None:
    body = exchange.body if exchange.status == OK and isinstance(exchange.body, dict) else {}
    api = body.get("global", {}).get("rest_api", {}) if isinstance(body.get("global"), dict) else {}
    return (api.get("rate_limit"), api.get("rate_interval")) == (600, 300) if api else None


def _is_served(fits: Callable[[Exchange], bool]) -> Test:
    """Return the test that a call which a row has is not told to be no call."""

    def test(exchange: Exchange) -> bool | None:
        if exchange.call.row is None or not fits(exchange):
            return None
        absent = exchange.code == errors.ROUTE_NOT_FOUND
        bare = exchange.call.method == "HEAD" and exchange.status == NOT_FOUND and not exchange.call.named
        return not (absent or bare)

    return test


def _is_no_path(exchange: Exchange) -> bool | None:
    """Whether a path that nothing has is refused as such, with or without a credential."""
    place = exchange.call.place
    if (
        exchange.call.row is not None
        or exchange.call.allow
        or place.side != "rest"
        or exchange.call.method == "OPTIONS"
    ):
        return None
    return exchange.status in (UNAUTHORIZED, NOT_FOUND, TOO_LARGE) if exchange.status >= ERRORS else None


def _rule(statement: str, text: str, test: Test, calls: str = "") -> Rule:
    return Rule(statement, text, test, frozenset(calls.split()), part=True)


MESSAGES = "MSG-CHAT MSG-IDEA MSG-TASK"
RULES: tuple[Rule, ...] = (
    _rule("AUTH-SVC-01", "what is no JWT is refused", _is_no_jwt),
    _rule("AUTH-SVC-03", "no iss is refused", _app(_lacks("iss"))),
    _rule("AUTH-SVC-06", "no sub is refused", _app(_lacks("sub"))),
    _rule("AUTH-SVC-07", "no aud is refused", _app(_lacks("aud"))),
    _rule("AUTH-SVC-08", "no number as exp is refused", _app(lambda one, _at: _number(one.claims.get("exp")) is None)),
    _rule("AUTH-SVC-08", "an expired JWT is refused", _app(_has_expired)),
    _rule("AUTH-SVC-09", "more than an hour is refused", _app(_lives_too_long)),
    _rule("AUTH-SVC-11", "nbf in the future is refused", _app(_begins_later)),
    _rule("AUTH-SVC-19", "crit is refused", _app(lambda one, _at: "crit" in one.header)),
    _rule("AUTH-HDR-02", "a quoted value is refused", _is_quoted),
    _rule("AUTH-HDR-03", "another scheme is refused", _knows_scheme),
    _rule("AUTH-HDR-04", "a cookie lets nobody in", _nobody(with_cookie=True)),
    _rule("AUTH-HDR-06", "nobody is let in without a credential", _nobody(with_cookie=False)),
    _rule("PERM-MAP-04", "anonymous users create no space", _no_guest_creates, "SPACES-CREATE"),
    _rule("ACC-ERR-01", "error is an object", _is_vendor_style, "ACC-TOKEN ACC-REVOKE ACC-INFO ACC-JWT"),
    _rule("ACC-ERR-05", "a bad id_token is a bad request", _token_is_bad_request, "ACC-INFO"),
    _rule("ACC-TOKEN-08", "keys of the answer", _has_token_keys, "ACC-TOKEN"),
    _rule("ACC-TOKEN-08", "an id_token", _has_id_token, "ACC-TOKEN"),
    _rule("ACC-SCOPE-07", "scopes are URLs", _scopes_are_printed, "ACC-TOKEN"),
    _rule("ACC-INFO-03", "audience is that of the id_token", _tells("audience", "aud"), "ACC-INFO"),
    _rule("ACC-INFO-04", "the issuer", _issuer, "ACC-INFO"),
    _rule("SPACES-CREATE-06", "inviteContent for client and outlook", _has_content, "SPACES-CREATE"),
    _rule("PAGE-ENV-02", "pages have paths", _has_page_paths),
    _rule("MSG-GEN-04", "quotes are escaped", _is_escaped, MESSAGES),
    _rule("MSG-CHAT-05", "blank chats are refused", _is_not_blank, "MSG-CHAT"),
    _rule("MSG-UPDATE-07", "a change names its message", _needs_id, "MSG-UPDATE MSG-PATCH"),
    _rule("USERS-ANON-04", "a guest without name is Guest", _default_name, "USERS-ANON"),
    _rule("MISC-LIMIT-01", "rates", _rates, "MISC-LIMIT"),
    _rule("ERR-ORDER-01", "an unknown path is 404", _is_no_path),
    _rule("REST-REQ-06", "HEAD is served", _is_served(lambda one: one.call.method == "HEAD")),
    _rule("REST-REQ-01", "a final slash is no other path", _is_served(lambda one: one.call.place.path.endswith("/"))),
    _rule("REST-ALIAS-01", "topics are spaces", _is_served(lambda one: "/topics" in one.call.place.path)),
)


def applying(exchange: Exchange) -> Iterator[Rule]:
    """Yield the rules that may say something of an exchange; none of one whose headers were not recorded."""
    for rule in RULES if exchange.response.fields else ():
        if not rule.calls or exchange.row in rule.calls:
            yield rule
