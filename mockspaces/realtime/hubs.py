"""The hubs of all worlds: made at the first socket, dropped with the world."""

from collections.abc import Awaitable, Callable
from functools import partial

from mockspaces.cloud.kernel.events import Event
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds.worlds import Worlds
from mockspaces.realtime.announcements import on_event
from mockspaces.realtime.hub import Hub


class Hubs:
    """One hub for each world that has, or had, a socket."""

    def __init__(self, worlds: Worlds) -> None:
        """Begin with none, and close one with its world."""
        self._worlds = worlds
        self._hubs: dict[str, tuple[Hub, Callable[[Event], Awaitable[None]]]] = {}
        worlds.on_drop.append(self.drop)

    def of(self, world: World) -> Hub:
        """Return the hub of a world."""
        if world.name not in self._hubs:
            hub = Hub(world)
            listener = partial(on_event, hub)
            world.subscribers.append(listener)
            self._hubs[world.name] = (hub, listener)
        return self._hubs[world.name][0]

    def touch(self, world: World) -> None:
        """Note that a world is used: one with busy sockets is not idle."""
        if world.name in self._worlds:
            self._worlds.named(world.name).touch()

    async def drop(self, world: World) -> None:
        """Close all sockets of a world that is reset or dropped."""
        if world.name not in self._hubs:
            return
        hub, listener = self._hubs.pop(world.name)
        for session in list(hub.sessions.values()):
            await session.finish()
        world.subscribers.remove(listener)
