import re
from typing import Any

import httpx
import jwt
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import OBJECT_ID, TOKEN, App, Cloud, Like, behaviour, only_mock, refused
from contract_tests.sockets import direct_space

TWENTY_HEX = Like("20-hex id", r"[0-9a-f]{20}")
SERVICE_DOMAIN = Like("service domain", r"[a-z0-9]{6}\.servicesapps\.spaces\.avayacloud\.com")


def attempt(cloud: Cloud, method: str, path: str, body: object) -> httpx.Response:
    only_mock(cloud, "the control API is the mock's own")
    return cloud.http.request(method, f"{cloud.urls['control']}{path}", json=body)


@behaviour("DM-COMP-01")
def test_people_of_one_domain_are_of_one_company(cloud: Cloud) -> None:
    """Two people of a company are related to the same one, and somebody of no company to none."""
    people = [cloud.user(f"{name}@example.com") for name in ("ann", "bob")]
    with claim("DM-COMP-01", "two people of a domain are related to the same company"):
        related = [cloud.call("GET", "/users/me", who).json()["relation_graphs"] for who in people]
        expect([[one["initiator_type"] for one in graphs] for graphs in related], [["company"]] * 2)
        expect(related[0][0]["initiator_id"], related[1][0]["initiator_id"])
    sid = cloud.user("sid@elsewhere.example")
    with claim("DM-COMP-01", "somebody of no company is related to none"):
        expect(cloud.call("GET", "/users/me", sid).json()["relation_graphs"], [])


@behaviour("DM-COMP-01", "DM-COMP-02")
def test_a_company_has_domains_and_a_service_domain(cloud: Cloud) -> None:
    """The e-mail's domain decides a user's company, in any letter case; the service domain has a label of six."""
    made = cloud.control("POST", "/companies", {"name": "Acme", "domains": ["Acme.example", "acme.test"]})
    with claim("DM-COMP-01", "a company has an id"):
        expect(made["_id"], OBJECT_ID)
    with claim("DM-COMP-02", "its service domain has a label of six"):
        expect(made["service_domain"], SERVICE_DOMAIN)
    for address in ("a@acme.example", "b@ACME.test"):
        with claim("DM-COMP-01", f"{address} is of the company"):
            expect(cloud.control("POST", "/users", {"username": address})["company_id"], made["_id"])
    for address in ("c@sub.acme.example", "d@elsewhere.example"):
        with claim("DM-COMP-01", f"{address} is of no company"):
            expect(cloud.control("POST", "/users", {"username": address})["company_id"], None)


@behaviour("DM-COMP-02", "DM-APP-03")
def test_a_service_app_needs_a_service_domain(cloud: Cloud) -> None:
    """A company without service domain can have no service app, and nothing is left of the attempt."""
    made = cloud.control("POST", "/companies", {"name": "Plain", "domains": [], "service_domain": False})
    with claim("DM-COMP-02", "a company may have no service domain"):
        expect(made["service_domain"], None)
    with claim("DM-COMP-02", "DM-APP-03", "it can have no service app, and nothing is left"), cloud.unchanged():
        answer = attempt(cloud, "POST", "/service-apps", {"company": "Plain"})
        assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
        assert "service domain" in answer.json()["why"]


@behaviour("DM-APP-01", "DM-APP-02", "DM-COMP-02")
def test_a_service_app_comes_with_its_account(cloud: Cloud) -> None:
    """An app has a 20-hex id and a service account named by it, which can be shown in a space but not sign in."""
    app = cloud.app("spaces.create")
    with claim("DM-APP-01", "the id of an app has 20 hex digits"):
        expect(app.key["iss"], TWENTY_HEX)
    iss, _, domain = app.key["sub"].partition("@")
    with claim("DM-APP-02", "the service account is named by the app"):
        expect(iss, app.key["iss"])
    with claim("DM-APP-02", "DM-COMP-02", "the service account is at the service domain of the company"):
        expect(domain, SERVICE_DOMAIN)
    made = cloud.control("POST", "/service-apps", {"name": "Bot", "scopes": ["spaces.create"]})
    with claim("DM-APP-01", "an app has the scopes that were asked for"):
        expect((made["iss"], made["scopes"]), (TWENTY_HEX, ["spaces.create"]))
    with claim("DM-APP-02", "the service account is named in the answer too"):
        expect(made["sub"].partition("@"), (made["iss"], "@", SERVICE_DOMAIN))
        assert made["sub"] == made["key"]["sub"]
    with claim("DM-APP-02", "the service account cannot sign in"):
        answer = attempt(cloud, "POST", "/tokens", {"username": made["sub"]})
        assert answer.status_code == 400
        assert "service account" in answer.json()["why"]


@behaviour("DM-APP-01")
def test_an_app_id_is_taken_once(cloud: Cloud) -> None:
    """A second app of the same id is refused and leaves no account behind."""
    body = {"app_id": "00112233445566778899"}
    cloud.control("POST", "/service-apps", body)
    with claim("DM-APP-01", "a second app of the same id is refused, and nothing is left"), cloud.unchanged():
        answer = attempt(cloud, "POST", "/service-apps", body)
        assert (answer.status_code, answer.json()["code"]) == (409, "control.already_exists")


@behaviour("DM-CRED-01", "ACC-SVCKEY-02")
def test_an_app_may_have_several_keys(cloud: Cloud) -> None:
    """Each key has a 20-hex id and can be downloaded again; a fresh one is like no other; another app has it not."""
    app = cloud.app("spaces.create")
    with claim("DM-CRED-01", "a key has an id of 20 hex digits and 2048 bits"):
        expect((app.key["kid"], app.private_key.key_size), (TWENTY_HEX, 2048))
    path = f"/service-apps/{app.key['iss']}/keys"
    made = cloud.control("POST", path, {"fresh": True})
    other = cloud.app("spaces.create")
    with claim("DM-CRED-01", "ACC-SVCKEY-02", "a second key is of the same app"):
        expect((made["kid"], made["iss"], made["sub"]), (TWENTY_HEX, app.key["iss"], app.key["sub"]))
    with claim("ACC-SVCKEY-02", "a fresh key is like no other"):
        assert made["private_key"] not in (app.key["private_key"], other.key["private_key"])
    for name, key in (("first", app.key), ("second", made)):
        with claim("DM-CRED-01", "ACC-SVCKEY-02", f"the {name} key can be downloaded again"):
            expect(cloud.control("GET", f"{path}/{key['kid']}"), dict(key))
    with claim("ACC-SVCKEY-02", "the second key signs"):
        expect(cloud.call("POST", "/spaces/invite", App(made), json={"topic": {"title": "x"}}).status_code, 200)
    for method in ("GET", "DELETE"):
        with claim("DM-CRED-01", f"another app has not this key to {method}"):
            answer = attempt(cloud, method, f"/service-apps/{other.key['iss']}/keys/{made['kid']}", None)
            assert (answer.status_code, answer.json()["code"]) == (404, "key.not_found")


@behaviour("DM-CLI-01")
def test_an_oauth_client_has_an_id_and_a_secret(cloud: Cloud) -> None:
    """A client is drawn 20 hex digits and a secret of 40, keeps chosen ones, and has none when it is public."""
    drawn = cloud.control("POST", "/oauth-clients", {"redirect_uris": ["http://localhost:3000/x", "myapp://x"]})
    with claim("DM-CLI-01", "id and secret are drawn"):
        expect((drawn["client_id"], drawn["client_secret"]), (TWENTY_HEX, TOKEN))
    chosen = cloud.control("POST", "/oauth-clients", {"client_id": "any id", "client_secret": "s"})
    with claim("DM-CLI-01", "id and secret may be chosen"):
        expect((chosen["client_id"], chosen["client_secret"]), ("any id", "s"))
    with claim("DM-CLI-01", "a public client has no secret"):
        expect(cloud.control("POST", "/oauth-clients", {"public": True})["client_secret"], None)
    with claim("DM-CLI-01", "an id is taken once"):
        assert attempt(cloud, "POST", "/oauth-clients", {"client_id": "any id"}).status_code == 409


@behaviour("DM-CLI-01")
@pytest.mark.parametrize(
    "uri", ["", "/x", "x", "http://x/#f", "http://x/#", "javascript:alert(1)", "JavaScript:x", "data:text/html,x"]
)
def test_a_redirect_uri_is_absolute_and_harmless(cloud: Cloud, uri: str) -> None:
    """A relative URI, one with a fragment, and one that a browser would run are refused."""
    with claim("DM-CLI-01", "it is refused"):
        answer = attempt(cloud, "POST", "/oauth-clients", {"redirect_uris": ["http://good.example", uri]})
        assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


@behaviour("DM-SPACE-02", "DM-SPACE-05", "DM-SET-02", "DM-SPACE-04")
def test_a_personal_room_is_open_and_a_group_private(cloud: Cloud) -> None:
    """Type and privacy of the three kinds of space; all but the direct one have the same restriction for guests."""
    ann = cloud.user()
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    deny = ["deny_guest_access_history_msg"]
    group = claimed(cloud, ann, "group", cloud.space(ann), deny)
    with claim("DM-SET-02", "a group is private"):
        observe(group["settings"]["memberOnly"], wanted=True)
    claimed(cloud, ann, "personal", own, deny)
    direct = claimed(cloud, ann, "direct", direct_space(cloud, ann, cloud.user("bob@example.com")), [])
    with claim("DM-SET-02", "a direct space is private"):
        observe(direct["settings"]["memberOnly"], wanted=True)
    made = cloud.control("POST", "/users", {"username": "new@example.com"})
    new = cloud.user("new@example.com")
    with claim("DM-SET-02", "a personal room that nobody has changed is open"):
        shown = cloud.call("GET", f"/spaces/{made['meetingroom_id']}", new).json()
        observe((shown["type"], shown["settings"]["memberOnly"]), ("personal", False))


def claimed(cloud: Cloud, who: Any, kind: str, space: str, restrict: list[str]) -> Any:
    """Claim type, restrictions and settings of a space, and return it."""
    answer = cloud.call("GET", f"/spaces/{space}", who)
    with claim("DM-SPACE-02", f"{kind} is a type", about=[answer]):
        expect(answer.json()["type"], kind)
    with claim("DM-SPACE-04", f"{kind}: restrictions for guests are {restrict}", about=[answer]):
        observe(answer.json()["restrict"], restrict)
    with claim("DM-SPACE-05", f"{kind}: there are settings", about=[answer]):
        expect(type(answer.json()["settings"]), dict)
    return answer.json()


@behaviour("DM-SET-02", "SPACES-CREATE-12", "DM-CFG-02")
def test_new_groups_may_be_open_by_default(cloud: Cloud) -> None:
    """Nobody joins a new space by its id, unless by setting it is open from the beginning."""
    user, guest = cloud.user(), cloud.guest()

    def join() -> httpx.Response:
        return cloud.call("GET", f"/spaces/{cloud.space(user)}/join", guest)

    with claim("DM-SET-02", "SPACES-CREATE-12", "a guest does not join a new space by its id"):
        refused(join(), 403, "space.members_only")
    cloud.configure({"rest.default_member_only": False})
    with claim("DM-SET-02", "SPACES-CREATE-12", "DM-CFG-02", "with the setting off a guest joins by the id"):
        expect(join().status_code, 200)
    cloud.configure({"rest.default_member_only": True})
    with claim("DM-SET-02", "SPACES-CREATE-12", "DM-CFG-02", "with the setting on a guest is kept out"):
        refused(join(), 403, "space.members_only")


@behaviour("DM-SPACE-03", "PERM-ARCH-01")
def test_an_archived_space_can_be_read(cloud: Cloud) -> None:
    """An archived space has status 1 and is still shown to its members."""
    user = cloud.user()
    active = cloud.space(user)
    with claim("DM-SPACE-03", "a space that is in use has status 0"):
        expect(cloud.call("GET", f"/spaces/{active}", user).json()["status"], 0)
    space = cloud.open_space(user, archived=True)
    for name in ("", "/join"):
        answer = cloud.call("GET", f"/spaces/{space}{name}", user)
        with claim("PERM-ARCH-01", f"GET {name or 'of an archived space'} works", about=[answer]):
            expect(answer.status_code, 200)
        with claim("DM-SPACE-03", f"GET {name or 'of an archived space'} shows status 1", about=[answer]):
            expect(answer.json().get("topic", answer.json())["status"], 1)


@behaviour("DM-LIC-02")
def test_media_follow_the_licence_of_the_caller(cloud: Cloud) -> None:
    """Whoever has a licence gets spaces with media, and nobody else."""
    ann = cloud.user()
    licences = cloud.call("GET", "/users/me", ann).json()["licenses"]
    with claim("DM-LIC-02", "the media of a space follow the licence of its owner"):
        shown = cloud.call("GET", f"/spaces/{cloud.space(ann)}", ann).json()
        observe(shown["settings"]["mdLic"], ["video", "audio"] if licences else [])


@behaviour("DM-LIC-02")
@pytest.mark.parametrize(("licences", "media"), [([], []), (["spaces_power"], ["video", "audio"])])
def test_media_follow_the_owners_licence(cloud: Cloud, licences: list[str], media: list[str]) -> None:
    """Spaces of an unlicensed owner have no media, and nothing is refused for want of a licence."""
    cloud.control("POST", "/users", {"username": "new@example.com", "licenses": licences})
    user = cloud.user("new@example.com")
    with claim("DM-LIC-02", f"the media of a space are {media}"):
        observe(cloud.call("GET", f"/spaces/{cloud.space(user)}", user).json()["settings"]["mdLic"], media)


@behaviour("DM-SET-01")
def test_conference_numbers_are_unique(cloud: Cloud) -> None:
    """Every space has nine digits of its own to dial."""
    user = cloud.user()
    spaces = [cloud.space(user) for _ in range(20)]
    shown = [cloud.call("GET", f"/spaces/{space}", user).json() for space in spaces]
    with claim("DM-SET-01", "conference numbers are different"):
        observe(len({one["settings"]["confId"] for one in shown}), 20)
    with claim("DM-SET-01", "conference numbers have nine digits"):
        assert all(re.fullmatch(r"\d{9}", one["settings"]["confId"]) for one in shown)


def signs(app: App, token: str) -> bool:
    """Whether a JWT is signed by the key of an app."""
    try:
        jwt.decode(token, app.private_key.public_key(), ["RS256"], options={"verify_aud": False, "verify_exp": False})
    except (jwt.InvalidSignatureError, jwt.InvalidAlgorithmError):
        return False
    return True


@behaviour("DM-CRED-01", "AUTH-SVC-20", "AUTH-USER-01")
def test_no_two_keys_are_the_same(cloud: Cloud) -> None:
    """Every app has key material of its own, however many there are, and none of it signs user JWTs."""
    apps = [cloud.app("spaces.create")]
    token = cloud.jwt_user().token
    with claim("AUTH-USER-01", "user JWTs are signed by no key of an app"):
        apps += [cloud.mock.app("spaces.create") for _ in range(29)] if cloud.mock else []
        assert [app.key["kid"] for app in apps if signs(app, token)] == []
    apps.append(cloud.app("spaces.create"))
    with claim("DM-CRED-01", "AUTH-SVC-20", "apps have keys of their own"):
        expect(len({app.key["private_key"] for app in apps}), len(apps))
