"""Meetings: who is in, hands, muting, recordings, end (MEET-*, RT-MED-04, -05).

A meeting is a message of category ``meeting``; at most one per space is active (MEET-GEN-01). Operations
announce what they did before they return.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.events import MediaEvent
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import messages
from mockspaces.cloud.messaging.drafts import Draft
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.spaces.access import Standing, find_space
from mockspaces.cloud.store.entities import (
    Attendee,
    Meeting,
    Message,
    Person,
    Recording,
    Space,
    member_id,
    replace,
)
from mockspaces.contract import errors, events

Change = Callable[[Meeting], Meeting]
Parts = Mapping[str, Any]


class Party(msgspec.Struct, frozen=True):
    """An attendee by the two words of the paths."""

    type: str
    id: str


# --- reading


def meeting_of(message: Message) -> Meeting:
    """Return what a meeting's message has beyond a chat."""
    return message.meeting or Meeting(start=message.created)


async def active(world: World, space_id: str) -> Message | None:
    """Return the active meeting of a space, or None: only the newest one can be active."""
    newest = await world.state.messages.page("category", (space_id, "meeting"), limit=1, descending=True)
    return newest[0] if newest and meeting_of(newest[0]).end is None else None


async def find(world: World, space_id: str, meeting_id: str) -> Message:
    """Return a meeting of a space. Refuses ids of anything else (MEET-GEN-02)."""
    message = await world.state.messages.get(meeting_id)
    if message is None or message.deleted or message.category != "meeting" or message.space_id != space_id:
        raise not_found(errors.MEETING_NOT_FOUND, "meeting", meeting_id)
    return message


def present(message: Message) -> list[Attendee]:
    """Return who is in a meeting now."""
    return [one for one in meeting_of(message).attendees if one.leave_time is None]


def attendee(message: Message, party: Party) -> Attendee:
    """Return who is in a meeting by type and id. Refuses whoever is not, or has left (MEET-MEDIA-04)."""
    entry = attendee_ever(message, party)
    if entry.leave_time is not None:
        raise not_found(errors.USER_NOT_FOUND, f"{party.type} in the meeting any more", party.id)
    return entry


def attendee_ever(message: Message, party: Party) -> Attendee:
    """Return who is or was in a meeting. Refuses whoever never was (MEET-MEDIA-04)."""
    for one in meeting_of(message).attendees:
        if one.id == party.id and one.type == party.type:
            return one
    raise not_found(errors.USER_NOT_FOUND, f"{party.type} in the meeting", party.id)


def check_own(caller: Caller, found: Standing, attendee_id: str) -> None:
    """Step 6c for what an attendee does for themselves, and an admin for everybody (MEET-GEN-04)."""
    if found.role != "admin" and attendee_id != caller.id:
        raise Rejection(errors.PERMISSION_DENIED, "only an admin may do this for somebody else")


async def check_own_or_lower(world: World, caller: Caller, found: Standing, attendee_id: str) -> None:
    """Step 6c for media: one's own, an admin anybody's, a member that of whoever is no admin (MEET-GEN-04)."""
    if found.role == "member" and attendee_id != caller.id:
        other = await world.state.members.get(member_id(found.space.id, attendee_id))
        if other is not None and other.role == "admin":
            raise Rejection(errors.PERMISSION_DENIED, "a member may not do this for an admin")
        return
    check_own(caller, found, attendee_id)


def present_as(message: Message, person_id: str) -> Attendee | None:
    """Return a person's own entry while they are in the meeting, or None."""
    return next((one for one in present(message) if one.id == person_id), None)


# --- coming and going: what sockets and fixtures do


async def join(
    world: World,
    space_id: str,
    person: Person,
    *,
    session: str | None = None,
    video: bool = False,
    origin: str | None = None,
) -> tuple[Message, Attendee]:
    """Bring a person into the meeting of a space; the first one starts it (RT-MED-04).

    Announces ``meeting.started`` and ``attendee.added`` where they are due; who is in already only gets one
    more session. Refuses to start a meeting in an archived space.
    """
    space = await find_space(world, space_id)
    message = await active(world, space_id)
    if message is None:
        spaces.refuse_archived(space)
        message = await messages.put_new(world, person, space, Draft(category="meeting", text=""))
        message = await world.state.messages.put(replace(message, meeting=Meeting(start=message.created)))
        await _announce(world, space, message, events.MEETING_STARTED, origin=origin)
    known = present_as(message, person.id)
    name = session or (known.sessions[0] if known and known.sessions else world.ids.token())
    if known is None:
        entry = _arrival(world, person, name)
    else:
        entry = known if name in known.sessions else replace(known, sessions=(*known.sessions, name))
    message = await _put(world, message, lambda meeting: _with_video(_with(meeting, entry), video=video))
    if known is None:
        await _announce(world, space, message, events.ATTENDEE_ADDED, attendee=entry, origin=origin)
    return message, entry


def _arrival(world: World, person: Person, session: str) -> Attendee:
    who = messages.sender_of(person)
    return Attendee(
        id=who.id,
        type=who.type,
        username=who.username,
        displayname=who.displayname,
        picture=who.picture,
        join_time=world.clock.now_ms(),
        sessions=(session,),
    )


def _with(meeting: Meeting, entry: Attendee) -> Meeting:
    """Put an attendee in place of their former entry, or at the end."""
    kept = [entry if (one.id, one.type) == (entry.id, entry.type) else one for one in meeting.attendees]
    return replace(meeting, attendees=tuple(kept) if entry in kept else (*kept, entry))


def _with_video(meeting: Meeting, *, video: bool) -> Meeting:
    return replace(meeting, media_mode="video") if video else meeting


async def leave(
    world: World, space_id: str, person_id: str, *, session: str | None = None, origin: str | None = None
) -> Message | None:
    """Take a person out of the active meeting; the last one out ends it (RT-MED-05).

    With ``session`` only that one ends, and the person stays as long as they have another; one of a meeting that
    ended before is nothing in this one. Returns the meeting, or None if they were not in it so.
    """
    message = await active(world, space_id)
    entry = present_as(message, person_id) if message else None
    if message is None or entry is None or (session is not None and session not in entry.sessions):
        return None
    space = await find_space(world, space_id)
    others = tuple(one for one in entry.sessions if one != session)
    if session is not None and others:
        return await _put(world, message, lambda meeting: _with(meeting, replace(entry, sessions=others)))
    message = await _take_out(world, space, message, entry, origin)
    return message if present(message) else await _finish(world, space, message, origin)


async def _take_out(world: World, space: Space, message: Message, entry: Attendee, origin: str | None) -> Message:
    gone = replace(entry, leave_time=world.clock.now_ms())
    message = await _put(world, message, lambda meeting: _with(meeting, gone))
    await _announce(world, space, message, events.ATTENDEE_LEFT, attendee=gone, origin=origin)
    return message


async def _finish(world: World, space: Space, message: Message, origin: str | None = None) -> Message:
    now = world.clock.now_ms()
    message = await _put(
        world,
        message,
        lambda meeting: replace(
            meeting,
            end=now,
            recordings=tuple(one if one.end is not None else replace(one, end=now) for one in meeting.recordings),
        ),
    )
    await _announce(world, space, message, events.MEETING_ENDED, origin=origin)
    return message


async def end(world: World, space_id: str, meeting_id: str) -> Message:
    """End a meeting for everybody (MEET-END-02)."""
    space, message = await _running(world, space_id, meeting_id)
    return await close(world, space, message)


async def close(world: World, space: Space, message: Message) -> Message:
    """End a meeting whose space is locked already, as deleting a space does (SPACES-DELETE-03)."""
    for entry in present(message):
        message = await _take_out(world, space, message, entry, None)
    return await _finish(world, space, message)


# --- what is done in a meeting


async def _running(world: World, space_id: str, meeting_id: str) -> tuple[Space, Message]:
    """Step 8: the space is not archived and the meeting has not ended (PERM-ARCH-01, MEET-GEN-02)."""
    space = await find_space(world, space_id)
    message = await find(world, space_id, meeting_id)
    spaces.refuse_archived(space)
    if meeting_of(message).end is not None:
        raise invalid("meetingId", "the meeting has ended")
    return space, message


async def mute_all(world: World, space_id: str, meeting_id: str, excluded: Sequence[str]) -> Message:
    """Ask everybody but the excluded ones to mute, in one event for all (MEET-MUTEALL-02)."""
    space, message = await _running(world, space_id, meeting_id)
    exclude = {"exclude": [{"attendeeId": one} for one in excluded]}
    await _announce(world, space, message, events.ALL_PARTIES_MUTING, exclude)
    await _announce(world, space, message, events.ALL_PARTIES_MUTED, exclude)
    return message


async def set_tracks(
    world: World, space_id: str, meeting_id: str, party: Party, tracks: Mapping[str, bool | str]
) -> Message:
    """Switch somebody's microphone or camera: ask their sockets, tell everybody (MEET-MEDIA-03)."""
    space, message = await _running(world, space_id, meeting_id)
    entry = attendee(message, party)
    if tracks.get("video"):
        message = await _put(world, message, lambda meeting: _with_video(meeting, video=True))
    await _ask_tracks(world, space, message, entry, tracks)
    parts = {"mediaSession": dict(tracks)}
    target = await people.get_person(world, entry.id)
    await _announce(world, space, message, events.TRACKS_STATUS, parts, attendee=entry, sender=target)
    return message


async def _ask_tracks(world: World, space: Space, message: Message, entry: Attendee, tracks: Mapping[str, Any]) -> None:
    parts = {"mediaSession": dict(tracks)}
    receivers = (entry.id,)
    await _announce(world, space, message, events.TRACKS_CHANGE_REQUESTED, parts, attendee=entry, receivers=receivers)


async def set_noise_reduction(
    world: World, space_id: str, meeting_id: str, party: Party, *, enabled: bool | None, session: str | None
) -> Message:
    """Store what an attendee's client does about noise; nobody is told (MEET-OPER-01)."""
    _space, message = await _running(world, space_id, meeting_id)
    entry = replace(attendee(message, party), noise_reduction=enabled, media_session_id=session)
    return await _put(world, message, lambda meeting: _with(meeting, entry))


async def show_hand(
    world: World, space_id: str, meeting_id: str, category: str, target_id: str, parts: Parts
) -> Message:
    """Announce a raised, accepted or lowered hand (MEET-HAND-02, MEET-HANDOK-01, MEET-HANDLOW-01)."""
    space, message = await _running(world, space_id, meeting_id)
    await _announce(world, space, message, category, {"targetId": target_id, **parts})
    return message


async def set_layout(world: World, space_id: str, meeting_id: str, layout: str, theme: str | None) -> Message:
    """Store the layout of a meeting; nobody is told (MEET-LAYOUT-01)."""
    _space, message = await _running(world, space_id, meeting_id)
    return await _put(world, message, lambda meeting: replace(meeting, layout=layout, theme=theme))


# --- recordings


async def start_recording(world: World, space_id: str, meeting_id: str, person: Person) -> MediaEvent:
    """Start recording; one at a time (MEET-REC-01..03). Returns what was announced."""
    space, message = await _running(world, space_id, meeting_id)
    if any(one.end is None for one in meeting_of(message).recordings):
        raise invalid("meetingId", "the meeting is being recorded already")
    made = Recording(id=world.ids.object_id(), started_by=messages.sender_of(person), start=world.clock.now_ms())
    message = await _put(world, message, lambda meeting: replace(meeting, recordings=(*meeting.recordings, made)))
    return await _announce(world, space, message, events.RECORDING_STARTED, recording=made)


def recording(message: Message, recording_id: str) -> Recording:
    """Return a running recording. Refuses unknown and stopped ones alike (MEET-RECSTOP-03)."""
    for one in meeting_of(message).recordings:
        if one.id == recording_id and one.end is None:
            return one
    raise not_found(errors.RECORDING_NOT_FOUND, "running recording", recording_id)


async def stop_recording(world: World, space_id: str, meeting_id: str, recording_id: str) -> Recording:
    """Stop a recording (MEET-RECSTOP-01..03)."""
    space, message = await _running(world, space_id, meeting_id)
    stopped = replace(recording(message, recording_id), end=world.clock.now_ms())
    kept = [stopped if one.id == stopped.id else one for one in meeting_of(message).recordings]
    message = await _put(world, message, lambda meeting: replace(meeting, recordings=tuple(kept)))
    await _announce(world, space, message, events.RECORDING_STOPPED, recording=stopped)
    return stopped


# --- announcing


async def _put(world: World, message: Message, change: Change) -> Message:
    return await world.state.messages.put(replace(message, meeting=change(meeting_of(message))))


async def _announce(
    world: World,
    space: Space,
    message: Message,
    category: str,
    parts: Parts | None = None,
    *,
    attendee: Attendee | None = None,
    recording: Recording | None = None,
    sender: Person | None = None,
    receivers: tuple[str, ...] | None = None,
    origin: str | None = None,
) -> MediaEvent:
    """Publish an event with the content of the meeting and what is special about it (RT-MED-03)."""
    event = MediaEvent(
        id=world.ids.object_id(),
        created=world.clock.now_ms(),
        space=space,
        category=category,
        message_id=message.id,
        meeting=meeting_of(message),
        attendee=attendee,
        recording=recording,
        parts=parts or {},
        sender=sender,
        receivers=receivers,
        origin=origin,
    )
    await world.publish(event)
    return event
