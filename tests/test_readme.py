"""The README's code works as it stands, but for the address of the server."""

import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from mockspaces.client import Mockspaces
from mockspaces.server import Server
from scripts import metadata
from tests.forking import loaded

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w+) use=(\w+)\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
ADDRESS = "http://localhost:8080"


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    """One server for all that is tried."""
    with Server() as running:
        yield running.url


def blocks(use: str) -> list[str]:
    found = [text for _language, used, text in BLOCKS if used == use]
    assert found, use
    return found


def run(script: str, url: str, folder: Path) -> str:
    """Run a shell block against a server; a failing line fails it."""
    for word, real in ((ADDRESS, url), ("target.toml", str(folder / "target.toml"))):
        script = script.replace(word, real)
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    environment = {**os.environ, "PATH": path, "no_proxy": "*", "TMPDIR": str(folder)}
    shell = ["bash", "-euo", "pipefail", "-c", script]
    done = subprocess.run(shell, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_block_is_tried() -> None:
    """There is no fenced block of code that these tests do not know."""
    assert len(BLOCKS) == README.count("\n```") / 2
    assert {use for _language, use, _text in BLOCKS} == {"fixture", "start", "server", "contract"}


def test_fixture(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """The test that is shown first passes in a project that has nothing else."""
    monkeypatch.setenv("no_proxy", "*")
    pytester.makepyfile(*blocks("fixture"))
    pytester.runpytest_inprocess("-p", "no:xdist", "-p", "no:asyncio").assert_outcomes(passed=1)


@pytest.mark.needs("bash", "curl")
def test_server(url: str, tmp_path: Path) -> None:
    """The calls of the second use create a space, are refused a user, are told why, and change settings."""
    created, rest = _document(run("\n".join(blocks("server")), url, tmp_path))
    refused, rest = _document(rest)
    why, _, rest = rest.strip().partition("\n")
    settings, _ = _document(rest)
    assert created["data"][0]["topicId"]
    assert refused["code"] == "auth.credential_invalid"
    assert why.endswith("auth.credential_invalid  no such access token was issued in this world")
    assert settings["accounts.error_style"] == "rfc6749"


def _document(text: str) -> tuple[Any, str]:
    """Return the JSON document that a text begins with, and the rest of it."""
    text = text.strip()
    found, end = json.JSONDecoder().raw_decode(text)
    return found, text[end:]


@pytest.mark.slow
@pytest.mark.needs("bash")
def test_contract(url: str, tmp_path: Path) -> None:
    """The contract tests of the third use pass against both targets."""
    (script,) = blocks("contract")
    here = script.replace(".venv/bin/pytest", f"{sys.executable} -m pytest -p no:cacheprovider")
    here = re.sub(r"^make setup .*$", "", here, flags=re.MULTILINE)  # this environment is what it makes
    assert run(here, url, tmp_path).count(" passed") == 2


def test_a_selection_of_nothing_says_so() -> None:
    """A slip in --only is told by what it names, not by a count of deselected tests."""
    command = [*loaded("pytest"), "-p", "no:cacheprovider", "-p", "no:xdist", "contract_tests/auth/test_header.py"]
    done = subprocess.run([*command, "--only", "AUTH-HRD"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == pytest.ExitCode.NO_TESTS_COLLECTED
    assert "no test here cites a behaviour that begins with AUTH-HRD" in done.stdout


def test_commands_that_start_it_exist() -> None:
    """What has to be built or started by hand is there: the make target, the Dockerfile, its port."""
    (script,) = blocks("start")
    assert "make serve" in script
    assert re.search(r"^serve:", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert "EXPOSE 8080" in (ROOT / "Dockerfile").read_text()


@pytest.fixture(scope="module")
def options() -> str:
    """What the server says about its options."""
    return subprocess.run([*loaded("mockspaces"), "serve", "--help"], capture_output=True, text=True, check=True).stdout


@pytest.mark.parametrize("option", sorted(set(re.findall(r"(?:serve|and|`)\s*`?(--[a-z-]+)", README))))
def test_option_exists(options: str, option: str) -> None:
    """Every option the text names is one of the server or of the plugin."""
    assert f" {option} " in options


@pytest.mark.parametrize("link", sorted(set(re.findall(r"\]\((?!http)([^)]+)\)", README))))
def test_link_leads_somewhere(link: str) -> None:
    """Every link into the repository leads to something that is there."""
    assert (ROOT / link).exists()


def test_links_work_from_a_package_index() -> None:
    """With the address of the project each link has it, pictures that of the file itself; without it none is left."""
    told = metadata.absolute(README, "https://forge.example/owner/mockspaces")
    links = re.findall(r"\]\(([^)]+)\)", told)
    assert [link for link in links if not link.startswith("https://forge.example/owner/mockspaces/blob/HEAD/")] == [
        "https://forge.example/owner/mockspaces/raw/HEAD/docs/assets/page.png"
    ]
    assert re.findall(r"\]\((?!https?:)", metadata.absolute(README, "")) == []


def test_default_world_is_as_shown(url: str) -> None:
    """Everybody in the table of the default world is there with that password, and so is the OAuth client."""
    demo = json.loads((ROOT / "fixtures" / "demo.json").read_text())
    people = re.findall(r"^\| `(\S+@\S+)` \| `(\S+)` \|", README, re.MULTILINE)
    assert people == [(user["username"], user["password"]) for user in demo["users"]]
    (client,) = demo["oauth_clients"]
    assert f"`{client['client_id']}`" in README
    assert f"`{client['client_secret']}`" in README
    with Mockspaces(url) as mock:
        assert [mock.token(username) for username, _password in people]


@pytest.mark.parametrize("path", sorted(set(re.findall(r"`(?:[A-Z`/]+ )?(/_mock[/\w-]*)", README))))
def test_control_call_exists(url: str, path: str) -> None:
    """Every call of the control API that the text names is known to the server."""
    with Mockspaces(url) as mock:
        status, _text = mock._send("PUT", path, b"{}")
    assert status != 404
