import asyncio

import aiohttp
import httpx
import pytest
import socketio
import trio

ME = "https://spacesapis.avayacloud.com/api/users/me"


def headers(world):
    return {"Authorization": f"Bearer {world.token('ann@example.com')}"}


@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
@pytest.mark.parametrize("resolver", ["ThreadedResolver", "AsyncResolver"])
def test_aiohttp(mockspaces_vendor_hosts, loop, resolver):
    """Each resolver of aiohttp leads to the world, in both loops."""

    async def main():
        connector = aiohttp.TCPConnector(resolver=getattr(aiohttp, resolver)())
        async with aiohttp.ClientSession(connector=connector, headers=headers(mockspaces_vendor_hosts)) as session:
            async with session.get(ME) as answer:
                return answer.status

    assert (asyncio.run if loop == "asyncio" else __import__("uvloop").run)(main()) == 200


def test_httpx_under_trio(mockspaces_vendor_hosts):
    """httpx reaches the world under trio."""

    async def main():
        async with httpx.AsyncClient() as client:
            return (await client.get(ME, headers=headers(mockspaces_vendor_hosts))).status_code

    assert trio.run(main) == 200


def test_socketio(mockspaces_vendor_hosts):
    """The asynchronous Socket.IO client connects."""

    async def main():
        client = socketio.AsyncClient()
        token = mockspaces_vendor_hosts.token("ann@example.com", kind="jwt")
        await client.connect(
            f"https://spacesapis-socket.avayacloud.com?token={token}&tokenType=jwt",
            namespaces=["/chat"],
            transports=["websocket"],
        )
        await client.disconnect()

    asyncio.run(main())
