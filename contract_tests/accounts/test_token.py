import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import JWT, TEXT, TOKEN, Cloud, behaviour, only_mock
from contract_tests.oauth import (
    EVERY_SCOPE,
    PKCE,
    VERIFIER,
    Browser,
    Client,
    bearer,
    by_password,
    challenge,
    change,
    claims,
    code,
    exchange,
    failed,
    granted,
    info,
    refresh,
    register,
    revoke,
    token_call,
    works,
)

MEMBERS = ["access_token", "scope", "expires_in", "refresh_token", "id_token", "token_type"]
PATH = "/oauth2/access_token"


@behaviour("ACC-TOKEN-08", "ACC-TOKEN-09", "ACC-TOKEN-04", "ACC-TOKEN-02", "ACC-TOK-01", "ACC-TOK-02", "ACC-GEN-07")
def test_a_code_is_exchanged_for_the_documented_answer(cloud: Cloud) -> None:
    """Five documented members in their order and a token type as sixth; the token opens the REST API."""
    client = register(cloud)
    value = code(cloud, client)
    with claim("ACC-TOKEN-04", "ACC-TOKEN-02", "a code is exchanged by a client with its secret"):
        answer = exchange(cloud, client, value, token_endpoint="https%3A%2F%2Faccounts.zang.io")
        body = granted(answer)
    answers_as_documented(answer)
    with claim("ACC-TOK-02", "the access token opens the REST API as bearer"):
        expect(cloud.call("GET", "/users/me", bearer(body["access_token"])).json()["username"], cloud.credentials()[0])


@behaviour("ACC-TOKEN-08", "ACC-TOKEN-09", "ACC-TOKEN-07", "ACC-TOK-01", "ACC-TOK-02", "ACC-GEN-07")
def test_a_password_is_answered_as_a_code_is(cloud: Cloud) -> None:
    """The password grant gives the same members in the same order; the token opens the REST API."""
    client, (name, _password) = register(cloud), cloud.credentials()
    with claim("ACC-TOKEN-07", "user name and password give tokens"):
        answer = by_password(cloud, client)
        body = granted(answer)
    answers_as_documented(answer)
    with claim("ACC-TOK-02", "the access token opens the REST API as bearer"):
        expect(cloud.call("GET", "/users/me", bearer(body["access_token"])).json()["username"], name)


def answers_as_documented(answer: httpx.Response) -> None:
    """Claim what every successful token answer shows."""
    body = granted(answer)
    with claim("ACC-TOKEN-08", "five documented members in their order", about=[answer]):
        expect(list(body)[:5], MEMBERS[:5])
    with claim("ACC-TOKEN-08", "token_type Bearer is the only other member", about=[answer]):
        observe((list(body)[5:], body["token_type"]), (["token_type"], "Bearer"))
    with claim("ACC-TOKEN-08", "scope names all scopes, id_token is a JWT", about=[answer]):
        expect((body["scope"], body["id_token"]), (EVERY_SCOPE, JWT))
    with claim("ACC-TOKEN-09", "expires_in is 3599", about=[answer]):
        expect(body["expires_in"], 3599)
    with claim("ACC-TOK-01", "access and refresh token are 40 hex digits", about=[answer]):
        observe((body["access_token"], body["refresh_token"]), (TOKEN, TOKEN))
    with claim("ACC-GEN-07", "the answer may not be stored", about=[answer]):
        observe((answer.headers["cache-control"], answer.headers["pragma"]), ("no-store", "no-cache"))


@behaviour("ACC-TOKEN-08")
def test_the_sixth_member_can_be_left_out(cloud: Cloud) -> None:
    """A setting leaves exactly what the vendor's documents print."""
    change(cloud, token_type=False)
    client = register(cloud)
    with claim("ACC-TOKEN-08", "with a setting there are five members"):
        observe(list(granted(by_password(cloud, client))), MEMBERS[:5])


@behaviour("ACC-TOKEN-01", "ACC-GEN-02", "ACC-TOKEN-07")
@pytest.mark.parametrize(
    ("media_type", "slash"),
    [
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded; charset=UTF-8", "/"),
        ("APPLICATION/X-WWW-FORM-URLENCODED;charset=utf-8", ""),
    ],
)
def test_a_form_may_name_its_charset(cloud: Cloud, media_type: str, slash: str) -> None:
    """The media type is compared without its parameters and in any letter case."""
    client, (name, password) = register(cloud), cloud.credentials()
    form = {"grant_type": "password", "username": name, "password": password, **client.credentials}
    with claim("ACC-TOKEN-01", "ACC-GEN-02", "ACC-TOKEN-07", "it is accepted"):
        headers = {"Content-Type": media_type}
        granted(cloud.http.post(f"{cloud.accounts}{PATH}{slash}", content=urlencode(form), headers=headers))


@behaviour("ACC-TOKEN-01")
def test_a_multipart_form_is_a_form_too(cloud: Cloud) -> None:
    """The form-data that one page of the documents shows leads to the same answer."""
    client, (username, password) = register(cloud), cloud.credentials()
    form = {"grant_type": "password", "username": username, "password": password}
    parts = {name: (None, value) for name, value in (form | client.credentials).items()}
    with claim("ACC-TOKEN-01", "a password in a multipart form is accepted"):
        granted(cloud.http.post(f"{cloud.accounts}{PATH}", files=parts))
    form = {"grant_type": "authorization_code", "code": code(cloud, client), "redirect_uri": client.redirect_uri}
    parts = {name: (None, value) for name, value in (form | client.credentials).items()}
    with claim("ACC-TOKEN-01", "a code in a multipart form is accepted"):
        granted(cloud.http.post(f"{cloud.accounts}{PATH}", files=parts))


@behaviour("ACC-TOKEN-01")
def test_a_redirect_uri_may_stand_in_the_body_as_it_is(cloud: Cloud) -> None:
    """A URI that nobody encoded still parses."""
    client = register(cloud, "http://localhost:3000/cb?a=b")
    body = (
        f"client_id={client.id}&client_secret={client.secret}&grant_type=authorization_code"
        f"&code={code(cloud, client)}&redirect_uri=http://localhost:3000/cb?a=b"
    )
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    with claim("ACC-TOKEN-01", "a redirect_uri that is not encoded is accepted"):
        granted(cloud.http.post(f"{cloud.accounts}{PATH}", content=body, headers=headers))


FORM = "application/x-www-form-urlencoded"


@behaviour("ACC-TOKEN-01")
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", '{"grant_type":"password"}'),
        ("text/plain", "grant_type=password"),
        ("", "grant_type=password"),
        ("multipart/form-data", "grant_type=password"),
        ("multipart/form-data; boundary=x", "--x\r\nnonsense"),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="code"; filename="f"\r\n\r\nzz\r\n--x--',
        ),
        (FORM, "&".join(f"a{number}=1" for number in range(2000))),
    ],
    ids=["JSON", "text", "no type", "boundary", "broken", "file", "many"],
)
def test_a_body_that_is_no_form_is_an_invalid_request(cloud: Cloud, media_type: str, body: str) -> None:
    """Other media types and broken forms are refused before the client is looked at."""
    headers = {"Content-Type": media_type} if media_type else {}
    with claim("ACC-TOKEN-01", "it is an invalid request"):
        failed(cloud.http.post(f"{cloud.accounts}{PATH}", content=body, headers=headers), "invalid_request")


@behaviour("ACC-TOKEN-15", "ACC-GEN-05", "ACC-ERR-05")
def test_a_form_without_sense_is_an_invalid_request(cloud: Cloud) -> None:
    """An empty body and repeated fields are refused with status 400 before the client is looked at."""
    headers = {"Content-Type": FORM}
    for name, body in (("no body", ""), ("separators", "&&&")):
        with claim("ACC-TOKEN-15", "ACC-ERR-05", f"{name}: an invalid request of status 400"):
            answer = cloud.http.post(f"{cloud.accounts}{PATH}", content=body, headers=headers)
            failed(answer, "invalid_request")
            observe(answer.status_code, 400)
    with claim("ACC-GEN-05", "a repeated field is an invalid request"):
        body = "grant_type=password&grant_type=password&client_id=x"
        failed(cloud.http.post(f"{cloud.accounts}{PATH}", content=body, headers=headers), "invalid_request")


@behaviour("ACC-TOKEN-15", "ACC-GEN-06")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_the_token_endpoint_takes_only_post(cloud: Cloud, method: str) -> None:
    """Another method is refused and told which one there is."""
    with claim("ACC-TOKEN-15", "it is refused with status 405"):
        answer = cloud.http.request(method, f"{cloud.accounts}{PATH}")
        observe(answer.status_code, 405)
    with claim("ACC-GEN-06", "the answer names POST"):
        observe(answer.headers.get("allow"), "POST")


WRONG_CLIENTS = [
    {"client_secret": None},
    {"client_secret": ""},
    {"client_secret": "0" * 40},
    {"client_id": None},
    {"client_id": "unknown"},
]


@behaviour("ACC-TOKEN-02", "ACC-TOKEN-15", "ACC-ERR-05")
@pytest.mark.parametrize("changes", WRONG_CLIENTS)
@pytest.mark.parametrize("grant_type", ["authorization_code", "refresh_token", "password", "bogus", None])
def test_a_client_is_checked_before_its_grant(
    cloud: Cloud, changes: dict[str, str | None], grant_type: str | None
) -> None:
    """Whatever it asks for, a client that does not prove itself is invalid."""
    form = {"grant_type": grant_type, **register(cloud).credentials, **changes}
    with claim("ACC-TOKEN-02", "ACC-TOKEN-15", "it is an invalid client"):
        answer = token_call(cloud, {name: value for name, value in form.items() if value is not None} | {"x": "y"})
        failed(answer, "invalid_client", 401)
    with claim("ACC-ERR-05", "its status is 401, without a challenge"):
        observe((answer.status_code, answer.headers.get("www-authenticate")), (401, None))


@behaviour("ACC-TOKEN-04", "ACC-TOKEN-02", "ACC-TOKEN-05", "ACC-TOKEN-13")
def test_a_failed_exchange_loses_nothing(cloud: Cloud) -> None:
    """Wrong secrets, URIs, verifiers and clients do not burn the code of the rightful client."""
    client = register(cloud)
    with claim("ACC-TOKEN-04", "an unknown code is an invalid grant"):
        failed(exchange(cloud, client, "0" * 40, code_verifier=VERIFIER), "invalid_grant")
    value = code(cloud, client, **PKCE)
    with claim("ACC-TOKEN-02", "a wrong secret is an invalid client"):
        failed(exchange(cloud, client, value, client_secret="wrong"), "invalid_client", 401)
    with claim("ACC-TOKEN-04", "another redirect_uri is an invalid grant"):
        elsewhere = {"redirect_uri": f"{client.redirect_uri}/", "code_verifier": VERIFIER}
        failed(exchange(cloud, client, value, **elsewhere), "invalid_grant")
    with claim("ACC-TOKEN-04", "no redirect_uri is an invalid request"):
        failed(exchange(cloud, client, value, redirect_uri=None, code_verifier=VERIFIER), "invalid_request")
    with claim("ACC-TOKEN-05", "no verifier, or a wrong one, is an invalid grant"):
        failed(exchange(cloud, client, value, code_verifier=None), "invalid_grant")
        failed(exchange(cloud, client, value, code_verifier=VERIFIER[::-1]), "invalid_grant")
    with claim("ACC-TOKEN-13", "a code that was refused to its client can still be exchanged"):
        spare = code(cloud, client, **PKCE)
        failed(exchange(cloud, client, spare, code_verifier=None), "invalid_grant")
        assert works(cloud, granted(exchange(cloud, client, spare, code_verifier=VERIFIER))["access_token"])
    other = register(cloud)
    with claim("ACC-TOKEN-04", "another client cannot exchange it"):
        failed(exchange(cloud, other, value, redirect_uri=client.redirect_uri, code_verifier=VERIFIER), "invalid_grant")
    with claim("ACC-TOKEN-13", "after all that the code can still be exchanged"):
        assert works(cloud, granted(exchange(cloud, client, value, code_verifier=VERIFIER))["access_token"])


@behaviour("ACC-TOKEN-04", "ACC-TOKEN-06", "ACC-TOKEN-07", "ACC-ERR-02")
def test_what_a_grant_needs_must_be_there(cloud: Cloud) -> None:
    """A missing parameter, an unknown grant and an unknown token have each their code."""
    client, (name, password) = register(cloud), cloud.credentials()
    rows: list[tuple[str, str, dict[str, str], str]] = [
        ("ACC-ERR-02", "no grant_type", {}, "invalid_request"),
        ("ACC-ERR-02", "empty grant_type", {"grant_type": ""}, "invalid_request"),
        ("ACC-ERR-02", "client_credentials", {"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ("ACC-ERR-02", "Password", {"grant_type": "Password"}, "unsupported_grant_type"),
        ("ACC-TOKEN-04", "no code", {"grant_type": "authorization_code", "redirect_uri": "x"}, "invalid_request"),
        ("ACC-TOKEN-04", "no redirect_uri", {"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ("ACC-TOKEN-06", "no refresh_token", {"grant_type": "refresh_token"}, "invalid_request"),
        ("ACC-TOKEN-07", "no password", {"grant_type": "password", "username": name}, "invalid_request"),
        ("ACC-TOKEN-07", "no username", {"grant_type": "password", "password": password}, "invalid_request"),
        ("ACC-TOKEN-06", "unknown", {"grant_type": "refresh_token", "refresh_token": "0" * 40}, "invalid_grant"),
    ]
    for shown, what, form, error in rows:
        with claim(shown, f"{what}: {error}"):
            failed(token_call(cloud, {**client.credentials, **form}), error)


@behaviour("ACC-TOKEN-03")
@pytest.mark.parametrize("body", ["none", "id", "both"])
def test_http_basic_is_accepted(cloud: Cloud, body: str) -> None:
    """Credentials may come in the header, and again in the body if they are the same."""
    client, (name, password) = register(cloud), cloud.credentials()
    form = {"grant_type": "password", "username": name, "password": password}
    same = {"none": {}, "id": {"client_id": client.id}, "both": client.credentials}[body]
    with claim("ACC-TOKEN-03", "it is accepted"):
        granted(token_call(cloud, {**form, **same}, headers=client.basic))


@behaviour("ACC-TOKEN-03", "ACC-ERR-05")
@pytest.mark.parametrize(
    ("header", "body"),
    [
        ("right", {"client_id": "other"}),
        ("right", {"client_secret": "other"}),
        ("wrong", {}),
        ("wrong", "right"),
        ("Basic !!!", {}),
        ("Basic " + base64.b64encode(b"no colon").decode(), {}),
        ("Basic " + base64.b64encode(b"\xff:\xff").decode(), {}),
        ("Basic", {}),
    ],
)
def test_basic_credentials_must_be_right_and_agree(cloud: Cloud, header: str, body: dict[str, str] | str) -> None:
    """A wrong or unreadable header, or one that differs from the body, is refused with a challenge."""
    client, (name, password) = register(cloud), cloud.credentials()
    wrong = Client(client.id, "wrong", client.redirect_uri)
    headers = {"right": client.basic, "wrong": wrong.basic}.get(header, {"Authorization": header})
    form = {"grant_type": "password", "username": name, "password": password}
    with claim("ACC-TOKEN-03", "it is an invalid client"):
        answer = token_call(cloud, {**form, **(client.credentials if isinstance(body, str) else body)}, headers=headers)
        failed(answer, "invalid_client", 401)
    with claim("ACC-ERR-05", "its status is 401, with a challenge"):
        wanted = (401, 'Basic realm="accounts"')
        observe((answer.status_code, answer.headers.get("www-authenticate")), wanted)


@behaviour("ACC-TOKEN-05")
@pytest.mark.parametrize("verifier", [None, "", VERIFIER[:42], VERIFIER + "x", VERIFIER.lower(), "x" * 129, "ä" * 43])
@pytest.mark.parametrize("method", ["S256", "plain"])
def test_a_wrong_verifier_is_refused(cloud: Cloud, method: str, verifier: str | None) -> None:
    """It must be there, well formed and the one that the challenge was made of."""
    client = register(cloud)
    sent = VERIFIER if method == "plain" else challenge(VERIFIER)
    value = code(cloud, client, code_challenge=sent, code_challenge_method=method)
    with claim("ACC-TOKEN-05", "it is an invalid grant"):
        failed(exchange(cloud, client, value, code_verifier=verifier), "invalid_grant")


@behaviour("ACC-TOKEN-05")
def test_a_verifier_that_is_too_short_is_refused_though_it_matches(cloud: Cloud) -> None:
    """A challenge may be well formed while what it was made of is not."""
    client = register(cloud)
    value = code(cloud, client, code_challenge=challenge("short"), code_challenge_method="S256")
    with claim("ACC-TOKEN-05", "a verifier of five characters is an invalid grant"):
        failed(exchange(cloud, client, value, code_verifier="short"), "invalid_grant")


@behaviour("ACC-TOKEN-05", "ACC-TOKEN-02")
def test_the_verifier_may_stand_in_for_the_secret_by_setting(cloud: Cloud) -> None:
    """Only with the setting, only at a code with a challenge, and a secret that is sent must still be right."""
    client = register(cloud)
    bare = {"client_secret": None, "code_verifier": VERIFIER}
    value = code(cloud, client, **PKCE)
    with claim("ACC-TOKEN-05", "ACC-TOKEN-02", "a verifier does not stand in for the secret"):
        failed(exchange(cloud, client, value, **bare), "invalid_client", 401)
    change(cloud, pkce_without_secret=True)
    with claim("ACC-TOKEN-05", "by setting, what is sent must still be right"):
        failed(exchange(cloud, client, value, client_secret="wrong", code_verifier=VERIFIER), "invalid_client", 401)
        failed(exchange(cloud, client, value, client_secret=None, code_verifier=VERIFIER[::-1]), "invalid_grant")
        failed(exchange(cloud, client, value, client_secret=None), "invalid_client", 401)
        failed(exchange(cloud, client, code(cloud, client), **bare), "invalid_client", 401)
    with claim("ACC-TOKEN-05", "by setting, the verifier stands in for the secret"):
        body = granted(exchange(cloud, client, value, **bare))
        cloud.explains("accounts.pkce_without_secret", path=PATH)
    with claim("ACC-TOKEN-02", "by setting, a refresh still needs the secret"):
        failed(refresh(cloud, client, body["refresh_token"], client_secret=None), "invalid_client", 401)


@behaviour("ACC-TOKEN-18")
def test_a_public_client_needs_no_secret_but_a_challenge(cloud: Cloud) -> None:
    """It exchanges and refreshes without one, may not use passwords, and must not send any secret."""
    client = register(cloud, public=True)
    value = code(cloud, client, **PKCE)
    with claim("ACC-TOKEN-18", "a secret in the body is refused"):
        failed(exchange(cloud, client, value, client_secret="x", code_verifier=VERIFIER), "invalid_client", 401)
    secret = Client(client.id, "x", client.redirect_uri)
    form = {"grant_type": "authorization_code", "code": value, "redirect_uri": client.redirect_uri}
    with claim("ACC-TOKEN-18", "a secret in the header is refused"):
        failed(token_call(cloud, {**form, "code_verifier": VERIFIER}, headers=secret.basic), "invalid_client", 401)
    with claim("ACC-TOKEN-18", "a code is exchanged without secret"):
        body = granted(exchange(cloud, client, value, client_secret="", code_verifier=VERIFIER))
    with claim("ACC-TOKEN-18", "a refresh needs no secret"):
        granted(refresh(cloud, client, body["refresh_token"]))
        again = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
        granted(token_call(cloud, again, headers=client.basic))
    with claim("ACC-TOKEN-18", "passwords are not for it"):
        failed(by_password(cloud, client), "unauthorized_client")


@behaviour("ACC-TOKEN-07", "ACC-GEN-14", "ACC-GEN-04")
def test_a_password_gives_tokens(cloud: Cloud) -> None:
    """The user name is trimmed and compared in any letter case, and all scopes are granted unless some are named."""
    client = register(cloud)
    name, _password = cloud.credentials()
    with claim("ACC-GEN-14", "ACC-GEN-04", "blanks around it and letter case do not count"):
        body = granted(by_password(cloud, client, username=f" {name.title()}\t"))
        expect(claims(body["id_token"])["email"], name)
    with claim("ACC-TOKEN-07", "without scope all scopes are granted"):
        expect(granted(by_password(cloud, client))["scope"], EVERY_SCOPE)
    with claim("ACC-TOKEN-07", "a scope that is named is granted alone"):
        body = granted(by_password(cloud, client, scope="profile"))
        expect(body["scope"], "https://www.onesna.com/auth/userinfo.profile")


@behaviour("ACC-TOKEN-16", "ACC-GEN-14", "ACC-TOKEN-07")
def test_who_may_not_sign_in_gets_no_tokens(cloud: Cloud) -> None:
    """Unknown, disabled and service users, second addresses and wrong passwords are answered alike."""
    client, (name, password) = register(cloud), cloud.credentials()
    texts = []
    with claim("ACC-TOKEN-16", "an unknown user is an invalid grant"):
        texts.append(refused_password(cloud, client, "nobody@example.com", "pw"))
    with claim("ACC-TOKEN-16", "ACC-TOKEN-07", "a wrong password is an invalid grant"):
        texts += [refused_password(cloud, client, name, wrong) for wrong in ("wrong", f" {password}", "ä")]
    with claim("ACC-TOKEN-16", "an unknown user and a wrong password are answered alike"):
        observe(len(set(texts)), 1)
    subject = cloud.app("spaces.create").key["sub"]
    with claim("ACC-TOKEN-16", "ACC-GEN-14", "a service account is an invalid grant"):
        texts.append(refused_password(cloud, client, subject, "pw"))
    cloud.user("dora@example.com", password="pw", enabled=False)
    cloud.user("mona@example.com", password="pw", other_emails=["m@elsewhere.example"])
    with claim("ACC-TOKEN-16", "ACC-GEN-14", "disabled users and second addresses are invalid grants, answered alike"):
        texts += [refused_password(cloud, client, one, "pw") for one in ("dora@example.com", "m@elsewhere.example")]
        observe(len(set(texts)), 1)


def refused_password(cloud: Cloud, client: Client, username: str, password: str) -> str:
    """Return the text that refuses a sign-in."""
    answer = by_password(cloud, client, username=username, password=password)
    failed(answer, "invalid_grant")
    return answer.text


@behaviour("ACC-TOKEN-16", "ACC-TOKEN-12")
def test_a_disabled_user_loses_codes_and_refresh_tokens(cloud: Cloud) -> None:
    """What was issued to him before is refused, and works again when he is enabled."""
    client = register(cloud)
    cloud.user("dora@example.com", password="pw")
    value = code(cloud, client, "dora@example.com")
    body = granted(by_password(cloud, client, username="dora@example.com", password="pw"))
    cloud.control("PATCH", "/users/dora@example.com", {"enabled": False})
    with claim("ACC-TOKEN-16", "code, refresh token and access token of a disabled user are refused"):
        failed(exchange(cloud, client, value), "invalid_grant")
        failed(refresh(cloud, client, body["refresh_token"]), "invalid_grant")
        assert not works(cloud, body["access_token"])
    cloud.control("PATCH", "/users/dora@example.com", {"enabled": True})
    with claim("ACC-TOKEN-12", "code and refresh token of a user who is enabled again work"):
        granted(exchange(cloud, client, value))
        granted(refresh(cloud, client, body["refresh_token"]))


@behaviour("ACC-TOKEN-13")
@pytest.mark.parametrize("response_type", ["code", "esjwtcode"])
def test_a_code_used_twice_kills_what_it_issued(cloud: Cloud, response_type: str) -> None:
    """The second use is refused, and access, refresh and id tokens and user JWTs of the first are dead."""
    client = register(cloud)
    value = code(cloud, client, response_type=response_type)
    body = granted(exchange(cloud, client, value))
    later = granted(refresh(cloud, client, body["refresh_token"]))
    with claim("ACC-TOKEN-13", "the second use is an invalid grant"):
        failed(exchange(cloud, client, value), "invalid_grant")
    for name, tokens in (("the first use", body), ("a refresh", later)):
        with claim("ACC-TOKEN-13", f"access token of {name} is dead"):
            assert not works(cloud, tokens["access_token"])
        with claim("ACC-TOKEN-13", f"refresh token of {name} is dead"):
            failed(refresh(cloud, client, tokens["refresh_token"]), "invalid_grant")
        with claim("ACC-TOKEN-13", f"id token of {name} is dead"):
            failed(info(cloud, tokens["id_token"]), "invalid_token")
    with claim("ACC-TOKEN-13", "the user JWT is dead"):
        header = {"Authorization": f"jwt {body['id_token']}"}
        observe(cloud.http.get(f"{cloud.api}/users/me", headers=header).status_code, 401)


@behaviour("ACC-TOKEN-13")
def test_of_two_exchanges_at_once_one_wins(cloud: Cloud) -> None:
    """Sent together a code is exchanged once, and the others are refused."""
    client = register(cloud)
    for number in range(5):
        value = code(cloud, client)
        with claim("ACC-TOKEN-13", f"of eight exchanges at once one wins, round {number}"):
            with ThreadPoolExecutor(8) as pool:
                answers = list(pool.map(lambda _number, value=value: exchange(cloud, client, value), range(8)))
            observe(sorted(answer.status_code for answer in answers), [200] + 7 * [400])


@behaviour("ACC-TOKEN-10", "ACC-TOKEN-11", "ACC-TOKEN-12", "ACC-TOKEN-06")
def test_a_refresh_gives_new_tokens_and_takes_none(cloud: Cloud) -> None:
    """The answer has the same members; old access and refresh tokens live on."""
    client = register(cloud)
    for grant in ("password", "code"):
        first = granted(
            by_password(cloud, client) if grant == "password" else exchange(cloud, client, code(cloud, client))
        )
        with claim("ACC-TOKEN-06", f"{grant}: a redirect_uri beside a refresh token is not compared"):
            answer = refresh(cloud, client, first["refresh_token"], redirect_uri="http://never.compared/")
            second = granted(answer)
        with claim("ACC-TOKEN-10", f"{grant}: the answer has the same members", about=[answer]):
            expect(list(second)[:5], MEMBERS[:5])
        with claim("ACC-TOKEN-11", f"{grant}: both tokens are new", about=[answer]):
            observe(len({one[name] for one in (first, second) for name in ("access_token", "refresh_token")}), 4)
        with claim("ACC-TOKEN-12", f"{grant}: the old access token lives on"):
            assert works(cloud, first["access_token"])
        with claim("ACC-TOKEN-10", f"{grant}: the new access token works"):
            assert works(cloud, second["access_token"])
        with claim("ACC-TOKEN-11", f"{grant}: the old refresh token stays valid"):
            granted(refresh(cloud, client, first["refresh_token"]))
        with claim("ACC-TOKEN-11", f"{grant}: the new refresh token is valid"):
            granted(refresh(cloud, client, second["refresh_token"]))


@behaviour("ACC-TOKEN-12", "ACC-TOKEN-09", "ACC-TOK-03")
def test_tokens_live_by_the_clock_of_the_world(cloud: Cloud) -> None:
    """An access token lasts until 3600 s, also after a refresh; a refresh token does not expire by time."""
    cloud.freeze()
    client = register(cloud)
    first = granted(by_password(cloud, client))
    cloud.advance(1800)
    second = granted(refresh(cloud, client, first["refresh_token"]))
    cloud.advance(1799)
    with claim("ACC-TOKEN-12", "an access token survives a refresh until its own expiry"):
        assert works(cloud, first["access_token"])
    cloud.advance(1)
    with claim("ACC-TOKEN-09", "ACC-TOK-03", "an access token ends at 3600 s"):
        assert (works(cloud, first["access_token"]), works(cloud, second["access_token"])) == (False, True)
    cloud.advance(10 * 365 * 86400)
    with claim("ACC-TOKEN-12", "a refresh token works after ten years"):
        assert works(cloud, granted(refresh(cloud, client, first["refresh_token"]))["access_token"])


@behaviour("ACC-TOKEN-11", "ACC-UJWT-06")
def test_strict_rotation_ends_the_grant_of_a_replayed_token(cloud: Cloud) -> None:
    """With the setting the old refresh token dies, and whoever uses it again loses everything."""
    change(cloud, strict_rotation=True)
    client, other = register(cloud), register(cloud)
    first = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode")))
    with claim("ACC-TOKEN-11", "with strict rotation a failed refresh loses nothing"):
        failed(refresh(cloud, client, first["refresh_token"], scope="office"), "invalid_scope")
        second = granted(refresh(cloud, client, first["refresh_token"]))
        failed(refresh(cloud, other, first["refresh_token"]), "invalid_grant")
        assert works(cloud, second["access_token"])
    with claim("ACC-TOKEN-11", "with strict rotation an old refresh token is dead, and its use ends the grant"):
        failed(refresh(cloud, client, first["refresh_token"]), "invalid_grant")
        for tokens in (first, second):
            assert not works(cloud, tokens["access_token"])
            failed(refresh(cloud, client, tokens["refresh_token"]), "invalid_grant")
    with claim("ACC-UJWT-06", "with the grant its user JWT ends"):
        header = {"Authorization": f"jwt {first['id_token']}"}
        observe(cloud.http.get(f"{cloud.api}/users/me", headers=header).status_code, 401)


@behaviour("ACC-TOKEN-06", "ACC-SCOPE-06")
def test_a_refresh_may_narrow_the_scope_of_its_access_token(cloud: Cloud) -> None:
    """The new refresh token keeps what was granted; more than that is an invalid scope."""
    client = register(cloud)
    body = granted(by_password(cloud, client, scope="email spaces"))
    with claim("ACC-TOKEN-06", "ACC-SCOPE-06", "the new access token has the narrower scope"):
        narrow = granted(refresh(cloud, client, body["refresh_token"], scope="email"))
        observe(narrow["scope"], "https://www.onesna.com/auth/userinfo.email")
        assert not works(cloud, narrow["access_token"])
    for scope in ("profile", "email profile", "bogus"):
        with claim("ACC-TOKEN-06", f"{scope}, more than was granted, is an invalid scope"):
            failed(refresh(cloud, client, narrow["refresh_token"], scope=scope), "invalid_scope")
    with claim("ACC-TOKEN-06", "the new refresh token keeps the scopes of the grant"):
        wide = granted(refresh(cloud, client, narrow["refresh_token"]))
        assert works(cloud, wide["access_token"])


@behaviour("ACC-TOKEN-06")
def test_a_refresh_token_belongs_to_its_client(cloud: Cloud) -> None:
    """Another client cannot use it, and does not end it by trying."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    with claim("ACC-TOKEN-06", "an access token is no refresh token"):
        failed(refresh(cloud, client, body["access_token"]), "invalid_grant")
    other = register(cloud)
    with claim("ACC-TOKEN-06", "another client cannot use it, and does not end it"):
        failed(refresh(cloud, other, body["refresh_token"]), "invalid_grant")
        granted(refresh(cloud, client, body["refresh_token"]))


@behaviour("ACC-TOKEN-14", "ACC-AUTHZ-04")
@pytest.mark.parametrize(("access_type", "member"), [("online", False), ("offline", True), (None, True)])
def test_online_access_has_no_refresh_token(cloud: Cloud, access_type: str | None, *, member: bool) -> None:
    """Only a code that was asked for with online access lacks the member."""
    client = register(cloud)
    value = code(cloud, client, access_type=access_type)
    with claim("ACC-TOKEN-14", "ACC-AUTHZ-04", f"there is {'a' if member else 'no'} refresh token"):
        expect("refresh_token" in granted(exchange(cloud, client, value)), member)


@behaviour("ACC-TOKEN-17")
def test_the_misspelt_path_is_an_alias_by_setting_only(cloud: Cloud) -> None:
    """What one page of the documents misprints is not found unless a setting serves it."""
    client, (name, password) = register(cloud), cloud.credentials()
    form = {"grant_type": "password", "username": name, "password": password, **client.credentials}
    url = f"{cloud.accounts}/oauth2/acces_token"
    with claim("ACC-TOKEN-17", "it is not found"):
        observe(cloud.http.post(url, data=form).status_code, 404)
    change(cloud, typo_alias=True)
    with claim("ACC-TOKEN-17", "by setting it is served"):
        granted(cloud.http.post(url, data=form))
        granted(cloud.http.post(f"{url}/", data=form))
        cloud.explains("accounts.typo_alias", path="/oauth2/acces_token")


@behaviour("ACC-ERR-01", "ACC-ERR-02", "ACC-ERR-03", "ACC-ERR-05")
def test_errors_come_in_two_styles(cloud: Cloud) -> None:
    """The vendor's client reads an object, RFC libraries a string; a setting tells which."""
    client = register(cloud)
    asked: dict[str, tuple[Callable[[], httpx.Response], str, int]] = {
        "a wrong password": (lambda: by_password(cloud, client, password="wrong"), "invalid_grant", 400),
        "a wrong secret": (lambda: by_password(cloud, client, client_secret="wrong"), "invalid_client", 401),
        "a bad id_token": (lambda: info(cloud, "x"), "invalid_token", 400),
        "no token": (lambda: cloud.http.get(f"{cloud.accounts}/api/1.0/user/self/"), "invalid_token", 401),
    }
    for name, (ask, error, status) in asked.items():
        with claim("ACC-ERR-05", f"{name}: status {status}"):
            answer = ask()
            failed(answer, error, status)
            observe(answer.status_code, status)
        with claim("ACC-ERR-01", f"{name}: error is an object with code and message", about=[answer]):
            expect(sorted(answer.json()["error"]), ["code", "message"])
        with claim("ACC-ERR-02", f"{name}: the code is {error}, and the description repeats a message", about=[answer]):
            body = answer.json()
            found = body["error"] if isinstance(body["error"], dict) else {"code": body["error"]}
            observe(found["code"], error)
            observe(body["error_description"], found.get("message", body["error_description"]))
    change(cloud, error_style="rfc6749")
    for name, (ask, error, status) in asked.items():
        with claim("ACC-ERR-03", f"{name}: by setting, error is a text"):
            answer = ask()
            observe((answer.status_code, answer.json()), (status, {"error": error, "error_description": TEXT}))


@behaviour("ACC-GEN-07")
def test_neither_success_nor_failure_may_be_stored(cloud: Cloud) -> None:
    """Answers of token, revoke and info all say so."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    asked: dict[str, Callable[[], httpx.Response]] = {
        "tokens": lambda: by_password(cloud, client),
        "a wrong password": lambda: by_password(cloud, client, password="wrong"),
        "an id_token": lambda: info(cloud, body["id_token"]),
        "a bad id_token": lambda: info(cloud, "x"),
        "an unknown token to revoke": lambda: revoke(cloud, client_id=client.id, refresh_token="x"),
        "an unknown client": lambda: revoke(cloud, client_id="x"),
    }
    for name, ask in asked.items():
        with claim("ACC-GEN-07", f"{name}: the answer may not be stored"):
            answer = ask()
            observe((answer.headers["cache-control"], answer.headers["pragma"]), ("no-store", "no-cache"))


@behaviour("ACC-GEN-12")
@pytest.mark.parametrize("path", [PATH, "/oauth2/revoke_token", "/api/1.0/jwt/get_jwt_token"])
@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"])
def test_a_body_that_is_too_large_is_refused(cloud: Cloud, path: str, media_type: str) -> None:
    """Over 5 MiB nothing is read, whatever the body is said to be."""
    only_mock(cloud, "nobody sends such bodies to a server of others")
    body, headers = b"a" * (5 * 1024 * 1024 + 1), {"Content-Type": media_type}
    with claim("ACC-GEN-12", "it is an invalid request of status 413"):
        failed(cloud.http.post(f"{cloud.accounts}{path}", content=body, headers=headers), "invalid_request", 413)


@behaviour("ACC-GEN-12")
def test_a_page_refuses_a_large_body_too(cloud: Cloud) -> None:
    """The login form is answered by a page of status 413."""
    browser = Browser(cloud)
    with claim("ACC-GEN-12", "the login form answers 413 with a page"):
        answer = browser.send("POST", "/account/login/", content=b"a" * (5 * 1024 * 1024 + 1))
        observe((answer.status_code, answer.headers["content-type"]), (413, "text/html; charset=utf-8"))
