"""What a failing test is told of its world: the newest entries of the journal, and what has not happened yet."""

from collections.abc import Iterator
from itertools import chain

from mockspaces.client.mock import Mockspaces
from mockspaces.client.things import JournalEntry

SHOWN_ENTRIES = 20
SHOWN_BODY = 200
NOTHING = "nothing was asked"
MOST_ENTRIES = 500  # looked at, newest first: a journal may hold 16 MB


def story(world: Mockspaces, after: int | None = None) -> str:
    """Return the newest entries of a world's journal, newest first, refusals before everything else.

    With ``after`` only those that are newer than that entry. A refusal shows the bodies of both sides, but for pages.
    """
    entries = world.journal.find(limit=MOST_ENTRIES, after=after)[::-1]
    refused = [entry for entry in entries if entry.refused]
    others = [entry for entry in entries if not entry.refused]
    chosen = [*refused, *others][:SHOWN_ENTRIES]
    left = len(entries) - len(chosen)
    more = f"... and {left} more{', at least' if len(entries) == MOST_ENTRIES else ''}" if left else ""
    lines = [*chain.from_iterable(map(_lines, chosen)), more] if entries else [NOTHING]
    return "\n".join(filter(None, [*lines, *(f"planned, not happened: {one}" for one in world.never_happened())]))


def _lines(entry: JournalEntry) -> Iterator[str]:
    what = entry.event or f"{entry.method} {entry.path}"
    parts = (str(entry.status or entry.method.lower()), what, entry.caller, entry.code, entry.why)
    yield "  ".join(filter(None, parts))
    if entry.refused:
        yield from (
            f"     {sign} {_short(body)}" for sign, body in ((">", entry.request), ("<", entry.response)) if body
        )


def _short(body: str) -> str:
    text = " ".join(body.split())
    return text if len(text) <= SHOWN_BODY else f"{text[:SHOWN_BODY]}... ({len(text)} characters)"
