"""What the events carry: payloads of MESSAGE_SENT and of the sender (RT-SENT-*, RT-PRES-03)."""

from collections.abc import Callable
from typing import TypeVar

import msgspec
from msgspec import UNSET

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import messages
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import AnonymousUser, Message, Person, Space
from mockspaces.cloud.store.run import Connection
from mockspaces.cloud.views import message_views
from mockspaces.contract.shapes import events as shapes
from mockspaces.contract.shapes import messages as shared
from mockspaces.contract.shapes.changes import builtins
from mockspaces.realtime.hub import Payload

Notice = TypeVar("Notice", bound=shapes.Said)
# How the members of a content are called in its shape.
CONTENT_MEMBERS = dict(
    zip(shapes.SentContent.__struct_encode_fields__, shapes.SentContent.__struct_fields__, strict=True)
)


def origins(connection: Connection) -> Origins:
    """Return from where the client of a connection reaches the world."""
    return Origins(connection.base, connection.names)


def as_plain(world: World, shape: msgspec.Struct) -> Payload:
    """Return a shape in plain JSON types, as the world's overlay has it, to be added to what was sent."""
    members: Payload = builtins(shape, world.contract.shapes)
    return members


def others(sent: Payload, shape: msgspec.Struct) -> Payload:
    """Return what was sent beyond the members of a shape that is answered with it."""
    members = zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True)
    own = {name for name, attribute in members if getattr(shape, attribute) is not UNSET}
    return {name: value for name, value in sent.items() if name not in own}


def sender(place: Origins, who: Person) -> shared.Sender:
    """Return the person who said something, filled by the server (MSG-GEN-05)."""
    return message_views.sender(place, messages.sender_of(who))


def sender_with_phones(place: Origins, who: Person) -> shapes.PresenceSender:
    """Return the sender as presence events show them; people are authorized by nobody else (RT-PRES-03)."""
    phones = () if isinstance(who, AnonymousUser) else who.phone_numbers
    return shapes.PresenceSender(**msgspec.structs.asdict(sender(place, who)), phone_numbers=phones)


async def message(world: World, connection: Connection, space: Space, shown: Message) -> shapes.MessageSent:
    """Return a chat, post or task that was created or changed (RT-SENT-02..05)."""
    seen = await message_views.written(world, origins(connection), shown, shared.Message, shared.Content)
    content = shapes.SentContent(
        cid=shown.sender.id,
        body_text=seen.content.body_text,
        data=seen.content.data,
        start_time=seen.content.start_time,
    )
    for name in world.contract.sockets.content_members.get(shown.category, ()):
        setattr(content, CONTENT_MEMBERS[name], getattr(seen.content, CONTENT_MEMBERS[name]))
    return shapes.MessageSent(
        id=seen.id,
        category=seen.category,
        topic_id=space.id,
        topic_title=await spaces.title(world, space, connection.person_id),
        topic_type=space.type,
        sender=seen.sender,
        created=seen.created,
        modified=seen.modified,
        chat_count=seen.chat_count,
        like_count=seen.like_count,
        parent_msg=seen.parent_msg,
        mentions=seen.mentions,
        version=seen.version,
        content=content,
    )


async def notice(
    world: World,
    connection: Connection,
    space: Space,
    who: Person,
    shape: Callable[..., Notice],
    *,
    event_id: str,
    created: int,
    content: object,
) -> Notice:
    """Return a MESSAGE_SENT that is no message: something happened to one, or to the space (RT-SENT-02)."""
    return shape(
        id=event_id,
        topic_id=space.id,
        topic_title=await spaces.title(world, space, connection.person_id),
        topic_type=space.type,
        sender=sender(origins(connection), who),
        created=iso(created),
        content=content,
    )
