"""The hubs of all worlds: made at the first socket, or with a world whose sockets may be elsewhere, dropped with it."""

from collections.abc import Awaitable, Callable
from functools import partial

from mockspaces.cloud.kernel.events import Event
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds.worlds import Farewell, Worlds
from mockspaces.realtime.announcements import on_event
from mockspaces.realtime.hub import Hub


class Hubs:
    """One hub for each world that has, or had, a socket, or may have some in other processes."""

    def __init__(self, worlds: Worlds) -> None:
        """Begin with none, and close one with its world."""
        self._worlds = worlds
        self._hubs: dict[World, tuple[Hub, Callable[[Event], Awaitable[None]]]] = {}
        worlds.on_leave.append(self.leave)
        worlds.on_state.append(self._enter)
        for hosted in worlds:
            self._enter(hosted.world)

    def _enter(self, world: World) -> None:
        """Speak for a world that outlives this process: others may have its sockets."""
        if self._worlds.keeper is not None:
            self.of(world)

    def of(self, world: World) -> Hub:
        """Return the hub of a world."""
        if world not in self._hubs:  # not by name: one of the same name may be open before this one is closed
            hub = Hub(world, self._worlds.worker)
            listener = partial(on_event, hub)
            world.subscribers.append(listener)
            self._hubs[world] = (hub, listener)
        return self._hubs[world][0]

    def touch(self, world: World) -> None:
        """Note that a world is used: one with busy sockets is not idle."""
        if world.name in self._worlds:
            self._worlds.named(world.name).touch()

    def leave(self, world: World) -> Farewell:
        """Let go of the hub of a world that is reset or dropped, and return how its sockets are closed."""
        others_go_on = self._worlds.ending and self._worlds.worker  # and their sockets are told to the end
        if world not in self._hubs or others_go_on:
            return _nobody
        hub, listener = self._hubs.pop(world)
        world.subscribers.remove(listener)
        hub.close()

        async def close() -> None:
            for session in list(hub.sessions.values()):
                await session.finish()

        return close


async def _nobody() -> None:
    """Close nothing: the world never had a socket."""
