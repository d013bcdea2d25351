"""The Socket.IO endpoint: handshakes come in here and become transports, or are refused (RT-EP-02, RT-EIO-23)."""

import asyncio
from urllib.parse import parse_qsl

import msgspec
from starlette.types import Receive, Scope, Send

from mockspaces.asgi.cors import CORS
from mockspaces.asgi.refused import REFUSED_UPGRADE
from mockspaces.cloud.kernel.journal import Entry, packed, target
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.worlds.worlds import Farewell, Worlds
from mockspaces.contract import events
from mockspaces.contract.engineio import BAD_REQUEST, SESSION_UNKNOWN, TRANSPORT_UNKNOWN
from mockspaces.realtime.adapter import Engine, Transport
from mockspaces.realtime.chat import ChatNamespace, Handshake
from mockspaces.realtime.engineio3 import Codec, Codec3, Heartbeat, protocol
from mockspaces.realtime.hub import flush
from mockspaces.realtime.hubs import Hubs

GONE_S = 0.01
JSON, HTML = b"application/json", b"text/html"  # an upgrade is refused as text, anything else as JSON


class RealtimeSurface:
    """Everything at ``/socket.io``: one engine for each world, made at its first socket."""

    def __init__(self, worlds: Worlds) -> None:
        """Begin without any engine."""
        self._worlds = worlds
        self._hubs = Hubs(worlds)
        # Not by name: a world of the same name may be open before this one is closed.
        self._engines: dict[World, Engine] = {}
        self._transports: dict[World, set[Transport]] = {}
        worlds.on_leave.append(self._leave)

    async def serve(self, scope: Scope, receive: Receive, send: Send, world: World, origins: Origins) -> bool:
        """Serve a WebSocket, or refuse a request that is none; return whether its connection has to be broken."""
        parameters = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        query = dict(parameters)
        refusal = None if scope["type"] == "websocket" else BAD_REQUEST
        if query.get("transport") != "websocket":
            refusal = TRANSPORT_UNKNOWN
        elif "sid" in query:
            refusal = SESSION_UNKNOWN
        if refusal:  # RT-EP-04, RT-EIO-23
            await self._refuse(scope, send, world, *refusal)
            return False
        # From here until the transport is known nothing waits, or the world could leave its state in between.
        if world not in self._engines:
            chat = ChatNamespace(self._worlds, self._hubs)
            self._engines[world] = Engine(chat, chat)
        settings, limits = world.settings, world.contract.limits
        heartbeat = Heartbeat(settings.socket_ping_interval_ms, settings.socket_ping_timeout_ms)
        codec = _codec(world, query, heartbeat, depth=limits.json_depth, limit=limits.frame_bytes)
        transport = Transport(
            self._engines[world],
            codec,
            parameters,
            limit=settings.socket_queue_bytes,
            context=Handshake(world, origins, query, target(scope), packed(scope["headers"]), scope.get("client")),
        )
        if peer := scope.get("client"):
            world.journal.heartbeats.pop(peer, None)  # of another connection that came from there
        transports = self._transports.setdefault(world, set())
        transports.add(transport)
        opened, spoken = world.journal.counts.sockets, 3 if isinstance(codec, Codec3) else 4
        opened[spoken] += 1
        try:
            await transport.serve(scope, receive, send)
        finally:
            opened[spoken] -= 1
            transports.discard(transport)
        return transport.aborted

    def _leave(self, world: World) -> Farewell:
        """Let go of a world that is reset or dropped, and return how its transports end when its sessions know."""
        self._engines.pop(world, None)
        transports = self._transports.pop(world, set())

        async def end() -> None:
            for transport in transports:
                await transport.finish()
            await flush(transports)

        return end

    async def _refuse(self, scope: Scope, send: Send, world: World, code: int, message: str) -> None:
        websocket = scope["type"] == "websocket"
        body = message.encode() if websocket else msgspec.json.encode({"code": code, "message": message})
        prefix = "websocket." if websocket else ""
        headers = [
            (b"content-type", HTML if websocket else JSON),
            (b"content-length", str(len(body)).encode()),
        ]
        origin = next((value for name, value in scope["headers"] if name == b"origin"), None)
        if origin is None:
            headers += CORS
        else:  # echoed, as real Socket.IO servers do: their browser clients send credentials (REST-CORS-01)
            headers += [(b"access-control-allow-origin", origin), (b"access-control-allow-credentials", b"true")]
            headers.append((b"vary", b"Origin"))
        only = "only a WebSocket with transport=websocket and without sid is served"
        entry = Entry(
            time=world.clock.now_ms(),
            surface=events.CONNECT.surface,
            method=scope.get("method", "GET"),
            path=scope["path"],
            status=400,
            why=f"{message}: {scope.get(REFUSED_UPGRADE, only)}",
            response=body,
            target=target(scope),
        )
        entry.version, entry.head, entry.headers = scope["http_version"], packed(scope["headers"]), headers
        entry.connections = (scope.get("client"),)
        world.journal.record(entry)
        await world.journal.written()
        await send({"type": f"{prefix}http.response.start", "status": 400, "headers": headers})
        await send({"type": f"{prefix}http.response.body", "body": body})
        if websocket:
            await asyncio.sleep(GONE_S)  # uvicorn logs an error if the application ends before the connection


def _codec(world: World, query: dict[str, str], heartbeat: Heartbeat, *, depth: int, limit: int) -> Codec:
    settings = world.settings
    if protocol(query.get("EIO"), allow_eio4=settings.socket_allow_eio4) != 3:  # noqa: PLR2004 - the protocol's name
        return Codec(heartbeat, depth=depth, limit=limit)
    comma, as_text = settings.socket_spelling == "2x", query.get("b64") == "1"
    return Codec3(heartbeat, depth=depth, limit=limit, comma=comma, as_text=as_text)
