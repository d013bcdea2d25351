import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA256, SHA512

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import AUDIENCE, OBJECT_ID, App, Cloud, behaviour, refused

NOW = 1_927_857_906  # 2031-02-03T04:05:06Z
NOON = "2031-02-03T04:05:06.000Z"
INVALID, EXPIRED = "auth.credential_invalid", "auth.credential_expired"
# What no JSON parser takes is said of the payload, not of the claim.
NOT_JSON = {**{word: word for word in ("NaN", "Infinity", "-Infinity")}, "9" * 4400: "payload"}
Forge = Callable[[App], str]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def public_pem(app: App) -> bytes:
    form = serialization.PublicFormat.SubjectPublicKeyInfo
    return app.private_key.public_key().public_bytes(serialization.Encoding.PEM, form)


def signed(app: App, header: bytes | str, payload: bytes | str) -> str:
    """Sign any bytes as header and payload with the app's key: what no JWT library would make."""
    parts = [encoded(part if isinstance(part, bytes) else part.encode()) for part in (header, payload)]
    signature = app.private_key.sign(".".join(parts).encode(), padding.PKCS1v15(), SHA256())
    return ".".join([*parts, encoded(signature)])


def header_of(app: App, **changes: Any) -> str:
    header = {"alg": "RS256", "typ": "JWT", "kid": app.key["kid"], **changes}
    return json.dumps({name: value for name, value in header.items() if value is not None})


def payload_of(app: App, **changes: Any) -> str:
    return json.dumps(app.claims(**changes))


def with_number(app: App, exp: str) -> str:
    """Sign claims whose ``exp`` is spelt exactly so."""
    return signed(app, header_of(app), payload_of(app, exp=0).replace('"exp": 0', f'"exp": {exp}'))


def unsigned(app: App, algorithm: str) -> str:
    return f"{encoded(header_of(app, alg=algorithm).encode())}.{encoded(payload_of(app).encode())}."


def hmac_signed(app: App, secret: bytes, algorithm: str = "HS256") -> str:
    text = f"{encoded(header_of(app, alg=algorithm).encode())}.{encoded(payload_of(app).encode())}"
    return f"{text}.{encoded(hmac.digest(secret, text.encode(), hashlib.sha256))}"


def call(cloud: Cloud, token: str) -> httpx.Response:
    """Make a call that every service app with scope spaces.create may make."""
    headers = {"Authorization": f"service_app {token}"}
    return cloud.call("POST", "/spaces/invite", headers=headers, json={"topic": {"title": "Bot room"}})


def bot(cloud: Cloud) -> App:
    """Return an app that may make the call."""
    return cloud.app("spaces.create")


def refusal(cloud: Cloud, token: str, *words: str, code: str = INVALID, status: int = 401) -> None:
    """Send a bad JWT and check the answer; on the mock nothing may change, and the reason must name some words."""
    with cloud.unchanged():
        refused(call(cloud, token), status, code)
    cloud.explains(*words, path="/api/spaces/invite")


@behaviour("AUTH-SVC-01", "AUTH-SVC-02", "AUTH-SVC-03", "AUTH-SVC-05")
def test_a_jwt_signed_with_the_key_file_is_accepted(cloud: Cloud) -> None:
    """A program that holds nothing but a key file signs a JWT and creates a space."""
    app = bot(cloud)
    with claim(
        "AUTH-SVC-01", "AUTH-SVC-02", "AUTH-SVC-03", "AUTH-SVC-05", "a JWT signed with the key file is accepted"
    ):
        answer = call(cloud, app.sign())
        expect(answer.status_code, 200)
        expect(answer.json()["data"][0]["topicId"], OBJECT_ID)


@behaviour("AUTH-SVC-02")
@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"alg": "none"}, ("alg", "none", "RS256")),
        ({"alg": "None"}, ("alg", "None")),
        ({"alg": "NONE"}, ("alg", "NONE")),
        ({"alg": "RS384"}, ("alg", "RS384")),
        ({"alg": "RS512"}, ("alg", "RS512")),
        ({"alg": "PS256"}, ("alg", "PS256")),
        ({"alg": "rs256"}, ("alg", "rs256")),
        ({"alg": "HS256"}, ("alg", "HS256")),
        ({"alg": ""}, ("alg",)),
        ({"alg": None}, ("alg", "missing")),
        ({"alg": 256}, ("alg", "256")),
        ({"alg": ["RS256"]}, ("alg", "RS256")),
        ({"alg": {"RS256": 1}}, ("alg",)),
        ({"kid": None}, ("kid", "missing", "key file")),
        ({"kid": ""}, ("kid",)),
        ({"kid": 7}, ("kid", "7")),
        ({"kid": ["x"]}, ("kid",)),
        ({"typ": "jwt"}, ("typ", "jwt", "JWT")),
        ({"typ": "JWE"}, ("typ", "JWE")),
        ({"typ": ["JWT"]}, ("typ",)),
        ({"typ": ""}, ("typ",)),
    ],
)
def test_a_header_member_of_another_value_is_refused(
    cloud: Cloud, changes: dict[str, Any], words: tuple[str, ...]
) -> None:
    """Only alg RS256, a kid, and typ JWT are accepted; the reason names the member and its value."""
    app = bot(cloud)
    with claim("AUTH-SVC-02", "it is refused"):
        refusal(cloud, signed(app, header_of(app, **changes), payload_of(app)), *words)


@behaviour("AUTH-SVC-02")
def test_typ_may_be_absent(cloud: Cloud) -> None:
    """A JWT without typ is accepted."""
    app = bot(cloud)
    with claim("AUTH-SVC-02", "no typ is accepted"):
        observe(call(cloud, signed(app, header_of(app, typ=None), payload_of(app))).status_code, 200)


@behaviour("AUTH-SVC-02", "AUTH-SVC-05")
@pytest.mark.parametrize("algorithm", ["none", "None", "nOnE", "NONE", "HS256", "RS256", ""])
def test_a_token_without_signature_is_refused(cloud: Cloud, algorithm: str) -> None:
    """An empty signature is no signature, whatever alg says."""
    app = bot(cloud)
    with claim("AUTH-SVC-02", "AUTH-SVC-05", "no signature is refused"):
        refusal(cloud, unsigned(app, algorithm))


def as_secret(app: App) -> dict[str, bytes]:
    pem = public_pem(app)
    der = app.private_key.public_key().public_bytes(
        serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    pkcs1 = app.private_key.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.PKCS1)
    public = {"public key": pem, "stripped": pem.strip(), "DER": der, "PKCS#1": pkcs1}
    return public | {"private key": app.key["private_key"].encode(), "nothing": b"", "kid": app.key["kid"].encode()}


@behaviour("AUTH-SVC-02", "AUTH-SVC-05")
@pytest.mark.parametrize("algorithm", ["HS256", "RS256"])
def test_hmac_with_the_public_key_is_refused(cloud: Cloud, algorithm: str) -> None:
    """The public key is no shared secret: whoever reads it cannot sign with it."""
    app = bot(cloud)
    for name, secret in as_secret(app).items():
        with claim("AUTH-SVC-02", "AUTH-SVC-05", f"HMAC with {name} is refused"):
            refusal(cloud, hmac_signed(app, secret, algorithm))


@behaviour("AUTH-SVC-05")
def test_another_signature_scheme_under_rs256_is_refused(cloud: Cloud) -> None:
    """A signature of the right key with PSS padding or another hash does not match."""
    app = bot(cloud)
    text = f"{encoded(header_of(app).encode())}.{encoded(payload_of(app).encode())}"
    pss = padding.PSS(padding.MGF1(SHA256()), padding.PSS.MAX_LENGTH)
    for name, pad, digest in (("PSS", pss, SHA256()), ("SHA-512", padding.PKCS1v15(), SHA512())):
        signature = app.private_key.sign(text.encode(), pad, digest)
        with claim("AUTH-SVC-05", f"{name} is refused"):
            refusal(cloud, f"{text}.{encoded(signature)}", "signature")


@behaviour("AUTH-SVC-05")
def test_a_key_that_is_not_the_apps_is_refused(cloud: Cloud) -> None:
    """A JWT of another private key under the app's kid does not match."""
    app = bot(cloud)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    token = jwt.encode(app.claims(), stranger, "RS256", headers={"kid": app.key["kid"]})
    with claim("AUTH-SVC-05", "a signature of another key is refused"):
        refusal(cloud, token, "signature", app.key["kid"])


@behaviour("AUTH-SVC-03")
@pytest.mark.parametrize("value", ["ffffffffffffffffffff", "", 7, None, ["{iss}"], {"iss": "{iss}"}, True])
def test_iss_must_name_an_app(cloud: Cloud, value: object) -> None:
    """An absent, unknown or non-text iss is refused."""
    app = bot(cloud)
    given = json.loads(json.dumps(value).replace("{iss}", app.key["iss"]))
    with claim("AUTH-SVC-03", "it is refused"):
        refusal(cloud, signed(app, header_of(app), payload_of(app, iss=given)), "iss")


@behaviour("AUTH-SVC-03")
@pytest.mark.parametrize(
    "change",
    [str.upper, lambda text: text[:-1], lambda text: text + "0"],
    ids=["upper case", "shortened", "prolonged"],
)
def test_iss_is_compared_exactly(cloud: Cloud, change: Callable[[str], str]) -> None:
    """An iss in other letter case, shortened or prolonged is refused."""
    app = bot(cloud)
    wrong = change("a" + app.key["iss"][1:]) if change is str.upper else change(app.key["iss"])
    with claim("AUTH-SVC-03", "it is refused"):
        refusal(cloud, signed(app, header_of(app), payload_of(app, iss=wrong)), "iss")


@behaviour("AUTH-SVC-20")
def test_a_kid_of_another_app_is_refused(cloud: Cloud) -> None:
    """The key of one app signs for no other, not even of the same company."""
    mine, other = bot(cloud), bot(cloud)
    token = jwt.encode(mine.claims(), other.private_key, "RS256", headers={"kid": other.key["kid"]})
    with claim("AUTH-SVC-20", "the kid and key of another app are refused"):
        refusal(cloud, token, other.key["kid"], mine.key["iss"])


@behaviour("AUTH-SVC-04")
def test_an_unknown_kid_is_refused(cloud: Cloud) -> None:
    """A kid that no key has is refused and named."""
    app = bot(cloud)
    with claim("AUTH-SVC-04", "a kid that no key has is refused"):
        refusal(cloud, app.sign(headers={"kid": "ab12"}), "ab12")
    with claim("AUTH-SVC-04", "a kid of the right form that no key has is refused"):
        refusal(cloud, app.sign(headers={"kid": "ffffffffffffffffffff"}), "ffffffffffffffffffff")


@behaviour("AUTH-SVC-04", "DM-CRED-01", "ACC-SVCKEY-02")
def test_a_deleted_key_is_dead_at_once_and_others_live(cloud: Cloud) -> None:
    """Deleting one of two keys refuses its JWTs from the next call on; the other key goes on."""
    app = bot(cloud)
    second = App(cloud.control("POST", f"/service-apps/{app.key['iss']}/keys"))
    first_token, second_token = app.sign(), second.sign()
    with claim("ACC-SVCKEY-02", "DM-CRED-01", "both keys of an app are accepted"):
        expect(call(cloud, first_token).status_code, 200)
        expect(call(cloud, second_token).status_code, 200)
    cloud.control("DELETE", f"/service-apps/{app.key['iss']}/keys/{app.key['kid']}")
    with claim("AUTH-SVC-04", "DM-CRED-01", "a deleted key is refused at once"):
        refusal(cloud, first_token, app.key["kid"])
    with claim("AUTH-SVC-04", "the other key goes on"):
        expect(call(cloud, second_token).status_code, 200)


@behaviour("AUTH-SVC-06")
@pytest.mark.parametrize(
    "form",
    [
        None,
        "",
        "{iss}",
        "{iss}@",
        "@{domain}",
        "{other}",
        "x{sub}",
        "{sub}.",
        "{iss}@abcdef.servicesapps.spaces.avayacloud.com",
        ["{sub}"],
        7,
    ],
)
def test_sub_must_be_the_service_account(cloud: Cloud, form: object) -> None:
    """An absent sub, or any other text than that of the key file, is refused and the right one named."""
    app = bot(cloud)
    names = {"iss": app.key["iss"], "sub": app.key["sub"], "domain": app.key["sub"].partition("@")[2]}
    if "{other}" in json.dumps(form):
        made_up = f"{'f' * 20}@{names['domain']}"
        names["other"] = cloud.mock.app(company="Rival").key["sub"] if cloud.mock else made_up
    text = json.dumps(form)
    for name, value in names.items():
        text = text.replace(f"{{{name}}}", value)
    with claim("AUTH-SVC-06", "it is refused"):
        refusal(cloud, signed(app, header_of(app), payload_of(app, sub=json.loads(text))), "sub", app.key["sub"])


@behaviour("AUTH-SVC-06", "ACC-SVCKEY-01")
def test_the_key_file_has_the_documented_form(cloud: Cloud) -> None:
    """Iss and kid have 20 hex digits, sub is iss at the service domain, the key is PKCS#1 of 2048 bits."""
    app = bot(cloud)
    with claim("ACC-SVCKEY-01", "it has iss, sub, kid and private_key"):
        expect(list(app.key), ["iss", "sub", "kid", "private_key"])
    with claim("ACC-SVCKEY-01", "AUTH-SVC-06", "sub is iss at the service domain of the company"):
        label = app.key["sub"].removeprefix(f"{app.key['iss']}@").removesuffix(".servicesapps.spaces.avayacloud.com")
        expect((len(label), label.isalnum(), label.islower() or label.isdigit()), (6, True, True))
    with claim("ACC-SVCKEY-01", "iss and kid have 20 hex digits"):
        expect([len(bytes.fromhex(app.key[name])) for name in ("iss", "kid")], [10, 10])
    with claim("ACC-SVCKEY-01", "the key is PKCS#1 of 2048 bits"):
        expect(app.key["private_key"].splitlines()[0], "-----BEGIN RSA PRIVATE KEY-----")
        expect(app.private_key.key_size, 2048)


@behaviour("AUTH-SVC-07")
@pytest.mark.parametrize("form", ["{aud}", ["{aud}"], ["https://other.example", "{aud}"], [7, None, "{aud}"]])
def test_aud_may_be_a_text_or_an_element(cloud: Cloud, form: object) -> None:
    """The audience is accepted alone or as one element of an array."""
    app = bot(cloud)
    aud = json.loads(json.dumps(form).replace("{aud}", app.audience))
    with claim("AUTH-SVC-07", "it is accepted"):
        answer = call(cloud, signed(app, header_of(app), payload_of(app, aud=aud)))
        (expect if isinstance(form, str) else observe)(answer.status_code, 200)


@behaviour("AUTH-SVC-07")
@pytest.mark.parametrize(
    "value",
    [
        None,
        "",
        "spacesapis.avayacloud.com",
        "https://{aud}",
        "S{paces}",
        "{aud} ",
        [],
        ["other"],
        [["{aud}"]],
        {"aud": "{aud}"},
        7,
        True,
    ],
)
def test_another_audience_is_refused(cloud: Cloud, value: object) -> None:
    """An absent or other aud is refused and the accepted one named."""
    app = bot(cloud)
    text = json.dumps(value).replace("{aud}", app.audience).replace("S{paces}", app.audience.capitalize())
    with claim("AUTH-SVC-07", "it is refused"):
        refusal(cloud, signed(app, header_of(app), payload_of(app, aud=json.loads(text))), "aud", AUDIENCE)


@behaviour("AUTH-SVC-07", "DM-CFG-02")
def test_the_accepted_audiences_are_a_setting(cloud: Cloud) -> None:
    """A deployment may accept other audiences, and then only those."""
    app = bot(cloud)
    cloud.configure({"rest.service_audiences": ["a.example", "b.example"]})
    for audience, status in (("b.example", 200), ("a.example", 200), (AUDIENCE, 401)):
        with claim("AUTH-SVC-07", "DM-CFG-02", f"with two others as setting, {audience} is answered {status}"):
            expect(call(cloud, app.sign(app.claims(aud=audience))).status_code, status)


@behaviour("AUTH-SVC-08", "AUTH-SVC-09")
@pytest.mark.parametrize(
    ("exp", "code"),
    [
        (f"{NOW + 1}", None),
        (f"{NOW + 0.25}", None),
        (f"{NOW + 3600}", None),
        (f"{NOW + 3600.99}", None),
        (f"{NOW}.5e0", None),
        ("1.9278579070e9", None),
        (f"{NOW}", EXPIRED),
        (f"{NOW - 0.001}", EXPIRED),
        (f"{NOW - 1}", EXPIRED),
        (f"{NOW + 3601}", INVALID),
        (f"{NOW + 3601.5}", INVALID),
    ],
    ids=lambda value: str(value)[:24],
)
def test_exp_is_compared_to_the_fraction_of_a_second(cloud: Cloud, exp: str, code: str | None) -> None:
    """With the clock at a known moment, exp is accepted from just after it to 3600 s ahead."""
    app = bot(cloud)
    cloud.freeze(NOON)
    token = with_number(app, exp)
    with claim("AUTH-SVC-08", "AUTH-SVC-09", f"it is {code or 'accepted'}"):
        if code is None:
            expect(call(cloud, token).status_code, 200)
        else:
            refusal(cloud, token, "exp", code=code)


@behaviour("AUTH-SVC-08")
@pytest.mark.parametrize(
    ("exp", "code"),
    [
        ("0", EXPIRED),
        ("-0", EXPIRED),
        ("-1", EXPIRED),
        ("1e-400", EXPIRED),
        (f"-{10**400}", INVALID),
        ("{now}000", INVALID),
        ("5650000000", INVALID),
        ("9007199254740993", INVALID),
        ("1e308", INVALID),
        (f"{10**400}", INVALID),
        ("9" * 4400, INVALID),
        ("1e999", INVALID),
        ("-1e999", INVALID),
        ("NaN", INVALID),
        ("Infinity", INVALID),
        ("-Infinity", INVALID),
        ('"{now}"', INVALID),
        ('"2031-02-03T05:00:00Z"', INVALID),
        ("null", INVALID),
        ("true", INVALID),
        ("false", INVALID),
        ("[]", INVALID),
        ("[{now}]", INVALID),
        ("{}", INVALID),
    ],
    ids=lambda value: str(value)[:24],
)
def test_exp_is_a_number_of_seconds(cloud: Cloud, exp: str, code: str) -> None:
    """Whatever is no number, or a number of no hour from now, is refused at any time."""
    app = bot(cloud)
    token = with_number(app, exp.replace("{now}", str(app.claims()["exp"])))
    with claim("AUTH-SVC-08", "it is refused"):
        refusal(cloud, token, NOT_JSON.get(exp, "exp"), code=code)


@behaviour("AUTH-SVC-08")
def test_exp_is_required(cloud: Cloud) -> None:
    """A JWT without exp is refused."""
    app = bot(cloud)
    with claim("AUTH-SVC-08", "no exp is refused"):
        refusal(cloud, app.sign(app.claims(exp=None)), "exp is missing")


def sent_ahead(cloud: Cloud, app: App, ahead: float) -> httpx.Response:
    """Return the answer to a JWT whose exp is so many seconds ahead of the target's clock."""
    return cloud.in_second(lambda now: call(cloud, app.sign(app.claims(exp=now + ahead))))


@behaviour("AUTH-SVC-08")
def test_exp_is_exclusive(cloud: Cloud) -> None:
    """A JWT is accepted until its second comes, by the clock of the target."""
    app = bot(cloud)
    with claim("AUTH-SVC-08", "exp 2 s ahead is accepted"):
        expect(sent_ahead(cloud, app, 2).status_code, 200)
    with claim("AUTH-SVC-08", "exp 0 s ahead is refused"):
        refused(sent_ahead(cloud, app, 0), 401, EXPIRED)
    with claim("AUTH-SVC-08", "exp a minute ago is refused"):
        refusal(cloud, app.sign(app.claims(exp=app.claims()["exp"] - 660)), "exp", code=EXPIRED)
    with claim("AUTH-SVC-08", "exp with a fraction is accepted"):
        observe(call(cloud, app.sign(app.claims(exp=app.claims()["exp"] + 0.5))).status_code, 200)


@behaviour("AUTH-SVC-09")
def test_exp_is_at_most_an_hour_ahead(cloud: Cloud) -> None:
    """Up to 3600 s are accepted by the clock of the target, more is refused; the reason counts the seconds."""
    app = bot(cloud)
    with claim("AUTH-SVC-09", "exp 3600 s ahead is accepted"):
        expect(sent_ahead(cloud, app, 3600).status_code, 200)
    with claim("AUTH-SVC-09", "exp 3601 s ahead is refused"):
        refused(sent_ahead(cloud, app, 3601), 401, INVALID)
        cloud.explains("3601 s ahead", "3600", path="/api/spaces/invite")
    with claim("AUTH-SVC-09", "exp 36000 s ahead is refused"):
        refused(call(cloud, app.sign(app.claims(exp=app.claims()["exp"] + 36_000))), 401, INVALID)
        cloud.explains("s ahead", "3600", path="/api/spaces/invite")
    with claim("AUTH-SVC-09", "exp in milliseconds is refused"):
        refusal(cloud, app.sign(app.claims(exp=app.claims()["exp"] * 1000)), "milliseconds")


@behaviour("AUTH-SVC-09", "DM-CFG-02")
def test_leeway_widens_both_bounds(cloud: Cloud) -> None:
    """A leeway of ten seconds accepts an exp ten seconds too far and nine seconds past, and no more."""
    app = bot(cloud)
    cloud.freeze(NOON)
    cloud.configure({"rest.service_leeway_s": 10})
    for exp, status in ((NOW + 3610, 200), (NOW + 3611, 401), (NOW - 9, 200), (NOW - 10, 401)):
        with claim("AUTH-SVC-09", "DM-CFG-02", f"with a leeway of 10 s, exp {exp - NOW:+} is answered {status}"):
            observe(call(cloud, app.sign(app.claims(exp=exp))).status_code, status)


@behaviour("AUTH-SVC-09", "DM-CFG-04")
def test_a_token_accepted_a_moment_ago_is_judged_anew(cloud: Cloud) -> None:
    """Moving the clock before exp - 3600, or to exp, refuses a token whose signature is already known."""
    app = bot(cloud)
    cloud.freeze(NOON)
    token = app.sign(app.claims(exp=NOW + 3600))
    with claim("AUTH-SVC-09", "DM-CFG-04", "a token follows the clock back and forth"):
        expect(call(cloud, token).status_code, 200)
        cloud.freeze("2031-02-03T04:05:05.999Z")
        refusal(cloud, token, "3601")
        cloud.freeze("2031-02-03T05:05:05.999Z")
        expect(call(cloud, token).status_code, 200)
        cloud.freeze("2031-02-03T05:05:06.000Z")
        refusal(cloud, token, code=EXPIRED)


@behaviour("AUTH-SVC-10")
@pytest.mark.parametrize("member", ["iss", "sub"])
@pytest.mark.parametrize("form", [" {}", "{} ", " {} ", "{}\n", "\t{}", "\u00a0{}"])
def test_blanks_in_a_claim_are_significant(cloud: Cloud, member: str, form: str) -> None:
    """A blank as printed in the documents' sample is refused, and the reason mentions blanks."""
    app = bot(cloud)
    with claim("AUTH-SVC-10", "it is refused"):
        refusal(cloud, app.sign(app.claims(**{member: form.format(app.key[member])})), member, "blanks")


@behaviour("AUTH-SVC-11")
@pytest.mark.parametrize(
    ("nbf", "accepted"),
    [(-60, True), (0, True), (0.5, False), (1, False), (599, False), ("soon", False), (None, False), (True, False)],
)
def test_nbf_must_not_lie_ahead(cloud: Cloud, nbf: object, accepted: bool) -> None:  # noqa: FBT001 - a table's column
    """A nbf in the future, or one that is no number, is refused."""
    app = bot(cloud)
    cloud.freeze(NOON)
    moved = NOW + nbf if isinstance(nbf, int | float) and not isinstance(nbf, bool) else nbf
    token = signed(app, header_of(app), json.dumps({**app.claims(exp=NOW + 600), "nbf": moved}))
    with claim("AUTH-SVC-11", f"it is {'accepted' if accepted else 'refused'}"):
        if accepted:
            observe(call(cloud, token).status_code, 200)
        else:
            refusal(cloud, token, "nbf")


@behaviour("AUTH-SVC-11")
@pytest.mark.parametrize(("nbf", "accepted"), [(-60, True), (120, False), ("soon", False)])
def test_nbf_counts_in_real_time(cloud: Cloud, nbf: int | str, accepted: bool) -> None:  # noqa: FBT001 - as above
    """A nbf a minute ago is accepted; two minutes ahead, or as text, it is refused."""
    app = bot(cloud)
    good = app.claims()
    moved = nbf if isinstance(nbf, str) else good["exp"] - 600 + nbf
    token = signed(app, header_of(app), json.dumps({**good, "nbf": moved}))
    with claim("AUTH-SVC-11", f"it is {'accepted' if accepted else 'refused'}"):
        if accepted:
            observe(call(cloud, token).status_code, 200)
        else:
            refusal(cloud, token, "nbf")


@behaviour("AUTH-SVC-11")
@pytest.mark.parametrize("claims", [{"iat": 32_503_680_000}, {"iat": "x"}, {"jti": "1"}, {"jti": {}}, {"extra": [1]}])
def test_iat_jti_and_unknown_claims_are_ignored(cloud: Cloud, claims: dict[str, Any]) -> None:
    """What the documents do not name has no effect."""
    app = bot(cloud)
    with claim("AUTH-SVC-11", "it is accepted"):
        observe(call(cloud, app.sign({**app.claims(), **claims})).status_code, 200)


@behaviour("AUTH-SVC-11")
def test_one_jwt_may_be_used_again(cloud: Cloud) -> None:
    """The same JWT, with the same jti, makes one space per call."""
    app = bot(cloud)
    token = app.sign({**app.claims(), "jti": "once"})
    with claim("AUTH-SVC-11", "a JWT is accepted three times"):
        found = {call(cloud, token).json()["data"][0]["topicId"] for _ in range(3)}
        observe(len(found), 3)


@behaviour("AUTH-SVC-12")
def test_an_inactive_app_is_refused_until_it_is_activated(cloud: Cloud) -> None:
    """A new app is inactive as the portal leaves it; activation and its end take effect at once."""
    made = cloud.control("POST", "/service-apps", {"scopes": ["spaces.create"], "active": False})
    app = App(made["key"])
    with claim("AUTH-SVC-12", "a new app is refused until it is activated"):
        refusal(cloud, app.sign(), app.key["iss"], code="auth.app_inactive")
        cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": True})
        expect(call(cloud, app.sign()).status_code, 200)
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": False})
    with claim("AUTH-SVC-12", "an app that is no longer active is refused"):
        refusal(cloud, app.sign(), code="auth.app_inactive")


@behaviour("AUTH-SVC-13")
def test_a_disabled_service_account_is_refused(cloud: Cloud) -> None:
    """An app whose service account is disabled has no access, and has it again when it is enabled."""
    app = bot(cloud)
    token = app.sign()
    with claim("AUTH-SVC-13", "a disabled account is refused until it is enabled"):
        expect(call(cloud, token).status_code, 200)
        cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"account_enabled": False})
        refusal(cloud, token, app.key["sub"], code="auth.service_account_disabled")
        cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"account_enabled": True})
        expect(call(cloud, token).status_code, 200)


@behaviour("AUTH-SVC-14")
def test_the_scope_must_be_configured(cloud: Cloud) -> None:
    """A call without its scope is refused, names it in the reason, and works once the scope is configured."""
    with claim("AUTH-SVC-14", "a call with its scope is accepted"):
        expect(call(cloud, bot(cloud).sign()).status_code, 200)
    app = cloud.app(lacks=["spaces.create"])
    with claim("AUTH-SVC-14", "a call without its scope is refused"):
        refusal(cloud, app.sign(), "spaces.create", "users.search", code="scope.missing", status=403)
    cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"scopes": ["spaces.create"]})
    with claim("AUTH-SVC-14", "a scope that is configured counts at once"):
        expect(call(cloud, app.sign()).status_code, 200)


@behaviour("AUTH-SVC-14")
@pytest.mark.parametrize("path", ["/users/me", "/spaces/{space}/join"])
def test_a_call_that_no_scope_opens_is_refused(cloud: Cloud, path: str) -> None:
    """An app may not make a call that is not in the table of scopes, on the mock not even with every scope."""
    target = path.format(space=cloud.open_space(cloud.user())) if "{" in path else path
    app = bot(cloud)
    if cloud.mock:
        app = cloud.mock.app()
    with claim("AUTH-SVC-14", "it is refused"):
        refused(cloud.call("GET", target, app), 403, "scope.missing")


@behaviour("AUTH-SVC-15")
def test_another_companys_space_is_out_of_reach(cloud: Cloud) -> None:
    """A space of another company, or of none, is forbidden; one of its own is judged by its role."""
    app = cloud.app("spaces.settings.read")
    for owner, whose in (("rita@rival.example", "another company"), ("fred@freelance.example", "no company")):
        with claim("AUTH-SVC-15", f"a space of {whose} is out of reach"):
            space = cloud.open_space(cloud.user(owner))
            refused(cloud.call("GET", f"/spaces/{space}", app), 403, "permission.other_company")
            cloud.explains("company", path=f"/api/spaces/{space}")
    own = cloud.open_space(cloud.user("ann@example.com"))
    with claim("AUTH-SVC-15", "a space of its own company is judged by its role"):
        refused(cloud.call("GET", f"/spaces/{own}", app), 403, "permission.denied")


@behaviour("AUTH-SVC-15", "DM-APP-01")
def test_an_invited_user_of_another_company_is_out_of_reach(cloud: Cloud) -> None:
    """An app cannot invite a user of another company by his id."""
    rita = cloud.user("rita@rival.example")
    body = {"topic": {"title": "Room"}, "invitees": [{"inviteeType": "userId", "invitee": rita.id}]}
    app = bot(cloud)
    with claim("AUTH-SVC-15", "DM-APP-01", "a user of another company cannot be invited"), cloud.unchanged():
        refused(cloud.call("POST", "/spaces/invite", app, json=body), 403, "permission.other_company")


@behaviour("AUTH-SVC-17", "SPACES-CREATE-08", "DM-MSG-03")
def test_the_caller_is_the_service_account(cloud: Cloud) -> None:
    """Space and message are the service account's, a user whose username is sub and whose name is the app's."""
    app = cloud.app("spaces.create", "spaces.settings.read", "spaces.chat.create", name="Room maker")
    space = cloud.space(app)
    shown = cloud.call("GET", f"/spaces/{space}", app)
    with claim("SPACES-CREATE-08", "the service account is its admin and creator", about=[shown]):
        member = shown.json()["members"][0]
        observe((shown.json()["cid"], shown.json()["role"]), (member["member"], "admin"))
        observe((member["memberType"], member["role"]), ("userId", "admin"))
    with claim("AUTH-SVC-17", "the member is a user named as sub", about=[shown]):
        observe(member["username"], app.key["sub"])
        if cloud.mock:
            assert (member["member"], member["displayname"]) == (app.account_id, "Room maker")
    with claim("AUTH-SVC-17", "DM-MSG-03", "the sender is a user named as sub"):
        sender = cloud.message(space, app)["sender"]
        observe((sender["_id"], sender["type"], sender["username"]), (member["member"], "user", app.key["sub"]))


@behaviour("AUTH-SVC-18", "DM-APP-01")
def test_a_company_may_have_several_apps(cloud: Cloud) -> None:
    """Two apps of one company reach one another's spaces, an app of another company does not."""
    first, second = cloud.app("spaces.create", "spaces.settings.write"), cloud.app("spaces.settings.read")
    with claim("AUTH-SVC-18", "DM-APP-01", "two apps of a company have one service domain"):
        expect(first.key["sub"].partition("@")[2], second.key["sub"].partition("@")[2])
    space = cloud.private_space(first)
    with claim("AUTH-SVC-18", "one app of a company is a stranger in a space of the other"):
        refused(cloud.call("GET", f"/spaces/{space}", second), 403, "space.members_only")
    rival = cloud.app("spaces.settings.read", company="Rival")
    with claim("AUTH-SVC-18", "an app of another company has another service domain"):
        assert first.key["sub"].partition("@")[2] != rival.key["sub"].partition("@")[2]
    with claim("AUTH-SVC-18", "an app of another company does not reach it"):
        refused(cloud.call("GET", f"/spaces/{space}", rival), 403, "permission.other_company")


@behaviour("AUTH-SVC-19")
def test_key_material_in_the_header_is_ignored(cloud: Cloud) -> None:
    """jku, x5u, jwk and x5c neither help a foreign key nor hurt the right one."""
    app = bot(cloud)
    stranger = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    own = json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(stranger.public_key()))
    members = {
        "jku": "https://127.0.0.1:1/keys.json",
        "x5u": "file:///etc/hostname",
        "jwk": own,
        "x5c": ["AAAA"],
        "x5t": "x",
    }
    headers = {"kid": app.key["kid"], **members}
    with claim("AUTH-SVC-19", "jku, x5u, jwk and x5c do not hurt the right key"):
        observe(call(cloud, app.sign(headers=members)).status_code, 200)
    with claim("AUTH-SVC-19", "jku, x5u, jwk and x5c do not help a foreign key"):
        refusal(cloud, jwt.encode(app.claims(), stranger, "RS256", headers=headers), "signature")


@behaviour("AUTH-SVC-19")
@pytest.mark.parametrize("value", [["exp"], [], "exp", None, ["b64"], {}])
def test_crit_is_refused(cloud: Cloud, value: object) -> None:
    """A header with crit is refused whatever it lists."""
    app = bot(cloud)
    header = json.dumps({"alg": "RS256", "typ": "JWT", "kid": app.key["kid"], "crit": value})
    with claim("AUTH-SVC-19", "crit is refused"):
        refusal(cloud, signed(app, header, payload_of(app)), "crit")


DEEP = 40


def twice(text: str, member: str) -> str:
    """Repeat a member of a flat JSON object at its end."""
    value = json.loads(text)[member]
    return f"{text[:-1]}, {json.dumps(member)}: {json.dumps(value)}}}"


MALFORMED: Mapping[str, tuple[Forge, str]] = {
    "no dot": (lambda _app: "abc", "three parts"),
    "two parts": (lambda app: app.sign().rpartition(".")[0], "three parts"),
    "four parts": (lambda app: app.sign() + ".x", "three parts"),
    "five parts": (lambda _app: "a.b.c.d.e", "three parts"),
    "only dots": (lambda _app: "..", "header"),
    "empty payload": (lambda app: f"{encoded(header_of(app).encode())}..x", "payload"),
    "header no JSON": (lambda app: signed(app, "{", payload_of(app)), "header"),
    "header an array": (lambda app: signed(app, "[]", payload_of(app)), "header"),
    "payload no JSON": (lambda app: signed(app, header_of(app), "iss=x"), "payload"),
    "payload a text": (lambda app: signed(app, header_of(app), '"x"'), "payload"),
    "payload null": (lambda app: signed(app, header_of(app), "null"), "payload"),
    "trailing text": (lambda app: signed(app, header_of(app), payload_of(app) + "x"), "payload"),
    "single quotes": (lambda app: signed(app, header_of(app), payload_of(app).replace('"', "'")), "payload"),
    "bad UTF-8 in the payload": (
        lambda app: signed(app, header_of(app), payload_of(app)[:-1].encode() + b', "x": "\xff"}'),
        "UTF-8",
    ),
    "bad UTF-8 in the header": (
        lambda app: signed(app, header_of(app)[:-1].encode() + b', "x": "\xc3("}', payload_of(app)),
        "UTF-8",
    ),
    "UTF-16": (lambda app: signed(app, header_of(app), payload_of(app).encode("utf-16")), "payload"),
    "byte order mark": (lambda app: signed(app, header_of(app), b"\xef\xbb\xbf" + payload_of(app).encode()), "payload"),
    "repeated alg": (lambda app: signed(app, twice(header_of(app), "alg"), payload_of(app)), "repeats"),
    "repeated kid": (lambda app: signed(app, twice(header_of(app), "kid"), payload_of(app)), "repeats"),
    "repeated iss": (lambda app: signed(app, header_of(app), twice(payload_of(app), "iss")), "repeats"),
    "repeated exp": (lambda app: signed(app, header_of(app), twice(payload_of(app), "exp")), "repeats"),
    "repeated by escape": (
        lambda app: signed(app, header_of(app), payload_of(app)[:-1] + r', "\u0065xp": 1}'),
        "repeats",
    ),
    "repeated inside": (
        lambda app: signed(app, header_of(app), payload_of(app)[:-1] + ', "x": {"a": 1, "a": 2}}'),
        "repeats",
    ),
    "deep payload": (
        lambda app: signed(app, header_of(app), payload_of(app)[:-1] + f', "x": {"[" * DEEP}{"]" * DEEP}}}'),
        "deep",
    ),
    "deep header": (
        lambda app: signed(app, header_of(app)[:-1] + f', "x": {"[" * DEEP}{"]" * DEEP}}}', payload_of(app)),
        "deep",
    ),
    "endlessly deep payload": (lambda app: signed(app, header_of(app), "[" * 5000), "payload"),
    "endlessly deep objects": (lambda app: signed(app, header_of(app), '{"a":' * 900), "payload"),
    "padded": (lambda app: signed(app, header_of(app) + " " * 2, payload_of(app)).replace(".", "==.", 1), "base64url"),
    "standard base64": (lambda app: app.sign().replace("-", "+").replace("_", "/") + "+/", "base64url"),
    "blank in a part": (lambda app: app.sign().replace(".", ".%20", 1), "base64url"),
    "length of one": (lambda app: f"{app.sign()[:-1]}.", "three parts"),
    "signature of one character": (lambda app: app.sign().rpartition(".")[0] + ".A", "base64url"),
    "oversized": (lambda app: app.sign({**app.claims(), "x": "a" * 9000}), "limit"),
    "oversized by signature": (lambda app: app.sign() + "A" * 9000, "limit"),
}


@behaviour("AUTH-SVC-01", "AUTH-SVC-02")
@pytest.mark.parametrize(("forge", "word"), MALFORMED.values(), ids=MALFORMED)
def test_what_is_no_compact_jws_is_invalid(cloud: Cloud, forge: Forge, word: str) -> None:
    """A text that is no strict compact JWS is refused even if the app's key signed it, and the reason says why."""
    app = bot(cloud)
    with claim("AUTH-SVC-01", "AUTH-SVC-02", "it is refused"):
        refusal(cloud, forge(app), word)


@behaviour("AUTH-SVC-05")
def test_base64url_must_be_canonical(cloud: Cloud) -> None:
    """A last character with other unused bits decodes to the same signature and is refused all the same."""
    app = bot(cloud)
    token = app.sign()
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    place = alphabet.index(token[-1])
    twins = [alphabet[place ^ bits] for bits in range(1, 4 if len(token.rpartition(".")[2]) % 4 == 3 else 16)]
    with claim("AUTH-SVC-05", "twins of an accepted signature are refused"):
        expect(call(cloud, token).status_code, 200)
        for twin in twins:
            refusal(cloud, token[:-1] + twin)


@behaviour("AUTH-SVC-03")
@pytest.mark.parametrize("member", ["iss", "sub", "aud"])
@pytest.mark.parametrize("text", ['"\\ud800"', '"\\u0000"', f'"{"x" * 3000}"', '"{0.__class__}"', '"%s%n"'])
def test_hostile_texts_in_claims_are_refused_in_short_words(cloud: Cloud, member: str, text: str) -> None:
    """Halves of surrogate pairs, zero characters and format strings are refused; the reason stays short."""
    app = bot(cloud)
    payload = json.dumps({**app.claims(), member: "@@"}).replace('"@@"', text)
    with claim("AUTH-SVC-03", "it is refused"):
        refusal(cloud, signed(app, header_of(app), payload))
        if cloud.mock:
            assert len(cloud.mock.why(path="/api/spaces/invite")) < 400


ORDERED_FLAWS: tuple[tuple[str, dict[str, Any], dict[str, Any]], ...] = (
    ("alg", {"alg": "HS256"}, {}),
    ("crit", {"crit": ["exp"]}, {}),
    ("iss", {}, {"iss": "ffffffffffffffffffff"}),
    ("kid", {"kid": "ffffffffffffffffffff"}, {}),
    ("signature", {}, {}),
    ("sub", {}, {"sub": "x"}),
    ("aud", {}, {"aud": "x"}),
    ("exp", {}, {"exp": 1}),
    ("nbf", {}, {"nbf": 32_503_680_000}),
)


@behaviour("AUTH-SVC-16")
@pytest.mark.parametrize("first", range(len(ORDERED_FLAWS)), ids=[flaw[0] for flaw in ORDERED_FLAWS])
def test_the_first_of_several_flaws_is_reported(cloud: Cloud, first: int) -> None:
    """Of a token that is wrong in everything from one rule on, the reason names the first rule in order."""
    app = bot(cloud)
    header, claims = {"alg": "RS256", "kid": app.key["kid"]}, app.claims()
    for _name, in_header, in_claims in ORDERED_FLAWS[first:]:
        header |= in_header
        claims |= in_claims
    names = [name for name, *_ in ORDERED_FLAWS]
    token = signed(app, json.dumps(header), json.dumps(claims))
    if first <= names.index("signature"):
        token = token[:-6] + "AAAAAA"
    code = EXPIRED if names[first] == "exp" else INVALID
    with claim("AUTH-SVC-16", "it is refused for that"):
        refusal(cloud, token, names[first], code=code)


@behaviour("AUTH-SVC-16")
def test_an_inactive_app_is_told_before_the_account_and_the_scope(cloud: Cloud) -> None:
    """A bad claim comes before the app's state, that before the account's, that before the scope."""
    app = cloud.app(lacks=["spaces.create"])
    with claim("AUTH-SVC-16", "a bad claim comes before the missing scope"):
        refusal(cloud, app.sign(app.claims(exp=1)), code=EXPIRED)
        refusal(cloud, app.sign(), code="scope.missing", status=403)
    with claim("AUTH-SVC-16", "claims, app, account and scope are judged in this order"):
        cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": False, "account_enabled": False})
        refusal(cloud, app.sign(app.claims(exp=1)), code=EXPIRED)
        refusal(cloud, app.sign(), code="auth.app_inactive")
        cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"active": True})
        refusal(cloud, app.sign(), code="auth.service_account_disabled")
        cloud.control("PATCH", f"/service-apps/{app.key['iss']}", {"account_enabled": True})
        refusal(cloud, app.sign(), code="scope.missing", status=403)
