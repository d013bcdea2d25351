"""What an overlay does to shapes: members left out, renamed, of another type or value, or added.

Without any an answer is encoded as it is built, in one step. With some it is taken apart first, which costs more and
happens in tests alone.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import msgspec
from msgspec import UNSET


class Change(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """How one member differs: it is ``absent``, has another ``name`` or ``type``, or always the same ``value``.

    As a string a value is its JSON, in an array it is the only item. A member that the shape has not is added by its
    ``value``.
    """

    absent: bool = False
    name: str = ""
    type: Literal["", "string", "array"] = ""
    value: Any = UNSET


PACKAGE = __name__.rpartition(".")[0]
BASE = f"{PACKAGE}.base"
Changes = Mapping[str, Mapping[str, Change]]  # by the shape's name, then by the member's on the wire


def plain(value: Any, changes: Changes) -> Any:
    """Return a value in plain JSON types, with these changes made in each shape of it."""
    if isinstance(value, msgspec.Struct):
        members = zip(value.__struct_encode_fields__, value.__struct_fields__, strict=True)
        found = {name: getattr(value, attribute) for name, attribute in members}
        of_shape = changes.get(shape_name(type(value)), {})
        return {
            name: one if name in of_shape and of_shape[name].value is not UNSET else plain(one, changes)
            for name, one in _changed(found, of_shape).items()
            if one is not UNSET
        }
    if isinstance(value, Mapping):
        return {name: plain(one, changes) for name, one in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [plain(one, changes) for one in value]
    return value


def builtins(value: Any, changes: Changes) -> Any:
    """Return a value in plain JSON types, the short way where nothing is changed; what is binary in it stays so."""
    return plain(value, changes) if changes else msgspec.to_builtins(value, builtin_types=(bytes, bytearray))


def shape_name(shape: type) -> str:
    """Return the name of a shape; an entity that is one by inheritance has the name of its shape."""
    shapes = (one for one in shape.__mro__ if one.__module__.startswith(PACKAGE) and one.__module__ != BASE)
    return next(shapes, shape).__name__


def _changed(members: Mapping[str, Any], changes: Mapping[str, Change]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in members.items():
        change = changes.get(name)
        if change is None:
            found[name] = value
        elif not change.absent:
            found[change.name or name] = value if value is UNSET else _as(value, change)
    added = {name: one.value for name, one in changes.items() if name not in members and one.value is not UNSET}
    return {**found, **added}


def _as(value: Any, change: Change) -> Any:
    if change.value is not UNSET:
        return change.value
    if change.type == "array":
        return [value]
    if change.type == "string":
        return msgspec.json.encode(value).decode()
    return value


def encoded(value: object, changes: Changes) -> bytes:
    """Return an answer as JSON."""
    return msgspec.json.encode(plain(value, changes) if changes else value)
