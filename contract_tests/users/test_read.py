from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, Cloud, Person, Room, behaviour, refused
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


def read(cloud: Cloud, space: str, who: Person, **body: Any) -> dict[str, Any]:
    answer = cloud.call("POST", f"/users/me/spaces/{space}/markread", who, json=body)
    assert answer.status_code == 200, answer.text
    record: dict[str, Any] = answer.json()
    return record


def unread(cloud: Cloud, space: str, who: Person) -> int:
    """Return the caller's unread count of a space, as his list shows it."""
    items = cloud.call("GET", "/users/me/spaces?topictype=all", who).json()["data"]
    [item] = [item for item in items if item["_id"] == space]
    observe(item["unread"], item["unreadMessagesCount"] > 0)
    count: int = item["unreadMessagesCount"]
    return count


@behaviour("USERS-READ-01", "USERS-READ-02", "USERS-READ-03", "PERM-MAP-01")
@pytest.mark.parametrize("role", ["admin", "member", "guest", "anonymous"])
def test_every_participant_marks_read(cloud: Cloud, room: Room, role: str) -> None:
    """The usual body is empty, and the answer is the record with the time of reading and nothing unread."""
    who: Person = getattr(room, role)
    cloud.message(room.id, room.admin if role != "admin" else room.member)
    expect(unread(cloud, room.id, who), 1)
    record = read(cloud, room.id, who)
    observe((record["messagesLastReadTime"], record["unread"], record["unreadMessagesCount"]), (ISO_TIME, False, 0))
    observe((record["targetId"], record["userType"]), (room.id, "anonymous" if role == "anonymous" else "user"))
    expect(unread(cloud, room.id, who), 0)


@behaviour("USERS-READ-02")
def test_strangers_mark_nothing_read(cloud: Cloud, room: Room) -> None:
    """Who is not in the space is refused."""
    refused(
        cloud.call("POST", f"/users/me/spaces/{room.id}/markread", room.stranger, json={}), 403, "permission.denied"
    )


@behaviour("USERS-READ-04", "RT-REST-04")
def test_the_readers_sockets_hear_of_it(cloud: Cloud, room: Room, sockets: Sockets) -> None:
    """All sockets of the same user hear of the read mark, subscribed or not, and nobody else's."""
    mine, others = sockets.join(room.member), sockets.join(room.admin, room.id)
    record = read(cloud, room.id, room.member)
    [event] = mine.said("MESSAGE_SENT")
    observe((event["category"], event["topicId"]), ("topic.markread", room.id))
    observe(event["content"], {"messagesLastReadTime": record["messagesLastReadTime"]})
    expect(others.heard(), [])


@behaviour("USERS-READ-05", "DM-USP-03")
def test_what_counts_as_unread(cloud: Cloud, room: Room) -> None:
    """Chats, posts, tasks and comments of others count, own ones, meetings and deleted ones do not."""
    expect(unread(cloud, room.id, room.member), 0)
    chat = cloud.message(room.id, room.admin)["_id"]
    idea = cloud.message(room.id, room.admin, kind="ideas")["_id"]
    cloud.message(room.id, room.admin, kind="tasks")
    cloud.message(room.id, room.guest, parentMsg={"_id": idea})
    cloud.message(room.id, room.member)
    cloud.meeting(room.id, room.admin)
    expect(unread(cloud, room.id, room.member), 4)
    cloud.call("POST", "/messages/deletemessages", room.admin, json=[chat])
    expect(unread(cloud, room.id, room.member), 3)
    shown = read(cloud, room.id, room.member, readTime="2001-01-01T00:00:00Z")
    observe(shown["unreadMessagesCount"], 3)


@behaviour("USERS-READ-05", "PERM-HIST-01")
def test_unread_begins_when_one_comes(cloud: Cloud, room: Room) -> None:
    """What was written before somebody came is not unread for him, whether he is member or guest."""
    cloud.message(room.id, room.admin)
    cloud.advance(2)
    cloud.call("GET", f"/spaces/{room.id}/join", room.stranger)
    cloud.advance(2)
    observe(unread(cloud, room.id, room.stranger), 0)
    cloud.message(room.id, room.admin)
    observe(unread(cloud, room.id, room.stranger), 1)
    cloud.call("POST", f"/users/me/spaces/{room.id}/markread", room.stranger, json={"readTime": "2001-01-01T00:00:00Z"})
    observe(unread(cloud, room.id, room.stranger), 1)


@behaviour("USERS-READ-01", "USERS-READ-06", "REST-TIME-01")
def test_a_read_mark_moves_forward_only(cloud: Cloud, room: Room) -> None:
    """A given time is stored unless a later one is, and what is no time is refused."""
    first = cloud.message(room.id, room.admin)["created"]
    cloud.message(room.id, room.admin)
    observe(read(cloud, room.id, room.member, readTime=first)["unreadMessagesCount"], 1)
    observe(read(cloud, room.id, room.member)["unreadMessagesCount"], 0)
    late = read(cloud, room.id, room.member, readTime=first)
    observe(late["unreadMessagesCount"], 0)
    for bad in ("yesterday", 5, ""):
        body = {"readTime": bad}
        answer = cloud.call("POST", f"/users/me/spaces/{room.id}/markread", room.member, json=body)
        refused(answer, 400, "request.invalid")


# --- hiding


@behaviour("USERS-HIDE-01", "USERS-HIDE-02", "USERS-HIDE-03", "USERS-HIDE-05", "RT-REST-04")
@pytest.mark.parametrize("role", ["admin", "member", "guest"])
def test_every_participant_hides_for_himself(cloud: Cloud, room: Room, sockets: Sockets, role: str) -> None:
    """The answer is the record with status 4, the space leaves his list only, and his sockets hear of it."""
    who: Person = getattr(room, role)
    chat = sockets.join(who)
    answer = cloud.call("POST", f"/users/me/topics/{room.id}/hide", who)
    expect(answer.status_code, 200)
    expect((answer.json()["status"], answer.json()["targetId"]), (4, room.id))
    [event] = chat.said("MESSAGE_SENT")
    observe((event["topicId"], event["content"], event["sender"]["_id"]), (room.id, {"status": 4}, who.id))
    expect(cloud.call("GET", "/users/me/spaces", who).json()["data"], [])
    observe(cloud.call("GET", f"/spaces/{room.id}", who).json()["title"], "Open room")


@behaviour("USERS-HIDE-02")
def test_what_cannot_be_hidden(cloud: Cloud, room: Room) -> None:
    """A personal room cannot be hidden, and strangers hide nothing."""
    own = cloud.call("GET", f"/users/meetingroom/{room.admin.username}", room.admin).json()["data"]["_id"]
    refused(cloud.call("POST", f"/users/me/spaces/{own}/hide", room.admin), 400, "request.invalid")
    refused(cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.stranger), 403, "permission.denied")


@behaviour("USERS-HIDE-04")
def test_a_hidden_space_stays_hidden_until_one_comes_back(cloud: Cloud, room: Room) -> None:
    """Group chats do not show a hidden space again; a join does, by id or by invite."""
    invited = cloud.call("POST", f"/spaces/{room.id}/invite", room.admin, json={"invitees": [{"invitee": "a@b.c"}]})

    def shown() -> int:
        return len(cloud.call("GET", "/users/me/spaces", room.member).json()["data"])

    for path in (f"/spaces/{room.id}/join", f"/spaces/invites/{invited.json()['data'][0]['_id']}/join"):
        cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.member)
        cloud.message(room.id, room.admin)
        observe(shown(), 0)
        cloud.call("GET", path, room.member)
        observe(shown(), 1)
