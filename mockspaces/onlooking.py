"""Commands that speak to a running mock: token, journal, open."""

import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import click

from mockspaces.cli import PREFIX, fail
from mockspaces.client import ControlError, JournalEntry, Mockspaces
from mockspaces.client.journal import line
from mockspaces.client.things import entry
from mockspaces.config import DEFAULT_HOST, DEFAULT_PORT
from mockspaces.logs import visible

Command = TypeVar("Command", bound=Callable[..., Any])
SCHEMES = {"oauth": "Bearer", "jwt": "jwt", "sat": "sat"}
OF_APPS = "service_app"
LOOK_S = 2  # how long the server lets a follower wait before the follower asks anew
INTERRUPTED = 130  # as a shell says of SIGINT


@contextmanager
def reached(url: str, control_token: str | None, ca_file: Path | None) -> Iterator[Mockspaces]:
    """Yield the client of a running mock; what goes wrong with it is told in one line."""
    try:
        with Mockspaces(url, control_token=control_token, ca_file=ca_file) as mock:
            yield mock
    except (ControlError, OSError, ValueError) as error:
        fail(f"{url}: {error}")


def of_a_mock(command: Command) -> Command:
    """Add the options by which a running mock is reached."""
    options = (
        click.option("--url", default=f"http://{DEFAULT_HOST}:{DEFAULT_PORT}", show_default=True, help="Its URL."),
        click.option("--control-token", envvar=f"{PREFIX}_CONTROL_TOKEN", help="Its control token, if it has one."),
        click.option("--ca-file", type=click.Path(dir_okay=False, path_type=Path), help="Its CA, if its URL is https."),
    )
    for option in reversed(options):
        command = option(command)
    return command


@click.command(short_help="Print a credential of a person or app.")
@click.argument("who")
@click.option("--kind", type=click.Choice(list(SCHEMES)), default="oauth", show_default=True, help="What to get.")
@click.option("--space", help="The space of a space access token (sat), by its id.")
@click.option("--expires-in", type=int, help="Seconds until it expires; below zero it has.")
@click.option("--header", is_flag=True, help="Print the whole header line, as curl -H takes it.")
@of_a_mock
def token(
    *,
    who: str,
    kind: Literal["oauth", "jwt", "sat"],
    space: str | None,
    expires_in: int | None,
    header: bool,
    url: str,
    control_token: str | None,
    ca_file: Path | None,
) -> None:
    """Print a credential of a running mock.

    WHO is a user name, for an access token (or as --kind says), or the iss of a service app, for a JWT that it signs.
    """
    with reached(url, control_token, ca_file) as mock:
        if "@" in who:
            scheme = SCHEMES[kind]
            credential = mock.token(who, kind=kind, space_id=space, expires_in=expires_in)
        else:
            scheme, body = OF_APPS, {} if expires_in is None else {"expires_in": expires_in}
            credential = mock.call("POST", f"/service-apps/{quote(who, safe='')}/jwt", body)["token"]
    click.echo(f"Authorization: {scheme} {credential}" if header else credential)


@click.command(short_help="Show exchanges, and why they were refused.")
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.option("--refused", is_flag=True, help="Show refusals only.")
@click.option("-n", "--limit", type=click.IntRange(0), default=20, show_default=True, help="How many to begin with.")
@of_a_mock
def journal(
    *, follow: bool, refused: bool, limit: int, url: str, control_token: str | None, ca_file: Path | None
) -> None:
    """Show what a running mock was asked, a line per exchange, and why it refused.

    The newest come last. Colours are for terminals, unless NO_COLOR is set.
    """
    wanted = {"refused": True} if refused else {}
    with reached(url, control_token, ca_file) as mock:
        newest = latest(mock)
        for one in mock.journal.find(limit=limit, refused=refused or None) if limit else ():
            show(one)
            newest = max(newest, one.id)
        while follow:
            try:
                newest = followed(mock, newest, wanted)
            except KeyboardInterrupt:
                sys.exit(INTERRUPTED)


def followed(mock: Mockspaces, newest: int, wanted: Mapping[str, Any]) -> int:
    """Show what comes after an entry, or wait for it a while; return which entry is the newest now."""
    body = {"filter": {**wanted, "after": newest}, "count": 1, "timeout": LOOK_S}
    came = [entry(item) for item in mock.call("POST", "/journal/wait", body)["entries"]]
    for one in came:
        show(one)
    # A journal that was cleared counts from the beginning again.
    return came[-1].id if came else min(newest, latest(mock))


def latest(mock: Mockspaces) -> int:
    """Return which entry is the newest; 0 if there is none."""
    return max((one.id for one in mock.journal.find(limit=1)), default=0)


def show(one: JournalEntry) -> None:
    """Print an entry as one line; what clients sent cannot begin a new one, nor speak to the terminal."""
    clock = datetime.fromisoformat(one.time).strftime("%H:%M:%S")
    colour = "red" if one.refused else "green" if one.status in range(200, 400) or not one.status else "yellow"
    text = click.style(visible(line(one)), fg=colour)
    click.echo(f"{clock}  {text}", color=False if os.environ.get("NO_COLOR") else None)


@click.command("open", short_help="Open the page of a running mock.")
@of_a_mock
def open_page(*, url: str, control_token: str | None, ca_file: Path | None) -> None:
    """Open the page of a running mock in a browser, and print where it is."""
    with reached(url, control_token, ca_file) as mock:
        mock.call("GET", "/health")
        page = f"{mock.url}/_mock/ui"
    click.echo(page)
    click.launch(page)
