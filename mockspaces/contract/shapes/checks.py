"""Holds a value against the schema of its shape, strictly: no member that is not declared, no null that is not.

It understands what `schemas` writes and nothing else of JSON Schema, says where each difference is, and counts which
optional members it has seen and missed.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, Literal, NamedTuple

from mockspaces.contract.shapes.schemas import Schema

TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "boolean": (bool,),
    "integer": (int,),
    "number": (int, float),
    "null": (type(None),),
    "array": (list,),
    "object": (dict,),
}


NAME = re.compile(r"[A-Za-z_]{1,40}")  # what a member may be called; another name may be somebody's


class Problem(NamedTuple):
    """What a value has otherwise, in words, and the member that it is laid to; "" where there is none."""

    text: str
    shape: str = ""
    member: str = ""


class Checker:
    """Checks values against schemas that refer to ``parts``; ``shown`` says how a value stands in a problem.

    ``seen`` and ``missed`` hold (shape, optional member), ``fitting`` every member that came as declared.
    """

    def __init__(self, parts: Mapping[str, Schema], shown: Callable[[Any], str] | None = None) -> None:
        """Have seen nothing."""
        self._parts = parts
        self._shown = shown or _shown
        self.seen: set[tuple[str, str]] = set()
        self.missed: set[tuple[str, str]] = set()
        self.fitting: set[tuple[str, str]] = set()

    def problems(self, value: Any, schema: Schema, where: str = "") -> list[str]:
        """Return what a value has otherwise than its schema says; nothing, if it is as declared."""
        return [problem.text for problem in self.differences(value, schema, where)]

    def differences(self, value: Any, schema: Schema, where: str = "") -> list[Problem]:
        """Return the same with the member that each is laid to."""
        return list(self._problems(value, schema, where))

    def _problems(self, value: Any, schema: Schema, where: str) -> Iterator[Problem]:
        if "$ref" in schema:
            schema = self._parts[schema["$ref"].rpartition("/")[2]]
        if "anyOf" in schema:
            yield from self._nearest(value, schema["anyOf"], where)
            return
        kinds = schema.get("type")
        if kinds is None:
            return
        wanted = [kinds] if isinstance(kinds, str) else kinds
        if not any(_is(value, kind) for kind in wanted):
            yield Problem(f"{where or 'the whole'} is {self._shown(value)}, not {' or '.join(wanted)}")
        elif isinstance(value, dict):
            yield from self._members(value, schema, where)
        elif isinstance(value, list):
            for number, item in enumerate(value):
                yield from self._problems(item, schema["items"], f"{where}[{number}]")
        else:
            yield from self._unlike(value, schema, where)

    def _nearest(self, value: Any, schemas: list[Schema], where: str) -> Iterator[Problem]:
        """Yield nothing if one of the choices fits, else what the choice has that fits best."""
        tries = []
        for schema in schemas:
            trial = Checker(self._parts, self._shown)
            found = trial.differences(value, schema, where)
            if not found:
                self.seen |= trial.seen
                self.missed |= trial.missed
                self.fitting |= trial.fitting
                return
            tries.append(found)
        yield from min(tries, key=len)

    def _members(self, value: dict[str, Any], schema: Schema, where: str) -> Iterator[Problem]:
        known: Mapping[str, Schema] = schema.get("properties", {})
        shape = schema.get("title", "")
        others = schema.get("additionalProperties", {})
        for name, one in value.items():
            declared: Schema | Literal[False] = known.get(name, others)
            if declared is False:
                told = name if NAME.fullmatch(name) else self._shown(name)
                yield Problem(f"{where or 'the whole'} has {told}, which {shape} has not", shape)
                continue
            told = name if name in known or NAME.fullmatch(name) else self._shown(name)
            found = list(self._problems(one, declared, f"{where}.{told}".lstrip(".")))
            if name in known and not found:
                self.fitting.add((shape, name))
            yield from (one if one.shape else one._replace(shape=shape, member=name) for one in found)
        if "properties" not in schema:
            return
        if [name for name in value if name in known] != [name for name in known if name in value]:
            order = ", ".join(name for name in value if name in known)
            yield Problem(f"{where or 'the whole'} has the members of {shape} in another order: {order}", shape)
        for name in known:
            if name in schema["required"]:
                if name not in value:
                    yield Problem(f"{where or 'the whole'} lacks {name} of {shape}", shape, name)
            else:
                (self.seen if name in value else self.missed).add((shape, name))

    def _unlike(self, value: Any, schema: Schema, where: str) -> Iterator[Problem]:
        """Yield what a value of the right type has otherwise."""
        if "enum" in schema and value not in schema["enum"]:
            yield Problem(f"{where} is {self._shown(value)}, none of {', '.join(map(str, schema['enum']))}")
        elif isinstance(value, str) and "pattern" in schema and not _pattern(schema["pattern"]).search(value):
            yield Problem(f"{where} is {self._shown(value)}, not like {schema['pattern']}")
        elif isinstance(value, int | float) and value < schema.get("minimum", value):
            yield Problem(f"{where} is {self._shown(value)}, less than {schema['minimum']}")


def _is(value: Any, kind: str) -> bool:
    return isinstance(value, TYPES[kind]) and (kind == "boolean" or not isinstance(value, bool))


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:80]}..."  # noqa: PLR2004 - enough to recognise it


@cache
def _pattern(text: str) -> re.Pattern[str]:
    return re.compile(text)
