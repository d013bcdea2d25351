"""What happens between two awaits: every access to the state lets others run first, in an order that is drawn."""

import asyncio
from collections import Counter
from collections.abc import Coroutine, Sequence
from typing import Any

import pytest

from mockspaces.cloud.identity import apps, tokens
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import access, invites, registration, spaces
from mockspaces.cloud.store.entities import Invitee, Space, User, replace
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.worlds import Hosted, Listeners, Worlds
from mockspaces.contract import Contract, errors
from tests.yielding import Pause, Result, in_turn, together

AT_ONCE = 8


@pytest.fixture
async def world(pause: Pause) -> World:
    """A demo world where every call yields inside of its transaction."""
    made = World("world", Origins("http://127.0.0.1"), contract=Contract.shipped())
    await seeds.apply(made, seeds.bundled("demo"))
    made.open()
    return made


async def at_once(world: World, calls: Sequence[Coroutine[Any, Any, Result]]) -> tuple[list[Result], list[str]]:
    """Run calls at once, each in a transaction; return what succeeded and the codes of what was refused."""
    return await together([in_turn(world, call) for call in calls])


async def user(world: World, address: str) -> User:
    found = await people.by_email(world, address)
    assert found
    return found


async def open_space(world: World) -> Space:
    async with world.transactions:
        space = await spaces.create(world, await user(world, "ann@example.com"), "Room")
        return await world.state.spaces.put(replace(space, settings={**space.settings, "memberOnly": False}))


@pytest.mark.behaviour("DM-USER-02", "PERM-PERS-01")
async def test_an_address_is_taken_once(world: World) -> None:
    """Of several users with one address at the same moment one is made, with one personal room."""
    rooms = len(world.state.spaces)
    made, codes = await at_once(world, [registration.create_user(world, "zoe@example.com") for _ in range(AT_ONCE)])
    assert (len(made), codes) == (1, [errors.ALREADY_EXISTS] * (AT_ONCE - 1))
    assert len(world.state.spaces) == rooms + 1
    assert (await user(world, "zoe@example.com")).room_id == made[0].room_id


@pytest.mark.behaviour("DM-USER-02")
async def test_an_additional_address_is_taken_once(world: World) -> None:
    """One user's additional address cannot be another one's primary address."""
    wanted = [
        registration.create_user(world, f"zoe{n}@example.com", other_emails=("zoe@example.com",)) for n in range(3)
    ]
    made, _codes = await at_once(world, [*wanted, registration.create_user(world, "zoe@example.com")])
    assert len(made) == 1


async def test_a_client_id_is_taken_once(world: World) -> None:
    """Of several OAuth clients with one id at the same moment one is made."""
    calls = [apps.create_client(world, str(n), (), client_id="0123456789") for n in range(AT_ONCE)]
    made, codes = await at_once(world, calls)
    assert (len(made), set(codes)) == (1, {errors.ALREADY_EXISTS})
    assert await world.state.clients.get("0123456789") == made[0]


async def test_an_app_id_is_taken_once(world: World) -> None:
    """Of several service apps with one id at the same moment one is made, with one service account."""
    company = await seeds.find_company(world, "Example")
    before = len(world.state.users)
    calls = [apps.create_service_app(world, str(n), company, (), app_id="0123456789") for n in range(AT_ONCE)]
    made, codes = await at_once(world, calls)
    assert (len(made), set(codes)) == (1, {errors.ALREADY_EXISTS})
    assert len(world.state.users) == before + 1


@pytest.mark.behaviour("DM-APP-04")
async def test_refused_app_leaves_no_account(world: World) -> None:
    """A service app with an unknown scope leaves nothing behind."""
    company = await seeds.find_company(world, "Example")
    before = len(world.state.users)
    with pytest.raises(Rejection, match="no scope"):
        await in_turn(world, apps.create_service_app(world, "Bot", company, ("spaces.craete",)))
    assert len(world.state.users) == before


async def test_a_domain_is_taken_once(world: World) -> None:
    """Of several companies with one domain at the same moment one is made."""
    made, codes = await at_once(world, [people.create_company(world, str(n), ("zoo.example",)) for n in range(AT_ONCE)])
    assert (len(made), set(codes)) == (1, {errors.ALREADY_EXISTS})


@pytest.mark.behaviour("ACC-UJWT-06")
async def test_two_grants_never_get_the_same_user_jwt(world: World) -> None:
    """User JWTs of several grants in one second differ in their text, so each lives and dies with its own grant."""
    ann, client = await user(world, "ann@example.com"), (await world.state.clients.all())[0]
    async with world.transactions:
        world.clock.freeze(1_927_857_906)
        grants = [await tokens.create_grant(world, client, ann, ("spaces",)) for _ in range(4)]
    issued, _codes = await at_once(world, [tokens.user_jwt(world, ann, grant=grant) for grant in grants])
    assert len({one.signing_input for one in issued}) == len(grants)


@pytest.mark.behaviour("SPACES-JOIN-03", "DM-USP-01")
async def test_one_person_joins_once(world: World) -> None:
    """A stranger who joins several times at once has one entry in the roster and one record of the space."""
    space = await open_space(world)
    caller = Caller(kind="user", person=await user(world, "rita@rival.example"))

    async def join() -> access.Standing:
        return await spaces.join(world, caller, await access.standing(world, caller, space))

    joined, codes = await at_once(world, [join() for _ in range(AT_ONCE)])
    assert (len(joined), codes) == (AT_ONCE, [])
    assert {found.role for found in joined} == {"guest"}
    roster = await world.state.members.page("space", space.id)
    assert Counter(entry.person for entry in roster)[caller.id] == 1
    assert await world.state.user_spaces.count("pair", (space.id, caller.id)) == 1


@pytest.mark.behaviour("SPACES-JOIN-03")
async def test_everybody_who_joins_is_in(world: World) -> None:
    """Of many people who join at once nobody is lost."""
    space = await open_space(world)
    async with world.transactions:
        guests = [await people.create_anonymous(world, "", f"Guest {n}", "") for n in range(AT_ONCE)]

    async def join(caller: Caller) -> access.Standing:
        return await spaces.join(world, caller, access.Standing(space))

    await at_once(world, [join(Caller(kind="anon", person=guest)) for guest in guests])
    roster = {entry.person for entry in await world.state.members.page("space", space.id)}
    assert roster == {space.owner_id, *(guest.id for guest in guests)}


@pytest.mark.behaviour("SPACES-INVITE-05")
async def test_an_invited_address_becomes_its_user(world: World) -> None:
    """Whoever is invited by e-mail and registers at the same moment is in the space as himself, once."""
    space = await open_space(world)
    invitee = Invitee(type="email", invitee="zoe@example.com", role="member")

    async def invite() -> None:
        await invites.admit(world, space, invitee, await people.by_email(world, "zoe@example.com"))

    await at_once(world, [invite(), registration.create_user(world, "zoe@example.com"), invite()])
    zoe = await user(world, "zoe@example.com")
    roster = [entry.person for entry in await world.state.members.page("space", space.id)]
    assert sorted(roster) == sorted([space.owner_id, zoe.id])


# --- worlds


class CountedListeners(Listeners):
    """Gives out ports and tells which are open; like a real server it cannot close one twice."""

    def __init__(self, pause: Pause) -> None:
        self._pause = pause
        self._last = 1000
        self.ports = set[int]()

    async def open(self) -> int | None:
        await self._pause()
        self._last += 1
        port = self._last
        self.ports.add(port)
        await self._pause()
        return port

    async def close(self, port: int) -> None:
        await self._pause()
        self.ports.remove(port)


@pytest.fixture
def worlds(pause: Pause) -> Worlds:
    made = Worlds("http://127.0.0.1", max_worlds=AT_ONCE)
    made.listeners = CountedListeners(pause)
    made.on_leave.append(lambda _world: pause)
    return made


def open_ports(worlds: Worlds) -> set[int]:
    assert isinstance(worlds.listeners, CountedListeners)
    return worlds.listeners.ports


def kept_ports(worlds: Worlds) -> set[int]:
    return {hosted.port for hosted in worlds if hosted.port is not None}


DEMO, EMPTY = seeds.bundled("demo"), seeds.bundled("empty")


async def test_a_world_is_opened_once(worlds: Worlds) -> None:
    """Of several worlds with one name at the same moment one is opened, and no port is left over."""
    opened, codes = await together([worlds.open("name", DEMO) for _ in range(4)])
    assert (len(opened), codes) == (1, [errors.ALREADY_EXISTS] * 3)
    assert open_ports(worlds) == kept_ports(worlds) == {opened[0].port}


async def test_unnamed_worlds_avoid_names_that_are_taken(worlds: Worlds) -> None:
    """A world without a name is never refused for the name that somebody else chose."""
    calls = [worlds.open("w2", EMPTY), worlds.open("w1", EMPTY), worlds.open(None, EMPTY), worlds.open(None, EMPTY)]
    opened, codes = await together(calls)
    assert (len(opened), codes) == (4, [])


async def test_worlds_are_never_more_than_allowed(worlds: Worlds) -> None:
    """However many are opened at once, the bound holds, and each of them has a port of its own."""
    opened, codes = await together([worlds.open(None, DEMO) for _ in range(AT_ONCE + 3)])
    assert (len(opened), codes) == (AT_ONCE, [errors.WORLDS_EXHAUSTED] * 3)
    assert len(kept_ports(worlds)) == AT_ONCE


async def test_a_world_is_dropped_once(worlds: Worlds) -> None:
    """Of several calls that drop one world one succeeds, and its port is closed once."""
    hosted = await worlds.open("name", DEMO)
    done, codes = await together([worlds.drop("name") for _ in range(4)])
    assert (len(done), codes) == (1, [errors.WORLD_NOT_FOUND] * 3)
    assert open_ports(worlds) == set()
    assert hosted.port not in worlds._by_port


async def test_a_world_dropped_while_it_opens_leaves_nothing(worlds: Worlds) -> None:
    """Opening and dropping one name over and over leaves as many ports as worlds."""

    async def opened() -> Hosted:
        return await worlds.open("name", DEMO)

    async def dropped() -> None:
        await asyncio.sleep(0)
        await worlds.drop("name")

    calls: list[Coroutine[Any, Any, Hosted | None]] = [opened(), dropped(), opened(), dropped(), opened(), dropped()]
    await together(calls)
    assert open_ports(worlds) == kept_ports(worlds) == set(worlds._by_port)


async def test_idle_worlds_are_swept_by_several_at_once(worlds: Worlds) -> None:
    """Sweeps that meet do not trip over worlds that another one has just dropped."""
    for _ in range(3):
        await worlds.open(None, EMPTY)
    for hosted in worlds:
        hosted.ttl = -1
    done, codes = await together([worlds.sweep() for _ in range(4)])
    assert (len(done), codes, len(worlds)) == (4, [], 0)
    assert open_ports(worlds) == set()


async def test_resets_at_once_plant_once(worlds: Worlds) -> None:
    """Several resets of a world leave it as one does."""
    hosted = await worlds.open("name", DEMO)
    before = len(hosted.world.state.users)
    done, codes = await together([worlds.reset(hosted) for _ in range(4)])
    assert (len(done), codes) == (4, [])
    assert len(hosted.world.state.users) == before


async def test_world_that_cannot_be_planted_leaves_nothing(worlds: Worlds) -> None:
    """A bad seed leaves neither a name nor a port."""
    bad = Seed(spaces=(seeds.SpaceSeed(title="Room", owner="nobody@example.com"),))
    opened, codes = await together([worlds.open("name", bad)])
    assert (opened, codes) == ([], [errors.USER_NOT_FOUND])
    assert (len(worlds), open_ports(worlds), worlds._by_port) == (0, set(), {})
