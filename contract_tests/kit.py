"""What the contract tests are written with: a target, and who acts on it.

Nothing here imports mockspaces: the tests see the cloud as any client does.
"""

import re
import socket
import ssl
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPResponse
from typing import Any, TypeVar
from urllib.parse import urljoin, urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

from contract_tests.claims import Need, NotTried, aside, book, is_refusal, step

behaviour = pytest.mark.behaviour
Found = TypeVar("Found")

AUDIENCE = "spaces.avayacloud.com"
SCOPES = (  # all that the portal offers (seed 000)
    *("accounts.users.bulk.write", "spaces.chat.create", "spaces.chat.read", "spaces.create", "spaces.create.actas"),
    *("spaces.delete", "spaces.direct.create", "spaces.invite.write", "spaces.list", "spaces.settings.read"),
    *("spaces.settings.write", "spaces.websocket", "users.search", "users.search.bulk", "spaces.post.read"),
    *("spaces.post.create", "spaces.task.read", "spaces.task.create", "spaces.messages.write"),
)


class Like:
    """A volatile value that is recognised by its form, not ignored: ``body == {"_id": OBJECT_ID}``."""

    def __init__(self, name: str, pattern: str) -> None:
        self._name = name
        self._pattern = re.compile(pattern)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, str) and self._pattern.fullmatch(other) is not None

    def __hash__(self) -> int:
        return hash(self._name)

    def __repr__(self) -> str:
        return f"<{self._name}>"


OBJECT_ID = Like("24-hex id", r"[0-9a-f]{24}")
ACCOUNT_ID = Like("accounts id", r"ag[A-Za-z0-9_-]+")
ISO_TIME = Like("ISO time with milliseconds", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
TOKEN = Like("40-hex token", r"[0-9a-f]{40}")
JWT = Like("JWT", r"[\w-]+\.[\w-]+\.[\w-]+")
URL = Like("URL", r"https?://[^\s]+")
TEXT = Like("text", r"(?s).+")


@dataclass(frozen=True)
class Person:
    """Somebody who acts on the cloud, with the value of his Authorization header."""

    id: str
    username: str
    authorization: str
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)


@cache
def private_key(pem: str) -> RSAPrivateKey:
    """Load the private key of a key file without validating it, which takes longer than most tests."""
    key = load_pem_private_key(pem.encode(), None, unsafe_skip_rsa_key_validation=True)
    assert isinstance(key, RSAPrivateKey)
    return key


@dataclass(frozen=True)
class App:
    """A service app with its key file; signs its own JWTs (AUTH-SVC-01)."""

    key: Mapping[str, str] = field(repr=False)
    account: str = ""
    audience: str = AUDIENCE

    @property
    def account_id(self) -> str:
        """The id of its service account. Raises `NotTried` on a service, where no call tells it."""
        if not self.account:
            raise NotTried("needs the account id of a service app, which no call of a service tells")
        return self.account

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return valid claims; a change to ``None`` leaves the claim out."""
        valid = {"iss": self.key["iss"], "sub": self.key["sub"], "aud": self.audience, "exp": int(time.time()) + 600}
        return {name: value for name, value in {**valid, **changes}.items() if value is not None}

    def sign(self, claims: Mapping[str, Any] | None = None, headers: Mapping[str, Any] | None = None) -> str:
        """Return a signed JWT; without arguments a valid one."""
        header = {"kid": self.key["kid"], **(headers or {})}
        return jwt.encode(dict(claims or self.claims()), self.private_key, "RS256", headers=header)

    @property
    def private_key(self) -> RSAPrivateKey:
        """The key of the key file, ready to sign."""
        return private_key(self.key["private_key"])

    @property
    def authorization(self) -> str:
        """A valid Authorization header."""
        return f"service_app {self.sign()}"


@dataclass
class Route:
    """How what is no call of the HTTP client reaches the target: sockets, and bytes that are sent as they are.

    ``proxy`` is as `websockets` takes it, ``pace`` waits until the next call may go. ``lag_s`` is how long after the
    answer to a call a socket may hear of it: of several processes one has the socket.
    """

    tls: ssl.SSLContext | None = None
    proxy: bool | None = None
    pace: Callable[[], None] = lambda: None
    lag_s: float = 0


route = Route()  # of the one target of a run


@dataclass(frozen=True)
class Room:
    """A space and one person of every standing in it."""

    id: str
    admin: Person
    member: Person
    guest: Person
    anonymous: Person
    stranger: Person


class Urls(dict[str, str]):
    """The URLs of a target; who takes one beside accounts and REST API needs it."""

    def __init__(self, urls: Mapping[str, str], need: Callable[[Need], None]) -> None:
        super().__init__(urls)
        self._need = need

    def __getitem__(self, name: str) -> str:
        if name not in ("accounts", "api"):
            self._need(Need("control") if name == "control" else Need("url", name))
        return super().__getitem__(name)


class Cloud:
    """The target as one test sees it: URLs, people, and a client that talks to it.

    On the mock every test has a world of its own and ``control`` reaches its control API. What a test uses of its
    target is noted, since the claims from there on need it; a profile that does not serve it raises `NotTried`.
    """

    def __init__(self, urls: Mapping[str, str], http: httpx.Client, *, is_mock: bool) -> None:
        self.urls: Mapping[str, str] = Urls(urls, self.need)
        self.http = http
        self.is_mock = is_mock
        self.audience = AUDIENCE
        self._control = urls.get("control", "")
        self._given = Counter[str]()  # apps by company, and clients

    def need(self, need: Need) -> None:
        """Note what the claims from now on need. Raises `NotTried` if the target does not serve it."""
        book.need(need)

    @property
    def mock(self) -> "Cloud | None":
        """The mock beside the wire, None on a service: ``if cloud.mock: cloud.mock.control(...)``.

        What is asked of it is an extra (why, journal, counts, clock), which no claim needs.
        """
        return MockExtra(self) if self.is_mock else None

    @property
    def api(self) -> str:
        """Base URL of the REST API, ending in ``/api``."""
        return self.urls["api"]

    @property
    def accounts(self) -> str:
        """Base URL of the identity server."""
        return self.urls["accounts"]

    @property
    def origin(self) -> str:
        """Origin of the REST API, without path."""
        return self.api.removesuffix("/api")

    @property
    def prefix(self) -> str:
        """The path below which everything is, as ``/w/<name>`` of a world of a mock; mostly empty."""
        return urlsplit(self.origin).path

    def at(self, path: str) -> str:
        """Return the URL of a path that the target has named, as in a page URL."""
        return urljoin(self.api, path)

    def call(
        self,
        method: str,
        path: str,
        who: Person | App | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Call the REST API: ``path`` is below ``/api``; ``content`` as httpx takes it (json, content, params ...)."""
        sent = dict(headers or {})
        if who is not None:
            sent.setdefault("Authorization", who.authorization)
        return self.http.request(method, f"{self.api}{path}", headers=sent, **content)

    def control(self, method: str, path: str, body: Any = None) -> Any:
        """Make a control call and return its JSON (the mock only)."""
        self.need(Need("control"))
        return self._ask(method, path, body)

    def _ask(self, method: str, path: str, body: Any = None) -> Any:
        wanted = None if method in ("GET", "DELETE") else ({} if body is None else body)
        answer = self.http.request(method, f"{self._control}{path}", json=wanted)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def freeze(self, moment: str = "") -> None:
        """Let the clock of the world stand still, now or at an ISO moment (the mock only)."""
        self.control("POST", "/clock", {"freeze": moment or True})

    def resume(self) -> None:
        """Let the clock of the world go on with real time (the mock only)."""
        self.control("POST", "/clock", {"resume": True})

    def advance(self, seconds: float) -> None:
        """Move the clock of the world (the mock only)."""
        self.control("POST", "/clock", {"advance": seconds})

    @property
    def epoch(self) -> float:
        """What the clock of the world shows, in seconds since 1970 (the mock only)."""
        shown: float = self.control("GET", "/clock")["epoch"]
        return shown

    def configure(self, settings: Mapping[str, Any]) -> None:
        """Change settings of the world (the mock only)."""
        self.control("PATCH", "/settings", settings)

    def in_second(self, send: Callable[[int], httpx.Response]) -> httpx.Response:
        """Return the answer to what is sent for one second of the target's clock, which is given to ``send``.

        On the mock the clock stands still meanwhile; a service is watched by its Date (see `profiles`).
        """
        self._ask("POST", "/clock", {"freeze": True})
        answer = send(int(self._ask("GET", "/clock")["epoch"]))
        self._ask("POST", "/clock", {"resume": True})
        return answer

    def explains(self, *words: str, **filters: Any) -> None:
        """Assert that the newest reason in the journal that fits names these words: an extra of the mock."""
        if self.mock:
            reason = self.mock.why(**filters)
            assert all(word in reason for word in words), f"{reason!r} does not name {words}"

    @contextmanager
    def unchanged(self) -> Iterator[None]:
        """Assert that the world has as many things of each kind after the block as before: an extra of the mock."""
        before = self._counts()
        yield
        assert self._counts() == before, "a refused call has changed something"

    def _counts(self) -> dict[str, int]:
        counts = self._ask("GET", "")["counts"] if self.is_mock else {}
        return {name: number for name, number in counts.items() if name != "journal"}

    def user(self, username: str = "ann@example.com", *, scope: str = "email profile spaces", **members: Any) -> Person:
        """Return a registered user with an OAuth access token; on the mock they are made if they do not exist."""
        if members:  # nobody whom a profile can name
            self.need(Need("mock", f"a user made with {', '.join(members)}"))
        self.need(Need("client"))
        self.need(Need("person", username))
        made = self._known(username) or self._ask("POST", "/users", {"username": username, **members})
        token = self._ask("POST", "/tokens", {"username": username, "scope": scope})["token"]
        return Person(made["_id"], made["username"], f"Bearer {token}", made["password"], token)

    def credentials(self, username: str = "ann@example.com") -> tuple[str, str]:
        """Return user name and password of a registered user."""
        self.need(Need("person", username))
        made = self._known(username) or self._ask("POST", "/users", {"username": username})
        return made["username"], made["password"]

    def jwt_user(self, username: str = "ann@example.com") -> Person:
        """Return a registered user with a user JWT."""
        self.need(Need("person", username))
        made = self._known(username) or self._ask("POST", "/users", {"username": username})
        token = self._ask("POST", "/tokens", {"username": username, "kind": "jwt"})["token"]
        return Person(made["_id"], made["username"], f"jwt {token}", made["password"], token)

    def _known(self, username: str) -> Any:
        answer = self.http.request("PATCH", f"{self._control}/users/{username}", json={})
        return answer.json() if answer.status_code == 200 else None

    def at_browser(self, url: str, username: str, decision: str) -> str:
        """Return where a URL leads when somebody opens it in their browser, signs in and decides (a service only)."""
        raise NotTried("the mock's pages are tested as they are")

    @step("let a guest in")
    def guest(self, displayname: str = "Gil Guest") -> Person:
        """Return an anonymous user with his JWT."""
        token = self.call("POST", "/anonymous/auth", data={"displayname": displayname}).json()["token"]
        person_id = jwt.decode(token, options={"verify_signature": False})["anonymous_id"]
        return Person(person_id, "", f"jwt {token}", token=token)

    def app(
        self,
        *scopes: str,
        company: str = "Example",
        lacks: Sequence[str] = (),
        name: str = "",
        any_scopes: bool = False,
    ) -> App:
        """Return an active service app, another one at each call.

        It has these scopes, on a service perhaps more: say what it must lack where a refusal depends on it. Without
        any, it has all that the portal offers but those; on a service any app that ``lacks`` them will do, or any at
        all if the test asks for ``any_scopes``.
        """
        need = self._app_need(scopes, company, lacks, any_scopes=any_scopes)
        self.need(need)
        body = {"scopes": list(scopes) or [one for one in SCOPES if one not in lacks], "company": company}
        body |= {"name": name} if name else {}
        made = self._ask("POST", "/service-apps", body)
        return App(made["key"], made["account_id"])

    def _app_need(self, scopes: Sequence[str], company: str, lacks: Sequence[str], *, any_scopes: bool) -> Need:
        self._given[company] += 1
        wanted = tuple(scopes) or (() if lacks or any_scopes else SCOPES)
        return Need("app", company, wanted, tuple(lacks), self._given[company])

    def oauth_client(self, **members: Any) -> Mapping[str, str]:
        """Return the id and secret of an OAuth client that may use the password grant, another one at each call.

        With ``members`` it is one that only a mock registers.
        """
        self._given["client"] += 1
        self.need(Need("own client") if members else Need("client", number=self._given["client"]))
        body = {"redirect_uris": ["https://app.example/callback"], "name": "Test app", **members}
        made: Mapping[str, str] = self._ask("POST", "/oauth-clients", body)
        return made

    @step("create a space")
    def space(self, owner: Person | App, title: str = "Room", **members: Any) -> str:
        """Create a space and return its id."""
        answer = self.call("POST", "/spaces/invite", owner, json={"topic": {"title": title}, **members})
        assert answer.status_code == 200, answer.text
        space_id: str = answer.json()["data"][0]["topicId"]
        return space_id

    @step("make a space private")
    def shut(self, space: str, owner: Person | App) -> str:
        """Make a space private, whatever the target's default is (DM-SET-02), and return its id."""
        answer = self.call("POST", f"/spaces/{space}", owner, json={"settings": {"memberOnly": True}})
        assert answer.status_code == 200, answer.text
        return space

    def private_space(self, owner: Person | App, title: str = "Private room", **members: Any) -> str:
        """Create a space that is private, and return its id."""
        return self.shut(self.space(owner, title, **members), owner)

    def open_space(self, owner: Person, title: str = "Open room", **members: Any) -> str:
        """Create a space in any state, open to strangers unless ``settings`` say otherwise, and return its id."""
        if set(members) - {"settings", "members"}:
            self.need(Need("control"))
        settings = {"memberOnly": False, **members.pop("settings", {})}
        body = {"title": title, "owner": owner.username, "settings": settings, **members}
        space_id: str = self._ask("POST", "/spaces", body)["_id"]
        return space_id

    @step("send a message")
    def message(self, space: str, who: Person | App, text: str = "hi", kind: str = "chats", **body: Any) -> Any:
        """Create a chat, or a post or task (``kind`` is the last word of the path), and return it."""
        content = {"bodyText": text, **body.pop("content", {})}
        answer = self.call("POST", f"/spaces/{space}/{kind}", who, json={"content": content, **body})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"][0]

    def meeting(self, space: str, *people: Person) -> Any:
        """Bring people into the meeting of a space as their sockets would, and return its message (the mock only)."""
        attendees = [{"person_id": one.id} for one in people]
        return self.control("POST", f"/spaces/{space}/meeting", {"attendees": attendees})

    @step("fill a room")
    def room(self, **members: Any) -> "Room":
        """Return an open space with somebody of every role in it."""
        admin, member, guest = (self.user(f"{name}@example.com") for name in ("ann", "mia", "gus"))
        roster = [{"username": member.username, "role": "member"}, {"username": guest.username, "role": "guest"}]
        space = self.open_space(admin, members=roster, **members)
        anonymous = self.guest()
        pin = members.get("settings", {}).get("confPin", "")
        joined = self.call("GET", f"/spaces/{space}/join", anonymous, headers={"spaces-x-space-password": pin})
        assert joined.status_code == 200, joined.text
        return Room(space, admin, member, guest, anonymous, self.user("sid@elsewhere.example"))

    def why(self, **filters: Any) -> str:
        """Return the reason of the newest journal entry that fits (the mock only)."""
        query = "&".join(f"{name}={value}" for name, value in filters.items())
        reason: str = self.control("GET", f"/journal?limit=1&{query}")["entries"][-1]["why"]
        return reason


class MockExtra(Cloud):
    """The mock beside the wire: what is asked of it, no claim needs."""

    def __init__(self, cloud: Cloud) -> None:
        super().__init__(cloud.urls, cloud.http, is_mock=True)

    def need(self, need: Need) -> None:
        """Note nothing."""


def only_mock(cloud: Cloud, reason: str) -> None:
    """Say that the claims from now on must not, or cannot, be tried on a real service."""
    cloud.need(Need("mock", reason))


@contextmanager
def serving(*options: str) -> Iterator[str]:
    """Run a mock of its own as a user would, with these options, and yield its URL."""
    command = [sys.executable, "-m", "mockspaces", "serve", "--port", "0", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, encoding="utf-8") as process:
        try:
            assert process.stdout is not None
            yield process.stdout.readline().split()[1]
        finally:
            process.terminate()


def roles_in(cloud: Cloud, space: str, who: Person) -> dict[str, str]:
    """Return the role of each member of a space by id or address, as somebody sees them."""
    members = cloud.call("GET", f"/spaces/{space}/members?size=50", who).json()["data"]
    return {member["member"]: member["role"] for member in members}


def settled(query: Callable[[], Found], wanted: Found) -> Found:
    """Return what a query finds as soon as it is as wanted, or after ten seconds: for what takes its own time."""
    deadline = time.monotonic() + 10
    while (found := query()) != wanted and time.monotonic() < deadline:
        time.sleep(0.02)
    return found


def send_raw(url: str, request: bytes, *, then_close: bool = False) -> httpx.Response:
    """Send bytes as they are to the server of a URL and return its answer: for what no client library sends.

    A header ``Host: x`` stands for the host of the URL.
    """
    parts, secure = urlsplit(url), url.startswith("https:")
    sent = request.replace(b"\r\nHost: x\r\n", f"\r\nHost: {parts.netloc}\r\n".encode(), 1)
    route.pace()
    with ExitStack() as opened:
        place = parts.hostname or "", parts.port or (443 if secure else 80)
        connection = opened.enter_context(socket.create_connection(place, timeout=10))
        if secure:
            trusted = route.tls or ssl.create_default_context()
            connection = opened.enter_context(trusted.wrap_socket(connection, server_hostname=parts.hostname))
        connection.sendall(sent)
        if then_close:
            connection.shutdown(socket.SHUT_WR)
        read = HTTPResponse(connection)
        read.begin()
        answer = httpx.Response(read.status, headers=read.getheaders(), content=read.read())
    answer.request = httpx.Request("RAW", url)
    told = {"method": "RAW", "url": url, "headers": {}, "body": sent}
    shown = {"status": answer.status_code, "headers": answer.headers, "body": answer.text}
    book.answered(answer, book.keep(told, shown))
    return answer


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """Assert a refusal of the REST API: that there is one, and on our own mock its status, code and form.

    Elsewhere status, code and form are laid to the statements about them (ERR-STD-01, ERR-BODY-02, ERR-BODY-01): a
    service that words its refusals otherwise refuses all the same.
    """
    assert answer.status_code == status or is_refusal(answer), (
        f"accepted: status {answer.status_code}, not {status} {code}"
    )
    aside(answer.status_code, status, f"status of {code}", of="ERR-STD-01")
    body = json_of(answer)
    found = body.get("code") if isinstance(body, dict) else None
    aside(found, code, "code of a refusal", of="ERR-BODY-02")
    aside(body, {"code": found, "message": TEXT}, "body of a refusal", of="ERR-BODY-01")


def json_of(answer: httpx.Response) -> Any:
    """Return the JSON of an answer, or None for what is none."""
    try:
        return answer.json()
    except ValueError:
        return None
