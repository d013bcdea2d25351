"""Memory comes back: whatever was opened, connected, killed or asked leaves nothing once it is gone.

`make long` does twenty times as much: 2,000 worlds, 5,000 reconnects, 5,000 killed sockets, 200,000 requests.

The process is a fresh one, which has loaded what it loads late and was asked nothing yet.
"""

import gc
import os
import socket
import time
from collections import Counter
from collections.abc import Callable, Iterator

import pytest
from websockets.server import ServerProtocol

from mockspaces.app import SETTLED_S
from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.state import State
from mockspaces.realtime.adapter import Engine, Transport, _SocketIO
from mockspaces.realtime.hub import Hub, Session
from mockspaces.server import Server
from mockspaces.server.http import Cycle, HttpProtocol
from mockspaces.server.websocket import WebSocketProtocol
from tests.conftest import SOON_S, Serve, Served
from tests.server.conftest import Raw, resident_kb
from tests.server.test_leaving import ABRUPTLY
from tests.server.test_websockets import PATH, handshake, text

pytestmark = pytest.mark.slow

TIMES = int(os.environ.get("MOCKSPACES_LEAKS", "1"))
ALLOWED_KB = 5 * 1024
LOADED_S = 2 * SETTLED_S  # until a process has loaded what it loads late
PARTS = frozenset(
    (World, State, Hub, Session, Engine, _SocketIO, Transport, Cycle, HttpProtocol, WebSocketProtocol, ServerProtocol)
)
PERSON = "cleo@example.com"
MIXED = (
    b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /api/users/me HTTP/1.1\r\nHost: x\r\nAuthorization: bearer %s\r\n\r\n",
    b"GET /api/users/me/spaces HTTP/1.1\r\nHost: x\r\nAuthorization: bearer %s\r\n\r\n",
    b"GET /api/users/me HTTP/1.1\r\nHost: x\r\n\r\n",
    b"GET /nope HTTP/1.1\r\nHost: x\r\n\r\n",
    (
        b"POST /oauth2/access_token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
        b"Content-Length: 19\r\n\r\ngrant_type=nonsense"
    ),
    b"POST /api/spaces/invite HTTP/1.1\r\nHost: x\r\nAuthorization: bearer %s\r\nContent-Length: 5\r\n\r\n[1,2]",
)


def worlds(mock: Mockspaces, times: float) -> None:
    """Open and drop worlds, each with a call and a socket."""
    for _ in range(int(times * 100)):
        with mock.open_world() as world:
            raw = connected(world, world.token(PERSON))
            world.drop()
            raw.close()


def connected(mock: Mockspaces, token: str) -> Raw:
    """Return a socket in the namespace."""
    raw = Raw(mock.url, handshake(path=PATH + b"&tokenType=oauth&token=" + token.encode()) + text(b"40/chat,"))
    raw.until(b"40/chat")
    return raw


def reconnects(mock: Mockspaces, times: float) -> None:
    """Connect and leave politely."""
    token = mock.token(PERSON)
    for _ in range(int(times * 250)):
        raw = connected(mock, token)
        raw.send(text(b"41/chat,") + b"\x88\x82\0\0\0\0\x03\xe8")
        raw.close()


def killed(mock: Mockspaces, times: float) -> None:
    """Connect and break off."""
    token = mock.token(PERSON)
    for _ in range(int(times * 250)):
        raw = connected(mock, token)
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPTLY)
        raw.close()


def requests(mock: Mockspaces, times: float) -> None:
    """Ask all kinds of things."""
    token = mock.token(PERSON).encode()
    batch = b"".join(one.replace(b"%s", token) for one in MIXED)
    raw = Raw(mock.url)
    for _ in range(int(times * 10_000) // len(MIXED)):
        raw.send(batch)
        for _one in MIXED:
            raw.answer()
    raw.close()


@pytest.fixture
def served(fresh_interpreter: None, serve: Serve, monkeypatch: pytest.MonkeyPatch) -> Iterator[Served]:
    for name in ("LEAKS", "FUZZ", "IDLE_MS"):
        monkeypatch.delenv(f"MOCKSPACES_{name}", raising=False)  # a server refuses variables that are no options
    started = serve("--log-level", "error")
    yield started
    assert started.end() == (0, "", "")


def settled_kb(served: Served, mock: Mockspaces) -> int:
    """Return the memory of a process whose journal is empty and whose connections have ended."""
    alone(mock)
    return resident_kb(served.process.pid)


@pytest.mark.parametrize("doing", [worlds, reconnects, killed, requests], ids=lambda doing: doing.__name__)
def test_memory_comes_back(served: Served, doing: Callable[[Mockspaces, float], None]) -> None:
    """What is over takes no memory any more."""
    with Mockspaces(served.url) as mock:
        time.sleep(LOADED_S)
        before = settled_kb(served, mock)
        doing(mock, TIMES)
        grown = settled_kb(served, mock) - before
    assert grown < ALLOWED_KB, f"{grown} KB"


@pytest.mark.parametrize("doing", [worlds, reconnects, killed], ids=lambda doing: doing.__name__)
def test_nothing_waits_for_the_collector(doing: Callable[[Mockspaces, float], None]) -> None:
    """A world that is dropped and a socket that has ended are free at once: what they were made of is in no cycle."""
    with Server() as server, Mockspaces(server.url) as mock:
        connected(mock, mock.token(PERSON)).close()
        alone(mock)
        gc.collect()
        gc.disable()
        try:
            before = living()
            doing(mock, 0.1)
            alone(mock)
            deadline = time.monotonic() + SOON_S
            while living() != before and time.monotonic() < deadline:  # those of a dropped world are held for a second
                time.sleep(0.1)
            assert living() == before
        finally:
            gc.enable()


def living() -> Counter[str]:
    """Count what a world and a socket are made of."""
    return Counter(type(one).__name__ for one in gc.get_objects() if type(one) in PARTS)


def alone(mock: Mockspaces) -> None:
    """Wait until nobody is connected any more, and what was written about them is gone."""
    deadline = time.monotonic() + SOON_S
    while mock.call("GET", "/sockets")["data"] and time.monotonic() < deadline:
        time.sleep(0.01)
    mock.journal.clear()
    time.sleep(0.2)  # a task that is done lets go of what it had a turn of the loop later
