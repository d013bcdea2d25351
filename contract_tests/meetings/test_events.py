from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, TEXT, Cloud, Person, Room, behaviour
from contract_tests.sockets import Chat, Sockets

NO_CLAIMS_YET = True


CONTENT = {
    "startTime",
    "endTime",
    "virtualEndTime",
    "mediaMode",
    "meetingStatus",
    "bodyText",
    "attendees",
    "recordings",
    "data",
}


def act(cloud: Cloud, who: Person, room: Room, meeting: Any, action: str, body: Any = None) -> Any:
    answer = cloud.call("POST", f"/spaces/{room.id}/meetings/{meeting['_id']}/{action}", who, json=body or {})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]


def told(chat: Chat) -> list[tuple[str, Any]]:
    """Return the meeting events that a socket got until now, by category."""
    return [(payload["category"], payload) for payload in chat.said("MEDIA_SESSION_RESPONSE")]


def categories(chat: Chat) -> list[str]:
    return [category for category, _payload in told(chat)]


@behaviour("MEET-END-02", "RT-MED-08", "RT-MED-03", "RT-REST-05")
def test_everybody_hears_how_a_meeting_ends(cloud: Cloud, sockets: Sockets) -> None:
    """Each attendee leaves, then the meeting ends, and both events have the meeting's content."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest, room.member)
    chat = sockets.join(room.anonymous, room.id)
    act(cloud, room.admin, room, meeting, "end")
    events = told(chat)
    left, ended = "app.event.attendee.left", "app.event.meeting.ended"
    expect([category for category, _payload in events], [left, left, ended])
    observe([payload["content"]["attendee"]["_id"] for _name, payload in events[:2]], [room.guest.id, room.member.id])
    last = events[-1][1]
    about = {
        "_id": OBJECT_ID,
        "messageId": meeting["_id"],
        "topicId": room.id,
        "category": ended,
        "sender": {"_id": room.id, "type": "spaceserver"},
        "modified": None,
        "created": ISO_TIME,
        "content": last["content"],
    }
    observe(last, about)
    observe(set(last["content"]), CONTENT)
    observe((last["content"]["endTime"], last["content"]["meetingStatus"]), (ISO_TIME, "inactive"))


@behaviour("MEET-MUTEALL-02", "MEET-MUTEALL-01", "RT-REST-05")
def test_muting_all_asks_everybody_but_the_excluded(cloud: Cloud, sockets: Sockets) -> None:
    """All hear muting and muted with who is excluded; between them each other attendee's sockets are asked."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin, room.member, room.guest)
    chats = {who.id: sockets.join(who, room.id) for who in (room.admin, room.member, room.guest, room.anonymous)}
    act(cloud, room.admin, room, meeting, "muteall", {"exclusionList": [room.admin.id]})
    muting, asked, muted = (
        "app.event.all.parties.muting",
        "request.tracksstatus.change",
        "app.event.all.parties.muted",
    )
    for who, chat in chats.items():
        events = told(chat)
        muted_one = who in (room.member.id, room.guest.id)
        expect([name for name, _payload in events], [muting, asked, muted] if muted_one else [muting, muted])
        expect(events[-1][1]["content"]["exclude"], [{"attendeeId": room.admin.id}])
    act(cloud, room.admin, room, meeting, "muteall")
    observe(categories(chats[room.admin.id]), [muting, asked, muted])


@behaviour("MEET-MEDIA-03", "MEET-MEDIA-02", "RT-REST-05")
@pytest.mark.parametrize("actor", ["admin", "guest"])
def test_switching_a_microphone_asks_and_tells(cloud: Cloud, sockets: Sockets, actor: str) -> None:
    """The target's sockets are asked to change, and all subscribers get tracksstatus in the target's name."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin, room.guest)
    target, other = sockets.join(room.guest, room.id), sockets.join(room.member, room.id)
    elsewhere = sockets.join(room.guest)
    body = {"audio": False, "video": True, "mdsrvSessionId": "m1"}
    act(cloud, getattr(room, actor), room, meeting, f"attendees/user/{room.guest.id}/mediastate", body)
    asked, heard = told(target), told(other)
    expect([name for name, _payload in asked], ["request.tracksstatus.change", "tracksstatus"])
    expect([name for name, _payload in heard], ["tracksstatus"])
    observe(categories(elsewhere), ["request.tracksstatus.change"])
    observe([payload["content"]["mediaSession"] for _name, payload in [*asked, *heard]], [body] * 3)
    expect(heard[0][1]["sender"]["_id"], room.guest.id)
    observe(heard[0][1]["content"]["attendee"]["_id"], room.guest.id)


@behaviour("MEET-HAND-02", "MEET-HANDOK-01", "MEET-HANDLOW-01", "RT-REST-05")
@pytest.mark.parametrize(
    ("actor", "action", "event", "permissions"),
    [
        ("guest", "", "requested", "requestedPermissions"),
        ("admin", "/accept", "granted", "grantedPermissions"),
        ("admin", "/lower", "rejected", "rejectedPermissions"),
        ("guest", "/lower", "rejected", "rejectedPermissions"),
    ],
)
def test_all_hear_of_a_hand(
    cloud: Cloud, sockets: Sockets, actor: str, action: str, event: str, permissions: str
) -> None:
    """A hand that is raised, accepted or lowered is announced to all with whose it is."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin, room.guest)
    chats = [sockets.join(who, room.id) for who in (room.admin, room.member, room.guest)]
    body: dict[str, Any] = {permissions: ["PERMISSION_UNMUTE"]}
    if action:
        body |= {"attendeeId": room.guest.id, "attendeeType": "user"}
    act(cloud, getattr(room, actor), room, meeting, f"attendees/raisedhands{action}", body)
    for chat in chats:
        ((name, payload),) = told(chat)
        expect(name, f"app.event.meeting.permission.{event}")
        expect(payload["content"]["targetId"], room.guest.id)


@behaviour("MEET-REC-02", "MEET-RECSTOP-02", "DM-MEET-03", "RT-REST-05")
def test_all_hear_of_a_recording(cloud: Cloud, sockets: Sockets) -> None:
    """Start and stop of a recording are announced with the recording that the call answered."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest)
    chat = sockets.join(room.guest, room.id)
    started = act(cloud, room.member, room, meeting, "recordings")
    recording = started["content"]["recordings"][0]
    ((name, payload),) = told(chat)
    expect((name, payload["content"]["recordings"]), ("app.event.recording.started", [recording]))
    observe(payload["_id"], started["_id"])
    stopped = act(cloud, room.admin, room, meeting, f"recordings/{recording['_id']}/stop")
    ((name, payload),) = told(chat)
    expect((name, payload["content"]["recordings"]), ("app.event.recording.stopped", stopped["content"]["recordings"]))
    observe(payload["sender"], {"_id": room.id, "type": "spaceserver"})


@behaviour("MEET-OPER-01", "MEET-LAYOUT-01")
@pytest.mark.parametrize(("action", "body"), [("layout", {"layout": "GRID"}), ("operation", {"mediaSessionId": "m"})])
def test_some_actions_are_silent(cloud: Cloud, sockets: Sockets, action: str, body: Any) -> None:
    """Neither a layout nor noise reduction is announced to anybody."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest)
    chat = sockets.join(room.guest, room.id)
    path = action if action == "layout" else f"attendees/user/{room.guest.id}/operation"
    act(cloud, room.admin, room, meeting, path, body)
    observe(chat.heard(), [])


@behaviour("MEDIA-TOKEN-03")
def test_a_media_token_is_silent(cloud: Cloud, sockets: Sockets) -> None:
    """Asking for a media token is announced to nobody."""
    room = cloud.room()
    chat = sockets.join(room.guest, room.id)
    observe(cloud.call("GET", f"/mediasessions/mpaas/token/{room.id}", room.guest).json()["token"], TEXT)
    observe(chat.heard(), [])


@behaviour("MSG-DELETE-04")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_comments_go_without_events_of_their_own(cloud: Cloud, sockets: Sockets, kind: str) -> None:
    """Deleting a post or task with comments is announced once."""
    room = cloud.room()
    parent = cloud.message(room.id, room.admin, kind=kind)["_id"]
    for _ in range(2):
        cloud.message(room.id, room.admin, parentMsg={"_id": parent})
    chat = sockets.join(room.guest, room.id)
    cloud.call("POST", "/messages/deletemessages", room.admin, json=[parent])
    removed = [(payload["category"], payload["_id"]) for payload in chat.said("MESSAGE_SENT")]
    observe(removed, [("app.event.message.removed", parent)])
