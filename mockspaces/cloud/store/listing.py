"""Lists that are shown page by page: what they hold and in which order, without how they are paged.

How this works. The wire pages in two ways: by position (``page=3&size=20``) and by token ("what follows this
item"). A list offers both, `page` and `near`, and knows nothing of URLs or tokens.

A *place* is where an item stands in its list: rank first, id last. It can be kept and returned to even
when its item has moved or is gone: a page token holds a place, not an item and not a position, so that nobody
sees an item twice or misses one because something was added on an earlier page.

There are three kinds. `Indexed` is a partition of an index: a page costs the same at the beginning and at
the end of a million items. `Whole` is short enough to be held in memory. `Merged` shows several lists of one
order as one: of each it takes as many items as the page could need, and merges those.

A filter that no index answers (``keep``) walks the index in batches and stops as soon as the page is full. It
is handed whole batches, since one question about a hundred items is cheaper than a hundred questions.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Sequence
from heapq import merge
from itertools import islice, takewhile
from typing import Generic, Protocol, TypeVar

from mockspaces.cloud.store.collection import Collection, Entity, Rank

Item = TypeVar("Item", bound=Entity)
BATCH = 128  # entities looked at together while a filter walks an index


Keep = Callable[[Sequence[Item]], Awaitable[Sequence[Item]]]  # what a filter leaves of some items, in their order
Item_co = TypeVar("Item_co", bound=Entity, covariant=True)


class Pages(Protocol[Item_co]):
    """What can be paged by number."""

    async def page(self, *, offset: int, limit: int) -> Sequence[Item_co]:
        """Return ``limit`` items from position ``offset`` on."""


class Listing(Protocol[Item]):
    """An ordered list of entities."""

    async def page(self, *, offset: int, limit: int) -> Sequence[Item]:
        """Return ``limit`` items from position ``offset`` on."""

    async def near(self, place: Rank, *, limit: int, after: bool) -> Sequence[Item]:
        """Return the ``limit`` items next to a place, after or before it, in the list's order."""

    async def find(self, key: str) -> Item | None:
        """Return the item with this id, or None if it is not in the list."""

    def place(self, item: Item) -> Rank:
        """Return where an item stands."""


class Indexed(Generic[Item]):
    """A partition of a collection's index; ``floor`` ends a descending one, ``keep`` filters by walking."""

    def __init__(
        self,
        collection: Collection[Item],
        index: str,
        partition: Hashable,
        *,
        descending: bool = False,
        floor: Rank | None = None,
        keep: Keep[Item] | None = None,
    ) -> None:
        """List a partition: newest first if ``descending``, and then only items whose place reaches ``floor``."""
        self._collection = collection
        self._where = (index, partition)
        self._descending = descending
        self._floor = floor
        self._keep = keep

    def place(self, item: Item) -> Rank:
        """Return where an item stands."""
        return self._collection.place(self._where[0], item)

    async def find(self, key: str) -> Item | None:
        """Return the item with this id, or None if it is not in the list."""
        item = await self._collection.find(*self._where, key)
        if item is None or not self._visible(item):
            return None
        return item if self._keep is None or await self._keep([item]) else None

    def _visible(self, item: Item) -> bool:
        return self._floor is None or self.place(item) >= self._floor

    def _above_floor(self, items: Sequence[Item]) -> Sequence[Item]:
        if not items or self._visible(items[-1]):  # they come in order, so the last one speaks for all
            return items
        return list(takewhile(self._visible, items))

    async def page(self, *, offset: int, limit: int) -> Sequence[Item]:
        """Return ``limit`` items from position ``offset`` on; a filtered list is walked from its beginning."""
        if self._keep is None:
            return self._above_floor(await self._raw(offset, limit))
        return (await self._filtered(self._keep, None, offset + limit, after=True))[offset:]

    async def _raw(self, offset: int, limit: int) -> Sequence[Item]:
        return await self._collection.page(*self._where, offset=offset, limit=limit, descending=self._descending)

    async def near(self, place: Rank, *, limit: int, after: bool) -> Sequence[Item]:
        """Return the ``limit`` items next to a place, after or before it, in the list's order."""
        if self._keep is None:
            return await self._beside(place, limit, after=after)
        return await self._filtered(self._keep, place, limit, after=after)

    async def _beside(self, place: Rank | None, limit: int, *, after: bool) -> Sequence[Item]:
        if place is None:
            return self._above_floor(await self._raw(0, limit))
        found = await self._collection.near(*self._where, place, limit=limit, after=after, descending=self._descending)
        # Before a place some items may lie below the floor, anywhere; after it the first of them ends the list.
        return self._above_floor(found) if after else [item for item in found if self._visible(item)]

    async def _filtered(self, keep: Keep[Item], place: Rank | None, limit: int, *, after: bool) -> Sequence[Item]:
        size = max(limit, BATCH)
        found: list[Item] = []
        while len(found) < limit:
            # A place, not an offset, leads to the next batch: what the filter drops must not be counted.
            batch = await self._beside(place, size, after=after)
            kept = list(await keep(batch))
            found = found + kept if after else kept + found
            if len(batch) < size:  # the partition ends here, or its floor does
                break
            place = self.place(batch[-1] if after else batch[0])
        return found[:limit] if after else found[-limit:]


class Whole(Generic[Item]):
    """A list that is short enough to be held in memory, given in ascending order of its places."""

    def __init__(self, items: Sequence[Item], place: Callable[[Item], Rank], *, descending: bool = False) -> None:
        """List the items, in the given order or turned round."""
        self._items = items[::-1] if descending else items
        self._place = place
        self._descending = descending

    def place(self, item: Item) -> Rank:
        """Return where an item stands."""
        return self._place(item)

    async def find(self, key: str) -> Item | None:
        """Return the item with this id, or None if it is not in the list."""
        return next((item for item in self._items if item.id == key), None)

    async def page(self, *, offset: int, limit: int) -> Sequence[Item]:
        """Return ``limit`` items from position ``offset`` on."""
        return self._items[offset : offset + limit]

    async def near(self, place: Rank, *, limit: int, after: bool) -> Sequence[Item]:
        """Return the ``limit`` items next to a place, after or before it, in the list's order."""
        # "After" follows the list's own order: in a descending list what comes after has a lower place.
        if after != self._descending:
            beside = [item for item in self._items if self._place(item) > place]
        else:
            beside = [item for item in self._items if self._place(item) < place]
        return beside[:limit] if after else beside[-limit:]


class Merged(Generic[Item]):
    """Several lists of one order shown as one; their places must be comparable."""

    def __init__(self, listings: Sequence[Listing[Item]], *, descending: bool = False) -> None:
        """Merge lists that all ascend or, with ``descending``, all descend."""
        self._listings = listings
        self._descending = descending

    def place(self, item: Item) -> Rank:
        """Return where an item stands."""
        return self._listings[0].place(item)

    async def find(self, key: str) -> Item | None:
        """Return the item with this id, or None if it is in none of the lists."""
        for listing in self._listings:
            item = await listing.find(key)
            if item is not None:
                return item
        return None

    async def page(self, *, offset: int, limit: int) -> Sequence[Item]:
        """Return ``limit`` items from position ``offset`` on."""
        # Nobody knows which list the items come from, so each has to give as many as all of them together.
        parts = [await listing.page(offset=0, limit=offset + limit) for listing in self._listings]
        return list(islice(self._merged(parts), offset, offset + limit))

    async def near(self, place: Rank, *, limit: int, after: bool) -> Sequence[Item]:
        """Return the ``limit`` items next to a place, after or before it, in the list's order."""
        parts = [await listing.near(place, limit=limit, after=after) for listing in self._listings]
        together = list(self._merged(parts))
        return together[:limit] if after else together[-limit:]

    def _merged(self, parts: Sequence[Sequence[Item]]) -> Iterable[Item]:
        return merge(*parts, key=self.place, reverse=self._descending)
