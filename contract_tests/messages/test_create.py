from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, URL, Cloud, behaviour, refused

NO_CLAIMS_YET = True


KINDS = ("chats", "ideas", "tasks")
CATEGORY = {"chats": "chat", "ideas": "idea", "tasks": "task"}
NOON = "2031-02-03T04:05:06.789Z"


def post(cloud: Cloud, space: str, who: Any, body: Any, kind: str = "chats") -> Any:
    return cloud.call("POST", f"/spaces/{space}/{kind}", who, json=body)


# --- the answer


@behaviour("MSG-CHAT-01", "MSG-CHAT-03", "MSG-GEN-03", "DM-MSG-01", "DM-MSG-02", "DM-MSG-03", "DM-MSG-04")
def test_a_chat_is_answered_whole(cloud: Cloud) -> None:
    """A new chat comes back as the one item of data, with every member of a message but __v."""
    ann = cloud.user()
    space = cloud.space(ann)
    answer = post(cloud, space, ann, {"content": {"bodyText": "<p>hi</p>"}})
    expect(answer.status_code, 200)
    wanted = {
        "_id": OBJECT_ID,
        "category": "chat",
        "topicId": space,
        "status": 0,
        "created": ISO_TIME,
        "modified": None,
        "chatCount": 0,
        "likeCount": 0,
        "sender": {
            "_id": ann.id,
            "type": "user",
            "username": ann.username,
            "displayname": "Ann Example",
            "picture_url": URL,
        },
        "content": {"bodyText": "<p>hi</p>", "data": []},
    }
    expect(answer.json(), {"data": [wanted]})


@behaviour("MSG-IDEA-02", "MSG-IDEA-03", "DM-MSG-06")
def test_a_post_has_a_description(cloud: Cloud) -> None:
    """A post is a message of category idea whose content has the description that was sent, or an empty one."""
    ann = cloud.user()
    space = cloud.space(ann)
    sent = cloud.message(space, ann, "Plan", "ideas", content={"description": "all of it"})
    expect((sent["category"], sent["content"]["description"]), ("idea", "all of it"))
    observe(cloud.message(space, ann, "Plan", "ideas")["content"], {"bodyText": "Plan", "data": [], "description": ""})


@behaviour("MSG-TASK-02", "MSG-TASK-05", "MSG-TASK-06", "DM-MSG-06")
def test_a_task_has_three_members_more(cloud: Cloud) -> None:
    """A task without assignees, due date and status gets none, none and pending, inside its content."""
    ann = cloud.user()
    task = cloud.message(cloud.space(ann), ann, "Do it", "tasks", content={"description": "well"})
    wanted: dict[str, Any] = {
        "bodyText": "Do it",
        "data": [],
        "description": "well",
        "status": "pending",
        "dueDate": None,
        "assignees": [],
    }
    expect(task["category"], "task")
    expect(task["content"], wanted)


@behaviour("MSG-GEN-01", "MSG-GEN-05", "MSG-GEN-06", "DM-MSG-07")
@pytest.mark.parametrize("kind", KINDS)
def test_only_some_members_of_a_client_are_taken(cloud: Cloud, kind: str) -> None:
    """Mentions and version are kept; ids, times, counts and sender of a client are not, nor is anything unknown."""
    ann = cloud.user()
    space = cloud.space(ann)
    mentions = [{"id": ann.id, "type": "user", "title": "Ann"}]
    ignored: dict[str, Any] = {
        "_id": "5f0000000000000000000e01",
        "created": "2001-01-01T00:00:00.000Z",
        "modified": "2001-01-01T00:00:00.000Z",
        "chatCount": 9,
        "likeCount": 9,
        "sender": {"_id": "5f0000000000000000000e02", "displayname": "Somebody"},
    }
    extra: dict[str, Any] = {"chatMessages": {}, "loopbackMetadata": {"a": 1}, "topicTitle": "x"}
    made = cloud.message(space, ann, kind=kind, mentions=mentions, version="1.1", **ignored, **extra)
    stored = cloud.call("GET", f"/messages/{made['_id']}", ann).json()
    for message in (made, stored):
        observe(message["mentions"], mentions)
        observe(message["version"], "1.1")
        expect(message["sender"]["_id"], ann.id)
        observe([name for name in ignored if message[name] == ignored[name]], [])
        observe([name for name in extra if name in message], [])
        gone = {"cid", "startTime", "endTime", "virtualEndTime", "recordings"}
        observe(gone & set(message["content"]), set())


@behaviour("MSG-GEN-06", "DM-MSG-07")
def test_absent_members_stay_absent(cloud: Cloud) -> None:
    """A message without mentions and version is shown without them."""
    ann = cloud.user()
    made = cloud.message(cloud.space(ann), ann)
    observe({"mentions", "version", "parentMsg"} & set(made), set())


@behaviour("REST-TIME-03")
def test_times_of_one_space_strictly_increase(cloud: Cloud) -> None:
    """Messages of one instant get times one millisecond apart, and deleting the last one frees no time."""
    cloud.freeze(NOON)
    ann = cloud.user()
    space = cloud.space(ann)
    made = [cloud.message(space, ann, kind=kind) for kind in KINDS]
    cloud.call("POST", "/messages/deletemessages", ann, json=[made[-1]["_id"]])
    made.append(cloud.message(space, ann))
    expect([one["created"] for one in made], [f"2031-02-03T04:05:06.{789 + n}Z" for n in range(4)])
    other = cloud.message(cloud.space(ann, "Other"), ann)
    observe(other["created"], "2031-02-03T04:05:06.789Z")


@behaviour("MSG-IDEA-01", "MSG-TASK-01")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_notify_has_no_visible_effect(cloud: Cloud, kind: str) -> None:
    """A post or task may come with notify and looks the same."""
    ann = cloud.user()
    answer = post(cloud, cloud.space(ann), ann, {"content": {"bodyText": "x"}}, f"{kind}?notify=false")
    expect(answer.status_code, 200)
    observe("notify" in answer.json()["data"][0], wanted=False)


# --- text


@behaviour("MSG-GEN-04")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("""it's "so\"""", "it&#x27;s &quot;so&quot;"),
        ("""<a href="x" title='y'>it's</a>""", """<a href="x" title='y'>it&#x27;s</a>"""),
        ("""<a title="x > 'y'">"</a>""", """<a title="x > 'y'">&quot;</a>"""),
        ("a < b & 'c' > d", "a < b & &#x27;c&#x27; > d"),
        ("&quot;&amp;'", "&quot;&amp;&#x27;"),
        ("""<b it's<i class="x">'""", """<b it&#x27;s<i class="x">&#x27;"""),
        ("""<never "ends\"""", "<never &quot;ends&quot;"),
        ("""</p '><br/>'<!-- " -->\"""", """</p '><br/>&#x27;<!-- " -->&quot;"""),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
    ],
)
def test_quotes_outside_tags_become_entities(cloud: Cloud, sent: str, stored: str) -> None:
    """Quotes in the text become entities, those in tags stay, and so does everything else."""
    ann = cloud.user()
    post_ = cloud.message(cloud.space(ann), ann, sent, "ideas", content={"description": sent})
    observe((post_["content"]["bodyText"], post_["content"]["description"]), (stored, stored))


@behaviour("MSG-GEN-04", "MSG-QUERY-04")
def test_escaping_can_be_turned_off(cloud: Cloud) -> None:
    """With rest.escape_text off a text comes back as it was sent, and is found so."""
    cloud.configure({"rest.escape_text": False})
    ann = cloud.user()
    space = cloud.space(ann)
    observe(cloud.message(space, ann, "it's")["content"]["bodyText"], "it's")
    found = cloud.call("GET", f"/spaces/{space}/messages/query", ann, params={"searchstring": "it's"}).json()
    observe(found["total"], 1)


@behaviour("MSG-GEN-04")
@pytest.mark.parametrize("unit", ["<a", "<a '", """<a ="'""", "<a =\"x' ", "\"'", "<a href='>'>", "<<<"])
def test_escaping_takes_linear_time(cloud: Cloud, unit: str) -> None:
    """A text of a megabyte that provokes every second look is stored within a moment."""
    ann = cloud.user()
    space = cloud.space(ann)
    answer = post(cloud, space, ann, {"content": {"bodyText": unit * (1_000_000 // len(unit))}})
    expect(answer.status_code, 200)
    assert answer.elapsed.total_seconds() < 3


# --- attachments


@behaviour("MSG-GEN-07", "MSG-GEN-08", "DM-ATT-01", "DM-ATT-02")
def test_an_attachment_is_completed(cloud: Cloud) -> None:
    """An attachment needs a fileId only, gets all other members, and URLs of the client are dropped."""
    ann = cloud.user()
    sent = {"fileId": "f1", "path": "http://evil.example/", "previewUrl": "http://evil.example/", "thumbnailUrl": "x"}
    made = cloud.message(cloud.space(ann), ann, "", content={"data": [sent]})
    wanted: dict[str, Any] = {
        "fileId": "f1",
        "fileSize": 0,
        "fileType": "document",
        "name": "",
        "provider": "native",
        "providerFileType": "",
        "icon": "",
        "path": "",
        "previewUrl": "",
        "thumbnailUrl": "",
        "thumbnail": "",
        "previewFile": "",
        "keywords": [],
        "description": "",
        "metaData": {"stgeProvd": "native", "prvwProvd": "native", "paging": False},
        "pages": 0,
        "convertStatus": 0,
        "convertStart": None,
        "nextSchedule": None,
        "convertError": "",
    }
    observe(made["content"]["data"], [wanted])


@behaviour("MSG-GEN-07")
@pytest.mark.parametrize(
    "data",
    [
        {"fileId": "x"},
        "x",
        None,
        ["x"],
        [None],
        [{}],
        [{"fileId": 1}],
        [{"fileId": "x", "provider": "dropbox"}],
        [{"fileId": "x", "fileType": 1}],
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_bad_attachments_are_refused(cloud: Cloud, kind: str, data: Any) -> None:
    """Attachments are an array of objects with a fileId, the provider native and a text as type."""
    ann = cloud.user()
    refused(
        post(cloud, cloud.space(ann), ann, {"content": {"bodyText": "x", "data": data}}, kind), 400, "request.invalid"
    )


# --- validation


@behaviour("MSG-CHAT-05", "MSG-IDEA-05", "MSG-TASK-08")
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    "body", [{}, {"content": None}, {"content": "hi"}, {"content": {}}, {"content": {"bodyText": " \n"}}, [], "x"]
)
def test_a_message_needs_text(cloud: Cloud, kind: str, body: Any) -> None:
    """Without content, or with a blank text and nothing attached, nothing is created."""
    ann = cloud.user()
    space = cloud.space(ann)
    refused(post(cloud, space, ann, body, kind), 400, "request.invalid")
    observe(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["total"], 0)


@behaviour("MSG-CHAT-05", "MSG-IDEA-02")
def test_an_attachment_is_enough_for_a_chat_only(cloud: Cloud) -> None:
    """A chat may consist of an attachment, while a post or task needs its title."""
    ann = cloud.user()
    space = cloud.space(ann)
    body = {"content": {"bodyText": "", "data": [{"fileId": "x"}]}}
    observe([post(cloud, space, ann, body, kind).status_code for kind in KINDS], [200, 400, 400])


@behaviour("MSG-TASK-04")
@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, "pending"),
        ("pending", "pending"),
        (0, "pending"),
        ("completed", "completed"),
        ("complete", "completed"),
        (1, "completed"),
    ],
)
def test_every_spelling_of_a_status_is_read(cloud: Cloud, given: Any, stored: str) -> None:
    """The words and numbers of three editions of the documents mean pending or completed."""
    ann = cloud.user()
    expect(cloud.message(cloud.space(ann), ann, kind="tasks", status=given)["content"]["status"], stored)


@behaviour("MSG-TASK-03", "MSG-TASK-04")
def test_both_places_of_task_members_are_read(cloud: Cloud) -> None:
    """Assignees, due date and status are read at top level and inside content, which wins."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.space(ann, invitees=[{"inviteeType": "userId", "invitee": bob.id}])
    outer: dict[str, Any] = {"assignees": [{"_id": ann.id}], "dueDate": "2031-02-03T04:05:06Z", "status": 1}
    top = cloud.message(space, ann, kind="tasks", **outer)["content"]
    expect(
        (top["assignees"], top["dueDate"], top["status"]), ([{"_id": ann.id}], "2031-02-03T04:05:06.000Z", "completed")
    )
    inner = {"assignees": [bob.id, bob.id], "dueDate": "2032-02-03T04:05:06+01:00", "status": "pending"}
    both = cloud.message(space, ann, kind="tasks", content=inner, **outer)["content"]
    observe(
        (both["assignees"], both["dueDate"], both["status"]), ([{"_id": bob.id}], "2032-02-03T03:05:06.000Z", "pending")
    )


@behaviour("MSG-TASK-04")
@pytest.mark.parametrize(
    "members",
    [
        {"status": "done"},
        {"status": 2},
        {"status": True},
        {"dueDate": "tomorrow"},
        {"dueDate": 1},
        {"assignees": "x"},
        {"assignees": [1]},
        {"assignees": [{}]},
        {"assignees": ["5f0000000000000000000e01"]},
        {"assignees": [{"_id": "nobody"}]},
        {"assignees": ["new@nowhere.example"]},
    ],
)
def test_bad_task_members_are_refused(cloud: Cloud, members: Any) -> None:
    """Unknown statuses, unreadable times and assignees who are not in the space, or not yet, are bad input."""
    ann = cloud.user()
    body = {"content": {"bodyText": "x"}, **members}
    space = cloud.space(ann, invitees=[{"invitee": "new@nowhere.example"}])
    refused(post(cloud, space, ann, body, "tasks"), 400, "request.invalid")


@behaviour("MSG-TASK-05")
@pytest.mark.parametrize("missing", ["assignees", "dueDate", "status"])
def test_strict_tasks_need_the_documented_members(cloud: Cloud, missing: str) -> None:
    """With rest.strict_tasks a task without one of the three members is bad input."""
    cloud.configure({"rest.strict_tasks": True})
    ann = cloud.user()
    space = cloud.space(ann)
    body: dict[str, Any] = {"content": {"bodyText": "x"}, "assignees": [], "dueDate": "2031-02-03", "status": "pending"}
    observe(post(cloud, space, ann, body, "tasks").status_code, 200)
    del body[missing]
    answer = post(cloud, space, ann, body, "tasks")
    refused(answer, 400, "request.invalid")
    observe(missing in answer.json()["message"], wanted=True)


# --- comments


@behaviour("MSG-CHAT-01", "MSG-CHAT-04", "DM-MSG-05", "DM-MSG-04")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_a_comment_knows_its_parent_and_is_counted(cloud: Cloud, kind: str) -> None:
    """A chat with parentMsg shows id, text and category of its parent, whose chatCount goes up."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent = cloud.message(space, ann, "Title", kind)
    comment = cloud.message(space, ann, "well", parentMsg={"_id": parent["_id"]})
    expect(comment["parentMsg"], {"_id": parent["_id"], "bodyText": "Title", "category": CATEGORY[kind]})
    observe(cloud.call("GET", f"/messages/{parent['_id']}", ann).json()["chatCount"], 1)
    observe(cloud.call("GET", f"/messages/{comment['_id']}", ann).json()["parentMsg"], comment["parentMsg"])


@behaviour("MSG-CHAT-01")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_only_chats_are_comments(cloud: Cloud, kind: str) -> None:
    """A post or task that names a parent is none the less a post or task of its own."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent = cloud.message(space, ann, kind="ideas")["_id"]
    observe("parentMsg" in cloud.message(space, ann, kind=kind, parentMsg={"_id": parent}), wanted=False)
    observe(cloud.call("GET", f"/messages/{parent}", ann).json()["chatCount"], 0)


@behaviour("MSG-CHAT-05", "ERR-ORDER-04")
def test_only_posts_and_tasks_of_the_space_have_comments(cloud: Cloud) -> None:
    """An unknown parent is not found; one of another space, a chat and a malformed reference are bad input."""
    ann = cloud.user()
    space, other = cloud.space(ann), cloud.space(ann, "Other")
    chat, foreign = cloud.message(space, ann), cloud.message(other, ann, kind="ideas")
    content = {"content": {"bodyText": "x"}}
    for parent in ("5f0000000000000000000e01", "nothing"):
        refused(post(cloud, space, ann, {**content, "parentMsg": {"_id": parent}}), 404, "message.not_found")
    for parent in (chat["_id"], foreign["_id"]):
        refused(post(cloud, space, ann, {**content, "parentMsg": {"_id": parent}}), 400, "request.invalid")
    for bad in ({}, "x", {"_id": 1}):
        refused(post(cloud, space, ann, {**content, "parentMsg": bad}), 400, "request.invalid")
    # Syntax of the whole body comes before the ids that it names.
    refused(post(cloud, space, ann, {"content": {}, "parentMsg": {"_id": "nothing"}}), 400, "request.invalid")


# --- who may


@behaviour("MSG-CHAT-02", "MSG-IDEA-05", "MSG-TASK-08", "PERM-MAP-02")
def test_guests_chat_but_create_nothing_else(cloud: Cloud) -> None:
    """Everybody in a space may chat, admins and members may create posts and tasks, strangers nothing."""
    room = cloud.room()
    people = (room.admin, room.member, room.guest, room.anonymous, room.stranger)
    body = {"content": {"bodyText": "x"}}
    found = {kind: [post(cloud, room.id, who, body, kind).status_code for who in people] for kind in KINDS}
    expect(found["chats"][:4], [200] * 4)
    expect([found["ideas"], found["tasks"]], [[200, 200, 403, 403, 403]] * 2)
    refused(post(cloud, room.id, room.stranger, body), 403, "permission.denied")
    refused(post(cloud, room.id, room.guest, body, "ideas"), 403, "permission.denied")
    sender = post(cloud, room.id, room.anonymous, body).json()["data"][0]["sender"]
    expect((sender["_id"], sender["type"], sender["displayname"]), (room.anonymous.id, "anonymous", "Gil Guest"))


@behaviour("MSG-CHAT-02", "PERM-PRIV-01")
def test_a_private_space_says_so_to_strangers(cloud: Cloud) -> None:
    """A stranger at a private space learns that it is for members only, whatever he sends."""
    ann = cloud.user()
    space = cloud.private_space(ann)
    for kind in KINDS:
        answer = post(cloud, space, cloud.user("sid@elsewhere.example"), {"content": {"bodyText": "x"}}, kind)
        refused(answer, 403, "space.members_only")


@behaviour("PERM-DIR-01", "MSG-IDEA-05", "MSG-TASK-08", "ERR-ORDER-01")
def test_a_direct_space_takes_chats_only(cloud: Cloud) -> None:
    """In a direct space both chat, and a post or task is impossible before its body is looked at."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.call("GET", f"/spaces/direct/user/{bob.id}", ann).json()["data"][0]["_id"]
    for who in (ann, bob):
        expect(post(cloud, space, who, {"content": {"bodyText": "x"}}).status_code, 200)
        for kind in ("ideas", "tasks"):
            refused(post(cloud, space, who, {}, kind), 403, "space.direct_not_allowed")
            expect(cloud.call("GET", f"/spaces/{space}/{kind}", who).json()["data"], [])
    refused(post(cloud, space, cloud.user("cat@example.com"), {}, "ideas"), 403, "permission.denied")


@behaviour("PERM-POL-01")
@pytest.mark.parametrize(
    ("policy", "may"), [("all", "admin member guest"), ("members", "admin member"), ("admins", "admin")]
)
def test_the_policy_of_a_space_says_who_creates(cloud: Cloud, policy: str, may: str) -> None:
    """The setting contentCreation opens chats, posts and tasks to all, to members or to admins only."""
    room = cloud.room(settings={"contentCreation": policy})
    for role, who in (("admin", room.admin), ("member", room.member), ("guest", room.guest)):
        answer = post(cloud, room.id, who, {"content": {"bodyText": "x"}})
        if role in may.split():
            expect(answer.status_code, 200)
        else:
            refused(answer, 403, "not.authorized.by.topic.policy")
    wanted = 200 if "member" in may.split() else 403
    for kind in ("ideas", "tasks"):
        observe(post(cloud, room.id, room.member, {"content": {"bodyText": "x"}}, kind).status_code, wanted)
    # The policy (step 6c) is looked at before the body (step 7), the role before the policy.
    refused(post(cloud, room.id, room.guest, {}, "ideas"), 403, "permission.denied")
    if policy == "admins":
        refused(post(cloud, room.id, room.member, {}), 403, "not.authorized.by.topic.policy")


@behaviour("PERM-ARCH-01", "ERR-ORDER-01")
def test_an_archived_space_takes_nothing_new(cloud: Cloud) -> None:
    """In an archived space lists work, and creating is refused after role and body were looked at."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    for kind in KINDS:
        answer = post(cloud, space, ann, {"content": {"bodyText": "x"}}, kind)
        refused(answer, 403, "topic.invalid_acesss_to_archived_topic")
        refused(post(cloud, space, ann, {}, kind), 400, "request.invalid")
    expect(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).status_code, 200)


@behaviour("PERM-PIN-03", "MSG-CHAT-02")
def test_a_guest_chats_with_the_pin_in_his_hand(cloud: Cloud) -> None:
    """In a protected space a guest's chat needs the PIN, a member's does not."""
    room = cloud.room(settings={"confPin": "4711"})
    body = {"content": {"bodyText": "x"}}
    refused(post(cloud, room.id, room.guest, body), 403, "space.pin_required")
    pin = {"spaces-x-space-password": "4711"}
    expect(cloud.call("POST", f"/spaces/{room.id}/chats", room.guest, headers=pin, json=body).status_code, 200)
    expect(post(cloud, room.id, room.member, body).status_code, 200)


@behaviour("MSG-GEN-05", "MSG-CHAT-01", "MSG-IDEA-02", "MSG-TASK-02")
@pytest.mark.parametrize("kind", KINDS)
def test_a_service_app_writes_as_its_account(cloud: Cloud, kind: str) -> None:
    """What a service app creates in its own space has its service account as sender, a user."""
    app = cloud.app()
    sender = cloud.message(cloud.space(app), app, kind=kind)["sender"]
    expect((sender["_id"], sender["type"], sender["username"]), (app.account_id, "user", app.key["sub"]))
