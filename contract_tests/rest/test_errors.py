import json
from collections.abc import Callable
from typing import Any

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import TEXT, App, Cloud, Person, behaviour, refused

NO_CLAIMS_YET = True


NO_ID = "f" * 24
TITLE = {"topic": {"title": "Room"}}


@behaviour("ERR-BODY-01", "REST-RES-02", "REST-RES-05")
def test_every_refusal_has_one_form(cloud: Cloud) -> None:
    """Code and message, as JSON, and no WWW-Authenticate header."""
    user = cloud.user()
    refusals = [
        cloud.call("GET", "/users/me"),
        cloud.call("POST", "/spaces/invite", cloud.guest(), json=TITLE),
        cloud.call("GET", f"/spaces/{NO_ID}", user),
        cloud.call("GET", "/nothing"),
        cloud.call("DELETE", "/users/me", user),
        cloud.call("POST", "/spaces/invite", user, json={}),
    ]
    expect([answer.status_code for answer in refusals], [401, 403, 404, 404, 405, 400])
    for answer in refusals:
        expect(answer.json()["message"], TEXT)
        observe(answer.json(), {"code": TEXT, "message": TEXT})
        observe(answer.headers["content-type"], "application/json; charset=utf-8")
        observe([name for name in answer.headers if name == "www-authenticate"], [])


@behaviour("ERR-BODY-02")
def test_the_vendors_own_code_is_spelt_as_the_vendor_does(cloud: Cloud) -> None:
    """A stranger at an archived space meets the documented code, three s and all."""
    space = cloud.open_space(cloud.user(), archived=True)
    answer = cloud.call("GET", f"/spaces/{space}/join", cloud.guest())
    expect(answer.json()["code"], "topic.invalid_acesss_to_archived_topic")


@behaviour("ERR-BODY-01", "ERR-STD-01")
def test_the_reason_stays_out_of_the_answer(cloud: Cloud) -> None:
    """The body of a 401 does not tell what was wrong; the journal does."""
    app = cloud.app()
    answer = cloud.call("GET", "/users/me", Person("", "", f"service_app {app.sign(headers={'kid': 'ab12'})}"))
    refused(answer, 401, "auth.credential_invalid")
    assert "ab12" not in answer.text
    assert "ab12" in cloud.why(path="/api/users/me")


STANDARD: dict[str, tuple[str, str, object, int, str]] = {
    "no credential": ("GET", "/users/me", None, 401, "auth.credential_missing"),
    "kind": ("POST", "/spaces/invite", "guest", 403, "permission.denied"),
    "scope": ("GET", "/users/me", "app", 403, "scope.missing"),
    "unknown id": ("GET", f"/spaces/{NO_ID}", "user", 404, "space.not_found"),
    "unknown path": ("GET", "/nobody/knows", "user", 404, "route.not_found"),
    "wrong method": ("PUT", "/users/me", "user", 405, "method.not_allowed"),
    "validation": ("POST", "/spaces/invite", "user", 400, "request.invalid"),
}


@behaviour("ERR-STD-01")
@pytest.mark.parametrize(("method", "path", "who", "status", "code"), STANDARD.values(), ids=STANDARD)
def test_the_standard_errors(cloud: Cloud, method: str, path: str, who: str | None, status: int, code: str) -> None:
    """Every kind of refusal has its status and code."""
    callers: dict[str | None, Callable[[], Person | App]] = {"guest": cloud.guest, "app": cloud.app, "user": cloud.user}
    refused(cloud.call(method, path, callers[who]() if who else None), status, code)


@behaviour("ERR-STD-01")
@pytest.mark.parametrize(
    ("method", "path", "allow"),
    [
        ("DELETE", "/users/me", "GET"),
        ("GET", "/anonymous/auth", "POST"),
        ("PUT", "/users/me", "GET"),
        ("POST", "/service-configurations", "GET"),
    ],
)
def test_a_wrong_method_names_the_right_ones(cloud: Cloud, method: str, path: str, allow: str) -> None:
    """A 405 comes with the methods that the path has, before any credential is looked at."""
    answer = cloud.call(method, path)
    refused(answer, 405, "method.not_allowed")
    observe(answer.headers.get("allow"), allow)


@behaviour("ERR-ORDER-05")
@pytest.mark.parametrize("path", ["/spaces/invite", "/topics/invite"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_literal_segment_wins_over_a_parameter(cloud: Cloud, method: str, path: str) -> None:
    """The word invite is no space id: another method on that path is 405, not 404."""
    refused(cloud.call(method, path, cloud.user()), 405, "method.not_allowed")


@behaviour("ERR-ORDER-03")
@pytest.mark.parametrize("authorization", ["", '"', "Basic x", "Bearer nothing", "service_app a.b.c", "jwt ..", "\xff"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/service-configurations"), ("POST", "/anonymous/auth"), ("GET", "/../health")]
)
def test_an_open_call_ignores_the_credential(cloud: Cloud, method: str, path: str, authorization: str) -> None:
    """A call that needs no credential is not hurt by a bad one."""
    url = f"{cloud.origin}/health" if "health" in path else f"{cloud.api}{path}"
    answer = cloud.http.request(method, url, headers=[(b"Authorization", authorization.encode("latin-1"))])
    observe(answer.status_code, 200)


def protected_space(cloud: Cloud, **members: Any) -> str:
    return cloud.open_space(cloud.user(), settings={"confPin": "1234"}, **members)


@behaviour("ERR-ORDER-01")
def test_path_and_method_come_before_the_credential(cloud: Cloud) -> None:
    """An unknown path or a wrong method is told to everybody."""
    for who in (None, Person("", "", "Bearer nothing"), cloud.app("users.search")):
        refused(cloud.call("GET", "/nothing", who), 404, "route.not_found")
        refused(cloud.call("PUT", "/users/me", who), 405, "method.not_allowed")


@behaviour("ERR-ORDER-01")
def test_the_credential_comes_before_kind_and_scope(cloud: Cloud) -> None:
    """A bad credential is 401 also where its kind would be 403 anyway."""
    app = cloud.app("users.search")
    expired = Person("", "", f"service_app {app.sign(app.claims(exp=1))}")
    refused(cloud.call("GET", "/users/me", expired), 401, "auth.credential_expired")
    poor = cloud.control("POST", "/tokens", {"username": "ann@example.com", "scope": "email", "expires_in": -1})
    stale = Person("", "", f"Bearer {poor['token']}")
    refused(cloud.call("GET", "/users/me", stale), 401, "auth.credential_expired")


@behaviour("ERR-ORDER-01")
def test_kind_and_scope_come_before_the_ids_of_the_path(cloud: Cloud) -> None:
    """Who lacks the scope does not learn which ids exist."""
    for who, code in (
        (cloud.app("users.search"), "scope.missing"),
        (cloud.user(scope="email"), "scope.oauth_missing"),
    ):
        refused(cloud.call("GET", f"/spaces/{NO_ID}", who), 403, code)


@behaviour("ERR-ORDER-01")
def test_the_ids_of_the_path_come_before_the_body(cloud: Cloud) -> None:
    """An unknown space is 404 whatever the body holds."""
    answer = cloud.call("POST", f"/spaces/{NO_ID}", cloud.user(), content=b"{")
    refused(answer, 404, "space.not_found")


@behaviour("ERR-ORDER-01", "AUTH-SVC-15")
def test_the_company_comes_before_the_stranger(cloud: Cloud) -> None:
    """A service app at a private, protected space of another company reads of the company."""
    rita = cloud.user("rita@rival.example")
    space = cloud.open_space(rita, settings={"memberOnly": True, "confPin": "1"})
    refused(cloud.call("GET", f"/spaces/{space}", cloud.app()), 403, "permission.other_company")


@behaviour("ERR-ORDER-01", "PERM-PRIV-01")
def test_the_stranger_comes_before_the_pin(cloud: Cloud) -> None:
    """A stranger at a private space is not asked for the PIN, nor told whether his is right."""
    space = cloud.open_space(cloud.user(), settings={"memberOnly": True, "confPin": "1234"})
    for headers in ({}, {"spaces-x-space-password": "0"}, {"spaces-x-space-password": "1234"}):
        for who in (cloud.guest(), cloud.user("bob@example.com")):
            refused(cloud.call("GET", f"/spaces/{space}/join", who, headers=headers), 403, "space.members_only")


@behaviour("ERR-ORDER-01", "PERM-PIN-04")
def test_the_pin_comes_before_the_state_of_the_space(cloud: Cloud) -> None:
    """At an archived, protected space a stranger meets the PIN first and the archive then."""
    space = protected_space(cloud, archived=True)
    guest = cloud.guest()
    refused(cloud.call("GET", f"/spaces/{space}/join", guest), 403, "space.pin_required")
    right = {"spaces-x-space-password": "1234"}
    code = "topic.invalid_acesss_to_archived_topic"
    refused(cloud.call("GET", f"/spaces/{space}/join", guest, headers=right), 403, code)


@behaviour("ERR-ORDER-01", "PERM-MAP-04")
def test_the_permission_comes_before_the_body(cloud: Cloud) -> None:
    """A guest may not create a space, whatever he sends."""
    for content in (b"", b"{", b'{"topic": {}}'):
        refused(cloud.call("POST", "/spaces/invite", cloud.guest(), content=content), 403, "permission.denied")


@behaviour("ERR-ORDER-01", "ERR-ORDER-04")
def test_syntax_comes_before_the_ids_that_a_body_names(cloud: Cloud) -> None:
    """Of an unknown invitee and a bad date the date is told, wherever it stands."""
    unknown = {"inviteeType": "userId", "invitee": NO_ID}
    user = cloud.user()
    body: dict[str, Any] = {"invitees": [unknown], "topic": {"title": "x"}, "endDateTime": "soon"}
    answer = cloud.call("POST", "/spaces/invite", user, json=body)
    refused(answer, 400, "request.invalid")
    assert "endDateTime" in answer.json()["message"]
    del body["endDateTime"]
    refused(cloud.call("POST", "/spaces/invite", user, json=body), 404, "user.not_found")


@behaviour("ERR-ORDER-02")
@pytest.mark.parametrize("kind", ["private", "open", "personal", "other company"])
def test_what_exists_and_is_forbidden_is_not_hidden(cloud: Cloud, kind: str) -> None:
    """An existing space that may not be read is 403, one that does not exist is 404."""
    ann = cloud.user()
    app = cloud.app()
    room = cloud.control("PATCH", "/users/ann@example.com", {})["meetingroom_id"]
    found: dict[str, tuple[str, Person | App, str]] = {
        "private": (cloud.private_space(ann), cloud.user("bob@example.com"), "space.members_only"),
        "open": (cloud.open_space(ann), cloud.user("bob@example.com"), "permission.denied"),
        "personal": (room, cloud.guest(), "permission.denied"),
        "other company": (cloud.space(cloud.user("rita@rival.example")), app, "permission.other_company"),
    }
    space, who, code = found[kind]
    refused(cloud.call("GET", f"/spaces/{space}", who), 403, code)
    refused(cloud.call("GET", f"/spaces/{space[:-1]}g", who), 404, "space.not_found")
    refused(cloud.call("GET", f"/spaces/{NO_ID}", who), 404, "space.not_found")


@behaviour("ERR-ORDER-02")
@pytest.mark.parametrize(
    "key", ["x", "F" * 24, "f" * 23, "f" * 25, "null", "undefined", "me", "%20", "%00", "a%2Fb", "%F0%9F%92%A9", "-1"]
)
def test_a_malformed_id_is_unknown(cloud: Cloud, key: str) -> None:
    """An id that cannot be one is answered as one that does not exist."""
    user = cloud.user()
    for path in (f"/spaces/{key}", f"/spaces/{key}/join"):
        refused(cloud.call("GET", path, user), 404, "space.not_found")


BAD_BODIES: dict[str, tuple[bytes | dict[str, Any], str]] = {
    "empty": (b"", "topic"),
    "no object": (b"[]", "body"),
    "null": (b"null", "body"),
    "a text": (b'"topic"', "body"),
    "no JSON": (b"topic=x", "JSON"),
    "cut off": (b'{"topic": {"title": "x"}', "JSON"),
    "trailing text": (b'{"topic": {"title": "x"}} x', "JSON"),
    "bad UTF-8": (b'{"topic": {"title": "\xff"}}', "UTF-8"),
    "bad UTF-8 in an unknown member": (b'{"topic": {"title": "x"}, "y": "\xc3("}', "UTF-8"),
    "half of a surrogate pair": (b'{"topic": {"title": "\\ud800"}}', "JSON"),
    "control character": (b'{"topic": {"title": "a\x01b"}}', "JSON"),
    "NaN": (b'{"topic": {"title": NaN}}', "JSON"),
    "single quotes": (b"{'topic': {'title': 'x'}}", "JSON"),
    "comment": (b'{"topic": {"title": "x"} /* */}', "JSON"),
    "topic absent": ({"title": "x"}, "topic"),
    "topic no object": ({"topic": "x"}, "topic"),
    "title absent": ({"topic": {}}, "topic.title"),
    "title no text": ({"topic": {"title": 7}}, "topic.title"),
    "title null": ({"topic": {"title": None}}, "topic.title"),
    "description no text": ({"topic": {"title": "x", "description": []}}, "topic.description"),
    "invitees no list": ({**TITLE, "invitees": {}}, "invitees"),
    "invitee no object": ({**TITLE, "invitees": ["x@example.com"]}, "invitees[0]"),
    "invitee absent": ({**TITLE, "invitees": [{"role": "member"}]}, "invitees[0].invitee"),
    "second invitee bad": ({**TITLE, "invitees": [{"invitee": "a@x.example"}, {"invitee": "@"}]}, "invitees[1]"),
    "unknown role": ({**TITLE, "invitees": [{"invitee": "a@x.example", "role": "owner"}]}, "invitees[0].role"),
    "start no text": ({**TITLE, "startDateTime": 7}, "startDateTime"),
    "unknown channel": ({**TITLE, "informChannel": "pigeon"}, "informChannel"),
}


@behaviour("ERR-STD-01")
@pytest.mark.parametrize(("body", "word"), BAD_BODIES.values(), ids=BAD_BODIES)
def test_the_message_names_the_first_bad_member(cloud: Cloud, body: bytes | dict[str, Any], word: str) -> None:
    """A body that cannot be understood is 400 with a message that names where, and nothing is made."""
    user = cloud.user()
    before = cloud.control("GET", "")["counts"]
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    answer = cloud.call("POST", "/spaces/invite", user, content=content)
    refused(answer, 400, "request.invalid")
    assert word in answer.json()["message"], answer.text
    after = cloud.control("GET", "")["counts"]
    observe({**after, "journal": 0}, {**before, "journal": 0})


@behaviour("ERR-ORDER-01")
def test_a_refusal_leaves_everything_as_it_was(cloud: Cloud) -> None:
    """Refused calls of every step change no count and no member of the space they concern."""
    ann, app = cloud.user(), cloud.app("users.search")
    space = cloud.open_space(ann, settings={"confPin": "1"})
    before, counts = cloud.call("GET", f"/spaces/{space}", ann).json(), cloud.control("GET", "")["counts"]
    for who in (None, Person("", "", "Bearer x"), app, cloud.user(scope="email")):
        for path in (f"/spaces/{space}", f"/spaces/{space}/join", f"/spaces/{NO_ID}/join"):
            assert cloud.call("GET", path, who).status_code in (401, 403, 404)
        assert cloud.call("POST", "/spaces/invite", who, json=TITLE).status_code in (401, 403)
    assert cloud.call("GET", f"/spaces/{space}/join", cloud.user("bob@example.com")).status_code == 403
    after = cloud.control("GET", "")["counts"]
    observe({**after, "journal": 0}, {**counts, "journal": 0})
    observe(cloud.call("GET", f"/spaces/{space}", ann).json(), before)
