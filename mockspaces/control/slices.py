"""Long answers, made in slices: ten thousand entries of a journal at once would hold up every other world."""

import asyncio
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

SLICE = 50  # things that are rendered before others have their turn
Thing = TypeVar("Thing")
Rendered = TypeVar("Rendered")


async def in_slices(things: Sequence[Thing], render: Callable[[Thing], Rendered]) -> list[Rendered]:
    """Return things as they are rendered; others have their turn in between."""
    found = []
    for number, thing in enumerate(things, 1):
        found.append(render(thing))
        if number % SLICE == 0:
            await asyncio.sleep(0)
    return found


def encoded(value: object) -> msgspec.Raw:
    """Return a part of an answer as JSON, so that in the end the parts only have to be put together."""
    return msgspec.Raw(msgspec.json.encode(value))
