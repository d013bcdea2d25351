"""Meetings over REST: reading, ending, muting, hands, layout, recordings (MEET-*)."""

from typing import Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import not_found
from mockspaces.cloud.messaging import meetings
from mockspaces.cloud.messaging.meetings import Party
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import Message, Recording
from mockspaces.cloud.views import message_views
from mockspaces.contract import errors, events
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.shapes.messages import Recordings, StoppedRecording
from mockspaces.rest.call import Call, Handlers
from mockspaces.rest.messages import newest_first, page, shown


class MuteAllBody(msgspec.Struct, frozen=True, rename="camel"):
    """Who keeps their microphone (MEET-MUTEALL-01)."""

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
    """What somebody who raises their hand wants to be allowed (MEET-HAND-01)."""

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


async def _answer(call: Call, message: Message) -> object:
    return Data([await shown(call, message)])


# --- reading


async def active(call: Call, found: Standing) -> object:
    """Return the active meeting as a bare object (MEET-ACTIVE-01, -02)."""
    message = await meetings.active(call.world, found.space.id)
    if message is None:
        raise not_found(errors.MEETING_NOT_FOUND, "active meeting in space", found.space.id)
    return await shown(call, message)


async def list_(call: Call, found: Standing) -> object:
    """List the meetings of a space (MEET-LIST-01, -02)."""
    return await page(call, newest_first(call, found, "category", (found.space.id, "meeting")))


# --- acting


async def end(call: Call, found: Standing, message: Message) -> object:
    """End a meeting for everybody (MEET-END-01, -02)."""
    return await _answer(call, await meetings.end(call.world, found.space.id, message.id))


async def mute_all(call: Call, found: Standing, message: Message) -> object:
    """Ask everybody else to mute; who asks is spared too (MEET-MUTEALL-01, -02)."""
    body = await call.decode(MuteAllBody)
    spared = tuple(dict.fromkeys((*(body.exclusion_list or ()), call.caller.id)))
    return await _answer(call, await meetings.mute_all(call.world, found.space.id, message.id, spared))


async def media_state(call: Call, _found: Standing, message: Message, party: Party) -> object:
    """Switch an attendee's microphone or camera (MEET-MEDIA-01..04)."""
    body = await call.decode(MediaStateBody)
    sent = {"audio": body.audio, "video": body.video, "mdsrvSessionId": body.mdsrv_session_id}
    tracks = {name: value for name, value in sent.items() if value is not None}
    return await _answer(call, await meetings.set_tracks(call.world, message.space_id, message.id, party, tracks))


async def operation(call: Call, _found: Standing, message: Message, party: Party) -> object:
    """Note what an attendee's client does about noise (MEET-OPER-01)."""
    body = await call.decode(OperationBody)
    changed = await meetings.set_noise_reduction(
        call.world, message.space_id, message.id, party, enabled=body.noise_reduction, session=body.session
    )
    return await _answer(call, changed)


async def raise_hand(call: Call, found: Standing, message: Message) -> object:
    """Raise the caller's hand (MEET-HAND-01, -02)."""
    body = await call.decode(HandBody)
    parts = {"requestedPermissions": body.requested_permissions}
    return await _show_hand(call, found, message, events.PERMISSION_REQUESTED, call.caller.id, parts)


async def accept_hand(call: Call, found: Standing, message: Message) -> object:
    """Grant what a raised hand asked for; an admin's alone, also for a hand of their own (MEET-HANDOK-01)."""
    body = await call.decode(AnswerBody)
    await _check_person(call, body)
    parts = {"grantedPermissions": body.granted_permissions or []}
    return await _show_hand(call, found, message, events.PERMISSION_GRANTED, body.attendee_id, parts)


async def lower_hand(call: Call, found: Standing, message: Message) -> object:
    """Lower one's own hand, or anybody's as admin (MEET-HANDLOW-01)."""
    body = await call.decode(AnswerBody)
    meetings.check_own(call.caller, found, body.attendee_id)
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


async def layout(call: Call, found: Standing, message: Message) -> object:
    """Store the layout of a meeting (MEET-LAYOUT-01)."""
    body = await call.decode(LayoutBody)
    changed = await meetings.set_layout(call.world, found.space.id, message.id, body.layout, body.background_theme)
    return await _answer(call, changed)


# --- recordings


async def start_recording(call: Call, found: Standing, message: Message) -> object:
    """Start recording and answer what is announced (MEET-REC-01..03)."""
    event = await meetings.start_recording(call.world, found.space.id, message.id, call.caller.person)
    return Data([message_views.media_event(call.world, call.origins, event)])


async def stop_recording(call: Call, found: Standing, message: Message, running: Recording) -> object:
    """Stop a recording; the answer is the documented short one (MEET-RECSTOP-01..03)."""
    stopped = await meetings.stop_recording(call.world, found.space.id, message.id, running.id)
    content = Recordings(recordings=[message_views.recording(stopped)])
    return Data([StoppedRecording(sender=message_views.server(call.world, found.space.id), content=content)])


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
