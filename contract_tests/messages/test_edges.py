"""Two of something, a second time and the exact edge, of messages."""

from typing import Any

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, behaviour, refused


@behaviour("PERM-HIST-01")
def test_history_begins_in_the_millisecond_of_joining(cloud: Cloud) -> None:
    """A guest sees what was written in the millisecond in which they joined, and nothing of the one before."""
    cloud.freeze("2031-02-03T04:05:06.788Z")
    ann, guest = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    before = cloud.message(space, ann, "before")
    cloud.freeze("2031-02-03T04:05:06.789Z")
    cloud.call("GET", f"/spaces/{space}/join", guest)
    same = cloud.message(space, ann, "at once")
    with claim("PERM-HIST-01", "a message of the same millisecond is listed, an earlier one is not"):
        found = cloud.call("GET", f"/spaces/{space}/messages/byref", guest).json()["data"]
        observe([one["_id"] for one in found], [same["_id"]])
    with claim("PERM-HIST-01", "a message of the same millisecond can be read by its id"):
        observe(cloud.call("GET", f"/messages/{same['_id']}", guest).status_code, 200)
    with claim("PERM-HIST-01", "one of the millisecond before cannot"):
        refused(cloud.call("GET", f"/messages/{before['_id']}", guest), 403, "permission.denied")


@behaviour("MSG-QUERY-01")
def test_a_bound_of_a_query_leaves_out_its_own_millisecond(cloud: Cloud) -> None:
    """Neither after nor before a time is what was written at that very time."""
    ann = cloud.user()
    space = cloud.space(ann)
    sent = [cloud.message(space, ann, text) for text in ("one", "two", "three")]
    for direction, found in (("after", sent[2:]), ("before", sent[:1])):
        with claim("MSG-QUERY-01", f"{direction} the second of three messages"):
            query = {"refTime": sent[1]["created"], "direction": direction}
            data = cloud.call("GET", f"/spaces/{space}/messages/query", ann, params=query).json()["data"]
            observe([one["_id"] for one in data], [one["_id"] for one in found])


@behaviour("MSG-DELETE-02", "MSG-DELETE-04")
def test_a_message_is_deleted_once(cloud: Cloud) -> None:
    """An id that is named twice counts once; the second call knows it no more, and no comment is counted twice."""
    ann = cloud.user()
    space = cloud.space(ann)
    idea = cloud.message(space, ann, kind="ideas")
    comments = [cloud.message(space, ann, text, parentMsg={"_id": idea["_id"]})["_id"] for text in ("one", "two")]
    for wanted in ("deletedMessages", "notFoundMmessages"):
        with claim("MSG-DELETE-02", f"named twice, it is in {wanted} once"):
            answer = cloud.call("POST", "/messages/deletemessages", ann, json=[comments[0], comments[0]]).json()
            observe({name: ids for name, ids in answer.items() if ids}, {wanted: [comments[0]]})
    with claim("MSG-DELETE-04", "the post has one comment left"):
        observe(cloud.call("GET", f"/messages/{idea['_id']}", ann).json()["chatCount"], 1)


@behaviour("MSG-UPDATE-07")
def test_a_meeting_is_no_text_that_could_be_edited(cloud: Cloud) -> None:
    """An edit of a meeting is refused, with a text that would do for a chat too, and again after its end."""
    ann = cloud.user()
    space = cloud.space(ann)
    meeting = cloud.meeting(space, ann)
    for state in ("runs", "has ended"):
        with claim("MSG-UPDATE-07", f"it is refused while the meeting {state}"):
            body = {"_id": meeting["_id"], "content": {"bodyText": "text"}}
            refused(cloud.call("POST", f"/messages/{meeting['_id']}", ann, json=body), 400, "request.invalid")
        cloud.call("POST", f"/spaces/{space}/meetings/{meeting['_id']}/end", ann)


KINDS = {"chats": "MSG-CHAT-03", "ideas": "MSG-IDEA-03", "tasks": "MSG-TASK-06"}


@behaviour(*KINDS.values(), "MSG-GEN-05", "MSG-GET-01", "DM-MSG-03")
def test_messages_of_two_people_in_two_spaces_are_told_apart(cloud: Cloud) -> None:
    """Of each message the answer, and the message by its id, has its own text, author and space."""
    people = cloud.user(), cloud.user("mia@example.com")
    roster = [{"username": one.username, "role": "admin"} for one in people]
    spaces = [cloud.open_space(owner, members=[entry]) for owner, entry in zip(people, roster[::-1], strict=True)]
    wanted = [(space, who, kind) for space in spaces for who in people for kind in KINDS]
    made = [cloud.message(space, who, f"{kind} of {who.id} in {space}", kind) for space, who, kind in wanted]
    for number, (one, (space, who, kind)) in enumerate(zip(made, wanted, strict=True)):
        with claim(KINDS[kind], f"{number}: its answer is its own"):
            expect((one["topicId"], one["content"]["bodyText"]), (space, f"{kind} of {who.id} in {space}"))
        with claim("MSG-GEN-05", "DM-MSG-03", f"{number}: its sender is who wrote it"):
            expect(one["sender"]["_id"], who.id)
        with claim("MSG-GET-01", f"{number}: by its id it is what its answer was"):
            shown = cloud.call("GET", f"/messages/{one['_id']}", people[0]).json()
            for name in ("_id", "topicId", "sender", "category"):
                expect(shown[name], one[name])
            expect(shown["content"]["bodyText"], one["content"]["bodyText"])


@behaviour("MSG-UPDATE-03", "DM-MSG-05")
def test_two_posts_are_edited_and_commented_apart(cloud: Cloud) -> None:
    """Each edit is answered with its own text, the second one too, and a comment shows the newest of its parent."""
    ann, mia = cloud.user(), cloud.user("mia@example.com")
    space = cloud.open_space(ann, members=[{"username": mia.username, "role": "member"}])
    posts = [(cloud.message(space, who, "post", "ideas"), who) for who in (ann, mia)]
    for turn in (1, 2):
        for number, (post, who) in enumerate(posts):
            body = {"_id": post["_id"], "content": {"bodyText": f"edit {turn} of {who.id}"}}
            with claim("MSG-UPDATE-03", f"edit {turn} of post {number} is answered with its own text"):
                answer = cloud.call("POST", f"/messages/{post['_id']}", who, json=body).json()
                expect((answer["_id"], answer["content"]["bodyText"]), (post["_id"], f"edit {turn} of {who.id}"))
                assert answer["modified"] > post["created"]
    for number, (post, who) in enumerate(posts):
        comment = cloud.message(space, mia, "comment", parentMsg={"_id": post["_id"]})
        with claim("DM-MSG-05", f"the comment on post {number} names its own parent, as that is now"):
            parent = comment["parentMsg"]
            expect((parent["_id"], parent["bodyText"]), (post["_id"], f"edit 2 of {who.id}"))


@behaviour("MSG-UPDATE-02", "MSG-UPDATE-04")
def test_an_edit_of_one_message_leaves_the_other(cloud: Cloud) -> None:
    """Of two tasks each keeps what its own edit left out, and each is outdated by itself."""
    ann = cloud.user()
    space = cloud.space(ann)
    first, second = (
        cloud.message(space, ann, text, "tasks", content={"description": f"about {text}"}) for text in ("one", "two")
    )

    def edit(of: Any, modified: Any, **content: str) -> Any:
        return cloud.call(
            "POST", f"/messages/{of['_id']}", ann, json={"_id": of["_id"], "modified": modified, "content": content}
        )

    changed = edit(first, first["modified"], bodyText="new one").json()
    with claim("MSG-UPDATE-02", "what an edit leaves out stays as it was"):
        expect((changed["content"]["bodyText"], changed["content"]["description"]), ("new one", "about one"))
    with claim("MSG-UPDATE-02", "the other task is as it was"):
        shown = cloud.call("GET", f"/messages/{second['_id']}", ann).json()
        expect(
            (shown["content"]["bodyText"], shown["content"]["description"], shown["modified"]),
            ("two", "about two", second["modified"]),
        )
    with claim("MSG-UPDATE-04", "the state of before is outdated for the one that was edited"):
        refused(edit(first, first["modified"], bodyText="late"), 400, "message.outdated")
    with claim("MSG-UPDATE-04", "and for the other one it is not"):
        expect(edit(second, second["modified"], bodyText="new two").status_code, 200)
    with claim("MSG-UPDATE-04", "the newest state of the first goes on"):
        expect(edit(first, changed["modified"], description="").json()["content"]["bodyText"], "new one")
