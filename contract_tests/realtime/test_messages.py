"""Messages on the socket: sending, failing, and what every subscriber sees (RT-MSG-*, RT-SENT-*, RT-FAIL-*)."""

import json
import select
from contextlib import ExitStack
from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import ISO_TIME, OBJECT_ID, URL, App, Cloud, Person, behaviour
from contract_tests.sockets import Sockets, credential, deaf, direct_space, read_until

NO_CLAIMS_YET = True


def shown_sender(who: Person, name: str) -> dict[str, Any]:
    kind = "user" if who.username else "anonymous"
    return {"_id": who.id, "type": kind, "username": who.username, "displayname": name, "picture_url": URL}


@behaviour("RT-MSG-01", "RT-MSG-05", "RT-SENT-01", "RT-SENT-02", "RT-SENT-03", "RT-SENT-04")
def test_a_chat_reaches_every_subscriber_with_all_its_members(cloud: Cloud, sockets: Sockets) -> None:
    """The sender's own socket and all others get the same event, in the documented members and order."""
    room = cloud.room(title="Room")
    own, other = sockets.join(room.admin, room.id), sockets.join(room.guest, room.id)
    name, told = own.message(room.id, "<p>hi</p>", sender={"_id": "x"}, created="1999", chatMessages={}, version="1.1")
    expect(name, "MESSAGE_SENT")
    wanted = {
        "_id": OBJECT_ID,
        "category": "chat",
        "topicId": room.id,
        "topicTitle": "Room",
        "topicType": "group",
        "sender": shown_sender(room.admin, "Ann Example"),
        "created": ISO_TIME,
        "modified": None,
        "chatCount": 0,
        "likeCount": 0,
        "version": "1.1",
        "content": {
            "cid": room.admin.id,
            "bodyText": "<p>hi</p>",
            "data": [],
            "startTime": told["created"],
            "endTime": None,
            "virtualEndTime": None,
            "recordings": [],
        },
    }
    expect(told, wanted)
    observe(list(told), list(wanted))
    expect(other.heard(), [("MESSAGE_SENT", told)])


@behaviour("RT-MSG-01", "RT-MSG-02", "RT-SENT-03")
def test_posts_and_tasks_are_the_same_record_as_over_rest(cloud: Cloud, sockets: Sockets) -> None:
    """A post has a description, a task also status, date and assignees, from either place; REST lists show both."""
    room = cloud.room()
    chat = sockets.join(room.member, room.id)
    _name, post = chat.message(room.id, "Post", "idea", content={"description": "it's"})
    observe((post["category"], post["content"]["description"]), ("idea", "it&#x27;s"))
    due = "2031-02-03T04:05:06.789Z"
    _name, task = chat.message(
        room.id, "Task", "task", content={"assignees": [{"_id": room.admin.id}]}, dueDate=due, status="completed"
    )
    content = task["content"]
    expect(content["assignees"], [{"_id": room.admin.id}])
    observe((content["status"], content["dueDate"], content["description"]), ("completed", due, ""))
    _name, plain = chat.message(room.id, "Task", "task")
    expect(plain["content"]["status"], "pending")
    ids = [one["_id"] for one in cloud.call("GET", f"/spaces/{room.id}/tasks", room.member).json()["data"]]
    expect(ids, [plain["_id"], task["_id"]])


@behaviour("RT-REST-07", "RT-MSG-05")
def test_a_socket_message_is_in_the_lists_and_counts_as_unread(cloud: Cloud, sockets: Sockets) -> None:
    """What is sent over the socket is found by reference, by query, and in the unread count of others."""
    room = cloud.room()
    _name, told = sockets.join(room.admin, room.id).message(room.id, "needle")
    for path in ("byref", "query"):
        listed = cloud.call("GET", f"/spaces/{room.id}/messages/{path}", room.member).json()["data"]
        expect([one["_id"] for one in listed], [told["_id"]])
    spaces = cloud.call("GET", "/users/me/spaces", room.member).json()["data"]
    unread = [one["unreadMessagesCount"] for one in spaces if room.id in (one.get("_id"), one.get("targetId"))]
    expect(unread, [1])


@behaviour("RT-SENT-04")
def test_comments_and_mentions_are_shown(cloud: Cloud, sockets: Sockets) -> None:
    """A comment names its parent with text and category, and mentions are returned as sent."""
    room = cloud.room()
    post = cloud.message(room.id, room.admin, "Post", "ideas")
    mentions = [{"id": room.member.id, "type": "user", "title": "Mia"}]
    _name, told = sockets.join(room.member, room.id).message(
        room.id, "comment", parentMsg={"_id": post["_id"]}, mentions=mentions
    )
    observe(told["parentMsg"], {"_id": post["_id"], "bodyText": "Post", "category": "idea"})
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
    _name, told = own.message(space, loopbackMetadata=metadata)
    expect(told["loopbackMetadata"], metadata)
    expect("loopbackMetadata" in other.hear()[1], wanted=False)


@behaviour("RT-MSG-03", "RT-FAIL-01", "RT-FAIL-03", "RT-ACC-05")
def test_without_a_subscription_the_payload_comes_back(cloud: Cloud, sockets: Sockets) -> None:
    """The failure carries everything that was sent, a full sender and the error; nothing is stored or broadcast."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat, listener = sockets.join(ann), sockets.join(ann, space)
    payload = {"category": "chat", "topicId": space, "content": {"bodyText": "hi", "x": [1]}, "extra": {"a": None}}
    answer = chat.ask("SEND_MESSAGE", {**payload, "sender": {"_id": "forged"}})
    error = "app.event.channel.subscription.required"
    sender = shown_sender(ann, "Ann Example")
    expect(answer, ("SEND_MESSAGE_FAILED", {**payload, "sender": sender, "error": error}))
    expect(listener.heard(), [])
    expect(cloud.call("GET", f"/spaces/{space}/messages/byref", ann).json()["data"], [])


@behaviour("RT-FAIL-02", "RT-MSG-02", "RT-MSG-04", "RT-ACC-03", "RT-ACC-04", "RT-FAIL-03")
@pytest.mark.parametrize(
    ("who", "message", "error"),
    [
        ("guest", {"category": "idea"}, "permission.denied"),
        ("anonymous", {"category": "task"}, "permission.denied"),
        ("stranger", {"category": "idea"}, "permission.denied"),
        ("admin", {"category": "meeting"}, "request.invalid"),
        ("admin", {"category": None}, "request.invalid"),
        ("admin", {"content": {"bodyText": " "}}, "request.invalid"),
        ("admin", {"content": {"bodyText": 7}}, "request.invalid"),
        ("admin", {"category": "idea", "content": {"bodyText": ""}}, "request.invalid"),
        ("admin", {"parentMsg": {"_id": "f" * 24}}, "message.not_found"),
        ("admin", {"content": {"data": [{}]}}, "request.invalid"),
    ],
)
def test_a_bad_message_fails_with_its_reason(
    cloud: Cloud, sockets: Sockets, who: str, message: dict[str, Any], error: str
) -> None:
    """Role, category, content and parent are checked as over REST, and nothing is stored."""
    room = cloud.room()
    chat = sockets.join(getattr(room, who), room.id)
    payload = {"category": "chat", "topicId": room.id, "content": {"bodyText": "hi"}, **message}
    name, told = chat.ask("SEND_MESSAGE", payload)
    observe((name, told.get("error")), ("SEND_MESSAGE_FAILED", error))
    observe(cloud.call("GET", f"/spaces/{room.id}/messages/byref", room.admin).json()["data"], [])


@behaviour("RT-MSG-04", "RT-ACC-03")
@pytest.mark.parametrize("who", ["guest", "anonymous", "stranger"])
def test_guests_and_visitors_chat(cloud: Cloud, sockets: Sockets, who: str) -> None:
    """A guest may chat, and so may a visitor who never joined, whom REST refuses."""
    room = cloud.room()
    person: Person = getattr(room, who)
    observe(sockets.join(person, room.id).message(room.id)[0], "MESSAGE_SENT")
    answer = cloud.call("POST", f"/spaces/{room.id}/chats", person, json={"content": {"bodyText": "hi"}})
    observe(answer.status_code, 403 if who == "stranger" else 200)


@behaviour("RT-FAIL-02", "RT-ACC-03")
@pytest.mark.parametrize(("policy", "who"), [("members", "guest"), ("admins", "member"), ("members", "stranger")])
def test_the_policy_of_the_space_is_named(cloud: Cloud, sockets: Sockets, policy: str, who: str) -> None:
    """Who may not create content by the policy fails with the documented string."""
    room = cloud.room(settings={"contentCreation": policy})
    _name, told = sockets.join(getattr(room, who), room.id).message(room.id)
    expect(told["error"], "not.authorized.by.topic.policy")


@behaviour("RT-FAIL-02", "RT-ACC-03")
def test_an_archived_space_takes_no_message(cloud: Cloud, sockets: Sockets) -> None:
    """A participant may listen there, but sending fails with the vendor's spelling."""
    ann = cloud.user()
    space = cloud.open_space(ann, archived=True)
    _name, told = sockets.join(ann, space).message(space)
    observe(told["error"], "topic.invalid_acesss_to_archived_topic")


@behaviour("RT-FAIL-02", "RT-ACC-04", "RT-SENT-02")
def test_a_direct_space_takes_chats_and_has_the_title_of_the_other(cloud: Cloud, sockets: Sockets) -> None:
    """Each party sees the other's name as title; posts and tasks fail."""
    ann, bob = cloud.user(), cloud.user("bea@example.com", displayname="Bea Example")
    direct = direct_space(cloud, ann, bob)
    one, other = sockets.join(ann, direct), sockets.join(bob, direct)
    _name, seen = one.message(direct)
    observe((seen["topicType"], seen["topicTitle"]), ("direct", "Bea Example"))
    observe(other.hear()[1]["topicTitle"], "Ann Example")
    for category in ("idea", "task"):
        observe(one.message(direct, category=category)[1]["error"], "space.direct_not_allowed")


@behaviour("RT-ACC-03", "RT-ACC-04")
@pytest.mark.parametrize("category", ["chat", "idea", "task"])
def test_a_service_app_needs_no_other_scope_to_send(cloud: Cloud, sockets: Sockets, category: str) -> None:
    """On the socket spaces.websocket alone is asked, for chats, posts and tasks."""
    creator = cloud.app("spaces.create", "spaces.websocket")
    space = cloud.space(creator)
    app = App(creator.key, creator.account_id)
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"scopes": ["spaces.websocket"]})
    observe(sockets.join(app, space).message(space, category=category)[0], "MESSAGE_SENT")


# --- what REST calls cause


@behaviour("RT-REST-01", "RT-REST-08", "RT-SENT-01", "MSG-GEN-02", "MSG-CHAT-04", "MSG-IDEA-04", "MSG-TASK-07")
@pytest.mark.parametrize(("path", "category"), [("chats", "chat"), ("ideas", "idea"), ("tasks", "task")])
def test_a_rest_message_has_left_before_its_answer(cloud: Cloud, sockets: Sockets, path: str, category: str) -> None:
    """When the HTTP answer is here, the event lies ready at each of fifty sockets."""
    room = cloud.room()
    subscription = json.dumps(["SUBSCRIBE_CHANNEL", {"channel": {"_id": room.id, "type": "topic"}}])
    with ExitStack() as opened:
        listeners = [
            opened.enter_context(deaf(sockets.url(credential(room.admin)), "40/chat", f"42/chat,{subscription}"))
            for _ in range(50)
        ]
        for listener in listeners:
            read_until(listener, b"CHANNEL_SUBSCRIBED")
        message = cloud.message(room.id, room.admin, "hi", path)
        ready, _, _ = select.select(listeners, [], [], 0)
        observe(len(ready), len(listeners))
        received = [listener.recv(65536) for listener in ready]
    wanted = f'"_id": "{message["_id"]}", "category": "{category}"'.replace(" ", "").encode()
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
    name, told = chat.hear()
    observe((name, told["category"], told["_id"]), ("MESSAGE_SENT", category, message["_id"]))
    observe((told["modified"], told["created"]), (edited["modified"], message["created"]))
    observe(told["content"]["bodyText"], "new")


@behaviour("RT-REST-02", "RT-SENT-01", "RT-SENT-06", "MSG-DELETE-04")
@pytest.mark.parametrize(("path", "category"), [("chats", "chat"), ("ideas", "idea"), ("tasks", "task")])
def test_a_removed_message_is_announced(cloud: Cloud, sockets: Sockets, path: str, category: str) -> None:
    """The event names the message, its time, who removed it, and what it was."""
    room = cloud.room(title="Room")
    message = cloud.message(room.id, room.member, "hi", path)
    chat = sockets.join(room.guest, room.id)
    cloud.call("POST", "/messages/deletemessages", room.admin, json=[message["_id"]])
    name, told = chat.hear()
    expect((name, told["category"]), ("MESSAGE_SENT", "app.event.message.removed"))
    observe(
        told,
        {
            "_id": message["_id"],
            "category": "app.event.message.removed",
            "topicId": room.id,
            "topicTitle": "Room",
            "topicType": "group",
            "sender": shown_sender(room.admin, "Ann Example"),
            "created": message["created"],
            "content": {"category": category},
        },
    )


@behaviour("RT-REST-03", "RT-SENT-01", "RT-SENT-07")
def test_a_new_title_is_announced(cloud: Cloud, sockets: Sockets) -> None:
    """Changing the title tells every subscriber the new title, with who did it."""
    room = cloud.room(title="Old")
    chat = sockets.join(room.guest, room.id)
    cloud.call("POST", f"/spaces/{room.id}", room.admin, json={"title": "New"})
    name, told = chat.hear()
    expect((name, told["category"], told["topicTitle"]), ("MESSAGE_SENT", "topic.updated", "New"))
    observe((told["_id"], told["sender"]["_id"]), (OBJECT_ID, room.admin.id))
    observe(told["content"], {"title": "New", "status": 0})


@behaviour("RT-SENT-08")
def test_roster_and_settings_change_silently(cloud: Cloud, sockets: Sockets) -> None:
    """Joining, inviting, a new role, a PIN and settings send no event at all."""
    room = cloud.room()
    chat = sockets.join(room.admin, room.id)
    space = f"/spaces/{room.id}"
    cloud.call("GET", f"{space}/join", room.stranger)
    invitees = [{"inviteeType": "email", "invitee": "new@example.com", "role": "guest"}]
    for method, path, body in (
        ("POST", f"{space}/invite", {"invitees": invitees}),
        ("POST", f"{space}/attendees/userId/{room.guest.id}", {"role": "member"}),
        ("POST", space, {"settings": {"confPin": "1234", "memberOnly": True}, "description": "new"}),
    ):
        cloud.call(method, path, room.admin, json=body)
    observe(chat.heard(), [])


@behaviour("RT-USR-01", "RT-USR-02", "RT-REST-04")
def test_hiding_tells_all_sockets_of_the_person(cloud: Cloud, sockets: Sockets) -> None:
    """Whoever hides a space learns it on every socket of his, subscribed or not, and nobody else does."""
    room = cloud.room()
    one, other = sockets.join(room.member), sockets.join(room.member, room.id)
    bystander = sockets.join(room.admin, room.id)
    cloud.call("POST", f"/users/me/spaces/{room.id}/hide", room.member, json={})
    for chat in (one, other):
        name, told = chat.hear()
        observe((name, told["category"], told["topicId"]), ("MESSAGE_SENT", "topic.hidden", room.id))
        observe((told["sender"]["_id"], told["content"]), (room.member.id, {"status": 4}))
    observe(bystander.heard(), [])


@behaviour("RT-USR-01", "RT-USR-03", "RT-REST-04")
def test_reading_tells_all_sockets_of_the_person(cloud: Cloud, sockets: Sockets) -> None:
    """Marking a space as read tells the time up to which it was read."""
    room = cloud.room()
    message = cloud.message(room.id, room.admin)
    chat, bystander = sockets.join(room.member), sockets.join(room.admin, room.id)
    path = f"/users/me/spaces/{room.id}/markread"
    cloud.call("POST", path, room.member, json={"messagesLastReadTime": message["created"]})
    name, told = chat.hear()
    observe((name, told["category"], told["topicId"]), ("MESSAGE_SENT", "topic.markread", room.id))
    observe((told["sender"]["_id"], told["content"]), (room.member.id, {"messagesLastReadTime": ISO_TIME}))
    observe(bystander.heard(), [])
