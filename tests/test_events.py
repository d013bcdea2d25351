"""What a world tells as it happens: in time, in order, briefly, and no longer than it is itself."""

import json
import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.worlds import Hosted
from mockspaces.contract import Contract
from mockspaces.control.events import Stream
from mockspaces.server import Server

Told = tuple[str, Any]
HELD_S = 0.02
IDLE_S = 2.5


@pytest.fixture(scope="module")
def server() -> Iterator[Mockspaces]:
    with Server() as running, Mockspaces(running.url) as mock:
        yield mock


@pytest.fixture
def mock(server: Mockspaces) -> Iterator[Mockspaces]:
    """A world of its own for one test, which may drop it."""
    world = server.open_world()
    yield world
    if any(one["name"] == world.name for one in server.call("GET", "/worlds")["data"]):
        world.drop()


def told(answer: httpx.Response) -> Iterator[Told]:
    name = ""
    for line in answer.iter_lines():
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data: "):
            yield name, json.loads(line.removeprefix("data: "))


def ask(mock: Mockspaces, path: str = "/users/me") -> None:
    httpx.get(f"{mock.api_url}{path}", trust_env=False)


def test_entries_are_told_in_their_order_and_from_a_place(mock: Mockspaces) -> None:
    """Who listens hears of what is kept, of what comes, and with ``after`` only of what comes behind that."""
    for _ in range(3):
        ask(mock)
    with httpx.stream("GET", f"{mock.url}/_mock/events?after=1", timeout=5, trust_env=False) as answer:
        assert answer.headers["content-type"].startswith("text/event-stream")
        events = told(answer)
        assert [one["id"] for one in next(events)[1]] == [2, 3]
        name, world = next(events)
        assert (name, world["counts"]["journal"]) == ("world", 3)
        ask(mock)
        name, entries = next(events)
        assert (name, [one["id"] for one in entries]) == ("entries", [4])
        assert entries[0]["why"] == "the request has no Authorization header"
        assert entries[0]["refused"]


def test_a_change_without_an_entry_is_told(mock: Mockspaces) -> None:
    """What a control call changes is in no journal, and yet who listens hears of it."""
    with httpx.stream("GET", f"{mock.url}/_mock/events", timeout=5, trust_env=False) as answer:
        events = told(answer)
        before = next(events)[1]
        mock.user("zoe@example.com")
        after = next(events)[1]
        assert after["counts"]["users"] == before["counts"]["users"] + 1
        mock.clock.advance(days=1)
        assert next(events)[1]["clock"]["offset"] > 86_000


@pytest.mark.parametrize("end", [Mockspaces.reset, Mockspaces.drop], ids=["reset", "drop"])
def test_telling_ends_with_the_state_of_the_world(mock: Mockspaces, end: Callable[[Mockspaces], object]) -> None:
    """A reset and a drop are told as the end, after which nothing comes."""
    with httpx.stream("GET", f"{mock.url}/_mock/events", timeout=5, trust_env=False) as answer:
        events = told(answer)
        next(events)
        end(mock)
        assert [name for name, _ in events][-1:] == ["end"]


def test_telling_ends_with_the_server() -> None:
    """A listener does not keep a server that stops."""
    server = Server()
    server.start()
    with httpx.stream("GET", f"{server.url}/_mock/events", timeout=5, trust_env=False) as answer:
        events = told(answer)
        next(events)
        began = time.monotonic()
        server.stop()
        assert [name for name, _ in events] == ["end"]
    assert time.monotonic() - began < 5


def test_silence_costs_nothing(mock: Mockspaces) -> None:
    """With nothing new nothing is sent for seconds, after what is told at the beginning."""
    with httpx.stream("GET", f"{mock.url}/_mock/events", timeout=IDLE_S, trust_env=False) as answer:
        parts = answer.iter_raw()
        assert b"event: world" in next(parts)
        with pytest.raises(httpx.ReadTimeout):
            next(parts)


def test_a_place_that_is_none_is_refused(mock: Mockspaces) -> None:
    """A place in the journal is a number, and it is the only parameter."""
    for query in ("after=x", "after=-1", "after=%C2%B2", "since=1"):
        answer = httpx.get(f"{mock.url}/_mock/events?{query}", trust_env=False)
        assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")


def test_an_entry_that_is_not_kept_is_not_found(mock: Mockspaces) -> None:
    """An id that no entry has, or that is none, names nothing."""
    ask(mock)
    for entry_id in ("0", "2", "x", "1" * 5000, "²"):
        answer = httpx.get(f"{mock.url}/_mock/journal/{entry_id}", trust_env=False)
        assert answer.status_code == 404, entry_id
    assert mock.call("GET", "/journal/1")["entry"]["why"] == "the request has no Authorization header"


async def test_a_full_journal_is_told_without_holding_the_loop() -> None:
    """Ten thousand entries are told in parts, none of which takes 20 ms of the processor."""
    world = World("full", Origins("http://127.0.0.1:1"), contract=Contract.shipped())
    for number in range(10_000):
        world.journal.record(Entry(path=f"/api/{number}", why="no such thing" * 50))
    hosted = Hosted(world, seeds.bundled("empty"), ttl=None)
    seen, longest = 0, 0.0
    parts = Stream(hosted, after=0).parts()
    while seen < 10_000:
        began = time.thread_time()
        part = await anext(parts)
        longest = max(longest, time.thread_time() - began)
        seen += part.count(b'"id":')
    await parts.aclose()
    assert longest < HELD_S
