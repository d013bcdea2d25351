"""Two of something, a second time and the exact edge, of people and what they keep."""

from datetime import datetime

import httpx

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, only_mock, refused

NOON = "2031-02-03T12:00:00.000Z"


@behaviour("USERS-COLL-05")
def test_people_are_ordered_without_regard_to_case(cloud: Cloud) -> None:
    """People of the company and those met elsewhere are one list by name, whatever the case of its letters."""
    only_mock(cloud, "needs people of chosen names")
    for number, name in enumerate(("abel Zett", "Bruno Zett")):
        cloud.user(f"z{number}@example.com", displayname=name)
    met = [
        cloud.user(f"z{number}@elsewhere.example", displayname=name).username
        for number, name in enumerate(("ada Zett", "Bert Zett"))
    ]
    ann = cloud.user()
    cloud.space(ann, invitees=[{"invitee": one} for one in met])
    found = cloud.call("GET", "/users/me/colleagues", ann, params={"search": "zett$"}).json()["data"]
    with claim("USERS-COLL-05", "small and capital letters stand together"):
        observe([one["displayname"] for one in found], ["abel Zett", "ada Zett", "Bert Zett", "Bruno Zett"])


@behaviour("USERS-COLL-02")
def test_whoever_is_met_after_a_search_is_found_by_the_next(cloud: Cloud) -> None:
    """A second search knows who was met since the first one."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")

    def found() -> bool:
        data = cloud.call("GET", "/users/me/colleagues", sid, params={"size": "50"}).json()["data"]
        return ann.id in [one["_id"] for one in data]

    only_mock(cloud, "needs people who have never met")
    with claim("USERS-COLL-02", "before and after they meet"):
        before = found()
        cloud.space(ann, invitees=[{"invitee": sid.username}])
        observe((before, found()), (False, True))


@behaviour("USERS-PUSHADD-02", "USERS-PUSHDEL-01", "USERS-PUSHDEL-03")
def test_two_devices_are_subscribed_apart(cloud: Cloud) -> None:
    """One device is taken off and the other stays; the same device again is one subscription."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")

    def add(device: str) -> str:
        body = {"subscriptionId": "s", "deviceId": device}
        made: str = cloud.call("POST", "/users/me/cm/subscriptions", ann, json=body).json()["_id"]
        return made

    def drop(device: str, who: Person = ann) -> httpx.Response:
        path = f"/users/cm/subscriptions?subscriptionId=s&deviceId={device}"
        return cloud.call("DELETE", path, who)

    one, other = add("one"), add("other")
    with claim("USERS-PUSHADD-02", "another device has a record of its own"):
        assert one != other
    with claim("USERS-PUSHDEL-03", "another person has no such subscription"):
        refused(drop("one", bob), 404, "subscription.not_found")
    again = add("one")
    with claim("USERS-PUSHDEL-01", "each device is taken off by its own ids"):
        observe([drop("other").json()["_id"], drop("one").json()["_id"]], [other, again])
    with claim("USERS-PUSHDEL-03", "what was subscribed twice is gone at once"):
        refused(drop("one"), 404, "subscription.not_found")


@behaviour("USERS-READ-03", "USERS-READ-05")
def test_a_read_mark_is_exact_to_the_millisecond(cloud: Cloud) -> None:
    """What was written in the millisecond of the mark is read, also while the clock stands still."""
    cloud.freeze(NOON)
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "member"}])
    cloud.advance(1)
    sent = [cloud.message(space, bob, text) for text in ("one", "two", "three")]

    def mark(**body: str) -> tuple[bool, int]:
        record = cloud.call("POST", f"/users/me/spaces/{space}/markread", ann, json=body).json()
        return record["unread"], record["unreadMessagesCount"]

    with claim("USERS-READ-05", "a message of the very millisecond is read, the next one is not"):
        observe(mark(readTime=sent[0]["created"]), (True, 2))
    with claim("USERS-READ-03", "the default time leaves nothing unread"):
        observe(mark(), (False, 0))


@behaviour("USERS-SPACES-01", "USERS-MSGS-01", "REST-TIME-02")
def test_after_leaves_out_the_millisecond_itself(cloud: Cloud) -> None:
    """What happened at that millisecond is not later, what happened in the next one is."""
    cloud.freeze(NOON)
    ann = cloud.user()
    space = cloud.space(ann)
    cloud.message(space, ann)
    moment = int(datetime.fromisoformat(NOON).timestamp() * 1000)
    for shown, path, query in (
        ("USERS-SPACES-01", "/users/me/spaces", {}),
        ("USERS-MSGS-01", "/users/me/messages", {"spacelist": space}),
    ):
        with claim(shown, "REST-TIME-02", f"{path}: one millisecond before, and at the moment"):
            answers = [cloud.call("GET", path, ann, params={**query, "after": str(moment + ms)}) for ms in (-1, 0)]
            expect([len(answer.json()["data"]) for answer in answers], [1, 0])
