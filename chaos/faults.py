"""Logs and transactions that are wrong on purpose: what a program is run with to see that it can fail.

Each is a function that changes what this process has loaded, before it serves.
"""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mockspaces.changelog import keeper, sqlite
from mockspaces.changelog.log import NotStoredError, Stand
from mockspaces.changelog.sqlite import SqliteLog
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.run import Connection
from mockspaces.cloud.store.transaction import Change, Effect, Transactions

LATE_S = 0.02
_items = msgspec.msgpack.Decoder(list[tuple[str, str | None, msgspec.Raw]])
_append = SqliteLog.append
_join_group = Transactions._join_group
_compact = SqliteLog.compact


def answered_before_it_is_stored() -> None:
    """Acknowledge a change set at once and store it a little later, whatever becomes of that."""
    late = set[asyncio.Task[None]]()

    async def append(self: SqliteLog, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        self._tails[generation] = stand.position + 1

        async def store() -> None:
            await asyncio.sleep(LATE_S)
            with contextlib.suppress(NotStoredError):
                await self._write([(sqlite.APPEND, (generation, stand.position + 1, token, changes))], len(changes))

        task = asyncio.create_task(store())
        late.add(task)
        task.add_done_callback(late.discard)

    SqliteLog.append = append  # type: ignore[method-assign] # that is the fault


def told_before_it_is_stored() -> None:
    """Send frames when a transaction ends, not when its group is stored."""

    def join_group(self: Transactions, changes: Sequence[Change], effects: Sequence[Effect]) -> None:
        self._commit([], effects)
        _join_group(self, changes, [])

    Transactions._join_group = join_group  # type: ignore[method-assign] # that is the fault


def without_a_fence() -> None:
    """Let several processes have one log, and append whatever the tail is."""

    def locked(path: Path) -> int:
        return os.open(path.with_name(f"{path.name}.lock"), os.O_RDWR | os.O_CREAT, 0o644)

    async def append(self: SqliteLog, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        behind = "SELECT ?1, 1 + max(?2, coalesce(max(position), 0)), ?3, ?4 FROM changes WHERE generation = ?1"
        sql = f"INSERT INTO changes (generation, position, token, data) {behind}"
        await self._write([(sql, (generation, stand.position, token, changes))], len(changes))
        self._tails[generation] = stand.position + 1

    sqlite._locked = locked
    sqlite.BUSY_S = 5
    SqliteLog.append = append  # type: ignore[method-assign] # that is the fault


def stored_in_halves() -> None:
    """Store a half of a change set first."""

    async def append(self: SqliteLog, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        if not changes.startswith(b"["):
            items = _items.decode(changes)
            half = msgspec.msgpack.encode(items[: len(items) // 2])
            await _append(self, generation, stand, token, half)
            await asyncio.sleep(LATE_S / 4)
            whole = "UPDATE changes SET data = ? WHERE generation = ? AND position = ?"
            await self._write([(whole, (changes, generation, stand.position + 1))], len(changes))
            return
        await _append(self, generation, stand, token, changes)

    SqliteLog.append = append  # type: ignore[method-assign] # that is the fault


def without_sums() -> None:
    """Store entities only, and none of the sums and counters beside them."""

    async def append(self: SqliteLog, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        if not changes.startswith(b"["):
            items = [one for one in _items.decode(changes) if one[0] != "activities"]
            changes = msgspec.msgpack.encode(items)
        await _append(self, generation, stand, token, changes)

    SqliteLog.append = append  # type: ignore[method-assign] # that is the fault


def cut_too_far() -> None:
    """Let a snapshot take the place of one change set more than it holds."""

    async def compact(self: SqliteLog, generation: int, stand: Stand, parts: AsyncIterator[bytes]) -> None:
        async def slow() -> AsyncIterator[bytes]:
            async for part in parts:
                await asyncio.sleep(LATE_S)
                yield part

        await asyncio.sleep(LATE_S)
        await _compact(self, generation, Stand(min(stand.position + 1, self._tails[generation])), slow())

    SqliteLog.compact = compact  # type: ignore[method-assign] # that is the fault


def still_present() -> None:
    """Show people as present whose sockets ended with the process before."""

    async def end_run(world: World, connections: Sequence[Connection]) -> None:
        """Leave everything as it is."""

    keeper.end_run = end_run


FAULTS: dict[str, Callable[[], Any]] = {
    "answered before it is stored": answered_before_it_is_stored,
    "told before it is stored": told_before_it_is_stored,
    "without a fence": without_a_fence,
    "stored in halves": stored_in_halves,
    "without sums": without_sums,
    "cut too far": cut_too_far,
    "still present": still_present,
}


def install(name: str) -> None:
    """Let this process have a fault, by name; an empty name is none."""
    if name:
        FAULTS[name]()
