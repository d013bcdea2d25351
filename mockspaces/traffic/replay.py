"""What was recorded, played once more to a mock that is like what the recording shows, and compared call by call.

The mock begins with the people, clients and apps of the recording and nothing else. Its clock is that of the recording.
Every call goes to it in the order of time, with the mock's ids, credentials and signatures in the place of those that
were recorded. What cannot be played so - since the recording does not show what it rests on - is counted with the
reason, and is never called equal.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, datetime
from http import HTTPStatus
from itertools import zip_longest
from typing import Any, NamedTuple

import msgspec
from starlette.types import ASGIApp

from mockspaces.contract import Contract, events
from mockspaces.contract.engineio import PACKET
from mockspaces.traffic import cast, credentials, forms
from mockspaces.traffic.archives import Entry, answered, asked, moment
from mockspaces.traffic.cast import Cast
from mockspaces.traffic.exchanges import FORM_TYPES, Exchange, code_of, json_of
from mockspaces.traffic.frames import NAMED, SOCKET
from mockspaces.traffic.likeness import ID, Comparison, Names, drawn, shown
from mockspaces.traffic.matching import Call, Matcher
from mockspaces.traffic.redaction import NAME, vocabulary
from mockspaces.traffic.stage import Refused, Socket, Stage
from mockspaces.traffic.worlds import name_of

ERRORS = 400
SWITCHING = 101
MOST_UNLIKE = 1000
MOST_NUMBERS = 5
MESSAGE = "4"  # begins a frame that holds a packet of Socket.IO
EVENT = "2"
DAY_S = 86_400
ROUNDED_S = 0.001  # that moments of calls may be too early
OWN = ("host", "content-length", "connection", "accept-encoding", "transfer-encoding", "cookie")
# Why a call is not played.
BEFORE = "names what was there before the recording"
LISTS_BEFORE = "shows what was there before the recording"
WHOSE = "has a credential of somebody whom the recording does not show"
REFUSED_CREDENTIAL = "has a credential that was refused, and a recording does not hold what was wrong with it"
PAGE = "is a page of the identity server, or rests on one"
TROUBLE = "has no answer, or one of a service in trouble"
UNKNOWN = "is a call that no row has"
WITHOUT_BODY = "has a body that the recording does not hold"
TOO_LARGE = "is too large to be read"
POLLING = "is a socket over polling"
SCOPES = "was refused for scopes or licences, which a recording does not show"
Application = Callable[[], ASGIApp]


class Pair(msgspec.Struct, kw_only=True):
    """A difference: in which call, where, what the recording has there and what the mock has; how often, and where."""

    call: str
    place: str
    recorded: str
    mock: str
    count: int = 0
    numbers: list[int] = []


class Replayed(msgspec.Struct, kw_only=True):
    """What came of a replay."""

    counts: Counter[str] = msgspec.field(default_factory=Counter)
    left_out: Counter[str] = msgspec.field(default_factory=Counter)  # reason: calls
    numbers: dict[str, list[int]] = {}  # reason: the first entries
    unlike: dict[tuple[str, str, str, str], Pair] = {}
    dropped: int = 0

    def leave_out(self, reason: str, number: int) -> None:
        """Count something that cannot be compared."""
        self.left_out[reason] += 1
        numbers = self.numbers.setdefault(reason, [])
        if len(numbers) < MOST_NUMBERS:
            numbers.append(number)

    def differ(self, number: int, call: str, place: str, recorded: str, mock: str) -> None:
        """Take a difference in; one that is known already is counted."""
        key = (call, place, recorded, mock)
        if key not in self.unlike:
            if len(self.unlike) >= MOST_UNLIKE:
                self.dropped += 1
                return
            self.unlike[key] = Pair(call=call, place=place, recorded=recorded, mock=mock)
        known = self.unlike[key]
        known.count += 1
        if len(known.numbers) < MOST_NUMBERS and number not in known.numbers:
            known.numbers.append(number)


class Step(NamedTuple):
    """Something that a client did, at a moment: a request, a socket that opens (no text), or a frame."""

    at: float
    number: int
    entry: Entry
    call: Call
    text: str | None = None


class Event(NamedTuple):
    """Something that the server of the recording said, at a moment."""

    at: float
    name: str
    payload: Any


class Line:
    """A socket, in the recording and to the mock.

    ``told`` are the recorded events that have not come yet, ``until`` is the moment of the last recorded frame.
    """

    def __init__(self, number: int, socket: Socket, told: list["Event"], until: float) -> None:
        """Have heard nothing."""
        self.number = number
        self.until = until
        self.socket = socket
        self.told = told
        self.heard = 0


async def replayed(
    entries: Iterable[tuple[int, Entry | None]], application: Application, contract: Contract, matcher: Matcher
) -> Replayed:
    """Play a recording, each world of it to an application of its own, which begins empty. Raises `ArchiveError`."""
    found = Replayed()
    worlds: dict[str, list[tuple[int, Entry]]] = {}
    for number, entry in entries:
        if entry is None:
            found.leave_out(TOO_LARGE, number)
        elif matcher.place(entry.request.url) is not None:
            worlds.setdefault(name_of(entry), []).append((number, entry))
    for several in worlds.values():
        await Replay(application(), contract, matcher, found).play(several)
    return found


class Replay:
    """One replay."""

    def __init__(self, app: ASGIApp, contract: Contract, matcher: Matcher, found: Replayed) -> None:
        """Take an application that begins empty, and what to write into."""
        self.found = found
        self._stage = Stage(app)
        self._matcher = matcher
        self._names = Names()
        self._cast = Cast()
        self._words = vocabulary(contract)
        self._lines: dict[int, Line] = {}
        self._apps: dict[str, str] = {}  # iss of the recording: iss of the mock
        self._served: set[str] = set()  # ids that the service has answered, or announced
        self._now = 0.0

    async def play(self, entries: Iterable[tuple[int, Entry]]) -> None:
        """Play all entries of a world."""
        steps = sorted(self._steps(entries), key=lambda step: step.at)
        await self._begin(steps)
        try:
            for step, then in zip_longest(steps, steps[1:]):
                self._leave(step)
                await self._move(step.at)
                await self._step(step)
                await self._stage.settle()
                self._listen(then.at + ROUNDED_S if then else math.inf)
            for line in self._lines.values():
                self._miss(line)
        finally:
            await self._stage.close()

    def _leave(self, step: Step) -> None:
        """Leave the sockets of which the recording has nothing more: nobody knows when they ended."""
        for number, line in [*self._lines.items()]:
            if number != step.number and not line.told and step.at + ROUNDED_S > line.until:
                line.socket.leave()
                del self._lines[number]

    def _steps(self, entries: Iterable[tuple[int, Entry]]) -> Iterable[Step]:
        for number, entry in entries:
            place = self._matcher.place(entry.request.url)
            if place is None:
                continue
            call = self._matcher.call(entry.request.method.upper(), place)
            self.found.counts["sockets" if call.place.side == "socket" else "calls"] += 1
            yield Step(moment(entry.started), number, entry, call)
            for frame in entry.frames:
                if frame.type in ("send", "request") and frame.opcode == 1:
                    yield Step(frame.time, number, entry, call, frame.data)

    def _survey(self, steps: Sequence[Step]) -> None:
        """See who is in the recording, and which ids the service has told."""
        for step in steps:
            if step.call.place.side != "socket":
                exchange = exchange_of(step)
                self._cast.see(exchange)
                self._served.update(drawn(exchange.body) if exchange.status < ERRORS else ())
            elif step.text is None:
                self._served.update(*(drawn(one.data) for one in step.entry.frames if one.type == "receive"))

    async def _begin(self, steps: Sequence[Step]) -> None:
        """Make everybody whom the recording shows."""
        self._survey(steps)
        if steps:
            await self._move(steps[0].at)
        companies: dict[str, str] = {}
        for person in self._cast.there():
            employer = self._cast.employer(person)
            if employer and employer not in companies:
                made = await self._stage.control("POST", "/companies", {"name": f"Company {len(companies) + 1}"})
                companies[employer] = made["name"]
                if ID.fullmatch(employer):
                    self._names.learn(employer, made["_id"])
            seed = {**cast.seed(person), "company": companies.get(employer), "company_admin": cast.is_admin(person)}
            made = await self._made("people", "/users", seed)
            if made and person.id:
                self._names.learn(person.id, made["_id"])
        for name, secret in self._cast.clients.items():
            told = {"client_secret": secret} if secret else {"public": True}
            await self._made("OAuth clients", "/oauth-clients", {"client_id": name, **told})

    async def _made(self, what: str, path: str, body: dict[str, Any]) -> Any:
        """Make something by a control call, None if the mock does not have it so."""
        try:
            made = await self._stage.control("POST", path, body)
        except Refused:
            self.found.counts[f"{what} that cannot be made"] += 1
            return None
        self.found.counts[what] += 1
        return made

    async def _move(self, at: float) -> None:
        """Let it be as late as it was."""
        if at > self._now:
            told = datetime.fromtimestamp(at, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
            await self._stage.control("POST", "/clock", {"freeze": told})
            self._now = at

    # --- requests

    async def _step(self, step: Step) -> None:
        if step.text is not None:
            line = self._lines.get(step.number)
            if line and self._names.unknown(step.text) & self._served:
                self.found.leave_out(BEFORE, step.number)
            elif line:
                line.socket.say(self._names.put(NAMED.sub("", step.text)))
            return
        if step.call.place.side == "socket":
            await self._open(step)
            return
        exchange = exchange_of(step)
        reason = self._left_out(exchange) or await self._lend(exchange)
        if reason:
            self.found.leave_out(reason, step.number)
        else:
            await self._ask(step, exchange)

    def _left_out(self, exchange: Exchange) -> str:
        """Return why a call cannot be played, "" if it can."""
        row, status = exchange.call.row, exchange.status
        if status <= 0 or status >= HTTPStatus.INTERNAL_SERVER_ERROR or status == HTTPStatus.TOO_MANY_REQUESTS:
            return TROUBLE
        if row is None:
            return UNKNOWN
        if row.surface == "web" or row.refusals != "object" or row.media_type == "text/html":
            return PAGE
        if exchange.request.body is None:
            return WITHOUT_BODY
        if row.id == "ACC-TOKEN" and status < ERRORS:
            form = dict(exchange.form)
            grant = form.get("refresh_token", "") if form.get("grant_type") == "refresh_token" else ""
            if form.get("grant_type") == "authorization_code" or (grant and grant not in self._names.known):
                return PAGE
        path = self._names.unknown(exchange.call.place.path)
        sent = self._names.unknown((exchange.request.body or b"").decode("utf-8", "replace"))
        sent |= self._names.unknown(" ".join(value for _name, value in exchange.call.place.query))
        if (path and status != HTTPStatus.NOT_FOUND) or sent & self._served:
            return BEFORE
        scheme = credentials.sent(exchange.request)[0]
        if status == HTTPStatus.FORBIDDEN and scheme == "service_app":
            return SCOPES
        return ""

    async def _lend(self, exchange: Exchange) -> str:
        """See to it that the mock knows the credential of a request; return why that cannot be done."""
        scheme, token = credentials.sent(exchange.request)
        return await self._lend_token(scheme, token, exchange.status)

    async def _lend_token(self, scheme: str, token: str, status: int) -> str:
        if not token or scheme == "basic" or token in self._names.known:
            return ""
        if status == HTTPStatus.UNAUTHORIZED:
            return REFUSED_CREDENTIAL if "." in token or token in self._cast.owners else ""
        claims = credentials.token(token)
        try:
            if claims is not None and claims.kind == "service app":
                lent = await self._signed(str(claims.claims.get("iss", "")))
            elif token in self._cast.owners:
                kind = "jwt" if claims is not None else "oauth"
                made = await self._stage.control(
                    "POST", "/tokens", {"username": self._cast.owners[token], "kind": kind, "expires_in": DAY_S}
                )
                lent = made["token"]
            else:
                return WHOSE
        except Refused:
            return WHOSE
        self._names.learn(token, lent)
        return ""

    async def _signed(self, issuer: str) -> str:
        """Return a JWT of an app of the mock, which stands for one of the recording."""
        if issuer not in self._apps:
            made = await self._stage.control("POST", "/service-apps", {"scopes": "all"})
            self._apps[issuer] = made["iss"]
            self._names.learn(issuer, made["iss"])
        signed = await self._stage.control("POST", f"/service-apps/{self._apps[issuer]}/jwt", {"expires_in": 3600})
        return str(signed["token"])

    async def _ask(self, step: Step, exchange: Exchange) -> None:
        parts = step.entry.request.url.partition("://")[2]
        target = self._names.put(exchange.call.place.path)
        query = parts.partition("#")[0].partition("?")[2]
        headers = [(name, self._names.put(value)) for name, value in exchange.request.fields if name not in OWN]
        body = exchange.request.body or b""
        with suppress(UnicodeDecodeError):  # a file stays as it is
            form = exchange.request.media_type in FORM_TYPES
            body = (self._names.put_pairs if form else self._names.put)(body.decode()).encode()
        put = f"{target}?{self._names.put_pairs(query)}" if query else target
        status, answered_headers, content = await self._stage.ask(exchange.call.method, put, headers, body)
        text = exchange.call.text
        self.found.counts["calls played"] += 1
        live = decoded(content)
        if status != exchange.status:
            told = [told_status(exchange.status, exchange.body), told_status(status, live)]
            self.found.differ(step.number, text, "status", *told)
            return
        if exchange.call.method in ("HEAD", "OPTIONS") or exchange.response.body is None:
            self.found.counts["calls alike"] += 1
            return
        if exchange.body is msgspec.UNSET or live is msgspec.UNSET:
            kinds = [exchange.response.media_type, media_type(answered_headers)]
            if kinds[0] != kinds[1]:
                self.found.differ(step.number, text, "type", *(forms.form(one) for one in kinds))
            elif exchange.call.place.side == "storage" and exchange.response.body != content:
                self.found.differ(step.number, text, "content", "is this", "is another")
            else:
                self.found.counts["calls alike"] += 1
            return
        comparison = Comparison(self._names)
        comparison.compare(exchange.body, live)
        comparison.learn()
        self._tell(step.number, text, comparison)
        if comparison.before:
            self.found.leave_out(LISTS_BEFORE, step.number)

    def _tell(self, number: int, call: str, comparison: Comparison) -> None:
        for one in comparison.found:
            recorded, live = shown(one.recorded, self._words), shown(one.live, self._words)
            self.found.differ(number, call, place_of(one.place) if one.place else "", recorded, live)
        if not comparison.found and not comparison.before:
            self.found.counts["events alike" if call.startswith(SOCKET) else "calls alike"] += 1

    # --- sockets

    async def _open(self, step: Step) -> None:
        query = dict(step.call.place.query)
        status = step.entry.response.status
        if query.get("transport") != "websocket" or status not in (0, SWITCHING):
            self.found.leave_out(POLLING if query.get("transport") != "websocket" else TROUBLE, step.number)
            return
        scheme = {"oauth": "bearer"}.get(query.get("tokenType", "jwt"), "jwt")
        reason = await self._lend_token(scheme, query.get("token", ""), status)
        if reason:
            self.found.leave_out(reason, step.number)
            return
        target = self._names.put_pairs(step.entry.request.url.partition("?")[2].partition("#")[0])
        socket = await self._stage.open(f"{events.ENGINE_PATH}/", target)
        told = [
            Event(frame.time, *said)
            for frame in step.entry.frames
            if frame.type not in ("send", "request") and frame.opcode == 1 and (said := event_of(frame.data))
        ]
        self.found.counts["sockets played"] += 1
        self._lines[step.number] = Line(
            step.number, socket, told, max((frame.time for frame in step.entry.frames), default=step.at)
        )

    def _listen(self, until: float) -> None:
        """Compare what the mock has said on sockets with what was recorded there, at first up to a moment."""
        for line in self._lines.values():
            new, line.heard = line.socket.heard[line.heard :], len(line.socket.heard)
            for text in new:
                said = event_of(text)
                if said:
                    self._hear(line, *said, until)

    def _hear(self, line: Line, name: str, payload: Any, until: float) -> None:
        call = f"{SOCKET}: {name}"
        several = []
        for number, event in enumerate(line.told):
            if event.name == name:
                comparison = Comparison(self._names)
                comparison.compare(event.payload, payload)
                if not comparison.found or event.at <= until:
                    several.append((len(comparison.found), number, comparison))
                if not comparison.found:
                    break
        if not several:
            self.found.differ(line.number, call, "", "does not come", "comes")
            return
        _count, number, comparison = min(several, key=lambda one: one[:2])
        del line.told[number]
        comparison.learn()
        self._tell(line.number, call, comparison)

    def _miss(self, line: Line) -> None:
        """Tell what was recorded on a socket and has not come from the mock."""
        for event in line.told:
            space = space_of(event.payload)
            if space and space not in self._names.known:
                self.found.leave_out(LISTS_BEFORE, line.number)
            else:
                self.found.differ(line.number, f"{SOCKET}: {event.name}", "", "comes", "does not come")


def exchange_of(step: Step) -> Exchange:
    """Return a recorded exchange as it is compared."""
    response = answered(step.entry)
    return Exchange(step.call, asked(step.entry), response, step.entry.response.status, json_of(response))


def decoded(content: bytes) -> Any:
    """Return a body as JSON, UNSET where it is none."""
    try:
        return msgspec.json.decode(content)
    except (ValueError, msgspec.DecodeError):
        return msgspec.UNSET


def event_of(text: str) -> tuple[str, Any] | None:
    """Return the name and payload of an event that a frame holds, None for another frame."""
    if not text.startswith(MESSAGE) or not (head := PACKET.match(text[1:])) or head["type"] != EVENT:
        return None
    said = decoded(text[1 + head.end() :].encode())
    if not isinstance(said, list) or not said or not isinstance(said[0], str):
        return None
    return said[0], said[1] if len(said) > 1 else None


def space_of(payload: Any) -> str:
    """Return the id of the space that an event is about, "" for none."""
    if not isinstance(payload, dict):
        return ""
    channel = payload.get("channel")
    found = payload.get("topicId") or (channel.get("_id") if isinstance(channel, dict) else "")
    return found if isinstance(found, str) else ""


def told_status(status: int, body: Any) -> str:
    """Return a status with the code of its refusal."""
    return f"{status} {forms.code(code_of(body))}" if status >= ERRORS and body is not msgspec.UNSET else str(status)


def media_type(headers: list[tuple[bytes, bytes]]) -> str:
    """Return the media type of an answer."""
    found = next((value for name, value in headers if name.lower() == b"content-type"), b"")
    return found.decode("latin-1").partition(";")[0].strip().lower()


def place_of(place: str) -> str:
    """Return the place of a difference; names that do not read like names of members stand there by their form."""
    names = (one.removesuffix("[]") for one in place.split("."))
    lists = ("[]" if one.endswith("[]") else "" for one in place.split("."))
    return ".".join(
        f"{name if NAME.fullmatch(name) else forms.form(name)}{one}" for name, one in zip(names, lists, strict=True)
    )


def document(found: Replayed) -> dict[str, Any]:
    """Return a replay as JSON has it."""
    return {
        "clean": not found.unlike,
        "counts": dict(found.counts),
        "differences": [
            {"call": one.call, "place": one.place, "recorded": one.recorded, "mock": one.mock}
            | {"count": one.count, "entries": one.numbers}
            for one in found.unlike.values()
        ],
        "dropped": found.dropped,
        "left_out": [
            {"reason": reason, "count": count, "entries": found.numbers[reason]}
            for reason, count in found.left_out.most_common()
        ],
    }


def markdown(found: Replayed) -> str:
    """Return a replay as Markdown, what was recorded and what the mock does side by side."""
    lines = ["# The recording, played to the mock", "", _counted(found), ""]
    lines += ["| call | where | recorded | mock | entries |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(_cells(one))} | {', '.join(map(str, one.numbers))} |" for one in found.unlike.values()]
    lines += ["", "## Not compared", "", "| calls | why | entries |", "|---:|---|---|"]
    for reason, count in found.left_out.most_common():
        lines.append(f"| {count} | {reason} | {', '.join(map(str, found.numbers[reason]))} |")
    return "\n".join(lines) + "\n"


def lines(found: Replayed, most: int) -> list[str]:
    """Return a replay for a terminal."""
    told = [f"replay: {_counted(found)}"]
    told += [f"replay: {count} not compared: each {reason}" for reason, count in found.left_out.most_common()]
    for one in [*found.unlike.values()][:most]:
        call, place, recorded, mock = _cells(one)
        at = f" {place}" if place else ""
        numbers = ", ".join(map(str, one.numbers))
        told.append(f"{call}:{at} recorded {recorded}, mock {mock} ({one.count} times, entries {numbers})")
    if len(found.unlike) > most:
        told.append(f"and {len(found.unlike) - most} more; --report writes them all")
    told.append(f"replay: {len(found.unlike)} differences" if found.unlike else "replay: nothing differs")
    return told


def _counted(found: Replayed) -> str:
    return ", ".join(f"{number} {name}" for name, number in found.counts.items())


def _cells(one: Pair) -> list[str]:
    return [" ".join(text.split()).replace("<", "&lt;") for text in (one.call, one.place, one.recorded, one.mock)]
