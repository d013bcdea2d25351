"""The clients of python-socketio, each with what the guide says to install for it and nothing else."""

import asyncio

import socketio


def address(mockspaces):
    """Return where ann connects, and how."""
    url = f"{mockspaces.socket_url}?token={mockspaces.token('ann@example.com')}&tokenType=oauth"
    return url, {"namespaces": ["/chat"], "transports": ["websocket"], "wait_timeout": 5}


def test_simple(mockspaces):
    """The simple client, over a WebSocket, is joined to the namespace."""
    url, _options = address(mockspaces)
    client = socketio.SimpleClient()
    client.connect(url, namespace="/chat", transports=["websocket"])
    assert client.sid
    client.disconnect()


def test_asynchronous(mockspaces):
    """The asynchronous client is joined to the namespace."""
    url, options = address(mockspaces)

    async def scenario():
        client = socketio.AsyncClient()
        await client.connect(url, **options)
        assert client.get_sid("/chat")
        await client.disconnect()

    asyncio.run(scenario())
