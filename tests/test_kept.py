"""What a refusal keeps: each place that marks it, and no other."""

import ast
from collections.abc import Iterator
from pathlib import Path

import mockspaces

ROOT = Path(mockspaces.__file__).parent
# Everything that stays although a call is refused, by the function that marks it, and why it does.
DOORS = {
    "cloud.kernel.attempt.Attempt.meet_fault": "a planned fault has fired, whatever becomes of the call",
    "cloud.kernel.quotas._count": "refused calls count against a quota as well",
    "cloud.identity.grants.exchange_code": "a code that is used twice revokes its grant",
    "cloud.identity.grants.refresh": "a replaced refresh token that is used again revokes its grant",
}
# Who takes back one part of a call and goes on.
PARTS = {"rest.bulk.update": "each operation of a bulk update has a result of its own"}


def callers(method: str) -> Iterator[str]:
    """Return the functions that call a method without arguments, by module and name, but for its own module."""
    for path in sorted(ROOT.rglob("*.py")):
        text, module = path.read_text(encoding="utf-8"), ".".join(path.relative_to(ROOT).with_suffix("").parts)
        if f".{method}()" in text and module != "cloud.store.transaction":
            yield from _within(ast.parse(text), module, method)


def _within(node: ast.AST, name: str, method: str) -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inner = name
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{name}.{child.name}"
        if isinstance(child, ast.Call) and isinstance(child.func, ast.Attribute) and child.func.attr == method:
            yield name
        yield from _within(child, inner, method)


def test_a_refusal_keeps_what_is_listed_here_and_nothing_else() -> None:
    """The one door for what stays after a refusal is used by these functions, each once."""
    assert sorted(callers("keep")) == sorted(DOORS)


def test_only_listed_calls_take_a_part_back() -> None:
    """A refusal inside of a call that goes on is a rule of that call, so each is named."""
    assert sorted(callers("part")) == sorted(PARTS)
