"""The vendor's objects: how entities look on the wire, the same for REST and socket.

With `space_views` and `message_views` the only place that maps Python's names to the vendor's spelling in answers.
Member order is that of the documents.
"""

from typing import Any

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
from mockspaces.contract.web import DEFAULT_PICTURE

Object = dict[str, Any]
PERMISSION_GROUP = "USERSELF_PERMISSION_GROUP"
ADMIN_PERMISSION_GROUP = "IT_ADMIN_PERMISSION_GROUP"


def picture_url(origins: Origins, person: Person) -> str:
    """Return a person's picture, or the default one (DM-USER-10)."""
    given = person.picture_url if isinstance(person, AnonymousUser) else person.picturefile
    return given or f"{origins.accounts}{DEFAULT_PICTURE}"


def person(origins: Origins, who: Person, company: Company | None) -> Object:
    """Return the bare object of GET /users/me (USERS-ME-01, -03)."""
    return anonymous(origins, who) if isinstance(who, AnonymousUser) else user(origins, who, company)


def anonymous(origins: Origins, who: AnonymousUser) -> Object:
    """Return an anonymous user (DM-ANON-01)."""
    return {
        "_id": who.id,
        "aType": "anonymous",
        "username": who.username,
        "displayname": who.displayname,
        "picture_url": picture_url(origins, who),
        "phone_numbers": [],
        "permissions": [],
        "licenses": [],
        "relation_graphs": [],
    }


def user(origins: Origins, who: User, company: Company | None) -> Object:
    """Return a registered user (DM-USER-01..11)."""
    picture = picture_url(origins, who)
    relation = company.relationdef_id if company else ""
    profile = {
        "name": who.name,
        "displayname": who.displayname,
        "username": who.username,
        "phone_numbers": who.phone_numbers,
        "picture_url": picture,
        "addresses": [],
        "gender": who.gender,
    }
    shown: Object = {
        "name": who.name,
        "aType": "user",
        "permissions": [PERMISSION_GROUP, *([ADMIN_PERMISSION_GROUP] if who.company_admin else [])],
        "_id": who.id,
        "ndbid": who.ndbid,
        "addresses": [],
        "displayname": who.displayname,
        "emails": [
            {"value": address, "type": "", "primary": address == who.username, "label": "", "relationdef_id": relation}
            for address in who.emails
        ],
        "gender": who.gender,
        "languages": [{"code": who.language, "primary": True}],
        "lastupdatetime": iso(who.last_update),
        "licenses": [licence(item) for item in who.licences],
        "phone_numbers": who.phone_numbers,
        "relation_graphs": [
            {
                "relationdef_id": company.relationdef_id,
                "initiator_id": company.id,
                "initiator_type": "company",
                "relation_type": "employee",
            }
        ]
        if company
        else [],
        "timezone": who.timezone,
        "username": who.username,
        "picture_url": picture,
        "profile": profile,
    }
    if who.picturefile:
        shown["picturefile"] = who.picturefile
    return shown


def licence(item: Licence) -> Object:
    """Return a licence (DM-LIC-01)."""
    return {
        "service_type": item.service_type,
        "product_type": item.product_type,
        "expiration": item.expiration,
        "parent_type": item.parent_type,
        "trial": item.trial,
        "purchased_license_ndbid": item.purchased_license_ndbid,
    }


def member(origins: Origins, entry: Member, who: Person | None) -> Object:
    """Return an entry of a roster; an e-mail entry shows its address as name (DM-MEM-01, SPACES-MEMBERS-03)."""
    return {
        "phone_numbers": [] if who is None or isinstance(who, AnonymousUser) else who.phone_numbers,
        "member": entry.person,
        "memberType": entry.type,
        "role": entry.role,
        "joinTime": "" if entry.type == "email" else iso(entry.join_time),
        "username": who.username if who else entry.person,
        "displayname": who.displayname if who else entry.person,
        "picture_url": picture_url(origins, who) if who else f"{origins.accounts}{DEFAULT_PICTURE}",
    }


def partner(origins: Origins, who: Person) -> Object:
    """Return the other party of a direct space (USERS-WITHDM-02)."""
    return {
        "_id": who.id,
        "aType": "anonymous" if isinstance(who, AnonymousUser) else "user",
        "displayname": who.displayname,
        "username": who.username,
        "picture_url": picture_url(origins, who),
    }


def short(origins: Origins, who: User) -> Object:
    """Return a user as lists of people show them (DM-USER-13)."""
    return {
        "_id": who.id,
        "aType": "user",
        "ndbid": who.ndbid,
        "displayname": who.displayname,
        "username": who.username,
        "name": who.name,
        "emails": [{"primary": address == who.username, "value": address} for address in who.emails],
        "phone_numbers": who.phone_numbers,
        **({"picturefile": who.picturefile} if who.picturefile else {}),
        "picture_url": picture_url(origins, who),
    }


def push_subscription(shown: PushSubscription, status: str) -> Object:
    """Return a push subscription (USERS-PUSHADD-02, USERS-PUSHDEL-02)."""
    return {
        "deviceId": shown.device_id,
        "dataOnly": shown.data_only,
        "type": "firebase",
        "scope": shown.scope,
        "_id": shown.id,
        "__v": 0,
        "status": status,
        "created": iso(shown.created),
        "id": shown.id,
    }


def invite(shown: Invite) -> Object:
    """Return an invite; optional members only where they were given (DM-INV-01)."""
    optional = {
        "startDateTime": iso(shown.start) if shown.start is not None else None,
        "endDateTime": iso(shown.end) if shown.end is not None else None,
        "inviteContentLanguage": shown.language,
    }
    return {
        "_id": shown.id,
        "topicId": shown.space_id,
        "cid": shown.creator_id,
        "invitees": [{"inviteeType": one.type, "invitee": one.invitee, "role": one.role} for one in shown.invitees],
        "informChannel": shown.channel,
        "inviteMode": shown.mode,
        "created": iso(shown.created),
        **{name: value for name, value in optional.items() if value is not None},
    }
