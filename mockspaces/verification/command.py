"""mockspaces verify: run the suite on both sides, compare, report."""

import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path

import click

from mockspaces.contract.behaviours import catalogue
from mockspaces.verification import reports, runs
from mockspaces.verification.runs import Run, SuiteError
from mockspaces.verification.verdicts import Report, verify

CLEAN, DIFFERENT, FAILED = 0, 1, 2
RUN_FILE = "run.json"


def read_known(path: Path | None) -> dict[str, str]:
    """Read a known-differences file: a table ``[known]`` of behaviour id to reason. Raises `SuiteError`."""
    if path is None:
        return {}
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["known"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise SuiteError(f"{path}: {error}") from None
    for name in listed:
        if name not in catalogue():
            raise SuiteError(f'{path}: no behaviour "{name}"')
    return {str(name): str(why) for name, why in listed.items()}


class Terminal:
    """Tells how far a run is: a bar with counts on a terminal, nothing but the last line elsewhere."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._counts = dict.fromkeys(".sFE", 0)
        self._started = time.monotonic()

    def line(self, text: str) -> None:
        """Take a line of pytest's output in."""
        marks = text.partition(" ")[0]
        if marks and set(marks) <= set(self._counts):
            for mark in marks:
                self._counts[mark] += 1
        if sys.stderr.isatty():
            click.echo(f"\r\x1b[2K{self._name}: {self.summary}", nl=False, err=True)

    @property
    def summary(self) -> str:
        """Counts and time so far."""
        names = {".": "passed", "s": "skipped", "F": "failed", "E": "errors"}
        counts = ", ".join(f"{count} {names[mark]}" for mark, count in self._counts.items() if count)
        return f"{counts or 'starting'}, {time.monotonic() - self._started:.0f} s"

    def finish(self, run: Run) -> None:
        """Close the line and name the slowest test."""
        slowest = max(run.tests, key=lambda record: record.seconds, default=None)
        end = f"; slowest {slowest.test} ({slowest.seconds:.1f} s)" if slowest else ""
        start = "\r\x1b[2K" if sys.stderr.isatty() else ""
        click.echo(f"{start}{self._name}: {self.summary}{end}", err=True)


def _run(name: str, results: Path, options: Sequence[str]) -> Run:
    terminal = Terminal(name)
    found = runs.run(results, options, terminal.line)
    terminal.finish(found)
    return found


def _target_run(target: Path, results: Path, options: Sequence[str], *, allow_production: bool) -> Run:
    """Return the target's run: a recording where the target is a folder, else a fresh one."""
    if target.is_dir():
        return runs.load(target / RUN_FILE)
    chosen = ["--target", str(target.resolve()), *(["--allow-production"] if allow_production else [])]
    return _run(target.stem, results, [*chosen, *options])


@click.command()
@click.option("--target", required=True, type=click.Path(exists=True, path_type=Path), help="Profile, or a recording.")
@click.option("--only", multiple=True, metavar="ID", help="Only behaviours that begin so; may be repeated.")
@click.option("--report", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where reports go.")
@click.option("--record", type=click.Path(file_okay=False, path_type=Path), help="Keep the target's run here.")
@click.option("--known", type=click.Path(dir_okay=False, path_type=Path), help="Known differences, a TOML file.")
@click.option("--allow-production", is_flag=True, help="Do not refuse a profile that names production.")
@click.option("--dry-run", is_flag=True, help="List every request that would be sent, and send none to the target.")
def command(
    *,
    target: Path,
    only: tuple[str, ...],
    folder: Path | None,
    record: Path | None,
    known: Path | None,
    allow_production: bool,
    dry_run: bool,
) -> None:
    """Compare a target with the mock, behaviour by behaviour.

    Exit code 0: nothing unexpected. 1: differences. 2: it could not run.
    """
    options = [option for name in only for option in ("--only", name)]
    try:
        with tempfile.TemporaryDirectory() as scratch:
            mock = _run("mock", Path(scratch) / "mock.json", options)
            if dry_run:
                _list_requests(mock)
                return
            found = _target_run(target, Path(scratch) / "target.json", options, allow_production=allow_production)
            report = verify(catalogue().values(), mock, found, read_known(known), only)
    except SuiteError as error:
        click.echo(f"mockspaces: {error}", err=True)
        sys.exit(FAILED)
    if record:
        record.mkdir(parents=True, exist_ok=True)
        runs.save(found, record / RUN_FILE)
    if folder:
        reports.write(report, folder)
    _tell(report)
    sys.exit(CLEAN if report.clean else DIFFERENT)


def _list_requests(run: Run) -> None:
    """Print what tests without the control API send, as they did to the mock."""
    for test in run.tests:
        for exchange in test.exchanges:
            request = exchange["request"]
            click.echo(f"{test.test}  {request['method']} {request['url']}")


def _tell(report: Report) -> None:
    click.echo(", ".join(f"{count} {name}" for name, count in report.counts.items() if count))
    for finding in report.unexpected:
        click.echo(f"{finding.verdict}  {finding.id}  {'; '.join(finding.details)}")
    for name in report.stale:
        click.echo(f"listed, but no longer different  {name}")
