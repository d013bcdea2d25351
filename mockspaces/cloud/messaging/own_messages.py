"""What a person finds of messages across all their spaces (USERS-MSGS, -ATT, -TASKS, -IDEAS)."""

from collections.abc import Sequence

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import messages
from mockspaces.cloud.spaces.access import Standing, check_stranger, find_space, standing
from mockspaces.cloud.store.entities import Category, Message, member_id
from mockspaces.cloud.store.listing import Indexed, Listing, Merged
from mockspaces.cloud.store.state import Facet
from mockspaces.contract.rows import Role
from mockspaces.contract.spaces import TaskStatus

# Where messages with files are found: a chat alone, as a comment on a post or on a task; a post; a task.
_WITH_FILES: tuple[tuple[Category, Category | None], ...] = (
    ("chat", None),
    ("chat", "idea"),
    ("chat", "task"),
    ("idea", None),
    ("task", None),
)


async def readable(world: World, caller: Caller, space_ids: Sequence[str]) -> list[Standing]:
    """Return where the caller stands in each space. Refuses the first unknown, then the first unreadable one."""
    spaces = [await find_space(world, space_id) for space_id in dict.fromkeys(space_ids)]
    found = [await standing(world, caller, space) for space in spaces]
    for one in found:
        check_stranger(one, admits=False)
    return found


async def standings(world: World, person_id: str, roles: Sequence[Role]) -> list[Standing]:
    """Return the spaces where a person has one of the roles."""
    found = []
    for member in await world.state.members.page("person", person_id):
        space = await world.state.spaces.get(member.space_id)
        if space is not None and member.role in roles:
            found.append(Standing(space, member))
    return found


def changed(world: World, places: Sequence[Standing], after: int | None, *, deleted: bool) -> Listing[Message]:
    """Return the messages of some spaces by their last change, newest first (USERS-MSGS-01, -02)."""
    return Merged([_changed(world, place, after, deleted=deleted) for place in places], descending=True)


def _changed(world: World, place: Standing, after: int | None, *, deleted: bool) -> Listing[Message]:
    horizon = messages.horizon(world, place)

    def shown(message: Message) -> bool:
        return message.category != "meeting" and (deleted or not message.deleted) and message.created >= horizon

    async def keep(found: Sequence[Message]) -> Sequence[Message]:
        return [message for message in found if shown(message)]

    floor = None if after is None else (after + 1,)
    return Indexed(world.state.messages, "changed", place.space.id, descending=True, floor=floor, keep=keep)


async def with_files(world: World, person_id: str) -> Listing[Message]:
    """Return the messages with attachments in a person's spaces, newest first (USERS-ATT-02)."""
    lists: list[Listing[Message]] = []
    for place in await standings(world, person_id, ("admin", "member", "guest")):
        for category, parent in _WITH_FILES:
            facet: Facet = (place.space.id, category, parent, True)
            if await world.state.messages.count("facet", facet):
                lists.append(_newest(world, place, "facet", facet))
    return Merged(lists, descending=True)


async def ideas(world: World, person_id: str) -> Listing[Message]:
    """Return the posts of all spaces where a person is admin or member, newest first (USERS-IDEAS-02)."""
    places = await standings(world, person_id, ("admin", "member"))
    lists = [_newest(world, place, "category", (place.space.id, "idea")) for place in places]
    return Merged(lists, descending=True)


def _newest(world: World, place: Standing, index: str, partition: object) -> Listing[Message]:
    floor = (messages.horizon(world, place),)
    return Indexed(world.state.messages, index, partition, descending=True, floor=floor)


def tasks(world: World, person_id: str, status: TaskStatus | None) -> Listing[Message]:
    """Return the tasks a person created or is assigned to, newest first (USERS-TASKS-02)."""

    async def shown(message: Message) -> bool:
        if status and not (message.task and message.task.status == status):
            return False
        member = await world.state.members.get(member_id(message.space_id, person_id))
        space = await world.state.spaces.get(message.space_id)
        if member is None or space is None:
            return False
        return message.created >= messages.horizon(world, Standing(space, member))

    async def keep(found: Sequence[Message]) -> Sequence[Message]:
        return [message for message in found if await shown(message)]

    return Indexed(world.state.messages, "involved", person_id, descending=True, keep=keep)
