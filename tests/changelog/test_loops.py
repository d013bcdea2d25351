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

    async def contend(names: str) -> list[int]:
        return await asyncio.gather(*(log.begin(name, b"", part(), None) for name in names))

    generations = [*asyncio.run(contend("ab")), *asyncio.run(contend("cd"))]
    assert list(asyncio.run(log.names()).values()) == sorted(generations)
    asyncio.run(log.close())
