from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ACCOUNT_ID, ISO_TIME, OBJECT_ID, URL, Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets

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


PERSON = {"name", "displayname", "username", "phone_numbers", "picture_url", "addresses", "gender"}
MEMBERS = PERSON | {"aType", "_id", "ndbid", "permissions", "emails", "languages", "lastupdatetime", "licenses"}
MEMBERS |= {"relation_graphs", "timezone", "profile"}


@behaviour("DM-USER-06", "DM-MEM-01", "RT-PRES-03", "DM-USER-13", "USERS-COLL-01")
def test_a_phone_number_has_eight_members(cloud: Cloud, sockets: Sockets) -> None:
    """Phone numbers look alike in a user, a roster, lists of people and the sender of presence."""
    mobile = {"value": "+49 123-456", "type": "mobile", "verified": True, "primary": True, "identity": True}
    phil = cloud.user("phil@example.com", phone_numbers=[mobile])
    rest = {"canonicalForm": "+49123456", "unique": False, "login": False}
    space = cloud.space(phil)
    with claim("DM-USER-06", "a user shows it with unique, login and identity, in the profile too"):
        me = cloud.call("GET", "/users/me", phil).json()
        expect((me["phone_numbers"], me["profile"]["phone_numbers"]), ([{**mobile, **rest}], [{**mobile, **rest}]))
    with claim("DM-MEM-01", "an entry of a roster shows the same"):
        roster = cloud.call("GET", f"/spaces/{space}/members", phil).json()["data"]
        expect([one["phone_numbers"] for one in roster], [[{**mobile, **rest}]])
    with claim("USERS-COLL-01", "DM-USER-13", "a search for its canonical form finds the user, who shows the same"):
        found = cloud.call("GET", "/users/me/colleagues", phil, params={"search": "49123456"}).json()["data"]
        expect([(one["_id"], one["phone_numbers"]) for one in found], [(phil.id, [{**mobile, **rest}])])
    with claim("RT-PRES-03", "the sender of presence shows the same"):
        chat = sockets.join(phil, space)
        chat.presence("online", space)
        expect(chat.hear()[1]["sender"]["phone_numbers"], [{**mobile, **rest}])


@behaviour("USERS-ME-01", "USERS-ME-02", "DM-USER-01", "DM-USER-03", "DM-USER-05", "DM-USER-06", "DM-USER-07")
@behaviour("DM-USER-10", "DM-USER-11")
def test_anybody_sees_the_documented_members_of_oneself(cloud: Cloud) -> None:
    """The current user is a bare object with exactly the documented members, whoever it is."""
    user = cloud.user()
    answer = cloud.call("GET", "/users/me", user)
    with claim("USERS-ME-01", "a bare object is answered", about=[answer]):
        expect((answer.status_code, answer.json()["username"]), (200, user.username))
    with claim("USERS-ME-02", "it has exactly the documented members", about=[answer]):
        expect(set(answer.json()), MEMBERS)
    with claim("DM-USER-01", "ids have their forms, and the type is user", about=[answer]):
        shown = answer.json()
        expect((shown["_id"], shown["ndbid"], shown["aType"]), (OBJECT_ID, ACCOUNT_ID, "user"))
    with claim("DM-USER-03", "a name has all its parts as texts", about=[answer]):
        expect({one: type(value) for one, value in answer.json()["name"].items()}, dict.fromkeys(NAME_PARTS, str))
    with claim("DM-USER-05", "the first e-mail is primary and the user name", about=[answer]):
        [first, *others] = answer.json()["emails"]
        expect((first["value"], first["primary"]), (user.username, True))
        expect([one["primary"] for one in others], [False] * len(others))
    with claim("DM-USER-06", "one language is primary", about=[answer]):
        expect([one["primary"] for one in answer.json()["languages"]].count(True), 1)
    with claim("DM-USER-07", "the last change is a time with milliseconds", about=[answer]):
        expect(answer.json()["lastupdatetime"], ISO_TIME)
    with claim("DM-USER-10", "the picture is a URL", about=[answer]):
        expect(answer.json()["picture_url"], URL)
    with claim("DM-USER-11", "the profile repeats what a person shows", about=[answer]):
        shown = answer.json()
        expect(shown["profile"], {name: shown[name] for name in PERSON})


@behaviour("USERS-ME-01", "USERS-ME-02", "DM-USER-01", "DM-USER-03", "DM-USER-04", "DM-USER-05", "DM-USER-06")
@behaviour("DM-USER-07", "DM-USER-08", "DM-USER-09", "DM-USER-10", "DM-USER-11", "DM-LIC-01")
def test_a_registered_user_has_the_documented_members(cloud: Cloud) -> None:
    """The current user is a bare object with exactly the documented members and defaults."""
    cloud.freeze("2031-02-03T04:05:06.789Z")
    company = cloud.control("POST", "/companies", {"name": "Acme", "domains": ["acme.example"]})
    names = {"givenname": "Zoe", "familyname": "Zed", "licenses": ["spaces_business"], "company_admin": True}
    cloud.control("POST", "/users", {"username": "Zoe@acme.example", **names})
    user = cloud.user("zoe@acme.example")
    answer = cloud.call("GET", "/users/me", user)
    shown = answer.json()
    relation = shown["emails"][0]["relationdef_id"]
    profile = {
        "name": {**dict.fromkeys(NAME_PARTS, ""), "givenname": "Zoe", "familyname": "Zed"},
        "displayname": "Zoe Zed",
        "username": "zoe@acme.example",
        "phone_numbers": [],
        "picture_url": f"{cloud.accounts}/norevimages/noimage.jpg",
        "addresses": [],
        "gender": "",
    }
    with claim("DM-USER-01", "ids have their forms, and the type is user", about=[answer]):
        expect((shown["_id"], shown["ndbid"], shown["aType"]), (OBJECT_ID, ACCOUNT_ID, "user"))
    with claim("DM-USER-03", "the name is that of the account", about=[answer]):
        expect(shown["name"], profile["name"])
    with claim("DM-USER-04", "what nobody has set is empty", about=[answer]):
        empty = {name: shown[name] for name in ("phone_numbers", "addresses", "gender", "timezone")}
        expect(empty, {"phone_numbers": [], "addresses": [], "gender": "", "timezone": ""})
    with claim("DM-USER-05", "the e-mail names the relation to the company", about=[answer]):
        email = {"value": "zoe@acme.example", "type": "", "primary": True, "label": "", "relationdef_id": ACCOUNT_ID}
        expect(shown["emails"], [email])
    with claim("DM-USER-06", "the language is American English", about=[answer]):
        expect(shown["languages"], [{"code": "en-US", "primary": True}])
    with claim("DM-USER-07", "the last change is when the account was made", about=[answer]):
        expect(shown["lastupdatetime"], "2031-02-03T04:05:06.789Z")
    with claim("DM-USER-08", "an administrator has a second permission group", about=[answer]):
        expect(shown["permissions"], ["USERSELF_PERMISSION_GROUP", "IT_ADMIN_PERMISSION_GROUP"])
    with claim("DM-USER-09", "the relation is that of an employee", about=[answer]):
        graph = {"relationdef_id": relation, "initiator_id": company["_id"]}
        expect(shown["relation_graphs"], [{**graph, "initiator_type": "company", "relation_type": "employee"}])
    with claim("DM-USER-10", "the picture is the default one", about=[answer]):
        expect(shown["picture_url"], profile["picture_url"])
    with claim("DM-USER-11", "the profile repeats what a person shows", about=[answer]):
        expect(shown["profile"], profile)
    with claim("DM-LIC-01", "the licence is shown with product and end", about=[answer]):
        licence = {
            "service_type": "zangspaces_business",
            "product_type": "zangspaces",
            "expiration": "2300-05-01T16:00:00.000Z",
            "parent_type": "company",
            "trial": False,
            "purchased_license_ndbid": ACCOUNT_ID,
        }
        expect(shown["licenses"], [licence])
    with claim("USERS-ME-01", "USERS-ME-02", "nothing else is there", about=[answer]):
        expect(set(shown), MEMBERS)
        expect({name: shown[name] for name in profile}, profile)
        expect(shown["_id"], user.id)


@behaviour("DM-USER-02", "DM-USER-03", "DM-USER-08", "DM-USER-09", "DM-LIC-02", "DM-COMP-01")
def test_a_plain_user_is_named_by_the_address(cloud: Cloud) -> None:
    """Without a name the address in lower case is shown; without company or licence the lists are empty."""
    cloud.control("POST", "/users", {"username": "Nobody@Nowhere.Example"})
    answer = cloud.call("GET", "/users/me", cloud.user("nobody@nowhere.example"))
    shown = answer.json()
    with claim("DM-USER-02", "the address in lower case is user name and name", about=[answer]):
        expect((shown["username"], shown["displayname"]), ("nobody@nowhere.example", "nobody@nowhere.example"))
    with claim("DM-USER-03", "all parts of the name are empty", about=[answer]):
        expect(shown["name"], dict.fromkeys(NAME_PARTS, ""))
    with claim("DM-LIC-02", "there is no licence", about=[answer]):
        expect(shown["licenses"], [])
    with claim("DM-USER-09", "DM-COMP-01", "a domain of no company makes no relation", about=[answer]):
        expect(shown["relation_graphs"], [])
    with claim("DM-USER-08", "there is one permission group", about=[answer]):
        expect(shown["permissions"], ["USERSELF_PERMISSION_GROUP"])


@behaviour("DM-USER-02", "DM-USER-05")
@pytest.mark.parametrize("taken", ["ann@example.com", "ANN@EXAMPLE.COM", "two@acme.example", "Two@Acme.Example"])
def test_an_address_belongs_to_one_user(cloud: Cloud, taken: str) -> None:
    """No second user gets an address that somebody has, in any letter case, as first or further address."""
    cloud.control("POST", "/users", {"username": "one@acme.example", "other_emails": ["two@acme.example"]})
    bodies = {"first": {"username": taken}, "further": {"username": "new@acme.example", "other_emails": [taken]}}
    for place, body in bodies.items():
        with claim("DM-USER-02", f"it is refused as a {place} address"):
            answer = cloud.http.post(f"{cloud.urls['control']}/users", json=body)
            assert (answer.status_code, answer.json()["code"]) == (409, "control.already_exists")
    with claim("DM-USER-05", "both addresses of the first user are shown, one of them primary"):
        emails = cloud.call("GET", "/users/me", cloud.user("one@acme.example")).json()["emails"]
        shown = [(one["value"], one["primary"]) for one in emails]
        expect(shown, [("one@acme.example", True), ("two@acme.example", False)])


@behaviour("USERS-ME-02", "USERS-ME-03", "DM-ANON-01")
def test_an_anonymous_user_has_the_documented_members(cloud: Cloud) -> None:
    """A guest is shown with their name and with empty lists."""
    guest = cloud.guest("Gil")
    answer = cloud.call("GET", "/users/me", guest)
    empty: dict[str, list[str]] = {"phone_numbers": [], "permissions": [], "licenses": [], "relation_graphs": []}
    with claim("USERS-ME-03", "an anonymous user sees themselves", about=[answer]):
        observe((answer.status_code, answer.json()["aType"]), (200, "anonymous"))
    with claim("USERS-ME-02", "lists are empty", about=[answer]):
        observe({name: answer.json()[name] for name in empty}, empty)
    with claim("DM-ANON-01", "these are all members", about=[answer]):
        named = {"_id": guest.id, "aType": "anonymous", "username": "", "displayname": "Gil"}
        observe(answer.json(), {**named, "picture_url": f"{cloud.accounts}/norevimages/noimage.jpg", **empty})


@behaviour("USERS-ME-04", "PERM-PERS-01")
def test_the_call_makes_nothing(cloud: Cloud) -> None:
    """The personal room is there before the first call, and calling again changes nothing."""
    made = cloud.control("POST", "/users", {"username": "new@example.com"})
    user, before = cloud.user("new@example.com"), cloud.control("GET", "")["counts"]["spaces"]
    with claim("PERM-PERS-01", "the personal room is there, with its owner as admin"):
        room = cloud.call("GET", f"/spaces/{made['meetingroom_id']}", user).json()
        observe((room["type"], room["cid"], room["role"]), ("personal", user.id, "admin"))
    with claim("USERS-ME-04", "two calls answer the same and make no space"):
        first, second = (cloud.call("GET", "/users/me", user).json() for _ in range(2))
        expect(first, second)
        expect(cloud.control("GET", "")["counts"]["spaces"], before)


@behaviour("USERS-ANON-03")
def test_every_anonymous_login_makes_another_guest(cloud: Cloud) -> None:
    """A repeated name is another guest with an id of their own."""
    body = {"displayname": "Gil", "username": "gil@example.com"}
    with claim("USERS-ANON-03", "three logins under one name are three people"):
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
def test_guests_say_who_they_are(
    cloud: Cloud, body: dict[str, str], shown: tuple[str, str, str | None], *, form: bool
) -> None:
    """Name, user name and picture are all optional, as JSON and as a form, with documented defaults."""
    content: dict[str, Any] = {"data": {key: str(value) for key, value in body.items()}} if form else {"json": body}
    answer = cloud.call("POST", "/anonymous/auth", **content)
    with claim("USERS-ANON-01", "no member is required", about=[answer]):
        expect(answer.status_code, 200)
    with claim("USERS-ANON-04", "the guest is shown so, with defaults for the rest"):
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
    with claim("USERS-ANON-05", "it is refused"), cloud.unchanged():
        answer = cloud.call("POST", "/anonymous/auth", headers={"Content-Type": media_type}, content=content)
        refused(answer, 400, "request.invalid")
