import time
from typing import Any
from urllib.parse import urlencode

import httpx
import jwt as pyjwt
import pytest

from contract_tests.claims import aside, claim, expect, observe, step
from contract_tests.kit import ACCOUNT_ID, JWT, TEXT, TOKEN, URL, Cloud, behaviour, only_mock
from contract_tests.oauth import (
    ANN,
    CALLBACK,
    EVERY_SCOPE,
    Browser,
    Client,
    authorization,
    authorize,
    bearer,
    by_password,
    change,
    claims,
    code,
    exchange,
    failed,
    fragment_of,
    granted,
    info,
    location,
    page_refused,
    query_of,
    refresh,
    register,
    revoke,
    signed_in,
    token_call,
    works,
)

EMAIL, PROFILE, SPACES = EVERY_SCOPE.split()
DOCUMENTED = ("https://accounts.zang.io/auth", "https://accounts.avayacloud.com/auth")


def opens(cloud: Cloud, token: str) -> int:
    """Return the status with which the REST API answers a user JWT."""
    return cloud.http.get(f"{cloud.api}/users/me", headers={"Authorization": f"jwt {token}"}).status_code


def scope_of(cloud: Cloud, client: Client, scope: str | None) -> str:
    """Return the scope that a request for this one is granted."""
    printed: str = granted(by_password(cloud, client, scope=scope))["scope"]
    return printed


@behaviour("ACC-UJWT-05", "ACC-GEN-06")
@pytest.mark.parametrize(
    "path",
    [
        "/.well-known/openid-configuration",
        "/.well-known/jwks.json",
        "/.well-known/oauth-authorization-server",
        "/oauth2/jwks",
        "/oauth2/certs",
    ],
)
def test_no_keys_are_published(cloud: Cloud, path: str) -> None:
    """Discovery documents and key sets are not found."""
    with claim("ACC-UJWT-05", "ACC-GEN-06", "it is not found"):
        observe(cloud.http.get(f"{cloud.accounts}{path}").status_code, 404)


@behaviour("ACC-INFO-06")
@pytest.mark.parametrize("kind", ["missing", "empty", "twice"])
def test_an_id_token_must_be_sent_once(cloud: Cloud, kind: str) -> None:
    """None and two are both no valid request."""
    query = {"missing": "", "empty": "?id_token=", "twice": "?id_token=a&id_token=a"}[kind]
    with claim("ACC-INFO-06", "it is an invalid request"):
        failed(cloud.http.get(f"{cloud.accounts}/api/1.0/id_token/get_token_info{query}"), "invalid_request")


@behaviour("ACC-GEN-10")
def test_no_public_call_makes_a_client(cloud: Cloud) -> None:
    """What the portal does has no public path."""
    for path in ("/oauth2/register", "/developer/", "/oauth2/clients"):
        with claim("ACC-GEN-10", f"POST {path} is not found"):
            observe(cloud.http.post(f"{cloud.accounts}{path}", json={}).status_code, 404)


@behaviour("ACC-SCOPE-01", "ACC-SCOPE-02", "ACC-SCOPE-07")
def test_every_documented_spelling_means_one_scope(cloud: Cloud) -> None:
    """Short names and URLs of the documented bases are printed alike; office is accepted and not printed."""
    client = register(cloud)
    spellings = {
        EMAIL: ["email", EMAIL, *(f"{base}/userinfo.email" for base in DOCUMENTED)],
        PROFILE: ["profile", PROFILE, *(f"{base}/userinfo.profile" for base in DOCUMENTED)],
        SPACES: ["spaces", SPACES, *(f"{base}/zangspaces" for base in DOCUMENTED)],
        "": ["office", *(f"{base}/zangoffice" for base in DOCUMENTED)],
    }
    for printed, accepted in spellings.items():
        for spelling in accepted:
            shown = ["ACC-SCOPE-01" if spelling.isalpha() else "ACC-SCOPE-02", "ACC-SCOPE-07"]
            with claim(*shown, f"{spelling} is printed as {printed or 'nothing'}"):
                expect(scope_of(cloud, client, spelling), printed, spelling)


@behaviour("ACC-SCOPE-03")
def test_assumed_spellings_are_accepted_too(cloud: Cloud) -> None:
    """The mock's own origin and the staging and testing names of the prose work as bases."""
    client = register(cloud)
    bases = {"the own origin": cloud.accounts, "staging": "https://onesnastaging.esna.com"}
    for name, base in {**bases, "the prose": "https://onesna.com"}.items():
        words = f"{base}/auth/userinfo.email {base}/auth/userinfo.profile {base}/auth/zangspaces {base}/auth/zangoffice"
        with claim("ACC-SCOPE-03", f"{name} is a base of scopes"):
            observe(scope_of(cloud, client, words), EVERY_SCOPE, name)
    with claim("ACC-SCOPE-03", "userinfo.logan is the spaces scope"):
        observe(scope_of(cloud, client, "https://onesna.com/auth/userinfo.logan"), SPACES)


@behaviour("ACC-SCOPE-04", "ACC-SCOPE-07")
@pytest.mark.parametrize(
    "scope", ["spaces email profile", "email,profile,spaces", "email, profile , spaces", "  spaces  profile,email "]
)
def test_scopes_are_parted_by_blanks_or_commas(cloud: Cloud, scope: str) -> None:
    """However they are written, the answer has them in one order."""
    client = register(cloud)
    with claim("ACC-SCOPE-04", "ACC-SCOPE-07", "all three are granted and printed in one order"):
        expect(scope_of(cloud, client, scope), EVERY_SCOPE)


@behaviour("ACC-SCOPE-04")
def test_a_plus_in_a_form_is_a_blank(cloud: Cloud) -> None:
    """The samples of the documents, which join scopes with a plus, work as they are."""
    client, (name, password) = register(cloud), cloud.credentials()
    body = f"{urlencode({'grant_type': 'password', 'username': name, 'password': password})}&scope=email+spaces"
    headers = {"Content-Type": "application/x-www-form-urlencoded", **client.basic}
    with claim("ACC-SCOPE-04", "a plus parts scopes"):
        answer = cloud.http.post(f"{cloud.accounts}/oauth2/access_token", content=body, headers=headers)
        expect(granted(answer)["scope"], f"{EMAIL} {SPACES}")


@behaviour("ACC-SCOPE-05")
@pytest.mark.parametrize("scope", [None, "", " , "])
def test_without_scope_all_three_are_granted(cloud: Cloud, scope: str | None) -> None:
    """Missing, empty or blank, the request means everything that matters."""
    client = register(cloud)
    with claim("ACC-SCOPE-05", "all three are granted"):
        observe(scope_of(cloud, client, scope), EVERY_SCOPE)


@behaviour("ACC-SCOPE-06")
@pytest.mark.parametrize(
    "scope", ["bogus", "email bogus", "Email", "openid", f"{DOCUMENTED[0]}/logan", "https://evil.example/auth/logan"]
)
def test_an_unknown_scope_is_refused(cloud: Cloud, scope: str) -> None:
    """One unknown word spoils the request."""
    client = register(cloud)
    with claim("ACC-SCOPE-06", "it is an invalid scope"):
        failed(by_password(cloud, client, scope=scope), "invalid_scope")


@behaviour("ACC-SCOPE-09")
@pytest.mark.parametrize(("scope", "status"), [("email profile", 403), ("spaces", 200)])
def test_only_the_spaces_scope_opens_spaces(cloud: Cloud, scope: str, status: int) -> None:
    """With it a token has all rights of its user, without it none at the REST API."""
    token = granted(by_password(cloud, register(cloud), scope=scope))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    with claim("ACC-SCOPE-09", f"the REST API answers {status}"):
        expect(cloud.http.get(f"{cloud.api}/users/me", headers=headers).status_code, status)
    with claim("ACC-SCOPE-09", "the identity server answers"):
        expect(cloud.http.get(f"{cloud.accounts}/api/1.0/user/self/", headers=headers).status_code, 200)


@behaviour("ACC-REVOKE-01", "ACC-REVOKE-03", "ACC-REVOKE-05", "ACC-GEN-02")
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_revoking_ends_a_grant_of_a_password(cloud: Cloud, form: str) -> None:
    """Client id and refresh token suffice; access tokens, refresh tokens and id_tokens die at once."""
    client = register(cloud)
    if not cloud.mock:
        time.sleep(1.1)  # grants of one user and client in the same second, of other tests, share the text of id_tokens
    first = granted(by_password(cloud, client))
    second = granted(refresh(cloud, client, first["refresh_token"]))
    revoking_ends(cloud, client, form, {"first": first, "second": second})


@behaviour("ACC-REVOKE-01", "ACC-REVOKE-03", "ACC-REVOKE-05", "ACC-GEN-02")
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_revoking_ends_the_whole_grant(cloud: Cloud, form: str) -> None:
    """Client id and refresh token suffice; access tokens, refresh tokens and user JWTs die at once."""
    client = register(cloud)
    first = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode")))
    second = granted(refresh(cloud, client, first["refresh_token"]))
    revoking_ends(cloud, client, form, {"first": first, "second": second})


def revoking_ends(cloud: Cloud, client: Client, form: str, grants: dict[str, dict[str, str]]) -> None:
    """Claim that all tokens of a grant die by its first refresh token."""
    fields = {"client_id": client.id, "refresh_token": grants["first"]["refresh_token"], "grant_type": "revoke_token"}
    parts = {name: (None, value) for name, value in fields.items()}
    url = f"{cloud.accounts}/oauth2/revoke_token"
    answer = revoke(cloud, **fields) if form == "urlencoded" else cloud.http.post(f"{url}/", files=parts)
    with claim("ACC-REVOKE-01", "ACC-REVOKE-03", "it is answered 200", about=[answer]):
        expect(answer.status_code, 200)
    with claim("ACC-REVOKE-03", "the body is an empty object", about=[answer]):
        observe(answer.json(), {})
    with claim("ACC-GEN-02", "a slash at the end makes no difference"):
        expect(cloud.http.post(f"{url}/", files=parts).status_code, 200)
    for name, tokens in grants.items():
        with claim("ACC-REVOKE-05", f"the {name} access token is dead"):
            assert not works(cloud, tokens["access_token"])
        with claim("ACC-REVOKE-05", f"the {name} refresh token is dead"):
            failed(refresh(cloud, client, tokens["refresh_token"]), "invalid_grant")
        with claim("ACC-REVOKE-05", f"the {name} id_token opens nothing"):
            observe(opens(cloud, tokens["id_token"]), 401)
        with claim("ACC-REVOKE-05", f"the {name} id_token is invalid"):
            failed(info(cloud, tokens["id_token"]), "invalid_token")
    with claim("ACC-REVOKE-01", "what was revoked does not come back"):
        failed(refresh(cloud, client, fields["refresh_token"]), "invalid_grant")


@behaviour("ACC-REVOKE-05")
def test_revoking_one_grant_leaves_the_others(cloud: Cloud) -> None:
    """Another sign-in of the same user at the same client is not touched."""
    client = register(cloud)
    first, second = (granted(by_password(cloud, client)) for _ in range(2))
    revoke(cloud, client_id=client.id, refresh_token=first["refresh_token"])
    with claim("ACC-REVOKE-05", "the grant that was revoked is dead"):
        assert not works(cloud, first["access_token"])
    with claim("ACC-REVOKE-05", "the access token of another grant lives"):
        assert works(cloud, second["access_token"])
    with claim("ACC-REVOKE-05", "the id_token of another grant lives"):
        observe(info(cloud, second["id_token"]).status_code, 200)
    with claim("ACC-REVOKE-05", "the refresh token of another grant lives"):
        granted(refresh(cloud, client, second["refresh_token"]))


@behaviour("ACC-REVOKE-02", "ACC-REVOKE-04")
@pytest.mark.parametrize("member", ["refresh_token", "access_token"])
def test_the_standard_name_of_the_parameter_works(cloud: Cloud, member: str) -> None:
    """Under the name token a refresh or an access token ends its grant, and doing so again is no error."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    for shown, what in (("ACC-REVOKE-02", "it is revoked"), ("ACC-REVOKE-04", "revoking it again is no error")):
        with claim(shown, what):
            answer = revoke(cloud, client_id=client.id, token=body[member])
            observe((answer.status_code, answer.json()), (200, {}))
    with claim("ACC-REVOKE-02", "the access token is dead"):
        assert not works(cloud, body["access_token"])
    with claim("ACC-REVOKE-02", "ACC-REVOKE-04", "the refresh token is dead"):
        failed(refresh(cloud, client, body["refresh_token"]), "invalid_grant")


@behaviour("ACC-REVOKE-04")
def test_an_unknown_token_is_no_error(cloud: Cloud) -> None:
    """The answer is the same as for a token that existed."""
    client = register(cloud)
    with claim("ACC-REVOKE-04", "an unknown token is answered as a known one"):
        observe(revoke(cloud, client_id=client.id, refresh_token="0" * 40).json(), {})


@behaviour("ACC-REVOKE-06")
def test_a_bad_revocation_revokes_nothing(cloud: Cloud) -> None:
    """Unknown or missing clients, missing tokens and tokens of others are refused."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    token = body["refresh_token"]
    rows: list[tuple[str, dict[str, str], str, int]] = [
        ("an unknown client", {"client_id": "unknown", "refresh_token": token}, "invalid_client", 401),
        ("no client", {"refresh_token": token}, "invalid_client", 401),
        ("no token", {"client_id": client.id}, "invalid_request", 400),
        ("an empty token", {"client_id": client.id, "refresh_token": ""}, "invalid_request", 400),
    ]
    for what, form, error, status in rows:
        with claim("ACC-REVOKE-06", f"{what}: {error}"):
            failed(revoke(cloud, **form), error, status)
    with claim("ACC-REVOKE-06", "JSON: invalid_request"):
        answer = cloud.http.post(f"{cloud.accounts}/oauth2/revoke_token", json={"client_id": client.id})
        failed(answer, "invalid_request")
    with claim("ACC-REVOKE-06", "after all that the grant lives"):
        assert works(cloud, body["access_token"])
        granted(refresh(cloud, client, token))
    other = register(cloud)
    for name in ("refresh_token", "access_token"):
        with claim("ACC-REVOKE-06", f"the {name} of another client: invalid_grant, and it lives"):
            member = "token" if name == "access_token" else name
            failed(revoke(cloud, client_id=other.id, **{member: body[name]}), "invalid_grant")
            assert works(cloud, body["access_token"])
            granted(refresh(cloud, client, token))


@behaviour("ACC-REVOKE-01")
def test_a_library_may_name_its_client_in_a_header(cloud: Cloud) -> None:
    """HTTP Basic is understood where the body names nobody."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    url = f"{cloud.accounts}/oauth2/revoke_token"
    with claim("ACC-REVOKE-01", "a client in a header revokes"):
        form = {"token": body["refresh_token"]}
        expect(cloud.http.post(url, data=form, headers=client.basic).status_code, 200)
    with claim("ACC-REVOKE-01", "what a client in a header revoked is dead"):
        assert not works(cloud, body["access_token"])


@behaviour("ACC-IDT-05")
@pytest.mark.parametrize("scheme", ["jwt", "Bearer", "service_app", "sat"])
def test_an_id_token_is_no_credential(cloud: Cloud, scheme: str) -> None:
    """Under whatever scheme it is sent, it opens neither the REST API nor the identity server."""
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    headers = {"Authorization": f"{scheme} {token}"}
    for name, url in (
        ("the REST API", f"{cloud.api}/users/me"),
        ("the server", f"{cloud.accounts}/api/1.0/user/self/"),
    ):
        with claim("ACC-IDT-05", f"it does not open {name}"):
            observe(cloud.http.get(url, headers=headers).status_code, 401)


@behaviour("ACC-UJWT-06")
def test_a_native_login_is_bound_to_no_grant(cloud: Cloud) -> None:
    """What ends a grant leaves it alone, and it needs no scope."""
    token = native(cloud)["token"]
    with claim("ACC-UJWT-06", "a user JWT of a login needs no scope"):
        observe(opens(cloud, token), 200)
    client = register(cloud)
    body = granted(by_password(cloud, client))
    revoke(cloud, client_id=client.id, refresh_token=body["refresh_token"])
    with claim("ACC-UJWT-06", "a user JWT of a login outlives grants"):
        observe(opens(cloud, token), 200)


@step("sign in natively")
def native(cloud: Cloud) -> dict[str, str]:
    """Return the answer of a native login."""
    name, password = cloud.credentials()
    body = {"auth_type": "native", "auth_provider": "onesna", "username": name, "password": password}
    answer = cloud.http.post(f"{cloud.accounts}/api/1.0/jwt/get_jwt_token", json=body)
    return granted(answer)


@behaviour("ACC-JWT-01", "ACC-JWT-02", "ACC-UJWT-03", "ACC-JWT-04", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_native_login_gives_a_user_jwt(cloud: Cloud, slash: str) -> None:
    """The token is valid for thirty days and opens the REST API, where the user has their record already."""
    name, password = cloud.credentials()
    body = {"auth_type": "native", "auth_provider": "onesna", "username": name.upper(), "password": password}
    url = f"{cloud.accounts}/api/1.0/jwt/get_jwt_token{slash}"
    with claim("ACC-JWT-01", "ACC-GEN-02", "user name and password as JSON are accepted"):
        expect(cloud.http.post(url, json=body).status_code, 200)
    with claim("ACC-JWT-02", "the answer has a JWT"):
        expect(cloud.http.post(url, json=body).json()["token"], JWT)
    with claim("ACC-JWT-02", "the answer says how long it lives, and no more"):
        observe(cloud.http.post(url, json=body).json(), {"token": JWT, "expires_in": 2_592_000})
    with claim("ACC-UJWT-03", "its exp is thirty days ahead"):
        before = time.time()
        exp = claims(cloud.http.post(url, json=body).json()["token"])["exp"]
        assert abs(exp - before - 2_592_000) < 300, "clocks may differ, and no two texts are the same"
    with claim("ACC-JWT-04", "it opens the REST API at once"):
        expect(opens(cloud, cloud.http.post(url, json=body).json()["token"]), 200)
    cloud.freeze()
    cloud.advance(60)  # the JWTs of before have taken no second of these
    with claim("ACC-UJWT-03", "its exp is thirty days ahead, to the second"):
        exp = claims(cloud.http.post(url, json=body).json()["token"])["exp"]
        expect(exp, int(cloud.epoch) + 2_592_000)


@behaviour("ACC-JWT-03", "ACC-GEN-14", "ACC-GEN-12")
def test_a_failed_native_login_has_a_code(cloud: Cloud) -> None:
    """Who may not sign in has an invalid grant, a body of another shape is an invalid request."""
    url = f"{cloud.accounts}/api/1.0/jwt/get_jwt_token"
    shapes: dict[str, str | bytes] = {"nothing": "", "a list": "[]", "no JSON": "x", "bytes": b"\xff"}
    for what, content in shapes.items():
        with claim("ACC-JWT-03", f"{what} is an invalid request"):
            failed(cloud.http.post(url, content=content), "invalid_request")
    for what, deep in {"lists": "[" * 40 + "]" * 40, "objects": '{"a":' * 100 + "1" + "}" * 100}.items():
        with claim("ACC-GEN-12", f"{what} that nest too deep are an invalid request"):
            failed(cloud.http.post(url, content=deep), "invalid_request")
    nobody = {"auth_type": "native", "auth_provider": "onesna", "username": "ghost@elsewhere.example", "password": "x"}
    with claim("ACC-JWT-03", "an unknown user is an invalid grant"):
        failed(cloud.http.post(url, json=nobody), "invalid_grant")
    name, password = cloud.credentials()
    valid = {**nobody, "username": name, "password": password}
    with claim("ACC-JWT-03", "a wrong password is an invalid grant"):
        failed(cloud.http.post(url, json={**valid, "password": "wrong"}), "invalid_grant")
    for name in valid:
        without = {key: value for key, value in valid.items() if key != name}
        with claim("ACC-JWT-03", f"without {name} it is an invalid request"):
            failed(cloud.http.post(url, json=without), "invalid_request")
        with claim("ACC-JWT-03", f"a number as {name} is an invalid request"):
            failed(cloud.http.post(url, json={**valid, name: 7}), "invalid_request")
    for name in ("auth_type", "auth_provider"):
        with claim("ACC-JWT-03", f"another {name} is an invalid request"):
            failed(cloud.http.post(url, json={**valid, name: "google"}), "invalid_request")
    subject = cloud.app("spaces.create").key["sub"]
    with claim("ACC-JWT-03", "ACC-GEN-14", "a service account is an invalid grant"):
        failed(cloud.http.post(url, json={**valid, "username": subject, "password": ""}), "invalid_grant")
    cloud.user("dora@example.com", password="pw", enabled=False)
    with claim("ACC-JWT-03", "ACC-GEN-14", "a disabled user is an invalid grant"):
        dora = {"username": "dora@example.com", "password": "pw"}
        failed(cloud.http.post(url, json={**valid, **dora}), "invalid_grant")


@behaviour("ACC-INFO-01", "ACC-INFO-02", "ACC-INFO-03", "ACC-INFO-04", "ACC-INFO-05", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_an_id_token_can_be_asked_about(cloud: Cloud, slash: str) -> None:
    """The answer names client and user; a content type on the GET does no harm."""
    client, (name, _password) = register(cloud), cloud.credentials()
    token = granted(by_password(cloud, client))["id_token"]
    url = f"{cloud.accounts}/api/1.0/id_token/get_token_info{slash}"
    headers = {"Content-Type": "application/json"}
    with claim("ACC-INFO-01", "ACC-GEN-02", "it is answered, whatever else is sent"):
        answer = cloud.http.get(url, params={"id_token": token, "other": "ignored"}, headers=headers)
        expect(answer.status_code, 200)
    body = granted(cloud.http.get(url, params={"id_token": token}))
    with claim("ACC-INFO-02", "the members of the answer and of its user"):
        expect(list(body), ["expires_in", "audience", "user_id", "user", "issuer"])
        expect(list(body["user"]), ["username", "first_name", "last_name", "id", "picture_url"])
    with claim("ACC-INFO-03", "expires_in is about an hour"):
        assert 3500 < body["expires_in"] <= 3600
    with claim("ACC-INFO-03", "audience is the client, user_id an accounts id"):
        expect((body["audience"], body["user_id"]), (client.id, ACCOUNT_ID))
    with claim("ACC-INFO-03", "user_id is the id of the user"):
        observe(body["user_id"], body["user"]["id"])
    with claim("ACC-INFO-04", "the issuer is that of the token, a name of the deployment"):
        expect(body["issuer"], claims(token)["iss"])
        observe(body["issuer"], "avayacloud.com")
    with claim("ACC-INFO-02", "the user is who signed in"):
        expect(body["user"]["username"], name)
        if cloud.is_mock:
            assert [body["user"][part] for part in ("first_name", "last_name")] == ["Ann", "Example"]
    with claim("ACC-INFO-05", "there is a picture"):
        expect(body["user"]["picture_url"], URL)
        if cloud.is_mock:
            assert body["user"]["picture_url"] == f"{cloud.accounts}/norevimages/noimage.jpg"
    cloud.freeze()
    token = granted(by_password(cloud, client))["id_token"]
    cloud.advance(10)
    with claim("ACC-INFO-03", "expires_in are the seconds that are left"):
        left = cloud.http.get(url, params={"id_token": token}).json()["expires_in"]
        observe(left in (3589, 3590), wanted=True)


@behaviour("ACC-TOK-01")
def test_tokens_are_forty_hex_digits(cloud: Cloud) -> None:
    """They are opaque and never the same."""
    client = register(cloud)
    bodies = [granted(by_password(cloud, client)) for _ in range(2)]
    values = [body[name] for body in bodies for name in ("access_token", "refresh_token")]
    with claim("ACC-TOK-01", "no two tokens are the same"):
        expect(len(set(values)), 4)
    with claim("ACC-TOK-01", "they are 40 hex digits"):
        observe(values, [TOKEN] * 4)


@behaviour("ACC-TOK-01")
def test_tokens_and_codes_are_forty_hex_digits(cloud: Cloud) -> None:
    """They are opaque and never the same."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    values = [code(cloud, client), code(cloud, client), body["access_token"], body["refresh_token"]]
    with claim("ACC-TOK-01", "no two codes and tokens are the same"):
        expect(len(set(values)), 4)
    with claim("ACC-TOK-01", "codes are 40 hex digits as tokens are"):
        observe(values, [TOKEN] * 4)


@behaviour("ACC-INFO-05", "ACC-IMG-01")
def test_the_default_picture_is_there(cloud: Cloud) -> None:
    """The path that the documents name leads to a small JPEG, and so does the URL of an answer."""
    with claim("ACC-IMG-01", "the documented path is a small JPEG"):
        is_small_jpeg(cloud.http.get(f"{cloud.accounts}/norevimages/noimage.jpg"))
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    with claim("ACC-INFO-05", "what is told of a user has a URL"):
        expect(info(cloud, token).json()["user"]["picture_url"], URL)
    only_mock(cloud, "needs an account without a picture")
    with claim("ACC-IMG-01", "the URL of a user without a picture is a small JPEG"):
        is_small_jpeg(cloud.http.get(info(cloud, token).json()["user"]["picture_url"]))


def is_small_jpeg(answer: httpx.Response) -> None:
    """Assert that an answer is a small picture."""
    observe((answer.status_code, answer.headers["content-type"]), (200, "image/jpeg"))
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert len(answer.content) < 5000


@behaviour("ACC-ERR-02")
def test_the_error_text_is_for_people(cloud: Cloud) -> None:
    """A refusal says in words what was wrong in general, and never which part of a secret was."""
    client = register(cloud)
    with claim("ACC-ERR-02", "a wrong password has a description in words"):
        answer = by_password(cloud, client, password="wrong")
        observe(answer.json()["error_description"], TEXT)
    with claim("ACC-ERR-02", "the description does not tell that it was the password"):
        assert "password" not in answer.json()["error_description"]


@behaviour("ACC-SVCKEY-03")
@pytest.mark.parametrize(
    "grant_type", ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", "service_app"]
)
def test_service_apps_have_no_token_endpoint(cloud: Cloud, grant_type: str) -> None:
    """A service app signs its JWT itself: the token endpoint knows neither the app nor a grant for it."""
    app = cloud.app("spaces.create")
    form = {"grant_type": grant_type, "assertion": app.sign()}
    with claim("ACC-SVCKEY-03", "the app is no client of the token endpoint"):
        failed(token_call(cloud, {**form, "client_id": app.key["iss"], "client_secret": "x"}), "invalid_client", 401)
    with claim("ACC-SVCKEY-03", "the JWT that it signs is accepted"):
        answer = cloud.call("POST", "/spaces/invite", app, json={"topic": {"title": "Bot room"}})
        expect(answer.status_code, 200)
    client = register(cloud)
    with claim("ACC-SVCKEY-03", "no client has a grant for it"):
        failed(token_call(cloud, {**form, **client.credentials}), "unsupported_grant_type")


@behaviour("ACC-IDT-01", "ACC-IDT-02", "ACC-GEN-09")
def test_an_id_token_is_signed_with_the_secret_of_its_client(cloud: Cloud) -> None:
    """Header and claims are the documented ones, by the password grant too."""
    client, (name, _password) = register(cloud), cloud.credentials()
    body = granted(by_password(cloud, client))
    found = is_an_id_token(cloud, client, body["id_token"], name)
    with claim("ACC-GEN-09", "sub is what Spaces calls ndbid"):
        me = cloud.call("GET", "/users/me", bearer(body["access_token"])).json()
        expect(found["sub"], me["ndbid"])


def is_an_id_token(cloud: Cloud, client: Client, token: str, name: str, nonce: str | None = None) -> dict[str, Any]:
    """Claim what every id_token is, and return its claims."""
    found = claims(token)
    text = f" with nonce {nonce}" if nonce else ""
    with claim("ACC-IDT-01", f"the header is alg HS256 and typ JWT{text}"):
        observe(list(pyjwt.get_unverified_header(token).items()), [("alg", "HS256"), ("typ", "JWT")])
    with claim("ACC-IDT-02", f"the secret of the client verifies it{text}"):
        try:
            pyjwt.decode(token, client.secret or "", ["HS256"], audience=client.id)
            verified = True
        except pyjwt.InvalidTokenError:
            verified = False
        observe(verified, wanted=True)
    with claim("ACC-IDT-01", f"the claims come in their order{text}"):
        names = ["sub", "iss", "aud", "email", "iat", "exp", "id_token_version"]
        observe(list(found), names + (["nonce"] if nonce else []))
    with claim("ACC-IDT-01", f"aud is the client, email and sub are the user's{text}"):
        expect((found["aud"], found["email"], found["sub"]), (client.id, name, ACCOUNT_ID))
        aside(found["iss"], "avayacloud.com", of="ACC-INFO-04")
    with claim("ACC-IDT-01", f"it lives an hour, its version is 1.0{text}"):
        observe((found["exp"] - found["iat"], found["id_token_version"]), (3600, "1.0"))
    return found


@behaviour("ACC-IDT-01", "ACC-IDT-02", "ACC-IDT-03", "ACC-GEN-09")
def test_an_id_token_of_a_code_has_its_nonce(cloud: Cloud) -> None:
    """Header and claims are the documented ones; nonce is there if it was asked for."""
    client = register(cloud)
    for nonce in (None, "n-1"):
        body = granted(exchange(cloud, client, code(cloud, client, nonce=nonce)))
        found = is_an_id_token(cloud, client, body["id_token"], ANN, nonce)
        with claim("ACC-IDT-03", f"its nonce is {nonce}"):
            observe(found.get("nonce"), nonce)
        with claim("ACC-GEN-09", f"sub is what Spaces calls ndbid with nonce {nonce}"):
            me = cloud.call("GET", "/users/me", bearer(body["access_token"])).json()
            expect(found["sub"], me["ndbid"])


@behaviour("ACC-INFO-07", "ACC-UJWT-06")
def test_a_user_jwt_can_be_asked_about_too(cloud: Cloud) -> None:
    """The audience of one that a grant owns is its client, that of another is empty; a dead one is refused."""
    free, (name, _password) = native(cloud)["token"], cloud.credentials()
    with claim("ACC-INFO-07", "that of a login has no audience, and names its user"):
        found = info(cloud, free).json()
        observe((found["audience"], found["user"]["username"]), ("", name))
    client = register(cloud)
    body = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode", scope="email")))
    with claim("ACC-INFO-07", "that of a grant has its client as audience, and an hour at most"):
        found = info(cloud, body["id_token"]).json()
        observe((found["audience"], 0 < found["expires_in"] <= 3600), (client.id, True))
    revoke(cloud, client_id=client.id, refresh_token=body["refresh_token"])
    with claim("ACC-INFO-07", "ACC-UJWT-06", "that of a revoked grant is invalid"):
        failed(info(cloud, body["id_token"]), "invalid_token")
    cloud.advance(2_592_001)
    with claim("ACC-INFO-07", "one that expired is invalid"):
        failed(info(cloud, free), "invalid_token")


@behaviour("ACC-INFO-06", "ACC-IDT-06", "ACC-IDT-02")
def test_no_other_token_passes_for_an_id_token(cloud: Cloud) -> None:
    """Forged, altered, foreign and differently keyed tokens are all invalid, whoever signed them."""

    def invalid(what: str, text: str, *shown: str) -> None:
        with claim(*(shown or ("ACC-INFO-06",)), f"{what} is invalid"):
            failed(info(cloud, text), "invalid_token")

    invalid("a word", "x")
    invalid("words with dots", "a.b.c")
    invalid("the token of a guest", cloud.guest().token, "ACC-INFO-06", "ACC-IDT-06")
    client = register(cloud)
    body = granted(by_password(cloud, client))
    token, secret = body["id_token"], client.secret or ""
    valid = claims(token)
    header, payload, signature = token.split(".")
    invalid("no signature", f"{header}.{payload}.")
    invalid("a reversed signature", f"{header}.{payload}.{signature[::-1]}", "ACC-INFO-06", "ACC-IDT-02")
    invalid("a token with a sign behind it", f"{token}=")
    invalid("alg none", pyjwt.encode(valid, "", "none"), "ACC-INFO-06", "ACC-IDT-06")
    invalid("another user", pyjwt.encode({**valid, "email": "bob@example.com"}, secret, "HS256"))
    invalid("aud as a list", pyjwt.encode({**valid, "aud": [client.id]}, secret, "HS256"))
    guest = pyjwt.encode({**valid, "anonymous_id": "0" * 24}, secret, "HS256")
    invalid("an id_token that is a guest too", guest, "ACC-INFO-06", "ACC-IDT-06")
    invalid("HS384", pyjwt.encode(valid, secret + secret, "HS384"), "ACC-INFO-06", "ACC-IDT-06")
    without = {name: value for name, value in valid.items() if name != "aud"}
    invalid("no aud", pyjwt.encode(without, secret, "HS256"), "ACC-INFO-06", "ACC-IDT-06")
    invalid("an access token", body["access_token"])
    with claim("ACC-INFO-06", "the valid one goes on"):
        observe(info(cloud, token).status_code, 200)
    app = cloud.app("spaces.create")
    invalid("the JWT of an app", app.sign(), "ACC-INFO-06", "ACC-IDT-06")
    other = register(cloud)
    assert other.secret
    invalid("a signature of another client", pyjwt.encode(valid, other.secret, "HS256"), "ACC-INFO-06", "ACC-IDT-02")
    foreign = pyjwt.encode({**valid, "aud": other.id}, other.secret, "HS256")
    invalid("what another client signed for itself", foreign, "ACC-INFO-06", "ACC-IDT-02")
    with claim("ACC-INFO-06", "the valid one goes on after that of another client"):
        observe(info(cloud, token).status_code, 200)


@behaviour("ACC-SCOPE-10", "ACC-SCOPE-08")
def test_echo_repeats_the_words_of_the_request(cloud: Cloud) -> None:
    """With the setting strict libraries see what they asked for, also at a refresh and in a fragment."""
    change(cloud, scope_style="echo")
    client = register(cloud)
    with claim("ACC-SCOPE-10", "ACC-SCOPE-08", "the words of the request come back, parted by one blank"):
        observe(scope_of(cloud, client, "spaces,  email"), "spaces email")
    with claim("ACC-SCOPE-10", "without scope all three are printed"):
        observe(scope_of(cloud, client, None), EVERY_SCOPE)
    wanted = f"{DOCUMENTED[0]}/zangspaces office email"
    body = granted(exchange(cloud, client, code(cloud, client, scope=wanted)))
    again = granted(refresh(cloud, client, body["refresh_token"]))
    with claim("ACC-SCOPE-10", "ACC-SCOPE-08", "a code gives the words of its request"):
        observe(body["scope"], wanted)
    with claim("ACC-SCOPE-10", "a refresh repeats them"):
        observe(again["scope"], wanted)
    with claim("ACC-SCOPE-10", "a narrower refresh has its own words"):
        narrow = granted(refresh(cloud, client, again["refresh_token"], scope="email spaces"))
        observe(narrow["scope"], "email spaces")
    with claim("ACC-SCOPE-10", "so has the fragment of the implicit flow"):
        where = authorize(cloud, client, response_type="token", scope="spaces  profile")
        observe(fragment_of(where)["scope"], "spaces profile")


@behaviour("ACC-IDT-02", "ACC-IDT-06")
def test_an_id_token_of_a_public_client_has_a_key_of_its_own(cloud: Cloud) -> None:
    """It is not signed with an empty or guessable key, and not as an anonymous JWT; the server knows it."""
    client = register(cloud, public=True)
    challenge = {"code_challenge": "x" * 43, "code_challenge_method": "plain"}
    token = granted(exchange(cloud, client, code(cloud, client, **challenge), code_verifier="x" * 43))["id_token"]
    for name, key in {"nothing": "", "its id": client.id, "null": "null", "None": "None"}.items():
        with claim("ACC-IDT-02", f"{name} is not its key"), pytest.raises(pyjwt.InvalidTokenError):
            pyjwt.decode(token, key.ljust(32, "\0"), ["HS256"], audience=client.id)
    with claim("ACC-IDT-02", "the server knows it"):
        observe(info(cloud, token).json()["audience"], client.id)
    with claim("ACC-IDT-06", "it is no anonymous JWT"):
        observe(opens(cloud, token), 401)


@behaviour("ACC-IDT-04", "ACC-UJWT-01", "ACC-UJWT-02")
def test_id_tokens_may_be_user_jwts_by_setting(cloud: Cloud) -> None:
    """Then every grant answers the other kind that the documents print, bound to the grant."""
    change(cloud, id_token_style="rs256")
    client = register(cloud)
    token = granted(by_password(cloud, client))["id_token"]
    with claim("ACC-IDT-04", "ACC-UJWT-01", "its header is that of a user JWT"):
        expect(list(pyjwt.get_unverified_header(token).items()), [("alg", "RS256"), ("typ", "JWT")])
    with claim("ACC-IDT-04", "ACC-UJWT-02", "its product and version are those of a user JWT"):
        expect((claims(token)["product_type"], claims(token)["ver"]), ("accounts", "2.0"))
    with claim("ACC-IDT-04", "it opens the REST API"):
        observe(opens(cloud, token), 200)
    email_only = granted(by_password(cloud, client, scope="email"))["id_token"]
    with claim("ACC-IDT-04", "without the spaces scope it does not"):
        observe(opens(cloud, email_only), 403)
    bound = granted(by_password(cloud, client))
    revoke(cloud, client_id=client.id, refresh_token=bound["refresh_token"])
    with claim("ACC-IDT-04", "it dies with its grant, and only with it"):
        observe((opens(cloud, bound["id_token"]), opens(cloud, token)), (401, 200))


@behaviour("ACC-UJWT-06")
def test_no_two_user_jwts_have_the_same_text(cloud: Cloud) -> None:
    """At one moment each grant and login gets a text of its own, its expiry a second earlier than the last."""
    cloud.freeze()
    client = register(cloud)
    change(cloud, id_token_style="rs256")
    tokens = [granted(by_password(cloud, client))["id_token"] for _ in range(3)]
    tokens += [signed_in(cloud).cookies["AUTH_TOKEN"], native(cloud)["token"]]
    with claim("ACC-UJWT-06", "no two texts of one moment are the same"):
        observe(len(set(tokens)), 5)
    last = claims(tokens[0])["exp"]
    with claim("ACC-UJWT-06", "each expires a second before the one made before it"):
        observe([claims(token)["exp"] for token in tokens], [last - number for number in range(5)])
    cloud.advance(3)
    with claim("ACC-UJWT-06", "seconds that were taken are not taken twice"):
        observe([claims(native(cloud)["token"])["exp"] for _ in range(4)], [last + 3, last + 2, last + 1, last - 5])


@behaviour("ACC-UJWT-04", "ACC-UJWT-03")
def test_keys_rotate_on_demand(cloud: Cloud) -> None:
    """After a rotation new JWTs name a new key and old ones stay valid, until their key is dropped."""
    cloud.freeze()
    old, before = native(cloud)["token"], cloud.control("GET", "/signing-keys")
    with claim("ACC-UJWT-04", "publickeyid names the one key"):
        observe((claims(old)["publickeyid"], len(before["data"])), (before["current"], 1))
    after = cloud.control("POST", "/signing-keys")
    new = native(cloud)["token"]
    with claim("ACC-UJWT-04", "after a rotation it names another key"):
        observe(claims(new)["publickeyid"], after["current"])
        assert after["current"] != before["current"]
    with claim("ACC-UJWT-04", "user_id_sig stays"):
        assert claims(new)["user_id_sig"] == claims(old)["user_id_sig"]
    with claim("ACC-UJWT-03", "ACC-UJWT-04", "old JWTs stay valid beside new ones"):
        observe((opens(cloud, old), opens(cloud, new)), (200, 200))
    cloud.control("DELETE", f"/signing-keys/{before['current']}")
    with claim("ACC-UJWT-04", "those of a dropped key are refused"):
        observe((opens(cloud, old), opens(cloud, new)), (401, 200))
    cloud.control("POST", "/signing-keys", {"drop_old": True})
    with claim("ACC-UJWT-04", "a rotation may drop the old key at once"):
        observe(opens(cloud, new), 401)


@behaviour("ACC-UJWT-04")
@pytest.mark.parametrize(("key", "status"), [("current", 400), ("unknown", 404)])
def test_the_key_that_signs_cannot_be_dropped(cloud: Cloud, key: str, status: int) -> None:
    """Nor can one that does not exist."""
    only_mock(cloud, "no public call rotates keys")
    name = cloud.control("GET", "/signing-keys")["current"] if key == "current" else key
    control = cloud.urls["control"]
    with claim("ACC-UJWT-04", f"it is refused with {status}"):
        observe(cloud.http.delete(f"{control}/signing-keys/{name}").status_code, status)
    with claim("ACC-UJWT-04", "JWTs go on"):
        observe(opens(cloud, native(cloud)["token"]), 200)


@behaviour("ACC-INFO-04")
def test_the_issuer_is_a_setting(cloud: Cloud) -> None:
    """Another deployment's name shows in tokens and in what is told about them."""
    change(cloud, issuer="esna.com")
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    with claim("ACC-INFO-04", "the issuer that was set is told"):
        observe((claims(token)["iss"], info(cloud, token).json()["issuer"]), ("esna.com", "esna.com"))


@behaviour("ACC-INFO-06", "ACC-IDT-01")
@pytest.mark.parametrize(("ahead", "status"), [(3599, 200), (3600, 400), (3601, 400)])
def test_an_id_token_lives_an_hour(cloud: Cloud, ahead: float, status: int) -> None:
    """From the second of its exp on it is refused."""
    cloud.freeze("2031-02-03T04:05:06.000Z")
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    cloud.advance(ahead)
    with claim("ACC-INFO-06", "ACC-IDT-01", f"it is answered {status}"):
        observe(info(cloud, token).status_code, status)


@behaviour("ACC-GEN-10", "ACC-AUTHZ-02")
def test_a_client_is_made_by_control_not_by_a_public_call(cloud: Cloud) -> None:
    """What the portal does the control API does instead."""
    control = cloud.urls["control"]
    with claim("ACC-GEN-10", "ACC-AUTHZ-02", "the control API makes a client with its redirect_uri"):
        made = cloud.http.post(f"{control}/oauth-clients", json={"redirect_uris": [CALLBACK], "name": "Own"}).json()
        client = Client(made["client_id"], made["client_secret"], CALLBACK)
        granted(exchange(cloud, client, code(cloud, client)))
    with claim("ACC-AUTHZ-02", "a client without URIs of its own has that of the tests"):
        observe(register(cloud).redirect_uri, CALLBACK)


@behaviour("ACC-AUTHZ-11", "ACC-TOKEN-02", "ACC-REVOKE-06")
def test_an_inactive_client_is_as_good_as_none(cloud: Cloud) -> None:
    """Neither authorize nor the token endpoint nor revocation know it."""
    client = register(cloud, active=False)
    with claim("ACC-AUTHZ-11", "authorize does not know it"):
        page_refused(Browser(cloud).get("/oauth2/authorize", **authorization(client)), 400)
    with claim("ACC-TOKEN-02", "the token endpoint does not know it"):
        failed(by_password(cloud, client), "invalid_client", 401)
    with claim("ACC-REVOKE-06", "revocation does not know it"):
        failed(revoke(cloud, client_id=client.id, token="x"), "invalid_client", 401)


@behaviour("ACC-ERR-05", "ACC-AUTHZ-12")
def test_a_client_may_be_kept_to_some_grants(cloud: Cloud) -> None:
    """What it is not enabled for is an unauthorized client, at the token endpoint and at authorize."""
    client = register(cloud, grants=["password", "authorization_code"])
    body = granted(by_password(cloud, client))
    with claim("ACC-ERR-05", "a refresh that it may not use is refused"):
        failed(refresh(cloud, client, body["refresh_token"]), "unauthorized_client")
    with claim("ACC-ERR-05", "a code that it may use is accepted"):
        granted(exchange(cloud, client, code(cloud, client)))
    with claim("ACC-AUTHZ-12", "the implicit flow that it may not use is refused in the fragment"):
        where = location(Browser(cloud).get("/oauth2/authorize", **authorization(client, response_type="token")))
        observe(fragment_of(where)["error"], "unauthorized_client")
    other = register(cloud, grants=["implicit"])
    with claim("ACC-ERR-05", "a password that it may not use is refused"):
        failed(by_password(cloud, other), "unauthorized_client")
    with claim("ACC-AUTHZ-12", "a code that it may not use is refused in the query"):
        where = location(Browser(cloud).get("/oauth2/authorize", **authorization(other)))
        observe(query_of(where)["error"], "unauthorized_client")
