"""What a server says on standard error, and which variables of the environment it listens to."""

import json
import urllib.error
import urllib.request
from typing import Any

import pytest
import websockets.exceptions
import websockets.sync.client

from mockspaces.cli import main
from mockspaces.config import Config
from tests.conftest import Serve
from tests.test_cli import refusal

VARIABLES = {"settings": "set"}


def said(serve: Serve, style: str, *paths: str) -> list[str]:
    """Return what a server logs about requests: all lines that are not about its own start and end."""
    served = serve("--log-level", "info", "--log-format", style)
    for path in paths:
        request = urllib.request.Request(f"{served.url}{path}", headers={"Authorization": "jwt SECRET.SECRET.SECRET"})  # noqa: S310 - loopback
        try:
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310 - loopback
        except urllib.error.HTTPError as refused:
            refused.close()
    code, _out, err = served.end()
    assert code == 0
    assert "SECRET" not in err
    return [line for line in err.splitlines() if "mockspaces.access" in line]


def test_lines_tell_outcome_and_why(serve: Serve) -> None:
    """A person reads one line per exchange: what was asked, what was answered, and why it was refused."""
    fine, refused = said(serve, "lines", "/health?token=SECRET", "/api/users/me")
    assert fine.endswith("INFO mockspaces.access: GET /health 200")
    assert " GET /api/users/me 401 auth.credential_invalid: the header is not " in refused


def test_json_has_every_fact_by_name(serve: Serve) -> None:
    """A machine reads one object per exchange, with the facts of the journal and the world by name."""
    [line] = said(serve, "json", "/api/users/me")
    facts: dict[str, Any] = json.loads(line)
    assert facts.pop("time").endswith("Z")
    why = facts.pop("why")
    assert "base64url" in why
    assert facts == {
        "level": "warning",
        "logger": "mockspaces.access",
        "message": f"GET /api/users/me 401 auth.credential_invalid: {why}",
        "world": "default",
        "surface": "rest",
        "method": "GET",
        "path": "/api/users/me",
        "endpoint": "USERS-ME",
        "status": 401,
        "code": "auth.credential_invalid",
    }


def test_socket_is_logged_without_its_token(serve: Serve) -> None:
    """A connection is a line with its outcome and why; the token in its query is nowhere in the log."""
    served = serve("--log-level", "info")
    url = f"{served.url.replace('http', 'ws')}/socket.io/?token=SECRET.A.B&tokenType=jwt&EIO=3&transport=websocket"
    with websockets.sync.client.connect(url, proxy=None) as connection:
        connection.send("40/chat?token=SECRET.A.B&tokenType=jwt")
        while not str(connection.recv(timeout=10)).startswith("44/chat"):
            pass
    _code, _out, err = served.end()
    assert "IN connect /chat auth.credential_invalid: " in err
    assert "SECRET" not in err


def test_frame_that_is_no_utf8_is_no_error_of_the_server(serve: Serve) -> None:
    """A client that sends broken text is cut off with a close code; the log has no traceback of it."""
    served = serve()
    url = f"{served.url.replace('http', 'ws')}/socket.io/?EIO=3&transport=websocket"
    with websockets.sync.client.connect(url, proxy=None) as connection:
        connection.send(b"42\xff", text=True)
        with pytest.raises(websockets.exceptions.ConnectionClosedError):
            list(connection)
    assert served.end() == (0, "", "")


@pytest.mark.parametrize("style", ["lines", "json"])
def test_client_cannot_forge_a_line(serve: Serve, style: str) -> None:
    """A line break or a control character in a path stays inside its line, escaped."""
    [line] = said(serve, style, "/api/x%0aforged%1b[2J")
    assert "\x1b" not in line
    assert "forged" in line


def test_health_checks_are_not_logged(serve: Serve) -> None:
    """What asks every few seconds does not fill the log, but a refused control call is in it."""
    [line] = said(serve, "lines", "/_mock/health", "/_mock/journal", "/_mock/no-such-call")
    assert "GET /_mock/no-such-call 404 route.not_found" in line


@pytest.mark.parametrize(
    ("variable", "complaint"),
    [
        ("MOCKSPACES_PRT", 'MOCKSPACES_PRT is no option; did you mean "MOCKSPACES_PORT"?'),
        ("MOCKSPACES_TLS_CA_FILE", 'MOCKSPACES_TLS_CA_FILE is no option; did you mean "MOCKSPACES_CA_FILE"?'),
        ("MOCKSPACES_XYZZY", "MOCKSPACES_XYZZY is no option"),
    ],
)
def test_misspelt_variable_is_refused(monkeypatch: pytest.MonkeyPatch, variable: str, complaint: str) -> None:
    """A variable that looks like an option but is none ends the start, with the nearest name."""
    monkeypatch.setenv(variable, "1")
    assert complaint in refusal("serve", "--port", "0")


@pytest.mark.parametrize(
    ("variable", "value", "complaint"),
    [
        ("MOCKSPACES_PORT", "x", "not a valid integer"),
        ("MOCKSPACES_TLS", "perhaps", "not a valid boolean"),
        ("MOCKSPACES_LOG_FORMAT", "xml", "is not one of"),
        ("MOCKSPACES_VENDOR_HOSTS", "prod", "is not one of"),
        ("MOCKSPACES_PUBLIC_URL", "mock:8080", "--public-url: expected a URL"),
        ("MOCKSPACES_SEED", "/no/such/seed.json", "/no/such/seed.json: No such file or directory"),
        ("MOCKSPACES_CA_FILE", "/ca.pem", "need --tls"),
    ],
)
def test_bad_value_of_a_variable_is_one_line(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str, complaint: str
) -> None:
    """What an option refuses on the command line it refuses in the environment."""
    monkeypatch.setenv(variable, value)
    assert complaint in refusal("serve")


def test_links_of_a_cluster_are_no_options(monkeypatch: pytest.MonkeyPatch, serve: Serve) -> None:
    """What Kubernetes tells every container about a service called mockspaces does not keep the mock from starting."""
    for name in ("SERVICE_HOST", "SERVICE_PORT", "SERVICE_PORT_HTTP", "PORT_8080_TCP", "PORT_8080_TCP_ADDR"):
        monkeypatch.setenv(f"MOCKSPACES_{name}", "tcp://192.0.2.1:8080")
    assert serve().end() == (0, "", "")


def test_every_member_of_the_configuration_has_its_variable() -> None:
    """Whatever can be configured can be configured by a variable of the environment, as a container needs it."""
    variables = {str(option.envvar) for option in main.commands["serve"].params}
    assert variables == {f"MOCKSPACES_{VARIABLES.get(name, name).upper()}" for name in Config.__struct_fields__}
