"""The documentation can be built without a warning, and its search answers from a file, without server or network."""

import os
import re
import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

import pytest
from selenium.webdriver import Chrome
from selenium.webdriver.common.by import By

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
# What a newcomer asks, the page of the first hit, and words of the answer on it.
QUESTIONS = {
    "how do I test an expired token": (
        "recipes/expired-token.html",
        'mockspaces.token("ann@example.com", expires_in=-1)',
    ),
    "how do I run it in GitHub Actions": ("recipes/github-actions.html", "services:\n      mock:"),
    "which setting turns refresh rotation on": (
        "recipes/refresh.html",
        "accounts.strict_rotation, which turns rotation on",
    ),
    "what does code space.members_only mean": ("reference/codes.html", "The space is private (settings.memberOnly)"),
    "what is documented about exp": ("bibliography.html", "at most one hour (3600 s) ahead"),
    "how do I use it from vitest": ("node.html", "mockspaces/vitest"),
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, built as `make docs` builds it."""
    folder = tmp_path_factory.mktemp("documentation") / "site"
    command = [sys.executable, "-m", "mkdocs", "--quiet", "build", "--strict", "--site-dir", str(folder)]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout + done.stderr) == (0, "")
    return folder


@pytest.mark.needs("chromium", "chromedriver")
@pytest.mark.parametrize("question", QUESTIONS)
def test_first_hit_answers(site: Path, browser: Chrome, question: str) -> None:
    """The first hit of the site's own search leads to the page that has the answer."""
    page, answer = QUESTIONS[question]
    browser.get(f"file://{site}/index.html?q={quote(question)}")
    first = browser.find_element(By.CSS_SELECTOR, ".md-search-result__item a")
    address = str(first.get_attribute("href"))
    assert address.partition("?")[0].partition("#")[0] == f"file://{site}/{page}"
    browser.get(address)
    assert answer in browser.find_element(By.CSS_SELECTOR, "article").text


@pytest.mark.needs("chromium", "chromedriver")
@pytest.mark.parametrize("width", [360, 1280])
@pytest.mark.parametrize("page", ["index.html", "recipes/expired-token.html", "reference/codes.html", "fidelity.html"])
def test_no_page_is_wider_than_its_window(site: Path, browser: Chrome, page: str, width: int) -> None:
    """What is wide scrolls by itself, on a telephone too."""
    size = {"width": width, "height": 800, "deviceScaleFactor": 1, "mobile": False}
    browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
    try:
        browser.get(f"file://{site}/{page}")
        root = browser.find_element(By.TAG_NAME, "html")
        assert root.get_property("scrollWidth") == root.get_property("clientWidth")
    finally:
        browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})


def test_nothing_is_fetched_from_elsewhere(site: Path) -> None:
    """No page names a script, style, font or picture of another host; links for people are no assets."""
    for page in site.rglob("*.html"):
        assets = re.findall(r'<(?:script|img|iframe|source)[^>]*\ssrc="?([^"\s>]+)', page.read_text("utf-8"))
        assets += re.findall(r'<link[^>]*\shref="?([^"\s>]+)', page.read_text("utf-8"))
        assert [one for one in assets if re.match(r"https?:|//", one)] == [], page
    for style in site.rglob("*.css"):
        assert not re.search(r"url\(\s*[\"']?https?:", style.read_text("utf-8")), style
