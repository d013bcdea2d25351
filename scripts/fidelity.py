"""Writes docs/fidelity.md: what is known about each area, how well, who confirmed it, and what could not be killed.

usage: python -m scripts.fidelity
"""

import ast
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from functools import cache
from pathlib import Path

from mockspaces.contract.behaviours import Behaviour, catalogue
from mockspaces.contract.shapes import by_name
from mockspaces.contract.shapes.schemas import members
from mockspaces.contract.verdicts import Kept, Shown, shown, verdicts
from mockspaces.verification.verdicts import grade
from mutants.reasons import REASONS

ROOT = Path(__file__).parent.parent
SUITE = ROOT / "contract_tests"
PAGE = ROOT / "docs" / "fidelity.md"
HUNTED = ROOT / "mutants" / "hunted.json"
GRADES = ("D", "C", "A", "M", "mixed")


@cache
def index() -> dict[str, list[str]]:
    """Return where each cited behaviour is shown: ``folder/file::test``, or the file if a table of it says so."""
    found = defaultdict[str, list[str]](list)
    for path in sorted(SUITE.rglob("test_*.py")):
        for place, name in _strings(path):
            if name in catalogue() and place not in found[name]:
                found[name].append(place)
    return dict(found)


def cited() -> frozenset[str]:
    """Return the behaviours that contract tests cite, wherever in a call of ``behaviour`` or a table they stand."""
    return frozenset(index())


def _strings(path: Path) -> Iterator[tuple[str, str]]:
    file = path.relative_to(SUITE).as_posix()
    for top in ast.parse(path.read_text(encoding="utf-8")).body:
        is_test = isinstance(top, ast.FunctionDef) and top.name.startswith("test_")
        place = f"{file}::{top.name}" if is_test else file  # type: ignore[attr-defined]  # a function has a name
        for node in ast.walk(top):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                yield place, node.value


def statements() -> list[Behaviour]:
    """Return all numbered statements; probes are questions, not statements."""
    return [one for one in catalogue().values() if one.kind == "behaviour"]


def page() -> str:
    """Return the page."""
    rows = statements()
    parts = [
        INTRODUCTION,
        _areas(rows),
        _members(),
        _invisible(rows),
        _confirmed(verdicts()),
        _traffic(shown()),
        _survivors(),
        _index(rows),
    ]
    return "\n\n".join(part.strip() for part in parts) + "\n"


INTRODUCTION = """
# How faithful is the mock?

This page is generated (`make fidelity`); do not edit it. Each numbered statement about the wire carries its evidence:
**D** documented by the vendor, **C** seen in a client that worked with the service, **A** assumed by us, **M** measured
by us with public libraries, *mixed* where parts differ. *Cited* means that a black-box contract test shows it on the
mock; *confirmed* that `mockspaces verify` has seen a real service do the same, *by traffic* that a recording of one,
read by `mockspaces check` or `mockspaces verify`, shows all that the statement says.
"""


def _areas(rows: Sequence[Behaviour]) -> str:
    areas = list(dict.fromkeys(one.area for one in rows))
    lines = [
        "| area | statements | D | C | A | M | mixed | cited | invisible | confirmed | by traffic |",
        f"|---|{'---:|' * 10}",
    ]
    lines += [_line(area, [one for one in rows if one.area == area]) for area in areas]
    return "\n".join([*lines, _line("**all**", rows)])


def _line(name: str, rows: Sequence[Behaviour]) -> str:
    grades = Counter[str](grade(one.evidence) for one in rows)
    kept = [verdicts()[one.id] for one in rows if one.id in verdicts()]
    days = sorted({one.date for one in kept if one.verdict == "confirmed"})
    confirmed = f"{sum(one.verdict == 'confirmed' for one in kept)}" + (f" ({days[0]} to {days[-1]})" if days else "")
    seen = [shown()[one.id] for one in rows if one.id in shown()]
    by_traffic = sum(one.verdict == "confirmed by traffic" for one in seen)
    named = sum(one.id in cited() for one in rows)
    invisible = sum(bool(one.untested) for one in rows)
    numbers = [len(rows), *(grades[one] for one in GRADES), named, invisible, confirmed, by_traffic]
    return f"| {name} | {' | '.join(map(str, numbers))} |"


def _members() -> str:
    """Return how well the members of answers are known, counted where each is declared."""
    counted: dict[str, Counter[str]] = {}
    for shape in by_name().values():
        grades = counted.setdefault(shape.__module__.rpartition(".")[2], Counter())
        own = vars(shape).get("__annotations__", {})
        for field, member in zip(shape.__struct_fields__, members(shape), strict=True):
            grades[member.confidence] += field in own
    counted["**all**"] = sum(counted.values(), Counter[str]())
    lines = [
        f"| {area} | {grades.total()} | {grades['D']} | {grades['C']} | {grades['A']} |"
        for area, grades in counted.items()
    ]
    return "\n".join(
        [
            "## Members of answers",
            "",
            MEMBERS,
            "",
            "| objects | members | D | C | A |",
            "|---|---:|---:|---:|---:|",
            *lines,
        ]
    )


def _invisible(rows: Sequence[Behaviour]) -> str:
    lines = [f"* {one.id}: {one.untested}" for one in rows if one.untested]
    return "\n".join(["## Cannot be seen from outside", "", *lines])


def _confirmed(kept: dict[str, Kept]) -> str:
    told = [f"* {name}: {one.verdict}, {one.target}, {one.date}" for name, one in kept.items()]
    nothing = "No verdict of a real service is stored yet; `mockspaces verify --update-catalogue` does that."
    return "\n".join(["## Verdicts of real services", "", *(told or [nothing])])


def _traffic(seen: dict[str, Shown]) -> str:
    told = [
        f"* {name}: {one.verdict}, {one.host}, {one.date}, {one.count} times, entry {one.entry}"
        for name, one in seen.items()
    ]
    nothing = "No recording has been checked yet; `--update-catalogue` of `check` or `verify` keeps what one shows."
    return "\n".join(["## Recorded traffic of real services", "", *(told or [nothing])])


def _survivors() -> str:
    found = json.loads(HUNTED.read_text(encoding="utf-8"))
    lines = ["## Is the suite able to fail?", "", EXPLAINED, "", "| broken | killed | of |", "|---|---:|---:|"]
    lines += [f"| {NAMES[kind]} | {killed} | {count} |" for kind, (killed, count) in found["kinds"].items()]
    lines += ["", "Who survives, and why that is right:", ""]
    return "\n".join([*lines, *(f"* `{name}`: {REASONS.get(name, 'unexplained')}" for name in found["survivors"])])


def _index(rows: Sequence[Behaviour]) -> str:
    lines = [f"* {one.id}: {', '.join(f'`{place}`' for place in index()[one.id])}" for one in rows if one.id in index()]
    return "\n".join(["## Which test shows it", "", "Below `contract_tests/`:", "", *lines])


MEMBERS = """
Each member of each object that is answered cites its statement and its evidence (`mockspaces/contract/shapes/`).
""".strip()

EXPLAINED = """
Deliberately wrong clouds (`make mutants`): each has one fact or one rule broken, and is killed only by a contract test
that cites a behaviour which the mutant breaks.
""".strip()

NAMES = {
    "endpoint": "endpoint rows: auth kinds, scope, permission, PIN, types of space",
    "error": "error rows: status, code",
    "event": "events: each field dropped, recipients narrowed and widened",
    "limit": "limits, by one",
    "fact": "single facts: words, statuses, default values",
    "oauth-scope": "OAuth scopes: text of the consent page, default, print",
    "permission": "permission rows: a role more or less",
    "rule": "rules in code, by hand",
    "scope": "scope rows: roles",
    "shape": "shapes: each member absent, misspelt, null, of another type; one more",
}


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    print(PAGE.relative_to(ROOT))


if __name__ == "__main__":
    main()
