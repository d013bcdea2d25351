"""Bounds of what a server takes, hands out and says: numbers, names, ports and lines of the log."""

import http.client
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from mockspaces.client import ControlError, Mockspaces
from mockspaces.config import Config
from mockspaces.server import Server
from tests.conftest import Serve
from tests.forking import loaded
from tests.server.conftest import Connect, Raw
from tests.server.test_websockets import handshake, text

HALF = rb'{"content":{"bodyText":"x \ud83c"}}'


def asked(url: str, path: str, host: str) -> int:
    """Return the status of a call that comes under some name."""
    parts = urlsplit(url)
    client = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=5)
    client.request("GET", path, headers={"Host": host})
    status = client.getresponse().status
    client.close()
    return status


@pytest.mark.parametrize("number", [10**30, 10**400, 10**13])
@pytest.mark.parametrize("name", ["socket.ping_interval_ms", "rest.service_leeway_s", "files.max_bytes"])
def test_numbers_have_an_upper_bound(world: Mockspaces, name: str, number: int) -> None:
    """A setting that would break what it is for is refused when it is given."""
    with pytest.raises(ControlError, match=r"at most|<=|settings"):
        world.call("PATCH", "/settings", {name: number})
    assert world.call("GET", "")["clock"]


def test_half_a_character_is_named(world: Mockspaces, connect: Connect) -> None:
    """A surrogate that stands alone is valid JSON for some and nothing that can be stored; the refusal says so."""
    token = world.token("cleo@example.com")
    space = world.call("POST", "/spaces", {"title": "Room", "owner": "cleo@example.com"})["_id"]
    head = f"POST /api/spaces/{space}/chats HTTP/1.1\r\nHost: x\r\nAuthorization: bearer {token}\r\n"
    raw = connect(f"{head}Content-Type: application/json\r\nContent-Length: {len(HALF)}\r\n\r\n".encode() + HALF)
    assert "content.bodyText: half of a surrogate pair" in json.loads(raw.answer().body)["message"]


def test_what_nobody_ends_is_bounded(tmp_path: Path) -> None:
    """Of the tokens and of the files that were announced and never sent, the oldest of too many are forgotten."""
    overlay = tmp_path / "overlay.json"
    overlay.write_text('{"limits": {"credentials": 5}}')
    with Server(Config(port=0, overlay=str(overlay))) as server, Mockspaces(server.url) as world:
        space = world.space("Room", owner="cleo@example.com").id
        tokens = [world.token("cleo@example.com") for _ in range(7)]
        bearers = [{"Authorization": f"Bearer {token}"} for token in tokens]
        assert [httpx.get(f"{world.api_url}/users/me", headers=one).status_code for one in bearers] == [401] * 2 + [
            200
        ] * 5
        wanted = {"files": [{"Content-Type": "text/plain", "Content-Length": 5}], "topicId": space}
        announced = []
        for _ in range(7):
            answer = httpx.post(f"{world.api_url}/files/getuploadurl", headers=bearers[-1], json=wanted)
            announced.append(answer.json()["data"][0]["url"])
        sent = [
            httpx.put(url, content=b"hello", headers={"content-type": "text/plain"}).status_code for url in announced
        ]
        assert sent == [404] * 2 + [200] * 5


def test_what_the_control_api_lists_is_bounded(tmp_path: Path) -> None:
    """Of too many e-mails and signing keys the oldest are forgotten; a connection too many is refused, and told why."""
    overlay = tmp_path / "overlay.json"
    overlay.write_text('{"limits": {"outbox": 3, "signing_keys": 2, "sockets": 2}}')
    with Server(Config(port=0, overlay=str(overlay))) as server, Mockspaces(server.url) as world:
        token = world.token("cleo@example.com")
        bearer = {"Authorization": f"Bearer {token}"}
        for number in range(4):
            invited = {"topic": {"title": f"Room {number}"}, "invitees": [{"inviteeType": "email", "invitee": "x@y.z"}]}
            assert httpx.post(f"{world.api_url}/spaces/invite", headers=bearer, json=invited).status_code == 200
        assert [mail.subject[-1] for mail in world.outbox()] == ["1", "2", "3"]
        first = world.call("GET", "/signing-keys")["current"]
        rotated = [world.call("POST", "/signing-keys", {})["current"] for _ in range(3)]
        assert world.call("GET", "/signing-keys") == {
            "current": rotated[-1],
            "data": [{"publickeyid": one} for one in rotated[1:]],
        }
        assert first not in rotated
        connect = Connect(world.url)
        path = b"/socket.io/?EIO=3&transport=websocket&tokenType=oauth&token=" + token.encode()
        raws = [connect(handshake(path=path) + text(b"40/chat,")) for _ in range(3)]
        for raw in raws:
            raw.until(b"/chat")
        assert len(world.call("GET", "/sockets")["data"]) == 2
        assert world.journal.last(event="connect").why == "the world has 2 connections already"
        for raw in raws:
            raw.close()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:1", 200),
        ("localhost", 200),
        ("[::1]:8080", 200),
        ("mock:8080", 200),
        ("world.localhost", 200),
        ("rebound.example", 403),
        ("127.0.0.1.example", 403),
        ("[", 400),
    ],
)
def test_the_control_api_answers_to_its_own_names(world: Mockspaces, host: str, status: int) -> None:
    """A page under a name that leads to this machine cannot read a snapshot with its keys; health stays open."""
    assert asked(world.url, "/_mock/snapshot", host) == status
    assert asked(world.url, "/_mock/health", host) == 200


def test_a_configured_name_is_an_own_one() -> None:
    """Behind a public URL its host is served, and worlds have no port that nobody could reach."""
    with Server(Config(port=0, public_url="https://mock.ci.example")) as server:
        local = f"http://127.0.0.1:{server.port}"
        assert asked(local, "/_mock/snapshot", "mock.ci.example") == 200
        with Mockspaces(local) as mock:
            opened = mock.call("POST", "/worlds", {})
            assert opened["urls"]["port"] is None
            assert opened["urls"]["prefix"]["api"].startswith("https://mock.ci.example/w/")


def test_both_loopback_addresses_are_served(server: Server, world: Mockspaces) -> None:
    """Whatever localhost means to a client, it reaches the mock, and its worlds too."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        pytest.skip("this machine has no IPv6")
    for port in (server.port, urlsplit(world.url).port):
        for host in ("127.0.0.1", "[::1]"):
            raw = Raw(f"http://{host}:{port}", b"GET /health HTTP/1.1\r\nHost: x\r\n\r\n")
            assert raw.answer().status == 200
            raw.close()


def test_an_empty_host_is_refused() -> None:
    """It would mean all addresses, and a URL without a host."""
    with pytest.raises(ValueError, match="--host"):
        Config(host="")


def test_health_follows_the_variables(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """The check of a container asks where its server listens."""
    served = serve("--host", "127.0.0.2")
    monkeypatch.setenv("MOCKSPACES_HOST", "127.0.0.2")
    monkeypatch.setenv("MOCKSPACES_PORT", str(urlsplit(served.url).port))
    asking = subprocess.run([*loaded("mockspaces"), "health"], check=False, capture_output=True, text=True, timeout=10)
    assert (asking.returncode, asking.stdout) == (0, "ok\n"), asking.stderr


LIMITED = """
import resource
resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
from mockspaces.client import Mockspaces
from mockspaces.server import Server
with Server() as server, Mockspaces(server.url) as mock:
    opened = [mock.call("POST", "/worlds", {"seed": "empty"})["urls"] for _ in range(200)]
    print(sum(urls["port"] is not None for urls in opened), mock.call("GET", "/health")["status"])
"""


def test_worlds_without_files_go_by_the_prefix() -> None:
    """Where a process may not open many files, worlds leave some to connections."""
    asking = subprocess.run([sys.executable, "-c", LIMITED], check=False, capture_output=True, text=True, timeout=60)
    ports, status = asking.stdout.split()
    assert (status, asking.stderr) == ("ok", "")
    assert 0 < int(ports) < 64


def test_a_named_port_that_was_taken_is_tried_again(serve: Serve) -> None:
    """A port that somebody else has for a while is not lost."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        served = serve("--world-ports", str(port))
        with Mockspaces(served.url) as mock:
            assert mock.call("POST", "/worlds", {})["urls"]["port"] is None
            other.close()
            assert f":{port}/" in mock.call("POST", "/worlds", {})["urls"]["port"]["api"]


def test_a_refusal_is_one_line_of_the_log(serve: Serve) -> None:
    """At the default level the log tells what was refused, with its why, and nothing else."""
    served = serve()
    for line in (b"GET /health HTTP/1.1", b"GET /api/users/me HTTP/1.1", b"get / HTTP/1.1"):
        raw = Raw(served.url, line + b"\r\nHost: x\r\n\r\n")
        raw.answer()
        raw.close()
    code, _out, err = served.end()
    lines = [line.partition("mockspaces.access: ")[2] for line in err.splitlines()]
    assert code == 0
    assert len(lines) == 2
    assert lines[0].startswith("GET /api/users/me 401 auth.credential_missing: ")
    assert lines[1].startswith("get / 400 request.invalid: methods are in capitals")


@pytest.mark.parametrize(
    ("path", "body", "words"),
    [
        ("/api/files/getdownloadurl", {"fileKeys": ["x"] * 1001}, "fileKeys: at most 1000"),
        (
            "/api/spaces/{space}/chats",
            {"content": {"bodyText": "x", "data": [{"fileId": "x"}] * 101}},
            "content.data: at most 100",
        ),
        ("/api/spaces/{space}/chats", {"content": {"bodyText": "x"}, "more": [[]] * 20_001}, "more than 20000 arrays"),
    ],
)
def test_lists_have_a_bound(world: Mockspaces, connect: Connect, path: str, body: object, words: str) -> None:
    """What would hold up everybody is refused by name before any work begins."""
    token = world.token("cleo@example.com")
    space = world.call("POST", "/spaces", {"title": "Room", "owner": "cleo@example.com"})["_id"]
    sent = json.dumps(body).encode()
    head = f"POST {path.format(space=space)} HTTP/1.1\r\nHost: x\r\nAuthorization: bearer {token}\r\n"
    raw = connect(f"{head}Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent)
    assert words in json.loads(raw.answer().body)["message"]


def test_brackets_in_a_text_are_no_arrays(world: Mockspaces, connect: Connect) -> None:
    """A text may have as many brackets as it likes."""
    token = world.token("cleo@example.com")
    space = world.call("POST", "/spaces", {"title": "Room", "owner": "cleo@example.com"})["_id"]
    sent = json.dumps({"content": {"bodyText": '[{"' * 10_001}}).encode()
    head = f"POST /api/spaces/{space}/chats HTTP/1.1\r\nHost: x\r\nAuthorization: bearer {token}\r\n"
    raw = connect(f"{head}Content-Type: application/json\r\nContent-Length: {len(sent)}\r\n\r\n".encode() + sent)
    assert raw.answer().status == 200


def test_forms_and_patterns_have_a_bound(world: Mockspaces, connect: Connect) -> None:
    """The same for escapes in a form, and for the path of a planned fault."""
    sent = b"grant_type=" + b"%41" * 50_001
    head = b"POST /oauth2/access_token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\n"
    raw = connect(head + b"Content-Length: %d\r\n\r\n" % len(sent) + sent)
    assert raw.answer().status == 400
    assert "more than 50000 escapes" in world.journal.last(status=400).why
    with pytest.raises(ControlError, match=r"match\.path: at most 500"):
        world.call("POST", "/faults", {"match": {"path": "[" * 501}, "action": {"status": 500}})


def test_a_world_with_a_listening_socket_is_not_idle(opener: Mockspaces, connect: Connect) -> None:
    """Whoever waits to be told something uses the world, however short its time to live is."""
    world = opener.open_world(ttl=0.2)
    try:
        token = world.token("cleo@example.com").encode()
        path = b"/socket.io/?EIO=3&transport=websocket&tokenType=oauth&token=" + token
        raw = connect(handshake(path=path) + text(b"40/chat,"), url=world.url)
        raw.until(b"40/chat")
        time.sleep(0.4)
        opener.open_world().drop()  # which looks for idle ones
        assert world.call("GET", "")["counts"]["sockets"] == 1
        raw.close()
        time.sleep(0.4)
        opener.open_world().drop()
        assert world.name not in {one["name"] for one in opener.call("GET", "/worlds")["data"]}
    finally:
        world.close()
