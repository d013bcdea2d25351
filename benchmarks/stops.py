"""What one client does to another: the longest wait under hostile input, and chatting among very many sockets."""

import asyncio
import contextlib
import socket
import statistics
import threading
import time
from urllib.parse import urlsplit

from benchmarks.effort import Effort
from benchmarks.hostile import inputs
from benchmarks.processes import MOCK, run, server
from benchmarks.report import Figure
from benchmarks.sockets import Target, subscription
from mockspaces.client import Mockspaces

HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
PAUSE_S = 0.002
FEW = 100  # sockets that nobody notices
INTERVAL_S = 0.02  # between two messages


class Bystander(threading.Thread):
    """Asks for the health of another world, over and over; ``longest`` is the longest wait."""

    def __init__(self, url: str) -> None:
        """Ask at ``url``."""
        super().__init__(daemon=True)
        self._url = urlsplit(url)
        self._going_on = True
        self.longest = 0.0

    def run(self) -> None:
        """Ask until `end`."""
        with socket.create_connection((self._url.hostname, self._url.port)) as connection:
            while self._going_on:
                begin = time.perf_counter()
                connection.sendall(HEALTH)
                connection.recv(4096)
                self.longest = max(self.longest, time.perf_counter() - begin)
                time.sleep(PAUSE_S)

    def end(self) -> float:
        """Stop asking and return the longest wait."""
        self._going_on = False
        self.join()
        return self.longest


def send(url: str, data: bytes) -> None:
    """Send everything, and read what comes until nothing comes for a moment."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname, parts.port), 60) as connection, contextlib.suppress(OSError):
        connection.sendall(data)
        connection.recv(65536)
        connection.settimeout(0.3)
        while connection.recv(1 << 20):
            pass


def waits(effort: Effort) -> list[Figure]:
    """The longest wait of somebody else under each hostile input; the worst of them is told."""
    found: dict[str, list[float]] = {}
    for _ in range(effort.hostile_rounds):
        with server(MOCK) as (url, _pid), Mockspaces(url) as mock, mock.open_world() as victim:
            for name, data in inputs(mock, effort.hostile_size):
                bystander = Bystander(victim.url)
                bystander.start()
                send(url, data)
                found.setdefault(name, []).append(bystander.end() * 1000)
    worst = max(found, key=lambda name: statistics.median(found[name]))
    note = f"{len(found)} inputs; the longest wait is that under: {worst}"
    return [Figure(what="longest wait under hostile input", samples=(*found[worst],), budget=100, unit="ms", note=note)]


def crowd(effort: Effort) -> list[Figure]:
    """From chat to receiver among very many connected sockets, against the same among a hundred."""
    few, many = (_late(effort, sockets) for sockets in (min(FEW, effort.crowd), effort.crowd))
    note = f"p95 among {effort.crowd:,} sockets {many * 1000:.1f} ms, among {FEW} {few * 1000:.1f} ms"
    return [Figure(what="chat among very many sockets / among few, p95", samples=(many / few,), budget=3, note=note)]


def _late(effort: Effort, sockets: int) -> float:
    with server(MOCK) as (url, _pid), Mockspaces(url) as mock:
        return run(_chat(subscription(mock, url, 3), subscription(mock, url, 3), sockets, effort.crowd_messages))


async def _chat(idle: Target, busy: Target, sockets: int, messages: int) -> float:
    """Return the 95th percentile of the time from sender to receiver."""
    crowd = await idle.clients(sockets - 2)
    sender, receiver = await busy.clients(2)
    times: list[float] = []
    for _ in range(messages):
        begin, before = time.perf_counter(), receiver.frames
        sender.send(busy.message)
        await receiver.until(before + 1)
        times.append(time.perf_counter() - begin)
        await asyncio.sleep(INTERVAL_S)
    for client in (*crowd, sender, receiver):
        client.close()
    return statistics.quantiles(times, n=20)[-1]
