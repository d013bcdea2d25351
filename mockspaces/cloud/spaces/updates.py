"""Changing a space: a deep merge of what was sent, within limits (SPACES-UPDATE-01..07)."""

from collections.abc import Mapping
from typing import Any

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.events import TopicUpdated
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import Space, replace
from mockspaces.contract import space_settings


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody wants changed; None stays as it is. The members of ``settings`` are already typed."""

    title: str | None = None
    description: str | None = None
    restrict: tuple[str, ...] | None = None
    settings: Mapping[str, Any] | None = None
    retention: Mapping[str, Any] | None = None


async def apply(world: World, caller: Caller, space: Space, change: Change) -> Space:
    """Change a space and announce a new title."""
    limits = world.contract.limits
    wanted = {name: value for name, value in (change.settings or {}).items() if name not in space_settings.READ_ONLY}
    _check_names(wanted, "settings", limits.settings_depth)
    settings = merged(space.settings, wanted)
    if len(msgspec.json.encode(_unknown(settings, space_settings.KNOWN))) > limits.settings_bytes:
        raise invalid("settings", f"the unknown members together are over {limits.settings_bytes} bytes")
    retention = merged(space.retention, change.retention or {})
    spaces.refuse_archived(space)
    plain = {"title": change.title, "description": change.description, "restrict": change.restrict}
    given = {name: value for name, value in plain.items() if value is not None}
    changed = await world.state.spaces.put(replace(space, settings=settings, retention=retention, **given))
    if changed.title == space.title:
        return changed
    changed = await spaces.touch(world, changed)
    await world.publish(TopicUpdated(space=changed, by=caller.person))
    return changed


def merged(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    """Merge objects member by member; arrays and scalars are replaced (SPACES-UPDATE-02)."""
    result = dict(old)
    for name, value in new.items():
        known = result.get(name)
        if isinstance(known, Mapping) and isinstance(value, Mapping):
            result[name] = merged(known, value)
        else:
            result[name] = value
    return result


def _unknown(settings: Mapping[str, Any], known: space_settings.Names) -> dict[str, Any]:
    """Return what clients added to the settings that the API knows."""
    result: dict[str, Any] = {}
    for name, value in settings.items():
        if name not in known:
            result[name] = value
        elif known[name] and isinstance(value, Mapping) and (inner := _unknown(value, known[name])):
            result[name] = inner
    return result


def _check_names(value: Any, where: str, levels: int) -> None:
    """Refuse names that harm JavaScript clients, and nesting deeper than ``levels`` (SPACES-UPDATE-03)."""
    if not isinstance(value, dict | list):
        return
    if levels == 0:
        raise invalid(where, "nests too deep")
    named = value.items() if isinstance(value, dict) else ((str(at), one) for at, one in enumerate(value))
    for name, member in named:
        if isinstance(value, dict) and name in space_settings.FORBIDDEN_NAMES:
            raise invalid(f"{where}.{name}", "is not allowed as a name")
        _check_names(member, f"{where}.{name}", levels - 1)
