"""A recording as a server: whoever asks again what was asked is answered again what was answered.

A request is looked for among those that were recorded in the same world and not answered again yet. Credentials do not
count, since a recording has them by their form alone. Neither do times in JWTs, nor cookies that a client may keep from
another page: that of a session elsewhere, that against forged forms anywhere. Among several that fit otherwise the one
with the same credential is taken, else one with the same cookies, else the first. What was not recorded is answered by
599 and nothing else.

A world of its own port is known by that port, from the call that opened it until another one has the port.

The server's frames of a WebSocket come when everything has come that the client had said before them, on that socket
or by requests of its world. Who says something else there is cut off.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope, Send

from mockspaces.contract import Contract
from mockspaces.traffic import credentials
from mockspaces.traffic.archives import Entry, Frame, Message, answered, asked, moment
from mockspaces.traffic.matching import MOCK
from mockspaces.traffic.recording import CLOSED, SWITCHING, Everywhere, Kept
from mockspaces.traffic.redaction import HEX, JWT, SECRET, Redactor
from mockspaces.traffic.worlds import ERRORS, OPENING, Worlds, name_of, opened, parts_of

PIN = "spaces-x-space-password"
UNKNOWN = 599  # no status of any service
MARK = b"x-recorded"  # on each answer: the number of its entry, "none" for what was not recorded
BROWSING = ("csrftoken", "sessionid")  # how the names of cookies end that only pages read
PAGES = ("/account/", "/oauth2/authorize")
SCHEMES = ("", "bearer", "jwt", "service_app", "sat", "basic", "oauth")  # any other one may be hidden in a recording
LEAST = 16  # characters of a credential that nothing else can be
LATE_S = 1.0  # frames wait so long for requests that were made before them, and are made no more
PING = "2"
TEXT = 1
TIMES = ("exp", "iat", "nbf", "jti")  # claims of a JWT that are new each time it is signed
TELLING = (  # headers of requests that change answers
    *("accept", "accept-version", "if-none-match", "origin", "x-avaya-act-as", "range"),
    *("access-control-request-headers", "access-control-request-method", "content-encoding"),
    "x-test",  # who opens a world
)
OWN_HEADERS = ("content-length", "transfer-encoding", "connection", "keep-alive", "date")  # of each server
Abort = Callable[[Scope], None]
Key = tuple[Any, ...]


class Ports(Protocol):
    """Where worlds are served that have a port of their own."""

    async def listen(self, port: int) -> int | None:
        """Serve a port; return it, None if somebody else has it."""

    async def close(self, port: int) -> None:
        """Serve a port no more."""


class Recorded:
    """An exchange, or a WebSocket, of the recording."""

    def __init__(self, number: int, entry: Entry) -> None:
        """Have not been asked for."""
        self.number = number
        self.entry = entry
        self.world = ""
        self.used = False
        self.late = False  # no frame waits for it any more
        self.began = moment(entry.started)


class Player:
    """Answers as a recording does. ``diverged`` says that something was asked that it does not hold.

    ``unended`` says that of a socket all has been played and the recording does not say how it ended, as browsers and
    proxies do not: what comes no more may have come.
    """

    def __init__(self, entries: Iterable[tuple[int, Entry | None]], contract: Contract) -> None:
        """Read all of a recording, which is kept in memory. Raises `ArchiveError`."""
        self.diverged = self.unended = ""
        self.moved_s = 0.0  # from the present time to that of the recording
        self.abort: Abort = lambda _scope: None
        self.ports: Ports | None = None
        self._at: dict[int, str] = {}  # the worlds that have ports
        self._texts: dict[str, str] = {}  # what stands in the recording for what the client sends
        self._members = defaultdict[str, dict[tuple[str, str], str]](dict)  # the same of members, by world and name
        self._everybody = Everywhere(contract)
        self._redactor = Redactor(contract, self._everybody, credentials_only=True)
        self._worlds = defaultdict[str, list[Recorded]](list)
        self._known = defaultdict[tuple[str, Key], list[Recorded]](list)
        found = [Recorded(number, entry) for number, entry in entries if entry is not None]
        worlds = Worlds()
        for one in sorted(found, key=lambda one: one.began):
            one.world = worlds.of(one.entry)
            self._worlds[one.world].append(one)
            self._known[one.world, key(one.entry)].append(one)
            worlds.follow(one.entry)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or talk on a WebSocket."""
        if scope["type"] == "lifespan":
            while (await receive())["type"] != "lifespan.shutdown":
                await send({"type": "lifespan.startup.complete"})
            await send({"type": "lifespan.shutdown.complete"})
        elif scope["type"] == "http":
            await self._answer(scope, receive, send)
        else:
            await self._talk(scope, receive, send)

    # --- requests

    async def _answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        kept = Kept(scope)
        more = True
        while more:
            message = await receive()
            kept.received(message)
            more = message.get("more_body", False)
        found = self._find(scope, kept)
        response = answered(found.entry) if found else None
        if found is None or response is None or response.body is None or is_cut(found.entry, response):
            self._miss(f"{scope['method']} {'/'.join(scope['path'].split('/')[:6])}")
            await send({"type": "http.response.start", "status": UNKNOWN, "headers": [(MARK, b"none")]})
            await send({"type": "http.response.body", "body": b"the recording does not have this"})
            return
        await self._follow(found.entry)
        headers = [*headers_of(response, self._texts), (MARK, str(found.number).encode())]
        body = self._told(response, self._members[found.world])
        for length in response.headers("content-length")[:1]:
            told = length if scope["method"] == "HEAD" else str(len(body))
            headers.append((b"content-length", told.encode()))
        await send({"type": "http.response.start", "status": found.entry.response.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    async def _follow(self, entry: Entry) -> None:
        """Serve the port of a world that is opened, and no more that of one that is dropped."""
        if self.ports is None:
            return
        for port, name in opened(entry).items():
            if await self.ports.listen(port) is None:
                self._miss(f"port {port} to itself, on which a world was")
            self._at[port] = name
        if entry.request.method == "DELETE" and OPENING in entry.request.url and entry.response.status < ERRORS:
            for port in [port for port, name in self._at.items() if entry.request.url.endswith(f"{OPENING}/{name}")]:
                del self._at[port]
                await self.ports.close(port)

    def _told(self, response: Message, members: Mapping[tuple[str, str], str]) -> bytes:
        """Return the body of an answer, with what the client itself has sent in the place of what stands for it."""
        body = response.body or b""
        for old, new in self._texts.items():
            body = body.replace(old.encode(), new.encode())
        if members and response.media_type == "application/json":
            try:
                return msgspec.json.encode(put("", msgspec.json.decode(body), members))
            except (ValueError, msgspec.DecodeError, RecursionError):
                pass
        return body

    def _find(self, scope: Scope, kept: Kept) -> Recorded | None:
        """Take what was recorded for a request."""
        entry = kept.entry()
        credential = credential_of(entry)
        if not self._everybody.is_control(scope["path"]):
            shown = self._redactor.entry(entry)
            entry = msgspec.convert(shown, Entry) if shown else entry
        world = name_of(entry) or self._at.get((scope.get("server") or ("", 0))[1], "")
        several = [one for one in self._known.get((world, key(entry)), ()) if not one.used]
        found = next(iter([*alike(several, entry, credential), *several]), None)
        if found is not None:
            found.used = True
            self._learn(found, kept.entry())
            self.moved_s = found.began - time.monotonic()
        return found

    def _learn(self, found: Recorded, live: Entry) -> None:
        """Note what stands for a credential that the client sends, or for a PIN that was the right one."""
        recorded = found.entry
        old, new = (one.rpartition(" ")[2] for one in (credential_of(recorded)[0], credential_of(live)[0]))
        if min(len(old), len(new)) >= LEAST and old != new:
            self._texts[old] = new
        if recorded.response.status >= ERRORS:
            return
        for (name, before), (_, after) in zip(secrets_of(recorded), secrets_of(live), strict=False):
            if before != after:
                self._members[found.world][name, before] = after

    def _miss(self, what: str) -> None:
        self.diverged = self.diverged or f"the recording does not have {what}"

    # --- sockets

    async def _talk(self, scope: Scope, receive: Receive, send: Send) -> None:
        await receive()
        found = self._find(scope, Kept(scope))
        if found is None:
            self._miss("a socket")
            await send({"type": "websocket.close"})
            return
        response = answered(found.entry)
        if found.entry.response.status != SWITCHING:
            status, body = found.entry.response.status, response.body or b""
            headers = headers_of(response, self._texts)
            await send({"type": "websocket.http.response.start", "status": status, "headers": headers})
            await send({"type": "websocket.http.response.body", "body": body})
            return
        await send({"type": "websocket.accept", "headers": []})
        said = asyncio.Queue[str | None]()
        listening = asyncio.create_task(self._listen(receive, said))
        try:
            held = await self._play(found, said, send)
        finally:
            listening.cancel()
        if not held:
            self._miss("what was said on a socket")
            self.abort(scope)

    async def _listen(self, receive: Receive, said: "asyncio.Queue[str | None]") -> None:
        """Hear what the client says; None is its end."""
        while (message := await receive())["type"] == "websocket.receive":
            said.put_nowait(message.get("text") if message.get("text") is not None else "")
        said.put_nowait(None)

    async def _play(self, found: Recorded, said: "asyncio.Queue[str | None]", send: Send) -> bool:
        """Say what the server said, between what the client says; return whether the client says what it said."""
        for frame in found.entry.frames:
            if frame.type in ("send", "request"):
                if not await self._hear(frame, said):
                    return said.empty()
                continue
            await self._wait(found, frame.time)
            if frame.opcode == CLOSED:
                code, _, reason = frame.data.partition(" ")
                await send({"type": "websocket.close", "code": int(code), "reason": reason})
                return True
            if frame.opcode != TEXT:
                self._miss("the bytes of a frame")
                continue
            await send({"type": "websocket.send", "text": frame.data})
        self.unended = "the recording does not have the end of a socket"
        while (text := await said.get()) is not None:
            if text != PING:
                return False
        return True

    async def _hear(self, frame: Frame, said: "asyncio.Queue[str | None]") -> bool:
        """Wait for what a client said; return whether it came."""
        wanted = spoken(self._redactor, frame.data if frame.opcode == TEXT else "")
        while True:
            text = await said.get()
            if text is None:
                return False
            if spoken(self._redactor, text) == wanted:
                return True
            if text != PING:
                said.put_nowait(text)
                return False

    async def _wait(self, found: Recorded, moment_s: float) -> None:
        """Wait until everything was asked in this world that had been asked before a moment."""
        earlier = [one for one in self._worlds[found.world] if one.began < moment_s and not (one.used or one.late)]
        deadline = time.monotonic() + LATE_S
        while any(not one.used for one in earlier):
            if time.monotonic() > deadline:
                for one in earlier:
                    one.late = True
                return
            await asyncio.sleep(0.005)


def is_cut(entry: Entry, response: Message) -> bool:
    """Whether an answer did not arrive, or not whole, which cannot be played."""
    if entry.response.status == 0:
        return True
    body, declared = response.body or b"", response.header("content-length") or ""
    if entry.request.method == "HEAD" or response.header("content-encoding") or not declared.isdecimal():
        return False
    if len(body) >= int(declared) or response.media_type != "application/json":
        return len(body) < int(declared)
    try:
        msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return True
    return False  # shorter by what was hidden in it


def headers_of(response: Message, texts: Mapping[str, str]) -> list[tuple[bytes, bytes]]:
    """Return the headers of an answer, as they were told, but those of the connection."""

    def put_in(value: str) -> str:
        for old, new in texts.items():
            value = value.replace(old, new)
        return value

    return [
        (name.encode("latin-1", "replace"), put_in(value).encode("latin-1", "replace"))
        for name, values in response.fields
        if name not in OWN_HEADERS and not name.startswith("sec-websocket")
        for value in values.split("\n")
    ]


def credential_of(entry: Entry) -> tuple[str, ...]:
    """Return what a request says of who asks."""
    message = asked(entry)
    return tuple(message.header(name) or "" for name in ("authorization", "cookie"))


def alike(several: Sequence[Recorded], entry: Entry, credential: tuple[str, ...]) -> list[Recorded]:
    """Return those of several requests that came with the same credential, then those with the same cookies.

    Cookies are of pages. Those that a client sends with other calls tell what it has asked before, of whatever world.
    """
    if not is_page(parts_of(entry).path):
        return [one for one in several if credential_of(one.entry)[0] == credential[0]]
    same = [one for one in several if credential_of(one.entry) == credential]
    names = cookies_of(asked(entry))
    return same + [one for one in several if cookies_of(asked(one.entry)) == names]


def is_page(path: str) -> bool:
    """Whether a path is that of a page that people look at."""
    return any(one in path for one in PAGES)


def secrets_of(entry: Entry) -> list[tuple[str, str]]:
    """Return the secret members of what was sent, in their order."""
    message = asked(entry)
    text = (message.body or b"").decode("utf-8", "replace")
    found = [("confpin", one) for one in [message.header(PIN)] if one]
    if message.media_type == "application/x-www-form-urlencoded":
        return found + [pair for pair in parse_qsl(text) if pair[0].lower() in SECRET]
    try:
        return [*found, *secret_members("", msgspec.json.decode(text))] if text else found
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return found


def secret_members(name: str, value: Any) -> Iterator[tuple[str, str]]:
    """Yield the secret members of a value."""
    match value:
        case str() if name.lower() in SECRET:
            yield name.lower(), value
        case dict():
            for one, found in value.items():
                yield from secret_members(one, found)
        case list():
            for one in value:
                yield from secret_members(name, one)


def put(name: str, value: Any, members: Mapping[tuple[str, str], str]) -> Any:
    """Return a value with other secret members."""
    match value:
        case str():
            return members.get((name.lower(), value), value)
        case dict():
            return {one: put(one, found, members) for one, found in value.items()}
        case list():
            return [put(name, one, members) for one in value]
    return value


def key(entry: Entry) -> Key:
    """Return what two requests have in common that are one and the same, but for credentials."""
    message = asked(entry)
    parts = parts_of(entry)
    scheme, _, token = (message.header("authorization") or "").partition(" ")
    kept = BROWSING[:1] if is_page(parts.path) else BROWSING
    cookies = () if MOCK in parts.path else tuple(one for one in cookies_of(message) if not one.endswith(kept))
    return (
        entry.request.method,
        formless(parts.path),
        pairs(parts.query),
        scheme.lower() if scheme.lower() in SCHEMES else len(scheme),
        formless(token) if JWT.fullmatch(token) else bool(token),
        cookies,
        formless(message.header("content-type") or ""),
        tuple(formless(message.header(name) or "") for name in telling(message)),
        len(message.header(PIN) or ""),
        content(message),
    )


def telling(message: Message) -> Iterator[str]:
    """Yield the headers that change an answer; no socket is refused for the page that opens it, which browsers name."""
    socket = (message.header("upgrade") or "").lower() == "websocket"
    return (name for name in TELLING if not (socket and name == "origin"))


def cookies_of(message: Message) -> tuple[str, ...]:
    """Return the names of the cookies that were sent."""
    pairs = (message.header("cookie") or "").split(";")
    return tuple(sorted(one.partition("=")[0].strip() for one in pairs if one.strip()))


def content(message: Message) -> Any:
    """Return what was sent, without credentials."""
    if not message.body:
        return message.body
    text = message.body.decode("utf-8", "replace")
    if message.media_type == "application/x-www-form-urlencoded":
        return pairs(text)
    try:
        return repr(bare("", msgspec.json.decode(text)))
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return formless(text)


def pairs(text: str) -> tuple[tuple[str, Any], ...]:
    """Return the pairs of a query or form, without credentials."""
    return tuple((name, bare(name, value)) for name, value in parse_qsl(text, keep_blank_values=True))


def bare(name: str, value: Any) -> Any:
    """Return a value without credentials."""
    match value:
        case str() if name.lower() in SECRET and not JWT.fullmatch(value):
            return len(value)
        case str():
            return formless(value)
        case dict():
            return {one: bare(one, found) for one, found in value.items()}
        case list():
            return [bare(name, one) for one in value]
    return value


def formless(text: str) -> str:
    """Return a text without what a recording has by its form alone."""
    return HEX.sub(lambda found: f"<{len(found[0])}>", JWT.sub(lambda found: claims(found[0]), text))


def claims(text: str) -> str:
    """Return what a JWT says, but for times."""
    found = credentials.token(text)
    if found is None:
        return "<JWT>"
    return repr((found.header, {name: value for name, value in found.claims.items() if name not in TIMES}))


def spoken(redactor: Redactor, text: str) -> str:
    """Return a frame of the client without credentials."""
    return formless(redactor.frame(text)) if text else ""
