"""Worlds of a mock that only some published ports lead to."""

import pytest

from mockspaces.client import Mockspaces
from mockspaces.config import Config
from mockspaces.server import Server

EVERYWHERE = "0.0.0.0"  # noqa: S104 - what a container binds to


def test_worlds_of_a_container_are_reached_by_prefix() -> None:
    """Bound to all addresses worlds take no ports that nobody published, and a client keeps to the URL it was given."""
    with (
        Server(Config(port=0, host=EVERYWHERE, public_url="http://unknown.invalid:1")) as server,
        Mockspaces(f"http://localhost:{server.port}") as mock,
        mock.open_world("one") as world,
    ):
        assert world.url == f"http://localhost:{server.port}/w/one"
        with world.open_world("two") as another:
            assert another.url == f"http://localhost:{server.port}/w/two"
        assert world.call("GET", "")["name"] == "one"


@pytest.mark.parametrize(
    ("public_url", "host"), [("http://mock:8080/", "mock"), ("http://[::1]:8080", "[::1]"), (None, "127.0.0.1")]
)
def test_published_world_ports_are_told_by_the_public_name(public_url: str | None, host: str) -> None:
    """With named ports worlds have them, at the host by which clients know the mock."""
    with (
        Server(Config(port=0, host=EVERYWHERE, public_url=public_url, world_ports="28081-28089")) as server,
        Mockspaces(f"http://127.0.0.1:{server.port}") as mock,
    ):
        opened = mock.call("POST", "/worlds", {"name": "one"})
    assert opened["urls"]["port"]["api"].rpartition(":")[0] == f"http://{host}"
