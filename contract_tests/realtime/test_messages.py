"""Messages on the socket: sending, failing, and what every subscriber sees (RT-MSG-*, RT-SENT-*, RT-FAIL-*)."""

import json
import select
import time
from contextlib import ExitStack
from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, URL, App, Cloud, Person, behaviour, only_mock, route
from contract_tests.sockets import Sockets, credential, deaf, direct_space, displayname, read_until

MOST_LAGS = 20  # of a busy machine


def shown_sender(who: Person, name: str) -> dict[str, Any]:
    kind = "user" if who.username else "anonymous"
    return {"_id": who.id, "type": kind, "username": who.username, "displayname": name, "picture_url": URL}


@behaviour("RT-MSG-01", "RT-MSG-02", "RT-MSG-05", "RT-SENT-01", "RT-SENT-02", "RT-SENT-03", "RT-SENT-04")
def test_a_chat_reaches_every_subscriber_with_all_its_members(cloud: Cloud, sockets: Sockets) -> None:
    """The sender's own socket and all others get the same event, in the documented members and order."""
    room = cloud.room(title="Room")
    sender = shown_sender(room.admin, displayname(cloud, room.admin))
    own, other = sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)
    sent: dict[str, Any] = {"sender": {"_id": "x"}, "created": "1999", "chatMessages": {}, "version": "1.1"}
    with claim("RT-MSG-01", "all fields that clients send are understood"):
        name, told = own.message(room.id, "<p>hi</p>", **sent)
        expect(name, "MESSAGE_SENT")
    with claim("RT-SENT-01", "the category is chat"):
        expect(told["category"], "chat")
    members = {
        "_id": OBJECT_ID,
        "category": "chat",
        "topicId": room.id,
        "topicTitle": "Room",
        "topicType": "group",
        "sender": sender,
        "created": ISO_TIME,
    }
    further = {"modified": None, "chatCount": 0, "likeCount": 0, "version": "1.1"}
    with claim("RT-SENT-02", "it names itself, its space, its sender and its time"):
        expect({member: told[member] for member in members}, members)
    with claim("RT-MSG-02", "sender and created of the client are ignored"):
        observe((told["sender"]["_id"], told["created"]), (room.admin.id, ISO_TIME))
    with claim("RT-SENT-03", "content has author, text, times and empty lists, and no other member"):
        content = {
            "cid": room.admin.id,
            "bodyText": "<p>hi</p>",
            "data": [],
            "startTime": told["created"],
            "endTime": None,
            "virtualEndTime": None,
            "recordings": [],
        }
        expect(told["content"], content)
    with claim("RT-SENT-04", "modified, counts and the version that was sent are shown"):
        expect({member: told[member] for member in further}, further)
    with claim("RT-SENT-02", "RT-SENT-04", "there are twelve members, in their order"):
        observe(list(told), [*members, *further, "content"])
    with claim("RT-SENT-03", "the members of content come in their order"):
        assert list(told["content"]) == list(content)
    with claim("RT-MSG-05", "another subscriber gets the same event, once"):
        expect(other.heard(), [("MESSAGE_SENT", told)])
    with claim("RT-MSG-05", "the message is stored"):
        listed = cloud.call("GET", f"/spaces/{room.id}/messages/byref", room.admin).json()["data"]
        expect([one["_id"] for one in listed], [told["_id"]])


@behaviour("RT-MSG-01", "RT-MSG-02", "RT-SENT-01", "RT-SENT-03")
def test_posts_and_tasks_are_the_same_record_as_over_rest(cloud: Cloud, sockets: Sockets) -> None:
    """A post has a description, a task also status, date and assignees, from either place; REST lists show both."""
    room = cloud.room()
    chat = sockets.join(room.member, room.id)
    with claim("RT-MSG-01", "RT-SENT-01", "a post has the category idea"):
        _name, post = chat.message(room.id, "Post", "idea", content={"description": "it's"})
        observe(post["category"], "idea")
    with claim("RT-MSG-02", "RT-SENT-03", "a post shows its description, escaped as over REST"):
        observe(post["content"]["description"], "it&#x27;s")
    due = "2031-02-03T04:05:06.789Z"
    assignees = [{"_id": room.admin.id}]
    with claim("RT-MSG-01", "RT-SENT-01", "a task has the category task"):
        _name, task = chat.message(
            room.id, "Task", "task", content={"assignees": assignees}, dueDate=due, status="completed"
        )
        observe(task["category"], "task")
    with claim("RT-SENT-03", "a task shows its assignees"):
        expect(task["content"]["assignees"], assignees)
    with claim("RT-MSG-02", "dueDate and status are read at top level too"):
        observe((task["content"]["status"], task["content"]["dueDate"]), ("completed", due))
    with claim("RT-SENT-03", "a task without a description has an empty one"):
        observe(task["content"]["description"], "")
    with claim("RT-MSG-02", "a task is pending unless it says otherwise"):
        _name, plain = chat.message(room.id, "Task", "task")
        expect(plain["content"]["status"], "pending")
    with claim("RT-MSG-02", "the list of tasks shows what came over the socket"):
        ids = [one["_id"] for one in cloud.call("GET", f"/spaces/{room.id}/tasks", room.member).json()["data"]]
        expect(ids, [plain["_id"], task["_id"]])


@behaviour("RT-REST-07", "RT-MSG-05")
def test_a_socket_message_is_in_the_lists_and_counts_as_unread(cloud: Cloud, sockets: Sockets) -> None:
    """What is sent over the socket is found by reference, by query, and in the unread count of others."""
    room = cloud.room()
    chat = sockets.join(room.admin, room.id)
    with claim("RT-MSG-05", "the sender's own socket hears the message"):
        name, told = chat.message(room.id, "needle")
        expect(name, "MESSAGE_SENT")
    for path in ("byref", "query"):
        with claim("RT-REST-07", f"it is found {path}"):
            listed = cloud.call("GET", f"/spaces/{room.id}/messages/{path}", room.member).json()["data"]
            expect([one["_id"] for one in listed], [told["_id"]])
    with claim("RT-REST-07", "it counts as unread for others"):
        spaces = cloud.call("GET", "/users/me/spaces", room.member).json()["data"]
        unread = [one["unreadMessagesCount"] for one in spaces if room.id in (one.get("_id"), one.get("targetId"))]
        expect(unread, [1])


@behaviour("RT-SENT-04")
def test_comments_and_mentions_are_shown(cloud: Cloud, sockets: Sockets) -> None:
    """A comment names its parent with text and category, and mentions are returned as sent."""
    room = cloud.room()
    post = cloud.message(room.id, room.admin, "Post", "ideas")
    mentions = [{"id": room.member.id, "type": "user", "title": "Mia"}]
    chat = sockets.join(room.member, room.id)
    with claim("RT-SENT-04", "a comment names its parent with text and category"):
        _name, told = chat.message(room.id, "comment", parentMsg={"_id": post["_id"]}, mentions=mentions)
        observe(told["parentMsg"], {"_id": post["_id"], "bodyText": "Post", "category": "idea"})
    with claim("RT-SENT-04", "mentions are shown as sent"):
        observe(told["mentions"], mentions)


@behaviour("RT-MSG-06")
@pytest.mark.parametrize("metadata", [{"id": 7, "deep": [1, None]}, "text", 0, False])
def test_loopback_metadata_returns_to_the_sending_connection_alone(
    cloud: Cloud, sockets: Sockets, metadata: Any
) -> None:
    """It comes back unchanged on the connection that sent it, not on another one of the same user."""
    ann = cloud.user()
    space = cloud.space(ann)
    own, other = sockets.join(ann, space), sockets.join(ann, space)
    with claim("RT-MSG-06", "it comes back unchanged"):
        _name, told = own.message(space, loopbackMetadata=metadata)
        expect(told["loopbackMetadata"], metadata)
    with claim("RT-MSG-06", "another connection does not get it"):
        expect("loopbackMetadata" in other.hear()[1], wanted=False)


@behaviour("RT-MSG-03", "RT-FAIL-01", "RT-FAIL-02", "RT-FAIL-03", "RT-ACC-05")
def test_without_a_subscription_the_payload_comes_back(cloud: Cloud, sockets: Sockets) -> None:
    """The failure carries everything that was sent, a full sender and the error; nothing is stored or broadcast."""
    ann = cloud.user()
    space = cloud.space(ann)
    sender = shown_sender(ann, displayname(cloud, ann))
    chat, listener = sockets.join(ann), sockets.join(ann, space)
    payload = {"category": "chat", "topicId": space, "content": {"bodyText": "hi", "x": [1]}, "extra": {"a": None}}
    with claim("RT-MSG-03", "without a subscription sending fails"):
        name, told = chat.ask("SEND_MESSAGE", {**payload, "sender": {"_id": "forged"}})
        expect(name, "SEND_MESSAGE_FAILED")
    with claim("RT-MSG-03", "RT-FAIL-02", "the error says that a subscription is required"):
        expect(told["error"], "app.event.channel.subscription.required")
    with claim("RT-FAIL-01", "the payload comes back with a full sender and the error"):
        expect(told, {**payload, "sender": sender, "error": told["error"]})
    with claim("RT-FAIL-03", "RT-ACC-05", "nothing is broadcast"):
        expect(listener.heard(), [])
    with claim("RT-FAIL-03", "nothing is stored"):
        expect(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"], [])


@behaviour("REST-REQ-08", "RT-FAIL-03")
@pytest.mark.parametrize("half", ["\ud83c", "\udf89\ud83c"], ids=ascii)
@pytest.mark.parametrize("member", ["content", "loopbackMetadata"])
def test_half_of_a_character_is_told_to_its_sender(cloud: Cloud, sockets: Sockets, member: str, half: str) -> None:
    """A message with half of a surrogate pair fails and is acknowledged; the connection goes on."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    payload = {"category": "chat", "topicId": space, "content": {"bodyText": "hi"}, member: {"bodyText": f"x {half}"}}
    with claim("REST-REQ-08", "sending it fails"):
        chat.emit("SEND_MESSAGE", payload, ack="7")
        name, told = chat.hear()
        observe((name, told.get("error")), ("SEND_MESSAGE_FAILED", "request.invalid"))
    with claim("REST-REQ-08", "it is acknowledged"):
        observe(chat.receive(), "43/chat,7[]")
    with claim("RT-FAIL-03", "nothing is stored"):
        observe(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"], [])
    with claim("REST-REQ-08", "the connection goes on"):
        _name, answered = chat.message(space)  # by whatever name
        observe(answered.get("topicId"), space)


def fails(cloud: Cloud, sockets: Sockets, who: str, message: dict[str, Any], error: str, *ids: str) -> None:
    """Claim that a message of somebody in a room fails with an error, and that nothing is stored."""
    room = cloud.room()
    chat = sockets.join(getattr(room, who), room.id)
    payload = {"category": "chat", "topicId": room.id, "content": {"bodyText": "hi"}, **message}
    with claim(*ids, "it fails with its error"):
        name, told = chat.ask("SEND_MESSAGE", payload)
        observe((name, told.get("error")), ("SEND_MESSAGE_FAILED", error))
    with claim("RT-FAIL-03", "nothing is stored"):
        observe(cloud.call("GET", f"/spaces/{room.id}/messages/byref", room.admin).json()["data"], [])


@behaviour("RT-FAIL-02", "RT-MSG-04", "RT-ACC-04", "RT-FAIL-03")
@pytest.mark.parametrize(("who", "category"), [("guest", "idea"), ("anonymous", "task"), ("stranger", "idea")])
def test_guests_and_visitors_send_no_posts_and_tasks(cloud: Cloud, sockets: Sockets, who: str, category: str) -> None:
    """The role is checked as over REST, and nothing is stored."""
    message = {"category": category}
    fails(cloud, sockets, who, message, "permission.denied", "RT-FAIL-02", "RT-MSG-04", "RT-ACC-04")


@behaviour("RT-FAIL-02", "RT-MSG-02", "RT-FAIL-03")
@pytest.mark.parametrize(
    ("message", "error"),
    [
        ({"category": "meeting"}, "request.invalid"),
        ({"category": None}, "request.invalid"),
        ({"content": {"bodyText": " "}}, "request.invalid"),
        ({"content": {"bodyText": 7}}, "request.invalid"),
        ({"category": "idea", "content": {"bodyText": ""}}, "request.invalid"),
        ({"parentMsg": {"_id": "f" * 24}}, "message.not_found"),
        ({"content": {"data": [{}]}}, "request.invalid"),
    ],
)
def test_a_bad_message_fails_with_its_reason(
    cloud: Cloud, sockets: Sockets, message: dict[str, Any], error: str
) -> None:
    """Category, content and parent are checked as over REST, and nothing is stored."""
    fails(cloud, sockets, "admin", message, error, "RT-FAIL-02", "RT-MSG-02")


@behaviour("RT-MSG-04", "RT-ACC-03")
@pytest.mark.parametrize("who", ["guest", "anonymous", "stranger"])
def test_guests_and_visitors_chat(cloud: Cloud, sockets: Sockets, who: str) -> None:
    """A guest may chat, and so may a visitor who never joined, whom REST refuses."""
    room = cloud.room()
    person: Person = getattr(room, who)
    chat = sockets.join(person, room.id)
    with claim("RT-MSG-04", "RT-ACC-03", "they may chat"):
        observe(chat.message(room.id)[0], "MESSAGE_SENT")
    with claim("RT-MSG-04", "over REST they may only if they joined"):
        answer = cloud.call("POST", f"/spaces/{room.id}/chats", person, json={"content": {"bodyText": "hi"}})
        observe(answer.status_code, 403 if who == "stranger" else 200)


@behaviour("RT-FAIL-02", "RT-ACC-03")
@pytest.mark.parametrize(("policy", "who"), [("members", "guest"), ("admins", "member"), ("members", "stranger")])
def test_the_policy_of_the_space_is_named(cloud: Cloud, sockets: Sockets, policy: str, who: str) -> None:
    """Who may not create content by the policy fails with the documented string."""
    room = cloud.room(settings={"contentCreation": policy})
    chat = sockets.join(getattr(room, who), room.id)
    with claim("RT-ACC-03", "they may not chat"):
        name, told = chat.message(room.id)
        expect(name, "SEND_MESSAGE_FAILED")
    with claim("RT-FAIL-02", "the policy is the error"):
        expect(told["error"], "not.authorized.by.topic.policy")


@behaviour("RT-FAIL-02", "RT-ACC-03")
def test_an_archived_space_takes_no_message(cloud: Cloud, sockets: Sockets) -> None:
    """A participant may listen there, but sending fails with the vendor's spelling."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    chat = sockets.join(ann, space)
    with claim("RT-FAIL-02", "RT-ACC-03", "a participant of an archived space may not chat"):
        observe(chat.message(space)[1]["error"], "topic.invalid_acesss_to_archived_topic")


@behaviour("RT-FAIL-02", "RT-ACC-04", "RT-ACC-03", "RT-SENT-02")
def test_a_direct_space_takes_chats_and_has_the_title_of_the_other(cloud: Cloud, sockets: Sockets) -> None:
    """Each party sees the other's name as title; posts and tasks fail."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    names = [displayname(cloud, one) for one in (ann, bob)]
    direct = direct_space(cloud, ann, bob)
    one, other = sockets.join(ann, direct), sockets.join(bob, direct)
    with claim("RT-ACC-03", "a party may chat"):
        name, seen = one.message(direct)
        observe(name, "MESSAGE_SENT")
    with claim("RT-SENT-02", "the type of a direct space is direct"):
        observe(seen["topicType"], "direct")
    with claim("RT-SENT-02", "the title of a direct space is the name of the other, for each of them"):
        observe([seen["topicTitle"], other.hear()[1]["topicTitle"]], names[::-1])
    for category in ("idea", "task"):
        with claim("RT-FAIL-02", "RT-ACC-04", f"the category {category} is refused in a direct space"):
            observe(one.message(direct, category=category)[1]["error"], "space.direct_not_allowed")


@behaviour("RT-ACC-03")
def test_a_service_app_needs_no_other_scope_to_chat(cloud: Cloud, sockets: Sockets) -> None:
    """On the socket spaces.websocket alone is asked, for chats; for posts and tasks see below."""
    sends_without_scope(cloud, sockets, "chat", "RT-ACC-03")


@behaviour("RT-ACC-04")
@pytest.mark.parametrize("category", ["idea", "task"])
def test_a_service_app_needs_no_other_scope_for_posts_and_tasks(cloud: Cloud, sockets: Sockets, category: str) -> None:
    """On the socket spaces.websocket alone is asked, for posts and tasks too."""
    sends_without_scope(cloud, sockets, category, "RT-ACC-04")


def sends_without_scope(cloud: Cloud, sockets: Sockets, category: str, shown: str) -> None:
    """Claim that an app sends a message without a scope for messages, on the mock with spaces.websocket alone."""
    lacks = ["spaces.chat.create", "spaces.post.create", "spaces.task.create", "spaces.messages.write"]
    creator = cloud.app("spaces.create", "spaces.websocket", lacks=lacks)
    space = cloud.space(creator)
    chat = sockets.join(creator, space)
    with claim(shown, "an app without a scope for messages may send it"):
        observe(chat.message(space, category=category)[0], "MESSAGE_SENT")
    app = App(creator.key, creator.account_id)
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"scopes": ["spaces.websocket"]})
    chat = sockets.join(app, space)
    with claim(shown, "an app with spaces.websocket alone may send it"):
        observe(chat.message(space, category=category)[0], "MESSAGE_SENT")


# --- what REST calls cause


@behaviour("RT-REST-01", "RT-REST-08", "RT-SENT-01", "MSG-GEN-02", "MSG-CHAT-04")
def test_a_chat_over_rest_has_left_before_its_answer(cloud: Cloud, sockets: Sockets) -> None:
    """When the HTTP answer is here, the event lies ready at each of fifty sockets."""
    announced(cloud, sockets, "chats", "chat", "MSG-CHAT-04")


@behaviour("RT-REST-01", "RT-REST-08", "RT-SENT-01", "MSG-GEN-02", "MSG-IDEA-04")
def test_a_post_over_rest_has_left_before_its_answer(cloud: Cloud, sockets: Sockets) -> None:
    """When the HTTP answer is here, the event lies ready at each of fifty sockets."""
    announced(cloud, sockets, "ideas", "idea", "MSG-IDEA-04")


@behaviour("RT-REST-01", "RT-REST-08", "RT-SENT-01", "MSG-GEN-02", "MSG-TASK-07")
def test_a_task_over_rest_has_left_before_its_answer(cloud: Cloud, sockets: Sockets) -> None:
    """When the HTTP answer is here, the event lies ready at each of fifty sockets."""
    announced(cloud, sockets, "tasks", "task", "MSG-TASK-07")


def announced(cloud: Cloud, sockets: Sockets, path: str, category: str, effect: str) -> None:
    """Claim that fifty sockets hear of a message that is sent over REST, and have before its answer."""
    room = cloud.room()
    witness = sockets.join(room.guest, room.id)
    with claim("RT-REST-01", "RT-SENT-01", effect, "subscribers hear MESSAGE_SENT with the category"):
        sent = cloud.message(room.id, room.admin, "hi", path)
        name, told = witness.hear()
        observe((name, told["_id"], told["category"]), ("MESSAGE_SENT", sent["_id"], category))
    only_mock(cloud, "fifty sockets at a time, and no network between that could be slower than the answer")
    subscription = json.dumps(["SUBSCRIBE_CHANNEL", {"channel": {"_id": room.id, "type": "topic"}}])
    with ExitStack() as opened:
        listeners = [
            opened.enter_context(deaf(sockets.url(credential(room.admin)), "40/chat", f"42/chat,{subscription}"))
            for _ in range(50)
        ]
        for listener in listeners:
            read_until(listener, b"CHANNEL_SUBSCRIBED")
        message = cloud.message(room.id, room.admin, "hi", path)
        until = time.monotonic() + MOST_LAGS * route.lag_s
        while len(ready := select.select(listeners, [], [], 0)[0]) < len(listeners) and time.monotonic() < until:
            time.sleep(route.lag_s)
        received = [listener.recv(65536) for listener in ready]
    with claim("RT-REST-08", "MSG-GEN-02", "the event lies ready at each socket when the answer is here"):
        observe(len(ready), len(listeners))
    wanted = f'"_id": "{message["_id"]}", "category": "{category}"'.replace(" ", "").encode()
    with claim("RT-REST-01", "each socket gets the event once"):
        observe([one.count(b"MESSAGE_SENT") == 1 and wanted in one for one in received], [True] * len(received))


@behaviour("RT-REST-02", "RT-SENT-01", "RT-SENT-05", "MSG-UPDATE-05")
@pytest.mark.parametrize(("path", "category"), [("chats", "chat"), ("ideas", "idea"), ("tasks", "task")])
def test_an_edit_is_the_same_message_with_another_time(
    cloud: Cloud, sockets: Sockets, path: str, category: str
) -> None:
    """An edited message comes again with its category and id, the new text, and modified set."""
    room = cloud.room()
    message = cloud.message(room.id, room.member, "old", path)
    chat = sockets.join(room.admin, room.id)
    body = {"_id": message["_id"], "content": {"bodyText": "new"}}
    edited = cloud.call("POST", f"/messages/{message['_id']}", room.member, json=body).json()
    with claim("RT-REST-02", "an edit is announced by MESSAGE_SENT"):
        name, told = chat.hear()
        observe(name, "MESSAGE_SENT")
    with claim("RT-SENT-05", "RT-SENT-01", "an edited message keeps category and id"):
        observe((told["category"], told["_id"]), (category, message["_id"]))
    with claim("MSG-UPDATE-05", "RT-SENT-05", "modified is that of the answer, created stays"):
        observe((told["modified"], told["created"]), (edited["modified"], message["created"]))
    with claim("RT-SENT-05", "the text is the new one"):
        observe(told["content"]["bodyText"], "new")


@behaviour("RT-REST-02", "RT-SENT-01", "RT-SENT-06", "MSG-DELETE-04")
@pytest.mark.parametrize(("path", "category"), [("chats", "chat"), ("ideas", "idea"), ("tasks", "task")])
def test_a_removed_message_is_announced(cloud: Cloud, sockets: Sockets, path: str, category: str) -> None:
    """The event names the message, its time, who removed it, and what it was."""
    room = cloud.room(title="Room")
    remover = shown_sender(room.admin, displayname(cloud, room.admin))
    message = cloud.message(room.id, room.member, "hi", path)
    chat = sockets.join(room.guest, room.id)
    cloud.call("POST", "/messages/deletemessages", room.admin, json=[message["_id"]])
    with claim("RT-REST-02", "RT-SENT-01", "MSG-DELETE-04", "a removal is announced by its category"):
        name, told = chat.hear()
        expect((name, told["category"]), ("MESSAGE_SENT", "app.event.message.removed"))
    with claim("RT-SENT-06", "MSG-DELETE-04", "id and created are those of the removed message"):
        observe((told["_id"], told["created"]), (message["_id"], message["created"]))
    with claim("RT-SENT-06", "the sender is who removed it"):
        observe(told["sender"], remover)
    with claim("RT-SENT-06", "content has the category of the removed message, and no other member"):
        observe(told["content"], {"category": category})
    with claim("RT-SENT-06", "there are eight members, the space with title and type among them"):
        place = {"topicId": room.id, "topicTitle": "Room", "topicType": "group"}
        observe({member: told[member] for member in place}, place)
        observe(sorted(told), sorted([*place, "_id", "category", "sender", "created", "content"]))


@behaviour("RT-REST-03", "RT-SENT-01", "RT-SENT-07")
def test_a_new_title_is_announced(cloud: Cloud, sockets: Sockets) -> None:
    """Changing the title tells every subscriber the new title, with who did it."""
    room = cloud.room(title="Old")
    chat = sockets.join(room.guest, room.id)
    cloud.call("POST", f"/spaces/{room.id}", room.admin, json={"title": "New"})
    with claim("RT-REST-03", "RT-SENT-01", "a new title is announced by topic.updated"):
        name, told = chat.hear()
        expect((name, told["category"]), ("MESSAGE_SENT", "topic.updated"))
    with claim("RT-SENT-07", "topicTitle is the new title"):
        expect(told["topicTitle"], "New")
    with claim("RT-SENT-07", "it has an event id, and who changed it as sender"):
        observe((told["_id"], told["sender"]["_id"]), (OBJECT_ID, room.admin.id))
    with claim("RT-SENT-07", "content has title and status"):
        observe(told["content"], {"title": "New", "status": 0})


@behaviour("RT-SENT-08")
def test_roster_and_settings_change_silently(cloud: Cloud, sockets: Sockets) -> None:
    """Joining, inviting, a new role, a PIN and settings send no event at all."""
    room = cloud.room()
    chat = sockets.join(room.admin, room.id)
    space = f"/spaces/{room.id}"
    with claim("RT-SENT-08", "joining sends no event"):
        cloud.call("GET", f"{space}/join", room.stranger)
        observe(chat.heard(), [])
    invitees = [{"inviteeType": "email", "invitee": "new@example.com", "role": "guest"}]
    for what, path, body in (
        ("an invitation", f"{space}/invite", {"invitees": invitees, "informChannel": "client"}),
        ("a new role", f"{space}/attendees/userId/{room.guest.id}", {"role": "member"}),
        ("a PIN or privacy", space, {"settings": {"confPin": "1234", "memberOnly": True}}),
        ("a description", space, {"description": "new"}),
    ):
        with claim("RT-SENT-08", f"{what} sends no event"):
            cloud.call("POST", path, room.admin, json=body)
            observe(chat.heard(), [])


@behaviour("RT-USR-01", "RT-USR-02", "RT-REST-04")
def test_hiding_tells_all_sockets_of_the_person(cloud: Cloud, sockets: Sockets) -> None:
    """Whoever hides a space learns it on every socket of theirs, subscribed or not, and nobody else does."""
    room = cloud.room()
    one, other = sockets.join(room.member), sockets.join(room.member, room.id)
    bystander = sockets.join(room.admin, room.id)
    cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.member, json={})
    for chat, which in ((one, "a socket without a subscription"), (other, "a subscribed socket")):
        with claim("RT-USR-01", "RT-REST-04", f"hiding is told {which} of the person"):
            name, told = chat.hear()
            observe(name, "MESSAGE_SENT")
        with claim("RT-USR-02", f"the event at {which} has the category topic.hidden and the space"):
            observe((told["category"], told["topicId"]), ("topic.hidden", room.id))
        with claim("RT-USR-02", f"the event at {which} has sender and status"):
            observe((told["sender"]["_id"], told["content"]), (room.member.id, {"status": 4}))
    with claim("RT-USR-02", "nobody else hears of it"):
        observe(bystander.heard(), [])


@behaviour("RT-USR-01", "RT-USR-03", "RT-REST-04")
def test_reading_tells_all_sockets_of_the_person(cloud: Cloud, sockets: Sockets) -> None:
    """Marking a space as read tells the time up to which it was read."""
    room = cloud.room()
    message = cloud.message(room.id, room.admin)
    chat, bystander = sockets.join(room.member), sockets.join(room.admin, room.id)
    path = f"/users/me/spaces/{room.id}/markread"
    cloud.call("POST", path, room.member, json={"messagesLastReadTime": message["created"]})
    with claim("RT-USR-01", "RT-REST-04", "reading is told a socket without a subscription"):
        name, told = chat.hear()
        observe(name, "MESSAGE_SENT")
    with claim("RT-USR-03", "the category is topic.markread, with the space"):
        observe((told["category"], told["topicId"]), ("topic.markread", room.id))
    with claim("RT-USR-03", "it has the sender and the time of the last read"):
        observe((told["sender"]["_id"], told["content"]), (room.member.id, {"messagesLastReadTime": ISO_TIME}))
    with claim("RT-USR-03", "nobody else hears of it"):
        observe(bystander.heard(), [])
