"""Collections of entities with declared indexes: every read is a look-up, never a scan.

The interface is async and replaces whole, frozen entities, so that a store outside the process could
take its place without touching a rule.
"""

from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from sortedcontainers import SortedList


class Entity(Protocol):
    """Whatever has an id."""

    @property
    def id(self) -> str:
        """The key of the entity in its collection."""


AnyEntity = TypeVar("AnyEntity", bound=Entity)
Rank = tuple[Any, ...]


class Index(Generic[AnyEntity]):
    """A declared order of some of the entities, in partitions.

    ``partition`` names the partition of an entity, or None to leave it out of the index; ``rank`` gives
    its place there. Ranks of one partition must be comparable; equal ones are told apart by id.
    """

    def __init__(
        self,
        partition: Callable[[AnyEntity], Hashable],
        rank: Callable[[AnyEntity], Rank] = lambda _entity: (),
    ) -> None:
        """Declare the index."""
        self._partition = partition
        self._rank = rank
        self._partitions: dict[Hashable, SortedList[Rank]] = {}

    def entry(self, entity: AnyEntity) -> Rank:
        """Return what the index sorts: rank first, id last."""
        return (*self._rank(entity), entity.id)

    def add(self, entity: AnyEntity) -> None:
        """Take an entity in."""
        name = self._partition(entity)
        if name is not None:
            entries = self._partitions.get(name)
            if entries is None:
                entries = self._partitions[name] = SortedList()
            entries.add(self.entry(entity))

    def discard(self, entity: AnyEntity) -> None:
        """Take an entity out; an empty partition goes too."""
        name = self._partition(entity)
        if name is None:
            return
        entries = self._partitions[name]
        entries.remove(self.entry(entity))
        if not entries:
            del self._partitions[name]

    def same_place(self, old: AnyEntity, new: AnyEntity) -> bool:
        """Whether a change leaves the index as it is."""
        return self._partition(old) == self._partition(new) and self._rank(old) == self._rank(new)

    def holds(self, partition: Hashable, entity: AnyEntity) -> bool:
        """Whether an entity belongs into a partition."""
        return self._partition(entity) == partition

    def entries(self, partition: Hashable) -> "SortedList[Rank]":
        """Return the sorted entries of one partition."""
        return self._partitions.get(partition) or SortedList()


class ManyIndex(Index[AnyEntity]):
    """An index that holds an entity in several partitions at once."""

    def __init__(
        self, partitions: Callable[[AnyEntity], Iterable[Hashable]], rank: Callable[[AnyEntity], Rank]
    ) -> None:
        """Declare the index; ``partitions`` names all partitions of an entity."""
        super().__init__(lambda entity: tuple(dict.fromkeys(partitions(entity))), rank)

    def _names(self, entity: AnyEntity) -> tuple[Hashable, ...]:
        names = self._partition(entity)
        return names if isinstance(names, tuple) else ()

    def add(self, entity: AnyEntity) -> None:
        """Take an entity in."""
        for name in self._names(entity):
            self._partitions.setdefault(name, SortedList()).add(self.entry(entity))

    def discard(self, entity: AnyEntity) -> None:
        """Take an entity out; empty partitions go too."""
        for name in self._names(entity):
            self._partitions[name].remove(self.entry(entity))
            if not self._partitions[name]:
                del self._partitions[name]

    def holds(self, partition: Hashable, entity: AnyEntity) -> bool:
        """Whether an entity belongs into a partition."""
        return partition in self._names(entity)


class Collection(Generic[AnyEntity]):
    """All entities of one type, by id and by its declared indexes."""

    def __init__(
        self,
        indexes: dict[str, Index[AnyEntity]] | None = None,
        checkpoint: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        """Make an empty collection; ``checkpoint`` is awaited in every call (tests shake interleavings out)."""
        self._entities: dict[str, AnyEntity] = {}
        self._indexes = indexes or {}
        self.revision = 0  # goes up with every change, so that what was derived can tell that it is old
        self._checkpoint = checkpoint

    def __len__(self) -> int:
        """Return the number of entities."""
        return len(self._entities)

    async def get(self, key: str) -> AnyEntity | None:
        """Return the entity with this id, or None."""
        if self._checkpoint:
            await self._checkpoint()
        return self._entities.get(key)

    async def put(self, entity: AnyEntity) -> AnyEntity:
        """Store an entity in place of the one with its id, if any, and return it."""
        if self._checkpoint:
            await self._checkpoint()
        self.revision += 1
        old = self._entities.get(entity.id)
        self._entities[entity.id] = entity
        for index in self._indexes.values():
            if old is not None:
                if index.same_place(old, entity):
                    continue
                index.discard(old)
            index.add(entity)
        return entity

    async def delete(self, key: str) -> AnyEntity | None:
        """Remove the entity with this id and return it, or None."""
        if self._checkpoint:
            await self._checkpoint()
        self.revision += 1
        entity = self._entities.pop(key, None)
        if entity is not None:
            for index in self._indexes.values():
                index.discard(entity)
        return entity

    async def first(self, index: str, partition: Hashable) -> AnyEntity | None:
        """Return the first entity of a partition, or None: the look-up by a unique value."""
        found = await self.page(index, partition, limit=1)
        return found[0] if found else None

    async def count(self, index: str, partition: Hashable, *, after: Rank | None = None) -> int:
        """Return how many entities a partition holds, or how many rank after ``after``."""
        if self._checkpoint:
            await self._checkpoint()
        entries = self._indexes[index].entries(partition)
        return len(entries) if after is None else len(entries) - entries.bisect_right(after)

    async def page(
        self,
        index: str,
        partition: Hashable,
        *,
        limit: int | None = None,
        offset: int = 0,
        descending: bool = False,
    ) -> Sequence[AnyEntity]:
        """Return ``limit`` entities of a partition in rank order, from position ``offset`` on."""
        if self._checkpoint:
            await self._checkpoint()
        entries = self._indexes[index].entries(partition)
        end = None if limit is None else offset + limit
        return self._resolve(_window(entries, offset, end, descending=descending))

    def place(self, index: str, entity: AnyEntity) -> Rank:
        """Return where an entity stands in an index; a place stays valid when its entity has moved or is gone."""
        return self._indexes[index].entry(entity)

    async def find(self, index: str, partition: Hashable, key: str) -> AnyEntity | None:
        """Return the entity with this id if it belongs to the partition, or None."""
        found = await self.get(key)
        return found if found is not None and self._indexes[index].holds(partition, found) else None

    async def near(
        self, index: str, partition: Hashable, here: Rank, *, limit: int, after: bool, descending: bool = False
    ) -> Sequence[AnyEntity]:
        """Return the ``limit`` entities next to a place in the partition, after or before it, in the list's order."""
        if self._checkpoint:
            await self._checkpoint()
        entries = self._indexes[index].entries(partition)
        if after != descending:
            return self._ordered(islice(entries.irange(here, inclusive=(False, True)), limit), turned=descending)
        below = islice(entries.irange(None, here, inclusive=(True, False), reverse=True), limit)
        return self._ordered(below, turned=not descending)

    async def between(
        self,
        index: str,
        partitions: Sequence[Hashable],
        *,
        low: Rank | None = None,
        high: Rank | None = None,
        descending: bool = False,
    ) -> Iterator[AnyEntity]:
        """Return a lazy walk over the entities of some partitions that rank from ``low`` up to, without, ``high``.

        A bound may be the beginning of a rank. Several partitions are merged into one order. The walk must
        end before the next await: it does not survive a change.
        """
        if self._checkpoint:
            await self._checkpoint()
        chosen = self._indexes[index]
        walks = [
            chosen.entries(partition).irange(low, high, inclusive=(True, False), reverse=descending)
            for partition in partitions
        ]
        ordered = walks[0] if len(walks) == 1 else merge(*walks, reverse=descending)
        return (self._entities[entry[-1]] for entry in ordered)

    async def all(self) -> Sequence[AnyEntity]:
        """Return every entity in order of creation: for snapshots and set-up, never for a request."""
        if self._checkpoint:
            await self._checkpoint()
        return list(self._entities.values())

    def _resolve(self, entries: Iterable[Rank]) -> Sequence[AnyEntity]:
        return [self._entities[entry[-1]] for entry in entries]

    def _ordered(self, entries: Iterable[Rank], *, turned: bool) -> Sequence[AnyEntity]:
        found = self._resolve(entries)
        return found[::-1] if turned else found


def _window(entries: "SortedList[Rank]", start: int, end: int | None, *, descending: bool) -> Iterable[Rank]:
    if not descending:
        return entries.islice(start, end)
    size = len(entries)
    low = 0 if end is None else max(0, size - end)
    return entries.islice(low, max(0, size - start), reverse=True)
