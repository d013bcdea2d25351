"""A test double of the Avaya Spaces cloud: identity server, REST API and Socket.IO server in memory.

PYTEST_DONT_REWRITE: there is nothing to rewrite here, and who imports this before pytest would be warned of that.
Importing this package loads nothing and needs no other package; each public name loads its module when it is
first asked for. `Mockspaces`, the control client, needs the standard library only; `Server`, `Config` and
`create_app` need the extra ``mockspaces[server]``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mockspaces.app import create_app
    from mockspaces.client import (
        Aio,
        AioJournal,
        Category,
        Check,
        Clock,
        Code,
        Company,
        ControlError,
        Credential,
        Difference,
        EndpointId,
        Event,
        Fault,
        Faults,
        GrantType,
        Headers,
        IncompleteError,
        Journal,
        JournalEntry,
        Licence,
        Mail,
        Member,
        Message,
        Method,
        Misbehaviour,
        Mockspaces,
        OAuthClient,
        Role,
        Route,
        Scope,
        ServiceApp,
        Socket,
        Space,
        Spread,
        Surface,
        User,
    )
    from mockspaces.config import Config
    from mockspaces.server import Server

__version__ = "0.1.0"

__all__ = [
    "Aio",
    "AioJournal",
    "Category",
    "Check",
    "Clock",
    "Code",
    "Company",
    "Config",
    "ControlError",
    "Credential",
    "Difference",
    "EndpointId",
    "Event",
    "Fault",
    "Faults",
    "GrantType",
    "Headers",
    "IncompleteError",
    "Journal",
    "JournalEntry",
    "Licence",
    "Mail",
    "Member",
    "Message",
    "Method",
    "Misbehaviour",
    "Mockspaces",
    "OAuthClient",
    "Role",
    "Route",
    "Scope",
    "Server",
    "ServiceApp",
    "Socket",
    "Space",
    "Spread",
    "Surface",
    "User",
    "create_app",
]

_HOMES = {"Config": "config", "Server": "server", "create_app": "app"}  # all others live in the client


def __getattr__(name: str) -> object:
    """Load a public name. Raises `ImportError` with the way out where the server extra is missing."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    home = _HOMES.get(name, "client")
    try:
        return getattr(import_module(f"{__name__}.{home}"), name)
    except ModuleNotFoundError as error:
        told = f"{__name__}.{name} needs the extra server: install it from where this package came from, "
        raise ImportError(f'{told}as in pip install "./mockspaces[server]"') from error


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
