"""mockspaces verify: run the suite on both sides, compare, report."""

import json
import sys
import tempfile
import time
import tomllib
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import click

from mockspaces.contract import verdicts
from mockspaces.contract.behaviours import catalogue
from mockspaces.verification import learning, reports, runs
from mockspaces.verification.runs import Interrupted, Run, SuiteError
from mockspaces.verification.verdicts import Report, verify

CLEAN, DIFFERENT, FAILED = 0, 1, 2
RUN_FILE = "run.json"
PLEASE = "PLEASE "  # begins what the suite asks of a person


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
        if text.startswith(PLEASE):
            click.echo(text.replace(PLEASE, "at your browser, please ", 1), err=True)
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
    for remark in [*found.remarks, *filter(None, [found.ended])]:
        click.echo(f"mockspaces: {remark}", err=True)
    _tell_leftovers(found.leftovers)
    return found


def _target_run(
    target: Path, results: Path, options: Sequence[str], *, allow_production: bool, interactive: bool
) -> Run:
    """Return the target's run: a recording where the target is a folder, else a fresh one."""
    if target.is_dir():
        return runs.load(target / RUN_FILE)
    chosen = ["--target", str(target.resolve()), *(["--allow-production"] if allow_production else [])]
    chosen += ["--interactive"] if interactive else []
    return _run(target.stem, results, [*chosen, *options])


@click.command()
@click.option("--target", required=True, type=click.Path(exists=True, path_type=Path), help="Profile, or a recording.")
@click.option("--only", multiple=True, metavar="ID", help="Only behaviours that begin so; may be repeated.")
@click.option("--report", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where reports go.")
@click.option("--record", type=click.Path(file_okay=False, path_type=Path), help="Keep the target's run here.")
@click.option("--known", type=click.Path(dir_okay=False, path_type=Path), help="Known differences, a TOML file.")
@click.option(
    "--against", type=click.Choice(["mock"]), default="mock", show_default=True, help="What the target is held against."
)
@click.option(
    "--write-overlay",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a contract overlay of what was learnt.",
)
@click.option("--update-catalogue", is_flag=True, help="Keep date and verdict of each behaviour, for the catalogue.")
@click.option("--allow-production", is_flag=True, help="Do not refuse a profile that names production.")
@click.option("--interactive", is_flag=True, help="You sign in and decide at a browser: authorization code, consent.")
@click.option("--dry-run", is_flag=True, help="List every request that would be sent, and send none to the target.")
def command(
    *,
    target: Path,
    only: tuple[str, ...],
    folder: Path | None,
    record: Path | None,
    known: Path | None,
    against: str,
    write_overlay: Path | None,
    update_catalogue: bool,
    allow_production: bool,
    interactive: bool,
    dry_run: bool,
) -> None:
    """Compare a target with the mock, behaviour by behaviour.

    Exit code 0: nothing unexpected. 1: differences. 2: it could not run.
    """
    options = [option for name in only for option in ("--only", name)]
    if update_catalogue and not verdicts.in_checkout():
        click.echo(
            "mockspaces: --update-catalogue keeps verdicts in a checkout; this package is an installed one", err=True
        )
        sys.exit(FAILED)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            if dry_run:
                _list_requests(target, Path(scratch) / "rehearsal.json", options, allow_production=allow_production)
                return
            found = _target_run(
                target,
                Path(scratch) / "target.json",
                options,
                allow_production=allow_production,
                interactive=interactive,
            )
            explained = [] if target.is_dir() else ["--explain", str(target.resolve())]
            permitted = ["--allow-production"] if allow_production else []
            mock = _run(against, Path(scratch) / "mock.json", [*explained, *permitted, *options])
            report = verify(catalogue().values(), mock, found, read_known(known), only)
    except Interrupted as interrupted:
        _tell_leftovers(interrupted.leftovers)
        raise click.Abort from None
    except SuiteError as error:
        click.echo(f"mockspaces: {error}", err=True)
        sys.exit(FAILED)
    if write_overlay:
        learnt = learning.overlay(mock, found)
        write_overlay.write_text(json.dumps(learnt, indent=1) + "\n", encoding="utf-8")
        click.echo(f"{write_overlay}: {len(learnt.get('errors', {}))} rows")
    if update_catalogue and (found.kind == "mock" or found.ended):
        why = "the run did not come to its end" if found.ended else "another mock confirms nothing"
        click.echo(f"mockspaces: {why}, so no verdict is kept", err=True)
    elif update_catalogue:
        click.echo(f"{learning.keep(report, verdicts.path())} verdicts kept")
    if record:
        record.mkdir(parents=True, exist_ok=True)
        runs.save(found, record / RUN_FILE)
    if folder:
        reports.write(report, folder)
    _tell(report)
    sys.exit(FAILED if found.ended else CLEAN if report.clean else DIFFERENT)


def _list_requests(target: Path, results: Path, options: Sequence[str], *, allow_production: bool) -> None:
    """Print every request that the tests would send, as they did to a mock in the place of the target."""
    chosen = ["--target", str(target.resolve()), "--rehearse", *(["--allow-production"] if allow_production else [])]
    found = _run(f"rehearsal of {target.stem}", results, [*chosen, *options])
    urls = tomllib.loads(target.read_text(encoding="utf-8")).get("urls", {})
    for test in found.tests:
        for exchange in test.exchanges:
            request = exchange["request"]
            url, place = request["url"], urlsplit(request["url"])
            base = urls.get("api" if place.path.startswith("/api/") and "/1.0/" not in place.path else "accounts", "")
            if base:  # show the URL as it would be at the target
                url = urlunsplit(place._replace(scheme=urlsplit(base).scheme, netloc=urlsplit(base).netloc))
            click.echo(f"{test.test}  {request['method']} {url}")


def _tell_leftovers(leftovers: Sequence[str]) -> None:
    if leftovers:
        click.echo(f"left behind, since they could not be deleted: {', '.join(leftovers)}", err=True)


def _tell(report: Report) -> None:
    click.echo(", ".join(f"{count} {name}" for name, count in report.counts.items() if count))
    for finding in report.unexpected:
        click.echo(f"{finding.verdict}  {finding.id}  {'; '.join(finding.details)}")
    for name in report.stale:
        click.echo(f"listed, but no longer different  {name}")
    for stray in report.strays:
        click.echo(f"claimed on the target only, so its words depend on it  {stray}")
