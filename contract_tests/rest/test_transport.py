"""What lies below the application: offers, heads, bodies and answers on connections as they really are."""

import base64
import json
import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import parse_headers
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import TEXT, Cloud, Person, behaviour, only_mock, route
from contract_tests.sockets import Sockets, address, credential

HEAD_BYTES = 64 * 1024
MIB = 1024 * 1024


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "what stands before a service speaks for itself")


class Answer(NamedTuple):
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    text: str

    @property
    def json(self) -> Any:
        return json.loads(self.text)


class Connection:
    """One TCP connection to the API, whose answers are read one after the other."""

    def __init__(self, opened: socket.socket) -> None:
        self.socket = opened
        self._read = opened.makefile("rb")

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.socket.sendall(part)

    def answer(self) -> Answer:
        status = int(self._read.readline().split()[1])
        headers = {name.lower(): value for name, value in parse_headers(self._read).items()}
        return Answer(status, headers, self._read.read(int(headers.get("content-length", 0))).decode())

    def close(self) -> None:
        self._read.close()

    def rest(self, most: int = 65536) -> bytes:
        """Return what comes next, nothing if the connection has ended."""
        return self._read.read1(most)


@contextmanager
def connected(cloud: Cloud) -> Iterator[Connection]:
    parts = urlsplit(cloud.api)
    route.pace()
    place = parts.hostname or "", parts.port or 80
    with socket.create_connection(place, timeout=10) as opened, closing(Connection(opened)) as raw:
        yield raw


def head(cloud: Cloud, method: str, path: str, *lines: str) -> bytes:
    parts = urlsplit(cloud.api)
    first = f"{method} {parts.path}{path} HTTP/1.1\r\nHost: {parts.netloc}\r\n"
    return (first + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode("latin-1")


def created(cloud: Cloud, who: Person, title: str, *lines: str) -> bytes:
    """Return a request that creates a space."""
    body = json.dumps({"topic": {"title": title}}).encode()
    sent = (f"Authorization: {who.authorization}", "Content-Type: application/json", f"Content-Length: {len(body)}")
    return head(cloud, "POST", "/spaces/invite", *sent, *lines) + body


OFFERS: Mapping[str, tuple[str, ...]] = {
    "HTTP/2": ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAARAAAAAAAIAAAAA"),
    "TLS": ("Connection: keep-alive, Upgrade", "Upgrade: TLS/1.2"),
    "half a WebSocket": ("Connection: Upgrade", "Upgrade: websocket"),
}


@behaviour("REST-REQ-03", "REST-RES-01")
@pytest.mark.parametrize("offer", OFFERS)
def test_an_offer_of_another_protocol_changes_nothing(cloud: Cloud, offer: str) -> None:
    """A body behind an offer is read as any other, in the same segment or in its own, and the connection goes on."""
    ann = cloud.user()
    with connected(cloud) as raw:
        for title in ("First", "Second"):
            request = created(cloud, ann, title, *OFFERS[offer])
            middle = request.index(b"\r\n\r\n") + 4
            with claim("REST-REQ-03", f"{title}: its body is taken"):
                raw.send(*([request] if title == "First" else [request[:middle], request[middle:]]))
                answer = raw.answer()
                expect((answer.status, answer.json["data"][0]["topicId"] != ""), (200, True))
        with claim("REST-RES-01", "the next call of the connection is answered"):
            raw.send(head(cloud, "GET", "/users/me", f"Authorization: {ann.authorization}"))
            expect(raw.answer().status, 200)
    with claim("REST-REQ-03", "both spaces are there"):
        shown = cloud.call("GET", "/users/me/spaces", ann).json()["data"]
        observe({one["title"] for one in shown} >= {"First", "Second"}, wanted=True)


@behaviour("ERR-BODY-01", "REST-CORS-01")
def test_a_head_has_a_bound(cloud: Cloud) -> None:
    """Sixty thousand bytes of headers are read, seventy thousand are refused, in one line or in many."""
    ann = cloud.user()
    for lines in (1, 100):
        for size, status in ((60_000, 200), (70_000, 431)):
            more = [f"X-{number}: {'b' * (size // lines)}" for number in range(lines)]
            with connected(cloud) as raw:
                raw.send(head(cloud, "GET", "/users/me", f"Authorization: {ann.authorization}", *more))
                with claim("ERR-BODY-01", f"{size} bytes in {lines} lines: {status}"):
                    answer = raw.answer()
                    observe(answer.status, status)
                    if status != 200:
                        observe(answer.json, {"code": "request.head_too_large", "message": TEXT})
                with claim("REST-CORS-01", f"{size} bytes in {lines} lines: any page may read the answer"):
                    observe(answer.headers.get("access-control-allow-origin"), "*")


UNREADABLE: Mapping[str, tuple[bytes, str]] = {
    "a method in small letters": (b"patch /api/users/me HTTP/1.1\r\nHost: x\r\n\r\n", "capitals"),
    "a method that is none": (b"FETCH /api/users/me HTTP/1.1\r\nHost: x\r\n\r\n", "FETCH"),
    "a letter that is not encoded": ("GET /api/users/me?search=Zo\u00eb HTTP/1.1\r\nHost: x\r\n\r\n".encode(), "0xC3"),
    "a header without colon": (b"GET /api/users/me HTTP/1.1\r\nHost x\r\n\r\n", "HTTP/1.1"),
}


@behaviour("ERR-BODY-01", "REST-CORS-01")
@pytest.mark.parametrize("what", UNREADABLE)
def test_what_cannot_be_read_is_refused_as_anything_else(cloud: Cloud, what: str) -> None:
    """It is answered in the form of every error, with a reason, and that is the end of the connection."""
    sent, word = UNREADABLE[what]
    with connected(cloud) as raw:
        raw.send(head(cloud, "GET", "/users/me"))
        with claim("ERR-BODY-01", "what came before is answered"):
            observe(raw.answer().status, 401)
        raw.send(sent)
        with claim("ERR-BODY-01", "it is refused with code and message"):
            answer = raw.answer()
            observe((answer.status, answer.json), (400, {"code": "request.invalid", "message": TEXT}))
            if cloud.mock:
                assert word in cloud.mock.why(status=400)
        with claim("REST-CORS-01", "any page may read the answer"):
            observe(answer.headers.get("access-control-allow-origin"), "*")
        with claim("ERR-BODY-01", "nothing more is read of the connection"):
            observe(raw.rest(1), b"")


@behaviour("REST-REQ-05", "ACC-GEN-12")
@pytest.mark.parametrize("connection", ["close", "keep-alive"])
def test_a_refusal_reaches_who_sends_too_much(cloud: Cloud, connection: str) -> None:
    """Whoever looks only when everything is sent finds the refusal, even if the connection ends with it."""
    size = 6 * MIB
    accounts = urlsplit(cloud.accounts)
    lines = (f"Content-Length: {size}", f"Connection: {connection}", "Content-Type: application/json")
    for shown, path in (("REST-REQ-05", "/api/spaces/invite"), ("ACC-GEN-12", "/oauth2/access_token")):
        first = f"POST {accounts.path}{path} HTTP/1.1\r\nHost: {accounts.netloc}\r\n"
        with connected(cloud) as raw, claim(shown, "the answer arrives"):
            raw.send((first + "".join(f"{line}\r\n" for line in lines) + "\r\n").encode(), b"x" * size)
            observe(raw.answer().status, 413)
            if connection == "keep-alive":
                raw.send(head(cloud, "GET", "/users/me"))
                observe(raw.answer().status, 401)


@behaviour("REST-RES-01")
def test_calls_that_come_at_once_are_answered_in_their_order(cloud: Cloud) -> None:
    """Thirty calls in one segment, some with a body and one that is refused, have thirty answers in their order."""
    ann = cloud.user()
    calls, wanted = [], []
    for number in range(10):
        calls += [
            created(cloud, ann, f"Room {number}"),
            head(cloud, "GET", "/nothing"),
            head(cloud, "GET", "/users/me"),
        ]
        wanted += [200, 404, 401]
    with connected(cloud) as raw, claim("REST-RES-01", "each answer is that of its own call"):
        raw.send(b"".join(calls))
        observe([raw.answer().status for _ in wanted], wanted)


KEY = f"Sec-WebSocket-Key: {base64.b64encode(os.urandom(16)).decode()}"
VERSION = "Sec-WebSocket-Version: 13"
UPGRADE = ("Connection: Upgrade", "Upgrade: websocket")


def handshake(cloud: Cloud, who: Person, *lines: str, query: str = "") -> bytes:
    url = urlsplit(address(cloud.urls, {**credential(who), "EIO": "3", "transport": "websocket"}))
    first = f"GET {url.path}?{url.query}{query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
    return (first + "".join(f"{line}\r\n" for line in (*UPGRADE, *lines)) + "\r\n").encode()


@behaviour("RT-EIO-02", "RT-EP-04")
def test_a_handshake_may_be_long(cloud: Cloud) -> None:
    """A query of nine thousand characters, such a cookie and two hundred headers are taken."""
    ann = cloud.jwt_user()
    more = {"query": (), "cookie": (f"Cookie: a={'x' * 9000}",), "headers": [f"X-{one}: y" for one in range(200)]}
    for what, lines in more.items():
        with connected(cloud) as raw, claim("RT-EIO-02", f"with a long {what} the WebSocket opens"):
            long = f"&x={'y' * 9000}" if what == "query" else ""
            raw.send(handshake(cloud, ann, KEY, VERSION, *lines, query=long))
            observe(raw.rest().partition(b"\r\n")[0].split()[1], b"101")
    for what, lines in (
        ("no key", (VERSION,)),
        ("two keys", (KEY, KEY, VERSION)),
        ("a key that is too short", ("Sec-WebSocket-Key: eHh4", VERSION)),
        ("no version", (KEY,)),
        ("an old version", (KEY, "Sec-WebSocket-Version: 12")),
        ("a body", (KEY, VERSION, "Content-Length: 2")),
    ):
        with connected(cloud) as raw, claim("RT-EP-04", f"with {what} it is an HTTP call like any other: 400"):
            raw.send(handshake(cloud, ann, *lines) + b"{}" * ("a body" in what))
            observe(raw.answer().status, 400)


@behaviour("RT-EP-08")
def test_what_comes_with_the_handshake_is_read(cloud: Cloud) -> None:
    """A client that does not wait for the answer to its handshake loses nothing of what it sent."""
    mask = bytes(4)
    join = b"40/chat"
    frame = bytes((0x81, 0x80 | len(join))) + mask + join
    with connected(cloud) as raw, claim("RT-EP-08", "the namespace that was asked for at once is joined"):
        raw.send(handshake(cloud, cloud.jwt_user(), KEY, VERSION) + frame)
        read = b""
        while b"40/chat" not in read:
            more = raw.rest()
            assert more, read
            read += more


@behaviour("RT-EP-08")
def test_many_events_at_once_are_all_processed(cloud: Cloud, sockets: Sockets) -> None:
    """A thousand events in one go are processed in their order, none of them twice."""
    ann = cloud.jwt_user()
    chat = sockets.join(ann)
    for number in range(1000):
        chat.send(f'42/chat,{number}["NO_SUCH_EVENT",{{}}]')
    with claim("RT-EP-08", "each has its acknowledgement, in the order of arrival"):
        observe([str(one) for one in chat.frames()], [f"43/chat,{number}[]" for number in range(1000)])
