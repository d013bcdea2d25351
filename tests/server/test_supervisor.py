"""Several workers behind one port: how they begin, end, and are replaced. What they share is tried with the log."""

import contextlib
import http.client
import os
import queue
import re
import signal
import ssl
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from contract_tests.kit import settled
from tests.conftest import SOON_S
from tests.test_cli import refusal

PROGRAM = Path(__file__).parent / "programs" / "supervised.py"
SERVES = r"worker (\d+) serves"


class Supervised:
    """A supervisor with its workers, and what they say line by line."""

    def __init__(self, count: int, before: str, after: str) -> None:
        command = (sys.executable, str(PROGRAM), str(count), before, after)
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self._lines = queue.SimpleQueue[str]()
        self.said: list[str] = []
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self) -> None:
        assert self.process.stderr
        for line in self.process.stderr:
            self._lines.put(line)

    def urls(self) -> list[str]:
        """Wait for the ready line, and return what it names."""
        assert self.process.stdout
        return self.process.stdout.readline().split()[1:]

    def until(self, pattern: str) -> str:
        """Return the first group of the next line that fits."""
        while True:
            self.said.append(self._lines.get(timeout=2 * SOON_S))
            if found := re.search(pattern, self.said[-1]):
                return found[1]

    def workers(self, count: int) -> list[int]:
        """Return the next workers that serve."""
        return [int(self.until(SERVES)) for _ in range(count)]

    def end(self, number: signal.Signals = signal.SIGTERM) -> int:
        """Send a signal, and return the exit code."""
        self.process.send_signal(number)
        return self.process.wait(2 * SOON_S)


Supervise = Callable[..., Supervised]


@pytest.fixture
def supervise() -> Iterator[Supervise]:
    """Start supervisors; whatever is left of them ends with the test."""
    with contextlib.ExitStack() as running:

        def start(count: int = 3, *, before: str = "serves", after: str = "serves") -> Supervised:
            one = Supervised(count, before, after)
            running.enter_context(one.process)
            running.callback(one.process.kill)  # and the workers end with it
            return one

        yield start


def alive(process: int) -> bool:
    """Whether there is such a process."""
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def answers(url: str) -> bool:
    """Whether a new connection is answered."""
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=SOON_S)) as fresh:
        fresh.request("GET", "/health")
        return fresh.getresponse().read() == b"OK"


@contextlib.contextmanager
def asked_all_the_time(url: str) -> Iterator[None]:
    """Let a client connect again and again while the block lasts; each connection must be answered."""
    done, failures = threading.Event(), list[BaseException]()

    def ask() -> None:
        try:
            while not done.is_set():
                assert answers(url)
        except BaseException as error:  # noqa: BLE001 - the test is told
            failures.append(error)

    asking = threading.Thread(target=ask)
    asking.start()
    yield
    done.set()
    asking.join()
    assert not failures


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_all_serve_and_all_end(supervise: Supervise, number: signal.Signals) -> None:
    """The first one serves before there are others; a signal to the supervisor ends all, and its exit code is 0."""
    one = supervise()
    first, *others = workers = one.workers(3)
    assert len(set(workers)) == 3
    assert first < min(others)  # numbers of processes rise
    assert answers(one.urls()[0])
    assert one.end(number) == 0
    assert not any(map(alive, workers))


def test_a_worker_that_is_gone_is_started_anew(supervise: Supervise) -> None:
    """Killed or told to end, a worker is missed by no new connection, and another one takes its place."""
    one = supervise()
    workers = one.workers(3)
    with asked_all_the_time(one.urls()[0]):
        os.kill(workers[0], signal.SIGTERM)
        assert one.until(r"worker (\d+) has ended with exit code 0") == str(workers[0])
        [other] = one.workers(1)
        os.kill(other, signal.SIGTERM)
        one.workers(1)
    os.kill(workers[1], signal.SIGKILL)
    assert one.until(r"worker (\d+) was ended by signal 9, another one starts in 0") == str(workers[1])
    assert other not in (*workers, *one.workers(1))


def test_workers_are_replaced_one_after_the_other(supervise: Supervise) -> None:
    """At SIGHUP each worker ends when another one serves in its place, and nobody who connects notices."""
    one = supervise()
    old = one.workers(3)
    with asked_all_the_time(one.urls()[0]):
        one.process.send_signal(signal.SIGHUP)
        new, ended = list[int](), list[int]()
        while len(ended) < 3:
            number = int(one.until(r"worker (\d+) (?:serves|has ended with exit code 0)$"))
            (ended if number in old else new).append(number)
            assert len(new) >= len(ended)
    assert (sorted(ended), len({*new, *old})) == (sorted(old), 6)
    assert one.end() == 0


def test_a_first_worker_that_cannot_serve_is_told_once(supervise: Supervise) -> None:
    """Its own words and exit code are those of the whole, and no other worker is tried."""
    one = supervise(before="refuses")
    assert one.until("(this) cannot be had")
    assert (one.process.wait(SOON_S), one.urls()) == (3, [])
    one.until("(before it served)")
    assert one._lines.empty()


def test_a_first_worker_that_is_killed_ends_all(supervise: Supervise) -> None:
    """The exit code is that which a shell has for the signal."""
    assert supervise(before="crashes").process.wait(2 * SOON_S) == 128 + signal.SIGKILL


def test_the_pause_before_another_try_grows(supervise: Supervise) -> None:
    """A worker that ends as soon as it starts is tried again and again, later each time, while the others serve."""
    one = supervise(2, after="refuses")
    workers = one.workers(2)
    os.kill(workers[0], signal.SIGKILL)
    pauses = [float(one.until(r"another one starts in ([0-9.]+) s")) for _ in range(4)]
    assert pauses == [0.1, 0.2, 0.4, 0.8]
    assert answers(one.urls()[0])
    assert alive(workers[1])


def test_a_stuck_worker_is_killed(supervise: Supervise) -> None:
    """A worker that takes no notice of the end does not keep the supervisor."""
    one = supervise(2)
    stuck, _ = one.workers(2)
    os.kill(stuck, signal.SIGSTOP)
    assert one.end() == 0
    assert not alive(stuck)


def test_workers_do_not_outlive_a_supervisor_that_is_killed(supervise: Supervise) -> None:
    """They end as if they had been told to."""
    one = supervise(2)
    url, _ = one.urls()
    one.process.kill()
    assert one.process.stdout
    assert one.process.stdout.read() == ""  # which is its end: nobody has it open any more

    def refused() -> bool:
        try:
            answers(url)
        except ConnectionError as error:
            return isinstance(error, ConnectionRefusedError)
        return False

    assert settled(refused, wanted=True)  # a process that ends closes its files one after the other


def test_all_workers_show_one_certificate(supervise: Supervise, tmp_path: Path) -> None:
    """The CA that one worker hands out is that of all."""
    plain, secure = supervise().urls()
    (tmp_path / "ca.pem").write_bytes(_get(f"{plain}/_mock/ca.pem"))
    trusted = ssl.create_default_context(cafile=str(tmp_path / "ca.pem"))
    for _ in range(20):
        parts = urlsplit(secure)
        fresh = http.client.HTTPSConnection(str(parts.hostname), parts.port, timeout=SOON_S, context=trusted)
        with contextlib.closing(fresh):
            fresh.request("GET", "/health")
            assert fresh.getresponse().read() == b"OK"


def _get(url: str) -> bytes:
    parts = urlsplit(url)
    with contextlib.closing(http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=SOON_S)) as fresh:
        fresh.request("GET", parts.path)
        return fresh.getresponse().read()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ((), "--workers needs --log redis://"),
        (("--log", "sqlite:///tmp/mock.db"), "--workers needs --log redis://"),
        (("--log", "redis://127.0.0.1:1", "--random-seed", "x"), "--random-seed is for one process"),
        (("--log", "redis://127.0.0.1:1", "--record", "x.har"), "--record is for one process"),
        (("--log", "redis://127.0.0.1:1"), "127.0.0.1:1"),
    ],
)
def test_what_cannot_be_with_workers_is_refused(options: tuple[str, ...], words: str) -> None:
    """Each is one sentence and exit code 2, though several processes could say it."""
    assert words in refusal("serve", "--port", "0", "--workers", "3", *options)
