"""Transactions: one at a time, whole or not at all."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.cloud.store.collection import GAP, Collection, Index, ManyIndex
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.run import Ending
from mockspaces.cloud.store.transaction import (
    Change,
    Log,
    MustWait,
    OutsideTransactionError,
    Transactions,
    Waits,
)


class Thing(msgspec.Struct, frozen=True):
    id: str
    group: str = ""
    rank: int = 0


class Refusal(Exception):
    """What a call is refused with."""


class Closed(Exception):
    """What a closed world refuses with."""


class Store:
    """A collection and a fact with their transactions."""

    def __init__(self) -> None:
        self.transactions = Transactions((Refusal,))
        log = self.transactions.log
        self.things: Collection[Thing] = Collection(
            "things",
            log,
            group=Index(lambda thing: thing.group or None, lambda thing: (thing.rank,)),
            letters=ManyIndex(lambda thing: thing.group, lambda thing: (thing.rank,)),
        )
        self.fact = Fact("fact", 0, log)

    @property
    def content(self) -> object:
        """All that is true: entities in their order, indexes, the fact."""
        return self.things.content(), len(self.things), self.things.every(), self.fact.value

    async def filled(self, keys: str = "abc") -> "Store":
        """Store something under each letter."""
        async with self.transactions:
            for rank, key in enumerate(keys):
                self.things.store(Thing(key, "xy", rank))
            self.fact.put(1)
        return self

    def follow(self) -> "Replica":
        """Return what is told of every commit from now on."""
        replica = Replica()
        self.transactions.observe = replica.apply
        return replica


class Replica(Store):
    """A second store that hears of commits and nothing else."""

    def apply(self, changes: Sequence[Change]) -> None:
        """Carry out the changes of one commit as one transaction of its own."""
        self.transactions.log.changes = []
        for change in changes:
            if change.store.name == "fact":
                self.fact.put(change.new)
            elif change.new is None:
                self.things.remove(change.key)
            else:
                self.things.store(change.new)
        for done in self.transactions.log.changes:
            if done.new is None:
                done.store.forget(done.key)
        self.transactions.log.changes = None


@pytest.fixture
async def store() -> Store:
    """A store with the things a, b and c, and the fact 1."""
    return await Store().filled()


async def broken(store: Store, change: Callable[[], object], error: BaseException | None = None) -> None:
    """Change something in a transaction that fails."""
    failure = error or RuntimeError("a bug")

    async def call() -> None:
        async with store.transactions:
            change()
            raise failure

    with pytest.raises(type(failure)):
        await call()


def refused(store: Store, change: Callable[[], object]) -> None:
    """Change something in a part of a transaction that is refused."""
    with contextlib.suppress(Refusal), store.transactions.part():
        change()
        raise Refusal


# --- what is taken back


def new_one(store: Store) -> None:
    store.things.store(Thing("d", "y"))


def changed_one(store: Store) -> None:
    store.things.store(Thing("b", "z", 9))


def deleted_one(store: Store) -> None:
    store.things.remove("b")


def replaced_one(store: Store) -> None:
    store.things.remove("b")
    store.things.store(Thing("b", "z", 9))


def replaced_and_deleted(store: Store) -> None:
    replaced_one(store)
    store.things.remove("b")


def made_and_deleted(store: Store) -> None:
    new_one(store)
    store.things.remove("d")


def made_deleted_and_made(store: Store) -> None:
    made_and_deleted(store)
    store.things.store(Thing("d", "q"))


def all_deleted(store: Store) -> None:
    for thing in store.things.every():
        store.things.remove(thing.id)


def another_fact(store: Store) -> None:
    store.fact.put(2)
    store.fact.put(3)


CHANGES = (
    new_one,
    changed_one,
    deleted_one,
    replaced_one,
    replaced_and_deleted,
    made_and_deleted,
    made_deleted_and_made,
    all_deleted,
    another_fact,
)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("error", [RuntimeError(), Refusal(), asyncio.CancelledError(), KeyboardInterrupt()])
async def test_a_failure_takes_everything_back(
    store: Store, change: Callable[[Store], None], error: BaseException
) -> None:
    """Entities, their order, indexes and facts are as before, whatever the reason, and nobody hears of it."""
    before, replica = store.content, store.follow()
    nothing = replica.content
    await broken(store, lambda: change(store), error)
    assert store.content == before
    assert replica.content == nothing


@pytest.mark.parametrize("change", CHANGES)
async def test_what_was_taken_back_can_be_changed_again(store: Store, change: Callable[[Store], None]) -> None:
    """After a failure the same change has the effect that it has on a store that never failed."""
    twin = await Store().filled()
    await broken(store, lambda: change(store))
    for one in (store, twin):
        async with one.transactions:
            change(one)
    assert store.content == twin.content


@pytest.mark.parametrize("change", CHANGES)
async def test_a_commit_can_be_followed(change: Callable[[Store], None]) -> None:
    """Whoever replays what is told of commits has the same entities, order, indexes and facts."""
    store = Store()
    replica = store.follow()
    await store.filled()
    async with store.transactions:
        change(store)
    assert replica.content == store.content


async def test_a_deletion_is_never_seen_as_a_gap(store: Store) -> None:
    """Inside of the transaction that deletes it, an entity is gone for every way of looking."""
    async with store.transactions:
        deleted_one(store)
        assert len(store.things) == 2
        assert store.things.peek("b") is await store.things.get("b") is await store.things.find("group", "xy", "b")
        assert [one.id for one in store.things.every()] == [one.id for one in await store.things.all()] == ["a", "c"]
        assert [one.id for one in await store.things.page("letters", "x")] == ["a", "c"]
        assert await store.things.delete("b") is None
    assert store.things.content()[0] == store.things.every()


async def test_whoever_is_replaced_keeps_their_place(store: Store) -> None:
    """Deleted and stored again in one transaction is a replacement; in two it is a new entity at the end."""
    async with store.transactions:
        replaced_one(store)
    assert [one.id for one in store.things.every()] == ["a", "b", "c"]
    async with store.transactions:
        store.things.remove("b")
    async with store.transactions:
        store.things.store(Thing("b"))
    assert [one.id for one in store.things.every()] == ["a", "c", "b"]


async def test_whoever_derives_something_notices_what_is_taken_back(store: Store) -> None:
    """Revision and population rise when changes are taken back, so that nothing derived inside stays."""
    inside: list[int] = []

    def change() -> None:
        deleted_one(store)
        inside.extend((store.things.revision, store.things.population))

    await broken(store, change)
    assert store.things.revision > inside[0]
    assert store.things.population > inside[1]


keys = st.sampled_from("abcdef")
steps = st.lists(
    st.one_of(
        st.builds(Thing, keys, st.sampled_from(["", "x", "xy", "yz"]), st.integers(0, 3)), keys, st.integers(0, 9)
    ),
    max_size=25,
)


def perform(store: Store, program: Sequence[Thing | str | int]) -> None:
    """Put things, delete what letters name, set the fact to numbers."""
    for step in program:
        if isinstance(step, Thing):
            store.things.store(step)
        elif isinstance(step, str):
            store.things.remove(step)
        else:
            store.fact.put(step)


@given(steps, steps, steps)
def test_any_program_happens_whole_or_not_at_all(
    first: Sequence[Thing | str | int], failing: Sequence[Thing | str | int], last: Sequence[Thing | str | int]
) -> None:
    """A failed program leaves no trace between two that succeed, and a replica of the commits is always equal."""

    async def scenario() -> None:
        store, twin = Store(), Store()
        replica = store.follow()
        for one in (store, twin):
            async with one.transactions:
                perform(one, first)
        await broken(store, lambda: perform(store, failing))
        assert store.content == replica.content == twin.content
        for one in (store, twin):
            async with one.transactions:
                perform(one, last)
        assert store.content == replica.content == twin.content

    asyncio.run(scenario())


@given(steps, steps, steps)
def test_any_refused_part_leaves_the_rest(
    before: Sequence[Thing | str | int], middle: Sequence[Thing | str | int], after: Sequence[Thing | str | int]
) -> None:
    """A part that is refused is taken back alone, and what surrounds it is committed."""

    async def scenario() -> None:
        store, twin = await Store().filled(), await Store().filled()
        async with store.transactions:
            perform(store, before)
            refused(store, lambda: perform(store, middle))
            perform(store, after)
        async with twin.transactions:
            perform(twin, [*before, *after])
        assert store.content == twin.content

    asyncio.run(scenario())


@given(steps, steps)
def test_any_refusal_keeps_what_was_marked(
    kept: Sequence[Thing | str | int], undone: Sequence[Thing | str | int]
) -> None:
    """A refusal keeps what stood before the mark; a bug keeps nothing."""

    async def scenario() -> None:
        store, twin = await Store().filled(), await Store().filled()
        replica = (await Store().filled()).follow()
        perform_private(replica, [*(Thing(key, "xy", rank) for rank, key in enumerate("abc")), 1])
        store.transactions.observe = replica.apply

        def change() -> None:
            perform(store, kept)
            store.transactions.keep()
            perform(store, undone)

        start = store.content
        await broken(store, change)
        assert store.content == start
        await broken(store, change, Refusal())
        async with twin.transactions:
            perform(twin, kept)
        assert store.content == replica.content == twin.content

    asyncio.run(scenario())


def perform_private(replica: Replica, program: Sequence[Thing | str | int]) -> None:
    """Change a replica as its maker, before it follows anybody."""
    replica.transactions.log.private = True
    perform(replica, program)
    replica.transactions.log.private = False


async def test_a_part_keeps_what_was_marked_inside(store: Store) -> None:
    """What a refused part has marked stays like everything before it."""

    def change() -> None:
        store.fact.put(5)
        store.transactions.keep()
        new_one(store)

    async with store.transactions:
        refused(store, change)
    assert store.fact.value == 5
    assert store.things.peek("d") is None


async def test_a_part_that_breaks_breaks_the_whole(store: Store) -> None:
    """A bug inside of a part is no refusal: nothing of the transaction is left."""
    before = store.content

    def change() -> None:
        store.fact.put(5)
        with store.transactions.part():
            raise RuntimeError

    await broken(store, change)
    assert store.content == before


async def test_gaps_are_told_apart_from_nothing(store: Store) -> None:
    """What stands under a key before its replacement is neither an entity nor nothing."""
    told: list[Change] = []
    store.transactions.observe = told.extend
    async with store.transactions:
        replaced_one(store)
    assert [(change.old, change.new) for change in told] == [(Thing("b", "xy", 1), None), (GAP, Thing("b", "z", 9))]


# --- outside


async def test_outside_of_a_transaction_nothing_changes(store: Store) -> None:
    """A change, an announcement, a command and a mark outside of a transaction raise and do nothing."""
    before = store.content
    acts: list[Callable[[], None]] = [
        lambda: new_one(store),
        lambda: deleted_one(store),
        lambda: another_fact(store),
        store.transactions.keep,
        lambda: store.transactions.at_commit(lambda: None),
        lambda: store.transactions.say(Ending(connection="c", how="cut")),
        lambda: store.transactions.afterwards(lambda: asyncio.sleep(0)),
    ]
    for act in acts:
        with pytest.raises(OutsideTransactionError):
            act()
    assert store.content == before
    async with store.transactions.alone():
        with pytest.raises(OutsideTransactionError):
            new_one(store)


def test_a_private_log_needs_no_transaction() -> None:
    """A state that nobody else sees can be filled at once, and a deletion leaves no gap behind."""
    things: Collection[Thing] = Collection("things", Log(private=True))
    things.store(Thing("a"))
    things.remove("a")
    assert things.content() == ([], {})
    things.store(Thing("a"))
    assert len(things) == 1


# --- one at a time


async def test_transactions_come_one_after_the_other(store: Store) -> None:
    """While one waits inside, the others wait for it, and they are served in the order of their coming."""
    seen = []

    async def call(number: int) -> None:
        async with store.transactions:
            before = store.fact.value
            await asyncio.sleep(0)
            store.fact.put(before + 1)
            seen.append(number)

    await asyncio.gather(*(call(number) for number in range(20)))
    assert seen == list(range(20))
    assert store.fact.value == 21


async def test_a_transaction_inside_of_another_raises_at_once(store: Store) -> None:
    """Whoever would wait for themselves for ever is told so; the outer one goes on."""
    where = [store.transactions.inside]
    async with store.transactions:
        where.append(store.transactions.inside)
        with pytest.raises(OutsideTransactionError):
            await store.transactions.__aenter__()
        with pytest.raises(OutsideTransactionError):
            await store.transactions.alone().__aenter__()
        with pytest.raises(OutsideTransactionError):
            await store.transactions.carry_out(lambda: asyncio.sleep(0))
        store.fact.put(7)
    async with store.transactions.alone():
        with pytest.raises(OutsideTransactionError):
            await store.transactions.__aenter__()
    where.append(store.transactions.inside)
    assert where == [False, True, False]
    assert store.fact.value == 7


async def test_two_stores_may_be_changed_at_once(store: Store) -> None:
    """Nesting is a matter of one world: another one has turns of its own."""
    other = await Store().filled()
    async with store.transactions, other.transactions:
        store.fact.put(2)
        other.fact.put(3)
    assert (store.fact.value, other.fact.value) == (2, 3)


async def test_a_child_task_is_not_inside(store: Store) -> None:
    """A task that was begun inside has a transaction of its own, after the one in which it was begun."""

    async def child() -> int:
        assert not store.transactions.inside
        async with store.transactions:
            return store.fact.put(store.fact.value * 10)

    async with store.transactions:
        task = asyncio.create_task(child())
        await asyncio.sleep(0.01)
        store.fact.put(5)
    assert await task == 50


async def test_a_child_task_changes_nothing_of_its_parents_transaction_when_it_fails(store: Store) -> None:
    """What a child did in its own transaction is taken back alone."""

    async def child() -> None:
        async with store.transactions:
            store.fact.put(9)
            raise Refusal

    async with store.transactions:
        task = asyncio.create_task(child())
        await asyncio.sleep(0)
        store.fact.put(5)
    with pytest.raises(Refusal):
        await task
    assert store.fact.value == 5


# --- effects and commands


async def test_effects_come_at_the_commit_in_their_order(store: Store) -> None:
    """Nothing is announced before the commit, everything right then, and commands when others may have their turn."""
    happened: list[str] = []

    async def command() -> None:
        assert not store.transactions.inside
        async with store.transactions:
            happened.append("command")

    async with store.transactions as turn:
        turn.afterwards(command)
        turn.at_commit(lambda: happened.append("one"))
        turn.at_commit(lambda: happened.append("two"))
        store.fact.put(2)
        assert happened == []
    assert happened == ["one", "two", "command"]


@pytest.mark.parametrize("error", [RuntimeError(), Refusal()])
async def test_what_is_taken_back_is_not_announced(store: Store, error: Exception) -> None:
    """A failed call has neither effects nor commands, but for those that a refusal keeps."""
    happened: list[str] = []

    def command(name: str) -> Callable[[], Awaitable[None]]:
        async def act() -> None:
            happened.append(name)

        return act

    def change() -> None:
        turn = store.transactions
        turn.at_commit(lambda: happened.append("kept effect"))
        turn.say(Ending(connection="kept", how="cut"))
        turn.afterwards(command("kept command"))
        turn.keep()
        turn.at_commit(lambda: happened.append("effect"))
        turn.say(Ending(connection="other", how="cut"))
        turn.afterwards(command("command"))

    store.transactions.speak = lambda said: happened.append(f"said {said}")
    await broken(store, change, error)
    kept = ["kept effect", f"said {Ending(connection='kept', how='cut')}", "kept command"]
    assert happened == (kept if isinstance(error, Refusal) else [])
    async with store.transactions:
        store.fact.put(3)
    assert len(happened) <= 3


async def test_a_mark_holds_for_one_transaction(store: Store) -> None:
    """What one call kept is no mark for the next."""

    def change() -> None:
        store.fact.put(2)
        store.transactions.keep()

    await broken(store, change, Refusal())
    await broken(store, lambda: store.fact.put(3), Refusal())
    assert store.fact.value == 2


async def test_commands_are_carried_out_although_the_caller_is_cancelled(store: Store) -> None:
    """What is committed has its effects, also if whoever caused them has gone meanwhile."""
    done, begun = asyncio.Event(), asyncio.Event()

    async def command() -> None:
        begun.set()
        await asyncio.sleep(0.01)
        async with store.transactions:
            store.fact.put(8)
        done.set()

    async def call() -> None:
        async with store.transactions as turn:
            new_one(store)
            turn.afterwards(command)

    task = asyncio.create_task(call())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.wait_for(done.wait(), 1)
    assert store.things.peek("d")
    assert store.fact.value == 8


async def test_a_command_that_fails_stops_no_other(store: Store) -> None:
    """Commands are independent: each is carried out, and the failure is still told."""
    done: list[str] = []

    async def failing() -> None:
        raise ValueError("a bug")

    async def command() -> None:
        done.append("command")

    async def call() -> None:
        async with store.transactions as turn:
            store.fact.put(4)
            turn.afterwards(failing)
            turn.afterwards(command)

    with pytest.raises(ValueError, match="a bug"):
        await call()
    assert done == ["command"]
    assert store.fact.value == 4


async def test_an_effect_that_fails_stops_no_other(store: Store) -> None:
    """What is committed is announced to everybody else, and the turn ends, although one effect has a bug."""
    done: list[str] = []

    def failing() -> None:
        raise ValueError("a bug")

    async def command() -> None:
        done.append("command")

    async def call() -> None:
        async with store.transactions as turn:
            store.fact.put(4)
            turn.at_commit(failing)
            turn.at_commit(lambda: done.append("effect"))
            turn.afterwards(command)

    with pytest.raises(ValueError, match="a bug"):
        await call()
    assert done == ["effect", "command"]
    assert store.fact.value == 4
    async with store.transactions:
        pass


# --- waiting


async def test_a_call_that_is_cancelled_while_it_waits_did_not_happen(store: Store) -> None:
    """Who leaves before their turn leaves nothing, and nobody behind them waits for it."""
    before = store.content
    ran = []

    async def call() -> None:
        async with store.transactions:
            ran.append(1)
            new_one(store)

    async with store.transactions:
        task = asyncio.create_task(call())
        behind = asyncio.create_task(call())
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.sleep(0)
    await asyncio.wait([task, behind])
    assert task.cancelled()
    assert ran == [1]
    async with store.transactions:
        store.things.remove("d")
    assert store.content == before


async def test_a_call_that_is_cancelled_inside_is_taken_back(store: Store) -> None:
    """A cancellation inside undoes everything, marked or not, and the next one has its turn."""
    before = store.content

    async def call() -> None:
        async with store.transactions as turn:
            new_one(store)
            turn.keep()
            await asyncio.sleep(10)

    task = asyncio.create_task(call())
    await asyncio.sleep(0)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert store.content == before
    await asyncio.wait_for(store.transactions.__aenter__(), 1)
    await store.transactions.__aexit__(None, None, None)


async def test_who_must_wait_waits_outside_and_runs_again(store: Store) -> None:
    """The first run is taken back but for what it took; others have their turn meanwhile; the wait is made once."""
    runs, waits, taken = list[int](), Waits(), list[int]()

    async def make() -> str:
        assert not store.transactions.inside
        async with store.transactions:
            store.fact.put(store.fact.value + 100)
        return "made"

    async def call() -> str:
        runs.append(store.fact.value)
        if not taken:
            taken.append(1)
            store.fact.put(store.fact.value + 10)
            store.transactions.keep()
        store.things.store(Thing(f"run{len(runs)}"))
        return waits.made("one", make)

    assert await store.transactions.carry_out(call) == "made"
    assert runs == [1, 111]
    assert store.fact.value == 111
    assert [one.id for one in store.things.every()] == ["a", "b", "c", "run2"]


async def test_several_waits_are_made_one_after_the_other(store: Store) -> None:
    """A call may find out more than once that it must wait; what was made before is not made again."""
    waits, made = Waits(), []

    async def make(name: str) -> str:
        made.append(name)
        return name

    async def call() -> list[str]:
        waits.pause(0.001)
        return [waits.made(name, lambda name=name: make(name)) for name in "xyx"]  # type: ignore[misc]

    assert await store.transactions.carry_out(call) == ["x", "y", "x"]
    assert made == ["x", "y"]


async def test_a_wait_that_fails_is_a_failure_of_the_call(store: Store) -> None:
    """Who cannot be given what they wait for has failed, and nothing of them is left."""
    before, waits = store.content, Waits()

    async def make() -> None:
        raise Refusal

    async def call() -> None:
        new_one(store)
        waits.made("one", make)

    with pytest.raises(Refusal):
        await store.transactions.carry_out(call)
    assert store.content == before


async def test_no_pause_needs_no_wait(store: Store) -> None:
    """A pause of no time lets the call go on."""
    runs = []

    async def call() -> None:
        runs.append(1)
        Waits().pause(0)

    await store.transactions.carry_out(call)
    assert runs == [1]
    with pytest.raises(MustWait):
        Waits().pause(1)


# --- replacing and closing


async def test_whoever_is_alone_holds_off_everybody(store: Store) -> None:
    """Nobody has a turn while a state is replaced, and all go on afterwards."""
    order: list[str] = []

    async def call() -> None:
        async with store.transactions:
            order.append("call")

    async with store.transactions.alone():
        task = asyncio.create_task(call())
        await asyncio.sleep(0.01)
        order.append("alone")
    await task
    assert order == ["alone", "call"]
    with pytest.raises(RuntimeError):
        async with store.transactions.alone():
            raise RuntimeError
    await call()


async def test_who_waits_for_a_closed_world_is_refused(store: Store) -> None:
    """Whoever waits, comes later or wants to be alone is refused; the one under way ends as usual."""

    async def call() -> None:
        async with store.transactions:
            new_one(store)

    async with store.transactions as turn:
        waiting = [asyncio.create_task(call()) for _ in range(3)]
        await asyncio.sleep(0)
        turn.close(Closed)
        store.fact.put(6)
    assert [type(one) for one in await asyncio.gather(*waiting, return_exceptions=True)] == [Closed] * 3
    assert store.fact.value == 6
    assert store.things.peek("d") is None
    for begin in (call(), store.transactions.alone().__aenter__()):
        with pytest.raises(Closed):
            await begin
