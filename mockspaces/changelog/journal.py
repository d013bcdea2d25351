"""The journal of a world that several processes have: one stream in the change log, the same ring in each of them.

Whatever a process records is written to the stream at once, all that waits with one command, and calls are answered
after that. Entries come into the ring in the order of the stream alone, those of the process itself too, when somebody
reads, waits or looks on. So ids, bounds and what was dropped are the same wherever somebody asks, and nobody pays for
what nobody reads.

While the log is away calls are answered all the same: what they did is stored or refused by then, and the journal only
tells of it. Their entries are kept, bounded, and written when it is back; until then whoever reads is refused. What is
counted (`counts`, `heartbeats`) is about this process.
"""

import asyncio
import contextlib
import logging
import time
import zlib
from collections import deque
from collections.abc import Awaitable, Callable, Iterator

import msgspec

from mockspaces.changelog.log import MovedError, Notes, NotStoredError, UnclearError
from mockspaces.cloud.kernel.journal import Criteria, Entry, Journal, Watch
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import errors

MOST_TOGETHER = 256  # entries that are written, or read, at a stretch
PATIENCE_S = 1.0  # so long a call waits until its entry is written
AGAIN_S = 0.2  # so long after it was refused it is tried again
LOOK_S = 0.05  # so often the stream is read while somebody waits or looks on
TRACE_BITS = 20  # of the traces that a process has for itself; pages in browsers know numbers of 53 bits
Current = Callable[[], Awaitable[None]]
logger = logging.getLogger("mockspaces")


class Note(msgspec.Struct, array_like=True):
    """What stands in the stream: an entry, or None where everything before it was cleared.

    ``lost`` counts the entries for which there was no room before it could be written.
    """

    entry: Entry | None
    lost: int = 0


_encode, _decode = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder(Note).decode


class SharedJournal(Journal):
    """The journal of one world, in one of the processes that have it."""

    def __init__(self, notes: Notes, run: str, worker: str, current: Current, *, world: str = "") -> None:
        """Record as the process ``worker``, in a ``run`` of the world: the time between its resets.

        ``current`` returns when this process knows which run that is by now.
        """
        super().__init__(world=world)
        self._notes = notes
        self._run = run
        self._current = current
        self._last_trace = zlib.crc32(worker.encode()) << TRACE_BITS  # so that those of two processes never meet
        self._waits_to_be_written: deque[Note] = deque()
        self._weight = 0  # bytes of these
        self._lost = 0
        self._written = 0  # entries that are, or that nobody waits for any more
        self._progress = asyncio.Event()
        self._away = False
        self._again = asyncio.Event()  # somebody wants it to be tried now
        self._reading = asyncio.Lock()
        self._news = asyncio.Event()
        self._writing: asyncio.Task[None] | None = None
        self._following: asyncio.Task[None] | None = None

    # --- writing

    def _take(self, entry: Entry) -> None:
        self._note(Note(entry))

    def _cut(self, entry: Entry) -> int:
        counted, length = self.cut, super()._cut(entry)
        self.cut = counted  # once it is read
        return length

    def clear(self) -> None:
        """Forget all entries, in all processes; numbering goes on."""
        self._note(Note(None))

    def _note(self, note: Note) -> None:
        self._waits_to_be_written.append(note)
        self.unwritten += 1
        self._weight += note.entry.size if note.entry else 0
        while self._weight > self._max_bytes or len(self._waits_to_be_written) > self._max_entries:
            lost = self._waits_to_be_written.popleft()
            self._weight -= lost.entry.size if lost.entry else 0
            self._lost += 1
            self._end_waiting(1)
        if self._writing is None:
            self._writing = asyncio.create_task(self._write())

    def _end_waiting(self, count: int) -> None:
        self.unwritten -= count
        self._written += count
        self._progress.set()
        self._progress = asyncio.Event()

    async def _write(self) -> None:
        try:
            await self._write_all()
        finally:
            self._writing = None

    async def _write_all(self) -> None:
        while waiting := self._waits_to_be_written:
            run, batch = self._run, [waiting.popleft() for _ in range(min(len(waiting), MOST_TOGETHER))]
            self._weight -= (weight := sum(note.entry.size for note in batch if note.entry))
            batch[0].lost, self._lost = batch[0].lost + self._lost, 0
            try:
                await self._written_for_certain(run, [_encoded(note) for note in batch])
            except NotStoredError as error:
                if self._run == run:
                    self._give_up(error)
                    waiting.extendleft(reversed(batch))
                    self._weight += weight
                    await _happened(self._again, AGAIN_S)
                    continue
            self._away = False
            self._end_waiting(len(batch))
            self._news.set()

    async def _written_for_certain(self, run: str, batch: list[bytes]) -> None:
        try:
            await self._notes.note(run, batch)
        except UnclearError as unclear:
            self._give_up(unclear)
            await unclear.settled()

    def _give_up(self, error: object) -> None:
        """Let nobody wait for the log until it is there again."""
        if not self._away:
            logger.warning("the journal of the world %s is not written for now: %s", self._world, error)
        self._away = True
        self._end_waiting(0)

    async def written(self) -> None:
        goal, until = self._written + self.unwritten, time.monotonic() + PATIENCE_S
        while self._written < goal and not self._away:
            if not await _happened(self._progress, until - time.monotonic()):
                self._give_up("it does not answer")

    # --- reading

    async def catch_up(self) -> None:
        """Take in what all processes have recorded by now. Refuses if that cannot be known."""
        await self._current()
        await self._taken_in()

    async def _taken_in(self) -> None:
        self._away = False
        self._again.set()
        await self.written()
        try:
            async with self._reading:
                self._check_written()
                await self._read()
        except NotStoredError as error:
            why = f"the journal is in the change log, which cannot be read: {error}"
            raise Rejection(errors.NOT_STORED, why) from None

    def _check_written(self) -> None:
        if self._away:
            raise NotStoredError("what was recorded here is not written yet")

    async def _read(self) -> None:
        while True:
            run = self._run
            try:
                found = await self._notes.noted(run, self._last_id, MOST_TOGETHER)
            except MovedError:
                if run == self._run:
                    self._begin_anew()
                continue
            if run != self._run:  # the world was reset meanwhile
                continue
            for position, data in found:
                self._take_in(position, _decode(data))
            if len(found) < MOST_TOGETHER:
                return

    def _take_in(self, position: int, note: Note) -> None:
        if note.entry is None:
            super().clear()
            self._last_id = position
            return
        if (missed := position - self._last_id - 1) > 0:  # it was trimmed before this process has read it
            self.dropped += len(self) + missed
            self._entries.clear()
            self._bytes = 0
            self._last_id = position - 1
        self.dropped += note.lost
        self.cut += note.entry.cut
        super()._take(note.entry)

    def _begin_anew(self) -> None:
        super().clear()
        self._last_id = 0

    def follow(self, run: str) -> None:
        """Have the entries of this run of the world from now on; unless it goes on, those of another are forgotten."""
        if run != self._run:
            self._run = run
            self.forget()

    def forget(self) -> None:
        """Begin anew, as in a world that was just made."""
        self._begin_anew()
        waited = len(self._waits_to_be_written)
        self._waits_to_be_written.clear()
        self._weight = self._lost = 0
        self._end_waiting(waited)

    # --- waiting

    @contextlib.contextmanager
    def watched(self) -> Iterator[Watch]:
        """Let somebody look on while the block lasts."""
        with super().watched() as watch:
            self._begin_following()
            yield watch

    async def wait(self, criteria: Criteria, count: int, timeout: float) -> list[Entry]:  # noqa: ASYNC109 - it answers what it has
        """Return the entries that fit once there are ``count`` of them, or what there is after ``timeout`` s."""
        self._begin_following()
        return await super().wait(criteria, count, timeout)

    def _begin_following(self) -> None:
        if self._following is None:
            self._following = asyncio.create_task(self._follow())

    async def _follow(self) -> None:
        """Read the stream while somebody wants to know what comes."""
        while self._waiting:
            with contextlib.suppress(Rejection):
                await self._taken_in()
            await _happened(self._news, LOOK_S)
        self._following = None

    async def close(self) -> None:
        """Write what can be written, and end what goes on in the background."""
        await self.written()
        for task in (self._writing, self._following):
            if task is not None:
                task.cancel()
                await asyncio.wait([task])


async def _happened(event: asyncio.Event, timeout: float) -> bool:  # noqa: ASYNC109 - that nothing comes is no failure
    """Return True once something has happened, and be ready for the next time; False after ``timeout`` seconds."""
    try:
        async with asyncio.timeout(timeout):
            await event.wait()
    except TimeoutError:
        return False
    event.clear()
    return True


def _encoded(note: Note) -> bytes:
    try:
        return _encode(note)
    except UnicodeEncodeError:  # half a character that came without a server between; no encoding can carry it
        entry = msgspec.structs.replace(note.entry) if note.entry else Entry()
        for name in entry.__struct_fields__:
            if isinstance(value := getattr(entry, name), str):
                setattr(entry, name, _whole(value))
        if entry.credential:
            entry.credential = (entry.credential[0], _whole(entry.credential[1]))
        return _encode(Note(entry, note.lost))


def _whole(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
