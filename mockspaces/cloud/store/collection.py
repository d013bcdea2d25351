"""Collections of entities with declared indexes: every read is a look-up, never a scan.

How this works. A collection keeps frozen entities by id, in their order of creation, and a change replaces a
whole one: `put` and `delete` are the only doors. Each tells the log of the World what stood there before, so
that a transaction can be taken back to the same order, and goes through the indexes.

An `Index` is a declaration and holds nothing: which partitions an entity belongs to, and its rank there.
`Partitions` is its storage in memory: a sorted list of ranks for each partition. They are apart because a
unique value (an e-mail address, a domain, a conference number, the text of a JWT) is nothing but a claim of
an index: it is taken while an entity claims it, and nothing beside the entities has to be kept in step.

An index is built from the entities when it is first read: most worlds are those of one test, which reads few
of them. A collection that is no longer small builds all of them, so that no read ever waits for a large one.

An entity that is deleted leaves a gap until the transaction commits: taking the deletion back fills it
again, at the same place in the order. Gaps are never seen from outside. Whoever is deleted and stored again
in one transaction was replaced, and keeps their place.

Two counts tell who derives something from a collection that it is old: `revision` rises with every change,
`population` only when an entity comes or goes. Both also rise when a change is taken back.

The interface is async although nothing in it waits: rules read the same whatever keeps the entities.
"""

from collections import OrderedDict
from collections.abc import Callable, Container, Hashable, Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from typing import Any, Generic, Protocol, TypeVar

from sortedcontainers import SortedList

from mockspaces.cloud.store.transaction import Log


class Entity(Protocol):
    """Whatever has an id."""

    @property
    def id(self) -> str:
        """The key of the entity in its collection."""


AnyEntity = TypeVar("AnyEntity", bound=Entity)
Rank = tuple[Any, ...]
NO_ENTRIES: "SortedList[Rank]" = SortedList()
SMALL = 256  # with so many entities a collection builds every index
GAP = object()  # what stood before an entity that fills the gap of one deleted in the same transaction


class Index(Generic[AnyEntity]):
    """The declaration of an order of some of the entities, in partitions.

    ``partition`` names the partition of an entity, or None to leave it out of the index; ``rank`` gives
    its place there. Ranks of one partition must be comparable; equal ones are told apart by id.
    """

    def __init__(
        self,
        partition: Callable[[AnyEntity], Hashable],
        rank: Callable[[AnyEntity], Rank] = lambda _entity: (),
    ) -> None:
        """Declare the index."""
        self.partition = partition
        self.rank = rank

    def entry(self, entity: AnyEntity) -> Rank:
        """Return what the index sorts: rank first, id last."""
        return (*self.rank(entity), entity.id)

    def partitions(self, entity: AnyEntity) -> tuple[Hashable, ...]:
        """Return the partitions of an entity: one or none."""
        name = self.partition(entity)
        return () if name is None else (name,)

    def same_place(self, old: AnyEntity, new: AnyEntity) -> bool:
        """Whether a change leaves the index as it is."""
        return self.partition(old) == self.partition(new) and self.rank(old) == self.rank(new)


class ManyIndex(Index[AnyEntity]):
    """The declaration of an index that holds an entity in several partitions at once."""

    def __init__(
        self,
        partitions: Callable[[AnyEntity], Iterable[Hashable]],
        rank: Callable[[AnyEntity], Rank] = lambda _entity: (),
    ) -> None:
        """Declare the index; ``partitions`` names all partitions of an entity."""
        super().__init__(lambda entity: tuple(dict.fromkeys(partitions(entity))), rank)

    def partitions(self, entity: AnyEntity) -> tuple[Hashable, ...]:
        """Return the partitions of an entity."""
        names = self.partition(entity)
        return names if isinstance(names, tuple) else ()


class Partitions(Generic[AnyEntity]):
    """What an index holds, in memory: sorted entries by partition.

    Most partitions have one entry for ever, those of unique values above all. It stands there by itself: a sorted list
    takes ten times its memory, and the making of these lists was a sixth of the making of a world.
    """

    def __init__(self, declared: Index[AnyEntity]) -> None:
        """Begin without any entity."""
        self.declared = declared
        self._entries: dict[Hashable, Rank | SortedList[Rank]] = {}

    def replace(self, old: AnyEntity | None, new: AnyEntity | None) -> None:
        """Let ``new`` take the place of ``old``; None: there was none, or there is none any more."""
        declared = self.declared
        if old is not None:
            if new is not None and declared.same_place(old, new):
                return
            for name in declared.partitions(old):
                left = self._entries[name]  # it is there: the entity was added under the same declaration
                if isinstance(left, SortedList):
                    left.remove(declared.entry(old))
                if isinstance(left, tuple) or not left:
                    del self._entries[name]
        names = () if new is None else declared.partitions(new)
        if new is not None and names:
            entry = declared.entry(new)
            for name in names:
                entries = self._entries.get(name)
                if entries is None:
                    self._entries[name] = entry
                elif isinstance(entries, tuple):
                    self._entries[name] = SortedList((entries, entry))
                else:
                    entries.add(entry)

    def entries(self, partition: Hashable) -> "SortedList[Rank]":
        """Return the sorted entries of one partition; nobody but `replace` changes them."""
        found = self._entries.get(partition, NO_ENTRIES)
        return SortedList((found,)) if isinstance(found, tuple) else found

    def some(self, partition: Hashable) -> "Sequence[Rank]":
        """Return what `entries` returns, for callers that only count or walk all of them."""
        found = self._entries.get(partition, ())
        return (found,) if found and isinstance(found, tuple) else found

    def content(self) -> dict[Hashable, list[Rank]]:
        """Return all entries by partition, for comparing two indexes of one kind."""
        return {name: list(self.entries(name)) for name in self._entries}


class Indexes(dict[str, Partitions[AnyEntity]]):
    """The indexes of a collection that are built so far; reading another one builds it."""

    def __init__(
        self, declared: Mapping[str, Index[AnyEntity]], entities: Mapping[str, AnyEntity], gaps: Container[str]
    ) -> None:
        """Begin without any. They are built from what stands in ``entities`` then, without the ``gaps``."""
        super().__init__()
        self.declared = declared
        self._entities = entities
        self._gaps = gaps

    def __missing__(self, name: str) -> Partitions[AnyEntity]:
        """Build an index."""
        built = self[name] = Partitions(self.declared[name])
        for key, entity in self._entities.items():
            if key not in self._gaps:
                built.replace(None, entity)
        return built

    def every(self) -> dict[str, Partitions[AnyEntity]]:
        """Return all that are declared; those that are missing are built."""
        return {name: self[name] for name in self.declared}


class Collection(Generic[AnyEntity]):
    """All entities of one type, by id and by its declared indexes."""

    def __init__(self, name: str, log: Log, *, newest: int | None = None, **indexes: Index[AnyEntity]) -> None:
        """Make an empty collection that reports its changes to ``log`` under ``name``.

        One of the ``newest`` forgets its oldest entity for each one that comes beyond that number.
        """
        self.name = name
        self._newest = newest
        self.revision = 0
        self.population = 0
        self._log = log
        # Whoever forgets the oldest looks for the first one again and again: a plain dict walks over all that are gone.
        self._entities: dict[str, AnyEntity] = {} if newest is None else OrderedDict()
        self._gaps: set[str] = set()
        self._indexes = Indexes(indexes, self._entities, self._gaps)

    def __len__(self) -> int:
        """Return the number of entities."""
        return len(self._entities) - len(self._gaps)

    def peek(self, key: str) -> AnyEntity | None:
        """Do what `get` does, for callers that cannot await."""
        return None if self._gaps and key in self._gaps else self._entities.get(key)

    async def get(self, key: str) -> AnyEntity | None:
        """Return the entity with this id, or None."""
        return None if self._gaps and key in self._gaps else self._entities.get(key)

    async def put(self, entity: AnyEntity) -> AnyEntity:
        """Store an entity in place of the one with its id, if any, and return it."""
        return self.store(entity)

    def store(self, entity: AnyEntity) -> AnyEntity:
        """Do what `put` does, for callers that cannot await."""
        key = entity.id
        old = self._entities.get(key)
        stood: Any = old
        if self._gaps and key in self._gaps:
            old, stood = None, GAP
        # Noted first: where no transaction is under way this raises, and nothing has changed yet.
        self._log.note(self, key, stood, entity)
        if stood is GAP:
            self._gaps.discard(key)
        self._entities[key] = entity
        self._changed(old, entity)
        if old is None and self._newest is not None and len(self._entities) - len(self._gaps) > self._newest:
            self.remove(next(oldest for oldest in self._entities if oldest not in self._gaps))
        return entity

    async def delete(self, key: str) -> AnyEntity | None:
        """Remove the entity with this id and return it, or None."""
        return self.remove(key)

    def remove(self, key: str) -> AnyEntity | None:
        """Do what `delete` does, for callers that cannot await."""
        old = self.peek(key)
        if old is not None:
            self._log.note(self, key, old, None)
            self._gaps.add(key)  # the place in the order is kept until the commit
            self._changed(old, None)
            if self._log.changes is None:  # a state of one's own is never taken back
                self.forget(key)
        return old

    def restore(self, key: str, old: Any) -> None:
        """Put back what stood there before a change, at the place where it stood."""
        now = self.peek(key)
        if old is None:  # it was created, behind all others
            del self._entities[key]
        elif old is GAP:
            self._gaps.add(key)
            old = None
        else:
            self._gaps.discard(key)
            self._entities[key] = old
        self._changed(now, old)

    def forget(self, key: str) -> None:
        """Close the gap of a deleted entity, now that its deletion is final."""
        if key in self._gaps:
            self._gaps.discard(key)
            del self._entities[key]

    def _changed(self, old: AnyEntity | None, new: AnyEntity | None) -> None:
        self.revision += 1
        for index in self._indexes.values():  # an index that the change leaves alone costs a comparison
            index.replace(old, new)
        if old is None or new is None:  # somebody came or went, and not just changed
            self.population += 1
            if len(self._entities) == SMALL:  # after the loop: what is built now holds the new entity already
                self._indexes.every()

    def content(self) -> tuple[list[AnyEntity], dict[str, dict[Hashable, list[Rank]]]]:
        """Return all entities in their order and all indexes, for comparing two collections."""
        return list(self._entities.values()), {name: index.content() for name, index in self._indexes.every().items()}

    def partition(self, index: str, partition: Hashable) -> Sequence[AnyEntity]:
        """Return a whole partition in rank order, for callers that cannot await."""
        return self._resolve(self._indexes[index].some(partition))

    async def first(self, index: str, partition: Hashable) -> AnyEntity | None:
        """Return the first entity of a partition, or None: the look-up by a unique value."""
        found = self._indexes[index].some(partition)
        return self._entities[found[0][-1]] if found else None

    async def count(self, index: str, partition: Hashable, *, after: Rank | None = None) -> int:
        """Return how many entities a partition holds, or how many rank after ``after``."""
        if after is None:
            return len(self._indexes[index].some(partition))
        entries = self._indexes[index].entries(partition)
        return len(entries) - entries.bisect_right(after)

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
        some = self._indexes[index].some(partition)
        if not offset and (limit is None or len(some) <= limit):  # all of them
            return self._resolve(reversed(some) if descending else some)
        entries = self._indexes[index].entries(partition)
        start, end = offset, None if limit is None else offset + limit
        if descending:  # positions count from the far end
            size = len(entries)
            start, end = 0 if end is None else max(0, size - end), max(0, size - start)
        return self._resolve(entries.islice(start, end, reverse=descending))

    def place(self, index: str, entity: AnyEntity) -> Rank:
        """Return where an entity stands in an index; a place stays valid when its entity has moved or is gone."""
        return self._indexes.declared[index].entry(entity)

    async def find(self, index: str, partition: Hashable, key: str) -> AnyEntity | None:
        """Return the entity with this id if it belongs to the partition, or None."""
        # Asked of the declaration, not of the storage: one comparison instead of a search.
        found = await self.get(key)
        return found if found and partition in self._indexes.declared[index].partitions(found) else None

    async def near(
        self, index: str, partition: Hashable, here: Rank, *, limit: int, after: bool, descending: bool = False
    ) -> Sequence[AnyEntity]:
        """Return the ``limit`` entities next to a place in the partition, after or before it, in the list's order."""
        entries = self._indexes[index].entries(partition)
        # In a descending list "after" is below. Whatever is walked backwards is turned round at the end.
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
        # One partition is walked as it is; of several the heads are compared, item by item, as they are asked for.
        chosen = self._indexes[index]
        walks = [
            chosen.entries(partition).irange(low, high, inclusive=(True, False), reverse=descending)
            for partition in partitions
        ]
        ordered = walks[0] if len(walks) == 1 else merge(*walks, reverse=descending)
        return (self._entities[entry[-1]] for entry in ordered)

    def latest(self, limit: int, offset: int = 0) -> list[AnyEntity]:
        """Return ``limit`` entities, the newest first, from position ``offset`` on: for people who look on."""
        walk: Iterator[AnyEntity] = reversed(self._entities.values())
        if self._gaps:  # one by one, which takes five times as long
            walk = (entity for key, entity in reversed(self._entities.items()) if key not in self._gaps)
        return list(islice(walk, offset, offset + limit))

    async def all(self) -> Sequence[AnyEntity]:
        """Return every entity in order of creation: for snapshots and set-up, never for a request."""
        return self.every()

    def every(self) -> list[AnyEntity]:
        """Do what `all` does, for callers that cannot await."""
        if not self._gaps:
            return list(self._entities.values())
        return [entity for key, entity in self._entities.items() if key not in self._gaps]

    def _resolve(self, entries: Iterable[Rank]) -> Sequence[AnyEntity]:
        return [self._entities[entry[-1]] for entry in entries]

    def _ordered(self, entries: Iterable[Rank], *, turned: bool) -> Sequence[AnyEntity]:
        found = self._resolve(entries)
        return found[::-1] if turned else found
