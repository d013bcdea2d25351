"""Media sessions: parties that come, change and go; meetings follow from them (RT-MED-*)."""

from typing import Any

from msgspec import UNSET

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.store.entities import Message
from mockspaces.cloud.store.run import Connection
from mockspaces.cloud.views import message_views
from mockspaces.contract import events
from mockspaces.contract.shapes import events as shapes
from mockspaces.realtime import calls, channels, payloads
from mockspaces.realtime.handling import Handlers, Handling, category, given, objects, text, topic
from mockspaces.realtime.hub import Payload, Session
from mockspaces.realtime.messages import require_subscription


async def relay(session: Session, payload: Payload) -> None:
    """Carry out and relay what a client says about its media (RT-MED-01..06)."""
    kind = category(payload)
    if kind.startswith(events.CALL_PREFIX):
        await calls.relay(session, payload, kind)
        return
    space_id = topic(payload)
    require_subscription(session, space_id)
    if kind in (events.TRACKS_STATUS, events.TRACK_STATUS):
        await _tracks(session, payload, space_id)
    elif kind == events.VIDEO_END:
        await _end(session, payload, space_id, kind)
    elif kind in events.VIDEO_RELAYS:
        await _tell(session, payload, space_id, kind, await meetings.active(session.hub.world, space_id))
    else:
        raise invalid("category", f'"{kind}" is no category of a client')


async def _tracks(session: Session, payload: Payload, space_id: str) -> None:
    """A party comes or changes its tracks, or goes (RT-MED-04, -05); absent ``connected`` counts as true."""
    media = objects(objects(payload.get("content")).get("mediaSession"))
    if media.get("connected") is False:
        await _end(session, payload, space_id, events.TRACKS_STATUS)
        return
    world, connection = session.hub.world, session.connection
    before = connection.media.get(space_id) if connection else None
    name = text(media.get("mdsrvSessionId")) or before or world.ids.token()
    meeting, _entry = await meetings.join(
        world,
        space_id,
        session.caller.person,
        session=name,
        video=media.get("video") is True,
        origin=session.id,
    )
    world.presence.set_media(session.id, space_id, name)
    if before not in (None, name):
        left = await meetings.leave(world, space_id, session.caller.id, session=before, origin=session.id)
        meeting = left or meeting
    await _tell(session, payload, space_id, events.TRACKS_STATUS, meeting)


async def _end(session: Session, payload: Payload, space_id: str, kind: str) -> None:
    """A party goes: they are taken out of the meeting, then their word is relayed."""
    meeting = await meetings.active(session.hub.world, space_id)
    await channels.leave_meeting(session, space_id)
    if meeting:
        meeting = await session.hub.world.state.messages.get(meeting.id)
    await _tell(session, payload, space_id, kind, meeting)


async def _tell(session: Session, payload: Payload, space_id: str, kind: str, meeting: Message | None) -> None:
    world = session.hub.world
    event_id, created, loopback = world.ids.object_id(), iso(world.clock.now_ms()), given(payload, "loopbackMetadata")

    async def render(recipient: Connection) -> shapes.MediaRelay:
        shape = shapes.MediaRelay if meeting else shapes.MediaRelayAlone
        shown = shape(
            id=event_id,
            message_id=meeting.id if meeting else "",  # type: ignore[arg-type]  # the one where it is alone
            topic_id=space_id,
            category=kind,
            sender=payloads.sender(payloads.origins(recipient), session.caller.person),
            created=created,
            content=_content(recipient, session, payload, meeting),
            data=given(payload, "data"),
            comment=given(payload, "comment"),
            version=given(payload, "version"),
        )
        if variant(recipient):
            shown.loopback_metadata = loopback
        return shown

    def variant(recipient: Connection) -> bool:
        return loopback is not UNSET and recipient.id == session.id

    await session.hub.announce(session.hub.in_space(space_id), events.MEDIA_SESSION_RESPONSE, render, variant)


def _content(recipient: Connection, session: Session, payload: Payload, meeting: Message | None) -> dict[str, Any]:
    """Return the meeting as it is now with the party's own entry, and what else was sent."""
    sent = objects(payload.get("content"))
    if meeting is None:
        return sent
    found = meetings.meeting_of(meeting)
    own = next((one for one in found.attendees if one.id == session.caller.id), None)
    shown = message_views.relayed(payloads.origins(recipient), found, own)
    shown.media_session = sent.get("mediaSession", UNSET)
    return {**payloads.as_plain(session.hub.world, shown), **payloads.others(sent, shown)}


HANDLERS: Handlers = {
    events.SEND_MEDIA_SESSION_EVENTS: Handling(relay),
}
