"""The sockets that a server listens at: bound before anything runs, so that workers may inherit them."""

import contextlib
import errno
import socket
from pathlib import Path
from typing import TYPE_CHECKING

from mockspaces.config import ANY_ADDRESS, DEFAULT_HOST, LOOPBACK, Config, url_of

if TYPE_CHECKING:
    from mockspaces.server.tls import Tls

BACKLOG = 2048
PAIRS = 10  # so often a port is looked for that is free on both loopback addresses


def bind(host: str, port: int) -> socket.socket:
    """Return a bound and listening socket, so that the port is known before anything runs."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise OSError(error.errno, error.strerror, f"{host}:{port}") from None
    listener.listen(BACKLOG)
    return listener


def bind_all(host: str, port: int) -> list[socket.socket]:
    """Return listening sockets of one port: on both loopback addresses by default, on one where there is no IPv6."""
    if host != DEFAULT_HOST:
        return [bind(host, port)]
    for _ in range(PAIRS):
        first = bind(LOOPBACK[0], port)
        try:
            return [first, bind(LOOPBACK[1], first.getsockname()[1])]
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                return [first]
            first.close()
            if port:  # whoever asks localhost would reach somebody else
                raise
    return [bind(LOOPBACK[0], port)]


class Listening:
    """The bound sockets of a server, plain ones and those of TLS, and the URLs by which clients reach them.

    ``authority`` is the throw-away CA with its certificate, None where that is not wanted.
    """

    def __init__(self, config: Config) -> None:
        """Bind the ports (0 picks a free one). Raises `OSError` if one is taken."""
        self.plain: list[socket.socket] = []
        self.secure: list[socket.socket] = []
        self.secure_url: str | None = None
        self.authority: Tls | None = None
        with contextlib.ExitStack() as bound:
            bound.callback(self.close)
            self.plain = bind_all(config.host, config.port)
            self.port: int = self.plain[0].getsockname()[1]
            self.url = config.public_url or url_of(config.host, self.port)
            if config.tls:
                self._add_tls(config)
            bound.pop_all()

    def _add_tls(self, config: Config) -> None:
        if not config.tls_cert:
            from mockspaces.server import tls  # noqa: PLC0415 - most servers do without, and it takes a while to load

            own = [name for name in (config.public_host, config.host) if name and name not in ANY_ADDRESS]
            self.authority = tls.throw_away(own)
        self.secure = bind_all(config.host, config.tls_port)
        self.secure_url = url_of(config.host, self.secure[0].getsockname()[1], "https")
        if config.ca_file and self.authority and self.authority.ca_pem:
            Path(config.ca_file).write_bytes(self.authority.ca_pem)

    def close(self) -> None:
        """Listen no more, as far as this process is concerned."""
        for one in (*self.plain, *self.secure):
            one.close()
