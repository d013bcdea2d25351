import re

import httpx
import jwt
import pytest

from contract_tests.claims import aside, expect, observe
from contract_tests.kit import OBJECT_ID, TOKEN, App, Cloud, Like, behaviour, only_mock, refused

NO_CLAIMS_YET = True


TWENTY_HEX = Like("20-hex id", r"[0-9a-f]{20}")
SERVICE_DOMAIN = re.compile(r"[a-z0-9]{6}\.servicesapps\.spaces\.avayacloud\.com")


def attempt(cloud: Cloud, method: str, path: str, body: object) -> httpx.Response:
    only_mock(cloud, "the control API is the mock's own")
    return cloud.http.request(method, f"{cloud.urls['control']}{path}", json=body)


@behaviour("DM-COMP-01", "DM-COMP-02")
def test_a_company_has_domains_and_a_service_domain(cloud: Cloud) -> None:
    """The e-mail's domain decides a user's company, in any letter case; the service domain has a label of six."""
    made = cloud.control("POST", "/companies", {"name": "Acme", "domains": ["Acme.example", "acme.test"]})
    expect(made["_id"], OBJECT_ID)
    assert SERVICE_DOMAIN.fullmatch(made["service_domain"]), made
    for address in ("a@acme.example", "b@ACME.test"):
        expect(cloud.control("POST", "/users", {"username": address})["company_id"], made["_id"])
    for address in ("c@sub.acme.example", "d@elsewhere.example"):
        expect(cloud.control("POST", "/users", {"username": address})["company_id"], None)


@behaviour("DM-COMP-02", "DM-APP-03")
def test_a_service_app_needs_a_service_domain(cloud: Cloud) -> None:
    """A company without service domain can have no service app, and nothing is left of the attempt."""
    made = cloud.control("POST", "/companies", {"name": "Plain", "domains": [], "service_domain": False})
    expect(made["service_domain"], None)
    before = cloud.control("GET", "")["counts"]
    answer = attempt(cloud, "POST", "/service-apps", {"company": "Plain"})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
    assert "service domain" in answer.json()["why"]
    expect(cloud.control("GET", "")["counts"], before)


@behaviour("DM-APP-01", "DM-APP-02")
def test_a_service_app_comes_with_its_account(cloud: Cloud) -> None:
    """An app has a 20-hex id and a service account named by it, which can be shown in a space but not sign in."""
    made = cloud.control("POST", "/service-apps", {"name": "Bot", "scopes": ["spaces.create"]})
    app = App(made["key"], made["account_id"])
    expect((made["iss"], made["scopes"]), (TWENTY_HEX, ["spaces.create"]))
    iss, _, domain = made["sub"].partition("@")
    expect(iss, made["iss"])
    assert SERVICE_DOMAIN.fullmatch(domain), domain
    answer = attempt(cloud, "POST", "/tokens", {"username": app.key["sub"]})
    assert answer.status_code == 400
    assert "service account" in answer.json()["why"]


@behaviour("DM-APP-01")
def test_an_app_id_is_taken_once(cloud: Cloud) -> None:
    """A second app of the same id is refused and leaves no account behind."""
    body = {"app_id": "00112233445566778899"}
    cloud.control("POST", "/service-apps", body)
    before = cloud.control("GET", "")["counts"]
    answer = attempt(cloud, "POST", "/service-apps", body)
    assert (answer.status_code, answer.json()["code"]) == (409, "control.already_exists")
    expect(cloud.control("GET", "")["counts"], before)


@behaviour("DM-CRED-01", "ACC-SVCKEY-02")
def test_an_app_may_have_several_keys(cloud: Cloud) -> None:
    """Each key has a 20-hex id and can be downloaded again; a fresh one is like no other; another app has it not."""
    app, other = cloud.app(), cloud.app()
    path = f"/service-apps/{app.key['iss']}/keys"
    made = cloud.control("POST", path, {"fresh": True})
    expect((made["kid"], made["iss"], made["sub"]), (TWENTY_HEX, app.key["iss"], app.key["sub"]))
    assert made["private_key"] not in (app.key["private_key"], other.key["private_key"])
    for key in (app.key, made):
        expect(cloud.control("GET", f"{path}/{key['kid']}"), dict(key))
    expect(cloud.call("POST", "/spaces/invite", App(made), json={"topic": {"title": "x"}}).status_code, 200)
    for method in ("GET", "DELETE"):
        answer = attempt(cloud, method, f"/service-apps/{other.key['iss']}/keys/{made['kid']}", None)
        assert (answer.status_code, answer.json()["code"]) == (404, "key.not_found")


@behaviour("DM-CLI-01")
def test_an_oauth_client_has_an_id_and_a_secret(cloud: Cloud) -> None:
    """A client is drawn 20 hex digits and a secret of 40, keeps chosen ones, and has none when it is public."""
    drawn = cloud.control("POST", "/oauth-clients", {"redirect_uris": ["http://localhost:3000/x", "myapp://x"]})
    expect((drawn["client_id"], drawn["client_secret"]), (TWENTY_HEX, TOKEN))
    chosen = cloud.control("POST", "/oauth-clients", {"client_id": "any id", "client_secret": "s"})
    expect((chosen["client_id"], chosen["client_secret"]), ("any id", "s"))
    expect(cloud.control("POST", "/oauth-clients", {"public": True})["client_secret"], None)
    assert attempt(cloud, "POST", "/oauth-clients", {"client_id": "any id"}).status_code == 409


@behaviour("DM-CLI-01")
@pytest.mark.parametrize(
    "uri", ["", "/x", "x", "http://x/#f", "http://x/#", "javascript:alert(1)", "JavaScript:x", "data:text/html,x"]
)
def test_a_redirect_uri_is_absolute_and_harmless(cloud: Cloud, uri: str) -> None:
    """A relative URI, one with a fragment, and one that a browser would run are refused."""
    answer = attempt(cloud, "POST", "/oauth-clients", {"redirect_uris": ["http://good.example", uri]})
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


@behaviour("DM-SPACE-02", "DM-SPACE-05", "DM-SET-02", "DM-SPACE-04")
def test_a_personal_room_is_open_and_a_group_private(cloud: Cloud) -> None:
    """Type and privacy of the three kinds of space; all but the direct one have the same restriction for guests."""
    made = cloud.control("POST", "/users", {"username": "new@example.com"})
    user = cloud.user("new@example.com")
    for space, kind, private in ((made["meetingroom_id"], "personal", False), (cloud.space(user), "group", True)):
        shown = cloud.call("GET", f"/spaces/{space}", user).json()
        expect(shown["type"], kind)
        aside(shown["settings"]["memberOnly"], private, of="DM-SET-02")
        observe(shown["restrict"], ["deny_guest_access_history_msg"])
    direct = cloud.call("GET", f"/spaces/direct/user/{cloud.user().id}", user).json()["data"][0]
    expect(direct["type"], "direct")
    aside(direct["settings"]["memberOnly"], wanted=True, of="DM-SET-02")
    observe(direct["restrict"], [])


@behaviour("DM-SET-02", "SPACES-CREATE-12", "DM-CFG-02")
def test_new_groups_may_be_open_by_default(cloud: Cloud) -> None:
    """With the setting off, a guest joins a new space by its id; with it on he is kept out."""
    user, guest = cloud.user(), cloud.guest()
    cloud.configure({"rest.default_member_only": True})
    refused(cloud.call("GET", f"/spaces/{cloud.space(user)}/join", guest), 403, "space.members_only")
    cloud.configure({"rest.default_member_only": False})
    expect(cloud.call("GET", f"/spaces/{cloud.space(user)}/join", guest).status_code, 200)


@behaviour("DM-SPACE-03", "PERM-ARCH-01")
def test_an_archived_space_can_be_read(cloud: Cloud) -> None:
    """An archived space has status 1 and is still shown to its members."""
    user = cloud.user()
    space = cloud.open_space(user, archived=True)
    for path in (f"/spaces/{space}", f"/spaces/{space}/join"):
        answer = cloud.call("GET", path, user)
        expect(answer.status_code, 200)
        expect(answer.json().get("topic", answer.json())["status"], 1)


@behaviour("DM-LIC-02")
@pytest.mark.parametrize(("licences", "media"), [([], []), (["spaces_power"], ["video", "audio"])])
def test_media_follow_the_owners_licence(cloud: Cloud, licences: list[str], media: list[str]) -> None:
    """Spaces of an unlicensed owner have no media, and nothing is refused for want of a licence."""
    cloud.control("POST", "/users", {"username": "new@example.com", "licenses": licences})
    user = cloud.user("new@example.com")
    observe(cloud.call("GET", f"/spaces/{cloud.space(user)}", user).json()["settings"]["mdLic"], media)


@behaviour("DM-SET-01")
def test_conference_numbers_are_unique(cloud: Cloud) -> None:
    """Every space has nine digits of its own to dial."""
    user = cloud.user()
    spaces = [cloud.space(user) for _ in range(20)]
    numbers = [cloud.call("GET", f"/spaces/{space}", user).json()["settings"]["confId"] for space in spaces]
    observe(len(set(numbers)), 20)
    assert all(re.fullmatch(r"\d{9}", number) for number in numbers)


@behaviour("DM-CRED-01", "AUTH-SVC-04", "AUTH-USER-01")
def test_no_two_keys_of_a_world_are_the_same(cloud: Cloud) -> None:
    """Every app has key material of its own, however many there are, and none of it signs user JWTs."""
    apps = [cloud.app() for _ in range(30)]
    expect(len({app.key["private_key"] for app in apps}), 30)
    token = cloud.jwt_user().token
    for app in apps:
        with pytest.raises(jwt.InvalidSignatureError):
            jwt.decode(token, app.private_key.public_key(), ["RS256"])
