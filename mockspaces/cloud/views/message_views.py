"""How messages, attachments and meetings look on the wire, the same for REST and socket."""

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.events import MediaEvent
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import files
from mockspaces.cloud.store.entities import Attachment, Attendee, Meeting, Message, Recording, Sender
from mockspaces.cloud.views.person_views import Object
from mockspaces.contract.web import DEFAULT_PICTURE


def sender(origins: Origins, who: Sender) -> Object:
    """Return the author of something (DM-MSG-03)."""
    return {
        "_id": who.id,
        "type": who.type,
        "username": who.username,
        "displayname": who.displayname,
        "picture_url": who.picture or f"{origins.accounts}{DEFAULT_PICTURE}",
    }


def server(world: World, space_id: str) -> Object:
    """Return the sender of what the server itself says in a space (RT-MED-03)."""
    return {"_id": space_id, "type": world.contract.spaces.server}


async def message(world: World, origins: Origins, shown: Message, *, listed: bool = False) -> Object:
    """Return a message as REST shows it (DM-MSG-01..07); items of lists have ``__v`` (MSG-GEN-03)."""
    result: Object = {
        "_id": shown.id,
        "category": shown.category,
        "topicId": shown.space_id,
        "status": world.contract.spaces.message_status["normal"],
        "created": iso(shown.created),
        "modified": None if shown.modified is None else iso(shown.modified),
        "chatCount": shown.comments,
        "likeCount": 0,
        "sender": sender(origins, shown.sender),
        "content": await content(world, origins, shown),
    }
    if shown.parent_id and (parent := await world.state.messages.get(shown.parent_id)):
        result["parentMsg"] = {"_id": parent.id, "bodyText": parent.text, "category": parent.category}
    if shown.mentions is not None:
        result["mentions"] = shown.mentions
    if shown.version is not None:
        result["version"] = shown.version
    if listed:
        result["__v"] = 0
    return result


async def content(world: World, origins: Origins, shown: Message) -> Object:
    """Return the content of a message by its category (DM-MSG-06, DM-MEET-01)."""
    if shown.meeting:
        return meeting(origins, shown.meeting)
    data = [await attachment(world, origins, one) for one in shown.attachments]
    result: Object = {"bodyText": shown.text, "data": data}
    if shown.description is not None:
        result["description"] = shown.description
    if shown.task:
        result["status"] = shown.task.status
        result["dueDate"] = None if shown.task.due is None else iso(shown.task.due)
        result["assignees"] = [{"_id": person} for person in shown.task.assignees]
    return result


def deleted(world: World, shown: Message) -> Object:
    """Return what is left of a deleted message (USERS-MSGS-02)."""
    return {
        "_id": shown.id,
        "topicId": shown.space_id,
        "category": shown.category,
        "status": world.contract.spaces.message_status["deleted"],
        "modified": iso(shown.modified or shown.created),
    }


async def attachment(world: World, origins: Origins, shown: Attachment) -> Object:
    """Return an attachment; its URLs are made anew, "" where no such file is stored (DM-ATT-02, MSG-GEN-08)."""
    path = await files.path(world, origins, shown.file_id)
    image = shown.file_type == "image"
    thumbnail = await files.path(world, origins, shown.thumbnail_file) if shown.thumbnail_file else ""
    result: Object = {
        "fileId": shown.file_id,
        "fileSize": shown.file_size,
        "fileType": shown.file_type,
        "name": shown.name,
        "provider": shown.provider,
        "providerFileType": shown.provider_file_type,
        "icon": shown.icon,
        "path": path,
        "previewUrl": path if image else "",
        "thumbnailUrl": thumbnail or (path if image else ""),
        "thumbnail": "",
        "previewFile": "",
        "keywords": [],
        "description": "",
        "metaData": {"stgeProvd": "native", "prvwProvd": "native", "paging": False},
        "pages": 0,
        "convertStatus": 0,
        "convertStart": None,
        "nextSchedule": None,
        "convertError": "",
    }
    if shown.thumbnail_file is not None:
        result["thumbnailFile"] = shown.thumbnail_file
    return result


def meeting(origins: Origins, shown: Meeting) -> Object:
    """Return the content of a meeting (DM-MEET-01)."""
    result: Object = {
        "startTime": iso(shown.start),
        "endTime": None if shown.end is None else iso(shown.end),
        "virtualEndTime": None,
        "mediaMode": shown.media_mode,
        "meetingStatus": "active" if shown.end is None else "inactive",
        "bodyText": "",
        "attendees": [attendee(origins, one) for one in shown.attendees],
        "recordings": [recording(one) for one in shown.recordings],
        "data": [],
    }
    optional = {"layout": shown.layout, "backgroundTheme": shown.theme}
    return {**result, **{name: value for name, value in optional.items() if value is not None}}


def attendee(origins: Origins, shown: Attendee) -> Object:
    """Return a party of a meeting; who left has a ``leaveTime`` (DM-MEET-02)."""
    result: Object = {
        "_id": shown.id,
        "type": shown.type,
        "username": shown.username,
        "displayname": shown.displayname,
        "picture_url": shown.picture or f"{origins.accounts}{DEFAULT_PICTURE}",
        "joinTime": iso(shown.join_time),
        "mdsrvSessions": [{"_id": session} for session in shown.sessions],
    }
    optional = {
        "leaveTime": None if shown.leave_time is None else iso(shown.leave_time),
        "isNoiseReductionEnabled": shown.noise_reduction,
        "mediaSessionId": shown.media_session_id,
    }
    return {**result, **{name: value for name, value in optional.items() if value is not None}}


def recording(shown: Recording) -> Object:
    """Return a recording (DM-MEET-03)."""
    who = shown.started_by
    return {
        "_id": shown.id,
        "startedBy": {"_id": who.id, "type": who.type, "username": who.username, "displayname": who.displayname},
        "startTime": iso(shown.start),
        "endTime": None if shown.end is None else iso(shown.end),
    }


def media_event(world: World, origins: Origins, event: MediaEvent) -> Object:
    """Return a meeting event as the server makes it (RT-MED-03): what recordings answer and sockets get."""
    own = {"attendee": attendee(origins, event.attendee)} if event.attendee else {}
    recorded = {"recordings": [recording(event.recording)]} if event.recording else {}
    return {
        "_id": event.id,
        "messageId": event.message_id,
        "topicId": event.space.id,
        "category": event.category,
        "sender": server(world, event.space.id),
        "modified": None,
        "created": iso(event.created),
        "content": {**meeting(origins, event.meeting), **own, **recorded, **event.parts},
    }
