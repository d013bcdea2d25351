import contextlib
import urllib.error
import urllib.request

import pytest


@pytest.fixture
def bot(mockspaces):
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(f"{mockspaces.api_url}/users/me").close()
    return mockspaces


def test_passes(bot, mockspaces_module, mockspaces_session):
    """A world by a fixture on top, and worlds of module and session, can be had together."""
    assert bot.journal.last(status=401)


def test_fails(bot):
    """A test that fails shows its journal."""
    assert bot is None


def test_plans(bot):
    """A test whose planned fault never happens fails."""
    bot.fail("POST /spaces/invite")


@pytest.fixture
def breaks_late(bot):
    yield
    raise ValueError("teardown")


def test_breaks_late(breaks_late):
    """A fixture that fails in its teardown shows the journal too."""
    pass
