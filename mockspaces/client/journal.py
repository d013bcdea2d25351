"""What a world was asked, what it answered, and why it refused."""

from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlencode

from mockspaces.client.connection import Control
from mockspaces.client.things import JournalEntry, entry
from mockspaces.client.waiting import in_thread, refuse_in_loop


class IncompleteError(Exception):
    """The journal could not keep everything, so what it was asked cannot be told from it."""


class Journal:
    """What the world was asked, what it answered, and why it refused."""

    def __init__(self, control: Control) -> None:
        self._control = control

    def find(self, **filters: Any) -> list[JournalEntry]:
        """Return entries, oldest first.

        Filters are surface, method, path (or its beginning), endpoint, status, caller, event, after (an id), limit.
        """
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        return [entry(item) for item in self._control.call("GET", f"/journal?{query}")["entries"]]

    def count(self, **filters: Any) -> int:
        """Return how many entries fit. Raises `IncompleteError` if older ones were dropped, rather than lie."""
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        answer = self._control.call("GET", f"/journal?{query}")
        if answer["dropped"]:
            raise IncompleteError(f"the journal has dropped {answer['dropped']} older entries; clear it in between")
        return len(answer["entries"])

    def last(self, **filters: Any) -> JournalEntry:
        """Return the newest entry that fits. Raises `LookupError` if there is none."""
        found = self.find(**filters, limit=1)
        if not found:
            wanted = ", ".join(f"{name}={value!r}" for name, value in filters.items())
            raise LookupError(f"no journal entry with {wanted}")
        return found[-1]

    def wait(self, count: int = 1, *, timeout: float = 5, **filters: Any) -> list[JournalEntry]:
        """Return the entries that fit as soon as there are ``count``. Raises `TimeoutError` otherwise."""
        refuse_in_loop("journal.wait")
        body = {"filter": filters, "count": count, "timeout": timeout}
        answer = self._control.call("POST", "/journal/wait", body)
        found = [entry(item) for item in answer["entries"]]
        if not answer["complete"]:
            raise TimeoutError(f"{len(found)} of {count} entries came within {timeout} s: {filters}")
        return found

    def clear(self) -> None:
        """Forget all entries."""
        self._control.call("DELETE", "/journal")

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(self.find())


class AioJournal:
    """The journal's waiting call for a running event loop."""

    def __init__(self, control: Control) -> None:
        self._control = control

    async def wait(self, count: int = 1, *, timeout: float = 5, **filters: Any) -> list[JournalEntry]:  # noqa: ASYNC109 - the server keeps it
        """Return the entries that fit as soon as there are ``count``. Raises `TimeoutError` otherwise."""
        return await in_thread(lambda: self._wait(count, timeout, filters))

    def _wait(self, count: int, timeout: float, filters: Mapping[str, Any]) -> list[JournalEntry]:
        with self._control.clone() as own:  # a connection of its own: the loop goes on using the other one
            return Journal(own).wait(count, timeout=timeout, **filters)
