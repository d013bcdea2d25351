import re
from collections.abc import Callable

import pytest

from mockspaces.cloud.kernel.clock import Clock
from mockspaces.cloud.kernel.ids import Ids, seeded
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.state import ClockSetting
from mockspaces.cloud.store.transaction import Log

DRAWS: dict[str, tuple[Callable[[Ids], str], str]] = {
    "object_id": (Ids.object_id, r"[0-9a-f]{24}"),
    "account_id": (Ids.account_id, r"ag[A-Za-z0-9_-]{32}"),
    "token": (Ids.token, r"[0-9a-f]{40}"),
    "short": (Ids.short, r"[0-9a-f]{20}"),
    "uuid": (Ids.uuid, r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    "digits": (lambda ids: ids.digits(9), r"[1-9]\d{8}"),
    "label": (Ids.label, r"[a-z0-9]{6}"),
    "secret": (lambda ids: ids.secret().hex(), r"[0-9a-f]{64}"),
}


def frozen() -> Clock:
    clock = Clock(Fact("clock", ClockSetting(), Log(private=True)))
    clock.freeze(1_927_857_906.789)
    return clock


def source(seed: str | None, world: str = "world", clock: Clock | None = None) -> Ids:
    """Return the source of a world under a seed, or of the system's randomness."""
    begin = None if seed is None else seeded(seed, world)
    return Ids(clock or frozen(), Fact("random", begin, Log(private=True)))


def drawn(ids: Ids) -> list[str]:
    return [draw(ids) for draw, _form in DRAWS.values() for _ in range(3)]


@pytest.mark.behaviour("REST-ID-01", "ACC-GEN-09", "ACC-TOK-01", "DM-COMP-02")
@pytest.mark.parametrize("seed", [None, "seed"])
@pytest.mark.parametrize("name", DRAWS)
def test_form(name: str, seed: str | None) -> None:
    """Every kind of id has its documented form, seeded or not, a hundred times over."""
    draw, form = DRAWS[name]
    ids = source(seed)
    values = [draw(ids) for _ in range(100)]
    assert all(re.fullmatch(form, value) for value in values)
    assert len(set(values)) == 100


@pytest.mark.behaviour("REST-ID-01")
def test_object_id_begins_with_the_time_of_the_world() -> None:
    """The first eight digits are the clock's seconds, so ids increase with time and follow a moved clock."""
    clock = frozen()
    ids = source(None, clock=clock)
    first = ids.object_id()
    clock.advance(1)
    second = ids.object_id()
    assert int(first[:8], 16) == 1_927_857_906
    assert int(second[:8], 16) == 1_927_857_907


@pytest.mark.behaviour("DM-CFG-04")
def test_seeded_source_repeats_itself() -> None:
    """The same seed and world draw the same values in the same order."""
    assert drawn(source("seed")) == drawn(source("seed"))


@pytest.mark.behaviour("DM-CFG-04", "AUTH-WORLD-01")
@pytest.mark.parametrize(
    ("one", "other"),
    [(("seed", "a"), ("seed", "b")), (("seed", "a"), ("other", "a")), (("s", "ab"), ("sa", "b"))],
)
def test_no_two_worlds_draw_the_same(one: tuple[str, str], other: tuple[str, str]) -> None:
    """Another world under the same seed, and another seed for the same world, draw nothing in common."""
    assert not set(drawn(source(*one))) & set(drawn(source(*other)))


@pytest.mark.behaviour("DM-CFG-04")
def test_unseeded_source_never_repeats() -> None:
    """Without a seed two sources of the same world have nothing in common."""
    assert not set(drawn(source(None))) & set(drawn(source(None)))


@pytest.mark.parametrize("count", [1, 2, 7])
def test_choice_stays_below_its_bound(count: int) -> None:
    """A choice among n is a number from 0 to n-1, and each of them occurs."""
    ids = source("seed")
    assert {ids.choice(count) for _ in range(200)} == set(range(count))
