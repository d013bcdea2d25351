"""A reverse proxy whose requests and sockets are made by a page of Chromium, so that the traffic of any client is its.

The page asks by `fetch`, with the method and body of the client; the browser's own interception of requests puts in the
client's headers. A page without web security may read every answer. Wherever one side names the place of the proxy, the
other one reads that of the server.
"""

import asyncio
import base64
import json
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count
from socket import create_server
from typing import Any
from urllib.parse import urlsplit

import uvicorn
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket, WebSocketDisconnect

from tests.traffic.chromium import PATIENCE_S, Object, Page

NUMBER = "x-driven"  # a header of the page's own request, in the place of which those of the client come
OPTIONS = ("--disable-web-security",)
OF_THE_HOP = frozenset(
    ("host", "connection", "content-length", "transfer-encoding", "keep-alive", "te", "trailer", "expect", "upgrade")
)
LENGTH = "content-length"
NOT_PASSED_ON = frozenset(("content-encoding", "transfer-encoding", "connection"))
CLOSED = "close"
UNSAID = (1005, 1006)  # codes of closing that no frame may have
SCRIPT = """
window.ask = async (number, method, url, body) => {
  const options = {method, redirect: "manual", credentials: "omit", cache: "no-store", headers: {"x-driven": number}};
  if (body !== null) options.body = Uint8Array.from(atob(body), one => one.charCodeAt(0));
  try { await (await fetch(url, options)).arrayBuffer(); } catch (error) { return String(error); }
  return "";
};
window.sockets = {};
window.openSocket = (number, url) => {
  const socket = window.sockets[number] = new WebSocket(url);
  const told = (kind, value) => window.told(JSON.stringify([number, kind, value]));
  socket.onopen = () => told("open", "");
  socket.onmessage = message => told("text", message.data);
  socket.onclose = event => told("close", event.code);
};
"""


class Driven:
    """The proxy, an ASGI application."""

    def __init__(self, page: Page, own: str, behind: str) -> None:
        """Have a page ask who is at a place, a host with its port."""
        self._page = page
        self._own = own
        self._behind = behind
        self._numbers = map(str, count())
        self._headers: dict[str, list[Object]] = {}
        self._names: dict[str, str] = {}  # of requests in the browser, by our numbers
        self._over = defaultdict[str, asyncio.Event](asyncio.Event)
        self._heard = defaultdict[str, asyncio.Queue[tuple[str, Any]]](asyncio.Queue)
        page.listeners.append(self._hear)

    async def prepare(self) -> None:
        """Teach the page what it has to do."""
        await self._page.call("Runtime.addBinding", name="told")
        await self._page.run(SCRIPT)
        await self._page.call("Network.setCacheDisabled", cacheDisabled=True)
        await self._page.call("Fetch.enable", patterns=[{"urlPattern": "*"}])

    def _hear(self, event: str, seen: Object) -> None:
        match event:
            case "Fetch.requestPaused":
                self._page.later(self._go_on(seen))
            case "Network.loadingFinished" | "Network.loadingFailed":
                self._over[seen["requestId"]].set()
            case "Runtime.bindingCalled":
                number, kind, value = json.loads(seen["payload"])
                self._heard[number].put_nowait((kind, value))

    async def _go_on(self, seen: Object) -> None:
        """Let a request go to the network, one of ours with the headers of its client."""
        number = seen["request"]["headers"].get(NUMBER, "")
        headers = self._headers.pop(number, None)
        if headers is not None:
            self._names[number] = seen["networkId"]
        more = {} if headers is None else {"headers": headers}
        await self._page.call("Fetch.continueRequest", requestId=seen["requestId"], **more)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or talk on a WebSocket."""
        query = scope["query_string"].decode("latin-1")
        path = scope["raw_path"].decode("latin-1").partition("?")[0]
        place = f"{self._behind}{path}{'?' * bool(query)}{query}"
        if scope["type"] == "http":
            await (await self._answer(Request(scope, receive), f"http://{place}"))(scope, receive, send)
        else:
            await self._talk(WebSocket(scope, receive, send), f"ws://{place}")

    async def _answer(self, request: Request, url: str) -> Response:
        number = next(self._numbers)
        self._headers[number] = [
            {"name": name, "value": value.replace(self._own, self._behind)}
            for name, value in request.headers.items()
            if name not in OF_THE_HOP
        ]
        sent = (await request.body()).replace(self._own.encode(), self._behind.encode())
        body = base64.b64encode(sent).decode() if sent and request.method not in ("GET", "HEAD") else None
        problem = await self._page.run(f"return await ask(...{json.dumps([number, request.method, url, body])})")
        name = self._names.pop(number, "")
        if name:
            await asyncio.wait_for(self._over[name].wait(), PATIENCE_S)
        await self._page.settled()
        told = self._page.first(name)["response"] if name else None
        if told is None or not told["status"]:
            return Response(f"the browser has no answer: {problem}", 502)
        here = json.loads(json.dumps(told).replace(self._behind, self._own))
        return answer_of(here, whole=request.method != "HEAD")

    async def _talk(self, socket: WebSocket, url: str) -> None:
        number = next(self._numbers)
        await self._page.run(f"openSocket(...{json.dumps([number, url])})")
        kind, _ = await self._heard[number].get()
        if kind == CLOSED:
            refused = self._page.socket_at(url)["response"]
            await socket.send_denial_response(Response(status_code=refused["status"] or 502))
            return
        await socket.accept()
        passing = asyncio.create_task(self._pass_on(socket, number))
        try:
            while True:
                text = await socket.receive_text()
                await self._page.run(f"sockets[{number}].send({json.dumps(text)})")
        except WebSocketDisconnect:
            await self._page.run(f"sockets[{number}].close()")
        finally:
            passing.cancel()

    async def _pass_on(self, socket: WebSocket, number: str) -> None:
        """Tell the client what comes on its socket, until that is closed."""
        while True:
            kind, value = await self._heard[number].get()
            if kind == CLOSED:
                await socket.close(1000 if value in UNSAID else value)
                return
            await socket.send_text(value)


def answer_of(told: Object, *, whole: bool) -> Response:
    """Return what an entry has as an answer; one without its body keeps the length of it."""
    text = told["content"].get("text", "")
    body = base64.b64decode(text) if "encoding" in told["content"] else text.encode()
    answer = Response(body, told["status"])
    pairs = [(one["name"].lower(), value) for one in told["headers"] for value in one["value"].split("\n")]
    kept = [(name, value) for name, value in pairs if name not in NOT_PASSED_ON and not (whole and name == LENGTH)]
    length = [(LENGTH, str(len(body)))] if whole else []
    answer.raw_headers = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in [*kept, *length]]
    return answer


@asynccontextmanager
async def driven(page: Page, behind: str) -> AsyncIterator[str]:
    """Serve the proxy; its address is what is yielded."""
    with create_server(("127.0.0.1", 0)) as listening:
        own = f"127.0.0.1:{listening.getsockname()[1]}"
        app = Driven(page, own, urlsplit(behind).netloc)
        await app.prepare()
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", ws_ping_interval=None))
        serving = asyncio.create_task(server.serve(sockets=[listening]))
        yield f"http://{own}"
        server.should_exit = True
        await serving
