"""Tests as another project would have them: a world per test in a mock that runs elsewhere."""

import json
import urllib.error
import urllib.request

import pytest

from mockspaces.client import Mockspaces


def whoami(mock: Mockspaces, token: str) -> str:
    """Stand in for the code under test."""
    request = urllib.request.Request(f"{mock.api_url}/users/me", headers={"Authorization": f"Bearer {token}"})  # noqa: S310 - the mock
    with urllib.request.urlopen(request, timeout=10) as answer:  # noqa: S310 - the mock
        name: str = json.load(answer)["username"]
        return name


def test_token_of_a_user(mockspaces: Mockspaces) -> None:
    """A user's token leads to the user."""
    mockspaces.user("dora@example.com")
    assert whoami(mockspaces, mockspaces.token("dora@example.com")) == "dora@example.com"


def test_token_grows_old(mockspaces: Mockspaces) -> None:
    """A token of yesterday is refused, and the journal says why."""
    token = mockspaces.token("ann@example.com")
    mockspaces.clock.advance(hours=24)
    with pytest.raises(urllib.error.HTTPError) as refused:
        whoami(mockspaces, token)
    refused.value.close()
    assert mockspaces.journal.last(status=401).code == "auth.credential_expired"
