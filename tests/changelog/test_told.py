"""What a socket is told while the log cannot be written."""

import resource
import threading
from contextlib import ExitStack
from pathlib import Path

import pytest

from contract_tests.sockets import Chat
from mockspaces.client import Mockspaces
from tests.changelog.test_processes import PERSON, Caller, socket_url
from tests.conftest import Serve

MESSAGES = 30
WRITERS = 4

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("fresh_interpreter")]


def test_each_message_that_cannot_be_stored_is_refused(serve: Serve, tmp_path: Path) -> None:
    """A socket hears of every refusal, also while others are refused at the same time."""
    served = serve("--log", f"sqlite://{tmp_path}/mock.db", "--log-level", "error")
    over = threading.Event()
    with Mockspaces(served.url) as mock, ExitStack() as closed:
        token = mock.token(PERSON)
        space = mock.space("Full", owner=PERSON)
        chat = closed.enter_context(Chat(socket_url(served.url, token)))
        chat.join()
        chat.subscribe(space.id)

        def write() -> None:
            caller = Caller(served.url, token)
            while not over.is_set():
                caller.post(f"/api/spaces/{space.id}/chats", {"content": {"bodyText": "in vain"}})
            caller.close()

        writers = [threading.Thread(target=write) for _ in range(WRITERS)]
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (1, resource.RLIM_INFINITY))
        for writer in writers:
            writer.start()
            closed.callback(writer.join)
        closed.callback(over.set)
        for number in range(MESSAGES):
            name, payload = chat.message(space.id, str(number))
            assert (name, payload["error"]) == ("SEND_MESSAGE_FAILED", "server.not_stored")
