"""Each of the 19 scopes at work: it alone is enough, only while the app is active, and only in its own company."""

import json
from dataclasses import dataclass
from typing import Any

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import App, Cloud, Person, behaviour, refused
from contract_tests.sockets import Sockets

BOB = "bob@example.com"
TEXT = {"content": {"bodyText": "x"}}
TOPIC = {"topic": {"title": "x"}}
BULK = [{"action": "read", "email": BOB}]


@dataclass(frozen=True)
class Row:
    """A scope and a call that it opens; ``foreign`` is what an app of another company gets at the same objects."""

    scope: str
    method: str
    path: str
    body: Any = None
    foreign: int = 403
    act_as: bool = False

    def __str__(self) -> str:
        return f"{self.scope}-{self.method}"


TABLE = (
    Row("accounts.users.bulk.write", "POST", "/users/bulkupdate", BULK, foreign=200),
    Row("spaces.chat.create", "POST", "/spaces/{space}/chats", TEXT),
    Row("spaces.chat.read", "GET", "/spaces/{space}/messages/byref"),
    Row("spaces.create", "POST", "/spaces/invite", TOPIC, foreign=200),
    Row("spaces.create.actas", "POST", "/spaces/invite", TOPIC, act_as=True),
    Row("spaces.delete", "DELETE", "/spaces/{space}"),
    Row("spaces.direct.create", "GET", "/spaces/direct/user/{bob}"),
    Row("spaces.invite.write", "POST", "/spaces/{space}/invite", {"invitees": [{"invitee": BOB}]}),
    Row("spaces.list", "GET", "/users/me/spaces", foreign=200),
    Row("spaces.settings.read", "GET", "/spaces/{space}"),
    Row("spaces.settings.write", "POST", "/spaces/{space}", {"description": "x"}),
    Row("users.search", "GET", "/users/me/colleagues?search=bob", foreign=200),
    Row("users.search.bulk", "POST", "/users/me/colleaguesbulk", [BOB], foreign=200),
    Row("spaces.post.read", "GET", "/spaces/{space}/ideas"),
    Row("spaces.post.create", "POST", "/spaces/{space}/ideas", TEXT),
    Row("spaces.task.read", "GET", "/spaces/{space}/tasks"),
    Row("spaces.task.create", "POST", "/spaces/{space}/tasks", TEXT),
    Row("spaces.messages.write", "POST", "/messages/{task}", {"_id": "{task}"}),
    Row("spaces.messages.write", "PATCH", "/messages/{task}", {"_id": "{task}"}),
)


def call(cloud: Cloud, row: Row, app: App, ids: dict[str, str]) -> Any:
    text = json.dumps(row.body).replace("{task}", ids.get("task", "")).replace(BOB, ids["address"])
    content = {} if row.body is None else {"json": json.loads(text)}
    headers = {"X-Avaya-Act-As": ids["address"]} if row.act_as else {}
    return cloud.call(
        row.method, row.path.format(**ids).replace("=bob", f"={ids['address']}"), app, headers=headers, **content
    )


def places(cloud: Cloud, row: Row, bob: Person, *admins: App) -> dict[str, str]:
    """Return what a row names; a space has these apps as admins."""
    ids, wanted = {"bob": bob.id, "address": bob.username}, f"{row.path} {row.body}"
    if "{space}" in wanted or "{task}" in wanted:
        ann = cloud.jwt_user()
        ids["space"] = cloud.open_space(ann, members=[{"username": one.key["sub"], "role": "admin"} for one in admins])
        ids["task"] = cloud.message(ids["space"], ann, kind="tasks")["_id"]
    return ids


@behaviour("AUTH-SVC-15", "AUTH-SVC-18")
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_an_app_of_another_company_does_not_reach_it(cloud: Cloud, row: Row) -> None:
    """The scope of a call opens nothing that belongs to another company."""
    foreign, bob = cloud.app(row.scope, company="Rival"), cloud.jwt_user(BOB)
    ids = places(cloud, row, bob)
    with claim("AUTH-SVC-15", "AUTH-SVC-18", "an app of another company does not reach it"):
        answer = call(cloud, row, foreign, ids)
        if row.foreign == 403:
            refused(answer, 403, "permission.other_company")
        else:  # such a call names nothing of the other company, or finds nothing of it
            observe(answer.status_code, row.foreign, answer.text)
            observe(bob.id in answer.text, wanted=False)


@behaviour("SCOPE-TAB-01", "AUTH-SVC-12", "AUTH-SVC-13")
@pytest.mark.parametrize("row", TABLE, ids=str)
def test_one_scope_is_enough_for_its_call(cloud: Cloud, row: Row) -> None:
    """With its scope alone the call succeeds; for an app that is switched off it does not."""
    app, bob = cloud.app(row.scope), cloud.jwt_user(BOB)
    ids = places(cloud, row, bob, app)
    with claim("SCOPE-TAB-01", "an app with the scope may make the call"):
        answer = call(cloud, row, app, ids)
        expect(answer.status_code, 200, answer.text)
        if row.act_as:  # who made the space may not delete it
            cloud.call("DELETE", f"/spaces/{answer.json()['data'][0]['topicId']}", bob)
    inactive = cloud.app(row.scope)
    ids = places(cloud, row, bob, inactive)  # the call may have deleted the other space
    cloud.control("PATCH", f"/service-apps/{inactive.key['iss']}", {"active": False})
    with claim("AUTH-SVC-12", "an app that was switched off is refused"):
        refused(call(cloud, row, inactive, ids), 401, "auth.app_inactive")
    cloud.control("PATCH", f"/service-apps/{inactive.key['iss']}", {"active": True, "account_enabled": False})
    with claim("AUTH-SVC-13", "an app whose service account is disabled is refused"):
        refused(call(cloud, row, inactive, ids), 401, "auth.service_account_disabled")


@behaviour("SCOPE-TAB-01", "AUTH-SVC-12", "AUTH-SVC-13", "RT-AUTH-05")
def test_the_socket_scope_is_enough_for_the_socket(cloud: Cloud, sockets: Sockets) -> None:
    """With spaces.websocket alone an app joins and subscribes; switched off, it does not."""
    app = cloud.app("spaces.websocket")
    with claim("SCOPE-TAB-01", "RT-AUTH-05", "an app with the scope joins the socket"):
        sockets.join(app)
    space = cloud.open_space(cloud.user(), members=[{"username": app.key["sub"], "role": "member"}])
    with claim("SCOPE-TAB-01", "an app with the scope subscribes to a space"):
        observe(sockets.join(app).subscribe(space)[0], "CHANNEL_SUBSCRIBED")
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": False})
    with claim("AUTH-SVC-12", "an app that was switched off does not join"):
        observe(sockets.open(app).join(), '44/chat,"auth.app_inactive"')
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": True, "account_enabled": False})
    with claim("AUTH-SVC-13", "an app whose service account is disabled does not join"):
        observe(sockets.open(app).join(), '44/chat,"auth.service_account_disabled"')
