"""Sockets: who is connected, ending connections on purpose, and pairing, which only sockets learn of."""

from typing import Literal

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.kernel.events import SocketsClosed
from mockspaces.cloud.kernel.rejection import invalid, not_found
from mockspaces.cloud.kernel.slices import pause
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import pairing
from mockspaces.cloud.spaces.access import find_space
from mockspaces.cloud.store.run import Connection
from mockspaces.cloud.views import pairing_views
from mockspaces.cloud.worlds.seeds import Strict
from mockspaces.contract import errors
from mockspaces.contract.shapes.control import Closed, MockSocket
from mockspaces.contract.shapes.lists import Data
from mockspaces.control.call import ControlCall, Handlers


class SocketFilter(Strict, frozen=True, kw_only=True):
    """Which connections are meant; an absent member matches all. ``space_id`` means: subscribed there."""

    id: str | None = None
    username: str | None = None
    person_id: str | None = None
    space_id: str | None = None


class CloseBody(Strict, frozen=True, kw_only=True):
    """How connections end: ``idle`` as after silence, ``namespace`` by 41/chat, ``transport`` without a word."""

    filter: SocketFilter = SocketFilter()
    how: Literal["idle", "namespace", "transport"] = "transport"


class PairingBody(Strict, frozen=True, kw_only=True):
    """Who pairs a room app, and in which space; their personal room unless another one is named."""

    username: str
    app_id: str = "room-app"
    space_id: str | None = None


async def _shown(world: World, connection: Connection) -> MockSocket:
    person = await people.get_person(world, connection.person_id)
    return MockSocket(
        id=connection.id,
        person_id=connection.person_id,
        username=person.username if person else "",
        spaces=sorted(connection.spaces),
        online=sorted(connection.announced),
    )


async def list_sockets(call: ControlCall) -> object:
    """Return the connections that joined the chat namespace, with what they subscribed to."""
    found = []
    for number, one in enumerate(call.world.presence.all()):
        found.append(await _shown(call.world, one))
        await pause(number)
    return Data(data=found)


async def close_sockets(call: ControlCall) -> object:
    """End the connections that fit, and return which. Refuses a user name that nobody has."""
    body = await call.decode(CloseBody)
    wanted, person_id = body.filter, body.filter.person_id
    if wanted.username is not None:
        person_id = (await people.known(call.world, wanted.username)).id
    presence = call.world.presence
    found = presence.all() if person_id is None else presence.of_person(person_id)
    chosen = tuple(
        one.id
        for one in found
        if wanted.id in (None, one.id) and (wanted.space_id is None or wanted.space_id in one.spaces)
    )
    await call.world.publish(SocketsClosed(connections=chosen, how=body.how))
    return Closed(closed=chosen)


async def pair(call: ControlCall) -> object:
    """Pair a room app with a user and return what their sockets are told (RT-PAIR-01)."""
    body = await call.decode(PairingBody)
    user = await people.known(call.world, body.username)
    if user.is_service_account:
        raise invalid("username", "names a service account")
    space_id = body.space_id or user.room_id
    if space_id is None:
        raise not_found(errors.SPACE_NOT_FOUND, "personal room of", body.username)
    paired = await pairing.authorize(call.world, user, await find_space(call.world, space_id), body.app_id)
    return pairing_views.paired(call.world, call.world.origins, paired)


HANDLERS: Handlers = {
    "CTRL-SOCKETS": Handler(list_sockets),
    "CTRL-SOCKETS-CLOSE": Handler(close_sockets, body=CloseBody),
    "CTRL-PAIRING": Handler(pair, body=PairingBody),
}
