"""Runs of the contract suite: started in a process of their own, read back as data."""

import os
import subprocess
import sys
from collections.abc import Callable, Sequence
from importlib import resources
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal

import msgspec

Progress = Callable[[str], None]
NEEDED = ("httpx", "hypothesis", "jsonschema", "pytest", "websocket")  # the extra `verify`


class SuiteError(Exception):
    """The suite could not be run; the message says why."""


class Interrupted(SuiteError):
    """The run was broken off; ``leftovers`` are the spaces that it could not delete."""

    def __init__(self, leftovers: Sequence[str]) -> None:
        super().__init__("interrupted")
        self.leftovers = leftovers


class ClaimRecord(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one claim of a test, as `contract_tests.claims` knows it.

    ``kind`` says how it differs (documented, assumed, or plain: by what the catalogue says), ``refusal`` whether a
    refusal was answered, ``needs`` what it needs of a target and ``lacking`` which of that the profile in question
    does not serve, ``exchanges`` the positions of those of its test. An ``aside`` counts only if it differs, an
    ``extra``, which nothing but a mock can show, only if it was tried.
    """

    id: str
    text: str
    state: Literal["held", "differs", "not tried"] = "held"
    kind: Literal["", "documented", "assumed", "plain"] = ""
    reason: str = ""
    refusal: bool = False
    aside: bool = False
    extra: bool = False
    differences: tuple[dict[str, str], ...] = ()
    needs: tuple[str, ...] = ()
    lacking: tuple[str, ...] = ()
    exchanges: tuple[int, ...] = ()


class TestRecord(msgspec.Struct, frozen=True, kw_only=True):
    """One test of a run, as `contract_tests.recording` writes it."""

    __test__ = False  # not a test itself

    test: str
    behaviours: tuple[str, ...]
    outcome: str
    reason: str = ""
    seconds: float = 0.0
    claims: tuple[ClaimRecord, ...] = ()
    exchanges: tuple[dict[str, Any], ...] = ()


class Run(msgspec.Struct, frozen=True, kw_only=True):
    """One run of the suite against one target; it can stand in for the target later.

    ``problems`` kept it from beginning; ``remarks`` are parts of the profile that do not work, so that what needs them
    was not tried; ``ended`` says why it ended before all tests had run.
    """

    target: str
    finished: str
    kind: str = "mock"
    leftovers: tuple[str, ...] = ()
    problems: tuple[str, ...] = ()
    remarks: tuple[str, ...] = ()
    ended: str = ""
    tests: tuple[TestRecord, ...] = ()


def suite() -> Path:
    """Return the folder of the contract suite: inside an installed package, else in the checkout.

    Raises `SuiteError` if that, or a package that the suite needs, is not there.
    """
    missing = [name for name in NEEDED if find_spec(name) is None]
    if missing:
        raise SuiteError(f'the suite needs {", ".join(missing)}: pip install "mockspaces[server,verify]"')
    package = Path(str(resources.files("mockspaces")))
    packaged = package / "suite" / "contract_tests"
    found = packaged if packaged.is_dir() else package.parent / "contract_tests"
    if not found.is_dir():
        raise SuiteError("the contract suite is not installed beside this package")
    return found


def load(path: Path) -> Run:
    """Read a run. Raises `SuiteError` for what is none."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Run)
    except (OSError, msgspec.MsgspecError) as error:
        raise SuiteError(f"{path}: {error}") from None


def save(run: Run, path: Path) -> None:
    """Write a run, so that it can stand in for its target later."""
    path.write_bytes(msgspec.json.format(msgspec.json.encode(run), indent=1))


def start(results: Path, options: Sequence[str]) -> "subprocess.Popen[str]":
    """Start the suite with pytest options; it writes what it finds to ``results``. Raises `SuiteError` without one."""
    folder = suite()
    command = [
        *(sys.executable, "-m", "pytest", str(folder), "-c", str(folder / "suite.ini")),
        *(
            "--rootdir",
            str(folder.parent),
            "-p",
            "no:randomly",
            "-p",
            "no:cacheprovider",
            "-p",
            "no:xdist",
            "-p",
            "no:asyncio",
        ),
        *("--tb=no", "-v", "-rN", "-o", "console_output_style=count", "--results", str(results), *options),
    ]
    paths = [str(folder.parent), *filter(None, [os.environ.get("PYTHONPATH")])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "200"}
    return subprocess.Popen(  # noqa: S603 - our own interpreter with arguments of our own
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment, cwd=results.parent
    )


def follow(process: "subprocess.Popen[str]", results: Path, progress: Progress) -> Run:
    """Read what a suite says until its end, and return what it found. Raises `SuiteError` if it could not run."""
    with process:
        last = ""
        try:
            for line in process.stdout or ():
                last = line.strip() or last
                progress(line.rstrip())
            code = process.wait()
        except KeyboardInterrupt:  # which the suite has met too: it cleans up and says what it could not
            process.communicate()
            raise Interrupted(load(results).leftovers if results.is_file() else ()) from None
    found = load(results) if results.is_file() else None
    if found is not None and found.problems:
        raise SuiteError("\nmockspaces: ".join(found.problems))
    if found is None or (code not in (0, 1) and not found.ended):
        raise SuiteError(f"the suite ended with exit code {code}: {last}")
    return found
