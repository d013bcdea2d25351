"""Entities of one world (data model DM-*). They are frozen: a change is `replace` and `put`.

Times are milliseconds since the epoch. Names are Python's; `views` maps them to the vendor's spelling.
"""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from mockspaces.contract.licences import EXPIRATION, PRODUCT_TYPE
from mockspaces.contract.rows import Role, SpaceType
from mockspaces.contract.shapes import people as shapes
from mockspaces.contract.spaces import RecordStatus, SpaceStatus, TaskStatus

# What a snapshot may bring: times that a calendar has, in milliseconds or seconds, and numbers that JSON keeps exact.
LATEST_MOMENT = 253_402_300_799_999  # the last millisecond of the year 9999
Moment = Annotated[int, msgspec.Meta(ge=-LATEST_MOMENT, le=LATEST_MOMENT)]
Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]

replace = msgspec.structs.replace


class PersonName(shapes.PersonName, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=False):
    """The eight parts of a name, spelt and printed as the vendor does (DM-USER-04)."""


class Licence(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A licence of a user (DM-LIC-01)."""

    service_type: str
    purchased_license_ndbid: str
    product_type: str = PRODUCT_TYPE
    expiration: str = EXPIRATION
    parent_type: str = "company"
    trial: bool = False


class PhoneNumber(shapes.PhoneNumber, frozen=True, gc=False, kw_only=True, forbid_unknown_fields=False):
    """A phone number of a user, spelt and printed as the vendor does (DM-USER-06)."""


class Company(msgspec.Struct, frozen=True, kw_only=True):
    """A company with its e-mail domains (DM-COMP-01, -02)."""

    id: str
    name: str
    domains: tuple[str, ...] = ()
    service_domain: str | None = None
    relationdef_id: str = ""
    owned_licenses: tuple[str, ...] = ()
    deny_attachments: bool = False


class User(msgspec.Struct, frozen=True, kw_only=True):
    """A registered user, or the service account of an app (DM-USER-*)."""

    id: str
    ndbid: str
    username: str
    displayname: str
    name: PersonName = PersonName()
    other_emails: tuple[str, ...] = ()
    phone_numbers: tuple[PhoneNumber, ...] = ()
    language: str = "en-US"
    timezone: str = ""
    gender: str = ""
    last_update: Moment = 0
    licences: tuple[Licence, ...] = ()
    company_id: str | None = None
    company_admin: tuple[str, ...] = ()
    developer: tuple[str, ...] = ()
    password: str | None = None
    is_service_account: bool = False
    enabled: bool = True
    picturefile: str | None = None
    cellphone: str = ""
    workphone: str = ""
    room_id: str | None = None

    @property
    def emails(self) -> tuple[str, ...]:
        """All addresses, the primary one first."""
        return (self.username, *self.other_emails)


class AnonymousUser(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A guest without an account (DM-ANON-01)."""

    id: str
    username: str = ""
    displayname: str = "Guest"
    picture_url: str | None = None


Person = User | AnonymousUser


class OAuthClient(msgspec.Struct, frozen=True, kw_only=True):
    """A registered OAuth client; without a secret it is a public one (DM-CLI-01)."""

    id: str
    secret: str | None
    name: str
    redirect_uris: tuple[str, ...] = ()
    grants: tuple[str, ...] | None = None
    active: bool = True
    owner: str = "freelance"


class ServiceApp(msgspec.Struct, frozen=True, kw_only=True):
    """A service app; its id is the ``iss`` of its JWTs (DM-APP-01)."""

    id: str
    name: str
    company_id: str
    account_id: str
    subject: str
    scopes: tuple[str, ...] = ()
    active: bool = False


class AppKey(msgspec.Struct, frozen=True, kw_only=True):
    """A key pair of a service app by its ``kid``; ``material`` is its PKCS#1 text (DM-CRED-01)."""

    id: str
    app_id: str
    material: str
    created: Moment


class Grant(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a user granted to a client: the owner of its tokens (DM-TOK-02)."""

    id: str
    client_id: str
    user_id: str
    scopes: tuple[str, ...]
    requested: str = ""
    revoked: bool = False
    user_jwt: bool = False  # its id_tokens are user JWTs, whatever the setting says (ACC-AUTHZ-19)


class AuthorizationCode(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An authorization code; its id is the value (DM-TOK-01, ACC-AUTHZ-18)."""

    id: str
    grant_id: str
    client_id: str
    redirect_uri: str
    expires: Moment
    online: bool = False
    nonce: str | None = None
    challenge: str | None = None
    challenge_method: Literal["S256", "plain"] = "S256"
    used: bool = False


class RefreshToken(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A refresh token; its id is the value. A replaced one was exchanged under strict rotation (ACC-TOKEN-11)."""

    id: str
    grant_id: str
    replaced: bool = False


class IssuedIdToken(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An HS256 id_token on record as one of a grant (ACC-INFO-06).

    ``text`` is the hash of its text, which grants of one second share; its id is made of both.
    """

    id: str
    text: str
    grant_id: str
    created: Moment


class LoginSession(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A signed-in browser; its id is the value of the cookie ``sessionid`` (DM-TOK-04)."""

    id: str
    user_id: str


class ProductProfile(msgspec.Struct, frozen=True, kw_only=True):
    """What a client stored for a user and a product (ACC-PROFSET-01)."""

    id: str
    value: Mapping[str, Any]


class AccessToken(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """An opaque access token; its id is the value (DM-TOK-03)."""

    id: str
    grant_id: str
    scopes: tuple[str, ...]
    expires: Moment


class Space(msgspec.Struct, frozen=True, kw_only=True):
    """A space, which the vendor also calls topic (DM-SPACE-*, DM-SET-*)."""

    id: str
    owner_id: str
    title: str
    created: Moment
    modified: Moment
    type: SpaceType = "group"
    description: str = ""
    status: SpaceStatus = "normal"
    restrict: tuple[str, ...] = ()
    company_id: str | None = None
    settings: Mapping[str, Any] = {}
    retention: Mapping[str, Any] = {}
    pair: tuple[str, str] | None = None  # the two parties of a direct space, sorted
    sequence: Count = 0  # counts the activities of the world: tells those of one moment apart

    @property
    def archived(self) -> bool:
        """Whether the space can only be read."""
        return self.status == "archived"

    @property
    def private(self) -> bool:
        """Whether strangers are kept out (``settings.memberOnly``)."""
        return bool(self.settings.get("memberOnly"))

    @property
    def pin(self) -> str:
        """The PIN, empty when the space is not protected (PERM-PIN-02)."""
        return str(self.settings.get("confPin") or "")


MemberType = Literal["userId", "anonymousId", "email"]


class Member(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One entry in the roster of a space (DM-MEM-01). ``person`` is a user id, an anonymous id or an e-mail."""

    id: str
    space_id: str
    person: str
    type: MemberType
    role: Role
    join_time: Moment = 0
    joined: bool = False
    passed_pin: bool = False  # they sent the PIN when they joined (PERM-PIN-05)


def member_id(space_id: str, person: str) -> str:
    """Return the key of a person's entry in a space."""
    return f"{space_id}/{person}"


class UserSpace(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What one person keeps about one space; it outlives their membership (DM-USP-*).

    ``type``, ``archived``, ``activity`` and ``sequence`` repeat facts of the space: a person's list is one index.
    In a space of very many people (``large``) the activity is not repeated. ``gone`` marks the record of a
    space that was deleted: it only remembers who was once together.
    """

    id: str
    space_id: str
    person_id: str
    type: SpaceType = "group"
    archived: bool = False
    activity: Moment = 0
    sequence: Count = 0
    large: bool = False
    gone: bool = False
    status: RecordStatus = "normal"
    last_access: Moment | None = None
    last_read: Moment | None = None
    pinned: bool | None = None
    notification: bool | None = None
    restrict: tuple[str, ...] | None = None
    deleted: bool = False


class Preferences(msgspec.Struct, frozen=True, kw_only=True):
    """The settings of one person; ``members`` holds what they changed (DM-USET-01..05)."""

    id: str
    person_id: str
    members: Mapping[str, Any] = {}


class PushSubscription(msgspec.Struct, frozen=True, kw_only=True):
    """A device that wants to be told; nothing is ever pushed (USERS-PUSHADD-01)."""

    id: str
    person_id: str
    created: Moment
    subscription_id: str | None = None
    device_id: str | None = None
    data_only: bool = False
    scope: tuple[Literal["group", "direct", "all"], ...] = ("all",)
    device_type: str | None = None


InformChannel = Literal["server", "client", "outlook"]
InviteMode = Literal["join", "invite", "meet"]


class Invitee(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """One invited address or user."""

    type: Literal["email", "userId"]
    invitee: str
    role: Role


class Invite(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation to a space (DM-INV-01)."""

    id: str
    space_id: str
    creator_id: str
    created: Moment
    invitees: tuple[Invitee, ...] = ()
    channel: InformChannel = "server"
    mode: InviteMode = "join"
    start: Moment | None = None
    end: Moment | None = None
    language: str | None = None


Category = Literal["chat", "idea", "task", "meeting"]


class Sender(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """Who wrote a message, as they were then: a message outlives its author's account (DM-MSG-03)."""

    id: str
    type: Literal["user", "anonymous"]
    username: str
    displayname: str
    picture: str | None = None


class Task(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a task has beyond a post (DM-MSG-06)."""

    status: TaskStatus = "pending"
    due: Moment | None = None
    assignees: tuple[str, ...] = ()


class Attachment(msgspec.Struct, frozen=True, gc=False, kw_only=True, rename="camel"):
    """A file in a message, as the client sends it (DM-ATT-01); its URLs are computed when it is shown."""

    file_id: str
    file_size: Count = 0
    file_type: str = "document"
    name: str = ""
    provider: Literal["native"] = "native"
    provider_file_type: str = ""
    thumbnail_file: str | None = None
    icon: str = ""


AttendeeType = Literal["user", "anonymous", "phone"]


class Attendee(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A party of a meeting; they stay listed after leaving (DM-MEET-02)."""

    id: str
    type: AttendeeType
    username: str
    displayname: str
    picture: str | None
    join_time: Moment
    sessions: tuple[str, ...] = ()
    leave_time: Moment | None = None
    noise_reduction: bool | None = None
    media_session_id: str | None = None


class Recording(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A recording of a meeting, running until it has an end (DM-MEET-03)."""

    id: str
    started_by: Sender
    start: Moment
    end: Moment | None = None


class Meeting(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """What a message of category meeting has beyond a chat (DM-MEET-01); it is active until it has an end."""

    start: Moment
    end: Moment | None = None
    media_mode: Literal["audio", "video"] = "audio"
    attendees: tuple[Attendee, ...] = ()
    recordings: tuple[Recording, ...] = ()
    layout: str | None = None
    theme: str | None = None


class Message(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """A chat, post (idea), task or meeting in a space (DM-MSG-*); a deleted one leaves an empty shell."""

    id: str
    space_id: str
    category: Category
    sender: Sender
    created: Moment
    modified: Moment | None = None
    text: str = ""
    description: str | None = None
    attachments: tuple[Attachment, ...] = ()
    parent_id: str | None = None
    parent_category: Category | None = None
    comments: Count = 0
    task: Task | None = None
    meeting: Meeting | None = None
    mentions: Any = None
    version: Any = None
    deleted: bool = False


class StoredFile(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A file of the storage by its ``fileKey``; once ``announced`` its upload is awaited until it is ``stored``.

    Its bytes are a `Content` of the same id: showing a link must not load a file.
    """

    id: str
    type: str
    size: Count
    announced: Moment = 0
    stored: bool = False


class Content(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The bytes of a stored file."""

    id: str
    data: bytes


class Mail(msgspec.Struct, frozen=True, kw_only=True):
    """An e-mail that the real service would have sent; the mock keeps it in its outbox (SPACES-CREATE-09)."""

    id: str
    to: str
    subject: str
    link: str
    created: Moment
    invite_id: str
    space_id: str


class IssuedJwt(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A user JWT on record; with a grant it lives and dies with it (ACC-UJWT-06).

    Its id is the hash of what is signed, header and payload. ``claims`` is the hash of its claims without
    ``exp``: no two JWTs with the same claims may expire in the same second.
    """

    id: str
    grant_id: str | None
    claims: str
    expires: Moment


class SpaceTime(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """The time of the newest message of a space, deleted ones included (REST-TIME-03). Its id is that of the space."""

    id: str
    newest: Moment


class SpaceToken(msgspec.Struct, frozen=True, kw_only=True):
    """A space access token of a room app; its id is the value (DM-TOK-05, ACC-SAT-01)."""

    id: str
    authorizer_id: str
    app: Mapping[str, Any]
    scopes: tuple[str, ...] = ()
    expires: Moment
