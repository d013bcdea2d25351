"""The current user: who they are, their settings, their numbers (USERS-ME, -SETGET, -SETPOST, -STATS, -ROLLOUT)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.people import preferences
from mockspaces.cloud.store import entities
from mockspaces.cloud.views import person_views
from mockspaces.contract.preferences import Preferences
from mockspaces.contract.shapes import people as shapes
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.shapes.service import Nothing
from mockspaces.rest.call import Call, Handlers

SETTINGS = dict(zip(shapes.OwnSettings.__struct_encode_fields__, shapes.OwnSettings.__struct_fields__, strict=True))


async def current_user(call: Call) -> object:
    """Return the caller as a bare object (USERS-ME-01, -03)."""
    company_id = call.caller.company_id
    company = await call.world.state.companies.get(company_id) if company_id else None
    return person_views.person(call.origins, call.caller.person, company)


async def settings(call: Call) -> object:
    """Return the caller's settings as a list of one (USERS-SETGET-01)."""
    found = await preferences.of_person(call.world, call.caller.id)
    return Data([await _shown(call, found.id, found.members)])


async def change_settings(call: Call, found: entities.Preferences) -> object:
    """Change some of the caller's settings (USERS-SETPOST-01..03)."""
    checked, raw = await call.decode(Preferences), await call.decode(dict[str, Any])
    sent = {name: getattr(checked, name) for name in checked.__struct_fields__ if name in raw}
    changed = await preferences.change(call.world, found, sent)
    return await _shown(call, changed.id, changed.members)


async def _shown(call: Call, settings_id: str, members: Mapping[str, Any]) -> shapes.OwnSettings:
    denied = await preferences.denies_attachments(call.world, call.caller.person)
    policy = shapes.UserPolicy(deny_features=shapes.DeniedFeatures(attachment=denied))
    chosen = {**msgspec.structs.asdict(Preferences()), **members}
    return shapes.OwnSettings(
        id=settings_id,
        username=call.caller.person.username,
        company_policy=shapes.CompanyPolicy(user=policy),
        **{SETTINGS[name]: value for name, value in chosen.items()},
    )


async def statistics(call: Call) -> object:
    """Count the caller's spaces and messages (USERS-STATS-01)."""
    person_id = call.caller.id
    spaces = await call.world.state.members.page("person", person_id)
    written = [await call.world.state.messages.count("sender", (one.space_id, person_id)) for one in spaces]
    return shapes.Statistics(user_id=person_id, spaces=len(spaces), messages=sum(written))


async def features(_call: Call) -> object:
    """Return no feature: none is rolled out (USERS-ROLLOUT-01)."""
    return Data[Nothing]([])


HANDLERS: Handlers = {
    "USERS-ME": Handler(current_user),
    "USERS-SETGET": Handler(settings),
    "USERS-SETPOST": Handler(change_settings, body=Preferences),
    "USERS-STATS": Handler(statistics),
    "USERS-ROLLOUT": Handler(features),
}
