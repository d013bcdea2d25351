"""A change log in Redis, which any number of processes share: its workers.

How this works. A world is a hash (its name, its tail, where its snapshot stands), a stream of change sets whose ids are
their positions, and a list with the parts of its snapshot. Whatever decides something is one script, so Redis does it
whole or not at all: an append looks at the generation and at the tail before it writes. The tail is kept in the hash
and not taken from the stream, which is empty after a compaction. A generation that is in no hash is gone; numbers are
never given twice, not even by a Redis that has lost everything, so that is the tombstone of a world that was dropped.

A change set carries a token, drawn by whoever appends it. So whoever lost the answer asks again with the same token, as
often as needed, and it is stored once. Only asking again makes that certain: to read would be too early where a paused
Redis has not read the first attempt yet. Whoever reads on shows the token of what they have last: a Redis that came
back without its end, and to which others have appended since, has another one there.

Two workers that write to one world take turns: one whose append came too late reserves the world before it tries again,
for a moment, and appends of others come too late until then. Whoever waits for that comes before who had it last.
Should the moment pass, nothing breaks: it is again the tail that decides.

Workers give signs of life. One that gives none for a while is dead for the others, and its sockets are gone. Whoever
appends says so on a channel that all workers hear, so that they need not be asked to follow.

States are written in parts to a list that nothing refers to until the last step, and which expires until then.
"""

import asyncio
import contextlib
import hashlib
import logging
import math
import os
import ssl
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from functools import cache, partial
from typing import Any, NoReturn, cast
from urllib.parse import unquote, urlsplit

import msgspec
from redis import Redis, exceptions
from redis.backoff import NoBackoff
from redis.retry import Retry

from mockspaces import __version__
from mockspaces.changelog.encoding import FORMAT
from mockspaces.changelog.line import AwayError, Line, Place, sentence
from mockspaces.changelog.log import (
    ChangeSet,
    GoneError,
    LogError,
    MovedError,
    Notes,
    NotStoredError,
    Registered,
    Stand,
    UnclearError,
)

DEFAULT_PORT = 6379
OLDEST = (6, 2)  # trims streams by id
LEASE_S = 3.0  # without a sign of life, after which a worker is taken for dead
FIRST_LEASE_S = 10.0  # until the process serves and renews it
BEAT_S = LEASE_S / 5
PATIENCE_S = 1.5  # so long a call waits for a Redis that is gone for a moment
RETRY_S = 0.05
ANSWER_S = 3.0  # so long Redis may take for anything
SKEW_S = 0.25  # by which clocks may differ
RESERVED_MS = 50  # so long a world is kept for one worker at most
TURN_S = 0.001  # so long it waits before it asks again for a world that another one has reserved
NEXT_MS = 20  # so long nobody comes before who has waited longest, should they not ask again
WRITTEN_S = 3600  # so long parts stay that nothing refers to, and tokens of notes
NOTES = 10_000  # that are kept of a run, and
NOTED_BYTES = 48 * 1024 * 1024  # so many bytes of them at most
NOTED_S = 7 * 24 * 3600  # so long without another one
SLICE = 500  # entries that are read or trimmed at a stretch
KEPT = 5000  # change sets before a snapshot: whoever lost the answer to an append finds it among them
PARTS_SLICE = 32
SECRET = frozenset({"control_token"})  # options that nobody is shown
logger = logging.getLogger("mockspaces")

# KEYS: log, workers. ARGV: prefix, who, milliseconds, format, program, options. Returns other options that are in use,
# and for how many milliseconds they are if whoever uses them gives no sign of life.
JOIN = """
local options = redis.call('hget', KEYS[1], 'options')
if options and options ~= ARGV[6] then
    local longest = 0
    for _, one in ipairs(redis.call('smembers', KEYS[2])) do
        longest = math.max(longest, redis.call('pttl', ARGV[1] .. ':worker:' .. one))
    end
    if longest > 0 then return {options, longest} end
end
redis.call('hsetnx', KEYS[1], 'format', ARGV[4])
redis.call('hset', KEYS[1], 'program', ARGV[5], 'options', ARGV[6])
redis.call('sadd', KEYS[2], ARGV[2])
redis.call('set', ARGV[1] .. ':worker:' .. ARGV[2], '1', 'px', ARGV[3])
return {}
"""
# KEYS: log, workers, news. ARGV: prefix, who, milliseconds, format, options. Returns the time and who lives. It is news
# of nothing, by which all know that they hear.
BEAT = """
redis.call('hsetnx', KEYS[1], 'format', ARGV[4])
redis.call('hsetnx', KEYS[1], 'options', ARGV[5])
redis.call('sadd', KEYS[2], ARGV[2])
redis.call('set', ARGV[1] .. ':worker:' .. ARGV[2], '1', 'px', ARGV[3])
redis.call('publish', KEYS[3], '')
local living = redis.call('time')
for _, one in ipairs(redis.call('smembers', KEYS[2])) do
    if redis.call('exists', ARGV[1] .. ':worker:' .. one) == 1 then
        living[#living + 1] = one
    else
        redis.call('srem', KEYS[2], one)
    end
end
return living
"""
# KEYS: world, changes, reserved, who is next. ARGV: position, token, most, who wants it reserved if anybody does, for
# how many milliseconds, and for how many the place of who is next is kept.
READ = """
local found = redis.call('hmget', KEYS[1], 'tail', 'token', 'position', 'at')
if not found[1] then return {'gone'} end
if ARGV[4] ~= '' then
    local holder, next = redis.call('get', KEYS[3]), redis.call('get', KEYS[4])
    if next and next ~= ARGV[4] and holder == ARGV[4] then redis.call('del', KEYS[3]) end
    if holder and holder ~= ARGV[4] or next and next ~= ARGV[4] then
        redis.call('set', KEYS[4], ARGV[4], 'px', ARGV[6], 'nx')
        return {'busy'}
    end
    redis.call('del', KEYS[4])
    redis.call('set', KEYS[3], ARGV[4], 'px', ARGV[5])
end
if found[1] == ARGV[1] then return {found[2] == ARGV[2] and 'ok' or 'moved'} end
if tonumber(found[1]) < tonumber(ARGV[1]) then return {'moved'} end
local mine = redis.call('xrange', KEYS[2], ARGV[1] .. '-0', ARGV[1] .. '-0')[1]
local known = mine and mine[2][2] or (found[3] == ARGV[1] and found[4]) or (ARGV[1] == '0' and '')
if known ~= ARGV[2] then return {'moved'} end
local next = string.format('%.0f', ARGV[1] + 1)
return {'ok', redis.call('xrange', KEYS[2], next .. '-0', '+', 'COUNT', ARGV[3])}
"""
# KEYS: world, changes, reserved, news. ARGV: position, its token, token, changes, who, generation.
APPEND = """
local found = redis.call('hmget', KEYS[1], 'tail', 'token')
if not found[1] then return 'gone' end
local next = string.format('%.0f', ARGV[1] + 1)
if found[1] ~= ARGV[1] or found[2] ~= ARGV[2] then
    local there = redis.call('xrange', KEYS[2], next .. '-0', next .. '-0')[1]
    return there and there[2][2] == ARGV[3] and 'ok' or 'moved'
end
local holder = redis.call('get', KEYS[3])
if holder and holder ~= ARGV[5] then return 'moved' end
redis.call('xadd', KEYS[2], next .. '-0', 'token', ARGV[3], 'data', ARGV[4])
redis.call('hset', KEYS[1], 'tail', next, 'token', ARGV[3])
if holder then redis.call('del', KEYS[3]) end
redis.call('publish', KEYS[4], ARGV[5] .. ' ' .. ARGV[6])
return 'ok'
"""
FORGET = """
local function forget(prefix, generation, news, who)
    local world = prefix .. ':world:' .. generation
    local snapshot = redis.call('hget', world, 'snapshot')
    if not snapshot then return end
    redis.call('unlink', world, prefix .. ':changes:' .. generation, prefix .. ':parts:' .. snapshot)
    redis.call('publish', news, who .. ' ' .. generation)
end
"""
# KEYS: log, worlds, parts, news. ARGV: prefix, who, name, head, snapshot, number of parts, generation in whose place it
# comes or nothing, position, its token. Asked again, it answers the same. The first number that is given is the time.
BEGIN = f"""{FORGET}
local old = redis.call('hget', KEYS[2], ARGV[3])
local stands = old and redis.call('hmget', ARGV[1] .. ':world:' .. old, 'snapshot', 'tail', 'token')
if old and stands[1] == ARGV[5] then return 'begun ' .. old end
if (old or '') ~= ARGV[7] then return 'moved' end
if old and (stands[2] ~= ARGV[8] or stands[3] ~= ARGV[9]) then return 'moved' end
if redis.call('llen', KEYS[3]) ~= tonumber(ARGV[6]) then return 'broken' end
local now = redis.call('time')
redis.call('hsetnx', KEYS[1], 'generation', string.format('%.0f', now[1] * 1000000 + now[2]))
local generation = string.format('%.0f', redis.call('hincrby', KEYS[1], 'generation', 1))
if old then forget(ARGV[1], old, KEYS[4], ARGV[2]) end
redis.call('persist', KEYS[3])
redis.call('hset', ARGV[1] .. ':world:' .. generation,
    'name', ARGV[3], 'head', ARGV[4], 'tail', '0', 'token', '', 'snapshot', ARGV[5], 'position', '0', 'at', '')
redis.call('hset', KEYS[2], ARGV[3], generation)
return 'begun ' .. generation
"""
# KEYS: worlds, used, news. ARGV: prefix, who, name, generation.
DROP = f"""{FORGET}
if redis.call('hget', KEYS[1], ARGV[3]) ~= ARGV[4] then return 'ok' end
redis.call('hdel', KEYS[1], ARGV[3])
redis.call('hdel', KEYS[2], ARGV[3])
forget(ARGV[1], ARGV[4], KEYS[3], ARGV[2])
return 'ok'
"""
# KEYS: world, parts, changes. ARGV: prefix, position, its token, snapshot, number of parts. Asked again, it answers the
# same; a newer snapshot stays.
COMPACT = """
local found = redis.call('hmget', KEYS[1], 'tail', 'snapshot', 'token', 'position')
if not found[1] then return 'gone' end
if found[2] == ARGV[4] or tonumber(found[4]) > tonumber(ARGV[2]) then return 'ok' end
local there = redis.call('xrange', KEYS[3], ARGV[2] .. '-0', ARGV[2] .. '-0')[1]
local known = there and there[2][2] or (found[1] == ARGV[2] and found[3])
if known ~= ARGV[3] then return 'moved' end
if redis.call('llen', KEYS[2]) ~= tonumber(ARGV[5]) then return 'broken' end
redis.call('persist', KEYS[2])
redis.call('hset', KEYS[1], 'snapshot', ARGV[4], 'position', ARGV[2], 'at', ARGV[3])
redis.call('unlink', ARGV[1] .. ':parts:' .. found[2])
return 'ok'
"""
# KEYS: used. ARGV: names of worlds.
TOUCH = """
local now = redis.call('time')[1]
for _, name in ipairs(ARGV) do redis.call('hset', KEYS[1], name, now) end
return 'ok'
"""
# KEYS: used. ARGV: the name of a world. Returns how long ago it was noted that it is used.
IDLE = "return string.format('%.0f', redis.call('time')[1] - (redis.call('hget', KEYS[1], ARGV[1]) or 0))"
# KEYS: notes, token of the last ones that this worker gave. ARGV: token, most, most bytes, seconds of the token, those
# of the notes, notes. Each stands beside the bytes that were ever written, so the bytes of all are known from two.
NOTE = """
if redis.call('get', KEYS[2]) == ARGV[1] then return 'ok' end
local last = redis.call('xrevrange', KEYS[1], '+', '-', 'count', 1)[1]
local position = last and tonumber(string.match(last[1], '%d+')) or 0
local bytes = last and tonumber(last[2][2]) or 0
for index = 6, #ARGV do
    position, bytes = position + 1, bytes + #ARGV[index]
    redis.call('xadd', KEYS[1], 'maxlen', '~', ARGV[2], string.format('%.0f-0', position),
        'bytes', string.format('%.0f', bytes), 'note', ARGV[index])
end
local first = redis.call('xrange', KEYS[1], '-', '+', 'count', 1)[1]
if bytes - tonumber(first[2][2]) > tonumber(ARGV[3]) then
    redis.call('xtrim', KEYS[1], 'maxlen', math.floor(redis.call('xlen', KEYS[1]) / 2))
end
redis.call('set', KEYS[2], ARGV[1], 'ex', ARGV[4])
redis.call('expire', KEYS[1], ARGV[5])
return 'ok'
"""
BROKEN = "the parts of a state were gone before it was complete"


class RedisLog:
    """The worlds below one prefix of keys. Raises `LogError` for a Redis that cannot be used."""

    shared = True

    def __init__(
        self,
        url: str,
        *,
        prefix: str,
        password: str | None = None,
        volatile: bool = False,
        options: Mapping[str, Any] | None = None,
    ) -> None:
        """Join the log, or make it; a ``volatile`` one may lose what it has. All workers have the same ``options``."""
        self._address, given = _parsed(url, password)
        self._prefix = prefix
        self.worker = os.urandom(4).hex()
        self._options = msgspec.json.encode(options or {}, order="sorted").decode()
        self._log, self._worlds, self._workers, self._used, self._news = (
            f"{prefix}:{name}" for name in ("log", "worlds", "workers", "used", "news")
        )
        secure = self._address.startswith("rediss:")
        with contextlib.closing(Redis(**given, ssl=secure, retry=Retry(NoBackoff(), 0))) as asked:
            try:
                self._prepare(asked, volatile=volatile)
            except (exceptions.RedisError, OSError) as error:
                raise LogError(f"--log: {self._address}: {sentence(error)}") from None
        place = Place(
            given["host"],
            given["port"],
            given["db"],
            given["username"],
            given["password"],
            ssl.create_default_context() if secure else None,
            ANSWER_S,
        )
        self._scripts, self._plain = Line(place), Line(place)  # so that what is large holds up no script
        self._listening = Line(place, self._heard)
        self._down_since: float | None = None
        self._why_down = "it gave no sign of life"
        self._heed: Callable[[frozenset[str]], None] = lambda _: None
        self._tell_news: Callable[[int | None], None] = lambda _: None
        self._beating: asyncio.Task[None] | None = None
        self._hearing: asyncio.Task[None] | None = None
        self._closed = False

    def _prepare(self, asked: Redis, *, volatile: bool) -> None:
        """Make sure that Redis keeps what it is given, and that the log is ours and nobody else's."""
        info: Any = asked.info()
        version = str(info["redis_version"])
        if tuple(map(int, version.split(".")[:2])) < OLDEST:
            self._refuse(f"is Redis {version}, and 6.2 is the oldest that will do")
        if info.get("role") != "master":
            self._refuse("is a replica, which cannot be written")
        accept = "or accept it by --log-volatile"
        policy = str(info.get("maxmemory_policy", "noeviction"))
        if not volatile and not info.get("aof_enabled"):
            self._refuse(f"has no append-only file, so its crash would lose changes: set appendonly yes, {accept}")
        if not volatile and policy.startswith("allkeys"):
            self._refuse(f"evicts keys ({policy}) when memory is short: set maxmemory-policy noeviction, {accept}")
        for key, expected in ((self._log, "hash"), (self._worlds, "hash"), (self._workers, "set")):
            kind = _text(asked.type(key))
            if kind not in (expected, "none"):
                self._refuse(f'has a {kind} of something else at the key "{key}"; choose another --log-prefix')
        there = asked.exists(self._log)  # before its format is read: another worker may make it in between
        found: Any = asked.hmget(self._log, ["format", "program"])
        known = int(found[0] or 0)
        if there and not known:
            self._refuse(f'has a hash of something else at the key "{self._log}"; choose another --log-prefix')
        if known > FORMAT:
            self._refuse(
                f"has a log that was written by mockspaces {_text(found[1])}, which is newer (format {known}): "
                f"this is mockspaces {__version__} (format {FORMAT})"
            )
        if known and known < FORMAT:
            self._refuse(f"has a log of the older format {known}, this mockspaces reads {FORMAT} only")
        self._join(asked)
        before = time.time()
        seconds, microseconds = asked.time()
        self.skew = _skew(seconds, microseconds, before)

    def _join(self, asked: Redis) -> None:
        """Join the workers; where others were killed a moment ago that had other options, wait until they are gone."""
        given = (2, self._log, self._workers, self._prefix, self.worker, int(FIRST_LEASE_S * 1000))
        left = math.inf
        while found := cast("list[Any]", asked.eval(JOIN, *given, FORMAT, __version__, self._options)):
            before, left = left, found[1]
            if left > before:  # it was renewed
                self._refuse_options(msgspec.json.decode(found[0]))
            time.sleep(RETRY_S)

    def _refuse_options(self, others: Mapping[str, Any]) -> NoReturn:
        mine = msgspec.json.decode(self._options)
        name = next(one for one in sorted({*mine, *others}) if mine.get(one) != others.get(one))
        shown = [msgspec.json.encode(one.get(name)).decode() for one in (others, mine)]
        if name in SECRET:
            shown = ["something else", "what it was given"]
        self._refuse(
            f"has a log whose workers have {shown[0]} as --{name.replace('_', '-')}, and this one {shown[1]}: "
            f'all workers of one --log-prefix ("{self._prefix}" here) have the same options'
        )

    def _refuse(self, why: str) -> NoReturn:
        raise LogError(f"--log: {self._address} {why}")

    # --- asking

    async def _run(self, script: str, keys: Sequence[str], *given: Any) -> Any:
        command = (len(keys), *keys, *given)
        try:
            return await self._scripts.ask("EVALSHA", _digest(script), *command)
        except exceptions.NoScriptError:  # Redis was started anew
            return await self._scripts.ask("EVAL", script, *command)

    async def _patiently(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask again for a while if Redis is away. Raises `NotStoredError`, or `UnclearError` if something was sent."""
        self._begin_beating()
        sent, until = False, time.monotonic() + PATIENCE_S
        while True:
            if self._closed:
                raise NotStoredError(f"{self._address}: the mock is stopping")
            if not sent and self._down_since is not None and time.monotonic() > self._down_since + PATIENCE_S:
                raise NotStoredError(f"{self._address}: {self._why_down}")
            try:
                found = await ask()
            except AwayError as away:
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
                    raise NotStoredError(f"{self._address}: {sentence(error)}") from None
                raise UnclearError(f"{self._address}: {sentence(error)}", partial(self._at_last, ask)) from None
            return found

    async def _at_last(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """Ask again until there is an answer, however long that takes. Raises `NotStoredError` only at the end."""
        while not self._closed:
            try:
                return await ask()
            except AwayError as away:
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
        if answer == "broken":
            raise NotStoredError(f"{self._address}: {BROKEN}")
        return answer

    async def _decide(self, script: str, keys: Sequence[str], *given: Any, generation: int = 0) -> str:
        async def ask() -> str:
            return self._decided(_text(await self._run(script, keys, *given)), generation)

        found: str = await self._patiently(ask)
        return found

    async def _read(self, *command: Any) -> Any:
        """Return what a command finds that may be given twice. Raises `NotStoredError` if Redis is away."""
        return await self._surely(partial(self._plain.ask, *command))

    async def _surely(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        try:
            return await self._patiently(ask)
        except UnclearError as unclear:
            raise NotStoredError(str(unclear)) from None

    # --- signs of life, and news

    def watch(self, heed: Callable[[frozenset[str]], None], news: Callable[[int | None], None]) -> None:
        self._heed, self._tell_news = heed, news
        self._begin_beating()
        self._hearing = asyncio.create_task(self._hear())

    async def workers(self) -> frozenset[str]:
        living: frozenset[str] = await self._surely(self._alive)
        return living

    async def _alive(self) -> frozenset[str]:
        given = (self._prefix, self.worker, int(LEASE_S * 1000), FORMAT, self._options)
        before = time.time()
        found = await self._run(BEAT, (self._log, self._workers, self._news), *given)
        skew = _skew(int(found[0]), int(found[1]), before)
        if abs(skew - self.skew) > SKEW_S:  # less is the time that the answer took
            self.skew = skew
        return frozenset(map(_text, found[2:]))

    def _begin_beating(self) -> None:
        if self._beating is None and not self._closed:
            self._beating = asyncio.create_task(self._beat())

    def _note_down(self, why: str) -> None:
        self._why_down = why
        if self._down_since is None:
            self._down_since = time.monotonic()
            logger.error("the change log cannot be reached, so changes are refused: %s: %s", self._address, why)

    async def _beat(self) -> None:
        """Give a sign of life all the time, and notice who else does."""
        before: frozenset[str] = frozenset()
        while True:
            try:
                living = await self._alive()
            except AwayError as away:
                self._note_down(str(away))
                await asyncio.sleep(RETRY_S)
                continue
            except exceptions.ResponseError as error:
                self._note_down(sentence(error))
                await asyncio.sleep(BEAT_S)
                continue
            if self._down_since is not None:
                self._down_since = None
                logger.warning("the change log can be reached again: %s", self._address)
                self._tell_news(None)
            if living != before:
                before = living
                self._heed(living)
            await asyncio.sleep(BEAT_S)

    async def _hear(self) -> None:
        """Hear what other workers have done; whenever that was interrupted, all worlds may have news."""
        while True:
            with contextlib.suppress(AwayError, exceptions.ResponseError):
                await self._listening.ask("SUBSCRIBE", self._news)
                self._tell_news(None)
                await self._listening.silent()
            await self._listening.close()
            await asyncio.sleep(RETRY_S)

    def _heard(self, message: Sequence[bytes]) -> None:
        who, _, generation = _text(message[2]).partition(" ")
        if generation and who != self.worker:
            self._tell_news(int(generation))

    # --- reading

    def _world(self, generation: int) -> str:
        return f"{self._prefix}:world:{generation}"

    def _changes(self, generation: int) -> str:
        return f"{self._prefix}:changes:{generation}"

    def _reserved(self, generation: int) -> str:
        return f"{self._prefix}:reserved:{generation}"

    def _parts(self, snapshot: str) -> str:
        return f"{self._prefix}:parts:{snapshot}"

    async def names(self) -> dict[str, int]:
        found = await self._read("HGETALL", self._worlds)
        return {_text(name): int(generation) for name, generation in zip(found[::2], found[1::2], strict=True)}

    async def world(self, name: str) -> Registered | None:
        before = None
        while (generation := await self._read("HGET", self._worlds, name)) not in (None, before):
            number, before = int(generation), generation
            head = await self._read("HGET", self._world(number), "head")
            if head is not None:  # else it was begun anew meanwhile, or dropped
                return Registered(name, number, head)
        return None

    async def _snapshot(self, generation: int) -> tuple[Stand, str]:
        found = await self._read("HMGET", self._world(generation), "position", "at", "snapshot")
        if found[0] is None:
            raise GoneError(generation)
        return Stand(int(found[0]), found[1]), _text(found[2])

    async def snapshot(self, generation: int) -> tuple[Stand, list[bytes]]:
        while True:
            stand, snapshot = await self._snapshot(generation)
            parts: list[bytes] = []
            while found := await self._read("LRANGE", self._parts(snapshot), len(parts), len(parts) + PARTS_SLICE - 1):
                parts += found
            if (await self._snapshot(generation))[1] == snapshot:  # no other one has taken its place meanwhile
                return stand, parts

    async def after(self, generation: int, stand: Stand, *, reserve: bool = False) -> list[ChangeSet]:
        reserved, who = self._reserved(generation), self.worker
        keys = (self._world(generation), self._changes(generation), reserved, f"{reserved}:next")
        found: list[ChangeSet] = []
        while True:
            given = (stand.position, stand.token, SLICE, who if reserve else "", RESERVED_MS, NEXT_MS)
            answer, *some = await self._surely(partial(self._run, READ, keys, *given))
            if answer == b"busy":
                await asyncio.sleep(TURN_S)
                continue
            self._decided(_text(answer), generation)
            for name, (_, token, _, data) in some[0] if some else ():
                if int(name.partition(b"-")[0]) != stand.position + 1:
                    raise MovedError(f"what came after {stand.position} is cut")
                stand = Stand(stand.position + 1, token)
                found.append(ChangeSet(stand, data))
            if not some or len(some[0]) < SLICE:
                return found

    # --- writing

    async def append(self, generation: int, stand: Stand, token: bytes, changes: bytes) -> None:
        keys = (self._world(generation), self._changes(generation), self._reserved(generation), self._news)
        given = (stand.position, stand.token, token, changes, self.worker, generation)
        await self._decide(APPEND, keys, *given, generation=generation)

    async def begin(self, name: str, head: bytes, parts: AsyncIterator[bytes], over: tuple[int, Stand] | None) -> int:
        snapshot, count = await self._put_parts(parts)
        keys = (self._log, self._worlds, self._parts(snapshot), self._news)
        place = (over[0], over[1].position, over[1].token) if over else ("", "", "")
        try:
            answer = await self._decide(BEGIN, keys, self._prefix, self.worker, name, head, snapshot, count, *place)
        except UnclearError as error:
            unclear = error

            async def settled() -> int:
                return _number(await unclear.settled())

            raise UnclearError(str(unclear), settled) from None
        return _number(answer)

    async def drop(self, name: str, generation: int) -> None:
        keys = (self._worlds, self._used, self._news)
        await self._decide(DROP, keys, self._prefix, self.worker, name, generation)

    async def compact(self, generation: int, stand: Stand, parts: AsyncIterator[bytes]) -> None:
        old, _ = await self._snapshot(generation)
        snapshot, count = await self._put_parts(parts)
        keys = (self._world(generation), self._parts(snapshot), self._changes(generation))
        given = (self._prefix, stand.position, stand.token, snapshot, count)
        await self._decide(COMPACT, keys, *given, generation=generation)
        first, last = max(0, old.position - KEPT), stand.position - KEPT
        with contextlib.suppress(NotStoredError):  # the next one trims what is left
            for upto in [*range(first + SLICE, last, SLICE), last]:  # Redis serves others in between
                if upto > 0:
                    await self._read("XTRIM", self._changes(generation), "MINID", f"{upto + 1}-0")

    async def touch(self, names: Sequence[str]) -> None:
        await self._read("EVAL", TOUCH, 1, self._used, *names)

    async def idle(self, name: str) -> float:
        return float(await self._read("EVAL", IDLE, 1, self._used, name))

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
        await self._end_tasks()
        await self._hang_up()

    async def _end_tasks(self) -> None:
        for task in (self._beating, self._hearing):
            while task is not None and not task.done():
                task.cancel()  # more than once, since redis-py may take a cancellation for a broken connection
                await asyncio.wait([task], timeout=RETRY_S)
        self._beating = self._hearing = None

    async def close(self) -> None:
        self._closed = True
        await self._end_tasks()
        with contextlib.suppress(AwayError, exceptions.RedisError):  # else its lease ends by itself
            await self._plain.ask("UNLINK", f"{self._prefix}:worker:{self.worker}")
        await self._hang_up()

    async def _hang_up(self) -> None:
        for line in (self._scripts, self._plain, self._listening):
            await line.close()

    # --- notes

    @property
    def notes(self) -> Notes:
        return self

    def _notes(self, run: str) -> str:
        return f"{self._prefix}:journal:{run}"

    async def note(self, run: str, notes: Sequence[bytes]) -> None:
        keys = (self._notes(run), f"{self._prefix}:noted:{self.worker}:{run}")
        await self._decide(NOTE, keys, os.urandom(8), NOTES, NOTED_BYTES, WRITTEN_S, NOTED_S, *notes)

    async def noted(self, run: str, after: int, limit: int) -> list[tuple[int, bytes]]:
        # With the last one that is known already: the newest ones are always there, unless Redis has lost some.
        known = 1 if after else 0
        entries = await self._read("XRANGE", self._notes(run), f"{after}-0", "+", "COUNT", limit + known)
        found = [(int(name.partition(b"-")[0]), note) for name, (_, _, _, note) in entries]
        if known and not found:
            raise MovedError(f"there are no notes from {after} on")
        return [one for one in found if one[0] > after][:limit]

    async def forget(self, run: str) -> None:
        await self._read("UNLINK", self._notes(run))


@cache
def _digest(script: str) -> str:
    return hashlib.sha1(script.encode(), usedforsecurity=False).hexdigest()


def _skew(seconds: int, microseconds: int, before: float) -> float:
    """Return how far the clock of Redis is ahead of ours, which was at ``before`` when it was asked."""
    skew = seconds + microseconds / 1e6 - (before + time.time()) / 2
    return skew if abs(skew) > SKEW_S else 0.0


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


def _text(given: Any) -> str:
    return given.decode("utf-8", "replace") if isinstance(given, bytes) else str(given)
