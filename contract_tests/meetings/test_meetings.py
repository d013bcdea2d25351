from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, TEXT, URL, Cloud, Like, Person, Room, behaviour, refused
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


UUID = Like("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
UNKNOWN = "5f0000000000000000000e01"


def act(cloud: Cloud, who: Person, space: str, meeting: Any, action: str, body: Any = None) -> Any:
    path = f"/spaces/{space}/meetings/{meeting['_id']}/{action}"
    return cloud.call("POST", path, who, json={} if body is None else body)


def of(kind: str, who: Person, action: str = "mediastate") -> str:
    return f"attendees/{kind}/{who.id}/{action}"


def active(cloud: Cloud, space: str, who: Person) -> Any:
    answer = cloud.call("GET", f"/spaces/{space}/activemeeting", who)
    assert answer.status_code == 200, answer.text
    return answer.json()


# Every action that a POST makes: its path, and a body that a client sends. {guest} is filled with an id.
ACTIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "end": ("end", {"spaceId": "x", "meetingId": "y"}),
    "muteall": ("muteall", {"exclusionList": []}),
    "mediastate": ("attendees/user/{guest}/mediastate", {"audio": False}),
    "operation": ("attendees/user/{guest}/operation", {"isNoiseReductionEnabled": True, "mediaSessionId": "m"}),
    "raise": ("attendees/raisedhands", {"requestedPermissions": ["PERMISSION_UNMUTE"]}),
    "accept": ("attendees/raisedhands/accept", {"attendeeId": "{guest}", "attendeeType": "user"}),
    "lower": ("attendees/raisedhands/lower", {"attendeeId": "{guest}", "attendeeType": "user"}),
    "layout": ("layout", {"layout": "THEME", "backgroundTheme": "CAFE"}),
    "record": ("recordings", {}),
}


def prepared(name: str, room: Room) -> tuple[str, Any]:
    path, body = ACTIONS[name]
    filled = {key: room.guest.id if value == "{guest}" else value for key, value in body.items()}
    return path.format(guest=room.guest.id), filled


@behaviour("MEET-ACTIVE-01", "MEET-ACTIVE-02", "DM-MEET-01", "DM-MEET-02")
def test_the_active_meeting_is_bare(cloud: Cloud) -> None:
    """An active meeting is a bare message of category meeting with its attendees and their media sessions."""
    ann, guest = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    meeting = cloud.meeting(space, ann, guest)
    found = active(cloud, space, ann)
    sender = {
        "_id": ann.id,
        "type": "user",
        "username": ann.username,
        "displayname": "Ann Example",
        "picture_url": URL,
    }
    arrival = {"joinTime": ISO_TIME, "mdsrvSessions": [{"_id": UUID}]}
    content = {
        "startTime": found["created"],
        "endTime": None,
        "virtualEndTime": None,
        "mediaMode": "audio",
        "meetingStatus": "active",
        "bodyText": "",
        "attendees": [
            {**sender, **arrival},
            {
                "_id": guest.id,
                "type": "anonymous",
                "username": "",
                "displayname": "Gil Guest",
                "picture_url": URL,
                **arrival,
            },
        ],
        "recordings": [],
        "data": [],
    }
    wanted = {
        "_id": meeting["_id"],
        "category": "meeting",
        "topicId": space,
        "status": 0,
        "created": ISO_TIME,
        "modified": None,
        "chatCount": 0,
        "likeCount": 0,
        "sender": sender,
        "content": content,
    }
    expect(found, wanted)


@behaviour("MEET-ACTIVE-01", "MEET-ACTIVE-03", "MEET-GEN-01")
def test_without_meeting_there_is_none_and_no_call_starts_one(cloud: Cloud) -> None:
    """Where no meeting is active the answer is 404, the plural is no path, and no POST starts one."""
    ann = cloud.user()
    space = cloud.space(ann)
    refused(cloud.call("GET", f"/spaces/{space}/activemeeting", ann), 404, "meeting.not_found")
    refused(cloud.call("GET", f"/spaces/{space}/activemeetings", ann), 404, "route.not_found")
    expect(
        [
            cloud.call("POST", f"/spaces/{space}/{path}", ann, json={}).status_code
            for path in ("activemeeting", "meetings")
        ],
        [405] * 2,
    )
    expect(cloud.call("GET", f"/spaces/{space}/meetings", ann).json()["total"], 0)


@behaviour("MEET-GEN-01")
def test_a_space_has_one_active_meeting(cloud: Cloud) -> None:
    """Whoever comes while a meeting is active joins it; after its end the next one starts another."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann)
    first = cloud.meeting(space, ann)
    expect(cloud.meeting(space, bob)["_id"], first["_id"])
    act(cloud, ann, space, first, "end")
    second = cloud.meeting(space, bob)
    observe((second["_id"] != first["_id"], second["sender"]["_id"]), (True, bob.id))


@behaviour("MEET-END-01", "MEET-END-02", "MEET-GEN-03", "MEET-ACTIVE-01", "DM-MEET-02")
def test_an_admin_ends_a_meeting(cloud: Cloud) -> None:
    """Ending answers the meeting with an end time, everybody has left, and nothing is active any more."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest, room.member)
    answer = act(cloud, room.admin, room.id, meeting, "end")
    expect(answer.status_code, 200)
    content = answer.json()["data"][0]["content"]
    observe(answer.json()["data"][0]["_id"], meeting["_id"])
    observe((content["endTime"], content["meetingStatus"]), (ISO_TIME, "inactive"))
    observe([one["leaveTime"] for one in content["attendees"]], [ISO_TIME] * 2)
    refused(cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin), 404, "meeting.not_found")


@behaviour("MEET-GEN-02", "MEET-GEN-03", "REST-ALIAS-01")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_takes_what_clients_send(cloud: Cloud, name: str) -> None:
    """Every action answers 200 with one item, below both names of a space, and ignores unknown members."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin, room.guest)
    path, body = prepared(name, room)
    url = f"/topics/{room.id}/meetings/{meeting['_id']}/{path}"
    answer = cloud.call("POST", url, room.admin, json={**body, "unknown": [1]})
    expect(answer.status_code, 200)
    observe(len(answer.json()["data"]), 1)
    if name != "record":
        observe(answer.json()["data"][0]["_id"], meeting["_id"])


@behaviour("MEET-GEN-02", "ERR-ORDER-01")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_needs_a_running_meeting_of_the_space(cloud: Cloud, name: str) -> None:
    """Unknown spaces and meetings are not found, even for strangers; an ended meeting is bad input."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin, room.guest)
    path, body = prepared(name, room)
    other = cloud.open_space(room.admin, "Other")
    for who in (room.admin, room.stranger):
        refused(act(cloud, who, room.id, {"_id": UNKNOWN}, path, body), 404, "meeting.not_found")
        refused(act(cloud, who, other, meeting, path, body), 404, "meeting.not_found")
        refused(act(cloud, who, UNKNOWN, meeting, path, body), 404, "space.not_found")
    chat = cloud.message(room.id, room.admin)
    refused(act(cloud, room.admin, room.id, chat, path, body), 404, "meeting.not_found")
    act(cloud, room.admin, room.id, meeting, "end")
    refused(act(cloud, room.admin, room.id, meeting, path, body), 400, "request.invalid")


@behaviour(
    "MEET-GEN-02",
    "MEET-GEN-04",
    "MEET-END-01",
    "MEET-MUTEALL-01",
    "MEET-HAND-01",
    "MEET-HANDOK-01",
    "MEET-HANDLOW-01",
    "MEET-LAYOUT-01",
    "MEET-REC-01",
    "PERM-MAP-03",
)
@pytest.mark.parametrize(
    ("name", "may"),
    [
        ("end", "admin"),
        ("muteall", "admin"),
        ("mediastate", "admin guest"),
        ("operation", "admin guest"),
        ("raise", "admin member guest anonymous"),
        ("accept", "admin"),
        ("lower", "admin guest"),
        ("layout", "admin"),
        ("record", "admin member"),
    ],
)
def test_who_may_do_what(cloud: Cloud, name: str, may: str) -> None:
    """Each action is for admins, for admins and members, for everybody, or for the attendee himself and admins."""
    room = cloud.room()
    people = {
        "stranger": room.stranger,
        "anonymous": room.anonymous,
        "guest": room.guest,
        "member": room.member,
        "admin": room.admin,
    }
    path, body = prepared(name, room)
    for role, who in people.items():
        meeting = cloud.meeting(room.id, room.admin, room.guest)
        answer = act(cloud, who, room.id, meeting, path, body)
        if role in may.split():
            observe(answer.status_code, 200, f"{role}: {answer.text}")
            act(cloud, room.admin, room.id, meeting, "end")
        else:
            refused(answer, 403, "permission.denied")


@behaviour("PERM-PIN-05", "MEET-GEN-02")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_asks_guests_for_the_pin(cloud: Cloud, name: str) -> None:
    """In a protected space a guest learns that the PIN is missing before anything else about him."""
    room = cloud.room(settings={"confPin": "4711"})
    meeting = cloud.meeting(room.id, room.admin, room.guest)
    path, body = prepared(name, room)
    refused(act(cloud, room.guest, room.id, meeting, path, body), 403, "space.pin_required")


@behaviour("PERM-ARCH-01")
@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_is_done_in_an_archived_space(cloud: Cloud, name: str) -> None:
    """A meeting that runs in an archived space takes no action."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin, room.guest)
    cloud.control("PATCH", f"/spaces/{room.id}", {"archived": True})
    path, body = prepared(name, room)
    refused(act(cloud, room.admin, room.id, meeting, path, body), 403, "topic.invalid_acesss_to_archived_topic")


@behaviour("PERM-ARCH-01")
def test_no_meeting_starts_in_an_archived_space(cloud: Cloud, sockets: Sockets) -> None:
    """A tracksstatus in an archived space starts nothing."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    chat = sockets.join(ann, space)
    chat.media("tracksstatus", space, media={"connected": True, "audio": True})
    observe(
        "app.event.meeting.started" in [one["category"] for one in chat.said("MEDIA_SESSION_RESPONSE")], wanted=False
    )
    refused(cloud.call("GET", f"/spaces/{space}/activemeeting", ann), 404, "meeting.not_found")


@behaviour("MEET-MEDIA-01", "MEET-MEDIA-04", "MEET-GEN-02")
@pytest.mark.parametrize("action", ["mediastate", "operation"])
def test_the_path_names_an_attendee(cloud: Cloud, action: str) -> None:
    """Another word for the type is no path; who is not in the meeting, or under another type, is not found."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin, room.guest, room.anonymous)
    for word in ("userId", "anonymousId", "USER", "email"):
        path = of(word, room.guest, action)
        refused(act(cloud, room.admin, room.id, meeting, path), 404, "route.not_found")
        nobody = cloud.call("POST", f"/spaces/{room.id}/meetings/{meeting['_id']}/{path}", json={})
        refused(nobody, 404, "route.not_found")
    # A path id is looked up (step 4) before what the caller may do (step 6).
    refused(act(cloud, room.guest, room.id, meeting, of("user", room.member, action)), 404, "user.not_found")
    absent = (("user", room.member), ("anonymous", room.guest), ("phone", room.guest), ("user", room.anonymous))
    for kind, who in absent:
        refused(act(cloud, room.admin, room.id, meeting, of(kind, who, action)), 404, "user.not_found")
    expect(act(cloud, room.anonymous, room.id, meeting, of("anonymous", room.anonymous, action)).status_code, 200)


@behaviour("MEET-MEDIA-02", "DM-MEET-01")
def test_a_camera_makes_it_a_video_meeting(cloud: Cloud) -> None:
    """The media mode becomes video when anybody had video, and stays so."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest)
    states = ({"audio": True}, {"audio": True, "video": True, "mdsrvSessionId": "m"}, {"audio": False, "video": False})
    modes = []
    for body in states:
        answer = act(cloud, room.guest, room.id, meeting, of("user", room.guest), body)
        modes.append(answer.json()["data"][0]["content"]["mediaMode"])
    observe(modes, ["audio", "video", "video"])
    for bad in list[Any]([{"audio": "yes"}, {"video": 1}, {"mdsrvSessionId": 1}, []]):
        refused(act(cloud, room.guest, room.id, meeting, of("user", room.guest), bad), 400, "request.invalid")


@behaviour("MEET-OPER-01")
def test_noise_reduction_is_stored_on_the_attendee(cloud: Cloud) -> None:
    """What a client does about noise is kept at its attendee, and other attendees have nothing of it."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest, room.member)
    body = {"isNoiseReductionEnabled": True, "mediaSessionId": "m1"}
    expect(act(cloud, room.guest, room.id, meeting, of("user", room.guest, "operation"), body).status_code, 200)
    guest, member = active(cloud, room.id, room.guest)["content"]["attendees"]
    observe({name: guest[name] for name in body}, body)
    observe(set(body) & set(member), set())


@behaviour("MEET-LAYOUT-01")
def test_a_layout_is_stored_in_the_content(cloud: Cloud) -> None:
    """Layout and theme are shown in the content from then on; a layout that is no text is bad input."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest)
    body = {"layout": "THEME", "backgroundTheme": "CAFE"}
    act(cloud, room.admin, room.id, meeting, "layout", body)
    content = active(cloud, room.id, room.guest)["content"]
    observe({name: content[name] for name in body}, body)
    act(cloud, room.admin, room.id, meeting, "layout", {"layout": "GRID"})
    observe("backgroundTheme" in active(cloud, room.id, room.guest)["content"], wanted=False)
    bodies: list[Any] = [{}, {"layout": 1}, {"layout": "x", "backgroundTheme": 1}]
    for bad in bodies:
        refused(act(cloud, room.admin, room.id, meeting, "layout", bad), 400, "request.invalid")


@behaviour("MEET-HAND-01", "MEET-HANDOK-01", "MEET-HANDLOW-01", "MEET-MUTEALL-01")
@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("attendees/raisedhands", {"requestedPermissions": "PERMISSION_UNMUTE"}),
        ("attendees/raisedhands/accept", {}),
        ("attendees/raisedhands/accept", {"attendeeId": 1}),
        ("attendees/raisedhands/lower", {"rejectedPermissions": []}),
        ("muteall", {"exclusionList": "x"}),
        ("muteall", {"exclusionList": [1]}),
    ],
)
def test_bad_bodies_are_refused(cloud: Cloud, action: str, body: Any) -> None:
    """Permissions and exclusions are arrays, and an answer to a hand names whose it is."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.admin)
    refused(act(cloud, room.admin, room.id, meeting, action, body), 400, "request.invalid")


@behaviour("MEET-HANDOK-01", "MEET-HANDLOW-01")
def test_a_hand_belongs_to_somebody(cloud: Cloud) -> None:
    """A hand of nobody is not found, and a guest can grant himself nothing but lower his own hand."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest)
    for action in ("accept", "lower"):
        answer = act(cloud, room.admin, room.id, meeting, f"attendees/raisedhands/{action}", {"attendeeId": UNKNOWN})
        refused(answer, 404, "user.not_found")
    own = {"attendeeId": room.guest.id, "grantedPermissions": ["PERMISSION_UNMUTE"]}
    refused(act(cloud, room.guest, room.id, meeting, "attendees/raisedhands/accept", own), 403, "permission.denied")
    expect(act(cloud, room.guest, room.id, meeting, "attendees/raisedhands/lower", own).status_code, 200)
    other = {"attendeeId": room.member.id}
    refused(act(cloud, room.guest, room.id, meeting, "attendees/raisedhands/lower", other), 403, "permission.denied")


@behaviour("MEET-REC-01", "MEET-REC-03", "MEET-RECSTOP-01", "MEET-RECSTOP-03", "DM-MEET-03")
def test_a_recording_starts_and_stops(cloud: Cloud) -> None:
    """A recording is answered as an event with its id, one runs at a time, and stopping gives the documented answer."""
    room = cloud.room()
    meeting = cloud.meeting(room.id, room.guest)
    started = act(cloud, room.member, room.id, meeting, "recordings")
    expect(started.status_code, 200)
    by = {"_id": room.member.id, "type": "user", "username": room.member.username, "displayname": TEXT}
    recording = {"_id": OBJECT_ID, "startedBy": by, "startTime": ISO_TIME, "endTime": None}
    event = started.json()["data"][0]
    expect(event["content"]["recordings"], [recording])
    server = {"_id": room.id, "type": "spaceserver"}
    about = {
        "messageId": meeting["_id"],
        "topicId": room.id,
        "category": "app.event.recording.started",
        "sender": server,
    }
    observe({name: event[name] for name in about}, about)
    key = event["content"]["recordings"][0]["_id"]
    observe(active(cloud, room.id, room.guest)["content"]["recordings"][0]["_id"], key)
    refused(act(cloud, room.admin, room.id, meeting, "recordings"), 400, "request.invalid")
    refused(act(cloud, room.guest, room.id, meeting, f"recordings/{key}/stop"), 403, "permission.denied")
    stopped = act(cloud, room.admin, room.id, meeting, f"recordings/{key}/stop")
    expect(stopped.status_code, 200)
    expect(
        stopped.json(), {"data": [{"sender": server, "content": {"recordings": [{**recording, "endTime": ISO_TIME}]}}]}
    )
    for gone in (key, UNKNOWN):
        refused(act(cloud, room.admin, room.id, meeting, f"recordings/{gone}/stop"), 404, "recording.not_found")
    second = act(cloud, room.admin, room.id, meeting, "recordings").json()["data"][0]["content"]["recordings"]
    expect(len(second), 1)
    observe(second[0]["_id"] != key, wanted=True)
    expect(act(cloud, room.member, room.id, meeting, f"recordings/{second[0]['_id']}/stop").status_code, 200)
    third = act(cloud, room.admin, room.id, meeting, "recordings").json()["data"][0]["content"]["recordings"]
    act(cloud, room.admin, room.id, meeting, "end")
    refused(act(cloud, room.admin, room.id, meeting, f"recordings/{third[0]['_id']}/stop"), 404, "recording.not_found")


@behaviour("PERM-PIN-05", "MEET-RECSTOP-03")
def test_stopping_a_recording_asks_guests_for_the_pin(cloud: Cloud) -> None:
    """The PIN is asked for before it turns out that guests stop no recording at all."""
    room = cloud.room(settings={"confPin": "4711"})
    meeting = cloud.meeting(room.id, room.admin, room.guest)
    recording = act(cloud, room.admin, room.id, meeting, "recordings").json()["data"][0]["content"]["recordings"][0]
    path = f"recordings/{recording['_id']}/stop"
    refused(act(cloud, room.guest, room.id, meeting, path), 403, "space.pin_required")
