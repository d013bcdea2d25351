from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ACCOUNT_ID, App, Cloud, behaviour, refused
from contract_tests.sockets import LEFT, Sockets

NO_CLAIMS_YET = True


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


@behaviour("USERS-BULK-01", "USERS-BULK-08", "USERS-BULK-11")
def test_a_created_user_is_there_at_once(cloud: Cloud, bot: App) -> None:
    """The result has the short user, and he can sign in and has his personal room."""
    result = one(cloud, bot, "create", "New@Example.com", password="secret", firstname="Nora", lastname="New")
    observe((result["email"], result["action"], result["success"]), ("New@Example.com", "create", True))
    observe((result["user"]["displayname"], result["user"]["username"]), ("Nora New", "new@example.com"))
    nora = cloud.user("new@example.com")
    expect(nora.id, result["user"]["_id"])
    observe(nora.password, "secret")
    shown = cloud.call("GET", "/users/me", nora).json()
    observe((shown["name"]["givenname"], shown["name"]["familyname"]), ("Nora", "New"))
    observe(shown["languages"], [{"code": "en", "primary": True}])
    expect(cloud.call("GET", "/users/meetingroom/new@example.com", nora).json()["data"]["title"], "Nora New")


@behaviour("USERS-BULK-08", "USERS-BULK-09")
def test_a_failed_operation_does_not_stop_the_others(cloud: Cloud, bot: App) -> None:
    """Each operation has its own result in the order sent; what fails says why."""
    results = run(
        cloud,
        bot,
        {"action": "create", "email": "bob@example.com", "password": "secret"},
        {"action": "update", "email": "nobody@example.com"},
        {"action": "read", "email": "bob@example.com"},
        {"action": "create", "email": "x@rival.example", "password": "secret"},
        {"action": "create", "email": "new@example.com", "password": "secret"},
        {"action": "dance", "email": "bob@example.com"},
        {"action": "read"},
    )
    codes = [result.get("code") for result in results]
    wanted = ["user.already_exists", "user.not_found", None, "permission.other_company", None, *["request.invalid"] * 2]
    observe(codes, wanted)
    observe([result["success"] for result in results], [code is None for code in wanted])
    observe(results[2]["user"]["displayname"], "Bob Builder")


@behaviour("USERS-BULK-01", "USERS-BULK-10")
@pytest.mark.parametrize(
    "body",
    [{}, [], "x", [1], [[]], [{"action": "read", "email": "a@example.com"}] * 11],
    ids=lambda body: str(body)[:40],
)
def test_one_to_ten_operations_are_wanted(cloud: Cloud, bot: App, body: Any) -> None:
    """Anything but an array of 1 to 10 objects is refused and nothing is done."""
    refused(cloud.call("POST", "/users/bulkupdate", bot, json=body), 400, "request.invalid")


@behaviour("USERS-BULK-10")
def test_a_bad_element_stops_everything(cloud: Cloud, bot: App) -> None:
    """One element that is no object, and not even the good operation before it is done."""
    body = [{"action": "create", "email": "new@example.com", "password": "secret"}, None]
    refused(cloud.call("POST", "/users/bulkupdate", bot, json=body), 400, "request.invalid")
    observe(one(cloud, bot, "read")["code"], "user.not_found")


@behaviour("USERS-BULK-02")
def test_only_service_apps_change_users(cloud: Cloud) -> None:
    """Another kind of credential is refused."""
    for who in (cloud.user(), cloud.guest()):
        refused(cloud.call("POST", "/users/bulkupdate", who, json=[]), 403, "auth.kind_not_allowed")


@behaviour("USERS-BULK-02", "USERS-BULK-03", "USERS-BULK-04", "USERS-BULK-05", "USERS-BULK-06")
@pytest.mark.parametrize(
    "members",
    [
        {"email": "no-mail"},
        {"password": "abc"},
        {"password": "x" * 201},
        {"password": None},
        {"firstname": "A|B"},
        {"lastname": "A.B"},
        {"lastname": 'A"B'},
        {"firstname": "x" * 190, "lastname": "y" * 190},
        {"cellphone": "0123"},
        {"workphone": "+12 34"},
        {"license_type": "spaces_gold"},
    ],
    ids=lambda members: str(members)[:40],
)
def test_bad_members(cloud: Cloud, bot: App, members: dict[str, Any]) -> None:
    """What is too short, too long or of a forbidden form is refused, and no user is made."""
    body = {"action": "create", "email": "new@example.com", "password": "secret", **members}
    [result] = run(cloud, bot, body)
    observe((result["success"], result["code"]), (False, "request.invalid"))
    observe(one(cloud, bot, "read")["code"], "user.not_found")


@behaviour("USERS-BULK-03", "USERS-BULK-04", "USERS-BULK-05")
def test_members_at_their_limits(cloud: Cloud, bot: App) -> None:
    """Four and 200 characters of password, 380 of name and a number with a plus are fine."""
    name = {"firstname": "x" * 189, "lastname": "y" * 190}
    for email, password in (("a@example.com", "abcd"), ("b@example.com", "x" * 200)):
        result = one(cloud, bot, "create", email, password=password, cellphone="+49123", workphone="", **name)
        assert result["success"], result


@behaviour("USERS-BULK-07", "USERS-BULK-03")
def test_merging(cloud: Cloud, bot: App) -> None:
    """A merge creates who is absent, with a password, and updates who is there, without one."""
    observe(one(cloud, bot, "merge")["code"], "request.invalid")
    made = one(cloud, bot, "merge", password="secret", firstname="Nora")["user"]
    changed = one(cloud, bot, "merge", lastname="New")["user"]
    observe((changed["_id"], changed["displayname"]), (made["_id"], "Nora New"))


@behaviour("USERS-BULK-04", "USERS-BULK-05", "USERS-BULK-11")
def test_an_update_changes_what_is_sent(cloud: Cloud, bot: App) -> None:
    """Names, language and password change at once, what is not sent stays, and without names the e-mail is shown."""
    bob = cloud.user("bob@example.com")
    one(cloud, bot, "update", bob.username, firstname="Robert", language="de", password="changed")
    shown = cloud.call("GET", "/users/me", bob).json()
    observe((shown["displayname"], shown["languages"]), ("Robert Builder", [{"code": "de", "primary": True}]))
    observe(cloud.user("bob@example.com").password, "changed")
    one(cloud, bot, "update", bob.username, firstname="", lastname="", language="klingon")
    shown = cloud.call("GET", "/users/me", bob).json()
    observe((shown["displayname"], shown["languages"][0]["code"]), (bob.username, "de"))
    observe(cloud.call("GET", f"/users/meetingroom/{bob.username}", bob).json()["data"]["title"], bob.username)


@behaviour("USERS-BULK-08")
def test_reading_changes_nothing(cloud: Cloud, bot: App) -> None:
    """A read ignores whatever else is sent."""
    bob = cloud.user("bob@example.com")
    before = cloud.call("GET", "/users/me", bob).json()
    one(cloud, bot, "read", bob.username, firstname="Robert", license_type="")
    observe(cloud.call("GET", "/users/me", bob).json(), before)


@behaviour("USERS-BULK-06", "USERS-BULK-12", "DM-LIC-01")
def test_licences(cloud: Cloud, bot: App) -> None:
    """A licence of the company is given, replaced and taken away."""
    cleo = cloud.user("cleo@example.com")
    for kind, service in (("spaces_power", "zangspaces_power"), ("spaces_business", "zangspaces_business")):
        one(cloud, bot, "update", cleo.username, license_type=kind)
        licence = {
            "service_type": service,
            "product_type": "zangspaces",
            "expiration": "2300-05-01T16:00:00.000Z",
            "parent_type": "company",
            "trial": False,
            "purchased_license_ndbid": ACCOUNT_ID,
        }
        observe(cloud.call("GET", "/users/me", cleo).json()["licenses"], [licence])
    one(cloud, bot, "update", cleo.username, license_type="")
    observe(cloud.call("GET", "/users/me", cleo).json()["licenses"], [])


@behaviour("USERS-BULK-11", "AUTH-USER-05", "RT-AUTH-12")
def test_a_deleted_user(cloud: Cloud, bot: App, sockets: Sockets) -> None:
    """His tokens and sockets die and his memberships end at once; his spaces stay."""
    bob, ann = cloud.user("bob@example.com"), cloud.user()
    own = cloud.space(bob, invitees=[{"invitee": ann.username}])
    other = cloud.space(ann, invitees=[{"invitee": bob.username}])
    chat, jwt = sockets.join(bob), cloud.jwt_user("bob@example.com")
    result = one(cloud, bot, "delete", bob.username)
    observe((result["success"], result["user"]), (True, None))
    for who in (bob, jwt):
        refused(cloud.call("GET", "/users/me", who), 401, "auth.credential_invalid")
    observe(chat.end()[0], [LEFT])
    for space in (own, other):
        shown = cloud.call("GET", f"/spaces/{space}", ann).json()
        observe([member["member"] for member in shown["members"]], [ann.id])
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
    [result] = run(cloud, poor, body)
    observe((result["success"], result["code"]), (False, "license.not_available"))
