"""Spaces: creating, reading, changing, deleting and joining them, direct ones too (SPACES-*)."""

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import apps
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.messaging import removal
from mockspaces.cloud.spaces import access, directs, invites, spaces, updates
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.spaces.updates import Change
from mockspaces.cloud.store.entities import Person, User
from mockspaces.cloud.views import space_views
from mockspaces.contract import errors
from mockspaces.contract.rows import Role
from mockspaces.contract.shapes import spaces as shapes
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.space_settings import SpaceSettings
from mockspaces.rest.call import ACT_AS_HEADER, Call, Handlers
from mockspaces.rest.invites import InvitationBody, InviteeBody, answer, invitation


class Topic(msgspec.Struct, frozen=True):
    """The new space (SPACES-CREATE-01)."""

    title: str
    description: str = ""
    type: str | None = None
    id: Any = None


class CreateBody(InvitationBody, frozen=True, rename="camel", kw_only=True):
    """The body of POST /spaces/invite."""

    topic: Topic


class MemberBody(msgspec.Struct, frozen=True, rename="camel"):
    """A member of a new space as the old tutorial writes them (SPACES-CREATEOLD-01)."""

    member: str
    member_type: str | None = None
    role: Role | None = None


class OldCreateBody(msgspec.Struct, frozen=True):
    """The body of POST /spaces."""

    title: str
    description: str = ""
    cid: str | None = None
    members: tuple[MemberBody, ...] = ()


class Retention(msgspec.Struct, frozen=True, rename="camel"):
    """How long messages are kept (DM-SPACE-06)."""

    retention_length: int | UnsetType = UNSET
    retention_type: Literal["forever", "delete_after_days"] | UnsetType = UNSET
    not_inherit_parent_policy: bool | UnsetType = UNSET


class ChangeBody(msgspec.Struct, frozen=True, rename="camel"):
    """The body of POST /spaces/{spaceId} (SPACES-UPDATE-01)."""

    title: str | UnsetType = UNSET
    description: str | UnsetType = UNSET
    restrict: tuple[str, ...] | UnsetType = UNSET
    settings: SpaceSettings | UnsetType = UNSET
    msg_retention: Retention | UnsetType = UNSET


async def _shown(call: Call, found: Standing) -> shapes.Space:
    return await space_views.seen_by(call.world, call.origins, found, call.caller.id)


def _check_title(member: str, title: str) -> None:
    if not title.strip():
        raise invalid(member, "must not be blank")


async def create(call: Call) -> object:
    """Create a space and invite people to it (SPACES-CREATE-01..12)."""
    body = await call.decode(CreateBody)
    _check_title("topic.title", body.topic.title)
    if body.topic.type not in (None, "group"):
        raise invalid("topic.type", 'the only value is "group"')
    if body.topic.id not in (None, ""):
        raise invalid("topic.id", "must be null, empty or absent")
    wanted = invitation(call, body, default_role="member")
    owner = await _owner(call)
    invited = await invites.resolve(call.world, call.caller, wanted.invitees)
    space = await spaces.create(call.world, owner, body.topic.title, body.topic.description)
    invite = await invites.send(call.world, owner, space, wanted, invited)
    return answer(call, space, invite, owner)


async def _owner(call: Call) -> User:
    """Return who will own the space: the caller, or whom a service app acts as (AUTH-ACT-02)."""
    address, app = call.exchange.header(ACT_AS_HEADER), call.caller.app
    if address is None or app is None:
        return call.caller.user
    return await apps.acted_as(call.world, app, address.strip())


async def create_old(call: Call) -> object:
    """Create a space as the old tutorial does, without e-mails (SPACES-CREATEOLD-01, -02)."""
    body = await call.decode(OldCreateBody)
    _check_title("title", body.title)
    bodies = [InviteeBody(one.member, one.member_type, one.role) for one in body.members]
    wanted = invitation(call, InvitationBody(invitees=bodies), default_role="member")
    if body.cid not in (None, call.caller.id):
        raise Rejection(errors.PERMISSION_DENIED, "cid is not the caller's own id")
    invited = await invites.resolve(call.world, call.caller, wanted.invitees)
    space = await spaces.create(call.world, call.caller.user, body.title, body.description)
    for invitee, user in invited:
        await invites.admit(call.world, space, invitee, user)
    return await _shown(call, await access.standing(call.world, call.caller, space))


async def get(call: Call, found: Standing) -> object:
    """Return a space as a bare object (SPACES-GET-01)."""
    return await _shown(call, found)


async def update(call: Call, found: Standing) -> object:
    """Change a space by deep merge (SPACES-UPDATE-01..07)."""
    # Read the body; members of ``settings`` that the API does not know are kept as they come (SPACES-UPDATE-03).
    body, raw = await call.decode(ChangeBody), await call.decode(dict[str, Any])
    if isinstance(body.title, str):
        _check_title("title", body.title)
    retention = None if body.msg_retention is UNSET else msgspec.to_builtins(body.msg_retention)
    plain = {"title": body.title, "description": body.description, "restrict": body.restrict}
    given = {name: value for name, value in plain.items() if value is not UNSET}
    change = Change(settings=raw.get("settings"), retention=retention, **given)  # type: ignore[arg-type] # all are set
    changed = await updates.apply(call.world, call.caller, found.space, change)
    return await _shown(call, Standing(changed, found.member))


async def delete(call: Call, found: Standing) -> object:
    """Delete a space (SPACES-DELETE-01..04)."""
    deleted = await removal.delete_space(call.world, call.caller.person, found.space)
    return shapes.DeletedSpace(id=deleted.id, status=spaces.status(call.world, deleted))


async def join(call: Call, found: Standing) -> object:
    """Join a space; a stranger becomes guest of an open one (SPACES-JOIN-01..07)."""
    return shapes.Joined(topic=await _shown(call, await spaces.join(call.world, call.caller, found)))


async def direct(call: Call, partner: Person) -> object:
    """Return the direct space with somebody; the first call makes it (SPACES-DIRECT-01..06)."""
    found = await directs.between(call.world, call.caller, partner)
    return Data([await _shown(call, found)])


HANDLERS: Handlers = {
    "SPACES-CREATE": Handler(create, body=CreateBody),
    "SPACES-CREATEOLD": Handler(create_old, body=OldCreateBody),
    "SPACES-GET": Handler(get),
    "SPACES-UPDATE": Handler(update, body=ChangeBody),
    "SPACES-DELETE": Handler(delete),
    "SPACES-JOIN": Handler(join),
    "SPACES-DIRECT": Handler(direct),
}
