"""The floor of start and memory: a Starlette route in uvicorn, and not one module of ours."""

import socket

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route


async def ok(_request: Request) -> PlainTextResponse:
    """Answer."""
    return PlainTextResponse("ok")


class Announced(uvicorn.Server):
    """A server that says when it is ready."""

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, then print the URL."""
        await super().startup(sockets)
        assert sockets
        print(f"ready http://127.0.0.1:{sockets[0].getsockname()[1]}", flush=True)


if __name__ == "__main__":
    listener = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(Starlette(routes=[Route("/", ok)]), log_config=None, access_log=False)
    Announced(config).run(sockets=[listener])
