"""What stands between clients and workers hands on what it is given, to one worker after the other."""

import asyncio
import contextlib
import socket
import threading
from collections.abc import Iterator

import pytest

from chaos.cloud import Line
from chaos.relay import BREAK, balanced
from tests.conftest import SOON_S


class Echo:
    """Answers each connection with its own name, and what it read up to the end."""

    def __init__(self, name: bytes) -> None:
        self._name = name
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._answer, args=(connection,), daemon=True).start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.sendall(self._name)
            while read := connection.recv(65536):
                connection.sendall(read)
            connection.sendall(b"end")

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()


@pytest.fixture
def workers() -> Iterator[list[Echo]]:
    """Three of them."""
    found = [Echo(name) for name in (b"a", b"b", b"c")]
    yield found
    for one in found:
        with contextlib.suppress(OSError):
            one.close()


def told(port: int, text: bytes = b"") -> bytes:
    """Return all that a connection is answered that says something and no more."""
    with socket.create_connection(("127.0.0.1", port), SOON_S) as connection:

        def send() -> None:
            connection.sendall(text)
            connection.shutdown(socket.SHUT_WR)

        sending = threading.Thread(target=send)
        sending.start()
        read = b"".join(iter(lambda: connection.recv(65536), b""))
        sending.join()
    return read


def test_every_connection_goes_to_another_worker(workers: list[Echo]) -> None:
    """Connections go to the workers in turn, bytes and both ends of a connection come through whole."""
    text = bytes(range(256)) * 20_000
    with balanced([one.port for one in workers]) as port:
        answers = [told(port, text) for _ in range(6)]
    assert len({answer[:1] for answer in answers[:3]}) == 3
    assert [answer[:1] for answer in answers[:3]] == [answer[:1] for answer in answers[3:]]
    assert {answer[1:] for answer in answers} == {text + b"end"}


def test_a_worker_that_is_gone_is_passed_over(workers: list[Echo]) -> None:
    """Who refuses a connection gets none, and with nobody left the client's connection breaks."""
    with balanced([one.port for one in workers]) as port:
        workers[1].close()
        assert {told(port)[:1] for _ in range(6)} == {b"a", b"c"}
        for one in (workers[0], workers[2]):
            one.close()
        with pytest.raises(ConnectionResetError), socket.create_connection(("127.0.0.1", port), SOON_S) as client:
            client.recv(1)


def test_a_connection_that_breaks_breaks_behind_it_too() -> None:
    """A worker that resets a connection is seen by the client as that, not as the end of an answer."""
    with contextlib.ExitStack() as stack:
        listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        port = stack.enter_context(balanced([listener.getsockname()[1]]))
        client = stack.enter_context(socket.create_connection(("127.0.0.1", port), SOON_S))
        connection, _ = listener.accept()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BREAK)
        connection.close()
        with pytest.raises(ConnectionResetError):
            client.recv(1)


async def asked(port: int, *texts: bytes) -> bytes:
    """Return what somebody reads to the end who says some things, or what came before the connection broke."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    read = b""
    with contextlib.suppress(OSError):
        for text in texts:
            writer.write(text)
            await asyncio.sleep(0.01)
        writer.write_eof()
        while part := await reader.read(65536):
            read += part
    writer.close()
    return read


def test_a_line_is_cut_slowed_and_halved(workers: list[Echo]) -> None:
    """A line hands on all in its order, be it slow; cut, nobody gets through; halved, one piece ends in the middle."""

    async def use() -> None:
        line = Line(workers[0].port)
        port = await line.start()
        assert await asked(port, b"one", b"two") == b"aonetwoend"
        line.delay = 0.03
        slow = asyncio.create_task(asked(port, b"one", b"two", b"three"))
        await asyncio.sleep(0.02)
        line.delay = 0
        assert await slow == b"aonetwothreeend"
        line.halve(1, inward=True)
        assert (b"a" + b"x" * 50).startswith(await asked(port, b"x" * 100))
        line.halve(1, inward=False)
        assert await asked(port, b"one") in (b"", b"a")
        assert await asked(port, b"one") == b"aoneend"
        line.cut = True
        assert await asked(port, b"one") == b""
        await line.stop()

    asyncio.run(use())
