"""The application in a uvicorn server: ready when it answers, one listener per world, quick to stop."""

import asyncio
import contextlib
import functools
import gc
import logging
import signal
import socket
import ssl
import threading
from collections.abc import Callable, Generator, Iterable
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

import uvicorn
from starlette.types import ASGIApp

from mockspaces.app import App, create_app, prepare
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.store.transaction import STOPPING
from mockspaces.cloud.worlds.worlds import Listeners, Stops
from mockspaces.config import ANY_ADDRESS, LOOPBACK, Config, url_of
from mockspaces.contract import Contract
from mockspaces.server.http import FIRST_REQUEST_S, KEEP_ALIVE_S, HttpProtocol
from mockspaces.server.listening import BACKLOG, Listening, bind_all
from mockspaces.server.stops import Watch
from mockspaces.server.transport import SocketFaults

if TYPE_CHECKING:
    from uvicorn.server import Protocols

LAST_PORT = 65535
GRACE_S = 0.2  # open requests are given this long after a stop, so that the process ends within a second
LAST_ANSWER_S = 1  # answers under way in a world that is dropped are given this long
SWEEP_S = 5
START_LIMIT_S = 60  # of a server in a thread
# Of a process of our own. With the usual 700 objects a server of 5,000 sockets spends 15 % of its time on looking
# through all of them for garbage, up to a second at a time; almost everything here goes without a collector. The young
# are looked through in small numbers, since 500,000 that a large seed has made take 70 ms.
COLLECT_AFTER = (10_000, 5, 100)

logger = logging.getLogger("mockspaces")


def transport(app: ASGIApp) -> uvicorn.Config:
    """Return how an application is served; the benchmarks serve their floor the same way."""
    return uvicorn.Config(
        app,
        log_config=None,
        access_log=False,
        lifespan="on",
        http=HttpProtocol,
        ws="none",  # of uvicorn: `HttpProtocol` has one of its own
        ws_per_message_deflate=False,
        ws_ping_interval=None,  # Engine.IO has heartbeats of its own; those of WebSocket do not count (RT-HB-02)
        timeout_keep_alive=KEEP_ALIVE_S,
        headers=[("keep-alive", f"timeout={KEEP_ALIVE_S}")],
        timeout_graceful_shutdown=3 * GRACE_S,  # type: ignore[arg-type]
        server_header=False,
        proxy_headers=False,  # whoever connects is the client: for faults its connection, for limits its address
        backlog=BACKLOG,
    )


class WorldListeners(Listeners):
    """Opens one more listener of a running server for each world."""

    def __init__(self, server: "UvicornServer", host: str, ports: str | None, shown: str | None = None) -> None:
        """Use the named ports (``8081-8096``), or whatever ports the system has, and tell them as ports of ``shown``.

        Bound to all addresses or behind a public URL, without named ports, worlds have none: nobody could have
        published them, so clients go by the prefix. They do so too when the files of the process get scarce, since
        connections need some.
        """
        self._server = server
        self._host = host
        self._shown = shown or host
        unreachable = host in ANY_ADDRESS or shown is not None  # nobody could have published them
        self._free = _port_range(ports) if ports else [] if unreachable else None
        self._open: dict[int, list[asyncio.Server]] = {}

    def url(self, port: int) -> str:
        return url_of(self._shown, port)

    async def open(self) -> int | None:
        if 2 * len(self._open) * len(LOOPBACK) > _most_files():
            return None
        if self._free is None:
            return await self.listen(0)
        for _ in range(len(self._free)):
            port = self._free.pop(0)
            if await self.listen(port):
                return port
            self._free.append(port)  # somebody else has it now, but may not keep it
        return None

    async def listen(self, port: int) -> int | None:
        """Listen on a port, 0 for any; return which it is, None if somebody else has it."""
        try:
            listeners = bind_all(self._host, port)
        except OSError:
            return None
        taken: int = listeners[0].getsockname()[1]
        loop, factory = asyncio.get_running_loop(), self._server.protocol()
        self._open[taken] = [await loop.create_server(factory, sock=one, backlog=BACKLOG) for one in listeners]
        return taken

    async def close(self, port: int) -> None:
        for server in self._open.pop(port, ()):  # when the process stops they are closed already
            server.close()
        if self._free is not None:
            self._free.append(port)
        ended = [one for one in self._server.server_state.connections if getattr(one, "server", ("", 0))[1] == port]
        for connection in ended:
            connection.shutdown()  # after its present answer, which may be that of this very call
        asyncio.get_running_loop().call_later(LAST_ANSWER_S, cut_off, ended)

    def close_all(self) -> None:
        """Stop listening everywhere; the server ends the connections."""
        for servers in self._open.values():
            for server in servers:
                server.close()
        self._open.clear()


def cut_off(connections: Iterable["Protocols"]) -> None:
    """Break connections that should have ended by themselves: a client that does not read would hold them for ever."""
    for connection in connections:
        if connection.transport is not None:
            connection.transport.abort()


def give_back() -> None:
    """Give the system, in a thread, what the C library keeps of freed memory; on others than glibc do nothing."""

    def trim() -> None:
        import ctypes  # noqa: PLC0415 - it takes a start longer than most servers would ever need it

        with contextlib.suppress(OSError, AttributeError):
            ctypes.CDLL(None).malloc_trim(0)

    asyncio.get_running_loop().run_in_executor(None, trim)


def _most_files() -> int:
    """Return how many files the process may have open."""
    try:
        from resource import RLIMIT_NOFILE, getrlimit  # noqa: PLC0415 - not on every system
    except ImportError:
        return LAST_PORT
    return getrlimit(RLIMIT_NOFILE)[0]


def _port_range(text: str) -> list[int]:
    low, _, high = text.partition("-")
    if not (low.isdecimal() and (high or low).isdecimal()):
        raise ValueError(f'--world-ports: expected PORT or LOW-HIGH, not "{text}"')
    ports = range(int(low), int(high or low) + 1)
    if not ports or ports[0] < 1 or ports[-1] > LAST_PORT:
        raise ValueError(f'--world-ports: "{text}" holds no port between 1 and {LAST_PORT}')
    return list(ports)


class UvicornServer(uvicorn.Server):
    """A uvicorn server that says when it is ready and turns a signal into a clean end (exit code 0)."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.on_ready: Callable[[], None] = lambda: None
        self.on_stop: Callable[[], None] = lambda: None
        self.listeners: WorldListeners | None = None
        self.secure: tuple[list[socket.socket], ssl.SSLContext] | None = None
        self.stops = Stops()

    def protocol(self) -> Callable[[], asyncio.Protocol]:
        """Return the factory of connections, the same for all listeners."""
        factory: Callable[..., asyncio.Protocol] = self.config.http_protocol_class
        state, app_state = self.server_state, self.lifespan.state
        return functools.partial(factory, config=self.config, server_state=state, app_state=app_state)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        if self.secure:
            listeners, context = self.secure
            factory, loop = self.protocol(), asyncio.get_running_loop()
            for one in listeners:
                self.servers.append(await loop.create_server(factory, sock=one, ssl=context, backlog=BACKLOG))
        self._watch = Watch(self.stops)
        self.on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for one in (*self.servers, *(sockets or ())):
            one.close()
        if any(isinstance(one, HttpProtocol) and one.has_just_come for one in self.server_state.connections):
            await asyncio.sleep(FIRST_REQUEST_S)  # of whoever would have got another worker a moment later
        self._watch.end()
        if self.listeners:
            self.listeners.close_all()
        self.on_stop()
        asyncio.get_running_loop().call_later(GRACE_S, self._end_requests)
        await super().shutdown(sockets)

    def _end_requests(self) -> None:
        """Interrupt what still waits; the application answers that it stops, and who does not read that is cut off."""
        for task in self.server_state.tasks:
            task.cancel(STOPPING)
        asyncio.get_running_loop().call_later(GRACE_S / 2, cut_off, list(self.server_state.connections))

    @contextlib.contextmanager
    def capture_signals(self) -> Generator[None, None, None]:
        """Handle SIGINT and SIGTERM without raising them anew at the end, as uvicorn does."""
        if threading.current_thread() is not threading.main_thread():
            yield
            return
        handled = (signal.SIGINT, signal.SIGTERM)
        before = {number: signal.signal(number, self.handle_exit) for number in handled}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)


class Server:
    """The emulated cloud behind a port: `run` in this thread, or `start` and `stop` in one of its own.

    ``url`` is the URL of the default world, ``secure_url`` that of its HTTPS port or None.
    As a context manager it starts and stops.
    """

    def __init__(self, config: Config | None = None, listening: Listening | None = None) -> None:
        """Bind the ports (0 picks a free one), unless they are bound already.

        Raises `OSError` if one is taken or a file cannot be read, `ValueError` for a bad certificate,
        `Rejection` for a bad seed.
        """
        self.config = config or Config(port=0)
        self._listening = listening or Listening(self.config)
        with contextlib.ExitStack() as undo:
            undo.callback(self._listening.close)
            self.port, self.url = self._listening.port, self._listening.url
            self.secure_url = self._listening.secure_url
            self.app: App = create_app(self.config, base=self.url)
            self._ready = threading.Event()
            self._thread: threading.Thread | None = None
            self._rejection: Rejection | None = None
            self._server = self._make_server()
            self._server.on_ready = self._ready.set
            if self.config.tls:
                self._add_tls()
            undo.pop_all()

    def _add_tls(self) -> None:
        from mockspaces.server import tls  # noqa: PLC0415 - most servers do without, and it takes a while to load

        certificate, key = self.config.tls_cert, self.config.tls_key
        chosen = self._listening.authority or tls.own(Path(certificate or ""), Path(key) if key else None)
        self.app.worlds.ca_pem = chosen.ca_pem
        self._server.secure = self._listening.secure, chosen.context

    def _make_server(self) -> UvicornServer:
        config = transport(self._recorded(self.config.record) if self.config.record else self.app)
        config.callback_notify, config.timeout_notify = self.app.worlds.sweep, SWEEP_S
        config.load()
        server = UvicornServer(config)
        server.listeners = WorldListeners(server, self.config.host, self.config.world_ports, self.config.public_host)
        self.app.worlds.listeners, server.stops = server.listeners, self.app.worlds.stops
        server.on_stop = self.app.worlds.leave_all
        self.app.transport = SocketFaults(server.server_state)
        return server

    def _recorded(self, file: str) -> ASGIApp:
        from mockspaces.traffic.recording import Recorder  # noqa: PLC0415 - few servers record

        return Recorder(self.app, Path(file), Contract.shipped(), control=self.config.record_control)

    def run(self, on_ready: Callable[[], None]) -> None:
        """Serve until SIGINT or SIGTERM; ``on_ready`` is called once every surface answers.

        Raises `Rejection` for a seed that cannot be planted.
        """
        gc.disable()  # planting a big seed makes no garbage, and half of its time went into looking for some
        asyncio.run(self.app.start())
        gc.freeze()  # nor do code and seed become any, and the process is ours alone
        gc.set_threshold(*COLLECT_AFTER)
        gc.enable()
        self.app.worlds.on_clear = give_back

        def ready() -> None:
            on_ready()
            threading.Thread(target=prepare, daemon=True).start()

        self._server.on_ready = ready
        self._server.run(sockets=self._listening.plain)
        gc.freeze()  # the process ends: looking for garbage among thousands of sockets would take a second

    def start(self) -> Self:
        """Serve in a thread of its own and return when every surface answers.

        Raises `Rejection` for a seed that cannot be planted, `RuntimeError` if it does not start in time.
        """
        self._thread = threading.Thread(target=self._serve, name="mockspaces", daemon=True)
        self._thread.start()
        if not self._ready.wait(START_LIMIT_S):
            raise RuntimeError(f"the server did not start within {START_LIMIT_S} s: its thread does not get on")
        if not self._server.started:
            raise self._rejection or RuntimeError("the server did not start; its log says why")
        return self

    def _serve(self) -> None:
        try:
            asyncio.run(self.app.start())
            self._server.run(sockets=self._listening.plain)
        except Rejection as rejection:
            self._rejection = rejection
            self._listening.close()
        finally:
            self._ready.set()

    def stop(self) -> None:
        """End the server and wait until its thread is gone."""
        self._server.should_exit = True
        if self._thread:
            self._thread.join()
            self._thread = None

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
