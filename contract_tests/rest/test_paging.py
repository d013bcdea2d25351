from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, Like, Person, behaviour, refused

NO_CLAIMS_YET = True


PAGE_URL = Like("page URL", r"/api/[^?\s]+\?[^\s]+")


def titles(answer: httpx.Response) -> list[str]:
    return [item["title"] for item in answer.json()["data"]]


def follow(cloud: Cloud, who: Person, answer: httpx.Response, key: str = "nextPageUrl") -> httpx.Response:
    """Get the page that a page URL names; it is host-relative."""
    return cloud.http.get(f"{cloud.origin}{answer.json()[key]}", headers={"Authorization": who.authorization})


def pages(cloud: Cloud, who: Person, path: str) -> Iterator[httpx.Response]:
    answer = cloud.call("GET", path, who)
    while True:
        yield answer
        if not answer.json()["nextPageUrl"]:
            return
        answer = follow(cloud, who, answer)


@pytest.fixture
def crowd(cloud: Cloud) -> tuple[Person, str]:
    """A space of seven people and one who reads its roster."""
    ann = cloud.user()
    roster = [{"username": f"p{number}@example.com"} for number in range(6)]
    return ann, cloud.open_space(ann, members=roster)


@behaviour("PAGE-ENV-01", "PAGE-ENV-03", "PAGE-ENV-04", "PAGE-N-01", "SPACES-MEMBERS-02")
def test_numbered_pages_tell_their_place(cloud: Cloud, crowd: tuple[Person, str]) -> None:
    """Each numbered page of a roster has its own total, the 1-based positions of its ends, and URLs where pages are."""
    ann, space = crowd
    first, second, last = pages(cloud, ann, f"/spaces/{space}/members?size=3")
    for answer, total, beginning, end in ((first, 3, 1, 3), (second, 3, 4, 6), (last, 1, 7, 7)):
        page = answer.json()
        expect(set(page), {"data", "total", "from", "to", "nextPageUrl", "previousPageUrl"})
        expect((len(page["data"]), page["total"]), (total, total))
        observe((page["from"], page["to"]), (beginning, end))
    expect(first.json()["previousPageUrl"], "")
    expect(last.json()["nextPageUrl"], "")
    expect(follow(cloud, ann, last, "previousPageUrl").json()["data"], second.json()["data"])
    expect(cloud.call("GET", f"/spaces/{space}/members?size=3&page=1", ann).json()["data"], second.json()["data"])


@behaviour("PAGE-ENV-04")
def test_empty_numbered_page_has_no_positions(cloud: Cloud, crowd: tuple[Person, str]) -> None:
    """Beyond the end both positions are 0 and the total too."""
    ann, space = crowd
    page = cloud.call("GET", f"/spaces/{space}/members?page=9", ann).json()
    observe((page["data"], page["total"], page["from"], page["to"]), ([], 0, 0, 0))


@behaviour("PAGE-ENV-02")
def test_page_urls_are_paths_with_all_filters(cloud: Cloud, crowd: tuple[Person, str]) -> None:
    """A page URL is host-relative and repeats every filter that was sent, encoded anew."""
    ann, space = crowd
    query = {"size": "2", "search": "p[0-9]|&", "nonsense": "a b"}
    answer = cloud.call("GET", f"/topics/{space}/members", ann, params=query)
    url = answer.json()["nextPageUrl"]
    expect(url, PAGE_URL)
    observe(urlsplit(url).path, f"/api/topics/{space}/members")
    found = {name: values[0] for name, values in parse_qs(urlsplit(url).query).items()}
    observe(found, {"size": "2", "search": "p[0-9]|&", "nonsense": "a b", "page": "1"})


@behaviour("PAGE-ENV-02", "PAGE-ENV-03")
def test_lists_of_users_name_the_previous_page_twice(cloud: Cloud) -> None:
    """Lists below /users have the URL of the previous page under both names, with equal value."""
    ann = cloud.user()
    first, *_rest = pages(cloud, ann, "/users/me/colleagues?size=1")
    second = follow(cloud, ann, first)
    expect(first.json()["prevPageUrl"], "")
    expect(second.json()["prevPageUrl"], PAGE_URL)
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
    second = follow(cloud, ann, first)
    for url in (first.json()["nextPageUrl"], second.json()["previousPageUrl"], second.json()["nextPageUrl"]):
        observe(parse_qs(urlsplit(url).query)["pageref"], ["a&b"])


# --- style T


@pytest.fixture
def owner(cloud: Cloud) -> Person:
    """Somebody with five spaces, e the latest."""
    ann = cloud.user()
    for title in "abcde":
        cloud.space(ann, title)
    return ann


@behaviour("PAGE-T-01", "PAGE-R-03", "USERS-SPACES-01")
def test_token_pages_go_forth_and_back(cloud: Cloud, owner: Person) -> None:
    """Page tokens lead through the whole list and back again, and pageref counts the pages."""
    forth = list(pages(cloud, owner, "/users/me/spaces?size=2"))
    expect([titles(answer) for answer in forth], [["e", "d"], ["c", "b"], ["a"]])
    back = follow(cloud, owner, forth[2], "prevPageUrl")
    expect(titles(back), ["c", "b"])
    expect(titles(follow(cloud, owner, back, "prevPageUrl")), ["e", "d"])
    turns = [parse_qs(urlsplit(answer.json()["nextPageUrl"]).query)["pageref"][0] for answer in forth[:2]]
    expect(turns, ["1", "2"])
    expect(parse_qs(urlsplit(back.json()["prevPageUrl"]).query)["pageref"], ["0"])


@behaviour("PAGE-T-01")
def test_a_token_keeps_its_place_when_the_list_moves(cloud: Cloud, owner: Person) -> None:
    """A space that comes to the front meanwhile is not shown twice, and none of the others is lost."""
    first = cloud.call("GET", "/users/me/spaces?size=2", owner)
    last = cloud.call("GET", "/users/me/spaces?size=5", owner).json()["data"][-1]["_id"]
    cloud.call("POST", f"/spaces/{last}", owner, json={"title": "a2"})
    rest = [
        title
        for answer in pages(cloud, owner, first.json()["nextPageUrl"].removeprefix("/api"))
        for title in titles(answer)
    ]
    observe(rest, ["c", "b"])


@behaviour("PAGE-T-01", "USERS-SPACES-01")
@pytest.mark.parametrize("other", ["after=1", "pageref=1", "pageToken=x"])
def test_a_page_number_stands_alone(cloud: Cloud, owner: Person, other: str) -> None:
    """The deprecated page number cannot be combined with what replaced it."""
    refused(cloud.call("GET", f"/users/me/spaces?page=0&{other}", owner), 400, "request.invalid")


@behaviour("USERS-SPACES-01")
def test_the_deprecated_page_number_still_works(cloud: Cloud, owner: Person) -> None:
    """Page numbers count from 0 and their URLs go on with numbers."""
    answer = cloud.call("GET", "/users/me/spaces?size=2&page=1", owner)
    expect(titles(answer), ["c", "b"])
    expect(titles(follow(cloud, owner, answer)), ["a"])
    expect(titles(follow(cloud, owner, answer, "prevPageUrl")), ["e", "d"])


def altered(token: str) -> str:
    return ("A" if token[0] != "A" else "B") + token[1:]


@behaviour("PAGE-T-01", "AUTH-WORLD-01")
def test_a_token_that_the_list_did_not_make_is_refused(cloud: Cloud, owner: Person) -> None:
    """Nonsense, an altered token and one of another list are refused alike."""
    url = cloud.call("GET", "/users/me/spaces?size=2", owner).json()["nextPageUrl"]
    token = parse_qs(urlsplit(url).query)["pageToken"][0]
    space = cloud.call("GET", "/users/me/spaces", owner).json()["data"][0]["_id"]
    for path in (
        "/users/me/spaces?pageToken=%00",
        f"/users/me/spaces?pageToken={altered(token)}",
        f"/users/me/messages?spacelist={space}&pageToken={token}",
    ):
        refused(cloud.call("GET", path, owner), 400, "request.invalid")


# --- search


@pytest.fixture
def names(cloud: Cloud) -> Person:
    """Somebody with spaces of telling names."""
    ann = cloud.user()
    for title in ("Alpha", "beta alpha", "a.b", "axb", "(open", "z" * 40, "tab\tbed"):
        cloud.space(ann, title)
    return ann


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
def test_search_is_a_regular_expression(cloud: Cloud, names: Person, search: str, found: set[str]) -> None:
    """Patterns match anywhere in any case; one that the engine cannot evaluate is taken literally."""
    answer = cloud.call("GET", "/users/me/spaces", names, params={"search": search})
    observe(set(titles(answer)), found)


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
        answer = cloud.call("GET", "/users/me/colleagues", ann, params={"search": search})
        observe(len(answer.json()["data"]), found, search)


@behaviour("PAGE-RX-01")
def test_search_has_at_most_200_characters(cloud: Cloud) -> None:
    """A pattern of 200 characters is evaluated, one of 201 refused."""
    ann = cloud.user()
    expect(cloud.call("GET", "/users/me/colleagues", ann, params={"search": "a" * 200}).status_code, 200)
    refused(cloud.call("GET", "/users/me/colleagues", ann, params={"search": "a" * 201}), 400, "request.invalid")


@behaviour("PAGE-RX-01")
def test_search_takes_linear_time(cloud: Cloud) -> None:
    """A pattern that ruins backtracking engines is answered at once."""
    ann = cloud.user()
    cloud.space(ann, "a" * 5000 + "!")
    answer = cloud.call("GET", "/users/me/spaces", ann, params={"search": "^(a|a)*(a|a)*$"}, timeout=5)
    observe(answer.json()["data"], [])


@behaviour("PAGE-ENV-02")
def test_page_urls_keep_the_prefix_of_a_world(cloud: Cloud) -> None:
    """Who reaches a world below a prefix gets page URLs with that prefix, which lead on."""
    ann = cloud.user()
    own = cloud.control("GET", "")["name"]
    [prefix] = [one["urls"]["prefix"] for one in cloud.control("GET", "/worlds")["data"] if one["name"] == own]
    headers = {"Authorization": ann.authorization}
    first = cloud.http.get(f"{prefix['api']}/users/me/colleagues?size=1", headers=headers).json()
    observe(urlsplit(first["nextPageUrl"]).path, f"/w/{own}/api/users/me/colleagues")
    origin = prefix["api"].removesuffix(f"/w/{own}/api")
    second = cloud.http.get(f"{origin}{first['nextPageUrl']}", headers=headers).json()
    observe([one["displayname"] for one in second["data"]], ["Bob Builder"])
