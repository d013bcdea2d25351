"""What traffic taught: a contract overlay of forms and statuses, and verdicts to keep."""

from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

from mockspaces.contract import Contract
from mockspaces.contract.verdicts import Shown
from mockspaces.traffic.findings import Findings

SHOWN_IN_PART = "shown in part"


def overlay(contract: Contract, findings: Findings) -> dict[str, Any]:
    """Return members that never came, and statuses of refusals that were always others, as an overlay."""
    came = {claim for found in findings.evidence.values() for claim in found.claims}
    absent: dict[str, dict[str, Any]] = defaultdict(dict)
    met: dict[str, set[int]] = defaultdict(set)
    for one in findings.differences.values():
        shape, _, member = one.place.partition(".")
        if one.what.endswith(f" lacks {member} of {shape}") and one.place not in came:
            absent[shape][member] = {"absent": True}
        if one.codes:
            met[one.codes[1]].add(one.codes[0])
    known = defaultdict(list)
    for row in contract.errors.values():
        known[row.code].append(row)
    errors = {
        rows[0].id: {"status": next(iter(met[code]))}
        for code, rows in known.items()
        if len(rows) == 1 and len(met.get(code, ())) == 1 and (rows[0].status, code) not in findings.refusals
    }
    return {name: rows for name, rows in (("errors", errors), ("shapes", dict(absent))) if rows}


def keep(shown: Mapping[str, Shown], path: Path) -> int:
    """Store the verdicts that say yes or no; return how many. Others stay as they are."""
    kept: dict[str, Shown] = {}
    if path.is_file():
        kept = msgspec.json.decode(path.read_bytes(), type=dict[str, Shown])
    judged = {name: one for name, one in shown.items() if one.verdict != SHOWN_IN_PART}
    kept |= judged
    path.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(kept.items()))), indent=1) + b"\n")
    return len(judged)
