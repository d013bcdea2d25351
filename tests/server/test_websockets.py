"""WebSocket handshakes as they come: always answered, always told, and never in anybody's way."""

import time

import pytest

from mockspaces.client import Mockspaces
from mockspaces.server import websocket as server_websocket
from tests.conftest import Serve
from tests.server.conftest import Connect, Raw, resident_kb

KEY = b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="
VERSION = b"Sec-WebSocket-Version: 13"
PATH = b"/socket.io/?EIO=3&transport=websocket"
PING = b"\x89\x80\0\0\0\0"


def handshake(
    *lines: bytes,
    method: bytes = b"GET",
    path: bytes = PATH,
    version: bytes = b"1.1",
    needed: tuple[bytes, ...] = (KEY, VERSION),
) -> bytes:
    """Return a handshake with more lines, or with less than it needs."""
    offer = (b"Host: x", b"Upgrade: websocket", b"Connection: Upgrade")
    return b"\r\n".join([b"%s %s HTTP/%s" % (method, path, version), *offer, *needed, *lines, b"", b""])


def text(content: bytes) -> bytes:
    """Return a masked text frame; short ones only."""
    return bytes([0x81, 0x80 | len(content)]) + bytes(4) + content


@pytest.mark.parametrize(
    "sent",
    [
        handshake(b"Cookie: a=" + b"x" * 9000),
        handshake(path=PATH + b"&x=" + b"y" * 9000),
        handshake(*(b"X-%d: y" % number for number in range(200))),
        handshake(b"Content-Length: 0"),
        handshake(b"Sec-WebSocket-Protocol: v1.chat, v2.chat"),
        handshake(b"Sec-WebSocket-Extensions: ;;;"),
        handshake("X-Name: Zoë".encode()),
    ],
)
def test_a_handshake_may_be_long(connect: Connect, sent: bytes) -> None:
    """What a real Socket.IO server takes is taken: long cookies and queries, many headers, odd offers."""
    raw = connect(sent)
    answer = raw.answer()
    assert answer.status == 101
    assert "keep-alive" not in answer.headers
    raw.until(b'"pingInterval"')


@pytest.mark.parametrize(
    ("sent", "status", "why"),
    [
        (handshake(b"Content-Length: 2") + b"{}", 400, "has no body"),
        (handshake(b"Transfer-Encoding: chunked") + b"0\r\n\r\n", 400, "has no body"),
        (handshake(b"Content-Length: 2", method=b"POST") + b"{}", 400, "begins with GET, not POST"),
        (handshake(version=b"1.0"), 400, "begins with HTTP/1.1, not 1.0"),
        (handshake(needed=(KEY,)), 400, "Sec-WebSocket-Version is not 13"),
        (handshake(needed=(KEY, b"Sec-WebSocket-Version: 12")), 400, "Sec-WebSocket-Version is not 13"),
        (handshake(needed=(VERSION,)), 400, "Sec-WebSocket-Key is not 16 bytes"),
        (handshake(needed=(VERSION, b"Sec-WebSocket-Key: x")), 400, "Sec-WebSocket-Key is not 16 bytes"),
        (handshake(needed=(VERSION, KEY, KEY)), 400, "Sec-WebSocket-Key is not 16 bytes"),
        (handshake(b"Cookie: a=" + b"x" * 70_000), 431, "larger than 65536 bytes"),
        (handshake(path=b"/nope"), 403, "no WebSocket is served at /nope"),
        (handshake(path=b"/w/none/socket.io/?EIO=3&transport=websocket"), 403, 'no world "none"'),
    ],
)
def test_whatever_is_no_handshake_is_refused(
    world: Mockspaces, opener: Mockspaces, connect: Connect, sent: bytes, status: int, why: str
) -> None:
    """There is an answer and a why, by the same limits as for any request."""
    opener.journal.clear()
    assert connect(sent).answer().status == status
    told = opener if b"/w/none" in sent else world
    assert why in told.journal.wait(status=status)[-1].why


def test_a_refused_handshake_is_a_request_like_any_other(connect: Connect) -> None:
    """The connection goes on, and a path without WebSockets answers the request as if nothing was offered."""
    raw = connect(handshake(needed=(), path=b"/health"))
    assert raw.answer().body == b"OK"
    raw.send(handshake())
    assert raw.answer().status == 101


def test_frames_may_come_with_the_handshake(world: Mockspaces, connect: Connect) -> None:
    """A client that does not wait for the answer loses nothing of what it sent."""
    raw = connect(handshake() + PING)
    assert raw.answer().status == 101
    raw.until(b"\x8a\x00")


def test_a_socket_between_requests_waits_for_nobody(connect: Connect) -> None:
    """A handshake behind an unanswered request is not taken, and both are answered."""
    raw = connect(b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n" + handshake())
    assert [raw.answer().status for _ in range(2)] == [200, 400]


def test_many_tiny_frames_are_all_read(connect: Connect) -> None:
    """What comes at once is read in slices, and nothing of it is lost."""
    raw = connect(handshake())
    raw.answer()
    raw.send(text(b"2probe") * 20_000 + PING)
    raw.until(b"\x8a\x00")


def test_a_message_of_empty_fragments_is_put_together(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A message may have as many fragments as it likes."""
    monkeypatch.setattr(server_websocket, "MOST_FRAGMENTS", 3)
    raw = connect(handshake())
    raw.answer()
    empty, last = b"\x00\x80\0\0\0\0", b"\x80\x85\0\0\0\0probe"
    raw.send(b"\x01\x81\0\0\0\x002" + empty * 100 + last)
    raw.until(b"\x81\x013")


@pytest.mark.usefixtures("fresh_interpreter")
def test_a_ping_flood_takes_no_memory(serve: Serve) -> None:
    """A client that sends pings and reads no pongs is not read any more."""
    served = serve()
    raw = Raw(served.url, handshake())
    raw.answer()
    before = resident_kb(served.process.pid)
    raw.socket.settimeout(1)
    flood = (b"\x89\xfd\0\0\0\0" + b"x" * 125) * 500
    with pytest.raises(TimeoutError):
        raw.send(flood * 2000)
    assert resident_kb(served.process.pid) - before < 20_000
    assert served.end()[0] == 0
    raw.close()


# --- whoever stops, drops or resets is never held up

STATES = {
    "silent": b"",
    "half a head": b"GET / HT",
    "half a body": b"POST /oauth2/access_token HTTP/1.1\r\nContent-Length: 9\r\n\r\na",
    "half a handshake": handshake()[:-2],
    "long handshake": handshake(b"Cookie: a=" + b"x" * 9000),
    "handshake with body": handshake(b"Content-Length: 2"),
    "half a bad handshake": handshake(b"Content-Length: 2", method=b"POST") + b"{",
    "open": handshake(),
    "closing": handshake() + b"\x88\x82\0\0\0\0\x03\xe8",
    "bad frame": handshake() + b"\xff\xff\xff\xff",
    "half a frame": handshake() + b"\x81\xfe\x10\x00",
    "nonsense": b"nonsense\r\n\r\n",
    "large refused": b"POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\n" + b"x" * 10_000,
    "offer": b"GET /health HTTP/1.1\r\nUpgrade: h2c\r\nConnection: Upgrade\r\n\r\n",
    "flood": handshake() + PING * 40_000,
}


@pytest.mark.parametrize("state", STATES)
def test_a_world_can_be_dropped(opener: Mockspaces, connect: Connect, state: str) -> None:
    """In whatever state a connection is, its world is dropped at once, and the connection ends."""
    with opener.open_world() as world:
        raw = connect(STATES[state], url=world.url)
        time.sleep(0.05)
        begin = time.monotonic()
        world.drop()
        assert time.monotonic() - begin < 2
        until_end(raw)


def until_end(raw: Raw) -> None:
    """Read what still comes; the end must come too."""
    try:
        while raw.socket.recv(65536):
            pass
    except ConnectionResetError:
        pass


def test_a_named_port_comes_back(serve: Serve) -> None:
    """A dropped world leaves its port to the next one, whatever its connections were doing."""
    served = serve("--world-ports", "18471")
    with Mockspaces(served.url) as mock:
        for sent in STATES.values():
            with mock.open_world() as world:
                assert world.url.endswith(":18471")
                raw = Raw(world.url, sent)
                world.drop()
                raw.close()


def test_the_first_protocol_offered_is_taken(connect: Connect) -> None:
    """As real servers do: a client that offered some refuses an answer without one."""
    answer = connect(handshake(b"Sec-WebSocket-Protocol: v1.chat, v2.chat")).answer()
    assert answer.headers["sec-websocket-protocol"] == "v1.chat"
    assert "sec-websocket-protocol" not in connect(handshake()).answer().headers
