"""The hunt: each mutant gets a run of the tests that may kill it, in a process of its own."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from mutants.mutant import Mutant

ROOT = Path(__file__).parent.parent
PASSED, FAILED, NO_TESTS = 0, 1, 5
LONGEST_S = 300


@dataclass(frozen=True)
class Fate:
    """What became of a mutant: killed, survived, or not tested because no test cites what it breaks."""

    mutant: Mutant
    outcome: str
    detail: str = ""


def hunt(mutants: Iterable[Mutant], workers: int) -> Iterator[Fate]:
    """Yield the fate of each mutant, in the order given."""
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(_fate, mutants)


def _fate(mutant: Mutant) -> Fate:
    with tempfile.TemporaryDirectory() as scratch:
        overlay = Path(scratch) / "overlay.json"
        overlay.write_text(json.dumps(mutant.overlay), encoding="utf-8")
        only = [option for name in dict.fromkeys(mutant.breaks) for option in ("--only", name)]
        command = [
            *(sys.executable, "-m", "pytest", *_files(mutant), "-x", "-q", "--tb=line"),
            *("-p", "mutants.graft", "-p", "no:randomly", "-p", "no:cacheprovider", "--overlay", str(overlay), *only),
        ]
        environment = {**os.environ, "MOCKSPACES_MUTANT": mutant.rule}
        done = subprocess.run(  # noqa: S603 - our own interpreter with arguments of our own
            command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=LONGEST_S, check=False
        )
    outcome = {PASSED: "survived", FAILED: "killed", NO_TESTS: "uncited"}.get(done.returncode, "broken")
    return Fate(mutant, outcome, _last_failure(done.stdout) if outcome != "survived" else "")


def _files(mutant: Mutant) -> list[str]:
    """Return the test files that name what the mutant breaks: collecting the others would only take time."""
    naming = [path for path, text in _texts().items() if any(f'"{name}' in text for name in mutant.breaks)]
    return naming or ["contract_tests"]


@cache
def _texts() -> dict[str, str]:
    folder = ROOT / "contract_tests"
    return {str(path.relative_to(ROOT)): path.read_text(encoding="utf-8") for path in sorted(folder.glob("test_*.py"))}


def _last_failure(output: str) -> str:
    failures = [line for line in output.splitlines() if line.startswith(("FAILED", "ERROR"))]
    return failures[-1] if failures else output.strip().rpartition("\n")[2]
