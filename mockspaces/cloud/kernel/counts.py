"""How often what happened in a world, for whoever watches a mock from outside.

Every call pays for the counting, so it is one look-up under what the journal has noted anyway. Names that clients make
up must not become keys, or a client could fill the memory: what is no name of ours is counted under one that all share.
"""

from collections import Counter
from typing import TYPE_CHECKING

from mockspaces.contract.events import CLIENT_EVENTS, CONNECT_EVENT, DISCONNECT_EVENT, SERVER_EVENTS

if TYPE_CHECKING:
    from mockspaces.cloud.kernel.journal import Entry

Key = tuple[str | None, str | None, int, str | None]  # endpoint, event of a socket, status, code of a refusal

OTHER = "other"
MOST = 5_000  # keys: planned faults can make up statuses
KNOWN = frozenset((*CLIENT_EVENTS, *SERVER_EVENTS, CONNECT_EVENT, DISCONNECT_EVENT, None))


class Counts:
    """What is counted of a world as long as it is open; a reset undoes nothing that has happened."""

    def __init__(self) -> None:
        """Begin with nothing."""
        self.sockets: Counter[int] = Counter()  # open ones, by the version of their Engine.IO
        self._cells: dict[Key, list[int]] = {}  # a list is added to in place, which saves the second look-up

    def add(self, entry: "Entry") -> None:
        """Count a call, or an event once for each socket that it came from or went to."""
        event = entry.event
        try:
            cell = self._cells[entry.endpoint, event, entry.status, entry.code]
        except KeyError:
            cell = self._cell((entry.endpoint, event if event in KNOWN else OTHER, entry.status, entry.code))
        cell[0] += 1 if event is None else len(entry.connections)

    def _cell(self, key: Key) -> list[int]:
        if len(self._cells) >= MOST and key not in self._cells:
            key = (OTHER, None, 0, None) if key[1] is None else (None, OTHER, 0, None)
        return self._cells.setdefault(key, [0])

    def entries(self) -> list[tuple[Key, int]]:
        """Return how often there was what."""
        return [(key, cell[0]) for key, cell in self._cells.items()]
