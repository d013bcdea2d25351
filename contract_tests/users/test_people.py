from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ACCOUNT_ID, OBJECT_ID, URL, Cloud, Person, behaviour, only_mock, refused

NO_CLAIMS_YET = True


def names(cloud: Cloud, who: Any, path: str = "/users/me/colleagues", **params: str) -> list[str]:
    answer = cloud.call("GET", path, who, params=params)
    assert answer.status_code == 200, answer.text
    found = answer.json()
    return [person["displayname"] for person in (found if isinstance(found, list) else found["data"])]


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """Somebody of the company Example."""
    return cloud.user()


@behaviour("USERS-COLL-03", "DM-USER-13", "DM-USER-02", "DM-USER-03", "DM-USER-05")
def test_a_colleague_is_a_short_user(cloud: Cloud, ann: Person) -> None:
    """Items have the short form of a user, and the caller himself is among them."""
    found = cloud.call("GET", "/users/me/colleagues", ann, params={"search": "ann"}).json()["data"]
    observe(
        found,
        [
            {
                "_id": ann.id,
                "aType": "user",
                "ndbid": ACCOUNT_ID,
                "displayname": "Ann Example",
                "username": ann.username,
                "name": {
                    "familyname": "Example",
                    "formatted": "",
                    "givenname": "Ann",
                    "honorific_prefix": "",
                    "honorific_suffix": "",
                    "middlename": "",
                    "pronunciation": "",
                    "pronunciation_url": "",
                },
                "emails": [{"primary": True, "value": ann.username}],
                "phone_numbers": [],
                "picture_url": URL,
            }
        ],
    )


@behaviour("USERS-COLL-02", "USERS-COLL-05")
def test_who_is_a_colleague(cloud: Cloud, ann: Person) -> None:
    """People of the company and people once met in a space are found, ordered by name, nobody else."""
    rita, fred = cloud.user("rita@rival.example"), cloud.user("fred@freelance.example")
    company = ["Ann Example", "Bob Builder", "Cleo Client"]
    expect(names(cloud, ann), company)
    space = cloud.space(ann, invitees=[{"invitee": rita.username}])
    expect(names(cloud, ann), [*company, "Rita Rival"])
    expect(names(cloud, rita), ["Ann Example", "Rita Rival"])
    cloud.call("DELETE", f"/spaces/{space}", ann)
    expect(names(cloud, ann), [*company, "Rita Rival"])
    expect(names(cloud, fred), ["Fred Freelance"])
    observe(names(cloud, cloud.guest()), [])


@behaviour("USERS-COLL-05")
def test_equal_names_are_ordered_by_id(cloud: Cloud, ann: Person) -> None:
    """People of one name come by their ids, page after page."""
    ids = []
    for number in range(5):
        made = cloud.control("POST", "/users", {"username": f"z{number}@example.com", "displayname": "Zed"})
        ids.append(made["_id"])
    found = [
        cloud.call("GET", "/users/me/colleagues", ann, params={"search": "^zed$", "size": "1", "page": str(page)})
        for page in range(5)
    ]
    observe([answer.json()["data"][0]["_id"] for answer in found], sorted(ids))


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
    expect(names(cloud, ann, search=search), found)


@behaviour("USERS-COLL-01")
def test_looking_one_account_up(cloud: Cloud, ann: Person) -> None:
    """An accounts id finds its colleague whatever is searched for, and no one who is none."""
    only_mock(cloud, "needs a company of known people")
    bob, rita = cloud.user("bob@example.com"), cloud.user("rita@rival.example")
    ndbids = {who.id: cloud.call("GET", "/users/me", who).json()["ndbid"] for who in (ann, bob, rita)}
    expect(names(cloud, ann, accountid=ndbids[bob.id], search="cleo"), ["Bob Builder"])
    observe(names(cloud, ann, accountid=ndbids[rita.id]), [])
    observe(names(cloud, ann, accountid="nonsense"), [])
    cloud.space(rita, invitees=[{"invitee": ann.username}])
    observe(names(cloud, ann, accountid=ndbids[rita.id]), ["Rita Rival"])


@behaviour("USERS-COLL-01", "PAGE-N-01", "PAGE-ENV-04")
def test_colleagues_are_paged_by_number(cloud: Cloud, ann: Person) -> None:
    """Ten to a page from page 0, and a search keeps its pages."""
    for number in range(20):
        cloud.control("POST", "/users", {"username": f"n{number:02}@example.com"})
    first = cloud.call("GET", "/users/me/colleagues", ann).json()
    expect((first["total"], first["from"], first["to"]), (10, 1, 10))
    page = cloud.call("GET", "/users/me/colleagues", ann, params={"search": "^n", "page": "1"}).json()
    observe([one["username"] for one in page["data"]], [f"n{number}@example.com" for number in range(10, 20)])
    observe((page["from"], page["to"], page["nextPageUrl"]), (11, 20, ""))


@behaviour("USERS-COLL-04", "AUTH-SVC-15")
def test_what_a_service_app_finds(cloud: Cloud, ann: Person) -> None:
    """A service app finds people of its company, those met elsewhere not, and service accounts nobody finds."""
    bot, rita = cloud.app("users.search", "users.search.bulk", "spaces.create"), cloud.user("rita@rival.example")
    cloud.space(rita, invitees=[{"invitee": bot.account_id}])
    company = ["Ann Example", "Bob Builder", "Cleo Client"]
    expect(names(cloud, bot), company)
    cloud.space(ann, invitees=[{"invitee": bot.account_id}])
    observe(names(cloud, ann), company)
    sub = bot.key["sub"]
    found = cloud.call("POST", "/users/me/colleaguesbulk", bot, json=[sub, ann.username, rita.username]).json()["data"]
    observe([one["_id"] for one in found], [ann.id])


@behaviour("USERS-COLL-05", "USERS-COLLBULK-03", "USERS-WITHDM-03", "USERS-STATS-01")
@pytest.mark.parametrize(
    ("method", "word"),
    [("GET", "colleagues"), ("POST", "colleaguesbulk"), ("GET", "people/withdm"), ("GET", "statistics")],
)
def test_only_ones_own_id_is_taken(cloud: Cloud, ann: Person, method: str, word: str) -> None:
    """One's own id stands for the word me; another one's is refused, an unknown one not found."""
    bob = cloud.user("bob@example.com")
    content: dict[str, Any] = {"json": []} if method == "POST" else {}
    expect(cloud.call(method, f"/users/{ann.id}/{word}", ann, **content).status_code, 200)
    refused(cloud.call(method, f"/users/{bob.id}/{word}", ann, **content), 403, "permission.denied")
    refused(cloud.call(method, f"/users/{'f' * 24}/{word}", ann, **content), 404, "user.not_found")


@behaviour("USERS-COLLBULK-01", "USERS-COLLBULK-02")
def test_looking_addresses_up(cloud: Cloud, ann: Person) -> None:
    """People of the company come in the order asked, by any address in any case; others are just missing."""
    cloud.user("first@example.com", other_emails=["second@other.example"], displayname="Tom Two")
    asked = ["Second@Other.example", "rita@rival.example", "nobody@example.com", "BOB@example.com", ann.username]
    answer = cloud.call("POST", "/users/me/colleaguesbulk", ann, json=asked)
    expect(answer.status_code, 200)
    observe([one["displayname"] for one in answer.json()["data"]], ["Tom Two", "Bob Builder", "Ann Example"])
    observe(set(answer.json()), {"data"})
    expect(answer.json()["data"][1]["_id"], OBJECT_ID)


@behaviour("USERS-COLLBULK-01")
def test_the_51st_address_is_ignored(cloud: Cloud, ann: Person) -> None:
    """Fifty addresses are looked up, whatever comes after them is not."""
    asked = [*(f"n{number}@example.com" for number in range(49)), ann.username, "bob@example.com"]
    found = cloud.call("POST", "/users/me/colleaguesbulk", ann, json=asked).json()["data"]
    expect([one["username"] for one in found], [ann.username])


@behaviour("USERS-COLLBULK-02", "USERS-COLLBULK-03")
def test_odd_lists_of_addresses(cloud: Cloud, ann: Person) -> None:
    """An empty list finds nobody, without a company nobody is found, and what is no list of texts is refused."""
    for who, asked in (
        (ann, []),
        (cloud.guest(), [ann.username]),
        (cloud.user("fred@freelance.example"), [ann.username]),
    ):
        observe(cloud.call("POST", "/users/me/colleaguesbulk", who, json=asked).json(), {"data": []})
    wrong: tuple[Any, ...] = ({}, [1], [None], "x")
    for bad in wrong:
        refused(cloud.call("POST", "/users/me/colleaguesbulk", ann, json=bad), 400, "request.invalid")


@behaviour("USERS-PEOPLE-01", "USERS-PEOPLE-02")
def test_a_few_people_of_the_company(cloud: Cloud, ann: Person) -> None:
    """At most five people as a bare array in the order of colleagues, by name or user name."""
    for number in range(5):
        cloud.control(
            "POST", "/users", {"username": f"a{number}@example.com", "other_emails": [f"x{number}@other.example"]}
        )
    path = "/users/me/people"
    expect(cloud.call("GET", path, ann).json()[0]["aType"], "user")
    expect(names(cloud, ann, path), [f"a{number}@example.com" for number in range(5)])
    observe(names(cloud, ann, path, search="cleo@"), ["Cleo Client"])
    observe(names(cloud, ann, path, search="builder$"), ["Bob Builder"])
    observe(names(cloud, ann, path, search="x1@other"), [])
    bob = cloud.user("bob@example.com")
    observe(names(cloud, ann, f"/users/{bob.id}/people", search="^bob"), ["Bob Builder"])
    for who in (cloud.user("fred@freelance.example"), cloud.guest()):
        observe(cloud.call("GET", path, who).json(), [])


@behaviour("USERS-PEOPLE-03")
def test_people_of_other_companies(cloud: Cloud, ann: Person) -> None:
    """People of another company are refused, of an unknown user not found."""
    for other in (cloud.user("rita@rival.example"), cloud.user("fred@freelance.example"), cloud.guest()):
        refused(cloud.call("GET", f"/users/{other.id}/people", ann), 403, "permission.denied")
    refused(cloud.call("GET", f"/users/{'f' * 24}/people", ann), 404, "user.not_found")


@behaviour("USERS-WITHDM-01", "USERS-WITHDM-02", "SPACES-DIRECT-02")
def test_partners_of_direct_spaces(cloud: Cloud, ann: Person) -> None:
    """The other parties of one's direct spaces are listed once each, hidden ones included."""
    path, spaces = "/users/me/people/withdm", []
    for name in ("bob", "cleo"):
        other = cloud.user(f"{name}@example.com")
        spaces.append(cloud.call("GET", f"/spaces/direct/user/{other.id}", ann).json()["data"][0]["_id"])
    cloud.call("POST", f"/users/me/spaces/{spaces[0]}/hide", ann)
    found = cloud.call("GET", path, ann).json()
    observe(set(found["data"][0]), {"_id", "aType", "displayname", "username", "picture_url"})
    expect(sorted(names(cloud, ann, path)), ["Bob Builder", "Cleo Client"])
    observe((found["total"], found["from"], found["to"]), (2, 1, 2))
    observe(names(cloud, ann, path, search="^cleo"), ["Cleo Client"])
    observe(names(cloud, ann, path, search="bob@example"), ["Bob Builder"])
    first, second = (names(cloud, ann, path, size="1", page=page) for page in ("0", "1"))
    observe(sorted(first + second), ["Bob Builder", "Cleo Client"])


@behaviour("USERS-ROOM-01", "USERS-ROOM-03", "PERM-PERS-01", "USERS-ME-04")
def test_a_personal_room(cloud: Cloud, ann: Person) -> None:
    """Everybody has a personal room from his creation on, found by any of his addresses, named after him."""
    tom = cloud.user("tom@new.example", displayname="Tom Two", other_emails=["t@x.example"])
    rooms = [cloud.call("GET", f"/users/meetingroom/{mail}", ann).json() for mail in ("TOM@new.example", "t@X.example")]
    expect(rooms[0], rooms[1])
    room = rooms[0]["data"]
    expect((room["type"], room["title"]), ("personal", "Tom Two"))
    observe((room["role"], room["isPinned"], room["notification"], room["lastAccess"]), (None,) * 4)
    own = cloud.call("GET", "/users/meetingroom/tom@new.example", tom).json()["data"]
    observe((own["_id"], own["cid"], own["role"]), (room["_id"], tom.id, "admin"))


@behaviour("USERS-ROOM-02", "PERM-PIN-06", "PERM-PRIV-01")
def test_what_strangers_see_of_a_personal_room(cloud: Cloud, ann: Person) -> None:
    """Whoever has no role, anonymous or not, sees only the owner and no PIN, even if the room is private."""
    bob = cloud.user("bob@example.com")
    path = f"/users/meetingroom/{ann.username}"
    own = cloud.call("GET", path, ann).json()["data"]["_id"]
    cloud.call("POST", f"/spaces/{own}/invite", ann, json={"invitees": [{"invitee": bob.username}]})
    cloud.call("POST", f"/spaces/{own}", ann, json={"settings": {"confPin": "1234", "memberOnly": True}})
    for who, people, pin in (
        (ann, 2, "1234"),
        (bob, 2, ""),
        (cloud.user("cleo@example.com"), 1, ""),
        (cloud.guest(), 1, ""),
    ):
        answer = cloud.call("GET", path, who)
        expect(answer.status_code, 200)
        room = answer.json()["data"]
        observe((len(room["members"]), room["settings"]["confPin"]), (people, pin))
        observe(room["members"][0]["member"], ann.id)


@behaviour("USERS-ROOM-04")
def test_unknown_rooms(cloud: Cloud, ann: Person) -> None:
    """An unknown address has no room, nor has a service account."""
    for mail in ("nobody@example.com", "nonsense", cloud.app("spaces.list").key["sub"]):
        refused(cloud.call("GET", f"/users/meetingroom/{mail}", ann), 404, "user.not_found")
