"""The whole truth of one World: its collections with their declared indexes, and its facts.

What stands here twice would have to be kept in step, so nothing does: unique values are claims of an index,
sums and counters are facts. What belongs to a run and to no snapshot is named in `OF_A_RUN`.
"""

from collections.abc import Callable
from typing import Any, TypeVar

import msgspec

from mockspaces.cloud.store.collection import Collection, Index, ManyIndex
from mockspaces.cloud.store.entities import (
    AccessToken,
    AnonymousUser,
    AppKey,
    AuthorizationCode,
    Category,
    Company,
    Content,
    Grant,
    Invite,
    IssuedIdToken,
    IssuedJwt,
    LoginSession,
    Mail,
    Member,
    Message,
    OAuthClient,
    Preferences,
    ProductProfile,
    PushSubscription,
    RefreshToken,
    ServiceApp,
    Space,
    SpaceTime,
    SpaceToken,
    StoredFile,
    User,
    UserSpace,
)
from mockspaces.cloud.store.facts import Fact
from mockspaces.cloud.store.run import Connection, Fault, Misbehaviour, PhoneCall, QuotaWindow, Reservation
from mockspaces.cloud.store.transaction import Log
from mockspaces.contract import Contract
from mockspaces.contract.events import FIRST_SUBSCRIPTION
from mockspaces.contract.rows import SpaceType
from mockspaces.contract.settings import Settings


def _by_creation(message: Message) -> tuple[int]:
    return (message.created,)


def _by_change(message: Message) -> tuple[int]:
    return (message.created if message.modified is None else message.modified,)


def _author_of_readable(message: Message) -> tuple[str, str] | None:
    """Whose unread count a message does not raise: meetings are never unread (USERS-READ-05)."""
    return None if message.deleted or message.category == "meeting" else (message.space_id, message.sender.id)


Facet = tuple[str, Category, Category | None, bool]


def facet(message: Message) -> Facet:
    """What the filters of MSG-QUERY tell apart: space, category, category of the parent, with files or without."""
    return (message.space_id, message.category, message.parent_category, bool(message.attachments))


Shelf = tuple[str, SpaceType, str]


def shelf(record: UserSpace) -> Shelf | None:
    """Where a space stands in a person's lists: by type, and hidden, left, archived or plain (USERS-SPACES-03..06)."""
    if record.gone:
        return None
    hidden, left = record.status == "hidden", record.deleted
    state = "hidden" if hidden else "left" if left else "archived" if record.archived else "normal"
    return (record.person_id, record.type, state)


def _involved(message: Message) -> tuple[str, ...]:
    """Who sees a task among their own: author and assignees (USERS-TASKS-02)."""
    if message.deleted or message.task is None:
        return ()
    return (message.sender.id, *message.task.assignees)


Made = TypeVar("Made")


class ClockSetting(msgspec.Struct, frozen=True):
    """How a clock is set: seconds ahead of the machine, and the moment at which it stands still or None."""

    offset: float = 0.0
    frozen: float | None = None


class Randomness(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A seeded source of ids: its key, and how many values were drawn from it."""

    key: bytes
    drawn: int = 0


class SigningKey(msgspec.Struct, frozen=True):
    """An RSA key that signs user JWTs, as PEM text; the last one of a world signs, all of them verify (ACC-UJWT-04)."""

    id: str
    pem: str


# A snapshot is taken up in another run, where no socket is open and no test has planned anything.
OF_A_RUN = frozenset(
    {"calls", "connected", "connections", "faults", "misbehaviours", "quotas", "reservations", "subscribed"}
)


class State:
    """Everything that a reset clears."""

    def __init__(self, *, contract: Contract, settings: Settings, random: Randomness | None) -> None:
        """Make the empty state of a new cloud, which nobody but its maker can see yet."""
        self.log = Log(private=True)
        self._caches: dict[object, Any] = {}
        log = self.log
        # Facts
        self.contract = Fact("contract", contract, log)
        self.settings = Fact("settings", settings, log)
        self.clock = Fact("clock", ClockSetting(), log)
        self.random: Fact[Randomness | None] = Fact("random", random, log)
        self.master_secret = Fact("master_secret", b"", log)
        self.signing_keys: Fact[tuple[SigningKey, ...]] = Fact("signing_keys", (), log)
        self.activities = Fact("activities", 0, log)  # how many there were in all spaces
        self.stored_bytes = Fact("stored_bytes", 0, log)
        self.connected = Fact("connected", 0, log)  # how many connections there were
        self.subscribed = Fact("subscribed", FIRST_SUBSCRIPTION, log)
        newest = contract.limits.credentials
        # Collections. An index without rank is a look-up: by a unique value, or of a set that nobody lists in order.
        self.companies: Collection[Company] = Collection(
            "companies", log, domain=ManyIndex(lambda company: company.domains)
        )
        self.users: Collection[User] = Collection(
            "users",
            log,
            username=Index(lambda user: user.username),
            address=ManyIndex(lambda user: user.emails),
            ndbid=Index(lambda user: user.ndbid),
            # Whom the login page offers, and whom a search among colleagues goes through, each in its order.
            sign_in=Index(
                lambda user: "all" if user.enabled and not user.is_service_account else None,
                lambda user: (user.username,),
            ),
            company=Index(
                lambda user: None if user.is_service_account else user.company_id,
                lambda user: (user.displayname.casefold(),),
            ),
        )
        self.anonymous: Collection[AnonymousUser] = Collection("anonymous", log)
        self.clients: Collection[OAuthClient] = Collection("clients", log)
        self.apps: Collection[ServiceApp] = Collection("apps", log)
        self.app_keys: Collection[AppKey] = Collection(
            "app_keys", log, app=Index(lambda key: key.app_id, lambda key: (key.created,))
        )
        self.grants: Collection[Grant] = Collection("grants", log, newest=newest)
        self.access_tokens: Collection[AccessToken] = Collection("access_tokens", log, newest=newest)
        # No two user JWTs may have the same text, so a second that is taken is a claim of this index.
        self.issued_jwts: Collection[IssuedJwt] = Collection(
            "issued_jwts",
            log,
            newest=newest,
            expiry=Index(lambda issued: issued.claims, lambda issued: (issued.expires,)),
        )
        self.issued_id_tokens: Collection[IssuedIdToken] = Collection(
            "issued_id_tokens",
            log,
            newest=newest,
            text=Index(lambda issued: issued.text, lambda issued: (issued.created,)),  # what comes last costs least
        )
        self.codes: Collection[AuthorizationCode] = Collection("codes", log, newest=newest)
        self.refresh_tokens: Collection[RefreshToken] = Collection("refresh_tokens", log, newest=newest)
        self.login_sessions: Collection[LoginSession] = Collection("login_sessions", log, newest=newest)
        self.product_profiles: Collection[ProductProfile] = Collection("product_profiles", log)
        self.space_tokens: Collection[SpaceToken] = Collection("space_tokens", log, newest=newest)
        self.spaces: Collection[Space] = Collection(
            "spaces",
            log,
            # Two people have one direct space, and no two spaces share a conference number.
            pair=Index(lambda space: space.pair),
            conference=Index(lambda space: space.settings.get("confId")),
        )
        self.members: Collection[Member] = Collection(
            "members",
            log,
            # A roster lists by join time, and who was invited by e-mail and never came at its end.
            space=Index(lambda member: member.space_id, lambda member: (member.type == "email", member.join_time)),
            person=Index(lambda member: member.person),
            admin=Index(lambda member: member.space_id if member.role == "admin" else None),
        )
        self.user_spaces: Collection[UserSpace] = Collection(
            "user_spaces",
            log,
            pair=Index(lambda record: (record.space_id, record.person_id)),
            space=Index(lambda record: record.space_id),
            person=Index(lambda record: record.person_id),
            # People list their spaces by latest activity; the spaces of many people are looked up instead.
            recent=Index(
                lambda record: None if record.large else shelf(record),
                lambda record: (record.activity, record.sequence),
            ),
            pinned=Index(
                lambda record: shelf(record) if record.pinned and not record.large else None,
                lambda record: (record.activity, record.sequence),
            ),
            large=Index(lambda record: shelf(record) if record.large else None),
        )
        self.preferences: Collection[Preferences] = Collection(
            "preferences", log, person=Index(lambda record: record.person_id)
        )
        self.push_subscriptions: Collection[PushSubscription] = Collection(
            "push_subscriptions", log, person=Index(lambda record: record.person_id)
        )
        self.invites: Collection[Invite] = Collection(
            "invites", log, space=Index(lambda invite: invite.space_id, lambda invite: (invite.created,))
        )
        self.messages: Collection[Message] = Collection(
            "messages",
            log,
            # Every filter of a list that costs nothing is a partition here; what is left is searched in its order.
            space=Index(lambda message: None if message.deleted else message.space_id, _by_creation),
            category=Index(
                lambda message: None if message.deleted else (message.space_id, message.category), _by_creation
            ),
            facet=Index(lambda message: None if message.deleted else facet(message), _by_creation),
            parent=Index(lambda message: None if message.deleted else message.parent_id, _by_creation),
            sender=Index(_author_of_readable, _by_creation),
            # The only list that still shows deleted messages: as shells, by their last change.
            changed=Index(lambda message: message.space_id, _by_change),
            involved=ManyIndex(_involved, _by_creation),
        )
        self.files: Collection[StoredFile] = Collection(
            "files",
            log,
            announced=Index(lambda file: None if file.stored else "all", lambda file: (file.announced,)),
        )
        self.contents: Collection[Content] = Collection("contents", log)
        self.outbox: Collection[Mail] = Collection("outbox", log, newest=contract.limits.outbox)
        self.message_times: Collection[SpaceTime] = Collection("message_times", log)
        # Of a run: gone with it, and left out of snapshots.
        self.connections: Collection[Connection] = Collection(
            "connections",
            log,
            person=Index(lambda one: one.person_id, lambda one: (one.number,)),
            space=ManyIndex(lambda one: one.spaces, lambda one: (one.number,)),
        )
        self.calls: Collection[PhoneCall] = Collection("calls", log)
        self.quotas: Collection[QuotaWindow] = Collection("quotas", log)
        self.faults: Collection[Fault] = Collection("faults", log)
        self.misbehaviours: Collection[Misbehaviour] = Collection("misbehaviours", log)
        self.reservations: Collection[Reservation] = Collection("reservations", log)

    @property
    def stores(self) -> dict[str, Collection[Any] | Fact[Any]]:
        """All collections and facts by their names."""
        return {name: store for name, store in vars(self).items() if isinstance(store, Collection | Fact)}

    def take_plans(self, other: "State") -> None:
        """Take over what a test has planned, and which calls count against quotas; sockets are not taken over."""
        stores, others = self.stores, other.stores
        for name in ("faults", "misbehaviours", "quotas"):
            mine, theirs = stores[name], others[name]
            if isinstance(mine, Collection) and isinstance(theirs, Collection):
                for entity in theirs.every():
                    mine.store(entity)

    def cache(self, owner: object, make: Callable[[], Made]) -> Made:
        """Return what ``owner``, a module or class, derives from this state and keeps; ``make`` begins it."""
        # Bound to the state, not to the world: another state has none of what was derived from this one.
        if owner not in self._caches:
            self._caches[owner] = make()
        found: Made = self._caches[owner]
        return found
