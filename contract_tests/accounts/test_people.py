from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ACCOUNT_ID, OBJECT_ID, URL, Cloud, Person, behaviour, only_mock, send_raw
from contract_tests.oauth import ANN, by_password, failed, granted, page_refused, register, works

NAME = {
    "familyname": "Example",
    "formatted": "",
    "givenname": "Ann",
    "honorific_prefix": "",
    "honorific_suffix": "",
    "middlename": "",
    "pronunciation": "",
    "pronunciation_url": "",
}
SELF, COLLEAGUES = "/api/1.0/user/self/", "/api/1.0/users/self/colleagues/"
LICENCES, PRODUCT = "/api/1.0/licenses/self/check", "/api/1.0/users/self/products/zangspaces"
WITH_TOKEN = [
    ("ACC-SELF-02", "GET", SELF),
    ("ACC-DIR-03", "GET", COLLEAGUES),
    ("ACC-PROFSET-01", "GET", LICENCES),
    ("ACC-PROFSET-01", "POST", f"{PRODUCT}/agreement/"),
    ("ACC-PROFSET-01", "GET", f"{PRODUCT}/app_profile_setting/"),
    ("ACC-PROFSET-01", "POST", f"{PRODUCT}/app_profile_setting/"),
]


def ask(cloud: Cloud, path: str, who: Person | None = None, method: str = "GET", **content: Any) -> httpx.Response:
    """Call the identity server as somebody."""
    headers = {"Authorization": who.authorization} if who else {}
    return cloud.http.request(method, f"{cloud.accounts}{path}", headers=headers, **content)


@behaviour("ACC-SELF-01", "ACC-GEN-02", "ACC-GEN-09")
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_token_tells_its_user(cloud: Cloud, slash: str) -> None:
    """By OAuth token or user JWT, the answer is a bare object with the accounts id."""
    callers: dict[str, Callable[[], Person]] = {
        "a user JWT": cloud.jwt_user,
        "an access token": cloud.user,
        "a token of the email scope": lambda: cloud.user(scope="email"),
    }
    path, (username, _password) = SELF.rstrip("/") + slash, cloud.credentials()
    for name, caller in callers.items():
        who = caller()
        with claim("ACC-SELF-01", "ACC-GEN-02", f"{name} is answered"):
            expect(ask(cloud, path, who).status_code, 200)
        with claim("ACC-SELF-01", f"{name}: four members in their order"):
            observe(list(ask(cloud, path, who).json()), ["id", "username", "picture_url", "name"])
        with claim("ACC-SELF-01", f"{name}: who it is, and a picture"):
            body = ask(cloud, path, who).json()
            expect((body["username"], body["picture_url"]), (username, URL))
            if cloud.is_mock:
                assert body["picture_url"] == f"{cloud.accounts}/norevimages/noimage.jpg"
        with claim("ACC-SELF-01", f"{name}: three parts of the name"):
            parts = ask(cloud, path, who).json()["name"]
            expect(set(parts), {"formatted", "givenname", "familyname"})
            if cloud.is_mock:
                assert parts.items() <= NAME.items()
        with claim("ACC-GEN-09", f"{name}: the id is an accounts id"):
            observe(ask(cloud, path, who).json()["id"], ACCOUNT_ID)


@behaviour("ACC-GEN-09", "ACC-SELF-01")
def test_a_user_has_two_ids(cloud: Cloud) -> None:
    """The accounts id is what Spaces calls ndbid, and not the id of the Spaces record."""
    user = cloud.jwt_user()
    with claim("ACC-GEN-09", "ACC-SELF-01", "Spaces calls the accounts id ndbid"):
        spaces = cloud.call("GET", "/users/me", user).json()
        expect((spaces["ndbid"], spaces["_id"]), (ask(cloud, SELF, user).json()["id"], OBJECT_ID))
    with claim("ACC-GEN-09", "the two ids differ"):
        spaces = cloud.call("GET", "/users/me", user).json()
        assert spaces["ndbid"] != spaces["_id"]


@pytest.mark.parametrize(
    ("shown", "method", "path"),
    [pytest.param(*row, marks=behaviour(row[0]), id=f"{row[1]} {row[2]}") for row in WITH_TOKEN],
)
def test_without_a_good_token_nobody_is_told_anything(cloud: Cloud, shown: str, method: str, path: str) -> None:
    """Missing, malformed, unknown and expired tokens, and those of guests and apps, are all invalid."""

    def invalid(what: str, headers: dict[str, str]) -> None:
        with claim(shown, f"{what} is an invalid token"):
            answer = cloud.http.request(method, f"{cloud.accounts}{path}", headers=headers)
            failed(answer, "invalid_token", 401)
            observe((answer.status_code, answer.headers.get("www-authenticate")), (401, None))

    invalid("no token", {})
    words = {"an empty header": "", "a scheme alone": "Bearer", "an unknown token": "Bearer x", "Basic": "Basic eDp4"}
    for what, value in words.items():
        invalid(what, {"Authorization": value})
    guest = cloud.guest()
    invalid("the token of a guest", {"Authorization": guest.authorization})
    app = cloud.app("spaces.create")
    invalid("the JWT of an app", {"Authorization": app.authorization})
    user = cloud.user("bob@example.com")
    invalid("a token in quotes", {"Authorization": f'"Bearer {user.token}"'})
    cloud.advance(3600)
    invalid("an expired token in quotes", {"Authorization": f'"Bearer {user.token}"'})
    invalid("an expired token", {"Authorization": user.authorization})


@behaviour("ACC-DIR-02", "ACC-DIR-03", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_directory_is_one_page_of_the_company(cloud: Cloud, slash: str) -> None:
    """All users of the caller's company are there, those of others and service accounts are not."""
    path, user = COLLEAGUES.rstrip("/") + slash, cloud.jwt_user()
    with claim("ACC-DIR-02", "ACC-GEN-02", "it is answered"):
        expect(ask(cloud, path, user).status_code, 200)
    with claim("ACC-DIR-02", "ACC-DIR-03", "it is one page"):
        body = ask(cloud, path, user).json()
        total = len(body.pop("data"))
        page = {"nextUrl": "", "previousUrl": "", "pageRangeDisplay": [1, 1], "currentPage": 0, "total": total}
        observe(body, page)
    with claim("ACC-DIR-02", "it has the caller, with the documented members"):
        people = {person["username"]: person for person in ask(cloud, path, user).json()["data"]}
        expect(set(people[user.username]), {"id", "username", "name"})
        expect((people[user.username]["id"], set(people[user.username]["name"])), (ACCOUNT_ID, set(NAME)))
        if cloud.is_mock:
            assert people[ANN]["name"] == NAME
    (bob, _password), (rita, _password) = cloud.credentials("bob@example.com"), cloud.credentials("rita@rival.example")
    app = cloud.app("spaces.create")
    with claim("ACC-DIR-02", "it has colleagues, nobody else and no service account"):
        people = {person["username"]: person for person in ask(cloud, path, user).json()["data"]}
        observe((bob in people, rita in people, app.key["sub"] in people), (True, False, False))
        if cloud.is_mock:
            assert set(people) == {ANN, "bob@example.com", "cleo@example.com"}


@behaviour("ACC-DIR-01")
def test_the_directory_can_be_searched_for_a_colleague(cloud: Cloud) -> None:
    """Part of a user name, in any letter case, finds its user, and a text that nobody has finds nobody."""
    user, (bob, _password) = cloud.jwt_user(), cloud.credentials("bob@example.com")

    def search(text: str) -> list[str]:
        headers = {"Authorization": user.authorization}
        answer = cloud.http.get(f"{cloud.accounts}{COLLEAGUES}", params={"search": text}, headers=headers)
        return [person["username"] for person in answer.json()["data"]]

    with claim("ACC-DIR-01", "a user name finds its user"):
        expect(bob in search(bob), True)  # noqa: FBT003 - a value
    with claim("ACC-DIR-01", "part of it in upper case does too"):
        expect(bob in search(bob[1:].upper()), True)  # noqa: FBT003 - a value
    with claim("ACC-DIR-01", "a text that nobody has finds nobody"):
        expect(search("no such text anywhere"), [])


@behaviour("ACC-DIR-01", "ACC-GEN-03")
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("bob", ["bob@example.com"]),
        ("BUILD", ["bob@example.com"]),
        ("cleo cl", ["cleo@example.com"]),
        ("eo@exam", ["cleo@example.com"]),
        (".*", []),
        ("rita", []),
        ("", [ANN, "bob@example.com", "cleo@example.com"]),
    ],
)
def test_the_directory_can_be_searched(cloud: Cloud, search: str, found: list[str]) -> None:
    """A text is looked for anywhere in name and user name, and means only itself."""
    only_mock(cloud, "needs a company of known people")
    user = cloud.jwt_user()
    with claim("ACC-DIR-01", "ACC-GEN-03", "it finds whom it should, whatever else is sent"):
        answer = cloud.http.get(
            f"{cloud.accounts}{COLLEAGUES}",
            params={"search": search, "other": "x"},
            headers={"Authorization": user.authorization},
        )
        expect(sorted(person["username"] for person in answer.json()["data"]), sorted(found))


@behaviour("ACC-DIR-02")
@pytest.mark.parametrize("name", ["sid@elsewhere.example", "fred@freelance.example"])
def test_the_directory_of_a_freelancer_is_one_person(cloud: Cloud, name: str) -> None:
    """Without a company there are no colleagues."""
    user = cloud.jwt_user(name)
    with claim("ACC-DIR-02", "the only one there is the caller"):
        body = ask(cloud, COLLEAGUES, user).json()
        observe([person["username"] for person in body["data"]], [user.username])


@behaviour("ACC-LIC-01", "ACC-AGREE-01")
@pytest.mark.parametrize("slash", ["", "/"])
def test_licences_and_agreements_exist(cloud: Cloud, slash: str) -> None:
    """The licences are those of the user's Spaces record, and an agreement is taken note of."""
    user = cloud.jwt_user()
    with claim("ACC-LIC-01", "the licences are those of the Spaces record"):
        answer = ask(cloud, f"{LICENCES}{slash}", user)
        own = cloud.call("GET", "/users/me", user).json()["licenses"]
        observe((answer.status_code, answer.json()), (200, {"data": own}))
        assert own or not cloud.is_mock
    with claim("ACC-AGREE-01", "an agreement is answered by an empty object"):
        answer = ask(cloud, f"{PRODUCT}/agreement{slash}", user, "POST", json={"any": "thing"})
        observe((answer.status_code, answer.json()), (200, {}))
    with claim("ACC-AGREE-01", "it needs no body"):
        observe(ask(cloud, f"{PRODUCT}/agreement{slash}", user, "POST").status_code, 200)


@behaviour("ACC-LIC-01")
def test_licences_are_refused_in_json(cloud: Cloud) -> None:
    """Whoever sends no credential is refused by an object, not by a page."""
    with claim("ACC-LIC-01", "without a credential it is refused, in JSON"):
        answer = cloud.http.get(f"{cloud.accounts}{LICENCES}")
        observe(answer.status_code, 401)
        observe("error" in answer.json(), wanted=True)


@behaviour("ACC-PROFGET-01", "ACC-PROFSET-01", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_profile_is_what_was_stored_last(cloud: Cloud, slash: str) -> None:
    """Each user has their own for each product."""
    only_mock(cloud, "needs an account without a past")
    ann, bob = cloud.jwt_user(), cloud.jwt_user("bob@example.com")
    path = f"{PRODUCT}/app_profile_setting{slash}"
    with claim("ACC-PROFGET-01", "ACC-GEN-02", "it is empty at first"):
        observe(ask(cloud, path, ann).json(), {})
    values: dict[str, Any] = {"nested": {"a": [1, {"b": None}]}, "beyond ASCII": {"c": "ä"}, "empty": {}}
    for name, value in values.items():
        with claim("ACC-PROFSET-01", f"{name}: what is stored is answered"):
            answer = ask(cloud, path, ann, "POST", json=value)
            observe((answer.status_code, answer.json()), (200, value))
        with claim("ACC-PROFGET-01", f"{name}: what was stored last is read"):
            observe(ask(cloud, path, ann).json(), value)
    ask(cloud, path, ann, "POST", json={"mine": True})
    with claim("ACC-PROFGET-01", "another user has another one"):
        observe(ask(cloud, path, bob).json(), {})
    with claim("ACC-PROFGET-01", "another product has another one"):
        observe(ask(cloud, path.replace("zangspaces", "other"), ann).json(), {})


@pytest.mark.parametrize(
    ("shown", "content"),
    [
        pytest.param(shown, content, marks=behaviour(shown), id=name)
        for name, shown, content in (
            ("list", "ACC-PROFSET-01", "[]"),
            ("number", "ACC-PROFSET-01", "7"),
            ("no JSON", "ACC-PROFSET-01", "x"),
            ("deep", "ACC-GEN-12", '{"a":' * 40 + "1" + "}" * 40),
        )
    ],
)
def test_a_profile_must_be_an_object(cloud: Cloud, shown: str, content: str) -> None:
    """Anything else, and what nests too deep, is an invalid request and changes nothing."""
    user = cloud.jwt_user()
    path = f"{PRODUCT}/app_profile_setting/"
    before = {"kept": True} if cloud.mock else ask(cloud, path, user).json()
    ask(cloud, path, user, "POST", json=before)
    with claim(shown, "it is an invalid request"):
        failed(ask(cloud, path, user, "POST", content=content), "invalid_request")
    with claim(shown, "it changes nothing"):
        observe(ask(cloud, path, user).json(), before)


@behaviour("ACC-GEN-08")
@pytest.mark.parametrize("path", ["/oauth2/access_token", "/oauth2/revoke_token", SELF, "/account/login/", "/oauth2/x"])
def test_browser_apps_may_call_the_identity_server(cloud: Cloud, path: str) -> None:
    """A preflight is answered anywhere, and every answer may be read by any origin, without credentials."""
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization, x-own"
    url = f"{cloud.accounts}{path}"
    with claim("ACC-GEN-08", "a preflight is answered without a body"):
        answer = cloud.http.options(url, headers=asked)
        observe((answer.status_code, answer.content), (200, b""))
    with claim("ACC-GEN-08", "a preflight names methods and headers", about=[answer]):
        observe("POST" in answer.headers["access-control-allow-methods"], wanted=True)
        names = set(answer.headers["access-control-allow-headers"].split(", "))
        observe({"authorization", "content-type", "x-own"} - names, set())
    for method in ("GET", "POST"):
        with claim("ACC-GEN-08", f"the answer to {method} may be read by any origin, without credentials"):
            answer = cloud.http.request(method, url, headers={"Origin": "https://app.example"})
            cloud.http.cookies.clear()  # the client is shared, and a page sets cookies
            observe(answer.headers.get_list("access-control-allow-origin"), ["*"])
            observe("access-control-allow-credentials" in answer.headers, wanted=False)


@behaviour("ACC-GEN-06")
@pytest.mark.parametrize(
    "path", ["/oauth2/", "/oauth2/nothing", "/account/nothing/", "/api/1.0/nothing", "/norevimages/other.jpg"]
)
def test_an_unknown_path_is_a_page(cloud: Cloud, path: str) -> None:
    """Below the identity server's prefixes it is not found, in HTML."""
    with claim("ACC-GEN-06", "it is a page of status 404"):
        page_refused(cloud.http.get(f"{cloud.accounts}{path}"), 404)


@behaviour("ACC-GEN-06")
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("POST", "/oauth2/authorize", "GET"),
        ("DELETE", "/oauth2/authorize/confirm", "GET, POST"),
        ("PUT", "/account/login/", "GET, POST"),
        ("POST", "/account/logout", "GET"),
        ("GET", "/oauth2/revoke_token", "POST"),
        ("POST", SELF, "GET"),
        ("GET", "/api/1.0/jwt/get_jwt_token", "POST"),
    ],
)
def test_a_wrong_method_is_told_the_right_ones(cloud: Cloud, method: str, path: str, allow: str) -> None:
    """The answer names in Allow what the path takes."""
    with claim("ACC-GEN-06", "its status is 405"):
        answer = cloud.http.request(method, f"{cloud.accounts}{path}")
        observe(answer.status_code, 405)
    with claim("ACC-GEN-06", "Allow names the right ones", about=[answer]):
        observe(answer.headers["allow"], allow)


@behaviour("ACC-GEN-01")
def test_the_host_header_means_nothing(cloud: Cloud) -> None:
    """Under any name the identity server is the same, and names its configured origin."""
    only_mock(cloud, "a real server is reached by its name")
    user = cloud.jwt_user()
    headers = {"Authorization": user.authorization, "Host": "accounts.avayacloud.com"}
    with claim("ACC-GEN-01", "under another Host header it names its own origin"):
        answer = cloud.http.get(f"{cloud.accounts}{SELF}", headers=headers)
        observe(answer.json()["picture_url"], f"{cloud.accounts}/norevimages/noimage.jpg")


@behaviour("ACC-GEN-13", "ACC-GEN-06")
def test_raw_bytes_on_the_request_line_do_no_harm(cloud: Cloud) -> None:
    """Paths and queries that no library sends are answered, never with a failure of the server."""
    only_mock(cloud, "nobody sends such bytes to a server of others")
    targets = (
        b"/oauth2/authorize/%3F%FF%00%0d%0a",
        b"/oauth2/authorize/%3f",
        b"/oauth2/authorize?client_id=%00&state=\xff\xfe",
        b"/account/login/?next=%2F%00&next=%ff",
        b"/account/logout?next=%",
        b"/api/1.0/id_token/get_token_info?id_token=%FF",
        b"/account//login",
    )
    for target in targets:
        request = (
            b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: sessionid=\xff; csrftoken\r\n\r\n"
        )
        with claim("ACC-GEN-13", "ACC-GEN-06", f"{target!r} does no harm"):
            answer = send_raw(cloud.accounts, request)
            assert answer.status_code in (302, 400, 404), (target, answer.status_code)


@behaviour("MISC-WEB-01")
@pytest.mark.parametrize(
    ("path", "shown"),
    [
        ("/spaces/invites/5f0000000000000000000a01/join", "5f0000000000000000000a01"),
        ("/spaces/invites/5f0000000000000000000a01/meet?x=y", "5f0000000000000000000a01"),
        ("/spaces/5f0000000000000000000a01", "5f0000000000000000000a01"),
        ("/u/ann@example.com", "ann@example.com"),
        ("/d/chat?email=ann@example.com", "ann@example.com"),
        ("/d/call?email=ann@example.com", "ann@example.com"),
        ("/d/call", "call"),
    ],
)
def test_links_for_humans_are_pages(cloud: Cloud, path: str, shown: str) -> None:
    """They say what they would open and look nothing up."""
    web = cloud.urls["web"]
    with claim("MISC-WEB-01", "it is a page"):
        answer = cloud.http.get(f"{web}{path}")
        expect((answer.status_code, answer.headers["content-type"]), (200, "text/html; charset=utf-8"))
        if cloud.is_mock:  # the page of the vendor is a program
            assert shown in answer.text


@pytest.mark.parametrize(
    ("cited", "method", "path", "status"),
    [
        pytest.param(cited, method, path, status, marks=behaviour(cited), id=f"{method} {path}")
        for cited, method, path, status in (
            ("REST-HOST-03", "GET", "/", 404),
            ("MISC-WEB-01", "GET", "/spaces", 404),
            ("MISC-WEB-01", "GET", "/spaces/pictures/1", 404),
            ("MISC-WEB-01", "GET", "/d/other", 404),
            ("MISC-WEB-01", "GET", "/u/", 404),
            ("REST-HOST-03", "GET", "/account", 404),
            ("MISC-WEB-01", "POST", "/u/ann@example.com", 405),
        )
    ],
)
def test_any_other_web_path_is_a_page_that_says_so(
    cloud: Cloud, cited: str, method: str, path: str, status: int
) -> None:
    """Unknown paths are not found, and links are only read."""
    only_mock(cloud, "the web client of the vendor is a program of its own")
    web = cloud.urls["web"]
    with claim(cited, f"it is a page of status {status}"):
        answer = cloud.http.request(method, f"{web}{path}")
        observe((answer.status_code, answer.headers["content-type"]), (status, "text/html; charset=utf-8"))


@behaviour("ACC-TOK-02", "ACC-ERR-05")
def test_a_planned_fault_answers_in_the_words_of_the_identity_server(cloud: Cloud) -> None:
    """A refusal that a test plans looks like the real one."""
    client = register(cloud)
    plan = {"match": {"endpoint": "ACC-TOKEN"}, "action": {"reject": "oauth.invalid_grant"}, "times": 1}
    cloud.control("POST", "/faults", plan)
    with claim("ACC-ERR-05", "a planned refusal has status and form of the real one"):
        failed(by_password(cloud, client), "invalid_grant")
    with claim("ACC-TOK-02", "after it tokens are issued, and used as bearer"):
        assert works(cloud, granted(by_password(cloud, client))["access_token"])
