"""Every call with every kind of credential: a row for each call, a letter for each kind that it takes."""

from typing import Any

import pytest

from contract_tests.claims import claim, observe
from contract_tests.kit import App, Cloud, Person, behaviour

NO_ID = "f" * 24
KINDS = {"U": "user JWT", "A": "anonymous JWT", "O": "access token", "S": "service app"}
NOT_THIS_KIND = ((403, "auth.kind_not_allowed"), (403, "scope.missing"))  # the latter tells service apps


def call(shown: str, method: str, path: str, kinds: str, scope: str = "") -> Any:
    """Return a row: the behaviour that it shows, a call, the kinds that it takes, and the scope that apps need."""
    return pytest.param(shown, method, path, kinds, scope, marks=behaviour(shown), id=f"{method} {path}")


TABLE = (
    call("USERS-ME-01", "GET", "/users/me", "UAO"),
    call("USERS-SPACES-01", "GET", "/users/me/spaces", "UAOS", "spaces.list"),
    call("USERS-COLL-01", "GET", "/users/{id}/colleagues", "UAOS", "users.search"),
    call("USERS-COLLBULK-01", "POST", "/users/{id}/colleaguesbulk", "UAOS", "users.search.bulk"),
    call("USERS-PEOPLE-01", "GET", "/users/{id}/people", "UAO"),
    call("USERS-WITHDM-01", "GET", "/users/{id}/people/withdm", "UAO"),
    call("USERS-ROOM-01", "GET", "/users/meetingroom/{id}", "UAO"),
    call("USERS-SETGET-01", "GET", "/users/me/settings", "UAO"),
    call("USERS-SETPOST-01", "POST", "/users/me/settings/{id}", "UAO"),
    call("USERS-PREF-01", "POST", "/users/me/spaces/{id}/preference", "UAO"),
    call("USERS-READ-01", "POST", "/users/me/spaces/{id}/markread", "UAO"),
    call("USERS-HIDE-01", "POST", "/users/me/spaces/{id}/hide", "UAO"),
    call("USERS-MSGS-01", "GET", "/users/me/messages", "UAO"),
    call("USERS-ATT-01", "GET", "/users/me/attachments/natives", "UAO"),
    call("USERS-TASKS-01", "GET", "/users/me/tasks", "UO"),
    call("USERS-IDEAS-01", "GET", "/users/me/ideas", "UO"),
    call("USERS-PUSHADD-01", "POST", "/users/me/cm/subscriptions", "UAO"),
    call("USERS-PUSHDEL-01", "DELETE", "/users/me/cm/subscriptions", "UAO"),
    call("USERS-STATS-01", "GET", "/users/{id}/statistics", "UO"),
    call("USERS-ROLLOUT-01", "GET", "/users/me/featuresrollout", "UO"),
    call("USERS-BULK-01", "POST", "/users/bulkupdate", "S", "accounts.users.bulk.write"),
    call("SPACES-CREATE-01", "POST", "/spaces/invite", "UAOS", "spaces.create"),
    call("SPACES-CREATEOLD-01", "POST", "/spaces", "UO"),
    call("SPACES-GET-01", "GET", "/spaces/{id}", "UAOS", "spaces.settings.read"),
    call("SPACES-UPDATE-01", "POST", "/spaces/{id}", "UAOS", "spaces.settings.write"),
    call("SPACES-DELETE-01", "DELETE", "/spaces/{id}", "UAOS", "spaces.delete"),
    call("SPACES-JOIN-01", "GET", "/spaces/{id}/join", "UAO"),
    call("SPACES-INVITE-01", "POST", "/spaces/{id}/invite", "UAOS", "spaces.invite.write"),
    call("SPACES-INVJOIN-01", "GET", "/spaces/invites/{id}/join", "UAO"),
    call("SPACES-INVUPD-01", "POST", "/spaces/invites/{id}", "UAO"),
    call("SPACES-INVDEL-01", "DELETE", "/spaces/invites/{id}", "UAO"),
    call("SPACES-MEMBERS-01", "GET", "/spaces/{id}/members", "UAO"),
    call("SPACES-ROLE-01", "POST", "/spaces/{id}/attendees/userId/{id}", "UAO"),
    call("SPACES-KICK-01", "DELETE", "/spaces/{id}/attendees/userId/{id}", "UAO"),
    call("SPACES-DIRECT-01", "GET", "/spaces/direct/user/{id}", "UAOS", "spaces.direct.create"),
    call("MSG-BYREF-01", "GET", "/spaces/{id}/messages/byref", "UAOS", "spaces.chat.read"),
    call("MSG-QUERY-01", "GET", "/spaces/{id}/messages/query", "UAO"),
    call("MSG-CHAT-01", "POST", "/spaces/{id}/chats", "UAOS", "spaces.chat.create"),
    call("MSG-IDEAS-01", "GET", "/spaces/{id}/ideas", "UAOS", "spaces.post.read"),
    call("MSG-IDEA-01", "POST", "/spaces/{id}/ideas", "UAOS", "spaces.post.create"),
    call("MSG-TASKS-01", "GET", "/spaces/{id}/tasks", "UAOS", "spaces.task.read"),
    call("MSG-TASK-01", "POST", "/spaces/{id}/tasks", "UAOS", "spaces.task.create"),
    call("MSG-UPDATE-01", "POST", "/messages/{id}", "UAOS", "spaces.messages.write"),
    call("MSG-PATCH-01", "PATCH", "/messages/{id}", "UAOS", "spaces.messages.write"),
    call("MSG-GET-01", "GET", "/messages/{id}", "UAO"),
    call("MSG-DELETE-01", "POST", "/messages/deletemessages", "UAO"),
    call("MSG-COMMI-01", "GET", "/ideas/{id}/messages", "UAO"),
    call("MSG-COMMT-01", "GET", "/tasks/{id}/messages", "UAO"),
    call("MSG-VIEWER-01", "GET", "/messages/{id}/files/{id}/viewerUrl", "UAO"),
    call("FILES-UP-01", "POST", "/files/getuploadurl", "UO"),
    call("FILES-DOWN-01", "POST", "/files/getdownloadurl", "UAO"),
    call("MEET-ACTIVE-01", "GET", "/spaces/{id}/activemeeting", "UAO"),
    call("MEET-LIST-01", "GET", "/spaces/{id}/meetings", "UAO"),
    call("MEET-END-01", "POST", "/spaces/{id}/meetings/{id}/end", "UAO"),
    call("MEET-MUTEALL-01", "POST", "/spaces/{id}/meetings/{id}/muteall", "UAO"),
    call("MEET-MEDIA-01", "POST", "/spaces/{id}/meetings/{id}/attendees/user/{id}/mediastate", "UAO"),
    call("MEET-OPER-01", "POST", "/spaces/{id}/meetings/{id}/attendees/user/{id}/operation", "UAO"),
    call("MEET-HAND-01", "POST", "/spaces/{id}/meetings/{id}/attendees/raisedhands", "UAO"),
    call("MEET-HANDOK-01", "POST", "/spaces/{id}/meetings/{id}/attendees/raisedhands/accept", "UAO"),
    call("MEET-HANDLOW-01", "POST", "/spaces/{id}/meetings/{id}/attendees/raisedhands/lower", "UAO"),
    call("MEET-LAYOUT-01", "POST", "/spaces/{id}/meetings/{id}/layout", "UAO"),
    call("MEET-REC-01", "POST", "/spaces/{id}/meetings/{id}/recordings", "UAO"),
    call("MEET-RECSTOP-01", "POST", "/spaces/{id}/meetings/{id}/recordings/{id}/stop", "UAO"),
    call("MEDIA-TOKEN-01", "GET", "/mediasessions/mpaas/token/{id}", "UAO"),
    call("MISC-LIMIT-01", "GET", "/limit", "UAO"),
    call("MISC-FLAVOR-01", "GET", "/flavor", "UAO"),
    call("MISC-FLAVMAIL-01", "GET", "/flavor/email/{id}", "UAO"),
    call("MISC-CONFNUM-01", "GET", "/confnumbers", "UAO"),
    call("MISC-ANASTART-01", "POST", "/analytics/video/conference/start", "UAO"),
    call("MISC-ANASTOP-01", "POST", "/analytics/video/conference/stop", "UAO"),
    call("MISC-DIALGATHER-01", "POST", "/spacedialin/gatherconferenceid", "UAO"),
    call("MISC-DIALIN-01", "POST", "/spacedialin/dialin", "UAO"),
    call("MISC-CALL-01", "POST", "/spacescalling/aura/call", "UO"),
    call("MISC-DISCOVER-01", "POST", "/apps/spaces/discover", "UAO"),
)


def is_taken(cloud: Cloud, method: str, path: str, who: Person | App) -> bool:
    """Whether a call gets past the check of kinds; ids and bodies, which come later, are bad."""
    content: dict[str, Any] = {} if method in ("GET", "DELETE") else {"json": {}}
    answer = cloud.call(method, path.format(id=NO_ID), who, **content)
    found = answer.json() if answer.status_code == 403 else {}
    return (answer.status_code, found.get("code")) not in NOT_THIS_KIND


@behaviour("ERR-ORDER-01")
@pytest.mark.parametrize(("shown", "method", "path", "kinds", "_scope"), TABLE)
def test_a_call_takes_these_kinds_of_people(
    cloud: Cloud, shown: str, method: str, path: str, kinds: str, _scope: str
) -> None:
    """A call gets past the check of kinds with each kind that it takes, and with no other; ids come later."""
    for letter, caller in {"A": cloud.guest, "U": cloud.jwt_user, "O": cloud.user}.items():
        who = caller()
        with claim(shown, "ERR-ORDER-01", f"{KINDS[letter]}: {'taken' if letter in kinds else 'refused'}"):
            observe(is_taken(cloud, method, path, who), letter in kinds)


@behaviour("ERR-ORDER-01", "AUTH-SVC-14")
@pytest.mark.parametrize(("shown", "method", "path", "kinds", "scope"), TABLE)
def test_a_call_takes_service_apps_by_its_scope(
    cloud: Cloud, shown: str, method: str, path: str, kinds: str, scope: str
) -> None:
    """A service app with the call's scope gets past the check of kinds; a call without scope takes none."""
    app = cloud.app(scope) if scope else cloud.app(lacks=["spaces.websocket"])
    with claim(shown, "ERR-ORDER-01", "AUTH-SVC-14", "taken" if scope else "refused, whatever scopes it has"):
        observe(is_taken(cloud, method, path, app), "S" in kinds)
