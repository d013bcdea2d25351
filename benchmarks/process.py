"""What a process costs: its start and end, its memory, and a world of its own for a test."""

import asyncio
import os
import re
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from http.client import HTTPConnection
from itertools import cycle
from pathlib import Path
from statistics import median
from urllib.parse import urlsplit
from urllib.request import urlopen

from benchmarks import load, sockets
from benchmarks.effort import Effort
from benchmarks.load import Target
from benchmarks.processes import FLOOR, MOCK, cpu_seconds, resident_mb, run, server
from benchmarks.report import Figure, ratios
from benchmarks.rest import ME, USER, seed_file
from mockspaces.client import Mockspaces

JOURNAL_MB, BESIDE_MB = 16, 5  # the cap of the journal in bytes, and what may come beside it
BARE = (sys.executable, "-m", "benchmarks.bare")
LARGEST = 4  # so many packages are named
SETTLED_S = 1.5  # the engine of the sockets is loaded after the first answer
ALONE = ("-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-q", "-s")


def imports(effort: Effort) -> list[Figure]:
    """What a start imports, by ``-X importtime``, and whose modules take most of it."""
    ours, floors = [], []
    for _ in range(effort.starts):
        ours.append(_imported("mockspaces.cli, mockspaces.server"))
        floors.append(_imported("benchmarks.bare"))
    walls, bare_walls = ([sum(one.values()) for one in times] for times in (ours, floors))
    longest = sorted(ours[-1].items(), key=lambda one: -one[1])[:LARGEST]
    largest = ", ".join(f"{package} {took:.0f} ms" for package, took in longest)
    what, note = "imports of a start, times those of a bare route", f"{_beside(walls, bare_walls)}; {largest}"
    return [Figure(what=what, samples=ratios(walls, bare_walls), note=note)]


def _imported(modules: str) -> dict[str, float]:
    """Return the milliseconds that imports took, by package; those of ours one level deeper."""
    command = (sys.executable, "-X", "importtime", "-c", f"import gc; gc.disable(); import {modules}")
    told = subprocess.run(command, check=True, capture_output=True, text=True).stderr  # noqa: S603 - our own modules
    found: dict[str, float] = {}
    for took, name in re.findall(r"^import time:\s+(\d+) \|\s+\d+ \|\s+(\S+)$", told, re.MULTILINE):
        package = ".".join(name.split(".")[: 2 if name.startswith("mockspaces.") else 1])
        found[package] = found.get(package, 0.0) + int(took) / 1000
    return found


def start(effort: Effort) -> list[Figure]:
    """Time from the start of the process to its first 200, with the demo seed and with very many users."""
    demo, floors = [], []
    for _ in range(effort.starts):
        demo.append(_first_answer(MOCK))
        floors.append(_first_answer(BARE, "/"))
    with seed_file(effort.many_users) as seed:
        many = [_first_answer((*MOCK, "--seed", str(seed))) for _ in range(min(3, effort.starts))]
    walls, used = ([one[at] for one in demo] for at in range(2))
    bare_walls, bare_used = ([one[at] for one in floors] for at in range(2))
    note = f"floor {median(bare_walls):.0f} ms ({median(bare_used):.0f} ms CPU), mock {median(walls):.0f} ms"
    begun = Figure(
        what="process start to first 200, times a bare route in uvicorn",
        samples=ratios(walls, bare_walls),
        cpu=ratios(used, bare_used),
        budget=1.6,
        note=f"{note} ({median(used):.0f} ms CPU), {len(demo)} starts",
    )
    what, note = f"start with a seed of {effort.many_users:,} users", f"{median([cpu for _, cpu in many]):.0f} ms CPU"
    return [begun, Figure(what=what, samples=tuple(wall for wall, _ in many), unit="ms", note=note)]


def _first_answer(command: tuple[str, ...], path: str = "/health") -> tuple[float, float]:
    """Return after how many milliseconds, and with how many of processor time, a server has answered."""
    begin = time.perf_counter()
    with server(command) as (url, pid):
        assert _answers(f"{url}{path}")
        return (time.perf_counter() - begin) * 1000, cpu_seconds(pid) * 1000


def _answers(url: str) -> bool:
    with urlopen(url, timeout=5) as answer:  # noqa: S310 - our own server
        return bool(answer.status == 200)


def stop(effort: Effort) -> list[Figure]:
    """Time from SIGTERM to the end of a process that answers calls and has sockets."""
    times = []
    for _ in range(min(3, effort.rounds)):
        with server(MOCK) as (url, pid), Mockspaces(url) as mock:
            headers = f"Authorization: Bearer {mock.token(USER)}"
            calls = Target(url, pid, [load.get(f"{url}{ME}", headers)])
            times.append(run(_stopped(calls, sockets.subscription(mock, url, 3), effort.subscribers)))
    note = f"{load.CONNECTIONS} clients that ask all the time, {effort.subscribers} sockets"
    return [Figure(what="SIGTERM to the end, under load", samples=tuple(times), budget=1000, unit="ms", note=note)]


async def _stopped(calls: Target, subscription: sockets.Target, subscribers: int) -> float:
    listeners = await subscription.clients(subscribers)
    await load.connect(calls.url, cycle(calls.requests), load.CONNECTIONS)
    await asyncio.sleep(0.5)
    begin = time.perf_counter()
    os.kill(calls.pid, signal.SIGTERM)
    await asyncio.to_thread(os.waitid, os.P_PID, calls.pid, os.WEXITED | os.WNOWAIT)
    for client in listeners:
        client.close()
    return (time.perf_counter() - begin) * 1000


def memory(effort: Effort) -> list[Figure]:
    """Resident memory of an idle server that has answered once, and how it has grown after very many requests."""
    with server(BARE) as (url, pid):
        assert _answers(url)
        floor = resident_mb(pid)
    with server(MOCK) as (url, pid):
        assert _answers(f"{url}/health")
        time.sleep(SETTLED_S)
        idle = resident_mb(pid)
        with Mockspaces(url) as mock:
            headers = f"Authorization: Bearer {mock.token(USER)}"
        grown = run(_grown(Target(url, pid, [load.get(f"{url}{ME}", headers)]), effort.requests))
    tenth, end = (after - idle for after in grown)
    note = f"journal on, {tenth:.1f} MB after a tenth of them; the journal may hold {JOURNAL_MB} MB"
    most, requests = JOURNAL_MB + BESIDE_MB, f"{effort.requests:,} requests"
    return [
        Figure(
            what="memory, idle",
            samples=(idle,),
            budget=60,
            unit="MB",
            note=f"bare Starlette route in uvicorn {floor:.0f} MB",
        ),
        Figure(what=f"memory gained by {requests}", samples=(end,), budget=most, unit="MB", note=note),
    ]


async def _grown(target: Target, requests: int) -> tuple[float, float]:
    """Return the resident memory after a tenth of so many requests and after all of them."""
    tenth = requests // 10
    await load.once(target._replace(requests=list(target.requests) * tenth))
    after_tenth = resident_mb(target.pid)
    await load.once(target._replace(requests=list(target.requests) * (requests - tenth)))
    return after_tenth, resident_mb(target.pid)


def worlds(effort: Effort) -> list[Figure]:
    """Open and drop a world over HTTP, as the fixture does for each test, beside one bare POST by the same client."""
    times, floors = [], []
    with server(MOCK) as (url, pid), Mockspaces(url) as mock, _bare_post() as (post, _):
        used = cpu_seconds(pid)
        for _ in range(effort.worlds):
            floors.append(_timed(post))
            times.append(_timed(lambda: mock.open_world().drop()))
        used = (cpu_seconds(pid, rests=True) - used) / effort.worlds * 1000
    note = f"{_beside(times, floors)}, {used:.2f} ms CPU of the server each, slowest {max(times):.1f} ms"
    what = "world create + drop, times a bare POST"
    return [Figure(what=what, samples=ratios(times, floors), budget=8, note=f"{effort.worlds} demo worlds, {note}")]


def fixture(effort: Effort) -> list[Figure]:
    """What the fixture adds to a test: a suite that asks for it beside one that does not, in times of a bare POST.

    By CPU, that of client and server together: for the mock they are one process.
    """
    added, floors, used, bare_used = [], [], [], []
    with _bare_post() as (post, pid):
        for _ in range(min(3, effort.rounds)):
            (wall, cpu), (bare_wall, bare_cpu) = (
                _suite(name, effort.tests) for name in ("mockspaces", "tmp_path_factory")
            )
            added.append(wall - bare_wall)
            used.append(cpu - bare_cpu)
            begin = time.process_time() + cpu_seconds(pid)
            floors.append(median([_timed(post) for _ in range(effort.tests)]))
            bare_used.append((time.process_time() + cpu_seconds(pid, rests=True) - begin) / effort.tests * 1000)
    note = f"{effort.tests} tests, server start left out, {_beside(added, floors)}"
    what = "fixture per test, times a bare POST"
    return [Figure(what=what, samples=ratios(added, floors), cpu=ratios(used, bare_used), budget=8, note=note)]


@contextmanager
def _bare_post() -> Iterator[tuple[Callable[[], bytes], int]]:
    """Yield a call that sends one POST to a bare route, with the client that users have, and its process id."""
    with server(FLOOR, b"{}") as (url, pid):
        connection = HTTPConnection(urlsplit(url).netloc)

        def post() -> bytes:
            connection.request("POST", "/", b"{}", {"Content-Type": "application/json"})
            return connection.getresponse().read()

        post()
        yield post, pid
        connection.close()


def _timed(call: Callable[[], object]) -> float:
    begin = time.perf_counter()
    call()
    return (time.perf_counter() - begin) * 1000


def _beside(times: Sequence[float], floors: Sequence[float]) -> str:
    return f"floor {median(floors):.2f} ms, mock {median(times):.2f} ms"


def _suite(fixture: str, tests: int) -> tuple[float, float]:
    """Return the milliseconds that each test but the first takes which has a fixture, and those of processor time."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "test_suite.py"
        path.write_text(SUITE.format(fixture=fixture, tests=tests), encoding="utf-8")
        command = (sys.executable, "-m", "pytest", *ALONE, "--rootdir", folder, str(path))
        done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)  # noqa: S603 - our own
    wall, cpu = next(line.split()[1:] for line in done.stdout.splitlines() if line.startswith("took "))
    return float(wall), float(cpu)


SUITE = """
import time, pytest
times = []

@pytest.fixture(autouse=True, scope="module")
def told():
    yield
    print("\\ntook", *((end - begin) * 1000 / {tests} for begin, end in zip(times[0], times[-1])))

@pytest.mark.parametrize("number", range({tests} + 1))
def test(number, {fixture}):
    times.append((time.perf_counter(), time.process_time()))
"""
