"""Two of something, a second time and the exact edge, at the identity server."""

import base64
from urllib.parse import quote_plus

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour
from contract_tests.oauth import (
    ANN,
    ANN_PASSWORD,
    Browser,
    authorization,
    by_password,
    claims,
    failed,
    granted,
    info,
    location,
    register,
    revoke,
    signed_in,
    token_call,
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
