"""The replicas that follow the worlds of the contract suite: they notice what is changed past the doors."""

from collections.abc import Callable

import pytest

from mockspaces.cloud.identity import apps
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import drafts, messages
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import registration, spaces
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.entities import User, replace
from mockspaces.cloud.store.run import Action, Connection, Fault, Match
from mockspaces.cloud.worlds import seeds, snapshots
from mockspaces.cloud.worlds.worlds import Hosted, Listeners, Worlds
from tests.replicas import Replicas

DEMO = seeds.bundled("demo")


async def user(world: World, address: str = "ann@example.com") -> User:
    found = await people.by_email(world, address)
    assert found
    return found


async def live(hosted: Hosted) -> None:
    """Do a little of everything in a world, also what fails."""
    world = hosted.world
    async with world.transactions:
        space = await spaces.create(world, await user(world), "Room")
        draft = drafts.Draft(category="chat", text="hi", description="")
        sent = await messages.create(world, await user(world), space, draft)
        world.presence.connect(Connection(id="c1", person_id="ann"))
        world.presence.subscribe("c1", space.id)
        world.faults.plan(Fault(id="f", match=Match(), action=Action(status=503)))
    async with world.transactions:
        world.clock.advance(5)
        await messages.delete(world, Caller(kind="user", person=await user(world)), [sent.id])
        world.presence.disconnect("c1")
        await world.state.users.put(replace(await user(world), displayname="Zoe"))
        await registration.create_user(world, f"new{len(world.state.users)}@example.com")
    with pytest.raises(RuntimeError):
        await fail(world)


async def fail(world: World) -> None:
    async with world.transactions:
        await apps.create_client(world, "Client", ())
        await world.state.users.delete((await user(world)).id)
        raise RuntimeError


@pytest.fixture
def worlds() -> Worlds:
    return Worlds("http://127.0.0.1", random_seed="seed")


async def test_changes_tell_the_whole_truth(worlds: Worlds) -> None:
    """After drop, reset and restore the replica of each state was equal, what belongs to a run included."""
    replicas = Replicas(worlds)
    hosted = await worlds.open("w", DEMO)
    await live(hosted)
    await worlds.reset(hosted)
    await live(hosted)
    await worlds.restore(hosted, await snapshots.take(hosted.world))
    await live(hosted)
    replicas.compare_all()
    await worlds.drop("w")
    assert (replicas.compared, replicas.differences) == (4, [])


def behind(collection: Collection[User]) -> User:
    return next(iter(collection._entities.values()))


def changed(world: World) -> None:
    """Replace an entity without a word."""
    one = behind(world.state.users)
    world.state.users._entities[one.id] = replace(one, displayname="somebody else")


def lost(world: World) -> None:
    """Lose an entity without a word."""
    del world.state.users._entities[behind(world.state.users).id]


def reordered(world: World) -> None:
    """Put an entity to the end of the order of creation."""
    entities = world.state.users._entities
    one = behind(world.state.users)
    entities[one.id] = entities.pop(one.id)


def unindexed(world: World) -> None:
    """Forget to keep an index in step."""
    world.state.users._indexes["address"].replace(behind(world.state.users), None)


def counted(world: World) -> None:
    """Change a fact without a word."""
    world.state.activities.value += 1


def unlogged(world: World) -> None:
    """Store an entity without telling the log."""
    one = replace(behind(world.state.users), displayname="somebody else")
    log, world.state.users._log = world.state.users._log, type(world.state.log)(private=True)
    world.state.users.store(one)
    world.state.users._log = log


@pytest.mark.parametrize("mistake", [changed, lost, reordered, unindexed, counted, unlogged])
async def test_what_is_changed_past_the_doors_is_noticed(worlds: Worlds, mistake: Callable[[World], None]) -> None:
    """Whatever is done to a store without `put` and `delete`, the replica differs in that store and in no other."""
    replicas = Replicas(worlds)
    hosted = await worlds.open("w", DEMO)
    async with hosted.world.transactions:
        mistake(hosted.world)
    await worlds.drop("w")
    name = "activities" if mistake is counted else "users"
    assert replicas.differences == [f"{name} of the world w"]


async def test_an_open_world_is_seeded_before_anybody_calls(worlds: Worlds) -> None:
    """Who finds a new world waits until it is seeded, also while it gets its port."""
    found: list[Hosted] = []

    class Asking(Listeners):
        async def open(self) -> int | None:
            hosted = worlds.named("w")
            assert hosted.world.transactions.inside
            found.append(hosted)
            return None

    worlds.listeners = Asking()
    hosted = await worlds.open("w", DEMO)
    assert found == [hosted]
