"""Calls every surface of a running mock as its clients do: scripts/image runs this inside the container.

Over HTTPS the vendor's own URLs are used unchanged; only the look-up of their names is answered here, as the
network aliases of a container would. Usage: smoke.py [HTTP-PORT HTTPS-PORT]
"""

import asyncio
import json
import socket
import ssl
import sys
from http.client import HTTPConnection, HTTPSConnection
from typing import Any
from urllib.parse import urlencode, urlsplit

import websockets

VENDOR = ".avayacloud.com"
ACCOUNTS, REST = "https://accounts.avayacloud.com", "https://spacesapis.avayacloud.com"
SOCKET, WEB = "wss://spacesapis-socket.avayacloud.com", "https://spaces.avayacloud.com"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ANN = {  # of the demo world
    "grant_type": "password",
    "client_id": "00112233445566778899",
    "client_secret": "0123456789abcdef0123456789abcdef01234567",
    "username": "ann@example.com",
    "password": "ann-secret",
}
TIMEOUT_S = 10


def resolve_to(port: int) -> None:
    """Make every host of the vendor's production this machine, at that port instead of 443."""
    look_up = socket.getaddrinfo

    def answer(host: Any, service: Any, *args: Any, **options: Any) -> Any:
        if str(host).endswith(VENDOR):
            return look_up("127.0.0.1", port, *args, **options)
        return look_up(host, service, *args, **options)

    socket.getaddrinfo = answer  # type: ignore[assignment]  # wider than what it stands in for


def call(
    method: str, url: str, status: int, body: str | None = None, *, trust: ssl.SSLContext | None = None, **headers: str
) -> str:
    """Make a call, insist on its status, and return the body."""
    parts = urlsplit(url)
    connection = (
        HTTPSConnection(parts.netloc, context=trust, timeout=TIMEOUT_S)
        if parts.scheme == "https"
        else HTTPConnection(parts.netloc, timeout=TIMEOUT_S)
    )
    connection.request(method, parts.path, body, headers)
    answer = connection.getresponse()
    text = answer.read().decode()
    if answer.status != status:
        sys.exit(f"smoke: {method} {url} answered {answer.status}, not {status}: {text[:300]}")
    print(f"smoke: {status} {method} {url}")
    return text


async def join(token: str, trust: ssl.SSLContext) -> None:
    """Open the socket as an Engine.IO 3 client and enter the namespace."""
    url = f"{SOCKET}/socket.io/?token={token}&tokenType=jwt&EIO=3&transport=websocket"
    async with asyncio.timeout(TIMEOUT_S), websockets.connect(url, ssl=trust, proxy=None) as connection:
        await connection.send("40/chat")
        while not str(await connection.recv()).startswith("40/chat"):
            pass
    print(f"smoke: joined {SOCKET}/chat")


def main(http_port: int = 8080, https_port: int = 8443) -> None:
    """Call control, accounts, REST, storage, web and socket, in this order."""
    local = f"http://127.0.0.1:{http_port}"
    call("GET", f"{local}/_mock/health", 200)
    trust = ssl.create_default_context(cadata=call("GET", f"{local}/_mock/ca.pem", 200))
    resolve_to(https_port)
    grant = json.loads(call("POST", f"{ACCOUNTS}/oauth2/access_token", 200, urlencode(ANN), trust=trust, **FORM))
    call("GET", f"{REST}/api/users/me", 200, trust=trust, Authorization=f"Bearer {grant['access_token']}")
    guest = json.loads(call("POST", f"{REST}/api/anonymous/auth", 200, "displayname=Smoke", trust=trust, **FORM))
    call("GET", f"{REST}/storage/unknown", 404, trust=trust)
    call("GET", f"{WEB}/spaces/000000000000000000000000", 200, trust=trust)
    asyncio.run(join(guest["token"], trust))


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
