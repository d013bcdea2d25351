"""What a program does, drawn from its seed: the operations of each client, and the disturbances."""

import random
from dataclasses import dataclass, replace

WORLDS = ("default", "second")
PEOPLE = ("ann@example.com", "bob@example.com", "cleo@example.com")
CALLERS = 6  # clients of the REST and control API; each has a person and a world
TALKERS = 2  # clients that speak by a socket, one per world
SPACES = 2  # per world, of which all are members
# What a client of the REST and control API does, and how often.
KINDS = {
    "chat": 9,
    "comment": 4,
    "read": 5,
    "look": 1,
    "edit": 3,
    "delete": 1,
    "space": 2,
    "user": 1,
    "poke": 2,
    "once": 1,
    "advance": 1,
    "setting": 1,
    "token": 1,
    "world": 1,
    "add": 4,
    "list": 1,
    "join": 3,
}
SHOWN_BY = {
    "chat": "read", "comment": "read", "edit": "read", "delete": "read",
    "setting": "look", "add": "list", "renew": "list",
}  # fmt: skip
RENEWS = 0  # the client that begins a world anew to which the others add
ENDS = (0, 1)  # clients of whoever may end meetings, one per world
CAN_BE_CUT = frozenset({"chat", "comment", "space", "user"})
# What happens to the cloud, and how often, by the kind of its log.
DISTURBANCES = {
    "sqlite": {"kill": 6, "pause": 2, "full": 4, "cut": 2, "leave": 2, "term": 1, "rival": 2},
    "redis": {
        "kill": 5,
        "crash": 2,
        "term": 1,
        "pause": 2,
        "long pause": 1,
        "redis killed": 3,
        "redis paused": 2,
        "line cut": 2,
        "line slow": 2,
        "line halved": 2,
        "answers lost": 4,
        "cut": 2,
        "leave": 1,
    },
}
KILLS = ("kill", "crash")
SKEWS_S = (0, 0, -240, 180)  # by which the clock of the last of several workers is wrong
OTHERS = 0.5  # of the operations of several workers are done by a new connection, so by another one of them
LOOKS = 0.5  # of what is written there is looked at next by the same client, by a new connection too


@dataclass(frozen=True)
class Operation:
    """Something that a client does; its connection may be ``cut`` in the ``middle`` of the request or ``after`` it."""

    client: int
    number: int
    kind: str
    space: int
    cut: str = ""
    fresh: bool = False  # by a new connection

    @property
    def name(self) -> str:
        """What its effect is known by in the state of a world."""
        return f"c{self.client} n{self.number}"


@dataclass(frozen=True)
class Disturbance:
    """Something that happens to the cloud when so many operations of the phase have ended, for some seconds.

    It is ``hard`` if on a disk not even a little fits, a rival begins while the first process is paused, Redis
    crashes with the workers, or what is halved was on its way to Redis and not from there.
    """

    kind: str
    at: int
    seconds: float
    hard: bool
    worker: int  # which of them, or of their lines to Redis


@dataclass(frozen=True)
class Phase:
    """Operations with one disturbance; at its end nothing is under way."""

    operations: tuple[Operation, ...]
    disturbance: Disturbance


@dataclass(frozen=True)
class Program:
    """All of it. Snapshots take the place of change sets after ``compact`` bytes, if that is not zero."""

    seed: int
    phases: tuple[Phase, ...]
    compact: int
    last: str  # how the processes end before their log is read
    workers: int
    skew: int

    @property
    def operations(self) -> int:
        """How many there are."""
        return sum(len(phase.operations) for phase in self.phases)


def drawn(seed: int, operations: int, disturbances: int, log: str, workers: int) -> Program:
    """Return the program of a seed for so many workers with a kind of log."""
    chance, known = random.Random(seed), DISTURBANCES[log]
    kinds = chance.choices(tuple(known), tuple(known.values()), k=disturbances)
    if not any(kind in kinds for kind in KILLS):  # what the log is for
        kinds[chance.randrange(disturbances)] = KILLS[0]
    size = -(-operations // disturbances)
    phases = tuple(_phase(chance, kind, number * size, size, workers) for number, kind in enumerate(kinds))
    compact, last = chance.choice((0, 10_000, 40_000)), chance.choice(("kill", "term"))
    return Program(seed, phases, compact, last, workers, chance.choice(SKEWS_S) if workers > 1 else 0)


def _phase(chance: random.Random, kind: str, first: int, size: int, workers: int) -> Phase:
    operations: list[Operation] = []
    for number in range(first, first + size):
        before = operations[-1] if operations else None
        if workers > 1 and before is not None and before.kind in SHOWN_BY and chance.random() < LOOKS:
            operations.append(Operation(before.client, number, SHOWN_BY[before.kind], before.space, fresh=True))
            continue
        client = chance.randrange(CALLERS + TALKERS)
        chosen = "say" if client >= CALLERS else chance.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        chosen = "renew" if (client, chosen) == (RENEWS, "add") else chosen
        chosen = "end" if client in ENDS and chosen == "join" else chosen
        fresh = workers > 1 and chance.random() < OTHERS
        operations.append(Operation(client, number, chosen, chance.randrange(SPACES), fresh=fresh))
    if kind == "cut":
        can = [place for place, one in enumerate(operations) if one.kind in CAN_BE_CUT]
        for place in chance.sample(can, min(6, len(can))):
            operations[place] = replace(operations[place], cut=chance.choice(("middle", "after")))
    at = chance.randrange(size // 5, size * 4 // 5)
    seconds, hard = chance.uniform(0.02, 0.25), chance.random() < 0.5
    return Phase(tuple(operations), Disturbance(kind, at, seconds, hard, chance.randrange(workers)))
