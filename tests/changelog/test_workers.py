"""Several real workers of one cloud: sockets on one hear what is done on another, and what is left when one dies."""

import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest

from contract_tests.kit import settled
from contract_tests.sockets import Chat
from mockspaces.client import Mockspaces
from tests.changelog.servers import RedisServer, free_port
from tests.changelog.test_processes import PERSON, Caller, socket_url
from tests.conftest import SOON_S, Serve, Served

PUBLIC = "http://127.0.0.1:1"  # of a balancer, if there were one
pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_interpreter")]


@pytest.fixture
def workers(serve: Serve, other_server: Callable[..., RedisServer]) -> list[Served]:
    """Three of them, each reached by itself."""
    server, found = other_server(), []
    for _ in range(3):
        port = free_port()
        started = serve("--log", server.url, "--public-url", PUBLIC, "--port", str(port), "--log-level", "error")
        found.append(Served(started.process, f"http://127.0.0.1:{port}"))
    return found


def test_sockets_hear_what_is_done_on_other_workers(workers: list[Served]) -> None:
    """Messages come once and in their order, whichever worker has stored them, also one that has no socket itself."""
    with ExitStack() as closed:
        mocks = [closed.enter_context(Mockspaces(one.url)) for one in workers]
        token = mocks[0].token(PERSON)
        space = mocks[1].space("Room", owner=PERSON)
        chats = [closed.enter_context(Chat(socket_url(one.url, token))) for one in workers[:2]]
        for chat in chats:
            chat.join()
            chat.subscribe(space.id)
        callers = [Caller(one.url, token) for one in workers]
        for number in range(9):
            caller = callers[-(number % 3) - 1]
            assert caller.post(f"/api/spaces/{space.id}/chats", {"content": {"bodyText": str(number)}})[0] == 200
        for caller in callers:
            caller.close()
        for chat in chats:
            assert [chat.hear()[1]["content"]["bodyText"] for _ in range(9)] == list(map(str, range(9)))


def beside_one_who_is_online(workers: list[Served], closed: ExitStack) -> tuple[Chat, Mockspaces]:
    """Return a socket on the second worker, which knows that one on the first is online, and a client of the third."""
    mocks = [closed.enter_context(Mockspaces(one.url)) for one in workers]
    token = mocks[0].token(PERSON)
    space = mocks[0].space("Room", owner=PERSON)
    online, stays = (closed.enter_context(Chat(socket_url(one.url, token))) for one in workers[:2])
    for chat in (online, stays):
        chat.join()
        chat.subscribe(space.id)
    online.emit("SEND_PRESENCE_EVENT", {"category": "app.event.presence.party.online", "topicId": space.id})
    assert stays.hear()[1]["category"] == "app.event.presence.party.online"
    return stays, mocks[2]


def test_who_was_on_a_worker_that_died_has_left(workers: list[Served]) -> None:
    """Some seconds after a worker was killed its sockets are gone for the others, who are told that they left."""
    with ExitStack() as closed:
        stays, mock = beside_one_who_is_online(workers, closed)
        workers[0].process.kill()
        until = time.monotonic() + SOON_S
        while mock.call("GET", "")["counts"]["sockets"] == 2:
            assert time.monotonic() < until
            time.sleep(0.05)
        assert stays.hear()[1]["category"] == "app.event.presence.party.leaves"


def test_who_was_on_a_worker_that_ends_has_left_at_once(workers: list[Served]) -> None:
    """A worker that is told to end tells the sockets of others that its own have left, before it is gone."""
    with ExitStack() as closed:
        stays, mock = beside_one_who_is_online(workers, closed)
        workers[0].process.terminate()
        assert stays.hear()[1]["category"] == "app.event.presence.party.leaves"
        assert workers[0].process.wait(SOON_S) == 0
        assert mock.call("GET", "")["counts"]["sockets"] == 1


def test_room_for_an_upload_is_taken_everywhere_and_free_when_its_worker_died(workers: list[Served]) -> None:
    """While one worker reads a file the others have less room, until it has the file, or is killed."""
    with ExitStack() as closed:
        mocks = [closed.enter_context(Mockspaces(one.url)) for one in workers]
        mocks[0].settings(files_max_bytes=12)
        caller = Caller(workers[0].url, mocks[0].token(PERSON))
        closed.callback(caller.close)
        files = [{"Content-Type": "text/plain", "Content-Length": size} for size in (8, 5)]
        _, made = caller.post("/api/files/getuploadurl", {"files": files})
        slow, other = (one["url"].removeprefix(PUBLIC) for one in made["data"])
        place = urlsplit(workers[0].url)
        upload = closed.enter_context(socket.create_connection((place.hostname, place.port), SOON_S))
        head = f"PUT {slow} HTTP/1.1\r\nHost: x\r\nContent-Type: text/plain\r\nContent-Length: 8\r\n\r\nhell"

        def put(text: bytes) -> int:
            headers = {"content-type": "text/plain"}
            return httpx.put(f"{workers[1].url}{other}", content=text, headers=headers).status_code

        upload.sendall(head.encode())
        assert settled(lambda: put(b"of another size"), 413) == 413
        workers[0].process.kill()
        assert settled(lambda: put(b"hello"), 200) == 200


def test_a_ping_is_answered_behind_what_was_acknowledged_before_it(workers: list[Served]) -> None:
    """Whatever another worker has acknowledged a socket has been told when its next ping is answered."""
    with ExitStack() as closed:
        mock = closed.enter_context(Mockspaces(workers[0].url))
        token, space = mock.token(PERSON), mock.space("Room", owner=PERSON)
        chat = closed.enter_context(Chat(socket_url(workers[1].url, token)))
        chat.join()
        chat.subscribe(space.id)
        caller = Caller(workers[0].url, token)
        closed.callback(caller.close)
        for _ in range(30):
            assert caller.post(f"/api/spaces/{space.id}/chats", {"content": {"bodyText": "hi"}})[0] == 200
            assert len(chat.said("MESSAGE_SENT")) == 1


def test_a_socket_is_closed_by_a_call_to_another_worker(workers: list[Served]) -> None:
    """The worker that has the socket closes it in the way that was asked for, and says that it is gone."""
    with ExitStack() as closed:
        mocks = [closed.enter_context(Mockspaces(one.url)) for one in workers]
        chat = closed.enter_context(Chat(socket_url(workers[0].url, mocks[0].token(PERSON))))
        chat.join()
        mocks[1].call("POST", "/sockets/close", {"how": "namespace"})
        assert str(chat.receive()).startswith("41/chat")
        assert str(chat.join()).startswith("40/chat")
        mocks[2].call("POST", "/sockets/close", {"how": "idle"})
        assert chat.end()[1] == 1000


def test_a_worker_that_was_taken_for_dead_lets_its_sockets_go(workers: list[Served]) -> None:
    """Sockets of a worker that stood still until others had ended their connections are closed when it goes on."""
    with ExitStack() as closed:
        mocks = [closed.enter_context(Mockspaces(one.url)) for one in workers]
        chat = closed.enter_context(Chat(socket_url(workers[0].url, mocks[0].token(PERSON))))
        chat.join()
        workers[0].process.send_signal(signal.SIGSTOP)
        closed.callback(workers[0].process.send_signal, signal.SIGCONT)
        until = time.monotonic() + 3 * SOON_S  # its lease, and the first one is longer
        while mocks[1].call("GET", "")["counts"]["sockets"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        workers[0].process.send_signal(signal.SIGCONT)
        assert chat.end()[1] == 1000


def test_a_world_is_reached_on_every_worker(workers: list[Served]) -> None:
    """A world that one worker has opened answers on the others, by path and by namespace, until one drops it."""
    with ExitStack() as closed:
        mocks = [closed.enter_context(Mockspaces(one.url)) for one in workers]
        mocks[0].call("POST", "/worlds", {"name": "shared"})
        world = closed.enter_context(Mockspaces(f"{workers[1].url}/w/shared"))
        token = world.token(PERSON)
        chat = closed.enter_context(Chat(socket_url(workers[2].url, token), namespace="/w/shared/chat"))
        assert str(chat.join()).startswith("40/w/shared/chat")
        mocks[0].call("DELETE", "/worlds/shared")
        for one in mocks:
            assert [found["name"] for found in one.call("GET", "/worlds")["data"]] == ["default"]
