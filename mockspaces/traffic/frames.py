"""Socket.IO in archives: WebSockets with their frames, and polling; Engine.IO 3 and 4 alike."""

import re
from collections import Counter
from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache
from itertools import chain
from typing import Any, Literal, NamedTuple

import msgspec

from mockspaces.contract import Contract, events
from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.engineio import PACKET
from mockspaces.contract.shapes import PAYLOADS, by_name
from mockspaces.contract.shapes.checks import Checker
from mockspaces.contract.shapes.schemas import Schemas, members
from mockspaces.traffic import credentials, forms
from mockspaces.traffic.archives import Entry, Message, answered, asked
from mockspaces.traffic.findings import Difference, Findings, Source
from mockspaces.traffic.matching import Call

By = Literal["client", "server"]
OPEN, CLOSE, PING, PONG, MESSAGE, UPGRADE, NOOP = "0123456"
CONNECT, DISCONNECT, EVENT, ACK, ERROR, BINARY_EVENT, BINARY_ACK = "0123456"
NEWEST = "4"
BASE64 = "b"  # begins a packet that stands for bytes
TEXT = 1
RECORD = "\x1e"  # between the packets of a payload of protocol 4
PAYLOAD = re.compile(r"(\d{1,9}):")  # before a packet of a payload of protocol 3
OPENED = {"sid": str, "upgrades": list, "pingInterval": int, "pingTimeout": int}
NAMED = re.compile(r"/w/[^/]+(?=/)")  # what a mock puts before the namespace of a world
SOCKET = "socket"
PATIENCE = 2  # heartbeats that something may take
NO_NAMESPACE = "Invalid namespace"


def sources() -> dict[tuple[str, str], tuple[str, ...]]:
    """Return which statements speak of each member of each shape."""
    return {
        (name, member.name): tuple(part.strip() for part in member.source.split(",") if part.strip()[:1].isupper())
        for name, shape in by_name().items()
        for member in members(shape)
    }


class Said(NamedTuple):
    """A frame of one side."""

    by: By
    text: str


class Connection:
    """What is known of one connection while its frames are judged."""

    def __init__(self, version: str) -> None:
        """Nothing was said yet."""
        self.version = version
        self.asked_for: dict[str, int] = {}  # ids of acknowledgements that the client wants, with the heartbeats then
        self.acknowledged: set[str] = set()
        self.pings = 0  # of the client, and how many of them in a row nobody has answered
        self.unanswered = 0
        self.beats = 0  # of the server
        self.names: set[str] = set()  # namespaces that the client asked to join


class Talk:
    """Judges what is said on sockets."""

    def __init__(self, contract: Contract, schemas: Schemas, findings: Findings) -> None:
        """Make the schemas of payloads."""
        self._payloads = {row.id: schemas.of(PAYLOADS[row.payload]) for row in events.ROWS if row.by == "server"}
        self._events = {row.id: row for row in events.ROWS if row.by == "server"}
        self._error = schemas.of(by_name()["Error"])
        self._parts = schemas.parts
        self._findings = findings
        self._codes = {row.code for row in contract.errors.values()}
        self._statements = sources()
        self._polled: dict[str, Connection] = {}

    def take(self, entry: Entry, call: Call, source: Source) -> None:
        """Judge a WebSocket with its frames, or one exchange of polling."""
        query = dict(call.place.query)
        version = query.get("EIO", "3")
        self._credential(query)
        frames = list(_frames(entry, version))
        if not frames:
            if call.method in ("GET", "POST"):
                self._handshake(entry, source)
            return
        sid = query.get("sid", "")
        connection = self._polled.pop(sid, None) if sid else None
        connection = connection or Connection(version)
        for said in frames:
            self._findings.counts["frames"] += 1
            self._frame(said, connection, source)
        if query.get("transport") == "polling" and sid:
            self._polled[sid] = connection

    def _credential(self, query: dict[str, str]) -> None:
        token = query.get("token")
        if token:
            scheme = {"jwt": "jwt", "oauth": "bearer", "service_app": "service_app"}.get(
                query.get("tokenType", "jwt"), "another"
            )
            self._findings.credentials[f"on the socket: {credentials.described(scheme, token)}"] += 1

    def _handshake(self, entry: Entry, source: Source) -> None:
        """Judge a handshake by itself: one that was refused, or a WebSocket without frames in the archive."""
        status = entry.response.status
        if status in (0, 101) or status >= 500:  # noqa: PLR2004 - switching protocols; a service in trouble
            self._findings.counts["sockets without frames"] += 1
        elif status < 400:  # noqa: PLR2004 - no refusal
            self._differ(source, "handshake", f"is answered {status} without a packet")

    def _frame(self, said: Said, connection: Connection, source: Source) -> None:
        kind, rest = said.text[:1], said.text[1:]
        if kind in ("", BASE64):
            return  # an attachment, or what a recorder left out
        if kind == MESSAGE:
            self._packet(said.by, rest, connection, source)
        elif kind in (PING, PONG):
            self._heart(said.by, kind, connection, source)
        elif said.by == "client":
            return
        elif kind == OPEN:
            self._opened(rest, connection, source)
        elif kind not in (CLOSE, NOOP, UPGRADE):
            self._differ(source, "frame", f"begins with {forms.form(kind)}, which is no packet of Engine.IO")

    def _heart(self, by: By, kind: str, connection: Connection, source: Source) -> None:
        """Judge a heartbeat."""
        older = connection.version != NEWEST
        if by == "server":
            self._beat(connection, source)
            if older and kind == PING:
                self._differ(source, "heartbeat", "the server sends 2 in protocol 3", ("RT-HB-02",))
            elif older and connection.pings:
                connection.unanswered = 0
                self._findings.show("RT-HB-02", "the server answers 3", source)
        elif kind == PING:
            connection.pings += 1
            connection.unanswered += 1
            if older and connection.unanswered > PATIENCE:
                self._differ(source, "heartbeat", "the server does not answer 3", ("RT-HB-02",))

    def _beat(self, connection: Connection, source: Source) -> None:
        """Miss those acknowledgements that have not come for some heartbeats."""
        connection.beats += 1
        late = [ack for ack, beats in connection.asked_for.items() if connection.beats - beats >= PATIENCE]
        for ack in late:
            del connection.asked_for[ack]
            self._differ(source, "acknowledgement", "does not come", ("RT-EP-07",))

    def _opened(self, text: str, connection: Connection, source: Source) -> None:
        found = _decoded(text)
        wanted = OPENED | ({"maxPayload": int} if connection.version == NEWEST else {})
        if not isinstance(found, dict):
            self._differ(source, "open packet", "is no object", ("RT-WIRE-01",))
            return
        fits = True
        for name, kind in wanted.items():
            if not isinstance(found.get(name), kind) and name != "maxPayload":
                told = forms.form(found[name]) if name in found else "missing"
                self._differ(source, "open packet", f"{name} is {told}", ("RT-EIO-03",))
                fits = False
        for name in found.keys() - wanted.keys():
            told = name if name.isalpha() else forms.form(name)
            self._differ(source, "open packet", f"has {told}", ("RT-EIO-03",))
            fits = False
        if fits and connection.version != NEWEST:
            self._findings.show("RT-EIO-03", "open packet of protocol 3", source)
        if fits:
            held = (found["pingInterval"], found["pingTimeout"]) == (25000, 60000)
            if held:
                self._findings.show("RT-HB-01", "pingInterval and pingTimeout", source)
            else:
                told = f"pingInterval is {found['pingInterval']}, pingTimeout {found['pingTimeout']}"
                self._differ(source, "open packet", told, ("RT-HB-01",))

    def _packet(self, by: By, text: str, connection: Connection, source: Source) -> None:
        head = PACKET.match(text)
        if head is None:
            if by == "server":
                self._differ(source, "frame", "is no packet of Socket.IO")
            return
        place = (head["place"] or "/").partition("?")[0]
        namespace = NAMED.sub("", place)
        body = text[head.end() :]
        kind, ack = head["type"], head["ack"] or ""
        if by == "client":
            self._asked(kind, namespace, ack, body, connection)
            return
        if kind == CONNECT:
            self._joined(namespace, head[0], body, connection, source)
        elif kind == ERROR and (place == namespace or NO_NAMESPACE not in body):  # else it is of no world of a mock
            self._not_joined(namespace, body, connection, source)
        elif kind in (EVENT, BINARY_EVENT):
            self._event(namespace, None if kind == BINARY_EVENT else _decoded(body), source)
        elif kind in (ACK, BINARY_ACK):
            if ack in connection.asked_for or ack in connection.acknowledged:
                connection.asked_for.pop(ack, None)
                connection.acknowledged.add(ack)
                self._findings.show("RT-EP-07", "acknowledged", source)
                if _decoded(body) != []:
                    self._differ(source, "acknowledgement", "has arguments", ("RT-EP-07",))
            else:
                self._differ(source, "acknowledgement", "of an id that was not sent")

    def _asked(self, kind: str, namespace: str, ack: str, body: str, connection: Connection) -> None:
        if kind == CONNECT:
            connection.names.add(namespace)
        if kind not in (EVENT, BINARY_EVENT):
            return
        if ack:
            connection.asked_for[ack] = connection.beats
        said = _decoded(body)
        name = said[0] if isinstance(said, list) and said and isinstance(said[0], str) else ""
        if name not in events.CLIENT_EVENTS:
            told = name if re.fullmatch(r"[A-Z_]{1,40}", name) else forms.form(name)
            self._findings.remarks[f"the client says {told}, which no row has"] += 1

    def _joined(self, namespace: str, head: str, body: str, connection: Connection, source: Source) -> None:
        new = connection.version == NEWEST
        if namespace == "/":
            if not new:
                self._findings.show("RT-WIRE-01", "40 unasked", source)
            return
        if namespace != events.CHAT:
            return
        if not new:
            spelt = head.endswith(",")
            if body:
                self._differ(source, "CONNECT", "is answered with a payload in protocol 3", ("RT-EIO-11",))
                return
            self._findings.show("RT-EIO-11", "no payload", source)
            self._findings.show("RT-WIRE-01", "40/chat", source)
            if spelt:
                self._differ(source, "CONNECT", "is answered 40/chat, with a comma", ("RT-EP-06",))
            else:
                self._findings.show("RT-EP-06", "40/chat without a comma", source)
        else:
            found = _decoded(body)
            if not (isinstance(found, dict) and isinstance(found.get("sid"), str)):
                self._differ(source, "CONNECT", "is answered without a sid in protocol 4", ("RT-EP-05",))
            else:
                self._findings.show("RT-EP-05", "a sid", source)

    def _not_joined(self, namespace: str, body: str, connection: Connection, source: Source) -> None:
        found = _decoded(body)
        if connection.version == NEWEST:
            found = found.get("message") if isinstance(found, dict) else None
        if not isinstance(found, str):
            self._differ(source, "CONNECT", f"is refused with {forms.form(found)}", ("RT-AUTH-06",))
            return
        if namespace != events.CHAT:
            if found == NO_NAMESPACE:
                self._findings.show("RT-WIRE-03", "unknown namespace", source, refused=True)
            else:
                self._differ(source, "CONNECT", "to an unknown namespace has another answer", ("RT-WIRE-03",))
            return
        if found in self._codes:
            self._findings.show("RT-AUTH-06", f"protocol {connection.version}", source, refused=True)
            self._findings.show("RT-AUTH-07", found, source, refused=True)
        else:
            told = forms.code(found)
            self._differ(source, "CONNECT", f"is refused with {told}, which no row of errors has", ("RT-AUTH-07",))

    def _event(self, namespace: str, said: Any, source: Source) -> None:
        if said is None:  # its parts are other frames, or it is no JSON
            self._findings.counts["events not judged"] += 1
            return
        if not (isinstance(said, list) and said and isinstance(said[0], str)):
            self._differ(source, "event", "has no name")
            return
        name = said[0]
        if name not in self._payloads:
            self._unknown(name, source)
            return
        if namespace != events.CHAT:
            self._differ(source, name, "is said in another namespace", ("RT-EP-01",))
            return
        if len(said) < 2:  # noqa: PLR2004 - name and payload
            self._findings.counts["events not judged"] += 1
            return
        self._findings.counts["events judged"] += 1
        self._code(name, said[1], source)
        checker = Checker(self._parts, forms.form)
        for problem in checker.differences(said[1], self._payloads[name]):
            place = ".".join(filter(None, (problem.shape, problem.member)))
            statements = self._statements.get((problem.shape, problem.member), ())
            self._differ(source, name, forms.numberless(problem.text), statements, place)
        for shape, member in checker.fitting:
            for statement in self._statements.get((shape, member), ()):
                refused = name.endswith("_FAILED")
                self._findings.show(statement, f"{shape}.{member}", source, refused=refused)

    def _code(self, name: str, payload: Any, source: Source) -> None:
        """Tell a code that no refusal of a message has."""
        code = payload.get("error") if name == "SEND_MESSAGE_FAILED" and isinstance(payload, dict) else None
        if isinstance(code, str) and code not in self._codes:
            told = f"error is {forms.code(code)}, which no row of errors has"
            self._differ(source, name, told, ("RT-FAIL-02",), "NotSent.error")

    def _unknown(self, name: str, source: Source) -> None:
        """Tell an event that no row has, and which one it may be: its name is much like another's."""
        told = name if re.fullmatch(r"[A-Z_]{1,40}", name) else forms.form(name)
        near = get_close_matches(name, self._payloads, 1) or [one for one in self._payloads if name and name in one]
        row = self._events.get(near[0] if near else "")
        known = tuple(one for one in re.split(r"[;,] ?", row.source) if one in catalogue()) if row else ()
        place = row.id if row else ""
        self._differ(source, "event", f"{told} is said by the server, which no row has", known, place)

    def _differ(self, source: Source, call: str, what: str, statements: tuple[str, ...] = (), place: str = "") -> None:
        call = f"{SOCKET}: {call}"
        self._findings.differ(source, Difference(call=call, what=what, place=place, statements=statements))


def _decoded(text: str) -> Any:
    try:
        return msgspec.json.decode(text.encode("utf-8", "replace"))
    except (msgspec.DecodeError, RecursionError):
        return None


def _frames(entry: Entry, version: str) -> Iterator[Said]:
    """Yield the packets of Engine.IO that an entry has, as text; binary ones have nothing to judge."""
    for frame in entry.frames:
        if frame.opcode == TEXT:
            yield Said("client" if frame.type in ("send", "request") else "server", frame.data)
    if entry.frames or entry.response.status not in (0, 200):
        return
    sides: tuple[tuple[By, Message], ...] = (("client", asked(entry)), ("server", answered(entry)))
    for by, message in sides:
        if by == "server" and entry.request.method != "GET":
            continue  # which is "ok"
        for packet in packets((message.body or b"").decode("utf-8", "replace"), version):
            yield Said(by, packet)


def packets(payload: str, version: str) -> list[str]:
    """Return the packets of a payload of polling; those that are binary are left out."""
    if version == NEWEST:
        return [one for one in payload.split(RECORD) if one and not one.startswith(BASE64)]
    found, at = [], 0
    while size := PAYLOAD.match(payload, at):
        end = size.end() + int(size[1])
        packet = payload[size.end() : end]
        if not packet.startswith(BASE64):
            found.append(packet)
        at = end
    return found


@cache
def wholes() -> dict[str, tuple[str, ...]]:
    """Return which statements speak of each shape as a whole: those that at least every second member cites."""
    cited: dict[str, list[tuple[str, ...]]] = {}
    for (shape, _member), statements in sources().items():
        cited.setdefault(shape, []).append(statements)
    return {
        shape: tuple(name for name, count in Counter(chain(*lists)).items() if 2 * count >= len(lists))
        for shape, lists in cited.items()
    }
