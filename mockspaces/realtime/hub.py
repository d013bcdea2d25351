"""The sockets of one world: who they belong to, and how something is said to some of them."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from functools import partial
from typing import Any, NamedTuple

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.run import Connection, Occurrence
from mockspaces.contract import events
from mockspaces.contract.shapes.changes import builtins
from mockspaces.realtime.adapter import Engine, Transport, event
from mockspaces.realtime.engineio3 import MESSAGE

FLUSHING_TURNS = 12  # turns of the loop that the engine needs at most between queue and WebSocket
FROM_SOCKET = "a socket"  # the origin of whatever sockets say to each other

Payload = dict[str, Any]  # what clients send
Told = Payload | msgspec.Struct  # a shape, or what was sent with something added
Render = Callable[["Session"], Awaitable[Told]]


class Session:
    """One connection that has joined the chat namespace, with its caller (RT-AUTH-13)."""

    __slots__ = ("caller", "ended", "ending", "engine", "hub", "id", "namespace", "origins", "sid", "transport")

    def __init__(
        self, hub: "Hub", transport: Transport, namespace: str, sid: str, caller: Caller, origins: Origins
    ) -> None:
        """Enter the connection; its ``id``, constant while it lives, is the ``sessionId`` of payloads (RT-SUB-03).

        ``ended`` says that its person may no longer be here, although the transport still has to close; ``ending`` is
        why the mock closes it, for the journal.
        """
        self.hub = hub
        self.transport = transport
        self.engine: Engine = transport.engine
        self.namespace = namespace
        self.sid = sid
        self.caller = caller
        self.origins = origins
        self.ended = False
        self.ending = ""
        self.id = hub.world.presence.connect(hub.world.ids.uuid(), caller.id, transport.context.peer).id

    @property
    def connection(self) -> Connection | None:
        """What the world knows of the connection, None once it is gone."""
        return self.hub.world.presence.get(self.id)

    async def tell(self, name: str, payload: Told) -> None:
        """Say something to this connection alone."""
        await self.hub.tell([self], name, payload)

    def end(self) -> None:
        """Take nothing more from the client: its person may no longer be here."""
        self.ended = True
        self.ending = "their credential or their account is not good any more"

    async def leave(self) -> None:
        """Take the connection out of the namespace: ``41/chat``; the transport stays."""
        await self.engine.leave(self.sid, self.namespace)

    async def finish(self) -> None:
        """Take the connection out and close its transport, unless others use it too (RT-AUTH-12)."""
        await self.leave()
        if not self.transport.namespaces:
            await self.transport.finish()


class Hub:
    """All sessions of one world, whichever engine carries them."""

    def __init__(self, world: World) -> None:
        """Begin with none."""
        self.world = world
        self.sessions: dict[str, Session] = {}
        self.closed = False  # its world was reset or dropped: nobody has to be told of anything any more

    # --- whom to speak to

    def in_space(self, space_id: str) -> list[Session]:
        """Return the subscribers of a space."""
        return self._of(self.world.presence.in_space(space_id))

    def of_person(self, person_id: str) -> list[Session]:
        """Return the sockets of a person: their user channel (RT-USR-01)."""
        return self._of(self.world.presence.of_person(person_id))

    def _of(self, connections: Iterable[Connection]) -> list[Session]:
        return [self.sessions[one.id] for one in connections if one.id in self.sessions]

    # --- speaking

    async def tell(
        self, sessions: list[Session], name: str, payload: Told, *, origin: str | None = FROM_SOCKET
    ) -> None:
        """Say the same to all."""

        async def same(_session: Session) -> Told:
            return payload

        await self.announce(sessions, name, same, lambda _session: None, origin=origin)

    async def announce(
        self,
        sessions: list[Session],
        name: str,
        render: Render,
        variant: Callable[[Session], Hashable],
        *,
        origin: str | None = FROM_SOCKET,
    ) -> None:
        """Say something to all, rendered once for each variant as things stand now; it leaves at the commit.

        What no socket is the ``origin`` of has left before the call that caused it is answered (RT-REST-08).
        """
        reached = [Recipient(session) for session in sessions]
        if self.world.faults:
            reached = self._meet_faults(sessions, name)
        packets: dict[Hashable, list[Any]] = {}
        outgoing: list[tuple[Recipient, list[Any]]] = []
        for recipient in reached:
            session = recipient.session
            key = (session.namespace, session.origins.base, variant(session))
            if key not in packets:
                packets[key] = event(session.namespace, name, self.sent(name, await render(session)))
            outgoing.append((recipient, packets[key]))
        if not outgoing:
            return
        told = [recipient.session for recipient, _packets in outgoing]

        def deliver() -> None:
            for recipient, frames in outgoing:
                recipient.session.transport.enqueue(frames, recipient.delay)
            self._record(told, name, outgoing[0][1][0].data, (f"to {len(told)} sockets" if len(told) > 1 else ""))

        self.world.transactions.at_commit(deliver)
        if origin is None:
            self.world.transactions.afterwards(lambda: flush([session.transport for session in told]))

    def sent(self, _name: str, payload: Told) -> Any:
        """Return what is sent of a payload, in plain JSON types: the world's overlay may change its shapes."""
        return builtins(payload, self.world.contract.shapes)

    def _meet_faults(self, sessions: list[Session], name: str) -> list["Recipient"]:
        """Return who gets an event, as often as they get it: planned faults lose, repeat or delay it for some."""
        reached: list[Recipient] = []
        for session in sessions:
            occurrence = Occurrence(
                surface=events.CONNECT.surface, event=name, caller=session.caller.label, outgoing=True
            )
            fault = self.world.faults.due(occurrence)
            if fault is None:
                reached.append(Recipient(session))
                continue
            if fault.action.frame == "close":
                self.world.transactions.afterwards(session.transport.finish)
            elif fault.action.frame != "swallow":
                times = 2 if fault.action.frame == "duplicate" else 1
                reached += [Recipient(session, fault.action.seconds), *([Recipient(session)] * (times - 1))]
            if fault.action.frame in ("close", "swallow"):
                self.world.transactions.at_commit(partial(self._record, [session], name, "", fault.why))
        return reached

    def _record(self, sessions: list[Session], name: str, frame: str, why: str) -> None:
        self.world.journal.record(
            Entry(
                time=self.world.clock.now_ms(),
                surface=events.CONNECT.surface,
                method="OUT",
                path=sessions[0].namespace,
                event=name,
                caller=sessions[0].caller.label if len(sessions) == 1 else None,
                why=why,
                response=(MESSAGE + frame if frame else "").encode("utf-8", "replace"),  # as the wire has it
                connections=tuple(session.transport.context.peer for session in sessions),
            )
        )


class Recipient(NamedTuple):
    """A session that is told something, after ``delay`` seconds if a planned fault wants it so."""

    session: Session
    delay: float = 0


async def flush(transports: Collection[Transport]) -> None:
    """Let the engine write what was queued; it only needs turns of the loop (RT-REST-08)."""
    for _ in range(FLUSHING_TURNS):
        await asyncio.sleep(0)
        if not any(transport.pending for transport in transports):
            return
