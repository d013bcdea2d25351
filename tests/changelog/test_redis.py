"""Redis as the log of several workers: what is refused by name, and what kills of either side leave."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from mockspaces.changelog import keeper, open_log, redis
from mockspaces.changelog.encoding import FORMAT
from mockspaces.changelog.keeper import Keeper, Recording
from mockspaces.changelog.line import AwayError
from mockspaces.changelog.log import (
    ChangeSet,
    GoneError,
    LogError,
    MovedError,
    NotStoredError,
    Registered,
    Stand,
    UnclearError,
)
from mockspaces.changelog.redis import RedisLog
from mockspaces.client import ControlError, Mockspaces
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import ProductProfile
from mockspaces.cloud.store.run import Connection, Frames, Said
from mockspaces.cloud.store.transaction import ARRIVED
from mockspaces.cloud.worlds import snapshots
from mockspaces.cloud.worlds.worlds import DEFAULT, Worlds
from mockspaces.contract import errors
from mockspaces.server import tls
from tests.changelog.reference import Writer, told
from tests.changelog.servers import RedisServer, free_port
from tests.changelog.test_keeping import DEMO, chat
from tests.changelog.test_processes import PERSON, Caller
from tests.conftest import SOON_S, Serve
from tests.rebuilding import differences


async def some() -> AsyncIterator[bytes]:
    yield b"part"


async def until(met: Callable[[], bool]) -> None:
    """Wait until something is so."""
    last = time.monotonic() + SOON_S
    while not met():
        assert time.monotonic() < last
        await asyncio.sleep(0.01)


def another_kind(client: Redis, prefix: str) -> None:
    client.rpush(f"{prefix}:log", "theirs")


def another_hash(client: Redis, prefix: str) -> None:
    client.hset(f"{prefix}:worlds", "a", "b")
    client.hset(f"{prefix}:log", "theirs", "1")


def with_format(number: int) -> Callable[[Redis, str], None]:
    def make(client: Redis, prefix: str) -> None:
        client.hset(f"{prefix}:log", mapping={"format": number, "program": "99.1"})

    return make


BAD = {
    "another kind": (another_kind, 'has a list of something else at the key "'),
    "another hash": (another_hash, 'has a hash of something else at the key "'),
    "newer": (with_format(FORMAT + 1), "was written by mockspaces 99.1, which is newer"),
    "older": (with_format(FORMAT - 1), f"older format {FORMAT - 1}, this mockspaces reads {FORMAT} only"),
}


@pytest.mark.parametrize("kind", [name for name in BAD if name != "older" or FORMAT > 1])
def test_keys_that_are_no_log_are_refused(redis_server: RedisServer, tmp_path: Path, kind: str) -> None:
    """Whatever stands below the prefix and is no log for this program is said in one sentence, and stays."""
    make, words = BAD[kind]
    with redis_server.asked() as client:
        make(client, tmp_path.name)
        before = sorted(client.keys(f"{tmp_path.name}:*"))
        with pytest.raises(LogError) as refused:
            RedisLog(redis_server.url, prefix=tmp_path.name)
        assert words in str(refused.value)
        assert sorted(client.keys(f"{tmp_path.name}:*")) == before


async def test_a_redis_that_may_lose_the_log_is_refused(other_server: Callable[..., RedisServer]) -> None:
    """Without append-only file, or with keys that are evicted, it takes a word that this is meant."""
    server = other_server("--appendonly", "no", "--maxmemory-policy", "allkeys-lru")
    with pytest.raises(LogError, match="has no append-only file"):
        RedisLog(server.url, prefix="p")
    with server.asked() as client:
        client.config_set("appendonly", "yes")
        with pytest.raises(LogError, match=r"evicts keys \(allkeys-lru\)"):
            RedisLog(server.url, prefix="p")
        client.config_set("appendonly", "no")
    log = RedisLog(server.url, prefix="p", volatile=True)
    await log.close()


def test_a_password_is_asked_for_and_never_shown(other_server: Callable[..., RedisServer]) -> None:
    """A missing and a wrong password are told apart, and neither the given one nor a URL that has one is repeated."""
    server = other_server("--requirepass", "right")
    with pytest.raises(LogError, match="wants a password, which MOCKSPACES_LOG_PASSWORD gives"):
        RedisLog(server.url, prefix="p")
    with pytest.raises(LogError, match="refuses the password") as refused:
        RedisLog(server.url.replace("//", "//:secret@"), prefix="p")
    assert "secret" not in str(refused.value)
    asyncio.run(RedisLog(server.url, prefix="p", password="right").close())


def test_a_redis_that_is_not_there_is_refused() -> None:
    """The address is told, and why it cannot be reached; a URL of another form is refused with what is expected."""
    url = f"redis://127.0.0.1:{free_port()}/0"
    with pytest.raises(LogError, match=f"^--log: {url}: connection refused$"):
        open_log(url, prefix="p")
    for wrong in ("redis://", "redis://host/name", "redis://host:0x/0", "redis://host/0?a=b"):
        with pytest.raises(LogError, match="expected redis://HOST:PORT/0"):
            open_log(wrong, prefix="p")


async def test_workers_have_the_same_options(redis_server: RedisServer, tmp_path: Path) -> None:
    """One that was told something else is refused with what differs, until the last of the others has ended."""
    one = RedisLog(redis_server.url, prefix=tmp_path.name, options={"public_url": "http://one", "max_worlds": 5})
    same = RedisLog(redis_server.url, prefix=tmp_path.name, options={"max_worlds": 5, "public_url": "http://one"})
    for log in (one, same):
        log.watch(lambda _: None, lambda _: None)  # with signs of life
    with pytest.raises(LogError) as refused:
        await asyncio.to_thread(
            RedisLog, redis_server.url, prefix=tmp_path.name, options={"public_url": "http://two", "max_worlds": 5}
        )
    assert 'whose workers have "http://one" as --public-url, and this one "http://two"' in str(refused.value)
    with pytest.raises(LogError, match="something else as --control-token, and this one what it was given"):
        await asyncio.to_thread(RedisLog, redis_server.url, prefix=tmp_path.name, options={"control_token": "hash"})
    assert await one.workers() == {one.worker, same.worker}
    for log in (one, same):
        await log.close()
    other = RedisLog(redis_server.url, prefix=tmp_path.name, options={})
    assert await other.workers() == {other.worker}
    await other.close()


def test_who_was_killed_is_waited_for(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker with other options comes in as soon as the lease of one that gives no sign of life any more is over."""
    monkeypatch.setattr(redis, "FIRST_LEASE_S", 0.3)
    RedisLog(redis_server.url, prefix=tmp_path.name, options={"a": 1})
    other = RedisLog(redis_server.url, prefix=tmp_path.name, options={"a": 2})

    async def living() -> frozenset[str]:
        found = await other.workers()
        await other.close()
        return found

    assert asyncio.run(living()) == {other.worker}


async def test_a_connection_is_encrypted(
    other_server: Callable[..., RedisServer], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With rediss:// a certificate of a CA that SSL_CERT_FILE names is taken, and that of no known CA is refused."""
    issued = tls.issue(["127.0.0.1"])
    for name, content in (("ca", issued.ca), ("certificate", issued.certificate), ("key", issued.key)):
        (tmp_path / name).write_bytes(content)
    port = free_port()
    other_server(
        *("--tls-port", str(port), "--tls-auth-clients", "no", "--tls-ca-cert-file", str(tmp_path / "ca")),
        *("--tls-cert-file", str(tmp_path / "certificate"), "--tls-key-file", str(tmp_path / "key")),
    )
    url = f"rediss://127.0.0.1:{port}/0"
    with pytest.raises(
        LogError, match="its certificate is of no CA that is trusted here, which SSL_CERT_FILE may name"
    ):
        RedisLog(url, prefix="p")
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca"))
    log = RedisLog(url, prefix="p")
    world = await log.begin("one", b"", some(), None)
    await Writer(log, world).append(b"x")
    assert await told(log, world) == [b"x"]
    await log.close()


async def texts(world: World) -> list[str]:
    """Return the messages that a call finds that only reads."""

    async def read() -> list[str]:
        return [one.text for one in world.state.messages.every()]

    came = time.perf_counter()
    await world.transactions.follow()
    ARRIVED.set(came)
    return await world.transactions.carry_out(read)


class Process:
    """The worlds of one worker, in a Redis."""

    def __init__(self, url: str, prefix: str) -> None:
        self.log = RedisLog(url, prefix=prefix)
        self.worlds = Worlds("http://127.0.0.1")
        self.keeper = Keeper(self.log, self.worlds)

    async def start(self) -> None:
        await self.keeper.resume(DEMO)
        if DEFAULT not in self.worlds:
            await self.worlds.open(DEFAULT, DEMO, ttl=None)
        self.keeper.serve()

    def world(self, name: str = DEFAULT) -> World:
        return self.worlds.named(name).world

    async def texts(self) -> list[str]:
        """Return the messages that a call finds; one that is refused is made again for some seconds."""
        until = time.monotonic() + SOON_S
        while True:
            try:
                return await texts(self.world())
            except Rejection:
                assert time.monotonic() < until
                await asyncio.sleep(0.02)


@pytest.fixture
async def two(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[tuple[Process, Process]]:
    """Two workers of one cloud."""
    pair = Process(redis_server.url, tmp_path.name), Process(redis_server.url, tmp_path.name)
    for one in pair:
        await one.start()
    yield pair
    for one in pair:
        await one.keeper.close()


async def test_each_worker_has_what_the_other_was_answered(two: tuple[Process, Process]) -> None:
    """A call finds each change that was answered before it began, on whichever worker, and both are equal then."""
    for number in range(20):
        one, other = two[number % 2], two[(number + 1) % 2]
        changes = other.world().transactions.changes
        await chat(one.world(), str(number))
        assert (await texts(other.world()))[-1] == str(number)
        assert other.world().transactions.changes > changes  # by which who looks on knows that there is something new
    assert differences(two[0].world().state, two[1].world().state) == []


async def test_workers_that_write_to_one_world_take_turns(two: tuple[Process, Process]) -> None:
    """Of calls that come to both at once each is carried out once, however often one of them was too late."""
    await asyncio.gather(*(chat(two[number % 2].world(), str(number)) for number in range(100)))
    found = [await one.texts() for one in two]
    assert found[0] == found[1]
    assert all(one.world().transactions.followed for one in two)
    assert any(one.world().transactions.repeated for one in two)
    assert sorted(found[0]) == sorted(map(str, range(100)))
    assert differences(two[0].world().state, two[1].world().state) == []


async def test_a_world_that_is_begun_anew_while_it_is_looked_up_is_there(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A generation that has gone since its number was read is not taken for a world that was dropped."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    first = await log.begin("one", b"first", some(), None)
    read, numbers = log._read, [first]

    async def begun_anew_first(*command: Any) -> Any:
        if command == ("HGET", log._world(first), "head"):
            numbers.append(await log.begin("one", b"second", some(), (first, Stand())))
        return await read(*command)

    monkeypatch.setattr(log, "_read", begun_anew_first)
    assert await log.world("one") == Registered("one", numbers[-1], b"second")
    assert len(numbers) == 2
    await log.drop("one", numbers[-1])
    assert await log.world("one") is None
    await log.close()


async def test_a_world_is_begun_anew_again_while_a_worker_takes_it_up(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that has taken a reset up and then finds the next one looks again, and does not wait for itself."""
    one, other = two
    end_runs, again = other.keeper._end_runs, True

    async def reset_first(world: World, living: frozenset[str]) -> None:
        nonlocal again
        if again:
            again = False
            await one.worlds.reset(one.worlds.named(DEFAULT))
        await end_runs(world, living)

    monkeypatch.setattr(other.keeper, "_end_runs", reset_first)
    await one.worlds.reset(one.worlds.named(DEFAULT))
    async with asyncio.timeout(SOON_S):
        await other.texts()
    assert not again
    assert differences(one.world().state, other.world().state) == []


class Looks:
    """Counts the looks of a worker into the log, and keeps them back if it is told to."""

    def __init__(self, log: RedisLog, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.go_on = asyncio.Event()
        self.go_on.set()
        self._after = log.after
        monkeypatch.setattr(log, "after", self._counted)

    async def _counted(self, generation: int, stand: Stand, *, reserve: bool = False) -> list[ChangeSet]:
        self.count += 1
        await self.go_on.wait()
        return await self._after(generation, stand, reserve=reserve)


async def test_calls_that_wait_share_a_look(two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch) -> None:
    """One look into the log does for all who came before it, the next one for all who came while it was under way."""
    one, other = two
    looks = Looks(one.log, monkeypatch)
    looks.go_on.clear()
    before = [asyncio.create_task(texts(one.world())) for _ in range(5)]
    await until(lambda: looks.count == 1)
    meanwhile = [asyncio.create_task(texts(one.world())) for _ in range(5)]
    await asyncio.sleep(0)
    looks.go_on.set()
    assert len(await asyncio.gather(*before, *meanwhile)) == 10
    assert looks.count == 2
    await chat(other.world(), "new")
    assert all(found[-1] == "new" for found in await asyncio.gather(*(texts(one.world()) for _ in range(5))))
    assert looks.count == 3  # what was found is followed without another one


async def test_nobody_has_the_turn_while_they_look(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call that waits to know whether it is current keeps nobody from the world; who leaves keeps nobody waiting."""
    looks = Looks(two[0].log, monkeypatch)
    looks.go_on.clear()
    world = two[0].world()
    leaving, staying = (asyncio.create_task(texts(world)) for _ in range(2))
    await until(lambda: looks.count == 1)
    async with asyncio.timeout(SOON_S), world.transactions.alone(current=False):
        leaving.cancel()
    looks.go_on.set()
    async with asyncio.timeout(SOON_S):
        await staying


async def test_what_this_worker_did_meanwhile_is_not_followed(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """A look that finds what this very worker has appended since it began does not do that a second time."""
    world, came = two[0].world(), time.perf_counter()
    await texts(world)
    looks, followed = Looks(two[0].log, monkeypatch), world.transactions.followed
    looks.go_on.clear()
    reading = asyncio.create_task(texts(world))
    await until(lambda: looks.count == 1)
    ARRIVED.set(came)  # so that the look before is enough for it
    await chat(world, "mine")
    looks.go_on.set()
    assert (await reading)[-1] == "mine"
    assert world.transactions.followed == followed


async def test_a_reserved_world_is_changed_by_nobody_else(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever was too late reserves the world: others are too late until that has appended, or its moment is over."""
    monkeypatch.setattr(redis, "RESERVED_MS", 300)
    logs = [RedisLog(redis_server.url, prefix=tmp_path.name) for _ in range(2)]
    world = await logs[0].begin("one", b"", some(), None)
    writers = [Writer(log, world) for log in logs]
    assert await logs[0].after(world, Stand(), reserve=True) == []
    with pytest.raises(MovedError):
        await writers[1].append(b"x")
    await writers[0].append(b"y")
    began = time.monotonic()
    assert [one.data for one in await logs[1].after(world, Stand(), reserve=True)] == [b"y"]
    assert time.monotonic() - began < 0.3
    assert [one.data for one in await logs[0].after(world, Stand(), reserve=True)] == [b"y"]
    assert time.monotonic() - began > 0.25
    for log in logs:
        await log.close()


async def test_who_waits_for_a_world_comes_before_who_had_it(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker that always wants to change something cannot keep a world from another one."""
    monkeypatch.setattr(redis, "RESERVED_MS", 60_000)
    monkeypatch.setattr(redis, "NEXT_MS", 60_000)
    logs = [RedisLog(redis_server.url, prefix=tmp_path.name) for _ in range(2)]
    world = await logs[0].begin("one", b"", some(), None)
    await logs[0].after(world, Stand(), reserve=True)
    waiting = asyncio.create_task(logs[1].after(world, Stand(), reserve=True))
    await asyncio.sleep(0.05)
    writer = Writer(logs[0], world)
    await writer.append(b"x")
    again = asyncio.create_task(logs[0].after(world, writer.stand, reserve=True))
    found = await waiting
    await asyncio.sleep(0.05)
    assert not again.done()
    await Writer(logs[1], world, found[-1].stand).append(b"y")
    assert [one.data for one in await again] == [b"y"]
    for log in logs:
        await log.close()


async def test_worlds_are_those_of_all_workers(two: tuple[Process, Process]) -> None:
    """What one worker opens, resets, restores and drops is so for the other one with its next call."""
    one, other = two
    await one.worlds.open("theirs", DEMO, ttl=None)
    theirs = (await other.worlds.find("theirs")).world
    await chat(theirs, "there")
    assert (await texts(one.world("theirs")))[-1] == "there"
    kept = await snapshots.take(one.world("theirs"))
    await one.worlds.reset(one.worlds.named("theirs"))
    assert "there" not in await texts(theirs)
    await other.worlds.restore(other.worlds.named("theirs"), kept)
    assert (await texts(one.world("theirs")))[-1] == "there"
    with pytest.raises(Rejection) as refused:
        await other.worlds.open("theirs", DEMO, ttl=None)
    assert refused.value.code == errors.ALREADY_EXISTS
    gone = one.world("theirs")
    await other.worlds.drop("theirs")
    with pytest.raises(Rejection) as refused:
        await texts(gone)
    assert refused.value.code == errors.WORLD_NOT_FOUND
    assert "theirs" not in one.worlds
    await one.worlds.sync()
    assert [hosted.world.name for hosted in one.worlds] == [DEFAULT]


async def test_many_calls_find_a_world_of_another_worker_at_once(two: tuple[Process, Process]) -> None:
    """Calls that look for a world at the same time all find the same one, which is opened once."""
    one, other = two
    await one.worlds.open("theirs", DEMO, ttl=None)
    async with asyncio.timeout(SOON_S):
        found = await asyncio.gather(*(other.worlds.find("theirs") for _ in range(20)))
    assert len(set(map(id, found))) == 1


async def test_while_redis_is_away_worlds_are_refused(
    other_server: Callable[..., RedisServer], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who opens, drops, finds or resets a world while Redis is away is told so by its code, and may try again."""
    monkeypatch.setattr(redis, "PATIENCE_S", 0.1)
    server = other_server()
    one = Process(server.url, "p")
    await one.start()
    kept = await one.worlds.open("kept", DEMO, ttl=None)
    server.kill()
    for call in (
        one.worlds.open("new", DEMO, ttl=None),
        one.worlds.drop("kept"),
        one.worlds.drop("other"),
        one.worlds.find("other"),
        one.worlds.reset(kept),
        one.worlds.sync(),
    ):
        with pytest.raises(Rejection) as refused:
            await call
        assert refused.value.code == errors.NOT_STORED
    server.start()
    await one.texts()
    await one.worlds.open("new", DEMO, ttl=None)
    assert sorted(hosted.world.name for hosted in one.worlds) == [DEFAULT, "kept", "new"]
    await one.keeper.close()


async def test_a_world_that_both_open_is_opened_once(two: tuple[Process, Process]) -> None:
    """Of two workers that open a world of one name at once one is refused, and both have that of the other one."""
    outcomes = await asyncio.gather(*(one.worlds.open("same", DEMO, ttl=None) for one in two), return_exceptions=True)
    refused = [one for one in outcomes if isinstance(one, Rejection)]
    assert [one.code for one in refused] == [errors.ALREADY_EXISTS]
    worlds = [(await one.worlds.find("same")).world for one in two]
    await chat(worlds[0], "there")
    assert (await texts(worlds[1]))[-1] == "there"
    assert differences(worlds[0].state, worlds[1].state) == []


async def test_unnamed_worlds_of_two_workers_have_names_of_their_own(two: tuple[Process, Process]) -> None:
    """Nobody is refused a world that they have not named, also if the other worker chooses the same name just then."""
    opened = await asyncio.gather(*(two[number % 2].worlds.open(None, DEMO, ttl=None) for number in range(4)))
    assert len({hosted.world.name for hosted in opened}) == 4


async def test_what_another_worker_says_reaches_the_sockets_of_this_one(
    monkeypatch: pytest.MonkeyPatch, two: tuple[Process, Process]
) -> None:
    """Frames come with the changes, in their order and once, without anybody asking for them or a look now and then."""
    monkeypatch.setattr(keeper, "TOUCH_S", 3600)
    one, other = two
    heard: list[Said] = []
    other.world().transactions.speak = heard.append
    said = [Frames(connections=("c",), packets=(str(number), b"\x00")) for number in range(3)]

    async def say(number: int) -> None:
        one.world().transactions.say(said[number])

    for number in range(3):
        await one.world().transactions.carry_out(partial(say, number))
    await until(lambda: len(heard) == 3)
    await texts(other.world())
    assert heard == said


async def test_bytes_that_sockets_are_told_stay_bytes(two: tuple[Process, Process]) -> None:
    """Also beside a number that only JSON can carry, as clients may send where anything is allowed."""
    one, other = two
    heard: list[Said] = []
    other.world().transactions.speak = heard.append
    said = Frames(connections=("c",), packets=("4", b"\x00\xff"))

    async def say() -> None:
        one.world().state.product_profiles.store(ProductProfile(id="p", value={"n": 10**30}))
        one.world().transactions.say(said)

    await one.world().transactions.carry_out(say)
    await texts(other.world())
    assert heard == [said]
    assert differences(one.world().state, other.world().state) == []


async def test_a_wrong_clock_is_put_right(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A worker whose machine is minutes ahead, or becomes so, has the time of Redis in its worlds, if that goes on."""
    real, ahead = time.time, 300.0
    monkeypatch.setattr(time, "time", lambda: real() + ahead)
    one = Process(redis_server.url, tmp_path.name)
    await one.start()
    clock = one.world().clock
    assert abs(clock.now() - real()) < SOON_S
    ahead = -300.0
    await one.log.workers()
    assert abs(clock.now() - real()) < SOON_S

    async def freeze() -> None:
        clock.freeze(5.0)

    await one.world().transactions.carry_out(freeze)
    assert clock.now() == 5.0
    await one.keeper.close()


async def test_sockets_of_a_dead_worker_are_gone(two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was connected to a worker that gives no sign of life any more has left, and only they."""
    one, other = two

    async def connect(process: Process, name: str) -> None:
        process.world().state.connections.store(
            Connection(id=name, person_id="somebody", number=0, worker=process.log.worker)
        )

    for process, name in ((one, "dies"), (other, "lives")):
        await process.world().transactions.carry_out(partial(connect, process, name))
    await texts(one.world())
    monkeypatch.setattr(redis, "LEASE_S", 0.1)
    await one.log._end_tasks()
    await until(lambda: [one.id for one in other.world().presence.all()] == ["lives"])
    assert len(one.world().presence) == 2
    await texts(one.world())
    assert [one.id for one in one.world().presence.all()] == ["lives"]


async def test_an_older_copy_of_redis_is_noticed(other_server: Callable[..., RedisServer], tmp_path: Path) -> None:
    """When Redis comes back with an older copy of its files, worlds are what that has, and changes follow it."""
    server, copy = other_server(), tmp_path / "copy"
    one, other = Process(server.url, "p"), Process(server.url, "p")
    for process in (one, other):
        await process.start()
        await process.worlds.open("same" if process is one else None, DEMO, ttl=None)
    await chat(one.world(), "kept")
    kept = await texts(other.world())
    server.kill()
    shutil.copytree(tmp_path / "files", copy)
    server.start()
    await one.texts()
    same = one.world("same").state
    await one.worlds.open("lost", DEMO, ttl=None)
    for number in range(3):
        await chat(one.world(), f"lost {number}")
    server.kill()
    shutil.rmtree(tmp_path / "files")
    shutil.copytree(copy, tmp_path / "files")
    server.start()
    assert await other.texts() == kept
    for number in range(4):  # at the very places that were lost, and one more
        await chat(other.world(), f"follows {number}")
    follows = [*kept, *(f"follows {number}" for number in range(4))]
    assert await one.texts() == follows
    assert differences(one.world().state, other.world().state) == []
    await one.worlds.sync()
    assert "lost" not in one.worlds
    assert one.world("same").state is same  # nobody's socket there was closed
    for process in (one, other):
        await process.keeper.close()


async def test_a_redis_that_lost_everything_is_planted_anew(
    two: tuple[Process, Process], redis_server: RedisServer
) -> None:
    """The default world begins anew for all, other worlds are gone, and no generation comes twice."""
    one, other = two
    await one.worlds.open("lost", DEMO, ttl=None)
    await chat(one.world(), "lost")
    recording = one.world().transactions.recorder
    assert isinstance(recording, Recording)
    with redis_server.asked() as client:
        client.delete(*client.keys(f"{one.log._prefix}:*"))
    found = await asyncio.gather(*(process.texts() for process in two for _ in range(3)))
    assert all("lost" not in one for one in found)
    await chat(other.world(), "new")
    assert (await one.texts())[-1] == "new"
    again = one.world().transactions.recorder
    assert isinstance(again, Recording)
    assert again.generation > recording.generation
    await other.worlds.sync()
    await one.worlds.sync()
    assert [[hosted.world.name for hosted in process.worlds] for process in two] == [[DEFAULT], [DEFAULT]]


Write = Callable[[RedisLog, int], Awaitable[object]]
WRITES: dict[str, tuple[str, Write]] = {
    "append": (redis.APPEND, lambda log, world: log.append(world, Stand(1, b"1"), b"u", b"y")),
    "begin": (redis.BEGIN, lambda log, _: log.begin("two", b"", some(), None)),
    "compact": (redis.COMPACT, lambda log, world: log.compact(world, Stand(1, b"1"), some())),
    "drop": (redis.DROP, lambda log, world: log.drop("one", world)),
}


async def found(log: RedisLog) -> list[tuple[str, Stand, list[bytes], list[bytes]]]:
    """Return all that a log has, without the numbers of generations."""
    content = []
    for name, generation in (await log.names()).items():
        stand, parts = await log.snapshot(generation)
        content.append((name, stand, parts, await told(log, generation, stand)))
    return content


@pytest.mark.parametrize("arrived", [False, True])
@pytest.mark.parametrize("kind", WRITES)
async def test_what_is_unclear_is_stored_once(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str, *, arrived: bool
) -> None:
    """When the answer is lost, asking again leaves what one attempt leaves, whether the first arrived or not."""
    script, write = WRITES[kind]
    contents, answers = [], []
    for lossy in (False, True):
        log = RedisLog(redis_server.url, prefix=f"{tmp_path.name}{lossy}")
        world = await log.begin("one", b"", some(), None)
        await Writer(log, world).append(b"x")
        if lossy:
            monkeypatch.setattr(redis, "PATIENCE_S", 0.1)
            answers.append(await settled(log, script, write(log, world), arrived=arrived))
        else:
            answers.append(await write(log, world))
        contents.append(await found(log))
        await log.close()
    assert contents[1] == contents[0]
    assert kind != "begin" or type(answers[1]) is int


async def test_what_is_unclear_is_stored_once_though_others_went_on(redis_server: RedisServer, tmp_path: Path) -> None:
    """Who asks again finds that their change set is stored, also when the tail is elsewhere, and behind a snapshot."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some(), None)
    writer = Writer(log, world)
    await writer.append(b"x", b"y", b"z")
    await log.compact(world, writer.stand, some())
    await log.append(world, Stand(), b"1", b"x")
    with pytest.raises(MovedError):
        await log.append(world, Stand(), b"other", b"x")
    assert await told(log, world) == [b"x", b"y", b"z"]
    await log.close()


async def settled(log: RedisLog, script: str, call: Awaitable[object], *, arrived: bool) -> object:
    """Lose the answers to one script, and return what the call returns in the end."""
    run, lossy = log._run, True

    async def lost(asked: str, *given: Any) -> Any:
        if not lossy or asked != script:
            return await run(asked, *given)
        if arrived:
            await run(asked, *given)
        raise AwayError("the answer was lost", sent=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_run", lost)
        with pytest.raises(UnclearError, match="the answer was lost") as unclear:
            await call
        lossy = False
        answer: object = await unclear.value.settled()
    await until(lambda: log._down_since is None)
    return answer


async def test_nothing_else_is_left(redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What no world needs any more is gone from Redis, and what they need stays for good."""
    monkeypatch.setattr(redis, "KEPT", 0)
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    of_workers = ("worker", "workers", "log")
    with redis_server.asked() as client:

        def keys() -> list[str]:
            """Return the keys of worlds by their kind."""
            there = [key.decode().split(":")[1:] for key in client.keys(f"{tmp_path.name}:*")]
            assert all(client.ttl(":".join((tmp_path.name, *key))) == -1 for key in there if key[0] != "worker")
            return sorted(key[0] for key in there if key[0] not in of_workers)

        world = await log.begin("one", b"", some(), None)
        writer = Writer(log, world)
        await writer.append(b"x")
        stand = writer.stand
        await writer.append(b"y")
        assert keys() == ["changes", "parts", "world", "worlds"]
        await log.compact(world, stand, some())
        assert keys() == ["changes", "parts", "world", "worlds"]
        assert client.xlen(f"{tmp_path.name}:changes:{world}") == 1
        await log.touch(["one"])
        assert keys() == ["changes", "parts", "used", "world", "worlds"]
        other = await log.begin("two", b"", some(), None)
        await log.drop("one", world)
        assert keys() == ["parts", "world", "worlds"]
        await log.drop("two", other)
        assert keys() == []
        await log.close()
        assert not client.exists(f"{tmp_path.name}:worker:{log.worker}")


async def test_a_world_that_another_worker_uses_is_not_idle(
    two: tuple[Process, Process], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sweep of one worker spares a world that was used on the other within its time to live, and drops it later."""
    monkeypatch.setattr(keeper, "TOUCH_S", 0.05)
    one, other = two
    await one.worlds.open("used", DEMO, ttl=0.01)
    (await other.worlds.find("used")).ttl = 60
    await other.log.touch(["used"])
    await asyncio.sleep(0.02)
    monkeypatch.setattr(keeper, "TOUCH_S", 3)
    await one.worlds.sweep()
    assert "used" in one.worlds
    monkeypatch.setattr(keeper, "TOUCH_S", -1)
    await one.worlds.sweep()
    assert "used" not in one.worlds


async def test_a_state_that_lost_parts_is_not_taken(redis_server: RedisServer, tmp_path: Path) -> None:
    """When parts of a state vanish while it is written, nothing is begun or compacted, and the world stays."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some(), None)
    before = await found(log)
    with redis_server.asked() as client:

        async def vanishing() -> AsyncIterator[bytes]:
            kept = set(client.keys(f"{tmp_path.name}:parts:*"))
            yield b"a"
            client.delete(*(set(client.keys(f"{tmp_path.name}:parts:*")) - kept))
            yield b"b"

        for call in (
            log.begin("one", b"", vanishing(), (world, Stand())),
            log.compact(world, Stand(), vanishing()),
        ):
            with pytest.raises(NotStoredError, match="gone before it was complete"):
                await call
    assert await found(log) == before
    await log.close()


async def test_what_is_cut_is_told(redis_server: RedisServer, tmp_path: Path) -> None:
    """A reader whose next change set is not there any more is told, and never handed a later one."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some(), None)
    writer = Writer(log, world)
    await writer.append(b"x", b"x", b"x")
    with redis_server.asked() as client:
        client.xtrim(f"{tmp_path.name}:changes:{world}", minid="2-0", approximate=False)
        with pytest.raises(MovedError, match="what came after 0 is cut"):
            await log.after(world, Stand())
        assert len(await log.after(world, Stand(2, b"2"))) == 1
        client.delete(f"{tmp_path.name}:changes:{world}")
        with pytest.raises(MovedError):
            await log.after(world, Stand(2, b"2"))
    await log.close()


async def test_a_compaction_is_judged_at_its_end(redis_server: RedisServer, tmp_path: Path) -> None:
    """A world that is dropped while a snapshot of it is written does not come back by that."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some(), None)

    async def dropping() -> AsyncIterator[bytes]:
        await log.drop("one", world)
        yield b"a"

    with pytest.raises(GoneError):
        await log.compact(world, Stand(), dropping())
    with redis_server.asked() as client:
        assert not client.exists(f"{tmp_path.name}:world:{world}")
    await log.close()


@pytest.mark.slow
@pytest.mark.usefixtures("fresh_interpreter")
def test_kills_of_either_side_lose_nothing(serve: Serve, other_server: Callable[..., RedisServer]) -> None:
    """What was acknowledged is there once after kills of Redis and of the worker; meanwhile changes are refused 503."""
    server = other_server()
    served = serve("--log", server.url)
    with Mockspaces(served.url) as mock:
        space = mock.space("Kept", owner=PERSON)
        token, path = mock.token(PERSON), f"/api/spaces/{space.id}/chats"
        with contextlib.closing(Caller(served.url, token)) as caller:

            def say(text: str) -> int:
                return caller.post(path, {"content": {"bodyText": text}})[0]

            assert say("before") == 200
            server.kill()
            assert say("away") == 503
            server.start()
            until = time.monotonic() + SOON_S
            while say("back") != 200:
                assert time.monotonic() < until
        assert "the change log" in mock.journal.last(status=503).why
        texts = [one.text for one in mock.chats(space=space)]
    assert sorted(texts) == ["back", "before"]
    served.process.kill()
    served.process.wait()
    with Mockspaces(serve("--log", server.url).url) as mock:
        assert [one.text for one in mock.chats(space=space)] == texts


@pytest.mark.slow
@pytest.mark.usefixtures("fresh_interpreter")
def test_an_emptied_redis_is_noticed(serve: Serve, other_server: Callable[..., RedisServer]) -> None:
    """When Redis has lost everything, the worlds begin anew, by themselves and within seconds."""
    server = other_server()
    served = serve("--log", server.url)
    with Mockspaces(served.url) as mock, server.asked() as client:
        mock.space("Lost", owner=PERSON)
        client.flushall()
        until = time.monotonic() + SOON_S
        there = True
        while there:
            assert time.monotonic() < until
            with contextlib.suppress(ControlError):  # while it is looked at
                there = any(one.title == "Lost" for one in mock.spaces())
            time.sleep(0.05)
        mock.space("New", owner=PERSON)
        assert client.hlen("mockspaces:worlds") == 1
