"""Who makes a request: the same for REST and Socket.IO, whatever credential it came with."""

import msgspec

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.store.entities import AnonymousUser, Grant, Person, ServiceApp, User
from mockspaces.contract import errors
from mockspaces.contract.rows import Kind

SPACES_SCOPE = "spaces"


class Caller(msgspec.Struct, frozen=True, kw_only=True):
    """Who makes a request: a person, and with what kind of credential."""

    kind: Kind
    person: Person
    app: ServiceApp | None = None
    grant: Grant | None = None
    scopes: tuple[str, ...] = ()

    @property
    def id(self) -> str:
        """The Spaces id of the person."""
        return self.person.id

    @property
    def anonymous(self) -> bool:
        """Whether the caller has no account."""
        return isinstance(self.person, AnonymousUser)

    @property
    def user(self) -> User:
        """The registered user or service account. Refuses anonymous callers (`permission.denied`)."""
        if isinstance(self.person, AnonymousUser):
            raise Rejection(errors.PERMISSION_DENIED, "an anonymous user cannot do this")
        return self.person

    @property
    def company_id(self) -> str | None:
        """The company of a registered user, or None."""
        return None if isinstance(self.person, AnonymousUser) else self.person.company_id

    @property
    def label(self) -> str:
        """How the journal names the caller: kind and user name."""
        return f"{self.kind} {self.person.username or self.person.id}"
