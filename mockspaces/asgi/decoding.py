"""The one way from a body to a typed value: every complaint of the parser becomes a `Rejection`."""

import re
from typing import Any, TypeVar

import msgspec
from msgspec.inspect import StructType, Type, UnionType, VarTupleType, type_info

from mockspaces.cloud.nesting import deeper_than
from mockspaces.cloud.rejection import Rejection, invalid
from mockspaces.contract import nearest
from mockspaces.contract.limits import Limits

Value = TypeVar("Value")
_PLACE = re.compile(r" - at `(?:key in )?\$?\.?(?P<place>[^`]*)`$")
_MISSING = re.compile(r"missing required field `(?P<member>[^`]*)`")
_TYPES = re.compile(r"`(?P<type>str|int|float|bool|null|array|object)(?P<or> \| null)?`")
_JSON_WORDS = {"str": "string", "int": "integer", "float": "number", "bool": "boolean"}
_UNKNOWN = re.compile(r"contains unknown field `(?P<member>[^`]*)`")


def decode(data: bytes, kind: type[Value], limits: Limits) -> Value:
    """Return a JSON body as ``kind``; an empty body counts as ``{}`` (REST-REQ-03).

    Refuses bad UTF-8, bad JSON, nesting over the limit and values of the wrong type, and names the first
    bad member (`request.invalid`).
    """
    text = data if data.strip() else b"{}"
    try:
        if text.count(b"{") + text.count(b"[") > limits.json_depth:
            refuse_deep(msgspec.json.decode(text), limits.json_depth)
        text.decode("utf-8")
        return msgspec.json.decode(text, type=kind)
    except msgspec.ValidationError as error:
        raise _named(str(error), kind) from None
    except RecursionError:
        raise invalid("", f"JSON nests deeper than {limits.json_depth} levels") from None
    except UnicodeDecodeError:
        raise invalid("", "the body is not UTF-8") from None
    except msgspec.DecodeError as error:
        raise invalid("", f"the body is not JSON: {error}") from None


def refuse_deep(value: Any, limit: int) -> None:
    """Refuse a value that nests deeper than ``limit`` levels (REST-REQ-07)."""
    if deeper_than(value, limit):
        raise invalid("", f"JSON nests deeper than {limit} levels")


def _named(complaint: str, kind: type[Any]) -> Rejection:
    place = _PLACE.search(complaint)
    where = place["place"] if place else ""
    problem = _TYPES.sub(_json_word, complaint[: place.start()] if place else complaint)
    for pattern in (_MISSING, _UNKNOWN):
        if member := pattern.search(problem):
            problem = "required" if pattern is _MISSING else f"no such member{_guess(where, member['member'], kind)}"
            return invalid(f"{where}.{member['member']}".lstrip("."), problem)
    return invalid(where or "body", problem[:1].lower() + problem[1:])


def _json_word(match: re.Match[str]) -> str:
    return _JSON_WORDS.get(match["type"], match["type"]) + (" or null" if match["or"] else "")


def _guess(where: str, member: str, kind: type[Any]) -> str:
    return nearest(member, _members(type_info(kind), where.split(".") if where else []))


def _members(kind: Type, path: list[str]) -> list[str]:
    """Return the members of the structure to which a path leads; an ambiguous place has none."""
    while isinstance(kind, UnionType | VarTupleType):
        inner = [kind.item_type] if isinstance(kind, VarTupleType) else list(kind.types)
        structures = [one for one in inner if isinstance(one, StructType | UnionType | VarTupleType)]
        if len(structures) != 1:
            return []
        kind = structures[0]
    if not isinstance(kind, StructType):
        return []
    if not path:
        return [field.encode_name for field in kind.fields]
    here = path[0].partition("[")[0]
    return next((_members(field.type, path[1:]) for field in kind.fields if field.encode_name == here), [])
