from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, Cloud, Person, behaviour, only_mock, refused

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


DEFAULTS_OF = {  # which statement names which members
    "DM-USET-01": [*DEFAULTS][:4],
    "DM-USET-02": [*DEFAULTS][4:12],
    "DM-USET-03": [*DEFAULTS][12:15],
    "DM-USET-04": [*DEFAULTS][15:],
}


def settings(cloud: Cloud, who: Person) -> dict[str, Any]:
    [found] = cloud.call("GET", "/users/me/settings", who).json()["data"]
    shown: dict[str, Any] = found
    return shown


@behaviour("USERS-SETGET-01", "DM-USET-01", "DM-USET-02", "DM-USET-03", "DM-USET-04")
def test_settings_begin_with_their_defaults(cloud: Cloud) -> None:
    """The settings are an array of one record with its id, and stay the same record."""
    ann = cloud.user()
    answer = cloud.call("GET", "/users/me/settings", ann)
    with claim("USERS-SETGET-01", "an array of one record with its id", about=[answer]):
        [shown] = answer.json()["data"]
        expect(shown["_id"], OBJECT_ID)
        observe((set(shown), shown["username"]), ({"_id", "username", *DEFAULTS}, ann.username))
    with claim("USERS-SETGET-01", "it is the same record at the next call"):
        expect(settings(cloud, ann), answer.json()["data"][0])
    for name, members in DEFAULTS_OF.items():
        with claim(name, "a record has these members, of these types", about=[answer]):
            [shown] = answer.json()["data"]
            observe({one: type(shown[one]) for one in members}, {one: type(DEFAULTS[one]) for one in members})
    only_mock(cloud, "needs an account whose settings nobody has changed")
    for name, members in DEFAULTS_OF.items():
        with claim(name, "they begin with their defaults", about=[answer]):
            [shown] = answer.json()["data"]
            observe({one: shown[one] for one in members}, {one: DEFAULTS[one] for one in members})


@behaviour("USERS-SETGET-01", "DM-USET-05")
def test_anonymous_people_have_settings_too(cloud: Cloud) -> None:
    """An anonymous user has a record of his own, which he can change."""
    gil, una = cloud.guest(), cloud.guest()
    with claim("USERS-SETGET-01", "DM-USET-05", "an anonymous user has a record of their own"):
        shown = settings(cloud, gil)
        assert shown["_id"] != settings(cloud, una)["_id"]
    with claim("DM-USET-05", "and can change it"):
        cloud.call("POST", f"/users/me/settings/{shown['_id']}", gil, json={"mutevideo": True})
        observe(settings(cloud, gil), {**shown, "mutevideo": True})


@behaviour("USERS-SETPOST-01", "USERS-SETPOST-02")
def test_only_sent_settings_change(cloud: Cloud) -> None:
    """A partial update changes what was sent, ignores id and policy, and answers the whole record."""
    ann = cloud.user()
    before = settings(cloud, ann)
    sent = {"_id": "x", "muteaudio": True, "mNotif": "direct", "tourFeatures": [{"a": 1}], "companyPolicy": {}, "x": 1}
    path = f"/users/me/settings/{before['_id']}"
    answer = cloud.call("POST", path, ann, json=sent)
    with claim("USERS-SETPOST-01", "a partial update is taken", about=[answer]):
        expect(answer.status_code, 200)
    with claim("USERS-SETPOST-02", "the answer is the whole record: id and policy stay", about=[answer]):
        observe(answer.json(), {**before, "muteaudio": True, "mNotif": "direct", "tourFeatures": [{"a": 1}]})
    with claim("USERS-SETPOST-01", "what is not sent stays"):
        cloud.call("POST", path, ann, json={"mNotif": "none"})
        observe(settings(cloud, ann), {**answer.json(), "mNotif": "none"})
    restored = {name: before[name] for name in ("muteaudio", "mNotif", "tourFeatures")}
    cloud.call("POST", path, ann, json=restored)  # the account of a real person goes back to what it was


@behaviour("USERS-SETPOST-03")
@pytest.mark.parametrize(
    "body", [{"muteaudio": "yes"}, {"mNotif": "some"}, {"autoAcceptInvite": "all"}, {"tourFeatures": {}}, []], ids=str
)
def test_bad_settings_are_refused(cloud: Cloud, body: Any) -> None:
    """A wrong type or an unknown word changes nothing."""
    ann = cloud.user()
    before = settings(cloud, ann)
    with claim("USERS-SETPOST-03", "it is refused"):
        refused(cloud.call("POST", f"/users/me/settings/{before['_id']}", ann, json=body), 400, "request.invalid")
    with claim("USERS-SETPOST-03", "it changes nothing"):
        observe(settings(cloud, ann), before)


@behaviour("USERS-SETPOST-03")
def test_settings_of_others(cloud: Cloud) -> None:
    """Another person's record is refused, an unknown one not found, and without an id there is no such call."""
    ann = cloud.user()
    with claim("USERS-SETPOST-03", "an unknown record is not found"):
        refused(cloud.call("POST", f"/users/me/settings/{'f' * 24}", ann, json={}), 404, "settings.not_found")
    with claim("USERS-SETPOST-03", "without an id there is no such call"):
        refused(cloud.call("POST", "/users/me/settings", ann, json={}), 405, "method.not_allowed")
    foreign = settings(cloud, cloud.user("bob@example.com"))["_id"]
    with claim("USERS-SETPOST-03", "the record of somebody else is refused"):
        refused(cloud.call("POST", f"/users/me/settings/{foreign}", ann, json={}), 403, "permission.denied")


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
    with claim("USERS-PUSHADD-01", "DM-USET-05", "registered and anonymous people subscribe", about=[added]):
        expect(added.status_code, 200)
    with claim("USERS-PUSHADD-02", "the answer is the record", about=[added]):
        observe(added.json(), {**record, "subscriptionId": "s", "status": "active"})
    removed = cloud.call("DELETE", "/users/cm/subscriptions?subscriptionId=s&deviceId=d", who)
    with claim("USERS-PUSHDEL-01", "both ids end the subscription", about=[removed]):
        expect((removed.json()["id"], removed.json()["_id"]), (added.json()["_id"],) * 2)
    with claim("USERS-PUSHDEL-02", "the answer is the record that is going", about=[removed]):
        expect(removed.json(), {**record, "status": "removing"})
    with claim("USERS-PUSHDEL-01", "it is gone afterwards"):
        again = cloud.call("DELETE", "/users/me/cm/subscriptions?subscriptionId=s&deviceId=d", who)
        refused(again, 404, "subscription.not_found")


@behaviour("USERS-PUSHADD-01", "USERS-PUSHADD-02")
@pytest.mark.parametrize("body", [{"subscriptionId": "s"}, {"deviceId": "d"}], ids=str)
def test_one_id_is_enough_to_subscribe(cloud: Cloud, body: dict[str, str]) -> None:
    """Either id subscribes, for all kinds of spaces by default; to unsubscribe both are sent."""
    ann = cloud.user()
    added = cloud.call("POST", "/users/me/cm/subscriptions", ann, json=body)
    with claim("USERS-PUSHADD-01", "either id is enough, and the rest has defaults", about=[added]):
        shown = added.json()
        observe((shown["scope"], shown["dataOnly"], shown["status"]), (["all"], False, "active"))
    with claim("USERS-PUSHADD-02", "the record is found again by both ids"):
        answer = cloud.call("DELETE", "/users/me/cm/subscriptions?subscriptionId=s&deviceId=d", ann)
        observe(answer.json()["_id"], added.json()["_id"])


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
    ann = cloud.user()
    with claim("USERS-PUSHADD-03", "it is refused"):
        refused(cloud.call("POST", "/users/me/cm/subscriptions", ann, json=body), 400, "request.invalid")


@behaviour("USERS-PUSHDEL-03")
def test_unsubscribing_what_is_not_there(cloud: Cloud) -> None:
    """A missing parameter is bad input, a subscription of somebody else or with another id is not found."""
    ann = cloud.user()
    for query in ("", "subscriptionId=s", "deviceId=d", "subscriptionId=&deviceId=d"):
        with claim("USERS-PUSHDEL-03", f"the query {query!r} is refused"):
            refused(cloud.call("DELETE", f"/users/me/cm/subscriptions?{query}", ann), 400, "request.invalid")
    bob = cloud.user("bob@example.com")
    cloud.call("POST", "/users/me/cm/subscriptions", bob, json={"subscriptionId": "s", "deviceId": "d"})
    cases = {
        "of somebody else": (ann, "s", "d"),
        "of another device": (bob, "s", "x"),
        "of another id": (bob, "x", "d"),
    }
    for what, (who, subscription, device) in cases.items():
        params = {"subscriptionId": subscription, "deviceId": device}
        with claim("USERS-PUSHDEL-03", f"one {what} is not found"):
            answer = cloud.call("DELETE", "/users/me/cm/subscriptions", who, params=params)
            refused(answer, 404, "subscription.not_found")
    cloud.call("DELETE", "/users/me/cm/subscriptions?subscriptionId=s&deviceId=d", bob)


# --- numbers


@behaviour("USERS-STATS-01", "USERS-ROLLOUT-01")
def test_statistics_and_features(cloud: Cloud) -> None:
    """Statistics count one's spaces and messages, and no feature is rolled out; anonymous users have neither."""
    ann = cloud.user()
    features = cloud.call("GET", "/users/me/featuresrollout", ann)
    with claim("USERS-ROLLOUT-01", "no feature is rolled out", about=[features]):
        expect(features.status_code, 200)
        observe(features.json(), {"data": []})
    answer = cloud.call("GET", "/users/me/statistics", ann)
    with claim("USERS-STATS-01", "the numbers are those of the caller", about=[answer]):
        expect(answer.status_code, 200)
        observe((set(answer.json()), answer.json()["userId"]), ({"userId", "spaces", "messages"}, ann.id))
    gil = cloud.guest()
    for name, path in (("USERS-STATS-01", "/users/me/statistics"), ("USERS-ROLLOUT-01", "/users/me/featuresrollout")):
        with claim(name, "an anonymous user is refused"):
            refused(cloud.call("GET", path, gil), 403, "auth.kind_not_allowed")
    only_mock(cloud, "needs an account without a past")
    space = cloud.space(ann)
    cloud.message(space, ann)
    cloud.message(space, ann, kind="ideas")
    with claim("USERS-STATS-01", "spaces and messages are counted"):
        numbers = cloud.call("GET", "/users/me/statistics", ann).json()
        observe(numbers, {"userId": ann.id, "spaces": 2, "messages": 2})
