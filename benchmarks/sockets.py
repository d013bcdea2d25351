"""What a socket costs: memory of a connected one, and fan-out beside a bare python-socketio room."""

import asyncio
import json
import sys
import time
from typing import Any, cast
from urllib.parse import urlencode, urlsplit

import uvloop
from websockets.frames import Frame, Opcode

from benchmarks.processes import MOCK, resident_mb, server
from benchmarks.report import Figure, ratio
from mockspaces.client import Mockspaces

FLOOR = (sys.executable, "-m", "benchmarks.floor_sockets")
SOCKETS, SUBSCRIBERS, MESSAGES, ROUNDS = 2000, 100, 60, 7
PATIENCE_S = 60


def frame(text: str) -> bytes:
    """Return a text frame as a client sends it."""
    return Frame(Opcode.TEXT, text.encode()).serialize(mask=True)


class Client(asyncio.Protocol):
    """A WebSocket that counts the frames it gets, and remembers the last one."""

    def __init__(self, url: str) -> None:
        """Connect to a ``ws`` URL with query."""
        self._url = urlsplit(url)
        self._buffer = b""
        self._open = False
        self._waiting: asyncio.Future[None] | None = None
        self._wanted = 0
        self.frames = 0
        self.last = b""

    async def connect(self) -> "Client":
        """Connect and shake hands."""
        loop = asyncio.get_running_loop()
        await loop.create_connection(lambda: self, self._url.hostname or "", self._url.port or 80)
        return self

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the upgrade."""
        self._transport = cast("asyncio.WriteTransport", transport)
        request = (
            f"GET {self._url.path}?{self._url.query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        )
        self._transport.write(request.encode())

    def data_received(self, data: bytes) -> None:
        """Count complete frames."""
        self._buffer += data
        if not self._open:
            head, mark, rest = self._buffer.partition(b"\r\n\r\n")
            if not mark:
                return
            assert b" 101 " in head, head
            self._open, self._buffer = True, rest
        while (size := _size(self._buffer)) and len(self._buffer) >= size:
            self.last, self._buffer = self._buffer[:size], self._buffer[size:]
            self.frames += 1
        if self._waiting and self.frames >= self._wanted and not self._waiting.done():
            self._waiting.set_result(None)

    def send(self, *texts: str) -> None:
        """Send text frames."""
        self._transport.write(b"".join(frame(text) for text in texts))

    async def until(self, frames: int) -> None:
        """Wait until so many frames have come in all."""
        if self.frames < frames:
            self._wanted, self._waiting = frames, asyncio.get_running_loop().create_future()
            async with asyncio.timeout(PATIENCE_S):
                await self._waiting

    def close(self) -> None:
        """End the connection at once."""
        self._transport.abort()


def _size(data: bytes) -> int:
    """Return the length of the unmasked frame that data begins with, 0 if its head is not complete."""
    if len(data) < 2:
        return 0
    short = data[1]
    if short < 126:
        return 2 + short
    head = 4 if short == 126 else 10
    return head + int.from_bytes(data[2:head]) if len(data) >= head else 0


class Target:
    """A server to connect to: how its clients open, join and subscribe."""

    def __init__(self, url: str, protocol: int, *, greeting: int, token: str = "", space: str = "") -> None:
        """``greeting`` is how many frames come before the namespace is joined."""
        query = {"EIO": str(protocol), "transport": "websocket", "token": token, "tokenType": "oauth"}
        self._url = f"{url.replace('http', 'ws', 1)}/socket.io/?{urlencode(query)}"
        self._greeting = greeting
        channel = {"channel": {"_id": space, "type": "topic"}}
        self._subscribe = f"42/chat,{json.dumps(['SUBSCRIBE_CHANNEL', channel])}"
        message = {"category": "chat", "topicId": space, "content": {"bodyText": "hello"}}
        self.message = f"42/chat,{json.dumps(['SEND_MESSAGE', message])}"

    async def client(self) -> Client:
        """Return a subscribed client."""
        client = await Client(self._url).connect()
        await client.until(self._greeting)
        client.send("40/chat,")
        await client.until(self._greeting + 1)
        client.send(self._subscribe)
        await client.until(self._greeting + 2)
        assert b"CHANNEL_SUBSCRIBED" in client.last, client.last
        return client

    async def clients(self, count: int) -> list[Client]:
        """Return many subscribed clients."""
        return [await self.client() for _ in range(count)]


def _mock(mock: Mockspaces, url: str, protocol: int) -> Target:
    token = mock.token("cleo@example.com")
    space = mock.call("POST", "/spaces", {"title": "Room", "owner": "cleo@example.com"})["_id"]
    return Target(url, protocol, greeting=2 if protocol == 3 else 1, token=token, space=space)


def memory() -> list[Figure]:
    """Memory of 2,000 connected and subscribed sockets of Engine.IO 3, each."""
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        measured = _run(_memory(_mock(mock, url, 3), pid))
        counted = mock.call("GET", "")["counts"]["sockets"]
    note = f"{SOCKETS} subscribed sockets, {counted} left when they are gone"
    return [Figure(what="memory per socket", measured=measured, budget=60, unit="KB", note=note)]


async def _memory(target: Target, pid: int) -> float:
    for client in await target.clients(20):
        client.close()
    await asyncio.sleep(0.5)
    before = resident_mb(pid)
    clients = await target.clients(SOCKETS)
    await asyncio.sleep(1)
    grown = resident_mb(pid) - before
    for client in clients:
        client.close()
    await asyncio.sleep(3)
    return grown * 1024 / SOCKETS


def fan_out() -> list[Figure]:
    """Messages of one socket to 100 subscribers, against a room emit of the same bytes."""
    figures = []
    for protocol in (3, 4):
        with server(MOCK) as (url, _), Mockspaces(url) as mock:
            target = _mock(mock, url, protocol)
            payload = _run(_payload(target))
            with server(FLOOR, json.dumps(payload).encode()) as (floor_url, _):
                floor = Target(floor_url, 4, greeting=1)
                rates = _run(_in_turn(target, floor))
        share = ratio(*rates)
        note = f"floor {_middle(rates[1]):.0f}/s, mock {_middle(rates[0]):.0f}/s frames, {SUBSCRIBERS} subscribers"
        what = f"fan-out, EIO {protocol} / room emit"
        figures.append(Figure(what=what, measured=share, budget=0.7, more=True, note=note))
    return figures


async def _payload(target: Target) -> Any:
    client = await target.client()
    client.send(target.message)
    await client.until(client.frames + 1)
    client.close()
    return json.loads(client.last[client.last.index(b"[") :])[1]


async def _in_turn(*targets: Target) -> list[list[float]]:
    clients = [await target.clients(SUBSCRIBERS) for target in targets]
    rates: list[list[float]] = [[] for _ in targets]
    for turn in range(ROUNDS + 1):
        for measured, target, listeners in zip(rates, targets, clients, strict=True):
            rate = await _rate(target, listeners)
            if turn:  # the first one is a warm-up
                measured.append(rate)
    return rates


async def _rate(target: Target, listeners: list[Client]) -> float:
    """Return the frames per second at which a burst of messages reaches everybody."""
    wanted = [client.frames + MESSAGES for client in listeners]
    begin = time.perf_counter()
    listeners[0].send(*[target.message] * MESSAGES)
    await asyncio.gather(*(client.until(count) for client, count in zip(listeners, wanted, strict=True)))
    return MESSAGES * len(listeners) / (time.perf_counter() - begin)


def _middle(values: list[float]) -> float:
    return sorted(values)[len(values) // 2]


def _run(work: Any) -> Any:
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the generator must not be the bottleneck
        return runner.run(work)
