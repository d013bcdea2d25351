"""Worlds, their settings and their contract."""

import re
from typing import Annotated, Any

import msgspec
from starlette.responses import Response

from mockspaces.asgi.decoding import decode
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import sign_in
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.worlds import DEFAULT_TTL_S, Hosted
from mockspaces.contract import errors, hosts
from mockspaces.contract.settings import Settings
from mockspaces.contract.shapes import control as shapes
from mockspaces.contract.shapes.lists import Data
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.clock import shown_clock

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

# The name of a bundled seed, or a seed document, which is decoded by itself.
SeedOrName = Annotated[
    msgspec.Raw, msgspec.Meta(extra_json_schema={"anyOf": [{"type": "string"}, {"type": "object"}], "default": "demo"})
]


class OpenBody(seeds.Strict, frozen=True, kw_only=True):
    """What a new world is to be; ``ttl`` is in idle seconds, null keeps it until it is dropped."""

    name: str | None = None
    seed: SeedOrName = msgspec.field(default_factory=lambda: msgspec.Raw(b'"demo"'))
    ttl: Annotated[float, msgspec.Meta(gt=0)] | None = DEFAULT_TTL_S


class OriginsBody(seeds.Strict, frozen=True, kw_only=True):
    """Whose host names a world hands out: those of one of the vendor's deployments, or its own."""

    vendor_hosts: hosts.Deployment | None


def urls(origins: Origins) -> shapes.Urls:
    """Return the URLs of a world: what its clients have to be told."""
    return shapes.Urls(
        accounts=origins.accounts,
        api=f"{origins.rest}/api",
        socket=origins.socket,
        socketio_path=f"{origins.socket.partition('://')[2].partition('/')[2]}/socket.io/".lstrip("/"),
        web=origins.web,
        control=f"{origins.base}/_mock",
    )


async def health(_call: ControlCall) -> object:
    """Say that every surface answers (CTRL-05)."""
    from mockspaces import __version__  # noqa: PLC0415 - a fact of the package, read when asked

    return shapes.Health(version=__version__)


async def ca(call: ControlCall) -> object:
    """Return the CA that clients have to trust; it vouches for this one process."""
    if call.worlds.ca_pem is None:
        raise Rejection(errors.ROUTE_NOT_FOUND, "this server has no CA of its own; one comes with serve --tls")
    return Response(call.worlds.ca_pem, media_type="application/x-pem-file")


async def show(call: ControlCall) -> object:
    """Return name, URLs, settings, clock and counts of this world."""
    world = call.world
    return shapes.World(
        name=world.name,
        urls=urls(call.exchange.origins),
        settings=world.settings,
        clock=shown_clock(world),
        counts=shown_counts(world),
    )


def shown_counts(world: World) -> shapes.Counts:
    """Return how many of each a world has."""
    state = world.state
    return shapes.Counts(
        companies=len(state.companies),
        users=len(state.users),
        anonymous=len(state.anonymous),
        oauth_clients=len(state.clients),
        service_apps=len(state.apps),
        spaces=len(state.spaces),
        invites=len(state.invites),
        outbox=len(state.outbox),
        journal=len(world.journal),
        **world.presence.counts,
    )


def _shown(call: ControlCall, hosted: Hosted) -> shapes.HostedWorld:
    prefix = Origins(call.worlds.prefix_url(hosted.world.name))
    own = urls(hosted.world.origins) if hosted.port is not None else None
    places = shapes.Places(port=own, prefix=urls(prefix))
    return shapes.HostedWorld(name=hosted.world.name, ttl=hosted.ttl, urls=places)


async def list_worlds(call: ControlCall) -> object:
    """List the worlds."""
    await call.worlds.sync()
    return Data(data=[_shown(call, hosted) for hosted in call.worlds])


async def open_world(call: ControlCall) -> object:
    """Open a world of its own, on its own port where possible."""
    body = await call.decode(OpenBody)
    if body.name is not None and not _NAME.fullmatch(body.name):
        raise invalid("name", "expected letters, digits, dot, dash or underscore, at most 64")
    return _shown(call, await call.worlds.open(body.name, _seed(call, bytes(body.seed)), ttl=body.ttl))


def _seed(call: ControlCall, given: bytes) -> Seed:
    if given.lstrip().startswith(b'"'):
        return seeds.bundled(msgspec.json.decode(given, type=str))
    return decode(given, Seed, call.limits)


async def drop_world(call: ControlCall) -> object:
    """Close a world for good."""
    await call.worlds.drop(call.params["name"])
    return {}


async def reset(call: ControlCall) -> object:
    """Bring this world back to its seed."""
    await call.decode(seeds.Strict)
    await call.worlds.reset(call.hosted)
    return {}


async def seed(call: ControlCall) -> object:
    """Add a seed document to this world, all of it or nothing."""
    await seeds.apply(call.world, await call.decode(Seed))
    return {}


async def settings(call: ControlCall) -> Settings:
    """Return the settings in force."""
    return call.world.settings


async def change_settings(call: ControlCall) -> Settings:
    """Change some settings and return them all."""
    changes = await call.decode(dict[str, Any])
    await sign_in.check_auto_login(call.world, changes)
    call.world.change_settings(changes)
    return call.world.settings


async def change_origins(call: ControlCall) -> object:
    """Let this world hand out the vendor's host names as its own, or no longer; it answers to any as before."""
    chosen = (await call.decode(OriginsBody)).vendor_hosts
    call.world.origins = Origins(call.world.origins.base, hosts.origins(chosen) if chosen else {})
    return urls(call.world.origins)


async def overlay_contract(call: ControlCall) -> object:
    """Replace some rows of this world's contract."""
    call.world.overlay_contract(await call.decode(dict[str, Any]))
    return {}


HANDLERS: Handlers = {
    "CTRL-HEALTH": Handler(health),
    "CTRL-CA": Handler(ca),
    "CTRL-WORLD": Handler(show),
    "CTRL-WORLDS": Handler(list_worlds),
    "CTRL-WORLD-OPEN": Handler(open_world, body=OpenBody),
    "CTRL-WORLD-DROP": Handler(drop_world),
    "CTRL-ORIGINS-PATCH": Handler(change_origins, body=OriginsBody),
    "CTRL-RESET": Handler(reset, body=seeds.Strict),
    "CTRL-SEED": Handler(seed, body=Seed),
    "CTRL-SETTINGS": Handler(settings),
    "CTRL-SETTINGS-PATCH": Handler(change_settings, body=Settings),
    "CTRL-CONTRACT-PATCH": Handler(overlay_contract, body=dict[str, Any]),
}
