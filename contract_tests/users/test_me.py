from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ACCOUNT_ID, OBJECT_ID, Cloud, Person, behaviour, refused

NO_CLAIMS_YET = True


NAME_PARTS = (
    "familyname",
    "formatted",
    "givenname",
    "honorific_prefix",
    "honorific_suffix",
    "middlename",
    "pronunciation",
    "pronunciation_url",
)


@behaviour("USERS-ME-01", "USERS-ME-02", "DM-USER-01", "DM-USER-03", "DM-USER-04", "DM-USER-05", "DM-USER-06")
@behaviour("DM-USER-07", "DM-USER-08", "DM-USER-09", "DM-USER-10", "DM-USER-11", "DM-LIC-01")
def test_a_registered_user_has_the_documented_members(cloud: Cloud) -> None:
    """The current user is a bare object with exactly the documented members and defaults."""
    cloud.freeze("2031-02-03T04:05:06.789Z")
    company = cloud.control("POST", "/companies", {"name": "Acme", "domains": ["acme.example"]})
    names = {"givenname": "Zoe", "familyname": "Zed", "licenses": ["spaces_business"], "company_admin": True}
    cloud.control("POST", "/users", {"username": "Zoe@acme.example", **names})
    user = cloud.user("zoe@acme.example")
    shown = cloud.call("GET", "/users/me", user).json()
    name = {**dict.fromkeys(NAME_PARTS, ""), "givenname": "Zoe", "familyname": "Zed"}
    profile = {
        "name": name,
        "displayname": "Zoe Zed",
        "username": "zoe@acme.example",
        "phone_numbers": [],
        "picture_url": f"{cloud.accounts}/norevimages/noimage.jpg",
        "addresses": [],
        "gender": "",
    }
    relation = shown["emails"][0]["relationdef_id"]
    expect(relation, ACCOUNT_ID)
    expect((shown["_id"], shown["ndbid"], shown["aType"]), (OBJECT_ID, ACCOUNT_ID, "user"))
    expect(shown["licenses"][0].pop("purchased_license_ndbid"), ACCOUNT_ID)
    expect(
        shown,
        {
            **profile,
            "aType": "user",
            "_id": user.id,
            "ndbid": shown["ndbid"],
            "permissions": ["USERSELF_PERMISSION_GROUP", "IT_ADMIN_PERMISSION_GROUP"],
            "emails": [
                {"value": "zoe@acme.example", "type": "", "primary": True, "label": "", "relationdef_id": relation}
            ],
            "languages": [{"code": "en-US", "primary": True}],
            "lastupdatetime": "2031-02-03T04:05:06.789Z",
            "licenses": [
                {
                    "service_type": "zangspaces_business",
                    "product_type": "zangspaces",
                    "expiration": "2300-05-01T16:00:00.000Z",
                    "parent_type": "company",
                    "trial": False,
                }
            ],
            "relation_graphs": [
                {
                    "relationdef_id": relation,
                    "initiator_id": company["_id"],
                    "initiator_type": "company",
                    "relation_type": "employee",
                }
            ],
            "timezone": "",
            "profile": profile,
        },
    )


@behaviour("DM-USER-02", "DM-USER-03", "DM-USER-08", "DM-USER-09", "DM-LIC-02", "DM-COMP-01")
def test_a_plain_user_is_named_by_his_address(cloud: Cloud) -> None:
    """Without a name the address in lower case is shown; without company or licence the lists are empty."""
    cloud.control("POST", "/users", {"username": "Nobody@Nowhere.Example"})
    shown = cloud.call("GET", "/users/me", cloud.user("nobody@nowhere.example")).json()
    expect((shown["username"], shown["displayname"]), ("nobody@nowhere.example", "nobody@nowhere.example"))
    expect(shown["name"], dict.fromkeys(NAME_PARTS, ""))
    expect((shown["licenses"], shown["relation_graphs"]), ([], []))
    expect(shown["permissions"], ["USERSELF_PERMISSION_GROUP"])


@behaviour("DM-USER-02", "DM-USER-05")
@pytest.mark.parametrize("taken", ["ann@example.com", "ANN@EXAMPLE.COM", "two@acme.example", "Two@Acme.Example"])
def test_an_address_belongs_to_one_user(cloud: Cloud, taken: str) -> None:
    """No second user gets an address that somebody has, in any letter case, as first or further address."""
    cloud.control("POST", "/users", {"username": "one@acme.example", "other_emails": ["two@acme.example"]})
    for body in ({"username": taken}, {"username": "new@acme.example", "other_emails": [taken]}):
        answer = cloud.http.post(f"{cloud.urls['control']}/users", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, "control.already_exists")
    emails = cloud.call("GET", "/users/me", cloud.user("one@acme.example")).json()["emails"]
    expect(
        [(one["value"], one["primary"]) for one in emails], [("one@acme.example", True), ("two@acme.example", False)]
    )


@behaviour("USERS-ME-02", "USERS-ME-03", "DM-ANON-01")
def test_an_anonymous_user_has_the_documented_members(cloud: Cloud) -> None:
    """A guest sees himself with his name and with empty lists."""
    guest = cloud.guest("Gil")
    observe(
        cloud.call("GET", "/users/me", guest).json(),
        {
            "_id": guest.id,
            "aType": "anonymous",
            "username": "",
            "displayname": "Gil",
            "picture_url": f"{cloud.accounts}/norevimages/noimage.jpg",
            "phone_numbers": [],
            "permissions": [],
            "licenses": [],
            "relation_graphs": [],
        },
    )


@behaviour("USERS-ME-04", "PERM-PERS-01")
def test_the_call_makes_nothing(cloud: Cloud) -> None:
    """The personal room is there before the first call, and calling again changes nothing."""
    made = cloud.control("POST", "/users", {"username": "new@example.com"})
    user, before = cloud.user("new@example.com"), cloud.control("GET", "")["counts"]["spaces"]
    room = cloud.call("GET", f"/spaces/{made['meetingroom_id']}", user).json()
    observe((room["type"], room["cid"], room["role"]), ("personal", user.id, "admin"))
    first, second = (cloud.call("GET", "/users/me", user).json() for _ in range(2))
    expect(first, second)
    expect(cloud.control("GET", "")["counts"]["spaces"], before)


@behaviour("USERS-ANON-03")
def test_every_anonymous_login_makes_another_guest(cloud: Cloud) -> None:
    """A repeated name is another guest with an id of his own."""
    body = {"displayname": "Gil", "username": "gil@example.com"}
    tokens = [cloud.call("POST", "/anonymous/auth", json=body).json()["token"] for _ in range(3)]
    found = {cloud.call("GET", "/users/me", Person("", "", f"jwt {token}")).json()["_id"] for token in tokens}
    observe(len(found), 3)


@behaviour("USERS-ANON-01", "USERS-ANON-04")
@pytest.mark.parametrize(
    ("body", "shown"),
    [
        ({}, ("Guest", "", None)),
        ({"displayname": "", "username": "", "picturefile": ""}, ("Guest", "", None)),
        ({"displayname": "Gil", "username": "any string"}, ("Gil", "any string", None)),
        ({"username": "ann@example.com"}, ("Guest", "ann@example.com", None)),
        ({"picturefile": "https://pics.example/x.png"}, ("Guest", "", "https://pics.example/x.png")),
        ({"displayname": "Ünïcode ☃", "room": {"x": 1}}, ("Ünïcode ☃", "", None)),
    ],
)
@pytest.mark.parametrize("form", [False, True], ids=["JSON", "form"])
def test_a_guest_says_who_he_is(
    cloud: Cloud, body: dict[str, str], shown: tuple[str, str, str | None], *, form: bool
) -> None:
    """Name, user name and picture are all optional, as JSON and as a form, with documented defaults."""
    content: dict[str, Any] = {"data": {key: str(value) for key, value in body.items()}} if form else {"json": body}
    answer = cloud.call("POST", "/anonymous/auth", **content)
    expect(answer.status_code, 200)
    me = cloud.call("GET", "/users/me", Person("", "", f"jwt {answer.json()['token']}")).json()
    picture = shown[2] or f"{cloud.accounts}/norevimages/noimage.jpg"
    observe((me["displayname"], me["username"], me["picture_url"]), (shown[0], shown[1], picture))


@behaviour("USERS-ANON-05")
@pytest.mark.parametrize(
    ("media_type", "content"),
    [
        ("application/json", b"["),
        ("application/json", b"[]"),
        ("application/json", b'"x"'),
        ("application/json", b"displayname=Gil"),
        ("application/json", b'{"displayname": 7}'),
        ("application/json", b'{"displayname": "\xff"}'),
        ("application/x-www-form-urlencoded", b'{"displayname": '),
        ("application/x-www-form-urlencoded", b"displayname=%ff"),
        ("multipart/form-data; boundary=b", b"--b--"),
        ("text/plain", b"Gil"),
    ],
)
def test_what_is_neither_object_nor_form_is_refused(cloud: Cloud, media_type: str, content: bytes) -> None:
    """Another body is 400 and makes nobody."""
    before = cloud.control("GET", "")["counts"]["anonymous"]
    answer = cloud.call("POST", "/anonymous/auth", headers={"Content-Type": media_type}, content=content)
    refused(answer, 400, "request.invalid")
    observe(cloud.control("GET", "")["counts"]["anonymous"], before)
