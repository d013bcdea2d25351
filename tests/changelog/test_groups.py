"""Transactions of a world that outlives its process: stored together, heard of afterwards, taken back together."""

import asyncio
from collections.abc import Sequence

import pytest

from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.run import Frames, Said
from mockspaces.cloud.store.transaction import MOST_TOGETHER, STOPPING, Change, Transactions


class Refused(Exception):
    """What a call is refused with."""


class Full(Exception):
    """Nothing can be stored."""


class Notes:
    """A recorder that can be broken, and one that takes its time."""

    def __init__(self) -> None:
        self.groups: list[list[object]] = []
        self.said: list[list[Said]] = []
        self.broken = self.old = self.current = False
        self.looks = asyncio.Event()
        self.goes_on = asyncio.Event()
        self.goes_on.set()

    async def look(self, _since: float) -> bool:
        await self.looks.wait()
        return self.current

    async def catch_up(self, _since: float) -> None:
        if self.old:
            raise Refused

    async def record(self, changes: Sequence[Change], said: Sequence[Said]) -> None:
        await self.goes_on.wait()
        if self.broken:
            raise Full
        self.groups.append([change.new for change in changes])
        self.said.append(list(said))


class Place:
    """One fact, its transactions, and what was heard of them."""

    def __init__(self) -> None:
        self.turns = Transactions((Refused,))
        self.fact = Fact("fact", 0, self.turns.log)
        self.notes = self.turns.recorder = Notes()
        self.heard: list[int] = []

    async def add(self) -> int:
        """Add one to the fact, say so, and return what it was."""
        async with self.turns:
            before = self.fact.value
            self.fact.put(before + 1)
            self.turns.at_commit(lambda: self.heard.append(before + 1))
        return before

    async def read(self) -> int:
        async with self.turns:
            return self.fact.value


@pytest.fixture
async def place() -> Place:
    return Place()


async def test_calls_that_wait_together_are_stored_together(place: Place) -> None:
    """Calls that come at once are one change set, in their order, and each has seen the one before it."""
    assert await asyncio.gather(*(place.add() for _ in range(10))) == list(range(10))
    assert (place.notes.groups, place.turns.committed) == ([list(range(1, 11))], 10)
    assert place.heard == list(range(1, 11))


def frames(text: str) -> Frames:
    return Frames(connections=("c",), packets=(text,))


async def test_what_is_said_is_stored_and_heard_in_its_order(place: Place) -> None:
    """What the transactions of a group say to sockets is recorded with their changes, and heard here at the commit."""

    async def add_and_say() -> None:
        async with place.turns:
            place.fact.put(place.fact.value + 1)
            place.turns.say(frames(f"one {place.fact.value}"))
            place.turns.at_commit(lambda: heard.append("between"))
            place.turns.say(frames(f"two {place.fact.value}"))

    heard: list[object] = []
    place.turns.speak = heard.append
    await asyncio.gather(add_and_say(), add_and_say())
    said = [frames("one 1"), frames("two 1"), frames("one 2"), frames("two 2")]
    assert (place.notes.groups, place.notes.said) == ([[1, 2]], [said])
    assert heard == [said[0], "between", said[1], said[2], "between", said[3]]


async def test_what_is_said_without_a_change_is_recorded(place: Place) -> None:
    """Others hear also of a transaction that only speaks."""
    async with place.turns:
        place.turns.say(frames("word"))
    assert (place.notes.groups, place.notes.said) == ([[]], [[frames("word")]])


async def test_what_cannot_be_stored_is_not_said(place: Place) -> None:
    """No socket is told of changes that were taken back because they could not be stored."""

    async def add_and_say() -> None:
        async with place.turns:
            place.fact.put(1)
            place.turns.say(frames("word"))

    heard: list[Said] = []
    place.turns.speak, place.notes.broken = heard.append, True
    with pytest.raises(Full):
        await add_and_say()
    assert heard == []


async def test_a_group_has_a_limit(place: Place) -> None:
    """No more than a number of transactions are stored as one."""
    await asyncio.gather(*(place.add() for _ in range(2 * MOST_TOGETHER + 3)))
    assert [len(group) for group in place.notes.groups] == [MOST_TOGETHER, MOST_TOGETHER, 3]
    assert place.heard == list(range(1, 2 * MOST_TOGETHER + 4))


async def test_nobody_hears_or_is_answered_before_it_is_stored(place: Place) -> None:
    """While a change is being stored its caller waits, whoever reads it waits too, and nothing is announced."""
    place.notes.goes_on.clear()
    calls = [asyncio.create_task(place.add()), asyncio.create_task(place.read())]
    await asyncio.sleep(0.01)
    assert (place.heard, [call.done() for call in calls]) == ([], [False, False])
    place.notes.goes_on.set()
    assert await asyncio.gather(*calls) == [0, 1]
    assert place.heard == [1]


async def test_what_cannot_be_stored_did_not_happen(place: Place) -> None:
    """All of a group is taken back, everybody in it is refused, and the next call finds what was there before."""
    await place.add()
    place.notes.broken = True
    outcomes = await asyncio.gather(place.add(), place.read(), place.add(), return_exceptions=True)
    assert list(map(type, outcomes)) == [Full] * 3
    assert (place.fact.value, place.heard) == (1, [1])
    assert await place.read() == 1  # nothing that it sees waits to be stored
    place.notes.broken = False
    assert await place.add() == 1
    assert place.notes.groups == [[1], [2]]


async def test_a_refusal_that_judged_what_is_not_stored_waits_for_it(place: Place) -> None:
    """Who is refused because of a change that is taken back then, is told that instead."""

    async def refused() -> None:
        async with place.turns:
            raise Refused(place.fact.value)

    place.notes.broken = True
    outcomes = await asyncio.gather(place.add(), refused(), return_exceptions=True)
    assert list(map(type, outcomes)) == [Full, Full]
    with pytest.raises(Refused):
        await refused()


async def test_what_a_refusal_keeps_is_stored(place: Place) -> None:
    """What a refused call has marked as kept is in the change set, and nothing else of it."""

    async def refused() -> None:
        async with place.turns:
            place.fact.put(5)
            place.turns.keep()
            place.fact.put(6)
            raise Refused

    with pytest.raises(Refused):
        await refused()
    assert (place.fact.value, place.notes.groups) == (5, [[5]])


async def test_commands_follow_the_storing(place: Place) -> None:
    """A command after the commit runs once it is stored, even if its caller has left, and never if it is not."""
    done: list[str] = []

    async def call(name: str) -> None:
        async def command() -> None:
            done.append(name)

        async with place.turns:
            place.fact.put(1)
            place.turns.afterwards(command)

    place.notes.goes_on.clear()
    left = asyncio.create_task(call("left"))
    await asyncio.sleep(0.01)
    left.cancel()
    with pytest.raises(asyncio.CancelledError):
        await left
    assert done == []
    place.notes.goes_on.set()
    await asyncio.sleep(0.01)
    assert done == ["left"]
    place.notes.broken = True
    with pytest.raises(Full):
        await call("broken")
    assert done == ["left"]


@pytest.mark.parametrize("broken", [False, True])
async def test_who_is_interrupted_by_the_end_hears_what_became_of_it(place: Place, *, broken: bool) -> None:
    """A call that waits to be stored when the process is told to stop is answered that it is stored, or why not."""
    place.notes.goes_on.clear()
    place.notes.broken = broken
    call = asyncio.create_task(place.add())
    await asyncio.sleep(0.01)
    call.cancel(STOPPING)
    await asyncio.sleep(0.01)
    place.notes.goes_on.set()
    outcome = (await asyncio.gather(call, return_exceptions=True))[0]
    assert isinstance(outcome, Full) if broken else outcome == 0
    assert place.fact.value == (0 if broken else 1)


async def test_who_replaces_the_state_finds_all_of_it_stored(place: Place) -> None:
    """Whoever is alone comes between two groups."""
    place.notes.goes_on.clear()

    async def replaced() -> list[list[object]]:
        async with place.turns.alone():
            return list(place.notes.groups)

    calls = [asyncio.create_task(place.add()), asyncio.create_task(replaced())]
    await asyncio.sleep(0.01)
    place.notes.goes_on.set()
    assert (await asyncio.gather(*calls))[1] == [[1]]


async def test_a_transaction_may_be_stored_at_once(place: Place) -> None:
    """Nobody has their turn before a transaction is stored that wants it so, and its caller goes on first."""
    order: list[str] = []

    async def first() -> None:
        async with place.turns:
            place.fact.put(1)
            place.turns.store_at_once()
        order.append("first")

    async def second() -> None:
        async with place.turns:
            order.append("second")

    await asyncio.gather(first(), second())
    assert order == ["first", "second"]
    place.notes.broken = True
    with pytest.raises(Full):
        await first()
    assert place.fact.value == 1


async def test_while_nobody_knows_all_are_refused(place: Place) -> None:
    """Who waits for a group whose storing is unclear is refused, and so are all others, until it is known."""
    known = asyncio.Event()

    class Unclear(Notes):
        async def record(self, changes: Sequence[Change], said: Sequence[Said]) -> None:
            async with place.turns.aside(Refused):
                await known.wait()
            await super().record(changes, said)

    place.turns.recorder = notes = Unclear()
    done: list[str] = []

    async def command() -> None:
        done.append("followed")

    async def full() -> None:
        async with place.turns:
            place.fact.put(5)
            place.turns.afterwards(command)
            place.turns.store_at_once()

    async def alone() -> None:
        async with place.turns.alone():
            done.append("alone")

    calls = [asyncio.create_task(one) for one in (place.add(), full(), alone(), place.read())]
    outcomes = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 1)
    assert list(map(type, outcomes)) == [Refused] * 4
    assert (place.heard, done) == ([], [])
    with pytest.raises(Refused):
        await place.read()
    known.set()
    await asyncio.sleep(0.01)
    assert (place.heard, done, notes.groups) == ([1], ["followed"], [[1, 5]])
    assert await place.read() == 5


@pytest.mark.parametrize("current", [False, True])
async def test_who_follows_waits_for_what_is_being_stored(place: Place, *, current: bool) -> None:
    """What was changed while somebody looked whether all is current is stored before they go on."""
    place.notes.goes_on.clear()
    place.notes.current = current
    following = asyncio.create_task(place.turns.follow())
    await asyncio.sleep(0)
    adding = asyncio.create_task(place.add())
    await asyncio.sleep(0)
    place.notes.looks.set()
    await asyncio.sleep(0.01)
    assert not following.done()
    place.notes.goes_on.set()
    await asyncio.gather(following, adding)
    assert place.notes.groups == [[1]]


async def test_nobody_begins_on_what_may_be_old(place: Place) -> None:
    """A call is refused before it runs when its world may not be what was stored last, and the next one is not."""
    await place.add()
    place.notes.old = True
    outcomes = await asyncio.gather(place.add(), place.read(), return_exceptions=True)
    assert list(map(type, outcomes)) == [Refused, Refused]
    place.notes.old = False
    assert await place.add() == 1
    assert place.notes.groups == [[1], [2]]
