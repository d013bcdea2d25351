"""Signing in as people do it: pages, keyboard, phone, and an application whose script reads the answer."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import ClassVar
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from mockspaces.client import Mockspaces, OAuthClient
from tests.browser.conftest import LOOKED_FOR_S

pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.slow]

PATIENCE_S = 5
PHONE = (360, 740)
# The application: it tells the address it was called back at, and who the token of a fragment belongs to.
APPLICATION = """<!doctype html><title>Application</title><p id="query"></p><p id="user"></p><script>
document.getElementById("query").textContent = location.search;
const answer = new URLSearchParams(location.hash.slice(1));
if (answer.get("access_token"))
  fetch("%s/users/me", {headers: {Authorization: "Bearer " + answer.get("access_token")}})
    .then(found => found.json())
    .then(user => document.getElementById("user").textContent = user.username + " " + answer.get("state"));
</script>"""


class Callback(BaseHTTPRequestHandler):
    """Serves the application at every path."""

    page: ClassVar[bytes] = b""

    def do_GET(self) -> None:
        """Answer the page."""
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.end_headers()
        self.wfile.write(self.page)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the name of the base class
        """Say nothing."""


@pytest.fixture
def application(mock: Mockspaces) -> Iterator[OAuthClient]:
    """A client whose redirect URI is served."""
    handler = type("Handler", (Callback,), {"page": (APPLICATION % mock.api_url).encode()})
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield mock.oauth_client(name="Demo app", redirect_uris=[f"http://127.0.0.1:{server.server_port}/callback"])
        server.shutdown()


def link(base: str, client: OAuthClient, **more: str) -> str:
    query = {"client_id": client.client_id, "redirect_uri": client.redirect_uris[0], "state": "a b&c", **more}
    return f"{base}/oauth2/authorize?{urlencode({'response_type': 'code', **query})}"


def await_path(browser: Chrome, path: str) -> str:
    """Wait until the browser is at a path, and return the whole address."""
    WebDriverWait(browser, PATIENCE_S, poll_frequency=0.05).until(
        lambda page: urlsplit(page.current_url).path == path, f"not at {path} but at {browser.current_url}"
    )
    return browser.current_url


def sign_in(browser: Chrome, username: str, password: str) -> None:
    field = browser.find_element(By.CSS_SELECTOR, "#UsernameInput input")
    field.clear()
    field.send_keys(username)
    browser.find_element(By.CSS_SELECTOR, "#PasswordInput input").send_keys(password)
    browser.find_element(By.ID, "GetStartedBtn").click()


def decide(browser: Chrome, decision: str) -> str:
    """Press Accept or Deny and return where that leads."""
    await_path(browser, "/oauth2/authorize/confirm")
    browser.find_element(By.CSS_SELECTOR, f'button[value="{decision}"]').click()
    return await_path(browser, "/callback")


@pytest.mark.behaviour("ACC-SIGNIN-02", "ACC-SIGNIN-03", "ACC-DECIDE-02", "ACC-DECIDE-03", "ACC-LOGOUT-02")
def test_the_whole_journey(browser: Chrome, mock: Mockspaces, application: OAuthClient) -> None:
    """Wrong and right password, denial, acceptance, a second time without login, and logout lead where they should."""
    browser.get(link(mock.url, application))
    await_path(browser, "/account/login/")
    assert "Demo app" in browser.find_element(By.TAG_NAME, "main").text
    sign_in(browser, "ann@example.com", "wrong")
    alert = browser.find_element(By.CSS_SELECTOR, '[role="alert"]')
    assert alert.text == "Invalid Username or Password!"
    sign_in(browser, "ann@example.com", "ann-secret")
    denied = parse_qs(urlsplit(decide(browser, "deny")).query)
    assert denied == {"error": ["access_denied"], "state": ["a b&c"]}
    browser.get(link(mock.url, application))  # already signed in: no login page
    accepted = parse_qs(urlsplit(decide(browser, "allow")).query)
    assert accepted["state"] == ["a b&c"]
    form = {
        "grant_type": "authorization_code",
        "code": accepted["code"][0],
        "redirect_uri": application.redirect_uris[0],
        "client_id": application.client_id,
        "client_secret": application.client_secret or "",
    }
    answer = httpx.post(f"{mock.url}/oauth2/access_token", data=form)
    assert answer.status_code == 200
    browser.get(f"{mock.url}/account/logout")
    await_path(browser, "/account/login/")
    browser.get(link(mock.url, application))
    await_path(browser, "/account/login/")


@pytest.mark.behaviour("ACC-AUTHZ-17", "REST-CORS-01")
def test_a_script_reads_the_token_of_the_fragment(browser: Chrome, mock: Mockspaces, application: OAuthClient) -> None:
    """An application without a server finds its token and state, and calls the REST API of another origin with it."""
    browser.get(link(mock.url, application, response_type="token"))
    await_path(browser, "/account/login/")
    browser.find_element(By.CSS_SELECTOR, 'button[name="mock_sign_in"][value="bob@example.com"]').click()
    decide(browser, "allow")
    WebDriverWait(browser, PATIENCE_S, poll_frequency=0.05).until(
        lambda page: page.find_element(By.ID, "user").text == "bob@example.com a b&c"
    )
    assert browser.find_element(By.ID, "query").text == ""


def test_no_hand_needs_a_mouse(browser: Chrome, mock: Mockspaces, application: OAuthClient) -> None:
    """The cursor is in the first empty field, and keys alone lead through login and consent."""
    browser.get(link(mock.url, application))
    await_path(browser, "/account/login/")
    keys = ActionChains(browser)
    keys.send_keys("ann@example.com", Keys.TAB, "ann-secret", Keys.ENTER).perform()
    await_path(browser, "/oauth2/authorize/confirm")
    ActionChains(browser).send_keys(Keys.TAB, Keys.TAB, Keys.ENTER).perform()
    assert "code=" in await_path(browser, "/callback")


@pytest.mark.parametrize("javascript", [True, False], ids=["script", "no script"])
def test_pages_fit_a_phone_and_need_no_script(
    browser: Chrome, mock: Mockspaces, application: OAuthClient, *, javascript: bool
) -> None:
    """Nothing is wider than the screen, buttons are large enough for a thumb, and JavaScript may be off."""
    browser.set_window_size(500, 740)  # the least that the window itself can be
    metrics = {"width": PHONE[0], "height": PHONE[1], "deviceScaleFactor": 1, "mobile": True}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": not javascript})
    try:
        for url in (link(mock.url, application), link(mock.url, application, redirect_uri="http://evil.example/" * 9)):
            browser.get(url)
            assert_fits(browser)
        browser.get(link(mock.url, application))
        sign_in(browser, "ann@example.com", "ann-secret")
        await_path(browser, "/oauth2/authorize/confirm")
        assert_fits(browser)
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        browser.execute_cdp_cmd("Emulation.setScriptExecutionDisabled", {"value": False})


def assert_fits(browser: Chrome) -> None:
    size = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})["cssContentSize"]
    assert size["width"] <= PHONE[0]
    browser.implicitly_wait(0)  # the page of a refusal has no button to wait for
    buttons = browser.find_elements(By.TAG_NAME, "button")
    browser.implicitly_wait(LOOKED_FOR_S)
    for button in buttons:
        if button.is_displayed():
            assert button.rect["height"] >= 44


@pytest.mark.behaviour("ACC-GEN-11")
def test_no_page_breaks_its_own_policy(browser: Chrome, mock: Mockspaces, application: OAuthClient) -> None:
    """The browser has nothing to complain about: no blocked style, no source, no error."""
    browser.get_log("browser")  # type: ignore[no-untyped-call]
    for url in (link(mock.url, application), f"{mock.url}/oauth2/authorize", f"{mock.url}/u/ann@example.com"):
        browser.get(url)
        assert browser.find_element(By.TAG_NAME, "main").value_of_css_property("border-radius") == "12px"
    log = browser.get_log("browser")  # type: ignore[no-untyped-call]
    assert [entry["message"] for entry in log if "Content Security Policy" in entry["message"]] == []


@pytest.mark.behaviour("ACC-SIGNIN-07")
def test_a_world_below_a_prefix_signs_in_for_itself(
    browser: Chrome, mock: Mockspaces, application: OAuthClient
) -> None:
    """Its cookies stay below its prefix: the default world of the same origin still asks for a login."""
    worlds = mock.call("GET", "/worlds")["data"]
    prefix = next(world["urls"]["prefix"]["accounts"] for world in worlds if world["name"] == mock.name)
    path = urlsplit(prefix).path
    browser.get(link(prefix, application))
    await_path(browser, f"{path}/account/login/")
    sign_in(browser, "ann@example.com", "ann-secret")
    await_path(browser, f"{path}/oauth2/authorize/confirm")
    demo = OAuthClient("00112233445566778899", None, "Demo app", ("http://localhost:3000",))
    browser.get(link(prefix.removesuffix(path), demo))
    await_path(browser, "/account/login/")
    browser.get(link(prefix, application))
    await_path(browser, f"{path}/oauth2/authorize/confirm")
    browser.find_element(By.CSS_SELECTOR, 'button[value="allow"]').click()
    assert "code=" in await_path(browser, "/callback")
