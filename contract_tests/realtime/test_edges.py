"""Two of something, a second time and the exact edge, at the socket."""

import json
from typing import Any

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


# What a client sends, and what comes back: each time, however often, on each of two connections of its own.
FRAMES: dict[str, tuple[str, list[str]]] = {
    "RT-EIO-05": ("2probe", ["3"]),
    "RT-HB-02": ("2", ["3"]),
    "RT-EIO-07": ("3", []),
    "RT-EIO-10": ("40", []),
    "RT-EIO-15": ("41", []),
    "RT-EIO-17": ('42/chat,7["NO_SUCH_EVENT",{}]', ["43/chat,7[]"]),
    "RT-EIO-21": ('42/chat,["SEND_MESSAGE",{"content', []),
    "RT-EIO-22": ('42/none,7["SEND_MESSAGE",{}]', []),
    "RT-EIO-12": ("40/none", ['44/none,"Invalid namespace"']),
    "RT-EP-07": ('42/chat,8["UNSUBSCRIBE_CHANNEL",{"channel":{"_id":"","type":"topic"}}]', ["43/chat,8[]"]),
}


@pytest.mark.parametrize("shown", [pytest.param(one, marks=behaviour(one)) for one in FRAMES])
def test_a_frame_is_answered_each_time_on_its_own_connection(cloud: Cloud, sockets: Sockets, shown: str) -> None:
    """The same frame has the same answer once more, also after others, and nothing of it comes to a second device."""
    sent, wanted = FRAMES[shown]
    ann = cloud.user()
    first, second = sockets.join(ann), sockets.join(ann)

    def answers() -> list[str]:
        first.send(sent)
        first.send('42/chat,99["NO_SUCH_EVENT",{}]')
        found: list[str] = []
        while not found or found[-1] != "43/chat,99[]":
            found.append(str(first.receive()))
        return [one for one in found[:-1] if "CHANNEL_UNSUBSCRIBED" not in one]

    for turn in ("once", "once more", "a third time"):
        with claim(shown, f"{turn}: the answer"):
            observe(answers(), wanted)
    with claim(shown, "a second device hears nothing of it"):
        observe(second.frames(), [])
    with claim(shown, "both go on"):
        observe([chat.unsubscribe("")[0] for chat in (first, second)], ["CHANNEL_UNSUBSCRIBED"] * 2)


@behaviour("RT-FAIL-01", "RT-FAIL-02", "RT-SUB-06", "RT-SUB-07")
def test_a_failure_is_told_to_the_connection_that_failed(cloud: Cloud, sockets: Sockets) -> None:
    """Of two devices and a second person in the same space only the one that asked hears that it was refused."""
    room = cloud.room()
    own, other, theirs = (sockets.join(who, room.id) for who in (room.guest, room.guest, room.admin))
    for turn in (1, 2):
        name, told = own.message(room.id, f"post {turn}", "idea")
        with claim("RT-FAIL-01", f"{turn}: the payload comes back with its sender"):
            expect(
                (name, told["content"]["bodyText"], told["sender"]["_id"]),
                ("SEND_MESSAGE_FAILED", f"post {turn}", room.guest.id),
            )
        with claim("RT-FAIL-02", f"{turn}: with the reason"):
            assert isinstance(told["error"], str)
        with claim("RT-SUB-06", f"{turn}: an unknown space is answered"):
            observe(own.subscribe("f" * 24)[0], "SUBSCRIBE_CHANNEL_FAILED")
        with claim("RT-SUB-07", f"{turn}: a channel without id is answered"):
            observe(own.subscribe("")[0], "SUBSCRIBE_CHANNEL_FAILED")
        for shown in ("RT-FAIL-01", "RT-FAIL-02", "RT-SUB-06", "RT-SUB-07"):
            with claim(shown, f"{turn}: neither the other device nor the other person hears of it"):
                observe((other.heard(), theirs.heard()), ([], []))
    with claim("RT-FAIL-02", "what the same connection may do is done and told to all three"):
        observe(
            [own.message(room.id)[0], *(name for chat in (other, theirs) for name, _ in chat.heard())],
            ["MESSAGE_SENT"] * 3,
        )


@behaviour(
    "RT-AUTH-01", "RT-AUTH-02", "RT-AUTH-03", "RT-AUTH-09", "RT-MED-03", "RT-SENT-03", "RT-SENT-04", "RT-PRES-03"
)
def test_each_connection_acts_as_the_one_whose_token_it_brought(cloud: Cloud, sockets: Sockets) -> None:
    """Connections of four people with four kinds of token, opened one after the other, each speak for their own."""
    ann, bob, guest = cloud.user(), cloud.jwt_user("bob@example.com"), cloud.guest("Gil")
    app = cloud.app("spaces.websocket", "spaces.chat.create")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "member"}])
    chats = {
        "RT-AUTH-01": (sockets.open(tokenType="oauth", token=ann.token), ann.id),
        "RT-AUTH-02": (sockets.open(token=guest.token, tokenType="jwt"), guest.id),
        "RT-AUTH-09": (sockets.open(token=bob.token), bob.id),
        "RT-AUTH-03": (sockets.open(app), app.account_id),
    }
    for chat, _who in chats.values():
        assert str(chat.join()).startswith("40")
        assert chat.subscribe(space)[0] == "CHANNEL_SUBSCRIBED"
    sent: dict[str, dict[str, Any]] = {}
    for shown, (chat, who) in chats.items():
        chat.frames()  # those of the others
        with claim(shown, "the sender is the one of the token"):
            name, told = chat.message(space, f"by {who}")
            expect((name, told["sender"]["_id"]), ("MESSAGE_SENT", who))
        sent[who] = told
    with claim("RT-SENT-03", "each message has its own text and author"):
        expect(
            [(one["content"]["bodyText"], one["content"]["cid"]) for one in sent.values()],
            [(f"by {who}", who) for who in sent],
        )
    idea = cloud.message(space, bob, "post", "ideas")["_id"]
    first = chats["RT-AUTH-01"][0]
    comments = [
        first.message(space, text, parentMsg={"_id": parent}) for text, parent in (("on it", idea), ("no comment", ""))
    ]
    with claim("RT-SENT-04", "of two messages of one connection the comment alone has a parent"):
        told = [one for name, one in [*comments, *first.heard()] if name == "MESSAGE_SENT"]
        observe(
            [(one.get("parentMsg") or {}).get("_id") for one in told if one["content"]["bodyText"] == "on it"], [idea]
        )
    for chat, _who in chats.values():
        chat.frames()
    for person, shown in ((ann, "RT-AUTH-01"), (bob, "RT-AUTH-09")):
        chats[shown][0].presence("online", space, content={"by": person.id})
    with claim("RT-PRES-03", "of two presence events each has its sender and content"):
        heard = chats["RT-AUTH-02"][0].said("PRESENCE_EVENT_RESPONSE")
        observe([(one["sender"]["_id"], one["content"]["by"]) for one in heard], [(ann.id, ann.id), (bob.id, bob.id)])
    for shown in ("RT-AUTH-01", "RT-AUTH-09"):
        chats[shown][0].media("tracksstatus", space, media={"connected": True, "audio": True})
    with claim("RT-MED-03", "the events of one meeting tell of two parties in the order of their joining"):
        heard = chats["RT-AUTH-02"][0].said("MEDIA_SESSION_RESPONSE")
        observe([one["_id"] for one in heard[-1]["content"]["attendees"]], [ann.id, bob.id])
        observe(len({one["_id"] for one in heard}), len(heard))
        observe(len({one["messageId"] for one in heard}), 1)
