"""The clock of one world: all expiries, timestamps and rules about data ask it (DM-CFG-04)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from functools import lru_cache

from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.state import ClockSetting

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
LATEST = 32_503_680_000.0  # the year 3000: no test needs more, and every time stays printable


class Clock:
    """Wall-clock time that tests can move and freeze. Times are seconds since the epoch."""

    def __init__(self, setting: Fact[ClockSetting]) -> None:
        """Go as the fact ``setting`` says."""
        self._setting = setting

    def now(self) -> float:
        """Return the world's time in seconds since the epoch."""
        setting = self._setting.value
        return time.time() + setting.offset if setting.frozen is None else setting.frozen

    def now_ms(self) -> int:
        """Return the world's time in milliseconds, the resolution of all stored times (REST-TIME-01)."""
        return round(self.now() * 1000)  # not int: 2148563692.582 s is ...581.999 ms

    @property
    def frozen(self) -> bool:
        """Whether the time stands still."""
        return self._setting.value.frozen is not None

    @property
    def offset(self) -> float:
        """Seconds by which the world is ahead of the machine."""
        return self.now() - time.time()

    def advance(self, seconds: float) -> None:
        """Move the time by ``seconds``, which may be negative; a frozen clock stays frozen."""
        now = self._setting.value
        if now.frozen is None:
            self._setting.put(ClockSetting(now.offset + seconds))
        else:
            self._setting.put(ClockSetting(now.offset, now.frozen + seconds))

    def freeze(self, at: float | None = None) -> None:
        """Stop the time, at ``at`` or at the present moment."""
        self._setting.put(ClockSetting(self._setting.value.offset, self.now() if at is None else at))

    def resume(self) -> None:
        """Go back to the machine's own time."""
        self._setting.put(ClockSetting())


class SharedClock(Clock):
    """The clock of a world that several machines share: each corrects its own by how far that is off."""

    def __init__(self, setting: Fact[ClockSetting], skew: Callable[[], float]) -> None:
        """Go as the fact ``setting`` says, ``skew`` seconds ahead of this machine."""
        super().__init__(setting)
        self._skew = skew

    def now(self) -> float:
        return super().now() + (self._skew() if self._setting.value.frozen is None else 0)


@lru_cache(maxsize=4096)  # the same times are shown over and over
def iso(milliseconds: int) -> str:
    """Render a stored time as the API prints it: ``2031-02-03T04:05:06.789Z`` (REST-TIME-01)."""
    seconds, rest = divmod(milliseconds, 1000)
    return f"{_to_the_second(seconds)}.{rest:03d}Z"


@lru_cache(maxsize=256)  # what is new was made in the same second as what came before
def _to_the_second(seconds: int) -> str:
    return (_EPOCH + timedelta(seconds=seconds)).replace(tzinfo=None).isoformat()


def milliseconds(text: str) -> int:
    """Parse an ISO-8601 time with any number of fraction digits; without a zone it is UTC.

    Raises `ValueError` for anything else and `OverflowError` for a time outside of the years 1 to 9999.
    """
    moment = datetime.fromisoformat(text)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return (moment - _EPOCH) // _MILLISECOND
