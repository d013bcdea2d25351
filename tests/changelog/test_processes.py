"""A process that is killed under load, and one whose disk is full: what was acknowledged is there, each thing once."""

import http.client
import json
import resource
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack, closing
from itertools import count
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import pytest
from websockets.exceptions import ConnectionClosed

from contract_tests.sockets import Chat
from mockspaces.client import Mockspaces
from tests.conftest import SOON_S, Serve, Served

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_interpreter")]

PERSON = "cleo@example.com"
LOAD_S = 1.5
KILLS = 3
WRITERS, TALKERS = 6, 2


class Caller:
    """A connection of somebody to the REST API; an answer that does not come is no answer."""

    def __init__(self, url: str, token: str) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=SOON_S)
        self._headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}

    def close(self) -> None:
        self._connection.close()

    def post(self, path: str, body: object) -> tuple[int, Any]:
        self._connection.request("POST", path, json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        return answer.status, json.loads(answer.read() or b"{}")


def socket_url(url: str, token: str) -> str:
    """Return where somebody connects a socket."""
    query = urlencode({"token": token, "tokenType": "oauth", "EIO": 3, "transport": "websocket"})
    return f"ws://{urlsplit(url).netloc}/socket.io/?{query}"


class Load:
    """Clients that write until their server is gone, and what it acknowledged."""

    def __init__(self, served: Served, token: str, space: str, idea: str) -> None:
        self._url, self._token, self._space, self._idea = served.url, token, space, idea
        self.sent: list[str] = []
        self.acknowledged: list[str] = []
        self.spaces: list[str] = []
        self.problems: list[str] = []
        self._threads = [threading.Thread(target=self._until_gone, args=(self._write,)) for _ in range(WRITERS)]
        self._threads += [threading.Thread(target=self._until_gone, args=(self._talk,)) for _ in range(TALKERS)]
        for thread in self._threads:
            thread.start()

    def wait(self) -> None:
        """Wait until all of them have noticed that the server is gone."""
        for thread in self._threads:
            thread.join(SOON_S)
            assert not thread.is_alive()

    def _until_gone(self, work: Callable[[str], None]) -> None:
        try:
            work(f"{threading.get_ident()} {time.monotonic_ns()}")
        except (OSError, http.client.HTTPException, ConnectionClosed):
            return
        except Exception as problem:  # noqa: BLE001 - the test tells it
            self.problems.append(repr(problem))

    def _write(self, name: str) -> None:
        """Comment on the idea, which counts its comments, and now and then make a space, which is many things."""
        with closing(Caller(self._url, self._token)) as caller:
            self._comment(caller, name)

    def _comment(self, caller: Caller, name: str) -> None:
        for number in count(1):
            text = f"{name} {number}"
            self.sent.append(text)
            body = {"content": {"bodyText": text}, "parentMsg": {"_id": self._idea}}
            assert caller.post(f"/api/spaces/{self._space}/chats", body)[0] == 200
            self.acknowledged.append(text)
            if number % 10 == 0:
                assert caller.post("/api/spaces/invite", {"topic": {"title": text}})[0] == 200
                self.spaces.append(text)

    def _talk(self, name: str) -> None:
        """Send messages by a socket; each is acknowledged when it is heard."""
        with Chat(socket_url(self._url, self._token)) as chat:
            chat.join()
            chat.subscribe(self._space)
            self._say(chat, name)

    def _say(self, chat: Chat, name: str) -> None:
        for number in count(1):
            text = f"{name} {number}"
            self.sent.append(text)
            chat.emit("SEND_MESSAGE", {"category": "chat", "topicId": self._space, "content": {"bodyText": text}})
            while True:
                event, payload = chat.hear()
                if event == "MESSAGE_SENT":
                    self.acknowledged.append(payload["content"]["bodyText"])
                    if payload["content"]["bodyText"] == text:
                        break


def comments(served: Served, token: str, space: str, idea: str) -> int:
    """Return how many comments an idea says that it has."""
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=SOON_S)
    connection.request("GET", f"/api/spaces/{space}/ideas", headers={"Authorization": f"Bearer {token}"})
    found = json.loads(connection.getresponse().read())["data"]
    connection.close()
    return next(int(one["chatCount"]) for one in found if one["_id"] == idea)


def test_a_killed_process_loses_nothing_that_it_acknowledged(serve: Serve, tmp_path: Path) -> None:
    """After each kill under load every acknowledged message and space is there once, and nothing is half there."""
    log = ("--log", f"sqlite://{tmp_path}/mock.db")
    served = serve(*log)
    with Mockspaces(served.url) as mock:
        token = mock.token(PERSON)
        space = mock.space("Load", owner=PERSON)
        idea = mock.message(space, "idea", username=PERSON, category="idea")
        fault = mock.fail("GET /users/me", times=5)
    acknowledged: set[str] = set()
    spaces: set[str] = set()
    for _ in range(KILLS):
        load = Load(served, token, space.id, idea.id)
        time.sleep(LOAD_S)
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
        load.wait()
        assert load.problems == []
        assert len(load.acknowledged) > WRITERS + TALKERS
        acknowledged |= set(load.acknowledged)
        spaces |= set(load.spaces)
        served = serve(*log)
        with Mockspaces(served.url) as mock:
            there = Counter(one.text for one in mock.chats(space=space))
            assert [text for text in sorted(acknowledged) if there[text] != 1] == []
            assert [text for text, times in there.items() if times != 1] == []
            assert comments(served, token, space.id, idea.id) == len(mock.messages(space=space, parent=idea.id))
            made = Counter(one.title for one in mock.spaces())
            assert [title for title in sorted(spaces) if made[title] != 1] == []
            assert all(one.members for one in mock.spaces())
            assert mock.call("GET", "")["counts"]["sockets"] == 0
            assert [one["id"] for one in mock.call("GET", "/faults")["data"]] == [fault.id]


def test_a_full_disk_is_told_and_passes(serve: Serve, tmp_path: Path) -> None:
    """While files cannot grow changes are answered 503 with a why, reads go on, and then all is well by itself."""
    log = ("--log", f"sqlite://{tmp_path}/mock.db")
    served = serve(*log)
    with Mockspaces(served.url) as mock, ExitStack() as closed:
        token = mock.token(PERSON)
        space = mock.space("Full", owner=PERSON)
        caller = Caller(served.url, token)
        closed.callback(caller.close)
        path = f"/api/spaces/{space.id}/chats"
        leaving = closed.enter_context(Chat(socket_url(served.url, token)))
        leaving.join()
        size = (tmp_path / "mock.db-wal").stat().st_size
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (size + 20_000, resource.RLIM_INFINITY))
        answers = [caller.post(path, {"content": {"bodyText": f"{number} {'x' * 3000}"}}) for number in range(20)]
        there = {one.text.partition(" ")[0] for one in mock.chats(space=space)}
        refused = [number for number, (status, _) in enumerate(answers) if status != 200]
        assert refused
        assert {(status, body["code"]) for status, body in answers if status != 200} == {(503, "server.not_stored")}
        assert there == {str(number) for number in range(20)} - set(map(str, refused))
        why = mock.journal.last(status=503).why
        assert "the change log cannot be written, so nothing has changed" in why
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))  # not even a little
        with Chat(socket_url(served.url, token)) as refused_one:
            assert refused_one.join() == '44/chat,"server.not_stored"'
        leaving.close()
        assert mock.call("GET", "")["counts"]["sockets"] == 1  # that they left could not be stored yet
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        assert caller.post(path, {"content": {"bodyText": "again"}})[0] == 200
        until = time.monotonic() + SOON_S
        while mock.call("GET", "")["counts"]["sockets"]:
            assert time.monotonic() < until
            time.sleep(0.05)
        with Chat(socket_url(served.url, token)) as joined:
            assert str(joined.join()).startswith("40/chat")
    served.process.kill()
    served.process.wait()
    with Mockspaces(serve(*log).url) as mock:
        assert {one.text.partition(" ")[0] for one in mock.chats(space=space)} == {*there, "again"}
