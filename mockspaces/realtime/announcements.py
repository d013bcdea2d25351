"""From domain events to frames: what the cloud announces, said to the sockets it concerns (RT-REST-01..08)."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from functools import partial
from typing import Any

from mockspaces.cloud.kernel import clock
from mockspaces.cloud.kernel import events as happened
from mockspaces.cloud.kernel.events import Event
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import Space
from mockspaces.cloud.views import message_views, pairing_views
from mockspaces.contract import events
from mockspaces.contract.shapes import events as shapes
from mockspaces.realtime import payloads
from mockspaces.realtime.hub import Hub, Session, Told


def _viewer(space: Space, session: Session) -> Hashable:
    """Return what the payload depends on: in a direct space the title is the other party's name (RT-SENT-02)."""
    return session.caller.id if space.type == "direct" else None


async def message_sent(hub: Hub, event: happened.MessageSent) -> None:
    """Show a new or changed message to every subscriber, its sender included (RT-MSG-05, -06)."""

    async def render(session: Session) -> Told:
        shown = await payloads.message(hub.world, session, event.space, event.message)
        if event.loopback is not None and session.id == event.origin:
            shown.loopback_metadata = event.loopback
        return shown

    def variant(session: Session) -> Hashable:
        return _viewer(event.space, session), event.loopback is not None and session.id == event.origin

    await hub.announce(hub.in_space(event.space.id), events.MESSAGE_SENT, render, variant, origin=event.origin)


async def message_removed(hub: Hub, event: happened.MessageRemoved) -> None:
    """Say which message is gone (RT-SENT-06)."""

    async def render(session: Session) -> Told:
        return await payloads.notice(
            session,
            event.space,
            event.by,
            shapes.MessageRemoved,
            event_id=event.message.id,
            created=event.message.created,
            content=shapes.RemovedContent(category=event.message.category),  # type: ignore[arg-type]  # never a meeting
        )

    await hub.announce(
        hub.in_space(event.space.id),
        events.MESSAGE_SENT,
        render,
        lambda session: _viewer(event.space, session),
        origin=event.origin,
    )


async def topic_updated(hub: Hub, event: happened.TopicUpdated) -> None:
    """Tell the new title and status of a space (RT-SENT-07)."""
    event_id, now = hub.world.ids.object_id(), hub.world.clock.now_ms()

    async def render(session: Session) -> Told:
        status = spaces.status(hub.world, event.space)
        return await payloads.notice(
            session,
            event.space,
            event.by,
            shapes.TopicUpdated,
            event_id=event_id,
            created=now,
            content=shapes.UpdatedContent(title=event.space.title, status=status),
        )

    await hub.announce(
        hub.in_space(event.space.id),
        events.MESSAGE_SENT,
        render,
        lambda session: _viewer(event.space, session),
        origin=event.origin,
    )


async def topic_hidden(hub: Hub, event: happened.TopicHidden) -> None:
    """Tell a person's other sockets that they hid a space (RT-USR-02)."""
    status = hub.world.contract.spaces.record_status["hidden"]
    await _to_person(hub, event, shapes.TopicHidden, shapes.HiddenContent(status=status))


async def topic_read(hub: Hub, event: happened.TopicRead) -> None:
    """Tell a person's other sockets how far they have read (RT-USR-03)."""
    read = shapes.ReadContent(messages_last_read_time=clock.iso(event.read_time))
    await _to_person(hub, event, shapes.TopicRead, read)


async def _to_person(
    hub: Hub, event: happened.TopicHidden | happened.TopicRead, shape: Callable[..., shapes.Said], content: object
) -> None:
    event_id, now = hub.world.ids.object_id(), hub.world.clock.now_ms()

    async def render(session: Session) -> Told:
        return await payloads.notice(
            session, event.space, event.person, shape, event_id=event_id, created=now, content=content
        )

    await hub.announce(
        hub.of_person(event.person.id), events.MESSAGE_SENT, render, lambda _session: None, origin=event.origin
    )


async def media_event(hub: Hub, event: happened.MediaEvent) -> None:
    """Tell what happens in a meeting: to all subscribers, or to the sockets of its receivers (RT-MED-03)."""

    async def render(session: Session) -> Told:
        shown = message_views.media_event(hub.world, session.origins, event)
        if event.sender:
            shown.sender = payloads.sender(session, event.sender)
        return shown

    if event.receivers is None:
        sessions = hub.in_space(event.space.id)
    else:
        sessions = [session for person in event.receivers for session in hub.of_person(person)]
    await hub.announce(sessions, events.MEDIA_SESSION_RESPONSE, render, lambda _session: None, origin=event.origin)


async def channel_closed(hub: Hub, event: happened.ChannelClosed) -> None:
    """End subscriptions unasked (RT-UNSUB-03), and with each what its connection does in the meeting there."""
    space_id = event.space.id
    sessions = hub.in_space(space_id)
    if event.person_id is not None:
        sessions = [session for session in sessions if session.caller.id == event.person_id]
    channel = shapes.TopicChannel(id=space_id, type=hub.world.contract.sockets.channel_type)
    await hub.tell(sessions, events.CHANNEL_UNSUBSCRIBED, shapes.Unsubscribed(channel=channel), origin=event.origin)
    for session in sessions:
        hub.world.presence.expel(session.id, space_id)
        media = session.connection.media.get(space_id) if session.connection else None
        if media is not None:
            hub.world.presence.set_media(session.id, space_id, None)
            await meetings.leave(hub.world, space_id, session.caller.id, session=media)


async def access_ended(hub: Hub, event: happened.AccessEnded) -> None:
    """End the sockets of a person who may no longer be here (RT-AUTH-12); no frame of theirs counts any more."""
    for session in hub.of_person(event.person_id):
        grant = session.caller.grant
        if event.grant_id and (grant is None or grant.id != event.grant_id):
            continue  # came with another credential
        hub.world.transactions.at_commit(session.end)
        hub.world.transactions.afterwards(session.finish)


async def sockets_closed(hub: Hub, event: happened.SocketsClosed) -> None:
    """Do to some sockets what a test wants to see its client survive."""
    for connection_id in event.connections:
        session = hub.sessions.get(connection_id)
        if session is None:
            continue
        ways = {"namespace": session.leave, "idle": session.transport.finish, "transport": session.transport.cut}
        hub.world.transactions.at_commit(partial(setattr, session, "ending", f"closed by a test: {event.how}"))
        hub.world.transactions.afterwards(ways[event.how])


async def app_paired(hub: Hub, event: happened.AppPaired) -> None:
    """Tell a person's sockets that a room app was paired with them (RT-PAIR-01)."""

    async def render(session: Session) -> Told:
        return pairing_views.paired(hub.world, session.origins, event)

    sessions = hub.of_person(event.user.id)
    await hub.announce(sessions, events.APP_PAIRING_AUTHORIZED, render, lambda _session: None, origin=event.origin)


ANNOUNCERS: Mapping[type[Event], Callable[[Hub, Any], Awaitable[None]]] = {
    happened.MessageSent: message_sent,
    happened.MessageRemoved: message_removed,
    happened.TopicUpdated: topic_updated,
    happened.TopicHidden: topic_hidden,
    happened.TopicRead: topic_read,
    happened.MediaEvent: media_event,
    happened.ChannelClosed: channel_closed,
    happened.AccessEnded: access_ended,
    happened.SocketsClosed: sockets_closed,
    happened.AppPaired: app_paired,
}


async def on_event(hub: Hub, event: Event) -> None:
    """Tell the sockets what happened, if it concerns them."""
    announcer = ANNOUNCERS.get(type(event))
    if announcer:
        await announcer(hub, event)
