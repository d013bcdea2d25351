"""The code in the guides works as it stands, but for the address of the server; what cannot be run is parsed."""

import json
import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import NamedTuple

import pytest
import yaml  # type: ignore[import-untyped]  # brought along by packages of the tests

from mockspaces.contract import Contract, control
from mockspaces.contract.behaviours import catalogue
from mockspaces.contract.settings import Settings
from mockspaces.server import Server
from scripts import documentation, reference
from scripts.meanings import MEANINGS

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = sorted(path.relative_to(DOCS).as_posix() for path in DOCS.rglob("*.md"))
BLOCK = re.compile(r"^```(\w*)(?: use=(\w+))?\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ADDRESS = "http://localhost:8080"

# How each kind of block is tried, by its language and its use.
TRIED = {
    ("python", "tests"): "by pytest, with the others of its page in one file",
    ("python", "script"): "by Python",
    ("javascript", "script"): "by tests/clients/node",
    ("sh", "server"): "by bash, with the others of its page against one server",
    ("sh", ""): "by tests/test_oauth_guide.py in oauth.md; commands of make in performance.md and scaling.md",
    ("javascript", "node"): "by tests/clients/node, under node:test",
    ("javascript", "jest"): "by tests/clients/node",
    ("typescript", "vitest"): "by tests/clients/node",
    ("typescript", "playwright"): "by tests/clients/node",
    ("java", "file"): "by tests/clients/java, where it is a file of examples/java",
    ("js", "old"): "by tests/clients/realtime",
    ("js", "new"): "by tests/clients/realtime",
    ("python", "python4"): "by tests/clients/realtime",
    ("json", ""): "by a parser",
    ("toml", ""): "by a parser",
    ("yaml", ""): "by a parser, and by tests/test_container.py where it is a file of deploy/",
}
# What is only read by a parser, and why it cannot be run here.
UNTRIED = {
    ("sh", "shown"): "installs into the environment of the reader, or asks a person or a service",
    ("console", ""): "starts containers, for which there is no engine here, or shows what comes out",
    ("python", "parsed"): "needs a package that wants a container engine",
    ("java", "shown"): "needs packages that are not in Debian",
    ("javascript", "shown"): "needs packages of npm beside the one that is shown",
    ("typescript", "shown"): "needs packages of npm beside the one that is shown",
    ("text", ""): "is no code",
    ("", ""): "is no code",
}


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    use: str
    code: str


def text(page: str) -> str:
    return (DOCS / page).read_text(encoding="utf-8")


def blocks(page: str) -> list[Block]:
    return [Block(*found) for found in BLOCK.findall(text(page))]


def used(page: str, language: str, use: str) -> list[str]:
    return [block.code for block in blocks(page) if block[:2] == (language, use)]


def pages_with(language: str, use: str) -> list[object]:
    """Return the pages that have such blocks; those whose blocks start our command line are left to `make slow`."""
    found = {page: "".join(used(page, language, use)) for page in PAGES}
    starts = re.compile(r"\$\(mockspaces |^mockspaces |Mockspaces.start", re.MULTILINE)
    return [
        pytest.param(page, marks=[pytest.mark.slow] if starts.search(code) and page != "pytest.md" else [])
        for page, code in found.items()
        if code
    ]


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_known(page: str) -> None:
    """Each fenced block is of a kind that is tried, or of one that says why it cannot be."""
    assert len(blocks(page)) == len(re.findall(r"^```", text(page), re.MULTILINE)) / 2
    assert {block[:2] for block in blocks(page)} <= TRIED.keys() | UNTRIED.keys()
    assert page in ("oauth.md", "performance.md", "scaling.md") or not used(page, "sh", "")


@pytest.mark.parametrize("page", pages_with("python", "tests"))
def test_tests_pass(page: str, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests of a page, put into one file, pass in a project that has nothing else."""
    monkeypatch.setenv("no_proxy", "*")
    code = "\n\n".join(used(page, "python", "tests"))
    pytester.makepyfile(code)
    result = pytester.runpytest_inprocess("-p", "anyio", "-p", "no:xdist", "-p", "no:asyncio")
    both = "def anyio_backend" not in code  # on asyncio and on trio
    loops = len(re.findall(r"mark\.anyio", code)) if both else 0
    result.assert_outcomes(passed=len(re.findall(r"^ *(?:async )?def test_", code, re.MULTILINE)) + loops)


@pytest.mark.parametrize("page", pages_with("python", "script"))
def test_scripts_run(page: str, tmp_path: Path) -> None:
    """The scripts of a page run to their end."""
    for code in used(page, "python", "script"):
        done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr


@pytest.mark.needs("bash", "curl")
@pytest.mark.parametrize("page", pages_with("sh", "server"))
def test_calls_succeed(page: str, tmp_path: Path) -> None:
    """The calls of a page succeed one after the other on one server."""
    script = "\n".join(used(page, "sh", "server"))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    with Server() as running:
        environment = {**os.environ, "PATH": path, "no_proxy": "*", "TMPDIR": str(tmp_path)}
        shell = ["bash", "-euo", "pipefail", "-c", script.replace(ADDRESS, running.url)]
        done = subprocess.run(shell, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-500:] + done.stderr


@pytest.mark.parametrize("page", PAGES)
def test_what_is_only_shown_can_be_read(page: str) -> None:
    """What is not run is at least what it says it is: JSON, TOML, YAML, Python, a command that bash can read."""
    for language, use, code in blocks(page):
        if language == "json":
            json.loads(code)
        elif language == "toml":
            tomllib.loads(code)
        elif language == "yaml":
            yaml.safe_load(
                re.sub(r'^--8<-- "(.*)"$', lambda match: (ROOT / match[1]).read_text(), code, flags=re.MULTILINE)
            )
        elif (language, use) == ("python", "parsed"):
            compile(code, page, "exec")
        elif (language, use) == ("sh", "shown"):
            readable(code)
        elif language == "console":
            readable("\n".join(re.findall(r"^\$ ((?:.*\\\n)*.*)$", code, re.MULTILINE)))


def readable(script: str) -> None:
    """Let bash read a script without running it."""
    bash = shutil.which("bash")
    if bash is None:
        pytest.skip("needs bash")
    done = subprocess.run([bash, "-n"], input=script, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("page", PAGES)
def test_links_lead_somewhere(page: str) -> None:
    """Every link of a page leads to something that is there, or that the site makes; `make docs` checks anchors too."""
    made = {*reference.NAMES, *documentation.ELSEWHERE}
    for link in re.findall(r"\]\((?!http)([^)#\s]+)", text(page)):
        place = (DOCS / page).parent / link
        assert place.exists() or os.path.relpath(place, DOCS) in made, link


def test_every_control_call_is_described() -> None:
    """Each call there is has its path, or the end of it, in the guide to the control API."""
    guide = text("control-api.md") + text("faults.md")
    missing = [row.path for row in control.ROWS if row.path.rstrip("/").rpartition("/")[2] not in guide]
    assert missing == []


def test_every_code_has_a_meaning() -> None:
    """Each refusal there is says what it means and what to do, and nothing else does."""
    assert MEANINGS.keys() == Contract.shipped().errors.keys()


def test_every_setting_says_what_it_does() -> None:
    """Each setting has a sentence of its own on the page of the settings."""
    sections = re.findall(r"^## `(\S+)` .*\n\n(.+)$", reference.settings(), re.MULTILINE)
    assert len(sections) == len(Settings.__struct_fields__)
    assert [name for name, does in sections if does.startswith("|")] == []


def test_evidence_leads_to_the_bibliography() -> None:
    """Each document and each client that an evidence column names is a link to where it is described."""
    told = [one.evidence for one in catalogue().values() if one.kind == "behaviour"]
    told += [row.source for row in Contract.shipped().endpoints.values()]
    named = re.findall(r"\]\(\.\./(\S+?)\)", " ".join(map(reference.evidence, told)))
    known = re.findall(r"\{ #([\w-]+) \}", text("bibliography.md"))
    seeds = {one for one in known if one.startswith("seed-")}
    clients = {one for one in known if one.startswith("client-")}
    assert {link.partition("#")[2] for link in named} == seeds | clients
    for column, linked in ((one, reference.evidence(one)) for one in told):
        assert linked.count("#seed-") == len(re.findall(r"\b00\d\b", column)), column
    assert "vendor [load](../bibliography.md#client-load) test" in reference.evidence(
        "seed 000; client: vendor load test"
    )
