"""Long answers and whatever else grows leave turns to others."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from mockspaces.cloud.kernel import slices
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import removal
from mockspaces.cloud.people import people
from mockspaces.cloud.worlds import seeds, snapshots
from mockspaces.cloud.worlds.seeds import MemberSeed, Seed, SpaceSeed, UserSeed
from mockspaces.contract import Contract
from mockspaces.control.slices import SLICE, encoded, in_slices

PEOPLE = 4 * slices.SLICE


async def test_others_have_their_turn_between_slices() -> None:
    """Whatever else runs in the loop has a turn after each slice, and the order of things stays."""
    turns: list[int] = []
    rendered: list[int] = []

    async def other() -> None:
        while True:
            turns.append(len(rendered))
            await asyncio.sleep(0)

    def render(number: int) -> int:
        rendered.append(number)
        return -number

    task = asyncio.create_task(other())
    assert await in_slices(range(3 * SLICE), render) == [-number for number in range(3 * SLICE)]
    task.cancel()
    assert turns == [SLICE, 2 * SLICE, 3 * SLICE]


def test_part_is_json_already() -> None:
    """A part that is put into an answer later is the JSON that it would have been."""
    assert bytes(encoded({"a": [1]})) == b'{"a":[1]}'


Work = Callable[[], Awaitable[object]]


async def turns_during(work: Work) -> int:
    """Return how often others had their turn during some work."""
    turns = 0

    async def other() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    await work()
    task.cancel()
    return turns


def new_world() -> World:
    return World("w", Origins("http://localhost:8080"), contract=Contract.shipped())


async def seeded(people: int) -> World:
    """Return a world with a space of many people."""
    emails = [f"u{number}@example.com" for number in range(people)]
    space = SpaceSeed(title="Crowd", owner=emails[0], members=tuple(MemberSeed(username=one) for one in emails[1:]))
    world = new_world()
    await seeds.apply(world, Seed(users=tuple(UserSeed(username=one) for one in emails), spaces=(space,)))
    return world


@pytest.mark.parametrize("people", [PEOPLE, 2 * PEOPLE])
async def test_a_seed_is_planted_in_slices(people: int) -> None:
    """Others have their turn for each slice of people, and for each of members, of whom the owner is none."""
    least = 2 * (people // slices.SLICE) - 1
    assert await turns_during(lambda: seeded(people)) >= least


async def test_a_large_space_is_deleted_in_slices() -> None:
    """Others have their turn while members and records go."""
    world = await seeded(PEOPLE)
    space = next(one for one in await world.state.spaces.all() if one.type == "group")
    owner = await people.get_person(world, (await world.state.users.all())[0].id)
    assert owner
    assert await turns_during(lambda: removal.delete_space(world, owner, space)) >= 2 * (PEOPLE // slices.SLICE)
    assert not await world.state.members.count("space", space.id)


async def test_a_snapshot_is_written_and_taken_up_in_slices() -> None:
    """Others have their turn while people, spaces, members and records are encoded, and while they are stored."""
    world = await seeded(PEOPLE)
    snapshot = await snapshots.take(world)
    least = 4 * (PEOPLE // slices.SLICE)
    assert await turns_during(lambda: snapshots.written(snapshot)) >= least
    assert await turns_during(lambda: snapshots.prepare(new_world(), snapshot)) >= least
