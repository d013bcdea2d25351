"""Breaks one rule in the code of this process: its module is imported with one text replaced."""

import ast
import sys
from collections.abc import Iterator, Sequence
from functools import cache
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from mutants.events import event_rules
from mutants.handwritten import RULES
from mutants.rule import Rule

Function = ast.FunctionDef | ast.AsyncFunctionDef


class GraftedLoader(SourceFileLoader):
    """Loads a module with one text replaced; no byte code is read or written."""

    def __init__(self, name: str, path: str, rule: Rule) -> None:
        super().__init__(name, path)
        self._rule = rule

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(grafted(self.get_data(self.path).decode(), self._rule).encode(), self.path)


class Grafter(MetaPathFinder):
    """Finds the one module of a rule before anybody else does."""

    def __init__(self, rule: Rule) -> None:
        self._rule = rule

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        if fullname != self._rule.module:
            return None
        spec = PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.origin is not None:
            spec.loader = GraftedLoader(fullname, spec.origin, self._rule)
        return spec


def grafted(source: str, rule: Rule) -> str:
    """Return a module's text with the rule broken. Raises `ValueError` unless function and text stand there once."""
    functions = [span for name, span in _functions(source) if name == rule.function]
    if len(functions) != 1:
        raise ValueError(f"{rule.module}: function {rule.function} stands there {len(functions)} times")
    lines = source.split("\n")
    first, last = functions[0]
    function = "\n".join(lines[first:last])
    if function.count(rule.old) != 1:
        raise ValueError(f"{rule.module}.{rule.function}: {rule.old!r} stands there {function.count(rule.old)} times")
    return "\n".join([*lines[:first], function.replace(rule.old, rule.new), *lines[last:]])


@cache
def _functions(source: str) -> Sequence[tuple[str, tuple[int, int]]]:
    """Return all functions of a module, each with its lines and its name below the names of what it stands in."""
    return list(_spans(ast.parse(source)))


def _spans(node: ast.AST, above: str = "") -> Iterator[tuple[str, tuple[int, int]]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, Function | ast.ClassDef):
            if isinstance(child, Function):
                yield above + child.name, (child.lineno - 1, child.end_lineno or child.lineno)
            yield from _spans(child, f"{above}{child.name}.")
        elif isinstance(child, ast.stmt | ast.excepthandler | ast.match_case):
            yield from _spans(child, above)


def install(rule: str) -> None:
    """Break a rule, by name, in whatever is imported from now on; an empty name breaks none."""
    if not rule:
        return
    broken = {**RULES, **event_rules()}[rule][0]
    if broken.module in sys.modules:
        raise ValueError(f"{broken.module} is loaded already")
    sys.meta_path.insert(0, Grafter(broken))
