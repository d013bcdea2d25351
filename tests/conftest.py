"""What the inside tests share: tools that may be missing on a developer's machine but never in CI."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

import pytest
from hypothesis import HealthCheck, settings

from tests.forking import loaded
from tests.yielding import Pause, drawn_pause, yield_everywhere

ROOT = Path(__file__).parent.parent

# A quarter of what hypothesis takes by itself, and CI too: mistakes that it finds at all are found early.
unhurried = settings(deadline=None, max_examples=25, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("whenever", unhurried)
if not os.environ.get("CI"):  # there hypothesis has a profile of its own, without deadlines too
    settings.load_profile("whenever")

MOCKSPACES = (sys.executable, "-m", "mockspaces")  # in a fresh interpreter; loaded("mockspaces") is quicker
SOON_S = 5  # what the machine may take at worst for something that needs no time

# Programs that go by several names; anything else is looked up as it is called.
NAMES = {"chromium": ("chromium", "chromium-browser", "google-chrome")}


def require(tool: str) -> str:
    """Return a program's path; without it the test skips, or fails if MOCKSPACES_REQUIRE_TOOLS is set."""
    found = next(filter(None, map(shutil.which, NAMES.get(tool, (tool,)))), None)
    if found is None:
        lack(f"needs {tool}, which is not installed")
    return found


def lack(reason: str) -> NoReturn:
    """Skip for want of something that the test needs, or fail if MOCKSPACES_REQUIRE_TOOLS is set."""
    if os.environ.get("MOCKSPACES_REQUIRE_TOOLS"):
        pytest.fail(reason, pytrace=False)
    pytest.skip(reason)


def installed(path: Path) -> None:
    """Skip or fail as `lack` does, unless a library is where scripts/clients puts it."""
    if not path.exists():
        lack(f"needs {path.relative_to(ROOT)}; scripts/clients installs it")


def pytest_runtest_setup(item: pytest.Item) -> None:
    for marker in item.iter_markers("needs"):
        for tool in marker.args:
            require(tool)


@dataclass(frozen=True)
class Served:
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    url: str
    secure_url: str = ""

    def end(self, number: signal.Signals = signal.SIGTERM) -> tuple[int, str, str]:
        """Send a signal; return exit code and what else came out. It must not take long."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=SOON_S)
        return self.process.returncode, out, err


Serve = Callable[..., Served]


@pytest.fixture(params=range(10), ids=lambda seed: f"order{seed}")
def pause(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Pause:
    """Let others run at every look into a collection; in ten orders, each of which this returns for other places."""
    chosen = drawn_pause(request.param)
    yield_everywhere(monkeypatch, chosen)
    return chosen


@pytest.fixture
def pytester(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> pytest.Pytester:
    """Run the inner pytest with everything loaded, without two plugins that take long; `make environments` has all."""
    monkeypatch.setenv("PYTEST_ADDOPTS", "-p no:anyio -p no:hypothesispytest")
    if "fresh_interpreter" not in request.fixturenames:
        monkeypatch.setattr(pytester, "_getpytestargs", lambda: loaded("pytest"))
    return pytester


@pytest.fixture
def fresh_interpreter() -> None:
    """Let `pytester` and `serve` start an interpreter that has loaded nothing yet, and whose process is known."""


@pytest.fixture
def serve(request: pytest.FixtureRequest) -> Iterator[Serve]:
    """Start `mockspaces serve` on a free port, as often as a test wants; whatever still runs ends with the test."""
    with contextlib.ExitStack() as running:

        def start(*options: str) -> Served:
            fresh = "fresh_interpreter" in request.fixturenames
            command = [*(MOCKSPACES if fresh else loaded("mockspaces")), "serve", "--port", "0", *options]
            process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
            running.callback(_stop, process)
            assert process.stdout
            ready = process.stdout.readline()
            assert ready.startswith("ready "), ready or process.communicate()[1]
            return Served(process, *ready.split()[1:])

        yield start


def _stop(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.communicate()
