"""Processes and logs that are killed under load, and a full disk: what was acknowledged is there, each thing once."""

import contextlib
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
from websockets.exceptions import ConnectionClosed, InvalidMessage

from contract_tests.sockets import Chat, Silence
from mockspaces.changelog.redis import ANSWER_S, PATIENCE_S
from mockspaces.client import Mockspaces
from tests.changelog.servers import RedisServer
from tests.conftest import SOON_S, Serve, Served

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_interpreter")]

PERSON = "cleo@example.com"
LOAD_S = 1.5
WRITERS, TALKERS = 6, 2


class Caller:
    """A connection of somebody to the REST API; an answer that does not come is no answer."""

    def __init__(self, url: str, token: str, timeout: float = SOON_S) -> None:
        parts = urlsplit(url)
        self._connection = http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=timeout)
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
    """Clients that write until their server is gone or they are told to stop, and what it acknowledged.

    ``patient`` ones go on with something else when they are told that it could not be stored.
    """

    def __init__(self, served: Served, token: str, space: str, idea: str, *, patient: bool = False) -> None:
        self._url, self._token, self._space, self._idea = served.url, token, space, idea
        self._patient = patient
        self.stop = threading.Event()
        self.refused: list[str] = []
        self.sent: list[str] = []
        self.acknowledged: list[str] = []
        self.spaces: list[str] = []
        self.problems: list[str] = []
        self._threads = [threading.Thread(target=self._until_gone, args=(self._write,)) for _ in range(WRITERS)]
        self._threads += [threading.Thread(target=self._until_gone, args=(self._talk,)) for _ in range(TALKERS)]
        for thread in self._threads:
            thread.start()

    def run(self) -> None:
        """Let them write for a while, longer where the machine is busy."""
        time.sleep(LOAD_S)
        until = time.monotonic() + SOON_S
        while len(self.acknowledged) <= WRITERS + TALKERS:
            assert time.monotonic() < until
            time.sleep(0.05)

    def wait(self) -> None:
        """Wait until all of them have noticed that the server is gone."""
        for thread in self._threads:
            thread.join(SOON_S)
            assert not thread.is_alive()

    def _until_gone(self, work: Callable[[str], None]) -> None:
        try:
            work(f"{threading.get_ident()} {time.monotonic_ns()}")
        except (OSError, http.client.HTTPException, ConnectionClosed, InvalidMessage):
            return
        except Exception as problem:  # noqa: BLE001 - the test tells it
            self.problems.append(repr(problem))

    def _write(self, name: str) -> None:
        """Comment on the idea, which counts its comments, and now and then make a space, which is many things."""
        with closing(Caller(self._url, self._token, SOON_S + ANSWER_S)) as caller:
            self._comment(caller, name)

    def _comment(self, caller: Caller, name: str) -> None:
        for number in count(1):
            if self.stop.is_set():
                return
            text = f"{name} {number}"
            self.sent.append(text)
            body = {"content": {"bodyText": text}, "parentMsg": {"_id": self._idea}}
            if self._stored(caller, f"/api/spaces/{self._space}/chats", body):
                self.acknowledged.append(text)
            else:
                self.refused.append(text)
            if number % 10 == 0 and self._stored(caller, "/api/spaces/invite", {"topic": {"title": text}}):
                self.spaces.append(text)

    def _stored(self, caller: Caller, path: str, body: object) -> bool:
        status, answer = caller.post(path, body)
        if self._patient and status == 503 and answer["code"] == "server.not_stored":
            time.sleep(0.02)
            return False
        assert status == 200, answer
        return True

    def _talk(self, name: str) -> None:
        """Send messages by a socket; each is acknowledged when it is heard."""
        with Chat(socket_url(self._url, self._token)) as chat:
            chat.join()
            chat.subscribe(self._space)
            self._say(chat, name)

    def _say(self, chat: Chat, name: str) -> None:
        for number in count(1):
            if self.stop.is_set():
                return
            text = f"{name} {number}"
            self.sent.append(text)
            chat.emit("SEND_MESSAGE", {"category": "chat", "topicId": self._space, "content": {"bodyText": text}})
            while not self._answered(chat, text):
                pass

    def _answered(self, chat: Chat, text: str) -> bool:
        """Take in what a socket hears next, and say whether it answers what was sent."""
        try:
            event, payload = chat.hear()
        except Silence:
            assert self._patient
            return False
        if event == "MESSAGE_SENT":
            self.acknowledged.append(payload["content"]["bodyText"])
            return bool(payload["content"]["bodyText"] == text)
        if event == "SEND_MESSAGE_FAILED":
            assert self._patient
            assert payload["error"] == "server.not_stored"
            self.refused.append(text)
            return True
        return False


def comments(served: Served, token: str, space: str, idea: str) -> int:
    """Return how many comments an idea says that it has."""
    connection = http.client.HTTPConnection(urlsplit(served.url).netloc, timeout=SOON_S)
    connection.request("GET", f"/api/spaces/{space}/ideas", headers={"Authorization": f"Bearer {token}"})
    found = json.loads(connection.getresponse().read())["data"]
    connection.close()
    return next(int(one["chatCount"]) for one in found if one["_id"] == idea)


class Listener:
    """Somebody who hears the messages of a space by a socket."""

    def __init__(self, served: Served, token: str, space: str) -> None:
        self.texts: list[str] = []
        self._chat = Chat(socket_url(served.url, token))
        self._chat.join()
        self._chat.subscribe(space)
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        with contextlib.suppress(ConnectionClosed):
            while True:
                with contextlib.suppress(Silence):
                    event, payload = self._chat.hear()
                    if event == "MESSAGE_SENT":
                        self.texts.append(payload["content"]["bodyText"])

    def close(self) -> None:
        self._chat.close()
        self._thread.join()


class Model:
    """What clients were told, held against what a server has."""

    def __init__(self, mock: Mockspaces) -> None:
        self.token = mock.token(PERSON)
        self.space = mock.space("Load", owner=PERSON)
        self.idea = mock.message(self.space, "idea", username=PERSON, category="idea")
        self.acknowledged: set[str] = set()
        self.spaces: set[str] = set()

    def load(self, served: Served, **options: Any) -> Load:
        return Load(served, self.token, self.space.id, self.idea.id, **options)

    def ended(self, load: Load) -> None:
        """Take in what clients were told."""
        load.wait()
        assert load.problems == []
        assert len(load.acknowledged) > WRITERS + TALKERS
        self.acknowledged |= set(load.acknowledged)
        self.spaces |= set(load.spaces)

    def compare(self, served: Served, mock: Mockspaces) -> list[str]:
        """Find everything there once, and nothing half; return the messages."""
        messages = [one.text for one in mock.chats(space=self.space)]
        there = Counter(messages)
        assert [text for text in sorted(self.acknowledged) if there[text] != 1] == []
        assert [text for text, times in there.items() if times != 1] == []
        found = len(mock.messages(space=self.space, parent=self.idea.id))
        assert comments(served, self.token, self.space.id, self.idea.id) == found
        made = Counter(one.title for one in mock.spaces())
        assert [title for title in sorted(self.spaces) if made[title] != 1] == []
        assert all(one.members for one in mock.spaces())
        return messages


@pytest.mark.parametrize(("kind", "kills"), [("sqlite", 3), ("redis", 2)])  # a lease of Redis has to end each time
def test_a_killed_process_loses_nothing_that_it_acknowledged(
    request: pytest.FixtureRequest, serve: Serve, tmp_path: Path, kind: str, kills: int
) -> None:
    """After each kill under load every acknowledged message and space is there once, and nothing is half there."""
    server: Any = request.getfixturevalue("other_server")() if kind == "redis" else None
    log = ("--log", server.url if server else f"sqlite://{tmp_path}/mock.db")
    served = serve(*log)
    with Mockspaces(served.url) as mock:
        model = Model(mock)
        fault = mock.fail("GET /users/me", times=5)
    for _ in range(kills):
        load = model.load(served)
        load.run()
        served.process.send_signal(signal.SIGKILL)
        served.process.wait()
        model.ended(load)
        served = serve(*log)
        with Mockspaces(served.url) as mock:
            model.compare(served, mock)
            assert mock.call("GET", "")["counts"]["sockets"] == 0
            assert [one["id"] for one in mock.call("GET", "/faults")["data"]] == [fault.id]


def test_a_redis_that_fails_loses_nothing(serve: Serve, other_server: Callable[..., RedisServer]) -> None:
    """A Redis that is killed and paused under load loses nothing acknowledged, and a socket hears it once."""
    server = other_server()
    served = serve("--log", server.url, "--log-level", "error")  # nobody reads what it says of each refusal
    with Mockspaces(served.url) as mock:
        model = Model(mock)
        with closing(Listener(served, model.token, model.space.id)) as listener:
            load = model.load(served, patient=True)
            load.run()
            server.kill()
            time.sleep(PATIENCE_S + 0.5)
            server.start()
            time.sleep(LOAD_S)
            with server.paused():
                time.sleep(ANSWER_S + PATIENCE_S)
            last = len(load.acknowledged)
            until = time.monotonic() + SOON_S
            while len(load.acknowledged) < last + 100:
                assert time.monotonic() < until
                time.sleep(0.05)
            load.stop.set()
            model.ended(load)
            messages = model.compare(served, mock)
            assert set(messages) <= set(load.sent)
            assert set(load.refused) - set(messages)
            while len(listener.texts) < len(messages):
                assert time.monotonic() < until
                time.sleep(0.05)
        assert listener.texts == messages


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
