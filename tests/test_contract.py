"""The rows agree with each other, with the handlers, and with what tests cite."""

import ast
import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_type_hints

import pytest

from mockspaces.accounts.surface import AccountsSurface
from mockspaces.asgi.handlers import Handler, handed_over
from mockspaces.cloud.kernel.world import Origins
from mockspaces.cloud.store.entities import Person
from mockspaces.contract import (
    Contract,
    OverlayError,
    control,
    endpoints,
    entrances,
    errors,
    events,
    nearest,
    oauth_errors,
    permissions,
    queries,
    rows,
    scopes,
)
from mockspaces.contract.behaviours import catalogue
from mockspaces.control.openapi import document
from mockspaces.control.surface import ControlSurface
from mockspaces.rest.entrances import ENTRANCES
from mockspaces.rest.surface import RestSurface
from mockspaces.storage import surface as storage

ROOT = Path(__file__).parent.parent
REST = ROOT / "mockspaces" / "rest"
CONTRACT = Contract.shipped()
SINGLE_FACTS = [name for name in CONTRACT.__struct_fields__ if not isinstance(getattr(CONTRACT, name), dict)]
ALL_ENDPOINTS = (*endpoints.ROWS, *control.ROWS, events.CONNECT)

# Rows without a handler in a table: a namespace is joined, not called, and the storage has two calls only.
WITHOUT_HANDLER = {events.CONNECT.id, storage.PUT, storage.GET}


SURFACES = (AccountsSurface, RestSurface, ControlSurface)


# Calls that answer the same whatever their path names; of the first the route knows a single word.
WHATEVER_THE_PATH_NAMES = {"MISC-CALL", "MISC-FLAVMAIL"}


def repeated(values: Iterable[object]) -> list[object]:
    return [value for value, times in Counter(values).items() if times > 1]


def test_only_the_beginning_of_a_misspelt_word_is_compared() -> None:
    """Five million characters are compared no longer than 256, so that one call does not hold up all others."""
    known = ["scope" * 50]
    assert nearest(known[0] + "x" * 5_000_000, known) == f'; did you mean "{known[0]}"?'
    assert nearest("scoep", ["scope", "other"]) == '; did you mean "scope"?'
    assert not nearest("x" * 5_000_000, known)


def test_ids_are_unique() -> None:
    """No two rows of a table share an id or name, and no two calls share method and path."""
    assert repeated(row.id for row in ALL_ENDPOINTS) == []
    assert repeated((row.method, path) for row in ALL_ENDPOINTS for path in (row.path, *row.aliases)) == []
    assert repeated(row.id for row in (*errors.ROWS, *oauth_errors.ROWS)) == []
    assert repeated(row.id for row in permissions.ROWS) == []
    assert repeated(row.name for row in scopes.ROWS) == []


def test_every_emulated_call_has_one_handler() -> None:
    """Each row that is served has a handler on its own surface, and no handler is without such a row."""
    wanted = {(row.surface, row.id) for row in ALL_ENDPOINTS if row.emulate and row.id not in WITHOUT_HANDLER}
    assert {(surface.name, key) for surface in SURFACES for key in surface.handlers} == wanted


def test_a_row_cannot_have_two_handlers() -> None:
    """Two sections that hand over a handler for the same row are refused by name."""
    section = {"SPACES-GET": 1, "SPACES-JOIN": 2}
    assert handed_over(section, {"SPACES-DELETE": 3}) == {**section, "SPACES-DELETE": 3}
    with pytest.raises(ValueError, match="SPACES-JOIN: more than one handler"):
        handed_over(section, {"SPACES-JOIN": 3})


def test_every_call_is_summed_up_and_every_body_described() -> None:
    """The API document says of each call what it does, and describes each body that a handler decodes."""
    handlers: dict[str, Handler[Any]] = {key: one for surface in SURFACES for key, one in surface.handlers.items()}
    paths = document(CONTRACT, Origins("http://mock"), handlers, "vendor")["paths"]
    shown = {one["operationId"]: one for path in paths.values() for one in path.values() if isinstance(one, dict)}
    assert [key for key, one in handlers.items() if not one.summary or shown[key]["summary"] != one.summary] == []
    bodies = {key: one.get("requestBody", {}).get("content", {}) for key, one in shown.items()}
    described = {key for key, content in bodies.items() if "application/json" in content}
    assert described == {key for key, one in handlers.items() if one.body is not None}


def test_a_handler_takes_what_its_row_enters() -> None:
    """The arguments of each handler of the REST API are the call and what the entrance of its row hands over."""
    for key, handler in RestSurface.handlers.items():
        _call, *taken = [kind for name, kind in get_type_hints(handler.act).items() if name != "return"]
        assert [shown(kind) for kind in taken] == list(entrances.ROWS[CONTRACT.endpoints[key].enters].hands), key


def test_an_entrance_hands_over_what_it_says() -> None:
    """Each entrance has a function, which returns what its row hands over."""
    assert ENTRANCES.keys() == entrances.ROWS.keys() == set(get_args(rows.Enters))
    for key, enter in ENTRANCES.items():
        handed = get_args(get_type_hints(enter)["return"])
        assert [shown(kind) for kind in handed] == list(entrances.ROWS[key].hands), key


def shown(kind: Any) -> str:
    return "Person" if kind == Person else str(kind.__name__)


def test_whatever_a_path_names_is_entered() -> None:
    """The surface looks up every parameter of a path, under each of its aliases, since handlers do not see them."""
    named = {
        (row.id, path): set(re.findall(r"{(\w+)}", path))
        for row in endpoints.ROWS
        if row.emulate and row.surface == "rest" and row.id not in WHATEVER_THE_PATH_NAMES
        for path in (row.path, *row.aliases)
    }
    assert named == {(key, path): set(entrances.ROWS[CONTRACT.endpoints[key].enters].needs) for key, path in named}


def test_what_the_rows_decide_is_done_nowhere_else() -> None:
    """No handler of the REST API enters by itself: only the entrances admit, and look up what a path names."""
    entering = set(
        re.findall(r"(?:access|invites|meetings|messages|roster)\.\w+", (REST / "entrances.py").read_text("utf-8"))
    )
    shared = {"access.standing", "access.find_space", "meetings.check_own"}  # also for what a body names
    assert "access.admit" in entering
    for path in (path for path in REST.glob("*.py") if path.stem not in ("entrances", "surface")):
        used = {
            ast.unparse(node)
            for node in ast.walk(ast.parse(path.read_text("utf-8")))
            if isinstance(node, ast.Attribute)
        }
        assert used & (entering - shared) == set(), path


@pytest.mark.behaviour("SCOPE-TAB-01")
def test_scopes_and_endpoints_name_each_other() -> None:
    """A scope opens exactly the endpoints that name it, and there is at least one."""
    for scope in scopes.ROWS:
        openers = {row.id for row in ALL_ENDPOINTS if scope.name in (row.scope, row.act_as_scope)}
        assert openers, scope.name
        assert scope.endpoint in openers
    assert {row.scope for row in ALL_ENDPOINTS if row.scope} <= CONTRACT.scopes.keys()


@pytest.mark.behaviour("SCOPE-TAB-01")
def test_a_scope_is_no_use_without_the_credential_kind() -> None:
    """An endpoint names a scope if and only if it takes service apps."""
    wrong = [row.id for row in ALL_ENDPOINTS if row.emulate and (row.scope is not None) != ("svc" in row.auth)]
    assert wrong == []


def test_every_permission_exists() -> None:
    """An endpoint asks for a permission that has a row."""
    assert {row.permission for row in ALL_ENDPOINTS} <= CONTRACT.permissions.keys()


def test_every_list_has_a_page_size() -> None:
    """A call has a page size if and only if it reads one."""
    sizes = {row.id for row in ALL_ENDPOINTS if row.page_size}
    assert sizes == {key for key, parameters in queries.ROWS.items() if any(one.name == "size" for one in parameters)}


def test_path_parameters_are_distinct() -> None:
    """No path or alias names a parameter twice."""
    for row in ALL_ENDPOINTS:
        for path in (row.path, *row.aliases):
            assert repeated(re.findall(r"{(\w+)}", path)) == [], path


def test_every_constant_of_an_error_has_a_row() -> None:
    """Whatever code a rule can name has a status and a message."""
    named = {
        value
        for module in (errors, oauth_errors)
        for name, value in vars(module).items()
        if name.isupper() and isinstance(value, str)
    }
    assert named == CONTRACT.errors.keys()


def test_every_row_names_its_source() -> None:
    """A fact without a source is a rumour."""
    tables = (CONTRACT.endpoints, CONTRACT.permissions, CONTRACT.scopes, CONTRACT.errors)
    assert [key for table in tables for key, row in table.items() if not row.source] == []


@pytest.mark.parametrize("table", SINGLE_FACTS)
def test_every_single_fact_names_its_source(table: str) -> None:
    """Every number and word of a table without rows says where it comes from."""
    for name, annotation in type(getattr(CONTRACT, table)).__annotations__.items():
        (meta,) = annotation.__metadata__
        assert meta.extra["source"], name


# --- the catalogue


@cache
def cited(source: str) -> Sequence[str]:
    """Return the behaviour ids that a test module cites in its markers."""
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    marks = [call for call in calls if called(call.func) == "behaviour"]
    return [str(argument.value) for mark in marks for argument in mark.args if isinstance(argument, ast.Constant)]


def called(function: ast.expr) -> str:
    """Return the last part of the name of what is called."""
    return function.attr if isinstance(function, ast.Attribute) else getattr(function, "id", "")


TEST_FILES = sorted(
    path
    for folder in ("tests", "contract_tests")
    for path in (ROOT / folder).rglob("*.py")
    if not any(part.startswith(".") for part in path.relative_to(ROOT).parts)  # environments that tests make
)


@pytest.mark.parametrize("path", TEST_FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_cited_behaviours_exist(path: Path) -> None:
    """A test cites only what the catalogue knows."""
    assert [key for key in cited(path.read_text(encoding="utf-8")) if key not in catalogue()] == []


def test_citations_are_found_however_a_marker_is_written() -> None:
    """Both spellings of the marker are seen, with several ids."""
    source = '@behaviour("A-01", "A-02")\ndef f(): ...\n@pytest.mark.behaviour("B-01")\ndef g(): ...'
    assert cited(source) == ["A-01", "A-02", "B-01"]


def test_catalogue_is_whole() -> None:
    """Every statement has an id of the documented form, a text and its evidence."""
    assert len(catalogue()) > 700
    for key, row in catalogue().items():
        assert re.fullmatch(r"[A-Z]+(-[A-Z0-9]+)*-\d+[a-z]?", key), key
        assert row.statement or row.part, key
        assert row.evidence or key.startswith("RT-EIO-"), key  # those were all measured, and the pack has no column


def test_untested_behaviours_say_why() -> None:
    """A behaviour is excused from having a test by a reason, and nothing excused is cited."""
    excused = {key for key, row in catalogue().items() if row.untested}
    black_box = [path for path in TEST_FILES if "contract_tests" in path.parts]
    shown = {key for path in black_box for key in cited(path.read_text(encoding="utf-8"))}
    assert excused & shown == set()
    assert [key for key in excused if len(catalogue()[key].untested.split()) < 3] == []


def test_every_emulated_call_is_shown_by_a_contract_test() -> None:
    """Each call of the emulated surfaces has a black-box test that cites one of its behaviours."""
    tests = [path.read_text(encoding="utf-8") for path in TEST_FILES if "contract_tests" in path.parts]
    calls = {key.rpartition("-")[0] for source in tests for key in cited(source)}
    assert {row.id for row in endpoints.ROWS if row.emulate} - calls == set()


# --- overlays


@pytest.mark.parametrize(
    "overlay",
    [
        {"errors": {errors.SCOPE_MISSING: {"status": 401}}},
        {"endpoints": {"SPACES-GET": {"scope": None, "auth": ("user",)}}},
        {"permissions": {permissions.TOPIC_READ: {"roles": ("admin",)}}},
        {"scopes": {scopes.SPACES_CREATE: {"roles": ("admin", "member")}}},
        {"endpoints": {"MSG-GET": {"enters": "editable message"}, "USERS-PEOPLE": {"enters": ""}}},
        {"limits": {"json_depth": 5}},
        {"accounts": {"product": "x"}},
        {},
    ],
)
def test_overlay_replaces_what_it_names(overlay: dict[str, Any]) -> None:
    """The members named are replaced, everything else stays, and the difference is the overlay again."""
    changed = CONTRACT.overlaid(overlay)
    assert changed.overlay() == overlay
    assert CONTRACT.overlay() == {}


@pytest.mark.parametrize(
    ("overlay", "why"),
    [
        ({"error": {}}, 'no table "error"; did you mean "errors"?'),
        ({"errors": []}, "errors: expected an object"),
        ({"errors": {"scope.mising": {}}}, 'errors: no row "scope.mising"; did you mean "scope.missing"?'),
        ({"errors": {"scope.missing": []}}, "errors.scope.missing: expected an object"),
        ({"errors": {"scope.missing": {"statsu": 1}}}, 'no member "statsu"; did you mean "status"?'),
        ({"errors": {"scope.missing": {"status": "401"}}}, "errors.scope.missing: Expected `int`"),
        ({"endpoints": {"SPACES-GET": {"permission": "PERM_TOPIC_REED"}}}, 'did you mean "PERM_TOPIC_READ"?'),
        ({"endpoints": {"MSG-GET": {"enters": "massage"}}}, "endpoints.MSG-GET: Invalid enum value 'massage'"),
        ({"endpoints": {"MSG-GET": {"enters": "idea"}}}, 'endpoints.MSG-GET: "idea" needs {ideaId} in the path'),
        ({"endpoints": {"SPACES-GET": {"enters": ""}}}, 'endpoints.SPACES-GET: "" is no entrance for its handler'),
        ({"endpoints": {"CTRL-CLOCK": {"enters": "space"}}}, 'endpoints.CTRL-CLOCK: "space" needs {spaceId}'),
        ({"limits": {"json_dept": 1}}, 'limits: no member "json_dept"; did you mean "json_depth"?'),
        ({"limits": {"json_depth": -1}}, "limits: Expected `int` >= 0"),
    ],
)
def test_bad_overlay_is_refused(overlay: dict[str, Any], why: str) -> None:
    """What does not exist or cannot be is refused by name, with a guess at what was meant."""
    with pytest.raises(OverlayError, match=re.escape(why)):
        CONTRACT.overlaid(overlay)


def test_rows_cannot_be_changed_in_place() -> None:
    """A row belongs to every world, so nobody can write to it."""
    row = CONTRACT.endpoints["SPACES-GET"]
    assert isinstance(row, rows.Endpoint)
    with pytest.raises(AttributeError, match="immutable"):
        row.path = "/"  # type: ignore[misc]
