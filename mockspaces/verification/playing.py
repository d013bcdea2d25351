"""The contract suite on a recording of its own traffic: a plugin of pytest that answers as the recording does.

What the recording does not hold is not tried, and neither is anything that its test finds afterwards: what was
answered to another request, or at another time, is no evidence. So is what the suite asks of another server.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import jwt
import pytest

from mockspaces.contract import Contract
from mockspaces.server.listening import bind_all
from mockspaces.server.server import UvicornServer, WorldListeners, transport
from mockspaces.server.transport import SocketFaults
from mockspaces.traffic import archives
from mockspaces.traffic.matching import WORLD
from mockspaces.traffic.player import MARK, Player

NONE = "none"
START_LIMIT_S = 60
SILENCE = "no frame came"
BY_HAND = "what was sent by hand on one connection is not told apart in a recording"
# Claims about what no recording holds: which came first, an answer or a frame; how a connection ended; and which of
# many credentials of the same form it was.
UNPLAYED = (
    "the event lies ready at each socket when the answer is here",
    "a text frame that is no UTF-8 ends its connection",
    "it closes the WebSocket cleanly",
    "who answers no ping is closed",
    "no part of it can be cut out or put in",
    "the secret of the client verifies it",
)
Decode = Callable[..., Any]


class Origin(NamedTuple):
    """Host and port of the mock that was recorded, and the day (ISO, UTC)."""

    host: str
    port: int
    day: str


def origin(path: Path) -> Origin:
    """Return what was recorded, and when: where its control API was asked first. Raises `ArchiveError`."""
    for _number, entry in archives.entries(path):
        parts = urlsplit(entry.request.url) if entry else None
        if entry is not None and parts is not None and parts.path.rstrip("/") == "/_mock":
            return Origin(parts.hostname or "", parts.port or 80, entry.started[:10])
    raise archives.ArchiveError(
        f"{path}: nobody has asked the control API of a mock in it; the suite can be played on its own traffic alone, "
        "recorded with --record-control"
    )


def options(path: Path, scratch: Path) -> list[str]:
    """Return how the suite is run on a recording; a profile is written into a folder. Raises `ArchiveError`."""
    host, port, _ = origin(path)
    base = f"http://{host}:{port}"
    profile = scratch / "recording.toml"
    text = f'name = "recording"\nkind = "mock"\ncontrol = "{base}/_mock"\n'
    profile.write_text(text + (f'through = "{base}"\n' if by_prefix(path) else ""))
    return ["-p", __name__, "--recording", str(path.resolve()), "--target", str(profile)]


def by_prefix(path: Path) -> bool:
    """Whether worlds were asked by their prefixes, not on ports of their own."""
    paths = (urlsplit(entry.request.url).path for _number, entry in archives.entries(path) if entry)
    return next((one.startswith(WORLD) for one in paths if "/_mock" not in one), False)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Take the archive."""
    parser.addoption("--recording", type=Path, metavar="FILE", help="Answer as this HTTP archive does.")


def pytest_configure(config: pytest.Config) -> None:
    """Serve the recording where its mock was, and let the suite take nothing else for an answer."""
    path: Path = config.getoption("--recording")
    player = Player(archives.entries(path), Contract.shipped())
    host, port, _ = origin(path)
    config.add_cleanup(serve(player, host, port))
    config.pluginmanager.register(Witness(player), "recording-witness")


def serve(player: Player, host: str, port: int) -> Any:
    """Start a server; return how it is stopped."""
    listeners = bind_all(host, port)
    config = transport(player)
    config.load()
    server = UvicornServer(config)
    player.abort = SocketFaults(server.server_state).abort
    player.ports = server.listeners = WorldListeners(server, host, None)
    ready = threading.Event()
    server.on_ready = ready.set
    thread = threading.Thread(target=server.run, kwargs={"sockets": listeners}, daemon=True)
    thread.start()
    ready.wait(START_LIMIT_S)

    def stop() -> None:
        server.should_exit = True
        thread.join(START_LIMIT_S)
        for one in listeners:
            one.close()

    return stop


def without_signatures(decode: Decode, not_tried: type[Exception]) -> Decode:
    """Return the function that reads JWTs, for a suite that hears those of a recording."""

    def decoded(*arguments: Any, **options: Any) -> Any:
        try:
            return decode(*arguments, **options)
        except jwt.InvalidSignatureError:
            raise not_tried("a recording has no signatures of JWTs") from None

    return decoded


@contextmanager
def numbered(recorder: Any, number: int) -> Iterator[None]:
    """Note with what is heard which entry it is."""
    exchanges = recorder.current.exchanges if recorder.current else []
    before = len(exchanges)
    yield
    for one in exchanges[before:]:
        one["entry"] = number


class Witness:
    """Sees to it that claims rest on the recording alone."""

    def __init__(self, player: Player) -> None:
        """Listen to what the suite hears and finds."""
        from contract_tests.claims import NotTried, book  # noqa: PLC0415 - the suite is found when it is run
        from contract_tests.recording import Recorder  # noqa: PLC0415

        self._player = player
        self._real = time.time
        time.time = lambda: time.monotonic() + player.moved_s if player.moved_s else self._real()
        hear, add, answered = Recorder.response, book.add, book.answered

        def checked(response: Any) -> int:
            told = response.headers.pop(MARK.decode(), NONE)
            if told == NONE:
                raise NotTried(player.diverged or "this was asked of another server than the recorded one")
            return int(told)

        def response(recorder: Any, one: Any) -> None:
            number = checked(one)
            with numbered(recorder, number):
                hear(recorder, one)

        def raw(one: Any, position: int) -> None:
            if one.request.method == "RAW":
                checked(one)
            answered(one, position)

        def added(made: Any) -> None:
            unheard = made.state == "differs" and not made.exchanges
            silent = any(one.note.startswith(SILENCE) for one in made.differences)
            why = player.diverged or (BY_HAND if unheard else player.unended if silent else "")
            if made.text.startswith(UNPLAYED):
                why = "a recording does not hold this"
            if why and made.state != "not tried":
                made.state, made.reason = "not tried", why
            add(made)

        for thing, name, function in (
            (Recorder, "response", response),
            (book, "answered", raw),
            (book, "add", added),
            (jwt, "decode", without_signatures(jwt.decode, NotTried)),
        ):
            setattr(thing, name, function)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self) -> None:
        """Begin a test with a clean slate."""
        self._player.diverged = self._player.unended = ""
