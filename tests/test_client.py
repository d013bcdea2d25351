import contextlib
import json
import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from mockspaces.client import ControlError, Mockspaces
from mockspaces.server import Server


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with Server() as running:
        yield running


@pytest.fixture
def mock(server: Server) -> Iterator[Mockspaces]:
    with Mockspaces(server.url) as opener:
        world = opener.open_world()
        yield world
        world.drop()


def get(url: str, token: str) -> httpx.Response:
    return httpx.get(url, headers={"Authorization": f"Bearer {token}"}, trust_env=False)


def test_urls_are_those_of_the_world(mock: Mockspaces) -> None:
    """What the code under test is told is what the world says of itself."""
    urls = mock.call("GET", "")["urls"]
    assert (mock.api_url, mock.accounts_url, mock.socket_url) == (urls["api"], urls["accounts"], urls["socket"])
    assert mock.socketio_path == urls["socketio_path"].rstrip("/")
    with Mockspaces(
        mock.call("GET", "/worlds")["data"][-1]["urls"]["prefix"]["control"].removesuffix("/_mock")
    ) as below:
        assert below.socketio_path == f"w/{mock.name}/socket.io"
        assert below.call("GET", "")["urls"]["socketio_path"].rstrip("/") == below.socketio_path


def test_user_can_sign_requests_with_a_token(mock: Mockspaces) -> None:
    """A created user has what a test wants to know of him, and his tokens are accepted."""
    user = mock.user("zoe@example.com", password="pw", displayname="Zoe Zebra")
    assert (user.username, user.password, user.displayname) == ("zoe@example.com", "pw", "Zoe Zebra")
    me = get(f"{mock.api_url}/users/me", mock.token(user.username)).json()
    assert (me["_id"], me["ndbid"], me["displayname"]) == (user.id, user.ndbid, "Zoe Zebra")
    answer = httpx.get(
        f"{mock.api_url}/users/me",
        headers={"Authorization": f"jwt {mock.token(user.username, kind='jwt')}"},
        trust_env=False,
    )
    assert answer.json()["_id"] == user.id


def test_company_decides_who_belongs_to_it(mock: Mockspaces) -> None:
    """A user whose e-mail has a domain of the company is its employee."""
    company = mock.company("Zoo", domains=["zoo.example"])
    assert mock.user("zoe@zoo.example").company_id == company.id


def test_oauth_client_is_registered(mock: Mockspaces) -> None:
    """A confidential client has a secret, a public one has none."""
    client = mock.oauth_client(redirect_uris=["http://localhost/back"])
    assert client.redirect_uris == ("http://localhost/back",)
    assert client.client_secret
    assert mock.oauth_client(public=True).client_secret is None


def test_service_app_and_its_keys(mock: Mockspaces) -> None:
    """An app has the scopes asked for, its keys can be added and dropped, and it can be changed like in the portal."""
    app = mock.service_app(scopes=["spaces.create"], name="Bot")
    assert (app.scopes, app.key["iss"]) == (("spaces.create",), app.iss)
    key = mock.new_key(app.iss, fresh=True)
    assert key["kid"] != app.key["kid"]
    mock.drop_key(app.iss, key["kid"])
    with pytest.raises(ControlError, match="no key"):
        mock.drop_key(app.iss, key["kid"])
    assert mock.change_service_app(app.iss, active=False)["active"] is False
    assert mock.change_service_app(app, scopes="spaces.delete")["scopes"] == ["spaces.delete"]
    assert len(mock.change_service_app(app, scopes="all")["scopes"]) > 1


def test_a_company_is_meant_by_its_id(mock: Mockspaces) -> None:
    """Of two companies of one name the client means the one that it was given, also as its creator's."""
    first, second = (mock.company("Twin", domains=[f"{one}.example"]) for one in ("one", "two"))
    assert mock.user("zoe@one.example", company=second).company_id == second.id
    assert mock.service_app(company=first).iss
    admin = mock.user("ann@two.example", company_admin=True)
    assert mock.change_company(second, deny_attachments=True, creator=admin).id == second.id
    with pytest.raises(ControlError, match="no admin"):
        mock.change_company(first, deny_attachments=True, creator=admin)


def test_private_key_is_not_shown_by_accident(mock: Mockspaces) -> None:
    """A service app in a failure message does not fill the screen with its key."""
    app = mock.service_app()
    assert app.key["private_key"] not in repr(app)


def test_refusal_is_an_error_with_code_and_reason(mock: Mockspaces) -> None:
    """A refused control call raises what the control API said."""
    with pytest.raises(ControlError, match="did you mean") as refused:
        mock.service_app(scopes=["spaces.craete"])  # type: ignore[list-item]  # misspelt on purpose
    assert (refused.value.status, refused.value.code) == (400, "request.invalid")


def test_clock_moves_inside_a_block_only(mock: Mockspaces) -> None:
    """A token is stale inside the block and fresh again after it, also when the block fails."""
    token = mock.token("ann@example.com")
    with contextlib.suppress(KeyError), mock.clock.ahead(hours=2):
        assert get(f"{mock.api_url}/users/me", token).status_code == 401
        raise KeyError
    assert get(f"{mock.api_url}/users/me", token).status_code == 200


def test_clock_freezes_and_resumes(mock: Mockspaces) -> None:
    """A frozen clock shows its moment until it goes on."""
    mock.clock.freeze("2031-02-03T04:05:06.789Z")
    assert mock.clock.now == 1_927_857_906.789
    mock.clock.advance(minutes=1, seconds=1)
    assert mock.clock.now == 1_927_857_967.789
    mock.clock.resume()
    assert mock.clock.now < 1_927_857_906 or mock.clock.now > 1_927_857_968


def test_journal_tells_what_happened(mock: Mockspaces) -> None:
    """Entries can be filtered, the newest one asked for, all forgotten, and a missing one is an error that says so."""
    get(f"{mock.api_url}/users/me", "nonsense")
    get(f"{mock.api_url}/users/me", mock.token("ann@example.com"))
    assert [entry.status for entry in mock.journal] == [401, 200]
    assert mock.journal.last(status=401).why == "no such access token was issued in this world"
    assert mock.journal.last().caller == "oauth ann@example.com"
    assert [entry.status for entry in mock.journal.find(status=200)] == [200]
    mock.journal.clear()
    with pytest.raises(LookupError, match="no journal entry with status=401"):
        mock.journal.last(status=401)


def test_journal_waits_for_what_comes(mock: Mockspaces) -> None:
    """A waiting test goes on with the entry that it waits for."""
    calling = threading.Timer(0.05, get, [f"{mock.api_url}/users/me", "nonsense"])
    calling.start()
    assert mock.journal.wait(status=401)[0].path == "/api/users/me"
    calling.join()


def test_journal_does_not_wait_for_ever(mock: Mockspaces) -> None:
    """What does not come in time is a TimeoutError that tells what was missing."""
    with pytest.raises(TimeoutError, match="0 of 2 entries"):
        mock.journal.wait(2, timeout=0.01, status=401)


async def test_journal_does_not_stop_a_loop(mock: Mockspaces) -> None:
    """A wait that would block the running event loop is refused with the way out, and that way works."""
    with pytest.raises(RuntimeError, match=r"await mockspaces\.aio\.journal\.wait"):
        mock.journal.wait(path="/never")
    get(f"{mock.api_url}/users/me", "nonsense")
    assert len(await mock.aio.journal.wait(status=401)) == 1


def test_settings_are_shown_and_changed(mock: Mockspaces) -> None:
    """Settings are named as Python spells them, and a misspelt one is an error."""
    assert mock.settings()["rest.enforce_limits"] is False
    assert mock.settings(rest_enforce_limits=True)["rest.enforce_limits"] is True
    with pytest.raises(ControlError, match="did you mean"):
        mock.settings(rest_enforce_limit=True)  # type: ignore[call-arg]  # misspelt on purpose


def test_reset_brings_the_seed_back(mock: Mockspaces) -> None:
    """After a reset there is nobody but the people of the seed."""
    mock.user("zoe@example.com")
    mock.reset()
    assert mock.user("zoe@example.com").username == "zoe@example.com"


def test_worlds_below_a_prefix_are_reached_alike(mock: Mockspaces) -> None:
    """A client works the same with the URL of a world below a prefix."""
    opened = mock.call("GET", "/worlds")["data"]
    prefix = next(world["urls"]["prefix"] for world in opened if world["name"] == mock.name)
    with Mockspaces(prefix["control"].removesuffix("/_mock")) as below:
        assert below.name == mock.name
        assert below.api_url == prefix["api"]


def test_idle_connection_is_renewed(mock: Mockspaces) -> None:
    """A connection that the server has closed meanwhile costs a test nothing."""
    mock.call("GET", "/health")
    sock = mock._connection().sock
    assert sock
    sock.shutdown(socket.SHUT_RDWR)
    assert mock.call("GET", "/health")["status"] == "ok"


@pytest.mark.parametrize("url", ["", "127.0.0.1:80", "ftp://127.0.0.1", "http://"])
def test_only_http_urls_are_accepted(url: str) -> None:
    """Anything else is refused before it is tried."""
    with pytest.raises(ValueError, match="expected an http or https URL"):
        Mockspaces(url)


@pytest.mark.parametrize("answer", ["HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nnope", "220 smtp.example.com\r\n\r\n"])
def test_another_server_is_told_from_a_mock(answer: str) -> None:
    """Whatever answers at the URL, a server that is no mock is named as such."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def serve() -> None:
            client, _address = listener.accept()
            with client:
                client.recv(1000)
                client.sendall(answer.encode())

        threading.Thread(target=serve, daemon=True).start()
        mock = Mockspaces(f"http://127.0.0.1:{listener.getsockname()[1]}")
        with mock, pytest.raises(ControlError, match="is no mock"):
            mock.call("GET", "/health")


def test_recording_is_checked(mock: Mockspaces, tmp_path: Path) -> None:
    """What a recording has otherwise is told difference by difference; a file that is no recording is refused."""
    path = tmp_path / "session.har"
    content = {"size": 17, "text": '{"displayname":5}'}
    headers = [{"name": "Content-Type", "value": "application/json"}]
    call = {"method": "GET", "url": "https://api.example.com/api/users/me"}
    entry = {"request": call, "response": {"status": 200, "headers": headers, "content": content}}
    path.write_text(json.dumps({"log": {"entries": [entry]}}), encoding="utf-8")
    with pytest.raises(ControlError, match="no entry is one of the service"):
        mock.check(path)
    found = mock.check(path, hosts=["b.example.org", "api.example.com"])
    assert not found.clean
    assert found.counts == {"entries": 1, "judged": 1}
    difference = next(one for one in found.differences if "displayname" in one.what)
    assert difference.entries == (1,)
    assert str(difference).startswith("GET /api/users/me: displayname is 5, not string [")
    with pytest.raises(FileNotFoundError):
        mock.check(tmp_path / "none.har")
