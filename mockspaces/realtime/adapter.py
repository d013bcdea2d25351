"""The wrapper around python-socketio: the one module that touches what python-engineio keeps to itself.

How this works. An `Engine` is the Socket.IO server of one world; a `Transport` is one WebSocket with its codec
between client and engine. The engine speaks Engine.IO 4 and believes that every client does. Real clients speak
Engine.IO 3: there the client pings and the server answers, a CONNECT may carry a query, and a second CONNECT
asks to be authenticated again. The codec translates frame by frame and does no I/O; the transport calls it in both
directions and keeps from the engine what the engine would answer in its own words.

Four things the engine keeps to itself are needed, and touched here alone, so that an upgrade breaks one module:

* The queue of packets is ours (`create_queue`), since the engine's has no bound: one reader that stalls would
  take all memory. It is handed over by a context variable, as the engine names no connection when it asks.
* The intervals of the heartbeat belong to a connection, not to a server: a setting may have changed between two.
* Tasks that the engine starts end with their transport, or pings of dead connections would live on.
* A client of Engine.IO 3 never answers a ping; the engine is told that it did (`satisfied`).

A server-side disconnect only queues a packet and waits for the client; the transport closes the WebSocket itself.
Whatever awaits the ASGI server is interruptible, since a client that does not read blocks it for ever.
"""

import asyncio
import logging
import weakref
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextvars import ContextVar
from typing import Any, Protocol

import engineio
import msgspec
import socketio
from engineio import packet as engine_packet
from engineio.async_drivers import asgi
from starlette.types import Message, Receive, Scope, Send

from mockspaces.contract import events
from mockspaces.realtime import packets
from mockspaces.realtime.engineio3 import ALIVE, MESSAGE, PING, PONG, Codec, Codec3, Frame, Heartbeat, engine_query
from mockspaces.realtime.packets import Packet

MOST_DELAYED = 1000  # frames of one connection that a planned fault may hold back
Packets = tuple[str, *tuple[Frame, ...]]  # an event as the engine's messages carry it: a text, and attachments
PACKET_COST = 200  # bytes that a waiting packet weighs beside its data
MAX_FRAME = 10**8  # what real servers accept; the codec ignores frames long before
KEY = "mockspaces.transport"  # where the handlers find the transport in what the engine knows of a request
REQUEST = {"REQUEST_METHOD": "GET", "HTTP_CONNECTION": "upgrade", "HTTP_UPGRADE": "websocket"}
HEARTBEATS = (PING, PONG)  # what clients send: one of their own, or the answer to ours
EVENT = f"{MESSAGE}{packets.EVENT}"
GONE: Message = {"type": "websocket.disconnect", "code": 1006}

logger = logging.getLogger("mockspaces.realtime")
# Below, the libraries format every packet for a log that nobody reads, and warn of what clients do wrong: the journal
# has it in better words ("/chat is not joined", and acknowledgements that nobody has asked for).
logger.setLevel(logging.ERROR)


class Chat(Protocol):
    """What the adapter needs of the handlers."""

    async def reauthenticate(self, transport: "Transport", namespace: str, auth: dict[str, str]) -> str | None:
        """Check the credential of a second CONNECT and return the code of its refusal, if any (RT-EIO-13)."""

    def alive(self, transport: "Transport") -> None:
        """Note that a client has sent something."""

    async def beat(self, transport: "Transport", frame: Frame) -> None:
        """Count a heartbeat of a client, and let it be told first whatever was acknowledged before it."""

    def note(self, transport: "Transport", frame: Frame, why: str) -> None:
        """Put a dropped frame or a forced end into the journal."""


CURRENT: ContextVar["Transport"] = ContextVar("transport")


class SendQueue(asyncio.Queue[Any]):
    """The engine's queue of packets, which tells its transport what it is given."""

    def __init__(self, transport: "Transport") -> None:
        super().__init__()
        self._transport = weakref.ref(transport)

    def _put(self, item: Any) -> None:
        super()._put(item)
        transport = self._transport()
        if item is not None and transport is not None:
            data = item.data
            transport.queued(PACKET_COST + (len(data) if isinstance(data, str | bytes) else 0))


def _heartbeat() -> Heartbeat:
    transport = CURRENT.get(None)
    return transport.heartbeat if transport else Heartbeat()


async def _environ(transport: "Transport") -> dict[str, Any]:
    """Return what the engine has to know of a request; the library builds a class for each connection to do so."""
    await transport.from_client()  # the message that a WebSocket begins with
    return {
        **REQUEST,
        "QUERY_STRING": engine_query(transport.parameters).decode("ascii"),
        "asgi.scope": {"type": "websocket"},
        "asgi.receive": transport.from_client,
        "asgi.send": transport.to_client,
        KEY: transport,
    }


class _WebSocket(asgi.WebSocket):  # type: ignore[misc]  # published without types
    """The engine's view of a WebSocket."""

    async def wait(self) -> Frame | None:
        """Return the next frame, None when the client has left.

        The library raises, and the traceback holds all of the connection, and itself, until a collection.
        """
        message = await self.asgi_receive()
        if message["type"] != "websocket.receive":
            return None
        frame: Frame = message["text"] if "text" in message else message["bytes"]
        return frame


class _EngineIO(engineio.AsyncServer):  # type: ignore[misc]  # published without types
    """The engine; its intervals are those that the connection at hand was told when it opened (RT-HB-01)."""

    _async: dict[str, Any]

    @property
    def ping_interval(self) -> float:
        """Seconds between pings."""
        return _heartbeat().interval / 1000

    @ping_interval.setter
    def ping_interval(self, _seconds: float) -> None:
        """The library sets one for all connections."""

    @property
    def ping_timeout(self) -> float:
        """Seconds that an answer may take."""
        return _heartbeat().timeout / 1000

    @ping_timeout.setter
    def ping_timeout(self, _seconds: float) -> None:
        """As for the interval."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._async = {**self._async, "translate_request": _environ, "websocket": _WebSocket}

    def create_queue(self, *_args: Any, **_options: Any) -> "SendQueue":
        return CURRENT.get().queue

    def generate_id(self) -> str:
        """Return an id; the first one of a transport is that of its Engine.IO session."""
        sid: str = super().generate_id()
        transport = CURRENT.get()
        transport.sid = transport.sid or sid
        return sid

    def start_background_task(self, target: Any, *args: Any, **options: Any) -> asyncio.Task[Any]:
        """Start a task, a ping that waits for its time, and let it end with its transport."""
        task: asyncio.Task[Any] = super().start_background_task(target, *args, **options)
        owned = CURRENT.get().tasks
        owned.add(task)
        task.add_done_callback(owned.discard)
        return task


class _Clients(socketio.AsyncManager):  # type: ignore[misc]  # published without types
    """Who is connected, without a search for whoever leaves through the rooms of all others: everybody has one."""

    def basic_disconnect(self, sid: str, namespace: str, **_options: Any) -> None:
        """Forget a client, who is in the room of all and in their own; we have no others."""
        for room in (None, sid):
            self.basic_leave_room(sid, namespace, room)
        self.callbacks.pop(sid, None)
        for pending in (self.pending_connect, self.pending_disconnect):
            if sid in pending.get(namespace, ()):
                pending[namespace].remove(sid)
                if not pending[namespace]:
                    del pending[namespace]


class _SocketIO(socketio.AsyncServer):  # type: ignore[misc]  # published without types
    def _engineio_server_class(self) -> type[_EngineIO]:
        return _EngineIO


class Engine:
    """The Socket.IO server of one world: websocket only, events of a connection one after the other (RT-EP-08)."""

    def __init__(self, handlers: socketio.AsyncNamespace, chat: Chat) -> None:
        """Serve every namespace with the same handlers; they refuse the unknown ones."""
        self.chat = chat
        self._server = _SocketIO(
            async_mode="asgi",
            async_handlers=False,
            monitor_clients=False,
            transports=["websocket"],
            cors_allowed_origins=[],
            namespaces="*",
            client_manager=_Clients(),
            max_http_buffer_size=MAX_FRAME,
            logger=logger,
            engineio_logger=logger,
        )
        self._server.register_namespace(handlers)

    def __del__(self) -> None:
        """Part what holds each other, or it stays until a collection: nobody who could use it is left."""
        self._server.eio.handlers.clear()
        self._server.namespace_handlers.clear()
        self._server.manager.server = None

    async def serve(self, transport: "Transport") -> None:
        """Serve one WebSocket until it ends."""
        CURRENT.set(transport)
        await self._server.handle_request(transport)

    def joined(self, transport: "Transport", namespace: str) -> bool:
        """Whether a transport has joined a namespace."""
        manager = self._server.manager
        return manager.is_connected(manager.sid_from_eio_sid(transport.sid, namespace), namespace) is True

    async def leave(self, transport: "Transport", sid: str, namespace: str) -> None:
        """Send ``41`` and end the membership of a namespace; the transport stays (RT-WIRE-04)."""
        async with transport.leaving:
            await self._server.disconnect(sid, namespace)

    def satisfied(self, transport: "Transport") -> None:
        """Take the engine's ping for answered: a client of Engine.IO 3 never answers it (RT-EIO-06)."""
        socket = self._server.eio.sockets.get(transport.sid)
        if socket is not None:
            socket.schedule_ping()  # the next ping, without which the engine's writer would give up waiting


def event(namespace: str, name: str, payload: Any) -> Packets:
    """Return an event, to be sent to any number of connections."""
    text = socketio.packet.Packet(socketio.packet.EVENT, namespace=namespace, data=[name, payload]).encode()
    return tuple(text) if isinstance(text, list) else (text,)


def messages(frames: Iterable[Frame]) -> list[engine_packet.Packet]:
    """Return packets that can be queued for any number of transports."""
    return [engine_packet.Packet(engine_packet.MESSAGE, frame) for frame in frames]


class Transport:
    """One WebSocket: what the client sends goes through the codec to the engine, and back."""

    def __init__(
        self, engine: Engine, codec: Codec, parameters: list[tuple[str, str]], *, limit: int, context: Any
    ) -> None:
        """Bind a WebSocket to an engine. ``limit`` bounds the bytes that wait to be sent."""
        self.engine = engine
        self.codec = codec
        self.heartbeat = codec.heartbeat
        self.parameters = parameters
        self.context = context
        self.sid = ""
        self.frame: Frame = ""
        self.half = ""  # the member of that frame's payload that held half of a surrogate pair
        self.pending = 0
        self.queue = SendQueue(self)
        self.tasks: set[asyncio.Task[Any]] = set()
        self.namespaces: set[str] = set()
        self.leaving = asyncio.Lock()
        self._limit = limit
        self._costs: deque[int] = deque()
        self._inbox: deque[Frame] = deque()
        self._delayed: deque[tuple[float, Sequence[engine_packet.Packet]]] = deque()
        self._busy: set[asyncio.Task[Any]] = set()
        self._closed = self.aborted = False

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry frames until the WebSocket ends."""
        self._receive, self._send, self._offered = receive, send, scope.get("subprotocols")
        try:
            await self.engine.serve(self)
        finally:
            for task in self.tasks:
                task.cancel()

    # --- client to engine

    async def from_client(self) -> Message:
        """Return the next message for the engine, which never learns of frames that are not for it."""
        while not self._inbox:  # a frame of the client may become none or several for the engine
            if self.aborted:
                return GONE
            message: Message = await self._interruptible(self._receive)
            if message["type"] != "websocket.receive":
                return message
            frame: Frame = message["text"] if message.get("text") is not None else message["bytes"]
            self.engine.chat.alive(self)
            if frame in HEARTBEATS:
                await self.engine.chat.beat(self, frame)
            if not await self._take(frame):
                await self.close()
                return GONE
        frame = self._inbox.popleft()
        return {"type": "websocket.receive", "bytes" if isinstance(frame, bytes) else "text": frame}

    async def _take(self, frame: Frame) -> bool:
        """Put a frame through the codec; False ends the connection."""
        received = self.codec.receive(frame)
        for answer in received.reply:
            self.queue.put_nowait(engine_packet.Packet(encoded_packet=answer))  # behind what waits already
        if received.ignored:
            self.engine.chat.note(self, frame, received.ignored)
        forward = received.forward
        if received.packet:
            self.frame, self.half = received.forward[0], received.packet.half
            forward = await self._admitted(received.packet, forward)
        self._inbox.extend(forward)
        return not received.close

    async def _admitted(self, packet: Packet, frames: tuple[Frame, ...]) -> tuple[Frame, ...]:
        """Keep from the engine what it would answer in its own way: events and CONNECTs out of place."""
        if packet.type == packets.CONNECT:
            async with self.leaving:  # or whoever was told that they are out could not join again yet
                pass
        joined = self.engine.joined(self, packet.namespace)
        if packet.type == packets.CONNECT:
            # The engine would close the connection of a client that joins twice (RT-EIO-13).
            if not joined or not isinstance(self.codec, Codec3):
                return frames
            code = await self.engine.chat.reauthenticate(self, packet.namespace, packet.parameters)
            told = {"message": code} if code else {}
            kind = packets.CONNECT_ERROR if code else packets.CONNECT
            text = f"{kind}{packet.namespace},{msgspec.json.encode(told).decode()}"
            self.queue.put_nowait(engine_packet.Packet(engine_packet.MESSAGE, text))
        else:
            if packet.namespace == packets.DEFAULT and packet.type in packets.EVENTS:
                self.engine.chat.note(self, frames[0], f'nobody listens in the namespace "/"; join "{events.CHAT}"')
            elif not joined:
                self.engine.chat.note(self, frames[0], f"{packet.namespace} is not joined")  # RT-EIO-22
            if joined:
                return frames
        return (ALIVE,)

    # --- engine to client

    async def to_client(self, message: Message) -> None:
        """Carry out what the engine wants done with the WebSocket."""
        if message["type"] == "websocket.accept" and self._offered:
            message = {**message, "subprotocol": self._offered[0]}  # real servers take the first one (ws, the library)
        if message["type"] != "websocket.send":
            await (self.close() if message["type"] == "websocket.close" else self._interruptible(self._send, message))
            return
        frame: Frame = message["text"] if message["text"] is not None else message["bytes"]
        if frame[:2] == EVENT and not self._closed:  # by far the most, and the same in both protocols (RT-EIO-17)
            await self._interruptible(self._send, message)
        else:
            sent = self.codec.send(frame)
            if sent.pinged:
                self.engine.satisfied(self)
            for shown in sent.frames:
                if not self._closed:
                    kind = "bytes" if isinstance(shown, bytes) else "text"
                    await self._interruptible(self._send, {"type": "websocket.send", kind: shown})
            if sent.close:
                await self.close()
        # What was queued first is sent first, so the oldest cost is that of this frame.
        self.pending -= self._costs.popleft()

    def queued(self, cost: int) -> None:
        """Count what waits to be sent; a reader that is too slow is cut off, or it would take all memory."""
        self._costs.append(cost)
        self.pending += cost
        # A single packet may be larger than the bound, or nobody could ever be sent it.
        if self.pending > self._limit and len(self._costs) > 1 and not self.aborted:
            self.engine.chat.note(self, "", f"{self.pending} bytes wait to be read; the limit is {self._limit}")
            self.abort()

    def enqueue(self, packets: Sequence[engine_packet.Packet], delay: float = 0) -> None:
        """Send packets after ``delay`` seconds, and behind everything that waits for its time already."""
        if not delay and not self._delayed:
            for packet in packets:
                self.queue.put_nowait(packet)
            return
        # What is held back holds back all that comes later, or frames of one connection would change their order.
        self._delayed.append((delay, packets))
        if len(self._delayed) == 1:
            task = asyncio.create_task(self._send_delayed())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        elif len(self._delayed) > MOST_DELAYED:
            self.engine.chat.note(self, "", f"more than {MOST_DELAYED} frames wait behind a delayed one")
            self.abort()

    async def _send_delayed(self) -> None:
        while self._delayed:
            await asyncio.sleep(self._delayed[0][0])
            for packet in self._delayed.popleft()[1]:
                self.queue.put_nowait(packet)

    # --- the end

    async def close(self) -> None:
        """Close the WebSocket cleanly, once."""
        if not self._closed and not self.aborted:
            self._closed = True
            await self._interruptible(self._send, {"type": "websocket.close", "code": 1000})

    async def finish(self) -> None:
        """Close the WebSocket after everything that waits has been sent."""
        self.queue.put_nowait(engine_packet.Packet(engine_packet.CLOSE))

    def abort(self) -> None:
        """End the connection without a word, even in the middle of sending to a client that does not read."""
        self.aborted = True
        for task in self._busy:
            task.cancel()

    async def cut(self) -> None:
        """Do what `abort` does, as a command."""
        self.abort()

    async def _interruptible(self, call: Callable[..., Awaitable[Any]], *arguments: Any) -> Any:
        """Await the ASGI server in a way that `abort` can end."""
        if self.aborted:
            raise ConnectionAbortedError
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - there is always a task inside a coroutine
        self._busy.add(task)
        try:
            return await call(*arguments)
        finally:
            self._busy.discard(task)
