"""Random input by the thousand: never a 5xx, never a hang, never a traceback in the log.

`MOCKSPACES_FUZZ=100000` tries as many of each kind; what fails is found again by the number of its input.
"""

import contextlib
import json
import logging
import os
import random
import socket
from collections.abc import Iterator
from typing import Any

import pytest

from mockspaces.client import Mockspaces
from tests.server.conftest import Connect, Raw
from tests.server.test_websockets import handshake

INPUTS = int(os.environ.get("MOCKSPACES_FUZZ", "1000"))
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
HEADS = (
    b"GET /api/users/me?a=b HTTP/1.1\r\nHost: x\r\nAuthorization: bearer x\r\nCookie: a=b; c\r\n\r\n",
    b"POST /oauth2/access_token HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\na=b&c",
    b"POST /api/spaces/invite HTTP/1.1\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
    b"PUT /storage/x HTTP/1.0\r\nContent-Type: text/plain\r\nContent-Length: 1\r\nRange: bytes=0-\r\n\r\nx",
    b"GET /account/login/?next=%2F HTTP/1.1\r\nAccept: */*\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    handshake(),
)
PIECES = (
    b"\r\n",
    b"\n",
    b"\0",
    b" ",
    b":",
    b",",
    b"\xff",
    b"%",
    b"%00",
    b"/w/",
    b"HTTP/1.1",
    b"99999999999999999999",
    b"-1",
)
FRAMES = (
    b"2",
    b"3",
    b"40/chat,",
    b"41/chat,",
    b'42/chat,["SEND_MESSAGE",{}]',
    b'42/chat,1["SUBSCRIBE_CHANNEL",{"channel":{}}]',
)
VALUES: tuple[Any, ...] = (
    None,
    True,
    0,
    -1,
    1e308,
    10**30,
    "",
    "x" * 300,
    "\ud83c",
    "\0",
    [],
    {},
    [[]],
    {"": {}},
    "2031-01-01T00:00:00Z",
)


def mutated(chance: random.Random, data: bytes) -> bytes:
    """Return some bytes with a few of them changed, lost, doubled, or with pieces between."""
    text = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(text) + 1)
        kind = chance.randrange(4)
        if kind == 0:
            text[at:at] = chance.choice(PIECES)
        elif kind == 1:
            del text[at : at + chance.randint(1, 8)]
        elif kind == 2:
            text[at : at + 1] = bytes([chance.randrange(256)])
        else:
            text[at:at] = text[at : at + chance.randint(1, 30)]
    return bytes(text)


def chances() -> Iterator[tuple[int, random.Random]]:
    """Yield the number of each input, and what makes it."""
    for number in range(INPUTS):
        yield number, random.Random(number)


@pytest.fixture(autouse=True)
def quietly(caplog: pytest.LogCaptureFixture) -> None:
    """Keep no refusals: a hundred thousand of them would make each search for garbage take seconds."""
    caplog.handler.setLevel(logging.ERROR)


def complaints(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what the log has beside refusals."""
    return [record.getMessage() for record in caplog.records if record.levelno >= logging.ERROR]


def everything(raw: Raw) -> bytes:
    """End the own half and return all that comes: the server must end the connection."""
    with contextlib.suppress(OSError):
        raw.socket.shutdown(socket.SHUT_WR)
    found = b""
    with contextlib.suppress(ConnectionResetError):
        while data := raw.socket.recv(65536):
            found += data
    return found


def test_heads(world: Mockspaces, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a head looks like, it is answered without a bug, or its connection ends."""
    for number, chance in chances():
        raw = Raw(world.url, mutated(chance, chance.choice(HEADS)))
        answer = everything(raw)
        raw.close()
        assert b"HTTP/1.1 5" not in answer, number
    assert complaints(caplog) == []


def test_frames(world: Mockspaces, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever frames come, the connection goes on or ends, and others notice nothing."""
    token = world.token("cleo@example.com").encode()
    path = b"/socket.io/?EIO=3&transport=websocket&tokenType=oauth&token=" + token
    for number, chance in chances():
        raw = Raw(world.url, handshake(path=path))
        assert raw.answer().status == 101, number
        frames = [mutated(chance, chance.choice(FRAMES)) for _ in range(3)]
        sent = b"".join(
            bytes([0x80 | chance.choice((1, 1, 1, 2, 9)), 0x80 | min(len(one), 125)]) + bytes(4) + one[:125]
            for one in frames
        )
        with contextlib.suppress(OSError):
            raw.send(sent if chance.random() < 0.7 else mutated(chance, sent))
        everything(raw)
        raw.close()
    assert connect(HEALTH).answer().status == 200
    assert complaints(caplog) == []


def test_json(world: Mockspaces, connect: Connect, caplog: pytest.LogCaptureFixture) -> None:
    """Whatever a body holds, it is taken or refused."""
    token = world.token("cleo@example.com")
    raw = connect()
    head = f"POST /api/spaces/invite HTTP/1.1\r\nHost: x\r\nAuthorization: bearer {token}\r\n"
    document = {
        "topic": {"title": "Room", "description": "x"},
        "invitees": [{"inviteeType": "email", "invitee": "a@b.ch"}],
    }
    for number, chance in chances():
        value = json.loads(json.dumps(document))
        place = chance.choice([value, value["topic"], value["invitees"][0]])
        place[chance.choice([*place, "more"])] = chance.choice(VALUES)
        body = json.dumps(value).encode()
        if chance.random() < 0.5:
            body = mutated(chance, body)
        raw.send(f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body)
        assert raw.answer().status < 500, number
    assert complaints(caplog) == []
