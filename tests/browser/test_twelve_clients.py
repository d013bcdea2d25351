"""Twelve clients that are refused: whoever looks at the page alone finds out why."""

from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from contract_tests.sockets import Chat, address
from mockspaces.client import Mockspaces, ServiceApp

pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.slow]

PATIENCE_S = 5
ANN = "ann@example.com"
CALLBACK = "http://localhost:3000/callback"
VERIFIER = "v" * 43

Refused = Callable[[Mockspaces], object]


def get(url: str, headers: Mapping[str, str] | None = None) -> httpx.Response:
    return httpx.get(url, headers=headers, trust_env=False)


def create(mock: Mockspaces, app: ServiceApp, **jwt: Any) -> None:
    """Create a space as a service app does, with a JWT that is right but for what is said here."""
    token = mock.call("POST", f"/service-apps/{app.key['iss']}/jwt", jwt)["token"]
    headers = {"Authorization": f"service_app {token}"}
    httpx.post(f"{mock.api_url}/spaces/invite", headers=headers, json={"topic": {"title": "X"}}, trust_env=False)


def creator(mock: Mockspaces, **members: Any) -> ServiceApp:
    return mock.service_app(company="Example", **{"scopes": ["spaces.create"], **members})


def wrong_kid(mock: Mockspaces) -> None:
    """The key file is an old one."""
    create(mock, creator(mock), kid="f" * 20)


def exp_too_far(mock: Mockspaces) -> None:
    """The JWT is made for a day."""
    create(mock, creator(mock), expires_in=86_400)


def clock_skew(mock: Mockspaces) -> None:
    """The clock of the client is slow, and its JWTs are old when they arrive."""
    create(mock, creator(mock), expires_in=-90)


def scope_missing(mock: Mockspaces) -> None:
    """Nobody has configured the scope on the app."""
    create(mock, creator(mock, scopes=[]))


def app_inactive(mock: Mockspaces) -> None:
    """Nobody has activated the app."""
    create(mock, creator(mock, active=False))


def other_company(mock: Mockspaces) -> None:
    """The app of one company asks for a space of another."""
    app = mock.service_app(company="Rival", scopes="all")
    space = mock.space("Launch", owner=ANN)
    token = mock.call("POST", f"/service-apps/{app.key['iss']}/jwt", {})["token"]
    get(f"{mock.api_url}/spaces/{space.id}", {"Authorization": f"service_app {token}"})


def wrong_redirect_uri(mock: Mockspaces) -> None:
    """The address was registered without a port."""
    client = mock.oauth_client(redirect_uris=["http://localhost/callback"])
    get(f"{mock.url}/oauth2/authorize?{urlencode(authorization(client.client_id))}")


def authorization(client_id: str, **more: str) -> dict[str, str]:
    return {"client_id": client_id, "redirect_uri": CALLBACK, "response_type": "code", "state": "s", **more}


def pkce_mismatch(mock: Mockspaces) -> None:
    """The verifier is not the one whose challenge was sent."""
    client = mock.oauth_client(redirect_uris=[CALLBACK])
    mock.call("PATCH", "/settings", {"accounts.auto_login": ANN, "accounts.auto_consent": True})
    asked = authorization(client.client_id, code_challenge="c" * 43, code_challenge_method="S256")
    with httpx.Client(trust_env=False) as browser:
        answer = browser.get(f"{mock.url}/oauth2/authorize?{urlencode(asked)}")
        while not answer.headers["location"].startswith(CALLBACK):
            answer = browser.get(str(httpx.URL(answer.url).join(answer.headers["location"])))
    form = {
        "grant_type": "authorization_code",
        "code": parse_qs(urlsplit(answer.headers["location"]).query)["code"][0],
        "redirect_uri": CALLBACK,
        "client_id": client.client_id,
        "client_secret": client.client_secret or "",
        "code_verifier": VERIFIER,
    }
    httpx.post(f"{mock.url}/oauth2/access_token", data=form, trust_env=False)


def guest_on_a_private_space(mock: Mockspaces) -> None:
    """Somebody without an account opens the link to a space that only its members may enter."""
    space = mock.space("Board", owner=ANN, settings={"memberOnly": True})
    answer = httpx.post(f"{mock.api_url}/anonymous/auth", json={"displayname": "Gil"}, trust_env=False)
    get(f"{mock.api_url}/spaces/{space.id}/join", {"Authorization": f"jwt {answer.json()['token']}"})


def missing_pin(mock: Mockspaces) -> None:
    """Somebody joins a space with a PIN and does not know of it."""
    space = mock.space("Board", owner=ANN, settings={"confPin": "4711", "memberOnly": False})
    answer = httpx.post(f"{mock.api_url}/anonymous/auth", json={"displayname": "Gil"}, trust_env=False)
    get(f"{mock.api_url}/spaces/{space.id}/join", {"Authorization": f"jwt {answer.json()['token']}"})


def chat(mock: Mockspaces, namespace: str = "/chat") -> Chat:
    query = {"EIO": "3", "transport": "websocket", "token": mock.token(ANN), "tokenType": "oauth"}
    return Chat(address(mock.call("GET", "")["urls"], query), namespace)


def no_subscription(mock: Mockspaces) -> None:
    """A bot speaks in a space before it has subscribed to it."""
    space = mock.space("Launch", owner=ANN)
    with chat(mock) as socket:
        socket.join()
        socket.message(space.id)


def wrong_namespace(mock: Mockspaces) -> None:
    """A bot joins the namespace that its library takes by default."""
    with chat(mock, "/nope") as socket:
        socket.join()


SENTENCES: Mapping[Refused, str] = {
    wrong_kid: 'kid is "ffffffffffffffffffff", which is not a key of app',
    exp_too_far: "s ahead, the limit is 3600",
    clock_skew: "s ago",
    scope_missing: "SPACES-CREATE needs scope spaces.create; the app has none",
    app_inactive: "is not activated",
    other_company: "is not of the company of app",
    wrong_redirect_uri: "redirect_uri",
    pkce_mismatch: "code_verifier",
    guest_on_a_private_space: "private",
    missing_pin: "PIN",
    no_subscription: "the connection is not subscribed to",
    wrong_namespace: "/nope",
}
WITH_RULES = {
    wrong_kid: "kid names a key of this app",
    exp_too_far: "exp is no further ahead than the limit",
    clock_skew: "exp has not passed",
    scope_missing: "of a service app it wants the scope spaces.create",
    app_inactive: "the app is activated",
}


@pytest.mark.parametrize("refused", SENTENCES, ids=lambda one: one.__name__)
def test_the_page_says_why(browser: Chrome, mock: Mockspaces, refused: Refused) -> None:
    """The first line of the refused ones leads to a sentence that explains it, and to the rule that does not hold."""
    refused(mock)
    browser.get(f"{mock.url}/_mock/ui#refused=1")
    browser.find_element(By.CSS_SELECTOR, "#rows li.refused a").click()
    why = browser.find_element(By.ID, "why")
    wait = WebDriverWait(browser, PATIENCE_S, poll_frequency=0.05)
    wait.until(lambda _page: SENTENCES[refused] in why.text, f"it says {why.text!r}")
    assert "Refused" in why.text
    if refused in WITH_RULES:
        [broken] = browser.find_elements(By.CSS_SELECTOR, ".rules .false")
        assert WITH_RULES[refused] in broken.text
