"""The keeper of the worlds of a process: stores what changes in them, and opens them again after a restart."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec

from mockspaces.changelog import encoding
from mockspaces.changelog.log import ChangeLog, GoneError, LogError, MovedError, NotStoredError, Registered
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.store.state import State
from mockspaces.cloud.store.transaction import Change
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.worlds import DEFAULT, Hosted, Worlds
from mockspaces.contract import OverlayError, errors

TOKEN_BYTES = 8
COMPACT_BYTES = 4 * 1024 * 1024  # a world's change sets may have so many, or twice its snapshot if that is larger
logger = logging.getLogger("mockspaces")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry knows of a world beside its state."""

    seed: Seed
    ttl: float | None


class Recording:
    """Stores the change sets of one world."""

    def __init__(self, log: ChangeLog, world: World, generation: int, position: int, size: int) -> None:
        """Go on behind a position; the whole state was of ``size`` bytes."""
        self.generation = generation
        self.position = position
        self.appended = 0
        self._log = log
        self._world = world
        self._size = size
        self._compacting: asyncio.Task[None] | None = None

    async def record(self, changes: Sequence[Change]) -> None:
        """Store changes as one change set. Refuses the calls that made them if that is impossible."""
        data = encoding.encoded(changes)
        if not data:
            return
        try:
            await self._log.append(self.generation, self.position, os.urandom(TOKEN_BYTES), data)
        except NotStoredError as error:
            raise not_stored(error) from None
        self.position += 1
        self.appended += len(data)
        if self.appended > max(COMPACT_BYTES, 2 * self._size) and self._compacting is None:
            self._compacting = asyncio.create_task(self._compact())

    async def close(self) -> None:
        """End what goes on in the background."""
        if self._compacting is not None:
            self._compacting.cancel()
            await asyncio.wait([self._compacting])

    async def _compact(self) -> None:
        """Put a snapshot in the place of the change sets; nobody waits for it."""
        try:
            async with self._world.transactions.alone():  # between two groups: what stands there is at the position
                if self._world.transactions.recorder is not self:  # it has another state as a whole
                    return
                position, found = self.position, encoding.content(self._world.state)
                self.appended = 0
            size = Size()
            await self._log.compact(self.generation, position, size.counted(encoding.parts(found)))
            self._size = size.bytes
        except (NotStoredError, GoneError, MovedError, Rejection) as error:
            logger.info("the log of the world %s is not compacted now: %s", self._world.name, error)
        finally:
            self._compacting = None


class Size:
    """How many bytes went by."""

    def __init__(self) -> None:
        """Begin with none."""
        self.bytes = 0

    async def counted(self, parts: Iterator[bytes]) -> AsyncIterator[bytes]:
        """Yield parts, others have their turn in between."""
        for part in parts:
            self.bytes += len(part)
            yield part
            await asyncio.sleep(0)


class Keeper:
    """Stores the worlds of a process in a log."""

    def __init__(self, log: ChangeLog, worlds: Worlds) -> None:
        """Keep ``worlds`` from now on."""
        self._log = log
        self._worlds = worlds
        worlds.keeper = self

    async def resume(self, seed: Seed) -> None:
        """Open all worlds that the log has; a reset leads the default one to the ``seed`` of this process.

        Raises `LogError` for what this program cannot read.
        """
        for registered in await self._log.worlds():
            try:
                head = msgspec.msgpack.decode(registered.head, type=Head)
                if registered.name == DEFAULT:
                    head = Head(seed=seed, ttl=None)
                world = await self._resumed(registered, head)
            except (ValueError, OverlayError) as error:
                raise LogError(f'--log: the world "{registered.name}" cannot be read: {error}') from None
            async with world.transactions:
                await end_run(world)

    async def _resumed(self, registered: Registered, head: Head) -> World:
        generation = registered.generation
        position, parts = await self._log.snapshot(generation)
        size = sum(map(len, parts))
        tail = await self._log.after(generation, position)

        async def fill(state: State) -> None:
            for data in [*parts, *(data for _, data in tail)]:
                encoding.apply(state, encoding.decoded(data))
                await asyncio.sleep(0)

        world = await self._worlds.resume(registered.name, head.seed, head.ttl, fill)
        recording = Recording(self._log, world, generation, tail[-1][0] if tail else position, size)
        recording.appended = sum(len(data) for _, data in tail)
        world.transactions.recorder = recording
        return world

    async def begin(self, hosted: Hosted, state: State) -> None:
        """Store a world with another state as a whole. Refuses if that is impossible: it stays as it was then."""
        world, size = hosted.world, Size()
        head = msgspec.msgpack.encode(Head(seed=hosted.seed, ttl=hosted.ttl))
        try:
            parts = size.counted(encoding.parts(encoding.content(state)))
            generation = await self._log.begin(world.name, head, parts)
        except NotStoredError as error:
            raise not_stored(error) from None
        world.transactions.recorder = Recording(self._log, world, generation, 0, size.bytes)

    async def drop(self, hosted: Hosted) -> None:
        """Leave a tombstone. Refuses if that is impossible."""
        recording: Any = hosted.world.transactions.recorder
        if isinstance(recording, Recording):
            try:
                await self._log.drop(hosted.world.name, recording.generation)
            except NotStoredError as error:
                raise not_stored(error) from None

    async def close(self) -> None:
        """Let go of the log: another process may take it."""
        for hosted in self._worlds:
            recording: Any = hosted.world.transactions.recorder
            if isinstance(recording, Recording):
                await recording.close()
        await self._log.close()


async def end_run(world: World) -> None:
    """Let the sockets be gone that a process had when it ended, as if their clients had left."""
    state = world.state
    for connection in world.presence.all():
        world.presence.disconnect(connection.id)
        for space_id, session in connection.media.items():
            await meetings.leave(world, space_id, connection.person_id, session=session, origin=connection.id)
    for call in state.calls.every():
        state.calls.remove(call.id)


def not_stored(error: NotStoredError) -> Rejection:
    """Return what a call is refused with that changed or saw what could not be stored."""
    return Rejection(errors.NOT_STORED, f"the change log cannot be written, so nothing has changed: {error}")
