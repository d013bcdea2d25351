import asyncio
import logging
import sys
from typing import Any

import pytest

from mockspaces.cloud.kernel.journal import KEPT_BODY_BYTES, SLICE, Criteria, Entry, Journal, packed, unpacked


def entry(path: str = "/api/users/me", status: int = 200, **members: Any) -> Entry:
    return Entry(surface="rest", method="GET", path=path, status=status, **members)


def filled(journal: Journal, count: int) -> Journal:
    for number in range(count):
        journal.record(entry(f"/{number}"))
    return journal


def paths(journal: Journal) -> list[str]:
    return [found.path for found in journal.find(Criteria())]


def test_entries_are_numbered_in_order() -> None:
    """Ids count from one, whatever happened to earlier entries."""
    journal = filled(Journal(max_entries=2), 3)
    assert [found.id for found in journal.find(Criteria())] == [2, 3]
    journal.clear()
    journal.record(entry())
    assert [found.id for found in journal.find(Criteria())] == [4]


def test_ring_drops_the_oldest_and_counts_it() -> None:
    """A full ring keeps the newest entries and tells how many it lost."""
    journal = filled(Journal(max_entries=3), 10)
    assert (paths(journal), journal.dropped, len(journal)) == (["/7", "/8", "/9"], 7, 3)


def test_bytes_are_bounded_too() -> None:
    """A few heavy entries push out as much as their weight asks for, and never themselves alone."""
    journal = Journal(max_bytes=20_000)
    for number in range(5):
        journal.record(entry(f"/{number}", response=b"x" * KEPT_BODY_BYTES))
    assert paths(journal) == ["/3", "/4"]
    assert journal.dropped == 3
    for _ in range(100):
        journal.record(entry())
    assert sum(found.size for found in journal.find(Criteria())) <= 20_000


def test_dropped_weight_is_given_back() -> None:
    """After a clear the whole room is there again."""
    journal = Journal(max_bytes=20_000)
    for _ in range(3):
        journal.record(entry(response=b"x" * KEPT_BODY_BYTES))
    journal.clear()
    assert (len(journal), journal.dropped, journal.cut) == (0, 0, 0)
    journal.record(entry(response=b"x" * KEPT_BODY_BYTES))
    journal.record(entry(response=b"x" * KEPT_BODY_BYTES))
    assert journal.dropped == 0


@pytest.mark.parametrize("member", ["request", "response"])
def test_long_body_is_cut_and_counted(member: str) -> None:
    """Of a long body the beginning and the true length are kept, and the cut is counted once."""
    journal = Journal()
    body = b"x" * (KEPT_BODY_BYTES + 1)
    for sent in (body, body[:-1]):
        members: dict[str, Any] = {member: sent}
        journal.record(entry(**members))
    cut, whole = journal.find(Criteria())
    assert (getattr(cut, member), getattr(cut, f"{member}_bytes")) == (body[:-1], KEPT_BODY_BYTES + 1)
    assert (getattr(whole, member), getattr(whole, f"{member}_bytes")) == (body[:-1], KEPT_BODY_BYTES)
    assert journal.cut == 1


@pytest.mark.parametrize(
    ("criteria", "found"),
    [
        (Criteria(), ["/a", "/a/b", "/c"]),
        (Criteria(path="/a"), ["/a", "/a/b"]),
        (Criteria(status=401), ["/c"]),
        (Criteria(after=1), ["/a/b", "/c"]),
        (Criteria(caller="oauth ann"), ["/a/b"]),
        (Criteria(path="/a", status=401), []),
        (Criteria(surface="socket"), []),
        (Criteria(method="GET", surface="rest"), ["/a", "/a/b", "/c"]),
    ],
)
def test_criteria(criteria: Criteria, found: list[str]) -> None:
    """Every criterion that is given must fit, and a path also fits by its beginning."""
    journal = Journal()
    for one in (entry("/a"), entry("/a/b", caller="oauth ann"), entry("/c", 401)):
        journal.record(one)
    assert [one.path for one in journal.find(criteria)] == found


def test_limit_takes_the_newest() -> None:
    """A limit keeps the newest entries, oldest first."""
    journal = filled(Journal(), 5)
    assert [one.path for one in journal.find(Criteria(), 2)] == ["/3", "/4"]
    assert [one.path for one in journal.find(Criteria(), 9)] == paths(journal)


async def test_wait_returns_as_soon_as_there_are_enough() -> None:
    """A waiter wakes with the entry that completes the count, long before its timeout."""
    journal = filled(Journal(), 1)
    waiting = asyncio.create_task(journal.wait(Criteria(), 2, timeout=60))
    await asyncio.sleep(0)
    assert not waiting.done()
    journal.record(entry("/1"))
    async with asyncio.timeout(5):
        assert [one.path for one in await waiting] == ["/0", "/1"]


async def test_wait_answers_what_there_is_in_the_end() -> None:
    """After the timeout a waiter gets what fits, and nobody waits any more."""
    journal = filled(Journal(), 1)
    assert [one.path for one in await journal.wait(Criteria(), 2, timeout=0.01)] == ["/0"]
    assert journal._waiting == set()


async def test_wait_ignores_what_does_not_fit() -> None:
    """Other entries wake a waiter in vain, also many of them."""
    journal = Journal()
    waiting = asyncio.create_task(journal.wait(Criteria(status=401), 1, timeout=60))
    for _ in range(10):
        journal.record(entry())
        await asyncio.sleep(0)
    assert not waiting.done()
    journal.record(entry("/refused", 401))
    async with asyncio.timeout(5):
        assert [one.path for one in await waiting] == ["/refused"]


async def test_several_wait_at_once() -> None:
    """One entry wakes everybody whom it concerns."""
    journal = Journal()
    waiting = [asyncio.create_task(journal.wait(Criteria(), 1, timeout=60)) for _ in range(3)]
    await asyncio.sleep(0)
    journal.record(entry())
    async with asyncio.timeout(5):
        assert [len(found) for found in await asyncio.gather(*waiting)] == [1, 1, 1]


def test_headers_are_kept_in_one_piece() -> None:
    """Header lines come back as they were, empty values and repeated names included."""
    lines = [(b"a", b"1"), (b"b", b""), (b"a", b"x: y")]
    assert unpacked(packed(lines)) == lines
    assert unpacked(packed([])) == []


@pytest.mark.parametrize("member", ["head", "target"])
def test_long_head_is_cut_and_counted(member: str) -> None:
    """A request line or head over the bound is cut as a body is, so that nobody can fill the memory with it."""
    journal = Journal()
    members: dict[str, Any] = {member: b"x" * (KEPT_BODY_BYTES + 1)}
    journal.record(entry(**members))
    (cut,) = journal.find(Criteria())
    assert len(getattr(cut, member)) == KEPT_BODY_BYTES
    assert (journal.cut, cut.size < KEPT_BODY_BYTES + 1000) == (1, True)


def test_fan_out_weighs_what_it_holds() -> None:
    """A frame to thousands of sockets names them all, and weighs more for it."""
    journal = Journal()
    journal.record(entry(connections=(("127.0.0.1", 1),) * 5000))
    assert journal.find(Criteria())[0].size > 40_000


def talkative(number: int) -> Entry:
    """Return an entry of which every member says something."""
    return Entry(
        time=number,
        surface="rest",
        method="GET",
        path=f"/{number}",
        endpoint="ME-GET",
        caller="cleo",
        status=400,
        code="request.invalid",
        why="é",
        request=b"\xff",
        response=b"{}",
        target=b"/x?y",
        version="1.1",
        head=b"host\nx",
        headers=[(b"a", b"\xe4")],
        duration=0.25,
        connections=(("127.0.0.1", number), None),
        event="CHAT",
        credential=("oauth", "x"),
    )


@pytest.mark.parametrize("why", ["é", "\ud83c"])
def test_old_entries_are_kept_as_they_were(why: str, caplog: pytest.LogCaptureFixture) -> None:
    """Packing loses nothing, also where a text holds half a character, which came without a server between."""
    caplog.set_level(logging.CRITICAL, "mockspaces.access")  # pytest-xdist cannot report half a character
    journal, recorded = Journal(max_entries=1000), [talkative(number) for number in range(1500)]
    for one in recorded:
        one.why = why
        journal.record(one)
    kept = recorded[500:]
    assert journal.find(Criteria()) == kept
    assert [journal.following(after, 70) for after in (0, 563, 1244, 1499)] == [
        kept[:70],
        kept[63:133],
        kept[744:814],
        kept[999:],
    ]
    assert journal.get(501) == kept[0]
    assert journal.get(500) is None
    assert (len(journal), journal.dropped) == (1000, 500)


def test_old_entries_take_a_fraction_of_the_objects() -> None:
    """A full journal is a few large objects, whose memory the system gets back, beside the newest entries."""
    before = sys.getallocatedblocks()
    journal = filled(Journal(), 10_000)
    assert sys.getallocatedblocks() - before < len(journal) / 2


async def test_search_goes_on_while_entries_come_and_go() -> None:
    """Who looks through a long journal finds what there was, though it is recorded in, dropped from or cleared."""
    journal = filled(Journal(max_entries=1000), 1000)
    searching = asyncio.create_task(journal.search(Criteria()))
    await asyncio.sleep(0)
    filled(journal, 400)
    assert [found.id for found in await searching] == list(range(401, 1001))
    searching = asyncio.create_task(journal.search(Criteria()))
    await asyncio.sleep(0)
    journal.clear()
    assert len(await searching) == SLICE
    assert await journal.search(Criteria()) == []


async def test_wait_begins_anew_with_the_journal() -> None:
    """Entries that were forgotten while somebody waits count no longer, those that come afterwards do."""
    journal = filled(Journal(), 1)
    waiting = asyncio.create_task(journal.wait(Criteria(), 2, timeout=60))
    await asyncio.sleep(0)
    journal.forget()
    filled(journal, 1)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    filled(journal, 1)
    async with asyncio.timeout(1):
        assert [found.id for found in await waiting] == [1, 2]


async def test_wait_needs_all_at_once() -> None:
    """Entries that were dropped meanwhile do not count either."""
    journal = filled(Journal(max_entries=2), 1)
    assert len(await journal.wait(Criteria(), 1, timeout=0)) == 1
    waiting = asyncio.create_task(journal.wait(Criteria(path="/0"), 2, timeout=0.2))
    await asyncio.sleep(0)
    filled(journal, 2)
    assert [found.path for found in await waiting] == ["/0"]
