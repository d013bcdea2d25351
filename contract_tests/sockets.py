"""Sockets as the contract tests use them: raw frames of Engine.IO 3 over a plain WebSocket client.

A ping is a barrier: the server handles the frames of a connection in order, so when the pong of a later ping is
here, everything that earlier frames caused has arrived too.
"""

import json
import re
import socket
from collections import deque
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from typing import Any, Self
from urllib.parse import urlencode, urlsplit

import jwt
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.frames import Frame as WebSocketFrame
from websockets.frames import Opcode
from websockets.sync.client import ClientConnection, connect

from contract_tests.claims import NotTried, book, step
from contract_tests.kit import App, Cloud, Like, Person, route

PATIENCE_S = 5
UUID = Like("uuid", r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
DIGITS = Like("decimal number", r"\d+")
TYPES = {"jwt": "jwt", "bearer": "oauth", "service_app": "service_app"}

SWITCHED, BAD_REQUEST = 101, 400
REFUSING = re.compile(r'44|42[^\[]*\["\w+_FAILED"')  # frames that refuse a namespace, or what an event asked for

Frame = str | bytes
Event = tuple[str, Any]


def address(urls: Mapping[str, str], query: Mapping[str, str]) -> str:
    """Return the WebSocket URL of a target."""
    parts = urlsplit(urls["socket"])
    scheme = "wss" if parts.scheme == "https" else "ws"
    return f"{scheme}://{parts.netloc}/{urls['socketio_path'].lstrip('/')}?{urlencode(query)}"


def credential(who: Person | App | None) -> dict[str, str]:
    """Return the query parameters that name somebody (RT-AUTH-01)."""
    if who is None:
        return {}
    scheme, token = who.authorization.split(" ")
    return {"token": token, "tokenType": TYPES[scheme.lower()]}


class Silence(AssertionError, TimeoutError):
    """Nothing came where something should have."""


class Wire:
    """One WebSocket and the frames on it."""

    def __init__(self, url: str, **options: Any) -> None:
        self._url = url
        try:
            self._connection: ClientConnection = self._connect(url, **options)
        except InvalidStatus as refused:
            status = refused.response.status_code
            self._note("GET", "", status, refused.response.body.decode("utf-8", "replace"))
            book.works(status, "the handshake of a socket")
            raise
        self._note("GET", "", SWITCHED, "")
        self._kept: deque[Frame] = deque()

    def _connect(self, url: str, **options: Any) -> ClientConnection:
        route.pace()
        connection: ClientConnection = connect(
            url,
            compression=None,
            open_timeout=PATIENCE_S,
            ping_interval=None,
            max_size=None,
            max_queue=None,
            **{"proxy": route.proxy, "ssl": route.tls if url.startswith("wss:") else None, **options},
        ).__enter__()
        return connection

    def _note(self, method: str, sent: str, status: int, received: str) -> None:
        """Keep a handshake or a frame as an exchange, and whether it is a refusal."""
        request = {"method": method, "url": self._url, "headers": {}, "body": sent}
        position = book.keep(request, {"status": status, "headers": {}, "body": received})
        book.exchanged(position, refusal=status >= BAD_REQUEST or REFUSING.match(received) is not None)

    def _received(self, frame: Frame) -> Frame:
        text = frame if isinstance(frame, str) else f"<{len(frame)} bytes>"
        if frame != "3":  # the pong of a barrier tells nothing
            self._note("RECEIVE", "", 0, text)
        return frame

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()

    def send(self, *frames: Frame) -> None:
        """Send frames, text or binary."""
        for frame in frames:
            if frame != "2":
                route.pace()
                self._note("SEND", frame if isinstance(frame, str) else f"<{len(frame)} bytes>", 0, "")
            self._connection.send(frame)

    def send_raw_text(self, data: bytes) -> None:
        """Send a text frame of bytes that need not be UTF-8."""
        self._connection.send(data, text=True)

    def ping_websocket(self) -> None:
        """Send a ping of the WebSocket, which is no packet of Engine.IO."""
        self._connection.ping()

    def receive(self, timeout: float = PATIENCE_S) -> Frame:
        """Return the next frame. Raises `Silence` if none comes in time."""
        if self._kept:
            return self._kept.popleft()
        try:
            return self._received(self._connection.recv(timeout))
        except TimeoutError:
            raise Silence(f"no frame came within {timeout} s") from None

    def frames(self) -> list[Frame]:
        """Return the frames that came until the pong of a ping that is sent now, and the lag of the target after it."""
        self.settle()
        found = list(self._kept)
        self._kept.clear()
        return found

    def settle(self) -> None:
        """Wait until the server has handled all that was sent; what comes meanwhile is kept for later."""
        self.send("2")
        while (frame := self._connection.recv(PATIENCE_S)) != "3":
            self._kept.append(self._received(frame))
        if route.lag_s:
            with suppress(TimeoutError, ConnectionClosed):  # whoever receives the next frame meets the latter again
                while True:
                    self._kept.append(self._received(self._connection.recv(route.lag_s)))

    def end(self, timeout: float = PATIENCE_S) -> tuple[list[Frame], int]:
        """Wait until the server closes; return the frames before that, and the close code (1006: without a word)."""
        found: list[Frame] = []
        try:
            while True:
                found.append(self.receive(timeout))
        except ConnectionClosed as closed:
            return found, closed.rcvd.code if closed.rcvd else 1006

    def close(self) -> None:
        """Close the WebSocket."""
        self._connection.close()

    def kill(self) -> None:
        """Break the connection without a word, as a machine that loses its power."""
        self._connection.socket.close()

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the server's answer to the handshake."""
        assert self._connection.response is not None
        return self._connection.response.headers


class Chat(Wire):
    """A connection that has opened; `join` brings it into the namespace."""

    def __init__(self, url: str, namespace: str = "/chat", **options: Any) -> None:
        super().__init__(url, **options)
        self.namespace = namespace
        self.opening = json.loads(str(self.receive())[1:])
        self.greeting = self.receive()

    def join(self, suffix: str = "") -> Frame:
        """Send a CONNECT and return the answer."""
        self.send(f"40{self.namespace}{suffix}")
        return self.receive()

    def emit(self, event: str, payload: Any, ack: str = "") -> None:
        """Send an event."""
        self.send(f"42{self.namespace},{ack}{json.dumps([event, payload])}")

    def hear(self) -> Event:
        """Return the next event."""
        return self._event(self.receive())

    def heard(self) -> list[Event]:
        """Return all events until now."""
        return [self._event(frame) for frame in self.frames()]

    def said(self, event: str) -> list[Any]:
        """Return the payloads of one kind of event until now."""
        return [payload for name, payload in self.heard() if name == event]

    def ask(self, event: str, payload: Any) -> Event:
        """Send an event and return the next one that comes."""
        self.emit(event, payload)
        return self.hear()

    def _event(self, frame: Frame) -> Event:
        head = f"42{self.namespace},"
        assert isinstance(frame, str) and frame.startswith(head), f"{frame!r} is no event"  # noqa: PT018 - one idea
        name, *arguments = json.loads(frame[len(head) :])
        return name, arguments[0] if arguments else None

    def subscribe(self, space: str, **channel: Any) -> Event:
        """Subscribe to a space and return the answer."""
        return self.ask("SUBSCRIBE_CHANNEL", {"channel": {"_id": space, "type": "topic", **channel}, "version": "1.1"})

    def unsubscribe(self, space: str) -> Event:
        """Leave a space and return the answer."""
        return self.ask("UNSUBSCRIBE_CHANNEL", {"channel": {"_id": space, "type": "topic"}})

    def message(self, space: str, text: str = "hi", category: str = "chat", **members: Any) -> Event:
        """Send a message and return what comes next."""
        content = {"bodyText": text, **members.pop("content", {})}
        payload = {"category": category, "topicId": space, "content": content, **members}
        return self.ask("SEND_MESSAGE", payload)

    def presence(self, category: str, space: str, **members: Any) -> None:
        """Send a presence event; short words stand for ``app.event.presence.party.*``."""
        full = category if "." in category else f"app.event.presence.party.{category}"
        self.emit("SEND_PRESENCE_EVENT", {"category": full, "topicId": space, "content": {}, **members})
        self.settle()

    def media(self, category: str, space: str, **members: Any) -> None:
        """Send a media session event; ``media`` is the member ``mediaSession`` of the content."""
        content = {"mediaSession": members.pop("media"), **members.pop("content", {})} if "media" in members else None
        payload = {"category": category, "topicId": space, **members}
        self.emit("SEND_MEDIA_SESSION_EVENTS", {**payload, "content": content} if content else payload)
        self.settle()


def deaf(url: str, *frames: str) -> socket.socket:
    """Open a connection that sends frames and reads nothing by itself, as a client that hangs."""
    parts = urlsplit(url)
    connection = socket.socket()
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
    connection.connect((parts.hostname, parts.port))
    request = (
        f"GET {parts.path}?{parts.query} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    )
    connection.sendall(request.encode())
    while b"\r\n\r\n" not in connection.recv(4096, socket.MSG_PEEK):
        pass
    for frame in frames:
        connection.sendall(WebSocketFrame(Opcode.TEXT, frame.encode()).serialize(mask=True))
    return connection


def read_until(connection: socket.socket, words: bytes) -> None:
    """Read what comes until some words have come."""
    connection.settimeout(PATIENCE_S)
    received = b""
    while words not in received:
        received += connection.recv(65536)


# What a namespace says on joining and leaving, in the spelling of either server generation (RT-EP-06).
JOINED = Like("40/chat", r"40/chat,?")
LEFT = Like("41/chat", r"41/chat,?")


class Sockets:
    """Opens sockets of one target and closes them all in the end."""

    def __init__(self, cloud: Cloud) -> None:
        self._cloud = cloud
        self._open = ExitStack()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self._open.close()

    def url(self, query: Mapping[str, str], urls: Mapping[str, str] | None = None) -> str:
        """Return the URL of a handshake with this query, as a client of Engine.IO 3 sends it."""
        return address(urls or self._cloud.urls, {"EIO": "3", "transport": "websocket", **query})

    def open(
        self,
        who: Person | App | None = None,
        **query: str,
    ) -> Chat:
        """Open a connection without joining; the credential is in the handshake."""
        return self.at(self.url({**credential(who), **query}))

    def at(self, url: str, namespace: str = "/chat") -> Chat:
        """Open a connection to a URL, without joining."""
        return self._open.enter_context(Chat(url, namespace))

    def wire(self, url: str, **options: Any) -> Wire:
        """Open a connection of which no frame has been read."""
        return self._open.enter_context(Wire(url, **options))

    def join(self, who: Person | App, *spaces: str, **query: str) -> Chat:
        """Open a connection, join the namespace and subscribe to spaces."""
        chat = self.open(who, **query)
        answer = chat.join()
        assert str(answer).startswith("40"), answer
        for space in spaces:
            name, payload = chat.subscribe(space)
            assert name == "CHANNEL_SUBSCRIBED", payload
        return chat


def direct_space(cloud: Cloud, one: Person, other: Person) -> str:
    """Return the direct space of two registered users."""
    answer = cloud.call("GET", f"/spaces/direct/user/{other.id}", one)
    assert answer.status_code == 200, answer.text
    space_id: str = answer.json()["data"][0]["_id"]
    return space_id


def strangers(cloud: Cloud, one: Person, other: Person) -> None:
    """Raise `NotTried` if two people have met before, which lasts on a service (SPACES-DIRECT-04)."""
    if not cloud.is_mock and cloud.call("GET", f"/spaces/direct/user/{other.id}", one).is_success:
        raise NotTried("the accounts of two strangers have met before, and a service does not forget it")


@step("begin a meeting")
def begin_meeting(cloud: Cloud, sockets: Sockets, space: str, *people: Person) -> Any:
    """Bring people into the meeting of a space by sockets that stay open, and return it as the first of them sees."""
    for who in people:
        sockets.join(who, space).media("tracksstatus", space, media={"connected": True, "audio": True})
    answer = cloud.call("GET", f"/spaces/{space}/activemeeting", people[0])
    assert answer.status_code == 200, answer.text
    return answer.json()


@step("read the name of somebody")
def displayname(cloud: Cloud, who: Person) -> str:
    """Return the name under which the target shows a registered user."""
    name: str = cloud.call("GET", "/users/me", who).json()["displayname"]
    return name


def expired(cloud: Cloud, username: str, kind: str) -> Person:
    """Return somebody whose credential expired a second ago (the mock only)."""
    body = {"username": username, "kind": kind, "expires_in": -1}
    token = cloud.control("POST", "/tokens", body)["token"]
    return Person("", username, f"{'bearer' if kind == 'oauth' else 'jwt'} {token}", token=token)


def unsigned(claims: Mapping[str, Any]) -> str:
    """Return a JWT that nobody vouches for."""
    return jwt.encode(dict(claims), "not the secret of anybody in this world", "HS256")
