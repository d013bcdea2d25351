import base64
import hashlib
import hmac
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256

from contract_tests.claims import aside, claim, expect, observe
from contract_tests.kit import Cloud, Person, behaviour, refused
from contract_tests.oauth import code, exchange, granted, register, revoke

INVALID, EXPIRED = "auth.credential_invalid", "auth.credential_expired"
THIRTY_DAYS = 2_592_000


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def parts(token: str) -> tuple[dict[str, Any], dict[str, Any]]:
    header, claims, _signature = token.split(".")
    return json.loads(base64.urlsafe_b64decode(header + "==")), json.loads(base64.urlsafe_b64decode(claims + "=="))


def joined(header: dict[str, Any], claims: dict[str, Any], signature: bytes | str) -> str:
    texts = [encoded(json.dumps(part, separators=(",", ":")).encode()) for part in (header, claims)]
    return ".".join([*texts, signature if isinstance(signature, str) else encoded(signature)])


def bearer_of(token: str) -> Person:
    return Person("", "", f"jwt {token}")


def refusal(cloud: Cloud, token: str, *words: str, code: str = INVALID, status: int = 401) -> None:
    """Send a token as ``jwt`` and check the answer; on the mock the reason must name some words."""
    refused(cloud.call("GET", "/users/me", bearer_of(token)), status, code)
    cloud.explains(*words, path="/api/users/me")


@behaviour("AUTH-ANON-01", "USERS-ME-03")
def test_a_guest_is_an_anonymous_user(cloud: Cloud) -> None:
    """An anonymous JWT is accepted and names its guest."""
    guest = cloud.guest("Gil")
    with claim("AUTH-ANON-01", "USERS-ME-03", "an anonymous JWT is accepted and names its guest"):
        shown = cloud.call("GET", "/users/me", guest).json()
        expect((shown["_id"], shown["displayname"]), (guest.id, "Gil"))
    with claim("USERS-ME-03", "its kind is anonymous"):
        observe(cloud.call("GET", "/users/me", guest).json()["aType"], "anonymous")


@behaviour("AUTH-ANON-01")
@pytest.mark.parametrize("change", ["claims", "another guest", "signature", "no signature", "guessed secret"])
def test_an_anonymous_jwt_that_was_tampered_with_is_refused(cloud: Cloud, change: str) -> None:
    """Another claim, guest or signature does not match the secret of the world."""
    guest, other = cloud.guest(), cloud.guest()
    header, claims = parts(guest.token)
    signature = guest.token.rpartition(".")[2]
    unsigned = joined(header, claims, b"")[:-1]
    changed = {
        "claims": joined(header, {**claims, "exp": claims["exp"] + 1}, signature),
        "another guest": joined(header, {**claims, "anonymous_id": other.id}, signature),
        "signature": joined(header, claims, b"\0" * 32),
        "no signature": f"{unsigned}.",
        "guessed secret": f"{unsigned}.{encoded(hmac.digest(b'', unsigned.encode(), hashlib.sha256))}",
    }
    with claim("AUTH-ANON-01", "it is refused"):
        refusal(cloud, changed[change], "signature")


@behaviour("AUTH-ANON-02", "ACC-IDT-06")
@pytest.mark.parametrize(
    "algorithm",
    ["none", "None", "NONE", "HS384", "HS512", "RS384", "PS256", "ES256", "rs256", "hs256", "", None, []],
)
@pytest.mark.parametrize("kind", ["guest", "user"])
def test_another_alg_is_refused_under_jwt(cloud: Cloud, kind: str, algorithm: object) -> None:
    """Of user and anonymous JWTs only RS256 and HS256 are accepted, with or without a signature."""
    token = cloud.guest().token if kind == "guest" else cloud.jwt_user().token
    header, claims = parts(token)
    changed = {**header, "alg": algorithm}
    if algorithm is None:
        del changed["alg"]
    for name, signature in (("no", ""), ("the old", token.rpartition(".")[2])):
        with claim("AUTH-ANON-02", "ACC-IDT-06", f"it is refused with {name} signature"):
            refusal(cloud, joined(changed, claims, signature), "alg")


@behaviour("AUTH-USER-01", "AUTH-USER-03", "USERS-ME-01")
def test_a_user_jwt_is_a_registered_user(cloud: Cloud) -> None:
    """A user JWT of this deployment is accepted and names its user."""
    person = cloud.jwt_user("bob@example.com")
    with claim("AUTH-USER-01", "AUTH-USER-03", "USERS-ME-01", "a user JWT is accepted and names its user"):
        answer = cloud.call("GET", "/users/me", person)
        expect(answer.status_code, 200)
        expect((answer.json()["_id"], answer.json()["username"]), (person.id, person.username))
    with claim("AUTH-USER-03", "it says the product and the user's id"):
        said = parts(person.token)[1]
        ndbid = cloud.call("GET", "/users/me", person).json()["ndbid"]
        expect((said["product_type"], said["user_id"]), ("accounts", ndbid))


@behaviour("AUTH-USER-01")
@pytest.mark.parametrize("change", ["claims", "signature", "key", "no key", "key of another kind"])
def test_a_user_jwt_that_was_tampered_with_is_refused(cloud: Cloud, change: str) -> None:
    """Another claim, signature or key name does not match the key named in publickeyid."""
    token = cloud.jwt_user().token
    header, claims = parts(token)
    signature = token.rpartition(".")[2]
    changed = {
        "claims": joined(header, {**claims, "exp": claims["exp"] + 1}, signature),
        "signature": joined(header, claims, encoded(b"\0" * 256)),
        "key": joined(header, {**claims, "publickeyid": "agUnknown"}, signature),
        "no key": joined(header, {k: v for k, v in claims.items() if k != "publickeyid"}, signature),
        "key of another kind": joined(header, {**claims, "publickeyid": [claims.get("publickeyid")]}, signature),
    }
    with claim("AUTH-USER-01", "it is refused"):
        refusal(cloud, changed[change], "publickeyid" if "key" in change else "signature")


@behaviour("AUTH-USER-01", "ACC-IDT-06")
def test_a_user_jwt_of_a_foreign_key_is_refused(cloud: Cloud) -> None:
    """Claims and publickeyid of a real user JWT, signed with another key, are refused."""
    header, claims = parts(cloud.jwt_user().token)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    with claim("AUTH-USER-01", "ACC-IDT-06", "a signature of a foreign key is refused"):
        refusal(cloud, jwt.encode(claims, stranger, "RS256", headers=header), "signature")


@behaviour("AUTH-ANON-02", "ACC-IDT-06")
@pytest.mark.parametrize("form", ["guest as RS256", "user as HS256", "user as HS256 with anonymous_id"])
def test_the_key_is_chosen_by_the_kind_of_token(cloud: Cloud, form: str) -> None:
    """A token that changes its alg, or mixes the claims of two kinds, is refused."""
    guest, user = cloud.guest().token, cloud.jwt_user().token
    guest_claims, user_claims = parts(guest)[1], parts(user)[1]
    secret = user_claims["publickeyid"].encode()

    def hmacked(claims: dict[str, Any]) -> str:
        text = joined({"typ": "JWT", "alg": "HS256"}, claims, b"")[:-1]
        return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"

    forged = {
        "guest as RS256": joined({"typ": "JWT", "alg": "RS256"}, guest_claims, guest.rpartition(".")[2]),
        "user as HS256": hmacked(user_claims),
        "user as HS256 with anonymous_id": hmacked({**user_claims, "anonymous_id": guest_claims["anonymous_id"]}),
    }
    with claim("AUTH-ANON-02", "ACC-IDT-06", "it is refused"):
        refusal(cloud, forged[form])


@behaviour("ACC-UJWT-01", "ACC-UJWT-02", "ACC-UJWT-04")
def test_a_user_jwt_has_the_documented_header_and_claims(cloud: Cloud) -> None:
    """Header and claims come in the documented order; two users share the key and not user_id_sig."""
    header, claims = parts(cloud.jwt_user().token)
    with claim("ACC-UJWT-01", "the header is alg RS256 and typ JWT, in this order"):
        expect(list(header.items()), [("alg", "RS256"), ("typ", "JWT")])
    with claim("ACC-UJWT-02", "the claims come in their order"):
        names = ["user_id_sig", "product_type", "lastupdatetime", "iss", "publickeyid", "exp", "user_id", "ver"]
        expect(list(claims), names)
    with claim("ACC-UJWT-02", "product and version"):
        expect((claims["product_type"], claims["ver"]), ("accounts", "2.0"))
    with claim("ACC-UJWT-02", "the forms of user_id_sig and lastupdatetime"):
        expect(
            (len(claims["user_id_sig"]), claims["lastupdatetime"][-4:-3], len(claims["lastupdatetime"])), (43, ".", 23)
        )
        aside(claims["iss"], "avayacloud.com", of="ACC-INFO-04")
    again = parts(cloud.jwt_user().token)[1]
    with claim("ACC-UJWT-02", "user_id_sig of one user is always the same"):
        expect(claims["user_id_sig"], again["user_id_sig"])
    others = parts(cloud.jwt_user("bob@example.com").token)[1]
    with claim("ACC-UJWT-04", "two users share the key"):
        expect(claims["publickeyid"], others["publickeyid"])
    with claim("ACC-UJWT-04", "two users do not share user_id_sig"):
        assert claims["user_id_sig"] != others["user_id_sig"]


@behaviour("AUTH-USER-01")
def test_a_service_app_cannot_make_itself_a_user(cloud: Cloud) -> None:
    """The key of a service app signs no user JWT, not even with its own kid as publickeyid."""
    app = cloud.app("spaces.create")
    _header, claims = parts(cloud.jwt_user().token)
    for name, key_id in (("the user's", claims["publickeyid"]), ("its own", app.key["kid"])):
        header = {"alg": "RS256", "typ": "JWT", "kid": app.key["kid"]}
        token = joined(header, {**claims, "publickeyid": key_id}, b"")[:-1]
        signature = app.private_key.sign(token.encode(), padding.PKCS1v15(), SHA256())
        with claim("AUTH-USER-01", f"the key of an app under {name} publickeyid is refused"):
            refusal(cloud, f"{token}.{encoded(signature)}")


@behaviour("AUTH-USER-01", "ACC-IDT-06")
def test_the_public_key_of_the_pool_is_no_secret(cloud: Cloud) -> None:
    """A user JWT made with HS256 over the public key of any service app is refused."""
    app = cloud.app("spaces.create")
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    pem = app.private_key.public_key().public_bytes(serialization.Encoding.PEM, form)
    header, claims = parts(cloud.jwt_user().token)
    text = joined({**header, "alg": "HS256"}, claims, b"")[:-1]
    with claim("AUTH-USER-01", "ACC-IDT-06", "HS256 over the public key of an app is refused"):
        refusal(cloud, f"{text}.{encoded(hmac.digest(pem, text.encode(), hashlib.sha256))}")


@behaviour("AUTH-USER-04", "ACC-UJWT-06")
def test_a_user_jwt_of_a_grant_dies_with_it(cloud: Cloud) -> None:
    """A user JWT that an OAuth client got is refused once its grant is revoked; one of a login is not."""
    client = register(cloud)
    login = cloud.jwt_user()
    body = granted(exchange(cloud, client, code(cloud, client, response_type="esjwtcode")))
    with claim("AUTH-USER-04", "a user JWT of a grant is accepted"):
        observe(cloud.call("GET", "/users/me", bearer_of(body["id_token"])).status_code, 200)
    revoke(cloud, client_id=client.id, refresh_token=body["refresh_token"])
    with claim("AUTH-USER-04", "ACC-UJWT-06", "it is refused when its grant is revoked"):
        refusal(cloud, body["id_token"], "revoked")
    with claim("ACC-UJWT-06", "that of a login goes on"):
        observe(cloud.call("GET", "/users/me", login).status_code, 200)


@behaviour("AUTH-USER-04", "AUTH-OAUTH-02")
def test_a_user_jwt_of_a_grant_without_the_spaces_scope_opens_nothing(cloud: Cloud) -> None:
    """A user JWT that an OAuth client got without the spaces scope is refused as a token without it."""
    client = register(cloud)
    value = code(cloud, client, response_type="esjwtcode", scope="email profile")
    token = granted(exchange(cloud, client, value))["id_token"]
    with claim("AUTH-USER-04", "AUTH-OAUTH-02", "without the spaces scope it is refused"):
        refusal(cloud, token, "spaces", code="scope.oauth_missing", status=403)


@behaviour("AUTH-USER-02", "DM-CFG-01")
def test_a_user_jwt_of_another_domain_is_refused(cloud: Cloud) -> None:
    """A token whose iss is not the deployment's identity domain is refused, and one made after the change is good."""
    old = cloud.jwt_user().token
    before = parts(old)[1]["iss"]
    cloud.configure({"accounts.issuer": "esna.com"})
    with claim("AUTH-USER-02", "a token of another domain is refused"):
        refusal(cloud, old, before, "esna.com")
    new = cloud.jwt_user()
    with claim("AUTH-USER-02", "DM-CFG-01", "a token of the domain that was set is accepted"):
        expect(cloud.call("GET", "/users/me", new).status_code, 200)


@behaviour("AUTH-USER-03", "ACC-UJWT-03")
@pytest.mark.parametrize(("ahead", "status"), [(THIRTY_DAYS - 1, 200), (THIRTY_DAYS, 401), (THIRTY_DAYS + 60, 401)])
def test_a_user_jwt_lives_thirty_days(cloud: Cloud, ahead: int, status: int) -> None:
    """A user JWT is accepted until its exp and expired from then on."""
    cloud.freeze("2031-02-03T04:05:06.000Z")
    person = cloud.jwt_user()
    with claim("ACC-UJWT-03", "exp is thirty days ahead"):
        expect(parts(person.token)[1]["exp"], 1_927_857_906 + THIRTY_DAYS)
    cloud.advance(ahead)
    with claim("AUTH-USER-03", "ACC-UJWT-03", f"it is answered {status}"):
        expect(cloud.call("GET", "/users/me", person).status_code, status)
        if status == 401:
            refusal(cloud, person.token, "exp", code=EXPIRED)


@behaviour("AUTH-USER-03")
def test_a_cached_signature_does_not_outlive_the_token(cloud: Cloud) -> None:
    """A token that was accepted a moment ago expires all the same, and comes back with the clock."""
    person = cloud.jwt_user()
    with claim("AUTH-USER-03", "a fresh token is accepted"):
        observe(cloud.call("GET", "/users/me", person).status_code, 200)
    cloud.advance(THIRTY_DAYS + 1)
    with claim("AUTH-USER-03", "the same token expires"):
        refusal(cloud, person.token, code=EXPIRED)
    cloud.resume()
    with claim("AUTH-USER-03", "it comes back with the clock"):
        observe(cloud.call("GET", "/users/me", person).status_code, 200)


@behaviour("AUTH-USER-05", "DM-USER-12")
@pytest.mark.parametrize("kind", ["jwt", "oauth"])
def test_a_disabled_user_has_no_credential(cloud: Cloud, kind: str) -> None:
    """Every token of a disabled user is refused at once, and accepted again when the user is enabled."""
    person = cloud.user("bob@example.com") if kind == "oauth" else cloud.jwt_user("bob@example.com")
    with claim("AUTH-USER-05", "an enabled user is accepted"):
        expect(cloud.call("GET", "/users/me", person).status_code, 200)
    cloud.control("PATCH", "/users/bob@example.com", {"enabled": False})
    for method, path in (("GET", "/users/me"), ("POST", "/spaces/invite")):
        with claim("AUTH-USER-05", "DM-USER-12", f"a disabled user is refused on {path}"):
            refused(cloud.call(method, path, person), 401, INVALID)
            cloud.explains("disabled", path=f"/api{path}")
    cloud.control("PATCH", "/users/bob@example.com", {"enabled": True})
    with claim("AUTH-USER-05", "DM-USER-12", "a user who was enabled again is accepted"):
        expect(cloud.call("GET", "/users/me", person).status_code, 200)


@behaviour("AUTH-ANON-01")
@pytest.mark.parametrize(("ahead", "status"), [(86_399, 200), (86_400, 401), (100_000, 401)])
def test_an_anonymous_jwt_lives_a_day(cloud: Cloud, ahead: int, status: int) -> None:
    """An anonymous JWT is accepted until its exp and expired from then on."""
    cloud.freeze("2031-02-03T04:05:06.000Z")
    guest = cloud.guest()
    cloud.advance(ahead)
    with claim("AUTH-ANON-01", f"it is answered {status}"):
        expect(cloud.call("GET", "/users/me", guest).status_code, status)
        if status == 401:
            refusal(cloud, guest.token, code=EXPIRED)


@behaviour("AUTH-ANON-01")
def test_a_guest_of_before_the_reset_is_unknown(cloud: Cloud) -> None:
    """A reset world does not know the guests of before."""
    guest = cloud.guest()
    cloud.control("POST", "/reset")
    with claim("AUTH-ANON-01", "a guest of before the reset is refused"):
        refusal(cloud, guest.token)


@behaviour("AUTH-ANON-01", "DM-CFG-01")
def test_the_issuer_of_an_anonymous_jwt_is_not_compared(cloud: Cloud) -> None:
    """An anonymous JWT goes on when the deployment changes its domain."""
    guest = cloud.guest()
    cloud.configure({"accounts.issuer": "esna.com"})
    with claim("AUTH-ANON-01", "a guest of another domain is accepted"):
        expect(cloud.call("GET", "/users/me", guest).status_code, 200)
    new = cloud.guest()
    with claim("DM-CFG-01", "new tokens name the domain that was set"):
        observe(parts(new.token)[1]["iss"], ["esna", "com"])
