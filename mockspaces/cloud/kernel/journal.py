"""The journal: what happened in a world, and why each refusal was made.

A ring that is bounded in entries and in bytes. It counts what it dropped and what it cut, so that a
verification can say "incomplete" instead of lying.
"""

import asyncio
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from fnmatch import fnmatchcase
from itertools import islice
from typing import Any, Literal

import msgspec

from mockspaces.cloud.kernel.counts import Counts
from mockspaces.cloud.kernel.ring import Ring
from mockspaces.cloud.store.run import is_caller

logger = logging.getLogger("mockspaces.access")
TRACE: ContextVar[int] = ContextVar("trace", default=0)  # what is under way in this task

MAX_ENTRIES = 10_000
MAX_BYTES = 16 * 1024 * 1024
KEPT_BODY_BYTES = 8 * 1024
SLICE = 64  # entries that are looked through at a stretch: a tenth of a millisecond
WEIGHT = 700  # bytes that an entry weighs beside its texts
HEADER = 60  # bytes that a header line of an answer weighs
REFUSED = 400  # the first status of an answer that says no
REFUSALS = range(400, 500)
LOGGED = ("surface", "method", "path", "endpoint", "event", "caller", "status", "code", "why")

Peer = tuple[str, int]  # address and port of a client: what tells connections apart while they live
StatusClass = Literal["1xx", "2xx", "3xx", "4xx", "5xx"]


Headers = Sequence[tuple[bytes, bytes]]


def packed(headers: Headers) -> bytes:
    """Return header lines as one piece, which takes a fifth of the memory; names and values are lines in turn."""
    return b"\n".join(map(b"\n".join, headers))


def unpacked(head: bytes) -> list[tuple[bytes, bytes]]:
    """Return header lines from their one piece; of one that was cut the last line may be short."""
    lines = head.split(b"\n") if head else []
    return list(zip(lines[::2], [*lines[1::2], b""], strict=False))


def target(scope: Mapping[str, Any]) -> bytes:
    """Return path and query of an ASGI request as they were sent."""
    path: bytes = scope.get("raw_path") or scope["path"].encode("utf-8", "surrogateescape")
    return path + b"?" + scope["query_string"] if scope["query_string"] else path


class Entry(msgspec.Struct, gc=False, array_like=True):
    """One HTTP exchange or one socket frame. ``why`` explains a refusal or names a setting that saved a request.

    Entries of the same ``trace`` belong together: a call, and the frames that announced what it did.

    What came and went is kept as it was, secrets included: whoever shows an entry decodes it and hides them.
    ``target`` is path and query as they were sent, ``head`` the packed header lines of the request, ``headers`` those
    of the answer; ``duration`` is in seconds of real time, ``credential`` scheme and token where no header has them.
    """

    time: int = 0
    surface: str = ""
    method: str = ""
    path: str = ""
    endpoint: str | None = None
    caller: str | None = None
    status: int = 0
    code: str | None = None
    why: str = ""
    request: bytes = b""
    response: bytes = b""
    target: bytes = b""
    version: str = ""
    head: bytes = b""
    headers: Headers = ()
    duration: float = 0.0
    connections: tuple[Peer | None, ...] = ()
    event: str | None = None
    credential: tuple[str, str] | None = None
    # What recording finds out; ``size`` is what the entry weighs, roughly.
    id: int = 0
    trace: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    size: int = 0
    cut: bool = False

    @property
    def refused(self) -> bool:
        """Whether the mock refused it: every refusal has a code, also one that is answered by a page or a redirect."""
        return self.code is not None or self.status >= REFUSED

    def log(self, world: str = "") -> None:
        """Say what happened in the log, without bodies; machines find the facts in ``record.facts``.

        Refusals are told at the default level, as whoever wonders why something does not work looks there first.
        """
        refused = self.code is not None or self.status in REFUSALS
        level = logging.WARNING if refused else logging.INFO
        if not logger.isEnabledFor(level):
            return
        facts = {name: value for name in LOGGED if (value := getattr(self, name))}
        line = " ".join(str(facts[name]) for name in ("method", "event", "path", "status", "code") if name in facts)
        by = f" by {self.caller}" if self.caller else ""
        why = f": {self.why}" if self.why else ""
        logger.log(level, "%s%s%s", line, by, why, extra={"facts": {"world": world, **facts}})


class Criteria(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """Which entries are meant; an absent criterion matches everything.

    ``after`` is an entry's id, ``since`` a time of the world's clock in milliseconds. A path means itself and all that
    begin so, or is a pattern with ``*``; a caller is named as for planned faults.
    """

    trace: int | None = None
    surface: str | None = None
    method: str | None = None
    path: str | None = None
    endpoint: str | None = None
    event: str | None = None
    caller: str | None = None
    status: int | StatusClass | None = None
    code: str | None = None
    refused: bool | None = None
    since: int = 0
    after: int = 0

    def match(self, entry: Entry) -> bool:
        """Whether an entry fits; ``after`` is for whoever looks through them in order."""
        for name in ("trace", "surface", "method", "endpoint", "event", "code", "refused"):
            wanted = getattr(self, name)
            if wanted is not None and wanted != getattr(entry, name):
                return False
        if entry.time < self.since:
            return False
        if self.path is not None:
            path, wanted = entry.path, self.path
            if not (fnmatchcase(path, wanted) if "*" in wanted else path.startswith(wanted)):
                return False
        if self.status is not None and self.status not in (entry.status, f"{entry.status // 100}xx"):
            return False
        return self.caller is None or is_caller(self.caller, entry.caller)


class Heartbeats(msgspec.Struct):
    """How often a connection showed that it is alive, and when last: too often for an entry each time."""

    count: int = 0
    last: int = 0


class Watch:
    """Somebody who looks on. Nothing is queued for them: the journal itself keeps what they have not seen."""

    def __init__(self) -> None:
        """Begin awake."""
        self.news = asyncio.Event()
        self.ended = False

    async def wait(self, timeout: float) -> None:  # noqa: ASYNC109 - that nothing came is no failure
        """Return when something was recorded, when the watch has ended, or after ``timeout`` seconds."""
        try:
            async with asyncio.timeout(timeout):
                await self.news.wait()
        except TimeoutError:
            return
        self.news.clear()


class Journal:
    """All entries of one world, newest last. Each is also logged, under the name of the world."""

    unwritten = 0  # entries that cannot be found yet by whoever asks, where several processes have the world

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES, *, world: str = "") -> None:
        """Keep at most so many entries and bytes."""
        self._world = world
        self._entries: Ring[Entry] = Ring(Entry)
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._bytes = 0
        self._last_id = 0
        self._last_trace = 0
        self._cleared = 0  # so often
        self._waiting: set[asyncio.Event] = set()
        self._watches: set[Watch] = set()
        self.heartbeats: dict[Peer, Heartbeats] = {}
        self.counts = Counts()
        self.dropped = 0
        self.cut = 0

    def __len__(self) -> int:
        """Return the number of entries kept."""
        return len(self._entries)

    @property
    def last_id(self) -> int:
        """The id of the newest entry that there ever was, 0 before the first."""
        return self._last_id

    def begin(self) -> None:
        """Let what this task records from now on belong together: another call or event is under way."""
        self._last_trace += 1
        TRACE.set(self._last_trace)

    def record(self, entry: Entry) -> None:
        """Take an entry in, number it, and wake who waits."""
        entry.log(self._world)
        entry.trace = TRACE.get()
        asked = entry.request_bytes = len(entry.request)
        answered = entry.response_bytes = len(entry.response)
        texts = asked + answered + len(entry.head) + len(entry.target)
        if texts > KEPT_BODY_BYTES:
            texts = self._cut(entry)
        # Headers of answers are the mock's own, or repeat what the request has.
        entry.size = WEIGHT + texts + len(entry.why) + HEADER * len(entry.headers) + 8 * len(entry.connections)
        self.counts.add(entry)
        self._take(entry)

    def _take(self, entry: Entry) -> None:
        self._last_id += 1
        entry.id = self._last_id
        self._entries.append(entry)
        self._bytes += entry.size
        while self._entries.length > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= self._entries.drop()
            self.dropped += 1
        for event in self._waiting:
            event.set()

    async def written(self) -> None:
        """Return when what was recorded can be found by whoever asks; `unwritten` tells if that is so already."""

    async def catch_up(self) -> None:
        """Return when what was recorded can be found here, whichever process recorded it."""

    def beat(self, peer: Peer, now: int) -> None:
        """Count a heartbeat of a connection; of those that were not heard of for the longest nothing is kept."""
        known = self.heartbeats.pop(peer, None) or Heartbeats()
        known.count, known.last = known.count + 1, now
        self.heartbeats[peer] = known
        if len(self.heartbeats) > self._max_entries:
            del self.heartbeats[next(iter(self.heartbeats))]

    def _cut(self, entry: Entry) -> int:
        """Cut what is too long to be kept, and return the length of what is left."""
        texts = {name: getattr(entry, name) for name in ("request", "response", "head", "target")}
        if max(map(len, texts.values())) > KEPT_BODY_BYTES:
            entry.cut = True
            self.cut += 1
        for name, text in texts.items():
            setattr(entry, name, text[:KEPT_BODY_BYTES])
        return sum(min(len(text), KEPT_BODY_BYTES) for text in texts.values())

    def find(self, criteria: Criteria, limit: int | None = None) -> list[Entry]:
        """Return the entries that fit, oldest first; with ``limit`` the newest of them.

        For few entries, or the newest of them; who may have to look through a whole journal uses `search`.
        """
        found: list[Entry] = []
        for part in self.slices(criteria.after):
            found += filter(criteria.match, part)
            if limit is not None and len(found) >= limit:
                break
        return found[:limit][::-1]

    async def search(self, criteria: Criteria, limit: int | None = None) -> list[Entry]:
        """Do what `find` does; others have their turn in between, since unpacking a whole journal takes a while."""
        found: list[Entry] = []
        for part in self.slices(criteria.after):
            found += filter(criteria.match, part)
            if limit is not None and len(found) >= limit:
                break
            await asyncio.sleep(0)
        return found[:limit][::-1]

    def slices(self, after: int = 0) -> Iterator[list[Entry]]:
        """Yield entries newest first, some at a time, down to an id; meanwhile others may come, or be forgotten."""
        upper = self._last_id
        while upper > after:
            lower = max(upper - SLICE, after)
            found = [entry for entry in self.following(lower, upper - lower) if entry.id <= upper]
            if not found:
                return
            yield found[::-1]
            upper = lower

    def following(self, after: int, limit: int) -> list[Entry]:
        """Return the entries that come after an id, oldest first, at most ``limit``; ids have no holes."""
        if after >= self._last_id:
            return []
        oldest = self._last_id - len(self._entries) + 1
        return list(islice(self._entries.since(max(0, after + 1 - oldest)), limit))

    def get(self, entry_id: int) -> Entry | None:
        """Return an entry that is still kept, or None."""
        found = self.following(entry_id - 1, 1)
        return found[0] if found and found[0].id == entry_id else None

    @contextmanager
    def watched(self) -> Iterator[Watch]:
        """Let somebody look on while the block lasts."""
        watch = Watch()
        self._watches.add(watch)
        self._waiting.add(watch.news)
        try:
            yield watch
        finally:
            self._watches.discard(watch)
            self._waiting.discard(watch.news)

    def end_watches(self) -> None:
        """Tell all who look on that this is over: the world gets another state, or goes."""
        for watch in self._watches:
            watch.ended = True
            watch.news.set()

    def clear(self) -> None:
        """Forget all entries and counts; numbering goes on."""
        self._entries.clear()
        self._cleared += 1
        self.heartbeats.clear()
        self._bytes = self.dropped = self.cut = 0

    def forget(self) -> None:
        """Begin anew, as in a world that was just made."""
        self.clear()
        self._last_id = self._last_trace = 0

    async def wait(self, criteria: Criteria, count: int, timeout: float) -> list[Entry]:  # noqa: ASYNC109 - it answers what it has
        """Return the entries that fit once there are ``count`` of them, or what there is after ``timeout`` s."""
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            async with asyncio.timeout(timeout):
                cleared, seen, fitting = self._cleared, criteria.after, 0
                while True:  # what was seen is not looked through again at each new entry
                    event.clear()
                    if cleared != self._cleared:
                        cleared, seen, fitting = self._cleared, criteria.after, 0
                    last = self._last_id
                    fitting += len(await self.search(msgspec.structs.replace(criteria, after=seen)))
                    seen = last
                    if fitting >= count:
                        found = await self.search(criteria)
                        if len(found) >= count:
                            return found
                        fitting = len(found)  # some were dropped
                    await event.wait()
        except TimeoutError:
            return await self.search(criteria)
        finally:
            self._waiting.discard(event)
