"""From what was shown to one verdict per statement.

A statement is *confirmed by traffic* when everything that it says was seen, and *contradicted by traffic* when
something that it says was seen otherwise. What it says is in `rules`, for those statements that one exchange can show.
Of the others, forms may have been seen: they are *shown in part*, which confirms nothing. A statement about a
refusal is confirmed by refusals alone.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from functools import cache

from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.verdicts import Shown, Sight
from mockspaces.traffic import rules
from mockspaces.traffic.findings import Evidence, Findings
from mockspaces.traffic.frames import sources


@cache
def needed() -> Mapping[str, frozenset[str]]:
    """Return what has to be shown of each statement that traffic can confirm."""
    found: dict[str, set[str]] = {}
    for (shape, member), statements in sources().items():
        for statement in rules.FORMS.intersection(statements):
            found.setdefault(statement, set()).add(f"{shape}.{member}")
    for statement, calls in rules.STATEMENTS_OF_CALLS.items():
        found.setdefault(statement, set()).update(f"answer of {call}" for call in calls)
    for rule in (one for one in rules.RULES if not one.part):
        found.setdefault(rule.statement, set()).add(rule.text)
    for statement, claims in rules.SOCKETS.items():
        found.setdefault(statement, set()).update(claims)
    return {statement: frozenset(claims) for statement, claims in found.items()}


def verdict(statement: str, evidence: Evidence) -> Sight:
    """Return the verdict of one statement."""
    if evidence.contradicted:
        return "contradicted by traffic"
    wanted = needed().get(statement, frozenset())
    unseen = wanted - evidence.claims
    if not wanted or unseen or (catalogue()[statement].refusal and not evidence.refused):
        return "shown in part"
    return "confirmed by traffic"


def verdicts(findings: Findings) -> dict[str, Shown]:
    """Return the verdicts of all statements of which traffic has shown something, in the order of the catalogue."""
    return {
        name: Shown(
            verdict=verdict(name, found),
            date=found.date,
            host=found.host,
            count=found.contradicted or found.count,
            entry=found.number,
        )
        for name in catalogue()
        if (found := findings.evidence.get(name)) is not None
    }


def counted(shown: Iterable[Shown]) -> dict[Sight, int]:
    """Return how many statements have each verdict."""
    found = Counter(one.verdict for one in shown)
    order: tuple[Sight, ...] = ("confirmed by traffic", "contradicted by traffic", "shown in part")
    return {one: found[one] for one in order}
