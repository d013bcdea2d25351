"""Words of the REST API and the storage that belong to no single row: values of queries, numbers to dial, headers."""

from typing import Annotated, Literal

import msgspec
from msgspec import field

from mockspaces.contract.rows import SpaceType, source


class Rest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The words of the REST API and the storage of one deployment."""

    yes: Annotated[tuple[str, ...], source("MSG-QUERY-03", "D")] = ("yes", "y", "true")
    space_types: Annotated[dict[str, tuple[SpaceType, ...]], source("USERS-SPACES-04", "D")] = field(
        default_factory=lambda: {
            "group": ("group",),
            "direct": ("direct",),
            "personal": ("personal",),
            "all": ("group", "direct"),
        }
    )
    space_states: Annotated[dict[str, tuple[Literal["normal", "archived"], ...]], source("USERS-SPACES-03", "D")] = (
        field(default_factory=lambda: {"0": ("normal",), "1": ("archived",), "all": ("normal", "archived")})
    )
    # Nobody answers there: numbers set aside for fiction, by place.
    conference_numbers: Annotated[dict[str, str], source("MISC-CONFNUM-01")] = field(
        default_factory=lambda: {"United States": "+1 555 0100", "United Kingdom": "+44 20 7946 0000"}
    )
    # Storage: a type that is not shown in place could be a page of this origin.
    shown_in_place: Annotated[tuple[str, ...], source("STO-GET-02")] = ("image/", "audio/", "video/")
    scriptable: Annotated[tuple[str, ...], source("STO-GET-02")] = ("image/svg+xml",)
    guard: Annotated[dict[str, str], source("STO-GET-02")] = field(
        default_factory=lambda: {"x-content-type-options": "nosniff", "content-security-policy": "sandbox"}
    )
