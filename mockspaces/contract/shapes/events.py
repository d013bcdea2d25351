"""What events of the socket carry, in both directions (RT-*); parts that REST has too are its shapes.

What clients send, and what is relayed as it was sent, is open: further members are allowed.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.contract.rows import SpaceType
from mockspaces.contract.shapes.base import A, C, Count, D, Id, Json, Shape, Time, Underscored, Url, Uuid, kept
from mockspaces.contract.shapes.messages import (
    Assignee,
    Attachment,
    Attendee,
    MeetingContent,
    MeetingEvent,
    Parent,
    Sender,
)
from mockspaces.contract.shapes.people import PhoneNumbers
from mockspaces.contract.shapes.refusals import Error
from mockspaces.contract.shapes.service import Nothing
from mockspaces.contract.spaces import TaskStatus

# --- channels


class SentChannel(Shape, kw_only=True, forbid_unknown_fields=False):
    """A channel as a client names it."""

    id: Annotated[Id, D("RT-SUB-01, RT-UNSUB-01")]
    type: Annotated[Literal["topic"], D("RT-SUB-01, RT-UNSUB-01")]
    password: Annotated[str | UnsetType | None, C("RT-SUB-01, RT-SUB-04")] = UNSET


class Subscribe(Shape, kw_only=True, forbid_unknown_fields=False):
    """A client wants to hear of a space."""

    channel: Annotated[SentChannel, D("RT-SUB-01")]
    version: Annotated[Any | UnsetType, D("RT-SUB-01")] = UNSET


class Unsubscribe(Shape, kw_only=True, forbid_unknown_fields=False):
    """A client wants to hear no more of a space."""

    channel: Annotated[SentChannel, D("RT-UNSUB-01")]


class TopicChannel(Shape, kw_only=True):
    """A channel as the server names it; the id of one that was left may be anything, as it was sent."""

    id: Annotated[str, D("RT-SUB-02, RT-UNSUB-01")]
    type: Annotated[str, D("RT-SUB-02, RT-UNSUB-01")]


class Subscribed(Shape, kw_only=True):
    """A connection hears of a space from now on."""

    channel: Annotated[TopicChannel, D("RT-SUB-02")]
    dtsid: Annotated[str, msgspec.Meta(pattern="^[0-9]+$"), D("RT-SUB-02, RT-SUB-03")]
    session_id: Annotated[Uuid, D("RT-SUB-02, RT-SUB-03")]


class Unsubscribed(Shape, kw_only=True):
    """A connection hears no more of a space."""

    channel: Annotated[TopicChannel, D("RT-UNSUB-01")]


class NotSubscribed(Shape, kw_only=True):
    """Why a connection may not hear of a space, with the channel as it was sent."""

    channel: Annotated[Any, D("RT-SUB-06")]
    error: Annotated[Error, D("RT-SUB-06")]


# --- messages


class SentMessageContent(Shape, kw_only=True, forbid_unknown_fields=False):
    """What a client writes."""

    body_text: Annotated[str, D("RT-MSG-01")]
    data: Annotated[Sequence[Json] | UnsetType, D("RT-MSG-01")] = UNSET
    description: Annotated[str | UnsetType, D("RT-MSG-01")] = UNSET
    assignees: Annotated[Sequence[Assignee] | UnsetType, D("RT-MSG-01")] = UNSET
    due_date: Annotated[str | UnsetType | None, D("RT-MSG-01")] = UNSET
    status: Annotated[str | UnsetType, D("RT-MSG-01")] = UNSET


class Named(Shape, kw_only=True, forbid_unknown_fields=False):
    """Somebody or something by its id."""

    id: Annotated[str, D("RT-MSG-01, RT-PRES-01, RT-CALL-01")]


class SendMessage(Shape, kw_only=True, forbid_unknown_fields=False):
    """A client says something in a space."""

    category: Annotated[Literal["chat", "idea", "task"], D("RT-MSG-01")]
    topic_id: Annotated[Id, D("RT-MSG-01")]
    content: Annotated[SentMessageContent, D("RT-MSG-01")]
    parent_msg: Annotated[Named | UnsetType, D("RT-MSG-01")] = UNSET
    mentions: Annotated[Any | UnsetType, C("RT-MSG-01")] = UNSET
    version: Annotated[Any | UnsetType, D("RT-MSG-01")] = UNSET
    loopback_metadata: Annotated[Any | UnsetType, D("RT-MSG-01, RT-MSG-06")] = UNSET


class SentContent(Shape, kw_only=True):
    """What a chat, post or task says; posts have a description, tasks all of the last four."""

    cid: Annotated[Id, D("RT-SENT-03")]
    body_text: Annotated[str, D("RT-SENT-03")]
    data: Annotated[Sequence[Attachment], D("RT-SENT-03")]
    start_time: Annotated[Time, C("RT-SENT-03")]
    end_time: Annotated[None, A("RT-SENT-03")] = None
    virtual_end_time: Annotated[None, A("RT-SENT-03")] = None
    recordings: Annotated[Sequence[Any], A("RT-SENT-03")] = ()
    description: Annotated[str | UnsetType, D("RT-SENT-03")] = UNSET
    status: Annotated[TaskStatus | UnsetType, D("RT-SENT-03")] = UNSET
    due_date: Annotated[Time | UnsetType | None, D("RT-SENT-03")] = UNSET
    assignees: Annotated[Sequence[Assignee] | UnsetType, D("RT-SENT-03")] = UNSET


class Said(Shape, kw_only=True):
    """What all that is said in a space has; the title is that of the recipient's view."""

    id: Annotated[Id, D("RT-SENT-02")]
    category: Annotated[str, D("RT-SENT-01, RT-SENT-02")]
    topic_id: Annotated[Id, D("RT-SENT-02")]
    topic_title: Annotated[str, C("RT-SENT-02")]
    topic_type: Annotated[SpaceType, C("RT-SENT-02")]
    sender: Annotated[Sender, D("RT-SENT-02")]
    created: Annotated[Time, D("RT-SENT-02")]


class MessageSent(Said, kw_only=True):
    """A chat, post or task that was created or changed; who sent it over this socket gets their metadata back."""

    category: Annotated[Literal["chat", "idea", "task"], D("RT-SENT-01, RT-SENT-02")]
    modified: Annotated[Time | None, A("RT-SENT-04, RT-SENT-05")]
    chat_count: Annotated[Count, A("RT-SENT-04")]
    like_count: Annotated[Count, A("RT-SENT-04")]
    parent_msg: Annotated[Parent | UnsetType, A("RT-SENT-04")] = UNSET
    mentions: Annotated[Any | UnsetType, A("RT-SENT-04")] = UNSET
    version: Annotated[Any | UnsetType, A("RT-SENT-04")] = UNSET
    content: Annotated[SentContent, D("RT-SENT-02, RT-SENT-03")]
    loopback_metadata: Annotated[Any | UnsetType, D("RT-MSG-06")] = UNSET


class RemovedContent(Shape, kw_only=True):
    """What kind of message is gone."""

    category: Annotated[Literal["chat", "idea", "task"], A("RT-SENT-06")]


class MessageRemoved(Said, kw_only=True):
    """A message is gone; id and time are its own."""

    category: Annotated[Literal["app.event.message.removed"], D("RT-SENT-06")] = "app.event.message.removed"
    content: Annotated[RemovedContent, A("RT-SENT-06")]


class UpdatedContent(Shape, kw_only=True):
    """How a space is called now, and whether it is archived or deleted."""

    title: Annotated[str, A("RT-SENT-07")]
    status: Annotated[int, A("RT-SENT-07")]


class TopicUpdated(Said, kw_only=True):
    """A space was renamed, archived or deleted."""

    category: Annotated[Literal["topic.updated"], D("RT-SENT-07")] = "topic.updated"
    content: Annotated[UpdatedContent, A("RT-SENT-07")]


class HiddenContent(Shape, kw_only=True):
    """How a person keeps the space now."""

    status: Annotated[int, D("RT-USR-02")]


class TopicHidden(Said, kw_only=True):
    """A person's sockets learn that they hid a space."""

    category: Annotated[Literal["topic.hidden"], A("RT-USR-02")] = "topic.hidden"
    content: Annotated[HiddenContent, D("RT-USR-02")]


class ReadContent(Shape, kw_only=True):
    """How far a person has read."""

    messages_last_read_time: Annotated[Time, D("RT-USR-03")]


class TopicRead(Said, kw_only=True):
    """A person's sockets learn how far they have read."""

    category: Annotated[Literal["topic.markread"], A("RT-USR-03")] = "topic.markread"
    content: Annotated[ReadContent, D("RT-USR-03")]


class NotSent(Shape, kw_only=True, forbid_unknown_fields=False):
    """What was sent and refused, whatever else it had."""

    sender: Annotated[Sender, D("RT-FAIL-01")]
    error: Annotated[str, D("RT-FAIL-01, RT-FAIL-02")]


# --- presence


class SendPresence(Shape, kw_only=True, forbid_unknown_fields=False):
    """A client tells others who is there; the space may be named in the content instead."""

    category: Annotated[str, D("RT-PRES-01, RT-PRES-04")]
    topic_id: Annotated[str | UnsetType, D("RT-PRES-01, RT-PRES-08")] = UNSET
    content: Annotated[Json | UnsetType, D("RT-PRES-01")] = UNSET
    receivers: Annotated[Sequence[Named] | UnsetType, D("RT-PRES-01, RT-PRES-05")] = UNSET
    version: Annotated[Any | UnsetType, D("RT-PRES-01")] = UNSET
    loopback_metadata: Annotated[Any | UnsetType, D("RT-PRES-01")] = UNSET


class PresenceSender(Sender, kw_only=True):
    """Who told it; people are authorized by nobody else."""

    phone_numbers: Annotated[PhoneNumbers, D("RT-PRES-03")]
    authorized_by: Annotated[None, C("RT-PRES-03")] = None
    authorized_resources: Annotated[None, C("RT-PRES-03")] = None
    scope: Annotated[None, C("RT-PRES-03")] = None


class Party(Shape, kw_only=True):
    """Whose presence it is."""

    attendee_type: Annotated[Literal["userId", "anonymousId"], D("RT-PRES-03")]
    attendee: Annotated[Id, D("RT-PRES-03")]


class PresenceContent(Shape, kw_only=True, forbid_unknown_fields=False):
    """What was sent, with the connection and the party it came from."""

    session_id: Annotated[Uuid, D("RT-PRES-03")]
    attendee: Annotated[Party, D("RT-PRES-03")]


class PresenceEvent(Shape, kw_only=True):
    """What one client told the others."""

    category: Annotated[str, D("RT-PRES-03, RT-PRES-04")]
    topic_id: Annotated[Id, D("RT-PRES-03")]
    sender: Annotated[PresenceSender, D("RT-PRES-03")]
    content: Annotated[Json, kept(PresenceContent), D("RT-PRES-03")]
    receivers: Annotated[Any, D("RT-PRES-03")]
    version: Annotated[Any | UnsetType, D("RT-PRES-03")] = UNSET
    loopback_metadata: Annotated[Any | UnsetType, D("RT-PRES-03")] = UNSET


class PresenceRefused(Shape, kw_only=True):
    """A client spoke in a space to which it is not subscribed."""

    category: Annotated[Literal["media.session.invalid"], D("RT-PRES-07")] = "media.session.invalid"
    topic_id: Annotated[str, A("RT-PRES-07")]
    sender: Annotated[PresenceSender, A("RT-PRES-07")]
    content: Annotated[Nothing, A("RT-PRES-07")]


# --- media sessions and calls


class SendMedia(Shape, kw_only=True, forbid_unknown_fields=False):
    """A client tells what it does in a meeting, or calls somebody."""

    category: Annotated[str, D("RT-MED-01, RT-MED-02, RT-CALL-01")]
    topic_id: Annotated[str | UnsetType, D("RT-MED-01")] = UNSET
    content: Annotated[Json | UnsetType, D("RT-MED-01, RT-MED-02")] = UNSET
    receivers: Annotated[Sequence[Named] | UnsetType, D("RT-MED-01, RT-CALL-01")] = UNSET
    space_call_id: Annotated[str | UnsetType, C("RT-CALL-01")] = UNSET
    meeting_id: Annotated[str | UnsetType, C("RT-CALL-01")] = UNSET
    data: Annotated[Any | UnsetType, D("RT-MED-01")] = UNSET
    comment: Annotated[Any | UnsetType, D("RT-MED-01")] = UNSET
    version: Annotated[Any | UnsetType, D("RT-MED-01")] = UNSET
    loopback_metadata: Annotated[Any | UnsetType, D("RT-MED-01")] = UNSET


class RelayedContent(MeetingContent, kw_only=True, forbid_unknown_fields=False):
    """A meeting and the party's own entry in it, and what else was sent."""

    attendee: Annotated[Attendee | UnsetType, D("RT-MED-03")] = UNSET
    media_session: Annotated[Any | UnsetType, D("RT-MED-03")] = UNSET


class MediaRelay(Shape, kw_only=True):
    """What a party of a meeting told."""

    id: Annotated[Id, D("RT-MED-03")]
    message_id: Annotated[Id, D("RT-MED-03")]
    topic_id: Annotated[Id, D("RT-MED-03")]
    category: Annotated[str, D("RT-MED-02, RT-MED-03")]
    sender: Annotated[Sender, D("RT-MED-03")]
    modified: Annotated[None, D("RT-MED-03")] = None
    created: Annotated[Time, D("RT-MED-03")]
    content: Annotated[Json, kept(RelayedContent), D("RT-MED-03")]
    data: Annotated[Any | UnsetType, A("RT-MED-01, RT-MED-06")] = UNSET
    comment: Annotated[Any | UnsetType, A("RT-MED-01, RT-MED-06")] = UNSET
    version: Annotated[Any | UnsetType, A("RT-MED-01, RT-MED-06")] = UNSET
    loopback_metadata: Annotated[Any | UnsetType, D("RT-MED-01")] = UNSET


class MediaRelayAlone(MediaRelay, kw_only=True):
    """What somebody told of their media while there is no meeting."""

    message_id: Annotated[Literal[""], A("RT-MED-03")] = ""
    content: Annotated[Json, A("RT-MED-03")]


class CallServer(Shape, kw_only=True):
    """The server, in the space that the caller named, if they did."""

    id: Annotated[str, A("RT-CALL-02")]
    type: Annotated[str, A("RT-CALL-02")]


class CallEvent(Shape, kw_only=True):
    """An offer of a call, an answer to it, or what became of it, as the server says it or another party."""

    id: Annotated[Id, A("RT-CALL-02")]
    message_id: Annotated[str, A("RT-CALL-02")]
    topic_id: Annotated[str, A("RT-CALL-02")]
    category: Annotated[str, C("RT-CALL-01, RT-CALL-02")]
    sender: Annotated[Sender | CallServer, A("RT-CALL-02")]
    modified: Annotated[None, A("RT-CALL-02")] = None
    created: Annotated[Time, A("RT-CALL-02")]
    space_call_id: Annotated[Uuid, A("RT-CALL-02")]
    content: Annotated[Any, C("RT-CALL-01")]
    receivers: Annotated[Any | UnsetType, C("RT-CALL-01")] = UNSET
    meeting_id: Annotated[Any | UnsetType, C("RT-CALL-01")] = UNSET
    version: Annotated[Any | UnsetType, A("RT-CALL-02")] = UNSET


# --- pairing


class PairedChannel(Shape, kw_only=True):
    """The space that a room app was paired in."""

    type: Annotated[str, D("RT-PAIR-01")]
    id: Annotated[Id, D("RT-PAIR-01")]
    is_private: Annotated[bool, D("RT-PAIR-01")]


class PairingAuthorizer(Shape, kw_only=True):
    """Who paired it."""

    type: Annotated[Literal["user"], D("RT-PAIR-01")] = "user"
    id: Annotated[Id, D("RT-PAIR-01")]
    display: Annotated[str, D("RT-PAIR-01")]
    username: Annotated[str, D("RT-PAIR-01")]


class PairingInfo(Underscored, kw_only=True):
    """Which app was paired, and when."""

    pairingcode: Annotated[str, D("RT-PAIR-01")]
    app_id: Annotated[str, D("RT-PAIR-01")]
    pairing_time: Annotated[Time, D("RT-PAIR-01")]


class SipInfo(Shape, kw_only=True):
    """Where the space can be dialled."""

    sip_uri: Annotated[str, D("RT-PAIR-01")] = msgspec.field(name="sipURI")


class PairingToken(Shape, kw_only=True):
    """A space access token for the app."""

    token: Annotated[str, D("RT-PAIR-01")]
    type: Annotated[Literal["sat"], D("RT-PAIR-01")] = "sat"
    scope: Annotated[Sequence[str], D("RT-PAIR-01")]
    expires: Annotated[Count, D("RT-PAIR-01")]


class PairedApp(Shape, kw_only=True):
    """The app that was paired."""

    id: Annotated[Id, D("RT-PAIR-01")]
    type: Annotated[Literal["app"], D("RT-PAIR-01")] = "app"
    displayname: Annotated[str, D("RT-PAIR-01")]
    username: Annotated[str, D("RT-PAIR-01")]
    role: Annotated[str, D("RT-PAIR-01")]
    picture_url: Annotated[Url, D("RT-PAIR-01")]


class Pairing(Shape, kw_only=True):
    """A room app was paired with a person."""

    is_pairing_authorized: Annotated[Literal[True], D("RT-PAIR-01")] = True
    channel: Annotated[PairedChannel, D("RT-PAIR-01")]
    authorizer: Annotated[PairingAuthorizer, D("RT-PAIR-01")]
    pairing_info: Annotated[PairingInfo, D("RT-PAIR-01")] = msgspec.field(name="pairing_info")
    sip_info: Annotated[SipInfo, D("RT-PAIR-01")]
    access_token: Annotated[PairingToken, D("RT-PAIR-01")]
    app: Annotated[PairedApp, D("RT-PAIR-01")]


ANSWERS: dict[str, Any] = {
    "pairing": Pairing,
}

PAYLOADS: dict[str, Any] = {
    "subscribe": Subscribe,
    "unsubscribe": Unsubscribe,
    "message to send": SendMessage,
    "presence to tell": SendPresence,
    "media session to tell": SendMedia,
    "subscribed": Subscribed,
    "unsubscribed": Unsubscribed,
    "not subscribed": NotSubscribed,
    "said in a space": MessageSent | MessageRemoved | TopicUpdated | TopicHidden | TopicRead,
    "message not sent": NotSent,
    "presence": PresenceEvent | PresenceRefused,
    "media session": MeetingEvent | MediaRelay | MediaRelayAlone | CallEvent,
    "pairing": Pairing,
}
