"""What a socket costs: memory of a connected one, and fan-out beside a bare python-socketio room."""

import asyncio
import json
import statistics
import time
from typing import Any, NamedTuple, cast
from urllib.parse import urlencode, urlsplit

from websockets.frames import Frame, Opcode

from benchmarks.effort import Effort
from benchmarks.processes import MOCK, SOCKET_FLOOR, cpu_seconds, resident_mb, run, server
from benchmarks.report import Figure, ratios
from mockspaces.client import Mockspaces

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
            self.came(self.last)
        if self._waiting and self.frames >= self._wanted and not self._waiting.done():
            self._waiting.set_result(None)

    def came(self, frame: bytes) -> None:
        """Do something with a frame, for whoever wants more than their number."""

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


def subscription(mock: Mockspaces, url: str, protocol: int) -> Target:
    """Return how to subscribe to a new space."""
    token = mock.token("cleo@example.com")
    space = mock.call("POST", "/spaces", {"title": "Room", "owner": "cleo@example.com"})["_id"]
    return Target(url, protocol, greeting=2 if protocol == 3 else 1, token=token, space=space)


def memory(effort: Effort) -> list[Figure]:
    """Memory of very many connected and subscribed sockets of Engine.IO 3, each."""
    with server(MOCK) as (url, pid), Mockspaces(url) as mock:
        measured, seconds = run(_memory(subscription(mock, url, 3), pid, effort.sockets))
        left = mock.call("GET", "")["counts"]["sockets"]
    each = f"{seconds / effort.sockets * 1000:.1f} ms each to connect and subscribe, one after the other"
    note = f"{effort.sockets:,} idle subscribed sockets, {each}; {left} left when they are gone"
    return [Figure(what="memory per socket", samples=(measured,), budget=50, unit="KB", note=note)]


async def _memory(target: Target, pid: int, sockets: int) -> tuple[float, float]:
    for client in await target.clients(20):
        client.close()
    await asyncio.sleep(0.5)
    before, begin = resident_mb(pid), time.perf_counter()
    clients = await target.clients(sockets)
    took = time.perf_counter() - begin
    await asyncio.sleep(1)
    grown = resident_mb(pid) - before
    for client in clients:
        client.close()
    await asyncio.sleep(1 + sockets / 1000)
    return grown * 1024 / sockets, took


def fan_out(effort: Effort) -> list[Figure]:
    """Messages of one socket to many subscribers, against a room emit of the same bytes."""
    figures = []
    for protocol in (3, 4):
        with server(MOCK) as (url, pid), Mockspaces(url) as mock:
            target = subscription(mock, url, protocol)
            payload = run(_payload(target))
            with server(SOCKET_FLOOR, json.dumps(payload).encode()) as (floor_url, floor_pid):
                floor = Target(floor_url, 4, greeting=1)
                bursts = run(_in_turn((target, pid), (floor, floor_pid), effort=effort))
        figures.append(_beside(f"fan-out, EIO {protocol} / room emit", bursts, effort))
    return figures


class Burst(NamedTuple):
    """Frames a second that reached the subscribers, and seconds of processor time spent on one."""

    frames: float
    cpu: float


def _beside(what: str, bursts: list[list[Burst]], effort: Effort) -> Figure:
    mock, floor = bursts
    mock_rate, floor_rate = (statistics.median(burst.frames for burst in found) for found in bursts)
    samples = ratios([burst.frames for burst in mock], [burst.frames for burst in floor])
    cpu = ratios([burst.cpu for burst in floor], [burst.cpu for burst in mock])
    note = f"floor {floor_rate:,.0f}, mock {mock_rate:,.0f} frames/s, {effort.subscribers} subscribers"
    return Figure(what=what, samples=samples, cpu=cpu, budget=1, more=True, note=note)


async def _payload(target: Target) -> Any:
    client = await target.client()
    client.send(target.message)
    await client.until(client.frames + 1)
    client.close()
    return json.loads(client.last[client.last.index(b"[") :])[1]


async def _in_turn(*targets: tuple[Target, int], effort: Effort) -> list[list[Burst]]:
    clients = [await target.clients(effort.subscribers) for target, _ in targets]
    bursts: list[list[Burst]] = [[] for _ in targets]
    for turn in range(effort.rounds + 1):
        for measured, (target, pid), listeners in zip(bursts, targets, clients, strict=True):
            burst = await _burst(target, pid, listeners, effort.burst)
            if turn:  # the first one is a warm-up
                measured.append(burst)
    return bursts


async def _burst(target: Target, pid: int, listeners: list[Client], messages: int) -> Burst:
    """Measure how fast a burst of messages reaches everybody."""
    wanted = [client.frames + messages for client in listeners]
    used, begin = cpu_seconds(pid), time.perf_counter()
    listeners[0].send(*[target.message] * messages)
    await asyncio.gather(*(client.until(count) for client, count in zip(listeners, wanted, strict=True)))
    frames = messages * len(listeners)
    return Burst(frames / (time.perf_counter() - begin), (cpu_seconds(pid, rests=True) - used) / frames)
