"""Misbehaviours of the identity server, asked for by name."""

from typing import Annotated

import msgspec

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.misbehaviour import BY_NAME, KEY_ROTATED, ROWS
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.cloud.store.run import Misbehaviour, Strict
from mockspaces.contract import nearest
from mockspaces.contract.shapes.control import Misbehaviours, MockMisbehaviour
from mockspaces.control.call import ControlCall, Handlers


class MisbehaviourBody(Strict, frozen=True, kw_only=True):
    """Which misbehaviour is wanted; without ``times`` it happens every time."""

    name: str
    times: Annotated[int, msgspec.Meta(ge=1)] | None = None


def _shown(one: Misbehaviour) -> MockMisbehaviour:
    return MockMisbehaviour(name=one.name, times=one.times, fired=one.fired)


async def show(call: ControlCall) -> object:
    """Return what was asked for with how often it happened, and what could be."""
    return Misbehaviours(
        data=list(map(_shown, call.world.misbehaviours.all())), known={row.name: row.does for row in ROWS}
    )


async def misbehave(call: ControlCall) -> object:
    """Let the identity server misbehave."""
    body = await call.decode(MisbehaviourBody)
    if body.name not in BY_NAME:
        raise invalid("name", f'no misbehaviour "{body.name}"{nearest(body.name, list(BY_NAME))}')
    wanted = call.world.misbehaviours.add(Misbehaviour(name=body.name, times=body.times))
    if body.name == KEY_ROTATED and call.world.misbehaviours.met(body.name):
        call.world.signing_keys.rotate(drop_old=True)
    return _shown(call.world.state.misbehaviours.peek(body.name) or wanted)


async def behave(call: ControlCall) -> object:
    """Let the identity server do right again."""
    call.world.misbehaviours.clear()
    return {}


HANDLERS: Handlers = {
    "CTRL-MISBEHAVIOURS": Handler(show),
    "CTRL-MISBEHAVE": Handler(misbehave, body=MisbehaviourBody),
    "CTRL-BEHAVE": Handler(behave),
}
