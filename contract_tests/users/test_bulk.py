from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ACCOUNT_ID, App, Cloud, Person, behaviour, only_mock, refused
from contract_tests.sockets import LEFT, Sockets


@pytest.fixture
def bot(cloud: Cloud) -> App:
    """A service app that may change the users of its company."""
    return cloud.app("accounts.users.bulk.write")


def run(cloud: Cloud, bot: App, *operations: Any) -> list[dict[str, Any]]:
    answer = cloud.call("POST", "/users/bulkupdate", bot, json=list(operations))
    assert answer.status_code == 200, answer.text
    results: list[dict[str, Any]] = answer.json()["data"]
    return results


def one(cloud: Cloud, bot: App, action: str, email: str = "new@example.com", **members: Any) -> dict[str, Any]:
    [result] = run(cloud, bot, {"action": action, "email": email, **members})
    return result


CHANGES = "changes accounts, which no run does on a service"


@behaviour("USERS-BULK-01", "USERS-BULK-08", "USERS-BULK-11")
def test_a_created_user_is_there_at_once(cloud: Cloud, bot: App) -> None:
    """The result has the short user, who can sign in and has a personal room."""
    only_mock(cloud, CHANGES)
    body = {
        "action": "create",
        "email": "New@Example.com",
        "password": "secret",
        "firstname": "Nora",
        "lastname": "New",
    }
    answer = cloud.call("POST", "/users/bulkupdate", bot, json=[body])
    with claim("USERS-BULK-01", "a bare array of one operation is taken", about=[answer]):
        expect(answer.status_code, 200)
    with claim("USERS-BULK-08", "its result has e-mail, action and success", about=[answer]):
        [result] = answer.json()["data"]
        observe((result["email"], result["action"], result["success"]), ("New@Example.com", "create", True))
    with claim("USERS-BULK-08", "its result has the short user", about=[answer]):
        shown = answer.json()["data"][0]["user"]
        observe((shown["displayname"], shown["username"]), ("Nora New", "new@example.com"))
    nora = cloud.user("new@example.com")
    with claim("USERS-BULK-11", "the user can sign in with that password"):
        expect(nora.id, answer.json()["data"][0]["user"]["_id"])
        observe(nora.password, "secret")
    with claim("USERS-BULK-11", "the user is there at once, with name and language"):
        shown = cloud.call("GET", "/users/me", nora).json()
        observe((shown["name"]["givenname"], shown["name"]["familyname"]), ("Nora", "New"))
        observe(shown["languages"], [{"code": "en", "primary": True}])
    with claim("USERS-BULK-11", "the user has a personal room at once"):
        room = cloud.call("GET", "/users/meetingroom/new@example.com", nora).json()["data"]
        expect(room["title"], "Nora New")


@behaviour("USERS-BULK-08", "USERS-BULK-09")
def test_a_failed_operation_does_not_stop_the_others(cloud: Cloud, bot: App) -> None:
    """Each operation has its own result in the order sent; what fails says why."""
    only_mock(cloud, CHANGES)
    operations = [
        {"action": "create", "email": "bob@example.com", "password": "secret"},
        {"action": "update", "email": "nobody@example.com"},
        {"action": "read", "email": "bob@example.com"},
        {"action": "create", "email": "x@rival.example", "password": "secret"},
        {"action": "create", "email": "new@example.com", "password": "secret"},
        {"action": "dance", "email": "bob@example.com"},
        {"action": "read"},
    ]
    answer = cloud.call("POST", "/users/bulkupdate", bot, json=operations)
    wanted = ["user.already_exists", "user.not_found", None, "permission.other_company", None, *["request.invalid"] * 2]
    with claim("USERS-BULK-09", "each failed operation has its code", about=[answer]):
        observe([result.get("code") for result in answer.json()["data"]], wanted)
    with claim("USERS-BULK-08", "each operation has its own result, in the order sent", about=[answer]):
        observe([result["success"] for result in answer.json()["data"]], [code is None for code in wanted])
    with claim("USERS-BULK-08", "a read shows the user", about=[answer]):
        observe(answer.json()["data"][2]["user"]["displayname"], "Bob Builder")


@behaviour("USERS-BULK-10")
@pytest.mark.parametrize(
    "body",
    [{}, [], "x", [1], [[]], [{"action": "read", "email": "a@example.com"}] * 11],
    ids=lambda body: str(body)[:40],
)
def test_one_to_ten_operations_are_wanted(cloud: Cloud, bot: App, body: Any) -> None:
    """Anything but an array of 1 to 10 objects is refused and nothing is done."""
    with claim("USERS-BULK-10", "it is refused"):
        refused(cloud.call("POST", "/users/bulkupdate", bot, json=body), 400, "request.invalid")


@behaviour("USERS-BULK-01")
def test_there_are_one_to_ten_operations(cloud: Cloud, bot: App) -> None:
    """No operation and eleven are refused, ten are taken."""
    with claim("USERS-BULK-01", "no operation is refused"):
        refused(cloud.call("POST", "/users/bulkupdate", bot, json=[]), 400, "request.invalid")
    reads = [{"action": "read", "email": "a@example.com"}] * 11
    with claim("USERS-BULK-01", "eleven operations are refused"):
        refused(cloud.call("POST", "/users/bulkupdate", bot, json=reads), 400, "request.invalid")
    with claim("USERS-BULK-01", "ten operations are taken"):
        expect(len(run(cloud, bot, *reads[:10])), 10)


@behaviour("USERS-BULK-10")
def test_a_bad_element_stops_everything(cloud: Cloud, bot: App) -> None:
    """One element that is no object, and not even the good operation before it is done."""
    only_mock(cloud, CHANGES)
    body = [{"action": "create", "email": "new@example.com", "password": "secret"}, None]
    with claim("USERS-BULK-10", "an array with an element that is no object is refused"), cloud.unchanged():
        refused(cloud.call("POST", "/users/bulkupdate", bot, json=body), 400, "request.invalid")
    with claim("USERS-BULK-10", "the good operation before it is not done"):
        observe(one(cloud, bot, "read")["code"], "user.not_found")


@behaviour("USERS-BULK-02")
def test_only_service_apps_change_users(cloud: Cloud) -> None:
    """Another kind of credential is refused."""
    path, guest = "/users/bulkupdate", cloud.guest()
    with claim("USERS-BULK-02", "an anonymous user is refused"):
        refused(cloud.call("POST", path, guest, json=[]), 403, "auth.kind_not_allowed")
    ann = cloud.user()
    with claim("USERS-BULK-02", "a person is refused, the company's admin too"):
        refused(cloud.call("POST", path, ann, json=[]), 403, "auth.kind_not_allowed")


def is_bad(cloud: Cloud, bot: App, shown: str, members: dict[str, Any]) -> None:
    only_mock(cloud, CHANGES)
    body = {"action": "create", "email": "new@example.com", "password": "secret", **members}
    answer = cloud.call("POST", "/users/bulkupdate", bot, json=[body])
    with claim(shown, "the operation fails", about=[answer]):
        [result] = answer.json()["data"]
        observe((result["success"], result["code"]), (False, "request.invalid"))
    with claim(shown, "no user is made"):
        observe(one(cloud, bot, "read")["code"], "user.not_found")


def short(value: object) -> str:
    return str(value)[:40]


@behaviour("USERS-BULK-02")
def test_an_email_is_wanted(cloud: Cloud, bot: App) -> None:
    """A text that is no address is refused, and no user is made."""
    is_bad(cloud, bot, "USERS-BULK-02", {"email": "no-mail"})


@behaviour("USERS-BULK-03")
@pytest.mark.parametrize("password", ["abc", "x" * 201, None], ids=short)
def test_bad_passwords(cloud: Cloud, bot: App, password: str | None) -> None:
    """A password that is too short, too long or missing is refused, and no user is made."""
    is_bad(cloud, bot, "USERS-BULK-03", {"password": password})


@behaviour("USERS-BULK-04")
@pytest.mark.parametrize(
    "members",
    [
        {"firstname": "A|B"},
        {"lastname": "A.B"},
        {"lastname": 'A"B'},
        {"firstname": "x" * 190, "lastname": "y" * 190},
    ],
    ids=short,
)
def test_bad_names(cloud: Cloud, bot: App, members: dict[str, Any]) -> None:
    """A name that is too long or has forbidden characters is refused, and no user is made."""
    is_bad(cloud, bot, "USERS-BULK-04", members)


@behaviour("USERS-BULK-05")
@pytest.mark.parametrize("members", [{"cellphone": "0123"}, {"workphone": "+12 34"}], ids=short)
def test_bad_numbers(cloud: Cloud, bot: App, members: dict[str, Any]) -> None:
    """A number without a plus or with other characters is refused, and no user is made."""
    is_bad(cloud, bot, "USERS-BULK-05", members)


@behaviour("USERS-BULK-06")
def test_an_unknown_licence(cloud: Cloud, bot: App) -> None:
    """A licence that nobody knows is refused, and no user is made."""
    is_bad(cloud, bot, "USERS-BULK-06", {"license_type": "spaces_gold"})


@behaviour("USERS-BULK-03", "USERS-BULK-04", "USERS-BULK-05")
def test_members_at_their_limits(cloud: Cloud, bot: App) -> None:
    """Four and 200 characters of password, 380 of name and a number with a plus are fine."""
    only_mock(cloud, CHANGES)
    name = {"firstname": "x" * 189, "lastname": "y" * 190}
    for email, password in (("a@example.com", "abcd"), ("b@example.com", "x" * 200)):
        with claim("USERS-BULK-03", f"a password of {len(password)} characters is taken"):
            result = one(cloud, bot, "create", email, password=password)
            assert result["success"], result
    with claim("USERS-BULK-04", "a name of 380 characters is taken"):
        result = one(cloud, bot, "create", "c@example.com", password="secret", **name)
        assert result["success"], result
    with claim("USERS-BULK-05", "a number with a plus and an empty one are taken"):
        result = one(cloud, bot, "create", "d@example.com", password="secret", cellphone="+49123", workphone="")
        assert result["success"], result


@behaviour("USERS-BULK-07", "USERS-BULK-03")
def test_merging(cloud: Cloud, bot: App) -> None:
    """A merge creates who is absent, with a password, and updates who is there, without one."""
    only_mock(cloud, CHANGES)
    with claim("USERS-BULK-03", "who is absent needs a password"):
        observe(one(cloud, bot, "merge")["code"], "request.invalid")
    made = one(cloud, bot, "merge", password="secret", firstname="Nora")
    with claim("USERS-BULK-07", "who is absent is created"):
        observe((made["success"], made["user"]["displayname"]), (True, "Nora"))
    with claim("USERS-BULK-07", "who is there is updated"):
        changed = one(cloud, bot, "merge", lastname="New")["user"]
        observe((changed["_id"], changed["displayname"]), (made["user"]["_id"], "Nora New"))


@behaviour("USERS-BULK-04", "USERS-BULK-05", "USERS-BULK-11")
def test_an_update_changes_what_is_sent(cloud: Cloud, bot: App) -> None:
    """Names, language and password change at once, what is not sent stays, and without names the e-mail is shown."""
    only_mock(cloud, CHANGES)
    bob = cloud.user("bob@example.com")
    one(cloud, bot, "update", bob.username, firstname="Robert", language="de", password="changed")
    answer = cloud.call("GET", "/users/me", bob)
    with claim("USERS-BULK-05", "the language is shown", about=[answer]):
        observe(answer.json()["languages"], [{"code": "de", "primary": True}])
    with claim("USERS-BULK-11", "the name changes at once, and what is not sent stays", about=[answer]):
        observe(answer.json()["displayname"], "Robert Builder")
    with claim("USERS-BULK-11", "the password changes at once"):
        observe(cloud.user("bob@example.com").password, "changed")
    one(cloud, bot, "update", bob.username, firstname="", lastname="", language="klingon")
    answer = cloud.call("GET", "/users/me", bob)
    with claim("USERS-BULK-04", "without names the e-mail is the name", about=[answer]):
        observe(answer.json()["displayname"], bob.username)
    with claim("USERS-BULK-05", "an unknown language changes nothing", about=[answer]):
        observe(answer.json()["languages"][0]["code"], "de")
    with claim("USERS-BULK-11", "the personal room is named anew"):
        room = cloud.call("GET", f"/users/meetingroom/{bob.username}", bob).json()["data"]
        observe(room["title"], bob.username)


@behaviour("USERS-BULK-01", "USERS-BULK-08")
def test_reading(cloud: Cloud, bot: App) -> None:
    """A read shows who is there, and each operation has its own result."""
    unknown, username = "nobody-at-all@example.com", cloud.credentials("bob@example.com")[0]
    operations = [{"action": "read", "email": email} for email in (unknown, username)]
    answer = cloud.call("POST", "/users/bulkupdate", bot, json=operations)
    with claim("USERS-BULK-01", "a bare array of two reads is taken", about=[answer]):
        expect(answer.status_code, 200)
    with claim("USERS-BULK-08", "reads have results in the order sent", about=[answer]):
        results = [(one["email"], one["action"], one["success"]) for one in answer.json()["data"]]
        observe(results, [(unknown, "read", False), (username, "read", True)])
    with claim("USERS-BULK-08", "the result of a read has the short user", about=[answer]):
        observe(answer.json()["data"][1]["user"]["username"], username)


@behaviour("USERS-BULK-08")
def test_reading_changes_nothing(cloud: Cloud, bot: App) -> None:
    """A read ignores whatever else is sent."""
    only_mock(cloud, CHANGES)
    bob = cloud.user("bob@example.com")
    before = cloud.call("GET", "/users/me", bob).json()
    with claim("USERS-BULK-08", "a read changes nothing, whatever else is sent"):
        one(cloud, bot, "read", bob.username, firstname="Robert", license_type="")
        observe(cloud.call("GET", "/users/me", bob).json(), before)


@behaviour("USERS-BULK-06", "USERS-BULK-12", "DM-LIC-01")
def test_licences(cloud: Cloud, bot: App) -> None:
    """A licence of the company is given, replaced and taken away."""
    only_mock(cloud, CHANGES)
    cleo = cloud.user("cleo@example.com")
    for kind, service in (("spaces_power", "zangspaces_power"), ("spaces_business", "zangspaces_business")):
        one(cloud, bot, "update", cleo.username, license_type=kind)
        answer = cloud.call("GET", "/users/me", cleo)
        with claim("USERS-BULK-06", f"{kind} is given", about=[answer]):
            observe(len(answer.json()["licenses"]), 1)
        with claim("USERS-BULK-12", f"the record of {kind} has its type and the company as parent", about=[answer]):
            [licence] = answer.json()["licenses"]
            observe((licence["service_type"], licence["parent_type"]), (service, "company"))
        with claim("DM-LIC-01", f"these are all members of a record of {kind}", about=[answer]):
            licence = {
                "service_type": service,
                "product_type": "zangspaces",
                "expiration": "2300-05-01T16:00:00.000Z",
                "parent_type": "company",
                "trial": False,
                "purchased_license_ndbid": ACCOUNT_ID,
            }
            observe(answer.json()["licenses"], [licence])
    with claim("USERS-BULK-06", "an empty text takes it away"):
        one(cloud, bot, "update", cleo.username, license_type="")
        observe(cloud.call("GET", "/users/me", cleo).json()["licenses"], [])


@behaviour("USERS-BULK-11", "USERS-BULK-08", "AUTH-USER-05", "RT-AUTH-12")
def test_a_deleted_user(cloud: Cloud, bot: App, sockets: Sockets) -> None:
    """Tokens and sockets of a deleted user die and memberships end at once; the spaces stay."""
    only_mock(cloud, CHANGES)
    bob, ann = cloud.user("bob@example.com"), cloud.user()
    own = cloud.space(bob, invitees=[{"invitee": ann.username}])
    other = cloud.space(ann, invitees=[{"invitee": bob.username}])
    chat, jwt = sockets.join(bob), cloud.jwt_user("bob@example.com")
    result = one(cloud, bot, "delete", bob.username)
    with claim("USERS-BULK-08", "a delete answers no user"):
        observe((result["success"], result["user"]), (True, None))
    for kind, who in (("access token", bob), ("JWT", jwt)):
        with claim("AUTH-USER-05", f"the {kind} of a deleted user is refused"):
            refused(cloud.call("GET", "/users/me", who), 401, "auth.credential_invalid")
    with claim("RT-AUTH-12", "the socket of a deleted user leaves and is closed"):
        observe(chat.end()[0], [LEFT])
    for whose, space in (("own", own), ("other", other)):
        with claim("USERS-BULK-11", f"their {whose} space stays, without them"):
            shown = cloud.call("GET", f"/spaces/{space}", ann).json()
            observe([member["member"] for member in shown["members"]], [ann.id])
    with claim("USERS-BULK-11", "who is deleted is not found, and is somebody else when created again"):
        observe(one(cloud, bot, "delete", bob.username)["code"], "user.not_found")
        again = one(cloud, bot, "create", bob.username, password="secret")
        assert again["user"]["_id"] != bob.id


@behaviour("USERS-BULK-09")
def test_a_licence_that_the_company_does_not_own(cloud: Cloud) -> None:
    """A licence of which the company owns none is not given."""
    company = {"name": "Poor", "domains": ["poor.example"], "owned_licenses": ["spaces_business"]}
    cloud.control("POST", "/companies", company)
    poor = App(cloud.control("POST", "/service-apps", {"scopes": "all", "company": "Poor"})["key"])
    body = {"action": "create", "email": "p@poor.example", "password": "secret", "license_type": "spaces_power"}
    with claim("USERS-BULK-09", "a licence that the company does not own is not available"):
        [result] = run(cloud, poor, body)
        observe((result["success"], result["code"]), (False, "license.not_available"))


@behaviour("USERS-BULK-09", "AUTH-SVC-15")
@pytest.mark.parametrize("action", ["read", "update", "merge", "delete"])
@pytest.mark.parametrize("company", ["Rival", ""], ids=["of another company", "of none"])
def test_the_domain_of_an_address_is_not_enough(cloud: Cloud, bot: App, action: str, company: str) -> None:
    """A user with an address in a domain of the company who belongs to another one is out of reach."""
    only_mock(cloud, CHANGES)
    moved = cloud.user("moved@example.com", displayname="Moved Away")
    cloud.control("PATCH", f"/users/{moved.username}", {"company": company})
    with claim("USERS-BULK-09", "AUTH-SVC-15", "the operation fails"):
        result = one(cloud, bot, action, moved.username, firstname="Changed", lastname="")
        observe((result["success"], result.get("code")), (False, "permission.other_company"))
    with claim("USERS-BULK-09", "AUTH-SVC-15", "the user is there as before"):
        observe(cloud.call("GET", "/users/me", moved).json()["displayname"], "Moved Away")


@behaviour("USERS-ROOM-01")
def test_a_personal_room_follows_the_name_of_its_owner(cloud: Cloud, bot: App) -> None:
    """Each time its owner is renamed their room is too; the room of another user with the same name is not."""
    only_mock(cloud, CHANGES)
    owner, namesake = (cloud.user(f"{name}@example.com", displayname="Nora New") for name in ("nora", "nina"))

    def title(of: Person) -> Any:
        return cloud.call("GET", f"/users/meetingroom/{of.username}", owner).json()["data"]["title"]

    for name in ("Old", "Older"):
        one(cloud, bot, "update", owner.username, firstname="Nora", lastname=name)
        with claim("USERS-ROOM-01", f"renamed to {name}, the owner finds the new name on their room"):
            observe(title(owner), f"Nora {name}")
    with claim("USERS-ROOM-01", "the room of their namesake keeps its name"):
        observe(title(namesake), "Nora New")
