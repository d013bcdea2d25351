"""What a world was asked, what it answered, and why it refused."""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Unpack
from urllib.parse import urlencode

from mockspaces.client.connection import Control
from mockspaces.client.named import Filters, given, named
from mockspaces.client.things import JournalEntry, entry
from mockspaces.client.waiting import in_thread, refuse_in_loop

NEAR_SHOWN = 3  # values that a near miss names
NEAR_ENTRIES = 1000  # newest entries that are looked at for near misses: a journal may hold 16 MB


class IncompleteError(Exception):
    """The journal could not keep everything, so what it was asked cannot be told from it."""


class Journal:
    """What the world was asked, what it answered, and why it refused.

    Filters are route (``GET /users/me``), surface, method, path (or its beginning, or a pattern with ``*``), endpoint,
    event, caller (``ann@example.com``, ``svc *``), status (a number or ``"4xx"``), code, refused, trace, since (a time
    of the world) and after (an id). A word that no entry can have is refused with the nearest one.
    """

    def __init__(self, control: Control) -> None:
        self._control = control

    @named(Filters)
    def find(self, *, limit: int | None = None, **filters: Unpack[Filters]) -> list[JournalEntry]:
        """Return the entries that fit, oldest first; with ``limit`` the newest of them."""
        return [entry(item) for item in self._ask(limit=limit, **filters)["entries"]]

    @named(Filters)
    def count(self, **filters: Unpack[Filters]) -> int:
        """Return how many entries fit. Raises `IncompleteError` if older ones were dropped, rather than lie."""
        return len(self.complete(**filters))

    @named(Filters)
    def complete(self, **filters: Unpack[Filters]) -> list[JournalEntry]:
        """Return all entries that fit, oldest first. Raises `IncompleteError` if older ones were dropped."""
        answer = self._ask(**filters)
        if answer["dropped"]:
            raise IncompleteError(f"the journal has dropped {answer['dropped']} older entries; clear it in between")
        return [entry(item) for item in answer["entries"]]

    @named(Filters)
    def last(self, **filters: Unpack[Filters]) -> JournalEntry:
        """Return the newest entry that fits. Raises `LookupError` if there is none, and tells what came near."""
        found = self.find(limit=1, **filters)
        if not found:
            raise LookupError(f"no journal entry with {described(filters)}{self.nearly(filters)}")
        return found[-1]

    @named(Filters)
    def wait(self, count: int = 1, *, timeout: float = 5, **filters: Unpack[Filters]) -> list[JournalEntry]:
        """Return the entries that fit as soon as there are ``count``. Raises `TimeoutError` otherwise."""
        refuse_in_loop("journal.wait")
        body = {"filter": given(filters), "count": count, "timeout": timeout}
        answer = self._control.call("POST", "/journal/wait", body)
        found = [entry(item) for item in answer["entries"]]
        if not answer["complete"]:
            near = self.nearly(filters)
            raise TimeoutError(f"{len(found)} of {count} entries came within {timeout} s: {described(filters)}{near}")
        return found

    @named(Filters)
    def har(self, *, limit: int | None = None, **filters: Unpack[Filters]) -> dict[str, Any]:
        """Return the entries that fit as HTTP Archive 1.2, socket frames included, for browsers and editors."""
        archive: dict[str, Any] = self._ask(format="har", limit=limit, **filters)
        return archive

    def nearly(self, filters: Mapping[str, Any]) -> str:
        """Return in words which entries fit all filters but one, or what was asked at all; "" if nothing was."""
        wanted = given(filters)
        lines = [self._but_for(name, wanted) for name in wanted if name not in ("after", "trace", "since")]
        lines = [line for line in lines if line]
        if not lines and (asked := self._found({})):
            lines = [f"{_many(len(asked), 'entry', 'entries')} at all: {_counted(asked, _what)}"]
        return "".join(f"\n  near: {line}" for line in lines)

    def _but_for(self, name: str, wanted: Mapping[str, Any]) -> str:
        others = {other: value for other, value in wanted.items() if other != name}
        if not others:
            return ""
        found = self._found(others)
        if not found:
            return ""
        looks: dict[str, Callable[[JournalEntry], str]] = {"route": _what, "endpoint": _what, "path": _what}
        look = looks.get(name, lambda one: str(getattr(one, name)))
        if name in ("status", "code", "refused"):
            look = _outcome
        fitting = _many(len(found), "entry fits", "entries fit")
        return f"{fitting} but for {name}={wanted[name]!r}: {_counted(found, look)}"

    def _found(self, wanted: Mapping[str, Any]) -> list[JournalEntry]:
        return [entry(item) for item in self._ask(limit=NEAR_ENTRIES, **wanted)["entries"]]

    def _ask(self, **wanted: Any) -> Any:
        query = {name: json.dumps(value) if value in (True, False) else value for name, value in given(wanted).items()}
        return self._control.call("GET", f"/journal?{urlencode(query)}")

    def clear(self) -> None:
        """Forget all entries."""
        self._control.call("DELETE", "/journal")

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(self.find())


class AioJournal:
    """The journal's waiting call for a running event loop."""

    def __init__(self, control: Control) -> None:
        self._control = control

    @named(Filters)
    async def wait(self, count: int = 1, *, timeout: float = 5, **filters: Unpack[Filters]) -> list[JournalEntry]:  # noqa: ASYNC109 - the server keeps it
        """Return the entries that fit as soon as there are ``count``. Raises `TimeoutError` otherwise."""
        return await in_thread(lambda: self._wait(count, timeout, filters))

    def _wait(self, count: int, timeout: float, filters: Filters) -> list[JournalEntry]:
        with self._control.clone() as own:  # a connection of its own: the loop goes on using the other one
            return Journal(own).wait(count, timeout=timeout, **filters)


def described(filters: Mapping[str, Any]) -> str:
    """Return filters in words."""
    return ", ".join(f"{name}={value!r}" for name, value in given(filters).items()) or "no filter"


def line(one: JournalEntry) -> str:
    """Return an entry on one line: outcome, what was asked, by whom, and why it was refused."""
    parts = (str(one.status or one.method), _what(one), one.caller, one.code, one.why)
    return "  ".join(filter(None, parts))


def _what(one: JournalEntry) -> str:
    return one.event or f"{one.method} {one.path}"


def _outcome(one: JournalEntry) -> str:
    return " ".join(filter(None, (str(one.status or ""), one.code))) or "not refused"


def _many(count: int, one: str, more: str) -> str:
    return f"{count} {one if count == 1 else more}"


def _counted(found: list[JournalEntry], look: Callable[[JournalEntry], str]) -> str:
    """Return the most frequent looks of some entries with how many have them."""
    counts = Counter(map(look, found)).most_common()
    shown = [f"{value} ({times})" for value, times in counts[:NEAR_SHOWN]]
    return ", ".join([*shown, *(["..."] if len(counts) > NEAR_SHOWN else [])])
