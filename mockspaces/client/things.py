"""What the client answers: small, frozen, typed."""

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class User:
    """A registered user with his password."""

    id: str
    ndbid: str
    username: str
    displayname: str
    password: str
    company_id: str | None
    meetingroom_id: str


@dataclass(frozen=True)
class OAuthClient:
    """A registered OAuth client; ``client_secret`` is None for a public one."""

    client_id: str
    client_secret: str | None
    name: str
    redirect_uris: tuple[str, ...]


@dataclass(frozen=True)
class ServiceApp:
    """A service app; ``key`` is the content of its downloadable key file (iss, sub, kid, private_key)."""

    iss: str
    sub: str
    name: str
    scopes: tuple[str, ...]
    key: dict[str, str] = field(repr=False)


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
    """A chat, idea (post), task or meeting; ``text`` is as its author wrote it, ``sender`` his user name."""

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


@dataclass(frozen=True)
class JournalEntry:
    """One exchange as the mock saw it; ``why`` says in plain words why it was refused.

    Entries of the same ``trace`` belong together: a call, and the frames that announced what it did.
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
    request: str = field(repr=False)
    response: str = field(repr=False)

    @property
    def refused(self) -> bool:
        """Whether the mock refused it: a call by its status, a frame by its code."""
        return self.status >= http.client.BAD_REQUEST or (self.event is not None and self.code is not None)


def entry(item: Mapping[str, Any]) -> JournalEntry:
    """Return an entry of the journal from its JSON."""
    texts = {name: item[name]["text"] for name in ("request", "response")}
    return JournalEntry(**{**item, **texts})


def user(item: Mapping[str, Any]) -> User:
    """Return a user from his JSON."""
    names = ("_id", "ndbid", "username", "displayname", "password", "company_id", "meetingroom_id")
    return User(*(item[name] for name in names))


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
