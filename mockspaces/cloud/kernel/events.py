"""Domain events: what the cloud announces after a change, before the call that caused it is answered.

Rules publish them inside the transaction that changed something; realtime turns them into frames, which leave
when it commits (RT-REST-08). They carry entities and ids, never wire shapes.
"""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec

from mockspaces.cloud.store.entities import Attendee, Meeting, Message, Person, Recording, Space, SpaceToken, User
from mockspaces.cloud.store.run import Connection


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """Something that happened. ``origin`` names the socket connection that caused it, if one did."""

    origin: str | None = None


class MessageSent(Event, frozen=True, kw_only=True):
    """A chat, post or task was created or changed (RT-SENT-01); ``loopback`` goes back to the origin only."""

    space: Space
    message: Message
    loopback: Any = None


class MessageRemoved(Event, frozen=True, kw_only=True):
    """A message was deleted by ``by`` (RT-SENT-06)."""

    space: Space
    message: Message
    by: Person


class TopicUpdated(Event, frozen=True, kw_only=True):
    """A space got another title or status (RT-SENT-07)."""

    space: Space
    by: Person


class ChannelClosed(Event, frozen=True, kw_only=True):
    """Subscriptions to a space end: of one person, or of everybody (RT-UNSUB-03)."""

    space: Space
    person_id: str | None = None


class TopicHidden(Event, frozen=True, kw_only=True):
    """A person hid a space from their list (RT-USR-02)."""

    space: Space
    person: Person


class TopicRead(Event, frozen=True, kw_only=True):
    """A person read a space up to a time in milliseconds (RT-USR-03)."""

    space: Space
    person: Person
    read_time: int


class MediaEvent(Event, frozen=True, kw_only=True):
    """Something in a meeting, announced as MEDIA_SESSION_RESPONSE (RT-MED-03, RT-MED-08).

    To all subscribers of the space, or to the sockets of ``receivers`` only. ``sender`` is None where the
    server itself speaks. ``meeting`` is as it is after what happened to it, to one ``attendee`` or to one
    ``recording``; ``parts`` are what else the content says.
    """

    id: str = ""
    created: int = 0
    space: Space
    category: str
    message_id: str
    meeting: Meeting
    attendee: Attendee | None = None
    recording: Recording | None = None
    parts: Mapping[str, Any] = {}
    sender: Person | None = None
    receivers: tuple[str, ...] | None = None


class AccessEnded(Event, frozen=True, kw_only=True):
    """A person lost all access: disabled, deleted, or their app deactivated (RT-AUTH-12).

    With ``grant_id`` they lost what the credentials of that grant gave them, and nothing else.
    """

    person_id: str
    grant_id: str | None = None


class SocketsClosed(Event, frozen=True, kw_only=True):
    """Some connections are ended on purpose, by a test.

    ``idle`` closes the transport cleanly, as after a long silence; ``namespace`` ends the membership of the
    namespace and keeps the transport; ``transport`` breaks the connection without a word.
    """

    connections: tuple[str, ...]
    how: Literal["idle", "namespace", "transport"]


class ConnectionLost(Event, frozen=True, kw_only=True):
    """A connection is gone with the process that had its socket; presence does not have it any more."""

    connection: Connection


class AppPaired(Event, frozen=True, kw_only=True):
    """A room app was paired with a person's account (RT-PAIR-01)."""

    user: User
    space: Space
    token: SpaceToken
    code: str
    time: int


Subscriber = Callable[[Event], Awaitable[None]]
