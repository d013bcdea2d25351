"""What happens in a world, told as it happens: server-sent events for whoever looks on.

Nothing is queued for a listener. Each has its place in the journal, which is bounded, and is told what came after it
in batches; one that reads slowly, or not at all, costs no memory and misses what the journal has dropped meanwhile.
"""

import asyncio
from collections.abc import AsyncGenerator

import msgspec
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import iso
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds.worlds import Farewell, Hosted
from mockspaces.control import disclosure
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.clock import shown_clock
from mockspaces.control.worlds import shown_counts

BATCH = 50  # entries that are told before others have their turn
LOOK_S = 1  # how often somebody looks whether the world has changed without an entry
PAUSE_S = 0.1  # what happens meanwhile is told at once
SILENCE_S = 15  # after which a comment is sent, so that a connection that is gone is noticed
LONGEST_WHY = 500  # characters; the whole of it is with the entry


def row(entry: Entry) -> dict[str, object]:
    """Return what a line about an entry says; the entry itself says more."""
    return {
        "id": entry.id,
        "time": iso(entry.time),
        "surface": entry.surface,
        "method": entry.method,
        "path": disclosure.text(entry.path)[:LONGEST_WHY],
        "endpoint": entry.endpoint,
        "event": entry.event,
        "caller": entry.caller,
        "status": entry.status,
        "code": entry.code,
        "why": entry.why[:LONGEST_WHY],
        "refused": entry.refused,
        "ms": round(entry.duration * 1000, 1),
    }


def _told(name: str, value: object) -> bytes:
    return b"event: %s\ndata: %s\n\n" % (name.encode(), msgspec.json.encode(value))


class Stream(Response):
    """An answer that goes on until the client leaves or the world is another."""

    def __init__(self, hosted: Hosted, after: int) -> None:
        """Tell what comes after an entry of a world."""
        super().__init__(media_type="text/event-stream", headers={"Cache-Control": "no-store"})
        del self.headers["content-length"]
        self._hosted = hosted
        self._after = after

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send events; ends with the client, the world, its state, or the server."""
        await send({"type": "http.response.start", "status": 200, "headers": self.raw_headers})
        telling = asyncio.create_task(self._tell(send))
        leaving = asyncio.create_task(_left(receive))
        try:
            await asyncio.wait((telling, leaving), return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (telling, leaving):
                task.cancel()
            await asyncio.gather(telling, leaving, return_exceptions=True)
        await send({"type": "http.response.body", "body": b""})

    async def _tell(self, send: Send) -> None:
        async for part in self.parts():
            await send({"type": "http.response.body", "body": part, "more_body": True})

    async def parts(self) -> AsyncGenerator[bytes, None]:
        """Yield events one by one, until the world is another."""
        world, seen, silence = self._hosted.world, b"", 0.0
        with world.journal.watched() as watch:
            while not watch.ended:
                said = False
                while found := world.journal.following(self._after, BATCH):
                    self._after, said = found[-1].id, True
                    yield _told("entries", [row(entry) for entry in found])
                    await asyncio.sleep(0)
                if (now := _state(world)) != seen:
                    seen, said = now, True
                    yield _told("world", _shown(world))
                silence = 0 if said else silence + LOOK_S
                if silence >= SILENCE_S:
                    silence = 0
                    self._hosted.touch()  # whoever waits to be told something uses the world
                    yield b":\n\n"
                await asyncio.sleep(PAUSE_S if said else 0)
                if not watch.ended:
                    await watch.wait(LOOK_S)
        yield _told("end", {})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _state(world: World) -> bytes:
    clock = world.state.clock.value
    return msgspec.json.encode((world.transactions.changes, shown_counts(world), str(clock), world.journal.dropped))


def _shown(world: World) -> dict[str, object]:
    return {
        "changes": world.transactions.changes,
        "counts": shown_counts(world),
        "clock": shown_clock(world),
        "dropped": world.journal.dropped,
    }


async def listen(call: ControlCall) -> object:
    """Tell what happens from now on as server-sent events: ``entries``, ``world`` when it has changed, ``end``."""
    for name in call.query:
        if name != "after":
            raise invalid(name, 'no such parameter; did you mean "after"?')
    after = call.query.get("after", "0")
    if not after.isdecimal() or not after.isascii():
        raise invalid("after", "expected the id of an entry")
    return Stream(call.hosted, int(after))


def leave(world: World) -> Farewell:
    """End what is told of a world that is reset or dropped."""
    world.journal.end_watches()
    return _nobody


async def _nobody() -> None:
    """Nobody has to be waited for."""


HANDLERS: Handlers = {
    "CTRL-EVENTS": Handler(listen),
}
