"""Counting calls against the documented limits (LIM-01, LIM-02)."""

import math

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import replace
from mockspaces.cloud.store.run import QuotaWindow
from mockspaces.contract import errors, quotas
from mockspaces.contract.quotas import Quota
from mockspaces.contract.rows import Endpoint

MOST_WINDOWS = 50_000  # counters kept at a time; beyond that all of them begin anew


class RateLimited(Rejection):
    """Too many calls; ``retry_after`` is the number of seconds until the next is taken."""

    def __init__(self, why: str, retry_after: int) -> None:
        """Refuse a call."""
        super().__init__(errors.RATE_LIMITED, why)
        self.retry_after = retry_after


def count(world: World, endpoint: Endpoint, person_id: str, address: str) -> None:
    """Count a call by user and resource, and refuse it over the limit, if the world enforces limits.

    Windows follow the world's clock. Refused calls count as well.
    """
    if world.settings.rest_enforce_limits:
        _count(world, quotas.of(endpoint.id), person_id, address)


def count_event(world: World, person_id: str) -> None:
    """Count an event of a socket, and refuse it over the limit, if the world enforces them there (RT-AUTH-13)."""
    if world.settings.socket_enforce_limits:
        _count(world, (quotas.SOCKET,), person_id, "")


def _count(world: World, of_call: tuple[Quota, ...], person_id: str, address: str) -> None:
    now, longest, exceeded = world.clock.now(), 0, None
    for quota in of_call:
        windows, (calls, interval) = world.state.quotas, quota.numbers(world.contract.limits)
        key = f"{quota.name}/{quota.per}/{address if quota.per == 'address' else person_id}"
        window = windows.peek(key)
        if window is None or not window.start <= now < window.start + interval:
            window = QuotaWindow(id=key, start=now, calls=0)
        if len(windows) >= MOST_WINDOWS and windows.peek(key) is None:
            for one in windows.every():
                windows.remove(one.id)
        windows.store(replace(window, calls=window.calls + 1))
        wait = 0 if window.calls < calls else math.ceil(window.start + interval - now)
        if wait > longest:
            longest, exceeded = wait, quota
    world.transactions.keep()
    if exceeded:
        calls, interval = exceeded.numbers(world.contract.limits)
        raise RateLimited(f"{exceeded.name}: {calls} calls in {interval} s per {exceeded.per}", longest)
