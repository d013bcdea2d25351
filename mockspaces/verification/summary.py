"""What a verification comes to: the core of the contract, why claims were not tried, and what would unlock them."""

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from mockspaces.contract.verdicts import Verdict
from mockspaces.verification.runs import Run
from mockspaces.verification.verdicts import Finding

# What this project is about. A topic is as its worst statement.
CORE = {
    "kid": ("AUTH-SVC-04",),
    "iss": ("AUTH-SVC-03",),
    "sub": ("AUTH-SVC-06",),
    "aud": ("AUTH-SVC-07",),
    "exp": ("AUTH-SVC-08", "AUTH-SVC-09"),
    "alg": ("AUTH-SVC-02",),
    "signature": ("AUTH-SVC-05",),
    "scopes": ("SCOPE-TAB-01", "AUTH-SVC-14"),
    "isolation": ("AUTH-SVC-15", "AUTH-SVC-18"),
    "token answer": ("ACC-TOKEN-08", "ACC-TOKEN-09"),
    "refresh": ("ACC-TOKEN-06",),
    "revoke": ("ACC-REVOKE-03", "ACC-REVOKE-05"),
    "anonymous": ("AUTH-ANON-01", "AUTH-ANON-02"),
    "socket scope": ("RT-AUTH-05",),
}
WORST_FIRST: tuple[Verdict, ...] = (
    "contradicted",
    "otherwise",
    "not tried",
    "uncited",
    "invisible",
    "partly",
    "confirmed",
)


class Topic(NamedTuple):
    """One topic of the core: its worst verdict, and how many of its claims were tried, of those a service can show."""

    name: str
    verdict: Verdict
    tried: int
    counted: int
    ids: tuple[str, ...]


def core(findings: Iterable[Finding]) -> list[Topic]:
    """Return the fate of the core, of the topics that a run was about."""
    by_id = {one.id: one for one in findings}
    topics = []
    for name, ids in CORE.items():
        found = [by_id[one] for one in ids if one in by_id]
        if found:
            verdict = min((one.verdict for one in found), key=WORST_FIRST.index)
            if verdict == "not tried" and any(one.tried for one in found):
                verdict = "partly"
            tried, counted = sum(one.tried for one in found), sum(one.counted for one in found)
            topics.append(Topic(name, verdict, tried, counted, ids))
    return topics


def reasons(findings: Iterable[Finding]) -> list[tuple[str, int]]:
    """Return why claims were not tried, with their number, the most frequent first; extras of the mock left out."""
    counts = Counter(
        fate.reason for one in findings for fate in one.claims if fate.state == "not tried" and not fate.extra
    )
    return counts.most_common()


class Reach(NamedTuple):
    """How far a profile reaches: statements that it can confirm, in part, and not at all; and credentials it lacks.

    Of each credential: how many statements it alone would unlock, and how many claims need it.
    """

    whole: tuple[str, ...]
    part: tuple[str, ...]
    none: tuple[str, ...]
    lacking: tuple[tuple[str, int, int], ...]


def reach(mock: Run, wanted: Sequence[str]) -> Reach:
    """Return how far a profile reaches, from the run of the mock that explained each claim by it."""
    claims = [one for test in mock.tests for one in test.claims if not (one.extra or one.aside)]
    whole, part, none = list[str](), list[str](), list[str]()
    needing, unlocking = Counter[str](), Counter[str]()
    for name in wanted:
        of_it = [one for one in claims if one.id == name]
        if not of_it:
            continue
        shut = [one for one in of_it if one.lacking]
        (none if len(shut) == len(of_it) else part if shut else whole).append(name)
        needing.update(what for one in shut for what in one.lacking)
        missing = {what for one in shut for what in one.lacking}
        if len(missing) == 1:
            unlocking.update(missing)
    ranked = sorted(needing, key=lambda what: (-unlocking[what], -needing[what], what))
    return Reach(
        tuple(whole), tuple(part), tuple(none), tuple((what, unlocking[what], needing[what]) for what in ranked)
    )
