"""A check for machines and for people: report.json and report.md, with nothing of what was recorded but forms."""

from collections import Counter
from pathlib import Path
from typing import Any

import msgspec

from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.verdicts import Shown
from mockspaces.traffic.findings import Difference, Findings
from mockspaces.traffic.verdicts import counted

SHOWN_DIFFERENCES = 40  # on a terminal
SHOWN_REMARKS = 20


def document(findings: Findings, shown: dict[str, Shown]) -> dict[str, Any]:
    """Return the check as JSON has it."""
    return {
        "clean": not findings.differences,
        "counts": dict(findings.counts),
        "hosts": dict(findings.hosts),
        "differences": [difference(one) for one in findings.differences.values()],
        "dropped": findings.dropped,
        "remarks": dict(findings.remarks.most_common()),
        "credentials": dict(findings.credentials.most_common()),
        "verdicts": counted(shown.values()),
        "statements": {name: msgspec.to_builtins(one) for name, one in shown.items()},
    }


def difference(one: Difference) -> dict[str, Any]:
    """Return a difference as JSON has it."""
    return {
        "call": one.call,
        "what": one.what,
        "place": one.place,
        "statements": list(one.statements),
        "count": one.count,
        "entries": one.numbers,
        "host": one.host,
        "date": one.date,
    }


def write(findings: Findings, shown: dict[str, Shown], folder: Path) -> None:
    """Write the reports into a folder. Raises `OSError`."""
    folder.mkdir(parents=True, exist_ok=True)
    whole = msgspec.json.encode(document(findings, shown))
    (folder / "report.json").write_bytes(msgspec.json.format(whole, indent=1) + b"\n")
    (folder / "report.md").write_text(markdown(findings, shown), encoding="utf-8")


def markdown(findings: Findings, shown: dict[str, Shown]) -> str:
    """Return the check as Markdown."""
    lines = ["# Recorded traffic against the contract", "", _counts(findings.counts), ""]
    lines += ["| verdict | statements |", "|---|---:|"]
    lines += [f"| {name} | {number} |" for name, number in counted(shown.values()).items()]
    for title, verdict in (("Contradicted", "contradicted by traffic"), ("Confirmed", "confirmed by traffic")):
        told = [
            f"* {name}, {one.date}, {one.host}, {one.count} times, entry {one.entry}: "
            f"{_line(catalogue()[name].statement)}"
            for name, one in shown.items()
            if one.verdict == verdict
        ]
        lines += ["", f"## {title}", "", *(told or ["Nothing."])]
    lines += ["", "## Differences", "", *([f"* {_told(one)}" for one in findings.differences.values()] or ["None."])]
    for title, found in (("Remarks", findings.remarks), ("Credentials", findings.credentials)):
        lines += ["", f"## {title}", "", *([f"* {_line(what)}: {count}" for what, count in found.most_common()])]
    return "\n".join(lines) + "\n"


def text(findings: Findings, shown: dict[str, Shown]) -> str:
    """Return the check for a terminal."""
    lines = [_counts(findings.counts)]
    lines += [", ".join(f"{number} statements {name}" for name, number in counted(shown.values()).items())]
    differences = list(findings.differences.values())
    lines += [_told(one) for one in differences[:SHOWN_DIFFERENCES]]
    if len(differences) > SHOWN_DIFFERENCES:
        lines.append(f"and {len(differences) - SHOWN_DIFFERENCES} more; --report writes them all")
    lines += [f"remark: {what} ({count})" for what, count in findings.remarks.most_common(SHOWN_REMARKS)]
    lines.append("nothing differs" if not differences else f"{len(differences)} differences")
    return "\n".join(lines)


def _counts(counts: Counter[str]) -> str:
    return ", ".join(f"{number} {name}" for name, number in counts.items())


def _told(one: Difference) -> str:
    about = ", ".join(filter(None, (*one.statements, one.place)))
    numbers = ", ".join(map(str, one.numbers))
    return _line(f"{one.call}: {one.what} [{about}] ({one.count} times, entries {numbers})")


def _line(text: str) -> str:
    return " ".join(text.split()).replace("<", "&lt;")
