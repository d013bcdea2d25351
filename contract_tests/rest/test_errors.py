import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from contract_tests.claims import aside, claim, expect, observe
from contract_tests.kit import TEXT, App, Cloud, Person, behaviour, refused
from contract_tests.sockets import direct_space

NO_ID = "f" * 24
TITLE = {"topic": {"title": "Room"}}
BAD = Person("", "", "Bearer nothing")
PIN_OF = "spaces-x-space-password"


def met(answer: httpx.Response, status: int, code: str) -> None:
    """Assert a refusal where the status tells which check came first."""
    observe(answer.status_code, status)
    refused(answer, status, code)


def told(answer: httpx.Response, status: int, code: str) -> None:
    """Assert a refusal where nothing but the code tells which check came first."""
    refused(answer, status, code)
    observe((answer.status_code, answer.json()["code"]), (status, code))


@behaviour("ERR-BODY-01", "REST-RES-02", "REST-RES-05")
def test_every_refusal_has_one_form(cloud: Cloud) -> None:
    """Code and message, as JSON, and no WWW-Authenticate header."""
    calls: dict[str, tuple[int, Callable[[], httpx.Response]]] = {
        "no credential": (401, lambda: cloud.call("GET", "/users/me")),
        "an unknown path": (404, lambda: cloud.call("GET", "/nothing")),
        "an anonymous caller": (403, lambda: cloud.call("POST", "/spaces/invite", cloud.guest(), json=TITLE)),
        "an unknown id": (404, lambda: cloud.call("GET", f"/spaces/{NO_ID}", cloud.user())),
        "a wrong method": (405, lambda: cloud.call("DELETE", "/users/me", cloud.user())),
        "a bad body": (400, lambda: cloud.call("POST", "/spaces/invite", cloud.user(), json={})),
    }
    for what, (status, send) in calls.items():
        answer = send()
        with claim("ERR-BODY-01", f"{what}: code and message", about=[answer]):
            aside(answer.status_code, status, f"status of {what}", of="ERR-STD-01")
            expect(answer.json()["message"], TEXT)
            observe(answer.json(), {"code": TEXT, "message": TEXT})
        with claim("REST-RES-02", f"{what}: JSON in UTF-8", about=[answer]):
            observe(answer.headers["content-type"], "application/json; charset=utf-8")
        with claim("REST-RES-05", f"{what}: no WWW-Authenticate", about=[answer]):
            observe([name for name in answer.headers if name == "www-authenticate"], [])


@behaviour("ERR-BODY-02")
def test_the_vendors_own_code_is_spelt_as_the_vendor_does(cloud: Cloud) -> None:
    """A stranger at an archived space meets the documented code, three s and all."""
    space = cloud.open_space(cloud.user(), archived=True)
    guest = cloud.guest()
    with claim("ERR-BODY-02", "the code of an archived space is the documented one"):
        answer = cloud.call("GET", f"/spaces/{space}/join", guest)
        expect(answer.json()["code"], "topic.invalid_acesss_to_archived_topic")


@behaviour("ERR-BODY-01", "ERR-STD-01")
def test_the_reason_stays_out_of_the_answer(cloud: Cloud) -> None:
    """The body of a 401 does not tell what was wrong; the journal does."""
    app = cloud.app("spaces.create")
    answer = cloud.call("GET", "/users/me", Person("", "", f"service_app {app.sign(headers={'kid': 'ab12'})}"))
    with claim("ERR-STD-01", "an unknown kid is 401", about=[answer]):
        met(answer, 401, "auth.credential_invalid")
    with claim("ERR-BODY-01", "the body does not tell what was wrong", about=[answer]):
        assert "ab12" not in answer.text
        cloud.explains("ab12", path="/api/users/me")


STANDARD: dict[str, tuple[str, str, str, int, str]] = {
    "no credential": ("GET", "/users/me", "", 401, "auth.credential_missing"),
    "kind": ("POST", "/spaces/invite", "guest", 403, "permission.denied"),
    "scope": ("GET", "/users/me", "app", 403, "scope.missing"),
    "unknown id": ("GET", f"/spaces/{NO_ID}", "user", 404, "space.not_found"),
    "unknown path": ("GET", "/nobody/knows", "user", 404, "route.not_found"),
    "wrong method": ("PUT", "/users/me", "user", 405, "method.not_allowed"),
    "validation": ("POST", "/spaces/invite", "user", 400, "request.invalid"),
}


@behaviour("ERR-STD-01")
@pytest.mark.parametrize(("method", "path", "who", "status", "code"), STANDARD.values(), ids=STANDARD)
def test_the_standard_errors(cloud: Cloud, method: str, path: str, who: str, status: int, code: str) -> None:
    """Every kind of refusal has its status and code."""
    callers: dict[str, Callable[[], Person | App | None]] = {
        "": lambda: None,
        "guest": cloud.guest,
        "app": lambda: cloud.app("spaces.create"),
        "user": cloud.user,
    }
    caller = callers[who]()
    with claim("ERR-STD-01", "it has its status"):
        met(cloud.call(method, path, caller), status, code)


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
    with claim("ERR-STD-01", "it is 405 without a credential", about=[answer]):
        met(answer, 405, "method.not_allowed")
    with claim("ERR-STD-01", "it names the methods that the path has", about=[answer]):
        observe(answer.headers.get("allow"), allow)


@behaviour("ERR-ORDER-05")
@pytest.mark.parametrize("path", ["/spaces/invite", "/topics/invite"])
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_literal_segment_wins_over_a_parameter(cloud: Cloud, method: str, path: str) -> None:
    """The word invite is no space id: another method on that path is 405, not 404."""
    user = cloud.user()
    with claim("ERR-ORDER-05", "it is 405"):
        met(cloud.call(method, path, user), 405, "method.not_allowed")


@behaviour("ERR-ORDER-03")
@pytest.mark.parametrize("authorization", ["", '"', "Basic x", "Bearer nothing", "service_app a.b.c", "jwt ..", "\xff"])
@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/service-configurations"), ("POST", "/anonymous/auth"), ("GET", "/../health")]
)
def test_an_open_call_ignores_the_credential(cloud: Cloud, method: str, path: str, authorization: str) -> None:
    """A call that needs no credential is not hurt by a bad one."""
    url = f"{cloud.origin}/health" if "health" in path else f"{cloud.api}{path}"
    with claim("ERR-ORDER-03", "a bad credential does not matter"):
        answer = cloud.http.request(method, url, headers=[(b"Authorization", authorization.encode("latin-1"))])
        observe(answer.status_code, 200)


@behaviour("ERR-ORDER-01")
def test_path_and_method_come_before_the_credential(cloud: Cloud) -> None:
    """An unknown path or a wrong method is told to everybody."""
    callers: dict[str, Callable[[], Person | App | None]] = {
        "nobody": lambda: None,
        "a bad credential": lambda: BAD,
        "a service app": lambda: cloud.app("spaces.create"),
    }
    for what, caller in callers.items():
        who = caller()
        with claim("ERR-ORDER-01", f"an unknown path is told to {what}"):
            met(cloud.call("GET", "/nothing", who), 404, "route.not_found")
        with claim("ERR-ORDER-01", f"a wrong method is told to {what}"):
            met(cloud.call("PUT", "/users/me", who), 405, "method.not_allowed")


@behaviour("ERR-ORDER-01")
@pytest.mark.parametrize("path", ["/spaces//members", "/users/me/spaces//markread"])
def test_an_empty_segment_is_no_id(cloud: Cloud, path: str) -> None:
    """A path in which the id is missing is an unknown path, and not the path of an unknown id."""
    for what, who in (("nobody", None), ("a user", cloud.user())):
        with claim("ERR-ORDER-01", f"it is told to {what}"):
            met(cloud.call("GET", path, who), 404, "route.not_found")


@behaviour("ERR-ORDER-01")
def test_the_credential_comes_before_kind_and_scope(cloud: Cloud) -> None:
    """A bad credential is 401 also where its kind would be 403 anyway."""
    app = cloud.app("spaces.create")
    with claim("ERR-ORDER-01", "an expired JWT where its kind may do nothing is 401"):
        expired = Person("", "", f"service_app {app.sign(app.claims(exp=1))}")
        met(cloud.call("GET", "/users/me", expired), 401, "auth.credential_expired")
    ann = cloud.user()
    poor = cloud.control("POST", "/tokens", {"username": ann.username, "scope": "email", "expires_in": -1})
    with claim("ERR-ORDER-01", "an expired token that lacks the scope is 401"):
        stale = Person("", "", f"Bearer {poor['token']}")
        met(cloud.call("GET", "/users/me", stale), 401, "auth.credential_expired")


@behaviour("ERR-ORDER-01")
@pytest.mark.parametrize("kind", ["app", "token"])
def test_kind_and_scope_come_before_the_ids_of_the_path(cloud: Cloud, kind: str) -> None:
    """Who lacks the scope does not learn which ids exist."""
    who = cloud.user(scope="email") if kind == "token" else cloud.app(lacks=["spaces.settings.read"])
    with claim("ERR-ORDER-01", "who lacks the scope is told so at an unknown id"):
        code = "scope.oauth_missing" if kind == "token" else "scope.missing"
        met(cloud.call("GET", f"/spaces/{NO_ID}", who), 403, code)


@behaviour("ERR-ORDER-01")
def test_the_ids_of_the_path_come_before_the_body(cloud: Cloud) -> None:
    """An unknown space is 404 whatever the body holds."""
    user = cloud.user()
    with claim("ERR-ORDER-01", "an unknown space with a broken body is 404"):
        met(cloud.call("POST", f"/spaces/{NO_ID}", user, content=b"{"), 404, "space.not_found")


@behaviour("ERR-ORDER-01", "AUTH-SVC-15")
def test_the_company_comes_before_the_stranger(cloud: Cloud) -> None:
    """A service app at a private, protected space of another company reads of the company."""
    app, rita = cloud.app("spaces.settings.read"), cloud.user("rita@rival.example")
    space = cloud.open_space(rita, settings={"memberOnly": True, "confPin": "1"})
    answer = cloud.call("GET", f"/spaces/{space}", app)
    with claim("AUTH-SVC-15", "a space of another company is refused", about=[answer]):
        met(answer, 403, "permission.other_company")
    with claim("ERR-ORDER-01", "the company is told, not privacy or PIN", about=[answer]):
        told(answer, 403, "permission.other_company")


@behaviour("ERR-ORDER-01", "PERM-PRIV-01")
def test_the_stranger_comes_before_the_pin(cloud: Cloud) -> None:
    """A stranger at a private space is not asked for the PIN, nor told whether theirs is right."""
    space = cloud.open_space(cloud.user(), settings={"memberOnly": True, "confPin": "1234"})
    pins: dict[str, dict[str, str]] = {"no": {}, "a wrong": {PIN_OF: "0"}, "the right": {PIN_OF: "1234"}}
    strangers: dict[str, Callable[[], Person]] = {
        "an anonymous stranger": cloud.guest,
        "a registered stranger": lambda: cloud.user("bob@example.com"),
    }
    for what, stranger in strangers.items():
        who = stranger()
        for pin, headers in pins.items():
            answer = cloud.call("GET", f"/spaces/{space}/join", who, headers=headers)
            with claim("PERM-PRIV-01", f"{what} with {pin} PIN is refused", about=[answer]):
                met(answer, 403, "space.members_only")
            with claim("ERR-ORDER-01", f"{what} with {pin} PIN is told that the space is private", about=[answer]):
                told(answer, 403, "space.members_only")


@behaviour("ERR-ORDER-01", "PERM-PIN-04")
def test_the_pin_comes_before_the_state_of_the_space(cloud: Cloud) -> None:
    """At an archived, protected space a stranger meets the PIN first and the archive then."""
    space = cloud.open_space(cloud.user(), settings={"confPin": "1234"}, archived=True)
    guest = cloud.guest()
    with claim("ERR-ORDER-01", "PERM-PIN-04", "without the PIN the PIN is told"):
        told(cloud.call("GET", f"/spaces/{space}/join", guest), 403, "space.pin_required")
    with claim("ERR-ORDER-01", "with it the archive is told"):
        answer = cloud.call("GET", f"/spaces/{space}/join", guest, headers={PIN_OF: "1234"})
        told(answer, 403, "topic.invalid_acesss_to_archived_topic")


@behaviour("ERR-ORDER-01", "PERM-MAP-04")
def test_the_permission_comes_before_the_body(cloud: Cloud) -> None:
    """A guest may not create a space, whatever they send."""
    guest = cloud.guest()
    for what, content in (("no body", b""), ("no JSON", b"{"), ("a title absent", b'{"topic": {}}')):
        with claim("ERR-ORDER-01", "PERM-MAP-04", f"{what} is 403"):
            met(cloud.call("POST", "/spaces/invite", guest, content=content), 403, "permission.denied")


@behaviour("ERR-ORDER-01", "ERR-ORDER-04")
def test_syntax_comes_before_the_ids_that_a_body_names(cloud: Cloud) -> None:
    """Of an unknown invitee and a bad date the date is told, wherever it stands."""
    unknown = {"inviteeType": "userId", "invitee": NO_ID}
    user = cloud.user()
    body: dict[str, Any] = {"invitees": [unknown], "topic": {"title": "x"}}
    with claim("ERR-ORDER-01", "ERR-ORDER-04", "of an unknown invitee and a bad date the date is told"):
        answer = cloud.call("POST", "/spaces/invite", user, json={**body, "endDateTime": "soon"})
        met(answer, 400, "request.invalid")
        aside("endDateTime" in answer.text, wanted=True, note="the message names the bad member", of="ERR-STD-01")
    with claim("ERR-ORDER-04", "without it the invitee is"):
        met(cloud.call("POST", "/spaces/invite", user, json=body), 404, "user.not_found")


@behaviour("ERR-ORDER-02")
@pytest.mark.parametrize("kind", ["private", "direct", "other company"])
def test_what_exists_and_is_forbidden_is_not_hidden(cloud: Cloud, kind: str) -> None:
    """An existing space that may not be read is 403, one that does not exist is 404."""
    who: Person | App
    match kind:
        case "private":
            space, code = cloud.private_space(cloud.user()), "space.members_only"
            who = cloud.user("bob@example.com")
        case "direct":
            space, code = direct_space(cloud, cloud.user(), cloud.user("bob@example.com")), "permission.denied"
            who = cloud.user("mia@example.com")
        case _:
            who, code = cloud.app("spaces.settings.read"), "permission.other_company"
            space = cloud.space(cloud.user("rita@rival.example"))
    with claim("ERR-ORDER-02", "what exists is 403"):
        met(cloud.call("GET", f"/spaces/{space}", who), 403, code)
    with claim("ERR-ORDER-02", "a malformed id is 404"):
        met(cloud.call("GET", f"/spaces/{space[:-1]}g", who), 404, "space.not_found")
    with claim("ERR-ORDER-02", "an unknown id is 404"):
        met(cloud.call("GET", f"/spaces/{NO_ID}", who), 404, "space.not_found")


@behaviour("ERR-ORDER-02")
@pytest.mark.parametrize(
    "key", ["x", "F" * 24, "f" * 23, "f" * 25, "null", "undefined", "me", "%20", "%00", "a%2Fb", "%F0%9F%92%A9", "-1"]
)
def test_a_malformed_id_is_unknown(cloud: Cloud, key: str) -> None:
    """An id that cannot be one is answered as one that does not exist."""
    user = cloud.user()
    with claim("ERR-ORDER-02", "to read it is 404"):
        met(cloud.call("GET", f"/spaces/{key}", user), 404, "space.not_found")
    with claim("ERR-ORDER-02", "to join it is 404"):
        met(cloud.call("GET", f"/spaces/{key}/join", user), 404, "space.not_found")


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
    "half of a surrogate pair": (b'{"topic": {"title": "\\ud800"}}', "topic.title"),
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
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    with cloud.unchanged():
        answer = cloud.call("POST", "/spaces/invite", user, content=content)
    with claim("ERR-STD-01", "it is 400", about=[answer]):
        met(answer, 400, "request.invalid")
    with claim("ERR-STD-01", "the message names it", about=[answer]):
        observe(word in answer.json()["message"], wanted=True, note=answer.text)


@behaviour("ERR-ORDER-01")
def test_a_refusal_leaves_everything_as_it_was(cloud: Cloud) -> None:
    """Refused calls of every step change no count and no member of the space they concern."""
    ann = cloud.user()
    space = cloud.open_space(ann, settings={"confPin": "1"})
    before = cloud.call("GET", f"/spaces/{space}", ann).json()
    bob = cloud.user("bob@example.com")
    with claim("ERR-ORDER-01", "a missing PIN changes nothing"), cloud.unchanged():
        assert cloud.call("GET", f"/spaces/{space}/join", bob).status_code == 403
        observe(cloud.call("GET", f"/spaces/{space}", ann).json(), before)
    callers: dict[str, Callable[[], Person | App | None]] = {
        "nobody": lambda: None,
        "a bad credential": lambda: BAD,
        "a token that lacks the scope": lambda: cloud.user(scope="email"),
        "an app that lacks the scopes": lambda: cloud.app(lacks=["spaces.create", "spaces.settings.read"]),
    }
    for what, caller in callers.items():
        who = caller()
        with claim("ERR-ORDER-01", f"what is refused to {what} changes nothing"), cloud.unchanged():
            for path in (f"/spaces/{space}", f"/spaces/{space}/join", f"/spaces/{NO_ID}/join"):
                assert cloud.call("GET", path, who).status_code in (401, 403, 404)
            assert cloud.call("POST", "/spaces/invite", who, json=TITLE).status_code in (401, 403)
            observe(cloud.call("GET", f"/spaces/{space}", ann).json(), before)
