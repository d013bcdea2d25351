"""What people keep about their spaces: read, pinned, hidden, and the list of all (USERS-SPACES, -PREF, -READ)."""

from collections.abc import Sequence

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.events import TopicHidden, TopicRead
from mockspaces.cloud.kernel.patterns import Pattern
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import messages
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import Message, Space, UserSpace, member_id, replace
from mockspaces.cloud.store.listing import Indexed, Listing, Merged, Whole
from mockspaces.contract.rows import SpaceType


async def unread_count(world: World, record: UserSpace, found: Standing) -> int:
    """Return how many messages of others a participant has not read and may see (USERS-READ-05)."""
    if found.member is None:
        return 0
    since = found.member.join_time if record.last_read is None else record.last_read
    since = max(since, messages.horizon(world, found) - 1)
    return await messages.unread(world, found.space.id, record.person_id, since)


class Preference(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody sets for themselves in a space; None stays as it is (USERS-PREF-01)."""

    pinned: bool | None = None
    notification: bool | None = None
    restrict: tuple[str, ...] | None = None


async def prefer(world: World, caller: Caller, found: Standing, wanted: Preference) -> UserSpace:
    """Store preferences; the space itself does not change (USERS-PREF-03)."""
    record = await spaces.open_record(world, found.space, caller.id)
    changes = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    return await world.state.user_spaces.put(replace(record, **changes))


async def mark_read(world: World, caller: Caller, found: Standing, time: int | None) -> UserSpace:
    """Note up to when somebody has read, and tell their sockets (USERS-READ-01..06).

    Without a time it is now. A time before the stored one is ignored.
    """
    record = await spaces.open_record(world, found.space, caller.id)
    moment = max(world.clock.now_ms(), await messages.newest_time(world, found.space.id)) if time is None else time
    if record.last_read is not None and moment < record.last_read:
        return record
    record = await world.state.user_spaces.put(replace(record, last_read=moment))
    await world.publish(TopicRead(space=found.space, person=caller.person, read_time=moment))
    return record


async def hide(world: World, caller: Caller, found: Standing) -> UserSpace:
    """Take a space off somebody's list and tell their sockets (USERS-HIDE-02..05)."""
    if found.space.type == "personal":
        raise invalid("spaceId", "a personal room cannot be hidden")
    record = await spaces.open_record(world, found.space, caller.id)
    record = await world.state.user_spaces.put(replace(record, status="hidden"))
    await world.publish(TopicHidden(space=found.space, person=caller.person))
    return record


async def latest_chat(world: World, space: Space) -> Message | None:
    """Return the newest chat message of a space, or None (USERS-SPACES-10)."""
    found = await world.state.messages.page("category", (space.id, "chat"), limit=1, descending=True)
    return found[0] if found else None


async def standing_of(world: World, space: Space, person_id: str) -> Standing:
    """Return where somebody stands in a space."""
    return Standing(space, await world.state.members.get(member_id(space.id, person_id)))


# --- the list of a person's spaces


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """Which spaces somebody asks for (USERS-SPACES-01..06); ``after`` is in milliseconds."""

    types: tuple[SpaceType, ...] = ("group",)
    normal: bool = True
    archived: bool = False
    left: bool = False
    pinned: bool = False
    after: int | None = None
    pattern: Pattern | None = None
    administered_in: str | None = None  # a company: only its spaces, and only where the person is admin

    @property
    def states(self) -> tuple[str, ...]:
        """The shelves of the index to look into."""
        wanted = {"normal": self.normal, "archived": self.archived or self.left, "left": self.left}
        return tuple(state for state, asked in wanted.items() if asked)


async def listing(world: World, person_id: str, wanted: Wanted) -> Listing[UserSpace]:
    """Return a person's spaces, latest activity first (USERS-SPACES-08); hidden ones are left out."""
    lists: list[Listing[UserSpace]] = []
    for kind in wanted.types:
        for state in wanted.states:
            shelf = (person_id, kind, state)
            lists.append(_indexed(world, shelf, wanted))
            large = await _of_large_spaces(world, shelf, wanted)
            if large:
                lists.append(Whole(large, _place, descending=True))
    return lists[0] if len(lists) == 1 else Merged(lists, descending=True)


def _place(record: UserSpace) -> tuple[int, int, str]:
    return (record.activity, record.sequence, record.id)


def _indexed(world: World, shelf: tuple[str, SpaceType, str], wanted: Wanted) -> Indexed[UserSpace]:
    async def keep(records: Sequence[UserSpace]) -> Sequence[UserSpace]:
        return await _fitting(world, records, wanted)

    looks_at_each = (
        wanted.administered_in is not None
        or wanted.pattern is not None
        or (shelf[2] == "archived" and not wanted.archived)
    )
    return Indexed(
        world.state.user_spaces,
        "pinned" if wanted.pinned else "recent",
        shelf,
        descending=True,
        floor=None if wanted.after is None else (wanted.after + 1,),
        keep=keep if looks_at_each else None,
    )


async def _of_large_spaces(world: World, shelf: tuple[str, SpaceType, str], wanted: Wanted) -> list[UserSpace]:
    """Return the records of a shelf whose spaces keep their activity for themselves, oldest activity first."""
    found = []
    for record in await world.state.user_spaces.page("large", shelf):
        space = await world.state.spaces.get(record.space_id)
        shown = spaces.moved(record, space) if space and not record.deleted else record
        recent = wanted.after is None or shown.activity > wanted.after
        if recent and (shown.pinned or not wanted.pinned):
            found.append(shown)
    return sorted(await _fitting(world, found, wanted), key=_place)


async def _fitting(world: World, records: Sequence[UserSpace], wanted: Wanted) -> list[UserSpace]:
    pairs = [(record, await world.state.spaces.get(record.space_id)) for record in records]
    found = [(record, space) for record, space in pairs if space]
    if wanted.pattern:
        titles = [await spaces.title(world, space, record.person_id) for record, space in found]
        if not wanted.pattern.may_match(titles):
            return []
        found = [pair for pair, title in zip(found, titles, strict=True) if wanted.pattern.matches(title)]
    return [record for record, space in found if await _fits(world, record, space, wanted)]


async def _fits(world: World, record: UserSpace, space: Space, wanted: Wanted) -> bool:
    """Whether the role in a space is right for the list."""
    not_mine = record.archived and not record.deleted and not wanted.archived  # USERS-SPACES-06
    if wanted.administered_in is None and not not_mine:
        return True
    member = await world.state.members.get(member_id(space.id, record.person_id))
    is_admin = member is not None and member.role == "admin"
    if wanted.administered_in and (space.company_id != wanted.administered_in or not is_admin):
        return False
    return not (not_mine and is_admin)
