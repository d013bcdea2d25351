"""The table of two of something, a second time and the exact edge has a true answer for each statement."""

import ast
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

from mockspaces.contract.behaviours import catalogue

SUITE = Path(__file__).parent.parent / "contract_tests"
QUESTIONS = ("worlds", "companies", "people", "devices", "again", "edge")
SEE = "see:"

Rows = Mapping[str, str]


@dataclass(frozen=True)
class Table:
    """The reasons by their code, the usual answers of each kind, and the rows by statement."""

    reasons: Rows
    kinds: Mapping[str, Rows]
    statements: Rows


@cache
def table() -> Table:
    found = tomllib.loads((SUITE / "edges.toml").read_text(encoding="utf-8"))
    rows = {f"{area}-{rest}": row for area, rows in found["statements"].items() for rest, row in rows.items()}
    return Table(found["reasons"], found["kinds"], rows)


@cache
def cited_by_test() -> dict[str, str]:
    """Return what each test may cite: its decorators, and the tables of its module, by name without ``test_``."""
    found: dict[str, str] = {}
    for path in SUITE.rglob("test_*.py"):
        text = path.read_text(encoding="utf-8")
        lines, tree = text.splitlines(), ast.parse(text)
        shared = [one for one in tree.body if isinstance(one, ast.Assign | ast.AnnAssign)]
        tables = [line for one in shared for line in lines[one.lineno - 1 : one.end_lineno]]
        for one in tree.body:
            if isinstance(one, ast.FunctionDef) and one.name.startswith("test_"):
                first = min((mark.lineno for mark in one.decorator_list), default=one.lineno)
                name = one.name.removeprefix("test_")
                found[name] = "\n".join([found.get(name, ""), *lines[first - 1 : one.lineno], *tables])
    return found


@cache
def cited_anywhere() -> frozenset[str]:
    """Return whatever stands in quotes where a test may cite."""
    return frozenset(word for text in cited_by_test().values() for word in re.findall(r'(?="([^"\s]+)")', text))


def problems(statement: str, row: str, known: Table) -> Iterator[str]:
    """Yield what is wrong with the row of a statement."""
    kind, *answers = row.split()
    if kind not in known.kinds:
        yield f"no kind {kind}"
        return
    given = dict(one.partition("=")[::2] for one in answers)
    if len(given) != len(answers) or not given.keys() <= set(QUESTIONS):
        yield f"not each question once: {' '.join(answers)}"
        return
    usual = known.kinds[kind]
    if redundant := [question for question, answer in given.items() if usual.get(question) == answer]:
        yield f"answered as by the kind: {', '.join(redundant)}"
    for question in QUESTIONS:
        answer = {**usual, **given}.get(question, "")
        if answer.startswith(SEE):
            other = answer.removeprefix(SEE)
            if other == statement or other not in cited_anywhere():
                yield f"{question}: no test shows {other}"
        elif answer not in known.reasons and f'"{statement}"' not in cited_by_test().get(answer, ""):
            yield f"{question}: {answer or 'nothing'} is neither a reason nor a test that cites the statement"


def test_each_statement_has_a_row() -> None:
    """The table has each statement of the catalogue once, and nothing else."""
    wanted = [one.id for one in catalogue().values() if one.kind == "behaviour"]
    assert sorted(table().statements) == sorted(wanted)


@pytest.mark.parametrize("area", sorted({name.partition("-")[0] for name in table().statements}))
def test_each_question_is_answered(area: str) -> None:
    """Each answer is a test that is there and cites the statement, a statement that is shown, or a known reason."""
    rows = {name: row for name, row in table().statements.items() if name.startswith(f"{area}-")}
    assert [f"{name}: {one}" for name, row in rows.items() for one in problems(name, row, table())] == []


def test_each_reason_and_kind_is_used() -> None:
    """No reason is left over, and each says in words why a question does not apply."""
    rows = [row.split() for row in table().statements.values()]
    assert {row[0] for row in rows} == set(table().kinds)
    said = {one.partition("=")[2] for row in rows for one in row[1:]}
    said |= {code for kind in table().kinds.values() for code in kind.values()}
    assert set(table().reasons) <= said
    assert all(len(why.split()) > 2 for why in table().reasons.values())


@pytest.mark.parametrize(
    ("row", "problem"),
    [
        ("letters", "no kind letters"),
        ("state people=onlyone again=no_such_test", "again: no_such_test is neither"),
        ("state people=onlyone again=health", "again: health is neither"),  # a test of something else
        ("state people=onlyone", "again: nothing is neither"),
        ("state people=onlyone again=see:NO-SUCH-01", "again: no test shows NO-SUCH-01"),
        ("state people=onlyone again=anew mood=anew", "not each question once"),
        ("form worlds=world", "answered as by the kind: worlds"),
    ],
)
def test_a_wrong_row_is_told(row: str, problem: str) -> None:
    """What is no kind, no test of the statement, no reason or no question does not pass."""
    [told] = problems("ACC-LOGOUT-02", row, table())
    assert told.startswith(problem)
