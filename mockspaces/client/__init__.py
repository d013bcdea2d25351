"""The control client that tests hold: the same for an embedded and for a remote mock.

Standard library only, so that it fits beside every client library under test.
"""

from mockspaces.client.clock import Clock
from mockspaces.client.connection import ControlError
from mockspaces.client.faults import Fault, Faults, Spread
from mockspaces.client.journal import AioJournal, IncompleteError, Journal
from mockspaces.client.mock import Aio, Mockspaces
from mockspaces.client.things import (
    Category,
    Check,
    Company,
    Credential,
    Difference,
    GrantType,
    Headers,
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
from mockspaces.client.words import (
    Code,
    EndpointId,
    Event,
    Licence,
    Method,
    Misbehaviour,
    Role,
    Route,
    Scope,
    Surface,
)

__all__ = [
    "Aio",
    "AioJournal",
    "Category",
    "Check",
    "Clock",
    "Code",
    "Company",
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
    "ServiceApp",
    "Socket",
    "Space",
    "Spread",
    "Surface",
    "User",
]
