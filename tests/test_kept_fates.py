"""Fates of mutants are kept for the next hunt, and hold only while what they depended on is as it was."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from mutants import kept
from mutants.hunt import Fate
from mutants.kept import Kept
from mutants.mutant import Mutant

BY_HAND = Mutant("rule PIN ignored", ("ABC-01",), rule="PIN ignored")
OF_A_ROW = Mutant("limit json_depth +1", ("ABC-01",), {"limits": {"json_depth": 33}})
KILLED, SURVIVED = "killed", "survived"
Change = Callable[[], None]


@pytest.fixture(autouse=True)
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the product and its contract tests be three small files each, which tests can change."""
    for folder, name, text in (
        ("mockspaces/cloud/spaces", "access.py", "pin = 1"),
        ("mockspaces", "other.py", "other = 1"),
        ("suite", "kit.py", "kit = 1"),
        ("suite", "test_citing.py", '"ABC-01"\ndef test_one(): ...'),
        ("suite", "test_silent.py", '"XYZ-01"\ndef test_two(): ...'),
    ):
        (tmp_path / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / folder / name).write_text(text, encoding="utf-8")
    monkeypatch.setattr(kept, "ROOT", tmp_path)
    monkeypatch.setattr(kept, "PRODUCT", tmp_path / "mockspaces")


def open_again(tmp_path: Path) -> Kept:
    """Open the file as the next hunt does."""
    return Kept(tmp_path / "fates.jsonl", tmp_path / "suite")


@pytest.mark.parametrize("outcome", [KILLED, SURVIVED, "uncited"])
@pytest.mark.parametrize("mutant", [BY_HAND, OF_A_ROW])
def test_a_fate_is_found_by_the_next_hunt(tmp_path: Path, mutant: Mutant, outcome: str) -> None:
    """Whatever became of a mutant is known to whoever opens the file again."""
    open_again(tmp_path).keep(Fate(mutant, outcome, "detail"))
    assert open_again(tmp_path).fate(mutant) == Fate(mutant, outcome, "detail")


@pytest.mark.parametrize(
    ("changed", "mutant", "outcome", "holds"),
    [
        ("mockspaces/cloud/spaces/access.py", BY_HAND, KILLED, False),
        ("mockspaces/other.py", BY_HAND, KILLED, True),
        ("mockspaces/other.py", BY_HAND, SURVIVED, False),
        ("suite/test_citing.py", BY_HAND, KILLED, False),
        ("suite/test_citing.py", OF_A_ROW, KILLED, False),
        ("suite/test_silent.py", OF_A_ROW, KILLED, True),
        ("suite/test_silent.py", OF_A_ROW, SURVIVED, False),
        ("suite/kit.py", OF_A_ROW, KILLED, False),
    ],
)
def test_a_fate_holds_while_what_it_depended_on_is_unchanged(
    tmp_path: Path, changed: str, mutant: Mutant, outcome: str, *, holds: bool
) -> None:
    """A death depends on the broken module and the tests that cite; a survivor on everything."""
    open_again(tmp_path).keep(Fate(mutant, outcome))
    with (tmp_path / changed).open("a", encoding="utf-8") as file:
        file.write("\n# changed")
    assert (open_again(tmp_path).fate(mutant) is not None) is holds


def test_a_death_depends_on_the_row(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another value of the broken fact is another question, also if the mutant says the same."""
    open_again(tmp_path).keep(Fate(OF_A_ROW, KILLED))
    monkeypatch.setattr(kept, "SHIPPED", kept.SHIPPED.overlaid({"limits": {"json_depth": 64}}))
    assert open_again(tmp_path).fate(OF_A_ROW) is None


def test_another_mutant_of_the_same_name_is_unknown(tmp_path: Path) -> None:
    """A fate is that of what was broken, not of its name."""
    open_again(tmp_path).keep(Fate(OF_A_ROW, KILLED))
    assert open_again(tmp_path).fate(Mutant(OF_A_ROW.id, OF_A_ROW.breaks, {"limits": {"json_depth": 31}})) is None


def test_the_newest_fate_counts(tmp_path: Path) -> None:
    """A mutant that is hunted again has the fate of the second hunt."""
    for outcome in (KILLED, SURVIVED):
        open_again(tmp_path).keep(Fate(OF_A_ROW, outcome))
    assert open_again(tmp_path).fate(OF_A_ROW) == Fate(OF_A_ROW, SURVIVED)


def test_a_hunt_that_was_broken_off_is_resumed(tmp_path: Path) -> None:
    """A line that was not written to its end costs its own mutant alone, also when more is appended behind it."""
    file = tmp_path / "fates.jsonl"
    for mutant in (BY_HAND, OF_A_ROW):
        open_again(tmp_path).keep(Fate(mutant, KILLED))
    whole = file.read_text(encoding="utf-8")
    file.write_text(re.sub(r"\A.*?\n", "", whole) + whole[:40], encoding="utf-8")
    assert [open_again(tmp_path).fate(one) is not None for one in (BY_HAND, OF_A_ROW)] == [False, True]
    open_again(tmp_path).keep(Fate(BY_HAND, KILLED))
    assert open_again(tmp_path).fate(OF_A_ROW) is not None
    open_again(tmp_path).keep(Fate(BY_HAND, KILLED))
    assert open_again(tmp_path).fate(BY_HAND) is not None
