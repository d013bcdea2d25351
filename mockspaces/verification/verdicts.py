"""From two runs to one verdict per behaviour."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Literal

import msgspec

from mockspaces.contract.behaviours import Behaviour
from mockspaces.verification.runs import Run, TestRecord

Verdict = Literal["confirmed", "contradicted", "otherwise", "skipped", "uncited", "invisible"]
Grade = Literal["D", "C", "A", "M", "mixed"]
MEANING: dict[Verdict, str] = {
    "confirmed": "the target does as the mock does",
    "contradicted": "the target fails what is documented or seen",
    "otherwise": "the target does not share an assumption",
    "skipped": "no test of it could run against the target",
    "uncited": "no test shows it",
    "invisible": "cannot be seen from outside",
}


Exchanges = tuple[dict[str, Any] | None, ...]  # of both sides, beside each other; None where one side has none


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one behaviour: its verdict, why, and the exchanges that show it."""

    id: str
    area: str
    statement: str
    evidence: str
    grade: Grade
    verdict: Verdict
    known: str = ""
    details: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()
    mock: Exchanges = ()
    target: Exchanges = ()

    @property
    def differs(self) -> bool:
        """Whether mock and target disagree."""
        return self.verdict in ("contradicted", "otherwise")


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A verification: findings of all behaviours, and listed differences that no longer occur."""

    target: str
    finished: str
    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()

    @property
    def counts(self) -> dict[str, int]:
        """How many behaviours got each verdict."""
        found = Counter(finding.verdict for finding in self.findings)
        return {verdict: found[verdict] for verdict in MEANING}

    @property
    def unexpected(self) -> list[Finding]:
        """Differences that the known-differences file does not list."""
        return [finding for finding in self.findings if finding.differs and not finding.known]

    @property
    def clean(self) -> bool:
        """Whether nothing unexpected was found, and nothing expected is gone."""
        return not self.unexpected and not self.stale


def grade(evidence: str) -> Grade:
    """Reduce a behaviour's evidence to one letter, or ``mixed`` (``D; A``, ``x D; y A``)."""
    words = evidence.replace(",", " ").replace(";", " ").split()
    letters = {word for word in words if word in ("D", "C", "A", "M")}
    return letters.pop() if len(letters) == 1 else "mixed"  # type: ignore[return-value]  # one of the four letters


def verify(
    catalogue: Iterable[Behaviour], mock: Run, target: Run, known: Mapping[str, str], only: Sequence[str] = ()
) -> Report:
    """Return the findings of a run against a target beside one against the mock.

    ``known`` maps behaviour ids to the reason why a difference is expected; ``only`` restricts the report to
    ids, or beginnings of ids.
    """
    on_mock, on_target = {record.test: record for record in mock.tests}, _by_behaviour(target)
    wanted = [one for one in catalogue if one.kind == "behaviour" and (not only or one.id.startswith(tuple(only)))]
    findings = tuple(_finding(one, on_mock, on_target[one.id], known.get(one.id, "")) for one in wanted)
    different = {finding.id for finding in findings if finding.differs}
    listed = [name for name in known if not only or name.startswith(tuple(only))]
    stale = tuple(name for name in listed if name not in different)
    return Report(target=target.target, finished=target.finished, findings=findings, stale=stale)


def _by_behaviour(run: Run) -> dict[str, list[TestRecord]]:
    found: dict[str, list[TestRecord]] = defaultdict(list)
    for record in run.tests:
        for name in dict.fromkeys([*record.behaviours, *(one["of"] for one in record.differences if one["of"])]):
            found[name].append(record)
    return found


def _finding(behaviour: Behaviour, mock: Mapping[str, TestRecord], target: Sequence[TestRecord], known: str) -> Finding:
    verdict, telling = _verdict(behaviour, target)
    names = [record.test for record in telling]
    pairs = [pair for record in telling for pair in _pairs(mock.get(record.test), record)]
    return Finding(
        id=behaviour.id,
        area=behaviour.area,
        statement=behaviour.statement,
        evidence=behaviour.evidence,
        grade=grade(behaviour.evidence),
        verdict=verdict,
        known=known if verdict in ("contradicted", "otherwise") else "",
        details=tuple(dict.fromkeys(detail for record in telling for detail in _details(record, behaviour.id))),
        tests=tuple(names or [record.test for record in target]),
        mock=tuple(ours for ours, _theirs in pairs),
        target=tuple(theirs for _ours, theirs in pairs),
    )


def _pairs(ours: TestRecord | None, theirs: TestRecord) -> Iterable[tuple[Any, Any]]:
    """Return the exchanges of one test on both sides."""
    return zip_longest(ours.exchanges if ours else (), theirs.exchanges)


def _verdict(behaviour: Behaviour, target: Sequence[TestRecord]) -> tuple[Verdict, list[TestRecord]]:
    """Return the verdict and the tests that tell it."""
    if not target:
        return ("invisible" if behaviour.untested else "uncited"), []
    name = behaviour.id
    failed = [one for one in target if one.outcome in ("failed", "error") or _differs(one, name, "documented")]
    if failed:
        return "contradicted", failed
    other = [one for one in target if _differs(one, name, "assumed")]
    if other:
        return "otherwise", other
    passed = any(record.outcome in ("passed", "contradicted") for record in target)
    return ("confirmed", []) if passed else ("skipped", [record for record in target if record.reason])


def _differs(record: TestRecord, name: str, kind: str) -> bool:
    """Whether a test saw the target do a behaviour otherwise, of all that it saw."""
    return any(one["kind"] == kind and one["of"] in ("", name) for one in record.differences)


def _details(record: TestRecord, name: str) -> list[str]:
    laid = [one for one in record.differences if one["of"] in ("", name)]
    shown = [f"{one['note'] or 'answered'}: {one['actual']} is not {one['wanted']}" for one in laid]
    failed = record.reason and record.outcome != "contradicted"
    return [f"{record.outcome}: {record.reason}", *shown] if failed else shown
