"""`Mockspaces`: one world in the words of a test."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from types import TracebackType
from typing import Any, Literal, Protocol
from urllib.parse import quote, urlencode

from mockspaces.client import things
from mockspaces.client.clock import Clock
from mockspaces.client.connection import TIMEOUT_S, Control, ControlError
from mockspaces.client.faults import Fault, Faults
from mockspaces.client.journal import AioJournal, Journal
from mockspaces.client.seeds import Seed, SeedName
from mockspaces.client.serving import Served, started
from mockspaces.client.things import Company, Mail, Message, OAuthClient, ServiceApp, Socket, Space, User
from mockspaces.client.waiting import Found, wait_for, wait_for_aio


class Watcher(Protocol):
    """Who wants to know of the worlds that a client opens, and of those that are opened with these."""

    def opened(self, world: "Mockspaces") -> None:
        """Note a world that is there."""

    def dropping(self, world: "Mockspaces") -> None:
        """Note a world that will be gone."""


class Aio:
    """The calls that wait, for tests inside a running event loop."""

    def __init__(self, control: Control) -> None:
        self.journal = AioJournal(control)

    async def wait_for(self, query: Callable[[], Found], *, timeout: float = 5) -> Found:  # noqa: ASYNC109 - as in `Mockspaces`
        """Return what a query finds as soon as it finds something. Raises `TimeoutError` otherwise."""
        return await wait_for_aio(query, timeout)


class Mockspaces(Control):
    """One world of a running mock: URLs for the code under test, builders, clock and journal.

    ``url`` is where the world answers; ``api_url`` ends in ``/api``. ``socketio_path`` is what Socket.IO clients call
    so: ``socket.io``, unless the world is one below ``/w/`` of a server.
    """

    def __init__(self, url: str, *, control_token: str | None = None, timeout: float = TIMEOUT_S) -> None:
        """Speak to the world at ``url``; nothing is sent yet. An answer may take ``timeout`` seconds."""
        super().__init__(url, control_token=control_token, timeout=timeout)
        self.accounts_url = self.url
        self.api_url = f"{self.url}/api"
        self.socket_url = self.url
        self.socketio_path = f"{self.path}/socket.io".lstrip("/")
        self._name: str | None = None
        self._opener: Mockspaces | None = None
        self._dropped = False
        self._server: Served | None = None
        self._owned = False  # the server is one of this process
        self._watcher: Watcher | None = None
        self.clock = Clock(self)
        self.journal = Journal(self)
        self.faults = Faults(self)
        self.aio = Aio(self)

    @classmethod
    def start(cls, *, python: str | None = None, **options: Any) -> "Mockspaces":
        """Start a server and return the client of its default world; `close`, or leaving a ``with``, ends both.

        The server runs in this process, with ``options`` as `Config` has them, or in a process of another
        environment, whose ``python`` has ``mockspaces[server]``. That one ends with this process, whatever happens.
        Raises `ImportError` if the server's packages are not installed, `RuntimeError` if it does not start.
        """
        server = started(python, options)
        mock = cls(server.url, control_token=options.get("control_token"))
        mock._server, mock._owned = server, True
        return mock

    def watch(self, watcher: Watcher | None) -> None:
        """Tell somebody of the worlds that are opened from here on, by this client or by what it opens."""
        self._watcher = watcher

    def clone(self) -> "Mockspaces":
        """Return another client of the same world, with connections of its own."""
        twin = Mockspaces(self.url, control_token=self._token, timeout=self._timeout)
        twin._owned, twin._watcher = self._owned, self._watcher
        return twin

    def close(self) -> None:
        """Close the connection; the world stays, unless `start` made its server."""
        super().close()
        server, self._server = self._server, None
        if server:
            server.stop()

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
        return [things.space(item) for item in self.call("GET", "/spaces")["data"]]

    def messages(self, **filters: str) -> list[Message]:
        """Return messages, oldest first. Filters are space, category, sender, text, parent."""
        return [things.message(item) for item in self.call("GET", f"/messages?{urlencode(filters)}")["data"]]

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
        return wait_for(query, timeout)

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
        return things.user(made)

    def find_user(self, username: str) -> User:
        """Return a user who is there, by any of his e-mails. Raises `ControlError` if he is not."""
        return self.change_user(username)

    def change_user(self, username: str, **changes: Any) -> User:
        """Change ``enabled``, ``password`` or ``displayname`` of a user and return him."""
        return things.user(self.call("PATCH", f"/users/{quote(username, safe='')}", changes))

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

    def open_world(self, name: str | None = None, *, seed: SeedName | Seed = "demo", **members: Any) -> "Mockspaces":
        """Open a world of its own on the same server and return its client; leaving a ``with`` drops it.

        ``seed`` is ``"demo"``, ``"empty"``, a seed document, or the path of a JSON or YAML file with one.
        Worlds that nobody uses end after their ``ttl`` in seconds: 600, or never if the server is one of `start`.
        """
        planted = seed if isinstance(seed, Seed) else Seed(seed)
        kept = {"ttl": None} if self._owned else {}
        body = {**kept, **members, "seed": planted.body, **({"name": name} if name else {})}
        try:
            opened = self.call("POST", "/worlds", body)
        except ControlError as error:
            raise planted.located(error) from None
        own_port = opened["urls"]["port"]
        # Below the URL that is known to lead to the server, which may call itself otherwise.
        url = own_port["control"].removesuffix("/_mock") if own_port else f"{self.origin}/w/{quote(opened['name'])}"
        world = Mockspaces(url, control_token=self._token)
        world._name, world._opener = opened["name"], self
        world._owned, world._watcher = self._owned, self._watcher
        if self._watcher:
            self._watcher.opened(world)
        return world

    def vendor_hosts(
        self, deployment: Literal["production", "older", "staging", "testing"] = "production"
    ) -> AbstractContextManager["Mockspaces"]:
        """Let the vendor's host names lead to this world inside this process, for as long as a ``with`` block lasts.

        ``https://spacesapis.avayacloud.com`` and all other names do; ``deployment`` says which the world hands out
        as its own. Clients that exist already and have a proxy go on using it. Needs the extra ``server``.
        """
        from mockspaces.vendor import vendor_hosts

        return vendor_hosts(self, deployment)

    @property
    def name(self) -> str:
        """The name of this world."""
        if self._name is None:
            self._name = str(self.call("GET", "")["name"])
        return self._name

    def drop(self) -> None:
        """Close this world for good."""
        if self._watcher:
            self._watcher.dropping(self)
        (self._opener or self).call("DELETE", f"/worlds/{quote(self.name, safe='')}")
        self._dropped = True
        self.close()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Drop the world if `open_world` opened it; close the connection."""
        try:
            if self._opener and not self._dropped:
                self.drop()
        except (ControlError, OSError):
            if error is None:  # else it would hide what ended the block
                raise
        finally:
            self.close()
