"""The Authorization header: its grammar, its schemes, and what is no credential."""

import httpx
import pytest

from contract_tests.claims import expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused, send_raw

NO_CLAIMS_YET = True


MALFORMED = {
    "empty": "",
    "scheme alone": "Bearer",
    "token alone": "{token}",
    "two tokens": "Bearer {token} {token}",
    "text behind the token": "Bearer {token} x",
    "tab for the blank": "Bearer\t{token}",
    "tab beside the blank": "Bearer \t{token}",
    "list of credentials": "Bearer {token}, Bearer {token}",
    "comma behind the token": "Bearer {token} ,",
    "no-break space": "Bearer\xa0{token}",
    "colon": "Bearer: {token}",
    "equals sign": "Bearer={token}",
    "unknown scheme": "Basic {token}",
    "scheme of an OAuth 1 client": "OAuth {token}",
    "misspelt scheme": "serviceapp {token}",
    "misspelt scheme with a dash": "service-app {token}",
    "scheme of a library": "Token {token}",
}


def ask(cloud: Cloud, authorization: str | bytes) -> httpx.Response:
    headers = [(b"Authorization", authorization.encode() if isinstance(authorization, str) else authorization)]
    return cloud.http.get(f"{cloud.api}/users/me", headers=headers)


def refusal(cloud: Cloud, authorization: str | bytes, code: str) -> str:
    """Send a bad credential, check the answer and return the reason in the journal."""
    refused(ask(cloud, authorization), 401, code)
    return cloud.why(path="/api/users/me")


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_case_insensitive(cloud: Cloud, scheme: str) -> None:
    """A scheme is understood in any letter case, as the documents write it both ways."""
    expect(ask(cloud, f"{scheme} {cloud.user().token}").status_code, 200)


@behaviour("AUTH-HDR-01", "AUTH-HDR-03")
@pytest.mark.parametrize("scheme", ["JWT", "Jwt", "Service_App", "SERVICE_APP", "SAT", "Bearer"])
def test_all_four_schemes_are_known_in_any_case(cloud: Cloud, scheme: str) -> None:
    """A known scheme with a token that nobody issued is invalid, not malformed."""
    refused(ask(cloud, f"{scheme} nothing"), 401, "auth.credential_invalid")


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("blanks", [2, 3, 40])
def test_several_blanks_may_stand_before_the_token(cloud: Cloud, blanks: int) -> None:
    """Any number of blanks parts scheme and token."""
    observe(ask(cloud, f"Bearer{' ' * blanks}{cloud.user().token}").status_code, 200)


def ask_raw(cloud: Cloud, authorization: bytes) -> httpx.Response:
    """Send a value that no client library would send."""
    lines = [b"GET /api/users/me HTTP/1.1", b"Host: x", b"Connection: close", b"Authorization:" + authorization]
    return send_raw(cloud.api, b"\r\n".join(lines) + b"\r\n\r\n")


@behaviour("AUTH-HDR-01")
def test_blanks_around_the_value_belong_to_http(cloud: Cloud) -> None:
    """White space around a header's value is not part of it."""
    observe(ask_raw(cloud, f" \t Bearer {cloud.user().token} \t ".encode()).status_code, 200)


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("value", [b"", b"   ", b" \t", b" Bearer ", b" Bearer \t"])
def test_a_value_of_blanks_or_a_scheme_with_blanks_is_malformed(cloud: Cloud, value: bytes) -> None:
    """White space is no token."""
    refused(ask_raw(cloud, value), 401, "auth.credential_malformed")


@behaviour("AUTH-HDR-01", "AUTH-HDR-03")
@pytest.mark.parametrize("form", MALFORMED.values(), ids=MALFORMED)
def test_anything_else_is_malformed(cloud: Cloud, form: str) -> None:
    """A value that is not a known scheme, blanks and a token is refused as malformed, even with a good token."""
    authorization = form.format(token=cloud.user().token)
    expected = "auth.credential_malformed"
    refused(ask(cloud, authorization.encode("latin-1")), 401, expected)


@behaviour("AUTH-HDR-02")
@pytest.mark.parametrize("form", ['"Bearer {token}"', 'Bearer "{token}"', '"Bearer" {token}', 'Bearer {token}"'])
def test_quotes_of_the_samples_are_not_part_of_the_value(cloud: Cloud, form: str) -> None:
    """A quoted value is malformed, and the reason says that the quotes are to be left out."""
    assert "quotes" in refusal(cloud, form.format(token=cloud.user().token), "auth.credential_malformed")


@behaviour("AUTH-HDR-02")
def test_a_quoted_service_app_header_is_malformed(cloud: Cloud) -> None:
    """The header of a service app is malformed when it is copied with the quotes of the sample."""
    refused(ask(cloud, f'"{cloud.app().authorization}"'), 401, "auth.credential_malformed")


@behaviour("AUTH-HDR-03")
def test_the_reason_names_the_unknown_scheme_and_the_known_ones(cloud: Cloud) -> None:
    """Who uses another scheme reads in the journal which there are."""
    why = refusal(cloud, "Basic dXNlcjpwYXNz", "auth.credential_malformed")
    assert all(word in why for word in ("Basic", "jwt", "bearer", "service_app", "sat")), why


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize(
    "value", [b"Bearer \xff\xfe\xfd", "Bearer tökén".encode(), "Bearer ключ".encode(), b"jwt \xe9.\xe9.\xe9"]
)
def test_bytes_beyond_ascii_are_an_unknown_token(cloud: Cloud, value: bytes) -> None:
    """A token of any bytes is looked up and refused, never a server error."""
    refused(ask(cloud, value), 401, "auth.credential_invalid")


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("second", ["Bearer {token}", "jwt nothing", ""])
def test_a_repeated_header_is_malformed(cloud: Cloud, second: str) -> None:
    """Two Authorization headers are refused, even two equal ones, since nobody can tell which was meant."""
    token = cloud.user().token
    headers = [("Authorization", f"Bearer {token}"), ("Authorization", second.format(token=token))]
    answer = cloud.http.get(f"{cloud.api}/users/me", headers=headers)
    refused(answer, 401, "auth.credential_malformed")
    assert "twice" in cloud.why(path="/api/users/me")


@behaviour("AUTH-HDR-04")
@pytest.mark.parametrize("name", ["Authorization", "authorization", "token", "access_token", "sessionid", "jwt"])
def test_no_cookie_authenticates(cloud: Cloud, name: str) -> None:
    """A valid credential in a cookie is no credential."""
    user = cloud.user()
    for value in (user.token, f"{user.authorization}".replace(" ", "%20")):
        answer = cloud.call("GET", "/users/me", headers={"Cookie": f"{name}={value}"})
        refused(answer, 401, "auth.credential_missing")


@behaviour("AUTH-HDR-06")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/me"),
        ("POST", "/spaces/invite"),
        ("GET", "/spaces/{space}"),
        ("GET", "/spaces/{space}/join"),
        ("GET", "/spaces/ffffffffffffffffffffffff"),
    ],
)
def test_without_a_header_the_credential_is_missing(cloud: Cloud, method: str, path: str) -> None:
    """Every call but the open ones needs a credential; a query parameter is none."""
    user = cloud.user()
    target = path.format(space=cloud.space(user))
    for params in ({}, {"access_token": user.token}, {"token": user.token}):
        answer = cloud.call(method, target, params=params)
        expect(answer.status_code, 401)
        refused(answer, 401, "auth.credential_missing")
    assert "Authorization" in cloud.why(path="/api" + target)


@behaviour("AUTH-HDR-05")
def test_an_anonymous_token_is_the_same_everywhere(cloud: Cloud) -> None:
    """Joining takes and refuses the tokens of guests as every other call does."""
    guest, space = cloud.guest(), cloud.open_space(cloud.user())
    observe(cloud.call("GET", f"/spaces/{space}/join", guest).status_code, 200)
    cloud.advance(86_401)
    for path in (f"/spaces/{space}/join", "/users/me"):
        refused(cloud.call("GET", path, guest), 401, "auth.credential_expired")


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("scheme", ["bearer", "jwt", "service_app", "sat"])
def test_a_huge_token_is_refused_in_words(cloud: Cloud, scheme: str) -> None:
    """A token of thirty thousand characters is refused like any unknown one."""
    why = refusal(cloud, f"{scheme} {'a' * 30_000}", "auth.credential_invalid")
    assert len(why) < 300, "the reason repeats the token"


@behaviour("AUTH-HDR-01")
def test_a_credential_under_a_wrong_scheme_is_invalid(cloud: Cloud) -> None:
    """A token is only understood under the scheme of its kind."""
    app, user, person = cloud.app(), cloud.user(), cloud.jwt_user()
    wrong = [
        f"bearer {person.token}",
        f"bearer {app.sign()}",
        f"jwt {user.token}",
        f"jwt {app.sign()}",
        f"service_app {person.token}",
        f"service_app {cloud.guest().token}",
        f"service_app {user.token}",
        f"sat {user.token}",
    ]
    for authorization in wrong:
        stranger = Person("", "", authorization)
        refused(cloud.call("GET", "/users/me", stranger), 401, "auth.credential_invalid")
