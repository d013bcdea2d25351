from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, Cloud, Person, behaviour, only_mock, refused

NO_CLAIMS_YET = True


DEFAULTS = {
    "eula_version_agreed": "",
    "toc_version_agreed": "",
    "autoAcceptInvite": "relation",
    "autoHideWebTutorial": False,
    "mANotif": "vibes",
    "mNotif": "all",
    "dANotif": "vibes",
    "dNotif": "all",
    "muteaudio": False,
    "mutevideo": False,
    "disableAutoJoin": False,
    "tourFeatures": [],
    "showFeatureTipsOnStartUp": True,
    "disablePreviewWhenJoin": False,
    "disableNoiseReductionOnJoin": False,
    "companyPolicy": {"user": {"denyFeatures": {"attachment": False}}},
}


def settings(cloud: Cloud, who: Person) -> dict[str, Any]:
    [found] = cloud.call("GET", "/users/me/settings", who).json()["data"]
    shown: dict[str, Any] = found
    return shown


@behaviour("USERS-SETGET-01", "DM-USET-01", "DM-USET-02", "DM-USET-03", "DM-USET-04")
def test_settings_begin_with_their_defaults(cloud: Cloud) -> None:
    """The settings are an array of one record with its id, and stay the same record."""
    ann = cloud.user()
    shown = settings(cloud, ann)
    expect(shown["_id"], OBJECT_ID)
    observe(shown, {"_id": shown["_id"], "username": ann.username, **DEFAULTS})
    expect(settings(cloud, ann), shown)


@behaviour("USERS-SETGET-01", "DM-USET-05")
def test_anonymous_people_have_settings_too(cloud: Cloud) -> None:
    """An anonymous user has a record of his own, which he can change."""
    gil, una = cloud.guest(), cloud.guest()
    shown = settings(cloud, gil)
    assert shown["_id"] != settings(cloud, una)["_id"]
    cloud.call("POST", f"/users/me/settings/{shown['_id']}", gil, json={"mutevideo": True})
    observe(settings(cloud, gil), {**shown, "mutevideo": True})


@behaviour("USERS-SETPOST-01", "USERS-SETPOST-02")
def test_only_sent_settings_change(cloud: Cloud) -> None:
    """A partial update changes what was sent, ignores id and policy, and answers the whole record."""
    ann = cloud.user()
    before = settings(cloud, ann)
    sent = {"_id": "x", "muteaudio": True, "mNotif": "direct", "tourFeatures": [{"a": 1}], "companyPolicy": {}, "x": 1}
    answer = cloud.call("POST", f"/users/me/settings/{before['_id']}", ann, json=sent)
    expect(answer.status_code, 200)
    observe(answer.json(), {**before, "muteaudio": True, "mNotif": "direct", "tourFeatures": [{"a": 1}]})
    cloud.call("POST", f"/users/me/settings/{before['_id']}", ann, json={"mNotif": "none"})
    observe(settings(cloud, ann), {**answer.json(), "mNotif": "none"})


@behaviour("USERS-SETPOST-03")
@pytest.mark.parametrize(
    "body", [{"muteaudio": "yes"}, {"mNotif": "some"}, {"autoAcceptInvite": "all"}, {"tourFeatures": {}}, []], ids=str
)
def test_bad_settings_are_refused(cloud: Cloud, body: Any) -> None:
    """A wrong type or an unknown word changes nothing."""
    ann = cloud.user()
    before = settings(cloud, ann)
    refused(cloud.call("POST", f"/users/me/settings/{before['_id']}", ann, json=body), 400, "request.invalid")
    observe(settings(cloud, ann), before)


@behaviour("USERS-SETPOST-03")
def test_settings_of_others(cloud: Cloud) -> None:
    """Another person's record is refused, an unknown one not found, and without an id there is no such call."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    foreign = settings(cloud, bob)["_id"]
    refused(cloud.call("POST", f"/users/me/settings/{foreign}", ann, json={}), 403, "permission.denied")
    refused(cloud.call("POST", f"/users/me/settings/{'f' * 24}", ann, json={}), 404, "settings.not_found")
    refused(cloud.call("POST", "/users/me/settings", ann, json={}), 405, "method.not_allowed")


# --- push subscriptions


@behaviour("USERS-PUSHADD-01", "USERS-PUSHADD-02", "USERS-PUSHDEL-01", "USERS-PUSHDEL-02", "DM-USET-05")
@pytest.mark.parametrize("kind", ["user", "anonymous"])
def test_subscribing_a_device(cloud: Cloud, kind: str) -> None:
    """A device is subscribed and unsubscribed by its ids, each answered with the record."""
    who = cloud.user() if kind == "user" else cloud.guest()
    body = {
        "dataOnly": True,
        "subscriptionType": "firebase",
        "subscriptionId": "s",
        "deviceId": "d",
        "scope": ["direct"],
    }
    added = cloud.call("POST", "/users/me/cm/subscriptions", who, json={**body, "deviceType": "browser"})
    expect(added.status_code, 200)
    record = {
        "deviceId": "d",
        "dataOnly": True,
        "type": "firebase",
        "scope": ["direct"],
        "_id": OBJECT_ID,
        "__v": 0,
        "created": ISO_TIME,
        "id": OBJECT_ID,
    }
    observe(added.json(), {**record, "subscriptionId": "s", "status": "active"})
    removed = cloud.call("DELETE", "/users/cm/subscriptions?subscriptionId=s&deviceId=d", who)
    expect(removed.json(), {**record, "status": "removing"})
    expect((removed.json()["id"], removed.json()["_id"]), (added.json()["_id"],) * 2)
    again = cloud.call("DELETE", "/users/me/cm/subscriptions?subscriptionId=s&deviceId=d", who)
    refused(again, 404, "subscription.not_found")


@behaviour("USERS-PUSHADD-01", "USERS-PUSHADD-02")
@pytest.mark.parametrize("body", [{"subscriptionId": "s"}, {"deviceId": "d"}], ids=str)
def test_one_id_is_enough_to_subscribe(cloud: Cloud, body: dict[str, str]) -> None:
    """Either id subscribes, for all kinds of spaces by default; to unsubscribe both are sent."""
    ann = cloud.user()
    added = cloud.call("POST", "/users/me/cm/subscriptions", ann, json=body).json()
    observe((added["scope"], added["dataOnly"], added["status"]), (["all"], False, "active"))
    answer = cloud.call("DELETE", "/users/me/cm/subscriptions?subscriptionId=s&deviceId=d", ann)
    observe(answer.json()["_id"], added["_id"])


@behaviour("USERS-PUSHADD-03")
@pytest.mark.parametrize(
    "body",
    [
        {},
        {"subscriptionId": ""},
        {"deviceId": "d", "subscriptionType": "apns"},
        {"deviceId": "d", "scope": ["personal"]},
        {"deviceId": "d", "scope": "all"},
        {"deviceId": "d", "deviceType": "toaster"},
        {"deviceId": 5},
        {"deviceId": "d", "dataOnly": "no"},
    ],
    ids=str,
)
def test_bad_subscriptions(cloud: Cloud, body: Any) -> None:
    """Neither id, or a word that is not known, is refused."""
    refused(cloud.call("POST", "/users/me/cm/subscriptions", cloud.user(), json=body), 400, "request.invalid")


@behaviour("USERS-PUSHDEL-03")
def test_unsubscribing_what_is_not_there(cloud: Cloud) -> None:
    """A missing parameter is bad input, a subscription of somebody else or with another id is not found."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    cloud.call("POST", "/users/me/cm/subscriptions", bob, json={"subscriptionId": "s", "deviceId": "d"})
    for query in ("", "subscriptionId=s", "deviceId=d", "subscriptionId=&deviceId=d"):
        refused(cloud.call("DELETE", f"/users/me/cm/subscriptions?{query}", ann), 400, "request.invalid")
    for who, subscription, device in ((ann, "s", "d"), (bob, "s", "x"), (bob, "x", "d")):
        params = {"subscriptionId": subscription, "deviceId": device}
        refused(cloud.call("DELETE", "/users/me/cm/subscriptions", who, params=params), 404, "subscription.not_found")


# --- numbers


@behaviour("USERS-STATS-01", "USERS-ROLLOUT-01")
def test_statistics_and_features(cloud: Cloud) -> None:
    """Statistics count one's spaces and messages, and no feature is rolled out; anonymous users have neither."""
    only_mock(cloud, "needs an account without a past")
    ann = cloud.user()
    space = cloud.space(ann)
    cloud.message(space, ann)
    cloud.message(space, ann, kind="ideas")
    answer = cloud.call("GET", "/users/me/statistics", ann)
    expect(answer.status_code, 200)
    observe(answer.json(), {"userId": ann.id, "spaces": 2, "messages": 2})
    features = cloud.call("GET", "/users/me/featuresrollout", ann)
    expect(features.status_code, 200)
    observe(features.json(), {"data": []})
    for path in ("/users/me/statistics", "/users/me/featuresrollout"):
        refused(cloud.call("GET", path, cloud.guest()), 403, "auth.kind_not_allowed")
