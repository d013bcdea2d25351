"""What a lie is made of: a request and its answer, as they stand on the wire."""

import json
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from email.utils import formatdate
from http import HTTPStatus
from typing import Any, Self
from urllib.parse import parse_qsl, urlencode

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Message:
    """What a request and an answer have in common. Headers keep their order and spelling."""

    headers: Headers = ()
    body: bytes = b""

    def header(self, name: str) -> str:
        """Return the value of a header, empty if there is none."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")

    def with_header(self, name: str, value: str | None) -> Self:
        """Return the message with a header replaced in its place, added, or (None) left out."""
        kept = tuple(pair for pair in self.headers if pair[0].lower() != name.lower())
        if value is None:
            return replace(self, headers=kept)
        place = next((i for i, pair in enumerate(self.headers) if pair[0].lower() == name.lower()), len(kept))
        return replace(self, headers=(*kept[:place], (name, value), *kept[place:]))

    def with_body(self, body: bytes) -> Self:
        """Return the message with another body, and the length of it."""
        changed = replace(self, body=body).with_header("Transfer-Encoding", None)
        return changed.with_header("Content-Length", str(len(body)))

    @property
    def json(self) -> Any:
        """The body as JSON, None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None

    def with_json(self, value: object) -> Self:
        """Return the message with a value as its body."""
        return self.with_body(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())


@dataclass(frozen=True)
class Request(Message):
    """A request; ``target`` is the path with the query."""

    method: str = "GET"
    target: str = "/"

    @property
    def path(self) -> str:
        return self.target.partition("?")[0]

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(self.target.partition("?")[2], keep_blank_values=True))

    def with_query(self, **changes: str | None) -> Self:
        """Return the request with members of its query replaced, added, or (None) left out."""
        query = {name: value for name, value in {**self.query, **changes}.items() if value is not None}
        return replace(self, target=f"{self.path}{'?' * bool(query)}{urlencode(query)}")

    @property
    def form(self) -> dict[str, str]:
        return dict(parse_qsl(self.body.decode("utf-8", "replace"), keep_blank_values=True))

    def with_form(self, **changes: str | None) -> Self:
        """Return the request with members of its form replaced, added, or (None) left out."""
        form = {name: value for name, value in {**self.form, **changes}.items() if value is not None}
        return self.with_body(urlencode(form).encode())

    @property
    def is_upgrade(self) -> bool:
        return self.header("Upgrade").lower() == "websocket"


@dataclass(frozen=True)
class Answer(Message):
    """An answer."""

    status: int = 200

    @property
    def reason(self) -> str:
        return HTTPStatus(self.status).phrase if self.status in {*HTTPStatus} else "?"

    @property
    def good(self) -> bool:
        return 200 <= self.status < 300  # noqa: PLR2004 - the class of success


def answer(value: object, status: int = 200) -> Answer:
    """Return an answer that nobody was asked for."""
    now = formatdate(usegmt=True)
    return Answer((("Content-Type", "application/json; charset=utf-8"), ("Date", now)), status=status).with_json(value)


Ask = Callable[[Request], Awaitable[Answer]]
Change = Callable[[Request, Ask], Awaitable[Answer]]


@dataclass
class Talk:
    """One connection of Socket.IO, for lies about its frames: its handshake, and what a lie wants to remember."""

    request: Request
    memory: dict[str, Any] = field(default_factory=dict)


Frames = Callable[[Talk, str], Iterable[str]]


def one(_talk: Talk, frame: str) -> Sequence[str]:
    """Pass a frame on as it is."""
    return (frame,)
