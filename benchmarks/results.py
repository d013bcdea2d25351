"""Result files: a table and a plot for people, the figures for the next run to compare itself with."""

import json
import os
import platform
import subprocess
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import msgspec

from benchmarks import plot, steps
from benchmarks.peers import HEAD as PEER_HEAD
from benchmarks.peers import Measured
from benchmarks.report import HEAD, Figure
from benchmarks.steps import Step

FOLDER = Path("benchmarks/results")
NAME = "latest"
GUIDE = Path("docs/performance.md")
BEGIN, END = "<!-- table: written by make bench -->", "<!-- end of table -->"
PROFILE = "<!-- profile: written by make bench, and by python -m benchmarks profile -->", "<!-- end of profile -->"
COUNTED = ("uvicorn", "starlette", "uvloop", "httptools", "msgspec", "pyjwt", "cryptography", "python-socketio")
NOTICEABLE = 0.1  # a median that moved by less than a tenth is no news
BETTER = {
    "start": "starts faster",
    "memory": "is smaller",
    "token": "grants a token faster",
    "bearer": "answers faster",
}
WHY = {
    "start": "it loads less; ours loads cryptography, an identity server, a REST API and a world of people",
    "memory": "it holds less, for the same reason, and no engine of sockets",
    "token": "it keeps less about a grant; ours can be listed, revoked and expired",
    "bearer": "it looks at less; ours checks expiry, scope and rights, and writes a journal",
}


def write(folder: Path, figures: Sequence[Figure], peers: Sequence[Measured], load_before: float) -> None:
    """Write ``latest.json``, ``.md`` and ``.svg``, compared with the last result that was committed."""
    before = committed()
    folder.mkdir(parents=True, exist_ok=True)
    facts = document(figures, peers, load_before)
    text = json.dumps(facts, indent=1, ensure_ascii=False) + "\n"
    (folder / f"{NAME}.json").write_text(text, encoding="utf-8")
    (folder / f"{NAME}.md").write_text(markdown(facts, figures, peers, before), encoding="utf-8")
    (folder / f"{NAME}.svg").write_text(plot.draw(figures, peers, before), encoding="utf-8")
    if folder == FOLDER:
        GUIDE.write_text(guided(GUIDE.read_text(encoding="utf-8"), facts, figures, peers), encoding="utf-8")


def write_profile(found: Sequence[Step], load_before: float) -> None:
    """Write into the guide where the time of a call goes."""
    facts = document([], [], load_before)
    parts = [about(facts), _table(steps.HEAD, [step.row() for step in found])]
    GUIDE.write_text(between(GUIDE.read_text(encoding="utf-8"), PROFILE, parts), encoding="utf-8")


def guided(guide: str, facts: Mapping[str, Any], figures: Sequence[Figure], peers: Sequence[Measured]) -> str:
    """Return the guide with this result between its marks."""
    parts = [about(facts), _table(HEAD[:6], [figure.row()[:6] for figure in figures])]
    if peers:
        parts.append(_table(PEER_HEAD, [one.row() for one in peers]))
    return between(guide, (BEGIN, END), parts)


def between(guide: str, marks: tuple[str, str], parts: Sequence[str]) -> str:
    """Return the guide with other paragraphs between two marks."""
    begin, end = marks
    before, _, rest = guide.partition(begin)
    return "\n\n".join([f"{before}{begin}", *parts, f"{end}{rest.partition(end)[2]}"])


def about(facts: Mapping[str, Any]) -> str:
    """Say when and where something was measured, and what else the machine did."""
    load = f"load average {facts['load_before']} before the run, {facts['load']} at its end"
    return f"{facts['time'][:10]}, {facts['machine']}, {load}."


def document(figures: Sequence[Figure], peers: Sequence[Measured], load_before: float) -> dict[str, Any]:
    """Return all figures and where they were measured."""
    return {
        "time": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "load_before": round(load_before, 2),
        "load": round(os.getloadavg()[0], 2),
        "python": platform.python_version(),
        "versions": {name: version(name) for name in COUNTED},
        "figures": [
            msgspec.to_builtins(figure)
            | {"samples": _rounded(figure.samples), "cpu": _rounded(figure.cpu)}
            | {"median": figure.measured, "holds": figure.holds}
            for figure in figures
        ],
        "peers": msgspec.to_builtins(peers),
    }


def _rounded(samples: Sequence[float]) -> list[float]:
    return [float(f"{sample:.4g}") for sample in samples]


def machine() -> str:
    """Say what kind of machine this is."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    return f"{model or platform.machine()}, {os.cpu_count()} cores, {platform.system()} {platform.release()}"


def committed() -> dict[str, float]:
    """Return the medians of the last result that was committed, by name; empty if there is none."""
    command = ["git", "show", f"HEAD:{(FOLDER / NAME).as_posix()}.json"]
    shown = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - constant
    if shown.returncode:
        return {}
    return {figure["what"]: figure["median"] for figure in json.loads(shown.stdout)["figures"]}


def markdown(
    facts: Mapping[str, Any], figures: Sequence[Figure], peers: Sequence[Measured], before: Mapping[str, float]
) -> str:
    """Return the report for people."""
    counted = {"Python": facts["python"], **facts["versions"]}
    versions = ", ".join(f"{name} {number}" for name, number in counted.items())
    missed = [figure.what for figure in figures if figure.holds is False]
    head = [*HEAD[:6], "last time", "note"]
    rows = [[*figure.row()[:6], _since(figure, before), figure.row()[6]] for figure in figures]
    parts = [
        "# Benchmarks: the last result",
        f"{about(facts)} {versions}.",
        f"Budgets missed: {', '.join(missed) or 'none'}. About the columns: [performance](../../docs/performance.md).",
        f"![how much of each budget is used]({NAME}.svg)",
        _table(head, rows),
    ]
    if peers:
        parts += ["## Beside other doubles", _table(PEER_HEAD, [one.row() for one in peers]), *ahead(peers)]
    return "\n\n".join(parts) + "\n"


def _table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(cell.replace('|', '/') for cell in line)} |" for line in lines)


def _since(figure: Figure, before: Mapping[str, float]) -> str:
    """Say how a median stands to that of the last committed result."""
    last = before.get(figure.what)
    if not last:
        return ""
    change = figure.measured / last - 1
    if abs(change) < NOTICEABLE:
        return figure.text(last)
    better = (change > 0) is figure.more
    return f"{figure.text(last)} ({'better' if better else 'worse'})"


def ahead(peers: Sequence[Measured]) -> list[str]:
    """Say where a peer is ahead of us, and why."""
    ours, *others = peers
    lines = []
    for peer in others:
        for what, words in BETTER.items():
            own, its = getattr(ours, what), getattr(peer, what)
            if its is not None and its < own:
                lines.append(f"* {peer.name} {words} ({its:.3g} against {own:.3g}): {WHY[what]}.")
    return ["\n".join(lines) if lines else "No peer is ahead of mockspaces in anything that was measured."]
