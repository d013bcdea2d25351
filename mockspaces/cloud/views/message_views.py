"""How messages, attachments and meetings look on the wire, the same for REST and socket.

Shapes that an answer has many of take their members by position, in the order of the wire: see `shapes.base`.
"""

from typing import TypeVar

from msgspec import UNSET

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.events import MediaEvent
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import files
from mockspaces.cloud.store.entities import Attachment, Attendee, Meeting, Message, Recording, Sender, Task
from mockspaces.contract.shapes import events as event_shapes
from mockspaces.contract.shapes import messages as shapes
from mockspaces.contract.web import DEFAULT_PICTURE

Written = TypeVar("Written", bound=shapes.Message)
Content = TypeVar("Content", bound=shapes.Content)
Held = TypeVar("Held", bound=shapes.Meeting)
MeetingContent = TypeVar("MeetingContent", bound=shapes.MeetingContent)
NO_TASK = Task()  # what is said of the status of chats and posts
EVENT_MEMBERS = dict(  # how the parts of an event are called in its shape
    zip(
        shapes.MeetingEventContent.__struct_encode_fields__,
        shapes.MeetingEventContent.__struct_fields__,
        strict=True,
    )
)


def sender(origins: Origins, who: Sender) -> shapes.Sender:
    """Return the author of something (DM-MSG-03)."""
    picture = who.picture or f"{origins.accounts}{DEFAULT_PICTURE}"
    return shapes.Sender(who.id, who.type, who.username, who.displayname, picture)


def server(world: World, space_id: str) -> shapes.ServerSender:
    """Return the sender of what the server itself says in a space (RT-MED-03)."""
    return shapes.ServerSender(id=space_id, type=world.contract.spaces.server)


async def message(world: World, origins: Origins, shown: Message) -> shapes.Message | shapes.Meeting:
    """Return a message as REST shows it (DM-MSG-01..07)."""
    if shown.meeting:
        return _of_meeting(
            world, origins, shown, shapes.Meeting, _meeting(origins, shown.meeting, shapes.StoredMeetingContent)
        )
    return await written(world, origins, shown, shapes.Message, shapes.Content)


async def listed(world: World, origins: Origins, shown: Message) -> shapes.ListedMessage | shapes.ListedMeeting:
    """Return a message as an item of a list (MSG-GEN-03)."""
    if shown.meeting:
        return _of_meeting(
            world, origins, shown, shapes.ListedMeeting, _meeting(origins, shown.meeting, shapes.ListedMeetingContent)
        )
    return await written(world, origins, shown, shapes.ListedMessage, shapes.ListedContent)


async def written(
    world: World, origins: Origins, shown: Message, shape: type[Written], of_content: type[Content]
) -> Written:
    """Return a chat, post or task, as it stands alone or as an item of a list."""
    result = shape(
        shown.id,
        shown.category,  # type: ignore[arg-type]  # a meeting is shown otherwise
        shown.space_id,
        world.contract.spaces.message_status["normal"],
        iso(shown.created),
        None if shown.modified is None else iso(shown.modified),
        shown.comments,
        0,
        sender(origins, shown.sender),
        await content(world, origins, shown, of_content),
    )
    if shown.parent_id and (parent := await world.state.messages.get(shown.parent_id)):
        result.parent_msg = shapes.Parent(parent.id, parent.text, parent.category)  # type: ignore[arg-type]  # chats have no comments
    if shown.mentions is not None:
        result.mentions = shown.mentions
    if shown.version is not None:
        result.version = shown.version
    return result


def _of_meeting(
    world: World, origins: Origins, shown: Message, shape: type[Held], content: shapes.StoredMeetingContent
) -> Held:
    return shape(
        id=shown.id,
        topic_id=shown.space_id,
        status=world.contract.spaces.message_status["normal"],
        created=iso(shown.created),
        modified=None if shown.modified is None else iso(shown.modified),
        chat_count=shown.comments,
        sender=sender(origins, shown.sender),
        content=content,
    )


async def content(world: World, origins: Origins, shown: Message, shape: type[Content]) -> Content:
    """Return the content of a chat, post or task: the same members for each of them (DM-MSG-06, MSG-GEN-01)."""
    task = shown.task or NO_TASK
    result = shape(
        shown.text,
        shown.description or "",
        task.status,
        None if task.due is None else iso(task.due),
        [await attachment(world, origins, one) for one in shown.attachments] if shown.attachments else [],
        iso(shown.created),
    )
    if shown.task:
        result.assignees = [shapes.Assignee(person) for person in task.assignees]
    return result


def deleted(world: World, shown: Message) -> shapes.DeletedMessage:
    """Return what is left of a deleted message (USERS-MSGS-02)."""
    return shapes.DeletedMessage(
        id=shown.id,
        topic_id=shown.space_id,
        category=shown.category,  # type: ignore[arg-type]  # meetings are not deleted
        status=world.contract.spaces.message_status["deleted"],
        modified=iso(shown.modified or shown.created),
    )


async def attachment(world: World, origins: Origins, shown: Attachment) -> shapes.Attachment:
    """Return an attachment; its URLs are made anew, "" where no such file is stored (DM-ATT-02, MSG-GEN-08)."""
    path = await files.path(world, origins, shown.file_id)
    image = shown.file_type == "image"
    thumbnail = await files.path(world, origins, shown.thumbnail_file) if shown.thumbnail_file else ""
    return shapes.Attachment(
        file_id=shown.file_id,
        file_size=shown.file_size,
        file_type=shown.file_type,
        name=shown.name,
        provider=shown.provider,
        provider_file_type=shown.provider_file_type,
        icon=shown.icon,
        path=path,
        preview_url=path if image else "",
        thumbnail_url=thumbnail or (path if image else ""),
        meta_data=shapes.MetaData(),
        thumbnail_file=UNSET if shown.thumbnail_file is None else shown.thumbnail_file,
    )


def relayed(origins: Origins, shown: Meeting, own: Attendee | None) -> event_shapes.RelayedContent:
    """Return a meeting with a party's own entry, if they have one, as what they say is relayed (RT-MED-03)."""
    content = _meeting(origins, shown, event_shapes.RelayedContent)
    if own is not None:
        content.attendee = attendee(origins, own)
    return content


def _meeting(origins: Origins, shown: Meeting, shape: type[MeetingContent]) -> MeetingContent:
    return shape(
        start_time=iso(shown.start),
        end_time=None if shown.end is None else iso(shown.end),
        media_mode=shown.media_mode,
        meeting_status="active" if shown.end is None else "inactive",
        attendees=[attendee(origins, one) for one in shown.attendees],
        recordings=[recording(one) for one in shown.recordings],
        layout=UNSET if shown.layout is None else shown.layout,
        background_theme=UNSET if shown.theme is None else shown.theme,
    )


def attendee(origins: Origins, shown: Attendee) -> shapes.Attendee:
    """Return a party of a meeting; who left has a ``leaveTime`` (DM-MEET-02)."""
    return shapes.Attendee(
        id=shown.id,
        type=shown.type,
        username=shown.username,
        displayname=shown.displayname,
        picture_url=shown.picture or f"{origins.accounts}{DEFAULT_PICTURE}",
        join_time=iso(shown.join_time),
        mdsrv_sessions=[shapes.Session(id=session) for session in shown.sessions],
        leave_time=UNSET if shown.leave_time is None else iso(shown.leave_time),
        is_noise_reduction_enabled=UNSET if shown.noise_reduction is None else shown.noise_reduction,
        media_session_id=UNSET if shown.media_session_id is None else shown.media_session_id,
    )


def recording(shown: Recording) -> shapes.Recording:
    """Return a recording (DM-MEET-03)."""
    who = shown.started_by
    return shapes.Recording(
        id=shown.id,
        started_by=shapes.Starter(id=who.id, type=who.type, username=who.username, displayname=who.displayname),
        start_time=iso(shown.start),
        end_time=None if shown.end is None else iso(shown.end),
    )


def media_event(world: World, origins: Origins, event: MediaEvent) -> shapes.MeetingEvent:
    """Return a meeting event as the server makes it (RT-MED-03): what recordings answer and sockets get."""
    content = _meeting(origins, event.meeting, shapes.MeetingEventContent)
    if event.attendee:
        content.attendee = attendee(origins, event.attendee)
    if event.recording:
        content.recordings = [recording(event.recording)]
    for name, value in event.parts.items():
        setattr(content, EVENT_MEMBERS[name], value)
    return shapes.MeetingEvent(
        id=event.id,
        message_id=event.message_id,
        topic_id=event.space.id,
        category=event.category,
        sender=server(world, event.space.id),
        created=iso(event.created),
        content=content,
    )
