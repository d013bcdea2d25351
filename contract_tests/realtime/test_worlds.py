"""Sockets and the mock's own means: worlds, journal, faults, and ending connections on purpose."""

import time
from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, only_mock, settled
from contract_tests.sockets import JOINED, LEFT, UUID, Sockets, address, credential


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "a real service is one world, and has no control API")


@pytest.fixture
def prefix(cloud: Cloud) -> dict[str, str]:
    """The URLs of the test's world below the default port."""
    name = cloud.control("GET", "")["name"]
    found: dict[str, str] = next(
        one["urls"]["prefix"] for one in cloud.control("GET", "/worlds")["data"] if one["name"] == name
    )
    return found


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """A user of the test's world."""
    return cloud.jwt_user()


def counts(cloud: Cloud) -> list[int]:
    found = cloud.control("GET", "")["counts"]
    return [found[name] for name in ("sockets", "people", "subscriptions")]


@behaviour("RT-AUTH-14", "RT-EP-02")
def test_a_world_is_reached_by_namespace_on_the_default_port(
    cloud: Cloud, sockets: Sockets, prefix: dict[str, str], ann: Person
) -> None:
    """A CONNECT to /w/<name>/chat joins that world, and its frames name the namespace so."""
    space = cloud.space(ann)
    place = f"/{prefix['socketio_path'].removesuffix('/socket.io/')}/chat"
    query = {**credential(ann), "EIO": "3", "transport": "websocket"}
    default = {"socket": prefix["socket"], "socketio_path": "socket.io/"}
    chat = sockets.at(address(default, query), place)
    with claim("RT-EP-02", "the namespace names the world on the default port"):
        observe(str(chat.join(f"?token={ann.token}&tokenType=jwt")).rstrip(","), f"40{place}")
        expect(chat.subscribe(space)[0], "CHANNEL_SUBSCRIBED")
    with claim("RT-EP-02", "the events of the world come in its namespace"):
        cloud.message(space, ann)
        observe(len(chat.said("MESSAGE_SENT")), 1)
    chat.namespace = "/chat"
    with claim("RT-AUTH-14", "the default world refuses the token of another on the same transport"):
        observe(chat.join(), '44/chat,"auth.credential_invalid"')


def test_a_world_is_reached_by_path_on_the_default_port(
    cloud: Cloud, sockets: Sockets, prefix: dict[str, str], ann: Person
) -> None:
    """Below /w/<name>/socket.io/ the namespace /chat is that of the world, and pictures have the prefix too."""
    space = cloud.space(ann)
    chat = sockets.at(address(prefix, {**credential(ann), "EIO": "3", "transport": "websocket"}))
    assert chat.join() == JOINED
    chat.subscribe(space)
    _name, told = chat.message(space)
    assert told["sender"]["picture_url"].startswith(prefix["accounts"])
    chat.media("tracksstatus", space, media={"connected": True})
    parties = [one for event in chat.said("MEDIA_SESSION_RESPONSE") for one in event["content"]["attendees"]]
    cloud.control("POST", "/pairings", {"username": ann.username, "app_id": "room-app"})
    pictures = [one["picture_url"] for one in (*parties, chat.hear()[1]["app"])]
    assert [len(pictures), all(one.startswith(prefix["accounts"]) for one in pictures)] == [3, True]


def test_one_transport_may_carry_two_worlds(
    cloud: Cloud, sockets: Sockets, prefix: dict[str, str], ann: Person
) -> None:
    """What ends one of two sessions on a transport leaves the other one alone."""
    opened = cloud.control("POST", "/worlds", {})
    own = (opened["urls"]["port"] or opened["urls"]["prefix"])["control"]
    token = cloud.http.post(f"{own}/tokens", json={"username": ann.username, "kind": "jwt"}).json()["token"]
    default = {"socket": prefix["socket"], "socketio_path": "socket.io/"}
    chat = sockets.at(address(default, {"EIO": "3", "transport": "websocket"}))
    name = cloud.control("GET", "")["name"]
    for world, credential_of in ((name, ann.token), (opened["name"], token)):
        chat.namespace = f"/w/{world}/chat"
        assert str(chat.join(f"?token={credential_of}")).rstrip(",") == f"40{chat.namespace}"
    cloud.control("DELETE", f"/worlds/{opened['name']}")
    assert chat.frames() == [f"41{chat.namespace}"]
    chat.namespace = f"/w/{name}/chat"
    assert chat.unsubscribe("")[0] == "CHANNEL_UNSUBSCRIBED"


@behaviour("RT-AUTH-14")
def test_no_namespace_leads_from_one_world_into_another(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """On a world's own port only its own name is known, and unknown names are refused like any namespace."""
    name = cloud.control("GET", "")["name"]
    chat = sockets.open(ann)
    for foreign, what in (
        ("default", "the default world"),
        ("no-such-world", "an unknown world"),
        (f"{name}/w/{name}", "a world below itself"),
    ):
        chat.namespace = f"/w/{foreign}/chat"
        with claim("RT-AUTH-14", f"the namespace of {what} is refused on the port of a world"):
            observe(chat.join(), f'44{chat.namespace},"Invalid namespace"')
    chat.namespace = f"/w/{name}/chat"
    with claim("RT-AUTH-14", "a world knows its own name on its own port"):
        observe(str(chat.join()).rstrip(","), f"40{chat.namespace}")


@pytest.mark.parametrize("call", ["reset", "drop"])
def test_resetting_or_dropping_a_world_closes_its_sockets(
    cloud: Cloud, sockets: Sockets, ann: Person, call: str
) -> None:
    """Joined sockets are sent away and closed, unjoined ones closed, wherever they came in."""
    opened = cloud.control("POST", "/worlds", {})
    urls, name = opened["urls"]["port"] or opened["urls"]["prefix"], opened["name"]
    user = cloud.http.post(f"{urls['control']}/tokens", json={"username": ann.username, "kind": "jwt"}).json()
    query = {"token": user["token"], "tokenType": "jwt", "EIO": "3", "transport": "websocket"}
    by_port, by_prefix = sockets.at(address(urls, query)), sockets.at(address(opened["urls"]["prefix"], query))
    silent = sockets.at(address(urls, query))
    assert [by_port.join(), by_prefix.join()] == [JOINED, JOINED]
    if call == "reset":
        cloud.http.post(f"{urls['control']}/reset", json={})
    else:
        cloud.control("DELETE", f"/worlds/{name}")
    assert [by_port.end()[0], by_prefix.end(), silent.end()[0]] == [[LEFT], ([LEFT], 1000), []]


def test_connections_are_listed_and_counted(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """The control API shows who is connected and subscribed, and forgets whoever is gone."""
    spaces = sorted(cloud.space(ann) for _ in range(2))
    chat, _guest = sockets.join(ann, *spaces), sockets.join(cloud.guest("Gil"))
    chat.presence("online", spaces[0])
    listed = cloud.control("GET", "/sockets")["data"]
    assert [one["username"] for one in listed] == [ann.username, ""]
    assert [one["spaces"] for one in listed] == [spaces, []]
    assert [listed[0]["id"], listed[0]["online"]] == [UUID, spaces[:1]]
    assert counts(cloud) == [2, 2, 2]
    chat.close()
    assert settled(lambda: counts(cloud), [1, 1, 0]) == [1, 1, 0]


@pytest.mark.parametrize(
    ("how", "frames", "code"), [("idle", [], 1000), ("transport", [], 1006), ("namespace", [LEFT], None)]
)
def test_a_connection_is_ended_on_purpose(
    cloud: Cloud, sockets: Sockets, ann: Person, how: str, frames: list[str], code: int | None
) -> None:
    """Idle closes cleanly, transport breaks off, namespace leaves the transport open; others are not touched."""
    chat, other = sockets.join(ann), sockets.join(cloud.user("bob@example.com"))
    cloud.control("POST", "/sockets/close", {"filter": {"username": ann.username}, "how": how})
    if code is None:
        assert [chat.receive(), chat.frames(), chat.join()] == [*frames, [], JOINED]
    else:
        assert chat.end() == (frames, code)
    assert other.frames() == []


def test_the_filter_for_ending_connections_is_narrow(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """Connections are chosen by id, person or space; a misspelt member is refused."""
    space = cloud.space(ann)
    chats = [sockets.join(ann, space), sockets.join(ann)]
    first, second = (one["id"] for one in cloud.control("GET", "/sockets")["data"])
    closed = cloud.control("POST", "/sockets/close", {"filter": {"space_id": space}, "how": "idle"})["closed"]
    assert closed == [first]
    assert chats[0].end()[1] == 1000
    settled(lambda: counts(cloud), [1, 1, 0])
    assert cloud.control("POST", "/sockets/close", {"filter": {"id": first}})["closed"] == []
    assert cloud.control("POST", "/sockets/close", {"filter": {"person_id": ann.id}})["closed"] == [second]
    bad = cloud.http.post(f"{cloud.urls['control']}/sockets/close", json={"filter": {"user": "x"}})
    assert bad.status_code == 400


def test_the_journal_has_every_frame_with_its_caller_and_why(cloud: Cloud, sockets: Sockets, ann: Person) -> None:
    """Joins, events, refusals, answers and ends are recorded; pings are not."""
    chat = sockets.join(ann)
    chat.message("f" * 24)
    chat.send("42/chat,[", '42/other,["SEND_MESSAGE",{}]')
    chat.emit("NO_SUCH_EVENT", {})
    sockets.open().join()
    chat.send("41/chat")
    chat.settle()
    entries = cloud.control("GET", "/journal?surface=realtime")["entries"]
    shown = [(one["method"], one["event"], one["caller"], one["code"]) for one in entries]
    caller = f"user {ann.username}"
    assert shown == [
        ("IN", "connect", caller, None),
        ("OUT", "SEND_MESSAGE_FAILED", caller, None),
        ("IN", "SEND_MESSAGE", caller, "app.event.channel.subscription.required"),
        ("IN", None, None, None),
        ("IN", None, None, None),
        ("IN", "NO_SUCH_EVENT", caller, None),
        ("IN", "connect", None, "auth.credential_missing"),
        ("IN", "disconnect", caller, None),
    ]
    assert [one["status"] for one in entries] == [0] * len(entries)
    whys = [one["why"] for one in entries]
    for number, words in (
        (2, "not subscribed"),
        (3, "malformed JSON"),
        (4, "/other is not joined"),
        (5, "NO_SUCH_EVENT"),
        (6, "token"),
    ):
        assert words in whys[number], whys[number]
    assert entries[2]["request"]["text"].startswith('42/chat,["SEND_MESSAGE"')


@pytest.fixture
def fault(cloud: Cloud) -> Iterator[Any]:
    """Plan a fault for one message."""

    def plan(**action: Any) -> None:
        cloud.control("POST", "/faults", {"match": {"event": "SEND_MESSAGE"}, "action": action, "times": 1})

    yield plan
    assert [one["fired"] for one in cloud.control("GET", "/faults")["data"]] == [1]


def test_a_planned_delay_holds_back_this_connection_alone(
    cloud: Cloud, sockets: Sockets, ann: Person, fault: Any
) -> None:
    """The message arrives late, and the frames of others are handled meanwhile."""
    space = cloud.space(ann)
    chat, other = sockets.join(ann, space), sockets.join(ann)
    fault(delay=1)
    begin = time.monotonic()
    chat.emit("SEND_MESSAGE", {"category": "chat", "topicId": space, "content": {"bodyText": "hi"}})
    assert other.frames() == []
    quick = time.monotonic() - begin
    assert chat.hear()[0] == "MESSAGE_SENT"
    assert quick < 1 <= time.monotonic() - begin  # only an answer that waited for the delay takes as long
