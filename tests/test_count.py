"""The count of how the code is written is itself to be trusted: what counts, what does not."""

from pathlib import Path
from textwrap import dedent

import pytest

from scripts.count import HARD, ROOT, Module, helpers, percentile, report, table


def module(text: str, name: str = "house/room.py") -> Module:
    return Module(name, dedent(text))


def once(*modules: Module) -> list[str]:
    return [helper.node.name for helper in helpers(modules) if helper.once]


def test_code_comments_and_suppressions() -> None:
    """Each line is what it is for: code, a reason, a heading, a suppression, a docstring or nothing."""
    counted = module('''
        """What it is.

        And why.
        """

        # --- a heading

        # a reason,
        # on two lines
        FIRST = 1  # and one behind code
        SECOND = """a text
        # with no comment
        """  # noqa: X100 - why so
        THIRD = f()  # type: ignore[code]

        class Thing:
            """No comment."""
            x = "# none either"
    ''')
    assert (len(counted.code), counted.comments, counted.suppressions, counted.head) == (7, 3, 2, 2)


def test_functions_are_as_long_as_they_look() -> None:
    """From def to end with docstring and what is defined inside, decorators left out."""
    counted = module('''
        @decorated
        @twice
        async def first(
            a,
        ):
            """Do this.

            And that.
            """
            def second(): return a

            return second

        class Thing:
            def third(self): ...
    ''')
    assert sorted(counted.lengths) == [1, 1, 10]


@pytest.mark.parametrize(
    ("body", "depth"),
    [
        ("return 1", 0),
        ("if a:\n  b()", 1),
        ("if a:\n  b()\nelif c:\n  d()\nelse:\n  e()", 1),
        ("if a:\n  b()\nelse:\n  if c:\n    d()\n  e()", 2),
        ("for a in b:\n  while c:\n    with d:\n      try:\n        e()\n      finally:\n        f()", 4),
        ("match a:\n  case 1 if b:\n    if c: d()", 2),
        ("if a:\n  def inner():\n    if b: c()", 2),
    ],
)
def test_nesting(body: str, depth: int) -> None:
    """Compound statements inside of each other count, branches of one statement do not."""
    indented = "\n".join(f"  {line}" for line in body.split("\n"))
    assert module(f"def f():\n{indented}\n").nesting == depth


def test_no_function_is_nested_nowhere() -> None:
    """Statements of a module are not the nesting of a function."""
    assert module("if a:\n  b()\n").nesting == 0


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("def _x(): ...\n_x()", True),
        ("def _x(): ...\ndef f(): return _x()", True),
        ("def _x(): ...\ndef f(): return _x() + _x()", False),
        ("def _x(): ...", False),
        ("def x(): ...\nx()", False),
        ("def __x__(): ...\n__x__()", False),
        ("def _x(n): return _x(n - 1)\n_x(2)", True),
        ("def _x(): ...\nTABLE = {1: _x}", False),
        ("def _x(): ...\n_x()\nmap(_x, ())", False),
        ("@register\ndef _x(): ...\n_x()", False),
        ("def _x(): ...\n_x()\ngetattr(here, '_x')", False),
        ("class C:\n  def _x(self): ...\n  def f(self): self._x()", True),
        ("class C:\n  def _x(self): ...\n  def f(self): self._x()\n  def g(self): self._x()", False),
        ("class C:\n  def _x(self): ...\n  def f(self): run(self._x)", False),
        ("class C:\n  @property\n  def _x(self): ...\n  def f(self): return self._x + 1", True),
        ("class C:\n  @staticmethod\n  def _x(): ...\n  def f(self): return C._x()", True),
        ("class C:\n  @cache\n  def _x(self): ...\n  def f(self): return self._x()", False),
        ("def f():\n  def _x(): ...\n  return _x()", False),
    ],
)
def test_used_once(text: str, *, expected: bool) -> None:
    """One call from elsewhere, and nothing else that names the helper, makes it one used once."""
    assert once(module(text)) == (["_x"] if expected else [])


def test_helpers_of_one_name_are_told_apart() -> None:
    """Functions belong to their module and methods to their class, whoever else has the name."""
    first = module(
        "def _x(): ...\n_x()\nclass C:\n  def _x(self): ...\n  def f(self): self._x(); self._x()", "house/first.py"
    )
    second = module(
        "def _x(): ...\n_x()\n_x()\nclass C:\n  def _x(self): ...\n  def f(self): self._x()", "house/second.py"
    )
    found = [(helper.module, helper.owner) for helper in helpers([first, second]) if helper.once]
    assert found == [("house/first.py", ""), ("house/second.py", "C")]


def test_calls_from_other_modules_count() -> None:
    """A private function may be used next door, by its module or by itself; a private method through an object."""
    room = module("def _x(): ...\n_x()\ndef _y(): ...\nclass C:\n  def _z(self): ...", "house/room.py")
    assert once(room, module("room._x()", "house/other.py")) == []
    assert once(room, module("from room import _y\n_y()", "house/other.py")) == ["_x", "_y"]
    assert once(room, module("thing._z()", "house/other.py")) == ["_x", "_z"]


def test_what_is_implemented_twice_cannot_be_inlined() -> None:
    """A method that a class above or below implements too is called by its name for a reason."""
    base = module("class A:\n  def _x(self): ...\n  def f(self): self._x()", "house/base.py")
    below = module("class B(base.A): ...\nclass C(B):\n  def _x(self): ...", "house/below.py")
    assert once(base, module("class B(base.A): ...", "house/below.py")) == ["_x"]
    assert once(base, below) == []


@pytest.mark.parametrize(("share", "expected"), [(0.5, 2), (0.75, 3), (0.76, 4), (1, 4)])
def test_percentile(share: float, expected: int) -> None:
    """The least number that so many do not exceed, whatever their order."""
    assert percentile([4, 2, 1, 3], share) == expected
    assert percentile([], share) == 0


def test_table() -> None:
    """Names to the left, numbers to the right, nothing behind them."""
    assert table([["", "n"], ["long", "10"], ["x", "1"]]) == "       n\nlong  10\nx      1"


def test_the_report_tells_all(tmp_path: Path) -> None:
    """Figures of each room and of all, of the hard modules, and where the helpers used once stand and are called."""
    for name, text in {
        "house/__init__.py": "",
        "house/room/few.py": "def f(): ...\n",
        f"house/{HARD[0]}": '"""Hard."""\n# because\ndef _x(): ...\n\n_x()\n',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    by_room, hard, used_once = (
        [line.split() for line in part.split("\n")] for part in report(tmp_path / "house").split("\n\n")
    )
    folder = f"house/{HARD[0]}".rpartition("/")[0]
    assert [line[:3] for line in by_room[1:]] == [
        ["house", "0", "0"],
        [folder, "2", "1"],
        ["house/room", "1", "1"],
        ["all", "3", "2"],
    ]
    assert by_room[-1][-5:] == ["1", "1", "50.0", "%", "0.0"]
    assert hard[1:] == [[f"house/{HARD[0]}", "2", "50.0", "1"]]
    assert used_once[1:] == [[f"house/{HARD[0]}:3", "_x", "called", "at", f"house/{HARD[0]}:5"]]


def test_the_hard_modules_exist() -> None:
    """A module that moves takes its place in the list along."""
    assert [name for name in HARD if not (ROOT / "mockspaces" / name).is_file()] == []
