"""Who is in a space, and with which role: lists, role changes and removal (SPACES-MEMBERS, -ROLE, -KICK)."""

from collections.abc import Sequence
from typing import Literal

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.events import ChannelClosed
from mockspaces.cloud.kernel.patterns import Pattern
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import Member, Space, member_id, replace
from mockspaces.cloud.store.listing import Indexed
from mockspaces.contract import errors
from mockspaces.contract.rows import Role


def listing(world: World, space: Space, pattern: Pattern | None) -> Indexed[Member]:
    """Return the roster by join time, then id, e-mail entries last (SPACES-MEMBERS-01, -04)."""
    if pattern is None:
        return Indexed(world.state.members, "space", space.id)

    async def keep(entries: Sequence[Member]) -> Sequence[Member]:
        names = [await _names(world, entry) for entry in entries]
        if not pattern.may_match(name for both in names for name in both):
            return ()
        return [entry for entry, both in zip(entries, names, strict=True) if pattern.matches(*both)]

    return Indexed(world.state.members, "space", space.id, keep=keep)


async def _names(world: World, entry: Member) -> Sequence[str]:
    people = world.state.anonymous if entry.type == "anonymousId" else world.state.users
    person = await people.get(entry.person)
    return (person.displayname, person.username) if person else (entry.person,)


class Participant(msgspec.Struct, frozen=True):
    """Somebody who is, or could be, in a space: by the two words of the paths."""

    type: Literal["userId", "anonymousId"]
    id: str


async def find_participant(world: World, kind: str, person_id: str) -> Participant:
    """Step 4: return whom two words of a path name. Refuses whoever does not exist (SPACES-ROLE-07, SPACES-KICK-04)."""
    people = world.state.anonymous if kind.lower() == "anonymousid" else world.state.users
    if await people.get(person_id) is None:
        raise not_found(errors.USER_NOT_FOUND, "user", person_id)
    return Participant("anonymousId" if people is world.state.anonymous else "userId", person_id)


# --- roles


async def set_role(world: World, found: Standing, who: Participant, role: Role) -> None:
    """Give a registered user a role; who is not yet in the space is added (SPACES-ROLE-02..07)."""
    target = await world.state.members.get(member_id(found.space.id, who.id))
    _check_giving(found, target, role)
    if who.type == "anonymousId":
        raise invalid("attendeeType", "an anonymous user is always a guest")
    if target is None:
        user = await world.state.users.get(who.id)
        if user is not None and not user.enabled:
            raise invalid("attendeeId", "is a disabled user")
    spaces.refuse_archived(found.space)
    if target is None:
        await spaces.add(world, found.space, who.id, "userId", role)
    elif target.role == role:
        return
    else:
        if target.role == "admin":
            await _refuse_last_admin(world, found.space)
        await world.state.members.put(replace(target, role=role))
    await spaces.touch(world, found.space)


def _check_giving(found: Standing, target: Member | None, role: Role) -> None:
    """Step 6c: a member may only give ``member``, and not to an admin (SPACES-ROLE-06)."""
    if found.role == "admin":
        return
    if role != "member" or (target is not None and target.role == "admin"):
        raise Rejection(errors.PERMISSION_DENIED, f"a member cannot make {'an admin' if target else 'anybody'} {role}")


async def _refuse_last_admin(world: World, space: Space) -> None:
    """Step 8: a space keeps at least one admin."""
    if await world.state.members.count("admin", space.id) == 1:
        raise Rejection(errors.LAST_ADMIN, "the space would be left without an admin")


# --- removal


async def remove(world: World, caller: Caller, found: Standing, person_id: str) -> None:
    """Remove a participant, or let the caller leave (SPACES-KICK-02..04, PERM-MAP-07)."""
    target = await world.state.members.get(member_id(found.space.id, person_id))
    if target is None:
        raise not_found(errors.USER_NOT_FOUND, "participant", person_id)
    if person_id != caller.id:
        _check_removing(found, target)
        spaces.refuse_archived(found.space)
    if target.role == "admin":
        await _refuse_last_admin(world, found.space)
    await take_out(world, found.space, target)
    await world.publish(ChannelClosed(space=found.space, person_id=person_id))


def _check_removing(found: Standing, target: Member) -> None:
    if found.role == "admin" or (found.role == "member" and target.role == "guest"):
        return
    raise Rejection(errors.PERMISSION_DENIED, f"a {found.role} cannot remove a {target.role}")


async def take_out(world: World, space: Space, target: Member) -> None:
    """End a membership: the record is kept as left, and no invite names them any more (SPACES-KICK-03)."""
    await world.state.members.delete(target.id)
    record = await spaces.record_of(world, space.id, target.person)
    touched = await spaces.touch(world, space)
    if record is not None:
        left = replace(record, deleted=True, status="normal")
        await world.state.user_spaces.put(spaces.moved(left, touched))
    user = await world.state.users.get(target.person)
    if user is not None:
        names = {user.id, *user.emails}
        for invite in await world.state.invites.page("space", space.id):
            kept = tuple(one for one in invite.invitees if one.invitee.lower() not in names)
            if kept != invite.invitees:
                await world.state.invites.put(replace(invite, invitees=kept))
