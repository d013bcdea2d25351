import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import App, Cloud, Person, behaviour, refused

NO_CLAIMS_YET = True


HEADER = "X-Avaya-Act-As"


def create(
    cloud: Cloud, who: Person | App, value: str | bytes, *, body: object = None, path: str = "/spaces/invite"
) -> httpx.Response:
    """Create a space for somebody else."""
    raw = value if isinstance(value, bytes) else value.encode()
    headers = [(b"Authorization", who.authorization.encode()), (HEADER.encode(), raw)]
    content = {"topic": {"title": "For you"}} if body is None else body
    return cloud.http.post(f"{cloud.api}{path}", headers=headers, json=content)


def accepted(cloud: Cloud, answer: httpx.Response, owner: Person) -> None:
    """Check that a space was made, and delete it as its owner: who made it may not."""
    expect(answer.status_code, 200, answer.text)
    cloud.call("DELETE", f"/spaces/{answer.json()['data'][0]['topicId']}", owner)


def refusal(cloud: Cloud, answer: httpx.Response, status: int, code: str) -> str:
    refused(answer, status, code)
    return cloud.why(path="/api/spaces/invite")


def spaces(cloud: Cloud) -> int:
    number: int = cloud.control("GET", "")["counts"]["spaces"]
    return number


@behaviour("AUTH-ACT-01", "AUTH-ACT-02", "SPACES-CREATE-04")
@pytest.mark.parametrize("path", ["/spaces/invite", "/topics/invite"])
def test_the_named_user_becomes_owner(cloud: Cloud, path: str) -> None:
    """A space made for a user is his; the service account has no role in it."""
    app, bob = cloud.app("spaces.create.actas"), cloud.user("bob@example.com")
    answer = create(cloud, app, "bob@example.com", path=path)
    expect(answer.status_code, 200)
    space = answer.json()["data"][0]["topicId"]
    shown = cloud.call("GET", f"/spaces/{space}", bob).json()
    expect((shown["cid"], shown["role"]), (bob.id, "admin"))
    observe([member["member"] for member in shown["members"]], [bob.id])
    refused(cloud.call("GET", f"/spaces/{cloud.shut(space, bob)}", cloud.app()), 403, "space.members_only")
    accepted(cloud, answer, bob)


@behaviour("AUTH-ACT-02", "SCOPE-TAB-01")
def test_acting_needs_its_own_scope_and_only_that(cloud: Cloud) -> None:
    """With the header spaces.create.actas is needed, without it spaces.create, and neither stands for the other."""
    acting, plain = cloud.app("spaces.create.actas"), cloud.app("spaces.create")
    accepted(cloud, create(cloud, acting, "bob@example.com"), cloud.user("bob@example.com"))
    why = refusal(cloud, create(cloud, plain, "bob@example.com"), 403, "scope.missing")
    assert "spaces.create.actas" in why, why
    body = {"topic": {"title": "Own"}}
    refused(cloud.call("POST", "/spaces/invite", acting, json=body), 403, "scope.missing")
    expect(cloud.call("POST", "/spaces/invite", plain, json=body).status_code, 200)


@behaviour("AUTH-ACT-02")
@pytest.mark.parametrize("value", ["Bob@Example.COM", "BOB@example.com"])
def test_the_address_is_compared_without_regard_to_case(cloud: Cloud, value: str) -> None:
    """The letter case of the address does not matter."""
    accepted(cloud, create(cloud, cloud.app(), value), cloud.user("bob@example.com"))


@behaviour("AUTH-ACT-02")
@pytest.mark.parametrize("value", ["rita@rival.example", "ghost@elsewhere.example", "fred@freelance.example"])
def test_another_domain_is_another_company(cloud: Cloud, value: str) -> None:
    """An address in a domain that is not the company's is refused, whether or not it has a user."""
    before = spaces(cloud)
    why = refusal(cloud, create(cloud, cloud.app(), value), 403, "permission.other_company")
    assert value in why, why
    assert "domain" in why, why
    observe(spaces(cloud), before)


@behaviour("AUTH-ACT-02", "AUTH-SVC-15")
def test_a_user_of_another_company_has_no_second_address_here(cloud: Cloud) -> None:
    """A user of another company is out of reach, even with one address in a domain of the app's company."""
    cloud.control("POST", "/users", {"username": "eve@rival.example", "other_emails": ["eve@example.com"]})
    refused(create(cloud, cloud.app(), "eve@example.com"), 403, "permission.other_company")


@behaviour("AUTH-ACT-02")
def test_a_company_may_have_several_domains(cloud: Cloud) -> None:
    """Every domain of the company counts, not only the service domain's."""
    cloud.control("POST", "/companies", {"name": "Two", "domains": ["two.example", "deux.example"]})
    cloud.control("POST", "/users", {"username": "une@deux.example"})
    expect(create(cloud, cloud.app(company="Two"), "une@deux.example").status_code, 200)


@behaviour("AUTH-ACT-02", "ERR-ORDER-04")
def test_an_unknown_user_of_the_company_is_not_found(cloud: Cloud) -> None:
    """An address in the right domain without a user is 404, after the body's syntax and before the invitees."""
    app, before = cloud.app(), spaces(cloud)
    assert "ghost@example.com" in refusal(cloud, create(cloud, app, "ghost@example.com"), 404, "user.not_found")
    unknown = [{"inviteeType": "userId", "invitee": "f" * 24}]
    both = {"topic": {"title": "x"}, "invitees": unknown}
    refused(create(cloud, app, "bob@example.com", body=both), 404, "user.not_found")
    assert "f" * 24 in cloud.why(path="/api/spaces/invite")
    refused(create(cloud, app, "ghost@example.com", body=both), 404, "user.not_found")
    assert "ghost@example.com" in cloud.why(path="/api/spaces/invite")
    refused(create(cloud, app, "ghost@example.com", body={"topic": {"title": ""}}), 400, "request.invalid")
    refused(create(cloud, app, "rita@rival.example", body={"topic": {"title": " "}}), 400, "request.invalid")
    refused(create(cloud, app, "rita@rival.example", body=both), 403, "permission.other_company")
    observe(spaces(cloud), before)


@behaviour("AUTH-ACT-02")
def test_a_disabled_user_is_bad_input(cloud: Cloud) -> None:
    """Nobody acts as a disabled user."""
    cloud.user("bob@example.com")
    cloud.control("PATCH", "/users/bob@example.com", {"enabled": False})
    assert "disabled" in refusal(cloud, create(cloud, cloud.app(), "bob@example.com"), 400, "request.invalid")


@behaviour("AUTH-ACT-02")
def test_a_service_account_is_bad_input(cloud: Cloud) -> None:
    """Nobody acts as a service account, not even as the own one."""
    app, other = cloud.app(), cloud.app()
    for sub in (app.key["sub"], other.key["sub"]):
        assert "service account" in refusal(cloud, create(cloud, app, sub), 400, "request.invalid")


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
    before = spaces(cloud)
    answer = create(cloud, cloud.app(), value)
    assert HEADER in refusal(cloud, answer, 400, "request.invalid")
    assert HEADER in answer.json()["message"]
    observe(spaces(cloud), before)


@behaviour("AUTH-ACT-02")
@pytest.mark.parametrize("coding", ["utf-8", "latin-1"])
def test_an_address_beyond_ascii_is_understood(cloud: Cloud, coding: str) -> None:
    """An address with an umlaut is found whether a client sends it as UTF-8 or as Latin-1."""
    cloud.control("POST", "/users", {"username": "jürgen@example.com"})
    observe(create(cloud, cloud.app(), "jürgen@example.com".encode(coding)).status_code, 200)


@behaviour("AUTH-ACT-02")
def test_a_repeated_header_is_bad_input(cloud: Cloud) -> None:
    """Two addresses are refused, since nobody can tell who is meant."""
    app = cloud.app()
    headers = [("Authorization", app.authorization), (HEADER, "ann@example.com"), (HEADER, "bob@example.com")]
    answer = cloud.http.post(f"{cloud.api}/spaces/invite", headers=headers, json={"topic": {"title": "x"}})
    refused(answer, 400, "request.invalid")


@behaviour("AUTH-ACT-01")
@pytest.mark.parametrize("value", ["bob@example.com", "ann@example.com", "nobody", ""])
@pytest.mark.parametrize("kind", ["oauth", "user", "anon"])
def test_only_service_apps_act_for_others(cloud: Cloud, kind: str, value: str) -> None:
    """With any other kind of credential the header is refused, whatever it says, before the body is looked at."""
    who = {"oauth": cloud.user, "user": cloud.jwt_user, "anon": cloud.guest}[kind]()
    bodies: tuple[object, ...] = (None, {})
    for body in bodies:
        refused(create(cloud, who, value, body=body), 403, "auth.kind_not_allowed")
    assert HEADER in cloud.why(path="/api/spaces/invite")


@behaviour("AUTH-ACT-01")
def test_the_header_is_read_on_creation_only(cloud: Cloud) -> None:
    """On any other call the header has no effect, whoever sends it."""
    ann, app = cloud.user(), cloud.app()
    space, own = cloud.space(ann), cloud.space(app)
    for path in ("/users/me", f"/spaces/{space}", f"/spaces/{space}/join"):
        answer = cloud.call("GET", path, ann, headers={HEADER: "bob@example.com"})
        observe(answer.status_code, 200, answer.text)
    observe(cloud.call("GET", f"/spaces/{own}", app, headers={HEADER: ""}).status_code, 200)
