from datetime import datetime
from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, Cloud, Person, Room, behaviour, refused

NO_CLAIMS_YET = True


def listed(cloud: Cloud, who: Any, **params: str) -> list[dict[str, Any]]:
    answer = cloud.call("GET", "/users/me/spaces", who, params=params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def titles(cloud: Cloud, who: Any, **params: str) -> list[str]:
    return [item["title"] for item in listed(cloud, who, **params)]


def direct(cloud: Cloud, who: Person, whom: Person) -> str:
    space: str = cloud.call("GET", f"/spaces/direct/user/{whom.id}", who).json()["data"][0]["_id"]
    return space


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """Somebody with a group, an archived group, a direct space and a personal room."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    cloud.space(ann, "Group")
    cloud.open_space(ann, "Archive", archived=True)
    direct(cloud, ann, bob)
    return ann


@behaviour("USERS-SPACES-09", "DM-USP-02")
def test_an_item_is_the_space_with_what_the_caller_keeps_about_it(cloud: Cloud) -> None:
    """An item has all members of the space and of the caller's record about it."""
    ann = cloud.user()
    space = cloud.space(ann)
    [item] = listed(cloud, ann)
    shown = cloud.call("GET", f"/spaces/{space}", ann).json()
    observe(item, {**shown, "targetId": space, "unread": False, "unreadMessagesCount": 0})
    named = {"title", "type", "status", "description", "cid", "settings", "members", "role", "created"}
    observe((named | {"isPinned", "notification", "lastAccess"}) - set(item), set())
    cloud.call("POST", f"/users/me/spaces/{space}/markread", ann, json={})
    observe(listed(cloud, ann)[0]["messagesLastReadTime"], ISO_TIME)


@behaviour("USERS-SPACES-03", "USERS-SPACES-04", "PERM-PERS-01")
@pytest.mark.parametrize(
    ("params", "found"),
    [
        ({}, {"Group"}),
        ({"topicstatus": "0"}, {"Group"}),
        ({"topicstatus": "1"}, {"Archive"}),
        ({"topicstatus": "all"}, {"Group", "Archive"}),
        ({"topictype": "group"}, {"Group"}),
        ({"topictype": "direct"}, {"Bob Builder"}),
        ({"topictype": "personal"}, {"Ann Example"}),
        ({"topictype": "all"}, {"Group", "Bob Builder"}),
        ({"topictype": "direct,personal"}, {"Bob Builder", "Ann Example"}),
        ({"topictype": "personal,all", "topicstatus": "all"}, {"Group", "Archive", "Bob Builder", "Ann Example"}),
    ],
    ids=lambda value: str(value if isinstance(value, dict) else sorted(value)),
)
def test_types_and_states(cloud: Cloud, ann: Person, params: dict[str, str], found: set[str]) -> None:
    """The list is narrowed to types and states; personal rooms have to be asked for by name."""
    observe(set(titles(cloud, ann, **params)), found)


@behaviour("USERS-SPACES-07")
@pytest.mark.parametrize(
    "query", ["topicstatus=2", "topictype=room", "topictype=group,", "filtertype=unpinned", "after=soon", "after=-1"]
)
def test_unknown_filter_values_are_refused(cloud: Cloud, ann: Person, query: str) -> None:
    """A value that no filter knows is bad input."""
    refused(cloud.call("GET", f"/users/me/spaces?{query}", ann), 400, "request.invalid")


@behaviour("USERS-SPACES-05", "USERS-PREF-01")
def test_favourites(cloud: Cloud, ann: Person) -> None:
    """The filter shows pinned spaces only, its empty value is no filter."""
    pinned = cloud.space(ann, "Favourite")
    cloud.call("POST", f"/users/me/spaces/{pinned}/preference", ann, json={"isPinned": True})
    expect(titles(cloud, ann, filtertype="pinned"), ["Favourite"])
    expect(titles(cloud, ann, filtertype=""), ["Favourite", "Group"])
    cloud.call("POST", f"/users/me/spaces/{pinned}/preference", ann, json={"isPinned": None})
    observe(titles(cloud, ann, filtertype="pinned"), [])


@behaviour("USERS-SPACES-06")
@pytest.mark.parametrize("status", ["0", "1", "all"])
def test_deleted_ones_can_be_included(cloud: Cloud, ann: Person, status: str) -> None:
    """With includedeleted come spaces one was removed from and archived ones without being their admin."""
    bob = cloud.user("bob@example.com")
    left = cloud.space(ann, "Left", invitees=[{"invitee": bob.username}])
    cloud.call("DELETE", f"/spaces/{left}/attendees/userId/{bob.id}", bob)
    cloud.open_space(ann, "Not mine", archived=True, members=[{"username": bob.username}])
    cloud.open_space(bob, "Mine", archived=True)
    before = set(titles(cloud, bob, topicstatus=status))
    observe(set(titles(cloud, bob, topicstatus=status, includedeleted="true")) - before, {"Left", "Not mine"} - before)
    observe(set(titles(cloud, bob, topicstatus=status, includedeleted="false")), before)


@behaviour("USERS-SPACES-08", "USERS-HIDE-04")
def test_what_is_an_activity(cloud: Cloud, ann: Person) -> None:
    """Messages bring direct spaces to the front, group spaces not; a new chat shows a hidden direct space again."""
    bob = cloud.user("bob@example.com")
    cloud.space(ann, "Later")
    direct_space, group = direct(cloud, ann, bob), listed(cloud, ann)[-1]["_id"]
    cloud.message(group, ann)
    expect(titles(cloud, ann, topictype="all"), ["Later", "Bob Builder", "Group"])
    chat = cloud.message(direct_space, bob)["_id"]
    expect(titles(cloud, ann, topictype="all")[0], "Bob Builder")
    cloud.call("POST", f"/spaces/{group}", ann, json={"title": "Group2"})
    expect(titles(cloud, ann, topictype="all")[0], "Group2")
    cloud.call("POST", "/messages/deletemessages", bob, json=[chat])
    expect(titles(cloud, ann, topictype="all")[0], "Bob Builder")
    cloud.call("POST", f"/users/me/spaces/{direct_space}/hide", ann)
    observe(titles(cloud, ann, topictype="direct"), [])
    cloud.message(direct_space, bob)
    observe(titles(cloud, ann, topictype="all")[0], "Bob Builder")


@behaviour("USERS-SPACES-08")
@pytest.mark.parametrize("people", [3, 70])
def test_an_activity_moves_the_space_for_everybody(cloud: Cloud, people: int) -> None:
    """However many people are in a space, an activity brings it to the front for each of them."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    for number in range(people):
        cloud.control("POST", "/users", {"username": f"p{number}@example.com"})
    roster = [{"username": bob.username}, *({"username": f"p{number}@example.com"} for number in range(people))]
    first = cloud.open_space(ann, "First", members=roster)
    second = cloud.open_space(ann, "Second", members=roster)
    third = cloud.space(ann, "Third", invitees=[{"invitee": bob.username}])
    last = cloud.user(f"p{people - 1}@example.com")
    for who in (ann, bob, cloud.user("p2@example.com")):
        wanted = ["Second", "First"] if who.username.startswith("p2") else ["Third", "Second", "First"]
        expect(titles(cloud, who), wanted)
    cloud.call("POST", f"/spaces/{first}", ann, json={"title": "First2"})
    expect(titles(cloud, bob), ["First2", "Third", "Second"])
    moment = milliseconds(listed(cloud, bob)[0]["modified"])
    observe(titles(cloud, bob, after=str(moment)), [])
    observe(titles(cloud, bob, after=str(moment - 1))[0], "First2")
    for who in (cloud.user("p2@example.com"), last):
        expect(titles(cloud, who), ["First2", "Second"])
    cloud.call("POST", f"/spaces/{third}", ann, json={"title": "Third2"})
    expect(titles(cloud, bob, size="2"), ["Third2", "First2"])
    cloud.call("POST", f"/users/me/spaces/{second}/preference", bob, json={"isPinned": True})
    expect(titles(cloud, bob, filtertype="pinned"), ["Second"])
    cloud.call("POST", f"/users/me/spaces/{second}/hide", bob)
    expect(titles(cloud, bob), ["Third2", "First2"])
    cloud.call("DELETE", f"/spaces/{first}/attendees/userId/{bob.id}", ann)
    expect(titles(cloud, bob), ["Third2"])
    observe(titles(cloud, bob, includedeleted="true"), ["First2", "Third2"])


@behaviour("USERS-SPACES-01")
def test_only_what_happened_after_a_moment(cloud: Cloud) -> None:
    """The parameter after leaves only spaces with a later activity."""
    ann = cloud.user()
    cloud.space(ann, "Old")
    cloud.advance(10)
    cloud.space(ann, "New")
    old, new = (milliseconds(item["modified"]) for item in reversed(listed(cloud, ann)))
    observe(titles(cloud, ann, after=str(old)), ["New"])
    observe(titles(cloud, ann, after=str(old - 1)), ["New", "Old"])
    observe(titles(cloud, ann, after=str(new)), [])


@behaviour("USERS-SPACES-10")
def test_the_latest_chat_of_a_direct_space(cloud: Cloud, ann: Person) -> None:
    """A direct item has its newest chat message, null without one; a group item has no such member."""
    bob = cloud.user("bob@example.com")
    space = direct(cloud, ann, bob)
    observe(listed(cloud, ann, topictype="direct")[0]["latestMessage"], None)
    cloud.message(space, ann, "one")
    cloud.message(space, bob, "two")
    observe(listed(cloud, ann, topictype="direct")[0]["latestMessage"]["content"]["bodyText"], "two")
    observe(listed(cloud, ann)[0].get("latestMessage", "absent"), "absent")


@behaviour("USERS-SPACES-11", "USERS-HIDE-04", "USERS-HIDE-03")
def test_hidden_spaces_are_left_out(cloud: Cloud) -> None:
    """A hidden space is in nobody's list but the others', whatever is asked for."""
    room: Room = cloud.room()
    cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.guest)
    observe(titles(cloud, room.guest, topicstatus="all", includedeleted="true"), [])
    observe(titles(cloud, room.member), ["Open room"])


@behaviour("USERS-SPACES-11", "SCOPE-TAB-02", "AUTH-SVC-15")
def test_a_service_app_lists_what_it_administers(cloud: Cloud) -> None:
    """The scope lists only spaces of the app's company where the service account is admin."""
    ann, bot = cloud.user(), cloud.app("spaces.list")
    foreign = [{"invitee": bot.account_id, "role": "admin"}]
    cloud.space(cloud.user("rita@rival.example"), "foreign", invitees=foreign)
    for role in ("admin", "member", "guest"):
        cloud.space(ann, role, invitees=[{"invitee": bot.account_id, "role": role}])
    expect(titles(cloud, bot), ["admin"])


# --- preferences


@behaviour("USERS-PREF-01", "USERS-PREF-02", "USERS-PREF-03", "DM-USP-01", "DM-USP-02")
def test_preferences_are_kept_for_oneself(cloud: Cloud) -> None:
    """Only what is sent changes, null counts as false, and neither the space nor anybody else sees it."""
    room: Room = cloud.room()
    before = cloud.call("GET", f"/spaces/{room.id}", room.admin).json()
    path = f"/users/me/topics/{room.id}/preference"
    body = {"isPinned": True, "restrict": ["x"], "targetId": "ignored"}
    first = cloud.call("POST", path, room.member, json=body)
    expect(first.status_code, 200)
    record = {
        "targetId": room.id,
        "targetType": "topic",
        "userId": room.member.id,
        "userType": "user",
        "role": "member",
        "title": "Open room",
        "type": "group",
        "status": 0,
        "unread": False,
        "unreadMessagesCount": 0,
        "isPinned": True,
        "notification": None,
        "lastAccess": None,
        "restrict": ["x"],
    }
    observe({name: value for name, value in first.json().items() if name != "_id"}, record)
    second = cloud.call("POST", path, room.member, json={"notification": True, "isPinned": None}).json()
    observe(second, {**first.json(), "notification": True, "isPinned": False})
    expect(cloud.call("GET", f"/spaces/{room.id}", room.admin).json(), before)


@behaviour("USERS-PREF-01")
@pytest.mark.parametrize("body", [{"isPinned": "yes"}, {"notification": 1}, {"restrict": "x"}, []], ids=str)
def test_bad_preferences(cloud: Cloud, body: Any) -> None:
    """A wrong type is refused."""
    ann = cloud.user()
    path = f"/users/me/spaces/{cloud.space(ann)}/preference"
    refused(cloud.call("POST", path, ann, json=body), 400, "request.invalid")


@behaviour("PERM-MAP-02")
def test_guests_have_no_preferences(cloud: Cloud) -> None:
    """Setting preferences takes an admin or member."""
    room: Room = cloud.room()
    for who in (room.guest, room.anonymous):
        answer = cloud.call("POST", f"/users/me/spaces/{room.id}/preference", who, json={"isPinned": True})
        refused(answer, 403, "permission.denied")
