"""Socket.IO packets as text: taken apart and checked before any library sees them. No input or output here.

A packet is ``<type>[<attachments>-][<namespace>[?<query>],][<ack id>][<JSON>]``; the same in protocols 4 and 5.
"""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from mockspaces.cloud.kernel.nesting import containers, deeper_than, mended, path
from mockspaces.contract.engineio import PACKET
from mockspaces.contract.limits import Limits

CONNECT, DISCONNECT, EVENT, ACK, CONNECT_ERROR, BINARY_EVENT, BINARY_ACK = "0123456"
EVENTS = (EVENT, BINARY_EVENT)
BINARY = (BINARY_EVENT, BINARY_ACK)
DEFAULT = "/"
RESERVED = ("connect", "disconnect")  # the library's own events: a client must not be able to fire them
MAX_ATTACHMENTS = 16
LIMITS = Limits()  # of what one frame may hold; a deployment that knows better has no row for it


class PacketError(ValueError):
    """A text is no packet that may be handled; the message says why."""


class MalformedError(PacketError):
    """What a packet carries is no JSON that can be handled."""


class Packet(msgspec.Struct, frozen=True, kw_only=True):
    """A packet taken apart: ``head``, and ``data``, its JSON as text, without attachments.

    ``half`` names the member of the payload that held half of a surrogate pair, which ``data`` has no more.
    """

    type: str
    namespace: str = DEFAULT
    query: str | None = None
    attachments: int = 0
    ack: str = ""
    head: str = ""
    data: str = ""
    half: str = ""

    @property
    def parameters(self) -> dict[str, str]:
        """The query inside the namespace, decoded; a repeated parameter has its last value."""
        return dict(parse_qsl(self.query or "", keep_blank_values=True))


def parse(text: str, *, depth: int) -> Packet:
    """Return the packet that a text is, with its JSON checked. Raises `PacketError`."""
    head = PACKET.match(text)
    if head is None:
        raise PacketError("no Socket.IO packet")
    namespace, mark, query = (head["place"] or DEFAULT).partition("?")
    packet = Packet(
        type=head["type"],
        namespace=namespace,
        query=query if mark else None,
        attachments=int(head["count"] or 0),
        ack=head["ack"] or "",
        head=head[0],
        data=text[head.end() :],
    )
    try:
        _check(packet, depth)
    except MalformedError:
        found = mended(packet.data.encode("utf-8", "replace"))
        if found is None:
            raise
        value, place = found  # a whole packet is sent on, for its sender to be told (REST-REQ-08)
        data, half = msgspec.json.encode(value).decode(), path(place[1:]) or "name"
        packet = msgspec.structs.replace(packet, data=data, half=half)
        _check(packet, depth)
    return packet


def _check(packet: Packet, depth: int) -> None:
    if (packet.type in BINARY) != bool(packet.attachments) or packet.attachments > MAX_ATTACHMENTS:
        raise PacketError(f"a packet of type {packet.type} with {packet.attachments} attachments")
    if packet.type == CONNECT_ERROR:
        raise PacketError("an error packet from a client")
    if packet.type == DISCONNECT or (packet.type == CONNECT and not packet.data):
        return
    value = decode(packet.data, depth)
    if packet.type == CONNECT:
        return
    if not isinstance(value, list):
        raise PacketError("the JSON of the packet is no array")
    if packet.type in (EVENT, BINARY_EVENT):
        if not value or not isinstance(value[0], str):
            raise PacketError("the event has no name")
        if value[0] in RESERVED:
            raise PacketError(f'"{value[0]}" is no event of a client')
    if packet.type in BINARY:
        _check_placeholders(value, packet.attachments)


def decode(text: str, depth: int) -> Any:
    """Return the JSON value of a text. Raises `PacketError` if it is malformed or too deep (REST-REQ-07)."""
    try:
        data = text.encode()
        if containers(data, LIMITS.json_containers) > LIMITS.json_containers:
            raise PacketError(f"more than {LIMITS.json_containers} arrays and objects")
        value = msgspec.json.decode(data)
    except (msgspec.MsgspecError, UnicodeEncodeError) as error:
        raise MalformedError(f"malformed JSON: {error}") from None
    except RecursionError:
        raise PacketError(f"JSON nests deeper than {depth} levels") from None
    if deeper_than(value, depth + 1):  # the array around the event's arguments does not count
        raise PacketError(f"JSON nests deeper than {depth} levels")
    return value


def _check_placeholders(value: Any, attachments: int) -> None:
    """Refuse placeholders that point at no attachment: the library would look for it in vain."""
    waiting = [value]
    while waiting:
        item = waiting.pop()
        if isinstance(item, list):
            waiting.extend(item)
        elif isinstance(item, dict):
            number = item.get("num", 0)
            if item.get("_placeholder") and not (type(number) is int and 0 <= number < attachments):
                raise PacketError(f"placeholder {number!r} among {attachments} attachments")
            waiting.extend(item.values())
