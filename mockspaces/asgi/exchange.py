"""One HTTP exchange: what came in, for which world, and what is noted about it on the way."""

from collections.abc import Iterable
from time import perf_counter
from urllib.parse import parse_qsl

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mockspaces.asgi.bodies import SMALL, Bodies, Place
from mockspaces.asgi.refused import REFUSED
from mockspaces.cloud.kernel.attempt import Attempt
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.journal import Entry, packed, target
from mockspaces.cloud.kernel.quotas import RateLimited
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.run import Action, Occurrence, Transport
from mockspaces.contract import errors

PLANNED_DETAIL = "body: as a test wanted it"  # what validation says, where it would name the first bad member
PLANNED_RETRY_S = 1  # what a planned rate limit says, since no window is really full


class Exchange:
    """A request on its way through a surface; inner layers write endpoint, caller and why."""

    # Class attributes, since most of them stay so in most calls.
    endpoint: str | None = None
    caller: Caller | None = None
    code: str | None = None
    why = ""
    reading = ""  # why it was read as another one
    transport: Transport | None = None
    _body: bytes | None = None
    _headers: dict[bytes, bytes] | None = None  # none before somebody asks for one
    _query: dict[str, str] | None = None

    def __init__(
        self,
        scope: Scope,
        receive: Receive,
        send: Send,
        world: World,
        origins: Origins,
        path: str,
        bodies: Bodies | None = None,
    ) -> None:
        """Open the record of one request. ``path`` is the path within the world; ``bodies`` bounds what is read."""
        self._bodies = bodies or Bodies()
        self.began = perf_counter()
        self.scope = scope
        self.receive = receive
        self.send = send
        self.world = world
        self.origins = origins
        self.path = path
        self.method: str = scope["method"]
        self.attempt = Attempt()

    def header(self, name: bytes) -> str | None:
        """Return the header of this lower-case name, or None; a repeated one is one list (RFC 9110, 5.2)."""
        value = (self._headers or self._read_headers()).get(name)
        return None if value is None else _text(value)

    def _read_headers(self) -> dict[bytes, bytes]:
        sent = self.scope["headers"]
        # By hand: a cached property of Python 3.11 takes a lock, a tenth of a request. The parser leaves blanks behind.
        found = self._headers = {name: value.strip(b" \t") for name, value in sent}
        if len(found) != len(sent):
            repeated: dict[bytes, list[bytes]] = {}
            for name, value in sent:
                repeated.setdefault(name, []).append(value.strip(b" \t"))
            found.update((name, b", ".join(values)) for name, values in repeated.items())
        return found

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """The query as it was sent, decoded."""
        return parse_qsl(self.scope["query_string"].decode("latin-1"), keep_blank_values=True)

    @property
    def query(self) -> dict[str, str]:
        """The query; a repeated parameter has its last value (REST-REQ-01)."""
        if self._query is None:  # kept by hand, as the headers
            self._query = dict(self.pairs)
        return self._query

    def check_readable(self) -> None:
        """Refuse what the server could not read."""
        if REFUSED in self.scope:
            raise self.scope[REFUSED]

    async def body(self, limit: int | None = None) -> bytes:
        """Return the request body. Refuses one over ``limit`` bytes without reading it all (REST-REQ-05)."""
        if self._body is None:
            most = self.world.contract.limits.body_bytes if limit is None else limit
            declared = self.header(b"content-length")
            if declared and declared.isdecimal() and int(declared) > most:
                raise self._too_large(most)
            chunks: list[bytes] = []
            # What stays small needs no place; a limit of its own has whoever made room for the body before.
            if not await self._read(chunks, most, SMALL if limit is None else most, None):
                async with self._bodies.place() as place:
                    await self._read(chunks, most, most, place)
            self._body = b"".join(chunks)
        return self._body

    async def _read(self, chunks: list[bytes], most: int, pause: int, place: Place | None) -> bool:
        """Collect the body until it is complete; return False once it has more than ``pause`` bytes."""
        size = sum(map(len, chunks))
        while size <= pause:
            message = await self.receive()
            if message["type"] == "http.disconnect":
                raise self.scope.get(REFUSED) or invalid("", "the client went away before its body was complete")
            chunk: bytes = message.get("body", b"")
            size += len(chunk)
            if size > most:
                raise self._too_large(most)
            chunks.append(chunk)
            if not message.get("more_body"):
                return True
            if place:
                place.go_on()
        return False

    def _too_large(self, most: int) -> Rejection:
        return Rejection(errors.REQUEST_TOO_LARGE, f"the body is larger than {most} bytes")

    @property
    def has_body(self) -> bool:
        """Whether the request announces a body."""
        sent = self._headers or self._read_headers()
        return b"content-length" in sent or b"transfer-encoding" in sent

    def meet_fault(self, surface: str) -> Response | None:
        """Let a planned fault happen: refuse, wait, or return the answer that was planned instead.

        A transport action is noted for the outermost layer, which corrupts the answer of the call.
        """
        if self.attempt.is_spared(self.world):
            return None
        caller = self.caller.label if self.caller else None
        fault = self.attempt.meet_fault(
            self.world,
            Occurrence(surface=surface, endpoint=self.endpoint, method=self.method, path=self.path, caller=caller),
        )
        if fault is None:
            return None
        self.why, action = fault.why, fault.action
        self.transport = action.transport
        if action.reject == errors.RATE_LIMITED:
            raise RateLimited(self.why, PLANNED_RETRY_S)
        if action.reject is not None:
            raise Rejection(action.reject, self.why, detail=PLANNED_DETAIL)
        return _planned(action) if action.status is not None else None

    def begin_again(self) -> None:
        """Forget what a run of the call has noted that was taken back."""
        self.caller, self.code, self.why, self.transport = None, None, self.reading, None

    def note(self, text: str) -> None:
        """Add to what the journal says, as where a setting saved the request."""
        if text:
            self.why = f"{self.why}; {text}" if self.why else text

    def refused(self, rejection: Rejection) -> None:
        """Note why the request was refused."""
        self.code, self.why = rejection.code, rejection.why

    def entry(self, surface: str, response: Response) -> Entry:
        """Return what the journal keeps of the exchange."""
        scope, caller = self.scope, self.caller
        return Entry(  # by position, in the order of its members: with their names it costs four times as much
            self.world.clock.now_ms(),
            surface,
            self.method,
            self.path,
            self.endpoint,
            caller.label if caller else None,
            response.status_code,
            self.code,
            self.why,
            self._body or b"",
            bytes(response.body),
            target(scope),
            scope["http_version"],
            packed(scope["headers"]),
            response.raw_headers,
            perf_counter() - self.began,
            (scope.get("client"),),
        )


class Planned(Response):
    """What a test planned in the place of an answer; it need not be like any."""


def _planned(action: Action) -> Planned:
    if action.body is None or isinstance(action.body, str):
        content, media_type = (action.body or "").encode(), "text/plain; charset=utf-8"
    else:
        content, media_type = msgspec.json.encode(action.body), "application/json; charset=utf-8"
    return Planned(content, action.status or 200, dict(action.headers), media_type)


def add_headers(response: Response, headers: Iterable[tuple[bytes, bytes]]) -> Response:
    """Append headers to a response and return it."""
    response.raw_headers.extend(headers)
    return response


def _text(value: bytes) -> str:
    """Return a header's value: UTF-8 as command lines send it, or Latin-1 as browsers do."""
    try:
        return value.decode("utf-8")
    except UnicodeDecodeError:
        return value.decode("latin-1")
