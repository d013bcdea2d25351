"""The keeper of the worlds of a process: stores what changes in them, and opens them again after a restart.

With a log that is shared the process is one of several workers, each with a replica of every world. The keeper then
also follows what others append, open, replace and drop, and ends what is left of workers that have died.
"""

import asyncio
import contextlib
import logging
import math
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Coroutine, Iterator, Sequence
from functools import partial
from time import perf_counter
from typing import Any, NamedTuple, TypeVar

import msgspec

from mockspaces.changelog import encoding
from mockspaces.changelog.journal import SharedJournal
from mockspaces.changelog.log import (
    ChangeLog,
    ChangeSet,
    GoneError,
    LogError,
    MovedError,
    NotStoredError,
    Registered,
    Stand,
    UnclearError,
)
from mockspaces.cloud.kernel.events import ConnectionLost
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import files, meetings
from mockspaces.cloud.store.run import Said
from mockspaces.cloud.store.state import State
from mockspaces.cloud.store.transaction import Again, Change, nothing
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.worlds import DEFAULT, Hosted, Worlds, real_time
from mockspaces.contract import OverlayError, errors

TOKEN_BYTES = 8
COMPACT_BYTES = 4 * 1024 * 1024  # a world's change sets may have so many, or twice its snapshot if that is larger
CONTENDED_S = 1  # so long after somebody else was first a world is reserved before anything is changed
SLICE = 50  # change sets that are applied at a stretch
TOUCH_S = 5  # so often others are told which worlds are used here
AGAIN_S = 0.5  # so long after it could not be stored that a worker is gone it is tried again
Done = TypeVar("Done")
logger = logging.getLogger("mockspaces")


class Head(msgspec.Struct, frozen=True, kw_only=True):
    """What the registry knows of a world beside its state; a reset begins another ``run``, a restore does not."""

    seed: Seed
    ttl: int | float | None
    run: str


class Seen(NamedTuple):
    """What somebody found in a log behind a stand, when they looked from a moment on."""

    began: float
    behind: Stand
    found: Sequence[ChangeSet]


class Recording:
    """Stores the change sets of one world, and follows those of others."""

    def __init__(
        self,
        log: ChangeLog,
        world: World,
        generation: int,
        stand: Stand,
        *,
        run: str,
        size: int,
        look: Callable[[], Any],
    ) -> None:
        """Go on behind a stand; the whole state was of ``size`` bytes.

        ``look`` returns when the world is again what the log has as a whole.
        """
        self.generation = generation
        self.stand = stand
        self.run = run
        self.appended = 0
        self._log = log
        self._world = world
        self._size = size
        self._look = look
        self._fresh = 0.0 if log.shared else math.inf  # nobody else had changed anything then
        self._reserve = False  # the next look into the log reserves the world, since somebody else may be first
        self._looking: asyncio.Event | None = None  # somebody looks into the log who does not have the turn
        self._seen: Seen | None = None  # by them, and not followed yet
        self._contended = 0.0  # until when that is so after each group that was stored
        self._compacting: asyncio.Task[None] | None = None

    async def catch_up(self, since: float) -> None:
        """Return when the world is what the log had after ``since``. One look into it does for all who came before."""
        if self._fresh > since and not self._reserve:
            return
        now, seen, self._seen = perf_counter(), self._seen, None
        try:
            if seen is not None and seen.began > since and seen.behind == self.stand and not self._reserve:
                now, found = seen.began, seen.found
            else:
                found = await self._log.after(self.generation, self.stand, reserve=self._reserve)
        except NotStoredError as error:
            raise Rejection(errors.NOT_STORED, f"what the change log has by now is not known: {error}") from None
        except (MovedError, GoneError):
            raise Again(self._look) from None
        self._world.transactions.lag = len(found)
        if found:
            await self._follow(found)
        self._fresh, self._reserve = now, False

    async def look(self, since: float) -> bool:
        """Whether nobody else has changed anything until a moment after ``since``; many share one look into the log.

        What was found is left to whoever has the turn next.
        """
        while self._fresh <= since:
            if self._reserve or (self._seen is not None and self._seen.began > since):
                return False
            if self._looking is not None:
                await self._looking.wait()
            elif not await self._look_for_all():
                return False
        return True

    async def _look_for_all(self) -> bool:
        self._looking = asyncio.Event()
        try:
            await asyncio.sleep(0)  # for all who come in this turn of the loop
            began, behind = perf_counter(), self.stand
            found = await self._log.after(self.generation, behind)
        except (NotStoredError, MovedError, GoneError):
            return False
        finally:
            self._looking.set()
            self._looking = None
        if found:
            self._seen = Seen(began, behind, found)
            return False
        self._fresh, self._world.transactions.lag = max(began, self._fresh), 0
        return True

    async def _follow(self, found: Sequence[ChangeSet]) -> None:
        """Do what others have done; what waits here to be stored comes too late."""
        transactions = self._world.transactions
        transactions.take_back_group(Again(nothing))
        for number, one in enumerate(found, start=1):
            alterations = encoding.decoded(one.data)
            encoding.apply(self._world.state, alterations)
            for said in encoding.spoken(alterations):
                transactions.speak(said)
            self.stand = one.stand
            transactions.followed += 1
            if number % SLICE == 0:  # other worlds have their turn in between, and nobody else has one in this
                await asyncio.sleep(0)

    async def record(self, changes: Sequence[Change], said: Sequence[Said]) -> None:
        """Store changes as one change set. Refuses the calls that made them if that is impossible."""
        data = encoding.encoded(changes, said if self._log.shared else ())
        if not data:
            return
        token = os.urandom(TOKEN_BYTES)
        try:
            await certain(self._world, self._log.append(self.generation, self.stand, token, data))
        except NotStoredError as error:
            raise not_stored(error) from None
        except MovedError:
            self._reserve, self._contended = True, perf_counter() + CONTENDED_S
            raise Again(nothing) from None
        except GoneError:
            raise Again(self._look) from None
        self._reserve = perf_counter() < self._contended  # by whoever comes next, for all who wait then
        self.stand = Stand(self.stand.position + 1, token)
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
            async with self._world.transactions.alone(current=False):  # between two groups: what stands is at the stand
                if self._world.transactions.recorder is not self:  # it has another state as a whole
                    return
                stand, found = self.stand, encoding.content(self._world.state)
                self.appended = 0
            size = Size()
            await self._log.compact(self.generation, stand, size.counted(encoding.parts(found)))
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
        if log.shared:
            worlds.worker, worlds.skew = log.worker, lambda: log.skew
        self._looking: dict[World, asyncio.Task[None]] = {}
        self._following: set[World] = set()
        self._behind_others: set[World] = set()
        self._tasks: set[asyncio.Task[None]] = set()
        self._opening = asyncio.Lock()

    def serve(self) -> None:
        """Heed what happens to the log from now on, in the loop that serves."""
        if self._log.shared:
            self._log.watch(self._heed, self._news)
            self._start(self._touch())

    def _start(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def leave_loop(self) -> None:
        """Let go of the running loop, which only opens the worlds."""
        await self._log.leave_loop()

    # --- opening what the log has

    async def resume(self, seed: Seed) -> None:
        """Open all worlds that the log has; a reset leads the default one to the ``seed`` of this process.

        Raises `LogError` for what this program cannot read.
        """
        try:
            for name in await self._log.names():
                await self._open(name, seed if name == DEFAULT else None)
        except NotStoredError as error:
            raise LogError(f"--log: {error}") from None

    async def _open(self, name: str, seed: Seed | None = None) -> None:
        """Open a world that the log has, if it still has it. The default one has another ``seed``."""
        with contextlib.suppress(GoneError):  # dropped, or begun anew, meanwhile
            registered = await self._log.world(name)
            if registered is None or name in self._worlds:
                return
            try:
                head = msgspec.msgpack.decode(registered.head, type=Head)
                found = await self._found(registered.generation)
                world = await self._worlds.resume(name, seed or head.seed, head.ttl, found.fill)
            except (ValueError, OverlayError) as error:
                raise LogError(f'--log: the world "{name}" cannot be read: {error}') from None
            world.transactions.recorder = self._behind(world, registered, found)
            await self._end_runs(world, await self._log.workers())

    async def _found(self, generation: int) -> "Found":
        stand, parts = await self._log.snapshot(generation)
        return Found(stand, parts, await self._log.after(generation, stand))

    def _recording(self, world: World, generation: int, stand: Stand, run: str, size: int) -> Recording:
        self._share_journal(world, run)
        look = partial(self._look, world)
        return Recording(self._log, world, generation, stand, run=run, size=size, look=look)

    def _share_journal(self, world: World, run: str) -> None:
        """Let the journal of a world be that of all workers in a run, if the log is shared."""
        if isinstance(world.journal, SharedJournal):
            world.journal.follow(run)
        elif (notes := self._log.notes) is not None:
            current = world.transactions.follow
            world.journal = SharedJournal(notes, run, self._log.worker, current, world=world.name)

    def _behind(self, world: World, registered: Registered, found: "Found") -> Recording:
        """Return what stores the changes of a world behind those that were found."""
        run = msgspec.msgpack.decode(registered.head, type=Head).run
        recording = self._recording(world, registered.generation, found.stand, run, sum(map(len, found.parts)))
        recording.appended = sum(len(one.data) for one in found.changes)
        return recording

    async def sync(self) -> None:
        """Open the worlds that other workers have opened, and close those that they have dropped."""
        if not self._log.shared:
            return
        try:
            names = await self._log.names()
            for hosted in self._worlds:
                if hosted.world.name not in names and isinstance(hosted.world.transactions.recorder, Recording):
                    await self._look(hosted.world)
            async with self._opening:  # one call at a time, or a world would be opened twice
                for name in names:
                    if name not in self._worlds:
                        await self._open(name)
        except NotStoredError as error:
            raise Rejection(errors.NOT_STORED, f"which worlds there are is not known: {error}") from None

    # --- storing

    async def begin(self, hosted: Hosted, state: State, *, same_run: bool = False) -> None:
        """Store a world with another state as a whole. Refuses if that is impossible: it stays as it was then."""
        before, world, size = hosted.world.transactions.recorder, hosted.world, Size()
        over = (before.generation, before.stand) if isinstance(before, Recording) else None
        run = before.run if same_run and isinstance(before, Recording) else os.urandom(TOKEN_BYTES).hex()
        head = msgspec.msgpack.encode(Head(seed=hosted.seed, ttl=hosted.ttl, run=run))
        try:
            parts = size.counted(encoding.parts(encoding.content(state)))
            generation = await certain(world, self._log.begin(world.name, head, parts, over))
        except NotStoredError as error:
            raise not_stored(error) from None
        except MovedError:
            if over is None:
                why = f'another worker has opened the world "{world.name}"'
                raise Rejection(errors.ALREADY_EXISTS, why, detail=world.name) from None
            raise Again(partial(self._look, world)) from None
        if isinstance(before, Recording):
            await before.close()
            if run != before.run:
                await self._forget_notes(before.run)
        world.transactions.recorder = self._recording(world, generation, Stand(), run, size.bytes)

    async def drop(self, hosted: Hosted) -> None:
        """Leave a tombstone. Refuses if that is impossible."""
        world = hosted.world
        if isinstance(world.transactions.recorder, Recording):
            try:
                registered = await self._log.world(world.name)
                if registered is not None:
                    await certain(world, self._log.drop(world.name, registered.generation))
            except NotStoredError as error:
                raise not_stored(error) from None
            await self._forget_notes(world.transactions.recorder.run)

    async def _forget_notes(self, run: str) -> None:
        if (notes := self._log.notes) is not None:
            with contextlib.suppress(NotStoredError):  # they go by themselves later
                await notes.forget(run)

    # --- what others have done to a world as a whole

    async def _look(self, world: World) -> None:
        """Let a world be what the log has as a whole; whoever comes meanwhile waits for the same."""
        if world not in self._looking:
            self._looking[world] = self._start(self._looked(world))
        await asyncio.shield(self._looking[world])

    async def _looked(self, world: World) -> None:
        try:
            hosted = self._worlds.named(world.name) if world.name in self._worlds else None
            if hosted is None or hosted.world is not world:
                return
            registered = await self._log.world(world.name)
            if registered is not None:
                await self._reload(hosted, registered)
            elif world.name == DEFAULT:
                logger.error("the change log has lost what was stored in it, so the default world begins anew")
                await self._replant(hosted)
            else:
                await self._worlds.forget(hosted)
        except NotStoredError as error:
            raise Rejection(errors.NOT_STORED, f"what the change log has by now is not known: {error}") from None
        except GoneError:
            return  # it is gone or begun anew meanwhile, and whoever comes next looks again
        finally:
            if self._looking.get(world) is asyncio.current_task():
                del self._looking[world]

    async def _take_up(self, hosted: Hosted, read: Callable[[], Awaitable[State | None]]) -> bool:
        """Let a world have the state that ``read`` finds.

        Who finds after that that it was begun anew once more looks again, also this task, which would wait for itself:
        it has to end runs, and to let sockets go.
        """

        async def found() -> State | None:
            state = await read()
            self._looking.pop(hosted.world, None)
            return state

        return await self._worlds.reload(hosted, found)

    async def _reload(self, hosted: Hosted, registered: Registered) -> None:
        """Let a world be what the log has in a generation, unless it is."""
        world, generation = hosted.world, registered.generation

        async def read() -> State | None:
            recording: Any = world.transactions.recorder
            if recording.generation == generation:
                with contextlib.suppress(MovedError):
                    await self._log.after(generation, recording.stand)
                    return None
                logger.error("the change log has lost a part of the world %s, which becomes what is left", world.name)
            await recording.close()  # before it takes the place of what is read now
            found, state = await self._found(generation), world.new_state()
            await found.fill(state)
            world.transactions.recorder = self._behind(world, registered, found)
            if world.name != DEFAULT:  # it may have been dropped and opened anew
                head = msgspec.msgpack.decode(registered.head, type=Head)
                hosted.seed, hosted.ttl = head.seed, head.ttl
            return state

        if await self._take_up(hosted, read):
            await self._end_runs(world, await self._log.workers() - {self._log.worker})

    async def _replant(self, hosted: Hosted) -> None:
        """Store the default world anew, which the log has lost, unless another worker was first."""

        async def read() -> State | None:
            fresh = hosted.world.sibling()
            await seeds.apply(fresh, hosted.seed)
            before, hosted.world.transactions.recorder = hosted.world.transactions.recorder, None
            try:
                await self.begin(hosted, fresh.state)
            except Rejection as rejection:
                hosted.world.transactions.recorder = before
                if rejection.code == errors.ALREADY_EXISTS:
                    return None
                raise
            return fresh.state

        await self._take_up(hosted, read)

    # --- what others have done in a world, and who of them is gone

    def _news(self, generation: int | None) -> None:
        """Follow a world whose sockets wait to be told; others follow with their next call, or a little later."""
        for hosted in self._worlds:
            world, recording = hosted.world, hosted.world.transactions.recorder
            if isinstance(recording, Recording) and generation in (None, recording.generation):
                if world.transactions.hears:
                    self._begin_to_follow(world)
                else:
                    self._behind_others.add(world)

    def _begin_to_follow(self, world: World) -> None:
        if world not in self._following:
            self._following.add(world)
            self._start(self._follow(world))

    async def _follow(self, world: World) -> None:
        """Let a world be what the log has, for the sockets of this process, which wait to be told."""
        while world.name in self._worlds:
            self._following.discard(world)  # what is appended from now on is news
            with contextlib.suppress(Rejection):  # the log is away, or did not answer in time
                await world.transactions.follow()
                return
            self._following.add(world)
            await asyncio.sleep(AGAIN_S)

    def _heed(self, living: frozenset[str]) -> None:
        self._start(self._mourn(living))

    async def _mourn(self, living: frozenset[str]) -> None:
        """Let the sockets be gone of all workers that do not live."""
        for hosted in self._worlds:
            await self._end_runs(hosted.world, living)

    async def _end_runs(self, world: World, living: frozenset[str]) -> None:
        """Let the sockets be gone of workers that do not live, as if their clients had left."""

        async def end() -> None:
            await end_run(world, living)

        while world.name in self._worlds:
            with contextlib.suppress(Rejection):  # it could not be stored, or the world is dropped
                await world.transactions.carry_out(end)
                return
            await asyncio.sleep(AGAIN_S)

    async def _touch(self) -> None:
        """Tell others again and again which worlds are used here, and let no world fall far behind."""
        told = real_time()
        while True:
            await asyncio.sleep(TOUCH_S)
            behind, self._behind_others = self._behind_others, set()
            for world in behind:
                self._begin_to_follow(world)
            since, told = told, real_time()
            used = [hosted.world.name for hosted in self._worlds if hosted.last_used >= since]
            with contextlib.suppress(NotStoredError):
                if used:
                    await self._log.touch(used)

    async def is_used(self, hosted: Hosted) -> bool:
        """Whether another worker has used a world within its time to live."""
        try:
            return self._log.shared and await self._log.idle(hosted.world.name) <= (hosted.ttl or 0) + TOUCH_S
        except NotStoredError:
            return True  # nobody knows

    async def close(self) -> None:
        """Let go of the log: another process may take it."""
        for hosted in self._worlds:
            recording: Any = hosted.world.transactions.recorder
            if isinstance(recording, Recording):
                await recording.close()
            if isinstance(hosted.world.journal, SharedJournal):
                await hosted.world.journal.close()
        for task in [*self._tasks]:
            task.cancel()
        if self._tasks:
            await asyncio.wait([*self._tasks])
        await self._log.close()


class Found:
    """What a log has of a generation."""

    def __init__(self, stand: Stand, parts: list[bytes], changes: list[ChangeSet]) -> None:
        """Keep a snapshot, where it stands, and the change sets behind it."""
        self.parts = parts
        self.changes = changes
        self.stand = changes[-1].stand if changes else stand

    async def fill(self, state: State) -> None:
        """Let an empty state be that of the generation; others have their turn in between."""
        for data in [*self.parts, *(one.data for one in self.changes)]:
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


async def end_run(world: World, living: Collection[str]) -> None:
    """Let connections be gone whose process has ended, as if their clients had left, and uploads broken off.

    Whoever is still there is told.
    """
    for reservation in world.state.reservations.every():
        if reservation.worker not in living:
            await files.release(world, reservation)
    connections = [one for one in world.presence.all() if one.worker not in living]
    for connection in connections:
        world.presence.disconnect(connection.id)
    for connection in connections:
        await world.publish(ConnectionLost(connection=connection))
        for space_id, session in connection.media.items():
            await meetings.leave(world, space_id, connection.person_id, session=session, origin=connection.id)
    for call in world.state.calls.every():
        if not any(map(world.presence.of_person, call.parties)):
            world.state.calls.remove(call.id)


def not_stored(error: NotStoredError) -> Rejection:
    """Return what a call is refused with that changed or saw what could not be stored."""
    return Rejection(errors.NOT_STORED, f"the change log cannot be written, so nothing has changed: {error}")
