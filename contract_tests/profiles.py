"""Where a run goes: profiles of targets, and the cloud as a test sees it on each of them."""

import json
import math
import os
import re
import time
import tomllib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from contract_tests.kit import OWN_CLIENT, App, Cloud, Person

PRODUCTION_HOSTS = ("avayacloud.com", "zang.io")  # refused unless told explicitly
NEEDS_CONTROL = "needs the control API of the mock"


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
    apps: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=lambda: os.environ, repr=False)

    @property
    def is_mock(self) -> bool:
        return self.kind == "mock"

    @property
    def secrets(self) -> set[str]:
        """The values of all variables that the profile names, but for those too short to be told apart."""
        names = [*self.oauth_client.values(), *(name for one in self.people.values() for name in one.values())]
        return {value for name in names if len(value := self.environment.get(name, "")) >= SHORTEST_SECRET}


def load(path: Path, *, allow_production: bool) -> Profile:
    """Read a profile. Raises `ProfileError`, also for production hosts unless they are allowed."""
    try:
        members = tomllib.loads(path.read_text(encoding="utf-8"))
        if "environment" in members:
            raise ProfileError(f"{path}: environment is no member: credentials do not belong into a file")
        profile = Profile(**members)
    except (OSError, tomllib.TOMLDecodeError, TypeError) as error:
        raise ProfileError(f"{path}: {error}") from None
    if profile.kind not in ("mock", "service"):
        raise ProfileError(f'{path}: kind is "mock" or "service", not "{profile.kind}"')
    hosts = [urlsplit(url).hostname or "" for url in profile.urls.values()]
    if not allow_production and any(host.endswith(PRODUCTION_HOSTS) for host in hosts):
        raise ProfileError(f"{path} names production hosts; say --allow-production if you mean it")
    return profile


class Throttle:
    """Keeps a run below the documented limits of a real service."""

    def __init__(self, calls_per_minute: float) -> None:
        self._pause = 60 / calls_per_minute
        self._next = 0.0

    def request(self, _request: httpx.Request) -> None:
        """Wait until the next request may go; an event hook of the client."""
        wait = self._next - time.monotonic()
        if wait > 0:
            time.sleep(wait)
        self._next = time.monotonic() + self._pause


SHORTEST_SECRET = 6
SCOPES = (  # all that the portal offers (seed 000)
    *("accounts.users.bulk.write", "spaces.chat.create", "spaces.chat.read", "spaces.create", "spaces.create.actas"),
    *("spaces.delete", "spaces.direct.create", "spaces.invite.write", "spaces.list", "spaces.settings.read"),
    *("spaces.settings.write", "spaces.websocket", "users.search", "users.search.bulk", "spaces.post.read"),
    *("spaces.post.create", "spaces.task.read", "spaces.task.create", "spaces.messages.write"),
)
CLIENT = ("client_id", "client_secret")
CREATING = ("/spaces/invite", "/topics/invite", "/spaces", "/topics")


class ServiceUrls(dict[str, str]):
    """The URLs of a real service, which has no control API: a test that asks for it is skipped."""

    def __missing__(self, name: str) -> str:
        pytest.skip(NEEDS_CONTROL if name == "control" else f"the profile has no URL for {name}")


class ServiceCloud(Cloud):
    """A real service: people and apps are those of the profile, and what a test creates is deleted after it."""

    def __init__(self, profile: Profile, http: httpx.Client) -> None:
        super().__init__(ServiceUrls(profile.urls), http, is_mock=False)
        self._profile = profile
        self._created: list[tuple[str, Person | App]] = []
        self._own: set[str] = set()
        self._callers: list[Person | App] = []
        self._client_is_given = False
        self.leftovers: list[str] = []

    def control(self, method: str, path: str, body: Any = None) -> Any:
        pytest.skip(NEEDS_CONTROL)

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
        self._spare(method, path, content.get("json"))
        if who is not None and who not in self._callers:
            self._callers.append(who)
        answer = super().call(method, path, who, headers=headers, **content)
        if (method, answer.status_code) == ("POST", httpx.codes.OK) and path.rstrip("/") in CREATING:
            owner = who or Person("", "", (headers or {}).get("Authorization", ""))
            body = answer.json()
            made = body["data"][0] if "data" in body else body  # an invite, or the space itself
            space_id = made.get("topicId") or made["_id"]
            self._created.append((space_id, owner))
            self._own.add(space_id)
        return answer

    def _spare(self, method: str, path: str, body: Any) -> None:
        """Skip the test before it deletes a space of somebody else, or changes accounts in bulk."""
        space = re.match(r"/(?:spaces|topics)/([0-9a-f]{24})", path)
        if method == "DELETE" and space and space[1] not in self._own and len(set(space[1])) > 1:
            pytest.skip("would delete what this run did not create")
        if path.startswith("/users/bulkupdate") and body:
            pytest.skip("would change accounts of a real service")

    def user(self, username: str = "ann@example.com", *, scope: str = "email profile spaces", **members: Any) -> Person:
        name, password = self._credentials(username)
        form = {"grant_type": "password", "username": name, "password": password, "scope": scope, **self._client()}
        answer = self.http.post(f"{self.accounts}/oauth2/access_token", data=form)
        if answer.status_code != httpx.codes.OK:
            pytest.skip(f"{username} cannot sign in at {self._profile.name}: status {answer.status_code}")
        token = answer.json()["access_token"]
        authorization = f"Bearer {token}"
        me = self.http.get(f"{self.api}/users/me", headers={"Authorization": authorization}).json()
        return Person(me.get("_id", ""), me.get("username", name), authorization, password, token)  # without the scope

    def jwt_user(self, username: str = "ann@example.com") -> Person:
        name, password = self._credentials(username)
        body = {"auth_type": "native", "auth_provider": "onesna", "username": name, "password": password}
        token = self.http.post(f"{self.accounts}/api/1.0/jwt/get_jwt_token", json=body).json()["token"]
        authorization = f"jwt {token}"
        me = self.http.get(f"{self.api}/users/me", headers={"Authorization": authorization}).json()
        return Person(me["_id"], me["username"], authorization, password, token)

    def app(self, *scopes: str, company: str = "Example") -> App:
        wanted = self._profile.apps.get(company, {})
        if not wanted or not set(scopes or SCOPES) <= set(wanted.get("scopes", [])):
            pytest.skip(
                f"{self._profile.name} has no service app of {company} with {', '.join(scopes) or 'every scope'}"
            )
        path = self._secret(wanted, "key_file_env")
        return App(httpx.Response(200, content=Path(path).read_bytes()).json())

    def oauth_client(self) -> Mapping[str, str]:
        """Return the client of the profile, once in a test: it stands for no other."""
        if self._client_is_given:
            pytest.skip(OWN_CLIENT)
        self._client_is_given = True
        return self._client()

    def open_space(self, owner: Person, title: str = "Open room", **members: Any) -> str:
        if set(members) - {"settings", "members"}:
            pytest.skip(NEEDS_CONTROL)
        roster = members.get("members", ())
        if any("servicesapps" in one["username"] for one in roster):
            pytest.skip(NEEDS_CONTROL)  # nobody invites a service account
        invitees = [{"invitee": one["username"], "role": one.get("role", "member")} for one in roster]
        space_id = self.space(owner, title, invitees=invitees, informChannel="client")
        settings = {"memberOnly": False, **members.get("settings", {})}
        answer = self.call("POST", f"/spaces/{space_id}", owner, json={"settings": settings})
        assert answer.status_code == httpx.codes.OK, answer.text
        return space_id

    def clean_up(self) -> None:
        """Delete what the test created, by whoever may by now; what cannot be deleted is listed."""
        while self._created:
            space_id, owner = self._created.pop()
            others = [one for one in self._callers if one != owner]
            if not any(self._deletes(who, space_id) for who in (owner, *others)):
                self.leftovers.append(space_id)

    def _deletes(self, who: Person | App, space_id: str) -> bool:
        try:
            answer = self.call("DELETE", f"/spaces/{space_id}", who)
        except httpx.HTTPError:
            return False
        return answer.status_code in (httpx.codes.OK, httpx.codes.NOT_FOUND)

    def _credentials(self, username: str) -> tuple[str, str]:
        wanted = self._profile.people.get(username)
        if wanted is None:
            pytest.skip(f"{self._profile.name} has nobody in the part of {username}")
        return self._secret(wanted, "username_env"), self._secret(wanted, "password_env")

    def _client(self) -> dict[str, str]:
        names = {"client_id": "client_id_env", "client_secret": "client_secret_env"}
        return {name: self._secret(self._profile.oauth_client, variable) for name, variable in names.items()}

    def _secret(self, names: Mapping[str, Any], member: str) -> str:
        variable = names.get(member)
        value = self._profile.environment.get(variable) if variable else None
        if not value:
            pytest.skip(f"the environment variable {variable or member} is not set")
        return value


def rehearsal(profile: Profile, control: str, http: httpx.Client, folder: Path) -> Profile:
    """Return the profile with a running mock in the place of the service, and everybody whom it names created there.

    What the tests send to it is what they would send to the service. Key files are written into the folder.
    """
    environment: dict[str, str] = {}

    def made(path: str, body: Mapping[str, Any]) -> Any:
        return http.post(f"{control}{path}", json=body).raise_for_status().json()

    client = made("/oauth-clients", {"redirect_uris": ["https://app.example/callback"]})
    environment |= {profile.oauth_client.get(f"{name}_env", name): client[name] for name in CLIENT}
    for username, names in profile.people.items():
        known = http.patch(f"{control}/users/{username}", json={})
        person = known.json() if known.is_success else made("/users", {"username": username})
        environment |= {names[f"{name}_env"]: person[name] for name in ("username", "password")}
    for company, app in profile.apps.items():
        key = made("/service-apps", {"scopes": app["scopes"], "company": company})["key"]
        environment[app["key_file_env"]] = str(folder / f"{company}.json")
        (folder / f"{company}.json").write_text(json.dumps(key), encoding="utf-8")
    urls = http.get(control).raise_for_status().json()["urls"]
    return replace(profile, urls=urls, environment=environment, calls_per_minute=math.inf)


@contextmanager
def mock_cloud(profile: Profile, http: httpx.Client) -> Iterator[Cloud]:
    """Open a world of its own on a running mock, and drop it at the end."""
    opened = http.post(f"{profile.control}/worlds", json={}).raise_for_status().json()
    urls = opened["urls"]["prefix" if profile.through else "port"] or opened["urls"]["prefix"]
    if profile.through:
        base = profile.control.removesuffix("/_mock")
        urls = {name: f"{profile.through}{url.removeprefix(base)}" for name, url in urls.items()}
        urls["control"] = f"{base}/w/{opened['name']}/_mock"
    try:
        yield Cloud(urls, http, is_mock=True)
    finally:
        http.delete(f"{profile.control}/worlds/{opened['name']}")
