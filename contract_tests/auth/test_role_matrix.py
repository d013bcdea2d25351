"""Everybody at every call about a space: one table, a row for each call, a column for each standing."""

from dataclasses import dataclass
from typing import Any

import pytest

from contract_tests.claims import claim, observe
from contract_tests.kit import App, Cloud, Person, behaviour

# What a cell of the table says: Y lets the caller in, every other letter is a refusal.
WORDS = {
    "Y": (200, None),
    "P": (403, "permission.denied"),
    "M": (403, "space.members_only"),
    "S": (403, "scope.missing"),
    "K": (403, "auth.kind_not_allowed"),
    "O": (403, "permission.other_company"),
    "I": (401, "auth.app_inactive"),
}
PEOPLE = ("admin", "member", "guest", "anonymous", "stranger")
APPS = ("app admin", "app member", "app guest", "app stranger", "app of another company", "inactive app")


@dataclass(frozen=True)
class Row:
    """A call about a space, with one letter for each of `PEOPLE` and `APPS`."""

    method: str
    path: str
    people: str
    apps: str
    body: Any = None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"


TEXT = {"content": {"bodyText": "x"}}
HAND = {"attendeeId": "{guest}"}
FILE = {"files": [{"Content-Type": "text/plain", "Content-Length": 1}], "topicId": "{space}"}
NO_APP = "SSSSSI"

TABLE = (
    Row("GET", "/spaces/{space}", "YYYYY", "YPPPOI"),
    Row("POST", "/spaces/{space}", "YPPPP", "YPPPOI", {"description": "x"}),
    Row("DELETE", "/spaces/{space}", "YPPPP", "YPPPOI"),
    Row("POST", "/spaces/{space}/invite", "YYPPP", "YPPPOI", {"invitees": [{"invitee": "new@example.com"}]}),
    Row("GET", "/spaces/{space}/members", "YYYYY", NO_APP),
    Row("GET", "/spaces/{space}/join", "YYYYY", NO_APP),
    Row("POST", "/users/me/spaces/{space}/markread", "YYYYP", NO_APP, {}),
    Row("POST", "/users/me/spaces/{space}/hide", "YYYYP", NO_APP, {}),
    Row("GET", "/spaces/{space}/messages/byref", "YYYYY", "YYPPOI"),
    Row("GET", "/spaces/{space}/messages/query", "YYYYY", NO_APP),
    Row("POST", "/spaces/{space}/chats", "YYYYP", "YYYPOI", TEXT),
    Row("GET", "/spaces/{space}/ideas", "YYYYY", "YYPPOI"),
    Row("POST", "/spaces/{space}/ideas", "YYPPP", "YYPPOI", TEXT),
    Row("GET", "/spaces/{space}/tasks", "YYYYY", "YYPPOI"),
    Row("POST", "/spaces/{space}/tasks", "YYPPP", "YYPPOI", TEXT),
    Row("GET", "/messages/{idea}", "YYYYP", NO_APP),
    Row("POST", "/messages/{idea}", "YYPPP", "YYPPOI", {"_id": "{idea}"}),
    Row("PATCH", "/messages/{task}", "YYPPP", "YYPPOI", {"_id": "{task}"}),
    Row("GET", "/ideas/{idea}/messages", "YYYYY", NO_APP),
    Row("GET", "/tasks/{task}/messages", "YYYYY", NO_APP),
    Row("POST", "/files/getuploadurl", "YYYKP", NO_APP, FILE),
    Row("GET", "/mediasessions/mpaas/token/{space}", "YYYYP", NO_APP),
    Row("GET", "/spaces/{space}/activemeeting", "YYYYY", NO_APP),
    Row("GET", "/spaces/{space}/meetings", "YYYYY", NO_APP),
    Row("POST", "/spaces/{space}/meetings/{meeting}/muteall", "YPPPP", NO_APP, {}),
    Row("POST", "/spaces/{space}/meetings/{meeting}/layout", "YPPPP", NO_APP, {"layout": "x"}),
    Row("POST", "/spaces/{space}/meetings/{meeting}/attendees/user/{guest}/mediastate", "YYYPP", NO_APP, {}),
    Row("POST", "/spaces/{space}/meetings/{meeting}/attendees/user/{guest}/operation", "YPYPP", NO_APP, {}),
    Row("POST", "/spaces/{space}/meetings/{meeting}/attendees/raisedhands", "YYYYP", NO_APP, {}),
    Row("POST", "/spaces/{space}/meetings/{meeting}/attendees/raisedhands/accept", "YPPPP", NO_APP, HAND),
    Row("POST", "/spaces/{space}/meetings/{meeting}/attendees/raisedhands/lower", "YPYPP", NO_APP, HAND),
    Row("POST", "/spaces/{space}/meetings/{meeting}/end", "YPPPP", NO_APP, {}),
)


def filled(value: Any, ids: dict[str, str]) -> Any:
    """Put ids into the places of a path or body."""
    if isinstance(value, str):
        return value.format(**ids)
    if isinstance(value, dict):
        return {key: filled(inner, ids) for key, inner in value.items()}
    return [filled(inner, ids) for inner in value] if isinstance(value, list) else value


def outcome(cloud: Cloud, row: Row, who: Person | App, ids: dict[str, str]) -> tuple[int, str | None]:
    content = {} if row.body is None else {"json": filled(row.body, ids)}
    answer = cloud.call(row.method, filled(row.path, ids), who, **content)
    return answer.status_code, None if answer.status_code == 200 else answer.json()["code"]


def accounts(cloud: Cloud) -> dict[str, App]:
    """Return an app for each of `APPS`; the inactive one is switched off by the test."""
    cloud.control("POST", "/companies", {"name": "Foreign", "domains": ["foreign.example"]})
    return {name: cloud.app(company="Foreign" if name.endswith("company") else "Example") for name in APPS}


def permission(row: Row) -> str:
    """Return the statement about the roles that a call is open to (PERM-MAP)."""
    return {"YYYY": "PERM-MAP-01", "YYYK": "PERM-MAP-01", "YYPP": "PERM-MAP-02"}.get(row.people[:4], "PERM-MAP-03")


def places(cloud: Cloud, row: Row, space: str, owner: Person, other: Person) -> dict[str, str]:
    """Return the ids that a row names, of things that are made for it."""
    wanted = f"{row.path} {row.body}"
    ids = {"space": space, "guest": other.id}
    for name in ("idea", "task"):
        if f"{{{name}}}" in wanted:
            ids[name] = cloud.message(space, owner, kind=f"{name}s")["_id"]
    if "meeting" in wanted:
        ids["meeting"] = cloud.meeting(space, owner, other)["_id"]
    return ids


def in_private(cells: dict[str, str], stranger: str) -> dict[str, str]:
    """Return the cells of a private space: strangers learn that it is for members only, wherever its turn comes."""
    return cells | ({stranger: "M"} if cells[stranger] in "YP" else {})


@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=behaviour(permission(row), "PERM-PRIV-01"), id=str(row)) for row in TABLE]
)
def test_everybody_gets_what_their_standing_allows(cloud: Cloud, row: Row, private: bool) -> None:  # noqa: FBT001 - a table
    """Each person in and out of a space is let in or refused as their cell of the table says."""
    ann, mia, gus = (cloud.jwt_user(f"{name}@example.com") for name in ("ann", "mia", "gus"))
    roster = [{"username": mia.username, "role": "member"}, {"username": gus.username, "role": "guest"}]
    space = cloud.open_space(ann, members=roster)
    anonymous = cloud.guest()
    cloud.call("GET", f"/spaces/{space}/join", anonymous)
    sid = cloud.jwt_user("sid@elsewhere.example")
    ids = places(cloud, row, space, ann, gus)
    if private:
        cloud.shut(space, ann)
    cells = dict(zip(PEOPLE, row.people, strict=True))
    cells = in_private(cells, "stranger") if private else cells
    callers = dict(zip(PEOPLE, (ann, mia, gus, anonymous, sid), strict=True))
    for name in reversed(PEOPLE):  # who may delete, comes last
        shown = "PERM-PRIV-01" if name == "stranger" else permission(row)
        with claim(shown, f"{name}: {WORDS[cells[name]][1] or 'let in'}"):
            observe(outcome(cloud, row, callers[name], ids), WORDS[cells[name]])


def with_apps(cloud: Cloud, row: Row, *, private: bool) -> tuple[dict[str, App], dict[str, str]]:
    """Return the apps of a row, in the roster of a new space where they belong, and the ids that it names."""
    apps = accounts(cloud)
    roles = {"app admin": "admin", "app member": "member", "app guest": "guest", "inactive app": "admin"}
    ann, gus = cloud.jwt_user(), cloud.jwt_user("gus@example.com")
    roster = [{"username": apps[name].key["sub"], "role": role} for name, role in roles.items()]
    roster += [{"username": gus.username, "role": "guest"}]
    space = cloud.open_space(ann, members=roster)
    ids = places(cloud, row, space, ann, gus)
    if private:
        cloud.shut(space, ann)
    cloud.control("PATCH", f"/service-apps/{apps['inactive app'].key['iss']}", {"active": False})
    return apps, ids


@behaviour("SCOPE-TAB-02", "AUTH-SVC-12", "AUTH-SVC-15", "PERM-PRIV-01")
@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
@pytest.mark.parametrize("row", [row for row in TABLE if row.apps != NO_APP], ids=str)
def test_service_accounts_get_what_their_standing_allows(cloud: Cloud, row: Row, private: bool) -> None:  # noqa: FBT001 - a table
    """A service account in, out of and across a space is let in or refused as its cell of the table says."""
    apps, ids = with_apps(cloud, row, private=private)
    cells = dict(zip(APPS, row.apps, strict=True))
    cells = in_private(cells, "app stranger") if private else cells
    shown = {"app stranger": "PERM-PRIV-01", "app of another company": "AUTH-SVC-15", "inactive app": "AUTH-SVC-12"}
    for name in reversed(APPS):  # who may delete, comes last
        with claim(shown.get(name, "SCOPE-TAB-02"), f"{name}: {WORDS[cells[name]][1] or 'let in'}"):
            observe(outcome(cloud, row, apps[name], ids), WORDS[cells[name]])


@behaviour("AUTH-SVC-14", "AUTH-SVC-12")
@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
@pytest.mark.parametrize("row", [row for row in TABLE if row.apps == NO_APP], ids=str)
def test_no_standing_opens_a_call_without_scope(cloud: Cloud, row: Row, private: bool) -> None:  # noqa: FBT001 - a table
    """What no scope opens is closed to every service account, even to the admin of a space."""
    apps, ids = with_apps(cloud, row, private=private)
    cells = dict(zip(APPS, row.apps, strict=True))
    for name in APPS:
        shown = "AUTH-SVC-12" if name == "inactive app" else "AUTH-SVC-14"
        with claim(shown, f"{name}: {WORDS[cells[name]][1]}"):
            observe(outcome(cloud, row, apps[name], ids), WORDS[cells[name]])
