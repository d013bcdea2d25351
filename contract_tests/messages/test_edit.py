from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, App, Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets, begin_meeting

METHODS = ("POST", "PATCH")
NOON = "2031-02-03T04:05:06.789Z"
ROLES = ("admin", "member", "guest", "anonymous", "stranger")


def edit(cloud: Cloud, message: Any, who: Person | App, method: str = "POST", **members: Any) -> httpx.Response:
    return cloud.call(method, f"/messages/{message['_id']}", who, json={"_id": message["_id"], **members})


@behaviour("MSG-UPDATE-01", "MSG-UPDATE-02", "MSG-UPDATE-03", "MSG-PATCH-01", "REST-TIME-01", "MSG-GEN-04")
@pytest.mark.parametrize("method", METHODS)
def test_sent_members_replace_and_others_stay(cloud: Cloud, method: str) -> None:
    """An edit answers the bare message with the sent members of its content replaced and a new modified."""
    ann = cloud.user()
    space = cloud.space(ann)
    content = {"description": "old", "assignees": [ann.id], "dueDate": "2031-02-03", "data": [{"fileId": "f"}]}
    task = cloud.message(space, ann, "Title", "tasks", content=content)
    answer = edit(cloud, task, ann, method, content={"status": "completed", "description": "it's"})
    with claim("MSG-UPDATE-01", "MSG-PATCH-01", "an id and some content are accepted", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MSG-UPDATE-03", "modified is a time", about=[answer]):
        observe(answer.json()["modified"], ISO_TIME)
    with claim("REST-TIME-01", "modified is not before created, a date alone was read as a time", about=[answer]):
        observe(answer.json()["modified"] >= task["created"], wanted=True)
        observe(answer.json()["content"]["dueDate"], "2031-02-03T00:00:00.000Z")
    with claim("MSG-UPDATE-02", "sent members are replaced", about=[answer]):
        observe(answer.json()["content"]["status"], "completed")
    with claim("MSG-GEN-04", "quotes in them become entities", about=[answer]):
        observe(answer.json()["content"]["description"], "it&#x27;s")
    with claim("MSG-UPDATE-02", "other members of the content stay", about=[answer]):
        wanted = {**task["content"], "status": "completed", "description": "it&#x27;s"}
        observe(answer.json()["content"], wanted)
    with claim("MSG-UPDATE-03", "the answer is the bare message", about=[answer]):
        changed = answer.json()
        same = {**task, "modified": changed["modified"], "content": changed["content"]}
        observe(changed, same)
    with claim("MSG-UPDATE-03", "it is stored so"):
        observe(cloud.call("GET", f"/messages/{task['_id']}", ann).json(), answer.json())
    with claim("MSG-UPDATE-02", "members can be emptied"):
        emptied = edit(cloud, task, ann, method, content={"assignees": [], "dueDate": None, "data": []}).json()
        shown = emptied["content"]
        observe((shown["assignees"], shown["dueDate"], shown["data"]), ([], None, []))


@behaviour("MSG-UPDATE-02", "MSG-TASK-04")
def test_an_assignee_who_left_is_no_obstacle(cloud: Cloud) -> None:
    """A task whose assignee was removed can be edited, sent back whole too; nobody new may be outside of the space."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    space = cloud.open_space(ann, members=[{"username": mia.username, "role": "member"}])
    task = cloud.message(space, ann, kind="tasks", content={"assignees": [mia.id]})
    cloud.call("DELETE", f"/spaces/{space}/attendees/userId/{mia.id}", ann)
    contents = {"alone": {"status": "completed"}, "in a whole content": {**task["content"], "status": "pending"}}
    for name, content in contents.items():
        with claim("MSG-UPDATE-02", f"the status {name} is changed, and the assignee stays"):
            changed = edit(cloud, task, ann, content=content)
            observe((changed.status_code, changed.json()["content"]["status"]), (200, content["status"]))
            observe(changed.json()["content"]["assignees"], [{"_id": mia.id}])
    with claim("MSG-TASK-04", "nobody unknown becomes assignee"):
        body = {"assignees": [mia.id, "nobody"]}
        refused(edit(cloud, task, ann, content=body), 400, "request.invalid")
    bob = cloud.user("bob@example.com")
    with claim("MSG-TASK-04", "nobody outside of the space becomes assignee"):
        body = {"assignees": [mia.id, bob.id]}
        refused(edit(cloud, task, ann, content=body), 400, "request.invalid")


@behaviour("MSG-UPDATE-01", "MSG-GEN-04")
@pytest.mark.parametrize("kind", ["chats", "ideas", "tasks"])
def test_a_whole_message_may_be_sent_back(cloud: Cloud, kind: str) -> None:
    """A client may send the message object it read, changed; what cannot be edited is ignored."""
    ann = cloud.user()
    read = cloud.message(cloud.space(ann), ann, "it's", kind, content={"data": [{"fileId": "f"}]})
    content = {**read["content"], "bodyText": "it's new"}
    sent = {**read, "content": content, "category": "x", "chatCount": 7, "sender": None}
    answer = edit(cloud, read, ann, **{name: value for name, value in sent.items() if name != "_id"})
    with claim("MSG-UPDATE-01", "the whole object is accepted", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MSG-GEN-04", "the new text is stored with entities", about=[answer]):
        observe(answer.json()["content"]["bodyText"], "it&#x27;s new")
    with claim("MSG-UPDATE-01", "content and modified alone are changed", about=[answer]):
        changed = answer.json()
        observe({name for name in read if changed[name] != read[name]}, {"content", "modified"})
    mentions = [{"id": "a", "type": "user", "title": "A"}]
    with claim("MSG-UPDATE-01", "mentions can be changed"):
        observe(edit(cloud, read, ann, mentions=mentions).json()["mentions"], mentions)
    with claim("MSG-UPDATE-01", "without content the content stays"):
        again = cloud.call("GET", f"/messages/{read['_id']}", ann).json()
        observe(again["content"]["bodyText"], "it&#x27;s new")


@behaviour("MSG-UPDATE-04")
@pytest.mark.parametrize("clock", ["goes on", "stands still"])
def test_an_edit_of_an_older_state_is_refused(cloud: Cloud, clock: str) -> None:
    """A modified older than the stored one, null included, is outdated; an equal, newer or absent one is not."""
    if clock == "stands still":
        cloud.freeze(NOON)
    ann = cloud.user()
    idea = cloud.message(cloud.space(ann), ann, kind="ideas")
    first = edit(cloud, idea, ann, modified=None)
    with claim("MSG-UPDATE-04", "null is accepted for a message that nobody changed", about=[first]):
        expect(first.status_code, 200)
    second = edit(cloud, idea, ann, modified=first.json()["modified"])
    with claim("MSG-UPDATE-04", "the stored time is accepted", about=[second]):
        expect(second.status_code, 200)
    with claim("MSG-UPDATE-04", "each change is later than the one before", about=[first, second]):
        observe(second.json()["modified"] > first.json()["modified"], wanted=True)
    stale = {"null": None, "the time of before": first.json()["modified"], "a year long ago": "2001-01-01T00:00:00Z"}
    for name, modified in stale.items():
        with claim("MSG-UPDATE-04", f"{name} is refused"):
            answer = edit(cloud, idea, ann, content={"bodyText": "late"}, modified=modified)
            expect(answer.status_code, 400)
            observe(answer.json()["code"], "message.outdated")
            refused(answer, 400, "message.outdated")
    fresh = {"the stored time, again": second.json()["modified"], "a later time": "2099-01-01T00:00:00Z"}
    for name, modified in fresh.items():
        with claim("MSG-UPDATE-04", f"{name} is accepted"):
            expect(edit(cloud, idea, ann, modified=modified).status_code, 200)
    with claim("MSG-UPDATE-04", "without a time it is accepted"):
        expect(edit(cloud, idea, ann).status_code, 200)


@behaviour("MSG-UPDATE-07")
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
    ids=str,
)
def test_a_bad_edit_changes_nothing(cloud: Cloud, change: Any) -> None:
    """An id that is missing or another, and content that could not be created, are bad input."""
    ann = cloud.user()
    task = cloud.message(cloud.space(ann), ann, kind="tasks")
    with claim("MSG-UPDATE-07", "it is refused"):
        refused(edit(cloud, task, ann, **change), 400, "request.invalid")
    with claim("MSG-UPDATE-07", "nothing is changed"):
        observe(cloud.call("GET", f"/messages/{task['_id']}", ann).json(), task)


@behaviour("MSG-UPDATE-07", "MSG-UPDATE-01")
def test_an_edit_needs_an_existing_message_and_its_id(cloud: Cloud, sockets: Sockets) -> None:
    """A body without an id is bad input, an unknown or deleted message is not found, a meeting cannot be edited."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = cloud.message(space, ann)
    path, content = f"/messages/{chat['_id']}", {"bodyText": "x"}
    for name, body in (("no", {}), ("null as", {"_id": None}), ("another", {"_id": "5f0000000000000000000e01"})):
        with claim("MSG-UPDATE-01", "MSG-UPDATE-07", f"{name} id in the body is refused"):
            refused(cloud.call("POST", path, ann, json={**body, "content": content}), 400, "request.invalid")
    cloud.call("POST", "/messages/deletemessages", ann, json=[chat["_id"]])
    gone = {"a deleted": chat["_id"], "an unknown": "5f0000000000000000000e01", "a malformed": "x"}
    for name, message in gone.items():
        with claim("MSG-UPDATE-07", f"{name} id is not found"):
            refused(edit(cloud, {"_id": message}, ann), 404, "message.not_found")
    meeting = begin_meeting(cloud, sockets, space, ann)
    with claim("MSG-UPDATE-07", "a meeting cannot be edited"):
        refused(edit(cloud, meeting, ann), 400, "request.invalid")


@behaviour("MSG-UPDATE-06", "MSG-PATCH-01", "PERM-MAP-02", "ERR-ORDER-01")
def test_who_may_edit(cloud: Cloud) -> None:
    """Posts and tasks are edited by any admin or member, chats by their sender, and nothing by a guest."""
    room = cloud.room()
    cases = {
        "a member's post": (cloud.message(room.id, room.member, kind="ideas"), ("admin", "member")),
        "a member's task": (cloud.message(room.id, room.member, kind="tasks"), ("admin", "member")),
        "a member's chat": (cloud.message(room.id, room.member), ("member",)),
        "a guest's chat": (cloud.message(room.id, room.guest), ()),
    }
    for name, (message, may) in cases.items():
        for role in ROLES:
            with claim("MSG-UPDATE-06", "PERM-MAP-02", f"{name}: {role} may edit it, or not"):
                answer = edit(cloud, message, getattr(room, role))
                if role in may:
                    expect(answer.status_code, 200)
                else:
                    refused(answer, 403, "permission.denied")
    (chat, _may), (own, _nobody) = cases["a member's chat"], cases["a guest's chat"]
    for name, message, who in (("a guest, their chat", own, room.guest), ("an admin, the chat", chat, room.admin)):
        with claim("MSG-UPDATE-06", "MSG-PATCH-01", f"{name}: PATCH is refused as POST is"):
            refused(edit(cloud, message, who, "PATCH"), 403, "permission.denied")
    with claim("ERR-ORDER-01", "whoever may not edit is told so before their body is looked at"):
        answer = edit(cloud, chat, room.admin, content=1)
        refused(answer, 403, "permission.denied")
        observe(answer.status_code, 403)


@behaviour("MSG-UPDATE-06", "SCOPE-TAB-02")
def test_service_apps_edit_posts_and_tasks_only(cloud: Cloud) -> None:
    """A service app may edit a post or task of its space, but not even its own chat."""
    creating = (f"spaces.{kind}.create" for kind in ("chat", "post", "task"))
    app = cloud.app("spaces.create", "spaces.messages.write", *creating)
    space = cloud.space(app)
    for kind in ("ideas", "tasks"):
        message = cloud.message(space, app, kind=kind)
        for method in METHODS:
            with claim("MSG-UPDATE-06", f"{method}: its message in {kind} is edited"):
                expect(edit(cloud, message, app, method).status_code, 200)
    chat = cloud.message(space, app)
    with claim("MSG-UPDATE-06", "SCOPE-TAB-02", "its own chat is not"):
        refused(edit(cloud, chat, app), 403, "permission.denied")


@behaviour("PERM-ARCH-01", "ERR-ORDER-01")
def test_an_archived_message_is_not_edited(cloud: Cloud) -> None:
    """An edit in an archived space is refused, after the body was looked at and before its age."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    chat = cloud.control("POST", f"/spaces/{space}/messages", {"username": ann.username, "content": {"bodyText": "x"}})
    with claim("PERM-ARCH-01", "an edit is refused"):
        refused(edit(cloud, chat, ann, content={"bodyText": "y"}), 403, "topic.invalid_acesss_to_archived_topic")
    with claim("ERR-ORDER-01", "the body is looked at before that"):
        refused(edit(cloud, chat, ann, content={"bodyText": ""}), 400, "request.invalid")
