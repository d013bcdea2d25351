"""The settings of one person (DM-USET-01..05)."""

from collections.abc import Mapping
from typing import Any

from mockspaces.cloud.kernel.rejection import Rejection, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import AnonymousUser, Person, Preferences, replace
from mockspaces.contract import errors


async def of_person(world: World, person_id: str) -> Preferences:
    """Return a person's settings; the record is made when it is first asked for (DM-USET-05)."""
    found = await world.state.preferences.first("person", person_id)
    if found is None:
        found = await world.state.preferences.put(Preferences(id=world.ids.object_id(), person_id=person_id))
    return found


async def find_own(world: World, person_id: str, settings_id: str) -> Preferences:
    """Return the settings with an id. Refuses unknown ones and those of others (USERS-SETPOST-03)."""
    found = await world.state.preferences.get(settings_id)
    if found is None:
        raise not_found(errors.SETTINGS_NOT_FOUND, "settings record", settings_id)
    if found.person_id != person_id:
        raise Rejection(errors.PERMISSION_DENIED, "these are the settings of somebody else")
    return found


async def change(world: World, found: Preferences, members: Mapping[str, Any]) -> Preferences:
    """Change the members that were sent (USERS-SETPOST-01)."""
    return await world.state.preferences.put(replace(found, members={**found.members, **members}))


async def denies_attachments(world: World, who: Person) -> bool:
    """Whether the policy of a person's company forbids attachments (DM-USET-04)."""
    if isinstance(who, AnonymousUser) or who.company_id is None:
        return False
    company = await world.state.companies.get(who.company_id)
    return company is not None and company.deny_attachments
