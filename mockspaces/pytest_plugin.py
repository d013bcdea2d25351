"""The pytest plugin: a world per test. Importing it costs nothing until a test asks for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mockspaces.client import Mockspaces


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mockspaces")
    group.addoption("--mockspaces-url", help="Use this running mock instead of an embedded one.")
    group.addoption("--mockspaces-token", help="Control token of that mock.")


@pytest.fixture(scope="session")
def mockspaces_server(request: pytest.FixtureRequest) -> Iterator[Mockspaces]:
    """The default world of the mock that all tests of the run share: embedded, or at --mockspaces-url."""
    from mockspaces.client import Mockspaces

    url = request.config.getoption("--mockspaces-url")
    if url:
        with Mockspaces(url, control_token=request.config.getoption("--mockspaces-token")) as remote:
            yield remote
        return
    from mockspaces import Server

    with Server() as server, Mockspaces(server.url) as embedded:
        yield embedded


@pytest.fixture
def mockspaces(mockspaces_server: Mockspaces) -> Iterator[Mockspaces]:
    """A world of its own for one test: own state, clock, settings and journal."""
    world = mockspaces_server.open_world()
    yield world
    world.drop()
