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
    assert bot.journal.last(status=401)


def test_fails(bot):
    assert bot is None


def test_plans(bot):
    bot.fail("POST /spaces/invite")


@pytest.fixture
def breaks_late(bot):
    yield
    raise ValueError("teardown")


def test_breaks_late(breaks_late):
    pass
