"""A mock in this process that recorded calls are played to: requests, sockets, and its own control API."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import unquote_to_bytes, urlsplit

import msgspec
from starlette.types import ASGIApp, Message, Scope

HOST = "127.0.0.1:8080"
TURNS = 40  # of the loop, until what a call has caused is said on sockets
QUIET_S = 0.003


class Refused(Exception):
    """The mock does not make what a recording shows."""


class Socket:
    """A WebSocket to the mock."""

    def __init__(self) -> None:
        """Have not been opened."""
        self.said = asyncio.Queue[Message]()
        self.heard: list[str] = []
        self.status = 0
        self.task: asyncio.Task[None] | None = None
        self.left = False

    async def send(self, message: Message) -> None:
        """Take what the mock says."""
        match message["type"]:
            case "websocket.accept":
                self.status = 101
            case "websocket.http.response.start":
                self.status = message["status"]
            case "websocket.close" if not self.status:
                self.status = 403
            case "websocket.send" if message.get("text") is not None:
                self.heard.append(message["text"])

    def say(self, text: str) -> None:
        """Say something to the mock."""
        self.said.put_nowait({"type": "websocket.receive", "text": text})

    def leave(self) -> None:
        """Go away."""
        self.left = True
        self.said.put_nowait({"type": "websocket.disconnect", "code": 1000})


class Stage:
    """The mock."""

    def __init__(self, app: ASGIApp) -> None:
        """Take an application whose world is empty."""
        self._app = app
        self._sockets: list[Socket] = []

    async def ask(
        self, method: str, target: str, headers: Sequence[tuple[str, str]] = (), body: bytes = b""
    ) -> tuple[int, list[tuple[bytes, bytes]], bytes]:
        """Send a request and return status, headers and body of the answer."""
        parts = urlsplit(target)
        sent = [(name.encode("latin-1", "replace"), value.encode("latin-1", "replace")) for name, value in headers]
        scope = {**_scope("http", parts.path, parts.query, sent), "method": method}
        bodies = [body]
        found: list[Any] = [0, [], b""]

        async def receive() -> Message:
            if bodies:
                return {"type": "http.request", "body": bodies.pop(), "more_body": False}
            return {"type": "http.disconnect"}

        async def send(message: Message) -> None:
            if message["type"] == "http.response.start":
                found[:2] = message["status"], list(message.get("headers", ()))
            elif message["type"] == "http.response.body":
                found[2] += message.get("body", b"")

        await self._app(scope, receive, send)
        return found[0], found[1], found[2]

    async def control(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        """Make a control call. Raises `Refused`."""
        headers = [("content-type", "application/json")]
        status, _headers, answer = await self.ask(method, f"/_mock{path}", headers, msgspec.json.encode(body))
        found = msgspec.json.decode(answer)
        if status != 200:  # noqa: PLR2004 - every control call answers so
            raise Refused(str(found.get("code")))
        return found

    async def open(self, path: str, query: str) -> Socket:
        """Open a WebSocket."""
        socket = Socket()
        socket.said.put_nowait({"type": "websocket.connect"})
        scope = {**_scope("websocket", path, query, []), "subprotocols": [], "scheme": "ws"}
        socket.task = asyncio.create_task(self._serve(scope, socket))
        self._sockets.append(socket)
        await self.settle()
        return socket

    async def _serve(self, scope: Scope, socket: Socket) -> None:
        await self._app(scope, socket.said.get, socket.send)

    async def settle(self) -> None:
        """Wait until everything that was caused has been said."""
        if all(one.left for one in self._sockets):
            return
        before = -1
        while before != (before := sum(len(one.heard) for one in self._sockets)):
            for _turn in range(TURNS):
                await asyncio.sleep(0)
            await asyncio.sleep(QUIET_S)

    async def close(self) -> None:
        """End all sockets."""
        for socket in self._sockets:
            socket.leave()
        tasks = [socket.task for socket in self._sockets if socket.task]
        if tasks:
            _done, pending = await asyncio.wait(tasks, timeout=1)
            for task in pending:
                task.cancel()


def _scope(kind: str, path: str, query: str, headers: list[tuple[bytes, bytes]]) -> Scope:
    host, _, port = HOST.partition(":")
    named = [(name, value) for name, value in headers if name not in (b"host", b"content-length")]
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "http",
        "server": (host, int(port)),
        "client": None,
        "path": unquote_to_bytes(path).decode("utf-8", "replace"),
        "raw_path": path.encode("ascii", "replace"),
        "query_string": query.encode("ascii", "replace"),
        "headers": [(b"host", HOST.encode()), *named],
    }
