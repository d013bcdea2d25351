"""What is wrong with a profile, its credentials or its service is said before a run, in one sentence each."""

import json
import re
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from contract_tests import preflight, profiles
from contract_tests.preflight import check
from contract_tests.profiles import Profile
from mockspaces.client import Mockspaces
from mockspaces.server import Server
from tests.verification.conftest import SCOPES


def problem(profile: Profile) -> str:
    """Return the one problem of a profile."""
    [found] = check(profile).problems
    return found


def given(profile: Profile, **environment: str) -> Profile:
    """Return the profile in another environment."""
    return replace(profile, environment={**profile.environment, **environment})


def test_nothing_is_wrong_with_what_works(profile: Profile) -> None:
    """People, keys, scopes, URLs and clocks of an honest service are taken as they are."""
    found = check(profile)
    assert (found.problems, found.remarks, found.profile) == ([], [], profile)


def test_people_without_a_client_sign_in_for_a_jwt(profile: Profile) -> None:
    """A profile may have people and no client; their passwords are tried all the same."""
    without = replace(profile, oauth_client={})
    assert check(without).problems == []
    said = problem(given(without, BOB_PASSWORD="wrong"))
    assert said == 'people."bob@example.com" (BOB) cannot sign in (400 invalid_grant); look at BOB and BOB_PASSWORD'


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"ANN": "", "SECRET": "", "KEY": ""}, "these environment variables are not set: ANN, KEY, SECRET"),
        (
            {"ANN_PASSWORD": "wrong"},
            'people."ann@example.com" (ANN) cannot sign in (400 invalid_grant); look at ANN and ANN_PASSWORD',
        ),
        ({"SECRET": "wrong"}, "oauth_client: the client is not accepted; look at ID and SECRET"),
        ({"KEY": "none.json"}, "apps.Example: the key file of KEY cannot be read: No such file or directory"),
    ],
)
def test_credentials_that_do_not_work(profile: Profile, environment: dict[str, str], said: str) -> None:
    """Variables that are not set are listed, and each credential that is refused is named by its variable."""
    assert problem(given(profile, **environment)) == said


def test_two_parts_are_not_one_account(profile: Profile) -> None:
    """Tests of two people would show nothing with one."""
    password = profile.environment["ANN_PASSWORD"]
    said = problem(given(profile, BOB="Ann@example.com", BOB_PASSWORD=password))
    assert (
        said == 'people."bob@example.com" (BOB) is the account of people."ann@example.com" too: each part needs its own'
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("no JSON", "is no key file of a service app"),
        ('{"iss": "a", "sub": "b", "kid": "c"}', "is no key file of a service app: it lacks 'private_key'"),
        ('{"iss": "a", "sub": "b", "kid": "c", "private_key": "d"}', "is no key file of a service app"),
        ("[]", "is no key file of a service app"),
    ],
)
def test_a_file_that_is_no_key(profile: Profile, text: str, said: str) -> None:
    """A key file is JSON with four members and a private key in PEM."""
    (profile.folder / "bad.json").write_text(text, encoding="utf-8")
    assert problem(given(profile, KEY="bad.json")) == f"apps.Example: the key file of KEY {said}"


def test_a_key_that_is_not_accepted(profile: Profile, mock: Mockspaces) -> None:
    """A key of another service, or of an app that was switched off, is told before bad tokens are judged."""
    app = mock.service_app(scopes=SCOPES)
    mock.call("PATCH", f"/service-apps/{app.key['iss']}", {"active": False})
    (profile.folder / "off.json").write_text(json.dumps(app.key), encoding="utf-8")
    foreign = app.key | {"iss": "0" * 20, "sub": "x@y"}
    (profile.folder / "foreign.json").write_text(json.dumps(foreign), encoding="utf-8")
    refusal = "apps.Example (KEY): the target refuses the token of this app (401 {}): is it active, of this service"
    assert problem(given(profile, KEY="off.json")).startswith(refusal.format("auth.app_inactive"))
    assert problem(given(profile, KEY="foreign.json")).startswith(refusal.format("auth.credential_invalid"))


def test_a_scope_that_is_claimed_in_vain(profile: Profile) -> None:
    """What needs it is not tried, which is said; the app keeps its other scopes."""
    claimed = replace(profile, apps={"Example": [{"key_file_env": "KEY", "scopes": [*SCOPES, "users.search"]}]})
    found = check(claimed)
    assert found.problems == []
    assert found.remarks == [
        "apps.Example (KEY) lacks the scope users.search that the profile claims: what needs it is not tried"
    ]
    assert found.profile == profile


@pytest.mark.parametrize(("ahead", "said"), [(300, r"30\d s ahead of"), (-300, r"(?:29\d|300) s behind")])
def test_clocks_that_do_not_agree(profile: Profile, monkeypatch: pytest.MonkeyPatch, ahead: int, said: str) -> None:
    """A machine whose clock is wrong could not tell what expired."""

    class Clock:
        monotonic, sleep = time.monotonic, time.sleep

        @staticmethod
        def time() -> float:
            return time.time() + ahead + 0.5

    monkeypatch.setattr(preflight, "time", Clock)
    assert re.search(f"the clock of this machine is {said} the target's", problem(profile))


# --- what stands at the URLs

Answer = Callable[[socket.socket], None]


@contextmanager
def standing(answer: Answer) -> Iterator[str]:
    """Yield the URL of something that answers each connection so."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(20)
        ended = threading.Event()

        def serve() -> None:
            while not ended.is_set():
                try:
                    connection, _peer = listening.accept()
                except OSError:
                    return
                with connection:
                    connection.settimeout(5)
                    if not ended.is_set():
                        answer(connection)

        thread = threading.Thread(target=serve)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        ended.set()
        with socket.create_connection(listening.getsockname()):
            pass
        thread.join()


def page(status: str, text: str = "<html>Sign in</html>") -> Answer:
    """Answer every request with a page."""

    def answer(connection: socket.socket) -> None:
        connection.recv(65536)
        head = f"HTTP/1.1 {status}\r\nContent-Type: text/html\r\nConnection: close\r\nContent-Length: {len(text)}"
        connection.sendall(f"{head}\r\n\r\n{text}".encode())

    return answer


def hanging(connection: socket.socket) -> None:
    """Never answer: wait until the client has lost patience."""
    while connection.recv(65536):
        pass


WRONG = {
    "a proxy without a service behind it": (
        page("502 Bad Gateway"),
        "answers 502: the service, or what stands before it, is down",
    ),
    "a login page": (
        page("200 OK"),
        "answers a page instead of JSON (status 200): is the URL right, or is there a login",
    ),
    "a redirect to a login": (page("302 Found"), "answers a page instead of JSON (status 302)"),
    "something that hangs": (hanging, "no answer within 2 s"),
}


@pytest.mark.parametrize("name", ["accounts", "api", "socket"])
@pytest.mark.parametrize(("answer", "said"), WRONG.values(), ids=WRONG)
def test_a_url_behind_which_is_something_else(
    profile: Profile, monkeypatch: pytest.MonkeyPatch, name: str, answer: Answer, said: str
) -> None:
    """Each URL is asked for something that only its part of the service answers so."""
    monkeypatch.setattr(preflight, "TIMEOUT_S", 2)  # on a busy machine the others answer late
    with standing(answer) as url:
        wrong = problem(replace(profile, urls={**profile.urls, name: url}))
    assert wrong.startswith(f"urls.{name} ({url})")
    assert said in wrong


def test_a_port_where_nobody_listens(profile: Profile) -> None:
    """What is down is a problem of the run, and no credential is sent anywhere then."""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    said = problem(replace(profile, urls={**profile.urls, "accounts": url, "web": profile.urls["web"]}))
    assert said.startswith(f"urls.accounts ({url}): cannot be reached: ")


def test_a_certificate_that_nobody_vouches_for(profile: Profile, server: Server, tmp_path: Path) -> None:
    """It is not trusted, until the authority's file is named."""
    secure = server.secure_url
    assert secure
    urls = {"accounts": secure, "api": f"{secure}/api", "socket": secure}
    said = check(replace(profile, urls=urls)).problems
    assert len(said) == 3
    assert all("its certificate is not trusted (" in one and "name its authority as ca_file" in one for one in said)
    (tmp_path / "ca.pem").write_bytes(httpx.get(f"{server.url}/_mock/ca.pem").content)
    trusting = replace(profile, urls=urls, ca_file=str(tmp_path / "ca.pem"))
    assert check(trusting).problems == []
    assert problem(replace(trusting, ca_file="none.pem")).startswith(
        "the ca_file none.pem cannot be read: No such file"
    )


def test_a_mock_that_is_not_there(server: Server) -> None:
    """The profile of a running mock is tried by its control API."""
    assert check(Profile("m", "mock", control=f"{server.url}/_mock")).problems == []
    assert "does not answer as that of a mock" in problem(Profile("m", "mock", control=server.url))


# --- on the way


def test_a_busy_target_is_asked_again_when_it_says(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """A 429 is waited out as long as its Retry-After asks, and given up after a few times."""
    slept: list[float] = []

    class Clock:
        time = time.time
        now = 0.0

        @classmethod
        def monotonic(cls) -> float:
            return cls.now

        @classmethod
        def sleep(cls, seconds: float) -> None:
            cls.now += seconds
            slept.append(seconds)

    monkeypatch.setattr(profiles, "time", Clock)
    left = iter([b"Retry-After: 7\r\n", b"", None, *[b"Retry-After: 1\r\n"] * 4, b"Retry-After: 9999\r\n"])

    def busy(connection: socket.socket) -> None:
        connection.recv(65536)
        said: Any = next(left, None)
        status = b"200 OK" if said is None else b"429 Too Many"
        connection.sendall(
            b"HTTP/1.1 " + status + b"\r\nConnection: close\r\n" + (said or b"") + b"Content-Length: 0\r\n\r\n"
        )

    with standing(busy) as url, profiles.connect(profile) as http:
        assert http.get(url).status_code == 200
        assert [round(one) for one in slept if one > 0.5] == [7, 5]
        assert http.get(url).status_code == 429
        assert http.get(url).status_code == 429
    assert [round(one) for one in slept if one > 0.5] == [7, 5, 1, 1, 1]


def test_a_target_that_comes_back_is_not_silent(profile: Profile, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is asked a few times before it is given up."""
    monkeypatch.setattr(preflight, "PAUSES_S", (0, 0.01))
    assert preflight.silent(profile) == ""
    answers = iter([page("503 Busy"), page("401 No", '{"code": "x"}')])

    def recovering(connection: socket.socket) -> None:
        next(answers)(connection)

    with standing(recovering) as url:
        assert preflight.silent(replace(profile, urls={**profile.urls, "api": url})) == ""
    with socket.create_server(("127.0.0.1", 0)) as closed:
        url = f"http://127.0.0.1:{closed.getsockname()[1]}"
    assert "cannot be reached" in preflight.silent(replace(profile, urls={**profile.urls, "api": url}))
