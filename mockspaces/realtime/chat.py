"""The namespace: who joins it, what they send, and what follows when they are gone."""

import asyncio
import logging
from collections.abc import Callable, Mapping
from time import perf_counter
from typing import Any

import msgspec
import socketio

from mockspaces.asgi.handlers import handed_over
from mockspaces.cloud.kernel import quotas
from mockspaces.cloud.kernel.attempt import Attempt
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.journal import Entry, Peer
from mockspaces.cloud.kernel.nesting import HALF
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.store import run
from mockspaces.cloud.store.run import Connection, Occurrence
from mockspaces.cloud.worlds.worlds import DEFAULT, PREFIX, Worlds
from mockspaces.contract import errors, events
from mockspaces.contract.engineio import INVALID_NAMESPACE
from mockspaces.realtime import channels, credentials, media, messages, presence
from mockspaces.realtime.adapter import KEY, Transport
from mockspaces.realtime.engineio3 import PING, Frame
from mockspaces.realtime.handling import Handling
from mockspaces.realtime.hub import Payload, Session
from mockspaces.realtime.hubs import Hubs

HANDLERS = handed_over(channels.HANDLERS, media.HANDLERS, messages.HANDLERS, presence.HANDLERS)
LOST: tuple[run.Frame, ...] = ("close", "swallow")  # what planned faults do to an event that never happens
SURFACE = events.CONNECT.surface
LEAVING_S = 0.5  # so long after it could not be stored that somebody left it is tried again
TELLING_S = 0.05  # so long after it could not be told that something was refused it is tried again
ENDINGS: Mapping[str, str] = {  # in the words of the engine, and in ours
    "client disconnect": "the client left",
    "server disconnect": "the mock closed it",
    "ping timeout": "the client sent no heartbeat for too long",
    "transport close": "the connection is gone: the client closed it without a word, or it broke",
    "transport error": "the connection broke",
}

logger = logging.getLogger("mockspaces")


class Handshake(msgspec.Struct, frozen=True):
    """What a transport knows of its request: the world it came to, from where, its query, and what it was.

    ``target`` is path and query as they were sent, ``head`` the packed header lines.
    """

    world: World
    origins: Origins
    query: dict[str, str]
    target: bytes
    head: bytes
    peer: Peer | None


class ChatNamespace(socketio.AsyncNamespace):  # type: ignore[misc]  # published without types
    """The handlers of every namespace; only ``/chat`` exists, of this world or ``/w/<name>/chat`` of another."""

    def __init__(self, worlds: Worlds, hubs: Hubs) -> None:
        """Serve all namespaces, so that unknown ones are refused in the vendor's words."""
        super().__init__("*")
        self._worlds = worlds
        self._hubs = hubs
        self._sessions: dict[str, Session] = {}

    async def trigger_event(self, event: str, *args: Any) -> Any:
        """Take what the engine reports: a join, an end, or an event with its arguments."""
        namespace, sid = args[0], args[1]
        if event == "connect":
            await self._connect(args[2][KEY], namespace, sid, args[3] if len(args) > 3 else None)  # noqa: PLR2004 - no auth object
        elif event == "disconnect":
            await self._disconnect(sid, str(args[2]) if len(args) > 2 else "")  # noqa: PLR2004 - no reason
        elif sid in self._sessions:
            lost = await self._event(self._sessions[sid], event, args[2] if len(args) > 2 else None)  # noqa: PLR2004 - no payload
            return self.server.not_handled if lost else None  # what is lost is lost whole: nobody acknowledges it
        return None

    def alive(self, transport: Transport) -> None:
        """Note that the world of a transport is used: one that clients wait in is not idle."""
        self._hubs.touch(transport.context.world)

    async def beat(self, transport: Transport, frame: Frame) -> None:
        """Count a heartbeat of a client; what was acknowledged before a ping is told before it is answered.

        Where sockets and calls are of several processes, that is how a client knows what it has been told of, and that
        the journal has it, whichever of them is asked.
        """
        world: World = transport.context.world
        if transport.context.peer is not None:
            world.journal.beat(transport.context.peer, world.clock.now_ms())
        if frame == PING and self._worlds.worker:
            for hub in {session.hub for session in self._sessions.values() if session.transport is transport}:
                await self._worlds.follow(hub.world)
                await hub.world.journal.written()

    # --- joining

    async def _place(self, transport: Transport, namespace: str) -> tuple[World, Origins]:
        """Return the world that a namespace means, and from where it is reached. Refuses unknown namespaces."""
        handshake: Handshake = transport.context
        if namespace == events.CHAT:
            return handshake.world, handshake.origins
        name = namespace.removeprefix(PREFIX).removesuffix(events.CHAT)
        own, answer = handshake.world.name, INVALID_NAMESPACE
        why = f'there is no namespace "{namespace}"; clients join "{events.CHAT}"'
        refusal = Rejection(errors.ROUTE_NOT_FOUND, why)
        if namespace == f"{PREFIX}{name}{events.CHAT}" and own in (DEFAULT, name):
            try:
                return (await self._worlds.find(name)).world, Origins(self._worlds.prefix_url(name))
            except Rejection as rejection:
                if rejection.code != errors.WORLD_NOT_FOUND:  # nobody knows which worlds there are
                    refusal, answer = rejection, handshake.world.contract.errors[rejection.code].code
        entry = self._entry(handshake.world, transport, namespace, events.CONNECT_EVENT)
        entry.target, entry.head = handshake.target, handshake.head
        entry.code, entry.why = refusal.code, refusal.why
        handshake.world.journal.begin()
        handshake.world.journal.record(entry)
        raise socketio.exceptions.ConnectionRefusedError(answer)

    async def _connect(self, transport: Transport, namespace: str, sid: str, auth: Any) -> None:
        if namespace == "/":
            return  # clients of protocol 5 may join it; nobody listens there
        world, origins = await self._place(transport, namespace)

        def join(caller: Caller) -> None:
            hub = self._hubs.of(world)
            connection = Connection(
                id=world.ids.uuid(),
                person_id=caller.id,
                peer=transport.context.peer,
                worker=hub.worker,
                namespace=namespace,
                base=origins.base,
                names=origins.names,
                label=caller.label,
                grant=caller.grant.id if caller.grant else None,
            )
            session = Session(hub, transport, sid, caller, origins, world.presence.connect(connection))

            def enter() -> None:
                self._sessions[sid] = session
                hub.enter(session)
                transport.namespaces.add(namespace)

            world.transactions.at_commit(enter)

        try:
            await self._admit(world, transport, namespace, auth, join)
        except Rejection as rejection:
            code = world.contract.errors[rejection.code].code
            raise socketio.exceptions.ConnectionRefusedError(code) from None

    async def _admit(
        self, world: World, transport: Transport, namespace: str, auth: Any, join: Callable[[Caller], None] | None
    ) -> None:
        """Admit the caller of a CONNECT and let them ``join``; it is put into the journal either way."""
        world.journal.begin()
        began = perf_counter()
        entry, attempt = self._entry(world, transport, namespace, "connect"), Attempt()
        entry.target, entry.head = transport.context.target, transport.context.head

        async def connect() -> None:
            entry.caller = None  # or of a run that was taken back
            credential = credentials.read(world, transport.context.query, auth)
            entry.why = credential.note
            entry.credential = (credential.type, credential.token)
            caller = await credentials.admit(world, credential)
            entry.caller = caller.label
            if join:
                _check_connections(world, caller)
            fault = attempt.meet_fault(world, _occurrence(events.CONNECT_EVENT, caller))
            if fault is not None and fault.action.reject is not None:
                raise Rejection(fault.action.reject, fault.why)
            if join:
                join(caller)
                world.transactions.store_at_once()  # what others say from now on comes behind the answer

        try:
            await world.transactions.carry_out(connect)
        except Rejection as rejection:
            entry.code, entry.why = rejection.code, rejection.why
            raise
        except Exception as bug:
            logger.exception("a bug of the mock in a CONNECT")
            entry.code, entry.why = errors.SERVER_ERROR, f"bug of the mock: {bug!r}"
            raise Rejection(errors.SERVER_ERROR, entry.why) from bug
        finally:
            entry.duration = perf_counter() - began
            world.journal.record(entry)

    async def reauthenticate(self, transport: Transport, namespace: str, auth: dict[str, str]) -> str | None:
        """Check a second CONNECT; whoever it names, the session stays that of the first one (RT-EIO-13)."""
        world, _origins = await self._place(transport, namespace)
        try:
            await self._admit(world, transport, namespace, auth, None)
        except Rejection as rejection:
            return world.contract.errors[rejection.code].code
        return None

    # --- leaving

    async def _disconnect(self, sid: str, reason: str) -> None:
        session = self._sessions.pop(sid, None)
        if session is None:
            return
        hub, world = session.hub, session.hub.world
        hub.forget(session)
        session.transport.namespaces.discard(session.namespace)
        if hub.closed:
            return
        world.journal.begin()
        entry = self._entry(world, session.transport, session.namespace, events.DISCONNECT_EVENT, session)
        entry.why = session.ending or ENDINGS.get(reason, "")
        world.journal.record(entry)

        async def leave() -> None:
            connection = world.presence.disconnect(session.id)
            if connection is None:
                return  # the world was reset meanwhile
            await presence.say_farewell(hub, connection, session.caller.person)
            for space_id, media_session in connection.media.items():
                await meetings.leave(world, space_id, session.caller.id, session=media_session, origin=session.id)

        while not hub.closed:  # or the world was dropped meanwhile
            try:
                await world.transactions.carry_out(leave)
            except Rejection as rejection:
                if rejection.code == errors.NOT_STORED:  # nobody can be told that they have not left
                    await asyncio.sleep(LEAVING_S)
                    continue
            return

    # --- events

    async def _event(self, session: Session, name: str, payload: Any) -> bool:
        """Carry out an event of a client, as a fault plan wants it, and return whether it was lost."""
        world = session.hub.world
        self._hubs.touch(world)
        world.journal.begin()
        began = perf_counter()
        entry = self._entry(world, session.transport, session.namespace, name, session)
        handling = HANDLERS.get(name)
        fate: run.Frame | None = None
        try:
            if handling is None or not isinstance(payload, dict):
                entry.why = f'ignored: no event "{name}"' if handling is None else "ignored: the payload is no object"
            else:
                fate = await self._handle(session, handling, name, payload, entry)
        except Exception as bug:
            logger.exception("a bug of the mock in %s", name)
            entry.code, entry.why = errors.SERVER_ERROR, f"bug of the mock: {bug!r}"
        finally:
            entry.duration = perf_counter() - began
            world.journal.record(entry)
            session.transport.frame = ""  # up to a frame's limit, for every connection that sent one
        if world.journal.unwritten:
            await world.journal.written()
        return fate in LOST

    async def _handle(
        self, session: Session, handling: Handling, name: str, payload: Payload, entry: Entry
    ) -> run.Frame | None:
        """Act on an event, or tell its refusal, each in a transaction of its own; a duplicate is acted on twice."""
        transactions, attempt, fate = session.hub.world.transactions, Attempt(), None

        async def act() -> run.Frame | None:
            return await self._act(session, handling, name, payload, entry, attempt)

        try:
            fate = await transactions.carry_out(act)
            if fate == "duplicate":
                await transactions.carry_out(lambda: handling.act(session, payload))
        except Rejection as refused:
            rejection = refused
            entry.code, entry.why = rejection.code, rejection.why
            await self._tell_refusal(session, handling, payload, rejection)
        return fate

    async def _tell_refusal(self, session: Session, handling: Handling, payload: Payload, refused: Rejection) -> None:
        """Tell a refusal; again while nobody may have a turn, or if changes that it waits for could not be stored."""
        while not session.hub.closed:
            try:
                await session.hub.world.transactions.carry_out(lambda: handling.refuse(session, payload, refused))
            except Rejection as rejection:  # or the world was dropped meanwhile
                if rejection.code == errors.NOT_STORED:
                    await asyncio.sleep(TELLING_S)
                    continue
            return

    async def _act(
        self, session: Session, handling: Handling, name: str, payload: Payload, entry: Entry, attempt: Attempt
    ) -> run.Frame | None:
        """Do what happens inside the transaction, and return what a planned fault wants done with the event."""
        world, entry.why = session.hub.world, ""  # nor what a run said that was taken back
        if session.ended or session.connection is None:
            entry.why = "ignored: the connection has ended"
            return None
        if session.transport.half:
            raise invalid(session.transport.half, HALF)  # REST-REQ-08
        _check_event(world, session, payload)
        fault = attempt.meet_fault(world, _occurrence(name, session.caller))
        if fault is not None:
            entry.why = fault.why
            if fault.action.reject is not None:
                raise Rejection(fault.action.reject, fault.why)
            if fault.action.frame == "close":
                world.transactions.afterwards(session.transport.finish)
            if fault.action.frame in LOST:
                return fault.action.frame
        await handling.act(session, payload)
        return fault.action.frame if fault else None

    # --- journal

    def note(self, transport: Transport, frame: Frame, why: str) -> None:
        """Put a dropped frame or a forced end into the journal."""
        world: World = transport.context.world
        entry = self._entry(world, transport, "", None)
        entry.why, entry.request = why, _bytes(frame)
        world.journal.record(entry)

    def _entry(
        self, world: World, transport: Transport, namespace: str, event: str | None, session: Session | None = None
    ) -> Entry:
        return Entry(
            time=world.clock.now_ms(),
            surface=SURFACE,
            method="IN",
            path=namespace,
            event=event,
            caller=session.caller.label if session else None,
            request=b"" if event == events.DISCONNECT_EVENT else _bytes(transport.frame),
            connections=(transport.context.peer,),
        )


def _check_connections(world: World, caller: Caller) -> None:
    """Refuse one connection more than a world may have, or a person, if the world enforces limits (RT-AUTH-13)."""
    if len(world.presence) >= world.contract.limits.sockets:
        raise Rejection(errors.RATE_LIMITED, f"the world has {len(world.presence)} connections already")
    most = world.contract.limits.socket_connections
    if world.settings.socket_enforce_limits and len(world.presence.of_person(caller.id)) >= most:
        raise Rejection(errors.RATE_LIMITED, f"{caller.label} has {most} connections already")


def _check_event(world: World, session: Session, payload: Payload) -> None:
    """Refuse events that are too large or too many, if the world enforces limits (RT-AUTH-13)."""
    quotas.count_event(world, session.caller.id)
    if not world.settings.socket_enforce_limits:
        return
    size, most = len(msgspec.json.encode(payload)), world.contract.limits.socket_payload_kb * 1024
    if size > most:
        raise Rejection(errors.REQUEST_TOO_LARGE, f"the event has {size} bytes of JSON, {most} are allowed")


def _occurrence(event: str, caller: Caller) -> Occurrence:
    return Occurrence(surface=SURFACE, event=event, caller=caller.label)


def _bytes(frame: Frame) -> bytes:
    return frame if isinstance(frame, bytes) else frame.encode("utf-8", "replace")
