import re
from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ACCOUNT_ID, OBJECT_ID, URL, Cloud, Person, behaviour, only_mock, refused

NAME = {
    "familyname",
    "formatted",
    "givenname",
    "honorific_prefix",
    "honorific_suffix",
    "middlename",
    "pronunciation",
    "pronunciation_url",
}


def names(cloud: Cloud, who: Any, path: str = "/users/me/colleagues", **params: str) -> list[str]:
    answer = cloud.call("GET", path, who, params=params)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return [person["displayname"] for person in (found if isinstance(found, list) else found["data"])]


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """Somebody of the company Example."""
    return cloud.user()


def people(cloud: Cloud, who: Any, path: str = "/users/me/colleagues", **params: str) -> list[str]:
    """Return the ids of the people that a list shows."""
    answer = cloud.call("GET", path, who, params=params)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return [person["_id"] for person in (found if isinstance(found, list) else found["data"])]


def exactly(who: Person) -> dict[str, str]:
    """Return the parameter that searches for the address of somebody."""
    return {"search": re.escape(who.username)}


@behaviour("USERS-COLL-03", "DM-USER-13", "DM-USER-02", "DM-USER-03", "DM-USER-05")
def test_a_colleague_is_a_short_user(cloud: Cloud, ann: Person) -> None:
    """Items have the short form of a user, and the caller is among them."""
    me = cloud.call("GET", "/users/me", ann).json()
    answer = cloud.call("GET", "/users/me/colleagues", ann, params=exactly(ann))
    with claim("USERS-COLL-03", "the caller is found too", about=[answer]):
        assert ann.id in [one["_id"] for one in answer.json()["data"]]
    with claim("DM-USER-02", "the user name is the e-mail address", about=[answer]):
        [found] = [one for one in answer.json()["data"] if one["_id"] == ann.id]
        observe(found["username"], ann.username)
    with claim("DM-USER-03", "the name has all its parts as texts", about=[answer]):
        [found] = [one for one in answer.json()["data"] if one["_id"] == ann.id]
        observe({part: type(value) for part, value in found["name"].items()}, dict.fromkeys(NAME, str))
        observe((found["name"], found["displayname"]), (me["name"], me["displayname"]))
    with claim("DM-USER-05", "the primary address is the user name", about=[answer]):
        [found] = [one for one in answer.json()["data"] if one["_id"] == ann.id]
        observe([one["value"] for one in found["emails"] if one["primary"]], [ann.username])
    with claim("DM-USER-13", "an item has exactly the members of the short form", about=[answer]):
        [found] = [one for one in answer.json()["data"] if one["_id"] == ann.id]
        short = {
            "_id": ann.id,
            "aType": "user",
            "ndbid": ACCOUNT_ID,
            "displayname": me["displayname"],
            "username": ann.username,
            "name": me["name"],
            "emails": [{"primary": one["primary"], "value": one["value"]} for one in me["emails"]],
            "phone_numbers": me["phone_numbers"],
            "picture_url": URL,
        }
        observe(found, short)
    only_mock(cloud, "needs Ann of the demo company")
    with claim("DM-USER-13", "an item shows Ann as the world has made her"):
        [found] = cloud.call("GET", "/users/me/colleagues", ann, params={"search": "ann"}).json()["data"]
        name = {**dict.fromkeys(NAME, ""), "familyname": "Example", "givenname": "Ann"}
        observe((found["displayname"], found["name"]), ("Ann Example", name))
        observe((found["emails"], found["phone_numbers"]), ([{"primary": True, "value": ann.username}], []))


@behaviour("USERS-COLL-02", "USERS-COLL-05")
def test_who_is_a_colleague(cloud: Cloud, ann: Person) -> None:
    """People of the company and people once met in a space are found, ordered by name, nobody else."""
    with claim("USERS-COLL-02", "an anonymous user has no colleagues"):
        observe(names(cloud, cloud.guest()), [])
    bob = cloud.user("bob@example.com")
    with claim("USERS-COLL-02", "people of the company are found"):
        assert bob.id in people(cloud, ann, **exactly(bob))
    sid = cloud.user("sid@elsewhere.example")
    met = cloud.space(ann, invitees=[{"invitee": sid.username}])
    with claim("USERS-COLL-02", "people of no company are found once they were met in a space"):
        assert sid.id in people(cloud, ann, **exactly(sid))
        assert ann.id in people(cloud, sid, **exactly(ann))
    cloud.call("DELETE", f"/spaces/{met}", ann)
    with claim("USERS-COLL-02", "they are found when the space is gone"):
        assert sid.id in people(cloud, ann, **exactly(sid))
    only_mock(cloud, "needs people who have never met")
    rita, fred = cloud.user("rita@rival.example"), cloud.user("fred@freelance.example")
    company = ["Ann Example", "Bob Builder", "Cleo Client"]
    sid_name = cloud.call("GET", "/users/me", sid).json()["displayname"]
    with claim("USERS-COLL-02", "nobody else is found"):
        expect(names(cloud, ann), sorted([*company, sid_name], key=str.lower))
        expect(names(cloud, fred), ["Fred Freelance"])
    space = cloud.space(ann, invitees=[{"invitee": rita.username}])
    with claim("USERS-COLL-05", "they are ordered by name"):
        wanted = sorted([*company, "Rita Rival", sid_name], key=str.lower)
        expect(names(cloud, ann), wanted)
        expect(names(cloud, rita), ["Ann Example", "Rita Rival"])
    cloud.call("DELETE", f"/spaces/{space}", ann)
    with claim("USERS-COLL-02", "all of them are found when the space is gone"):
        expect(names(cloud, ann), wanted)


@behaviour("USERS-COLL-05")
def test_equal_names_are_ordered_by_id(cloud: Cloud, ann: Person) -> None:
    """People of one name come by their ids, page after page."""
    ids = []
    for number in range(5):
        made = cloud.control("POST", "/users", {"username": f"z{number}@example.com", "displayname": "Zed"})
        ids.append(made["_id"])
    with claim("USERS-COLL-05", "people of one name come by their ids"):
        found = [people(cloud, ann, search="^zed$", size="1", page=str(page))[0] for page in range(5)]
        observe(found, sorted(ids))


@behaviour("USERS-COLL-01")
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("builder", ["Bob Builder"]),
        ("^BOB", ["Bob Builder"]),
        ("second@", ["Tom Two"]),
        ("first@example.com", ["Tom Two"]),
        ("@example.com$", ["Ann Example", "Bob Builder", "Cleo Client", "Tom Two"]),
        ("nobody", []),
    ],
)
def test_searching_colleagues(cloud: Cloud, ann: Person, search: str, found: list[str]) -> None:
    """The search looks at names and every e-mail address."""
    cloud.user("first@example.com", displayname="Tom Two", other_emails=["second@other.example"])
    with claim("USERS-COLL-01", "these are found"):
        expect(names(cloud, ann, search=search), found)


@behaviour("USERS-COLL-01")
def test_searching_a_colleague_of_any_company(cloud: Cloud, ann: Person) -> None:
    """Name and address of somebody, also in capitals, find them, and nonsense finds nobody."""
    bob = cloud.user("bob@example.com")
    name = cloud.call("GET", "/users/me", bob).json()["displayname"]
    for what, text in (("name", name), ("name in capitals", name.upper()), ("address", bob.username)):
        with claim("USERS-COLL-01", f"the {what} finds a colleague"):
            assert bob.id in people(cloud, ann, search=re.escape(text), size="50")
    with claim("USERS-COLL-01", "a text that nobody has finds nobody"):
        expect(people(cloud, ann, search="nobody-has-this-name"), [])


@behaviour("USERS-COLL-01")
def test_looking_one_account_up(cloud: Cloud, ann: Person) -> None:
    """An accounts id finds its colleague whatever is searched for, and no one who is none."""
    bob = cloud.user("bob@example.com")
    ndbid = cloud.call("GET", "/users/me", bob).json()["ndbid"]
    with claim("USERS-COLL-01", "an accounts id finds its colleague, whatever is searched for"):
        expect(people(cloud, ann, accountid=ndbid, search="nobody-has-this-name"), [bob.id])
    with claim("USERS-COLL-01", "nonsense finds nobody"):
        observe(people(cloud, ann, accountid="nonsense"), [])
    rita = cloud.user("rita@rival.example")
    foreign = cloud.call("GET", "/users/me", rita).json()["ndbid"]
    met = cloud.space(rita, invitees=[{"invitee": ann.username}])
    with claim("USERS-COLL-01", "an accounts id finds somebody who was met in a space"):
        observe(people(cloud, ann, accountid=foreign), [rita.id])
    cloud.call("DELETE", f"/spaces/{met}", rita)
    only_mock(cloud, "needs people who have never met")
    fred = cloud.user("fred@freelance.example")
    stranger = cloud.call("GET", "/users/me", fred).json()["ndbid"]
    with claim("USERS-COLL-01", "an accounts id of somebody who is no colleague finds nobody"):
        observe(people(cloud, ann, accountid=stranger), [])


@behaviour("USERS-COLL-01", "PAGE-N-01", "PAGE-ENV-04")
def test_colleagues_are_paged_by_number(cloud: Cloud, ann: Person) -> None:
    """Ten to a page from page 0, and a search keeps its pages."""
    cloud.user("bob@example.com")
    pages = [cloud.call("GET", "/users/me/colleagues", ann, params={"size": "1", "page": str(page)}) for page in (0, 1)]
    with claim("PAGE-N-01", "pages are numbered from 0", about=pages):
        first, second = (answer.json() for answer in pages)
        expect((first["from"], first["to"], second["from"], second["to"]), (1, 1, 2, 2))
        assert first["data"][0]["_id"] != second["data"][0]["_id"]
    for number in range(20):
        cloud.control("POST", "/users", {"username": f"n{number:02}@example.com"})
    with claim("PAGE-N-01", "ten make a page"):
        shown = cloud.call("GET", "/users/me/colleagues", ann).json()
        expect((shown["total"], shown["from"], shown["to"]), (10, 1, 10))
    page = cloud.call("GET", "/users/me/colleagues", ann, params={"search": "^n", "page": "1"})
    with claim("USERS-COLL-01", "a search keeps its pages", about=[page]):
        wanted = [f"n{number}@example.com" for number in range(10, 20)]
        observe([one["username"] for one in page.json()["data"]], wanted)
    with claim("PAGE-ENV-04", "the last page has no next one", about=[page]):
        observe((page.json()["from"], page.json()["to"], page.json()["nextPageUrl"]), (11, 20, ""))


@behaviour("USERS-COLL-04", "AUTH-SVC-15")
def test_what_a_service_app_finds(cloud: Cloud, ann: Person) -> None:
    """A service app finds people of its company, those met elsewhere not, and service accounts nobody finds."""
    bot = cloud.app("users.search", "users.search.bulk", "spaces.create")
    with claim("USERS-COLL-04", "it finds people of its company"):
        assert ann.id in people(cloud, bot, **exactly(ann))
    sub = bot.key["sub"]
    with claim("USERS-COLL-04", "service accounts are not listed"):
        expect(names(cloud, ann, search=re.escape(sub)), [])
    rita = cloud.user("rita@rival.example")
    asked = [sub, ann.username, rita.username]
    with claim("AUTH-SVC-15", "an address of another company is missing"):
        found = cloud.call("POST", "/users/me/colleaguesbulk", bot, json=asked).json()["data"]
        observe([one["_id"] for one in found], [ann.id])
    only_mock(cloud, "the id of a service account is not told")
    cloud.space(rita, invitees=[{"invitee": bot.account_id}])
    company = ["Ann Example", "Bob Builder", "Cleo Client"]
    with claim("AUTH-SVC-15", "people of another company are missing, even if they were met"):
        expect(names(cloud, bot), company)
    cloud.space(ann, invitees=[{"invitee": bot.account_id}])
    with claim("USERS-COLL-04", "a service account that was met is not listed"):
        observe(names(cloud, ann), company)


@behaviour("USERS-COLL-05")
def test_colleagues_are_ones_own(cloud: Cloud, ann: Person) -> None:
    """One's own id stands for the word me; another one's is refused, an unknown one not found."""
    own_id_only(cloud, ann, "USERS-COLL-05", "GET", "colleagues")


@behaviour("USERS-COLLBULK-03")
def test_addresses_are_looked_up_for_oneself(cloud: Cloud, ann: Person) -> None:
    """One's own id stands for the word me; another one's is refused, an unknown one not found."""
    own_id_only(cloud, ann, "USERS-COLLBULK-03", "POST", "colleaguesbulk")


@behaviour("USERS-WITHDM-03")
def test_partners_are_ones_own(cloud: Cloud, ann: Person) -> None:
    """One's own id stands for the word me; another one's is refused, an unknown one not found."""
    own_id_only(cloud, ann, "USERS-WITHDM-03", "GET", "people/withdm")


@behaviour("USERS-STATS-01")
def test_statistics_are_ones_own(cloud: Cloud, ann: Person) -> None:
    """One's own id stands for the word me; another one's is refused, an unknown one not found."""
    own_id_only(cloud, ann, "USERS-STATS-01", "GET", "statistics")


def own_id_only(cloud: Cloud, ann: Person, shown: str, method: str, word: str) -> None:
    content: dict[str, Any] = {"json": []} if method == "POST" else {}
    with claim(shown, "one's own id is taken"):
        expect(cloud.call(method, f"/users/{ann.id}/{word}", ann, **content).status_code, 200)
    with claim(shown, "an unknown id is refused"):
        refused(cloud.call(method, f"/users/{'f' * 24}/{word}", ann, **content), 404, "user.not_found")
    bob = cloud.user("bob@example.com")
    with claim(shown, "the id of somebody else is refused"):
        refused(cloud.call(method, f"/users/{bob.id}/{word}", ann, **content), 403, "permission.denied")


@behaviour("USERS-COLLBULK-01", "USERS-COLLBULK-02")
def test_looking_addresses_up(cloud: Cloud, ann: Person) -> None:
    """People of the company come in the order asked, by any address in any case; others are just missing."""
    bob, rita = cloud.user("bob@example.com"), cloud.user("rita@rival.example")
    asked = [rita.username, "nobody@example.com", bob.username.upper(), ann.username]
    answer = cloud.call("POST", "/users/me/colleaguesbulk", ann, json=asked)
    with claim("USERS-COLLBULK-01", "a bare array of addresses is taken", about=[answer]):
        expect(answer.status_code, 200)
    with claim("USERS-COLLBULK-02", "people of the company come in the order asked, in any case", about=[answer]):
        observe([one["_id"] for one in answer.json()["data"]], [bob.id, ann.id])
    with claim("USERS-COLLBULK-02", "the answer has data only", about=[answer]):
        observe(set(answer.json()), {"data"})
        expect(answer.json()["data"][0]["_id"], OBJECT_ID)
    cloud.user("first@example.com", other_emails=["second@other.example"], displayname="Tom Two")
    with claim("USERS-COLLBULK-02", "any address of a person will do"):
        asked = ["Second@Other.example", "rita@rival.example", "nobody@example.com", "BOB@example.com", ann.username]
        found = cloud.call("POST", "/users/me/colleaguesbulk", ann, json=asked).json()["data"]
        observe([one["displayname"] for one in found], ["Tom Two", "Bob Builder", "Ann Example"])


@behaviour("USERS-COLLBULK-01")
def test_the_51st_address_is_ignored(cloud: Cloud, ann: Person) -> None:
    """Fifty addresses are looked up, whatever comes after them is not."""
    bob = cloud.user("bob@example.com")
    asked = [*(f"nobody-{number}@example.com" for number in range(49)), ann.username, bob.username]
    with claim("USERS-COLLBULK-01", "the 50th address is looked up, the 51st is not"):
        found = cloud.call("POST", "/users/me/colleaguesbulk", ann, json=asked).json()["data"]
        expect([one["username"] for one in found], [ann.username])


@behaviour("USERS-COLLBULK-02", "USERS-COLLBULK-03")
def test_odd_lists_of_addresses(cloud: Cloud, ann: Person) -> None:
    """An empty list finds nobody, without a company nobody is found, and what is no list of texts is refused."""
    path = "/users/me/colleaguesbulk"
    with claim("USERS-COLLBULK-03", "an empty list finds nobody"):
        observe(cloud.call("POST", path, ann, json=[]).json(), {"data": []})
    wrong: tuple[Any, ...] = ({}, [1], [None], "x")
    for bad in wrong:
        with claim("USERS-COLLBULK-03", f"{bad!r} is refused"):
            refused(cloud.call("POST", path, ann, json=bad), 400, "request.invalid")
    with claim("USERS-COLLBULK-02", "an anonymous user finds nobody"):
        observe(cloud.call("POST", path, cloud.guest(), json=[ann.username]).json(), {"data": []})
    for name in ("sid@elsewhere.example", "fred@freelance.example"):
        if name.startswith("fred"):
            only_mock(cloud, "needs a freelance developer")
        who = cloud.user(name)
        with claim("USERS-COLLBULK-02", f"{name.partition('@')[0]}, who has no company, finds nobody"):
            observe(cloud.call("POST", path, who, json=[ann.username]).json(), {"data": []})


@behaviour("USERS-PEOPLE-01", "USERS-PEOPLE-02")
def test_a_few_people_of_the_company(cloud: Cloud, ann: Person) -> None:
    """At most five people as a bare array in the order of colleagues, by name or user name."""
    path = "/users/me/people"
    with claim("USERS-PEOPLE-02", "a bare array of short users"):
        expect(cloud.call("GET", path, ann).json()[0]["aType"], "user")
    with claim("USERS-PEOPLE-02", "it is empty for an anonymous user"):
        observe(cloud.call("GET", path, cloud.guest()).json(), [])
    bob = cloud.user("bob@example.com")
    with claim("USERS-PEOPLE-01", "the user name finds somebody"):
        assert bob.id in people(cloud, ann, path, **exactly(bob))
    with claim("USERS-PEOPLE-02", "with the id of somebody of the company it shows the same company"):
        assert bob.id in people(cloud, ann, f"/users/{bob.id}/people", **exactly(bob))
    sid = cloud.user("sid@elsewhere.example")
    with claim("USERS-PEOPLE-02", "it is empty for a user without company"):
        observe(cloud.call("GET", path, sid).json(), [])
    for number in range(5):
        also = [f"x{number}@other.example"]
        cloud.control("POST", "/users", {"username": f"a{number}@example.com", "other_emails": also})
    with claim("USERS-PEOPLE-02", "at most five come, in the order of colleagues"):
        expect(names(cloud, ann, path), [f"a{number}@example.com" for number in range(5)])
    for search, found in (("cleo@", ["Cleo Client"]), ("builder$", ["Bob Builder"]), ("x1@other", [])):
        with claim("USERS-PEOPLE-01", f"name and user name are searched for {search}"):
            observe(names(cloud, ann, path, search=search), found)
    with claim("USERS-PEOPLE-01", "the search looks at the company of somebody else too"):
        observe(names(cloud, ann, f"/users/{bob.id}/people", search="^bob"), ["Bob Builder"])
    with claim("USERS-PEOPLE-02", "it is empty for a freelance developer"):
        observe(cloud.call("GET", path, cloud.user("fred@freelance.example")).json(), [])


@behaviour("USERS-PEOPLE-03")
def test_people_of_other_companies(cloud: Cloud, ann: Person) -> None:
    """People of another company are refused, of an unknown user not found."""
    with claim("USERS-PEOPLE-03", "an unknown user is not found"):
        refused(cloud.call("GET", f"/users/{'f' * 24}/people", ann), 404, "user.not_found")
    with claim("USERS-PEOPLE-03", "an anonymous user is refused"):
        refused(cloud.call("GET", f"/users/{cloud.guest().id}/people", ann), 403, "permission.denied")
    for name in ("rita@rival.example", "sid@elsewhere.example", "fred@freelance.example"):
        if name.startswith("fred"):
            only_mock(cloud, "needs a freelance developer")
        other = cloud.user(name)
        with claim("USERS-PEOPLE-03", f"{name.partition('@')[0]} of no or another company is refused"):
            refused(cloud.call("GET", f"/users/{other.id}/people", ann), 403, "permission.denied")


@behaviour("USERS-WITHDM-01", "USERS-WITHDM-02", "SPACES-DIRECT-02")
def test_partners_of_direct_spaces(cloud: Cloud, ann: Person) -> None:
    """The other parties of one's direct spaces are listed once each, hidden ones included."""
    path, bob = "/users/me/people/withdm", cloud.user("bob@example.com")
    with claim("SPACES-DIRECT-02", "the same space is answered ever after, to both partners"):
        calls = ((ann, bob), (ann, bob), (bob, ann))
        made = [cloud.call("GET", f"/spaces/direct/user/{whom.id}", who).json()["data"] for who, whom in calls]
        expect(len({one["_id"] for [one] in made}), 1)
    direct = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    cloud.call("POST", f"/users/me/spaces/{direct}/hide", ann)
    answer = cloud.call("GET", path, ann, params={**exactly(bob), "size": "50"})
    with claim("USERS-WITHDM-02", "a partner of a hidden space is listed once", about=[answer]):
        expect([one["_id"] for one in answer.json()["data"]].count(bob.id), 1)
    with claim("USERS-WITHDM-02", "an item has these members", about=[answer]):
        observe(set(answer.json()["data"][0]), {"_id", "aType", "displayname", "username", "picture_url"})
    with claim("USERS-WITHDM-01", "a text that nobody has finds nobody"):
        expect(people(cloud, ann, path, search="nobody-has-this-name"), [])
    only_mock(cloud, "needs somebody without direct spaces before")
    cleo = cloud.user("cleo@example.com")
    cloud.call("GET", f"/spaces/direct/user/{cleo.id}", ann)
    with claim("USERS-WITHDM-02", "all partners are listed"):
        found = cloud.call("GET", path, ann).json()
        expect(sorted(names(cloud, ann, path)), ["Bob Builder", "Cleo Client"])
        observe((found["total"], found["from"], found["to"]), (2, 1, 2))
    with claim("USERS-WITHDM-01", "name and user name are searched"):
        observe(names(cloud, ann, path, search="^cleo"), ["Cleo Client"])
        observe(names(cloud, ann, path, search="bob@example"), ["Bob Builder"])
    with claim("USERS-WITHDM-01", "the pages have each partner once"):
        first, second = (names(cloud, ann, path, size="1", page=page) for page in ("0", "1"))
        observe(sorted(first + second), ["Bob Builder", "Cleo Client"])


@behaviour("USERS-ROOM-01", "USERS-ROOM-03", "PERM-PERS-01", "USERS-ME-04")
def test_a_personal_room(cloud: Cloud, ann: Person) -> None:
    """Everybody has a personal room from their creation on, found by any of their addresses, named after them."""
    me = cloud.call("GET", "/users/me", ann).json()
    answer = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann)
    with claim("USERS-ROOM-01", "an object of type personal with the name and id of its owner", about=[answer]):
        room = answer.json()["data"]
        expect((room["type"], room["title"], room["cid"]), ("personal", me["displayname"], ann.id))
    with claim("PERM-PERS-01", "its owner is admin of it", about=[answer]):
        observe(answer.json()["data"]["role"], "admin")
    with claim("USERS-ROOM-03", "the address is taken in any letter case"):
        again = cloud.call("GET", f"/users/meetingroom/{ann.username.upper()}", ann).json()["data"]
        expect(again["_id"], answer.json()["data"]["_id"])
    tom = cloud.user("tom@new.example", displayname="Tom Two", other_emails=["t@x.example"])
    rooms = [cloud.call("GET", f"/users/meetingroom/{mail}", ann) for mail in ("TOM@new.example", "t@X.example")]
    with claim("USERS-ROOM-03", "any address of a person leads to the one room", about=rooms):
        expect(rooms[0].json(), rooms[1].json())
    with claim("USERS-ME-04", "it is there before its owner has called anything", about=rooms):
        room = rooms[0].json()["data"]
        expect((room["type"], room["title"]), ("personal", "Tom Two"))
    with claim("USERS-ROOM-01", "what the caller never set is null", about=rooms):
        room = rooms[0].json()["data"]
        observe((room["role"], room["isPinned"], room["notification"], room["lastAccess"]), (None,) * 4)
    with claim("PERM-PERS-01", "the new room is that of its owner, who is admin of it"):
        own = cloud.call("GET", "/users/meetingroom/tom@new.example", tom).json()["data"]
        observe((own["_id"], own["cid"], own["role"]), (rooms[0].json()["data"]["_id"], tom.id, "admin"))


@behaviour("USERS-ROOM-02", "PERM-PIN-06", "PERM-PRIV-01")
def test_what_strangers_see_of_a_personal_room(cloud: Cloud, ann: Person) -> None:
    """Whoever has no role, anonymous or not, sees only the owner and no PIN, even if the room is private."""
    only_mock(cloud, "would change the personal room of somebody")
    bob, cleo, gil = cloud.user("bob@example.com"), cloud.user("cleo@example.com"), cloud.guest()
    path = f"/users/meetingroom/{ann.username}"
    own = cloud.call("GET", path, ann).json()["data"]["_id"]
    cloud.call("POST", f"/spaces/{own}/invite", ann, json={"invitees": [{"invitee": bob.username}]})
    cloud.call("POST", f"/spaces/{own}", ann, json={"settings": {"confPin": "1234", "memberOnly": True}})
    seen = {
        "the owner": (cloud.call("GET", path, ann), 2, "1234"),
        "a guest of the room": (cloud.call("GET", path, bob), 2, ""),
        "a stranger": (cloud.call("GET", path, cleo), 1, ""),
        "an anonymous stranger": (cloud.call("GET", path, gil), 1, ""),
    }
    for who, (answer, members, pin) in seen.items():
        with claim("PERM-PRIV-01", f"{who} may read the private room", about=[answer]):
            expect(answer.status_code, 200)
        with claim("USERS-ROOM-02", f"{who} sees the owner, and others only with a role", about=[answer]):
            room = answer.json()["data"]
            observe((len(room["members"]), room["members"][0]["member"]), (members, ann.id))
        with claim("PERM-PIN-06", f"{who} sees the PIN only as its admin", about=[answer]):
            observe(answer.json()["data"]["settings"]["confPin"], pin)


@behaviour("USERS-ROOM-04")
def test_unknown_rooms(cloud: Cloud, ann: Person) -> None:
    """An unknown address has no room, nor has a service account."""
    for mail in ("nobody@example.com", "nonsense"):
        with claim("USERS-ROOM-04", f"{mail.partition('@')[0]} has no room"):
            refused(cloud.call("GET", f"/users/meetingroom/{mail}", ann), 404, "user.not_found")
    app = cloud.app("spaces.create")
    with claim("USERS-ROOM-04", "a service account has no room"):
        refused(cloud.call("GET", f"/users/meetingroom/{app.key['sub']}", ann), 404, "user.not_found")
