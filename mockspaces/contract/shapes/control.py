"""What the control API answers: the mock's own words, so no member needs evidence, and no overlay changes one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.contract.rows import Role, SpaceType
from mockspaces.contract.settings import Settings
from mockspaces.contract.shapes.base import Count, Id, Json, Time, Underscored, Url, kept
from mockspaces.contract.shapes.lists import Data
from mockspaces.contract.shapes.spaces import MemberType
from mockspaces.contract.spaces import TaskStatus
from mockspaces.contract.verdicts import Shown

Pair = Annotated[Sequence[str], msgspec.Meta(extra_json_schema={"minItems": 2, "maxItems": 2})]

Kind = Literal["oauth", "svc", "sat", "client", "user", "anon"]  # of credentials


def _id() -> Any:
    return msgspec.field(name="_id")


class Health(Underscored, kw_only=True):
    """A mock that serves."""

    status: Literal["ok"] = "ok"
    version: str


class Clock(Underscored, kw_only=True):
    """The time of a world: ``epoch`` in seconds, ``offset`` how far it is ahead of the machine."""

    now: Time
    epoch: float
    frozen: bool
    offset: float


class Urls(Underscored, kw_only=True):
    """What clients of a world have to be told."""

    accounts: Url
    api: Url
    socket: Annotated[str, msgspec.Meta(pattern="^(https?|wss?)://[^/]")]
    socketio_path: str
    web: Url
    control: Url


class Counts(Underscored, kw_only=True):
    """How many of each a world has."""

    companies: Count
    users: Count
    anonymous: Count
    oauth_clients: Count
    service_apps: Count
    spaces: Count
    invites: Count
    outbox: Count
    journal: Count
    sockets: Count
    people: Count
    subscriptions: Count


class WorldSettings(Settings, frozen=True, kw_only=True):
    """The settings of a world."""


class World(Underscored, kw_only=True):
    """A world: its name, URLs, settings, clock, and how much is in it."""

    name: str
    urls: Urls
    settings: Annotated[Any, kept(WorldSettings)]
    clock: Clock
    counts: Counts


class Places(Underscored, kw_only=True):
    """Where a world is reached: on its own port, if it has one, and below a prefix of the main one."""

    port: Urls | None
    prefix: Urls


class HostedWorld(Underscored, kw_only=True):
    """A world of this process; it goes after ``ttl`` idle seconds, or with null only when it is dropped."""

    name: str
    ttl: float | None
    urls: Places


class WorldSnapshot(Underscored, kw_only=True):
    """A whole world; what is in ``state`` is the mock's own business and may differ from version to version."""

    mockspaces_snapshot: Literal[1]
    clock: Json
    settings: Annotated[Any, kept(WorldSettings)]
    contract: Json
    random: Any
    master_secret: str
    signing_keys: Json
    state: Mapping[str, Any]


class MockCompany(Underscored, kw_only=True):
    """A company."""

    id: Id = _id()
    name: str
    domains: Sequence[str]
    service_domain: str | None


class MockUser(Underscored, kw_only=True):
    """A registered user as tests want to know them, password included."""

    id: Id = _id()
    ndbid: str
    username: str
    displayname: str
    password: str | None
    enabled: bool
    company_id: str | None
    meetingroom_id: str | None
    company_admin: Sequence[str]
    developer: Sequence[str]
    licenses: Sequence[str]
    picturefile: str | None


class MockClient(Underscored, kw_only=True):
    """An OAuth client; a public one has no secret."""

    client_id: str
    client_secret: str | None
    name: str
    redirect_uris: Sequence[str]
    owner: str


class KeyFile(Underscored, kw_only=True):
    """The downloadable file of a key of a service app (ACC-SVCKEY-01)."""

    iss: str
    sub: str
    kid: str
    private_key: str


class MockApp(Underscored, kw_only=True):
    """A service app with its first key."""

    iss: str
    sub: str
    name: str
    company: str | None
    scopes: Sequence[str]
    active: bool
    account_id: Id
    licenses: Sequence[str]
    key: KeyFile | None


class AppState(Underscored, kw_only=True):
    """What the portal shows of a service app."""

    iss: str
    active: bool
    account_enabled: bool
    scopes: Sequence[str]
    licenses: Sequence[str]


class AppJwt(Underscored, kw_only=True):
    """A JWT signed as an app would, and what it says."""

    token: str
    scheme: Literal["service_app"] = "service_app"
    header: Json
    claims: Json


class SigningKey(Underscored, kw_only=True):
    """A key that verifies user JWTs."""

    publickeyid: str


class SigningKeys(Underscored, kw_only=True):
    """The key that signs now, and all that verify."""

    current: str
    data: Sequence[SigningKey]


class JwtIssued(Underscored, kw_only=True):
    """A user JWT."""

    token: str
    scheme: Literal["jwt"] = "jwt"


class SatIssued(Underscored, kw_only=True):
    """A space access token of a room app."""

    token: str
    scheme: Literal["sat"] = "sat"
    client_id: str


class OAuthIssued(Underscored, kw_only=True):
    """An OAuth access token."""

    token: str
    scheme: Literal["bearer"] = "bearer"
    client_id: str
    scopes: Sequence[str]


class MockMember(Underscored, kw_only=True):
    """Somebody in a space."""

    id: str
    type: MemberType
    username: str
    role: Role


class MockSpace(Underscored, kw_only=True):
    """A space with who is in it; its settings are those of the REST API."""

    id: Id = _id()
    title: str
    description: str
    type: SpaceType
    archived: bool
    settings: Json
    members: Sequence[MockMember]


class CreatedSpace(MockSpace, kw_only=True):
    """A new space, with its status as the REST API has it."""

    status: int


class SpaceState(Underscored, kw_only=True):
    """A space that was changed from outside."""

    id: Id = _id()
    title: str
    type: SpaceType
    status: int


class MockMessage(Underscored, kw_only=True):
    """A message as its author wrote it; the last three members are those of tasks."""

    id: Id = _id()
    topic_id: Id = msgspec.field(name="topicId")
    category: Literal["chat", "idea", "task", "meeting"]
    sender: str
    sender_id: Id
    text: str
    description: str
    created: Time
    modified: Time | None
    parent_id: Id | None
    attachments: Sequence[str]
    status: TaskStatus | None
    due: Time | None
    assignees: Sequence[str]


class MockSocket(Underscored, kw_only=True):
    """A connection that has joined the chat namespace: where it subscribed, and where its client said it is online."""

    id: str
    person_id: Id
    username: str
    spaces: Sequence[Id]
    online: Sequence[Id]


class Closed(Underscored, kw_only=True):
    """The connections that were ended."""

    closed: Sequence[str]


class Credential(Underscored, kw_only=True):
    """What a credential says, accepted or not, but never what it is; what it does not say is left out."""

    scheme: str
    kind: Kind | None
    fingerprint: str
    alg: Any | UnsetType = UNSET
    iss: Any | UnsetType = UNSET
    sub: Any | UnsetType = UNSET
    aud: Any | UnsetType = UNSET
    exp: Any | UnsetType = UNSET
    user_id: Any | UnsetType = UNSET
    anonymous_id: Any | UnsetType = UNSET
    kid: Any | UnsetType = UNSET
    key: str | UnsetType = UNSET
    seconds_left: float | UnsetType = UNSET


class JournalMessage(Underscored, kw_only=True):
    """One side of an exchange: header lines, and the beginning of a body without its secrets."""

    headers: Sequence[Pair]
    bytes: Count
    truncated: bool
    text: str


class JournalEntry(Underscored, kw_only=True):
    """One exchange as the mock saw it; of frames the method is IN or OUT."""

    id: Count
    trace: Count
    time: Time
    surface: str
    method: str
    path: str
    endpoint: str | None
    event: str | None
    caller: str | None
    status: int
    code: str | None
    why: str
    refused: bool
    duration_ms: float
    connections: Sequence[str]
    target: str
    version: str
    query: Sequence[Pair]
    credential: Credential | None
    request: JournalMessage
    response: JournalMessage


class RuleCheck(Underscored, kw_only=True):
    """What became of one rule: ``holds`` is null where there is nothing to judge, as for a key that is unknown."""

    rule: str
    holds: bool | None
    why: str
    sources: Sequence[str]


class StatementShown(Underscored, kw_only=True):
    """A statement of the catalogue and what it rests on."""

    id: str
    statement: str
    evidence: str


class NearMiss(Underscored, kw_only=True):
    """A planned fault that missed an exchange by one thing."""

    fault: str
    why: str


class Decoded(Underscored, kw_only=True):
    """Header and claims of a JWT, without its signature."""

    header: Json
    claims: Json


class ExplainedEntry(Underscored, kw_only=True):
    """An entry with what explains it: the rules that its credential was held against, as things stand now."""

    entry: JournalEntry
    checks: Sequence[RuleCheck]
    jwt: Decoded | None
    statements: Sequence[StatementShown]
    near: Sequence[NearMiss]


class Journal(Underscored, kw_only=True):
    """Entries of the journal, oldest first; how many were dropped for their number, and cut for their size."""

    entries: Annotated[Any, kept(Sequence[JournalEntry])]
    dropped: Count
    cut: Count


class AwaitedJournal(Journal, kw_only=True):
    """What a wait has found; ``complete`` says whether that is enough."""

    complete: bool


class FoundEntries(Underscored, kw_only=True):
    """The ids of entries that say something, newest first; ``complete`` is false if there may be more."""

    ids: Sequence[Count]
    complete: bool


class RepeatedExchange(Underscored, kw_only=True):
    """What came of sending a request again: the status, and the entry that tells the rest, if it is kept."""

    status: int
    entry: Count | None


class TrafficDifference(Underscored, kw_only=True):
    """Something that a recording has otherwise: in which call, what, and the entries that were first to show it."""

    call: str
    what: str
    place: str
    statements: Sequence[str]
    count: Count
    entries: Sequence[Count]
    host: str
    date: str


class CheckedRecording(Underscored, kw_only=True):
    """What a check of recorded traffic has found; nothing of the traffic stands in it but forms."""

    clean: bool
    counts: Mapping[str, Count]
    hosts: Mapping[str, Count]
    differences: Sequence[TrafficDifference]
    dropped: Count
    remarks: Mapping[str, Count]
    credentials: Mapping[str, Count]
    verdicts: Mapping[str, Count]
    statements: Mapping[str, Shown]


class Creator(Underscored, kw_only=True):
    """What wrote an archive."""

    name: Literal["mockspaces"] = "mockspaces"
    version: str


class ArchiveLog(Underscored, kw_only=True):
    """The log of an archive; its entries are as HTTP Archive 1.2 has them."""

    version: Literal["1.2"] = "1.2"
    creator: Creator
    entries: Annotated[Any, kept(Sequence[Json])]


class Archive(Underscored, kw_only=True):
    """The journal as HTTP Archive 1.2."""

    log: ArchiveLog


class MockMail(Underscored, kw_only=True):
    """An invitation e-mail that the real service would have sent."""

    id: Id = _id()
    to: str
    subject: str
    link: Url
    created: Time
    invite_id: Id = msgspec.field(name="inviteId")
    topic_id: Id = msgspec.field(name="topicId")


class FaultMatch(Underscored, kw_only=True):
    """Which occurrences are meant; an absent member matches everything."""

    surface: str | UnsetType = UNSET
    endpoint: str | UnsetType = UNSET
    method: str | UnsetType = UNSET
    path: str | UnsetType = UNSET
    event: str | UnsetType = UNSET
    caller: str | UnsetType = UNSET


class DelaySpread(Underscored, kw_only=True):
    """Delays in seconds that vary: half are below the median, one in a hundred is above ``p99``."""

    median: float
    p99: float


class FaultAction(Underscored, kw_only=True):
    """What happens."""

    reject: str | UnsetType = UNSET
    status: int | UnsetType = UNSET
    body: Any | UnsetType = UNSET
    headers: Mapping[str, str] | UnsetType = UNSET
    delay: float | DelaySpread | UnsetType = UNSET
    transport: Literal["truncate", "drop", "reset", "garbage"] | UnsetType = UNSET
    frame: Literal["close", "duplicate", "swallow"] | UnsetType = UNSET


class PlannedFault(Underscored, kw_only=True):
    """A planned fault; ``fired`` counts how often it happened."""

    id: str
    match: FaultMatch
    action: FaultAction
    times: int | None
    probability: float
    fired: Count


class MockMisbehaviour(Underscored, kw_only=True):
    """A misbehaviour that was asked for; ``fired`` counts how often it happened."""

    name: str
    times: int | None
    fired: Count


class Misbehaviours(Underscored, kw_only=True):
    """What was asked for, and what each that could be does."""

    data: Sequence[MockMisbehaviour]
    known: Mapping[str, str]


ANSWERS: dict[str, Any] = {
    "health": Health,
    "clock": Clock,
    "urls": Urls,
    "world": World,
    "worlds": Data[HostedWorld],
    "opened world": HostedWorld,
    "world settings": WorldSettings,
    "snapshot": WorldSnapshot,
    "mock company": MockCompany,
    "mock user": MockUser,
    "OAuth client": MockClient,
    "service app": MockApp,
    "state of an app": AppState,
    "key file": KeyFile,
    "JWT of an app": AppJwt,
    "signing keys": SigningKeys,
    "credential": JwtIssued | SatIssued | OAuthIssued,
    "created space": CreatedSpace,
    "state of a space": SpaceState,
    "mock spaces": Data[MockSpace],
    "mock messages": Data[MockMessage],
    "sockets": Data[MockSocket],
    "closed sockets": Closed,
    "journal": Journal | Archive,
    "explained entry": ExplainedEntry,
    "awaited journal": AwaitedJournal,
    "found entries": FoundEntries,
    "checked recording": CheckedRecording,
    "repeated exchange": RepeatedExchange,
    "outbox": Data[MockMail],
    "planned fault": PlannedFault,
    "planned faults": Data[PlannedFault],
    "misbehaviour": MockMisbehaviour,
    "misbehaviours": Misbehaviours,
}
