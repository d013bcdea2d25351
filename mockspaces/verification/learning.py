"""What a run taught: a contract overlay of refusals that the target words otherwise, and verdicts to keep.

A run on a recording shows what traffic does: its verdicts are kept with those of `mockspaces check`.
"""

import json
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from mockspaces.contract import Contract
from mockspaces.contract.verdicts import Kept, Shown, Sight
from mockspaces.verification.runs import ClaimRecord, Run, TestRecord
from mockspaces.verification.verdicts import Report

Refusal = tuple[int, str]
HELD = ("confirmed", "partly")
BY_TRAFFIC: Mapping[str, Sight] = {
    "confirmed": "confirmed by traffic",
    "contradicted": "contradicted by traffic",
    "otherwise": "contradicted by traffic",
    "partly": "shown in part",
}


def overlay(mock: Run, target: Run) -> dict[str, Any]:
    """Return the rows of errors that the target answers otherwise, as an overlay.

    Exchanges of the two runs are paired by test and position, while the requests agree. A row is learnt only if
    every refusal of the mock with its status and code met the same other refusal; where the target itself is of
    two minds, nothing is.
    """
    met: dict[Refusal, set[Refusal]] = defaultdict(set)
    on_target = {record.test: record.exchanges for record in target.tests}
    for record in mock.tests:
        for ours, theirs in zip(record.exchanges, on_target.get(record.test, ()), strict=False):
            if ours["request"]["method"] != theirs["request"]["method"]:
                break  # the test took another way from here on
            before, after = _refusal(ours["response"]), _refusal(theirs["response"])
            if before is not None and after is not None:
                met[before].add(after)
    rows = {row.id: (row.status, row.code) for row in Contract.shipped().errors.values()}
    learnt = {}
    for name, before in rows.items():
        [after, *others] = met.get(before, {before})
        if after != before and not others and list(rows.values()).count(before) == 1:
            learnt[name] = {"status": after[0], "code": after[1]}
    return {"errors": learnt} if learnt else {}


def _refusal(response: Mapping[str, Any]) -> Refusal | None:
    """Return status and code of a refusal, of the REST API or in either style of the identity server."""
    try:
        body = json.loads(response["body"])
    except ValueError:
        return None
    if response["status"] < 300 or not isinstance(body, dict):  # noqa: PLR2004 - no success, no redirect
        return None
    error = body.get("error")
    code = body.get("code") or (error.get("code") if isinstance(error, dict) else error)
    return (response["status"], code) if isinstance(code, str) else None


def keep(report: Report, path: Path) -> int:
    """Store date and verdict of each behaviour that the run could judge; return how many. Others stay as they are."""
    kept: dict[str, Kept] = {}
    if path.is_file():
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Kept])
    judged = [one for one in report.findings if one.differs or one.verdict in HELD]
    for one in judged:
        kept[one.id] = Kept(verdict=one.verdict, date=report.finished[:10], target=report.target)
    path.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(kept.items()))), indent=1) + b"\n")
    return len(judged)


def shown(report: Report, run: Run, host: str, day: str) -> dict[str, Shown]:
    """Return what a run on a recording has shown of each behaviour: how many claims tell it, and the first entry."""
    entries = {
        (record.test, claim.id, claim.text): _entry(record, claim) for record in run.tests for claim in record.claims
    }
    found = {}
    for one in report.findings:
        told = "differs" if one.differs else "held"
        numbers = [entries.get((fate.test, one.id, fate.text), 0) for fate in one.claims if fate.state == told]
        if one.verdict in BY_TRAFFIC and numbers:
            first = min(filter(None, numbers), default=0)
            verdict = BY_TRAFFIC[one.verdict]
            found[one.id] = Shown(verdict=verdict, date=day, host=host, count=len(numbers), entry=first)
    return found


def _entry(record: TestRecord, claim: ClaimRecord) -> int:
    """Return the number of the entry that a claim rests on; of frames of a socket, that of the last answer before."""
    own = [record.exchanges[place].get("entry", 0) for place in claim.exchanges if place < len(record.exchanges)]
    before = [one.get("entry", 0) for one in record.exchanges[: min(claim.exchanges, default=0)]]
    return next(filter(None, [*own, *reversed(before)]), 0)
