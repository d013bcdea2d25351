"""A load generator on bare sockets: keep-alive connections that send requests and count the answers."""

import asyncio
import time
from collections.abc import Iterator, Sequence
from itertools import cycle
from typing import NamedTuple, cast
from urllib.parse import urlsplit

from benchmarks.effort import Effort
from benchmarks.processes import cpu_seconds

CONNECTIONS = 32
WARM_UP = 0.6  # of the time of one measurement
END_OF_HEAD = b"\r\n\r\n"
GOOD = (b"HTTP/1.1 200", b"HTTP/1.1 302")


class Rate(NamedTuple):
    """Answers a second, and seconds of processor time that the server spent on one."""

    answers: float
    cpu: float


class Target(NamedTuple):
    """A server and the requests that it gets, in turn and over again."""

    url: str
    pid: int
    requests: Sequence[bytes]


def get(url: str, *headers: str) -> bytes:
    """Return a GET request as it goes over the wire."""
    parts = urlsplit(url)
    path = f"{parts.path}?{parts.query}" if parts.query else parts.path
    lines = [f"GET {path} HTTP/1.1", f"Host: {parts.netloc}", *headers]
    return ("\r\n".join(lines)).encode() + END_OF_HEAD


def post(url: str, body: bytes, *headers: str, kind: str = "application/json") -> bytes:
    """Return a POST request as it goes over the wire."""
    parts = urlsplit(url)
    own = (f"Host: {parts.netloc}", f"Content-Type: {kind}", f"Content-Length: {len(body)}")
    return "\r\n".join([f"POST {parts.path} HTTP/1.1", *own, *headers]).encode() + END_OF_HEAD + body


class Client(asyncio.Protocol):
    """One connection: the next request leaves as soon as an answer is complete."""

    def __init__(self, requests: Iterator[bytes]) -> None:
        """Send ``requests`` one after the other until there are no more, or the connection is closed."""
        self.answers = 0
        self.done = asyncio.get_running_loop().create_future()
        self._requests = requests
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._send()

    def _send(self) -> None:
        request = next(self._requests, None)
        if request is None:
            self.done.set_result(None)
        else:
            assert self._transport
            self._transport.write(request)

    def data_received(self, data: bytes) -> None:
        """Count an answer that is complete, and ask again."""
        self._buffer += data
        if not is_complete(self._buffer):
            return
        if not self._buffer.startswith(GOOD):
            self.done.set_exception(AssertionError(self._buffer[:500]))
            return
        self._buffer = b""
        self.answers += 1
        self._send()

    def connection_lost(self, error: Exception | None) -> None:
        """Say so to who waits."""
        if not self.done.done():
            self.done.set_exception(error or ConnectionError("the server closed the connection"))
            self.done.exception()  # nobody has to ask

    def close(self) -> None:
        """End the connection at once."""
        if not self.done.done():
            self.done.set_result(None)
        assert self._transport
        self._transport.abort()


def is_complete(answer: bytes) -> bool:
    """Whether an answer has come as a whole."""
    end = answer.find(END_OF_HEAD)
    return end >= 0 and len(answer) >= end + 4 + _length(answer)


def _length(answer: bytes) -> int:
    at = answer.find(b"content-length: ") + 16
    return int(answer[at : answer.index(b"\r", at)]) if at > 15 else 0


async def connect(url: str, requests: Iterator[bytes], connections: int) -> list[Client]:
    """Return connections that share these requests, at work already."""
    parts, loop, clients = urlsplit(url), asyncio.get_running_loop(), []
    for _ in range(connections):
        _transport, client = await loop.create_connection(
            lambda: Client(requests), parts.hostname or "", parts.port or 80
        )
        clients.append(client)
    return clients


async def rate(target: Target, seconds: float, connections: int = CONNECTIONS) -> Rate:
    """Measure for some seconds how a server answers ``connections`` clients at once."""
    clients = await connect(target.url, cycle(target.requests), connections)
    used, before, begin = cpu_seconds(target.pid), _answers(clients), time.perf_counter()
    count = 0
    while not count:  # a machine that is busy may give none in a short time
        await asyncio.wait([client.done for client in clients], timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        count, took = _answers(clients) - before, time.perf_counter() - begin
        if any(client.done.done() for client in clients):
            break
    used = cpu_seconds(target.pid) - used
    for client in clients:
        client.close()
        client.done.result()
    return Rate(count / took, used / count)


def _answers(clients: Sequence[Client]) -> int:
    return sum(client.answers for client in clients)


async def once(target: Target, connections: int = CONNECTIONS) -> Rate:
    """Measure how a server answers each request once: what is repeated may be cheaper."""
    used, begin = cpu_seconds(target.pid), time.perf_counter()
    clients = await connect(target.url, iter(target.requests), min(connections, len(target.requests)))
    await asyncio.gather(*(client.done for client in clients))
    took, used = time.perf_counter() - begin, cpu_seconds(target.pid, rests=True) - used
    count = _answers(clients)
    assert count == len(target.requests)
    for client in clients:
        client.close()
    return Rate(count / took, used / count)


async def in_turn(*targets: Target, effort: Effort, connections: int = CONNECTIONS) -> list[list[Rate]]:
    """Measure the targets A B A B, after a short warm-up."""
    for target in targets:
        await rate(target, effort.seconds * WARM_UP, connections)
    rates: list[list[Rate]] = [[] for _ in targets]
    for _ in range(effort.rounds):
        for measured, target in zip(rates, targets, strict=True):
            measured.append(await rate(target, effort.seconds, connections))
    return rates
