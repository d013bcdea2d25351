import pytest

from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.run import Action, Fault, Match, Occurrence, Spread
from mockspaces.contract import Contract

CALL = Occurrence(surface="rest", endpoint="USERS-ME", method="GET", path="/api/users/me", caller="oauth ann@x.example")


def pattern(seed: str | None, name: str = "w") -> str:
    """Return which of some calls meet a fault of probability one half."""
    world = World(name, Origins("http://127.0.0.1"), contract=Contract.shipped(), random_seed=seed)
    world.faults.plan(Fault(id="f", match=Match(), action=Action(status=503), probability=0.5))
    return "".join("x" if world.faults.due(CALL) else "." for _ in range(64))


def test_chance_repeats_under_a_seed() -> None:
    """A seeded world meets its faults at the same calls every time; other seeds and other worlds at others."""
    assert pattern("seed") == pattern("seed")
    assert {"x", "."} == set(pattern("seed"))
    assert len({pattern("seed"), pattern("other seed"), pattern("seed", "v"), pattern(None)}) == 4


def test_delays_have_the_spread_that_was_asked_for() -> None:
    """Half of the delays are below the median and one in a hundred above the p99; a seed repeats them."""

    def delays(seed: str, name: str = "w") -> list[float]:
        world = World(name, Origins("http://127.0.0.1"), contract=Contract.shipped(), random_seed=seed)
        world.faults.plan(Fault(id="f", match=Match(), action=Action(delay=Spread(median=0.2, p99=1.5))))
        met = [world.faults.due(CALL) for _ in range(4000)]
        return [fault.action.seconds for fault in met if fault]

    drawn = sorted(delays("seed"))
    assert drawn == sorted(delays("seed"))
    assert drawn != sorted(delays("other"))
    assert drawn[2000] == pytest.approx(0.2, rel=0.1)
    assert drawn[3960] == pytest.approx(1.5, rel=0.25)


def test_caller_is_named_with_or_without_his_kind() -> None:
    """A caller fits by user name, by kind and name, and by a pattern of either; nobody fits no pattern at all."""
    for wanted in ("ann@x.example", "oauth ann@x.example", "ann@*", "oauth *", "*"):
        assert Match(caller=wanted).fits(CALL), wanted
    for wanted in ("ann", "svc *", "bob@x.example"):
        assert not Match(caller=wanted).fits(CALL), wanted
    assert not Match(caller="*").fits(Occurrence(surface="rest"))
