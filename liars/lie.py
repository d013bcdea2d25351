"""What a lie is, and how calls are changed."""

import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import CodeType, FunctionType
from typing import Any, Literal

from liars.exchanges import Answer, Ask, Change, Frames, Request, one

Part = Literal["key", "person", "staging", "everything"]
PROFILES: tuple[Part, ...] = ("key", "person", "staging", "everything")
PEOPLE: tuple[Part, ...] = ("person", "staging", "everything")  # somebody signs in
SEVERAL: tuple[Part, ...] = ("staging", "everything")  # several people
ALL: tuple[Part, ...] = ("everything",)  # several apps

# Helpers lay a refusal that is worded otherwise to these two: what is refused for another reason than it should be.
WORDS = ("ERR-STD-01", "ERR-BODY-02")

AnswerEdit = Callable[[Answer], Answer]
RequestEdit = Callable[[Request], Request]


async def truth(request: Request, ask: Ask) -> Answer:
    """Answer what the mock answers."""
    return await ask(request)


@dataclass(frozen=True)
class Lie:
    """One thing that a service does otherwise.

    ``statement`` must be named; ``others``, at most five, may be contradicted too, since the same thing on the wire
    is theirs as well. ``by`` are the profiles that can catch it. ``on`` is how method and path of the calls read that
    it is about, ``change`` what becomes of them; ``handshake``, ``says`` and ``hears`` are about sockets: their
    handshake, the frames of the client and those of the service. A target that ``breaks`` answers 5xx: nothing is
    contradicted, and the statement is *not tried* for that reason. Tests that cite the statement meet the lie, or
    those that cite what ``met`` names.
    """

    name: str
    statement: str
    on: str = ""
    change: Change = truth
    others: tuple[str, ...] = ()
    by: tuple[Part, ...] = PROFILES
    handshake: RequestEdit = field(default=lambda request: request)
    says: Frames = one
    hears: Frames = one
    breaks: bool = False
    met: str = ""

    def concerns(self, request: Request) -> bool:
        """Whether a request is one that the lie is about."""
        return bool(self.on) and re.fullmatch(self.on, f"{request.method} {request.path}") is not None


# --- changes of what is asked


def asks(*edits: RequestEdit) -> Change:
    """Return the change that sends something else on."""

    async def change(request: Request, ask: Ask) -> Answer:
        for edit in edits:
            request = edit(request)
        return await ask(request)

    return change


def tells(*edits: AnswerEdit, status: Callable[[int], bool] = lambda status: 200 <= status < 300) -> Change:  # noqa: PLR2004 - success
    """Return the change that answers something else, where the status fits: by default where it succeeded."""

    async def change(request: Request, ask: Ask) -> Answer:
        told = await ask(request)
        if status(told.status):
            for edit in edits:
                told = edit(told)
        return told

    return change


def refusal(code: str) -> Callable[[Answer], bool]:
    """Return the test for a refusal of this code."""

    def is_it(told: Answer) -> bool:
        body = told.json
        error = body.get("error", body) if isinstance(body, dict) else None
        return isinstance(error, dict) and error.get("code") == code

    return is_it


# --- changes of an answer


def status(number: int) -> AnswerEdit:
    return lambda told: replace(told, status=number)


def header(name: str, value: str | None) -> AnswerEdit:
    return lambda told: told.with_header(name, value)


def places(value: Any, path: Sequence[str]) -> list[tuple[Any, Any]]:
    """Return container and key of every place that a path leads to; ``*`` is each item of a list."""
    if not isinstance(value, dict | list) or not path:
        return []
    head, *rest = path
    if isinstance(value, list):
        keys: list[Any] = list(range(len(value))) if head == "*" else [int(head)] * (len(value) > int(head))
    else:
        keys = [head] if head in value else []
    if not rest:
        return [(value, key) for key in keys]
    return [found for key in keys for found in places(value[key], rest)]


def at(path: str, change: Callable[[Any], Any]) -> AnswerEdit:
    """Return the edit that changes a member of a JSON body: ``data.*.title``."""

    def edit(told: Answer) -> Answer:
        body = told.json
        found = places({"": body}, ["", *filter(None, path.split("."))])
        for container, key in found:
            container[key] = change(container[key])
        whole = not path
        return told.with_json(change(told.json) if whole else body) if found or whole else told

    return edit


def put(path: str, value: Any) -> AnswerEdit:
    """Return the edit that gives a member another value."""
    return at(path, lambda _value: value)


def without(path: str) -> AnswerEdit:
    """Return the edit that leaves a member out."""
    above, _dot, name = path.rpartition(".")

    def edit(told: Answer) -> Answer:
        body = told.json
        found = places({"": body}, ["", *filter(None, above.split("."))])
        for container, key in found:
            if isinstance(container[key], dict):
                container[key].pop(name, None)
        return told.with_json(body) if found else told

    return edit


def turned(path: str) -> AnswerEdit:
    """Return the edit that turns the order of a list, or of an object's members, around."""

    def change(value: Any) -> Any:
        return dict(reversed(value.items())) if isinstance(value, dict) else value[::-1]

    return at(path, change)


def with_members(path: str, members: Mapping[str, Any]) -> AnswerEdit:
    """Return the edit that adds members to an object."""
    return at(path, lambda value: {**value, **members} if isinstance(value, dict) else value)


# --- a lie that has changed is told again


def fingerprint(lie: Lie) -> str:
    """Return what a lie is known by: what it does, and which tests meet it."""
    found = hashlib.sha256()
    for value in (lie.name, lie.statement, lie.on, lie.met):
        found.update(repr(value).encode())
    for function in (lie.change, lie.handshake, lie.says, lie.hears):
        found.update("".join(_told(function, set())).encode())
    return found.hexdigest()[:16]


def _told(value: Any, seen: set[int]) -> Iterator[str]:
    """Yield what makes a value the same in another process."""
    if id(value) in seen:
        return
    seen.add(id(value))
    parts: Iterable[Any] = ()
    if isinstance(value, FunctionType):
        parts = _held(value)
    elif isinstance(value, CodeType):
        yield value.co_code.hex() + repr(value.co_names)
        parts = value.co_consts
    elif isinstance(value, frozenset):
        parts = sorted(value, key=str)
    elif isinstance(value, tuple | list):
        parts = value
    elif isinstance(value, str | int | float | bytes | None):
        yield repr(value)
    for part in parts:
        yield from _told(part, seen)


def _held(function: FunctionType) -> list[Any]:
    """Return what a function is made of: its code, its defaults, what it encloses, and helpers of this package."""
    named = [function.__globals__.get(name) for name in function.__code__.co_names]
    helpers = [one for one in named if isinstance(one, FunctionType) and one.__module__.startswith(__package__ or "")]
    cells = [cell.cell_contents for cell in function.__closure__ or ()]
    return [function.__code__, *(function.__defaults__ or ()), *cells, *helpers]
