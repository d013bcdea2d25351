"""Proof that collections and facts are the whole truth of a world: whoever hears of changes alone has all of it.

For every world a replica begins with a copy of its state, and again whenever the state is replaced as a whole. From
then on it hears of nothing but what `put`, `delete` and facts report at each commit. When the world leaves a state,
by a reset, a restore or a drop, the replica must be equal to it: entities in their order, indexes, facts.
"""

from collections.abc import Sequence

from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.collection import Collection
from mockspaces.cloud.store.state import State
from mockspaces.cloud.store.transaction import Change
from mockspaces.cloud.worlds.worlds import Farewell, Worlds


class Replica:
    """A second state that is told of commits."""

    def __init__(self, original: State) -> None:
        """Begin with a copy of a state as it stands."""
        self._original = original
        self._copy = State(contract=original.contract.value, settings=original.settings.value, random=None)
        self._stores = self._copy.stores
        for name, store in original.stores.items():
            mine = self._stores[name]
            if isinstance(store, Collection) and isinstance(mine, Collection):
                for entity in store.every():
                    mine.store(entity)
            elif not isinstance(store, Collection) and not isinstance(mine, Collection):
                mine.put(store.value)

    def apply(self, changes: Sequence[Change]) -> None:
        """Carry out the changes of one commit; all at once, since what is deleted and made anew keeps its place."""
        log, stores = self._copy.log, self._stores
        log.changes = []
        for change in changes:
            store = stores[change.store.name]
            if not isinstance(store, Collection):
                store.put(change.new)
            elif change.new is None:
                store.remove(change.key)
            else:
                store.store(change.new)
        for done in log.changes:
            if done.new is None:
                done.store.forget(done.key)
        log.changes = None

    def differences(self) -> list[str]:
        """Return the names of the stores in which the original differs from what was told."""
        pairs = ((name, store, self._stores[name]) for name, store in self._original.stores.items())
        return [name for name, mine, theirs in pairs if content(mine) != content(theirs)]


def content(store: object) -> object:
    """Return all that a store holds, in a form that can be compared."""
    return store.content() if isinstance(store, Collection) else getattr(store, "value", None)


class Replicas:
    """The replicas of all worlds of one process, and what was found to differ."""

    def __init__(self, worlds: Worlds) -> None:
        """Follow every world that has a state from now on."""
        self.compared = 0
        self.differences: list[str] = []
        self._replicas: dict[World, Replica] = {}
        worlds.on_state.append(self.begin)
        worlds.on_leave.append(self.leave)

    def begin(self, world: World) -> None:
        """Follow the state that a world has now."""
        self._replicas[world] = replica = Replica(world.state)
        world.transactions.observe = replica.apply

    def leave(self, world: World) -> Farewell:
        """Compare a world that leaves its state with its replica."""
        self.compare(self._replicas.pop(world), world.name)
        return _nothing

    def compare(self, replica: Replica, name: str) -> None:
        """Note in which stores a replica differs."""
        self.compared += 1
        self.differences += [f"{store} of the world {name}" for store in replica.differences()]

    def compare_all(self) -> None:
        """Compare the worlds that are open still; nothing may be under way in them."""
        for world, replica in self._replicas.items():
            self.compare(replica, world.name)


async def _nothing() -> None:
    """Nothing is left to be done for a replica."""
