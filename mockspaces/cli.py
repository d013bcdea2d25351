"""The command line: serve, key, jwt, health, and commands that are loaded when they are wanted."""

import gc
import json
import os
import re
import signal
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, cast

try:
    import click
except ImportError:  # the control client alone needs no package, the command line does
    sys.exit(
        "the command line needs the extra server: install it from where mockspaces came from, "
        'as in pip install "./mockspaces[server]"'
    )

from mockspaces import __version__, logs
from mockspaces.config import DEFAULT_HOST, DEFAULT_PORT, DEFAULT_TLS_PORT, url_of
from mockspaces.contract.hosts import DEPLOYMENTS
from mockspaces.contract.settings import Settings

if TYPE_CHECKING:
    from mockspaces.client import Scope

PREFIX = "MOCKSPACES"
AUDIENCE = Settings().rest_service_audiences[0]
# Commands that are loaded when they are wanted, since no other needs what they need.
LATE = {
    "check": "mockspaces.traffic.command:command",
    "journal": "mockspaces.onlooking:journal",
    "open": "mockspaces.onlooking:open_page",
    "token": "mockspaces.onlooking:token",
    "verify": "mockspaces.verification.command:command",
}
PRIVATE_FILE = 0o600
FOLDER = click.Path(exists=True, file_okay=False, writable=True, path_type=Path)  # asked before anything is made for it
HEALTH_TIMEOUT_S = 5
OF_OUR_TESTS = f"{PREFIX}_REQUIRE_TOOLS"
# What Kubernetes and linked containers tell about a service that happens to be called mockspaces.
SERVICE_LINK = re.compile(rf"{PREFIX}_(NAME|ENV_.*|SERVICE_HOST|SERVICE_PORT(_.*)?|PORT_\d+_(TCP|UDP)(_.*)?)")
PORT = click.IntRange(0, 65535)


def fail(message: str) -> NoReturn:
    """End with one clear line on standard error and exit code 2."""
    click.echo(f"mockspaces: {message}", err=True)
    sys.exit(2)


class Main(click.Group):
    """The command line; a slip in it is told in one line, like every other failure."""

    def main(self, *args: Any, **extra: Any) -> Any:
        try:
            return super().main(*args, **{**extra, "standalone_mode": False})
        except click.ClickException as error:
            fail(f"{error.format_message()} See mockspaces --help.")
        except click.Abort:
            sys.exit(130)  # as a shell says of SIGINT

    def list_commands(self, context: click.Context) -> list[str]:
        """Name every command, also that which is not loaded yet."""
        return sorted([*super().list_commands(context), *LATE])

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        """Return a command, which may have to be loaded first."""
        if name not in LATE:
            return super().get_command(context, name)
        module, _, function = LATE[name].partition(":")
        command: click.Command = getattr(import_module(module), function)
        return command


def empty_cloud() -> Any:
    """Return an emulated cloud with nobody in it, for a command that plays something to it."""
    from mockspaces.app import create_app
    from mockspaces.config import Config

    return create_app(Config(seed="empty"))


@click.group(
    cls=Main,
    invoke_without_command=True,
    context_settings={"auto_envvar_prefix": PREFIX, "help_option_names": ["-h", "--help"]},
)
@click.version_option(__version__, prog_name="mockspaces")
@click.pass_context
def main(context: click.Context) -> None:
    """A test double of the Avaya Spaces cloud, in memory."""
    context.obj = empty_cloud
    if context.invoked_subcommand is None:
        click.echo(context.get_help())


@main.command()
@click.option(
    "--host",
    envvar=f"{PREFIX}_HOST",
    default=DEFAULT_HOST,
    show_default=True,
    help="The address to listen at; 0.0.0.0 is all of them.",
)
@click.option(
    "--port",
    envvar=f"{PREFIX}_PORT",
    type=PORT,
    default=DEFAULT_PORT,
    show_default=True,
    help="The port to listen at; 0 takes a free one.",
)
@click.option(
    "--seed",
    envvar=f"{PREFIX}_SEED",
    default="demo",
    show_default=True,
    help="What worlds begin with: demo, empty, or a file.",
)
@click.option("--overlay", envvar=f"{PREFIX}_OVERLAY", help="A JSON file that replaces facts of the contract.")
@click.option(
    "--set",
    "settings",
    envvar=f"{PREFIX}_SET",
    multiple=True,
    metavar="NAME=JSON",
    help="A setting of the world; may be repeated.",
)
@click.option(
    "--random-seed", envvar=f"{PREFIX}_RANDOM_SEED", help="Any text; the same one makes the same ids and tokens."
)
@click.option("--control-token", envvar=f"{PREFIX}_CONTROL_TOKEN", help="A secret that every control call must bring.")
@click.option("--world-ports", envvar=f"{PREFIX}_WORLD_PORTS", metavar="8081-8096", help="Ports for further worlds.")
@click.option(
    "--max-worlds",
    envvar=f"{PREFIX}_MAX_WORLDS",
    type=click.IntRange(1),
    default=1000,
    show_default=True,
    help="How many worlds there may be at once.",
)
@click.option("--public-url", envvar=f"{PREFIX}_PUBLIC_URL", help="The URL by which clients reach the mock.")
@click.option(
    "--vendor-hosts",
    envvar=f"{PREFIX}_VENDOR_HOSTS",
    type=click.Choice(DEPLOYMENTS),
    help="Hand out the vendor's own host names, for clients that reach the mock by them.",
)
@click.option("--tls", envvar=f"{PREFIX}_TLS", is_flag=True, help="Serve HTTPS too, with a throw-away CA.")
@click.option(
    "--tls-port",
    envvar=f"{PREFIX}_TLS_PORT",
    type=PORT,
    default=DEFAULT_TLS_PORT,
    show_default=True,
    help="The port of HTTPS.",
)
@click.option(
    "--ca-file", envvar=f"{PREFIX}_CA_FILE", help="A file to write the throw-away CA to; it is at /_mock/ca.pem too."
)
@click.option("--tls-cert", envvar=f"{PREFIX}_TLS_CERT", help="A certificate chain of your own, in PEM.")
@click.option("--tls-key", envvar=f"{PREFIX}_TLS_KEY", help="Its key, if that is not in the same file.")
@click.option(
    "--log",
    envvar=f"{PREFIX}_LOG",
    default="none",
    show_default=True,
    metavar="URL",
    help="What keeps all worlds beyond the end of the process: sqlite:///PATH, an absolute path, or redis://HOST:PORT/0.",
)
@click.option(
    "--log-prefix",
    envvar=f"{PREFIX}_LOG_PREFIX",
    default="mockspaces",
    show_default=True,
    help="What the names of all keys in Redis begin with.",
)
@click.option(
    "--log-password",
    envvar=f"{PREFIX}_LOG_PASSWORD",
    help="The password of Redis; in the environment others do not see it.",
)
@click.option(
    "--log-volatile",
    envvar=f"{PREFIX}_LOG_VOLATILE",
    is_flag=True,
    help="Use a Redis that may lose the log: without append-only file, or one that evicts keys.",
)
@click.option(
    "--workers",
    envvar=f"{PREFIX}_WORKERS",
    type=click.IntRange(1),
    default=1,
    show_default=True,
    help="How many processes serve, which share the port and the log; more than one need --log redis://...",
)
@click.option("--record", envvar=f"{PREFIX}_RECORD", help="An HTTP archive to write every exchange to.")
@click.option(
    "--record-control",
    envvar=f"{PREFIX}_RECORD_CONTROL",
    is_flag=True,
    help="Calls of the control API too, for verify --target FILE.",
)
@click.option(
    "--log-level",
    envvar=f"{PREFIX}_LOG_LEVEL",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="warning",
    show_default=True,
    help="How much to log; from info on a line per exchange, with the why of each refusal.",
)
@click.option(
    "--log-format",
    envvar=f"{PREFIX}_LOG_FORMAT",
    type=click.Choice(["lines", "json"]),
    default="lines",
    show_default=True,
    help="How to log: lines for people, json for machines.",
)
def serve(settings: tuple[str, ...], **options: Any) -> None:
    """Run the emulator until SIGINT or SIGTERM; SIGHUP replaces its workers, if it has several.

    Prints one line, "ready URL", on standard output as soon as every surface answers; the https URL comes second.
    A terminal is also told where the page is that shows what happens.
    """
    # Process 1 of a container ignores what it has no handler for, and a stop may come before the server has one.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    gc.disable()  # until `Server` runs: what is loaded stays, and looking for garbage in it took a sixth of the start
    from mockspaces.config import Config
    from mockspaces.server import Listening, Server

    refuse_unknown_variables(os.environ)
    logs.configure(options["log_level"], options["log_format"])
    with failures_told():
        config = Config(settings=dict(map(_setting, settings)), **options)
        listening = Listening(config)

        def work(on_ready: Callable[[], None]) -> None:
            with failures_told():
                Server(config, listening).run(on_ready)

        def say_ready() -> None:
            _say_ready(listening.url, listening.secure_url)

        if config.workers == 1:
            work(say_ready)
        else:
            from mockspaces.server.supervisor import Supervisor

            sys.exit(Supervisor(config.workers, work).run(say_ready))


@contextmanager
def failures_told() -> Iterator[None]:
    """End with one clear line if what a server was given is wrong, or not to be had."""
    import msgspec

    from mockspaces.cloud.kernel.rejection import Rejection

    try:
        yield
    except Rejection as rejection:
        fail(rejection.why)
    except OSError as error:
        fail(f"{error.filename}: {error.strerror}" if error.filename else str(error))
    except (ValueError, msgspec.MsgspecError) as error:
        fail(str(error))


def _say_ready(url: str, secure_url: str | None) -> None:
    """Print the line that programs wait for, and for a person where the page is."""
    click.echo(" ".join(filter(None, ["ready", url, secure_url])))
    if sys.stderr.isatty():
        click.echo(f"What it is asked, and why it refuses, is at {url}/_mock/ui", err=True)


def refuse_unknown_variables(environment: Mapping[str, str]) -> None:
    """End if a variable looks like an option but is none: a misspelt one must not be ignored."""
    from mockspaces.contract import nearest

    ours = (name for name in environment if name.startswith(f"{PREFIX}_") and not SERVICE_LINK.fullmatch(name))
    known = {OF_OUR_TESTS, *variables(main.commands)}
    if unknown := sorted(set(ours) - known):  # only now the others are loaded, which takes time
        context = click.Context(main)
        known |= variables({name: command for name in LATE if (command := main.get_command(context, name))})
        for name in unknown:
            if name not in known:
                fail(f"{name} is no option{nearest(name, sorted(known))}")


def variables(commands: Mapping[str, click.Command]) -> set[str]:
    """Return the variables that options of commands may be given by."""
    options = [(name, option) for name, command in commands.items() for option in command.params]
    return {str(option.envvar or f"{PREFIX}_{name}_{option.name}".upper()) for name, option in options}


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not equals:
        fail(f'--set wants NAME=JSON, not "{text}"')
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


@main.command()
@click.option(
    "--url", default=f"http://{DEFAULT_HOST}:{DEFAULT_PORT}", show_default=True, help="The URL of a running mock."
)
@click.option("--scope", "scopes", multiple=True, help="A scope of the new service app; without any it has all.")
@click.option("--company", help="Its company by name, domain or id; the first one unless given.")
@click.option(
    "--control-token", envvar=f"{PREFIX}_CONTROL_TOKEN", help="The control token of that mock, if it has one."
)
@click.option(
    "--ca-file", type=click.Path(dir_okay=False, path_type=Path), help="The CA of that mock, if its URL is https."
)
@click.option("--out", type=FOLDER, default=Path(), help="The folder to write the file to.")
def key(
    url: str, scopes: tuple[str, ...], company: str | None, control_token: str | None, ca_file: Path | None, out: Path
) -> None:
    """Create a service app in a running mock and write its key file, service-key-<kid>.json."""
    from mockspaces.client import ControlError, Mockspaces

    try:
        with Mockspaces(url, control_token=control_token, ca_file=ca_file) as mock:
            app = mock.service_app(scopes=cast("list[Scope]", list(scopes)) or "all", company=company)
    except (ControlError, OSError, ValueError) as error:
        fail(f"{url}: {error}")
    path = out / f"service-key-{app.key['kid']}.json"
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE)
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        json.dump(app.key, file, indent=2)
    if not company:
        click.echo(f"an app of {app.company}, the first company there; --company names another", err=True)
    click.echo(path)


@main.command(short_help="Sign a service-app JWT with a key file.")
@click.option(
    "--key",
    "path",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="The key file, as the portal or mockspaces key makes it.",
)
@click.option("--audience", default=AUDIENCE, show_default=True, help="The claim aud.")
@click.option(
    "--expires-in", default=600, show_default=True, type=click.IntRange(1, 3600), help="Seconds until it expires."
)
def jwt(path: Path, audience: str, expires_in: int) -> None:
    """Print a service-app JWT signed with a key file; it works against the mock and the real service alike."""
    import jwt as pyjwt

    try:
        material = json.loads(path.read_text(encoding="utf-8"))
        claims = {"iss": material["iss"], "sub": material["sub"], "aud": audience, "exp": int(time.time()) + expires_in}
        click.echo(pyjwt.encode(claims, material["private_key"], "RS256", headers={"kid": material["kid"]}))
    except KeyError as error:
        fail(f"{path}: the key file has no member {error}")
    except OSError as error:
        fail(f"{path}: {error.strerror}")
    except (ValueError, TypeError, pyjwt.PyJWTError) as error:
        fail(f"{path}: no key file: {error}")


@main.command(short_help="Say whether a running mock is up.")
@click.option("--url", help="The URL of the mock; http://$MOCKSPACES_HOST:$MOCKSPACES_PORT unless given.")
def health(url: str | None) -> None:
    """Ask a running mock whether it is up: exit code 0 if so, 1 if not."""
    from mockspaces.client import ControlError, Mockspaces

    host, port = os.environ.get(f"{PREFIX}_HOST", DEFAULT_HOST), os.environ.get(f"{PREFIX}_PORT", DEFAULT_PORT)
    try:
        target = url or url_of(host, int(port))
        mock = Mockspaces(target, timeout=HEALTH_TIMEOUT_S)
    except ValueError as error:
        fail(str(error))
    try:
        with mock:
            click.echo(mock.call("GET", "/health")["status"])
    except (ControlError, OSError) as error:
        click.echo(f"mockspaces: {target} is not healthy: {error}", err=True)
        sys.exit(1)


if __name__ == "__main__":
    main()
