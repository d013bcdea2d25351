"""The caller's spaces: the list, preferences, read marks, hiding (USERS-SPACES, -PREF, -READ, -HIDE)."""

from typing import Any

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.patterns import search
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.messaging import drafts, own_spaces
from mockspaces.cloud.messaging.own_spaces import Preference, Wanted
from mockspaces.cloud.spaces.access import Standing, find_space
from mockspaces.cloud.store.entities import UserSpace
from mockspaces.cloud.views import space_views
from mockspaces.rest import paging
from mockspaces.rest.call import Call, Handlers


class PreferenceBody(msgspec.Struct, frozen=True, rename="camel"):
    """What somebody sets for himself in a space; null counts as false (USERS-PREF-01)."""

    is_pinned: bool | UnsetType | None = UNSET
    notification: bool | UnsetType | None = UNSET
    restrict: tuple[str, ...] | UnsetType = UNSET


class ReadBody(msgspec.Struct, frozen=True, rename="camel"):
    """Up to when somebody has read (USERS-READ-01)."""

    read_time: str | None = None


async def list_own_spaces(call: Call) -> object:
    """List the caller's spaces, latest activity first (USERS-SPACES-01..11)."""
    listing = await own_spaces.listing(call.world, call.caller.id, _wanted(call))

    async def render(record: UserSpace) -> object:
        space = await find_space(call.world, record.space_id)
        found = await own_spaces.standing_of(call.world, space, record.person_id)
        return await space_views.listed_space(call.world, call.origins, found, record)

    return await paging.tokened(call, listing, render)


def _wanted(call: Call) -> Wanted:
    query, facts = call.query, call.world.contract.rest
    states = facts.space_states[_word(call, "topicstatus", "0", facts.space_states)]
    words = (query.get("topictype") or "group").split(",")
    for word in words:
        if word not in facts.space_types:
            raise invalid("topictype", f"expected some of {', '.join(facts.space_types)}")
    return Wanted(
        types=tuple(dict.fromkeys(kind for word in words for kind in facts.space_types[word])),
        normal="normal" in states,
        archived="archived" in states,
        left=query.get("includedeleted", "").lower() == "true",
        pinned=_word(call, "filtertype", "", ("", "pinned")) == "pinned",
        after=paging.after(call),
        pattern=search(query.get("search"), call.world.contract.limits),
        administered_in=call.caller.app.company_id if call.caller.app else None,
    )


def _word(call: Call, name: str, default: str, words: Any) -> str:
    given = call.query.get(name) or default
    if given not in words:
        raise invalid(name, f"expected one of {', '.join(filter(None, words))}")
    return given


async def _record(call: Call, found: Standing, record: UserSpace) -> object:
    return await space_views.user_space(call.world, found, record, call.caller.person)


async def prefer(call: Call, found: Standing) -> object:
    """Pin a space, or set what to be told about it (USERS-PREF-01..03)."""
    body = await call.decode(PreferenceBody)
    wanted = Preference(
        pinned=None if body.is_pinned is UNSET else bool(body.is_pinned),
        notification=None if body.notification is UNSET else bool(body.notification),
        restrict=None if body.restrict is UNSET else body.restrict,
    )
    record = await own_spaces.prefer(call.world, call.caller, found, wanted)
    return await _record(call, found, record)


async def mark_read(call: Call, found: Standing) -> object:
    """Note up to when the caller has read a space (USERS-READ-01..06)."""
    body = await call.decode(ReadBody)
    time = None if body.read_time is None else drafts.time("readTime", body.read_time)
    record = await own_spaces.mark_read(call.world, call.caller, found, time)
    return await _record(call, found, record)


async def hide(call: Call, found: Standing) -> object:
    """Take a space off the caller's list (USERS-HIDE-01..05)."""
    record = await own_spaces.hide(call.world, call.caller, found)
    return await _record(call, found, record)


HANDLERS: Handlers = {
    "USERS-SPACES": Handler(list_own_spaces),
    "USERS-PREF": Handler(prefer, body=PreferenceBody),
    "USERS-READ": Handler(mark_read, body=ReadBody),
    "USERS-HIDE": Handler(hide),
}
