"""The HTTP clients that people really use: what each sends arrives, and what is answered too."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mockspaces.client import Mockspaces
from tests.conftest import require
from tests.environments.conftest import made

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
# `MOCKSPACES_IDLE_MS=70000` tries what needs more patience than a run of all tests has; how long
# the server itself keeps a connection is in test_http.
IDLE_MS = os.environ.get("MOCKSPACES_IDLE_MS", "1000")
RIGHT = [
    "form 401",  # 400 without its body
    "json 200",
    "chunked 200",
    "slow 200",
    "refused 413",
    "accepted 401",
    "parallel 60",
    "reuse 200",
]


@pytest.mark.parametrize(
    ("tool", "program", "kind"),
    [
        ("java", "Client.java", "modern"),
        ("java", "Client.java", "classic"),
        ("node", "client.mjs", "fetch"),
        ("node", "client.mjs", "alive"),
        ("node", "client.mjs", "closing"),
        (sys.executable, "client.py", "urllib"),
        (sys.executable, "client.py", "requests"),
        (sys.executable, "client.py", "httpx"),
        (sys.executable, "client.py", "aiohttp"),  # in an environment of its own: nothing else here needs it
    ],
)
def test_a_client_gets_its_answers(world: Mockspaces, tool: str, program: str, kind: str) -> None:
    """Forms, JSON, chunks, large bodies refused and taken, slow ones, sixty at once, and a connection that was idle."""
    tool = str(made("aiohttp")) if kind == "aiohttp" else require(tool)
    command = [tool, str(PROGRAMS / program), world.url, world.token("cleo@example.com"), IDLE_MS, kind]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=150)
    assert done.stdout.splitlines() == RIGHT, done.stderr


@pytest.mark.parametrize("options", [[], ["--http2"], ["--http1.0"], ["--http1.1"], ["-H", "Connection: close"]])
@pytest.mark.parametrize("chunked", [False, True])
def test_curl_gets_its_answers(world: Mockspaces, options: list[str], *, chunked: bool) -> None:
    """Whatever version curl speaks or offers, its body arrives."""
    if chunked and "--http1.0" in options:
        pytest.skip("HTTP/1.0 has no chunks")
    lines = ["-H", "Transfer-Encoding: chunked"] if chunked else []
    command = [
        require("curl"),
        "-sS",
        *options,
        *lines,
        "-d",
        "grant_type=nonsense",
        "-o",
        "/dev/null",
        "-w",
        "%{http_code}",
    ]
    url = f"{world.url}/oauth2/access_token"
    done = subprocess.run([*command, url], check=False, capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("401", "")
