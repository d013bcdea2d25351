"""The mock's own calls that make what only sockets, owners or time can make elsewhere."""

from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, observe
from contract_tests.kit import OBJECT_ID, Cloud, behaviour, only_mock, refused
from contract_tests.sockets import Sockets

UNKNOWN = "5f0000000000000000000e01"


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "these calls are the mock's own")


def ask(cloud: Cloud, path: str, body: Any, method: str = "POST") -> httpx.Response:
    return cloud.http.request(method, f"{cloud.urls['control']}{path}", json=body)


def test_anybody_can_have_written_a_message(cloud: Cloud, sockets: Sockets) -> None:
    """A message is made in anybody's name, also of who is not in the space, and announced like any other."""
    ann, sid, guest = cloud.user(), cloud.user("sid@elsewhere.example"), cloud.guest()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    idea = cloud.control(
        "POST",
        f"/spaces/{space}/messages",
        {"username": sid.username, "category": "idea", "content": {"bodyText": "it's", "description": "d"}},
    )
    comment = cloud.control(
        "POST",
        f"/spaces/{space}/messages",
        {"person_id": guest.id, "content": {"bodyText": "c"}, "parentMsg": {"_id": idea["_id"]}},
    )
    listed = cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"]
    assert [(one["_id"], one["sender"]["_id"]) for one in listed] == [(comment["_id"], guest.id), (idea["_id"], sid.id)]
    assert (listed[1]["content"]["bodyText"], listed[1]["chatCount"]) == ("it&#x27;s", 1)
    assert [one["_id"] for one in chat.said("MESSAGE_SENT")] == [idea["_id"], comment["_id"]]


def test_a_message_can_be_put_into_an_archived_space(cloud: Cloud) -> None:
    """What nobody can write any more, a fixture still can."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    made = cloud.control("POST", f"/spaces/{space}/messages", {"username": ann.username, "content": {"bodyText": "x"}})
    assert made["_id"] == OBJECT_ID
    assert cloud.call("GET", f"/messages/{made['_id']}", ann).json() == made


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"content": {"bodyText": "x"}}, 400, "request.invalid"),
        ({"username": "ann@example.com", "person_id": "x", "content": {"bodyText": "x"}}, 400, "request.invalid"),
        ({"username": "ann@example.com", "content": {}}, 400, "request.invalid"),
        ({"username": "ann@example.com"}, 400, "request.invalid"),
        ({"username": "ann@example.com", "content": {"bodyText": "x"}, "text": "x"}, 400, "request.invalid"),
        ({"username": "ann@example.com", "content": {"bodyText": "x"}, "category": "meeting"}, 400, "request.invalid"),
        ({"username": "nobody@example.com", "content": {"bodyText": "x"}}, 404, "user.not_found"),
        ({"person_id": UNKNOWN, "content": {"bodyText": "x"}}, 404, "user.not_found"),
        (
            {"username": "ann@example.com", "content": {"bodyText": "x"}, "parentMsg": {"_id": UNKNOWN}},
            404,
            "message.not_found",
        ),
    ],
)
def test_a_message_plan_is_checked(cloud: Cloud, body: Any, status: int, code: str) -> None:
    """A plan without sender or text, with two senders or an unknown member is refused, and so are unknown ids."""
    space = cloud.space(cloud.user())
    answer = ask(cloud, f"/spaces/{space}/messages", body)
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text
    assert ask(cloud, f"/spaces/{UNKNOWN}/messages", body).status_code in (400, 404)


def test_people_come_into_a_meeting_without_sockets(cloud: Cloud) -> None:
    """A meeting is made with attendees, their sessions and cameras; a second call adds to it."""
    ann, guest = cloud.user(), cloud.guest()
    space = cloud.space(ann)
    first = cloud.control(
        "POST", f"/spaces/{space}/meeting", {"attendees": [{"username": ann.username, "session": "s1"}]}
    )
    plan = {"attendees": [{"person_id": guest.id, "video": True}, {"username": ann.username, "session": "s2"}]}
    second = cloud.control("POST", f"/spaces/{space}/meeting", plan)
    assert second["_id"] == first["_id"]
    assert second["content"]["mediaMode"] == "video"
    sessions = {
        one["_id"]: [session["_id"] for session in one["mdsrvSessions"]] for one in second["content"]["attendees"]
    }
    assert sessions[ann.id] == ["s1", "s2"]
    assert list(sessions) == [ann.id, guest.id]
    lists: list[Any] = [None, [], [{}], [{"username": "x", "person_id": "x"}]]
    for body in ({"attendees": one} for one in lists):
        assert ask(cloud, f"/spaces/{space}/meeting", body).status_code == 400
    assert ask(cloud, f"/spaces/{space}/meeting", {"attendees": [{"person_id": UNKNOWN}]}).status_code == 404


@behaviour("PERM-ARCH-01", "RT-SENT-07")
def test_archiving_a_space_is_announced(cloud: Cloud, sockets: Sockets) -> None:
    """A space that a fixture archives takes nothing new, and its subscribers hear of it."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    assert cloud.control("PATCH", f"/spaces/{space}", {"archived": True})["status"] == 1
    with claim("RT-SENT-07", "archiving is announced to subscribers, with the status"):
        ((category, status),) = [(one["category"], one["content"]["status"]) for one in chat.said("MESSAGE_SENT")]
        observe((category, status), ("topic.updated", 1))
    with claim("PERM-ARCH-01", "a chat in the space that was archived is refused"):
        answer = cloud.call("POST", f"/spaces/{space}/chats", ann, json={"content": {"bodyText": "x"}})
        refused(answer, 403, "topic.invalid_acesss_to_archived_topic")
    assert ask(cloud, f"/spaces/{space}", {"archived": False}, "PATCH").status_code == 400
    assert ask(cloud, f"/spaces/{UNKNOWN}", {"archived": True}, "PATCH").status_code == 404
