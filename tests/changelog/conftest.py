"""A Redis for all tests of a run that do not end it."""

from collections.abc import Iterator

import pytest

from tests.changelog.servers import RedisServer


@pytest.fixture(scope="session")
def redis_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RedisServer]:
    """A server with an append-only file; each test has a prefix of its own."""
    server = RedisServer(tmp_path_factory.mktemp("redis"))
    yield server
    server.kill()
