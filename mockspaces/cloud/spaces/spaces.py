"""Spaces and their rosters."""

from typing import Any

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.spaces.access import Standing, check_stranger, find_space, needs_pin
from mockspaces.cloud.store.entities import Member, MemberType, Person, Space, User, UserSpace, member_id, replace
from mockspaces.contract import errors
from mockspaces.contract.rows import Role, SpaceType

RANK: dict[Role | None, int] = {None: -1, "guest": 0, "member": 1, "admin": 2}
# The rule for large spaces. People list their spaces by latest activity (USERS-SPACES-01), so an activity moves
# the space in the list of everybody in it. For a small space it is written to the record of each of them, and
# their list is one partition of an index. For a large one that would make every chat cost as much as the space
# has people. So the record of somebody in a large space does not repeat the activity (``large``): it stands in an
# index of its own, and the list looks these few spaces up and merges them in by what the space itself says.
# A space becomes large once, when it outgrows this number, and stays so: shrinking and growing around the edge
# would rewrite all records each time.
LARGE_SPACE = 64


def default_settings(world: World, conference_id: str, *, private: bool, licensed: bool) -> dict[str, Any]:
    """Return the settings of a new space (DM-SET-01..05)."""
    facts = world.contract.spaces
    media = facts.media_settings
    return {
        "confId": conference_id,
        **facts.access_settings,
        "memberOnly": private,
        **media,
        "mdLic": media.get("mdLic", []) if licensed else [],
        "contentCreation": facts.content_creation,
    }


async def conference_id(world: World) -> str:
    """Return the number of a new conference, which no other space has (DM-SET-01)."""
    digits = world.contract.limits.conference_id_digits
    number = world.ids.digits(digits)
    while await world.state.spaces.count("conference", number):
        number = world.ids.digits(digits)
    return number


async def create(world: World, owner: User, title: str, description: str = "", kind: SpaceType = "group") -> Space:
    """Create a group space or personal room and make its owner admin (SPACES-CREATE-08, -11)."""
    now = world.clock.now_ms()
    private = kind == "group" and world.settings.rest_default_member_only
    space = Space(
        id=world.ids.object_id(),
        owner_id=owner.id,
        title=title,
        description=description,
        type=kind,
        created=now,
        modified=now,
        sequence=next_sequence(world),
        restrict=(world.contract.spaces.no_old_messages,),
        company_id=owner.company_id,
        settings=default_settings(world, await conference_id(world), private=private, licensed=bool(owner.licences)),
        retention=world.contract.spaces.retention,
    )
    await world.state.spaces.put(space)
    await add(world, space, owner.id, "userId", "admin", joined=True)
    return space


async def create_personal_room(world: World, user: User) -> Space:
    """Create the one personal room of a user (PERM-PERS-01)."""
    return await create(world, user, user.displayname, kind="personal")


def next_sequence(world: World) -> int:
    """Count an activity: of two in one millisecond the later one has the higher number."""
    return world.state.activities.put(world.state.activities.value + 1)


async def add(world: World, space: Space, person: str, kind: MemberType, role: Role, *, joined: bool = False) -> Member:
    """Enter somebody into a space; the join time of an e-mail entry is empty (DM-MEM-01)."""
    member = Member(
        id=member_id(space.id, person),
        space_id=space.id,
        person=person,
        type=kind,
        role=role,
        join_time=0 if kind == "email" else world.clock.now_ms(),
        joined=joined,
    )
    await world.state.members.put(member)
    if kind != "email":  # nobody is behind an address yet who could keep anything
        await open_record(world, space, person)
    return member


# --- what each person keeps about a space


async def record_of(world: World, space_id: str, person_id: str) -> UserSpace | None:
    """Return what a person keeps about a space, or None."""
    return await world.state.user_spaces.first("pair", (space_id, person_id))


async def open_record(world: World, space: Space, person_id: str) -> UserSpace:
    """Return what a participant keeps about a space; who comes back finds their own again."""
    record = await record_of(world, space.id, person_id)
    if record is not None and not record.deleted:
        return record
    if record is None:  # the first meeting: from now on these people are acquainted, whatever becomes of the space
        record = UserSpace(
            id=world.ids.object_id(),
            space_id=space.id,
            person_id=person_id,
            type=space.type,
            large=await _is_large(world, space),
        )
    shown = replace(record, deleted=False, archived=space.archived)
    return await world.state.user_spaces.put(moved(shown, space))


def moved(record: UserSpace, space: Space) -> UserSpace:
    """Return a record with the last activity of its space."""
    return replace(record, activity=space.modified, sequence=space.sequence)


async def _is_large(world: World, space: Space) -> bool:
    """Whether one more person makes or keeps a space large; the one that makes it so marks all others."""
    known = await world.state.user_spaces.count("space", space.id)
    if known == LARGE_SPACE:  # the one moment in which it outgrows the number
        for record in await world.state.user_spaces.page("space", space.id):
            await world.state.user_spaces.put(replace(record, large=True))
    return known >= LARGE_SPACE


async def touch(world: World, space: Space) -> Space:
    """Note an activity of a space and return it (USERS-SPACES-08)."""
    fresh = await find_space(world, space.id)
    changed = replace(fresh, modified=world.clock.now_ms(), sequence=next_sequence(world))
    touched = await world.state.spaces.put(changed)
    # Records of people who left count too, so a space that was large once is never written to all again.
    if await world.state.user_spaces.count("space", space.id) <= LARGE_SPACE:
        for record in await world.state.user_spaces.page("space", space.id):
            if not record.deleted:
                await world.state.user_spaces.put(moved(record, touched))
    return touched


async def note_message(world: World, space: Space, *, new: bool) -> Space:
    """Note a new or deleted message: an activity of direct spaces only; a new one shows them again to both.

    USERS-SPACES-08, USERS-HIDE-04.
    """
    if space.type != "direct":
        return space
    for person_id in (space.pair or ()) if new else ():
        await unhide(world, space.id, person_id)
    return await touch(world, space)


async def unhide(world: World, space_id: str, person_id: str) -> None:
    """Show a hidden space again (USERS-HIDE-04)."""
    record = await record_of(world, space_id, person_id)
    if record is not None and record.status == "hidden":
        await world.state.user_spaces.put(replace(record, status="normal"))


async def visit(world: World, space: Space, person_id: str) -> UserSpace:
    """Note that a participant looks into a space; that alone shows no hidden one again (USERS-HIDE-04, RT-SUB-10)."""
    record = await open_record(world, space, person_id)
    return await world.state.user_spaces.put(replace(record, last_access=world.clock.now_ms()))


# --- joining


async def join(world: World, caller: Caller, found: Standing) -> Standing:
    """Enter a space: a stranger becomes guest, a listed member arrives (SPACES-JOIN-03, -04)."""
    check_stranger(found, admits=True)
    if found.member is None and found.space.archived:
        raise Rejection(errors.ARCHIVED, "an archived space admits no strangers")
    return await arrive(world, caller, found, "guest", passed_pin=needs_pin(caller, found))


async def arrive(world: World, caller: Caller, found: Standing, role: Role, *, passed_pin: bool) -> Standing:
    """Let a caller in with at least this role; they keep a higher one. ``passed_pin`` says that they sent the PIN."""
    space, member = found.space, found.member
    if member is not None and member.type == "email":
        await world.state.members.delete(member.id)
        role = max(role, member.role, key=RANK.__getitem__)
        member = None
    if member is None:
        kind: MemberType = "anonymousId" if caller.anonymous else "userId"
        member = await add(world, space, caller.id, kind, role)
    if not member.joined or RANK[role] > RANK[member.role]:
        role = max(role, member.role, key=RANK.__getitem__)
        member = await world.state.members.put(replace(member, joined=True, role=role))
        space = await touch(world, space)
    if passed_pin and not member.passed_pin:
        member = await world.state.members.put(replace(member, passed_pin=True))
    await visit(world, space, caller.id)
    await unhide(world, space.id, caller.id)
    return Standing(space, member)


async def take_over(world: World, user: User, entry: Member) -> None:
    """Put a user in the place of an entry by e-mail."""
    space = await world.state.spaces.get(entry.space_id)
    if space is None or await world.state.members.delete(entry.id) is None:
        return
    own = await world.state.members.get(member_id(space.id, user.id))
    if own is None:
        await add(world, space, user.id, "userId", entry.role)
    elif RANK[entry.role] > RANK[own.role]:
        await world.state.members.put(replace(own, role=entry.role))


# --- facts about a space


def status(world: World, space: Space) -> int:
    """Return the status of a space as the wire tells it (DM-SPACE-03)."""
    return world.contract.spaces.status[space.status]


async def partner(world: World, space: Space, person_id: str | None) -> Person | None:
    """Return the other party of a direct space, or None if they no longer exist."""
    one, other = space.pair or ("", "")
    wanted = one if person_id == other else other
    return await world.state.users.get(wanted) or await world.state.anonymous.get(wanted)


async def title(world: World, space: Space, viewer_id: str | None) -> str:
    """Return the title as somebody sees it: that of a direct space is the other party's name (SPACES-DIRECT-03)."""
    if space.type != "direct":
        return space.title
    other = await partner(world, space, viewer_id)
    return other.displayname if other else space.title


def hides_history(world: World, found: Standing) -> bool:
    """Whether a guest or stranger sees only what was written since they joined (PERM-HIST-01)."""
    return found.role in (None, "guest") and world.contract.spaces.no_old_messages in found.space.restrict


def refuse_archived(space: Space) -> None:
    """Step 8: nothing is written into an archived space (PERM-ARCH-01)."""
    if space.archived:
        raise Rejection(errors.ARCHIVED, "the space is archived, it can only be read")


async def archive(world: World, space: Space) -> Space:
    """Archive a space; the vendor has no call for it, only fixtures do (PERM-ARCH-01)."""
    archived = await world.state.spaces.put(replace(await find_space(world, space.id), status="archived"))
    for record in await world.state.user_spaces.page("space", space.id):
        await world.state.user_spaces.put(replace(record, archived=True))
    return archived
