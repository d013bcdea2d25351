"""Clients that generators make from the API document, against the running server."""

import shutil
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from mockspaces.contract import events
from mockspaces.server import Server
from tests.conftest import installed

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
TYPESCRIPT = ("mistakes.ts", "package.json", "program.ts", "tsconfig.json")
PYTHON = ("mistakes.py", "program.py")
GENERATOR = HERE / ".venv" / "bin" / "datamodel-codegen"


def run(folder: Path, *command: str | Path) -> str:
    """Run a program to its end and return what it says. Fails if it fails."""
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{done.stdout[-10_000:]}\n{done.stderr[-5_000:]}"
    return done.stdout


def test_a_typescript_program_compiles_without_a_cast_and_runs(tmp_path: Path) -> None:
    """A program over generated types is compiled strictly and does its work; no mistake planted beside it compiles."""
    installed(MODULES / "openapi-fetch")
    for name in TYPESCRIPT:
        shutil.copy(HERE / name, tmp_path)
    (tmp_path / "node_modules").symlink_to(MODULES)
    with Server() as running:
        (tmp_path / "openapi.json").write_bytes(httpx.get(f"{running.url}/_mock/openapi.json").content)
        # What has a default may be left out of a body, which the generator would not say.
        options = ("--default-non-nullable=false", "--array-length")
        run(tmp_path, MODULES / ".bin" / "openapi-typescript", "openapi.json", "--output", "schema.d.ts", *options)
        run(tmp_path, MODULES / ".bin" / "tsc", "--project", ".")
        assert run(tmp_path, "node", "built/program.js", running.url).strip() == "done"


def test_a_python_program_is_typed_without_a_cast_and_runs(tmp_path: Path) -> None:
    """A program over generated types passes mypy and does its work; mypy finds each mistake planted beside it."""
    installed(GENERATOR)
    for name in PYTHON:
        shutil.copy(HERE / name, tmp_path)
    with Server() as running:
        (tmp_path / "openapi.json").write_bytes(httpx.get(f"{running.url}/_mock/openapi.json").content)
        kind = ("--output-model-type", "typing.TypedDict", "--enum-field-as-literal", "all", "--use-union-operator")
        # Names like "_id" are as good as others in dictionaries.
        options = (*kind, "--formatters", "builtin", "--special-field-name-prefix", "")
        run(tmp_path, GENERATOR, "--input", "openapi.json", "--output", "models.py", *options)
        checker = (sys.executable, "-m", "mypy", "--strict", "--cache-dir", "cache")
        run(tmp_path, *checker, "models.py", "program.py", "mistakes.py")
        run(tmp_path, sys.executable, "program.py", running.url)


def test_the_document_of_events_is_asyncapi(tmp_path: Path) -> None:
    """The parser of the AsyncAPI project finds nothing wrong with the document, and every event in it."""
    installed(MODULES / "@asyncapi" / "parser")
    with Server() as running:
        document = tmp_path / "asyncapi.json"
        document.write_bytes(httpx.get(f"{running.url}/_mock/asyncapi.json").content)
    assert run(HERE, "node", "asyncapi.mjs", document).split() == [row.id for row in events.ROWS]
