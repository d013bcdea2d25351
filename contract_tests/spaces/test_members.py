from typing import Any

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, URL, Cloud, Person, Room, behaviour, refused, roles_in
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


UNKNOWN = "f" * 24


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


def members(cloud: Cloud, space: str, who: Person, **params: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = cloud.call("GET", f"/spaces/{space}/members", who, params=params).json()["data"]
    return found


def give(cloud: Cloud, space: str, who: Person, whom: Person, role: Any, kind: str = "userId") -> httpx.Response:
    return cloud.call("POST", f"/spaces/{space}/attendees/{kind}/{whom.id}", who, json={"role": role})


def remove(cloud: Cloud, space: str, who: Person, whom: Person, kind: str = "userId") -> httpx.Response:
    return cloud.call("DELETE", f"/topics/{space}/attendees/{kind}/{whom.id}", who)


def front(cloud: Cloud, who: Person) -> str:
    first: str = cloud.call("GET", "/users/me/spaces", who).json()["data"][0]["_id"]
    return first


# --- the list


@behaviour("SPACES-MEMBERS-02", "SPACES-MEMBERS-03", "DM-MEM-01")
def test_a_roster_entry(cloud: Cloud, room: Room) -> None:
    """Entries have the documented members in the documented order, anonymous guests their own type."""
    shown = members(cloud, room.id, room.guest)
    order = ["phone_numbers", "member", "memberType", "role", "joinTime", "username", "displayname", "picture_url"]
    expect(list(shown[0]), order)
    anonymous = {
        "phone_numbers": [],
        "member": room.anonymous.id,
        "memberType": "anonymousId",
        "role": "guest",
        "joinTime": ISO_TIME,
        "username": "",
        "displayname": "Gil Guest",
        "picture_url": URL,
    }
    observe([one for one in shown if one["member"] == room.anonymous.id], [anonymous])
    expect({one["role"] for one in shown}, {"admin", "member", "guest"})


@behaviour("SPACES-MEMBERS-04")
def test_the_order_of_a_roster(cloud: Cloud) -> None:
    """Members come by join time, then id, and waiting addresses last."""
    ann = cloud.user()
    late, early = cloud.user("late@example.com"), cloud.user("early@example.com")
    space = cloud.space(ann, invitees=[{"invitee": "waiting@new.example"}])
    cloud.advance(2)
    for who in (early, late):
        give(cloud, space, ann, who, "member")
        cloud.advance(2)
    together = [cloud.user(f"t{number}@example.com").id for number in range(3)]
    cloud.freeze()
    ann = cloud.user()
    invitees = [{"invitee": one} for one in reversed(together)]
    cloud.call("POST", f"/spaces/{space}/invite", ann, json={"invitees": invitees})
    shown = [one["member"] for one in members(cloud, space, ann)]
    observe(shown, [ann.id, early.id, late.id, *sorted(together), "waiting@new.example"])


@behaviour("SPACES-MEMBERS-01")
@pytest.mark.parametrize(
    ("search", "found"),
    [("", 4), ("^ann", 1), ("@EXAMPLE", 3), ("gil guest", 1), ("mia@example.com$", 1), ("nobody", 0)],
)
def test_searching_a_roster(cloud: Cloud, room: Room, search: str, found: int) -> None:
    """The search looks at display name and user name, an empty one finds all."""
    observe(len(members(cloud, room.id, room.admin, search=search)), found)


# --- roles


@behaviour("SPACES-ROLE-01", "SPACES-ROLE-02", "SPACES-ROLE-03", "REST-ALIAS-02")
@pytest.mark.parametrize("kind", ["userId", "userid", "USERID"])
def test_giving_a_role(cloud: Cloud, room: Room, kind: str) -> None:
    """The answer names attendee, type in its one spelling, and role; a guest can be made member or admin."""
    for role in ("member", "admin"):
        answer = give(cloud, room.id, room.admin, room.guest, role, kind)
        expect(answer.status_code, 200)
        observe(answer.json(), {"attendee": room.guest.id, "attendeeType": "userId", "role": role})
        observe(roles_in(cloud, room.id, room.admin)[room.guest.id], role)


@behaviour("SPACES-ROLE-01", "ERR-ORDER-05")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_word_than_an_attendee_type_is_no_path(cloud: Cloud, room: Room, method: str) -> None:
    """An unknown type is an unknown path, even before the credential is looked at."""
    path = f"/spaces/{room.id}/attendees/user/{room.guest.id}"
    refused(cloud.call(method, path, room.admin), 404, "route.not_found")
    refused(cloud.call(method, path), 404, "route.not_found")


@behaviour("SPACES-ROLE-04", "SPACES-ROLE-05", "USERS-SPACES-08")
def test_a_role_brings_somebody_in(cloud: Cloud, room: Room, sockets: Sockets) -> None:
    """Who is not in the space is added with the role, and a role change is an activity without an event."""
    later = cloud.space(room.admin, "Later")
    chat = sockets.join(room.member, room.id)
    expect(front(cloud, room.admin), later)
    give(cloud, room.id, room.admin, room.stranger, "member")
    observe(roles_in(cloud, room.id, room.admin)[room.stranger.id], "member")
    observe(front(cloud, room.admin), room.id)
    cloud.call("POST", f"/spaces/{later}", room.admin, json={"title": "Later still"})
    give(cloud, room.id, room.admin, room.stranger, "admin")
    observe(front(cloud, room.admin), room.id)
    observe(chat.heard(), [])


@behaviour("SPACES-ROLE-06", "PERM-MAP-02")
def test_what_members_may_give(cloud: Cloud, room: Room) -> None:
    """A member makes members, but no admins, and leaves admins alone; a guest gives nothing."""
    expect(give(cloud, room.id, room.member, room.guest, "member").status_code, 200)
    refused(give(cloud, room.id, room.member, room.guest, "admin"), 403, "permission.denied")
    refused(give(cloud, room.id, room.member, room.admin, "member"), 403, "permission.denied")
    refused(give(cloud, room.id, room.anonymous, room.guest, "member"), 403, "permission.denied")
    refused(give(cloud, room.id, room.stranger, room.stranger, "member"), 403, "permission.denied")


@behaviour("SPACES-ROLE-06")
def test_the_only_admin_stays_admin(cloud: Cloud, room: Room) -> None:
    """The only admin cannot demote himself; one of two can."""
    refused(give(cloud, room.id, room.admin, room.admin, "member"), 403, "space.last_admin")
    give(cloud, room.id, room.admin, room.member, "admin")
    observe(give(cloud, room.id, room.admin, room.admin, "member").status_code, 200)
    refused(give(cloud, room.id, room.member, room.member, "member"), 403, "space.last_admin")


@behaviour("SPACES-ROLE-07", "PERM-ROLE-01")
def test_roles_that_cannot_be_given(cloud: Cloud, room: Room) -> None:
    """Anonymous people get no role, guest is none to give, and an unknown user is not found."""
    for role in ("guest", "owner", None, 5):
        refused(give(cloud, room.id, room.admin, room.member, role), 400, "request.invalid")
    refused(give(cloud, room.id, room.admin, room.anonymous, "member", "anonymousId"), 400, "request.invalid")
    nobody = Person(UNKNOWN, "", "")
    refused(give(cloud, room.id, room.admin, nobody, "member"), 404, "user.not_found")
    refused(give(cloud, UNKNOWN, room.admin, room.member, "member"), 404, "space.not_found")


@behaviour("SPACES-ROLE-07", "SPACES-KICK-04", "PERM-DIR-01", "PERM-MAP-07")
def test_direct_spaces_and_personal_rooms_keep_their_roles(cloud: Cloud) -> None:
    """In a direct space nobody is promoted or removed, not even himself; a personal room has one admin."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    direct = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    refused(give(cloud, direct, ann, bob, "admin"), 403, "space.direct_not_allowed")
    for whom in (ann, bob):
        refused(remove(cloud, direct, ann, whom), 403, "space.direct_not_allowed")
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    refused(give(cloud, own, ann, bob, "member"), 403, "permission.denied")
    refused(remove(cloud, own, ann, ann), 403, "space.last_admin")


# --- removal


@behaviour("SPACES-KICK-01", "SPACES-KICK-02", "USERS-SPACES-06", "USERS-SPACES-08", "DM-USP-04")
def test_a_removed_person(cloud: Cloud, room: Room) -> None:
    """He leaves the roster, his list shows the space with includedeleted only, and it is an activity."""
    later = cloud.space(room.admin, "Later")
    expect(front(cloud, room.admin), later)
    answer = remove(cloud, room.id, room.admin, room.member)
    expect(answer.status_code, 200)
    observe(answer.json(), {"attendee": room.member.id, "attendeeType": "userId"})
    expect(roles_in(cloud, room.id, room.admin).get(room.member.id), None)
    expect(front(cloud, room.admin), room.id)
    observe(cloud.call("GET", "/users/me/spaces", room.member).json()["data"], [])
    [left] = cloud.call("GET", "/users/me/spaces?includedeleted=true", room.member).json()["data"]
    observe((left["_id"], left["role"], left["settings"]["confPin"]), (room.id, None, ""))
    refused(cloud.call("GET", f"/spaces/{room.id}", room.member), 403, "permission.denied")


@behaviour("SPACES-KICK-03", "RT-REST-06")
def test_a_removed_person_hears_nothing_more(cloud: Cloud, room: Room, sockets: Sockets) -> None:
    """His subscription ends with an event to him alone; he may come back into an open space as guest."""
    his, other = sockets.join(room.member, room.id), sockets.join(room.guest, room.id)
    remove(cloud, room.id, room.admin, room.member)
    cloud.message(room.id, room.admin)
    observe([name for name, _payload in his.heard()], ["CHANNEL_UNSUBSCRIBED"])
    observe([name for name, _payload in other.heard()], ["MESSAGE_SENT"])
    observe(cloud.call("GET", f"/spaces/{room.id}/join", room.member).json()["topic"]["role"], "guest")


@behaviour("PERM-MAP-07", "SPACES-KICK-04")
@pytest.mark.parametrize(
    ("who", "whom", "code"),
    [
        ("admin", "member", None),
        ("admin", "guest", None),
        ("admin", "anonymous", None),
        ("member", "guest", None),
        ("member", "anonymous", None),
        ("member", "member", None),
        ("guest", "guest", None),
        ("anonymous", "anonymous", None),
        ("member", "admin", "permission.denied"),
        ("guest", "anonymous", "permission.denied"),
        ("guest", "member", "permission.denied"),
        ("anonymous", "admin", "permission.denied"),
        ("admin", "admin", "space.last_admin"),
        ("stranger", "guest", "permission.denied"),
    ],
)
def test_who_removes_whom(cloud: Cloud, room: Room, who: str, whom: str, code: str | None) -> None:
    """Everybody may leave, a member removes guests, an admin anyone, and the only admin stays."""
    kind = "anonymousId" if whom == "anonymous" else "userId"
    answer = remove(cloud, room.id, getattr(room, who), getattr(room, whom), kind)
    if code:
        refused(answer, 403, code)
    else:
        expect(answer.status_code, 200)


@behaviour("PERM-MAP-07", "SPACES-KICK-04")
def test_members_do_not_remove_members(cloud: Cloud, room: Room) -> None:
    """A member who would remove another member is refused."""
    give(cloud, room.id, room.admin, room.guest, "member")
    refused(remove(cloud, room.id, room.member, room.guest), 403, "permission.denied")


@behaviour("SPACES-KICK-04")
def test_removing_who_is_not_there(cloud: Cloud, room: Room) -> None:
    """Neither a person outside of the space nor an unknown one can be removed."""
    refused(remove(cloud, room.id, room.admin, room.stranger), 404, "user.not_found")
    refused(remove(cloud, room.id, room.admin, Person(UNKNOWN, "", "")), 404, "user.not_found")
    refused(remove(cloud, room.id, room.admin, room.guest, "anonymousId"), 404, "user.not_found")
    remove(cloud, room.id, room.admin, room.guest)
    refused(remove(cloud, room.id, room.admin, room.guest), 404, "user.not_found")


@behaviour("PERM-ARCH-01")
def test_an_archived_space_can_be_left_but_not_changed(cloud: Cloud) -> None:
    """In an archived space roles and titles stay, nobody is removed, and who wants leaves or deletes it."""
    ann, bob, cleo = (cloud.user(f"{name}@example.com") for name in ("ann", "bob", "cleo"))
    roster = [{"username": bob.username, "role": "admin"}, {"username": cleo.username}]
    space = cloud.open_space(ann, members=roster, archived=True)
    archived = (403, "topic.invalid_acesss_to_archived_topic")
    refused(give(cloud, space, ann, cleo, "admin"), *archived)
    refused(remove(cloud, space, ann, cleo), *archived)
    refused(cloud.call("POST", f"/spaces/{space}", ann, json={"title": "x"}), *archived)
    for word, body in (("markread", {}), ("preference", {"isPinned": True}), ("hide", {})):
        expect(cloud.call("POST", f"/users/me/spaces/{space}/{word}", cleo, json=body).status_code, 200)
    expect(cloud.call("GET", f"/spaces/{space}", cleo).status_code, 200)
    expect(remove(cloud, space, cleo, cleo).status_code, 200)
    expect(cloud.call("DELETE", f"/spaces/{space}", ann).status_code, 200)
