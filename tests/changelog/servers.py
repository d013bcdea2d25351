"""A Redis of the tests: a real redis-server on a free port of the loopback, which a test may kill and start again."""

import contextlib
import random
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

from redis import Redis
from redis.backoff import NoBackoff
from redis.exceptions import AuthenticationError, RedisError
from redis.retry import Retry

from tests.conftest import SOON_S, require


def free_port() -> int:
    """Return a port that nobody listens at, of those that the system gives to no client's side of a connection."""
    while True:
        port = random.randrange(10_000, 30_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


class RedisServer:
    """One process, with an append-only file unless its options say otherwise."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it, with its files in a folder that may have some already."""
        self._program = require("redis-server")
        self.port, self._folder, self._options = free_port(), folder, options
        self.process = self._started()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def _started(self) -> subprocess.Popen[bytes]:
        fixed = ("--port", str(self.port), "--bind", "127.0.0.1", "--dir", str(self._folder), "--save", "")
        kept = () if "--appendonly" in self._options else ("--appendonly", "yes")
        command = [self._program, *fixed, *kept, "--daemonize", "no", *self._options]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
        with contextlib.ExitStack() as failing:
            failing.callback(process.wait)
            failing.callback(process.kill)
            self._await_answer(process)
            failing.pop_all()
        return process

    def _await_answer(self, process: subprocess.Popen[bytes]) -> None:
        until = time.monotonic() + SOON_S
        while True:
            try:
                with self.asked() as asked:
                    asked.ping()
            except AuthenticationError:
                return
            except RedisError:
                assert process.poll() is None, "redis-server has ended"
                assert time.monotonic() < until
                time.sleep(0.02)
            else:
                return

    def asked(self) -> Redis:
        """Return a client of our own."""
        return Redis(port=self.port, socket_timeout=SOON_S, retry=Retry(NoBackoff(), 0))

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    @contextlib.contextmanager
    def paused(self) -> Iterator[None]:
        """Let it neither read nor answer while the block lasts; connections stay."""
        self.process.send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.process.send_signal(signal.SIGCONT)

    def start(self) -> None:
        """Start it again where it was, with its files."""
        self.process = self._started()
