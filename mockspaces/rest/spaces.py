"""Spaces: creating, reading and joining them (SPACES-*)."""

from typing import Any

import msgspec

from mockspaces.cloud import apps, invites, people, space_views, spaces, views
from mockspaces.cloud.access import Standing
from mockspaces.cloud.clock import milliseconds
from mockspaces.cloud.entities import InformChannel, Invitee, InviteMode, User
from mockspaces.cloud.invites import Invitation
from mockspaces.cloud.rejection import invalid
from mockspaces.contract.rows import Role
from mockspaces.rest.call import ACT_AS_HEADER, Call, handle

KNOWN_LANGUAGES = ("en-US", "de-DE", "es-ES", "fr-FR", "it-IT", "ja-JP", "ko-KR", "pt-BR", "ru-RU", "zh-CN")
DEFAULT_LANGUAGE = "en-US"


class Topic(msgspec.Struct, frozen=True):
    """The new space (SPACES-CREATE-01)."""

    title: str
    description: str = ""
    type: str | None = None
    id: Any = None


class InviteeBody(msgspec.Struct, frozen=True, rename="camel"):
    """One invitee as a client writes him (SPACES-CREATE-02)."""

    invitee: str
    invitee_type: str | None = None
    role: Role | None = None


class InvitationBody(msgspec.Struct, frozen=True, rename="camel"):
    """Members shared by all calls that invite (SPACES-CREATE-03)."""

    invitees: list[InviteeBody] | None = None
    inform_channel: InformChannel = "server"
    invite_mode: InviteMode = "join"
    start_date_time: str | None = None
    end_date_time: str | None = None
    invite_content_language: str | None = None


class CreateBody(InvitationBody, frozen=True, rename="camel", kw_only=True):
    """The body of POST /spaces/invite."""

    topic: Topic


@handle("SPACES-CREATE")
async def create(call: Call) -> object:
    """Create a space and invite people to it (SPACES-CREATE-01..12)."""
    body = await call.decode(CreateBody)
    _check_topic(body.topic)
    wanted = invitation(call, body, default_role="member")
    owner = await _owner(call)
    invitees = await invites.resolve(call.world, call.caller, wanted.invitees)
    space = await spaces.create(call.world, owner, body.topic.title, body.topic.description)
    invite = await invites.send(call.world, owner, space, wanted, invitees)
    answer: dict[str, object] = {"data": [views.invite(invite)]}
    if invite.channel != "server":
        answer["inviteContent"] = invites.content(call.origins, space, invite, owner)
    return answer


def _check_topic(topic: Topic) -> None:
    if not topic.title.strip():
        raise invalid("topic.title", "must not be blank")
    if topic.type not in (None, "group"):
        raise invalid("topic.type", 'the only value is "group"')
    if topic.id not in (None, ""):
        raise invalid("topic.id", "must be null, empty or absent")


async def _owner(call: Call) -> User:
    """Return who will own the space: the caller, or whom a service app acts as (AUTH-ACT-02)."""
    address, app = call.exchange.header(ACT_AS_HEADER), call.caller.app
    if address is None or app is None:
        return call.caller.user
    return await apps.acted_as(call.world, app, address.strip())


def invitation(call: Call, body: InvitationBody, *, default_role: Role) -> Invitation:
    """Check the syntax of an invitation (SPACES-CREATE-10, SPACES-INVITE-06)."""
    start = _time("startDateTime", body.start_date_time)
    end = _time("endDateTime", body.end_date_time)
    if start is not None and end is not None and end < start:
        raise invalid("endDateTime", "is before startDateTime")
    wanted = [_invitee(number, one, default_role) for number, one in enumerate(body.invitees or [])]
    most = call.world.contract.limits.invitees
    if len(wanted) > most:
        raise invalid("invitees", f"at most {most}")
    return Invitation(
        invitees=tuple({(one.type, one.invitee.lower()): one for one in reversed(wanted)}.values())[::-1],
        channel=body.inform_channel,
        mode="join" if body.invite_mode == "invite" else body.invite_mode,
        start=start,
        end=end,
        language=_language(body.invite_content_language),
    )


def _language(given: str | None) -> str | None:
    return given if given is None or given in KNOWN_LANGUAGES else DEFAULT_LANGUAGE


def _time(member: str, text: str | None) -> int | None:
    if text in (None, ""):
        return None
    try:
        return milliseconds(str(text))
    except (ValueError, OverflowError):
        raise invalid(member, "expected an ISO-8601 time") from None


def _invitee(number: int, body: InviteeBody, default_role: Role) -> Invitee:
    member = f"invitees[{number}]"
    kind = (body.invitee_type or ("email" if "@" in body.invitee else "userId")).lower()
    if kind == "email":
        people.email(body.invitee, f"{member}.invitee")
    elif kind != "userid":
        raise invalid(f"{member}.inviteeType", 'expected "email" or "userId"')
    return Invitee(type="email" if kind == "email" else "userId", invitee=body.invitee, role=body.role or default_role)


@handle("SPACES-GET")
async def get(call: Call) -> object:
    """Return a space as a bare object (SPACES-GET-01)."""
    return await _shown(call, await call.enter())


@handle("SPACES-JOIN")
async def join(call: Call) -> object:
    """Join a space; a stranger becomes guest of an open one (SPACES-JOIN-01..07)."""
    found = await call.enter()
    return {"topic": await _shown(call, await spaces.join(call.world, call.caller, found))}


async def _shown(call: Call, found: Standing) -> dict[str, Any]:
    record = await spaces.record_of(call.world, found.space.id, call.caller.id)
    return await space_views.space(call.world, call.origins, found, record)
