"""Sockets under strain: whoever misbehaves harms himself alone, and nothing is left behind."""

import json
import random
import socket
import time
from urllib.parse import urlsplit

import pytest

from contract_tests.kit import Cloud, only_mock, settled
from contract_tests.sockets import Chat, Sockets, credential, deaf

BIG = "x" * 20_000


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "would strain a real service")


def left(cloud: Cloud, wanted: int) -> int:
    """Return the number of sockets as soon as it is as wanted, or after a while."""
    return settled(lambda: int(cloud.control("GET", "")["counts"]["sockets"]), wanted)


def texts(chat: Chat, count: int) -> list[str]:
    """Return the texts of the next messages."""
    return [chat.hear()[1]["content"]["bodyText"] for _ in range(count)]


def test_a_slow_reader_is_cut_off_and_stalls_nobody(cloud: Cloud, sockets: Sockets) -> None:
    """Who does not read is closed once too much waits for him; others get every message, and the journal tells."""
    cloud.configure({"socket.queue_bytes": 300_000})
    ann = cloud.user()
    space = cloud.space(ann)
    listeners = [sockets.join(ann, space) for _ in range(2)]
    subscription = json.dumps(["SUBSCRIBE_CHANNEL", {"channel": {"_id": space, "type": "topic"}}])
    with deaf(sockets.url(credential(ann)), "40/chat", f"42/chat,{subscription}"):
        assert left(cloud, 3) == 3
        for number in range(400):
            cloud.message(space, ann, f"{number} {BIG}")
            assert [texts(one, 1)[0].split()[0] for one in listeners] == [str(number)] * 2
            if number % 20 == 0 and cloud.control("GET", "")["counts"]["sockets"] == 2:
                break
        assert left(cloud, 2) == 2
    reasons = [one["why"] for one in cloud.control("GET", "/journal?surface=realtime")["entries"]]
    assert any("wait to be read; the limit is 300000" in why for why in reasons)


def test_a_flood_stalls_nobody(cloud: Cloud, sockets: Sockets) -> None:
    """While one client sends thousands of events without reading, another is answered soon."""
    ann = cloud.user()
    space = cloud.space(ann)
    flooder, other = sockets.join(ann), sockets.join(ann)
    frame = "42/chat," + json.dumps(["UNSUBSCRIBE_CHANNEL", {"channel": {"_id": space, "type": "topic"}}])
    slowest = 0.0
    for _ in range(20):
        flooder.send(*[frame] * 100)
        begin = time.monotonic()
        other.frames()
        slowest = max(slowest, time.monotonic() - begin)
    assert slowest < 1, f"{slowest:.2f} s"
    assert len(flooder.frames()) == 2000


@pytest.mark.parametrize("cut", [30, 100, -2])
def test_half_a_handshake_leaves_nothing(cloud: Cloud, sockets: Sockets, cut: int) -> None:
    """A client that goes away in the middle of its handshake leaves no connection, and the server serves on."""
    parts = urlsplit(sockets.url({}))
    request = (
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    ).encode()
    for _ in range(20):
        with socket.create_connection((str(parts.hostname), parts.port or 80)) as connection:
            connection.sendall(request[:cut])
    assert sockets.join(cloud.user()).frames() == []
    assert left(cloud, 1) == 1


def test_a_handshake_without_a_conversation_leaves_nothing(cloud: Cloud, sockets: Sockets) -> None:
    """Clients that break off right after the handshake, or after their CONNECT, are forgotten."""
    ann = cloud.user()
    for number in range(20):
        wire = sockets.wire(sockets.url({"token": ann.token, "tokenType": "oauth"}))
        if number % 2:
            wire.send("40/chat")
        wire.kill()
    assert left(cloud, 0) == 0


def test_killing_clients_at_random_loses_no_message_for_the_others(cloud: Cloud, sockets: Sockets) -> None:
    """While messages flow and clients die, every survivor gets each message once and in order; nothing leaks."""
    room = cloud.room()
    people = [room.admin, room.member, room.guest, room.anonymous]
    before = cloud.control("GET", "")["counts"]
    survivors = [sockets.join(person, room.id) for person in people]
    victims = [sockets.join(person, room.id) for person in people * 5]
    for victim in victims:
        victim.presence("online", room.id)
    chance = random.Random(7)
    sent = []
    for number in range(200):
        sent.append(cloud.message(room.id, room.admin, str(number))["_id"])
        if victims and chance.random() < 0.15:
            victims.pop(chance.randrange(len(victims))).kill()
    for victim in victims:
        victim.kill()
    assert left(cloud, len(survivors)) == len(survivors)
    for survivor in survivors:
        heard = [one["_id"] for one in survivor.said("MESSAGE_SENT")]
        assert heard == sent
    for survivor in survivors:
        survivor.close()
    assert left(cloud, 0) == 0
    after = cloud.control("GET", "")["counts"]
    assert [after[name] - before[name] for name in ("sockets", "people", "subscriptions")] == [0, 0, 0]
