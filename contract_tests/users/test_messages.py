from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, Cloud, Person, Room, behaviour, refused

NO_CLAIMS_YET = True


def texts(cloud: Cloud, who: Person, path: str, **params: str) -> list[str]:
    answer = cloud.call("GET", path, who, params=params)
    assert answer.status_code == 200, answer.text
    return [item["content"]["bodyText"] if "content" in item else item["category"] for item in answer.json()["data"]]


def say(cloud: Cloud, space: str, who: Person, text: str, kind: str = "chats", **body: Any) -> str:
    """Write a message at a time of its own: only within one space times are never equal."""
    cloud.advance(0.01)
    made: str = cloud.message(space, who, text, kind=kind, **body)["_id"]
    return made


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


# --- messages of some spaces


@behaviour("USERS-MSGS-01", "USERS-MSGS-02")
def test_messages_by_their_last_change(cloud: Cloud) -> None:
    """Messages of the named spaces come mixed by last change, newest first, page by page; meetings do not."""
    ann = cloud.user()
    one, two = cloud.space(ann, "One"), cloud.space(ann, "Two")
    first = say(cloud, one, ann, "a")
    say(cloud, two, ann, "b", kind="ideas")
    say(cloud, one, ann, "c", kind="tasks")
    cloud.meeting(one, ann)
    cloud.message(cloud.space(ann, "Other"), ann, "x")
    both = f"{one},{two}"
    expect(texts(cloud, ann, "/users/me/messages", spacelist=both), ["c", "b", "a"])
    body = {"_id": first, "category": "chat", "content": {"bodyText": "a2"}}
    edited = cloud.call("POST", f"/messages/{first}", ann, json=body)
    expect(edited.status_code, 200)
    expect(texts(cloud, ann, "/users/me/messages", spacelist=f" {both} ,{one}"), ["a2", "c", "b"])
    page = cloud.call("GET", "/users/me/messages", ann, params={"spacelist": both, "size": "2"}).json()
    expect((page["total"], page["data"][0]["__v"]), (2, 0))
    rest = cloud.http.get(f"{cloud.origin}{page['nextPageUrl']}", headers={"Authorization": ann.authorization})
    observe([item["content"]["bodyText"] for item in rest.json()["data"]], ["b"])


@behaviour("USERS-MSGS-02")
def test_deleted_messages_can_be_included(cloud: Cloud) -> None:
    """A deleted message is left out, or shown with what is left of it."""
    ann = cloud.user()
    space = cloud.space(ann)
    kept, gone = cloud.message(space, ann, "kept"), cloud.message(space, ann, "gone", kind="ideas")
    cloud.call("POST", "/messages/deletemessages", ann, json=[gone["_id"]])
    expect(texts(cloud, ann, "/users/me/messages", spacelist=space), ["kept"])
    params = {"spacelist": space, "includedeleted": "true"}
    shown = cloud.call("GET", "/users/me/messages", ann, params=params).json()["data"]
    left = {"_id": gone["_id"], "topicId": space, "category": "idea", "status": 2, "modified": ISO_TIME}
    observe(shown[0], left)
    observe(shown[1]["_id"], kept["_id"])


@behaviour("USERS-MSGS-01", "PERM-HIST-01", "REST-TIME-02")
def test_messages_after_a_moment(cloud: Cloud, room: Room) -> None:
    """The parameter after leaves only later messages, and a guest sees none from before he came."""
    cloud.message(room.id, room.admin, "old")
    cloud.advance(5)
    moment = round(cloud.epoch * 1000)
    cloud.advance(5)
    cloud.call("GET", f"/spaces/{room.id}/join", room.stranger)
    cloud.message(room.id, room.admin, "new")
    path = "/users/me/messages"
    expect(texts(cloud, room.admin, path, spacelist=room.id), ["new", "old"])
    observe(texts(cloud, room.admin, path, spacelist=room.id, after=str(moment)), ["new"])
    observe(texts(cloud, room.stranger, path, spacelist=room.id), ["new"])


@behaviour("USERS-MSGS-03", "ERR-ORDER-04")
def test_bad_space_lists(cloud: Cloud, room: Room) -> None:
    """A bad list is bad input, then the first unknown space is not found, then the first unreadable one refused."""
    other, unknown = cloud.private_space(room.admin), "f" * 24
    path = "/users/me/messages"
    for bad in ({}, {"spacelist": ""}, {"spacelist": f"{room.id},"}, {"spacelist": ",".join([unknown] * 16)}):
        refused(cloud.call("GET", path, room.member, params=bad), 400, "request.invalid")
    for bad in ({"pageToken": "xx"}, {"page": "0", "pageref": "1"}, {"after": "soon"}):
        refused(cloud.call("GET", path, room.member, params={"spacelist": unknown, **bad}), 400, "request.invalid")
    observe(cloud.call("GET", path, room.member, params={"spacelist": ",".join([room.id] * 15)}).status_code, 200)
    params = {"spacelist": f"{other},{room.id},{unknown}"}
    refused(cloud.call("GET", path, room.member, params=params), 404, "space.not_found")
    params = {"spacelist": f"{room.id},{other}"}
    refused(cloud.call("GET", path, room.member, params=params), 403, "space.members_only")


# --- attachments


@behaviour("USERS-ATT-01", "USERS-ATT-02", "PERM-HIST-01")
def test_messages_with_attachments(cloud: Cloud, room: Room) -> None:
    """Messages with attachments of all one's spaces, comments included, newest first and only what one may see."""
    mine, file = cloud.space(room.admin), {"data": [{"fileId": "f"}]}
    say(cloud, room.id, room.admin, "a", content=file)
    say(cloud, mine, room.admin, "none")
    idea = say(cloud, mine, room.admin, "b", kind="ideas", content=file)
    say(cloud, mine, room.admin, "c", content=file, parentMsg={"_id": idea})
    cloud.advance(5)
    cloud.call("GET", f"/spaces/{room.id}/join", room.stranger)
    cloud.message(room.id, room.admin, "d", kind="tasks", content=file)
    for path in ("/users/me/attachments/natives", "/users/attachments/natives"):
        expect(texts(cloud, room.admin, path), ["d", "c", "b", "a"])
        observe(texts(cloud, room.member, path), ["d", "a"])
        observe(texts(cloud, room.stranger, path), ["d"])
    observe(texts(cloud, cloud.guest(), "/users/me/attachments/natives"), [])


# --- tasks and posts


def task(cloud: Cloud, space: str, who: Person, text: str, *assignees: Person, status: str = "pending") -> str:
    body: dict[str, Any] = {"assignees": [{"_id": one.id} for one in assignees], "status": status}
    return say(cloud, space, who, text, kind="tasks", **body)


@behaviour("USERS-TASKS-01", "USERS-TASKS-02", "USERS-TASKS-03")
def test_tasks_one_made_or_has_to_do(cloud: Cloud, room: Room) -> None:
    """Tasks made by or assigned to the caller, newest first, by status if asked, and only of spaces where he is."""
    task(cloud, room.id, room.member, "made")
    task(cloud, room.id, room.admin, "assigned", room.member, room.admin, status="completed")
    task(cloud, room.id, room.admin, "other")
    path = "/users/me/tasks"
    expect(texts(cloud, room.member, path), ["assigned", "made"])
    expect(texts(cloud, room.member, path, status="pending"), ["made"])
    observe(texts(cloud, room.member, path, status="completed"), ["assigned"])
    page = cloud.call("GET", path, room.member, params={"size": "1"}).json()
    rest = cloud.http.get(f"{cloud.origin}{page['nextPageUrl']}", headers={"Authorization": room.member.authorization})
    observe([item["content"]["bodyText"] for item in rest.json()["data"]], ["made"])
    refused(cloud.call("GET", path, room.member, params={"status": "done"}), 400, "request.invalid")
    refused(cloud.call("GET", path, room.anonymous), 403, "auth.kind_not_allowed")
    cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.member.id}", room.admin)
    observe(texts(cloud, room.member, path), [])


@behaviour("USERS-IDEAS-01", "USERS-IDEAS-02")
def test_posts_of_ones_spaces(cloud: Cloud, room: Room) -> None:
    """Posts of all spaces where the caller is admin or member, newest first; guests of a space see none of it here."""
    other = cloud.space(room.admin, invitees=[{"invitee": room.member.id}])
    for number, space in enumerate((room.id, other, room.id)):
        say(cloud, space, room.admin, f"post {number}", kind="ideas")
    path = "/users/me/ideas"
    expect(texts(cloud, room.member, path), ["post 2", "post 1", "post 0"])
    observe(texts(cloud, room.guest, path), [])
    page = cloud.call("GET", path, room.member, params={"size": "2"}).json()
    rest = cloud.http.get(f"{cloud.origin}{page['nextPageUrl']}", headers={"Authorization": room.member.authorization})
    observe([item["content"]["bodyText"] for item in rest.json()["data"]], ["post 0"])
    refused(cloud.call("GET", path, room.anonymous), 403, "auth.kind_not_allowed")


@behaviour("USERS-ATT-01", "USERS-TASKS-01", "PAGE-R-02")
@pytest.mark.parametrize("path", ["attachments/natives", "tasks", "ideas"])
def test_a_reference_must_be_of_the_list(cloud: Cloud, room: Room, path: str) -> None:
    """An id of no item of this list is no reference."""
    chat = cloud.message(room.id, room.admin)["_id"]
    refused(cloud.call("GET", f"/users/me/{path}?nextRefObjId={chat}", room.admin), 400, "request.invalid")
