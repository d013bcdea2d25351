"""What shapes are made of: kinds of text, the vendor's spelling of names, and evidence member by member.

A member's type says what the wire may hold: ``None`` in it is null, `msgspec.UNSET` is a member that may be missing.
``D("DM-USER-02")`` beside it names the statement and how sure we are. Members stand in the order of the wire.

What is built a hundred times for one answer takes its members by position: by keyword it costs five times as much.
Modules of shapes import annotations from the future: types are read when a schema is wanted, not at every start.
"""

from collections.abc import Mapping
from functools import partial
from typing import Annotated, Any

import msgspec

from mockspaces.contract.rows import source

D, C, A = (partial(source, confidence=letter) for letter in ("D", "C", "A"))

Id = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{24}$")]  # REST-ID-01
Hex20 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{20}$")]
Hex40 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{40}$")]
Uuid = Annotated[
    str,
    msgspec.Meta(pattern="^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$", extra_json_schema={"format": "uuid"}),
]
Time = Annotated[  # REST-TIME-01
    str,
    msgspec.Meta(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z$", extra_json_schema={"format": "date-time"}),
]
Url = Annotated[str, msgspec.Meta(pattern="^https?://[^/]", extra_json_schema={"format": "uri"})]
UrlOrNone = Annotated[str, msgspec.Meta(pattern="^(https?://[^/].*)?$")]  # "" where there is nothing to point to
PageUrl = Annotated[
    str, msgspec.Meta(pattern="^(/.*)?$")
]  # host-relative; "" where there is no such page (PAGE-ENV-02)
Count = Annotated[int, msgspec.Meta(ge=0)]
Json = Mapping[str, Any]

# What the vendor writes with underscores, wherever it occurs among names that are not.
UNDERSCORED = frozenset({"picture_url", "phone_numbers", "relation_graphs", "relationdef_id"})


def wire_name(name: str) -> str:
    """Return how the wire spells a member; a word of Python ends with an underscore here."""
    if name in UNDERSCORED:
        return name
    if name == "id":
        return "_id"
    first, *others = name.rstrip("_").split("_")
    return first + "".join(map(str.capitalize, others))


class Shape(msgspec.Struct, kw_only=True, gc=False, forbid_unknown_fields=True, rename=wire_name):
    """An object of the wire. Answers are trees, so the collector need not look at them."""


class Underscored(msgspec.Struct, kw_only=True, gc=False, forbid_unknown_fields=True):
    """An object whose members the vendor spells as Python does."""


def kept(shape: Any) -> msgspec.Meta:
    """Return what says that a value is stored as plain JSON, and is of this shape."""
    return msgspec.Meta(extra={"shape": shape})
