"""A verification for machines and for people: report.json, report.md and a self-contained report.html."""

from collections import defaultdict
from collections.abc import Mapping
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import msgspec
from jinja2 import Environment, PackageLoader, StrictUndefined

from mockspaces.verification import summary
from mockspaces.verification.verdicts import MEANING, Fate, Finding, Report

SHOWN_EXCHANGES = 6  # of one claim, on each side
SHOWN_DETAILS = 8  # of one finding, for people; report.json has all
SHOWN_REASONS = 12
SHOWN_CHARS = 1200  # of a body in Markdown


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
    """Return the report as Markdown: counts, the core, every difference with its exchanges, and what was not tried."""
    lines = [f"# {report.target} against the mock", "", f"Run finished {report.finished}.", ""]
    lines += [f"**{_line(one)}**\n" for one in notes(report)]
    lines += ["| verdict | behaviours | meaning |", "|---|---:|---|"]
    lines += [f"| {name} | {count} | {MEANING[name]} |" for name, count in report.counts.items() if count]  # type: ignore[index]
    lines += ["", "## The core of the contract", "", "| | verdict | claims tried | |", "|---|---|---:|---|"]
    lines += [
        f"| {one.name} | {one.verdict} | {one.tried} of {one.counted} | {', '.join(one.ids)} |"
        for one in summary.core(report.findings)
    ]
    differences: dict[str, list[Finding]] = defaultdict(list)
    for finding in report.findings:
        if finding.differs:
            title = "Known differences" if finding.known else finding.verdict.capitalize()
            differences[title].append(finding)
    for title, findings in differences.items():
        lines += ["", f"## {title}", ""]
        lines += [line for finding in findings for line in _entry(finding)]
    untried = summary.reasons(report.findings)
    if untried:
        lines += ["", "## Why claims were not tried", "", *(f"* {count}: {_line(why)}" for why, count in untried)]
    if report.stale:
        lines += ["", "## Listed as different, but no longer so", "", *(f"* {name}" for name in report.stale)]
    return "\n".join(lines) + "\n"


def notes(report: Report) -> list[str]:
    """Return what must be known before the findings are read."""
    ended = [f"{report.ended}: what follows is what was found until then"] if report.ended else []
    left = [f"left behind, since they could not be deleted: {', '.join(report.leftovers)}"] if report.leftovers else []
    return [*ended, *report.remarks, *left]


def _entry(finding: Finding) -> list[str]:
    known = [f"  * known: {_line(finding.known)}"] if finding.known else []
    lines = [f"* **{finding.id}** ({finding.grade}) {_line(finding.statement)}", *known]
    for number, fate in enumerate(finding.telling):
        if number == SHOWN_DETAILS:
            return [*lines, f"  * and {len(finding.telling) - number} more"]
        lines.append(f"  * {_line(fate.text)}, `{_line(fate.test)}`: {_line('; '.join(fate.details))}")
        for side, one in zip(("mock", "target"), _last(fate), strict=True):
            if fate.pairs:
                # Four blanks more than the item make it code; a reader that thinks otherwise finds no element.
                shown = shown_exchange(one)[: 2 * SHOWN_CHARS].splitlines() if one else ["nothing"]
                lines += ["", f"    {side}:", "", *(f"        {line.replace('<', '&lt;')}" for line in shown), ""]
    return lines


def shown_exchange(exchange: Mapping[str, Any]) -> str:
    """Return request and answer as they went over the wire, with their headers."""
    request, answer = exchange["request"], exchange["response"]
    blocks = []
    for first, side in ((f"{request['method']} {request['url']}", request), (str(answer["status"]), answer)):
        headers = "".join(f"\n{name}: {value}" for name, value in side["headers"].items())
        body = f"\n\n{side['body'][:SHOWN_CHARS]}" if side["body"] else ""
        blocks.append(f"{first}{headers}{body}")
    return "\n\n".join(blocks)


def _line(text: str) -> str:
    """Return what somebody else wrote as one line of Markdown that makes no element."""
    return escape(" ".join(text.split()), quote=False)


def text(report: Report) -> str:
    """Return the report for a terminal: counts, the core, what is unexpected, and why claims were not tried."""
    lines = [", ".join(f"{count} {name}" for name, count in report.counts.items() if count)]
    topics = summary.core(report.findings)
    if topics:
        lines += ["", "the core of the contract:"]
        lines += [f"  {one.name:13} {one.verdict:12} {one.tried} of {one.counted} claims tried" for one in topics]
    for finding in report.unexpected:
        lines += ["", f"{finding.verdict}  {finding.id}  {finding.statement}"]
        for fate in finding.telling[:SHOWN_DETAILS]:
            lines.append(f"  {fate.text} ({fate.test}): {'; '.join(fate.details)}")
            lines += [f"    {side}: {_short(one)}" for side, one in zip(("mock", "target"), _last(fate), strict=True)]
        if len(finding.telling) > SHOWN_DETAILS:
            lines.append(f"  and {len(finding.telling) - SHOWN_DETAILS} more")
    lines += [f"listed, but no longer different  {name}" for name in report.stale]
    lines += [f"claimed on the target only, so its words depend on it  {stray}" for stray in report.strays]
    untried = summary.reasons(report.findings)
    if untried:
        lines += [
            "",
            "claims not tried, with the reason:",
            *(f"{count:6}  {why}" for why, count in untried[:SHOWN_REASONS]),
        ]
        lines += [f"        and {len(untried) - SHOWN_REASONS} other reasons"] if len(untried) > SHOWN_REASONS else []
    return "\n".join(lines)


def _last(fate: Fate) -> list[dict[str, Any] | None]:
    """Return the last exchange of each side, which is the one that was compared; None where nothing was sent."""
    return [next((one for one in reversed(side) if one), None) for side in (fate.mock, fate.target)]


def _short(exchange: Mapping[str, Any] | None) -> str:
    """Return an exchange in one line."""
    if exchange is None:
        return "nothing was sent"
    request, answer = exchange["request"], exchange["response"]
    return " ".join(f"{request['method']} {request['url']} -> {answer['status']} {answer['body']}".split())[:200]


def html(report: Report) -> str:
    """Return the report as one page that needs nothing else and reads well on paper."""

    def urgency(finding: Finding) -> tuple[bool, bool, bool]:  # unexpected first, contradictions before assumptions
        return not finding.differs, bool(finding.known), finding.verdict != "contradicted"

    page = _templates().get_template("report.html")
    return page.render(
        report=report,
        findings=sorted(report.findings, key=urgency),
        areas=list(dict.fromkeys(finding.area for finding in report.findings)),
        meaning=MEANING,
        grades=("D", "C", "A", "M", "mixed"),
        core=summary.core(report.findings),
        reasons=summary.reasons(report.findings),
        notes=notes(report),
        wire=shown_exchange,
        most=SHOWN_EXCHANGES,
    )
