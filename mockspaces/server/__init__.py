"""The application on sockets: listeners of worlds, transport faults, certificates."""

from mockspaces.server.server import Server, bind, transport, url

__all__ = ["Server", "bind", "transport", "url"]
