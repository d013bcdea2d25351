from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import App, Cloud, Person, behaviour, only_mock, refused
from contract_tests.sockets import Sockets

ASKED = "/users/me/spaces?topictype=direct&size=50"


@pytest.fixture
def pair(cloud: Cloud) -> tuple[Person, Person]:
    """Two people of one company."""
    return cloud.user(), cloud.user("bob@example.com")


def ask(cloud: Cloud, who: Person | App, whom: Person, kind: str = "user") -> httpx.Response:
    return cloud.call("GET", f"/spaces/direct/{kind}/{whom.id}", who)


@step("open a direct space")
def direct(cloud: Cloud, who: Person | App, whom: Person, kind: str = "user") -> dict[str, Any]:
    answer = ask(cloud, who, whom, kind)
    assert answer.status_code == 200, answer.text
    [space] = answer.json()["data"]
    found: dict[str, Any] = space
    return found


@step("read a person's name")
def name_of(cloud: Cloud, who: Person) -> str:
    name: str = cloud.call("GET", "/users/me", who).json()["displayname"]
    return name


@behaviour("SPACES-DIRECT-02", "PERM-DIR-01")
def test_two_people_have_one_direct_space(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """Whoever of the two asks, and however often, it is the same space with the two in it."""
    ann, bob = pair
    with claim("SPACES-DIRECT-02", "the answer is a list of one space"):
        answer = ask(cloud, ann, bob)
        expect(answer.status_code, 200)
        [first] = answer.json()["data"]
    with claim("PERM-DIR-01", "the two are in it, and nobody else", about=[answer]):
        expect({one["member"] for one in first["members"]}, {ann.id, bob.id})
    for whose, who, whom in (("the partner's", bob, ann), ("a second", ann, bob)):
        with claim("SPACES-DIRECT-02", f"{whose} call gives the same space"):
            expect([one["_id"] for one in ask(cloud, who, whom).json()["data"]], [first["_id"]])


@behaviour("SPACES-DIRECT-03", "DM-SET-02", "DM-SPACE-04", "DM-SPACE-05")
def test_what_a_direct_space_looks_like(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """Its title is the other's name, both are members, it is private and without PIN, and it is who called first's."""
    ann, bob = pair
    names = [name_of(cloud, bob), name_of(cloud, ann)]
    shown, other = direct(cloud, ann, bob), direct(cloud, bob, ann)
    with claim("SPACES-DIRECT-03", "its type is direct"):
        expect(shown["type"], "direct")
    with claim("SPACES-DIRECT-03", "its title is the name of the other"):
        observe([shown["title"], other["title"]], names)
    with claim("SPACES-DIRECT-03", "DM-SPACE-05", "both are members"):
        observe([one["role"] for one in shown["members"]], ["member", "member"])
    with claim("DM-SPACE-04", "nothing is restricted"):
        observe(shown["restrict"], [])
    with claim("SPACES-DIRECT-03", "DM-SET-02", "it is private"):
        observe(shown["settings"]["memberOnly"], wanted=True)
    with claim("SPACES-DIRECT-03", "it has no PIN"):
        observe(shown["settings"]["confPin"], "")
    with claim("SPACES-DIRECT-03", "in lists too its title is the name of the other"):
        for who, name in zip(pair, names, strict=True):
            titles = {one["_id"]: one["title"] for one in cloud.call("GET", ASKED, who).json()["data"]}
            observe(titles[shown["_id"]], name)
    with claim("SPACES-DIRECT-03", "so it is in the answer to a read mark"):
        record = cloud.call("POST", f"/users/me/spaces/{shown['_id']}/markread", bob, json={}).json()
        observe(record["title"], names[1])
    only_mock(cloud, "people without a past")
    with claim("SPACES-DIRECT-03", "it belongs to who called first"):
        observe((shown["cid"], other["cid"]), (ann.id, ann.id))


@behaviour("SPACES-DIRECT-04")
def test_registered_people_must_be_acquainted(cloud: Cloud) -> None:
    """People of different companies open a direct space after they were once together in a space, even a former one."""
    only_mock(cloud, "people without a past")
    ann, rita = cloud.user(), cloud.user("rita@rival.example")
    with claim("SPACES-DIRECT-04", "people of two companies who never met are refused"):
        refused(ask(cloud, ann, rita), 403, "permission.denied")
    space = cloud.space(ann, invitees=[{"invitee": rita.username}])
    cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{rita.id}", ann)
    with claim("SPACES-DIRECT-04", "once they have met they are not"):
        observe(ask(cloud, ann, rita).status_code, 200)


@behaviour("SPACES-DIRECT-04")
@pytest.mark.parametrize("end", ["removal", "deletion"])
def test_acquaintance_outlives_the_space(cloud: Cloud, end: str) -> None:
    """People stay acquainted when one of them is removed from the space where they met, or when it is deleted."""
    ann, rita = cloud.user(), cloud.user("rita@rival.example")
    space = cloud.space(ann, invitees=[{"invitee": rita.username}])
    cloud.call("DELETE", f"/spaces/{space}" + (f"/attendees/userId/{rita.id}" if end == "removal" else ""), ann)
    with claim("SPACES-DIRECT-04", "who was once together in a space may open one"):
        expect(ask(cloud, rita, ann).status_code, 200)


@behaviour("SPACES-DIRECT-03", "SPACES-DIRECT-04", "PERM-ROLE-01")
def test_two_anonymous_people(cloud: Cloud, sockets: Sockets) -> None:
    """Two anonymous users in one space may open one; it is named after who called first and gives them no right."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    gil, una = cloud.guest("Gil"), cloud.guest("Una")
    for guest in (gil, una):
        sockets.join(guest, space)
    answer = ask(cloud, gil, una, "anonymous")
    with claim("SPACES-DIRECT-04", "two anonymous users with sockets in one space may", about=[answer]):
        expect(answer.status_code, 200)
    [shown] = answer.json()["data"]
    with claim("SPACES-DIRECT-03", "it is who called first's", about=[answer]):
        observe(shown["cid"], gil.id)
    with claim("SPACES-DIRECT-03", "PERM-ROLE-01", "both are guests", about=[answer]):
        observe([one["role"] for one in shown["members"]], ["guest", "guest"])
    with claim("PERM-ROLE-01", "who called first has no right from it"):
        refused(cloud.call("DELETE", f"/spaces/{shown['_id']}", gil), 403, "space.direct_not_allowed")


@behaviour("SPACES-DIRECT-03", "SPACES-DIRECT-04", "PERM-ROLE-01")
def test_an_anonymous_partner_must_be_connected(cloud: Cloud, sockets: Sockets) -> None:
    """With an anonymous partner both need a socket in one same space; the registered party is member and owner."""
    ann = cloud.user()
    space, gil = cloud.open_space(ann), cloud.guest("Gil")
    with claim("SPACES-DIRECT-04", "without any socket it is refused"):
        refused(ask(cloud, ann, gil, "anonymous"), 403, "permission.denied")
    sockets.join(gil, space)
    with claim("SPACES-DIRECT-04", "with the socket of one only it is refused"):
        refused(ask(cloud, ann, gil, "anonymous"), 403, "permission.denied")
    sockets.join(ann, space)
    answer = ask(cloud, gil, ann)
    with claim("SPACES-DIRECT-04", "with sockets of both in one space it is opened", about=[answer]):
        expect(answer.status_code, 200)
    [first] = answer.json()["data"]
    with claim("SPACES-DIRECT-03", "PERM-ROLE-01", "the registered party is member, the other guest", about=[answer]):
        observe({one["member"]: one["role"] for one in first["members"]}, {ann.id: "member", gil.id: "guest"})
    with claim("SPACES-DIRECT-03", "it is the registered party's", about=[answer]):
        observe(first["cid"], ann.id)
    with claim("SPACES-DIRECT-03", "each sees the name of the other as title"):
        shown = ask(cloud, ann, gil, "anonymous").json()["data"][0]
        observe((first["title"], shown["title"]), (name_of(cloud, ann), "Gil"))


@behaviour("SPACES-DIRECT-01", "SPACES-DIRECT-05", "ERR-ORDER-05")
def test_partners_that_cannot_be(cloud: Cloud) -> None:
    """Another type word is no path, an unknown id is not found, and nobody is their own partner."""
    nobody = "f" * 24
    with claim("SPACES-DIRECT-01", "ERR-ORDER-05", "userId is no type word, before any credential is looked at"):
        refused(cloud.call("GET", f"/spaces/direct/userId/{nobody}"), 404, "route.not_found")
    ann = cloud.user()
    with claim("SPACES-DIRECT-05", "an unknown id is not found"):
        refused(cloud.call("GET", f"/spaces/direct/user/{nobody}", ann), 404, "user.not_found")
    with claim("SPACES-DIRECT-05", "the own id is bad input"):
        refused(ask(cloud, ann, ann), 400, "request.invalid")
    bob = cloud.user("bob@example.com")
    with claim("SPACES-DIRECT-01", "ERR-ORDER-05", "a type word in another letter case is none"):
        refused(ask(cloud, ann, bob, "User"), 404, "route.not_found")
    with claim("SPACES-DIRECT-05", "a registered user is no anonymous one"):
        refused(ask(cloud, ann, bob, "anonymous"), 404, "user.not_found")


@behaviour("SPACES-DIRECT-01", "SPACES-DIRECT-04")
def test_an_anonymous_caller_says_anonymous_of_anybody(cloud: Cloud, sockets: Sockets) -> None:
    """Asked by an anonymous user, the path with the word anonymous finds registered partners too."""
    room = cloud.room()
    with claim("SPACES-DIRECT-04", "the rule for partners holds as ever"):
        refused(ask(cloud, room.anonymous, room.admin, "anonymous"), 403, "permission.denied")
    for who in (room.anonymous, room.admin):
        sockets.join(who, room.id)
    with claim("SPACES-DIRECT-01", "both words answer the same space"):
        found = [
            ask(cloud, room.anonymous, room.admin, word).json()["data"][0]["_id"] for word in ("anonymous", "user")
        ]
        observe(found[0], found[1])
    with claim("SPACES-DIRECT-01", "who is nobody is not found"):
        refused(cloud.call("GET", f"/spaces/direct/anonymous/{'f' * 24}", room.anonymous), 404, "user.not_found")


@behaviour("SPACES-DIRECT-05", "SPACES-DIRECT-03", "AUTH-SVC-15")
def test_a_service_app_as_partner(cloud: Cloud) -> None:
    """A service app opens direct spaces with people of its company only, and with no anonymous ones."""
    bot, gil = cloud.app("spaces.direct.create"), cloud.guest()
    with claim("SPACES-DIRECT-05", "an anonymous partner is outside of its scope"):
        refused(ask(cloud, bot, gil, "anonymous"), 403, "scope.missing")
    ann = cloud.user()
    with claim("SPACES-DIRECT-03", "with somebody of its company it sees their name as title"):
        observe(ask(cloud, bot, ann).json()["data"][0]["title"], name_of(cloud, ann))
    rita = cloud.user("rita@rival.example")
    with claim("SPACES-DIRECT-05", "AUTH-SVC-15", "somebody of another company is refused"):
        refused(ask(cloud, bot, rita), 403, "permission.other_company")


@behaviour("SPACES-DIRECT-06", "USERS-HIDE-04")
def test_asking_again_shows_a_hidden_space(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """The call brings a hidden direct space back into the caller's list only."""
    ann, bob = pair
    space = direct(cloud, ann, bob)["_id"]

    def listed(who: Person) -> bool:
        return space in [one["_id"] for one in cloud.call("GET", ASKED, who).json()["data"]]

    for who in pair:
        cloud.call("POST", f"/users/me/spaces/{space}/hide", who)
    with claim("USERS-HIDE-04", "a hidden space is in no list of theirs"):
        observe([listed(who) for who in pair], [False, False])
    direct(cloud, ann, bob)
    with claim("SPACES-DIRECT-06", "USERS-HIDE-04", "it is back in the list of the caller"):
        observe(listed(ann), wanted=True)
    with claim("SPACES-DIRECT-06", "it is not in the list of the other"):
        observe(listed(bob), wanted=False)
    direct(cloud, bob, ann)  # leave it as it was


@behaviour("PERM-PRIV-01")
def test_third_people_see_nothing_of_a_direct_space(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """A stranger is refused at a direct space on every call."""
    space, mia = direct(cloud, *pair)["_id"], cloud.user("mia@example.com")
    for word in ("", "/join", "/members"):
        with claim("PERM-PRIV-01", f"a third person is refused at {word or 'the space'}"):
            refused(cloud.call("GET", f"/spaces/{space}{word}", mia), 403, "permission.denied")
