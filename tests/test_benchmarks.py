import json
import subprocess
import sys
from pathlib import Path
from xml.etree import ElementTree as ET

import msgspec
import pytest

from benchmarks import load, peers, people, plot, processes, results, steps
from benchmarks.effort import QUICK
from benchmarks.load import Rate
from benchmarks.processes import FLOOR, server
from benchmarks.report import Figure, beside, table

ROOT = Path(__file__).parent.parent
OURS = peers.Measured(name="mockspaces", version="1", start=200, memory=60, token=1, bearer=0.5, what="")
PEER = peers.Measured(name="other", version="2", start=100, memory=80, token=None, bearer=2, what="")


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "benchmarks", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False, timeout=180)


@pytest.mark.parametrize(
    ("measured", "more", "holds"), [(0.8, True, True), (0.79, True, False), (0.8, False, True), (0.81, False, False)]
)
def test_budget_is_a_bound_on_one_side(measured: float, *, more: bool, holds: bool) -> None:
    """A ratio keeps its budget up to the bound itself, from above or from below, and uses all of it there."""
    figure = Figure(what="x", samples=(measured,), budget=0.8, more=more)
    assert figure.verdict == ("holds" if holds else "MISSED")
    assert ("MISSED" in table([figure])) is not holds
    assert (figure.share(measured) <= 1) == holds


def test_ratio_is_the_median_of_pairs() -> None:
    """One pair that was disturbed does not move the ratio, whichever way it is measured."""
    mock = [Rate(2, 0.4), Rate(2, 0.4), Rate(9, 0.1)]
    floor = [Rate(4, 0.2), Rate(4, 0.2), Rate(1, 0.9)]
    figure = beside("x", [mock, floor])
    assert (figure.measured, figure.cpu_measured) == (0.5, 0.5)
    assert [*figure.spread] == [0.5, 9]
    assert not figure.verdict


# `make bench ARGS=--quick` runs all of them.
SAMPLE = ("announced", "redirects", "fan-out", "worlds", "pages", "people", "costs", "profile")


@pytest.mark.slow
def test_cases_run(tmp_path: Path) -> None:
    """The smoke runs each case once with the real server, and writes figures, table and plot where it is told to."""
    done = run("--quick", "--out", str(tmp_path / "results"), *SAMPLE)
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "results" / "latest.json").read_text())["figures"]
    assert len(figures) >= len(SAMPLE)
    assert "server.http" in done.stdout
    assert all(figure["what"] in done.stdout for figure in figures)
    # What few events cost can be less than a tick of the processor's clock.
    assert all(figure["median"] > 0 or figure["what"].startswith("cost of ") for figure in figures)
    ET.parse(tmp_path / "results" / "latest.svg")  # noqa: S314 - our own
    assert all(figure["what"] in (tmp_path / "results" / "latest.md").read_text() for figure in figures)


def test_what_takes_less_than_a_tick_has_used_processor_time() -> None:
    """The time of a server is asked for when the kernel has counted it: of 20 quick answers a third had used none."""
    with server(FLOOR, b"{}") as (url, pid):
        target = load.Target(url, pid, [load.get(f"{url}/")] * 20)
        used = [processes.run(load.once(target)).cpu for _ in range(20)]
    assert min(used) > 0


def test_one_case_runs_alone() -> None:
    """A chosen case is the only one that is measured, and no result is written unasked."""
    before = sorted(results.FOLDER.glob("*")) if results.FOLDER.exists() else []
    done = run("--quick", "--only", "worlds")
    assert len(done.stdout.splitlines()) == 2
    assert "world create + drop" in done.stdout
    assert before == (sorted(results.FOLDER.glob("*")) if results.FOLDER.exists() else [])


def test_unknown_measure_is_refused() -> None:
    """A misspelt name measures nothing."""
    done = run("memry")
    assert done.returncode == 2
    assert "no measure memry" in done.stderr


def test_plot_marks_what_is_missed_and_what_was_before() -> None:
    """A missed budget has another colour than a kept one, and the last result is a ring."""
    kept, missed = (Figure(what=name, samples=(1,), budget=budget) for name, budget in (("kept", 2), ("missed", 0.5)))
    assert plot.BAD not in plot.draw([kept], [], {})
    drawn = plot.draw([kept, missed], [OURS, PEER], {"kept": 1.5})
    assert plot.BAD in drawn
    assert drawn.count("<circle") == 1
    ET.fromstring(drawn)  # noqa: S314 - our own


@pytest.mark.parametrize(("before", "words"), [(1.0, "(worse)"), (4.0, "(better)"), (2.05, "2.05"), (None, "")])
def test_result_is_compared_with_the_last(before: float | None, words: str) -> None:
    """A median that moved by a tenth or more is called better or worse than the last committed one."""
    figure = Figure(what="x", samples=(2.0,), budget=3)
    facts = {"time": "now", "machine": "this", "load_before": 0, "load": 0, "python": "3", "versions": {}}
    row = results.markdown(facts, [figure], [], {} if before is None else {"x": before}).splitlines()[-1]
    told = row.split(" | ")[-2].strip()
    assert told.endswith(words)
    assert bool(told) is bool(words)


def test_guide_has_the_result_between_its_marks() -> None:
    """The guide keeps its words, and a second result replaces the first."""
    figure = Figure(what="some figure", samples=(2.0,), budget=3)
    facts = {"time": "2031-02-03T04:05", "machine": "this", "load_before": 0.1, "load": 1.3}
    guide = f"words\n\n{results.BEGIN}\nold\n{results.END}\n\nmore words\n"
    once = results.guided(guide, facts, [figure], [OURS])
    assert once == results.guided(once, facts, [figure], [OURS])
    assert once.startswith("words\n")
    assert once.endswith("\n\nmore words\n")
    assert "2031-02-03, this, load average 0.1 before the run, 1.3 at its end." in once
    assert "| some figure | ≤ 3 | 2 |" in once
    assert "\nold\n" not in once
    written = (ROOT / results.GUIDE).read_text(encoding="utf-8")
    assert all(written.count(mark) == 1 for mark in (results.BEGIN, results.END, *results.PROFILE))


def test_profile_counts_for_the_innermost_of_ours() -> None:
    """A sample counts for our innermost module, and what is short is summed up."""
    assert steps.module(sys._getframe()) == steps.BENEATH
    assert steps.steps({}, 50) == []
    short = {f"mockspaces.short{number}": 1 for number in range(3)}
    found = steps.steps({"mockspaces.app": 200, steps.BENEATH: 597, **short}, 80)
    assert [step.row()[:3] for step in found] == [
        (steps.BENEATH, "74.6%", "59.7"),
        ("app", "25.0%", "20.0"),
        ("3 modules of less than 1%", "0.4%", "0.3"),
    ]
    assert found[1].about
    assert not found[0].about
    assert all(cell in steps.table(found) for step in found for cell in step.row())


def test_report_says_where_a_peer_is_ahead() -> None:
    """Each thing in which a peer is ahead has a line with the reason; where none is, the report says that."""
    (told,) = results.ahead([OURS, PEER])
    assert told.count("* ") == 1
    assert results.WHY["start"] in told
    assert "No peer is ahead" in results.ahead([OURS, msgspec.structs.replace(PEER, start=300)])[0]


def test_percentiles_are_of_what_was_measured() -> None:
    """A percentile is the time that so many took at most; of nothing there is none."""
    times = people.Times()
    for number in range(100):
        times.add("call", (100 - number) / 1000)
    assert [round(times.percentile("call", part)) for part in (0, 0.5, 0.95, 1)] == [1, 51, 96, 100]
    assert times.percentile("join", 0.95) == 0


@pytest.mark.parametrize("option", ["--people=0", "--people=20000", "--hold=0", "--ramp=4000", "--calls=0"])
def test_load_is_bounded(option: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """Nobody starts a crowd that no machine can hold, or that goes on for ever, by a typing error."""
    monkeypatch.setattr(sys, "argv", ["people", option])
    with pytest.raises(SystemExit) as ended:
        people.main()
    assert ended.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err


@pytest.mark.slow
def test_absent_peers_are_left_out(tmp_path: Path) -> None:
    """Where no peer is installed only the mock itself is measured."""
    (alone,) = peers.side_by_side(tmp_path, QUICK)
    assert alone.name == "mockspaces"
    assert alone.token
    assert alone.name in peers.table([alone])
