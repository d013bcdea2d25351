"""Servers in processes of their own, and what Linux tells about them."""

import asyncio
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import uvloop

MOCK = (sys.executable, "-m", "mockspaces", "serve", "--port", "0")
FLOOR = (sys.executable, "-m", "benchmarks.floor")
SOCKET_FLOOR = (sys.executable, "-m", "benchmarks.floor_sockets")
TICK_S = 0.01  # the kernel tells of a stretch of work when it ends, or at its next tick
Value = TypeVar("Value")


@contextmanager
def server(command: tuple[str, ...], given: bytes = b"") -> Iterator[tuple[str, int]]:
    """Run a server that prints ``ready URL``; yields its URL and process id."""
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603 - our own commands
    assert process.stdin
    assert process.stdout
    try:
        process.stdin.write(given)
        process.stdin.close()
        line = process.stdout.readline().decode().split()
        assert line[:1] == ["ready"], line
        yield line[1], process.pid
    finally:
        process.kill()  # it has nothing to save, and a clean end takes its time
        process.wait()
        process.stdout.close()


def free_port() -> int:
    """Return a port that nobody has."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


@contextmanager
def redis_server() -> Iterator[str]:
    """Run a Redis with an append-only file, as it has to be for a log; yields its URL."""
    port = str(free_port())
    with tempfile.TemporaryDirectory() as folder:
        command = ("redis-server", "--port", port, "--bind", "127.0.0.1", "--dir", folder, "--appendonly", "yes")
        process = subprocess.Popen((*command, "--save", ""), stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
        try:
            while not _listens(int(port)):
                assert process.poll() is None, "redis-server has ended"
                time.sleep(0.02)
            yield f"redis://127.0.0.1:{port}/0"
        finally:
            process.kill()
            process.wait()


def _listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port)).close()
    except OSError:
        return False
    return True


def run(work: Coroutine[None, None, Value]) -> Value:
    """Run a measurement in a loop that is faster than what it measures."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:  # the generator must not be the bottleneck
        return runner.run(work)


def resident_mb(pid: int) -> float:
    """Return the resident memory of a process (Linux)."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) / 1024


def cpu_seconds(pid: int, *, rests: bool = False) -> float:
    """Return the processor time that all threads of a process have used, also those that have ended (Linux).

    Of one that ``rests``, as it has done all that it was asked, nothing is left out.
    """
    if rests:
        time.sleep(TICK_S)
    return time.clock_gettime(~pid << 3 | 2)  # clock_getcpuclockid(3), which Python does not have
