"""What a process costs: its start, its memory, and a world of its own for a test."""

import statistics
import subprocess
import time
from urllib.error import URLError
from urllib.request import urlopen

from benchmarks.processes import MOCK, resident_mb, server
from benchmarks.report import Figure
from mockspaces.client import Mockspaces
from mockspaces.server import bind

STARTS, WORLDS = 7, 200


def start() -> list[Figure]:
    """Time from the start of the process to its first 200."""
    times = [_first_answer() for _ in range(STARTS)]
    note = f"{STARTS} starts, {min(times):.0f} to {max(times):.0f} ms"
    return [
        Figure(what="process start to first 200", measured=statistics.median(times), budget=300, unit="ms", note=note)
    ]


def _first_answer() -> float:
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    begin = time.perf_counter()
    process = subprocess.Popen([*MOCK[:-1], str(port)], stdout=subprocess.DEVNULL)  # noqa: S603 - our own command
    try:
        while not _answers(f"http://127.0.0.1:{port}/health"):
            time.sleep(0.002)
            assert process.poll() is None
        return (time.perf_counter() - begin) * 1000
    finally:
        process.terminate()
        process.wait()


def _answers(url: str) -> bool:
    try:
        with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
            return bool(answer.status == 200)
    except (URLError, OSError):
        return False


def memory() -> list[Figure]:
    """Resident memory of an idle server that has answered once."""
    with server(MOCK) as (url, pid):
        assert _answers(f"{url}/health")
        return [Figure(what="memory, idle", measured=resident_mb(pid), budget=70, unit="MB")]


def worlds() -> list[Figure]:
    """Open and drop a world over HTTP, as the fixture does for each test."""
    times = []
    with server(MOCK) as (url, _), Mockspaces(url) as mock:
        for _ in range(WORLDS):
            begin = time.perf_counter()
            mock.open_world().drop()
            times.append((time.perf_counter() - begin) * 1000)
    note = f"{WORLDS} demo worlds, slowest {max(times):.1f} ms"
    return [Figure(what="world create + drop", measured=statistics.median(times), budget=2, unit="ms", note=note)]
