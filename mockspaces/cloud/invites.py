"""Invitations: who is asked into a space, the link, and the e-mails that are never sent."""

import base64
from collections.abc import Sequence
from html import escape
from urllib.parse import quote

import msgspec

from mockspaces.cloud import people, spaces
from mockspaces.cloud.callers import Caller
from mockspaces.cloud.entities import (
    InformChannel,
    Invite,
    Invitee,
    InviteMode,
    Mail,
    Space,
    User,
    member_id,
)
from mockspaces.cloud.rejection import Rejection, invalid, not_found
from mockspaces.cloud.world import Origins, World
from mockspaces.contract import errors


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody asks for: whom to invite and how to tell them. Its syntax is already checked."""

    invitees: tuple[Invitee, ...] = ()
    channel: InformChannel = "server"
    mode: InviteMode = "join"
    start: int | None = None
    end: int | None = None
    language: str | None = None


async def resolve(world: World, caller: Caller, invitees: Sequence[Invitee]) -> list[tuple[Invitee, User | None]]:
    """Look the invitees up, at the end of step 7 (ERR-ORDER-04). An unknown e-mail has no user."""
    found: list[tuple[Invitee, User | None]] = []
    for number, invitee in enumerate(invitees):
        if invitee.type == "email":
            user = await people.by_email(world, invitee.invitee)
        else:
            user = await world.state.users.get(invitee.invitee)
            if user is None:
                raise not_found(errors.USER_NOT_FOUND, "user", invitee.invitee)
            if caller.app and user.company_id != caller.app.company_id:
                raise Rejection(errors.OTHER_COMPANY, f'user "{user.username}" is of another company')
        if user and not user.enabled:
            raise invalid(f"invitees[{number}].invitee", "is a disabled user")
        found.append((invitee, user))
    return found


async def send(
    world: World,
    creator: User,
    space: Space,
    wanted: Invitation,
    people_: Sequence[tuple[Invitee, User | None]],
) -> Invite:
    """Record one invite for all invitees, enter them into the space, and put e-mails into the outbox."""
    invite = Invite(
        id=world.ids.object_id(),
        space_id=space.id,
        creator_id=creator.id,
        created=world.clock.now_ms(),
        invitees=wanted.invitees,
        channel=wanted.channel,
        mode=wanted.mode,
        start=wanted.start,
        end=wanted.end,
        language=wanted.language,
    )
    await world.state.invites.put(invite)
    for invitee, user in people_:
        await admit(world, space, invitee, user)
        if invite.channel == "server":
            await _mail(world, space, invite, user.username if user else invitee.invitee)
    return invite


async def admit(world: World, space: Space, invitee: Invitee, user: User | None) -> None:
    """Enter one invitee; an existing participant keeps his role (SPACES-INVITE-04)."""
    person = user.id if user else invitee.invitee.lower()
    if await world.state.members.get(member_id(space.id, person)) is None:
        await spaces.add(world, space, person, "userId" if user else "email", invitee.role)


async def _mail(world: World, space: Space, invite: Invite, to: str) -> None:
    await world.state.outbox.put(
        Mail(
            id=world.ids.object_id(),
            to=to,
            subject=f"Invitation to {space.title}",
            link=link(world.origins, invite),
            created=invite.created,
            invite_id=invite.id,
            space_id=space.id,
        )
    )


def link(origins: Origins, invite: Invite) -> str:
    """Return the join link; ``inviteInfo`` is percent-encoded base64 of a JSON object (SPACES-CREATE-07)."""
    info = base64.b64encode(msgspec.json.encode({"inviteId": invite.id})).decode()
    word = "meet" if invite.mode == "meet" else "join"
    return f"{origins.web}/spaces/invites/{invite.id}/{word}?inviteInfo={quote(info, safe='')}"


def content(origins: Origins, space: Space, invite: Invite, creator: User) -> dict[str, str]:
    """Return text and HTML of the invitation; the link is the only URL in the text (SPACES-CREATE-06)."""
    url = link(origins, invite)
    who, where = creator.displayname, space.title
    return {
        "text": f"{_no_url(who)} invites you to {_no_url(where)}.\nJoin: {url}",
        "html": f'<div>{escape(who)} invites you to {escape(where)}. <a href="{escape(url)}">Join</a></div>',
    }


def _no_url(text: str) -> str:
    return text.replace("://", ": //")
