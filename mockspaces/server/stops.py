"""Notices when the loop that serves was held: nobody got an answer meanwhile."""

import asyncio
import time

from mockspaces.cloud.worlds.worlds import Stops

EVERY_S = 0.05  # a stop is seen short by as much at most
LONGEST_S = 0.1  # what one call may hold the loop; anything longer is a stop


class Watch:
    """Wakes up regularly, and puts down how late it was."""

    def __init__(self, stops: Stops) -> None:
        """Watch the running loop until `end`."""
        self._stops = stops
        self._loop = asyncio.get_running_loop()
        self._used = _processor_time()
        self._wait()

    def _wait(self) -> None:
        self._due = self._loop.time() + EVERY_S
        self._timer = self._loop.call_at(self._due, self._wake)

    def _wake(self) -> None:
        late, before = self._loop.time() - self._due, self._used
        self._used = _processor_time()
        if late > LONGEST_S:
            self._stops.count += 1
            self._stops.seconds += late
            self._stops.cpu += min(late, self._used - before)
        self._wait()

    def end(self) -> None:
        """Watch no longer."""
        self._timer.cancel()


def _processor_time() -> float:
    """Return what this thread has used; `time.thread_time`, which a test in whose process we are may have replaced."""
    return time.clock_gettime(time.CLOCK_THREAD_CPUTIME_ID)
