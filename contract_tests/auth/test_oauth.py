from collections.abc import Callable

import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import TOKEN, Cloud, Person, behaviour, only_mock, refused

NO_CLAIMS_YET = True


INVALID = "auth.credential_invalid"
LIFE = 3600


def refusal(cloud: Cloud, who: Person, status: int, code: str) -> str:
    """Call as somebody whose credential is bad, and return the reason in the journal."""
    refused(cloud.call("GET", "/users/me", who), status, code)
    return cloud.why(path="/api/users/me")


@behaviour("AUTH-OAUTH-01", "ACC-TOK-02")
def test_an_access_token_is_its_user(cloud: Cloud) -> None:
    """A bearer token is looked up and names the user who granted it."""
    user = cloud.user("bob@example.com")
    observe(user.token, TOKEN)
    answer = cloud.call("GET", "/users/me", user)
    expect((answer.status_code, answer.json()["username"]), (200, "bob@example.com"))


@behaviour("AUTH-OAUTH-01")
@pytest.mark.parametrize(
    "change",
    [str.upper, lambda text: text[:-1], lambda text: text + "0", lambda text: text[::-1], lambda _text: "0" * 40],
    ids=["upper case", "shortened", "prolonged", "reversed", "zeros"],
)
def test_an_unknown_token_is_invalid(cloud: Cloud, change: Callable[[str], str]) -> None:
    """A token is compared exactly: nothing near an issued one is accepted."""
    user = cloud.user()
    token = change("a" + user.token) if change is str.upper else change(user.token)
    why = refusal(cloud, Person("", "", f"Bearer {token}"), 401, INVALID)
    assert "token" in why, why


@behaviour("AUTH-OAUTH-01", "ACC-TOK-03", "DM-TOK-03")
@pytest.mark.parametrize(
    ("ahead", "status"), [(LIFE - 1, 200), (LIFE - 0.001, 200), (LIFE, 401), (LIFE + 0.001, 401), (10 * LIFE, 401)]
)
def test_an_access_token_lives_an_hour(cloud: Cloud, ahead: float, status: int) -> None:
    """A token is accepted until it is 3600 s old and expired from that moment on."""
    cloud.freeze("2031-02-03T04:05:06.789Z")
    user = cloud.user()
    cloud.advance(ahead)
    expect(cloud.call("GET", "/users/me", user).status_code, status)
    if status == 401:
        assert "expired" in refusal(cloud, user, 401, "auth.credential_expired")


@behaviour("AUTH-OAUTH-02", "PERM-MAP-09")
@pytest.mark.parametrize("scope", ["", "email", "profile", "email profile"])
def test_a_token_without_the_spaces_scope_is_refused(cloud: Cloud, scope: str) -> None:
    """A token that was granted without the spaces scope opens no call of the REST API."""
    only_mock(cloud, "needs to know why")
    user, space = cloud.user(scope=scope), cloud.open_space(cloud.user())
    calls = (("GET", "/users/me"), ("POST", "/spaces/invite"), ("GET", f"/spaces/{space}"))
    for method, path in (*calls, ("GET", f"/spaces/{space}/join")):
        refused(cloud.call(method, path, user), 403, "scope.oauth_missing")
    assert "spaces" in cloud.why(path=f"/api/spaces/{space}")


@behaviour("AUTH-OAUTH-02")
def test_the_spaces_scope_alone_is_enough(cloud: Cloud) -> None:
    """A token with only the spaces scope, a user JWT without grant, and a guest all pass."""
    for who in (cloud.user(scope="spaces"), cloud.jwt_user(), cloud.guest()):
        expect(cloud.call("GET", "/users/me", who).status_code, 200)


@behaviour("AUTH-OAUTH-01", "ACC-TOK-03")
def test_a_chosen_life_is_kept(cloud: Cloud) -> None:
    """A token that the control API made expired is expired from the start, one of two hours lives longer."""
    made = cloud.control("POST", "/tokens", {"username": "ann@example.com", "expires_in": -1})
    refusal(cloud, Person("", "", f"Bearer {made['token']}"), 401, "auth.credential_expired")
    made = cloud.control("POST", "/tokens", {"username": "ann@example.com", "expires_in": 7200})
    cloud.advance(7000)
    expect(cloud.call("GET", "/users/me", Person("", "", f"Bearer {made['token']}")).status_code, 200)
