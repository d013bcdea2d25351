"""All collections of one world with their declared indexes."""

from collections.abc import Awaitable, Callable

from mockspaces.cloud.store.collection import Collection, Index, ManyIndex
from mockspaces.cloud.store.entities import (
    AccessToken,
    AnonymousUser,
    AppKey,
    AuthorizationCode,
    Category,
    Company,
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
    SpaceToken,
    StoredFile,
    User,
    UserSpace,
)
from mockspaces.contract.rows import SpaceType

HIDDEN = 4  # DM-USP-02
Checkpoint = Callable[[], Awaitable[None]] | None


def _by_creation(message: Message) -> tuple[int]:
    return (message.created,)


def _changed(message: Message) -> int:
    return message.created if message.modified is None else message.modified


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
    hidden, left = record.status == HIDDEN, record.deleted
    state = "hidden" if hidden else "left" if left else "archived" if record.archived else "normal"
    return (record.person_id, record.type, state)


def _involved(message: Message) -> tuple[str, ...]:
    """Who sees a task among his own: author and assignees (USERS-TASKS-02)."""
    if message.deleted or message.task is None:
        return ()
    return (message.sender.id, *message.task.assignees)


class State:
    """Everything that a reset clears."""

    def __init__(self, checkpoint: Checkpoint = None) -> None:
        """Make the empty collections of a new cloud."""
        self.companies: Collection[Company] = Collection(checkpoint=checkpoint)
        self.users: Collection[User] = Collection(
            {
                "username": Index(lambda user: user.username),
                "ndbid": Index(lambda user: user.ndbid),
                "sign-in": Index(
                    lambda user: "all" if user.enabled and not user.is_service_account else None,
                    lambda user: (user.username,),
                ),
                "company": Index(
                    lambda user: None if user.is_service_account else user.company_id,
                    lambda user: (user.displayname.casefold(),),
                ),
            },
            checkpoint,
        )
        self.addresses: dict[str, str] = {}
        self.directories: dict[str, object] = {}  # what searches derive from the users of a company
        self.acquaintances: dict[str, object] = {}  # what they derive from the memberships of a person
        self.encounters = 0  # how often somebody entered a space for the first time
        self.domains: dict[str, str] = {}
        self.anonymous: Collection[AnonymousUser] = Collection(checkpoint=checkpoint)
        self.clients: Collection[OAuthClient] = Collection(checkpoint=checkpoint)
        self.apps: Collection[ServiceApp] = Collection(checkpoint=checkpoint)
        self.app_keys: Collection[AppKey] = Collection(
            {"app": Index(lambda key: key.app_id, lambda key: (key.created,))}, checkpoint
        )
        self.grants: Collection[Grant] = Collection(checkpoint=checkpoint)
        self.access_tokens: Collection[AccessToken] = Collection(checkpoint=checkpoint)
        self.issued_jwts: Collection[IssuedJwt] = Collection(checkpoint=checkpoint)
        self.user_jwt_expiries: dict[tuple[str, ...], dict[int, int]] = {}  # tokens.py: which seconds are taken
        self.issued_id_tokens: Collection[IssuedIdToken] = Collection(checkpoint=checkpoint)
        self.codes: Collection[AuthorizationCode] = Collection(checkpoint=checkpoint)
        self.refresh_tokens: Collection[RefreshToken] = Collection(checkpoint=checkpoint)
        self.login_sessions: Collection[LoginSession] = Collection(checkpoint=checkpoint)
        self.product_profiles: Collection[ProductProfile] = Collection(checkpoint=checkpoint)
        self.space_tokens: Collection[SpaceToken] = Collection(checkpoint=checkpoint)
        self.spaces: Collection[Space] = Collection({"pair": Index(lambda space: space.pair)}, checkpoint)
        self.conference_ids: set[str] = set()
        self.activities = 0  # how many there were in all spaces
        self.members: Collection[Member] = Collection(
            {
                "space": Index(
                    lambda member: member.space_id, lambda member: (member.type == "email", member.join_time)
                ),
                "person": Index(lambda member: member.person),
                "admin": Index(lambda member: member.space_id if member.role == "admin" else None),
            },
            checkpoint,
        )
        self.user_spaces: Collection[UserSpace] = Collection(
            {
                "pair": Index(lambda record: (record.space_id, record.person_id)),
                "space": Index(lambda record: record.space_id),
                "person": Index(lambda record: record.person_id),
                "recent": Index(
                    lambda record: None if record.crowded else shelf(record),
                    lambda record: (record.activity, record.turn),
                ),
                "pinned": Index(
                    lambda record: shelf(record) if record.pinned and not record.crowded else None,
                    lambda record: (record.activity, record.turn),
                ),
                "crowded": Index(lambda record: shelf(record) if record.crowded else None),
            },
            checkpoint,
        )
        self.preferences: Collection[Preferences] = Collection(
            {"person": Index(lambda record: record.person_id)}, checkpoint
        )
        self.push_subscriptions: Collection[PushSubscription] = Collection(
            {"person": Index(lambda record: record.person_id)}, checkpoint
        )
        self.invites: Collection[Invite] = Collection(
            {"space": Index(lambda invite: invite.space_id, lambda invite: (invite.created,))}, checkpoint
        )
        self.messages: Collection[Message] = Collection(
            {
                "space": Index(lambda message: None if message.deleted else message.space_id, _by_creation),
                "category": Index(
                    lambda message: None if message.deleted else (message.space_id, message.category), _by_creation
                ),
                "facet": Index(lambda message: None if message.deleted else facet(message), _by_creation),
                "parent": Index(lambda message: None if message.deleted else message.parent_id, _by_creation),
                "sender": Index(_author_of_readable, _by_creation),
                "changed": Index(lambda message: message.space_id, lambda message: (_changed(message),)),
                "involved": ManyIndex(_involved, _by_creation),
            },
            checkpoint,
        )
        self.message_times: dict[str, int] = {}  # `created` of the newest message of a space, deleted ones included
        self.files: Collection[StoredFile] = Collection(checkpoint=checkpoint)
        self.stored_bytes = 0
        self.incoming_bytes = 0  # of uploads that are being read; nothing that a snapshot would keep
        self.outbox: Collection[Mail] = Collection(checkpoint=checkpoint)
