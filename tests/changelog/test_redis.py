"""Redis as the log of one process: what is refused by name, and what kills of either side leave."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
from redis import Redis

from mockspaces.changelog import open_log, redis
from mockspaces.changelog.encoding import FORMAT
from mockspaces.changelog.log import LogError, NotStoredError, UnclearError
from mockspaces.changelog.redis import RedisLog
from mockspaces.client import Mockspaces
from tests.changelog.servers import RedisServer, free_port
from tests.changelog.test_processes import PERSON, Caller
from tests.conftest import SOON_S, Serve


async def some() -> AsyncIterator[bytes]:
    yield b"part"


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


@pytest.fixture
def other_server(tmp_path: Path) -> Iterator[Callable[..., RedisServer]]:
    """What starts a server of its own for a test, with options."""
    running: list[RedisServer] = []

    def start(*options: str) -> RedisServer:
        (folder := tmp_path / "files").mkdir(exist_ok=True)
        running.append(RedisServer(folder, *options))
        return running[-1]

    yield start
    for one in running:
        one.kill()


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


@pytest.mark.parametrize("arrived", [False, True])
async def test_an_unclear_append_is_stored_once(
    redis_server: RedisServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, arrived: bool
) -> None:
    """When the answer is lost, asking again stores the change set once, whether the first attempt arrived or not."""
    monkeypatch.setattr(redis, "PATIENCE_S", 0.1)
    log = RedisLog(redis_server.url, prefix=tmp_path.name)
    world = await log.begin("one", b"", some())
    run = log._run

    async def lost(script: str, *given: object) -> str:
        if arrived and script == redis.APPEND:
            await run(script, *given)  # type: ignore[arg-type]  # as they come
        raise redis._AwayError("the answer was lost", sent=True)

    with monkeypatch.context() as patch:
        patch.setattr(log, "_run", lost)
        with pytest.raises(UnclearError, match="the answer was lost") as unclear:
            await log.append(world, 0, b"t", b"x")
    await unclear.value.settled()
    for _ in range(200):  # until the next sign of life
        if log._down_since is None:
            break
        await asyncio.sleep(0.01)
    assert await log.after(world, 0) == [(1, b"x")]
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
        with closing(Caller(served.url, token)) as caller:

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
        while any(one.title == "Lost" for one in mock.spaces()):
            assert time.monotonic() < until
            time.sleep(0.05)
        mock.space("New", owner=PERSON)
        assert client.hlen("mockspaces:worlds") == 1
