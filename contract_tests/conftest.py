"""The target of the contract tests: the embedded mock, each test in a world of its own."""

from collections.abc import Iterator

import httpx
import pytest

from contract_tests.kit import Cloud
from mockspaces.client import Mockspaces
from mockspaces.server import Server


@pytest.fixture(scope="session")
def http() -> Iterator[httpx.Client]:
    """One client for all tests: making one costs more than most tests do."""
    with httpx.Client(verify=False, trust_env=False, timeout=30) as client:  # noqa: S501 - loopback, no TLS
        yield client


@pytest.fixture(scope="session")
def server() -> Iterator[Mockspaces]:
    """The embedded mock that all tests share."""
    with Server() as running, Mockspaces(running.url) as mock:
        yield mock


@pytest.fixture
def cloud(server: Mockspaces, http: httpx.Client) -> Iterator[Cloud]:
    """The target of one test."""
    world = server.open_world()
    yield Cloud(world.call("GET", "")["urls"], http, is_mock=True)
    world.drop()
