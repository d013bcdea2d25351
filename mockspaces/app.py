"""The surfaces on one ASGI application: the only module that knows all of them."""

import asyncio
import hashlib
import logging
import sys
import time
from collections.abc import Sequence
from functools import cached_property
from importlib import import_module
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import unquote

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mockspaces.accounts.surface import AccountsSurface
from mockspaces.asgi import pages
from mockspaces.asgi.bodies import Bodies
from mockspaces.asgi.cors import CORS
from mockspaces.asgi.exchange import Exchange, add_headers
from mockspaces.asgi.refused import REFUSED
from mockspaces.asgi.surface import Surface
from mockspaces.cloud.kernel.journal import Entry
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.world import Origins, World, changed_settings
from mockspaces.cloud.store.transaction import ARRIVED, STOPPING
from mockspaces.cloud.worlds import seeds
from mockspaces.cloud.worlds.seeds import Seed
from mockspaces.cloud.worlds.worlds import DEFAULT, PREFIX, Worlds
from mockspaces.config import Config
from mockspaces.contract import Contract, OverlayError, errors, events, hosts
from mockspaces.contract.settings import Settings
from mockspaces.control.surface import ControlSurface
from mockspaces.documents import Document
from mockspaces.rest.surface import RestSurface
from mockspaces.storage.surface import StorageSurface
from mockspaces.web.surface import WebSurface

if TYPE_CHECKING:
    from mockspaces.changelog.keeper import Keeper
    from mockspaces.contract.shapes.control import CheckedRecording
    from mockspaces.realtime.surface import RealtimeSurface
    from mockspaces.traffic.uploads import Uploads

FIRST_ANSWER_S = 0.05  # whoever has waited for the start is not to wait for what comes later
SETTLED_S = 1  # whoever started the server asks at once, and pages come later
# What the clients and the message queues of python-socketio load wherever it is installed. A server has none of them,
# and they were a sixth of the memory of an idle one.
OF_CLIENTS = ("aio_pika", "aiohttp", "aioredis", "kafka", "kombu", "redis", "requests", "valkey", "websocket")
logger = logging.getLogger("mockspaces")


class TransportFaults(Protocol):
    """Who can do something to the connection of an exchange."""

    async def corrupt(self, exchange: Exchange, response: Response) -> None:
        """Corrupt the answer as ``exchange.transport`` says."""

    def abort(self, scope: Scope) -> None:
        """Break the connection of a request, and forget what waits to be sent on it."""


class App:
    """The whole emulated cloud as one ASGI application."""

    def __init__(
        self, worlds: Worlds, seed: str, *, control_token: str | None = None, keeper: "Keeper | None" = None
    ) -> None:
        """Wire the surfaces; the first match wins (REST-HOST-03). ``seed`` is a bundled one or a file.

        Without a ``keeper`` nothing outlives the process.
        """
        self.worlds = worlds
        self._keeper = keeper
        self._seed, self._seed_name = read_seed(seed), seed
        self.transport: TransportFaults | None = None
        self._starting = asyncio.Lock()
        self._bodies = Bodies()
        accounts, rest = AccountsSurface(), RestSurface()
        self._control = ControlSurface(worlds, self, self._check, control_token, {**accounts.handlers, **rest.handlers})
        self._surfaces: tuple[tuple[str, Surface], ...] = (  # what is asked for most comes early
            ("/api/1.0/", accounts),
            ("/api/", rest),
            ("/_mock", self._control),
            ("/oauth2/", accounts),
            ("/account/", accounts),
            ("/norevimages/", accounts),
            ("/health", rest),
            ("/storage", StorageSurface(worlds)),
            ("/", WebSurface()),
        )

    @cached_property
    def realtime(self) -> "RealtimeSurface":
        """The Socket.IO endpoint; its engine is loaded at the first socket, since most runs have none."""
        from mockspaces.realtime.surface import RealtimeSurface  # noqa: PLC0415 - a fifth of the start-up time

        return RealtimeSurface(self.worlds)

    @cached_property
    def _uploads(self) -> "Uploads":
        """The checks of recordings; loaded at the first one, as most runs have none either."""
        from mockspaces.traffic.uploads import Uploads  # noqa: PLC0415 - as above

        return Uploads()

    async def _check(self, body: bytes, contract: Contract, named: Sequence[str]) -> "CheckedRecording":
        return await self._uploads.check(body, contract, named)

    async def start(self) -> None:
        """Open the worlds of an earlier process, and the default world, unless it is open."""
        async with self._starting:
            if DEFAULT in self.worlds:
                return
            if self._keeper:
                await self._keeper.resume(self._seed)
            if DEFAULT not in self.worlds:
                await self._open_default()
            if self._keeper:
                await self._keeper.leave_loop()
            if self.worlds.worker:
                _ = self.realtime  # whoever commits speaks to the sockets of all workers

    async def _open_default(self) -> None:
        """Open the default world; another worker may do the same just now."""
        try:
            await self.worlds.open(DEFAULT, self._seed, ttl=None)
        except Rejection as rejection:
            if self._keeper and (rejection.code, rejection.detail) == (errors.ALREADY_EXISTS, DEFAULT):
                await self._keeper.resume(self._seed)
                return
            if self._seed_name in seeds.BUNDLED:
                raise
            raise Document(self._seed_name).located(rejection) from None  # where in the file the mistake is

    async def close(self) -> None:
        """Let go of the change log, if there is one, so that another process may take it."""
        if self._keeper:
            await self._keeper.close()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection event of the ASGI server."""
        if scope["type"] == "lifespan":
            while True:
                message = await receive()
                if message["type"] == "lifespan.startup":
                    await self.start()
                    await self.worlds.listen()
                    if self._keeper:
                        self._keeper.serve()
                    await send({"type": "lifespan.startup.complete"})
                elif message["type"] == "lifespan.shutdown":
                    await self.close()
                    await send({"type": "lifespan.shutdown.complete"})
                    return
        if DEFAULT not in self.worlds:  # without a server nobody sends lifespan events
            await self.start()
            if self._keeper:
                self._keeper.serve()
        if scope["type"] == "http":
            await self._exchange(scope, receive, send)
        else:
            await self._socket(scope, receive, send)

    async def _socket(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a WebSocket; there is one path for it in each world, anything else is closed before it opens."""
        try:
            world, origins, path = self._find(scope) if self._keeper is None else await self._found(scope)
            why = f"no WebSocket is served at {path}, but at {events.ENGINE_PATH}/"
        except Rejection as rejection:
            world, path, why = self.worlds.named(DEFAULT).world, scope["path"], rejection.why
        else:
            if path.rstrip("/") == events.ENGINE_PATH:
                broken = await self.realtime.serve(scope, receive, send, world, origins)
                if broken and self.transport:  # or what a client does not read would stay in memory while it lives
                    self.transport.abort(scope)
                return
        now, surface = world.clock.now_ms(), events.CONNECT.surface
        world.journal.record(Entry(time=now, surface=surface, method="GET", path=path, status=403, why=why))
        await world.journal.written()
        await send({"type": "websocket.close", "code": 1000})

    async def _exchange(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            world, origins, path = self._find(scope) if self._keeper is None else await self._found(scope)
        except Rejection as rejection:
            default = self.worlds.named(DEFAULT).world
            exchange = Exchange(scope, receive, send, default, default.origins, scope["path"])
            exchange.refused(rejection)
            response = add_headers(self._control.refuse(exchange, rejection), CORS)
            default.journal.record(exchange.entry("web", response))
            if default.journal.unwritten:
                await default.journal.written()
            await response(scope, receive, send)
            return
        # Any path grants a preflight, and what could not be read is refused in one way.
        if path.rstrip("/") == events.ENGINE_PATH and scope["method"] != "OPTIONS" and REFUSED not in scope:
            await self.realtime.serve(scope, receive, send, world, origins)
            return
        exchange = Exchange(scope, receive, send, world, origins, path, self._bodies)
        world.journal.begin()
        surface = self._surface(path)
        response = await self._answer(surface, exchange)
        entry = exchange.entry(surface.name, response)
        if surface.name != "control":  # the journal tells what the emulated cloud was asked
            world.journal.record(entry)
        elif entry.code or exchange.method != "GET":  # health checks and the live page ask all the time
            entry.log(world.name)
        if world.journal.unwritten:
            await world.journal.written()
        if exchange.method == "HEAD":
            response.body = b""
        if exchange.transport:
            # Carry out a transport fault: the call has taken effect, its answer will not arrive whole.
            if self.transport is None:
                raise RuntimeError(f'the fault "{exchange.transport}" needs a server with a real socket')
            await self.transport.corrupt(exchange, response)
        else:
            await response(scope, receive, send)

    def _surface(self, path: str) -> Surface:
        for prefix, surface in self._surfaces:
            if path.startswith(prefix) and (prefix.endswith("/") or path[len(prefix) :][:1] in ("", "/")):
                return surface
        return self._surfaces[-1][1]  # not even a slash at its beginning

    async def _answer(self, surface: Surface, exchange: Exchange) -> Response:
        try:
            exchange.check_readable()
            return await surface.answer(exchange)
        except asyncio.CancelledError as interruption:
            if STOPPING not in interruption.args:
                raise
            exchange.why = STOPPING  # without the code, since nothing is wrong with the request: the log is silent
            return surface.refuse(exchange, Rejection(errors.SERVER_STOPPING, STOPPING))
        except Rejection as rejection:
            exchange.refused(rejection)
            return surface.refuse(exchange, rejection)
        except Exception as bug:
            logger.exception("a bug of the mock in %s %s", exchange.method, exchange.path)
            failure = Rejection(errors.SERVER_ERROR, f"bug of the mock: {bug!r}")
            exchange.refused(failure)
            return surface.refuse(exchange, failure)

    def _find(self, scope: Scope) -> tuple[World, Origins, str]:
        """Return the world of a request, where the caller reaches it, and the decoded path within it."""
        path, raw = str(scope["path"]), scope.get("raw_path") or b""
        if b"%" in raw and b"%2f" in raw.lower():  # a slash that was sent encoded stays so, since it parts no segments
            path = unquote(raw.replace(b"%2f", b"%2F").replace(b"%2F", b"%252F").decode("latin-1"))
        if path.startswith(PREFIX):
            name, _, rest = path[len(PREFIX) :].partition("/")
            hosted = self.worlds.named(name)
            hosted.touch()
            return hosted.world, Origins(self.worlds.prefix_url(name)), f"/{rest}"
        server = scope.get("server")
        hosted = self.worlds.by_port(server[1] if server else 0)
        hosted.touch()
        return hosted.world, hosted.world.origins, path

    async def _found(self, scope: Scope) -> tuple[World, Origins, str]:
        """Do what `_find` does, where another worker may have opened the world, changed it or dropped it.

        What a call decides before its transaction, it decides by what it finds now.
        """
        try:
            found = self._find(scope)
        except Rejection:
            await self.worlds.sync()
            found = self._find(scope)
        if self.worlds.worker:
            came = time.perf_counter()
            reads = scope.get("method", "GET") in ("GET", "HEAD")
            await self.worlds.follow(found[0], in_turn=not reads)  # if that is impossible its transaction will tell
            found = self._find(scope)
            if scope["type"] == "http":  # a socket has many transactions, later ones too
                ARRIVED.set(came)
        return found


def prepare() -> None:
    """Load what the first socket, the first key and the first page need, for a thread that runs once a server is ready.

    The import of an engine, and the compiling of a page, would hold up everybody for a tenth of a second. The process
    has to be that of the server alone: a client of python-socketio could connect to nothing in it.
    """
    time.sleep(FIRST_ANSWER_S)
    absent: dict[str, Any] = {name: None for name in OF_CLIENTS if name not in sys.modules}
    sys.modules.update(absent)
    try:
        for name in ("cloud.kernel.rsa", "server.websocket", "realtime.surface"):
            import_module(f"mockspaces.{name}")
    finally:
        for name in absent:
            del sys.modules[name]
    time.sleep(SETTLED_S)
    for packages in (("mockspaces.control",), ("mockspaces.accounts", pages.SHARED), ("mockspaces.web", pages.SHARED)):
        pages.prepare(*packages)


def create_app(config: Config | None = None, *, base: str | None = None) -> App:
    """Return the emulated cloud as an ASGI application, for a server or for tests without one.

    ``base`` is the URL under which clients reach it. Raises `Rejection` for a bad seed, overlay or setting.
    """
    chosen = config or Config()
    worlds = Worlds(
        base or chosen.public_url or f"http://{chosen.host}:{chosen.port}",
        names=hosts.origins(chosen.vendor_hosts) if chosen.vendor_hosts else None,
        contract=read_contract(chosen.overlay),
        settings=changed_settings(Settings(), chosen.settings),
        random_seed=chosen.random_seed,
        max_worlds=chosen.max_worlds,
    )
    keeper = None
    if chosen.log != "none":
        from mockspaces.changelog import open_log  # noqa: PLC0415 - most processes keep nothing
        from mockspaces.changelog.keeper import Keeper  # noqa: PLC0415

        log = open_log(
            chosen.log,
            prefix=chosen.log_prefix,
            password=chosen.log_password,
            volatile=chosen.log_volatile,
            options=shared_options(chosen, worlds.base),
        )
        keeper = Keeper(log, worlds)
    return App(worlds, chosen.seed, control_token=chosen.control_token, keeper=keeper)


def shared_options(config: Config, base: str) -> dict[str, Any]:
    """Return what all workers of a log have to be told alike, or their answers would differ."""
    told = {name: getattr(config, name) for name in ("settings", "random_seed", "max_worlds", "vendor_hosts")}
    overlay = Document(config.overlay).read(dict[str, Any]) if config.overlay else None
    secret = config.control_token and hashlib.sha256(config.control_token.encode()).hexdigest()
    return {"set": told.pop("settings"), **told, "public_url": base, "overlay": overlay, "control_token": secret}


def read_contract(overlay: str | None) -> Contract:
    """Return the shipped contract, with the overlay of a file if one is named."""
    if overlay is None:
        return Contract.shipped()
    try:
        return Contract.shipped().overlaid(Document(overlay).read(dict[str, Any]))
    except OverlayError as error:
        raise invalid(overlay, str(error)) from None


def read_seed(name: str) -> Seed:
    """Return a bundled seed by name, or a document by path."""
    return seeds.bundled(name) if name in seeds.BUNDLED else Document(name).read(Seed)
