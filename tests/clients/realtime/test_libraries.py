"""The client libraries that real applications use, each through the same scenario against the running server."""

import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jwt
import pytest

from mockspaces.client import Mockspaces
from mockspaces.server import Server
from tests.conftest import installed

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
PYTHON_4 = HERE / ".venv" / "bin" / "python"
GUIDE = HERE.parents[2] / "docs" / "realtime.md"
ADDRESS = "http://localhost:8080"
JAVASCRIPT = ("1.7.3", "2.0.4", "2.5.0", "4")
STEPS = [
    "refused",
    "connected with jwt",
    "connected with oauth",
    "connected with service_app",
    "subscribed",
    "chatted both ways",
    "present",
    "binary returned",
    "acknowledged",
    "survived",
    "reconnected",
    "unsubscribed",
    "disconnected",
]
INTERVAL_MS, TIMEOUT_MS = 500, 1000  # a busy machine must not be taken for a dead client


@pytest.fixture(scope="module")
def mock() -> Iterator[Mockspaces]:
    """One server for all libraries."""
    with Server() as running, Mockspaces(running.url) as client:
        yield client


@pytest.fixture
def world(mock: Mockspaces) -> Iterator[Mockspaces]:
    """A world with impatient heartbeats."""
    opened = mock.open_world()
    settings = {"socket.ping_interval_ms": INTERVAL_MS, "socket.ping_timeout_ms": TIMEOUT_MS}
    opened.call("PATCH", "/settings", settings)
    yield opened
    opened.drop()


def prepared(world: Mockspaces) -> dict[str, Any]:
    """Return what a scenario needs: a space, and a credential of each kind."""
    ann = world.call("POST", "/users", {"username": "zoe@example.com"})
    space = world.call(
        "POST", "/spaces", {"title": "Room", "owner": ann["username"], "settings": {"memberOnly": False}}
    )
    credentials = [
        {
            "token": world.call("POST", "/tokens", {"username": ann["username"], "kind": kind})["token"],
            "tokenType": kind,
        }
        for kind in ("jwt", "oauth")
    ]
    key = world.call("POST", "/service-apps", {"scopes": ["spaces.websocket"], "company": "Example"})["key"]
    claims = {"iss": key["iss"], "sub": key["sub"], "aud": "spaces.avayacloud.com", "exp": int(time.time()) + 600}
    signed = jwt.encode(claims, key["private_key"], "RS256", headers={"kid": key["kid"]})
    credentials.append({"token": signed, "tokenType": "service_app"})
    return {"space": space["_id"], "credentials": credentials, "idle": INTERVAL_MS + TIMEOUT_MS + 500}


def run(command: list[str], options: dict[str, Any]) -> list[str]:
    """Run a scenario and return its steps; what it complains about is shown."""
    ended = subprocess.run(
        [*command, json.dumps(options)], cwd=HERE, capture_output=True, text=True, timeout=60, check=False
    )
    steps = [json.loads(line) for line in ended.stdout.splitlines()]
    assert ended.returncode == 0, f"after {steps[-1:]}: {ended.stderr}"
    return steps


@pytest.mark.needs("node")
@pytest.mark.parametrize("place", ["port", "prefix"])
@pytest.mark.parametrize("version", JAVASCRIPT)
def test_javascript(world: Mockspaces, version: str, place: str) -> None:
    """Each JavaScript library goes through every step, at a world's own port and by prefix without a path option."""
    library = f"socket.io-client-{version}"
    installed(MODULES / library)
    urls = world.call("GET", "")["urls"]
    base = urls["socket"] if place == "port" else _prefix(world)["socket"]
    options = {**prepared(world), "url": f"{base}/chat", "control": urls["control"]}
    assert run(["node", "scenario.js", library], options) == STEPS
    _nobody_left(world)


@pytest.mark.parametrize("place", ["port", "prefix"])
@pytest.mark.parametrize("version", ["4.6.1", "5"])
def test_python(world: Mockspaces, version: str, place: str) -> None:
    """Both lines of python-socketio go through every step, at a world's own port and by the path of a prefix."""
    python = Path(sys.executable) if version == "5" else PYTHON_4
    installed(python)
    urls = world.call("GET", "")["urls"]
    reached = urls if place == "port" else _prefix(world)
    origin = "/".join(reached["socket"].split("/")[:3])
    options = {**prepared(world), "url": origin, "path": reached["socketio_path"], "control": urls["control"]}
    assert run([str(python), "scenario.py"], options) == STEPS
    _nobody_left(world)


def block(use: str) -> str:
    """Return the code of the guide for a library."""
    found = re.search(rf"^```\w+ use={use}\n(.*?)^```$", GUIDE.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert found
    return found[1]


@pytest.mark.needs("node")
@pytest.mark.parametrize("version", JAVASCRIPT)
def test_the_guide_for_javascript(world: Mockspaces, version: str) -> None:
    """What the guide shows for each JavaScript library connects as it stands, but for address and token."""
    library = f"socket.io-client-{version}"
    installed(MODULES / library)
    given = f"const io = require('{library}');\nconst token = '{prepared(world)['credentials'][0]['token']}';\n"
    code = block("old" if version[0] in "12" else "new").replace(ADDRESS, world.url)
    ending = "socket.on('connect', () => { console.log('\"connected\"'); socket.close(); });\n"
    assert run(["node", "-e", given + code + ending], {}) == ["connected"]


def test_the_guide_for_python_4(world: Mockspaces) -> None:
    """What the guide shows for python-socketio 4 connects as it stands, but for address and token."""
    installed(PYTHON_4)
    given = f"import socketio\ntoken = '{prepared(world)['credentials'][0]['token']}'\n"
    code = block("python4").replace(ADDRESS, world.url)
    ending = """client.on("connect", lambda: print('"connected"', flush=True), namespace="/chat")\n"""
    ending += "client.sleep(0.3)\nclient.disconnect()\n"
    first, rest = code.split("\n", 1)
    listener, leaving = ending.split("\n", 1)
    script = f"{given}{first}\n{listener}\n{rest}{leaving}"
    assert run([str(PYTHON_4), "-c", script], {}) == ["connected"]


def _prefix(world: Mockspaces) -> dict[str, str]:
    worlds = world.call("GET", "/worlds")["data"]
    found: dict[str, str] = next(one["urls"]["prefix"] for one in worlds if one["name"] == world.name)
    return found


def _nobody_left(world: Mockspaces) -> None:
    """A library that has said goodbye leaves no connection, person or subscription behind."""
    deadline = time.monotonic() + 5
    while (counts := world.call("GET", "")["counts"])["sockets"] and time.monotonic() < deadline:
        time.sleep(0.02)
    assert [counts[name] for name in ("sockets", "people", "subscriptions")] == [0, 0, 0]
