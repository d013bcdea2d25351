"""What a careless or hostile client may send, as bytes for one connection: nobody else may wait for it."""

import json
from collections.abc import Iterator
from typing import Any

from mockspaces.client import Mockspaces

PERSON = "cleo@example.com"
FORM = "application/x-www-form-urlencoded"
SOCKET = (
    b"GET /socket.io/?EIO=3&transport=websocket HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
)
TINY, PING, FRAGMENT, EMPTY = b"\x81\x81\0\0\0\x002", b"\x89\x80\0\0\0\0", b"\x01\x81\0\0\0\x002", b"\0\x80\0\0\0\0"


def request(method: str, path: str, body: bytes = b"", *, token: str = "", kind: str = "application/json") -> bytes:
    """Return a request."""
    lines = [f"{method} {path} HTTP/1.1", "Host: localhost", f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    lines += [f"Authorization: bearer {token}"] if token else []
    return "\r\n".join([*lines, "", ""]).encode() + body


def inputs(mock: Mockspaces, size: float = 1) -> Iterator[tuple[str, bytes]]:
    """Yield what to send to a world, with names; ``size`` makes all of it smaller."""
    token = mock.token(PERSON)
    space = mock.call("POST", "/spaces", {"title": "Room", "owner": PERSON})["_id"]
    chats = f"/api/spaces/{space}/chats"

    def many(count: int) -> int:
        return max(1, int(count * size))

    def call(path: str, value: Any, method: str = "POST") -> bytes:
        return request(method, path, json.dumps(value).encode(), token=token)

    def chat(inner: bytes) -> bytes:
        return request("POST", chats, b'{"content":{"bodyText":"x",%s}}' % inner, token=token)

    def form(body: bytes) -> bytes:
        return request("POST", "/oauth2/access_token", body, kind=FORM)

    emails = [f"u{number}@example.com" for number in range(many(60_000))]
    yield "header lines", b"GET /health HTTP/1.1\r\n" + b"X-A: b\r\n" * many(100_000) + b"\r\n"
    yield "query of many fields", request("GET", "/api/users/me?" + "a&" * 30_000, token=token)
    yield "form of escapes", form(b"a=" + b"%" * many(4_700_000))
    yield "form of many fields", form(b"a=b&" * many(1_200_000))
    yield "JSON of arrays", chat(b'"x":[' + b"[]," * many(1_600_000) + b"[]]")
    yield "JSON of objects", chat(b'"x":[' + b"{}," * many(1_600_000) + b"{}]")
    yield "JSON of numbers", chat(b'"x":[' + b"1," * many(2_400_000) + b"1]")
    yield "JSON of members", chat(b",".join(b'"%d":1' % number for number in range(many(400_000))))
    yield "attachments", call(chats, {"content": {"bodyText": "x", "data": [{"fileId": one} for one in emails]}})
    yield "text to escape", call(chats, {"content": {"bodyText": "<&>" * many(1_600_000)}})
    people = [{"inviteeType": "email", "invitee": one} for one in emails]
    yield "invitees", call(f"/api/spaces/{space}/invite", {"invitees": people})
    yield "downloads", call("/api/files/getdownloadurl", {"fileKeys": emails * 2})
    yield "bulk", call("/api/users/bulkupdate", [{"action": "delete", "email": one} for one in emails])
    yield "pattern of a fault", call("/_mock/faults", {"match": {"path": "/" + "[" * 5000}, "action": {"status": 500}})
    yield "search", request("GET", "/api/users/me/colleagues?search=" + "(a*)*b" * 20, token=token)
    yield "seed", call("/_mock/seed", {"users": [{"username": one} for one in emails[: many(16_000)]]})
    yield "one more user", call("/_mock/users", {"username": "more@example.com"})
    yield "snapshot", request("GET", "/_mock/snapshot")
    yield "live page", request("GET", "/_mock/ui")
    yield "reset", call("/_mock/reset", {})
    yield "tiny frames", SOCKET + TINY * many(100_000)
    yield "pings", SOCKET + PING * many(200_000)
    yield "fragments", SOCKET + FRAGMENT + EMPTY * many(200_000)
    yield "pipelined requests", b"GET /health HTTP/1.1\r\n\r\n" * many(40_000)
