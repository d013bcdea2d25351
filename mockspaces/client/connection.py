"""The connection to the control API of one world."""

import http.client
import json
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

TIMEOUT_S = 70  # longer than the longest wait that the control API grants


class ControlError(Exception):
    """The control API refused a call; the message tells why."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(f"{status} {code}: {why}")
        self.status = status
        self.code = code
        self.why = why


class Control:
    """Speaks to the control API of the world at a URL, over one connection: for one thread."""

    def __init__(self, url: str, *, control_token: str | None = None, timeout: float = TIMEOUT_S) -> None:
        """Speak to the world at ``url``; nothing is sent yet. An answer may take ``timeout`` seconds."""
        parts = urlsplit(url.rstrip("/"))
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"expected an http URL, not {url!r}")
        self.url = url.rstrip("/")
        self.origin = f"{parts.scheme}://{parts.netloc}"
        self.path = parts.path
        self._token = control_token
        self._headers = {"Content-Type": "application/json"}
        if control_token is not None:
            self._headers["X-Mock-Token"] = control_token
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the world stays."""
        self._connection.close()

    def clone(self) -> Self:
        """Return another client of the same world, with a connection of its own."""
        return type(self)(self.url, control_token=self._token)

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call below ``/_mock`` and return its JSON. Raises `ControlError` if it is refused."""
        content = None if method in ("GET", "DELETE") else json.dumps({} if body is None else body)
        status, text = self._send(method, f"{self.path}/_mock{path}", content)
        try:
            answer = json.loads(text)
            if status != http.client.OK:
                raise ControlError(status, answer["code"], answer.get("why") or answer["message"])
        except (ValueError, TypeError, KeyError):
            what = text[:200].decode("utf-8", "replace")
            raise ControlError(status, "", f"{self.url} is no mock, it answered {what!r}") from None
        return answer

    def _send(self, method: str, path: str, content: str | None) -> tuple[int, bytes]:
        try:
            return self._exchange(method, path, content)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()  # the server closed an idle connection: once more on a new one
            return self._exchange(method, path, content)

    def _exchange(self, method: str, path: str, content: str | None) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, content, self._headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except http.client.RemoteDisconnected:
            raise
        except http.client.HTTPException as error:
            raise ControlError(0, "", f"{self.url} is no mock, it does not speak HTTP: {error!r}") from None
