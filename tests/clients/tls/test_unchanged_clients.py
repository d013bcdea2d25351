"""Programs with the vendor's host names compiled in run against the mock without a changed line.

Each name is the loopback in a network namespace with its own hosts file, the mock listens on the real port 443
there, and the CA is trusted by the variable that every operator knows.
"""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from mockspaces.contract import hosts
from tests.conftest import MOCKSPACES, lack, require

HERE = Path(__file__).parent
LIBRARIES = HERE.parent / "realtime" / "node_modules"
PYTHON_4 = HERE.parent / "realtime" / ".venv" / "bin" / "python"
TRUST = ("SSL_CERT_FILE", "NODE_EXTRA_CA_CERTS", "WEBSOCKET_CLIENT_CA_BUNDLE")
EXAMPLES = HERE.parents[2] / "deploy"
NAMESPACES = ("unshare", "--map-root-user", "--net", "--mount")
# Runs in the new namespaces; the shell becomes the mock, so that its process id is that of the namespaces too.
SET_UP = """
    ip link set lo up
    mount --bind "$1" /etc/hosts
    shift
    exec "$@"
"""


@dataclass(frozen=True)
class Network:
    """A network in which the vendor's names lead to a mock."""

    process: subprocess.Popen[str]
    ca: Path

    def run(self, *command: str) -> str:
        """Run a program in the network, trusting the CA; return what it says."""
        enter = ["nsenter", "--target", str(self.process.pid), "--user", "--preserve-credentials", "--net", "--mount"]
        variables = {**os.environ, **dict.fromkeys(TRUST, str(self.ca))}
        done = subprocess.run(
            [*enter, *command], capture_output=True, text=True, timeout=60, check=False, env=variables
        )
        assert done.returncode == 0, done.stderr
        return done.stdout


@pytest.fixture(scope="module")
def network(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Network]:
    """A network namespace with a mock on ports 80 and 443 and a hosts file of its own."""
    for tool in ("unshare", "nsenter", "ip"):
        require(tool)
    if subprocess.run([*NAMESPACES, "true"], capture_output=True, timeout=30, check=False).returncode:
        lack("needs namespaces of its own, which this machine does not allow")
    folder = tmp_path_factory.mktemp("network")
    table, ca = folder / "hosts", folder / "ca.pem"
    table.write_text(f"127.0.0.1 localhost {' '.join(hosts.NAMES)}\n")
    mock = [*MOCKSPACES, "serve", "--port", "80", "--tls", "--tls-port", "443", "--ca-file", str(ca)]
    command = [*NAMESPACES, "sh", "-euc", SET_UP, "sh", str(table), *mock, "--vendor-hosts", "production"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        ready = process.stdout.readline()
        assert ready == "ready http://127.0.0.1:80 https://127.0.0.1:443\n"
        yield Network(process, ca)
        process.terminate()
        assert process.wait(10) == 0


@pytest.mark.behaviour("ACC-GEN-01", "REST-HOST-01", "ACC-IMG-01")
def test_python_program_is_served_by_every_url_it_gets(network: Network) -> None:
    """An httpx program signs in, writes and pages, and each URL that it is handed leads to the mock again."""
    seen = json.loads(network.run(sys.executable, str(HERE / "program.py")))
    assert seen["username"] == "ann@example.com"
    assert seen["picture"] == ["https://accounts.avayacloud.com/norevimages/noimage.jpg", 200, "image/jpeg"]
    assert seen["servers"]["spaces"]["server_url"] == "https://spacesapis.avayacloud.com"
    assert seen["messages"] == ["world", "hello"]


@pytest.mark.needs("node")
def test_node_program_is_served_by_every_url_it_gets(network: Network) -> None:
    """The same in JavaScript, where the CA comes by NODE_EXTRA_CA_CERTS."""
    seen = json.loads(network.run("node", str(HERE / "program.mjs")))
    assert seen == {
        "username": "ann@example.com",
        "picture": ["https://accounts.avayacloud.com/norevimages/noimage.jpg", 200],
    }


@pytest.mark.needs("node")
@pytest.mark.behaviour("RT-EP-01", "RT-EP-02")
@pytest.mark.parametrize("library", ["socket.io-client-1.7.3", "socket.io-client-2.5.0", "socket.io-client-4"])
def test_socket_program_connects_over_tls(network: Network, library: str) -> None:
    """A Socket.IO program of each generation joins the chat at the vendor's address, over wss."""
    if not (LIBRARIES / library).exists():
        lack(f"needs {library}; scripts/clients installs it")
    assert network.run("node", str(HERE / "socket.cjs"), str(LIBRARIES / library)) == "connected\n"


@pytest.mark.behaviour("RT-EP-03")
def test_documented_python_program_connects_over_tls(network: Network) -> None:
    """So does one for python-socketio 4, whose WebSocket library has a variable of its own for the CA."""
    if not PYTHON_4.exists():
        lack("needs python-socketio 4; scripts/clients installs it")
    assert network.run(str(PYTHON_4), str(HERE / "socket4.py")) == "connected\n"


def test_program_that_does_not_trust_the_ca_is_not_served(network: Network) -> None:
    """Without the CA the same program stops at the handshake, as it would at any stranger."""
    stranger = Network(network.process, Path("/etc/ssl/certs/ca-certificates.crt"))
    with pytest.raises(AssertionError, match="CERTIFICATE_VERIFY_FAILED"):
        stranger.run(sys.executable, str(HERE / "program.py"))


def test_example_client_says_hello(network: Network) -> None:
    """The client of the compose example does what its docstring says."""
    said = network.run(sys.executable, str(EXAMPLES / "client.py"))
    assert said == "Ann Example said hello at https://spacesapis.avayacloud.com/api\n"


def test_http_is_served_at_the_same_names(network: Network) -> None:
    """Plain HTTP answers on port 80 of the same names, in the same process."""
    code = "import urllib.request as r; print(r.urlopen('http://accounts.zang.io/_mock/health').read().decode())"
    assert json.loads(network.run(sys.executable, "-c", code))["status"] == "ok"
