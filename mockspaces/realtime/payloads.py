"""What the events carry: payloads of MESSAGE_SENT and of the sender (RT-SENT-*, RT-PRES-03)."""

from typing import Any

import msgspec

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import messages
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import AnonymousUser, Message, Person, Space
from mockspaces.cloud.views import message_views
from mockspaces.contract.shapes.changes import plain
from mockspaces.realtime.hub import Payload, Session


def as_plain(session: Session, shape: msgspec.Struct) -> Payload:
    """Return a shape in plain JSON types, as the world's overlay has it."""
    members: Payload = plain(shape, session.hub.world.contract.shapes)
    return members


def sender(session: Session, who: Person) -> Payload:
    """Return the person who said something, filled by the server (MSG-GEN-05)."""
    return as_plain(session, message_views.sender(session.origins, messages.sender_of(who)))


def sender_with_phones(session: Session, who: Person) -> Payload:
    """Return the sender as presence events show them; people are authorized by nobody else (RT-PRES-03)."""
    return {
        **sender(session, who),
        "phone_numbers": [] if isinstance(who, AnonymousUser) else msgspec.to_builtins(who.phone_numbers),
        "authorizedBy": None,
        "authorizedResources": None,
        "scope": None,
    }


async def _envelope(world: World, session: Session, space: Space, **members: Any) -> Payload:
    """Return what every MESSAGE_SENT has (RT-SENT-02); the title is that of the recipient's view."""
    return {
        "_id": members.pop("_id"),
        "category": members.pop("category"),
        "topicId": space.id,
        "topicTitle": await spaces.title(world, space, session.caller.id),
        "topicType": space.type,
        **members,
    }


async def message(world: World, session: Session, space: Space, shown: Message) -> Payload:
    """Return a chat, post or task that was created or changed (RT-SENT-02..05)."""
    seen = as_plain(session, await message_views.message(world, session.origins, shown))
    content = seen.pop("content")
    seen.pop("status")
    further = world.contract.sockets.content_members.get(shown.category, ())
    seen["content"] = {
        "cid": shown.sender.id,
        "bodyText": content.pop("bodyText"),
        "data": content.pop("data"),
        "startTime": content.pop("startTime"),
        "endTime": None,
        "virtualEndTime": None,
        "recordings": [],
        **{name: value for name, value in content.items() if name in further},
    }
    return await _envelope(
        world,
        session,
        space,
        _id=seen.pop("_id"),
        category=seen.pop("category"),
        sender=seen.pop("sender"),
        created=seen.pop("created"),
        **{name: value for name, value in seen.items() if name != "topicId"},
    )


async def notice(
    world: World,
    session: Session,
    space: Space,
    who: Person,
    *,
    event_id: str,
    category: str,
    created: int,
    content: Any,
) -> Payload:
    """Return a MESSAGE_SENT that is no message: something happened to one, or to the space."""
    return await _envelope(
        world,
        session,
        space,
        _id=event_id,
        category=category,
        sender=sender(session, who),
        created=iso(created),
        content=content,
    )
