"""Clients that leave when something is still to be done for them."""

import logging
import socket
import struct
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from mockspaces.client import Mockspaces
from tests.server.conftest import Connect
from tests.server.test_websockets import PATH, handshake, text

HEALTH = b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n"
ABRUPTLY = struct.pack("ii", 1, 0)


@pytest.mark.parametrize("action", ["drop", "reset", "truncate", "garbage"])
@pytest.mark.parametrize("abruptly", [True, False])
def test_a_fault_for_a_client_who_left_is_quiet(
    world: Mockspaces, connect: Connect, caplog: pytest.LogCaptureFixture, action: str, *, abruptly: bool
) -> None:
    """A transport fault that finds its connection gone does nothing, least of all to somebody else's."""
    world.call("POST", "/faults", {"match": {"surface": "web"}, "action": {"transport": action, "delay": 0.2}})
    raw = connect(b"GET /spaces/x HTTP/1.1\r\nHost: x\r\n\r\n")
    time.sleep(0.05)
    if abruptly:
        raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPTLY)
    raw.close()
    time.sleep(0.4)
    assert connect(HEALTH).answer().status == 200
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []


@pytest.mark.parametrize("how", ["idle", "namespace", "transport"])
@pytest.mark.parametrize("abruptly", [True, False])
def test_a_close_that_races_its_clients_is_quiet(
    world: Mockspaces, connect: Connect, caplog: pytest.LogCaptureFixture, how: str, *, abruptly: bool
) -> None:
    """Sockets that leave at the moment when they are closed, or close again, end once and without a complaint."""
    path = PATH + b"&tokenType=oauth&token=" + world.token("cleo@example.com").encode()
    for _ in range(5):
        raws = [connect(handshake(path=path) + text(b"40/chat,")) for _ in range(20)]
        for raw in raws:
            raw.until(b"40/chat")
        with ThreadPoolExecutor(3) as threads:
            closings = [threads.submit(world.call, "POST", "/sockets/close", {"how": how}) for _ in range(3)]
            for raw in raws:
                if abruptly:
                    raw.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, ABRUPTLY)
                raw.close()
            assert all(closing.result() for closing in closings)
    deadline = time.monotonic() + 5
    while world.call("GET", "/sockets")["data"] and time.monotonic() < deadline:
        time.sleep(0.05)
    assert world.call("GET", "/sockets")["data"] == []
    assert [record.getMessage() for record in caplog.records if record.levelno >= logging.WARNING] == []
