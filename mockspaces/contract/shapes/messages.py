"""Messages, attachments and meetings (DM-MSG-*, DM-ATT-*, DM-MEET-*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.contract.shapes.base import A, C, Count, D, Id, Shape, Time, Url, UrlOrNone
from mockspaces.contract.shapes.lists import Data, Page
from mockspaces.contract.spaces import TaskStatus

Category = Literal["chat", "idea", "task", "meeting"]
MediaMode = Literal["audio", "video"]


class Sender(Shape):
    """Who wrote a message, as they were then."""

    id: Annotated[Id, D("DM-MSG-03")]
    type: Annotated[Literal["user", "anonymous"], D("DM-MSG-03")]
    username: Annotated[str, D("DM-MSG-03")]
    displayname: Annotated[str, D("DM-MSG-03")]
    picture_url: Annotated[Url, D("DM-MSG-03")]


class ServerSender(Shape, kw_only=True):
    """The sender of what the server itself says in a space."""

    id: Annotated[Id, D("RT-MED-03, MEET-RECSTOP-01")]
    type: Annotated[str, D("RT-MED-03, MEET-RECSTOP-01")]


class Parent(Shape):
    """What a comment is about."""

    id: Annotated[Id, D("DM-MSG-05, MSG-COMMI-02")]
    body_text: Annotated[str, D("DM-MSG-05, MSG-COMMI-02")]
    category: Annotated[Literal["idea", "task"], D("DM-MSG-05, MSG-COMMI-02")]


class MetaData(Shape):
    """Who stores a file and who shows it."""

    stge_provd: Annotated[str, C("DM-ATT-02")] = "native"
    prvw_provd: Annotated[str, C("DM-ATT-02")] = "native"
    paging: Annotated[bool, C("DM-ATT-02")] = False


class Attachment(Shape, kw_only=True):
    """A file in a message."""

    file_id: Annotated[str, D("DM-ATT-01")]
    file_size: Annotated[Count, D("DM-ATT-01")]
    file_type: Annotated[str, D("DM-ATT-01")]
    name: Annotated[str, D("DM-ATT-01")]
    provider: Annotated[Literal["native"], D("DM-ATT-01")]
    provider_file_type: Annotated[str, D("DM-ATT-01")]
    icon: Annotated[str, D("DM-ATT-01")]
    path: Annotated[UrlOrNone, C("DM-ATT-02, MSG-GEN-08")]
    preview_url: Annotated[UrlOrNone, C("DM-ATT-02, MSG-GEN-08")]
    thumbnail_url: Annotated[UrlOrNone, C("DM-ATT-02, MSG-GEN-08")]
    thumbnail: Annotated[str, C("DM-ATT-02")] = ""
    preview_file: Annotated[str, C("DM-ATT-02")] = ""
    keywords: Annotated[Sequence[str], C("DM-ATT-02")] = ()
    description: Annotated[str, C("DM-ATT-02")] = ""
    meta_data: Annotated[MetaData, C("DM-ATT-02")]
    pages: Annotated[Count, C("DM-ATT-02")] = 0
    convert_status: Annotated[int, C("DM-ATT-02")] = 0
    convert_start: Annotated[None, C("DM-ATT-02")] = None
    next_schedule: Annotated[None, C("DM-ATT-02")] = None
    convert_error: Annotated[str, C("DM-ATT-02")] = ""
    thumbnail_file: Annotated[str | UnsetType, D("DM-ATT-01")] = UNSET


class Assignee(Shape):
    """Who has to do a task."""

    id: Annotated[str, D("DM-MSG-06")]


class Content(Shape):
    """What a chat, post or task says; only tasks have assignees."""

    body_text: Annotated[str, D("DM-MSG-06")]
    description: Annotated[str, C("DM-MSG-06")]
    status: Annotated[TaskStatus, C("DM-MSG-06, MSG-TASK-06")]
    due_date: Annotated[Time | None, C("DM-MSG-06, MSG-TASK-06")]
    data: Annotated[Sequence[Attachment], D("DM-MSG-06")]
    start_time: Annotated[Time, C("MSG-GEN-01")]
    assignees: Annotated[Sequence[Assignee] | UnsetType, D("DM-MSG-06, MSG-TASK-06")] = UNSET


class ListedContent(Content):
    """The content of an item of a list, which has both lists of people whatever its category."""

    assignees: Annotated[Sequence[Assignee], C("DM-MSG-06, MSG-TASK-06")] = ()
    attendees: Annotated[Sequence[Any], C("DM-MSG-06")] = ()


class Session(Shape, kw_only=True):
    """A session at the media server."""

    id: Annotated[str, C("DM-MEET-02, MEET-ACTIVE-02")]


class Attendee(Shape, kw_only=True):
    """A party of a meeting; who left has a time of it."""

    id: Annotated[str, C("DM-MEET-02")]
    type: Annotated[Literal["user", "anonymous", "phone"], C("DM-MEET-02")]
    username: Annotated[str, C("DM-MEET-02")]
    displayname: Annotated[str, C("DM-MEET-02")]
    picture_url: Annotated[Url, C("DM-MEET-02")]
    join_time: Annotated[Time, C("DM-MEET-02")]
    mdsrv_sessions: Annotated[Sequence[Session], C("DM-MEET-02, MEET-ACTIVE-02")]
    leave_time: Annotated[Time | UnsetType, A("DM-MEET-02")] = UNSET
    is_noise_reduction_enabled: Annotated[bool | UnsetType, A("MEET-OPER-01")] = UNSET
    media_session_id: Annotated[str | UnsetType, A("MEET-OPER-01")] = UNSET


class Starter(Shape, kw_only=True):
    """Who started a recording."""

    id: Annotated[Id, D("DM-MEET-03, MEET-RECSTOP-01")]
    type: Annotated[Literal["user", "anonymous"], D("DM-MEET-03, MEET-RECSTOP-01")]
    username: Annotated[str, D("DM-MEET-03, MEET-RECSTOP-01")]
    displayname: Annotated[str, D("DM-MEET-03, MEET-RECSTOP-01")]


class Recording(Shape, kw_only=True):
    """A recording of a meeting, running until it has an end."""

    id: Annotated[Id, D("DM-MEET-03, MEET-REC-01")]
    started_by: Annotated[Starter, D("DM-MEET-03, MEET-RECSTOP-01")]
    start_time: Annotated[Time, A("DM-MEET-03")]
    end_time: Annotated[Time | None, A("DM-MEET-03")]


class MeetingContent(Shape, kw_only=True):
    """What a meeting is."""

    start_time: Annotated[Time, C("DM-MEET-01")]
    end_time: Annotated[Time | None, C("DM-MEET-01, MEET-ACTIVE-02, MEET-END-02")]
    virtual_end_time: Annotated[None, C("DM-MEET-01")] = None
    media_mode: Annotated[MediaMode, C("DM-MEET-01")]
    meeting_status: Annotated[Literal["active", "inactive"], C("DM-MEET-01")]
    body_text: Annotated[str, C("DM-MEET-01")] = ""
    attendees: Annotated[Sequence[Attendee], C("DM-MEET-01, MEET-ACTIVE-02")]
    recordings: Annotated[Sequence[Recording], C("DM-MEET-01")]
    data: Annotated[Sequence[Attachment], C("DM-MEET-01")] = ()
    layout: Annotated[str | UnsetType, C("MEET-LAYOUT-01")] = UNSET
    background_theme: Annotated[str | UnsetType, C("MEET-LAYOUT-01")] = UNSET


class StoredMeetingContent(MeetingContent, kw_only=True):
    """What a meeting is, as the message that is kept of it shows it."""

    description: Annotated[str, C("DM-MSG-06")] = ""
    status: Annotated[TaskStatus, C("DM-MSG-06")] = "pending"
    due_date: Annotated[None, C("DM-MSG-06")] = None


class ListedMeetingContent(StoredMeetingContent, kw_only=True):
    """The content of a meeting in a list; it never has assignees."""

    assignees: Annotated[Sequence[Assignee], C("DM-MSG-06")] = ()


class Message(Shape):
    """A chat, post (idea) or task; ``parentMsg`` is that of a comment."""

    id: Annotated[Id, D("DM-MSG-01")]
    category: Annotated[Literal["chat", "idea", "task"], D("DM-MSG-01")]
    topic_id: Annotated[Id, D("DM-MSG-01")]
    status: Annotated[int, A("DM-MSG-01")]
    created: Annotated[Time, C("DM-MSG-02")]
    modified: Annotated[Time | None, C("DM-MSG-02")]
    chat_count: Annotated[Count, D("DM-MSG-04")]
    like_count: Annotated[Count, D("DM-MSG-04")]
    sender: Annotated[Sender, D("DM-MSG-03, MSG-GEN-05")]
    content: Annotated[Content, D("DM-MSG-06")]
    parent_msg: Annotated[Parent | UnsetType, D("DM-MSG-05, MSG-COMMI-02")] = UNSET
    mentions: Annotated[Any | UnsetType, C("DM-MSG-07")] = UNSET
    version: Annotated[Any | UnsetType, C("DM-MSG-07")] = UNSET


class Meeting(Shape, kw_only=True):
    """A meeting, which is a message of its own category."""

    id: Annotated[Id, C("DM-MSG-01, DM-MEET-01")]
    category: Annotated[Literal["meeting"], C("DM-MSG-01, DM-MEET-01")] = "meeting"
    topic_id: Annotated[Id, C("DM-MSG-01, DM-MEET-01")]
    status: Annotated[int, A("DM-MSG-01")]
    created: Annotated[Time, C("DM-MSG-02")]
    modified: Annotated[Time | None, C("DM-MSG-02")]
    chat_count: Annotated[Count, C("DM-MSG-04")]
    like_count: Annotated[Count, C("DM-MSG-04")] = 0
    sender: Annotated[Sender, C("DM-MSG-03, DM-MEET-01")]
    content: Annotated[StoredMeetingContent, C("DM-MEET-01")]


class ListedMessage(Message):
    """A chat, post or task in a list."""

    content: Annotated[ListedContent, D("DM-MSG-06")]
    v: Annotated[Literal[0], C("DM-MSG-07, MSG-GEN-03")] = msgspec.field(name="__v", default=0)


class ListedMeeting(Meeting, kw_only=True):
    """A meeting in a list."""

    content: Annotated[ListedMeetingContent, C("DM-MEET-01")]
    v: Annotated[Literal[0], C("DM-MSG-07, MSG-GEN-03")] = msgspec.field(name="__v", default=0)


class DeletedMessage(Shape, kw_only=True):
    """What is left of a deleted message."""

    id: Annotated[Id, A("USERS-MSGS-02")]
    topic_id: Annotated[Id, A("USERS-MSGS-02")]
    category: Annotated[Literal["chat", "idea", "task"], A("USERS-MSGS-02")]
    status: Annotated[int, A("USERS-MSGS-02")]
    modified: Annotated[Time, A("USERS-MSGS-02")]


class Reason(Shape, kw_only=True):
    """Why something was not done."""

    code: Annotated[str, D("MSG-DELETE-02, MSG-DELETE-03")]
    message: Annotated[str, D("MSG-DELETE-02")]


class NotDeleted(Shape, kw_only=True):
    """A message that is still there."""

    message_id: Annotated[str, D("MSG-DELETE-02")]
    reason: Annotated[Reason, D("MSG-DELETE-02")]


class Deletion(Shape, kw_only=True):
    """What became of each message; one name really has a double m."""

    deleted_messages: Annotated[Sequence[str], D("MSG-DELETE-02")]
    not_found_mmessages: Annotated[Sequence[str], D("MSG-DELETE-02, MSG-DELETE-03")]
    not_deleted_messages: Annotated[Sequence[NotDeleted], D("MSG-DELETE-02, MSG-DELETE-03")]
    no_permitted_messages: Annotated[Sequence[NotDeleted], A("MSG-DELETE-02, MSG-DELETE-03")]


class Excluded(Shape, kw_only=True):
    """Who keeps their microphone while all others are muted."""

    attendee_id: Annotated[str, C("MEET-MUTEALL-02")]


class MeetingEventContent(MeetingContent, kw_only=True):
    """A meeting, and what has just happened in it."""

    attendee: Annotated[Attendee | UnsetType, C("RT-MED-03")] = UNSET
    target_id: Annotated[str | UnsetType, C("MEET-HAND-02, MEET-HANDOK-01, MEET-HANDLOW-01")] = UNSET
    requested_permissions: Annotated[Sequence[str] | UnsetType, C("MEET-HAND-02")] = UNSET
    granted_permissions: Annotated[Sequence[str] | UnsetType, C("MEET-HANDOK-01")] = UNSET
    rejected_permissions: Annotated[Sequence[str] | UnsetType, C("MEET-HANDLOW-01")] = UNSET
    media_session: Annotated[Any | UnsetType, C("MEET-MEDIA-03")] = UNSET
    exclude: Annotated[Sequence[Excluded] | UnsetType, C("MEET-MUTEALL-02")] = UNSET


class MeetingEvent(Shape, kw_only=True):
    """An event of a meeting, as the server makes it."""

    id: Annotated[Id, D("RT-MED-03, MEET-REC-01")]
    message_id: Annotated[Id, D("RT-MED-03")]
    topic_id: Annotated[Id, D("RT-MED-03")]
    category: Annotated[str, D("RT-MED-03, RT-MED-08")]
    sender: Annotated[Sender | ServerSender, D("RT-MED-03")]
    modified: Annotated[None, D("RT-MED-03")] = None
    created: Annotated[Time, D("RT-MED-03")]
    content: Annotated[MeetingEventContent, D("RT-MED-03, MEET-REC-01")]


class Recordings(Shape, kw_only=True):
    """The recordings that a short answer is about."""

    recordings: Annotated[Sequence[Recording], D("MEET-RECSTOP-01")]


class StoppedRecording(Shape, kw_only=True):
    """The documented short answer."""

    sender: Annotated[ServerSender, D("MEET-RECSTOP-01")]
    content: Annotated[Recordings, D("MEET-RECSTOP-01")]


AnyMessage = Message | Meeting
AnyListed = ListedMessage | ListedMeeting

ANSWERS: dict[str, Any] = {
    "message": AnyMessage,
    "edited message": Message,
    "data of messages": Data[Message],
    "messages": Page[AnyListed],
    "messages and deleted ones": Page[ListedMessage | DeletedMessage],
    "listed messages": Page[ListedMessage],
    "deletion": Deletion,
    "meeting": Meeting,
    "data of meetings": Data[Meeting],
    "meetings": Page[ListedMeeting],
    "meeting events": Data[MeetingEvent],
    "stopped recordings": Data[StoppedRecording],
}
