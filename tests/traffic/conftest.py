"""Archives of what a cloud in this process answers, and entries written by hand."""

import copy
import json
from collections.abc import Callable
from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest

from mockspaces import create_app
from mockspaces.contract import Contract
from mockspaces.traffic import archives
from mockspaces.traffic.findings import Findings
from mockspaces.traffic.judging import Judge
from mockspaces.traffic.matching import Matcher
from mockspaces.traffic.recording import Recorder

Object = dict[str, Any]
HOST = "spacesapis.avayacloud.com"
CLOUD = "cloud"  # a mock close by
JSON = "application/json; charset=utf-8"
ALWAYS = (  # sent with every answer
    {"name": "Access-Control-Allow-Origin", "value": "*"},
    {"name": "Access-Control-Expose-Headers", "value": "ETag, Retry-After"},
    {"name": "ETag", "value": 'W/"1"'},
)
Write = Callable[..., Path]
CONTRACT = Contract.shipped()


def entry(method: str = "GET", path: str = "/api/users/me", status: int = 200, body: Any = None, **more: Any) -> Object:
    """Return an entry as browsers write it; ``more`` are its host, headers of both sides and what was sent."""
    text = body if isinstance(body, str) else json.dumps(body)
    host = more.get("host", HOST)
    request: Object = {"method": method, "url": f"https://{host}{path}", "headers": more.get("sent", [])}
    if "post" in more:
        request["postData"] = {"mimeType": "application/json", "text": more["post"]}
    headers = [{"name": "Content-Type", "value": more.get("type", JSON)}, *ALWAYS, *more.get("headers", [])]
    content = {"size": len(text), "mimeType": JSON, "text": text}
    response = {"status": status, "headers": headers, "content": content}
    return {"startedDateTime": "2031-02-03T04:05:06.789Z", "request": request, "response": response}


def free_port() -> int:
    """Return a port that nobody has."""
    with create_server(("127.0.0.1", 0)) as found:
        port: int = found.getsockname()[1]
        return port


def socket(*frames: tuple[str, str], query: str = "EIO=3&transport=websocket", host: str = HOST) -> Object:
    """Return a WebSocket as Chromium writes it."""
    found = entry(path=f"/socket.io/?{query}", status=101, body="", host=host)
    messages = [{"type": kind, "data": data, "opcode": 1, "time": 1.5} for kind, data in frames]
    return {**found, "_resourceType": "websocket", "_webSocketMessages": messages}


@pytest.fixture
def write(tmp_path: Path) -> Write:
    """Write entries into an archive, and return its path."""

    def written(*entries: Object, name: str = "some.har") -> Path:
        path = tmp_path / name
        log = {"version": "1.2", "creator": {"name": "test", "version": "1"}, "pages": [], "entries": list(entries)}
        path.write_text(json.dumps({"log": log}), encoding="utf-8")
        return path

    return written


def checked(*paths: Path, hosts: tuple[str, ...] = ()) -> Findings:
    """Return what a check finds in archives."""
    judge = Judge(CONTRACT, Matcher(CONTRACT, hosts))
    for path in paths:
        for number, one in archives.entries(path):
            judge.judge(number, one)
    return judge.findings


def loaded(path: Path) -> list[Object]:
    """Return the entries of an archive."""
    found: list[Object] = json.loads(path.read_text(encoding="utf-8"))["log"]["entries"]
    return copy.deepcopy(found)


async def recorded(path: Path) -> list[httpx.Response]:
    """Record a short session of a bot and of a person, as our own recorder does."""
    recorder = Recorder(create_app(), path, CONTRACT)
    transport = httpx.ASGITransport(app=recorder)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{CLOUD}") as client:
        token = (await client.post("/_mock/tokens", json={"username": "ann@example.com"})).json()["token"]
        client.headers["Authorization"] = f"Bearer {token}"
        invited = await client.post("/api/spaces/invite", json={"topic": {"title": "Harvest plans"}, "invitees": []})
        space = invited.json()["data"][0]["topicId"]
        said = {"content": {"bodyText": "the pears are ripe"}}
        return [
            invited,
            await client.get("/api/users/me"),
            await client.post(f"/api/spaces/{space}/chats", json=said),
            await client.get(f"/api/spaces/{space}/messages/query?size=1"),
            await client.get("/api/users/me/spaces?size=2&topictype=all"),
            await client.get(f"/api/spaces/{'0' * 24}"),
            await client.get("/api/users/me", headers={"Authorization": ""}),
            await client.post("/api/anonymous/auth", json={"displayname": "Gast"}),
        ]
