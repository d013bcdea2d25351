"""Redis as the log of one process: what is refused by name, and what kills of either side leave."""

import asyncio
import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from redis import Redis

from mockspaces.changelog import open_log, redis
from mockspaces.changelog.encoding import FORMAT
from mockspaces.changelog.keeper import Keeper
from mockspaces.changelog.log import GoneError, LogError, MovedError, NotStoredError, Registered, UnclearError
from mockspaces.changelog.redis import RedisLog
from mockspaces.client import ControlError, Mockspaces
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds.worlds import DEFAULT, Worlds
from mockspaces.contract import errors
from mockspaces.server import tls
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


async def test_who_comes_back_late_changes_nothing(redis_server: RedisServer, tmp_path: Path) -> None:
    """A process whose lease was over, and whose log another one has taken, is refused every change."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some())
    await log._end_beating()
    with redis_server.asked() as client:
        client.delete(f"{tmp_path.name}:lease")
    other = RedisLog(redis_server.url, prefix=tmp_path.name)
    with pytest.raises(NotStoredError, match="another mockspaces has taken the log"):
        await log.append(world, 0, b"t", b"x")
    await log.close()
    assert await other.after(world, 0) == []
    await other.append(world, 0, b"t", b"y")
    await other.close()


def test_a_second_process_is_refused(redis_server: RedisServer, tmp_path: Path) -> None:
    """Whoever wants a log that another process holds is told which one; after that has let go of it they get it."""

    async def second() -> None:
        first = RedisLog(redis_server.url, prefix=tmp_path.name)
        first.watch(lambda: None)  # with signs of life
        began = time.monotonic()
        with pytest.raises(LogError, match=r"is in use by mockspaces, process \d+ on .*serves one process$"):
            await asyncio.to_thread(RedisLog, redis_server.url, prefix=tmp_path.name)
        assert time.monotonic() < began + redis.FIRST_LEASE_S
        await first.close()
        await RedisLog(redis_server.url, prefix=tmp_path.name).close()

    asyncio.run(second())


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
    world = await log.begin("one", b"", some())
    await log.append(world, 0, b"t", b"x")
    assert await log.after(world, 0) == [(1, b"x")]
    await log.close()


class Process:
    """The worlds of one process, in a Redis."""

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
                async with self.world().transactions:
                    return [one.text for one in self.world().state.messages.every()]
            except Rejection:
                assert time.monotonic() < until
                await asyncio.sleep(0.02)


async def test_a_paused_process_answers_nothing_old(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever slept through their lease answers no call before they have what another one did meanwhile."""
    one = Process(redis_server.url, tmp_path.name)
    await one.start()
    for name in ("theirs", "reset", "dropped", "same"):
        await one.worlds.open(name, DEMO, ttl=None)
    before = await one.texts()
    await one.log._end_beating()
    one.log._leased_until = 0
    with redis_server.asked() as client:
        client.delete(f"{tmp_path.name}:lease")
    other = Process(redis_server.url, tmp_path.name)
    await other.start()
    await chat(other.world(), "meanwhile")
    await chat(other.world("theirs"), "theirs")
    await other.worlds.reset(other.worlds.named("reset"))
    await other.worlds.drop("dropped")
    await other.worlds.open("opened", DEMO, ttl=None)
    with pytest.raises(Rejection) as refused:
        async with one.world().transactions:
            pytest.fail("an old state was seen")
    assert refused.value.code == errors.NOT_STORED
    assert "another mockspaces has taken the log" in refused.value.why
    worlds, may_read = one.log.worlds, asyncio.Event()

    async def slow_worlds() -> list[Registered]:
        await may_read.wait()
        return await worlds()

    monkeypatch.setattr(one.log, "worlds", slow_worlds)
    await other.keeper.close()
    await until(lambda: one.log.term > 1)
    with pytest.raises(Rejection, match="somebody else had the change log for a while"):
        async with one.world().transactions:
            pytest.fail("an old state was seen")
    may_read.set()
    assert await one.texts() == [*before, "meanwhile"]
    await until(lambda: "opened" in one.worlds)
    assert sorted(hosted.world.name for hosted in one.worlds) == ["default", "opened", "reset", "same", "theirs"]
    for hosted in one.worlds:
        assert differences(hosted.world.state, other.world(hosted.world.name).state) == []
        await chat(hosted.world, "goes on")
    await one.keeper.close()


async def test_nobody_is_answered_when_a_lease_is_over(redis_server: RedisServer, tmp_path: Path) -> None:
    """A process that has slept through its lease asks for it before it answers, and is only late for that."""
    one = Process(redis_server.url, tmp_path.name)
    await one.start()
    before = await one.texts()
    one.log._leased_until = 0
    began = time.monotonic()
    async with one.world().transactions:
        assert time.monotonic() < one.log._leased_until
        assert began + redis.LEASE_S < one.log._leased_until
    assert await one.texts() == before
    await one.keeper.close()


async def test_an_older_copy_of_redis_is_noticed(other_server: Callable[..., RedisServer], tmp_path: Path) -> None:
    """When Redis comes back with an older copy of its files, worlds are what that has, and changes follow it."""
    server, copy = other_server(), tmp_path / "copy"
    one = Process(server.url, "p")
    await one.start()
    await one.worlds.open("same", DEMO, ttl=None)
    await chat(one.world(), "kept")
    server.kill()
    shutil.copytree(tmp_path / "files", copy)
    server.start()
    kept = await one.texts()
    same = one.world("same").state
    await one.worlds.open("lost", DEMO, ttl=None)
    for number in range(3):
        await chat(one.world(), f"lost {number}")
    leased = one.log._leased_until
    await until(lambda: one.log._leased_until > leased)
    server.kill()  # and started again before the next sign of life, so that no connection is seen to break
    shutil.rmtree(tmp_path / "files")
    shutil.copytree(copy, tmp_path / "files")
    server.start()
    await until(lambda: "lost" not in one.worlds)
    assert await one.texts() == kept
    assert one.world("same").state is same  # nobody's socket there was closed
    await chat(one.world(), "follows")
    await one.keeper.close()
    again = Process(server.url, "p")
    await again.start()
    assert await again.texts() == [*kept, "follows"]
    await again.keeper.close()


Write = Callable[[RedisLog, int], Awaitable[object]]
WRITES: dict[str, tuple[str, Write]] = {
    "append": (redis.APPEND, lambda log, world: log.append(world, 1, b"u", b"y")),
    "begin": (redis.BEGIN, lambda log, _: log.begin("two", b"", some())),
    "compact": (redis.COMPACT, lambda log, world: log.compact(world, 1, some())),
    "drop": (redis.DROP, lambda log, world: log.drop("one", world)),
}


async def found(log: RedisLog) -> list[tuple[str, int, list[bytes], list[tuple[int, bytes]]]]:
    """Return all that a log has; numbers of generations as differences."""
    content = []
    for one in await log.worlds():
        position, parts = await log.snapshot(one.generation)
        content.append((one.name, position, parts, await log.after(one.generation, position)))
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
        world = await log.begin("one", b"", some())
        await log.append(world, 0, b"t", b"x")
        if lossy:
            monkeypatch.setattr(redis, "PATIENCE_S", 0.1)
            answers.append(await settled(log, script, write(log, world), arrived=arrived))
        else:
            answers.append(await write(log, world))
        contents.append(await found(log))
        await log.close()
    assert contents[1] == contents[0]
    assert kind != "begin" or answers[1] == answers[0]


async def settled(log: RedisLog, script: str, call: Awaitable[object], *, arrived: bool) -> object:
    """Lose the answers to one script, and return what the call returns in the end."""
    run, lossy = log._run, True

    async def lost(asked: str, *given: Any) -> str:
        if not lossy or asked != script:
            return await run(asked, *given)
        if arrived:
            await run(asked, *given)
        raise redis._AwayError("the answer was lost", sent=True)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(log, "_run", lost)
        with pytest.raises(UnclearError, match="the answer was lost") as unclear:
            await call
        lossy = False
        answer: object = await unclear.value.settled()
    await until(lambda: log._down_since is None)
    return answer


async def test_nothing_else_is_left(redis_server: RedisServer, tmp_path: Path) -> None:
    """What no world needs any more is gone from Redis, and what they need stays for good."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    with redis_server.asked() as client:

        def keys() -> list[str]:
            """Return the keys of worlds by their kind."""
            there = [key.decode().split(":")[1:] for key in client.keys(f"{tmp_path.name}:*")]
            assert all(client.ttl(":".join((tmp_path.name, *key))) == -1 for key in there if key != ["lease"])
            return sorted(key[0] for key in there if key[0] not in ("lease", "log"))

        world = await log.begin("one", b"", some())
        await log.append(world, 0, b"t", b"x")
        await log.append(world, 1, b"u", b"y")
        assert keys() == ["changes", "parts", "world", "worlds"]
        await log.compact(world, 1, some())
        assert keys() == ["changes", "parts", "world", "worlds"]
        assert client.xlen(f"{tmp_path.name}:changes:{world}") == 1
        other = await log.begin("two", b"", some())
        await log.drop("one", world)
        assert keys() == ["parts", "world", "worlds"]
        await log.drop("two", other)
        assert keys() == []
        await log.close()
        assert not client.exists(f"{tmp_path.name}:lease")


async def test_a_state_that_lost_parts_is_not_taken(redis_server: RedisServer, tmp_path: Path) -> None:
    """When parts of a state vanish while it is written, nothing is begun or compacted, and the world stays."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some())
    before = await found(log)
    with redis_server.asked() as client:

        async def vanishing() -> AsyncIterator[bytes]:
            kept = set(client.keys(f"{tmp_path.name}:parts:*"))
            yield b"a"
            client.delete(*(set(client.keys(f"{tmp_path.name}:parts:*")) - kept))
            yield b"b"

        for call in (log.begin("one", b"", vanishing()), log.compact(world, 0, vanishing())):
            with pytest.raises(NotStoredError, match="gone before it was complete"):
                await call
    assert await found(log) == before
    await log.close()


async def test_what_is_cut_is_told(redis_server: RedisServer, tmp_path: Path) -> None:
    """A reader whose next change set is not there any more is told, and never handed a later one."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some())
    for position in range(3):
        await log.append(world, position, b"t", b"x")
    with redis_server.asked() as client:
        client.xtrim(f"{tmp_path.name}:changes:{world}", minid="2-0", approximate=False)
        with pytest.raises(MovedError, match="what came after 0 is cut"):
            await log.after(world, 0)
        assert len(await log.after(world, 1)) == 2
        client.delete(f"{tmp_path.name}:changes:{world}")
        with pytest.raises(MovedError, match="what came after 1 is cut"):
            await log.after(world, 1)
    await log.close()


async def test_a_compaction_is_judged_at_its_end(redis_server: RedisServer, tmp_path: Path) -> None:
    """A world that is dropped while a snapshot of it is written does not come back by that."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some())

    async def dropping() -> AsyncIterator[bytes]:
        await log.drop("one", world)
        yield b"a"

    with pytest.raises(GoneError):
        await log.compact(world, 0, dropping())
    with redis_server.asked() as client:
        assert not client.exists(f"{tmp_path.name}:world:{world}")
    await log.close()


async def test_who_has_lost_the_log_takes_it_again(redis_server: RedisServer, tmp_path: Path) -> None:
    """Changes are refused with the reason until the process has noticed that Redis was emptied, and taken it again."""
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some())
    with redis_server.asked() as client:
        client.delete(*client.keys(f"{tmp_path.name}:*"))
    with pytest.raises(NotStoredError, match="Redis has lost the log"):
        await log.append(world, 0, b"t", b"x")
    await until(lambda: log.term > 1)
    await log.begin("one", b"", some())
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
            assert "the change log cannot be written" in mock.journal.last(status=503).why
            server.start()
            until = time.monotonic() + SOON_S
            while say("back") != 200:
                assert time.monotonic() < until
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
