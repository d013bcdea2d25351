"""A Redis of the tests: a real redis-server on a free port of the loopback, which a test may kill and start again."""

import socket
import subprocess
import time
from pathlib import Path

from redis import Redis
from redis.exceptions import AuthenticationError, RedisError

from tests.conftest import SOON_S, require


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
    return port


class RedisServer:
    """One process, with an append-only file unless its options say otherwise."""

    def __init__(self, folder: Path, *options: str) -> None:
        """Start it, with its files in a folder."""
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
        until = time.monotonic() + SOON_S
        while True:
            with self.asked() as asked:
                try:
                    asked.ping()
                except AuthenticationError:
                    return process
                except RedisError:
                    assert process.poll() is None, "redis-server has ended"
                    assert time.monotonic() < until
                    time.sleep(0.02)
                else:
                    return process

    def asked(self) -> Redis:
        """Return a client of our own."""
        return Redis(port=self.port, socket_timeout=SOON_S)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.kill()
        self.process.wait()

    def start(self) -> None:
        """Start it again where it was, with its files."""
        self.process = self._started()
