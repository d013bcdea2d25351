"""Worlds are opened in one loop and served by another: a log is used in both."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

from mockspaces.changelog.sqlite import LARGE, SqliteLog


async def part() -> AsyncIterator[bytes]:
    yield bytes(LARGE)  # is written in a thread, so that others have to wait


def test_a_log_that_was_contended_in_a_loop_serves_in_the_next(tmp_path: Path) -> None:
    """Two writers of whom one waits for the other get through in each of two loops."""
    log = SqliteLog(tmp_path / "mock.db")

    async def contend() -> list[int]:
        return await asyncio.gather(*(log.begin(name, b"", part()) for name in "ab"))

    generations = [*asyncio.run(contend()), *asyncio.run(contend())]
    assert len(set(generations)) == 4
    assert len(asyncio.run(log.worlds())) == 2
    asyncio.run(log.close())
