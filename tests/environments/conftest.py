"""Small environments beside our own: other versions of pytest, and packages that change what a test runs in.

Each is made once, below ``.venv/environments``, by what pip resolves for its packages alone. Whatever else the tests
inside need - the server, the libraries of clients - is found in our own environment, behind it on the path, and no
plugin loads unless it is named.
"""

import hashlib
import itertools
import os
import subprocess
import sys
import sysconfig
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.conftest import ROOT, lack

CASES = Path(__file__).parent / "cases"
MADE = ROOT / ".venv" / "environments"
INSTALL_LIMIT_S, RUN_LIMIT_S = 300, 120


def made(*packages: str, base: str = sys.executable, alone: bool = False) -> Path:
    """Return the Python of an environment with these packages; skip, or fail in CI, where they cannot be had.

    One that is ``alone``, or has another ``base`` than our own Python, has nothing but its packages.
    """
    alone = alone or base != sys.executable
    key = hashlib.sha256("\n".join([base, str(alone), sys.version, *packages]).encode()).hexdigest()[:12]
    place = MADE / key
    python = place / "bin" / "python"
    if (place / "complete").exists():
        return python
    subprocess.run([base, "-m", "venv", "--clear", "--without-pip", place], check=True)
    install = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", *packages]
    try:
        done = subprocess.run(install, capture_output=True, text=True, check=False, timeout=INSTALL_LIMIT_S)
    except subprocess.TimeoutExpired:
        lack(f"{' '.join(packages)}: pip took longer than {INSTALL_LIMIT_S} s")
    if done.returncode:
        lack(f"{' '.join(packages)}: {done.stderr.strip().splitlines()[-1]}")
    ours = f"{ROOT}\n" if alone else f"{ROOT}\n{sysconfig.get_path('purelib')}\n"
    folder = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"],
        capture_output=True,
        text=True,
        check=True,
    )
    Path(folder.stdout.strip(), "zz_ours.pth").write_text(ours)
    (place / "complete").write_text("\n".join(packages))
    return python


@dataclass(frozen=True)
class Inside:
    """How a run of pytest inside an environment ended, and what it said."""

    code: int
    text: str

    def check(self, **outcomes: int) -> None:
        """Assert how many tests passed, failed, and so on."""
        last = self.text.strip().splitlines()[-1]
        words = last.replace(",", "").replace("errors", "error").strip("= ").split()
        found = {name: int(count) for count, name in itertools.pairwise(words) if count.isdecimal()}
        found.pop("warnings", None)
        found.pop("warning", None)
        assert found == outcomes, self.text


Run = Callable[..., Inside]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a case with pytest in an environment: ``run(python, "case", "-p", "plugin")``."""

    def inside(python: Path, case: str, *options: str) -> Inside:
        (tmp_path / f"test_{case}.py").write_text((CASES / f"{case}.py").read_text(encoding="utf-8"))
        (tmp_path / "pytest.ini").write_text("[pytest]\n")
        command: list[str | Path] = [
            python,
            "-m",
            "pytest",
            "-p",
            "mockspaces.pytest_plugin",
            "-p",
            "no:cacheprovider",
            *options,
        ]
        environment = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "no_proxy": "*"}
        done = subprocess.run(
            command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False, timeout=RUN_LIMIT_S
        )
        return Inside(done.returncode, done.stdout + done.stderr)

    return inside
