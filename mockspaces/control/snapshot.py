"""Snapshots: the whole state of a world, out and in."""

import msgspec

from mockspaces.asgi.decoding import decode
from mockspaces.cloud.worlds import snapshots
from mockspaces.cloud.worlds.snapshots import Snapshot
from mockspaces.control.surface import SHIPPED, ControlCall, handle

# A message may nest as deep as a request may; the document wraps it into some levels more.
LIMITS = msgspec.structs.replace(SHIPPED.limits, json_depth=SHIPPED.limits.json_depth + 8)


@handle("CTRL-SNAPSHOT")
async def take(call: ControlCall) -> object:
    """Return everything that makes this world answer as it does."""
    return await snapshots.take(call.world)


@handle("CTRL-RESTORE", body=Snapshot)
async def restore(call: ControlCall) -> object:
    """Let this world be what a snapshot says; sockets are closed."""
    text = await call.exchange.body()
    snapshot = decode(text, Snapshot, LIMITS)
    snapshots.refuse_more(msgspec.json.decode(text), snapshot)
    await call.worlds.restore(call.hosted, snapshot)
    return {}
