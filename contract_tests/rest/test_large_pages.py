"""Pages that would be too large: shorter ones, whose URLs still lead through the whole list."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import Cloud, Person, behaviour, only_mock

ROOM = 5 * 1024 * 1024
SMALL_ROOM = 4000  # a member of a list has some hundred bytes, a message with a text of 300 nearly a thousand


def size_of(data: Any) -> int:
    """Return how many bytes of JSON this is, as the wire has it."""
    return len(json.dumps(data, separators=(",", ":"), ensure_ascii=False).encode())


def walk(cloud: Cloud, who: Person, path: str, key: str = "nextPageUrl") -> Iterator[Any]:
    """Yield the pages that page URLs lead to."""
    page = cloud.call("GET", path, who).json()
    while True:
        yield page
        if not page[key]:
            return
        page = cloud.http.get(cloud.at(page[key]), headers={"Authorization": who.authorization}).json()


def ids(page: Any) -> list[str]:
    return [one.get("_id") or one["member"] for one in page["data"]]


@behaviour("PAGE-SIZE-02")
@pytest.mark.parametrize(("more", "shown"), [(0, 2), (1, 1)])
def test_a_page_has_at_most_five_mebibytes(cloud: Cloud, more: int, shown: int) -> None:
    """Two messages whose JSON fills the room of a page to the last byte are one page, and with one byte more two."""
    only_mock(cloud, "a service is spared messages of megabytes")
    ann = cloud.user()
    path = f"/spaces/{cloud.space(ann)}"
    with step("send two messages"):
        for text in ("x", "x"):
            cloud.call("POST", f"{path}/chats", ann, json={"content": {"bodyText": text}})
        around = size_of(cloud.call("GET", f"{path}/messages/byref?size=2", ann).json()["data"]) - len("xx")
        halves = ROOM // 2, ROOM - ROOM // 2 - around + more
        sent = [cloud.message(path.split("/")[2], ann, "x" * half)["_id"] for half in halves]
    pages = list(walk(cloud, ann, f"{path}/messages/byref?size=2"))
    with claim("PAGE-SIZE-02", "a page has as many items as there is room for"):
        observe((len(pages[0]["data"]), size_of(pages[0]["data"]) <= ROOM), (shown, True))
    with claim("PAGE-SIZE-02", "the next URL goes on with the first that had no room"):
        expect([one for page in pages for one in ids(page)][:2], sent[::-1])


@pytest.fixture
def crowd(cloud: Cloud) -> tuple[Person, Person, str]:
    """Two admins of a space of thirteen people, with as many messages of both, one of which is longer than a page."""
    ann, bob = cloud.user(), cloud.user("bob@example.com")
    roster = [{"username": f"{n}{'x' * 40 * (n % 3)}@elsewhere.example", "role": "member"} for n in range(11)]
    space = cloud.open_space(ann, members=[{"username": bob.username, "role": "admin"}, *roster])
    for number in range(13):
        text = "x" * (SMALL_ROOM if number == 6 else 90 * (number % 5))
        cloud.message(space, bob if number % 3 else ann, f"{number}{text}", kind="ideas")
    return ann, bob, space


@pytest.mark.parametrize("size", [50, 12, 7, 1])
@pytest.mark.parametrize(
    ("path", "back"),
    [
        ("/spaces/{space}/members?", ""),  # by number
        ("/spaces/{space}/ideas?", "previousPageUrl"),  # by reference
        ("/spaces/{space}/ideas?page=0&", "previousPageUrl"),
        ("/users/me/messages?spacelist={space}&", "prevPageUrl"),  # by token
        ("/users/me/messages?spacelist={space}&page=0&", ""),
    ],
)
@behaviour("PAGE-SIZE-02")
def test_short_pages_lead_through_the_whole_list(
    cloud: Cloud, crowd: tuple[Person, Person, str], path: str, back: str, size: int
) -> None:
    """Whatever the style and the size asked for, both of two people see each item once, and no page is too large."""
    only_mock(cloud, "a service has the room it has")
    *people, space = crowd
    url = f"{path.format(space=space)}size="
    whole = [ids(cloud.call("GET", f"{url}50", who).json()) for who in people]
    cloud.control("PATCH", "/contract", {"limits": {"page_bytes": SMALL_ROOM}})
    with step("turn the pages"):
        walks = [list(walk(cloud, who, f"{url}{size}")) for who in people]
    with claim("PAGE-SIZE-02", "all pages together have each item once, in the order of the list"):
        expect([[one for page in pages for one in ids(page)] for pages in walks], whole)
    with claim("PAGE-SIZE-02", "a page has no more than there is room for, or one item"):
        data = [page["data"] for pages in walks for page in pages]
        observe([size_of(one) for one in data if size_of(one) > SMALL_ROOM and len(one) > 1], [])
        observe({"one page" for pages in walks if len(pages) == 1}, set[str]())
    if "members" in path:
        with claim("PAGE-SIZE-02", "a numbered page tells where its items stand in the list"):
            shown = [number for page in walks[0] for number in range(page["from"], page["to"] + 1)]
            observe(shown, list(range(1, len(whole[0]) + 1)))
    if back:
        last = ids(walks[0][-1])
        with step("turn them back"):
            previous = list(walk_back(cloud, people[0], walks[0][-1], back))
        with claim("PAGE-SIZE-02", "the pages before have each item once too"):
            observe([one for page in previous[::-1] for one in ids(page)], whole[0][: -len(last)])


def walk_back(cloud: Cloud, who: Person, page: Any, key: str) -> Iterator[Any]:
    """Yield the pages before a page, the nearest first."""
    while page[key]:
        page = cloud.http.get(cloud.at(page[key]), headers={"Authorization": who.authorization}).json()
        yield page
