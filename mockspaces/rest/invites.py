"""Invitations: inviting, changing and deleting invites, joining by link (SPACES-INVITE, -INVJOIN, -INVUPD, -INVDEL)."""

import msgspec
from msgspec import UNSET

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.messaging import drafts
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import invites
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.spaces.invites import Invitation
from mockspaces.cloud.store.entities import InformChannel, Invite, Invitee, InviteMode, Space, User
from mockspaces.cloud.views import person_views, space_views
from mockspaces.contract import languages
from mockspaces.contract.rows import Role
from mockspaces.contract.shapes.spaces import DeletedInvite, Invited, Joined
from mockspaces.rest.call import Call, Handlers


class InviteeBody(msgspec.Struct, frozen=True, rename="camel"):
    """One invitee as a client writes them (SPACES-CREATE-02)."""

    invitee: str
    invitee_type: str | None = None
    role: Role | None = None


class InvitationBody(msgspec.Struct, frozen=True, rename="camel"):
    """Members shared by all calls that invite (SPACES-CREATE-03)."""

    invitees: list[InviteeBody] | None = None
    inform_channel: InformChannel | None = None
    invite_mode: InviteMode | None = None
    start_date_time: str | None = None
    end_date_time: str | None = None
    invite_content_language: str | None = None


class InviteChangeBody(InvitationBody, frozen=True, rename="camel", kw_only=True):
    """The body of POST /spaces/invites/{inviteId} (SPACES-INVUPD-01)."""

    id: str = msgspec.field(name="_id")
    topic_id: str


def invitation(call: Call, body: InvitationBody, *, default_role: Role) -> Invitation:
    """Check the syntax of an invitation (SPACES-CREATE-10, SPACES-INVITE-06)."""
    start = _time("startDateTime", body.start_date_time)
    end = _time("endDateTime", body.end_date_time)
    if start is not None and end is not None and end < start:
        raise invalid("endDateTime", "is before startDateTime")
    return Invitation(
        invitees=_invitees(call, body.invitees or [], default_role),
        channel=body.inform_channel,
        mode="join" if body.invite_mode == "invite" else body.invite_mode,
        start=start,
        end=end,
        language=(
            body.invite_content_language
            if body.invite_content_language is None or body.invite_content_language in languages.INVITES
            else languages.INVITE_DEFAULT
        ),
    )


def _invitees(call: Call, bodies: list[InviteeBody], default_role: Role) -> tuple[Invitee, ...]:
    """Return the invitees; who is named twice counts once."""
    wanted: dict[tuple[str, str], Invitee] = {}
    for number, body in enumerate(bodies):
        member = f"invitees[{number}]"
        kind = (body.invitee_type or ("email" if "@" in body.invitee else "userId")).lower()
        if kind == "email":
            people.email(body.invitee, f"{member}.invitee")
        elif kind != "userid":
            raise invalid(f"{member}.inviteeType", 'expected "email" or "userId"')
        one = Invitee(
            type="email" if kind == "email" else "userId", invitee=body.invitee, role=body.role or default_role
        )
        wanted.setdefault((one.type, one.invitee.lower()), one)
    most = call.world.contract.limits.invitees
    if len(wanted) > most:
        raise invalid("invitees", f"at most {most}")
    return tuple(wanted.values())


def _time(member: str, text: str | None) -> int | None:
    return drafts.time(member, text) if text else None


def answer(call: Call, space: Space, invite: Invite, creator: User) -> Invited:
    """Return an invite with what the client is to send himself, unless the server sends it (SPACES-CREATE-05, -06)."""
    content = UNSET if invite.channel == "server" else invites.content(call.world, call.origins, space, invite, creator)
    return Invited(data=[person_views.invite(invite)], invite_content=content)


async def invite_people(call: Call, found: Standing) -> object:
    """Invite people to a space (SPACES-INVITE-01..08)."""
    body = await call.decode(InvitationBody)
    if not body.invitees:
        raise invalid("invitees", "required, and not empty")
    wanted = invitation(call, body, default_role="guest" if found.space.type == "personal" else "member")
    made = await invites.invite(call.world, call.caller, found, wanted)
    return answer(call, found.space, made, call.caller.user)


async def join(call: Call, found: Standing, used: Invite) -> object:
    """Join a space by the link of an invite (SPACES-INVJOIN-01..05)."""
    joined = await invites.join(call.world, call.caller, found, used, call.pin)
    return Joined(topic=await space_views.seen_by(call.world, call.origins, joined, call.caller.id))


async def change(call: Call, found: Standing, mine: Invite) -> object:
    """Change an invite of one's own (SPACES-INVUPD-01..03)."""
    body = await call.decode(InviteChangeBody)
    if body.id != mine.id:
        raise invalid("_id", "is not the id of this invite")
    if body.topic_id != mine.space_id:
        raise invalid("topicId", "is not the space of this invite")
    if not body.invitees:
        raise invalid("invitees", "required, and not empty")
    if body.inform_channel == "outlook":
        raise invalid("informChannel", 'expected "server" or "client"')
    wanted = invitation(call, body, default_role="guest" if found.space.type == "personal" else "member")
    changed = await invites.change(call.world, call.caller, mine, found, wanted)
    return answer(call, found.space, changed, call.caller.user)


async def delete(call: Call, found: Standing, mine: Invite) -> object:
    """Delete an invite of one's own (SPACES-INVDEL-01..03)."""
    await invites.delete(call.world, mine, found)
    return DeletedInvite(id=mine.id, topic_id=mine.space_id)


HANDLERS: Handlers = {
    "SPACES-INVITE": Handler(invite_people, body=InvitationBody),
    "SPACES-INVJOIN": Handler(join),
    "SPACES-INVUPD": Handler(change, body=InviteChangeBody),
    "SPACES-INVDEL": Handler(delete),
}
