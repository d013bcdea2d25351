"""The application on sockets: listeners of worlds, transport faults, certificates."""

from mockspaces.config import url_of as url
from mockspaces.server.listening import Listening, bind
from mockspaces.server.server import Server, transport

__all__ = ["Listening", "Server", "bind", "transport", "url"]
