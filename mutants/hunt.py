"""The hunt: each mutant gets a run of the tests that may kill it, in a process of its own.

For a mutant that is data the process is a fork of one that has the suite collected, see `mutants.collected`. For a rule
in code it is forked from one that has the libraries loaded and nothing of ours, so that any module can be broken. A
mock that a test starts as a process of its own (`kit.serving`) has the rule broken too, by a module that Python
imports first.
"""

import json
import os
import sys
import tempfile
import threading
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest

from mutants.collected import CollectedSuite, Order
from mutants.mutant import Mutant

ROOT = Path(__file__).parent.parent
SUITE = ROOT / "contract_tests"
SETTINGS = SUITE / "suite.ini"
OUTCOMES: dict[int | None, str] = {0: "survived", 1: "killed", 5: "uncited"}  # by exit code of pytest
LONGEST_S = 300
LIBRARIES = [
    *("pytest", "hypothesis", "hypothesis.stateful", "httpx", "jwt", "socketio"),
    *("starlette.applications", "uvicorn", "uvloop", "httptools", "websockets", "msgspec", "jinja2", "re2"),
    *("cryptography.hazmat.primitives.asymmetric.rsa", "python_multipart", "sortedcontainers", "websocket"),
]
CUSTOMIZED = "sitecustomize.py"  # what Python imports at its start, before anything of ours
BREAKS = """
import sys
sys.path.append({root!r})
from mutants import graft
graft.install({rule!r})
sys.path.remove({root!r})
"""
_forking = get_context("forkserver")


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: killed, survived, or not tested because no test cites what it breaks."""

    mutant: Mutant
    outcome: str
    detail: str = ""


def hunt(mutants: Iterable[Mutant], workers: int, suite: Path = SUITE) -> Iterator[Fate]:
    """Yield the fate of each mutant, in the order given."""
    _forking.set_forkserver_preload(LIBRARIES)
    hunters = Hunters(suite)
    with ThreadPoolExecutor(workers) as pool, closing(hunters):
        yield from pool.map(hunters.fate, mutants)


class Hunters:
    """Those who hunt in a suite, each in a thread of their own and with a process that has collected it."""

    def __init__(self, suite: Path) -> None:
        """Begin without any."""
        self._suite = suite
        self._own = threading.local()
        self._all: list[CollectedSuite] = []

    def fate(self, mutant: Mutant) -> Fate:
        """Return what becomes of a mutant."""
        if not mutant.breaks:  # a fact of the mock's own, which no behaviour speaks of
            return Fate(mutant, "uncited")
        tried = self._tried_in_code if mutant.rule else self._tried_as_data
        if mutant.first and tried(mutant, self._suite / mutant.first).outcome == "killed":
            return Fate(mutant, "killed", f"by {mutant.first}")
        return tried(mutant, self._suite)

    def close(self) -> None:
        """End their processes."""
        for one in self._all:
            one.close()

    def _tried_as_data(self, mutant: Mutant, tests: Path) -> Fate:
        if not hasattr(self._own, "collected"):
            self._own.collected = CollectedSuite(self._suite, SETTINGS)
            self._all.append(self._own.collected)
        with tempfile.TemporaryDirectory() as scratch:
            overlay = Path(scratch) / "overlay.json"
            overlay.write_text(json.dumps(mutant.overlay), encoding="utf-8")
            said = self._own.collected.run(Order(str(overlay), mutant.breaks, str(tests), LONGEST_S))
        return Fate(mutant, OUTCOMES.get(said.code, "broken"), said.failed)

    def _tried_in_code(self, mutant: Mutant, tests: Path) -> Fate:
        return _tried(mutant, self._suite, tests)


def _tried(mutant: Mutant, suite: Path, tests: Path) -> Fate:
    with tempfile.TemporaryDirectory() as scratch:
        overlay, output = Path(scratch) / "overlay.json", Path(scratch) / "output"
        overlay.write_text(json.dumps(mutant.overlay), encoding="utf-8")
        only = [option for name in dict.fromkeys(mutant.breaks) for option in ("--only", name)]
        options = [
            *(str(tests), "-c", str(SETTINGS), "--rootdir", str(suite.parent)),
            *("-x", "-q", "--tb=line", "-p", "no:cacheprovider", "--overlay", str(overlay), *only),
        ]
        process = _forking.Process(target=_try, args=(options, mutant.rule, str(output)))
        process.start()
        process.join(LONGEST_S)
        if process.is_alive():
            process.kill()
            process.join()
        outcome = OUTCOMES.get(process.exitcode, "broken")
        said = output.read_text(encoding="utf-8", errors="replace") if output.exists() else ""
    return Fate(mutant, outcome, _last_failure(said) if outcome != "survived" else "")


def _try(options: list[str], rule: str, output: str) -> None:
    """Run the tests with a rule broken; the body of a process."""
    with open(output, "wb") as file:  # noqa: PTH123 - a descriptor is wanted, for whatever speaks below Python
        os.dup2(file.fileno(), 1)
        os.dup2(file.fileno(), 2)
    scratch = Path(output).parent
    (scratch / CUSTOMIZED).write_text(BREAKS.format(root=str(ROOT), rule=rule), encoding="utf-8")
    os.environ["PYTHONPATH"] = str(scratch)
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    sys.path.insert(0, str(ROOT))
    from mutants import graft  # noqa: PLC0415 - the process that forks must not load what is to be broken

    graft.install(rule)
    sys.exit(pytest.main(options))


def _last_failure(output: str) -> str:
    failures = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failures[-1] if failures else output.strip().rpartition("\n")[2]
