"""No call of anybody's holds the loop for long: what the loop's thread computes between two of its turns is bounded."""

import asyncio
import contextlib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Self
from urllib.parse import urlsplit

import pytest

from benchmarks.hostile import inputs, request
from mockspaces.client import Mockspaces
from mockspaces.server import Server

pytestmark = pytest.mark.slow

LONGEST_S = 1.0  # ten times the budget, which `make bench` measures; this finds what grows with its input


class StopWatch:
    """Counts how much CPU time the thread of a loop takes between two turns; load of the machine does not count."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        """Watch a loop that runs in another thread."""
        self._loop = loop
        self._running = True
        self._before = 0.0
        self.longest = 0.0

    def __enter__(self) -> Self:
        self._loop.call_soon_threadsafe(self._tick)
        return self

    def _tick(self) -> None:
        now = time.thread_time()
        if self._before:
            self.longest = max(self.longest, now - self._before)
        self._before = now
        if self._running:
            self._loop.call_later(0.001, self._tick)

    def __exit__(self, *_error: object) -> None:
        self._running = False


def loop_of(server: Server, mock: Mockspaces) -> asyncio.AbstractEventLoop:
    """Return the loop that serves a client's connection."""
    mock.call("GET", "/health")
    loop: asyncio.AbstractEventLoop = next(iter(server._server.server_state.connections)).loop
    return loop


def send(url: str, data: bytes) -> None:
    """Send everything, and read what comes until nothing comes for a moment."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 60) as connection, contextlib.suppress(OSError):
        connection.sendall(data)
        connection.recv(65536)
        connection.settimeout(0.3)
        while connection.recv(1 << 20):
            pass


@pytest.fixture(scope="module")
def watched() -> Iterator[tuple[Server, Mockspaces]]:
    with Server() as server, Mockspaces(server.url) as mock, mock.open_world() as world:
        yield server, world


def test_nothing_holds_the_loop(watched: tuple[Server, Mockspaces]) -> None:
    """Whatever is sent, the loop goes on soon."""
    server, world = watched
    loop = loop_of(server, world)
    stops = {}
    for name, data in inputs(world, 0.5):
        with StopWatch(loop) as watch:
            send(world.url, data)
        stops[name] = watch.longest
    assert {name: stop for name, stop in stops.items() if stop > LONGEST_S} == {}


def test_a_restore_does_not_hold_the_loop(watched: tuple[Server, Mockspaces]) -> None:
    """A snapshot of thousands is read and taken up in slices."""
    server, world = watched
    loop = loop_of(server, world)
    world.call("POST", "/seed", {"users": [{"username": f"u{number}@many.example"} for number in range(5000)]})
    snapshot = world.call("GET", "/snapshot")
    with StopWatch(loop) as watch:
        world.call("PUT", "/snapshot", snapshot)
        world.call("POST", "/reset")
    assert watch.longest < LONGEST_S


@pytest.mark.parametrize(
    ("part", "most_s"), [("seeding", 0.2), ("deleting", 0.04)]
)  # half of that in slices, twice without
def test_a_large_space_does_not_hold_the_loop(watched: tuple[Server, Mockspaces], part: str, most_s: float) -> None:
    """One space of thousands is made in slices, and deleted so."""
    server, world = watched
    loop = loop_of(server, world)
    emails = [f"{part}{number}@large.example" for number in range(4000)]
    world.call("POST", "/seed", {"users": [{"username": one} for one in emails]})
    space = {"title": part, "owner": emails[0], "members": [{"username": one} for one in emails[1:]]}
    with StopWatch(loop) as seeding:
        world.call("POST", "/seed", {"spaces": [space]})
    made = next(one for one in world.call("GET", "/spaces")["data"] if one["title"] == part)["_id"]
    deletion = request("DELETE", f"/api/spaces/{made}", token=world.token(emails[0]))
    with StopWatch(loop) as deleting:
        send(world.url, deletion)
    assert world.journal.last(method="DELETE").status == 200
    assert (seeding if part == "seeding" else deleting).longest < most_s


SERVING = """
import gc, os
from mockspaces.config import Config
from mockspaces.server import Server

full = []

def look_on(phase, facts):
    if phase == "start" and facts["generation"] == 2:
        full.append(facts)

def ready():
    gc.callbacks.append(look_on)
    kept = [[number] for number in range(300_000)]
    print(len(kept), len(full), gc.get_freeze_count() > 10_000, flush=True)
    os._exit(0)

Server(Config(port=0)).run(ready)
"""


def test_a_server_looks_for_garbage_seldom() -> None:
    """What thousands of sockets keep alive is not looked through again and again, and what was loaded never."""
    done = subprocess.run([sys.executable, "-c", SERVING], check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.split() == ["300000", "0", "True"]
