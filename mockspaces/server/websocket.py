"""Our WebSocket connections: uvicorn's protocol on websockets, entered with a handshake that was judged already.

It differs from uvicorn's in these points:

* The handshake comes from our HTTP parser, with its limits. The library reads lines of at most 8 KB and 128 of them,
  and raises in a place where nobody answers; it is given the few lines that it needs.
* What comes at once is read in slices: a quarter of a megabyte of tiny frames would hold the loop half a second.
* A client that does not read its pongs is not read either; they would wait in memory without a bound.
* A message of very many fragments is put together on the way, since an empty one takes memory too.
"""

import asyncio
import logging
from asyncio import BaseTransport
from collections import deque
from typing import Any, cast
from urllib.parse import unquote

from uvicorn._types import ASGIReceiveEvent
from uvicorn.protocols.utils import ClientDisconnected
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from websockets.frames import Frame
from websockets.http11 import Request

from mockspaces.cloud.store.transaction import STOPPING
from mockspaces.server.handshake import Lines, values

SLICE = 4 * 1024  # of nothing but tiny frames takes some 15 ms
MOST_FRAGMENTS = 1024
HEAD = (
    b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: %s\r\n\r\n"
)

INVALID_UTF8 = "Invalid UTF-8 sequence received from client."  # what uvicorn logs of a frame, with a traceback

logger = logging.getLogger("mockspaces.websocket")
logger.setLevel(logging.WARNING)  # below, uvicorn writes the URL of each with its token
# A client whose text is no UTF-8 is told so by the close code (RT-EP-08); the mock has done nothing wrong.
logger.addFilter(lambda record: record.msg != INVALID_UTF8)


class WebSocketProtocol(WebSocketsSansIOProtocol):
    """One WebSocket, from its handshake on."""

    _held = False  # the client does not read its pongs

    def connection_made(self, transport: BaseTransport) -> None:
        """Take a connection over."""
        super().connection_made(transport)
        self._rest: deque[bytes] = deque()
        self.logger = self.conn.logger = logger
        self.default_headers = self.default_headers[:1]  # the date; a WebSocket is kept alive otherwise

    def connection_lost(self, exc: Exception | None) -> None:
        """End reading for good: the parser of the library holds what it is held by."""
        super().connection_lost(exc)
        self.conn.parser.close()
        self._rest.clear()

    def shake_hands(self, url: bytes, headers: Lines) -> None:
        """Answer a handshake that `handshake_problem` found nothing wrong with."""
        self._url, self._headers = url, headers
        super().data_received(HEAD % values(headers, b"sec-websocket-key")[0])

    def handle_connect(self, event: Request) -> None:
        """Start the application, which is told what the client really sent."""
        super().handle_connect(event)
        path, _, query = self._url.partition(b"?")
        offered = b",".join(values(self._headers, b"sec-websocket-protocol")).decode("latin-1")
        cast("dict[str, Any]", self.scope).update(
            path=unquote(path.decode("ascii")),
            raw_path=path,
            query_string=query,
            headers=self._headers,
            subprotocols=[name.strip() for name in offered.split(",") if name.strip()],
        )

    async def run_asgi(self) -> None:
        """Run the application; when the server stops, a socket that is still open ends without a word."""
        app = self.app

        async def interruptible(scope: Any, receive: Any, send: Any) -> None:
            try:
                await app(scope, receive, send)
            except asyncio.CancelledError as interruption:
                if STOPPING not in interruption.args:
                    raise
                raise ClientDisconnected from None

        self.app = interruptible
        await super().run_asgi()

    # --- reading

    def data_received(self, data: bytes) -> None:
        """Read what came, at most a slice at a time."""
        if self._rest or self._held or len(data) > SLICE or not self.handshake_complete:
            waits = bool(self._rest)
            self._rest.extend(data[start : start + SLICE] for start in range(0, len(data), SLICE))
            self.transport.pause_reading()
            if not waits:
                self._go_on()
        else:
            super().data_received(data)

    def _go_on(self) -> None:
        """Read the next slice, once the application has taken what came before and the client its pongs."""
        if not self._rest or self._held or not (self.handshake_complete and self.queue.empty()):
            return
        if self.transport.is_closing():
            return
        super().data_received(self._rest.popleft())
        if self._rest:
            self.loop.call_soon(self._go_on)
        elif not self.read_paused and not self._held:
            self.transport.resume_reading()

    async def receive(self) -> ASGIReceiveEvent:
        """Return the next message; when there is none left, go on reading."""
        if self._rest and self.queue.empty():
            self.loop.call_soon(self._go_on)
        return await super().receive()

    def handle_ping(self) -> None:
        """Answer, and read nothing more from a client that lets the answers wait."""
        super().handle_ping()
        if not self.writable.is_set() and not self._held:
            self._held = True
            self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Go on reading when the client has read."""
        super().resume_writing()
        if self._held:
            self._held = False
            if self._rest:
                self._go_on()
            elif not self.read_paused:
                self.transport.resume_reading()

    def shutdown(self) -> None:
        """End the connection in whatever state it is."""
        try:
            super().shutdown()
        except Exception:
            logger.exception("a WebSocket could not be ended")
            self.transport.abort()

    def handle_cont(self, event: Frame) -> None:
        """Take a fragment."""
        super().handle_cont(event)
        if len(self.frames) > MOST_FRAGMENTS:
            self.frames = [b"".join(self.frames)]
