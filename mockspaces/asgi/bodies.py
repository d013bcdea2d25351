"""Room for the bodies that are on their way: what clients begin and do not finish would take all memory.

A body of more than a few segments has to get a place before it is read on. There are so many places that nobody
notices, and when they are all taken, who has sent nothing for a while gives theirs to those who wait.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import errors

SMALL = 64 * 1024  # needs no place
PLACES = 16  # of as many bodies as large as they may be
STALLED_S = 2
GIVE_UP = "the place of this body is needed"


class Place:
    """The place of a body that is being read."""

    def __init__(self, task: asyncio.Task[Any] | None) -> None:
        """Belong to a task."""
        self.task = task
        self.went_on = time.monotonic()

    def go_on(self) -> None:
        """Note that a part came."""
        self.went_on = time.monotonic()


class Bodies:
    """The places of one server."""

    def __init__(self) -> None:
        """Begin with all of them free."""
        self._taken: set[Place] = set()
        self._freed = asyncio.Event()

    @asynccontextmanager
    async def place(self) -> AsyncIterator[Place]:
        """Hold a place, once there is one. Who holds up others is refused."""
        while len(self._taken) >= PLACES:
            await self._wait()
        place = Place(asyncio.current_task())
        self._taken.add(place)
        try:
            yield place
        except asyncio.CancelledError as interruption:
            if GIVE_UP not in interruption.args:
                raise
            if place.task:
                place.task.uncancel()
            why = f"nothing of the body came for {STALLED_S} s, while others waited to send theirs"
            raise Rejection(errors.REQUEST_TIMEOUT, why) from None
        finally:
            self._taken.discard(place)
            self._freed.set()

    async def _wait(self) -> None:
        """Wait until a place is free, or until one is held without any use."""
        slowest = min(self._taken, key=lambda place: place.went_on)
        left = slowest.went_on + STALLED_S - time.monotonic()
        self._freed.clear()
        try:
            async with asyncio.timeout(max(0.01, left)):
                await self._freed.wait()
        except TimeoutError:
            stalled = time.monotonic() - slowest.went_on >= STALLED_S
            if stalled and slowest in self._taken and slowest.task:
                slowest.task.cancel(GIVE_UP)
                await asyncio.sleep(0)
