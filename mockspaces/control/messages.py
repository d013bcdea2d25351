"""What no public call makes in a space: archiving, messages by anybody, meetings without a socket."""

from typing import Annotated, Literal

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.events import TopicUpdated
from mockspaces.cloud.kernel.rejection import invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import drafts, meetings, messages
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.spaces.access import find_space
from mockspaces.cloud.store.entities import Person
from mockspaces.cloud.views import message_views
from mockspaces.cloud.worlds.seeds import Strict
from mockspaces.contract import errors
from mockspaces.contract.shapes.control import SpaceState
from mockspaces.control.call import ControlCall, Handlers


class Somebody(Strict, frozen=True, kw_only=True):
    """A person by e-mail, or by Spaces id, which anonymous users have too."""

    username: str | None = None
    person_id: str | None = None


class ContentPlan(drafts.ContentBody, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """What a client writes as ``content``; unlike on the wire nothing is ignored."""


class MessagePlan(drafts.MessageBody, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """A message as a client writes it, and who shall have sent it."""

    content: ContentPlan
    username: str | None = None
    person_id: str | None = msgspec.field(name="person_id", default=None)
    category: Literal["chat", "idea", "task"] = "chat"


class AttendeePlan(Somebody, frozen=True, kw_only=True):
    """A party of a meeting; ``session`` is their media session, ``video`` whether their camera is on."""

    session: str | None = None
    video: bool = False


class MeetingPlan(Strict, frozen=True, kw_only=True):
    """A meeting to be: who joins it, in this order; the first one starts it."""

    attendees: Annotated[tuple[AttendeePlan, ...], msgspec.Meta(min_length=1)]


class SpacePatch(Strict, frozen=True, kw_only=True):
    """What can be changed about a space from outside: it can be archived (PERM-ARCH-01)."""

    archived: Literal[True]


async def _person(world: World, username: str | None, person_id: str | None) -> Person:
    if (username is None) == (person_id is None):
        raise invalid("username", "expected either username or person_id")
    found = await people.by_email(world, username) if username else await people.get_person(world, person_id or "")
    if found is None:
        raise not_found(errors.USER_NOT_FOUND, "person", username or person_id or "")
    return found


async def change_space(call: ControlCall) -> object:
    """Archive a space in the name of its owner; subscribers are told (RT-SENT-07)."""
    await call.decode(SpacePatch)
    space = await find_space(call.world, call.params["id"])
    archived = await spaces.archive(call.world, space)
    if owner := await people.get_person(call.world, space.owner_id):
        await call.world.publish(TopicUpdated(space=archived, by=owner))
    status = spaces.status(call.world, archived)
    return SpaceState(id=archived.id, title=archived.title, type=archived.type, status=status)


async def create_message(call: ControlCall) -> object:
    """Create a message and announce it; its sender needs no right and no membership."""
    body = await call.decode(MessagePlan)
    space = await find_space(call.world, call.params["id"])
    author = await _person(call.world, body.username, body.person_id)
    message = await messages.add(call.world, author, space, drafts.read(call.world, body.category, body))
    return await message_views.message(call.world, call.exchange.origins, message)


async def create_meeting(call: ControlCall) -> object:
    """Bring people into the meeting of a space, as their sockets would do; the first one starts it."""
    body = await call.decode(MeetingPlan)
    space = await find_space(call.world, call.params["id"])
    parties = [(await _person(call.world, one.username, one.person_id), one) for one in body.attendees]
    for who, one in parties:
        message, _entry = await meetings.join(call.world, space.id, who, session=one.session, video=one.video)
    return await message_views.message(call.world, call.exchange.origins, message)


HANDLERS: Handlers = {
    "CTRL-SPACE-PATCH": Handler(change_space, body=SpacePatch),
    "CTRL-MESSAGE": Handler(create_message, body=MessagePlan),
    "CTRL-MEETING": Handler(create_meeting, body=MeetingPlan),
}
