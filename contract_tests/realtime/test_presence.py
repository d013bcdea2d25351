"""Presence: relayed between clients, never answered by the server (RT-PRES-*)."""

from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import URL, Cloud, behaviour
from contract_tests.sockets import UUID, Chat, Sockets, displayname

RESPONSE = "PRESENCE_EVENT_RESPONSE"
PARTY = "app.event.presence.party"
CONTENT = {
    "desktop": True,
    "idle": False,
    "offline": False,
    "role": "admin",
    "mediaSession": {"audio": False, "video": False, "connected": False},
    "subscribeTime": "2031-02-03T04:05:06.789Z",
    "joinedSessionIds": [],
}

FOR_PEOPLE = {"authorizedBy": None, "authorizedResources": None, "scope": None}  # members of the sender


def categories(chat: Chat) -> list[str]:
    return [payload["category"] for payload in chat.said(RESPONSE)]


@behaviour("RT-PRES-01", "RT-PRES-02", "RT-PRES-03", "RT-PRES-05")
def test_a_presence_event_reaches_every_subscriber(cloud: Cloud, sockets: Sockets) -> None:
    """It is relayed to all, the sender included, with sender, session and attendee filled by the server."""
    room = cloud.room()
    ann = displayname(cloud, room.admin)
    own, other = sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)
    with claim("RT-PRES-02", "a subscriber's event results in PRESENCE_EVENT_RESPONSE"):
        own.presence("online", room.id, content=CONTENT, version="1.1", sender={"_id": "forged"}, userId="x")
        name, told = own.hear()
        expect(name, RESPONSE)
    with claim("RT-PRES-01", "category, space, content, receivers and version are those that were sent"):
        kept = {member: told[member] for member in ("category", "topicId", "receivers", "version")}
        expect(kept, {"category": f"{PARTY}.online", "topicId": room.id, "receivers": [], "version": "1.1"})
        expect({member: told["content"][member] for member in CONTENT}, CONTENT)
    with claim("RT-PRES-03", "the sender is filled by the server, whatever the client claims"):
        sender: dict[str, Any] = {
            "_id": room.admin.id,
            "type": "user",
            "username": room.admin.username,
            "displayname": ann,
            "picture_url": URL,
            "phone_numbers": [],
            **FOR_PEOPLE,
        }
        expect(told["sender"], sender)
    with claim("RT-PRES-03", "content has session and attendee besides what was sent"):
        attendee = {"attendeeType": "userId", "attendee": room.admin.id}
        expect(told["content"], {**CONTENT, "sessionId": UUID, "attendee": attendee})
    with claim("RT-PRES-03", "there are six members"):
        expect(sorted(told), ["category", "content", "receivers", "sender", "topicId", "version"])
    with claim("RT-PRES-05", "another subscriber hears the same, once"):
        expect(other.heard(), [(RESPONSE, told)])


@behaviour("RT-PRES-03")
def test_an_anonymous_sender_is_named_as_such(cloud: Cloud, sockets: Sockets) -> None:
    """The attendee of an anonymous sender has the type anonymousId, and the session is that of the subscription."""
    room = cloud.room()
    chat = sockets.join(room.anonymous)
    session = chat.subscribe(room.id)[1]["sessionId"]
    with claim("RT-PRES-03", "an anonymous sender has the type anonymous"):
        chat.presence("online", room.id)
        _name, told = chat.hear()
        observe(told["sender"]["type"], "anonymous")
    with claim("RT-PRES-03", "an anonymous attendee has the type anonymousId"):
        expect(told["content"]["attendee"], {"attendeeType": "anonymousId", "attendee": room.anonymous.id})
    with claim("RT-PRES-03", "the session is that of the subscription"):
        expect(told["content"]["sessionId"], session)


@behaviour("RT-PRES-03")
def test_loopback_metadata_of_presence_goes_to_the_origin_alone(cloud: Cloud, sockets: Sockets) -> None:
    """Only the connection that sent the event gets its metadata back."""
    room = cloud.room()
    own, other = sockets.join(room.admin, room.id), sockets.join(room.admin, room.id)
    own.presence("online", room.id, loopbackMetadata={"a": 1})
    with claim("RT-PRES-03", "the origin gets its metadata back"):
        expect(own.hear()[1]["loopbackMetadata"], {"a": 1})
    with claim("RT-PRES-03", "another connection does not get the metadata"):
        expect("loopbackMetadata" in other.hear()[1], wanted=False)


@behaviour("RT-PRES-04", "RT-PRES-06")
@pytest.mark.parametrize(
    "category", [f"{PARTY}.online", f"{PARTY}.leaves", "app.event.presence.request.parties", "party.typing", "own.word"]
)
def test_every_category_is_relayed_and_none_answered(cloud: Cloud, sockets: Sockets, category: str) -> None:
    """The known categories and any other word are relayed once, unchanged, and cause nothing else."""
    room = cloud.room()
    chats = [sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)]
    chats[0].presence(category, room.id)
    told = [categories(chat) for chat in chats]
    with claim("RT-PRES-04", "it is relayed unchanged to every subscriber"):
        expect([one[:1] for one in told], [[category], [category]])
    with claim("RT-PRES-06", "the server answers nothing of its own"):
        expect([one[1:] for one in told], [[], []])


@behaviour("RT-PRES-01", "RT-PRES-05", "RT-PRES-06")
def test_a_directed_event_reaches_its_receivers_and_its_sender(cloud: Cloud, sockets: Sockets) -> None:
    """All subscribed sockets of the receivers and the sending socket hear it, no other one, subscribed or not."""
    room = cloud.room()
    own, twin = sockets.join(room.admin, room.id), sockets.join(room.admin, room.id)
    wanted = [sockets.join(room.guest, room.id) for _ in range(2)]
    others = [sockets.join(room.member, room.id), sockets.join(room.guest), twin]
    receivers = [{"_id": room.guest.id, "type": "user", "username": "", "displayname": "", "picture_url": ""}]
    own.presence("online", room.id, receivers=receivers)
    with claim("RT-PRES-01", "receivers come back as sent"):
        told = own.said(RESPONSE)
        observe(told[0]["receivers"], receivers)
    with claim("RT-PRES-06", "nothing answers a directed event"):
        observe(len(told), 1)
    with claim("RT-PRES-05", "each subscribed socket of a receiver hears it"):
        observe([categories(one) for one in wanted], [[f"{PARTY}.online"]] * 2)
    with claim("RT-PRES-05", "sockets of others, of the sender and without a subscription do not hear it"):
        observe([one.heard() for one in others], [[], [], []])


@behaviour("RT-PRES-05")
def test_receivers_without_an_id_are_nobody(cloud: Cloud, sockets: Sockets) -> None:
    """A directed event whose receivers name nobody comes back to its sender alone."""
    room = cloud.room()
    own, other = sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)
    with claim("RT-PRES-05", "what is sent to receivers without an id comes back to its sender alone"):
        own.presence("online", room.id, receivers=[{"type": "user"}])
        observe([categories(own), categories(other)], [[f"{PARTY}.online"], []])


@behaviour("RT-PRES-05")
@pytest.mark.parametrize("members", [{}, {"receivers": []}, {"receivers": None}])
def test_no_receivers_means_everybody(cloud: Cloud, sockets: Sockets, members: dict[str, Any]) -> None:
    """Missing and empty receivers are the same."""
    room = cloud.room()
    own, other = sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)
    with claim("RT-PRES-05", "without receivers it reaches every subscriber"):
        own.presence("online", room.id, **members)
        expect([categories(own), categories(other)], [[f"{PARTY}.online"]] * 2)


@behaviour("RT-PRES-02", "RT-PRES-07", "RT-ACC-05")
@pytest.mark.parametrize("topic", ["the space", ""])
def test_without_a_subscription_leaving_is_dropped_and_the_rest_invalid(
    cloud: Cloud, sockets: Sockets, topic: str
) -> None:
    """party.leaves of whom was never there is ignored; anything else is answered by media.session.invalid."""
    room = cloud.room()
    space = room.id if topic else ""
    chat, listener = sockets.join(room.admin), sockets.join(room.guest, room.id)
    with claim("RT-PRES-07", "party.leaves is dropped silently"):
        chat.presence("leaves", space)
        observe(chat.heard(), [])
    with claim("RT-PRES-07", "any other category is answered by media.session.invalid"):
        chat.presence("online", space)
        name, told = chat.hear()
        wanted: tuple[object, ...] = (RESPONSE, "media.session.invalid", space, {})
        observe((name, told["category"], told["topicId"], told["content"]), wanted)
    with claim("RT-PRES-02", "RT-ACC-05", "without a subscription nothing is relayed"):
        observe(listener.heard(), [])


@behaviour("RT-PRES-07")
@pytest.mark.parametrize("named", [True, False], ids=["with topicId", "with an empty topicId"])
def test_leaving_is_told_after_unsubscribing(cloud: Cloud, sockets: Sockets, named: bool) -> None:  # noqa: FBT001 - a case
    """party.leaves after UNSUBSCRIBE_CHANNEL reaches those who stay, once, where its sender had been online."""
    room, other = cloud.room(), cloud.room(title="Other")
    going, staying = sockets.join(room.guest, room.id, other.id), sockets.join(room.admin, room.id, other.id)
    for space in (other.id, room.id):
        going.presence("online", space)
        going.unsubscribe(space)
    staying.frames()
    going.frames()
    with claim("RT-PRES-07", "it is relayed to the subscribers of the space that was left"):
        going.presence("leaves", room.id if named else "", content={"offline": True})
        told = staying.said(RESPONSE)
        expect([(one["category"], one["topicId"]) for one in told], [(f"{PARTY}.leaves", room.id)])
    with claim("RT-PRES-07", "its sender, who is not subscribed, hears nothing"):
        observe(going.heard(), [])
    with claim("RT-PRES-07", "a second time it is dropped"):
        going.presence("leaves", room.id if named else "")
        observe(staying.heard(), [])
    with claim("RT-PRES-07", "a space that was left before is named by its id"):
        going.presence("leaves", other.id)
        observe([one["topicId"] for one in staying.said(RESPONSE)], [other.id])


@behaviour("RT-PRES-07")
def test_whoever_was_removed_leaves_silently(cloud: Cloud, sockets: Sockets) -> None:
    """What somebody announced before they were removed from the space gives them no voice there."""
    room = cloud.room()
    going, staying = sockets.join(room.guest, room.id), sockets.join(room.admin, room.id)
    going.presence("online", room.id)
    cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.guest.id}", room.admin)
    staying.frames()
    with claim("RT-PRES-07", "party.leaves of somebody who was removed is dropped"):
        going.presence("leaves", room.id)
        observe(staying.heard(), [])


@behaviour("RT-EP-08", "REST-REQ-07")
@pytest.mark.parametrize(("levels", "relayed"), [(32, True), (33, False)])
def test_an_event_may_nest_thirty_two_levels(cloud: Cloud, sockets: Sockets, levels: int, *, relayed: bool) -> None:
    """A payload of exactly so many levels is relayed as it is, one with one more is ignored."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    chat = sockets.join(ann, space)
    inner: dict[str, Any] = {}
    for _ in range(levels - 3):  # the payload, its content and the innermost object are levels as well
        inner = {"a": inner}
    chat.presence("online", space, content={"deep": inner})
    told = [payload["content"]["deep"] for payload in chat.said(RESPONSE)]
    with claim("RT-EP-08", "REST-REQ-07", "it is relayed, or ignored"):
        observe(told, [inner] if relayed else [])


@behaviour("RT-PRES-08")
def test_the_space_may_be_named_in_the_content(cloud: Cloud, sockets: Sockets) -> None:
    """A topicId inside the content is used when there is none at the top."""
    room = cloud.room()
    chat = sockets.join(room.admin, room.id)
    with claim("RT-PRES-08", "topicId in the content is used"):
        chat.emit("SEND_PRESENCE_EVENT", {"category": f"{PARTY}.online", "content": {"topicId": room.id}})
        observe(chat.hear()[1]["topicId"], room.id)


@behaviour("RT-PRES-09")
@pytest.mark.parametrize("end", ["kill", "close", "41/chat"])
def test_the_server_says_farewell_for_whom_was_online(cloud: Cloud, sockets: Sockets, end: str) -> None:
    """Losing the transport, or leaving the namespace, announces party.leaves where party.online was announced."""
    room = cloud.room()
    going, staying = sockets.join(room.guest, room.id), sockets.join(room.admin, room.id)
    with claim("RT-PRES-09", "whoever announced party.online is seen by others"):
        going.presence("online", room.id)
        observe(categories(staying), [f"{PARTY}.online"])
    if end == "kill":
        going.kill()
    elif end == "close":
        going.close()
    else:
        going.send(end)
    with claim("RT-PRES-09", "the server sends party.leaves in their name"):
        name, told = staying.hear()
        observe((name, told["category"], told["sender"]["_id"]), (RESPONSE, f"{PARTY}.leaves", room.guest.id))
    with claim("RT-PRES-09", "the content says offline"):
        observe(told["content"]["offline"], wanted=True)


@behaviour("RT-PRES-09")
@pytest.mark.parametrize("left", [False, True])
def test_a_farewell_is_said_in_each_of_two_spaces(cloud: Cloud, sockets: Sockets, *, left: bool) -> None:
    """Whoever was online in two spaces is missed in both; whoever said goodbye in one is missed in the other."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    spaces = [cloud.open_space(ann, title, members=[{"username": bob.username}]) for title in ("One", "Two")]
    going, staying = sockets.join(bob, *spaces), sockets.join(ann, *spaces)
    for space in spaces:
        going.presence("online", space)
    if left:
        going.presence("leaves", spaces[1])
    going.frames()
    staying.frames()
    going.send("41/chat")
    going.frames()
    with claim("RT-PRES-09", "the server sends party.leaves in every space that was not left"):
        told = [(payload["topicId"], payload["category"]) for payload in staying.said(RESPONSE)]
        missed = spaces[:1] if left else spaces
        observe(sorted(told), sorted((space, f"{PARTY}.leaves") for space in missed))


@behaviour("RT-PRES-09")
def test_no_farewell_where_nobody_listens_any_more(cloud: Cloud, sockets: Sockets) -> None:
    """Who unsubscribed without a goodbye is gone from that space already; in another one they are missed."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    spaces = [cloud.open_space(ann, title, members=[{"username": bob.username}]) for title in ("One", "Two")]
    going, staying = sockets.join(bob, *spaces), sockets.join(ann, *spaces)
    for space in spaces:
        going.presence("online", space)
    going.unsubscribe(spaces[0])
    staying.frames()
    going.send("41/chat")
    going.frames()
    with claim("RT-PRES-09", "the farewell is said where there was a subscription to the end"):
        observe([payload["topicId"] for payload in staying.said(RESPONSE)], spaces[1:])


@behaviour("RT-PRES-09")
@pytest.mark.parametrize("before", [[], ["online", "leaves"], ["party.typing"]])
def test_no_farewell_for_whom_was_not_online(cloud: Cloud, sockets: Sockets, before: list[str]) -> None:
    """Who never announced party.online, or said goodbye, goes silently."""
    room = cloud.room()
    going, staying = sockets.join(room.guest, room.id), sockets.join(room.admin, room.id)
    for category in before:
        going.presence(category, room.id)
    going.frames()
    staying.frames()
    with claim("RT-PRES-09", "no farewell is sent"):
        going.send("41/chat")
        going.frames()
        observe(staying.heard(), [])
