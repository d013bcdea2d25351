"""A pytest plugin that breaks one rule: ``-p mutants.graft`` with MOCKSPACES_MUTANT naming it."""

import os
import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from mutants.handwritten import RULES, Rule


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
    """Return a module's text with the rule broken. Raises `ValueError` if its text does not stand there once."""
    if source.count(rule.old) != 1:
        raise ValueError(f"{rule.module}: {rule.old!r} stands there {source.count(rule.old)} times")
    return source.replace(rule.old, rule.new)


if chosen := os.environ.get("MOCKSPACES_MUTANT"):
    sys.meta_path.insert(0, Grafter(RULES[chosen][0]))
