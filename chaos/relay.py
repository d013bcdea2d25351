"""What stands between two parties of TCP: a balancer of workers, and a line that can be cut, slowed and halved.

How this works. Each connection that comes in is a pair of ends; what one end receives is written to the other, and a
close or a break of one becomes that of the other. A `Balancer` gives every connection to another worker than the one
before, so that whatever a client does by several connections is seen by several workers.
"""

import asyncio
import contextlib
import socket
import struct
import threading
from collections.abc import Iterator, Sequence
from typing import cast

LOOPBACK = "127.0.0.1"
BREAK = struct.pack("ii", 1, 0)  # a close with it is a reset, as of a process that ended


class End(asyncio.Protocol):
    """One of the two ends of a connection that goes through."""

    transport: asyncio.Transport

    def __init__(self, relay: "Relay", other: "End | None" = None) -> None:
        """Belong to a relay; the end that came in has no ``other`` yet."""
        self.other = other
        self.incoming = other is None
        self.finished = False  # what there is to send was sent
        self._relay = relay

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin; the end that came in reads nothing before there is somebody to write to."""
        self.transport = cast("asyncio.Transport", transport)
        self._relay.ends.add(self)
        transport.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if self.incoming:
            self.transport.pause_reading()
            connecting = asyncio.create_task(self._connect())
            self._relay.connecting.add(connecting)
            connecting.add_done_callback(self._relay.connecting.discard)

    async def _connect(self) -> None:
        connect = asyncio.get_running_loop().create_connection
        for port in self._relay.targets():
            with contextlib.suppress(OSError):
                _, self.other = await connect(lambda: End(self._relay, self), LOOPBACK, port)
                break
        if self.other is None:
            self.break_off()
        elif self.transport.is_closing():  # it has left meanwhile
            self.other.break_off()
        else:
            self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Hand on what came."""
        if self.other is not None:
            self._relay.hand_on(self.other, data)

    def eof_received(self) -> bool:
        """Hand on that nothing more comes; the other direction stays."""
        self.data_received(b"")
        return True

    def pause_writing(self) -> None:
        """Let the other end read no more than this one can write."""
        if self.other is not None:
            self.other.transport.pause_reading()

    def resume_writing(self) -> None:
        """Let the other end go on."""
        if self.other is not None:
            self.other.transport.resume_reading()

    def connection_lost(self, error: Exception | None) -> None:
        """Close or break the other end too."""
        self._relay.ends.discard(self)
        if self.other is not None and error is not None:
            self.other.break_off()
        elif self.other is not None:
            self.other.transport.close()

    def write(self, data: bytes) -> None:
        """Send something, or for nothing the end of all."""
        if self.transport.is_closing():
            return
        if data:
            self.transport.write(data)
        else:
            self.transport.write_eof()
            self.finished = True
            if self.other is not None and self.other.finished:
                self.transport.close()

    def break_off(self) -> None:
        """End as if the machine behind it were gone."""
        if not self.transport.is_closing():
            self.transport.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, BREAK)
            self.transport.abort()


class Relay:
    """Listens on a port and connects whoever comes to one of some ports of this machine."""

    def __init__(self, ports: Sequence[int]) -> None:
        """Lead to these ports, which may be changed at any time."""
        self.ports = list(ports)
        self.port = 0
        self.ends = set[End]()
        self.connecting = set[asyncio.Task[None]]()
        self._server: asyncio.Server | None = None

    def targets(self) -> list[int]:
        """Return the ports to try for a new connection, the best one first."""
        return list(self.ports)

    def hand_on(self, end: End, data: bytes) -> None:
        """Let an end send what came from the other one."""
        end.write(data)

    def break_all(self) -> None:
        """Break every connection."""
        for end in [*self.ends]:
            end.break_off()

    async def start(self) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.get_running_loop().create_server(lambda: End(self), LOOPBACK, self.port)
        self.port = self._server.sockets[0].getsockname()[1]
        return self.port

    async def stop(self) -> None:
        """Listen no more, break every connection, and return when all are gone."""
        if self._server is not None:
            self._server.close()
        while self.ends or self.connecting:
            self.break_all()
            await asyncio.sleep(0)


class Balancer(Relay):
    """Gives every connection to the next port; one that refuses it is passed over."""

    _turn = 0

    def targets(self) -> list[int]:
        self._turn += 1
        first = self._turn % len(self.ports)
        return self.ports[first:] + self.ports[:first]


@contextlib.contextmanager
def balanced(ports: Sequence[int]) -> Iterator[int]:
    """Run a balancer in a thread of its own, and yield its port."""
    balancer, loop = Balancer(ports), asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, name="balancer", daemon=True)
    thread.start()
    try:
        yield asyncio.run_coroutine_threadsafe(balancer.start(), loop).result()
    finally:
        asyncio.run_coroutine_threadsafe(balancer.stop(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()
