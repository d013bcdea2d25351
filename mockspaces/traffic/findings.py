"""What a check has found: differences, each once, and what was shown of each statement."""

from collections import Counter

import msgspec

MOST_DIFFERENCES = 1000  # different ones; more tell nothing new
MOST_NUMBERS = 5  # of entries that are named for one difference


class Difference(msgspec.Struct, kw_only=True):
    """Something that the service does otherwise: in which call or event, what, and what of the contract it is about.

    ``statements`` are those that say otherwise, ``place`` is the member of a shape or the row. ``numbers`` are the
    first entries that have it.
    """

    call: str
    what: str
    place: str = ""
    statements: tuple[str, ...] = ()
    count: int = 0
    numbers: list[int] = []
    codes: tuple[int, str] | None = None  # status and code of a refusal that no row has
    host: str = ""
    date: str = ""


class Evidence(msgspec.Struct, kw_only=True):
    """What traffic has shown of a statement, with the first exchange that did: entry, host and day."""

    number: int
    host: str
    date: str
    count: int = 0
    refused: bool = False  # a refusal was among it
    contradicted: int = 0
    claims: set[str] = msgspec.field(default_factory=set)


class Source(msgspec.Struct, frozen=True, kw_only=True):
    """The entry that is judged."""

    number: int
    host: str
    date: str


class Findings(msgspec.Struct, kw_only=True):
    """Everything that is found in some archives, in the order of the entries."""

    counts: Counter[str] = msgspec.field(default_factory=Counter)
    differences: dict[tuple[str, str, str], Difference] = {}
    remarks: Counter[str] = msgspec.field(default_factory=Counter)
    evidence: dict[str, Evidence] = {}
    credentials: Counter[str] = msgspec.field(default_factory=Counter)
    hosts: Counter[str] = msgspec.field(default_factory=Counter)
    refusals: set[tuple[int, str]] = msgspec.field(default_factory=set)  # that came as rows have them
    dropped: int = 0

    def differ(self, source: Source, difference: Difference) -> None:
        """Take a difference in; one that is known already is counted."""
        key = (difference.call, difference.what, difference.place)
        known = self.differences.get(key)
        if known is None:
            if len(self.differences) >= MOST_DIFFERENCES:
                self.dropped += 1
                return
            known = self.differences[key] = difference
            known.host, known.date = source.host, source.date
        known.count += 1
        if len(known.numbers) < MOST_NUMBERS and source.number not in known.numbers:
            known.numbers.append(source.number)
        for statement in difference.statements:
            self._evidence(statement, source).contradicted += 1

    def show(self, statement: str, claim: str, source: Source, *, refused: bool = False) -> None:
        """Note that a claim of a statement was shown."""
        found = self._evidence(statement, source)
        found.count += 1
        found.claims.add(claim)
        found.refused |= refused

    def _evidence(self, statement: str, source: Source) -> Evidence:
        if statement not in self.evidence:
            self.evidence[statement] = Evidence(number=source.number, host=source.host, date=source.date)
        return self.evidence[statement]
