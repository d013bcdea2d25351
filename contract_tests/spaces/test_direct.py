from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, Person, behaviour, only_mock, refused
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


@pytest.fixture
def pair(cloud: Cloud) -> tuple[Person, Person]:
    """Two people of one company."""
    return cloud.user(), cloud.user("bob@example.com")


def direct(cloud: Cloud, who: Any, whom: Person, kind: str = "user") -> dict[str, Any]:
    answer = cloud.call("GET", f"/spaces/direct/{kind}/{whom.id}", who)
    assert answer.status_code == 200, answer.text
    [space] = answer.json()["data"]
    found: dict[str, Any] = space
    return found


@behaviour("SPACES-DIRECT-02", "PERM-DIR-01")
def test_two_people_have_one_direct_space(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """Whoever of the two asks, and however often, it is the same space with the two in it."""
    ann, bob = pair
    spaces = [direct(cloud, ann, bob), direct(cloud, bob, ann), direct(cloud, ann, bob)]
    expect({space["_id"] for space in spaces}, {spaces[0]["_id"]})
    expect({one["member"] for one in spaces[0]["members"]}, {ann.id, bob.id})


@behaviour("SPACES-DIRECT-03", "DM-SET-02", "DM-SPACE-04", "DM-SPACE-05")
def test_what_a_direct_space_looks_like(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """Its title is the other's name, both are members, it is private and without PIN, and it is who called first's."""
    only_mock(cloud, "needs people without a past")
    ann, bob = pair
    shown, other = direct(cloud, ann, bob), direct(cloud, bob, ann)
    expect(shown["type"], "direct")
    observe((shown["title"], other["title"]), ("Bob Builder", "Ann Example"))
    observe([one["role"] for one in shown["members"]], ["member", "member"])
    observe((shown["cid"], other["cid"], shown["restrict"]), (ann.id, ann.id, []))
    observe((shown["settings"]["memberOnly"], shown["settings"]["confPin"]), (True, ""))
    listed = [cloud.call("GET", "/users/me/spaces?topictype=direct", who).json()["data"][0]["title"] for who in pair]
    observe(listed, ["Bob Builder", "Ann Example"])
    record = cloud.call("POST", f"/users/me/spaces/{shown['_id']}/markread", bob, json={}).json()
    observe(record["title"], "Ann Example")


@behaviour("SPACES-DIRECT-04")
def test_registered_people_must_be_acquainted(cloud: Cloud) -> None:
    """People of different companies open a direct space after they were once together in a space, even a former one."""
    only_mock(cloud, "needs people without a past")
    ann, rita = cloud.user(), cloud.user("rita@rival.example")
    refused(cloud.call("GET", f"/spaces/direct/user/{rita.id}", ann), 403, "permission.denied")
    space = cloud.space(ann, invitees=[{"invitee": rita.username}])
    cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{rita.id}", ann)
    direct(cloud, ann, rita)


@behaviour("SPACES-DIRECT-04")
def test_acquaintance_outlives_the_space(cloud: Cloud) -> None:
    """People stay acquainted when the space where they met is deleted."""
    ann, rita = cloud.user(), cloud.user("rita@rival.example")
    space = cloud.space(ann, invitees=[{"invitee": rita.username}])
    cloud.call("DELETE", f"/spaces/{space}", ann)
    direct(cloud, rita, ann)


@behaviour("SPACES-DIRECT-03", "SPACES-DIRECT-04", "PERM-ROLE-01")
def test_an_anonymous_partner_must_be_connected(cloud: Cloud, sockets: Sockets) -> None:
    """With an anonymous partner both need a socket in one same space; the registered party is member and owner."""
    room = cloud.room()
    path = f"/spaces/direct/anonymous/{room.anonymous.id}"
    refused(cloud.call("GET", path, room.admin), 403, "permission.denied")
    sockets.join(room.anonymous, room.id)
    refused(cloud.call("GET", path, room.admin), 403, "permission.denied")
    sockets.join(room.admin, room.id)
    first = direct(cloud, room.anonymous, room.admin)
    observe(
        {one["member"]: one["role"] for one in first["members"]}, {room.admin.id: "member", room.anonymous.id: "guest"}
    )
    observe((first["cid"], first["title"]), (room.admin.id, "Ann Example"))
    observe(direct(cloud, room.admin, room.anonymous, "anonymous")["title"], "Gil Guest")


@behaviour("SPACES-DIRECT-03", "SPACES-DIRECT-04", "PERM-ROLE-01")
def test_two_anonymous_people(cloud: Cloud, sockets: Sockets) -> None:
    """Two anonymous users in one space may open one; it is named after who called first and gives him no right."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    gil, una = cloud.guest("Gil"), cloud.guest("Una")
    for guest in (gil, una):
        sockets.join(guest, space)
    shown = direct(cloud, gil, una, "anonymous")
    observe((shown["cid"], [one["role"] for one in shown["members"]]), (gil.id, ["guest", "guest"]))
    refused(cloud.call("DELETE", f"/spaces/{shown['_id']}", gil), 403, "space.direct_not_allowed")


@behaviour("SPACES-DIRECT-01", "SPACES-DIRECT-05", "ERR-ORDER-05")
def test_partners_that_cannot_be(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """Another type word is no path, an unknown id is not found, and nobody is his own partner."""
    ann, bob = pair
    refused(cloud.call("GET", f"/spaces/direct/User/{bob.id}", ann), 404, "route.not_found")
    refused(cloud.call("GET", f"/spaces/direct/userId/{bob.id}"), 404, "route.not_found")
    refused(cloud.call("GET", f"/spaces/direct/anonymous/{bob.id}", ann), 404, "user.not_found")
    refused(cloud.call("GET", f"/spaces/direct/user/{'f' * 24}", ann), 404, "user.not_found")
    refused(cloud.call("GET", f"/spaces/direct/user/{ann.id}", ann), 400, "request.invalid")


@behaviour("SPACES-DIRECT-05", "AUTH-SVC-15")
def test_a_service_app_as_partner(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """A service app opens direct spaces with people of its company only, and with no anonymous ones."""
    ann, _bob = pair
    bot, rita, gil = cloud.app("spaces.direct.create"), cloud.user("rita@rival.example"), cloud.guest()
    observe(direct(cloud, bot, ann)["title"], "Ann Example")
    refused(cloud.call("GET", f"/spaces/direct/user/{rita.id}", bot), 403, "permission.other_company")
    refused(cloud.call("GET", f"/spaces/direct/anonymous/{gil.id}", bot), 403, "scope.missing")


@behaviour("SPACES-DIRECT-06", "USERS-HIDE-04")
def test_asking_again_shows_a_hidden_space(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """The call brings a hidden direct space back into the caller's list only."""
    only_mock(cloud, "needs an account without a past")
    ann, bob = pair
    space = direct(cloud, ann, bob)["_id"]
    for who in pair:
        cloud.call("POST", f"/users/me/spaces/{space}/hide", who)
    direct(cloud, ann, bob)
    counts = [len(cloud.call("GET", "/users/me/spaces?topictype=direct", who).json()["data"]) for who in pair]
    observe(counts, [1, 0])


@behaviour("PERM-PRIV-01")
def test_third_people_see_nothing_of_a_direct_space(cloud: Cloud, pair: tuple[Person, Person]) -> None:
    """A stranger is refused at a direct space on every call."""
    space, cleo = direct(cloud, *pair)["_id"], cloud.user("cleo@example.com")
    for path in (f"/spaces/{space}", f"/spaces/{space}/join", f"/spaces/{space}/members"):
        refused(cloud.call("GET", path, cleo), 403, "permission.denied")
