"""`Mockspaces`: one world in the words of a test."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import date, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Protocol, Unpack
from urllib.parse import quote, urlencode

from mockspaces.client import things
from mockspaces.client.clock import Clock
from mockspaces.client.connection import TIMEOUT_S, Control, ControlError
from mockspaces.client.faults import Fault, Faults, Spread
from mockspaces.client.journal import AioJournal, IncompleteError, Journal, described, line
from mockspaces.client.named import Criteria, Match, given, named
from mockspaces.client.seeds import Seed, SeedName
from mockspaces.client.serving import Served, started
from mockspaces.client.things import (
    Category,
    Check,
    Company,
    GrantType,
    Mail,
    Message,
    OAuthClient,
    ServiceApp,
    Socket,
    Space,
    User,
)
from mockspaces.client.waiting import Found, seconds, wait_for, wait_for_aio
from mockspaces.client.words import (
    Code,
    Licence,
    Misbehaviour,
    Role,
    Route,
    Scope,
    ServerOptions,
    SettingChanges,
    SettingValues,
)

IDLE_S = 600  # seconds after which the server ends a world that nobody uses, unless it is told otherwise
SHOWN_CALLS = 5  # calls that a failed assertion shows


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

    def __init__(
        self,
        url: str,
        *,
        control_token: str | None = None,
        timeout: float = TIMEOUT_S,
        ca_file: str | Path | None = None,
    ) -> None:
        """Speak to the world at ``url``; nothing is sent yet. An answer may take ``timeout`` seconds.

        An https URL is trusted as the system trusts it, or as the certificates of ``ca_file`` say. Raises
        `ValueError` for another URL, `OSError` for a file that cannot be read or holds no certificate.
        """
        super().__init__(url, control_token=control_token, timeout=timeout, ca_file=ca_file)
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
    @named(ServerOptions)
    def start(cls, *, python: str | None = None, **options: Unpack[ServerOptions]) -> "Mockspaces":
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
        twin = Mockspaces(self.url, control_token=self._token, timeout=self._timeout, ca_file=self._ca_file)
        twin._owned, twin._watcher = self._owned, self._watcher
        return twin

    def close(self) -> None:
        """Close the connection; the world stays, unless `start` made its server."""
        super().close()
        server, self._server = self._server, None
        if server:
            server.stop()

    def company(
        self,
        name: str,
        *,
        domains: Sequence[str] = (),
        service_domain: bool = True,
        deny_attachments: bool = False,
        owned_licenses: Sequence[Licence] = ("spaces_business", "spaces_power"),
        creator: str | User | None = None,
    ) -> Company:
        """Create a company; the e-mail domains decide who belongs to it, also of those who signed up before.

        A ``creator``, who has an address in one of the domains and no company yet, becomes its admin.
        """
        body = {
            "name": name,
            "domains": list(domains),
            "service_domain": service_domain,
            "deny_attachments": deny_attachments,
            "owned_licenses": list(owned_licenses),
            "creator": None if creator is None else _username(creator),
        }
        return things.company(self.call("POST", "/companies", body))

    def change_company(
        self,
        company: str | Company,
        *,
        service_domain: Literal[True] | None = None,
        deny_attachments: bool | None = None,
        owned_licenses: Sequence[Licence] | None = None,
        creator: str | User | None = None,
    ) -> Company:
        """Create the service domain of a company, or change what is given of it, and return it.

        A ``creator`` must be its admin.
        """
        changes = given(
            {
                "service_domain": service_domain,
                "deny_attachments": deny_attachments,
                "owned_licenses": None if owned_licenses is None else list(owned_licenses),
                "creator": None if creator is None else _username(creator),
            }
        )
        key = company.id if isinstance(company, Company) else company
        return things.company(self.call("PATCH", f"/companies/{_quoted(key)}", changes))

    def space(
        self,
        title: str,
        *,
        owner: str | User,
        members: Sequence[str | User] | Mapping[str, Role] = (),
        description: str = "",
        archived: bool = False,
        settings: Mapping[str, Any] | None = None,
    ) -> Space:
        """Create a group space in any state.

        ``members`` are people or their user names, as a dict with their roles: ``{"bob@example.com": "admin"}``.
        """
        roles = members if isinstance(members, Mapping) else dict.fromkeys(map(_username, members), "member")
        body = {
            "title": title,
            "owner": _username(owner),
            "members": [{"username": name, "role": role} for name, role in roles.items()],
            "description": description,
            "archived": archived,
            "settings": settings or {},
        }
        return things.space(self.call("POST", "/spaces", body))

    def message(
        self,
        space: str | Space,
        text: str,
        *,
        username: str | User | None = None,
        person_id: str | None = None,
        category: Category = "chat",
        description: str | None = None,
        parent: str | Message | None = None,
        assignees: Sequence[str | User] | None = None,
        due: str | date | datetime | None = None,
        status: Literal["pending", "completed"] | None = None,
    ) -> Message:
        """Let somebody say something in a space, announced like any message; they need no right to do so.

        Who it is, is said by ``username`` or, for people without an account, by ``person_id``. A chat with a ``parent``
        is a comment on that idea or task. ``assignees`` (people or their ids), ``due`` and ``status`` are a task's.
        """
        content = given(
            {
                "bodyText": text,
                "description": description,
                "assignees": None if assignees is None else [_id(one) for one in assignees],
                "dueDate": due.isoformat() if isinstance(due, date) else due,
                "status": status,
            }
        )
        body = given(
            {
                "category": category,
                "username": None if username is None else _username(username),
                "person_id": person_id,
                "content": content,
                "parentMsg": None if parent is None else {"_id": _id(parent)},
            }
        )
        made = self.call("POST", f"/spaces/{_quoted(_id(space))}/messages", body)
        return self.messages(id=made["_id"])[0]

    def reply(
        self, message: Message, text: str, *, username: str | User | None = None, person_id: str | None = None
    ) -> Message:
        """Let somebody comment on a message; without a name it is who wrote that one."""
        author = person_id or (None if username else message.sender_id)
        return self.message(message.space_id, text, username=username, person_id=author, parent=message)

    def meeting(self, space: str | Space, *usernames: str | User) -> None:
        """Bring people into the meeting of a space, as their sockets would; the first one starts it."""
        people = [{"username": _username(username)} for username in usernames]
        self.call("POST", f"/spaces/{_quoted(_id(space))}/meeting", {"attendees": people})

    def spaces(self) -> list[Space]:
        """Return all group and direct spaces, oldest first."""
        return [things.space(item) for item in self.call("GET", "/spaces")["data"]]

    def messages(
        self,
        *,
        space: str | Space | None = None,
        category: Category | None = None,
        sender: str | User | None = None,
        text: str | None = None,
        parent: str | Message | None = None,
        id: str | None = None,  # noqa: A002 - the name that it has everywhere
    ) -> list[Message]:
        """Return the messages that fit, oldest first; ``sender`` is a user name, a display name or an id."""
        wanted = given(
            {
                "space": space and _id(space),
                "category": category,
                "sender": sender and _username(sender),
                "text": text,
                "parent": parent and _id(parent),
                "id": id,
            }
        )
        return [things.message(item) for item in self.call("GET", f"/messages?{urlencode(wanted)}")["data"]]

    def chats(
        self,
        *,
        space: str | Space | None = None,
        sender: str | User | None = None,
        text: str | None = None,
        parent: str | Message | None = None,
    ) -> list[Message]:
        """Return chat messages, oldest first; comments on ideas and tasks are some of them."""
        return self.messages(category="chat", space=space, sender=sender, text=text, parent=parent)

    def posts(
        self, *, space: str | Space | None = None, sender: str | User | None = None, text: str | None = None
    ) -> list[Message]:
        """Return posts, which the wire calls ideas, oldest first."""
        return self.messages(category="idea", space=space, sender=sender, text=text)

    def tasks(
        self, *, space: str | Space | None = None, sender: str | User | None = None, text: str | None = None
    ) -> list[Message]:
        """Return tasks, oldest first."""
        return self.messages(category="task", space=space, sender=sender, text=text)

    def sockets(self, username: str | User | None = None) -> list[Socket]:
        """Return who is connected to the Socket.IO server, or the connections of one user."""
        found = [
            Socket(item["id"], item["username"], item["person_id"], tuple(item["spaces"]))
            for item in self.call("GET", "/sockets")["data"]
        ]
        wanted = None if username is None else _username(username)
        return [socket for socket in found if wanted in (None, socket.username)]

    def close_sockets(
        self,
        how: Literal["idle", "namespace", "transport"] = "transport",
        *,
        username: str | User | None = None,
        person_id: str | None = None,
        space_id: str | Space | None = None,
        id: str | None = None,  # noqa: A002 - the name that it has everywhere
    ) -> int:
        """End connections, all or those of a person, in a space or by their id, and return how many.

        ``how`` is ``idle`` (as after silence), ``namespace`` (the client is told) or ``transport`` (without a word).
        """
        wanted = given(
            {
                "username": username and _username(username),
                "person_id": person_id,
                "space_id": space_id and _id(space_id),
                "id": id,
            }
        )
        return len(self.call("POST", "/sockets/close", {"how": how, "filter": wanted})["closed"])

    def metrics(self) -> str:
        """Return what is counted of this world and what the server uses, in the text format of Prometheus."""
        return self.download("/metrics").decode()

    def outbox(self) -> list[Mail]:
        """Return the e-mails that the real service would have sent, oldest first."""
        return [
            Mail(*(item[name] for name in ("_id", "to", "subject", "link", "created", "inviteId", "topicId")))
            for item in self.call("GET", "/outbox")["data"]
        ]

    def wait_for(self, query: Callable[[], Found], *, timeout: float = 5) -> Found:
        """Return what a query finds as soon as it finds something: ``wait_for(lambda: mock.chats(text="hello"))``."""
        return wait_for(query, timeout)

    @named(Criteria)
    def assert_called(
        self, route: Route | None = None, *, times: int | None = None, **filters: Unpack[Criteria]
    ) -> None:
        """Assert that a call came, once or more, or exactly ``times``; a failure tells what came near.

        ``filters`` are those of the journal. Raises `IncompleteError` if the journal could not keep all entries.
        """
        __tracebackhide__ = True
        wanted = {"route": route, **filters}
        found = self._called(wanted, enough=times is None)
        if times is None and not found:
            raise AssertionError(f"nothing came with {described(wanted)}{self.journal.nearly(wanted)}")
        if times is not None and len(found) != times:
            shown = "".join(f"\n  came: {line(one)}" for one in found[-SHOWN_CALLS:])
            near = self.journal.nearly(wanted) if len(found) < times else ""
            raise AssertionError(f"{len(found)} came, not {times}, with {described(wanted)}{shown}{near}")

    @named(Criteria)
    def assert_not_called(self, route: Route | None = None, **filters: Unpack[Criteria]) -> None:
        """Assert that no such call came; a failure shows those that did."""
        __tracebackhide__ = True
        wanted = {"route": route, **filters}
        found = self._called(wanted, enough=False)
        if found:
            shown = "".join(f"\n  came: {line(one)}" for one in found[-SHOWN_CALLS:])
            raise AssertionError(f"{len(found)} came with {described(wanted)}{shown}")

    def _called(self, wanted: Mapping[str, Any], *, enough: bool) -> list[things.JournalEntry]:
        """Return what fits; one entry is ``enough`` to know that it came, whatever the journal has dropped."""
        __tracebackhide__ = True
        try:
            return self.journal.complete(**wanted)
        except IncompleteError:
            found = self.journal.find(limit=1, **wanted) if enough else []
            if not found:
                raise
            return found

    @named(Match)
    def fail(
        self,
        route: Route | None = None,
        *,
        status: int = 503,
        body: Any = None,
        headers: Mapping[str, str] | None = None,
        delay: float | timedelta | Spread | None = None,
        times: int | None = None,
        probability: float = 1,
        **match: Unpack[Match],
    ) -> Fault:
        """Answer a call (``"POST /spaces/invite"``, or any that fits) with an error of your own."""
        return self.faults.plan(
            match={"route": route, **match},
            times=times,
            probability=probability,
            status=status,
            body=body,
            headers=headers,
            delay=delay,
        )

    @named(Match)
    def reject(
        self,
        code: Code,
        route: Route | None = None,
        *,
        times: int | None = None,
        probability: float = 1,
        **match: Unpack[Match],
    ) -> Fault:
        """Refuse a call with the exact answer that belongs to a code: ``reject("auth.credential_expired")``."""
        return self.faults.plan(match={"route": route, **match}, times=times, probability=probability, reject=code)

    @named(Match)
    def delay(
        self,
        delay: float | timedelta | Spread,
        route: Route | None = None,
        *,
        times: int | None = None,
        probability: float = 1,
        **match: Unpack[Match],
    ) -> Fault:
        """Let a call wait, as long every time, or as long as a slow service would: ``Spread(median=0.2, p99=1.5)``."""
        return self.faults.plan(match={"route": route, **match}, times=times, probability=probability, delay=delay)

    def never_happened(self) -> list[str]:
        """Return what this client planned - faults and misbehaviours - and what has not happened, with what came near.

        Faults of a probability below 1 need not happen.
        """
        if not self.faults.planned:
            return []
        faults = []
        for fault in self.faults.unfired():
            if fault.probability == 1:
                if fitting := self.journal.find(**fault.match):
                    near = f"\n  near: {len(fitting)} fit, but came before it was planned, or met another fault"
                else:
                    near = self.journal.nearly(fault.match)
                faults.append(f"fault {fault.action} {fault.match}{near}")
        asked = self.call("GET", "/misbehaviours")["data"]
        return faults + [f"misbehaviour {one['name']}" for one in asked if not one["fired"]]

    def misbehave(self, name: Misbehaviour, *, times: int | None = None) -> None:
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

    def check(self, recording: str | Path, *, hosts: Sequence[str] = ()) -> Check:
        """Hold an HTTP archive (HAR) of the real service against the contract of this world.

        It may be packed by gzip. ``hosts`` are further names of the service. Raises `OSError` for a file that cannot
        be read, `ControlError` for one that is no archive or has nothing of the service.
        """
        query = f"?{urlencode([('hosts', one) for one in hosts])}" if hosts else ""
        return things.check(self.upload(f"/check{query}", Path(recording).read_bytes()))

    def user(
        self,
        username: str,
        *,
        password: str | None = None,
        displayname: str = "",
        givenname: str = "",
        familyname: str = "",
        other_emails: Sequence[str] = (),
        company: str | Company | None = None,
        licenses: Sequence[Licence] = (),
        company_admin: bool | Sequence[str | Company] = False,
        developer: bool | Sequence[str | Company] = False,
        picturefile: str | None = None,
        enabled: bool = True,
    ) -> User:
        """Create a registered user; a password is drawn unless given, the company is that of their e-mail's domain.

        ``company_admin`` and ``developer`` are companies, the latter also ``"freelance"``; True is their own company.
        A developer of a company has to be its employee and admin. ``picturefile`` is the URL of their picture.
        """
        body = {
            "username": username,
            "password": password,
            "displayname": displayname,
            "givenname": givenname,
            "familyname": familyname,
            "other_emails": list(other_emails),
            "company": company.id if isinstance(company, Company) else company,
            "licenses": list(licenses),
            "company_admin": _companies(company_admin),
            "developer": _companies(developer),
            "picturefile": picturefile,
            "enabled": enabled,
        }
        return things.user(self.call("POST", "/users", body))

    def find_user(self, username: str) -> User:
        """Return a user who is there, by any of their e-mails. Raises `ControlError` if nobody is."""
        return things.user(self.call("GET", f"/users/{_quoted(username)}"))

    def change_user(
        self,
        username: str | User,
        *,
        enabled: bool | None = None,
        password: str | None = None,
        displayname: str | None = None,
        company: str | Company | None = None,
        company_admin: bool | Sequence[str | Company] | None = None,
        developer: bool | Sequence[str | Company] | None = None,
        licenses: Sequence[Licence] | None = None,
        picturefile: str | None = None,
    ) -> User:
        """Change what is given of a user and return them; who is not ``enabled`` has no valid credential any more.

        The rest is as for a new `user`; an empty ``company`` or ``picturefile`` is none.
        """
        changes = given(
            {
                "enabled": enabled,
                "password": password,
                "displayname": displayname,
                "company": company.id if isinstance(company, Company) else company,
                "company_admin": None if company_admin is None else _companies(company_admin),
                "developer": None if developer is None else _companies(developer),
                "licenses": None if licenses is None else list(licenses),
                "picturefile": picturefile,
            }
        )
        return things.user(self.call("PATCH", f"/users/{_quoted(_username(username))}", changes))

    def oauth_client(
        self,
        *,
        name: str = "OAuth client",
        redirect_uris: Sequence[str] = (),
        public: bool = False,
        client_id: str | None = None,
        client_secret: str | None = None,
        active: bool = True,
        grants: Sequence[GrantType] | None = None,
        owner: str | Company | None = None,
        creator: str | User | None = None,
    ) -> OAuthClient:
        """Register an OAuth client; id and secret are drawn unless given. Without ``grants`` it may use all.

        Its ``owner`` is a company or ``"freelance"``. With a ``creator`` the portal's rules hold: they have to be a
        developer for that owner.
        """
        body = {
            "name": name,
            "redirect_uris": list(redirect_uris),
            "public": public,
            "client_id": client_id,
            "client_secret": client_secret,
            "active": active,
            "grants": None if grants is None else list(grants),
            "owner": owner.id if isinstance(owner, Company) else owner,
            "creator": None if creator is None else _username(creator),
        }
        made = self.call("POST", "/oauth-clients", body)
        return OAuthClient(**{**made, "redirect_uris": tuple(made["redirect_uris"])})

    def service_app(
        self,
        *,
        scopes: Sequence[Scope] | Scope | Literal["all"] = (),
        company: str | Company | None = None,
        active: bool = True,
        name: str = "Service app",
        app_id: str | None = None,
        key: bool = True,
        fresh_key: bool = False,
        licenses: Sequence[Licence] = (),
        creator: str | User | None = None,
    ) -> ServiceApp:
        """Create a service app with a key pair, or without ``key``; ``scopes`` are some, one, or ``"all"``.

        ``licenses`` are those of its service account: they decide which media its spaces have. With a ``creator`` the
        portal's rules hold: they have to be admin and developer of the company.
        """
        body = {
            "name": name,
            "scopes": _listed(scopes),
            "company": company.id if isinstance(company, Company) else company,
            "active": active,
            "app_id": app_id,
            "key": key,
            "fresh_key": fresh_key,
            "licenses": list(licenses),
            "creator": None if creator is None else _username(creator),
        }
        made = self.call("POST", "/service-apps", body)
        return ServiceApp(
            made["iss"],
            made["sub"],
            made["name"],
            made["company"],
            tuple(made["scopes"]),
            made["key"] or {},
            _control=self,
        )

    def change_service_app(
        self,
        iss: str | ServiceApp,
        *,
        active: bool | None = None,
        account_enabled: bool | None = None,
        scopes: Sequence[Scope] | Scope | Literal["all"] | None = None,
        licenses: Sequence[Licence] | None = None,
    ) -> dict[str, Any]:
        """Do what an admin does in the portal, and return the app as it is then."""
        changes = given(
            {
                "active": active,
                "account_enabled": account_enabled,
                "scopes": None if scopes is None else _listed(scopes),
                "licenses": None if licenses is None else list(licenses),
            }
        )
        changed: dict[str, Any] = self.call("PATCH", f"/service-apps/{_quoted(_iss(iss))}", changes)
        return changed

    def new_key(self, iss: str | ServiceApp, *, fresh: bool = False) -> dict[str, str]:
        """Add a key pair to a service app and return its file."""
        made: dict[str, str] = self.call("POST", f"/service-apps/{_quoted(_iss(iss))}/keys", {"fresh": fresh})
        return made

    def key_file(self, iss: str | ServiceApp, kid: str) -> dict[str, str]:
        """Download the file of a key pair again, which the portal calls ``service-key-<kid>.json``."""
        found: dict[str, str] = self.call("GET", f"/service-apps/{_quoted(_iss(iss))}/keys/{_quoted(kid)}")
        return found

    def drop_key(self, iss: str | ServiceApp, kid: str) -> None:
        """Delete a key pair with immediate effect."""
        self.call("DELETE", f"/service-apps/{_quoted(_iss(iss))}/keys/{_quoted(kid)}")

    def token(
        self,
        username: str | User,
        *,
        kind: Literal["oauth", "jwt", "sat"] = "oauth",
        scope: str = "email profile spaces",
        client_id: str | None = None,
        space_id: str | Space | None = None,
        expires_in: float | timedelta | None = None,
    ) -> str:
        """Return a valid credential of a user, or one that has expired with a negative ``expires_in``.

        That is an OAuth access token (sent as ``Bearer``), a user JWT (``jwt``), or a space access token of a room app
        for the space ``space_id`` (``sat``).
        """
        lasting = seconds(expires_in)
        body = {
            "username": _username(username),
            "kind": kind,
            "scope": scope,
            "client_id": client_id,
            "space_id": space_id and _id(space_id),
            "expires_in": None if lasting is None else int(lasting),
        }
        token: str = self.call("POST", "/tokens", body)["token"]
        return token

    @named(SettingChanges)
    def settings(self, **changes: Unpack[SettingChanges]) -> SettingValues:
        """Return all settings after changing some; ``rest_enforce_limits=True`` means ``rest.enforce_limits``."""
        wanted = {name.replace("_", ".", 1): value for name, value in changes.items()}
        answer: SettingValues = self.call("PATCH", "/settings", wanted) if wanted else self.call("GET", "/settings")
        return answer

    def reset(self) -> None:
        """Bring the world back to its seed."""
        self.call("POST", "/reset")

    def open_world(
        self,
        name: str | None = None,
        *,
        seed: SeedName | Seed = "demo",
        ttl: float | timedelta | Literal["default"] | None = "default",
    ) -> "Mockspaces":
        """Open a world of its own on the same server and return its client; leaving a ``with`` drops it.

        ``seed`` is ``"demo"``, ``"empty"``, a seed document, or the path of a JSON or YAML file with one.
        Worlds that nobody uses end after their ``ttl`` in seconds, with None never; the default is 600, or never if the
        server is one of `start`.
        """
        planted = seed if isinstance(seed, Seed) else Seed(seed)
        idle = seconds(ttl) if not isinstance(ttl, str) else None if self._owned else IDLE_S
        body = {"seed": planted.body, "ttl": idle, **({"name": name} if name else {})}
        try:
            opened = self.call("POST", "/worlds", body)
        except ControlError as error:
            raise planted.located(error) from None
        own_port = opened["urls"]["port"]
        # Below the URL that is known to lead to the server, which may call itself otherwise.
        url = own_port["control"].removesuffix("/_mock") if own_port else f"{self.origin}/w/{quote(opened['name'])}"
        world = Mockspaces(url, control_token=self._token, timeout=self._timeout, ca_file=self._ca_file)
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


def _companies(wanted: bool | Sequence[str | Company]) -> bool | list[str]:  # noqa: FBT001 - as the documents have it
    if isinstance(wanted, bool):
        return wanted
    return [one.id if isinstance(one, Company) else one for one in wanted]


def _listed(scopes: Sequence[str] | str) -> list[str] | str:
    """Return scopes as the control API takes them: ``"all"``, or a list, also of one."""
    if scopes == "all":
        return "all"
    return [scopes] if isinstance(scopes, str) else list(scopes)


def _username(who: str | User) -> str:
    return who.username if isinstance(who, User) else who


def _id(what: str | User | Space | Message) -> str:
    return what if isinstance(what, str) else what.id


def _iss(app: str | ServiceApp) -> str:
    return app.iss if isinstance(app, ServiceApp) else app


def _quoted(part: str) -> str:
    return quote(part, safe="")
