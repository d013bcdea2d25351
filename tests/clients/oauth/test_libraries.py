"""OAuth libraries that people use, each through its own flows against the running server."""

import json
import subprocess
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from authlib.common.errors import AuthlibBaseError
from authlib.common.security import generate_token
from authlib.integrations.requests_client import OAuth2Session as AuthlibSession
from oauthlib.oauth2 import (
    InvalidGrantError,
    LegacyApplicationClient,
    MobileApplicationClient,
    OAuth2Error,
)
from requests_oauthlib import OAuth2Session

from mockspaces.client import Mockspaces, OAuthClient
from mockspaces.server import Server
from tests.conftest import installed

HERE = Path(__file__).parent
MODULES = HERE / "node_modules"
CALLBACK = "https://app.example/callback"
SCOPE = "email profile spaces"
ANN, PASSWORD = "ann@example.com", "ann-secret"
Style = Literal["vendor", "rfc6749"]


@pytest.fixture(scope="module")
def mock() -> Iterator[Mockspaces]:
    """One server for all libraries."""
    with Server() as running, Mockspaces(running.url) as client:
        yield client


@pytest.fixture
def world(mock: Mockspaces, monkeypatch: pytest.MonkeyPatch) -> Iterator[Mockspaces]:
    """A world that signs in and consents by itself, and speaks the words of RFC 6749."""
    monkeypatch.setenv("OAUTHLIB_INSECURE_TRANSPORT", "1")
    opened = mock.open_world()
    opened.settings(accounts_auto_login=ANN, accounts_auto_consent=True)
    opened.settings(accounts_error_style="rfc6749", accounts_scope_style="echo")
    yield opened
    opened.drop()


@pytest.fixture
def client(world: Mockspaces) -> OAuthClient:
    """A registered client with a secret."""
    return world.oauth_client(redirect_uris=[CALLBACK])


def followed(url: str) -> str:
    """Return where the authorization URL of a library leads a browser."""
    location: str = httpx.get(url).headers["location"]
    return location


def username(world: Mockspaces, token: str) -> str | None:
    """Return whom an access token belongs to at the REST API, None if it is refused."""
    answer = httpx.get(f"{world.api_url}/users/me", headers={"Authorization": f"Bearer {token}"})
    return str(answer.json()["username"]) if answer.status_code == 200 else None


def endpoint(world: Mockspaces, name: str) -> str:
    return f"{world.accounts_url}/oauth2/{name}"


@pytest.mark.behaviour("ACC-TOKEN-03", "ACC-TOKEN-05", "ACC-REVOKE-02")
@pytest.mark.parametrize("method", ["client_secret_basic", "client_secret_post"])
def test_authlib(world: Mockspaces, client: OAuthClient, method: str) -> None:
    """Authorization code with PKCE, refresh and revocation work with both ways to send the secret."""
    verifier = generate_token(48)
    with AuthlibSession(
        client.client_id,
        client.client_secret,
        token_endpoint_auth_method=method,
        scope=SCOPE,
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    ) as session:
        url, state = session.create_authorization_url(endpoint(world, "authorize"), code_verifier=verifier)
        token = session.fetch_token(
            endpoint(world, "access_token"),
            authorization_response=followed(url),
            state=state,
            code_verifier=verifier,
        )
        assert session.get(f"{world.api_url}/users/me").json()["username"] == ANN
        fresh = session.refresh_token(endpoint(world, "access_token"), token["refresh_token"])
        assert fresh["scope"] == SCOPE
        answer = session.revoke_token(endpoint(world, "revoke_token"), fresh["refresh_token"])
        assert answer.status_code == 200
    assert username(world, token["access_token"]) is None


@pytest.mark.behaviour("ACC-TOKEN-18")
def test_authlib_with_a_public_client(world: Mockspaces) -> None:
    """Without any secret the verifier is proof enough."""
    client = world.oauth_client(redirect_uris=[CALLBACK], public=True)
    with AuthlibSession(
        client.client_id,
        token_endpoint_auth_method="none",
        redirect_uri=CALLBACK,
        code_challenge_method="S256",
    ) as session:
        verifier = generate_token(48)
        url, _state = session.create_authorization_url(endpoint(world, "authorize"), code_verifier=verifier)
        where = followed(url)
        token = session.fetch_token(
            endpoint(world, "access_token"), authorization_response=where, code_verifier=verifier
        )
    assert username(world, token["access_token"]) == ANN


@pytest.mark.behaviour("ACC-TOKEN-07", "ACC-ERR-03", "ACC-ERR-04")
@pytest.mark.parametrize(("style", "error"), [("rfc6749", "invalid_grant"), ("vendor", "code")])
def test_authlib_with_a_password(world: Mockspaces, client: OAuthClient, style: Style, error: str) -> None:
    """A wrong password is the specific error in one style only, and readable in both."""
    world.settings(accounts_error_style=style)
    with AuthlibSession(client.client_id, client.client_secret, scope=SCOPE) as session:
        with pytest.raises(AuthlibBaseError) as refused:
            session.fetch_token(endpoint(world, "access_token"), username=ANN, password="wrong", grant_type="password")
        assert error in str(refused.value.error)
        assert refused.value.description == "The grant is invalid, expired or revoked."
        token = session.fetch_token(
            endpoint(world, "access_token"), username=ANN, password=PASSWORD, grant_type="password"
        )
    assert username(world, token["access_token"]) == ANN


@pytest.mark.behaviour("ACC-TOKEN-10", "ACC-SCOPE-10", "ACC-REVOKE-01")
def test_requests_oauthlib(world: Mockspaces, client: OAuthClient) -> None:
    """Authorization code with PKCE and refresh work, state is compared, and the scope is the one asked for."""
    session = OAuth2Session(client.client_id, redirect_uri=CALLBACK, scope=SCOPE.split(), pkce="S256")
    url, _state = session.authorization_url(endpoint(world, "authorize"), access_type="offline")
    token = session.fetch_token(
        endpoint(world, "access_token"),
        authorization_response=followed(url),
        client_secret=client.client_secret,
        include_client_id=True,
    )
    assert session.get(f"{world.api_url}/users/me").json()["username"] == ANN
    credentials = {"client_id": client.client_id, "client_secret": client.client_secret}
    fresh = session.refresh_token(endpoint(world, "access_token"), **credentials)
    assert fresh["access_token"] != token["access_token"]
    answer = httpx.post(
        endpoint(world, "revoke_token"),
        data={"client_id": client.client_id, "refresh_token": fresh["refresh_token"]},
    )
    assert (answer.status_code, username(world, fresh["access_token"])) == (200, None)


@pytest.mark.behaviour("ACC-AUTHZ-17")
def test_oauthlib_reads_an_implicit_answer(world: Mockspaces, client: OAuthClient) -> None:
    """The token in the fragment passes the library's checks of state and scope."""
    mobile = MobileApplicationClient(client.client_id)
    session = OAuth2Session(client=mobile, redirect_uri=CALLBACK, scope=SCOPE.split())
    url, _state = session.authorization_url(endpoint(world, "authorize"))
    token = session.token_from_fragment(followed(url))
    assert username(world, token["access_token"]) == ANN


@pytest.mark.behaviour("ACC-TOKEN-07", "ACC-ERR-04")
def test_requests_oauthlib_with_a_password(world: Mockspaces, client: OAuthClient) -> None:
    """A wrong password raises the specific exception with the standard string, a generic one with the object."""
    session = OAuth2Session(client=LegacyApplicationClient(client.client_id), scope=SCOPE.split())
    given = {
        "username": ANN,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scope": SCOPE.split(),
    }
    url = endpoint(world, "access_token")
    with pytest.raises(InvalidGrantError):
        session.fetch_token(url, password="wrong", **given)
    world.settings(accounts_error_style="vendor")
    with pytest.raises(OAuth2Error, match="The grant is invalid") as refused:
        session.fetch_token(url, password="wrong", **given)
    assert not isinstance(refused.value, InvalidGrantError)
    token = session.fetch_token(url, password=PASSWORD, **given)
    assert username(world, token["access_token"]) == ANN


@pytest.mark.behaviour("ACC-SCOPE-08", "ACC-SCOPE-07")
def test_oauthlib_minds_the_vendors_words_for_scopes(
    world: Mockspaces, client: OAuthClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By default the scope comes back in other words, which the library takes for a change until it is relaxed."""
    world.settings(accounts_scope_style="vendor")
    session = OAuth2Session(client=LegacyApplicationClient(client.client_id), scope=SCOPE.split())
    given = {
        "username": ANN,
        "client_id": client.client_id,
        "client_secret": client.client_secret,
        "scope": SCOPE.split(),
    }
    with pytest.raises(Warning, match="Scope has changed"):
        session.fetch_token(endpoint(world, "access_token"), password=PASSWORD, **given)
    monkeypatch.setenv("OAUTHLIB_RELAX_TOKEN_SCOPE", "1")
    with warnings.catch_warnings(action="ignore"):
        token = session.fetch_token(endpoint(world, "access_token"), password=PASSWORD, **given)
    assert username(world, token["access_token"]) == ANN


@pytest.mark.behaviour("ACC-DECIDE-03", "ACC-AUTHZ-12")
def test_libraries_understand_an_error_of_authorize(world: Mockspaces, client: OAuthClient) -> None:
    """What is wrong with a request reaches the application as an exception with the standard code."""
    session = OAuth2Session(client.client_id, redirect_uri=CALLBACK, scope=["bogus"])
    url, _state = session.authorization_url(endpoint(world, "authorize"))
    where = followed(url)
    assert parse_qs(urlsplit(where).query)["error"] == ["invalid_scope"]
    with pytest.raises(Exception, match="invalid_scope"):
        session.fetch_token(endpoint(world, "access_token"), authorization_response=where, client_secret="x")


@pytest.mark.needs("node")
@pytest.mark.behaviour("ACC-TOKEN-08", "ACC-TOKEN-13", "ACC-IDT-01")
def test_oauth4webapi(world: Mockspaces, client: OAuthClient) -> None:
    """The strict library of the JavaScript world runs the code flow with PKCE, refresh, revocation and a replay."""
    installed(MODULES)
    options = {
        "base": world.accounts_url,
        "clientId": client.client_id,
        "clientSecret": client.client_secret,
        "redirectUri": CALLBACK,
    }
    ended = subprocess.run(
        ["node", "scenario.mjs", json.dumps(options)], cwd=HERE, capture_output=True, text=True, timeout=60, check=False
    )
    assert ended.returncode == 0, ended.stderr
    steps = dict(json.loads(line) for line in ended.stdout.splitlines())
    assert steps == {
        "authorized": ["state", "code"],
        "exchanged": ["access_token", "scope", "expires_in", "refresh_token", "id_token", "token_type"],
        "claims": ANN,
        "called": ANN,
        "refreshed": True,
        "revoked": 401,
        "refused": ["ResponseBodyError", "invalid_grant"],
    }
