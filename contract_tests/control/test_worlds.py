import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import App, Cloud, Person, behaviour, only_mock, refused, serving, settled

APP_ID = "00112233445566778899"


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "a real service is one world")


@dataclass(frozen=True)
class Pair:
    """Two worlds of one process, with the same people and an app of the same id."""

    first: Cloud
    second: Cloud


def open_world(mock: str, http: httpx.Client, kind: str, **body: Any) -> Cloud:
    """Open a world on a mock and return it as it is reached by its port or by its prefix."""
    answer = http.post(f"{mock}/_mock/worlds", json=body)
    assert answer.status_code == 200, answer.text
    urls = answer.json()["urls"]
    return Cloud(urls[kind] or urls["prefix"], http, is_mock=True)


def root(cloud: Cloud) -> str:
    """Return the origin of the default world of a mock."""
    worlds = cloud.control("GET", "/worlds")["data"]
    found: str = next(world["urls"]["prefix"]["control"] for world in worlds if world["name"] == "default")
    return found.removesuffix("/w/default/_mock")


@pytest.fixture(scope="module")
def seeded() -> Iterator[str]:
    """The URL of a mock whose random source is seeded."""
    with serving("--random-seed", "the same") as url:
        yield url


@pytest.fixture(params=["port", "prefix", "seeded port", "seeded prefix", "default and prefix", "default and port"])
def pair(request: pytest.FixtureRequest, cloud: Cloud, http: httpx.Client, seeded: str) -> Iterator[Pair]:
    """Two worlds side by side, in every way of reaching them."""
    kind: str = request.param
    mock = seeded if "seeded" in kind else root(cloud)
    worlds = [open_world(mock, http, kind.rpartition(" ")[2]) for _ in range(2)]
    names = [world.control("GET", "")["name"] for world in worlds]
    if "default" in kind:
        control = f"{mock}/_mock"
        worlds[0] = Cloud(http.get(control).json()["urls"], http, is_mock=True)
        worlds[0].control("POST", "/reset")
    yield Pair(*worlds)
    for name in names:
        http.delete(f"{mock}/_mock/worlds/{name}")


def same_app(cloud: Cloud) -> App:
    """Return an app whose id is the same in every world."""
    body = {"scopes": "all", "company": "Example", "app_id": APP_ID}
    return App(cloud.control("POST", "/service-apps", body)["key"])


CREDENTIALS: Mapping[str, Callable[[Cloud], Person | App]] = {
    "bearer": lambda cloud: cloud.user(),
    "user JWT": lambda cloud: cloud.jwt_user(),
    "anonymous JWT": lambda cloud: cloud.guest(),
    "service app": lambda cloud: cloud.app(),
    "service app of the same id": same_app,
}


@behaviour("AUTH-WORLD-01", "DM-CFG-04")
@pytest.mark.parametrize("kind", CREDENTIALS)
def test_no_world_accepts_a_credential_of_another(pair: Pair, kind: str) -> None:
    """A credential is good in its own world and refused in the other as an unknown one, both ways."""
    mine, theirs = CREDENTIALS[kind](pair.first), CREDENTIALS[kind](pair.second)
    body = {"topic": {"title": "Room"}}
    for world, who, other, which in ((pair.first, mine, theirs, "first"), (pair.second, theirs, mine, "second")):
        good = world.call("POST", "/spaces/invite", who, json=body)
        assert good.status_code == (403 if kind == "anonymous JWT" else 200), good.text
        with claim("AUTH-WORLD-01", "DM-CFG-04", f"the {which} world lets no foreign credential create"):
            refused(world.call("POST", "/spaces/invite", other, json=body), 401, "auth.credential_invalid")
        with claim("AUTH-WORLD-01", "DM-CFG-04", f"the {which} world lets no foreign credential read"):
            refused(world.call("GET", "/users/me", other), 401, "auth.credential_invalid")


@behaviour("AUTH-WORLD-01")
def test_ids_of_another_world_are_unknown(pair: Pair) -> None:
    """Spaces and people of one world do not exist in the other, and nothing is drawn twice."""
    ann, other_ann = pair.first.user(), pair.second.user()
    space = pair.first.space(ann)
    with claim("AUTH-WORLD-01", "a space of another world is not found"):
        refused(pair.second.call("GET", f"/spaces/{space}", other_ann), 404, "space.not_found")
    guest = pair.second.guest()
    with claim("AUTH-WORLD-01", "a space of another world cannot be joined"):
        refused(pair.second.call("GET", f"/spaces/{space}/join", guest), 404, "space.not_found")
    body = {"topic": {"title": "Room"}, "invitees": [{"inviteeType": "userId", "invitee": ann.id}]}
    with claim("AUTH-WORLD-01", "a person of another world cannot be invited"):
        refused(pair.second.call("POST", "/spaces/invite", other_ann, json=body), 404, "user.not_found")
    with claim("AUTH-WORLD-01", "the same address has another id and token in each world"):
        assert ann.id != other_ann.id
        assert ann.token != other_ann.token


@behaviour("AUTH-WORLD-01", "DM-CFG-04")
def test_keys_of_apps_are_drawn_per_world(pair: Pair) -> None:
    """Two apps of the same id have other kids and other service domains."""
    first, second = same_app(pair.first), same_app(pair.second)
    assert first.key["iss"] == second.key["iss"]
    with claim("AUTH-WORLD-01", "DM-CFG-04", "the kid is drawn per world"):
        assert first.key["kid"] != second.key["kid"]
    with claim("AUTH-WORLD-01", "DM-CFG-04", "the service domain is drawn per world"):
        assert first.key["sub"] != second.key["sub"]


@behaviour("AUTH-WORLD-01")
def test_a_key_pair_of_another_world_signs_nothing(pair: Pair) -> None:
    """Claims of this world's app, signed with a key of the other world's app under either kid, are refused."""
    mine, theirs = same_app(pair.first), same_app(pair.second)
    claims = mine.claims()
    while theirs.key["private_key"] == mine.key["private_key"]:
        theirs = pair.second.app()  # both drew the same key of the small pool; another app has another
    for whose, kid in (("the other", theirs.key["kid"]), ("this", mine.key["kid"])):
        forged = Person("", "", f"service_app {theirs.sign(claims, {'kid': kid})}")
        with claim("AUTH-WORLD-01", f"a key of the other world under the kid of {whose} is refused"):
            refused(pair.first.call("GET", "/users/me", forged), 401, "auth.credential_invalid")


@behaviour("AUTH-WORLD-01")
def test_nothing_done_in_one_world_shows_in_another(pair: Pair) -> None:
    """Settings, clock, journal, overlay and reset of one world leave the other as it is."""
    theirs = pair.second.user()
    before = pair.second.control("GET", "")
    pair.first.control("PATCH", "/settings", {"accounts.issuer": "esna.com"})
    pair.first.control("POST", "/clock", {"freeze": "2031-02-03T04:05:06.789Z"})
    pair.first.control("PATCH", "/contract", {"errors": {"auth.credential_missing": {"status": 499}}})
    pair.first.space(pair.first.user())
    assert pair.first.call("GET", "/users/me").status_code == 499
    with claim("AUTH-WORLD-01", "things and settings of one world leave the other as it is"):
        shown = pair.second.control("GET", "")
        observe((shown["counts"], shown["settings"]), (before["counts"], before["settings"]))
    with claim("AUTH-WORLD-01", "the clock of the other world goes on"):
        observe(pair.second.control("GET", "")["clock"]["frozen"], wanted=False)
    with claim("AUTH-WORLD-01", "the overlay of one world is not that of the other"):
        refused(pair.second.call("GET", "/users/me"), 401, "auth.credential_missing")
    pair.first.control("POST", "/reset")
    with claim("AUTH-WORLD-01", "a credential outlives the reset of the other world"):
        observe(pair.second.call("GET", "/users/me", theirs).status_code, 200)


@behaviour("AUTH-WORLD-01", "REST-HOST-01", "CTRL-01")
def test_a_world_can_hand_out_the_names_of_the_vendor(pair: Pair) -> None:
    """A world tells the vendor's host names as those of its port for as long as that is wanted, and no other does."""

    def told(cloud: Cloud) -> dict[str, str]:
        shown = cloud.control("GET", "")
        worlds = cloud.control("GET", "/worlds")["data"]
        ports = {world["name"]: world["urls"]["port"] for world in worlds}
        found: dict[str, str] = ports[shown["name"]] or shown["urls"]  # the default world is reached at the root
        return found

    before, theirs = told(pair.first), told(pair.second)
    pair.first.control("PATCH", "/origins", {"vendor_hosts": "production"})
    with claim("REST-HOST-01", "the vendor's hosts of production are told"):
        shown = told(pair.first)
        observe(shown["accounts"], "https://accounts.avayacloud.com")
        observe(shown["api"], "https://spacesapis.avayacloud.com/api")
    with claim("AUTH-WORLD-01", "the other world tells its own hosts"):
        observe(told(pair.second), theirs)
    with claim("REST-HOST-01", "the world answers at its own address all the same"):
        refused(pair.first.call("GET", "/users/me"), 401, "auth.credential_missing")
    pair.first.control("PATCH", "/origins", {"vendor_hosts": None})
    with claim("CTRL-01", "a control call below the prefix of the world takes them back"):
        observe(told(pair.first), before)


@behaviour("AUTH-WORLD-01")
def test_a_seeded_world_draws_the_same_again(seeded: str, http: httpx.Client) -> None:
    """A world of the same name under the same seed draws the same ids after a reset."""
    cloud = open_world(seeded, http, "port", name="again")
    drawn = []
    for _ in range(2):
        cloud.control("POST", "/reset")
        cloud.control("POST", "/clock", {"freeze": "2031-02-03T04:05:06.789Z"})
        drawn.append((cloud.app().key["kid"], cloud.user().token))
    with claim("AUTH-WORLD-01", "a seeded world draws the same again after a reset"):
        observe(drawn[0], drawn[1])
    http.delete(f"{seeded}/_mock/worlds/again")


@behaviour("REST-HOST-01", "REST-HOST-02")
def test_the_same_world_answers_by_port_and_by_prefix(cloud: Cloud, http: httpx.Client) -> None:
    """A world has one state, however it is reached, and names the URLs of the way it is asked."""
    mock = root(cloud)
    answer = http.post(f"{mock}/_mock/worlds", json={"name": "two-ways"}).json()
    by_port, by_prefix = (Cloud(answer["urls"][kind], http, is_mock=True) for kind in ("port", "prefix"))
    user = by_port.user()
    with claim("REST-HOST-02", "what is made by the port is there by the prefix"):
        expect(by_prefix.call("GET", "/users/me", user).status_code, 200)
    for name, way in (("port", by_port), ("prefix", by_prefix)):
        with claim("REST-HOST-02", f"by the {name} the world names the URLs of that way"):
            shown = way.call("GET", "/service-configurations").json()
            expect(shown["spaces"]["server_url"], way.origin)
        with claim("REST-HOST-01", f"by the {name} a picture is at the accounts of that way"):
            assert way.call("GET", "/users/me", user).json()["picture_url"].startswith(f"{way.accounts}/")
    with claim("REST-HOST-02", "the prefix names the world on the origin of the mock"):
        assert by_prefix.api.startswith(f"{mock}/w/two-ways/")
    http.delete(f"{mock}/_mock/worlds/two-ways")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/w/nobody/api/users/me", 404, "world.not_found"),
        ("/w/nobody", 404, "world.not_found"),
        ("/w/nobody/_mock", 404, "world.not_found"),
        ("/w//api/users/me", 404, "world.not_found"),
        ("/w/", 404, "world.not_found"),
        ("/w/default%2F..%2Fdefault/api/users/me", 404, "world.not_found"),
        ("/w/Default/api/users/me", 404, "world.not_found"),
        ("/w/default/api/users/me", 401, "auth.credential_missing"),
        ("/w/default/w/default/api/users/me", 404, None),
        ("/w/default", 404, None),
        ("/w", 404, None),
        ("/w/default/api/nothing", 404, "route.not_found"),
    ],
)
def test_a_prefix_names_a_world_or_nothing(
    cloud: Cloud, http: httpx.Client, path: str, status: int, code: str | None
) -> None:
    """An unknown world is not found, and never falls back to another one."""
    answer = http.get(f"{root(cloud)}{path}")
    assert answer.status_code == status, answer.text
    if code:
        assert answer.json()["code"] == code
    else:
        assert answer.headers["content-type"] == "text/html; charset=utf-8"


def test_a_dropped_world_is_gone_by_every_way(cloud: Cloud, http: httpx.Client) -> None:
    """After a drop the prefix is unknown and the port closed, and the name is free for a new, empty world."""
    mock = root(cloud)
    answer = http.post(f"{mock}/_mock/worlds", json={"name": "short-lived"}).json()
    by_port, by_prefix = (Cloud(answer["urls"][kind], http, is_mock=True) for kind in ("port", "prefix"))
    user = by_port.user("new@example.com")
    assert http.post(f"{mock}/_mock/worlds", json={"name": "short-lived"}).status_code == 409
    assert http.delete(f"{mock}/_mock/worlds/short-lived").status_code == 200
    assert http.delete(f"{mock}/_mock/worlds/short-lived").status_code == 404
    refused_prefix = by_prefix.call("GET", "/users/me", user)
    assert (refused_prefix.status_code, refused_prefix.json()["code"]) == (404, "world.not_found")
    with pytest.raises(httpx.TransportError):
        by_port.call("GET", "/users/me", user)
    again = open_world(mock, http, "prefix", name="short-lived")
    refused(again.call("GET", "/users/me", user), 401, "auth.credential_invalid")
    http.delete(f"{mock}/_mock/worlds/short-lived")


def test_the_default_world_stays(cloud: Cloud, http: httpx.Client) -> None:
    """The default world can be reset but not dropped."""
    answer = http.delete(f"{root(cloud)}/_mock/worlds/default")
    assert (answer.status_code, answer.json()["code"]) == (403, "permission.denied")


def test_an_idle_world_is_dropped_after_its_time_to_live(cloud: Cloud, http: httpx.Client) -> None:
    """A world that nobody has used for its ttl is dropped in real time, whatever its clock says."""
    mock = root(cloud)
    http.post(f"{mock}/_mock/worlds", json={"name": "idle", "ttl": 0.1})
    http.post(f"{mock}/_mock/worlds", json={"name": "patient", "ttl": 600})
    assert http.post(f"{mock}/w/patient/_mock/clock", json={"advance": 10_000}).status_code == 200
    time.sleep(0.2)

    def kept() -> set[str]:
        """Return which of them are left when another world is opened, which is when idle ones go."""
        http.delete(f"{mock}/_mock/worlds/{http.post(f'{mock}/_mock/worlds', json={}).json()['name']}")
        return {world["name"] for world in http.get(f"{mock}/_mock/worlds").json()["data"]} & {"idle", "patient"}

    assert settled(kept, {"patient"}) == {"patient"}  # several processes tell each other every five seconds who is idle
    http.delete(f"{mock}/_mock/worlds/patient")


def test_no_more_worlds_than_allowed(http: httpx.Client) -> None:
    """A mock that may hold two worlds refuses a third, says so, and takes one when another is dropped."""
    with serving("--max-worlds", "2") as mock:
        first = http.post(f"{mock}/_mock/worlds", json={}).json()["name"]
        full = http.post(f"{mock}/_mock/worlds", json={})
        assert (full.status_code, full.json()["code"]) == (409, "control.too_many_worlds")
        assert "max-worlds" in full.json()["why"]
        http.delete(f"{mock}/_mock/worlds/{first}")
        assert http.post(f"{mock}/_mock/worlds", json={"name": first}).status_code == 200


@pytest.mark.parametrize("name", ["a", "W1", "ci-job.7_b", "x" * 64])
def test_a_world_may_have_a_plain_name(cloud: Cloud, http: httpx.Client, name: str) -> None:
    """Letters, digits, dot, dash and underscore make a name that works as a prefix."""
    world = open_world(root(cloud), http, "prefix", name=name, seed="empty")
    counts = world.control("GET", "")["counts"]
    assert {key: value for key, value in counts.items() if value} == {}
    http.delete(f"{root(cloud)}/_mock/worlds/{name}")


def test_an_automatic_name_avoids_a_chosen_one(cloud: Cloud, http: httpx.Client) -> None:
    """A world without a name gets one that is free."""
    mock = root(cloud)
    last = http.post(f"{mock}/_mock/worlds", json={}).json()["name"]
    following = f"w{int(last[1:]) + 1}"
    assert http.post(f"{mock}/_mock/worlds", json={"name": following}).status_code == 200
    automatic = http.post(f"{mock}/_mock/worlds", json={}).json()["name"]
    assert automatic not in (last, following)
    for name in (last, following, automatic):
        http.delete(f"{mock}/_mock/worlds/{name}")


@behaviour("AUTH-WORLD-01")
def test_a_page_token_of_another_world_is_refused(pair: Pair) -> None:
    """The token of a list is read by its own world, and by no other that has the same list."""
    people = {cloud: cloud.user() for cloud in (pair.first, pair.second)}
    for cloud, who in people.items():
        for title in ("One", "Two"):
            cloud.space(who, title)

    def page(cloud: Cloud, **query: str) -> httpx.Response:
        return cloud.call("GET", "/users/me/spaces", people[cloud], params={"size": "1", **query})

    token = dict(parse_qsl(urlsplit(page(pair.first).json()["nextPageUrl"]).query))["pageToken"]
    with claim("AUTH-WORLD-01", "a page token is read by its own world"):
        observe(page(pair.first, pageToken=token).status_code, 200)
    with claim("AUTH-WORLD-01", "a page token is refused by another world"):
        refused(page(pair.second, pageToken=token), 400, "request.invalid")
