"""A suite that is collected once, for mutants that are data: each gets its run in a fork of the process that has it.

To load the emulator and to collect the suite takes seven seconds, and the tests of most statements take less than one.
A mutant of a rule in code cannot be hunted so: its module must not be loaded before it is broken.
"""

import gc
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Sequence
from importlib import import_module
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import pytest

NOTHING = 5  # what pytest ends with where there is no test
LATER = ("mockspaces.realtime.surface", "mockspaces.control.surface")  # what a server loads when it is needed
_forking = get_context("forkserver")
_fork = get_context("fork")


class Order(NamedTuple):
    """What one run is about: a mutant's overlay, what it breaks, and the file or folder whose tests may kill it."""

    overlay: str
    breaks: tuple[str, ...]
    tests: str
    longest_s: float


class Said(NamedTuple):
    """What came of a run: the exit code as that of pytest, None if it was too long; and the test that failed."""

    code: int | None
    failed: str


class CollectedSuite:
    """A process that has collected a suite, and runs parts of it against mutants, one after the other."""

    def __init__(self, suite: Path, settings: Path) -> None:
        """Start the process; ``settings`` is the file that pytest is configured by."""
        self._ours, theirs = _forking.Pipe()
        self._output = tempfile.TemporaryDirectory()
        output = str(Path(self._output.name) / "output")
        options = [str(suite), "-c", str(settings), "--rootdir", str(suite.parent), "-q", "--capture=sys"]
        self._process = _forking.Process(target=_collect, args=([*options, "-p", "no:cacheprovider"], theirs, output))
        self._process.start()
        theirs.close()

    def run(self, order: Order) -> Said:
        """Run the tests of an order. Raises RuntimeError, with what pytest says, if the suite cannot be collected."""
        try:
            self._ours.send(order)
            said: Said = self._ours.recv()
        except (EOFError, OSError) as error:
            raise RuntimeError((Path(self._output.name) / "output").read_text(encoding="utf-8")) from error
        return said

    def close(self) -> None:
        """End the process."""
        self._ours.close()
        self._process.join()
        self._output.cleanup()


class _Runs:
    """In the place of pytest's loop over all tests: a fork for each order, with the tests that it is about."""

    def __init__(self, orders: Connection) -> None:
        self._orders = orders

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        for module in LATER:
            import_module(module)
        if threading.active_count() > 1:
            message = "a process with threads cannot be forked"
            raise RuntimeError(message)
        gc.freeze()  # or the collector of each fork would copy all pages
        while True:
            try:
                order: Order = self._orders.recv()
            except EOFError:
                return True
            self._orders.send(_run(session, order))


def _run(session: pytest.Session, order: Order) -> Said:
    place = Path(order.tests)
    items = [
        item
        for item in session.items
        if (item.path == place or place in item.path.parents) and _cites(item, order.breaks)
    ]
    if not items:
        return Said(NOTHING, "")
    ours, theirs = _fork.Pipe()
    process = _fork.Process(target=_attack, args=(session, items, order.overlay, theirs))
    process.start()
    theirs.close()
    process.join(order.longest_s)
    if process.is_alive():
        process.kill()
        process.join()
        return Said(None, "it took too long")
    try:
        return Said(process.exitcode, ours.recv())
    except EOFError:
        return Said(process.exitcode, "it ended without a word")


def _cites(item: pytest.Item, breaks: Sequence[str]) -> bool:
    cited: Iterable[str] = (one for marker in item.iter_markers("behaviour") for one in marker.args)
    return any(one.startswith(tuple(breaks)) for one in cited)


def _attack(session: pytest.Session, items: list[pytest.Item], overlay: str, told: Connection) -> None:
    """Run tests against a mutant until one fails; the body of a fork, which cleans nothing up."""
    session.config.option.overlay = overlay
    failed = ""
    for item, following in zip(items, [*items[1:], None], strict=True):
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if session.testsfailed:
            failed = f"FAILED {item.nodeid}"
            break
    told.send(failed)
    os._exit(bool(session.testsfailed))  # a server and its threads would be waited for


def _collect(options: list[str], orders: Connection, output: str) -> None:
    """Collect the suite and carry out orders; the body of a process."""
    with open(output, "wb") as file:  # noqa: PTH123 - a descriptor is wanted, for whatever speaks below Python
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, str(Path(__file__).parent.parent))
    sys.exit(pytest.main(options, plugins=[_Runs(orders)]))
