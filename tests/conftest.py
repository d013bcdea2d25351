"""What the inside tests share: tools that may be missing on a developer's machine but never in CI."""

import os
import shutil

import pytest

# Programs that go by several names; anything else is looked up as it is called.
NAMES = {"chromium": ("chromium", "chromium-browser", "google-chrome")}


def require(tool: str) -> str:
    """Return a program's path; without it the test skips, or fails if MOCKSPACES_REQUIRE_TOOLS is set."""
    for name in NAMES.get(tool, (tool,)):
        if path := shutil.which(name):
            return path
    reason = f"needs {tool}, which is not installed"
    if os.environ.get("MOCKSPACES_REQUIRE_TOOLS"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            require(tool)
