"""Sockets as timelines: each connection from its handshake to its end, as the journal kept it.

A connection is known by where its client is, address and port, as it stands in the entries of the journal.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.journal import Entry, Peer
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.store.run import SOCKET, Connection
from mockspaces.contract import events
from mockspaces.control import disclosure
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.frame import check_query, framed, missing, page_number
from mockspaces.control.slices import in_slices

ROWS = 100  # connections, or frames of one, on a page
LONGEST_FRAME = 2000  # characters that are shown in the timeline; the entry has more
Shown = dict[str, Any]


def named(peer: Peer) -> str:
    """Return how a connection is called in addresses and in the journal."""
    return f"{peer[0]}:{peer[1]}"


async def _of_sockets(world: World) -> AsyncIterator[Entry]:
    """Yield what the journal tells of sockets, newest first; others have their turn in between."""
    for part in world.journal.slices():
        for entry in part:
            if entry.surface == SOCKET:
                yield entry
        await asyncio.sleep(0)


class Told(msgspec.Struct):
    """What the journal tells of one connection, gathered newest first: the entries themselves would take long."""

    caller: str | None = None
    frames: int = 0
    refused: int = 0
    began: int = 0
    first: int = 0  # the id of the oldest entry
    end: str = ""
    why: str = ""

    def add(self, entry: Entry) -> None:
        """Take in the next older entry."""
        self.caller = self.caller or entry.caller
        self.frames += 1
        self.refused += entry.refused
        self.began, self.first = entry.time, entry.id
        self.why = self.why or entry.why
        if not self.end and entry.event == events.DISCONNECT_EVENT:
            self.end = entry.why or "the connection ended"
        if not self.end and entry.event == events.CONNECT_EVENT and entry.refused:
            self.end = f"it was refused: {entry.why}"

    @property
    def ending(self) -> str:
        """Why a connection that is not open any more ended, or was never joined to the namespace."""
        return self.end or self.why or "it never joined the namespace of chats"


async def show_all(call: ControlCall) -> object:
    """List the connections that are open, then those of which the journal still tells something, newest first."""
    check_query(call, "page")
    world, page = call.world, page_number(call)
    open_now = {named(one.peer): one for one in world.presence.all() if one.peer}
    told: dict[Peer, Told] = {}
    async for entry in _of_sockets(world):
        for peer in entry.connections:
            if peer:
                told.setdefault(peer, Told()).add(entry)
    by_name = {named(peer): one for peer, one in told.items()}
    ended = sorted((name for name in by_name if name not in open_now), key=lambda name: -by_name[name].first)
    names = [*reversed(open_now), *ended]
    chosen = names[page * ROWS : (page + 1) * ROWS]
    rows = [await _row(world, name, open_now.get(name), by_name.get(name, Told())) for name in chosen]
    values = {"rows": rows, "open": len(open_now), "page": page, "more": len(names) > (page + 1) * ROWS}
    return framed(call, "ui/sockets", "sockets.html", values)


async def _row(world: World, name: str, connection: Connection | None, told: Told) -> Shown:
    found: Shown = {"name": name, "caller": told.caller, "open": connection is not None, "frames": told.frames}
    found["refused"] = told.refused
    found["began"] = iso(told.began) if told.frames else ""
    found["spaces"], found["id"] = [], ""
    if connection is not None:
        person = await people.get_person(world, connection.person_id)
        found["id"] = connection.id
        found["caller"] = person.displayname if person else connection.person_id
        spaces = [await world.state.spaces.get(space_id) for space_id in connection.spaces]
        found["spaces"] = [{"id": space.id, "title": space.title} for space in spaces if space]
    found["end"] = "" if connection else told.ending
    return found


async def show(call: ControlCall) -> object:
    """Show one connection frame by frame, with payloads, what was refused, and why it ended."""
    check_query(call, "page")
    world, name, page = call.world, call.params["peer"], page_number(call)
    told, entries = Told(), list[Entry]()
    async for entry in _of_sockets(world):
        if any(peer and named(peer) == name for peer in entry.connections):
            told.add(entry)
            entries.append(entry)
    entries.sort(key=_moment)
    connection = next((one for one in world.presence.all() if one.peer and named(one.peer) == name), None)
    if not entries and connection is None:
        return missing(call, "ui/sockets", f"The journal tells nothing of a connection {name}.")
    last = max(0, (len(entries) - 1) // ROWS)
    chosen = entries[page * ROWS : (page + 1) * ROWS]
    start = entries[0].time if entries else 0
    handshake = next((entry for entry in entries if entry.head), None)
    beats = next((found for peer, found in world.journal.heartbeats.items() if named(peer) == name), None)
    values = {
        "name": name,
        "row": await _row(world, name, connection, told),
        "frames": await in_slices(chosen, lambda entry: _frame(entry, start)),
        "handshake": _handshake(handshake) if handshake else None,
        "beats": {"count": beats.count, "last": iso(beats.last)} if beats else None,
        "interval": world.settings.socket_ping_interval_ms / 1000,
        "page": page,
        "last": last,
    }
    return framed(call, "ui/sockets", "socket.html", values)


def _moment(entry: Entry) -> tuple[int, bool, int]:
    """Return where an entry stands: answers to a frame are recorded before it, as it is over later."""
    return entry.trace, entry.method == "OUT", entry.id


def _handshake(entry: Entry) -> Shown:
    lines, _ = disclosure.headers(entry)
    agent = next((value for name, value in lines if name.lower() == "user-agent"), "")
    return {
        "target": disclosure.text(entry.target.decode("latin-1")),
        "agent": agent,
    }


def _frame(entry: Entry, start: int) -> Shown:
    raw = (entry.response if entry.method == "OUT" else entry.request).decode("utf-8", "replace")
    return {
        "id": entry.id,
        "after": f"{(entry.time - start) / 1000:+.3f} s",
        "incoming": entry.method != "OUT",
        "event": entry.event or entry.method,
        "namespace": entry.path,
        "why": entry.why,
        "code": entry.code,
        "refused": entry.refused,
        "payload": _pretty(disclosure.text(raw)),
    }


def _pretty(frame: str) -> str:
    """Return a frame with its JSON on several lines; its type and namespace stand before it."""
    if len(frame) > LONGEST_FRAME:
        return f"{frame[:LONGEST_FRAME]} …"
    starts = [place for place in (frame.find("["), frame.find("{")) if place >= 0]
    if not starts:
        return frame
    head, text = frame[: min(starts)], frame[min(starts) :]
    try:
        shown = json.dumps(json.loads(text), indent=2, ensure_ascii=False)
    except (ValueError, RecursionError):
        return frame
    return f"{head}\n{shown}" if head else shown


HANDLERS: Handlers = {
    "CTRL-UI-SOCKETS": Handler(show_all),
    "CTRL-UI-SOCKET": Handler(show),
}
