"""Keyword parameters that many calls share: typed once, and named in the `help` of each call."""

import inspect
from collections.abc import Callable
from datetime import datetime
from typing import Any, Literal, TypedDict, TypeVar, get_type_hints

from mockspaces.client.words import Code, Direction, EndpointId, Event, FaultEvent, Method, Route, Surface

Function = TypeVar("Function", bound=Callable[..., Any])
StatusClass = Literal["1xx", "2xx", "3xx", "4xx", "5xx"]


class Criteria(TypedDict, total=False):
    """What entries of the journal are chosen by, beside their route; all that are given must fit."""

    surface: Surface | None
    method: Method | Direction | None
    path: str | None
    endpoint: EndpointId | None
    event: Event | None
    caller: str | None
    status: int | StatusClass | None
    code: Code | None
    refused: bool | None
    trace: int | None
    since: datetime | str | None
    after: int | None


class Filters(Criteria, total=False):
    """What entries of the journal are chosen by."""

    route: Route | None


class Match(TypedDict, total=False):
    """Which calls or socket events a planned fault happens to; all that are given must fit."""

    surface: Surface | None
    endpoint: EndpointId | None
    method: Method | None
    path: str | None
    event: FaultEvent | None
    caller: str | None


class RouteMatch(Match, total=False):
    """As `Match`, and by the route of a call: ``POST /spaces/{spaceId}/chats``."""

    route: Route | None


def named(words: type) -> Callable[[Function], Function]:
    """Let `help` and `inspect.signature` name each of the keyword parameters that ``words`` gives a type."""

    def name(function: Function) -> Function:
        signature = inspect.signature(function)
        kept = [one for one in signature.parameters.values() if one.kind is not inspect.Parameter.VAR_KEYWORD]
        more = [
            inspect.Parameter(word, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=kind)
            for word, kind in get_type_hints(words).items()
        ]
        function.__signature__ = signature.replace(parameters=[*kept, *more])  # type: ignore[attr-defined]  # any function takes it
        return function

    return name


def given(words: Any) -> dict[str, Any]:
    """Return the parameters that were given, as JSON has them."""
    return {
        name: value.isoformat() if isinstance(value, datetime) else value
        for name, value in words.items()
        if value is not None
    }
