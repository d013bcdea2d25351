"""Two of something, a second time and the exact edge, of worlds and of the mock's own calls."""

import base64
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, only_mock, refused
from contract_tests.sockets import LEFT, Sockets, address

NOON = "2031-02-03T04:05:06.789Z"


@pytest.fixture(autouse=True)
def _mock_only(cloud: Cloud) -> None:
    only_mock(cloud, "a real service is one world")


class Opened:
    """A world that a test has opened beside its own, by its port and by its prefix."""

    def __init__(self, cloud: Cloud, **body: Any) -> None:
        self._opener = cloud
        made = cloud.control("POST", "/worlds", body)
        self.name: str = made["name"]
        self.urls: dict[str, dict[str, str]] = made["urls"]
        self.by_port, self.by_prefix = (
            Cloud(self.urls[way] or self.urls["prefix"], cloud.http, is_mock=True) for way in ("port", "prefix")
        )

    def drop(self) -> None:
        self._opener.control("DELETE", f"/worlds/{self.name}")


@pytest.fixture
def beside(cloud: Cloud) -> Iterator[Opened]:
    """A second world."""
    opened = Opened(cloud)
    yield opened
    if opened.name in names(cloud):
        opened.drop()


def names(cloud: Cloud) -> set[str]:
    return {one["name"] for one in cloud.control("GET", "/worlds")["data"]}


def restore(cloud: Cloud, document: Any) -> None:
    answer = cloud.http.put(f"{cloud.urls['control']}/snapshot", json=document)
    assert answer.status_code == 200, answer.text


@behaviour("AUTH-WORLD-01")
def test_a_restored_world_keeps_its_secrets(cloud: Cloud, beside: Opened) -> None:
    """What was signed before a snapshot is good after its restore, in whichever world that is, and in no other."""
    guest, ann = cloud.guest(), cloud.user()
    for title in ("One", "Two"):
        cloud.space(ann, title)
    following = cloud.call("GET", "/users/me/spaces", ann, params={"size": "1"}).json()["nextPageUrl"]
    document = cloud.control("GET", "/snapshot")

    def judged(world: Cloud) -> tuple[int, int]:
        place = f"{world.origin}{following.removeprefix(cloud.prefix)}"
        page = world.http.get(place, headers={"Authorization": ann.authorization})
        return world.call("GET", "/users/me", guest).status_code, page.status_code

    cloud.control("POST", "/reset")
    with claim("AUTH-WORLD-01", "after a reset the credentials of before are unknown"):
        observe(judged(cloud), (401, 401))
    restore(cloud, document)
    with claim("AUTH-WORLD-01", "after a restore they are good, and so is a page token"):
        observe(judged(cloud), (200, 200))
    with claim("AUTH-WORLD-01", "another world refuses them"):
        observe(judged(beside.by_port), (401, 401))
    restore(beside.by_port, document)
    with claim("AUTH-WORLD-01", "the other world is that very world once it has its snapshot"):
        observe(judged(beside.by_port), (200, 200))


@behaviour("DM-CFG-04")
def test_a_restored_world_draws_as_before(cloud: Cloud) -> None:
    """A seeded source of ids goes on where the snapshot found it, each time."""
    cloud.freeze(NOON)
    document = cloud.control("GET", "/snapshot")
    document["random"] = {"key": base64.b64encode(b"seed" * 8).decode(), "drawn": 7}
    drawn = []
    for _ in range(2):
        restore(cloud, document)
        drawn.append([cloud.guest().id, cloud.guest().id, cloud.user().token])
    with claim("DM-CFG-04", "the same ids and tokens are drawn after each restore"):
        observe(drawn[0], drawn[1])
    with claim("DM-CFG-04", "the clock stands where it stood"):
        observe(cloud.control("GET", "/clock")["now"], NOON)
    with claim("DM-CFG-04", "no two of them are equal"):
        observe(len(set(drawn[0])), 3)
    with claim("DM-CFG-04", "the source of the world is where they were drawn to"):
        assert cloud.control("GET", "/snapshot")["random"]["drawn"] > document["random"]["drawn"]


@behaviour("AUTH-WORLD-01", "REST-HOST-02")
def test_nothing_leads_to_a_dropped_world_or_past_it(cloud: Cloud, beside: Opened) -> None:
    """After a drop neither prefix nor port answer, not even on a connection that was open; others go on."""
    ann = beside.by_port.user()
    with httpx.Client() as kept:
        me = f"{beside.by_port.api}/users/me"
        headers = {"Authorization": ann.authorization}
        with claim("REST-HOST-02", "the world answers by port and by prefix"):
            expect(kept.get(me, headers=headers).status_code, 200)
            expect(beside.by_prefix.call("GET", "/users/me", ann).status_code, 200)
        beside.drop()
        with (
            claim("AUTH-WORLD-01", "a connection that was open to its port leads nowhere"),
            pytest.raises(httpx.TransportError),
        ):
            kept.get(me, headers=headers)
    with claim("AUTH-WORLD-01", "its port leads nowhere"), pytest.raises(httpx.TransportError):
        httpx.get(me, headers=headers)
    with claim("AUTH-WORLD-01", "its prefix names no world"):
        answer = beside.by_prefix.call("GET", "/users/me", ann)
        observe((answer.status_code, answer.json()["code"]), (404, "world.not_found"))
    with claim("AUTH-WORLD-01", "the world of its neighbour goes on"):
        expect(cloud.call("GET", "/users/me", cloud.user()).status_code, 200)
    again = Opened(cloud, name=beside.name)
    with claim("AUTH-WORLD-01", "a new world of the same name does not know its people"):
        refused(again.by_prefix.call("GET", "/users/me", ann), 401, "auth.credential_invalid")
    with claim("REST-HOST-02", "the new world answers on its own port"):
        expect(again.by_port.call("GET", "/users/me", again.by_port.user()).status_code, 200)
    again.drop()


@behaviour("AUTH-WORLD-01")
def test_a_name_is_of_one_world(cloud: Cloud, beside: Opened) -> None:
    """A name that is taken is refused and the world of that name is not touched; another case is another name."""
    ann = beside.by_port.user()
    answer = cloud.http.post(f"{cloud.urls['control']}/worlds", json={"name": beside.name})
    with claim("AUTH-WORLD-01", "a second world of the same name is refused", about=[answer]):
        observe((answer.status_code, answer.json()["code"]), (409, "control.already_exists"))
    with claim("AUTH-WORLD-01", "the first one is as before"):
        expect(beside.by_prefix.call("GET", "/users/me", ann).status_code, 200)
    other = Opened(cloud, name=beside.name.upper())
    with claim("AUTH-WORLD-01", "a name in another case is that of another world"):
        refused(other.by_prefix.call("GET", "/users/me", ann), 401, "auth.credential_invalid")
    other.drop()


@behaviour("AUTH-WORLD-01")
def test_a_reset_concerns_one_world(cloud: Cloud, beside: Opened, sockets: Sockets) -> None:
    """A reset makes a world what its seed says, takes its plans and sockets away, and leaves its neighbour alone."""
    mine, theirs = cloud.jwt_user(), beside.by_port.jwt_user()
    chat = sockets.join(mine)
    query = {"token": theirs.token, "tokenType": "jwt", "EIO": "3", "transport": "websocket"}
    neighbour = sockets.at(address(beside.by_port.urls, query))
    neighbour.join()
    plan = {"match": {"surface": "rest"}, "action": {"status": 503}}
    for world in (cloud, beside.by_port):
        world.control("POST", "/companies", {"name": "Later", "domains": ["later.example"]})
        world.control("POST", "/faults", plan)
    cloud.control("POST", "/reset")
    with claim("AUTH-WORLD-01", "what was planned is gone"):
        observe(cloud.call("GET", "/users/me", cloud.user()).status_code, 200)
    with claim("AUTH-WORLD-01", "and so are credentials, and what was made after the seed"):
        refused(cloud.call("GET", "/users/me", mine), 401, "auth.credential_invalid")
        made = cloud.http.patch(f"{cloud.urls['control']}/companies/Later", json={})
        observe(made.status_code, 404)
    with claim("AUTH-WORLD-01", "its socket is sent away"):
        observe(chat.end()[0], [LEFT])
    with claim("AUTH-WORLD-01", "the neighbour keeps its plan and its company", allows=[503]):
        observe(beside.by_port.call("GET", "/users/me", theirs).status_code, 503)
        made = cloud.http.patch(f"{beside.by_port.urls['control']}/companies/Later", json={})
        observe(made.status_code, 200)
    with claim("AUTH-WORLD-01", "and its socket"):
        observe(neighbour.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("AUTH-WORLD-01")
def test_a_bad_seed_opens_no_world(cloud: Cloud) -> None:
    """A world whose seed is refused is not there, and its name is free."""
    before = names(cloud)
    seed = {"companies": [{"name": "Once"}], "users": [{"username": "twice@x.example"}] * 2}
    answer = cloud.http.post(f"{cloud.urls['control']}/worlds", json={"name": "half-made", "seed": seed})
    with claim("AUTH-WORLD-01", "the world is refused and not there", about=[answer]):
        observe((answer.status_code, names(cloud)), (409, before))
    opened = Opened(cloud, name="half-made", seed="empty")
    with claim("AUTH-WORLD-01", "a world of that name has nothing of the seed that was refused"):
        observe(opened.by_port.control("GET", "")["counts"]["companies"], 0)
    opened.drop()


@behaviour("DM-CFG-04")
def test_the_clock_is_moved_in_one_way_at_a_time(cloud: Cloud) -> None:
    """None or two of advance, freeze and resume, no time, and a time out of bounds move nothing."""
    cloud.freeze(NOON)
    url = f"{cloud.urls['control']}/clock"
    for what, body in (
        ("nothing", {}),
        ("two ways at once", {"advance": 5, "resume": True}),
        ("no time", {"freeze": "noon"}),
        ("a time before 1970", {"freeze": "1969-12-31T23:59:59.999Z"}),
        ("a step that leads before 1970", {"advance": -(2.0**31)}),
        ("a time after 3000", {"freeze": "3000-01-02T00:00:00.000Z"}),
    ):
        with claim("DM-CFG-04", f"{what}: refused, and the clock stands where it stood"):
            answer = cloud.http.post(url, json=body)
            observe((answer.status_code, answer.json()["code"]), (400, "request.invalid"))
            observe(cloud.control("GET", "/clock")["now"], NOON)
    with claim("DM-CFG-04", "the first moment of 1970 is a time"):
        cloud.freeze("1970-01-01T00:00:00.000Z")
        observe(cloud.control("GET", "/clock")["epoch"], 0)


@behaviour("DM-CFG-04", "ACC-UJWT-04")
def test_a_key_in_use_is_not_dropped(cloud: Cloud) -> None:
    """The key that signs stays; after a rotation the old one verifies until it is dropped, and then no more."""
    before = cloud.jwt_user()
    first = cloud.control("GET", "/signing-keys")["current"]
    url = f"{cloud.urls['control']}/signing-keys/{first}"
    with claim("ACC-UJWT-04", "the current key is not dropped"):
        answer = cloud.http.delete(url)
        assert answer.is_client_error, answer.text
        expect(cloud.call("GET", "/users/me", before).status_code, 200)
    cloud.control("POST", "/signing-keys", {})
    after = cloud.jwt_user("bob@example.com")
    with claim("ACC-UJWT-04", "after a rotation both verify"):
        observe([cloud.call("GET", "/users/me", one).status_code for one in (before, after)], [200, 200])
    cloud.http.delete(url)
    with claim("ACC-UJWT-04", "what a dropped key signed is refused, what the current one signed is not"):
        observe([cloud.call("GET", "/users/me", one).status_code for one in (before, after)], [401, 200])
    document = cloud.control("GET", "/snapshot")
    restore(cloud, document)
    with claim("DM-CFG-04", "a restore brings no dropped key back"):
        refused(cloud.call("GET", "/users/me", before), 401, "auth.credential_invalid")


@behaviour("AUTH-USER-05", "ACC-TOK-03")
def test_credentials_are_issued_one_by_one(cloud: Cloud) -> None:
    """Two tokens of one person live and die apart, and a disabled person gets them all back."""
    people = [cloud.user(), cloud.user(), cloud.jwt_user()]
    with claim("AUTH-USER-05", "each token is another one"):
        observe(len({one.token for one in people}), 3)

    def statuses() -> list[int]:
        return [cloud.call("GET", "/users/me", one).status_code for one in people]

    for enabled, status in ((False, 401), (True, 200)):
        cloud.control("PATCH", f"/users/{people[0].username}", {"enabled": enabled})
        with claim("AUTH-USER-05", f"with enabled {enabled} all answer {status}"):
            observe(statuses(), [status] * 3)
    body = {"username": people[0].username, "expires_in": 1}
    cloud.freeze(NOON)
    short = Person("", "", f"Bearer {cloud.control('POST', '/tokens', body)['token']}")
    with claim("ACC-TOK-03", "a token that was asked to be short is good in its second"):
        cloud.advance(0.999)
        observe(cloud.call("GET", "/users/me", short).status_code, 200)
    with claim("ACC-TOK-03", "and not a millisecond longer"):
        cloud.advance(0.001)
        refused(cloud.call("GET", "/users/me", short), 401, "auth.credential_expired")
