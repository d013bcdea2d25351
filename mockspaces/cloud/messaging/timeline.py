"""The messages of a space, newest first, as the filters of MSG-QUERY narrow them."""

from collections.abc import Iterator, Sequence
from itertools import islice

import msgspec

from mockspaces.cloud.kernel.escaping import escape
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.collection import Rank
from mockspaces.cloud.store.entities import Category, Message
from mockspaces.cloud.store.state import Facet

CATEGORIES: tuple[Category, ...] = ("chat", "idea", "task", "meeting")
INDEX = "facet"


class Filter(msgspec.Struct, frozen=True, kw_only=True):
    """What MSG-QUERY can ask for: times in milliseconds, ``low`` included and ``high`` not."""

    low: int = 0
    high: int | None = None
    category: Category | None = None
    parent: Category | None = None
    with_files: bool = False
    chats_without_files: bool = False
    words: str = ""


class Timeline:
    """A filtered list of messages (a `Listing`).

    Everything but ``words`` is answered by the index, so a selective filter costs no more than any other.
    Words are sought in one pass over what the other filters leave, in linear time, and only until a page is
    full: at worst the messages of one space, once.
    """

    def __init__(self, world: World, space_id: str, wanted: Filter) -> None:
        """List the messages of a space."""
        self._messages = world.state.messages
        self._facets = facets(space_id, wanted)
        self._low: Rank = (wanted.low,)
        self._high: Rank | None = None if wanted.high is None else (wanted.high,)
        words, escapes = wanted.words, world.contract.spaces.escapes
        self._words = {words.casefold(), escape(words, escapes).casefold()} if words else set()

    def place(self, item: Message) -> Rank:
        """Return where a message stands."""
        return self._messages.place(INDEX, item)

    async def find(self, key: str) -> Message | None:
        """Return the message with this id, or None if it is not in the list."""
        for facet in self._facets:
            message = await self._messages.find(INDEX, facet, key)
            if message is not None:
                place = self.place(message)
                within = place >= self._low and (self._high is None or place < self._high)
                return message if within and self._keeps(message) else None
        return None

    def _keeps(self, message: Message) -> bool:
        texts = (message.text.casefold(), (message.description or "").casefold())
        return not self._words or any(words in text for words in self._words for text in texts)

    async def page(self, *, offset: int, limit: int) -> Sequence[Message]:
        """Return ``limit`` messages from position ``offset`` on."""
        return list(islice(await self._walk(self._low, self._high, descending=True), offset, offset + limit))

    async def near(self, place: Rank, *, limit: int, after: bool) -> Sequence[Message]:
        """Return the ``limit`` messages next to a place: older ones come after it, newer ones before."""
        if after:
            high = place if self._high is None else min(place, self._high)
            return list(islice(await self._walk(self._low, high, descending=True), limit))
        newer = await self._walk(place, self._high, descending=False)
        return list(islice((one for one in newer if self.place(one) > place), limit))[::-1]

    async def _walk(self, low: Rank, high: Rank | None, *, descending: bool) -> Iterator[Message]:
        found = await self._messages.between(INDEX, self._facets, low=low, high=high, descending=descending)
        return filter(self._keeps, found) if self._words else found


def facets(space_id: str, wanted: Filter) -> list[Facet]:
    """Return the partitions of the index that a filter leaves."""
    categories = CATEGORIES if wanted.category is None else (wanted.category,)
    if wanted.parent or wanted.chats_without_files:
        categories = tuple(name for name in categories if name == "chat")
    files = [
        filed
        for filed in (False, True)
        if (filed or not wanted.with_files) and not (filed and wanted.chats_without_files)
    ]
    return [(space_id, category, wanted.parent, filed) for category in categories for filed in files]
