"""How a call enters what its row names: steps 4 to 6c of ERR-ORDER-01, before the handler runs.

Each function finds what the ids of the path mean, refuses whoever may not touch it, and returns what the handler is
handed, in the order of its arguments. All ids of a path are looked up before anything is refused otherwise (step 4).
Handlers do not see the parameters of the path, so what they work on has passed here.
"""

from collections.abc import Awaitable, Callable, Mapping

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.messaging import files, meetings, messages
from mockspaces.cloud.messaging.meetings import Party
from mockspaces.cloud.people import people, preferences
from mockspaces.cloud.spaces import access, directs, discovery, invites, roster
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.spaces.roster import Participant
from mockspaces.cloud.store.entities import (
    Invite,
    Message,
    Person,
    Preferences,
    Recording,
    Space,
    SpaceToken,
    StoredFile,
    User,
)
from mockspaces.contract import errors
from mockspaces.contract.permissions import OWN_OR_HIGHER
from mockspaces.contract.rows import Enters
from mockspaces.rest.call import Call

Params = Mapping[str, str]


async def _admit(call: Call, space: Space) -> Standing:
    return await access.admit(call.world, call.endpoint, call.caller, space, call.pin)


async def _admit_to(call: Call, message: Message) -> Standing:
    return await _admit(call, await access.find_space(call.world, message.space_id))


# --- people


async def nothing(_call: Call, _params: Params) -> tuple[()]:
    """Enter nothing: the call is about its caller, or about what its body or query names."""
    return ()


async def myself(call: Call, params: Params) -> tuple[()]:
    """Refuse unknown people, and everybody but the caller."""
    if params["userId"] not in ("me", call.caller.id):
        await people.find(call.world, params["userId"])
        raise Rejection(errors.PERMISSION_DENIED, "this is about somebody else; use your own id or the word me")
    return ()


async def colleague(call: Call, params: Params) -> tuple[()]:
    """Refuse unknown people, and those of other companies."""
    if params["userId"] not in ("me", call.caller.id):
        person, company_id = await people.find(call.world, params["userId"]), call.caller.company_id
        if not isinstance(person, User) or company_id is None or person.company_id != company_id:
            raise Rejection(errors.PERMISSION_DENIED, "this user is not of the caller's company")
    return ()


async def settings(call: Call, params: Params) -> tuple[Preferences]:
    """Find the caller's own settings."""
    return (await preferences.find_own(call.world, call.caller.id, params["id"]),)


async def partner(call: Call, params: Params) -> tuple[Person]:
    """Find whom the caller wants a direct space with."""
    return (await directs.find_partner(call.world, call.caller, params["userType"], params["userId"]),)


async def room(call: Call, params: Params) -> tuple[Standing]:
    """Find the personal room of whoever has an address; everybody may read it (USERS-ROOM-02)."""
    owner = await people.by_email(call.world, params["email"])
    if owner is None or owner.room_id is None:
        raise Rejection(errors.USER_NOT_FOUND, f'"{params["email"]}" is nobody\'s address')
    return (await access.standing(call.world, call.caller, await access.find_space(call.world, owner.room_id)),)


# --- spaces


async def space(call: Call, params: Params) -> tuple[Standing]:
    """Enter a space, as author of what the row says is made there."""
    found = await _admit(call, await access.find_space(call.world, params["spaceId"]))
    if call.endpoint.creates is not None:
        messages.check_author(call.world, call.endpoint.creates, found)
    return (found,)


async def attendee(call: Call, params: Params) -> tuple[Standing, Participant]:
    """Enter a space about somebody who exists, whether they are in it or not."""
    place = await access.find_space(call.world, params["spaceId"])
    who = await roster.find_participant(call.world, params["attendeeType"], params["attendeeId"])
    return await _admit(call, place), who


async def invite(call: Call, params: Params) -> tuple[Standing, Invite]:
    """Find an invite and its space; whoever has the link may use it."""
    found = await invites.find(call.world, params["inviteId"])
    place = await access.find_space(call.world, found.space_id)
    return await access.standing(call.world, call.caller, place), found


async def own_invite(call: Call, params: Params) -> tuple[Standing, Invite]:
    """Find an invite of the caller's own making."""
    found, mine = await invite(call, params)
    invites.check_own(call.caller, found, mine)
    return found, mine


# --- meetings


async def meeting(call: Call, params: Params) -> tuple[Standing, Message]:
    """Enter the space of a meeting."""
    place = await access.find_space(call.world, params["spaceId"])
    message = await meetings.find(call.world, place.id, params["meetingId"])
    return await _admit(call, place), message


async def party(call: Call, params: Params) -> tuple[Standing, Message, Party]:
    """Enter a meeting about an attendee: the caller, anybody if they are admin, or as the row says (MEET-GEN-04)."""
    place, who = await access.find_space(call.world, params["spaceId"]), Party(params["type"], params["attendeeId"])
    message = await meetings.find(call.world, place.id, params["meetingId"])
    meetings.attendee_ever(message, who)
    found = await _admit(call, place)
    if call.endpoint.permission == OWN_OR_HIGHER:
        await meetings.check_own_or_lower(call.world, call.caller, found, who.id)
    else:
        meetings.check_own(call.caller, found, who.id)
    return found, message, who


async def recording(call: Call, params: Params) -> tuple[Standing, Message, Recording]:
    """Enter a meeting about a recording that is running."""
    place = await access.find_space(call.world, params["spaceId"])
    message = await meetings.find(call.world, place.id, params["meetingId"])
    running = meetings.recording(message, params["recordingId"])
    return await _admit(call, place), message, running


# --- messages and files


async def message(call: Call, params: Params) -> tuple[Standing, Message]:
    """Enter the space of a message that the caller may see."""
    found = await messages.find(call.world, params["messageId"])
    standing = await _admit_to(call, found)
    messages.check_visible(call.world, standing, found)
    return standing, found


async def editable_message(call: Call, params: Params) -> tuple[Standing, Message]:
    """Enter the space of a message that the caller may edit."""
    found = await messages.find(call.world, params["messageId"])
    standing = await _admit_to(call, found)
    messages.check_editor(call.caller, found)
    return standing, found


async def idea(call: Call, params: Params) -> tuple[Standing, Message]:
    """Enter the space of a post."""
    found = await messages.find_parent(call.world, params["ideaId"], "idea")
    return await _admit_to(call, found), found


async def task(call: Call, params: Params) -> tuple[Standing, Message]:
    """Enter the space of a task."""
    found = await messages.find_parent(call.world, params["taskId"], "task")
    return await _admit_to(call, found), found


async def file(call: Call, params: Params) -> tuple[Standing, Message, StoredFile]:
    """Enter the space of a message that the caller may see, about one of its files."""
    found, file_id = await messages.find(call.world, params["messageId"]), params["fileId"]
    if file_id not in [one.file_id for one in found.attachments]:
        raise Rejection(errors.FILE_NOT_FOUND, f'the message has no file "{file_id}"')
    standing = await _admit_to(call, found)
    messages.check_visible(call.world, standing, found)
    return standing, found, await files.find(call.world, file_id)


# --- what a token stands for


async def viewer_token(call: Call, params: Params) -> tuple[StoredFile]:
    """Find the file that a token shows to whoever has it."""
    return (await files.viewed(call.world, params["token"]),)


async def space_token(call: Call, params: Params) -> tuple[SpaceToken]:
    """Find what a space access token stands for."""
    return (await discovery.space_token(call.world, params["tokenType"], params["token"]),)


ENTRANCES: Mapping[Enters, Callable[[Call, Params], Awaitable[tuple[object, ...]]]] = {
    "": nothing,
    "self": myself,
    "colleague": colleague,
    "settings": settings,
    "partner": partner,
    "room": room,
    "space": space,
    "attendee": attendee,
    "invite": invite,
    "own invite": own_invite,
    "meeting": meeting,
    "party": party,
    "recording": recording,
    "message": message,
    "editable message": editable_message,
    "idea": idea,
    "task": task,
    "file": file,
    "viewer token": viewer_token,
    "space token": space_token,
}
