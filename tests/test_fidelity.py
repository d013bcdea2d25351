"""docs/fidelity.md says what is so, and the coverage of the catalogue does not fall."""

from scripts import fidelity

# Visible from outside, and shown by no contract test. The list may only become shorter.
UNCITED: set[str] = set()


def test_every_visible_behaviour_is_cited() -> None:
    """Each behaviour is cited by a contract test, or says why nobody can see it, or stands on the list."""
    visible = {one.id for one in fidelity.statements() if not one.untested}
    assert visible - fidelity.cited() == UNCITED


def test_the_page_is_up_to_date() -> None:
    """The page in the repository is what the generator makes of catalogue, tests, verdicts and mutants."""
    assert fidelity.PAGE.read_text(encoding="utf-8") == fidelity.page(), "run make fidelity"


def test_every_survivor_has_a_reason() -> None:
    """No mutant lives unexplained, and nothing of the explanations is left over."""
    assert "unexplained" not in fidelity.page()
