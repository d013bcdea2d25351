"""OAuth as a client and a browser see it: what the tests of the identity server share."""

import base64
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from html.parser import HTMLParser
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

import httpx
import jwt

from contract_tests.claims import Need, aside, is_refusal, observe
from contract_tests.kit import Cloud, Person, json_of, only_mock

CALLBACK = "https://app.example/callback"
EVERY_SCOPE = (
    "https://www.onesna.com/auth/userinfo.email https://www.onesna.com/auth/userinfo.profile "
    "https://www.onesna.com/auth/logan"
)
VERIFIER = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk"  # RFC 7636, appendix B
CHALLENGE = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"
PKCE = {"code_challenge": CHALLENGE, "code_challenge_method": "S256"}
ANN, ANN_PASSWORD = "ann@example.com", "ann-secret"


@dataclass(frozen=True)
class Client:
    """A registered OAuth client."""

    id: str
    secret: str | None = field(repr=False)
    redirect_uri: str

    @property
    def credentials(self) -> dict[str, str]:
        """What it authenticates with in a body."""
        return {"client_id": self.id} if self.secret is None else {"client_id": self.id, "client_secret": self.secret}

    @property
    def basic(self) -> dict[str, str]:
        """What it authenticates with in a header."""
        pair = base64.b64encode(f"{self.id}:{self.secret or ''}".encode()).decode()
        return {"Authorization": f"Basic {pair}"}


def register(cloud: Cloud, *uris: str, public: bool = False, **members: Any) -> Client:
    """Return a client of this test's own; elsewhere than on the mock that of the profile, once in a test."""
    if uris or public:
        members |= {"redirect_uris": list(uris or [CALLBACK]), "public": public}
    made = cloud.oauth_client(**members)
    return Client(made["client_id"], made["client_secret"], next(iter(uris), made.get("redirect_uri", CALLBACK)))


def change(cloud: Cloud, **settings: Any) -> None:
    """Change settings of the identity server by their last names (the mock only)."""
    cloud.configure({f"accounts.{name}": value for name, value in settings.items()})


PREFIX = re.compile(r"/w/[^/]+(?=/)")


def authorization(client: Client, **changes: str | None) -> dict[str, str]:
    """Return the parameters of a valid authorization request; a change to None leaves one out."""
    valid = {"client_id": client.id, "redirect_uri": client.redirect_uri, "response_type": "code", "state": "s1"}
    return {name: value for name, value in {**valid, **changes}.items() if value is not None}


class Page(HTMLParser):
    """A page taken apart: form fields by name, ids, and which elements are inside which id."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text
        self.fields: dict[str, str] = {}
        self.buttons: list[dict[str, str]] = []
        self.forms: list[dict[str, str]] = []
        self.inside: dict[str, list[str]] = {}
        self._open: list[str | None] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = {name: value or "" for name, value in attrs}
        for element in filter(None, self._open):
            self.inside.setdefault(element, []).append(given.get("name", ""))
        if "id" in given:
            self.inside.setdefault(given["id"], [])
        if tag == "input":
            self.fields[given.get("name", "")] = given.get("value", "")
        elif tag == "button":
            self.buttons.append(given)
        elif tag == "form":
            self.forms.append(given)
        if tag not in ("input", "meta"):
            self._open.append(given.get("id"))

    def handle_endtag(self, tag: str) -> None:
        self._open.pop()


class Browser:
    """A browser without JavaScript: it keeps cookies of one world and follows nothing by itself."""

    def __init__(self, cloud: Cloud) -> None:
        only_mock(cloud, "the pages of a real service are not those of the mock")
        self.cloud = cloud
        self.cookies: dict[str, str] = {}

    def send(self, method: str, path: str, **content: Any) -> httpx.Response:
        """Send a request; ``path`` is below the identity server, or a whole URL."""
        headers = {**content.pop("headers", {})}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        url = path if path.startswith("http") else f"{self.cloud.accounts}{path}"
        answer = self.cloud.http.request(method, url, headers=headers, **content)
        self.cloud.http.cookies.clear()  # the client is shared; the cookies are this browser's
        for line in answer.headers.get_list("set-cookie"):
            for name, morsel in SimpleCookie(line).items():
                if morsel["max-age"] == "0":
                    self.cookies.pop(name, None)
                else:
                    self.cookies[name] = morsel.value
        return answer

    def get(self, path: str, **params: str) -> httpx.Response:
        """GET a page."""
        return self.send("GET", f"{path}?{urlencode(params)}" if params else path)

    def post(self, path: str, data: Mapping[str, str], **content: Any) -> httpx.Response:
        """POST a form."""
        return self.send("POST", path, data=data, **content)

    def login_page(self, **params: str) -> Page:
        """Open the login page."""
        return Page(self.get("/account/login/", **params).text)

    def sign_in(self, username: str = ANN, password: str = ANN_PASSWORD, **fields: str) -> httpx.Response:
        """Open the login page and send its form."""
        token = self.login_page().fields["csrfmiddlewaretoken"]
        form = {"csrfmiddlewaretoken": token, "username": username, "password": password, **fields}
        return self.post("/account/login/", form)

    def consent_page(self, client: Client, **changes: str | None) -> Page:
        """Open the consent page of an authorization request."""
        answer = self.get("/oauth2/authorize/confirm", **authorization(client, **changes))
        assert answer.status_code == 200, answer.text
        return Page(answer.text)

    def decide(self, client: Client, decision: str = "allow", **changes: str | None) -> httpx.Response:
        """Open the consent page and decide."""
        token = self.consent_page(client, **changes).fields["csrfmiddlewaretoken"]
        query = urlencode(authorization(client, **changes))
        form = {"csrfmiddlewaretoken": token, "decision": decision}
        return self.post(f"/oauth2/authorize/confirm?{query}", form)


def signed_in(cloud: Cloud, username: str = ANN, password: str = ANN_PASSWORD) -> Browser:
    """Return a browser in which somebody is signed in."""
    browser = Browser(cloud)
    answer = browser.sign_in(username, password)
    assert answer.status_code == 302, answer.text
    return browser


def location(answer: httpx.Response) -> str:
    """Return where an answer redirects to, a path as if there were no prefix before that of the request."""
    assert answer.status_code == 302, answer.text
    where: str = answer.headers["location"]
    prefix = PREFIX.match(answer.request.url.path)
    return where.removeprefix(prefix[0]) if prefix else where


def query_of(url: str) -> dict[str, str]:
    """Return the query of a URL, in order."""
    return dict(parse_qsl(urlsplit(url).query, keep_blank_values=True))


def fragment_of(url: str) -> dict[str, str]:
    """Return the fragment of a URL as parameters, in order."""
    return dict(parse_qsl(urlsplit(url).fragment, keep_blank_values=True))


def authorize(cloud: Cloud, client: Client, user: str = ANN, /, **changes: str | None) -> str:
    """Return where an authorization request leads when the user has signed in and decided.

    They allow it, unless ``decision`` is ``deny``. On a service a person does so at their browser.
    """
    decision = changes.pop("decision", None) or "allow"
    cloud.need(Need("browser"))
    parameters, mock = authorization(client, **changes), cloud.mock
    if mock is None:
        return cloud.at_browser(f"{cloud.accounts}/oauth2/authorize?{urlencode(parameters)}", user, decision)
    if decision == "deny":
        return location(signed_in(mock, *mock.credentials(user)).decide(client, decision, **changes))
    change(mock, auto_login=user, auto_consent=True)
    answer = Browser(mock).get("/oauth2/authorize", **parameters)
    change(mock, auto_login=None, auto_consent=False)
    return location(answer)


def code(cloud: Cloud, client: Client, user: str = ANN, /, **changes: str | None) -> str:
    """Return an authorization code."""
    return query_of(authorize(cloud, client, user, **changes))["code"]


def token_call(cloud: Cloud, form: Mapping[str, str], **content: Any) -> httpx.Response:
    """POST a form to the token endpoint."""
    return cloud.http.post(f"{cloud.accounts}/oauth2/access_token", data=form, **content)


def exchange(cloud: Cloud, client: Client, value: str, **changes: str | None) -> httpx.Response:
    """Exchange a code; a change to None leaves a field out."""
    form = {
        "grant_type": "authorization_code",
        "code": value,
        "redirect_uri": client.redirect_uri,
        **client.credentials,
        **changes,
    }
    return token_call(cloud, {name: text for name, text in form.items() if text is not None})


def by_password(cloud: Cloud, client: Client, **changes: str | None) -> httpx.Response:
    """Use the password grant; a change to None leaves a field out."""
    username, password = cloud.credentials()
    form = {"grant_type": "password", "username": username, "password": password, **client.credentials, **changes}
    return token_call(cloud, {name: text for name, text in form.items() if text is not None})


def refresh(cloud: Cloud, client: Client, value: str, **changes: str | None) -> httpx.Response:
    """Use a refresh token; a change to None leaves a field out."""
    form = {"grant_type": "refresh_token", "refresh_token": value, **client.credentials, **changes}
    return token_call(cloud, {name: text for name, text in form.items() if text is not None})


def revoke(cloud: Cloud, **form: str) -> httpx.Response:
    """POST a form to the revocation endpoint."""
    return cloud.http.post(f"{cloud.accounts}/oauth2/revoke_token", data=form)


def granted(answer: httpx.Response) -> dict[str, Any]:
    """Return the body of a successful token answer."""
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def info(cloud: Cloud, id_token: str) -> httpx.Response:
    """Ask what an id_token says."""
    return cloud.http.get(f"{cloud.accounts}/api/1.0/id_token/get_token_info", params={"id_token": id_token})


def claims(token: str) -> dict[str, Any]:
    """Return the claims of a JWT without looking at its signature."""
    found: dict[str, Any] = jwt.decode(token, options={"verify_signature": False})
    return found


def bearer(token: str) -> Person:
    """Return whoever holds an access token."""
    return Person("", "", f"Bearer {token}", token=token)


def works(cloud: Cloud, token: str) -> bool:
    """Whether an access token opens the REST API."""
    return cloud.call("GET", "/users/me", bearer(token)).status_code == 200


def challenge(verifier: str) -> str:
    """Return the S256 challenge of a verifier."""
    return base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest()).rstrip(b"=").decode()


def failed(answer: httpx.Response, code: str, status: int = 400) -> None:
    """Assert a refusal of the token endpoint by its code; on our own mock its status and form too.

    Elsewhere those are laid to the statements about them (ACC-ERR-01, -02, -05).
    """
    assert answer.status_code == status or is_refusal(answer), (
        f"accepted: status {answer.status_code}, not {status} {code}"
    )
    body = json_of(answer)
    error = body.get("error") if isinstance(body, dict) else None
    observe(error.get("code") if isinstance(error, dict) else error, code, answer.text)
    aside(answer.status_code, status, f"status of {code}", of="ACC-ERR-05")
    aside(isinstance(error, dict), wanted=True, note="error is an object", of="ACC-ERR-01", documented=True)
    if isinstance(error, dict):  # not as RFC 6749 has it
        aside(list(body), ["error", "error_description"], "members of a refusal", of="ACC-ERR-01")
        aside(body.get("error_description") == error.get("message"), wanted=True, note="one text", of="ACC-ERR-02")


def page_refused(answer: httpx.Response, status: int) -> None:
    """Assert that a page says what was wrong, and that nobody is sent anywhere."""
    observe(answer.status_code, status, answer.text)
    observe(answer.headers["content-type"], "text/html; charset=utf-8")
    assert "location" not in answer.headers
