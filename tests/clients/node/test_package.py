"""The npm package: packed, installed from its tarball into an empty project, and used there as its readers would."""

import json
import os
import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest

from mockspaces import __version__
from scripts import node_types
from tests.conftest import ROOT, installed, require

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
PACKAGE = ROOT / "clients" / "node"
BESIDE = ("@jest", "@playwright", "@types", "jest", "socket.io-client-2", "socket.io-client-4", "typescript", "vitest")
# What the blocks of docs/node.md are tried as.
GUIDE = {
    "vitest": ".spec.ts",
    "jest": ".test.js",
    "playwright": ".pw.ts",
    "node": ".test.mjs",
    "script": ".mjs",
}
WHY = "401  GET /api/users/me  auth.credential_invalid  no such access token was issued in this world"
UNFIRED = "planned, but it never happened: fault"
ESCAPES = re.compile(r"\x1b\[[0-9;]*m")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with the package, installed from its tarball, and with what else a project may have."""
    installed(MODULES / "vitest")
    folder = tmp_path_factory.mktemp("project")
    shutil.copytree(HERE / "cases", folder, dirs_exist_ok=True)
    (folder / "package.json").write_text('{"private": true, "type": "module"}', encoding="utf-8")
    guide = (ROOT / "docs" / "node.md").read_text(encoding="utf-8")
    for use, name in GUIDE.items():
        for number, code in enumerate(re.findall(rf"^```\w+ use={use}\n(.*?)^```$", guide, re.MULTILINE | re.DOTALL)):
            (folder / f"guide{number}{name}").write_text(code, encoding="utf-8")
    tarball = run(ROOT, "scripts/pack", folder).strip()
    quiet = ("--offline", "--no-audit", "--no-fund", "--no-package-lock", "--silent")
    run(folder, "npm", "install", *quiet, tarball)
    for name in BESIDE:
        (folder / "node_modules" / name).symlink_to(MODULES / name)
    (folder / "node_modules" / "socket.io-client").symlink_to(MODULES / "socket.io-client-4")
    return folder


def run(folder: Path, *command: str | Path, code: int = 0) -> str:
    """Run a program to its end and return what it says, without colours. Fails if it ends otherwise."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MOCKSPACES_")}
    environment |= {"MOCKSPACES_PYTHON": sys.executable, "no_proxy": "*", "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, timeout=240, check=False
    )
    said = ESCAPES.sub("", done.stdout + done.stderr)
    assert done.returncode == code, said[-10_000:]
    return said


def told(said: str, name: str, end: str) -> str:
    """Return what a report tells of one test, up to what begins the next."""
    return said.partition(name)[2].partition(end)[0]


def test_types_are_those_of_the_api_document() -> None:
    """The types that are kept were made from the document and the vocabularies as they are now."""
    first = (PACKAGE / "src" / node_types.API).read_text(encoding="utf-8").splitlines()[0]
    assert first == node_types.head(node_types.document()).splitlines()[0], "run: python -m scripts.node_types"


@pytest.mark.slow
def test_types_are_those_of_the_code(tmp_path: Path) -> None:
    """The compiler finds no mistake in the JavaScript, strictly, and makes the types that are kept from it."""
    installed(MODULES / "typescript")
    node_types.write(PACKAGE / "src", tmp_path)
    made = {path.name: path.read_text(encoding="utf-8") for path in tmp_path.glob("*.d.ts")}
    kept = {path.name: path.read_text(encoding="utf-8") for path in (PACKAGE / "src").glob("*.d.ts")}
    assert sorted(made) == sorted(kept)
    assert [name for name in made if made[name] != kept[name]] == [], "run: python -m scripts.node_types"


def test_package_says_what_the_project_does() -> None:
    """Version and licence are those of the project, and nothing else is installed with it."""
    described = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))
    assert (described["version"], described["license"]) == (__version__, "Apache-2.0")
    assert "dependencies" not in described
    assert "Apache License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


@pytest.mark.slow
@pytest.mark.needs("npm")
def test_tarball_has_what_it_exports(tmp_path: Path) -> None:
    """Every module that the package exports is in the tarball with its types, beside the licence, and no test."""
    with tarfile.open(run(ROOT, "scripts/pack", tmp_path).strip()) as archive:
        names = {name.removeprefix("package/") for name in archive.getnames()}
    exported = json.loads((PACKAGE / "package.json").read_text(encoding="utf-8"))["exports"]
    wanted = {path.removeprefix("./") for one in exported.values() if isinstance(one, dict) for path in one.values()}
    assert sorted(wanted - names) == []
    assert names - {f"src/{path.name}" for path in (PACKAGE / "src").iterdir()} == {
        "LICENSE",
        "README.md",
        "package.json",
    }


@pytest.mark.slow
def test_types_tell_mistakes_from_what_is_right(project: Path) -> None:
    """A program outside the package compiles strictly, and each mistake that is planted in it is found."""
    run(project, project / "node_modules" / "typescript" / "bin" / "tsc", "--project", ".")


@pytest.mark.slow
def test_client(project: Path) -> None:
    """Every call of the client does in a real mock what it says, under node:test and with fetch."""
    said = run(project, "node", "--test", "--test-reporter=spec", "client.test.mjs")
    assert "fail 0" in said


@pytest.mark.slow
def test_sockets(project: Path) -> None:
    """What the mock is told through the package reaches sockets of socket.io-client 2 and 4."""
    said = run(project, "node", "--test", "--test-reporter=spec", "sockets.test.mjs")
    assert "pass 2" in said


@pytest.mark.slow
def test_guide(project: Path) -> None:
    """The script of the guide and its tests for node:test do what they say; the other runners have theirs below."""
    said = run(project, "node", "--test", "--test-reporter=spec", *sorted(project.glob("guide*.test.mjs")))
    assert "pass 2" in said
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/api\n", run(project, "node", "guide0.mjs"))


@pytest.mark.slow
def test_node_test_reports(project: Path) -> None:
    """Under node:test a failing test shows its journal, also one that is too late, and unfired faults fail."""
    said = run(project, "node", "--test", "--test-reporter=spec", "failing.node.mjs", code=1).partition(
        "failing tests"
    )[0]
    assert "pass 1\n" in said
    reports = dict(re.findall(r"^[✖✔] (\w+) (.*?)(?=^[✖✔] |\Z)", said, re.MULTILINE | re.DOTALL))
    assert "answered 401" in reports["refused"]
    assert [name for name, report in reports.items() if WHY in report] == ["refused", "late", "thrown"]
    assert [name for name, report in reports.items() if UNFIRED in report] == ["unfired"]


@pytest.mark.slow
def test_vitest(project: Path) -> None:
    """Vitest gives a test its world and `await using` another; failures show journals, unfired faults fail."""
    said = run(project, project / "node_modules" / "vitest" / "vitest.mjs", "run", code=1)
    assert "3 failed | 7 passed" in said
    failures = said.partition("Failed Tests")[2]
    for name in ("refused", "late"):
        assert WHY in told(failures, f"> {name}", " FAIL ")
    assert UNFIRED in failures
    assert failures.count(WHY) == 2


@pytest.mark.slow
def test_jest(project: Path) -> None:
    """Jest gives a test its world; failures show journals, also of what is too late, and unfired faults fail."""
    jest = project / "node_modules" / "jest" / "bin" / "jest.js"
    said = run(project, "node", "--experimental-vm-modules", jest, code=1)
    assert "3 failed, 6 passed" in said
    assert WHY in told(said, "● refused", "● ")
    assert WHY in told(said, "● Console", "● ")  # of the one that was too late
    assert UNFIRED in told(said, "● unfired", "● ")
    assert said.count(WHY) == 2


@pytest.mark.slow
def test_playwright(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Playwright gives a test its world and a browser that reaches it; failures show journals, unfired faults fail."""
    monkeypatch.setenv("CHROMIUM", require("chromium"))
    said = run(project, "node", project / "node_modules" / "@playwright" / "test" / "cli.js", "test", code=1)
    assert re.search(r"^ *3 failed$", said, re.MULTILINE)
    assert re.search(r"^ *4 passed ", said, re.MULTILINE)
    for number, name in ((1, "refused"), (3, "late")):
        assert WHY in told(said, f"{number}) failing.pw.ts", f"{number + 1}) "), name
    assert UNFIRED in said
