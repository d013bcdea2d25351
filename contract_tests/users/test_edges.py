"""Two of something, a second time and the exact edge, of people and what they keep."""

import json
import time
from datetime import datetime
from typing import Any

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


@behaviour(
    "USERS-PREF-02",
    "USERS-HIDE-03",
    "USERS-SETPOST-01",
    "USERS-SETPOST-02",
    "USERS-READ-03",
    "USERS-READ-06",
    "DM-USP-02",
)
def test_what_two_people_keep_of_one_space_is_apart(cloud: Cloud) -> None:
    """Preference, read mark, hiding and settings of one person leave those of the other, in turn and once more."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    space = cloud.open_space(ann, members=[{"username": mia.username, "role": "member"}])
    moment = cloud.message(space, ann)["created"]
    path = f"/users/me/spaces/{space}"

    def own(who: Person) -> Any:
        listed = cloud.call("GET", "/users/me/spaces", who, params={"topictype": "group"}).json()["data"]
        return next((one for one in listed if one["_id"] == space), None)

    for who, other, pinned in ((ann, mia, True), (mia, ann, True), (ann, mia, False)):
        before, turn = own(other), f"{who.username.partition('@')[0]} {'pins' if pinned else 'unpins'}"
        answer = cloud.call("POST", f"{path}/preference", who, json={"isPinned": pinned}).json()
        with claim("USERS-PREF-02", f"{turn}: the record in the answer is that of who asked"):
            expect(answer["isPinned"], pinned)
        with claim("DM-USP-02", f"{turn}: the record of the other is as it was"):
            observe((own(who)["isPinned"], own(other)), (pinned, before))
    with claim("USERS-READ-03", "who has read everything has nothing unread, the other one has"):
        answer = cloud.call("POST", f"{path}/markread", mia, json={}).json()
        time.sleep(0.01)  # what is as old as the mark, by its millisecond, is read
        unread = cloud.message(space, ann, "later") and [own(one)["unread"] for one in (mia, ann)]
        observe((answer["unread"], unread), (False, [True, False]))
    with claim("USERS-READ-06", "an older time moves nobody's mark, and what another one reads moves none of theirs"):
        cloud.call("POST", f"{path}/markread", ann, json={})
        again = cloud.call("POST", f"{path}/markread", mia, json={"readTime": moment}).json()
        observe(again["messagesLastReadTime"], answer["messagesLastReadTime"])
    with claim("USERS-HIDE-03", "the record says that it is hidden, for the one who hides it"):
        expect(cloud.call("POST", f"{path}/hide", mia, json={}).json()["status"], 4)
        expect((own(mia), own(ann) is None), (None, False))
    for who, members in ((ann, {"mNotif": "none"}), (mia, {"dNotif": "none"}), (ann, {"muteaudio": True})):
        name = who.username.partition("@")[0]
        with claim("USERS-SETPOST-02", f"{name} sets {next(iter(members))}: the answer has it"):
            record = cloud.call("GET", "/users/me/settings", who).json()["data"][0]["_id"]
            found = cloud.call("POST", f"/users/me/settings/{record}", who, json=members).json()
            expect({one: found[one] for one in members}, members)
    with claim("USERS-SETPOST-01", "each has what they set, and the default of what the other set"):
        shown = [cloud.call("GET", "/users/me/settings", one).json()["data"][0] for one in (ann, mia)]
        found = [tuple(one[name] for name in ("mNotif", "dNotif", "muteaudio")) for one in shown]
        observe(found, [("none", "all", True), ("all", "none", False)])


@behaviour("USERS-ANON-02", "USERS-ANON-04", "USERS-ME-02", "USERS-ME-03", "DM-ANON-01")
def test_two_guests_of_one_name_are_two(cloud: Cloud) -> None:
    """Each login makes another guest, with the name, address and picture that it brought, or the defaults."""
    sent: tuple[dict[str, str], ...] = (
        {"displayname": "Gil", "username": "gil@x.example", "picturefile": "https://x.example/gil.png"},
        {"displayname": "Gil", "username": "gil@x.example"},
        {},
    )
    found = []
    for number, body in enumerate(sent):
        answer = cloud.call("POST", "/anonymous/auth", json=body)
        with claim("USERS-ANON-02", f"guest {number}: the answer has a token and nothing else"):
            expect(list(answer.json()), ["token"])
        found.append(Person("", "", f"jwt {answer.json()['token']}"))
    shown = [cloud.call("GET", "/users/me", one).json() for one in found]
    with claim("DM-ANON-01", "they are three"):
        observe(len({one["_id"] for one in shown}), 3)
    with claim("USERS-ME-02", "all are anonymous"):
        expect([one["aType"] for one in shown], ["anonymous"] * 3)
    with claim("USERS-ANON-04", "each has the name that it brought, or the default"):
        observe([one["displayname"] for one in shown], ["Gil", "Gil", "Guest"])
    with claim("USERS-ANON-04", "each has the picture that it brought, or the default"):
        observe([one["picture_url"].rpartition("/")[2] for one in shown], ["gil.png", "noimage.jpg", "noimage.jpg"])
    with claim("USERS-ME-03", "each has the address that it brought, or none"):
        observe([one["username"] for one in shown], ["gil@x.example", "gil@x.example", ""])


# What a user is made with, and where it is shown: statement, members of the user, member of the answer.
FACTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("DM-USER-01", {}, "_id"),
    ("DM-USER-03", {"displayname": "Di One"}, "displayname"),
    ("DM-USER-05", {"other_emails": ["other.{0}@x.example"]}, "emails"),
    ("DM-USER-08", {"company_admin": True}, "permissions"),
    ("DM-USER-09", {"licenses": ["spaces_power"]}, "licenses"),
    ("DM-USER-10", {"picturefile": "https://x.example/{0}.png"}, "picturefile"),
    ("DM-USER-06", {"phone_numbers": [{"value": "+49891234"}]}, "phone_numbers"),
)


@pytest.mark.parametrize(("shown", "members", "name"), [pytest.param(*one, marks=behaviour(one[0])) for one in FACTS])
def test_a_fact_of_one_user_is_not_that_of_another(
    cloud: Cloud, shown: str, members: dict[str, Any], name: str
) -> None:
    """Of three users, two of one company and one of another, who has it shows it, read in any order and twice."""
    only_mock(cloud, "people who are made for this")
    addresses = ("di@example.com", "do@example.com", "du@rival.example")
    people = []
    for number, address in enumerate(addresses):
        own = {key: json.loads(json.dumps(value).replace("{0}", str(number))) for key, value in members.items()}
        people.append(cloud.user(address, **(own if number != 1 else {})))  # the second one has none of it

    def facts() -> list[Any]:
        return [cloud.call("GET", "/users/me", one).json().get(name) for one in people]

    with claim(shown, "who has it and who does not are told apart"):
        first, second, third = facts()
        assert first != second
        assert third != second
    with claim(shown, "once more, and in the other order"):
        people.reverse()
        observe(facts()[::-1], [first, second, third])


@behaviour("USERS-SPACES-10", "USERS-SPACES-09")
def test_each_direct_space_has_its_own_latest_message(cloud: Cloud) -> None:
    """With two partners the newest chat of each is shown, the one before it when that is deleted, none in the end."""
    ann, bob, mia = cloud.user(), cloud.user("bob@example.com"), cloud.user("mia@example.com")
    spaces = {
        who.id: cloud.call("GET", f"/spaces/direct/user/{who.id}", ann).json()["data"][0]["_id"] for who in (bob, mia)
    }

    def latest(reader: Person) -> dict[str, Any]:
        listed = cloud.call("GET", "/users/me/spaces", reader, params={"topictype": "direct"}).json()["data"]
        ours = [one for one in listed if one["_id"] in spaces.values()]  # people of a shared service have more of them
        return {one["_id"]: (one["latestMessage"] or {}).get("_id") for one in ours}

    before = latest(ann)  # none in a new space; on a shared service people may have talked already
    sent = {who: [cloud.message(space, ann, text)["_id"] for text in ("one", "two")] for who, space in spaces.items()}
    with claim("USERS-SPACES-10", "each has its newest"):
        observe(latest(ann), {space: sent[who][1] for who, space in spaces.items()})
    with claim("USERS-SPACES-09", "the partner sees their own space with it, and not the other one"):
        observe(latest(bob), {spaces[bob.id]: sent[bob.id][1]})
    for number in (1, 0):
        cloud.call("POST", "/messages/deletemessages", ann, json=[sent[bob.id][number]])
        with claim("USERS-SPACES-10", f"after a deletion: {'the one before' if number else 'what was before'}"):
            first = sent[bob.id][0] if number else before.get(spaces[bob.id])
            wanted = {spaces[bob.id]: first, spaces[mia.id]: sent[mia.id][1]}
            observe(latest(ann), wanted)
