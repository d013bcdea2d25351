"""The contract: what is true on the wire, as rows of data.

Everything here is data with a source and a confidence; no rule lives here. `Contract` holds one
deployment's rows and can be overlaid: what a run against staging teaches, and a deliberate mutant, are
both overlays.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any, Self, TypeVar

import msgspec

from mockspaces.contract import (
    control,
    endpoints,
    entrances,
    errors,
    events,
    oauth_errors,
    oauth_scopes,
    permissions,
    scopes,
    shapes,
)
from mockspaces.contract.accounts import Accounts
from mockspaces.contract.limits import Limits
from mockspaces.contract.rest import Rest
from mockspaces.contract.rows import Endpoint, ErrorCode, OAuthScope, Permission, Row, Scope
from mockspaces.contract.shapes.changes import Change
from mockspaces.contract.sockets import Sockets
from mockspaces.contract.spaces import Spaces

AnyRow = TypeVar("AnyRow", bound=Row)
HANDED = {row.id: entrances.ROWS[row.enters].hands for row in endpoints.ROWS}  # what handlers are written for
LONGEST_COMPARED = 256  # characters of a misspelt word


class OverlayError(ValueError):
    """An overlay names a table, row or member that does not exist, or gives a value of the wrong type."""


def nearest(word: str, known: list[str]) -> str:
    """Return ``; did you mean ...?`` with the known word nearest to a misspelt one, or nothing.

    Only the beginning of a very long word counts: a body full of it would hold up all other calls for seconds.
    """
    close = get_close_matches(word[:LONGEST_COMPARED], known, n=1, cutoff=0.5)
    return f'; did you mean "{close[0]}"?' if close else ""


class Contract(msgspec.Struct, frozen=True, kw_only=True):
    """All rows of one deployment by id."""

    endpoints: dict[str, Endpoint]
    permissions: dict[str, Permission]
    scopes: dict[str, Scope]
    oauth_scopes: dict[str, OAuthScope]
    errors: dict[str, ErrorCode]
    limits: Limits
    accounts: Accounts
    spaces: Spaces
    rest: Rest
    sockets: Sockets
    shapes: dict[str, dict[str, Change]] = {}  # what differs from the shapes as they are declared

    @classmethod
    def shipped(cls) -> Self:
        """Return the rows as they are shipped."""
        return cls(
            endpoints={row.id: row for row in (*endpoints.ROWS, *control.ROWS, events.CONNECT)},
            permissions={row.id: row for row in permissions.ROWS},
            scopes={row.name: row for row in scopes.ROWS},
            oauth_scopes={row.name: row for row in oauth_scopes.ROWS},
            errors={row.id: row for row in errors.ROWS + oauth_errors.ROWS},
            limits=Limits(),
            accounts=Accounts(),
            spaces=Spaces(),
            rest=Rest(),
            sockets=Sockets(),
        )

    def overlaid(self, overlay: Mapping[str, Any]) -> Self:
        """Return a contract with some members replaced: ``{table: {row id: {member: value}}}``.

        ``limits`` and other single facts have no rows: ``{"limits": {name: number}}``. Raises `OverlayError`;
        nothing is changed then.
        """
        changed: dict[str, Any] = {}
        for table, rows in overlay.items():
            if not isinstance(rows, Mapping):
                message = f"{table}: expected an object"
                raise OverlayError(message)
            if table not in self.__struct_fields__:
                message = f'no table "{table}"{nearest(table, list(self.__struct_fields__))}'
                raise OverlayError(message)
            known = getattr(self, table)
            if table == "shapes":
                changed[table] = _reshaped(known, rows)
                continue
            changed[table] = (_overlaid if isinstance(known, dict) else _replaced)(known, rows, table)
        contract = msgspec.structs.replace(self, **changed)
        if "endpoints" in overlay:
            contract.check_names()
        return contract

    def overlay(self) -> dict[str, Any]:
        """Return what differs from the shipped rows, as `overlaid` takes it."""
        ours, shipped = msgspec.to_builtins(self), msgspec.to_builtins(self.shipped())
        found: dict[str, Any] = {}
        for table, rows in ours.items():
            if table == "shapes":
                found[table] = rows
                continue
            if not isinstance(getattr(self, table), dict):
                found[table] = _difference(rows, shipped[table])
                continue
            changed = {key: _difference(row, shipped[table][key]) for key, row in rows.items()}
            found[table] = {key: members for key, members in changed.items() if members}
        return {table: rows for table, rows in found.items() if rows}

    def check_names(self) -> None:
        """Raise `OverlayError` if an endpoint names a permission, scope or entrance that is none for it."""
        for row in self.endpoints.values():
            _check_name(row.permission, list(self.permissions), row)
            for scope in filter(None, (row.scope, row.act_as_scope)):
                _check_name(scope, list(self.scopes), row)
            # Its entrance must not need what the path has not, nor hand over what the handler does not take.
            entrance = entrances.ROWS[row.enters]
            missing = [name for name in entrance.needs if f"{{{name}}}" not in row.path]
            if missing or entrance.hands != HANDED.get(row.id, ()):
                problem = f"needs {{{missing[0]}}} in the path" if missing else "is no entrance for its handler"
                message = f'endpoints.{row.id}: "{row.enters}" {problem}'
                raise OverlayError(message)


def _difference(members: Mapping[str, Any], shipped: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value != shipped[name]}


def _check_name(name: str, known: list[str], row: Endpoint) -> None:
    if name not in known:
        message = f'endpoints.{row.id}: no row "{name}"{nearest(name, known)}'
        raise OverlayError(message)


def _overlaid(table: Mapping[str, AnyRow], rows: Mapping[str, Any], name: str) -> dict[str, AnyRow]:
    changed = dict(table)
    for key, members in rows.items():
        if key not in table:
            message = f'{name}: no row "{key}"{nearest(key, list(table))}'
            raise OverlayError(message)
        if not isinstance(members, Mapping):
            message = f"{name}.{key}: expected an object"
            raise OverlayError(message)
        changed[key] = _replaced(table[key], members, f"{name}.{key}")
    return changed


def _reshaped(known: Mapping[str, Mapping[str, Change]], rows: Mapping[str, Any]) -> dict[str, dict[str, Change]]:
    """Return the changes of shapes with others added. A shape, and a member without a value, must exist."""
    try:
        added = msgspec.convert(rows, dict[str, dict[str, Change]])
    except msgspec.ValidationError as error:
        message = f"shapes: {error}"
        raise OverlayError(message) from None
    changed = {name: dict(members) for name, members in known.items()}
    for name, members in added.items():
        shape = shapes.by_name().get(name)
        if shape is None:
            message = f'shapes: no shape "{name}"{nearest(name, list(shapes.by_name()))}'
            raise OverlayError(message)
        names = list(shape.__struct_encode_fields__)
        for member, change in members.items():
            if member not in names and change.value is msgspec.UNSET:
                message = f'shapes.{name}: no member "{member}"{nearest(member, names)}; one that is added has a value'
                raise OverlayError(message)
            changed.setdefault(name, {})[member] = change
    return changed


AnyStruct = TypeVar("AnyStruct", bound=msgspec.Struct)


# What a row is found by, so that another value would find nothing or something else.
FIXED = frozenset({"id", "name", "surface", "method", "path", "aliases"})


def _replaced(row: AnyStruct, members: Mapping[str, Any], where: str) -> AnyStruct:
    known = list(row.__struct_fields__)
    for member in members:
        if member in FIXED and member in known:
            message = f"{where}: {member} is what the row is found by and cannot be replaced"
            raise OverlayError(message)
        if member not in known:
            message = f'{where}: no member "{member}"{nearest(member, known)}'
            raise OverlayError(message)
    try:
        return msgspec.convert(msgspec.to_builtins(row) | dict(members), type(row))
    except msgspec.ValidationError as error:
        message = f"{where}: {error}"
        raise OverlayError(message) from None
