"""The pytest plugin: a world per test. Importing it costs nothing until a test asks for it.

A failing test shows the journal of its world, refusals first. A test that passes although a fault it planned, or
a misbehaviour it asked for, never happened fails: it has not tested what it says.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from mockspaces.client import JournalEntry, Mockspaces

FIXTURE = "mockspaces"
SHOWN_ENTRIES = 20
MOST_ENTRIES = 500  # looked at, newest first: a journal may hold 16 MB
OPTIONS = {
    "url": "Use this running mock instead of an embedded one.",
    "token": "Control token of that mock.",
    "python": "Run the server with the Python of another environment, one that has mockspaces[server].",
    "seed": "What worlds begin with: demo (default), empty, or a JSON file.",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mockspaces")
    for name, text in OPTIONS.items():
        group.addoption(f"--mockspaces-{name}", help=text)
        parser.addini(f"mockspaces_{name}", text)


def _option(config: pytest.Config, name: str) -> str | None:
    return config.getoption(f"--mockspaces-{name}") or config.getini(f"mockspaces_{name}") or None


@pytest.fixture(scope="session")
def mockspaces_server(pytestconfig: pytest.Config) -> Iterator[Mockspaces]:
    """The default world of the mock that all tests of the run share.

    That is the one at --mockspaces-url, or one under --mockspaces-python, or one embedded in this process.
    """
    from mockspaces.client import ControlError, Mockspaces

    url, python = _option(pytestconfig, "url"), _option(pytestconfig, "python")
    with ExitStack() as stack:  # closed also where the mock turns out to be of no use
        try:
            token = _option(pytestconfig, "token")
            mock = Mockspaces(url, control_token=token) if url else Mockspaces.start(python=python)
            stack.enter_context(mock).call("GET", "")
        except ImportError as error:
            told = f"{error}, or name the Python of an environment that has it: --mockspaces-python"
            pytest.fail(told, pytrace=False)
        except (ControlError, OSError, RuntimeError, ValueError) as error:
            pytest.fail(f"mockspaces at {url}: {error}" if url else str(error), pytrace=False)
        yield mock


@pytest.fixture(scope="session")
def _mockspaces_seed(pytestconfig: pytest.Config) -> Any:
    name = _option(pytestconfig, "seed") or "demo"
    if name in ("demo", "empty"):
        return name
    import json
    from pathlib import Path

    try:
        return json.loads((pytestconfig.rootpath / Path(name)).read_text(encoding="utf-8"))
    except OSError as error:
        pytest.fail(f"--mockspaces-seed {name}: {error.strerror}", pytrace=False)
    except ValueError as error:
        pytest.fail(f"--mockspaces-seed {name} is not JSON: {error}", pytrace=False)


@pytest.fixture
def mockspaces(_mockspaces_seed: Any, mockspaces_server: Mockspaces) -> Iterator[Mockspaces]:
    """A world of its own for one test: own state, clock, settings and journal."""
    world = mockspaces_server.open_world(seed=_mockspaces_seed)
    yield world
    world.drop()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, None, None]:
    """Fail a test that passed although something it planned never happened."""
    yield
    world = _world(item)
    if world is not None and (missing := world.never_happened()):
        pytest.fail(f"planned, but it never happened: {'; '.join(missing)}", pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Show the journal of a failing test, refusals first."""
    report = yield
    world = _world(item)
    if world is not None and report.failed and report.when != "teardown":
        report.sections.append(("mockspaces journal", _story(world)))
    return report


def _world(item: pytest.Item) -> Mockspaces | None:
    found: Mockspaces | None = getattr(item, "funcargs", {}).get(FIXTURE)
    return found if hasattr(found, "never_happened") else None


def _story(world: Mockspaces) -> str:
    """Return the newest entries of a world's journal, newest first, refusals before everything else."""
    try:
        entries = world.journal.find(limit=MOST_ENTRIES)[::-1]
    except Exception as error:  # noqa: BLE001 - a report must not fail because the server is gone
        return f"not available: {error!r}"
    refused = [entry for entry in entries if entry.refused]
    others = [entry for entry in entries if not entry.refused]
    chosen = [*refused, *others][:SHOWN_ENTRIES]
    left = len(entries) - len(chosen)
    more = f"... and {left} more{', at least' if len(entries) == MOST_ENTRIES else ''}" if left else ""
    return "\n".join(filter(None, [*map(_line, chosen), more])) or "nothing was asked"


def _line(entry: JournalEntry) -> str:
    what = entry.event or f"{entry.method} {entry.path}"
    parts = (str(entry.status or entry.method.lower()), what, entry.caller, entry.code, entry.why)
    return "  ".join(filter(None, parts))
