from typing import Any

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ACCOUNT_ID, OBJECT_ID, URL, Cloud, Person, behaviour, only_mock, send_raw
from contract_tests.oauth import ANN, Browser, by_password, failed, granted, page_refused, register

NO_CLAIMS_YET = True


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
    ("GET", SELF),
    ("GET", COLLEAGUES),
    ("GET", LICENCES),
    ("POST", f"{PRODUCT}/agreement/"),
    ("GET", f"{PRODUCT}/app_profile_setting/"),
    ("POST", f"{PRODUCT}/app_profile_setting/"),
]


def ask(cloud: Cloud, path: str, who: Person | None = None, method: str = "GET", **content: Any) -> httpx.Response:
    """Call the identity server as somebody."""
    headers = {"Authorization": who.authorization} if who else {}
    return cloud.http.request(method, f"{cloud.accounts}{path}", headers=headers, **content)


@behaviour("ACC-SELF-01", "ACC-GEN-02", "ACC-GEN-09")
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_token_tells_its_user(cloud: Cloud, slash: str) -> None:
    """By OAuth token or user JWT, the answer is a bare object with the accounts id."""
    for who in (cloud.user(), cloud.jwt_user(), cloud.user(scope="email")):
        answer = ask(cloud, SELF.rstrip("/") + slash, who)
        expect(answer.status_code, 200)
        body = answer.json()
        observe(list(body), ["id", "username", "picture_url", "name"])
        expect((body["username"], body["picture_url"]), (who.username or body["username"], URL))
        expect(set(body["name"]), {"formatted", "givenname", "familyname"})
        observe(body["id"], ACCOUNT_ID)
        if cloud.is_mock:
            assert body["picture_url"] == f"{cloud.accounts}/norevimages/noimage.jpg"
            assert body["name"].items() <= NAME.items()


@behaviour("ACC-GEN-09", "ACC-SELF-01")
def test_a_user_has_two_ids(cloud: Cloud) -> None:
    """The accounts id is what Spaces calls ndbid, and not the id of the Spaces record."""
    user = cloud.user()
    spaces = cloud.call("GET", "/users/me", user).json()
    expect((spaces["ndbid"], spaces["_id"]), (ask(cloud, SELF, user).json()["id"], OBJECT_ID))
    assert spaces["ndbid"] != spaces["_id"]


@behaviour("ACC-SELF-02", "ACC-DIR-03", "ACC-PROFSET-01", "ACC-IDT-05")
@pytest.mark.parametrize(("method", "path"), WITH_TOKEN)
def test_without_a_good_token_nobody_is_told_anything(cloud: Cloud, method: str, path: str) -> None:
    """Missing, malformed, unknown and expired tokens, and those of guests and apps, are all invalid."""
    stale = cloud.user("bob@example.com")
    cloud.advance(3600)
    bad = [
        None,
        *(Person("", "", text) for text in ("", "Bearer", "Bearer x", f'"Bearer {stale.token}"', "Basic eDp4")),
    ]
    for who in (*bad, stale, cloud.guest()):
        answer = ask(cloud, path, who, method)
        failed(answer, "invalid_token", 401)
        assert "www-authenticate" not in answer.headers
    app = cloud.app("spaces.create")
    answer = cloud.http.request(method, f"{cloud.accounts}{path}", headers={"Authorization": app.authorization})
    failed(answer, "invalid_token", 401)


@behaviour("ACC-DIR-02", "ACC-DIR-03", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_the_directory_is_one_page_of_the_company(cloud: Cloud, slash: str) -> None:
    """All users of the caller's company are there, those of others and service accounts are not."""
    only_mock(cloud, "needs a company of known people")
    cloud.app("spaces.create")
    answer = ask(cloud, COLLEAGUES.rstrip("/") + slash, cloud.user())
    expect(answer.status_code, 200)
    body = answer.json()
    people = body.pop("data")
    observe(
        body,
        {
            "nextUrl": "",
            "previousUrl": "",
            "pageRangeDisplay": [1, 1],
            "currentPage": 0,
            "total": len(people),
        },
    )
    by_name = {person["username"]: person for person in people}
    observe(set(by_name), {ANN, "bob@example.com", "cleo@example.com"})
    expect(set(by_name[ANN]), {"id", "username", "name"})
    expect((by_name[ANN]["id"], by_name[ANN]["name"]), (ACCOUNT_ID, NAME))


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
    answer = cloud.http.get(
        f"{cloud.accounts}{COLLEAGUES}",
        params={"search": search, "other": "x"},
        headers={"Authorization": cloud.user().authorization},
    )
    expect(sorted(person["username"] for person in answer.json()["data"]), sorted(found))


@behaviour("ACC-DIR-02")
def test_the_directory_of_a_freelancer_is_himself(cloud: Cloud) -> None:
    """Without a company there are no colleagues."""
    body = ask(cloud, COLLEAGUES, cloud.user("fred@freelance.example")).json()
    observe([person["username"] for person in body["data"]], ["fred@freelance.example"])


@behaviour("ACC-LIC-01", "ACC-AGREE-01")
@pytest.mark.parametrize("slash", ["", "/"])
def test_licences_and_agreements_exist(cloud: Cloud, slash: str) -> None:
    """The licences are those of the user's Spaces record, and an agreement is taken note of."""
    user = cloud.user()
    answer = ask(cloud, f"{LICENCES}{slash}", user)
    own = cloud.call("GET", "/users/me", user).json()["licenses"]
    observe((answer.status_code, answer.json()), (200, {"data": own}))
    assert own or not cloud.is_mock
    answer = ask(cloud, f"{PRODUCT}/agreement{slash}", user, "POST", json={"any": "thing"})
    observe((answer.status_code, answer.json()), (200, {}))
    observe(ask(cloud, f"{PRODUCT}/agreement{slash}", user, "POST").status_code, 200)


@behaviour("ACC-PROFGET-01", "ACC-PROFSET-01", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_profile_is_what_was_stored_last(cloud: Cloud, slash: str) -> None:
    """Each user has his own for each product."""
    only_mock(cloud, "needs an account without a past")
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    path = f"{PRODUCT}/app_profile_setting{slash}"
    observe(ask(cloud, path, ann).json(), {})
    for value in ({"a": [1, {"b": None}]}, {"c": "ä"}, {}):
        answer = ask(cloud, path, ann, "POST", json=value)
        observe((answer.status_code, answer.json()), (200, value))
        observe(ask(cloud, path, ann).json(), value)
    ask(cloud, path, ann, "POST", json={"mine": True})
    observe(ask(cloud, path, bob).json(), {})
    observe(ask(cloud, path.replace("zangspaces", "other"), ann).json(), {})


@behaviour("ACC-PROFSET-01", "ACC-GEN-12")
@pytest.mark.parametrize("content", ["[]", "7", "x", '{"a":' * 40 + "1" + "}" * 40])
def test_a_profile_must_be_an_object(cloud: Cloud, content: str) -> None:
    """Anything else, and what nests too deep, is an invalid request and changes nothing."""
    user = cloud.user()
    path = f"{PRODUCT}/app_profile_setting/"
    ask(cloud, path, user, "POST", json={"kept": True})
    failed(ask(cloud, path, user, "POST", content=content), "invalid_request")
    observe(ask(cloud, path, user).json(), {"kept": True})


@behaviour("ACC-GEN-08")
@pytest.mark.parametrize("path", ["/oauth2/access_token", "/oauth2/revoke_token", SELF, "/account/login/", "/oauth2/x"])
def test_browser_apps_may_call_the_identity_server(cloud: Cloud, path: str) -> None:
    """A preflight is answered anywhere, and every answer may be read by any origin, without credentials."""
    asked = {"Origin": "https://app.example", "Access-Control-Request-Method": "POST"}
    asked["Access-Control-Request-Headers"] = "authorization, x-own"
    answer = cloud.http.options(f"{cloud.accounts}{path}", headers=asked)
    observe((answer.status_code, answer.content), (200, b""))
    observe("POST" in answer.headers["access-control-allow-methods"], True)  # noqa: FBT003 - a value
    assert {"authorization", "content-type", "x-own"} <= set(answer.headers["access-control-allow-headers"].split(", "))
    for method in ("GET", "POST"):
        answer = Browser(cloud).send(method, path, headers={"Origin": "https://app.example"})
        observe(answer.headers.get_list("access-control-allow-origin"), ["*"])
        assert "access-control-allow-credentials" not in answer.headers


@behaviour("ACC-GEN-06")
@pytest.mark.parametrize(
    "path", ["/oauth2/", "/oauth2/nothing", "/account/nothing/", "/api/1.0/nothing", "/norevimages/other.jpg"]
)
def test_an_unknown_path_is_a_page(cloud: Cloud, path: str) -> None:
    """Below the identity server's prefixes it is not found, in HTML."""
    page_refused(Browser(cloud).send("GET", path), 404)


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
    answer = Browser(cloud).send(method, path)
    observe((answer.status_code, answer.headers["allow"]), (405, allow))


@behaviour("ACC-GEN-01")
def test_the_host_header_means_nothing(cloud: Cloud) -> None:
    """Under any name the identity server is the same, and names its configured origin."""
    user = cloud.user()
    headers = {"Authorization": user.authorization, "Host": "accounts.avayacloud.com"}
    answer = cloud.http.get(f"{cloud.accounts}{SELF}", headers=headers)
    observe(answer.json()["picture_url"], f"{cloud.accounts}/norevimages/noimage.jpg")


@behaviour("ACC-GEN-13", "ACC-GEN-06")
def test_raw_bytes_on_the_request_line_do_no_harm(cloud: Cloud) -> None:
    """Paths and queries that no library sends are answered, never with a failure of the server."""
    only_mock(cloud, "nobody sends such bytes to a server of others")
    for target in (
        b"/oauth2/authorize/%3F%FF%00%0d%0a",
        b"/oauth2/authorize/%3f",
        b"/oauth2/authorize?client_id=%00&state=\xff\xfe",
        b"/account/login/?next=%2F%00&next=%ff",
        b"/account/logout?next=%",
        b"/api/1.0/id_token/get_token_info?id_token=%FF",
        b"/account//login",
    ):
        request = (
            b"GET " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\nCookie: sessionid=\xff; csrftoken\r\n\r\n"
        )
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
    answer = cloud.http.get(f"{cloud.urls['web']}{path}")
    expect((answer.status_code, answer.headers["content-type"]), (200, "text/html; charset=utf-8"))
    assert shown in answer.text


@behaviour("MISC-WEB-01", "REST-HOST-03")
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/", 404),
        ("GET", "/spaces", 404),
        ("GET", "/spaces/pictures/1", 404),
        ("GET", "/d/other", 404),
        ("GET", "/u/", 404),
        ("GET", "/account", 404),
        ("POST", "/u/ann@example.com", 405),
    ],
)
def test_any_other_web_path_is_a_page_that_says_so(cloud: Cloud, method: str, path: str, status: int) -> None:
    """Unknown paths are not found, and links are only read."""
    answer = cloud.http.request(method, f"{cloud.urls['web']}{path}")
    observe((answer.status_code, answer.headers["content-type"]), (status, "text/html; charset=utf-8"))


@behaviour("ACC-TOK-02", "ACC-ERR-05")
def test_a_planned_fault_answers_in_the_words_of_the_identity_server(cloud: Cloud) -> None:
    """A refusal that a test plans looks like the real one."""
    client = register(cloud)
    plan = {"match": {"endpoint": "ACC-TOKEN"}, "action": {"reject": "oauth.invalid_grant"}, "times": 1}
    cloud.control("POST", "/faults", plan)
    failed(by_password(cloud, client), "invalid_grant")
    granted(by_password(cloud, client))
