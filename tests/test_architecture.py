"""The import arrows of the design, and two rules about the repository's text, proven on the source itself."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from mockspaces.contract.behaviours import catalogue

ROOT = Path(__file__).parent.parent
PACKAGE = ROOT / "mockspaces"

SURFACES = frozenset({"accounts", "control", "realtime", "rest", "storage", "web"})
BELOW_SURFACES = frozenset({"asgi", "cloud", "config", "contract"})

# Who may import whom, by room: a room is a package or module directly below mockspaces.
ARROWS = {
    # The public names, when `Mockspaces.start` embeds a server; seed files are read in one way; what replaces the
    # vendor's names in a process is loaded when it is wanted.
    "client": frozenset({"Config", "Server", "handwritten", "vendor"}),
    "handwritten": frozenset[str](),
    "contract": frozenset[str](),
    "config": frozenset({"contract"}),
    "cloud": frozenset({"contract", "config"}),
    "asgi": frozenset({"cloud", "contract", "config"}),
    "changelog": frozenset({"cloud", "contract"}),
    "traffic": frozenset({"asgi", "cloud", "contract", "config"}),
    **dict.fromkeys(SURFACES, BELOW_SURFACES),
}

# The rooms of the emulated cloud, each with the rooms right below it: arrows lead downwards only.
CLOUD = {
    "store": (),
    "kernel": ("store",),
    "people": ("kernel",),
    "identity": ("people",),
    "spaces": ("people",),
    "messaging": ("spaces",),
    "views": ("messaging",),
    "worlds": ("messaging", "identity"),
}

# The emulated cloud knows no HTTP and no sockets, and neither does the data it works with.
TRANSPORTS = frozenset({"engineio", "socketio", "starlette", "uvicorn"})
WITHOUT_TRANSPORTS = frozenset({"changelog", "cloud", "config", "contract"})

# These load in the environment of somebody else's tests, where nothing but pytest can be taken for granted.
LIGHT = frozenset({"", "client", "handwritten", "pytest_plugin"})


def module_name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {module_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def room(module: str) -> str:
    """Return the room a module of ours lives in; the package itself is the room ''."""
    return module.partition(".")[2].partition(".")[0]


def below(room_of_cloud: str) -> frozenset[str]:
    """Return the rooms of the cloud that lie below one of them."""
    return frozenset().union(*({one} | below(one) for one in CLOUD[room_of_cloud]))


@cache
def parsed(source: str) -> ast.Module:
    """Return the tree of a module; several tests look at each of them, and none may change it."""
    return ast.parse(source)


def upward_imports(module: str, source: str, *, package: bool = False) -> list[str]:
    """Return what a module of the cloud imports from a room that is not below its own."""
    _, _, here = module.partition("mockspaces.cloud.")
    here = here.partition(".")[0]
    if not here:
        return []
    prefix = "mockspaces.cloud."
    rooms = [
        (name, name.removeprefix(prefix).partition(".")[0])
        for name in imports(parsed(source), module, package=package)
        if name.startswith(prefix)
    ]
    return [f"{module} imports {name}" for name, there in rooms if there not in below(here) | {here}]


def imports(tree: ast.AST, module: str, *, package: bool = False) -> Iterator[str]:
    """Yield every name that a module imports, absolute and dotted, wherever in the module that happens."""
    base = module.split(".") if package else module.split(".")[:-1]
    for node in ast.walk(tree):
        match node:
            case ast.Import():
                yield from (alias.name for alias in node.names)
            case ast.ImportFrom():
                above = base[: len(base) + 1 - node.level] if node.level else []
                source = ".".join([*above, *filter(None, [node.module])])
                yield from (f"{source}.{alias.name}" for alias in node.names)
            case ast.Call(
                func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
                args=[ast.Constant(value=str(name)), *_],
            ):
                yield name


def is_fact_of_the_package(name: str) -> bool:
    """Tell `mockspaces.__version__` from an import of code: reading it makes nobody depend on a room."""
    return re.fullmatch(r"mockspaces\.__\w+__", name) is not None


def forbidden_imports(module: str, source: str, *, package: bool = False) -> list[str]:
    """Return what a module imports against the arrows."""
    here = room(module)
    found = []
    for name in imports(parsed(source), module, package=package):
        top = name.partition(".")[0]
        if top == "mockspaces":
            there = room(name)
            if here in ARROWS:
                allowed = there in ARROWS[here] | {here} or (
                    is_fact_of_the_package(name) and here not in {"client", "contract"}
                )
            else:
                allowed = here == "app" or there not in SURFACES
        else:
            allowed = not (top in TRANSPORTS and here in WITHOUT_TRANSPORTS)
        if not allowed:
            found.append(f"{module} imports {name}")
    return found


class AtImport(ast.NodeTransformer):
    """Leave of a module only what runs when it is imported: no function bodies, nothing for type checkers."""

    def visit_FunctionDef(self, node: ast.FunctionDef) -> None:
        """Drop a function."""

    def visit_AsyncFunctionDef(self, node: ast.AsyncFunctionDef) -> None:
        """Drop a coroutine function."""

    def visit_If(self, node: ast.If) -> ast.AST | list[ast.stmt]:
        """Keep of `if TYPE_CHECKING` only the other branch."""
        self.generic_visit(node)
        return node.orelse if ast.unparse(node.test).endswith("TYPE_CHECKING") else node


def heavy_imports(module: str, source: str, *, package: bool = False) -> list[str]:
    """Return what a module imports when it is loaded, beyond the standard library, pytest and light rooms."""
    at_import = AtImport().visit(ast.parse(source))
    return [
        f"{module} imports {name}"
        for name in imports(at_import, module, package=package)
        if name.partition(".")[0] not in sys.stdlib_module_names | {"pytest"}
        and not (name.partition(".")[0] == "mockspaces" and room(name) in LIGHT)
        and not is_fact_of_the_package(name)
    ]


def private_engineio(source: str) -> list[str]:
    """Return the places where a module reaches for what python-engineio keeps to itself."""
    engines = {"eio", "engineio"}
    if not any(name in source for name in engines):
        return []
    tree = parsed(source)
    found = []
    for node in ast.walk(tree):
        match node:
            case ast.Import() | ast.ImportFrom():
                prefix = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
                for alias in node.names:
                    path = f"{prefix}{alias.name}".split(".")
                    if path[0] == "engineio":
                        engines.add(alias.asname or (alias.name if prefix else "engineio"))
                        if any(part.startswith("_") for part in path):
                            found.append(ast.unparse(node))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and re.match(r"_(?!_)", node.attr):
            owner = node.value.attr if isinstance(node.value, ast.Attribute) else ast.unparse(node.value)
            if owner in engines:
                found.append(ast.unparse(node))
    return found


def unexplained_tests(source: str) -> list[str]:
    """Return the test functions whose docstring is not exactly one sentence."""
    return [
        node.name
        for node in functions(ast.parse(source))  # these trees nobody else looks at
        if node.name.startswith("test_") and not is_one_sentence(ast.get_docstring(node) or "")
    ]


def functions(tree: ast.Module | ast.ClassDef) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions of a module and of its classes; what they define inside is no test."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from functions(node)


def is_one_sentence(text: str) -> bool:
    return text.endswith(".") and not re.search(r"\n\s*\n|[.!?]\s+[A-Z]", text)


def cited_constants(source: str) -> list[str]:
    """Return the constants of a module that cite a behaviour, on their own lines or on the comment line right above.

    Such a constant is a fact of the wire and belongs to the contract. Annotated fields of classes, functions and
    the tables of their calls cite what they carry out, which is as it should be.
    """
    lines = source.splitlines()
    found = []
    for node in parsed(source).body:
        if not isinstance(node, ast.Assign | ast.AnnAssign):
            continue
        first = node.lineno - 1
        if first and lines[first - 1].startswith("#"):
            first -= 1
        if any(is_cited(line) for line in lines[first : node.end_lineno]):
            found.append(lines[node.lineno - 1])
    return found


def is_cited(line: str) -> bool:
    """Tell a line with a behaviour id in its comment."""
    comment = line.partition("#")[2]
    return any(key in catalogue() for key in re.findall(r"[A-Z]+(?:-[A-Z0-9]+)*-\d+[a-z]?", comment))


def files_of_the_repository() -> Iterator[Path]:
    """Yield every file but those of hidden folders and of what tools put down."""
    for folder, folders, files in os.walk(ROOT):
        folders[:] = [
            name for name in folders if name[0] != "." and name not in {"__pycache__", "build", "dist", "node_modules"}
        ]
        yield from (Path(folder, name) for name in files)


def module_source(module: str) -> tuple[str, bool]:
    path = MODULES[module]
    return path.read_text(), path.name == "__init__.py"


@pytest.mark.parametrize("module", [name for name in MODULES if room(name) != "contract"])
def test_no_fact_of_the_wire_is_outside_the_contract(module: str) -> None:
    """A constant that cites a behaviour is a row or member of the contract, where overlays and mutants reach it."""
    assert cited_constants(module_source(module)[0]) == []


@pytest.mark.parametrize(
    "source",
    [
        "HIDDEN = 4  # DM-USP-02",
        "HIDDEN: int = 4  # the mock's number (DM-USP-02)",
        'TYPES = {\n    "group": 1,\n}  # USERS-SPACES-04',
        "# Numbers of MISC-LIMIT-01.\nLIMITS = 10",
    ],
)
def test_a_fact_outside_the_contract_is_seen(source: str) -> None:
    """The citation counts on each line of the constant and on the comment line above it."""
    assert cited_constants(source)


@pytest.mark.parametrize(
    "source",
    ["LIMIT = 4  # bytes", "# --- refusals (ERR-ORDER-01)\n\nLIMIT = 4", "def f():\n    limit = 4  # DM-USP-02"],
)
def test_a_constant_of_ours_is_no_fact(source: str) -> None:
    """What cites nothing is free, and so is what a function does for a behaviour."""
    assert cited_constants(source) == []


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_the_arrows(module: str) -> None:
    """No module imports what its room must not know."""
    source, package = module_source(module)
    assert forbidden_imports(module, source, package=package) == []


def test_the_rooms_of_the_cloud_are_those_that_are_drawn() -> None:
    """Every module of the cloud stands in one of the eight rooms."""
    found = {module.split(".")[2] for module in MODULES if module.startswith("mockspaces.cloud.")}
    assert found == CLOUD.keys()


@pytest.mark.parametrize("module", [module for module in MODULES if module.startswith("mockspaces.cloud.")])
def test_arrows_inside_the_cloud_lead_downwards(module: str) -> None:
    """No module of the cloud imports one of a room above or beside its own."""
    source, package = module_source(module)
    assert upward_imports(module, source, package=package) == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("mockspaces.cloud.spaces.access", "from mockspaces.cloud.identity import authentication"),
        ("mockspaces.cloud.store.state", "from mockspaces.cloud.kernel.rejection import Rejection"),
        ("mockspaces.cloud.messaging.meetings", "def late():\n    from mockspaces.cloud.views import message_views"),
    ],
)
def test_an_upward_import_is_seen(module: str, source: str) -> None:
    """An import from a room above, or beside, is found, however it is written."""
    assert len(upward_imports(module, source)) == 1


@pytest.mark.parametrize("module", [module for module in MODULES if room(module) in LIGHT])
def test_light_module_loads_nothing_heavy(module: str) -> None:
    """Importing the client or the plugin loads the standard library and pytest, no more."""
    source, package = module_source(module)
    assert heavy_imports(module, source, package=package) == []


def test_client_loads_without_any_installed_package() -> None:
    """The control client is importable by an interpreter that has no site-packages at all."""
    code = f"import sys; sys.path.insert(0, {str(ROOT)!r}); import mockspaces.client"
    subprocess.run([sys.executable, "-I", "-S", "-c", code], check=True)


@pytest.mark.parametrize("module", sorted(MODULES.keys() - {"mockspaces.realtime.adapter"}))
def test_only_the_adapter_touches_private_engineio(module: str) -> None:
    """What python-engineio keeps private is used in one module, so that an upgrade breaks one module."""
    assert private_engineio(module_source(module)[0]) == []


@pytest.mark.parametrize("folder", ["tests", "contract_tests"])
def test_every_test_says_what_it_shows(folder: str) -> None:
    """Each test function carries one sentence that states the property."""
    missing = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in sorted(files_of_the_repository())
        if path.suffix == ".py" and path.is_relative_to(ROOT / folder)
        for name in unexplained_tests(path.read_text())
    ]
    assert missing == []


def test_repository_stands_alone() -> None:
    """No file refers to the folder that happens to lie beside the developers' checkout."""
    sibling = Path("..", "shared").as_posix().encode()
    named = [str(path.relative_to(ROOT)) for path in files_of_the_repository() if sibling in path.read_bytes()]
    assert named == []


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("mockspaces.rest.spaces", "import mockspaces.realtime.rooms"),
        ("mockspaces.rest.spaces", "from mockspaces import accounts"),
        ("mockspaces.rest.spaces", "from ..control import journal"),
        ("mockspaces.rest.spaces", "def late():\n    from mockspaces.app import create_app"),
        ("mockspaces.asgi.router", "from mockspaces.rest import spaces"),
        ("mockspaces.cloud.kernel.world", "from mockspaces.asgi.exchange import Exchange"),
        ("mockspaces.cloud.kernel.world", "from mockspaces.config import x; import starlette.requests"),
        ("mockspaces.cloud.kernel.world", "if TYPE_CHECKING:\n    from socketio import AsyncServer"),
        ("mockspaces.config", "from mockspaces.cloud import world"),
        ("mockspaces.contract.rows", "from mockspaces.config import Config"),
        ("mockspaces.contract.rows", "from mockspaces import __version__"),
        ("mockspaces.client", "import importlib; importlib.import_module('mockspaces.contract')"),
        ("mockspaces.server", "from mockspaces.control import worlds"),
    ],
)
def test_forbidden_import_is_seen(module: str, source: str) -> None:
    """Each kind of import against the arrows is found, however it is written."""
    assert len(forbidden_imports(module, source)) == 1


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("mockspaces.app", "from mockspaces import accounts, control, realtime, rest"),
        (
            "mockspaces.rest.spaces",
            "from mockspaces.cloud import world; from . import users; import starlette",
        ),
        ("mockspaces.control.health", "from mockspaces import __version__"),
        (
            "mockspaces.cloud.kernel.world",
            "from mockspaces.contract.rows import ENDPOINTS; from .clock import Clock",
        ),
    ],
)
def test_permitted_import_is_left_alone(module: str, source: str) -> None:
    """What the arrows allow is not reported."""
    assert forbidden_imports(module, source) == []


def test_relative_import_of_a_package_starts_at_itself() -> None:
    """One dot means the package in its own __init__, and the parent in a module."""
    tree = ast.parse("from . import rows")
    assert list(imports(tree, "mockspaces.contract", package=True)) == ["mockspaces.contract.rows"]
    assert list(imports(tree, "mockspaces.contract.errors")) == ["mockspaces.contract.rows"]


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("import msgspec", 1),
        ("class C:\n    import httpx", 1),
        ("try:\n    import uvicorn\nexcept ImportError:\n    pass", 1),
        ("from mockspaces.server import Server", 1),
        ("from mockspaces import server", 1),
        ("import json, pytest", 0),
        ("from mockspaces.client import Mockspaces", 0),
        ("def late():\n    import uvicorn", 0),
        ("if TYPE_CHECKING:\n    import uvicorn", 0),
        ("if typing.TYPE_CHECKING:\n    import json\nelse:\n    import uvicorn", 1),
    ],
)
def test_heavy_import_is_seen(source: str, count: int) -> None:
    """What runs at import counts, what waits inside a function or is for type checkers does not."""
    assert len(heavy_imports("mockspaces.pytest_plugin", source)) == count


@pytest.mark.parametrize(
    ("source", "count"),
    [
        ("server.eio._service_task", 1),
        ("import engineio as e\ne._x", 1),
        ("from engineio import async_socket as s\ns._y", 1),
        ("from engineio.base import _private", 1),
        ("import engineio\nengineio.AsyncServer()", 0),
        ("self._own", 0),
        ("server.eio.__class__", 0),
    ],
)
def test_private_engineio_is_seen(source: str, count: int) -> None:
    """Private attributes are found by the names under which the library is known."""
    assert len(private_engineio(source)) == count


@pytest.mark.parametrize(
    ("body", "count"),
    [
        ("pass", 1),
        ('"""No full stop"""', 1),
        ('"""One. Two."""', 1),
        ('"""One.\n\n    Two."""', 1),
        ('"""One, over\n    two lines."""', 0),
    ],
)
def test_missing_sentence_is_seen(body: str, count: int) -> None:
    """A docstring that is missing, unfinished or more than one sentence is found."""
    assert len(unexplained_tests(f"async def test_x():\n    {body}\n")) == count
