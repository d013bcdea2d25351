"""A proxy before a mock that tells one lie at a time: python -m liars.proxy BEHIND FOLDER.

What no lie is about passes byte by byte, so that the truth is the mock's own. An exchange that a lie is about is read
whole, changed, and written anew; so are text frames of a WebSocket. What is no HTTP passes blindly.

Which lie is told is read from standard input, a name a line, and each is acknowledged by a line on standard output;
the first line there is the port. FOLDER holds the key files that a lie may sign with.
"""

import asyncio
import contextlib
import re
import struct
import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from liars.exchanges import Answer, Frames, Headers, Message, Request, Talk
from liars.keys import keys
from liars.lie import Lie
from liars.lies import TRUTH, every_lie

MOST_BYTES = 64 * 2**20
CHUNK = 65536
TEXT, MASKED, FINAL = 1, 0x80, 0x80
LONGEST = {126: "!H", 127: "!Q"}  # how a long frame tells its length
HEAD = re.compile(rb"([A-Z]+) (\S+) HTTP/1\.1\r\n")
STATUS = re.compile(rb"HTTP/1\.[01] (\d{3})")
SWITCHING, NO_CONTENT, NOT_MODIFIED = 101, 204, 304


class Pipe:
    """One direction's ends: a reader that counts, and the writer back."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def head(self) -> bytes:
        """Return a head with its empty line; what came, if it ends before."""
        try:
            return await self.reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError as ended:
            return ended.partial
        except asyncio.LimitOverrunError:
            return await self.reader.read(CHUNK)

    async def body(self, headers: Headers, *, of_answer: bool = False) -> tuple[bytes, bytes]:
        """Return a body as it stands on the wire, and what it says."""
        message = Message(headers)
        if "chunked" in message.header("Transfer-Encoding").lower():
            raw, said = b"", b""
            while True:
                line = await self.reader.readline()
                size = int(line.partition(b";")[0], 16)
                chunk = await self.reader.readexactly(size)
                end = await self.reader.readline()
                raw, said = raw + line + chunk + end, said + chunk
                if not size:
                    return raw, said
        length = message.header("Content-Length")
        if length:
            whole = await self.reader.readexactly(int(length))
            return whole, whole
        whole = await self.reader.read() if of_answer else b""
        return whole, whole

    async def write(self, *data: bytes) -> None:
        self.writer.writelines(data)
        await self.writer.drain()


def headers_of(head: bytes) -> Headers:
    lines = head.decode("latin-1").split("\r\n")[1:-2]
    pairs = [line.partition(":") for line in lines]
    return tuple((name, value.strip()) for name, _colon, value in pairs)


def written(line: str, message: Message) -> bytes:
    headers = "".join(f"{name}: {value}\r\n" for name, value in message.headers)
    return f"{line}\r\n{headers}\r\n".encode("latin-1")


async def passed(source: Pipe, target: Pipe) -> None:
    """Pass bytes on until the source ends, and say so to the target."""
    with contextlib.suppress(OSError):
        while data := await source.reader.read(CHUNK):
            await target.write(data)
        target.writer.write_eof()


async def both(one: asyncio.Task[None], other: asyncio.Task[None], *, first: bool = False) -> None:
    """Wait for two tasks, or for the first of them to end."""
    try:
        await asyncio.wait((one, other), return_when=asyncio.FIRST_COMPLETED if first else asyncio.ALL_COMPLETED)
    finally:
        one.cancel()
        other.cancel()
        await asyncio.gather(one, other, return_exceptions=True)


async def framed(source: Pipe, target: Pipe, talk: Talk, change: Frames, *, mask: bool) -> None:
    """Pass frames of a WebSocket on, text frames changed, until one side ends."""
    with contextlib.suppress(OSError, asyncio.IncompleteReadError):
        while True:
            first, second = head = await source.reader.readexactly(2)
            size, extra = second & 0x7F, b""
            if size in LONGEST:
                form = LONGEST[size]
                extra = await source.reader.readexactly(struct.calcsize(form))
                [size] = struct.unpack(form, extra)
            key = await source.reader.readexactly(4) if second & MASKED else b""
            payload = await source.reader.readexactly(size)
            if first != FINAL | TEXT:
                await target.write(head, extra, key, payload)
                continue
            text = masked(payload, key).decode("utf-8", "surrogateescape")
            for frame in change(talk, text):
                if frame == text:
                    await target.write(head, extra, key, payload)
                else:
                    await target.write(text_frame(frame, mask=mask))
    with contextlib.suppress(OSError):
        target.writer.write_eof()


def masked(payload: bytes, key: bytes) -> bytes:
    return bytes(byte ^ key[place % 4] for place, byte in enumerate(payload)) if any(key) else payload


def text_frame(text: str, *, mask: bool) -> bytes:
    payload = text.encode("utf-8", "surrogateescape")
    flag, size = MASKED if mask else 0, len(payload)
    if size < min(LONGEST):
        length = struct.pack("!B", flag | size)
    elif size < CHUNK:
        length = struct.pack("!BH", flag | 126, size)
    else:
        length = struct.pack("!BQ", flag | 127, size)
    return bytes([FINAL | TEXT]) + length + bytes(4 if mask else 0) + payload


class Connection:
    """One client, and the mock behind it."""

    def __init__(self, client: Pipe, behind: tuple[str, int], lie: Callable[[], Lie]) -> None:
        self._client = client
        self._behind = behind
        self._lie = lie
        self._mock: Pipe | None = None

    async def mock(self) -> Pipe:
        """Return the connection to the mock, a new one if the mock has ended it."""
        if self._mock is None or self._mock.reader.at_eof():
            self.drop()
            self._mock = Pipe(*await asyncio.open_connection(*self._behind, limit=MOST_BYTES))
        return self._mock

    def drop(self) -> None:
        """Close the connection to the mock."""
        if self._mock is not None:
            self._mock.writer.close()
        self._mock = None

    async def run(self) -> None:
        try:
            while await self._exchange():
                pass
        finally:
            self.drop()
            self._client.writer.close()

    async def _exchange(self) -> bool:
        """Pass one exchange on; return whether another may follow."""
        head = await self._client.head()
        if not head:
            return False
        found = HEAD.match(head)
        if found is None or not head.endswith(b"\r\n\r\n"):
            await self._blind(head)
            return False
        request = Request(headers_of(head), method=found[1].decode(), target=found[2].decode("latin-1"))
        lie = self._lie()
        if request.is_upgrade:
            return await self._upgraded(head, request, lie)
        if lie.concerns(request):
            return await self._lied(request, lie)
        return await self._untouched(head, request)

    async def _blind(self, head: bytes) -> None:
        mock = await self.mock()
        await mock.write(head)
        there, back = asyncio.create_task(passed(self._client, mock)), asyncio.create_task(passed(mock, self._client))
        await asyncio.wait((back,))
        await both(there, back, first=True)

    async def _untouched(self, head: bytes, request: Request) -> bool:
        """Pass an exchange that no lie is about, the body of the request while the answer may come already."""
        mock = await self.mock()
        await mock.write(head)

        async def sent() -> None:
            raw, _said = await self._client.body(request.headers)
            await mock.write(raw)

        sending = asyncio.create_task(sent())
        try:
            while True:
                answer_head = await mock.head()
                status = STATUS.match(answer_head)
                if status is None:  # ended without an answer, or no HTTP
                    await self._client.write(answer_head)
                    return False
                headers = headers_of(answer_head)
                await self._client.write(answer_head)
                if int(status[1]) >= 200:  # noqa: PLR2004 - below it another answer follows
                    break
            if has_body(request, int(status[1])):
                raw, _said = await mock.body(headers, of_answer=True)
                await self._client.write(raw)
            if ends(Message(headers)):
                with contextlib.suppress(OSError):
                    self._client.writer.write_eof()
                await asyncio.wait((sending,), timeout=1)
                return False
            await sending
            return not ends(request)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _lied(self, request: Request, lie: Lie) -> bool:
        if request.header("Expect"):
            await self._client.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request = request.with_header("Expect", None)
        _raw, said = await self._client.body(request.headers)
        told = await lie.change(replace(request, body=said), self._asked)
        await self._client.write(written(f"HTTP/1.1 {told.status} {told.reason}", told))
        if has_body(request, told.status):
            await self._client.write(told.body)
        return not (ends(told) or ends(request))

    async def _asked(self, request: Request) -> Answer:
        """Ask the mock and return its answer, whole."""
        mock = await self.mock()
        if request.header("Transfer-Encoding"):
            request = request.with_body(request.body)
        await mock.write(written(f"{request.method} {request.target} HTTP/1.1", request), request.body)
        head = await mock.head()
        while (status := STATUS.match(head)) is not None and int(status[1]) < 200:  # noqa: PLR2004 - as above
            head = await mock.head()
        if status is None:
            raise ConnectionResetError
        headers, body = headers_of(head), b""
        if has_body(request, int(status[1])):
            _raw, body = await mock.body(headers, of_answer=True)
        if ends(Message(headers)):
            self.drop()
        told = Answer(headers, body, status=int(status[1]))
        return told.with_body(body) if told.header("Transfer-Encoding") else told

    async def _upgraded(self, head: bytes, request: Request, lie: Lie) -> bool:
        mock = await self.mock()
        asked = lie.handshake(request)
        await mock.write(head if asked is request else written(f"{asked.method} {asked.target} HTTP/1.1", asked))
        answer_head = await mock.head()
        status = STATUS.match(answer_head)
        if status is None or int(status[1]) != SWITCHING:
            await self._client.write(answer_head)
            await passed(mock, self._client)
            return False
        await self._client.write(answer_head)
        talk = Talk(request)
        said = asyncio.create_task(framed(self._client, mock, talk, lie.says, mask=True))
        heard = asyncio.create_task(framed(mock, self._client, talk, lie.hears, mask=False))
        await asyncio.wait((said, heard), return_when=asyncio.FIRST_COMPLETED)
        await asyncio.wait((said, heard), timeout=1)  # a closing handshake goes both ways
        await both(said, heard, first=True)
        return False


def has_body(request: Request, status: int) -> bool:
    return request.method != "HEAD" and status not in (NO_CONTENT, NOT_MODIFIED)


def ends(message: Message) -> bool:
    return "close" in message.header("Connection").lower()


async def main(arguments: Sequence[str]) -> None:
    """Serve until standard input ends."""
    host, _colon, port = arguments[0].rpartition(":")
    keys.folder = Path(arguments[1])
    told = [TRUTH]
    running = set[asyncio.Task[None]]()

    async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - a callback of a server runs as a task
        running.add(task)
        try:
            await Connection(Pipe(reader, writer), (host, int(port)), lambda: told[0]).run()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            writer.close()  # broken off by either side, or of a run that is over
        finally:
            running.discard(task)

    server = await asyncio.start_server(connected, "127.0.0.1", 0, limit=MOST_BYTES)
    print(server.sockets[0].getsockname()[1], flush=True)
    loop = asyncio.get_running_loop()
    while line := (await loop.run_in_executor(None, sys.stdin.readline)).strip():
        for task in running:  # of a run that is over
            task.cancel()
        told[0] = {lie.name: lie for lie in (TRUTH, *every_lie())}[line]
        print(line, flush=True)
    server.close()
    for task in running:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
