"""Which exchanges show which statements, beyond the form of members: data, and small tests of one exchange.

A statement stands here only with what it says *whole*. `FORMS` say no more than what their members are;
`STATEMENTS_OF_CALLS` no more than what a call answers. One with `RULES` is confirmed when each of its rules was shown.
What stands nowhere here is at most shown in part. No rule depends on a text that redaction replaces.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import parse_qsl, urlsplit

import msgspec

from mockspaces.contract import errors, oauth_errors
from mockspaces.contract.behaviours import catalogue
from mockspaces.traffic import credentials
from mockspaces.traffic.exchanges import Exchange

Test = Callable[[Exchange], bool | None]
OK, UNAUTHORIZED, FORBIDDEN, NOT_FOUND, NOT_ALLOWED, BAD, REDIRECT = 200, 401, 403, 404, 405, 400, 302
MANY = 2  # items that have an order
SIGNATURE = 342  # characters of one with an RSA key of 2048 bits
SCHEMES = ("jwt", "bearer", "service_app", "sat")


class Rule(NamedTuple):
    """One thing that a statement says of an exchange.

    The test is True where the exchange shows it, False where it shows the opposite, None where it tells nothing. A
    ``part`` is not all that the statement says: it can contradict, and confirms nothing.
    """

    statement: str
    text: str
    test: Test
    calls: frozenset[str] = frozenset()  # ids of rows; none is every exchange
    part: bool = False


def _rule(statement: str, text: str, test: Test, calls: str = "", *, part: bool = False) -> Rule:
    return Rule(statement, text, test, frozenset(calls.split()), part)


FORMS = frozenset(
    {
        *("ACC-ANON-01", "ACC-ERR-01", "ACC-IDT-01", "ACC-INFO-02", "ACC-SELF-01", "ACC-TOKEN-08", "DM-INV-01"),
        *("DM-MEET-03", "DM-USER-13", "MEET-RECSTOP-01", "MISC-CONF-01", "MISC-DISCOVER-02", "MISC-SAT-01"),
        *("MSG-COMMI-02", "MSG-DELETE-02", "MSG-TASK-06", "PAGE-ENV-01", "PAGE-ENV-04", "SPACES-DELETE-01"),
        *("SPACES-INVDEL-01", "SPACES-INVJOIN-01", "SPACES-JOIN-02", "SPACES-KICK-01", "SPACES-MEMBERS-03"),
        *("SPACES-ROLE-03", "USERS-ANON-02", "USERS-PUSHDEL-02"),
    }
)
STATEMENTS_OF_CALLS: Mapping[str, tuple[str, ...]] = {
    "MEET-ACTIVE-01": ("MEET-ACTIVE",),
    "MSG-CHAT-03": ("MSG-CHAT",),
    "SPACES-UPDATE-04": ("SPACES-UPDATE",),
    "USERS-ME-01": ("USERS-ME",),
    "USERS-PREF-02": ("USERS-PREF",),
    "USERS-SETPOST-02": ("USERS-SETPOST",),
}
# What `frames` shows of statements about sockets.
SOCKETS: Mapping[str, tuple[str, ...]] = {
    "RT-AUTH-06": ("protocol 3", "protocol 4"),
    "RT-EIO-03": ("open packet of protocol 3",),
    "RT-EIO-11": ("no payload",),
    "RT-HB-01": ("pingInterval and pingTimeout",),
    "RT-WIRE-01": ("40 unasked", "40/chat"),
    "RT-WIRE-03": ("unknown namespace",),
}


# --- parts of exchanges


def _items(exchange: Exchange) -> list[dict[str, Any]] | None:
    """Return the items of a list that was answered."""
    body = exchange.body
    found = body.get("data") if exchange.status == OK and isinstance(body, dict) else None
    return found if isinstance(found, list) and all(isinstance(one, dict) for one in found) else None


def _has(exchange: Exchange, name: str, value: str) -> bool:
    return (exchange.response.header(name) or "").lower() == value


def _location(exchange: Exchange) -> str | None:
    return exchange.response.header("location") if exchange.status == REDIRECT else None


def _cookie(exchange: Exchange, name: str) -> bool:
    return any(f"{name}=" in one for one in exchange.request.headers("cookie"))


def _own_path(path: str) -> str:
    """Return a path without what a mock puts before it."""
    return re.sub(r"^/w/[^/]+", "", path)


def _refused(exchange: Exchange, status: int, row: str) -> bool:
    return exchange.status == status and exchange.code == row


def _service_app(exchange: Exchange) -> credentials.Token | None:
    """Return the JWT of a service app that was sent to a call which wants a credential."""
    scheme, token = credentials.sent(exchange.request)
    if scheme != "service_app" or exchange.call.row is None or "svc" not in exchange.call.row.auth:
        return None
    return credentials.token(token)


def _issued(exchange: Exchange, member: str, kind: str) -> tuple[credentials.Token, str] | None:
    text = exchange.body.get(member) if isinstance(exchange.body, dict) else None
    found = credentials.token(text) if isinstance(text, str) else None
    return (found, text) if found and found.kind == kind and isinstance(text, str) else None


# --- tests


def _is_json(exchange: Exchange) -> bool | None:
    if exchange.call.place.side != "rest" or exchange.body is msgspec.UNSET or exchange.response.media_type == "":
        return None
    if exchange.response.media_type == "text/plain":
        return None
    return (exchange.response.header("content-type") or "").replace(" ", "").lower() == "application/json;charset=utf-8"


def _is_200(exchange: Exchange) -> bool | None:
    known = exchange.call.place.side == "rest" and exchange.call.row is not None
    return exchange.status == OK if known and OK <= exchange.status < 300 else None  # noqa: PLR2004 - success


def _has_tag(exchange: Exchange) -> bool | None:
    fits = exchange.call.place.side == "rest" and exchange.call.method == "GET" and exchange.status == OK
    return (exchange.response.header("etag") or "").startswith('W/"') if fits and exchange.call.row else None


def _is_unmodified(exchange: Exchange) -> bool | None:
    return exchange.response.body == b"" if exchange.status == 304 else None  # noqa: PLR2004 - not modified


def _asks_nothing(exchange: Exchange) -> bool | None:
    fits = exchange.call.place.side == "rest" and exchange.status == UNAUTHORIZED
    return exchange.response.header("www-authenticate") is None if fits else None


def _is_open(*sides: str) -> Test:
    def test(exchange: Exchange) -> bool | None:
        if exchange.call.place.side not in sides or exchange.call.method == "OPTIONS":
            return None
        exposed = {
            part.strip().lower()
            for part in (exchange.response.header("access-control-expose-headers") or "").split(",")
        }
        return _has(exchange, "access-control-allow-origin", "*") and exposed == {"etag", "retry-after"}

    return test


def _is_preflight(exchange: Exchange) -> bool | None:
    if exchange.call.method != "OPTIONS" or exchange.call.place.side != "rest":
        return None
    methods = {part.strip() for part in (exchange.response.header("access-control-allow-methods") or "").split(",")}
    named = {
        part.strip().lower() for part in (exchange.response.header("access-control-allow-headers") or "").split(",")
    }
    fits = (
        exchange.status == OK and exchange.response.body == b"" and _has(exchange, "access-control-allow-origin", "*")
    )
    return (
        fits
        and methods == {"GET", "POST", "PATCH", "DELETE", "PUT", "OPTIONS"}
        and {"authorization", "accept"} <= named
    )


def _is_not_stored(exchange: Exchange) -> bool | None:
    if exchange.response.media_type != "application/json":
        return None
    return _has(exchange, "cache-control", "no-store") and _has(exchange, "pragma", "no-cache")


def _leads_to_login(exchange: Exchange) -> bool | None:
    location = _location(exchange)
    if location is None or "/account/login" not in location or _cookie(exchange, "sessionid"):
        return None
    query = parse_qsl(urlsplit(location).query)
    return _own_path(urlsplit(location).path) == "/account/login/" and [name for name, _ in query] == [
        "next",
        "product_name",
    ]


def _is_fragment(exchange: Exchange) -> bool | None:
    found = parse_qsl(urlsplit(_location(exchange) or "").fragment)
    if not found or found[0][0] != "access_token":
        return None
    names = ["access_token", "token_type", "expires_in", "scope", "state"]
    right = [name for name, _ in found] in (names, names[:-1])
    return right and (dict(found)["token_type"], dict(found)["expires_in"]) == ("Bearer", "3599")


def _has_all_keys(exchange: Exchange) -> bool | None:
    if dict(exchange.form).get("grant_type") != "refresh_token" or exchange.status != OK:
        return None
    wanted = {"access_token", "scope", "expires_in", "refresh_token", "id_token", "token_type"}
    return isinstance(exchange.body, dict) and set(exchange.body) == wanted


def _repeats_message(exchange: Exchange) -> bool | None:
    error = exchange.body.get("error") if isinstance(exchange.body, dict) else None
    if not isinstance(error, dict) or exchange.call.place.side != "accounts":
        return None
    said = exchange.body.get("error_description")
    known = {row.code for row in oauth_errors.ROWS}
    plain = isinstance(said, str) and re.fullmatch(r"[ -!#-\[\]-~]*", said) is not None
    return plain and said == error.get("message") and error.get("code") in known


def _is_nothing(exchange: Exchange) -> bool | None:
    return exchange.body == {} if exchange.status == OK else None


def _is_anonymous_jwt(exchange: Exchange) -> bool | None:
    found = _issued(exchange, "token", "anonymous")
    if found is None:
        return None
    token, _ = found
    product = token.claims.get("product_type") == "onesna" and isinstance(token.claims.get("iss"), list)
    return list(token.header.items()) == [("typ", "JWT"), ("alg", "HS256")] and token.life == 86400 and product  # noqa: PLR2004


def _is_id_token(exchange: Exchange) -> bool | None:
    found = _issued(exchange, "id_token", "id_token")
    if found is None:
        return None
    token, _ = found
    right = token.header == {"alg": "HS256", "typ": "JWT"} and token.claims.get("id_token_version") == "1.0"
    return right and token.life == 3600  # noqa: PLR2004 - an hour


def _is_user_jwt(exchange: Exchange) -> bool | None:
    found = _issued(exchange, "token", "user")
    if found is None:
        return None
    token, text = found
    right = list(token.header.items()) == [("alg", "RS256"), ("typ", "JWT")]
    return right and len(text.rpartition(".")[2]) == SIGNATURE


def _is_guest(exchange: Exchange) -> bool | None:
    body = exchange.body
    if exchange.status != OK or not isinstance(body, dict) or body.get("aType") != "anonymous":
        return None
    lists = ("phone_numbers", "permissions", "licenses", "relation_graphs")
    wanted = {"_id", "aType", "username", "displayname", "picture_url", *lists}
    return set(body) == wanted and not any(body[name] for name in lists)


def _parameter_is_refused(name: str, known: str) -> Test:
    def test(exchange: Exchange) -> bool | None:
        value = exchange.parameter(name)
        if value is None or re.fullmatch(known, value) or exchange.status in (UNAUTHORIZED, FORBIDDEN):
            return None
        return _refused(exchange, BAD, errors.REQUEST_INVALID)

    return test


def _push_without(exchange: Exchange) -> bool | None:
    both = exchange.parameter("subscriptionId") and exchange.parameter("deviceId")
    if both or exchange.status in (UNAUTHORIZED, FORBIDDEN):
        return None
    return exchange.status == BAD


def _code_is(status: int, row: str) -> Test:
    """Return the test that is shown by a refusal, and by nothing contradicted: what was asked for is not known."""
    return lambda exchange: True if _refused(exchange, status, row) else None


def _newest_first(exchange: Exchange) -> bool | None:
    items = _items(exchange)
    if items is None or len(items) < MANY:
        return None
    times = [str(one.get("created")) for one in items]
    return times == sorted(times, reverse=True)


def _each(test: Callable[[dict[str, Any]], bool]) -> Test:
    def whole(exchange: Exchange) -> bool | None:
        items = _items(exchange)
        return all(test(one) for one in items) if items else None

    return whole


def _content(item: dict[str, Any]) -> dict[str, Any]:
    content = item.get("content")
    return content if isinstance(content, dict) else {}


def _total_is_of_page(exchange: Exchange) -> bool | None:
    items = _items(exchange)
    fits = items is not None and "nextPageUrl" in exchange.body
    return exchange.body.get("total") == len(items or ()) if fits else None


def _page_urls(exchange: Exchange) -> list[str] | None:
    if _items(exchange) is None or "nextPageUrl" not in exchange.body:
        return None
    return [
        exchange.body[name] for name in ("nextPageUrl", "previousPageUrl") if isinstance(exchange.body.get(name), str)
    ]


FILTERS = ("search", "topicstatus", "topictype", "category", "direction", "status", "spacelist")


def _filters_are_repeated(exchange: Exchange) -> bool | None:
    found = [url for url in _page_urls(exchange) or () if url]
    given = {name: value for name, value in exchange.call.place.query if name in FILTERS}
    if not found or not given:
        return None
    return all(
        _own_path(url).startswith("/api/") and given.items() <= dict(parse_qsl(urlsplit(url).query)).items()
        for url in found
    )


def _has_both_names(exchange: Exchange) -> bool | None:
    if _page_urls(exchange) is None or not exchange.call.place.path.startswith("/api/users/"):
        return None
    return "prevPageUrl" in exchange.body and exchange.body["prevPageUrl"] == exchange.body.get("previousPageUrl")


def _has_one_name(exchange: Exchange) -> bool | None:
    if _page_urls(exchange) is None or not re.match(r"/api/(spaces|topics)/", exchange.call.place.path):
        return None
    return "previousPageUrl" in exchange.body and "prevPageUrl" not in exchange.body


def _counts_from_one(exchange: Exchange) -> bool | None:
    items = _items(exchange)
    if not items or "from" not in exchange.body:
        return None
    first, last = exchange.body["from"], exchange.body.get("to")
    return isinstance(first, int) and first >= 1 and last == first + len(items) - 1


def _counts_nothing(exchange: Exchange) -> bool | None:
    items = _items(exchange)
    if items is None or items or "from" not in exchange.body:
        return None
    return (exchange.body["from"], exchange.body.get("to")) == (0, 0)


def _is_guarded(exchange: Exchange) -> bool | None:
    return _has(exchange, "x-content-type-options", "nosniff") and _has(exchange, "content-security-policy", "sandbox")


def _is_attachment(exchange: Exchange) -> bool | None:
    kind = exchange.response.media_type
    if exchange.status != OK or (kind.startswith(("image/", "audio/", "video/")) and kind != "image/svg+xml"):
        return None
    return (exchange.response.header("content-disposition") or "").startswith("attachment")


def _unserved(method: str, path: str, status: int) -> Test:
    """Return the test that a call which no row has is refused with this status."""

    def test(exchange: Exchange) -> bool | None:
        found = re.fullmatch(path, exchange.call.place.path)
        return exchange.status == status if found and exchange.call.method == method else None

    return test


def _wants_credential(exchange: Exchange) -> bool | None:
    """Shown by the refusal alone: browsers leave credentials out of archives, so an absent one tells nothing."""
    row = exchange.call.row
    if (
        row is None
        or row.surface != "rest"
        or "none" in row.auth
        or exchange.request.header("authorization") is not None
    ):
        return None
    return True if _refused(exchange, UNAUTHORIZED, errors.CREDENTIAL_MISSING) else None


def _wants_no_quotes(exchange: Exchange) -> bool | None:
    row, header = exchange.call.row, exchange.request.header("authorization") or ""
    if row is None or row.surface != "rest" or "none" in row.auth or not re.fullmatch(r'"[^"]*"', header):
        return None
    return exchange.status == UNAUTHORIZED


def _ignores_credential(exchange: Exchange) -> bool | None:
    row, header = exchange.call.row, exchange.request.header("authorization")
    if row is None or row.surface != "rest" or row.auth != ("none",) or not header:
        return None
    return (
        exchange.status not in (UNAUTHORIZED, FORBIDDEN)
        if credentials.sent(exchange.request)[0] not in SCHEMES
        else None
    )


def _app_is_refused(test: Callable[[credentials.Token], bool]) -> Test:
    def whole(exchange: Exchange) -> bool | None:
        token = _service_app(exchange)
        return exchange.status == UNAUTHORIZED if token is not None and test(token) else None

    return whole


def _has_blank(token: credentials.Token) -> bool:
    found = (token.claims.get(name) for name in ("iss", "sub"))
    return any(isinstance(one, str) and one != one.strip() for one in found)


def _other_algorithm(exchange: Exchange) -> bool | None:
    scheme, text = credentials.sent(exchange.request)
    token, row = credentials.token(text), exchange.call.row
    if scheme != "jwt" or token is None or row is None or "user" not in row.auth:
        return None
    known = token.header.get("alg") in ("RS256", "HS256")
    return None if known else _refused(exchange, UNAUTHORIZED, errors.CREDENTIAL_INVALID)


def _status_is(status: int) -> Test:
    return lambda exchange: (
        exchange.body.get("status") == status if isinstance(exchange.body, dict) and exchange.status == OK else None
    )


def _has_no_paths(exchange: Exchange) -> bool | None:
    if exchange.status != OK or not isinstance(exchange.body, dict):
        return None
    servers = [one for one in exchange.body.values() if isinstance(one, dict)]
    urls = [
        urlsplit(str(one.get(name))) for one in servers for name in ("server_url", "socketio_server_url") if name in one
    ]
    return all(_own_path(url.path) in ("", "/") and url.scheme in ("http", "https") for url in urls)


def _id_is_repeated(exchange: Exchange) -> bool | None:
    return exchange.body.get("id") == exchange.body.get("_id") if exchange.status == OK else None


def _refresh_is_new(exchange: Exchange) -> bool | None:
    sent = dict(exchange.form).get("refresh_token")
    told = exchange.body.get("refresh_token") if exchange.status == OK and isinstance(exchange.body, dict) else None
    return sent != told if sent and told else None


def _lives_an_hour(exchange: Exchange) -> bool | None:
    fits = exchange.status == OK and isinstance(exchange.body, dict) and "expires_in" in exchange.body
    return exchange.body["expires_in"] == 3599 if fits else None  # noqa: PLR2004 - a second less


def _joined_in_order(exchange: Exchange) -> bool | None:
    items = _items(exchange) or ()
    joined = [(str(one["joinTime"]), str(one.get("member"))) for one in items if one.get("joinTime")]
    return joined == sorted(joined) if len(joined) >= MANY else None


PLAIN = re.compile(r"[A-Za-z0-9]+( [A-Za-z0-9]+)*")


def _is_as_sent(sent: Any, told: Any) -> bool | None:
    """Whether a text that needs no escaping came back."""
    return sent == told if isinstance(sent, str) and PLAIN.fullmatch(sent) and isinstance(told, str) else None


def _title_is_as_sent(exchange: Exchange) -> bool | None:
    both = isinstance(exchange.sent, dict) and isinstance(exchange.body, dict) and exchange.status == OK
    return _is_as_sent(exchange.sent.get("title"), exchange.body.get("title")) if both else None


def _text_is_as_sent(exchange: Exchange) -> bool | None:
    items = _items(exchange)
    if not items or not isinstance(exchange.sent, dict):
        return None
    return _is_as_sent(_content(exchange.sent).get("bodyText"), _content(items[0]).get("bodyText"))


MESSAGES = "MSG-BYREF MSG-QUERY MSG-IDEAS MSG-TASKS MSG-COMMI MSG-COMMT"
RULES: tuple[Rule, ...] = (
    _rule("REST-RES-01", "success is 200", _is_200),
    _rule("REST-RES-02", "JSON in UTF-8", _is_json),
    _rule("REST-RES-04", "a weak ETag", _has_tag),
    _rule("REST-RES-04", "304 without body", _is_unmodified),
    _rule("REST-RES-05", "401 without WWW-Authenticate", _asks_nothing),
    _rule("REST-CORS-01", "every origin may read", _is_open("rest")),
    _rule("REST-CORS-02", "a preflight is answered", _is_preflight),
    _rule("ACC-GEN-07", "is not to be stored", _is_not_stored, "ACC-TOKEN ACC-REVOKE ACC-INFO"),
    _rule("ACC-AUTHZ-09", "leads to the login page", _leads_to_login, "ACC-AUTHZ"),
    _rule("ACC-AUTHZ-17", "parameters of the fragment", _is_fragment, "ACC-DECIDE"),
    _rule("ACC-TOKEN-10", "keys of a refresh answer", _has_all_keys, "ACC-TOKEN"),
    _rule("ACC-TOKEN-09", "expires_in", _lives_an_hour, "ACC-TOKEN", part=True),
    _rule("ACC-TOKEN-11", "another refresh token", _refresh_is_new, "ACC-TOKEN", part=True),
    _rule("SPACES-UPDATE-04", "the title is that which was sent", _title_is_as_sent, "SPACES-UPDATE", part=True),
    _rule("SPACES-MEMBERS-04", "by the time of joining", _joined_in_order, "SPACES-MEMBERS", part=True),
    _rule("MSG-CHAT-01", "the text is that which was sent", _text_is_as_sent, "MSG-CHAT", part=True),
    _rule("ACC-TOKEN-17", "misspelt path", _unserved("POST", "/oauth2/acces_token/?", NOT_FOUND)),
    _rule("ACC-ERR-02", "message repeated", _repeats_message),
    _rule("ACC-REVOKE-03", "an empty object", _is_nothing, "ACC-REVOKE"),
    _rule("ACC-ANON-01", "header and life", _is_anonymous_jwt, "USERS-ANON"),
    _rule("ACC-IDT-01", "header and life", _is_id_token, "ACC-TOKEN"),
    _rule("ACC-UJWT-01", "header and length of signature", _is_user_jwt, "ACC-JWT"),
    _rule(
        "ACC-UJWT-05",
        "no keys are published",
        _unserved("GET", r"/\.well-known/.*|/(oauth2/)?jwks(\.json)?", NOT_FOUND),
    ),
    _rule("USERS-ME-03", "members of a guest", _is_guest, "USERS-ME"),
    _rule("USERS-SPACES-07", "topicstatus", _parameter_is_refused("topicstatus", "0|1|all|"), "USERS-SPACES"),
    _rule(
        "USERS-SPACES-07",
        "topictype",
        _parameter_is_refused("topictype", "((group|direct|personal|all),?)*"),
        "USERS-SPACES",
    ),
    _rule("USERS-SPACES-07", "filtertype", _parameter_is_refused("filtertype", "pinned|"), "USERS-SPACES"),
    _rule("USERS-HIDE-03", "status 4", _status_is(4), "USERS-HIDE"),
    _rule("USERS-PUSHDEL-02", "id repeats _id", _id_is_repeated, "USERS-PUSHDEL"),
    _rule("USERS-PUSHDEL-03", "a parameter is missing", _push_without, "USERS-PUSHDEL"),
    _rule("USERS-PUSHDEL-03", "unknown", _code_is(NOT_FOUND, errors.SUBSCRIPTION_NOT_FOUND), "USERS-PUSHDEL"),
    _rule("SPACES-DELETE-01", "status 2", _status_is(2), "SPACES-DELETE"),
    *(_rule("PAGE-ORD-01", f"newest first in {name}", _newest_first, name) for name in MESSAGES.split()),
    _rule("MSG-GEN-03", "in lists", _each(lambda item: item.get("__v") == 0), MESSAGES),
    _rule(
        "MSG-GEN-03", "not in answers of creation", _each(lambda item: "__v" not in item), "MSG-CHAT MSG-IDEA MSG-TASK"
    ),
    _rule("MSG-IDEA-03", "a post", _each(lambda item: item.get("category") == "idea"), "MSG-IDEA"),
    _rule("MSG-TASK-06", "a task", _each(lambda item: item.get("category") == "task"), "MSG-TASK"),
    _rule("MSG-QUERY-06", "newest first", _newest_first, "MSG-QUERY"),
    _rule(
        "MSG-QUERY-06",
        "a list of attachments",
        _each(lambda item: isinstance(_content(item).get("data"), list)),
        "MSG-QUERY",
    ),
    _rule("MSG-TASKS-02", "tasks", _each(lambda item: item.get("category") == "task"), "MSG-TASKS"),
    _rule("MSG-TASKS-02", "newest first", _newest_first, "MSG-TASKS"),
    _rule(
        "MSG-TASKS-02",
        "a description",
        _each(lambda item: isinstance(_content(item).get("description"), str)),
        "MSG-TASKS",
    ),
    _rule("MSG-COMMI-02", "chats with their parents", _each(lambda item: "parentMsg" in item), "MSG-COMMI"),
    _rule("MSG-COMMI-02", "newest first", _newest_first, "MSG-COMMI"),
    _rule("MSG-GET-02", "DELETE is not served", _unserved("DELETE", r"/api/messages/[^/]+/?", NOT_ALLOWED)),
    _rule("PAGE-ENV-01", "total of the page", _total_is_of_page),
    _rule("PAGE-ENV-02", "filters are repeated", _filters_are_repeated),
    _rule("PAGE-ENV-03", "both names below users", _has_both_names),
    _rule("PAGE-ENV-03", "one name below spaces", _has_one_name),
    _rule("PAGE-ENV-04", "first and last", _counts_from_one),
    _rule("PAGE-ENV-04", "0 when empty", _counts_nothing),
    _rule("STO-GET-02", "guards", _is_guarded, "STO-GET"),
    _rule("STO-GET-02", "attachments", _is_attachment, "STO-GET"),
    _rule("MEET-ACTIVE-01", "none is active", _code_is(NOT_FOUND, errors.MEETING_NOT_FOUND), "MEET-ACTIVE"),
    _rule("MEET-ACTIVE-03", "plural", _unserved("GET", r"/api/(spaces|topics)/[^/]+/activemeetings", NOT_FOUND)),
    _rule("MISC-CONF-01", "origins without path", _has_no_paths, "MISC-CONF"),
    *(
        _rule(name, "an empty object", _is_nothing, name.removesuffix("-01"))
        for name in ("MISC-ANASTART-01", "MISC-ANASTOP-01", "MISC-DIALGATHER-01", "MISC-DIALIN-01")
    ),
    *(
        _rule("MISC-INT-01", path, _unserved(method, path, NOT_FOUND))
        for method, path in (
            ("POST", "/api/sync/users"),
            ("POST", "/auth/oauth/accesstokens/add"),
            ("POST", "/auth/oauth/accesstokens/delete"),
            ("POST", "/api/taskqueue/runner"),
            ("GET", "/spaces/pictures/[^/]+"),
        )
    ),
    _rule("AUTH-HDR-02", "quotes", _wants_no_quotes),
    _rule("AUTH-HDR-06", "no credential", _wants_credential),
    _rule("AUTH-ANON-02", "another algorithm", _other_algorithm),
    _rule("AUTH-SVC-02", "alg", _app_is_refused(lambda token: token.header.get("alg") != "RS256")),
    _rule("AUTH-SVC-02", "kid", _app_is_refused(lambda token: "kid" not in token.header)),
    _rule("AUTH-SVC-02", "typ", _app_is_refused(lambda token: token.header.get("typ", "JWT") != "JWT")),
    _rule("AUTH-SVC-10", "blanks", _app_is_refused(_has_blank)),
    _rule("ERR-ORDER-03", "a bad credential is ignored", _ignores_credential),
)

ANSWERED: dict[str, list[str]] = {}
for _statement, _calls in STATEMENTS_OF_CALLS.items():
    for _call in _calls:
        ANSWERED.setdefault(_call, []).append(_statement)

# Of each call the statements about its answer, which begin with its id: another status contradicts them.
OF_CALL: dict[str, tuple[str, ...]] = {
    call: tuple(
        dict.fromkeys(
            rule.statement
            for rule in RULES
            if rule.statement.rpartition("-")[0] == call and not rule.part and not catalogue()[rule.statement].refusal
        )
    )
    for call in {call for rule in RULES for call in rule.calls}
}


def applying(exchange: Exchange) -> Iterator[Rule]:
    """Yield the rules that may say something of an exchange; none of one whose headers were not recorded."""
    for rule in RULES if exchange.response.fields else ():
        if not rule.calls or exchange.row in rule.calls:
            yield rule
