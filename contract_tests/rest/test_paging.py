from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import Cloud, Like, Person, behaviour, only_mock, refused

PAGE_URL = Like("page URL", r"(/w/[^/]+)?/api/[^?\s]+\?[^\s]+")


class Owner(NamedTuple):
    """Somebody with spaces of their own, and the ids of those that a test made: a real account has others too."""

    who: Person
    ids: set[str]


def titles(owner: Owner, answer: httpx.Response) -> list[str]:
    return [item["title"] for item in answer.json()["data"] if item["_id"] in owner.ids]


def value(url: str, name: str) -> str:
    return parse_qs(urlsplit(url).query)[name][0]


def follow(cloud: Cloud, who: Person, answer: httpx.Response, key: str = "nextPageUrl") -> httpx.Response:
    """Get the page that a page URL names; it is host-relative."""
    return cloud.http.get(cloud.at(answer.json()[key]), headers={"Authorization": who.authorization})


def pages(cloud: Cloud, who: Person, path: str) -> Iterator[httpx.Response]:
    answer = cloud.call("GET", path, who)
    while True:
        yield answer
        if not answer.json()["nextPageUrl"]:
            return
        answer = follow(cloud, who, answer)


@pytest.fixture
@step("fill a room")
def crowd(cloud: Cloud) -> tuple[Person, str]:
    """A space of seven people and one who reads its roster."""
    ann = cloud.user()
    space = cloud.open_space(ann)
    for number in range(6):
        answer = cloud.call("GET", f"/spaces/{space}/join", cloud.guest(f"p{number}"))
        assert answer.status_code == 200, answer.text
    return ann, space


@behaviour("PAGE-ENV-01", "PAGE-ENV-03", "PAGE-ENV-04", "PAGE-N-01", "SPACES-MEMBERS-02")
def test_numbered_pages_tell_their_place(cloud: Cloud, crowd: tuple[Person, str]) -> None:
    """Each numbered page of a roster has its own total, the 1-based positions of its ends, and URLs where pages are."""
    ann, space = crowd
    places = ((0, 3, 1, 3), (1, 3, 4, 6), (2, 1, 7, 7))
    found = [cloud.call("GET", f"/spaces/{space}/members?size=3&page={number}", ann) for number, *_rest in places]
    for answer, (number, total, beginning, end) in zip(found, places, strict=True):
        with claim("SPACES-MEMBERS-02", f"page {number}: total, from, to and the URLs are there", about=[answer]):
            expect(set(answer.json()), {"data", "total", "from", "to", "nextPageUrl", "previousPageUrl"})
        with claim("PAGE-ENV-01", f"page {number}: the total is that of the page", about=[answer]):
            expect((len(answer.json()["data"]), answer.json()["total"]), (total, total))
        with claim("PAGE-ENV-04", f"page {number}: the positions count from 1", about=[answer]):
            observe((answer.json()["from"], answer.json()["to"]), (beginning, end))
    first, second, last = found
    with claim("PAGE-N-01", "without a number it is page 0"):
        plain = cloud.call("GET", f"/spaces/{space}/members?size=3", ann)
        expect(plain.json()["data"], first.json()["data"])
    with claim("PAGE-N-01", "the page of the next number goes on where this one ends", about=[first, second, last]):
        expect(len({one["member"] for answer in found for one in answer.json()["data"]}), 7)
    with claim("PAGE-ENV-03", "the first page has no previous one", about=[first]):
        expect(first.json()["previousPageUrl"], "")
    with claim("PAGE-ENV-01", "the last page has no next one", about=[last]):
        expect(last.json()["nextPageUrl"], "")
    with claim("PAGE-N-01", "URLs lead through all pages"):
        walked = list(islice(pages(cloud, ann, f"/spaces/{space}/members?size=3"), 4))
        expect([answer.json()["data"] for answer in walked], [answer.json()["data"] for answer in found])
    with claim("PAGE-ENV-03", "previousPageUrl leads back"):
        expect(follow(cloud, ann, last, "previousPageUrl").json()["data"], second.json()["data"])


@behaviour("PAGE-ENV-04")
def test_empty_numbered_page_has_no_positions(cloud: Cloud, crowd: tuple[Person, str]) -> None:
    """Beyond the end both positions are 0 and the total too."""
    ann, space = crowd
    with claim("PAGE-ENV-04", "beyond the end positions and total are 0"):
        page = cloud.call("GET", f"/spaces/{space}/members?page=9", ann).json()
        observe((page["data"], page["total"], page["from"], page["to"]), ([], 0, 0, 0))


@behaviour("PAGE-ENV-02")
def test_page_urls_are_paths_with_all_filters(cloud: Cloud, crowd: tuple[Person, str]) -> None:
    """A page URL is host-relative and repeats every filter that was sent, encoded anew."""
    ann, space = crowd
    query = {"size": "2", "search": "p[0-9]|&", "nonsense": "a b"}
    answer = cloud.call("GET", f"/topics/{space}/members", ann, params=query)
    with claim("PAGE-ENV-02", "it is a host-relative path with query", about=[answer]):
        expect(answer.json()["nextPageUrl"], PAGE_URL)
    with claim("PAGE-ENV-02", "the path is that of the call", about=[answer]):
        observe(urlsplit(answer.json()["nextPageUrl"]).path, f"{cloud.prefix}/api/topics/{space}/members")
    with claim("PAGE-ENV-02", "all filters are repeated", about=[answer]):
        found = parse_qs(urlsplit(answer.json()["nextPageUrl"]).query)
        wanted = {"size": ["2"], "search": ["p[0-9]|&"], "nonsense": ["a b"], "page": ["1"]}
        observe({name: values[:1] for name, values in found.items()}, wanted)


@behaviour("PAGE-ENV-02", "PAGE-ENV-03")
def test_lists_of_users_name_the_previous_page_twice(cloud: Cloud) -> None:
    """Lists below /users have the URL of the previous page under both names, with equal value."""
    ann = cloud.user()
    cloud.user("bob@example.com")  # a colleague
    first = cloud.call("GET", "/users/me/colleagues?size=1", ann)
    with claim("PAGE-ENV-02", "where there is no page the URL is empty", about=[first]):
        expect(first.json()["prevPageUrl"], "")
    with step("turn the page"):
        second = follow(cloud, ann, first)
    with claim("PAGE-ENV-02", "where there is one it is a path with query", about=[second]):
        expect(second.json()["prevPageUrl"], PAGE_URL)
    with claim("PAGE-ENV-03", "the previous page has both names", about=[second]):
        observe(second.json()["previousPageUrl"], second.json()["prevPageUrl"])


@pytest.mark.parametrize(
    ("size", "shown"), [("3", 3), ("50", 50), ("51", 50), ("9" * 5000, 30), ("0", 30), ("-1", 30), ("x", 30), ("", 30)]
)
@behaviour("PAGE-SIZE-01", "SPACES-MEMBERS-01")
def test_size_is_cut_down_or_ignored(cloud: Cloud, size: str, shown: int) -> None:
    """A size over the maximum is cut down silently, and what is no positive integer counts as the default."""
    ann = cloud.user()
    roster = [{"username": f"p{number}@elsewhere.example"} for number in range(59)]
    space = cloud.open_space(ann, members=roster)
    with claim("PAGE-SIZE-01", "SPACES-MEMBERS-01", "it has its effect"):
        observe(len(cloud.call("GET", f"/spaces/{space}/members?size={size}", ann).json()["data"]), shown)


# --- style R beyond one space


@behaviour("PAGE-R-03", "USERS-ATT-01")
def test_a_reference_page_keeps_pageref_as_it_is(cloud: Cloud) -> None:
    """On lists by reference the parameter pageref is repeated unchanged in every page URL."""
    ann = cloud.user()
    space = cloud.space(ann)
    for number in range(3):
        cloud.message(space, ann, f"f{number}", content={"data": [{"fileId": f"{number}"}]})
    first = cloud.call("GET", "/users/me/attachments/natives?size=1&pageref=a%26b", ann)
    with claim("PAGE-R-03", "the next URL of the first page repeats it", about=[first]):
        observe(value(first.json()["nextPageUrl"], "pageref"), "a&b")
    with claim("USERS-ATT-01", "it is a list by reference, of so many as size says", about=[first]):
        shown = first.json()["data"]
        observe((len(shown), value(first.json()["nextPageUrl"], "nextRefObjId")), (1, shown[-1]["_id"]))
    with step("turn the page"):
        second = follow(cloud, ann, first)
    for name in ("previousPageUrl", "nextPageUrl"):
        with claim("PAGE-R-03", f"{name} of the second page repeats it", about=[second]):
            observe(value(second.json()[name], "pageref"), "a&b")


# --- style T


@pytest.fixture
def owner(cloud: Cloud) -> Owner:
    """Somebody with five spaces, e the latest."""
    ann = cloud.user()
    return Owner(ann, {cloud.space(ann, title) for title in "abcde"})


@behaviour("PAGE-T-01", "PAGE-R-03", "USERS-SPACES-01")
def test_token_pages_go_forth_and_back(cloud: Cloud, owner: Owner) -> None:
    """Page tokens lead through the whole list and back again, and pageref counts the pages."""
    ann = owner.who
    with step("turn the pages"):
        forth = list(islice(pages(cloud, ann, "/users/me/spaces?size=2"), 3))
        assert len(forth) == 3
    with claim("USERS-SPACES-01", "a page has so many as size says", about=forth[:2]):
        expect([len(answer.json()["data"]) for answer in forth[:2]], [2, 2])
    with claim("PAGE-T-01", "tokens lead through the list", about=forth):
        expect([titles(owner, answer) for answer in forth], [["e", "d"], ["c", "b"], ["a"]])
    for number, answer in enumerate(forth[:2], 1):
        with claim("PAGE-R-03", f"pageref is one more in the next URL: {number}", about=[answer]):
            expect(value(answer.json()["nextPageUrl"], "pageref"), str(number))
    back = follow(cloud, ann, forth[2], "prevPageUrl")
    with claim("PAGE-T-01", "and back", about=[back]):
        expect(titles(owner, back), ["c", "b"])
    with claim("PAGE-T-01", "and back to the first"):
        expect(titles(owner, follow(cloud, ann, back, "prevPageUrl")), ["e", "d"])
    with claim("PAGE-R-03", "pageref is one less in the previous URL", about=[back]):
        expect(value(back.json()["prevPageUrl"], "pageref"), "0")
    only_mock(cloud, "needs an account without other spaces")
    with claim("PAGE-T-01", "the last page has no next one", about=[forth[2]]):
        expect(forth[2].json()["nextPageUrl"], "")


@behaviour("PAGE-T-01", "USERS-SPACES-02")
def test_pages_of_a_search_go_back_one_by_one(cloud: Cloud) -> None:
    """From the third page of what a search finds, the previous one is the second and not the first."""
    ann = cloud.user()
    for number in range(5):
        cloud.space(ann, f"Wanted {number}")
        cloud.space(ann, f"Other {number}")
    forth = list(islice(pages(cloud, ann, "/users/me/spaces?size=1&search=^Wanted"), 3))

    def found(answer: httpx.Response) -> list[str]:
        return [item["title"] for item in answer.json()["data"]]

    with claim("USERS-SPACES-02", "every page has only what was searched", about=forth):
        expect([found(answer) for answer in forth], [["Wanted 4"], ["Wanted 3"], ["Wanted 2"]])
    with claim("PAGE-T-01", "the page before the third one is the second"):
        expect(found(follow(cloud, ann, forth[2], "prevPageUrl")), ["Wanted 3"])


@behaviour("PAGE-T-01", "PAGE-N-01", "USERS-SPACES-04", "USERS-SPACES-08")
def test_two_types_of_spaces_are_paged_as_one_list(cloud: Cloud) -> None:
    """Groups and direct spaces that were made in turns stand in one order, by number, by token and backwards."""
    ann = cloud.user()
    made = []
    for title, other in (("One", "bob@example.com"), ("Two", "mia@example.com")):
        made.append(cloud.space(ann, title))
        answer = cloud.call("GET", f"/spaces/direct/user/{cloud.user(other).id}", ann)
        made.append(answer.json()["data"][0]["_id"])
    wanted = made[::-1]
    only_mock(cloud, "needs an account without other spaces")

    def found(answer: httpx.Response) -> list[str]:
        return [item["_id"] for item in answer.json()["data"]]

    path = "/users/me/spaces?topictype=all"
    with claim("USERS-SPACES-04", "USERS-SPACES-08", "both types are one list, the latest first"):
        expect(found(cloud.call("GET", path, ann)), wanted)
    with claim("PAGE-N-01", "pages by number divide it"):
        numbered = [found(cloud.call("GET", f"{path}&size=2&page={number}", ann)) for number in range(2)]
        expect(numbered, [wanted[:2], wanted[2:]])
    forth = list(islice(pages(cloud, ann, f"{path}&size=1"), 4))
    with claim("PAGE-T-01", "tokens lead through it", about=forth):
        expect([found(answer) for answer in forth], [[one] for one in wanted])
    with claim("PAGE-T-01", "the page before the fourth one is the third"):
        expect(found(follow(cloud, ann, forth[3], "prevPageUrl")), wanted[2:3])


@behaviour("PAGE-T-01")
def test_a_token_keeps_its_place_when_the_list_moves(cloud: Cloud, owner: Owner) -> None:
    """A space that comes to the front meanwhile is not shown twice, and none of the others is lost."""
    ann = owner.who
    first = cloud.call("GET", "/users/me/spaces?size=2", ann)
    with step("move the last to the front"):
        five = cloud.call("GET", "/users/me/spaces?size=5", ann).json()["data"]
        cloud.call("POST", f"/spaces/{five[-1]['_id']}", ann, json={"title": "a2"})
    with claim("PAGE-T-01", "pages go on from where they were"):
        rest = islice(pages(cloud, ann, first.json()["nextPageUrl"].removeprefix(f"{cloud.prefix}/api")), 3)
        observe([title for answer in rest for title in titles(owner, answer)], ["c", "b"])


@behaviour("PAGE-T-01", "USERS-SPACES-01")
@pytest.mark.parametrize("other", ["after=1", "pageref=1", "pageToken=x"])
def test_a_page_number_stands_alone(cloud: Cloud, other: str) -> None:
    """The deprecated page number cannot be combined with what replaced it."""
    ann = cloud.user()
    with claim("PAGE-T-01", "USERS-SPACES-01", "it is refused"):
        refused(cloud.call("GET", f"/users/me/spaces?page=0&{other}", ann), 400, "request.invalid")


@behaviour("USERS-SPACES-01")
def test_the_deprecated_page_number_still_works(cloud: Cloud, owner: Owner) -> None:
    """Page numbers count from 0 and their URLs go on with numbers."""
    answer = cloud.call("GET", "/users/me/spaces?size=2&page=1", owner.who)
    with claim("USERS-SPACES-01", "numbers count from 0", about=[answer]):
        expect(titles(owner, answer), ["c", "b"])
    with claim("USERS-SPACES-01", "the next URL goes on"):
        expect(titles(owner, follow(cloud, owner.who, answer)), ["a"])
    with claim("USERS-SPACES-01", "the previous URL goes back"):
        expect(titles(owner, follow(cloud, owner.who, answer, "prevPageUrl")), ["e", "d"])


def altered(token: str) -> str:
    return ("A" if token[0] != "A" else "B") + token[1:]


@behaviour("PAGE-T-01", "AUTH-WORLD-01")
def test_a_token_that_the_list_did_not_make_is_refused(cloud: Cloud, owner: Owner) -> None:
    """Nonsense, an altered token and one of another list are refused alike."""
    ann = owner.who
    with claim("PAGE-T-01", "nonsense is refused"):
        refused(cloud.call("GET", "/users/me/spaces?pageToken=%00", ann), 400, "request.invalid")
    with step("get a token"):
        token = value(cloud.call("GET", "/users/me/spaces?size=2", ann).json()["nextPageUrl"], "pageToken")
    with claim("PAGE-T-01", "AUTH-WORLD-01", "an altered token is refused"):
        refused(cloud.call("GET", f"/users/me/spaces?pageToken={altered(token)}", ann), 400, "request.invalid")
    space = min(owner.ids)
    with claim("PAGE-T-01", "a token of another list is refused"):
        answer = cloud.call("GET", f"/users/me/messages?spacelist={space}&pageToken={token}", ann)
        refused(answer, 400, "request.invalid")


# --- search


@pytest.fixture
def names(cloud: Cloud) -> Owner:
    """Somebody with spaces of telling names."""
    ann = cloud.user()
    found = ("Alpha", "beta alpha", "a.b", "axb", "(open", "z" * 40, "tab\tbed")
    return Owner(ann, {cloud.space(ann, title) for title in found})


@behaviour("PAGE-RX-01", "USERS-SPACES-02")
@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("ALPHA", {"Alpha", "beta alpha"}),
        ("^alpha", {"Alpha"}),
        ("^beta", {"beta alpha"}),
        ("alpha$", {"Alpha", "beta alpha"}),
        ("a.b", {"a.b", "axb"}),
        (r"a\.b", {"a.b"}),
        ("(open", {"(open"}),
        (r"(a)\1", set[str]()),
        ("(?=a)", set[str]()),
        ("^(z+)+$", {"z" * 40}),
        ("", {"Alpha", "beta alpha", "a.b", "axb", "(open", "z" * 40, "tab\tbed"}),
    ],
)
def test_search_is_a_regular_expression(cloud: Cloud, names: Owner, search: str, found: set[str]) -> None:
    """Patterns match anywhere in any case; one that the engine cannot evaluate is taken literally."""
    with claim("PAGE-RX-01", "USERS-SPACES-02", "it finds these titles"):
        answer = cloud.call("GET", "/users/me/spaces", names.who, params={"search": search})
        observe(set(titles(names, answer)), found)


@behaviour("PAGE-RX-01")
def test_search_over_lines_never_crosses_them(cloud: Cloud) -> None:
    """A pattern over many people matches within one field of one person, however it is written."""
    ann = cloud.user()
    for number in range(3):
        cloud.user(f"u{number}@example.com", displayname=f"Uno {number}", other_emails=[f"x{number}@example.com"])
    for search, found in (
        (r"^uno \d$", 3),
        (r"uno[^z]+uno", 0),
        (r"uno\s\S+\sx", 0),
        (r"\AUno 1\z", 1),
        (r"(?s)0.x0", 0),
        (r"[\s]Uno", 0),
        ("^x1@example.com$", 1),
        (r"(?-i)UNO", 0),
        (r"(?-i)Uno", 3),
    ):
        with claim("PAGE-RX-01", f"{search} finds {found}"):
            answer = cloud.call("GET", "/users/me/colleagues", ann, params={"search": search})
            observe(len(answer.json()["data"]), found, search)


@behaviour("PAGE-RX-01")
def test_search_has_at_most_200_characters(cloud: Cloud) -> None:
    """A pattern of 200 characters is evaluated, one of 201 refused."""
    ann = cloud.user()
    with claim("PAGE-RX-01", "200 characters are evaluated"):
        expect(cloud.call("GET", "/users/me/colleagues", ann, params={"search": "a" * 200}).status_code, 200)
    with claim("PAGE-RX-01", "201 are refused"):
        refused(cloud.call("GET", "/users/me/colleagues", ann, params={"search": "a" * 201}), 400, "request.invalid")


@behaviour("PAGE-RX-01")
def test_search_takes_linear_time(cloud: Cloud) -> None:
    """A pattern that ruins backtracking engines is answered at once."""
    ann = cloud.user()
    only_mock(cloud, "a real service is spared patterns that could hurt it")
    space = cloud.space(ann, "a" * 5000 + "!")
    with claim("PAGE-RX-01", "a pattern that ruins backtracking engines is answered at once"):
        answer = cloud.call("GET", "/users/me/spaces", ann, params={"search": "^(a|a)*(a|a)*$"}, timeout=5)
        observe([one for one in answer.json()["data"] if one["_id"] == space], [])


@behaviour("PAGE-ENV-02")
def test_page_urls_keep_the_prefix_of_a_world(cloud: Cloud) -> None:
    """Who reaches a world below a prefix gets page URLs with that prefix, which lead on."""
    ann = cloud.user()
    own = cloud.control("GET", "")["name"]
    [prefix] = [one["urls"]["prefix"] for one in cloud.control("GET", "/worlds")["data"] if one["name"] == own]
    headers = {"Authorization": ann.authorization}
    first = cloud.http.get(f"{prefix['api']}/users/me/colleagues?size=1", headers=headers)
    with claim("PAGE-ENV-02", "the URL has the prefix", about=[first]):
        observe(urlsplit(first.json()["nextPageUrl"]).path, f"/w/{own}/api/users/me/colleagues")
    origin = prefix["api"].removesuffix(f"/w/{own}/api")
    with claim("PAGE-ENV-02", "it leads on"):
        second = cloud.http.get(f"{origin}{first.json()['nextPageUrl']}", headers=headers).json()
        observe([one["displayname"] for one in second["data"]], ["Bob Builder"])
