"""The plugin beside other versions of pytest, and beside packages that change what a test runs in."""

import re
import shutil
import subprocess
import tomllib

import pytest

from mockspaces.server import Server
from tests.conftest import ROOT
from tests.environments.conftest import Run, made

pytestmark = pytest.mark.slow


@pytest.mark.parametrize(
    "packages",
    [
        ("pytest==7.0.*", "pluggy==0.12.0"),
        ("pytest==7.0.*", "pluggy"),
        ("pytest==7.4.*", "pluggy==1.0.0"),
        ("pytest==7.4.*", "pluggy"),
        ("pytest==8.0.*", "pluggy==1.3.0"),
        ("pytest==8.*", "pluggy"),
        ("pytest==9.*", "pluggy==1.5.0"),
        ("pytest", "pluggy"),
    ],
    ids=" ".join,
)
def test_every_pytest_keeps_the_promises(run: Run, packages: tuple[str, ...]) -> None:
    """From the oldest pytest and pluggy to the newest, journal, planned faults and worlds are the same."""
    found = run(made(*packages), "promises")
    found.check(passed=2, failed=2, error=1)
    assert "401  GET /api/users/me  auth.credential_missing" in found.text
    assert found.text.count("mockspaces journal") == 3
    assert "planned, but it never happened" in found.text


@pytest.mark.parametrize("version", ["3.12", "3.13", "3.14"])
def test_every_python_keeps_the_promises(run: Run, version: str) -> None:
    """Each Python of this machine runs server and plugin with what pip resolves for it today."""
    base = shutil.which(f"python{version}")
    if base is None or subprocess.run([base, "-c", ""], capture_output=True, check=False).returncode:
        pytest.skip(f"no Python {version} here")
    extra = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]["server"]
    run(made("pytest", *extra, base=base), "promises").check(passed=2, failed=2, error=1)


@pytest.mark.parametrize("package", ["freezegun", "time-machine"])
def test_stopped_time_stops_no_deadline(run: Run, package: str) -> None:
    """Waits end and worlds stay while a test holds the time."""
    run(made("pytest", package), "stopped_time").check(passed=3)


def test_greenlets(run: Run) -> None:
    """In a process whose threads gevent has replaced, the server starts and greenlets share its client."""
    run(made("pytest", "gevent"), "greenlets").check(passed=2)


def test_synchronous_playwright(run: Run) -> None:
    """The loop that Playwright's synchronous API leaves in the thread keeps no later test from waiting."""
    run(made("pytest", "playwright"), "playwright_sync").check(passed=2)


def test_timeout(run: Run) -> None:
    """A test that pytest-timeout ends shows its journal, and the next one is served."""
    found = run(made("pytest", "pytest-timeout"), "hangs", "-p", "pytest_timeout")
    found.check(passed=1, failed=1)
    assert "200  GET /health" in found.text


def test_trio(run: Run) -> None:
    """Under trio the twins wait and the loop goes on; what would stop it is refused with advice."""
    run(made("pytest", "trio"), "structured").check(passed=3)


def test_recorders(run: Run) -> None:
    """What records the calls of the code under test does not see those of the test."""
    found = run(made("pytest", "vcrpy", "pytest-recording"), "recorded", "-p", "pytest_recording.plugin")
    found.check(passed=2)


def test_answerers(run: Run) -> None:
    """What answers the calls of the code under test leaves those of the test alone."""
    run(made("pytest", "respx", "responses"), "answered").check(passed=2)


def test_network_that_is_closed(run: Run) -> None:
    """Where only the loopback may be reached, everything works."""
    options = ("-p", "pytest_socket", "--allow-hosts=127.0.0.1,::1")
    run(made("pytest", "pytest-socket"), "no_network", *options).check(passed=1)


def test_second_try(run: Run) -> None:
    """A test that is run again has another world, and that of the first try is gone."""
    found = run(made("pytest", "pytest-rerunfailures"), "again", "-p", "pytest_rerunfailures", "--reruns", "1")
    found.check(passed=1, rerun=1)


def test_clients_with_hard_coded_hosts(run: Run) -> None:
    """Every resolver of aiohttp, trio, and the asynchronous Socket.IO client reach the world by the names."""
    found = run(made("pytest", "aiohttp", "aiodns", "trio", "httpx", "python-socketio"), "vendor_clients")
    found.check(passed=6)


@pytest.mark.parametrize("client", ["simple", "asynchronous"])
def test_install_lines_of_the_guide(run: Run, client: str) -> None:
    """What the guide says to install for a Socket.IO client of Python is all that it needs."""
    guide = (ROOT / "docs" / "realtime.md").read_text(encoding="utf-8")
    simple, asynchronous = re.findall(r"install\s+`(python-socketio[^`]*)`", guide)
    packages = (simple if client == "simple" else asynchronous).split()
    with Server() as server:  # beside that environment, which has nothing but these packages
        options = ("-k", client, f"--mockspaces-url={server.url}")
        run(made("pytest", *packages, alone=True), "socket_clients", *options).check(passed=1, deselected=1)
