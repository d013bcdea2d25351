"""Two of something, a second time and the exact edge, at the socket."""

import json

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, behaviour, only_mock
from contract_tests.sockets import Chat, Sockets, credential

LIMIT = 5 * 1024 * 1024


@behaviour("RT-SENT-02")
def test_two_sockets_of_one_space_get_the_urls_of_the_way_they_came(cloud: Cloud, sockets: Sockets) -> None:
    """Of two sockets, one by the port of a world and one by its prefix, each is told pictures that it can reach."""
    only_mock(cloud, "a real service is one world")
    name = cloud.control("GET", "")["name"]
    worlds = cloud.control("GET", "/worlds")["data"]
    prefix = next(one["urls"]["prefix"] for one in worlds if one["name"] == name)
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    by_port, by_prefix = sockets.join(ann, space), sockets.at(sockets.url(credential(ann), prefix))
    by_prefix.join()
    by_prefix.subscribe(space)
    cloud.message(space, ann)
    for way, chat, base in (("port", by_port, cloud.accounts), ("prefix", by_prefix, prefix["accounts"])):
        [told] = chat.said("MESSAGE_SENT")
        with claim("RT-SENT-02", f"who came by the {way} is told the picture there"):
            observe(told["sender"]["picture_url"], f"{base}/norevimages/noimage.jpg")


@behaviour("RT-EIO-18")
@pytest.mark.parametrize("size", [LIMIT, LIMIT + 1])
def test_attachments_of_exactly_the_limit(cloud: Cloud, sockets: Sockets, size: int) -> None:
    """Attachments of 5 MiB together are an event like any other, with one byte more they are none."""
    only_mock(cloud, "a service is spared frames of megabytes")
    chat = sockets.join(cloud.jwt_user())
    half = size // 2
    packet = json.dumps(["NO_SUCH_EVENT", [{"_placeholder": True, "num": number} for number in range(2)]])
    chat.send(f"452-/chat,7{packet}", b"\x04" + b"x" * half, b"\x04" + b"x" * (size - half))
    with claim("RT-EIO-18", "it is acknowledged or ignored"):
        observe(any(str(frame).startswith("43/chat,7") for frame in chat.frames()), size <= LIMIT)


def call(chat: Chat, word: str, **members: object) -> None:
    chat.emit("SEND_MEDIA_SESSION_EVENTS", {"category": f"space.call.{word}", "content": {}, **members})
    chat.settle()


@behaviour("RT-CALL-04")
@pytest.mark.parametrize("word", ["ended", "cancelled"])
def test_a_call_that_has_ended_takes_no_answer(cloud: Cloud, sockets: Sockets, word: str) -> None:
    """A rejected call goes on for the other receivers; after its end nobody is a party of it any more."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    caller, phone = sockets.join(ann), sockets.join(bob)
    call(caller, "offer", receivers=[{"_id": bob.id, "type": "user"}])
    call_id = phone.said("MEDIA_SESSION_RESPONSE")[0]["spaceCallId"]
    call(caller, word, spaceCallId=call_id)
    phone.frames()
    caller.frames()
    for late in ("accepted", word):
        with claim("RT-CALL-04", f"{late} after the end is ignored"):
            call(phone, late, spaceCallId=call_id)
            observe([caller.heard(), phone.heard()], [[], []])


@behaviour("RT-SUB-08", "RT-UNSUB-01")
def test_a_subscription_begins_anew_after_its_end(cloud: Cloud, sockets: Sockets) -> None:
    """Who left a space and comes back is told everything once, under a number of its own; another device goes on."""
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    own, device = sockets.join(ann), sockets.join(ann, space)
    numbers = []
    for _ in range(2):
        numbers.append(own.subscribe(space)[1]["dtsid"])
        own.unsubscribe(space)
    with claim("RT-UNSUB-01", "leaving on one device leaves the other subscribed"):
        cloud.message(space, ann)
        observe([len(one.said("MESSAGE_SENT")) for one in (own, device)], [0, 1])
    numbers.append(own.subscribe(space)[1]["dtsid"])
    with claim("RT-SUB-08", "coming back is told once, under a new number"):
        cloud.message(space, ann)
        observe((len(own.said("MESSAGE_SENT")), len(set(numbers))), (1, 3))


@behaviour("RT-MED-04", "RT-MED-05")
def test_two_spaces_have_meetings_of_their_own(cloud: Cloud, sockets: Sockets) -> None:
    """A party of two meetings leaves one of them, and the other goes on."""
    ann = cloud.jwt_user()
    spaces = [cloud.space(ann, title) for title in ("One", "Two")]
    chat = sockets.join(ann, *spaces)
    for space in spaces:
        chat.media("tracksstatus", space, media={"connected": True})
    with claim("RT-MED-04", "each space has a meeting"):
        expect([cloud.call("GET", f"/spaces/{space}/activemeeting", ann).status_code for space in spaces], [200, 200])
    chat.media("video.end", spaces[0])
    with claim("RT-MED-05", "leaving one ends that one alone"):
        observe([cloud.call("GET", f"/spaces/{space}/activemeeting", ann).status_code for space in spaces], [404, 200])


@behaviour("RT-MED-05")
def test_of_two_devices_either_may_go_first(cloud: Cloud, sockets: Sockets) -> None:
    """The person stays in the meeting when the device goes that came last, and leaves with the one that came first."""
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    first, last = sockets.join(ann, space), sockets.join(ann, space)
    for chat in (first, last):
        chat.media("tracksstatus", space, media={"connected": True})
    for name, chat, status in (("last", last, 200), ("first", first, 404)):
        chat.media("video.end", space)
        with claim("RT-MED-05", f"after the {name} one has gone"):
            observe(cloud.call("GET", f"/spaces/{space}/activemeeting", ann).status_code, status)


@behaviour("RT-SUB-10")
def test_an_archived_space_is_heard_by_its_people_alone(cloud: Cloud, sockets: Sockets) -> None:
    """Of an open space that is archived a participant hears still, and a visitor does not any more."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann, archived=True)
    people = (("a participant", ann, "CHANNEL_SUBSCRIBED"), ("a visitor", bob, "SUBSCRIBE_CHANNEL_FAILED"))
    for name, who, answer in people:
        with claim("RT-SUB-10", f"{name} is answered by {answer}"):
            observe(sockets.join(who).subscribe(space)[0], answer)
