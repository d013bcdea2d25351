"""A Redis for all tests of a run that do not end it, and others for those that do."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.changelog.servers import RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server with an append-only file; each test has a prefix of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()


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
