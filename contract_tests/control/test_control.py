import json
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from contract_tests.claims import claim
from contract_tests.kit import ISO_TIME, Cloud, behaviour, only_mock, refused, send_raw, serving

JSON = "application/json"


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "the control API is the mock's own")


def control(cloud: Cloud, method: str, path: str, **content: Any) -> httpx.Response:
    """Make a control call and return its answer, whatever it is."""
    return cloud.http.request(method, f"{cloud.urls['control']}{path}", **content)


def state(cloud: Cloud) -> dict[str, Any]:
    """Return what a refused call must not change."""
    shown: dict[str, Any] = cloud.control("GET", "")
    shown.pop("clock")
    return shown


def refusal(answer: httpx.Response, status: int, code: str) -> str:
    """Check a refusal of the control API and return its reason."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, code), answer.text
    assert body["message"], answer.text
    assert not [name for name in answer.headers if name.startswith("access-control")]
    return str(body["why"])


@behaviour("CTRL-01")
@pytest.mark.parametrize("path", ["/nothing", "/worlds/x/y", "/users", "/../api/users/me"])
def test_an_unknown_path_is_not_found(cloud: Cloud, path: str) -> None:
    """An unknown path below the prefix is answered by the control API itself."""
    target = f"{cloud.urls['control']}{path}"
    with claim("CTRL-01", "the control API itself refuses it"):
        answer = cloud.http.send(httpx.Request("GET", httpx.URL(target.replace("/../", "/%2E%2E/"))))
        refusal(answer, *((405, "method.not_allowed") if path == "/users" else (404, "route.not_found")))


@behaviour("CTRL-01")
@pytest.mark.parametrize("path", ["/_mocker", "/_mock%2Fhealth", "/x/_mock/health", "/api/_mock/health", "//_mock"])
def test_the_prefix_is_one_whole_segment_at_the_root(cloud: Cloud, path: str) -> None:
    """Only the path /_mock and what lies below it is the control API."""
    with claim("CTRL-01", "it is no path of the control API"):
        answer = send_raw(cloud.origin, f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode())
        assert answer.status_code == 404
        assert "why" not in answer.text


@behaviour("CTRL-01")
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/health", "GET"),
        ("PUT", "/clock", "GET, POST"),
        ("PATCH", "/worlds", "GET, POST"),
        ("GET", "/reset", "POST"),
        ("GET", "/tokens", "POST"),
        ("POST", "", "GET"),
        ("TRACE", "/journal", "DELETE, GET"),
    ],
)
def test_a_wrong_method_names_the_right_ones(cloud: Cloud, method: str, path: str, allow: str) -> None:
    """A wrong method is 405 with the methods that the path has."""
    answer = control(cloud, method, path, json={})
    with claim("CTRL-01", "a wrong method is refused"):
        refusal(answer, 405, "method.not_allowed")
    with claim("CTRL-01", "the right methods are named"):
        assert answer.headers["allow"] == allow


@behaviour("CTRL-02")
@pytest.mark.parametrize("path", ["", "/health", "/worlds", "/tokens", "/journal", "/settings"])
def test_there_is_no_preflight(cloud: Cloud, path: str) -> None:
    """OPTIONS is refused without any CORS header, so that no page can send JSON."""
    headers = {
        "Origin": "https://evil.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "content-type",
    }
    with claim("CTRL-02", "a preflight is refused without CORS headers"):
        refusal(control(cloud, "OPTIONS", path, headers=headers), 405, "method.not_allowed")


@behaviour("CTRL-02")
def test_no_answer_has_cors_headers(cloud: Cloud) -> None:
    """Neither an answer nor a refusal lets a page of another origin read it."""
    for method, path in (("GET", ""), ("GET", "/health"), ("GET", "/clock"), ("GET", "/none"), ("POST", "/clock")):
        with claim("CTRL-02", f"the answer to {method} /_mock{path} has no CORS headers"):
            answer = control(cloud, method, path)
            assert not [name for name in answer.headers if name.startswith("access-control")]


@behaviour("CTRL-03")
@pytest.mark.parametrize(
    "media_type",
    [
        None,
        "",
        "text/plain",
        "text/plain; charset=application/json",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/json-patch+json",
        "application/jsonp",
        "text/json",
        "application/json, text/plain",
        "text/plain;application/json",
    ],
)
def test_only_json_is_taken(cloud: Cloud, media_type: str | None) -> None:
    """A body of another media type, as a page could send unasked, is refused and nothing is done."""
    before = state(cloud)
    headers = {} if media_type is None else {"Content-Type": media_type}
    for path in ("/users", "/reset", "/worlds", "/clock", "/seed"):
        with claim("CTRL-03", f"{path} does not take it"):
            answer = control(cloud, "POST", path, headers=headers, content=b'{"username": "new@example.com"}')
            assert "application/json" in refusal(answer, 415, "request.unsupported_type")
    with claim("CTRL-03", "nothing is done"):
        assert state(cloud) == before


@behaviour("CTRL-03")
@pytest.mark.parametrize("media_type", ["application/json", "Application/JSON", "application/json; charset=utf-8"])
def test_json_is_recognised_in_any_form(cloud: Cloud, media_type: str) -> None:
    """Letter case and parameters of the media type do not matter."""
    with claim("CTRL-03", "it is taken as JSON"):
        answer = control(cloud, "POST", "/clock", headers={"Content-Type": media_type}, content=b'{"advance": 1}')
        assert answer.status_code == 200


@behaviour("CTRL-03")
@pytest.mark.parametrize("path", ["/reset", "/worlds", "/service-apps", "/clock"])
@pytest.mark.parametrize("body", [b"", b"  \n", b"{", b"[]", b'"x"', b"null", b"{}{}", b"\xff", b'{"a": NaN}'])
def test_a_body_that_is_no_json_object_changes_nothing(cloud: Cloud, path: str, body: bytes) -> None:
    """An absent, broken or other body than a JSON object is refused on every call that changes something."""
    cloud.user("new@example.com")
    before = state(cloud)
    with claim("CTRL-03", "a body that is no JSON object is refused"):
        answer = control(cloud, "POST", path, headers={"Content-Type": JSON}, content=body)
        refusal(answer, 400, "request.invalid")
    with claim("CTRL-03", "nothing is done"):
        assert state(cloud) == before


@behaviour("CTRL-03")
def test_a_chunked_body_and_one_of_no_length_are_read(cloud: Cloud) -> None:
    """A body without Content-Length counts as any other."""
    headers = {"Content-Type": JSON}
    with claim("CTRL-03", "a chunked body is read"):
        answer = control(cloud, "POST", "/clock", headers=headers, content=iter([b'{"adv', b'ance": 5}']))
        assert answer.status_code == 200
    with claim("CTRL-03", "a chunked body of no length is refused"):
        refusal(control(cloud, "POST", "/reset", headers=headers, content=iter([])), 400, "request.invalid")


GETS = (
    "",
    "/health",
    "/worlds",
    "/clock",
    "/journal",
    "/settings",
    "/outbox",
    "/reset",
    "/seed",
    "/users",
    "/tokens",
    "/service-apps",
)


@behaviour("CTRL-03")
def test_get_changes_nothing(cloud: Cloud) -> None:
    """No GET or HEAD of any control path changes the world."""
    before = state(cloud)
    for method in ("GET", "HEAD"):
        with claim("CTRL-03", f"no {method} changes anything"):
            for path in GETS:
                control(cloud, method, f"{path}?username=new@example.com&name=x&advance=5")
            assert state(cloud) == before


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """The URL of a mock whose control API wants a token."""
    with serving("--control-token", "sésame") as url:
        yield url


@behaviour("CTRL-04", "DM-CFG-05")
@pytest.mark.parametrize(
    ("token", "status", "code"),
    [
        (None, 401, "auth.credential_missing"),
        ("", 401, "auth.credential_invalid"),
        ("sésam", 401, "auth.credential_invalid"),
        ("Sésame", 401, "auth.credential_invalid"),
        ("sésame, sésame", 401, "auth.credential_invalid"),
        ("sésame", 200, None),
    ],
)
def test_with_a_control_token_every_call_must_bring_it(
    guarded: str, http: httpx.Client, token: str | None, status: int, code: str | None
) -> None:
    """Without the header a call is missing its credential, with another value it is invalid, both do nothing."""
    headers = {} if token is None else {b"X-Mock-Token": token.encode()}
    for method, path in (("GET", ""), ("GET", "/worlds"), ("POST", "/reset"), ("POST", "/users")):
        body = {} if path == "/reset" else {"username": f"{method}{status}@example.com"}
        with claim("CTRL-04", "DM-CFG-05", f"{method} /_mock{path} is answered as the token deserves"):
            answer = http.request(method, f"{guarded}/_mock{path}", headers=headers, json=body)
            assert answer.status_code == status, answer.text
            assert answer.json().get("code") == code


@behaviour("CTRL-05", "CTRL-07")
def test_health_and_the_emulated_cloud_need_no_control_token(guarded: str, http: httpx.Client) -> None:
    """A control token closes only the control API, and is itself no credential of the cloud."""
    with claim("CTRL-05", "health is open in spite of the token"):
        assert http.get(f"{guarded}/_mock/health").json()["status"] == "ok"
    with claim("CTRL-07", "the emulated cloud is open in spite of the token"):
        assert http.post(f"{guarded}/api/anonymous/auth", json={}).status_code == 200
    token = "sésame".encode()
    for what, headers in (
        ("as X-Mock-Token", {b"X-Mock-Token": token}),
        ("as bearer", {b"Authorization": b"Bearer " + token}),
    ):
        with claim("CTRL-07", f"the token {what} is no credential of the cloud"):
            assert http.get(f"{guarded}/api/users/me", headers=headers).status_code == 401


@behaviour("CTRL-05")
def test_health_is_open(cloud: Cloud) -> None:
    """Health says that the mock is up, and nothing of what is in it."""
    answer = control(cloud, "GET", "/health")
    with claim("CTRL-05", "health says that the mock is up"):
        assert answer.json()["status"] == "ok"
    with claim("CTRL-05", "and nothing of what is in it"):
        assert set(answer.json()) == {"status", "version"}


@behaviour("CTRL-06")
@pytest.mark.parametrize(
    "origin",
    [
        "https://evil.example",
        "http://127.0.0.1",
        "http://127.0.0.1:1",
        "{own}.evil.example",
        "{own}/",
        "{own}@evil.example",
        "https://{host}",
        "null",
        "file://",
        "{own}, {own}",
        "",
    ],
)
def test_a_foreign_origin_is_refused(cloud: Cloud, origin: str) -> None:
    """A request of a page of another origin is refused, reading and changing alike."""
    before = state(cloud)
    own = cloud.urls["control"].removesuffix("/_mock")
    headers = {"Origin": origin.format(own=own, host=own.partition("://")[2])}
    for method, path in (("GET", ""), ("GET", "/journal"), ("POST", "/reset"), ("DELETE", "/journal")):
        content: dict[str, Any] = {"json": {}} if method == "POST" else {}
        with claim("CTRL-06", f"{method} /_mock{path} is refused to a foreign origin"):
            refusal(control(cloud, method, path, headers=headers, **content), 403, "auth.kind_not_allowed")
    with claim("CTRL-06", "nothing is done"):
        assert state(cloud) == before


@behaviour("CTRL-06")
@pytest.mark.parametrize("host", ["127.0.0.1", "localhost"])
def test_the_mocks_own_page_may_call(cloud: Cloud, host: str) -> None:
    """The mock's own origin is accepted by each of its names, whatever single word or address the Host is."""
    port = httpx.URL(cloud.origin).port
    for what, called in (
        ("a word", "anything"),
        ("a name below localhost", "anything.localhost"),
        ("an IPv4 address", f"192.0.2.1:{port}"),
        ("an IPv6 address", f"[2001:db8::1]:{port}"),
    ):
        headers = {"Origin": f"http://{host}:{port}", "Host": called}
        with claim("CTRL-06", f"its own origin is accepted where the Host is {what}"):
            assert control(cloud, "GET", "", headers=headers).status_code == 200


@behaviour("CTRL-06")
@pytest.mark.parametrize("host", ["anything.example", "127.0.0.1.example", "localhost.example:8080"])
def test_a_name_that_leads_here_is_not_the_mocks_own(cloud: Cloud, host: str) -> None:
    """A page under a name of its own that is pointed at the mock reads nothing but that it is up."""
    with claim("CTRL-06", "a foreign name reads nothing"):
        refusal(control(cloud, "GET", "/snapshot", headers={"Host": host}), 403, "auth.kind_not_allowed")
    with claim("CTRL-06", "but that the mock is up"):
        assert control(cloud, "GET", "/health", headers={"Host": host}).status_code == 200
    with claim("CTRL-06", "the emulated surfaces answer to any name"):
        refused(cloud.call("GET", "/users/me", headers={"Host": host}), 401, "auth.credential_missing")


@behaviour("CTRL-06")
def test_a_host_that_cannot_be_read_is_refused(cloud: Cloud) -> None:
    """A bracket that is never closed is no host."""
    with claim("CTRL-06", "a Host that cannot be read is refused"):
        refusal(control(cloud, "GET", "", headers={"Host": "[::1"}), 400, "request.invalid")


@behaviour("CTRL-07")
def test_credentials_of_the_cloud_mean_nothing_here(cloud: Cloud) -> None:
    """A good or bad credential of the emulated cloud neither opens nor closes the control API."""
    for what, authorization in (
        ("a person's credential", cloud.user().authorization),
        ("a service app's credential", cloud.app().authorization),
        ("a bad credential", "Bearer nothing"),
        ("a malformed credential", '"'),
    ):
        with claim("CTRL-07", f"{what} does not matter"):
            assert control(cloud, "GET", "", headers={"Authorization": authorization}).status_code == 200


@behaviour("CTRL-07")
def test_the_control_token_means_nothing_in_the_cloud(cloud: Cloud) -> None:
    """The header of the control token authenticates no call of the emulated cloud."""
    with claim("CTRL-07", "the header of the control token is no credential"):
        refused(cloud.call("GET", "/users/me", headers={"X-Mock-Token": "T"}), 401, "auth.credential_missing")


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/users", {"usernam": "x@example.com"}, ("usernam", 'did you mean "username"')),
        ("/users", {}, ("username", "required")),
        ("/users", {"username": "nobody"}, ("username", "e-mail")),
        ("/users", {"username": 7}, ("username", "string")),
        ("/users", {"username": "x@example.com", "licenses": ["spaces_busines"]}, ("licenses",)),
        ("/users", {"username": "x@example.com", "company": "Exampel"}, ("Exampel",)),
        ("/users", {"username": "x@example.com", "password": 5}, ("password", "string")),
        ("/service-apps", {"scope": []}, ("scope", 'did you mean "scopes"')),
        ("/service-apps", {"scopes": ["spaces.creat"]}, ("spaces.creat", 'did you mean "spaces.create"')),
        ("/service-apps", {"scopes": "every"}, ("scopes",)),
        ("/service-apps", {"company": "nobody"}, ("nobody",)),
        ("/oauth-clients", {"redirect_uris": ["/relative"]}, ("redirect_uris", "/relative")),
        ("/oauth-clients", {"redirect_uris": ["javascript:alert(1)"]}, ("redirect_uris",)),
        ("/oauth-clients", {"redirect_uris": ["http://x/#y"]}, ("redirect_uris",)),
        ("/companies", {"domains": []}, ("name", "required")),
        ("/companies", {"name": "Again", "domains": ["example.com"]}, ("example.com",)),
        ("/tokens", {"username": "ghost@example.com"}, ("ghost@example.com",)),
        ("/tokens", {"username": "ann@example.com", "kind": "cookie"}, ("kind",)),
        ("/tokens", {"username": "ann@example.com", "scope": "space"}, ("space", 'did you mean "spaces"')),
        ("/tokens", {"username": "ann@example.com", "client_id": "none"}, ("none",)),
        ("/tokens", {"username": "ann@example.com", "expires_in": 1e12}, ("expires_in",)),
        ("/spaces", {"title": " ", "owner": "ann@example.com"}, ("title", "blank")),
        ("/spaces", {"title": "x", "owner": "ghost@example.com"}, ("ghost@example.com",)),
        ("/spaces", {"title": "x", "owner": "ann@example.com", "members": [{"username": "x"}]}, ("members",)),
        ("/worlds", {"name": "../x"}, ("name",)),
        ("/worlds", {"name": ""}, ("name",)),
        ("/worlds", {"name": "a/b"}, ("name",)),
        ("/worlds", {"name": "x" * 65}, ("name",)),
        ("/worlds", {"ttl": 0}, ("ttl",)),
        ("/worlds", {"ttl": "soon"}, ("ttl",)),
        ("/worlds", {"seed": "demmo"}, ("seed", "demo")),
        ("/worlds", {"seed": {"user": []}}, ("user", 'did you mean "users"')),
        ("/worlds", {"seed": {"users": [{"username": "x"}]}}, ("username",)),
        ("/worlds", {"seed": 7}, ("object",)),
        ("/worlds", {"name": "default"}, ("default",)),
        ("/seed", {"companies": [{"name": "N"}], "users": [{"username": "x"}]}, ("username",)),
        ("/seed", {"users": [{"username": "n@example.com"}], "service_apps": [{"scopes": ["x"]}]}, ("scopes",)),
        ("/seed", {"settings": {"rest.pin_scope": "join"}, "contract": {"error": {}}}, ("errors",)),
        ("/seed", {"spaces": [{"title": "a", "owner": "ann@example.com"}, {"title": "b", "owner": "x"}]}, ("x",)),
        ("/clock", {}, ("advance", "freeze", "resume")),
        ("/clock", {"advance": 1, "freeze": True}, ("advance", "freeze", "resume")),
        ("/clock", {"advance": "1"}, ("advance",)),
        ("/clock", {"advance": 1e300}, ("1970", "3000")),
        ("/clock", {"advance": -1e12}, ("1970", "3000")),
        ("/clock", {"freeze": "yesterday"}, ("freeze", "ISO")),
        ("/clock", {"freeze": "9999-12-31T23:59:59-12:00"}, ("freeze",)),
        ("/clock", {"freeze": False}, ("freeze",)),
        ("/clock", {"resume": False}, ("resume",)),
        ("/journal/wait", {"count": 0}, ("count",)),
        ("/journal/wait", {"timeout": 61}, ("timeout",)),
        ("/journal/wait", {"timeout": -1}, ("timeout",)),
        ("/journal/wait", {"filter": {"stat": 200}}, ("stat", "no such member")),
    ],
    ids=lambda value: json.dumps(value)[:60] if not isinstance(value, tuple) else "",
)
def test_a_bad_call_is_told_what_is_wrong_and_changes_nothing(
    cloud: Cloud, path: str, body: dict[str, Any], words: tuple[str, ...]
) -> None:
    """The first bad member is named, a misspelt one with the nearest known, and the world stays as it was."""
    before, worlds = state(cloud), len(cloud.control("GET", "/worlds")["data"])
    answer = control(cloud, "POST", path, json=body)
    assert answer.status_code in (400, 404, 409), answer.text
    why = refusal(answer, answer.status_code, answer.json()["code"])
    assert all(word in why + answer.json()["message"] for word in words), answer.text
    assert state(cloud) == before
    assert len(cloud.control("GET", "/worlds")["data"]) == worlds


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"rest.service_leeway": 5}, ("rest.service_leeway", 'did you mean "rest.service_leeway_s"')),
        ({"rest_pin_scope": "join"}, ("rest_pin_scope", 'did you mean "rest.pin_scope"')),
        ({"rest.pin_scope": "never"}, ("rest.pin_scope",)),
        ({"rest.service_leeway_s": -1}, ("rest.service_leeway_s",)),
        ({"rest.service_audiences": "x"}, ("rest.service_audiences",)),
        ({"rest.pin_scope": "join", "x": 1}, ("x",)),
        ({"rest.escape_text": None}, ("rest.escape_text",)),
    ],
)
def test_a_bad_setting_is_named_and_no_setting_changes(
    cloud: Cloud, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    """An unknown setting or a wrong value is refused with its name, and the good ones beside it do not count."""
    before = cloud.control("GET", "/settings")
    why = refusal(control(cloud, "PATCH", "/settings", json=changes), 400, "request.invalid")
    assert all(word in why for word in words), why
    assert cloud.control("GET", "/settings") == before


DEFAULTS: dict[str, dict[str, Any]] = {
    "DM-CFG-01": {
        "accounts.issuer": "avayacloud.com",
        "accounts.error_style": "vendor",
        "accounts.scope_style": "vendor",
        "accounts.pkce_without_secret": False,
        "accounts.token_type": True,
        "accounts.id_token_style": "hs256",
        "accounts.strict_rotation": False,
        "accounts.typo_alias": False,
        "accounts.ignore_verifier": False,
        "accounts.accept_openid": False,
        "accounts.loopback_ports": False,
        "accounts.logout_origins": [],
        "accounts.cookie_prefix": "",
        "accounts.auto_login": None,
        "accounts.auto_consent": False,
    },
    "DM-CFG-02": {
        "rest.service_audiences": ["spaces.avayacloud.com"],
        "rest.service_leeway_s": 0,
        "rest.pin_scope": "join",
        "rest.default_member_only": True,
        "rest.escape_text": True,
        "rest.strict_tasks": False,
        "rest.enforce_limits": False,
        "files.anonymous_upload": False,
        "files.max_bytes": 104_857_600,
    },
    "DM-CFG-03": {
        "socket.spelling": "1x",
        "socket.allow_eio4": True,
        "socket.ping_interval_ms": 25_000,
        "socket.ping_timeout_ms": 60_000,
        "socket.lenient_token": False,
        "socket.enforce_limits": False,
    },
}


@behaviour("DM-CFG-01", "DM-CFG-02", "DM-CFG-03")
def test_the_settings_have_their_documented_defaults(cloud: Cloud) -> None:
    """A world begins with the strict values of the specification."""
    found = cloud.control("GET", "/settings")
    for name, wanted in DEFAULTS.items():
        with claim(name, "a world begins with these values"):
            assert {setting: found.get(setting) for setting in wanted} == wanted


def overlay(cloud: Cloud, document: dict[str, Any]) -> None:
    cloud.control("PATCH", "/contract", document)


@behaviour("ERR-BODY-02", "AUTH-SVC-12")
def test_an_error_row_can_be_replaced(cloud: Cloud) -> None:
    """A status, code and text learnt elsewhere replace ours on the wire, in this world only, until the reset."""
    row = {"status": 403, "code": "app.not_active", "message": "Not active {detail}{x}"}
    overlay(cloud, {"errors": {"auth.app_inactive": row}})
    app = cloud.app()
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": False})
    answer = cloud.call("GET", "/users/me", app)
    with claim("AUTH-SVC-12", "an inactive app is refused with the status that was learnt", about=[answer]):
        assert answer.status_code == 403
    with claim("ERR-BODY-02", "code and text are those that were learnt", about=[answer]):
        assert answer.json() == {"code": "app.not_active", "message": "Not active {x}"}
    cloud.control("POST", "/reset")
    refused(cloud.call("GET", "/users/me"), 401, "auth.credential_missing")


def test_limits_scopes_and_endpoint_rows_can_be_replaced(cloud: Cloud) -> None:
    """Another limit, role or kind of credential is in force at once, for the emulated cloud only."""
    user, app = cloud.user(), cloud.app()
    overlay(cloud, {"limits": {"body_bytes": 10, "service_jwt_ahead_s": 60, "token_chars": 5000}})
    refused(cloud.call("POST", "/spaces/invite", user, json={"topic": {"title": "x"}}), 413, "request.too_large")
    refused(cloud.call("GET", "/users/me", app), 401, "auth.credential_invalid")
    overlay(cloud, {"endpoints": {"USERS-ME": {"auth": ["oauth"]}}})
    refused(cloud.call("GET", "/users/me", cloud.jwt_user()), 403, "auth.kind_not_allowed")
    overlay(cloud, {"errors": {"request.invalid": {"status": 422}}})
    refusal(control(cloud, "POST", "/users", json={}), 400, "request.invalid")


def test_a_token_limit_holds_for_a_token_seen_before(cloud: Cloud) -> None:
    """A token that was accepted a moment ago is refused once the limit of its length falls below it."""
    app = cloud.app()
    token = {"Authorization": app.authorization}
    body = {"topic": {"title": "x"}}
    assert cloud.call("POST", "/spaces/invite", headers=token, json=body).status_code == 200
    overlay(cloud, {"limits": {"token_chars": 100}})
    refused(cloud.call("POST", "/spaces/invite", headers=token, json=body), 401, "auth.credential_invalid")
    assert "limit" in cloud.why(path="/api/spaces/invite")


@pytest.mark.parametrize(
    ("document", "words"),
    [
        ({"error": {}}, ("error", 'did you mean "errors"')),
        ({"errors": {"auth.app_inactve": {}}}, ("auth.app_inactve", 'did you mean "auth.app_inactive"')),
        ({"errors": {"auth.app_inactive": {"stat": 1}}}, ("stat", 'did you mean "status"')),
        ({"errors": {"auth.app_inactive": {"status": "401"}}}, ("auth.app_inactive", "int")),
        ({"errors": {"auth.app_inactive": {"status": 99}}}, ("auth.app_inactive", "200")),
        ({"errors": {"auth.app_inactive": 401}}, ("auth.app_inactive", "object")),
        ({"errors": []}, ("errors", "object")),
        ({"limits": {"token_char": 1}}, ("token_char", 'did you mean "token_chars"')),
        ({"limits": {"token_chars": -1}}, ("limits",)),
        ({"endpoints": {"USERS-ME": {"permission": "none at all"}}}, ("USERS-ME", "none at all")),
        ({"endpoints": {"USERS-ME": {"scope": "spaces.lists"}}}, ("USERS-ME", 'did you mean "spaces.list"')),
        ({"endpoints": {"USERS-ME": {"path": "/me"}}}, ("USERS-ME", "path")),
        ({"limits": {"body_bytes": 1}, "nothing": {}}, ("nothing",)),
    ],
)
def test_a_bad_overlay_is_named_and_changes_nothing(
    cloud: Cloud, document: dict[str, Any], words: tuple[str, ...]
) -> None:
    """An overlay of what does not exist is refused as a whole."""
    why = refusal(control(cloud, "PATCH", "/contract", json=document), 400, "request.invalid")
    assert all(word in why for word in words), why
    assert cloud.call("POST", "/anonymous/auth", json={"displayname": "still open"}).status_code == 200


@behaviour("DM-CFG-04")
def test_the_clock_stands_where_it_is_put(cloud: Cloud) -> None:
    """A frozen clock shows the very millisecond, moves by seconds, and goes with the machine when resumed."""
    for moment in ("2031-02-03T04:05:06.789Z", "2038-01-31T15:14:52.582Z", "2026-11-20T13:00:00.573Z"):
        shown = cloud.control("POST", "/clock", {"freeze": moment})
        with claim("DM-CFG-04", f"a clock that is frozen at {moment} shows just that"):
            assert (shown["now"], shown["frozen"]) == (moment, True)
    cloud.control("POST", "/clock", {"advance": 1.25})
    with claim("DM-CFG-04", "a frozen clock can be moved forward"):
        assert cloud.control("GET", "/clock")["now"] == "2026-11-20T13:00:01.823Z"
    cloud.control("POST", "/clock", {"advance": -3601.25})
    with claim("DM-CFG-04", "a frozen clock can be moved back"):
        assert cloud.control("GET", "/clock")["now"] == "2026-11-20T12:00:00.573Z"
    shown = cloud.control("POST", "/clock", {"resume": True})
    with claim("DM-CFG-04", "a resumed clock goes with the machine"):
        assert shown["frozen"] is False
        assert abs(shown["epoch"] - time.time()) < 5
    ahead = cloud.control("POST", "/clock", {"advance": 7200})
    with claim("DM-CFG-04", "a running clock can be moved forward"):
        assert abs(ahead["epoch"] - time.time() - 7200) < 5
        assert ahead["now"] == ISO_TIME


@behaviour("DM-CFG-04")
def test_a_running_clock_is_moved_again_and_again(cloud: Cloud) -> None:
    """Two moves add up; resuming undoes both, also for a clock that never stood still."""
    moved = [cloud.control("POST", "/clock", {"advance": 3600})["epoch"] - time.time() for _ in range(2)]
    with claim("DM-CFG-04", "a second move adds to the first"):
        assert [round(seconds / 60) for seconds in moved] == [60, 120]
    resumed = cloud.control("POST", "/clock", {"resume": True})
    with claim("DM-CFG-04", "a clock that was moved and is resumed goes with the machine"):
        assert abs(resumed["epoch"] - time.time()) < 5
        assert abs(resumed["offset"]) < 1


@behaviour("REST-TIME-01")
@pytest.mark.parametrize(
    ("given", "shown"),
    [
        ("2031-02-03T04:05:06Z", "2031-02-03T04:05:06.000Z"),
        ("2031-02-03T04:05:06.7Z", "2031-02-03T04:05:06.700Z"),
        ("2031-02-03T04:05:06.789999Z", "2031-02-03T04:05:06.789Z"),
        ("2031-02-03T04:05:06+02:00", "2031-02-03T02:05:06.000Z"),
        ("2031-02-03T04:05:06", "2031-02-03T04:05:06.000Z"),
    ],
)
def test_a_time_may_have_any_number_of_fraction_digits(cloud: Cloud, given: str, shown: str) -> None:
    """A time is read with or without fraction and zone and printed with milliseconds and Z."""
    with claim("REST-TIME-01", "it is read, and shown with milliseconds and Z"):
        assert cloud.control("POST", "/clock", {"freeze": given})["now"] == shown


def test_a_reset_brings_the_seed_back(cloud: Cloud) -> None:
    """After a reset only the seed is there: no new users, spaces, settings, overlay, journal or moved clock."""
    fresh = state(cloud)
    user, app = cloud.user("new@example.com"), cloud.app()
    cloud.space(user)
    cloud.control("PATCH", "/settings", {"rest.pin_scope": "join"})
    cloud.control("POST", "/clock", {"freeze": "2031-02-03T04:05:06.789Z"})
    cloud.control("POST", "/reset")
    assert state(cloud) == fresh
    assert cloud.control("GET", "/clock")["frozen"] is False
    for who in (user, app):
        refused(cloud.call("GET", "/users/me", who), 401, "auth.credential_invalid")


def test_waiting_ends_with_the_entry_or_with_the_timeout(cloud: Cloud) -> None:
    """A wait answers as soon as enough entries fit, and otherwise when its time is over with what there is."""
    body = {"filter": {"path": "/api/users/me", "status": 401}, "timeout": 0.2}
    begun = time.monotonic()
    late = cloud.control("POST", "/journal/wait", body)
    assert (late["complete"], late["entries"]) == (False, [])
    assert 0.15 < time.monotonic() - begun < 3
    with ThreadPoolExecutor() as pool:
        begun = time.monotonic()
        waiting = pool.submit(cloud.control, "POST", "/journal/wait", {**body, "count": 2, "timeout": 20})
        for _ in range(2):
            cloud.call("GET", "/users/me")
        found = waiting.result()
    assert (found["complete"], len(found["entries"])) == (True, 2)
    assert time.monotonic() - begun < 10
    assert cloud.control("POST", "/journal/wait", body)["complete"] is True, "what was there before counts"


def test_the_journal_is_filtered_by_every_criterion(cloud: Cloud) -> None:
    """Entries are found by surface, method, beginning of the path, endpoint, caller, status and number."""
    user = cloud.user()
    cloud.call("GET", "/users/me", user)
    cloud.call("GET", "/users/me")
    cloud.call("POST", "/spaces/invite", user, json={"topic": {"title": "Room"}})
    entries = cloud.control("GET", "/journal")["entries"]
    assert [entry["status"] for entry in entries] == [200, 401, 200]
    assert [bool(entry["why"]) for entry in entries] == [False, True, False]
    third = entries[2]
    assert (third["endpoint"], third["caller"]) == ("SPACES-CREATE", "oauth ann@example.com")
    assert json.loads(third["request"]["text"]) == {"topic": {"title": "Room"}}
    for query, count in (
        ("surface=rest", 3),
        ("surface=accounts", 0),
        ("method=POST", 1),
        ("path=/api/users", 2),
        ("endpoint=USERS-ME", 2),
        ("caller=oauth%20ann@example.com", 2),
        ("status=401", 1),
        (f"after={entries[0]['id']}", 2),
        ("limit=1", 1),
        ("status=401&method=POST", 0),
    ):
        assert len(cloud.control("GET", f"/journal?{query}")["entries"]) == count, query
    cloud.control("DELETE", "/journal")
    assert cloud.control("GET", "/journal")["entries"] == []


@pytest.mark.parametrize("query", ["statu=401", "status=bad", "limit=0", "limit=x", "after=x", "x=1"])
def test_a_bad_filter_is_refused(cloud: Cloud, query: str) -> None:
    """An unknown filter or a value of the wrong type is refused, not ignored."""
    refusal(control(cloud, "GET", f"/journal?{query}"), 400, "request.invalid")


def test_the_journal_never_shows_a_credential(cloud: Cloud) -> None:
    """The header that carried a credential is not in the journal."""
    user, app = cloud.user(), cloud.app()
    signed = app.authorization
    cloud.call("GET", "/users/me", user)
    cloud.call("GET", "/users/me", headers={"Authorization": signed})
    text = json.dumps(cloud.control("GET", "/journal"))
    assert user.token not in text
    assert signed.partition(" ")[2] not in text


def test_a_bug_of_a_handler_is_no_answer_here(cloud: Cloud) -> None:
    """Control calls with hostile path parameters are answered, never with a server error."""
    for path in ("/users/%00", "/users/%ff", "/users/a%2Fb%40example.com", "/service-apps/%F0%9F%92%A9", "/worlds/%20"):
        for method in ("PATCH", "DELETE"):
            answer = control(cloud, method, path, json={})
            assert answer.status_code in (404, 405), (method, path, answer.text)


def test_a_user_is_shown_by_any_address(cloud: Cloud) -> None:
    """A user is found by each of their addresses, as whoever made them was told; an unknown one is refused."""
    body = {"username": "zoe@example.com", "other_emails": ["zoe@elsewhere.example"], "password": "pw"}
    made = cloud.control("POST", "/users", body)
    for address in (body["username"], "zoe@elsewhere.example"):
        assert cloud.control("GET", f"/users/{address}") == made
    refusal(control(cloud, "GET", "/users/nobody@example.com"), 404, "user.not_found")


def test_a_path_parameter_may_hold_an_encoded_slash(cloud: Cloud) -> None:
    """A user whose address has a slash is reached by its encoded form."""
    cloud.control("POST", "/users", {"username": "a/b@example.com"})
    answer = control(cloud, "PATCH", "/users/a%2Fb%40example.com", json={"displayname": "Slash"})
    assert (answer.status_code, answer.json()["displayname"]) == (200, "Slash")
    refusal(control(cloud, "PATCH", "/users/a/b%40example.com", json={}), 404, "route.not_found")


# --- JWTs of service apps


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ({}, ""),
        ({"expires_in": 3600}, ""),
        ({"expires_in": -1}, "was 1 s ago"),
        ({"expires_in": 3602}, "the limit is 3600"),
        ({"aud": "elsewhere"}, 'aud is "elsewhere"'),
        ({"iss": "nobody"}, 'iss is "nobody"'),
        ({"sub": "nobody"}, 'sub is "nobody"'),
        ({"kid": "nothing"}, 'kid is "nothing"'),
        ({"alg": "HS256"}, 'alg is "HS256"'),
        ({"alg": "none"}, 'alg is "none"'),
        ({"signature": "bad"}, "the signature does not match"),
        ({"claims": {"exp": None}}, "exp is missing"),
        ({"claims": {"nbf": 4102444800}}, "nbf is"),
        ({"header": {"kid": None}}, "kid is missing"),
        ({"header": {"typ": "jose"}}, 'typ is "jose"'),
    ],
)
def test_jwt_of_an_app_is_good_or_bad_on_purpose(cloud: Cloud, body: dict[str, object], why: str) -> None:
    """A JWT that is signed for an app is accepted, or refused for the one thing that was asked to be wrong."""
    cloud.control("POST", "/clock", {"freeze": "2031-02-03T04:05:06Z"})
    app = cloud.app("spaces.list")
    made = cloud.control("POST", f"/service-apps/{app.key['iss']}/jwt", body)
    answer = cloud.call("GET", "/users/me/spaces", headers={"Authorization": f"{made['scheme']} {made['token']}"})
    assert answer.status_code == (401 if why else 200), answer.text
    assert why in cloud.why(endpoint="USERS-SPACES")


def test_jwt_is_signed_by_the_key_that_is_named(cloud: Cloud) -> None:
    """A JWT has the newest key of its app or the one that is named; without any key there is none."""
    app = cloud.app("spaces.list")
    path = f"/service-apps/{app.key['iss']}"
    newer = cloud.control("POST", f"{path}/keys")["kid"]
    for body, kid in (({}, newer), ({"kid": app.key["kid"]}, app.key["kid"])):
        made = cloud.control("POST", f"{path}/jwt", body)
        assert made["header"]["kid"] == kid
        who = {"Authorization": f"service_app {made['token']}"}
        assert cloud.call("GET", "/users/me/spaces", headers=who).status_code == 200
    for kid in (newer, app.key["kid"]):
        cloud.control("DELETE", f"{path}/keys/{kid}")
    refusal(control(cloud, "POST", f"{path}/jwt", json={}), 404, "key.not_found")


def test_misspelt_content_of_a_message_is_refused(cloud: Cloud) -> None:
    """What a control call does not know in a message is refused by name, which the real API would ignore."""
    space = cloud.space(cloud.user())
    body = {"username": "ann@example.com", "content": {"bodyText": "x", "bodyTxet": "y"}}
    answer = control(cloud, "POST", f"/spaces/{space}/messages", json=body)
    refusal(answer, 400, "request.invalid")
    assert 'did you mean "bodyText"' in answer.json()["why"]
