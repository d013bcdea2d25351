"""What a change log is: an ordered, lasting record of what changed in each world, and of which worlds there are.

A world has a *generation*: the number of the whole state that it began with, by being opened, reset or restored. A
generation has a *snapshot*, which is that whole state at a position, and *change sets* at the positions after it. What
a change set holds is nothing to the log. Appending one succeeds only at the tail: who stands elsewhere has missed
something. A world that is dropped leaves a tombstone, so that nobody takes its absence for the beginning of time.
"""

from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from typing import Any, Protocol

import msgspec


class LogError(ValueError):
    """The log cannot be used at all; the text is one sentence for whoever started the process."""


class NotStoredError(Exception):
    """Something could not be stored for now, and has not been; the text says why."""


class UnclearError(Exception):
    """Whether something was stored is not known now; ``settled`` waits until it is, however long that takes.

    It returns or raises what the call would have, but for this.
    """

    def __init__(self, why: str, settled: Callable[[], Awaitable[Any]]) -> None:
        """Say why."""
        super().__init__(why)
        self.settled = settled


class MovedError(Exception):
    """The tail of a generation is not where the caller stands, or not what they know to be there."""


class GoneError(Exception):
    """A generation is not that of a world any more: it was dropped, or has another state as a whole."""


class Registered(msgspec.Struct, frozen=True):
    """A world in the registry: its name, its generation, and what its keeper wants to know of it."""

    name: str
    generation: int
    head: bytes


class Stand(msgspec.Struct, frozen=True):
    """Where somebody stands in a generation: the last change set that they have, and the token that it was given.

    A position alone would not do: a log that has lost its end and gone on has others there.
    """

    position: int = 0
    token: bytes = b""


class ChangeSet(msgspec.Struct, frozen=True):
    """What was appended, and where one stands behind it."""

    stand: Stand
    data: bytes


class ChangeLog(Protocol):
    """One log with many worlds. What writes raises `UnclearError` where a connection can break in between.

    ``shared`` says that other processes, its *workers*, append to it too; each has a name that no other one ever had.
    ``skew`` is how many seconds the clock of the log is ahead of this machine's: all workers go by that of the log.
    """

    shared: bool
    worker: str
    skew: float

    @property
    def notes(self) -> "Notes | None":
        """Where journals are, if the log is shared."""

    def watch(self, heed: Callable[[frozenset[str]], None], news: Callable[[int | None], None]) -> None:
        """Call ``heed`` with the names of all workers that live whenever they change, or the log has been away.

        Call ``news`` with a generation to which another worker has appended, or that it has ended; with None if that
        can be any, since for a while nothing was heard.
        """

    async def workers(self) -> frozenset[str]:
        """Return the names of all workers that live."""

    async def leave_loop(self) -> None:
        """Let go of the running event loop, since another one goes on."""

    async def names(self) -> dict[str, int]:
        """Return the names of the worlds that there are, with their generations."""

    async def world(self, name: str) -> Registered | None:
        """Return a world, or None if there is none of this name."""

    async def begin(self, name: str, head: bytes, parts: AsyncIterator[bytes], over: tuple[int, Stand] | None) -> int:
        """Give a world another state as a whole, all of it or none, and return its generation; its tail is 0.

        It takes the place of the generation ``over``, whose tail has to be there, or of none. That one is gone then.
        Raises `MovedError` if it is otherwise, and `NotStoredError`.
        """

    async def drop(self, name: str, generation: int) -> None:
        """Leave a tombstone, if this is still the generation of the world. Raises `NotStoredError`."""

    async def append(self, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        """Put a change set behind the tail, which has to be at ``stand``; it is the next one then.

        The ``token`` is the caller's own: where it stands after a failure, the append has succeeded. Raises
        `MovedError` also while another worker has reserved the world, `GoneError`, and `NotStoredError` when it is
        certain that nothing was stored.
        """

    async def snapshot(self, generation: int) -> tuple[Stand, list[bytes]]:
        """Return where the newest snapshot stands, and its parts. Raises `GoneError`."""

    async def after(self, generation: int, stand: Stand, *, reserve: bool = False) -> list[ChangeSet]:
        """Return what was appended behind a stand. If asked to ``reserve``, first wait for a turn that lasts a moment.

        Until that is over, or something is appended, others cannot append. Raises `GoneError`; `MovedError` if change
        sets are cut, or if what stands there is not what the caller has.
        """

    async def compact(self, generation: int, stand: Stand, parts: AsyncIterator[bytes]) -> None:
        """Put a snapshot at a stand in the place of all that is up to there. Raises as `append` does."""

    async def touch(self, names: Sequence[str]) -> None:
        """Note that worlds are used now."""

    async def idle(self, name: str) -> float:
        """Return how many seconds ago some worker noted that a world is used."""

    async def close(self) -> None:
        """Let go of the log."""


class Notes(Protocol):
    """What a log that several processes share keeps beside change sets: a stream of notes for each run of a world.

    It keeps the newest ones. They are numbered from 1 on, in the order in which they came.
    """

    async def note(self, run: str, notes: Sequence[bytes]) -> None:
        """Put notes behind the others. Raises `UnclearError`, or `NotStoredError` if certainly none is there."""

    async def noted(self, run: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        """Return the notes behind a number, at most ``limit``; the first ones may be gone. Raises `NotStoredError`.

        Raises `MovedError` if the log does not know that number any more.
        """

    async def forget(self, run: str) -> None:
        """Let go of the notes of a run that is over. Raises `NotStoredError`."""
