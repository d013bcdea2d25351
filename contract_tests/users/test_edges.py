"""Two of something, a second time and the exact edge, of people and what they keep."""

from datetime import datetime

import httpx
import pytest

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


@behaviour("DM-USER-02")
def test_a_user_name_is_kept_in_small_letters(cloud: Cloud) -> None:
    """However it was spelt, it is told in small letters, and taken in any spelling."""
    only_mock(cloud, "needs a person of a chosen name")
    made = cloud.control("POST", "/users", {"username": "Zoe@EXAMPLE.com", "other_emails": ["ZOE@other.example"]})
    zoe = cloud.user("zoe@example.com")
    me = cloud.call("GET", "/users/me", zoe).json()
    with claim("DM-USER-02", "user name and addresses are in small letters"):
        observe((me["_id"], me["username"]), (made["_id"], "zoe@example.com"))
        observe([one["value"] for one in me["emails"]], ["zoe@example.com", "zoe@other.example"])


@behaviour("DM-USET-04")
def test_a_policy_is_that_of_ones_own_company(cloud: Cloud) -> None:
    """Of two people of two companies only the one whose company denies attachments is told so, and no guest is."""
    cloud.control("POST", "/companies", {"name": "Strict", "domains": ["strict.example"], "deny_attachments": True})
    told = []
    for who in (cloud.user("eve@strict.example"), cloud.user(), cloud.guest()):
        settings = cloud.call("GET", "/users/me/settings", who).json()["data"][0]
        told.append(settings["companyPolicy"]["user"]["denyFeatures"]["attachment"])
    with claim("DM-USET-04", "it is told to the people of that company"):
        observe(told, [True, False, False])


@behaviour("USERS-COLL-04", "AUTH-SVC-15")
def test_an_app_finds_nobody_of_another_company_by_their_account(cloud: Cloud) -> None:
    """Once in a space of the app, somebody of another company is still none of its people; a person finds them."""
    app, ann, rita = cloud.app(), cloud.user(), cloud.user("rita@rival.example")
    cloud.space(app, invitees=[{"invitee": rita.username}, {"invitee": ann.username}])
    ndbid = cloud.call("GET", "/users/me", rita).json()["ndbid"]
    for id_, name, who, found in (
        ("AUTH-SVC-15", "the app", app, []),
        ("USERS-COLL-04", "a person", ann, [rita.id]),
    ):
        with claim(id_, f"whom {name} finds"):
            data = cloud.call("GET", "/users/me/colleagues", who, params={"accountid": ndbid}).json()["data"]
            observe([one["_id"] for one in data], found)


@behaviour("USERS-SPACES-08")
@pytest.mark.parametrize("people", [62, 63, 64])
def test_an_activity_moves_a_space_of_any_size(cloud: Cloud, people: int) -> None:
    """Whoever came first and whoever came last have the space on top, also around the size at which lists change."""
    only_mock(cloud, "needs many people")
    ann = cloud.user()
    usernames = [f"p{number}@example.com" for number in range(people)]
    cloud.control("POST", "/seed", {"users": [{"username": one} for one in usernames]})
    roster = [{"username": one} for one in usernames]
    one, _other = (cloud.open_space(ann, title, members=roster) for title in ("One", "Other"))
    cloud.call("POST", f"/spaces/{one}", ann, json={"title": "First"})
    with claim("USERS-SPACES-08", "it is on top for the first and the last of its people"):
        for who in (ann, cloud.user(usernames[0]), cloud.user(usernames[-1])):
            data = cloud.call("GET", "/users/me/spaces", who).json()["data"]
            observe([item["title"] for item in data], ["First", "Other"])


@behaviour("USERS-TASKS-02")
def test_tasks_of_a_space_that_shows_its_history_end_with_leaving(cloud: Cloud) -> None:
    """Also where guests see old messages, a task is listed while one is in its space, and again after coming back."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "member"}])
    cloud.call("POST", f"/spaces/{space}", ann, json={"restrict": []})
    task = cloud.message(space, ann, kind="tasks", content={"assignees": [bob.id]})["_id"]

    def listed() -> bool:
        return task in [one["_id"] for one in cloud.call("GET", "/users/me/tasks", bob).json()["data"]]

    states = [listed()]
    cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{bob.id}", bob)
    states.append(listed())
    cloud.call("GET", f"/spaces/{space}/join", bob)
    states.append(listed())
    with claim("USERS-TASKS-02", "it is listed before leaving and after coming back only"):
        observe(states, [True, False, True])
