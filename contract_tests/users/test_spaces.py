import time
from datetime import datetime
from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, Cloud, Person, Room, behaviour, only_mock, refused


def listed(cloud: Cloud, who: Any, *made: str, **params: str) -> list[dict[str, Any]]:
    """Return the items of a list; on a service only those of the spaces that the test made."""
    answer = cloud.call("GET", "/users/me/spaces", who, params={"size": "50", **params} if made else params)
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["data"]
    return found if cloud.mock else [item for item in found if item["_id"] in made]


def milliseconds(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def titles(cloud: Cloud, who: Any, *made: str, **params: str) -> list[str]:
    return [item["title"] for item in listed(cloud, who, *made, **params)]


@step("open a direct space")
def direct(cloud: Cloud, who: Person, whom: Person) -> tuple[str, str]:
    """Return the id and the title of the direct space of two people, as the first sees it."""
    space = cloud.call("GET", f"/spaces/direct/user/{whom.id}", who).json()["data"][0]
    return space["_id"], space["title"]


@step("look for the personal room")
def own_room(cloud: Cloud, who: Person) -> tuple[str, str]:
    """Return the id and the title of somebody's personal room."""
    space = cloud.call("GET", f"/users/meetingroom/{who.username}", who).json()["data"]
    return space["_id"], space["title"]


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """Somebody who has a personal room."""
    return cloud.user()


@behaviour("USERS-SPACES-09", "DM-USP-02")
def test_an_item_is_the_space_with_what_the_caller_keeps_about_it(cloud: Cloud, ann: Person) -> None:
    """An item has all members of the space and of the caller's record about it."""
    space = cloud.space(ann)
    with claim("USERS-SPACES-09", "an item is the space, with targetId and what is unread"):
        [item] = listed(cloud, ann, space)
        shown = cloud.call("GET", f"/spaces/{space}", ann).json()
        observe(item, {**shown, "targetId": space, "unread": False, "unreadMessagesCount": 0})
    with claim("USERS-SPACES-09", "it has the named members of a space"):
        [item] = listed(cloud, ann, space)
        named = {"title", "type", "status", "description", "cid", "settings", "members", "role", "created"}
        observe(named - set(item), set())
    with claim("DM-USP-02", "it has the named members of the caller's record"):
        [item] = listed(cloud, ann, space)
        observe({"isPinned", "notification", "lastAccess"} - set(item), set())
    cloud.call("POST", f"/users/me/spaces/{space}/markread", ann, json={})
    with claim("DM-USP-02", "once read, it has the time of reading"):
        observe(listed(cloud, ann, space)[0]["messagesLastReadTime"], ISO_TIME)


@behaviour("USERS-SPACES-04", "PERM-PERS-01")
@pytest.mark.parametrize(
    "types",
    [(), ("group",), ("direct",), ("personal",), ("all",), ("direct", "personal"), ("personal", "all")],
    ids=lambda value: ",".join(value) or "none",
)
def test_types(cloud: Cloud, ann: Person, types: tuple[str, ...]) -> None:
    """The list is narrowed to types; personal rooms have to be asked for by name."""
    group, (personal, own) = cloud.space(ann, "Group"), own_room(cloud, ann)
    params = {"topictype": ",".join(types)} if types else {}
    with claim("PERM-PERS-01", "a personal room is there only for who asks for it by name"):
        observe(own in titles(cloud, ann, personal, **params), "personal" in types)
    both, partner = direct(cloud, ann, cloud.user("bob@example.com"))
    with claim("USERS-SPACES-04", "the spaces of these types are found"):
        shown = {"group": {"Group"}, "direct": {partner}, "personal": {own}, "all": {"Group", partner}}
        wanted = set().union(*(shown[one] for one in types or ("group",)))
        observe(set(titles(cloud, ann, group, both, personal, **params)), wanted)


@behaviour("USERS-SPACES-03")
@pytest.mark.parametrize(
    ("status", "found"), [("", {"Group"}), ("0", {"Group"}), ("1", {"Archive"}), ("all", {"Group", "Archive"})]
)
def test_states(cloud: Cloud, ann: Person, status: str, found: set[str]) -> None:
    """The list is narrowed to states, without the parameter to spaces that are not archived."""
    params = {"topicstatus": status} if status else {}
    group = cloud.space(ann, "Group")
    with claim("USERS-SPACES-03", "a space that is not archived is there if its state is asked for"):
        observe(titles(cloud, ann, group, **params), ["Group"] if "Group" in found else [])
    archive = cloud.open_space(ann, "Archive", archived=True)
    with claim("USERS-SPACES-03", "archived and other spaces are told apart"):
        observe(set(titles(cloud, ann, group, archive, **params)), found)


@behaviour("USERS-SPACES-07")
@pytest.mark.parametrize(
    "query", ["topicstatus=2", "topictype=room", "topictype=group,", "filtertype=unpinned", "after=soon", "after=-1"]
)
def test_unknown_filter_values_are_refused(cloud: Cloud, ann: Person, query: str) -> None:
    """A value that no filter knows is bad input."""
    with claim("USERS-SPACES-07", "it is refused"):
        refused(cloud.call("GET", f"/users/me/spaces?{query}", ann), 400, "request.invalid")


@behaviour("USERS-SPACES-05", "USERS-PREF-01")
def test_favourites(cloud: Cloud, ann: Person) -> None:
    """The filter shows pinned spaces only, its empty value is no filter."""
    made = cloud.space(ann, "Group"), cloud.space(ann, "Favourite")
    pinned = made[1]
    cloud.call("POST", f"/users/me/spaces/{pinned}/preference", ann, json={"isPinned": True})
    with claim("USERS-SPACES-05", "only pinned spaces are found"):
        expect(titles(cloud, ann, *made, filtertype="pinned"), ["Favourite"])
    with claim("USERS-SPACES-05", "an empty value is no filter"):
        expect(titles(cloud, ann, *made, filtertype=""), ["Favourite", "Group"])
    with claim("USERS-PREF-01", "null counts as false"):
        cloud.call("POST", f"/users/me/spaces/{pinned}/preference", ann, json={"isPinned": None})
        observe(titles(cloud, ann, *made, filtertype="pinned"), [])


@behaviour("USERS-SPACES-06")
@pytest.mark.parametrize("status", ["0", "1", "all"])
def test_deleted_ones_can_be_included(cloud: Cloud, ann: Person, status: str) -> None:
    """With includedeleted come spaces one was removed from and archived ones without being their admin."""
    bob = cloud.user("bob@example.com")
    made = [cloud.space(ann, "Left", invitees=[{"invitee": bob.username}])]
    cloud.call("DELETE", f"/spaces/{made[0]}/attendees/userId/{bob.id}", bob)
    with claim("USERS-SPACES-06", "a space that one left is found with includedeleted only"):
        observe(titles(cloud, bob, *made, topicstatus=status, includedeleted="false"), [])
        observe(titles(cloud, bob, *made, topicstatus=status, includedeleted="true"), ["Left"])
    made.append(cloud.open_space(ann, "Not mine", archived=True, members=[{"username": bob.username}]))
    made.append(cloud.open_space(bob, "Mine", archived=True))
    before = set(titles(cloud, bob, *made, topicstatus=status))
    with claim("USERS-SPACES-06", "archived spaces of which one is not admin come too"):
        added = set(titles(cloud, bob, *made, topicstatus=status, includedeleted="true")) - before
        observe(added, {"Left", "Not mine"} - before)
    with claim("USERS-SPACES-06", "false adds nothing"):
        observe(set(titles(cloud, bob, *made, topicstatus=status, includedeleted="false")), before)


@behaviour("USERS-SPACES-08", "USERS-HIDE-04")
def test_what_is_an_activity(cloud: Cloud, ann: Person) -> None:
    """Messages bring direct spaces to the front, group spaces not; a new chat shows a hidden direct space again."""
    bob = cloud.user("bob@example.com")
    group = cloud.space(ann, "Group")
    both, partner = direct(cloud, ann, bob)
    cloud.message(both, ann, "an activity, should the space be an old one")
    made = group, both, cloud.space(ann, "Later")
    with claim("USERS-SPACES-08", "a chat moves no group"):
        cloud.message(group, ann)
        expect(titles(cloud, ann, *made, topictype="all"), ["Later", partner, "Group"])
    chat = cloud.message(both, bob)["_id"]
    with claim("USERS-SPACES-08", "a chat moves a direct space to the front"):
        expect(titles(cloud, ann, *made, topictype="all")[0], partner)
    with claim("USERS-SPACES-08", "a change of the title moves a group to the front"):
        cloud.call("POST", f"/spaces/{group}", ann, json={"title": "Group2"})
        expect(titles(cloud, ann, *made, topictype="all")[0], "Group2")
    with claim("USERS-SPACES-08", "a deleted message moves a direct space to the front"):
        cloud.call("POST", "/messages/deletemessages", bob, json=[chat])
        expect(titles(cloud, ann, *made, topictype="all")[0], partner)
    cloud.call("POST", f"/users/me/spaces/{both}/hide", ann)
    with claim("USERS-HIDE-04", "a hidden direct space is left out"):
        observe(titles(cloud, ann, *made, topictype="direct"), [])
    with claim("USERS-HIDE-04", "a new chat shows it again"):
        cloud.message(both, bob)
        observe(titles(cloud, ann, *made, topictype="all")[0], partner)


@behaviour("USERS-SPACES-01", "USERS-SPACES-05", "USERS-SPACES-06", "USERS-SPACES-08", "USERS-SPACES-11")
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
    some, last = cloud.user("p2@example.com"), cloud.user(f"p{people - 1}@example.com")
    with claim("USERS-SPACES-08", "the newest space comes first for everybody"):
        for who in (ann, bob, some):
            wanted = ["Second", "First"] if who is some else ["Third", "Second", "First"]
            expect(titles(cloud, who), wanted)
    with claim("USERS-SPACES-08", "a change of the title moves it for whoever is in it"):
        cloud.call("POST", f"/spaces/{first}", ann, json={"title": "First2"})
        expect(titles(cloud, bob), ["First2", "Third", "Second"])
        for who in (some, last):
            expect(titles(cloud, who), ["First2", "Second"])
    moment = milliseconds(listed(cloud, bob)[0]["modified"])
    with claim("USERS-SPACES-01", "after its moment nothing has happened, a millisecond before it this has"):
        observe(titles(cloud, bob, after=str(moment)), [])
        observe(titles(cloud, bob, after=str(moment - 1))[0], "First2")
    with claim("USERS-SPACES-08", "a page begins with the newest activities"):
        cloud.call("POST", f"/spaces/{third}", ann, json={"title": "Third2"})
        expect(titles(cloud, bob, size="2"), ["Third2", "First2"])
    cloud.call("POST", f"/users/me/spaces/{second}/preference", bob, json={"isPinned": True})
    with claim("USERS-SPACES-05", "only the pinned space is found"):
        expect(titles(cloud, bob, filtertype="pinned"), ["Second"])
    cloud.call("POST", f"/users/me/spaces/{second}/hide", bob)
    with claim("USERS-SPACES-11", "a hidden space is left out"):
        expect(titles(cloud, bob), ["Third2", "First2"])
    cloud.call("DELETE", f"/spaces/{first}/attendees/userId/{bob.id}", ann)
    with claim("USERS-SPACES-11", "a space that one was removed from is left out"):
        expect(titles(cloud, bob), ["Third2"])
    with claim("USERS-SPACES-06", "a space that one was removed from is found with includedeleted"):
        observe(titles(cloud, bob, includedeleted="true"), ["First2", "Third2"])


@behaviour("USERS-SPACES-01")
def test_only_what_happened_after_a_moment(cloud: Cloud, ann: Person) -> None:
    """The parameter after leaves only spaces with a later activity."""
    first = cloud.space(ann, "Old")
    time.sleep(0.05)
    made = first, cloud.space(ann, "New")
    old, new = (milliseconds(item["modified"]) for item in reversed(listed(cloud, ann, *made)))
    with claim("USERS-SPACES-01", "only what happened after a moment is found"):
        observe(titles(cloud, ann, *made, after=str(old)), ["New"])
    with claim("USERS-SPACES-01", "the millisecond after it is found"):
        observe(titles(cloud, ann, *made, after=str(old - 1)), ["New", "Old"])
    with claim("USERS-SPACES-01", "after the newest activity there is nothing"):
        observe(titles(cloud, ann, *made, after=str(new)), [])


@behaviour("USERS-SPACES-10")
def test_the_latest_chat_of_a_direct_space(cloud: Cloud, ann: Person) -> None:
    """A direct item has its newest chat message, null without one; a group item has no such member."""
    group, bob = cloud.space(ann, "Group"), cloud.user("bob@example.com")
    space, _title = direct(cloud, ann, bob)
    with claim("USERS-SPACES-10", "a group item has no such member"):
        observe(listed(cloud, ann, group)[0].get("latestMessage", "absent"), "absent")
    cloud.message(space, ann, "one")
    cloud.message(space, bob, "two")
    with claim("USERS-SPACES-10", "a direct item has its newest chat"):
        shown = listed(cloud, ann, space, topictype="direct")[0]["latestMessage"]
        observe(shown["content"]["bodyText"], "two")
    only_mock(cloud, "needs a direct space without a past")
    direct(cloud, ann, cloud.user("cleo@example.com"))
    with claim("USERS-SPACES-10", "without any chat it is null"):
        observe(listed(cloud, ann, topictype="direct")[0]["latestMessage"], None)


@behaviour("USERS-SPACES-11", "USERS-HIDE-04", "USERS-HIDE-03")
def test_hidden_spaces_are_left_out(cloud: Cloud) -> None:
    """A hidden space is in nobody's list but the others', whatever is asked for."""
    room: Room = cloud.room()
    hidden = cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.guest)
    with claim("USERS-HIDE-03", "the record is answered, as hidden", about=[hidden]):
        expect((hidden.status_code, hidden.json()["status"], hidden.json()["targetId"]), (200, 4, room.id))
    with claim("USERS-SPACES-11", "a hidden space is left out, whatever is asked for"):
        observe(titles(cloud, room.guest, room.id, topicstatus="all", includedeleted="true"), [])
    with claim("USERS-HIDE-04", "it stays in the lists of the others"):
        observe(titles(cloud, room.member, room.id), ["Open room"])


@behaviour("USERS-SPACES-11", "SCOPE-TAB-02", "AUTH-SVC-15")
def test_a_service_app_lists_what_it_administers(cloud: Cloud) -> None:
    """The scope lists only spaces of the app's company where the service account is admin."""
    maker = cloud.app("spaces.list", "spaces.create")
    own = cloud.space(maker, "own")
    with claim("SCOPE-TAB-02", "an app with the scope lists its own space"):
        expect(titles(cloud, maker, own), ["own"])
    ann = cloud.user()
    without = cloud.space(ann, "without it")
    with claim("USERS-SPACES-11", "a space of its company without it is left out"):
        expect(titles(cloud, maker, own, without), ["own"])
    only_mock(cloud, "the id of a service account is not told")
    bot = cloud.app("spaces.list")
    foreign = [{"invitee": bot.account_id, "role": "admin"}]
    cloud.space(cloud.user("rita@rival.example"), "foreign", invitees=foreign)
    for role in ("admin", "member", "guest"):
        cloud.space(ann, role, invitees=[{"invitee": bot.account_id, "role": role}])
    found = cloud.call("GET", "/users/me/spaces", bot)
    with claim("AUTH-SVC-15", "a space of another company is left out", about=[found]):
        assert "foreign" not in [item["title"] for item in found.json()["data"]]
    with claim("USERS-SPACES-11", "only the space where it is admin is found", about=[found]):
        expect([item["title"] for item in found.json()["data"]], ["admin"])
    with claim("SCOPE-TAB-02", "this one scope is enough", about=[found]):
        expect(found.status_code, 200)


# --- preferences


@behaviour("USERS-PREF-01", "USERS-PREF-02", "USERS-PREF-03", "DM-USP-01", "DM-USP-02")
def test_preferences_are_kept_for_oneself(cloud: Cloud) -> None:
    """Only what is sent changes, null counts as false, and neither the space nor anybody else sees it."""
    room: Room = cloud.room()
    before = cloud.call("GET", f"/spaces/{room.id}", room.admin).json()
    path = f"/users/me/topics/{room.id}/preference"
    body = {"isPinned": True, "restrict": ["x"], "targetId": "ignored"}
    first = cloud.call("POST", path, room.member, json=body)
    about = {
        "targetId": room.id,
        "targetType": "topic",
        "userId": room.member.id,
        "userType": "user",
        "role": "member",
        "title": "Open room",
        "type": "group",
    }
    kept = {
        "status": 0,
        "unread": False,
        "unreadMessagesCount": 0,
        "isPinned": True,
        "notification": None,
        "lastAccess": None,
        "restrict": ["x"],
    }
    with claim("USERS-PREF-02", "the bare record is answered", about=[first]):
        expect(first.status_code, 200)
        observe({name: value for name, value in first.json().items() if name != "_id"}, {**about, **kept})
    with claim("DM-USP-01", "it names space and user", about=[first]):
        observe({name: first.json()[name] for name in about}, about)
    with claim("DM-USP-02", "what was never set is null", about=[first]):
        observe({name: first.json()[name] for name in kept}, kept)
    with claim("USERS-PREF-01", "only what is sent changes, and null counts as false"):
        second = cloud.call("POST", path, room.member, json={"notification": True, "isPinned": None}).json()
        observe(second, {**first.json(), "notification": True, "isPinned": False})
    with claim("USERS-PREF-03", "the space is as before"):
        expect(cloud.call("GET", f"/spaces/{room.id}", room.admin).json(), before)


@behaviour("USERS-PREF-01")
def test_null_takes_back_what_was_set(cloud: Cloud, ann: Person) -> None:
    """A second call with null turns off what the first one turned on, each by itself."""
    path = f"/users/me/spaces/{cloud.space(ann)}/preference"
    cloud.call("POST", path, ann, json={"isPinned": True, "notification": True})
    for member, other in (("notification", True), ("isPinned", False)):
        record = cloud.call("POST", path, ann, json={member: None}).json()
        with claim("USERS-PREF-01", f"{member}: null counts as false"):
            observe((record["notification"], record["isPinned"]), (False, other))


@behaviour("USERS-PREF-01")
@pytest.mark.parametrize("body", [{"isPinned": "yes"}, {"notification": 1}, {"restrict": "x"}, []], ids=str)
def test_bad_preferences(cloud: Cloud, ann: Person, body: Any) -> None:
    """A wrong type is refused."""
    path = f"/users/me/spaces/{cloud.space(ann)}/preference"
    with claim("USERS-PREF-01", "it is refused"):
        refused(cloud.call("POST", path, ann, json=body), 400, "request.invalid")


@behaviour("PERM-MAP-02")
def test_guests_have_no_preferences(cloud: Cloud) -> None:
    """Setting preferences takes an admin or member."""
    room: Room = cloud.room()
    for name, who in (("registered", room.guest), ("anonymous", room.anonymous)):
        with claim("PERM-MAP-02", f"guests who are {name} are refused"):
            answer = cloud.call("POST", f"/users/me/spaces/{room.id}/preference", who, json={"isPinned": True})
            refused(answer, 403, "permission.denied")
