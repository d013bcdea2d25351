"""Breaks one rule in the code of this process: its module is imported with one text replaced."""

import sys
from collections.abc import Sequence
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder, SourceFileLoader
from types import CodeType, ModuleType

from mutants.events import event_rules
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


def install(rule: str) -> None:
    """Break a rule, by name, in whatever is imported from now on; an empty name breaks none."""
    if not rule:
        return
    broken = {**RULES, **event_rules()}[rule][0]
    if broken.module in sys.modules:
        raise ValueError(f"{broken.module} is loaded already")
    sys.meta_path.insert(0, Grafter(broken))
