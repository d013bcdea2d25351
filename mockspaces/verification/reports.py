"""A verification for machines and for people: report.json, report.md and a self-contained report.html."""

from collections import defaultdict
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from mockspaces.verification.verdicts import MEANING, Finding, Report

SHOWN_EXCHANGES = 6  # of one finding, on each side
SHOWN_DETAILS = 8  # of one finding, for people; report.json has all


@cache
def _templates() -> Environment:
    loader = PackageLoader("mockspaces.verification")
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def write(report: Report, folder: Path) -> None:
    """Write the three reports into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    first = {"target": report.target, "finished": report.finished, "clean": report.clean, "counts": report.counts}
    document = msgspec.json.encode({**first, **msgspec.to_builtins(report)})
    (folder / "report.json").write_bytes(msgspec.json.format(document, indent=1))
    (folder / "report.md").write_text(markdown(report), encoding="utf-8")
    (folder / "report.html").write_text(html(report), encoding="utf-8")


def markdown(report: Report) -> str:
    """Return the report as Markdown: counts, then every difference."""
    lines = [f"# {report.target} against the mock", "", f"Run finished {report.finished}.", ""]
    lines += ["| verdict | behaviours | meaning |", "|---|---:|---|"]
    lines += [f"| {name} | {count} | {MEANING[name]} |" for name, count in _counts(report)]  # type: ignore[index]
    differences: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.differs:
            title = "Known differences" if finding.known else finding.verdict.capitalize()
            differences[title].append(finding)
    for title, findings in differences.items():
        lines += ["", f"## {title}", ""]
        lines += [line for finding in findings for line in _entry(finding)]
    if report.stale:
        lines += ["", "## Listed as different, but no longer so", "", *(f"* {name}" for name in report.stale)]
    return "\n".join(lines) + "\n"


def _counts(report: Report) -> list[tuple[str, int]]:
    return [(name, count) for name, count in report.counts.items() if count]


def _entry(finding: Finding) -> list[str]:
    known = [f"  * known: {_line(finding.known)}"] if finding.known else []
    details = [f"  * {_line(detail)}" for detail in _shown(finding)]
    return [f"* **{finding.id}** ({finding.grade}) {_line(finding.statement)}", *known, *details]


def _line(text: str) -> str:
    """Return what somebody else wrote as one line of Markdown that makes no element."""
    return escape(" ".join(text.split()), quote=False)


def _shown(finding: Finding) -> list[str]:
    more = len(finding.details) - SHOWN_DETAILS
    return [*finding.details[:SHOWN_DETAILS], *([f"and {more} more"] if more > 0 else [])]


def _urgency(finding: Finding) -> tuple[bool, bool, bool]:
    """Sort what is unexpected first, contradictions before assumptions; otherwise the order of the catalogue."""
    return not finding.differs, bool(finding.known), finding.verdict != "contradicted"


def html(report: Report) -> str:
    """Return the report as one page that needs nothing else and reads well on paper."""
    findings = sorted(report.findings, key=_urgency)
    areas = list(dict.fromkeys(finding.area for finding in report.findings))
    page = _templates().get_template("report.html")
    shown = {"report": report, "findings": findings, "areas": areas, "meaning": MEANING}
    return page.render(**shown, details=_shown, sides=_sides, grades=("D", "C", "A", "M", "mixed"))


def _sides(finding: Finding) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
    """Return the exchanges of both runs beside each other."""
    return list(zip(finding.mock, finding.target, strict=True))[:SHOWN_EXCHANGES]
