"""What clients have tried and what they were told."""

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from chaos.program import Operation

PENDING, ACKNOWLEDGED, REFUSED, UNCLEAR = "pending", "acknowledged", "refused", "unclear"


@dataclass
class Attempt:
    """An operation that has begun, and what became of it."""

    operation: Operation
    world: int
    began: int
    outcome: str = PENDING
    id: str = ""
    answered: int = 0


@dataclass
class Post:
    """A message: who made it, which texts it may have, and whether somebody tried to delete it."""

    made: Attempt
    sender: str
    space: str
    parent: str = ""
    edits: list[tuple[Attempt, str]] = field(default_factory=list)
    deleting: list[Attempt] = field(default_factory=list)

    @property
    def texts(self) -> set[str]:
        """The texts that it may have: that of its last edit, and those of later ones that are unclear."""
        found = {self.made.operation.name}
        for attempt, text in self.edits:
            if attempt.outcome == ACKNOWLEDGED:
                found = {text}
            elif attempt.outcome != REFUSED:
                found.add(text)
        return found

    @property
    def may_be_gone(self) -> bool:
        """Whether a deletion may have been carried out."""
        return any(one.outcome != REFUSED for one in self.deleting)

    @property
    def must_be_gone(self) -> bool:
        """Whether a deletion was acknowledged."""
        return any(one.outcome == ACKNOWLEDGED for one in self.deleting)


@dataclass
class Connection:
    """A socket that listens: since when, by space, and the posts that it heard of in their order."""

    since: dict[str, int] = field(default_factory=dict)
    heard: list[tuple[str, str, str]] = field(default_factory=list)  # space, id, text
    edited: list[tuple[str, str]] = field(default_factory=list)  # id, text
    alive: bool = True


@dataclass
class WorldHistory:
    """What happened in one world."""

    prefix: str
    spaces: list[str] = field(default_factory=list)
    ideas: list[str] = field(default_factory=list)
    posts: dict[str, Post] = field(default_factory=dict)
    made: dict[str, Attempt] = field(default_factory=dict)  # spaces and users by title and name
    settings: dict[str, set[Any]] = field(default_factory=dict)  # what each may be
    known: dict[str, Any] = field(default_factory=dict)  # settings as they were first
    written: dict[str, list[tuple[Attempt, Any]]] = field(default_factory=lambda: defaultdict(list))
    worlds: dict[str, set[bool]] = field(default_factory=lambda: defaultdict(lambda: {False}))  # may be there
    advances: list[Attempt] = field(default_factory=list)
    pokes: list[Attempt] = field(default_factory=list)
    room: str = ""  # the space of meetings
    joins: list[Attempt] = field(default_factory=list)
    ends: dict[str, Attempt] = field(default_factory=dict)  # of meetings, by id
    fault: str = ""
    connections: list[Connection] = field(default_factory=list)
    seen: dict[str, str] = field(default_factory=dict)  # text by id, of posts that somebody was shown
    shown: dict[str, int] = field(default_factory=dict)  # when somebody first had read a post, by id
    orders: list[tuple[str, list[str]]] = field(default_factory=list)  # space, ids as somebody read them
    activities: int = 0


class History:
    """What happened in all worlds, and what is wrong with it."""

    def __init__(self) -> None:
        self.worlds: list[WorldHistory] = []
        self.problems: list[str] = []
        self.ended = 0  # operations
        self.subscriptions: set[str] = set()
        self._time = 0

    def now(self) -> int:
        """Return a number that is larger each time."""
        self._time += 1
        return self._time

    def problem(self, text: str) -> None:
        """Note something that must not be."""
        self.problems.append(text)
