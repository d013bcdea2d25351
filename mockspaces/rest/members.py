"""The people of a space: list, roles, removal (SPACES-MEMBERS, SPACES-ROLE, SPACES-KICK)."""

from typing import Literal

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.patterns import search
from mockspaces.cloud.spaces import roster
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.spaces.roster import Participant
from mockspaces.cloud.store.entities import Member
from mockspaces.cloud.views import space_views
from mockspaces.contract.shapes.spaces import Entry, Removed
from mockspaces.rest import paging
from mockspaces.rest.call import Call, Handlers


class RoleBody(msgspec.Struct, frozen=True):
    """The new role; a guest is nobody's choice (SPACES-ROLE-02)."""

    role: Literal["admin", "member"]


async def members(call: Call, found: Standing) -> object:
    """List the people of a space (SPACES-MEMBERS-01..04)."""
    listing = roster.listing(call.world, found.space, search(call.query.get("search"), call.world.contract.limits))

    async def render(entry: Member) -> object:
        return await space_views.entry(call.world, call.origins, entry)

    return await paging.numbered(call, listing, render)


async def set_role(call: Call, found: Standing, who: Participant) -> object:
    """Give somebody a role (SPACES-ROLE-01..07)."""
    role = (await call.decode(RoleBody)).role
    await roster.set_role(call.world, found, who, role)
    return Entry(attendee=who.id, attendee_type=who.type, role=role)


async def remove(call: Call, found: Standing, who: Participant) -> object:
    """Remove somebody, or leave (SPACES-KICK-01..04)."""
    await roster.remove(call.world, call.caller, found, who.id)
    return Removed(attendee=who.id, attendee_type=who.type)


HANDLERS: Handlers = {
    "SPACES-MEMBERS": Handler(members),
    "SPACES-ROLE": Handler(set_role, body=RoleBody),
    "SPACES-KICK": Handler(remove),
}
