"""Interleavings: every look into the state yields to the other requests, in an order drawn from a seed."""

import asyncio
from typing import Any

import httpx
import pytest

from mockspaces.app import App, create_app
from mockspaces.cloud.identity import tokens
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import bulk
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import registration
from mockspaces.config import Config
from tests.yielding import Pause, in_turn, together


class Cloud:
    """A world whose state yields at every look-up, and people who call it."""

    def __init__(self, app: App, world: World) -> None:
        self.world = world
        self._http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://mock/api")

    async def call(self, method: str, path: str, who: str, **content: Any) -> httpx.Response:
        return await self._http.request(method, path, headers={"Authorization": f"Bearer {who}"}, **content)

    async def token(self, username: str) -> str:
        async with self.world.transactions:
            user = await people.by_email(self.world, username) or await registration.create_user(self.world, username)
            client = (await self.world.state.clients.all())[0]
            grant = await tokens.create_grant(self.world, client, user, ("spaces",))
            return (await tokens.access_token(self.world, grant)).id

    async def space(self, who: str, *admins: str) -> str:
        invitees = [{"invitee": one, "role": "admin"} for one in admins]
        body = {"topic": {"title": "Room"}, "invitees": invitees}
        made: str = (await self.call("POST", "/spaces/invite", who, json=body)).json()["data"][0]["topicId"]
        return made

    async def user_id(self, who: str) -> str:
        found: str = (await self.call("GET", "/users/me", who)).json()["_id"]
        return found

    async def roster(self, space: str) -> dict[str, str]:
        return {one.person: one.role for one in await self.world.state.members.page("space", space)}


@pytest.fixture
async def cloud(pause: Pause) -> Cloud:
    """A demo world whose calls yield inside of their transactions."""
    app = create_app(Config(port=0))
    await app.start()
    return Cloud(app, app.worlds.named("default").world)


@pytest.mark.behaviour("SPACES-KICK-04", "SPACES-ROLE-06")
@pytest.mark.parametrize("way", ["remove", "leave", "demote"])
async def test_a_space_keeps_an_admin(cloud: Cloud, way: str) -> None:
    """Two admins who remove each other, leave, or step down at once leave one admin behind."""
    ann, bob = await cloud.token("ann@example.com"), await cloud.token("bob@example.com")
    space = await cloud.space(ann, "bob@example.com")
    ids = {who: await cloud.user_id(who) for who in (ann, bob)}
    other = {ann: bob, bob: ann} if way == "remove" else {ann: ann, bob: bob}
    content: dict[str, Any] = {"json": {"role": "member"}} if way == "demote" else {}
    answers = await asyncio.gather(
        *(
            cloud.call(
                "POST" if way == "demote" else "DELETE",
                f"/spaces/{space}/attendees/userId/{ids[other[who]]}",
                who,
                **content,
            )
            for who in (ann, bob)
        )
    )
    assert sorted(answer.status_code for answer in answers) == [200, 403]
    assert list((await cloud.roster(space)).values()).count("admin") == 1


@pytest.mark.behaviour("SPACES-DIRECT-02")
async def test_two_partners_make_one_direct_space(cloud: Cloud) -> None:
    """Both partners asking at once get the same space."""
    ann, bob = await cloud.token("ann@example.com"), await cloud.token("bob@example.com")
    ids = {who: await cloud.user_id(who) for who in (ann, bob)}
    answers = await asyncio.gather(
        *(cloud.call("GET", f"/spaces/direct/user/{ids[whom]}", who) for who, whom in ((ann, bob), (bob, ann)) * 2)
    )
    assert len({answer.json()["data"][0]["_id"] for answer in answers}) == 1


@pytest.mark.behaviour("SPACES-DELETE-02")
async def test_nothing_is_left_of_a_deleted_space(cloud: Cloud) -> None:
    """Whatever is done to a space while it is deleted, nobody and nothing stays in it."""
    ann, bob = await cloud.token("ann@example.com"), await cloud.token("bob@example.com")
    space = await cloud.space(ann, "bob@example.com")
    cleo = await cloud.user_id(await cloud.token("cleo@example.com"))
    answers = await asyncio.gather(
        cloud.call("GET", f"/spaces/{space}/join", bob),
        cloud.call("POST", f"/spaces/{space}/invite", bob, json={"invitees": [{"invitee": "x@y.z"}]}),
        cloud.call("POST", f"/spaces/{space}/chats", bob, json={"content": {"bodyText": "hi"}}),
        cloud.call("DELETE", f"/spaces/{space}", ann),
        cloud.call("POST", f"/spaces/{space}/attendees/userId/{cleo}", bob, json={"role": "member"}),
        cloud.call("POST", f"/users/me/spaces/{space}/markread", bob, json={}),
        cloud.call("POST", f"/spaces/{space}", ann, json={"title": "late"}),
    )
    assert {answer.status_code for answer in answers} <= {200, 404}
    state = cloud.world.state
    assert await state.spaces.get(space) is None
    assert await state.members.count("space", space) == 0
    assert await state.invites.count("space", space) == 0
    assert await state.messages.count("changed", space) == 0
    assert {record.gone for record in await state.user_spaces.page("space", space)} == {True}


@pytest.mark.behaviour("SPACES-UPDATE-02")
async def test_no_update_is_lost(cloud: Cloud) -> None:
    """Updates of different members at once are all there afterwards."""
    ann = await cloud.token("ann@example.com")
    space = await cloud.space(ann)
    await asyncio.gather(
        *(cloud.call("POST", f"/spaces/{space}", ann, json={"settings": {f"x{n}": n}}) for n in range(5)),
        cloud.call("POST", f"/spaces/{space}", ann, json={"title": "new"}),
        cloud.call("POST", f"/spaces/{space}/invite", ann, json={"invitees": [{"invitee": "x@y.z"}]}),
    )
    shown = (await cloud.call("GET", f"/spaces/{space}", ann)).json()
    assert (shown["title"], [shown["settings"][f"x{n}"] for n in range(5)]) == ("new", list(range(5)))


@pytest.mark.behaviour("SPACES-INVITE-05")
async def test_an_invitee_who_registers_meanwhile_is_in(cloud: Cloud) -> None:
    """Whether he registers before, while or after he is invited, the roster has the user and not his address."""
    ann = await cloud.token("ann@example.com")
    space = await cloud.space(ann)
    body = {"invitees": [{"invitee": "new@example.com"}]}
    _answer, user = await asyncio.gather(
        cloud.call("POST", f"/spaces/{space}/invite", ann, json=body),
        in_turn(cloud.world, registration.create_user(cloud.world, "new@example.com")),
    )
    assert (await cloud.roster(space)).get(user.id) == "member"
    assert "new@example.com" not in await cloud.roster(space)


@pytest.mark.behaviour("SPACES-JOIN-03")
async def test_a_person_joins_once(cloud: Cloud) -> None:
    """Several joins of one person at once make one guest and one record."""
    ann, rita = await cloud.token("ann@example.com"), await cloud.token("rita@rival.example")
    space = await cloud.space(ann)
    await cloud.call("POST", f"/spaces/{space}", ann, json={"settings": {"memberOnly": False}})
    answers = await asyncio.gather(*(cloud.call("GET", f"/spaces/{space}/join", rita) for _ in range(3)))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert await cloud.world.state.members.count("space", space) == 2
    assert await cloud.world.state.user_spaces.count("space", space) == 2


@pytest.mark.behaviour("USERS-BULK-09")
async def test_one_address_makes_one_user(cloud: Cloud) -> None:
    """Two bulk updates that create the same user at once: one succeeds, the other says that he exists."""
    app = (await cloud.world.state.apps.all())[0]
    company = await cloud.world.state.companies.get(app.company_id)
    assert company is not None
    creation = bulk.Operation(action="create", email="new@example.com", password="secret")
    done, codes = await together([in_turn(cloud.world, bulk.run(cloud.world, company, creation)) for _ in range(2)])
    assert (len(done), codes) == (1, ["user.already_exists"])
