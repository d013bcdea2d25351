"""What happens when everybody does everything at once: operations that yield at every await."""

import asyncio

import pytest

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import drafts, meetings, messages
from mockspaces.cloud.spaces import registration, spaces
from mockspaces.cloud.store.entities import Message, Space, User
from mockspaces.contract import Contract, errors
from tests.yielding import Pause, in_turn

CONTRACT = Contract.shipped()
IDEA = drafts.Draft(category="idea", text="t", description="")


Room = tuple[World, Space, list[User]]


@pytest.fixture
async def room(pause: Pause) -> Room:
    """A world where every call yields inside of its transaction, and a space with people."""
    world = World("w", Origins("http://127.0.0.1"), contract=CONTRACT)
    world.clock.freeze()
    users = [await registration.create_user(world, f"u{number}@example.com") for number in range(4)]
    space = await spaces.create(world, users[0], "Room")
    for user in users[1:]:
        await spaces.add(world, space, user.id, "userId", "member", joined=True)
    world.open()
    return world, space, users


async def test_counts_and_times_survive_a_crowd(room: Room) -> None:
    """Comments that are written and deleted at the same time leave a right count, and no two times are equal."""
    world, space, users = room
    idea = await in_turn(world, messages.create(world, users[0], space, IDEA))
    comment = drafts.Draft(category="chat", text="c", parent_id=idea.id)

    async def write_and_delete(user: User) -> None:
        first = await in_turn(world, messages.create(world, user, space, comment))
        await in_turn(world, messages.create(world, user, space, comment))
        await in_turn(world, messages.delete(world, Caller(kind="user", person=user), [first.id]))

    await asyncio.gather(*(write_and_delete(user) for user in users))
    stored = await world.state.messages.page("space", space.id)
    assert (await messages.find(world, idea.id)).comments == len(users) == len(stored) - 1
    times = [one.created for one in await world.state.messages.all()]
    assert len(set(times)) == len(times) == 2 * len(users) + 1


async def test_one_of_two_equal_edits_is_too_late(room: Room) -> None:
    """Of several edits of the same state at once exactly one succeeds."""
    world, space, users = room
    idea = await in_turn(world, messages.create(world, users[0], space, IDEA))

    async def edit() -> Message:
        return await messages.edit(world, await messages.find(world, idea.id), stale)

    stale = drafts.EditBody(id=idea.id, modified=None)
    results = await asyncio.gather(*(in_turn(world, edit()) for _ in users), return_exceptions=True)
    refused = [one.code for one in results if isinstance(one, Rejection)]
    assert refused == [errors.MESSAGE_OUTDATED] * (len(users) - 1)


async def test_a_rush_makes_one_meeting(room: Room) -> None:
    """People who come and go all at once are in one meeting, and when the last is out it has ended."""
    world, space, users = room
    joined = await asyncio.gather(*(in_turn(world, meetings.join(world, space.id, user)) for user in users))
    assert len({message.id for message, _entry in joined}) == 1
    running = await meetings.active(world, space.id)
    assert running is not None
    assert {one.id for one in meetings.present(running)} == {user.id for user in users}
    await asyncio.gather(*(in_turn(world, meetings.leave(world, space.id, user.id)) for user in users))
    assert await meetings.active(world, space.id) is None
    assert len(await world.state.messages.page("category", (space.id, "meeting"))) == 1
