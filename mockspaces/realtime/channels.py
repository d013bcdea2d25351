"""Channels: subscribing to a space and leaving it (RT-SUB-*, RT-UNSUB-*)."""

from typing import Any

from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.spaces import access, spaces
from mockspaces.cloud.spaces.access import Standing
from mockspaces.contract import errors, events
from mockspaces.contract.shapes import events as shapes
from mockspaces.contract.shapes.refusals import Error
from mockspaces.realtime.handling import Handlers, Handling, objects, text
from mockspaces.realtime.hub import Payload, Session


def _channel(payload: Payload) -> Payload:
    return objects(payload.get("channel"))


def shown(session: Session, channel: Payload) -> shapes.TopicChannel:
    """Return a channel as answers name it: id and type, never its password (RT-SUB-03)."""
    known = session.hub.world.contract.sockets.channel_type
    return shapes.TopicChannel(id=text(channel.get("_id")), type=text(channel.get("type")) or known)


async def failed(session: Session, payload: Payload, rejection: Rejection) -> None:
    """Tell why a subscription was refused, with the channel as it was sent (RT-SUB-06, RT-SUB-07)."""
    known = errors.CHANNEL_INVALID if rejection.code == errors.REQUEST_INVALID else rejection.code
    row = session.hub.world.contract.errors[known]
    error = Error(code=row.code, message=row.text(rejection.detail))
    answer = shapes.NotSubscribed(channel=payload.get("channel"), error=error)
    await session.tell(events.SUBSCRIBE_CHANNEL_FAILED, answer)


async def subscribe(session: Session, payload: Payload) -> None:
    """Subscribe a connection to a space; that makes nobody a member (RT-SUB-01..10)."""
    channel = _channel(payload)
    world = session.hub.world
    only_type = world.contract.sockets.channel_type
    space_id = text(channel.get("_id"))
    if not space_id:
        raise invalid("channel._id", "required")
    if channel.get("type") != only_type:
        raise invalid("channel.type", f'the only type is "{only_type}"')
    found = await _admit(session, space_id, channel.get("password"))
    if found.member:
        await spaces.visit(world, found.space, session.caller.id)
    subscription = world.presence.subscribe(session.id, space_id)
    answer = shapes.Subscribed(
        channel=shapes.TopicChannel(id=space_id, type=only_type), dtsid=subscription, session_id=session.id
    )
    await session.tell(events.CHANNEL_SUBSCRIBED, answer)


async def _admit(session: Session, space_id: str, password: Any) -> Standing:
    """Who may listen: participants, and everybody in a space that is not private (RT-SUB-04, RT-ACC-02)."""
    if password is not None and not isinstance(password, str):
        raise invalid("channel.password", "expected a string or null")
    world, caller = session.hub.world, session.caller
    space = await access.find_space(world, space_id)
    access.check_company(caller, space)
    found = await access.standing(world, caller, space)
    access.check_stranger(found, admits=True)
    access.check_pin(world, caller, found, password)
    if space.archived and not found.member:
        raise Rejection(errors.ARCHIVED, "an archived space admits no strangers")
    return found


async def unsubscribe(session: Session, payload: Payload) -> None:
    """Leave a space; answered the same whether there was a subscription or not (RT-UNSUB-01, -02)."""
    channel = shown(session, _channel(payload))
    space_id = channel.id
    session.hub.world.presence.unsubscribe(session.id, space_id)
    await session.tell(events.CHANNEL_UNSUBSCRIBED, shapes.Unsubscribed(channel=channel))
    await leave_meeting(session, space_id)


async def leave_meeting(session: Session, space_id: str) -> bool:
    """End what a connection does in the meeting of a space, and return whether it did anything (RT-MED-05)."""
    media = session.connection.media.get(space_id) if session.connection else None
    if media is None:
        return False
    session.hub.world.presence.set_media(session.id, space_id, None)
    await meetings.leave(session.hub.world, space_id, session.caller.id, session=media, origin=session.id)
    return True


HANDLERS: Handlers = {
    events.SUBSCRIBE_CHANNEL: Handling(subscribe, failed),
    events.UNSUBSCRIBE_CHANNEL: Handling(unsubscribe),
}
