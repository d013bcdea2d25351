"""From domain events to frames: what the cloud announces, said to the sockets it concerns (RT-REST-01..08)."""

from collections.abc import Awaitable, Callable, Hashable, Mapping
from typing import Any

from mockspaces.cloud.kernel import clock
from mockspaces.cloud.kernel import events as happened
from mockspaces.cloud.kernel.events import Event
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import Space
from mockspaces.cloud.store.run import Connection, Way
from mockspaces.cloud.views import message_views, pairing_views
from mockspaces.contract import events
from mockspaces.contract.shapes import events as shapes
from mockspaces.realtime import payloads, presence
from mockspaces.realtime.hub import Hub, Told
from mockspaces.realtime.payloads import origins

# How sockets are closed that a test wants to see closed.
WAYS: Mapping[str, Way] = {"namespace": "leave", "idle": "finish", "transport": "cut"}


def _viewer(space: Space, connection: Connection) -> Hashable:
    """Return what the payload depends on: in a direct space the title is the other party's name (RT-SENT-02)."""
    return connection.person_id if space.type == "direct" else None


async def message_sent(hub: Hub, event: happened.MessageSent) -> None:
    """Show a new or changed message to every subscriber, its sender included (RT-MSG-05, -06)."""

    async def render(connection: Connection) -> Told:
        shown = await payloads.message(hub.world, connection, event.space, event.message)
        if event.loopback is not None and connection.id == event.origin:
            shown.loopback_metadata = event.loopback
        return shown

    def variant(connection: Connection) -> Hashable:
        return _viewer(event.space, connection), event.loopback is not None and connection.id == event.origin

    await hub.announce(hub.in_space(event.space.id), events.MESSAGE_SENT, render, variant, origin=event.origin)


async def message_removed(hub: Hub, event: happened.MessageRemoved) -> None:
    """Say which message is gone (RT-SENT-06)."""

    async def render(connection: Connection) -> Told:
        return await payloads.notice(
            hub.world,
            connection,
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
        lambda connection: _viewer(event.space, connection),
        origin=event.origin,
    )


async def topic_updated(hub: Hub, event: happened.TopicUpdated) -> None:
    """Tell the new title and status of a space (RT-SENT-07)."""
    event_id, now = hub.world.ids.object_id(), hub.world.clock.now_ms()

    async def render(connection: Connection) -> Told:
        status = spaces.status(hub.world, event.space)
        return await payloads.notice(
            hub.world,
            connection,
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
        lambda connection: _viewer(event.space, connection),
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

    async def render(connection: Connection) -> Told:
        return await payloads.notice(
            hub.world, connection, event.space, event.person, shape, event_id=event_id, created=now, content=content
        )

    await hub.announce(
        hub.of_person(event.person.id), events.MESSAGE_SENT, render, lambda _one: None, origin=event.origin
    )


async def media_event(hub: Hub, event: happened.MediaEvent) -> None:
    """Tell what happens in a meeting: to all subscribers, or to the sockets of its receivers (RT-MED-03)."""

    async def render(connection: Connection) -> Told:
        shown = message_views.media_event(hub.world, origins(connection), event)
        if event.sender:
            shown.sender = payloads.sender(origins(connection), event.sender)
        return shown

    if event.receivers is None:
        connections = hub.in_space(event.space.id)
    else:
        connections = [connection for person in event.receivers for connection in hub.of_person(person)]
    await hub.announce(connections, events.MEDIA_SESSION_RESPONSE, render, lambda _one: None, origin=event.origin)


async def channel_closed(hub: Hub, event: happened.ChannelClosed) -> None:
    """End subscriptions unasked (RT-UNSUB-03), and with each what its connection does in the meeting there."""
    space_id = event.space.id
    connections = hub.in_space(space_id)
    if event.person_id is not None:
        connections = [connection for connection in connections if connection.person_id == event.person_id]
    channel = shapes.TopicChannel(id=space_id, type=hub.world.contract.sockets.channel_type)
    await hub.tell(connections, events.CHANNEL_UNSUBSCRIBED, shapes.Unsubscribed(channel=channel), origin=event.origin)
    for connection in connections:
        hub.world.presence.expel(connection.id, space_id)
        media = connection.media.get(space_id)
        if media is not None:
            hub.world.presence.set_media(connection.id, space_id, None)
            await meetings.leave(hub.world, space_id, connection.person_id, session=media)


async def access_ended(hub: Hub, event: happened.AccessEnded) -> None:
    """End the sockets of a person who may no longer be here (RT-AUTH-12); no frame of theirs counts any more."""
    for connection in hub.of_person(event.person_id):
        if event.grant_id in (None, connection.grant):  # or they came with another credential
            hub.end(connection, "end", "their credential or their account is not good any more")


async def sockets_closed(hub: Hub, event: happened.SocketsClosed) -> None:
    """Do to some sockets what a test wants to see its client survive."""
    for connection_id in event.connections:
        if (connection := hub.world.presence.get(connection_id)) is not None:
            hub.end(connection, WAYS[event.how], f"closed by a test: {event.how}")


async def connection_lost(hub: Hub, event: happened.ConnectionLost) -> None:
    """Tell for a connection whose process is gone that it left (RT-PRES-09); if only cut off, that one lets it go."""
    person = await people.get_person(hub.world, event.connection.person_id)
    if person is not None:
        await presence.say_farewell(hub, event.connection, person)
    hub.end(event.connection, "finish", "this process was taken for dead, so others have ended the connection")


async def app_paired(hub: Hub, event: happened.AppPaired) -> None:
    """Tell a person's sockets that a room app was paired with them (RT-PAIR-01)."""

    async def render(connection: Connection) -> Told:
        return pairing_views.paired(hub.world, origins(connection), event)

    connections = hub.of_person(event.user.id)
    await hub.announce(connections, events.APP_PAIRING_AUTHORIZED, render, lambda _one: None, origin=event.origin)


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
    happened.ConnectionLost: connection_lost,
    happened.AppPaired: app_paired,
}


async def on_event(hub: Hub, event: Event) -> None:
    """Tell the sockets what happened, if it concerns them."""
    announcer = ANNOUNCERS.get(type(event))
    if announcer:
        await announcer(hub, event)
