"""JSON Schemas of shapes, as the API document shows them and as answers are checked against them.

msgspec makes schemas too, but none of a choice of shapes, and it counts a member with a default as one that may be missing.
"""

from collections import ChainMap
from collections.abc import Mapping, Sequence
from functools import cache
from types import UnionType
from typing import Annotated, Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
from msgspec import UnsetType

from mockspaces.contract.shapes.changes import Change, Changes, shape_name

Schema = dict[str, Any]
KEYWORDS = {
    "pattern": "pattern",
    "ge": "minimum",
    "le": "maximum",
    "gt": "exclusiveMinimum",
    "min_length": "minLength",
    "max_length": "maxLength",
}
PLAIN: Mapping[Any, Schema] = {
    str: {"type": "string"},
    bool: {"type": "boolean"},
    int: {"type": "integer"},
    float: {"type": "number"},
    None: {"type": "null"},
    type(None): {"type": "null"},
    Any: {},
    object: {},
}


class Member(msgspec.Struct, frozen=True, kw_only=True):
    """A member of a shape: its name on the wire, its type, whether it may be missing, and its evidence."""

    name: str
    type: Any
    optional: bool
    source: str
    confidence: str


@cache
def members(shape: type) -> tuple[Member, ...]:
    """Return the members of a shape in the order of the wire."""
    hints = get_type_hints(shape, include_extras=True)
    names = zip(shape.__struct_encode_fields__, shape.__struct_fields__, strict=True)  # type: ignore[attr-defined]  # a Struct has them
    return tuple(_member(name, hints[attribute]) for name, attribute in names)


def _member(name: str, hint: Any) -> Member:
    extra: dict[str, Any] = {}
    bare = hint
    if get_origin(hint) is Annotated:
        bare, *notes = get_args(hint)
        for note in notes:
            extra |= note.extra or {}
    optional = UnsetType in _choices(bare)
    return Member(
        name=name,
        type=hint,
        optional=optional,
        source=extra.get("source", ""),
        confidence=extra.get("confidence", ""),
    )


def _choices(kind: Any) -> tuple[Any, ...]:
    return get_args(kind) if get_origin(kind) in (Union, UnionType) else (kind,)


class Schemas:
    """The schemas of some types, under the changes of an overlay; ``parts`` are those they refer to, by name."""

    def __init__(self, changes: Changes | None = None, reference: str = "#/components/schemas/{name}") -> None:
        """Begin without any part."""
        self.parts: dict[str, Schema] = {}
        self._shapes: dict[str, type] = {}
        self._changes = changes or {}
        self._reference = reference

    def of(self, kind: Any, bound: Mapping[Any, Any] | None = None) -> Schema:
        """Return the schema of a type; ``bound`` says what its type variables stand for."""
        bound = bound or {}
        origin, arguments = get_origin(kind), get_args(kind)
        if isinstance(kind, TypeVar):
            return self.of(bound.get(kind, Any), bound)
        if kind in PLAIN:
            return dict(PLAIN[kind])
        if origin is Annotated:
            noted = [self._keywords(note) for note in arguments[1:]]
            return dict(ChainMap(*reversed(noted), self.of(arguments[0], bound)))
        if origin is Literal:
            return {"type": PLAIN[type(arguments[0])]["type"], "enum": list(arguments)}
        if origin in (Union, UnionType):
            return _either([self.of(one, bound) for one in arguments if one is not UnsetType])
        shape = origin or kind
        if issubclass(shape, msgspec.Struct):
            return self._struct(shape, [bound.get(one, one) for one in arguments])
        if issubclass(shape, Mapping):
            values = self.of(arguments[1], bound)
            return {"type": "object", **({"additionalProperties": values} if values else {})}
        if issubclass(shape, Sequence):
            return {"type": "array", "items": self.of(arguments[0], bound)}
        raise TypeError(f"{kind} is no type of the wire")

    def _keywords(self, note: msgspec.Meta) -> Schema:
        extra = note.extra or {}
        found = {keyword: getattr(note, name) for name, keyword in KEYWORDS.items() if getattr(note, name) is not None}
        if "source" in extra:
            found["description"] = f"{extra['source']} ({extra['confidence']})"
        kept = self.of(extra["shape"]) if "shape" in extra else {}
        return {**found, **(note.extra_json_schema or {}), **kept}

    def _struct(self, shape: type, arguments: Sequence[Any]) -> Schema:
        named = [shape_name(one) if isinstance(one, type) else _joined(one) for one in arguments]
        name = "".join([shape_name(shape), *(["Of", *named] if named else [])])
        if self._shapes.setdefault(name, shape) is not shape:
            raise ValueError(f"{name}: more than one shape")
        if name not in self.parts:
            self.parts[name] = {}  # a shape may hold itself
            variables = getattr(shape, "__parameters__", ())
            self.parts[name] = self._object(shape, dict(zip(variables, arguments, strict=True)))
        return {"$ref": self._reference.format(name=name)}

    def _object(self, shape: type, bound: Mapping[Any, Any]) -> Schema:
        changes = self._changes.get(shape_name(shape), {})
        properties: dict[str, Schema] = {}
        required: list[str] = []
        for member in members(shape):
            change = changes.get(member.name, Change())
            if change.absent:
                continue
            name = change.name or member.name
            properties[name] = _changed(self.of(member.type, bound), change)
            if not member.optional:
                required.append(name)
        known = {member.name for member in members(shape)}
        for name in changes.keys() - known:
            properties[name] = {}
            required.append(name)
        schema: Schema = {"type": "object", "title": shape_name(shape), "description": (shape.__doc__ or "").strip()}
        schema |= {"properties": properties, "required": required}
        open_ = not shape.__struct_config__.forbid_unknown_fields  # type: ignore[attr-defined]  # a Struct has it
        return schema if open_ else {**schema, "additionalProperties": False}


def _joined(kind: Any) -> str:
    return "Or".join(shape_name(one) for one in _choices(kind))


def _changed(schema: Schema, change: Change) -> Schema:
    if change.value is not msgspec.UNSET:
        return {}
    if change.type == "array":
        return {"type": "array", "items": schema}
    return {"type": "string"} if change.type == "string" else schema


def _either(schemas: list[Schema]) -> Schema:
    """Return the schema of a choice; null beside one plain type is a second type of it."""
    null = {"type": "null"}
    if len(schemas) == 1:
        return schemas[0]
    if len(schemas) == 2 and null in schemas:  # noqa: PLR2004 - the one and null
        one = next(schema for schema in schemas if schema != null)
        if isinstance(one.get("type"), str) and "enum" not in one:
            return {**one, "type": [one["type"], "null"]}
    return {"anyOf": schemas}
