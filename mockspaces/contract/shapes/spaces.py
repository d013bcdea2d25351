"""Spaces, rosters, what people keep about spaces, and invites (DM-SPACE-*, DM-SET-*, DM-MEM-01, DM-USP-*, DM-INV-01)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.contract.rows import Role, SpaceType
from mockspaces.contract.shapes.base import A, C, Count, D, Id, Json, Shape, Time, Url, kept
from mockspaces.contract.shapes.lists import Data, NumberedPage, Page
from mockspaces.contract.shapes.messages import Message
from mockspaces.contract.shapes.people import Partner, PersonType, PhoneNumbers, ShortUser
from mockspaces.contract.space_settings import Resolution

MemberType = Literal["userId", "anonymousId", "email"]


class Kept(Shape, kw_only=True, forbid_unknown_fields=False):
    """Members that clients may add to."""


class PasswordRequired(Kept, kw_only=True, forbid_unknown_fields=False):
    """Who is asked for the PIN."""

    all_guests: Annotated[bool, D("DM-SET-01, PERM-PIN-03")]


class EventConference(Kept, kw_only=True, forbid_unknown_fields=False):
    """A conference with an appointed time."""

    enable: Annotated[bool, D("DM-SET-04")]
    start_date: Annotated[str | UnsetType | None, D("DM-SET-04")] = UNSET
    end_date: Annotated[str | UnsetType | None, D("DM-SET-04")] = UNSET
    hosting_continent: Annotated[str | UnsetType | None, D("DM-SET-04")] = UNSET


class MpaasSettings(Kept, kw_only=True, forbid_unknown_fields=False):
    """How the media server mixes."""

    event_conference: Annotated[EventConference, D("DM-SET-04")]
    mixer_mode: Annotated[str, D("DM-SET-04")]
    max_resolution: Annotated[Resolution, D("DM-SET-04")]


class SpaceSettings(Kept, kw_only=True, forbid_unknown_fields=False):
    """The settings of a space; others are kept as clients send them (SPACES-UPDATE-03)."""

    conf_id: Annotated[str, D("DM-SET-01")]
    conf_pin: Annotated[str, D("DM-SET-01, PERM-PIN-06")]
    password_required: Annotated[PasswordRequired, D("DM-SET-01")]
    allow_password_in_url: Annotated[bool, D("DM-SET-01")] = msgspec.field(name="allowPasswordInURL")
    member_only: Annotated[bool, D("DM-SET-02")]
    md_srv: Annotated[str, D("DM-SET-03")]
    md_opts: Annotated[Sequence[str], D("DM-SET-03")]
    md_providers: Annotated[Sequence[str], D("DM-SET-03")]
    md_lic: Annotated[Sequence[str], D("DM-SET-03")]
    auto_start: Annotated[bool, D("DM-SET-03")]
    hide_auto_start_prompt: Annotated[bool, D("DM-SET-03")]
    mpaas_settings: Annotated[MpaasSettings, D("DM-SET-04")]
    content_creation: Annotated[str, A("DM-SET-05, PERM-POL-01")]


class Retention(Shape, kw_only=True):
    """How long messages are kept."""

    retention_length: Annotated[int, D("DM-SPACE-06")]
    retention_type: Annotated[Literal["forever", "delete_after_days"], D("DM-SPACE-06")]
    not_inherit_parent_policy: Annotated[bool, D("DM-SPACE-06")]


class Member(Shape):
    """An entry in the roster of a space; of an e-mail entry the address is the name, and no time is known."""

    phone_numbers: Annotated[PhoneNumbers, D("DM-MEM-01, SPACES-MEMBERS-03")]
    member: Annotated[str, D("DM-MEM-01, SPACES-MEMBERS-03")]
    member_type: Annotated[MemberType, D("DM-MEM-01, SPACES-MEMBERS-03")]
    role: Annotated[Role, D("DM-MEM-01, SPACES-MEMBERS-03")]
    join_time: Annotated[Time | Literal[""], D("DM-MEM-01, SPACES-MEMBERS-03")]
    username: Annotated[str, D("DM-MEM-01, SPACES-MEMBERS-03")]
    displayname: Annotated[str, D("DM-MEM-01, SPACES-MEMBERS-03")]
    picture_url: Annotated[Url, D("DM-MEM-01, SPACES-MEMBERS-03")]


class Space(Shape):
    """A space, merged with what the caller keeps about it."""

    id: Annotated[Id, D("DM-SPACE-01")]
    cid: Annotated[Id, D("DM-SPACE-01")]
    title: Annotated[str, D("DM-SPACE-01")]
    description: Annotated[str, D("DM-SPACE-01")]
    type: Annotated[SpaceType, D("DM-SPACE-02")]
    status: Annotated[int, D("DM-SPACE-03")]
    restrict: Annotated[Sequence[str], D("DM-SPACE-04")]
    msg_retention: Annotated[Json, D("DM-SPACE-06"), kept(Retention)]
    members: Annotated[Sequence[Member], D("DM-SPACE-05, USERS-ROOM-02")]
    settings: Annotated[Json, D("DM-SPACE-05"), kept(SpaceSettings)]
    created: Annotated[Time, D("DM-SPACE-01")]
    modified: Annotated[Time, A("DM-SPACE-01")]
    role: Annotated[Role | None, A("SPACES-GET-01, USERS-ROOM-01")]
    is_pinned: Annotated[bool | None, A("SPACES-GET-01, USERS-ROOM-01")]
    notification: Annotated[bool | None, A("SPACES-GET-01, USERS-ROOM-01")]
    last_access: Annotated[Time | None, A("SPACES-GET-01, USERS-ROOM-01")]


class ListedSpace(Space):
    """A space in the list of the caller's own; a direct one has its latest chat."""

    target_id: Annotated[Id, C("USERS-SPACES-09")]
    unread: Annotated[bool, D("USERS-SPACES-09, DM-USP-02")]
    unread_messages_count: Annotated[Count, D("USERS-SPACES-09, DM-USP-03")]
    messages_last_read_time: Annotated[Time | UnsetType, D("USERS-SPACES-09, DM-USP-02")] = UNSET
    latest_message: Annotated[Message | UnsetType | None, A("USERS-SPACES-10")] = UNSET


class UserSpace(Shape, kw_only=True):
    """What a person keeps about a space."""

    id: Annotated[Id, D("DM-USP-01")]
    target_id: Annotated[Id, D("DM-USP-01")]
    target_type: Annotated[Literal["topic"], D("DM-USP-01")] = "topic"
    user_id: Annotated[Id, D("DM-USP-01")]
    user_type: Annotated[PersonType, D("DM-USP-01")]
    role: Annotated[Role | None, D("DM-USP-01")]
    title: Annotated[str, D("DM-USP-01, DM-USP-02")]
    type: Annotated[SpaceType, D("DM-USP-01")]
    status: Annotated[int, D("DM-USP-02, USERS-HIDE-03")]
    unread: Annotated[bool, D("DM-USP-02")]
    unread_messages_count: Annotated[Count, D("DM-USP-03")]
    is_pinned: Annotated[bool | None, D("DM-USP-02")]
    notification: Annotated[bool | None, D("DM-USP-02")]
    last_access: Annotated[Time | None, D("DM-USP-02")]
    messages_last_read_time: Annotated[Time | UnsetType, D("DM-USP-02")] = UNSET
    restrict: Annotated[Sequence[str] | UnsetType, D("DM-USP-02")] = UNSET


class Invitee(Shape, kw_only=True):
    """Somebody who is invited."""

    invitee_type: Annotated[Literal["email", "userId"], C("DM-INV-01")]
    invitee: Annotated[str, C("DM-INV-01")]
    role: Annotated[Role, C("DM-INV-01")]


class Invite(Shape, kw_only=True):
    """An invitation to a space."""

    id: Annotated[Id, C("DM-INV-01")]
    topic_id: Annotated[Id, C("DM-INV-01, SPACES-CREATE-05")]
    cid: Annotated[Id, A("DM-INV-01")]
    invitees: Annotated[Sequence[Invitee], C("DM-INV-01")]
    inform_channel: Annotated[Literal["server", "client", "outlook"], A("DM-INV-01")]
    invite_mode: Annotated[Literal["join", "meet"], A("DM-INV-01")]
    created: Annotated[Time, C("DM-INV-01")]
    start_date_time: Annotated[Time | UnsetType, A("DM-INV-01")] = UNSET
    end_date_time: Annotated[Time | UnsetType, A("DM-INV-01")] = UNSET
    invite_content_language: Annotated[str | UnsetType, A("DM-INV-01")] = UNSET


class InviteContent(Shape, kw_only=True):
    """What a client sends to invitees itself."""

    text: Annotated[str, C("SPACES-CREATE-06")]
    html: Annotated[str, C("SPACES-CREATE-06")]


class Invited(Shape, kw_only=True):
    """An invite, with its text where the client is to send it."""

    data: Annotated[Sequence[Invite], C("SPACES-CREATE-05, SPACES-INVITE-02")]
    invite_content: Annotated[InviteContent | UnsetType, C("SPACES-CREATE-05, SPACES-CREATE-06")] = UNSET


class Joined(Shape, kw_only=True):
    """The space that somebody joined."""

    topic: Annotated[Space, D("SPACES-JOIN-02, SPACES-INVJOIN-01")]


class Room(Shape, kw_only=True):
    """Somebody's personal room."""

    data: Annotated[Space, D("USERS-ROOM-01")]


class DeletedSpace(Shape, kw_only=True):
    """What is left of a space."""

    id: Annotated[Id, A("SPACES-DELETE-01")]
    status: Annotated[int, A("SPACES-DELETE-01")]


class DeletedInvite(Shape, kw_only=True):
    """What is left of an invite."""

    id: Annotated[Id, A("SPACES-INVDEL-01")]
    topic_id: Annotated[Id, A("SPACES-INVDEL-01")]


class Entry(Shape, kw_only=True):
    """Who was given a role."""

    attendee: Annotated[Id, D("SPACES-ROLE-03")]
    attendee_type: Annotated[Literal["userId", "anonymousId"], D("SPACES-ROLE-01, SPACES-ROLE-03")]
    role: Annotated[Literal["admin", "member"], D("SPACES-ROLE-03")]


class Removed(Shape, kw_only=True):
    """Who was removed."""

    attendee: Annotated[Id, D("SPACES-KICK-01")]
    attendee_type: Annotated[Literal["userId", "anonymousId"], D("SPACES-KICK-01")]


ANSWERS: dict[str, Any] = {
    "space": Space,
    "data of spaces": Data[Space],
    "own spaces": Page[ListedSpace],
    "user space": UserSpace,
    "members": NumberedPage[Member],
    "invited": Invited,
    "joined": Joined,
    "room": Room,
    "deleted space": DeletedSpace,
    "deleted invite": DeletedInvite,
    "entry": Entry,
    "removed": Removed,
    "colleagues": NumberedPage[ShortUser],
    "partners": NumberedPage[Partner],
}
