"""The clock of one world: all expiries, timestamps and rules about data ask it (DM-CFG-04)."""

import time
from datetime import UTC, datetime, timedelta
from functools import lru_cache

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
LATEST = 32_503_680_000.0  # the year 3000: no test needs more, and every time stays printable


class Clock:
    """Wall-clock time that tests can move and freeze. Times are seconds since the epoch."""

    def __init__(self) -> None:
        """Start in step with the machine's clock."""
        self._offset = 0.0
        self._frozen: float | None = None

    def now(self) -> float:
        """Return the world's time in seconds since the epoch."""
        return time.time() + self._offset if self._frozen is None else self._frozen

    def now_ms(self) -> int:
        """Return the world's time in milliseconds, the resolution of all stored times (REST-TIME-01)."""
        return round(self.now() * 1000)  # not int: 2148563692.582 s is ...581.999 ms

    @property
    def frozen(self) -> bool:
        """Whether the time stands still."""
        return self._frozen is not None

    @property
    def offset(self) -> float:
        """Seconds by which the world is ahead of the machine."""
        return self.now() - time.time()

    def advance(self, seconds: float) -> None:
        """Move the time by ``seconds``, which may be negative; a frozen clock stays frozen."""
        if self._frozen is None:
            self._offset += seconds
        else:
            self._frozen += seconds

    def freeze(self, at: float | None = None) -> None:
        """Stop the time, at ``at`` or at the present moment."""
        self._frozen = self.now() if at is None else at

    @property
    def setting(self) -> tuple[float, float | None]:
        """How the clock is set: seconds ahead of the machine, and the moment at which it stands still or None."""
        return self._offset, self._frozen

    @setting.setter
    def setting(self, setting: tuple[float, float | None]) -> None:
        self._offset, self._frozen = setting

    def resume(self) -> None:
        """Go back to the machine's own time."""
        self._offset, self._frozen = 0.0, None


@lru_cache(maxsize=4096)  # the same times are shown over and over
def iso(milliseconds: int) -> str:
    """Render a stored time as the API prints it: ``2031-02-03T04:05:06.789Z`` (REST-TIME-01)."""
    moment = _EPOCH + milliseconds * _MILLISECOND
    return f"{moment.replace(tzinfo=None).isoformat(timespec='milliseconds')}Z"


def milliseconds(text: str) -> int:
    """Parse an ISO-8601 time with any number of fraction digits; without a zone it is UTC.

    Raises `ValueError` for anything else and `OverflowError` for a time outside of the years 1 to 9999.
    """
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return (moment - _EPOCH) // _MILLISECOND
