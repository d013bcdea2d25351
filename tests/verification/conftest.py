"""A mock that plays a service, and a profile of everything that it has."""

import json
from collections.abc import Iterator

import pytest

from contract_tests.profiles import Profile
from mockspaces.client import Mockspaces, Scope
from mockspaces.config import Config
from mockspaces.server import Server

SCOPES: list[Scope] = ["spaces.create", "spaces.list", "spaces.chat.create"]


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A mock that plays a service, with an HTTPS port whose certificate nobody knows."""
    with Server(Config(port=0, tls=True, tls_port=0)) as running:
        yield running


@pytest.fixture(scope="module")
def mock(server: Server) -> Iterator[Mockspaces]:
    with Mockspaces(server.url) as client:
        yield client


@pytest.fixture(scope="module")
def profile(mock: Mockspaces, tmp_path_factory: pytest.TempPathFactory) -> Profile:
    """A profile of everything, in which nothing is wrong."""
    folder = tmp_path_factory.mktemp("profile")
    client = mock.call("POST", "/oauth-clients", {"redirect_uris": ["https://app.example/callback"]})
    environment = {"ID": client["client_id"], "SECRET": client["client_secret"], "KEY": "key.json"}
    (folder / "key.json").write_text(json.dumps(mock.service_app(scopes=SCOPES).key), encoding="utf-8")
    people = {}
    for part in ("ann", "bob"):
        name = f"{part}@example.com"
        people[name] = {"username_env": part.upper(), "password_env": f"{part.upper()}_PASSWORD"}
        environment |= {
            part.upper(): name,
            f"{part.upper()}_PASSWORD": mock.call("PATCH", f"/users/{name}", {})["password"],
        }
    urls = {name: url for name, url in mock.call("GET", "")["urls"].items() if name != "control"}
    return Profile(
        "played",
        "service",
        urls,
        calls_per_minute=1_000_000,
        oauth_client={"client_id_env": "ID", "client_secret_env": "SECRET"},
        people=people,
        apps={"Example": [{"key_file_env": "KEY", "scopes": list(SCOPES)}]},
        folder=folder,
        environment=environment,
    )
