from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import TEXT, Cloud, behaviour, refused

NO_CLAIMS_YET = True


def delete(cloud: Cloud, who: Any, *ids: str) -> Any:
    answer = cloud.call("POST", "/messages/deletemessages", who, json=list(ids))
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


@behaviour("MSG-DELETE-01", "MSG-DELETE-02", "MSG-DELETE-03", "PERM-MAP-06")
def test_every_message_gets_an_answer_of_its_own(cloud: Cloud) -> None:
    """One call says of each message whether it was deleted, unknown, archived or not the caller's."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.open_space(ann, members=[{"username": bob.username}])
    archived = cloud.open_space(ann, archived=True)
    own, other = cloud.message(space, bob)["_id"], cloud.message(space, ann)["_id"]
    meeting = cloud.meeting(space, bob)["_id"]
    by_bob = {"username": bob.username, "content": {"bodyText": "x"}}
    kept = cloud.control("POST", f"/spaces/{archived}/messages", by_bob)["_id"]
    unknown = "5f0000000000000000000e01"
    expect(delete(cloud, bob, other, unknown, own, "x", meeting), outcome([own], [unknown, "x"], (), [other, meeting]))
    expect(delete(cloud, ann, kept, other), outcome([other], (), [kept]))
    observe(delete(cloud, ann, meeting), outcome(forbidden=[meeting]))
    expect(delete(cloud, ann, own), outcome(unknown=[own]))
    refused(cloud.call("GET", f"/messages/{own}", ann), 404, "message.not_found")
    left = cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"]
    expect([one["_id"] for one in left], [meeting])


@behaviour("PERM-MAP-06", "MSG-DELETE-03")
def test_who_may_delete(cloud: Cloud) -> None:
    """The sender deletes his own message, guests included, an admin anybody's, and others nothing."""
    room = cloud.room()
    for author in (room.member, room.guest, room.anonymous):
        message = cloud.message(room.id, author)["_id"]
        for other in {room.member, room.guest, room.anonymous, room.stranger} - {author}:
            expect(delete(cloud, other, message), outcome(forbidden=[message]))
        expect(delete(cloud, author, message), outcome([message]))
        message = cloud.message(room.id, author)["_id"]
        expect(delete(cloud, room.admin, message), outcome([message]))


@behaviour("PERM-MAP-06", "PERM-PRIV-01", "MSG-DELETE-03")
def test_who_has_left_deletes_nothing(cloud: Cloud) -> None:
    """A sender who is not in the space any more has no right to his message."""
    room = cloud.room()
    message = cloud.message(room.id, room.member)["_id"]
    left = cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.member.id}", room.member)
    expect(left.status_code, 200)
    expect(delete(cloud, room.member, message), outcome(forbidden=[message]))
    observe(cloud.call("GET", f"/messages/{message}", room.admin).status_code, 200)


@behaviour("MSG-DELETE-04")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_comments_go_with_their_parent(cloud: Cloud, kind: str) -> None:
    """Deleting a comment lowers the count of its parent; deleting the parent deletes all comments."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent = cloud.message(space, ann, kind=kind)["_id"]
    comments = [cloud.message(space, ann, parentMsg={"_id": parent})["_id"] for _ in range(3)]
    delete(cloud, ann, comments[1])
    observe(cloud.call("GET", f"/messages/{parent}", ann).json()["chatCount"], 2)
    expect(delete(cloud, ann, parent), outcome([parent]))
    for comment in comments:
        refused(cloud.call("GET", f"/messages/{comment}", ann), 404, "message.not_found")
    refused(cloud.call("GET", f"/{kind}/{parent}/messages", ann), 404, f"{kind[:-1]}.not_found")
    body = {"content": {"bodyText": "x"}, "parentMsg": {"_id": parent}}
    refused(cloud.call("POST", f"/spaces/{space}/chats", ann, json=body), 404, "message.not_found")
    expect(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["total"], 0)


@behaviour("MSG-DELETE-01", "MSG-DELETE-05")
@pytest.mark.parametrize("body", [[], {}, {"messages": ["x"]}, "x", [1], [None], [["x"]], ["x"] * 101])
def test_one_to_a_hundred_ids_are_wanted(cloud: Cloud, body: Any) -> None:
    """Anything but an array of 1 to 100 texts is bad input."""
    ann = cloud.user()
    refused(cloud.call("POST", "/messages/deletemessages", ann, json=body), 400, "request.invalid")
    expect(delete(cloud, ann, *["x"] * 100), outcome(unknown=["x"]))


@behaviour("ERR-ORDER-05")
def test_the_word_is_no_message_id(cloud: Cloud) -> None:
    """A GET of deletemessages is a wrong method, not an unknown message."""
    refused(cloud.call("GET", "/messages/deletemessages", cloud.user()), 405, "method.not_allowed")
