"""The end of things: a space is deleted, a user is deleted (SPACES-DELETE, USERS-BULK-11)."""

from mockspaces.cloud.kernel.events import AccessEnded, ChannelClosed, TopicUpdated
from mockspaces.cloud.kernel.slices import pause
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.spaces import roster
from mockspaces.cloud.store.entities import Person, Space, User, replace


async def delete_space(world: World, by: Person, space: Space) -> Space:
    """Delete a space with all that hangs on it, announced before (SPACES-DELETE-02, -03).

    Who was in it is remembered: people who were once together stay acquainted.
    """
    meeting = await meetings.active(world, space.id)
    if meeting is not None:
        await meetings.close(world, space, meeting)
    deleted = replace(space, status="deleted")
    await world.state.spaces.delete(space.id)
    await world.publish(TopicUpdated(space=deleted, by=by))
    await world.publish(ChannelClosed(space=deleted))
    state = world.state
    await state.message_times.delete(space.id)
    for number, member in enumerate(await state.members.page("space", space.id)):
        await pause(number)
        await state.members.delete(member.id)
    for number, invite in enumerate(await state.invites.page("space", space.id)):
        await pause(number)
        await state.invites.delete(invite.id)
    for number, message in enumerate(await state.messages.page("changed", space.id)):
        await pause(number)
        await state.messages.delete(message.id)
    for number, record in enumerate(await state.user_spaces.page("space", space.id)):
        await pause(number)
        await state.user_spaces.put(replace(record, deleted=True, gone=True))
    return deleted


async def delete_user(world: World, user: User) -> None:
    """Delete a user: their credentials and sockets die, their memberships end, their spaces stay (USERS-BULK-11)."""
    await world.state.users.delete(user.id)
    await world.publish(AccessEnded(person_id=user.id))
    for member in await world.state.members.page("person", user.id):
        space = await world.state.spaces.get(member.space_id)
        if space is not None:
            await roster.take_out(world, space, member)
            await world.publish(ChannelClosed(space=space, person_id=user.id))
    for record in await world.state.user_spaces.page("person", user.id):
        await world.state.user_spaces.delete(record.id)
