"""Slips that clients make at the identity server, and the settings that let them pass."""

import base64
import codecs
from typing import Any

import httpx
import pytest

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, behaviour, only_mock
from contract_tests.oauth import (
    CALLBACK,
    VERIFIER,
    Browser,
    Client,
    authorization,
    authorize,
    by_password,
    code,
    exchange,
    failed,
    granted,
    info,
    location,
    page_refused,
    query_of,
    register,
)

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
PATH = "/oauth2/access_token"


def posted(cloud: Cloud, content: bytes, path: str = PATH, **headers: str) -> httpx.Response:
    """POST bytes as a form."""
    sent = {**FORM, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return cloud.http.post(f"{cloud.accounts}{path}", content=content, headers=sent)


@behaviour("ACC-ERR-02", "ACC-ERR-03")
@pytest.mark.parametrize("style", ["vendor", "rfc6749"])
def test_a_description_has_the_characters_that_the_rfc_allows(cloud: Cloud, style: str) -> None:
    """Whatever is echoed, error_description is printable ASCII without quote and backslash."""
    client = register(cloud)
    cloud.configure({"accounts.error_style": style})
    allowed = {*map(chr, range(0x20, 0x7F))} - {'"', "\\"}
    answers = [posted(cloud, b"a=1", Content_Type='text/"plain\\'), posted(cloud, b"grant_type=p%C3%A4ss&client_id=x")]
    for number, answer in enumerate(answers):
        with claim("ACC-ERR-02", "ACC-ERR-03", f"answer {number} has no other characters", about=[answer]):
            observe(set(answer.json()["error_description"]) - allowed, set())
    with claim("ACC-ERR-02", "that of a redirect has no other either"):
        where = location(Browser(cloud).get("/oauth2/authorize", **authorization(client, access_type='"ä"')))
        observe(set(query_of(where)["error_description"]) - allowed, set())


@behaviour("ACC-TOKEN-01")
def test_forms_that_are_no_text_are_refused_by_name(cloud: Cloud) -> None:
    """Bytes that are no UTF-8, a byte order mark, a compressed form and parameters in the URL are told as such."""
    client = register(cloud)
    whole = f"grant_type=password&client_id={client.id}&client_secret={client.secret}&username=a&password="
    slips: dict[str, tuple[httpx.Response, str]] = {
        "an escape that is no UTF-8": (posted(cloud, f"{whole}p%E4".encode()), "not UTF-8"),
        "a byte that is no UTF-8": (posted(cloud, f"{whole}p".encode() + b"\xe4"), "not UTF-8"),
        "a byte order mark": (posted(cloud, codecs.BOM_UTF8 + f"{whole}p".encode()), "byte order mark"),
        "a compressed form": (posted(cloud, b"\x1f\x8b", Content_Encoding="gzip"), "gzip"),
        "parameters in the URL": (posted(cloud, b"", f"{PATH}?{whole}p"), "URL"),
    }
    for name, (answer, word) in slips.items():
        with claim("ACC-TOKEN-01", f"{name}: it is refused and named", about=[answer]):
            failed(answer, "invalid_request")
            assert word in answer.json()["error_description"], answer.text


@behaviour("ACC-TOKEN-02")
@pytest.mark.parametrize("secret", ["a+b", "a%2Bb"])
def test_credentials_that_would_be_right_undecoded(cloud: Cloud, secret: str) -> None:
    """Basic credentials are form-decoded; where somebody forgot to encode them, the reason says so."""
    client = cloud.oauth_client(client_secret=secret, redirect_uris=[CALLBACK])
    raw = base64.b64encode(f"{client['client_id']}:{secret}".encode()).decode()
    with claim("ACC-TOKEN-02", "they are refused"):
        failed(posted(cloud, b"grant_type=password", Authorization=f"Basic {raw}"), "invalid_client", 401)
        cloud.explains("right undecoded", path=PATH)


@behaviour("ACC-TOKEN-17", "ACC-LOGOUT-02", "ACC-SIGNIN-05")
def test_reasons_name_the_setting_that_helps(cloud: Cloud) -> None:
    """A misspelt path and a logout that may not lead elsewhere say what would let them pass."""
    with claim("ACC-TOKEN-17", "the misspelt path names the right one and the setting"):
        observe(posted(cloud, b"a=1", "/oauth2/acces_token").status_code, 404)
        cloud.explains("accounts.typo_alias", "/oauth2/access_token", path="/oauth2/acces_token")
    only_mock(cloud, "settings of the mock")
    app = "https://app.example/bye"
    with claim("ACC-LOGOUT-02", "a logout does not lead to another origin, and says so"):
        observe(location(Browser(cloud).get("/account/logout", next=app)).endswith("/"), wanted=True)
        cloud.explains("accounts.logout_origins", path="/account/logout")
    cloud.configure({"accounts.logout_origins": ["https://app.example"]})
    with claim("ACC-LOGOUT-02", "to an origin that the setting lists it does"):
        observe(location(Browser(cloud).get("/account/logout", next=app)), app)
    with claim("ACC-SIGNIN-05", "an origin that only looks like it is none"):
        observe(location(Browser(cloud).get("/account/logout", next="https://app.example.evil/")), "/")


@behaviour("ACC-TOKEN-05")
def test_a_verifier_needs_a_challenge(cloud: Cloud) -> None:
    """A code_verifier for a code without challenge is refused, unless a setting lets it pass."""
    client = register(cloud)
    with claim("ACC-TOKEN-05", "it is refused"):
        failed(exchange(cloud, client, code(cloud, client), code_verifier=VERIFIER), "invalid_grant")
        cloud.explains("accounts.ignore_verifier", path=PATH)
    cloud.configure({"accounts.ignore_verifier": True})
    with claim("ACC-TOKEN-05", "by setting it is ignored"):
        observe(exchange(cloud, client, code(cloud, client), code_verifier=VERIFIER).status_code, 200)


@behaviour("ACC-SCOPE-06", "ACC-AUTHZ-02", "ACC-INFO-07")
def test_what_other_libraries_ask_for_is_a_setting(cloud: Cloud) -> None:
    """The scope openid and a loopback redirect with a port of the moment pass by setting, else the reason names it."""
    client = register(cloud, "http://127.0.0.1/callback")
    with claim("ACC-SCOPE-06", "openid is an unknown scope"):
        failed(by_password(cloud, client, scope="openid email"), "invalid_scope")
        cloud.explains("accounts.accept_openid", path=PATH)
    moment: dict[str, Any] = authorization(client, redirect_uri="http://127.0.0.1:54321/callback")
    with claim("ACC-AUTHZ-02", "a port of the moment is not registered"):
        page_refused(Browser(cloud).get("/oauth2/authorize", **moment), 400)
        cloud.explains("accounts.loopback_ports", path="/oauth2/authorize")
    cloud.configure({"accounts.accept_openid": True, "accounts.loopback_ports": True})
    with claim("ACC-SCOPE-06", "by setting openid is left out"):
        observe(
            granted(by_password(cloud, client, scope="openid email"))["scope"],
            granted(by_password(cloud, client, scope="email"))["scope"],
        )
    with claim("ACC-AUTHZ-02", "by setting any port of the loopback address is"):
        there = Client(client.id, client.secret, moment["redirect_uri"])
        assert authorize(cloud, there).startswith(moment["redirect_uri"])
    with claim("ACC-AUTHZ-02", "another host or path is still none"):
        for uri in ("http://127.0.0.1.evil:1/callback", "http://127.0.0.1:1/other", "http://localhost:1/callback"):
            page_refused(Browser(cloud).get("/oauth2/authorize", **{**moment, "redirect_uri": uri}), 400)
    cloud.configure({"accounts.id_token_style": "rs256"})
    with claim("ACC-INFO-07", "an RS256 id_token tells the client, and an hour at most"):
        found = info(cloud, granted(by_password(cloud, client))["id_token"]).json()
        expect((found["audience"], found["expires_in"] <= 3600), (client.id, True))


@behaviour("ACC-SIGNIN-07")
def test_cookies_may_have_another_name(cloud: Cloud) -> None:
    """By setting they do not collide with those of another program on the same host name."""
    cloud.configure({"accounts.cookie_prefix": "spaces_"})
    browser = Browser(cloud)
    browser.get("/account/login")
    with claim("ACC-SIGNIN-07", "they begin with the prefix"):
        observe({name.startswith("spaces_") for name in browser.cookies}, {True})


@behaviour("ACC-SIGNIN-07")
@pytest.mark.parametrize("session", ["h1ll0c0vr1yo8x9t9vzz2h1kqk7l1pgp", "a:b:c", "0" * 41])
def test_the_session_of_another_program_is_told(cloud: Cloud, session: str) -> None:
    """Where the login page takes the cookie of another program the journal names a way out, and nowhere else."""
    only_mock(cloud, "the journal of the mock")

    def reason(cookie: str) -> str:
        cloud.http.get(f"{cloud.accounts}/account/login/", headers={"Cookie": cookie})
        return cloud.why(path="/account/login/")

    with claim("ACC-SIGNIN-07", "the reason names the cookie, the other host name and the setting"):
        for word in ("sessionid", "localhost", "accounts.cookie_prefix"):
            assert word in reason(f"csrftoken=x; sessionid={session}"), word
    with claim("ACC-SIGNIN-07", "no session and one of the mock's own form are no news"):
        observe((reason("csrftoken=x"), reason(f"sessionid={'0' * 40}")), ("", ""))
    browser = Browser(cloud)
    browser.sign_in()
    with claim("ACC-SIGNIN-07", "nor is one that is signed in here"):
        observe(reason(f"sessionid={browser.cookies['sessionid']}"), "")
    cloud.configure({"accounts.cookie_prefix": "spaces_"})
    with claim("ACC-SIGNIN-07", "a prefix leaves the cookie of the other program alone"):
        observe(reason(f"sessionid={session}"), "")
