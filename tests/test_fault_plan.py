from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.run import Action, Fault, Match, Occurrence
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


def test_caller_is_named_with_or_without_his_kind() -> None:
    """A caller fits by user name, by kind and name, and by a pattern of either; nobody fits no pattern at all."""
    for wanted in ("ann@x.example", "oauth ann@x.example", "ann@*", "oauth *", "*"):
        assert Match(caller=wanted).fits(CALL), wanted
    for wanted in ("ann", "svc *", "bob@x.example"):
        assert not Match(caller=wanted).fits(CALL), wanted
    assert not Match(caller="*").fits(Occurrence(surface="rest"))
