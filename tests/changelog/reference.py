"""A change log in memory, as short as it can be: what every other one must be like."""

from collections.abc import AsyncIterator, Callable

from mockspaces.changelog.log import GoneError, MovedError, Registered


class ReferenceLog:
    """Keeps everything in memory."""

    term = 1

    def __init__(self) -> None:
        self._worlds: dict[int, Registered] = {}
        self._snapshots: dict[int, tuple[int, list[bytes]]] = {}
        self._changes: dict[int, list[tuple[int, bytes]]] = {}
        self._last = 0

    async def hold(self) -> None:
        """Nobody else can."""

    def watch(self, doubt: Callable[[], None]) -> None:
        """Lose nothing."""

    async def leave_loop(self) -> None:
        """No loop holds anything."""

    async def worlds(self) -> list[Registered]:
        return [self._worlds[one] for one in sorted(self._worlds)]

    async def begin(self, name: str, head: bytes, parts: AsyncIterator[bytes]) -> int:
        found = [part async for part in parts]
        self._worlds = {number: one for number, one in self._worlds.items() if one.name != name}
        self._last += 1
        self._worlds[self._last] = Registered(name, self._last, head)
        self._snapshots[self._last], self._changes[self._last] = (0, found), []
        return self._last

    async def drop(self, name: str, generation: int) -> None:
        self._worlds.pop(generation, None)

    def _check(self, generation: int) -> None:
        if generation not in self._worlds:
            raise GoneError(generation)

    async def append(self, generation: int, position: int, token: bytes, changes: bytes) -> None:
        self._check(generation)
        known, (begin, _) = self._changes[generation], self._snapshots[generation]
        if position != (known[-1][0] if known else begin):
            raise MovedError(position)
        known.append((position + 1, changes))

    async def snapshot(self, generation: int) -> tuple[int, list[bytes]]:
        self._check(generation)
        return self._snapshots[generation]

    async def after(self, generation: int, position: int) -> list[tuple[int, bytes]]:
        self._check(generation)
        known, (begin, _) = self._changes[generation], self._snapshots[generation]
        if not begin <= position <= (known[-1][0] if known else begin):
            raise MovedError(position)
        return [one for one in self._changes[generation] if one[0] > position]

    async def compact(self, generation: int, position: int, parts: AsyncIterator[bytes]) -> None:
        found = [part async for part in parts]
        self._check(generation)
        tail = await self.after(generation, position)
        self._snapshots[generation], self._changes[generation] = (position, found), tail

    async def close(self) -> None:
        """Keep nothing open."""
