import base64
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlencode

import httpx
import pytest

from contract_tests.kit import JWT, TEXT, TOKEN, Cloud, behaviour, expect, observe, only_mock
from contract_tests.oauth import (
    ANN,
    ANN_PASSWORD,
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
    someone,
    token_call,
    works,
)

MEMBERS = ["access_token", "scope", "expires_in", "refresh_token", "id_token", "token_type"]
PATH = "/oauth2/access_token"


@behaviour("ACC-TOKEN-08", "ACC-TOKEN-09", "ACC-TOKEN-04", "ACC-TOKEN-02", "ACC-TOK-01", "ACC-TOK-02", "ACC-GEN-07")
def test_a_code_is_exchanged_for_the_documented_answer(cloud: Cloud) -> None:
    """Five documented members in their order and a token type as sixth; the token opens the REST API."""
    client = register(cloud)
    answer = exchange(cloud, client, code(cloud, client), token_endpoint="https%3A%2F%2Faccounts.zang.io")
    body = granted(answer)
    expect(list(body)[:5], MEMBERS[:5])
    observe(list(body)[5:], ["token_type"])
    observe((body["access_token"], body["refresh_token"]), (TOKEN, TOKEN))
    expect((body["scope"], body["expires_in"], body["id_token"]), (EVERY_SCOPE, 3599, JWT))
    observe(body["token_type"], "Bearer")
    observe((answer.headers["cache-control"], answer.headers["pragma"]), ("no-store", "no-cache"))
    expect(cloud.call("GET", "/users/me", bearer(body["access_token"])).json()["username"], ANN)


@behaviour("ACC-TOKEN-08")
def test_the_sixth_member_can_be_left_out(cloud: Cloud) -> None:
    """A setting leaves exactly what the vendor's documents print."""
    change(cloud, token_type=False)
    observe(list(granted(by_password(cloud, register(cloud)))), MEMBERS[:5])


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
    client = register(cloud)
    form = {"grant_type": "password", "username": ANN, "password": ANN_PASSWORD, **client.credentials}
    answer = cloud.http.post(
        f"{cloud.accounts}{PATH}{slash}", content=urlencode(form), headers={"Content-Type": media_type}
    )
    granted(answer)


@behaviour("ACC-TOKEN-01")
def test_a_multipart_form_is_a_form_too(cloud: Cloud) -> None:
    """The form-data that one page of the documents shows leads to the same answer."""
    client = register(cloud)
    form = {"grant_type": "authorization_code", "code": code(cloud, client), "redirect_uri": client.redirect_uri}
    parts = {name: (None, value) for name, value in (form | client.credentials).items()}
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
    granted(cloud.http.post(f"{cloud.accounts}{PATH}", content=body, headers=headers))


@behaviour("ACC-TOKEN-01", "ACC-TOKEN-15", "ACC-GEN-12", "ACC-GEN-05", "ACC-ERR-05")
@pytest.mark.parametrize(
    ("media_type", "body"),
    [
        ("application/json", '{"grant_type":"password"}'),
        ("text/plain", "grant_type=password"),
        ("", "grant_type=password"),
        ("application/x-www-form-urlencoded", ""),
        ("application/x-www-form-urlencoded", "&&&"),
        ("application/x-www-form-urlencoded", "&".join(f"a{number}=1" for number in range(2000))),
        ("application/x-www-form-urlencoded", "grant_type=password&grant_type=password&client_id=x"),
        ("multipart/form-data", "grant_type=password"),
        ("multipart/form-data; boundary=x", "--x\r\nnonsense"),
        (
            "multipart/form-data; boundary=x",
            '--x\r\nContent-Disposition: form-data; name="code"; filename="f"\r\n\r\nzz\r\n--x--',
        ),
    ],
    ids=["JSON", "text", "no type", "empty", "separators", "many", "repeated", "boundary", "broken", "file"],
)
def test_a_body_that_is_no_form_is_an_invalid_request(cloud: Cloud, media_type: str, body: str) -> None:
    """Other media types, an empty body, repeated fields and broken forms are refused before the client is looked at."""
    headers = {"Content-Type": media_type} if media_type else {}
    failed(cloud.http.post(f"{cloud.accounts}{PATH}", content=body, headers=headers), "invalid_request")


@behaviour("ACC-TOKEN-15", "ACC-GEN-06")
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE", "PATCH"])
def test_the_token_endpoint_takes_only_post(cloud: Cloud, method: str) -> None:
    """Another method is refused and told which one there is."""
    answer = cloud.http.request(method, f"{cloud.accounts}{PATH}")
    observe((answer.status_code, answer.headers.get("allow")), (405, "POST"))


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
    answer = token_call(cloud, {name: value for name, value in form.items() if value is not None} | {"x": "y"})
    failed(answer, "invalid_client", 401)
    assert "www-authenticate" not in answer.headers


@behaviour("ACC-TOKEN-04", "ACC-TOKEN-02", "ACC-TOKEN-13")
def test_a_failed_exchange_loses_nothing(cloud: Cloud) -> None:
    """Wrong secrets, URIs, verifiers and clients do not burn the code of the rightful client."""
    client, other = register(cloud), register(cloud)
    value = code(cloud, client, **PKCE)
    failed(exchange(cloud, client, value, client_secret="wrong"), "invalid_client", 401)
    elsewhere = {"redirect_uri": f"{client.redirect_uri}/", "code_verifier": VERIFIER}
    failed(exchange(cloud, client, value, **elsewhere), "invalid_grant")
    failed(exchange(cloud, client, value, redirect_uri=None, code_verifier=VERIFIER), "invalid_request")
    failed(exchange(cloud, client, value, code_verifier=None), "invalid_grant")
    failed(exchange(cloud, client, value, code_verifier=VERIFIER[::-1]), "invalid_grant")
    failed(exchange(cloud, other, value, redirect_uri=client.redirect_uri, code_verifier=VERIFIER), "invalid_grant")
    failed(exchange(cloud, client, "0" * 40, code_verifier=VERIFIER), "invalid_grant")
    assert works(cloud, granted(exchange(cloud, client, value, code_verifier=VERIFIER))["access_token"])


@behaviour("ACC-TOKEN-04", "ACC-TOKEN-06", "ACC-TOKEN-07", "ACC-ERR-05")
@pytest.mark.parametrize(
    ("form", "error"),
    [
        ({}, "invalid_request"),
        ({"grant_type": ""}, "invalid_request"),
        ({"grant_type": "client_credentials"}, "unsupported_grant_type"),
        ({"grant_type": "Password"}, "unsupported_grant_type"),
        ({"grant_type": "authorization_code", "redirect_uri": "x"}, "invalid_request"),
        ({"grant_type": "authorization_code", "code": "x"}, "invalid_request"),
        ({"grant_type": "refresh_token"}, "invalid_request"),
        ({"grant_type": "password", "username": ANN}, "invalid_request"),
        ({"grant_type": "password", "password": ANN_PASSWORD}, "invalid_request"),
        ({"grant_type": "refresh_token", "refresh_token": "0" * 40}, "invalid_grant"),
    ],
)
def test_what_a_grant_needs_must_be_there(cloud: Cloud, form: dict[str, str], error: str) -> None:
    """A missing parameter, an unknown grant and an unknown token have each their code."""
    failed(token_call(cloud, {**register(cloud).credentials, **form}), error)


@behaviour("ACC-TOKEN-03")
@pytest.mark.parametrize("body", ["none", "id", "both"])
def test_http_basic_is_accepted(cloud: Cloud, body: str) -> None:
    """Credentials may come in the header, and again in the body if they are the same."""
    client = register(cloud)
    form = {"grant_type": "password", "username": ANN, "password": ANN_PASSWORD}
    same = {"none": {}, "id": {"client_id": client.id}, "both": client.credentials}[body]
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
    client = register(cloud)
    wrong = Client(client.id, "wrong", client.redirect_uri)
    headers = {"right": client.basic, "wrong": wrong.basic}.get(header, {"Authorization": header})
    form = {"grant_type": "password", "username": ANN, "password": ANN_PASSWORD}
    answer = token_call(cloud, {**form, **(client.credentials if isinstance(body, str) else body)}, headers=headers)
    failed(answer, "invalid_client", 401)
    observe(answer.headers["www-authenticate"], 'Basic realm="accounts"')


@behaviour("ACC-TOKEN-05")
@pytest.mark.parametrize("verifier", [None, "", VERIFIER[:42], VERIFIER + "x", VERIFIER.lower(), "x" * 129, "ä" * 43])
@pytest.mark.parametrize("method", ["S256", "plain"])
def test_a_wrong_verifier_is_refused(cloud: Cloud, method: str, verifier: str | None) -> None:
    """It must be there, well formed and the one that the challenge was made of."""
    client = register(cloud)
    sent = VERIFIER if method == "plain" else challenge(VERIFIER)
    value = code(cloud, client, code_challenge=sent, code_challenge_method=method)
    failed(exchange(cloud, client, value, code_verifier=verifier), "invalid_grant")


@behaviour("ACC-TOKEN-05")
def test_a_verifier_that_is_too_short_is_refused_though_it_matches(cloud: Cloud) -> None:
    """A challenge may be well formed while what it was made of is not."""
    client = register(cloud)
    value = code(cloud, client, code_challenge=challenge("short"), code_challenge_method="S256")
    failed(exchange(cloud, client, value, code_verifier="short"), "invalid_grant")


@behaviour("ACC-TOKEN-05", "ACC-TOKEN-02")
def test_the_verifier_may_stand_in_for_the_secret_by_setting(cloud: Cloud) -> None:
    """Only with the setting, only at a code with a challenge, and a secret that is sent must still be right."""
    client = register(cloud)
    bare = {"client_secret": None, "code_verifier": VERIFIER}
    value = code(cloud, client, **PKCE)
    failed(exchange(cloud, client, value, **bare), "invalid_client", 401)
    change(cloud, pkce_without_secret=True)
    failed(exchange(cloud, client, value, client_secret="wrong", code_verifier=VERIFIER), "invalid_client", 401)
    failed(exchange(cloud, client, value, client_secret=None, code_verifier=VERIFIER[::-1]), "invalid_grant")
    failed(exchange(cloud, client, value, client_secret=None), "invalid_client", 401)
    failed(exchange(cloud, client, code(cloud, client), **bare), "invalid_client", 401)
    body = granted(exchange(cloud, client, value, **bare))
    assert "accounts.pkce_without_secret" in cloud.why(path=PATH)
    failed(refresh(cloud, client, body["refresh_token"], client_secret=None), "invalid_client", 401)


@behaviour("ACC-TOKEN-18")
def test_a_public_client_needs_no_secret_but_a_challenge(cloud: Cloud) -> None:
    """It exchanges and refreshes without one, may not use passwords, and must not send any secret."""
    client = register(cloud, public=True)
    value = code(cloud, client, **PKCE)
    failed(exchange(cloud, client, value, client_secret="x", code_verifier=VERIFIER), "invalid_client", 401)
    secret = Client(client.id, "x", client.redirect_uri)
    form = {"grant_type": "authorization_code", "code": value, "redirect_uri": client.redirect_uri}
    failed(token_call(cloud, {**form, "code_verifier": VERIFIER}, headers=secret.basic), "invalid_client", 401)
    body = granted(exchange(cloud, client, value, client_secret="", code_verifier=VERIFIER))
    granted(refresh(cloud, client, body["refresh_token"]))
    again = {"grant_type": "refresh_token", "refresh_token": body["refresh_token"]}
    granted(token_call(cloud, again, headers=client.basic))
    failed(by_password(cloud, client), "unauthorized_client")


@behaviour("ACC-TOKEN-07", "ACC-GEN-14", "ACC-GEN-04")
def test_a_password_gives_tokens(cloud: Cloud) -> None:
    """The user name is trimmed and compared in any letter case, and all scopes are granted unless some are named."""
    client = register(cloud)
    name, _password = someone(cloud)
    body = granted(by_password(cloud, client, username=f" {name.title()}\t"))
    expect((body["scope"], claims(body["id_token"])["email"]), (EVERY_SCOPE, name))
    body = granted(by_password(cloud, client, scope="profile"))
    expect(body["scope"], "https://www.onesna.com/auth/userinfo.profile")


@behaviour("ACC-TOKEN-16", "ACC-GEN-14", "ACC-TOKEN-07")
def test_who_may_not_sign_in_gets_no_tokens(cloud: Cloud) -> None:
    """Unknown, disabled and service users, second addresses and wrong passwords are answered alike."""
    client = register(cloud)
    cloud.user("dora@example.com", password="pw", enabled=False)
    cloud.user("mona@example.com", password="pw", other_emails=["m@elsewhere.example"])
    subject = cloud.app("spaces.create").key["sub"]
    answers = [
        by_password(cloud, client, username=username, password=password)
        for username, password in (
            ("nobody@example.com", "pw"),
            ("dora@example.com", "pw"),
            (subject, "pw"),
            ("m@elsewhere.example", "pw"),
            (ANN, "wrong"),
            (ANN, f" {ANN_PASSWORD}"),
            (ANN, "ä"),
        )
    ]
    for answer in answers:
        failed(answer, "invalid_grant")
    assert len({answer.text for answer in answers}) == 1


@behaviour("ACC-TOKEN-16", "ACC-TOKEN-12")
def test_a_disabled_user_loses_codes_and_refresh_tokens(cloud: Cloud) -> None:
    """What was issued to him before is refused, and works again when he is enabled."""
    client = register(cloud)
    cloud.user("dora@example.com", password="pw")
    value = code(cloud, client, "dora@example.com")
    body = granted(by_password(cloud, client, username="dora@example.com", password="pw"))
    cloud.control("PATCH", "/users/dora@example.com", {"enabled": False})
    failed(exchange(cloud, client, value), "invalid_grant")
    failed(refresh(cloud, client, body["refresh_token"]), "invalid_grant")
    assert not works(cloud, body["access_token"])
    cloud.control("PATCH", "/users/dora@example.com", {"enabled": True})
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
    failed(exchange(cloud, client, value), "invalid_grant")
    for tokens in (body, later):
        assert not works(cloud, tokens["access_token"])
        failed(refresh(cloud, client, tokens["refresh_token"]), "invalid_grant")
        failed(info(cloud, tokens["id_token"]), "invalid_token")
    header = {"Authorization": f"jwt {body['id_token']}"}
    observe(cloud.http.get(f"{cloud.api}/users/me", headers=header).status_code, 401)


@behaviour("ACC-TOKEN-13")
def test_of_two_exchanges_at_once_one_wins(cloud: Cloud) -> None:
    """Sent together a code is exchanged once, and the others are refused."""
    client = register(cloud)
    for _ in range(5):
        value = code(cloud, client)
        with ThreadPoolExecutor(8) as pool:
            answers = list(pool.map(lambda _number, value=value: exchange(cloud, client, value), range(8)))
        observe(sorted(answer.status_code for answer in answers), [200] + 7 * [400])


@behaviour("ACC-TOKEN-10", "ACC-TOKEN-11", "ACC-TOKEN-12", "ACC-TOKEN-06")
def test_a_refresh_gives_new_tokens_and_takes_none(cloud: Cloud) -> None:
    """The answer has the same members; old access and refresh tokens live on."""
    client = register(cloud)
    first = granted(exchange(cloud, client, code(cloud, client)))
    second = granted(refresh(cloud, client, first["refresh_token"], redirect_uri="http://never.compared/"))
    expect(list(second)[:5], MEMBERS[:5])
    observe(len({first["access_token"], second["access_token"]}), 2)
    observe(len({first["refresh_token"], second["refresh_token"]}), 2)
    assert works(cloud, first["access_token"])
    assert works(cloud, second["access_token"])
    granted(refresh(cloud, client, first["refresh_token"]))
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
    assert works(cloud, first["access_token"])
    cloud.advance(1)
    assert (works(cloud, first["access_token"]), works(cloud, second["access_token"])) == (False, True)
    cloud.advance(10 * 365 * 86400)
    assert works(cloud, granted(refresh(cloud, client, first["refresh_token"]))["access_token"])


@behaviour("ACC-TOKEN-11", "ACC-UJWT-06")
def test_strict_rotation_ends_the_grant_of_a_replayed_token(cloud: Cloud) -> None:
    """With the setting the old refresh token dies, and whoever uses it again loses everything."""
    change(cloud, strict_rotation=True)
    client, other = register(cloud), register(cloud)
    first = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode")))
    failed(refresh(cloud, client, first["refresh_token"], scope="office"), "invalid_scope")
    second = granted(refresh(cloud, client, first["refresh_token"]))
    failed(refresh(cloud, other, first["refresh_token"]), "invalid_grant")
    assert works(cloud, second["access_token"])
    failed(refresh(cloud, client, first["refresh_token"]), "invalid_grant")
    for tokens in (first, second):
        assert not works(cloud, tokens["access_token"])
        failed(refresh(cloud, client, tokens["refresh_token"]), "invalid_grant")
    header = {"Authorization": f"jwt {first['id_token']}"}
    observe(cloud.http.get(f"{cloud.api}/users/me", headers=header).status_code, 401)


@behaviour("ACC-TOKEN-06", "ACC-SCOPE-06")
def test_a_refresh_may_narrow_the_scope_of_its_access_token(cloud: Cloud) -> None:
    """The new refresh token keeps what was granted; more than that is an invalid scope."""
    client = register(cloud)
    body = granted(by_password(cloud, client, scope="email spaces"))
    narrow = granted(refresh(cloud, client, body["refresh_token"], scope="email"))
    observe(narrow["scope"], "https://www.onesna.com/auth/userinfo.email")
    assert not works(cloud, narrow["access_token"])
    for scope in ("profile", "email profile", "bogus"):
        failed(refresh(cloud, client, narrow["refresh_token"], scope=scope), "invalid_scope")
    wide = granted(refresh(cloud, client, narrow["refresh_token"]))
    assert works(cloud, wide["access_token"])


@behaviour("ACC-TOKEN-06")
def test_a_refresh_token_belongs_to_its_client(cloud: Cloud) -> None:
    """Another client cannot use it, and does not end it by trying."""
    client, other = register(cloud), register(cloud)
    body = granted(by_password(cloud, client))
    failed(refresh(cloud, other, body["refresh_token"]), "invalid_grant")
    failed(refresh(cloud, client, body["access_token"]), "invalid_grant")
    granted(refresh(cloud, client, body["refresh_token"]))


@behaviour("ACC-TOKEN-14", "ACC-AUTHZ-04")
@pytest.mark.parametrize(("access_type", "member"), [("online", False), ("offline", True), (None, True)])
def test_online_access_has_no_refresh_token(cloud: Cloud, access_type: str | None, *, member: bool) -> None:
    """Only a code that was asked for with online access lacks the member."""
    client = register(cloud)
    body = granted(exchange(cloud, client, code(cloud, client, access_type=access_type)))
    expect("refresh_token" in body, member)


@behaviour("ACC-TOKEN-17")
def test_the_misspelt_path_is_an_alias_by_setting_only(cloud: Cloud) -> None:
    """What one page of the documents misprints is not found unless a setting serves it."""
    client = register(cloud)
    form = {"grant_type": "password", "username": ANN, "password": ANN_PASSWORD, **client.credentials}
    url = f"{cloud.accounts}/oauth2/acces_token"
    observe(cloud.http.post(url, data=form).status_code, 404)
    change(cloud, typo_alias=True)
    granted(cloud.http.post(url, data=form))
    granted(cloud.http.post(f"{url}/", data=form))
    assert "accounts.typo_alias" in cloud.why(path="/oauth2/acces_token")


@behaviour("ACC-ERR-01", "ACC-ERR-02", "ACC-ERR-03", "ACC-ERR-05")
def test_errors_come_in_two_styles(cloud: Cloud) -> None:
    """The vendor's client reads an object, RFC libraries a string; a setting tells which."""
    client = register(cloud)
    wanted = ("invalid_grant", 400), ("invalid_client", 401), ("invalid_token", 400), ("invalid_token", 401)
    bad = (
        by_password(cloud, client, password="wrong"),
        by_password(cloud, client, client_secret="wrong"),
        info(cloud, "x"),
        cloud.http.get(f"{cloud.accounts}/api/1.0/user/self/"),
    )
    for answer, (error, status) in zip(bad, wanted, strict=True):
        failed(answer, error, status)
    change(cloud, error_style="rfc6749")
    bad = (
        by_password(cloud, client, password="wrong"),
        by_password(cloud, client, client_secret="wrong"),
        info(cloud, "x"),
        cloud.http.get(f"{cloud.accounts}/api/1.0/user/self/"),
    )
    for answer, (error, status) in zip(bad, wanted, strict=True):
        observe((answer.status_code, answer.json()), (status, {"error": error, "error_description": TEXT}))


@behaviour("ACC-GEN-07")
def test_neither_success_nor_failure_may_be_stored(cloud: Cloud) -> None:
    """Answers of token, revoke and info all say so."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    answers: tuple[httpx.Response, ...] = (
        by_password(cloud, client),
        by_password(cloud, client, password="wrong"),
        info(cloud, body["id_token"]),
        info(cloud, "x"),
        revoke(cloud, client_id=client.id, refresh_token="x"),
        revoke(cloud, client_id="x"),
    )
    for answer in answers:
        observe((answer.headers["cache-control"], answer.headers["pragma"]), ("no-store", "no-cache"))


@behaviour("ACC-GEN-12")
@pytest.mark.parametrize("path", [PATH, "/oauth2/revoke_token", "/api/1.0/jwt/get_jwt_token"])
@pytest.mark.parametrize("media_type", ["application/x-www-form-urlencoded", "multipart/form-data", "application/json"])
def test_a_body_that_is_too_large_is_refused(cloud: Cloud, path: str, media_type: str) -> None:
    """Over 5 MiB nothing is read, whatever the body is said to be."""
    only_mock(cloud, "nobody sends such bodies to a server of others")
    body, headers = b"a" * (5 * 1024 * 1024 + 1), {"Content-Type": media_type}
    failed(cloud.http.post(f"{cloud.accounts}{path}", content=body, headers=headers), "invalid_request", 413)


@behaviour("ACC-GEN-12")
def test_a_page_refuses_a_large_body_too(cloud: Cloud) -> None:
    """The login form is answered by a page of status 413."""
    answer = Browser(cloud).send("POST", "/account/login/", content=b"a" * (5 * 1024 * 1024 + 1))
    observe((answer.status_code, answer.headers["content-type"]), (413, "text/html; charset=utf-8"))
