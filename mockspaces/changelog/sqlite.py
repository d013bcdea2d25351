"""A change log in one SQLite file, for one process.

How this works. One connection writes, one thing at a time. A change set is one row and one commit to the write-ahead
log: it is in the hands of the operating system before anybody is answered, so that the end of the process, however it
comes, loses nothing. What has to wait for the disk (checkpoints, large rows, deletions) is done in a thread. Whole
states are written in parts that nothing refers to until the last step, and whatever nothing refers to is swept away.

The lock is that of the operating system on a file beside the database, so it ends with the process that holds it.
"""

import asyncio
import contextlib
import fcntl
import math
import os
import sqlite3
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from mockspaces import __version__
from mockspaces.changelog.encoding import FORMAT
from mockspaces.changelog.log import ChangeSet, GoneError, LogError, MovedError, NotStoredError, Registered, Stand
from mockspaces.cloud.store.transaction import to_its_end

APPLICATION_ID = 0x4D6F636B  # what tells our files from other databases
LARGE = 512 * 1024  # bytes from which on a row is written in a thread
CHECKPOINT_BYTES = 8 * 1024 * 1024  # so much is written until the write-ahead log is emptied
BUSY_S = 0.05  # so long another program may write to the file before a call is refused; everybody waits meanwhile
SWEPT = 200  # rows that are deleted at a stretch
TOMBSTONES = 10_000  # kept

TABLES = """
CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE worlds (
    generation INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT NOT NULL, head BLOB NOT NULL,
    snapshot INTEGER NOT NULL, position INTEGER NOT NULL, dropped INTEGER NOT NULL DEFAULT 0);
CREATE TABLE parts (id INTEGER PRIMARY KEY, snapshot INTEGER NOT NULL, data BLOB NOT NULL);
CREATE INDEX parts_of_snapshot ON parts (snapshot);
CREATE TABLE changes (
    id INTEGER PRIMARY KEY, generation INTEGER NOT NULL, position INTEGER NOT NULL, token BLOB NOT NULL,
    data BLOB NOT NULL);
CREATE UNIQUE INDEX changes_in_order ON changes (generation, position);
"""
APPEND = "INSERT INTO changes (generation, position, token, data) VALUES (?, ?, ?, ?)"
PART = "INSERT INTO parts (snapshot, data) VALUES (?, ?)"
OLD_CHANGES = "SELECT id FROM changes WHERE generation = ? AND position <= ? LIMIT ?"
OLD_PARTS = "SELECT id FROM parts WHERE snapshot = ? LIMIT ?"
WITHOUT_WORLD = (
    "DELETE FROM parts WHERE snapshot NOT IN (SELECT snapshot FROM worlds WHERE NOT dropped)",
    "DELETE FROM changes WHERE generation NOT IN (SELECT generation FROM worlds WHERE NOT dropped)",
    "DELETE FROM changes WHERE position <= (SELECT position FROM worlds WHERE generation = changes.generation)",
)
Statement = tuple[str, Sequence[Any]]
Found = TypeVar("Found")


class SqliteLog:
    """The worlds in one file. Raises `LogError` for one that cannot be used."""

    shared = False
    skew = 0.0
    notes = None

    def __init__(self, path: Path) -> None:
        """Take a file for this process alone, and make it if there is none."""
        self.worker = os.urandom(4).hex()
        self._path = path = path.resolve()  # the lock is beside the file itself, whatever links lead to it
        with contextlib.ExitStack() as undo:
            undo.callback(os.close, lock := _locked(path))
            self._lock = lock
            self._db = self._connected()
            undo.callback(self._db.close)
            try:
                self._prepare()
            except sqlite3.Error as error:
                raise LogError(f"--log: {path}: {_sentence(error)}") from None
            undo.pop_all()
        self._writing: tuple[asyncio.AbstractEventLoop | None, asyncio.Lock] = (None, asyncio.Lock())
        self._written = 0  # bytes since the last checkpoint
        self._checkpoint: asyncio.Task[None] | None = None
        self._tails: dict[int, int] = {}
        self._next_snapshot = self._one("SELECT coalesce(max(snapshot), 0) FROM worlds")
        for generation, position in self._db.execute("SELECT generation, position FROM worlds WHERE NOT dropped"):
            newest = self._one("SELECT coalesce(max(position), 0) FROM changes WHERE generation = ?", generation)
            self._tails[generation] = max(position, newest)

    def _connected(self) -> sqlite3.Connection:
        try:
            return sqlite3.connect(self._path, isolation_level=None, check_same_thread=False, timeout=BUSY_S)
        except sqlite3.Error as error:
            raise LogError(f"--log: {self._path}: {_sentence(error)}") from None

    def _prepare(self) -> None:
        """Make the tables, or make sure that they are ours and can be read and written."""
        kind, version = self._one("PRAGMA application_id"), self._one("PRAGMA user_version")
        empty = not self._one("SELECT count(*) FROM sqlite_schema")
        if not empty and kind != APPLICATION_ID:
            raise LogError(f"--log: {self._path} is a database of something else")
        if version > FORMAT:
            writer = self._one("SELECT value FROM meta WHERE name = 'program'")
            raise LogError(
                f"--log: {self._path} was written by mockspaces {writer}, which is newer (format {version}): "
                f"this is mockspaces {__version__} (format {FORMAT})"
            )
        if not empty and version < FORMAT:
            raise LogError(f"--log: {self._path} has the older format {version}, this mockspaces reads {FORMAT} only")
        if self._one("PRAGMA journal_mode = WAL") != "wal":
            raise LogError(f"--log: {self._path}: the file system cannot share memory, which SQLite needs for its WAL")
        self._db.execute("PRAGMA synchronous = NORMAL")
        self._db.execute("PRAGMA wal_autocheckpoint = 0")
        with _transaction(self._db):
            if empty:
                for statement in filter(str.strip, TABLES.split(";")):
                    self._db.execute(statement)
                self._db.execute(f"PRAGMA application_id = {APPLICATION_ID}")
                self._db.execute(f"PRAGMA user_version = {FORMAT}")
            self._db.execute("INSERT OR REPLACE INTO meta VALUES ('program', ?)", (__version__,))
            for statement in WITHOUT_WORLD:
                self._db.execute(statement)

    def _one(self, sql: str, *given: Any) -> Any:
        return self._db.execute(sql, given).fetchone()[0]

    def _rows(self, sql: str, *given: Any) -> list[Any]:
        """Return what is found by whoever is about to write. Raises `NotStoredError` if the file cannot be read."""
        try:
            return self._db.execute(sql, given).fetchall()
        except sqlite3.Error as error:
            raise NotStoredError(f"{self._path}: {_sentence(error)}") from None

    @property
    def _busy(self) -> asyncio.Lock:
        """Whoever writes has this: one per loop, since worlds are opened in another one than serves them later."""
        loop, lock = asyncio.get_running_loop(), self._writing[1]
        if self._writing[0] is not loop:  # the other one has ended, and all its tasks with it
            lock = asyncio.Lock()
            self._writing = (loop, lock)
        return lock

    def watch(self, heed: Callable[[frozenset[str]], None], news: Callable[[int | None], None]) -> None:
        """Nobody else does anything to a file whose lock is held."""

    async def workers(self) -> frozenset[str]:
        return frozenset([self.worker])

    async def leave_loop(self) -> None:
        """No loop holds anything."""

    # --- reading

    async def names(self) -> dict[str, int]:
        return dict(self._db.execute("SELECT name, generation FROM worlds WHERE NOT dropped ORDER BY generation"))

    async def world(self, name: str) -> Registered | None:
        sql = "SELECT name, generation, head FROM worlds WHERE NOT dropped AND name = ?"
        found = self._db.execute(sql, [name]).fetchone()
        return None if found is None else Registered(*found)

    def _snapshot(self, generation: int) -> tuple[int, int]:
        """Return the position of the newest snapshot, and its number."""
        sql = "SELECT position, snapshot FROM worlds WHERE generation = ? AND NOT dropped"
        found: tuple[int, int] | None = self._db.execute(sql, [generation]).fetchone()
        if found is None:
            raise GoneError(generation)
        return found

    async def snapshot(self, generation: int) -> tuple[Stand, list[bytes]]:
        position, snapshot = self._snapshot(generation)
        found = self._db.execute("SELECT data FROM parts WHERE snapshot = ? ORDER BY id", [snapshot])
        return Stand(position), [data for (data,) in found]

    async def after(self, generation: int, stand: Stand, *, reserve: bool = False) -> list[ChangeSet]:
        position = stand.position
        begin, _ = self._snapshot(generation)
        if not begin <= position <= self._tails[generation]:
            raise MovedError(f"what is kept is from {begin} to {self._tails[generation]}, not after {position}")
        sql = "SELECT position, token, data FROM changes WHERE generation = ? AND position > ? ORDER BY position"
        rows = self._db.execute(sql, (generation, position))
        return [ChangeSet(Stand(number, token), data) for number, token, data in rows]

    # --- writing

    async def append(self, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        self._check(generation, stand.position)
        position = stand.position + 1
        try:
            await self._write([(APPEND, (generation, position, token, changes))], len(changes))
        except NotStoredError:
            if not self._stands(generation, position, token):
                raise
        self._tails[generation] = position

    def _check(self, generation: int, position: int) -> None:
        """Make sure that a generation is there, with its tail at a position."""
        tail = self._tails.get(generation)
        if tail is None:
            raise GoneError(generation)
        if tail != position:
            raise MovedError(f"the tail is {tail}, not {position}")

    def _stands(self, generation: int, position: int, token: bytes) -> bool:
        sql = "SELECT count(*) FROM changes WHERE generation = ? AND position = ? AND token = ?"
        with contextlib.suppress(sqlite3.Error):
            return bool(self._one(sql, generation, position, token))
        return False

    async def begin(self, name: str, head: bytes, parts: AsyncIterator[bytes], over: tuple[int, Stand] | None) -> int:
        if over is not None:
            self._check(over[0], over[1].position)
        elif await self.world(name) is not None:
            raise MovedError(f"there is a world {name}")
        snapshot = await self._put_parts(parts)
        replaced = self._rows("SELECT generation, snapshot FROM worlds WHERE name = ?", name)
        made = "INSERT INTO worlds (name, head, snapshot, position) VALUES (?, ?, ?, 0)"
        gone = "DELETE FROM worlds WHERE name = ?"
        await self._write([(gone, [name]), (made, (name, head, snapshot))], len(head))
        generation: int = self._rows("SELECT generation FROM worlds WHERE name = ?", name)[0][0]
        self._tails[generation] = 0
        await self._let_go(replaced)
        return generation

    async def drop(self, name: str, generation: int) -> None:
        if generation not in self._tails:
            return
        dropped = "UPDATE worlds SET dropped = 1, head = x'' WHERE name = ? AND generation = ?"
        old = "DELETE FROM worlds WHERE dropped AND generation <= (SELECT max(generation) FROM worlds) - ?"
        ((snapshot,),) = self._rows("SELECT snapshot FROM worlds WHERE generation = ?", generation)
        await self._write([(dropped, (name, generation)), (old, [TOMBSTONES])], 0)
        await self._let_go([(generation, snapshot)])

    async def compact(self, generation: int, stand: Stand, parts: AsyncIterator[bytes]) -> None:
        position = stand.position
        tail = self._tails.get(generation)
        if tail is None:
            raise GoneError(generation)
        if position > tail:
            raise MovedError(f"the tail is {tail}, not {position}")
        ((old,),) = self._rows("SELECT snapshot FROM worlds WHERE generation = ?", generation)
        snapshot = await self._put_parts(parts)
        if generation not in self._tails:  # dropped meanwhile
            await self._sweep(OLD_PARTS, snapshot)
            raise GoneError(generation)
        moved = "UPDATE worlds SET snapshot = ?, position = ? WHERE generation = ?"
        await self._write([(moved, (snapshot, position, generation))], 0)
        with contextlib.suppress(NotStoredError):  # what is left is swept away at the next start
            await self._sweep(OLD_CHANGES, generation, position)
            await self._sweep(OLD_PARTS, old)

    async def _put_parts(self, parts: AsyncIterator[bytes]) -> int:
        self._next_snapshot += 1
        snapshot: int = self._next_snapshot
        try:
            async for part in parts:
                await self._write([(PART, (snapshot, part))], len(part))
                await asyncio.sleep(0)
        except BaseException:
            with contextlib.suppress(NotStoredError):
                await self._sweep(OLD_PARTS, snapshot)
            raise
        return snapshot

    async def _let_go(self, gone: Sequence[tuple[int, int]]) -> None:
        """Sweep away generations and their snapshots; what cannot be now, is at the next start."""
        for generation, snapshot in gone:
            if self._tails.pop(generation, None) is not None:
                with contextlib.suppress(NotStoredError):
                    await self._sweep(OLD_CHANGES, generation, 2**62)
                    await self._sweep(OLD_PARTS, snapshot)

    async def _sweep(self, chosen: str, *given: int) -> None:
        """Delete rows, some at a time; since pages of large ones have to be read for it, in a thread."""
        table = "parts" if chosen is OLD_PARTS else "changes"
        while True:
            rows = self._rows(chosen, *given, SWEPT)
            if not rows:
                return
            marks = ",".join("?" * len(rows))
            delete = f"DELETE FROM {table} WHERE id IN ({marks})"  # noqa: S608 - names and marks of ours
            await self._write([(delete, [row[0] for row in rows])], LARGE)

    async def _write(self, statements: Sequence[Statement], size: int) -> None:
        """Carry statements out as one transaction; a large one in a thread, so that others go on meanwhile."""

        def transact() -> None:
            try:
                with _transaction(self._db):
                    for sql, given in statements:
                        self._db.execute(sql, given)
            except sqlite3.Error as error:
                raise NotStoredError(f"{self._path}: {_sentence(error)}") from None

        async with self._busy:
            if size < LARGE:
                transact()
            else:
                await _in_thread(transact)
        self._written += size
        if self._written >= CHECKPOINT_BYTES and (self._checkpoint is None or self._checkpoint.done()):
            self._written = 0
            self._checkpoint = asyncio.create_task(self._empty())
            self._checkpoint.add_done_callback(lambda _: setattr(self, "_checkpoint", None))

    async def _empty(self) -> None:
        """Copy the write-ahead log into the file: most of it beside the writers, the rest while they wait."""
        # The next one may succeed, also where the loop that has opened the worlds ends, and its threads with it.
        with contextlib.suppress(sqlite3.Error, RuntimeError):
            await _in_thread(self._copy)
            async with self._busy:
                await _in_thread(self._copy)

    def _copy(self) -> None:
        with contextlib.closing(sqlite3.connect(self._path, isolation_level=None, timeout=0)) as own:
            own.execute("PRAGMA wal_checkpoint(PASSIVE)")

    async def touch(self, names: Sequence[str]) -> None:
        """Whoever alone uses the worlds knows when."""

    async def idle(self, name: str) -> float:
        return math.inf

    async def close(self) -> None:
        if self._checkpoint:
            await asyncio.wait([self._checkpoint])
        self._db.close()  # which empties the write-ahead log
        os.close(self._lock)


def _locked(path: Path) -> int:
    """Take the lock of a file for this process and return it. Raises `LogError` if another one has it."""
    beside = path.with_name(f"{path.name}.lock")
    if path.is_dir():
        raise LogError(f"--log: {path} is a folder, not a file")
    if not path.parent.is_dir():
        raise LogError(f"--log: there is no folder {path.parent}")
    try:
        if path.exists() and not os.access(path, os.W_OK):
            raise PermissionError(13, "Permission denied")
        lock = os.open(beside, os.O_RDWR | os.O_CREAT, 0o644)
    except OSError as error:
        raise LogError(f"--log: {path} cannot be written: {error.strerror}") from None
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        holder = os.pread(lock, 100, 0).decode("ascii", "replace").strip() or "another process"
        os.close(lock)
        raise LogError(f"--log: {path} is in use by {holder}; one file serves one process") from None
    os.ftruncate(lock, 0)
    with contextlib.suppress(OSError):  # a full disk is told of by the database
        os.pwrite(lock, f"mockspaces, process {os.getpid()}".encode("ascii"), 0)
    return lock


@contextlib.contextmanager
def _transaction(db: sqlite3.Connection) -> Any:
    db.execute("BEGIN IMMEDIATE")
    try:
        yield
        db.execute("COMMIT")
    except BaseException:
        if db.in_transaction:  # SQLite has taken it back already after some errors
            with contextlib.suppress(sqlite3.Error):
                db.execute("ROLLBACK")
        raise


def _sentence(error: sqlite3.Error) -> str:
    name = getattr(error, "sqlite_errorname", "")
    known = {
        "SQLITE_FULL": "there is no room left on the disk",
        "SQLITE_NOTADB": "this is no SQLite database",
        "SQLITE_CORRUPT": "the database is damaged",
        "SQLITE_READONLY": "it cannot be written",
        "SQLITE_CANTOPEN": "it cannot be opened",
        "SQLITE_BUSY": "another program writes to it",
    }
    base = "_".join(name.split("_")[:2])
    return known.get(base, f"{error} ({name})" if name else str(error))


async def _in_thread(work: Callable[[], None]) -> None:
    """Do something in a thread; whoever asked for it goes on no sooner than it ends, even if cancelled."""
    await to_its_end(asyncio.to_thread(work))
