"""What could wait for itself: kicks, disabled users, and worlds that are dropped or reset while others call them."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Self
from urllib.parse import urlsplit

import httpx
import pytest
from websockets.exceptions import ConnectionClosed

from mockspaces.config import Config
from mockspaces.server import Server
from tests.crowd import ANN, BOB, CLEO, RITA, SOON_S, Cloud, Socket, codes
from tests.replicas import content
from tests.yielding import drawn_pause, yield_everywhere

CHAT = {"content": {"bodyText": "hi"}}
BOUND_S = 30  # for all of a scenario, on a machine that others use too; it takes a second by itself
CALLERS = 6


@pytest.fixture(params=[False, True], ids=["plain", "yielding"])
def server(request: pytest.FixtureRequest) -> Iterator[Server]:
    """A server of its own; in one run its calls yield inside of their transactions, so that others queue up."""
    with pytest.MonkeyPatch.context() as patch, Server(Config(port=0)) as running:
        if request.param:
            yield_everywhere(patch, drawn_pause(random.randrange(1 << 32)))
        yield running


def bounded(server: Server, scenario: Callable[[Cloud], Awaitable[None]]) -> None:
    """Carry a scenario out in a world of its own, which must come to its end."""

    async def run() -> None:
        async with httpx.AsyncClient(trust_env=False, timeout=BOUND_S) as http, asyncio.timeout(BOUND_S):
            cloud = Cloud(server, http)
            await cloud.__aenter__()
            await scenario(cloud)
            await cloud.sockets.aclose()
            assert (await http.get(f"{server.url}/_mock/health", timeout=SOON_S)).status_code == 200

    asyncio.run(run())


@contextlib.asynccontextmanager
async def load(cloud: Cloud, *people: str) -> AsyncIterator[list[int]]:
    """Let people write and read all the time; the list of their answers grows meanwhile."""
    found: list[int] = []
    ended = False

    async def caller(who: str) -> None:
        while not ended:
            with contextlib.suppress(httpx.TransportError):  # a dropped world has no port any more
                found.append((await cloud.call(who, "POST", "/spaces/{space}/chats", CHAT)).status_code)
                found.append((await cloud.call(who, "GET", "/spaces/{space}/messages/query?category=chat")).status_code)

    callers = [asyncio.create_task(caller(who)) for who in people for _ in range(CALLERS)]
    await asyncio.sleep(0.05)
    try:
        yield found
        await asyncio.sleep(0.05)
    finally:
        ended = True
        await asyncio.gather(*callers)


async def end(socket: Socket) -> None:
    """Wait until the server has closed a socket."""
    async with asyncio.timeout(SOON_S):
        with contextlib.suppress(ConnectionClosed):
            while True:
                await socket.receive()


class Slow:
    """A call whose body comes in two parts, on a connection of its own."""

    def __init__(self, url: str, headers: str, body: bytes, method: str = "POST") -> None:
        parts = urlsplit(url)
        self._place = parts.hostname, parts.port
        self._half = len(body) // 2
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        headers = f"Host: x\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{headers}"
        head = f"{method} {path} HTTP/1.1\r\n{headers}\r\n"
        self._bytes = head.encode(), body

    async def __aenter__(self) -> Self:
        self._reader, self._writer = await asyncio.open_connection(*self._place)
        self._writer.write(self._bytes[0] + self._bytes[1][: self._half])
        await self._writer.drain()
        await asyncio.sleep(0.1)
        return self

    async def __aexit__(self, *_error: object) -> None:
        self._writer.close()
        with contextlib.suppress(OSError):
            await self._writer.wait_closed()

    async def answer(self) -> tuple[int, bytes]:
        """Send the rest of the body and return status and answer."""
        self._writer.write(self._bytes[1][self._half :])
        head, _, body = (await asyncio.wait_for(self._reader.read(), SOON_S)).partition(b"\r\n\r\n")
        return int(head.split()[1]), body


def test_people_with_many_sockets_are_removed(server: Server) -> None:
    """Who is removed, or leaves, hears the end of the channel on each socket, while everybody writes."""

    async def scenario(cloud: Cloud) -> None:
        sockets = [await cloud.socket(who) for who in (BOB, CLEO, BOB, CLEO)]
        async with load(cloud, ANN, BOB) as found:
            removed = await asyncio.gather(
                cloud.call(ANN, "DELETE", f"/spaces/{{space}}/attendees/userId/{{{BOB}}}"),
                cloud.call(CLEO, "DELETE", f"/spaces/{{space}}/attendees/userId/{{{CLEO}}}"),
            )
        assert codes(removed) == [200, 200]
        assert set(found) <= {200, 403}
        for socket in sockets:
            assert "CHANNEL_UNSUBSCRIBED" in [name for name, _ in await socket.heard()]

    bounded(server, scenario)


def test_people_with_many_sockets_are_disabled(server: Server) -> None:
    """All sockets of a disabled user are closed, although the calls that close them are under way."""

    async def scenario(cloud: Cloud) -> None:
        sockets = [await cloud.socket(BOB) for _ in range(4)]
        async with load(cloud, ANN, BOB) as found:
            await cloud.control("PATCH", f"/users/{BOB}", {"enabled": False})
            await asyncio.gather(*(end(one) for one in sockets))
        assert set(found) <= {200, 401}
        assert 401 in found
        assert cloud.world.presence.of_person(cloud.ids[BOB]) == []

    bounded(server, scenario)


def test_a_world_is_reset_through_its_own_port(server: Server) -> None:
    """Sockets are closed, calls are judged anew by the fresh state, and the call that resets is answered."""

    async def scenario(cloud: Cloud) -> None:
        sockets = [await cloud.socket(who) for who in (ANN, BOB, CLEO)]
        async with load(cloud, ANN, BOB) as found:
            resets = [cloud.http.post(f"{cloud.control_url}/reset", json={}) for _ in range(3)]
            assert codes(await asyncio.gather(*resets)) == [200] * 3
            await asyncio.gather(*(end(one) for one in sockets))
        assert set(found) <= {200, 401}
        assert 401 in found
        assert len(cloud.world.presence) == 0

    bounded(server, scenario)


def test_a_world_is_dropped_through_its_own_port(server: Server) -> None:
    """The call that drops it is answered, sockets are closed, and the others are answered or cut off."""

    async def scenario(cloud: Cloud) -> None:
        sockets = [await cloud.socket(who) for who in (ANN, BOB, CLEO)]
        async with load(cloud, ANN, BOB) as found:
            dropped = await cloud.http.delete(f"{cloud.control_url}/worlds/{cloud.name}")
            await asyncio.gather(*(end(one) for one in sockets))
        assert dropped.status_code == 200
        # 401 is of another test's server beside us, which may have taken the port that is free now.
        assert set(found) <= {200, 401, 404}

    bounded(server, scenario)


def test_two_worlds_drop_each_other(server: Server) -> None:
    """Each through its own port, both under load: both calls are answered and both worlds are gone."""

    async def scenario(cloud: Cloud) -> None:
        other = Cloud(server, cloud.http)
        await other.__aenter__()
        sockets = [await one.socket(who) for one in (cloud, other) for who in (ANN, BOB)]
        calls = [dropping(cloud, other), dropping(other, cloud)]
        async with load(cloud, ANN), load(other, ANN), calls[0], calls[1]:
            answers = await asyncio.gather(*(call.answer() for call in calls))
            await asyncio.gather(*(end(one) for one in sockets))
        assert [status for status, _ in answers] == [200, 200]
        assert not {cloud.name, other.name} & {hosted.world.name for hosted in server.app.worlds}
        await other.sockets.aclose()

    bounded(server, scenario)


def dropping(here: Cloud, other: Cloud) -> Slow:
    """Return a call to a world's own port that drops another world."""
    return Slow(f"{here.control_url}/worlds/{other.name}", "", b"{}", "DELETE")


# --- who waits outside meanwhile


def writing(cloud: Cloud, who: str = ANN) -> Slow:
    """Return a call that writes a message, by the prefix: the port of a dropped world is closed."""
    headers = f"Content-Type: application/json\r\nAuthorization: {cloud.authorization(who)}\r\n"
    return Slow(f"{cloud.prefix['api']}/spaces/{cloud.space}/chats", headers, b'{"content": {"bodyText": "hi"}}')


def test_a_call_that_waits_for_its_body_meets_a_dropped_world(server: Server) -> None:
    """Whoever found the world before it was dropped, and comes for their turn afterwards, gets 404."""

    async def scenario(cloud: Cloud) -> None:
        async with writing(cloud) as slow:
            await cloud.http.delete(f"{server.url}/_mock/worlds/{cloud.name}")
            status, body = await slow.answer()
        assert status == 404
        assert b"world" in body

    bounded(server, scenario)


def test_a_call_that_waits_for_a_planned_delay_meets_a_dropped_world(server: Server) -> None:
    """A delay is waited for outside: the world is dropped meanwhile, and the call runs into its end."""

    async def scenario(cloud: Cloud) -> None:
        await cloud.control("POST", "/faults", {"match": {"endpoint": "MSG-CHAT"}, "action": {"delay": 0.3}})
        async with writing(cloud) as slow:
            answer = asyncio.create_task(slow.answer())
            await asyncio.sleep(0.1)
            await cloud.http.delete(f"{server.url}/_mock/worlds/{cloud.name}", timeout=SOON_S)
            assert (await answer)[0] == 404

    bounded(server, scenario)


def test_a_call_that_waits_for_its_body_is_judged_after_a_reset(server: Server) -> None:
    """A credential that a reset has made unknown is refused, whenever the call began."""

    async def scenario(cloud: Cloud) -> None:
        async with writing(cloud) as slow:
            assert (await cloud.http.post(f"{cloud.control_url}/reset", json={})).status_code == 200
            assert (await slow.answer())[0] == 401

    bounded(server, scenario)


def test_a_call_that_waits_for_its_body_is_judged_by_what_is_true_then(server: Server) -> None:
    """Who is removed while their message is on its way is refused."""

    async def scenario(cloud: Cloud) -> None:
        async with writing(cloud, CLEO) as slow:
            await cloud.call(ANN, "POST", "/spaces/{space}", {"settings": {"memberOnly": True}})
            removed = await cloud.call(ANN, "DELETE", f"/spaces/{{space}}/attendees/userId/{{{CLEO}}}")
            assert removed.status_code == 200
            assert (await slow.answer())[0] in (403, 404)
        async with writing(cloud, RITA) as slow:
            assert (await slow.answer())[0] in (403, 404)

    bounded(server, scenario)


# --- who leaves in the middle of a body


async def uploading(cloud: Cloud) -> Slow:
    """Return an upload of 1000 bytes."""
    body = {"files": [{"Content-Type": "text/plain", "Content-Length": 1000}]}
    answer = await cloud.call(ANN, "POST", "/files/getuploadurl", body)
    url = answer.json()["data"][0]["url"]
    return Slow(url, "Content-Type: text/plain\r\n", b"x" * 1000, "PUT")


def test_who_leaves_in_the_middle_of_a_body_changes_nothing(server: Server) -> None:
    """Calls, sign-ins and uploads that never arrive whole leave the state as it is, and no reservation."""

    async def scenario(cloud: Cloud) -> None:
        upload = await uploading(cloud)
        login = f"{cloud.accounts}/account/login/"
        token = f"{cloud.accounts}/oauth2/access_token/"
        form, urlencoded = (
            b"grant_type=password&username=ann@example.com",
            "Content-Type: application/x-www-form-urlencoded\r\n",
        )
        stores = cloud.world.state.stores
        before = {name: content(store) for name, store in stores.items()}
        calls = [writing(cloud), upload, Slow(login, urlencoded, form), Slow(token, urlencoded, form)]
        calls.append(
            Slow(f"{cloud.control_url}/users", "Content-Type: application/json\r\n", b'{"username": "x@y.example"}')
        )
        for call in calls:
            async with call:
                if call is upload:
                    assert len(cloud.world.state.reservations) == 1
        for _ in range(100 * SOON_S):
            if not len(cloud.world.state.reservations):
                break
            await asyncio.sleep(0.01)
        assert {name: content(store) for name, store in stores.items()} == before

    bounded(server, scenario)
