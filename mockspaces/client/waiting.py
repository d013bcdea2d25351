"""Waiting for something to be found, with and without a running event loop.

Deadlines go by a clock that tests cannot replace: freezegun puts its own functions into every module that has
`time.monotonic`, time-machine changes that function itself; neither knows `time.clock_gettime` for the clock that
has no date. Pauses inside an event loop are slept in a thread, since the loop's own timers may be frozen too.
"""

import asyncio
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar

POLL_S = 0.01
Found = TypeVar("Found")


def seconds(given: float | timedelta | None) -> float | None:
    """Return a duration in seconds."""
    return given.total_seconds() if isinstance(given, timedelta) else given


class Deadline:
    """A moment from which on it is too late."""

    # Held here and not by the module, where freezegun would look for it. Windows has no `clock_gettime`.
    _now = staticmethod(
        partial(time.clock_gettime, time.CLOCK_MONOTONIC) if hasattr(time, "clock_gettime") else time.perf_counter
    )

    def __init__(self, seconds: float) -> None:
        """Be ``seconds`` from now."""
        self._seconds = seconds
        self._end = self._now() + seconds

    def refuse_late(self) -> None:
        """Raise `TimeoutError` if it is too late."""
        if self._now() > self._end:
            raise TimeoutError(f"nothing was found within {self._seconds} s")


def library() -> str | None:
    """Return which event loop this very code runs in: ``asyncio``, ``trio``, or none.

    A loop that runs somewhere below does not count: Playwright's synchronous API leaves one in the thread of the
    tests, whose code runs in no task of it.
    """
    trio: Any = sys.modules.get("trio")
    try:
        if trio and trio.lowlevel.current_task():
            return "trio"
    except RuntimeError:  # in no task of trio
        pass
    try:
        return "asyncio" if asyncio.current_task() else None
    except RuntimeError:  # no loop is running
        return None


def refuse_in_loop(name: str) -> None:
    """Refuse a call that waits where it would stop a running event loop."""
    if library():
        raise RuntimeError(f"{name} would block the running event loop; await mockspaces.aio.{name}(...) instead")


async def in_thread(function: Callable[[], Found]) -> Found:
    """Return what a function returns that waits, and let the event loop go on meanwhile."""
    if library() == "trio":
        found: Found = await sys.modules["trio"].to_thread.run_sync(function, abandon_on_cancel=True)
        return found
    return await asyncio.to_thread(function)


def wait_for(query: Callable[[], Found], timeout: float) -> Found:
    """Return what a query finds as soon as it finds something. Raises `TimeoutError` otherwise."""
    refuse_in_loop("wait_for")
    deadline = Deadline(timeout)
    while not (found := query()):
        deadline.refuse_late()
        _pause()
    return found


async def wait_for_aio(query: Callable[[], Found], timeout: float) -> Found:  # noqa: ASYNC109 - as in `wait_for`
    """Do as `wait_for` and let the running event loop go on."""
    deadline = Deadline(timeout)
    while not (found := query()):
        deadline.refuse_late()
        await in_thread(_pause)
    return found


def _pause() -> None:
    """Sleep, also where a test has replaced `time.sleep`."""
    threading.Event().wait(POLL_S)
