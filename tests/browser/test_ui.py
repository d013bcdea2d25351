"""The live page as somebody sees it who debugs a client."""

import httpx
import pytest
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from contract_tests.sockets import Chat, address
from mockspaces.client import Mockspaces

pytestmark = pytest.mark.needs("chromium", "chromedriver")

HOSTILE = '<img src=x onerror="document.title=1"><script>document.title=2</script>&quot;\'"'
PATIENCE_S = 5


@pytest.fixture
def page(browser: Chrome, mock: Mockspaces) -> Chrome:
    """The page of a world, just opened."""
    browser.get(f"{mock.url}/_mock/ui")
    return browser


def text(page: Chrome, section: str) -> str:
    return page.find_element(By.ID, section).text


def see(page: Chrome, section: str, wanted: str) -> None:
    """Wait until a section shows a text."""
    WebDriverWait(page, PATIENCE_S, poll_frequency=0.05).until(
        lambda _page: wanted in text(page, section), f"{wanted!r} is not in {text(page, section)!r}"
    )


def press(page: Chrome, name: str) -> None:
    """Click a button, which the page may exchange for a fresh one at any moment."""

    def clicked(page: Chrome) -> bool:
        page.find_element(By.XPATH, f"//button[text()='{name}']").click()
        return True

    WebDriverWait(page, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException]).until(clicked)


def errors(page: Chrome) -> list[str]:
    """Return what the browser complained about, but for the icon that it asks for by itself."""
    log: list[dict[str, str]] = page.get_log("browser")  # type: ignore[no-untyped-call]
    return [entry["message"] for entry in log if "favicon" not in entry["message"]]


def call(mock: Mockspaces, path: str, username: str = "ann@example.com", **body: object) -> httpx.Response:
    headers = {"Authorization": f"Bearer {mock.token(username)}"}
    return httpx.post(f"{mock.api_url}{path}", headers=headers, json=body, trust_env=False)


def test_refusal_appears_with_its_reason_as_it_happens(page: Chrome, mock: Mockspaces) -> None:
    """A call that is refused while the page is open shows up by itself, marked, with the reason in plain words."""
    assert "Nothing was asked yet" in text(page, "journal")
    httpx.get(f"{mock.api_url}/users/me", headers={"Authorization": "Bearer nonsense"}, trust_env=False)
    see(page, "journal", "no such access token was issued in this world")
    refused = page.find_element(By.CSS_SELECTOR, "#journal .refused")
    assert "401" in refused.text
    assert "auth.credential_invalid" in refused.text
    assert errors(page) == []


def test_clock_buttons_move_the_clock(page: Chrome, mock: Mockspaces) -> None:
    """A click moves, freezes and resumes the clock of the world, and the page shows it."""
    before = mock.clock.now
    press(page, "+1 day")
    see(page, "clock", "+86400 s")
    assert mock.clock.now - before >= 86_400
    press(page, "Freeze")
    see(page, "clock", "frozen")
    press(page, "Resume")
    WebDriverWait(page, PATIENCE_S).until(lambda _page: "frozen" not in text(page, "clock"))
    assert abs(mock.clock.now - before) < 60
    assert errors(page) == []


def test_buttons_stay_while_time_goes_by(page: Chrome, mock: Mockspaces) -> None:
    """The page exchanges what has changed and nothing else: a button keeps the focus of whoever uses the keyboard."""
    page.execute_script("document.querySelector('#clock button').focus()")
    mock.clock.advance(days=2)
    see(page, "clock", "+172800 s")
    page.switch_to.active_element.send_keys(Keys.ENTER)
    see(page, "clock", "+172860 s")


def test_hostile_words_stay_words(page: Chrome, mock: Mockspaces) -> None:
    """Markup in titles, names and messages is shown as it was written and never runs."""
    mock.user("zoe@example.com", displayname=HOSTILE)
    space = mock.space(HOSTILE, owner="zoe@example.com")
    call(mock, f"/spaces/{space.id}/chats", "zoe@example.com", content={"bodyText": HOSTILE})
    mock.oauth_client(name=HOSTILE, redirect_uris=["http://localhost/x"])
    mock.fail(status=500, body=HOSTILE, surface="accounts")
    for section in ("spaces", "people", "apps", "faults"):
        see(page, section, HOSTILE.partition("&")[0])
    page.get(page.current_url)  # once more as a whole page, not only by its script
    assert page.title.startswith("mockspaces")
    assert page.find_elements(By.CSS_SELECTOR, "main img, main script") == []
    assert text(page, "spaces").count(HOSTILE.partition("&")[0]) == 3  # title, sender and message
    assert errors(page) == []


def test_messages_people_and_credentials_are_shown(page: Chrome, mock: Mockspaces) -> None:
    """What is in the world is on the page: messages in their space, passwords, keys and secrets."""
    space = mock.space("Launch", owner="ann@example.com")
    call(mock, f"/spaces/{space.id}/chats", content={"bodyText": "it's here"})
    app = mock.service_app(scopes=["spaces.create"])
    see(page, "spaces", "it's here")
    assert "Launch" in text(page, "spaces")
    assert "ann-secret" in text(page, "people")
    see(page, "apps", app.key["kid"])
    assert "spaces.create" in text(page, "apps")


def test_socket_appears_and_goes(page: Chrome, mock: Mockspaces) -> None:
    """A client that connects and subscribes is listed with its space, and is gone when it has left."""
    space = mock.space("Launch", owner="ann@example.com")
    urls = mock.call("GET", "")["urls"]
    query = {"EIO": "3", "transport": "websocket", "token": mock.token("ann@example.com"), "tokenType": "oauth"}
    with Chat(address(urls, query)) as socket:
        socket.join()
        socket.subscribe(space.id)
        see(page, "sockets", "Ann Example")
        see(page, "sockets", "Launch")
        see(page, "journal", "SUBSCRIBE_CHANNEL")
    see(page, "sockets", "Nobody is connected")


def test_opened_details_stay_open(page: Chrome, mock: Mockspaces) -> None:
    """Whoever reads a body is not disturbed by what happens meanwhile."""
    call(mock, "/spaces/invite", topic={"title": "First"})
    see(page, "journal", "/api/spaces/invite")
    page.find_element(By.CSS_SELECTOR, "#journal summary").click()
    call(mock, "/spaces/invite", topic={"title": "Second"})
    WebDriverWait(page, PATIENCE_S).until(lambda _page: len(page.find_elements(By.CSS_SELECTOR, "#journal li")) == 2)
    assert len(page.find_elements(By.CSS_SELECTOR, "#journal details[open]")) == 1
    assert '"First"' in text(page, "journal")


@pytest.mark.parametrize("width", [360, 768, 1280])
def test_page_fits_its_window(page: Chrome, mock: Mockspaces, width: int) -> None:
    """On a phone as on a desktop nothing runs out of the window sideways, even with long words."""
    mock.space("x" * 300, owner="ann@example.com")
    page.execute_cdp_cmd(
        "Emulation.setDeviceMetricsOverride",
        {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": width < 500},
    )
    page.get(page.current_url)
    wide = page.execute_script("return document.documentElement.scrollWidth")
    page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    assert wide <= width
