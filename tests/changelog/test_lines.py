"""A line of chaos loses the answers to appends, which is what a log is asked for whose answers are lost."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from functools import partial
from pathlib import Path

import pytest

from chaos.cloud import Line
from chaos.faults import install
from mockspaces.changelog import redis
from mockspaces.changelog.log import MovedError, Stand
from mockspaces.changelog.redis import RedisLog
from tests.changelog.reference import told
from tests.changelog.servers import RedisServer
from tests.changelog.test_logs import some

LARGE = b"x" * 1_000_000  # a command in several pieces


@pytest.fixture
async def line(redis_server: RedisServer) -> AsyncIterator[Line]:
    """One to a Redis."""
    found = Line(redis_server.port)
    await found.start()
    yield found
    await found.stop()


@pytest.mark.parametrize("fault", ["", "repeated without a look"])
async def test_the_answer_to_an_append_is_lost(
    line: Line, tmp_path: Path, fault: str, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next append is stored once and its answer lost, no other one; a log that does not look takes it for late."""
    monkeypatch.setattr(redis, "APPEND", redis.APPEND)
    install("redis", fault)
    log = await asyncio.to_thread(partial(RedisLog, f"redis://127.0.0.1:{line.port}/0", prefix=tmp_path.name))
    world = await log.begin("one", b"", some(b"a"), None)
    await log.append(world, Stand(), b"1", b"first")  # from now on Redis knows the script
    line.lose(1)
    assert await told(log, world) == [b"first"]
    assert caplog.messages == []
    with pytest.raises(MovedError) if fault else contextlib.nullcontext():
        await log.append(world, Stand(1, b"1"), b"2", LARGE)
    assert "the change log cannot be reached" in caplog.text
    caplog.clear()
    await log.append(world, Stand(2, b"2"), b"3", b"third")
    assert "cannot be reached" not in caplog.text
    assert await told(log, world) == [b"first", LARGE, b"third"]
    await log.close()
