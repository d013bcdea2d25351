"""Recordings of a mock with the calls of its control API: which world is meant, and which ones are misled."""

from pathlib import Path
from socket import create_server
from typing import Any

import httpx
import pytest

from mockspaces.config import Config
from mockspaces.server import Server
from mockspaces.traffic import archives
from mockspaces.traffic.player import Player
from mockspaces.traffic.worlds import MISLEADING
from mockspaces.verification.playing import by_prefix, serve
from tests.traffic.conftest import CONTRACT, Object, Write, checked, entry, free_port, socket

OPENED = '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":60000}'
JSON = "application/json"
MAIN, OWN = "127.0.0.1:8080", "127.0.0.1:8081"
ODD = {"code": "odd.code", "message": "Odd."}


def made(name: str, own: str) -> Object:
    """A world as the control API tells it."""
    return {"name": name, "urls": {"port": {"api": f"http://{own}/api"}}}


def opening(name: str) -> Object:
    """The call that opens a world at a port."""
    return entry("POST", "/_mock/worlds", body=made(name, OWN), host=MAIN)


def refused(path: str = "/api/users/me", host: str = OWN) -> Object:
    return entry(path=path, status=403, body=ODD, host=host)


@pytest.mark.parametrize(("method", "name"), sorted(MISLEADING))
def test_a_world_that_was_told_to_lie_is_not_judged(write: Write, method: str, name: str) -> None:
    """What a world answers after its control API was asked for it is no difference, however the world is asked."""
    told = entry(method, f"/_mock/{name}", body={}, host=OWN)
    assert len(checked(write(opening("w1"), refused(), told)).differences) == 1
    found = checked(write(opening("w1"), told, refused(), refused("/w/w1/api/users/me", MAIN)))
    assert (len(found.differences), found.counts["of a mock that was told to answer otherwise"]) == (0, 2)


def test_worlds_beside_it_are_judged(write: Write) -> None:
    """The first world, another one, and the next one at the same port are others; a refused call misleads nobody."""
    told = entry("POST", "/_mock/faults", body={}, host=OWN)
    failed = entry("POST", "/_mock/faults", status=400, body={}, host=OWN)
    for others in (
        [told, refused(host=MAIN)],
        [told, refused("/w/w2/api/users/me", MAIN)],
        [told, opening("w2"), refused()],
        [failed, refused()],
    ):
        assert len(checked(write(opening("w1"), *others)).differences) == 1


def test_what_is_no_world_is_not_judged(write: Write) -> None:
    """A mock's own refusals of worlds that it has not are no answers of the service, on sockets neither."""
    body = {"code": "world.not_found", "message": "x", "why": "x"}
    frames = [("send", "40/w/other/chat"), ("receive", '44/w/other/chat,"Invalid namespace"')]
    found = checked(
        write(
            entry(path="/w/nobody/api/users/me", status=404, body=body, host=MAIN),
            socket(("receive", OPENED), *frames),
            entry("OPTIONS", "/socket.io/", body=""),
        )
    )
    assert (found.differences, found.counts["of no world of a mock"]) == ({}, 1)


def session(client: httpx.Client) -> list[str]:
    """Rename one person in a world of its own, drop it, and look at them in a second world."""
    found = []
    for name in ("Ann", "Bea"):
        made: dict[str, Any] = client.post("/_mock/worlds", json={}).json()
        url = made["urls"]["port"]["api"].removesuffix("/api")
        client.patch(f"{url}/_mock/users/ann@example.com", json={"displayname": name})
        token = client.post(f"{url}/_mock/tokens", json={"username": "ann@example.com"}).json()["token"]
        answer = client.get(f"{url}/api/users/me", headers={"Authorization": f"Bearer {token}"})
        found.append(answer.json()["displayname"])
        client.delete(f"/_mock/worlds/{made['name']}")
    return found


def test_worlds_are_known_by_their_ports(tmp_path: Path) -> None:
    """Two worlds, one after the other at the same port, are played apart, and their port is served while they are."""
    port = free_port()
    archive = tmp_path / "worlds.har"
    config = Config(host="127.0.0.1", port=0, world_ports=f"{port}", record=str(archive), record_control=True)
    with Server(config) as server, httpx.Client(base_url=server.url) as client:
        assert session(client) == ["Ann", "Bea"]
    assert not by_prefix(archive)
    player = Player(archives.entries(archive), CONTRACT)
    stop = serve(player, "127.0.0.1", server.port)
    try:
        with httpx.Client(base_url=server.url) as client:
            assert session(client) == ["Ann", "Bea"]
            with pytest.raises(httpx.TransportError):
                client.get(f"http://127.0.0.1:{port}/api/users/me")
    finally:
        stop()
    assert player.diverged == ""


def test_a_port_that_somebody_has_is_no_evidence(write: Write) -> None:
    """Where a world cannot be served at its port, what its test finds is not tried, and the reason names the port."""
    with create_server(("127.0.0.1", 0)) as taken:
        own = taken.getsockname()[1]
        port = free_port()
        one = entry("POST", "/_mock/worlds", body=made("w1", f"127.0.0.1:{own}"), host=f"127.0.0.1:{port}", post="{}")
        one["request"]["headers"] = [{"name": "accept", "value": "*/*"}, {"name": "content-type", "value": JSON}]
        player = Player(archives.entries(write(one)), CONTRACT)
        stop = serve(player, "127.0.0.1", port)
        try:
            assert httpx.post(f"http://127.0.0.1:{port}/_mock/worlds", json={}).json()["name"] == "w1"
        finally:
            stop()
    assert str(own) in player.diverged
