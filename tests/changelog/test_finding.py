"""Two workers of one cloud: each finds with its next call what the other has done to a world as a whole."""

from collections.abc import AsyncIterator
from pathlib import Path
from typing import NoReturn

import pytest

from mockspaces.app import App, create_app
from mockspaces.changelog.log import NotStoredError
from mockspaces.changelog.redis import RedisLog
from mockspaces.cloud.kernel.journal import Criteria
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.worlds import DEFAULT
from mockspaces.config import Config
from mockspaces.traffic.stage import Socket, Stage
from tests.changelog.servers import RedisServer
from tests.changelog.test_redis import until

DEMO, EMPTY = seeds.bundled("demo"), seeds.bundled("empty")


@pytest.fixture
async def apps(redis_server: RedisServer, tmp_path: Path) -> AsyncIterator[tuple[App, App]]:
    """Both have the world ``theirs``."""
    config = Config(log=redis_server.url, log_prefix=tmp_path.name)
    pair = create_app(config), create_app(config)
    for app in pair:
        await app.start()
    await pair[0].worlds.open("theirs", DEMO, ttl=None)
    await pair[1].worlds.find("theirs")
    yield pair
    for app in pair:
        await app.close()


@pytest.fixture
async def stage(apps: tuple[App, App]) -> AsyncIterator[Stage]:
    """What calls the second one."""
    stage = Stage(apps[1])
    yield stage
    await stage.close()


async def opened(stage: Stage, prefix: str = "/w/theirs") -> Socket:
    """Return a socket to the world, or to another one, greeted or ended by now."""
    socket = await stage.open(f"{prefix}/socket.io/", "EIO=3&transport=websocket")
    await until(lambda: "40" in socket.heard or (socket.task is not None and socket.task.done()))
    return socket


async def test_a_socket_may_be_the_first_that_finds_a_reset(apps: tuple[App, App], stage: Stage) -> None:
    """A worker that learns from a handshake that its world has another state serves it, and ends it at the next."""
    transports = apps[1].realtime._transports
    theirs = apps[1].worlds.named("theirs").world
    for _ in range(2):
        await apps[0].worlds.reset(apps[0].worlds.named("theirs"))
        assert "40" in (await opened(stage)).heard
        assert [len(found) for found in transports.values()] == [1]
    await apps[0].worlds.reset(apps[0].worlds.named("theirs"))
    await apps[1].worlds.follow(theirs)
    assert not transports


@pytest.mark.parametrize("socket", [False, True])
async def test_a_call_may_be_the_first_that_finds_a_drop(apps: tuple[App, App], stage: Stage, *, socket: bool) -> None:
    """It is refused as by a worker that has never had the world, and the journal of the default world has it."""
    await apps[0].worlds.drop("theirs")
    status = (await opened(stage)).status if socket else (await stage.ask("GET", "/w/theirs/api/users/me"))[0]
    journal = apps[0].worlds.named(DEFAULT).world.journal
    await journal.catch_up()
    (entry,) = journal.find(Criteria())
    assert (status, entry.path[:9], entry.why) == (403 if socket else 404, "/w/theirs", 'there is no world "theirs"')


async def test_a_world_that_was_dropped_and_opened_anew_is_the_new_one(apps: tuple[App, App], stage: Stage) -> None:
    """The next call finds the new state, and a reset by that worker leads to the new seed."""
    await apps[0].worlds.drop("theirs")
    await apps[0].worlds.open("theirs", EMPTY, ttl=60)
    assert (await stage.ask("GET", "/w/theirs/health"))[0] == 200
    hosted = apps[1].worlds.named("theirs")
    assert not hosted.world.state.users
    assert (await stage.ask("POST", "/w/theirs/_mock/reset", [("content-type", "application/json")], b"{}"))[0] == 200
    assert not hosted.world.state.users
    assert hosted.ttl == 60


async def test_a_namespace_that_cannot_be_looked_up_is_refused_by_code(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """While the log is away a worker does not know whether others have opened the world, and says so."""

    async def away(_log: RedisLog) -> NoReturn:
        raise NotStoredError("it is away")

    monkeypatch.setattr(RedisLog, "names", away)
    socket = await opened(stage, "")
    socket.say("40/w/other/chat")
    await until(lambda: len(socket.heard) > 2)
    assert socket.heard[2:] == ['44/w/other/chat,"server.not_stored"']
