"""The worlds of one process: opened, found, reset and dropped by name or port."""

import contextlib
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator, Mapping
from typing import Any, Protocol

from mockspaces.cloud.identity import sign_in
from mockspaces.cloud.kernel.rejection import Rejection, not_found
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.store.state import State
from mockspaces.cloud.store.transaction import repeated, to_its_end
from mockspaces.cloud.worlds import snapshots
from mockspaces.cloud.worlds.prepared import Planter
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.snapshots import Snapshot
from mockspaces.contract import Contract, errors
from mockspaces.contract.settings import Settings

DEFAULT = "default"
DEFAULT_TTL_S = 600
PREFIX = "/w/"  # leads to a world by its name, in paths and in namespaces


def real_time() -> float:
    """Return seconds of a clock that no test stops in whose process we are: freezegun replaces `time.monotonic`."""
    return time.clock_gettime(time.CLOCK_MONOTONIC)


class Hosted:
    """A world in its place: its seed, its port if it has one, and when it was last used (real time)."""

    def __init__(self, world: World, seed: Seed, *, ttl: float | None) -> None:
        """Host a world; without ``ttl`` it stays until it is dropped."""
        self.world = world
        self.seed = seed
        self.ttl = ttl
        self.port: int | None = None
        self.last_used = real_time()

    def touch(self) -> None:
        """Note that the world is used."""
        self.last_used = real_time()

    @property
    def idle_out(self) -> bool:
        """Whether nobody has used the world for its whole time to live."""
        return self.ttl is not None and real_time() - self.last_used > self.ttl


class Listeners:
    """Where worlds get ports of their own; this one has none to give (an ASGI application without server)."""

    def url(self, port: int) -> str:
        """Return the URL of a port."""
        return f"http://127.0.0.1:{port}"

    async def open(self) -> int | None:
        """Open one more listener and return its port, or None where that is impossible."""
        return None

    async def close(self, port: int) -> None:
        """Close a listener and its connections."""


class Stops:
    """How often the loop that serves was held so long that others noticed, and for how many seconds in all.

    ``cpu`` is how many of these seconds it computed; in the others the machine did not let it run.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.count = 0
        self.seconds = 0.0
        self.cpu = 0.0


class Keeper(Protocol):
    """Who makes worlds outlive the process. Each call refuses if that is impossible, and nothing has happened then."""

    async def begin(self, hosted: Hosted, state: State, *, same_run: bool = False) -> None:
        """Store a world with a new state as a whole, and from then on what changes in it; it may be the same run.

        Raises `Again` if another process has changed the world first.
        """

    async def drop(self, hosted: Hosted) -> None:
        """Let a world be gone for good."""

    async def sync(self) -> None:
        """Open and close worlds as other processes have done."""

    async def is_used(self, hosted: Hosted) -> bool:
        """Whether another process has used a world within its time to live."""


Farewell = Callable[[], Awaitable[None]]
OnLeave = Callable[[World], Farewell]  # lets go of a world at once, and returns what has to be awaited then


class Worlds:
    """All worlds of a process. ``base`` is the URL of the default world; prefixes are below it.

    ``names`` gives its services origins of their own; ``ca_pem`` is the CA that clients have to trust, if there is one.
    """

    def __init__(
        self,
        base: str,
        *,
        names: Mapping[str, str] | None = None,
        contract: Contract | None = None,
        settings: Settings | None = None,
        random_seed: str | None = None,
        max_worlds: int = 1000,
    ) -> None:
        """Begin without any world."""
        self.base = base
        self.names = names or {}
        self.ca_pem: bytes | None = None
        self.listeners = Listeners()
        self.stops = Stops()
        self.on_leave: list[OnLeave] = []
        self.ending = False  # the process ends
        self.on_clear: Callable[[], None] = lambda: None  # a journal was emptied, so that memory is free
        self.keeper: Keeper | None = None
        # The name of this process, where it shares its worlds with others, and how far its clock is behind theirs.
        self.worker = ""
        self.skew: Callable[[], float] | None = None
        self.on_state: list[Callable[[World], None]] = []  # who hears that a world has another state as a whole
        self._contract = contract or Contract.shipped()
        self._settings = settings or Settings()
        self._random_seed = random_seed
        self._planter = Planter(self._contract, self._settings)
        self._max_worlds = max_worlds
        self._by_name: dict[str, Hosted] = {}
        self._by_port: dict[int, Hosted] = {}
        self._opened = 0

    def __iter__(self) -> Iterator[Hosted]:
        """Go through the worlds in the order they were opened."""
        return iter(list(self._by_name.values()))

    def __contains__(self, name: str) -> bool:
        """Whether a world of this name is open."""
        return name in self._by_name

    def __len__(self) -> int:
        """Return the number of worlds."""
        return len(self._by_name)

    async def open(self, name: str | None, seed: Seed, *, ttl: float | None = DEFAULT_TTL_S) -> Hosted:
        """Open a world, on a port of its own where listeners can be opened. Refuses a name that is taken."""
        await self.sweep()
        await self.sync()
        if len(self._by_name) >= self._max_worlds:
            raise Rejection(errors.WORLDS_EXHAUSTED, "drop some, or raise --max-worlds", detail=str(self._max_worlds))
        if name is not None:
            return await self._open(name, seed, ttl)
        while True:
            chosen = self._free_name()
            try:
                return await self._open(chosen, seed, ttl)
            except Rejection as rejection:  # another process has chosen the same name just now
                if (rejection.code, rejection.detail) != (errors.ALREADY_EXISTS, chosen):
                    raise
                await self.sync()

    async def _open(self, chosen: str, seed: Seed, ttl: float | None) -> Hosted:
        if chosen in self._by_name:
            raise Rejection(errors.ALREADY_EXISTS, f'world "{chosen}" is open', detail=chosen)
        world = self._made(chosen)
        hosted = self._by_name[chosen] = Hosted(world, seed, ttl=ttl)
        try:
            async with world.transactions.alone():  # whoever finds the world already waits until it is seeded
                if chosen != DEFAULT:
                    await self._listen(hosted)
                await self._planter.plant(world, seed)
                if chosen == DEFAULT:  # others may get the user whom the server's settings name later
                    await sign_in.check_auto_login(world, {sign_in.AUTO_LOGIN: world.settings.accounts_auto_login})
                if self.keeper:
                    await to_its_end(self.keeper.begin(hosted, world.state))
                world.open()
                self._tell_state(world)
        except BaseException:
            await self._remove(hosted)
            if self.keeper:
                with contextlib.suppress(Rejection):  # what could not be stored need not be dropped
                    await self.keeper.drop(hosted)
            raise
        return hosted

    async def sync(self) -> None:
        """Open and close worlds as other processes have done, with which this one shares them."""
        if self.keeper:
            await self.keeper.sync()

    async def follow(self, world: World, *, in_turn: bool = False) -> None:
        """Let a world be what other processes have made of it by now, for whoever reads it outside of a transaction.

        Those who will change something look ``in_turn``.
        """
        if self.worker:
            with contextlib.suppress(Rejection):  # nobody knows what that is
                await world.transactions.follow(in_turn=in_turn)

    def _made(self, name: str) -> World:
        return World(
            name,
            Origins(self.base, self.names) if name == DEFAULT else Origins(self.prefix_url(name)),
            contract=self._contract,
            settings=self._settings,
            random_seed=self._random_seed,
            skew=self.skew,
        )

    async def resume(self, name: str, seed: Seed, ttl: float | None, fill: Callable[[State], Awaitable[None]]) -> World:
        """Open a world of an earlier process again, with the state that ``fill`` gives it; it has no port yet."""
        world = self._made(name)
        state = world.new_state()
        await fill(state)
        world.adopt(state)
        world.open()
        self._by_name[name] = Hosted(world, seed, ttl=ttl)
        self._tell_state(world)
        return world

    async def listen(self) -> None:
        """Give ports to the worlds that have been opened before there were any to give."""
        for hosted in self:
            if hosted.port is None and hosted.world.name != DEFAULT:
                await self._listen(hosted)

    def _free_name(self) -> str:
        while True:
            self._opened += 1
            if (name := f"w{self._opened}") not in self._by_name:
                return name

    async def _listen(self, hosted: Hosted) -> None:
        if self.worker:  # others, who have the same worlds, could not have the same port
            return
        port = await self.listeners.open()
        if port is None:
            return
        hosted.port, self._by_port[port] = port, hosted
        hosted.world.origins = Origins(self.listeners.url(port))
        if not self._hosts(hosted):
            raise not_found(errors.WORLD_NOT_FOUND, "world", hosted.world.name)  # dropped meanwhile

    def prefix_url(self, name: str) -> str:
        """Return the URL of a world below the default port."""
        return f"{self.base}{PREFIX}{name}"

    def by_port(self, port: int) -> Hosted:
        """Return the world that answers on a port: the default one where no other does."""
        return self._by_port.get(port) or self._by_name[DEFAULT]

    def named(self, name: str) -> Hosted:
        """Return a world by name. Refuses an unknown one."""
        hosted = self._by_name.get(name)
        if hosted is None:
            raise not_found(errors.WORLD_NOT_FOUND, "world", name)
        return hosted

    async def find(self, name: str) -> Hosted:
        """Do what `named` does, where another process may have opened the world."""
        if name not in self._by_name:
            await self.sync()
        return self.named(name)

    async def reset(self, hosted: Hosted) -> None:
        """Bring a world back to its seed; sockets are closed."""
        fresh = hosted.world.sibling()
        await self._planter.plant(fresh, hosted.seed)
        await self._whole(repeated(lambda: self._replace(hosted, fresh.state)))

    async def restore(self, hosted: Hosted, snapshot: Snapshot) -> None:
        """Let a world be what a snapshot says; sockets are closed. Refuses a bad one without changing anything."""
        state = await snapshots.prepare(hosted.world, snapshot)
        await self._whole(repeated(lambda: self._replace(hosted, state, same_run=True)))

    async def _whole(self, work: Coroutine[Any, Any, None]) -> None:
        """Do something to its end if it is stored: what was, also happens, even if whoever asked for it leaves."""
        await (to_its_end(work) if self.keeper else work)

    async def _replace(self, hosted: Hosted, state: State, *, same_run: bool = False) -> None:
        """Give a world another state between two calls; who waited for their turn meets the new one.

        In the ``same_run`` the journal and what a test has planned stay.
        """
        async with hosted.world.transactions.alone():
            if same_run:
                state.take_plans(hosted.world.state)
            if self.keeper:  # if it refuses nothing has changed
                await self.keeper.begin(hosted, state, same_run=same_run)
            if not same_run:
                hosted.world.journal.forget()
            farewells = self._adopt(hosted, state)
        for farewell in farewells:
            await farewell()

    async def reload(self, hosted: Hosted, read: Callable[[], Awaitable[State | None]]) -> bool:
        """Let a world have the state that ``read`` finds between two calls, if it finds another; sockets are closed."""
        async with hosted.world.transactions.alone(current=False):
            state = await read()
            farewells = [] if state is None else self._adopt(hosted, state)
        for farewell in farewells:
            await farewell()
        return state is not None

    def _adopt(self, hosted: Hosted, state: State) -> list[Farewell]:
        hosted.world.adopt(state)
        farewells = self._leave(hosted)
        self._tell_state(hosted.world)
        return farewells

    async def drop(self, name: str) -> None:
        """Close a world for good. The default world stays; who waits for their turn in it is refused."""
        hosted = await self.find(name)
        if name == DEFAULT:
            raise Rejection(errors.PERMISSION_DENIED, "the default world cannot be dropped; reset it")
        del self._by_name[name]  # from now on nobody finds it, least of all another call that drops it
        stays = self.keeper is not None  # until that is stored
        try:
            async with hosted.world.transactions.alone(current=False):
                if self.keeper:
                    await self.keeper.drop(hosted)
                    stays = False
                farewells = self._close(hosted)
            for farewell in farewells:
                await farewell()
        finally:
            if stays and name not in self._by_name:  # the drop could not be stored, so it did not happen
                self._by_name[name] = hosted
            else:
                await self._remove(hosted)

    async def forget(self, hosted: Hosted) -> None:
        """Close a world that another process has dropped."""
        await self._remove(hosted)
        async with hosted.world.transactions.alone(current=False):
            farewells = self._close(hosted)
        for farewell in farewells:
            await farewell()

    def _close(self, hosted: Hosted) -> list[Farewell]:
        name = hosted.world.name
        hosted.world.transactions.close(lambda: not_found(errors.WORLD_NOT_FOUND, "world", name))
        return self._leave(hosted)

    def leave_all(self) -> None:
        """Let go of all worlds, since the process ends: nobody here is told any more of whoever leaves."""
        self.ending = True
        for hosted in self:
            self._leave(hosted)

    def _tell_state(self, world: World) -> None:
        for hear in self.on_state:
            hear(world)

    def _leave(self, hosted: Hosted) -> list[Farewell]:
        return [leave(hosted.world) for leave in self.on_leave]

    def _hosts(self, hosted: Hosted) -> bool:
        return self._by_name.get(hosted.world.name) is hosted

    async def _remove(self, hosted: Hosted) -> None:
        if self._hosts(hosted):
            del self._by_name[hosted.world.name]
        if hosted.port is not None and hosted.port in self._by_port:
            del self._by_port[hosted.port]
            await self.listeners.close(hosted.port)

    async def sweep(self) -> None:
        """Drop the worlds that nobody has used for longer than their time to live."""
        for hosted in self:
            if not hosted.idle_out or hosted.world.name == DEFAULT or not self._hosts(hosted):
                continue
            if not hosted.world.presence.counts["sockets"]:  # whoever waits to be told something uses it
                if self.keeper and await self.keeper.is_used(hosted):
                    continue
                with contextlib.suppress(Rejection):  # it is looked at again
                    await self.drop(hosted.world.name)
