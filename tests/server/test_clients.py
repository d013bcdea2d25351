"""The HTTP clients that people really use: what each sends arrives, and what is answered too."""

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mockspaces.client import Mockspaces
from tests.conftest import require
from tests.environments.conftest import made

pytestmark = pytest.mark.slow

PROGRAMS = Path(__file__).parent / "programs"
# `MOCKSPACES_IDLE_MS=70000` tries what needs more patience than a run of all tests has; how long
# the server itself keeps a connection is in test_http.
IDLE_MS = int(os.environ.get("MOCKSPACES_IDLE_MS", "5000"))
CLIENTS = (
    ("java", "Client.java", "modern"),
    ("java", "Client.java", "classic"),
    ("node", "client.mjs", "fetch"),
    ("node", "client.mjs", "alive"),
    ("node", "client.mjs", "closing"),
    (sys.executable, "client.py", "urllib"),
    (sys.executable, "client.py", "requests"),
    (sys.executable, "client.py", "httpx"),
    (sys.executable, "client.py", "aiohttp"),  # in an environment of its own: nothing else here needs it
)
CURL_WAYS = (["--http2"], ["--http1.0"], ["--http1.1"], ["-H", "Connection: close"])
PARTS = (b'{"topic":', b'{"title":', b'"Room"}}')
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


def command(world: Mockspaces, tool: str, program: str, kind: str, idle_ms: int) -> list[str]:
    """Return how to start a client."""
    tool = str(made("aiohttp")) if kind == "aiohttp" else require(tool)
    return [tool, str(PROGRAMS / program), world.url, world.token("cleo@example.com"), str(idle_ms), kind]


@pytest.mark.parametrize(("tool", "program", "kind"), CLIENTS)
def test_a_client_gets_its_answers(world: Mockspaces, tool: str, program: str, kind: str) -> None:
    """Forms, JSON, chunks, large bodies refused and taken, slow ones, sixty at once, and a connection that was idle."""
    started = command(world, tool, program, kind, 100)
    done = subprocess.run(started, check=False, capture_output=True, text=True, timeout=150)
    assert done.stdout.splitlines() == RIGHT, done.stderr


def test_an_idle_connection_is_used_again(world: Mockspaces) -> None:
    """Whoever asks again after the usual interval of polling, or just before the idle timeout, loses no call."""
    started = [command(world, *client, IDLE_MS) for client in CLIENTS]
    processes = [subprocess.Popen(one, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for one in started]
    ended = [(process.args, *process.communicate(timeout=150 + IDLE_MS / 1000)) for process in processes]  # all at once
    assert [one for one in ended if one[1].splitlines() != RIGHT] == []


@pytest.mark.parametrize("options", [[], *CURL_WAYS])
@pytest.mark.parametrize("chunked", [False, True])
def test_curl_gets_its_answers(world: Mockspaces, options: list[str], *, chunked: bool) -> None:
    """Whatever version curl speaks or offers, its body arrives."""
    if chunked and "--http1.0" in options:
        pytest.skip("HTTP/1.0 has no chunks")
    lines = ["-H", "Transfer-Encoding: chunked"] if chunked else []
    curl = [
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
    done = subprocess.run([*curl, url], check=False, capture_output=True, text=True, timeout=20)
    assert (done.stdout, done.stderr) == ("401", "")


def curl(*words: str, sent: bytes = b"") -> list[str]:
    """Return the statuses that curl was answered with."""
    command = [require("curl"), "-sS", "-o", "/dev/null", "-w", "%{http_code}\n", *words]
    done = subprocess.run(command, check=False, capture_output=True, input=sent, timeout=60)
    assert done.stderr == b""
    return done.stdout.decode().split()


@pytest.mark.parametrize("way", CURL_WAYS)
def test_curl_sends_small_and_large(world: Mockspaces, way: list[str]) -> None:
    """JSON is carried out; a large form that may be is read to its end, and one that is too large is refused."""
    person = ["-H", f"Authorization: bearer {world.token('cleo@example.com')}", "-H", "Content-Type: application/json"]
    assert curl(*way, *person, "-d", '{"topic":{"title":"Room"}}', f"{world.url}/api/spaces/invite") == ["200"]
    form = [*way, "-H", "Expect:", "--data-binary", "@-", f"{world.url}/oauth2/access_token"]
    assert curl(*form, sent=b"grant_type=nonsense&a=" + b"x" * (4 << 20)) == ["401"]
    assert curl(*form, sent=b"a=" + b"x" * (6 << 20)) == ["413"]


@pytest.mark.parametrize("way", CURL_WAYS)
def test_sixty_calls_of_curl_at_once(world: Mockspaces, way: list[str]) -> None:
    """All of them are answered."""
    urls = [word for number in range(60) for word in ("-o", "/dev/null", f"{world.url}/health?{number}")]
    assert curl(*way, "--no-progress-meter", "--parallel", "--parallel-max", "60", *urls) == ["200"] * 60


@pytest.mark.parametrize("way", CURL_WAYS)
def test_curl_sends_slowly(world: Mockspaces, way: list[str]) -> None:
    """A body of a length that was told is waited for, however slowly it comes."""
    form = [*way, "-H", "Expect:", "--data-binary", "@-", f"{world.url}/oauth2/access_token"]
    began = time.monotonic()
    assert curl("--limit-rate", "100K", *form, sent=b"grant_type=nonsense&a=" + b"x" * 150_000) == ["401"]
    assert time.monotonic() - began > 0.5


@pytest.mark.parametrize("way", [way for way in CURL_WAYS if "--http1.0" not in way])  # which has no chunks
def test_curl_sends_chunks_slowly(world: Mockspaces, way: list[str]) -> None:
    """A body that comes piece by piece is waited for."""
    lines = ["-H", f"Authorization: bearer {world.token('cleo@example.com')}", "-H", "Content-Type: application/json"]
    send = [require("curl"), "-sS", *way, *lines, "-X", "POST", "-T", "-", "-o", "/dev/null"]
    with subprocess.Popen(
        [*send, "-w", "%{http_code}", f"{world.url}/api/spaces/invite"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as started:
        assert started.stdin
        for part in PARTS:
            started.stdin.write(part)
            started.stdin.flush()
            time.sleep(0.15)
        assert started.communicate(timeout=20)[0] == b"200"


@pytest.mark.parametrize("version", ["--http2", "--http1.1"])
def test_curl_uses_an_idle_connection_again(world: Mockspaces, version: str) -> None:
    """The second call goes over the connection of the first; HTTP/1.0 and ``Connection: close`` keep none."""
    calls = ["-o", "/dev/null", f"{world.url}/health"] * 2
    told = ["--rate", f"{3_600_000 // IDLE_MS}/h", "-w", "%{http_code} %{num_connects}\n"]
    command = [require("curl"), "-sS", version, *told, *calls]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60 + IDLE_MS / 1000)
    assert (done.stdout.split(), done.stderr) == (["200", "1", "200", "0"], "")
