"""Headless Chromium through its own driver, one for all tests of a run."""

from collections.abc import Iterator

import pytest
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from mockspaces.client import Mockspaces
from mockspaces.server import Server
from tests.conftest import require

LOOKED_FOR_S = 5


@pytest.fixture(scope="session")
def chromium() -> Iterator[Chrome]:
    options = ChromeOptions()
    options.binary_location = require("chromium")
    for argument in ("--headless=new", "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--no-proxy-server"):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(require("chromedriver")))
    driver.set_page_load_timeout(10)
    driver.implicitly_wait(LOOKED_FOR_S)  # a click returns before the page that it leads to is there
    yield driver
    driver.quit()


@pytest.fixture
def browser(chromium: Chrome) -> Chrome:
    """A browser that knows nothing of the test before: no cookies, no complaints, a wide window."""
    chromium.get("about:blank")
    chromium.get_log("browser")  # type: ignore[no-untyped-call]
    chromium.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chromium.set_window_size(1280, 900)
    return chromium


@pytest.fixture(scope="session")
def server() -> Iterator[Mockspaces]:
    with Server() as running, Mockspaces(running.url) as mock:
        yield mock


@pytest.fixture
def mock(server: Mockspaces) -> Iterator[Mockspaces]:
    """A world of its own for one test."""
    world = server.open_world()
    yield world
    world.drop()
