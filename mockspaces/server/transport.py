"""Transport faults on real sockets: answers that are cut, dropped, reset, or no HTTP at all."""

import socket
import struct
from asyncio import Transport

from starlette.responses import Response
from starlette.types import Scope
from uvicorn.server import ServerState

from mockspaces.asgi.exchange import Exchange

GARBAGE = b"\x16\x03\x01 this is no HTTP\r\n\r\n"
NO_LINGER = struct.pack("ii", 1, 0)  # closing such a socket sends RST


class SocketFaults:
    """Corrupts answers on the connections of a running server."""

    def __init__(self, state: ServerState) -> None:
        """Find connections in the state of a uvicorn server."""
        self._state = state

    def abort(self, scope: Scope) -> None:
        """Break the connection of a request, and forget what waits to be sent on it."""
        transport = self._transport(scope)
        if transport:
            transport.abort()

    async def corrupt(self, exchange: Exchange, response: Response) -> None:
        """Do to the connection what ``exchange.transport`` says, then wait until it is gone."""
        transport = self._transport(exchange.scope)
        if transport is None:
            return
        if exchange.transport == "truncate" and len(response.body) > 1:  # else there is no half that would be missed
            start = {"type": "http.response.start", "status": response.status_code, "headers": response.raw_headers}
            await exchange.send(start)
            half = bytes(response.body)[: len(response.body) // 2]
            await exchange.send({"type": "http.response.body", "body": half, "more_body": True})
            transport.close()
        elif exchange.transport == "garbage":
            transport.write(GARBAGE)
            transport.close()
        elif exchange.transport == "reset":
            transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, NO_LINGER)
            transport.abort()
        else:
            transport.close()
        while (await exchange.receive())["type"] != "http.disconnect":
            pass

    def _transport(self, scope: Scope) -> Transport | None:
        """Return the transport of a request, None if its client has left meanwhile."""
        ends = scope["client"], scope["server"]
        for connection in self._state.connections:
            if (getattr(connection, "client", None), getattr(connection, "server", None)) == ends:
                transport: Transport | None = getattr(connection, "transport", None)
                return transport
        return None
