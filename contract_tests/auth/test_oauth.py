from collections.abc import Callable

import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import TOKEN, Cloud, Person, behaviour, refused
from contract_tests.oauth import bearer, by_password, granted, register

INVALID, EXPIRED = "auth.credential_invalid", "auth.credential_expired"
LIFE = 3600
PATH = "/api/users/me"


def refusal(cloud: Cloud, who: Person, status: int, code: str, *words: str) -> None:
    """Call as somebody whose credential is bad; on the mock the reason must name some words."""
    refused(cloud.call("GET", "/users/me", who), status, code)
    cloud.explains(*words, path=PATH)


@behaviour("AUTH-OAUTH-01", "ACC-TOK-02")
def test_an_access_token_is_its_user(cloud: Cloud) -> None:
    """A bearer token is looked up and names the user who granted it."""
    user = cloud.user("bob@example.com")
    with claim("AUTH-OAUTH-01", "ACC-TOK-02", "an access token opens the REST API as its user"):
        answer = cloud.call("GET", "/users/me", user)
        expect((answer.status_code, answer.json()["username"]), (200, user.username))
    with claim("AUTH-OAUTH-01", "it is an opaque token"):
        observe(user.token, TOKEN)


@behaviour("AUTH-OAUTH-01")
@pytest.mark.parametrize(
    "change",
    [lambda _text: "0" * 40, str.upper, lambda text: text[:-1], lambda text: text + "0", lambda text: text[::-1]],
    ids=["zeros", "upper case", "shortened", "prolonged", "reversed"],
)
def test_an_unknown_token_is_invalid(cloud: Cloud, change: Callable[[str], str]) -> None:
    """A token is compared exactly: nothing near an issued one is accepted."""
    user = cloud.user()
    token = change("a" + user.token) if change is str.upper else change(user.token)
    with claim("AUTH-OAUTH-01", "it is refused"):
        refusal(cloud, bearer(token), 401, INVALID, "token")


@behaviour("AUTH-OAUTH-01")
def test_a_token_that_nobody_issued_is_invalid(cloud: Cloud) -> None:
    """An access token has no form that would be enough."""
    with claim("AUTH-OAUTH-01", "40 hex digits that nobody issued are refused"):
        refusal(cloud, bearer("0123456789" * 4), 401, INVALID, "token")


@behaviour("AUTH-OAUTH-02", "PERM-MAP-09")
@pytest.mark.parametrize("scope", ["email", "profile", "email profile"])
def test_a_token_without_the_spaces_scope_is_refused(cloud: Cloud, scope: str) -> None:
    """A token that was granted without the spaces scope opens no call of the REST API."""
    space = cloud.open_space(cloud.jwt_user())
    user = bearer(granted(by_password(cloud, register(cloud), scope=scope))["access_token"])
    opens_nothing(cloud, user, space)


@behaviour("AUTH-OAUTH-02", "PERM-MAP-09")
def test_a_token_without_any_scope_is_refused(cloud: Cloud) -> None:
    """A token of no scope at all, which only a mock issues, opens no call of the REST API."""
    space = cloud.open_space(cloud.jwt_user())
    made = cloud.control("POST", "/tokens", {"username": "ann@example.com", "scope": ""})
    opens_nothing(cloud, bearer(made["token"]), space)


def opens_nothing(cloud: Cloud, user: Person, space: str) -> None:
    """Claim that a token opens nothing, and why."""
    calls = {
        "reading the user": ("GET", "/users/me"),
        "creating a space": ("POST", "/spaces/invite"),
        "reading a space": ("GET", f"/spaces/{space}"),
        "joining": ("GET", f"/spaces/{space}/join"),
    }
    for name, (method, path) in calls.items():
        with claim("AUTH-OAUTH-02", "PERM-MAP-09", f"{name} is refused"):
            refused(cloud.call(method, path, user), 403, "scope.oauth_missing")
            cloud.explains("spaces", path=f"/api{path}")


@behaviour("AUTH-OAUTH-02")
def test_the_spaces_scope_alone_is_enough(cloud: Cloud) -> None:
    """A token with only the spaces scope, a user JWT without grant, and a guest all pass."""
    callers: dict[str, Callable[[], Person]] = {
        "a guest": cloud.guest,
        "a login without grant": cloud.jwt_user,
        "a token with the spaces scope alone": lambda: cloud.user(scope="spaces"),
    }
    for name, caller in callers.items():
        who = caller()
        with claim("AUTH-OAUTH-02", f"{name} passes"):
            expect(cloud.call("GET", "/users/me", who).status_code, 200)


@behaviour("AUTH-OAUTH-01", "ACC-TOK-03", "DM-TOK-03")
@pytest.mark.parametrize(
    ("ahead", "status"), [(LIFE - 1, 200), (LIFE - 0.001, 200), (LIFE, 401), (LIFE + 0.001, 401), (10 * LIFE, 401)]
)
def test_an_access_token_lives_an_hour(cloud: Cloud, ahead: float, status: int) -> None:
    """A token is accepted until it is 3600 s old and expired from that moment on."""
    cloud.freeze("2031-02-03T04:05:06.789Z")
    user = cloud.user()
    cloud.advance(ahead)
    with claim("AUTH-OAUTH-01", "ACC-TOK-03", "DM-TOK-03", f"it is answered {status}"):
        expect(cloud.call("GET", "/users/me", user).status_code, status)
        if status == 401:
            refusal(cloud, user, 401, EXPIRED, "expired")


@behaviour("AUTH-OAUTH-01", "ACC-TOK-03")
def test_a_chosen_life_is_kept(cloud: Cloud) -> None:
    """A token that the control API made expired is expired from the start, one of two hours lives longer."""
    made = cloud.control("POST", "/tokens", {"username": "ann@example.com", "expires_in": -1})
    with claim("AUTH-OAUTH-01", "ACC-TOK-03", "a token that was made expired is refused as expired"):
        refusal(cloud, bearer(made["token"]), 401, EXPIRED)
    made = cloud.control("POST", "/tokens", {"username": "ann@example.com", "expires_in": 7200})
    cloud.advance(7000)
    with claim("ACC-TOK-03", "a token of two hours lives longer"):
        expect(cloud.call("GET", "/users/me", bearer(made["token"])).status_code, 200)
