"""mockspaces verify: run the suite on both sides, compare, report."""

import json
import sys
import tempfile
import tomllib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import click
from msgspec import structs

from mockspaces.contract import hosts, verdicts
from mockspaces.contract.behaviours import catalogue
from mockspaces.traffic import learning as traffic
from mockspaces.traffic.archives import ArchiveError
from mockspaces.verification import learning, playing, reports, runs, starting, summary
from mockspaces.verification.progress import Terminal
from mockspaces.verification.runs import Interrupted, Run, SuiteError
from mockspaces.verification.verdicts import Report, verify

CLEAN, DIFFERENT, FAILED = 0, 1, 2
RUN_FILE = "run.json"
ARCHIVES = (".har", ".har.gz")


def read_known(path: Path | None) -> dict[str, str]:
    """Read a known-differences file: a table ``[known]`` of statement, or ``ID: claim``, to reason.

    Raises `SuiteError`.
    """
    if path is None:
        return {}
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["known"]
    except (OSError, tomllib.TOMLDecodeError, KeyError) as error:
        raise SuiteError(f"{path}: {error}") from None
    for name in listed:
        if name.partition(": ")[0] not in catalogue():
            raise SuiteError(f'{path}: no behaviour "{name}"')
    return {str(name): str(why) for name, why in listed.items()}


def _run(name: str, results: Path, options: Sequence[str]) -> Run:
    terminal = Terminal(name)
    found = runs.follow(runs.start(results, options), results, terminal.line)
    terminal.finish(found)
    _tell_leftovers(found.leftovers)
    return found


@click.command()
@click.option(
    "--target", type=click.Path(exists=True, path_type=Path), help="Profile, or a recording: a folder, or an archive."
)
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
@click.option("--hosts", "named", multiple=True, metavar="NAME", help="A host of the service that was recorded.")
@click.option("--allow-production", is_flag=True, help="Do not refuse a profile that names production.")
@click.option("--interactive", is_flag=True, help="You sign in and decide at a browser: authorization code, consent.")
@click.option("--dry-run", is_flag=True, help="List every request that would be sent, and send none to the target.")
@click.option("--explain", is_flag=True, help="Say what the profile can confirm, and what would unlock the rest.")
@click.option(
    "--init",
    "new",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="FILE",
    help="Write a profile by questions.",
)
def command(*, target: Path | None, new: Path | None, only: tuple[str, ...], **choices: Any) -> None:
    """Compare a target with the mock, behaviour by behaviour.

    Exit code 0: nothing unexpected. 1: differences. 2: it could not run, or not to its end.
    """
    if new is not None:
        if not new.exists() or click.confirm(f"{new} exists; write it anew?", default=False):
            starting.write(new)
        return
    if target is None:
        raise click.UsageError("say --target FILE, or --init FILE for a new profile")
    chosen = Choices(target=target, only=only, **choices)
    if chosen.update_catalogue and not verdicts.in_checkout():
        click.echo(
            "mockspaces: --update-catalogue keeps verdicts in a checkout; this package is an installed one", err=True
        )
        sys.exit(FAILED)
    try:
        with tempfile.TemporaryDirectory() as scratch:
            if chosen.dry_run:
                list_requests(chosen, Path(scratch) / "rehearsal.json")
            elif chosen.explain:
                explain(chosen, Path(scratch) / "mock.json")
            else:
                sys.exit(compare(chosen, Path(scratch)))
    except Interrupted as interrupted:
        _tell_leftovers(interrupted.leftovers)
        raise click.Abort from None
    except (SuiteError, ArchiveError) as error:
        click.echo(f"mockspaces: {error}", err=True)
        sys.exit(FAILED)


@dataclass(frozen=True, kw_only=True)
class Choices:
    """The options of a verification."""

    target: Path
    only: tuple[str, ...] = ()
    folder: Path | None = None
    record: Path | None = None
    known: Path | None = None
    against: str = "mock"
    write_overlay: Path | None = None
    update_catalogue: bool = False
    named: tuple[str, ...] = ()
    allow_production: bool = False
    interactive: bool = False
    dry_run: bool = False
    explain: bool = False

    def options(self, *own: str) -> list[str]:
        """Return the options of a run of the suite: its own, and those that are common to all."""
        permitted = ["--allow-production"] if self.allow_production else []
        return [*own, *permitted, *(option for name in self.only for option in ("--only", name))]

    @property
    def is_archive(self) -> bool:
        """Whether the target is a recording of the traffic of this suite."""
        return self.target.is_file() and self.target.name.endswith(ARCHIVES)

    @property
    def profile(self) -> str:
        """The profile's place, wherever the suite runs."""
        return str(self.target.resolve())


def compare(chosen: Choices, scratch: Path) -> int:
    """Run the suite on both sides, write and tell what came out, and return the exit code."""
    if chosen.update_catalogue and chosen.is_archive:
        refuse_mocks(chosen)
    if chosen.target.is_dir():  # a recording stands in for its target
        found = runs.load(chosen.target / RUN_FILE)
        mock = _run(chosen.against, scratch / "mock.json", chosen.options())
    else:  # side by side: a target is mostly waited for
        asking = ["--interactive"] if chosen.interactive else []
        archive = chosen.target if chosen.is_archive else None
        if archive is not None:
            asking = playing.options(archive, scratch)
        # The mock has to run all tests, a target few of them. Two processes do so in half the time.
        shares = {scratch / f"mock{share[0]}.json": share for share in (["0/1"] if chosen.only else ["0/2", "1/2"])}
        explained = [] if archive else ["--explain", chosen.profile]
        started = {
            results: runs.start(results, chosen.options(*explained, "--share", share))
            for results, share in shares.items()
        }
        terminal = Terminal(chosen.against, quiet=True, shares=len(shares))
        with ThreadPoolExecutor(len(shares)) as beside, ExitStack() as otherwise:
            for process in started.values():  # without a target there is nothing to compare
                otherwise.callback(process.terminate)
            waiting = [
                beside.submit(runs.follow, process, results, terminal.line) for results, process in started.items()
            ]
            own = chosen.options(*asking) if archive else chosen.options("--target", chosen.profile, *asking)
            found = _run(chosen.target.stem, scratch / "target.json", own)
            otherwise.pop_all()
            terminal.quiet = False
            parts = [one.result() for one in waiting]
        mock = structs.replace(parts[0], tests=tuple(test for part in parts for test in part.tests))
        terminal.finish(mock)
    report = verify(catalogue().values(), mock, found, read_known(chosen.known), chosen.only)
    if chosen.write_overlay:
        learnt = learning.overlay(mock, found)
        chosen.write_overlay.write_text(json.dumps(learnt, indent=1) + "\n", encoding="utf-8")
        click.echo(f"{chosen.write_overlay}: {len(learnt.get('errors', {}))} rows")
    if chosen.update_catalogue:
        keep(chosen, report, found)
    if chosen.record:
        chosen.record.mkdir(parents=True, exist_ok=True)
        runs.save(found, chosen.record / RUN_FILE)
    if chosen.folder:
        reports.write(report, chosen.folder)
    click.echo(reports.text(report))
    return FAILED if found.ended else CLEAN if report.clean else DIFFERENT


def keep(chosen: Choices, report: Report, found: Run) -> None:
    """Keep the verdicts of a run in the catalogue, those of a recording apart, unless they confirm nothing."""
    if found.ended or (found.kind == "mock" and not chosen.is_archive):
        why = "the run did not come to its end" if found.ended else "another mock confirms nothing"
        click.echo(f"mockspaces: {why}, so no verdict is kept", err=True)
        return
    if chosen.is_archive:
        recorded = playing.origin(chosen.target)
        told = learning.shown(report, found, recorded.host, recorded.day)
        count = traffic.keep(told, verdicts.path(verdicts.TRAFFIC_FILE))
    else:
        count = learning.keep(report, verdicts.path())
    click.echo(f"{count} verdicts kept")


def refuse_mocks(chosen: Choices) -> None:
    """Refuse to keep what a recording shows that may be one of a mock. Raises `SuiteError`, `ArchiveError`."""
    host = playing.origin(chosen.target).host
    if host not in {*hosts.NAMES, *(part.lower() for one in chosen.named for part in one.split(","))}:
        raise SuiteError(f"{host} may be a mock, which confirms nothing; --hosts says that it is the service")


def explain(chosen: Choices, results: Path) -> None:
    """Print what a profile can confirm, and which credential would unlock what."""
    mock = _run(chosen.against, results, chosen.options("--explain", chosen.profile))
    wanted = [name for name, one in catalogue().items() if one.kind == "behaviour"]
    found = summary.reach(mock, [name for name in wanted if not chosen.only or name.startswith(chosen.only)])
    for title, names in (("can be confirmed", found.whole), ("in part", found.part), ("not at all", found.none)):
        click.echo(f"{title} ({len(names)}): {', '.join(names)}\n")
    click.echo("what is lacking, with the statements that it alone would unlock and the claims that need it:")
    for what, statements, claims in found.lacking:
        click.echo(f"{statements:6} {claims:6}  {what}")


def list_requests(chosen: Choices, results: Path) -> None:
    """Print every request that the tests would send, as they did to a mock in the place of the target."""
    target = chosen.target
    own = chosen.options("--target", chosen.profile, "--rehearse")
    found = _run(f"rehearsal of {target.stem}", results, own)
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
