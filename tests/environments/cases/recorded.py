import urllib.request

import pytest
import vcr


def test_control_calls_are_not_recorded(mockspaces_server, tmp_path):
    """The cassette holds the call of the code under test, and nothing else."""
    with vcr.use_cassette(str(tmp_path / "cassette.yaml")) as cassette, mockspaces_server.open_world() as world:
        world.user("zoe@example.com")
        urllib.request.urlopen(f"{world.url}/health").close()
    assert [request.path for request in cassette.requests] == ["/health"]


@pytest.mark.vcr
def test_as_a_plugin(mockspaces, vcr):
    """The same with the marker of pytest-recording."""
    mockspaces.user("zoe@example.com")
    assert len(vcr) == 0
