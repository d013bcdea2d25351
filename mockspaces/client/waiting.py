"""Waiting for something to be found, with and without a running event loop."""

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

POLL_S = 0.01
Found = TypeVar("Found")


def refuse_in_loop(name: str) -> None:
    """Refuse a call that waits where it would stop a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(f"{name} would block the running event loop; await mockspaces.aio.{name}(...) instead")


def wait_for(query: Callable[[], Found], timeout: float) -> Found:
    """Return what a query finds as soon as it finds something. Raises `TimeoutError` otherwise."""
    refuse_in_loop("wait_for")
    deadline = time.monotonic() + timeout
    while not (found := query()):
        _refuse_late(deadline, timeout)
        time.sleep(POLL_S)
    return found


async def wait_for_aio(query: Callable[[], Found], timeout: float) -> Found:  # noqa: ASYNC109 - as in `wait_for`
    """Do as `wait_for` and let the running event loop go on."""
    deadline = time.monotonic() + timeout
    while not (found := query()):
        _refuse_late(deadline, timeout)
        await asyncio.sleep(POLL_S)
    return found


def _refuse_late(deadline: float, timeout: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(f"nothing was found within {timeout} s")
