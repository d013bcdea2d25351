"""Clients that leave when something is still to be done for them."""

import logging
import socket
import struct
import time

import pytest

from mockspaces.client import Mockspaces
from tests.server.conftest import Connect

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
