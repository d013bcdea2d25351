"""Everybody at every call about a space: one table, a row for each call, a column for each standing."""

from dataclasses import dataclass
from typing import Any

import pytest

from contract_tests.claims import observe
from contract_tests.kit import App, Cloud, Person, behaviour

NO_CLAIMS_YET = True


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
    Row("GET", "/spaces/{space}", "YYYYP", "YPPPOI"),
    Row("POST", "/spaces/{space}", "YPPPP", "YPPPOI", {"description": "x"}),
    Row("DELETE", "/spaces/{space}", "YPPPP", "YPPPOI"),
    Row("POST", "/spaces/{space}/invite", "YYPPP", "YPPPOI", {"invitees": [{"invitee": "new@example.com"}]}),
    Row("GET", "/spaces/{space}/members", "YYYYP", NO_APP),
    Row("GET", "/spaces/{space}/join", "YYYYY", NO_APP),
    Row("POST", "/users/me/spaces/{space}/markread", "YYYYP", NO_APP, {}),
    Row("POST", "/users/me/spaces/{space}/hide", "YYYYP", NO_APP, {}),
    Row("GET", "/spaces/{space}/messages/byref", "YYYYP", "YYPPOI"),
    Row("GET", "/spaces/{space}/messages/query", "YYYYP", NO_APP),
    Row("POST", "/spaces/{space}/chats", "YYYYP", "YYYPOI", TEXT),
    Row("GET", "/spaces/{space}/ideas", "YYYYP", "YYPPOI"),
    Row("POST", "/spaces/{space}/ideas", "YYPPP", "YYPPOI", TEXT),
    Row("GET", "/spaces/{space}/tasks", "YYPPP", "YYPPOI"),
    Row("POST", "/spaces/{space}/tasks", "YYPPP", "YYPPOI", TEXT),
    Row("GET", "/messages/{idea}", "YYYYP", NO_APP),
    Row("POST", "/messages/{idea}", "YYPPP", "YYPPOI", {"_id": "{idea}"}),
    Row("PATCH", "/messages/{task}", "YYPPP", "YYPPOI", {"_id": "{task}"}),
    Row("GET", "/ideas/{idea}/messages", "YYYYP", NO_APP),
    Row("GET", "/tasks/{task}/messages", "YYPPP", NO_APP),
    Row("POST", "/files/getuploadurl", "YYYKP", NO_APP, FILE),
    Row("GET", "/mediasessions/mpaas/token/{space}", "YYYYP", NO_APP),
    Row("GET", "/spaces/{space}/activemeeting", "YYYYP", NO_APP),
    Row("GET", "/spaces/{space}/meetings", "YYYYP", NO_APP),
    Row("POST", "/spaces/{space}/meetings/{meeting}/muteall", "YPPPP", NO_APP, {}),
    Row("POST", "/spaces/{space}/meetings/{meeting}/layout", "YPPPP", NO_APP, {"layout": "x"}),
    Row("POST", "/spaces/{space}/meetings/{meeting}/attendees/user/{guest}/mediastate", "YPYPP", NO_APP, {}),
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


@behaviour("PERM-MAP-01", "PERM-MAP-02", "PERM-MAP-03", "PERM-PRIV-01", "SCOPE-TAB-02", "AUTH-SVC-15", "AUTH-SVC-12")
@pytest.mark.parametrize("private", [False, True], ids=["open", "private"])
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_everybody_gets_what_his_standing_allows(cloud: Cloud, row: Row, private: bool) -> None:  # noqa: FBT001 - a table
    """Each standing in, out of and across a space is let in or refused as its cell of the table says."""
    apps = accounts(cloud)
    roster = [{"username": apps[f"app {role}"].key["sub"], "role": role} for role in ("admin", "member", "guest")]
    roster += [
        {"username": f"{name}@example.com", "role": role} for name, role in (("mia", "member"), ("gus", "guest"))
    ]
    roster += [{"username": apps["inactive app"].key["sub"], "role": "admin"}]
    ann, mia, gus = (cloud.user(f"{name}@example.com") for name in ("ann", "mia", "gus"))
    space = cloud.open_space(ann, members=roster)
    anonymous = cloud.guest()
    cloud.call("GET", f"/spaces/{space}/join", anonymous)
    ids = {
        "space": space,
        "guest": gus.id,
        "idea": cloud.message(space, ann, kind="ideas")["_id"],
        "task": cloud.message(space, ann, kind="tasks")["_id"],
        "meeting": cloud.meeting(space, ann, gus)["_id"],
    }
    if private:
        cloud.call("POST", f"/spaces/{space}", ann, json={"settings": {"memberOnly": True}})
    cloud.control("PATCH", f"/service-apps/{apps['inactive app'].key['iss']}", {"active": False})
    callers = dict(zip(PEOPLE, (ann, mia, gus, anonymous, cloud.user("sid@elsewhere.example")), strict=True)) | apps
    cells = dict(zip((*PEOPLE, *APPS), row.people + row.apps, strict=True))
    if private:  # strangers of a private space learn that it is for members only, wherever its turn comes
        cells |= {name: "M" for name in ("stranger", "app stranger") if cells[name] in "YP"}
    found, wanted = {}, {}
    for name in sorted(callers, key=lambda name: name.endswith("admin")):  # who may delete, comes last
        if cells[name] == "Y" and row.method == "DELETE" and name == "app admin":
            continue  # the space is gone by then
        found[name] = outcome(cloud, row, callers[name], ids)
        wanted[name] = WORDS[cells[name]]
    observe(found, wanted)
