"""Notices when the loop that serves was held: nobody got an answer meanwhile."""

import asyncio

from mockspaces.cloud.worlds.worlds import Stops

EVERY_S = 0.05  # a stop is seen short by as much at most
LONGEST_S = 0.1  # what one call may hold the loop; anything longer is a stop


class Watch:
    """Wakes up regularly, and puts down how late it was."""

    def __init__(self, stops: Stops) -> None:
        """Watch the running loop until `end`."""
        self._stops = stops
        self._loop = asyncio.get_running_loop()
        self._wait()

    def _wait(self) -> None:
        self._due = self._loop.time() + EVERY_S
        self._timer = self._loop.call_at(self._due, self._wake)

    def _wake(self) -> None:
        late = self._loop.time() - self._due
        if late > LONGEST_S:
            self._stops.count += 1
            self._stops.seconds += late
        self._wait()

    def end(self) -> None:
        """Watch no longer."""
        self._timer.cancel()
