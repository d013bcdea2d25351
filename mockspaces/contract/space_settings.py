"""The settings of a space that the API knows, with the types of those a client may set (DM-SET-01..05)."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

READ_ONLY = ("confId", "mdLic", "mdSrv", "mdOpts", "mdProviders")  # SPACES-UPDATE-03, A: sent ones are ignored
FORBIDDEN_NAMES = ("__proto__", "constructor", "prototype")  # SPACES-UPDATE-03, A

Resolution = Literal["1080P", "720P", "480P", "360P", "240P", "180P", "NONE"]  # DM-SET-04, D


class PasswordRequired(msgspec.Struct, frozen=True, rename="camel"):
    """Who is asked for the PIN (PERM-PIN-03, D)."""

    all_guests: bool | UnsetType = UNSET


class EventConference(msgspec.Struct, frozen=True, rename="camel"):
    """A conference with an appointed time (DM-SET-04, D)."""

    enable: bool | UnsetType = UNSET
    start_date: str | UnsetType | None = UNSET
    end_date: str | UnsetType | None = UNSET
    hosting_continent: str | UnsetType | None = UNSET


class MpaasSettings(msgspec.Struct, frozen=True, rename="camel"):
    """How the media server mixes (DM-SET-04, D)."""

    event_conference: EventConference | UnsetType = UNSET
    mixer_mode: str | UnsetType = UNSET
    max_resolution: Resolution | UnsetType = UNSET


class SpaceSettings(msgspec.Struct, frozen=True, rename="camel"):
    """What a client may set; members that are not named here are stored as they come (SPACES-UPDATE-03)."""

    conf_pin: str | UnsetType = UNSET
    password_required: PasswordRequired | UnsetType = UNSET
    member_only: bool | UnsetType = UNSET
    allow_password_in_url: bool | UnsetType = msgspec.field(name="allowPasswordInURL", default=UNSET)
    mpaas_settings: MpaasSettings | UnsetType = UNSET
    auto_start: bool | UnsetType = UNSET
    hide_auto_start_prompt: bool | UnsetType = UNSET
    content_creation: Literal["all", "members", "admins"] | UnsetType = UNSET


Names = Mapping[str, "Names"]


def _names(shape: type[Any]) -> Names:
    """Return the members of a shape by name, each with its own members."""
    shapes: dict[str, type[Any]] = {
        "passwordRequired": PasswordRequired,
        "mpaasSettings": MpaasSettings,
        "eventConference": EventConference,
    }
    return {name: _names(shapes[name]) if name in shapes else {} for name in shape.__struct_encode_fields__}


KNOWN: Names = {**{name: {} for name in READ_ONLY}, **_names(SpaceSettings)}
