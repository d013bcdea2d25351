"""What holds for every run in this repository: worlds of the embedded mock are followed by replicas."""

from collections.abc import Generator

import pytest

from mockspaces.server import Server
from tests.replicas import Replicas

followed: list[Replicas] = []


@pytest.hookimpl(optionalhook=True)  # declared by the contract suite
def pytest_embedded_mock(server: Server) -> None:
    followed.append(Replicas(server.app.worlds))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    """Let the test fail whose world, dropped at its end, was not what its changes had told."""
    yield
    for replicas in followed:
        found, replicas.differences = replicas.differences, []
        assert not found, f"changed past put, delete and facts: {', '.join(found)}"


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish() -> None:
    """Compare the worlds that outlive every test, the default one above all."""
    for replicas in followed:
        replicas.compare_all()
        assert not replicas.differences, f"changed past put, delete and facts: {', '.join(replicas.differences)}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    if followed:
        terminalreporter.line(f"{sum(one.compared for one in followed)} states were equal to their replicas")
