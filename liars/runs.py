"""Runs of the contract suite, many of them from one collection.

Collecting the suite takes longer than most runs. So a worker collects once, and each run is a fork of it: it takes the
tests that were chosen, the profile that was asked for, and ends with a results file. Mock and liar are processes of
their own (`stage`), so that the worker has no threads when it forks.
"""

import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

import pytest
from _pytest.main import pytest_runtestloop as run_tests

from liars.lie import Part
from liars.stage import ROOT, Stage

SUITE = ROOT / "contract_tests"
LONGEST_S = 900
PLUGINS = ("randomly", "cacheprovider", "xdist", "asyncio")


@dataclass(frozen=True)
class Wanted:
    """A run that is wanted: of a lie with a profile, or of the mock (``part`` is empty).

    ``statement`` chooses the tests that cite it, ``sample`` as many of the others; ``tests`` names them instead.
    """

    lie: str = ""
    part: Part | None = None
    statement: str = ""
    sample: int = 0
    tests: tuple[str, ...] = ()
    share: tuple[int, int] = (0, 1)  # of all tests: this one of so many shares

    @property
    def key(self) -> tuple[str, Part | None]:
        """What the fate of this run is known by: a run of a share of the tests, or of none but a sample, by itself."""
        whole = self.statement or self.share == (0, 1)
        return (self.lie if whole else f"{self.lie} · {self.share[0] + 1}/{self.share[1]}", self.part)


@dataclass(frozen=True)
class Done:
    """A run that was made: the results file's tests, how long it took, and what was said if it has none.

    The truth is told twice: ``again`` are the tests of the second run, with the same accounts as the first left them.
    """

    wanted: Wanted
    tests: tuple[dict[str, Any], ...] = ()
    again: tuple[dict[str, Any], ...] = ()
    seconds: float = 0.0
    failure: str = ""


def cited(item: pytest.Item) -> set[str]:
    return {one for marker in item.iter_markers("behaviour") for one in marker.args}


def name_of(item: pytest.Item) -> str:
    """Return the name of a test as results files have it."""
    return item.nodeid.partition("contract_tests/")[2] or item.nodeid


class Worker:
    """A pytest plugin that runs what it is asked for in place of all tests."""

    def __init__(self, asked: Connection, folder: Path) -> None:
        self._asked = asked
        self._folder = folder

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Make runs until nothing more is asked for."""
        with Stage(self._folder / "stage") as stage:
            while (wanted := self._asked.recv()) is not None:
                self._asked.send(self._run(session, stage, wanted))
        session.items = []
        return True

    def _run(self, session: pytest.Session, stage: Stage, wanted: Wanted) -> Done:
        started = time.monotonic()
        if wanted.part:
            stage.tell(wanted.lie)
        again: tuple[dict[str, Any], ...] = ()
        try:
            tests = self._tests(session, stage, wanted)
            if wanted.part and not wanted.statement:
                again = self._tests(session, stage, wanted)
        except RuntimeError as error:
            return Done(wanted, failure=str(error))
        return Done(wanted, tests, again, time.monotonic() - started)

    def _tests(self, session: pytest.Session, stage: Stage, wanted: Wanted) -> tuple[dict[str, Any], ...]:
        """Run tests in a fork and return what its results file says. Raises `RuntimeError` if there is none."""
        results, output = self._folder / "results.json", self._folder / "output"
        results.unlink(missing_ok=True)
        child = os.fork()
        if not child:
            with contextlib.suppress(BaseException):  # whatever happens, a fork never goes on as its parent
                self._child(session, stage, wanted, results, output)
            os._exit(1)
        ended = _awaited(child)
        if not results.is_file():
            said = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
            raise RuntimeError(f"{'no results' if ended else 'it hung'}: {said[-2000:]}")
        found = json.loads(results.read_text(encoding="utf-8", errors="replace"))
        if found["problems"] or found["ended"]:
            raise RuntimeError("; ".join([*found["problems"], found["ended"]]))
        tests = found["tests"]
        return tuple({**test, "exchanges": []} for test in tests)

    def _child(self, session: pytest.Session, stage: Stage, wanted: Wanted, results: Path, output: Path) -> None:
        with output.open("wb") as file:
            os.dup2(file.fileno(), 2)
        os.environ.update(stage.environment)
        session.config.option.results = results
        session.items = chosen(session.items, wanted)
        with contextlib.suppress(pytest.exit.Exception):
            if wanted.part:
                session.config.option.target = stage.profiles[wanted.part]
                suite: Any = session.config.pluginmanager.get_plugin(str(SUITE / "conftest.py"))
                suite.pytest_collection(session)  # reads the profile, and tries what it names
            run_tests(session)
        session.config.hook.pytest_sessionfinish(session=session, exitstatus=0)
        os._exit(0)


def _awaited(child: int) -> bool:
    """Wait for a process to end; kill it if it takes too long."""
    deadline = time.monotonic() + LONGEST_S
    while time.monotonic() < deadline:
        if os.waitpid(child, os.WNOHANG)[0]:
            return True
        time.sleep(0.02)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    return False


def chosen(items: Sequence[pytest.Item], wanted: Wanted) -> list[pytest.Item]:
    """Return the tests of a run, in the order of the suite: a seeded sample is the same every time."""
    if wanted.tests:
        return [item for item in items if name_of(item) in {*wanted.tests}]
    if not wanted.statement and not wanted.sample:
        which, shares = wanted.share
        return list(items[which * len(items) // shares : (which + 1) * len(items) // shares])
    citing = {name_of(item) for item in items if wanted.statement in cited(item)}
    others = sorted(name_of(item) for item in items if name_of(item) not in citing)
    citing |= {*random.Random(wanted.lie).sample(others, min(wanted.sample, len(others)))}
    return [item for item in items if name_of(item) in citing]


def work(asked: Connection) -> None:
    """Collect the suite and make runs; the body of a process."""
    sys.path.insert(0, str(ROOT))
    with tempfile.TemporaryDirectory(prefix="liars-") as folder:
        output = Path(folder) / "output"
        with output.open("wb") as file:
            os.dup2(file.fileno(), 1)
        options = [option for plugin in PLUGINS for option in ("-p", f"no:{plugin}")]
        pytest.main(
            [str(SUITE), "-c", str(SUITE / "suite.ini"), "--rootdir", str(ROOT), "-q", "--tb=no", *options],
            plugins=[Worker(asked, Path(folder))],
        )
