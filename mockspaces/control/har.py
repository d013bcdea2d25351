"""The journal as HTTP Archive 1.2, which browsers, proxies and editors can show.

An exchange is an entry. A WebSocket is one entry too, with its frames as ``_webSocketMessages``, as browsers do it.
What the archive has no place for - caller, code, trace - stands in members that begin with an underscore, and why a
call was refused in ``comment``.
"""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from http import HTTPStatus
from http.client import responses
from operator import itemgetter
from typing import Any
from urllib.parse import urlsplit

import msgspec
from msgspec.structs import replace

from mockspaces import __version__
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.world import Origins
from mockspaces.contract import events
from mockspaces.contract.events import CONNECT_EVENT, DISCONNECT_EVENT
from mockspaces.contract.shapes.control import Archive, ArchiveLog, Creator, JournalEntry, JournalMessage
from mockspaces.control.slices import encoded, in_slices

Object = dict[str, Any]
UNKNOWN = -1  # what the archive calls a size that nobody measured


async def archive(origins: Origins, entries: Sequence[Entry], shown: Callable[[Entry], JournalEntry]) -> Archive:
    """Return an archive of entries of the journal, in the order in which they began; ``shown`` is how each is shown.

    Each is encoded at once: so many dictionaries would keep the collector of garbage busy longer than the rest.
    """
    base = urlsplit(origins.base)
    sockets: dict[str, Object] = {}
    found: list[tuple[str, Object | msgspec.Raw]] = []

    def add(entry: Entry) -> None:
        seen = shown(entry)
        if entry.method in ("IN", "OUT"):
            new = _frame(base.scheme, base.netloc, seen, sockets)
            found.extend((str(one["startedDateTime"]), one) for one in new)
        else:
            exchange = _exchange(base.scheme, base.netloc, seen)
            found.append((str(exchange["startedDateTime"]), encoded(exchange)))

    await in_slices(entries, add)
    found.sort(key=itemgetter(0))
    for socket in (one for _, one in found if not isinstance(one, msgspec.Raw)):
        # What was said and its answers have the same time, and the journal keeps what was said when it is dealt with.
        socket["_webSocketMessages"].sort(key=lambda frame: (frame["time"], frame["type"] == "receive"))
    rendered = await in_slices(found, lambda one: one[1] if isinstance(one[1], msgspec.Raw) else encoded(one[1]))
    return Archive(log=ArchiveLog(creator=Creator(version=__version__), entries=rendered))


def _exchange(scheme: str, host: str, entry: JournalEntry) -> Object:
    sent, answered = entry.request, entry.response
    headers = _headers(sent)
    version = f"HTTP/{entry.version or '1.1'}"
    media_type = _value(headers, "content-type")
    request: Object = {
        "method": entry.method,
        "url": f"{scheme}://{_value(headers, 'host') or host}{entry.target or entry.path}",
        "httpVersion": version,
        "cookies": [],
        "headers": headers,
        "queryString": [{"name": name, "value": value} for name, value in entry.query],
        "headersSize": UNKNOWN,
        "bodySize": sent.bytes,
    }
    if sent.bytes:
        request["postData"] = {"mimeType": media_type, "text": sent.text, **_cut(sent)}
    status = entry.status
    answers = _headers(answered)
    response = {
        "status": status,
        "statusText": responses.get(status, ""),
        "httpVersion": version,
        "cookies": [],
        "headers": answers,
        "content": {
            "size": answered.bytes,
            "mimeType": _value(answers, "content-type"),
            "text": answered.text,
            **_cut(answered),
        },
        "redirectURL": _value(answers, "location"),
        "headersSize": UNKNOWN,
        "bodySize": answered.bytes,
    }
    return _entry(entry, request, response)


def _entry(entry: JournalEntry, request: Object, response: Object) -> Object:
    taken = entry.duration_ms
    began = datetime.fromisoformat(entry.time) - timedelta(milliseconds=taken)
    own = ("id", "trace", "surface", "endpoint", "caller", "code", "credential")
    return {
        "startedDateTime": began.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
        "time": taken,
        "request": request,
        "response": response,
        "cache": {},
        "timings": {"send": 0, "wait": taken, "receive": 0},
        "connection": "".join(entry.connections[:1]).rpartition(":")[2],
        "comment": entry.why,
        **{f"_{name}": getattr(entry, name) for name in own},
    }


def _frame(scheme: str, host: str, entry: JournalEntry, sockets: dict[str, Object]) -> list[Object]:
    """Add a frame to the connections it was seen on, and return the entries of those that are new."""
    begun = []
    told = "send" if entry.method == "IN" else "receive"
    body = entry.request if told == "send" else entry.response
    moment = datetime.fromisoformat(entry.time).timestamp()
    for connection in entry.connections:
        if connection not in sockets:
            # What the handshake was is known from the frame that joins the namespace.
            handshake = replace(
                entry,
                connections=[connection],
                method="GET",
                status=HTTPStatus.SWITCHING_PROTOCOLS.value,
                target=entry.target if entry.event == CONNECT_EVENT else f"{events.ENGINE_PATH}/",
                request=replace(entry.request, bytes=0, text=""),
                response=replace(entry.response, bytes=0, text=""),
            )
            opened = _exchange({"http": "ws", "https": "wss"}[scheme], host, handshake)
            sockets[connection] = {**opened, "_resourceType": "websocket", "_webSocketMessages": []}
            begun.append(sockets[connection])
        if body.text:
            message = {"type": told, "time": moment, "opcode": 1, "data": body.text}
            if entry.why:
                message["_why"] = entry.why
            sockets[connection]["_webSocketMessages"].append(message)
        if entry.event == DISCONNECT_EVENT:
            sockets.pop(connection)  # the next one that comes from this port is another
    return begun


def _headers(message: JournalMessage) -> list[Object]:
    return [{"name": name, "value": value} for name, value in message.headers]


def _value(headers: list[Object], wanted: str) -> str:
    return next((str(one["value"]) for one in headers if one["name"].lower() == wanted), "")


def _cut(message: JournalMessage) -> Object:
    return {"comment": f"the first of {message.bytes} bytes"} if message.truncated else {}
