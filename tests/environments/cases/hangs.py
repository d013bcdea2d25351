import urllib.request

import pytest


@pytest.mark.timeout(2, method="signal", func_only=True)
def test_hangs(mockspaces):
    """A test that hangs is ended in the middle of a control call."""
    urllib.request.urlopen(f"{mockspaces.url}/health").close()
    mockspaces.journal.wait(path="/never", timeout=30)


def test_next(mockspaces, mockspaces_server):
    """The next test finds nothing left of it."""
    assert mockspaces.call("GET", "/health")["status"] == "ok"
    assert len(mockspaces_server.call("GET", "/worlds")["data"]) == 2
