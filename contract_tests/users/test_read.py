from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, Cloud, Person, Room, behaviour, refused
from contract_tests.sockets import Sockets


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


def mark(cloud: Cloud, space: str, who: Person, **body: Any) -> httpx.Response:
    return cloud.call("POST", f"/users/me/spaces/{space}/markread", who, json=body)


def read(cloud: Cloud, space: str, who: Person, **body: Any) -> dict[str, Any]:
    """Mark a space as read and return the record."""
    answer = mark(cloud, space, who, **body)
    expect(answer.status_code, 200)
    record: dict[str, Any] = answer.json()
    return record


def unread(cloud: Cloud, space: str, who: Person) -> int:
    """Return the caller's unread count of a space, as their list shows it."""
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
    with claim("USERS-READ-03", "a message of somebody else is unread at first"):
        expect(unread(cloud, room.id, who), 1)
    answer = mark(cloud, room.id, who)
    with claim("USERS-READ-02", "PERM-MAP-01", "every participant may mark read", about=[answer]):
        expect(answer.status_code, 200)
    with claim("USERS-READ-01", "an empty body means now", about=[answer]):
        observe(answer.json()["messagesLastReadTime"], ISO_TIME)
    with claim("USERS-READ-03", "the answer is the record, with nothing unread", about=[answer]):
        record = answer.json()
        observe((record["unread"], record["unreadMessagesCount"]), (False, 0))
        observe((record["targetId"], record["userType"]), (room.id, "anonymous" if role == "anonymous" else "user"))
    with claim("USERS-READ-03", "the list has nothing unread either"):
        expect(unread(cloud, room.id, who), 0)


@behaviour("USERS-READ-02")
def test_strangers_mark_nothing_read(cloud: Cloud, room: Room) -> None:
    """Who is not in the space is refused."""
    with claim("USERS-READ-02", "a stranger is refused"):
        refused(mark(cloud, room.id, room.stranger), 403, "permission.denied")


@behaviour("USERS-READ-04", "RT-REST-04")
def test_the_readers_sockets_hear_of_it(cloud: Cloud, room: Room, sockets: Sockets) -> None:
    """All sockets of the same user hear of the read mark, subscribed or not, and nobody else's."""
    mine, others = sockets.join(room.member), sockets.join(room.admin, room.id)
    with claim("USERS-READ-04", "RT-REST-04", "the reader's sockets are told up to when"):
        record = read(cloud, room.id, room.member)
        [event] = mine.said("MESSAGE_SENT")
        observe((event["category"], event["topicId"]), ("topic.markread", room.id))
        observe(event["content"], {"messagesLastReadTime": record["messagesLastReadTime"]})
    with claim("USERS-READ-04", "nobody else's sockets are told"):
        expect(others.heard(), [])


@behaviour("USERS-READ-05", "DM-USP-03")
def test_what_counts_as_unread(cloud: Cloud, room: Room) -> None:
    """Chats, posts, tasks and comments of others count, own ones, meetings and deleted ones do not."""
    with claim("DM-USP-03", "nothing is unread in the beginning"):
        expect(unread(cloud, room.id, room.member), 0)
    chat = cloud.message(room.id, room.admin)["_id"]
    idea = cloud.message(room.id, room.admin, kind="ideas")["_id"]
    cloud.message(room.id, room.admin, kind="tasks")
    cloud.message(room.id, room.guest, parentMsg={"_id": idea})
    with claim("USERS-READ-05", "chats, posts, tasks and comments of others count"):
        expect(unread(cloud, room.id, room.member), 4)
    cloud.message(room.id, room.member)
    cloud.meeting(room.id, room.admin)
    with claim("USERS-READ-05", "own messages and meetings do not count"):
        expect(unread(cloud, room.id, room.member), 4)
    cloud.call("POST", "/messages/deletemessages", room.admin, json=[chat])
    with claim("USERS-READ-05", "a deleted message does not count"):
        expect(unread(cloud, room.id, room.member), 3)
    with claim("DM-USP-03", "the count is that of messages after the time of reading"):
        shown = read(cloud, room.id, room.member, readTime="2001-01-01T00:00:00Z")
        observe(shown["unreadMessagesCount"], 3)


@behaviour("USERS-READ-05", "PERM-HIST-01")
def test_unread_begins_when_one_comes(cloud: Cloud, room: Room) -> None:
    """What was written before somebody came is not unread for them, whether they are member or guest."""
    cloud.message(room.id, room.admin)
    cloud.advance(2)
    cloud.call("GET", f"/spaces/{room.id}/join", room.stranger)
    cloud.advance(2)
    with claim("PERM-HIST-01", "USERS-READ-05", "what was written before is not unread"):
        observe(unread(cloud, room.id, room.stranger), 0)
    cloud.message(room.id, room.admin)
    with claim("USERS-READ-05", "what is written afterwards is unread"):
        observe(unread(cloud, room.id, room.stranger), 1)
    mark(cloud, room.id, room.stranger, readTime="2001-01-01T00:00:00Z")
    with claim("PERM-HIST-01", "an earlier time of reading does not reach behind the arrival"):
        observe(unread(cloud, room.id, room.stranger), 1)


@behaviour("USERS-READ-01", "USERS-READ-06", "REST-TIME-01")
def test_a_read_mark_moves_forward_only(cloud: Cloud, room: Room) -> None:
    """A given time is stored unless a later one is, and what is no time is refused."""
    first = cloud.message(room.id, room.admin)["created"]
    cloud.message(room.id, room.admin)
    with claim("USERS-READ-01", "REST-TIME-01", "a time that is sent is the time of reading"):
        observe(read(cloud, room.id, room.member, readTime=first)["unreadMessagesCount"], 1)
    with claim("USERS-READ-06", "a later time replaces it"):
        observe(read(cloud, room.id, room.member)["unreadMessagesCount"], 0)
    with claim("USERS-READ-06", "an earlier time changes nothing"):
        observe(read(cloud, room.id, room.member, readTime=first)["unreadMessagesCount"], 0)
    for bad in ("yesterday", 5, ""):
        with claim("USERS-READ-01", f"the time {bad!r} is refused"):
            refused(mark(cloud, room.id, room.member, readTime=bad), 400, "request.invalid")


# --- hiding


@behaviour("USERS-HIDE-01", "USERS-HIDE-02", "USERS-HIDE-03", "USERS-HIDE-05", "RT-REST-04")
@pytest.mark.parametrize("role", ["admin", "member", "guest"])
def test_every_participant_hides_for_themselves(cloud: Cloud, room: Room, sockets: Sockets, role: str) -> None:
    """The answer is the record with status 4, the space leaves their list only, and their sockets hear of it."""
    who: Person = getattr(room, role)
    chat = sockets.join(who)
    answer = cloud.call("POST", f"/users/me/topics/{room.id}/hide", who)
    with claim("USERS-HIDE-01", "USERS-HIDE-02", "every participant may hide", about=[answer]):
        expect(answer.status_code, 200)
    with claim("USERS-HIDE-03", "the answer is the record with status 4", about=[answer]):
        expect((answer.json()["status"], answer.json()["targetId"]), (4, room.id))
    with claim("USERS-HIDE-05", "RT-REST-04", "their sockets are told"):
        [event] = chat.said("MESSAGE_SENT")
        observe((event["topicId"], event["content"], event["sender"]["_id"]), (room.id, {"status": 4}, who.id))
    with claim("USERS-HIDE-02", "the space leaves their list"):
        items = cloud.call("GET", "/users/me/spaces", who).json()["data"]
        expect([item["_id"] for item in items if item["_id"] == room.id], [])
    with claim("USERS-HIDE-02", "the space itself stays as it is"):
        observe(cloud.call("GET", f"/spaces/{room.id}", who).json()["title"], "Open room")


@behaviour("USERS-HIDE-02")
def test_what_cannot_be_hidden(cloud: Cloud, room: Room) -> None:
    """A personal room cannot be hidden, and strangers hide nothing."""
    own = cloud.call("GET", f"/users/meetingroom/{room.admin.username}", room.admin).json()["data"]["_id"]
    with claim("USERS-HIDE-02", "a personal room cannot be hidden"):
        refused(cloud.call("POST", f"/users/me/spaces/{own}/hide", room.admin), 400, "request.invalid")
    with claim("USERS-HIDE-02", "a stranger cannot hide"):
        refused(cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.stranger), 403, "permission.denied")


@behaviour("USERS-HIDE-04")
@pytest.mark.parametrize("way", ["id", "invite"])
def test_a_hidden_space_stays_hidden_until_one_comes_back(cloud: Cloud, room: Room, way: str) -> None:
    """Group chats do not show a hidden space again; a join does, by id or by invite."""
    invited = cloud.call("POST", f"/spaces/{room.id}/invite", room.admin, json={"invitees": [{"invitee": "a@b.c"}]})
    paths = {"id": f"/spaces/{room.id}/join", "invite": f"/spaces/invites/{invited.json()['data'][0]['_id']}/join"}

    def shown() -> bool:
        items = cloud.call("GET", "/users/me/spaces", room.member).json()["data"]
        return room.id in [item["_id"] for item in items]

    cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.member)
    cloud.message(room.id, room.admin)
    with claim("USERS-HIDE-04", "a chat does not show it again"):
        observe(shown(), wanted=False)
    cloud.call("GET", paths[way], room.member)
    with claim("USERS-HIDE-04", "a join shows it again"):
        observe(shown(), wanted=True)
