"""The control client that tests hold: the same for an embedded and for a remote mock.

Standard library only, so that it fits beside every client library under test.
"""

import asyncio
import http.client
import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlencode, urlsplit

TIMEOUT_S = 70  # longer than the longest wait that the control API grants


class ControlError(Exception):
    """The control API refused a call; the message tells why."""

    def __init__(self, status: int, code: str, why: str) -> None:
        super().__init__(f"{status} {code}: {why}")
        self.status = status
        self.code = code
        self.why = why


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


def _entry(item: Mapping[str, Any]) -> JournalEntry:
    texts = {name: item[name]["text"] for name in ("request", "response")}
    return JournalEntry(**{**item, **texts})


def refuse_in_loop(name: str) -> None:
    """Refuse a call that waits where it would stop a running event loop."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return
    raise RuntimeError(f"{name} would block the running event loop; await asyncio.to_thread(...) instead")


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
        self._path = parts.path
        self._headers = {"Content-Type": "application/json"}
        if control_token is not None:
            self._headers["X-Mock-Token"] = control_token
        self._connection = http.client.HTTPConnection(parts.hostname, parts.port or 80, timeout=timeout)
        self._name: str | None = None
        self._opener: Mockspaces | None = None
        self.clock = Clock(self)
        self.journal = Journal(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the connection; the world stays."""
        self._connection.close()

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

    def company(self, name: str, *, domains: Sequence[str] = ()) -> dict[str, Any]:
        """Create a company; the e-mail domains decide who belongs to it."""
        created: dict[str, Any] = self.call("POST", "/companies", {"name": name, "domains": list(domains)})
        return created

    def user(self, username: str, *, password: str | None = None, **members: Any) -> User:
        """Create a registered user; a password is drawn unless given."""
        made = self.call("POST", "/users", {"username": username, "password": password, **members})
        return User(
            id=made["_id"],
            ndbid=made["ndbid"],
            username=made["username"],
            displayname=made["displayname"],
            password=made["password"],
            company_id=made["company_id"],
            meetingroom_id=made["meetingroom_id"],
        )

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
        urls = opened["urls"]["port"] or opened["urls"]["prefix"]
        world = Mockspaces(urls["control"].removesuffix("/_mock"), control_token=self._headers.get("X-Mock-Token"))
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
