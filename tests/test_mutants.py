"""The hunt for mutants is itself to be trusted: rules that stand where they are said to, and true outcomes."""

from functools import cache
from pathlib import Path
from textwrap import dedent
from types import CodeType

import pytest

from mutants.__main__ import rate
from mutants.events import event_rules
from mutants.generated import all_generated
from mutants.graft import grafted
from mutants.handwritten import RULES, all_handwritten
from mutants.hunt import Fate, hunt
from mutants.kept import Kept
from mutants.mutant import Mutant
from mutants.reasons import REASONS
from mutants.rule import Rule

ROOT = Path(__file__).parent.parent
BY_HAND = 160
EVERY_RULE = {**RULES, **event_rules()}


@cache
def source(module: str) -> str:
    return (ROOT / f"{module.replace('.', '/')}.py").read_text(encoding="utf-8")


@cache
def compiled(module: str) -> CodeType:
    return compile(source(module), module, "exec")


@pytest.mark.parametrize("name", EVERY_RULE)
def test_a_rule_stands_once_in_its_function_and_breaks_it(name: str) -> None:
    """The quoted text is there exactly once, and what replaces it is other code that compiles."""
    rule, breaks = EVERY_RULE[name]
    after = grafted(source(rule.module), rule)
    assert compile(after, rule.module, "exec") != compiled(rule.module)
    assert breaks


HOUSE = """
@decorated("left alone")
def left():
    return 1

class Right:
    def left(self):
        def inner():
            return 2
        return inner() + 1
"""


@pytest.mark.parametrize(
    ("function", "old"),
    [
        ("left", "nowhere"),
        ("left", "left alone"),  # stands before the function, not in it
        ("Right.left", "inner"),  # stands there twice
        ("inner", "2"),
        ("right", "1"),
    ],
)
def test_a_rule_that_has_moved_is_told(function: str, old: str) -> None:
    """A function or a text that is not there, or a text that is there twice, is no mutant but a mistake."""
    with pytest.raises(ValueError, match="stands there"):
        grafted(HOUSE, Rule("x", function, old, "3"))


def test_a_function_that_stands_there_twice_is_told() -> None:
    """Which of two functions of one name is meant, nobody can say."""
    with pytest.raises(ValueError, match="left stands there 2 times"):
        grafted(HOUSE + HOUSE, Rule("x", "left", "1", "3"))


@pytest.mark.parametrize(
    ("function", "old"),
    [("left", "return 1"), ("Right.left", "+ 1"), ("Right.left", "return 2"), ("Right.left.inner", "2")],
)
def test_a_text_is_found_in_its_function(function: str, old: str) -> None:
    """Functions, methods and what they define inside have names of their own; what is inside belongs to both."""
    assert grafted(HOUSE, Rule("x", function, old, "3")) == HOUSE.replace(old, "3")


def test_the_same_text_in_another_function_stays() -> None:
    """Of two functions with the same text only the one that the rule names changes."""
    both = HOUSE.replace("return 2", "return 1")
    before, _, after = both.rpartition("return 1")
    assert grafted(both, Rule("x", "Right.left.inner", "return 1", "return 3")) == f"{before}return 3{after}"


def test_mutants_have_names_of_their_own() -> None:
    """Ids are unique, there are enough by hand, and reasons are given for existing mutants only."""
    ids = [one.id for one in (*all_generated(), *all_handwritten())]
    assert len(ids) == len(set(ids))
    assert len(RULES) >= BY_HAND
    assert REASONS.keys() <= set(ids)
    assert not any(name.startswith("rule ") for name in REASONS), "those all die"


@pytest.fixture
def suite(tmp_path: Path) -> Path:
    """A suite of three tests in the place of the contract tests."""
    folder = tmp_path / "suite"
    folder.mkdir()
    conftest = """
        def pytest_addoption(parser):
            parser.addoption("--overlay")
            parser.addoption("--only", action="append")

        def pytest_collection_modifyitems(config, items):
            only = tuple(config.getoption("--only") or ("",))
            items[:] = [one for one in items if one.get_closest_marker("behaviour").args[0].startswith(only)]
    """
    tests = """
        import json
        from pathlib import Path

        import pytest

        @pytest.mark.behaviour("SEEN-01")
        def test_overlay(pytestconfig):
            assert json.loads(Path(pytestconfig.getoption("--overlay")).read_text()) == {}

        @pytest.mark.behaviour("RULE-01")
        def test_rule():
            import dis
            from mockspaces.cloud.spaces.access import check_pin
            assert "PIN_WRONG" in [one.argval for one in dis.get_instructions(check_pin)]

        @pytest.mark.behaviour("SERVED-01")
        def test_served():
            import subprocess, sys
            program = (
                "import dis; from mockspaces.cloud.spaces.access import check_pin;"
                "print([one.argval for one in dis.get_instructions(check_pin)])"
            )
            assert b"PIN_WRONG" in subprocess.run([sys.executable, "-c", program], capture_output=True).stdout

        @pytest.mark.behaviour("BROKEN-01")
        def test_broken(missing_fixture): ...
    """
    (folder / "conftest.py").write_text(dedent(conftest), encoding="utf-8")
    (folder / "test_tiny.py").write_text(dedent(tests), encoding="utf-8")
    return folder


def test_the_hunt_tells_the_truth(suite: Path) -> None:
    """What a citing test notices is killed, what it does not survives, and without such a test it is uncited."""
    overlay = {"limits": {"json_depth": 1}}
    mutants = [
        Mutant("seen", ("SEEN-01",), overlay),
        Mutant("seen by the first", ("SEEN-", "RULE-"), overlay, first="test_tiny.py"),
        Mutant("unseen", ("RULE-01",), overlay),
        Mutant("in code", ("RULE-01",), rule="PIN ignored"),
        Mutant("in code that is served", ("SERVED-01",), rule="PIN ignored"),
        Mutant("right", ("SEEN-01", "RULE-01", "SERVED-01")),
        Mutant("right in code that is broken elsewhere", ("RULE-01",), rule="no HEAD"),
        Mutant("nobody's", ("NOTHING-",), overlay),
    ]
    assert {fate.mutant.id: fate.outcome for fate in hunt(mutants, 2, suite)} == {
        "seen": "killed",
        "seen by the first": "killed",
        "unseen": "survived",
        "in code": "killed",
        "in code that is served": "killed",
        "right": "survived",
        "right in code that is broken elsewhere": "survived",
        "nobody's": "uncited",
    }


@pytest.mark.parametrize(
    ("outcomes", "share"),
    [({"rule a": "survived", "limit b": "killed", "limit c": "survived"}, 0.5), ({"rule a": "killed"}, 1), ({}, 1)],
)
def test_only_generated_mutants_count_for_the_rate(outcomes: dict[str, str], share: float) -> None:
    """Rules broken by hand are judged one by one, and where nothing was generated nothing has survived."""
    assert rate([Fate(Mutant(name, ()), outcome, "") for name, outcome in outcomes.items()]) == share


def test_a_kept_death_holds_while_mutant_and_tests_are_as_they_were(suite: Path, tmp_path: Path) -> None:
    """A hunt that was broken off goes on where it was; of a line that was not written to its end nothing is taken."""
    file, tests = tmp_path / "kept.jsonl", suite / "test_tiny.py"
    tests.write_text('"STATEMENT-01"\ndef test_it(): ...\n', encoding="utf-8")
    mutant = Mutant("one", ("STATEMENT-",), {"limits": {"json_depth": 1}})
    Kept(file, suite).keep(Fate(mutant, "killed", "why"))
    with file.open("a", encoding="utf-8") as broken_off:
        broken_off.write('{"id": "tw')
    assert Kept(file, suite).fate(mutant) == Fate(mutant, "killed", "why")
    assert Kept(file, suite).fate(Mutant("one", ("STATEMENT-",), {"limits": {"json_depth": 2}})) is None
    (suite / "test_other.py").write_text('"OTHER-01"\n\ndef test_other(): ...\n', encoding="utf-8")
    assert Kept(file, suite).fate(mutant), "tests of other statements cannot bring it back"
    tests.write_text('"STATEMENT-01"\n\ndef test_it(): assert True\n', encoding="utf-8")
    assert Kept(file, suite).fate(mutant) is None


def test_a_survivor_is_hunted_again_after_any_change(suite: Path, tmp_path: Path) -> None:
    """Any test that is new may kill what has survived."""
    file, mutant = tmp_path / "kept.jsonl", Mutant("one", ("STATEMENT-",))
    Kept(file, suite).keep(Fate(mutant, "survived"))
    assert Kept(file, suite).fate(mutant)
    (suite / "test_other.py").write_text('"OTHER-01"\n\ndef test_other(): ...\n', encoding="utf-8")
    assert Kept(file, suite).fate(mutant) is None
