"""Two of something and a second time, of messages in lists, in edits and at the socket."""

from typing import Any

import pytest

from contract_tests.claims import claim, observe
from contract_tests.kit import Cloud, behaviour, refused
from contract_tests.sockets import Sockets


@pytest.mark.parametrize(
    ("name", "kind", "path"),
    [
        pytest.param(*one, marks=behaviour(one[0]))
        for one in (
            ("USERS-MSGS-02", "chats", "/users/me/messages"),
            ("USERS-TASKS-02", "tasks", "/users/me/tasks"),
            ("USERS-IDEAS-02", "ideas", "/users/me/ideas"),
        )
    ],
)
def test_equals_keep_their_place_from_page_to_page(cloud: Cloud, name: str, kind: str, path: str) -> None:
    """Messages of one millisecond in several spaces stand in one order, and pages lose none and repeat none."""
    cloud.freeze("2031-02-03T12:00:00.000Z")
    ann = cloud.user()
    spaces = [cloud.space(ann, f"Room {number}") for number in range(4)]
    for text in ("older", "newer"):
        for space in spaces:
            cloud.message(space, ann, text, kind)
    query = {"spacelist": ",".join(spaces)} if kind == "chats" else {}

    def page(url: str, **params: str) -> Any:
        answer = cloud.http.get(url, params=params or None, headers={"Authorization": ann.authorization})
        assert answer.status_code == 200, answer.text
        return answer.json()

    whole = [one["_id"] for one in page(f"{cloud.api}{path}", size="50", **query)["data"]]
    part = page(f"{cloud.api}{path}", size="3", **query)
    found = part["data"]
    while part["nextPageUrl"]:
        part = page(cloud.at(part["nextPageUrl"]))
        found += part["data"]
    with claim(name, "there are equals among them, and each stands there once"):
        observe(len({one["created"] for one in found}), 2)
        observe((len(found), len({one["_id"] for one in found})), (8, 8))
    with claim(name, "page by page they come as they do at once"):
        observe([one["_id"] for one in found], whole)
    with claim(name, "what is newer stands before it, whatever its space"):
        observe([one["content"]["bodyText"] for one in found], ["newer"] * 4 + ["older"] * 4)


@behaviour("MSG-GEN-04")
def test_what_was_read_is_sent_back(cloud: Cloud) -> None:
    """A text that comes back as it was shown, in an edit or a new message, is not escaped a second time."""
    ann = cloud.user()
    space = cloud.space(ann)
    text = '"it\'s" & <b class="x">so</b>'
    shown = cloud.message(space, ann, text, "ideas", content={"description": text})["content"]
    with claim("MSG-GEN-04", "quotes outside of tags are escaped"):
        observe(shown["bodyText"], '&quot;it&#x27;s&quot; & <b class="x">so</b>')
    told = {name: shown[name] for name in ("bodyText", "description")}
    with claim("MSG-GEN-04", "a new message with what was shown shows the same"):
        again = cloud.message(space, ann, told["bodyText"], "ideas", content=told)
        observe({name: again["content"][name] for name in told}, told)
    with claim("MSG-GEN-04", "so does an edit, each time"):
        for _ in range(2):
            body = {"_id": again["_id"], "content": told}
            edited = cloud.call("POST", f"/messages/{again['_id']}", ann, json=body).json()
            observe({name: edited["content"][name] for name in told}, told)


@behaviour("MSG-CHAT-05")
def test_an_app_comments_on_nothing_of_another_company(cloud: Cloud) -> None:
    """A parent that is a message of another company is refused like any of another space, and is not commented on."""
    app, sid = cloud.app("spaces.create", "spaces.chat.create"), cloud.user("sid@elsewhere.example")
    space, elsewhere = cloud.space(app), cloud.space(sid)
    post = cloud.message(elsewhere, sid, "post", "ideas")
    body = {"content": {"bodyText": "hi"}, "parentMsg": {"_id": post["_id"]}}
    with claim("MSG-CHAT-05", "it is refused"), cloud.unchanged():
        refused(cloud.call("POST", f"/spaces/{space}/chats", app, json=body), 400, "request.invalid")
    with claim("MSG-CHAT-05", "the message has no comment"):
        observe(cloud.call("GET", f"/messages/{post['_id']}", sid).json()["chatCount"], 0)


@behaviour("RT-SENT-05")
def test_an_edit_by_somebody_else_is_still_of_its_author(cloud: Cloud, sockets: Sockets) -> None:
    """When one person edits the post of another, both hear that its author said it, and what it says now."""
    room = cloud.room()
    chats = [sockets.join(who, room.id) for who in (room.member, room.admin)]
    post = cloud.message(room.id, room.admin, "first", "ideas")
    for chat in chats:
        chat.frames()
    body = {"_id": post["_id"], "content": {"bodyText": "second"}}
    assert cloud.call("POST", f"/messages/{post['_id']}", room.member, json=body).status_code == 200
    for chat, whose in zip(chats, ("who edits it", "its author"), strict=True):
        [(name, told)] = chat.heard()
        with claim("RT-SENT-05", f"{whose} hears of the same message"):
            observe((name, told["_id"], told["category"]), ("MESSAGE_SENT", post["_id"], "idea"))
        with claim("RT-SENT-05", f"{whose} hears who has written it, and the new text"):
            observe(told["sender"]["_id"], room.admin.id)
            observe((told["content"]["cid"], told["content"]["bodyText"]), (room.admin.id, "second"))
