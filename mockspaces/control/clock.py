"""The clock of a world, shown and moved."""

from typing import Literal

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.clock import LATEST, iso, milliseconds
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds import seeds
from mockspaces.contract.shapes.control import Clock
from mockspaces.control.call import ControlCall, Handlers


class ClockBody(seeds.Strict, frozen=True, kw_only=True):
    """One of the three: move on by seconds, stand still (at a time or now), go with the machine again."""

    advance: float | None = None
    freeze: str | Literal[True] | None = None
    resume: Literal[True] | None = None


def shown_clock(world: World) -> Clock:
    """Return the world's time, whether it stands still, and how far it is ahead of the machine."""
    clock = world.clock
    return Clock(now=iso(clock.now_ms()), epoch=clock.now(), frozen=clock.frozen, offset=clock.offset)


async def show(call: ControlCall) -> object:
    """Return the clock."""
    return shown_clock(call.world)


async def move(call: ControlCall) -> object:
    """Move, freeze or resume the clock and return it."""
    body = await call.decode(ClockBody)
    if sum(given is not None for given in (body.advance, body.freeze, body.resume)) != 1:
        raise invalid("", 'expected exactly one of "advance", "freeze", "resume"')
    clock = call.world.clock
    if body.advance is not None:
        _check(clock.now() + body.advance)
        clock.advance(body.advance)
    elif body.freeze is not None:
        moment = None
        if body.freeze is not True:
            try:
                moment = _check(milliseconds(body.freeze) / 1000)
            except (ValueError, OverflowError):
                raise invalid("freeze", "expected true or an ISO-8601 time") from None
        clock.freeze(moment)
    else:
        clock.resume()
    return shown_clock(call.world)


def _check(moment: float) -> float:
    if not 0 <= moment <= LATEST:
        raise invalid("", "the time must lie between the years 1970 and 3000")
    return moment


HANDLERS: Handlers = {
    "CTRL-CLOCK": Handler(show),
    "CTRL-CLOCK-SET": Handler(move, body=ClockBody),
}
