"""Proof that a log has all of a world: whenever one leaves its state it is rebuilt from the log, and has to be equal.

With ``--log sqlite`` or ``--log redis`` the contract suite runs so on the embedded mock.
"""

from collections.abc import Callable
from pathlib import Path

import msgspec

from mockspaces.app import App
from mockspaces.changelog import encoding
from mockspaces.changelog.keeper import Keeper, Recording
from mockspaces.changelog.log import ChangeLog
from mockspaces.changelog.redis import RedisLog
from mockspaces.changelog.sqlite import SqliteLog
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.state import State
from mockspaces.cloud.worlds.worlds import Hosted
from mockspaces.contract import Contract
from tests.changelog.servers import RedisServer

LOGS = ("sqlite", "redis")


def opened(kind: str, folder: Path, cleanup: Callable[[Callable[[], None]], None]) -> ChangeLog:
    """Return a log with its files in a folder, and let ``cleanup`` end what that started."""
    if kind == "sqlite":
        return SqliteLog(folder / "mock.db")
    server = RedisServer(folder)
    cleanup(server.kill)
    return RedisLog(server.url, prefix="rebuilt")


async def rebuilt(log: ChangeLog, world: World) -> State:
    """Return the state of a world as its log has it."""
    recording = world.transactions.recorder
    assert isinstance(recording, Recording)
    stand, parts = await log.snapshot(recording.generation)
    state = world.new_state()
    for data in [*parts, *(one.data for one in await log.after(recording.generation, stand))]:
        encoding.apply(state, encoding.decoded(data))
    return state


def differences(mine: State, theirs: State) -> list[str]:
    """Return the names of the stores that differ and should not."""
    pairs = ((name, store, theirs.stores[name]) for name, store in mine.stores.items())
    return [name for name, one, other in pairs if shown(one) != shown(other)]


def shown(store: object) -> object:
    """Return what a store holds, tuples and lists alike: JSON values that a call has sent may be either."""
    if not isinstance(store, Collection):
        value = getattr(store, "value", None)
        return value.overlay() if isinstance(value, Contract) else value
    entities, indexes = store.content()
    return msgspec.json.decode(msgspec.json.encode(entities)), indexes


class RebuildingKeeper(Keeper):
    """Compares a world with its log before it leaves its state."""

    def __init__(self, log: ChangeLog, app: App) -> None:
        """Keep the worlds of an application in a log of their own."""
        self.log = log
        super().__init__(log, app.worlds)
        app.worlds.worker = ""  # nobody shares them here, so that worlds have ports
        app._keeper = self
        self.compared = 0
        self.differences: list[str] = []

    async def _compare(self, world: World) -> None:
        if world.transactions.recorder is not None:
            self.compared += 1
            found = differences(world.state, await rebuilt(self.log, world))
            self.differences += [f"{name} of the world {world.name}" for name in found]

    async def begin(self, hosted: Hosted, state: State, *, same_run: bool = False) -> None:
        await self._compare(hosted.world)
        await super().begin(hosted, state, same_run=same_run)

    async def drop(self, hosted: Hosted) -> None:
        await self._compare(hosted.world)
        await super().drop(hosted)
