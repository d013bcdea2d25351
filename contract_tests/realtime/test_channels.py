"""Channels: subscribing to a space and leaving it (RT-SUB-*, RT-UNSUB-*)."""

from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, TEXT, Cloud, Person, behaviour, only_mock, refused
from contract_tests.sockets import DIGITS, UUID, Sockets, direct_space


@behaviour("RT-SUB-01", "RT-SUB-02", "RT-SUB-03", "RT-SUB-08")
def test_a_subscription_is_answered_to_its_socket_alone(cloud: Cloud, sockets: Sockets) -> None:
    """The answer names channel, dtsid and session; the dtsid is new each time, the session that of the connection."""
    ann = cloud.user()
    space, other = cloud.space(ann), cloud.space(ann)
    chat, bystander = sockets.join(ann), sockets.join(ann)
    with claim("RT-SUB-01", "a channel with its type, id and null as password is understood"):
        name, told = chat.subscribe(space, password=None)
        expect(name, "CHANNEL_SUBSCRIBED")
    with claim("RT-SUB-02", "the answer has channel, dtsid and sessionId"):
        expect(sorted(told), ["channel", "dtsid", "sessionId"])
        expect(told["channel"], {"_id": space, "type": "topic"})
    with claim("RT-SUB-03", "dtsid is a decimal number, sessionId a UUID"):
        expect((told["dtsid"], told["sessionId"]), (DIGITS, UUID))
    with claim("RT-SUB-08", "a second subscription of a channel is answered again, with a new dtsid"):
        again_name, again = chat.subscribe(space)
        observe((again_name, again["dtsid"] != told["dtsid"]), ("CHANNEL_SUBSCRIBED", True))
    with claim("RT-SUB-03", "dtsid is new with each subscription, another channel's too"):
        elsewhere = chat.subscribe(other)[1]
        observe(len({told["dtsid"], again["dtsid"], elsewhere["dtsid"]}), 3)
    with claim("RT-SUB-03", "sessionId is that of the connection"):
        observe({told["sessionId"], again["sessionId"], elsewhere["sessionId"]}, {told["sessionId"]})
    with claim("RT-SUB-02", "another socket of the same person hears nothing of it"):
        expect(bystander.heard(), [])
    with claim("RT-SUB-08", "a channel that was subscribed twice delivers once"):
        cloud.message(space, ann)
        observe(len(chat.said("MESSAGE_SENT")), 1)


@behaviour("RT-SUB-01", "RT-SUB-03", "RT-SUB-06")
def test_neither_version_nor_password_shows(cloud: Cloud, sockets: Sockets) -> None:
    """The version has no effect, a success names the channel without its password, a failure as it was sent."""
    room = cloud.room(settings={"confPin": "4711"})
    chat = sockets.join(room.stranger)
    payload = {"channel": {"_id": room.id, "type": "topic", "password": "4711"}, "version": "9.9"}
    with claim("RT-SUB-01", "the version has no effect"):
        name, told = chat.ask("SUBSCRIBE_CHANNEL", payload)
        observe(name, "CHANNEL_SUBSCRIBED")
    with claim("RT-SUB-03", "a password is not echoed by a success"):
        observe(sorted(told["channel"]), ["_id", "type"])
    with claim("RT-SUB-06", "a wrong PIN is refused with space.pin_wrong"):
        name, failure = chat.subscribe(room.id, password="0815")
        observe((name, failure["error"]["code"]), ("SUBSCRIBE_CHANNEL_FAILED", "space.pin_wrong"))
    with claim("RT-SUB-06", "the channel of a failure is what was sent, odd members included"):
        _name, failure = chat.subscribe(room.id, password="0815", odd=[1])
        expect(sorted(failure), ["channel", "error"])
        expect(failure["channel"], {"_id": room.id, "type": "topic", "password": "0815", "odd": [1]})
    with claim("RT-SUB-06", "the error is an object with a code and a message"):
        expect((sorted(failure["error"]), failure["error"]["message"]), (["code", "message"], TEXT))


@behaviour("RT-SUB-04", "RT-ACC-02")
@pytest.mark.parametrize("who", ["admin", "member", "guest", "anonymous", "stranger"])
def test_everybody_may_listen_in_an_open_space(cloud: Cloud, sockets: Sockets, who: str) -> None:
    """Participants and people who never joined subscribe to a space that is not private."""
    room = cloud.room()
    chat = sockets.join(getattr(room, who))
    with claim("RT-SUB-04", "RT-ACC-02", "they may listen in an open space"):
        observe(chat.subscribe(room.id)[0], "CHANNEL_SUBSCRIBED")


@behaviour("RT-SUB-04")
@pytest.mark.parametrize("who", ["admin", "member", "guest", "anonymous", "stranger"])
@pytest.mark.parametrize("all_guests", [True, False], ids=["all guests", "anonymous only"])
def test_the_pin_is_asked_as_over_rest(cloud: Cloud, sockets: Sockets, who: str, *, all_guests: bool) -> None:
    """Guests and strangers need the PIN, with allGuests false anonymous users alone; null and empty are none."""
    room = cloud.room(settings={"confPin": "4711", "passwordRequired": {"allGuests": all_guests}})
    chat = sockets.join(cloud.guest() if who == "anonymous" else getattr(room, who))  # that of the room joined with it
    asked = who == "anonymous" or (all_guests and who in {"guest", "stranger"})
    for password in (None, "", "null"):
        with claim("RT-SUB-04", f"the PIN is asked of those who need it, if the password is {password!r}"):
            name, told = chat.subscribe(room.id, password=password)
            observe(told.get("error", {}).get("code"), "space.pin_required" if asked else None, name)
    with claim("RT-SUB-04", "the right PIN lets everybody in"):
        observe(chat.subscribe(room.id, password="4711")[0], "CHANNEL_SUBSCRIBED")


@behaviour("RT-SUB-05", "RT-SUB-06")
def test_a_visitor_becomes_no_member(cloud: Cloud, sockets: Sockets) -> None:
    """Subscribing enters nobody into the roster, and a visitor stays when the space becomes private."""
    room = cloud.room()
    chat = sockets.join(room.stranger, room.id)
    with claim("RT-SUB-05", "a visitor is not in the roster"):
        roster = cloud.call("GET", f"/spaces/{room.id}", room.admin).json()["members"]
        observe([one for one in roster if one["member"] == room.stranger.id], [])
    cloud.shut(room.id, room.admin)
    with claim("RT-SUB-05", "no event tells visitors that the space became private"):
        observe(chat.heard(), [])
    with claim("RT-SUB-05", "a visitor goes on listening in a space that became private"):
        cloud.message(room.id, room.admin)
        observe(len(chat.said("MESSAGE_SENT")), 1)
    with claim("RT-SUB-06", "a stranger is refused in a private space"):
        observe(sockets.join(room.stranger).subscribe(room.id)[1]["error"]["code"], "space.members_only")


@behaviour("RT-SUB-05")
def test_a_visitor_starts_a_meeting_but_no_recording(cloud: Cloud, sockets: Sockets) -> None:
    """A subscriber who never joined may start a meeting; to record it needs a role they do not have."""
    room = cloud.room()
    chat = sockets.join(room.stranger, room.id)
    with claim("RT-SUB-05", "a visitor starts a meeting"):
        chat.media("tracksstatus", room.id, media={"connected": True})
        categories = [payload["category"] for payload in chat.said("MEDIA_SESSION_RESPONSE")]
        observe(categories[0], "app.event.meeting.started")
    meeting = cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).json()["_id"]
    path = f"/spaces/{room.id}/meetings/{meeting}/recordings"
    with claim("RT-SUB-05", "a visitor starts no recording"):
        refused(cloud.call("POST", path, room.stranger), 403, "permission.denied")


def fails(sockets: Sockets, who: Person, space: str, code: str) -> None:
    """Assert that somebody may not listen in a space, and the whole payload that says so."""
    name, told = sockets.join(who).subscribe(space)
    observe((name, told["channel"]), ("SUBSCRIBE_CHANNEL_FAILED", {"_id": space, "type": "topic"}))
    observe(told["error"], {"code": code, "message": TEXT})


@behaviour("RT-SUB-06")
def test_who_may_not_listen_learns_why(cloud: Cloud, sockets: Sockets) -> None:
    """Unknown, private and archived spaces have codes of their own."""
    sid = cloud.user("sid@elsewhere.example")
    with claim("RT-SUB-06", "an unknown space is not found"):
        fails(sockets, sid, "f" * 24, "space.not_found")
    with claim("RT-SUB-06", "what is no id is not found"):
        fails(sockets, sid, "not-an-id", "space.not_found")
    ann = cloud.user()
    private = cloud.private_space(ann)
    with claim("RT-SUB-06", "a stranger is refused in a private space"):
        fails(sockets, sid, private, "space.members_only")
    archived = cloud.open_space(ann, archived=True)
    with claim("RT-SUB-06", "a stranger is refused in an archived space"):
        fails(sockets, sid, archived, "topic.invalid_acesss_to_archived_topic")


@behaviour("RT-SUB-06")
def test_a_stranger_is_refused_in_a_personal_room(cloud: Cloud, sockets: Sockets) -> None:
    """A meeting room that is private is as any private space."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")
    only_mock(cloud, "would change the settings of somebody's meeting room")
    personal = cloud.shut(cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"], ann)
    with claim("RT-SUB-06", "a stranger is refused in a private meeting room"):
        fails(sockets, sid, personal, "space.members_only")


@behaviour("RT-SUB-06", "RT-ACC-02")
def test_a_service_app_listens_in_spaces_of_its_company_only(cloud: Cloud, sockets: Sockets) -> None:
    """An app of another company, even of one without people, is refused for that."""
    ann = cloud.user()
    private, room = cloud.private_space(ann), cloud.open_space(ann)
    rival = cloud.app("spaces.websocket", company="Rival")
    with claim("RT-SUB-06", "RT-ACC-02", "an app of another company is refused, whether the space is private or open"):
        for space in (private, room):
            name, told = sockets.join(rival).subscribe(space)
            observe((name, told["error"]["code"]), ("SUBSCRIBE_CHANNEL_FAILED", "permission.other_company"))
    cloud.control("POST", "/companies", {"name": "Elsewhere", "domains": ["elsewhere-company.example"]})
    app = cloud.app("spaces.websocket", company="Elsewhere")
    with claim("RT-SUB-06", "an app of a company without people is refused"):
        observe(sockets.join(app).subscribe(private)[1]["error"]["code"], "permission.other_company")


@behaviour("RT-SUB-06", "RT-SUB-04")
def test_a_direct_space_admits_no_third_person(cloud: Cloud, sockets: Sockets) -> None:
    """Somebody who is not one of the two parties is refused with permission.denied."""
    ann, bob, sid = cloud.user(), cloud.user("bob@example.com"), cloud.user("sid@elsewhere.example")
    direct = direct_space(cloud, ann, bob)
    with claim("RT-SUB-06", "a third person is refused in a direct space"):
        observe(sockets.join(sid).subscribe(direct)[1]["error"]["code"], "permission.denied")
    with claim("RT-SUB-04", "a party may listen in a direct space"):
        observe(sockets.join(bob).subscribe(direct)[0], "CHANNEL_SUBSCRIBED")


@behaviour("RT-SUB-06", "RT-SUB-07")
@pytest.mark.parametrize(
    "payload",
    [
        {},
        {"channel": {"connected": False}},
        {"channel": {"_id": "", "type": "topic"}},
        {"channel": {"_id": 7, "type": "topic"}},
        {"channel": {"_id": "x", "type": "user"}},
        {"channel": "x"},
    ],
)
def test_a_bad_channel_is_refused(cloud: Cloud, sockets: Sockets, payload: Any) -> None:
    """No channel, a missing or empty id and another type are answered by invalid.parameters."""
    chat = sockets.join(cloud.user())
    with claim("RT-SUB-07", "it fails with invalid.parameters"):
        name, told = chat.ask("SUBSCRIBE_CHANNEL", payload)
        expect(name, "SUBSCRIBE_CHANNEL_FAILED")
        (expect if payload == {} else observe)(told["error"]["code"], "invalid.parameters")
    with claim("RT-SUB-06", "the channel is what was sent"):
        observe(told["channel"], payload.get("channel"))


@behaviour("RT-SUB-07")
def test_a_password_that_is_no_text_is_refused(cloud: Cloud, sockets: Sockets) -> None:
    """The password is a string or null."""
    ann = cloud.user()
    space, chat = cloud.space(ann), sockets.join(ann)
    with claim("RT-SUB-07", "a number as password is refused"):
        observe(chat.subscribe(space, password=4711)[1]["error"]["code"], "invalid.parameters")


@behaviour("RT-SUB-09")
def test_one_connection_listens_in_many_spaces(cloud: Cloud, sockets: Sockets) -> None:
    """Events of several subscriptions come on one connection and are told apart by topicId."""
    ann = cloud.user()
    spaces = [cloud.space(ann) for _ in range(3)]
    chat = sockets.join(ann, *spaces)
    with claim("RT-SUB-09", "events of three spaces come on one connection, each with its topicId"):
        for space in spaces:
            cloud.message(space, ann)
        expect([one["topicId"] for one in chat.said("MESSAGE_SENT")], spaces)


@behaviour("RT-SUB-10")
def test_subscribing_is_a_visit_of_a_participant(cloud: Cloud, sockets: Sockets) -> None:
    """The lastAccess of a participant is set; archived spaces may be subscribed by their participants."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    path = f"/spaces/{space}"
    before = cloud.call("GET", path, ann).json().get("lastAccess")
    sockets.join(ann, space)
    with claim("RT-SUB-10", "subscribing sets the lastAccess of a participant"):
        after = cloud.call("GET", path, ann).json()["lastAccess"]
        observe(after, ISO_TIME)
        assert after != before
    if cloud.mock:
        assert before is None
    archived = cloud.open_space(ann, archived=True)
    chat = sockets.join(ann)
    with claim("RT-SUB-10", "a participant may listen in an archived space"):
        observe(chat.subscribe(archived)[0], "CHANNEL_SUBSCRIBED")


@behaviour("USERS-HIDE-04", "RT-SUB-10")
def test_subscribing_shows_no_hidden_space_again(cloud: Cloud, sockets: Sockets) -> None:
    """Who listens in a space that they hid still does not find it in their list."""
    ann = cloud.user()
    space = cloud.space(ann)
    with claim("RT-SUB-10", "who hid a space may listen in it"):
        observe(cloud.call("POST", f"/users/me/spaces/{space}/hide", ann).status_code, 200)
        observe(sockets.join(ann).subscribe(space)[0], "CHANNEL_SUBSCRIBED")
    with claim("USERS-HIDE-04", "listening in a hidden space does not show it again"):
        listed = cloud.call("GET", "/users/me/spaces", ann).json()["data"]
        observe([one for one in listed if space in (one.get("_id"), one.get("targetId"))], [])
        if cloud.mock:
            assert listed == []


@behaviour("RT-UNSUB-01")
def test_leaving_is_answered_and_ends_delivery(cloud: Cloud, sockets: Sockets) -> None:
    """The answer goes to that socket alone, and no event of the space comes any more, a password notwithstanding."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat, other = sockets.join(ann, space), sockets.join(ann, space)
    channel = {"_id": space, "type": "topic"}
    with claim("RT-UNSUB-01", "leaving is answered, a password notwithstanding"):
        answer = chat.ask("UNSUBSCRIBE_CHANNEL", {"channel": {**channel, "password": None}})
        expect(answer, ("CHANNEL_UNSUBSCRIBED", {"channel": channel}))
    cloud.message(space, ann)
    with claim("RT-UNSUB-01", "whoever left hears no event of the space"):
        expect(chat.heard(), [])
    with claim("RT-UNSUB-01", "another socket neither hears the answer nor is unsubscribed"):
        expect([name for name, _payload in other.heard()], ["MESSAGE_SENT"])


@behaviour("RT-UNSUB-02")
@pytest.mark.parametrize(
    ("channel", "shown"),
    [
        ({"_id": "unknown", "type": "topic"}, "unknown"),
        ({"_id": "", "type": "topic"}, ""),
        ({"type": "topic"}, ""),
        ({}, ""),
        (None, ""),
    ],
)
def test_leaving_where_one_is_not_is_answered_all_the_same(
    cloud: Cloud, sockets: Sockets, channel: Any, shown: str
) -> None:
    """There is no failure: the answer repeats the id that was given, or an empty one."""
    chat = sockets.join(cloud.user())
    with claim("RT-UNSUB-02", "it is answered with the id that was given"):
        answer = chat.ask("UNSUBSCRIBE_CHANNEL", {"channel": channel})
        observe(answer, ("CHANNEL_UNSUBSCRIBED", {"channel": {"_id": shown, "type": "topic"}}))


@behaviour("RT-UNSUB-03", "RT-ACC-06", "RT-REST-06")
def test_a_removed_person_is_unsubscribed(cloud: Cloud, sockets: Sockets) -> None:
    """Who is removed from a space gets CHANNEL_UNSUBSCRIBED unasked on each socket and hears no more; others stay."""
    room = cloud.room()
    removed, other = [sockets.join(room.member, room.id) for _ in range(2)], sockets.join(room.admin, room.id)
    path = f"/spaces/{room.id}/attendees/userId/{room.member.id}"
    answer = cloud.call("DELETE", path, room.admin)
    assert answer.status_code == 200, answer.text
    told = ("CHANNEL_UNSUBSCRIBED", {"channel": {"_id": room.id, "type": "topic"}})
    with claim("RT-UNSUB-03", "RT-REST-06", "each socket of a removed person is told CHANNEL_UNSUBSCRIBED unasked"):
        observe([one.heard() for one in removed], [[told], [told]])
    cloud.message(room.id, room.admin)
    with claim("RT-ACC-06", "a removed person hears no more"):
        observe([one.heard() for one in removed], [[], []])
    with claim("RT-REST-06", "others hear nothing of it and stay"):
        observe([name for name, _payload in other.heard()], ["MESSAGE_SENT"])


@behaviour("RT-UNSUB-03", "RT-ACC-06", "RT-REST-03", "RT-SENT-07")
def test_a_deleted_space_says_so_and_then_closes(cloud: Cloud, sockets: Sockets) -> None:
    """Deleting a space announces its new status to every subscriber, and then ends all subscriptions."""
    ann = cloud.user()
    space = cloud.space(ann, "Room")
    chat = sockets.join(ann, space)
    assert cloud.call("DELETE", f"/spaces/{space}", ann).status_code == 200
    told = chat.heard()
    with claim("RT-REST-03", "a subscriber of a deleted space hears topic.updated, and then that it is unsubscribed"):
        (first, updated), (second, channel) = told
        observe((first, second), ("MESSAGE_SENT", "CHANNEL_UNSUBSCRIBED"))
    with claim("RT-SENT-07", "topic.updated of a deletion has the title and status 2"):
        observe((updated["category"], updated["content"]), ("topic.updated", {"title": "Room", "status": 2}))
    with claim("RT-UNSUB-03", "RT-ACC-06", "the subscription of a deleted space ends"):
        observe(channel, {"channel": {"_id": space, "type": "topic"}})
