"""Connections, servers and worlds of a client whose test is interrupted, forks, has threads, or stops the time."""

import asyncio
import contextlib
import logging
import multiprocessing
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from mockspaces.client import ControlError, Mockspaces
from mockspaces.client.waiting import wait_for
from mockspaces.config import DEFAULT_PORT
from tests.conftest import SOON_S


@pytest.fixture(scope="module")
def server() -> Iterator[Mockspaces]:
    with Mockspaces.start() as running:
        yield running


@pytest.fixture
def mock(server: Mockspaces) -> Iterator[Mockspaces]:
    with server.open_world() as world:
        yield world


@contextlib.contextmanager
def told(answer: bytes) -> Iterator[Mockspaces]:
    """Yield a client of something that answers these bytes to the first request, and ends the connection."""

    def serve() -> None:
        connection, _ = listener.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(answer)

    with socket.create_server(("127.0.0.1", 0)) as listener, ThreadPoolExecutor() as pool:
        served = pool.submit(serve)
        with Mockspaces(f"http://127.0.0.1:{listener.getsockname()[1]}") as mock:
            yield mock
        served.result(SOON_S)


def names(mock: Mockspaces) -> set[str]:
    return {world["name"] for world in mock.call("GET", "/worlds")["data"]}


class InterruptionError(Exception):
    """What a signal handler raises, as pytest-timeout does and Python at Ctrl-C."""


@pytest.fixture
def interruption() -> Iterator[None]:
    """Interrupt this thread in a moment."""

    def interrupt(*_: object) -> None:
        raise InterruptionError

    before = signal.signal(signal.SIGALRM, interrupt)
    signal.setitimer(signal.ITIMER_REAL, 0.1)
    yield
    signal.setitimer(signal.ITIMER_REAL, 0)
    signal.signal(signal.SIGALRM, before)


def test_call_that_was_interrupted_leaves_the_client_usable(mock: Mockspaces, interruption: None) -> None:
    """After a call that an exception ended in the middle, the next one is answered, and with its own answer."""
    with pytest.raises(InterruptionError):
        mock.journal.wait(path="/never", timeout=SOON_S)
    assert mock.call("GET", "/health")["status"] == "ok"
    assert list(mock.journal) == []


def test_call_that_took_too_long_leaves_the_client_usable(mock: Mockspaces) -> None:
    """After a timeout of the socket the next call is answered, and with its own answer."""
    with Mockspaces(mock.url, timeout=0.1) as hasty:
        with pytest.raises(TimeoutError):
            hasty.journal.wait(path="/never", timeout=0.5)
        assert hasty.call("GET", "/health")["status"] == "ok"


def test_threads_share_a_client(mock: Mockspaces) -> None:
    """One client serves eight threads at the same time, each with its own answers."""

    def create(number: int) -> bool:
        return mock.user(f"user{number}@example.com").username == f"user{number}@example.com"

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(create, range(200)))


def test_connection_of_a_thread_that_is_gone_is_closed(mock: Mockspaces) -> None:
    """A thread that used the client leaves no open socket behind, and no warning of one."""
    thread = threading.Thread(target=mock.call, args=("GET", "/health"))
    thread.start()
    thread.join()
    assert len(mock._all) <= 1  # that of this thread, which opened none yet if the world's opener made it


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_child_has_a_connection_of_its_own(mock: Mockspaces) -> None:
    """A child that was forked and its parent use the same client without reading each other's answers."""
    mock.call("GET", "/health")
    fork = multiprocessing.get_context("fork")

    def ask() -> None:
        for _ in range(100):
            assert mock.find_user("ann@example.com").username == "ann@example.com"

    child = fork.Process(target=ask)
    child.start()
    for _ in range(100):
        assert mock.call("GET", "/health")["status"] == "ok"
    child.join(SOON_S)
    assert child.exitcode == 0


def test_block_drops_the_world_that_it_opened(server: Mockspaces) -> None:
    """Leaving a ``with`` of `open_world` drops the world, also when the block fails or has dropped it already."""
    with server.open_world() as world:
        assert world.name in names(server)
        with world.clone() as same:
            same.call("GET", "/health")
        assert world.name in names(server)
    with pytest.raises(KeyError), server.open_world() as other:
        raise KeyError
    with server.open_world() as early:
        early.drop()
    assert {world.name, other.name, early.name}.isdisjoint(names(server))


def test_block_that_cannot_drop_tells_so_unless_it_failed(server: Mockspaces) -> None:
    """A world that somebody else has dropped is told at the end of its block, but never in place of its own failure."""
    with pytest.raises(ControlError, match="world"), server.open_world() as world:
        server.call("DELETE", f"/worlds/{world.name}")
    with pytest.raises(KeyError), server.open_world() as world:
        raise KeyError(server.call("DELETE", f"/worlds/{world.name}"))


def test_worlds_of_an_own_server_stay_until_they_are_dropped(server: Mockspaces) -> None:
    """Where the server belongs to this process, no idle time ends a world, unless the test wants it so."""
    with server.open_world() as world, world.open_world() as inner, server.open_world(ttl=60) as brief:
        listed = {one["name"]: one["ttl"] for one in server.call("GET", "/worlds")["data"]}
        assert [listed[one.name] for one in (world, inner, brief)] == [None, None, 60]
    with Mockspaces(server.url) as stranger, stranger.open_world() as world:
        listed = {one["name"]: one["ttl"] for one in server.call("GET", "/worlds")["data"]}
        assert listed[world.name] == 600


def test_wait_ends_in_a_test_that_stops_the_time(monkeypatch: pytest.MonkeyPatch) -> None:
    """A deadline passes although the test has replaced the clocks and the sleep of the module `time`."""
    for name in ("monotonic", "perf_counter", "time"):
        monkeypatch.setattr(time, name, lambda: 1000.0)
    monkeypatch.setattr(time, "sleep", lambda _seconds: None)
    with pytest.raises(TimeoutError):
        wait_for(lambda: False, 0.05)


def test_wait_is_allowed_where_a_loop_runs_but_no_coroutine(mock: Mockspaces) -> None:
    """A call that waits is refused in a coroutine only, not in code that a running loop has called into."""
    told: list[object] = []

    async def main() -> None:
        loop = asyncio.get_running_loop()
        done = loop.create_future()

        def synchronous() -> None:
            try:
                told.extend(mock.wait_for(lambda: [mock.name]))
            except RuntimeError as error:
                told.append(error)
            done.set_result(None)

        loop.call_soon(synchronous)
        await done
        with pytest.raises(RuntimeError, match=r"await mockspaces\.aio\.wait_for"):
            mock.wait_for(lambda: True)

    asyncio.run(main())
    assert told == [mock.name]


def test_level_that_was_asked_for_is_logged(caplog: pytest.LogCaptureFixture) -> None:
    """Whoever starts a server with a log level gets its lines."""
    ours = logging.getLogger("mockspaces")
    before = ours.level
    try:
        with caplog.at_level(logging.DEBUG), Mockspaces.start(log_level="info") as cloud:
            cloud.call("DELETE", "/journal")
    finally:
        ours.setLevel(before)
    assert any("/_mock/journal" in record.getMessage() for record in caplog.records)


def test_server_under_another_python_listens_to_its_options_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Variables that configure another mock of the same job mean nothing to it, the options do as in this process."""
    monkeypatch.setenv("MOCKSPACES_CONTROL_TOKEN", "hush")
    monkeypatch.setenv("MOCKSPACES_MAX_WORLDS", "1")
    monkeypatch.setenv("MOCKSPACES_URL", "http://127.0.0.1:9")
    limits = {"rest.enforce_limits": True}
    with (
        Mockspaces.start(python=sys.executable, settings=limits, tls=False, overlay=None) as cloud,
        cloud.open_world() as world,
    ):
        assert world.settings()["rest.enforce_limits"] is True


def ended(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_server_under_another_python_ends_with_its_parent(number: int) -> None:
    """However the process ends that started a server, the server is gone soon after."""
    code = (
        "import sys, time, os; from mockspaces import Mockspaces\n"
        "cloud = Mockspaces.start(python=sys.executable)\n"
        "os.fork() or time.sleep(3) or os._exit(0)\n"  # a child that holds whatever the parent had open
        "print(cloud._server._process.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    server = int(parent.stdout.readline())
    parent.send_signal(number)
    parent.wait()
    parent.stdout.close()
    wait_for(lambda: ended(server), SOON_S)


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_forked_child_leaves_the_server_alone() -> None:
    """A child that was forked may close its client; the server of its parent goes on."""
    with Mockspaces.start(python=sys.executable) as cloud:
        if not (child := os.fork()):
            cloud.close()
            os._exit(0)
        assert os.waitpid(child, 0)[1] == 0
        assert cloud.call("GET", "/health")["status"] == "ok"


def test_server_under_another_python_picks_a_free_port() -> None:
    """Two servers under another Python run beside each other and beside whatever has the usual port."""
    with Mockspaces.start(python=sys.executable) as one, Mockspaces.start(python=sys.executable) as other:
        assert len({one.url, other.url, f"http://127.0.0.1:{DEFAULT_PORT}"}) == 3


@pytest.mark.parametrize(
    ("answer", "found"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", {}),
        (b"HTTP/1.1 200\r\nTransfer-Encoding: Chunked\r\n\r\n3\r\n[1,\r\n2\r\n2]\r\n0\r\n\r\n", [1, 2]),
        (b"HTTP/1.0 200 OK\n\n[3]", [3]),
    ],
)
def test_answer_is_read_however_it_is_sent(answer: bytes, found: object) -> None:
    """A body has a length, comes in chunks, or ends with the connection, as what stands between may have it."""
    with told(answer) as mock:
        assert mock.call("GET", "") == found


@pytest.mark.parametrize(
    "answer", [b"SSH-2.0-OpenSSH_9.6\r\n", b"HTTP/2 200\r\n\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"]
)
def test_what_is_no_answer_is_refused(answer: bytes) -> None:
    """Something else than HTTP, or half an answer, is told as such, and not waited for."""
    with told(answer) as mock, pytest.raises(ControlError, match="it does not speak HTTP"):
        mock.call("GET", "")


def test_server_that_hangs_up_is_told_as_such() -> None:
    """A first connection that ends without an answer is an error of the connection."""
    with told(b"") as mock, pytest.raises(ConnectionError, match="without an answer"):
        mock.call("GET", "")
