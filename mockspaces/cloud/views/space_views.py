"""How spaces, rosters and user-space records look to the person who asks, the same for REST and socket."""

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.messaging import own_spaces
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import AnonymousUser, Member, Person, Space, UserSpace
from mockspaces.cloud.views import message_views, person_views
from mockspaces.cloud.views.person_views import Object


async def entry(world: World, origins: Origins, shown: Member) -> Object:
    """Return an entry of a roster with the person behind it."""
    people = world.state.anonymous if shown.type == "anonymousId" else world.state.users
    return person_views.member(origins, shown, await people.get(shown.person))


async def members(world: World, origins: Origins, space: Space) -> list[Object]:
    """Return the whole roster of a space in its order (SPACES-MEMBERS-04)."""
    return [await entry(world, origins, one) for one in await world.state.members.page("space", space.id)]


async def space(world: World, origins: Origins, found: Standing, record: UserSpace | None) -> Object:
    """Return a space merged with what the caller keeps about it (SPACES-GET-01, PERM-PIN-06).

    The title of a direct space is the other party's name. Who has no role sees of the roster only the owner.
    """
    shown, viewer = found.space, record.person_id if record else None
    knows_pin = found.role in ("admin", "member")
    roster = await members(world, origins, shown)
    return {
        "_id": shown.id,
        "cid": shown.owner_id,
        "title": await spaces.title(world, shown, viewer),
        "description": shown.description,
        "type": shown.type,
        "status": spaces.status(world, shown),
        "restrict": shown.restrict,
        "msgRetention": shown.retention,
        "members": roster if found.role else [one for one in roster if one["member"] == shown.owner_id],
        "settings": shown.settings if knows_pin else {**shown.settings, "confPin": ""},
        "created": iso(shown.created),
        "modified": iso(shown.modified),
        "role": found.role,
        "isPinned": record.pinned if record else None,
        "notification": record.notification if record else None,
        "lastAccess": iso(record.last_access) if record and record.last_access is not None else None,
    }


async def listed_space(world: World, origins: Origins, found: Standing, record: UserSpace) -> Object:
    """Return an item of GET /users/me/spaces (USERS-SPACES-09, -10)."""
    shown = await space(world, origins, found, record)
    unread = await own_spaces.unread_count(world, record, found)
    shown |= {"targetId": found.space.id, "unread": unread > 0, "unreadMessagesCount": unread, **_read(record)}
    if found.space.type == "direct":
        latest = await own_spaces.latest_chat(world, found.space)
        shown["latestMessage"] = await message_views.message(world, origins, latest) if latest else None
    return shown


def _read(record: UserSpace) -> Object:
    return {} if record.last_read is None else {"messagesLastReadTime": iso(record.last_read)}


async def user_space(world: World, found: Standing, record: UserSpace, who: Person) -> Object:
    """Return what a person keeps about a space, as a bare record (DM-USP-01..03)."""
    unread = await own_spaces.unread_count(world, record, found)
    return {
        "_id": record.id,
        "targetId": record.space_id,
        "targetType": "topic",
        "userId": record.person_id,
        "userType": "anonymous" if isinstance(who, AnonymousUser) else "user",
        "role": found.role,
        "title": await spaces.title(world, found.space, record.person_id),
        "type": found.space.type,
        "status": world.contract.spaces.record_status[record.status],
        "unread": unread > 0,
        "unreadMessagesCount": unread,
        "isPinned": record.pinned,
        "notification": record.notification,
        "lastAccess": None if record.last_access is None else iso(record.last_access),
        **_read(record),
        **({} if record.restrict is None else {"restrict": record.restrict}),
    }


async def seen_by(world: World, origins: Origins, found: Standing, viewer_id: str) -> Object:
    """Return a space as one person sees it."""
    return await space(world, origins, found, await spaces.record_of(world, found.space.id, viewer_id))
