"""Worlds that are opened again: equal to what they were, but for what belonged to the process."""

import asyncio
import hashlib
import json
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import pytest

from mockspaces.changelog import encoding, keeper, open_log
from mockspaces.changelog.keeper import Keeper, Recording
from mockspaces.changelog.log import LogError, NotStoredError
from mockspaces.changelog.sqlite import SqliteLog
from mockspaces.client import Mockspaces
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import drafts, meetings, messages
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import Message, replace
from mockspaces.cloud.store.run import Action, Connection, Fault, Match
from mockspaces.cloud.store.state import State
from mockspaces.cloud.worlds import seeds, snapshots
from mockspaces.cloud.worlds.worlds import DEFAULT, Worlds
from mockspaces.config import Config
from mockspaces.contract import Contract, errors
from mockspaces.contract.settings import Settings
from mockspaces.server import Server
from tests.rebuilding import differences, rebuilt

DEMO = seeds.bundled("demo")


class Cloud:
    """The worlds of one process, in a file."""

    def __init__(self, path: Path) -> None:
        """Begin another process."""
        self.log = SqliteLog(path)
        self.worlds = Worlds("http://127.0.0.1")
        self.keeper = Keeper(self.log, self.worlds)

    def world(self, name: str = DEFAULT) -> World:
        return self.worlds.named(name).world


Begin = Callable[[], Awaitable[Cloud]]


@pytest.fixture
async def begin(tmp_path: Path) -> AsyncIterator[Begin]:
    """What starts a process; the one before it has been killed: nothing told it to end."""
    running: list[Cloud] = []

    async def start() -> Cloud:
        if running:
            await running.pop().log.close()
        cloud = Cloud(tmp_path / "mock.db")
        running.append(cloud)
        await cloud.keeper.resume(DEMO)
        if DEFAULT not in cloud.worlds:
            await cloud.worlds.open(DEFAULT, DEMO, ttl=None)
        return cloud

    yield start
    await running[-1].log.close()


async def chat(world: World, text: str = "hello") -> Message:
    """Send a message in a space of its own."""

    async def send() -> Message:
        author = await people.known(world, "cleo@example.com")
        space = await spaces.create(world, author, "Room")
        return await messages.put_new(world, author, space, drafts.Draft(category="chat", text=text))

    return await world.transactions.carry_out(send)


@asynccontextmanager
async def full_disk(cloud: Cloud, room: int = 0) -> AsyncIterator[None]:
    """Let the file grow by no more than ``room`` pages while the block lasts."""
    await cloud.log._empty()
    db = cloud.log._db
    db.execute(f"PRAGMA max_page_count = {db.execute('PRAGMA page_count').fetchone()[0] + room}")
    try:
        yield
    finally:
        db.execute("PRAGMA max_page_count = 1073741823")


async def test_all_of_a_world_is_there_again(begin: Begin) -> None:
    """Clock, settings, overlay, keys, faults with their counts, files and counters are what they were."""
    cloud = await begin()
    await cloud.worlds.open("named", seeds.bundled("empty"), ttl=None)
    world = cloud.world()
    await chat(world)
    async with world.transactions:
        world.clock.freeze(2_000_000_000.5)
        world.change_settings({"rest.enforce_limits": True})
        world.overlay_contract({"limits": {"page_size_max": 7}})
        world.signing_keys.rotate()
        world.faults.plan(Fault(id="f", match=Match(), action=Action(status=503, body={"a": [1]}), times=3, fired=2))
        world.state.stored_bytes.put(5)
        world.state.product_profiles.store(encoding.KINDS["product_profiles"](id="p", value={"n": 10**30}))
        world.state.contents.store(encoding.KINDS["contents"](id="c", data=bytes(range(256))))
    async with world.transactions:
        world.state.product_profiles.remove("p")
        world.state.product_profiles.store(encoding.KINDS["product_profiles"](id="q", value={"n": -(10**30)}))
    again = await begin()
    assert [hosted.world.name for hosted in again.worlds] == [DEFAULT, "named"]
    for name in (DEFAULT, "named"):
        assert differences(cloud.world(name).state, again.world(name).state) == []
    assert again.world().clock.now() == 2_000_000_000.5
    assert again.world().faults.all()[0].fired == 2
    await chat(again.world(), "goes on")


async def test_nobody_is_present_in_the_next_process(begin: Begin) -> None:
    """Connections, phone calls and reservations of the process that ended are gone, its meetings left."""
    cloud = await begin()
    world = cloud.world()
    async with world.transactions:
        world.presence.connect(Connection(id="c", person_id="somebody"))
        world.presence.subscribe("c", "space")
        world.state.calls.store(encoding.KINDS["calls"](id="call", parties=("a", "b")))
    again = await begin()
    assert (len(again.world().presence), len(again.world().state.calls)) == (0, 0)
    assert again.world().state.connected.value == 1  # numbers of connections never come twice
    assert len((await begin()).world().presence) == 0  # and that they left is stored


async def test_meetings_are_left_by_who_was_in_them_by_a_socket(begin: Begin) -> None:
    """Whoever had a media session in a meeting has left it in the next process; the last one out ends it."""
    cloud = await begin()
    world = cloud.world()
    async with world.transactions:
        cleo = await people.known(world, "cleo@example.com")
        space = await spaces.create(world, cleo, "Room")
        await meetings.join(world, space.id, cleo, session="session")
        world.presence.connect(Connection(id="c", person_id=cleo.id))
        world.presence.set_media("c", space.id, "session")
    again = await begin()
    async with again.world().transactions:
        assert await meetings.active(again.world(), space.id) is None
    assert len(again.world().state.messages) == len(world.state.messages)


async def test_a_server_in_a_thread_lets_go_of_its_file(tmp_path: Path) -> None:
    """A server that was stopped leaves its file to the next one in the same process, with all that was in it."""
    config = Config(port=0, log=f"sqlite://{tmp_path}/mock.db")

    def run(again: bool) -> None:  # noqa: FBT001 - which of two
        with Server(config) as server, Mockspaces(server.url) as mock:
            if again:
                assert {one["name"] for one in mock.call("GET", "/worlds")["data"]} == {"default", "named"}
                assert mock.call("GET", "/worlds")["data"][1]["urls"]["port"]
            else:
                mock.open_world("named")

    await asyncio.to_thread(run, again=False)
    await asyncio.to_thread(run, again=True)


async def test_nobody_waits_long_for_a_compaction(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """While a large world is compacted the loop goes on: no step of it takes a tenth of a second."""
    cloud = await begin()
    world = cloud.world()
    message = await chat(world)
    async with world.transactions:
        for number in range(30_000):
            world.state.messages.store(replace(message, id=str(number), text="x" * 100))
    recording = world.transactions.recorder
    assert isinstance(recording, Recording)
    compaction, longest = asyncio.create_task(recording._compact()), 0.0
    while not compaction.done():
        begun = time.thread_time()  # what others on this machine do is none of our business
        await asyncio.sleep(0)
        longest = max(longest, time.thread_time() - begun)
    assert (await cloud.log.snapshot(recording.generation))[0].position == recording.stand.position
    assert longest < 0.1


async def test_a_reset_and_a_restore_take_the_place_of_the_state(begin: Begin) -> None:
    """After a restore the next process has what was restored, after a reset the seed, and changes since then."""
    cloud = await begin()
    kept = await snapshots.take(cloud.world())
    await chat(cloud.world(), "gone")
    await cloud.worlds.restore(cloud.worlds.named(DEFAULT), kept)
    await chat(cloud.world(), "restored")
    again = await begin()
    assert differences(cloud.world().state, again.world().state) == []
    assert [one.text for one in again.world().state.messages.every()][-1] == "restored"
    await again.worlds.reset(again.worlds.named(DEFAULT))
    await chat(again.world(), "reset")
    last = await begin()
    assert differences(again.world().state, last.world().state) == []
    assert [one.text for one in last.world().state.messages.every()][-1] == "reset"


async def test_a_dropped_world_does_not_come_back(begin: Begin) -> None:
    """A world that was dropped is unknown to the next process, and its name may be used again."""
    cloud = await begin()
    await cloud.worlds.open("named", DEMO, ttl=None)
    await cloud.worlds.drop("named")
    again = await begin()
    assert "named" not in again.worlds
    await again.worlds.open("named", seeds.bundled("empty"), ttl=7)
    assert (await begin()).worlds.named("named").ttl == 7


async def test_a_full_disk_undoes_and_refuses(begin: Begin) -> None:
    """What cannot be stored did not happen, reads go on, and so do changes as soon as there is room."""
    cloud = await begin()
    world = cloud.world()
    await chat(world, "before")
    async with full_disk(cloud):
        for call in (
            chat(world, "x" * 100_000),
            cloud.worlds.open("named", DEMO, ttl=None),
            cloud.worlds.reset(cloud.worlds.named(DEFAULT)),
        ):
            with pytest.raises(Rejection) as refused:
                await call
            assert refused.value.code == errors.NOT_STORED
            assert "no room left on the disk" in refused.value.why
        async with world.transactions:
            assert [one.text for one in world.state.messages.every()][-1] == "before"
        assert "named" not in cloud.worlds
    await chat(world, "after")
    again = await begin()
    assert differences(world.state, again.world().state) == []
    assert [one.text for one in again.world().state.messages.every()][-2:] == ["before", "after"]


async def test_a_drop_that_cannot_be_stored_did_not_happen(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A world whose tombstone finds no room lives on, and the sweep of idle worlds is not ended by it."""
    cloud = await begin()
    await cloud.worlds.open("named", DEMO, ttl=1e-9)

    async def broken(_name: str, _generation: int) -> None:
        raise NotStoredError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(cloud.log, "drop", broken)
        with pytest.raises(Rejection):
            await cloud.worlds.drop("named")
        await cloud.worlds.sweep()
        await chat(cloud.world("named"), "lives")
    await cloud.worlds.sweep()
    assert "named" not in cloud.worlds


async def test_an_unclear_append_is_looked_up(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change set that stands in the file is stored, whatever the writing of it ended with."""
    cloud = await begin()
    write = cloud.log._write

    async def failing(*given: object) -> None:
        await write(*given)  # type: ignore[arg-type]  # as they come
        raise NotStoredError("the answer was lost")

    monkeypatch.setattr(cloud.log, "_write", failing)
    await chat(cloud.world(), "once")
    monkeypatch.undo()
    await chat(cloud.world(), "twice")
    again = await begin()
    assert [one.text for one in again.world().state.messages.every()][-2:] == ["once", "twice"]


async def test_a_world_is_compacted_while_it_is_used(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A snapshot takes the place of many change sets, and no change that comes meanwhile is lost."""
    monkeypatch.setattr(keeper, "COMPACT_BYTES", 10_000)
    cloud = await begin()
    world = cloud.world()
    recording = world.transactions.recorder
    assert isinstance(recording, Recording)
    recording._size = 0
    for number in range(100):
        await chat(world, str(number))
        await asyncio.sleep(0)
    for _ in range(1000):
        if recording._compacting is None:
            break
        await asyncio.sleep(0.001)
    stand, _ = await cloud.log.snapshot(recording.generation)
    assert stand.position > 0
    assert len(await cloud.log.after(recording.generation, stand)) == 100 - stand.position
    again = await begin()
    assert differences(world.state, again.world().state) == []
    await chat(again.world())


async def test_a_snapshot_has_nothing_that_is_taken_back(begin: Begin, monkeypatch: pytest.MonkeyPatch) -> None:
    """A compaction that comes while a change waits to be stored begins behind it, whatever becomes of the change."""
    cloud = await begin()
    world = cloud.world()
    recording = world.transactions.recorder
    assert isinstance(recording, Recording)

    async def broken(*_given: object) -> None:
        raise NotStoredError("broken")

    with monkeypatch.context() as patch:
        patch.setattr(cloud.log, "append", broken)
        outcomes = await asyncio.gather(chat(world), recording._compact(), return_exceptions=True)
    assert isinstance(outcomes[0], Rejection)
    assert (await cloud.log.snapshot(recording.generation))[0].position == 0
    assert differences(world.state, await rebuilt(cloud.log, world)) == []


async def test_a_world_that_cannot_be_read_is_named(begin: Begin) -> None:
    """A change set that no entity can be made of ends the start with the name of its world."""
    cloud = await begin()
    recording = cloud.world().transactions.recorder
    assert isinstance(recording, Recording)
    strange = msgspec.msgpack.encode([("messages", None, {"id": 5})])
    await cloud.log.append(recording.generation, recording.stand, b"t", strange)
    with pytest.raises(LogError, match='"default" cannot be read'):
        await begin()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///", "sqlite:mock.db", "sqlite://host/mock.db", "mock.db"])
def test_a_url_that_names_no_log_is_refused(url: str) -> None:
    """Whatever names neither a Redis nor sqlite:/// and an absolute path is refused with what is expected."""
    with pytest.raises(LogError, match="expected none, redis://HOST:PORT/0, or sqlite:///PATH"):
        open_log(url)


def test_every_store_has_a_kind() -> None:
    """Each collection and fact of a world is stored."""
    stores = State(contract=Contract.shipped(), settings=Settings(), random=None).stores
    assert {*stores, encoding.SAID} == encoding.KINDS.keys()
    assert Connection in encoding.KINDS.values()


def without_words(schema: Any) -> Any:
    """Return a schema without what is said to people."""
    if isinstance(schema, dict):
        return {name: without_words(one) for name, one in schema.items() if name != "description"}
    return [without_words(one) for one in schema] if isinstance(schema, list) else schema


def test_the_format_changes_with_the_entities() -> None:
    """Whoever changes an entity learns that logs change: raise FORMAT, and note the new shape here."""
    kinds = [kind for name, kind in sorted(encoding.KINDS.items()) if name != "settings"]  # they have defaults
    shape = json.dumps(without_words(msgspec.json.schema_components(kinds)), sort_keys=True)
    assert (encoding.FORMAT, hashlib.sha256(shape.encode()).hexdigest()[:16]) == (3, "88881081cfb84d23")
