from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets, direct_space


@pytest.fixture
def ann(cloud: Cloud) -> Person:
    """The admin of a space."""
    return cloud.user()


@pytest.fixture
def space(cloud: Cloud, ann: Person) -> str:
    """A space with nobody but its admin."""
    return cloud.open_space(ann)


def send(cloud: Cloud, space: str, who: Person, body: Any) -> httpx.Response:
    return cloud.call("POST", f"/spaces/{space}", who, json=body)


@step("update a space")
def update(cloud: Cloud, space: str, who: Person, **body: Any) -> dict[str, Any]:
    answer = send(cloud, space, who, body)
    assert answer.status_code == 200, answer.text
    shown: dict[str, Any] = answer.json()
    return shown


@behaviour("SPACES-UPDATE-01", "SPACES-UPDATE-04")
def test_an_update_answers_the_bare_space(cloud: Cloud, ann: Person, space: str) -> None:
    """Title, description, restrictions and retention can be changed, and the answer is the changed space."""
    retention = {"retentionLength": 30, "retentionType": "delete_after_days", "notInheritParentPolicy": True}
    body = {"title": "New", "description": "d", "restrict": [], "msgRetention": retention}
    answer = send(cloud, space, ann, body)
    with claim("SPACES-UPDATE-04", "the answer is the bare space", about=[answer]):
        expect(answer.status_code, 200)
        expect(answer.json()["title"], "New")
    for name, value in body.items():
        with claim("SPACES-UPDATE-01", f"{name} is changed", about=[answer]):
            observe(answer.json()[name], value)
    with claim("SPACES-UPDATE-04", "it is read so afterwards"):
        read = cloud.call("GET", f"/topics/{space}", ann).json()
        expect(read, answer.json())


@behaviour("SPACES-UPDATE-02")
def test_an_update_is_merged_member_by_member(cloud: Cloud, ann: Person, space: str) -> None:
    """Objects are merged, arrays and scalars replaced, and what was not sent stays."""
    before = cloud.call("GET", f"/spaces/{space}", ann).json()
    update(cloud, space, ann, settings={"list": [1, 2], "tree": {"a": {"b": 1}, "c": 2}})
    sent = {"mpaasSettings": {"maxResolution": "1080P"}, "list": [3], "tree": {"a": {"d": 4}}}
    after = update(cloud, space, ann, settings=sent, msgRetention={"retentionLength": 5})
    with claim("SPACES-UPDATE-02", "objects are merged member by member"):
        observe(after["settings"]["tree"], {"a": {"b": 1, "d": 4}, "c": 2})
    with claim("SPACES-UPDATE-02", "arrays are replaced"):
        observe(after["settings"]["list"], [3])
    with claim("SPACES-UPDATE-02", "scalars are replaced, those beside them stay"):
        mpaas = {**before["settings"]["mpaasSettings"], "maxResolution": "1080P"}
        observe(after["settings"]["mpaasSettings"], mpaas)
        observe(after["msgRetention"], {**before["msgRetention"], "retentionLength": 5})
    with claim("SPACES-UPDATE-02", "what was not sent stays"):
        changed = ("mpaasSettings", "list", "tree")
        kept = {name: value for name, value in after["settings"].items() if name not in changed}
        observe(kept, {name: value for name, value in before["settings"].items() if name not in changed})
        observe(after["title"], before["title"])


@behaviour("SPACES-UPDATE-03")
def test_settable_settings(cloud: Cloud, ann: Person, space: str) -> None:
    """Every setting that the documents or clients set can be set and read back."""
    sent: dict[str, Any] = {
        "confPin": "99",
        "passwordRequired": {"allGuests": False},
        "memberOnly": True,
        "allowPasswordInURL": True,
        "autoStart": True,
        "hideAutoStartPrompt": True,
        "contentCreation": "admins",
    }
    times = {"startDate": "2031-02-03T04:05:06.789Z", "endDate": None}
    event = {"enable": True, **times, "hostingContinent": "EU"}
    conference = {"eventConference": event, "mixerMode": "X", "new": 1}
    shown = update(cloud, space, ann, settings={**sent, "mpaasSettings": conference})["settings"]
    for name, value in sent.items():
        with claim("SPACES-UPDATE-03", f"{name} can be set"):
            observe(shown[name], value)
    with claim("SPACES-UPDATE-03", "members of mpaasSettings can be set, also unknown ones"):
        observe({name: shown["mpaasSettings"][name] for name in conference}, conference)
    with claim("SPACES-UPDATE-03", "the other members of mpaasSettings stay"):
        observe(shown["mpaasSettings"], {**conference, "maxResolution": "720P"})


@behaviour("SPACES-UPDATE-03")
@pytest.mark.parametrize(
    "sent", [{"confId": "1"}, {"mdLic": []}, {"mdSrv": "x"}, {"mdOpts": ["x"]}, {"mdProviders": 7}], ids=str
)
def test_settings_of_the_server_are_ignored(cloud: Cloud, ann: Person, space: str, sent: dict[str, Any]) -> None:
    """What the server alone decides is left as it is, whatever a client sends."""
    before = cloud.call("GET", f"/spaces/{space}", ann).json()["settings"]
    with claim("SPACES-UPDATE-03", "it is ignored"):
        answer = send(cloud, space, ann, {"settings": sent})
        expect(answer.status_code, 200)
        observe(answer.json()["settings"], before)


def nested(depth: int) -> Any:
    return 1 if depth == 0 else {"a": nested(depth - 1)}


@behaviour("SPACES-UPDATE-07")
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
        {"msgRetention": {"retentionType": "sometimes"}},
        [],
    ],
    ids=lambda body: str(body)[:60],
)
def test_a_bad_update_changes_nothing(cloud: Cloud, ann: Person, space: str, body: Any) -> None:
    """Blank titles, wrong types and unknown words are refused, and nothing is changed."""
    before = cloud.call("GET", f"/spaces/{space}", ann).json()
    with claim("SPACES-UPDATE-07", "it is refused"):
        refused(send(cloud, space, ann, body), 400, "request.invalid")
    with claim("SPACES-UPDATE-07", "nothing is changed"):
        expect(cloud.call("GET", f"/spaces/{space}", ann).json(), before)


@behaviour("SPACES-UPDATE-03")
@pytest.mark.parametrize(
    "settings",
    [
        {"x": {"__proto__": 1}},
        {"x": [{"constructor": 1}]},
        {"prototype": 1},
        {"mpaasSettings": {"__proto__": {}}},
        {"x": nested(8)},
        {"x": "y" * 16 * 1024},
        {"mpaasSettings": {"x": "y" * 16 * 1024}},
    ],
    ids=lambda settings: str(settings)[:60],
)
def test_unknown_settings_have_limits(cloud: Cloud, ann: Person, space: str, settings: Any) -> None:
    """Harmful names and too much of anything are refused, and nothing is changed."""
    before = cloud.call("GET", f"/spaces/{space}", ann).json()
    with claim("SPACES-UPDATE-03", "it is refused"):
        refused(send(cloud, space, ann, {"settings": settings}), 400, "request.invalid")
    with claim("SPACES-UPDATE-03", "nothing is changed"):
        expect(cloud.call("GET", f"/spaces/{space}", ann).json(), before)


@behaviour("SPACES-UPDATE-03")
def test_unknown_settings_have_room_together(cloud: Cloud, ann: Person, space: str) -> None:
    """The 16 KiB for unknown members are counted after the merge, and seven levels below settings are deep enough."""
    for name, settings in (
        ("seven levels below settings are accepted", {"x": nested(7)}),
        ("12 KB are accepted", {"big": "y" * 12_000}),
        ("12 KB in the place of others are accepted", {"big": "z" * 12_000}),
    ):
        with claim("SPACES-UPDATE-03", name):
            observe(send(cloud, space, ann, {"settings": settings}).status_code, 200)
    with claim("SPACES-UPDATE-03", "12 KB beside others are refused"):
        refused(send(cloud, space, ann, {"settings": {"more": "y" * 12_000}}), 400, "request.invalid")


@behaviour("SPACES-UPDATE-05", "RT-REST-03")
def test_a_new_title_is_announced(cloud: Cloud, ann: Person, space: str, sockets: Sockets) -> None:
    """Subscribers hear of a new title at once, and the space comes to the front of the list."""
    other = cloud.space(ann, "Later")
    update(cloud, space, ann, title="Newer title")
    with claim("SPACES-UPDATE-05", "a new title is an activity"):
        expect(listed(cloud, ann, space, other), [space, other])
    chat = sockets.join(ann, space)
    update(cloud, space, ann, title="New title")
    with claim("SPACES-UPDATE-05", "RT-REST-03", "subscribers hear of it"):
        [event] = chat.said("MESSAGE_SENT")
        expect(event["category"], "topic.updated")
        observe((event["topicId"], event["content"]["title"]), (space, "New title"))


def listed(cloud: Cloud, who: Person, *spaces: str) -> list[str]:
    """Return some spaces in the order of somebody's list."""
    items = cloud.call("GET", "/users/me/spaces", who).json()["data"]
    return [item["_id"] for item in items if item["_id"] in spaces]


@behaviour("SPACES-UPDATE-06")
def test_other_changes_are_not_announced(cloud: Cloud, ann: Person, space: str, sockets: Sockets) -> None:
    """A change of settings or the same title again is no event and no activity."""
    other = cloud.space(ann, "Later")
    title = cloud.call("GET", f"/spaces/{space}", ann).json()["title"]
    same = {"title": title, "description": "x", "settings": {"confPin": "77"}}
    update(cloud, space, ann, **same)
    with claim("SPACES-UPDATE-06", "another change is no activity"):
        observe(listed(cloud, ann, space, other), [other, space])
    chat = sockets.join(ann, space)
    update(cloud, space, ann, **same | {"description": "y", "settings": {"confPin": "78"}})
    with claim("SPACES-UPDATE-06", "subscribers hear nothing of another change"):
        observe(chat.heard(), [])


@behaviour("SPACES-UPDATE-06", "PERM-PIN-05")
def test_a_new_pin_concerns_later_calls(cloud: Cloud, ann: Person, space: str) -> None:
    """After a PIN was set a guest who is in the space already has to send it."""
    gil = cloud.guest()
    cloud.call("GET", f"/spaces/{space}/join", gil)
    with claim("SPACES-UPDATE-06", "before, a guest reads the space"):
        expect(cloud.call("GET", f"/spaces/{space}", gil).status_code, 200)
    update(cloud, space, ann, settings={"confPin": "77"})
    with claim("SPACES-UPDATE-06", "PERM-PIN-05", "afterwards they are asked for the PIN"):
        refused(cloud.call("GET", f"/spaces/{space}", gil), 403, "space.pin_required")


@behaviour("SPACES-UPDATE-07", "PERM-DIR-01")
def test_what_an_update_can_change_depends_on_the_space(cloud: Cloud, ann: Person) -> None:
    """A personal room can be renamed and closed by its owner, a direct space cannot be changed at all."""
    own = cloud.call("GET", f"/users/meetingroom/{ann.username}", ann).json()["data"]
    as_before = {"title": own["title"], "settings": {"memberOnly": own["settings"]["memberOnly"]}}
    answer = send(cloud, own["_id"], ann, {"title": "Den", "settings": {"memberOnly": True}})
    send(cloud, own["_id"], ann, as_before)
    with claim("SPACES-UPDATE-07", "the title of a personal room may change", about=[answer]):
        observe(answer.json()["title"], "Den")
    with claim("SPACES-UPDATE-07", "memberOnly of a personal room may change", about=[answer]):
        observe(answer.json()["settings"]["memberOnly"], wanted=True)
    direct = direct_space(cloud, ann, cloud.user("bob@example.com"))
    with claim("SPACES-UPDATE-07", "PERM-DIR-01", "a direct space cannot be changed"):
        refused(send(cloud, direct, ann, {}), 403, "space.direct_not_allowed")


@behaviour("PERM-MAP-03")
def test_only_admins_change_a_space(cloud: Cloud, ann: Person, space: str) -> None:
    """Members and guests are refused."""
    gil = cloud.guest()
    cloud.call("GET", f"/spaces/{space}/join", gil)
    with claim("PERM-MAP-03", "an anonymous guest may not change a space"):
        refused(send(cloud, space, gil, {"title": "x"}), 403, "permission.denied")
    for role in ("member", "guest"):
        bob = cloud.user("bob@example.com")
        other = cloud.open_space(ann, members=[{"username": bob.username, "role": role}])
        with claim("PERM-MAP-03", f"{role} may not change a space"):
            refused(send(cloud, other, bob, {"title": "x"}), 403, "permission.denied")
