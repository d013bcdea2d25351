"""The vendor's host names inside one process: they lead to a world, and nowhere else, for as long as a block lasts.

A program that has ``https://spacesapis.avayacloud.com`` compiled in is tested without a hosts file, root or a
container. Three things are replaced, in this process alone, and put back exactly as they were:

* *Names.* `socket.getaddrinfo` and its older sisters answer the names with an address of the loopback that nobody
  listens on; resolvers that do without them (uvloop, aiohttp with aiodns) are told the same.
* *Connections.* Some libraries take only the address from a resolver and keep port 443, so an answer could not name
  another port. Whoever connects to that address is connected to a port of this process instead, which speaks TLS and
  passes what it hears to the world, wherever that is. Any other port of the names is refused.
* *Trust.* A TLS handshake for one of the names trusts a throw-away CA, which signed one certificate and is forgotten.
  That is decided when the handshake begins, with a context of our own that is as strict as the client's, so that
  contexts count which a library made when it was imported, and none is changed.

Proxies of the environment are told to leave the names alone. Nothing of this reaches child processes.
"""

from __future__ import annotations

import asyncio
import contextlib
import errno
import functools
import importlib
import importlib.util
import os
import socket
import ssl
import sys
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mockspaces.client import Mockspaces
    from mockspaces.contract.hosts import Deployment

ADDRESS = "127.83.80.67"  # on the loopback; nothing listens here, see above
PORT = 443
LOOPBACK = "127.0.0.1"
CHUNK = 64 * 1024
STOP_LIMIT_S = 5
NO_PROXY = ("no_proxy", "NO_PROXY")
_MISSING = object()


class Front:
    """A port of this process that speaks TLS under the names of the vendor and leads to a world."""

    def __init__(self, host: str, port: int) -> None:
        """Serve in a thread of its own until `stop`."""
        from mockspaces.server import tls

        chosen = tls.throw_away()
        self._context, self._ca = chosen.context, (chosen.ca_pem or b"").decode()
        self._target = host, port
        self._listener = socket.create_server((LOOPBACK, 0))
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._tasks: set[asyncio.Task[None]] = set()
        self._thread = threading.Thread(target=self._run, name="mockspaces", daemon=True)
        self._thread.start()

    def trusted(self, theirs: ssl.SSLContext) -> ssl.SSLContext:
        """Return a context as strict as a client's, for this one server."""
        ours = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        ours.check_hostname = False  # or the mode could not be set
        ours.verify_mode = theirs.verify_mode
        ours.check_hostname = theirs.check_hostname
        ours.minimum_version, ours.maximum_version = theirs.minimum_version, theirs.maximum_version
        ours.sslsocket_class, ours.sslobject_class = theirs.sslsocket_class, theirs.sslobject_class
        ours.load_verify_locations(cadata=self._ca)
        return ours

    def stop(self) -> None:
        """Close the port and its connections."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(STOP_LIMIT_S)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        server = self._loop.run_until_complete(
            asyncio.start_server(self._connected, sock=self._listener, ssl=self._context)
        )
        self._loop.run_forever()
        server.close()
        for task in self._tasks:
            task.cancel()
        self._loop.run_until_complete(asyncio.gather(*self._tasks, return_exceptions=True))
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        if task:
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)
        try:
            world_reader, world_writer = await asyncio.open_connection(*self._target)
        except OSError:
            writer.transport.abort()
            return
        ways = asyncio.gather(_pass(reader, world_writer), _pass(world_reader, writer))
        try:
            with contextlib.suppress(OSError, asyncio.CancelledError):
                await ways
        finally:
            ways.cancel()
            writer.transport.abort()
            world_writer.transport.abort()


async def _pass(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """Pass bytes on until their sender has no more; then nobody needs the other direction either."""
    while data := await reader.read(CHUNK):
        writer.write(data)
        await writer.drain()
    writer.close()
    await writer.wait_closed()
    raise ConnectionResetError


class _Patches:
    """What is replaced in this process while at least one world answers to the names."""

    def __init__(self) -> None:
        self.fronts: list[Front] = []
        self.lock = threading.Lock()
        self._undo = contextlib.ExitStack()
        from mockspaces.contract import hosts

        self._names = frozenset(hosts.NAMES)

    def enter(self, front: Front) -> None:
        """Let the names lead to a front; the one that came last counts."""
        with self.lock:
            self.fronts.append(front)
            if len(self.fronts) == 1:
                self._install()

    def leave(self, front: Front) -> None:
        """Take a front away, and every replacement with the last."""
        with self.lock:
            self.fronts.remove(front)
            if not self.fronts:
                self._undo.close()

    def ours(self, host: object) -> bool:
        """Whether a host is one of the names, or the address that stands for them."""
        text = host.decode("latin-1") if isinstance(host, bytes | bytearray) else host
        return isinstance(text, str) and (text == ADDRESS or text.lower().rstrip(".") in self._names)

    def target(self, address: Any) -> Any:
        """Return where a connection goes. Raises `ConnectionRefusedError` for another port of the names than 443."""
        if not (isinstance(address, tuple) and address and self.ours(address[0])):
            return address
        if address[1] != PORT:
            raise ConnectionRefusedError(errno.ECONNREFUSED, os.strerror(errno.ECONNREFUSED))
        return LOOPBACK, self.fronts[-1].port

    def _replace(self, owner: Any, name: str, made: Callable[[Any], Any]) -> None:
        """Put something in the place of an attribute, which may have been inherited."""
        before, original = vars(owner).get(name, _MISSING), getattr(owner, name)
        setattr(owner, name, functools.wraps(original)(made(original)))
        if before is _MISSING:
            self._undo.callback(delattr, owner, name)
        else:
            self._undo.callback(setattr, owner, name, before)

    def _install(self) -> None:
        self._replace(socket, "getaddrinfo", self._getaddrinfo)
        for name in ("gethostbyname", "gethostbyname_ex"):
            self._replace(socket, name, self._gethostbyname)
        self._replace(socket.socket, "connect", self._connect)
        self._replace(socket.socket, "connect_ex", self._connect_ex)
        for name in ("wrap_socket", "wrap_bio"):
            self._replace(ssl.SSLContext, name, self._wrap)
        if uvloop := sys.modules.get("uvloop"):
            self._replace(uvloop.Loop, "getaddrinfo", self._loop_getaddrinfo)
            self._replace(uvloop.Loop, "create_connection", self._create_connection)
        if importlib.util.find_spec("aiodns") and importlib.util.find_spec("aiohttp"):
            resolver = importlib.import_module("aiohttp.resolver")
            self._replace(resolver.AsyncResolver, "resolve", self._resolve)
        for variable in NO_PROXY:
            before = os.environ.get(variable)
            others = [os.environ.get(name) for name in (variable, *NO_PROXY)]
            os.environ[variable] = ",".join(filter(None, [next(filter(None, others), None), *sorted(self._names)]))
            if before is None:
                self._undo.callback(os.environ.pop, variable, None)
            else:
                self._undo.callback(os.environ.__setitem__, variable, before)

    def _answer(self, port: Any, family: int, *rest: Any) -> tuple[Any, ...]:
        """Return the arguments of `getaddrinfo` that resolve the address instead of a name."""
        if family not in (socket.AF_UNSPEC, socket.AF_INET):
            raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")
        return (ADDRESS, port, socket.AF_INET, *rest)

    def _getaddrinfo(self, original: Any) -> Any:
        def getaddrinfo(host: Any, port: Any, family: int = 0, type: int = 0, proto: int = 0, flags: int = 0) -> Any:  # noqa: A002 - its name there
            if not self.ours(host):
                return original(host, port, family, type, proto, flags)
            return original(*self._answer(port, family, type, proto, flags))

        return getaddrinfo

    def _gethostbyname(self, original: Any) -> Any:
        return lambda hostname: original(ADDRESS if self.ours(hostname) else hostname)

    def _connect(self, original: Any) -> Any:
        def connect(sock: socket.socket, address: Any) -> Any:
            return original(sock, self.target(address))

        return connect

    def _connect_ex(self, original: Any) -> Any:
        def connect_ex(sock: socket.socket, address: Any) -> Any:
            try:
                return original(sock, self.target(address))
            except ConnectionRefusedError as refused:
                return refused.errno

        return connect_ex

    def _wrap(self, original: Any) -> Any:
        def wrap(context: ssl.SSLContext, *args: Any, **options: Any) -> Any:
            if not self.ours(options.get("server_hostname")) or options.get("server_side"):
                return original(context, *args, **options)
            return original(self.fronts[-1].trusted(context), *args, **{**options, "session": None})

        return wrap

    def _loop_getaddrinfo(self, original: Any) -> Any:
        async def getaddrinfo(loop: Any, host: Any, port: Any, *, family: int = 0, **options: Any) -> Any:
            if not self.ours(host):
                return await original(loop, host, port, family=family, **options)
            _address, asked, chosen = self._answer(port, family)
            return await original(loop, ADDRESS, asked, family=chosen, **options)

        return getaddrinfo

    def _create_connection(self, original: Any) -> Any:
        async def create_connection(loop: Any, factory: Any, host: Any = None, port: Any = None, **options: Any) -> Any:
            if self.ours(host):
                if options.get("ssl") and options.get("server_hostname") is None:
                    options["server_hostname"] = host
                host, port = self.target((host, port))
            return await original(loop, factory, host, port, **options)

        return create_connection

    def _resolve(self, original: Any) -> Any:
        async def resolve(resolver: Any, host: str, port: int = 0, family: int = socket.AF_INET) -> Any:
            if not self.ours(host):
                return await original(resolver, host, port, family)
            place = {"host": ADDRESS, "port": port, "family": socket.AF_INET, "proto": 0}
            return [{"hostname": host, "flags": socket.AI_NUMERICHOST, **place}]

        return resolve


@functools.cache
def _patches() -> _Patches:
    return _Patches()


@contextlib.contextmanager
def vendor_hosts(world: Mockspaces, deployment: Deployment = "production") -> Iterator[Mockspaces]:
    """Let the vendor's host names lead to a world inside this process, until the block ends.

    All names of all deployments do; the world hands out those of ``deployment`` as its own meanwhile. Inside another
    block, or beside one in another thread, the world that came last answers. Needs the extra ``server`` also where
    the server is elsewhere, for the certificate. Raises `ValueError` for a world that has no port of its own.
    """
    if world.path:
        raise ValueError(f"{world.url} has no port of its own; the vendor's host names have no room for a path")
    try:
        front = Front(*world.address)
    except ImportError as error:
        raise ImportError(f"vendor_hosts needs the extra server of mockspaces for its certificate: {error}") from error
    try:
        world.call("PATCH", "/origins", {"vendor_hosts": deployment})
        _patches().enter(front)
        try:
            yield world
        finally:
            _patches().leave(front)
            world.call("PATCH", "/origins", {"vendor_hosts": None})
    finally:
        front.stop()
