"""The code in the guides works as it stands, but for the address of the server."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from mockspaces.contract import control
from mockspaces.server import Server

DOCS = Path(__file__).parent.parent / "docs"
GUIDES = ("pytest.md", "control-api.md", "faults.md", "realtime.md", "portal.md")
BLOCK = re.compile(r"^```(\w+) use=(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
USES = {("python", "tests"), ("python", "script"), ("sh", "server"), ("sh", "shown")}
LIBRARIES = {("js", "old"), ("js", "new"), ("python", "python4")}  # tried by tests/clients/realtime
ADDRESS = "http://localhost:8080"


def text(guide: str) -> str:
    return (DOCS / guide).read_text(encoding="utf-8")


def blocks(guide: str, use: str) -> list[str]:
    return [code for _language, used, code in BLOCK.findall(text(guide)) if used == use]


def guides_with(use: str) -> list[str]:
    return [guide for guide in GUIDES if blocks(guide, use)]


@pytest.mark.parametrize("guide", GUIDES)
def test_every_block_is_tried(guide: str) -> None:
    """There is no fenced block of code that these tests do not know."""
    found = BLOCK.findall(text(guide))
    assert len(found) == text(guide).count("\n```") / 2
    assert {(language, use) for language, use, _code in found} <= USES | LIBRARIES


@pytest.mark.parametrize("guide", guides_with("tests"))
def test_tests_pass(guide: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of a guide, put into one file, pass in a project that has nothing else."""
    monkeypatch.setenv("no_proxy", "*")
    code = "\n\n".join(blocks(guide, "tests"))
    pytester.makepyfile(code)
    result = pytester.runpytest_inprocess("-p", "anyio", "-p", "no:xdist", "-p", "no:asyncio")
    loops = len(re.findall(r"mark\.anyio", code))  # on asyncio and on trio
    result.assert_outcomes(passed=len(re.findall(r"^ *(?:async )?def test_", code, re.MULTILINE)) + loops)


@pytest.mark.parametrize("guide", guides_with("script"))
def test_scripts_run(guide: str, tmp_path: Path) -> None:
    """The scripts of a guide run to their end."""
    for code in blocks(guide, "script"):
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.needs("bash", "curl")
@pytest.mark.parametrize("guide", guides_with("server"))
def test_calls_succeed(guide: str, tmp_path: Path) -> None:
    """The calls of a guide succeed one after the other on one server."""
    script = "\n".join(blocks(guide, "server"))
    with Server() as running:
        environment = {**os.environ, "no_proxy": "*", "TMPDIR": str(tmp_path)}
        shell = ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, running.url)]
        done = subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


@pytest.mark.parametrize("guide", sorted(path.name for path in DOCS.glob("*.md")))
def test_links_lead_somewhere(guide: str) -> None:
    """Every link of a page into the repository leads to something that is there."""
    for link in re.findall(r"\]\((?!http)([^)#]+)", text(guide)):
        assert (DOCS / link).exists(), link


def test_every_control_call_is_described() -> None:
    """Each call there is has its path, or the end of it, in the guide to the control API."""
    guide = text("control-api.md") + text("faults.md")
    missing = [row.path for row in control.ROWS if row.path.rstrip("/").rpartition("/")[2] not in guide]
    assert missing == []


def test_every_control_call_that_is_named_exists() -> None:
    """Each path that a guide names is one of a call there is."""
    known = [re.sub(r"\{\w+\}", "[^/]+", row.path) for row in control.ROWS]
    named = {path for guide in GUIDES for path in re.findall(r"(?<![\w>])/_mock[/\w.{}-]*\w", text(guide))}
    assert [path for path in named if not any(re.fullmatch(pattern, path) for pattern in known)] == []
