"""The sockets of one world: who they belong to, and how something is said to some of them.

How this works. Whoever commits speaks to *connections*, which all processes know that have the world: it renders what
is said, for the sockets of all of them, and the frames go with the changes to where the sockets are. Each process has a
`Session` for each of its own sockets, and passes over the frames of others. The journal has what was said once.
"""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Hashable, Sequence
from contextvars import copy_context
from functools import partial
from typing import Any, NamedTuple

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.run import Connection, Ending, Frames, Occurrence, Said, Way
from mockspaces.cloud.store.transaction import unheard
from mockspaces.contract import events
from mockspaces.contract.shapes.changes import builtins
from mockspaces.realtime.adapter import Engine, Packets, Transport, event, messages
from mockspaces.realtime.engineio3 import MESSAGE

FLUSHING_TURNS = 12  # turns of the loop that the engine needs at most between queue and WebSocket
FROM_SOCKET = "a socket"  # the origin of whatever sockets say to each other

Payload = dict[str, Any]  # what clients send
Told = Payload | msgspec.Struct  # a shape, or what was sent with something added
Render = Callable[[Connection], Awaitable[Told]]


class Session:
    """One connection of this process that has joined the chat namespace, with its caller (RT-AUTH-13)."""

    __slots__ = ("caller", "ended", "ending", "engine", "hub", "id", "namespace", "origins", "sid", "transport")

    def __init__(
        self, hub: "Hub", transport: Transport, sid: str, caller: Caller, origins: Origins, connection: Connection
    ) -> None:
        """Begin with a connection: its ``id``, constant while it lives, is the ``sessionId`` of payloads (RT-SUB-03).

        ``ended`` says that its person may no longer be here, although the transport still has to close; ``ending`` is
        why the mock closes it, for the journal.
        """
        self.hub = hub
        self.transport = transport
        self.engine: Engine = transport.engine
        self.namespace = connection.namespace
        self.sid = sid
        self.caller = caller
        self.origins = origins
        self.ended = False
        self.ending = ""
        self.id = connection.id

    @property
    def connection(self) -> Connection | None:
        """What the world knows of the connection, None once it is gone."""
        return self.hub.world.presence.get(self.id)

    async def tell(self, name: str, payload: Told) -> None:
        """Say something to this connection alone."""
        if (connection := self.connection) is not None:
            await self.hub.tell([connection], name, payload)

    async def leave(self) -> None:
        """Take the connection out of the namespace: ``41/chat``; the transport stays."""
        await self.engine.leave(self.transport, self.sid, self.namespace)

    async def finish(self) -> None:
        """Take the connection out and close its transport, unless others use it too (RT-AUTH-12)."""
        await self.leave()
        if not self.transport.namespaces:
            await self.transport.finish()


class Fate(NamedTuple):
    """How often something is said to a connection, and after how many seconds: planned faults repeat and delay it."""

    times: int = 1
    delay: float = 0


ONCE = Fate()


class Hub:
    """All connections of one world, and the sessions of those of this process, whichever engine carries them."""

    def __init__(self, world: World, worker: str) -> None:
        """Begin with none. ``worker`` is this process among those that have the world."""
        self.world = world
        self.worker = worker
        self.sessions: dict[str, Session] = {}
        self.closed = False  # its world was reset or dropped: nobody has to be told of anything any more
        self._endings: dict[str, asyncio.Task[None]] = {}

    # --- whom to speak to

    def in_space(self, space_id: str) -> list[Connection]:
        """Return the subscribers of a space."""
        return self.world.presence.in_space(space_id)

    def of_person(self, person_id: str) -> list[Connection]:
        """Return the connections of a person: their user channel (RT-USR-01)."""
        return self.world.presence.of_person(person_id)

    # --- speaking

    async def tell(
        self, connections: Sequence[Connection], name: str, payload: Told, *, origin: str | None = FROM_SOCKET
    ) -> None:
        """Say the same to all."""

        async def same(_connection: Connection) -> Told:
            return payload

        await self.announce(connections, name, same, lambda _one: None, origin=origin)

    async def announce(
        self,
        connections: Sequence[Connection],
        name: str,
        render: Render,
        variant: Callable[[Connection], Hashable],
        *,
        origin: str | None = FROM_SOCKET,
    ) -> None:
        """Say something to all, rendered once for each variant as things stand now; it leaves at the commit.

        What no socket is the ``origin`` of has left the sockets of this process before the call that caused it is
        answered (RT-REST-08).
        """
        reached = [(connection, ONCE) for connection in connections]
        if self.world.faults:
            reached = self._meet_faults(connections, name)
        if not reached:
            return
        groups: dict[tuple[str, str, Hashable, Fate], list[Connection]] = {}
        for connection, fate in reached:
            groups.setdefault((connection.namespace, connection.base, variant(connection), fate), []).append(connection)
        rendered: dict[Hashable, Packets] = {}
        for (*shown, fate), group in groups.items():
            packets = rendered.get(key := tuple(shown))
            if packets is None:
                packets = rendered[key] = event(group[0].namespace, name, self.sent(name, await render(group[0])))
            ids = tuple([connection.id for connection in group])
            self._say(Frames(connections=ids, packets=packets * fate.times, delay=fate.delay), group)
        told = [connection for connection, fate in reached for _ in range(fate.times)]
        why = f"to {len(told)} sockets" if len(told) > 1 else ""
        first = next(iter(rendered.values()))[0]
        transactions = self.world.transactions
        self._record_at_commit(told, name, first, why)
        if origin is None:
            transactions.afterwards(lambda: flush(self._transports(told)))

    def end(self, connection: Connection, how: Way, why: str = "") -> None:
        """End a connection at the commit; one of this process is out before whoever wanted it is answered."""
        self._say(Ending(connection=connection.id, how=how, why=why), [connection])
        self.world.transactions.afterwards(lambda: self._ended(connection.id))

    def _say(self, said: Said, connections: Sequence[Connection]) -> None:
        """Say something at the commit, to other processes too if one of the connections is theirs."""
        transactions = self.world.transactions
        if transactions.recorder and any(connection.worker != self.worker for connection in connections):
            transactions.say(said)
        else:
            transactions.at_commit(partial(self.speak, said))

    def sent(self, _name: str, payload: Told) -> Any:
        """Return what is sent of a payload, in plain JSON types: the world's overlay may change its shapes."""
        return builtins(payload, self.world.contract.shapes)

    def _meet_faults(self, connections: Sequence[Connection], name: str) -> list[tuple[Connection, Fate]]:
        """Return who gets an event, and how: planned faults lose, repeat or delay it for some."""
        reached: list[tuple[Connection, Fate]] = []
        for connection in connections:
            occurrence = Occurrence(surface=events.CONNECT.surface, event=name, caller=connection.label, outgoing=True)
            fault = self.world.faults.due(occurrence)
            if fault is None:
                reached.append((connection, ONCE))
                continue
            if fault.action.frame == "close":
                self.end(connection, "finish")
            elif fault.action.frame != "swallow":
                times = 2 if fault.action.frame == "duplicate" else 1
                reached.append((connection, Fate(times, fault.action.seconds)))
            if fault.action.frame in ("close", "swallow"):
                self._record_at_commit([connection], name, "", fault.why)
        return reached

    def _record_at_commit(self, *told: Any) -> None:
        """Let the entry belong to the call that is under way, whoever commits it together with others."""
        self.world.transactions.at_commit(partial(copy_context().run, self._record, *told))

    def _record(self, connections: Sequence[Connection], name: str, frame: str, why: str) -> None:
        self.world.journal.record(
            Entry(
                time=self.world.clock.now_ms(),
                surface=events.CONNECT.surface,
                method="OUT",
                path=connections[0].namespace,
                event=name,
                caller=connections[0].label if len(connections) == 1 else None,
                why=why,
                response=(MESSAGE + frame if frame else "").encode("utf-8", "replace"),  # as the wire has it
                connections=tuple([connection.peer for connection in connections]),
            )
        )

    # --- the sockets of this process

    def enter(self, session: Session) -> None:
        """Deliver to a session from now on."""
        self.sessions[session.id] = session
        self.world.transactions.speak = self.speak

    def forget(self, session: Session) -> None:
        """Deliver to a session no longer."""
        self.sessions.pop(session.id, None)
        if not self.sessions and not self.closed:
            self.world.transactions.speak = unheard

    def close(self) -> None:
        """Have nothing more to do with the world."""
        self.closed = True
        self.world.transactions.speak = unheard

    def speak(self, said: Said) -> None:
        """Carry out what was said, by whichever process, for the sockets of this one."""
        if isinstance(said, Frames):
            packets = messages(said.packets)
            for connection_id in said.connections:
                session = self.sessions.get(connection_id)
                if session is not None:
                    session.transport.enqueue(packets, said.delay)
            return
        session = self.sessions.get(said.connection)
        if session is None:
            return
        session.ended = session.ended or said.how == "end"
        session.ending = said.why or session.ending
        transport = session.transport
        ways = {"leave": session.leave, "finish": transport.finish, "cut": transport.cut, "end": session.finish}
        # In a task, since it leads to another transaction, and behind the frames of this one.
        task = self._endings[session.id] = asyncio.create_task(ways[said.how]())
        task.add_done_callback(lambda _task: self._endings.pop(said.connection, None))

    def _transports(self, connections: Sequence[Connection]) -> list[Transport]:
        return [self.sessions[one.id].transport for one in connections if one.id in self.sessions]

    async def _ended(self, connection_id: str) -> None:
        if (task := self._endings.get(connection_id)) is not None:
            await asyncio.wait([task])


async def flush(transports: Collection[Transport]) -> None:
    """Let the engine write what was queued; it only needs turns of the loop (RT-REST-08)."""
    for _ in range(FLUSHING_TURNS):
        await asyncio.sleep(0)
        if not any(transport.pending for transport in transports):
            return
