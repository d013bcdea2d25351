"""Other test doubles beside ours, as a Python client feels them: one call after the other.

Those that are not in the folder of ``make peers`` are left out. Each is asked for what comes nearest: a token, and a
GET that only the bearer of one may make.
"""

import base64
import contextlib
import http.client
import json
import shutil
import statistics
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple, Self
from urllib.parse import parse_qs, urlencode, urlsplit

import msgspec

from benchmarks.effort import Effort
from benchmarks.processes import MOCK, resident_mb
from benchmarks.report import aligned
from mockspaces import __version__
from mockspaces.client import Mockspaces
from mockspaces.server import bind

FOLDER = Path(".venv/peers")
CALLBACK = "https://app.example/callback"
STARTS, PATIENCE_S, POLL_S = 3, 60, 0.005
MODULE, WIREMOCK = Path("node_modules/oauth2-mock-server"), Path("node_modules/wiremock")
CANNED = """
import sys, time
from pytest_httpserver import HTTPServer
server = HTTPServer(port=int(sys.argv[1]))
server.expect_request("/me", headers={"Authorization": "Bearer t"}).respond_with_json({"_id": "1", "name": "Ann"})
server.start()
time.sleep(1e6)
"""


class Call(NamedTuple):
    """One HTTP request."""

    method: str
    path: str
    body: bytes = b""
    headers: Mapping[str, str] = {}


class Peer(NamedTuple):
    """How to start a double, and how to ask it for a token and for what is behind one."""

    name: str
    version: str
    command: tuple[str, ...]
    token: Callable[["Connection"], Call] | None
    bearer: Callable[["Connection"], Call]
    what: str


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """What was found: milliseconds and megabytes; None is what a double does not do."""

    name: str
    version: str
    start: float
    memory: float
    token: float | None
    bearer: float
    what: str

    def row(self) -> tuple[str, ...]:
        """Return the cells of the table."""
        token = "-" if self.token is None else f"{self.token:.2f} ms"
        cells = f"{self.start:.0f} ms", f"{self.memory:.0f} MB", token, f"{self.bearer:.2f} ms"
        return f"{self.name} {self.version}", *cells, self.what


HEAD = ("double", "start", "memory", "token", "bearer call", "what is asked")


def table(found: list[Measured]) -> str:
    """Return all of them as text."""
    return aligned([HEAD, *(one.row() for one in found)])


class Connection:
    """Calls to one server, over a connection that is kept if the server keeps it."""

    def __init__(self, port: int) -> None:
        """Connect when first asked."""
        self._http = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
        self.url = f"http://127.0.0.1:{port}"

    def __enter__(self) -> Self:
        """Return the connection."""
        return self

    def __exit__(self, *_: object) -> None:
        """Close it."""
        self._http.close()

    def send(self, call: Call) -> tuple[bytes, http.client.HTTPMessage]:
        """Make a call that must succeed."""
        self._http.request(call.method, call.path, call.body or None, dict(call.headers))
        answer = self._http.getresponse()
        body = answer.read()
        assert answer.status < 400, (call, answer.status, body[:500])
        return body, answer.headers

    def json(self, call: Call) -> Any:
        """Make a call and decode its answer."""
        return json.loads(self.send(call)[0])


def side_by_side(folder: Path, effort: Effort) -> list[Measured]:
    """Measure ours and every peer that is installed: starts in turn, then calls in turn."""
    peers = [_ours(), *_python_peers(folder / "bin" / "python"), *_node_peers(folder), *_java_peers(folder)]
    starts = {peer.name: [_start(peer) for _ in range(STARTS)] for peer in peers}
    with contextlib.ExitStack() as running:
        servers = [(peer, *running.enter_context(_running(peer))) for peer in peers]
        asked = [
            (peer, pid, connection, _calls(peer, connection))
            for peer, pid, port, _ in servers
            for connection in [running.enter_context(Connection(port))]
        ]
        times: dict[tuple[str, str], list[float]] = {}
        for _ in range(effort.rounds):
            for peer, _pid, connection, calls in asked:
                for what, call in calls.items():
                    times.setdefault((peer.name, what), []).extend(_times(connection, call, effort.calls // 5))
        return [_measured(peer, pid, starts[peer.name], times) for peer, pid, _, _ in asked]


def _measured(peer: Peer, pid: int, starts: list[float], times: dict[tuple[str, str], list[float]]) -> Measured:
    token = times.get((peer.name, "token"))
    return Measured(
        name=peer.name,
        version=peer.version,
        start=statistics.median(starts),
        memory=resident_mb(pid),
        token=statistics.median(token) if token else None,
        bearer=statistics.median(times[peer.name, "bearer"]),
        what=peer.what,
    )


def _calls(peer: Peer, connection: Connection) -> dict[str, Call]:
    calls = {"token": peer.token(connection)} if peer.token else {}
    return {**calls, "bearer": peer.bearer(connection)}


def _times(connection: Connection, call: Call, count: int) -> list[float]:
    times = []
    for _ in range(count):
        begin = time.perf_counter()
        connection.send(call)
        times.append((time.perf_counter() - begin) * 1000)
    return times


@contextmanager
def _running(peer: Peer) -> Iterator[tuple[int, int, float]]:
    """Run a double; yields process id, port, and milliseconds until it answered anything."""
    with bind("127.0.0.1", 0) as free:
        port = free.getsockname()[1]
    command = [part.replace("PORT", str(port)) for part in peer.command]
    begin = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # noqa: S603 - installed
    try:
        while not _answers(port):
            assert process.poll() is None, command
            assert time.perf_counter() - begin < PATIENCE_S, command
            time.sleep(POLL_S)
        yield process.pid, port, (time.perf_counter() - begin) * 1000
    finally:
        process.terminate()
        process.wait()


def _answers(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE_S)
    try:
        connection.request("GET", "/health")
        return connection.getresponse().status > 0
    except OSError:
        return False
    finally:
        connection.close()


def _start(peer: Peer) -> float:
    with _running(peer) as (_, _, took):
        return took


def _form(path: str, **members: str) -> Call:
    return Call("POST", path, urlencode(members).encode(), {"Content-Type": "application/x-www-form-urlencoded"})


def _bearer(path: str, token: str) -> Call:
    return Call("GET", path, headers={"Authorization": f"Bearer {token}"})


# --- ours


def _ours() -> Peer:
    def token(connection: Connection) -> Call:
        with Mockspaces(connection.url) as mock:
            client = mock.oauth_client(redirect_uris=[CALLBACK])
        person = {"username": "ann@example.com", "password": "ann-secret"}
        known = {"client_id": client.client_id, "client_secret": client.client_secret or ""}
        return _form("/oauth2/access_token", grant_type="password", **person, **known)

    def bearer(connection: Connection) -> Call:
        return _bearer("/api/users/me", connection.json(token(connection))["access_token"])

    what = "password grant; GET /users/me with permissions, journal and ETag"
    return Peer("mockspaces", __version__, (*MOCK[:-1], "PORT"), token, bearer, what)


# --- in Python


def _python_peers(python: Path) -> list[Peer]:
    if not python.exists():
        return []
    makers = {"oidc-provider-mock": _oidc, "moto": _moto, "pytest-httpserver": _canned}
    return [make(name, version, str(python)) for name, make in makers.items() if (version := _version(python, name))]


def _version(python: Path, package: str) -> str:
    """Return the version of a package of another environment, or nothing."""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    return subprocess.run(  # noqa: S603 - the environment was named by who measures
        [str(python), "-c", code], capture_output=True, text=True, check=False
    ).stdout.strip()


def _oidc(name: str, version: str, python: str) -> Peer:
    basic = {"Authorization": f"Basic {base64.b64encode(b'app:secret').decode()}"}

    def granted(connection: Connection) -> dict[str, str]:
        asked = {"client_id": "app", "redirect_uri": CALLBACK, "response_type": "code", "scope": "openid"}
        _, headers = connection.send(_form(f"/oauth2/authorize?{urlencode(asked)}", sub="ann"))
        code = parse_qs(urlsplit(headers["location"]).query)["code"][0]
        call = _form("/oauth2/token", grant_type="authorization_code", code=code, redirect_uri=CALLBACK)
        tokens: dict[str, str] = connection.json(call._replace(headers={**call.headers, **basic}))
        return tokens

    def token(connection: Connection) -> Call:
        call = _form("/oauth2/token", grant_type="refresh_token", refresh_token=granted(connection)["refresh_token"])
        return call._replace(headers={**call.headers, **basic})

    def bearer(connection: Connection) -> Call:
        return _bearer("/userinfo", granted(connection)["access_token"])

    command = (python, "-W", "ignore", "-m", "oidc_provider_mock", "--port", "PORT")
    return Peer(name, version, command, token, bearer, "refresh grant; GET /userinfo")


def _moto(name: str, version: str, python: str) -> Peer:
    def call(action: str, **members: Any) -> Call:
        signed = "AWS4-HMAC-SHA256 Credential=x/20300101/us-east-1/cognito-idp/aws4_request, SignedHeaders=host"
        target = f"AWSCognitoIdentityProviderService.{action}"
        headers = {"X-Amz-Target": target, "Authorization": signed, "Content-Type": "application/x-amz-json-1.1"}
        return Call("POST", "/", json.dumps(members).encode(), headers)

    def token(connection: Connection) -> Call:
        pool = connection.json(call("CreateUserPool", PoolName="p"))["UserPool"]["Id"]
        flows = ["ALLOW_USER_PASSWORD_AUTH"]
        client = connection.json(
            call("CreateUserPoolClient", UserPoolId=pool, ClientName="c", ExplicitAuthFlows=flows)
        )["UserPoolClient"]["ClientId"]
        person = {"UserPoolId": pool, "Username": "ann"}
        connection.send(call("AdminCreateUser", **person))
        connection.send(call("AdminSetUserPassword", **person, Password="Ann-secret1", Permanent=True))
        secrets = {"USERNAME": "ann", "PASSWORD": "Ann-secret1"}
        return call("InitiateAuth", ClientId=client, AuthFlow="USER_PASSWORD_AUTH", AuthParameters=secrets)

    def bearer(connection: Connection) -> Call:
        access = connection.json(token(connection))["AuthenticationResult"]["AccessToken"]
        return call("GetUser", AccessToken=access)

    command = (python, "-W", "ignore", "-m", "moto.server", "--port", "PORT")
    return Peer(name, version, command, token, bearer, "Cognito: InitiateAuth with a password; GetUser")


def _canned(name: str, version: str, python: str) -> Peer:
    command = (python, "-c", CANNED, "PORT")
    return Peer(name, version, command, None, lambda _: _bearer("/me", "t"), "no tokens; a canned answer by header")


# --- in JavaScript


def _node_peers(folder: Path) -> list[Peer]:
    package, node = folder / MODULE, shutil.which("node")
    if not node or not package.exists():
        return []
    facts = json.loads((package / "package.json").read_text(encoding="utf-8"))
    command = (node, str(package / facts["bin"]["oauth2-mock-server"]), "-a", "127.0.0.1", "-p", "PORT")

    def token(connection: Connection) -> Call:
        return _form("/token", grant_type="client_credentials", scope="s")

    def bearer(connection: Connection) -> Call:
        return _bearer("/userinfo", connection.json(token(connection))["access_token"])

    what = "client credentials grant, RS256; GET /userinfo, which takes any token"
    return [Peer("oauth2-mock-server", facts["version"], command, token, bearer, what)]


# --- in Java


def _java_peers(folder: Path) -> list[Peer]:
    package, java = folder / WIREMOCK, shutil.which("java")
    if not java or not package.exists():
        return []
    version = json.loads((package / "package.json").read_text(encoding="utf-8"))["version"]
    jar = package / "build" / f"wiremock-standalone-{version}.jar"
    command = (java, "-jar", str(jar), "--bind-address", "127.0.0.1", "--port", "PORT")

    def stub(connection: Connection, request: Mapping[str, Any], answer: Mapping[str, Any]) -> None:
        response = {"status": 200, "jsonBody": answer, "transformers": ["response-template"]}
        rule = json.dumps({"request": request, "response": response}).encode()
        connection.send(Call("POST", "/__admin/mappings", rule, {"Content-Type": "application/json"}))

    def token(connection: Connection) -> Call:
        wanted = {"grant_type": {"equalTo": "password"}, "username": {"equalTo": "ann@example.com"}}
        answer = {"access_token": "{{randomValue type='UUID'}}", "token_type": "Bearer", "expires_in": 3600}
        stub(connection, {"method": "POST", "urlPath": "/token", "formParameters": wanted}, answer)
        return _form("/token", grant_type="password", username="ann@example.com", password="ann-secret")

    def bearer(connection: Connection) -> Call:
        wanted = {"Authorization": {"equalTo": "Bearer t"}}
        stub(connection, {"method": "GET", "urlPath": "/me", "headers": wanted}, {"_id": "1", "name": "Ann"})
        return _bearer("/me", "t")

    what = "a canned answer with a random token by form; a canned answer by header; a journal"
    return [Peer("wiremock", version, command, token, bearer, what)]
