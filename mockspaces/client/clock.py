"""The clock of a world."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta

from mockspaces.client.connection import Control
from mockspaces.client.waiting import seconds as in_seconds


class Clock:
    """The world's clock: expiries, timestamps and rules about data follow it, sockets do not."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @property
    def now(self) -> float:
        """The world's time in seconds since the epoch."""
        epoch: float = self._control.call("GET", "/clock")["epoch"]
        return epoch

    @property
    def time(self) -> datetime:
        """The world's time in UTC."""
        return datetime.fromtimestamp(self.now, UTC)

    def advance(self, seconds: float | timedelta = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the time forward, or back with negative values; ``seconds`` may be a `timedelta`."""
        self._move(_total(seconds, minutes, hours, days))

    def _move(self, seconds: float) -> None:
        self._control.call("POST", "/clock", {"advance": seconds})

    def freeze(self, at: str | datetime | None = None) -> None:
        """Stop the time, now or at an ISO-8601 time; one without a zone is UTC."""
        moment = at.isoformat() if isinstance(at, datetime) else at
        self._control.call("POST", "/clock", {"freeze": moment or True})

    def resume(self) -> None:
        """Go with the machine's time again."""
        self._control.call("POST", "/clock", {"resume": True})

    @contextmanager
    def ahead(
        self, seconds: float | timedelta = 0, *, minutes: float = 0, hours: float = 0, days: float = 0
    ) -> Iterator[None]:
        """Be so far ahead inside the block; ``seconds`` may be a `timedelta`."""
        total = _total(seconds, minutes, hours, days)
        self._move(total)
        try:
            yield
        finally:
            self._move(-total)


def _total(seconds: float | timedelta, minutes: float, hours: float, days: float) -> float:
    return (in_seconds(seconds) or 0) + 60 * minutes + 3600 * hours + 86400 * days
