"""What is in a world, in the words of a test: spaces with their people, messages as they were written."""

from collections.abc import Sequence

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.complaints import refusal
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import Category, Message, Space
from mockspaces.contract import nearest
from mockspaces.contract.shapes.control import MockMember, MockMessage, MockSpace
from mockspaces.contract.shapes.lists import Data
from mockspaces.control.call import ControlCall, Handlers


class Wanted(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which messages are meant; an absent member matches everything. ``sender`` is a user name or display name."""

    id: str | None = None
    space: str | None = None
    category: Category | None = None
    sender: str | None = None
    text: str | None = None
    parent: str | None = None

    def fits(self, world: World, message: Message) -> bool:
        """Whether a message is meant."""
        names = (message.sender.username, message.sender.displayname, message.sender.id)
        return (
            not message.deleted
            and self.id in (None, message.id)
            and self.space in (None, message.space_id)
            and self.category in (None, message.category)
            and self.sender in (None, *names)
            and self.text in (None, plain(world, message.text))
            and self.parent in (None, message.parent_id)
        )


def plain(world: World, text: str) -> str:
    """Return a text as its author wrote it: the stored one has entities for quotes."""
    for sign, entity in world.contract.spaces.escapes.items():
        text = text.replace(entity, sign)
    return text


def shown(world: World, message: Message) -> MockMessage:
    """Return a message."""
    task = message.task
    return MockMessage(
        id=message.id,
        topic_id=message.space_id,
        category=message.category,
        sender=message.sender.username or message.sender.displayname,
        sender_id=message.sender.id,
        text=plain(world, message.text),
        description=plain(world, message.description or ""),
        created=iso(message.created),
        modified=None if message.modified is None else iso(message.modified),
        parent_id=message.parent_id,
        attachments=[file.name for file in message.attachments],
        status=task.status if task else None,
        due=iso(task.due) if task and task.due is not None else None,
        assignees=task.assignees if task else (),
    )


async def messages(call: ControlCall) -> object:
    """Return the messages that fit the query, oldest first."""
    for name in call.query:
        if name not in Wanted.__struct_fields__:
            raise invalid(name, f"no such filter{nearest(name, list(Wanted.__struct_fields__))}")
    try:
        wanted = msgspec.convert(call.query, Wanted)
    except msgspec.ValidationError as error:
        raise refusal(str(error), Wanted, whole="query") from None
    world = call.world
    if wanted.id is not None:
        one = await world.state.messages.get(wanted.id)
        candidates: Sequence[Message] = [one] if one else []
    elif wanted.space is not None:
        candidates = await world.state.messages.page("space", wanted.space)
    else:
        candidates = await world.state.messages.all()
    return Data(data=[shown(world, message) for message in candidates if wanted.fits(world, message)])


async def spaces(call: ControlCall) -> object:
    """Return all spaces but the personal rooms, oldest first."""
    found = [space for space in await call.world.state.spaces.all() if space.type != "personal"]
    return Data(data=[await shown_space(call.world, space) for space in found])


async def shown_space(world: World, space: Space) -> MockSpace:
    """Return a space with who is in it."""
    members = []
    for member in await world.state.members.page("space", space.id):
        person = await world.state.users.get(member.person) or await world.state.anonymous.get(member.person)
        name = (person.username or person.displayname) if person else member.person
        members.append(MockMember(id=member.person, type=member.type, username=name, role=member.role))
    return MockSpace(
        id=space.id,
        title=space.title,
        description=space.description,
        type=space.type,
        archived=space.archived,
        settings=space.settings,
        members=members,
    )


HANDLERS: Handlers = {
    "CTRL-MESSAGES": Handler(messages),
    "CTRL-SPACES": Handler(spaces),
}
