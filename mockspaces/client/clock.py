"""The clock of a world."""

from collections.abc import Iterator
from contextlib import contextmanager

from mockspaces.client.connection import Control


class Clock:
    """The world's clock: expiries, timestamps and rules about data follow it, sockets do not."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def now(self) -> float:
        """The world's time in seconds since the epoch."""
        epoch: float = self._control.call("GET", "/clock")["epoch"]
        return epoch

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the time forward, or back with negative values."""
        self._control.call("POST", "/clock", {"advance": seconds + 60 * minutes + 3600 * hours + 86400 * days})

    def freeze(self, at: str | None = None) -> None:
        """Stop the time, now or at an ISO-8601 time."""
        self._control.call("POST", "/clock", {"freeze": at or True})

    def resume(self) -> None:
        """Go with the machine's time again."""
        self._control.call("POST", "/clock", {"resume": True})

    @contextmanager
    def ahead(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> Iterator[None]:
        """Be so far ahead inside the block."""
        total = seconds + 60 * minutes + 3600 * hours + 86400 * days
        self.advance(total)
        try:
            yield
        finally:
            self.advance(-total)
