from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, Person, Room, behaviour, refused
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """A space with somebody of every role."""
    return cloud.room()


def update(cloud: Cloud, room: Room, **body: Any) -> dict[str, Any]:
    answer = cloud.call("POST", f"/spaces/{room.id}", room.admin, json=body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@behaviour("SPACES-UPDATE-01", "SPACES-UPDATE-04")
def test_an_update_answers_the_bare_space(cloud: Cloud, room: Room) -> None:
    """Title, description, restrictions and retention can be changed, and the answer is the changed space."""
    retention = {"retentionLength": 30, "retentionType": "delete_after_days", "notInheritParentPolicy": True}
    shown = update(cloud, room, title="New", description="d", restrict=[], msgRetention=retention)
    expect(shown["title"], "New")
    observe((shown["description"], shown["restrict"], shown["msgRetention"]), ("d", [], retention))
    expect(cloud.call("GET", f"/topics/{room.id}", room.admin).json(), shown)


@behaviour("SPACES-UPDATE-02")
def test_an_update_is_merged_member_by_member(cloud: Cloud, room: Room) -> None:
    """Objects are merged, arrays and scalars replaced, and what was not sent stays."""
    before = cloud.call("GET", f"/spaces/{room.id}", room.admin).json()
    update(cloud, room, settings={"list": [1, 2], "tree": {"a": {"b": 1}, "c": 2}})
    sent = {"mpaasSettings": {"maxResolution": "1080P"}, "list": [3], "tree": {"a": {"d": 4}}}
    after = update(cloud, room, settings=sent, msgRetention={"retentionLength": 5})
    mpaas = {**before["settings"]["mpaasSettings"], "maxResolution": "1080P"}
    tree = {"a": {"b": 1, "d": 4}, "c": 2}
    observe(after["settings"], {**before["settings"], "mpaasSettings": mpaas, "list": [3], "tree": tree})
    observe(after["msgRetention"], {**before["msgRetention"], "retentionLength": 5})
    observe(after["title"], before["title"])


@behaviour("SPACES-UPDATE-03")
def test_settable_settings(cloud: Cloud, room: Room) -> None:
    """Every setting that the documents or clients set can be set and read back."""
    sent: dict[str, Any] = {
        "confPin": "99",
        "passwordRequired": {"allGuests": False},
        "memberOnly": True,
        "allowPasswordInURL": True,
        "mpaasSettings": {"eventConference": {"enable": True, "hostingContinent": "EU"}, "mixerMode": "X", "new": 1},
        "autoStart": True,
        "hideAutoStartPrompt": True,
        "contentCreation": "admins",
    }
    shown = update(cloud, room, settings=sent)["settings"]
    observe(
        {name: shown[name] for name in sent if name != "mpaasSettings"} | {"mpaasSettings": sent["mpaasSettings"]}, sent
    )
    observe(shown["mpaasSettings"], {**sent["mpaasSettings"], "maxResolution": "720P"})


@behaviour("SPACES-UPDATE-03")
def test_settings_of_the_server_are_ignored(cloud: Cloud, room: Room) -> None:
    """What the server alone decides is left as it is, whatever a client sends."""
    before = cloud.call("GET", f"/spaces/{room.id}", room.admin).json()["settings"]
    sent = {"confId": "1", "mdLic": [], "mdSrv": "x", "mdOpts": ["x"], "mdProviders": 7}
    observe(update(cloud, room, settings=sent)["settings"], before)


def nested(depth: int) -> Any:
    return 1 if depth == 0 else {"a": nested(depth - 1)}


@behaviour("SPACES-UPDATE-03", "SPACES-UPDATE-07")
@pytest.mark.parametrize(
    "body",
    [
        {"title": "  "},
        {"title": 5},
        {"title": None},
        {"description": []},
        {"restrict": "x"},
        {"settings": []},
        {"settings": {"memberOnly": "yes"}},
        {"settings": {"confPin": 1234}},
        {"settings": {"passwordRequired": True}},
        {"settings": {"passwordRequired": {"allGuests": 1}}},
        {"settings": {"contentCreation": "nobody"}},
        {"settings": {"mpaasSettings": {"maxResolution": "8K"}}},
        {"settings": {"x": {"__proto__": 1}}},
        {"settings": {"x": [{"constructor": 1}]}},
        {"settings": {"prototype": 1}},
        {"settings": {"mpaasSettings": {"__proto__": {}}}},
        {"settings": {"x": nested(8)}},
        {"settings": {"x": "y" * 16 * 1024}},
        {"settings": {"mpaasSettings": {"x": "y" * 16 * 1024}}},
        {"msgRetention": {"retentionType": "sometimes"}},
        [],
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_bad_update_changes_nothing(cloud: Cloud, room: Room, body: Any) -> None:
    """Blank titles, wrong types, harmful names and too much of anything are refused, and nothing is changed."""
    before = cloud.call("GET", f"/spaces/{room.id}", room.admin).json()
    refused(cloud.call("POST", f"/spaces/{room.id}", room.admin, json=body), 400, "request.invalid")
    expect(cloud.call("GET", f"/spaces/{room.id}", room.admin).json(), before)


@behaviour("SPACES-UPDATE-03")
def test_unknown_settings_have_room_together(cloud: Cloud, room: Room) -> None:
    """The 16 KiB for unknown members are counted after the merge, and seven levels below settings are deep enough."""
    update(cloud, room, settings={"x": nested(7), "big": "y" * 12_000})
    update(cloud, room, settings={"big": "z" * 12_000})
    body = {"settings": {"more": "y" * 12_000}}
    refused(cloud.call("POST", f"/spaces/{room.id}", room.admin, json=body), 400, "request.invalid")


@behaviour("SPACES-UPDATE-05", "RT-REST-03")
def test_a_new_title_is_announced(cloud: Cloud, room: Room, sockets: Sockets) -> None:
    """Subscribers hear of a new title at once, and the space comes to the front of the list."""
    other = cloud.space(room.admin, "Later")
    chat = sockets.join(room.member, room.id)
    update(cloud, room, title="New title")
    [event] = chat.said("MESSAGE_SENT")
    expect(event["category"], "topic.updated")
    observe((event["topicId"], event["content"]["title"]), (room.id, "New title"))
    listed = [item["_id"] for item in cloud.call("GET", "/users/me/spaces", room.admin).json()["data"]]
    expect(listed, [room.id, other])


@behaviour("SPACES-UPDATE-06")
def test_other_changes_are_not_announced(cloud: Cloud, room: Room, sockets: Sockets) -> None:
    """A change of settings or the same title again is no event and no activity."""
    other = cloud.space(room.admin, "Later")
    chat = sockets.join(room.member, room.id)
    update(cloud, room, title="Open room", description="x", settings={"confPin": "77"})
    observe(chat.heard(), [])
    listed = [item["_id"] for item in cloud.call("GET", "/users/me/spaces", room.admin).json()["data"]]
    observe(listed, [other, room.id])


@behaviour("SPACES-UPDATE-06", "PERM-PIN-05")
def test_a_new_pin_concerns_later_calls(cloud: Cloud, room: Room) -> None:
    """After a PIN was set a guest who is in the space already has to send it."""
    expect(cloud.call("GET", f"/spaces/{room.id}", room.guest).status_code, 200)
    update(cloud, room, settings={"confPin": "77"})
    refused(cloud.call("GET", f"/spaces/{room.id}", room.guest), 403, "space.pin_required")


@behaviour("SPACES-UPDATE-07", "PERM-DIR-01")
def test_what_an_update_can_change_depends_on_the_space(cloud: Cloud) -> None:
    """A personal room can be renamed and closed by its owner, a direct space cannot be changed at all."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]["_id"]
    shown = cloud.call("POST", f"/spaces/{own}", ann, json={"title": "Den", "settings": {"memberOnly": True}}).json()
    observe((shown["title"], shown["settings"]["memberOnly"]), ("Den", True))
    direct = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    refused(cloud.call("POST", f"/spaces/{direct}", ann, json={}), 403, "space.direct_not_allowed")


@behaviour("PERM-MAP-03")
@pytest.mark.parametrize(
    ("role", "code"),
    [("member", "permission.denied"), ("guest", "permission.denied"), ("anonymous", "permission.denied")],
)
def test_only_admins_change_a_space(cloud: Cloud, room: Room, role: str, code: str) -> None:
    """Members and guests are refused."""
    who: Person = getattr(room, role)
    refused(cloud.call("POST", f"/spaces/{room.id}", who, json={"title": "x"}), 403, code)
