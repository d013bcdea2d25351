"""The sockets of one world: who they belong to, and how something is said to some of them."""

import asyncio
import itertools
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Hashable, Iterable
from typing import Any

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.faults import Occurrence
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.presence import Connection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.contract import events
from mockspaces.realtime.adapter import Engine, Transport, event

SETTLING_TURNS = 12  # turns of the loop that the engine needs at most between queue and WebSocket
MAX_CALLS = 10_000
FROM_SOCKET = "a socket"  # the origin of whatever sockets say to each other

Payload = dict[str, Any]
Render = Callable[["Session"], Awaitable[Payload]]


class Session:
    """One connection that has joined the chat namespace, with its caller (RT-AUTH-13)."""

    __slots__ = ("caller", "connection", "engine", "hub", "media", "namespace", "origins", "sid", "transport")

    def __init__(
        self, hub: "Hub", transport: Transport, namespace: str, sid: str, caller: Caller, origins: Origins
    ) -> None:
        """Enter the connection; its id is the ``sessionId`` of payloads (RT-SUB-03, RT-EIO-25)."""
        self.hub = hub
        self.transport = transport
        self.engine: Engine = transport.engine
        self.namespace = namespace
        self.sid = sid
        self.caller = caller
        self.origins = origins
        self.media: dict[str, str] = {}
        self.connection: Connection = hub.world.presence.connect(hub.world.ids.uuid(), caller.id)

    @property
    def id(self) -> str:
        """The id of the connection, constant while it lives."""
        return self.connection.id

    async def tell(self, name: str, payload: Payload) -> None:
        """Say something to this connection alone."""
        await self.hub.tell([self], name, payload)

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
        self.calls: OrderedDict[str, frozenset[str]] = OrderedDict()
        self.errands: set[asyncio.Task[None]] = set()
        self._subscriptions = itertools.count(7001)

    def next_subscription(self) -> str:
        """Return a new ``dtsid``: a decimal string (RT-SUB-03)."""
        return str(next(self._subscriptions))

    # --- whom to speak to

    def in_space(self, space_id: str) -> list[Session]:
        """Return the subscribers of a space."""
        return self._of(self.world.presence.in_space(space_id))

    def of_person(self, person_id: str) -> list[Session]:
        """Return the sockets of a person: his user channel (RT-USR-01)."""
        return self._of(self.world.presence.of_person(person_id))

    def _of(self, connections: Iterable[Connection]) -> list[Session]:
        return [self.sessions[one.id] for one in connections if one.id in self.sessions]

    # --- speaking

    async def tell(
        self, sessions: list[Session], name: str, payload: Payload, *, origin: str | None = FROM_SOCKET
    ) -> None:
        """Say the same to all."""

        async def same(_session: Session) -> Payload:
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
        """Say something to all, rendered once for each variant.

        What no socket is the ``origin`` of has left when this returns: a call waits for its answer (RT-REST-08).
        """
        if self.world.faults:
            sessions = await self._reached(sessions, name)
        packets: dict[Hashable, list[Any]] = {}
        for session in sessions:
            key = (session.namespace, session.origins.base, variant(session))
            if key not in packets:
                packets[key] = event(session.namespace, name, await render(session))
            for packet in packets[key]:
                session.transport.queue.put_nowait(packet)
        if packets:
            self._record(sessions, name, next(iter(packets.values()))[0].data, _crowd(sessions))
            if origin is None:
                await settle([session.transport for session in sessions])

    async def _reached(self, sessions: list[Session], name: str) -> list[Session]:
        """Return who gets an event, as often as he gets it: planned faults lose, repeat or delay it for some."""
        reached: list[Session] = []
        for session in sessions:
            occurrence = Occurrence(
                surface=events.CONNECT.surface, event=name, caller=session.caller.label, outgoing=True
            )
            fault = self.world.faults.due(occurrence)
            if fault is None:
                reached.append(session)
                continue
            await asyncio.sleep(fault.action.delay)
            if fault.action.frame == "close":
                await session.transport.finish()
            elif fault.action.frame != "swallow":
                reached += [session] * (2 if fault.action.frame == "duplicate" else 1)
            if fault.action.frame in ("close", "swallow"):
                self._record([session], name, "", fault.why)
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
                response=frame.encode("utf-8", "replace"),
            )
        )

    def remember_call(self, call_id: str, parties: frozenset[str]) -> None:
        """Keep who takes part in a call; the oldest one goes when there are too many."""
        self.calls[call_id] = parties
        if len(self.calls) > MAX_CALLS:
            self.calls.popitem(last=False)

    def run(self, errand: Awaitable[None]) -> None:
        """Do something after the operation that is under way: it holds a lock that the errand needs."""

        async def carry_out() -> None:
            await errand

        task = asyncio.create_task(carry_out())
        self.errands.add(task)
        task.add_done_callback(self.errands.discard)


def _crowd(sessions: list[Session]) -> str:
    return f"to {len(sessions)} sockets" if len(sessions) > 1 else ""


async def settle(transports: Collection[Transport]) -> None:
    """Let the engine write what was queued; it only needs turns of the loop (RT-REST-08)."""
    for _ in range(SETTLING_TURNS):
        await asyncio.sleep(0)
        if not any(transport.pending for transport in transports):
            return
