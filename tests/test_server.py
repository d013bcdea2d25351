import contextlib
import http.client
import socket
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest

from mockspaces.client import ControlError, Mockspaces
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.config import Config
from mockspaces.server import Server, url


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def mock(server: Server) -> Iterator[Mockspaces]:
    with Mockspaces(server.url) as opener:
        yield opener


def listens(address: str) -> bool:
    parts = urlsplit(address)
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection((parts.hostname, parts.port), 5):
        return True
    return False


def test_server_answers_between_start_and_stop() -> None:
    """A started server is ready at once, and after its stop nobody listens and its thread is gone."""
    server = Server()
    assert server.start() is server
    with Mockspaces(server.url) as mock:
        assert mock.call("GET", "/health")["status"] == "ok"
        world = mock.open_world()
        assert listens(world.url)
        world.close()
    server.stop()
    assert not listens(server.url)
    assert not listens(world.url)
    assert server._thread is None


def test_stop_can_be_repeated_and_needs_no_start() -> None:
    """Stopping twice, or a server that never ran, is no error."""
    server = Server()
    server.stop()
    with server:
        pass
    server.stop()


def test_two_servers_share_nothing() -> None:
    """Two servers in one process have ports, worlds and people of their own."""
    with Server() as one, Server() as other, Mockspaces(one.url) as first, Mockspaces(other.url) as second:
        first.user("zoe@example.com")
        assert first.call("GET", "")["counts"]["users"] == second.call("GET", "")["counts"]["users"] + 1


def test_port_in_use_names_the_port(server: Server) -> None:
    """Whoever starts a second server on a port learns which one is taken."""
    with pytest.raises(OSError, match=f"127.0.0.1:{server.port}"):
        Server(Config(port=server.port))


def test_refused_start_leaves_the_port_free() -> None:
    """A seed that cannot be read binds nothing for good."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with pytest.raises(FileNotFoundError):
        Server(Config(port=port, seed="no/such/file.json"))
    Server(Config(port=port)).start().stop()


def test_seed_that_cannot_be_planted_is_refused_at_the_start() -> None:
    """What is wrong with a seed reaches the caller of start, not only the log."""
    server = Server(Config(port=0, max_worlds=0))
    with pytest.raises(Rejection, match="raise --max-worlds"):
        server.start()
    server.stop()
    assert not listens(server.url)


def test_dropped_world_has_no_listener_left(mock: Mockspaces) -> None:
    """With a world its port goes, and a client that is still connected is let go."""
    world = mock.open_world()
    kept = http.client.HTTPConnection(str(urlsplit(world.url).hostname), urlsplit(world.url).port, timeout=5)
    kept.request("GET", "/health")
    assert kept.getresponse().read() == b"OK"
    world.drop()
    assert not listens(world.url)
    assert kept.sock
    assert kept.sock.recv(1) == b""
    kept.close()


def test_world_can_drop_itself(mock: Mockspaces) -> None:
    """The call that drops a world is answered although it came through that world's own port."""
    world = mock.open_world()
    assert world.call("DELETE", f"/worlds/{world.name}") == {}
    world.close()
    assert not listens(world.url)


def test_default_world_stays(mock: Mockspaces) -> None:
    """The default world can be reset but not dropped."""
    with pytest.raises(ControlError, match="default world"):
        mock.drop()
    mock.user("zoe@example.com")
    mock.reset()
    assert mock.user("zoe@example.com").username == "zoe@example.com"


def test_idle_worlds_are_swept(mock: Mockspaces) -> None:
    """A world that nobody used for its time to live is gone when the next one is opened."""
    idle = mock.open_world(ttl=0.01)
    kept = mock.open_world(ttl=None)
    with pytest.raises(TimeoutError):
        kept.journal.wait(timeout=0.05, path="/never")
    mock.open_world().drop()
    names = {world["name"] for world in mock.call("GET", "/worlds")["data"]}
    assert idle.name not in names
    assert kept.name in names
    kept.drop()
    idle.close()


def test_worlds_are_bounded() -> None:
    """One world more than allowed is refused with the way out, and room is there again after a drop."""
    with Server(Config(port=0, max_worlds=2)) as server, Mockspaces(server.url) as mock:
        world = mock.open_world()
        with pytest.raises(ControlError, match="--max-worlds") as refused:
            mock.open_world()
        assert refused.value.code == "control.too_many_worlds"
        world.drop()
        mock.open_world().drop()


@pytest.mark.parametrize(
    ("host", "shown"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),  # noqa: S104 - nothing is bound
        ("::1", "http://[::1]:80"),
        ("mock.test", "http://mock.test:80"),
    ],
)
def test_url_can_be_opened(host: str, shown: str) -> None:
    """The URL of a listener is one that a client can use, also where it listens on all addresses."""
    assert url(host, 80) == shown
