"""HTTPS beside HTTP: the certificate, the CA, and the names that are handed out."""

import http.client
import json
import socket
import ssl
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from mockspaces.client import Mockspaces
from mockspaces.config import Config
from mockspaces.contract import hosts
from mockspaces.server import Server, tls
from tests.conftest import Serve
from tests.test_cli import refusal


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    """A server with both ports and the vendor's names."""
    with Server(Config(port=0, tls=True, tls_port=0, vendor_hosts="production", control_token="T")) as running:
        yield running


def trust(server: Server) -> ssl.SSLContext:
    """Return what the strictest client does with the CA that the server offers over HTTP, without any token."""
    context = ssl.create_default_context(cadata=fetch(f"http://127.0.0.1:{server.port}", "/_mock/ca.pem").decode())
    context.verify_flags |= ssl.VERIFY_X509_STRICT
    return context


def fetch(url: str, path: str, context: ssl.SSLContext | None = None, status: int = 200, **headers: str) -> bytes:
    """Return the body of an answer."""
    parts = urlsplit(url)
    assert parts.hostname
    connection = (
        http.client.HTTPConnection(parts.hostname, parts.port, timeout=10)
        if context is None
        else http.client.HTTPSConnection(parts.hostname, parts.port, timeout=10, context=context)
    )
    connection.request("GET", path, headers=headers)
    answer = connection.getresponse()
    body = answer.read()
    connection.close()
    assert answer.status == status, body
    return body


def handshake(server: Server, name: str, context: ssl.SSLContext) -> str | None:
    """Connect as to a host of this name; return the TLS version."""
    assert server.secure_url
    parts = urlsplit(server.secure_url)
    with (
        socket.create_connection((str(parts.hostname), parts.port)) as plain,
        context.wrap_socket(plain, server_hostname=name) as secured,
    ):
        return secured.version()


@pytest.mark.behaviour("ACC-GEN-01", "REST-HOST-01", "RT-EP-01")
def test_certificate_is_good_for_every_name(server: Server) -> None:
    """A strict client that trusts the CA accepts the server under every host name of the vendor and on the loopback."""
    context = trust(server)
    for name in (*hosts.NAMES, *tls.LOCAL_NAMES):
        assert handshake(server, name, context) == "TLSv1.3", name


def test_certificate_is_good_for_nothing_else(server: Server) -> None:
    """A name that is neither the vendor's nor local is refused by the client."""
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(server, "avayacloud.com", trust(server))


def test_public_name_is_in_the_certificate() -> None:
    """The name under which the mock is published, a service of a container network, is vouched for too."""
    with Server(Config(port=0, tls=True, tls_port=0, public_url="https://mock:8443")) as running:
        assert handshake(running, "mock", trust(running))


def test_every_process_has_a_ca_of_its_own(server: Server) -> None:
    """Who trusts one mock does not trust another: no key is shared or kept."""
    with (
        Server(Config(port=0, tls=True, tls_port=0)) as other,
        pytest.raises(ssl.SSLCertVerificationError, match="certificate verify failed"),
    ):
        handshake(other, "localhost", trust(server))


def test_only_the_certificate_of_the_ca_is_given_away(server: Server) -> None:
    """What is served is one certificate in PEM, no key and nothing else."""
    lines = fetch(server.url, "/_mock/ca.pem").decode().splitlines()
    assert (lines[0], lines[-1]) == ("-----BEGIN CERTIFICATE-----", "-----END CERTIFICATE-----")
    assert sum(line.startswith("-----") for line in lines) == 2


def test_both_ports_serve_one_world(server: Server) -> None:
    """HTTP and HTTPS are doors to the same state, at the same time."""
    assert server.secure_url
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    parts = urlsplit(server.secure_url)
    connection = http.client.HTTPSConnection(str(parts.hostname), parts.port, context=trust(server), timeout=10)
    connection.request("POST", "/api/anonymous/auth", "displayname=Gil", form)
    token = json.loads(connection.getresponse().read())["token"]
    connection.close()
    me = fetch(server.url, "/api/users/me", Authorization=f"jwt {token}")
    assert json.loads(me)["displayname"] == "Gil"


@pytest.mark.behaviour("MISC-CONF-01", "REST-HOST-02")
@pytest.mark.parametrize("host", ["spacesapis.zang.io", "127.0.0.1", "evil.example"])
def test_vendor_names_are_handed_out_whatever_the_host_header(server: Server, host: str) -> None:
    """With vendor hosts every surface is named as in that deployment; the Host header plays no part (REST-HOST-01)."""
    shown = json.loads(fetch(server.url, "/api/service-configurations", Host=host))
    assert shown == {
        "spaces": {
            "server_url": "https://spacesapis.avayacloud.com",
            "socketio_server_url": "https://spacesapis-socket.avayacloud.com",
            "marketing_url": "https://spaces.avayacloud.com",
        },
        "store": {"server_url": "https://spacesapis.avayacloud.com"},
        "accounts": {"server_url": "https://accounts.avayacloud.com"},
    }


@pytest.mark.parametrize(
    ("deployment", "service", "origin"),
    [
        ("older", "accounts", "https://accounts.zang.io"),
        ("older", "web", "https://spacesapis.zang.io"),
        ("staging", "rest", "https://loganstagingapis.esna.com"),
        ("testing", "socket", "https://onesnatesting.esna.com"),
    ],
)
def test_every_deployment_names_every_service(deployment: hosts.Deployment, service: str, origin: str) -> None:
    """Where no source names a host, another of the same deployment stands in."""
    assert hosts.origins(deployment)[service] == origin


def test_without_tls_there_is_no_ca() -> None:
    """A server without TLS says where a CA would come from."""
    with Server(Config(port=0)) as running:
        refused = json.loads(fetch(running.url, "/_mock/ca.pem", status=404))
    assert "serve --tls" in refused["why"]


@pytest.fixture(scope="module")
def own_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate and its key in two files."""
    folder = tmp_path_factory.mktemp("own")
    issued = tls.issue(["mock.test"])
    certificate, key = folder / "cert.pem", folder / "key.pem"
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.key)
    return certificate, key


def test_own_certificate_stands_in_for_the_throw_away_one(own_files: tuple[Path, Path]) -> None:
    """With a certificate of the user's own that one is shown, and there is no CA to fetch."""
    certificate, key = map(str, own_files)
    with Server(Config(port=0, tls=True, tls_port=0, tls_cert=certificate, tls_key=key)) as running:
        assert fetch(running.url, "/_mock/ca.pem", status=404)
        assert running.secure_url
        parts = urlsplit(running.secure_url)
        shown = ssl.get_server_certificate((str(parts.hostname), parts.port or 0))
    assert shown.strip() == own_files[0].read_text().strip()


def test_command_line_writes_the_ca(serve: Serve, tmp_path: Path) -> None:
    """The CA file is there as soon as the server is ready, and it is the one that the server offers."""
    path = tmp_path / "ca.pem"
    served = serve("--tls", "--tls-port", "0", "--ca-file", str(path))
    assert served.secure_url.startswith("https://127.0.0.1:")
    context = ssl.create_default_context(cafile=path)
    assert fetch(served.secure_url, "/_mock/ca.pem", context) == path.read_bytes()


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        ("--ca-file ca.pem", "--tls-cert, --tls-key and --ca-file need --tls"),
        ("--tls --tls-key {key}", "--tls-key needs --tls-cert"),
        ("--tls --tls-cert {cert} --tls-key {key} --ca-file ca.pem", "--ca-file is for the throw-away CA"),
        ("--tls --tls-cert {missing}", "missing.pem: No such file or directory"),
        ("--tls --tls-cert {cert} --tls-key {missing}", "missing.pem: No such file or directory"),
        ("--tls --tls-cert {cert}", "no certificate chain with its unencrypted key in PEM"),
        ("--tls --tls-cert {key}", "no certificate chain with its unencrypted key in PEM"),
        ("--tls --ca-file {missing}/ca.pem", "ca.pem: No such file or directory"),
        ("--tls --tls-port 99999", "not in the range"),
    ],
)
def test_bad_option_is_one_line(own_files: tuple[Path, Path], options: str, complaint: str) -> None:
    """A certificate that cannot be used, or options that contradict each other, are refused before anything starts."""
    certificate, key = own_files
    names = {"cert": certificate, "key": key, "missing": key.with_name("missing.pem")}
    arguments = [word.format(**names) for word in options.split()]
    assert complaint in refusal("serve", "--port", "0", "--tls-port", "0", *arguments)


def test_taken_port_is_named(serve: Serve) -> None:
    """An HTTPS port that is in use is named in the refusal."""
    port = str(urlsplit(serve("--tls", "--tls-port", "0").secure_url).port)
    said = refusal("serve", "--port", "0", "--tls", "--tls-port", port)
    assert said == f"mockspaces: 127.0.0.1:{port}: Address already in use\n"


@pytest.fixture
def ca_file(server: Server, tmp_path: Path) -> Path:
    """The CA of the server in a file."""
    path = tmp_path / "ca.pem"
    path.write_bytes(fetch(f"http://127.0.0.1:{server.port}", "/_mock/ca.pem"))
    return path


def test_the_client_speaks_https(server: Server, ca_file: Path) -> None:
    """With the CA of the mock the client opens worlds over HTTPS; its clones and worlds trust the same."""
    assert server.secure_url
    with Mockspaces(server.secure_url, control_token="T", ca_file=ca_file) as mock, mock.open_world() as world:
        assert world.call("GET", "/health")["status"] == "ok"
        with world.clone() as twin:
            assert twin.user("eva@example.com").username == "eva@example.com"


def test_the_client_trusts_nobody_unasked(server: Server, tmp_path: Path) -> None:
    """Without that CA nothing is sent, least of all the control token; a file that is no certificate is refused."""
    assert server.secure_url
    with Mockspaces(server.secure_url, control_token="T") as mock, pytest.raises(ssl.SSLCertVerificationError):
        mock.call("GET", "/health")
    with pytest.raises(FileNotFoundError):
        Mockspaces(server.secure_url, ca_file=tmp_path / "none.pem")
    (tmp_path / "ca.pem").write_text("no certificate", encoding="utf-8")
    with pytest.raises(ssl.SSLError):
        Mockspaces(server.secure_url, ca_file=tmp_path / "ca.pem")


def test_the_fixture_speaks_https(server: Server, ca_file: Path, pytester: pytest.Pytester) -> None:
    """Tests of another project use a mock over HTTPS by an option."""
    pytester.makepyfile("def test_x(mockspaces): assert mockspaces.user('eva@example.com')")
    options = (f"--mockspaces-url={server.secure_url}", "--mockspaces-token=T", f"--mockspaces-ca={ca_file}")
    pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:asyncio", *options).assert_outcomes(passed=1)


@pytest.mark.behaviour("CTRL-06")
@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("https://localhost:{port}", 200),
        ("http://localhost:{port}", 403),
        ("https://accounts.avayacloud.com", 403),
    ],
)
def test_live_page_may_speak_over_https(server: Server, origin: str, status: int) -> None:
    """A page of the HTTPS port is the mock's own; one at a name of the vendor, which may be the real one, is not."""
    assert server.secure_url
    port = urlsplit(server.secure_url).port
    headers = {"Origin": origin.format(port=port), "X-Mock-Token": "T"}
    assert fetch(server.secure_url, "/_mock", trust(server), status, **headers)
