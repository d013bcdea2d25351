"""The journal of a world that several processes have: each is told the same, whichever of them was asked."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, closing
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockspaces.app import App, create_app
from mockspaces.changelog import journal as shared
from mockspaces.changelog import redis
from mockspaces.changelog.journal import SharedJournal
from mockspaces.changelog.log import MovedError, NotStoredError
from mockspaces.changelog.redis import RedisLog
from mockspaces.cloud.kernel.journal import KEPT_BODY_BYTES, TRACE, Criteria
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.run import SOCKET, Connection
from mockspaces.cloud.store.transaction import nothing
from mockspaces.cloud.worlds import snapshots
from mockspaces.config import Config
from mockspaces.contract import Contract, control
from mockspaces.control.events import Stream
from mockspaces.realtime.hub import Hub
from tests.changelog.servers import RedisServer, free_port
from tests.changelog.test_keeping import DEMO
from tests.changelog.test_processes import PERSON, Caller, Listener
from tests.changelog.test_redis import Process, until
from tests.conftest import SOON_S, Serve, Served
from tests.test_journal import entry, paths, talkative

Both = tuple[SharedJournal, SharedJournal]


@pytest.fixture
async def log(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[RedisLog]:
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    yield log
    await log.close()


def opened(log: RedisLog, worker: str) -> SharedJournal:
    """Return the journal that a worker has of a world."""
    return SharedJournal(log, "run", worker, nothing)


@pytest.fixture
async def both(log: RedisLog) -> AsyncIterator[Both]:
    """The journals that two workers have of one world."""
    other = RedisLog(log._address, prefix=log._prefix)
    journals = (opened(log, "one"), opened(other, "two"))
    yield journals
    for opened_one in (*journals, other):
        await opened_one.close()


def record(journal: SharedJournal, *names: str, **members: Any) -> None:
    for name in names:
        journal.record(entry(name, **members))


async def told(journal: SharedJournal) -> list[str]:
    await journal.catch_up()
    return paths(journal)


async def test_an_entry_is_everywhere_once_it_is_written(both: Both) -> None:
    """What one worker has written is found by whoever asks any of them, in one order, under the same ids."""
    one, two = both
    record(one, "/a", "/b")
    await one.written()
    assert await told(two) == ["/a", "/b"]
    record(two, "/c")
    record(one, "/d")
    await asyncio.gather(one.written(), two.written())
    assert sorted(await told(one)) == ["/a", "/b", "/c", "/d"]
    await two.catch_up()
    assert one.find(Criteria()) == two.find(Criteria())
    assert [found.id for found in one.find(Criteria())] == [1, 2, 3, 4]


async def test_entries_are_what_they_were(both: Both) -> None:
    """An entry comes to the other worker whole, even with half a character, of which nothing can carry more."""
    one, two = both
    recorded = talkative(7)
    one.record(recorded)
    one.record(entry("/\ud83c", credential=("oauth", "\ud83c")))
    await one.written()
    await two.catch_up()
    found, half = two.find(Criteria())
    recorded.id = 1
    assert found == recorded
    assert (half.path, half.credential) == ("/?", ("oauth", "?"))


async def test_what_waits_is_written_together(both: Both, log: RedisLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """While one command is under way all entries that come are collected for the next one."""
    one, _ = both
    batches: list[int] = []
    note = log.note

    async def counted(run: str, notes: list[bytes]) -> None:
        batches.append(len(notes))
        await note(run, notes)

    monkeypatch.setattr(log, "note", counted)
    record(one, "/first")
    await asyncio.sleep(0)
    record(one, *map(str, range(30)))
    assert one.unwritten == 31
    await one.written()
    assert (batches, one.unwritten) == ([1, 30], 0)


async def test_bounds_are_the_same_everywhere(both: Both, log: RedisLog) -> None:
    """Each worker drops the same entries and counts the same cuts, also one that comes later."""
    one, two = both
    late = opened(log, "three")
    for journal in (one, two, late):
        journal._max_entries = 300
    for start in (0, 200):
        record(one, *map(str, range(start, start + 200)))
        await one.written()
    await two.catch_up()
    record(two, "/long", request=b"x" * (KEPT_BODY_BYTES + 1))
    for journal in (one, two):
        await journal.written()
    for journal in (one, two, late):
        await journal.catch_up()
        assert (len(journal), journal.dropped, journal.cut, journal.last_id) == (300, 101, 1, 401)
    assert one.find(Criteria()) == two.find(Criteria()) == late.find(Criteria())


async def test_a_clear_is_for_all(both: Both) -> None:
    """Whoever clears the journal clears that of every worker, with what they counted, and the numbers go on."""
    one, two = both
    record(one, "/a", request=b"x" * (KEPT_BODY_BYTES + 1))
    two.beat(("127.0.0.1", 1), 1)
    await one.written()
    assert await told(two) == ["/a"]
    two.clear()
    await two.written()
    assert await told(one) == []
    record(one, "/b")
    await one.written()
    for journal in both:
        assert await told(journal) == ["/b"]
        assert (journal.dropped, journal.cut, journal.heartbeats) == (0, 0, {})
        assert [found.id > 1 for found in journal.find(Criteria())] == [True]


async def test_who_waits_hears_of_other_workers(both: Both) -> None:
    """A waiter and somebody who looks on wake with the entry of another worker; afterwards nobody reads any more."""
    one, two = both
    waiting = asyncio.create_task(two.wait(Criteria(), 2, timeout=60))
    record(one, "/a")
    await one.written()
    record(two, "/b")
    async with asyncio.timeout(SOON_S):
        assert [found.path for found in await waiting] == ["/a", "/b"]
    assert two._following is not None
    async with asyncio.timeout(SOON_S):
        await two._following
    with two.watched() as watch:
        record(one, "/c")
        async with asyncio.timeout(SOON_S):
            await watch.wait(SOON_S)
        assert paths(two) == ["/a", "/b", "/c"]
    following = two._following
    assert following is not None
    async with asyncio.timeout(SOON_S):
        await following
    assert two._following is None


def test_traces_of_two_workers_never_meet(log: RedisLog) -> None:
    """Two workers count their traces in ranges of their own, all of them numbers that a page can read."""
    seen = []
    for worker in ("3f2a9c1e", "3f2a9c1f", "x"):
        journal = opened(log, worker)
        journal.begin()
        seen.append(journal._last_trace)
        assert 0 < journal._last_trace < 2**53 - 2**20
    assert min(abs(a - b) for a in seen for b in seen if a is not b) > 2**20


async def test_another_run_begins_with_nothing(both: Both) -> None:
    """After a reset each worker forgets the entries of the run before, also those that were still to be written."""
    one, two = both
    record(one, "/kept")
    await one.written()
    assert await told(two) == ["/kept"]
    record(one, "/late")
    one.follow("another")
    record(one, "/b")
    await one.written()
    two.follow("another")
    for journal in both:
        assert await told(journal) == ["/b"]
        assert (journal.last_id, journal.unwritten) == (1, 0)
    one.follow("another")
    assert paths(one) == ["/b"]


async def test_a_reset_while_somebody_reads_is_heeded(log: RedisLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was read of one run never comes into the journal of the next one."""
    journal, noted = opened(log, "one"), log.noted
    record(journal, "/a")
    await journal.written()

    async def reset(run: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        found = await noted(run, after, limit)
        journal.follow("another")
        return found

    monkeypatch.setattr(log, "noted", reset)
    assert await told(journal) == []


async def test_a_reset_while_something_is_written_is_heeded(log: RedisLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """What could not be written in one run is never written in the next one."""
    journal, note = opened(log, "one"), log.note

    async def reset(run: str, notes: list[bytes]) -> None:
        if run == "run":
            journal.follow("another")
            raise NotStoredError("away")
        await note(run, notes)

    monkeypatch.setattr(log, "note", reset)
    record(journal, "/a")
    await journal.written()
    record(journal, "/b")
    assert await told(journal) == ["/b"]
    assert journal.unwritten == 0


async def test_a_run_keeps_its_newest_notes(both: Both, log: RedisLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream has a bound in bytes too; whoever has not read it in time, or comes late, counts what is gone."""
    monkeypatch.setattr(redis, "NOTED_BYTES", 10_000)
    one, two = both
    record(one, "/a", "/b")
    await one.written()
    assert await told(two) == ["/a", "/b"]
    for number in range(40):
        record(one, str(number), response=b"x" * 1000)
        await one.written()
        kept = await log.noted("run", 0, 100)
        assert (kept[-1][0], len(kept) <= 12) == (number + 3, True)
    for journal in (two, opened(log, "late")):
        await journal.catch_up()
        assert (len(journal), journal.dropped) == (len(kept), 42 - len(kept))
        assert [found.id for found in journal.find(Criteria())] == [position for position, _ in kept]


async def test_a_log_that_lost_notes_is_read_anew(both: Both, log: RedisLog, redis_server: RedisServer) -> None:
    """Where Redis has fewer notes than a worker knows, it forgets what it knew and goes on with what there is."""
    one, two = both
    record(one, "/a", "/b")
    await one.written()
    assert await told(two) == ["/a", "/b"]
    with redis_server.asked() as client:
        client.delete(f"{log._prefix}:journal:run")
    with pytest.raises(MovedError):
        await log.noted("run", 2, 1)
    assert await told(two) == []
    record(one, "/c")
    await one.written()
    for journal in both:
        assert await told(journal) == ["/c"]


async def test_calls_do_not_wait_for_a_log_that_is_away(
    other_server: Callable[..., RedisServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """While Redis is away entries are kept, bounded, and whoever reads is refused; later they are there once."""
    monkeypatch.setattr(redis, "PATIENCE_S", 0.1)
    monkeypatch.setattr(shared, "PATIENCE_S", SOON_S * 2)
    server = other_server()
    log = RedisLog(server.url, prefix="p")
    one, two = (opened(log, name) for name in ("one", "two"))
    one._max_entries = two._max_entries = 5
    record(one, "/a")
    await one.written()
    server.kill()
    record(one, "/b")
    async with asyncio.timeout(SOON_S):
        await one.written()
    assert one.unwritten == 1
    with pytest.raises(Rejection, match="cannot be read"):
        await two.catch_up()
    record(one, *map(str, range(10)))
    async with asyncio.timeout(SOON_S):
        await one.written()
    assert one.unwritten <= 6  # one of them may be with Redis
    two.record(entry("/late"))
    await two.written()
    two.follow("another")
    server.start()
    await until(lambda: not one.unwritten and not two.unwritten)
    two.follow("run")
    assert await told(two) == ["5", "6", "7", "8", "9"]
    assert two.dropped == 7
    for opened_one in (one, two, log):
        await opened_one.close()


async def test_what_may_have_been_written_is_there_once(
    other_server: Callable[..., RedisServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A pause in which nobody knows whether Redis has got an entry neither loses it nor doubles it."""
    monkeypatch.setattr(redis, "ANSWER_S", 0.1)
    server = other_server()
    log = RedisLog(server.url, prefix="p")
    journal = opened(log, "one")
    record(journal, "/a")
    await journal.written()
    with server.paused():
        record(journal, "/b")
        await journal.written()
        assert journal.unwritten == 1
        await asyncio.sleep(0.3)
    await until(lambda: not journal.unwritten)
    assert await told(journal) == ["/a", "/b"]
    await journal.close()
    await log.close()


# --- calls


@pytest.fixture
async def app(both: Both) -> App:
    """The cloud in one of the workers."""
    made = create_app(Config())
    await made.start()
    made.worlds.named("default").world.journal = both[0]
    return made


@pytest.fixture
async def client(app: App) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8080") as client:
        yield client


async def test_an_answer_leaves_after_its_entry(
    both: Both, log: RedisLog, client: httpx.AsyncClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever has an answer finds its entry with every other worker, however long the log took to write it."""
    note = log.note

    async def slow(run: str, notes: list[bytes]) -> None:
        await asyncio.sleep(0.1)
        await note(run, notes)

    monkeypatch.setattr(log, "note", slow)
    record(both[0], "/own")
    assert await told(both[0]) == ["/own"]
    assert await told(both[1]) == ["/own"]
    await client.get("/api/users/me")
    await client.get("/w/nowhere/api/users/me")
    assert await told(both[1]) == ["/own", "/api/users/me", "/w/nowhere/api/users/me"]
    await client.delete("/_mock/journal")
    assert await told(both[1]) == []


ASKED = {
    "CTRL-WORLD": '"journal":2',
    "CTRL-JOURNAL": "/elsewhere",
    "CTRL-JOURNAL-ENTRY": "/elsewhere",
    "CTRL-JOURNAL-SEARCH": '"ids":[1]',
    "CTRL-JOURNAL-REPEAT": '"entry":3',
    "CTRL-JOURNAL-WAIT": "/elsewhere",
    "CTRL-UI": "/elsewhere",
    "CTRL-UI-ENTRY": "/elsewhere",
    "CTRL-UI-SOCKETS": "127.0.0.1:4711",
    "CTRL-UI-SOCKET": "a frame",
    "CTRL-UI-THING": "/elsewhere",
}


@pytest.mark.parametrize("name", [name for name in control.JOURNAL if name != "CTRL-EVENTS"])
async def test_whoever_asks_is_told_what_others_recorded(
    name: str, both: Both, app: App, client: httpx.AsyncClient
) -> None:
    """Each call that tells of the journal tells of what other workers have recorded before it came."""
    thing = app.worlds.named("default").world.state.users.every()[0].id
    told_of = entry("/elsewhere", target=b"/elsewhere", version="1.1", request=thing.encode())
    frame = entry("/chat", request=b"a frame", connections=(("127.0.0.1", 4711),))
    frame.surface, frame.method = SOCKET, "IN"
    for one in (told_of, frame):
        both[1].record(one)
    await both[1].written()
    row = Contract.shipped().endpoints[name]
    values = {"id": thing if name == "CTRL-UI-THING" else "1", "kind": "people", "peer": "127.0.0.1:4711"}
    body = {"timeout": 0} if name == "CTRL-JOURNAL-WAIT" else {}
    query = {"text": "elsewhere"} if name == "CTRL-JOURNAL-SEARCH" else {}
    given: dict[str, Any] = {"params": query} if row.method == "GET" else {"json": body}
    answer = await client.request(row.method, row.path.format(**values), **given)
    assert ASKED[name] in answer.text


async def test_who_follows_hears_of_other_workers(both: Both, app: App) -> None:
    """The stream of events tells what another worker records while it lasts."""
    parts = Stream(app.worlds.named("default"), 0).parts()
    async with asyncio.timeout(SOON_S):
        await anext(parts)  # the counts
        record(both[1], "/elsewhere")
        while b"/elsewhere" not in await anext(parts):
            pass
    await parts.aclose()


# --- workers


@pytest.fixture
async def start(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[Callable[[], Awaitable[Process]]]:
    """What starts one more worker of a cloud."""
    async with AsyncExitStack() as running:

        async def started() -> Process:
            process = Process(redis_server.url, tmp_path.name)
            running.push_async_callback(process.keeper.close)
            await process.start()
            return process

        yield started


Start = Callable[[], Awaitable[Process]]


async def test_a_journal_is_that_of_a_run(start: Start, redis_server: RedisServer, tmp_path: Path) -> None:
    """A restore keeps the journal for all workers, one that comes later too; a reset and a drop leave nothing of it."""
    one, other = await start(), await start()
    hosted = await one.worlds.open("w", DEMO, ttl=None)
    theirs = (await other.worlds.find("w")).world
    theirs.journal.record(entry("/a"))
    await theirs.journal.written()
    await one.worlds.restore(hosted, await snapshots.take(hosted.world))
    late = await start()
    for journal in (hosted.world.journal, theirs.journal, late.world("w").journal):
        await journal.catch_up()
        assert paths(journal) == ["/a"]
    await one.worlds.reset(hosted)
    hosted.world.journal.record(entry("/b"))
    await hosted.world.journal.written()
    for journal in (theirs.journal, late.world("w").journal, hosted.world.journal):
        await journal.catch_up()
        assert [(found.path, found.id) for found in journal.find(Criteria())] == [("/b", 1)]
    with redis_server.asked() as client:
        kept = f"{tmp_path.name}:journal:*"
        assert len(client.keys(kept)) == 1
        assert client.ttl(client.keys(kept)[0]) > 0  # a worker that has not heard of the end may write once more
        await other.worlds.drop("w")
        assert client.keys(kept) == []


class Worker:
    """A process whose control API is asked, and nobody else: clients go where the public URL leads."""

    def __init__(self, serve: Serve, log: str) -> None:
        port = free_port()
        started = serve("--log", log, "--port", str(port), "--public-url", "http://mock.example")
        self.served = Served(started.process, f"http://127.0.0.1:{port}")

    def call(self, method: str, path: str, **given: Any) -> Any:
        answer = httpx.request(method, f"{self.served.url}/_mock{path}", trust_env=False, **given)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def journal(self, **wanted: Any) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.call("GET", "/journal", params=wanted)["entries"]
        return found


async def test_frames_lead_to_their_call_among_those_that_are_stored_together(start: Start) -> None:
    """Of calls that commit as one group each announcement has the trace of the call that made it."""
    process = await start()
    world, hub = process.world(), Hub(process.world(), process.log.worker)
    seen: list[tuple[int, str]] = []
    connection = Connection(id="c", person_id="somebody", number=0, worker=process.log.worker, namespace="/chat")

    async def call(number: int) -> None:
        world.journal.begin()
        seen.append((TRACE.get(), str(number)))

        async def tell() -> None:
            await spaces.create(world, await people.known(world, PERSON), "Room")
            hub._record_at_commit([connection], "MESSAGE_SENT", "", str(number))

        await world.transactions.carry_out(tell)

    await asyncio.gather(*map(call, range(3)))
    await world.journal.catch_up()
    assert [(found.trace, found.why) for found in world.journal.find(Criteria())] == seen


@pytest.mark.slow
@pytest.mark.usefixtures("fresh_interpreter")
def test_processes_tell_the_same_journal(serve: Serve, other_server: Callable[..., RedisServer]) -> None:
    """Calls and frames of one process are in the journal of the other one at once, with the traces that they have."""
    log = other_server().url
    one, other = Worker(serve, log), Worker(serve, log)
    space = one.call("POST", "/spaces", json={"title": "Told", "owner": PERSON})["_id"]
    token = one.call("POST", "/tokens", json={"username": PERSON})["token"]
    with closing(Listener(one.served, token, space)), closing(Caller(other.served.url, token)) as caller:
        for number in range(3):
            caller.post(f"/api/spaces/{space}/chats", {"content": {"bodyText": str(number)}})
            assert len(one.journal(endpoint="MSG-CHAT")) == number + 1
        assert caller.post("/api/spaces/none/chats", {})[0] == 404
        assert one.journal(status=404)[0]["path"] == "/api/spaces/none/chats"
        assert one.journal() == other.journal()
    for number, call in enumerate(other.journal(endpoint="MSG-CHAT", status=200)):
        together = one.journal(trace=call["trace"])
        assert [found["event"] or found["endpoint"] for found in together] == ["MESSAGE_SENT", "MSG-CHAT"]
        assert f'"bodyText":"{number}"' in together[0]["response"]["text"]
    one.call("DELETE", "/journal")
    assert other.journal() == []
