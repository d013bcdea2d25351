"""Handlers of endpoint rows: each section of a surface hands its own over as one table, by endpoint id."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Generic, TypeVar

import msgspec

Act = TypeVar("Act", bound=Callable[..., Awaitable[object]])
Bound = TypeVar("Bound")


class Handler(msgspec.Struct, Generic[Act], frozen=True):
    """What answers the calls of one row, and the type of the JSON body that it decodes, if any."""

    act: Act
    body: Any = None

    @property
    def summary(self) -> str:
        """What the call does, in one line."""
        return (self.act.__doc__ or "").strip().partition("\n")[0]


def handed_over(*sections: Mapping[str, Bound]) -> dict[str, Bound]:
    """Return what the sections of a surface bind to rows or events. Raises ValueError if one is bound twice."""
    handlers: dict[str, Bound] = {}
    for section in sections:
        if twice := handlers.keys() & section.keys():
            message = f"{', '.join(sorted(twice))}: more than one handler"
            raise ValueError(message)
        handlers.update(section)
    return handlers
