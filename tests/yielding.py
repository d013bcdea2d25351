"""Handlers that let others run while they are inside of their transaction, in an order drawn from a seed.

Nothing in the product waits inside, so calls that overlap would be carried out one after the other even without
transactions. Here every look into a collection and every change of one yields the loop first.
"""

import asyncio
import random
from collections.abc import Awaitable, Callable, Coroutine, Sequence
from typing import Any, TypeVar

import pytest

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.collection import Collection

Result = TypeVar("Result")
Pause = Callable[[], Awaitable[None]]
METHODS = ("all", "between", "count", "delete", "find", "first", "get", "near", "page", "put")


def drawn_pause(seed: int) -> Pause:
    """Return what lets others run zero to three times, as drawn."""
    draw = random.Random(seed)

    async def pause() -> None:
        for _ in range(draw.randrange(4)):
            await asyncio.sleep(0)

    return pause


def yield_everywhere(patch: pytest.MonkeyPatch, pause: Pause) -> None:
    """Let every method of a collection that can be awaited pause first."""
    for name in METHODS:
        patch.setattr(Collection, name, _pausing(getattr(Collection, name), pause))


def _pausing(method: Callable[..., Awaitable[Result]], pause: Pause) -> Callable[..., Awaitable[Result]]:
    async def wrapped(*args: Any, **options: Any) -> Result:
        await pause()
        return await method(*args, **options)

    return wrapped


async def in_turn(world: World, call: Coroutine[Any, Any, Result]) -> Result:
    """Carry a call out in a transaction of its own."""
    async with world.transactions:
        return await call


async def together(calls: Sequence[Coroutine[Any, Any, Result]]) -> tuple[list[Result], list[str]]:
    """Run calls at once; return what succeeded and the codes of what was refused."""
    results: list[Result] = []
    codes: list[str] = []
    for done in await asyncio.gather(*calls, return_exceptions=True):
        if isinstance(done, Rejection):
            codes.append(done.code)
        elif isinstance(done, BaseException):
            raise done
        else:
            results.append(done)
    return results, codes
