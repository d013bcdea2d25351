"""What the client answers: small, frozen, typed."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

from mockspaces.client.connection import Control

Category = Literal["chat", "idea", "task"]
GrantType = Literal["authorization_code", "implicit", "refresh_token", "password"]


@dataclass(frozen=True)
class User:
    """A registered user with their password."""

    id: str
    ndbid: str
    username: str
    displayname: str
    password: str
    company_id: str | None
    meetingroom_id: str
    company_admin: tuple[str, ...] = ()
    developer: tuple[str, ...] = ()
    licenses: tuple[str, ...] = ()
    picturefile: str | None = None


@dataclass(frozen=True)
class OAuthClient:
    """A registered OAuth client; ``client_secret`` is None for a public one."""

    client_id: str
    client_secret: str | None
    name: str
    redirect_uris: tuple[str, ...]
    owner: str = "freelance"


@dataclass(frozen=True)
class ServiceApp:
    """A service app of a company; ``key`` is the content of its downloadable key file (iss, sub, kid, private_key)."""

    iss: str
    sub: str
    name: str
    company: str
    scopes: tuple[str, ...]
    key: dict[str, str] = field(repr=False)
    _control: Control = field(repr=False, compare=False)

    def jwt(
        self,
        *,
        expires_in: float | timedelta = 600,
        iss: str | None = None,
        sub: str | None = None,
        aud: str | Sequence[str] | None = None,
        kid: str | None = None,
        alg: Literal["RS256", "HS256", "none"] = "RS256",
        signature: Literal["good", "bad"] = "good",
        claims: Mapping[str, Any] | None = None,
        header: Mapping[str, Any] | None = None,
    ) -> str:
        """Return a JWT as this app would sign it, good, or bad on purpose: ``app.jwt(expires_in=-1)``.

        It is sent as ``Authorization: service_app <JWT>``. ``expires_in`` is in seconds of the world's clock.
        ``claims`` and ``header`` stand in the place of what would be said, and a None in them leaves a member out.
        """
        body = {
            "expires_in": expires_in.total_seconds() if isinstance(expires_in, timedelta) else expires_in,
            "iss": iss,
            "sub": sub,
            "aud": aud if aud is None or isinstance(aud, str) else list(aud),
            "kid": kid,
            "alg": alg,
            "signature": signature,
            "claims": claims or {},
            "header": header or {},
        }
        token: str = self._control.call("POST", f"/service-apps/{quote(self.iss, safe='')}/jwt", body)["token"]
        return token


@dataclass(frozen=True)
class Company:
    """A company; ``service_domain`` is what its service apps are named after."""

    id: str
    name: str
    domains: tuple[str, ...]
    service_domain: str | None


@dataclass(frozen=True)
class Member:
    """Somebody in a space: ``admin``, ``member`` or ``guest``; ``type`` is userId, anonymousId or email."""

    id: str
    type: str
    username: str
    role: str


@dataclass(frozen=True)
class Space:
    """A group or direct space with who is in it."""

    id: str
    title: str
    description: str
    type: str
    archived: bool
    settings: dict[str, Any] = field(repr=False)
    members: tuple[Member, ...] = field(repr=False)


@dataclass(frozen=True)
class Message:
    """A chat, idea (post), task or meeting; ``text`` is as its author wrote it, ``sender`` their user name."""

    id: str
    space_id: str
    category: str
    sender: str
    sender_id: str
    text: str
    description: str
    created: str
    modified: str | None
    parent_id: str | None
    attachments: tuple[str, ...]
    status: str | None
    due: str | None
    assignees: tuple[str, ...]


@dataclass(frozen=True)
class Mail:
    """An invitation e-mail that the real service would have sent."""

    id: str
    to: str
    subject: str
    link: str
    created: str
    invite_id: str
    space_id: str


@dataclass(frozen=True)
class Socket:
    """A connection that has joined the chat namespace; ``spaces`` are the ids of those it subscribed to."""

    id: str
    username: str
    person_id: str
    spaces: tuple[str, ...]


class Headers(Mapping[str, str]):
    """Header lines, found by name in any case; a repeated one is one list (RFC 9110, 5.2), or `all` of its lines."""

    def __init__(self, lines: Sequence[tuple[str, str]]) -> None:
        self.lines = tuple((name, value) for name, value in lines)

    def all(self, name: str) -> list[str]:
        """Return the values of every line of this name."""
        return [value for known, value in self.lines if known.lower() == name.lower()]

    def __getitem__(self, name: str) -> str:
        found = self.all(name)
        if not found:
            raise KeyError(name)
        return ", ".join(found)

    def __iter__(self) -> Iterator[str]:
        return iter(dict.fromkeys(name.lower() for name, _value in self.lines))

    def __len__(self) -> int:
        return sum(1 for _name in self)

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


@dataclass(frozen=True)
class Credential:
    """What a credential says, accepted or not, but never what it is.

    ``kind`` is oauth, user, anon, svc, sat or client; ``kid`` and ``key`` tell which key it names and whose that is;
    ``seconds_left`` counts from the time of the entry; ``fingerprint`` tells whether two of them are the same.
    """

    scheme: str
    kind: str | None
    fingerprint: str
    alg: Any = None
    kid: Any = None
    key: str | None = None
    iss: Any = None
    sub: Any = None
    aud: Any = None
    exp: Any = None
    seconds_left: float | None = None
    user_id: Any = None
    anonymous_id: Any = None


@dataclass(frozen=True)
class JournalEntry:
    """One exchange as the mock saw it; ``why`` says in plain words why it was refused.

    Entries of the same ``trace`` belong together: a call, and the frames that announced what it did. ``target`` is path
    and query as they were sent. Of a body over 8 KB the journal keeps the beginning: ``request_bytes`` is how long it
    was, and ``truncated`` says that something is missing. Tokens, passwords and secrets are hidden.
    """

    id: int
    trace: int
    time: str
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
    connections: tuple[str, ...]
    target: str
    version: str
    query: Mapping[str, str]
    credential: Credential | None
    request: str = field(repr=False)
    response: str = field(repr=False)
    request_headers: Headers = field(repr=False)
    response_headers: Headers = field(repr=False)
    request_bytes: int
    response_bytes: int
    truncated: bool

    @property
    def request_json(self) -> Any:
        """What the body of the request says. Raises `ValueError` if it is no JSON, or not whole."""
        return json.loads(self.request)

    @property
    def response_json(self) -> Any:
        """What the body of the answer says. Raises `ValueError` if it is no JSON, or not whole."""
        return json.loads(self.response)


@dataclass(frozen=True)
class Difference:
    """Something that a recording of the service has otherwise than the contract, and which statements say so."""

    call: str
    what: str
    place: str
    statements: tuple[str, ...]
    count: int
    entries: tuple[int, ...]
    host: str
    date: str

    def __str__(self) -> str:
        about = ", ".join(filter(None, (*self.statements, self.place)))
        return f"{self.call}: {self.what} [{about}] ({self.count} times, entries {', '.join(map(str, self.entries))})"


@dataclass(frozen=True)
class Check:
    """What a check of recorded traffic has found.

    ``counts`` says what became of the entries, ``statements`` has the verdict of each statement that traffic has shown
    something of.
    """

    clean: bool
    differences: tuple[Difference, ...]
    dropped: int
    counts: dict[str, int]
    hosts: dict[str, int]
    remarks: dict[str, int]
    credentials: dict[str, int]
    verdicts: dict[str, int]
    statements: dict[str, dict[str, Any]]


def check(item: Mapping[str, Any]) -> Check:
    """Return what a check has found from its JSON."""
    differences = tuple(
        Difference(**{**one, "statements": tuple(one["statements"]), "entries": tuple(one["entries"])})
        for one in item["differences"]
    )
    return Check(**{**item, "differences": differences})


def entry(item: Mapping[str, Any]) -> JournalEntry:
    """Return an entry of the journal from its JSON."""
    known: dict[str, Any] = dict(item)
    for name in ("request", "response"):
        known |= {name: item[name]["text"], f"{name}_bytes": item[name]["bytes"]}
        known[f"{name}_headers"] = Headers(item[name]["headers"])
    known["truncated"] = any(item[name]["truncated"] for name in ("request", "response"))
    known["connections"] = tuple(item["connections"])
    known["query"] = dict(item["query"])
    known["credential"] = Credential(**item["credential"]) if item["credential"] else None
    return JournalEntry(**known)


def user(item: Mapping[str, Any]) -> User:
    """Return a user from their JSON."""
    names = ("ndbid", "username", "displayname", "password", "company_id", "meetingroom_id", "picturefile")
    lists = {name: tuple(item[name]) for name in ("company_admin", "developer", "licenses")}
    known: dict[str, Any] = {name: item[name] for name in names} | lists
    return User(id=item["_id"], **known)


def company(item: Mapping[str, Any]) -> Company:
    """Return a company from its JSON."""
    return Company(item["_id"], item["name"], tuple(item["domains"]), item["service_domain"])


def space(item: Mapping[str, Any]) -> Space:
    """Return a space from its JSON."""
    members = tuple(Member(**member) for member in item["members"])
    known = {name: item[name] for name in ("title", "description", "type", "archived", "settings")}
    return Space(id=item["_id"], members=members, **known)


def message(item: Mapping[str, Any]) -> Message:
    """Return a message from its JSON."""
    known = {name: value for name, value in item.items() if name not in ("_id", "topicId")}
    lists = {name: tuple(item[name]) for name in ("attachments", "assignees")}
    return Message(id=item["_id"], space_id=item["topicId"], **{**known, **lists})
