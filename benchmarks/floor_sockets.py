"""The floor of fan-out: bare python-socketio behind the same server; one event makes it emit to a room.

A POST makes it emit too, and answers the same object. Reads the payload to emit from standard input, prints
``ready URL``.
"""

import json
import sys
from typing import Any

import socketio
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.bare import Announced
from mockspaces.server import bind, transport

NAMESPACE = "/chat"


def app(payload: Any) -> socketio.ASGIApp:
    """Return a Socket.IO application whose sockets all join one room, and that emits to it when asked to."""
    server = socketio.AsyncServer(async_mode="asgi", transports=["websocket"], async_handlers=False)

    @server.on("SUBSCRIBE_CHANNEL", namespace=NAMESPACE)  # type: ignore[untyped-decorator]
    async def subscribe(sid: str, _payload: Any) -> None:
        await server.enter_room(sid, "space", namespace=NAMESPACE)
        await server.emit("CHANNEL_SUBSCRIBED", {}, to=sid, namespace=NAMESPACE)

    @server.on("SEND_MESSAGE", namespace=NAMESPACE)  # type: ignore[untyped-decorator]
    async def send(_sid: str, _payload: Any) -> None:
        await server.emit("MESSAGE_SENT", payload, to="space", namespace=NAMESPACE)

    async def post(request: Request) -> JSONResponse:
        await request.json()
        await server.emit("MESSAGE_SENT", payload, to="space", namespace=NAMESPACE)
        return JSONResponse(payload)

    return socketio.ASGIApp(server, Starlette(routes=[Route("/", post, methods=["POST"])]))


if __name__ == "__main__":
    listener = bind("127.0.0.1", 0)
    Announced(transport(app(json.load(sys.stdin)))).run(sockets=[listener])
