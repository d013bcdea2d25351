"""The floor: bare Starlette routes behind the same server, in a process of their own.

Reads the object to answer from standard input, prints ``ready URL``.
"""

import json
import sys
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from benchmarks.bare import Announced
from mockspaces.server import bind, transport


def app(answer: Any) -> Starlette:
    """Return an application that answers the same object to GET, and to POST after parsing its body."""

    async def get(_request: Request) -> JSONResponse:
        return JSONResponse(answer)

    async def post(request: Request) -> JSONResponse:
        await request.json()
        return JSONResponse(answer)

    return Starlette(routes=[Route("/", get), Route("/", post, methods=["POST"])])


if __name__ == "__main__":
    listener = bind("127.0.0.1", 0)
    Announced(transport(app(json.load(sys.stdin)))).run(sockets=[listener])
