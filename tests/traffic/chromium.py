"""Chromium under its debugging protocol, recorded as the archives are that its developer tools export."""

import asyncio
import contextlib
import json
import time
from asyncio.subprocess import DEVNULL
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

from websockets.asyncio.client import ClientConnection, connect

Object = dict[str, Any]
START_LIMIT_S = 20
PATIENCE_S = 10
OPTIONS = (
    *("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"),
    *("--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"),
    "--remote-debugging-port=0",
)


class Page:
    """A page of a browser, and what its developer tools see of the network."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._number = 0
        self._answers: dict[int, asyncio.Future[Object]] = {}
        self._waiting = set[asyncio.Task[None]]()
        self.listeners: list[Callable[[str, Object], None]] = []  # hear every event, after the page itself
        self._reading = asyncio.create_task(self._read())
        self._hops: dict[str, list[Object]] = {}  # by the id of a request, which redirections keep
        self._extra: dict[str, list[Object]] = {}
        self._answered: dict[str, list[Object]] = {}

    async def call(self, method: str, **parameters: Any) -> Object:
        """Call the debugging protocol."""
        self._number += 1
        answer = self._answers[self._number] = asyncio.get_running_loop().create_future()
        await self._connection.send(json.dumps({"id": self._number, "method": method, "params": parameters}))
        return await asyncio.wait_for(answer, PATIENCE_S)

    async def run(self, script: str) -> Any:
        """Run the body of an async function in the page, and return what it returns."""
        called = f"(async () => {{ {script} }})()"
        found = await self.call("Runtime.evaluate", expression=called, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in found:
            raise AssertionError(found["exceptionDetails"])
        return found["result"].get("value")

    async def go(self, url: str) -> None:
        """Open an address."""
        await self.call("Page.navigate", url=url)

    async def at(self, path: str) -> str:
        """Wait until the page is at a path and complete; return its whole address."""
        until = time.monotonic() + PATIENCE_S
        while time.monotonic() < until:
            with contextlib.suppress(AssertionError):  # between two pages there is none
                url = await self.run('return document.readyState === "complete" ? location.href : ""')
                if urlsplit(url).path == path:
                    return str(url)
            await asyncio.sleep(0.02)
        raise AssertionError(f"not at {path}")

    # --- what is recorded

    async def _read(self) -> None:
        async for text in self._connection:
            message = json.loads(text)
            if "id" in message:
                answer = self._answers.pop(message["id"])
                if not answer.done():
                    answer.set_result(message.get("result", {"error": message.get("error")}))
            else:
                self._see(message["method"], message["params"])
                for one in self.listeners:
                    one(message["method"], message["params"])

    def _see(self, event: str, seen: Object) -> None:
        """Take in an event of the network."""
        name = seen.get("requestId", "")
        hops = self._hops.setdefault(name, []) if name else []
        match event:
            case "Network.requestWillBeSent":
                if hops:
                    hops[-1] |= {"response": seen["redirectResponse"], "more": seen["redirectHasExtraInfo"]}
                hops.append({"sent": seen})
            case "Network.requestWillBeSentExtraInfo":
                self._extra.setdefault(name, []).append(seen)
            case "Network.responseReceivedExtraInfo":
                self._answered.setdefault(name, []).append(seen)
            case "Network.responseReceived":
                hops[-1] |= {"response": seen["response"], "more": seen["hasExtraInfo"]}
            case "Network.loadingFinished":
                self.later(self._keep_body(name, hops[-1]))
            case _:
                self._see_socket(event, seen, hops)

    def _see_socket(self, event: str, seen: Object, hops: list[Object]) -> None:
        """Take in an event of a WebSocket."""
        match event:
            case "Network.webSocketCreated":
                hops.append({"socket": seen, "frames": []})
            case "Network.webSocketWillSendHandshakeRequest":
                hops[-1] |= {"sent": seen}
            case "Network.webSocketHandshakeResponseReceived":
                hops[-1] |= {"response": seen["response"]}
            case "Network.webSocketFrameSent" | "Network.webSocketFrameReceived":
                kind = "send" if event.endswith("Sent") else "receive"
                frame = seen["response"]
                at = self._moment(hops[-1], seen["timestamp"])
                part = {"type": kind, "time": at, "opcode": frame["opcode"], "data": frame["payloadData"]}
                hops[-1]["frames"].append(part)

    def _moment(self, hop: Object, at: float) -> float:
        """Return a time of the protocol, which counts from no known one, in seconds since 1970."""
        sent = hop["sent"]
        return float(sent["wallTime"] + at - sent["timestamp"])

    def later(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something beside; `settled` waits for it."""
        task = asyncio.create_task(work)
        self._waiting.add(task)
        task.add_done_callback(self._waiting.discard)

    async def settled(self) -> None:
        """Wait until all bodies are there that the browser has."""
        while self._waiting:
            await asyncio.gather(*self._waiting)

    async def _keep_body(self, name: str, hop: Object) -> None:
        hop["content"] = await self.call("Network.getResponseBody", requestId=name)
        if hop["sent"]["request"].get("hasPostData") and "postData" not in hop["sent"]["request"]:
            found = await self.call("Network.getRequestPostData", requestId=name)
            hop["sent"]["request"] |= found if "postData" in found else {}

    def first(self, name: str) -> Object:
        """Return the entry of a request by the browser's id, as it was first answered."""
        return entry(self._hops[name][0], self._extra.get(name, [])[:1], self._answered.get(name, [])[:1])

    def socket_at(self, url: str) -> Object:
        """Return the entry of the last WebSocket that was opened at an address."""
        return next(
            entry(hops[-1], [], [])
            for hops in reversed(self._hops.values())
            if hops and hops[-1].get("socket", {}).get("url") == url
        )

    def entries(self) -> list[Object]:
        """Return all that was seen, in the order of time."""
        found = [
            entry(hop, extra, answered)
            for name, hops in self._hops.items()
            for extra, answered in [(self._extra.get(name, [])[:], self._answered.get(name, [])[:])]
            for hop in hops
            if "sent" in hop and (hop is hops[0] or "response" in hop)  # a script may not let itself be redirected
        ]
        return sorted(found, key=lambda one: str(one["startedDateTime"]))


def save(entries: list[Object], path: Path) -> None:
    """Write an archive as the developer tools do."""
    creator = {"name": "WebInspector", "version": "537.36"}
    log = {"version": "1.2", "creator": creator, "pages": [], "entries": entries}
    path.write_text(json.dumps({"log": log}, indent=2), encoding="utf-8")


def entry(hop: Object, extra: list[Object], answered: list[Object]) -> Object:
    """Return a request, or a socket, as the developer tools export it; headers of the network take precedence."""
    request, response = hop["sent"]["request"], hop.get("response", {})
    socket = "socket" in hop
    url = hop["socket"]["url"] if socket else request["url"] + request.get("urlFragment", "")
    sent = request["headers"]
    told, status = response.get("headers", {}), response.get("status", 0)
    if extra and not socket:
        sent = extra.pop(0)["headers"]
    if hop.get("more") and answered:
        found = answered.pop(0)
        told, status = found["headers"], found["statusCode"]
    version = "h2" if any(name.startswith(":") for name in sent) else "HTTP/1.1"
    made: Object = {"method": request.get("method", "GET"), "url": url, "httpVersion": version}
    made |= {"headers": pairs(sent), "cookies": [], "headersSize": -1, "bodySize": 0}
    made["queryString"] = [
        {"name": name, "value": value} for name, value in parse_qsl(urlsplit(url).query, keep_blank_values=True)
    ]
    if "postData" in request:
        media = next((value for name, value in sent.items() if name.lower() == "content-type"), "")
        made["postData"] = {"mimeType": media, "text": request["postData"]}
    content: Object = {"size": 0, "mimeType": response.get("mimeType", "x-unknown")}
    body = hop.get("content", {})
    if body.get("body"):
        content |= {"text": body["body"], "size": len(body["body"])}
        content |= {"encoding": "base64"} if body["base64Encoded"] else {}
    location = next((value for name, value in told.items() if name.lower() == "location"), "")
    answer = {"status": status, "statusText": response.get("statusText", ""), "httpVersion": version}
    answer |= {"headers": pairs(told), "cookies": [], "content": content, "redirectURL": location}
    began = datetime.fromtimestamp(hop["sent"]["wallTime"], UTC).isoformat(timespec="milliseconds")
    return {
        "_initiator": {"type": "script"},
        "_priority": "High",
        "_resourceType": "websocket" if socket else hop["sent"].get("type", "Other").lower(),
        **({"_webSocketMessages": hop["frames"]} if socket else {}),
        "cache": {},
        "connection": str(response.get("remotePort", "")),
        "request": made,
        "response": answer | {"headersSize": -1, "bodySize": -1, "_transferSize": 0, "_error": None},
        "serverIPAddress": response.get("remoteIPAddress", ""),
        "startedDateTime": began.replace("+00:00", "Z"),
        "time": 1,
        "timings": {"send": 0, "wait": 1, "receive": 0},
    }


def pairs(headers: Object) -> list[Object]:
    """Return headers as an archive has them."""
    return [{"name": name, "value": value} for name, value in headers.items()]


class Chromium:
    """A browser that knows nothing yet, and one page of it."""

    def __init__(self, binary: str, folder: Path, *options: str) -> None:
        self._command = [binary, *OPTIONS, f"--user-data-dir={folder}", *options, "about:blank"]
        self._told = folder / "DevToolsActivePort"
        self.page: Page

    async def __aenter__(self) -> Self:
        self._process = await asyncio.create_subprocess_exec(*self._command, stdout=DEVNULL, stderr=DEVNULL)
        until = time.monotonic() + START_LIMIT_S
        while not (self._told.exists() and len(lines := self._told.read_text().split()) > 1):
            assert time.monotonic() < until, "Chromium has not started"
            await asyncio.sleep(0.05)
        base = f"ws://127.0.0.1:{lines[0]}"
        async with connect(base + lines[1], proxy=None) as browser:
            await browser.send(json.dumps({"id": 1, "method": "Target.getTargets"}))
            targets = json.loads(await browser.recv())["result"]["targetInfos"]
        page = next(one["targetId"] for one in targets if one["type"] == "page")
        self._connection = await connect(f"{base}/devtools/page/{page}", proxy=None, max_size=None)
        self.page = Page(self._connection)
        for domain in ("Network", "Page", "Runtime"):
            await self.page.call(f"{domain}.enable")
        return self

    async def __aexit__(self, *_error: object) -> None:
        with contextlib.suppress(Exception):
            await self.page.call("Browser.close")
        await self._connection.close()
        with contextlib.suppress(ProcessLookupError):  # it may have gone already
            self._process.terminate()
        await asyncio.wait_for(self._process.wait(), PATIENCE_S)
