import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.report import Figure, ratio, table

ROOT = Path(__file__).parent.parent


@pytest.mark.parametrize(
    ("measured", "more", "holds"), [(0.8, True, True), (0.79, True, False), (0.8, False, True), (0.81, False, False)]
)
def test_budget_is_a_bound_on_one_side(measured: float, *, more: bool, holds: bool) -> None:
    """A ratio keeps its budget up to the bound itself, from above or from below."""
    figure = Figure(what="x", measured=measured, budget=0.8, more=more)
    assert figure.holds is holds
    assert ("MISSED" in table([figure])) is not holds


def test_ratio_is_the_median_of_pairs() -> None:
    """One pair that was disturbed does not move the ratio."""
    assert ratio([2, 2, 9], [4, 4, 1]) == 0.5


def test_benchmarks_run(tmp_path: Path) -> None:
    """A measurement starts the real server, prints its row, and writes a result file where one is asked for."""
    out = tmp_path / "results" / "today.json"
    command = [sys.executable, "-m", "benchmarks", "memory", "--out", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    (figure,) = json.loads(out.read_text())["figures"]
    assert figure["what"] in done.stdout
    assert 10 < figure["measured"] < 200


def test_unknown_measure_is_refused() -> None:
    """A misspelt name measures nothing."""
    command = [sys.executable, "-m", "benchmarks", "memry"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=60)
    assert done.returncode == 2
    assert "no measure memry" in done.stderr
