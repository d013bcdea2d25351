"""The journal: what happened in a world, and why each refusal was made.

A ring that is bounded in entries and in bytes. It counts what it dropped and what it cut, so that a
verification can say "incomplete" instead of lying.
"""

import asyncio
import logging
from collections import deque
from contextvars import ContextVar

import msgspec

logger = logging.getLogger("mockspaces.access")
TRACE: ContextVar[int] = ContextVar("trace", default=0)  # what is under way in this task

MAX_ENTRIES = 10_000
MAX_BYTES = 16 * 1024 * 1024
KEPT_BODY_BYTES = 8 * 1024
LOGGED = ("surface", "method", "path", "endpoint", "event", "caller", "status", "code", "why")


class Entry(msgspec.Struct, kw_only=True, gc=False):
    """One HTTP exchange or one socket frame. ``why`` explains a refusal or names a setting that saved a request.

    Entries of the same ``trace`` belong together: a call, and the frames that announced what it did.
    """

    id: int = 0
    trace: int = 0
    time: int = 0
    surface: str = ""
    method: str = ""
    path: str = ""
    endpoint: str | None = None
    event: str | None = None
    caller: str | None = None
    status: int = 0
    code: str | None = None
    why: str = ""
    request: bytes = b""
    response: bytes = b""
    request_bytes: int = 0
    response_bytes: int = 0

    def log(self, world: str = "") -> None:
        """Say what happened in the log, without bodies; machines find the facts in ``record.facts``."""
        if not logger.isEnabledFor(logging.INFO):
            return
        facts = {name: value for name in LOGGED if (value := getattr(self, name))}
        line = " ".join(str(facts[name]) for name in ("method", "event", "path", "status", "code") if name in facts)
        by = f" by {self.caller}" if self.caller else ""
        why = f": {self.why}" if self.why else ""
        logger.info("%s%s%s", line, by, why, extra={"facts": {"world": world, **facts}})

    @property
    def size(self) -> int:
        """What the entry weighs, roughly."""
        return 400 + len(self.path) + len(self.why) + len(self.request) + len(self.response)


class Criteria(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which entries are meant; an absent criterion matches everything. ``after`` is an entry's id."""

    trace: int | None = None
    surface: str | None = None
    method: str | None = None
    path: str | None = None
    endpoint: str | None = None
    event: str | None = None
    caller: str | None = None
    status: int | None = None
    after: int = 0

    def match(self, entry: Entry) -> bool:
        """Whether an entry fits; a path fits also when it begins so."""
        for name in ("trace", "surface", "method", "endpoint", "event", "caller", "status"):
            wanted = getattr(self, name)
            if wanted is not None and wanted != getattr(entry, name):
                return False
        return entry.id > self.after and (self.path is None or entry.path.startswith(self.path))


class Journal:
    """All entries of one world, newest last. Each is also logged, under the name of the world."""

    def __init__(self, max_entries: int = MAX_ENTRIES, max_bytes: int = MAX_BYTES, *, world: str = "") -> None:
        """Keep at most so many entries and bytes."""
        self._world = world
        self._entries: deque[Entry] = deque()
        self._max_entries, self._max_bytes = max_entries, max_bytes
        self._bytes = 0
        self._last_id = 0
        self._last_trace = 0
        self._waiting: set[asyncio.Event] = set()
        self.dropped = 0
        self.cut = 0

    def __len__(self) -> int:
        """Return the number of entries kept."""
        return len(self._entries)

    def begin(self) -> None:
        """Let what this task records from now on belong together: another call or event is under way."""
        self._last_trace += 1
        TRACE.set(self._last_trace)

    def record(self, entry: Entry) -> None:
        """Take an entry in, number it, and wake who waits."""
        entry.log(self._world)
        self._last_id += 1
        entry.id = self._last_id
        entry.trace = TRACE.get()
        asked = entry.request_bytes = len(entry.request)
        answered = entry.response_bytes = len(entry.response)
        if asked > KEPT_BODY_BYTES or answered > KEPT_BODY_BYTES:
            entry.request, entry.response = entry.request[:KEPT_BODY_BYTES], entry.response[:KEPT_BODY_BYTES]
            self.cut += 1
        self._entries.append(entry)
        self._bytes += entry.size
        while len(self._entries) > self._max_entries or self._bytes > self._max_bytes:
            self._bytes -= self._entries.popleft().size
            self.dropped += 1
        for event in self._waiting:
            event.set()

    def find(self, criteria: Criteria, limit: int | None = None) -> list[Entry]:
        """Return the entries that fit, oldest first; with ``limit`` the newest of them."""
        found = [entry for entry in self._entries if criteria.match(entry)]
        return found if limit is None else found[max(0, len(found) - limit) :]

    def clear(self) -> None:
        """Forget all entries and counts; numbering goes on."""
        self._entries.clear()
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
                while len(found := self.find(criteria)) < count:
                    event.clear()
                    await event.wait()
        except TimeoutError:
            return self.find(criteria)
        finally:
            self._waiting.discard(event)
        return found
