"""A world with some people who call it at the same time, over real HTTP and sockets."""

import asyncio
import contextlib
import json
from collections.abc import Sequence
from typing import Any, Self

import httpx
from websockets.asyncio.client import ClientConnection, connect

from mockspaces.cloud.kernel.world import World
from mockspaces.server import Server

ANN, BOB, CLEO, RITA = "ann@example.com", "bob@example.com", "cleo@example.com", "rita@rival.example"
SOON_S = 5


class Socket:
    """A socket of somebody, which keeps what it hears."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def say(self, name: str, payload: Any) -> None:
        """Send an event."""
        await self._connection.send(f"42/chat,{json.dumps([name, payload])}")

    async def receive(self) -> str:
        """Return the next frame."""
        return str(await self._connection.recv())

    async def heard(self) -> list[tuple[str, Any]]:
        """Return the events until the pong of a ping that is sent now, or the end of the connection."""
        await self._connection.send("2")
        found = []
        async with asyncio.timeout(SOON_S):
            while (frame := str(await self._connection.recv())) != "3":
                if frame.startswith("42/chat,"):
                    name, payload = json.loads(frame.removeprefix("42/chat,"))
                    found.append((name, payload))
        return found


class Cloud:
    """A world of its own, with a space of Ann, Bob (both admins) and Cleo; ``prefix`` reaches it on the first port."""

    def __init__(self, server: Server, http: httpx.AsyncClient) -> None:
        self.server = server
        self.http = http
        self.wrong: list[str] = []  # what somebody who watches has to say against it
        self.ids: dict[str, str] = {}
        self._tokens: dict[str, str] = {}
        self.sockets = contextlib.AsyncExitStack()

    async def __aenter__(self) -> Self:
        opened = await self._control(f"{self.server.url}/_mock", "POST", "/worlds", {})
        self.name, urls = opened["name"], opened["urls"]["port"]
        self.prefix = opened["urls"]["prefix"]
        self.control_url, self.accounts = urls["control"], urls["accounts"]
        self.api, self.socket_url = urls["api"], urls["socket"]
        for who in (ANN, BOB, CLEO, RITA):
            self.ids[who] = (await self.control("PATCH", f"/users/{who}", {}))["_id"]
            self._tokens[who] = (await self.control("POST", "/tokens", {"username": who}))["token"]
        members = [{"username": who, "role": role} for who, role in ((BOB, "admin"), (CLEO, "member"))]
        room = {"title": "Room", "owner": ANN, "members": members, "settings": {"memberOnly": False}}
        self.space = (await self.control("POST", "/spaces", room))["_id"]
        self.world: World = self.server.app.worlds.named(self.name).world
        return self

    async def __aexit__(self, *_error: object) -> None:
        await self.sockets.aclose()
        await self._control(f"{self.server.url}/_mock", "DELETE", f"/worlds/{self.name}")

    async def _control(self, base: str, method: str, path: str, body: Any = None) -> Any:
        answer = await self.http.request(method, f"{base}{path}", json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call of this world."""
        return await self._control(self.control_url, method, path, body)

    async def call(self, who: str, method: str, path: str, body: Any = None) -> httpx.Response:
        """Make a call; ``{space}`` and the names of people in its path stand for their ids."""
        named = path.replace("{space}", self.space)
        for name, person in self.ids.items():
            named = named.replace(f"{{{name}}}", person)
        headers = {"Authorization": self.authorization(who)}
        return await self.http.request(method, f"{self.api}{named}", json=body, headers=headers)

    def authorization(self, who: str) -> str:
        """Return the value of somebody's Authorization header."""
        return f"Bearer {self._tokens[who]}"

    async def socket(self, who: str) -> Socket:
        """Return a socket that listens in the space."""
        query = f"EIO=3&transport=websocket&token={self._tokens[who]}&tokenType=oauth"
        url = f"{self.socket_url.replace('http', 'ws')}/socket.io/?{query}"
        connection = await self.sockets.enter_async_context(connect(url, compression=None, proxy=None))
        opened = Socket(connection)
        await connection.send("40/chat")
        await opened.say("SUBSCRIBE_CHANNEL", {"channel": {"_id": self.space, "type": "topic"}})
        assert [name for name, _ in await opened.heard()] == ["CHANNEL_SUBSCRIBED"]
        return opened


def codes(answers: Sequence[httpx.Response]) -> list[int]:
    """Return the statuses of answers."""
    return [answer.status_code for answer in answers]
