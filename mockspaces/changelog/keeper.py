"""The keeper of the worlds of a process: stores what changes in them, and opens them again after a restart."""

import asyncio
import contextlib
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from typing import Any, TypeVar

import msgspec

from mockspaces.changelog import encoding
from mockspaces.changelog.log import (
    ChangeLog,
    GoneError,
    LogError,
    MovedError,
    NotStoredError,
    Registered,
    UnclearError,
)
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.store.run import Said
from mockspaces.cloud.store.state import State
from mockspaces.cloud.store.transaction import Change
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.worlds import DEFAULT, Hosted, Worlds
from mockspaces.contract import OverlayError, errors

TOKEN_BYTES = 8
COMPACT_BYTES = 4 * 1024 * 1024  # a world's change sets may have so many, or twice its snapshot if that is larger
LOST = "the change log has lost what was stored in it, so nothing has changed; worlds are what it has left"
READING = "somebody else had the change log for a while, and what they did is being read"
Done = TypeVar("Done")
logger = logging.getLogger("mockspaces")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry knows of a world beside its state."""

    seed: Seed
    ttl: float | None


class Recording:
    """Stores the change sets of one world."""

    def __init__(
        self,
        log: ChangeLog,
        world: World,
        generation: int,
        position: int,
        size: int,
        *,
        term: int,
        doubt: Callable[[], object],
    ) -> None:
        """Go on behind a position; the whole state was of ``size`` bytes. ``doubt`` hears of losses.

        The ``term`` of the log is the one in which the state began to be read.
        """
        self.generation = generation
        self.position = position
        self.appended = 0
        self.term = term
        self._log = log
        self._world = world
        self._size = size
        self._doubt = doubt
        self._compacting: asyncio.Task[None] | None = None

    async def catch_up(self) -> None:
        """Return when nobody else can have changed the world. Refuses the call if that is not known soon."""
        try:
            await self._log.hold()
        except NotStoredError as error:
            raise Rejection(errors.NOT_STORED, f"what the change log has by now is not known: {error}") from None
        if self.term != self._log.term:
            raise Rejection(errors.NOT_STORED, READING)

    async def record(self, changes: Sequence[Change], _said: Sequence[Said]) -> None:
        """Store changes as one change set. Refuses the calls that made them if that is impossible."""
        data = encoding.encoded(changes)
        if not data:
            return
        try:
            append = self._log.append(self.generation, self.position, os.urandom(TOKEN_BYTES), data)
            await certain(self._world, append)
        except NotStoredError as error:
            raise not_stored(error) from None
        except (MovedError, GoneError):
            self._doubt()
            raise Rejection(errors.NOT_STORED, LOST) from None
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
        except (NotStoredError, UnclearError, GoneError, MovedError, Rejection) as error:
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
        self._checking: asyncio.Task[None] | None = None
        self._doubted = False
        self._term = log.term  # in which the worlds were compared with the log

    def serve(self) -> None:
        """Heed what happens to the log from now on, in the loop that serves."""
        self._log.watch(self._doubt)

    async def leave_loop(self) -> None:
        """Let go of the running loop, which only opens the worlds."""
        await self._log.leave_loop()

    async def resume(self, seed: Seed) -> None:
        """Open all worlds that the log has; a reset leads the default one to the ``seed`` of this process.

        Raises `LogError` for what this program cannot read.
        """
        try:
            known = await self._log.worlds()
        except NotStoredError as error:
            raise LogError(f"--log: {error}") from None
        for registered in known:
            try:
                await self._open(registered, seed)
            except NotStoredError as error:
                raise LogError(f"--log: {error}") from None
            except (ValueError, OverlayError) as error:
                raise LogError(f'--log: the world "{registered.name}" cannot be read: {error}') from None

    async def _open(self, registered: Registered, seed: Seed | None = None) -> None:
        """Open a world that the log has; its sockets are gone. The default one has another ``seed``."""
        head = msgspec.msgpack.decode(registered.head, type=Head)
        if seed is not None and registered.name == DEFAULT:
            head = Head(seed=seed, ttl=None)
        term, found = self._log.term, await self._found(registered.generation)
        world = await self._worlds.resume(registered.name, head.seed, head.ttl, found.fill)
        world.transactions.recorder = self._behind(world, registered.generation, found, term)
        async with world.transactions:
            await end_run(world)

    async def _found(self, generation: int) -> "Found":
        position, parts = await self._log.snapshot(generation)
        return Found(position, parts, await self._log.after(generation, position))

    def _behind(self, world: World, generation: int, found: "Found", term: int) -> Recording:
        """Return what stores the changes of a world behind those that were found."""
        size = sum(map(len, found.parts))
        recording = Recording(self._log, world, generation, found.tail, size, term=term, doubt=self._doubt)
        recording.appended = sum(len(data) for _, data in found.changes)
        return recording

    async def begin(self, hosted: Hosted, state: State) -> None:
        """Store a world with another state as a whole. Refuses if that is impossible: it stays as it was then."""
        world, size, term = hosted.world, Size(), self._log.term
        head = msgspec.msgpack.encode(Head(seed=hosted.seed, ttl=hosted.ttl))
        try:
            parts = size.counted(encoding.parts(encoding.content(state)))
            generation = await certain(world, self._log.begin(world.name, head, parts))
        except NotStoredError as error:
            raise not_stored(error) from None
        recording = Recording(self._log, world, generation, 0, size.bytes, term=term, doubt=self._doubt)
        world.transactions.recorder = recording

    async def drop(self, hosted: Hosted) -> None:
        """Leave a tombstone. Refuses if that is impossible."""
        recording: Any = hosted.world.transactions.recorder
        if isinstance(recording, Recording):
            try:
                await certain(hosted.world, self._log.drop(hosted.world.name, recording.generation))
            except NotStoredError as error:
                raise not_stored(error) from None

    # --- a log that has lost something, or that somebody else had

    def _doubt(self) -> None:
        self._doubted = True
        if self._checking is None or self._checking.done():
            self._checking = asyncio.create_task(self._checked())

    async def _checked(self) -> None:
        while self._doubted:
            self._doubted = False
            try:
                await self.check()
            except Exception:  # also of a log that is away again: it will be looked at when it is back
                logger.exception("the worlds could not be compared with the change log")

    async def check(self) -> None:
        """Let worlds be what the log has: it was emptied, restored from an older copy, or changed by somebody else.

        Those that it does not have begin anew if they are the default one, else they are gone.
        """
        term, self._term = self._term, self._log.term
        known = {one.name: one for one in await self._log.worlds()}
        for hosted in self._worlds:
            if not isinstance(hosted.world.transactions.recorder, Recording):
                continue  # it is being opened
            registered = known.get(hosted.world.name)
            if registered is not None:
                await self._reload(hosted, registered.generation)
                continue
            logger.error("the change log does not have the world %s any more", hosted.world.name)
            with contextlib.suppress(Rejection):
                if hosted.world.name == DEFAULT:
                    await self._worlds.reset(hosted)
                else:
                    await self._worlds.drop(hosted.world.name)
        if self._term != term:  # somebody else may have opened some
            for registered in known.values():
                if registered.name not in self._worlds:
                    with contextlib.suppress(GoneError, Rejection):
                        await self._open(registered)
            await self._worlds.listen()

    async def _reload(self, hosted: Hosted, generation: int) -> None:
        """Let a world be what the log has in a generation, unless it is."""
        world = hosted.world

        async def read() -> State | None:
            recording: Any = world.transactions.recorder
            term = self._log.term
            if recording.generation == generation:
                with contextlib.suppress(MovedError):
                    if not await self._log.after(generation, recording.position):
                        recording.term = term
                        return None
            logger.error("the world %s is not what the change log has, and becomes that", world.name)
            await recording.close()  # before it takes the place of what is read now
            found, state = await self._found(generation), world.new_state()
            await found.fill(state)
            world.transactions.recorder = self._behind(world, generation, found, term)
            return state

        with contextlib.suppress(Rejection, GoneError):  # it is gone or begun anew meanwhile
            if await self._worlds.reload(hosted, read):
                async with world.transactions:
                    await end_run(world)

    async def close(self) -> None:
        """Let go of the log: another process may take it."""
        for hosted in self._worlds:
            recording: Any = hosted.world.transactions.recorder
            if isinstance(recording, Recording):
                await recording.close()
        await self._log.close()
        if self._checking is not None:
            self._checking.cancel()
            await asyncio.wait([self._checking])


class Found:
    """What a log has of a generation."""

    def __init__(self, position: int, parts: list[bytes], changes: list[tuple[int, bytes]]) -> None:
        """Keep a snapshot, where it stands, and the change sets behind it."""
        self.parts = parts
        self.changes = changes
        self.tail = changes[-1][0] if changes else position

    async def fill(self, state: State) -> None:
        """Let an empty state be that of the generation; others have their turn in between."""
        for data in [*self.parts, *(data for _, data in self.changes)]:
            encoding.apply(state, encoding.decoded(data))
            await asyncio.sleep(0)


async def certain(world: World, write: Awaitable[Done]) -> Done:
    """Return what a write to the log returns, for whoever has the turn of a world.

    While it is not known whether something is stored, nobody may see it, so all calls of that world are refused.
    """
    try:
        return await write
    except UnclearError as unclear:
        why = f"it is not known yet whether the last changes are stored: {unclear}"
        async with world.transactions.aside(lambda: Rejection(errors.NOT_STORED, why)):
            done: Done = await unclear.settled()
        return done


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
