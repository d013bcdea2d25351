"""A load generator on bare sockets: keep-alive connections that repeat one request and count the answers."""

import asyncio
import time
from typing import cast
from urllib.parse import urlsplit

CONNECTIONS = 32
END_OF_HEAD = b"\r\n\r\n"


def get(url: str, *headers: str) -> bytes:
    """Return a GET request as it goes over the wire."""
    parts = urlsplit(url)
    lines = [f"GET {parts.path} HTTP/1.1", f"Host: {parts.netloc}", *headers]
    return ("\r\n".join(lines)).encode() + END_OF_HEAD


def post(url: str, body: bytes, *headers: str) -> bytes:
    """Return a POST request with a JSON body as it goes over the wire."""
    parts = urlsplit(url)
    own = (f"Host: {parts.netloc}", "Content-Type: application/json", f"Content-Length: {len(body)}")
    return "\r\n".join([f"POST {parts.path} HTTP/1.1", *own, *headers]).encode() + END_OF_HEAD + body


class Client(asyncio.Protocol):
    """One connection: the next request leaves as soon as an answer is complete."""

    def __init__(self, request: bytes) -> None:
        """Repeat ``request`` until the connection is closed."""
        self.answers = 0
        self._request = request
        self._buffer = b""
        self._transport: asyncio.WriteTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Send the first request."""
        self._transport = cast("asyncio.WriteTransport", transport)
        self._transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Count an answer that is complete, and ask again."""
        self._buffer += data
        end = self._buffer.find(END_OF_HEAD)
        if end < 0 or len(self._buffer) < end + 4 + _length(self._buffer):
            return
        assert self._buffer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 302")), self._buffer[:500]
        self._buffer = b""
        self.answers += 1
        assert self._transport
        self._transport.write(self._request)

    def close(self) -> None:
        """End the connection at once."""
        assert self._transport
        self._transport.abort()


def _length(answer: bytes) -> int:
    at = answer.index(b"content-length: ") + 16
    return int(answer[at : answer.index(b"\r", at)])


async def rate(url: str, request: bytes, seconds: float, connections: int = CONNECTIONS) -> float:
    """Return how many answers a second a server gives to ``connections`` clients at once."""
    parts = urlsplit(url)
    loop = asyncio.get_running_loop()
    clients = []
    for _ in range(connections):
        _transport, client = await loop.create_connection(
            lambda: Client(request), parts.hostname or "", parts.port or 80
        )
        clients.append(client)
    before, begin = sum(client.answers for client in clients), time.perf_counter()
    await asyncio.sleep(seconds)
    count, took = sum(client.answers for client in clients) - before, time.perf_counter() - begin
    assert all(client.answers for client in clients)
    for client in clients:
        client.close()
    return count / took
