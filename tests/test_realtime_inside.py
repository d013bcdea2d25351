"""What only the inside of the socket server can show: nothing of a connection stays behind."""

import asyncio
import gc
import json
import time
from collections.abc import Iterator
from operator import le
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

from contract_tests.sockets import deaf
from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel.presence import Presence
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.run import Connection
from mockspaces.contract import Contract
from mockspaces.realtime import chat
from mockspaces.realtime.adapter import Transport
from mockspaces.realtime.handling import Handling
from mockspaces.realtime.hub import Session
from mockspaces.server import Server

PATIENCE_S = 5


@pytest.fixture
def running() -> Iterator[Server]:
    """A server of its own; what was there before it is no matter for the collector, which is asked often here."""
    gc.collect()
    gc.freeze()
    try:
        with Server() as server:
            yield server
    finally:
        gc.unfreeze()


def tasks() -> int:
    """Return how many tasks have not ended."""
    gc.collect()
    return sum(1 for one in gc.get_objects() if type(one) is asyncio.Task and not one.done())


def alive(kind: type) -> int:
    """Return how many objects of a type exist."""
    gc.collect()
    return sum(1 for one in gc.get_objects() if type(one) is kind)


def held() -> tuple[int, int, int]:
    """Return how many tasks, transports and sessions there are."""
    return tasks(), alive(Transport), alive(Session)


def subscribed(server: Server, token: str, space: str) -> ClientConnection:
    """Return a connection that listens in a space and has announced itself there."""
    url = f"{server.url.replace('http', 'ws')}/socket.io/?EIO=3&transport=websocket&token={token}&tokenType=oauth"
    connection = connect(url, compression=None, proxy=None, max_queue=None, ping_interval=None).__enter__()
    connection.send("40/chat")
    connection.send(f'42/chat,["SUBSCRIBE_CHANNEL",{{"channel":{{"_id":"{space}","type":"topic"}}}}]')
    online = "app.event.presence.party.online"
    connection.send(f'42/chat,["SEND_PRESENCE_EVENT",{{"category":"{online}","topicId":"{space}"}}]')
    connection.send(f'42/chat,["SEND_MEDIA_SESSION_EVENTS",{{"category":"tracksstatus","topicId":"{space}"}}]')
    while "tracksstatus" not in str(connection.recv(PATIENCE_S)):
        pass
    return connection


@pytest.mark.parametrize("how", ["close", "kill", "leave", "stall"])
def test_a_connection_that_ends_leaves_no_task_and_no_object(running: Server, how: str) -> None:
    """However connections end, tasks, transports and sessions are back to what they were."""
    with Mockspaces(running.url) as mock:
        name = "zoe@example.com"
        mock.call("POST", "/users", {"username": name})
        token = mock.call("POST", "/tokens", {"username": name})["token"]
        space = mock.call("POST", "/spaces", {"title": "Room", "owner": name})["_id"]
        subscribed(running, token, space).close()
        _until(lambda: mock.call("GET", "")["counts"]["sockets"] == 0)
        before = held()
        connections = [subscribed(running, token, space) for _ in range(10)]
        assert alive(Session) >= 10
        if how == "stall":
            mock.call("PATCH", "/settings", {"socket.queue_bytes": 1})  # for the next ones only
            connections.append(_overrun(running, token))
        for connection in connections:
            if how == "leave":
                connection.send("41/chat")
            if how in {"leave", "close"}:
                connection.close()
            else:
                connection.close_socket()  # with its thread, which would wait for ever at a socket that is only closed
        _until(lambda: all(map(le, held(), before)))  # fewer, if the end of the first one was still under way
        assert all(map(le, held(), before)), (held(), before)
        counts = mock.call("GET", "")["counts"]
        assert [counts[one] for one in ("sockets", "people", "subscriptions")] == [0, 0, 0]


def _overrun(server: Server, token: str) -> ClientConnection:
    """Return a connection that was cut off, since its answers were more than its queue may hold."""
    url = f"{server.url.replace('http', 'ws')}/socket.io/?EIO=3&transport=websocket&token={token}&tokenType=oauth"
    connection = connect(url, compression=None, proxy=None, max_queue=None, ping_interval=None).__enter__()
    with pytest.raises(ConnectionClosed):
        _talk(connection)
    return connection


def _talk(connection: ClientConnection) -> None:
    while True:
        connection.send("2")
        connection.send("40/chat")
        connection.recv(PATIENCE_S)


def _until(reached: object) -> None:
    deadline = time.monotonic() + PATIENCE_S
    assert callable(reached)
    while not reached() and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_server_with_open_sockets_stops_within_a_second() -> None:
    """Connections that hang, idle or stalled, do not hold up the end of a process."""
    with Server() as running, Mockspaces(running.url) as mock:
        token = mock.call("POST", "/tokens", {"username": "cleo@example.com"})["token"]
        space = mock.call("POST", "/spaces", {"title": "Room", "owner": "cleo@example.com"})["_id"]
        connections = [subscribed(running, token, space) for _ in range(50)]
        begin = time.monotonic()
        running.stop()
        taken = time.monotonic() - begin
    for connection in connections:
        connection.close_socket()
    assert taken < 1


def test_presence_forgets_whoever_is_gone() -> None:
    """Connections, people and subscriptions are counted, and nothing is kept of those that ended."""
    state = World("w", Origins("http://127.0.0.1"), contract=Contract.shipped()).state
    presence = Presence(state)
    one, other = (presence.connect(Connection(id=c, person_id=who)) for c, who in (("c1", "ann"), ("c2", "bob")))
    presence.subscribe(one.id, "s")
    presence.subscribe(one.id, "s")
    assert not presence.together("ann", "bob")
    presence.subscribe(other.id, "s")
    assert presence.together("ann", "bob")
    assert presence.counts == {"sockets": 2, "people": 2, "subscriptions": 2}
    assert [found.id for found in presence.in_space("s")] == [one.id, other.id]
    presence.unsubscribe(one.id, "s")
    presence.unsubscribe(one.id, "s")
    assert presence.counts == {"sockets": 2, "people": 2, "subscriptions": 1}
    assert [found.id for found in presence.in_space("s")] == [other.id]
    for connection in ("c1", "c2", "c2"):
        presence.disconnect(connection)
    assert presence.counts == {"sockets": 0, "people": 0, "subscriptions": 0}
    assert state.connections.content() == ([], {"person": {}, "space": {}})


def test_a_connection_that_is_cut_off_is_broken(running: Server) -> None:
    """The server keeps no connection and no bytes for a client that is cut off and still does not read."""
    connections: set[Any] = running._server.server_state.connections
    with Mockspaces(running.url) as mock:
        mock.call("PATCH", "/settings", {"socket.queue_bytes": 100_000})
        name = "zoe@example.com"
        mock.call("POST", "/users", {"username": name})
        token = mock.call("POST", "/tokens", {"username": name})["token"]
        space = mock.call("POST", "/spaces", {"title": "Room", "owner": name})["_id"]
        channel = {"channel": {"_id": space, "type": "topic"}}
        query = f"EIO=3&transport=websocket&token={token}&tokenType=oauth"
        url = f"{running.url.replace('http', 'ws')}/socket.io/?{query}"
        with deaf(url, "40/chat", f"42/chat,{json.dumps(['SUBSCRIBE_CHANNEL', channel])}") as client:
            _until(lambda: mock.call("GET", "")["counts"]["subscriptions"] == 1)
            own = client.getsockname()
            assert own in [one.client for one in connections]
            message = {"username": name, "content": {"bodyText": "x" * 50_000}}
            for _ in range(200):
                mock.call("POST", f"/spaces/{space}/messages", message)
                if not mock.call("GET", "")["counts"]["sockets"]:
                    break
            _until(lambda: own not in [one.client for one in connections])
            assert own not in [one.client for one in connections]


@pytest.mark.parametrize("protocol", [3, 4])
def test_an_event_in_the_namespace_where_nobody_listens_is_noted(running: Server, protocol: int) -> None:
    """Who forgets the namespace hears nothing; the journal says which one to join, and nothing else before."""
    with Mockspaces(running.url) as mock:
        token = mock.token("ann@example.com")
        query = f"EIO={protocol}&transport=websocket&token={token}&tokenType=oauth"
        with connect(f"{running.url.replace('http', 'ws')}/socket.io/?{query}", compression=None, proxy=None) as client:
            client.send("40")
            client.send('42["SUBSCRIBE_CHANNEL",{}]')
            (entry,) = mock.journal.wait(surface="realtime")
        assert entry.why == 'nobody listens in the namespace "/"; join "/chat"'


def test_a_bug_in_telling_a_refusal_ends_no_connection(running: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal and the log say what broke, and the client goes on."""

    async def refuse(_session: Session, _payload: Any, _rejection: Rejection) -> None:
        raise ValueError("a bug")

    handling = Handling(chat.HANDLERS["SUBSCRIBE_CHANNEL"].act, refuse)
    monkeypatch.setattr(chat, "HANDLERS", {**chat.HANDLERS, "SUBSCRIBE_CHANNEL": handling})
    with Mockspaces(running.url) as mock:
        query = f"EIO=3&transport=websocket&token={mock.token('ann@example.com')}&tokenType=oauth"
        with connect(f"{running.url.replace('http', 'ws')}/socket.io/?{query}", compression=None, proxy=None) as client:
            client.send("40/chat")
            client.send('42/chat,["SUBSCRIBE_CHANNEL",{"channel":{"_id":"unknown","type":"topic"}}]')
            client.send("2")
            while client.recv(PATIENCE_S) != "3":
                pass
        assert "ValueError" in mock.journal.wait(event="SUBSCRIBE_CHANNEL")[0].why
