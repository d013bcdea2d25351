"""The people of a space: list, roles, removal (SPACES-MEMBERS, SPACES-ROLE, SPACES-KICK)."""

from typing import Literal

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.patterns import search
from mockspaces.cloud.spaces import access, roster
from mockspaces.cloud.store.entities import Member, MemberType
from mockspaces.cloud.views import space_views
from mockspaces.rest import paging
from mockspaces.rest.call import Call, Handlers


class RoleBody(msgspec.Struct, frozen=True):
    """The new role; a guest is nobody's choice (SPACES-ROLE-02)."""

    role: Literal["admin", "member"]


async def members(call: Call) -> object:
    """List the people of a space (SPACES-MEMBERS-01..04)."""
    found = await call.enter()
    listing = roster.listing(call.world, found.space, search(call.query.get("search"), call.world.contract.limits))

    async def render(entry: Member) -> object:
        return await space_views.entry(call.world, call.origins, entry)

    return await paging.numbered(call, listing, render)


async def _attendee(call: Call) -> tuple[MemberType, str]:
    """Return whom the path names, in the spelling that answers have (SPACES-ROLE-01); step 4 of ERR-ORDER-01."""
    kind: MemberType = "userId" if call.params["attendeeType"].lower() == "userid" else "anonymousId"
    person_id = call.params["attendeeId"]
    await access.find_space(call.world, call.params["spaceId"])
    await roster.find_attendee(call.world, kind, person_id)
    return kind, person_id


async def set_role(call: Call) -> object:
    """Give somebody a role (SPACES-ROLE-01..07)."""
    kind, person_id = await _attendee(call)
    found = await call.enter()
    role = (await call.decode(RoleBody)).role
    await roster.set_role(call.world, found, kind, person_id, role)
    return {"attendee": person_id, "attendeeType": kind, "role": role}


async def remove(call: Call) -> object:
    """Remove somebody, or leave (SPACES-KICK-01..04)."""
    kind, person_id = await _attendee(call)
    found = await call.enter()
    await roster.remove(call.world, call.caller, found, person_id)
    return {"attendee": person_id, "attendeeType": kind}


HANDLERS: Handlers = {
    "SPACES-MEMBERS": Handler(members),
    "SPACES-ROLE": Handler(set_role, body=RoleBody),
    "SPACES-KICK": Handler(remove),
}
