"""What is in the wheel: all that the package needs where there is no repository."""

import fcntl
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from mockspaces import __version__
from mockspaces.verification import runs

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parent.parent
SUITE = "mockspaces/suite/contract_tests"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel, built as a release builds it; once, even if several processes run these tests."""
    shared = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        shared = shared.parent
    folder = shared / "wheel"
    with (shared / "wheel.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not [*folder.glob("*.whl")]:
            pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
            pins = ["--build-constraint", str(ROOT / "constraints.txt")]
            subprocess.run([*pip, *pins, "--wheel-dir", str(folder), str(ROOT)], check=True, timeout=300)
    [built] = folder.glob("*.whl")
    return built


def names(wheel: Path) -> list[str]:
    with zipfile.ZipFile(wheel) as archive:
        return archive.namelist()


def text(wheel: Path, suffix: str) -> str:
    """Return the one file of the wheel that ends so."""
    with zipfile.ZipFile(wheel) as archive:
        [name] = [name for name in archive.namelist() if name.endswith(suffix)]
        return archive.read(name).decode()


def test_version_comes_from_one_place(wheel: Path) -> None:
    """The wheel has the version that the package tells, in its name and in its metadata."""
    assert wheel.name == f"mockspaces-{__version__}-py3-none-any.whl"
    assert f"\nVersion: {__version__}\n" in text(wheel, ".dist-info/METADATA")


def test_client_needs_no_package(wheel: Path) -> None:
    """Without an extra nothing else is installed, so that the client fits beside every library."""
    required = re.findall(r"^Requires-Dist: (.*)$", text(wheel, ".dist-info/METADATA"), re.MULTILINE)
    assert required
    assert [line for line in required if "extra ==" not in line] == []


def test_wheel_has_all_that_the_package_reads(wheel: Path) -> None:
    """Pages, pictures, seeds, keys, behaviours and the contract suite are inside, whatever their kind of file."""
    kept = {path for path in (ROOT / "mockspaces").rglob("*") if path.is_file() and "__pycache__" not in path.parts}
    expected = {path.relative_to(ROOT).as_posix() for path in kept}
    expected |= {f"mockspaces/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "fixtures").rglob("*.json")}
    expected |= {f"mockspaces/suite/{path.relative_to(ROOT)}" for path in (ROOT / "contract_tests").rglob("*.py")}
    assert sorted(expected - set(names(wheel))) == []
    assert f"{SUITE}/suite.ini" in names(wheel)
    assert "mockspaces/cloud/kernel/public_keys.pem" in names(wheel)


def test_wheel_has_nothing_else(wheel: Path) -> None:
    """No test of the inside, no tool and no left-over is installed into anybody's environment."""
    folders = {name.partition("/")[0] for name in names(wheel)}
    assert folders == {"mockspaces", f"mockspaces-{__version__}.dist-info"}
    assert [name for name in names(wheel) if "__pycache__" in name or name.endswith(".pyc")] == []


@pytest.fixture
def site(wheel: Path, tmp_path: Path) -> Path:
    """What the wheel installs."""
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    return tmp_path / "site"


def run(site: Path, *arguments: str) -> str:
    """Run Python with the installed package, far from the repository; return what it prints."""
    folder = site.parent / "empty"
    folder.mkdir()
    paths = os.pathsep.join([str(site), str((site / SUITE).parent)])
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    return done.stdout


def test_installed_package_runs_without_the_repository(site: Path) -> None:
    """From the wheel alone, in an empty folder, the demo world can be served."""
    code = "import mockspaces.server as it; it.Server().start().stop(); print(it.__file__)"
    assert run(site, "-c", code).strip() == str(site / "mockspaces" / "server" / "__init__.py")


def test_a_verification_runs_from_the_wheel(site: Path) -> None:
    """What is installed can list the requests that it would send to the service of a profile it brings along."""
    profile = site / SUITE / "targets" / "staging.toml"
    said = run(site, "-m", "mockspaces", "verify", "--target", str(profile), "--dry-run", "--only", "USERS-ROLLOUT")
    assert re.search(r"GET https://[^/]*/api/users/me$", said, re.MULTILINE)


def test_suite_runs_from_the_wheel(site: Path) -> None:
    """The contract suite finds all that it needs beside itself, so that it can be run where there is no repository."""
    suite = site / SUITE
    options = ["-c", str(suite / "suite.ini"), "--rootdir", str(suite.parent), "-q"]
    without = ["-p", "no:cacheprovider", "-p", "no:randomly", "-p", "no:xdist", "-p", "no:asyncio"]
    said = run(site, "-m", "pytest", str(suite / "auth" / "test_anonymous.py"), *options, *without)
    assert re.search(r"^\d+ passed in ", said, re.MULTILINE)


def test_suite_says_what_it_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without the extra `verify` its packages are named, and how to get them."""
    monkeypatch.setattr(runs, "find_spec", dict[str, None]().get)
    with pytest.raises(runs.SuiteError, match=r'needs httpx, .*pytest.*: pip install "mockspaces\[server,verify\]"'):
        runs.suite()


def test_extra_names_what_the_suite_needs(wheel: Path) -> None:
    """The extra `verify` is the packages that are asked for."""
    required = re.findall(r"^Requires-Dist: ([\w-]+).*extra == 'verify'$", text(wheel, "METADATA"), re.MULTILINE)
    imported = {"websocket-client": "websocket"}
    assert sorted(imported.get(name, name.replace("-", "_")) for name in required) == sorted(runs.NEEDED)
