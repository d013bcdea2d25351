"""From two runs to one verdict per behaviour, by its claims.

The run on the mock knows all claims of a behaviour; each is looked up in the target's run by test, behaviour and text.
What is not found there was not tried, for the reason that its test gives.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import zip_longest
from typing import Any, Literal

import msgspec

from mockspaces.contract.behaviours import Behaviour
from mockspaces.contract.verdicts import Verdict
from mockspaces.verification.runs import ClaimRecord, Run, TestRecord

Grade = Literal["D", "C", "A", "M", "mixed"]
MEANING: dict[Verdict, str] = {
    "confirmed": "every claim that a service can show was tried, and the target does as the mock does",
    "partly": "the claims that were tried held, others were not tried",
    "contradicted": "the target fails what is documented or seen",
    "otherwise": "the target does not share an assumption",
    "not tried": "no claim of it could be tried on the target",
    "uncited": "no test shows it",
    "invisible": "cannot be seen from outside",
}
NO_REFUSAL = "no claim was tried in which something was refused"

Exchanges = tuple[dict[str, Any] | None, ...]  # of both sides, beside each other; None where one side has none


class Fate(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one claim on the target. ``lacking`` are the credentials that would unlock it.

    An ``extra`` can be shown by nothing but a mock: not tried, it does not keep a behaviour from being confirmed.
    """

    test: str
    text: str
    state: Literal["held", "differs", "not tried"]
    kind: Literal["", "documented", "assumed"] = ""
    reason: str = ""
    refusal: bool = False
    details: tuple[str, ...] = ()
    known: str = ""
    lacking: tuple[str, ...] = ()
    extra: bool = False
    mock: Exchanges = ()
    target: Exchanges = ()

    @property
    def pairs(self) -> list[tuple[dict[str, Any] | None, dict[str, Any] | None]]:
        """Its exchanges, those of mock and target beside each other."""
        return list(zip(self.mock, self.target, strict=True))


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one behaviour: its verdict, and the fate of each of its claims."""

    id: str
    area: str
    statement: str
    evidence: str
    grade: Grade
    verdict: Verdict
    known: str = ""
    note: str = ""
    claims: tuple[Fate, ...] = ()

    @property
    def differs(self) -> bool:
        """Whether mock and target disagree."""
        return self.verdict in ("contradicted", "otherwise")

    @property
    def counted(self) -> int:
        """How many claims the verdict is about: all but the extras that were not tried."""
        return sum(not one.extra or one.state != "not tried" for one in self.claims)

    @property
    def tried(self) -> int:
        """How many claims were tried."""
        return sum(one.state != "not tried" for one in self.claims)

    @property
    def telling(self) -> list[Fate]:
        """The claims that say why the verdict is not better."""
        wanted = "differs" if self.differs else "not tried"
        return [one for one in self.claims if one.state == wanted]

    @property
    def details(self) -> list[str]:
        """What is to be said of it, a line for each claim that tells and each reason."""
        if self.differs:
            return [
                f"{one.text} ({one.test}): {'; '.join(one.details)}{f' (known: {one.known})' if one.known else ''}"
                for one in self.telling
            ]
        reasons = Counter((one.reason, one.extra) for one in self.telling)
        said = [
            f"{count} {'extras of the mock' if extra else f'of {self.counted} claims'} not tried: {reason}"
            for (reason, extra), count in reasons.items()
        ]
        return [*([self.note] if self.note else []), *said]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A verification: findings of all behaviours, and listed differences that no longer occur.

    ``strays`` are claims of the target's run that the mock's does not know: their words depend on the target.
    ``remarks`` are parts of the profile that do not work, ``ended`` says why the run did not come to its end, and
    ``leftovers`` are the spaces that it could not delete.
    """

    target: str
    finished: str
    findings: tuple[Finding, ...]
    stale: tuple[str, ...] = ()
    strays: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    ended: str = ""
    leftovers: tuple[str, ...] = ()

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
        """Whether the run came to its end, nothing unexpected was found, and nothing expected is gone."""
        return not (self.unexpected or self.stale or self.ended)


def grade(evidence: str) -> Grade:
    """Reduce a behaviour's evidence to one letter, or ``mixed`` (``D; A``, ``x D; y A``)."""
    words = evidence.replace(",", " ").replace(";", " ").split()
    letters = {word for word in words if word in ("D", "C", "A", "M")}
    return letters.pop() if len(letters) == 1 else "mixed"  # type: ignore[return-value]  # one of the four letters


def verify(
    catalogue: Iterable[Behaviour], mock: Run, target: Run, known: Mapping[str, str], only: Sequence[str] = ()
) -> Report:
    """Return the findings of a run against a target beside one against the mock.

    ``known`` maps behaviour ids, or ``id: claim``, to the reason why a difference is expected; ``only`` restricts the
    report to ids, or beginnings of ids.
    """
    sides = _Sides(mock, target)
    wanted = [one for one in catalogue if one.kind == "behaviour" and (not only or one.id.startswith(tuple(only)))]
    findings = []
    for one in wanted:
        fates = sides.fates(one, known)
        verdict, note = _verdict(one, fates)
        expected = [fate.known for fate in fates if fate.state == "differs"]
        findings.append(
            Finding(
                id=one.id,
                area=one.area,
                statement=one.statement,
                evidence=one.evidence,
                grade=grade(one.evidence),
                verdict=verdict,
                known="; ".join(dict.fromkeys(expected)) if all(expected) else "",
                note=note,
                claims=tuple(fates),
            )
        )
    differing = {one.id: [fate for fate in one.claims if fate.state == "differs"] for one in findings}
    places = {key for name, fates in differing.items() for fate in fates for key in (name, f"{name}: {fate.text}")}
    listed = [name for name in known if not only or name.startswith(tuple(only))]
    return Report(
        target=target.target,
        finished=target.finished,
        findings=tuple(findings),
        stale=tuple(name for name in listed if name not in places),
        strays=sides.strays,
        remarks=target.remarks,
        ended=target.ended,
        leftovers=target.leftovers,
    )


class _Sides:
    """The claims of both runs, by behaviour."""

    def __init__(self, mock: Run, target: Run) -> None:
        self._ours = {one.test: one for one in mock.tests}
        self._theirs = {one.test: one for one in target.tests}
        self._absent = target.ended or "its test did not run"
        self._wanted = _claims(mock.tests, lambda claim: not claim.aside)
        self._found = _claims(target.tests, lambda claim: not claim.aside)
        self._asides = _claims(target.tests, lambda claim: claim.aside)
        self.strays = tuple(
            f"{name}: {text} ({test})"
            for name, claims in self._found.items()
            for test, text in claims
            if (test, text) not in self._wanted[name]
        )

    def fates(self, behaviour: Behaviour, known: Mapping[str, str]) -> list[Fate]:
        """Return what became of each claim of a behaviour, and why a difference is expected, if it is."""
        name = behaviour.id
        wanted = {**self._wanted[name], **self._asides[name]}
        found = {**self._found[name], **self._asides[name]}
        fates = [self._fate(behaviour, place[0], claim, found.get(place)) for place, claim in wanted.items()]
        return [
            msgspec.structs.replace(one, known=known.get(f"{name}: {one.text}", known.get(name, "")))
            if one.state == "differs"
            else one
            for one in fates
        ]

    def _fate(self, behaviour: Behaviour, test: str, ours: ClaimRecord, theirs: ClaimRecord | None) -> Fate:
        if theirs is None or theirs.state == "not tried":
            record = self._theirs.get(test)
            stopped = (record.reason if record else "") or self._absent
            reason = theirs.reason if theirs else stopped
            return Fate(
                test=test, text=ours.text, state="not tried", reason=reason, lacking=ours.lacking, extra=ours.extra
            )
        fate = Fate(test=test, text=ours.text, state=theirs.state, refusal=theirs.refusal)
        if theirs.state == "held":
            return fate
        assumed = theirs.kind == "assumed" or (theirs.kind == "plain" and grade(behaviour.evidence) == "A")
        pairs = list(zip_longest(_exchanges(self._ours.get(test), ours), _exchanges(self._theirs.get(test), theirs)))
        return msgspec.structs.replace(
            fate,
            kind="assumed" if assumed else "documented",
            details=tuple(map(_told, theirs.differences)),
            mock=tuple(one for one, _other in pairs),
            target=tuple(other for _one, other in pairs),
        )


def _claims(
    tests: Iterable[TestRecord], fits: Callable[[ClaimRecord], bool]
) -> defaultdict[str, dict[tuple[str, str], ClaimRecord]]:
    found = defaultdict[str, dict[tuple[str, str], ClaimRecord]](dict)
    for record in tests:
        for claim in filter(fits, record.claims):
            found[claim.id][record.test, claim.text] = claim
    return found


def _exchanges(record: TestRecord | None, claim: ClaimRecord) -> list[dict[str, Any]]:
    if record is None:
        return []
    return [record.exchanges[place] for place in claim.exchanges if place < len(record.exchanges)]


def _told(difference: Mapping[str, str]) -> str:
    """Return a difference in words; what could not be read has no two sides."""
    if difference["kind"] == "plain":
        return difference["note"]
    return f"{difference['note'] or 'answered'}: {difference['actual']} is not {difference['wanted']}"


def _verdict(behaviour: Behaviour, fates: Sequence[Fate]) -> tuple[Verdict, str]:
    """Return the verdict, and a note if it is not the claims alone that decide."""
    if not fates:
        return ("invisible" if behaviour.untested else "uncited"), ""
    kinds = {one.kind for one in fates if one.state == "differs"}
    if kinds:
        return ("contradicted" if "documented" in kinds else "otherwise"), ""
    held = [one for one in fates if one.state == "held"]
    if not held:
        return "not tried", ""
    if behaviour.refusal and not any(one.refusal for one in held):
        return "partly", NO_REFUSAL
    open_ones = [one for one in fates if one.state == "not tried" and not one.extra]
    return ("partly" if open_ones else "confirmed"), ""
