from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, URL, Cloud, Person, Room, behaviour, refused, roles_in
from contract_tests.sockets import Sockets, direct_space

UNKNOWN = "f" * 24


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


@step("list the members")
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


@behaviour("SPACES-MEMBERS-02", "SPACES-MEMBERS-03", "SPACES-MEMBERS-04", "DM-MEM-01")
def test_a_roster_entry(cloud: Cloud, room: Room) -> None:
    """Entries have the documented members in the documented order, anonymous guests their own type."""
    shown = members(cloud, room.id, room.guest)
    with claim("SPACES-MEMBERS-03", "entries have their members in the documented order"):
        order = ["phone_numbers", "member", "memberType", "role", "joinTime", "username", "displayname", "picture_url"]
        expect(list(shown[0]), order)
    with claim("SPACES-MEMBERS-02", "admins, members and guests are listed"):
        expect({one["role"] for one in shown}, {"admin", "member", "guest"})
    [entry] = [one for one in shown if one["member"] == room.anonymous.id]
    with claim("SPACES-MEMBERS-04", "an anonymous guest has their own type"):
        observe(entry["memberType"], "anonymousId")
    with claim("SPACES-MEMBERS-03", "phone_numbers is an array"):
        expect({str(type(one["phone_numbers"])) for one in shown}, {str(list)})
    with claim("DM-MEM-01", "an anonymous guest has no user name, but a name and a picture"):
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
        observe(entry, anonymous)


@behaviour("SPACES-MEMBERS-04")
def test_the_order_of_a_roster(cloud: Cloud) -> None:
    """Members come by join time, then id, and waiting addresses last."""
    ann, bob, mia = cloud.user(), cloud.user("bob@example.com"), cloud.user("mia@example.com")
    space = cloud.space(ann, invitees=[{"invitee": "waiting@new.example"}])
    for who in (mia, bob):
        give(cloud, space, ann, who, "member")
    with claim("SPACES-MEMBERS-04", "members come by join time, waiting addresses last"):
        shown = members(cloud, space, ann)
        observe([one["member"] for one in shown], [ann.id, mia.id, bob.id, "waiting@new.example"])
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
    with claim("SPACES-MEMBERS-04", "those of one time come by id"):
        found = [one["member"] for one in members(cloud, space, ann)]
        observe(found, [ann.id, early.id, late.id, *sorted(together), "waiting@new.example"])


@behaviour("SPACES-MEMBERS-01")
@pytest.mark.parametrize("search", ["", "^", "@", "gil guest", "$", "nobody at all"])
def test_searching_a_roster(cloud: Cloud, room: Room, search: str) -> None:
    """The search looks at display name and user name, an empty one finds all."""
    mia, domain = room.member.username, room.admin.username.partition("@")[2]
    people = {room.admin.id, room.member.id, room.guest.id, room.anonymous.id}
    same = {one.id for one in (room.admin, room.member, room.guest) if one.username.endswith(domain)}
    cases: dict[str, tuple[str, set[str]]] = {
        "": ("", people),
        "^": (f"^{mia}", {room.member.id}),
        "@": (f"@{domain.upper()}", same),
        "gil guest": ("gil guest", {room.anonymous.id}),
        "$": (f"{mia}$", {room.member.id}),
        "nobody at all": ("nobody at all", set()),
    }
    words, found = cases[search]
    with claim("SPACES-MEMBERS-01", "it finds whom it should"):
        shown = cloud.call("GET", f"/spaces/{room.id}/members", room.admin, params={"search": words}).json()["data"]
        observe({one["member"] for one in shown}, found)
        observe(len(shown), len(found))


# --- roles


@behaviour("SPACES-ROLE-01", "SPACES-ROLE-02", "SPACES-ROLE-03", "REST-ALIAS-02")
@pytest.mark.parametrize("kind", ["userId", "userid", "USERID"])
def test_giving_a_role(cloud: Cloud, kind: str) -> None:
    """The answer names attendee, type in its one spelling, and role; a guest can be made member or admin."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "guest"}])
    for role in ("member", "admin"):
        answer = give(cloud, space, ann, bob, role, kind)
        with claim("SPACES-ROLE-01", "REST-ALIAS-02", f"as {role}: the type is accepted so", about=[answer]):
            expect(answer.status_code, 200)
        with claim("SPACES-ROLE-01", f"as {role}: the type is answered in its one spelling", about=[answer]):
            expect(answer.json()["attendeeType"], "userId")
        with claim("SPACES-ROLE-03", f"as {role}: the answer is bare, with attendee, type and role", about=[answer]):
            observe(answer.json(), {"attendee": bob.id, "attendeeType": "userId", "role": role})
        with claim("SPACES-ROLE-02", f"as {role}: the roster shows it"):
            observe(roles_in(cloud, space, ann)[bob.id], role)


@behaviour("SPACES-ROLE-01", "ERR-ORDER-05")
@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_word_than_an_attendee_type_is_no_path(cloud: Cloud, method: str) -> None:
    """An unknown type is an unknown path, even before the credential is looked at."""
    with claim("SPACES-ROLE-01", "ERR-ORDER-05", "without a credential it is no path"):
        refused(cloud.call(method, f"/spaces/{UNKNOWN}/attendees/user/{UNKNOWN}"), 404, "route.not_found")
    ann = cloud.user()
    path = f"/spaces/{cloud.space(ann)}/attendees/user/{ann.id}"
    with claim("SPACES-ROLE-01", "ERR-ORDER-05", "for an admin it is no path"):
        refused(cloud.call(method, path, ann), 404, "route.not_found")


@behaviour("SPACES-ROLE-04", "SPACES-ROLE-05", "USERS-SPACES-08")
def test_a_role_brings_somebody_in(cloud: Cloud, sockets: Sockets) -> None:
    """Who is not in the space is added with the role, and a role change is an activity without an event."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann)
    later = cloud.space(ann, "Later")
    with claim("USERS-SPACES-08", "the newest space comes first"):
        expect(front(cloud, ann), later)
    give(cloud, space, ann, bob, "member")
    with claim("SPACES-ROLE-04", "who was not in the space is there with that role"):
        observe(roles_in(cloud, space, ann)[bob.id], "member")
    with claim("SPACES-ROLE-04", "who was not in the space has a join time"):
        observe([one["joinTime"] for one in members(cloud, space, ann) if one["member"] == bob.id], [ISO_TIME])
    with claim("USERS-SPACES-08", "a change of the roster is an activity"):
        observe(front(cloud, ann), space)
    cloud.call("POST", f"/spaces/{later}", ann, json={"title": "Later still"})
    give(cloud, space, ann, bob, "admin")
    with claim("SPACES-ROLE-05", "USERS-SPACES-08", "a change of role is an activity"):
        observe(front(cloud, ann), space)
    chat = sockets.join(ann, space)
    give(cloud, space, ann, bob, "member")
    give(cloud, space, ann, cloud.user("mia@example.com"), "member")
    with claim("SPACES-ROLE-05", "subscribers hear nothing of it"):
        observe(chat.heard(), [])


@behaviour("SPACES-ROLE-06", "PERM-MAP-02")
def test_what_members_may_give(cloud: Cloud, room: Room) -> None:
    """A member makes members, but no admins, and leaves admins alone; a guest gives nothing."""
    with claim("SPACES-ROLE-06", "PERM-MAP-02", "a member makes a guest member"):
        expect(give(cloud, room.id, room.member, room.guest, "member").status_code, 200)
    with claim("SPACES-ROLE-06", "a member makes nobody admin"):
        refused(give(cloud, room.id, room.member, room.guest, "admin"), 403, "permission.denied")
    with claim("SPACES-ROLE-06", "a member does not change an admin"):
        refused(give(cloud, room.id, room.member, room.admin, "member"), 403, "permission.denied")
    with claim("PERM-MAP-02", "a guest gives no role"):
        refused(give(cloud, room.id, room.anonymous, room.guest, "member"), 403, "permission.denied")
    with claim("PERM-MAP-02", "a stranger gives themselves no role"):
        refused(give(cloud, room.id, room.stranger, room.stranger, "member"), 403, "permission.denied")


@behaviour("SPACES-ROLE-06")
def test_the_only_admin_stays_admin(cloud: Cloud) -> None:
    """The only admin cannot demote themselves; one of two can."""
    ann = cloud.user()
    space = cloud.space(ann)
    with claim("SPACES-ROLE-06", "the only admin cannot be demoted"):
        refused(give(cloud, space, ann, ann, "member"), 403, "space.last_admin")
    bob = cloud.user("bob@example.com")
    give(cloud, space, ann, bob, "admin")
    with claim("SPACES-ROLE-06", "one of two can"):
        observe(give(cloud, space, ann, ann, "member").status_code, 200)
    with claim("SPACES-ROLE-06", "the one who is left cannot"):
        refused(give(cloud, space, bob, bob, "member"), 403, "space.last_admin")


@behaviour("SPACES-ROLE-07", "SPACES-ROLE-02", "PERM-ROLE-01")
def test_roles_that_cannot_be_given(cloud: Cloud) -> None:
    """Anonymous people get no role, guest is none to give, and an unknown user is not found."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    cloud.call("GET", f"/spaces/{space}/join", gil)
    with claim("SPACES-ROLE-07", "PERM-ROLE-01", "an anonymous attendee gets no role"):
        refused(give(cloud, space, ann, gil, "member", "anonymousId"), 400, "request.invalid")
    with claim("SPACES-ROLE-07", "an unknown user is not found"):
        refused(give(cloud, space, ann, Person(UNKNOWN, "", ""), "member"), 404, "user.not_found")
    with claim("SPACES-ROLE-07", "an unknown space is not found"):
        refused(give(cloud, UNKNOWN, ann, ann, "member"), 404, "space.not_found")
    mia = cloud.user("mia@example.com")
    give(cloud, space, ann, mia, "member")
    for role in ("guest", "owner", None, 5):
        with claim("SPACES-ROLE-07", "SPACES-ROLE-02", f"{role!r} is no role to give"):
            refused(give(cloud, space, ann, mia, role), 400, "request.invalid")


@behaviour("SPACES-ROLE-07", "SPACES-KICK-04", "PERM-DIR-01", "PERM-MAP-07")
def test_direct_spaces_and_personal_rooms_keep_their_roles(cloud: Cloud) -> None:
    """In a direct space nobody is promoted or removed, not even themselves; a personal room has one admin."""
    ann = cloud.user()
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    with claim("SPACES-KICK-04", "PERM-MAP-07", "the owner cannot leave their personal room"):
        refused(remove(cloud, own, ann, ann), 403, "space.last_admin")
    bob = cloud.user("bob@example.com")
    with claim("SPACES-ROLE-07", "nobody gets a role in a personal room"):
        refused(give(cloud, own, ann, bob, "member"), 403, "permission.denied")
    direct = direct_space(cloud, ann, bob)
    with claim("SPACES-ROLE-07", "PERM-DIR-01", "nobody gets a role in a direct space"):
        refused(give(cloud, direct, ann, bob, "admin"), 403, "space.direct_not_allowed")
    for name, whom in (("oneself", ann), ("the other", bob)):
        with claim("SPACES-KICK-04", "PERM-DIR-01", "PERM-MAP-07", f"nobody removes {name} from a direct space"):
            refused(remove(cloud, direct, ann, whom), 403, "space.direct_not_allowed")


# --- removal


@behaviour("SPACES-KICK-01", "SPACES-KICK-02", "USERS-SPACES-06", "USERS-SPACES-08", "DM-USP-04", "PERM-PIN-06")
def test_a_removed_person(cloud: Cloud) -> None:
    """They leave the roster, their list shows the space with includedeleted only, and it is an activity."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    space = cloud.open_space(ann, members=[{"username": mia.username, "role": "member"}], settings={"confPin": "77"})
    later = cloud.space(ann, "Later")

    def listed(query: str = "") -> list[Any]:
        items = cloud.call("GET", f"/users/me/spaces{query}", mia).json()["data"]
        return [one for one in items if one["_id"] == space]

    with claim("USERS-SPACES-08", "the newest space comes first"):
        expect(front(cloud, ann), later)
    answer = remove(cloud, space, ann, mia)
    with claim("SPACES-KICK-01", "the answer is bare, with attendee and type", about=[answer]):
        expect(answer.status_code, 200)
        observe(answer.json(), {"attendee": mia.id, "attendeeType": "userId"})
    with claim("SPACES-KICK-02", "they are not in the roster"):
        expect(roles_in(cloud, space, ann).get(mia.id), None)
    with claim("SPACES-KICK-02", "USERS-SPACES-08", "a removal is an activity"):
        expect(front(cloud, ann), space)
    with claim("SPACES-KICK-02", "USERS-SPACES-06", "they do not find the space in their list"):
        observe(listed(), [])
    with claim("SPACES-KICK-02", "USERS-SPACES-06", "DM-USP-04", "with includedeleted they find it, without a role"):
        [left] = listed("?includedeleted=true")
        observe(left["role"], None)
    with claim("PERM-PIN-06", "the PIN is not shown to them"):
        [left] = listed("?includedeleted=true")
        observe(left["settings"]["confPin"], "")
    with claim("SPACES-KICK-02", "they are asked for the PIN like any stranger"):
        refused(cloud.call("GET", f"/spaces/{space}", mia), 403, "space.pin_required")


@behaviour("SPACES-KICK-03", "RT-REST-06")
def test_a_removed_person_hears_nothing_more(cloud: Cloud, room: Room, sockets: Sockets) -> None:
    """Their subscription ends with an event to them alone; they may come back into an open space as guest."""
    theirs, other = sockets.join(room.member, room.id), sockets.join(room.guest, room.id)
    remove(cloud, room.id, room.admin, room.member)
    cloud.message(room.id, room.admin)
    with claim("SPACES-KICK-03", "RT-REST-06", "their subscription ends, and they hear nothing more"):
        observe([name for name, _payload in theirs.heard()], ["CHANNEL_UNSUBSCRIBED"])
    with claim("RT-REST-06", "others hear nothing of it"):
        observe([name for name, _payload in other.heard()], ["MESSAGE_SENT"])
    with claim("SPACES-KICK-03", "they may come back into an open space as guest"):
        observe(cloud.call("GET", f"/spaces/{room.id}/join", room.member).json()["topic"]["role"], "guest")


@behaviour("PERM-MAP-07", "SPACES-KICK-04")
@pytest.mark.parametrize(
    ("who", "whom", "code"),
    [
        ("member", "admin", "permission.denied"),
        ("guest", "anonymous", "permission.denied"),
        ("guest", "member", "permission.denied"),
        ("anonymous", "admin", "permission.denied"),
        ("admin", "admin", "space.last_admin"),
        ("stranger", "guest", "permission.denied"),
    ],
)
def test_who_removes_nobody(cloud: Cloud, room: Room, who: str, whom: str, code: str) -> None:
    """A member removes no admin, a guest nobody else, a stranger nobody, and the only admin stays."""
    kind = "anonymousId" if whom == "anonymous" else "userId"
    with claim("PERM-MAP-07", "SPACES-KICK-04", "it is refused"):
        refused(remove(cloud, room.id, getattr(room, who), getattr(room, whom), kind), 403, code)


@behaviour("PERM-MAP-07")
@pytest.mark.parametrize(
    ("who", "whom"),
    [
        ("admin", "member"),
        ("admin", "guest"),
        ("admin", "anonymous"),
        ("member", "guest"),
        ("member", "anonymous"),
        ("member", "member"),
        ("guest", "guest"),
        ("anonymous", "anonymous"),
    ],
)
def test_who_removes_whom(cloud: Cloud, room: Room, who: str, whom: str) -> None:
    """Everybody may leave, a member removes guests, and an admin anyone."""
    kind = "anonymousId" if whom == "anonymous" else "userId"
    with claim("PERM-MAP-07", "it is allowed"):
        expect(remove(cloud, room.id, getattr(room, who), getattr(room, whom), kind).status_code, 200)


@behaviour("PERM-MAP-07", "SPACES-KICK-04")
def test_members_do_not_remove_members(cloud: Cloud, room: Room) -> None:
    """A member who would remove another member is refused."""
    give(cloud, room.id, room.admin, room.guest, "member")
    with claim("PERM-MAP-07", "SPACES-KICK-04", "it is refused"):
        refused(remove(cloud, room.id, room.member, room.guest), 403, "permission.denied")


@behaviour("SPACES-KICK-04")
def test_removing_who_is_not_there(cloud: Cloud) -> None:
    """Neither a person outside of the space nor an unknown one can be removed."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    with claim("SPACES-KICK-04", "an unknown person is not found"):
        refused(remove(cloud, space, ann, Person(UNKNOWN, "", "")), 404, "user.not_found")
    bob = cloud.user("bob@example.com")
    with claim("SPACES-KICK-04", "a person outside is not found"):
        refused(remove(cloud, space, ann, bob), 404, "user.not_found")
    give(cloud, space, ann, bob, "member")
    with claim("SPACES-KICK-04", "a user is not found as anonymous"):
        refused(remove(cloud, space, ann, bob, "anonymousId"), 404, "user.not_found")
    remove(cloud, space, ann, bob)
    with claim("SPACES-KICK-04", "a person who was removed is not found"):
        refused(remove(cloud, space, ann, bob), 404, "user.not_found")


@behaviour("PERM-ARCH-01")
def test_an_archived_space_can_be_left_but_not_changed(cloud: Cloud) -> None:
    """In an archived space roles and titles stay, nobody is removed, and who wants leaves or deletes it."""
    ann, bob, cleo = (cloud.user(f"{name}@example.com") for name in ("ann", "bob", "cleo"))
    roster = [{"username": bob.username, "role": "admin"}, {"username": cleo.username}]
    space = cloud.open_space(ann, members=roster, archived=True)
    archived = (403, "topic.invalid_acesss_to_archived_topic")
    with claim("PERM-ARCH-01", "a change of role is refused"):
        refused(give(cloud, space, ann, cleo, "admin"), *archived)
    with claim("PERM-ARCH-01", "removing others is refused"):
        refused(remove(cloud, space, ann, cleo), *archived)
    with claim("PERM-ARCH-01", "an update is refused"):
        refused(cloud.call("POST", f"/spaces/{space}", ann, json={"title": "x"}), *archived)
    for word, body in (("markread", {}), ("preference", {"isPinned": True}), ("hide", {})):
        with claim("PERM-ARCH-01", f"{word} is allowed"):
            expect(cloud.call("POST", f"/users/me/spaces/{space}/{word}", cleo, json=body).status_code, 200)
    with claim("PERM-ARCH-01", "reading is allowed"):
        expect(cloud.call("GET", f"/spaces/{space}", cleo).status_code, 200)
    with claim("PERM-ARCH-01", "leaving is allowed"):
        expect(remove(cloud, space, cleo, cleo).status_code, 200)
    with claim("PERM-ARCH-01", "deleting is allowed"):
        expect(cloud.call("DELETE", f"/spaces/{space}", ann).status_code, 200)
