import pytest
from playwright.sync_api import sync_playwright


@pytest.fixture(scope="session", autouse=True)
def playwright():
    with sync_playwright() as started:
        yield started


def test_waits(mockspaces, playwright):
    """A wait is not refused."""
    assert playwright.devices
    assert mockspaces.wait_for(lambda: mockspaces.name)
    mockspaces.call("GET", "/health")
    with pytest.raises(TimeoutError):
        mockspaces.journal.wait(path="/never", timeout=0.1)


def test_waits_later(mockspaces):
    """Nor is one in a later test."""
    assert mockspaces.wait_for(lambda: mockspaces.name)
