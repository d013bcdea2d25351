"""The example in Java, with JUnit 5 from Debian, against a mock that these tests start."""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockspaces.server import Server
from tests.conftest import ROOT, lack, require

pytestmark = [pytest.mark.slow, pytest.mark.needs("java", "javac")]

EXAMPLE = ROOT / "examples" / "java"
DEBIAN = Path("/usr/share/java")
# What JUnit 5 is in Debian, with what its console needs.
JARS = (
    "junit-jupiter-api",
    "junit-jupiter-engine",
    "junit-platform-commons",
    "junit-platform-engine",
    "junit-platform-launcher",
    "junit-platform-console",
    "junit-platform-reporting",
    "opentest4j",
    "opentest4j-reporting-events",
    "apiguardian-api",
    "picocli",
    "univocity-parsers",
)


@pytest.fixture(scope="module")
def classes(tmp_path_factory: pytest.TempPathFactory) -> str:
    """The class path with the compiled example, and tests that fail on purpose."""
    jars = [DEBIAN / f"{name}.jar" for name in JARS]
    if not jars[0].exists():
        lack("needs JUnit 5, Debian's package junit5")
    folder = tmp_path_factory.mktemp("classes")
    path = os.pathsep.join(map(str, [folder, *(jar for jar in jars if jar.exists())]))
    sources = [*EXAMPLE.glob("*.java"), *Path(__file__).parent.glob("*.java")]
    # -path: manifests of Debian name jars of packages that nobody needs.
    options = ["-Xlint:all,-path", "-Werror", "-d", str(folder), "-classpath", path]
    done = subprocess.run([require("javac"), *options, *map(str, sources)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return path


@pytest.fixture
def server() -> Iterator[str]:
    """The URL of a mock."""
    with Server() as running:
        before = httpx.get(f"{running.url}/_mock/worlds").json()
        yield running.url
        assert httpx.get(f"{running.url}/_mock/worlds").json() == before, "each test drops its world"


def run(classes: str, server: str, name: str) -> subprocess.CompletedProcess[str]:
    """Run the tests of a class and return what came out."""
    launcher = ["org.junit.platform.console.ConsoleLauncher", "--disable-banner", "--disable-ansi-colors"]
    command = [require("java"), "-classpath", classes, *launcher, "--select-class", name]
    environment = {**os.environ, "MOCKSPACES_URL": server}
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


def test_example_passes(classes: str, server: str) -> None:
    """Each test of the example passes, in a world of its own."""
    done = run(classes, server, "GreeterTest")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"\b4 tests successful\b", done.stdout)


def test_failures_are_explained(classes: str, server: str) -> None:
    """A failing test prints its journal with the reason, and a fault that never happened fails its test."""
    done = run(classes, server, "FailingTest")
    assert re.search(r"\b2 tests failed\b", done.stdout), done.stdout + done.stderr
    [journal] = re.findall(r"^refused\(\) failed in its world:\n(.*)", done.stderr, re.MULTILINE)
    assert journal.startswith("401  POST /api/spaces/nowhere/chats  auth.credential_invalid  no such access token")
    assert "planned, but it never happened: {" in done.stdout
