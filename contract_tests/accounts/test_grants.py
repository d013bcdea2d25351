import jwt as pyjwt
import pytest

from contract_tests.claims import aside, expect, observe
from contract_tests.kit import ACCOUNT_ID, JWT, TEXT, TOKEN, URL, Cloud, behaviour, only_mock
from contract_tests.oauth import (
    ANN,
    ANN_PASSWORD,
    CALLBACK,
    EVERY_SCOPE,
    Browser,
    Client,
    authorization,
    authorize,
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

NO_CLAIMS_YET = True


EMAIL, PROFILE, SPACES = EVERY_SCOPE.split()
DOCUMENTED = ("https://accounts.zang.io/auth", "https://accounts.avayacloud.com/auth")


def opens(cloud: Cloud, token: str) -> int:
    """Return the status with which the REST API answers a user JWT."""
    return cloud.http.get(f"{cloud.api}/users/me", headers={"Authorization": f"jwt {token}"}).status_code


def scope_of(cloud: Cloud, client: Client, scope: str | None) -> str:
    """Return the scope that a request for this one is granted."""
    printed: str = granted(by_password(cloud, client, scope=scope))["scope"]
    return printed


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
            expect(scope_of(cloud, client, spelling), printed, spelling)


@behaviour("ACC-SCOPE-03")
def test_assumed_spellings_are_accepted_too(cloud: Cloud) -> None:
    """The mock's own origin and the staging and testing names of the prose work as bases."""
    client = register(cloud)
    for base in (cloud.accounts, "https://onesnastaging.esna.com", "https://onesna.com"):
        words = f"{base}/auth/userinfo.email {base}/auth/userinfo.profile {base}/auth/zangspaces {base}/auth/zangoffice"
        observe(scope_of(cloud, client, words), EVERY_SCOPE, base)
    observe(scope_of(cloud, client, "https://onesna.com/auth/userinfo.logan"), SPACES)


@behaviour("ACC-SCOPE-04", "ACC-SCOPE-07")
@pytest.mark.parametrize(
    "scope", ["spaces email profile", "email,profile,spaces", "email, profile , spaces", "  spaces  profile,email "]
)
def test_scopes_are_parted_by_blanks_or_commas(cloud: Cloud, scope: str) -> None:
    """However they are written, the answer has them in one order."""
    expect(scope_of(cloud, register(cloud), scope), EVERY_SCOPE)


@behaviour("ACC-SCOPE-04")
def test_a_plus_in_a_form_is_a_blank(cloud: Cloud) -> None:
    """The samples of the documents, which join scopes with a plus, work as they are."""
    client = register(cloud)
    body = f"grant_type=password&username={ANN}&password={ANN_PASSWORD}&scope=email+spaces"
    headers = {"Content-Type": "application/x-www-form-urlencoded", **client.basic}
    answer = cloud.http.post(f"{cloud.accounts}/oauth2/access_token", content=body, headers=headers)
    expect(granted(answer)["scope"], f"{EMAIL} {SPACES}")


@behaviour("ACC-SCOPE-05")
@pytest.mark.parametrize("scope", [None, "", " , "])
def test_without_scope_all_three_are_granted(cloud: Cloud, scope: str | None) -> None:
    """Missing, empty or blank, the request means everything that matters."""
    observe(scope_of(cloud, register(cloud), scope), EVERY_SCOPE)


@behaviour("ACC-SCOPE-06")
@pytest.mark.parametrize(
    "scope", ["bogus", "email bogus", "Email", "openid", f"{DOCUMENTED[0]}/logan", "https://evil.example/auth/logan"]
)
def test_an_unknown_scope_is_refused(cloud: Cloud, scope: str) -> None:
    """One unknown word spoils the request."""
    failed(by_password(cloud, register(cloud), scope=scope), "invalid_scope")


@behaviour("ACC-SCOPE-09")
@pytest.mark.parametrize(("scope", "status"), [("email profile", 403), ("spaces", 200)])
def test_only_the_spaces_scope_opens_spaces(cloud: Cloud, scope: str, status: int) -> None:
    """With it a token has all rights of its user, without it none at the REST API."""
    token = granted(by_password(cloud, register(cloud), scope=scope))["access_token"]
    headers = {"Authorization": f"Bearer {token}"}
    expect(cloud.http.get(f"{cloud.api}/users/me", headers=headers).status_code, status)
    expect(cloud.http.get(f"{cloud.accounts}/api/1.0/user/self/", headers=headers).status_code, 200)


@behaviour("ACC-SCOPE-10", "ACC-SCOPE-08")
def test_echo_repeats_the_words_of_the_request(cloud: Cloud) -> None:
    """With the setting strict libraries see what they asked for, also at a refresh and in a fragment."""
    change(cloud, scope_style="echo")
    client = register(cloud)
    observe(scope_of(cloud, client, "spaces,  email"), "spaces email")
    observe(scope_of(cloud, client, None), EVERY_SCOPE)
    wanted = f"{DOCUMENTED[0]}/zangspaces office email"
    body = granted(exchange(cloud, client, code(cloud, client, scope=wanted)))
    observe(body["scope"], wanted)
    again = granted(refresh(cloud, client, body["refresh_token"]))
    observe(again["scope"], wanted)
    narrow = granted(refresh(cloud, client, again["refresh_token"], scope="email spaces"))
    observe(narrow["scope"], "email spaces")
    where = authorize(cloud, client, response_type="token", scope="spaces  profile")
    observe(fragment_of(where)["scope"], "spaces profile")


@behaviour("ACC-REVOKE-01", "ACC-REVOKE-03", "ACC-REVOKE-05", "ACC-GEN-02")
@pytest.mark.parametrize("form", ["urlencoded", "multipart"])
def test_revoking_ends_the_whole_grant(cloud: Cloud, form: str) -> None:
    """Client id and refresh token suffice; access tokens, refresh tokens and user JWTs die at once."""
    client = register(cloud)
    first = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode")))
    second = granted(refresh(cloud, client, first["refresh_token"]))
    fields = {"client_id": client.id, "refresh_token": first["refresh_token"], "grant_type": "revoke_token"}
    if form == "urlencoded":
        answer = revoke(cloud, **fields)
    else:
        parts = {name: (None, value) for name, value in fields.items()}
        answer = cloud.http.post(f"{cloud.accounts}/oauth2/revoke_token/", files=parts)
    expect(answer.status_code, 200)
    observe(answer.json(), {})
    for tokens in (first, second):
        assert not works(cloud, tokens["access_token"])
        failed(refresh(cloud, client, tokens["refresh_token"]), "invalid_grant")
        observe(opens(cloud, tokens["id_token"]), 401)
        failed(info(cloud, tokens["id_token"]), "invalid_token")


@behaviour("ACC-REVOKE-05")
def test_revoking_one_grant_leaves_the_others(cloud: Cloud) -> None:
    """Another sign-in of the same user at the same client is not touched."""
    client = register(cloud)
    first, second = (granted(by_password(cloud, client)) for _ in range(2))
    revoke(cloud, client_id=client.id, refresh_token=first["refresh_token"])
    assert works(cloud, second["access_token"])
    observe(info(cloud, second["id_token"]).status_code, 200)
    granted(refresh(cloud, client, second["refresh_token"]))


@behaviour("ACC-REVOKE-02", "ACC-REVOKE-04")
@pytest.mark.parametrize("member", ["refresh_token", "access_token"])
def test_the_standard_name_of_the_parameter_works(cloud: Cloud, member: str) -> None:
    """Under the name token a refresh or an access token ends its grant, and doing so again is no error."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    for _ in range(2):
        answer = revoke(cloud, client_id=client.id, token=body[member])
        observe((answer.status_code, answer.json()), (200, {}))
    assert not works(cloud, body["access_token"])
    failed(refresh(cloud, client, body["refresh_token"]), "invalid_grant")


@behaviour("ACC-REVOKE-04")
def test_an_unknown_token_is_no_error(cloud: Cloud) -> None:
    """The answer is the same as for a token that existed."""
    client = register(cloud)
    observe(revoke(cloud, client_id=client.id, refresh_token="0" * 40).json(), {})


@behaviour("ACC-REVOKE-06")
def test_a_bad_revocation_revokes_nothing(cloud: Cloud) -> None:
    """Unknown or missing clients, missing tokens and tokens of others are refused."""
    client, other = register(cloud), register(cloud)
    body = granted(by_password(cloud, client))
    failed(revoke(cloud, client_id="unknown", refresh_token=body["refresh_token"]), "invalid_client", 401)
    failed(revoke(cloud, refresh_token=body["refresh_token"]), "invalid_client", 401)
    failed(revoke(cloud, client_id=client.id), "invalid_request")
    failed(revoke(cloud, client_id=client.id, refresh_token=""), "invalid_request")
    failed(revoke(cloud, client_id=other.id, refresh_token=body["refresh_token"]), "invalid_grant")
    failed(revoke(cloud, client_id=other.id, token=body["access_token"]), "invalid_grant")
    answer = cloud.http.post(f"{cloud.accounts}/oauth2/revoke_token", json={"client_id": client.id})
    failed(answer, "invalid_request")
    assert works(cloud, body["access_token"])
    granted(refresh(cloud, client, body["refresh_token"]))


@behaviour("ACC-REVOKE-01")
def test_a_library_may_name_its_client_in_a_header(cloud: Cloud) -> None:
    """HTTP Basic is understood where the body names nobody."""
    client = register(cloud)
    body = granted(by_password(cloud, client))
    url = f"{cloud.accounts}/oauth2/revoke_token"
    expect(cloud.http.post(url, data={"token": body["refresh_token"]}, headers=client.basic).status_code, 200)
    assert not works(cloud, body["access_token"])


@behaviour("ACC-IDT-01", "ACC-IDT-02", "ACC-IDT-03", "ACC-GEN-09")
def test_an_id_token_is_signed_with_the_secret_of_its_client(cloud: Cloud) -> None:
    """Header and claims are the documented ones; nonce is there if it was asked for."""
    cloud.freeze()
    client = register(cloud)
    for nonce in (None, "n-1"):
        token = granted(exchange(cloud, client, code(cloud, client, nonce=nonce)))["id_token"]
        observe(list(pyjwt.get_unverified_header(token).items()), [("alg", "HS256"), ("typ", "JWT")])
        found = pyjwt.decode(token, client.secret or "", ["HS256"], audience=client.id)
        names = ["sub", "iss", "aud", "email", "iat", "exp", "id_token_version"]
        observe(list(found), names + (["nonce"] if nonce else []))
        expect((found["aud"], found["email"], found["sub"]), (client.id, ANN, ACCOUNT_ID))
        expect(found["sub"], cloud.call("GET", "/users/me", cloud.user()).json()["ndbid"])
        observe(found["exp"] - found["iat"], 3600)
        aside(found["iss"], "avayacloud.com", of="ACC-INFO-04")
        observe((found["id_token_version"], found.get("nonce")), ("1.0", nonce))


@behaviour("ACC-IDT-02", "ACC-IDT-06")
def test_an_id_token_of_a_public_client_has_a_key_of_its_own(cloud: Cloud) -> None:
    """It is not signed with an empty or guessable key, and not as an anonymous JWT; the server knows it."""
    client = register(cloud, public=True)
    challenge = {"code_challenge": "x" * 43, "code_challenge_method": "plain"}
    token = granted(exchange(cloud, client, code(cloud, client, **challenge), code_verifier="x" * 43))["id_token"]
    for key in ("", client.id, "null", "None"):
        with pytest.raises(pyjwt.InvalidTokenError):
            pyjwt.decode(token, key.ljust(32, "\0"), ["HS256"], audience=client.id)
    observe(info(cloud, token).json()["audience"], client.id)
    observe(opens(cloud, token), 401)


@behaviour("ACC-IDT-04", "ACC-UJWT-01", "ACC-UJWT-02")
def test_id_tokens_may_be_user_jwts_by_setting(cloud: Cloud) -> None:
    """Then every grant answers the other kind that the documents print, bound to the grant."""
    change(cloud, id_token_style="rs256")
    client = register(cloud)
    token = granted(by_password(cloud, client))["id_token"]
    expect(list(pyjwt.get_unverified_header(token).items()), [("alg", "RS256"), ("typ", "JWT")])
    expect((claims(token)["product_type"], claims(token)["ver"]), ("accounts", "2.0"))
    observe(opens(cloud, token), 200)
    email_only = granted(by_password(cloud, client, scope="email"))["id_token"]
    observe(opens(cloud, email_only), 403)
    bound = granted(by_password(cloud, client))
    revoke(cloud, client_id=client.id, refresh_token=bound["refresh_token"])
    observe((opens(cloud, bound["id_token"]), opens(cloud, token)), (401, 200))


@behaviour("ACC-IDT-05")
@pytest.mark.parametrize("scheme", ["jwt", "Bearer", "service_app", "sat"])
def test_an_id_token_is_no_credential(cloud: Cloud, scheme: str) -> None:
    """Under whatever scheme it is sent, it opens neither the REST API nor the identity server."""
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    headers = {"Authorization": f"{scheme} {token}"}
    observe(cloud.http.get(f"{cloud.api}/users/me", headers=headers).status_code, 401)
    observe(cloud.http.get(f"{cloud.accounts}/api/1.0/user/self/", headers=headers).status_code, 401)


@behaviour("ACC-UJWT-06")
def test_no_two_user_jwts_have_the_same_text(cloud: Cloud) -> None:
    """At one moment each grant and login gets a text of its own, its expiry a second earlier than the last."""
    cloud.freeze()
    client = register(cloud)
    change(cloud, id_token_style="rs256")
    tokens = [granted(by_password(cloud, client))["id_token"] for _ in range(3)]
    tokens += [signed_in(cloud).cookies["AUTH_TOKEN"], native(cloud)["token"]]
    observe(len(set(tokens)), 5)
    last = claims(tokens[0])["exp"]
    observe([claims(token)["exp"] for token in tokens], [last - number for number in range(5)])
    cloud.advance(3)
    observe([claims(native(cloud)["token"])["exp"] for _ in range(4)], [last + 3, last + 2, last + 1, last - 5])


@behaviour("ACC-UJWT-06")
def test_a_native_login_is_bound_to_no_grant(cloud: Cloud) -> None:
    """What ends a grant leaves it alone, and it needs no scope."""
    client = register(cloud)
    token = native(cloud)["token"]
    body = granted(by_password(cloud, client))
    revoke(cloud, client_id=client.id, refresh_token=body["refresh_token"])
    observe(opens(cloud, token), 200)


def native(cloud: Cloud) -> dict[str, str]:
    """Return the answer of a native login."""
    body = {"auth_type": "native", "auth_provider": "onesna", "username": ANN, "password": ANN_PASSWORD}
    answer = cloud.http.post(f"{cloud.accounts}/api/1.0/jwt/get_jwt_token", json=body)
    return granted(answer)


@behaviour("ACC-UJWT-04", "ACC-UJWT-03")
def test_keys_rotate_on_demand(cloud: Cloud) -> None:
    """After a rotation new JWTs name a new key and old ones stay valid, until their key is dropped."""
    cloud.freeze()
    old, before = native(cloud)["token"], cloud.control("GET", "/signing-keys")
    observe((claims(old)["publickeyid"], len(before["data"])), (before["current"], 1))
    after = cloud.control("POST", "/signing-keys")
    new = native(cloud)["token"]
    observe(claims(new)["publickeyid"], after["current"])
    assert after["current"] != before["current"]
    assert claims(new)["user_id_sig"] == claims(old)["user_id_sig"]
    observe((opens(cloud, old), opens(cloud, new)), (200, 200))
    cloud.control("DELETE", f"/signing-keys/{before['current']}")
    observe((opens(cloud, old), opens(cloud, new)), (401, 200))
    cloud.control("POST", "/signing-keys", {"drop_old": True})
    observe(opens(cloud, new), 401)


@behaviour("ACC-UJWT-04")
@pytest.mark.parametrize(("key", "status"), [("current", 400), ("unknown", 404)])
def test_the_key_that_signs_cannot_be_dropped(cloud: Cloud, key: str, status: int) -> None:
    """Nor can one that does not exist."""
    only_mock(cloud, "no public call rotates keys")
    name = cloud.control("GET", "/signing-keys")["current"] if key == "current" else key
    observe(cloud.http.delete(f"{cloud.urls['control']}/signing-keys/{name}").status_code, status)
    observe(opens(cloud, native(cloud)["token"]), 200)


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
    observe(cloud.http.get(f"{cloud.accounts}{path}").status_code, 404)


@behaviour("ACC-INFO-01", "ACC-INFO-02", "ACC-INFO-03", "ACC-INFO-04", "ACC-INFO-05", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_an_id_token_can_be_asked_about(cloud: Cloud, slash: str) -> None:
    """The answer names client and user; a content type on the GET does no harm."""
    cloud.freeze()
    client = register(cloud)
    token = granted(by_password(cloud, client))["id_token"]
    cloud.advance(10)
    url = f"{cloud.accounts}/api/1.0/id_token/get_token_info{slash}"
    headers = {"Content-Type": "application/json"}
    answer = cloud.http.get(url, params={"id_token": token, "other": "ignored"}, headers=headers)
    expect(answer.status_code, 200)
    body = answer.json()
    expect(list(body), ["expires_in", "audience", "user_id", "user", "issuer"])
    expect(list(body["user"]), ["username", "first_name", "last_name", "id", "picture_url"])
    observe(body["expires_in"] in (3589, 3590), wanted=True)
    aside(body["issuer"], "avayacloud.com", of="ACC-INFO-04")
    expect((body["audience"], body["user_id"]), (client.id, ACCOUNT_ID))
    observe(body["user_id"], body["user"]["id"])
    expect([body["user"][name] for name in ("username", "first_name", "last_name")], [ANN, "Ann", "Example"])
    expect(body["user"]["picture_url"], f"{cloud.accounts}/norevimages/noimage.jpg")


@behaviour("ACC-INFO-04")
def test_the_issuer_is_a_setting(cloud: Cloud) -> None:
    """Another deployment's name shows in tokens and in what is told about them."""
    change(cloud, issuer="esna.com")
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    observe((claims(token)["iss"], info(cloud, token).json()["issuer"]), ("esna.com", "esna.com"))


@behaviour("ACC-INFO-07", "ACC-UJWT-06")
def test_a_user_jwt_can_be_asked_about_too(cloud: Cloud) -> None:
    """Bound to a grant or not, its audience is empty; a dead one is refused."""
    client = register(cloud)
    free = native(cloud)["token"]
    observe((info(cloud, free).json()["audience"], info(cloud, free).json()["user"]["username"]), ("", ANN))
    body = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode", scope="email")))
    observe(info(cloud, body["id_token"]).json()["audience"], "")
    revoke(cloud, client_id=client.id, refresh_token=body["refresh_token"])
    failed(info(cloud, body["id_token"]), "invalid_token")
    cloud.advance(2_592_001)
    failed(info(cloud, free), "invalid_token")


@behaviour("ACC-INFO-06", "ACC-IDT-01")
@pytest.mark.parametrize(("ahead", "status"), [(3599, 200), (3600, 400), (3601, 400)])
def test_an_id_token_lives_an_hour(cloud: Cloud, ahead: float, status: int) -> None:
    """From the second of its exp on it is refused."""
    cloud.freeze("2031-02-03T04:05:06.000Z")
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    cloud.advance(ahead)
    observe(info(cloud, token).status_code, status)


@behaviour("ACC-INFO-06", "ACC-IDT-06", "ACC-IDT-02")
@pytest.mark.parametrize("kind", ["missing", "empty", "twice"])
def test_an_id_token_must_be_sent_once(cloud: Cloud, kind: str) -> None:
    """None and two are both no valid request."""
    query = {"missing": "", "empty": "?id_token=", "twice": "?id_token=a&id_token=a"}[kind]
    failed(cloud.http.get(f"{cloud.accounts}/api/1.0/id_token/get_token_info{query}"), "invalid_request")


@behaviour("ACC-INFO-06", "ACC-IDT-06", "ACC-IDT-02")
def test_no_other_token_passes_for_an_id_token(cloud: Cloud) -> None:
    """Forged, altered, foreign and differently keyed tokens are all invalid, whoever signed them."""
    client, other = register(cloud), register(cloud)
    token = granted(by_password(cloud, client))["id_token"]
    valid = claims(token)
    assert client.secret
    assert other.secret
    header, payload, signature = token.split(".")
    forged = [
        "x",
        "a.b.c",
        f"{header}.{payload}.",
        f"{header}.{payload}.{signature[::-1]}",
        f"{token}=",
        pyjwt.encode(valid, "", "none"),
        pyjwt.encode({**valid, "email": "bob@example.com"}, client.secret, "HS256"),
        pyjwt.encode(valid, other.secret, "HS256"),
        pyjwt.encode({**valid, "aud": other.id}, other.secret, "HS256"),
        pyjwt.encode({**valid, "aud": [client.id]}, client.secret, "HS256"),
        pyjwt.encode({**valid, "anonymous_id": "0" * 24}, client.secret, "HS256"),
        pyjwt.encode(valid, client.secret + client.secret, "HS384"),
        pyjwt.encode({name: value for name, value in valid.items() if name != "aud"}, client.secret, "HS256"),
        cloud.guest().token,
        cloud.app("spaces.create").sign(),
        granted(by_password(cloud, client))["access_token"],
    ]
    for text in forged:
        failed(info(cloud, text), "invalid_token")
    observe(info(cloud, token).status_code, 200)


@behaviour("ACC-JWT-01", "ACC-JWT-02", "ACC-UJWT-03", "ACC-JWT-04", "ACC-GEN-02")
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_native_login_gives_a_user_jwt(cloud: Cloud, slash: str) -> None:
    """The token is valid for thirty days and opens the REST API, where the user has his record already."""
    cloud.freeze()
    body = {"auth_type": "native", "auth_provider": "onesna", "username": ANN.upper(), "password": ANN_PASSWORD}
    answer = cloud.http.post(f"{cloud.accounts}/api/1.0/jwt/get_jwt_token{slash}", json=body)
    expect((answer.status_code, answer.json()["token"]), (200, JWT))
    observe(answer.json(), {"token": JWT, "expires_in": 2_592_000})
    found = claims(answer.json()["token"])
    expect(found["exp"], int(cloud.epoch) + 2_592_000)
    expect(opens(cloud, answer.json()["token"]), 200)


@behaviour("ACC-JWT-03", "ACC-GEN-14", "ACC-GEN-12")
def test_a_failed_native_login_has_a_code(cloud: Cloud) -> None:
    """Who may not sign in has an invalid grant, a body of another shape is an invalid request."""
    cloud.user("dora@example.com", password="pw", enabled=False)
    subject = cloud.app("spaces.create").key["sub"]
    url = f"{cloud.accounts}/api/1.0/jwt/get_jwt_token"
    valid = {"auth_type": "native", "auth_provider": "onesna", "username": ANN, "password": ANN_PASSWORD}
    for changes in (
        {"password": "wrong"},
        {"username": "nobody@example.com"},
        {"username": "dora@example.com", "password": "pw"},
        {"username": subject, "password": ""},
    ):
        failed(cloud.http.post(url, json={**valid, **changes}), "invalid_grant")
    for name in valid:
        without = {key: value for key, value in valid.items() if key != name}
        failed(cloud.http.post(url, json=without), "invalid_request")
        failed(cloud.http.post(url, json={**valid, name: 7}), "invalid_request")
    failed(cloud.http.post(url, json={**valid, "auth_type": "google"}), "invalid_request")
    failed(cloud.http.post(url, json={**valid, "auth_provider": "google"}), "invalid_request")
    for content in ("", "[]", "x", "[" * 40 + "]" * 40, b"\xff", '{"a":' * 100 + "1" + "}" * 100):
        failed(cloud.http.post(url, content=content), "invalid_request")


@behaviour("ACC-TOK-01")
def test_tokens_and_codes_are_forty_hex_digits(cloud: Cloud) -> None:
    """They are opaque and never the same."""
    client = register(cloud)
    values = {code(cloud, client), code(cloud, client)}
    body = granted(by_password(cloud, client))
    values |= {body["access_token"], body["refresh_token"]}
    expect(len(values), 4)
    for value in values:
        observe(value, TOKEN)


@behaviour("ACC-GEN-10", "ACC-AUTHZ-02")
def test_a_client_is_made_by_control_not_by_a_public_call(cloud: Cloud) -> None:
    """What the portal does has no public path; the control API does it instead."""
    observe(register(cloud).redirect_uri, CALLBACK)
    for path in ("/oauth2/register", "/developer/", "/oauth2/clients"):
        observe(cloud.http.post(f"{cloud.accounts}{path}", json={}).status_code, 404)


@behaviour("ACC-INFO-05", "ACC-IMG-01")
def test_the_default_picture_is_there(cloud: Cloud) -> None:
    """The URL that answers name leads to a small JPEG."""
    token = granted(by_password(cloud, register(cloud)))["id_token"]
    url = info(cloud, token).json()["user"]["picture_url"]
    expect(url, URL)
    answer = cloud.http.get(url)
    observe((answer.status_code, answer.headers["content-type"]), (200, "image/jpeg"))
    assert answer.content.startswith(b"\xff\xd8\xff")
    assert len(answer.content) < 5000


@behaviour("ACC-ERR-02")
def test_the_error_text_is_for_people(cloud: Cloud) -> None:
    """A refusal says in words what was wrong in general, and never which part of a secret was."""
    text = by_password(cloud, register(cloud), password="wrong").json()["error_description"]
    observe(text, TEXT)
    assert "password" not in text


@behaviour("ACC-SVCKEY-03")
@pytest.mark.parametrize(
    "grant_type", ["client_credentials", "urn:ietf:params:oauth:grant-type:jwt-bearer", "service_app"]
)
def test_service_apps_have_no_token_endpoint(cloud: Cloud, grant_type: str) -> None:
    """A service app signs its JWT itself: the token endpoint knows neither the app nor a grant for it."""
    app, client = cloud.app("spaces.list"), register(cloud)
    form = {"grant_type": grant_type, "assertion": app.sign()}
    failed(token_call(cloud, {**form, "client_id": app.key["iss"], "client_secret": "x"}), "invalid_client", 401)
    failed(token_call(cloud, {**form, **client.credentials}), "unsupported_grant_type")
    expect(cloud.call("GET", "/users/me/spaces", app).status_code, 200)


@behaviour("ACC-AUTHZ-11", "ACC-TOKEN-02", "ACC-REVOKE-06")
def test_an_inactive_client_is_as_good_as_none(cloud: Cloud) -> None:
    """Neither authorize nor the token endpoint nor revocation know it."""
    client = register(cloud, active=False)
    page_refused(Browser(cloud).get("/oauth2/authorize", **authorization(client)), 400)
    failed(by_password(cloud, client), "invalid_client", 401)
    failed(revoke(cloud, client_id=client.id, token="x"), "invalid_client", 401)


@behaviour("ACC-ERR-05", "ACC-AUTHZ-12")
def test_a_client_may_be_kept_to_some_grants(cloud: Cloud) -> None:
    """What it is not enabled for is an unauthorized client, at the token endpoint and at authorize."""
    client = register(cloud, grants=["password", "authorization_code"])
    body = granted(by_password(cloud, client))
    failed(refresh(cloud, client, body["refresh_token"]), "unauthorized_client")
    where = location(Browser(cloud).get("/oauth2/authorize", **authorization(client, response_type="token")))
    observe(fragment_of(where)["error"], "unauthorized_client")
    granted(exchange(cloud, client, code(cloud, client)))
    other = register(cloud, grants=["implicit"])
    failed(by_password(cloud, other), "unauthorized_client")
    where = location(Browser(cloud).get("/oauth2/authorize", **authorization(other)))
    observe(query_of(where)["error"], "unauthorized_client")
