"""What the parser complains about, as a refusal in the words of JSON: which member, what is wrong, what would do."""

import re
from typing import Any

from msgspec.inspect import (
    EnumType,
    ListType,
    LiteralType,
    Metadata,
    StructType,
    Type,
    UnionType,
    VarTupleType,
    type_info,
)

from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.contract import nearest

_PLACE = re.compile(r" - at `(?:key in )?\$?\.?(?P<place>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<member>[^`]*)`")
_TYPES = re.compile(r"`(?P<type>str|int|float|bool|null|array|object)(?P<or> \| null)?`")
_JSON_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_UNKNOWN = re.compile(r"contains unknown field `(?P<member>[^`]*)`")
_CHOICE = re.compile(r"Invalid enum value (?P<truth>True|False)?")


def refusal(complaint: str, kind: Any, *, whole: str = "body") -> Rejection:
    """Return the refusal of a value that is no ``kind``; ``whole`` names it where no member of it is to blame."""
    place = _PLACE.search(complaint)
    where = place["place"] if place else ""
    problem = _TYPES.sub(_json_word, complaint[: place.start()] if place else complaint)
    for pattern in (_MISSING, _UNKNOWN):
        if member := pattern.search(problem):
            problem = "required" if pattern is _MISSING else f"no such member{_guess(where, member['member'], kind)}"
            return invalid(f"{where}.{member['member']}".lstrip("."), problem)
    if choice := _CHOICE.match(problem):
        problem = (choice[0].lower() if choice["truth"] else problem) + _choices(where, kind)
    return invalid(where or whole, problem[:1].lower() + problem[1:])


def _json_word(match: re.Match[str]) -> str:
    return _JSON_WORDS.get(match["type"], match["type"]) + (" or null" if match["or"] else "")


def _guess(where: str, member: str, kind: Any) -> str:
    structures = [one for one in _found(where, kind) if isinstance(one, StructType)]
    if len(structures) != 1:  # an ambiguous place has no members to guess from
        return ""
    return nearest(member, [field.encode_name for field in structures[0].fields])


def _choices(where: str, kind: Any) -> str:
    values: list[object] = []
    for one in _found(where, kind):
        if isinstance(one, LiteralType):
            values += one.values
        if isinstance(one, EnumType):
            values += [member.value for member in one.cls]
    words = [str(one).lower() if isinstance(one, bool) else str(one) for one in values]
    return f"; one of {', '.join(words)}" if words else ""


def _found(where: str, kind: Any) -> list[Type]:
    """Return what the value at a place may be."""
    found = _alternatives(type_info(kind))
    if any(isinstance(one, StructType) and where in {field.encode_name for field in one.fields} for one in found):
        return _inside(found, where)  # names of settings have a dot
    for name in where.split(".") if where else []:
        found = _inside(found, name.partition("[")[0])
    return found


def _inside(found: list[Type], name: str) -> list[Type]:
    fields = [field for one in found if isinstance(one, StructType) for field in one.fields]
    return [inner for field in fields if field.encode_name == name for inner in _alternatives(field.type)]


def _alternatives(kind: Type) -> list[Type]:
    """Return what a value, or an item of it, may be."""
    if isinstance(kind, Metadata):
        return _alternatives(kind.type)
    if isinstance(kind, UnionType):
        return [inner for one in kind.types for inner in _alternatives(one)]
    if isinstance(kind, VarTupleType | ListType):
        return _alternatives(kind.item_type)
    return [kind]
