"""The control client that tests hold: the same for an embedded and for a remote mock.

Standard library only, so that it fits beside every client library under test.
"""

import asyncio
import http.client
import json
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Protocol, Self, TypeVar
from urllib.parse import quote, urlencode, urlsplit

TIMEOUT_S = 70  # longer than the longest wait that the control API grants
POLL_S = 0.01
Found = TypeVar("Found")


class ControlError(Exception):
    """The control API refused a call; the message tells why."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(f"{status} {code}: {why}")
        self.status = status
        self.code = code
        self.why = why


class IncompleteError(Exception):
    """The journal could not keep everything, so what it was asked cannot be told from it."""


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
    """One exchange as the mock saw it; ``why`` says in plain words why it was refused."""

    id: int
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


class Clock:
    """The world's clock: expiries, timestamps and rules about data follow it, sockets do not."""

    def __init__(self, mock: "Mockspaces") -> None:
        self._mock = mock

    @property
    def now(self) -> float:
        """The world's time in seconds since the epoch."""
        epoch: float = self._mock.call("GET", "/clock")["epoch"]
        return epoch

    def advance(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> None:
        """Move the time forward, or back with negative values."""
        self._mock.call("POST", "/clock", {"advance": seconds + 60 * minutes + 3600 * hours + 86400 * days})

    def freeze(self, at: str | None = None) -> None:
        """Stop the time, now or at an ISO-8601 time."""
        self._mock.call("POST", "/clock", {"freeze": at or True})

    def resume(self) -> None:
        """Go with the machine's time again."""
        self._mock.call("POST", "/clock", {"resume": True})

    @contextmanager
    def ahead(self, seconds: float = 0, *, minutes: float = 0, hours: float = 0, days: float = 0) -> Iterator[None]:
        """Be so far ahead inside the block."""
        total = seconds + 60 * minutes + 3600 * hours + 86400 * days
        self.advance(total)
        try:
            yield
        finally:
            self.advance(-total)


class Journal:
    """What the world was asked, what it answered, and why it refused."""

    def __init__(self, mock: "Mockspaces") -> None:
        self._mock = mock

    def find(self, **filters: Any) -> list[JournalEntry]:
        """Return entries, oldest first.

        Filters are surface, method, path (or its beginning), endpoint, status, caller, event, after (an id), limit.
        """
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        return [_entry(item) for item in self._mock.call("GET", f"/journal?{query}")["entries"]]

    def count(self, **filters: Any) -> int:
        """Return how many entries fit. Raises `IncompleteError` if older ones were dropped, rather than lie."""
        query = urlencode({name: value for name, value in filters.items() if value is not None})
        answer = self._mock.call("GET", f"/journal?{query}")
        if answer["dropped"]:
            raise IncompleteError(f"the journal has dropped {answer['dropped']} older entries; clear it in between")
        return len(answer["entries"])

    def last(self, **filters: Any) -> JournalEntry:
        """Return the newest entry that fits. Raises `LookupError` if there is none."""
        found = self.find(**filters, limit=1)
        if not found:
            wanted = ", ".join(f"{name}={value!r}" for name, value in filters.items())
            raise LookupError(f"no journal entry with {wanted}")
        return found[-1]

    def wait(self, count: int = 1, *, timeout: float = 5, **filters: Any) -> list[JournalEntry]:
        """Return the entries that fit as soon as there are ``count``. Raises `TimeoutError` otherwise."""
        refuse_in_loop("journal.wait")
        body = {"filter": filters, "count": count, "timeout": timeout}
        answer = self._mock.call("POST", "/journal/wait", body)
        found = [_entry(item) for item in answer["entries"]]
        if not answer["complete"]:
            raise TimeoutError(f"{len(found)} of {count} entries came within {timeout} s: {filters}")
        return found

    def clear(self) -> None:
        """Forget all entries."""
        self._mock.call("DELETE", "/journal")

    def __iter__(self) -> Iterator[JournalEntry]:
        return iter(self.find())


@dataclass(frozen=True)
class Fault:
    """A planned fault; ``fired`` proves that it happened."""

    id: str
    match: dict[str, Any]
    action: dict[str, Any]
    times: int | None
    probability: float
    _mock: "Mockspaces" = field(repr=False, compare=False)

    @property
    def fired(self) -> int:
        """How often it has happened by now."""
        planned = self._mock.call("GET", "/faults")["data"]
        return next((int(fault["fired"]) for fault in planned if fault["id"] == self.id), 0)

    def drop(self) -> None:
        """Take it out of the plan."""
        self._mock.call("DELETE", f"/faults/{self.id}")


class Faults:
    """What is planned to go wrong. ``match`` is route, surface, endpoint, method, path, event, caller.

    ``planned`` tells whether this client has planned anything, a misbehaviour included.
    """

    def __init__(self, mock: "Mockspaces") -> None:
        self._mock = mock
        self.planned = False

    def plan(self, *, times: int | None = None, probability: float = 1, match: Any = None, **action: Any) -> Fault:
        """Plan one: ``status`` with ``body`` and ``headers``, ``reject``, ``delay``, ``transport`` or ``frame``."""
        body = {"match": match or {}, "action": action, "times": times, "probability": probability}
        made = self._mock.call("POST", "/faults", body)
        made.pop("fired")
        self.planned = True
        return Fault(**made, _mock=self._mock)

    def clear(self) -> None:
        """Forget the plan."""
        self._mock.call("DELETE", "/faults")

    def unfired(self) -> list[Fault]:
        """Return what was planned and has never happened."""
        return [fault for fault, fired in self._all() if not fired]

    def _all(self) -> Iterator[tuple[Fault, int]]:
        for planned in self._mock.call("GET", "/faults")["data"]:
            fired = planned.pop("fired")
            yield Fault(**planned, _mock=self._mock), fired

    def __iter__(self) -> Iterator[Fault]:
        return (fault for fault, _fired in self._all())


class AioJournal:
    """The journal's waiting call for a running event loop."""

    def __init__(self, mock: "Mockspaces") -> None:
        self._mock = mock

    async def wait(self, count: int = 1, *, timeout: float = 5, **filters: Any) -> list[JournalEntry]:  # noqa: ASYNC109 - the server keeps it
        """Return the entries that fit as soon as there are ``count``. Raises `TimeoutError` otherwise."""
        return await asyncio.to_thread(self._wait, count, timeout, filters)

    def _wait(self, count: int, timeout: float, filters: Mapping[str, Any]) -> list[JournalEntry]:
        with self._mock.clone() as own:  # a connection of its own: the loop goes on using the other one
            return own.journal.wait(count, timeout=timeout, **filters)


class Aio:
    """The calls that wait, for tests inside a running event loop."""

    def __init__(self, mock: "Mockspaces") -> None:
        self.journal = AioJournal(mock)

    async def wait_for(self, query: Callable[[], Found], *, timeout: float = 5) -> Found:  # noqa: ASYNC109 - as in `Mockspaces`
        """Return what a query finds as soon as it finds something. Raises `TimeoutError` otherwise."""
        deadline = time.monotonic() + timeout
        while not (found := query()):
            _refuse_late(deadline, timeout)
            await asyncio.sleep(POLL_S)
        return found


def _refuse_late(deadline: float, timeout: float) -> None:
    if time.monotonic() > deadline:
        raise TimeoutError(f"nothing was found within {timeout} s")


def _entry(item: Mapping[str, Any]) -> JournalEntry:
    texts = {name: item[name]["text"] for name in ("request", "response")}
    return JournalEntry(**{**item, **texts})


def _user(item: Mapping[str, Any]) -> User:
    names = ("_id", "ndbid", "username", "displayname", "password", "company_id", "meetingroom_id")
    return User(*(item[name] for name in names))


def _space(item: Mapping[str, Any]) -> Space:
    members = tuple(Member(**member) for member in item["members"])
    known = {name: item[name] for name in ("title", "description", "type", "archived", "settings")}
    return Space(id=item["_id"], members=members, **known)


def _message(item: Mapping[str, Any]) -> Message:
    known = {name: value for name, value in item.items() if name not in ("_id", "topicId")}
    lists = {name: tuple(item[name]) for name in ("attachments", "assignees")}
    return Message(id=item["_id"], space_id=item["topicId"], **{**known, **lists})


def refuse_in_loop(name: str) -> None:
    """Refuse a call that waits where it would stop a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(f"{name} would block the running event loop; await mockspaces.aio.{name}(...) instead")


class _Server(Protocol):
    url: str

    def stop(self) -> None: ...


def _embedded(options: Mapping[str, Any]) -> _Server:
    from mockspaces import Config, Server

    return Server(Config(**{"port": 0, **options})).start()


class ServerProcess:
    """A server that runs under the Python of another environment, for as long as this process needs it."""

    def __init__(self, python: str, options: Mapping[str, Any]) -> None:
        """Start it and wait until it answers. Raises `RuntimeError` with its last words if it does not."""
        named = {"port": 0, **options}
        arguments = [word for name, value in named.items() for word in (f"--{name.replace('_', '-')}", str(value))]
        command = [python, "-P", "-m", "mockspaces", "serve", *arguments]
        self._errors = tempfile.TemporaryFile("w+")  # noqa: SIM115 - it lives as long as the process
        try:
            self._process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=self._errors, text=True)  # noqa: S603 - the user names the Python
        except OSError as error:
            self._errors.close()
            raise RuntimeError(f"{python}: {error.strerror}") from None
        first = self._process.stdout.readline() if self._process.stdout else ""
        self.url = first.removeprefix("ready ").split()[0] if first.startswith("ready ") else ""
        if not self.url:
            self.stop()
            raise RuntimeError(f"{' '.join(command)} did not start: {self.last_words}")

    def stop(self) -> None:
        """End it."""
        self._process.terminate()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout:
            self._process.stdout.close()
        self._errors.seek(0)
        self.last_words = self._errors.read().strip()[-2000:]
        self._errors.close()


class Mockspaces:
    """One world of a running mock: URLs for the code under test, builders, clock and journal.

    ``url`` is where the world answers; ``api_url`` ends in ``/api``.
    """

    def __init__(self, url: str, *, control_token: str | None = None, timeout: float = TIMEOUT_S) -> None:
        """Speak to the world at ``url``; nothing is sent yet. An answer may take ``timeout`` seconds."""
        parts = urlsplit(url.rstrip("/"))
        if parts.scheme != "http" or not parts.hostname:
            raise ValueError(f"expected an http URL, not {url!r}")
        self.url = url.rstrip("/")
        self.accounts_url = self.url
        self.api_url = f"{self.url}/api"
        self.socket_url = self.url
        self._origin = f"{parts.scheme}://{parts.netloc}"
        self._path = parts.path
        self._headers = {"Content-Type": "application/json"}
        if control_token is not None:
            self._headers["X-Mock-Token"] = control_token
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
        self._name: str | None = None
        self._opener: Mockspaces | None = None
        self._server: _Server | None = None
        self.clock = Clock(self)
        self.journal = Journal(self)
        self.faults = Faults(self)
        self.aio = Aio(self)

    @classmethod
    def start(cls, *, python: str | None = None, **options: Any) -> "Mockspaces":
        """Start a server and return the client of its default world; `close`, or leaving a ``with``, ends both.

        The server runs in this process, with ``options`` as `Config` has them, or in a process of another
        environment, whose ``python`` has ``mockspaces[server]``; ``options`` are those of ``mockspaces serve`` then.
        Raises `ImportError` if the server's packages are not installed, `RuntimeError` if it does not start.
        """
        server: _Server = ServerProcess(python, options) if python else _embedded(options)
        mock = cls(server.url, control_token=options.get("control_token"))
        mock._server = server
        return mock

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the world stays, unless `start` made its server."""
        self._connection.close()
        server, self._server = self._server, None
        if server:
            server.stop()

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call below ``/_mock`` and return its JSON. Raises `ControlError` if it is refused."""
        content = None if method in ("GET", "DELETE") else json.dumps({} if body is None else body)
        status, text = self._send(method, f"{self._path}/_mock{path}", content)
        try:
            answer = json.loads(text)
            if status != http.client.OK:
                raise ControlError(status, answer["code"], answer.get("why") or answer["message"])
        except (ValueError, TypeError, KeyError):
            what = text[:200].decode("utf-8", "replace")
            raise ControlError(status, "", f"{self.url} is no mock, it answered {what!r}") from None
        return answer

    def _send(self, method: str, path: str, content: str | None) -> tuple[int, bytes]:
        try:
            return self._exchange(method, path, content)
        except (http.client.RemoteDisconnected, ConnectionResetError, BrokenPipeError):
            self._connection.close()  # the server closed an idle connection: once more on a new one
            return self._exchange(method, path, content)

    def _exchange(self, method: str, path: str, content: str | None) -> tuple[int, bytes]:
        try:
            self._connection.request(method, path, content, self._headers)
            answer = self._connection.getresponse()
            return answer.status, answer.read()
        except http.client.RemoteDisconnected:
            raise
        except http.client.HTTPException as error:
            raise ControlError(0, "", f"{self.url} is no mock, it does not speak HTTP: {error!r}") from None

    def clone(self) -> "Mockspaces":
        """Return another client of the same world, with a connection of its own."""
        return Mockspaces(self.url, control_token=self._headers.get("X-Mock-Token"))

    def company(self, name: str, *, domains: Sequence[str] = (), **members: Any) -> Company:
        """Create a company; the e-mail domains decide who belongs to it."""
        made = self.call("POST", "/companies", {"name": name, "domains": list(domains), **members})
        return Company(made["_id"], made["name"], tuple(made["domains"]), made["service_domain"])

    def space(self, title: str, *, owner: str, members: Sequence[str] = (), **more: Any) -> Space:
        """Create a group space in any state; ``members`` are user names, ``archived``, ``settings`` as in a seed."""
        people = [{"username": name} for name in members]
        made = self.call("POST", "/spaces", {"title": title, "owner": owner, "members": people, **more})
        return next(space for space in self.spaces() if space.id == made["_id"])

    def message(self, space_id: str, text: str, *, username: str, category: str = "chat", **more: Any) -> Message:
        """Let somebody say something in a space, announced like any message; he needs no right to do so."""
        body = {"category": category, "username": username, "content": {"bodyText": text, **more}}
        made = self.call("POST", f"/spaces/{quote(space_id, safe='')}/messages", body)
        return next(message for message in self.messages(space=space_id) if message.id == made["_id"])

    def meeting(self, space_id: str, *usernames: str) -> None:
        """Bring people into the meeting of a space, as their sockets would; the first one starts it."""
        people = [{"username": username} for username in usernames]
        self.call("POST", f"/spaces/{quote(space_id, safe='')}/meeting", {"attendees": people})

    def spaces(self) -> list[Space]:
        """Return all group and direct spaces, oldest first."""
        return [_space(item) for item in self.call("GET", "/spaces")["data"]]

    def messages(self, **filters: str) -> list[Message]:
        """Return messages, oldest first. Filters are space, category, sender, text, parent."""
        return [_message(item) for item in self.call("GET", f"/messages?{urlencode(filters)}")["data"]]

    def chats(self, **filters: str) -> list[Message]:
        """Return chat messages, oldest first."""
        return self.messages(category="chat", **filters)

    def posts(self, **filters: str) -> list[Message]:
        """Return posts, which the wire calls ideas, oldest first."""
        return self.messages(category="idea", **filters)

    def tasks(self, **filters: str) -> list[Message]:
        """Return tasks, oldest first."""
        return self.messages(category="task", **filters)

    def sockets(self, username: str | None = None) -> list[Socket]:
        """Return who is connected to the Socket.IO server, or the connections of one user."""
        found = [
            Socket(item["id"], item["username"], item["person_id"], tuple(item["spaces"]))
            for item in self.call("GET", "/sockets")["data"]
        ]
        return [socket for socket in found if username in (None, socket.username)]

    def close_sockets(self, how: str = "transport", **wanted: str) -> int:
        """End connections, all or those of a ``username`` or ``space_id``, and return how many.

        ``how`` is ``idle`` (as after silence), ``namespace`` (the client is told) or ``transport`` (without a word).
        """
        return len(self.call("POST", "/sockets/close", {"how": how, "filter": wanted})["closed"])

    def outbox(self) -> list[Mail]:
        """Return the e-mails that the real service would have sent, oldest first."""
        return [
            Mail(*(item[name] for name in ("_id", "to", "subject", "link", "created", "inviteId", "topicId")))
            for item in self.call("GET", "/outbox")["data"]
        ]

    def wait_for(self, query: Callable[[], Found], *, timeout: float = 5) -> Found:
        """Return what a query finds as soon as it finds something: ``wait_for(lambda: mock.chats(text="hello"))``."""
        refuse_in_loop("wait_for")
        deadline = time.monotonic() + timeout
        while not (found := query()):
            _refuse_late(deadline, timeout)
            time.sleep(POLL_S)
        return found

    def fail(
        self,
        route: str | None = None,
        *,
        status: int = 503,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        times: int | None = None,
        **match: str,
    ) -> Fault:
        """Answer a call (``"POST /spaces/invite"``, or any that fits) with an error of your own."""
        wanted = {"route": route, **match} if route else match
        return self.faults.plan(match=wanted, times=times, status=status, body=body, headers=dict(headers or {}))

    def reject(self, code: str, route: str | None = None, *, times: int | None = None, **match: str) -> Fault:
        """Refuse a call with the exact answer that belongs to a code: ``reject("auth.credential_expired")``."""
        wanted = {"route": route, **match} if route else match
        return self.faults.plan(match=wanted, times=times, reject=code)

    def never_happened(self) -> list[str]:
        """Return what this client planned - faults and misbehaviours - and what has not happened by now.

        Faults of a probability below 1 need not happen.
        """
        if not self.faults.planned:
            return []
        faults = [f"fault {fault.action} {fault.match}" for fault in self.faults.unfired() if fault.probability == 1]
        asked = self.call("GET", "/misbehaviours")["data"]
        return faults + [f"misbehaviour {one['name']}" for one in asked if not one["fired"]]

    def misbehave(self, name: str, *, times: int | None = None) -> None:
        """Let the identity server misbehave: ``misbehave("id_token.bad_signature")``."""
        self.faults.planned = True
        self.call("POST", "/misbehaviours", {"name": name, "times": times})

    def behave(self) -> None:
        """Let the identity server do right again."""
        self.call("DELETE", "/misbehaviours")

    def snapshot(self) -> dict[str, Any]:
        """Return the whole state of the world."""
        taken: dict[str, Any] = self.call("GET", "/snapshot")
        return taken

    def restore(self, snapshot: Mapping[str, Any]) -> None:
        """Let the world be what a snapshot says; sockets are closed."""
        self.call("PUT", "/snapshot", snapshot)

    def user(self, username: str, *, password: str | None = None, **members: Any) -> User:
        """Create a registered user; a password is drawn unless given."""
        made = self.call("POST", "/users", {"username": username, "password": password, **members})
        return _user(made)

    def change_user(self, username: str, **changes: Any) -> User:
        """Change ``enabled``, ``password`` or ``displayname`` of a user and return him."""
        return _user(self.call("PATCH", f"/users/{quote(username, safe='')}", changes))

    def oauth_client(self, *, redirect_uris: Sequence[str] = (), public: bool = False, **members: Any) -> OAuthClient:
        """Register an OAuth client."""
        body = {"redirect_uris": list(redirect_uris), "public": public, **members}
        made = self.call("POST", "/oauth-clients", body)
        return OAuthClient(**{**made, "redirect_uris": tuple(made["redirect_uris"])})

    def service_app(
        self,
        *,
        scopes: Sequence[str] | str = (),
        company: str | None = None,
        active: bool = True,
        name: str = "Service app",
    ) -> ServiceApp:
        """Create a service app with a key pair; ``scopes`` is a list, or ``"all"``."""
        wanted = scopes if scopes == "all" else list(scopes)
        body = {"name": name, "scopes": wanted, "company": company, "active": active}
        made = self.call("POST", "/service-apps", body)
        return ServiceApp(made["iss"], made["sub"], made["name"], tuple(made["scopes"]), made["key"])

    def change_service_app(self, iss: str, **changes: Any) -> dict[str, Any]:
        """Do what an admin does in the portal: ``active``, ``account_enabled``, ``scopes``."""
        changed: dict[str, Any] = self.call("PATCH", f"/service-apps/{quote(iss, safe='')}", changes)
        return changed

    def new_key(self, iss: str, *, fresh: bool = False) -> dict[str, str]:
        """Add a key pair to a service app and return its file."""
        made: dict[str, str] = self.call("POST", f"/service-apps/{quote(iss, safe='')}/keys", {"fresh": fresh})
        return made

    def drop_key(self, iss: str, kid: str) -> None:
        """Delete a key pair with immediate effect."""
        self.call("DELETE", f"/service-apps/{quote(iss, safe='')}/keys/{quote(kid, safe='')}")

    def token(self, username: str, *, kind: str = "oauth", **members: Any) -> str:
        """Return a valid credential of a user: an OAuth access token, or a user JWT (``kind="jwt"``)."""
        token: str = self.call("POST", "/tokens", {"username": username, "kind": kind, **members})["token"]
        return token

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return all settings after changing some; ``rest_enforce_limits=True`` means ``rest.enforce_limits``."""
        named = {name.replace("_", ".", 1): value for name, value in changes.items()}
        answer: dict[str, Any] = self.call("PATCH", "/settings", named) if named else self.call("GET", "/settings")
        return answer

    def reset(self) -> None:
        """Bring the world back to its seed."""
        self.call("POST", "/reset")

    def open_world(self, name: str | None = None, **members: Any) -> "Mockspaces":
        """Open a world of its own on the same server and return its client."""
        body = {**members, **({"name": name} if name else {})}
        opened = self.call("POST", "/worlds", body)
        own_port = opened["urls"]["port"]
        # Below the URL that is known to lead to the server, which may call itself otherwise.
        url = own_port["control"].removesuffix("/_mock") if own_port else f"{self._origin}/w/{quote(opened['name'])}"
        world = Mockspaces(url, control_token=self._headers.get("X-Mock-Token"))
        world._name, world._opener = opened["name"], self
        return world

    @property
    def name(self) -> str:
        """The name of this world."""
        if self._name is None:
            self._name = str(self.call("GET", "")["name"])
        return self._name

    def drop(self) -> None:
        """Close this world for good."""
        (self._opener or self).call("DELETE", f"/worlds/{quote(self.name, safe='')}")
        self.close()
