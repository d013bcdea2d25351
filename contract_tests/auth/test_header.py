"""The Authorization header: its grammar, its schemes, and what is no credential."""

from collections.abc import Callable

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, only_mock, refused, send_raw

MALFORMED = {
    "empty": "",
    "scheme alone": "jwt",
    "token alone": "{token}",
    "two tokens": "jwt {token} {token}",
    "text behind the token": "jwt {token} x",
    "tab for the blank": "jwt\t{token}",
    "tab beside the blank": "jwt \t{token}",
    "list of credentials": "jwt {token}, jwt {token}",
    "comma behind the token": "jwt {token} ,",
    "no-break space": "jwt\xa0{token}",
    "colon": "jwt: {token}",
    "equals sign": "jwt={token}",
    "unknown scheme": "Basic {token}",
    "scheme of an OAuth 1 client": "OAuth {token}",
    "misspelt scheme": "serviceapp {token}",
    "misspelt scheme with a dash": "service-app {token}",
    "scheme of a library": "Token {token}",
}
PATH = "/api/users/me"
CREDENTIAL_MALFORMED, CREDENTIAL_INVALID = "auth.credential_malformed", "auth.credential_invalid"


def ask(cloud: Cloud, authorization: str | bytes) -> httpx.Response:
    headers = [(b"Authorization", authorization.encode() if isinstance(authorization, str) else authorization)]
    return cloud.http.get(f"{cloud.api}/users/me", headers=headers)


def ask_raw(cloud: Cloud, authorization: bytes) -> httpx.Response:
    """Send a value that no client library would send."""
    target = f"{cloud.prefix}/api/users/me".encode()
    lines = [b"GET " + target + b" HTTP/1.1", b"Host: x", b"Connection: close", b"Authorization:" + authorization]
    return send_raw(cloud.api, b"\r\n".join(lines) + b"\r\n\r\n")


@behaviour("AUTH-HDR-01", "AUTH-HDR-03")
@pytest.mark.parametrize("scheme", ["JWT", "Jwt", "Service_App", "SERVICE_APP", "SAT", "Bearer"])
def test_all_four_schemes_are_known_in_any_case(cloud: Cloud, scheme: str) -> None:
    """A known scheme with a token that nobody issued is invalid, not malformed."""
    with claim("AUTH-HDR-01", "AUTH-HDR-03", "it is invalid, not malformed"):
        answer = ask(cloud, f"{scheme} nothing")
        refused(answer, 401, CREDENTIAL_INVALID)
        observe(answer.json()["code"], CREDENTIAL_INVALID)


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("blanks", [2, 3, 40])
def test_several_blanks_may_stand_before_the_token(cloud: Cloud, blanks: int) -> None:
    """Any number of blanks parts scheme and token."""
    guest = cloud.guest()
    with claim("AUTH-HDR-01", "it is accepted before the token of a guest"):
        observe(ask(cloud, f"jwt{' ' * blanks}{guest.token}").status_code, 200)
    user = cloud.user()
    with claim("AUTH-HDR-01", "it is accepted before an access token"):
        observe(ask(cloud, f"Bearer{' ' * blanks}{user.token}").status_code, 200)


@behaviour("AUTH-HDR-01", "AUTH-HDR-03")
@pytest.mark.parametrize("form", MALFORMED.values(), ids=MALFORMED)
def test_anything_else_is_malformed(cloud: Cloud, form: str) -> None:
    """A value that is not a known scheme, blanks and a token is refused as malformed, even with a good token."""
    guest = cloud.guest()
    with claim("AUTH-HDR-01", "AUTH-HDR-03", "with the token of a guest it is malformed"):
        refused(ask(cloud, form.format(token=guest.token).encode("latin-1")), 401, CREDENTIAL_MALFORMED)
    user = cloud.user()
    with claim("AUTH-HDR-01", "AUTH-HDR-03", "with an access token it is malformed"):
        value = form.replace("jwt", "Bearer").format(token=user.token)
        refused(ask(cloud, value.encode("latin-1")), 401, CREDENTIAL_MALFORMED)


@behaviour("AUTH-HDR-02")
@pytest.mark.parametrize("form", ['"jwt {token}"', 'jwt "{token}"', '"jwt" {token}', 'jwt {token}"'])
def test_quotes_of_the_samples_are_not_part_of_the_value(cloud: Cloud, form: str) -> None:
    """A quoted value is malformed, and the reason says that the quotes are to be left out."""
    guest = cloud.guest()
    with claim("AUTH-HDR-02", "with the token of a guest it is malformed"):
        refused(ask(cloud, form.format(token=guest.token)), 401, CREDENTIAL_MALFORMED)
        cloud.explains("quotes", path=PATH)
    user = cloud.user()
    with claim("AUTH-HDR-02", "with an access token it is malformed"):
        refused(ask(cloud, form.replace("jwt", "Bearer").format(token=user.token)), 401, CREDENTIAL_MALFORMED)
        cloud.explains("quotes", path=PATH)


@behaviour("AUTH-HDR-02")
def test_a_quoted_service_app_header_is_malformed(cloud: Cloud) -> None:
    """The header of a service app is malformed when it is copied with the quotes of the sample."""
    app = cloud.app("spaces.create")
    with claim("AUTH-HDR-02", "a quoted header is malformed"):
        refused(ask(cloud, f'"{app.authorization}"'), 401, CREDENTIAL_MALFORMED)
    with claim("AUTH-HDR-02", "a quoted header opens no call that the app may make"):
        headers = {"Authorization": f'"{app.authorization}"'}
        answer = cloud.call("POST", "/spaces/invite", headers=headers, json={"topic": {"title": "Quoted"}})
        refused(answer, 401, CREDENTIAL_MALFORMED)


@behaviour("AUTH-HDR-02")
def test_brackets_of_the_samples_are_not_part_of_the_token(cloud: Cloud) -> None:
    """A good token within the brackets of the documents is an unknown one, and the reason says what is wrong."""
    guest, app = cloud.guest(), cloud.app("spaces.create")
    for what, value in (
        ("the token of a guest", f"jwt [{guest.token}]"),
        ("the JWT of an app", app.authorization.replace(" ", " [") + "]"),
        ("what no token is", "Bearer []"),
    ):
        with claim("AUTH-HDR-02", f"{what} in brackets is invalid"):
            refused(ask(cloud, value), 401, CREDENTIAL_INVALID)
            cloud.explains("[ ]", "leave them out", path=PATH)
    user = cloud.user()
    with claim("AUTH-HDR-02", "an access token in brackets is invalid"):
        refused(ask(cloud, f"Bearer [{user.token}]"), 401, CREDENTIAL_INVALID)
        cloud.explains("[ ]", "leave them out", path=PATH)


@behaviour("AUTH-HDR-03")
def test_the_reason_names_the_unknown_scheme_and_the_known_ones(cloud: Cloud) -> None:
    """Who uses another scheme reads in the journal which there are."""
    with claim("AUTH-HDR-03", "the scheme Basic is refused"):
        refused(ask(cloud, "Basic dXNlcjpwYXNz"), 401, CREDENTIAL_MALFORMED)
        cloud.explains("Basic", "jwt", "bearer", "service_app", "sat", path=PATH)


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize(
    "value", [b"Bearer \xff\xfe\xfd", "Bearer tökén".encode(), "Bearer ключ".encode(), b"jwt \xe9.\xe9.\xe9"]
)
def test_bytes_beyond_ascii_are_an_unknown_token(cloud: Cloud, value: bytes) -> None:
    """A token of any bytes is looked up and refused, never a server error."""
    with claim("AUTH-HDR-01", "it is an unknown token"):
        refused(ask(cloud, value), 401, CREDENTIAL_INVALID)


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("second", ["jwt {token}", "Bearer nothing", ""])
def test_a_repeated_header_is_malformed(cloud: Cloud, second: str) -> None:
    """Two Authorization headers are refused, even two equal ones, since nobody can tell which was meant."""
    token = cloud.guest().token
    headers = [("Authorization", f"jwt {token}"), ("Authorization", second.format(token=token))]
    with claim("AUTH-HDR-01", "behind the token of a guest it is refused"):
        refused(cloud.http.get(f"{cloud.api}/users/me", headers=headers), 401, CREDENTIAL_MALFORMED)
        cloud.explains("twice", path=PATH)
    token = cloud.user().token
    again = {"jwt": "Bearer", "Bearer": "jwt"}.get(second.partition(" ")[0], "")
    headers = [("Authorization", f"Bearer {token}")]
    headers += [("Authorization", f"{again} {second.partition(' ')[2].format(token=token)}".strip())]
    with claim("AUTH-HDR-01", "behind an access token it is refused"):
        refused(cloud.http.get(f"{cloud.api}/users/me", headers=headers), 401, CREDENTIAL_MALFORMED)
        cloud.explains("twice", path=PATH)


@behaviour("AUTH-HDR-04")
@pytest.mark.parametrize("name", ["Authorization", "authorization", "token", "access_token", "sessionid", "jwt"])
def test_no_cookie_authenticates(cloud: Cloud, name: str) -> None:
    """A valid credential in a cookie is no credential."""
    for what, caller in {"a guest": cloud.guest, "a login": cloud.jwt_user, "a grant": cloud.user}.items():
        who = caller()
        for form, value in {"token": who.token, "header": who.authorization.replace(" ", "%20")}.items():
            with claim("AUTH-HDR-04", f"the {form} of {what} is no credential"):
                answer = cloud.call("GET", "/users/me", headers={"Cookie": f"{name}={value}"})
                refused(answer, 401, "auth.credential_missing")


@behaviour("AUTH-HDR-06")
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/users/me"),
        ("POST", "/spaces/invite"),
        ("GET", "/spaces/ffffffffffffffffffffffff"),
        ("GET", "/spaces/{space}"),
        ("GET", "/spaces/{space}/join"),
    ],
)
def test_without_a_header_the_credential_is_missing(cloud: Cloud, method: str, path: str) -> None:
    """Every call but the open ones needs a credential; a query parameter is none."""
    target = path.format(space=cloud.space(cloud.app("spaces.create")) if "{space}" in path else "")
    with claim("AUTH-HDR-06", "without a header it is refused with 401"):
        answer = cloud.call(method, target)
        expect(answer.status_code, 401)
        refused(answer, 401, "auth.credential_missing")
        cloud.explains("Authorization", path="/api" + target)
    callers: dict[str, Callable[[], Person]] = {"a guest": cloud.guest, "a grant": cloud.user}
    for what, caller in callers.items():
        token = caller().token
        for name in ("access_token", "token"):
            with claim("AUTH-HDR-06", f"the token of {what} as {name} in the query is refused"):
                answer = cloud.call(method, target, params={name: token})
                expect(answer.status_code, 401)
                refused(answer, 401, "auth.credential_missing")


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("scheme", ["bearer", "jwt", "service_app", "sat"])
def test_a_huge_token_is_refused_in_words(cloud: Cloud, scheme: str) -> None:
    """A token of thirty thousand characters is refused like any unknown one."""
    with claim("AUTH-HDR-01", "it is refused"):
        refused(ask(cloud, f"{scheme} {'a' * 30_000}"), 401, CREDENTIAL_INVALID)
        if cloud.mock:
            assert len(cloud.mock.why(path=PATH)) < 300, "the reason repeats the token"


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER", "bEaReR"])
def test_the_scheme_is_case_insensitive(cloud: Cloud, scheme: str) -> None:
    """A scheme is understood in any letter case, as the documents write it both ways."""
    user = cloud.user()
    with claim("AUTH-HDR-01", "it is understood"):
        expect(ask(cloud, f"{scheme} {user.token}").status_code, 200)


@behaviour("AUTH-HDR-01")
def test_a_credential_under_a_wrong_scheme_is_invalid(cloud: Cloud) -> None:
    """A token is only understood under the scheme of its kind."""

    def under(scheme: str, of: str, token: str) -> None:
        with claim("AUTH-HDR-01", f"the token of {of} is invalid under {scheme}"):
            refused(cloud.call("GET", "/users/me", Person("", "", f"{scheme} {token}")), 401, CREDENTIAL_INVALID)

    under("service_app", "a guest", cloud.guest().token)
    app = cloud.app("spaces.create")
    under("bearer", "an app", app.sign())
    under("jwt", "an app", app.sign())
    person = cloud.jwt_user()
    under("bearer", "a login", person.token)
    under("service_app", "a login", person.token)
    user = cloud.user()
    for scheme in ("jwt", "service_app", "sat"):
        under(scheme, "a grant", user.token)


@behaviour("AUTH-HDR-01")
@pytest.mark.parametrize("value", [b"", b"   ", b" \t", b" Bearer ", b" Bearer \t"])
def test_a_value_of_blanks_or_a_scheme_with_blanks_is_malformed(cloud: Cloud, value: bytes) -> None:
    """White space is no token."""
    only_mock(cloud, "sends bytes without TLS")
    with claim("AUTH-HDR-01", "it is malformed"):
        refused(ask_raw(cloud, value), 401, CREDENTIAL_MALFORMED)


@behaviour("AUTH-HDR-01")
def test_blanks_around_the_value_belong_to_http(cloud: Cloud) -> None:
    """White space around a header's value is not part of it."""
    only_mock(cloud, "sends bytes without TLS")
    user = cloud.user()
    with claim("AUTH-HDR-01", "blanks around the value are no part of it"):
        observe(ask_raw(cloud, f" \t Bearer {user.token} \t ".encode()).status_code, 200)


@behaviour("AUTH-HDR-05")
def test_an_anonymous_token_is_the_same_everywhere(cloud: Cloud) -> None:
    """Joining takes and refuses the tokens of guests as every other call does."""
    guest = cloud.guest()
    space = cloud.open_space(cloud.jwt_user())
    with claim("AUTH-HDR-05", "a guest joins"):
        observe(cloud.call("GET", f"/spaces/{space}/join", guest).status_code, 200)
    cloud.advance(86_401)
    for name, path in (("joining", f"/spaces/{space}/join"), ("the user", "/users/me")):
        with claim("AUTH-HDR-05", f"a token older than a day is refused for {name}"):
            refused(cloud.call("GET", path, guest), 401, "auth.credential_expired")
