"""Full-text search in the journal: paths, headers and bodies, as they are shown, so that no secret can be guessed."""

import asyncio
from collections.abc import Sequence
from itertools import chain

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.contract.shapes.control import FoundEntries
from mockspaces.control import disclosure
from mockspaces.control.call import ControlCall, Handlers

MOST_FOUND = 1000
MOST_TEXT = 500  # characters of what is searched for
SLICE_BYTES = 200_000  # that are looked through before others have their turn


def _said(entry: Entry, *, shown: bool) -> str:
    """Return all that an entry says; as it is ``shown``, or faster with its secrets."""
    facts = (entry.method, entry.path, entry.caller, entry.code, entry.endpoint, entry.event, entry.why)
    raw = (entry.target, entry.request, entry.response)
    texts = [one.decode("utf-8", "replace") for one in raw]
    heads = [entry.head.decode("latin-1")]
    if shown:
        texts = [disclosure.text(one) for one in texts]
        lines = [line for message in disclosure.headers(entry) for line in message]
        heads = [f"{name}: {value}" for name, value in lines]
    return "\n".join([*(str(one) for one in facts if one), *texts, *heads]).casefold()


async def found(world: World, text: str, most: int) -> tuple[Sequence[Entry], bool]:
    """Return the newest entries that say all the words of a text, at most ``most``, and whether these are all."""
    words = text.casefold().split()
    entries: list[Entry] = []
    read = 0
    for entry in chain.from_iterable(world.journal.slices()):
        said = _said(entry, shown=False)
        read += len(said)
        if all(word in said for word in words) and _tells(entry, words):
            entries.append(entry)
            read += len(said) * 5  # hiding takes longer than reading
            if len(entries) > most:
                return entries[:most], False
        if read > SLICE_BYTES:
            read = 0
            await asyncio.sleep(0)
    return entries, True


def _tells(entry: Entry, words: Sequence[str]) -> bool:
    said = _said(entry, shown=True)
    return all(word in said for word in words)


async def search(call: ControlCall) -> object:
    """Return the ids of the entries that say all the words of ``text``: in path, headers, bodies, caller or reason."""
    for name in call.query:
        if name != "text":
            raise invalid(name, 'no such parameter; did you mean "text"?')
    text = call.query.get("text", "")
    if not text.strip() or len(text) > MOST_TEXT:
        raise invalid("text", f"expected words, at most {MOST_TEXT} characters")
    entries, complete = await found(call.world, text, MOST_FOUND)
    return FoundEntries(ids=[entry.id for entry in entries], complete=complete)


HANDLERS: Handlers = {
    "CTRL-JOURNAL-SEARCH": Handler(search),
}
