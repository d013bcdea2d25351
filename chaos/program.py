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
    "read": 4,
    "edit": 3,
    "delete": 1,
    "space": 2,
    "user": 1,
    "poke": 2,
    "advance": 1,
    "setting": 1,
    "token": 1,
    "world": 1,
}
CAN_BE_CUT = frozenset({"chat", "comment", "space", "user"})
LEAST = ("kill", "pause", "full", "cut", "leave", "term", "rival")
WEIGHTS = (6, 2, 4, 2, 2, 1, 2)


@dataclass(frozen=True)
class Operation:
    """Something that a client does; its connection may be ``cut`` in the ``middle`` of the request or ``after`` it."""

    client: int
    number: int
    kind: str
    space: int
    cut: str = ""

    @property
    def name(self) -> str:
        """What its effect is known by in the state of a world."""
        return f"c{self.client} n{self.number}"


@dataclass(frozen=True)
class Disturbance:
    """Something that happens to the cloud when so many operations of the phase have ended, for some seconds."""

    kind: str
    at: int
    seconds: float
    hard: bool  # for a disk: not even a little fits; for a rival: it begins while the first process is paused


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
    last: str  # how the process ends before its log is read

    @property
    def operations(self) -> int:
        """How many there are."""
        return sum(len(phase.operations) for phase in self.phases)


def drawn(seed: int, operations: int, disturbances: int) -> Program:
    """Return the program of a seed."""
    chance = random.Random(seed)
    kinds = chance.choices(LEAST, WEIGHTS, k=disturbances)
    if "kill" not in kinds:  # what the log is for
        kinds[chance.randrange(disturbances)] = "kill"
    size = -(-operations // disturbances)
    phases = tuple(_phase(chance, kind, number * size, size) for number, kind in enumerate(kinds))
    return Program(seed, phases, chance.choice((0, 10_000, 40_000)), chance.choice(("kill", "term")))


def _phase(chance: random.Random, kind: str, first: int, size: int) -> Phase:
    operations = []
    for number in range(first, first + size):
        client = chance.randrange(CALLERS + TALKERS)
        chosen = "say" if client >= CALLERS else chance.choices(tuple(KINDS), tuple(KINDS.values()))[0]
        operations.append(Operation(client, number, chosen, chance.randrange(SPACES)))
    if kind == "cut":
        can = [place for place, one in enumerate(operations) if one.kind in CAN_BE_CUT]
        for place in chance.sample(can, min(6, len(can))):
            operations[place] = replace(operations[place], cut=chance.choice(("middle", "after")))
    at = chance.randrange(size // 5, size * 4 // 5)
    hard = chance.random() < 0.5
    return Phase(tuple(operations), Disturbance(kind, at, chance.uniform(0.02, 0.25), hard))
