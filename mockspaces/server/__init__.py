"""The application on sockets: listeners of worlds, transport faults, certificates."""

from mockspaces.config import url_of as url
from mockspaces.server.server import Server, bind, transport

__all__ = ["Server", "bind", "transport", "url"]
