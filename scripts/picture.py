"""Takes the picture of the page that README and documentation show: a real page, in a real browser.

usage: python -m scripts.picture (needs chromium and chromedriver)
"""

import base64
import json
import shutil
import urllib.request
from pathlib import Path
from urllib.error import HTTPError

from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service

from mockspaces.client import Mockspaces
from mockspaces.server import Server

PLACE = Path(__file__).parent.parent / "docs" / "assets" / "page.png"
WIDTH, HEIGHT = 1100, 560


def call(world: Mockspaces, method: str, path: str, authorization: str, body: object = None) -> None:
    """Call the REST API as a client would; a refusal is what the picture is about."""
    headers = {"Authorization": authorization, "Content-Type": "application/json"}
    content = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{world.api_url}{path}", content, headers, method=method)  # noqa: S310 - our own
    try:
        urllib.request.urlopen(request, timeout=5).close()  # noqa: S310 - our own
    except HTTPError as refusal:
        refusal.close()


def traffic(world: Mockspaces) -> None:
    """Do what an afternoon with a bot looks like."""
    app = world.service_app(scopes=["spaces.create", "spaces.list"])
    room = {"topic": {"title": "Launch"}}
    call(world, "POST", "/spaces/invite", f"service_app {app.jwt(expires_in=7200)}", room)
    call(world, "POST", "/spaces/invite", f"service_app {app.jwt()}", room)
    [space] = world.spaces()
    call(world, "GET", "/users/me", f"Bearer {world.token('ann@example.com')}")
    call(world, "GET", f"/spaces/{space.id}/members", f"Bearer {world.token('bob@example.com')}")
    call(world, "POST", f"/spaces/{space.id}/chats", f"service_app {app.jwt()}", {"content": {"bodyText": "hello"}})
    call(world, "GET", "/users/me/spaces", f"service_app {app.jwt(expires_in=-90)}")


def main() -> None:
    options = ChromeOptions()
    options.binary_location = shutil.which("chromium") or "chromium"
    for argument in ("--headless=new", "--no-sandbox", "--hide-scrollbars", f"--window-size={WIDTH},{HEIGHT + 140}"):
        options.add_argument(argument)
    driver = Chrome(options=options, service=Service(shutil.which("chromedriver") or ""))
    try:
        with Server() as running, Mockspaces(running.url) as world:
            traffic(world)
            driver.implicitly_wait(5)
            driver.get(f"{running.url}/_mock/ui")
            driver.find_element("xpath", "//*[contains(text(), 'auth.credential_expired')]")
            picture = driver.execute_cdp_cmd(
                "Page.captureScreenshot", {"clip": {"x": 0, "y": 0, "width": WIDTH, "height": HEIGHT, "scale": 1}}
            )
            PLACE.write_bytes(base64.b64decode(picture["data"]))
    finally:
        driver.quit()
    print(PLACE, PLACE.stat().st_size)


if __name__ == "__main__":
    main()
