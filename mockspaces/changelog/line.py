"""A line to Redis: one connection, on which commands are sent without waiting for the answers to those before.

How this works. Redis answers commands in their order, so a queue of those that wait is all that tells which answer is
whose. Whatever is asked within one turn of the loop leaves with one system call. A line is opened when it is needed,
and again after it was lost; whoever asks meanwhile shares that. It is lost for all who wait on it when the oldest of
them has waited too long. Who is cancelled leaves an answer that nobody takes, and disturbs no other.

The connections of redis-py carry one command at a time, through a pool, streams and several timeouts: of processor
time that was 105 µs for a command, and is 16 here where 32 are asked at once.
"""

import asyncio
import ssl
from collections import deque
from collections.abc import Callable
from typing import Any, NamedTuple, cast

from hiredis import ProtocolError, Reader, pack_command
from redis.exceptions import NoScriptError, ResponseError

SILENT, CLOSED = "it does not answer", "the mock is stopping"
Command = tuple[str | float | bytes, ...]
Hear = Callable[[list[bytes]], None]


class AwayError(Exception):
    """Redis did not answer; ``sent`` says whether it may have got the command all the same."""

    def __init__(self, why: object, *, sent: bool) -> None:
        """Say why."""
        super().__init__(sentence(why))
        self.sent = sent


class Place(NamedTuple):
    """Where a Redis is, who one is there, and how many seconds it may take for anything."""

    host: str
    port: int
    database: int
    username: str | None
    password: str | None
    secure: ssl.SSLContext | None
    answer_s: float


class Line:
    """A connection that is there whenever it is needed. ``hear`` is called with what comes without being asked for."""

    def __init__(self, place: Place, hear: Hear | None = None) -> None:
        """Open nothing yet."""
        self._place = place
        self._hear = hear
        self._wire: Wire | None = None
        self._opening: asyncio.Task[Wire] | None = None

    async def ask(self, *command: str | float | bytes) -> Any:
        """Return the answer. Raises `AwayError` where that is not to be had, `ResponseError` for a refusal."""
        wire = self._wire
        if wire is None or wire.lost.done():
            wire = await self._opened()
        return await wire.ask(command)

    async def silent(self) -> None:
        """Return when the connection is lost, or nothing has come on it for too long."""
        wire = self._wire
        while wire is not None and wire.lively and not wire.lost.done():
            wire.lively = False
            await asyncio.wait([wire.lost], timeout=self._place.answer_s)

    async def close(self) -> None:
        """Let go of the connection; it is opened again if somebody asks."""
        if self._opening is not None:
            self._opening.cancel()
            await asyncio.wait([self._opening])
        if (wire := self._wire) is not None:
            await wire.end(CLOSED)
        self._wire = None

    async def _opened(self) -> "Wire":
        if self._opening is None or self._opening.done():
            self._opening = asyncio.create_task(self._open())
        return await asyncio.shield(self._opening)

    async def _open(self) -> "Wire":
        place, wire = self._place, Wire(self._place.answer_s, self._hear)
        why: object
        try:
            async with asyncio.timeout(place.answer_s):
                loop = asyncio.get_running_loop()
                await loop.create_connection(lambda: wire, place.host, place.port, ssl=place.secure)
                if place.password is not None:
                    names = () if place.username is None else (place.username,)
                    await wire.ask(("AUTH", *names, place.password))
                await wire.ask(("SELECT", place.database))
        except asyncio.CancelledError:  # by `close`; who asked is not cancelled by that
            why = CLOSED
        except TimeoutError:
            why = SILENT
        except (OSError, AwayError, ResponseError) as error:
            why = error
        else:
            self._wire = wire
            return wire
        await wire.end(why)
        raise AwayError(why, sent=False)


class Wire(asyncio.Protocol):
    """One connection, from when it is open until it is ``lost``."""

    def __init__(self, answer_s: float, hear: Hear | None) -> None:
        """Wait to be connected."""
        self.lost: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.lively = True  # something has come since somebody last looked
        self._answer_s = answer_s
        self._hear = hear
        self._loop = asyncio.get_running_loop()
        self._reader = Reader(replyError=_refusal)
        self._waiting: deque[tuple[float, asyncio.Future[Any]]] = deque()  # since when, for what
        self._leaving: list[bytes] = []
        self._watching: asyncio.TimerHandle | None = None
        self._transport: asyncio.Transport | None = None
        self._why: object = "Connection closed"

    def ask(self, command: Command) -> asyncio.Future[Any]:
        """Send a command, and return its answer to come. Raises `AwayError`."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise AwayError(self._why, sent=False)
        if not self._leaving:
            self._loop.call_soon(self._send)
        self._leaving.append(pack_command(command))  # type: ignore[arg-type]  # its stub knows tuples of one only
        answer, now = self._loop.create_future(), self._loop.time()
        self._waiting.append((now, answer))
        if self._watching is None:
            self._watching = self._loop.call_at(now + self._answer_s, self._watch)
        return answer

    def _send(self) -> None:
        """Let all that was asked in this turn of the loop leave with one system call."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(b"".join(self._leaving))
        self._leaving.clear()

    def _watch(self) -> None:
        """Give up if the oldest command was not answered in time; look again when that of the next one is over."""
        self._watching = None
        if not self._waiting:
            return
        due = self._waiting[0][0] + self._answer_s
        if due <= self._loop.time():
            self.lose(SILENT)
        else:
            self._watching = self._loop.call_at(due, self._watch)

    def lose(self, why: object) -> None:
        """Let go of the connection at once."""
        self._why = why
        if self._transport is not None:
            self._transport.abort()

    async def end(self, why: object) -> None:
        """Let go of the connection, if it was made, and return when it is lost."""
        self.lose(why)
        if self._transport is not None:
            await asyncio.wait([self.lost])

    # --- what the loop tells

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self.lively = True
        self._reader.feed(data)
        try:
            while (found := self._reader.gets()) is not False:
                self._take(found)
        except ProtocolError as error:
            self.lose(error)

    def _take(self, found: Any) -> None:
        if self._waiting:
            _, answer = self._waiting.popleft()
            if answer.done():  # who asked was cancelled
                return
            if isinstance(found, Exception):
                answer.set_exception(found)
            else:
                answer.set_result(found)
        elif self._hear is not None:
            self._hear(found)
        else:  # as from a Redis that has too many connections
            self.lose(found)

    def connection_lost(self, error: Exception | None) -> None:
        if self._watching is not None:
            self._watching.cancel()
        for _, answer in self._waiting:
            if not answer.done():
                answer.set_exception(AwayError(error or self._why, sent=True))
        self._waiting.clear()
        self.lost.set_result(None)


def _refusal(text: str) -> Exception:
    if text.startswith("NOSCRIPT"):
        return NoScriptError(text)
    if text.startswith("LOADING"):  # it has not carried out the command, and will soon
        return AwayError(text, sent=False)
    return ResponseError(text.removeprefix("ERR "))


def sentence(error: object) -> str:
    """Return what an error of Redis, or of the way to it, means."""
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
