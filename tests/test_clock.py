import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.kernel.clock import Clock, iso, milliseconds
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.state import ClockSetting
from mockspaces.cloud.store.transaction import Log

YEAR_9999 = 253_402_300_799_999


def new_clock() -> Clock:
    """Return a clock that nobody has moved."""
    return Clock(Fact("clock", ClockSetting(), Log(private=True)))


def test_new_clock_goes_with_the_machine() -> None:
    """A clock that nobody moved shows the machine's time and is not ahead of it."""
    clock = new_clock()
    assert abs(clock.now() - time.time()) < 1
    assert abs(clock.offset) < 0.1
    assert not clock.frozen


def test_advance_moves_a_running_clock() -> None:
    """A moved clock goes on running, forward and back."""
    clock = new_clock()
    clock.advance(3600)
    assert clock.offset == pytest.approx(3600, abs=0.1)
    clock.advance(-7200)
    assert clock.offset == pytest.approx(-3600, abs=0.1)


def test_frozen_clock_stands_still_and_can_be_moved() -> None:
    """A frozen clock shows one moment until it is moved, and stays frozen then."""
    clock = new_clock()
    clock.freeze(1000.5)
    assert (clock.now(), clock.now(), clock.now_ms(), clock.frozen) == (1000.5, 1000.5, 1_000_500, True)
    clock.advance(0.25)
    assert (clock.now(), clock.frozen) == (1000.75, True)


def test_freezing_a_moved_clock_keeps_its_time() -> None:
    """Freezing without a time stops the world's present moment, not the machine's."""
    clock = new_clock()
    clock.advance(86_400)
    clock.freeze()
    assert clock.now() == pytest.approx(time.time() + 86_400, abs=1)


def test_resume_goes_back_to_the_machine() -> None:
    """Resuming forgets every move and every freeze."""
    clock = new_clock()
    clock.advance(5000)
    clock.freeze(1.0)
    clock.resume()
    assert not clock.frozen
    assert abs(clock.offset) < 0.1


@pytest.mark.behaviour("REST-TIME-01")
@given(st.integers(-62_135_596_800_000, YEAR_9999))
def test_times_survive_the_wire(moment: int) -> None:
    """Every millisecond of the years 1 to 9999 comes back as it was printed."""
    assert milliseconds(iso(moment)) == moment


@pytest.mark.behaviour("REST-TIME-01")
@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2031-02-03T04:05:06.789Z", 1_927_857_906_789),
        ("2031-02-03T04:05:06Z", 1_927_857_906_000),
        ("2031-02-03T04:05:06.7Z", 1_927_857_906_700),
        ("2031-02-03T06:05:06.789+02:00", 1_927_857_906_789),
        ("2031-02-03T04:05:06", 1_927_857_906_000),
    ],
)
def test_forms_of_one_time(text: str, moment: int) -> None:
    """Fewer or no fraction digits, an offset, and no zone at all are understood."""
    assert milliseconds(text) == moment


@pytest.mark.behaviour("REST-TIME-01")
def test_time_is_printed_with_milliseconds() -> None:
    """Whole seconds have their three zeros too."""
    assert iso(1_927_857_906_000) == "2031-02-03T04:05:06.000Z"


@pytest.mark.parametrize("text", ["", "tomorrow", "2031-13-01T00:00:00Z", "1927857906"])
def test_no_time_is_refused(text: str) -> None:
    """What is no ISO-8601 time is a ValueError."""
    with pytest.raises(ValueError, match=r".+"):
        milliseconds(text)
