"""The control client that tests hold: the same for an embedded and for a remote mock.

Standard library only, so that it fits beside every client library under test.
"""

from mockspaces.client.clock import Clock
from mockspaces.client.connection import ControlError
from mockspaces.client.faults import Fault, Faults
from mockspaces.client.journal import IncompleteError, Journal
from mockspaces.client.mock import Aio, Mockspaces
from mockspaces.client.things import (
    Company,
    JournalEntry,
    Mail,
    Member,
    Message,
    OAuthClient,
    ServiceApp,
    Socket,
    Space,
    User,
)

__all__ = [
    "Aio",
    "Clock",
    "Company",
    "ControlError",
    "Fault",
    "Faults",
    "IncompleteError",
    "Journal",
    "JournalEntry",
    "Mail",
    "Member",
    "Message",
    "Mockspaces",
    "OAuthClient",
    "ServiceApp",
    "Socket",
    "Space",
    "User",
]
