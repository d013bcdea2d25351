"""A change log in Redis, for one process at a time.

How this works. A world is a hash (its name, its tail, where its snapshot stands), a stream of change sets whose ids are
their positions, and a list with the parts of its snapshot. Whatever decides something is one script, so Redis does it
whole or not at all: an append looks at the holder of the log, at the generation and at the tail before it writes.
The tail is kept in the hash and not taken from the stream, which is empty after a compaction. A generation that is
in no hash is gone; numbers are never given twice, so that is the tombstone of a world that was dropped.

An append carries a token, and the last one stands beside the tail. So whoever lost the answer asks again with the same
token, as often as needed, and it is stored once. Only asking again makes that certain: to read would be too early where
a paused Redis has not read the first attempt yet.

The process that serves holds the log: every script compares the holder, so that one who was thought dead and comes back
changes nothing any more. A lease, renewed all the time, tells whether the holder lives. The holder counts its time too,
from before it asked for it, and answers nothing when it is over: somebody else may have taken the log since then.

States are written in parts to a list that nothing refers to until the last step, and which expires until then.
"""

import asyncio
import contextlib
import hashlib
import logging
import math
import os
import re
import socket
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from functools import partial
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from redis import Redis, exceptions
from redis.asyncio import BlockingConnectionPool, Connection, SSLConnection
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.retry import Retry as RetryInTurn

from mockspaces import __version__
from mockspaces.changelog.encoding import FORMAT
from mockspaces.changelog.log import GoneError, LogError, MovedError, NotStoredError, Registered, UnclearError

DEFAULT_PORT = 6379
OLDEST = (6, 2)  # trims streams by id
LEASE_S = 3.0  # without a sign of life, after which another process may take the log
FIRST_LEASE_S = 10.0  # until the process serves and renews it
BEAT_S = LEASE_S / 5
PATIENCE_S = 1.5  # so long a call waits for a Redis that is gone for a moment
RETRY_S = 0.05
ANSWER_S = 3.0  # so long Redis may take for anything
WRITTEN_S = 3600  # so long parts stay that nothing refers to
SLICE = 500  # entries that are read or trimmed at a stretch
PARTS_SLICE = 32
CONNECTIONS = 8
logger = logging.getLogger("mockspaces")

# In every script KEYS[1] is the hash of the whole log, and ARGV[1] who asks.
FENCE = """
local holder = redis.call('hget', KEYS[1], 'holder')
if not holder then return 'lost' end
if holder ~= ARGV[1] then return 'held' end
"""
# KEYS: log, lease. ARGV: who, milliseconds, format, program. Returns who holds the log if that is another one.
TAKE = """
local lease = redis.call('get', KEYS[2])
if lease and lease ~= ARGV[1] then return lease end
redis.call('hsetnx', KEYS[1], 'format', ARGV[3])
redis.call('hset', KEYS[1], 'holder', ARGV[1], 'program', ARGV[4])
redis.call('set', KEYS[2], ARGV[1], 'px', ARGV[2])
return ''
"""
# KEYS: log, lease. ARGV: who, milliseconds.
RENEW = f"{FENCE} redis.call('set', KEYS[2], ARGV[1], 'px', ARGV[2]) return 'ok'"
# KEYS: log, lease. ARGV: who.
RELEASE = f"{FENCE} redis.call('del', KEYS[2]) return 'ok'"
# KEYS: log, world, changes. ARGV: who, position, token, changes.
APPEND = f"""{FENCE}
local found = redis.call('hmget', KEYS[2], 'tail', 'token')
if not found[1] then return 'gone' end
local next = string.format('%.0f', ARGV[2] + 1)
if found[1] == next and found[2] == ARGV[3] then return 'ok' end
if found[1] ~= ARGV[2] then return 'moved' end
redis.call('xadd', KEYS[3], next .. '-0', 'token', ARGV[3], 'data', ARGV[4])
redis.call('hset', KEYS[2], 'tail', next, 'token', ARGV[3])
return 'ok'
"""
FORGET = """
local function forget(prefix, generation)
    local world = prefix .. ':world:' .. generation
    local snapshot = redis.call('hget', world, 'snapshot')
    if not snapshot then return end
    redis.call('unlink', world, prefix .. ':changes:' .. generation, prefix .. ':parts:' .. snapshot)
end
"""
# KEYS: log, worlds, parts. ARGV: who, prefix, name, head, snapshot, number of parts. Asked again, it answers the same.
BEGIN = f"""{FENCE}{FORGET}
local old = redis.call('hget', KEYS[2], ARGV[3])
if old and redis.call('hget', ARGV[2] .. ':world:' .. old, 'snapshot') == ARGV[5] then return 'begun ' .. old end
if redis.call('llen', KEYS[3]) ~= tonumber(ARGV[6]) then return 'broken' end
local generation = string.format('%.0f', redis.call('hincrby', KEYS[1], 'generation', 1))
if old then forget(ARGV[2], old) end
redis.call('persist', KEYS[3])
redis.call('hset', ARGV[2] .. ':world:' .. generation,
    'name', ARGV[3], 'head', ARGV[4], 'tail', '0', 'snapshot', ARGV[5], 'position', '0')
redis.call('hset', KEYS[2], ARGV[3], generation)
return 'begun ' .. generation
"""
# KEYS: log, worlds. ARGV: who, prefix, name, generation.
DROP = f"""{FENCE}{FORGET}
if redis.call('hget', KEYS[2], ARGV[3]) ~= ARGV[4] then return 'ok' end
redis.call('hdel', KEYS[2], ARGV[3])
forget(ARGV[2], ARGV[4])
return 'ok'
"""
# KEYS: log, world, parts. ARGV: who, prefix, position, snapshot, number of parts. Asked again, it answers the same.
COMPACT = f"""{FENCE}
local found = redis.call('hmget', KEYS[2], 'tail', 'snapshot')
if not found[1] then return 'gone' end
if found[2] == ARGV[4] then return 'ok' end
if tonumber(found[1]) < tonumber(ARGV[3]) then return 'moved' end
if redis.call('llen', KEYS[3]) ~= tonumber(ARGV[5]) then return 'broken' end
redis.call('persist', KEYS[3])
redis.call('hset', KEYS[2], 'snapshot', ARGV[4], 'position', ARGV[3])
redis.call('unlink', ARGV[2] .. ':parts:' .. found[2])
return 'ok'
"""
EMPTIED = "Redis has lost the log, so its worlds are opened anew"
TAKEN = "another mockspaces has taken the log, since this one gave no sign of life"
BROKEN = "the parts of a state were gone before it was complete"


class RedisLog:
    """The worlds below one prefix of keys. Raises `LogError` for a Redis that cannot be used."""

    def __init__(self, url: str, *, prefix: str, password: str | None = None, volatile: bool = False) -> None:
        """Take the log for this process alone, or make it; a ``volatile`` one may lose what it has."""
        self._address, given = _parsed(url, password)
        self._prefix = prefix
        self._who = f"mockspaces, process {os.getpid()} on {socket.gethostname()} ({os.urandom(4).hex()})"
        self._log, self._lease, self._worlds = (f"{prefix}:{name}" for name in ("log", "lease", "worlds"))
        secure = self._address.startswith("rediss:")
        with contextlib.closing(Redis(**given, ssl=secure, retry=RetryInTurn(NoBackoff(), 0))) as asked:
            try:
                self._prepare(asked, volatile=volatile)
            except (exceptions.RedisError, OSError) as error:
                raise LogError(f"--log: {self._address}: {_sentence(error)}") from None
        self._pool = BlockingConnectionPool(
            max_connections=CONNECTIONS,
            timeout=ANSWER_S,
            connection_class=SSLConnection if secure else Connection,
            retry=Retry(NoBackoff(), 0),
            **given,
        )
        self._down_since: float | None = None
        self._why_down = "it gave no sign of life"
        self._taken = False  # by another process
        self._over_since: float | None = None  # when it was noticed that the lease is over
        self.term = 1
        self._doubt: Callable[[], None] = lambda: None
        self._beating: asyncio.Task[None] | None = None
        self._closed = False

    def _prepare(self, asked: Redis, *, volatile: bool) -> None:
        """Make sure that Redis keeps what it is given, and that the log is ours and nobody else's."""
        info: Any = asked.info()
        version = str(info["redis_version"])
        if tuple(map(int, version.split(".")[:2])) < OLDEST:
            self._refuse(f"is Redis {version}, and 6.2 is the oldest that will do")
        if info.get("role") != "master":
            self._refuse("is a replica, which cannot be written")
        self._run_id = str(info["run_id"])
        accept = "or accept it by --log-volatile"
        policy = str(info.get("maxmemory_policy", "noeviction"))
        if not volatile and not info.get("aof_enabled"):
            self._refuse(f"has no append-only file, so its crash would lose changes: set appendonly yes, {accept}")
        if not volatile and policy.startswith("allkeys"):
            self._refuse(f"evicts keys ({policy}) when memory is short: set maxmemory-policy noeviction, {accept}")
        for key, expected in ((self._log, "hash"), (self._worlds, "hash"), (self._lease, "string")):
            kind = _text(asked.type(key))
            if kind not in (expected, "none"):
                self._refuse(f'has a {kind} of something else at the key "{key}"; choose another --log-prefix')
        found: Any = asked.hmget(self._log, ["format", "program"])
        known = int(found[0] or 0)
        if not known and asked.exists(self._log):
            self._refuse(f'has a hash of something else at the key "{self._log}"; choose another --log-prefix')
        if known > FORMAT:
            self._refuse(
                f"has a log that was written by mockspaces {_text(found[1])}, which is newer (format {known}): "
                f"this is mockspaces {__version__} (format {FORMAT})"
            )
        if known and known < FORMAT:
            self._refuse(f"has a log of the older format {known}, this mockspaces reads {FORMAT} only")
        self._take_first(asked)

    def _take_first(self, asked: Redis) -> None:
        """Take the log; where one holds it that was killed a moment ago, wait until its lease is over."""
        left, until = math.inf, time.monotonic() + FIRST_LEASE_S + 1
        given = (2, self._log, self._lease, self._who, int(FIRST_LEASE_S * 1000), FORMAT, __version__)
        while True:
            self._leased_until = time.monotonic() + FIRST_LEASE_S
            if not (holder := _text(asked.eval(TAKE, *given))):
                return
            before, left = left, asked.pttl(self._lease)
            if left > before or time.monotonic() > until:  # it is renewed
                shown = holder.rpartition(" (")[0]
                self._refuse(f'is in use by {shown}; one --log-prefix ("{self._prefix}" here) serves one process')
            time.sleep(RETRY_S)

    def _refuse(self, why: str) -> NoReturn:
        raise LogError(f"--log: {self._address} {why}")

    # --- asking

    async def _ask(self, *command: Any) -> Any:
        """Return the answer to one command. Raises `_AwayError` where that is not to be had."""
        try:
            connection = await self._pool.get_connection()  # type: ignore[no-untyped-call]  # a decorator hides its types
        except (exceptions.RedisError, OSError) as error:
            raise _AwayError(_sentence(error), sent=False) from None
        try:
            await connection.send_command(*command)
            return await connection.read_response()
        except exceptions.BusyLoadingError as error:
            raise _AwayError(_sentence(error), sent=False) from None
        except exceptions.ResponseError:
            raise
        except (exceptions.RedisError, OSError) as error:
            await connection.disconnect(nowait=True)
            task = asyncio.current_task()
            if task is not None and task.cancelling():  # which redis-py may take for an error of the connection
                raise asyncio.CancelledError from None
            raise _AwayError(_sentence(error), sent=True) from None
        except BaseException:  # a cancelled caller does not read the answer
            await connection.disconnect(nowait=True)
            raise
        finally:
            await self._pool.release(connection)

    async def _run(self, script: str, keys: Sequence[str], *given: Any) -> str:
        digest = hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()
        command = (len(keys), *keys, self._who, *given)
        try:
            return _text(await self._ask("EVALSHA", digest, *command))
        except exceptions.NoScriptError:  # Redis was started anew
            return _text(await self._ask("EVAL", script, *command))

    async def _patiently(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask again for a while if Redis is away. Raises `NotStoredError`, or `UnclearError` if something was sent."""
        self._begin_beating()
        sent, until = False, time.monotonic() + PATIENCE_S
        while True:
            if self._closed:
                raise NotStoredError(f"{self._address}: the mock is stopping")
            if self._taken:
                raise NotStoredError(f"{self._address}: {TAKEN}")
            if not sent and self._down_since is not None and time.monotonic() > self._down_since + PATIENCE_S:
                raise NotStoredError(f"{self._address}: {self._why_down}")
            try:
                found = await ask()
            except _AwayError as away:
                sent = sent or away.sent
                self._note_down(str(away))
                if time.monotonic() < until:
                    await asyncio.sleep(RETRY_S)
                    continue
                why = f"{self._address}: {away}"
                if not sent:
                    raise NotStoredError(why) from None
                raise UnclearError(why, partial(self._at_last, ask)) from None
            except exceptions.ResponseError as error:
                if not sent:
                    raise NotStoredError(f"{self._address}: {_sentence(error)}") from None
                raise UnclearError(f"{self._address}: {_sentence(error)}", partial(self._at_last, ask)) from None
            return found

    async def _at_last(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask again until there is an answer, however long that takes. Raises `NotStoredError` only at the end."""
        while not self._closed:
            try:
                return await ask()
            except _AwayError as away:
                self._note_down(str(away))
            except exceptions.ResponseError:
                pass
            await asyncio.sleep(RETRY_S)
        raise NotStoredError(f"{self._address}: the mock is stopping")

    def _decided(self, answer: str, generation: int = 0) -> str:
        """Return what a script answered. Raises what its refusals mean."""
        if answer == "gone":
            raise GoneError(generation)
        if answer == "moved":
            raise MovedError(f"the tail of {generation} is elsewhere")
        if answer in REFUSED:
            raise NotStoredError(f"{self._address}: {REFUSED[answer]}")
        return answer

    async def _decide(self, script: str, keys: Sequence[str], *given: Any, generation: int = 0) -> str:
        async def ask() -> str:
            return self._decided(await self._run(script, keys, *given), generation)

        found: str = await self._patiently(ask)
        return found

    async def _read(self, *command: Any) -> Any:
        """Return what a command finds that changes nothing. Raises `NotStoredError` if Redis is away."""
        try:
            return await self._patiently(partial(self._ask, *command))
        except UnclearError as unclear:
            raise NotStoredError(str(unclear)) from None

    # --- signs of life

    def watch(self, doubt: Callable[[], None]) -> None:
        self._doubt = doubt
        self._begin_beating()

    async def hold(self) -> None:
        self._begin_beating()
        while (now := time.monotonic()) > self._leased_until:
            self._over_since = self._over_since or now
            if self._taken:
                raise NotStoredError(f"{self._address}: {TAKEN}")
            if self._closed or now > self._over_since + PATIENCE_S:
                raise NotStoredError(f"{self._address}: {self._why_down}")
            await asyncio.sleep(RETRY_S / 5)

    def _begin_beating(self) -> None:
        if self._beating is None and not self._closed:
            self._beating = asyncio.create_task(self._beat())

    def _note_down(self, why: str) -> None:
        self._why_down = why
        if self._down_since is None:
            self._down_since = time.monotonic()
            logger.error("the change log cannot be reached, so changes are refused: %s: %s", self._address, why)

    async def _beat(self) -> None:
        """Renew the lease all the time, and notice what has happened to the log meanwhile."""
        while True:
            try:
                until = time.monotonic() + LEASE_S
                answer = await self._run(RENEW, (self._log, self._lease), int(LEASE_S * 1000))
                if answer != "ok":
                    answer = await self._take_again(answer)
                elif await self._restarted():
                    answer = "back"
            except _AwayError as away:
                self._note_down(str(away))
                await asyncio.sleep(RETRY_S)
                continue
            except exceptions.ResponseError as error:
                self._note_down(_sentence(error))
                await asyncio.sleep(BEAT_S)
                continue
            if answer != "held":
                self._leased_until, self._over_since = until, None
            if self._down_since is not None:
                self._down_since = None
                logger.warning("the change log can be reached again: %s", self._address)
                answer = "held" if answer == "held" else "back"
            if answer not in ("ok", "held"):
                self._doubt()
            await asyncio.sleep(BEAT_S)

    async def _restarted(self) -> bool:
        """Say whether Redis is another process than it was; its files may be older than what it had."""
        found = re.search(r"run_id:(\w+)", _text(await self._ask("INFO", "server")))
        before, self._run_id = self._run_id, found[1] if found else ""
        return before != self._run_id

    async def _take_again(self, answer: str) -> str:
        """Take the log that Redis has lost, or that another process had; while that one lives, change nothing."""
        if answer == "held" and not self._taken:
            self._taken = True
            logger.error("%s: %s", self._address, TAKEN)
        given = (int(LEASE_S * 1000), FORMAT, __version__)
        if await self._run(TAKE, (self._log, self._lease), *given):
            return "held"
        self._taken = False
        self.term += 1
        return "taken"

    # --- reading

    def _world(self, generation: int) -> str:
        return f"{self._prefix}:world:{generation}"

    def _changes(self, generation: int) -> str:
        return f"{self._prefix}:changes:{generation}"

    def _parts(self, snapshot: str) -> str:
        return f"{self._prefix}:parts:{snapshot}"

    async def worlds(self) -> list[Registered]:
        found = []
        for generation in sorted(map(int, await self._read("HVALS", self._worlds))):
            name, head = await self._read("HMGET", self._world(generation), "name", "head")
            if name is not None:
                found.append(Registered(_text(name), generation, head))
        return found

    async def _stands(self, generation: int) -> tuple[int, int, str]:
        """Return the tail of a generation, and where its snapshot stands and is."""
        found = await self._read("HMGET", self._world(generation), "tail", "position", "snapshot")
        if found[0] is None:
            raise GoneError(generation)
        return int(found[0]), int(found[1]), _text(found[2])

    async def snapshot(self, generation: int) -> tuple[int, list[bytes]]:
        while True:
            _, position, snapshot = await self._stands(generation)
            parts: list[bytes] = []
            while found := await self._read("LRANGE", self._parts(snapshot), len(parts), len(parts) + PARTS_SLICE - 1):
                parts += found
            if (await self._stands(generation))[2] == snapshot:  # no other one has taken its place meanwhile
                return position, parts

    async def after(self, generation: int, position: int) -> list[tuple[int, bytes]]:
        tail, begin, _ = await self._stands(generation)
        if not begin <= position <= tail:
            raise MovedError(f"what is kept is from {begin} to {tail}, not after {position}")
        found: list[tuple[int, bytes]] = []
        while position < tail:
            entries = await self._read("XRANGE", self._changes(generation), f"{position + 1}-0", "+", "COUNT", SLICE)
            for name, (_, _, _, data) in entries:
                if int(name.partition(b"-")[0]) != position + 1:
                    raise MovedError(f"what came after {position} is cut")
                position += 1
                found.append((position, data))
            if not entries:
                raise MovedError(f"what came after {position} is cut")
        return found

    # --- writing

    async def append(self, generation: int, position: int, token: bytes, changes: bytes) -> None:
        keys = (self._log, self._world(generation), self._changes(generation))
        await self._decide(APPEND, keys, position, token, changes, generation=generation)

    async def begin(self, name: str, head: bytes, parts: AsyncIterator[bytes]) -> int:
        snapshot, count = await self._put_parts(parts)
        keys = (self._log, self._worlds, self._parts(snapshot))
        try:
            answer = await self._decide(BEGIN, keys, self._prefix, name, head, snapshot, count)
        except UnclearError as error:
            unclear = error

            async def settled() -> int:
                return _number(await unclear.settled())

            raise UnclearError(str(unclear), settled) from None
        return _number(answer)

    async def drop(self, name: str, generation: int) -> None:
        await self._decide(DROP, (self._log, self._worlds), self._prefix, name, generation)

    async def compact(self, generation: int, position: int, parts: AsyncIterator[bytes]) -> None:
        _, old, _ = await self._stands(generation)
        snapshot, count = await self._put_parts(parts)
        keys = (self._log, self._world(generation), self._parts(snapshot))
        await self._decide(COMPACT, keys, self._prefix, position, snapshot, count, generation=generation)
        with contextlib.suppress(NotStoredError):  # the next one trims what is left
            for upto in [*range(old + SLICE, position, SLICE), position]:  # Redis serves others in between
                await self._read("XTRIM", self._changes(generation), "MINID", f"{upto + 1}-0")

    async def _put_parts(self, parts: AsyncIterator[bytes]) -> tuple[str, int]:
        """Write parts, and return what they are found by and how many they are."""
        snapshot, count = os.urandom(8).hex(), 0
        key = self._parts(snapshot)
        try:
            async for part in parts:
                count += 1
                await self._read("RPUSH", key, part)  # one that was repeated is noticed by their number
                await self._read("EXPIRE", key, WRITTEN_S)
        except BaseException:
            with contextlib.suppress(NotStoredError):
                await self._read("UNLINK", key)
            raise
        return snapshot, count

    async def leave_loop(self) -> None:
        await self._end_beating()
        with contextlib.suppress(_AwayError, exceptions.RedisError):
            until = time.monotonic() + FIRST_LEASE_S
            if await self._run(RENEW, (self._log, self._lease), int(FIRST_LEASE_S * 1000)) == "ok":
                self._leased_until = until
        await self._pool.disconnect()

    async def _end_beating(self) -> None:
        while self._beating is not None and not self._beating.done():
            self._beating.cancel()  # more than once, since redis-py may take a cancellation for a broken connection
            await asyncio.wait([self._beating], timeout=RETRY_S)
        self._beating = None

    async def close(self) -> None:
        self._closed = True
        await self._end_beating()
        with contextlib.suppress(_AwayError, exceptions.RedisError):
            await self._run(RELEASE, (self._log, self._lease))
        await self._pool.disconnect()


REFUSED = {"lost": EMPTIED, "held": TAKEN, "broken": BROKEN}


class _AwayError(Exception):
    """Redis did not answer; ``sent`` says whether it may have got the command all the same."""

    def __init__(self, why: str, *, sent: bool) -> None:
        """Say why."""
        super().__init__(why)
        self.sent = sent


def _number(begun: str) -> int:
    return int(begun.removeprefix("begun "))


def _parsed(url: str, password: str | None) -> tuple[str, dict[str, Any]]:
    """Return what a log is called without its secrets, and how it is connected to."""
    parts = urlsplit(url)
    try:
        port = parts.port or DEFAULT_PORT
    except ValueError:
        port = 0
    database = parts.path.strip("/") or "0"
    if not parts.hostname or not port or not database.isdecimal() or parts.query or parts.fragment:
        raise LogError("--log: expected redis://HOST:PORT/0, or rediss:// for TLS")  # not the URL: it may have a secret
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    given = {
        "host": parts.hostname,
        "port": port,
        "db": int(database),
        "username": unquote(parts.username) if parts.username else None,
        "password": password or (unquote(parts.password) if parts.password else None),
        "socket_timeout": ANSWER_S,
        "socket_connect_timeout": ANSWER_S,
        "protocol": 2,
    }
    return f"{parts.scheme}://{host}:{port}/{database}", given


def _sentence(error: Exception) -> str:
    text = str(error).partition("\n")[0].strip()
    known = {
        "NOAUTH": "it wants a password, which MOCKSPACES_LOG_PASSWORD gives",
        "Authentication required": "it wants a password, which MOCKSPACES_LOG_PASSWORD gives",
        "WRONGPASS": "it refuses the password",
        "invalid username-password": "it refuses the password",
        "without any password configured": "it has no password, and MOCKSPACES_LOG_PASSWORD gives one",
        "OOM": "Redis has no memory left",
        "command not allowed when used memory": "Redis has no memory left",
        "MISCONF": "Redis cannot write to its disk",
        "loading the dataset": "Redis is reading its files",
        "CERTIFICATE_VERIFY_FAILED": "its certificate is of no CA that is trusted here, which SSL_CERT_FILE may name",
        "Timeout": "it does not answer",
        "Connection refused": "connection refused",
        "Connection closed": "it closed the connection",
    }
    return next((said for part, said in known.items() if part in text), text or type(error).__name__)


def _text(given: Any) -> str:
    return given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)
