"""The connection to the control API of one world."""

import http.client
import json
import os
import socket
import threading
from collections.abc import Mapping
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self
from urllib.parse import urlsplit
from weakref import WeakSet

if TYPE_CHECKING:
    import ssl
    from pathlib import Path

TIMEOUT_S = 70  # longer than the longest wait that the control API grants
LONGEST_LINE = 65536
DEFAULT_PORTS = {"http": 80, "https": 443}


class ControlError(Exception):
    """The control API refused a call; the message tells why."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(f"{status} {code}: {why}")
        self.status = status
        self.code = code
        self.why = why


class EndedError(ConnectionError):
    """The server ended a connection that had been idle, before it answered."""


class Answer(http.client.HTTPResponse):
    """An answer of which the library reads the body, but not the head.

    It would parse it as that of an e-mail, which took a third of the time of a control call on the side of the test.
    """

    def begin(self) -> None:
        """Read the head. Raises `http.client.HTTPException` where it is none of HTTP/1."""
        version, _, rest = (line := self.fp.readline(LONGEST_LINE)).partition(b" ")
        if not line:
            raise http.client.RemoteDisconnected("the server ended the connection without an answer")
        if not version.startswith(b"HTTP/1.") or not rest[:3].isdigit():
            raise http.client.BadStatusLine(repr(line))
        headers = {}
        while (line := self.fp.readline(LONGEST_LINE)) not in (b"\r\n", b"\n", b""):
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip().lower()
        self.status = int(rest[:3])
        self.chunked, self.chunk_left = headers.get(b"transfer-encoding") == b"chunked", None
        length = headers.get(b"content-length", b"")
        self.length = int(length) if length.isdigit() and not self.chunked else None
        endless = self.length is None and not self.chunked
        self.will_close = endless or version == b"HTTP/1.0" or headers.get(b"connection") == b"close"


class Connection:
    """One HTTP connection that is kept open; for one thread of one process.

    It is no `http.client.HTTPConnection`: what replaces that class in a test (vcrpy, tracing) must see the calls
    of the code under test, and not those of the test itself. It is no larger than what the control API needs.
    """

    def __init__(self, host: str, port: int, timeout: float, trust: "ssl.SSLContext | None" = None) -> None:
        """Connect at the first exchange, over TLS if told whom to ``trust``. One wait may take ``timeout`` seconds."""
        self.process = os.getpid()
        self.busy = False  # inside an exchange, or left there by an exception: of no more use
        self.sock: socket.socket | None = None
        self._address = host, port
        self._timeout = timeout
        self._trust = trust

    def __del__(self) -> None:
        """Close the socket when the thread or the client is gone, without a ResourceWarning."""
        self.close()

    def close(self) -> None:
        """Close the socket; the next exchange opens another."""
        sock, self.sock = self.sock, None
        if sock is not None:
            sock.close()

    def exchange(self, method: str, path: str, headers: Mapping[str, str], content: bytes | None) -> tuple[int, bytes]:
        """Send a request and return status and body of its answer.

        Raises `EndedError` where an idle connection was ended meanwhile, `http.client.HTTPException` where the
        answer is no HTTP.
        """
        used = self.sock is not None
        if self.sock is None:
            self.sock = socket.create_connection(self._address, self._timeout)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._trust is not None:
                self.sock = self._trust.wrap_socket(self.sock, server_hostname=self._address[0])
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
        if content is not None:
            lines.append(f"Content-Length: {len(content)}")
        try:
            self.sock.sendall("\r\n".join([*lines, "", ""]).encode("latin-1") + (content or b""))
            answer = Answer(self.sock, method=method)
            answer.begin()
            body = answer.read()
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError) as error:
            self.close()
            raise EndedError(*error.args) if used else error from None
        if answer.will_close:
            self.close()
        return answer.status, body


class Control:
    """Speaks to the control API of the world at a URL, over one connection per thread and process."""

    def __init__(
        self,
        url: str,
        *,
        control_token: str | None = None,
        timeout: float = TIMEOUT_S,
        ca_file: "str | Path | None" = None,
    ) -> None:
        """Speak to the world at ``url``; nothing is sent yet. An answer may take ``timeout`` seconds.

        An https URL is trusted as the system trusts it, or as the certificates of ``ca_file`` say. Raises
        `ValueError` for another URL, `OSError` for a file that cannot be read or holds no certificate.
        """
        parts = urlsplit(url.rstrip("/"))
        if parts.scheme not in DEFAULT_PORTS or not parts.hostname:
            raise ValueError(f"expected an http or https URL, not {url!r}")
        self._ca_file = ca_file
        self._trust: ssl.SSLContext | None = None
        if parts.scheme == "https":
            from ssl import create_default_context  # noqa: PLC0415 - few need it, and it takes long to load

            self._trust = create_default_context(cafile=ca_file)
        self.url = url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path
        self._token = control_token
        self._timeout = timeout
        self.address = parts.hostname, parts.port or DEFAULT_PORTS[parts.scheme]
        self._headers = {"Host": parts.netloc, "Content-Type": "application/json"}
        if control_token is not None:
            self._headers["X-Mock-Token"] = control_token
        self._own = threading.local()
        self._all: WeakSet[Connection] = WeakSet()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections of all threads; the world stays."""
        for connection in list(self._all):
            connection.close()

    def clone(self) -> Self:
        """Return another client of the same world, with connections of its own."""
        return type(self)(self.url, control_token=self._token, timeout=self._timeout, ca_file=self._ca_file)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call below ``/_mock`` and return its JSON. Raises `ControlError` if it is refused."""
        content = None if method in ("GET", "DELETE") else json.dumps({} if body is None else body).encode()
        return self._asked(method, path, content)

    def upload(self, path: str, content: bytes) -> Any:
        """Send a document as it is to a call below ``/_mock``, and return its JSON. Raises `ControlError`."""
        return self._asked("POST", path, content)

    def _asked(self, method: str, path: str, content: bytes | None) -> Any:
        status, text = self._send(method, f"{self.path}/_mock{path}", content)
        try:
            answer = json.loads(text)
            if status != http.client.OK:
                raise ControlError(status, answer["code"], answer.get("why") or answer["message"])
        except (ValueError, TypeError, KeyError):
            what = text[:200].decode("utf-8", "replace")
            raise ControlError(status, "", f"{self.url} is no mock, it answered {what!r}") from None
        return answer

    def download(self, path: str) -> bytes:
        """Return what a GET below ``/_mock`` answers, as it is. Raises `ControlError` if it is refused."""
        status, content = self._send("GET", f"{self.path}/_mock{path}", None)
        if status != http.client.OK:
            raise ControlError(status, "", f"GET {path}")
        return content

    def _connection(self) -> Connection:
        """Return the connection of this thread: a new one after a fork, or after a call that was interrupted."""
        connection: Connection | None = getattr(self._own, "connection", None)
        if connection is None or connection.busy or connection.process != os.getpid():
            connection = self._own.connection = Connection(*self.address, self._timeout, self._trust)
            self._all.add(connection)
        return connection

    def _send(self, method: str, path: str, data: bytes | None) -> tuple[int, bytes]:
        connection = self._connection()
        connection.busy = True
        try:
            try:
                found = connection.exchange(method, path, self._headers, data)
            except EndedError:  # once more on a new one
                found = connection.exchange(method, path, self._headers, data)
            connection.busy = False
        except http.client.RemoteDisconnected:
            raise
        except http.client.HTTPException as error:
            raise ControlError(0, "", f"{self.url} is no mock, it does not speak HTTP: {error!r}") from None
        finally:
            if connection.busy:  # half an exchange is on it, whatever ended the call: a timeout, Ctrl-C, a test's end
                connection.close()
        return found
