"""What a rule in the code is to a mutant: a text in one function, and what replaces it."""

from typing import NamedTuple


class Rule(NamedTuple):
    """A text that stands exactly once in one function of a module, and what replaces it.

    The function is named as it names itself: ``Class.method``, ``function.inner``. A text is best when it is just
    long enough to be found: whatever else changes in its function does not concern the rule.
    """

    module: str
    function: str
    old: str
    new: str


def never(module: str, function: str, condition: str) -> Rule:
    """Return the rule whose guard never fires: ``condition`` is how it begins. Not for what an ``or`` joins."""
    return Rule(module, function, f"if {condition}", f"if False and {condition}")


def undone(module: str, function: str, statement: str) -> Rule:
    """Return the rule whose statement does nothing."""
    return Rule(module, function, statement, "...")


def without(module: str, function: str, part: str) -> Rule:
    """Return the rule that has lost a part of it."""
    return Rule(module, function, part, "")


Rules = dict[str, tuple[Rule, tuple[str, ...]]]
