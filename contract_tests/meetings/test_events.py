from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, OBJECT_ID, TEXT, Cloud, Person, Room, behaviour
from contract_tests.sockets import Chat, Sockets, begin_meeting

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


@step("act in a meeting")
def act(cloud: Cloud, who: Person, room: Room, meeting: Any, action: str, body: Any = None) -> Any:
    answer = cloud.call("POST", f"/spaces/{room.id}/meetings/{meeting['_id']}/{action}", who, json=body or {})
    assert answer.status_code == 200, answer.text
    return answer.json()["data"][0]


def told(chat: Chat) -> list[tuple[str, Any]]:
    """Return the meeting events that a socket got until now, by category."""
    return [(payload["category"], payload) for payload in chat.said("MEDIA_SESSION_RESPONSE")]


def categories(events: list[tuple[str, Any]]) -> list[str]:
    return [category for category, _payload in events]


@behaviour("MEET-END-02", "RT-MED-08", "RT-MED-03", "RT-REST-05")
def test_everybody_hears_how_a_meeting_ends(cloud: Cloud, sockets: Sockets) -> None:
    """Each attendee leaves, then the meeting ends, and both events have the meeting's content."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest, room.member)
    chat = sockets.join(room.anonymous, room.id)
    act(cloud, room.admin, room, meeting, "end")
    events = told(chat)
    left, ended = "app.event.attendee.left", "app.event.meeting.ended"
    with claim("MEET-END-02", "RT-MED-08", "RT-REST-05", "attendees leave, then the meeting ends"):
        expect(categories(events), [left, left, ended])
    with claim("MEET-END-02", "the attendees are named as they leave"):
        leaving = [payload["content"]["attendee"]["_id"] for _name, payload in events[:2]]
        observe(leaving, [room.guest.id, room.member.id])
    last = events[-1][1]
    about = {
        "_id": OBJECT_ID,
        "messageId": meeting["_id"],
        "topicId": room.id,
        "category": ended,
        "modified": None,
        "created": ISO_TIME,
    }
    with claim("RT-MED-03", "the event has ids of event, meeting and space, and a time"):
        observe({name: value for name, value in last.items() if name not in ("sender", "content")}, about)
    with claim("RT-MED-03", "its sender is the server of the space"):
        observe(last["sender"], {"_id": room.id, "type": "spaceserver"})
    with claim("MEET-END-02", "RT-MED-03", "its content is that of the meeting"):
        observe(set(last["content"]), CONTENT)
    with claim("MEET-END-02", "its content has the end time"):
        observe((last["content"]["endTime"], last["content"]["meetingStatus"]), (ISO_TIME, "inactive"))


@behaviour("MEET-MUTEALL-02", "MEET-MUTEALL-01", "RT-REST-05")
def test_muting_all_is_told_in_two_events(cloud: Cloud, sockets: Sockets) -> None:
    """All hear muting and muted with who is excluded, the admin who asks among them; nobody is asked by themselves."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.member, room.guest)
    people = {"admin": room.admin, "member": room.member, "guest": room.guest, "anonymous": room.anonymous}
    chats = {name: sockets.join(who, room.id) for name, who in people.items()}
    both = ["app.event.all.parties.muting", "app.event.all.parties.muted"]
    act(cloud, room.admin, room, meeting, "muteall", {"exclusionList": [room.member.id]})
    for name, chat in chats.items():
        events = told(chat)
        with claim("MEET-MUTEALL-02", "RT-REST-05", f"{name} hears of muting and muted, and nothing else"):
            expect(categories(events), both)
        with claim("MEET-MUTEALL-01", "MEET-MUTEALL-02", f"{name} hears who is excluded"):
            excluded = [one["attendeeId"] for one in events[-1][1]["content"]["exclude"]]
            expect(room.member.id in excluded, wanted=True)
        with claim("MEET-MUTEALL-02", f"{name} hears that the admin who asks is excluded too"):
            expect(excluded, [room.member.id, room.admin.id])
    act(cloud, room.admin, room, meeting, "muteall")
    with claim("MEET-MUTEALL-01", "MEET-MUTEALL-02", "without a list nobody is excluded but who asks"):
        (_muting, (_name, muted)) = told(chats["guest"])
        expect(muted["content"]["exclude"], [{"attendeeId": room.admin.id}])


@behaviour("MEET-MEDIA-03", "MEET-MEDIA-02", "RT-REST-05")
@pytest.mark.parametrize("actor", ["admin", "guest"])
def test_switching_a_microphone_asks_and_tells(cloud: Cloud, sockets: Sockets, actor: str) -> None:
    """The target's sockets are asked to change, and all subscribers get tracksstatus in the target's name."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    target, other = sockets.join(room.guest, room.id), sockets.join(room.member, room.id)
    elsewhere = sockets.join(room.guest)
    body = {"audio": False, "video": True, "mdsrvSessionId": "m1"}
    act(cloud, getattr(room, actor), room, meeting, f"attendees/user/{room.guest.id}/mediastate", body)
    asked, heard = told(target), told(other)
    with claim("MEET-MEDIA-03", "RT-REST-05", "the target is asked, and hears of it as all do"):
        expect(categories(asked), ["request.tracksstatus.change", "tracksstatus"])
    with claim("MEET-MEDIA-03", "RT-REST-05", "others hear of it"):
        expect(categories(heard), ["tracksstatus"])
    with claim("MEET-MEDIA-03", "a socket of the target that has not subscribed is asked"):
        observe(categories(told(elsewhere)), ["request.tracksstatus.change"])
    with claim("MEET-MEDIA-02", "the media session is what was sent"):
        observe([payload["content"]["mediaSession"] for _name, payload in [*asked, *heard]], [body] * 3)
    with claim("MEET-MEDIA-03", "the target is the sender"):
        expect(heard[0][1]["sender"]["_id"], room.guest.id)
    with claim("MEET-MEDIA-03", "the target is the attendee"):
        observe(heard[0][1]["content"]["attendee"]["_id"], room.guest.id)


@behaviour("RT-REST-05")
@pytest.mark.parametrize(
    ("actor", "action", "event", "permissions", "shown"),
    [
        pytest.param(*row, marks=behaviour(row[-1]))
        for row in (
            ("guest", "", "requested", "requestedPermissions", "MEET-HAND-02"),
            ("admin", "/accept", "granted", "grantedPermissions", "MEET-HANDOK-01"),
            ("admin", "/lower", "rejected", "rejectedPermissions", "MEET-HANDLOW-01"),
            ("guest", "/lower", "rejected", "rejectedPermissions", "MEET-HANDLOW-01"),
        )
    ],
)
def test_all_hear_of_a_hand(
    cloud: Cloud, sockets: Sockets, actor: str, action: str, event: str, permissions: str, shown: str
) -> None:
    """A hand that is raised, accepted or lowered is announced to all with whose it is."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    chats = {name: sockets.join(getattr(room, name), room.id) for name in ("admin", "member", "guest")}
    body: dict[str, Any] = {permissions: ["PERMISSION_UNMUTE"]}
    if action:
        body |= {"attendeeId": room.guest.id, "attendeeType": "user"}
    act(cloud, getattr(room, actor), room, meeting, f"attendees/raisedhands{action}", body)
    for role, chat in chats.items():
        with claim(shown, "RT-REST-05", f"{role} hears of it, once"):
            events = told(chat)
            expect(categories(events), [f"app.event.meeting.permission.{event}"])
        with claim(shown, f"{role} hears whose hand it is"):
            expect(events[0][1]["content"]["targetId"], room.guest.id)
        with claim(shown, f"{role} hears what it is about"):
            observe(events[0][1]["content"].get(permissions), ["PERMISSION_UNMUTE"])


@behaviour("MEET-REC-02", "MEET-RECSTOP-02", "DM-MEET-03", "RT-REST-05")
def test_all_hear_of_a_recording(cloud: Cloud, sockets: Sockets) -> None:
    """Start and stop of a recording are announced with the recording that the call answered."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest)
    chat = sockets.join(room.guest, room.id)
    started = act(cloud, room.member, room, meeting, "recordings")
    recording = started["content"]["recordings"][0]
    start = told(chat)
    stopped = act(cloud, room.admin, room, meeting, f"recordings/{recording['_id']}/stop")
    stop = told(chat)
    for shown, what, answer, events in (
        ("MEET-REC-02", "started", started, start),
        ("MEET-RECSTOP-02", "stopped", stopped, stop),
    ):
        with claim(shown, "RT-REST-05", f"all hear that it has {what}"):
            expect(categories(events), [f"app.event.recording.{what}"])
        with claim(shown, "DM-MEET-03", f"{what}: the event has the recording of the answer"):
            expect(events[0][1]["content"]["recordings"], answer["content"]["recordings"])
    with claim("DM-MEET-03", "there is one recording"):
        assert (len(started["content"]["recordings"]), len(stopped["content"]["recordings"])) == (1, 1)
    with claim("MEET-REC-02", "the event is the one that the call answered"):
        observe(start[0][1]["_id"], started["_id"])
    with claim("MEET-RECSTOP-02", "the sender is the server of the space"):
        observe(stop[0][1]["sender"], {"_id": room.id, "type": "spaceserver"})


@pytest.mark.parametrize(
    ("action", "body", "shown"),
    [
        pytest.param("layout", {"layout": "GRID"}, "MEET-LAYOUT-01", marks=behaviour("MEET-LAYOUT-01")),
        pytest.param("operation", {"mediaSessionId": "m"}, "MEET-OPER-01", marks=behaviour("MEET-OPER-01")),
    ],
)
def test_some_actions_are_silent(cloud: Cloud, sockets: Sockets, action: str, body: Any, shown: str) -> None:
    """Neither a layout nor noise reduction is announced to anybody."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest)
    chat = sockets.join(room.guest, room.id)
    path = action if action == "layout" else f"attendees/user/{room.guest.id}/operation"
    act(cloud, room.admin, room, meeting, path, body)
    with claim(shown, "there is no event"):
        observe(chat.heard(), [])


@behaviour("MEDIA-TOKEN-03")
def test_a_media_token_is_silent(cloud: Cloud, sockets: Sockets) -> None:
    """Asking for a media token is announced to nobody."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    chat = sockets.join(ann, space)
    with claim("MEDIA-TOKEN-03", "there is a token"):
        observe(cloud.call("GET", f"/mediasessions/mpaas/token/{space}", ann).json()["token"], TEXT)
    with claim("MEDIA-TOKEN-03", "there is no event"):
        observe(chat.heard(), [])


@behaviour("MSG-DELETE-04")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_comments_go_without_events_of_their_own(cloud: Cloud, sockets: Sockets, kind: str) -> None:
    """Deleting a post or task with comments is announced once."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    parent = cloud.message(space, ann, kind=kind)["_id"]
    for _ in range(2):
        cloud.message(space, ann, parentMsg={"_id": parent})
    chat = sockets.join(ann, space)
    with claim("MSG-DELETE-04", "its deletion is the only one that is announced"):
        cloud.call("POST", "/messages/deletemessages", ann, json=[parent])
        removed = [(payload["category"], payload["_id"]) for payload in chat.said("MESSAGE_SENT")]
        observe(removed, [("app.event.message.removed", parent)])
