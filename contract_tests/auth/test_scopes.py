from dataclasses import dataclass

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import App, Cloud, Person, behaviour, only_mock, refused

NO_CLAIMS_YET = True


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


@behaviour("SCOPE-TAB-01", "AUTH-SVC-14")
@pytest.mark.parametrize("call", TABLE, ids=str)
def test_a_scope_opens_its_call_and_is_needed_for_it(cloud: Cloud, call: Call) -> None:
    """With its scope alone the call gets past the check of scopes, with all others but this one it does not."""
    alone = call.make(cloud, cloud.app(call.scope))
    assert outcome(alone) != MISSING, alone.text
    assert alone.status_code != 500, alone.text
    others = call.make(cloud, cloud.app(*(scope for scope in ALL if scope != call.scope)))
    expect(outcome(others)[0], 403)
    observe(outcome(others), MISSING)
    why = cloud.why(path=f"/api{call.path.format(id=NO_ID)}")
    assert call.scope in why, why


@behaviour("SCOPE-TAB-01")
@pytest.mark.parametrize("scope", ALL)
def test_a_scope_opens_nothing_else(cloud: Cloud, scope: str) -> None:
    """An app with one scope is refused on every call of another scope."""
    only_mock(cloud, "needs an app with one scope alone")
    app = cloud.app(scope)
    for call in TABLE:
        answer = call.make(cloud, app)
        if call.scope != scope and outcome(answer)[1] not in ("route.not_found", "method.not_allowed"):
            observe(outcome(answer), MISSING, str(call))


@behaviour("SCOPE-TAB-01", "AUTH-SVC-14")
def test_an_app_without_scopes_can_do_nothing(cloud: Cloud) -> None:
    """An app that was given no scope is refused on every call, and the reason says that it has none."""
    app = cloud.app("users.search")
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"scopes": []})
    refused(cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "x"}}), *MISSING)
    assert "none" in cloud.why(path="/api/spaces/invite")


@behaviour("DM-APP-04")
@pytest.mark.parametrize("scope", ["spaces.creat", "Spaces.create", "spaces", "email", "", " spaces.create", "*"])
def test_an_unknown_scope_cannot_be_configured(cloud: Cloud, scope: str) -> None:
    """A name that is no scope of service apps is refused when an app is made or changed, and nothing changes."""
    app = cloud.app("users.search")
    before = cloud.control("GET", "")["counts"]
    for method, path in (("POST", "/service-apps"), ("PATCH", f"/service-apps/{app.key['iss']}")):
        body = {"scopes": ["spaces.create", scope]}
        answer = cloud.http.request(method, f"{cloud.urls['control']}{path}", json=body)
        assert (answer.status_code, answer.json()["code"]) == (400, "request.invalid")
    assert cloud.control("GET", "")["counts"] == before
    refused(cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "x"}}), *MISSING)


@behaviour("SCOPE-TAB-02", "SPACES-GET-03", "PERM-MAP-03")
@pytest.mark.parametrize(("role", "status"), [("admin", 200), ("member", 403), ("guest", 403)])
def test_reading_settings_wants_an_admin(cloud: Cloud, role: str, status: int) -> None:
    """A service account reads the settings of a space only as its admin, though members may read it as users."""
    app = cloud.app("spaces.settings.read")
    members = [{"username": app.key["sub"], "role": role}, {"username": "bob@example.com", "role": role}]
    space = cloud.open_space(cloud.user(), members=members)
    answer = cloud.call("GET", f"/spaces/{space}", app)
    expect(answer.status_code, status)
    expect(cloud.call("GET", f"/spaces/{space}", cloud.user("bob@example.com")).status_code, 200)
    if status == 403:
        refused(answer, 403, "permission.denied")
        why = cloud.why(path=f"/api/spaces/{space}", status=403)
        assert "spaces.settings.read" in why, why
        assert role in why, why


@behaviour("SCOPE-TAB-03")
@pytest.mark.parametrize("method", ["POST", "PATCH", "DELETE"])
def test_the_printed_spelling_of_the_task_list_is_for_reading_only(cloud: Cloud, method: str) -> None:
    """GET /spaces/{id}/task is the task list, and no other method is known there."""
    user = cloud.user()
    space = cloud.space(user)
    alias, path = (cloud.call("GET", f"/spaces/{space}/{word}", user) for word in ("task", "tasks"))
    observe((alias.status_code, alias.json()["data"]), (path.status_code, path.json()["data"]))
    observe(cloud.call(method, f"/spaces/{space}/task", user, json={}).status_code, 405)
