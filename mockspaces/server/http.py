"""Our HTTP connections: uvicorn's protocol on httptools, with what it leaves open closed.

How this works. `HttpProtocol` reads what a client sends in slices, so that nobody holds the loop for long, and
leaves parser, connections and unusual answers to uvicorn. It differs in these points, each for a reason:

* An offer of another protocol changes nothing unless it is a WebSocket (RFC 9110, 7.8). The parser ends a message
  at the head of any upgrade, and uvicorn answers it before its body has come (encode/uvicorn#1501 asks for h2c;
  Java's HTTP client offers it with each call). We read the head once more without the offer.
* A WebSocket handshake is judged here, by our limits: the library's own (8 KB a line, 128 lines, no body) raise
  where nobody answers. One that is none is answered as the plain request that it is.
* What cannot be read goes to the application as a `Rejection`, so that it is in the journal of its world; uvicorn
  answers in plain text by itself.
* A head is bounded; the parser would collect one of any size.
* The last answer of a connection arrives although its request was not read to the end: closing a socket that has
  something left to read resets it, and the answer is lost on the way (RFC 9112, 9.6).
* An answer that comes whole is sent in one piece, head and body, after one look at it.
* A connection that never asks anything, or half a head, ends after a while.
"""

import asyncio
import logging
import re
from asyncio.events import TimerHandle
from collections import deque
from functools import lru_cache
from itertools import chain
from string import punctuation
from typing import Any, cast
from urllib.parse import quote, unquote

import httptools
from uvicorn._types import ASGI3Application, ASGIReceiveEvent, HTTPScope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol, RequestResponseCycle

from mockspaces.asgi.refused import REFUSED, REFUSED_UPGRADE
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.store.transaction import STOPPING
from mockspaces.contract import errors
from mockspaces.server.handshake import handshake_problem

HEAD_BYTES = 64 * 1024
HEAD_S = 30  # how long a head may take that has begun
SLICE = 16 * 1024  # a slice of nothing but tiny requests takes some 20 ms
LINGER_S, LINGER_IDLE_S = 30, 5  # the figures of nginx, lingering_time and lingering_timeout
FIRST_REQUEST_S = 0.1  # who connects mostly asks something at once
KEEP_ALIVE_S = 75  # no usual interval of polling; announced, so that clients do not reuse what is about to end

_REQUEST_LINE = re.compile(rb"([!#$%&'*+.^_`|~0-9A-Za-z-]+) ([^ \r\n]*)(?: (HTTP/[0-9.]+))?")
_TLS = b"\x16\x03"
PRINTABLE = punctuation  # beside letters and digits, whatever may stand in a target
NOT_ASCII = "the target has bytes that are not percent-encoded"

# Headers whose names need no check, and which say nothing that the connection has to heed.
USUAL = frozenset(
    b"""access-control-allow-headers access-control-allow-methods access-control-allow-origin
    access-control-expose-headers access-control-max-age cache-control content-disposition content-length
    content-security-policy content-type date etag keep-alive location pragma referrer-policy retry-after
    set-cookie vary x-content-type-options x-frame-options""".split()
)
_CONTROLS = bytes([*range(0x09), *range(0x0A, 0x20), 0x7F])  # a tab may stand in a value

logger = logging.getLogger("mockspaces")


class UnreadableError(Exception):
    """Raised out of a callback of the parser: the request is refused, and nothing more is read."""

    def __init__(self, rejection: Rejection) -> None:
        """Refuse with ``rejection``."""
        super().__init__(rejection.why)
        self.rejection = rejection


class Lingering:
    """What the last cycle of a connection sees of the transport: closing it lets the answer arrive first."""

    __slots__ = ("_protocol", "is_closing", "write")

    def __init__(self, protocol: "HttpProtocol") -> None:
        """Stand for the transport of ``protocol``."""
        self._protocol = protocol
        self.write = protocol.transport.write
        self.is_closing = protocol.transport.is_closing

    def close(self) -> None:
        """Say that nothing more comes, and close when the client has stopped sending, or after a while."""
        self._protocol.linger()


class Cycle(RequestResponseCycle):
    """One request and its answer."""

    broken = False  # the rest of the body cannot be read
    _start: Any = None  # of an answer, until its first part comes

    async def run_asgi(self, app: ASGI3Application) -> None:
        """Carry the request out; when the server stops, an answer that nobody reads is given up without a word."""
        failure: BaseException | None = None
        try:
            await app(self.scope, self.receive, self.send)
        except asyncio.CancelledError as interruption:
            if STOPPING in interruption.args:
                self.disconnected = True  # it will be: the server cuts off whoever is left
            else:
                failure = interruption
        except RuntimeError as error:  # uvloop's word for a connection that was cut off, until the protocol is told
            if self.transport.is_closing():
                self.disconnected = True
            else:
                failure = error
        except BaseException as error:  # noqa: BLE001 - uvicorn decides what becomes of it
            failure = error
        if failure is None and self.response_complete:
            self.on_response = _nothing  # or the protocol and its last request would hold each other
            return

        async def ended(_scope: Any, _receive: Any, _send: Any) -> None:
            if failure:
                raise failure

        await super().run_asgi(ended)  # answers what was not, or closes, and says so in the log

    async def send(self, message: Any) -> None:
        """Send an answer that comes in one part, head and body, at once; leave any other to uvicorn.

        Most answers are such ones, and head and body by themselves cost a fifth of a call.
        """
        if message["type"] == "http.response.start" and b"content-length" in dict(message.get("headers", ())):
            self._start = message  # whoever sends without a length may have nothing more to say for long
            return
        start, self._start = self._start, None
        if start is not None:
            head = self._usual_head(start, message)
            if head is not None:
                self.waiting_for_100_continue = False
                self.response_started = self.response_complete = True
                self.transport.write(head + message.get("body", b""))
                self.message_event.set()
                self.on_response()
                return
            await super().send(start)
        await super().send(message)

    def _usual_head(self, start: Any, first: Any) -> bytes | None:
        """Return the head of an answer that is whole, and of which nothing has to be changed or checked any more."""
        if first.get("more_body") or not self.keep_alive or self.disconnected or self.flow.write_paused:
            return None
        headers = start["headers"]
        if (b"content-length", b"%d" % len(first.get("body", b""))) not in headers or self.scope["method"] == "HEAD":
            return None
        lines = [_line(name, value) for name, value in chain(self.default_headers, headers)]
        return None if None in lines else b"".join((STATUS_LINE[start["status"]], *lines, b"\r\n"))  # type: ignore[arg-type]  # None is not among them

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next part of the body; one that cannot be read ends like that of a client who left."""
        message = await super().receive()
        return {"type": "http.disconnect"} if self.broken else message


class HttpProtocol(HttpToolsProtocol):
    """One connection."""

    _head = 0  # at least as many bytes as the head has that is being read; 0 between heads
    _slice = 0
    _inside = False  # a message has begun and not ended
    _problem = ""
    _offer = False
    _last = False  # nothing more is read as a request
    _running: RequestResponseCycle | None = None
    _stopping = False
    _head_timer: TimerHandle | None = None
    _linger_timers: tuple[TimerHandle, ...] = ()

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Give a connection that never asks anything as long as one that has ended asking."""
        super().connection_made(transport)
        self.access_log = False  # uvicorn writes one as soon as anybody logs anything; the journal has a better one
        self._rest: deque[bytes] = deque()
        self._idle_since = self.loop.time()
        self._idle_timer = self.loop.call_later(KEEP_ALIVE_S, self._end_if_idle)

    @property
    def has_just_come(self) -> bool:
        """Whether its first request must be on its way."""
        return self._before is None and self.loop.time() - self._idle_since < FIRST_REQUEST_S

    def _end_if_idle(self) -> None:
        """End a connection that was idle for long; looking now and then costs less than a timer for each request."""
        left = self._idle_since + KEEP_ALIVE_S - self.loop.time()
        before = self._before
        if left <= 0 and not self._last and not self._head:  # else there are timers of their own
            left = KEEP_ALIVE_S
            if before is None or before.response_complete:
                self.transport.close()
                return
            if before.more_body:
                why = f"nothing of the body came for {KEEP_ALIVE_S} s"
                self._break(before, Rejection(errors.REQUEST_TIMEOUT, why))
        self._idle_timer = self.loop.call_later(max(left, 1), self._end_if_idle)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timers, and what has not begun; who answers finds that nobody is there."""
        super().connection_lost(exc)  # which tells the request that came last, and that may wait behind the running one
        running, self._running = self._running, None
        if running and not running.response_complete:
            running.disconnected = True
            running.message_event.set()
        self.pipeline.clear()
        self.cycle = cast("RequestResponseCycle", None)  # as at the beginning; they hold each other
        self._rest.clear()
        for timer in (self._idle_timer, self._head_timer, *self._linger_timers):
            if timer:
                timer.cancel()

    @property
    def _before(self) -> RequestResponseCycle | None:
        """The request that came last; uvicorn does not say that there may be none yet."""
        return self.cycle

    # --- reading

    def data_received(self, data: bytes) -> None:
        """Read what came, at most a slice at a time."""
        if self._last:
            self._wait_for_the_end()
        elif self._rest or len(data) > SLICE:
            waits = bool(self._rest)
            self._rest.extend(data[start : start + SLICE] for start in range(0, len(data), SLICE))
            self.transport.pause_reading()
            if not waits:
                self._go_on()
        else:
            self._feed(data)

    def _go_on(self) -> None:
        """Read the next slice, unless requests wait already: whoever sends many at once waits for the answers."""
        if not self._rest or self.pipeline or self.transport.is_closing():
            return
        self._feed(self._rest.popleft())
        if self._last:
            self._rest.clear()
        if self._rest:
            self.loop.call_soon(self._go_on)
        elif not self.flow.read_paused and not self._last:
            self.transport.resume_reading()

    def _feed(self, data: bytes) -> None:
        self._slice = len(data)
        inside = self._inside
        if self._head:
            self._head += len(data)
        try:
            self.parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self._take_offer(data[upgrade.args[0] :])
        except httptools.HttpParserCallbackError as error:
            cause = error.__context__
            if not isinstance(cause, UnreadableError):
                raise
            self._refuse(cause.rejection)
        except httptools.HttpParserError as error:
            unread = b"" if inside else _unread(data)
            self._refuse(_explained(error, unread), unread)
        else:
            if self._head > HEAD_BYTES + SLICE:  # the first slice may hold the end of another message
                self._refuse(_too_large())
            elif self._head and not self._head_timer:
                self._head_timer = self.loop.call_later(HEAD_S, self._head_overdue)

    def on_message_begin(self) -> None:
        """Begin to count the head."""
        super().on_message_begin()
        self._inside = True
        self._head = self._slice

    def on_headers_complete(self) -> None:
        """Start a request, unless its head is too large or offers something, which is looked at first."""
        if self._head > HEAD_BYTES and _size(self.url, self.headers) > HEAD_BYTES:
            raise UnreadableError(_too_large())
        self._head = 0
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None
        self._offer = self.parser.should_upgrade()
        if self._offer:
            return
        url = self.url
        if not url.isascii():
            raise UnreadableError(_not_ascii(url))
        self._idle_since = self.loop.time()
        version, parsed = self.parser.get_http_version(), httptools.parse_url(url)
        path = parsed.path.decode("ascii")
        scope = self.scope
        scope["method"], scope["http_version"] = self.parser.get_method().decode("ascii"), version
        scope["path"], scope["raw_path"] = unquote(path) if "%" in path else path, parsed.path
        scope["query_string"] = parsed.query or b""
        if self._problem:
            _open(scope)[REFUSED_UPGRADE], self._problem = self._problem, ""
        before, cycle = self._before, self._cycle(keep_alive=version != "1.0" and self.parser.should_keep_alive())
        self.cycle = cycle
        if before is None or before.response_complete:
            self._start_asgi_task(cycle, self.app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((cycle, self.app))

    def on_body(self, body: bytes) -> None:
        """Take a part of a body; an upgrade has none here, its head is read once more."""
        if not self._offer:
            self._idle_since = self.loop.time()
            super().on_body(body)

    def on_message_complete(self) -> None:
        """Note the end of a message; that of an upgrade is not the end of its request."""
        self._inside = False
        if not self._offer:
            self.cycle.more_body = False
            self.cycle.message_event.set()

    def _cycle(self, *, keep_alive: bool) -> Cycle:
        """Return the request that ``self.scope`` describes; the last one of a connection says so, and lingers."""
        shared = self.server_state.default_headers
        return Cycle(
            scope=self.scope,
            transport=self.transport if keep_alive else cast("asyncio.Transport", Lingering(self)),
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=shared if keep_alive else [header for header in shared if header[0] != b"keep-alive"],
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=keep_alive,
            on_response=self.on_response_complete,
        )

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Start a request."""
        self._running = cycle
        super()._start_asgi_task(cycle, app)

    def _head_overdue(self) -> None:
        self._head_timer = None
        self._refuse(Rejection(errors.REQUEST_TIMEOUT, f"the head of the request took longer than {HEAD_S} s"))

    # --- offers of other protocols

    def _take_offer(self, rest: bytes) -> None:
        """Switch to WebSocket, or read the head once more without the offer; ``rest`` is what came after it."""
        problem = ""
        if self._get_upgrade() == b"websocket":
            before = self._before
            busy = before and not before.response_complete
            problem = "earlier requests are not answered yet" if busy else self._handshake_problem()
            if not problem:
                self._switch(rest)
                return
        head = self._head_without_offer()
        self.parser = httptools.HttpRequestParser(self)
        self._problem = problem
        self._feed(head + rest)

    def _handshake_problem(self) -> str:
        method, version = self.parser.get_method(), self.parser.get_http_version()
        return handshake_problem(method, version, self.headers) if self.url.isascii() else NOT_ASCII

    def _head_without_offer(self) -> bytes:
        lines = [b"%s %s HTTP/%s" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())]
        for name, value in self.headers:
            if name == b"upgrade":
                continue
            kept = value
            if name == b"connection":
                kept = b", ".join(word for word in value.split(b",") if word.strip().lower() != b"upgrade")
            lines.append(b"%s: %s" % (name, kept))
        return b"\r\n".join([*lines, b"", b""])

    def _switch(self, rest: bytes) -> None:
        """Hand the connection over to a WebSocket, which answers the handshake."""
        self.connections.discard(self)
        self._last = True
        self._idle_timer.cancel()  # it would keep all this, and look every second, for as long as the process lives
        from mockspaces.server.websocket import WebSocketProtocol  # noqa: PLC0415 - a sixth of a start, loaded after it

        protocol = WebSocketProtocol(config=self.config, server_state=self.server_state, app_state=self.app_state)
        protocol.connection_made(self.transport)
        self.transport.set_protocol(protocol)
        rest = b"".join([rest, *self._rest])
        self._rest.clear()
        del self.parser  # they hold each other
        protocol.shake_hands(self.url, self.headers)
        self.transport.resume_reading()
        if rest:
            protocol.data_received(rest)

    # --- refusing

    def _refuse(self, rejection: Rejection, unread: bytes = b"") -> None:
        """Let the application answer and record what could not be read, as the last thing of this connection.

        ``unread`` is the request from its beginning, if the parser did not come as far as its target.
        """
        if self._last or self.transport.is_closing():
            return
        self._last = True
        if self._head_timer:
            self._head_timer.cancel()
            self._head_timer = None
        before = self._before
        if before and before.more_body:  # what could not be read is a part of its body
            self._break(before, rejection)
            return
        if not self._head:
            self.on_message_begin()
        self._head = 0
        line = _REQUEST_LINE.match(unread)
        method, target = (line[1], line[2]) if line else (b"?", b"")
        if self.url:
            method, target = self.parser.get_method(), self.url
        path, _, query = target[:HEAD_BYTES].partition(b"?")
        shown = path.decode("utf-8", "replace")
        _open(self.scope).update(
            {
                "method": method.decode(),
                "path": shown if shown.startswith("/") else "/",
                "raw_path": quote(path, PRINTABLE).encode(),
                "query_string": quote(query, PRINTABLE).encode(),
                REFUSED: rejection,
            }
        )
        self.cycle = self._cycle(keep_alive=False)
        if before is None or before.response_complete:
            self._start_asgi_task(self.cycle, self.app)
        else:
            self.pipeline.appendleft((self.cycle, self.app))

    def _break(self, cycle: RequestResponseCycle, rejection: Rejection) -> None:
        """Let a request end whose body cannot be read any further; its answer is the last one."""
        if cycle.response_complete:
            self.linger()
            return
        cast("Cycle", cycle).broken = True
        _open(cycle.scope)[REFUSED] = rejection
        cycle.keep_alive = False
        cycle.transport = cast("asyncio.Transport", Lingering(self))
        cycle.message_event.set()

    # --- the end

    def shutdown(self) -> None:
        """End the connection, after the answer that is under way; whoever stops is never held up by a connection."""
        self._stopping = True
        try:
            super().shutdown()
        except Exception:
            logger.exception("a connection could not be ended")
            self.transport.abort()

    def on_response_complete(self) -> None:
        """Go on with what was held back; after the last answer nothing is."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self._linger_timers:
            return
        if self._stopping:  # an answer that was under way when the server stopped is the last one
            self.transport.close()
        elif self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self._rest:
            self._go_on()
        else:
            self._idle_since = self.loop.time()

    def linger(self) -> None:
        """End the own half of the connection; the client's half is read and thrown away until it ends, or a while."""
        self._rest.clear()
        if self._linger_timers or self.transport.is_closing():
            return
        if self._stopping or not (self._last or self.cycle.more_body):  # everything was read: a close loses nothing
            self.transport.close()
            return
        self._last = True
        if self.transport.can_write_eof():
            self.transport.write_eof()
        self._linger_timers = (self.loop.call_later(LINGER_S, self.transport.close), self._silence_timer())
        self.transport.resume_reading()

    def _silence_timer(self) -> TimerHandle:
        return self.loop.call_later(LINGER_IDLE_S, self.transport.close)

    def _wait_for_the_end(self) -> None:
        if self._linger_timers:
            self._linger_timers[1].cancel()
            self._linger_timers = (self._linger_timers[0], self._silence_timer())


@lru_cache(maxsize=512)  # a server says the same over and over
def _line(name: bytes, value: bytes) -> bytes | None:
    """Return a header as a line; None for one that needs a look, or whose value could begin a header of its own."""
    checked = name in USUAL and len(value.translate(None, _CONTROLS)) == len(value)
    return b"%b: %b\r\n" % (name, value) if checked else None


def _nothing() -> None:
    """Do nothing any more when an answer is complete."""


def _open(scope: HTTPScope) -> dict[str, Any]:
    """Return a scope as what it is, a dictionary that may have keys of ours."""
    return cast("dict[str, Any]", scope)


def _size(url: bytes, headers: list[tuple[bytes, bytes]]) -> int:
    return len(url) + sum(len(name) + len(value) + 4 for name, value in headers)


def _too_large() -> Rejection:
    return Rejection(errors.HEAD_TOO_LARGE, f"request line and headers are larger than {HEAD_BYTES} bytes")


def _not_ascii(url: bytes) -> Rejection:
    byte = next(byte for byte in url if byte > 0x7F)  # noqa: PLR2004 - the last byte of ASCII
    return invalid("", f"byte 0x{byte:02X} in the target: percent-encode it")


class _Ends:
    """Hears from a parser that a message has ended."""

    ended = False

    def on_message_complete(self) -> None:
        self.ended = True


def _unread(data: bytes) -> bytes:
    """Return the request in ``data`` that cannot be read, without those before it.

    The parser does not say where it was, so that another one reads the same byte by byte.
    """
    ends, begin = _Ends(), 0
    parser = httptools.HttpRequestParser(ends)
    for at in range(len(data)):
        try:
            parser.feed_data(data[at : at + 1])
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            break
        if ends.ended:
            ends.ended, begin = False, at + 1
    return data[begin:].lstrip(b"\r\n")


def _explained(error: httptools.HttpParserError, unread: bytes) -> Rejection:
    """Say in words what a parser did not understand; ``unread`` is the request from its beginning, if it is known."""
    line = _REQUEST_LINE.match(unread)
    method = line[1].decode() if line else ""
    if unread.startswith(_TLS):
        return invalid("", "this is TLS, and the port speaks plain HTTP")
    if line and line[3] == b"HTTP/2.0":
        return invalid("", "this is HTTP/2, and the port speaks HTTP/1.1")
    if line and method != method.upper():
        return invalid("", f'methods are in capitals, not "{method}"')
    if line and any(byte > 0x7F for byte in line[2]):  # noqa: PLR2004 - the last byte of ASCII
        return _not_ascii(line[2])
    if isinstance(error, httptools.HttpParserInvalidMethodError) and line and line[3]:
        return invalid("", f'"{method}" is no method')
    return invalid("", f"this is no HTTP/1.1: {error}")
