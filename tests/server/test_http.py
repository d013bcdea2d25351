"""HTTP below the application: offers, early answers, what cannot be read, heads, ends of connections."""

import contextlib
import http.client
import json
import time
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit

import pytest

from mockspaces.client import Mockspaces
from mockspaces.server import http as server_http
from tests.conftest import Serve
from tests.server.conftest import Connect, Raw, resident_kb

OFFERS = (
    b"Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAoAAAAAIAAAAA\r\n",
    b"Connection: Upgrade\r\nUpgrade: TLS/1.0\r\n",
    b"Connection: keep-alive, Upgrade\r\nUpgrade: foo/1, bar\r\n",
)
HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
FORM = b"grant_type=nonsense"
BIG = 6 * 1024 * 1024


def post(*lines: bytes, path: bytes = b"/oauth2/access_token") -> bytes:
    """Return the head of a form."""
    head = (b"POST %s HTTP/1.1" % path, b"Host: x", b"Content-Type: application/x-www-form-urlencoded", *lines)
    return b"\r\n".join([*head, b"", b""])


# --- offers that we do not speak


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_changes_nothing(connect: Connect, offer: bytes) -> None:
    """A body behind an offer of another protocol is read as if nothing had been offered (RFC 9110, 7.8)."""
    head = post(b"Content-Length: %d" % len(FORM), offer.removesuffix(b"\r\n"))
    plain = connect(post(b"Content-Length: %d" % len(FORM)) + FORM).answer()
    assert (plain.status, connect(post(b"Content-Length: 0")).answer().status) == (401, 400)  # they differ
    raw = connect(head + FORM)
    for _ in range(2):  # keep-alive included
        answer = raw.answer()
        assert (answer.status, answer.body) == (plain.status, plain.body)
        raw.send(head)
        time.sleep(0.05)  # the body in a segment of its own
        raw.send(FORM)
    raw.answer()
    raw.send(HEALTH)
    assert raw.answer().status == 200


@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_before_a_chunked_body_changes_nothing(connect: Connect, offer: bytes) -> None:
    """The same for a body whose length is not announced."""
    head = post(b"Transfer-Encoding: chunked", offer.removesuffix(b"\r\n"))
    raw = connect(head)
    raw.send(b"%x\r\n%s\r\n0\r\n\r\n" % (len(FORM), FORM) + HEALTH)
    assert raw.answer().status == 401
    assert raw.answer().status == 200


def test_an_offer_in_the_middle_of_requests_changes_nothing(connect: Connect) -> None:
    """Requests before and after an offer, all sent at once, are answered one after the other."""
    offered = post(b"Content-Length: %d" % len(FORM), OFFERS[0].removesuffix(b"\r\n")) + FORM
    raw = connect(HEALTH + offered + HEALTH)
    assert [raw.answer().status for _ in range(3)] == [200, 401, 200]


# --- answers before the body is read


@pytest.mark.parametrize("connection", [b"close", b"keep-alive"])
def test_an_early_answer_arrives(connect: Connect, connection: bytes) -> None:
    """Whoever sends more than is read gets the refusal, even if they look only when everything is sent."""
    raw = connect(post(b"Content-Length: %d" % BIG, b"Connection: " + connection))
    raw.send(b"x" * BIG)
    assert raw.answer().status == 413
    if connection == b"close":
        assert raw.ended()
    else:
        raw.send(HEALTH)
        assert raw.answer().status == 200


def test_an_early_answer_to_chunks_arrives(connect: Connect) -> None:
    """The same for a body that shows its size only when it is there."""
    raw = connect(post(b"Transfer-Encoding: chunked", b"Connection: close"))
    chunk = b"10000\r\n" + b"x" * 0x10000 + b"\r\n"
    raw.send(chunk * (BIG // 0x10000) + b"0\r\n\r\n")
    assert raw.answer().status == 413
    assert raw.ended()


def test_standard_library_gets_the_early_answer(world: Mockspaces) -> None:
    """A client that closes after each answer gets the 413 every time."""
    parts = urlsplit(world.url)
    for _ in range(10):
        client = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=5)
        headers = {"Connection": "close", "Content-Type": "application/x-www-form-urlencoded"}
        client.request("POST", "/oauth2/access_token", b"a=" + b"x" * BIG, headers)
        assert client.getresponse().status == 413
        client.close()


def test_lingering_is_bounded(connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client that neither goes on nor ends is let go."""
    monkeypatch.setattr(server_http, "LINGER_S", 0.2)
    raw = connect(post(b"Content-Length: %d" % BIG, b"Connection: close"))
    assert raw.answer().status == 413
    assert raw.ended()
    with pytest.raises(OSError, match=r"reset|[Bb]roken"):
        keep_sending(raw)


def keep_sending(raw: Raw) -> None:
    """Send on for a second."""
    for _ in range(100):
        raw.send(b"x" * 65536)
        time.sleep(0.01)


# --- what cannot be read


@pytest.mark.parametrize(
    ("sent", "why"),
    [
        (b"patch /api/users/me HTTP/1.1\r\nHost: x\r\n\r\n", 'methods are in capitals, not "patch"'),
        (b"FETCH /api/users/me HTTP/1.1\r\nHost: x\r\n\r\n", '"FETCH" is no method'),
        ("GET /api/users/me/colleagues?search=Zoë HTTP/1.1\r\n\r\n".encode(), "byte 0xC3 in the target"),
        (b"GET /api/users/me HTTP/1.1\r\nHost x\r\n\r\n", "no HTTP/1.1"),
        (b"GET /api/users/me HTTP/1.1\r\nA: \x00\r\n\r\n", "no HTTP/1.1"),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", "this is TLS"),
        (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "this is HTTP/2"),
        (b"GET /api/users/me HTTP/1.1\r\nContent-Length: x\r\n\r\n", "no HTTP/1.1"),
    ],
)
def test_what_cannot_be_read_has_a_why(world: Mockspaces, connect: Connect, sent: bytes, why: str) -> None:
    """Whatever the parser refuses is in the journal of the world that it came to, and any page may read the answer."""
    raw = connect(sent)
    answer = raw.answer()
    assert answer.status == 400
    assert answer.headers["access-control-allow-origin"] == "*"
    assert answer.headers["connection"] == "close"
    assert raw.ended()
    entry = world.journal.last(status=400)
    assert why in entry.why
    assert entry.path == (sent.split(b"?")[0].split()[1].decode() if b"/api" in sent else "/")


def test_a_bad_chunk_has_a_why(world: Mockspaces, connect: Connect) -> None:
    """A body that turns out to be none is refused once, and its call has no effect."""
    raw = connect(post(b"Transfer-Encoding: chunked"))
    raw.send(b"5\r\nabcde\r\nnonsense\r\n")
    assert raw.answer().status == 400
    assert raw.ended()
    assert [("no HTTP/1.1" in entry.why) for entry in world.journal.find(surface="accounts")] == [True]


def test_a_refusal_waits_for_the_answers_before_it(connect: Connect) -> None:
    """What was asked properly is answered, then what cannot be read is refused."""
    raw = connect(HEALTH * 3 + b"nonsense\r\n\r\n")
    assert [raw.answer().status for _ in range(4)] == [200, 200, 200, 400]
    assert raw.ended()


CALL = post(b"Content-Length: 19") + FORM
BEFORE = {
    "health": HEALTH,
    "form": CALL,
    "offer": post(OFFERS[0] + b"Content-Length: 19") + FORM,
    "several": b"\r\n" + HEALTH * 2 + CALL * 2,
}


@pytest.mark.parametrize("before", BEFORE.values(), ids=BEFORE)
@pytest.mark.parametrize(
    ("sent", "method", "why"),
    [
        (b"patch /api/users/me HTTP/1.1\r\nHost: x\r\n\r\n", "patch", 'methods are in capitals, not "patch"'),
        (b"GET /api/users/me HTTP/1.1\r\nHost x\r\n\r\n", "GET", "no HTTP/1.1"),
        (b"GET /api/users/me HTTP/1.1\r\nX-A: " + b"x" * 90_000, "GET", "larger than 65536 bytes"),
    ],
    ids=["method", "header", "size"],
)
def test_what_cannot_be_read_is_not_what_came_before(
    world: Mockspaces, connect: Connect, before: bytes, sent: bytes, method: str, why: str
) -> None:
    """The journal names the request that could not be read, though others were in the same segment."""
    raw = connect(before + sent)
    raw.until(b"connection: close\r\n")
    entry = world.journal.last(path="/api")
    assert (entry.method, entry.path) == (method, "/api/users/me")
    assert why in entry.why


def test_what_cannot_be_read_may_come_in_pieces(world: Mockspaces, connect: Connect) -> None:
    """A line of a head is not mistaken for that of the request."""
    raw = connect(HEALTH)
    raw.answer()
    raw.send(b"PUT /api/users/me HTTP/1.1\r\nHost: x\r\n")
    time.sleep(0.05)
    raw.send(b"GET /nope HTTP/1.1\r\n\r\n")
    assert raw.answer().status == 400
    entry = world.journal.last(status=400)
    assert (entry.method, entry.path) == ("PUT", "/api/users/me")


# --- heads


def head_of(size: int, *, lines: int = 1) -> bytes:
    """Return a request whose head is about so large."""
    each = size // lines - 6
    return b"GET /health HTTP/1.1\r\nHost: x\r\n" + (b"X-A: " + b"b" * max(1, each - 1) + b"\r\n") * lines + b"\r\n"


@pytest.mark.parametrize("lines", [1, 10, 5000])
def test_a_head_is_bounded(world: Mockspaces, connect: Connect, lines: int) -> None:
    """A head of 60 KB is read, one of 70 KB is refused, whatever it is made of."""
    assert connect(head_of(60_000, lines=lines)).answer().status == 200
    raw = connect(head_of(70_000, lines=lines))
    assert raw.answer().status == 431
    assert raw.ended()
    assert "larger than 65536 bytes" in world.journal.last(status=431).why


def test_a_head_that_never_ends_is_not_collected(connect: Connect) -> None:
    """The refusal comes as soon as the bound is passed, not when the header ends."""
    raw = connect(b"GET /health HTTP/1.1\r\nX-A: " + b"b" * 100_000)
    assert raw.answer().status == 431


def test_a_large_body_leaves_the_next_head_its_room(connect: Connect) -> None:
    """What stands before a head in the same segment is not counted."""
    body = b"x" * 200_000
    raw = connect((post(b"Content-Length: %d" % len(body)) + body) * 3 + head_of(60_000, lines=10))
    assert [raw.answer().status for _ in range(4)] == [401, 401, 401, 200]


def test_half_a_head_is_not_waited_for(world: Mockspaces, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A head that does not come to its end is refused after a while, and told."""
    monkeypatch.setattr(server_http, "HEAD_S", 0.2)
    raw = connect(b"GET /health HTTP/1.1\r\nHost:")
    time.sleep(0.1)
    raw.send(b" x")
    assert raw.answer().status == 408
    assert raw.ended()
    assert "longer than" in world.journal.last(status=408).why


@pytest.mark.parametrize(
    ("wrong", "status"),
    [(b"Bad Header: x\r\n", 400), (b"Transfer-Encoding: gzip\r\n", 400), (b"X-A: " + b"b" * 70_000 + b"\r\n", 431)],
    ids=["a header", "an encoding", "the size"],
)
@pytest.mark.parametrize("at_once", [True, False], ids=["at once", "in two parts"])
def test_what_cannot_be_read_is_refused_in_the_style_of_its_call(
    world: Mockspaces, connect: Connect, wrong: bytes, status: int, *, at_once: bool
) -> None:
    """A call that answers JSON does so too if its request is readable no further than to its first line."""
    begin = b"POST /oauth2/access_token HTTP/1.1\r\nHost: x\r\n"
    raw = connect(begin + wrong + b"\r\n" if at_once else begin)
    if not at_once:
        time.sleep(0.05)
        raw.send(wrong + b"\r\n")
    answer = raw.answer()
    assert (answer.status, answer.headers["content-type"].partition(";")[0]) == (status, "application/json")
    assert json.loads(answer.body)["error_description"]
    assert world.journal.last(status=status).endpoint == "ACC-TOKEN"
    page = connect(begin.replace(b"access_token", b"nothing") + wrong + b"\r\n").answer()
    assert (page.status, page.headers["content-type"].partition(";")[0]) == (status, "text/html")


# --- keep-alive


def test_idle_connections_are_kept_for_75_s(connect: Connect) -> None:
    """The answer announces how long a connection may be idle, and one that will be closed announces nothing."""
    assert connect(HEALTH).answer().headers["keep-alive"] == "timeout=75"
    closing = connect(b"GET /health HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n").answer()
    assert "keep-alive" not in closing.headers
    raw = connect(HEALTH)
    raw.answer()
    time.sleep(5.5)
    raw.send(HEALTH)
    assert raw.answer().status == 200


def test_many_requests_at_once_are_answered_in_their_order(connect: Connect) -> None:
    """A client that sends 2,000 requests at once gets 2,000 answers."""
    raw = connect()
    raw.send(HEALTH * 2000)
    assert {raw.answer().status for _ in range(2000)} == {200}


def test_half_a_body_is_not_waited_for(world: Mockspaces, connect: Connect, monkeypatch: pytest.MonkeyPatch) -> None:
    """A body that does not go on is refused after the time that a connection may be idle."""
    monkeypatch.setattr(server_http, "KEEP_ALIVE_S", 1)
    raw = connect(post(b"Content-Length: 9") + b"a")
    silent = connect()
    assert raw.answer().status == 408
    assert raw.ended()
    assert silent.ended()
    assert "nothing of the body came" in world.journal.last(status=408).why


# --- bodies on their way


@pytest.mark.usefixtures("fresh_interpreter")
def test_unfinished_bodies_take_no_memory(serve: Serve) -> None:
    """Sixty clients that begin a large body and do not finish it take little memory, and nobody waits for them long."""
    served = serve()
    before = resident_kb(served.process.pid)
    length = 4 * 1024 * 1024
    begun = [Raw(served.url, post(b"Content-Length: %d" % length)) for _ in range(60)]
    for raw in begun:
        raw.socket.settimeout(0.2)
        with contextlib.suppress(TimeoutError):
            raw.socket.sendall(b"x" * (length - 1))
    assert resident_kb(served.process.pid) - before < 120_000
    proper = Raw(served.url, post(b"Content-Length: %d" % length))
    proper.socket.settimeout(20)
    proper.send(b"x" * length)
    assert proper.answer().status == 401
    assert served.end()[0] == 0
    for raw in [*begun, proper]:
        raw.close()


def test_sixty_large_bodies_at_once_are_all_taken(world: Mockspaces) -> None:
    """Who sends large bodies at once gets them all read."""
    body = b"x" * (2 * 1024 * 1024)

    def send(_number: int) -> int:
        raw = Raw(world.url, post(b"Content-Length: %d" % len(body)))
        raw.socket.settimeout(30)
        raw.send(body)
        status = raw.answer().status
        raw.close()
        return status

    with ThreadPoolExecutor(60) as threads:
        assert set(threads.map(send, range(60))) == {401}


# --- any page may read any answer (REST-CORS-01)


@pytest.mark.parametrize(
    ("path", "status"),
    [("/", 404), ("/nope", 404), ("/w/none/api/users/me", 404), ("/socket.io/?transport=polling", 400)],
)
def test_every_answer_has_cors_headers(world: Mockspaces, connect: Connect, path: str, status: int) -> None:
    """Also what no surface serves; a Socket.IO server names the origin, since its clients send credentials."""
    lines = f"GET {path} HTTP/1.1\r\nHost: x\r\nOrigin: https://app.example\r\n\r\n"
    answer = connect(lines.encode()).answer()
    credentials = "socket.io" in path
    assert answer.status == status
    assert answer.headers["access-control-allow-origin"] == ("https://app.example" if credentials else "*")
    assert ("access-control-allow-credentials" in answer.headers) is credentials
    assert "/w/none" in path or world.journal.last(status=status).why
