"""The RSA keys that sign user JWTs: listed, rotated and dropped (ACC-UJWT-04)."""

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds import seeds
from mockspaces.contract.shapes.control import SigningKey, SigningKeys
from mockspaces.control.call import ControlCall, Handlers


class RotateBody(seeds.Strict, frozen=True, kw_only=True):
    """Whether the old keys go at once, and with them every user JWT issued before."""

    drop_old: bool = False


def shown_keys(world: World) -> SigningKeys:
    """Return the id of the key that signs now, and of all that verify."""
    found = [SigningKey(publickeyid=key_id) for key_id in world.signing_keys]
    return SigningKeys(current=world.signing_keys.current, data=found)


async def show(call: ControlCall) -> object:
    """Return the keys."""
    return shown_keys(call.world)


async def rotate(call: ControlCall) -> object:
    """Sign with a new key from now on; user JWTs of the old ones stay valid until their key is dropped."""
    body = await call.decode(RotateBody)
    call.world.signing_keys.rotate(drop_old=body.drop_old)
    return shown_keys(call.world)


async def drop(call: ControlCall) -> object:
    """Drop an old key; the current one cannot be dropped."""
    call.world.signing_keys.drop(call.params["publickeyid"])
    return shown_keys(call.world)


HANDLERS: Handlers = {
    "CTRL-SIGNING-KEYS": Handler(show),
    "CTRL-SIGNING-KEY-ROTATE": Handler(rotate, body=RotateBody),
    "CTRL-SIGNING-KEY-DROP": Handler(drop),
}
