import time
from collections.abc import Callable
from urllib.parse import urlencode, urlsplit

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import JWT, TOKEN, Cloud, behaviour
from contract_tests.oauth import (
    ANN,
    ANN_PASSWORD,
    CALLBACK,
    Browser,
    Page,
    authorization,
    change,
    claims,
    location,
    page_refused,
    query_of,
    register,
    signed_in,
)

WRONG = "Invalid Username or Password!"
MALFORMED = "Invalid Email or Phone Format"
POLICY = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'"


def is_signed_in(browser: Browser) -> bool:
    """Whether authorize sends a browser to consent."""
    client = register(browser.cloud)
    where = location(browser.get("/oauth2/authorize", **authorization(client)))
    return urlsplit(where).path == "/oauth2/authorize/confirm"


@behaviour("ACC-LOGIN-01", "ACC-LOGIN-02", "ACC-GEN-02", "ACC-GEN-06")
@pytest.mark.parametrize("path", ["/account/login/", "/account/login"])
def test_the_login_page_has_what_clients_look_for(cloud: Cloud, path: str) -> None:
    """Hidden token and cookie agree, the inputs are inside their elements, and the button is there."""
    browser = Browser(cloud)
    answer = browser.get(path, next="/x", product_name="zangspaces", other="ignored")
    with claim("ACC-LOGIN-02", "ACC-GEN-02", "ACC-GEN-06", "it is a page", about=[answer]):
        observe((answer.status_code, answer.headers["content-type"]), (200, "text/html; charset=utf-8"))
    page = Page(answer.text)
    with claim("ACC-LOGIN-02", "it sets two cookies", about=[answer]):
        expect(set(browser.cookies), {"csrftoken", "sessionid"})
    with claim("ACC-LOGIN-02", "the hidden token is that of the cookie", about=[answer]):
        expect(page.fields["csrfmiddlewaretoken"], browser.cookies["csrftoken"])
    with claim("ACC-LOGIN-02", "the inputs are inside their elements", about=[answer]):
        expect("username" in page.inside["UsernameInput"], True)  # noqa: FBT003 - a value
        expect("password" in page.inside["PasswordInput"], True)  # noqa: FBT003 - a value
    with claim("ACC-LOGIN-02", "the button is there", about=[answer]):
        expect("GetStartedBtn" in page.inside, True)  # noqa: FBT003 - a value
    with claim("ACC-LOGIN-01", "its form repeats next, whatever else was sent", about=[answer]):
        expect(page.fields["next"], "/x")


@behaviour("ACC-LOGIN-03")
def test_the_login_page_names_five_ways_to_sign_in(cloud: Cloud) -> None:
    """Only the first of them works, the other buttons do nothing."""
    page = Browser(cloud).login_page()
    for method in ("Avaya Cloud", "Google", "Office365", "Salesforce", "Avaya"):
        with claim("ACC-LOGIN-03", f"it names {method}"):
            assert method in page.text
    with claim("ACC-LOGIN-03", "four of the five do nothing"):
        observe(len([button for button in page.buttons if "disabled" in button]), 4)


@behaviour("ACC-SIGNIN-01", "ACC-SIGNIN-02", "ACC-SIGNIN-07", "ACC-UJWT-03")
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_a_right_password_signs_in(cloud: Cloud, form: str) -> None:
    """The answer redirects to next with a user JWT and a new session in cookies, whatever else was sent."""
    browser = Browser(cloud)
    token = browser.login_page().fields["csrfmiddlewaretoken"]
    before = browser.cookies["sessionid"]
    fields = {
        "csrfmiddlewaretoken": token,
        "username": f" {ANN.upper()} ",
        "password": ANN_PASSWORD,
        "next": "/from/body?a=b",
        "previous_state": "login",
        "loginstate": "login",
        "require_phone": "",
        "password2": "x",
        "remember": "on",
    }
    sent = (
        {"data": fields} if form == "urlencoded" else {"files": {name: (None, value) for name, value in fields.items()}}
    )
    answer = browser.send("POST", "/account/login/?next=/from/query", **sent)
    with claim("ACC-SIGNIN-01", "ACC-SIGNIN-02", "it redirects to next of the body", about=[answer]):
        observe(location(answer), "/from/body?a=b")
    with claim("ACC-SIGNIN-02", "a cookie holds a user JWT", about=[answer]):
        expect(browser.cookies["AUTH_TOKEN"], JWT)
    with claim("ACC-SIGNIN-02", "the session has a new value", about=[answer]):
        observe(browser.cookies["sessionid"], TOKEN)
        assert browser.cookies["sessionid"] != before
    with claim("ACC-SIGNIN-07", "all cookies have the same attributes", about=[answer]):
        set_cookies = answer.headers.get_list("set-cookie")
        observe({line.partition("; ")[2] for line in set_cookies}, {f"Path={cloud.prefix}/; HttpOnly; SameSite=Lax"})
    with claim("ACC-SIGNIN-02", "the session is signed in"):
        assert is_signed_in(browser)
    with claim("ACC-SIGNIN-02", "the JWT opens the REST API"):
        header = {"Authorization": f"jwt {browser.cookies['AUTH_TOKEN']}"}
        expect(cloud.http.get(f"{cloud.api}/users/me", headers=header).json()["username"], ANN)
    with claim("ACC-UJWT-03", "the JWT lives thirty days"):
        lives = claims(browser.cookies["AUTH_TOKEN"])["exp"] - time.time()
        assert abs(lives - 2_592_000) < 300


@behaviour("ACC-SIGNIN-01", "ACC-SIGNIN-02")
def test_next_may_be_in_the_query_and_is_the_root_otherwise(cloud: Cloud) -> None:
    """Without next in the body that of the query counts, without any the root."""
    for query, target in (("?next=%2Fq%3Fx%3D1", "/q?x=1"), ("", "/")):
        browser = Browser(cloud)
        token = browser.login_page().fields["csrfmiddlewaretoken"]
        fields = {"csrfmiddlewaretoken": token, "username": ANN, "password": ANN_PASSWORD}
        shown = "in the query counts" if query else "is the root if nothing says it"
        with claim("ACC-SIGNIN-01", "ACC-SIGNIN-02", f"next {shown}"):
            observe(location(browser.post(f"/account/login/{query}", fields)), target)


@behaviour("ACC-SIGNIN-03")
@pytest.mark.parametrize(
    ("username", "password", "literal"),
    [
        (ANN, "wrong", WRONG),
        (ANN, "", WRONG),
        (ANN, f"{ANN_PASSWORD} ", WRONG),
        ("nobody@example.com", ANN_PASSWORD, WRONG),
        ("+15550100", ANN_PASSWORD, WRONG),
        ("ann", ANN_PASSWORD, MALFORMED),
        ("", ANN_PASSWORD, MALFORMED),
        ("+1555x", ANN_PASSWORD, MALFORMED),
    ],
)
def test_a_failed_sign_in_shows_the_page_again(cloud: Cloud, username: str, password: str, literal: str) -> None:
    """The page has the literal that clients look for, and no cookie signs anybody in."""
    browser = Browser(cloud)
    with claim("ACC-SIGNIN-03", "the page has its literal"):
        answer = browser.sign_in(username, password)
        expect(answer.status_code, 200)
        assert literal in answer.text
    with claim("ACC-SIGNIN-03", "its form can be sent again", about=[answer]):
        assert Page(answer.text).fields["csrfmiddlewaretoken"] == browser.cookies["csrftoken"]
    with claim("ACC-SIGNIN-03", "nobody is signed in"):
        assert "AUTH_TOKEN" not in browser.cookies
        assert not is_signed_in(browser)


@behaviour("ACC-SIGNIN-06", "ACC-GEN-14")
def test_who_may_not_sign_in_looks_like_a_wrong_password(cloud: Cloud) -> None:
    """A service account, a disabled user and an address that is not the primary one are answered alike."""
    cloud.user("dora@example.com", password="pw", enabled=False)
    cloud.user("mona@example.com", password="pw", other_emails=["m@elsewhere.example"])
    subject = cloud.app("spaces.create").key["sub"]
    texts = set()
    names = {"a disabled user": "dora@example.com", "a second address": "m@elsewhere.example"}
    for what, username in {**names, "a service account": subject, "an unknown user": "nobody@example.com"}.items():
        with claim("ACC-SIGNIN-06" if username == subject else "ACC-GEN-14", f"{what} does not sign in"):
            answer = Browser(cloud).sign_in(username, "pw")
            expect(answer.status_code, 200)
            texts.add(Page(answer.text).text.replace(username, "").split("csrfmiddlewaretoken", 1)[0])
            assert WRONG in answer.text
    with claim("ACC-SIGNIN-06", "ACC-GEN-14", "all are answered alike"):
        assert len(texts) == 1
    with claim("ACC-GEN-14", "the primary address is compared without regard to case"):
        assert Browser(cloud).sign_in("MONA@example.com", "pw").status_code == 302


@behaviour("ACC-SIGNIN-04")
@pytest.mark.parametrize("attack", ["no field", "no cookie", "neither", "foreign field", "foreign cookie", "longer"])
def test_a_form_of_another_page_is_refused(cloud: Cloud, attack: str) -> None:
    """Field and cookie must be there and be the same."""
    browser, other = Browser(cloud), Browser(cloud)
    token, foreign = (one.login_page().fields["csrfmiddlewaretoken"] for one in (browser, other))
    fields = {"csrfmiddlewaretoken": token, "username": ANN, "password": ANN_PASSWORD}
    if attack in ("no field", "neither"):
        del fields["csrfmiddlewaretoken"]
    if attack in ("no cookie", "neither"):
        browser.cookies.clear()
    if attack == "foreign field":
        fields["csrfmiddlewaretoken"] = foreign
    if attack == "foreign cookie":
        browser.cookies["csrftoken"] = foreign
    if attack == "longer":
        fields["csrfmiddlewaretoken"] = f"{token}0"
    with claim("ACC-SIGNIN-04", "it is refused by a page of status 403"):
        page_refused(browser.post("/account/login/", fields), 403)
    with claim("ACC-SIGNIN-04", "nobody is signed in"):
        assert "AUTH_TOKEN" not in browser.cookies


HOSTILE = [
    "//evil.example",
    "/\\evil.example",
    "\\\\evil.example",
    "https://evil.example/",
    "http://evil.example:80",
    "{origin}@evil.example/",
    "{origin}.evil.example/",
    "http://user@{host}/",
    "http://user:pw@{host}/",
    "http://{host}\\@evil.example/",
    "http://{hostname}:1/",
    "https://{host}/",
    "http:/{host}/",
    "http:///evil.example",
    "javascript:alert(1)",
    "data:text/html,x",
    "ftp://{host}/",
    "evil",
    "?x",
    "/a\r\nSet-Cookie: x=y",
    "/a\tb",
    "/\x00",
    "/\x7f",
    "http://{host}/\n",
    "http://[::1",
    "http://{host}:99999/",
]


@behaviour("ACC-SIGNIN-05", "ACC-LOGOUT-02")
@pytest.mark.parametrize("wanted", HOSTILE)
def test_next_never_leads_away(cloud: Cloud, wanted: str) -> None:
    """Whatever is no path and no URL of the mock's own origins counts as the root, for sign-in and for logout."""
    parts = urlsplit(cloud.accounts)
    url = wanted.format(origin=f"{parts.scheme}://{parts.netloc}", host=parts.netloc, hostname=parts.hostname)
    browser = Browser(cloud)
    with claim("ACC-SIGNIN-05", "a sign-in leads to the root"):
        observe(location(browser.sign_in(next=url)), "/")
    with claim("ACC-LOGOUT-02", "a logout leads to the root"):
        observe(location(browser.get("/account/logout", next=url)), "/")


@behaviour("ACC-SIGNIN-05", "ACC-GEN-13", "ACC-LOGOUT-01")
@pytest.mark.parametrize(
    ("wanted", "shown"),
    [
        ("/a/b?c=d&e=%20f#g", "/a/b?c=d&e=%20f#g"),
        ("/", "/"),
        ('/ä b"<>', "/%C3%A4%20b%22%3C%3E"),
        ("/100%", "/100%25"),
        ("/x//evil.example", "/x//evil.example"),
        ("{origin}/api/x", "{origin}/api/x"),
        ("{origin}", "{origin}"),
    ],
)
def test_next_of_the_mock_itself_is_followed(cloud: Cloud, wanted: str, shown: str) -> None:
    """A path, or a URL of a configured origin, is kept; what is not legal in a URI is encoded."""
    parts = urlsplit(cloud.accounts)
    origin = f"{parts.scheme}://{parts.netloc}"
    browser = Browser(cloud)
    target, where = wanted.format(origin=origin), shown.format(origin=origin)
    with claim("ACC-SIGNIN-05", "ACC-GEN-13", "a sign-in leads there"):
        observe(location(browser.sign_in(next=target)), where)
    with claim("ACC-LOGOUT-01", "ACC-GEN-13", "a logout leads there"):
        observe(location(browser.get("/account/logout", next=target)), where)


@behaviour("ACC-SIGNIN-05")
def test_the_host_header_is_no_configured_origin(cloud: Cloud) -> None:
    """A name that only the Host header claims is not redirected to."""
    browser = signed_in(cloud)
    with claim("ACC-SIGNIN-05", "a name of the Host header is not redirected to"):
        answer = browser.send("GET", "/account/logout?next=http://evil.example/", headers={"Host": "evil.example"})
        observe(location(answer), "/")


@behaviour("ACC-SIGNIN-02")
def test_a_planted_session_is_worth_nothing(cloud: Cloud) -> None:
    """Whoever made a victim sign in under a session name of his choice is not signed in himself."""
    attacker = Browser(cloud)
    attacker.login_page()
    victim = Browser(cloud)
    victim.cookies["sessionid"] = attacker.cookies["sessionid"]
    victim.sign_in()
    with claim("ACC-SIGNIN-02", "a sign-in gives the session a new value"):
        assert victim.cookies["sessionid"] != attacker.cookies["sessionid"]
    with claim("ACC-SIGNIN-02", "only the new value is signed in"):
        assert (is_signed_in(victim), is_signed_in(attacker)) == (True, False)


@behaviour("ACC-SIGNIN-02", "ACC-LOGIN-02")
def test_signing_in_again_ends_the_session_before(cloud: Cloud) -> None:
    """The login page alone ends nothing; a second sign-in does, so that an old cookie is dead."""
    browser = signed_in(cloud)
    old = browser.cookies["sessionid"]
    browser.login_page()
    with claim("ACC-LOGIN-02", "the login page ends no session"):
        assert browser.cookies["sessionid"] == old
    browser.sign_in("bob@example.com", "bob-secret")
    late = Browser(cloud)
    late.cookies["sessionid"] = old
    with claim("ACC-SIGNIN-02", "a second sign-in ends the session before"):
        assert not is_signed_in(late)
    ann = claims(signed_in(cloud).cookies["AUTH_TOKEN"])["user_id"]
    with claim("ACC-SIGNIN-02", "the JWT is that of who signed in last"):
        assert claims(browser.cookies["AUTH_TOKEN"])["user_id"] != ann


@behaviour("ACC-LOGOUT-02", "ACC-LOGOUT-01", "ACC-GEN-02")
@pytest.mark.parametrize("path", ["/account/logout", "/account/logout/"])
def test_logout_ends_the_session_and_nothing_else(cloud: Cloud, path: str) -> None:
    """Both cookies go, the session is dead even if the cookie is kept, and issued tokens stay valid."""
    browser = signed_in(cloud)
    kept = dict(browser.cookies)
    answer = browser.get(path)
    with claim(
        "ACC-LOGOUT-02", "ACC-LOGOUT-01", "ACC-GEN-02", "without next it leads to the login page", about=[answer]
    ):
        observe(urlsplit(location(answer)).path, "/account/login/")
    with claim("ACC-LOGOUT-02", "both cookies go", about=[answer]):
        observe(set(browser.cookies), {"csrftoken"})
    late = Browser(cloud)
    late.cookies.update(kept)
    with claim("ACC-LOGOUT-02", "the session is dead even if its cookie is kept"):
        assert not is_signed_in(late)
    with claim("ACC-LOGOUT-02", "issued tokens stay valid"):
        header = {"Authorization": f"jwt {kept['AUTH_TOKEN']}"}
        observe(cloud.http.get(f"{cloud.api}/users/me", headers=header).status_code, 200)
    with claim("ACC-LOGOUT-02", "who was not signed in comes to the login page too"):
        observe(urlsplit(location(Browser(cloud).get(path))).path, "/account/login/")


@behaviour("ACC-CONSENT-01", "ACC-GEN-11")
def test_the_consent_page_says_who_asks_for_what(cloud: Cloud) -> None:
    """It names the client and three permissions, has both buttons, and sets the cookie that its form repeats."""
    client = register(cloud, name='Eve <script>"')
    browser = signed_in(cloud)
    del browser.cookies["csrftoken"]
    page = browser.consent_page(client)
    with claim("ACC-CONSENT-01", "ACC-GEN-11", "it names the client, escaped"):
        assert "Eve &lt;script&gt;&#34;" in page.text
    for permission in (
        "View and update user email information",
        "View user detail information",
        "Call Avaya Spaces APIs",
    ):
        with claim("ACC-CONSENT-01", f"it names the permission {permission}"):
            assert permission in page.text
    with claim("ACC-CONSENT-01", "the hidden token is that of the cookie"):
        observe(page.fields["csrfmiddlewaretoken"], browser.cookies["csrftoken"])
    with claim("ACC-CONSENT-01", "it has both buttons"):
        observe([button["value"] for button in page.buttons], ["deny", "allow"])
        assert ">Accept<" in page.text
        assert ">Deny<" in page.text


@pytest.mark.parametrize(
    ("shown", "method"),
    [
        pytest.param("ACC-CONSENT-03", "GET", marks=behaviour("ACC-CONSENT-02", "ACC-CONSENT-03"), id="GET"),
        pytest.param("ACC-DECIDE-05", "POST", marks=behaviour("ACC-DECIDE-05"), id="POST"),
    ],
)
def test_consent_wants_a_sign_in_and_a_good_request(cloud: Cloud, shown: str, method: str) -> None:
    """Its query is checked like that of authorize, and then somebody has to be signed in."""
    client = register(cloud)
    bad = urlencode(authorization(client, scope="bogus"))
    worse = urlencode(authorization(client, redirect_uri="https://evil.example/"))
    for name, who in {"somebody": Browser(cloud), "who is signed in": signed_in(cloud)}.items():
        with claim(shown, f"a bad scope of {name} is told to the client"):
            where = location(who.send(method, f"/oauth2/authorize/confirm?{bad}"))
            observe((where.startswith(CALLBACK), query_of(where)["error"]), (True, "invalid_scope"))
        with claim(shown, f"an unknown redirect_uri of {name} is told by a page"):
            page_refused(who.send(method, f"/oauth2/authorize/confirm?{worse}"), 400)
    query = urlencode(authorization(client))
    with claim("ACC-CONSENT-02" if method == "GET" else shown, "who is not signed in comes to the login page"):
        where = location(Browser(cloud).send(method, f"/oauth2/authorize/confirm?{query}"))
        found = (urlsplit(where).path, query_of(where)["next"])
        observe(found, ("/account/login/", f"{cloud.prefix}/oauth2/authorize/confirm?{query}"))


@behaviour("ACC-CONSENT-02", "ACC-DECIDE-01", "ACC-DECIDE-02")
def test_consent_is_asked_for_every_time(cloud: Cloud) -> None:
    """Having accepted once does not accept for the next time."""
    client, browser = register(cloud), signed_in(cloud)
    with claim("ACC-DECIDE-01", "ACC-DECIDE-02", "accepting gives a code"):
        assert "code" in query_of(location(browser.decide(client)))
    with claim("ACC-CONSENT-02", "the next time the consent page comes again"):
        where = location(browser.get("/oauth2/authorize", **authorization(client)))
        observe(urlsplit(where).path, "/oauth2/authorize/confirm")
        assert browser.consent_page(client).buttons


@behaviour("ACC-DECIDE-03")
@pytest.mark.parametrize("response_type", ["code", "token"])
def test_a_denial_is_told_to_the_client(cloud: Cloud, response_type: str) -> None:
    """The error and the state go where the answer was awaited."""
    client = register(cloud)
    browser = signed_in(cloud)
    with claim("ACC-DECIDE-03", "error and state come where the answer was awaited"):
        parts = urlsplit(location(browser.decide(client, "deny", response_type=response_type)))
        text = parts.query if response_type == "code" else parts.fragment
        observe(text, "error=access_denied&state=s1")


@behaviour("ACC-DECIDE-04", "ACC-DECIDE-01")
@pytest.mark.parametrize(
    ("fields", "status"),
    [
        ({"decision": "allow"}, 403),
        ({"decision": "allow", "csrfmiddlewaretoken": "0" * 40}, 403),
        ({"decision": "perhaps"}, 400),
        ({"decision": "ALLOW"}, 400),
        ({}, 400),
    ],
)
def test_a_decision_of_no_page_is_refused(cloud: Cloud, fields: dict[str, str], status: int) -> None:
    """A foreign or missing token and an unknown decision issue nothing and redirect nowhere."""
    client, browser = register(cloud), signed_in(cloud)
    token = browser.consent_page(client).fields["csrfmiddlewaretoken"]
    form = fields if status == 403 else {"csrfmiddlewaretoken": token, **fields}
    query = urlencode(authorization(client))
    with claim("ACC-DECIDE-04", "ACC-DECIDE-01", f"it is refused by a page of status {status}"):
        page_refused(browser.post(f"/oauth2/authorize/confirm?{query}", form), status)


@behaviour("ACC-GEN-11", "ACC-LOGIN-02", "ACC-CONSENT-01")
def test_no_page_can_be_framed_or_load_anything(cloud: Cloud) -> None:
    """Every page forbids frames and all sources but its own style; forms may still lead to a redirect."""
    client, browser = register(cloud), signed_in(cloud)
    pages: dict[str, tuple[str, Callable[[], httpx.Response]]] = {
        "login": ("ACC-LOGIN-02", lambda: browser.get("/account/login/")),
        "consent": ("ACC-CONSENT-01", lambda: browser.get("/oauth2/authorize/confirm", **authorization(client))),
        "a bad request": ("ACC-GEN-11", lambda: browser.get("/oauth2/authorize")),
        "an unknown path": ("ACC-GEN-11", lambda: browser.get("/oauth2/nothing")),
        "a refused form": ("ACC-GEN-11", lambda: browser.post("/account/login/", {})),
        "a link": ("ACC-GEN-11", lambda: browser.send("GET", f"{cloud.urls['web']}/u/ann@example.com")),
        "an unknown link": ("ACC-GEN-11", lambda: browser.send("GET", f"{cloud.urls['web']}/nothing")),
    }
    for name, (shown, opened) in pages.items():
        with claim(*dict.fromkeys((shown, "ACC-GEN-11")), f"{name}: frames and other sources are forbidden"):
            answer = opened()
            observe(answer.headers["x-frame-options"], "DENY")
            observe(answer.headers["content-security-policy"], POLICY)
        with claim("ACC-GEN-11", f"{name}: nothing is loaded", about=[answer]):
            for mark in ("<script", "<link", "<img", "src=", "@import", "url("):
                assert mark not in answer.text


@behaviour("ACC-GEN-11")
def test_what_a_page_repeats_is_escaped(cloud: Cloud) -> None:
    """Script in next, user name, hint or error text stays text."""
    attack = "\"'><script>alert(1)</script>"
    browser = Browser(cloud)
    client = register(cloud)
    pages: dict[str, Callable[[], httpx.Response]] = {
        "next": lambda: browser.get("/account/login/", next=f"/{attack}"),
        "a user name": lambda: browser.sign_in(f"{attack}@example.com"),
        "a client": lambda: browser.get("/oauth2/authorize", client_id=attack),
        "a redirect_uri": lambda: browser.get("/oauth2/authorize", **authorization(client, redirect_uri=attack)),
        "a link to a user": lambda: browser.send("GET", f"{cloud.urls['web']}/u/%3Cscript%3E@example.com"),
        "a link to a chat": lambda: browser.send("GET", f"{cloud.urls['web']}/d/chat?email=%3Cscript%3E"),
    }
    for name, opened in pages.items():
        with claim("ACC-GEN-11", f"script in {name} stays text"):
            answer = opened()
            assert "<script" not in answer.text
            assert "&lt;script&gt;" in answer.text


@behaviour("ACC-LOGIN-02", "ACC-SIGNIN-01")
def test_the_mock_lists_users_for_one_click(cloud: Cloud) -> None:
    """On a mock the page has a button for each user who can sign in, until the setting takes them away."""
    client = register(cloud)
    cloud.user("dora@example.com", enabled=False)
    subject = cloud.app("spaces.create").key["sub"]
    browser = Browser(cloud)
    page = browser.login_page(next=f"/oauth2/authorize?{urlencode(authorization(client))}")
    with claim("ACC-LOGIN-02", "it has a button for each user who can sign in"):
        listed = [button["value"] for button in page.buttons if button.get("name") == "mock_sign_in"]
        assert {ANN, "bob@example.com"} <= set(listed)
    with claim("ACC-LOGIN-02", "it has none for a disabled user or a service account"):
        assert not {"dora@example.com", subject} & set(listed)
    form = {"csrfmiddlewaretoken": page.fields["csrfmiddlewaretoken"], "mock_sign_in": "bob@example.com"}
    names = {"a disabled user": "dora@example.com", "a service account": subject, "an unknown user": "nobody@x.example"}
    for what, bad in names.items():
        with claim("ACC-SIGNIN-01", f"one click signs in no {what.partition(' ')[2]}"):
            assert WRONG in browser.post("/account/login/", {**form, "mock_sign_in": bad}).text
    change(cloud, list_users=False)
    with claim("ACC-LOGIN-02", "a setting takes the buttons away"):
        assert "mock_sign_in" not in browser.login_page().text
    with claim("ACC-SIGNIN-01", "without the setting one click signs in nobody"):
        assert MALFORMED in browser.post("/account/login/", form).text
    change(cloud, list_users=True)
    with claim("ACC-SIGNIN-01", "one click signs in"):
        browser.post("/account/login/", form)
        cloud.explains("accounts.list_users", path="/account/login/", method="POST")
        assert is_signed_in(browser)


@behaviour("ACC-SIGNIN-07", "ACC-AUTHZ-09")
def test_below_a_prefix_cookies_and_redirects_carry_it(cloud: Cloud) -> None:
    """A world that is reached below /w/<name>/ keeps its cookies and its browser there."""
    name = cloud.control("GET", "")["name"]
    worlds = {world["name"]: world["urls"]["prefix"] for world in cloud.control("GET", "/worlds")["data"]}
    prefixed = Cloud(worlds[name], cloud.http, is_mock=True)
    client, browser = register(cloud), Browser(prefixed)
    where = browser.get("/oauth2/authorize", **authorization(client)).headers["location"]
    with claim("ACC-AUTHZ-09", "the login page and next carry the prefix"):
        assert where.startswith(f"/w/{name}/account/login/?next=%2Fw%2F{name}%2Foauth2%2Fauthorize%3F")
    answer = browser.sign_in(next=query_of(where)["next"])
    with claim("ACC-SIGNIN-07", "the cookies carry the prefix", about=[answer]):
        for line in answer.headers.get_list("set-cookie"):
            assert f"; Path=/w/{name}/; HttpOnly" in line
    with claim("ACC-AUTHZ-09", "a sign-in leads back below the prefix", about=[answer]):
        assert answer.headers["location"].startswith(f"/w/{name}/oauth2/authorize?")
    with claim("ACC-AUTHZ-09", "the root is that of the prefix"):
        assert browser.get("/account/logout", next="//evil.example").headers["location"] == f"/w/{name}/"
    with claim("ACC-AUTHZ-09", "consent leads to the client"):
        assert location(signed_in(prefixed).decide(client)).startswith(CALLBACK)
