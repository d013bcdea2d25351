"""Invitations: who is asked into a space, the link, and the e-mails that are never sent."""

import base64
from collections.abc import Sequence
from hashlib import sha256
from html import escape
from urllib.parse import quote

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import access, spaces
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import (
    AnonymousUser,
    InformChannel,
    Invite,
    Invitee,
    InviteMode,
    Mail,
    Space,
    User,
    member_id,
    replace,
)
from mockspaces.contract import errors
from mockspaces.contract.rows import Role
from mockspaces.contract.shapes.spaces import InviteContent


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for: whom to invite and how to tell them; None where they do not say.

    Its syntax is already checked.
    """

    invitees: tuple[Invitee, ...] = ()
    channel: InformChannel | None = None
    mode: InviteMode | None = None
    start: int | None = None
    end: int | None = None
    language: str | None = None


Invited = Sequence[tuple[Invitee, User | None]]


async def resolve(world: World, caller: Caller, invitees: Sequence[Invitee]) -> Invited:
    """Look the invitees up, at the end of step 7 (ERR-ORDER-04); who is named twice counts once.

    An unknown e-mail has no user.
    """
    found: dict[str, tuple[Invitee, User | None]] = {}
    for number, invitee in enumerate(invitees):
        user = await _invited_user(world, caller, invitee)
        if user and not user.enabled:
            raise invalid(f"invitees[{number}].invitee", "is a disabled user")
        found.setdefault(_person(invitee, user), (invitee, user))
    return list(found.values())


async def _invited_user(world: World, caller: Caller, invitee: Invitee) -> User | None:
    if invitee.type == "email":
        return await people.by_email(world, invitee.invitee)
    user = await world.state.users.get(invitee.invitee)
    if user is None:
        raise not_found(errors.USER_NOT_FOUND, "user", invitee.invitee)
    if caller.app and user.company_id != caller.app.company_id:
        raise Rejection(errors.OTHER_COMPANY, f'user "{user.username}" is of another company')
    return user


def _person(invitee: Invitee, user: User | None) -> str:
    return user.id if user else invitee.invitee.lower()


def check_roles(found: Standing, wanted: Invitation) -> None:
    """Refuse roles that the caller cannot give here (SPACES-INVITE-03, PERM-PERS-01)."""
    roles = {invitee.role for invitee in wanted.invitees}
    if found.space.type == "personal" and roles - {"guest"}:
        raise invalid("invitees", "into a personal room only guests are invited")
    if "admin" in roles and found.role != "admin":
        raise Rejection(errors.PERMISSION_DENIED, "only an admin may invite admins")


async def invite(world: World, caller: Caller, found: Standing, wanted: Invitation) -> Invite:
    """Invite people to a space (SPACES-INVITE-01..08)."""
    check_roles(found, wanted)
    invited = await resolve(world, caller, wanted.invitees)
    spaces.refuse_archived(found.space)
    return await send(world, caller.user, found.space, wanted, invited)


async def send(world: World, creator: User, space: Space, wanted: Invitation, invited: Invited) -> Invite:
    """Record one invite for all invitees, enter them into the space, and put e-mails into the outbox."""
    made = Invite(
        id=world.ids.object_id(),
        space_id=space.id,
        creator_id=creator.id,
        created=world.clock.now_ms(),
        invitees=tuple(invitee for invitee, _user in invited),
        channel=wanted.channel or "server",
        mode=wanted.mode or "join",
        start=wanted.start,
        end=wanted.end,
        language=wanted.language,
    )
    await world.state.invites.put(made)
    await _reach(world, creator, space, made, invited)
    return made


async def _reach(world: World, inviter: User, space: Space, made: Invite, invited: Invited) -> None:
    """Enter the invitees and tell them; a changed roster is an activity (USERS-SPACES-08)."""
    entered = [await admit(world, space, invitee, user) for invitee, user in invited]
    if any(entered):
        await spaces.touch(world, space)
    if made.channel == "server":
        for invitee, user in invited:
            await world.state.outbox.put(
                Mail(
                    id=world.ids.object_id(),
                    to=user.username if user else invitee.invitee,
                    subject=f"Invitation to {space.title}",
                    link=link(world, world.origins, space, made, inviter),
                    created=made.created,
                    invite_id=made.id,
                    space_id=space.id,
                )
            )


async def admit(world: World, space: Space, invitee: Invitee, user: User | None) -> bool:
    """Enter an invitee and return whether they are new; a participant keeps their role (SPACES-INVITE-04)."""
    person = _person(invitee, user)
    if await world.state.members.get(member_id(space.id, person)):
        return False
    entry = await spaces.add(world, space, person, "userId" if user else "email", invitee.role)
    registered = None if user else await people.by_email(world, person)
    if registered:  # in the meantime
        await spaces.take_over(world, registered, entry)
    return True


# --- the life of an invite


async def find(world: World, invite_id: str) -> Invite:
    """Return an invite. Refuses unknown and deleted ones alike."""
    found = await world.state.invites.get(invite_id)
    if found is None:
        raise not_found(errors.INVITE_NOT_FOUND, "invite", invite_id)
    return found


async def join(world: World, caller: Caller, found: Standing, used: Invite, pin: str | None) -> Standing:
    """Let somebody in who holds the link of an invite (SPACES-INVJOIN-02..05)."""
    role = _invited_role(caller, used)
    if found.member is None and role is None:
        record = await spaces.record_of(world, found.space.id, caller.id)
        if found.space.private and record is not None and record.deleted:
            raise Rejection(errors.MEMBERS_ONLY, "the caller was removed from this private space and not invited anew")
    role = role or "guest"
    asked = spaces.RANK[role] == spaces.RANK[found.role or "guest"] == spaces.RANK["guest"]
    if asked:
        access.check_pin(world, caller, found, pin)
    if found.member is None and found.space.archived:
        raise Rejection(errors.ARCHIVED, "an archived space admits no strangers")
    return await spaces.arrive(world, caller, found, role, passed_pin=asked and access.needs_pin(caller, found))


def _invited_role(caller: Caller, used: Invite) -> Role | None:
    if isinstance(caller.person, AnonymousUser):
        return None
    names = {caller.id, *caller.person.emails}
    roles = [one.role for one in used.invitees if one.invitee.lower() in names]
    return max(roles, key=spaces.RANK.__getitem__) if roles else None


def check_own(caller: Caller, found: Standing, invite: Invite) -> None:
    """Step 6c: refuse an invite that is not of the caller's own making (SPACES-INVUPD-03, PERM-MAP-08)."""
    if invite.creator_id != caller.id:
        raise Rejection(errors.PERMISSION_DENIED, "only the creator of an invite may change it")
    if found.role not in ("admin", "member"):
        raise Rejection(errors.PERMISSION_DENIED, "the creator is no longer admin or member of the space")


async def change(world: World, caller: Caller, mine: Invite, place: Standing, wanted: Invitation) -> Invite:
    """Replace the invitees of an invite; dropped ones stay members (SPACES-INVUPD-02)."""
    check_roles(place, wanted)
    invited = await resolve(world, caller, wanted.invitees)
    spaces.refuse_archived(place.space)
    given = {name: value for name, value in msgspec.structs.asdict(wanted).items() if value is not None}
    changed = replace(mine, **{**given, "invitees": tuple(invitee for invitee, _user in invited)})
    await world.state.invites.put(changed)
    known = {one.invitee.lower() for one in mine.invitees}
    added = [one for one in invited if one[0].invitee.lower() not in known]
    await _reach(world, caller.user, place.space, changed, added)
    return changed


async def delete(world: World, mine: Invite, place: Standing) -> None:
    """Delete an invite; entries by e-mail that no other invite made go with it (SPACES-INVDEL-02)."""
    spaces.refuse_archived(place.space)
    await world.state.invites.delete(mine.id)
    others = await world.state.invites.page("space", place.space.id)
    kept = {one.invitee.lower() for other in others for one in other.invitees}
    dropped = {one.invitee.lower() for one in mine.invitees} - kept
    entries = [await world.state.members.get(member_id(place.space.id, address)) for address in dropped]
    waiting = [entry for entry in entries if entry and entry.type == "email"]
    for entry in waiting:
        await world.state.members.delete(entry.id)
    if waiting:
        await spaces.touch(world, place.space)


# --- telling people


def link(world: World, origins: Origins, space: Space, invite: Invite, inviter: User) -> str:
    """Return the join link; ``inviteInfo`` is percent-encoded base64 of a JSON object (SPACES-CREATE-07, DM-INV-02)."""
    named = {"spaceName": space.title, "inviterName": inviter.displayname, "inviterEmail": inviter.username}
    info = base64.b64encode(msgspec.json.encode(named)).decode()
    word = "meet" if invite.mode == "meet" else "join"
    return f"{origins.web}/spaces/invites/{invite.id}/{word}?{_password(world, space)}inviteInfo={quote(info, safe='')}"


def _password(world: World, space: Space) -> str:
    """Return what stands for the PIN in links of a space that allows it; what real ones mean is not known."""
    if not (space.pin and space.settings.get("allowPasswordInURL")):
        return ""
    return (
        f"pwd={sha256(f'{space.id}/{space.pin}'.encode()).hexdigest()[: world.contract.limits.link_password_digits]}&"
    )


def content(world: World, origins: Origins, space: Space, invite: Invite, creator: User) -> InviteContent:
    """Return text and HTML of the invitation; the link is the only URL in the text (SPACES-CREATE-06)."""
    url = link(world, origins, space, invite, creator)
    who, where = creator.displayname, space.title
    return InviteContent(
        text=f"{_no_url(who)} invites you to {_no_url(where)}.\nJoin: {url}",
        html=f'<div>{escape(who)} invites you to {escape(where)}. <a href="{escape(url)}">Join</a></div>',
    )


def _no_url(text: str) -> str:
    return text.replace("://", ": //")
