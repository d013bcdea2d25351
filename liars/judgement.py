"""What became of a lie: the verdicts of `mockspaces verify` on a run that met it, held against its row."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from liars.lie import Lie, Part
from mockspaces.contract.behaviours import catalogue
from mockspaces.verification.runs import Run, TestRecord
from mockspaces.verification.verdicts import verify

Outcome = Literal["caught", "unseen", "missed", "blurred", "failed"]
BROKE = "the target broke (5"
LONGEST = 300  # words on a statement


@dataclass(frozen=True)
class Seen:
    """What `mockspaces verify` said of a lie with a profile, whatever its row says.

    ``named`` are the statements that differed, with the first words on each; ``said`` is what it said of the lie's own;
    ``broke`` whether that was not tried since the target broke; ``strays`` are claims that only the target has.
    """

    lie: str
    part: Part
    named: Mapping[str, str] = field(default_factory=dict)
    said: str = ""
    broke: bool = False
    strays: tuple[str, ...] = ()
    seconds: float = 0.0
    tests: int = 0
    fingerprint: str = ""


@dataclass(frozen=True)
class Fate:
    """What became of a lie with a profile, by its row.

    ``caught``: its statement was named, and no other but those of its row. ``missed``: not named, though the profile
    should show it; ``unseen``: the row says that it cannot. ``blurred``: others were contradicted too. ``failed``: no
    run.
    """

    lie: str
    part: Part
    outcome: Outcome
    detail: str = ""
    seen: Seen | None = None


def run_of(tests: Iterable[Mapping[str, Any]], target: str) -> Run:
    return Run(target=target, finished="", kind="service", tests=tuple(msgspec.convert(list(tests), list[TestRecord])))


def seen(lie: Lie, part: Part, mock: Run, target: Run) -> Seen:
    """Return what is said of a run that met a lie."""
    report = verify(catalogue().values(), mock, target, {})
    found = {one.id: one for one in report.findings}
    named = {name: " | ".join(one.details)[:LONGEST] for name, one in found.items() if one.differs}
    own = found.get(lie.statement)
    said = f"{own.verdict} {' | '.join(own.details)}"[:LONGEST] if own else ""
    broke = own is not None and any(one.state == "not tried" and one.reason.startswith(BROKE) for one in own.claims)
    return Seen(lie.name, part, named, said, broke, report.strays)


def judged(lie: Lie, found: Seen) -> Fate:
    """Return what became of a lie; the truth must name nothing, and know no claim that the mock does not know."""
    strange = [name for name in found.named if name not in (lie.statement, *lie.others)]
    if strange or (found.strays and not lie.statement):
        told = "; ".join(f"{name}: {found.named[name]}" for name in strange) or f"only there: {found.strays}"
        return Fate(found.lie, found.part, "blurred", told, found)
    if not lie.statement or lie.statement in found.named or (lie.breaks and found.broke):
        return Fate(found.lie, found.part, "caught", "", found)
    if found.part not in lie.by:
        return Fate(found.lie, found.part, "unseen", "", found)
    return Fate(found.lie, found.part, "missed", f"{lie.statement} {found.said}", found)
