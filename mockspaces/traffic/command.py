"""mockspaces check: recorded traffic against the contract."""

import asyncio
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import click
import msgspec

from mockspaces.contract import Contract, hosts, verdicts
from mockspaces.traffic import archives, learning, replay, reports
from mockspaces.traffic.archives import ArchiveError, Progress
from mockspaces.traffic.judging import Judge
from mockspaces.traffic.matching import Matcher
from mockspaces.traffic.recording import ArchiveFile
from mockspaces.traffic.redaction import Redactor
from mockspaces.traffic.verdicts import verdicts as verdicts_of

CLEAN, DIFFERENT, FAILED = 0, 1, 2
FILE = click.Path(dir_okay=False, path_type=Path)


def fail(message: str) -> None:
    """End with one clear line on standard error."""
    click.echo(f"mockspaces: {message}", err=True)
    sys.exit(FAILED)


@click.command(short_help="Hold recorded traffic against the contract.")
@click.argument("files", nargs=-1, required=True, type=FILE, metavar="FILE.har ...")
@click.option("--report", "folder", type=click.Path(file_okay=False, path_type=Path), help="Where reports go.")
@click.option("--hosts", "named", multiple=True, metavar="NAME", help="One more host of the service; may be repeated.")
@click.option("--update-catalogue", is_flag=True, help="Keep the verdict of each statement, for the catalogue.")
@click.option("--write-overlay", "learnt", type=FILE, metavar="FILE", help="Write a contract overlay of what differs.")
@click.option("--replay", "replaying", is_flag=True, help="Play all calls to a mock, and compare what it answers.")
@click.option("--redact", is_flag=True, help="Write FILE into a second file, without what is secret or personal.")
@click.pass_obj
def command(
    application: replay.Application | None,
    *,
    files: tuple[Path, ...],
    folder: Path | None,
    named: tuple[str, ...],
    update_catalogue: bool,
    learnt: Path | None,
    replaying: bool,
    redact: bool,
) -> None:
    """Hold HTTP archives (HAR) of the service against the contract; nothing of them leaves this machine.

    Exit code 0: nothing differs. 1: something does. 2: a file could not be read, or has nothing of the service.
    """
    contract = Contract.shipped()
    matcher = Matcher(contract, [part for one in named for part in one.split(",")])
    try:
        if redact:
            redacted(files, Redactor(contract, matcher))
            return
        judge = check(files, Judge(contract, matcher))
        played = played_again(files, application, contract, matcher) if replaying else None
    except ArchiveError as error:
        fail(str(error))
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    findings = judge.findings
    if not findings.hosts:
        fail(f"no entry is one of the service ({findings.counts['entries']} in all); --hosts names further hosts of it")
    shown = verdicts_of(findings)
    if update_catalogue:
        keep(list(findings.hosts), named, judge)
    try:
        if learnt:
            taught = learning.overlay(contract, findings)
            learnt.write_text(json.dumps(taught, indent=1) + "\n", encoding="utf-8")
            click.echo(f"{learnt}: {sum(map(len, taught.values()))} rows")
        if folder:
            reports.write(findings, shown, folder)
        click.echo(reports.text(findings, shown))
        tell(played, folder)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}")
    sys.exit(DIFFERENT if findings.differences or (played and played.unlike) else CLEAN)


def check(files: Sequence[Path], judge: Judge) -> Judge:
    """Judge every entry of some archives. Raises `ArchiveError`."""
    for file in files:
        judge.begin()
        with progress(file) as tell:
            for number, entry in archives.entries(file, tell):
                judge.judge(number, entry)
    return judge


def played_again(
    files: Sequence[Path], application: replay.Application | None, contract: Contract, matcher: Matcher
) -> replay.Replayed:
    """Play the entries of all archives to mocks in this process, which say nothing. Raises `ArchiveError`."""
    if application is None:
        raise click.UsageError("--replay is one of the command mockspaces check")
    numbered = ((number, entry) for file in files for number, entry in archives.entries(file))
    logging.disable(logging.CRITICAL)
    try:
        return asyncio.run(replay.replayed(numbered, application, contract, matcher))
    finally:
        logging.disable(logging.NOTSET)


def tell(played: replay.Replayed | None, folder: Path | None) -> None:
    """Show what came of a replay, if there was one, and write it beside the other reports. Raises `OSError`."""
    if played is None:
        return
    if folder:
        whole = msgspec.json.encode(replay.document(played))
        (folder / "replay.json").write_bytes(msgspec.json.format(whole, indent=1) + b"\n")
        (folder / "replay.md").write_text(replay.markdown(played), encoding="utf-8")
    click.echo("\n".join(replay.lines(played, reports.SHOWN_DIFFERENCES)))
    if not played.counts["calls played"]:
        fail("nothing of it could be played to a mock")


def redacted(files: Sequence[Path], redactor: Redactor) -> None:
    """Write an archive that can be shown. Raises `ArchiveError`."""
    if len(files) != 2:  # noqa: PLR2004 - from and to
        raise click.UsageError("--redact wants two files: the recording, and the one to write")
    source, target = files
    if target.exists() and source.samefile(target):
        raise click.UsageError("--redact does not write a recording over itself")
    written = 0
    left_out = 0
    with progress(source) as tell:
        found = archives.entries(source, tell)
        first = next(found, None)  # what is no archive leaves no file
        out = ArchiveFile(target)
        for _number, entry in filter(None, (first, *found)):
            shown = redactor.entry(entry) if entry else None
            if shown is None:
                left_out += 1
                continue
            out.add(shown)
            written += 1
    click.echo(f"{target}: {written} entries, {left_out} left out")


def keep(seen: Sequence[str], named: Sequence[str], judge: Judge) -> None:
    """Keep the verdicts of a check in the catalogue, if all of it was traffic of the service."""
    if not verdicts.in_checkout():
        fail("--update-catalogue keeps verdicts in a checkout; this package is an installed one")
    own = {part.lower() for one in named for part in one.split(",")}
    others = sorted(set(seen) - own - set(hosts.NAMES))
    if others:
        fail(f"{others[0]} may be a mock, which confirms nothing; --hosts says that it is the service")
    click.echo(f"{learning.keep(verdicts_of(judge.findings), verdicts.path(verdicts.TRAFFIC_FILE))} verdicts kept")


@contextmanager
def progress(file: Path) -> Iterator[Progress]:
    """Show on a terminal how much of a file is read."""
    length = file.stat().st_size
    with click.progressbar(length=length, label=file.name, file=sys.stderr, hidden=not sys.stderr.isatty()) as bar:
        yield lambda position: bar.update(position - bar.pos)
