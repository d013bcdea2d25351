"""The hunt: each mutant gets a run of the tests that may kill it, in a process of its own.

The processes are forked from one that has the libraries loaded already: importing them takes longer than most
runs. It has nothing of ours loaded, so that a mutant can break any module. A mock that a test starts as a process of
its own (`kit.serving`) has the rule broken too, by a module that Python imports first.
"""

import json
import os
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import pytest

from mutants.mutant import Mutant

ROOT = Path(__file__).parent.parent
SUITE = ROOT / "contract_tests"
OUTCOMES = {0: "survived", 1: "killed", 5: "uncited"}  # by exit code of pytest
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
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda mutant: _fate(mutant, suite), mutants)


def _fate(mutant: Mutant, suite: Path) -> Fate:
    if not mutant.breaks:  # a fact of the mock's own, which no behaviour speaks of
        return Fate(mutant, "uncited")
    if mutant.first and _tried(mutant, suite, suite / mutant.first).outcome == "killed":
        return Fate(mutant, "killed", f"by {mutant.first}")
    return _tried(mutant, suite, suite)


def _tried(mutant: Mutant, suite: Path, tests: Path) -> Fate:
    with tempfile.TemporaryDirectory() as scratch:
        overlay, output = Path(scratch) / "overlay.json", Path(scratch) / "output"
        overlay.write_text(json.dumps(mutant.overlay), encoding="utf-8")
        only = [option for name in dict.fromkeys(mutant.breaks) for option in ("--only", name)]
        options = [
            *(str(tests), "-c", str(SUITE / "suite.ini"), "--rootdir", str(suite.parent)),
            *("-x", "-q", "--tb=line", "-p", "no:cacheprovider", "--overlay", str(overlay), *only),
        ]
        process = _forking.Process(target=_try, args=(options, mutant.rule, str(output)))
        process.start()
        process.join(LONGEST_S)
        if process.is_alive():
            process.kill()
            process.join()
        outcome = OUTCOMES.get(process.exitcode or 0, "broken")
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
