"""Files that are no log for this program: each is refused with one sentence, before anything listens."""

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest

from mockspaces import __version__
from mockspaces.changelog.encoding import FORMAT
from mockspaces.changelog.log import LogError
from mockspaces.changelog.sqlite import SqliteLog
from tests.conftest import Serve
from tests.test_cli import refusal


def no_database(path: Path) -> None:
    path.write_text("certainly no database" * 100)


def another_database(path: Path) -> None:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE theirs (name TEXT)")
    db.close()


def made(path: Path) -> None:
    """Make a log, as a process that has ended."""
    log = SqliteLog(path)
    log._db.close()
    os.close(log._lock)


def with_format(number: int) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        made(path)
        with sqlite3.connect(path) as db:
            db.execute("UPDATE meta SET value = '99.1' WHERE name = 'program'")
            db.execute(f"PRAGMA user_version = {number}")
        db.close()

    return make


def damaged(path: Path) -> None:
    made(path)
    with path.open("r+b") as file:
        file.seek(4096)
        file.write(os.urandom(4096 * 4))


BAD: dict[str, tuple[Callable[[Path], object], str]] = {
    "no database": (no_database, "this is no SQLite database"),
    "another database": (another_database, "is a database of something else"),
    "newer": (
        with_format(FORMAT + 1),
        (
            f"was written by mockspaces 99.1, which is newer (format {FORMAT + 1}): "
            f"this is mockspaces {__version__} (format {FORMAT})"
        ),
    ),
    "older": (with_format(FORMAT - 1), f"has the older format {FORMAT - 1}, this mockspaces reads {FORMAT} only"),
    "damaged": (damaged, "the database is damaged"),
    "a folder": (Path.mkdir, "is a folder, not a file"),
}


@pytest.mark.parametrize("kind", BAD)
def test_a_file_that_is_no_log_is_refused(tmp_path: Path, kind: str) -> None:
    """Whatever is wrong with the file is said in one sentence that names it."""
    make, words = BAD[kind]
    path = tmp_path / "mock.db"
    make(path)
    with pytest.raises(LogError) as refused:
        SqliteLog(path)
    assert words in str(refused.value)
    assert str(refused.value).startswith(f"--log: {path}")
    assert "\n" not in str(refused.value)


def test_a_folder_that_is_not_there_is_refused(tmp_path: Path) -> None:
    """The folder is named that has to be made first."""
    with pytest.raises(LogError, match=f"--log: there is no folder {tmp_path}/none"):
        SqliteLog(tmp_path / "none" / "mock.db")


def test_a_file_that_cannot_be_written_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file that may only be read is told at the start, not at the first change."""
    path = tmp_path / "mock.db"
    path.touch()
    path.chmod(0o444)
    monkeypatch.setattr(os, "access", lambda *_: False)  # as for whoever is not root
    with pytest.raises(LogError, match="cannot be written: Permission denied"):
        SqliteLog(path)


@pytest.mark.slow
@pytest.mark.usefixtures("fresh_interpreter")
def test_a_second_process_on_a_file_is_refused(serve: Serve, tmp_path: Path) -> None:
    """The process that has the file is told by its number, the exit code is that of wrong usage, a kill frees it."""
    log = ("--log", f"sqlite://{tmp_path}/mock.db")
    served = serve(*log)
    words = f"mock.db is in use by mockspaces, process {served.process.pid}; one file serves one process"
    assert words in refusal("serve", "--port", "0", *log)
    served.process.kill()
    served.process.wait()
    serve(*log)
