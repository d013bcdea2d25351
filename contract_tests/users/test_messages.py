import time
from collections.abc import Collection
from datetime import datetime
from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import ISO_TIME, Cloud, Person, Room, behaviour, refused

MESSAGES = "/users/me/messages"
A_MOMENT = 0.01  # only within one space times are never equal


def texts(answer: httpx.Response, spaces: Collection[str]) -> list[str]:
    """Return the texts of a list, without those of spaces that a real account has had before."""
    assert answer.status_code == 200, answer.text
    items = [item for item in answer.json()["data"] if item["topicId"] in spaces]
    return [item["content"]["bodyText"] if "content" in item else item["category"] for item in items]


def follow(cloud: Cloud, who: Person, page: httpx.Response) -> httpx.Response:
    """Get the page after a page."""
    return cloud.http.get(cloud.at(page.json()["nextPageUrl"]), headers={"Authorization": who.authorization})


def say(cloud: Cloud, space: str, who: Person, text: str, kind: str = "chats", **body: Any) -> Any:
    """Write a message at a time of its own."""
    time.sleep(A_MOMENT)
    return cloud.message(space, who, text, kind=kind, **body)


@step("enter a space")
def enter(cloud: Cloud, space: str, who: Person) -> None:
    time.sleep(A_MOMENT)
    assert cloud.call("GET", f"/spaces/{space}/join", who).status_code == 200
    time.sleep(A_MOMENT)


@pytest.fixture
def room(cloud: Cloud) -> Room:
    """An open space with somebody of every role."""
    return cloud.room()


# --- messages of some spaces


@behaviour("USERS-MSGS-01", "USERS-MSGS-02")
def test_messages_by_their_last_change(cloud: Cloud) -> None:
    """Messages of the named spaces come mixed by last change, newest first, page by page; meetings do not."""
    ann = cloud.user()
    one, two, other = (cloud.space(ann, title) for title in ("One", "Two", "Other"))
    first = say(cloud, one, ann, "a")["_id"]
    say(cloud, two, ann, "b", kind="ideas")
    say(cloud, one, ann, "c", kind="tasks")
    say(cloud, other, ann, "x")
    both, all_of_them = f"{one},{two}", (one, two, other)

    def listed(**params: str) -> httpx.Response:
        return cloud.call("GET", MESSAGES, ann, params=params)

    answer = listed(spacelist=both)
    with claim("USERS-MSGS-01", "messages of the named spaces only are listed", about=[answer]):
        expect(sorted(texts(answer, all_of_them)), ["a", "b", "c"])
    with claim("USERS-MSGS-02", "chat, post and task are mixed, newest first", about=[answer]):
        expect(texts(answer, all_of_them), ["c", "b", "a"])
    body = {"_id": first, "category": "chat", "content": {"bodyText": "a2"}}
    with step("edit a message"):
        time.sleep(A_MOMENT)
        edited = cloud.call("POST", f"/messages/{first}", ann, json=body)
        assert edited.status_code == 200, edited.text
    answer = listed(spacelist=f" {both} ,{one}")
    with claim("USERS-MSGS-01", "blanks around the list and a space named twice do no harm", about=[answer]):
        expect(sorted(texts(answer, all_of_them)), ["a2", "b", "c"])
    with claim("USERS-MSGS-02", "what has been edited is the newest", about=[answer]):
        expect(texts(answer, all_of_them), ["a2", "c", "b"])
    page = listed(spacelist=both, size="2")
    with claim("USERS-MSGS-01", "the size of a page is taken", about=[page]):
        expect((page.json()["total"], len(page.json()["data"])), (2, 2))
    with claim("USERS-MSGS-02", "a message shows its version", about=[page]):
        expect(page.json()["data"][0]["__v"], 0)
    with claim("USERS-MSGS-01", "the next page has the rest"):
        observe([item["content"]["bodyText"] for item in follow(cloud, ann, page).json()["data"]], ["b"])
    cloud.meeting(one, ann)
    with claim("USERS-MSGS-02", "a meeting is not listed"):
        expect(texts(listed(spacelist=both), all_of_them), ["a2", "c", "b"])


@behaviour("USERS-MSGS-01", "USERS-MSGS-02")
def test_deleted_messages_can_be_included(cloud: Cloud) -> None:
    """A deleted message is left out, or shown with what is left of it."""
    ann = cloud.user()
    space = cloud.space(ann)
    kept, gone = say(cloud, space, ann, "kept"), say(cloud, space, ann, "gone", kind="ideas")
    with step("delete a message"):
        deleted = cloud.call("POST", "/messages/deletemessages", ann, json=[gone["_id"]])
        assert deleted.json()["deletedMessages"] == [gone["_id"]]
    with claim("USERS-MSGS-01", "a deleted message is left out by default"):
        expect(texts(cloud.call("GET", MESSAGES, ann, params={"spacelist": space}), [space]), ["kept"])
    answer = cloud.call("GET", MESSAGES, ann, params={"spacelist": space, "includedeleted": "true"})
    with claim("USERS-MSGS-01", "with includedeleted it is there, beside the others", about=[answer]):
        observe([item["_id"] for item in answer.json()["data"]], [gone["_id"], kept["_id"]])
    with claim("USERS-MSGS-02", "id, space, category, status and time are left of it", about=[answer]):
        left = {"_id": gone["_id"], "topicId": space, "category": "idea", "status": 2, "modified": ISO_TIME}
        observe(answer.json()["data"][0], left)


@behaviour("USERS-MSGS-01", "PERM-HIST-01", "REST-TIME-02")
def test_messages_after_a_moment(cloud: Cloud, room: Room) -> None:
    """The parameter after leaves only later messages, and a guest sees none from before they came."""
    old = say(cloud, room.id, room.admin, "old")
    moment = round(datetime.fromisoformat(old["created"]).timestamp() * 1000) + 250
    time.sleep(0.5)
    enter(cloud, room.id, room.stranger)
    say(cloud, room.id, room.admin, "new")

    def found(who: Person, **params: str) -> list[str]:
        return texts(cloud.call("GET", MESSAGES, who, params={"spacelist": room.id, **params}), [room.id])

    with claim("USERS-MSGS-01", "without after all are listed"):
        expect(found(room.admin), ["new", "old"])
    with claim("USERS-MSGS-01", "REST-TIME-02", "after is a time in milliseconds, of which the later ones are listed"):
        observe(found(room.admin, after=str(moment)), ["new"])
    with claim("PERM-HIST-01", "a guest sees no message of spaces from before they came"):
        observe(found(room.stranger), ["new"])


@behaviour("USERS-MSGS-01", "USERS-MSGS-03", "ERR-ORDER-04")
def test_bad_space_lists(cloud: Cloud, room: Room) -> None:
    """A bad list is bad input, then the first unknown space is not found, then the first unreadable one refused."""
    other, unknown = cloud.private_space(room.admin), "f" * 24

    def listed(**params: str) -> httpx.Response:
        return cloud.call("GET", MESSAGES, room.member, params=params)

    with claim("USERS-MSGS-01", "the list is required"):
        refused(listed(), 400, "request.invalid")
    lists = {
        "no": {},
        "an empty": {"spacelist": ""},
        "a list with an empty": {"spacelist": f"{room.id},"},
        "a list of sixteen": {"spacelist": ",".join([unknown] * 16)},
    }
    for what, params in lists.items():
        with claim("USERS-MSGS-03", f"{what}: refused as bad input"):
            answer = listed(**params)
            refused(answer, 400, "request.invalid")
            observe(answer.status_code, 400)
    rest = {
        "a bad page token": {"pageToken": "xx"},
        "two numbers of a page": {"page": "0", "pageref": "1"},
        "a bad time": {"after": "soon"},
    }
    for what, params in rest.items():
        with claim("ERR-ORDER-04", f"{what} comes before an unknown space"):
            answer = listed(spacelist=unknown, **params)
            refused(answer, 400, "request.invalid")
            observe(answer.status_code, 400)
    with claim("USERS-MSGS-01", "a list of fifteen is taken"):
        observe(listed(spacelist=",".join([room.id] * 15)).status_code, 200)
    answer = listed(spacelist=f"{other},{room.id},{unknown}")
    with claim("USERS-MSGS-03", "an unknown space is not found", about=[answer]):
        refused(answer, 404, "space.not_found")
    with claim("ERR-ORDER-04", "an unknown space comes before an unreadable one", about=[answer]):
        observe(answer.status_code, 404)
    answer = listed(spacelist=f"{room.id},{other}")
    with claim("USERS-MSGS-03", "an unreadable space is refused", about=[answer]):
        refused(answer, 403, "space.members_only")
    with claim("ERR-ORDER-04", "the first unreadable space is 403", about=[answer]):
        observe(answer.status_code, 403)


# --- attachments


@behaviour("USERS-ATT-01", "USERS-ATT-02", "PERM-HIST-01")
def test_messages_with_attachments(cloud: Cloud, room: Room) -> None:
    """Messages with attachments of all one's spaces, comments included, newest first and only what one may see."""
    mine, file = cloud.space(room.admin), {"data": [{"fileId": "f"}]}
    say(cloud, room.id, room.admin, "a", content=file)
    say(cloud, mine, room.admin, "none")
    idea = say(cloud, mine, room.admin, "b", kind="ideas", content=file)["_id"]
    say(cloud, mine, room.admin, "c", content=file, parentMsg={"_id": idea})
    enter(cloud, room.id, room.stranger)
    say(cloud, room.id, room.admin, "d", kind="tasks", content=file)
    for path in ("/users/me/attachments/natives", "/users/attachments/natives"):

        def found(who: Person, path: str = path, query: str = "") -> list[str]:
            return texts(cloud.call("GET", f"{path}{query}", who), (room.id, mine))

        with claim("USERS-ATT-02", f"{path}: those of one's spaces, newest first"):
            expect(found(room.admin), ["d", "c", "b", "a"])
        with claim("USERS-ATT-02", f"{path}: none of a space where one is not"):
            observe(found(room.member), ["d", "a"])
        with claim("USERS-ATT-01", f"{path}: the size of a page is taken"):
            observe(found(room.admin, query="?size=2"), ["d", "c"])
        with claim("PERM-HIST-01", f"{path}: a guest sees none from before they came"):
            observe(found(room.stranger), ["d"])
    guest = cloud.guest()
    with claim("USERS-ATT-02", "who is in no space has none"):
        observe(cloud.call("GET", "/users/me/attachments/natives", guest).json()["data"], [])


# --- tasks and posts


def task(cloud: Cloud, space: str, who: Person, text: str, *assignees: Person, status: str = "pending") -> None:
    body: dict[str, Any] = {"assignees": [{"_id": one.id} for one in assignees], "status": status}
    say(cloud, space, who, text, kind="tasks", **body)


@behaviour("USERS-TASKS-01", "USERS-TASKS-02", "USERS-TASKS-03")
def test_tasks_one_made_or_has_to_do(cloud: Cloud, room: Room) -> None:
    """Tasks made by or assigned to the caller, newest first, by status if asked, and only of spaces where they are."""
    task(cloud, room.id, room.member, "made")
    task(cloud, room.id, room.admin, "assigned", room.member, room.admin, status="completed")
    task(cloud, room.id, room.admin, "other")
    path = "/users/me/tasks"

    def listed(**params: str) -> httpx.Response:
        return cloud.call("GET", path, room.member, params=params)

    with claim("USERS-TASKS-02", "tasks made by or assigned to the caller are listed, newest first"):
        expect(texts(listed(), [room.id]), ["assigned", "made"])
    with claim("USERS-TASKS-01", "those that are pending can be asked for"):
        expect(texts(listed(status="pending"), [room.id]), ["made"])
    with claim("USERS-TASKS-01", "those that are completed can be asked for"):
        observe(texts(listed(status="completed"), [room.id]), ["assigned"])
    with claim("USERS-TASKS-01", "the list has pages of the wanted size, each with the next"):
        page = listed(size="1")
        observe(texts(page, [room.id]), ["assigned"])
        observe(texts(follow(cloud, room.member, page), [room.id]), ["made"])
    with claim("USERS-TASKS-03", "another status is refused"):
        refused(listed(status="done"), 400, "request.invalid")
    with claim("USERS-TASKS-03", "an anonymous user is refused"):
        refused(cloud.call("GET", path, room.anonymous), 403, "auth.kind_not_allowed")
    with step("remove somebody from a space"):
        removed = cloud.call("DELETE", f"/spaces/{room.id}/attendees/userId/{room.member.id}", room.admin)
        assert removed.status_code == 200, removed.text
    with claim("USERS-TASKS-02", "tasks of a space that one has left are not listed"):
        observe(texts(listed(), [room.id]), [])


@behaviour("USERS-IDEAS-01", "USERS-IDEAS-02")
def test_posts_of_ones_spaces(cloud: Cloud, room: Room) -> None:
    """Posts of all spaces where the caller is admin or member, newest first; guests of a space see none of it here."""
    other = cloud.space(room.admin, invitees=[{"invitee": room.member.username}])
    both = (room.id, other)
    for number, space in enumerate((room.id, other, room.id)):
        say(cloud, space, room.admin, f"post {number}", kind="ideas")
    path = "/users/me/ideas"
    with claim("USERS-IDEAS-02", "posts of the spaces where one is member are listed, newest first"):
        expect(texts(cloud.call("GET", path, room.member), both), ["post 2", "post 1", "post 0"])
    with claim("USERS-IDEAS-02", "a guest sees no posts of the space"):
        observe(texts(cloud.call("GET", path, room.guest), both), [])
    with claim("USERS-IDEAS-01", "the list has pages of the wanted size, each with the next"):
        page = cloud.call("GET", path, room.member, params={"size": "2"})
        observe(texts(page, both), ["post 2", "post 1"])
        observe(texts(follow(cloud, room.member, page), both), ["post 0"])
    with claim("USERS-IDEAS-02", "an anonymous user is refused"):
        refused(cloud.call("GET", path, room.anonymous), 403, "auth.kind_not_allowed")


LISTS = {"attachments/natives": "USERS-ATT-01", "tasks": "USERS-TASKS-01", "ideas": "USERS-IDEAS-01"}


@pytest.mark.parametrize(
    "path", [pytest.param(path, marks=behaviour(shown, "PAGE-R-02")) for path, shown in LISTS.items()]
)
def test_a_reference_must_be_of_the_list(cloud: Cloud, room: Room, path: str) -> None:
    """An id of no item of this list is no reference."""
    chat = cloud.message(room.id, room.admin)["_id"]
    with claim(LISTS[path], "PAGE-R-02", "an id of no item of the list is refused"):
        refused(cloud.call("GET", f"/users/me/{path}?nextRefObjId={chat}", room.admin), 400, "request.invalid")
