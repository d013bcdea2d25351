"""Whether an exchange is one with the service, and which row it is a call of.

The vendor's hosts are known by name, in any edition. Another host counts where it is named, and where it can only be a
mock or a proxy beside whoever recorded: this machine, a name without a dot, an address. What other people's hosts were
asked is nobody's business here.
"""

from collections.abc import Iterable, Mapping
from ipaddress import ip_address
from typing import Literal, NamedTuple
from urllib.parse import parse_qsl, unquote, urlsplit

from mockspaces.asgi.routing import MethodNotAllowed, Router
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import Contract, events, hosts
from mockspaces.contract.rows import Endpoint
from mockspaces.contract.web import ROWS as WEB

Side = Literal["accounts", "rest", "storage", "web", "socket"]
MOCK = "/_mock"  # the control API of a mock, which no service has
WORLD = "/w/"
# What begins so is of this surface, wherever everything is on one origin; the same order as in `app`.
PREFIXES: tuple[tuple[str, Side], ...] = (
    ("/api/1.0/", "accounts"),
    ("/oauth2/", "accounts"),
    ("/account/", "accounts"),
    ("/norevimages/", "accounts"),
    ("/storage/", "storage"),
    (f"{events.ENGINE_PATH}/", "socket"),
    ("/api/", "rest"),
    ("/health", "rest"),
    ("/", "web"),
)


class Place(NamedTuple):
    """Where a request went: the surface, the path without what a mock puts before it, and the query."""

    host: str
    side: Side
    path: str
    query: list[tuple[str, str]]


class Call(NamedTuple):
    """What a request was: its row, if there is one, and what its path names; ``allow`` are methods the path has."""

    place: Place
    method: str
    row: Endpoint | None = None
    named: Mapping[str, str] = {}
    allow: str = ""

    @property
    def text(self) -> str:
        """The call without anything that could be somebody's: the path of its row, or none."""
        if self.row is None:
            return f"{self.method if self.method.isalpha() else '?'} of no known path on {self.place.side}"
        return f"{self.method} {self.row.path}"


class Matcher:
    """Finds the rows of requests; ``extra`` are further hosts that are the service, with ``every`` any host is."""

    def __init__(self, contract: Contract, extra: Iterable[str] = (), *, every: bool = False) -> None:
        """Build the table of paths."""
        self._every = every
        self._services = {row.name: row.service for row in hosts.ROWS}
        self._extra = {name.lower().partition(":")[0] for name in extra}
        self._rows = {**contract.endpoints, **{row.id: row for row in WEB}}
        served = [row for row in self._rows.values() if row.emulate and row.surface not in ("control", "realtime")]
        self._routers = {
            side: Router(row for row in served if row.surface == side)
            for side in ("accounts", "rest", "storage", "web")
        }

    def place(self, url: str) -> Place | None:
        """Return where a request of the service went; None for one of somebody else, or of a mock's control API."""
        try:
            parts = urlsplit(url)
            host = (parts.hostname or "").lower()
        except ValueError:
            return None
        service = self._services.get(host)
        if service is None and not self._every and host not in self._extra and not _is_near(host):
            return None
        path = parts.path or "/"
        if service is None and path.startswith(WORLD):
            path = "/" + path.removeprefix(WORLD).partition("/")[2]
        if service is None and (path == MOCK or path.startswith(f"{MOCK}/")):
            return None
        side = _side(path)
        if side == "web" and not self._every and not self._is_link(path):
            return None  # the web app itself
        return Place(host, side, path, parse_qsl(parts.query, keep_blank_values=True))

    def call(self, method: str, place: Place) -> Call:
        """Return which call a request is."""
        if place.side == "socket":
            return Call(place, method, events.CONNECT)
        encoded = place.path.replace("%2F", "\0").replace("%2f", "\0")
        path = unquote(encoded).replace("\0", "%2F")
        router = self._routers[place.side]
        for one in (path, path.rstrip("/")):
            try:
                name, named = router.find(method, one)
            except MethodNotAllowed as refused:
                return Call(place, method, allow=refused.allow)
            except Rejection:
                continue
            row = self._rows[name]
            if any(_other_word(row, key, value) for key, value in named.items()):
                return Call(place, method)
            return Call(place, method, row, named)
        return Call(place, method)

    def _is_link(self, path: str) -> bool:
        try:
            self._routers["web"].find("GET", path)
        except Rejection:
            return False
        return True


def _side(path: str) -> Side:
    for prefix, side in PREFIXES:
        if path.startswith(prefix) or f"{path}/" == prefix:
            return side
    return "web"


def _is_near(host: str) -> bool:
    """Whether a name can only be of a machine close by."""
    try:
        return ip_address(host).is_private
    except ValueError:
        return "." not in host or host.endswith(".localhost")


def _other_word(row: Endpoint, parameter: str, value: str) -> bool:
    words = row.words.get(parameter)
    if not words:
        return False
    return value.lower() not in {word.lower() for word in words} if row.words_in_any_case else value not in words
