"""The page for those who cannot see it well, or use no mouse: axe-core finds nothing, in dark and light."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import WebDriverWait

from contract_tests.sockets import Chat, address
from mockspaces.client import Mockspaces
from tests.conftest import installed

pytestmark = [pytest.mark.needs("chromium", "chromedriver"), pytest.mark.slow]

AXE = Path(__file__).parent / "node_modules" / "axe-core" / "axe.min.js"
ANN = "ann@example.com"
# Letters that are wide, high, written from the right, joined, or beyond the first plane.
WORDS = "Größe 数据 עברית नमस्ते 👩‍👩‍👧 e\u0301\u0323"
PATIENCE_S = 5
WIDTHS = {"light": 360, "dark": 1280}


@pytest.fixture(scope="module")
def world(server: Mockspaces) -> Iterator[Mockspaces]:
    """A world in which something of everything has happened."""
    opened = server.open_world()
    opened.user("zoe@example.com", displayname=WORDS)
    space = opened.space(WORDS, owner="zoe@example.com")
    headers = {"Authorization": f"Bearer {opened.token('zoe@example.com')}"}
    httpx.post(
        f"{opened.api_url}/spaces/{space.id}/chats",
        headers=headers,
        json={"content": {"bodyText": WORDS}},
        trust_env=False,
    )
    httpx.get(f"{opened.api_url}/users/me", headers={"Authorization": "Bearer no"}, trust_env=False)
    app = opened.service_app(scopes=["spaces.create"])
    jwt = opened.call("POST", f"/service-apps/{app.key['iss']}/jwt", {"expires_in": 3700})["token"]
    httpx.get(f"{opened.api_url}/users/me", headers={"Authorization": f"service_app {jwt}"}, trust_env=False)
    query = {"EIO": "3", "transport": "websocket", "token": opened.token(ANN), "tokenType": "oauth"}
    with Chat(address(opened.call("GET", "")["urls"], query)) as socket:
        socket.join()
    opened.fail(status=503, endpoint="USERS-ME")
    yield opened
    opened.drop()


@pytest.fixture
def axe(browser: Chrome) -> Iterator[Chrome]:
    """A browser that knows axe-core, which a page with a strict policy would not load."""
    installed(AXE)
    yield browser
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def look(page: Chrome, scheme: str, width: int) -> None:
    """Let the page be as wide as on a phone or a desktop, and dark or light."""
    metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 500}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    page.execute_cdp_cmd(
        "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
    )


def findings(page: Chrome) -> list[str]:
    """Return what axe-core finds, with the elements that it is about."""
    page.execute_script(AXE.read_text(encoding="utf-8"))
    found = page.execute_async_script(
        "const done = arguments[arguments.length - 1];"
        "axe.run(document, {resultTypes: ['violations']}).then(found => done(JSON.stringify(found.violations)))"
    )
    return [f"{one['id']}: {[node['html'] for node in one['nodes']][:3]}" for one in json.loads(found)]


def settled(page: Chrome, path: str) -> None:
    """Open a view and wait until it shows what it is about."""
    page.get(path)
    wait = WebDriverWait(page, PATIENCE_S, poll_frequency=0.05)
    wait.until(
        lambda _page: page.execute_script(
            "return [...document.querySelectorAll('main h2')].some(one => one.checkVisibility())"
        )
    )
    wait.until(lambda _page: "Z" in page.find_element(By.ID, "clock").text)


def views(world: Mockspaces) -> list[str]:
    space = next(space for space in world.call("GET", "/spaces")["data"] if space["title"] == WORDS)
    entries = world.call("GET", "/journal")["entries"]
    socket = next(entry for entry in entries if entry["event"] == "connect")["connections"][0]
    refused = [entry["id"] for entry in entries if entry["refused"]]
    state = ["state", "state/people", "state/messages", f"state/spaces/{space['_id']}", "state/spaces/nothing"]
    return ["", *(f"journal/{one}" for one in refused), "sockets", f"sockets/{socket}", *state, "hands"]


@pytest.mark.parametrize("scheme", WIDTHS)
def test_axe_finds_nothing(axe: Chrome, world: Mockspaces, scheme: str) -> None:
    """No view has a finding, nor runs out of its window sideways, with words of many scripts."""
    look(axe, scheme, WIDTHS[scheme])
    found = {}
    for path in views(world):
        settled(axe, f"{world.url}/_mock/ui/{path}".rstrip("/"))
        axe.execute_script("for (const one of document.querySelectorAll('details')) one.open = true")
        found[path] = findings(axe)
        wide = axe.execute_script("return document.documentElement.scrollWidth")
        assert wide <= WIDTHS[scheme], path
    assert {path: found for path, found in found.items() if found} == {}


def test_axe_finds_nothing_in_the_api(axe: Chrome, world: Mockspaces) -> None:
    """The page of all calls has no finding either, with a call that is open."""
    look(axe, "light", 2560)
    settled(axe, f"{world.url}/_mock/docs#q=MSG-CHAT-01")  # the others look the same, and there are two hundred
    axe.execute_script("document.getElementById('MSG-CHAT').open = true")
    axe.find_element(By.CSS_SELECTOR, "#MSG-CHAT .trial button")
    assert findings(axe) == []
    assert axe.execute_script("return document.documentElement.scrollWidth") <= 2560


def test_the_journal_is_read_with_the_keyboard(browser: Chrome, world: Mockspaces) -> None:
    """Keys go from entry to entry, open one and come back to it, filter, and search."""
    settled(browser, f"{world.url}/_mock/ui")
    wait = WebDriverWait(browser, PATIENCE_S, poll_frequency=0.05)
    body = browser.find_element(By.TAG_NAME, "body")
    browser.find_element(By.CSS_SELECTOR, "#rows li:nth-child(3)")
    body.send_keys("j")
    browser.switch_to.active_element.send_keys("j")
    chosen = browser.switch_to.active_element
    assert chosen.find_element(By.XPATH, "..").get_attribute("id") == browser.find_elements(
        By.CSS_SELECTOR, "#rows li"
    )[1].get_attribute("id")
    at = chosen.get_attribute("href")
    chosen.send_keys(Keys.ENTER)
    wait.until(lambda _page: browser.switch_to.active_element.get_attribute("id") == "detail-title")
    assert browser.current_url == at
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    wait.until(lambda _page: browser.switch_to.active_element.get_attribute("href") == at)
    browser.switch_to.active_element.send_keys("/")
    browser.switch_to.active_element.send_keys("Bearer")
    assert "q=Bearer" in browser.current_url
    browser.switch_to.active_element.send_keys(Keys.ESCAPE)
    browser.find_element(By.TAG_NAME, "body").send_keys("r")
    assert "refused=1" in browser.current_url
