"""Logs and transactions that are wrong on purpose: what a program is run with to see that it can fail.

Each is a function that changes what this process has loaded, before it serves.
"""

import asyncio
import contextlib
import os
import time
from collections.abc import AsyncIterator, Callable, Collection, Sequence
from pathlib import Path
from typing import Any

import msgspec

from mockspaces.changelog import keeper, redis, sqlite
from mockspaces.changelog.keeper import Recording
from mockspaces.changelog.log import ChangeSet, GoneError, MovedError, NotStoredError, Stand, UnclearError
from mockspaces.changelog.redis import RedisLog
from mockspaces.changelog.sqlite import SqliteLog
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.transaction import Change, Effect, Transactions

LATE_S = 0.02
STALE_S = 0.03
_items = msgspec.msgpack.Decoder(list[tuple[str, str | None, msgspec.Raw]])
_append = SqliteLog.append
_join_group = Transactions._join_group
_compact = SqliteLog.compact
_append_to_redis, _after = RedisLog.append, RedisLog.after
_look, _catch_up = Recording.look, Recording.catch_up


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

    async def end_run(world: World, living: Collection[str]) -> None:
        """Leave everything as it is."""

    keeper.end_run = end_run


# --- of a log that workers share

UNCHECKED = """
local tail = redis.call('hget', KEYS[1], 'tail')
if not tail then return 'gone' end
local next = string.format('%.0f', tail + 1)
redis.call('xadd', KEYS[2], next .. '-0', 'token', ARGV[3], 'data', ARGV[4])
redis.call('hset', KEYS[1], 'tail', next, 'token', ARGV[3])
redis.call('publish', KEYS[4], ARGV[5] .. ' ' .. ARGV[6])
return 'ok'
"""


def answered_before_redis_has_it() -> None:
    """Acknowledge a change set at once and append it a little later, whatever becomes of that."""
    late = set[asyncio.Task[None]]()

    async def append(self: RedisLog, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        async def store() -> None:
            await asyncio.sleep(LATE_S)
            with contextlib.suppress(NotStoredError, UnclearError, MovedError, GoneError):
                await _append_to_redis(self, generation, stand, token, changes)

        task = asyncio.create_task(store())
        late.add(task)
        task.add_done_callback(late.discard)

    RedisLog.append = append  # type: ignore[method-assign] # that is the fault


def appended_anywhere() -> None:
    """Append whatever the tail is."""
    redis.APPEND = UNCHECKED


def reserved_without_a_fence() -> None:
    """Let several workers believe at once that a world is theirs for a while, and then append whatever the tail is."""
    reserved: dict[int, float] = {}

    async def after(self: RedisLog, generation: int, stand: Stand, *, reserve: bool = False) -> list[ChangeSet]:
        if reserve:
            reserved[generation] = time.monotonic() + redis.RESERVED_MS / 1000
        return await _after(self, generation, stand)

    async def append(self: RedisLog, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        if time.monotonic() > reserved.get(generation, 0):
            await _append_to_redis(self, generation, stand, token, changes)
            return
        keys = (self._world(generation), self._changes(generation), self._reserved(generation), self._news)
        given = (stand.position, stand.token, token, changes, self.worker, generation)
        await self._decide(UNCHECKED, keys, *given, generation=generation)

    RedisLog.after = after  # type: ignore[method-assign] # that is the fault
    RedisLog.append = append  # type: ignore[method-assign] # that is the fault


def read_from_what_is_there() -> None:
    """Answer calls from what the worker has, if it looked into the log a moment ago."""

    async def look(self: Recording, since: float) -> bool:
        return await _look(self, since - STALE_S)

    async def catch_up(self: Recording, since: float) -> None:
        await _catch_up(self, since - STALE_S)

    Recording.look = look  # type: ignore[method-assign] # that is the fault
    Recording.catch_up = catch_up  # type: ignore[method-assign] # that is the fault


def begun_anew_unnoticed() -> None:
    """Read on in a world that another worker has begun anew, or dropped."""

    async def after(self: RedisLog, generation: int, stand: Stand, *, reserve: bool = False) -> list[ChangeSet]:
        with contextlib.suppress(GoneError):
            return await _after(self, generation, stand, reserve=reserve)
        return []

    RedisLog.after = after  # type: ignore[method-assign] # that is the fault


def repeated_without_a_look() -> None:
    """Take a change set whose answer was lost for one that came too late, though it is stored."""
    redis.APPEND = redis.APPEND.replace("there and there[2][2] == ARGV[3] and 'ok' or 'moved'", "'moved'")


FAULTS: dict[str, dict[str, Callable[[], Any]]] = {
    "sqlite": {
        "answered before it is stored": answered_before_it_is_stored,
        "told before it is stored": told_before_it_is_stored,
        "without a fence": without_a_fence,
        "stored in halves": stored_in_halves,
        "without sums": without_sums,
        "cut too far": cut_too_far,
        "still present": still_present,
    },
    "redis": {
        "answered before it is stored": answered_before_redis_has_it,
        "told before it is stored": told_before_it_is_stored,
        "appended anywhere": appended_anywhere,
        "reserved without a fence": reserved_without_a_fence,
        "read from what is there": read_from_what_is_there,
        "repeated without a look": repeated_without_a_look,
        "begun anew unnoticed": begun_anew_unnoticed,
        "still present": still_present,
    },
}


def install(log: str, name: str) -> None:
    """Let this process have a fault of a kind of log, by name; an empty name is none."""
    if name:
        FAULTS[log][name]()
