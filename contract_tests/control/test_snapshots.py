"""Snapshots: the whole state of a world as one document that brings everything back."""

from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract_tests.kit import Cloud, only_mock, refused


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "snapshots are the mock's own")


def snapshot(cloud: Cloud) -> Any:
    """Return the present state."""
    return cloud.control("GET", "/snapshot")


def restore(cloud: Cloud, document: object) -> httpx.Response:
    """Try to bring a state back."""
    return cloud.http.put(f"{cloud.urls['control']}/snapshot", json=document)


def test_snapshot_of_a_restored_world_is_the_same(cloud: Cloud) -> None:
    """What is taken after a restore equals what was restored, however the world has changed in between."""
    ann, app = cloud.jwt_user(), cloud.app()
    cloud.space(ann, 'With "quotes" and ümläuts')
    cloud.space(app)
    cloud.guest()
    cloud.control("PATCH", "/settings", {"accounts.issuer": "example.org"})
    cloud.control("PATCH", "/contract", {"errors": {"space.not_found": {"status": 410}}, "limits": {"invitees": 3}})
    cloud.control("POST", "/clock", {"advance": 3600})
    cloud.control("POST", "/clock", {"freeze": True})
    before = snapshot(cloud)
    cloud.control("POST", "/reset")
    assert snapshot(cloud) != before
    assert restore(cloud, before).json() == {}
    assert snapshot(cloud) == before


def test_credentials_outlive_a_restore(cloud: Cloud) -> None:
    """Tokens of every kind that were issued before the snapshot are valid after a reset and a restore."""
    people = [cloud.user(), cloud.jwt_user("bob@example.com"), cloud.guest()]
    app, ann = cloud.app(), people[0]
    space_id = cloud.open_space(ann)
    before = snapshot(cloud)
    cloud.control("POST", "/reset")
    assert {cloud.call("GET", f"/spaces/{space_id}/join", who).status_code for who in people} == {401}
    restore(cloud, before)
    assert {cloud.call("GET", f"/spaces/{space_id}/join", who).status_code for who in people} == {200}
    assert cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "Room"}}).status_code == 200


def test_snapshot_moves_to_another_world(cloud: Cloud) -> None:
    """A second world that restores the snapshot of a first one answers its tokens; apart from that it is its own."""
    ann = cloud.user()
    opened = cloud.control("POST", "/worlds", {"seed": "empty"})
    urls = opened["urls"]["port"] or opened["urls"]["prefix"]
    twin = Cloud(urls, cloud.http, is_mock=True)
    assert twin.call("GET", "/users/me", ann).status_code == 401
    assert restore(twin, snapshot(cloud)).json() == {}
    assert twin.call("GET", "/users/me", ann).json()["_id"] == ann.id
    twin.control("PATCH", f"/users/{ann.username}", {"enabled": False})
    assert cloud.call("GET", "/users/me", ann).status_code == 200
    cloud.control("DELETE", f"/worlds/{opened['name']}")


def test_signature_is_judged_by_the_restored_key(cloud: Cloud) -> None:
    """What one key signed and the cloud has accepted is refused once its id names another key."""
    app, other = cloud.app("spaces.create"), cloud.app()
    headers = {"Authorization": app.authorization}
    body = {"topic": {"title": "Room"}}
    assert cloud.call("POST", "/spaces/invite", headers=headers, json=body).status_code == 200
    document = snapshot(cloud)
    keys = {key["id"]: key for key in document["state"]["app_keys"]}
    keys[app.key["kid"]]["material"] = other.key["private_key"]
    assert restore(cloud, document).status_code == 200
    refused(cloud.call("POST", "/spaces/invite", headers=headers, json=body), 401, "auth.credential_invalid")


def test_clock_and_settings_come_back(cloud: Cloud) -> None:
    """A restored clock stands where it stood, and settings and contract overlay hold again."""
    cloud.control("POST", "/clock", {"freeze": "2031-02-03T04:05:06.789Z"})
    cloud.control("PATCH", "/contract", {"errors": {"auth.credential_missing": {"status": 499}}})
    before = snapshot(cloud)
    cloud.control("POST", "/reset")
    restore(cloud, before)
    assert cloud.control("GET", "/clock")["now"] == "2031-02-03T04:05:06.789Z"
    refused(cloud.call("GET", "/users/me"), 499, "auth.credential_missing")


def test_plan_and_journal_stay(cloud: Cloud) -> None:
    """A restore leaves alone what belongs to the run of a test: planned faults and the journal."""
    cloud.control("POST", "/faults", {"action": {"status": 503}, "match": {"endpoint": "USERS-ME"}})
    cloud.call("GET", "/users/me")
    before = snapshot(cloud)
    restore(cloud, before)
    assert len(cloud.control("GET", "/faults")["data"]) == 1
    assert len(cloud.control("GET", "/journal")["entries"]) == 1


def _drop(name: str) -> Callable[[Any], object]:
    return lambda document: document.pop(name)


def _set(path: str, value: object) -> Callable[[Any], object]:
    def change(document: Any) -> None:
        *above, last = [int(part) if part.isdecimal() else part for part in path.split("/")]
        for part in above:
            document = document[part]
        document[last] = value

    return change


def _twice(document: Any) -> None:
    document["state"]["users"].append(document["state"]["users"][0])


@pytest.mark.parametrize(
    ("spoil", "hint"),
    [
        (_drop("state"), "state"),
        (_drop("mockspaces_snapshot"), "mockspaces_snapshot"),
        (_set("mockspaces_snapshot", 2), "mockspaces_snapshot"),
        (_set("clok", {}), '"clock"'),
        (_set("clock/frozen", 1e300), "clock.frozen"),
        (_set("settings/accounts.isuer", "x"), '"accounts.issuer"'),
        (_set("settings/rest.pin_scope", "some"), "rest.pin_scope"),
        (_set("contract/errors", {"space.not_fond": {"status": 1}}), '"space.not_found"'),
        (_set("state/users/0/username", 7), "state.users[0].username"),
        (_set("state/users/0/user_name", "x"), '"username"'),
        (_set("state/user", []), '"users"'),
        (_set("state/messages", {}), "state.messages"),
        (_twice, "state.users"),
        (_set("signing_keys/current", "nothing"), "signing_keys.current"),
        (_set("state/app_keys/0/material", "no key"), "state.app_keys[0].material"),
        (_set("state/spaces/0/created", 10**30), "state.spaces[0].created"),
        (_set("state/spaces/0/modified", 10**400), "state.spaces[0].modified"),
        (_set("state/users/0/last_update", -(10**30)), "state.users[0].last_update"),
        (_set("state/activities", 10**30), "state.activities"),
        (_set("random", [3, [1, 2], None]), "random"),
        (_set("master_secret", "%%%"), "master_secret"),
    ],
)
def test_bad_snapshot_changes_nothing(cloud: Cloud, spoil: Callable[[Any], object], hint: str) -> None:
    """A document that is no snapshot is refused by the place of its mistake, and the world stays as it was."""
    before = snapshot(cloud)
    spoilt = snapshot(cloud)
    spoil(spoilt)
    answer = restore(cloud, spoilt)
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
    assert hint in answer.json()["why"]
    assert snapshot(cloud) == before


@pytest.mark.parametrize("text", ["", "[]", "null", "{", '{"a": "\\ud800"}', "[" * 100 + "]" * 100, "\xff"])
def test_text_that_is_no_snapshot_is_refused(cloud: Cloud, text: str) -> None:
    """Whatever is sent instead of a snapshot is a bad request, never a bug."""
    answer = cloud.http.put(
        f"{cloud.urls['control']}/snapshot",
        content=text.encode("latin-1"),
        headers={"Content-Type": "application/json"},
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
