"""Spaces and their rosters."""

from typing import Any

from mockspaces.cloud.access import Standing, check_stranger
from mockspaces.cloud.callers import Caller
from mockspaces.cloud.entities import Member, MemberType, Space, User, UserSpace, member_id, replace
from mockspaces.cloud.rejection import Rejection
from mockspaces.cloud.world import World
from mockspaces.contract import errors
from mockspaces.contract.rows import Role, SpaceType

NO_OLD_MESSAGES = "deny_guest_access_history_msg"  # DM-SPACE-04
HIDDEN = 4  # DM-USP-02
RANK: dict[Role, int] = {"guest": 0, "member": 1, "admin": 2}


def default_settings(world: World, *, private: bool, licensed: bool) -> dict[str, Any]:
    """Return the settings of a new space (DM-SET-01..05)."""
    return {
        "confId": _conference_id(world),
        "confPin": "",
        "passwordRequired": {"allGuests": True},
        "allowPasswordInURL": False,
        "memberOnly": private,
        "mdSrv": "mpaas",
        "mdOpts": [],
        "mdProviders": ["mpaas"],
        "mdLic": ["video", "audio"] if licensed else [],
        "autoStart": False,
        "hideAutoStartPrompt": False,
        "mpaasSettings": {
            "eventConference": {"enable": False},
            "mixerMode": "OPTIMIZED_PROCESSED",
            "maxResolution": "720P",
        },
        "contentCreation": "all",
    }


def _conference_id(world: World) -> str:
    taken = world.state.conference_ids
    number = world.ids.digits(9)
    while number in taken:
        number = world.ids.digits(9)
    taken.add(number)
    return number


async def create(world: World, owner: User, title: str, description: str = "", kind: SpaceType = "group") -> Space:
    """Create a space and make its owner admin (SPACES-CREATE-08, -11)."""
    now = world.clock.now_ms()
    private = kind != "personal" and (kind == "direct" or world.settings.rest_default_member_only)
    space = Space(
        id=world.ids.object_id(),
        owner_id=owner.id,
        title=title,
        description=description,
        type=kind,
        created=now,
        modified=now,
        restrict=() if kind == "direct" else (NO_OLD_MESSAGES,),
        company_id=owner.company_id,
        settings=default_settings(world, private=private, licensed=bool(owner.licences)),
        retention={"retentionLength": 0, "retentionType": "forever", "notInheritParentPolicy": False},
    )
    await world.state.spaces.put(space)
    await add(world, space, owner.id, "userId", "admin", joined=True)
    return space


async def create_personal_room(world: World, user: User) -> Space:
    """Create the one personal room of a user (PERM-PERS-01)."""
    return await create(world, user, user.displayname, kind="personal")


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
    if kind != "email":
        await _open_record(world, space, person)
    return member


async def _open_record(world: World, space: Space, person: str) -> UserSpace:
    record = await record_of(world, space.id, person)
    if record is None:
        record = UserSpace(id=world.ids.object_id(), space_id=space.id, person_id=person)
    return await world.state.user_spaces.put(replace(record, deleted=False))


async def record_of(world: World, space_id: str, person_id: str) -> UserSpace | None:
    """Return what a person keeps about a space, or None."""
    return await world.state.user_spaces.first("pair", (space_id, person_id))


async def touch(world: World, space: Space) -> Space:
    """Note an activity of a space (USERS-SPACES-08)."""
    return await world.state.spaces.put(replace(space, modified=world.clock.now_ms()))


async def join(world: World, caller: Caller, found: Standing) -> Standing:
    """Enter a space: a stranger becomes guest, a listed member arrives (SPACES-JOIN-03, -04)."""
    async with world.lock(found.space.id):
        member = await world.state.members.get(member_id(found.space.id, caller.id))
        space = await world.state.spaces.get(found.space.id) or found.space
        check_stranger(Standing(space, member), admits=True)
        if member is None:
            if space.archived:
                raise Rejection(errors.ARCHIVED, "an archived space admits no strangers")
            member = await add(world, space, caller.id, _member_type(caller), "guest")
        if not member.joined:
            member = await world.state.members.put(replace(member, joined=True))
            space = await touch(world, space)
        await visit(world, space, caller.id)
        return Standing(space, member)


def _member_type(caller: Caller) -> MemberType:
    return "anonymousId" if caller.anonymous else "userId"


async def visit(world: World, space: Space, person_id: str) -> UserSpace:
    """Note that a participant looks into a space; a hidden one is shown again (USERS-HIDE-04)."""
    record = await _open_record(world, space, person_id)
    status = 0 if record.status == HIDDEN else record.status
    return await world.state.user_spaces.put(replace(record, last_access=world.clock.now_ms(), status=status))


async def take_over_email_entries(world: World, user: User) -> None:
    """Give a newly registered user the entries that were made for his addresses (SPACES-INVITE-05)."""
    for address in user.emails:
        for entry in await world.state.members.page("person", address):
            space = await world.state.spaces.get(entry.space_id)
            await world.state.members.delete(entry.id)
            if space:
                await add(world, space, user.id, "userId", entry.role)
