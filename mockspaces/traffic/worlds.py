"""Which world of a mock an entry is of, by the calls of its control API that are in the same recording."""

from urllib.parse import SplitResult, urlsplit

import msgspec

from mockspaces.traffic.archives import Entry, answered
from mockspaces.traffic.matching import MOCK, WORLD

OPENING = f"{MOCK}/worlds"
ERRORS = 400
# Calls after which a world does on purpose what no service does, or what one might do that is configured otherwise, or
# at another time.
MISLEADING = {
    ("POST", "faults"),
    ("POST", "misbehaviours"),
    ("PATCH", "settings"),
    ("PATCH", "contract"),
    ("POST", "clock"),
}


class Urls(msgspec.Struct):
    """Where a world is: on its own port, if it has one."""

    port: dict[str, str] | None = None


class Made(msgspec.Struct):
    """A world that was opened, as the control API tells it."""

    name: str
    urls: Urls


class Worlds:
    """The worlds of a recording, while its entries are read in their order."""

    def __init__(self) -> None:
        """Know none."""
        self._at: dict[int, str] = {}
        self._misled: set[str] = set()

    def of(self, entry: Entry) -> str:
        """Return the name of the world that was asked, "" of the first one or of a service."""
        return name_of(entry) or self._at.get(port_of(entry), "")

    def follow(self, entry: Entry) -> None:
        """Take in what a call of the control API has changed."""
        path = parts_of(entry).path
        at = path.find(MOCK)
        if at < 0 or entry.response.status >= ERRORS:
            return
        self._at |= opened(entry)
        if (entry.request.method, path[at + len(MOCK) :].strip("/")) in MISLEADING:
            self._misled.add(self.of(entry))

    def is_misled(self, entry: Entry) -> bool:
        """Whether an entry is of a world that was told to answer otherwise."""
        return bool(self._misled) and self.of(entry) in self._misled


def parts_of(entry: Entry) -> SplitResult:
    """Return the parts of the URL of an entry, none of one that is no URL."""
    try:
        return urlsplit(entry.request.url)
    except ValueError:
        return urlsplit("")


def name_of(entry: Entry) -> str:
    """Return the name of the world that was asked by its prefix, else ""."""
    path = parts_of(entry).path
    return path.removeprefix(WORLD).partition("/")[0] if path.startswith(WORLD) else ""


def port_of(entry: Entry) -> int:
    """Return the port that was asked: of our own recordings that of the server, else that of the URL."""
    if entry.connection.isdecimal():
        return int(entry.connection)
    try:
        return parts_of(entry).port or 0
    except ValueError:
        return 0


def opened(entry: Entry) -> dict[int, str]:
    """Return the port and the name of the world that a call of the control API has opened, if it has."""
    if entry.request.method != "POST" or not parts_of(entry).path.endswith(OPENING):
        return {}
    try:
        made = msgspec.json.decode(answered(entry).body or b"", type=Made)
    except msgspec.DecodeError:
        return {}
    port = urlsplit((made.urls.port or {}).get("api", "")).port
    return {port: made.name} if port else {}
