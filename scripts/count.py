"""Counts how the code is written: lengths and nesting of functions, comments, helpers used once, suppressions.

usage: python -m scripts.count [FOLDER]     (mockspaces, unless another package is named)

How it counts:
* A function is as long as it looks: from its `def` to its end, docstring included, decorators not.
* Nesting is how many of if, for, while, with, try and match stand around a statement of a function.
* A line of code holds something else than a comment, and is not of a docstring.
* A comment is a line with a comment, alone or behind code. Headings (`# --- reading`) explain nothing and
  suppressions are counted apart, so neither is one. Nor are docstrings; of hard modules that of the module is told.
* A private helper is a function or method whose name begins with one underscore. It is used once if one place
  outside of itself is all that names it, and that place calls it. What is handed on as a value, registered or
  wrapped by a decorator, or has another implementation in a class above or below, has to be a function. The share
  is that of all functions.
"""

import ast
import io
import re
import sys
import tokenize
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from math import ceil
from pathlib import Path

ROOT = Path(__file__).parent.parent

# Whoever changes these has to know why they are as they are.
HARD = (
    "cloud/spaces/spaces.py",  # with the rule for large spaces
    "cloud/store/collection.py",
    "cloud/store/listing.py",
    "cloud/store/state.py",
    "cloud/store/transaction.py",
    "realtime/adapter.py",
)

Function = ast.FunctionDef | ast.AsyncFunctionDef
COMPOUND = (ast.If, ast.For, ast.AsyncFor, ast.While, ast.With, ast.AsyncWith, ast.Try, ast.TryStar, ast.Match)
NO_CODE = frozenset(
    {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER}
)
SUPPRESSION = re.compile(r"#\s*(noqa|type:\s*ignore|pylint:|pyright:|mypy:|ruff:|nosec|fmt:)", re.IGNORECASE)
HEADING = re.compile(r"#[\s#=-]*$|#\s*-{2,}")


@dataclass(frozen=True)
class Module:
    """The source of one module; ``name`` is its path below the folder that is counted."""

    name: str
    text: str

    @cached_property
    def tree(self) -> ast.Module:
        """The module, parsed."""
        return ast.parse(self.text)

    @cached_property
    def code(self) -> frozenset[int]:
        """The numbers of the lines of code."""
        tokens = (one for one in self._tokens if one.type not in NO_CODE)
        docstrings = (
            _lines(node.body[0])
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Module | ast.ClassDef | Function) and ast.get_docstring(node) is not None
        )
        lines = {line for one in tokens for line in range(one.start[0], one.end[0] + 1)}
        return frozenset(lines.difference(*docstrings))

    @cached_property
    def comments(self) -> int:
        """How many lines have a comment that says something to a reader."""
        remarks = [one.string for one in self._tokens if one.type == tokenize.COMMENT]
        return sum(not SUPPRESSION.search(text) and not HEADING.match(text) for text in remarks)

    @cached_property
    def suppressions(self) -> int:
        """How many lines switch a tool off."""
        return sum(one.type == tokenize.COMMENT and bool(SUPPRESSION.search(one.string)) for one in self._tokens)

    @cached_property
    def head(self) -> int:
        """How many lines its docstring has, without empty ones."""
        return sum(bool(line.strip()) for line in (ast.get_docstring(self.tree) or "").split("\n"))

    @cached_property
    def functions(self) -> list[Function]:
        """All functions, methods, and what they define inside."""
        return [node for node in ast.walk(self.tree) if isinstance(node, Function)]

    @cached_property
    def lengths(self) -> list[int]:
        """How many lines each function has."""
        return [len(_lines(one)) for one in self.functions]

    @cached_property
    def nesting(self) -> int:
        """How deep the deepest statement of a function is nested."""
        return max(map(_depth, self.functions), default=0)

    @cached_property
    def _tokens(self) -> list[tokenize.TokenInfo]:
        return list(tokenize.generate_tokens(io.StringIO(self.text).readline))


def _lines(node: ast.stmt) -> range:
    return range(node.lineno, (node.end_lineno or node.lineno) + 1)


def _depth(node: ast.AST) -> int:
    """Return how deep statements below a node are nested; an ``elif`` is no deeper than its ``if``."""
    deepest = 0
    for child in ast.iter_child_nodes(node):
        chained = isinstance(node, ast.If) and isinstance(child, ast.If) and node.orelse == [child]
        deepest = max(deepest, _depth(child) + (isinstance(child, COMPOUND) and not chained))
    return deepest


# --- private helpers


@dataclass(eq=False)
class Helper:
    """A private function or method, with the places that call it, and how many others name it."""

    module: str
    owner: str  # its class, "" for a function
    node: Function
    calls: list[str] = field(default_factory=list)
    others: int = 0

    @property
    def once(self) -> bool:
        """Whether one call is all there is, so that its lines could stand there instead."""
        return len(self.calls) == 1 and not self.others


@dataclass(frozen=True)
class Place:
    """Somewhere in a module: the class and the functions around it."""

    module: str
    owner: str = ""
    inside: tuple[Function, ...] = ()


@dataclass(frozen=True)
class Reference:
    """A private name in an expression; ``on`` is what stands before its dot, "" without one."""

    name: str
    place: Place
    line: int
    on: str = ""
    call: bool = False


Class = tuple[str, str]  # module and name


def helpers(modules: Sequence[Module]) -> list[Helper]:
    """Return the private helpers of a package, each with who names it."""
    classes = [(one.name, node) for one in modules for node in ast.walk(one.tree) if isinstance(node, ast.ClassDef)]
    families = _families({(module, node.name): node for module, node in classes})
    found = [Helper(one.name, "", node) for one in modules for node in _private(one.tree.body)]
    found += [Helper(module, node.name, method) for module, node in classes for method in _private(node.body)]
    by_name = defaultdict[str, list[Helper]](list)
    for helper in found:
        by_name[helper.node.name].append(helper)
    for module in modules:
        for reference in _references(module.tree, Place(module.name), by_name.keys()):
            for helper in _meant(reference, by_name[reference.name], families):
                _note(helper, reference)
    for helper in found:
        family = families.get((helper.module, helper.owner), set())
        implementations = sum((one.module, one.owner) in family for one in by_name[helper.node.name])
        wrapped = _decorators(helper.node) - {"staticmethod", "classmethod", "property"}
        helper.others += bool(wrapped) + (implementations > 1)
    return found


def _private(body: Iterable[ast.stmt]) -> Iterator[Function]:
    return (node for node in body if isinstance(node, Function) and re.match(r"_(?!_)", node.name))


def _decorators(function: Function) -> set[str]:
    return {ast.unparse(one) for one in function.decorator_list}


def _note(helper: Helper, reference: Reference) -> None:
    if helper.node in reference.place.inside:
        return  # it calls itself
    if reference.call or (reference.on and "property" in _decorators(helper.node)):
        helper.calls.append(f"{reference.place.module}:{reference.line}")
    else:
        helper.others += 1


def _families(classes: dict[Class, ast.ClassDef]) -> dict[Class, set[Class]]:
    """Return the family of each class: itself, and all that stand above or below it."""
    above: dict[Class, set[Class]] = {}
    for (module, name), node in classes.items():
        bases = {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in node.bases}
        here = {(module, base) for base in bases if (module, base) in classes and base != name}
        elsewhere = bases - {base for _module, base in here}
        above[module, name] = here | {one for one in classes if one[1] in elsewhere and one[0] != module}
    for _generation in above:
        above = {one: bases.union(*(above[base] for base in bases)) for one, bases in above.items()}
    return {one: {one, *above[one], *(other for other in above if one in above[other])} for one in above}


def _references(node: ast.AST, place: Place, names: Iterable[str], *, call: bool = False) -> Iterator[Reference]:
    """Yield whatever in a node has one of the names: variables, attributes, and texts for ``getattr``."""
    match node:
        case ast.Name(id=name) if name in names:
            yield Reference(name, place, node.lineno, call=call)
        case ast.Attribute(attr=name, value=value) if name in names:
            yield Reference(name, place, node.lineno, ast.unparse(value), call)
        case ast.Constant(value=str(name)) if name in names:
            yield Reference(name, place, node.lineno, "?")
        case ast.ClassDef(name=name):
            place = replace(place, owner=name)
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            place = replace(place, inside=(*place.inside, node))
    for child in ast.iter_child_nodes(node):
        yield from _references(child, place, names, call=isinstance(node, ast.Call) and child is node.func)


def _meant(reference: Reference, candidates: list[Helper], families: dict[Class, set[Class]]) -> list[Helper]:
    """Return the helpers that a name may stand for: the nearest, or all of that name where nothing tells."""
    on, place = reference.on, reference.place
    if not on:
        near = [one for one in candidates if not one.owner and one.module == place.module]
    elif on in ("self", "cls", "super()", place.owner):
        family = families.get((place.module, place.owner), set())
        near = [one for one in candidates if (one.module, one.owner) in family]
    else:
        near = [one for one in candidates if not one.owner and Path(one.module).stem == on.rpartition(".")[2]]
    return near or candidates


# --- telling

COLUMNS = (
    *("lines", "functions", "median", "p90", "p99", "longest", "nesting"),
    *("comments/100", "private", "once", "share", "suppressed/1000"),
)


def report(folder: Path) -> str:
    """Return everything that is counted about a package, as text."""
    modules = [
        Module(path.relative_to(folder.parent).as_posix(), path.read_text(encoding="utf-8"))
        for path in sorted(folder.rglob("*.py"))
    ]
    private = helpers(modules)
    rooms = defaultdict[str, list[Module]](list)
    for module in modules:
        rooms[Path(module.name).parent.as_posix()].append(module)
    rows = [["room", *COLUMNS], *([room, *figures(inside, private)] for room, inside in rooms.items())]
    hard = [module for module in modules if module.name.partition("/")[2] in HARD]
    explained = [
        [one.name, f"{len(one.code)}", f"{_per(one.comments, len(one.code), 100):.1f}", f"{one.head}"] for one in hard
    ]
    inline = sorted((one for one in private if one.once), key=lambda one: (one.module, one.node.lineno))
    once = [[f"{one.module}:{one.node.lineno}", one.node.name, f"called at {one.calls[0]}"] for one in inline]
    return "\n\n".join(
        [
            table([*rows, ["all", *figures(modules, private)]]),
            table([["hard modules", "lines", "comments/100", "lines of the head"], *explained]),
            table([["private helpers used once", "", ""], *once], left=3),
        ]
    )


def figures(modules: Sequence[Module], private: Iterable[Helper]) -> list[str]:
    """Return what the columns say about some modules; helpers of others are left out."""
    names = {module.name for module in modules}
    own = [helper for helper in private if helper.module in names]
    once = sum(helper.once for helper in own)
    lines = sum(len(module.code) for module in modules)
    lengths = [length for module in modules for length in module.lengths]
    return [
        *(str(count) for count in (lines, len(lengths))),
        *(str(percentile(lengths, share)) for share in (0.5, 0.9, 0.99, 1)),
        str(max((module.nesting for module in modules), default=0)),
        f"{_per(sum(module.comments for module in modules), lines, 100):.1f}",
        *(str(count) for count in (len(own), once)),
        f"{_per(once, len(lengths), 100):.1f} %",
        f"{_per(sum(module.suppressions for module in modules), lines, 1000):.1f}",
    ]


def percentile(numbers: Iterable[int], share: float) -> int:
    """Return the least number that a share of them do not exceed, 0 if there are none."""
    ordered = sorted(numbers)
    return ordered[ceil(len(ordered) * share) - 1] if ordered else 0


def _per(count: int, whole: int, unit: int) -> float:
    return count * unit / whole if whole else 0.0


def table(rows: Sequence[Sequence[str]], left: int = 1) -> str:
    """Return rows as text in columns: so many of them to the left, the others to the right."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    return "\n".join(
        "  ".join(
            cell.ljust(width) if index < left else cell.rjust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    )


if __name__ == "__main__":
    print(report(Path(sys.argv[1]).resolve() if sys.argv[1:] else ROOT / "mockspaces"))
