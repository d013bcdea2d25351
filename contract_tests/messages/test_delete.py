from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import TEXT, App, Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets, begin_meeting

UNKNOWN = "5f0000000000000000000e01"


def send(cloud: Cloud, who: Person | App, *ids: str) -> httpx.Response:
    return cloud.call("POST", "/messages/deletemessages", who, json=list(ids))


def delete(cloud: Cloud, who: Person | App, *ids: str) -> Any:
    """Return what is answered to an attempt to delete messages."""
    answer = send(cloud, who, *ids)
    assert answer.status_code == 200, answer.text
    return answer.json()


def outcome(deleted: Any = (), unknown: Any = (), impossible: Any = (), forbidden: Any = ()) -> dict[str, Any]:
    reason = {"code": "permission.denied", "message": TEXT}
    archived = {"code": "topic.invalid_acesss_to_archived_topic", "message": TEXT}
    return {
        "deletedMessages": list(deleted),
        "notFoundMmessages": list(unknown),
        "notDeletedMessages": [{"messageId": one, "reason": archived} for one in impossible],
        "noPermittedMessages": [{"messageId": one, "reason": reason} for one in forbidden],
    }


@behaviour("MSG-DELETE-01", "MSG-DELETE-02", "MSG-DELETE-03", "MSG-GET-01", "PERM-MAP-06")
def test_every_message_gets_an_answer_of_its_own(cloud: Cloud) -> None:
    """One call says of each message whether it was deleted, unknown or not the caller's."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    cloud.call("GET", f"/spaces/{space}/join", gil)
    own, other = cloud.message(space, gil)["_id"], cloud.message(space, ann)["_id"]
    answer = send(cloud, gil, other, UNKNOWN, own, "x")
    with claim(
        "MSG-DELETE-01", "MSG-DELETE-02", "a bare array is answered with 200, whatever is in it", about=[answer]
    ):
        expect(answer.status_code, 200)
    with claim("MSG-DELETE-02", "the answer has four lists", about=[answer]):
        expect(set(answer.json()), set(outcome()))
    with claim("PERM-MAP-06", "the sender deletes their message", about=[answer]):
        expect(answer.json()["deletedMessages"], [own])
    with claim("MSG-DELETE-03", "unknown and malformed ids are not found", about=[answer]):
        expect(answer.json()["notFoundMmessages"], [UNKNOWN, "x"])
    with claim("MSG-DELETE-03", "PERM-MAP-06", "that of another is not permitted", about=[answer]) as shown:
        expect(answer.json()["noPermittedMessages"], outcome(forbidden=[other])["noPermittedMessages"])
        shown.saw_refusal()  # told within a 200
    with claim("MSG-DELETE-02", "nothing is in two lists", about=[answer]):
        expect(answer.json(), outcome([own], [UNKNOWN, "x"], (), [other]))
    with claim("PERM-MAP-06", "an admin deletes that of another"):
        expect(delete(cloud, ann, other), outcome([other]))
    with claim("MSG-DELETE-03", "what was deleted is not found again"):
        expect(delete(cloud, ann, own), outcome(unknown=[own]))
    with claim("MSG-GET-01", "a deleted message is not found by its id"):
        refused(cloud.call("GET", f"/messages/{own}", ann), 404, "message.not_found")
    with claim("MSG-DELETE-02", "deleted messages are in no list"):
        expect(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"], [])


@behaviour("MSG-DELETE-03")
def test_a_meeting_is_not_deleted(cloud: Cloud, sockets: Sockets) -> None:
    """A message of category meeting stays, whoever would delete it."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    cloud.call("GET", f"/spaces/{space}/join", gil)
    own = cloud.message(space, gil)["_id"]
    meeting = begin_meeting(cloud, sockets, space, gil)["_id"]
    with claim("MSG-DELETE-03", "who began it may not, and what is beside it is deleted"):
        expect(delete(cloud, gil, own, meeting), outcome([own], forbidden=[meeting]))
    with claim("MSG-DELETE-03", "an admin may not") as shown:
        observe(delete(cloud, ann, meeting), outcome(forbidden=[meeting]))
        shown.saw_refusal()  # told within a 200
    with claim("MSG-DELETE-03", "it is still in the list"):
        left = cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"]
        expect([one["_id"] for one in left], [meeting])


@behaviour("MSG-DELETE-02", "MSG-DELETE-03")
def test_an_archived_message_is_not_deleted(cloud: Cloud) -> None:
    """In an archived space nothing is deleted, while what is beside it in the call is."""
    ann = cloud.user()
    other = cloud.message(cloud.space(ann), ann)["_id"]
    archived = cloud.open_space(ann, archived=True)
    by_ann = {"username": ann.username, "content": {"bodyText": "x"}}
    kept = cloud.control("POST", f"/spaces/{archived}/messages", by_ann)["_id"]
    with claim("MSG-DELETE-03", "MSG-DELETE-02", "it is not deleted, with the code of archived spaces") as shown:
        expect(delete(cloud, ann, kept, other), outcome([other], (), [kept]))
        shown.saw_refusal()  # told within a 200


@behaviour("PERM-MAP-06", "MSG-DELETE-03")
@pytest.mark.parametrize("role", ["anonymous", "guest", "member"])
def test_who_may_delete(cloud: Cloud, role: str) -> None:
    """The sender deletes their own message, guests included, an admin anybody's, and others nothing."""
    room = cloud.room()
    author = getattr(room, role)
    message = cloud.message(room.id, author)["_id"]
    for other in ("anonymous", "guest", "member", "stranger"):
        if other != role:
            with claim("PERM-MAP-06", "MSG-DELETE-03", f"{other} may not delete it") as shown:
                expect(delete(cloud, getattr(room, other), message), outcome(forbidden=[message]))
                shown.saw_refusal()  # told within a 200
    with claim("PERM-MAP-06", "the sender may delete it"):
        expect(delete(cloud, author, message), outcome([message]))
    message = cloud.message(room.id, author)["_id"]
    with claim("PERM-MAP-06", "an admin may delete it"):
        expect(delete(cloud, room.admin, message), outcome([message]))


@behaviour("PERM-MAP-06", "PERM-PRIV-01", "MSG-DELETE-03")
def test_who_has_left_deletes_nothing(cloud: Cloud) -> None:
    """A sender who is not in the space any more has no right to their message."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    space = cloud.open_space(ann, members=[{"username": mia.username, "role": "member"}])
    message = cloud.message(space, mia)["_id"]
    left = cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{mia.id}", mia)
    assert left.status_code == 200, left.text
    with claim("PERM-MAP-06", "MSG-DELETE-03", "a sender who has left may not delete their message") as shown:
        expect(delete(cloud, mia, message), outcome(forbidden=[message]))
        shown.saw_refusal()  # told within a 200
    with claim("PERM-PRIV-01", "nor may they read it"):
        refused(cloud.call("GET", f"/messages/{message}", mia), 403, "permission.denied")
    with claim("MSG-DELETE-03", "it is still there"):
        observe(cloud.call("GET", f"/messages/{message}", ann).status_code, 200)


@behaviour("MSG-DELETE-04", "MSG-COMMI-03", "MSG-CHAT-05")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_comments_go_with_their_parent(cloud: Cloud, kind: str) -> None:
    """Deleting a comment lowers the count of its parent; deleting the parent deletes all comments."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent = cloud.message(space, ann, kind=kind)["_id"]
    comments = [cloud.message(space, ann, parentMsg={"_id": parent})["_id"] for _ in range(3)]
    deleted(cloud, ann, comments[1])
    with claim("MSG-DELETE-04", "a deleted comment is not counted"):
        observe(cloud.call("GET", f"/messages/{parent}", ann).json()["chatCount"], 2)
    with claim("MSG-DELETE-04", "of the parent and its comments the parent alone is answered"):
        expect(delete(cloud, ann, parent), outcome([parent]))
    for number, comment in enumerate(comments):
        with claim("MSG-DELETE-04", f"comment {number} is gone"):
            refused(cloud.call("GET", f"/messages/{comment}", ann), 404, "message.not_found")
    with claim("MSG-DELETE-04", "nothing is left in the list"):
        expect(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["total"], 0)
    with claim("MSG-COMMI-03", "the list of its comments is not found"):
        refused(cloud.call("GET", f"/{kind}/{parent}/messages", ann), 404, f"{kind[:-1]}.not_found")
    body = {"content": {"bodyText": "x"}, "parentMsg": {"_id": parent}}
    with claim("MSG-CHAT-05", "it is no parent of new comments"):
        refused(cloud.call("POST", f"/spaces/{space}/chats", ann, json=body), 404, "message.not_found")


@step("delete a message")
def deleted(cloud: Cloud, who: Person, message: str) -> None:
    assert delete(cloud, who, message)["deletedMessages"] == [message]


@behaviour("MSG-DELETE-05")
@pytest.mark.parametrize("body", [[], {}, {"messages": ["x"]}, "x", [1], [None], [["x"]], ["x"] * 101])
def test_anything_but_one_to_a_hundred_ids_is_refused(cloud: Cloud, body: Any) -> None:
    """Anything but an array of 1 to 100 texts is bad input."""
    ann = cloud.user()
    with claim("MSG-DELETE-05", "it is refused"):
        refused(cloud.call("POST", "/messages/deletemessages", ann, json=body), 400, "request.invalid")


@behaviour("MSG-DELETE-01")
def test_a_hundred_ids_are_accepted(cloud: Cloud) -> None:
    """The array may have 100 ids, and no more; the same id a hundred times is one."""
    ann = cloud.user()
    with claim("MSG-DELETE-01", "a hundred ids are accepted"):
        expect(delete(cloud, ann, *["x"] * 100), outcome(unknown=["x"]))
    with claim("MSG-DELETE-01", "one more is refused"):
        refused(cloud.call("POST", "/messages/deletemessages", ann, json=["x"] * 101), 400, "request.invalid")


@behaviour("ERR-ORDER-05")
def test_the_word_is_no_message_id(cloud: Cloud) -> None:
    """A GET of deletemessages is a wrong method, not an unknown message."""
    with claim("ERR-ORDER-05", "without a credential it is a wrong method"):
        refused(cloud.call("GET", "/messages/deletemessages"), 405, "method.not_allowed")
    user = cloud.user()
    with claim("ERR-ORDER-05", "with one it is a wrong method"):
        answer = cloud.call("GET", "/messages/deletemessages", user)
        refused(answer, 405, "method.not_allowed")
        observe(answer.status_code, 405)
