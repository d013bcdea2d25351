"""The developer portal as control calls, in the order of the vendor's documents (seeds 000 and 002)."""

from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import SCOPES, App, Cloud, Like, behaviour, only_mock
from contract_tests.oauth import Browser, Client, code, exchange

WORK, PASSWORD = "pia@startup.example", "pia-secret"
CALLBACK = "https://startup.example/callback"
SERVICE_DOMAIN = Like("service domain", r"[0-9a-z]{6}\.servicesapps\.spaces\.avayacloud\.com")
COMPANY = {"name": "Startup", "domains": ["startup.example"], "service_domain": False}
BUSINESS = ["spaces_business"]
MEDIA = ["video", "audio"]


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "the control API is the mock's own")


def tried(cloud: Cloud, method: str, path: str, body: Any) -> httpx.Response:
    """Make a control call that will be refused, and check that it changes nothing at all."""
    url = cloud.urls["control"]

    def state() -> Any:
        whole = cloud.http.get(f"{url}/snapshot").json()
        return {name: whole[name] for name in ("settings", "contract", "state")}

    before = state()
    answer = cloud.http.request(method, f"{url}{path}", json=body)
    assert state() == before, "a refused call has changed something"
    return answer


def told(answer: httpx.Response, status: int, refusal: str, *words: str) -> None:
    """Assert that a call was refused with a code and a reason that has these words."""
    body = answer.json()
    assert (answer.status_code, body["code"]) == (status, refusal), answer.text
    assert [word for word in words if word not in body["why"]] == [], body["why"]


def founded(cloud: Cloud) -> Any:
    """Sign somebody up and let them add their company."""
    cloud.control("POST", "/users", {"username": WORK, "password": PASSWORD})
    return cloud.control("POST", "/companies", {**COMPANY, "creator": WORK})


def settings_of(cloud: Cloud, app: App, headers: dict[str, str] | None = None) -> Any:
    """Let an app create a space and return the settings that it reads."""
    answer = cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "Room"}}, headers=headers)
    assert answer.status_code == 200, answer.text
    return cloud.call("GET", f"/spaces/{answer.json()['data'][0]['topicId']}", app).json()["settings"]


@behaviour("DM-APP-01", "DM-APP-02", "DM-LIC-02", "DM-COMP-01", "DM-COMP-02", "DM-USER-12", "ACC-SVCKEY-01")
@behaviour("ACC-SVCKEY-02", "AUTH-SVC-12")
def test_from_sign_up_to_a_licensed_space(cloud: Cloud) -> None:
    """Seed 000 from its first step to its last: sign up, company, permission, service domain, app, key, JWT, space."""
    pia = cloud.control("POST", "/users", {"username": WORK, "password": PASSWORD})
    with claim("DM-COMP-01", "who signs up before there is a company is of none"):
        observe((pia["company_id"], pia["company_admin"], pia["developer"]), (None, [], []))
    company = cloud.control("POST", "/companies", {**COMPANY, "creator": WORK})
    with claim("DM-COMP-01", "who adds the company of their domain becomes its employee and admin"):
        pia = cloud.control("GET", f"/users/{WORK}")
        observe((pia["company_id"], pia["company_admin"]), (company["_id"], [company["_id"]]))
    colleague = cloud.control("POST", "/users", {"username": "tom@startup.example"})
    invited = cloud.control("PATCH", f"/users/{colleague['username']}", {"company_admin": [company["_id"]]})
    with claim("DM-USER-12", "a colleague is invited as company admin"):
        observe((invited["company_id"], invited["company_admin"]), (company["_id"], [company["_id"]]))
    app = {"name": "Meetings", "creator": WORK, "active": False, "key": False, "scopes": ["spaces.create"]}
    with claim("DM-APP-01", "an admin without developer permission makes no app"):
        told(tried(cloud, "POST", "/service-apps", app), 403, "permission.denied", WORK, "developer", "Startup")
    freelancer = cloud.control("PATCH", f"/users/{WORK}", {"developer": ["freelance"]})
    with claim("DM-APP-01", "the freelance permission gives no access to service apps"):
        observe(freelancer["developer"], ["freelance"])
        told(tried(cloud, "POST", "/service-apps", app), 403, "permission.denied", "freelance")
    cloud.control("PATCH", f"/users/{WORK}", {"developer": [company["_id"], "freelance"]})
    with claim("DM-COMP-02", "the service domain has to be created before"):
        told(tried(cloud, "POST", "/service-apps", app), 400, "request.invalid", "no service domain")
    creating = {"service_domain": True, "creator": WORK}
    domain = cloud.control("PATCH", f"/companies/{company['_id']}", creating)["service_domain"]
    with claim("DM-COMP-02", "the service domain of a company that is there already has its form"):
        expect(domain, SERVICE_DOMAIN)
    made = cloud.control("POST", "/service-apps", app)
    with claim("DM-APP-01", "the app belongs to the company, is inactive and has no key"):
        observe((made["company"], made["active"], made["key"]), ("Startup", False, None))
    with claim("DM-APP-02", "its service account is named after the app, at the service domain"):
        expect(made["sub"], f"{made['iss']}@{domain}")
    path = f"/service-apps/{made['iss']}"
    scopes = ["spaces.create", "spaces.settings.read"]
    cloud.control("PATCH", path, {"scopes": scopes, "licenses": BUSINESS})
    added = cloud.control("POST", f"{path}/keys")
    again = cloud.http.get(f"{cloud.urls['control']}{path}/keys/{added['kid']}")
    with claim("ACC-SVCKEY-01", "ACC-SVCKEY-02", "the key is downloaded again, under the name of the documents"):
        expect(again.json(), added)
        expect(list(added), ["iss", "sub", "kid", "private_key"])
        expect(again.headers["content-disposition"], f'attachment; filename="service-key-{added["kid"]}.json"')
    bot = App(again.json(), made["account_id"])
    with claim("AUTH-SVC-12", "before the app is activated its JWT is refused"):
        answer = cloud.call("POST", "/spaces/invite", bot, json={"topic": {"title": "Room"}})
        expect((answer.status_code, answer.json()["code"]), (401, "auth.app_inactive"))
    cloud.control("PATCH", path, {"active": True})
    with claim("DM-LIC-02", "DM-APP-02", "a space that the licensed app creates has the media of its licence"):
        settings = settings_of(cloud, bot)
        expect(settings["mdLic"], MEDIA)
        expect(settings["mdProviders"], ["mpaas"])


@behaviour("DM-CLI-01", "DM-USER-12", "ACC-TOKEN-08")
def test_from_sign_up_to_an_oauth_client(cloud: Cloud) -> None:
    """Seed 002: sign up, get the developer permission as a freelancer or for a company, create an OAuth client."""
    cloud.control("POST", "/users", {"username": "lee@freelance.example", "password": "lee-secret"})
    client = {"name": "Tool", "redirect_uris": [CALLBACK], "creator": "lee@freelance.example"}
    with claim("DM-CLI-01", "without developer permission nobody makes a client"):
        told(tried(cloud, "POST", "/oauth-clients", client), 403, "permission.denied", "developer permission")
    lee = cloud.control("PATCH", "/users/lee@freelance.example", {"developer": ["freelance"]})
    with claim("DM-USER-12", "anybody may have the freelance permission"):
        observe((lee["company_id"], lee["developer"]), (None, ["freelance"]))
    made = cloud.control("POST", "/oauth-clients", client)
    with claim("DM-CLI-01", "a freelance developer makes clients that are freelance"):
        observe(made["owner"], "freelance")
    company = founded(cloud)
    cloud.control("PATCH", f"/users/{WORK}", {"developer": True})
    owned = cloud.control("POST", "/oauth-clients", {**client, "creator": WORK})
    with claim("DM-CLI-01", "a developer of a company makes clients of that company"):
        observe(owned["owner"], company["_id"])
    for whose, owner in (("a freelancer makes none of a company", company["_id"]), ("nor of another one", "Example")):
        with claim("DM-CLI-01", whose):
            answer = tried(cloud, "POST", "/oauth-clients", {**client, "owner": owner})
            told(answer, 403, "permission.denied", "developer permission")
    Browser(cloud)
    known = Client(made["client_id"], made["client_secret"], CALLBACK)
    tokens = exchange(cloud, known, code(cloud, known))
    with claim("ACC-TOKEN-08", "its id and secret are good for the code flow"):
        expect((tokens.status_code, tokens.json()["token_type"]), (200, "Bearer"))


@behaviour("DM-APP-02", "DM-LIC-02", "USERS-BULK-12")
def test_the_ways_in_which_a_service_account_gets_a_licence(cloud: Cloud) -> None:
    """By a seed, when the app is made, later, and by bulk update; without one the spaces have no media."""
    names = {"scopes": "all", "company": "Example"}
    apps = {
        "without one": cloud.control("POST", "/service-apps", names),
        "at creation": cloud.control("POST", "/service-apps", {**names, "licenses": ["spaces_power"]}),
        "later": cloud.control("POST", "/service-apps", names),
        "by bulk update": cloud.control("POST", "/service-apps", names),
        "by a seed": {},
    }
    with claim("DM-APP-02", "what was made tells its licences"):
        observe([apps[name]["licenses"] for name in ("without one", "at creation")], [[], ["spaces_power"]])
    later = cloud.control("PATCH", f"/service-apps/{apps['later']['iss']}", {"licenses": BUSINESS})
    with claim("DM-APP-02", "what was changed tells its licences"):
        observe(later["licenses"], BUSINESS)
    admin = App(apps["later"]["key"], apps["later"]["account_id"])
    operation = {"action": "update", "email": apps["by bulk update"]["sub"], "license_type": "spaces_power"}
    done = cloud.call("POST", "/users/bulkupdate", admin, json=[operation])
    with claim("USERS-BULK-12", "DM-APP-02", "a bulk update gives a service account of the company a licence"):
        expect((done.status_code, done.json()["data"][0]["success"]), (200, True))
    cloud.control("POST", "/seed", {"service_apps": [{**names, "app_id": "5eed" * 5, "licenses": BUSINESS}]})
    apps["by a seed"] = {"key": cloud.control("POST", f"/service-apps/{'5eed' * 5}/keys")}
    for name, app in apps.items():
        with claim("DM-LIC-02", f"{name}: the settings of its spaces show it"):
            settings = settings_of(cloud, App(app["key"], ""))
            expect(settings["mdLic"], [] if name == "without one" else MEDIA)
    cloud.control("PATCH", f"/service-apps/{apps['later']['iss']}", {"licenses": []})
    with claim("DM-LIC-02", "without it again, new spaces have no media"):
        observe(settings_of(cloud, admin)["mdLic"], [])
    for what, wrong in (("deleted", {"action": "delete"}), ("given a password", {"password": "secret"})):
        result = cloud.call("POST", "/users/bulkupdate", admin, json=[{**operation, **wrong}]).json()["data"][0]
        with claim("DM-APP-02", f"a bulk update does not let a service account be {what}"):
            observe((result["success"], result["code"]), (False, "permission.denied"))
            cloud.explains("[0]", "service account", what, path="/api/users/bulkupdate")
    other = cloud.control("POST", "/service-apps", {"company": "rival.example"})
    for name, change, wanted, word in (
        ("the account of another company", {"email": other["sub"]}, "permission.other_company", other["sub"]),
        ("a licence that does not exist", {"license_type": "gold"}, "request.invalid", "gold"),
        ("no licence at all", {"license_type": 7}, "request.invalid", "license_type"),
    ):
        with claim("USERS-BULK-12", "DM-APP-02", f"{name} is refused, and nothing changes"), cloud.unchanged():
            result = cloud.call("POST", "/users/bulkupdate", admin, json=[{**operation, **change}]).json()["data"][0]
            observe((result["success"], result["code"]), (False, wanted))
            cloud.explains("[0]", word, path="/api/users/bulkupdate")


@behaviour("DM-COMP-01", "DM-USER-12", "DM-USER-10")
def test_what_the_portal_changes_on_a_person(cloud: Cloud) -> None:
    """Company, admin, developer, licences and picture of somebody are changed, and taken away again."""
    cloud.control("POST", "/users", {"username": "joe@startup.example"})
    company = founded(cloud)
    with claim("DM-COMP-01", "whoever signed up before with an address in the domain is an employee, not an admin"):
        joe = cloud.control("GET", "/users/joe@startup.example")
        observe((joe["company_id"], joe["company_admin"]), (company["_id"], []))
    file = "pictures/pfpic_joe_34cb97bd-0151-449d-84b0-48e07853b49f"
    picture = f"https://storage.googleapis.com/onesna/{file}"
    cloud.control("PATCH", "/users/joe@startup.example", {"licenses": BUSINESS, "picturefile": picture})
    me = cloud.call("GET", "/users/me", cloud.user("joe@startup.example")).json()
    with claim("DM-USER-10", "the picture is shown as its path and as the whole URL"):
        expect((me["picturefile"], me["picture_url"]), (file, picture))
        expect(me["profile"]["picture_url"], picture)
    with claim("DM-USER-12", "the licence is shown"):
        observe([one["service_type"] for one in me["licenses"]], ["zangspaces_business"])
    cloud.control("PATCH", "/users/joe@startup.example", {"picturefile": "", "company": "", "licenses": []})
    me = cloud.call("GET", "/users/me", cloud.user("joe@startup.example")).json()
    with claim("DM-USER-10", "without a picture it is absent"):
        expect(("picturefile" in me, me["picture_url"].endswith("/noimage.jpg")), (False, True))
    with claim("DM-USER-12", "who has left the company has no relation and no licence"):
        observe((me["relation_graphs"], me["licenses"]), ([], []))


@behaviour("DM-COMP-01")
def test_two_companies_of_one_name(cloud: Cloud) -> None:
    """What names one of them by their common name is refused; by id or domain, in any letter case, it is found."""
    first = founded(cloud)
    second = cloud.control("POST", "/companies", {"name": "Startup", "domains": ["Other.example", "other.EXAMPLE"]})
    with claim("DM-COMP-01", "a domain is kept once, in lower case"):
        observe(second["domains"], ["other.example"])
    for method, path, body in (
        ("PATCH", "/companies/Startup", {"service_domain": True}),
        ("POST", "/users", {**ANYBODY, "company": "Startup"}),
        ("POST", "/service-apps", {"company": "Startup"}),
    ):
        with claim("DM-COMP-01", f"{method} {path}: a name that two have is refused"):
            told(tried(cloud, method, path, body), 400, "request.invalid", "2 companies", "Startup", "domain")
    for key, company in ((first["_id"], first), ("STARTUP.example", first), ("other.example", second)):
        with claim("DM-COMP-01", f"{key} is one of them"):
            observe(cloud.control("PATCH", f"/companies/{key}", {"deny_attachments": True})["_id"], company["_id"])


@behaviour("DM-USER-10", "DM-USER-13")
@pytest.mark.parametrize(
    ("picture", "file"),
    [
        ("https://storage.googleapis.com/onesna/pictures/pfpic_zoe", "pictures/pfpic_zoe"),
        ("https://onesna.storage.googleapis.com/pictures/pfpic_zoe", "pictures/pfpic_zoe"),
        ("https://storage.googleapis.com/pfpic_zoe", "pfpic_zoe"),
        ("http://pictures.example:8080/a/zoe.png?size=9#x", "a/zoe.png"),
        ("https://pictures.example/", "https://pictures.example/"),
        ("https://[", "https://["),
    ],
)
def test_a_picture_is_a_path_and_a_url(cloud: Cloud, picture: str, file: str) -> None:
    """In lists of people too, whoever has a picture has its path beside its URL, and nobody else has one."""
    cloud.control("POST", "/users", {"username": "zoe@example.com", "picturefile": picture})
    people = cloud.call("GET", "/users/me/colleagues", cloud.user()).json()["data"]
    shown = {one["username"]: (one.get("picturefile"), one["picture_url"]) for one in people}
    with claim("DM-USER-10", "DM-USER-13", "the path within the storage, and the whole URL"):
        observe(shown["zoe@example.com"], (file, picture))
    with claim("DM-USER-10", "a colleague without picture has none"):
        observe((shown[ANN][0], shown[ANN][1].endswith("/noimage.jpg")), (None, True))
    told = cloud.control("GET", "/users/zoe@example.com")
    with claim("DM-USER-10", "the control API tells what it was given"):
        observe(told["picturefile"], picture)


BAD, NO_COMPANY, DENIED = (400, "request.invalid"), (404, "company.not_found"), (403, "permission.denied")
TAKEN, NOBODY, NO_APP = (409, "control.already_exists"), (404, "user.not_found"), (404, "app.not_found")
ANN, FRED = "ann@example.com", "fred@freelance.example"
PERSON, ANYBODY, UNKNOWN = f"PATCH /users/{WORK}", {"username": "z@z.example"}, "/service-apps/" + "0" * 20
STATEMENT = {"seed": "DM-APP-01", "service-apps": "DM-APP-01", "oauth-clients": "DM-CLI-01", "companies": "DM-COMP-01"}
# A call, its body, how it is refused, and a word of the reason.
REFUSED: tuple[tuple[str, Any, tuple[int, str], str], ...] = (
    ("POST /companies", {"name": "X", "domains": ["else.example"], "creator": WORK}, BAD, "employee"),
    ("POST /companies", {"name": "X", "creator": "nobody@x.example"}, NOBODY, "nobody"),
    ("POST /companies", {"name": "X", "domains": ["x.example"], "creator": FRED}, BAD, "freelance.example"),
    ("POST /companies", {"name": "X", "creator": 7}, BAD, "creator"),
    ("PATCH /companies/Nothing", {"service_domain": True}, NO_COMPANY, "Nothing"),
    (
        "PATCH /companies/Startup",
        {"service_domain": False},
        BAD,
        "service_domain: invalid enum value false; one of true",
    ),
    ("PATCH /companies/Startup", {"service_domain": "yes"}, BAD, "service_domain"),
    ("PATCH /companies/Startup", {"owned_licenses": ["gold"]}, BAD, "owned_licenses"),
    ("PATCH /companies/Startup", {"name": "Other"}, BAD, "name"),
    ("PATCH /companies/Startup", {"service_domain": True, "creator": ANN}, DENIED, "no admin of company"),
    ("PATCH /companies/Startup", {"owned_licenses": [], "creator": FRED}, DENIED, "no admin of company"),
    ("PATCH /companies/Startup", {"service_domain": True, "creator": "nobody@x.example"}, NOBODY, "nobody"),
    ("PATCH /companies/Startup", {"service_domain": True, "creator": [WORK]}, BAD, "creator"),
    ("POST /companies", {"name": "X", "owned_licenses": ["gold"]}, BAD, "owned_licenses"),
    ("POST /companies", {"name": "X", "domains": "x.example"}, BAD, "domains"),
    ("POST /companies", {"name": "X", "domains": ["@x.example"]}, BAD, "domains[0]"),
    ("POST /companies", {"name": "X", "domains": [""]}, BAD, "domains[0]"),
    ("POST /companies", {"name": "X", "domains": ["x.example", "http://x.example"]}, BAD, "domains[1]"),
    ("POST /companies", {"name": "X", "deny_attachments": 0}, BAD, "deny_attachments"),
    ("POST /companies", {"name": " "}, BAD, "name"),
    ("POST /companies", {"name": "X", "domains": ["startup.example"]}, TAKEN, "startup.example"),
    (PERSON, {"developer": ["Example"]}, DENIED, "developer"),
    (PERSON, {"developer": ["Nothing"]}, NO_COMPANY, "Nothing"),
    (PERSON, {"developer": "freelance"}, BAD, "developer"),
    (PERSON, {"company_admin": ["Nothing"]}, NO_COMPANY, "Nothing"),
    (PERSON, {"company_admin": [1]}, BAD, "company_admin"),
    (PERSON, {"company_admin": []}, DENIED, "developer"),
    (PERSON, {"developer": [1]}, BAD, "developer"),
    (PERSON, {"company": 7}, BAD, "company"),
    (PERSON, {"password": ""}, BAD, "password"),
    (PERSON, {"picturefile": 7}, BAD, "picturefile"),
    (PERSON, {"licences": []}, BAD, "licences"),
    ("PATCH /users/nobody@x.example", {"developer": True}, NOBODY, "nobody"),
    (PERSON, {"company": "Nothing"}, NO_COMPANY, "Nothing"),
    (PERSON, {"company": "Example"}, DENIED, "developer"),
    (PERSON, {"licenses": ["gold"]}, BAD, "licenses"),
    (PERSON, {"licenses": "spaces_power"}, BAD, "licenses"),
    (PERSON, {"picturefile": "joe.png"}, BAD, "picturefile"),
    (f"PATCH /users/{FRED}", {"company_admin": True}, BAD, "company_admin"),
    ("POST /users", {**ANYBODY, "company_admin": True}, BAD, "company_admin"),
    ("POST /users", {**ANYBODY, "developer": ["Example"]}, DENIED, "developer"),
    ("POST /users", {"username": "tom@startup.example", "developer": ["Startup"]}, DENIED, "not both"),
    (PERSON, {"company_admin": False}, DENIED, "not both"),
    ("POST /users", {**ANYBODY, "picturefile": "javascript:x"}, BAD, "picturefile"),
    ("POST /users", {**ANYBODY, "company": "Nothing"}, NO_COMPANY, "Nothing"),
    ("POST /users", {**ANYBODY, "licenses": ["gold"]}, BAD, "licenses"),
    ("POST /users", {**ANYBODY, "company_admin": ["Nothing"]}, NO_COMPANY, "Nothing"),
    ("POST /users", {**ANYBODY, "phone_numbers": [{"value": "none"}]}, BAD, "phone_numbers"),
    ("POST /oauth-clients", {"owner": "Nothing"}, NO_COMPANY, "Nothing"),
    ("POST /oauth-clients", {"creator": "nobody@x.example"}, NOBODY, "nobody"),
    ("POST /service-apps", {"company": "Example", "creator": WORK}, DENIED, "Example"),
    ("POST /service-apps", {"company": "Nothing", "creator": WORK}, NO_COMPANY, "Nothing"),
    ("POST /service-apps", {"creator": FRED}, DENIED, "no company"),
    ("POST /service-apps", {"company": "Example", "licenses": ["gold"]}, BAD, "licenses"),
    ("POST /service-apps", {"company": "Example", "key": False, "fresh_key": True}, BAD, "fresh_key"),
    ("POST /oauth-clients", {"creator": 7}, BAD, "creator"),
    ("POST /oauth-clients", {"owner": 7}, BAD, "owner"),
    ("POST /service-apps", {"creator": 7}, BAD, "creator"),
    ("POST /service-apps", {"creator": "nobody@x.example"}, NOBODY, "nobody"),
    ("POST /service-apps", {"company": "Example", "licenses": "spaces_power"}, BAD, "licenses"),
    ("POST /service-apps", {"company": "Example", "active": "no"}, BAD, "active"),
    ("POST /service-apps", {"company": "Example", "key": 0}, BAD, "key"),
    ("POST /seed", {"service_apps": [{"company": "Example", "creator": WORK}]}, DENIED, "service_apps[0]: creator"),
    ("POST /seed", {"users": [ANYBODY, {**ANYBODY, "company": "Nothing"}]}, NO_COMPANY, "users[1]"),
    ("POST /seed", {"companies": [{"name": "X", "creator": 7}]}, BAD, "companies[0].creator"),
    ("POST /seed", {"service_apps": [{"company": "Nothing"}]}, NO_COMPANY, "service_apps[0]"),
    ("POST /seed", {"service_apps": [{"company": "Example", "licenses": ["gold"]}]}, BAD, "licenses[0]"),
    ("POST /seed", {"oauth_clients": [{"owner": "Nothing"}]}, NO_COMPANY, "oauth_clients[0]"),
    ("POST /seed", {"users": [{**ANYBODY, "developer": ["Startup"]}]}, DENIED, "users[0]"),
    ("GET /users/nobody@x.example", None, NOBODY, "nobody"),
    (PERSON, {"developer": ["Startup", "Nothing"]}, NO_COMPANY, "Nothing"),
    (PERSON, {"company_admin": ["freelance"]}, NO_COMPANY, "freelance"),
    ("POST /oauth-clients", {"owner": "Example", "creator": WORK}, DENIED, "developer permission"),
    ("POST /oauth-clients", {"redirect_uris": "x"}, BAD, "redirect_uris"),
    ("POST /service-apps", {"company": "Example", "scopes": ["spaces.creat"]}, BAD, "spaces.create"),
    (f"POST {UNKNOWN}/jwt", {}, NO_APP, "0" * 20),
    (f"DELETE {UNKNOWN}/keys/{'0' * 20}", None, NO_APP, "0" * 20),
    (f"PATCH {UNKNOWN}", {"active": True}, NO_APP, "0" * 20),
    (f"POST {UNKNOWN}/keys", {}, NO_APP, "0" * 20),
    (f"GET {UNKNOWN}/keys/{'0' * 20}", None, NO_APP, "0" * 20),
)


@pytest.mark.parametrize(
    ("call", "body", "wanted", "word"),
    [
        pytest.param(*one, marks=behaviour(STATEMENT.get(one[0].split("/")[1], "DM-USER-12")), id=f"{one[0]} {one[1]}")
        for one in REFUSED
    ],
)
def test_what_the_portal_refuses(cloud: Cloud, call: str, body: Any, wanted: tuple[int, str], word: str) -> None:
    """A wrong type, an unknown company, a right that is not one's own: refused with a reason, and nothing changes."""
    founded(cloud)
    cloud.control("PATCH", f"/users/{WORK}", {"developer": True})
    method, path = call.split()
    with claim(STATEMENT.get(path.split("/")[1], "DM-USER-12"), "it is refused with a reason"):
        told(tried(cloud, method, path, body), *wanted, word)


@behaviour("ACC-SVCKEY-02", "DM-LIC-02", "DM-APP-02")
def test_keys_and_licences_that_are_not_there(cloud: Cloud) -> None:
    """The key of another app is not found, and a licence that the company does not own is not given."""
    first, second = (cloud.control("POST", "/service-apps", {"company": "Example"}) for _ in range(2))
    path = f"/service-apps/{first['iss']}"
    for method in ("GET", "DELETE"):
        with claim("ACC-SVCKEY-02", f"{method}: the key of another app is not found"):
            answer = tried(cloud, method, f"{path}/keys/{second['key']['kid']}", None)
            told(answer, 404, "key.not_found", second["key"]["kid"])
    with claim("ACC-SVCKEY-02", "without a key there is none to sign with"):
        bare = cloud.control("POST", "/service-apps", {"company": "Example", "key": False})["iss"]
        told(tried(cloud, "POST", f"/service-apps/{bare}/jwt", {}), 404, "key.not_found", bare)
    with claim("ACC-SVCKEY-02", "what is no switch does not make a key fresh"):
        told(tried(cloud, "POST", f"{path}/keys", {"fresh": "yes"}), 400, "request.invalid", "fresh")
    bad = {"active": "yes", "account_enabled": 1, "scopes": ["spaces.everything"], "licenses": "gold", "name": "Other"}
    for member, value in bad.items():
        with claim("DM-APP-02", f"a bad {member} is refused by name"):
            told(tried(cloud, "PATCH", path, {"active": False, member: value}), 400, "request.invalid", member)
    with claim("DM-APP-02", "all scopes have one word, when the app is made and later"):
        observe(cloud.control("PATCH", path, {"scopes": "all"})["scopes"], list(SCOPES))
    cloud.control("PATCH", "/companies/Example", {"owned_licenses": BUSINESS})
    with claim("DM-LIC-02", "a licence that the company does not own is not given, to apps and people alike"):
        for target in (path, "/users/ann@example.com"):
            answer = tried(cloud, "PATCH", target, {"licenses": ["spaces_power"]})
            told(answer, 400, "license.not_available", "Example", "spaces_power")
        power = {"company": "Example", "licenses": ["spaces_power"]}
        for kind, body in (("service-apps", power), ("users", {**ANYBODY, **power})):
            told(tried(cloud, "POST", f"/{kind}", body), 400, "license.not_available", "Example", "spaces_power")
        seed = {"service_apps": [{"company": "Example"}, power]}
        told(tried(cloud, "POST", "/seed", seed), 400, "license.not_available", "service_apps[1]", "spaces_power")


@behaviour("DM-APP-01", "DM-CLI-01", "DM-COMP-01", "DM-COMP-02")
def test_creators_who_cannot_sign_in(cloud: Cloud) -> None:
    """Whoever is disabled, and a service account, creates nothing in the portal; once enabled again they do."""
    company = founded(cloud)
    cloud.control("PATCH", f"/companies/{company['_id']}", {"service_domain": True})
    bot = cloud.control("POST", "/service-apps", {"company": "Startup"})["sub"]
    cloud.control("PATCH", f"/users/{WORK}", {"developer": True})
    cloud.control("POST", "/users", {"username": "eve@alone.example", "enabled": False})
    calls: tuple[tuple[str, str, dict[str, Any], str, str], ...] = (
        ("POST", "/service-apps", {}, WORK, "DM-APP-01"),
        ("POST", "/oauth-clients", {}, WORK, "DM-CLI-01"),
        ("PATCH", "/companies/Startup", {"deny_attachments": True}, WORK, "DM-COMP-02"),
        ("POST", "/companies", {"name": "Alone", "domains": ["alone.example"]}, "eve@alone.example", "DM-COMP-01"),
    )
    cloud.control("PATCH", f"/users/{WORK}", {"enabled": False})
    for method, path, body, who, statement in calls:
        with claim(statement, f"{method} {path}: nobody who is disabled"):
            told(tried(cloud, method, path, {**body, "creator": who}), 403, "permission.denied", who, "disabled")
        with claim(statement, f"{method} {path}: no service account"):
            told(tried(cloud, method, path, {**body, "creator": bot}), 400, "request.invalid", "service account")
    for who in (WORK, "eve@alone.example"):
        cloud.control("PATCH", f"/users/{who}", {"enabled": True})
    for method, path, body, who, statement in calls:
        with claim(statement, f"{method} {path}: enabled again they may"):
            assert cloud.control(method, path, {**body, "creator": who})


@behaviour("DM-COMP-02")
def test_who_creates_a_service_domain(cloud: Cloud) -> None:
    """Every admin of the company may, a second time changes nothing, and an admin of another company may not."""
    company = founded(cloud)
    path = f"/companies/{company['_id']}"
    cloud.control("POST", "/users", {"username": "tom@startup.example"})
    creating = {"service_domain": True, "creator": "tom@startup.example"}
    with claim("DM-COMP-02", "an employee who is no admin may not"):
        told(tried(cloud, "PATCH", path, creating), 403, "permission.denied", "tom@startup.example", "Startup")
    with claim("DM-COMP-02", "nor may the admin of another company"):
        told(tried(cloud, "PATCH", path, {**creating, "creator": ANN}), 403, "permission.denied", ANN, "Startup")
    cloud.control("PATCH", "/users/tom@startup.example", {"company_admin": True})
    domain = cloud.control("PATCH", path, creating)["service_domain"]
    with claim("DM-COMP-02", "once admin they may, and again it is the same domain"):
        observe(domain, SERVICE_DOMAIN)
        observe(cloud.control("PATCH", path, {**creating, "creator": WORK})["service_domain"], domain)
