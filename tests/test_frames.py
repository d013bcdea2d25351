"""What is said to sockets of other processes, and what a call that runs again leaves of its first run."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, cast

import pytest

from mockspaces.asgi.exchange import Exchange
from mockspaces.changelog import encoding
from mockspaces.changelog.keeper import Keeper, Recording, end_run
from mockspaces.cloud.kernel.attempt import Attempt
from mockspaces.cloud.kernel.events import SocketsClosed
from mockspaces.cloud.kernel.journal import Criteria
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import drafts, messages
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import Space, User, replace
from mockspaces.cloud.store.run import Action, Connection, Ending, Fault, Frames, Match, Occurrence, Said
from mockspaces.cloud.store.transaction import Again, nothing
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.worlds import DEFAULT, Worlds
from mockspaces.contract.events import PARTY_LEAVES
from mockspaces.realtime.hub import Hub, Session
from mockspaces.realtime.hubs import Hubs
from tests.changelog.reference import ReferenceLog

BASE = "http://127.0.0.1"
ONE, TWO, THREE = (f"{number:08x}-0000-0000-0000-000000000000" for number in (1, 2, 3))  # connections
HERE, THERE = "reference", "other"  # this process, and another one


class Shared(ReferenceLog):
    """A log that other processes have too."""

    shared = True

    @property
    def said(self) -> list[Said]:
        """What is said in all change sets."""
        sets = (one.data for known in self._changes.values() for one in known)
        return [said for data in sets for said in encoding.spoken(encoding.decoded(data))]


class FakeTransport:
    """The socket of a session: remembers what it was given."""

    def __init__(self) -> None:
        self.heard: list[str] = []
        self.finished, self.pending = False, 0

    def enqueue(self, packets: list[Any], delay: float = 0) -> None:
        self.heard += [packet.data for packet in packets]

    async def finish(self) -> None:
        self.finished = True

    async def cut(self) -> None:
        """Break the connection."""


class FakeSession:
    """A connection that has its socket here."""

    def __init__(self, name: str) -> None:
        self.id, self.transport, self.ended, self.ending = name, FakeTransport(), False, ""

    async def leave(self) -> None:
        """Leave the namespace."""

    async def finish(self) -> None:
        await self.transport.finish()


class Cloud:
    """The default world of one of several processes, its hub, and a space with its owner."""

    def __init__(self) -> None:
        self.log = Shared()
        self.worlds = Worlds(BASE)
        self.keeper = Keeper(self.log, self.worlds)
        self.hubs = Hubs(self.worlds)

    async def open(self) -> None:
        """Open the world."""
        self.world: World = (await self.worlds.open(DEFAULT, seeds.bundled("demo"), ttl=None)).world
        await self.furnish()

    async def furnish(self) -> None:
        """Make the space."""

        async def begin() -> tuple[User, Space]:
            owner = await people.known(self.world, "cleo@example.com")
            return owner, await spaces.create(self.world, owner, "Room")

        self.owner, self.space = await self.world.transactions.carry_out(begin)

    @property
    def hub(self) -> Hub:
        return self.hubs.of(self.world)

    async def connect(self, name: str, worker: str, **members: Any) -> FakeSession:
        """Let somebody listen in the space by a process, and be online there."""
        connection = Connection(id=name, person_id=self.owner.id, worker=worker, base=BASE, **members)

        async def enter() -> None:
            self.world.presence.connect(connection)
            self.world.presence.subscribe(name, self.space.id)
            self.world.presence.announce(name, self.space.id, online=True)

        await self.world.transactions.carry_out(enter)
        session = FakeSession(name)
        if worker == HERE:
            self.hub.enter(cast("Session", session))
        return session

    async def chat(self, text: str) -> None:
        """Send a message in the space."""

        async def send() -> None:
            await messages.create(self.world, self.owner, self.space, drafts.Draft(category="chat", text=text))

        await self.world.transactions.carry_out(send)

    def told(self) -> list[str]:
        """Return of each frame that others are told for whom it is and what it says, as a line."""
        return [f"{' '.join(one.connections)}: {one.packets}" for one in self.log.said if isinstance(one, Frames)]


@pytest.fixture
async def cloud() -> AsyncIterator[Cloud]:
    found = Cloud()
    await found.open()
    yield found
    await found.keeper.close()


async def test_frames_for_sockets_elsewhere_are_stored_with_what_they_tell(cloud: Cloud) -> None:
    """Others are told a message once, rendered for each way to the world; the journal has it once, for all sockets."""
    here = await cloud.connect(ONE, HERE, peer=("127.0.0.1", 1))
    await cloud.connect(TWO, THERE, peer=("127.0.0.1", 2))
    await cloud.connect(THREE, THERE, namespace="/w/x/chat", peer=("127.0.0.1", 3))
    await cloud.chat("hello")
    both, alone = cloud.told()
    assert (both.partition(":")[0], alone.partition(":")[0]) == (f"{ONE} {TWO}", THREE)
    assert "hello" in both
    assert "/w/x/chat," in alone
    assert [text for text in here.transport.heard if "hello" in text] == here.transport.heard[-1:]
    [entry] = cloud.world.journal.find(Criteria(event="MESSAGE_SENT"))
    assert (entry.why, entry.connections) == ("to 3 sockets", tuple(("127.0.0.1", number) for number in (1, 2, 3)))


async def test_frames_for_own_sockets_are_not_stored(cloud: Cloud) -> None:
    """What concerns nobody else is not sent to others."""
    here = await cloud.connect(ONE, HERE)
    await cloud.chat("hello")
    assert (cloud.log.said, len(here.transport.heard)) == ([], 1)


async def test_a_hub_heeds_what_others_say_for_its_sockets(cloud: Cloud) -> None:
    """It delivers to the sockets that it has, closes them if it is told to, and passes over all others."""
    here = await cloud.connect(ONE, HERE)
    cloud.world.transactions.speak(Frames(connections=(TWO, ONE), packets=("word", "more")))
    for name in (TWO, ONE):
        cloud.world.transactions.speak(Ending(connection=name, how="end", why="so it is"))
    assert (here.transport.heard, here.transport.finished) == (["word", "more"], False)
    await asyncio.sleep(0)
    assert (here.transport.finished, here.ended, here.ending) == (True, True, "so it is")


async def test_sockets_elsewhere_are_closed_by_whoever_has_them(cloud: Cloud) -> None:
    """A socket that is closed on purpose is told so in the change set, and stays present until it is gone."""
    await cloud.connect(TWO, THERE)

    async def close() -> None:
        await cloud.world.publish(SocketsClosed(connections=(TWO, "unknown"), how="transport"))

    await cloud.world.transactions.carry_out(close)
    assert cloud.log.said == [Ending(connection=TWO, how="cut", why="closed by a test: transport")]
    assert len(cloud.world.presence) == 1


async def test_connections_of_a_dead_process_take_their_leave(cloud: Cloud) -> None:
    """Whoever is still there hears that the others have left; a process that was only cut off lets its sockets go."""
    here = await cloud.connect(ONE, HERE)
    for name in (TWO, THREE):
        await cloud.connect(name, THERE)

    async def end() -> None:
        await end_run(cloud.world, [HERE])

    await cloud.world.transactions.carry_out(end)
    assert [PARTY_LEAVES in text for text in here.transport.heard] == [True, True]
    assert [(one.connection, one.how) for one in cloud.log.said if isinstance(one, Ending)] == [
        (TWO, "finish"),
        (THREE, "finish"),
    ]
    assert [one.id for one in cloud.world.presence.all()] == [ONE]


async def test_a_world_has_a_hub_before_its_first_socket_here(cloud: Cloud) -> None:
    """Where others may have the sockets, a process without any speaks to them, also after a reset."""
    await cloud.worlds.reset(cloud.worlds.named(DEFAULT))
    await cloud.furnish()
    await cloud.connect(TWO, THERE)
    await cloud.chat("hello")
    assert len(cloud.told()) == 1


# --- calls that run again


async def test_a_fault_that_another_process_met_first_does_not_happen(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A call whose run is taken back has not met its fault: what happens once happened elsewhere meanwhile."""
    world, attempt, record = cloud.world, Attempt(), Recording.record

    async def plan() -> None:
        world.faults.plan(Fault(id="f", match=Match(), action=Action(status=503), times=1))

    async def spend() -> None:
        world.state.faults.store(replace(world.faults.all()[0], fired=1))

    async def too_late(recording: Recording, *told: Any) -> None:
        monkeypatch.setattr(Recording, "record", record)
        raise Again(lambda: world.transactions.carry_out(spend))

    async def call() -> Fault | None:
        return attempt.meet_fault(world, Occurrence(surface="rest"))

    await world.transactions.carry_out(plan)
    monkeypatch.setattr(Recording, "record", too_late)
    assert await world.transactions.carry_out(call) is None
    assert not attempt.met_fault


async def test_a_call_that_runs_again_forgets_what_it_noted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """The journal and the answer know nothing of a run that was taken back."""
    world, record = cloud.world, Recording.record
    exchange = Exchange({"method": "GET"}, cast("Any", None), cast("Any", None), world, world.origins, "/")
    exchange.why = exchange.reading = "an alias"

    async def too_late(recording: Recording, *told: Any) -> None:
        monkeypatch.setattr(Recording, "record", record)
        raise Again(nothing)

    async def call() -> None:
        world.state.activities.put(world.state.activities.value + 1)
        exchange.note("noted")
        if Recording.record is too_late:
            exchange.code, exchange.transport = "some.code", "drop"

    monkeypatch.setattr(Recording, "record", too_late)
    await world.transactions.carry_out(call, exchange.begin_again)
    assert (exchange.why, exchange.code, exchange.transport) == ("an alias; noted", None, None)
