"""Media sessions, meetings and calls on the socket (RT-MED-*, RT-CALL-*, RT-PAIR-01)."""

from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, OBJECT_ID, TOKEN, URL, Cloud, Person, behaviour, settled
from contract_tests.sockets import UUID, Chat, Sockets, displayname, strangers

RESPONSE = "MEDIA_SESSION_RESPONSE"
STARTED, ENDED = "app.event.meeting.started", "app.event.meeting.ended"
ADDED, LEFT = "app.event.attendee.added", "app.event.attendee.left"
SESSION = "11111111-2222-4333-8444-555555555555"
CONNECTED = {"audio": True, "video": True, "connected": True, "mdsrvSessionId": SESSION}


def heard(chat: Chat) -> list[Any]:
    return chat.said(RESPONSE)


def categories(chat: Chat) -> list[str]:
    return [payload["category"] for payload in heard(chat)]


@behaviour("RT-MED-01", "RT-MED-03", "RT-MED-04", "RT-MED-06", "RT-MED-07", "RT-MED-08")
def test_the_first_party_starts_the_meeting(cloud: Cloud, sockets: Sockets) -> None:
    """Everybody, the origin included, hears that the meeting started, who came, and the relayed status."""
    room = cloud.room()
    ann = displayname(cloud, room.admin)
    own, other = sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)
    with claim("RT-MED-04", "the first tracksstatus brings meeting.started, attendee.added and the status"):
        own.media("tracksstatus", room.id, media=CONNECTED, content={"streamId": "s1"}, sender={"_id": "x"}, odd=1)
        started, added, status = heard(other)
        expect([started["category"], added["category"], status["category"]], [STARTED, ADDED, "tracksstatus"])
    attendee = {
        "_id": room.admin.id,
        "type": "user",
        "username": room.admin.username,
        "displayname": ann,
        "picture_url": URL,
        "joinTime": ISO_TIME,
        "mdsrvSessions": [{"_id": SESSION}],
    }
    server = {"_id": room.id, "type": "spaceserver"}
    with claim("RT-MED-08", "meeting.started and attendee.added are made by the server"):
        expect([started["category"], added["category"]], [STARTED, ADDED])
        expect([started["sender"], added["sender"]], [server, server])
    with claim("RT-MED-03", "the sender of a relayed status is the client, whatever it claims"):
        expect(status["sender"]["_id"], room.admin.id)
    with claim("RT-MED-07", "the attendee has its seven members, with the media session that was named"):
        expect(added["content"]["attendee"], attendee)
    with claim("RT-MED-01", "RT-MED-03", "mediaSession is as sent, extra members notwithstanding"):
        expect(status["content"]["mediaSession"], CONNECTED)
    with claim("RT-MED-03", "content has times, mode and status of the meeting"):
        expect(
            {name: status["content"][name] for name in ("endTime", "virtualEndTime", "mediaMode", "meetingStatus")},
            {"endTime": None, "virtualEndTime": None, "mediaMode": "video", "meetingStatus": "active"},
        )
    with claim("RT-MED-03", "content has the members of a meeting and what was sent, and nothing else"):
        members = ["startTime", "endTime", "virtualEndTime", "mediaMode", "meetingStatus", "bodyText"]
        members += ["attendees", "attendee", "recordings", "data", "mediaSession", "streamId"]
        observe(sorted(status["content"]), sorted(members))
    with claim("RT-MED-01", "streamId is relayed"):
        observe(status["content"]["streamId"], "s1")
    with claim("RT-MED-03", "content lists the attendees"):
        observe(status["content"]["attendees"], [attendee])
    with claim("RT-MED-03", "each event has an id, the meeting as messageId, and its space"):
        meeting = cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).json()["_id"]
        for event in (started, added, status):
            expect([event["_id"], event["messageId"], event["topicId"]], [OBJECT_ID, meeting, room.id])
    with claim("RT-MED-03", "each event has the time of its creation, and modified null"):
        for event in (started, added, status):
            expect([event["created"], event["modified"]], [ISO_TIME, None])
    with claim("RT-MED-06", "the origin hears the same events as another subscriber"):
        expect(heard(own), [started, added, status])


@behaviour("RT-MED-04", "RT-MED-06", "RT-MED-07")
def test_a_second_party_is_added_and_a_known_one_is_not(cloud: Cloud, sockets: Sockets) -> None:
    """A new party brings attendee.added and its status; a change of tracks brings the status alone."""
    room = cloud.room()
    own, other = sockets.join(room.admin, room.id), sockets.join(room.anonymous, room.id)
    witness = sockets.join(room.member, room.id)
    with claim("RT-MED-04", "absent connected counts as true"):
        own.media("tracksstatus", room.id, media={"audio": True})
        expect(categories(witness), [STARTED, ADDED, "tracksstatus"])
    with claim("RT-MED-04", "a new party brings attendee.added, then its status"):
        other.media("tracksstatus", room.id, media={"connected": True})
        added = heard(witness)
        expect([event["category"] for event in added], [ADDED, "tracksstatus"])
    with claim("RT-MED-07", "an anonymous attendee has the type anonymous"):
        attendee = added[0]["content"]["attendee"]
        expect([attendee["_id"], attendee["type"]], [room.anonymous.id, "anonymous"])
    with claim("RT-MED-07", "without mdsrvSessionId the session has 40 lower-hex digits"):
        expect(attendee["mdsrvSessions"], [{"_id": TOKEN}])
    with claim("RT-MED-04", "a change of tracks of a known party brings the status alone"):
        own.media("tracksstatus", room.id, media={"audio": False})
        (changed,) = heard(witness)
        expect(changed["category"], "tracksstatus")
    with claim("RT-MED-07", "a change of tracks goes on with the media session that its party has"):
        came = heard(own)
        observe(changed["content"]["attendee"], came[1]["content"]["attendee"])
    with claim("RT-MED-06", "the origin hears its own start, who came, and its own change"):
        told = [event["category"] for event in came]
        expect(told, [STARTED, ADDED, "tracksstatus", ADDED, "tracksstatus", "tracksstatus"])


@behaviour("RT-MED-07")
def test_a_new_media_session_takes_the_place_of_the_old_one(cloud: Cloud, sockets: Sockets) -> None:
    """A connection that names another media session is in the meeting with that one alone."""
    room = cloud.room()
    chat, witness = sockets.join(room.admin, room.id), sockets.join(room.member, room.id)
    other = SESSION.replace("1", "2")
    for session in (SESSION, other):
        chat.media("tracksstatus", room.id, media={"mdsrvSessionId": session})
    with claim("RT-MED-07", "another media session of a connection takes the place of the first in the event"):
        status = heard(witness)[-1]
        observe(status["category"], "tracksstatus")
        observe(status["content"]["attendee"]["mdsrvSessions"], [{"_id": other}])
    with claim("RT-MED-07", "another media session of a connection takes the place of the first in the meeting"):
        active = cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).json()
        observe(active["content"]["attendees"][0]["mdsrvSessions"], [{"_id": other}])


@step("let a meeting begin and end")
def _ended(cloud: Cloud, chat: Chat, admin: Person, space: str) -> None:
    """Let a meeting begin by one socket, and let an admin end it by REST."""
    chat.media("tracksstatus", space, media={"mdsrvSessionId": SESSION})
    meeting = heard(chat)[0]["messageId"]
    assert cloud.call("POST", f"/spaces/{space}/meetings/{meeting}/end", admin).status_code == 200
    chat.frames()


@behaviour("RT-MED-04", "RT-MED-05")
def test_who_was_in_an_ended_meeting_starts_the_next_and_stays(cloud: Cloud, sockets: Sockets) -> None:
    """The media session of a meeting that an admin ended does not take its owner out of the next one."""
    room = cloud.room()
    chat, witness = sockets.join(room.admin, room.id), sockets.join(room.member, room.id)
    _ended(cloud, chat, room.admin, room.id)
    witness.frames()
    with claim("RT-MED-04", "who was in an ended meeting starts the next one"):
        chat.media("tracksstatus", room.id, media={"mdsrvSessionId": SESSION.replace("1", "2")})
        expect(categories(witness), [STARTED, ADDED, "tracksstatus"])
    with claim("RT-MED-05", "the media session of an ended meeting takes nobody out of the next"):
        observe(cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).status_code, 200)


@behaviour("RT-MED-05")
def test_a_connection_of_an_ended_meeting_ends_nothing_of_the_next(cloud: Cloud, sockets: Sockets) -> None:
    """Whoever is in a meeting by another connection than in the one before stays when the old one goes."""
    room = cloud.room()
    old, new = sockets.join(room.admin, room.id), sockets.join(room.admin, room.id)
    _ended(cloud, old, room.admin, room.id)
    new.media("tracksstatus", room.id, media={"mdsrvSessionId": SESSION.replace("1", "2")})
    new.frames()
    old.send("41/chat")
    old.settle()
    with claim("RT-MED-05", "nobody is told left when the connection of an ended meeting goes"):
        observe(categories(new), [])
    with claim("RT-MED-05", "the next meeting goes on when the connection of an ended one goes"):
        observe(cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).status_code, 200)


@behaviour("RT-MED-02")
def test_trackstatus_is_the_same_word(cloud: Cloud, sockets: Sockets) -> None:
    """The other spelling starts a meeting too and is answered in the usual one."""
    room = cloud.room()
    chat, witness = sockets.join(room.admin, room.id), sockets.join(room.member, room.id)
    with claim("RT-MED-02", "trackstatus starts a meeting and is answered as tracksstatus"):
        chat.media("trackstatus", room.id, media=CONNECTED)
        observe(categories(witness), [STARTED, ADDED, "tracksstatus"])


@behaviour("RT-MED-02", "RT-MED-03", "RT-MED-06")
@pytest.mark.parametrize("word", ["startscreenshare", "stopscreenshare", "screensharedata", "screenshare.uploadurl"])
def test_screen_sharing_is_relayed(cloud: Cloud, sockets: Sockets, word: str) -> None:
    """The words of screen sharing reach every subscriber with their content and the sender."""
    room = cloud.room()
    own, other = sockets.join(room.guest, room.id), sockets.join(room.admin, room.id)
    own.media(f"video.{word}", room.id, content={"streamId": "s", "url": "x"}, loopbackMetadata=7)
    with claim("RT-MED-02", "it is relayed with its content, once"):
        (told,) = heard(other)
        expect([told["category"], told["content"]["url"]], [f"video.{word}", "x"])
    with claim("RT-MED-03", "its sender is the client"):
        expect(told["sender"]["_id"], room.guest.id)
    with claim("RT-MED-06", "the origin hears it too, with its metadata"):
        observe(heard(own), [{**told, "loopbackMetadata": 7}])


@behaviour("RT-MED-01", "RT-MED-03", "RT-MED-06", "MEET-LAYOUT-01")
@pytest.mark.parametrize("held", [True, False], ids=["in a meeting", "without one"])
def test_what_stands_beside_the_content_is_relayed(cloud: Cloud, sockets: Sockets, *, held: bool) -> None:
    """Data, comment and version are relayed as they were sent, by somebody who is in no meeting."""
    room = cloud.room()
    own, other = sockets.join(room.guest, room.id), sockets.join(room.admin, room.id)
    if held:
        other.media("tracksstatus", room.id, media=CONNECTED)
        meeting = cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).json()["_id"]
        layout = {"layout": "THEME", "backgroundTheme": "CAFE"}
        cloud.call("POST", f"/spaces/{room.id}/meetings/{meeting}/layout", room.admin, json=layout)
    sent = {"data": {"at": 1}, "comment": "here", "version": "1.1"}
    own.media("video.startscreenshare", room.id, **sent, loopbackMetadata=7)
    told, echoed = heard(other)[-1], heard(own)[-1]
    with claim("RT-MED-01", "RT-MED-06", "data, comment and version are as sent"):
        observe({name: told[name] for name in sent}, sent)
    with claim("RT-MED-06", "the origin gets its metadata back"):
        observe(echoed, {**told, "loopbackMetadata": 7})
    with claim("RT-MED-03", "content has no attendee where the sender is none"):
        observe("attendee" in told["content"], wanted=False)
    with claim("MEET-LAYOUT-01", "events of a meeting show its layout"):
        observe(told["content"].get("layout"), "THEME" if held else None)


@behaviour("RT-MED-01", "RT-ACC-05")
@pytest.mark.parametrize("category", ["tracksstatus", "video.end", "video.startscreenshare"])
def test_media_without_a_subscription_is_ignored(cloud: Cloud, sockets: Sockets, category: str) -> None:
    """Nobody hears it, no meeting starts, and the journal says why."""
    room = cloud.room()
    chat, other = sockets.join(room.admin), sockets.join(room.guest, room.id)
    with claim("RT-MED-01", "RT-ACC-05", "without a subscription nobody hears it"):
        chat.media(category, room.id, media=CONNECTED)
        observe([chat.heard(), other.heard()], [[], []])
        cloud.explains("not subscribed", event="SEND_MEDIA_SESSION_EVENTS")
    with claim("RT-MED-01", "without a subscription no meeting starts"):
        observe(cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).status_code, 404)


@behaviour("RT-MED-02", "RT-MED-08")
@pytest.mark.parametrize("category", [ENDED, ADDED, "app.event.recording.started", "anything", None])
def test_a_client_cannot_speak_for_the_server(cloud: Cloud, sockets: Sockets, category: str | None) -> None:
    """Words that are the server's own, and unknown ones, are ignored."""
    room = cloud.room()
    own, other = sockets.join(room.guest, room.id), sockets.join(room.admin, room.id)
    with claim("RT-MED-02", "RT-MED-08", "it is ignored when a client sends it"):
        own.emit("SEND_MEDIA_SESSION_EVENTS", {"category": category, "topicId": room.id, "content": {}})
        observe([own.heard(), other.heard()], [[], []])


def _leave(chat: Chat, space: str, how: str) -> None:
    if how == "video.end":
        chat.emit("SEND_MEDIA_SESSION_EVENTS", {"category": "video.end", "topicId": space})
    elif how == "connected false":
        chat.media("tracksstatus", space, media={"connected": False})
    elif how == "unsubscribe":
        chat.unsubscribe(space)
    elif how == "41/chat":
        chat.send("41/chat")
    else:
        chat.kill()


@behaviour("RT-MED-05")
@pytest.mark.parametrize("how", ["video.end", "connected false", "unsubscribe", "41/chat", "kill"])
def test_whoever_goes_leaves_the_meeting_and_the_last_one_ends_it(cloud: Cloud, sockets: Sockets, how: str) -> None:
    """Every way of going brings attendee.left with the attendee; after the last one comes meeting.ended."""
    room = cloud.room()
    one, other = sockets.join(room.guest, room.id), sockets.join(room.member, room.id)
    witness = sockets.join(room.admin, room.id)
    for chat in (one, other):
        chat.media("tracksstatus", room.id, media={"connected": True})
        chat.frames()
    witness.frames()
    _leave(one, room.id, how)
    with claim("RT-MED-05", "going brings attendee.left"):
        first = witness.hear()[1]
        expect(first["category"], LEFT)
    with claim("RT-MED-05", "attendee.left names the attendee"):
        observe(first["content"]["attendee"]["_id"], room.guest.id)
    witness.frames()
    _leave(other, room.id, how)
    with claim("RT-MED-05", "after the last one comes meeting.ended"):
        last = [witness.hear()[1], witness.hear()[1]]
        observe([event["category"] for event in last], [LEFT, ENDED])
    with claim("RT-MED-05", "meeting.ended has status and time of the end"):
        observe([last[1]["content"]["meetingStatus"], last[1]["content"]["endTime"]], ["inactive", ISO_TIME])
    with claim("RT-MED-05", "no meeting is active after the last one went"):
        observe(cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).status_code, 404)


@behaviour("RT-MED-02")
@pytest.mark.parametrize("members", [{}, {"content": {}}])
def test_video_end_needs_no_content(cloud: Cloud, sockets: Sockets, members: dict[str, Any]) -> None:
    """The content of video.end may be missing or empty."""
    room = cloud.room()
    chat = sockets.join(room.admin, room.id)
    chat.media("tracksstatus", room.id, media={"connected": True})
    chat.frames()
    with claim("RT-MED-02", "video.end ends one's part in the meeting"):
        chat.emit("SEND_MEDIA_SESSION_EVENTS", {"category": "video.end", "topicId": room.id, **members})
        observe([one for one in categories(chat) if one in (LEFT, ENDED)], [LEFT, ENDED])


@behaviour("RT-MED-05")
def test_a_party_with_two_connections_stays_until_both_are_gone(cloud: Cloud, sockets: Sockets) -> None:
    """Losing one of two connections in a meeting does not take the person out of it."""
    room = cloud.room()
    one, other = sockets.join(room.guest, room.id), sockets.join(room.guest, room.id)
    witness = sockets.join(room.admin, room.id)
    for chat in (one, other):
        chat.media("tracksstatus", room.id, media={"connected": True})
        chat.frames()
    witness.frames()
    with claim("RT-MED-05", "who loses one of two connections stays"):
        one.send("41/chat")
        one.frames()
        observe(categories(witness), [])
    with claim("RT-MED-05", "who loses the last of two connections leaves"):
        other.send("41/chat")
        other.frames()
        observe(categories(witness), [LEFT, ENDED])


@behaviour("RT-MED-05", "RT-ACC-06")
@pytest.mark.parametrize("how", ["removed", "disabled"])
def test_whoever_is_sent_away_leaves_the_meeting(cloud: Cloud, sockets: Sockets, how: str) -> None:
    """Losing the space or all access in the middle of a meeting ends one's part in it."""
    room = cloud.room()
    going, witness = sockets.join(room.member, room.id), sockets.join(room.admin, room.id)
    for chat in (witness, going):
        chat.media("tracksstatus", room.id, media={"connected": True})
    witness.frames()
    if how == "removed":
        cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.member.id}", room.admin)
    else:
        cloud.control("PATCH", f"/users/{room.member.username}", {"enabled": False})
    with claim("RT-MED-05", "RT-ACC-06", "who is sent away leaves the meeting"):
        _name, told = witness.hear()
        observe([told["category"], told["content"]["attendee"]["_id"]], [LEFT, room.member.id])
    with claim("RT-MED-05", "the meeting of the others goes on"):
        observe(witness.heard(), [])


@behaviour("RT-MED-09")
def test_a_meeting_is_a_message_of_the_space(cloud: Cloud, sockets: Sockets) -> None:
    """The meeting and its end are seen as the message of category meeting."""
    room = cloud.room()
    chat = sockets.join(room.admin, room.id)
    chat.media("tracksstatus", room.id, media=CONNECTED)
    path = f"/spaces/{room.id}/messages/byref"
    with claim("RT-MED-09", "a meeting is listed as message of the category meeting"):
        meeting = heard(chat)[0]["messageId"]
        (listed,) = cloud.call("GET", path, room.admin).json()["data"]
        expect([listed["_id"], listed["category"]], [meeting, "meeting"])
    with claim("RT-MED-09", "the message of a meeting that goes on is active"):
        expect(listed["content"]["meetingStatus"], "active")
    chat.media("video.end", room.id)
    chat.frames()
    with claim("RT-MED-09", "the message of an ended meeting is inactive"):
        (listed,) = cloud.call("GET", path, room.admin).json()["data"]
        expect(listed["content"]["meetingStatus"], "inactive")


@behaviour("PERM-ARCH-01")
def test_an_archived_space_starts_no_meeting(cloud: Cloud, sockets: Sockets) -> None:
    """A tracksstatus in an archived space starts nothing and is not relayed."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    chat = sockets.join(ann, space)
    with claim("PERM-ARCH-01", "a tracksstatus in an archived space is ignored"):
        chat.media("tracksstatus", space, media=CONNECTED)
        observe(chat.heard(), [])


@behaviour("RT-REST-05", "RT-MED-08")
def test_rest_calls_about_a_meeting_reach_the_sockets(cloud: Cloud, sockets: Sockets) -> None:
    """Recording, muting, hands and the end of a meeting are announced, each by its categories, before the answer."""
    room = cloud.room()
    chat, target = sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)
    for one in (chat, target):
        one.media("tracksstatus", room.id, media={"connected": True})
        one.frames()
    chat.frames()
    meeting = cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).json()["_id"]
    base = f"/spaces/{room.id}/meetings/{meeting}"
    hand = {"attendeeId": room.guest.id, "attendeeType": "user"}
    raised = {"requestedPermissions": ["PERMISSION_UNMUTE"]}
    granted = {"grantedPermissions": ["PERMISSION_UNMUTE"], **hand}
    rejected = {"rejectedPermissions": ["PERMISSION_UNMUTE"], **hand}
    steps: list[tuple[Person, str, Any, list[str]]] = [
        (room.admin, "recordings", None, ["app.event.recording.started"]),
        (room.guest, "attendees/raisedhands", raised, ["app.event.meeting.permission.requested"]),
        (room.admin, "attendees/raisedhands/accept", granted, ["app.event.meeting.permission.granted"]),
        (room.admin, "attendees/raisedhands/lower", rejected, ["app.event.meeting.permission.rejected"]),
        (room.admin, f"attendees/user/{room.guest.id}/mediastate", {"audio": False}, ["tracksstatus"]),
        (
            room.admin,
            "muteall",
            {"exclusionList": [room.admin.id]},
            ["app.event.all.parties.muting", "app.event.all.parties.muted"],
        ),
    ]
    for who, path, body, wanted in steps:
        with claim("RT-REST-05", "RT-MED-08", f"{path.replace(room.guest.id, '<id>')} is announced before the answer"):
            answer = cloud.call("POST", f"{base}/{path}", who, json=body or {})
            assert answer.status_code == 200, (path, answer.text)
            expect(categories(chat), wanted, path)
    with claim("RT-REST-05", "RT-MED-08", "a change of media asks the client"):
        asked = [event for event in categories(target) if event == "request.tracksstatus.change"]
        observe(len(asked), 1)
    active = cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).json()
    recording = active["content"]["recordings"][0]["_id"]
    with claim("RT-REST-05", "RT-MED-08", "the end of a recording is announced"):
        assert cloud.call("POST", f"{base}/recordings/{recording}/stop", room.admin, json={}).status_code == 200
        expect(categories(chat), ["app.event.recording.stopped"])
    with claim("RT-REST-05", "RT-MED-08", "the end of a meeting is announced, after everybody left"):
        assert cloud.call("POST", f"{base}/end", room.admin, json={}).status_code == 200
        expect(categories(chat), [LEFT, LEFT, ENDED])


# --- calls


def offer(chat: Chat, *receivers: Person | str, **members: Any) -> None:
    ids = [{"_id": one if isinstance(one, str) else one.id, "type": "user"} for one in receivers]
    payload = {"category": "space.call.offer", "receivers": ids, "content": {"callType": "spaces"}, **members}
    chat.emit("SEND_MEDIA_SESSION_EVENTS", payload)
    chat.settle()


def rung(chat: Chat, receiver: Person) -> list[str]:
    """Return the categories that a caller hears of an offer."""
    offer(chat, receiver)
    return categories(chat)


def answer(chat: Chat, word: str, call_id: str) -> None:
    payload = {"category": f"space.call.{word}", "spaceCallId": call_id, "content": {"callType": "spaces"}}
    chat.emit("SEND_MEDIA_SESSION_EVENTS", payload)
    chat.settle()


@behaviour("RT-CALL-01", "RT-CALL-02", "RT-USR-01", "RT-ACC-07")
def test_an_offer_rings_on_all_sockets_of_the_receiver(cloud: Cloud, sockets: Sockets) -> None:
    """No subscription is needed; the offer has a call id made by the server, and the caller learns it was sent."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    caller, twin = sockets.join(ann), sockets.join(ann)
    phones = [sockets.join(bob), sockets.join(bob)]
    offer(caller, bob, meetingId="m1", topicId="t1", version="1.1")
    for phone, which in zip(phones, ("the first", "another"), strict=True):
        with claim("RT-CALL-02", "RT-USR-01", "RT-ACC-07", f"the offer rings on {which} socket of the receiver"):
            (told,) = heard(phone)
            expect(told["category"], "space.call.offer")
        with claim("RT-CALL-01", f"content, space, meeting and receivers are as sent on {which} socket"):
            expect([told["content"], told["topicId"], told["meetingId"]], [{"callType": "spaces"}, "t1", "m1"])
            expect(told["receivers"][0]["_id"], bob.id)
        with claim("RT-CALL-02", f"a version is as sent on {which} socket"):
            observe(told["version"], "1.1")
        with claim("RT-CALL-02", f"caller, call id and meeting are named on {which} socket"):
            observe([told["sender"]["_id"], told["spaceCallId"], told["messageId"]], [ann.id, UUID, "m1"])
    for own, which in ((caller, "the calling"), (twin, "another")):
        with claim("RT-CALL-02", f"{which} socket of the caller learns that the offer was sent"):
            (sent,) = heard(own)
            observe([sent["category"], sent["spaceCallId"]], ["space.call.offer.sent", told["spaceCallId"]])
        with claim("RT-CALL-02", f"what {which} socket of the caller learns is by the server and names the receiver"):
            observe([sent["sender"]["type"], sent["receivers"]], ["spaceserver", [{"_id": bob.id}]])
    sid = sockets.join(cloud.user("sid@elsewhere.example"))
    with claim("RT-CALL-02", "nobody else hears of an offer"):
        offer(caller, bob)
        observe(sid.heard(), [])


@behaviour("RT-CALL-02", "RT-CALL-04", "RT-ACC-07")
def test_an_offer_fails_for_whom_cannot_be_reached(cloud: Cloud, sockets: Sockets) -> None:
    """Nobody online, a stranger and an unknown id fail each for itself, and a stranger's socket hears nothing."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    sid = cloud.user("sid@elsewhere.example")
    strangers(cloud, ann, sid)
    caller, stranger = sockets.join(ann), sockets.join(sid)
    failed = ["space.call.offer.failed"]
    settled(lambda: rung(caller, bob), failed)  # a service may not have seen yet that sockets of other tests are gone
    offer(caller, bob, sid, "f" * 24)
    told = heard(caller)
    for number, (id_, who, receiver) in enumerate(
        (
            ("RT-CALL-02", "a receiver without a socket", bob.id),
            ("RT-CALL-04", "a stranger", sid.id),
            ("RT-CALL-04", "an unknown id", "f" * 24),
        )
    ):
        with claim(id_, f"the offer fails for {who}"):
            shown = [told[number]["category"], told[number]["receivers"][0]["_id"]]
            observe(shown, [*failed, receiver])
    with claim("RT-CALL-04", "the offer fails once for each receiver"):
        observe(len(told), 3)
    with claim("RT-CALL-04", "RT-ACC-07", "a stranger hears nothing of an offer"):
        observe(stranger.heard(), [])


@behaviour("RT-CALL-02")
def test_an_offer_reaches_whoever_of_two_can_be_reached(cloud: Cloud, sockets: Sockets) -> None:
    """One receiver without a socket takes nothing from the other, whichever is named first."""
    ann, bob, mia = cloud.user(), cloud.user("bob@example.com"), cloud.user("mia@example.com")
    caller, phone = sockets.join(ann), sockets.join(bob)
    settled(lambda: rung(caller, mia), ["space.call.offer.failed"])
    for receivers, order in (((bob, mia), "first"), ((mia, bob), "last")):
        offer(caller, *receivers)
        with claim("RT-CALL-02", f"it rings where the one with a socket is named {order}"):
            observe(categories(phone), ["space.call.offer"])
        with claim("RT-CALL-02", f"the caller learns of both where the one with a socket is named {order}"):
            told = sorted((one["category"], one["receivers"][0]["_id"]) for one in heard(caller))
            observe(told, [("space.call.offer.failed", mia.id), ("space.call.offer.sent", bob.id)])


@behaviour("RT-CALL-04")
def test_people_who_listen_in_one_space_may_call_anonymous_ones(cloud: Cloud, sockets: Sockets) -> None:
    """An anonymous user can be called while both have a socket subscribed to one same space, not otherwise."""
    room = cloud.room()
    caller, guest = sockets.join(room.admin, room.id), sockets.join(room.anonymous)
    with claim("RT-CALL-04", "an anonymous user who listens in no common space cannot be called"):
        offer(caller, room.anonymous)
        observe(categories(caller), ["space.call.offer.failed"])
    guest.subscribe(room.id)
    with claim("RT-CALL-04", "an anonymous user who listens in a common space can be called"):
        offer(caller, room.anonymous)
        observe([categories(caller), categories(guest)], [["space.call.offer.sent"], ["space.call.offer"]])


@behaviour("RT-CALL-04")
def test_a_service_app_calls_only_its_company(cloud: Cloud, sockets: Sockets) -> None:
    """Users outside its company are out of reach of a service app."""
    app, bob = cloud.app("spaces.websocket"), cloud.user("bob@example.com")
    sid = cloud.user("sid@elsewhere.example")
    caller, phone, stranger = sockets.join(app), sockets.join(bob), sockets.join(sid)
    offer(caller, bob, sid)
    with claim("RT-CALL-04", "a service app calls a user of its company, and nobody of another"):
        observe(categories(caller), ["space.call.offer.sent", "space.call.offer.failed"])
    with claim("RT-CALL-04", "the offer of a service app rings in its company alone"):
        observe([categories(phone), stranger.heard()], [["space.call.offer"], []])


@behaviour("RT-CALL-01", "RT-CALL-03")
@pytest.mark.parametrize("word", ["accepted", "rejected", "cancelled", "ended"])
@pytest.mark.parametrize("by", ["receiver", "caller"])
def test_an_answer_reaches_all_parties(cloud: Cloud, sockets: Sockets, word: str, by: str) -> None:
    """What one party says about the call is relayed to all sockets of both, their own included."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    caller, phone = sockets.join(ann), sockets.join(bob)
    others = [sockets.join(ann), sockets.join(bob)]
    offer(caller, bob)
    call_id = heard(caller)[0]["spaceCallId"]
    for one in (phone, *others):
        one.frames()
    speaker, listener = (phone, caller) if by == "receiver" else (caller, phone)
    answer(speaker, word, call_id)
    shown = expect if word in ("accepted", "rejected") else observe
    with claim("RT-CALL-03", "all sockets of both parties hear it, the speaker's own too"):
        shown([categories(one) for one in (speaker, *others)], [[f"space.call.{word}"]] * 3)
    with claim("RT-CALL-01", "RT-CALL-03", "the other party hears it, with the call id"):
        (told,) = heard(listener)
        observe([told["category"], told["spaceCallId"]], [f"space.call.{word}", call_id])
    with claim("RT-CALL-03", "the speaker is its sender"):
        observe(told["sender"]["_id"], bob.id if by == "receiver" else ann.id)


@behaviour("RT-CALL-03", "RT-CALL-04")
def test_only_a_party_may_answer(cloud: Cloud, sockets: Sockets) -> None:
    """Answers of others, to unknown calls, and words of the server are ignored."""
    ann, bob, mia = cloud.user(), cloud.user("bob@example.com"), cloud.user("mia@example.com")
    caller, phone, other = sockets.join(ann), sockets.join(bob), sockets.join(mia)
    offer(caller, bob)
    call_id = heard(caller)[0]["spaceCallId"]
    phone.frames()
    every = (other, phone, caller)
    with claim("RT-CALL-04", "the answer of somebody who is no party is ignored"):
        answer(other, "ended", call_id)
        observe([one.heard() for one in every], [[], [], []])
    with claim("RT-CALL-04", "an answer to an unknown call is ignored"):
        answer(other, "accepted", "unknown")
        observe([one.heard() for one in every], [[], [], []])
    for word in ("not.answered", "offer.failed"):
        with claim("RT-CALL-03", f"{word} of a party is ignored"):
            answer(phone, word, call_id)
            observe([one.heard() for one in every], [[], [], []])


# --- pairing


@behaviour("RT-PAIR-01")
def test_pairing_tells_the_sockets_of_the_user(cloud: Cloud, sockets: Sockets) -> None:
    """A pairing that a test begins is announced with all members, and its token is valid."""
    ann = cloud.user()
    chat, other = sockets.join(ann), sockets.join(cloud.user("bob@example.com"))
    cloud.control("POST", "/pairings", {"username": ann.username, "app_id": "room-app"})
    with claim("RT-PAIR-01", "a pairing is announced with all members"):
        name, told = chat.hear()
        expect(name, "APP_PAIRING_AUTHORIZED")
        expect(
            {member: sorted(value) if isinstance(value, dict) else value for member, value in told.items()},
            {
                "isPairingAuthorized": True,
                "channel": ["_id", "isPrivate", "type"],
                "authorizer": ["_id", "display", "type", "username"],
                "pairing_info": ["app_id", "pairing_time", "pairingcode"],
                "sipInfo": ["sipURI"],
                "accessToken": ["expires", "scope", "token", "type"],
                "app": ["_id", "displayname", "picture_url", "role", "type", "username"],
            },
        )
    with claim("RT-PAIR-01", "the channel is of type TOPIC"):
        expect(told["channel"]["type"], "TOPIC")
    with claim("RT-PAIR-01", "the token has the documented scopes"):
        wanted = "space.read space.write meeting.read meeting.write app.profile authorizer.profile space.join"
        expect(told["accessToken"]["scope"], wanted.split())
    with claim("RT-PAIR-01", "its token is of type sat, lasts five days, and is valid"):
        token = told["accessToken"]
        expect([token["type"], token["expires"], told["authorizer"]["_id"]], ["sat", 432_000, ann.id])
        expect(cloud.call("GET", f"/apps/tokeninfo/sat/{token['token']}").status_code, 200)
    with claim("RT-PAIR-01", "nobody else hears of it"):
        observe(other.heard(), [])
