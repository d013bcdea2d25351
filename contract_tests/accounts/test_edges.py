"""Two of something, a second time and the exact edge, at the identity server."""

import base64
from urllib.parse import quote_plus, urlencode, urlsplit

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour
from contract_tests.oauth import (
    ANN,
    ANN_PASSWORD,
    Browser,
    Client,
    authorization,
    by_password,
    claims,
    exchange,
    failed,
    granted,
    info,
    location,
    query_of,
    refresh,
    register,
    revoke,
    signed_in,
    token_call,
    works,
)


@behaviour("ACC-TOKEN-03")
def test_basic_credentials_are_form_encoded(cloud: Cloud) -> None:
    """A secret of any characters is form-encoded before it is put into the header (RFC 6749, 2.3.1)."""
    client, (name, password) = register(cloud, client_secret="a b+c%2Bd:e"), cloud.credentials()
    form = {"grant_type": "password", "username": name, "password": password}

    def basic(client_id: str, secret: str) -> dict[str, str]:
        return {"Authorization": f"Basic {base64.b64encode(f'{client_id}:{secret}'.encode()).decode()}"}

    with claim("ACC-TOKEN-03", "an encoded secret is accepted"):
        encoded = basic(quote_plus(client.id), quote_plus(client.secret or ""))
        granted(token_call(cloud, form, headers=encoded))
    with claim("ACC-TOKEN-03", "a secret that is not encoded is another one"):
        failed(token_call(cloud, form, headers=basic(client.id, client.secret or "")), "invalid_client", 401)


@behaviour("ACC-INFO-03", "ACC-INFO-06")
def test_the_seconds_left_are_whole_and_rounded_down(cloud: Cloud) -> None:
    """What is left of a second does not count, and in the last millisecond none is left."""
    client = register(cloud)
    cloud.freeze("2031-02-03T04:05:06.250Z")
    token = granted(by_password(cloud, client))["id_token"]
    with claim("ACC-INFO-03", "three quarters of a second do not count"):
        observe(info(cloud, token).json()["expires_in"], 3599)
    cloud.freeze("2031-02-03T05:05:05.999Z")
    with claim("ACC-INFO-03", "in its last millisecond no second is left"):
        observe(info(cloud, token).json()["expires_in"], 0)
    cloud.freeze("2031-02-03T05:05:06Z")
    with claim("ACC-INFO-06", "at its end it is refused"):
        failed(info(cloud, token), "invalid_token")


@behaviour("ACC-INFO-06")
def test_an_id_token_of_two_grants_lives_with_either(cloud: Cloud) -> None:
    """Two grants of one second may own the same text; it is refused once both are revoked."""
    client = register(cloud)
    cloud.freeze()
    first, second = (granted(by_password(cloud, client)) for _ in range(2))
    assert first["id_token"] == second["id_token"]
    for tokens, alive in ((second, True), (first, False)):
        revoke(cloud, client_id=client.id, refresh_token=tokens["refresh_token"])
        with claim("ACC-INFO-06", "it lives with the other grant" if alive else "it ends with the last grant"):
            observe(info(cloud, first["id_token"]).status_code, 200 if alive else 400)


@behaviour("ACC-UJWT-02", "ACC-UJWT-04")
def test_the_signature_of_a_user_id_is_of_one_user(cloud: Cloud) -> None:
    """It is the same in every JWT of a user, and another for another user."""
    again = [claims(cloud.jwt_user().token)["user_id_sig"] for _ in range(2)]
    with claim("ACC-UJWT-02", "it is the same in a second JWT"):
        expect(again[0], again[1])
    with claim("ACC-UJWT-04", "another user has another one"):
        assert claims(cloud.jwt_user("bob@example.com").token)["user_id_sig"] != again[0]


@behaviour("ACC-SVCKEY-02")
def test_a_key_file_is_that_of_its_app(cloud: Cloud) -> None:
    """A key is produced again for its own app only, also beside another app of the same company."""
    mine, other = cloud.app(), cloud.app()
    with claim("ACC-SVCKEY-02", "the file is the same again"):
        path = f"/service-apps/{mine.key['iss']}/keys/{mine.key['kid']}"
        observe(cloud.control("GET", path), dict(mine.key))
    with claim("ACC-SVCKEY-02", "the key of another app is none of this one"):
        url = f"{cloud.urls['control']}/service-apps/{other.key['iss']}/keys/{mine.key['kid']}"
        observe(cloud.http.get(url).status_code, 404)


@behaviour("AUTH-USER-05")
def test_a_disabled_user_is_signed_out_and_no_id_token_speaks_for_them(cloud: Cloud) -> None:
    """The session of their browser and what was issued before are worth nothing until they are enabled again."""
    client = register(cloud)
    token = granted(by_password(cloud, client))["id_token"]
    browser = signed_in(cloud)
    for enabled in (False, True):
        cloud.control("PATCH", f"/users/{ANN}", {"enabled": enabled})
        what = "enabled again" if enabled else "disabled"
        with claim("AUTH-USER-05", f"{what}: whether the browser is signed in"):
            place = location(browser.get("/oauth2/authorize", **authorization(client)))
            observe("/account/login/" in place, not enabled)
        with claim("AUTH-USER-05", f"{what}: whether an id_token of before is understood"):
            observe(info(cloud, token).status_code, 200 if enabled else 400)


@behaviour("ACC-SIGNIN-04")
def test_two_tabs_of_one_browser_do_not_spoil_each_other(cloud: Cloud) -> None:
    """The form of the first tab can be sent after a second one was opened."""
    browser = Browser(cloud)
    first, second = (browser.login_page().fields["csrfmiddlewaretoken"] for _ in range(2))
    for name, token in (("first", first), ("second", second)):
        form = {"csrfmiddlewaretoken": token, "username": ANN, "password": ANN_PASSWORD}
        with claim("ACC-SIGNIN-04", f"the form of the {name} tab is accepted"):
            observe(browser.post("/account/login/", form).status_code, 302)


@behaviour("ACC-PROFGET-01")
def test_a_profile_is_of_one_product(cloud: Cloud) -> None:
    """What is stored for one product is not read for another, nor by another user."""
    ann, bob = cloud.jwt_user(), cloud.jwt_user("bob@example.com")

    def profile(who: Person, sku: str, method: str = "GET") -> object:
        path = f"{cloud.accounts}/api/1.0/users/self/products/{sku}/app_profile_setting"
        body = {"a": 1} if method == "POST" else None
        return cloud.http.request(method, path, headers={"Authorization": who.authorization}, json=body).json()

    profile(ann, "one", "POST")
    with claim("ACC-PROFGET-01", "it is read for its user and product alone"):
        asked = ((ann, "one"), (ann, "two"), (bob, "one"))
        found = [profile(who, sku) for who, sku in asked]
        observe(found, [{"a": 1}, {}, {}])


def doors(cloud: Cloud, client: Client, username: str, password: str) -> dict[str, bool]:
    """Return which ways to sign in let somebody in: the password grant, the native login, the login page."""
    body = {"auth_type": "native", "auth_provider": "onesna", "username": username, "password": password}
    native = cloud.http.post(f"{cloud.accounts}/api/1.0/jwt/get_jwt_token", json=body)
    grant = by_password(cloud, client, username=username, password=password)
    page = Browser(cloud).sign_in(username, password)
    return {"grant": grant.is_success, "native": native.is_success, "page": page.is_redirect}


@behaviour("ACC-TOKEN-07", "ACC-JWT-03", "ACC-SIGNIN-03", "ACC-GEN-14")
def test_each_password_is_that_of_one_person(cloud: Cloud) -> None:
    """At none of three doors does the password of another one open, nor one's own of before it was changed."""
    client = register(cloud)
    (ann, first), (bob, second) = cloud.credentials(), cloud.credentials("bob@example.com")
    shown = {"grant": "ACC-TOKEN-07", "native": "ACC-JWT-03", "page": "ACC-SIGNIN-03"}
    for what, username, password, opens in (
        ("one's own password", ann, first, True),
        ("that of another one", ann, second, False),
        ("the other one's own", bob, second, True),
    ):
        found = doors(cloud, client, username, password)
        for door, statement in shown.items():
            with claim(statement, f"{what} at the door {door}"):
                expect(found[door], opens)
    cloud.control("PATCH", f"/users/{ann}", {"password": "changed"})
    for what, username, password, opens in (
        ("the old one after a change", ann, first, False),
        ("the new one after a change", ann, "changed", True),
        ("that of the other one after the change", bob, second, True),
    ):
        found = doors(cloud, client, username, password)
        for door, statement in shown.items():
            with claim(statement, f"{what} at the door {door}"):
                expect(found[door], opens)
    with claim("ACC-GEN-14", "each name is compared with its own password in any letter case"):
        observe(doors(cloud, client, bob.upper(), second), dict.fromkeys(shown, True))
        observe(doors(cloud, client, bob.upper(), "changed"), dict.fromkeys(shown, False))


@behaviour("ACC-INFO-02", "ACC-SELF-01", "ACC-IDT-01", "ACC-LIC-01")
def test_two_people_of_one_client_see_themselves(cloud: Cloud) -> None:
    """Whatever the client is the same, each id_token, profile and list of licences is that of the one who asks."""
    client, found = register(cloud), []
    for username, licences in ((ANN, []), ("cleo@example.com", ["spaces_power"])):
        name, password = cloud.credentials(username)
        cloud.control("PATCH", f"/users/{name}", {"licenses": licences})
        tokens = granted(by_password(cloud, client, username=name, password=password))
        headers = {"Authorization": f"Bearer {tokens['access_token']}"}
        own = cloud.http.get(f"{cloud.accounts}/api/1.0/user/self/", headers=headers).json()
        held = cloud.http.get(f"{cloud.accounts}/api/1.0/licenses/self/check", headers=headers).json()["data"]
        told, said = info(cloud, tokens["id_token"]).json(), claims(tokens["id_token"])
        with claim("ACC-INFO-02", f"{username}: get_token_info tells of them"):
            expect((told["user"]["username"], told["user_id"]), (name, own["id"]))
        with claim("ACC-SELF-01", f"{username}: their profile is theirs"):
            expect(own["username"], name)
        with claim("ACC-IDT-01", f"{username}: the id_token is theirs"):
            observe((said["sub"], said["email"], said["aud"]), (own["id"], name, client.id))
        with claim("ACC-LIC-01", f"{username}: their licences are theirs"):
            observe(len(held), len(licences))
        found.append(own["id"])
    with claim("ACC-SELF-01", "they are two"):
        assert len(set(found)) == len(found)


@behaviour("ACC-AUTHZ-06", "ACC-AUTHZ-16", "ACC-IDT-03", "ACC-DECIDE-02", "ACC-SCOPE-07", "ACC-TOKEN-14")
def test_two_authorizations_at_once_keep_what_they_asked_for(cloud: Cloud) -> None:
    """State, nonce, scope and way of access of two pages in one browser are told apart, whoever is decided first."""
    client, browser = register(cloud), signed_in(cloud)
    asked: dict[str, dict[str, str | None]] = {
        "first": {"state": "s-1", "nonce": "n-1", "scope": "email", "access_type": "online"},
        "second": {"state": "s-2", "nonce": "n-2", "scope": "spaces email", "access_type": "offline"},
        "third": {"state": "s-3", "scope": "profile"},
    }
    pages = {name: browser.consent_page(client, **changes) for name, changes in asked.items()}
    returned = {}
    for name in ("second", "third", "first"):
        form = {"csrfmiddlewaretoken": pages[name].fields["csrfmiddlewaretoken"], "decision": "allow"}
        query = urlencode(authorization(client, **asked[name]))
        returned[name] = query_of(location(browser.post(f"/oauth2/authorize/confirm?{query}", form)))
    with claim("ACC-DECIDE-02", "each decision gives a code of its own"):
        expect(len({one["code"] for one in returned.values()}), 3)
    for name, changes in asked.items():
        with claim("ACC-AUTHZ-06", "ACC-AUTHZ-16", f"the {name} has its state"):
            expect(returned[name]["state"], changes["state"])
        tokens = granted(exchange(cloud, client, returned[name]["code"]))
        with claim("ACC-IDT-03", f"the {name} has its nonce, or none"):
            expect(claims(tokens["id_token"]).get("nonce"), changes.get("nonce"))
        words = {"first": "userinfo.email", "second": "userinfo.email logan", "third": "userinfo.profile"}[name]
        with claim("ACC-SCOPE-07", f"the {name} has its scopes"):
            base = "https://www.onesna.com/auth/"
            expect(tokens["scope"], " ".join(f"{base}{word}" for word in words.split()))
        with claim("ACC-TOKEN-14", f"the {name} has a refresh token only if it was not online"):
            expect("refresh_token" in tokens, changes.get("access_type") != "online")


@behaviour("ACC-DECIDE-01", "ACC-DECIDE-03", "ACC-CONSENT-01")
def test_a_denial_is_asked_for_again(cloud: Cloud) -> None:
    """Who has denied is asked once more, by a page like the first one, and may allow it then and deny it again."""
    client, browser = register(cloud), signed_in(cloud)
    titles = []
    for turn, decision in enumerate(("deny", "allow", "deny")):
        page = browser.consent_page(client)
        titles.append([one["value"] for one in page.buttons if "value" in one])
        returned = query_of(location(browser.decide(client, decision, state=f"s{turn}")))
        shown = "ACC-DECIDE-01" if decision == "allow" else "ACC-DECIDE-03"
        with claim(shown, f"{turn + 1}: {decision}"):
            expect(
                (returned.get("error"), "code" in returned),
                (None if decision == "allow" else "access_denied", decision == "allow"),
            )
            expect(returned["state"], f"s{turn}")
    with claim("ACC-CONSENT-01", "each time the page has the same two buttons"):
        expect(titles, [titles[0]] * 3)
        expect(len(titles[0]), 2)


@behaviour("ACC-AGREE-01", "ACC-PROFGET-01", "ACC-PROFSET-01", "ACC-LIC-01")
def test_who_may_not_ask_is_told_so_in_json(cloud: Cloud) -> None:
    """The four calls for products and licences refuse a missing and a wrong token as a program reads it."""
    product = "/api/1.0/users/self/products/zangspaces"
    calls = {
        "ACC-AGREE-01": ("POST", f"{product}/agreement"),
        "ACC-PROFGET-01": ("GET", f"{product}/app_profile_setting"),
        "ACC-PROFSET-01": ("POST", f"{product}/app_profile_setting"),
        "ACC-LIC-01": ("GET", "/api/1.0/licenses/self/check"),
    }
    for shown, (method, path) in calls.items():
        for what, headers in (("no token", {}), ("a wrong token", {"Authorization": f"Bearer {'0' * 40}"})):
            with claim(shown, f"with {what} it is refused in JSON"):
                body: dict[str, str] | None = {} if method == "POST" else None
                answer = cloud.http.request(method, f"{cloud.accounts}{path}", headers=headers, json=body)
                failed(answer, "invalid_token", 401)


@behaviour("ACC-LOGIN-02", "ACC-SIGNIN-02", "ACC-SIGNIN-04", "ACC-LOGOUT-02", "ACC-CONSENT-02", "ACC-AUTHZ-08")
def test_two_browsers_are_signed_in_apart(cloud: Cloud) -> None:
    """Cookies, csrf tokens and sessions of two people's browsers are their own; one logs out and the other stays."""
    client, people = register(cloud), (cloud.credentials(), cloud.credentials("bob@example.com"))

    def authorized(browser: Browser, **changes: str | None) -> str:
        """Return the path that an authorization leads to."""
        answer = browser.get("/oauth2/authorize", **authorization(client, **changes))
        return urlsplit(location(answer)).path

    login, consent = "/account/login/", "/oauth2/authorize/confirm"
    browsers = [Browser(cloud) for _ in people]
    tokens = [one.login_page().fields["csrfmiddlewaretoken"] for one in browsers]
    with claim("ACC-LOGIN-02", "each page has a token of its own, which is that of its cookie"):
        observe([one.cookies["csrftoken"] for one in browsers], tokens)
        assert tokens[0] != tokens[1]
    for browser, foreign, (username, password) in zip(browsers, tokens[::-1], people, strict=True):
        form = {"csrfmiddlewaretoken": foreign, "username": username, "password": password}
        with claim("ACC-SIGNIN-04", f"{username}: the token of the other browser is refused"):
            observe(browser.post("/account/login/", form).status_code, 403)
        with claim("ACC-SIGNIN-02", f"{username}: with the right one they are signed in"):
            expect(browser.sign_in(username, password).status_code, 302)
    for number, browser in enumerate(browsers):
        with claim("ACC-CONSENT-02", f"browser {number} is asked for consent, though the other was asked before"):
            expect(
                urlsplit(location(browser.get("/oauth2/authorize", **authorization(client)))).path,
                "/oauth2/authorize/confirm",
            )
        tokens_of = granted(exchange(cloud, client, query_of(location(browser.decide(client)))["code"]))
        with claim("ACC-CONSENT-02", f"browser {number} decides for the one who is signed in there"):
            expect(info(cloud, tokens_of["id_token"]).json()["user"]["username"], people[number][0])
    with claim("ACC-AUTHZ-08", "a prompt in one browser shows the login page there"):
        observe(authorized(browsers[0], prompt="login"), login)
    with claim("ACC-AUTHZ-08", "the other one is signed in as before"):
        observe(authorized(browsers[1]), consent)
    browsers[0].get("/account/logout")
    with claim("ACC-LOGOUT-02", "who logs out is sent to the login page, the other one is not"):
        expect([authorized(one) for one in browsers], [login, consent])


@behaviour("ACC-TOKEN-11", "ACC-REVOKE-04", "ACC-TOKEN-06")
def test_strict_rotation_concerns_one_grant(cloud: Cloud) -> None:
    """Of two grants of one person and one of another, by one client, a replayed token ends its own and no other."""
    client = register(cloud)
    name, password = cloud.credentials("bob@example.com")
    cloud.configure({"accounts.strict_rotation": True})
    grants = [granted(by_password(cloud, client)) for _ in range(2)]
    grants.append(granted(by_password(cloud, client, username=name, password=password)))
    newer = [granted(refresh(cloud, client, one["refresh_token"])) for one in grants]
    with claim("ACC-TOKEN-11", "a token that was used before is refused"):
        failed(refresh(cloud, client, grants[0]["refresh_token"]), "invalid_grant")
    with claim("ACC-TOKEN-11", "its grant has ended, and those of the same person and of another go on"):
        observe([works(cloud, one["access_token"]) for one in newer], [False, True, True])
    with claim("ACC-TOKEN-06", "the refresh tokens of the others are good"):
        observe([refresh(cloud, client, one["refresh_token"]).is_success for one in newer], [False, True, True])
    for turn in (1, 2):
        with claim("ACC-REVOKE-04", f"revoking {turn}: the token of an ended grant is no error, and ends no other"):
            expect(revoke(cloud, client_id=client.id, refresh_token=newer[0]["refresh_token"]).status_code, 200)
            expect([works(cloud, one["access_token"]) for one in newer], [False, True, True])


@behaviour("AUTH-SVC-12", "AUTH-SVC-13", "AUTH-SVC-17", "AUTH-SVC-04")
def test_two_apps_of_one_company_are_switched_apart(cloud: Cloud) -> None:
    """An app that is inactive, or whose account is disabled, leaves the other one as it was, each time."""
    apps = [cloud.app("spaces.create", "spaces.list", "spaces.chat.create", name=name) for name in ("First", "Second")]

    def statuses() -> list[int]:
        return [cloud.call("GET", "/users/me/spaces", one).status_code for one in apps]

    for shown, member, other in (("AUTH-SVC-12", "active", 0), ("AUTH-SVC-13", "account_enabled", 1)):
        for turn in (1, 2):
            for value in (False, True):
                cloud.control("PATCH", f"/service-apps/{apps[1 - other].key['iss']}", {member: value})
                with claim(shown, f"time {turn}, {member} {value}: the other app goes on"):
                    wanted = [200, 200]
                    wanted[1 - other] = 200 if value else 401
                    observe(statuses(), wanted)
    with claim("AUTH-SVC-17", "each is its own account, named after its app"):
        senders = [cloud.message(cloud.space(one), one)["sender"] for one in apps]
        found = [(one["_id"], one["username"], one["displayname"]) for one in senders]
        wanted_senders = zip(apps, ("First", "Second"), strict=True)
        expect(found, [(one.account_id, one.key["sub"], name) for one, name in wanted_senders])
    cloud.control("DELETE", f"/service-apps/{apps[0].key['iss']}/keys/{apps[0].key['kid']}")
    with claim("AUTH-SVC-04", "a key that is deleted is that of one app"):
        observe(statuses(), [401, 200])
