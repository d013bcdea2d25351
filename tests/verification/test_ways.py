"""How a run reaches its target: through proxies, with an authority of its own, and no faster than it may."""

import ssl
from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlsplit

import httpx
import pytest

from contract_tests.claims import NotTried, book, claim
from contract_tests.kit import Route, route, send_raw
from contract_tests.profiles import Profile, ServiceCloud, connect
from contract_tests.recording import Recorder
from contract_tests.sockets import Sockets
from mockspaces.server import Server
from tests.verification.test_preflight import page, standing


@pytest.fixture
def way() -> Iterator[Route]:
    """The way to the target of a run, put back after the test."""
    before = vars(route).copy()
    yield route
    vars(route).update(before)


@pytest.fixture
def secure(profile: Profile, server: Server, way: Route) -> Profile:
    """The profile by the HTTPS port of the mock, whose authority is trusted."""
    ca = httpx.get(f"{server.url}/_mock/ca.pem").content
    (profile.folder / "ca.pem").write_bytes(ca)
    way.tls = ssl.create_default_context(cadata=ca.decode())
    url = str(server.secure_url)
    return replace(
        profile, ca_file="ca.pem", urls={**profile.urls, "accounts": url, "api": f"{url}/api", "socket": url}
    )


def test_sockets_and_bytes_trust_whom_the_profile_trusts(secure: Profile, way: Route) -> None:
    """Over TLS a socket joins and bytes are answered, with the authority of the profile and with no other."""
    with connect(secure) as http:
        cloud = ServiceCloud(secure, http)
        with Sockets(cloud) as sockets:
            sockets.join(cloud.jwt_user())
        request = b"GET /api/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        assert send_raw(secure.urls["api"], request).json()["code"] == "auth.credential_missing"
        way.tls = ssl.create_default_context()
        with pytest.raises(ssl.SSLCertVerificationError):
            send_raw(secure.urls["api"], request)
        with pytest.raises(ssl.SSLCertVerificationError), Sockets(cloud) as sockets:
            sockets.open()
        cloud.clean_up()


def test_frames_and_bytes_count_as_calls(profile: Profile, way: Route) -> None:
    """A handshake, each frame but those that keep it alive, and raw bytes wait for their turn."""
    waited: list[int] = []
    with connect(profile) as http:
        cloud = ServiceCloud(profile, http)
        ann = cloud.jwt_user()
        way.pace = lambda: waited.append(1)
        with Sockets(cloud) as sockets:
            chat = sockets.join(ann)
            chat.emit("x", {})
            chat.settle()
        assert len(waited) == 3  # the handshake, the CONNECT, and the event
        send_raw(profile.urls["api"], b"GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert len(waited) == 4
        cloud.clean_up()


@pytest.mark.usefixtures("way")
def test_raw_bytes_are_evidence(profile: Profile) -> None:
    """What is answered to them is kept, counts as a refusal, and shows nothing if the target breaks."""
    recorder = Recorder()
    recorder.begin("test_x.py::test_it", ["A-01"])
    before, book.keep, book.lenient = book.keep, recorder.exchange, True
    try:
        book.begin()
        with claim("A-01", "it is refused"):
            send_raw(profile.urls["api"], b"GET /api/users/me HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        assert (book.claims[0].state, book.claims[0].refusal, book.claims[0].exchanges) == ("held", True, [0])
        with standing(page("503 Busy")) as url, pytest.raises(NotTried, match="broke"):
            send_raw(url, b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    finally:
        book.keep, book.lenient = before, False
        book.begin()


def test_proxies_count_only_where_they_are_asked_for(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy of the environment is used if the profile says so, and not for hosts that the environment spares."""
    api = profile.urls["api"]
    with standing(page("418 Proxy")) as proxy:
        monkeypatch.setenv("http_proxy", proxy)
        monkeypatch.setenv("no_proxy", "")

        def status(**members: bool) -> int:
            with connect(replace(profile, **members)) as http:  # type: ignore[arg-type]
                return http.get(f"{api}/users/me").status_code

        assert status() == 401
        assert status(proxies_from_environment=True) == 418
        monkeypatch.setenv("no_proxy", str(urlsplit(api).hostname))
        assert status(proxies_from_environment=True) == 401
