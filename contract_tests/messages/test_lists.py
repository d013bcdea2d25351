import re
from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused

NO_CLAIMS_YET = True


LISTS = ("messages/byref", "messages/query", "ideas", "tasks", "meetings")
NOON = "2031-02-03T04:05:06.789Z"


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
        page = cloud.http.get(f"{cloud.origin}{page[key]}", headers={"Authorization": who.authorization}).json()
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
    if cloud.is_mock:  # elsewhere only a socket could start one
        made["meeting"] = cloud.meeting(space, ann)["_id"]
    return space, ann, made


def names(made: dict[str, str], items: list[Any]) -> list[str]:
    known = {key: name for name, key in made.items()}
    return [known[one["_id"]] for one in items]


@behaviour("MSG-BYREF-02", "PAGE-ORD-01", "MSG-GEN-03", "RT-MED-09")
def test_everything_of_a_space_newest_first(cloud: Cloud, mixed: tuple[str, Person, dict[str, str]]) -> None:
    """The list by reference mixes all categories, comments and meetings too, newest first, each with __v."""
    space, ann, made = mixed
    data = listed(cloud, f"/spaces/{space}/messages/byref", ann)["data"]
    expect(names(made, data), list(made)[::-1])
    expect([one["__v"] for one in data], [0] * len(made))
    whole = cloud.call("GET", f"/messages/{made['chat']}", ann).json()
    expect(data[-1], {**whole, "__v": 0})


@behaviour("MSG-QUERY-02", "MSG-QUERY-03", "MSG-QUERY-04", "MSG-QUERY-06")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "meeting task filedidea idea filed chat"),
        ("category=chat", "filed chat"),
        ("category=idea", "filedidea idea"),
        ("category=task", "task"),
        ("category=", "meeting task filedidea idea filed chat"),
        ("parentmsg_category=none", "meeting task filedidea idea filed chat"),
        ("parentmsg_category=idea", "onidea"),
        ("parentmsg_category=task", "ontask"),
        ("parentmsg_category=task&category=chat", "ontask"),
        ("parentmsg_category=task&category=idea", ""),
        ("file_only=yes", "filedidea filed"),
        ("file_only=y&category=idea", "filedidea"),
        ("file_only=true&parentmsg_category=task", "ontask"),
        ("file_only=no", "meeting task filedidea idea filed chat"),
        ("chatmsg_only=yes", "chat"),
        ("chatmsg_only=y&parentmsg_category=idea", "onidea"),
        ("chatmsg_only=true&category=idea", ""),
        ("chatmsg_only=true&file_only=true", ""),
        ("searchstring=plain%20chat", "chat"),
        ("searchstring=HIDDEN", "idea"),
        ("searchstring=filed&category=idea", "filedidea"),
        ("searchstring=[a-z]", ""),
        ("searchstring=", "meeting task filedidea idea filed chat"),
        ("category=chat&category=task", "task"),
    ],
)
def test_the_query_filters(cloud: Cloud, mixed: tuple[str, Person, dict[str, str]], query: str, found: str) -> None:
    """Category, parent, attachments and words narrow the query, and every content has an array of attachments."""
    space, ann, made = mixed
    data = cloud.call("GET", f"/spaces/{space}/messages/query?{query}", ann).json()["data"]
    expect(names(made, data), [name for name in found.split() if name in made])
    expect([type(one["content"]["data"]) for one in data], [list] * len(data))


@behaviour("MSG-QUERY-04")
@pytest.mark.parametrize("words", ["It's", 'said "so"', "ÄRGER", "<b>"])
def test_words_are_found_as_they_were_written(cloud: Cloud, words: str) -> None:
    """A search finds text with quotes, tags and other letters by what the client wrote."""
    ann = cloud.user()
    space = cloud.space(ann)
    wanted = cloud.message(space, ann, 'it\'s <b>Ärger</b>, he said "so"')
    cloud.message(space, ann, "its")
    expect(ids(listed(cloud, f"/spaces/{space}/messages/query", ann, searchstring=words)["data"]), [wanted["_id"]])


@behaviour("MSG-QUERY-01", "REST-TIME-02")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({}, "dcba"),
        ({"refTime": ""}, "dcba"),
        ({"refTime": "", "direction": "before"}, "dcba"),
        ({"refTime": "2031-02-03T04:05:06.790Z"}, "dc"),
        ({"refTime": "2031-02-03T04:05:06.790Z", "direction": "after"}, "dc"),
        ({"refTime": "2031-02-03T04:05:06.790Z", "direction": "before"}, "a"),
        ({"refTime": "2031-02-03T04:05:06Z"}, "dcba"),
        ({"refTime": "2031-02-03T04:05:06Z", "direction": "before"}, ""),
        ({"refTime": "2031-02-03T05:05:07+01:00", "direction": "before", "size": "2"}, "dc"),
    ],
)
def test_the_query_has_a_bound_in_time(cloud: Cloud, query: Any, found: str) -> None:
    """With refTime only messages after or before it are shown, without it the newest ones."""
    cloud.freeze(NOON)
    ann = cloud.user()
    space = cloud.space(ann)
    for text in "abcd":
        cloud.message(space, ann, text)
    expect("".join(texts(cloud, f"/spaces/{space}/messages/query", ann, **query)), found)


@behaviour("MSG-QUERY-01", "MSG-QUERY-05", "PAGE-R-01")
@pytest.mark.parametrize("direction", ["after", "before"])
def test_a_bound_holds_on_every_page(cloud: Cloud, direction: str) -> None:
    """Walking a bounded query forth and back shows each message within the bound once."""
    cloud.freeze(NOON)
    ann = cloud.user()
    space = cloud.space(ann)
    for text in "abcdefg":
        cloud.message(space, ann, text)
    query = {"refTime": "2031-02-03T04:05:06.792Z", "direction": direction, "size": 2, "searchstring": ""}
    first = listed(cloud, f"/spaces/{space}/messages/query", ann, **query)
    pages = [first, *walk(cloud, first, ann, "nextPageUrl")]
    shown = "".join(one["content"]["bodyText"] for page in pages for one in page["data"])
    expect(shown, "gfe" if direction == "after" else "cba")
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
    answer = cloud.call("GET", f"/spaces/{cloud.space(ann)}/messages/query", ann, params=query)
    refused(answer, 400, "request.invalid")
    observe(next(iter(query)) in answer.json()["message"], wanted=True)


@behaviour("MSG-IDEAS-02", "MSG-TASKS-02", "SCOPE-TAB-03", "REST-ALIAS-01")
@pytest.mark.parametrize(("path", "category"), [("ideas", "idea"), ("tasks", "task"), ("task", "task")])
@pytest.mark.parametrize("root", ["spaces", "topics"])
def test_posts_and_tasks_have_lists_of_their_own(
    cloud: Cloud, mixed: tuple[str, Person, dict[str, str]], root: str, path: str, category: str
) -> None:
    """The lists of posts and tasks hold one category, newest first, with a description as text."""
    space, ann, made = mixed
    data = listed(cloud, f"/{root}/{space}/{path}", ann)["data"]
    expect(names(made, data), ["filedidea", "idea"] if category == "idea" else ["task"])
    expect({type(one["content"]["description"]) for one in data}, {str})


@behaviour(
    "MSG-BYREF-01", "MSG-QUERY-05", "MSG-IDEAS-01", "MSG-TASKS-01", "MEET-LIST-01", "MSG-COMMI-01", "PAGE-SIZE-01"
)
@pytest.mark.parametrize("path", ["messages/byref", "messages/query", "ideas", "tasks", "comments"])
def test_a_page_has_thirty_items_and_never_more_than_fifty(cloud: Cloud, path: str) -> None:
    """Without a size a page has 30 items, with 200 it has 50, and walking shows every item once."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent = cloud.message(space, ann, kind="ideas")["_id"] if path == "comments" else None
    kind = path if path in ("ideas", "tasks") else "chats"
    url = f"/ideas/{parent}/messages" if parent else f"/spaces/{space}/{path}"
    content = {"content": {"bodyText": "x"}, **({"parentMsg": {"_id": parent}} if parent else {})}
    made = [
        cloud.call("POST", f"/spaces/{space}/{kind}", ann, json=content).json()["data"][0]["_id"] for _ in range(51)
    ]
    first = listed(cloud, url, ann)
    observe((len(first["data"]), first["total"], first["previousPageUrl"]), (30, 30, ""))
    observe(len(listed(cloud, url, ann, size=200)["data"]), 50)
    observe(len(listed(cloud, url, ann, size=-1)["data"]), 30)
    rest = [one for page in walk(cloud, first, ann, "nextPageUrl") for one in page["data"]]
    expect(ids([*first["data"], *rest]), made[::-1])


@behaviour("MEET-LIST-01", "MEET-LIST-02", "PAGE-R-01")
def test_meetings_are_listed_newest_first(cloud: Cloud) -> None:
    """The list of meetings has ended and active ones, newest first, page by page."""
    ann = cloud.user()
    space = cloud.space(ann)
    made = []
    for _ in range(3):
        made.append(cloud.meeting(space, ann)["_id"])
        if len(made) < 3:
            cloud.call("POST", f"/spaces/{space}/meetings/{made[-1]}/end", ann)
    page = listed(cloud, f"/spaces/{space}/meetings", ann, size=2)
    expect(ids(page["data"]), made[:0:-1])
    expect([one["content"]["meetingStatus"] for one in page["data"]], ["active", "inactive"])
    expect([ids(one["data"]) for one in walk(cloud, page, ann, "nextPageUrl")], [made[:1]])
    observe(listed(cloud, f"/spaces/{space}/meetings", ann, size=200)["total"], 3)


@behaviour("PAGE-R-02", "MSG-IDEAS-01", "MSG-TASKS-01", "PAGE-R-04")
@pytest.mark.parametrize("kind", ["ideas", "tasks"])
def test_posts_and_tasks_also_take_a_page_number(cloud: Cloud, kind: str) -> None:
    """A page number is an offset, goes on by references, and does not go together with one."""
    ann = cloud.user()
    space = cloud.space(ann)
    made = [cloud.message(space, ann, kind=kind)["_id"] for _ in range(5)][::-1]
    page = listed(cloud, f"/spaces/{space}/{kind}", ann, size=2, page=1)
    observe(ids(page["data"]), made[2:4])
    observe(re.search(r"[?&]page=", page["nextPageUrl"] + page["previousPageUrl"]), None)
    observe([ids(one["data"]) for one in walk(cloud, page, ann, "nextPageUrl")], [made[4:]])
    for reference in ("nextRefObjId", "prevRefObjId"):
        answer = cloud.call("GET", f"/spaces/{space}/{kind}", ann, params={"page": 0, reference: made[0]})
        refused(answer, 400, "request.invalid")


@behaviour("PAGE-R-02")
@pytest.mark.parametrize("path", ["messages/byref", "messages/query", "ideas", "tasks", "meetings"])
def test_a_reference_must_be_in_the_list(cloud: Cloud, path: str) -> None:
    """A reference to nothing, or to a message of another space, is bad input."""
    ann = cloud.user()
    space = cloud.space(ann)
    foreign = cloud.message(cloud.space(ann, "Other"), ann)["_id"]
    for reference in ("nothing", foreign):
        answer = cloud.call("GET", f"/spaces/{space}/{path}", ann, params={"nextRefObjId": reference})
        refused(answer, 400, "request.invalid")


@behaviour("PAGE-R-01", "PAGE-R-02")
def test_a_filtered_query_refuses_what_its_filter_hides(
    cloud: Cloud, mixed: tuple[str, Person, dict[str, str]]
) -> None:
    """A reference to a message that the filter leaves out is not an id of the list."""
    space, ann, made = mixed
    query = {"category": "chat", "searchstring": "plain", "nextRefObjId": made["filed"]}
    refused(cloud.call("GET", f"/spaces/{space}/messages/query", ann, params=query), 400, "request.invalid")
    query["nextRefObjId"] = made["chat"]
    expect(listed(cloud, f"/spaces/{space}/messages/query", ann, **query)["data"], [])


@behaviour("MSG-COMMI-02", "MSG-COMMI-03", "MSG-COMMT-01")
@pytest.mark.parametrize(("kind", "other", "code"), [("ideas", "tasks", "idea"), ("tasks", "ideas", "task")])
def test_comments_of_a_post_or_task(cloud: Cloud, kind: str, other: str, code: str) -> None:
    """The comments of one post or task come newest first with their parent; other ids are not found."""
    ann = cloud.user()
    space = cloud.space(ann)
    parent, elsewhere = cloud.message(space, ann, "title", kind), cloud.message(space, ann, "x", other)
    cloud.message(space, ann, "stray", parentMsg={"_id": elsewhere["_id"]})
    made = [cloud.message(space, ann, text, parentMsg={"_id": parent["_id"]}) for text in "abc"]
    data = listed(cloud, f"/{kind}/{parent['_id']}/messages", ann)["data"]
    expect(ids(data), ids(made)[::-1])
    expect(
        {str(one["parentMsg"]) for one in data}, {str({"_id": parent["_id"], "bodyText": "title", "category": code})}
    )
    observe({one["__v"] for one in data}, {0})
    for wrong in (elsewhere["_id"], made[0]["_id"], "nothing"):
        refused(cloud.call("GET", f"/{kind}/{wrong}/messages", ann), 404, f"{code}.not_found")
    misspelt = cloud.call("GET", f"/{kind}/{parent['_id']}/messasges", ann)
    refused(misspelt, 404, "route.not_found")


@behaviour("MSG-TASKS-03", "PERM-MAP-05", "PERM-MAP-01", "MSG-COMMT-01")
def test_guests_see_tasks_in_mixed_lists_only(cloud: Cloud) -> None:
    """The lists of tasks and of their comments are for admins and members; mixed lists show tasks to guests too."""
    room = cloud.room()
    task = cloud.message(room.id, room.admin, kind="tasks")["_id"]
    for path in (f"/spaces/{room.id}/tasks", f"/spaces/{room.id}/task", f"/tasks/{task}/messages"):
        expect(cloud.call("GET", path, room.member).status_code, 200)
        for who in (room.guest, room.anonymous, room.stranger):
            refused(cloud.call("GET", path, who), 403, "permission.denied")
    for path in (f"/spaces/{room.id}/messages/byref", f"/spaces/{room.id}/messages/query"):
        for who in (room.guest, room.anonymous):
            observe(ids(listed(cloud, path, who)["data"]), [task])
    observe(cloud.call("GET", f"/messages/{task}", room.guest).status_code, 200)


@behaviour("PERM-PRIV-01", "ERR-ORDER-02")
@pytest.mark.parametrize("path", LISTS)
def test_strangers_read_nothing(cloud: Cloud, path: str) -> None:
    """Lists of a private or open space are refused to strangers, those of an unknown space are not found."""
    ann, sid = cloud.user(), cloud.user("sid@elsewhere.example")
    refused(cloud.call("GET", f"/spaces/{cloud.private_space(ann)}/{path}", sid), 403, "space.members_only")
    refused(cloud.call("GET", f"/spaces/{cloud.open_space(ann)}/{path}", sid), 403, "permission.denied")
    refused(cloud.call("GET", f"/spaces/5f0000000000000000000e01/{path}", sid), 404, "space.not_found")


@behaviour("PERM-HIST-01")
def test_guests_see_what_was_written_since_they_came(cloud: Cloud) -> None:
    """A guest finds messages from his joining on in every list, members find all, and old single ones are refused."""
    ann = cloud.user()
    mia = cloud.user("mia@example.com")
    space = cloud.open_space(ann, members=[{"username": mia.username, "role": "member"}])
    file = {"data": [{"fileId": "f"}]}
    old = {kind: cloud.message(space, ann, kind=kind, content=file) for kind in ("chats", "ideas")}
    early = cloud.message(space, ann, "early", content=file, parentMsg={"_id": old["ideas"]["_id"]})
    cloud.advance(60)
    guest = cloud.guest()
    cloud.call("GET", f"/spaces/{space}/join", guest)
    cloud.advance(60)
    new = cloud.message(space, ann, kind="ideas")
    late = cloud.message(space, ann, "late", parentMsg={"_id": old["ideas"]["_id"]})
    observe(ids(listed(cloud, f"/spaces/{space}/messages/byref", guest)["data"]), [late["_id"], new["_id"]])
    observe(ids(listed(cloud, f"/spaces/{space}/messages/query", guest)["data"]), [new["_id"]])
    past = {"refTime": "2001-01-01T00:00:00Z"}
    observe(ids(listed(cloud, f"/spaces/{space}/messages/query", guest, **past)["data"]), [new["_id"]])
    observe(listed(cloud, f"/spaces/{space}/messages/query", guest, file_only="y")["data"], [])
    observe(ids(listed(cloud, f"/spaces/{space}/ideas", guest)["data"]), [new["_id"]])
    observe(ids(listed(cloud, f"/ideas/{old['ideas']['_id']}/messages", guest)["data"]), [late["_id"]])
    for message in (old["chats"], old["ideas"], early):
        refused(cloud.call("GET", f"/messages/{message['_id']}", guest), 403, "permission.denied")
        answer = cloud.call("GET", f"/messages/{message['_id']}/files/f/viewerUrl", guest)
        refused(answer, 403, "permission.denied")
    hidden = cloud.call("GET", f"/spaces/{space}/ideas", guest, params={"nextRefObjId": old["ideas"]["_id"]})
    refused(hidden, 400, "request.invalid")
    observe(listed(cloud, f"/spaces/{space}/messages/byref", mia)["total"], 5)


@behaviour("MSG-BYREF-01", "PERM-PIN-05")
@pytest.mark.parametrize(
    ("path", "asks"),
    [("messages/byref", True), ("messages/query", True), ("ideas", True), ("meetings", True), ("activemeeting", True)],
)
def test_lists_ask_guests_for_the_pin(cloud: Cloud, path: str, asks: bool) -> None:  # noqa: FBT001 - a table
    """In a protected space a guest repeats the PIN on every list that asks for it."""
    room = cloud.room(settings={"confPin": "4711"})
    answer = cloud.call("GET", f"/spaces/{room.id}/{path}", room.guest)
    refused(answer, 403, "space.pin_required") if asks else observe(answer.status_code, 200)
    right = cloud.call("GET", f"/spaces/{room.id}/{path}", room.guest, headers={"spaces-x-space-password": "4711"})
    observe(right.status_code, 404 if path == "activemeeting" else 200)


@behaviour("MSG-GET-01", "MSG-GET-02")
def test_one_message_by_its_id(cloud: Cloud) -> None:
    """A message is a bare object; unknown and malformed ids are not found, and DELETE is not served."""
    ann = cloud.user()
    message = cloud.message(cloud.private_space(ann), ann)
    expect(cloud.call("GET", f"/messages/{message['_id']}", ann).json(), message)
    for wrong in ("5f0000000000000000000e01", "x"):
        refused(cloud.call("GET", f"/messages/{wrong}", ann), 404, "message.not_found")
    refused(
        cloud.call("GET", f"/messages/{message['_id']}", cloud.user("sid@elsewhere.example")), 403, "space.members_only"
    )
    answer = cloud.call("DELETE", f"/messages/{message['_id']}", ann)
    refused(answer, 405, "method.not_allowed")
    observe(answer.headers["allow"], "GET, PATCH, POST")
