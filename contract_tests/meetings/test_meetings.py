from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, OBJECT_ID, TEXT, TOKEN, URL, Cloud, Person, Room, behaviour, refused
from contract_tests.sockets import Sockets, begin_meeting, displayname

UNKNOWN = "5f0000000000000000000e01"


def act(cloud: Cloud, who: Person, space: str, meeting: Any, action: str, body: Any = None) -> httpx.Response:
    path = f"/spaces/{space}/meetings/{meeting['_id']}/{action}"
    return cloud.call("POST", path, who, json={} if body is None else body)


def of(kind: str, who: Person, action: str = "mediastate") -> str:
    return f"attendees/{kind}/{who.id}/{action}"


def active(cloud: Cloud, space: str, who: Person) -> Any:
    answer = cloud.call("GET", f"/spaces/{space}/activemeeting", who)
    assert answer.status_code == 200, answer.text
    return answer.json()


@step("end a meeting")
def end(cloud: Cloud, admin: Person, space: str, meeting: Any) -> None:
    answer = act(cloud, admin, space, meeting, "end")
    assert answer.status_code == 200, answer.text


@step("start a recording")
def recorded(cloud: Cloud, who: Person, space: str, meeting: Any) -> str:
    answer = act(cloud, who, space, meeting, "recordings")
    assert answer.status_code == 200, answer.text
    key: str = answer.json()["data"][0]["content"]["recordings"][0]["_id"]
    return key


@step("protect a space by a PIN")
def protect(cloud: Cloud, space: str, admin: Person) -> None:
    answer = cloud.call("POST", f"/spaces/{space}", admin, json={"settings": {"confPin": "4711"}})
    assert answer.status_code == 200, answer.text


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
def test_the_active_meeting_is_bare(cloud: Cloud, sockets: Sockets) -> None:
    """An active meeting is a bare message of category meeting with its attendees and their media sessions."""
    ann, guest = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    name = displayname(cloud, ann)
    meeting = begin_meeting(cloud, sockets, space, ann, guest)
    sender = {"_id": ann.id, "type": "user", "username": ann.username, "displayname": name, "picture_url": URL}
    anonymous = {
        "_id": guest.id,
        "type": "anonymous",
        "username": "",
        "displayname": "Gil Guest",
        "picture_url": URL,
    }
    arrival = {"joinTime": ISO_TIME, "mdsrvSessions": [{"_id": TOKEN}]}
    content = {
        "startTime": meeting["created"],
        "endTime": None,
        "virtualEndTime": None,
        "mediaMode": "audio",
        "meetingStatus": "active",
        "bodyText": "",
        "description": "",
        "status": "pending",
        "dueDate": None,
        "recordings": [],
        "data": [],
    }
    message = {
        "_id": meeting["_id"],
        "topicId": space,
        "status": 0,
        "created": ISO_TIME,
        "modified": None,
        "chatCount": 0,
        "likeCount": 0,
    }
    with claim("MEET-ACTIVE-01", "the answer is the bare meeting"):
        answer = cloud.call("GET", f"/spaces/{space}/activemeeting", ann)
        expect(answer.status_code, 200)
        expect((answer.json()["_id"], answer.json()["topicId"]), (meeting["_id"], space))
    found = answer.json()
    apart = ("category", "sender", "content")
    with claim("DM-MEET-01", "it is a message of category meeting", about=[answer]):
        expect(found["category"], "meeting")
        expect({name: value for name, value in found.items() if name not in apart}, message)
    with claim("DM-MEET-01", "its sender is who started it", about=[answer]):
        expect(found["sender"], sender)
    with claim("MEET-ACTIVE-02", "its end time is null", about=[answer]):
        expect(found["content"]["endTime"], None)
    with claim("DM-MEET-01", "its content has status, times, mode and empty lists", about=[answer]):
        expect({name: value for name, value in found["content"].items() if name != "attendees"}, content)
    with claim("MEET-ACTIVE-02", "its attendees have media sessions", about=[answer]):
        expect([one["mdsrvSessions"][0]["_id"] for one in found["content"]["attendees"]], [TOKEN, TOKEN])
    with claim("DM-MEET-02", "its attendees have names, type and the time when they came", about=[answer]):
        expect(found["content"]["attendees"], [{**sender, **arrival}, {**anonymous, **arrival}])


@behaviour("MEET-ACTIVE-01", "MEET-ACTIVE-03", "MEET-GEN-01")
def test_without_meeting_there_is_none_and_no_call_starts_one(cloud: Cloud) -> None:
    """Where no meeting is active the answer is 404, the plural is no path, and no POST starts one."""
    ann = cloud.user()
    space = cloud.space(ann)
    with claim("MEET-ACTIVE-01", "where no meeting is active none is found"):
        refused(cloud.call("GET", f"/spaces/{space}/activemeeting", ann), 404, "meeting.not_found")
    with claim("MEET-ACTIVE-03", "the plural is no path"):
        refused(cloud.call("GET", f"/spaces/{space}/activemeetings", ann), 404, "route.not_found")
    for path in ("activemeeting", "meetings"):
        with claim("MEET-GEN-01", f"POST {path} is a wrong method"):
            answer = cloud.call("POST", f"/spaces/{space}/{path}", ann, json={})
            refused(answer, 405, "method.not_allowed")
            expect(answer.status_code, 405)
    with claim("MEET-GEN-01", "no call has started a meeting"):
        expect(cloud.call("GET", f"/spaces/{space}/meetings", ann).json()["total"], 0)


@behaviour("MEET-GEN-01")
def test_a_space_has_one_active_meeting(cloud: Cloud, sockets: Sockets) -> None:
    """Whoever comes while a meeting is active joins it; after its end the next one starts another."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "member"}])
    first = begin_meeting(cloud, sockets, space, ann)
    with claim("MEET-GEN-01", "whoever comes joins the meeting that is active"):
        expect(begin_meeting(cloud, sockets, space, bob)["_id"], first["_id"])
    end(cloud, ann, space, first)
    with claim("MEET-GEN-01", "after its end another one starts"):
        second = begin_meeting(cloud, sockets, space, bob)
        observe((second["_id"] != first["_id"], second["sender"]["_id"]), (True, bob.id))


@behaviour("MEET-END-01", "MEET-END-02", "MEET-GEN-03", "MEET-ACTIVE-01", "DM-MEET-02")
def test_an_admin_ends_a_meeting(cloud: Cloud, sockets: Sockets) -> None:
    """Ending answers the meeting with an end time, everybody has left, and nothing is active any more."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest, room.member)
    with claim("MEET-END-01", "members of the body may be absent"):
        answer = act(cloud, room.admin, room.id, meeting, "end")
        expect(answer.status_code, 200)
    with claim("MEET-GEN-03", "the answer is the meeting", about=[answer]):
        observe([one["_id"] for one in answer.json()["data"]], [meeting["_id"]])
    with claim("MEET-END-02", "the meeting has an end time and is inactive", about=[answer]):
        content = answer.json()["data"][0]["content"]
        observe((content["endTime"], content["meetingStatus"]), (ISO_TIME, "inactive"))
    with claim("DM-MEET-02", "attendees stay listed, with the time when they left", about=[answer]):
        attendees = answer.json()["data"][0]["content"]["attendees"]
        observe([one["leaveTime"] for one in attendees], [ISO_TIME] * 2)
    with claim("MEET-ACTIVE-01", "after its end no meeting is found"):
        refused(cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin), 404, "meeting.not_found")


@behaviour("MEET-GEN-02", "MEET-GEN-03", "REST-ALIAS-01")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_takes_what_clients_send(cloud: Cloud, sockets: Sockets, name: str) -> None:
    """Every action answers 200 with one item, below both names of a space, and ignores unknown members."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    path, body = prepared(name, room)
    url = f"/topics/{room.id}/meetings/{meeting['_id']}/{path}"
    answer = cloud.call("POST", url, room.admin, json={**body, "unknown": [1]})
    with claim("MEET-GEN-02", "unknown members of the body are ignored", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MEET-GEN-02", "REST-ALIAS-01", "it is served below the older name of a space", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MEET-GEN-03", "the answer is one item", about=[answer]):
        observe(len(answer.json()["data"]), 1)
        if name != "record":  # which answers an event
            observe(answer.json()["data"][0]["_id"], meeting["_id"])


@behaviour("MEET-GEN-02", "ERR-ORDER-01")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_needs_a_running_meeting_of_the_space(cloud: Cloud, sockets: Sockets, name: str) -> None:
    """Unknown spaces and meetings are not found, even for strangers; an ended meeting is bad input."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    path, body = prepared(name, room)
    other = cloud.open_space(room.admin, "Other")
    chat = cloud.message(room.id, room.admin)
    for word, who, ids in (
        ("an admin", room.admin, ("MEET-GEN-02",)),
        ("a stranger", room.stranger, ("MEET-GEN-02", "ERR-ORDER-01")),
    ):
        with claim(*ids, f"{word} finds no unknown meeting"):
            refused(act(cloud, who, room.id, {"_id": UNKNOWN}, path, body), 404, "meeting.not_found")
        with claim(*ids, f"{word} finds no meeting in another space"):
            refused(act(cloud, who, other, meeting, path, body), 404, "meeting.not_found")
        with claim(*ids, f"{word} finds no meeting in an unknown space"):
            refused(act(cloud, who, UNKNOWN, meeting, path, body), 404, "space.not_found")
    with claim("MEET-GEN-02", "a chat is no meeting"):
        refused(act(cloud, room.admin, room.id, chat, path, body), 404, "meeting.not_found")
    end(cloud, room.admin, room.id, meeting)
    with claim("MEET-GEN-02", "an ended meeting is bad input"):
        refused(act(cloud, room.admin, room.id, meeting, path, body), 400, "request.invalid")


@behaviour("MEET-GEN-04")
def test_a_member_switches_those_who_are_no_admins(cloud: Cloud, sockets: Sockets) -> None:
    """Admins switch the media of anybody, members those of members and guests, guests their own."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.member, room.guest)
    who = {"admin": room.admin, "member": room.member, "guest": room.guest}
    may = {"admin": "admin member guest", "member": "member guest", "guest": "guest"}
    for actor, person in who.items():
        for target, attendee in who.items():
            path = f"attendees/user/{attendee.id}/mediastate"
            answer = act(cloud, person, room.id, meeting, path, {"audio": True})
            if target in may[actor].split():
                with claim("MEET-GEN-04", f"{actor} switches {target}", about=[answer]):
                    expect(answer.status_code, 200)
            else:
                with claim("MEET-GEN-04", f"{actor} does not switch {target}", about=[answer]):
                    refused(answer, 403, "permission.denied")


@behaviour("MEET-GEN-02", "PERM-MAP-03")
@pytest.mark.parametrize(
    ("name", "may", "shown"),
    [
        pytest.param("end", "admin", ["MEET-END-01"], marks=behaviour("MEET-END-01")),
        pytest.param("muteall", "admin", ["MEET-MUTEALL-01"], marks=behaviour("MEET-MUTEALL-01")),
        pytest.param("mediastate", "admin member guest", ["MEET-GEN-04"], marks=behaviour("MEET-GEN-04")),
        pytest.param("operation", "admin guest", ["MEET-GEN-04"], marks=behaviour("MEET-GEN-04")),
        pytest.param("raise", "admin member guest anonymous", ["MEET-HAND-01"], marks=behaviour("MEET-HAND-01")),
        pytest.param("accept", "admin", ["MEET-HANDOK-01"], marks=behaviour("MEET-HANDOK-01")),
        pytest.param(
            *("lower", "admin guest", ["MEET-HANDLOW-01", "MEET-GEN-04"]),
            marks=behaviour("MEET-HANDLOW-01", "MEET-GEN-04"),
        ),
        pytest.param("layout", "admin", ["MEET-LAYOUT-01"], marks=behaviour("MEET-LAYOUT-01")),
        pytest.param("record", "admin member", ["MEET-REC-01"], marks=behaviour("MEET-REC-01")),
    ],
)
def test_who_may_do_what(cloud: Cloud, sockets: Sockets, name: str, may: str, shown: list[str]) -> None:
    """Each action is for admins, for admins and members, for everybody, or for the attendee and admins."""
    room = cloud.room()
    people = {
        "stranger": room.stranger,
        "anonymous": room.anonymous,
        "guest": room.guest,
        "member": room.member,
        "admin": room.admin,
    }
    path, body = prepared(name, room)
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    for role, who in people.items():
        if role not in may.split():
            with claim("MEET-GEN-02", *shown, f"{role} may not"):
                refused(act(cloud, who, room.id, meeting, path, body), 403, "permission.denied")
            continue
        ids = ["PERM-MAP-03", *shown] if role == "admin" else shown
        with claim(*ids, f"{role} may"):
            observe(act(cloud, who, room.id, meeting, path, body).status_code, 200)
        if role != "admin":  # the last one; the others leave a meeting to begin anew, in which nothing has been done
            end(cloud, room.admin, room.id, meeting)
            meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)


@behaviour("PERM-PIN-05", "MEET-GEN-02")
@pytest.mark.parametrize("name", ACTIONS)
def test_an_action_asks_guests_for_the_pin(cloud: Cloud, sockets: Sockets, name: str) -> None:
    """In a protected space a guest learns that the PIN is missing before anything else, if the mock asks everywhere."""
    cloud.configure({"rest.pin_scope": "all"})
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    protect(cloud, room.id, room.admin)
    path, body = prepared(name, room)
    with claim("PERM-PIN-05", "MEET-GEN-02", "a guest without the PIN is refused"):
        refused(act(cloud, room.guest, room.id, meeting, path, body), 403, "space.pin_required")


@behaviour("PERM-ARCH-01")
@pytest.mark.parametrize("name", ACTIONS)
def test_nothing_is_done_in_an_archived_space(cloud: Cloud, sockets: Sockets, name: str) -> None:
    """A meeting that runs in an archived space takes no action."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    cloud.control("PATCH", f"/spaces/{room.id}", {"archived": True})
    path, body = prepared(name, room)
    with claim("PERM-ARCH-01", "it is refused"):
        refused(act(cloud, room.admin, room.id, meeting, path, body), 403, "topic.invalid_acesss_to_archived_topic")


@behaviour("PERM-ARCH-01")
def test_no_meeting_starts_in_an_archived_space(cloud: Cloud, sockets: Sockets) -> None:
    """A tracksstatus in an archived space starts nothing."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    chat = sockets.join(ann, space)
    with claim("PERM-ARCH-01", "no start is announced"):
        chat.media("tracksstatus", space, media={"connected": True, "audio": True})
        told = [one["category"] for one in chat.said("MEDIA_SESSION_RESPONSE")]
        observe("app.event.meeting.started" in told, wanted=False)
    with claim("PERM-ARCH-01", "no meeting is active"):
        refused(cloud.call("GET", f"/spaces/{space}/activemeeting", ann), 404, "meeting.not_found")


@behaviour("MEET-MEDIA-01", "MEET-MEDIA-04", "MEET-GEN-02", "ERR-ORDER-01")
@pytest.mark.parametrize("action", ["mediastate", "operation"])
def test_the_path_names_an_attendee(cloud: Cloud, sockets: Sockets, action: str) -> None:
    """Another word for the type is no path; who is not in the meeting, or under another type, is not found."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest, room.anonymous)
    for word in ("userId", "anonymousId", "USER", "email"):
        with claim("MEET-MEDIA-01", f"{word} is no type"):
            refused(act(cloud, room.admin, room.id, meeting, of(word, room.guest, action)), 404, "route.not_found")
    for name, kind, who in (
        ("a member of the space", "user", room.member),
        ("a registered user as anonymous", "anonymous", room.guest),
        ("a registered user as phone", "phone", room.guest),
        ("an anonymous one as user", "user", room.anonymous),
    ):
        with claim("MEET-MEDIA-04", f"{name} is no attendee"):
            refused(act(cloud, room.admin, room.id, meeting, of(kind, who, action)), 404, "user.not_found")
    with claim("MEET-MEDIA-04", "ERR-ORDER-01", "an id of the path is looked up before what the caller may do"):
        refused(act(cloud, room.guest, room.id, meeting, of("user", room.member, action)), 404, "user.not_found")
    with claim("MEET-MEDIA-01", "MEET-GEN-02", "an anonymous attendee acts for themself"):
        answer = act(cloud, room.anonymous, room.id, meeting, of("anonymous", room.anonymous, action))
        expect(answer.status_code, 200)


@behaviour("MEET-MEDIA-02", "DM-MEET-01")
def test_a_camera_makes_it_a_video_meeting(cloud: Cloud, sockets: Sockets) -> None:
    """The media mode becomes video when anybody had video, and stays so."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest)
    states: tuple[tuple[str, dict[str, Any], str], ...] = (
        ("audio alone", {"audio": True}, "audio"),
        ("with a camera", {"audio": True, "video": True, "mdsrvSessionId": "m"}, "video"),
        ("with all switched off", {"audio": False, "video": False}, "video"),
    )
    for name, body, mode in states:
        answer = act(cloud, room.guest, room.id, meeting, of("user", room.guest), body)
        with claim("MEET-MEDIA-02", f"{name}: the body is accepted", about=[answer]):
            observe(answer.status_code, 200)
        with claim("DM-MEET-01", f"{name}: the media mode is {mode}", about=[answer]):
            observe(answer.json()["data"][0]["content"]["mediaMode"], mode)
    for bad in list[Any]([{"audio": "yes"}, {"video": 1}, {"mdsrvSessionId": 1}, []]):
        with claim("MEET-MEDIA-02", f"{bad} is bad input"):
            refused(act(cloud, room.guest, room.id, meeting, of("user", room.guest), bad), 400, "request.invalid")


@behaviour("MEET-OPER-01")
def test_noise_reduction_is_stored_on_the_attendee(cloud: Cloud, sockets: Sockets) -> None:
    """What a client does about noise is kept at its attendee, and other attendees have nothing of it."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest, room.member)
    body = {"isNoiseReductionEnabled": True, "mediaSessionId": "m1"}
    with claim("MEET-OPER-01", "the body is accepted"):
        answer = act(cloud, room.guest, room.id, meeting, of("user", room.guest, "operation"), body)
        expect(answer.status_code, 200)
    with claim("MEET-OPER-01", "it is kept at the attendee"):
        guest, member = active(cloud, room.id, room.guest)["content"]["attendees"]
        observe({name: guest[name] for name in body}, body)
    with claim("MEET-OPER-01", "another attendee has nothing of it"):
        observe(set(body) & set(member), set())


@behaviour("MEET-LAYOUT-01")
def test_a_layout_is_stored_in_the_content(cloud: Cloud, sockets: Sockets) -> None:
    """Layout and theme are shown in the content from then on; a layout that is no text is bad input."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest)
    body = {"layout": "THEME", "backgroundTheme": "CAFE"}
    with claim("MEET-LAYOUT-01", "layout and theme are stored in the content"):
        act(cloud, room.admin, room.id, meeting, "layout", body)
        content = active(cloud, room.id, room.guest)["content"]
        observe({name: content[name] for name in body}, body)
    with claim("MEET-LAYOUT-01", "lists and events show them too"):
        listed = cloud.call("GET", f"/spaces/{room.id}/meetings", room.guest).json()["data"][0]["content"]
        recorded = act(cloud, room.member, room.id, meeting, "recordings", {}).json()["data"][0]["content"]
        observe([{name: one.get(name) for name in body} for one in (listed, recorded)], [body, body])
    with claim("MEET-LAYOUT-01", "a layout without theme leaves none"):
        act(cloud, room.admin, room.id, meeting, "layout", {"layout": "GRID"})
        observe("backgroundTheme" in active(cloud, room.id, room.guest)["content"], wanted=False)
    for bad in list[Any]([{}, {"layout": 1}, {"layout": "x", "backgroundTheme": 1}]):
        with claim("MEET-LAYOUT-01", f"{bad} is bad input"):
            refused(act(cloud, room.admin, room.id, meeting, "layout", bad), 400, "request.invalid")


RAISE, ACCEPT, LOWER = (f"attendees/raisedhands{what}" for what in ("", "/accept", "/lower"))


@pytest.mark.parametrize(
    ("action", "body", "shown"),
    [
        pytest.param(action, body, shown, marks=behaviour(shown))
        for action, body, shown in (
            (RAISE, {"requestedPermissions": "PERMISSION_UNMUTE"}, "MEET-HAND-01"),
            (ACCEPT, {}, "MEET-HANDOK-01"),
            (ACCEPT, {"attendeeId": 1}, "MEET-HANDOK-01"),
            (LOWER, {"rejectedPermissions": []}, "MEET-HANDLOW-01"),
            ("muteall", {"exclusionList": "x"}, "MEET-MUTEALL-01"),
            ("muteall", {"exclusionList": [1]}, "MEET-MUTEALL-01"),
        )
    ],
)
def test_bad_bodies_are_refused(cloud: Cloud, sockets: Sockets, action: str, body: Any, shown: str) -> None:
    """Permissions and exclusions are arrays, and an answer to a hand names whose it is."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    meeting = begin_meeting(cloud, sockets, space, ann)
    with claim(shown, "it is refused"):
        refused(act(cloud, ann, space, meeting, action, body), 400, "request.invalid")


@behaviour("MEET-HANDOK-01", "MEET-HANDLOW-01", "MEET-GEN-04")
def test_a_hand_belongs_to_somebody(cloud: Cloud, sockets: Sockets) -> None:
    """A hand of nobody is not found, and guests can grant themselves nothing but lower their own hand."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest)
    for shown, action in (("MEET-HANDOK-01", ACCEPT), ("MEET-HANDLOW-01", LOWER)):
        with claim(shown, "a hand of nobody is not found"):
            refused(act(cloud, room.admin, room.id, meeting, action, {"attendeeId": UNKNOWN}), 404, "user.not_found")
    own = {"attendeeId": room.guest.id, "grantedPermissions": ["PERMISSION_UNMUTE"]}
    with claim("MEET-HANDOK-01", "a guest cannot grant themself a permission"):
        refused(act(cloud, room.guest, room.id, meeting, ACCEPT, own), 403, "permission.denied")
    with claim("MEET-HANDLOW-01", "MEET-GEN-04", "a guest lowers their own hand"):
        expect(act(cloud, room.guest, room.id, meeting, LOWER, own).status_code, 200)
    with claim("MEET-HANDLOW-01", "MEET-GEN-04", "a guest lowers the hand of nobody else"):
        refused(
            act(cloud, room.guest, room.id, meeting, LOWER, {"attendeeId": room.member.id}), 403, "permission.denied"
        )


@behaviour("MEET-REC-01", "MEET-REC-03", "MEET-RECSTOP-01", "MEET-RECSTOP-03", "DM-MEET-03")
def test_a_recording_starts_and_stops(cloud: Cloud, sockets: Sockets) -> None:
    """A recording is answered as an event with its id, one runs at a time, and stopping gives the documented answer."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest)
    by = {"_id": room.member.id, "type": "user", "username": room.member.username, "displayname": TEXT}
    recording = {"_id": OBJECT_ID, "startedBy": by, "startTime": ISO_TIME, "endTime": None}
    server = {"_id": room.id, "type": "spaceserver"}
    about = {
        "messageId": meeting["_id"],
        "topicId": room.id,
        "category": "app.event.recording.started",
        "sender": server,
    }
    started = act(cloud, room.member, room.id, meeting, "recordings")
    with claim("MEET-REC-01", "the answer is an event with the id of the recording", about=[started]):
        expect(started.status_code, 200)
        event = started.json()["data"][0]
        expect([one["_id"] for one in event["content"]["recordings"]], [OBJECT_ID])
        observe({name: event[name] for name in about}, about)
    with claim("DM-MEET-03", "a recording has who started it, and times", about=[started]):
        expect(started.json()["data"][0]["content"]["recordings"], [recording])
    key = started.json()["data"][0]["content"]["recordings"][0]["_id"]
    with claim("DM-MEET-03", "the meeting has the recording"):
        observe(active(cloud, room.id, room.guest)["content"]["recordings"][0]["_id"], key)
    with claim("MEET-REC-03", "a second recording beside it is refused"):
        refused(act(cloud, room.admin, room.id, meeting, "recordings"), 400, "request.invalid")
    stop = f"recordings/{key}/stop"
    with claim("MEET-RECSTOP-01", "a guest cannot stop it"):
        refused(act(cloud, room.guest, room.id, meeting, stop), 403, "permission.denied")
    stopped = act(cloud, room.admin, room.id, meeting, stop)
    with claim("MEET-RECSTOP-01", "stopping answers the recording that has ended", about=[stopped]):
        expect(stopped.status_code, 200)
        ended = {**recording, "endTime": ISO_TIME}
        expect(stopped.json(), {"data": [{"sender": server, "content": {"recordings": [ended]}}]})
    for name, gone in (("a stopped", key), ("an unknown", UNKNOWN)):
        with claim("MEET-RECSTOP-03", f"{name} recording is not found"):
            refused(act(cloud, room.admin, room.id, meeting, f"recordings/{gone}/stop"), 404, "recording.not_found")


@behaviour("MEET-REC-01", "MEET-RECSTOP-01", "MEET-RECSTOP-03")
def test_a_meeting_is_recorded_again(cloud: Cloud, sockets: Sockets) -> None:
    """A second recording has an id of its own, a member may stop it, and the end of the meeting ends the third."""
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.guest)
    first = recorded(cloud, room.member, room.id, meeting)
    act(cloud, room.admin, room.id, meeting, f"recordings/{first}/stop")
    again = act(cloud, room.admin, room.id, meeting, "recordings")
    second = again.json()["data"][0]["content"]["recordings"][0]
    with claim("MEET-REC-01", "the answer has the new recording alone, with another id", about=[again]):
        expect(len(again.json()["data"][0]["content"]["recordings"]), 1)
        observe(second["_id"] != first, wanted=True)
    with claim("MEET-RECSTOP-01", "a member may stop a recording of an admin"):
        answer = act(cloud, room.member, room.id, meeting, f"recordings/{second['_id']}/stop")
        expect(answer.status_code, 200)
    third = recorded(cloud, room.admin, room.id, meeting)
    end(cloud, room.admin, room.id, meeting)
    with claim("MEET-RECSTOP-03", "with its meeting a recording has ended"):
        refused(act(cloud, room.admin, room.id, meeting, f"recordings/{third}/stop"), 404, "recording.not_found")


@behaviour("PERM-PIN-05", "MEET-GEN-02")
def test_stopping_a_recording_asks_guests_for_the_pin(cloud: Cloud, sockets: Sockets) -> None:
    """The PIN is asked for before it turns out that guests stop no recording, if the mock asks everywhere."""
    cloud.configure({"rest.pin_scope": "all"})
    room = cloud.room()
    meeting = begin_meeting(cloud, sockets, room.id, room.admin, room.guest)
    recording = recorded(cloud, room.admin, room.id, meeting)
    protect(cloud, room.id, room.admin)
    with claim("PERM-PIN-05", "MEET-GEN-02", "a guest without the PIN is refused"):
        refused(act(cloud, room.guest, room.id, meeting, f"recordings/{recording}/stop"), 403, "space.pin_required")
