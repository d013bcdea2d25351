"""A world that is planted from a prepared seed is what planting step by step would have made of it."""

import asyncio
from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import chain
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.kernel.ids import Ids
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.state import ClockSetting
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.prepared import OFTEN, Planter, content, prepared
from mockspaces.cloud.worlds.seeds import AppSeed, ClientSeed, CompanySeed, Seed, SpaceSeed, UserSeed
from mockspaces.cloud.worlds.snapshots import ENTITIES
from mockspaces.contract import Contract
from mockspaces.contract.settings import Settings

CONTRACT, SETTINGS = Contract.shipped(), Settings()
DOMAINS = ("one.example", "two.example")
TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=8).filter(str.strip)


@st.composite
def documents(draw: st.DrawFn) -> Seed:
    """Return seeds of all kinds of entities, with ids, secrets and passwords of their own or without."""
    companies = [
        CompanySeed(name=f"{domain} {draw(TEXTS)}", domains=(domain,), service_domain=True)
        for domain in DOMAINS[: draw(st.integers(1, 2))]
    ]
    names = draw(st.lists(st.sampled_from("abcdef"), min_size=1, max_size=4, unique=True))
    users = [
        UserSeed(
            username=f"{name}@{draw(st.sampled_from(DOMAINS))}",
            password=draw(st.none() | st.just("a secret")),
            displayname=draw(st.just("") | TEXTS),
            licenses=draw(st.sampled_from([(), ("spaces_power",), ("spaces_power", "spaces_business")])),
            enabled=draw(st.booleans()),
        )
        for name in names
    ]
    clients = [
        ClientSeed(
            name=draw(TEXTS),
            redirect_uris=("https://app.example/callback",),
            client_id=draw(st.none() | st.just(f"client{number}")),
            client_secret=draw(st.none() | st.just("secret")),
            public=draw(st.booleans()),
        )
        for number in range(draw(st.integers(0, 2)))
    ]
    apps = [
        AppSeed(
            name=draw(TEXTS), company=DOMAINS[0], scopes=draw(st.sampled_from(["all", ()])), key=draw(st.booleans())
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    spaces = [
        SpaceSeed(
            title=draw(TEXTS),
            owner=users[0].username,
            members=tuple(seeds.MemberSeed(username=one.username, role="guest") for one in users[1:]),
            archived=draw(st.booleans()),
        )
        for _ in range(draw(st.integers(0, 2)))
    ]
    settings = draw(st.sampled_from([{}, {"rest.default_member_only": True}]))
    return Seed(
        settings=settings,
        companies=tuple(companies),
        users=tuple(users),
        oauth_clients=tuple(clients),
        service_apps=tuple(apps),
        spaces=tuple(spaces),
    )


def a_world(name: str, *, random_seed: str | None = "seed", frozen: float | None = 1_700_000_000.5) -> World:
    world = World(name, Origins(f"http://{name}"), contract=CONTRACT, settings=SETTINGS, random_seed=random_seed)
    world.state.clock.put(ClockSetting(frozen=frozen))
    return world


async def planted(seed: Seed, world: World) -> World:
    """Return a world that was planted step by step."""
    await seeds.apply(world, seed)
    return world


async def form_of(seed: Seed) -> Any:
    return await prepared(seed, CONTRACT, SETTINGS)


async def short(seed: Seed, world: World) -> World:
    """Return a world that was planted from the prepared form."""
    assert (await form_of(seed)).plant(world)
    return world


@given(seed=documents())
def test_both_ways_make_the_same_world(seed: Seed) -> None:
    """A seeded world at a moment is the same in every fact, collection and index, whichever way it was planted."""
    long, other = (asyncio.run(way(seed, a_world("w"))) for way in (planted, short))
    assert content(long.state) == content(other.state)
    indexes = ({name: getattr(one.state, name).content() for name in ENTITIES} for one in (long, other))
    assert next(indexes) == next(indexes)


def strings(thing: Any) -> Iterator[str]:
    """Yield all texts in something, however deep."""
    if isinstance(thing, str):
        yield thing
    elif isinstance(thing, Mapping):
        yield from chain.from_iterable(map(strings, chain.from_iterable(thing.items())))
    elif isinstance(thing, list | tuple):
        yield from chain.from_iterable(map(strings, thing))


def told(world: World) -> set[str]:
    """Return all texts of the entities of a world but those of keys, of which there is a pool."""
    entities = {name: getattr(world.state, name).every() for name in ENTITIES}
    return {one for one in strings(msgspec.to_builtins(entities, str_keys=True)) if "PRIVATE KEY" not in one}


async def test_two_worlds_share_nothing_that_is_drawn() -> None:
    """What two demo worlds have in common are the words of the seed, planted from one form or step by step."""
    seed = seeds.bundled("demo")
    form = await form_of(seed)
    one, other = (a_world(name, random_seed=None, frozen=None) for name in "ab")
    assert form.plant(one)
    assert form.plant(other)
    steps = [await planted(seed, a_world(name, random_seed=None, frozen=None)) for name in "ab"]
    common = told(one) & told(other)
    assert common == told(steps[0]) & told(steps[1])
    assert not common & {user.id for user in one.state.users.every()}
    assert len(told(one)) == len(told(steps[0]))


async def test_what_is_drawn_twice_is_drawn_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    """Conference numbers stay unique if the source of ids repeats one; a seeded world is as if nothing was tried."""
    seed, drawn = seeds.bundled("demo"), Ids.digits
    form = await form_of(seed)

    def repeated(ids: Ids, count: int) -> str:
        number = drawn(ids, count)
        return "9" * count if number[-1] in "01234" else number

    monkeypatch.setattr(Ids, "digits", repeated)
    world, long = a_world("w"), await planted(seed, a_world("w"))
    before = content(world.state)
    assert not form.plant(world)
    assert content(world.state) == before
    planter = Planter(CONTRACT, SETTINGS)
    for one in (*(a_world("v") for _ in range(OFTEN)), world):
        await planter.plant(one, seed)
    assert content(world.state) == content(long.state)


async def test_a_key_of_its_own_is_made_for_each_world() -> None:
    """A seed that asks for a fresh key has no prepared form, and each of its worlds gets another key."""
    seed = Seed(companies=(CompanySeed(name="One"),), service_apps=(AppSeed(company="One", fresh_key=True),))
    assert await form_of(seed) is None
    planter, worlds = Planter(CONTRACT, SETTINGS), [a_world(str(number)) for number in range(OFTEN + 2)]
    for world in worlds:
        await planter.plant(world, seed)
    assert len({world.state.app_keys.every()[0].material for world in worlds}) == len(worlds)


async def test_a_refused_seed_is_refused_each_time() -> None:
    """A seed that cannot be is refused by the place of its mistake, however often it is tried."""
    seed, planter = Seed(users=(UserSeed(username="nobody"),)), Planter(CONTRACT, SETTINGS)
    for number in range(OFTEN + 2):
        with pytest.raises(Rejection) as refused:
            await planter.plant(a_world(str(number)), seed)
        assert refused.value.why == "users[0].username: expected an e-mail address"


async def test_a_seed_that_is_planted_often_is_prepared(monkeypatch: pytest.MonkeyPatch) -> None:
    """The steps are taken for so many worlds and for two samples, and for none after that; another seed counts anew."""
    steps = Counter[str]()
    apply = seeds.apply

    async def counted(world: World, seed: Seed) -> None:
        steps["demo" if seed.users else "empty"] += 1
        await apply(world, seed)

    monkeypatch.setattr(seeds, "apply", counted)
    planter = Planter(CONTRACT, SETTINGS)
    for number in range(2 * OFTEN):
        await planter.plant(a_world(str(number)), seeds.bundled("demo"))
        if number % 2:
            await planter.plant(a_world(str(number)), seeds.bundled("empty"))
    assert steps == {"demo": OFTEN + 2, "empty": OFTEN}
