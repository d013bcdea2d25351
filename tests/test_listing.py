import asyncio
from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.store.collection import Collection, Index
from mockspaces.cloud.store.listing import Indexed, Listing, Merged, Whole
from mockspaces.cloud.store.transaction import Log


class Thing(msgspec.Struct, frozen=True):
    """Something with a rank in one of two groups."""

    id: str
    group: str
    rank: int


things = st.lists(st.tuples(st.sampled_from("ab"), st.integers(0, 5)), max_size=40).map(
    lambda pairs: [Thing(f"{number:02}", group, rank) for number, (group, rank) in enumerate(pairs)]
)


async def even(found: Sequence[Thing]) -> Sequence[Thing]:
    return [thing for thing in found if thing.rank % 2 == 0]


def place(thing: Thing) -> tuple[int, str]:
    return (thing.rank, thing.id)


async def collected(all_things: Sequence[Thing]) -> Collection[Thing]:
    collection: Collection[Thing] = Collection(
        "things", Log(private=True), group=Index(lambda one: one.group, lambda one: (one.rank,))
    )
    for thing in all_things:
        await collection.put(thing)
    return collection


def listed(
    collection: Collection[Thing], kind: str, all_things: Sequence[Thing], *, descending: bool
) -> Listing[Thing]:
    options: dict[str, Any] = {"descending": descending}
    of_b = Whole(sorted((one for one in all_things if one.group == "b"), key=place), place, descending=descending)
    if kind == "merged":
        return Merged([Indexed(collection, "group", "a", **options), of_b], descending=descending)
    if kind == "filtered":
        return Indexed(collection, "group", "a", keep=even, **options)
    if kind == "floor":
        return Indexed(collection, "group", "a", descending=True, floor=(3,))
    return Indexed(collection, "group", "a", **options)


def wanted(kind: str, all_things: Sequence[Thing], *, descending: bool) -> list[Thing]:
    """Return what a list holds, by the simplest means."""
    found = [one for one in all_things if one.group == "a" or kind == "merged"]
    if kind == "filtered":
        found = [one for one in found if one.rank % 2 == 0]
    if kind == "floor":
        return sorted((one for one in found if one.rank >= 3), key=place, reverse=True)
    return sorted(found, key=place, reverse=descending)


async def walk(listing: Listing[Thing], size: int, *, after: bool) -> list[Thing]:
    """Return the whole list from one end to the other, a page at a time."""
    page = await listing.page(offset=0, limit=1000)
    if not page:
        return []
    end = page[0] if after else page[-1]
    found, here = [end], listing.place(end)
    while page := await listing.near(here, limit=size, after=after):
        found = [*found, *page] if after else [*page, *found]
        here = listing.place(page[-1] if after else page[0])
    return found


@pytest.mark.parametrize("kind", ["plain", "filtered", "floor", "merged"])
@given(things, st.integers(1, 7), st.integers(0, 45), st.booleans())
def test_a_list_is_the_same_by_number_and_by_place(
    kind: str,
    all_things: list[Thing],
    size: int,
    offset: int,
    descending: bool,  # noqa: FBT001 - drawn by Hypothesis
) -> None:
    """Pages by number, walks forth and walks back show the same items in the same order, none twice and none lost."""

    async def check() -> None:
        listing = listed(await collected(all_things), kind, all_things, descending=descending)
        model = wanted(kind, all_things, descending=descending)
        assert list(await listing.page(offset=offset, limit=size)) == model[offset : offset + size]
        assert await walk(listing, size, after=True) == model
        assert await walk(listing, size, after=False) == model
        for thing in all_things:
            assert await listing.find(thing.id) == (thing if thing in model else None)

    asyncio.run(check())


@given(things, st.integers(0, 5))
def test_a_place_stays_when_its_item_is_gone(all_things: list[Thing], rank: int) -> None:
    """What follows a place is found whether or not anything still stands there."""

    async def check() -> None:
        collection = await collected(all_things)
        gone = await collection.put(Thing("zz", "a", rank))
        listing = Indexed(collection, "group", "a")
        here = listing.place(gone)
        await collection.delete(gone.id)
        following = [one for one in wanted("plain", all_things, descending=False) if place(one) > here]
        assert list(await listing.near(here, limit=3, after=True)) == following[:3]

    asyncio.run(check())
