"""What a change log is: an ordered, lasting record of what changed in each world, and of which worlds there are.

A world has a *generation*: the number of the whole state that it began with, by being opened, reset or restored. A
generation has a *snapshot*, which is that whole state at a position, and *change sets* at the positions after it. What
a change set holds is nothing to the log. Appending one succeeds only at the tail: who stands elsewhere has missed
something. A world that is dropped leaves a tombstone, so that nobody takes its absence for the beginning of time.
"""

from collections.abc import AsyncIterator, Awaitable, Callable
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
    """The tail of a generation is not where the caller stands."""


class GoneError(Exception):
    """A generation is not that of a world any more: it was dropped, or has another state as a whole."""


class Registered(msgspec.Struct, frozen=True):
    """A world in the registry: its name, its generation, and what its keeper wants to know of it."""

    name: str
    generation: int
    head: bytes


class ChangeLog(Protocol):
    """One log with many worlds. What writes raises `UnclearError` where a connection can break in between.

    Whoever uses a log holds it. ``term`` counts how often it was taken: what is known from an earlier term may be old,
    since somebody else can have held it in between.
    """

    term: int

    async def hold(self) -> None:
        """Return when it is certain that nobody else holds the log. Raises `NotStoredError` if that is not so soon."""

    def watch(self, doubt: Callable[[], None]) -> None:
        """Call ``doubt`` whenever the log may have lost something."""

    async def leave_loop(self) -> None:
        """Let go of the running event loop, since another one goes on."""

    async def worlds(self) -> list[Registered]:
        """Return the worlds that there are, in the order in which they got their generations."""

    async def begin(self, name: str, head: bytes, parts: AsyncIterator[bytes]) -> int:
        """Give a world another state as a whole, all of it or none, and return its generation; its tail is 0.

        The generation that the world had before is gone. Raises `NotStoredError`.
        """

    async def drop(self, name: str, generation: int) -> None:
        """Leave a tombstone, if this is still the generation of the world. Raises `NotStoredError`."""

    async def append(self, generation: int, position: int, token: bytes, changes: bytes) -> None:
        """Put a change set behind the tail, which has to be ``position``; it is the next one then.

        The ``token`` is the caller's own: where it stands after a failure, the append has succeeded. Raises
        `MovedError`, `GoneError`, and `NotStoredError` when it is certain that nothing was stored.
        """

    async def snapshot(self, generation: int) -> tuple[int, list[bytes]]:
        """Return the position of the newest snapshot and its parts. Raises `GoneError`."""

    async def after(self, generation: int, position: int) -> list[tuple[int, bytes]]:
        """Return the change sets after a position with their own.

        Raises `GoneError`; `MovedError` if they are cut, or if the position is behind the tail.
        """

    async def compact(self, generation: int, position: int, parts: AsyncIterator[bytes]) -> None:
        """Put a snapshot at a position in the place of all that is up to there. Raises as `append` does."""

    async def close(self) -> None:
        """Let go of the log."""
