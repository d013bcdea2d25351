"""A change log in memory, as short as it can be: what every other one must be like."""

import math
from collections.abc import AsyncIterator, Callable, Sequence

from mockspaces.changelog.log import ChangeLog, ChangeSet, GoneError, MovedError, Registered, Stand


class ReferenceLog:
    """Keeps everything in memory."""

    shared = False
    skew = 0.0
    notes = None
    worker = "reference"

    def __init__(self) -> None:
        self._worlds: dict[int, Registered] = {}
        self._snapshots: dict[int, tuple[Stand, list[bytes]]] = {}
        self._changes: dict[int, list[ChangeSet]] = {}
        self._last = 0

    def watch(self, heed: Callable[[frozenset[str]], None], news: Callable[[int | None], None]) -> None:
        """Nobody else is there."""

    async def workers(self) -> frozenset[str]:
        return frozenset([self.worker])

    async def leave_loop(self) -> None:
        """No loop holds anything."""

    async def names(self) -> dict[str, int]:
        return {self._worlds[one].name: one for one in sorted(self._worlds)}

    async def world(self, name: str) -> Registered | None:
        return next((one for one in self._worlds.values() if one.name == name), None)

    async def begin(self, name: str, head: bytes, parts: AsyncIterator[bytes], over: tuple[int, Stand] | None) -> int:
        found, before = [part async for part in parts], await self.world(name)
        if (before and before.generation) != (over and over[0]) or (over and self._tail(over[0]) != over[1]):
            raise MovedError(name)
        self._worlds = {number: one for number, one in self._worlds.items() if one.name != name}
        self._last += 1
        self._worlds[self._last] = Registered(name, self._last, head)
        self._snapshots[self._last], self._changes[self._last] = (Stand(), found), []
        return self._last

    async def drop(self, name: str, generation: int) -> None:
        self._worlds.pop(generation, None)

    def _tail(self, generation: int) -> Stand:
        if generation not in self._worlds:
            raise GoneError(generation)
        known = self._changes[generation]
        return known[-1].stand if known else self._snapshots[generation][0]

    async def append(self, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        if stand != self._tail(generation):
            raise MovedError(stand)
        self._changes[generation].append(ChangeSet(Stand(stand.position + 1, token), changes))

    async def snapshot(self, generation: int) -> tuple[Stand, list[bytes]]:
        self._tail(generation)
        return self._snapshots[generation]

    async def after(self, generation: int, stand: Stand, *, reserve: bool = False) -> list[ChangeSet]:
        self._tail(generation)
        known = self._changes[generation]
        if stand not in (self._snapshots[generation][0], *(one.stand for one in known)):
            raise MovedError(stand)
        return [one for one in known if one.stand.position > stand.position]

    async def compact(self, generation: int, stand: Stand, parts: AsyncIterator[bytes]) -> None:
        found = [part async for part in parts]
        tail = await self.after(generation, stand)
        self._snapshots[generation], self._changes[generation] = (stand, found), tail

    async def touch(self, names: Sequence[str]) -> None:
        """Nobody asks."""

    async def idle(self, name: str) -> float:
        return math.inf

    async def close(self) -> None:
        """Keep nothing open."""


class Writer:
    """Somebody who appends to a generation, one thing after the other, each under its own token."""

    def __init__(self, log: ChangeLog, generation: int, stand: Stand | None = None) -> None:
        self._log, self._generation, self.stand = log, generation, stand or Stand()

    async def append(self, *data: bytes) -> None:
        for one in data:
            token = b"%d" % (self.stand.position + 1)
            await self._log.append(self._generation, self.stand, token, one)
            self.stand = Stand(self.stand.position + 1, token)

    @property
    def place(self) -> tuple[int, Stand]:
        """What another state as a whole may take the place of."""
        return self._generation, self.stand


async def told(log: ChangeLog, generation: int, stand: Stand | None = None) -> list[bytes]:
    """Return what a log has behind a stand."""
    return [one.data for one in await log.after(generation, stand or Stand())]
