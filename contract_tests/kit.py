"""What the contract tests are written with: a target, who acts on it, and two kinds of assertion.

Nothing here imports mockspaces: the tests see the cloud as any client does.
"""

import re
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from http.client import HTTPResponse
from typing import Any, NamedTuple, Protocol, TypeVar
from urllib.parse import urlsplit

import httpx
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key

behaviour = pytest.mark.behaviour
Found = TypeVar("Found")

AUDIENCE = "spaces.avayacloud.com"
OWN_CLIENT = "needs a client of its own, which only a mock registers"


class Same(Protocol):
    """Anything that can be compared with ``==``, a plain value or a `Like`."""


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


def expect(actual: object, wanted: Same, note: str = "", *, of: str = "") -> None:
    """Assert what is documented or seen (evidence D or C): a difference fails on every target.

    ``of`` names the one behaviour that is at stake where a helper asserts for many tests. On another target the
    difference is then laid to it alone, and the test goes on to what it is about.
    """
    if of and not Assumptions.asserted:
        _compare(actual, wanted, note, of, documented=True)
        return
    assert actual == wanted, note or f"{actual!r} is not {wanted!r}"


def observe(actual: object, wanted: Same, note: str = "", *, of: str = "") -> None:
    """Assert what we assume (evidence A): a difference fails on our own mock and is recorded elsewhere.

    ``of`` as in `expect`.
    """
    if Assumptions.asserted:
        assert actual == wanted, note or f"{actual!r} is not {wanted!r}"
    else:
        _compare(actual, wanted, note, of, documented=False)


def _compare(actual: object, wanted: Same, note: str, of: str, *, documented: bool) -> None:
    if actual != wanted:
        Assumptions.differ(Difference(actual, wanted, note, of, documented))


class Difference(NamedTuple):
    """Something that another target does otherwise; ``of`` is the behaviour, or empty for all that the test cites."""

    actual: object
    wanted: object
    note: str
    of: str
    documented: bool


class Assumptions:
    """How assumptions are judged in this run, and who is told that the target does not share one."""

    asserted = True
    differ: Callable[[Difference], None] = staticmethod(lambda _difference: None)


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
    account_id: str = ""

    def claims(self, **changes: Any) -> dict[str, Any]:
        """Return valid claims; a change to ``None`` leaves the claim out."""
        valid = {"iss": self.key["iss"], "sub": self.key["sub"], "aud": AUDIENCE, "exp": int(time.time()) + 600}
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


@dataclass(frozen=True)
class Room:
    """A space and one person of every standing in it."""

    id: str
    admin: Person
    member: Person
    guest: Person
    anonymous: Person
    stranger: Person


class Cloud:
    """The target as one test sees it: URLs, people, and a client that talks to it.

    On the mock every test has a world of its own and ``control`` reaches its control API. Tests that need
    that are marked ``mock_only`` with a reason.
    """

    def __init__(self, urls: Mapping[str, str], http: httpx.Client, *, is_mock: bool) -> None:
        self.urls = urls
        self.http = http
        self.is_mock = is_mock

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
        wanted = None if method in ("GET", "DELETE") else ({} if body is None else body)
        answer = self.http.request(method, f"{self.urls['control']}{path}", json=wanted)
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

    def user(self, username: str = "ann@example.com", *, scope: str = "email profile spaces", **members: Any) -> Person:
        """Return a registered user with an OAuth access token; on the mock he is made if he does not exist."""
        made = self._known(username) or self.control("POST", "/users", {"username": username, **members})
        token = self.control("POST", "/tokens", {"username": username, "scope": scope})["token"]
        return Person(made["_id"], made["username"], f"Bearer {token}", made["password"], token)

    def jwt_user(self, username: str = "ann@example.com") -> Person:
        """Return a registered user with a user JWT."""
        person = self.user(username)
        token = self.control("POST", "/tokens", {"username": username, "kind": "jwt"})["token"]
        return Person(person.id, person.username, f"jwt {token}", person.password, token)

    def _known(self, username: str) -> Any:
        answer = self.http.request("PATCH", f"{self.urls['control']}/users/{username}", json={})
        return answer.json() if answer.status_code == 200 else None

    def guest(self, displayname: str = "Gil Guest") -> Person:
        """Return an anonymous user with his JWT."""
        token = self.call("POST", "/anonymous/auth", data={"displayname": displayname}).json()["token"]
        person_id = jwt.decode(token, options={"verify_signature": False})["anonymous_id"]
        return Person(person_id, "", f"jwt {token}", token=token)

    def app(self, *scopes: str, company: str = "Example") -> App:
        """Return an active service app with these scopes, or with every scope when none is given."""
        body = {"scopes": list(scopes) or "all", "company": company}
        made = self.control("POST", "/service-apps", body)
        return App(made["key"], made["account_id"])

    def oauth_client(self) -> Mapping[str, str]:
        """Return the id and secret of an OAuth client that may use the password grant."""
        made = self.control("POST", "/oauth-clients", {"redirect_uris": ["https://app.example/callback"]})
        return {name: made[name] for name in ("client_id", "client_secret")}

    def space(self, owner: Person | App, title: str = "Room", **members: Any) -> str:
        """Create a space and return its id."""
        answer = self.call("POST", "/spaces/invite", owner, json={"topic": {"title": title}, **members})
        assert answer.status_code == 200, answer.text
        space_id: str = answer.json()["data"][0]["topicId"]
        return space_id

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
        settings = {"memberOnly": False, **members.pop("settings", {})}
        body = {"title": title, "owner": owner.username, "settings": settings, **members}
        space_id: str = self.control("POST", "/spaces", body)["_id"]
        return space_id

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


def only_mock(cloud: Cloud, reason: str) -> None:
    """Skip what must not, or cannot, be asked of a real service."""
    if not cloud.is_mock:
        pytest.skip(reason)


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
    """Send bytes as they are to the server of a URL and return its answer: for what no client library sends."""
    parts = urlsplit(url)
    with socket.create_connection((parts.hostname or "", parts.port or 80), timeout=10) as connection:
        connection.sendall(request)
        if then_close:
            connection.shutdown(socket.SHUT_WR)
        answer = HTTPResponse(connection)
        answer.begin()
        return httpx.Response(answer.status, headers=answer.getheaders(), content=answer.read())


def refused(answer: httpx.Response, status: int, code: str) -> None:
    """Assert a refusal of the REST API: status, code, and a text for people (ERR-BODY-01)."""
    observe(answer.status_code, status, answer.text)
    observe(answer.json(), {"code": code, "message": TEXT})
