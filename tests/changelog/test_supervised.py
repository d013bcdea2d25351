"""One cloud of workers behind one port, started by one command: their replacement loses nothing and refuses nobody."""

import contextlib
import os
import signal
import threading
from collections.abc import Iterator
from itertools import count
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed

from contract_tests.sockets import Chat
from mockspaces.client import Mockspaces
from tests.changelog.servers import RedisServer
from tests.changelog.test_processes import Caller, socket_url
from tests.conftest import Serve, Served

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_interpreter")]

PERSON = "cleo@example.com"
WORKERS, SOCKETS = 2, 16
SERVICE_RESTART = 1012


@pytest.fixture
def served(serve: Serve, redis_server: RedisServer) -> Served:
    """A supervisor of two workers, with a log of their own."""
    redis_server.asked().flushall()
    options = ("--log", redis_server.url, "--log-prefix", "workers", "--workers", str(WORKERS), "--log-level", "info")
    return serve(*options)


def told(served: Served, count: int) -> Iterator[tuple[int, str]]:
    """Yield what happens to workers, each time with its number."""
    assert served.process.stderr
    seen = 0
    for line in served.process.stderr:
        _, _, rest = line.partition("mockspaces: worker ")
        if rest:
            number, _, what = rest.strip().partition(" ")
            yield int(number), what
            seen += 1
        if seen == count:
            return


def test_replaced_workers_refuse_nobody_and_lose_nothing(served: Served) -> None:
    """While all workers are replaced each call is answered; afterwards each message is there once, by any worker."""
    mock = Mockspaces(served.url)
    token = mock.token(PERSON)
    space = mock.space("Room", owner=PERSON).id
    done, sent, problems = threading.Event(), list[str](), list[Any]()

    def write(name: str) -> None:
        for number in count():
            if done.is_set():
                return
            text = f"{name}-{number}"
            with contextlib.closing(Caller(served.url, token)) as caller:
                status, body = caller.post(f"/api/spaces/{space}/chats", {"content": {"bodyText": text}})
            sent.append(text)
            if status != 200:
                problems.append((status, body))

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    old = {number for number, _ in told(served, WORKERS)}
    for thread in threads:
        thread.start()
    served.process.send_signal(signal.SIGHUP)
    changes = list(told(served, 2 * WORKERS))
    done.set()
    for thread in threads:
        thread.join()
    assert {number for number, what in changes if what == "has ended with exit code 0"} == old
    assert problems == []
    for _ in range(2 * WORKERS):  # by other workers, as it comes
        shown = [one.text for one in Mockspaces(served.url).messages(space=space)]
        assert sorted(shown) == sorted(sent)


def test_a_worker_that_ends_tells_its_sockets_to_go(served: Served) -> None:
    """Those of other workers stay, and hear what is said after it."""
    first, _ = [number for number, _ in told(served, WORKERS)]
    mock = Mockspaces(served.url)
    url, space = socket_url(served.url, mock.token(PERSON)), mock.space("Room", owner=PERSON)
    chats = [Chat(url) for _ in range(SOCKETS)]
    for chat in chats:
        chat.join()
        chat.subscribe(space.id)
    os.kill(first, signal.SIGTERM)
    (number, _), _ = told(served, 2)
    assert number == first
    mock.message(space, "still there?", username=PERSON)
    heard, ended = 0, list[int]()
    for chat in chats:
        try:
            heard += chat.hear()[0] == "MESSAGE_SENT"
        except ConnectionClosed as end:
            ended.append(end.rcvd.code if end.rcvd else 0)
        chat.close()
    assert ended == [SERVICE_RESTART] * len(ended)
    assert heard + len(ended) == SOCKETS
    assert heard
    assert ended
