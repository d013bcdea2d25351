"""What is held against a world that chaos begins anew: it is gone as a whole, once, and never more than that."""

from collections.abc import Sequence

import pytest

from chaos.history import ACKNOWLEDGED, REFUSED, UNCLEAR, Attempt
from chaos.program import Operation
from chaos.renewal import KEPT, Renewal

RESET, RESTORE = False, True


def attempt(began: int, answered: int, outcome: str = ACKNOWLEDGED) -> Attempt:
    return Attempt(Operation(1, began, "add", 0), 0, began, outcome, answered=answered)


def renewal(added: dict[str, Attempt], *begun: tuple[Attempt, bool]) -> Renewal:
    found = Renewal()
    found.added, found.begun = added, [*begun]
    return found


def wrong(found: Renewal, users: str) -> Sequence[str]:
    """Return what is wrong with a read of users whose names have a letter; the one in the snapshot is k here."""
    return found.wrong([KEPT if one == "k" else one for one in users], attempt(100, 101))


@pytest.mark.parametrize(
    ("added", "begun", "good", "bad"),
    [
        (attempt(1, 2), [], ["ka"], {"k": "it was not begun anew since", "kaa": "2 times", "a": "not one of {True}"}),
        (attempt(1, 2, UNCLEAR), [], ["ka", "k"], {}),
        (attempt(1, 2, REFUSED), [], ["k"], {"ka": "who was refused"}),
        (attempt(1, 2), [(attempt(3, 4), RESET)], [""], {"a": "before it was begun anew", "k": "not one of {False}"}),
        (attempt(1, 2), [(attempt(3, 4), RESTORE)], ["k"], {"ka": "before it was begun anew"}),
        (attempt(1, 2), [(attempt(3, 0, UNCLEAR), RESET)], ["ka", ""], {}),
        (attempt(1, 2), [(attempt(3, 4, REFUSED), RESET)], ["ka"], {"k": "it was not begun anew since"}),
        (attempt(1, 4), [(attempt(2, 3), RESET)], ["a", ""], {}),
        (attempt(5, 6), [(attempt(3, 4), RESET)], ["a"], {"": "it was not begun anew since"}),
        (attempt(5, 6), [(attempt(3, 4), RESET), (attempt(102, 103), RESTORE)], ["a"], {}),
    ],
)
def test_who_is_there_is_judged_by_what_was_acknowledged(
    added: Attempt, begun: list[tuple[Attempt, bool]], good: list[str], bad: dict[str, str]
) -> None:
    """Whoever was added is there until the world is begun anew, and who is in the snapshot after a restore."""
    for users in good:
        assert wrong(renewal({"a": added}, *begun), users) == []
    for users, problem in bad.items():
        assert any(problem in one for one in wrong(renewal({"a": added}, *begun), users))


def test_what_is_begun_anew_is_so_as_a_whole() -> None:
    """Where nothing is known of a reset, who was added before somebody that is gone is gone too."""
    added = {"a": attempt(1, 2), "b": attempt(3, 4), "c": attempt(3, 5)}
    found = renewal(added, (attempt(6, 0, UNCLEAR), RESET))
    assert wrong(found, "kabc") == wrong(found, "") == wrong(found, "c") == []
    assert any("the user a is there, and others are gone" in one for one in wrong(found, "ac"))


def test_what_was_found_while_nothing_was_under_way_stays() -> None:
    """What was unclear is known then: who is there stays, who is not does not come back."""
    found = renewal({"a": attempt(1, 2), "b": attempt(3, 0, UNCLEAR)}, (attempt(4, 0, UNCLEAR), RESET))
    assert found.settle(["b"], 10) == []
    assert wrong(found, "b") == []
    assert any("the user a is there, who was refused" in one for one in wrong(found, "ab"))
    assert any("the user b was acknowledged" in one for one in found.settle([], 20))
