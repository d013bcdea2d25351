"""Snapshots: the whole state of a world, out and in."""

import asyncio
from typing import Any

import msgspec

from mockspaces.asgi.answer import Parts
from mockspaces.asgi.decoding import count, counted, decode
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.worlds import snapshots
from mockspaces.cloud.worlds.snapshots import Outline
from mockspaces.contract.limits import OPERATOR
from mockspaces.contract.shapes.control import WorldSnapshot
from mockspaces.control.call import ControlCall, Handlers

# A message may nest as deep as a request may; the document wraps it into some levels more.
LIMITS = msgspec.structs.replace(OPERATOR, json_depth=OPERATOR.json_depth + 8)
AT_ONCE = msgspec.structs.replace(LIMITS, json_depth=LIMITS.json_containers)  # how deep it nests is looked at in slices


async def take(call: ControlCall) -> object:
    """Return everything that makes this world answer as it does."""
    return Parts(await snapshots.written(await snapshots.take(call.world)))


async def restore(call: ControlCall) -> object:
    """Let this world be what a snapshot says; sockets are closed."""

    def decoded(text: bytes | msgspec.Raw, kind: type[Any]) -> Any:
        return counted(bytes(text), kind, AT_ONCE, found) if kind is Outline else decode(bytes(text), kind, LIMITS)

    text = await call.text()
    await asyncio.sleep(0)  # joining a large body took its time
    found = count(text, AT_ONCE)
    await asyncio.sleep(0)
    snapshot = await snapshots.read(text, decoded)
    await call.worlds.restore(call.hosted, snapshot)
    return {}


HANDLERS: Handlers = {
    "CTRL-SNAPSHOT": Handler(take),
    "CTRL-RESTORE": Handler(restore, body=WorldSnapshot),
}
