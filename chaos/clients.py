"""Connections of clients: to the REST and control API, and sockets of Engine.IO 3."""

import asyncio
import contextlib
import json
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode, urlsplit

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from chaos.history import Connection, History, WorldHistory

ANSWER_S = 30
STORED_NOT = "server.not_stored"
STOPPING = "server.stopping"


class UnsentError(Exception):
    """The request was never sent as a whole, so it cannot be carried out."""


class BrokenError(Exception):
    """The connection broke before the answer: the request was carried out or not."""


class Caller:
    """A connection to the HTTP API that is opened again when it is lost."""

    def __init__(self) -> None:
        self._url = ""
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    def close(self) -> None:
        """Break the connection."""
        if self._streams:
            self._streams[1].transport.abort()
            self._streams = None

    async def call(
        self, url: str, method: str, path: str, body: object = None, *, token: str = "", cut: str = ""
    ) -> tuple[int, Any]:
        """Return status and answer. Raises `UnsentError` and `BrokenError`, as the one that is ``cut`` always does."""
        content = b"" if body is None else json.dumps(body).encode()
        lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(url).netloc}", f"Content-Length: {len(content)}"]
        lines += ["Content-Type: application/json"] + ([f"Authorization: Bearer {token}"] if token else [])
        request = "\r\n".join([*lines, "", ""]).encode() + content
        if url != self._url:
            self.close()
        self._url = url
        if self._streams is None:
            try:
                self._streams = await asyncio.open_connection(*_place(url))
            except OSError as error:
                raise UnsentError(str(error)) from None
        reader, writer = self._streams
        if cut == "middle":
            writer.write(request[: -len(content) // 2])
            await self._drained(writer)
            writer.close()
            self._streams = None
            raise UnsentError("cut in the middle")
        writer.write(request)
        await self._drained(writer)
        if cut == "after":
            await asyncio.sleep(0)
            self.close()
            raise BrokenError("cut after the request")
        return await self._answer(reader)

    async def _drained(self, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError):
            await writer.drain()

    async def _answer(self, reader: asyncio.StreamReader) -> tuple[int, Any]:
        try:
            async with asyncio.timeout(ANSWER_S):
                head = await reader.readuntil(b"\r\n\r\n")
                length = next(
                    int(line.partition(b":")[2])
                    for line in head.lower().split(b"\r\n")
                    if line.startswith(b"content-length:")
                )
                answer = await reader.readexactly(length)
        except (OSError, asyncio.IncompleteReadError) as error:
            if isinstance(error, TimeoutError):
                raise
            self.close()
            raise BrokenError(str(error)) from None
        try:
            return int(head.split(b" ", 2)[1]), json.loads(answer or b"null")
        except ValueError:
            raise ValueError(f"no JSON is answered: {head + answer!r}") from None


def _place(url: str) -> tuple[str, int]:
    parts = urlsplit(url)
    return str(parts.hostname), int(parts.port or 80)


class Listener:
    """A socket of somebody who subscribes to the spaces of a world, connects again when it is lost, and may speak."""

    def __init__(
        self,
        history: History,
        world: WorldHistory,
        token: str,
        url: Callable[[], str],
        stopping: Callable[[], bool],
    ) -> None:
        """Listen at whatever ``url`` returns, until it is stopped; workers that are ``stopping`` refuse it."""
        self.connected = asyncio.Event()
        self.current: Connection | None = None
        self._history, self._world, self._token, self._url = history, world, token, url
        self._stopping = stopping
        self._socket: ClientConnection | None = None
        self._waiting: dict[str, asyncio.Future[Any]] = {}
        self._task = asyncio.create_task(self._stay())

    async def stop(self) -> None:
        """Leave for good."""
        self._task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await self._task

    def leave(self) -> None:
        """Break the connection without a word, as a machine that loses its power."""
        if self._socket is not None:
            self._socket.transport.abort()

    async def say(self, space: str, text: str) -> Any:
        """Send a message and return it as it is heard, or the payload of the refusal. Raises `BrokenError`."""
        return await self._asked(
            text, "SEND_MESSAGE", {"category": "chat", "topicId": space, "content": {"bodyText": text}}
        )

    async def barrier(self) -> None:
        """Wait until all is heard that was on its way. Raises `BrokenError` if the connection is lost."""
        await self._asked("3", "", None)

    async def _asked(self, key: str, event: str, payload: Any) -> Any:
        if self._socket is None:
            raise BrokenError("there is no connection")
        self._waiting[key] = answer = asyncio.get_running_loop().create_future()
        answer.add_done_callback(lambda one: one.cancelled() or one.exception())  # nobody asks if it cannot be sent
        try:
            frame = f"42/chat,{json.dumps([event, payload])}" if event else "2"
            await self._socket.send(frame)
            async with asyncio.timeout(ANSWER_S):
                return await answer
        except (OSError, WebSocketException) as error:
            if isinstance(error, TimeoutError):
                raise
            raise BrokenError(str(error)) from None
        finally:
            self._waiting.pop(key, None)

    async def _stay(self) -> None:
        while True:
            with contextlib.suppress(OSError, WebSocketException, EOFError):
                await self._listen()
            self.connected.clear()
            if self.current is not None:
                self.current.alive = False
            self.current = self._socket = None
            for one in self._waiting.values():
                if not one.done():
                    one.set_exception(BrokenError("the socket is lost"))
            await asyncio.sleep(0.02)

    async def _listen(self) -> None:
        query = urlencode({"token": self._token, "tokenType": "oauth", "EIO": 3, "transport": "websocket"})
        url = self._url()
        if not url:
            return
        address = f"ws://{urlsplit(url).netloc}{self._world.prefix}/socket.io/?{query}"
        options: dict[str, Any] = {"compression": None, "ping_interval": None, "proxy": None, "max_queue": None}
        async with connect(address, open_timeout=ANSWER_S, close_timeout=0.1, **options) as socket:
            await socket.recv()
            await socket.recv()
            await socket.send("40/chat")
            joined = str(await socket.recv())
            if not joined.startswith("40"):
                if STORED_NOT not in joined and not (STOPPING in joined and self._stopping()):
                    self._history.problem(f"a socket is refused: {joined}")
                raise EOFError
            self._socket = socket
            self.current = connection = Connection()
            self._world.connections.append(connection)
            for space in self._world.spaces:
                channel = {"channel": {"_id": space, "type": "topic"}, "version": "1.1"}
                await socket.send(f"42/chat,{json.dumps(['SUBSCRIBE_CHANNEL', channel])}")
            async for frame in socket:
                self._hear(str(frame), connection)

    def _hear(self, frame: str, connection: Connection) -> None:
        if frame == "3":
            self._answer("3", None)
        if not frame.startswith("42/chat,"):
            return
        event, payload = [*json.loads(frame[len("42/chat,") :]), None][:2]
        if event == "CHANNEL_SUBSCRIBED":
            self._subscribed(payload, connection)
        elif event == "MESSAGE_SENT" and payload["category"] in ("chat", "idea"):
            text = payload["content"]["bodyText"]
            if payload["modified"] is None:
                connection.heard.append((payload["topicId"], payload["_id"], text))
            else:
                connection.edited.append((payload["_id"], text))
            self._answer(text, payload)
        elif event.endswith("_FAILED"):
            if STORED_NOT not in frame:
                self._history.problem(f"a socket is told {frame}")
            elif event == "SEND_MESSAGE_FAILED":
                for key in [key for key in self._waiting if key != "3"]:
                    self._answer(key, {"refused": frame})
            else:
                self.leave()

    def _subscribed(self, payload: Any, connection: Connection) -> None:
        number = f"{self._world.prefix} {payload['dtsid']}"
        if number in self._history.subscriptions:
            self._history.problem(f"two subscriptions have the number {number}")
        self._history.subscriptions.add(number)
        connection.since[payload["channel"]["_id"]] = self._history.now()
        if len(connection.since) == len(self._world.spaces):
            self.connected.set()

    def _answer(self, key: str, payload: Any) -> None:
        waiting = self._waiting.get(key)
        if waiting is not None and not waiting.done():
            waiting.set_result(payload)
