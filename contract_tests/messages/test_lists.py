import re
import time
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets, begin_meeting

LISTS = ("messages/byref", "messages/query", "ideas", "tasks", "meetings")
NOON = "2031-02-03T04:05:06.789Z"
PIN = {"spaces-x-space-password": "4711"}


def ids(items: list[Any]) -> list[str]:
    return [one["_id"] for one in items]


def listed(cloud: Cloud, path: str, who: Any, **params: Any) -> Any:
    answer = cloud.call("GET", path, who, params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def texts(cloud: Cloud, path: str, who: Any, **params: Any) -> list[str]:
    return [one["content"]["bodyText"] for one in listed(cloud, path, who, **params)["data"]]


def walk(cloud: Cloud, page: Any, who: Person, key: str) -> Iterator[Any]:
    while page[key]:
        page = cloud.http.get(cloud.at(page[key]), headers={"Authorization": who.authorization}).json()
        yield page


@pytest.fixture
def mixed(cloud: Cloud) -> tuple[str, Person, dict[str, str]]:
    """A space with messages of every kind, and the id of each by its name, in order of creation."""
    ann = cloud.user()
    space = cloud.space(ann)
    file = {"data": [{"fileId": "f"}]}
    made = {
        "chat": cloud.message(space, ann, "Plain CHAT")["_id"],
        "filed": cloud.message(space, ann, "filed", content=file)["_id"],
        "idea": cloud.message(space, ann, "idea", "ideas", content={"description": "Hidden Words"})["_id"],
        "filedidea": cloud.message(space, ann, "filed idea", "ideas", content=file)["_id"],
        "task": cloud.message(space, ann, "task", "tasks")["_id"],
    }
    made["onidea"] = cloud.message(space, ann, "on idea", parentMsg={"_id": made["idea"]})["_id"]
    made["ontask"] = cloud.message(space, ann, "on task", content=file, parentMsg={"_id": made["task"]})["_id"]
    if cloud.mock:  # elsewhere a socket must begin one: test_a_meeting_is_a_message
        made["meeting"] = cloud.mock.meeting(space, ann)["_id"]
    return space, ann, made


def names(made: dict[str, str], items: list[Any]) -> list[str]:
    known = {key: name for name, key in made.items()}
    return [known[one["_id"]] for one in items]


@behaviour("MSG-BYREF-02", "PAGE-ORD-01", "MSG-GEN-03", "DM-MSG-06")
def test_everything_of_a_space_newest_first(cloud: Cloud, mixed: tuple[str, Person, dict[str, str]]) -> None:
    """The list by reference mixes all categories, comments and meetings too, newest first, each with __v."""
    space, ann, made = mixed
    data = listed(cloud, f"/spaces/{space}/messages/byref", ann)["data"]
    with claim("MSG-BYREF-02", "chats, posts, tasks and comments are in it"):
        expect(set(names(made, data)), set(made))
    with claim("MSG-BYREF-02", "PAGE-ORD-01", "the newest comes first"):
        expect(names(made, data), list(made)[::-1])
    with claim("MSG-GEN-03", "each item has __v 0"):
        expect([one["__v"] for one in data], [0] * len(made))
    with claim("MSG-GEN-03", "an item has the members of the single message beside it"):
        whole = cloud.call("GET", f"/messages/{made['chat']}", ann).json()
        expect(data[-1], {**whole, "__v": 0, "content": data[-1]["content"]})
        expect(data[-1]["content"], {**whole["content"], "assignees": [], "attendees": []})
    with claim("DM-MSG-06", "the content of every category has the same members, in lists attendees and assignees too"):
        common = {"bodyText", "description", "status", "dueDate", "data", "startTime", "attendees", "assignees"}
        expect([sorted(common - set(one["content"])) for one in data], [[]] * len(data))


@behaviour("MSG-BYREF-02", "MSG-QUERY-02", "RT-MED-09")
def test_a_meeting_is_a_message(cloud: Cloud, sockets: Sockets) -> None:
    """A meeting is in the lists of messages, by reference and by query."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = cloud.message(space, ann)["_id"]
    meeting = begin_meeting(cloud, sockets, space, ann)["_id"]
    for path, cited in (("byref", ("MSG-BYREF-02", "RT-MED-09")), ("query", ("MSG-QUERY-02",))):
        with claim(*cited, f"{path}: it is there, the newest of all"):
            expect(ids(listed(cloud, f"/spaces/{space}/messages/{path}", ann)["data"]), [meeting, chat])
    with claim("RT-MED-09", "its category is meeting"):
        found = listed(cloud, f"/spaces/{space}/messages/byref", ann)["data"]
        expect([one["category"] for one in found], ["meeting", "chat"])


FILTERS = {
    "MSG-QUERY-02": {
        "": "meeting task filedidea idea filed chat",
        "category=chat": "filed chat",
        "category=idea": "filedidea idea",
        "category=task": "task",
        "category=": "meeting task filedidea idea filed chat",
        "parentmsg_category=none": "meeting task filedidea idea filed chat",
        "parentmsg_category=idea": "onidea",
        "parentmsg_category=task": "ontask",
        "parentmsg_category=task&category=chat": "ontask",
        "parentmsg_category=task&category=idea": "",
        "category=chat&category=task": "task",
    },
    "MSG-QUERY-03": {
        "file_only=yes": "filedidea filed",
        "file_only=y&category=idea": "filedidea",
        "file_only=true&parentmsg_category=task": "ontask",
        "file_only=no": "meeting task filedidea idea filed chat",
        "chatmsg_only=yes": "chat",
        "chatmsg_only=y&parentmsg_category=idea": "onidea",
        "chatmsg_only=true&category=idea": "",
        "chatmsg_only=true&file_only=true": "",
    },
    "MSG-QUERY-04": {
        "searchstring=plain%20chat": "chat",
        "searchstring=HIDDEN": "idea",
        "searchstring=filed&category=idea": "filedidea",
        "searchstring=[a-z]": "",
        "searchstring=": "meeting task filedidea idea filed chat",
    },
}


@behaviour("MSG-QUERY-06")
@pytest.mark.parametrize("name", [pytest.param(name, marks=behaviour(name)) for name in FILTERS])
def test_the_query_filters(cloud: Cloud, mixed: tuple[str, Person, dict[str, str]], name: str) -> None:
    """Category, parent, attachments and words narrow the query, and every content has an array of attachments."""
    space, ann, made = mixed
    for query, found in FILTERS[name].items():
        answer = cloud.call("GET", f"/spaces/{space}/messages/query?{query}", ann)
        with claim(name, f"{query or 'without a query'}: what fits is found, newest first", about=[answer]):
            expect(names(made, answer.json()["data"]), [one for one in found.split() if one in made])
        with claim("MSG-QUERY-06", f"{query or 'without a query'}: data is an array", about=[answer]):
            kinds = {type(one["content"]["data"]).__name__ for one in answer.json()["data"]}
            expect(kinds - {"list"}, set())


@behaviour("MSG-QUERY-04")
@pytest.mark.parametrize("words", ["It's", 'said "so"', "ÄRGER", "<b>"])
def test_words_are_found_as_they_were_written(cloud: Cloud, words: str) -> None:
    """A search finds text with quotes, tags and other letters by what the client wrote."""
    ann = cloud.user()
    space = cloud.space(ann)
    wanted = cloud.message(space, ann, 'it\'s <b>Ärger</b>, he said "so"')
    cloud.message(space, ann, "its")
    with claim("MSG-QUERY-04", "they are found"):
        expect(ids(listed(cloud, f"/spaces/{space}/messages/query", ann, searchstring=words)["data"]), [wanted["_id"]])


def in_zone(shown: str, hours: int) -> str:
    """Return a time of the target in another time zone."""
    zone = timezone(timedelta(hours=hours))
    return datetime.fromisoformat(shown).astimezone(zone).isoformat(timespec="milliseconds")


@behaviour("MSG-QUERY-01", "REST-TIME-02", "REST-TIME-01")
def test_the_query_has_a_bound_in_time(cloud: Cloud) -> None:
    """With refTime only messages after or before it are shown, without it the newest ones."""
    ann = cloud.user()
    space = cloud.space(ann)
    at = {text: cloud.message(space, ann, text)["created"] for text in "abcd"}

    def found(**query: str) -> str:
        return "".join(texts(cloud, f"/spaces/{space}/messages/query", ann, **query))

    with claim("MSG-QUERY-01", "without refTime all are found"):
        expect(found(), "dcba")
    with claim("MSG-QUERY-01", "an empty refTime is no bound"):
        expect(found(refTime=""), "dcba")
    with claim("MSG-QUERY-01", "an empty refTime is no bound backwards either"):
        expect(found(refTime="", direction="before"), "dcba")
    with claim("MSG-QUERY-01", "REST-TIME-02", "by default those after refTime are found"):
        expect(found(refTime=at["b"]), "dc")
    with claim("MSG-QUERY-01", "with direction after those after refTime are found"):
        expect(found(refTime=at["b"], direction="after"), "dc")
    with claim("MSG-QUERY-01", "with direction before those before refTime are found"):
        expect(found(refTime=at["b"], direction="before"), "a")
    with claim("REST-TIME-01", "a time without fraction is accepted"):
        expect(found(refTime="2001-02-03T04:05:06Z"), "dcba")
    with claim("MSG-QUERY-01", "before all of them nothing is found"):
        expect(found(refTime="2001-02-03T04:05:06Z", direction="before"), "")
    for hours in (1, -5):
        with claim("REST-TIME-02", f"a time in a zone {hours} hours from UTC is that instant"):
            expect(found(refTime=in_zone(at["c"], hours)), "d")
    with claim("MSG-QUERY-01", "size counts from the newest within the bound"):
        expect(found(refTime=in_zone("2099-01-01T00:00:00Z", 1), direction="before", size="2"), "dc")


@behaviour("MSG-QUERY-01", "MSG-QUERY-05", "PAGE-R-01")
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_bound_holds_on_every_page(cloud: Cloud, direction: str) -> None:
    """Walking a bounded query forth and back shows each message within the bound once."""
    ann = cloud.user()
    space = cloud.space(ann)
    at = {text: cloud.message(space, ann, text)["created"] for text in "abcdefg"}
    query = {"refTime": at["d"], "direction": direction, "size": 2, "searchstring": ""}
    first = listed(cloud, f"/spaces/{space}/messages/query", ann, **query)
    pages = [first, *walk(cloud, first, ann, "nextPageUrl")]
    shown = "".join(one["content"]["bodyText"] for page in pages for one in page["data"])
    with claim("MSG-QUERY-05", "a page has as many as size says"):
        expect(len(first["data"]), 2)
    with claim("MSG-QUERY-01", "PAGE-R-01", "on the way forth each within the bound is shown once"):
        expect(shown, "gfe" if direction == "after" else "cba")
    with claim("PAGE-R-01", "MSG-QUERY-05", "the way back leads to the first page"):
        back = [one for page in walk(cloud, pages[-1], ann, "previousPageUrl") for one in page["data"]]
        expect(ids(back), ids(first["data"]))


@behaviour("MSG-QUERY-07")
@pytest.mark.parametrize(
    "query",
    [
        {"refTime": "yesterday"},
        {"refTime": "1927857906789"},
        {"direction": "up"},
        {"direction": "up", "refTime": NOON},
        {"category": "meeting"},
        {"category": "Chat"},
        {"parentmsg_category": "chat"},
    ],
)
def test_an_unreadable_query_is_refused(cloud: Cloud, query: Any) -> None:
    """An unreadable time and unknown words are bad input, named in the answer."""
    ann = cloud.user()
    space = cloud.space(ann)
    with claim("MSG-QUERY-07", "it is refused"):
        answer = cloud.call("GET", f"/spaces/{space}/messages/query", ann, params=query)
        refused(answer, 400, "request.invalid")
        if cloud.mock:
            assert next(iter(query)) in answer.json()["message"]


@behaviour("MSG-IDEAS-02", "MSG-TASKS-02", "SCOPE-TAB-03", "REST-ALIAS-01")
@pytest.mark.parametrize("root", ["spaces", "topics"])
def test_posts_and_tasks_have_lists_of_their_own(
    cloud: Cloud, mixed: tuple[str, Person, dict[str, str]], root: str
) -> None:
    """The lists of posts and tasks hold one category, newest first, with a description as text."""
    space, ann, made = mixed
    paths = {
        "ideas": ("MSG-IDEAS-02", ["filedidea", "idea"]),
        "tasks": ("MSG-TASKS-02", ["task"]),
        "task": ("SCOPE-TAB-03", ["task"]),
    }
    for path, (name, found) in paths.items():
        answer = cloud.call("GET", f"/{root}/{space}/{path}", ann)
        with claim("REST-ALIAS-01", f"{path}: the path is there", about=[answer]):
            expect(answer.status_code, 200)
        with claim(name, f"{path}: it has its category alone, newest first", about=[answer]):
            expect(names(made, answer.json()["data"]), found)
        with claim(name, f"{path}: the description is a text", about=[answer]):
            expect({type(one["content"]["description"]).__name__ for one in answer.json()["data"]}, {"str"})


@behaviour("PAGE-SIZE-01")
@pytest.mark.parametrize(
    ("path", "name"),
    [
        pytest.param("messages/byref", "MSG-BYREF-01", marks=behaviour("MSG-BYREF-01")),
        pytest.param("messages/query", "MSG-QUERY-05", marks=behaviour("MSG-QUERY-05")),
        pytest.param("ideas", "MSG-IDEAS-01", marks=behaviour("MSG-IDEAS-01")),
        pytest.param("tasks", "MSG-TASKS-01", marks=behaviour("MSG-TASKS-01")),
        pytest.param("comments", "MSG-COMMI-01", marks=behaviour("MSG-COMMI-01")),
    ],
)
def test_a_page_has_thirty_items_and_never_more_than_fifty(cloud: Cloud, path: str, name: str) -> None:
    """Without a size a page has 30 items, with 200 it has 50, and walking shows every item once."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent = cloud.message(space, ann, kind="ideas")["_id"] if path == "comments" else None
    kind = path if path in ("ideas", "tasks") else "chats"
    url = f"/ideas/{parent}/messages" if parent else f"/spaces/{space}/{path}"
    body = {"parentMsg": {"_id": parent}} if parent else {}
    made = [cloud.message(space, ann, "x", kind, **body)["_id"] for _ in range(51)]
    first = listed(cloud, url, ann)
    with claim(name, "a page has 30 items by default"):
        observe((len(first["data"]), first["total"], first["previousPageUrl"]), (30, 30, ""))
    with claim("PAGE-SIZE-01", name, "size 200 gives 50"):
        observe(len(listed(cloud, url, ann, size=200)["data"]), 50)
    with claim("PAGE-SIZE-01", "size -1 is the default"):
        observe(len(listed(cloud, url, ann, size=-1)["data"]), 30)
    with claim(name, "the next pages show the others, each once"):
        rest = [one for page in walk(cloud, first, ann, "nextPageUrl") for one in page["data"]]
        expect(ids([*first["data"], *rest]), made[::-1])


@behaviour("MEET-LIST-01", "MEET-LIST-02", "PAGE-R-01")
def test_meetings_are_listed_newest_first(cloud: Cloud, sockets: Sockets) -> None:
    """The list of meetings has ended and active ones, newest first, page by page."""
    ann = cloud.user()
    space = cloud.space(ann)
    made = []
    for _ in range(3):
        made.append(begin_meeting(cloud, sockets, space, ann)["_id"])
        if len(made) < 3:
            cloud.call("POST", f"/spaces/{space}/meetings/{made[-1]}/end", ann)
    page = listed(cloud, f"/spaces/{space}/meetings", ann, size=2)
    with claim("MEET-LIST-02", "the newest come first"):
        expect(ids(page["data"]), made[:0:-1])
    with claim("MEET-LIST-02", "the active one is among them"):
        expect([one["content"]["meetingStatus"] for one in page["data"]], ["active", "inactive"])
    with claim("MEET-LIST-01", "PAGE-R-01", "the next page has the rest"):
        expect([ids(one["data"]) for one in walk(cloud, page, ann, "nextPageUrl")], [made[:1]])
    with claim("MEET-LIST-01", "size 200 is accepted"):
        observe(listed(cloud, f"/spaces/{space}/meetings", ann, size=200)["total"], 3)


@behaviour("PAGE-R-04")
@pytest.mark.parametrize(
    ("kind", "name"),
    [
        pytest.param("ideas", "MSG-IDEAS-01", marks=behaviour("MSG-IDEAS-01")),
        pytest.param("tasks", "MSG-TASKS-01", marks=behaviour("MSG-TASKS-01")),
    ],
)
def test_posts_and_tasks_also_take_a_page_number(cloud: Cloud, kind: str, name: str) -> None:
    """A page number is an offset, goes on by references, and does not go together with one."""
    ann = cloud.user()
    space = cloud.space(ann)
    made = [cloud.message(space, ann, kind=kind)["_id"] for _ in range(5)][::-1]
    page = listed(cloud, f"/spaces/{space}/{kind}", ann, size=2, page=1)
    with claim(name, "PAGE-R-04", "page is an offset in pages"):
        observe(ids(page["data"]), made[2:4])
    with claim("PAGE-R-04", "URLs of pages go on without page"):
        observe(re.search(r"[?&]page=", page["nextPageUrl"] + page["previousPageUrl"]), None)
    with claim("PAGE-R-04", "the next page has the rest"):
        observe([ids(one["data"]) for one in walk(cloud, page, ann, "nextPageUrl")], [made[4:]])
    for reference in ("nextRefObjId", "prevRefObjId"):
        with claim(name, "PAGE-R-04", f"page together with {reference} is refused"):
            answer = cloud.call("GET", f"/spaces/{space}/{kind}", ann, params={"page": 0, reference: made[0]})
            refused(answer, 400, "request.invalid")


@behaviour("PAGE-R-02")
@pytest.mark.parametrize("path", ["messages/byref", "messages/query", "ideas", "tasks", "meetings"])
def test_a_reference_must_be_in_the_list(cloud: Cloud, path: str) -> None:
    """A reference to nothing, or to a message of another space, is bad input."""
    ann = cloud.user()
    space = cloud.space(ann)
    foreign = cloud.message(cloud.space(ann, "Other"), ann)["_id"]
    for name, reference in (("nothing", "nothing"), ("a message of another space", foreign)):
        with claim("PAGE-R-02", f"a reference to {name} is refused"):
            answer = cloud.call("GET", f"/spaces/{space}/{path}", ann, params={"nextRefObjId": reference})
            refused(answer, 400, "request.invalid")


@behaviour("PAGE-R-02")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_the_reference_to_what_follows_wins(cloud: Cloud, kind: str) -> None:
    """With both references the list goes on behind the one for the next page."""
    ann = cloud.user()
    space = cloud.space(ann)
    made = [cloud.message(space, ann, kind=kind)["_id"] for _ in range(3)][::-1]
    with claim("PAGE-R-02", "nextRefObjId wins"):
        both = {"nextRefObjId": made[1], "prevRefObjId": made[1]}
        observe(ids(listed(cloud, f"/spaces/{space}/{kind}", ann, **both)["data"]), made[2:])
    with claim("PAGE-R-02", "nextRefObjId wins where the other one names the end of the list"):
        both = {"prevRefObjId": made[2], "nextRefObjId": made[0]}
        observe(ids(listed(cloud, f"/spaces/{space}/{kind}", ann, **both)["data"]), made[1:])


@behaviour("PAGE-R-01", "PAGE-R-02")
def test_a_filtered_query_refuses_what_its_filter_hides(
    cloud: Cloud, mixed: tuple[str, Person, dict[str, str]]
) -> None:
    """A reference to a message that the filter leaves out is not an id of the list."""
    space, ann, made = mixed
    query = {"category": "chat", "searchstring": "plain", "nextRefObjId": made["filed"]}
    with claim("PAGE-R-02", "a reference to what the filter hides is refused"):
        refused(cloud.call("GET", f"/spaces/{space}/messages/query", ann, params=query), 400, "request.invalid")
    query["nextRefObjId"] = made["chat"]
    with claim("PAGE-R-01", "behind the last that the filter shows there is nothing"):
        expect(listed(cloud, f"/spaces/{space}/messages/query", ann, **query)["data"], [])


@behaviour("MSG-COMMI-03", "ERR-ORDER-05")
@pytest.mark.parametrize(
    ("kind", "other", "code", "name"),
    [
        pytest.param("ideas", "tasks", "idea", "MSG-COMMI-02", marks=behaviour("MSG-COMMI-02")),
        pytest.param("tasks", "ideas", "task", "MSG-COMMT-01", marks=behaviour("MSG-COMMT-01")),
    ],
)
def test_comments_of_a_post_or_task(cloud: Cloud, kind: str, other: str, code: str, name: str) -> None:
    """The comments of one post or task come newest first with their parent; other ids are not found."""
    with claim("ERR-ORDER-05", "a misspelt path is none"):
        misspelt = cloud.call("GET", f"/{kind}/5f0000000000000000000e01/messasges")
        refused(misspelt, 404, "route.not_found")
    ann = cloud.user()
    space = cloud.space(ann)
    parent, elsewhere = cloud.message(space, ann, "title", kind), cloud.message(space, ann, "x", other)
    cloud.message(space, ann, "stray", parentMsg={"_id": elsewhere["_id"]})
    made = [cloud.message(space, ann, text, parentMsg={"_id": parent["_id"]}) for text in "abc"]
    answer = cloud.call("GET", f"/{kind}/{parent['_id']}/messages", ann)
    with claim(name, "its comments alone are listed, newest first", about=[answer]):
        expect(ids(answer.json()["data"]), ids(made)[::-1])
    with claim(name, "each has its parent", about=[answer]):
        wanted = {"_id": parent["_id"], "bodyText": "title", "category": code}
        expect([one["parentMsg"] for one in answer.json()["data"]], [wanted] * 3)
    with claim(name, "each has __v 0", about=[answer]):
        observe({one["__v"] for one in answer.json()["data"]}, {0})
    wrong = {"one of another category": elsewhere["_id"], "a comment": made[0]["_id"], "nothing": "nothing"}
    for what, message in wrong.items():
        with claim("MSG-COMMI-03", f"{what} is not found"):
            refused(cloud.call("GET", f"/{kind}/{message}/messages", ann), 404, f"{code}.not_found")


@behaviour("MSG-TASKS-03", "PERM-MAP-05", "PERM-MAP-01", "MSG-COMMT-01")
def test_guests_see_tasks_as_everything_else(cloud: Cloud) -> None:
    """The lists of tasks and of their comments are open to guests and strangers, and mixed lists show tasks to them."""
    room = cloud.room()
    task = cloud.message(room.id, room.admin, kind="tasks")["_id"]
    paths = {
        "tasks": (f"/spaces/{room.id}/tasks", "MSG-TASKS-03"),
        "task": (f"/spaces/{room.id}/task", "MSG-TASKS-03"),
        "comments": (f"/tasks/{task}/messages", "MSG-COMMT-01"),
    }
    for what, (path, name) in paths.items():
        with claim("PERM-MAP-05", f"{what}: a member reads the list"):
            expect(cloud.call("GET", path, room.member).status_code, 200)
        for role in ("guest", "anonymous", "stranger"):
            with claim(name, "PERM-MAP-05", f"{what}: {role} reads the list"):
                observe(cloud.call("GET", path, getattr(room, role)).status_code, 200)
    private = cloud.private_space(room.admin)
    with claim("MSG-TASKS-03", "a stranger is refused at a private space"):
        refused(cloud.call("GET", f"/spaces/{private}/tasks", room.stranger), 403, "space.members_only")
    for word in ("byref", "query"):
        for role in ("guest", "anonymous"):
            with claim("PERM-MAP-05", "PERM-MAP-01", f"{word}: {role} finds the task"):
                found = cloud.call("GET", f"/spaces/{room.id}/messages/{word}", getattr(room, role)).json()["data"]
                observe(ids(found), [task])
    with claim("PERM-MAP-05", "a guest reads the task by its id"):
        observe(cloud.call("GET", f"/messages/{task}", room.guest).status_code, 200)


@behaviour("PERM-PRIV-01", "ERR-ORDER-02")
@pytest.mark.parametrize("path", LISTS)
def test_strangers_read_lists_of_open_spaces_only(cloud: Cloud, path: str) -> None:
    """Lists of a private space are refused to strangers, those of an open one are not, an unknown one is not found."""
    gil, ann = cloud.guest(), cloud.user()
    with claim("ERR-ORDER-02", "an unknown space is not found"):
        answer = cloud.call("GET", f"/spaces/5f0000000000000000000e01/{path}", gil)
        refused(answer, 404, "space.not_found")
        observe(answer.status_code, 404)
    private, opened = cloud.private_space(ann), cloud.open_space(ann)
    sid = cloud.user("sid@elsewhere.example")
    for kind, who in (("an anonymous", gil), ("a registered", sid)):
        with claim("PERM-PRIV-01", "ERR-ORDER-02", f"{kind} stranger is refused at a private space, with 403"):
            answer = cloud.call("GET", f"/spaces/{private}/{path}", who)
            refused(answer, 403, "space.members_only")
            observe(answer.status_code, 403)
        with claim("PERM-PRIV-01", f"{kind} stranger reads those of an open space"):
            observe(cloud.call("GET", f"/spaces/{opened}/{path}", who).status_code, 200)
    protected = cloud.open_space(ann, settings={"confPin": "4711"})
    with claim("PERM-PRIV-01", "a space with a PIN asks strangers for it"):
        refused(cloud.call("GET", f"/spaces/{protected}/{path}", sid), 403, "space.pin_required")
    with claim("PERM-PRIV-01", "with the PIN strangers read there too"):
        expect(cloud.call("GET", f"/spaces/{protected}/{path}", sid, headers=PIN).status_code, 200)


@behaviour("PERM-HIST-01")
def test_guests_see_what_was_written_since_they_came(cloud: Cloud) -> None:
    """A guest finds messages from their joining on in every list, and old single ones are refused."""
    ann, guest = cloud.user(), cloud.guest()
    space = cloud.open_space(ann)
    file = {"data": [{"fileId": "f"}]}
    old = {kind: cloud.message(space, ann, kind=kind, content=file) for kind in ("chats", "ideas")}
    parent = old["ideas"]["_id"]
    early = cloud.message(space, ann, "early", content=file, parentMsg={"_id": parent})
    time.sleep(0.1)  # so that not even times that were moved on reach the join
    cloud.call("GET", f"/spaces/{space}/join", guest)
    new = cloud.message(space, ann, kind="ideas")
    late = cloud.message(space, ann, "late", parentMsg={"_id": parent})
    lists: dict[str, tuple[str, dict[str, str], list[Any]]] = {
        "by reference": (f"/spaces/{space}/messages/byref", {}, [late, new]),
        "by query": (f"/spaces/{space}/messages/query", {}, [new]),
        "by a query into the past": (f"/spaces/{space}/messages/query", {"refTime": "2001-01-01T00:00:00Z"}, [new]),
        "by a query for files": (f"/spaces/{space}/messages/query", {"file_only": "y"}, []),
        "posts": (f"/spaces/{space}/ideas", {}, [new]),
        "comments": (f"/ideas/{parent}/messages", {}, [late]),
    }
    for name, (path, query, found) in lists.items():
        with claim("PERM-HIST-01", f"{name}: a guest finds what was written since they came"):
            answer = cloud.call("GET", path, guest, params=query)
            observe(ids(answer.json()["data"]), ids(found))
    for name, message in (("chat", old["chats"]), ("post", old["ideas"]), ("comment", early)):
        with claim("PERM-HIST-01", f"an earlier {name} is refused by its id"):
            refused(cloud.call("GET", f"/messages/{message['_id']}", guest), 403, "permission.denied")
        with claim("PERM-HIST-01", f"the file of an earlier {name} is refused"):
            answer = cloud.call("GET", f"/messages/{message['_id']}/files/f/viewerUrl", guest)
            refused(answer, 403, "permission.denied")
    with claim("PERM-HIST-01", "an earlier post is no reference"):
        hidden = cloud.call("GET", f"/spaces/{space}/ideas", guest, params={"nextRefObjId": parent})
        refused(hidden, 400, "request.invalid")
    sid = cloud.user("sid@elsewhere.example")
    with claim("PERM-HIST-01", "a stranger has not come yet and finds nothing"):
        observe(cloud.call("GET", f"/spaces/{space}/messages/byref", sid).json()["total"], 0)
    mia = cloud.user("mia@example.com")
    cloud.call("POST", f"/spaces/{space}/invite", ann, json={"invitees": [{"invitee": mia.id, "role": "member"}]})
    with claim("PERM-HIST-01", "a member finds all, whenever they came"):
        observe(cloud.call("GET", f"/spaces/{space}/messages/byref", mia).json()["total"], 5)


@behaviour("PERM-PIN-05")
@pytest.mark.parametrize("path", ["messages/byref", "messages/query", "ideas", "tasks", "meetings", "activemeeting"])
def test_lists_ask_for_the_pin_once(cloud: Cloud, path: str) -> None:
    """Who has sent the PIN when they joined is not asked again; everybody else is, and all are by setting."""
    ann, gil = cloud.user(), cloud.guest()
    space = cloud.open_space(ann, settings={"confPin": "4711"})
    cloud.call("GET", f"/spaces/{space}/join", gil, headers=PIN)
    cloud.meeting(space, ann)
    with claim("PERM-PIN-05", "who joined with the PIN is not asked again"):
        expect(cloud.call("GET", f"/spaces/{space}/{path}", gil).status_code, 200)
    gus = cloud.user("gus@example.com")
    cloud.call("POST", f"/spaces/{space}/invite", ann, json={"invitees": [{"invitee": gus.id, "role": "guest"}]})
    with claim("PERM-PIN-05", "a guest who was invited but has not joined is asked"):
        refused(cloud.call("GET", f"/spaces/{space}/{path}", gus), 403, "space.pin_required")
    with claim("PERM-PIN-05", "to send it on a read is not to have joined: the next one asks again"):
        observe(cloud.call("GET", f"/spaces/{space}/{path}", gus, headers=PIN).status_code, 200)
        refused(cloud.call("GET", f"/spaces/{space}/{path}", gus), 403, "space.pin_required")
    cloud.configure({"rest.pin_scope": "all"})
    with claim("PERM-PIN-05", "by setting who joined with the PIN is asked again"):
        refused(cloud.call("GET", f"/spaces/{space}/{path}", gil), 403, "space.pin_required")


@behaviour("MSG-GET-01", "MSG-GET-02")
def test_one_message_by_its_id(cloud: Cloud) -> None:
    """A message is a bare object; unknown and malformed ids are not found, and DELETE is not served."""
    with claim("MSG-GET-02", "without a credential DELETE is not served"):
        answer = cloud.call("DELETE", "/messages/5f0000000000000000000e01")
        refused(answer, 405, "method.not_allowed")
        observe(answer.status_code, 405)
    ann = cloud.user()
    message = cloud.message(cloud.private_space(ann), ann)
    path = f"/messages/{message['_id']}"
    with claim("MSG-GET-01", "the answer is the bare message"):
        expect(cloud.call("GET", path, ann).json(), message)
    for name, wrong in (("an unknown", "5f0000000000000000000e01"), ("a malformed", "x")):
        with claim("MSG-GET-01", f"{name} id is not found"):
            refused(cloud.call("GET", f"/messages/{wrong}", ann), 404, "message.not_found")
    answer = cloud.call("DELETE", path, ann)
    with claim("MSG-GET-02", "the sender cannot DELETE it, status 405", about=[answer]):
        refused(answer, 405, "method.not_allowed")
        observe(answer.status_code, 405)
    with claim("MSG-GET-02", "the methods that are served are named", about=[answer]):
        observe(answer.headers["allow"], "GET, PATCH, POST")
    sid = cloud.user("sid@elsewhere.example")
    with claim("MSG-GET-01", "a stranger is refused"):
        refused(cloud.call("GET", path, sid), 403, "space.members_only")
