from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, Cloud, behaviour, refused

NO_CLAIMS_YET = True


METHODS = ("POST", "PATCH")
NOON = "2031-02-03T04:05:06.789Z"


def edit(cloud: Cloud, message: Any, who: Any, method: str = "POST", **members: Any) -> Any:
    return cloud.call(method, f"/messages/{message['_id']}", who, json={"_id": message["_id"], **members})


@behaviour("MSG-UPDATE-01", "MSG-UPDATE-02", "MSG-UPDATE-03", "MSG-PATCH-01", "REST-TIME-01")
@pytest.mark.parametrize("method", METHODS)
def test_sent_members_replace_and_others_stay(cloud: Cloud, method: str) -> None:
    """An edit answers the bare message with the sent members of its content replaced and a new modified."""
    ann = cloud.user()
    space = cloud.space(ann)
    content = {"description": "old", "assignees": [ann.id], "dueDate": "2031-02-03", "data": [{"fileId": "f"}]}
    task = cloud.message(space, ann, "Title", "tasks", content=content)
    answer = edit(cloud, task, ann, method, content={"status": "completed", "description": "it's"})
    expect(answer.status_code, 200)
    changed = answer.json()
    observe(changed["modified"], ISO_TIME)
    wanted = {**task["content"], "status": "completed", "description": "it&#x27;s"}
    observe(changed, {**task, "modified": changed["modified"], "content": wanted})
    observe(cloud.call("GET", f"/messages/{task['_id']}", ann).json(), changed)
    emptied = edit(cloud, task, ann, method, content={"assignees": [], "dueDate": None, "data": []}).json()["content"]
    observe((emptied["assignees"], emptied["dueDate"], emptied["data"]), ([], None, []))


@behaviour("MSG-UPDATE-02", "MSG-TASK-04")
def test_an_assignee_who_left_is_no_obstacle(cloud: Cloud) -> None:
    """A task whose assignee was removed can be edited, sent back whole too; nobody new may be outside of the space."""
    room = cloud.room()
    task = cloud.message(room.id, room.admin, kind="tasks", content={"assignees": [room.member.id]})
    cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.member.id}", room.admin)
    for content in ({"status": "completed"}, {**task["content"], "status": "pending"}):
        changed = edit(cloud, task, room.admin, content=content)
        observe((changed.status_code, changed.json().get("content", {}).get("status")), (200, content["status"]))
        observe(changed.json()["content"]["assignees"], [{"_id": room.member.id}])
    for outside in (room.stranger.id, "nobody"):
        body = {"assignees": [room.member.id, outside]}
        refused(edit(cloud, task, room.admin, content=body), 400, "request.invalid")


@behaviour("MSG-UPDATE-01", "MSG-GEN-04")
@pytest.mark.parametrize("kind", ["chats", "ideas", "tasks"])
def test_a_whole_message_may_be_sent_back(cloud: Cloud, kind: str) -> None:
    """A client may send the message object it read, changed; what cannot be edited is ignored."""
    ann = cloud.user()
    read = cloud.message(cloud.space(ann), ann, "it's", kind, content={"data": [{"fileId": "f"}]})
    sent = {
        **read,
        "content": {**read["content"], "bodyText": "it's new"},
        "category": "x",
        "chatCount": 7,
        "sender": None,
    }
    changed = edit(cloud, read, ann, **{name: value for name, value in sent.items() if name != "_id"}).json()
    observe(changed["content"]["bodyText"], "it&#x27;s new")
    observe({name for name in read if changed[name] != read[name]}, {"content", "modified"})
    mentions = [{"id": "a", "type": "user", "title": "A"}]
    observe(edit(cloud, read, ann, mentions=mentions).json()["mentions"], mentions)
    again = cloud.call("GET", f"/messages/{read['_id']}", ann).json()
    observe(again["content"]["bodyText"], "it&#x27;s new")


@behaviour("MSG-UPDATE-04")
def test_an_edit_of_an_older_state_is_refused(cloud: Cloud) -> None:
    """A modified older than the stored one, null included, is outdated; an equal, newer or absent one is not."""
    cloud.freeze(NOON)
    ann = cloud.user()
    idea = cloud.message(cloud.space(ann), ann, kind="ideas")
    first = edit(cloud, idea, ann, modified=None)
    expect(first.status_code, 200)
    second = edit(cloud, idea, ann, modified=first.json()["modified"])
    expect(second.status_code, 200)
    observe(second.json()["modified"] > first.json()["modified"], wanted=True)
    for stale in (None, first.json()["modified"], "2001-01-01T00:00:00Z"):
        refused(edit(cloud, idea, ann, content={"bodyText": "late"}, modified=stale), 400, "message.outdated")
    for fresh in ({"modified": second.json()["modified"]}, {"modified": "2099-01-01T00:00:00Z"}, {}):
        answer = edit(cloud, idea, ann, **fresh)
        expect(answer.status_code, 200)
        second = answer


@behaviour("MSG-UPDATE-07", "MSG-UPDATE-01")
@pytest.mark.parametrize(
    "change",
    [
        {"_id": None},
        {"_id": "5f0000000000000000000e01"},
        {"content": "x"},
        {"content": None},
        {"content": {"bodyText": " "}},
        {"content": {"bodyText": None}},
        {"content": {"data": {}}},
        {"content": {"data": [{}]}},
        {"content": {"status": "done"}},
        {"content": {"dueDate": "soon"}},
        {"content": {"assignees": ["nobody"]}},
        {"modified": "soon"},
        {"modified": 1},
    ],
)
def test_a_bad_edit_changes_nothing(cloud: Cloud, change: Any) -> None:
    """An id that is missing or another, and content that could not be created, are bad input."""
    ann = cloud.user()
    task = cloud.message(cloud.space(ann), ann, kind="tasks")
    refused(edit(cloud, task, ann, **change), 400, "request.invalid")
    observe(cloud.call("GET", f"/messages/{task['_id']}", ann).json(), task)


@behaviour("MSG-UPDATE-07", "MSG-UPDATE-01")
def test_an_edit_needs_an_existing_message_and_its_id(cloud: Cloud) -> None:
    """A body without an id is bad input, an unknown or deleted message is not found, a meeting cannot be edited."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = cloud.message(space, ann)
    refused(
        cloud.call("POST", f"/messages/{chat['_id']}", ann, json={"content": {"bodyText": "x"}}), 400, "request.invalid"
    )
    refused(edit(cloud, cloud.meeting(space, ann), ann), 400, "request.invalid")
    cloud.call("POST", "/messages/deletemessages", ann, json=[chat["_id"]])
    for gone in (chat, {"_id": "5f0000000000000000000e01"}, {"_id": "x"}):
        refused(edit(cloud, gone, ann), 404, "message.not_found")


@behaviour("MSG-UPDATE-06", "MSG-PATCH-01", "PERM-MAP-02")
def test_who_may_edit(cloud: Cloud) -> None:
    """Posts and tasks are edited by any admin or member, chats by their sender, and nothing by a guest."""
    room = cloud.room()
    people = (room.admin, room.member, room.guest, room.anonymous, room.stranger)
    idea = cloud.message(room.id, room.member, kind="ideas")
    chat = cloud.message(room.id, room.member)
    own = cloud.message(room.id, room.guest)
    expect([edit(cloud, idea, who).status_code for who in people], [200, 200, 403, 403, 403])
    observe([edit(cloud, chat, who).status_code for who in people], [403, 200, 403, 403, 403])
    observe([edit(cloud, own, who).status_code for who in people], [403] * 5)
    for method in METHODS:
        refused(edit(cloud, own, room.guest, method), 403, "permission.denied")
        refused(edit(cloud, chat, room.admin, method), 403, "permission.denied")
    # Whoever may not edit (step 6c) is told so before his body is looked at (step 7).
    refused(edit(cloud, chat, room.admin, content=1), 403, "permission.denied")


@behaviour("MSG-UPDATE-06", "SCOPE-TAB-02")
def test_service_apps_edit_posts_and_tasks_only(cloud: Cloud) -> None:
    """A service app may edit a post or task of its space, but not even its own chat."""
    app = cloud.app()
    space = cloud.space(app)
    for kind in ("ideas", "tasks"):
        for method in METHODS:
            expect(edit(cloud, cloud.message(space, app, kind=kind), app, method).status_code, 200)
    refused(edit(cloud, cloud.message(space, app), app), 403, "permission.denied")


@behaviour("PERM-ARCH-01", "ERR-ORDER-01")
def test_an_archived_message_is_not_edited(cloud: Cloud) -> None:
    """An edit in an archived space is refused, after the body was looked at and before its age."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    chat = cloud.control("POST", f"/spaces/{space}/messages", {"username": ann.username, "content": {"bodyText": "x"}})
    refused(edit(cloud, chat, ann, content={"bodyText": "y"}), 403, "topic.invalid_acesss_to_archived_topic")
    refused(edit(cloud, chat, ann, content={"bodyText": ""}), 400, "request.invalid")
