"""Channels: subscribing to a space and leaving it (RT-SUB-*, RT-UNSUB-*)."""

from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, Cloud, behaviour
from contract_tests.sockets import DIGITS, UUID, Sockets, direct_space

NO_CLAIMS_YET = True


@behaviour("RT-SUB-01", "RT-SUB-02", "RT-SUB-03", "RT-SUB-08")
def test_a_subscription_is_answered_to_its_socket_alone(cloud: Cloud, sockets: Sockets) -> None:
    """The answer names channel, dtsid and session; the dtsid is new each time, the session that of the connection."""
    ann = cloud.user()
    space, other = cloud.space(ann), cloud.space(ann)
    chat, bystander = sockets.join(ann), sockets.join(ann)
    name, told = chat.subscribe(space, password=None)
    expect(name, "CHANNEL_SUBSCRIBED")
    channel = {"_id": space, "type": "topic"}
    expect(told, {"channel": channel, "dtsid": DIGITS, "sessionId": UUID})
    again, elsewhere = chat.subscribe(space)[1], chat.subscribe(other)[1]
    observe(len({told["dtsid"], again["dtsid"], elsewhere["dtsid"]}), 3)
    observe({told["sessionId"], again["sessionId"], elsewhere["sessionId"]}, {told["sessionId"]})
    expect(bystander.heard(), [])
    cloud.message(space, ann)
    observe(len(chat.said("MESSAGE_SENT")), 1)


@behaviour("RT-SUB-01", "RT-SUB-03")
def test_neither_version_nor_password_shows(cloud: Cloud, sockets: Sockets) -> None:
    """The version has no effect, and a password is never echoed, refused or not."""
    room = cloud.room(settings={"confPin": "4711"})
    chat = sockets.join(room.stranger)
    payload = {"channel": {"_id": room.id, "type": "topic", "password": "4711"}, "version": "9.9"}
    name, told = chat.ask("SUBSCRIBE_CHANNEL", payload)
    observe((name, sorted(told["channel"])), ("CHANNEL_SUBSCRIBED", ["_id", "type"]))
    failure = {"channel": {"_id": room.id, "type": "topic"}, "error": "space.pin_wrong"}
    observe(chat.subscribe(room.id, password="0815"), ("SUBSCRIBE_CHANNEL_FAILED", failure))


@behaviour("RT-SUB-04", "RT-ACC-02")
@pytest.mark.parametrize("who", ["admin", "member", "guest", "anonymous", "stranger"])
def test_everybody_may_listen_in_an_open_space(cloud: Cloud, sockets: Sockets, who: str) -> None:
    """Participants and people who never joined subscribe to a space that is not private."""
    room = cloud.room()
    observe(sockets.join(getattr(room, who)).subscribe(room.id)[0], "CHANNEL_SUBSCRIBED")


@behaviour("RT-SUB-04")
@pytest.mark.parametrize("who", ["admin", "member", "guest", "anonymous", "stranger"])
@pytest.mark.parametrize("all_guests", [True, False], ids=["all guests", "anonymous only"])
def test_the_pin_is_asked_as_over_rest(cloud: Cloud, sockets: Sockets, who: str, *, all_guests: bool) -> None:
    """Guests and strangers need the PIN, with allGuests false anonymous users alone; null and empty are none."""
    room = cloud.room(settings={"confPin": "4711", "passwordRequired": {"allGuests": all_guests}})
    chat = sockets.join(getattr(room, who))
    asked = who == "anonymous" or (all_guests and who in {"guest", "stranger"})
    for password in (None, "", "null"):
        name, told = chat.subscribe(room.id, password=password)
        observe(told.get("error"), "space.pin_required" if asked else None, name)
    observe(chat.subscribe(room.id, password="4711")[0], "CHANNEL_SUBSCRIBED")


@behaviour("RT-SUB-05")
def test_a_visitor_becomes_no_member(cloud: Cloud, sockets: Sockets) -> None:
    """Subscribing enters nobody into the roster, and a visitor stays when the space becomes private."""
    room = cloud.room()
    chat = sockets.join(room.stranger, room.id)
    roster = cloud.call("GET", f"/spaces/{room.id}", room.admin).json()["members"]
    observe([one for one in roster if one["member"] == room.stranger.id], [])
    cloud.call("POST", f"/spaces/{room.id}", room.admin, json={"settings": {"memberOnly": True}})
    observe(chat.heard(), [])
    cloud.message(room.id, room.admin)
    observe(len(chat.said("MESSAGE_SENT")), 1)
    observe(sockets.join(room.stranger).subscribe(room.id)[1]["error"], "space.members_only")


@behaviour("RT-SUB-05")
def test_a_visitor_starts_a_meeting_but_no_recording(cloud: Cloud, sockets: Sockets) -> None:
    """A subscriber who never joined may start a meeting; to record it needs a role he does not have."""
    room = cloud.room()
    chat = sockets.join(room.stranger, room.id)
    chat.media("tracksstatus", room.id, media={"connected": True})
    categories = [payload["category"] for payload in chat.said("MEDIA_SESSION_RESPONSE")]
    observe(categories[0], "app.event.meeting.started")
    meeting = cloud.call("GET", f"/spaces/{room.id}/activemeeting", room.admin).json()["_id"]
    path = f"/spaces/{room.id}/meetings/{meeting}/recordings"
    observe(cloud.call("POST", path, room.stranger).status_code, 403)


@behaviour("RT-SUB-06")
def test_who_may_not_listen_learns_why(cloud: Cloud, sockets: Sockets) -> None:
    """Unknown, private, archived and foreign spaces, and direct spaces of others, have codes of their own."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")
    private = cloud.private_space(ann)
    archived = cloud.open_space(ann, archived=True)
    personal = cloud.shut(cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"], ann)
    cloud.control("POST", "/companies", {"name": "Elsewhere", "domains": ["elsewhere-company.example"]})
    app = cloud.app("spaces.websocket", company="Elsewhere")
    chat = sockets.join(sid)
    for space, code in (
        ("f" * 24, "space.not_found"),
        ("not-an-id", "space.not_found"),
        (private, "space.members_only"),
        (personal, "space.members_only"),
        (archived, "topic.invalid_acesss_to_archived_topic"),
    ):
        failure = {"channel": {"_id": space, "type": "topic"}, "error": code}
        observe(chat.subscribe(space), ("SUBSCRIBE_CHANNEL_FAILED", failure))
    observe(sockets.join(app).subscribe(private)[1]["error"], "permission.other_company")


@behaviour("RT-SUB-06")
def test_a_direct_space_admits_no_third_person(cloud: Cloud, sockets: Sockets) -> None:
    """Somebody who is not one of the two parties is refused with permission.denied."""
    ann, bob, sid = cloud.user(), cloud.user("bob@example.com"), cloud.user("sid@elsewhere.example")
    direct = direct_space(cloud, ann, bob)
    observe(sockets.join(sid).subscribe(direct)[1]["error"], "permission.denied")
    observe(sockets.join(bob).subscribe(direct)[0], "CHANNEL_SUBSCRIBED")


@behaviour("RT-SUB-07", "RT-SUB-06")
@pytest.mark.parametrize(
    ("payload", "shown"),
    [
        ({"channel": {"connected": False}}, {"_id": "", "type": "topic"}),
        ({"channel": {"_id": "", "type": "topic"}}, {"_id": "", "type": "topic"}),
        ({"channel": {"_id": 7, "type": "topic"}}, {"_id": "", "type": "topic"}),
        ({"channel": {"_id": "x", "type": "user"}}, {"_id": "x", "type": "user"}),
        ({"channel": "x"}, {"_id": "", "type": "topic"}),
        ({}, {"_id": "", "type": "topic"}),
    ],
)
def test_a_bad_channel_is_refused(cloud: Cloud, sockets: Sockets, payload: Any, shown: dict[str, str]) -> None:
    """A missing or empty id and another type are answered by request.invalid."""
    answer = sockets.join(cloud.user()).ask("SUBSCRIBE_CHANNEL", payload)
    observe(answer, ("SUBSCRIBE_CHANNEL_FAILED", {"channel": shown, "error": "request.invalid"}))


@behaviour("RT-SUB-06")
def test_a_password_that_is_no_text_is_refused(cloud: Cloud, sockets: Sockets) -> None:
    """The password is a string or null."""
    ann = cloud.user()
    observe(sockets.join(ann).subscribe(cloud.space(ann), password=4711)[1]["error"], "request.invalid")


@behaviour("RT-SUB-09")
def test_one_connection_listens_in_many_spaces(cloud: Cloud, sockets: Sockets) -> None:
    """Events of several subscriptions come on one connection and are told apart by topicId."""
    ann = cloud.user()
    spaces = [cloud.space(ann) for _ in range(3)]
    chat = sockets.join(ann, *spaces)
    for space in spaces:
        cloud.message(space, ann)
    expect([one["topicId"] for one in chat.said("MESSAGE_SENT")], spaces)


@behaviour("RT-SUB-10")
def test_subscribing_is_a_visit_of_a_participant(cloud: Cloud, sockets: Sockets) -> None:
    """The lastAccess of a participant is set; archived spaces may be subscribed by their participants."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    observe(cloud.call("GET", f"/spaces/{space}", ann).json()["lastAccess"], None)
    sockets.join(ann, space)
    observe(cloud.call("GET", f"/spaces/{space}", ann).json()["lastAccess"], ISO_TIME)
    sockets.join(ann, cloud.open_space(ann, archived=True))


@behaviour("USERS-HIDE-04", "RT-SUB-10")
def test_subscribing_shows_no_hidden_space_again(cloud: Cloud, sockets: Sockets) -> None:
    """Who listens in a space that he hid still does not find it in his list."""
    ann = cloud.user()
    space = cloud.space(ann)
    cloud.call("POST", f"/users/me/spaces/{space}/hide", ann)
    sockets.join(ann, space)
    observe(cloud.call("GET", "/users/me/spaces", ann).json()["data"], [])


@behaviour("RT-UNSUB-01")
def test_leaving_is_answered_and_ends_delivery(cloud: Cloud, sockets: Sockets) -> None:
    """The answer goes to that socket alone, and no event of the space comes any more, a password notwithstanding."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat, other = sockets.join(ann, space), sockets.join(ann, space)
    channel = {"_id": space, "type": "topic"}
    answer = chat.ask("UNSUBSCRIBE_CHANNEL", {"channel": {**channel, "password": None}})
    expect(answer, ("CHANNEL_UNSUBSCRIBED", {"channel": channel}))
    cloud.message(space, ann)
    expect(chat.heard(), [])
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
    answer = sockets.join(cloud.user()).ask("UNSUBSCRIBE_CHANNEL", {"channel": channel})
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
    observe([one.heard() for one in removed], [[told], [told]])
    cloud.message(room.id, room.admin)
    observe([removed[0].heard(), [name for name, _payload in other.heard()]], [[], ["MESSAGE_SENT"]])


@behaviour("RT-UNSUB-03", "RT-ACC-06", "RT-REST-03", "RT-SENT-07")
def test_a_deleted_space_says_so_and_then_closes(cloud: Cloud, sockets: Sockets) -> None:
    """Deleting a space announces its new status to every subscriber, and then ends all subscriptions."""
    ann = cloud.user()
    space = cloud.space(ann, "Room")
    chat = sockets.join(ann, space)
    assert cloud.call("DELETE", f"/spaces/{space}", ann).status_code == 200
    (first, updated), (second, channel) = chat.heard()
    observe((first, second), ("MESSAGE_SENT", "CHANNEL_UNSUBSCRIBED"))
    observe((updated["category"], updated["content"]), ("topic.updated", {"title": "Room", "status": 2}))
    observe(channel, {"channel": {"_id": space, "type": "topic"}})
