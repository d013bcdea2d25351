"""Where a run goes: profiles of targets, and the cloud as a test sees it on each of them."""

import json
import math
import os
import re
import ssl
import time
import tomllib
import unicodedata
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit
from urllib.request import getproxies, proxy_bypass

import httpx
from jsonschema import Draft202012Validator, ValidationError

from contract_tests.browser import Browser
from contract_tests.claims import TOO_MANY, Need, NotTried, book, step
from contract_tests.kit import AUDIENCE, App, Cloud, Person, json_of

SCHEMA = Path(__file__).with_name("profile.schema.json")
PRODUCTION_HOSTS = ("avayacloud.com", "zang.io")  # refused unless told explicitly
SHORTEST_SECRET = 6
CLIENT = ("client_id", "client_secret")
CREDENTIALS = ("username_env", "password_env")
CREATING = ("/spaces/invite", "/topics/invite", "/spaces", "/topics")
# What is put back after a test: where a change goes, where it is read (if elsewhere), and the member that holds it.
RESTORED = (
    (r"^/api/users/me/settings/[0-9a-f]{24}$", "/api/users/me/settings", "data"),
    (r"/app_profile_setting/?$", "", ""),
)
# How far into a second of the target's clock something is sent, try by try: a server may show its Date late.
INTO_SECOND_S = (0.05, 0.3, 0.55, 0.75, 0.9)
TIMEOUT_S = 30
USUAL = httpx.Limits(max_connections=100, max_keepalive_connections=20)  # as httpx has them by itself
RETRIES = 3  # of a call that a busy target puts off
LONGEST_RETRY_S = 120
AppEntry = Mapping[str, Any]


class ProfileError(Exception):
    """A profile cannot be used; the message says why, without any secret."""


@dataclass(frozen=True)
class Profile:
    """A target: a mock with its control API, or a real service with credentials named by the environment."""

    name: str
    kind: str
    urls: Mapping[str, str] = field(default_factory=dict)
    control: str = ""
    through: str = ""
    calls_per_minute: float = 60
    oauth_client: Mapping[str, str] = field(default_factory=dict)
    people: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    apps: Mapping[str, Sequence[AppEntry]] = field(default_factory=dict)
    audience: str = AUDIENCE
    ca_file: str = ""
    proxies_from_environment: bool = False
    browser: Browser | None = None  # where a person is, of a run that is interactive
    folder: Path = field(default_factory=Path)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def is_mock(self) -> bool:
        return self.kind == "mock"

    @property
    def variables(self) -> set[str]:
        """The environment variables that it names."""
        tables = [self.oauth_client, *self.people.values(), *(app for apps in self.apps.values() for app in apps)]
        return {name for table in tables for member, name in table.items() if member.endswith("_env")}

    @property
    def secrets(self) -> set[str]:
        """The values of all variables that it names, but for paths, and those too short to be told apart."""
        paths = {app["key_file_env"] for apps in self.apps.values() for app in apps}
        values = {self.environment.get(name, "") for name in self.variables - paths}
        return {value for value in values if len(value) >= SHORTEST_SECRET}


def load(path: Path, *, allow_production: bool) -> Profile:
    """Read a profile. Raises `ProfileError`, also for production hosts unless they are allowed."""
    try:
        members = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ProfileError(f"{path}: {error}") from None
    validator = Draft202012Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    wrong = [_complaint(one) for one in validator.iter_errors(members)]
    if wrong:
        raise ProfileError("\n".join(f"{path}: {one}" for one in sorted(wrong)))
    apps = members.pop("apps", {})
    several = {company: [one] if isinstance(one, Mapping) else one for company, one in apps.items()}
    profile = Profile(**members, apps=several, folder=path.resolve().parent)
    for where, url in {**profile.urls, "control": profile.control, "through": profile.through}.items():
        if where == "socketio_path":
            continue
        try:
            host = urlsplit(url).hostname or ""
        except ValueError as error:
            raise ProfileError(f"{path}: {where}: {error}") from None
        if not allow_production and is_production(host):
            raise ProfileError(f"{path} names production hosts; say --allow-production if you mean it")
    return profile


def _complaint(error: ValidationError) -> str:
    """Return what is wrong with which member: never its value, which may be a credential in the wrong place."""
    path = ""
    for part in error.absolute_path:
        bare = isinstance(part, str) and re.fullmatch(r"[\w-]+", part)
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if bare else f'."{part}"'
    match error.validator:
        case "required" | "additionalProperties":
            said = error.message
        case "enum":
            said = f"is none of {', '.join(error.validator_value)}"
        case _:
            said = f"is not {error.schema.get('description', error.validator_value)}"
    return f"{path.lstrip('.')}: {said}" if path else said


def is_production(host: str) -> bool:
    """Whether a host is one of the vendor's production, however it is spelt."""
    plain = unicodedata.normalize("NFKC", unquote(host)).replace("\u3002", ".").lower().strip(". ")
    return any(plain == one or plain.endswith(f".{one}") for one in PRODUCTION_HOSTS)


def trust(profile: Profile) -> ssl.SSLContext:
    """Return whom a run trusts: the public authorities, or those of the profile's ``ca_file``."""
    file = profile.folder / profile.ca_file if profile.ca_file else None
    return ssl.create_default_context(cafile=file)


class Throttle:
    """Keeps a run below the documented limits of a real service."""

    def __init__(self, calls_per_minute: float) -> None:
        self._pause = 60 / calls_per_minute
        self._next = 0.0

    def request(self, _request: httpx.Request | None = None) -> None:
        """Wait until the next call may go, of HTTP or of a socket."""
        time.sleep(self.wait)
        self._next = time.monotonic() + self._pause

    def hold(self, seconds: float) -> None:
        """Let the next call wait so long, as the target asks."""
        self._next = time.monotonic() + seconds

    @property
    def wait(self) -> float:
        """How many seconds the next call must wait."""
        return max(0, self._next - time.monotonic())


class Polite(httpx.BaseTransport):
    """Sends no faster than a throttle allows, and again what a busy service puts off, when it says."""

    def __init__(self, inner: httpx.BaseTransport, throttle: Throttle, retries: int) -> None:
        self._inner = inner
        self._throttle = throttle
        self._retries = retries

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send a request; a 429 is the answer only if the claim is about it, or if waiting does not help."""
        for number in range(self._retries + 1):
            self._throttle.request(request)
            answer = self._inner.handle_request(request)
            asked = retry_after(answer.headers)
            again = number < self._retries and isinstance(request.stream, httpx.ByteStream) and asked <= LONGEST_RETRY_S
            if answer.status_code != TOO_MANY or book.expects(TOO_MANY) or not again:
                break
            answer.close()
            self._throttle.hold(asked)
        return answer

    def close(self) -> None:
        """Close its connections."""
        self._inner.close()


def retry_after(headers: Mapping[str, str]) -> float:
    """Return how many seconds a busy target asks to wait, a few if it does not say."""
    said = headers.get("retry-after", "")
    if said.isdecimal():
        return float(said)
    try:
        return max(0.0, parsedate_to_datetime(said).timestamp() - time.time())
    except ValueError:
        return 5.0


def connect(
    profile: Profile,
    throttle: Throttle | None = None,
    *,
    timeout: float = TIMEOUT_S,
    hooks: Mapping[str, list[Callable[..., Any]]] | None = None,
    limits: httpx.Limits = USUAL,
) -> httpx.Client:
    """Return a client for a target: polite, with its trust, and through proxies only if the profile says so."""
    verify = False if profile.is_mock else trust(profile)
    pace = throttle or Throttle(profile.calls_per_minute)

    def way(proxy: str | None = None) -> httpx.BaseTransport:
        inner = httpx.HTTPTransport(verify=verify, proxy=proxy, limits=limits)
        return Polite(inner, pace, retries=0 if profile.is_mock else RETRIES)  # a mock is busy only on purpose

    mounts: dict[str, httpx.BaseTransport] = {}
    if profile.proxies_from_environment:
        proxies = getproxies()
        mounts = {f"{scheme}://": way(proxies[scheme]) for scheme in ("http", "https") if scheme in proxies}
        hosts = {urlsplit(url).hostname or "" for name, url in profile.urls.items() if name != "socketio_path"}
        mounts |= {f"all://{host}": way() for host in hosts if proxy_bypass(host)}
    return httpx.Client(transport=way(), mounts=mounts, trust_env=False, timeout=timeout, event_hooks=hooks)


def sign_in(profile: Profile, http: httpx.Client, username: str, scope: str = "") -> httpx.Response:
    """Sign somebody of the profile in; return the answer with their token, a user JWT if no scope is asked for."""
    name, password = (profile.environment[profile.people[username][one]] for one in CREDENTIALS)
    if not scope:
        return http.post(
            f"{profile.urls['accounts']}/api/1.0/jwt/get_jwt_token",
            json={"auth_type": "native", "auth_provider": "onesna", "username": name, "password": password},
        )
    client = {one: profile.environment[profile.oauth_client[f"{one}_env"]] for one in CLIENT}
    form = {"grant_type": "password", "username": name, "password": password, "scope": scope, **client}
    return http.post(f"{profile.urls['accounts']}/oauth2/access_token", data=form)


class Serving:
    """What a profile serves in one test: each service app and client that it gives away stands for no other."""

    def __init__(self, profile: Profile) -> None:
        self._profile = profile
        self._free = {company: list(apps) for company, apps in profile.apps.items()}

    def lacking(self, need: Need) -> str:
        """Return what the profile lacks to serve a need, or nothing. An app that serves it is given away."""
        profile = self._profile
        match need.kind:
            case "app":
                return "" if self.app(need) else f"{profile.name} has no app for it: {need}"
            case "person":
                names = profile.people.get(need.name)
                return self._unset(names, CREDENTIALS) if names else f"{profile.name} has nobody for it: {need}"
            case "client" if need.number == 1:
                return self._unset(profile.oauth_client, [f"{name}_env" for name in CLIENT])
            case "url" if need.name in profile.urls:
                return ""
            case "browser" if profile.browser is not None:
                return ""
            case "url" | "client":
                return f"{profile.name} has no {need}"
            case _:
                return f"needs {need}"

    def app(self, need: Need) -> AppEntry | None:
        """Return the app of the fewest scopes that serves a need, and give it away; None if there is none."""
        free = self._free.get(need.name, [])
        fit = [one for one in free if {*need.scopes} <= {*one["scopes"]} and not {*need.lacks} & {*one["scopes"]}]
        if not fit:
            return None
        chosen = min(fit, key=lambda one: len(one["scopes"]))
        if self._unset(chosen, ["key_file_env"]):
            return None
        free.remove(chosen)
        return chosen

    def _unset(self, names: Mapping[str, Any], members: Sequence[str]) -> str:
        for member in members:
            variable = names.get(member, "")
            if not variable:
                return f"{self._profile.name} names no {member}"
            if not self._profile.environment.get(variable):
                return f"the environment variable {variable} is not set"
        return ""


class ServiceCloud(Cloud):
    """A real service: people and apps are those of the profile, and what a test creates is deleted after it."""

    def __init__(self, profile: Profile, http: httpx.Client, throttle: Throttle | None = None) -> None:
        super().__init__(profile.urls, http, is_mock=False)
        self.audience = profile.audience
        self._profile = profile
        self._serving = Serving(profile)
        self._throttle = throttle
        self._created: list[tuple[str, str]] = []  # a space, and the credential that created it
        self._own: set[str] = set()
        self._callers: list[Person | App] = []
        self._seen: dict[str, None] = {}  # credentials that were accepted, in their order
        self._restored: dict[tuple[str, str], tuple[str, Any]] = {}  # what stood there before, and how it is put back
        self.leftovers: list[str] = []
        self._hooks = http.event_hooks
        http.event_hooks = {
            "request": [*self._hooks["request"], self._before],
            "response": [self._after, *self._hooks["response"]],
        }

    def need(self, need: Need) -> None:
        """Note what the claims from now on need. Raises `NotTried` if the profile does not serve it."""
        super().need(need)
        if need.kind != "app" and (lacking := self._serving.lacking(need)):
            raise NotTried(lacking, need)

    def in_second(self, send: Callable[[int], httpx.Response]) -> httpx.Response:
        """Return the answer to what is sent for one second of the target's clock.

        It is sent within that second by our clock, and counts only if the Date of the answer shows the same second.
        Raises `NotTried` if a few tries do not hit one.
        """
        for into in INTO_SECOND_S:
            earliest = time.time() + (self._throttle.wait if self._throttle else 0)
            second = math.ceil(earliest - into)
            time.sleep(max(0, second + into - time.time()))
            answer = send(second)
            shown = parsedate_to_datetime(answer.headers["date"]) if "date" in answer.headers else None
            if shown is not None and int(shown.timestamp()) == second:
                return answer
        raise NotTried("the clock of the target, as its Date shows it, did not agree with ours to the second")

    def call(
        self,
        method: str,
        path: str,
        who: Person | App | None = None,
        *,
        headers: Mapping[str, str] | None = None,
        **content: Any,
    ) -> httpx.Response:
        """Make a call, unless it would destroy what this run did not create, and remember the space that it created."""
        if who is not None and who not in self._callers:
            self._callers.append(who)
        return super().call(method, path, who, headers=headers, **content)

    def _before(self, request: httpx.Request) -> None:
        """Spare what is not this run's, and remember settings before they are changed, however a request is sent."""
        path, credential = request.url.path, request.headers.get("authorization", "")
        space = re.search(r"/api/(?:spaces|topics)/([0-9a-f]{24})", path)
        if request.method == "DELETE" and space and space[1] not in self._own and len(set(space[1])) > 1:
            raise NotTried("would delete what this run did not create")
        if path.endswith("/users/bulkupdate") and int(request.headers.get("content-length", 0)) > len("[]"):
            raise NotTried("would change accounts of a real service")
        if request.method != "POST" or (path, credential) in self._restored:
            return
        for pattern, where, member in RESTORED:
            if re.search(pattern, path):
                url = request.url.copy_with(path=where or path, query=None)
                told = {"Authorization": credential}
                before = self.http.get(url, headers=told, extensions={"unseen": True})
                record = json_of(before) if before.is_success else None
                found = record.get(member, [None])[0] if member and isinstance(record, dict) else record
                self._restored[path, credential] = (str(request.url), found)

    def _after(self, response: httpx.Response) -> None:
        """Remember the spaces that were created, and who calls."""
        request = response.request
        path, credential = request.url.path.rstrip("/"), request.headers.get("authorization", "")
        if credential and not response.is_error:
            self._seen[credential] = None
        if response.status_code != httpx.codes.OK or not path.startswith("/api/"):
            return
        created = request.method == "POST" and path.removeprefix("/api") in CREATING
        if not created and "/spaces/direct/" not in path:
            return
        response.read()
        body = json_of(response)
        if isinstance(body, dict):
            made = next(iter(body.get("data", [])), {}) if "data" in body else body  # an invite, or the space itself
            space_id = str(made.get("topicId") or made.get("_id") or "")
            self._own |= {space_id}  # a direct space of our people cannot be deleted, but they may do as they like
            if created and space_id:
                self._created.append((space_id, credential))

    def user(self, username: str = "ann@example.com", *, scope: str = "email profile spaces", **members: Any) -> Person:
        if members:
            self.need(Need("mock", f"a user made with {', '.join(members)}"))
        self.need(Need("client"))
        self.need(Need("person", username))
        answer = sign_in(self._profile, self.http, username, scope)
        if answer.status_code != httpx.codes.OK:
            raise NotTried(f"{username} cannot sign in at {self._profile.name}: status {answer.status_code}")
        with step(f"sign {username} in"):
            token = answer.json()["access_token"]
            return self._person(f"Bearer {token}", token, *self._credentials(username))

    def credentials(self, username: str = "ann@example.com") -> tuple[str, str]:
        self.need(Need("person", username))
        name, password = self._credentials(username)
        return name, password

    def jwt_user(self, username: str = "ann@example.com") -> Person:
        self.need(Need("person", username))
        with step(f"get a JWT for {username}"):
            token = sign_in(self._profile, self.http, username).json()["token"]
            return self._person(f"jwt {token}", token, *self._credentials(username))

    def _person(self, authorization: str, token: str, name: str, password: str) -> Person:
        me = self.http.get(f"{self.api}/users/me", headers={"Authorization": authorization}).json()
        return Person(me.get("_id", ""), me.get("username", name), authorization, password, token)  # without the scope

    def app(
        self,
        *scopes: str,
        company: str = "Example",
        lacks: Sequence[str] = (),
        name: str = "",
        any_scopes: bool = False,
    ) -> App:
        need = self._app_need(scopes, company, lacks, any_scopes=any_scopes)
        self.need(need)
        chosen = self._serving.app(need)
        if chosen is None:
            raise NotTried(f"{self._profile.name} has no app for it: {need}", need)
        path = self._profile.folder / self._profile.environment[chosen["key_file_env"]]
        try:
            key = json.loads(path.read_bytes())
        except (OSError, ValueError) as error:
            raise NotTried(f"the key file of {chosen['key_file_env']} cannot be read: {type(error).__name__}") from None
        return App(key, audience=self._profile.audience)

    def oauth_client(self, **members: Any) -> Mapping[str, str]:
        """Return the client of the profile, once in a test: it stands for no other."""
        self._given["client"] += 1
        self.need(Need("own client") if members else Need("client", number=self._given["client"]))
        return self._client()

    def open_space(self, owner: Person, title: str = "Open room", **members: Any) -> str:
        roster = members.get("members", ())
        if set(members) - {"settings", "members"} or any("servicesapps" in one["username"] for one in roster):
            self.need(Need("control"))  # nobody invites a service account
        invitees = [{"invitee": one["username"], "role": one.get("role", "member")} for one in roster]
        space_id = self.space(owner, title, invitees=invitees, informChannel="client")
        settings = {"memberOnly": False, **members.get("settings", {})}
        with step("open a space"):
            answer = self.call("POST", f"/spaces/{space_id}", owner, json={"settings": settings})
            assert answer.status_code == httpx.codes.OK, answer.text
        return space_id

    def clean_up(self) -> None:
        """Put settings back and delete what the test created, by whoever may by now; the rest is listed."""
        try:
            for (_path, credential), (url, before) in self._restored.items():
                if before is not None:
                    self._does("POST", url, credential, json=before)
            while self._created:
                space_id, owner = self._created[-1]
                url, others = f"{self.api}/spaces/{space_id}", (one.authorization for one in self._callers)
                if not any(self._does("DELETE", url, one) for one in dict.fromkeys([owner, *others, *self._seen])):
                    self.leftovers.append(space_id)
                self._created.pop()
        except httpx.HTTPError:  # gone: each call would wait for its own timeout
            self.leftovers += [space_id for space_id, _owner in self._created]
        self.http.event_hooks = self._hooks

    def _does(self, method: str, url: str, credential: str, **content: Any) -> bool:
        """Whether a call of the clean-up does its work, or finds it done."""
        try:
            answer = self.http.request(method, url, headers={"Authorization": credential}, **content)
        except NotTried:
            return False
        return answer.status_code in (httpx.codes.OK, httpx.codes.NOT_FOUND)

    def at_browser(self, url: str, username: str, decision: str) -> str:
        person = self._profile.people[username]["username_env"] if username in self._profile.people else username
        assert self._profile.browser is not None  # which the need has asked for
        return self._profile.browser.ask(url, f"the account of {person}", decision)

    def _credentials(self, username: str) -> list[str]:
        return [self._profile.environment[self._profile.people[username][name]] for name in CREDENTIALS]

    def _client(self) -> dict[str, str]:
        named = self._profile.oauth_client
        where = {"redirect_uri": named["redirect_uri"]} if "redirect_uri" in named else {}
        return {name: self._profile.environment[named[f"{name}_env"]] for name in CLIENT} | where


def rehearsal(profile: Profile, control: str, http: httpx.Client, folder: Path) -> Profile:
    """Return the profile with a running mock in the place of the service, and everybody whom it names created there.

    What the tests send to it is what they would send to the service. Key files are written into the folder.
    """
    environment: dict[str, str] = {}

    def made(path: str, body: Mapping[str, Any]) -> Any:
        return http.post(f"{control}{path}", json=body).raise_for_status().json()

    client = made("/oauth-clients", {"redirect_uris": ["https://app.example/callback"]})
    environment |= {variable: client[name] for name in CLIENT if (variable := profile.oauth_client.get(f"{name}_env"))}
    for username, names in profile.people.items():
        known = http.patch(f"{control}/users/{username}", json={})
        person = known.json() if known.is_success else made("/users", {"username": username})
        environment |= {names[f"{name}_env"]: person[name] for name in ("username", "password")}
    for company, apps in profile.apps.items():
        for app in apps:
            key = made("/service-apps", {"scopes": app["scopes"], "company": company})["key"]
            path = folder / f"{app['key_file_env']}.json"
            path.write_text(json.dumps(key), encoding="utf-8")
            environment[app["key_file_env"]] = str(path)
    urls = http.get(control).raise_for_status().json()["urls"]
    return replace(profile, urls=urls, environment=environment, calls_per_minute=math.inf)


@contextmanager
def mock_cloud(profile: Profile, http: httpx.Client) -> Iterator[Cloud]:
    """Open a world of its own on a running mock, and drop it at the end."""
    running = os.environ.get("PYTEST_CURRENT_TEST", "").rpartition("contract_tests/")[2].rpartition(" ")[0]
    told = {"X-Test": quote(running)}  # by which a recording of this suite knows whose world it is
    opened = http.post(f"{profile.control}/worlds", json={}, headers=told).raise_for_status().json()
    urls = opened["urls"]["prefix" if profile.through else "port"] or opened["urls"]["prefix"]
    if profile.through:
        base = profile.control.removesuffix("/_mock")
        urls = {
            name: url if name == "socketio_path" else f"{profile.through}{url.removeprefix(base)}"
            for name, url in urls.items()
        }
        urls["control"] = f"{base}/w/{opened['name']}/_mock"
    try:
        yield Cloud(urls, http, is_mock=True)
    finally:
        http.delete(f"{profile.control}/worlds/{opened['name']}")
