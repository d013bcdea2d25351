"""What a type checker finds in the tests of others: the client's parameters are named, its words are closed."""

import ast
import inspect
import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import mockspaces
from mockspaces import client
from mockspaces.client import journal, named, words
from scripts import words as generator
from tests.conftest import ROOT, installed, require

PLANTED = ROOT / "tests" / "typing" / "planted.py"
PYRIGHT = ROOT / "tests" / "clients" / "typing" / "node_modules" / "pyright" / "index.js"
OLDEST_PYTHON = "3.11"
CACHE = ROOT / ".mypy_cache" / "planted"  # apart from that of `make check`, whose options differ


def mistakes() -> list[int]:
    """Return the lines where a mistake is planted."""
    lines = PLANTED.read_text(encoding="utf-8").splitlines()
    return [number for number, line in enumerate(lines, 1) if "# MISTAKE" in line]


def test_mypy_finds_every_mistake() -> None:
    """Under --strict each planted mistake is found, and nothing is said against what is right."""
    assert len(mistakes()) >= 13
    command = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", str(CACHE), "--show-error-codes"]
    done = subprocess.run([*command, str(PLANTED)], cwd=ROOT, capture_output=True, text=True, check=False)
    found = [int(number) for number in re.findall(r"planted\.py:(\d+): error", done.stdout)]
    assert sorted(set(found)) == mistakes(), done.stdout + done.stderr


def test_pyright_finds_every_mistake(tmp_path: Path) -> None:
    """The checker of editors finds the same ones in its strict mode."""
    installed(PYRIGHT.parent)
    configuration = tmp_path / "pyrightconfig.json"
    settings = {
        "include": ["planted.py"],
        "extraPaths": [str(ROOT)],
        "typeCheckingMode": "strict",
        "pythonVersion": OLDEST_PYTHON,
    }
    shutil.copy(PLANTED, tmp_path)  # it reads below its configuration only
    configuration.write_text(json.dumps(settings), encoding="utf-8")
    command = [require("node"), str(PYRIGHT), "--outputjson", "-p", str(configuration), "--pythonpath", sys.executable]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
    found = {one["range"]["start"]["line"] + 1 for one in json.loads(done.stdout)["generalDiagnostics"]}
    assert sorted(found) == mistakes(), done.stdout


def test_words_are_those_of_the_contract() -> None:
    """The types in the client say what the contract says."""
    written = generator.PLACE.read_text(encoding="utf-8")
    assert ast.dump(ast.parse(written)) == ast.dump(ast.parse(generator.text())), "run make words"


def calls() -> Iterator[object]:
    """Yield every public function of the client's public classes."""
    for name in client.__all__:
        kind = getattr(client, name)
        if inspect.isclass(kind) and not issubclass(kind, Exception):
            for member, function in inspect.getmembers(kind, callable):
                if not member.startswith("_") and function.__module__.startswith("mockspaces"):
                    yield pytest.param(function, id=f"{name}.{member}")


@pytest.mark.parametrize("call", [*calls()])
def test_help_names_every_parameter(call: object) -> None:
    """No call of the client hides its parameters behind two stars, and each has a type."""
    assert callable(call)
    for parameter in inspect.signature(call).parameters.values():
        assert parameter.kind is not parameter.VAR_KEYWORD, parameter
        if parameter.name not in ("self", "cls"):
            assert parameter.annotation is not parameter.empty, parameter


def test_shared_parameters_are_named() -> None:
    """What is typed once for many calls is in the signature of each of them."""
    found = inspect.signature(journal.Journal.count).parameters
    assert set(named.Filters.__annotations__) | {"route"} <= set(found)
    assert set(words.SettingChanges.__annotations__) <= set(inspect.signature(client.Mockspaces.settings).parameters)


def test_every_type_that_a_test_can_hold_is_public() -> None:
    """What the client exports, the package exports too."""
    assert set(client.__all__) <= set(mockspaces.__all__)
    assert (ROOT / "mockspaces" / "py.typed").exists()
