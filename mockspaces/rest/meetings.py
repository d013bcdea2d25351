"""Meetings over REST: reading, ending, muting, hands, layout, recordings (MEET-*)."""

from typing import Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import Rejection, not_found
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.messaging.meetings import Party
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import access
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import Message
from mockspaces.cloud.views import message_views
from mockspaces.contract import errors, events
from mockspaces.rest.call import Call, Handlers
from mockspaces.rest.messages import newest_first, page, shown


class MuteAllBody(msgspec.Struct, frozen=True, rename="camel"):
    """Who keeps his microphone (MEET-MUTEALL-01)."""

    exclusion_list: list[str] | None = None


class MediaStateBody(msgspec.Struct, frozen=True, rename="camel"):
    """Microphone and camera as they shall be (MEET-MEDIA-02)."""

    audio: bool | None = None
    video: bool | None = None
    mdsrv_session_id: str | None = None


class OperationBody(msgspec.Struct, frozen=True):
    """What an attendee's client does by itself (MEET-OPER-01)."""

    noise_reduction: bool | None = msgspec.field(name="isNoiseReductionEnabled", default=None)
    session: str | None = msgspec.field(name="mediaSessionId", default=None)


class HandBody(msgspec.Struct, frozen=True, rename="camel"):
    """What somebody who raises his hand wants to be allowed (MEET-HAND-01)."""

    requested_permissions: list[str] = []


class AnswerBody(msgspec.Struct, frozen=True, rename="camel"):
    """Whose hand is accepted or lowered (MEET-HANDOK-01, MEET-HANDLOW-01)."""

    attendee_id: str
    attendee_type: str = "user"
    granted_permissions: list[str] | None = None
    rejected_permissions: list[str] | None = None


class LayoutBody(msgspec.Struct, frozen=True, rename="camel"):
    """How the meeting looks (MEET-LAYOUT-01)."""

    layout: str
    background_theme: str | None = None


async def _enter(call: Call) -> tuple[Standing, Message]:
    """Admit the caller to the meeting of the path: both ids (step 4), then steps 5 to 6c."""
    await access.find_space(call.world, call.params["spaceId"])
    message = await meetings.find(call.world, call.params["spaceId"], call.params["meetingId"])
    return await call.enter(), message


async def _enter_party(call: Call) -> tuple[Message, Party]:
    """Admit the caller to an attendee of the path: himself, or anybody as admin (MEET-GEN-04)."""
    party = Party(call.params["type"], call.params["attendeeId"])
    await access.find_space(call.world, call.params["spaceId"])
    message = await meetings.find(call.world, call.params["spaceId"], call.params["meetingId"])
    meetings.attendee_ever(message, party)
    _check_own(call, await call.enter(), party.id)
    return message, party


def _check_own(call: Call, found: Standing, attendee_id: str) -> None:
    if found.role != "admin" and attendee_id != call.caller.id:
        raise Rejection(errors.PERMISSION_DENIED, "only an admin may do this for somebody else")


async def _answer(call: Call, message: Message) -> dict[str, object]:
    return {"data": [await shown(call, message)]}


# --- reading


async def active(call: Call) -> object:
    """Return the active meeting as a bare object (MEET-ACTIVE-01, -02)."""
    found = await call.enter()
    message = await meetings.active(call.world, found.space.id)
    if message is None:
        raise not_found(errors.MEETING_NOT_FOUND, "active meeting in space", found.space.id)
    return await shown(call, message)


async def list_(call: Call) -> object:
    """List the meetings of a space (MEET-LIST-01, -02)."""
    found = await call.enter()
    return await page(call, newest_first(call, found, "category", (found.space.id, "meeting")))


# --- acting


async def end(call: Call) -> object:
    """End a meeting for everybody (MEET-END-01, -02)."""
    found, message = await _enter(call)
    return await _answer(call, await meetings.end(call.world, found.space.id, message.id))


async def mute_all(call: Call) -> object:
    """Ask everybody else to mute (MEET-MUTEALL-01, -02)."""
    found, message = await _enter(call)
    body = await call.decode(MuteAllBody)
    return await _answer(
        call, await meetings.mute_all(call.world, found.space.id, message.id, body.exclusion_list or ())
    )


async def media_state(call: Call) -> object:
    """Switch an attendee's microphone or camera (MEET-MEDIA-01..04)."""
    message, party = await _enter_party(call)
    body = await call.decode(MediaStateBody)
    sent = {"audio": body.audio, "video": body.video, "mdsrvSessionId": body.mdsrv_session_id}
    tracks = {name: value for name, value in sent.items() if value is not None}
    return await _answer(call, await meetings.set_tracks(call.world, message.space_id, message.id, party, tracks))


async def operation(call: Call) -> object:
    """Note what an attendee's client does about noise (MEET-OPER-01)."""
    message, party = await _enter_party(call)
    body = await call.decode(OperationBody)
    changed = await meetings.set_noise_reduction(
        call.world, message.space_id, message.id, party, enabled=body.noise_reduction, session=body.session
    )
    return await _answer(call, changed)


async def raise_hand(call: Call) -> object:
    """Raise the caller's hand (MEET-HAND-01, -02)."""
    found, message = await _enter(call)
    body = await call.decode(HandBody)
    parts = {"requestedPermissions": body.requested_permissions}
    return await _show_hand(call, found, message, events.PERMISSION_REQUESTED, call.caller.id, parts)


async def accept_hand(call: Call) -> object:
    """Grant what a raised hand asked for; an admin's alone, also for a hand of his own (MEET-HANDOK-01)."""
    found, message = await _enter(call)
    body = await call.decode(AnswerBody)
    await _check_person(call, body)
    parts = {"grantedPermissions": body.granted_permissions or []}
    return await _show_hand(call, found, message, events.PERMISSION_GRANTED, body.attendee_id, parts)


async def lower_hand(call: Call) -> object:
    """Lower one's own hand, or anybody's as admin (MEET-HANDLOW-01)."""
    found, message = await _enter(call)
    body = await call.decode(AnswerBody)
    _check_own(call, found, body.attendee_id)
    await _check_person(call, body)
    parts = {"rejectedPermissions": body.rejected_permissions or []}
    return await _show_hand(call, found, message, events.PERMISSION_REJECTED, body.attendee_id, parts)


async def _check_person(call: Call, body: AnswerBody) -> None:
    if body.attendee_type != "phone" and await people.get_person(call.world, body.attendee_id) is None:
        raise not_found(errors.USER_NOT_FOUND, "user", body.attendee_id)


async def _show_hand(
    call: Call, found: Standing, message: Message, category: str, target_id: str, parts: dict[str, Any]
) -> object:
    changed = await meetings.show_hand(call.world, found.space.id, message.id, category, target_id, parts)
    return await _answer(call, changed)


async def layout(call: Call) -> object:
    """Store the layout of a meeting (MEET-LAYOUT-01)."""
    found, message = await _enter(call)
    body = await call.decode(LayoutBody)
    changed = await meetings.set_layout(call.world, found.space.id, message.id, body.layout, body.background_theme)
    return await _answer(call, changed)


# --- recordings


async def start_recording(call: Call) -> object:
    """Start recording and answer what is announced (MEET-REC-01..03)."""
    found, message = await _enter(call)
    event = await meetings.start_recording(call.world, found.space.id, message.id, call.caller.person)
    return {"data": [message_views.media_event(call.world, call.origins, event)]}


async def stop_recording(call: Call) -> object:
    """Stop a recording; the answer is the documented short one (MEET-RECSTOP-01..03)."""
    await access.find_space(call.world, call.params["spaceId"])
    message = await meetings.find(call.world, call.params["spaceId"], call.params["meetingId"])
    meetings.recording(message, call.params["recordingId"])
    found = await call.enter()
    stopped = await meetings.stop_recording(call.world, found.space.id, message.id, call.params["recordingId"])
    content = {"recordings": [message_views.recording(stopped)]}
    return {"data": [{"sender": message_views.server(call.world, found.space.id), "content": content}]}


HANDLERS: Handlers = {
    "MEET-ACTIVE": Handler(active),
    "MEET-LIST": Handler(list_),
    "MEET-END": Handler(end),
    "MEET-MUTEALL": Handler(mute_all, body=MuteAllBody),
    "MEET-MEDIA": Handler(media_state, body=MediaStateBody),
    "MEET-OPER": Handler(operation, body=OperationBody),
    "MEET-HAND": Handler(raise_hand, body=HandBody),
    "MEET-HANDOK": Handler(accept_hand, body=AnswerBody),
    "MEET-HANDLOW": Handler(lower_hand, body=AnswerBody),
    "MEET-LAYOUT": Handler(layout, body=LayoutBody),
    "MEET-REC": Handler(start_recording),
    "MEET-RECSTOP": Handler(stop_recording),
}
