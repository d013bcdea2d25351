import asyncio
import contextlib
from collections.abc import Iterable

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.store.collection import SMALL, Collection, Index, ManyIndex
from mockspaces.cloud.store.transaction import Log, Transactions


class Thing(msgspec.Struct, frozen=True):
    id: str
    group: str | None = None
    rank: int = 0


ids = st.sampled_from("abcdefgh")
groups = st.sampled_from([None, "x", "y"])
things = st.builds(Thing, ids, groups, st.integers(0, 3))
puts = st.tuples(st.just("put"), things)
deletes = st.tuples(st.just("delete"), ids)
reads = st.tuples(st.just("read"), st.sampled_from(["group", "many"]))  # the first one builds the index
histories = st.lists(st.one_of(puts, puts, deletes, reads), max_size=30)
windows = st.tuples(st.integers(0, 6), st.none() | st.integers(0, 6), st.booleans())


def collection() -> Collection[Thing]:
    """Return an empty collection of a state that nobody else can see."""
    return Collection(
        "things",
        Log(private=True),
        group=Index(lambda thing: thing.group, lambda thing: (thing.rank,)),
        many=ManyIndex(lambda thing: thing.group or (), lambda thing: (thing.rank,)),
    )


async def lived(history: Iterable[tuple[str, Thing | str]]) -> tuple[Collection[Thing], list[Thing]]:
    """Return a collection and the plain list that must agree with it."""
    tested, model = collection(), dict[str, Thing]()
    for action, what in history:
        if isinstance(what, Thing):
            assert await tested.put(what) is what
            model[what.id] = what
        elif action == "read":
            await tested.count(what, "x")
        else:
            assert await tested.delete(what) is model.pop(what, None)
    return tested, list(model.values())


def listed(model: list[Thing], group: str | None, *, descending: bool) -> list[Thing]:
    members = [thing for thing in model if thing.group == group and group is not None]
    return sorted(members, key=lambda thing: (thing.rank, thing.id), reverse=descending)


def window(members: list[Thing], offset: int, limit: int | None) -> list[Thing]:
    return members[offset : None if limit is None else offset + limit]


@given(histories)
def test_look_up_by_id_is_a_dictionary(history: list[tuple[str, Thing | str]]) -> None:
    """After any history the collection holds exactly what a dictionary would, in order of creation."""

    async def scenario() -> None:
        tested, model = await lived(history)
        assert [await tested.get(key) for key in "abcdefgh"] == [
            next((thing for thing in model if thing.id == key), None) for key in "abcdefgh"
        ]
        assert len(tested) == len(model)
        assert await tested.all() == model

    asyncio.run(scenario())


@given(histories, st.sampled_from("xyz"), windows)
def test_page_is_a_slice_of_the_sorted_list(
    history: list[tuple[str, Thing | str]], group: str, chosen: tuple[int, int | None, bool]
) -> None:
    """A page in either direction is what slicing the sorted list gives."""
    offset, limit, descending = chosen

    async def scenario() -> None:
        tested, model = await lived(history)
        wanted = window(listed(model, group, descending=descending), offset, limit)
        found = await tested.page("group", group, limit=limit, offset=offset, descending=descending)
        assert list(found) == wanted

    asyncio.run(scenario())


@given(histories, st.sampled_from("xy"), st.integers(1, 4), st.booleans(), st.booleans())
def test_near_goes_on_where_the_list_stands(
    history: list[tuple[str, Thing | str]],
    group: str,
    limit: int,
    after: bool,  # noqa: FBT001 - drawn
    descending: bool,  # noqa: FBT001 - drawn
) -> None:
    """For every member, what follows or precedes it is its neighbourhood in the sorted list, in the list's order."""

    async def scenario() -> None:
        tested, model = await lived(history)
        members = listed(model, group, descending=descending)
        for at, thing in enumerate(members):
            wanted = members[at + 1 : at + 1 + limit] if after else members[max(0, at - limit) : at]
            place = tested.place("group", thing)
            found = await tested.near("group", group, place, limit=limit, after=after, descending=descending)
            assert list(found) == wanted

    asyncio.run(scenario())


@given(histories, st.sampled_from("xyz"), st.integers(-1, 4))
def test_count_and_first_agree_with_the_list(history: list[tuple[str, Thing | str]], group: str, rank: int) -> None:
    """Counts, counts after a rank, and the first entity are those of the sorted list."""

    async def scenario() -> None:
        tested, model = await lived(history)
        members = listed(model, group, descending=False)
        assert await tested.count("group", group) == len(members)
        wanted = sum(thing.rank >= rank for thing in members)
        assert await tested.count("group", group, after=(rank,)) == wanted
        assert await tested.first("group", group) == (members[0] if members else None)

    asyncio.run(scenario())


@given(histories, st.integers(0, 4), st.integers(0, 4), st.booleans())
def test_between_merges_partitions(
    history: list[tuple[str, Thing | str]],
    low: int,
    high: int,
    descending: bool,  # noqa: FBT001 - drawn
) -> None:
    """A walk over two partitions has all ranks from the low bound up to, without, the high one, in one order."""

    async def scenario() -> None:
        tested, model = await lived(history)
        both = sorted(
            (thing for thing in model if thing.group and low <= thing.rank < high),
            key=lambda thing: (thing.rank, thing.id),
            reverse=descending,
        )
        walk = await tested.between("group", ["x", "y"], low=(low,), high=(max(low, high),), descending=descending)
        assert list(walk) == both

    asyncio.run(scenario())


@given(histories)
def test_find_keeps_to_the_partition(history: list[tuple[str, Thing | str]]) -> None:
    """An id is found in its own partition and in no other."""

    async def scenario() -> None:
        tested, model = await lived(history)
        for thing in model:
            assert await tested.find("group", "x", thing.id) == (thing if thing.group == "x" else None)
        assert await tested.find("group", "x", "unknown") is None

    asyncio.run(scenario())


@given(histories)
def test_one_partition_of_many_is_like_one(history: list[tuple[str, Thing | str]]) -> None:
    """An index of several partitions agrees with a simple one where every entity has at most one."""

    async def scenario() -> None:
        tested, _model = await lived(history)
        for group in "xy":
            assert list(await tested.page("many", group)) == list(await tested.page("group", group))

    asyncio.run(scenario())


async def test_entity_in_several_partitions() -> None:
    """An entity that names two partitions, one of them twice, is once in each, and leaves both when it goes."""
    index: Index[Thing] = ManyIndex(lambda thing: thing.group or "", lambda thing: (thing.rank,))
    tested = Collection("things", Log(private=True), letters=index)
    thing = await tested.put(Thing("a", "xyx"))
    assert [list(await tested.page("letters", letter)) for letter in "xyz"] == [[thing], [thing], []]
    await tested.delete("a")
    assert [await tested.count("letters", letter) for letter in "xy"] == [0, 0]


async def test_place_outlives_its_entity() -> None:
    """A list goes on behind an entity that has been deleted meanwhile."""
    tested = collection()
    one, two, three = [await tested.put(Thing(key, "x", rank)) for rank, key in enumerate("abc")]
    place = tested.place("group", two)
    await tested.delete(two.id)
    assert list(await tested.near("group", "x", place, limit=5, after=True)) == [three]
    assert list(await tested.near("group", "x", place, limit=5, after=False)) == [one]


async def test_the_oldest_makes_room() -> None:
    """Of the newest three the oldest goes, a changed one keeps its age, and a refusal brings it back in its place."""
    transactions = Transactions((KeyError,))
    newest = Collection[Thing]("things", transactions.log, newest=3, group=Index(lambda thing: thing.group))
    async with transactions:
        for name in "abc":
            await newest.put(Thing(name, "x"))
        await newest.put(Thing("a", "y"))
    with contextlib.suppress(KeyError):
        async with transactions:
            await newest.put(Thing("d"))
            raise KeyError
    assert [thing.id for thing in await newest.all()] == ["a", "b", "c"]
    async with transactions:
        await newest.put(Thing("d", "x"))
        await newest.put(Thing("e", "x"))
    assert [thing.id for thing in await newest.all()] == ["c", "d", "e"]
    assert [thing.id for thing in await newest.page("group", "x")] == ["c", "d", "e"]
    assert await newest.count("group", "y") == 0


async def test_every_change_raises_the_revision() -> None:
    """Whoever derived something can tell from the revision that it is old."""
    tested = collection()
    before = tested.revision
    await tested.put(Thing("a"))
    await tested.delete("a")
    assert tested.revision == before + 2


async def test_index_that_nobody_reads_is_built_when_there_are_many() -> None:
    """A read builds its index from few entities; with many all are built, so that no read waits for that."""
    ranks: list[int] = []

    def rank(thing: Thing) -> tuple[int]:
        ranks.append(thing.rank)
        return (thing.rank,)

    tested = Collection("things", Log(private=True), group=Index(lambda thing: thing.group, rank))
    for number in range(SMALL - 1):
        await tested.put(Thing(str(number), "x", -number))
    assert not ranks
    await tested.put(Thing("last", "x", 1))
    assert len(ranks) == SMALL
    assert [thing.id for thing in await tested.page("group", "x", limit=1, descending=True)] == ["last"]
    assert len(ranks) == SMALL


async def test_index_is_built_inside_a_transaction() -> None:
    """What is built from a change that is taken back follows it, and leaves out whom the transaction deleted."""
    transactions = Transactions((KeyError,))
    tested = Collection[Thing]("things", transactions.log, group=Index(lambda one: one.group, lambda one: (one.rank,)))
    async with transactions:
        await tested.put(Thing("a", "x", 1))
        await tested.put(Thing("b", "x", 2))
    with contextlib.suppress(KeyError):
        async with transactions:
            await tested.put(Thing("c", "x", 0))
            await tested.put(Thing("b", "y"))
            await tested.delete("a")
            assert [thing.id for thing in await tested.page("group", "x")] == ["c"]
            raise KeyError
    assert [thing.id for thing in await tested.page("group", "x")] == ["a", "b"]
    assert not await tested.count("group", "y")
