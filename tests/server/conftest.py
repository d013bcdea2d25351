"""A server in this process, a world for each test, and sockets without any client library between."""

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import pytest

from mockspaces.client import Mockspaces
from mockspaces.server import Server

PATIENCE_S = 5


class Answer(NamedTuple):
    """One answer, taken apart."""

    status: int
    headers: dict[str, str]
    body: bytes


class Raw:
    """A TCP connection to a world."""

    def __init__(self, url: str, sent: bytes = b"") -> None:
        """Connect, and send something."""
        parts = urlsplit(url)
        self.socket = socket.create_connection((parts.hostname, parts.port), PATIENCE_S)
        self._read = b""
        self.send(sent)

    def send(self, data: bytes) -> None:
        """Send bytes, all of them."""
        self.socket.sendall(data)

    def answer(self) -> Answer:
        """Return the next answer; an end of the connection before it is an error."""
        while b"\r\n\r\n" not in self._read:
            self._more()
        head, _, self._read = self._read.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in lines)}
        length = int(headers.get("content-length", 0))
        while len(self._read) < length:
            self._more()
        body, self._read = self._read[:length], self._read[length:]
        return Answer(int(first.split()[1]), headers, body)

    def until(self, wanted: bytes) -> bytes:
        """Return what comes up to some bytes."""
        while wanted not in self._read:
            self._more()
        found, _, self._read = self._read.partition(wanted)
        return found + wanted

    def _more(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise EOFError(f"the connection ended after {self._read!r}")
        self._read += data

    def ended(self, within: float = PATIENCE_S) -> bool:
        """Whether the server ends the connection in time, and says nothing more before."""
        self.socket.settimeout(within)
        try:
            return self.socket.recv(1) == b""
        except TimeoutError:
            return False
        except ConnectionResetError:
            return True

    def close(self) -> None:
        """End the connection."""
        self.socket.close()


def resident_kb(pid: int) -> int:
    """Return the memory of a process."""
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture(scope="module")
def opener(server: Server) -> Iterator[Mockspaces]:
    with Mockspaces(server.url) as mock:
        yield mock


@pytest.fixture
def world(opener: Mockspaces) -> Iterator[Mockspaces]:
    with opener.open_world() as opened:
        yield opened
        opened.drop()


class Connect:
    """Opens connections to a world, which end with the test."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.opened: list[Raw] = []

    def __call__(self, sent: bytes = b"", *, url: str | None = None) -> Raw:
        """Connect and send something."""
        self.opened.append(Raw(url or self._url, sent))
        return self.opened[-1]


@pytest.fixture
def connect(world: Mockspaces) -> Iterator[Connect]:
    opening = Connect(world.url)
    yield opening
    for one in opening.opened:
        one.close()
