"""Three workers behind a real balancer, with the files of deploy/workers: no request needs a certain worker."""

import contextlib
import os
import re
import subprocess
import time
from collections.abc import Callable, Iterator
from http.client import HTTPException
from pathlib import Path
from typing import NamedTuple

import pytest

from contract_tests.sockets import Chat
from mockspaces.client import Mockspaces
from tests.changelog.servers import RedisServer, free_port
from tests.changelog.test_processes import Caller, socket_url
from tests.conftest import ROOT, SOON_S, Serve, Served, require

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_interpreter")]

FILES = ROOT / "deploy" / "workers"
PERSON = "cleo@example.com"
IDLE = "MOCKSPACES_IDLE_MS"
IDLE_S = int(os.environ.get(IDLE, "1000")) / 1000


def nginx(config: Path, folder: Path) -> list[str]:
    """Return the command; its files are in a folder."""
    own = "".join(f"{name}_temp_path {folder}/{name};" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    config.write_text(config.read_text().replace("http {", f"http {{ access_log off; {own}", 1))
    return [
        require("nginx"),
        "-c",
        str(config),
        "-p",
        str(folder),
        "-g",
        f"daemon off; pid {folder}/pid;",
        "-e",
        "stderr",
    ]


def haproxy(config: Path, folder: Path) -> list[str]:
    """Return the command."""
    return [require("haproxy"), "-db", "-f", str(config)]


class Balanced(NamedTuple):
    """A balancer with its workers."""

    url: str
    workers: list[Served]
    start: Callable[[int], Served]


@pytest.fixture(params=["nginx.conf", "haproxy.cfg"])
def balanced(
    request: pytest.FixtureRequest,
    serve: Serve,
    redis_server: RedisServer,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Balanced]:
    """Three workers and a balancer, which finds them on this machine and not by the names of the example."""
    monkeypatch.delenv(IDLE, raising=False)  # no option of the mock
    redis_server.asked().flushall()
    port, ports = free_port(), [free_port() for _ in range(3)]
    url = f"http://127.0.0.1:{port}"

    def start(number: int) -> Served:
        options = ("--log", redis_server.url, "--log-prefix", "balanced", "--public-url", url)
        return serve("--port", str(ports[number]), *options)

    workers = [start(number) for number in range(3)]
    text = re.sub(
        r"worker-(\d):8080", lambda found: f"127.0.0.1:{ports[int(found[1]) - 1]}", (FILES / request.param).read_text()
    )
    config = tmp_path / request.param
    config.write_text(re.sub(r"(listen |bind :)8080", rf"\g<1>{port}", text))
    command = {"nginx.conf": nginx, "haproxy.cfg": haproxy}[request.param](config, tmp_path)
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        _await_answer(url, process)
        yield Balanced(url, workers, start)
        process.terminate()


def _await_answer(url: str, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + SOON_S
    while time.monotonic() < until:
        assert process.poll() is None, "the balancer has ended"
        with contextlib.suppress(OSError, HTTPException), Mockspaces(url) as mock:
            mock.call("GET", "/health")
            return
        time.sleep(0.05)


def said(url: str, token: str, space: str, text: str) -> int:
    """Post a message on a connection of its own; return the status."""
    with contextlib.closing(Caller(url, token)) as caller:
        return caller.post(f"/api/spaces/{space}/chats", {"content": {"bodyText": text}})[0]


def test_sockets_hear_what_other_connections_post(balanced: Balanced) -> None:
    """WebSockets pass, stay open while nothing is said, and each hears each message once, in one order."""
    mock = Mockspaces(balanced.url)
    token, space = mock.token(PERSON), mock.space("Room", owner=PERSON).id
    chats = [Chat(socket_url(balanced.url, token)) for _ in range(6)]
    for chat in chats:
        chat.join()
        chat.subscribe(space)
    time.sleep(IDLE_S)
    texts = [f"message {number}" for number in range(9)]
    assert [said(balanced.url, token, space, text) for text in texts] == [200] * len(texts)
    for chat in chats:
        heard = [chat.hear() for _ in texts]
        assert [(name, told["content"]["bodyText"]) for name, told in heard] == [
            ("MESSAGE_SENT", text) for text in texts
        ]
        chat.close()


def test_a_worker_is_replaced_behind_a_balancer(balanced: Balanced) -> None:
    """Whoever posts on new connections is answered while each worker in turn ends and another one takes its place."""
    mock = Mockspaces(balanced.url)
    token, space = mock.token(PERSON), mock.space("Room", owner=PERSON).id
    sent = []
    for number, worker in enumerate(balanced.workers):
        for part in ("before", "after"):
            for turn in range(6):
                sent.append(f"{number} {part} {turn}")
                assert said(balanced.url, token, space, sent[-1]) == 200
            if part == "before":
                assert worker.end()[0] == 0
        balanced.start(number)
    assert [one.text for one in mock.messages(space=space)] == sent
