from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, URL, App, Cloud, Person, behaviour, only_mock, refused
from contract_tests.sockets import direct_space

KINDS = ("chats", "ideas", "tasks")
CATEGORY = {"chats": "chat", "ideas": "idea", "tasks": "task"}
NOON = "2031-02-03T04:05:06.789Z"


TEXT = {"content": {"bodyText": "x"}}


def post(cloud: Cloud, space: str, who: Person | App, body: Any, kind: str = "chats") -> httpx.Response:
    return cloud.call("POST", f"/spaces/{space}/{kind}", who, json=body)


def made_by(answer: httpx.Response) -> Any:
    """Return the message that an answer shows."""
    return answer.json()["data"][0]


# --- the answer


@behaviour("MSG-CHAT-01", "MSG-CHAT-03", "MSG-GEN-01", "MSG-GEN-03")
@behaviour("DM-MSG-01", "DM-MSG-02", "DM-MSG-03", "DM-MSG-04", "DM-MSG-06")
def test_a_chat_is_answered_whole(cloud: Cloud) -> None:
    """A new chat comes back as the one item of data, with every member of a message but __v."""
    ann = cloud.user()
    space = cloud.space(ann)
    name = cloud.call("GET", "/users/me", ann).json()["displayname"]
    answer = post(cloud, space, ann, {"content": {"bodyText": "<p>hi</p>"}})
    with claim("MSG-CHAT-01", "a content with a text is enough", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MSG-CHAT-03", "the answer is the one item of data", about=[answer]):
        expect(list(answer.json()), ["data"])
        expect([one["_id"] for one in answer.json()["data"]], [OBJECT_ID])
    with claim("DM-MSG-01", "id, category, space and status", about=[answer]):
        made = made_by(answer)
        expect((made["_id"], made["category"], made["topicId"]), (OBJECT_ID, "chat", space))
        observe(made["status"], 0)
    with claim("DM-MSG-02", "created is a time, modified is null", about=[answer]):
        made = made_by(answer)
        expect((made["created"], made["modified"]), (ISO_TIME, None))
    with claim("DM-MSG-04", "there are no comments and no likes", about=[answer]):
        made = made_by(answer)
        expect((made["chatCount"], made["likeCount"]), (0, 0))
    with claim("DM-MSG-03", "the sender has id, type, both names and picture", about=[answer]):
        sender = {"_id": ann.id, "type": "user", "username": ann.username, "displayname": name, "picture_url": URL}
        expect(made_by(answer)["sender"], sender)
    with claim("MSG-CHAT-01", "DM-MSG-06", "the content has the text, and an array of attachments", about=[answer]):
        content = made_by(answer)["content"]
        expect((content["bodyText"], content["data"]), ("<p>hi</p>", []))
    with claim("DM-MSG-06", "description, status and due date are there, empty", about=[answer]):
        content = made_by(answer)["content"]
        observe((content["description"], content["status"], content["dueDate"]), ("", "pending", None))
    with claim("MSG-GEN-01", "startTime is when it was created", about=[answer]):
        expect(made_by(answer)["content"]["startTime"], made_by(answer)["created"])
    with claim("MSG-GEN-03", "it has no other members, __v neither", about=[answer]):
        named = {"_id", "category", "topicId", "status", "created", "modified", "chatCount", "likeCount"}
        expect(set(made_by(answer)), named | {"sender", "content"})


@behaviour("MSG-IDEA-02", "MSG-IDEA-03", "DM-MSG-06")
def test_a_post_has_a_description(cloud: Cloud) -> None:
    """A post is a message of category idea whose content has the description that was sent, or an empty one."""
    ann = cloud.user()
    space = cloud.space(ann)
    answer = post(cloud, space, ann, {"content": {"bodyText": "Plan", "description": "all of it"}}, "ideas")
    with claim("MSG-IDEA-03", "the answer has a message of category idea", about=[answer]):
        expect((answer.status_code, made_by(answer)["category"]), (200, "idea"))
    with claim("MSG-IDEA-02", "the description is that which was sent", about=[answer]):
        expect(made_by(answer)["content"]["description"], "all of it")
    with claim("MSG-IDEA-02", "DM-MSG-06", "without one it is empty, and the content has what all categories have"):
        shown = made_by(post(cloud, space, ann, {"content": {"bodyText": "Plan"}}, "ideas"))
        empty: dict[str, Any] = {"description": "", "status": "pending", "dueDate": None, "data": []}
        observe(shown["content"], {"bodyText": "Plan", **empty, "startTime": shown["created"]})


@behaviour("MSG-TASK-02", "MSG-TASK-05", "MSG-TASK-06", "DM-MSG-06")
def test_a_task_has_three_members_more(cloud: Cloud) -> None:
    """A task without assignees, due date and status gets none, none and pending, inside its content."""
    ann = cloud.user()
    answer = post(cloud, cloud.space(ann), ann, {"content": {"bodyText": "Do it", "description": "well"}}, "tasks")
    with claim("MSG-TASK-06", "the answer has a message of category task", about=[answer]):
        expect((answer.status_code, made_by(answer)["category"]), (200, "task"))
    with claim("MSG-TASK-02", "title and description are those which were sent", about=[answer]):
        content = made_by(answer)["content"]
        expect((content["bodyText"], content["description"], content["data"]), ("Do it", "well", []))
    with claim("MSG-TASK-05", "without them there are no assignees, no due date, and it is pending", about=[answer]):
        content = made_by(answer)["content"]
        expect((content["assignees"], content["dueDate"], content["status"]), ([], None, "pending"))
    with claim("MSG-TASK-06", "DM-MSG-06", "its content has assignees too, and nothing else", about=[answer]):
        common = {"bodyText", "description", "status", "dueDate", "data", "startTime"}
        expect(set(made_by(answer)["content"]), common | {"assignees"})


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
    read = cloud.call("GET", f"/messages/{made['_id']}", ann)
    listed = cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"][0]
    for name, message in (("answered", made), ("stored", read.json()), ("listed", listed)):
        with claim("MSG-GEN-06", "DM-MSG-07", f"{name}: mentions and version are kept"):
            observe((message["mentions"], message["version"]), (mentions, "1.1"))
        with claim("MSG-GEN-05", f"{name}: the sender is who sent it"):
            expect(message["sender"]["_id"], ann.id)
        with claim("MSG-GEN-06", f"{name}: id, times and counts of the client are ignored"):
            observe([one for one in ignored if message[one] == ignored[one]], [])
        with claim("MSG-GEN-06", f"{name}: nothing unknown is kept"):
            observe([one for one in ("chatMessages", "loopbackMetadata") if one in message], [])
        with claim("MSG-GEN-01", f"{name}: members of the event only are not in it"):
            observe("topicTitle" in message, wanted=False)
            gone = {"cid", "endTime", "virtualEndTime", "recordings"}
            observe(gone & set(message["content"]), set())


@behaviour("MSG-GEN-06", "DM-MSG-07", "DM-MSG-05")
def test_absent_members_stay_absent(cloud: Cloud) -> None:
    """A message without mentions and version is shown without them."""
    ann = cloud.user()
    made = cloud.message(cloud.space(ann), ann)
    with claim("MSG-GEN-06", "DM-MSG-07", "without mentions and version there are none"):
        observe({"mentions", "version"} & set(made), set())
    with claim("DM-MSG-05", "without a parent there is no parentMsg"):
        observe("parentMsg" in made, wanted=False)


@behaviour("REST-TIME-03")
def test_times_of_one_space_strictly_increase(cloud: Cloud) -> None:
    """Messages of one instant get times one millisecond apart, and deleting the last one frees no time."""
    ann = cloud.user()
    space = cloud.space(ann)
    made = [cloud.message(space, ann, kind=kind) for kind in KINDS]
    with claim("REST-TIME-03", "each message is later than the one before"):
        times = [one["created"] for one in made]
        observe(times, sorted(set(times)))
    cloud.freeze(NOON)
    ann = cloud.user()
    space = cloud.space(ann)
    made = [cloud.message(space, ann, kind=kind) for kind in KINDS]
    cloud.call("POST", "/messages/deletemessages", ann, json=[made[-1]["_id"]])
    made.append(cloud.message(space, ann))
    with claim("REST-TIME-03", "in one instant they are a millisecond apart, after a deletion too"):
        expect([one["created"] for one in made], [f"2031-02-03T04:05:06.{789 + n}Z" for n in range(4)])
    other = cloud.space(ann, "Other")
    with claim("REST-TIME-03", "another space has times of its own"):
        observe(made_by(post(cloud, other, ann, TEXT))["created"], NOON)


@behaviour("MSG-IDEA-01", "MSG-TASK-01")
@pytest.mark.parametrize("notify", ["true", "false"])
def test_notify_has_no_visible_effect(cloud: Cloud, notify: str) -> None:
    """A post or task may come with notify and looks the same."""
    ann = cloud.user()
    space = cloud.space(ann)
    for kind, name in (("ideas", "MSG-IDEA-01"), ("tasks", "MSG-TASK-01")):
        answer = post(cloud, space, ann, TEXT, f"{kind}?notify={notify}")
        with claim(name, "notify is accepted", about=[answer]):
            expect(answer.status_code, 200)
        with claim(name, "notify is not shown", about=[answer]):
            observe("notify" in made_by(answer), wanted=False)


# --- text


@behaviour("MSG-GEN-04")
@pytest.mark.parametrize(
    ("sent", "stored"),
    [
        ("""it's "so\"""", "it&#x27;s &quot;so&quot;"),
        ("""<a href="x" title='y'>it's</a>""", """<a href="x" title='y'>it&#x27;s</a>"""),
        ("""<a title="x > 'y'">"</a>""", """<a title="x > 'y'">&quot;</a>"""),
        ("""<a title="it's 5 > 4">"</a>""", """<a title="it's 5 > 4">&quot;</a>"""),
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
    space = cloud.space(ann)
    content = cloud.message(space, ann, sent, "ideas", content={"description": sent})["content"]
    for name in ("bodyText", "description"):
        with claim("MSG-GEN-04", f"{name} is stored so"):
            observe(content[name], stored)
    with claim("MSG-GEN-04", "a chat is stored so"):
        observe(cloud.message(space, ann, sent)["content"]["bodyText"], stored)


@behaviour("MSG-GEN-04", "MSG-QUERY-04")
def test_escaping_can_be_turned_off(cloud: Cloud) -> None:
    """With rest.escape_text off a text comes back as it was sent, and is found so."""
    cloud.configure({"rest.escape_text": False})
    ann = cloud.user()
    space = cloud.space(ann)
    with claim("MSG-GEN-04", "by setting a text comes back as it was sent"):
        observe(made_by(post(cloud, space, ann, {"content": {"bodyText": "it's"}}))["content"]["bodyText"], "it's")
    with claim("MSG-QUERY-04", "it is found by what was sent"):
        found = cloud.call("GET", f"/spaces/{space}/messages/query", ann, params={"searchstring": "it's"}).json()
        observe(found["total"], 1)


@behaviour("MSG-GEN-04")
@pytest.mark.parametrize("unit", ["<a", "<a '", """<a ="'""", "<a =\"x' ", "\"'", "<a href='>'>", "<<<"])
def test_escaping_takes_linear_time(cloud: Cloud, unit: str) -> None:
    """A text of a megabyte that provokes every second look is stored before its client loses patience."""
    only_mock(cloud, "nobody sends such texts to a server of others")
    ann = cloud.user()
    space = cloud.space(ann)
    with claim("MSG-GEN-04", "it is stored in time"):  # one look too many at each character takes minutes
        answer = post(cloud, space, ann, {"content": {"bodyText": unit * (1_000_000 // len(unit))}})
        expect(answer.status_code, 200)


# --- attachments


@behaviour("MSG-GEN-07", "MSG-GEN-08", "DM-ATT-01", "DM-ATT-02")
def test_an_attachment_is_completed(cloud: Cloud) -> None:
    """An attachment needs a fileId only, gets all other members, and URLs of the client are dropped."""
    ann = cloud.user()
    sent = {"fileId": "f1", "path": "http://evil.example/", "previewUrl": "http://evil.example/", "thumbnailUrl": "x"}
    answer = post(cloud, cloud.space(ann), ann, {"content": {"bodyText": "", "data": [sent]}})
    with claim("MSG-GEN-07", "a fileId is enough, the file need not exist", about=[answer]):
        expect(answer.status_code, 200)
    asked: dict[str, Any] = {
        "fileId": "f1",
        "fileSize": 0,
        "fileType": "document",
        "name": "",
        "provider": "native",
        "providerFileType": "",
        "icon": "",
    }
    added: dict[str, Any] = {
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
    computed = {"path": "", "previewUrl": "", "thumbnailUrl": ""}
    with claim("DM-ATT-01", "MSG-GEN-07", "what a client may send has its defaults", about=[answer]):
        [shown] = made_by(answer)["content"]["data"]
        observe({name: shown[name] for name in asked}, asked)
    with claim("DM-ATT-02", "what the server adds has its defaults, and there is nothing else", about=[answer]):
        [shown] = made_by(answer)["content"]["data"]
        observe({name: value for name, value in shown.items() if name not in {**asked, **computed}}, added)
    with claim("MSG-GEN-08", "DM-ATT-02", "URLs of the client are dropped", about=[answer]):
        [shown] = made_by(answer)["content"]["data"]
        observe({name: shown[name] for name in computed}, computed)


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
    space = cloud.space(ann)
    with claim("MSG-GEN-07", "it is refused"):
        refused(post(cloud, space, ann, {"content": {"bodyText": "x", "data": data}}, kind), 400, "request.invalid")


# --- validation


@behaviour("MSG-CHAT-05", "MSG-IDEA-05", "MSG-TASK-08")
@pytest.mark.parametrize(
    "body",
    [{}, {"content": None}, {"content": "hi"}, {"content": {}}, {"content": {"bodyText": " \n"}}, [], "x"],
    ids=str,
)
def test_a_message_needs_text(cloud: Cloud, body: Any) -> None:
    """Without content, or with a blank text and nothing attached, nothing is created."""
    ann = cloud.user()
    space = cloud.space(ann)
    for kind, name in (("chats", "MSG-CHAT-05"), ("ideas", "MSG-IDEA-05"), ("tasks", "MSG-TASK-08")):
        with claim(name, "it is refused"):
            refused(post(cloud, space, ann, body, kind), 400, "request.invalid")
        with claim(name, "nothing is created"):
            observe(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["total"], 0)


@behaviour("MSG-CHAT-01", "MSG-IDEA-02", "MSG-TASK-02")
@pytest.mark.parametrize("body", [{}, {"content": None}, {"content": "hi"}])
def test_a_message_needs_a_content(cloud: Cloud, body: Any) -> None:
    """The content is required, and is an object."""
    ann = cloud.user()
    space = cloud.space(ann)
    for kind, name in (("chats", "MSG-CHAT-01"), ("ideas", "MSG-IDEA-02"), ("tasks", "MSG-TASK-02")):
        with claim(name, "it is refused"):
            refused(post(cloud, space, ann, body, kind), 400, "request.invalid")


@behaviour("MSG-CHAT-05", "MSG-IDEA-02", "MSG-TASK-02")
def test_an_attachment_is_enough_for_a_chat_only(cloud: Cloud) -> None:
    """A chat may consist of an attachment, while a post or task needs its title."""
    ann = cloud.user()
    space = cloud.space(ann)
    body = {"content": {"bodyText": "", "data": [{"fileId": "x"}]}}
    with claim("MSG-CHAT-05", "an attachment is enough for a chat"):
        observe(post(cloud, space, ann, body).status_code, 200)
    for kind, name in (("ideas", "MSG-IDEA-02"), ("tasks", "MSG-TASK-02")):
        with claim(name, "an attachment without a title is refused"):
            refused(post(cloud, space, ann, body, kind), 400, "request.invalid")


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
    space = cloud.space(ann)
    with claim("MSG-TASK-04", "it is read so"):
        expect(made_by(post(cloud, space, ann, {**TEXT, "status": given}, "tasks"))["content"]["status"], stored)


@behaviour("MSG-TASK-03", "MSG-TASK-04")
def test_both_places_of_task_members_are_read(cloud: Cloud) -> None:
    """Assignees, due date and status are read at top level and inside content, which wins."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = cloud.space(ann, invitees=[{"inviteeType": "userId", "invitee": bob.id}])
    outer: dict[str, Any] = {"assignees": [{"_id": ann.id}], "dueDate": "2031-02-03T04:05:06Z", "status": 1}
    top = post(cloud, space, ann, {**TEXT, **outer}, "tasks")
    with claim("MSG-TASK-03", "assignees, due date and status are read at top level", about=[top]):
        content = made_by(top)["content"]
        wanted = ([{"_id": ann.id}], "2031-02-03T04:05:06.000Z", "completed")
        expect((content["assignees"], content["dueDate"], content["status"]), wanted)
    inner = {"assignees": [bob.id, bob.id], "dueDate": "2032-02-03T04:05:06+01:00", "status": "pending"}
    both = post(cloud, space, ann, {"content": {"bodyText": "x", **inner}, **outer}, "tasks")
    with claim("MSG-TASK-03", "those inside content win", about=[both]):
        content = made_by(both)["content"]
        observe((content["dueDate"], content["status"]), ("2032-02-03T03:05:06.000Z", "pending"))
    with claim("MSG-TASK-04", "ids are stored as objects, once each", about=[both]):
        observe(made_by(both)["content"]["assignees"], [{"_id": bob.id}])


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
    space = cloud.space(ann, invitees=[{"invitee": "new@nowhere.example"}])
    with claim("MSG-TASK-04", "it is refused"):
        refused(post(cloud, space, ann, {**TEXT, **members}, "tasks"), 400, "request.invalid")


@behaviour("MSG-TASK-05")
@pytest.mark.parametrize("missing", ["assignees", "dueDate", "status"])
def test_strict_tasks_need_the_documented_members(cloud: Cloud, missing: str) -> None:
    """With rest.strict_tasks a task without one of the three members is bad input."""
    cloud.configure({"rest.strict_tasks": True})
    ann = cloud.user()
    space = cloud.space(ann)
    body: dict[str, Any] = {"content": {"bodyText": "x"}, "assignees": [], "dueDate": "2031-02-03", "status": "pending"}
    with claim("MSG-TASK-05", "by setting a task with all three is accepted"):
        observe(post(cloud, space, ann, body, "tasks").status_code, 200)
    del body[missing]
    with claim("MSG-TASK-05", "by setting a task without one of them is refused"):
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
    wanted = {"_id": parent["_id"], "bodyText": "Title", "category": CATEGORY[kind]}
    answer = post(cloud, space, ann, {**TEXT, "parentMsg": {"_id": parent["_id"]}})
    with claim("MSG-CHAT-01", "a chat with parentMsg is accepted", about=[answer]):
        expect((answer.status_code, made_by(answer)["category"]), (200, "chat"))
    with claim("MSG-CHAT-04", "DM-MSG-05", "it shows id, text and category of its parent", about=[answer]):
        expect(made_by(answer)["parentMsg"], wanted)
    with claim("DM-MSG-05", "it is stored so"):
        read = cloud.call("GET", f"/messages/{made_by(answer)['_id']}", ann).json()
        observe(read["parentMsg"], wanted)
    with claim("MSG-CHAT-04", "DM-MSG-04", "the parent counts it"):
        observe(cloud.call("GET", f"/messages/{parent['_id']}", ann).json()["chatCount"], 1)


@behaviour("MSG-CHAT-01")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_only_chats_are_comments(cloud: Cloud, kind: str) -> None:
    """A post or task that names a parent is none the less a post or task of its own."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent = cloud.message(space, ann, kind="ideas")["_id"]
    with claim("MSG-CHAT-01", "it has no parent"):
        answer = post(cloud, space, ann, {**TEXT, "parentMsg": {"_id": parent}}, kind)
        observe("parentMsg" in made_by(answer), wanted=False)
    with claim("MSG-CHAT-01", "it is no comment of the other"):
        observe(cloud.call("GET", f"/messages/{parent}", ann).json()["chatCount"], 0)


@behaviour("MSG-CHAT-05", "ERR-ORDER-04")
def test_only_posts_and_tasks_of_the_space_have_comments(cloud: Cloud) -> None:
    """An unknown parent is not found; one of another space, a chat and a malformed reference are bad input."""
    ann = cloud.user()
    space, other = cloud.space(ann), cloud.space(ann, "Other")
    chat, foreign = cloud.message(space, ann), cloud.message(other, ann, kind="ideas")
    for name, parent in (("an unknown", "5f0000000000000000000e01"), ("a malformed", "nothing")):
        with claim("MSG-CHAT-05", f"{name} id as parent is not found"):
            refused(post(cloud, space, ann, {**TEXT, "parentMsg": {"_id": parent}}), 404, "message.not_found")
    for name, message in (("a chat", chat), ("a post of another space", foreign)):
        with claim("MSG-CHAT-05", f"{name} as parent is refused"):
            refused(post(cloud, space, ann, {**TEXT, "parentMsg": {"_id": message["_id"]}}), 400, "request.invalid")
    bad: tuple[Any, ...] = ({}, "x", {"_id": 1})
    for sent in bad:
        with claim("MSG-CHAT-05", f"{sent!r} as parent is refused"):
            refused(post(cloud, space, ann, {**TEXT, "parentMsg": sent}), 400, "request.invalid")
    with claim("ERR-ORDER-04", "syntax of the whole body comes before the ids that it names"):
        answer = post(cloud, space, ann, {"content": {}, "parentMsg": {"_id": "nothing"}})
        refused(answer, 400, "request.invalid")
        observe(answer.status_code, 400)


# --- who may


@behaviour("MSG-CHAT-02", "MSG-IDEA-05", "MSG-TASK-08", "PERM-MAP-02")
def test_guests_chat_but_create_nothing_else(cloud: Cloud) -> None:
    """Everybody in a space may chat, admins and members may create posts and tasks, strangers nothing."""
    room = cloud.room()
    for role in ("admin", "member", "guest", "anonymous"):
        with claim("MSG-CHAT-02", f"{role} may chat"):
            expect(post(cloud, room.id, getattr(room, role), TEXT).status_code, 200)
    with claim("MSG-CHAT-02", "an anonymous guest is the sender of their chat"):
        sender = made_by(post(cloud, room.id, room.anonymous, TEXT))["sender"]
        expect((sender["_id"], sender["type"], sender["displayname"]), (room.anonymous.id, "anonymous", "Gil Guest"))
    with claim("MSG-CHAT-02", "a stranger may not chat"):
        refused(post(cloud, room.id, room.stranger, TEXT), 403, "permission.denied")
    for kind, name in (("ideas", "MSG-IDEA-05"), ("tasks", "MSG-TASK-08")):
        for role in ("admin", "member"):
            with claim("PERM-MAP-02", f"{role} may create {kind}"):
                expect(post(cloud, room.id, getattr(room, role), TEXT, kind).status_code, 200)
        for role in ("guest", "anonymous", "stranger"):
            with claim(name, "PERM-MAP-02", f"{role} may create no {kind}"):
                refused(post(cloud, room.id, getattr(room, role), TEXT, kind), 403, "permission.denied")


@behaviour("MSG-CHAT-02", "PERM-PRIV-01")
def test_a_private_space_says_so_to_strangers(cloud: Cloud) -> None:
    """A stranger at a private space learns that it is for members only, whatever they send."""
    gil, ann = cloud.guest(), cloud.user()
    space = cloud.private_space(ann)
    with claim("MSG-CHAT-02", "PERM-PRIV-01", "an anonymous stranger may not chat"):
        refused(post(cloud, space, gil, TEXT), 403, "space.members_only")
    sid = cloud.user("sid@elsewhere.example")
    with claim("MSG-CHAT-02", "PERM-PRIV-01", "a registered stranger may not chat"):
        refused(post(cloud, space, sid, TEXT), 403, "space.members_only")
    for kind in ("ideas", "tasks"):
        with claim("PERM-PRIV-01", f"a stranger may create no {kind}"):
            refused(post(cloud, space, sid, TEXT, kind), 403, "space.members_only")


@behaviour("PERM-DIR-01", "PERM-PRIV-01", "MSG-IDEA-05", "MSG-TASK-08", "ERR-ORDER-01")
def test_a_direct_space_takes_chats_only(cloud: Cloud) -> None:
    """In a direct space both chat, and a post or task is impossible before its body is looked at."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    space = direct_space(cloud, ann, bob)
    for whose, who in (("who opened it", ann), ("the other", bob)):
        with claim("PERM-DIR-01", f"{whose} may chat"):
            expect(post(cloud, space, who, TEXT).status_code, 200)
        for kind, name in (("ideas", "MSG-IDEA-05"), ("tasks", "MSG-TASK-08")):
            with claim(name, "PERM-DIR-01", f"{whose} may create no {kind}"):
                refused(post(cloud, space, who, TEXT, kind), 403, "space.direct_not_allowed")
            with claim("ERR-ORDER-01", f"{whose}: {kind} are impossible before their body is looked at"):
                answer = post(cloud, space, who, {}, kind)
                refused(answer, 403, "space.direct_not_allowed")
                observe(answer.status_code, 403)
            with claim("PERM-DIR-01", f"{whose} finds no {kind}"):
                expect(cloud.call("GET", f"/spaces/{space}/{kind}", who).json()["data"], [])
    mia = cloud.user("mia@example.com")
    with claim("PERM-PRIV-01", "a stranger is refused as such"):
        refused(post(cloud, space, mia, {}, "ideas"), 403, "permission.denied")


@behaviour("PERM-POL-01", "ERR-ORDER-01")
@pytest.mark.parametrize(
    ("policy", "may"), [("all", "admin member guest"), ("members", "admin member"), ("admins", "admin")]
)
def test_the_policy_of_a_space_says_who_creates(cloud: Cloud, policy: str, may: str) -> None:
    """The setting contentCreation opens chats, posts and tasks to all, to members or to admins only."""
    room = cloud.room(settings={"contentCreation": policy})
    for role in ("admin", "member", "guest"):
        with claim("PERM-POL-01", f"chats: {role} may, or not"):
            answer = post(cloud, room.id, getattr(room, role), TEXT)
            if role in may.split():
                expect(answer.status_code, 200)
            else:
                refused(answer, 403, "not.authorized.by.topic.policy")
    for kind in ("ideas", "tasks"):
        with claim("PERM-POL-01", f"{kind}: member may, or not"):
            answer = post(cloud, room.id, room.member, TEXT, kind)
            observe(answer.status_code, 200 if "member" in may.split() else 403)
    with claim("ERR-ORDER-01", "the role is looked at before policy and body"):
        refused(post(cloud, room.id, room.guest, {}, "ideas"), 403, "permission.denied")
    if policy == "admins":
        with claim("ERR-ORDER-01", "the policy is looked at before the body"):
            answer = post(cloud, room.id, room.member, {})
            refused(answer, 403, "not.authorized.by.topic.policy")
            observe(answer.status_code, 403)


@behaviour("PERM-ARCH-01", "ERR-ORDER-01")
def test_an_archived_space_takes_nothing_new(cloud: Cloud) -> None:
    """In an archived space lists work, and creating is refused after role and body were looked at."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    for kind in KINDS:
        with claim("PERM-ARCH-01", f"{kind}: creating is refused"):
            refused(post(cloud, space, ann, TEXT, kind), 403, "topic.invalid_acesss_to_archived_topic")
        with claim("ERR-ORDER-01", f"{kind}: the body is looked at before that"):
            refused(post(cloud, space, ann, {}, kind), 400, "request.invalid")
    with claim("PERM-ARCH-01", "lists work"):
        expect(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).status_code, 200)


@behaviour("PERM-PIN-03", "MSG-CHAT-02")
def test_a_guest_chats_with_the_pin_in_hand(cloud: Cloud) -> None:
    """In a protected space a guest's chat needs the PIN, a member's does not, if the mock asks everywhere."""
    cloud.configure({"rest.pin_scope": "all"})
    ann, gil, pin = cloud.user(), cloud.guest(), {"spaces-x-space-password": "4711"}
    space = cloud.open_space(ann, settings={"confPin": "4711"})
    cloud.call("GET", f"/spaces/{space}/join", gil, headers=pin)
    with claim("PERM-PIN-03", "an anonymous guest is asked for the PIN"):
        refused(post(cloud, space, gil, TEXT), 403, "space.pin_required")
    with claim("MSG-CHAT-02", "with the PIN an anonymous guest may chat"):
        expect(cloud.call("POST", f"/spaces/{space}/chats", gil, headers=pin, json=TEXT).status_code, 200)
    with claim("PERM-PIN-03", "an admin is not asked"):
        expect(post(cloud, space, ann, TEXT).status_code, 200)
    mia, gus = cloud.user("mia@example.com"), cloud.user("gus@example.com")
    people = [{"invitee": mia.username, "role": "member"}, {"invitee": gus.username, "role": "guest"}]
    cloud.call("POST", f"/spaces/{space}/invite", ann, json={"invitees": people})
    with claim("PERM-PIN-03", "a member is not asked"):
        expect(post(cloud, space, mia, TEXT).status_code, 200)
    with claim("PERM-PIN-03", "a registered guest is asked for the PIN"):
        refused(post(cloud, space, gus, TEXT), 403, "space.pin_required")
    with claim("MSG-CHAT-02", "with the PIN a registered guest may chat"):
        expect(cloud.call("POST", f"/spaces/{space}/chats", gus, headers=pin, json=TEXT).status_code, 200)


@behaviour("MSG-GEN-05", "DM-MSG-03")
@pytest.mark.parametrize(
    ("kind", "scope", "name"),
    [
        pytest.param("chats", "spaces.chat.create", "MSG-CHAT-01", marks=behaviour("MSG-CHAT-01")),
        pytest.param("ideas", "spaces.post.create", "MSG-IDEA-02", marks=behaviour("MSG-IDEA-02")),
        pytest.param("tasks", "spaces.task.create", "MSG-TASK-02", marks=behaviour("MSG-TASK-02")),
    ],
)
def test_a_service_app_writes_as_its_account(cloud: Cloud, kind: str, scope: str, name: str) -> None:
    """What a service app creates in its own space has its service account as sender, a user."""
    app = cloud.app("spaces.create", scope)
    invite = cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "Room"}}).json()["data"][0]
    answer = post(cloud, invite["topicId"], app, TEXT, kind)
    with claim(name, "an app with the scope may create it", about=[answer]):
        expect(answer.status_code, 200)
    with claim("MSG-GEN-05", "the sender is its account, known by its sub", about=[answer]):
        sender = made_by(answer)["sender"]
        expect((sender["_id"], sender["username"]), (invite["cid"], app.key["sub"]))
        if cloud.mock:
            assert sender["_id"] == app.account_id
    with claim("DM-MSG-03", "its type is user", about=[answer]):
        expect(made_by(answer)["sender"]["type"], "user")
