"""How spaces, rosters and user-space records look to the person who asks, the same for REST and socket."""

from typing import Any

from msgspec import UNSET

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import own_spaces
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import AnonymousUser, Member, Person, Space, UserSpace
from mockspaces.cloud.views import message_views, person_views
from mockspaces.contract.shapes import spaces as shapes
from mockspaces.contract.shapes.messages import Content, Message


async def entry(world: World, origins: Origins, shown: Member) -> shapes.Member:
    """Return an entry of a roster with the person behind it."""
    people = world.state.anonymous if shown.type == "anonymousId" else world.state.users
    return person_views.member(origins, shown, await people.get(shown.person))


async def members(world: World, origins: Origins, space: Space) -> list[shapes.Member]:
    """Return the whole roster of a space in its order (SPACES-MEMBERS-04)."""
    return [await entry(world, origins, one) for one in await world.state.members.page("space", space.id)]


async def space(world: World, origins: Origins, found: Standing, record: UserSpace | None) -> shapes.Space:
    """Return a space merged with what the caller keeps about it (SPACES-GET-01)."""
    return shapes.Space(*await _space(world, origins, found, record))


async def _space(world: World, origins: Origins, found: Standing, record: UserSpace | None) -> tuple[Any, ...]:
    """Return the members of a space as one person sees it, in the order of the wire (PERM-PIN-06).

    The title of a direct space is the other party's name. Who has no role sees of the roster only the owner.
    """
    shown, viewer = found.space, record.person_id if record else None
    knows_pin = found.role in ("admin", "member")
    roster = await members(world, origins, shown)
    return (
        shown.id,
        shown.owner_id,
        await spaces.title(world, shown, viewer),
        shown.description,
        shown.type,
        spaces.status(world, shown),
        shown.restrict,
        shown.retention,
        roster if found.role else [one for one in roster if one.member == shown.owner_id],
        shown.settings if knows_pin else {**shown.settings, "confPin": ""},
        iso(shown.created),
        iso(shown.modified),
        found.role,
        record.pinned if record else None,
        record.notification if record else None,
        iso(record.last_access) if record and record.last_access is not None else None,
    )


async def listed_space(world: World, origins: Origins, found: Standing, record: UserSpace) -> shapes.ListedSpace:
    """Return an item of GET /users/me/spaces (USERS-SPACES-09, -10)."""
    unread = await own_spaces.unread_count(world, record, found)
    last_read = UNSET if record.last_read is None else iso(record.last_read)
    own = (found.space.id, unread > 0, unread, last_read)
    shown = shapes.ListedSpace(*(*await _space(world, origins, found, record), *own))
    if found.space.type == "direct":
        latest = await own_spaces.latest_chat(world, found.space)
        if latest:
            shown.latest_message = await message_views.written(world, origins, latest, Message, Content)
        else:
            shown.latest_message = None
    return shown


async def user_space(world: World, found: Standing, record: UserSpace, who: Person) -> shapes.UserSpace:
    """Return what a person keeps about a space, as a bare record (DM-USP-01..03)."""
    unread = await own_spaces.unread_count(world, record, found)
    return shapes.UserSpace(
        id=record.id,
        target_id=record.space_id,
        user_id=record.person_id,
        user_type="anonymous" if isinstance(who, AnonymousUser) else "user",
        role=found.role,
        title=await spaces.title(world, found.space, record.person_id),
        type=found.space.type,
        status=world.contract.spaces.record_status[record.status],
        unread=unread > 0,
        unread_messages_count=unread,
        is_pinned=record.pinned,
        notification=record.notification,
        last_access=None if record.last_access is None else iso(record.last_access),
        messages_last_read_time=UNSET if record.last_read is None else iso(record.last_read),
        restrict=UNSET if record.restrict is None else record.restrict,
    )


async def seen_by(world: World, origins: Origins, found: Standing, viewer_id: str) -> shapes.Space:
    """Return a space as one person sees it."""
    return await space(world, origins, found, await spaces.record_of(world, found.space.id, viewer_id))
