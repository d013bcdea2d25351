from collections.abc import Mapping
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import TOKEN, Cloud, behaviour, only_mock
from contract_tests.oauth import (
    ANN,
    CALLBACK,
    CHALLENGE,
    EVERY_SCOPE,
    PKCE,
    VERIFIER,
    Browser,
    Client,
    authorization,
    authorize,
    by_password,
    change,
    claims,
    code,
    exchange,
    failed,
    fragment_of,
    granted,
    info,
    location,
    page_refused,
    query_of,
    register,
    signed_in,
    works,
)


def asked(cloud: Cloud, client: Client, browser: Browser | None = None, /, **changes: str | None) -> str:
    """Return where an authorization request leads a browser."""
    return location((browser or Browser(cloud)).get("/oauth2/authorize", **authorization(client, **changes)))


def visit(cloud: Cloud, url: str, params: Mapping[str, str] | None = None) -> httpx.Response:
    """Open a URL as somebody whom the server has never seen."""
    answer = cloud.http.get(url, params=params)
    cloud.http.cookies.clear()  # the client is shared
    return answer


@behaviour("ACC-AUTHZ-09", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_whoever_is_not_signed_in_comes_to_the_login_page(cloud: Cloud, slash: str) -> None:
    """The login page is told where to go on: the path and query that were asked for."""
    client = register(cloud)
    query = urlencode(authorization(client, scope="email profile"))
    where = location(Browser(cloud).send("GET", f"/oauth2/authorize{slash}?{query}"))
    with claim("ACC-AUTHZ-09", "ACC-GEN-02", "it leads to the login page"):
        expect(urlsplit(where).path, "/account/login/")
    with claim("ACC-AUTHZ-09", "the login page is told where to go on, and the product"):
        observe(list(query_of(where)), ["next", "product_name"])
        following = f"{cloud.prefix}/oauth2/authorize{slash}?{query}"
        observe(query_of(where), {"next": following, "product_name": "zangspaces"})


@behaviour("ACC-AUTHZ-10")
def test_whoever_is_signed_in_comes_to_the_consent_page(cloud: Cloud) -> None:
    """The query goes along unchanged."""
    client = register(cloud)
    where = asked(cloud, client, signed_in(cloud))
    with claim("ACC-AUTHZ-10", "it leads to the consent page"):
        expect(urlsplit(where).path, "/oauth2/authorize/confirm")
    with claim("ACC-AUTHZ-10", "the query goes along"):
        expect(query_of(where), authorization(client))


@behaviour("ACC-AUTHZ-16", "ACC-AUTHZ-06", "ACC-AUTHZ-18")
@pytest.mark.parametrize(
    ("uri", "start"),
    [
        (CALLBACK, f"{CALLBACK}?"),
        ("http://localhost:3000", "http://localhost:3000/?"),
        ("https://app.example/cb?tenant=1", "https://app.example/cb?tenant=1&"),
        ("https://app.example?tenant=1", "https://app.example/?tenant=1&"),
        ("app://cb", "app://cb?"),
    ],
)
def test_a_code_comes_behind_the_state(cloud: Cloud, uri: str, start: str) -> None:
    """State first and only if it was sent, then a code of 40 hex digits, appended to whatever the URI has."""
    client = register(cloud) if uri == CALLBACK else register(cloud, uri)
    start = start.replace(CALLBACK, client.redirect_uri)  # that of the profile, at a service
    where = authorize(cloud, client)
    with claim("ACC-AUTHZ-16", "the answer is appended to the URI"):
        assert where.startswith(start), where
    added = parse_qsl(where.removeprefix(start))
    with claim("ACC-AUTHZ-16", "state first, then the code"):
        expect([name for name, _ in added], ["state", "code"])
    with claim("ACC-AUTHZ-06", "the state is that of the request"):
        expect(added[0][1], "s1")
    with claim("ACC-AUTHZ-18", "the code has 40 hex digits"):
        observe(added[1][1], TOKEN)
    with claim("ACC-AUTHZ-16", "without state there is only the code"):
        expect(list(query_of(authorize(cloud, client, state=None)))[-1:], ["code"])


@behaviour("ACC-DECIDE-02", "ACC-DECIDE-03", "ACC-AUTHZ-06")
def test_a_person_decides(cloud: Cloud) -> None:
    """Who allows and who denies is sent back to the application, with its state as it was sent."""
    client, state = register(cloud), "a b+c&d=\u00e9"
    allowed = query_of(authorize(cloud, client, state=state))
    with claim("ACC-DECIDE-02", "who allows brings a code"):
        expect(list(allowed), ["state", "code"])
    with claim("ACC-AUTHZ-06", "the state comes back after consent"):
        expect(allowed["state"], state)
    denied = query_of(authorize(cloud, client, decision="deny", state=state))
    with claim("ACC-DECIDE-03", "who denies brings an error and no code") as shown:
        observe(denied.get("error"), "access_denied")
        assert "code" not in denied
        shown.saw_refusal()
    with claim("ACC-AUTHZ-06", "the state comes back after denial"):
        expect(denied["state"], state)


STATES = [
    "a b+c",
    "ä€😀",
    "x&code=forged#y",
    "\r\nSet-Cookie: a=b",
    "<script>alert(1)</script>",
    " padded ",
    "",
    "100%",
    '"\\',
]


@behaviour("ACC-AUTHZ-06", "ACC-GEN-13", "ACC-GEN-04")
@pytest.mark.parametrize("state", STATES)
def test_a_state_comes_back_as_it_was_sent(cloud: Cloud, state: str) -> None:
    """Decoded once, state is what was sent, and it adds neither parameter nor header; with consent, denial, error."""
    client = register(cloud)
    browser = signed_in(cloud)
    allowed = location(browser.decide(client, "allow", state=state))
    denied = location(browser.decide(client, "deny", state=state))
    refused = location(browser.get("/oauth2/authorize", **authorization(client, state=state, scope="bogus")))
    with claim("ACC-AUTHZ-06", "it adds no parameter"):
        expect(list(query_of(allowed)), ["state", "code"])
    for name, where in {"consent": allowed, "denial": denied, "error": refused}.items():
        with claim("ACC-AUTHZ-06", "ACC-GEN-04", f"{name}: it comes back as it was sent"):
            expect(query_of(where)["state"], state)
        with claim("ACC-GEN-13", f"{name}: it is encoded"):
            assert where.isascii()
            assert not set(where) & set(' "<>\\\r\n'), where
            assert urlsplit(where).fragment == ""


@behaviour("ACC-AUTHZ-06", "ACC-GEN-13")
def test_a_state_of_bytes_that_are_no_text_survives(cloud: Cloud) -> None:
    """Even percent-encoded bytes that are no UTF-8 go back unchanged."""
    client = register(cloud)
    change(cloud, auto_login=ANN, auto_consent=True)
    query = urlencode(authorization(client, state=None))
    with claim("ACC-AUTHZ-06", "ACC-GEN-13", "bytes that are no UTF-8 come back"):
        where = location(Browser(cloud).send("GET", f"/oauth2/authorize?{query}&state=%FF%FEa"))
        observe(urlsplit(where).query.partition("&")[0], "state=%FF%FEa")


@behaviour("ACC-AUTHZ-17", "ACC-AUTHZ-03", "ACC-AUTHZ-05")
def test_the_implicit_flow_answers_in_the_fragment(cloud: Cloud) -> None:
    """A usable access token in the documented order, and never a refresh token."""
    client = register(cloud)
    where = authorize(cloud, client, response_type="token", access_type="offline", scope="email,spaces")
    found = fragment_of(where)
    with claim("ACC-AUTHZ-17", "ACC-AUTHZ-03", "nothing is in the query"):
        assert urlsplit(where).query == ""
    with claim("ACC-AUTHZ-17", "the members come in their order, without a refresh token"):
        observe(list(found), ["access_token", "token_type", "expires_in", "scope", "state"])
    with claim("ACC-AUTHZ-17", "type, life and state"):
        expect((found["token_type"], found["expires_in"], found["state"]), ("Bearer", "3599", "s1"))
    with claim("ACC-AUTHZ-05", "the scopes are those of the request"):
        observe(found["scope"], "https://www.onesna.com/auth/userinfo.email https://www.onesna.com/auth/logan")
    with claim("ACC-AUTHZ-17", "ACC-AUTHZ-03", "the token opens the REST API"):
        assert works(cloud, found["access_token"])
    with claim("ACC-AUTHZ-17", "without state there is none"):
        without = fragment_of(authorize(cloud, client, response_type="token", state=None))
        observe("state" in without, wanted=False)


@behaviour("ACC-AUTHZ-01")
@pytest.mark.parametrize("client_id", ["f" * 64, "x", "any id"])
def test_a_client_id_has_any_length(cloud: Cloud, client_id: str) -> None:
    """Whoever is registered is known by his id, however long it is."""
    client = register(cloud, client_id=client_id)
    with claim("ACC-AUTHZ-01", "it is known"):
        expect(urlsplit(asked(cloud, client)).path, "/account/login/")


@pytest.mark.parametrize(
    ("shown", "changes"),
    [
        pytest.param(shown, changes, marks=behaviour("ACC-AUTHZ-11", shown), id=name)
        for name, shown, changes in (
            ("no client_id", "ACC-AUTHZ-01", {"client_id": None}),
            ("empty client_id", "ACC-AUTHZ-01", {"client_id": ""}),
            ("unknown client_id", "ACC-AUTHZ-01", {"client_id": "f" * 64}),
            ("no redirect_uri", "ACC-AUTHZ-02", {"redirect_uri": None}),
            ("other redirect_uri", "ACC-AUTHZ-02", {"redirect_uri": "https://app.example/other"}),
        )
    ],
)
def test_an_untrusted_request_is_answered_by_a_page(cloud: Cloud, shown: str, changes: dict[str, str | None]) -> None:
    """With an unknown client or URI nobody is sent anywhere, also if more is wrong."""
    client = Client("f" * 64, "", CALLBACK) if "client_id" in changes else register(cloud)
    params = authorization(client, response_type="bogus", **changes)
    paths = ("/oauth2/authorize", "/oauth2/authorize/confirm")
    for path in paths:
        with claim("ACC-AUTHZ-11", shown, f"a stranger at {path} is sent nowhere"):
            page_refused(visit(cloud, f"{cloud.accounts}{path}", params), 400)
    browser, client = signed_in(cloud), register(cloud)
    params = authorization(client, response_type="bogus", **changes)
    for path in paths:
        with claim("ACC-AUTHZ-11", shown, f"who is signed in at {path} is sent nowhere"):
            page_refused(browser.get(path, **params), 400)


LOOK_ALIKES = [
    "https://app.example/callback/",
    "https://app.example/callback?x=1",
    "https://app.example/callback#",
    "https://app.example/callback%2F..",
    "https://app.example/Callback",
    "https://app.example.evil.example/callback",
    "https://app.example@evil.example/callback",
    "https://app.example:443/callback",
    "http://app.example/callback",
    "//app.example/callback",
    "javascript:alert(1)",
    "https://app.example/callbac",
]


@behaviour("ACC-AUTHZ-02", "ACC-AUTHZ-11")
@pytest.mark.parametrize("uri", LOOK_ALIKES)
def test_a_redirect_uri_is_compared_character_by_character(cloud: Cloud, uri: str) -> None:
    """Nothing that only looks like a registered URI is redirected to."""
    client = register(cloud)
    with claim("ACC-AUTHZ-02", "ACC-AUTHZ-11", "it is not redirected to"):
        page_refused(visit(cloud, f"{cloud.accounts}/oauth2/authorize", authorization(client, redirect_uri=uri)), 400)


@behaviour("ACC-AUTHZ-02")
@pytest.mark.parametrize("uri", ["/cb", "app.example/cb", "https://app.example/cb#", "javascript:alert(1)", "DATA:,x"])
def test_a_uri_that_cannot_be_redirected_to_cannot_be_registered(cloud: Cloud, uri: str) -> None:
    """Registered URIs are absolute, have no fragment and no scheme that runs script."""
    only_mock(cloud, "the portal has no API")
    control = cloud.urls["control"]
    with claim("ACC-AUTHZ-02", "it cannot be registered"):
        answer = cloud.http.post(f"{control}/oauth-clients", json={"redirect_uris": [uri]})
        observe(answer.status_code, 400, answer.text)


@pytest.mark.parametrize(
    ("shown", "changes", "error"),
    [
        pytest.param(shown, changes, error, marks=behaviour("ACC-AUTHZ-12", *shown), id=f"{changes}")
        for shown, changes, error in (
            (["ACC-AUTHZ-13", "ACC-AUTHZ-03"], {"response_type": None}, "invalid_request"),
            (["ACC-AUTHZ-13", "ACC-AUTHZ-03"], {"response_type": "id_token"}, "unsupported_response_type"),
            (["ACC-AUTHZ-13", "ACC-AUTHZ-03"], {"response_type": "code token"}, "unsupported_response_type"),
            (["ACC-SCOPE-06"], {"scope": "spaces bogus"}, "invalid_scope"),
            (["ACC-AUTHZ-04"], {"access_type": "sometimes"}, "invalid_request"),
        )
    ],
)
def test_any_other_mistake_is_told_to_the_client(
    cloud: Cloud, shown: list[str], changes: dict[str, str | None], error: str
) -> None:
    """Error, description and state go to the redirect URI, signed in or not."""
    client = register(cloud)
    for name, browser in {"a stranger": Browser(cloud), "who is signed in": signed_in(cloud)}.items():
        where = asked(cloud, client, browser, **changes)
        with claim("ACC-AUTHZ-12", f"{name} is sent to the client"):
            assert where.startswith(f"{CALLBACK}?"), where
        with claim("ACC-AUTHZ-12", f"{name}: error, description and state"):
            observe(list(query_of(where)), ["error", "error_description", "state"])
            observe(query_of(where)["state"], "s1")
        with claim(*shown, f"{name}: the error is {error}"):
            observe(query_of(where)["error"], error)


@behaviour("ACC-AUTHZ-12")
def test_the_error_comes_where_the_answer_was_awaited(cloud: Cloud) -> None:
    """For an implicit request it is in the fragment, and without state there is none."""
    client = register(cloud)
    where = asked(cloud, client, response_type="token", scope="bogus", state=None)
    with claim("ACC-AUTHZ-12", "the error of an implicit request is in the fragment"):
        observe(urlsplit(where).query, "")
    with claim("ACC-AUTHZ-12", "without state there is none"):
        observe(list(fragment_of(where)), ["error", "error_description"])


@behaviour("ACC-GEN-05", "ACC-AUTHZ-01", "ACC-AUTHZ-12")
@pytest.mark.parametrize("name", ["scope", "response_type", "state", "nonce"])
def test_a_repeated_parameter_is_an_invalid_request(cloud: Cloud, name: str) -> None:
    """A known parameter that comes again with another value is refused, with an equal one or an unknown one is not."""
    client = register(cloud)
    query = urlencode(authorization(client, scope="email", nonce="n"))
    with claim("ACC-GEN-05", "ACC-AUTHZ-12", "another value again is an invalid request"):
        answer = Browser(cloud).send("GET", f"/oauth2/authorize?{query}&{urlencode({name: 'spaces'})}")
        observe(query_of(location(answer))["error"], "invalid_request")
    same = urlencode({name: authorization(client, scope="email", nonce="n")[name]})
    with claim("ACC-AUTHZ-01", "an equal value counts once, and empty pairs are ignored"):
        answer = Browser(cloud).send("GET", f"/oauth2/authorize?&&{query}&&{same}&")
        observe("/account/login/" in location(answer), wanted=True)
    with claim("ACC-GEN-05", "an unknown one given twice is ignored"):
        assert "/account/login/" in location(Browser(cloud).send("GET", f"/oauth2/authorize?{query}&x=1&x=2"))


@behaviour("ACC-AUTHZ-02")
def test_a_redirect_uri_may_have_a_scheme_of_its_own(cloud: Cloud) -> None:
    """Apps on phones register URIs with a scheme of their own, and are answered there, character by character."""
    client = register(cloud, "com.example.app:/callback")
    with claim("ACC-AUTHZ-02", "the code goes to the custom scheme"):
        assert authorize(cloud, client).startswith("com.example.app:/callback?")
    with claim("ACC-AUTHZ-02", "another spelling of it is no registered one"):
        query = urlencode(authorization(client, redirect_uri="com.example.app://callback"))
        page_refused(visit(cloud, f"{cloud.accounts}/oauth2/authorize?{query}"), 400)


@behaviour("ACC-GEN-05", "ACC-AUTHZ-11")
@pytest.mark.parametrize("name", ["client_id", "redirect_uri"])
def test_a_repeated_destination_is_not_redirected_to(cloud: Cloud, name: str) -> None:
    """Which of two clients or URIs is meant nobody knows, so the answer is a page."""
    client = register(cloud)
    query = urlencode(authorization(client))
    again = urlencode({name: f"{authorization(client)[name]}x"})
    with claim("ACC-GEN-05", "ACC-AUTHZ-11", "it is answered by a page"):
        page_refused(visit(cloud, f"{cloud.accounts}/oauth2/authorize?{query}&{again}"), 400)


@behaviour("ACC-GEN-03", "ACC-GEN-04")
def test_unknown_parameters_and_blanks_around_values_do_no_harm(cloud: Cloud) -> None:
    """The slips of the documents' own samples are tolerated."""
    client = register(cloud)
    with claim("ACC-GEN-03", "an unknown parameter is ignored"):
        where = asked(cloud, client, grand_type="authorization_code")
        expect(urlsplit(where).path, "/account/login/")
    with claim("ACC-GEN-04", "blanks around values are trimmed"):
        where = asked(cloud, client, response_type="code ", grand_type="x", client_id=f" {client.id} ")
        expect(urlsplit(where).path, "/account/login/")


@behaviour("ACC-AUTHZ-07")
@pytest.mark.parametrize(
    "pkce",
    [
        {"code_challenge": CHALLENGE},
        {"code_challenge": CHALLENGE, "code_challenge_method": "s256"},
        {"code_challenge": "x" * 42, "code_challenge_method": "plain"},
        {"code_challenge": "x" * 129, "code_challenge_method": "plain"},
        {"code_challenge": "+" * 43, "code_challenge_method": "plain"},
        {"code_challenge_method": "S256"},
    ],
)
def test_a_malformed_challenge_is_an_invalid_request(cloud: Cloud, pkce: dict[str, str]) -> None:
    """The method must be named and the challenge be 43 to 128 unreserved characters."""
    client = register(cloud)
    with claim("ACC-AUTHZ-07", "it is an invalid request"):
        observe(query_of(asked(cloud, client, **pkce)).get("error"), "invalid_request")


@behaviour("ACC-AUTHZ-07", "ACC-TOKEN-18")
@pytest.mark.parametrize("response_type", ["code", "esjwtcode"])
def test_a_public_client_must_send_a_challenge(cloud: Cloud, response_type: str) -> None:
    """Without one its request is invalid; with one, and for the implicit flow, it goes on to the login page."""
    client = register(cloud, public=True)
    with claim("ACC-AUTHZ-07", "ACC-TOKEN-18", "without a challenge it is an invalid request"):
        observe(query_of(asked(cloud, client, response_type=response_type)).get("error"), "invalid_request")
    with claim("ACC-AUTHZ-07", "ACC-TOKEN-18", "with one it goes on"):
        where = asked(cloud, client, response_type=response_type, **PKCE)
        expect(urlsplit(where).path, "/account/login/")
    with claim("ACC-TOKEN-18", "the implicit flow needs none"):
        expect(urlsplit(asked(cloud, client, response_type="token")).path, "/account/login/")


@behaviour("ACC-AUTHZ-08")
@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_a_prompt_asks_for_the_login_page_once(cloud: Cloud, prompt: str) -> None:
    """Although signed in the user comes to the login page, and from there on to consent."""
    client, browser = register(cloud), signed_in(cloud)
    where = asked(cloud, client, browser, prompt=prompt)
    with claim("ACC-AUTHZ-08", "it leads to the login page"):
        observe(urlsplit(where).path, "/account/login/")
    target = query_of(where)["next"]
    with claim("ACC-AUTHZ-08", "next has the request without the prompt"):
        observe(query_of(target), authorization(client))
    with claim("ACC-AUTHZ-08", "next leads to consent"):
        observe(urlsplit(location(browser.send("GET", target_url(cloud, target)))).path, "/oauth2/authorize/confirm")


def target_url(cloud: Cloud, path: str) -> str:
    """Return the URL of a path that the server named."""
    parts = urlsplit(cloud.accounts)
    return f"{parts.scheme}://{parts.netloc}{path}"


@behaviour("ACC-AUTHZ-08")
@pytest.mark.parametrize("prompt", ["consent", "none", "bogus"])
def test_any_other_prompt_has_no_effect(cloud: Cloud, prompt: str) -> None:
    """Who is signed in goes to consent as without it."""
    client, browser = register(cloud), signed_in(cloud)
    with claim("ACC-AUTHZ-08", "it leads to consent"):
        observe(urlsplit(asked(cloud, client, browser, prompt=prompt)).path, "/oauth2/authorize/confirm")


@behaviour("ACC-AUTHZ-08")
def test_a_login_hint_fills_in_the_user_name(cloud: Cloud) -> None:
    """The login page that follows has the name in its field, escaped."""
    client, browser = register(cloud), Browser(cloud)
    hint = '"><script>@example.com'
    where = asked(cloud, client, browser, login_hint=hint)
    page = browser.login_page(**query_of(where))
    with claim("ACC-AUTHZ-08", "the name is in the field of the login page"):
        observe(page.fields["username"], hint)
    with claim("ACC-AUTHZ-08", "script in it stays text"):
        assert "<script" not in page.text


@behaviour("ACC-AUTHZ-14")
@pytest.mark.parametrize("mark", ["%3F", "%3f"])
def test_the_query_may_be_encoded_into_the_path(cloud: Cloud, mark: str) -> None:
    """What follows an encoded question mark is the query, decoded once; a real query beside it is ignored."""
    client = register(cloud)
    change(cloud, auto_login=ANN, auto_consent=True)
    query = urlencode(authorization(client, scope="email spaces", state="a&b=c"))
    path = f"/oauth2/authorize/{mark}{quote(query, safe='')}"
    for name, ending in {"alone": "", "beside a real query": "?client_id=other&state=other"}.items():
        with claim("ACC-AUTHZ-14", f"{name} it leads to the client, with its state"):
            where = location(Browser(cloud).send("GET", f"{path}{ending}"))
            expect(where.startswith(CALLBACK), True)  # noqa: FBT003 - a value
            expect(query_of(where)["state"], "a&b=c")


@behaviour("ACC-AUTHZ-14", "ACC-GEN-13", "ACC-AUTHZ-09")
def test_an_encoded_query_leads_to_the_login_page_and_back(cloud: Cloud) -> None:
    """The page that comes next has a plain query, in which nothing can hide."""
    client, browser = register(cloud), Browser(cloud)
    query = urlencode(authorization(client)).replace("s1", "%0d%0aX%23y")
    where = location(browser.send("GET", f"/oauth2/authorize/%3F{quote(query, safe='')}"))
    target = query_of(where)["next"]
    with claim("ACC-AUTHZ-14", "ACC-AUTHZ-09", "next is the plain path"):
        observe(urlsplit(target).path.endswith("/oauth2/authorize"), wanted=True)
    with claim("ACC-AUTHZ-14", "ACC-GEN-13", "next has the state, and nothing hides in it"):
        expect(query_of(target)["state"], "\r\nX#y")
        assert urlsplit(target).fragment == ""


@behaviour("ACC-AUTHZ-14", "ACC-GEN-06")
@pytest.mark.parametrize("path", ["/oauth2/authorize/x", "/oauth2/authorize/%3", "/oauth2/authorize/confirm/%3Fa%3Db"])
def test_nothing_else_is_served_below_authorize(cloud: Cloud, path: str) -> None:
    """A path that only resembles the encoded form is not found."""
    with claim("ACC-AUTHZ-14", "ACC-GEN-06", "it is a page of status 404"):
        page_refused(visit(cloud, f"{cloud.accounts}{path}"), 404)


@behaviour("ACC-AUTHZ-18", "ACC-TOKEN-04")
@pytest.mark.parametrize(("ahead", "works"), [(599, True), (599.999, True), (600, False), (601, False)])
def test_a_code_lives_ten_minutes(cloud: Cloud, ahead: float, *, works: bool) -> None:
    """It is exchanged until it is 600 s old, and refused from that moment on."""
    cloud.freeze()
    client = register(cloud)
    value = code(cloud, client)
    cloud.advance(ahead)
    with claim("ACC-AUTHZ-18", "ACC-TOKEN-04", "it is exchanged" if works else "it is refused"):
        answer = exchange(cloud, client, value)
        if works:
            granted(answer)
        else:
            failed(answer, "invalid_grant")


@behaviour("ACC-AUTHZ-18")
def test_a_code_carries_what_the_user_agreed_to(cloud: Cloud) -> None:
    """User, scopes, nonce and access type of the request show up in what the code is exchanged for."""
    client = register(cloud)
    value = code(cloud, client, "bob@example.com", scope="email", nonce=" n 1 ", access_type="online")
    body = granted(exchange(cloud, client, value))
    found = claims(body["id_token"])
    with claim("ACC-AUTHZ-18", "user and nonce"):
        observe((found["email"], found["nonce"]), (cloud.credentials("bob@example.com")[0], " n 1 "))
    with claim("ACC-AUTHZ-18", "scopes"):
        observe(body["scope"], "https://www.onesna.com/auth/userinfo.email")
    with claim("ACC-AUTHZ-18", "access type"):
        assert "refresh_token" not in body


@behaviour("ACC-AUTHZ-19", "ACC-AUTHZ-03", "ACC-UJWT-06")
def test_esjwtcode_leads_to_a_user_jwt(cloud: Cloud) -> None:
    """The code looks like any other; the id_token it is exchanged for opens the REST API as a user JWT."""
    client = register(cloud)
    body = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode")))
    token = body["id_token"]
    with claim("ACC-AUTHZ-19", "ACC-AUTHZ-03", "ACC-UJWT-06", "the id_token opens the REST API as a user JWT"):
        answer = cloud.http.get(f"{cloud.api}/users/me", headers={"Authorization": f"jwt {token}"})
        observe((answer.status_code, answer.json()["username"]), (200, ANN))
    with claim("ACC-AUTHZ-19", "its audience is the client"):
        observe(info(cloud, token).json()["audience"], client.id)


@behaviour("ACC-AUTHZ-15")
def test_auto_login_signs_in_without_a_session(cloud: Cloud) -> None:
    """Authorize goes on to consent whatever cookies or prompt are sent, and no session is made."""
    client = register(cloud)
    change(cloud, auto_login="Bob@example.com")
    browser = signed_in(cloud)
    with claim("ACC-AUTHZ-15", "whatever prompt is sent, it leads to consent"):
        where = asked(cloud, client, browser, prompt="login")
        observe(urlsplit(where).path, "/oauth2/authorize/confirm")
    with claim("ACC-AUTHZ-15", "whoever is signed in, the user is that of the setting"):
        assert "bob@example.com" in browser.consent_page(client).text
    fresh = Browser(cloud)
    where = location(fresh.decide(client))
    with claim("ACC-AUTHZ-15", "consent without a session leads to the client"):
        assert where.startswith(CALLBACK)
    with claim("ACC-AUTHZ-15", "no session is made"):
        assert set(fresh.cookies) == {"csrftoken"}
    with claim("ACC-AUTHZ-15", "the code is that of the user of the setting"):
        body = granted(exchange(cloud, client, query_of(where)["code"]))
        observe(claims(body["id_token"])["email"], "bob@example.com")


@behaviour("ACC-AUTHZ-15")
def test_auto_consent_skips_the_consent_page(cloud: Cloud) -> None:
    """With both settings authorize answers the final redirect at once; consent alone still wants a sign-in."""
    client = register(cloud)
    change(cloud, auto_consent=True)
    with claim("ACC-AUTHZ-15", "consent alone still wants a sign-in"):
        observe(urlsplit(asked(cloud, client)).path, "/account/login/")
    browser = signed_in(cloud)
    with claim("ACC-AUTHZ-15", "who is signed in is not asked"):
        answer = browser.get("/oauth2/authorize/confirm", **authorization(client))
        assert location(answer).startswith(CALLBACK)
    with claim("ACC-AUTHZ-15", "with both settings authorize answers the final redirect"):
        assert authorize(cloud, client).startswith(CALLBACK)
        cloud.explains("accounts.auto_login", "accounts.auto_consent", path="/oauth2/authorize")


@behaviour("ACC-AUTHZ-15")
@pytest.mark.parametrize("who", ["nobody@example.com", "a disabled user", "a service account"])
def test_auto_login_of_nobody_is_refused(cloud: Cloud, who: str) -> None:
    """The setting stays as it was if it names an unknown or disabled user, or a service account."""
    only_mock(cloud, "a setting of the mock")
    if who == "a disabled user":
        who = cloud.user("dora@example.com", enabled=False).username
    elif who == "a service account":
        who = cloud.app("spaces.create").key["sub"]
    patch = {"accounts.auto_login": who, "accounts.auto_consent": True}
    control = cloud.urls["control"]
    with claim("ACC-AUTHZ-15", "it is refused"):
        answer = cloud.http.patch(f"{control}/settings", json=patch)
        observe((answer.status_code, answer.json()["code"]), (400, "request.invalid"))
    with claim("ACC-AUTHZ-15", "no setting has changed"):
        settings = cloud.control("GET", "/settings")
        observe((settings["accounts.auto_login"], settings["accounts.auto_consent"]), (None, False))


@behaviour("ACC-AUTHZ-15")
def test_a_seed_may_name_its_own_user_for_auto_login(cloud: Cloud) -> None:
    """Users come before the setting, so one document can bring both; a document that names nobody is refused."""
    users = [{"username": "seed@example.com"}]
    cloud.control("POST", "/seed", {"users": users, "settings": {"accounts.auto_login": "seed@example.com"}})
    with claim("ACC-AUTHZ-15", "one document brings user and setting"):
        observe(cloud.control("GET", "/settings")["accounts.auto_login"], "seed@example.com")
    bad, control = {"settings": {"accounts.auto_login": "nobody@example.com"}}, cloud.urls["control"]
    with claim("ACC-AUTHZ-15", "a document that names nobody is refused"):
        answer = cloud.http.post(f"{control}/seed", json=bad)
        observe(answer.status_code, 400, answer.text)
    with claim("ACC-AUTHZ-15", "a document that was refused changes nothing"):
        observe(cloud.control("GET", "/settings")["accounts.auto_login"], "seed@example.com")


@behaviour("ACC-AUTHZ-07", "ACC-TOKEN-05")
@pytest.mark.parametrize(("method", "challenge"), [("S256", CHALLENGE), ("plain", VERIFIER)])
def test_both_challenge_methods_lead_to_tokens(cloud: Cloud, method: str, challenge: str) -> None:
    """A code with a challenge is exchanged with its verifier."""
    client = register(cloud)
    value = code(cloud, client, code_challenge=challenge, code_challenge_method=method)
    with claim("ACC-AUTHZ-07", "ACC-TOKEN-05", "the code is exchanged with its verifier"):
        expect(granted(exchange(cloud, client, value, code_verifier=VERIFIER))["scope"], EVERY_SCOPE)


@behaviour("ACC-AUTHZ-11")
def test_a_client_of_another_world_gets_nothing(cloud: Cloud) -> None:
    """A client of another world is as unknown here as one that never was."""
    other = cloud.control("POST", "/worlds", {"seed": "empty"})
    control = (other["urls"]["port"] or other["urls"]["prefix"])["control"]
    made = cloud.http.post(f"{control}/oauth-clients", json={"redirect_uris": [CALLBACK]}).json()
    cloud.control("DELETE", f"/worlds/{other['name']}")
    client = Client(made["client_id"], made["client_secret"], CALLBACK)
    with claim("ACC-AUTHZ-11", "authorize does not know a client of another world"):
        page_refused(Browser(cloud).get("/oauth2/authorize", **authorization(client)), 400)
    with claim("ACC-AUTHZ-11", "the token endpoint does not know it either"):
        failed(by_password(cloud, client), "invalid_client", 401)
