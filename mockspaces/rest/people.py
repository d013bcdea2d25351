"""Finding people: colleagues, company, partners, personal rooms (USERS-COLL, -COLLBULK, -PEOPLE, -WITHDM, -ROOM)."""

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.patterns import Pattern, search
from mockspaces.cloud.spaces import colleagues
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.spaces.colleagues import Colleagues, DirectPartners
from mockspaces.cloud.store.entities import Person, User
from mockspaces.cloud.store.listing import Whole
from mockspaces.cloud.views import person_views, space_views
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.shapes.spaces import Room
from mockspaces.rest import paging
from mockspaces.rest.call import Call, Handlers


def _pattern(call: Call) -> Pattern | None:
    return search(call.query.get("search"), call.world.contract.limits)


async def find_colleagues(call: Call) -> object:
    """Search the people the caller knows (USERS-COLL-01..05)."""

    async def render(user: User) -> object:
        return person_views.short(call.origins, user)

    account = call.query.get("accountid")
    if account:
        found = Whole(await colleagues.by_account_id(call.world, call.caller, account), lambda user: (user.id,))
        return await paging.numbered(call, found, render)
    known = Colleagues(call.world, call.caller, _pattern(call))
    return await paging.numbered(call, known, render)


async def find_by_email(call: Call) -> object:
    """Look many addresses up in the caller's company (USERS-COLLBULK-01..03)."""
    addresses = (await call.decode(list[str]))[: call.world.contract.limits.colleagues_bulk]
    found = await colleagues.by_emails(call.world, call.caller, addresses)
    return Data([person_views.short(call.origins, user) for user in found])


async def company_people(call: Call) -> object:
    """Return a few people of a company as a bare array (USERS-PEOPLE-01..03)."""
    limits = call.world.contract.limits
    found = await colleagues.of_company(call.world, call.caller.company_id, _pattern(call), limits.people)
    return [person_views.short(call.origins, user) for user in found]


async def direct_partners(call: Call) -> object:
    """List whom the caller has direct spaces with (USERS-WITHDM-01..03)."""

    async def render(person: Person) -> object:
        return person_views.partner(call.origins, person)

    found = DirectPartners(call.world, call.caller.id, _pattern(call))
    return await paging.numbered(call, found, render)


async def meeting_room(call: Call, found: Standing) -> object:
    """Return the personal room of whoever has this address (USERS-ROOM-01..04)."""
    return Room(data=await space_views.seen_by(call.world, call.origins, found, call.caller.id))


HANDLERS: Handlers = {
    "USERS-COLL": Handler(find_colleagues),
    "USERS-COLLBULK": Handler(find_by_email, body=list[str]),
    "USERS-PEOPLE": Handler(company_people),
    "USERS-WITHDM": Handler(direct_partners),
    "USERS-ROOM": Handler(meeting_room),
}
