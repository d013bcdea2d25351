"""A test on a service leaves nothing behind: spaces are deleted, settings put back, and what is not ours is spared."""

from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contract_tests.claims import NotTried
from contract_tests.profiles import Profile, ServiceCloud, connect
from mockspaces.client import Mockspaces


@pytest.fixture
def http(profile: Profile) -> Iterator[httpx.Client]:
    with connect(profile) as client:
        yield client


@pytest.fixture
def cloud(profile: Profile, http: httpx.Client) -> ServiceCloud:
    return ServiceCloud(profile, http)


def groups(mock: Mockspaces) -> list[str]:
    spaces = mock.call("GET", "/snapshot")["state"]["spaces"]
    return [one["id"] for one in spaces if one.get("type", "group") == "group" and not one.get("deleted")]


def test_spaces_are_deleted_however_they_were_made(cloud: ServiceCloud, mock: Mockspaces) -> None:
    """By the calls of the suite, past them, by an app that may not delete, and where the owner has left."""
    before = groups(mock)
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    app = cloud.app("spaces.create")
    cloud.space(ann)
    cloud.space(app, invitees=[{"invitee": ann.username, "role": "admin"}])
    sent: dict[str, Any] = {"headers": {"Authorization": ann.authorization}, "json": {"topic": {"title": "x"}}}
    cloud.http.post(f"{cloud.api}/spaces/invite", **sent)
    cloud.http.post(f"{cloud.api}/topics/invite/", **sent)
    left = cloud.space(bob, invitees=[{"invitee": ann.username, "role": "admin"}])
    cloud.call("DELETE", f"/spaces/{left}/attendees/userId/{bob.id}", bob)
    assert len(groups(mock)) == len(before) + 5
    cloud.clean_up()
    assert (groups(mock), cloud.leftovers) == (before, [])


def test_what_cannot_be_deleted_is_listed(cloud: ServiceCloud) -> None:
    """A space that nobody of the test may delete is named by its id."""
    space = cloud.space(cloud.app("spaces.create"))
    cloud.clean_up()
    assert cloud.leftovers == [space]


def test_settings_are_put_back(cloud: ServiceCloud) -> None:
    """Whatever a test does to the settings of a person, in any number of steps."""
    ann = cloud.user()

    def settings() -> Any:
        return cloud.call("GET", "/users/me/settings", ann).json()["data"][0]

    before = settings()
    for mute in (True, False, True):
        cloud.call("POST", f"/users/me/settings/{before['_id']}", ann, json={"muteaudio": mute, "mNotif": "none"})
    path = f"{cloud.accounts}/api/1.0/users/self/products/loganapp/app_profile_setting/"
    held = {"Authorization": ann.authorization}
    shown = cloud.http.get(path, headers=held).json()
    cloud.http.post(path, headers=held, json={"a": 1})
    cloud.clean_up()
    assert (settings(), cloud.http.get(path, headers=held).json()) == (before, shown)


def test_spaces_of_others_are_spared(cloud: ServiceCloud, profile: Profile) -> None:
    """What another run created is not deleted; a direct space of our own people may be asked for."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    with connect(profile) as other:
        foreign = ServiceCloud(profile, other)
        space = foreign.space(ann)
        with pytest.raises(NotTried, match="did not create"):
            cloud.call("DELETE", f"/spaces/{space}", ann)
        with pytest.raises(NotTried, match="did not create"):
            cloud.http.delete(f"{cloud.api}/spaces/{space}", headers={"Authorization": ann.authorization})
        foreign.clean_up()
    direct = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    assert cloud.call("DELETE", f"/spaces/{direct}", ann).status_code == 403
    with pytest.raises(NotTried, match="accounts of a real service"):
        cloud.call("POST", "/users/bulkupdate", ann, json=[{"action": "delete", "email": bob.username}])
    cloud.clean_up()


def test_a_target_that_is_gone_is_not_waited_for(cloud: ServiceCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """All spaces are listed as soon as one call of the clean-up finds nobody."""
    ann = cloud.user()
    made = [cloud.space(ann), cloud.space(ann)]
    asked: list[str] = []

    def gone(_self: httpx.Client, method: str, url: str, **_content: Any) -> httpx.Response:
        asked.append(url)
        raise httpx.ConnectError("refused")

    with monkeypatch.context() as patched:
        patched.setattr(httpx.Client, "request", gone)
        cloud.clean_up()
    assert (cloud.leftovers, len(asked)) == (made, 1)


def test_what_nobody_can_give_is_said_plainly(cloud: ServiceCloud) -> None:
    """A user with members of their own, the account of an app: the reason names what is missing."""
    with pytest.raises(NotTried, match="a mock: a user made with enabled"):
        cloud.user("mia@example.com", enabled=False)
    app = cloud.app(any_scopes=True)
    with pytest.raises(NotTried, match="account id of a service app"):
        _ = app.account_id
