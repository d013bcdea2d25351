"""Records what an application is asked and answers, as an HTTP archive with whole bodies.

The file is an archive after every entry: each is written over the end of the last one, with a new end. Credentials
stand in it by their form alone. A WebSocket is written when it has ended.
"""

import asyncio
import base64
import time
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from mockspaces import __version__
from mockspaces.contract import Contract
from mockspaces.traffic.archives import Content, Entry, Frame, Pair, PostData, Request, Response
from mockspaces.traffic.matching import Matcher
from mockspaces.traffic.redaction import Redactor

UNREAD_S = 0.1  # a refused request is waited for
SWITCHING = 101
NORMAL = 1000  # the code of a close that is no mistake
CLOSED = 8  # the opcode of the frame by which the server closes, with code and reason as its text
CREATOR = {"name": "mockspaces", "version": __version__}
BEGIN = b'{"log":{"version":"1.2","creator":%s,"entries":[\n' % msgspec.json.encode(CREATOR)
END = b"\n]}}\n"


class ArchiveFile:
    """An archive that grows by entries, and is whole after each; between them it is not open."""

    def __init__(self, path: Path) -> None:
        """Begin the file; whatever it held is gone. Raises `OSError`."""
        self._path = path
        self._first = True
        path.write_bytes(BEGIN + END)
        self._at = len(BEGIN)

    def add(self, entry: Any) -> None:
        """Write one more entry. Raises `OSError`."""
        part = (b"" if self._first else b",\n") + msgspec.json.encode(entry)
        with self._path.open("r+b") as file:
            file.seek(self._at)
            file.write(part + END)
        self._first = False
        self._at += len(part)


class Recorder:
    """An application that records another one."""

    def __init__(self, app: ASGIApp, path: Path, contract: Contract, *, control: bool = False) -> None:
        """Record into a file, with the calls of the control API as they are if that is wanted. Raises `OSError`."""
        self._app = app
        self._control = control
        self._file = ArchiveFile(path)
        self._everybody = Everywhere(contract)
        self._redactor = Redactor(contract, self._everybody, credentials_only=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass everything on, and keep what was said."""
        own = scope["type"] != "lifespan" and self._everybody.is_control(scope["path"])
        if scope["type"] == "lifespan" or (own and not self._control):
            await self._app(scope, receive, send)
            return
        kept = Kept(scope)

        async def heard() -> Message:
            message = await receive()
            kept.received(message)
            return message

        async def told(message: Message) -> None:
            kept.sent(message)
            if kept.answered:  # and what nobody has read is not to be had any more afterwards
                with suppress(TimeoutError):
                    async with asyncio.timeout(UNREAD_S):
                        while kept.unread:
                            kept.received(await receive())
            await send(message)

        try:
            await self._app(scope, heard, told)
        finally:
            shown = kept.entry() if own else self._redactor.entry(kept.entry())
            if shown is not None:
                self._file.add(shown)


class Everywhere(Matcher):
    """What a mock is asked is asked of the service, under whatever name."""

    def __init__(self, contract: Contract) -> None:
        """Take every host."""
        super().__init__(contract, every=True)

    def is_control(self, path: str) -> bool:
        """Whether a path is one of the mock's own."""
        return self.place(f"http://mock{path}") is None


class Kept:
    """One exchange, or one WebSocket, while it lasts."""

    def __init__(self, scope: Scope) -> None:
        """Begin with what the server knows of it."""
        self._scope = scope
        self._started = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        self._request = bytearray()
        self._response = bytearray()
        self._status = 0
        self._headers: list[tuple[bytes, bytes]] = []
        self._frames: list[Frame] = []
        self.unread = scope["type"] == "http" and not any(name == b"expect" for name, _ in scope["headers"])
        self.answered = False

    def received(self, message: Message) -> None:
        """Take in what the client said."""
        if message["type"] == "http.request":
            self._request += message.get("body", b"")
            self.unread &= message.get("more_body", False)
        elif message["type"] == "http.disconnect":
            self.unread = False
        elif message["type"] == "websocket.receive":
            self._frame("send", message)

    def sent(self, message: Message) -> None:
        """Take in what was answered."""
        match message["type"]:
            case "http.response.start" | "websocket.http.response.start":
                self._status, self._headers = message["status"], list(message.get("headers", ()))
            case "http.response.body" | "websocket.http.response.body":
                self._response += message.get("body", b"")
                self.answered = not message.get("more_body", False)
            case "websocket.accept":
                self._status, self._headers = SWITCHING, list(message.get("headers", ()))
            case "websocket.send":
                self._frame("receive", message)
            case "websocket.close" if self._status == SWITCHING:
                end = f"{message.get('code', NORMAL)} {message.get('reason') or ''}".rstrip()
                self._frames.append(Frame(type="receive", data=end, opcode=CLOSED, time=time.time()))

    def _frame(self, kind: str, message: Message) -> None:
        text = message.get("text")
        data = text if text is not None else base64.b64encode(message.get("bytes") or b"").decode()
        self._frames.append(Frame(type=kind, data=data, opcode=1 if text is not None else 2, time=time.time()))

    def entry(self) -> Entry:
        """Return it as an archive has it."""
        scope = self._scope
        headers = [Pair(name=name.decode("latin-1"), value=value.decode("latin-1")) for name, value in scope["headers"]]
        host = next((one.value for one in headers if one.name == "host"), "localhost")
        path = scope.get("raw_path") or scope["path"].encode()
        query = scope.get("query_string", b"")
        target = path.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")
        text, encoding = _text(bytes(self._response))
        sent, sent_encoding = _text(bytes(self._request))
        data = PostData(text=sent, encoding=sent_encoding) if sent else None
        answers = [Pair(name=one.decode("latin-1"), value=value.decode("latin-1")) for one, value in self._headers]
        return Entry(
            request=Request(
                method=scope.get("method", "GET"),
                url=f"{scope['scheme']}://{host}{target}",
                headers=headers,
                post_data=data,
            ),
            response=Response(
                status=self._status,
                headers=answers,
                content=Content(text=text, encoding=encoding, size=len(self._response)),
            ),
            started=self._started,
            connection=str((scope.get("server") or ("", ""))[1] or ""),
            frames=self._frames,
        )


def _text(body: bytes) -> tuple[str, str]:
    """Return a body as archives have it: text, or base64 where it is none."""
    try:
        return body.decode("utf-8"), ""
    except UnicodeDecodeError:
        return base64.b64encode(body).decode(), "base64"
