"""The vendor's host names lead to the world of a test inside its process, to nothing else, and only meanwhile."""

import pytest

from mockspaces.contract import hosts
from tests.test_plugin_reports import SYNC

pytestmark = pytest.mark.slow

WATCHED = """
import sys
import pytest
from mockspaces.contract import hosts

SEEN = []

def watch(event, arguments):
    if event in ("socket.getaddrinfo", "socket.gethostbyname"):
        SEEN.append(str(arguments[0]))
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        SEEN.append(str(arguments[1][0]))

sys.addaudithook(watch)  # below everything that can be replaced: what really leaves the process

@pytest.fixture(autouse=True)
def nothing_left_the_machine():
    yield
    assert {place for place in SEEN if not place.startswith("127.")} <= {"::1", "localhost"}
"""
CLIENTS = """
import asyncio, os, socket, ssl, threading, urllib.request
import httpx, pytest, requests, socketio, websocket
from mockspaces.contract import hosts

ME = "https://spacesapis.avayacloud.com/api/users/me"
EARLY = requests.Session()
CONTEXT = ssl.create_default_context()

def headers(world):
    return {"Authorization": f"Bearer {world.token('ann@example.com')}"}

def state():
    return (
        *(vars(socket)[name] for name in ("getaddrinfo", "gethostbyname", "gethostbyname_ex")),
        {name: value for name, value in vars(socket.socket).items() if "connect" in name},
        {name: value for name, value in vars(ssl.SSLContext).items() if "wrap" in name},
        dict(os.environ),
        threading.active_count(),
    )

def test_requests(mockspaces_vendor_hosts):
    for get in (requests.get, EARLY.get):
        assert get(ME, headers=headers(mockspaces_vendor_hosts)).json()["username"] == "ann@example.com"
    assert [entry.status for entry in mockspaces_vendor_hosts.journal] == [200, 200]

def test_httpx(mockspaces_vendor_hosts):
    assert httpx.get(ME, headers=headers(mockspaces_vendor_hosts)).json()["username"] == "ann@example.com"

@pytest.mark.parametrize("loop", ["asyncio", "uvloop"])
def test_httpx_in_a_loop(mockspaces_vendor_hosts, loop):
    async def main():
        async with httpx.AsyncClient() as client:
            return (await client.get(ME, headers=headers(mockspaces_vendor_hosts))).status_code

    assert (asyncio.run if loop == "asyncio" else __import__("uvloop").run)(main()) == 200

@pytest.mark.parametrize("name", hosts.NAMES)
def test_every_name(mockspaces_vendor_hosts, name):
    with urllib.request.urlopen(f"https://{name}/health", context=CONTEXT) as answer:
        assert answer.read() == b"OK"
    assert socket.gethostbyname(name.upper()).startswith("127.")
    with pytest.raises(socket.gaierror):
        socket.getaddrinfo(name, 443, socket.AF_INET6)

def test_sockets(mockspaces_vendor_hosts):
    world = mockspaces_vendor_hosts
    query = f"token={world.token('ann@example.com', kind='jwt')}&tokenType=jwt"
    wire = websocket.create_connection(
        f"wss://spacesapis-socket.avayacloud.com/socket.io/?{query}&EIO=3&transport=websocket"
    )
    assert wire.recv().startswith("0{")
    wire.close()
    client = socketio.Client()
    client.connect(
        f"https://spacesapis-socket.avayacloud.com?{query}", namespaces=["/chat"], transports=["websocket"]
    )
    client.disconnect()

def test_hands_out_the_names(mockspaces):
    def told():
        return mockspaces.call("GET", "")["urls"]["api"]

    before = told()
    with mockspaces.vendor_hosts("staging"):
        assert told() == "https://loganstagingapis.esna.com/api"
    assert told() == before

def test_undone_exactly(mockspaces, mockspaces_server, monkeypatch):
    monkeypatch.setenv("HTTPS_PROXY", "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "127.0.0.1,else.example")
    monkeypatch.delenv("NO_PROXY", raising=False)
    before = state()
    with pytest.raises(KeyError), mockspaces.vendor_hosts():
        assert state() != before
        assert requests.get(ME).status_code == 401
        with mockspaces_server.open_world() as other, other.vendor_hosts():
            assert requests.get(ME).status_code == 401
            assert len(list(other.journal)) == 1
        assert requests.get(ME).status_code == 401
        assert len(list(mockspaces.journal)) == 2
        raise KeyError
    assert state() == before

def test_refuses(mockspaces, mockspaces_server, monkeypatch):
    with mockspaces.vendor_hosts():
        with pytest.raises(requests.ConnectionError):
            requests.get("http://spacesapis.avayacloud.com/health")
        with socket.socket() as plain:
            assert plain.connect_ex(("spacesapis.avayacloud.com", 80))
        untrusted = ssl.create_default_context()
        with socket.create_connection(("spacesapis.avayacloud.com", 443)) as plain, pytest.raises(ssl.SSLError):
            untrusted.wrap_socket(plain, server_hostname="another.example")
    below = type(mockspaces)(f"{mockspaces_server.url}/w/{mockspaces.name}")
    with pytest.raises(ValueError, match="no port of its own"), below.vendor_hosts():
        pass
"""


@pytest.mark.parametrize("options", [SYNC, ("-n", "2", "-p", "no:asyncio")], ids=["alone", "workers"])
def test_clients_with_hard_coded_hosts_reach_the_world(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...]
) -> None:
    """Every client and loop of this environment reaches the world by each name, and nothing leaves the machine."""
    monkeypatch.setenv("no_proxy", "*")
    pytester.makeconftest(WATCHED)
    pytester.makepyfile(CLIENTS)
    result = pytester.runpytest_subprocess("-W", "error", *options)
    result.assert_outcomes(passed=8 + len(hosts.NAMES))
