from collections.abc import Callable

import httpx
import pytest

from contract_tests.claims import claim, expect, observe, step
from contract_tests.kit import App, Cloud, Person, behaviour, refused

HEADER = "X-Avaya-Act-As"
PATH = "/api/spaces/invite"
BOB = "bob@example.com"


def create(
    cloud: Cloud, who: Person | App, value: str | bytes, *, body: object = None, path: str = "/spaces/invite"
) -> httpx.Response:
    """Create a space for somebody else; bytes are sent as they are."""
    content = {"topic": {"title": "For you"}} if body is None else body
    if isinstance(value, str):
        return cloud.call("POST", path, who, headers={HEADER: value}, json=content)
    headers = [(b"Authorization", who.authorization.encode()), (HEADER.encode(), value)]
    return cloud.http.post(f"{cloud.api}{path}", headers=headers, json=content)


@step("create a space for somebody else")
def made_for(cloud: Cloud, app: App, owner: Person, path: str) -> str:
    """Return the id of a space that an app made for somebody."""
    answer = create(cloud, app, owner.username, path=path)
    assert answer.status_code == 200, answer.text
    space: str = answer.json()["data"][0]["topicId"]
    return space


def accepted(cloud: Cloud, answer: httpx.Response, owner: Person) -> None:
    """Check that a space was made, and delete it as its owner: who made it may not."""
    expect(answer.status_code, 200, answer.text)
    cloud.call("DELETE", f"/spaces/{answer.json()['data'][0]['topicId']}", owner)


def unknown_colleague(person: str) -> str:
    """Return an address that nobody has, in the domain of somebody."""
    return f"ghost{person[person.index('@') :]}"


@behaviour("AUTH-ACT-01")
@pytest.mark.parametrize("value", [BOB, "ann@example.com", "nobody", ""])
@pytest.mark.parametrize("kind", ["anon", "user", "oauth"])
def test_only_service_apps_act_for_others(cloud: Cloud, kind: str, value: str) -> None:
    """With any other kind of credential the header is refused, whatever it says, before the body is looked at."""
    who = {"oauth": cloud.user, "user": cloud.jwt_user, "anon": cloud.guest}[kind]()
    bodies: dict[str, object] = {"a good body": None, "a bad body": {}}
    for name, body in bodies.items():
        with claim("AUTH-ACT-01", f"with {name} it is refused"):
            refused(create(cloud, who, value, body=body), 403, "auth.kind_not_allowed")
            cloud.explains(HEADER, path=PATH)


@behaviour("AUTH-ACT-02", "SCOPE-TAB-01")
def test_acting_needs_its_own_scope(cloud: Cloud) -> None:
    """With the header spaces.create does not stand for spaces.create.actas."""
    plain = cloud.app("spaces.create", lacks=["spaces.create.actas"])
    body = {"topic": {"title": "Own"}}
    with claim("AUTH-ACT-02", "SCOPE-TAB-01", "without spaces.create.actas it is refused, whoever is named"):
        with cloud.unchanged():
            refused(create(cloud, plain, BOB), 403, "scope.missing")
        cloud.explains("spaces.create.actas", path=PATH)
    with claim("SCOPE-TAB-01", "spaces.create alone opens the call without the header"):
        expect(cloud.call("POST", "/spaces/invite", plain, json=body).status_code, 200)


@behaviour("AUTH-ACT-02", "SCOPE-TAB-01")
def test_the_scope_for_acting_is_enough_for_it_and_for_nothing_else(cloud: Cloud) -> None:
    """Who may only act for others creates no space of its own."""
    acting = cloud.app("spaces.create.actas", lacks=["spaces.create"])
    with claim("SCOPE-TAB-01", "spaces.create.actas does not stand for spaces.create"):
        refused(cloud.call("POST", "/spaces/invite", acting, json={"topic": {"title": "Own"}}), 403, "scope.missing")
    bob = cloud.jwt_user(BOB)
    with claim("AUTH-ACT-02", "SCOPE-TAB-01", "spaces.create.actas is enough with the header"):
        accepted(cloud, create(cloud, acting, bob.username), bob)


@behaviour("AUTH-ACT-02")
@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"bob",
        b"@example.com",
        b"bob@",
        b"bob@@example.com",
        b"bob@x@example.com",
        b"bob@example.com, bob@example.com",
        b"Bob Builder <bob@example.com>",
        b"bob @example.com",
        b"\xff@example.com \xfe",
        b"b" * 9000,
    ],
)
def test_what_is_no_address_is_bad_input(cloud: Cloud, value: bytes) -> None:
    """An empty header, or one that is no single e-mail address, is refused and named in the message."""
    app = cloud.app("spaces.create.actas")
    with claim("AUTH-ACT-02", "it is refused"):
        with cloud.unchanged():
            answer = create(cloud, app, value)
            refused(answer, 400, "request.invalid")
        cloud.explains(HEADER, path=PATH)
    with claim("AUTH-ACT-02", "the message names the header", about=[answer]):
        assert HEADER in answer.json()["message"]


@behaviour("AUTH-ACT-02")
def test_a_repeated_header_is_bad_input(cloud: Cloud) -> None:
    """Two addresses are refused, since nobody can tell who is meant."""
    app = cloud.app("spaces.create.actas")
    (ann, _), (bob, _) = cloud.credentials(), cloud.credentials(BOB)
    headers = [("Authorization", app.authorization), (HEADER, ann), (HEADER, bob)]
    with claim("AUTH-ACT-02", "two headers are refused"), cloud.unchanged():
        answer = cloud.http.post(f"{cloud.api}/spaces/invite", headers=headers, json={"topic": {"title": "x"}})
        refused(answer, 400, "request.invalid")


@behaviour("AUTH-ACT-02")
def test_a_service_account_is_bad_input(cloud: Cloud) -> None:
    """Nobody acts as a service account, not even as the own one."""
    app = cloud.app("spaces.create.actas")
    with claim("AUTH-ACT-02", "the own service account is refused"):
        refused(create(cloud, app, app.key["sub"]), 400, "request.invalid")
        cloud.explains("service account", path=PATH)
    other = cloud.app("spaces.create.actas")
    with claim("AUTH-ACT-02", "the service account of another app is refused"):
        refused(create(cloud, app, other.key["sub"]), 400, "request.invalid")
        cloud.explains("service account", path=PATH)


@behaviour("AUTH-ACT-02")
@pytest.mark.parametrize(
    "value", ["ghost@elsewhere.example", "fred@freelance.example", "rita@rival.example", "sid@elsewhere.example"]
)
def test_another_domain_is_another_company(cloud: Cloud, value: str) -> None:
    """An address in a domain that is not the company's is refused, whether or not it has a user."""
    app = cloud.app("spaces.create.actas")
    address = cloud.credentials(value)[0] if value.startswith(("rita", "sid")) else value
    with claim("AUTH-ACT-02", "it is refused"):
        with cloud.unchanged():
            refused(create(cloud, app, address), 403, "permission.other_company")
        cloud.explains(value, "domain", path=PATH)


@behaviour("AUTH-ACT-02", "ERR-ORDER-04")
def test_an_unknown_user_of_the_company_is_not_found(cloud: Cloud) -> None:
    """An address in the right domain without a user is 404, after the body's syntax and before the invitees."""
    app, (bob, _password) = cloud.app("spaces.create.actas"), cloud.credentials(BOB)
    ghost, unknown = unknown_colleague(bob), [{"inviteeType": "userId", "invitee": "f" * 24}]
    both = {"topic": {"title": "x"}, "invitees": unknown}
    with claim("AUTH-ACT-02", "an unknown colleague is not found"), cloud.unchanged():
        refused(create(cloud, app, ghost), 404, "user.not_found")
        cloud.explains(ghost, path=PATH)
    with claim("ERR-ORDER-04", "an unknown invitee is not found"), cloud.unchanged():
        refused(create(cloud, app, bob, body=both), 404, "user.not_found")
        cloud.explains("f" * 24, path=PATH)
    with claim("ERR-ORDER-04", "the header is looked up before the invitees"), cloud.unchanged():
        refused(create(cloud, app, ghost, body=both), 404, "user.not_found")
        cloud.explains(ghost, path=PATH)
    with claim("ERR-ORDER-04", "the body's syntax comes before the look-up"), cloud.unchanged():
        refused(create(cloud, app, ghost, body={"topic": {"title": ""}}), 400, "request.invalid")
    (rita, _password) = cloud.credentials("rita@rival.example")
    with claim("ERR-ORDER-04", "the body's syntax comes before the company"), cloud.unchanged():
        refused(create(cloud, app, rita, body={"topic": {"title": " "}}), 400, "request.invalid")
    with claim("ERR-ORDER-04", "the company comes before the look-up of invitees"), cloud.unchanged():
        refused(create(cloud, app, rita, body=both), 403, "permission.other_company")


@behaviour("AUTH-ACT-01", "AUTH-ACT-02", "SPACES-CREATE-04")
@pytest.mark.parametrize("path", ["/spaces/invite", "/topics/invite"])
def test_the_named_user_becomes_owner(cloud: Cloud, path: str) -> None:
    """A space made for a user is his; the service account has no role in it."""
    app, bob = cloud.app("spaces.create.actas"), cloud.jwt_user(BOB)
    with claim("AUTH-ACT-01", "AUTH-ACT-02", "a service app creates a space for a colleague"):
        accepted(cloud, create(cloud, app, bob.username, path=path), bob)
    space = made_for(cloud, app, bob, path)
    with claim("SPACES-CREATE-04", "the named user is owner and admin"):
        shown = cloud.call("GET", f"/spaces/{space}", bob).json()
        expect((shown["cid"], shown["role"]), (bob.id, "admin"))
    with claim("SPACES-CREATE-04", "nobody else is in the space"):
        shown = cloud.call("GET", f"/spaces/{space}", bob).json()
        observe([member["member"] for member in shown["members"]], [bob.id])
    cloud.shut(space, bob)
    reader = cloud.app("spaces.settings.read")
    with claim("SPACES-CREATE-04", "another app of the company is a stranger there"):
        refused(cloud.call("GET", f"/spaces/{space}", reader), 403, "space.members_only")
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"scopes": ["spaces.settings.read"]})
    with claim("SPACES-CREATE-04", "the app that made it is a stranger there"):
        refused(cloud.call("GET", f"/spaces/{space}", app), 403, "space.members_only")


@behaviour("AUTH-ACT-02")
@pytest.mark.parametrize("change", [str.title, str.upper])
def test_the_address_is_compared_without_regard_to_case(cloud: Cloud, change: Callable[[str], str]) -> None:
    """The letter case of the address does not matter."""
    app, bob = cloud.app("spaces.create.actas"), cloud.jwt_user(BOB)
    with claim("AUTH-ACT-02", "it is accepted"):
        accepted(cloud, create(cloud, app, change(bob.username)), bob)


@behaviour("AUTH-ACT-01")
def test_the_header_is_read_on_creation_only(cloud: Cloud) -> None:
    """On any other call the header has no effect, whoever sends it."""
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    for name, path in (
        ("the user", "/users/me"),
        ("a space", f"/spaces/{space}"),
        ("joining", f"/spaces/{space}/join"),
    ):
        with claim("AUTH-ACT-01", f"of a person it is not read on {name}"):
            answer = cloud.call("GET", path, ann, headers={HEADER: BOB})
            observe(answer.status_code, 200, answer.text)
    app = cloud.app("spaces.create", "spaces.settings.read")
    own = cloud.space(app)
    with claim("AUTH-ACT-01", "of an app it is not read on reading a space"):
        observe(cloud.call("GET", f"/spaces/{own}", app, headers={HEADER: ""}).status_code, 200)


@behaviour("AUTH-ACT-02", "AUTH-SVC-15")
def test_a_user_of_another_company_has_no_second_address_here(cloud: Cloud) -> None:
    """A user of another company is out of reach, even with one address in a domain of the app's company."""
    cloud.control("POST", "/users", {"username": "eve@rival.example", "other_emails": ["eve@example.com"]})
    app = cloud.app("spaces.create.actas")
    with claim("AUTH-ACT-02", "AUTH-SVC-15", "a second address does not help"):
        refused(create(cloud, app, "eve@example.com"), 403, "permission.other_company")


@behaviour("AUTH-ACT-02")
def test_a_company_may_have_several_domains(cloud: Cloud) -> None:
    """Every domain of the company counts, not only the service domain's."""
    cloud.control("POST", "/companies", {"name": "Two", "domains": ["two.example", "deux.example"]})
    cloud.control("POST", "/users", {"username": "une@deux.example"})
    app = cloud.app("spaces.create.actas", company="Two")
    with claim("AUTH-ACT-02", "an address of the second domain is accepted"):
        expect(create(cloud, app, "une@deux.example").status_code, 200)


@behaviour("AUTH-ACT-02")
def test_a_disabled_user_is_bad_input(cloud: Cloud) -> None:
    """Nobody acts as a disabled user."""
    app, (bob, _password) = cloud.app("spaces.create.actas"), cloud.credentials(BOB)
    cloud.control("PATCH", f"/users/{bob}", {"enabled": False})
    with claim("AUTH-ACT-02", "a disabled user is refused"):
        refused(create(cloud, app, bob), 400, "request.invalid")
        cloud.explains("disabled", path=PATH)


@behaviour("AUTH-ACT-02")
@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_an_address_beyond_ascii_is_understood(cloud: Cloud, coding: str) -> None:
    """An address with an umlaut is found whether a client sends it as UTF-8 or as Latin-1."""
    cloud.control("POST", "/users", {"username": "jürgen@example.com"})
    app = cloud.app("spaces.create.actas")
    with claim("AUTH-ACT-02", "it is found"):
        observe(create(cloud, app, "jürgen@example.com".encode(coding)).status_code, 200)
