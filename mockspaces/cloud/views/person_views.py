"""The vendor's objects: entities as shapes, the same for REST and socket.

Shapes that an answer has many of take their members by position, in the order of the wire: see `shapes.base`.
"""

import re
from typing import Literal

from msgspec import UNSET, UnsetType

from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.world import Origins
from mockspaces.cloud.store.entities import (
    AnonymousUser,
    Company,
    Invite,
    Licence,
    Member,
    Person,
    PushSubscription,
    User,
)
from mockspaces.contract.shapes import people as shapes
from mockspaces.contract.shapes import spaces as space_shapes
from mockspaces.contract.web import DEFAULT_PICTURE

PERMISSION_GROUP = "USERSELF_PERMISSION_GROUP"
ADMIN_PERMISSION_GROUP = "IT_ADMIN_PERMISSION_GROUP"
# The URL of a picture up to its path; at the vendor's storage its first segment is the bucket.
_PLACE = re.compile(r"https?://(?:storage\.googleapis\.com/[^/?#]+|[^/?#]*)/([^?#]+)")


def picture_url(origins: Origins, person: Person) -> str:
    """Return a person's picture, or the default one (DM-USER-10)."""
    given = person.picture_url if isinstance(person, AnonymousUser) else person.picturefile
    return given or f"{origins.accounts}{DEFAULT_PICTURE}"


def picturefile(who: User) -> str | UnsetType:
    """Return the path of a person's picture within its storage, which no default one has (DM-USER-10)."""
    if not who.picturefile:
        return UNSET
    place = _PLACE.match(who.picturefile)
    return place[1] if place else who.picturefile


def person(origins: Origins, who: Person, company: Company | None) -> shapes.User | shapes.AnonymousUser:
    """Return the bare object of GET /users/me (USERS-ME-01, -03)."""
    return anonymous(origins, who) if isinstance(who, AnonymousUser) else user(origins, who, company)


def anonymous(origins: Origins, who: AnonymousUser) -> shapes.AnonymousUser:
    """Return an anonymous user (DM-ANON-01)."""
    return shapes.AnonymousUser(
        id=who.id, username=who.username, displayname=who.displayname, picture_url=picture_url(origins, who)
    )


def user(origins: Origins, who: User, company: Company | None) -> shapes.User:
    """Return a registered user (DM-USER-01..11)."""
    picture, relation = picture_url(origins, who), company.relationdef_id if company else ""
    return shapes.User(
        who.name,
        "user",
        [PERMISSION_GROUP, ADMIN_PERMISSION_GROUP] if who.company_admin else [PERMISSION_GROUP],
        who.id,
        who.ndbid,
        (),
        who.displayname,
        [shapes.Email(address, "", address == who.username, "", relation) for address in who.emails],
        who.gender,
        [shapes.Language(who.language)],
        iso(who.last_update),
        [licence(item) for item in who.licences],
        who.phone_numbers,
        [shapes.Relation(relationdef_id=relation, initiator_id=company.id)] if company else [],
        who.timezone,
        who.username,
        picture,
        shapes.Profile(who.name, who.displayname, who.username, who.phone_numbers, picture, (), who.gender),
        picturefile(who),
    )


def licence(item: Licence) -> shapes.Licence:
    """Return a licence (DM-LIC-01)."""
    return shapes.Licence(
        item.service_type,
        item.product_type,
        item.expiration,
        item.parent_type,
        item.trial,
        item.purchased_license_ndbid,
    )


def member(origins: Origins, entry: Member, who: Person | None) -> space_shapes.Member:
    """Return an entry of a roster; an e-mail entry shows its address as name (DM-MEM-01, SPACES-MEMBERS-03)."""
    return space_shapes.Member(
        () if who is None or isinstance(who, AnonymousUser) else who.phone_numbers,
        entry.person,
        entry.type,
        entry.role,
        "" if entry.type == "email" else iso(entry.join_time),
        who.username if who else entry.person,
        who.displayname if who else entry.person,
        picture_url(origins, who) if who else f"{origins.accounts}{DEFAULT_PICTURE}",
    )


def partner(origins: Origins, who: Person) -> shapes.Partner:
    """Return the other party of a direct space (USERS-WITHDM-02)."""
    kind: shapes.PersonType = "anonymous" if isinstance(who, AnonymousUser) else "user"
    return shapes.Partner(who.id, kind, who.displayname, who.username, picture_url(origins, who))


def short(origins: Origins, who: User) -> shapes.ShortUser:
    """Return a user as lists of people show them (DM-USER-13)."""
    return shapes.ShortUser(
        who.id,
        "user",
        who.ndbid,
        who.displayname,
        who.username,
        who.name,
        [shapes.ShortEmail(address == who.username, address) for address in who.emails],
        who.phone_numbers,
        picturefile(who),
        picture_url(origins, who),
    )


def push_subscription(shown: PushSubscription, status: Literal["active", "removing"]) -> shapes.PushSubscription:
    """Return a push subscription (USERS-PUSHADD-02, USERS-PUSHDEL-02)."""
    return shapes.PushSubscription(
        subscription_id=shown.subscription_id if status == "active" else UNSET,
        device_id=shown.device_id,
        data_only=shown.data_only,
        scope=shown.scope,
        id=shown.id,
        status=status,
        created=iso(shown.created),
        again=shown.id,
    )


def invite(shown: Invite) -> space_shapes.Invite:
    """Return an invite; optional members only where they were given (DM-INV-01)."""
    return space_shapes.Invite(
        id=shown.id,
        topic_id=shown.space_id,
        cid=shown.creator_id,
        invitees=[
            space_shapes.Invitee(invitee_type=one.type, invitee=one.invitee, role=one.role) for one in shown.invitees
        ],
        inform_channel=shown.channel,
        invite_mode=shown.mode,  # type: ignore[arg-type]  # "invite" is stored as "join"
        created=iso(shown.created),
        start_date_time=UNSET if shown.start is None else iso(shown.start),
        end_date_time=UNSET if shown.end is None else iso(shown.end),
        invite_content_language=shown.language or UNSET,
    )
