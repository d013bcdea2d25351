"""How answers leave: those of one part at once, all others as uvicorn sends them, and none that is malformed."""

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import uvicorn
from starlette.types import Receive, Scope, Send

from mockspaces.server import bind, transport
from tests.server.conftest import Raw

Ask = Callable[..., Raw]
LENGTH = (b"content-length", b"5")
ANSWERS: dict[str, tuple[list[tuple[bytes, bytes]], list[dict[str, Any]]]] = {
    "/whole": ([LENGTH], [{"body": b"hello"}]),
    "/name": ([LENGTH, (b"X-Own", b"1")], [{"body": b"hello"}]),
    "/tab": ([LENGTH, (b"location", b"a\tb")], [{"body": b"hello"}]),
    "/parts": ([LENGTH], [{"body": b"he", "more_body": True}, {"body": b"llo"}]),
    "/value": ([LENGTH, (b"location", b"a\r\nset-cookie: b=c")], [{"body": b"hello"}]),
    "/pairs": ([LENGTH, (b"location", b"\r\n"), (b"etag", b"a")], [{"body": b"hello"}]),
    "/nul": ([LENGTH, (b"location", b"\0")], [{"body": b"hello"}]),
    "/short": ([LENGTH], [{"body": b"hell"}]),
    "/long": ([LENGTH], [{"body": b"hello, world"}]),
    "/nothing": ([LENGTH], []),
    "/empty": ([(b"content-length", b"0")], [{}]),
}


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer as the path says; ``/stream`` says who it is and then nothing for long."""
    if scope["type"] != "http":
        return
    if scope["path"] == "/headless":
        await send({"type": "http.response.start", "status": 204})
        await send({"type": "http.response.body"})
        return
    if scope["path"] == "/stream":
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain")]})
        await receive()  # the request, and then its end
        await receive()
        return
    headers, parts = ANSWERS[scope["path"]]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    for part in parts:
        await send({"type": "http.response.body", **part})


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """A server of ours with an application that answers anything."""
    config = transport(app)
    config.lifespan = "off"
    server, listener = uvicorn.Server(config), bind("127.0.0.1", 0)
    thread = threading.Thread(target=server.run, args=([listener],))
    thread.start()
    yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def ask(url: str) -> Iterator[Ask]:
    """What asks for a path on a connection of its own."""
    with contextlib.ExitStack() as stack:

        def ask(path: str, method: str = "GET") -> Raw:
            return stack.enter_context(contextlib.closing(Raw(url, request(path, method))))

        yield ask


def request(path: str, method: str = "GET") -> bytes:
    """Return a request."""
    return f"{method} {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@pytest.mark.parametrize("path", ["/whole", "/name", "/tab", "/parts"])
def test_an_answer_arrives_however_it_is_sent(ask: Ask, path: str) -> None:
    """In one part or in some, with any header; the connection goes on."""
    raw = ask(path)
    for _ in range(2):
        answer = raw.answer()
        assert (answer.status, answer.body) == (200, b"hello")
        assert answer.headers.get("x-own") == ("1" if path == "/name" else None)
        assert answer.headers.get("location") == ("a\tb" if path == "/tab" else None)
        raw.send(request(path))


@pytest.mark.parametrize(("path", "status"), [("/empty", 200), ("/headless", 204)])
def test_what_an_application_may_leave_out_is_empty(ask: Ask, path: str, status: int) -> None:
    """Headers and body of an answer are optional in ASGI."""
    raw = ask(path)
    for _ in range(2):
        answer = raw.answer()
        assert (answer.status, answer.body) == (status, b"")
        raw.send(request(path))


@pytest.mark.parametrize("path", ["/value", "/pairs", "/nul"])
def test_no_value_begins_a_header(ask: Ask, path: str) -> None:
    """With a control character in a header nothing of the answer is sent."""
    assert ask(path).ended()


@pytest.mark.parametrize("path", ["/short", "/long"])
def test_an_answer_of_another_length_is_none(ask: Ask, path: str) -> None:
    """Nobody waits for the rest of what was announced, and nothing is taken for the next answer."""
    raw, received = ask(path), b""
    while part := raw.socket.recv(65536):
        received += part
    assert received.partition(b"\r\n\r\n")[2] in (b"", b"hell")


def test_an_answer_that_was_begun_and_not_given_is_a_failure(ask: Ask) -> None:
    """Whoever asked is told, since nothing has been sent yet."""
    answer = ask("/nothing").answer()
    assert (answer.status, answer.body) == (500, b"Internal Server Error")


def test_the_head_of_a_stream_arrives_at_once(ask: Ask) -> None:
    """Who watches learns that they are let in before there is anything to be seen."""
    assert b"HTTP/1.1 200" in ask("/stream").until(b"\r\n\r\n")


def test_the_answer_to_head_has_no_body(ask: Ask) -> None:
    """It has the length of what GET would bring."""
    raw = ask("/whole", "HEAD")
    assert b"content-length: 5\r\n" in raw.until(b"\r\n\r\n")
    raw.send(request("/whole"))
    assert raw.until(b"\r\n\r\n").startswith(b"HTTP/1.1 200")
