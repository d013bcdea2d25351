from dataclasses import dataclass

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import App, Cloud, Person, behaviour, only_mock, refused

NO_ID = "f" * 24
ACT_AS = {"X-Avaya-Act-As": "bob@example.com"}


@dataclass(frozen=True)
class Call:
    """A call that one scope opens (seed 000, section 3); ``{id}`` is an id that does not exist."""

    scope: str
    method: str
    path: str
    act_as: bool = False

    def make(self, cloud: Cloud, who: App | Person, known_id: str = NO_ID) -> httpx.Response:
        """Make the call with an empty body: what is checked after the scope fails anyway."""
        content: dict[str, object] = {} if self.method in ("GET", "DELETE") else {"json": {}}
        headers = ACT_AS if self.act_as else {}
        return cloud.call(self.method, self.path.format(id=known_id), who, headers=headers, **content)

    def __str__(self) -> str:
        return f"{self.scope}: {self.method} {self.path}"


TABLE = (
    Call("accounts.users.bulk.write", "POST", "/users/bulkupdate"),
    Call("spaces.chat.create", "POST", "/spaces/{id}/chats"),
    Call("spaces.chat.read", "GET", "/spaces/{id}/messages/byref"),
    Call("spaces.create", "POST", "/spaces/invite"),
    Call("spaces.create.actas", "POST", "/spaces/invite", act_as=True),
    Call("spaces.delete", "DELETE", "/spaces/{id}"),
    Call("spaces.direct.create", "GET", "/spaces/direct/user/{id}"),
    Call("spaces.invite.write", "POST", "/spaces/{id}/invite"),
    Call("spaces.list", "GET", "/users/me/spaces"),
    Call("spaces.settings.read", "GET", "/spaces/{id}"),
    Call("spaces.settings.write", "POST", "/spaces/{id}"),
    Call("users.search", "GET", "/users/me/colleagues"),
    Call("users.search.bulk", "POST", "/users/me/colleaguesbulk"),
    Call("spaces.post.read", "GET", "/spaces/{id}/ideas"),
    Call("spaces.post.create", "POST", "/spaces/{id}/ideas"),
    Call("spaces.task.read", "GET", "/spaces/{id}/tasks"),
    Call("spaces.task.create", "POST", "/spaces/{id}/tasks"),
    Call("spaces.messages.write", "POST", "/messages/{id}"),
    Call("spaces.messages.write", "PATCH", "/messages/{id}"),
    Call("spaces.task.read", "GET", "/spaces/{id}/task"),
)
ALL = sorted({call.scope for call in TABLE} | {"spaces.websocket"})
MISSING = (403, "scope.missing")


def outcome(answer: httpx.Response) -> tuple[int, str | None]:
    found = answer.json()
    return answer.status_code, found.get("code") if isinstance(found, dict) else None


@behaviour("SCOPE-TAB-01")
@pytest.mark.parametrize("call", TABLE, ids=str)
def test_a_scope_opens_its_call(cloud: Cloud, call: Call) -> None:
    """With its scope alone, on a service perhaps with others, the call gets past the check of scopes."""
    app = cloud.app(call.scope)
    with claim("SCOPE-TAB-01", "the scope opens the call"):
        alone = call.make(cloud, app)
        assert outcome(alone) != MISSING, alone.text
        assert alone.status_code != 500, alone.text


@behaviour("SCOPE-TAB-01", "AUTH-SVC-14")
@pytest.mark.parametrize("call", TABLE, ids=str)
def test_a_call_needs_its_scope(cloud: Cloud, call: Call) -> None:
    """With all scopes but this one the call is refused."""
    app = cloud.app(lacks=[call.scope])
    with claim("SCOPE-TAB-01", "AUTH-SVC-14", "without the scope the call is refused"):
        others = call.make(cloud, app)
        expect(others.status_code, 403)
        refused(others, *MISSING)
        cloud.explains(call.scope, path=f"/api{call.path.format(id=NO_ID)}")
    with claim("AUTH-SVC-14", "the code is scope.missing", about=[others]):
        observe(outcome(others), MISSING)


@behaviour("SCOPE-TAB-01")
@pytest.mark.parametrize("scope", ALL)
def test_a_scope_opens_nothing_else(cloud: Cloud, scope: str) -> None:
    """An app with one scope is refused on every call of another scope."""
    only_mock(cloud, "needs an app with one scope alone")
    app = cloud.app(scope)
    for call in TABLE:
        if call.scope != scope:
            with claim("SCOPE-TAB-01", f"it does not open {call.method} {call.path} of {call.scope}"):
                observe(outcome(call.make(cloud, app)), MISSING, str(call))


@behaviour("SCOPE-TAB-01", "AUTH-SVC-14")
def test_an_app_without_scopes_can_do_nothing(cloud: Cloud) -> None:
    """An app that was given no scope is refused on every call, and the reason says that it has none."""
    app = cloud.app("users.search")
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"scopes": []})
    with claim("SCOPE-TAB-01", "AUTH-SVC-14", "an app without any scope is refused"):
        refused(cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "x"}}), *MISSING)
        cloud.explains("none", path="/api/spaces/invite")


@behaviour("DM-APP-04")
@pytest.mark.parametrize("scope", ["spaces.creat", "Spaces.create", "spaces", "email", "", " spaces.create", "*"])
def test_an_unknown_scope_cannot_be_configured(cloud: Cloud, scope: str) -> None:
    """A name that is no scope of service apps is refused when an app is made or changed, and nothing changes."""
    app, control = cloud.app("users.search"), cloud.urls["control"]
    for method, path in (("POST", "/service-apps"), ("PATCH", f"/service-apps/{app.key['iss']}")):
        with claim("DM-APP-04", f"{method} with it is refused and changes nothing"), cloud.unchanged():
            answer = cloud.http.request(method, f"{control}{path}", json={"scopes": ["spaces.create", scope]})
            assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
    with claim("DM-APP-04", "the app has no more scopes than before"):
        refused(cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "x"}}), *MISSING)


@behaviour("SCOPE-TAB-02", "SPACES-GET-03")
def test_reading_settings_of_the_own_space(cloud: Cloud) -> None:
    """A service account reads the settings of a space that it made, whose admin it is."""
    app = cloud.app("spaces.settings.read", "spaces.create")
    space = cloud.space(app)
    with claim("SCOPE-TAB-02", "SPACES-GET-03", "who made a space reads its settings"):
        expect(cloud.call("GET", f"/spaces/{space}", app).status_code, 200)


@behaviour("SCOPE-TAB-02", "SPACES-GET-03", "PERM-MAP-03")
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("member", 403), ("guest", 403)])
def test_reading_settings_wants_an_admin(cloud: Cloud, role: str, status: int) -> None:
    """A service account reads the settings of a space only as its admin, though members may read it as users."""
    app, bob = cloud.app("spaces.settings.read"), cloud.jwt_user("bob@example.com")
    members = [{"username": app.key["sub"], "role": role}, {"username": bob.username, "role": role}]
    space = cloud.open_space(cloud.jwt_user(), members=members)
    with claim("SPACES-GET-03", "a person reads the space"):
        expect(cloud.call("GET", f"/spaces/{space}", bob).status_code, 200)
    with claim("SCOPE-TAB-02", "SPACES-GET-03", "PERM-MAP-03", f"a service account is answered {status}"):
        answer = cloud.call("GET", f"/spaces/{space}", app)
        expect(answer.status_code, status)
        if status == 403:
            refused(answer, 403, "permission.denied")
            cloud.explains("spaces.settings.read", role, path=f"/api/spaces/{space}", status=403)


@behaviour("SCOPE-TAB-03")
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_the_printed_spelling_of_the_task_list_is_for_reading_only(cloud: Cloud, method: str) -> None:
    """GET /spaces/{id}/task is the task list, and no other method is known there."""
    user = cloud.jwt_user()
    space = cloud.space(user)
    task = cloud.message(space, user, kind="tasks")
    with claim("SCOPE-TAB-03", "both spellings answer the same tasks"):
        alias, path = (cloud.call("GET", f"/spaces/{space}/{word}", user) for word in ("task", "tasks"))
        observe((alias.status_code, alias.json()["data"]), (path.status_code, path.json()["data"]))
        observe([one["_id"] for one in alias.json()["data"]], [task["_id"]])
    with claim("SCOPE-TAB-03", "it is no method of the alias"):
        observe(cloud.call(method, f"/spaces/{space}/task", user, json={}).status_code, 405)
