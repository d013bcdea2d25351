"""People: users, guests, their short forms, licences, settings and subscriptions (DM-USER-*, DM-ANON-01, DM-USET-*)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.contract.shapes.base import A, C, Count, D, Id, Shape, Time, Underscored, Url, wire_name
from mockspaces.contract.shapes.lists import Data

PersonType = Literal["user", "anonymous"]


class PersonName(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The eight parts of a name."""

    familyname: Annotated[str, D("DM-USER-04")] = ""
    formatted: Annotated[str, D("DM-USER-04")] = ""
    givenname: Annotated[str, D("DM-USER-04")] = ""
    honorific_prefix: Annotated[str, D("DM-USER-04")] = ""
    honorific_suffix: Annotated[str, D("DM-USER-04")] = ""
    middlename: Annotated[str, D("DM-USER-04")] = ""
    pronunciation: Annotated[str, D("DM-USER-04")] = ""
    pronunciation_url: Annotated[str, D("DM-USER-04")] = ""


class PhoneNumber(msgspec.Struct, kw_only=True, frozen=True, gc=False, forbid_unknown_fields=True, rename=wire_name):
    """A telephone number."""

    verified: Annotated[bool, D("DM-USER-06")] = False
    primary: Annotated[bool, D("DM-USER-06")] = False
    canonical_form: Annotated[str, D("DM-USER-06")]
    type: Annotated[str, D("DM-USER-06")] = "mobile"
    value: Annotated[str, D("DM-USER-06")]
    unique: Annotated[bool, C("DM-USER-06, DM-MEM-01")] = False
    login: Annotated[bool, C("DM-USER-06, DM-MEM-01")] = False
    identity: Annotated[bool, C("DM-USER-06, DM-MEM-01")] = False


PhoneNumbers = Sequence[PhoneNumber]


class Email(Shape):
    """An address of a user."""

    value: Annotated[str, D("DM-USER-05")]
    type: Annotated[str, D("DM-USER-05")]
    primary: Annotated[bool, D("DM-USER-05")]
    label: Annotated[str, D("DM-USER-05")]
    relationdef_id: Annotated[str, D("DM-USER-05")]


class Language(Shape):
    """A language of a user."""

    code: Annotated[str, D("DM-USER-07")]
    primary: Annotated[bool, D("DM-USER-07")] = True


class Licence(Underscored):
    """A licence of a user."""

    service_type: Annotated[str, D("DM-LIC-01")]
    product_type: Annotated[str, D("DM-LIC-01")]
    expiration: Annotated[Time, D("DM-LIC-01")]
    parent_type: Annotated[str, D("DM-LIC-01")]
    trial: Annotated[bool, D("DM-LIC-01")]
    purchased_license_ndbid: Annotated[str, D("DM-LIC-01")]


class Relation(Underscored, kw_only=True):
    """What ties a user to a company."""

    relationdef_id: Annotated[str, D("DM-USER-09")]
    initiator_id: Annotated[str, D("DM-USER-09")]
    initiator_type: Annotated[Literal["company"], D("DM-USER-09")] = "company"
    relation_type: Annotated[Literal["employee"], D("DM-USER-09")] = "employee"


class Profile(Shape):
    """A copy of what a user says of themselves."""

    name: Annotated[PersonName, D("DM-USER-11")]
    displayname: Annotated[str, D("DM-USER-11")]
    username: Annotated[str, D("DM-USER-11")]
    phone_numbers: Annotated[PhoneNumbers, D("DM-USER-11")]
    picture_url: Annotated[Url, D("DM-USER-11")]
    addresses: Annotated[Sequence[Any], D("DM-USER-11")]
    gender: Annotated[str, D("DM-USER-11")]


class User(Shape):
    """A registered user, or the service account of an app."""

    name: Annotated[PersonName, D("DM-USER-04")]
    a_type: Annotated[Literal["user"], D("DM-USER-01, USERS-ME-02")]
    permissions: Annotated[Sequence[str], D("DM-USER-08")]
    id: Annotated[Id, D("DM-USER-01")]
    ndbid: Annotated[str, D("DM-USER-01")]
    addresses: Annotated[Sequence[Any], D("DM-USER-06")]
    displayname: Annotated[str, D("DM-USER-03")]
    emails: Annotated[Sequence[Email], D("DM-USER-05")]
    gender: Annotated[str, D("DM-USER-06")]
    languages: Annotated[Sequence[Language], D("DM-USER-07")]
    lastupdatetime: Annotated[Time, D("DM-USER-07")]
    licenses: Annotated[Sequence[Licence], D("DM-USER-09, DM-LIC-01")]
    phone_numbers: Annotated[PhoneNumbers, D("DM-USER-06")]
    relation_graphs: Annotated[Sequence[Relation], D("DM-USER-09")]
    timezone: Annotated[str, D("DM-USER-06")]
    username: Annotated[str, D("DM-USER-02")]
    picture_url: Annotated[Url, D("DM-USER-10")]
    profile: Annotated[Profile, D("DM-USER-11")]
    picturefile: Annotated[str | UnsetType, D("DM-USER-10")] = UNSET


class AnonymousUser(Shape, kw_only=True):
    """A guest without an account."""

    id: Annotated[Id, C("DM-ANON-01, USERS-ME-03")]
    a_type: Annotated[Literal["anonymous"], A("DM-ANON-01, USERS-ME-02")] = "anonymous"
    username: Annotated[str, C("DM-ANON-01, USERS-ME-03")]
    displayname: Annotated[str, C("DM-ANON-01, USERS-ME-03")]
    picture_url: Annotated[Url, A("DM-ANON-01, USERS-ME-03")]
    phone_numbers: Annotated[PhoneNumbers, A("DM-ANON-01, USERS-ME-03")] = ()
    permissions: Annotated[Sequence[str], A("DM-ANON-01, USERS-ME-03")] = ()
    licenses: Annotated[Sequence[Licence], A("DM-ANON-01, USERS-ME-03")] = ()
    relation_graphs: Annotated[Sequence[Relation], A("DM-ANON-01, USERS-ME-03")] = ()


class ShortEmail(Shape):
    """An address in a list of people."""

    primary: Annotated[bool, C("DM-USER-13, USERS-COLL-03")]
    value: Annotated[str, C("DM-USER-13, USERS-COLL-03")]


class ShortUser(Shape):
    """A user in a list of people."""

    id: Annotated[Id, C("DM-USER-13, USERS-COLL-03")]
    a_type: Annotated[Literal["user"], C("DM-USER-13, USERS-COLL-03")]
    ndbid: Annotated[str, A("DM-USER-13, USERS-COLL-03")]
    displayname: Annotated[str, C("DM-USER-13, USERS-COLL-03")]
    username: Annotated[str, C("DM-USER-13, USERS-COLL-03")]
    name: Annotated[PersonName, A("DM-USER-13, USERS-COLL-03")]
    emails: Annotated[Sequence[ShortEmail], A("DM-USER-13, USERS-COLL-03")]
    phone_numbers: Annotated[PhoneNumbers, A("DM-USER-13, USERS-COLL-03")]
    picturefile: Annotated[str | UnsetType, A("DM-USER-13, USERS-COLL-03")]
    picture_url: Annotated[Url, C("DM-USER-13, USERS-COLL-03")]


class Partner(Shape):
    """The other party of a direct space."""

    id: Annotated[Id, D("USERS-WITHDM-02")]
    a_type: Annotated[PersonType, D("USERS-WITHDM-02")]
    displayname: Annotated[str, D("USERS-WITHDM-02")]
    username: Annotated[str, D("USERS-WITHDM-02")]
    picture_url: Annotated[Url, D("USERS-WITHDM-02")]


class DeniedFeatures(Shape, kw_only=True):
    """What the company of a person forbids."""

    attachment: Annotated[bool, C("DM-USET-04")]


class UserPolicy(Shape, kw_only=True):
    """What holds for the people of a company."""

    deny_features: Annotated[DeniedFeatures, C("DM-USET-04")]


class CompanyPolicy(Shape, kw_only=True):
    """What a company decides for its people."""

    user: Annotated[UserPolicy, C("DM-USET-04")]


class OwnSettings(Shape, kw_only=True):
    """The settings of a person."""

    id: Annotated[Id, D("DM-USET-01, USERS-SETGET-01")]
    username: Annotated[str, D("DM-USET-01")]
    eula_version_agreed: Annotated[str, D("DM-USET-01")] = msgspec.field(name="eula_version_agreed")
    toc_version_agreed: Annotated[str, D("DM-USET-01")] = msgspec.field(name="toc_version_agreed")
    auto_accept_invite: Annotated[Literal["relation", "none"], D("DM-USET-01")]
    auto_hide_web_tutorial: Annotated[bool, D("DM-USET-01")]
    m_a_notif: Annotated[str, D("DM-USET-02")]
    m_notif: Annotated[Literal["all", "none", "direct"], D("DM-USET-02")]
    d_a_notif: Annotated[str, D("DM-USET-02")]
    d_notif: Annotated[Literal["all", "none", "direct"], D("DM-USET-02")]
    muteaudio: Annotated[bool, D("DM-USET-02")]
    mutevideo: Annotated[bool, D("DM-USET-02")]
    disable_auto_join: Annotated[bool, D("DM-USET-02")]
    tour_features: Annotated[Sequence[Any], D("DM-USET-02")]
    show_feature_tips_on_start_up: Annotated[bool, C("DM-USET-03")]
    disable_preview_when_join: Annotated[bool, C("DM-USET-03")]
    disable_noise_reduction_on_join: Annotated[bool, C("DM-USET-03")]
    company_policy: Annotated[CompanyPolicy, C("DM-USET-04")]


class Statistics(Shape, kw_only=True):
    """How many spaces and messages somebody has."""

    user_id: Annotated[Id, A("USERS-STATS-01")]
    spaces: Annotated[Count, A("USERS-STATS-01")]
    messages: Annotated[Count, A("USERS-STATS-01")]


class PushSubscription(Shape, kw_only=True):
    """A device that wants to be told."""

    subscription_id: Annotated[str | UnsetType | None, A("USERS-PUSHADD-02")] = UNSET
    device_id: Annotated[str | None, D("USERS-PUSHDEL-02")]
    data_only: Annotated[bool, D("USERS-PUSHDEL-02")]
    type: Annotated[Literal["firebase"], D("USERS-PUSHDEL-02")] = "firebase"
    scope: Annotated[Sequence[Literal["group", "direct", "all"]], D("USERS-PUSHADD-01, USERS-PUSHDEL-02")]
    id: Annotated[Id, D("USERS-PUSHDEL-02")]
    v: Annotated[Literal[0], D("USERS-PUSHDEL-02")] = msgspec.field(name="__v", default=0)
    status: Annotated[Literal["active", "removing"], D("USERS-PUSHDEL-02")]
    created: Annotated[Time, D("USERS-PUSHDEL-02")]
    again: Annotated[Id, D("USERS-PUSHDEL-02")] = msgspec.field(name="id")


class GuestToken(Shape, kw_only=True):
    """What makes somebody a guest."""

    token: Annotated[str, D("USERS-ANON-02")]


class Done(Shape, kw_only=True):
    """What became of an operation on a user."""

    email: Annotated[str, A("USERS-BULK-08")]
    action: Annotated[str, A("USERS-BULK-08")]
    success: Annotated[Literal[True], A("USERS-BULK-08")] = True
    user: Annotated[ShortUser | None, A("USERS-BULK-08")]


class Failed(Shape, kw_only=True):
    """Why an operation on a user failed."""

    email: Annotated[Any, A("USERS-BULK-08")]
    action: Annotated[Any, A("USERS-BULK-08")]
    success: Annotated[Literal[False], A("USERS-BULK-08")] = False
    code: Annotated[str, A("USERS-BULK-08, USERS-BULK-09")]
    message: Annotated[str, A("USERS-BULK-08")]


ANSWERS: dict[str, Any] = {
    "person": User | AnonymousUser,
    "short users": Data[ShortUser],
    "some short users": Sequence[ShortUser],
    "settings": OwnSettings,
    "list of settings": Data[OwnSettings],
    "statistics": Statistics,
    "push subscription": PushSubscription,
    "guest token": GuestToken,
    "bulk results": Data[Done | Failed],
}
