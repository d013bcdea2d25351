"""All collections of one world with their declared indexes."""

from collections.abc import Awaitable, Callable

from mockspaces.cloud.collection import Collection, Index
from mockspaces.cloud.entities import (
    AccessToken,
    AnonymousUser,
    AppKey,
    Company,
    Grant,
    Invite,
    IssuedJwt,
    Mail,
    Member,
    Message,
    OAuthClient,
    ServiceApp,
    Space,
    SpaceToken,
    User,
    UserSpace,
)

Checkpoint = Callable[[], Awaitable[None]] | None


class State:
    """Everything that a reset clears."""

    def __init__(self, checkpoint: Checkpoint = None) -> None:
        """Make the empty collections of a new cloud."""
        self.companies: Collection[Company] = Collection(checkpoint=checkpoint)
        self.users: Collection[User] = Collection(
            {
                "username": Index(lambda user: user.username),
                "ndbid": Index(lambda user: user.ndbid),
                "company": Index(
                    lambda user: None if user.is_service_account else user.company_id,
                    lambda user: (user.displayname.casefold(),),
                ),
            },
            checkpoint,
        )
        self.addresses: dict[str, str] = {}
        self.domains: dict[str, str] = {}
        self.anonymous: Collection[AnonymousUser] = Collection(checkpoint=checkpoint)
        self.clients: Collection[OAuthClient] = Collection(checkpoint=checkpoint)
        self.apps: Collection[ServiceApp] = Collection(checkpoint=checkpoint)
        self.app_keys: Collection[AppKey] = Collection(
            {"app": Index(lambda key: key.app_id, lambda key: (key.created,))}, checkpoint
        )
        self.grants: Collection[Grant] = Collection(checkpoint=checkpoint)
        self.access_tokens: Collection[AccessToken] = Collection(
            {"grant": Index(lambda token: token.grant_id)}, checkpoint
        )
        self.issued_jwts: Collection[IssuedJwt] = Collection(checkpoint=checkpoint)
        self.space_tokens: Collection[SpaceToken] = Collection(checkpoint=checkpoint)
        self.spaces: Collection[Space] = Collection(checkpoint=checkpoint)
        self.conference_ids: set[str] = set()
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
            },
            checkpoint,
        )
        self.invites: Collection[Invite] = Collection(
            {"space": Index(lambda invite: invite.space_id, lambda invite: (invite.created,))}, checkpoint
        )
        self.messages: Collection[Message] = Collection(
            {
                "space": Index(
                    lambda message: None if message.deleted else message.space_id, lambda message: (message.created,)
                ),
                "category": Index(
                    lambda message: None if message.deleted else (message.space_id, message.category),
                    lambda message: (message.created,),
                ),
                "parent": Index(
                    lambda message: None if message.deleted else message.parent_id, lambda message: (message.created,)
                ),
                "sender": Index(
                    lambda message: None if message.deleted else (message.space_id, message.sender.id),
                    lambda message: (message.created,),
                ),
            },
            checkpoint,
        )
        self.outbox: Collection[Mail] = Collection(
            {"all": Index(lambda _mail: "all", lambda mail: (mail.created,))}, checkpoint
        )
