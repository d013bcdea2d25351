import http.client
import json
import os
import pty
import signal
import socket
import stat
import subprocess
import threading
from pathlib import Path
from urllib.parse import urlsplit

import jwt as pyjwt
import pytest

from mockspaces import __version__
from mockspaces.cli import main
from mockspaces.client import Mockspaces
from mockspaces.contract import verdicts
from tests.conftest import MOCKSPACES, SOON_S, Serve
from tests.forking import loaded


def run(*arguments: str, fresh: bool = False) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end; in a fresh interpreter where a command is shown as a whole."""
    command = [*(MOCKSPACES if fresh else loaded("mockspaces")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)


def refusal(*arguments: str) -> str:
    """Return the one line with which the command line refuses; nothing else may come out."""
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("mockspaces: ")
    assert done.stderr.endswith("\n")
    assert done.stderr.count("\n") == 1
    return done.stderr


def connection(url: str) -> http.client.HTTPConnection:
    parts = urlsplit(url)
    return http.client.HTTPConnection(str(parts.hostname), parts.port, timeout=30)


def healthy(url: str) -> http.client.HTTPConnection:
    """Return an open connection on which the server has already answered."""
    kept = connection(url)
    kept.request("GET", "/health")
    assert kept.getresponse().read() == b"OK"
    return kept


@pytest.mark.usefixtures("fresh_interpreter")
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT], ids=["SIGTERM", "SIGINT"])
def test_server_says_ready_and_ends_without_a_word(serve: Serve, number: signal.Signals) -> None:
    """The ready line is all that an untroubled server ever prints, and a signal ends it with exit code 0."""
    served = serve()
    kept = healthy(served.url)
    assert served.end(number) == (0, "", "")
    kept.close()


def test_a_terminal_is_told_where_the_page_is() -> None:
    """Somebody who starts the server at a terminal reads the address of the page below the ready line."""
    ours, theirs = pty.openpty()
    with subprocess.Popen(
        [*MOCKSPACES, "serve", "--port", "0"], stdout=subprocess.PIPE, stderr=theirs, text=True
    ) as started:
        assert started.stdout
        _, url = started.stdout.readline().split()
        assert f"{url}/_mock/ui" in os.read(ours, 1000).decode()
        started.terminate()
    os.close(theirs)
    os.close(ours)


def test_server_ends_while_a_request_waits(serve: Serve) -> None:
    """A call that would wait for half a minute does not hold the server up."""
    served = serve()
    waiting = connection(served.url)
    body = json.dumps({"timeout": 30, "filter": {"path": "/never"}})
    waiting.request("POST", "/_mock/journal/wait", body, {"Content-Type": "application/json"})
    healthy(served.url).close()  # by now the server has read the call before
    assert served.end() == (0, "", "")
    answer = waiting.getresponse()
    assert (answer.status, json.loads(answer.read())["code"]) == (503, "server.stopping")
    waiting.close()


def test_server_ends_while_a_body_is_on_its_way(serve: Serve) -> None:
    """A client that never finishes its request does not hold the server up."""
    served = serve()
    slow = connection(served.url)
    slow.putrequest("POST", "/api/anonymous/auth")
    slow.putheader("Content-Length", "100")
    slow.endheaders(b'{"displayname":')
    healthy(served.url).close()
    assert served.end() == (0, "", "")
    slow.close()


def test_second_server_on_a_port_is_refused(serve: Serve) -> None:
    """A port in use is told with its number."""
    port = str(urlsplit(serve().url).port)
    assert f"127.0.0.1:{port}: " in refusal("serve", "--port", port)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["serve", "--prot", "0"], "--prot"),
        (["serve", "--port", "http"], "--port"),
        (["serve", "--port", "65536"], "--port"),
        (["serve", "--seed", "no/such.json"], "no/such.json: No such file"),
        (["serve", "--overlay", "no/such.json"], "no/such.json: No such file"),
        (["serve", "--set", "rest.pin_scope"], "NAME=JSON"),
        (["serve", "--set", "rest.pin_scop=all"], 'did you mean "rest.pin_scope"?'),
        (["serve", "--set", "rest.pin_scope=some"], "rest.pin_scope: "),
        (["serve", "--world-ports", "many"], "--world-ports"),
        (["serve", "--world-ports", "9-8"], "--world-ports"),
        (["serve", "--max-worlds", "0"], "--max-worlds"),
        (["serve", "--host", "256.1.1.1"], "256.1.1.1"),
        (["sevre"], "sevre"),
        (["jwt"], "--key"),
        (["jwt", "--key", "no/such.json"], "no/such.json"),
        (["jwt", "--key", "pyproject.toml", "--expires-in", "3601"], "3601"),
        (["key", "--url", "ftp://127.0.0.1"], "expected an http or https URL"),
        (["key", "--url", "http://127.0.0.1:9"], "http://127.0.0.1:9"),
        (["health", "--url", "127.0.0.1:9"], "expected an http or https URL"),
    ],
)
def test_bad_input_is_one_line_and_exit_code_2(arguments: list[str], words: str) -> None:
    """Every slip is told in one line on standard error that names it, never in a traceback."""
    assert words in refusal(*arguments)


@pytest.mark.parametrize(
    ("option", "text", "words"),
    [
        ("--seed", "{", "document.json, line 1"),
        ("--seed", '{"user":[]}', "user"),
        ("--seed", '{"users":[{"username":"ann"}]}', "username: expected an e-mail address"),
        ("--seed", '{"service_apps":[{"company":"None"}]}', "None"),
        ("--overlay", "[]", "array"),
        ("--overlay", '{"limit":{}}', 'did you mean "limits"?'),
        ("--overlay", '{"errors":{"scope.missing":{"status":"x"}}}', "status"),
        ("--overlay", '{"limits":{"json_depth":-1}}', "json_depth"),
    ],
)
def test_bad_file_is_one_line_and_exit_code_2(tmp_path: Path, option: str, text: str, words: str) -> None:
    """A document that cannot be read, or says what cannot be, is told before anything is served."""
    path = tmp_path / "document.json"
    path.write_text(text)
    assert words in refusal("serve", "--port", "0", option, str(path))


def test_seed_and_settings_make_the_default_world(serve: Serve, tmp_path: Path) -> None:
    """A seed file replaces the demo world, and a setting holds from the first request on."""
    path = tmp_path / "seed.json"
    path.write_text('{"users":[{"username":"zoe@example.org","password":"pw"}]}')
    with Mockspaces(serve("--seed", str(path), "--set", "rest.pin_scope=join").url) as mock:
        assert mock.call("GET", "")["counts"]["users"] == 1
        assert mock.settings()["rest.pin_scope"] == "join"


@pytest.mark.behaviour("DM-CFG-04")
def test_random_seed_repeats_a_world(serve: Serve) -> None:
    """Two servers with the same random seed give out the same secrets, another one others."""
    drawn = []
    for seed in ("one", "one", "two"):
        with Mockspaces(serve("--random-seed", seed).url) as mock:
            mock.clock.freeze("2031-02-03T04:05:06Z")
            drawn.append(mock.token("ann@example.com"))
    assert drawn[0] == drawn[1] != drawn[2]


@pytest.mark.behaviour("CTRL-04")
def test_control_token_guards_the_control_api(serve: Serve, tmp_path: Path) -> None:
    """With a token the command line has to bring it too, except for health."""
    url = serve("--control-token", "hush").url
    assert run("health", "--url", url).returncode == 0
    assert "X-Mock-Token" in refusal("key", "--url", url, "--out", str(tmp_path))
    assert run("key", "--url", url, "--control-token", "hush", "--out", str(tmp_path)).returncode == 0


def test_worlds_get_the_named_ports(serve: Serve) -> None:
    """Worlds are put on the ports that were named, then only below a prefix, and a port that is free is used again."""
    with socket.create_server(("127.0.0.1", 0)) as found:
        port = found.getsockname()[1]
    with Mockspaces(serve("--world-ports", str(port)).url) as mock:
        first, second = mock.open_world(), mock.open_world()
        assert first.url == f"http://127.0.0.1:{port}"
        assert second.url == f"{mock.url}/w/{second.name}"
        first.drop()
        assert mock.open_world().url == f"http://127.0.0.1:{port}"


def test_health_asks_the_port_of_the_environment(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a container nobody has to tell the health check anything, and no proxy is asked about the loopback."""
    monkeypatch.setenv("MOCKSPACES_PORT", str(urlsplit(serve().url).port))
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    done = run("health", fresh=True)
    assert (done.returncode, done.stdout) == (0, "ok\n")


def test_health_of_nobody_is_exit_code_1() -> None:
    """Where no server listens the answer is one line and exit code 1."""
    done = run("health", "--url", "http://127.0.0.1:9")
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def test_health_of_another_server_is_exit_code_1() -> None:
    """Something that listens but is no mock is not healthy either."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        answering = threading.Thread(target=_answer_nonsense, args=(other,), daemon=True)
        answering.start()
        done = run("health", "--url", f"http://127.0.0.1:{other.getsockname()[1]}")
        answering.join(SOON_S)
    assert (done.returncode, done.stdout, done.stderr.count("\n")) == (1, "", 1)


def _answer_nonsense(listener: socket.socket) -> None:
    client, _address = listener.accept()
    with client:
        client.recv(1000)
        client.sendall(b"220 smtp.example.com\r\n\r\n")


@pytest.mark.behaviour("ACC-SVCKEY-01", "ACC-SVCKEY-02")
def test_key_writes_a_private_key_file(serve: Serve, tmp_path: Path) -> None:
    """The file has its documented name and members, and nobody else may read it."""
    done = run(
        "key",
        "--url",
        serve().url,
        "--scope",
        "spaces.create",
        "--company",
        "Rival",
        "--out",
        str(tmp_path),
        fresh=True,
    )
    (path,) = tmp_path.iterdir()
    key = json.loads(path.read_text())
    assert done.stdout == f"{path}\n"
    assert list(key) == ["iss", "sub", "kid", "private_key"]
    assert path.name == f"service-key-{key['kid']}.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("arguments", "words"),
    [(["--scope", "spaces.craete"], 'did you mean "spaces.create"?'), (["--company", "Nobody"], "Nobody")],
)
def test_key_tells_why_the_mock_refused(serve: Serve, tmp_path: Path, arguments: list[str], words: str) -> None:
    """A misspelt scope and an unknown company are told in the mock's own words, and no file is written."""
    assert words in refusal("key", "--url", serve().url, "--out", str(tmp_path), *arguments)
    assert list(tmp_path.iterdir()) == []


def test_key_makes_no_app_for_a_folder_that_is_not_there(serve: Serve, tmp_path: Path) -> None:
    """A folder that does not exist is refused before an app is made whose key nobody would have."""
    url = serve().url
    with Mockspaces(url) as mock:
        before = mock.call("GET", "")["counts"]["service_apps"]
        assert "does not exist" in refusal("key", "--url", url, "--out", str(tmp_path / "missing"))
        assert mock.call("GET", "")["counts"]["service_apps"] == before


@pytest.mark.behaviour("AUTH-SVC-02", "AUTH-SVC-06")
def test_jwt_has_the_documented_header_and_claims(serve: Serve, tmp_path: Path) -> None:
    """The token carries typ, alg and kid, and iss, sub, aud and exp, signed with the key of the file."""
    run("key", "--url", serve().url, "--out", str(tmp_path))
    (path,) = tmp_path.iterdir()
    key = json.loads(path.read_text())
    arguments = ("--key", str(path), "--audience", "staging.example", "--expires-in", "60")
    token = run("jwt", *arguments, fresh=True).stdout.strip()
    assert pyjwt.get_unverified_header(token) == {"alg": "RS256", "typ": "JWT", "kid": key["kid"]}
    claims = pyjwt.decode(token, options={"verify_signature": False})
    assert list(claims) == ["iss", "sub", "aud", "exp"]
    assert (claims["iss"], claims["sub"], claims["aud"]) == (key["iss"], key["sub"], "staging.example")


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"iss":"a","sub":"b","kid":"c","private_key":"no key"}', "\udcff"])
def test_jwt_refuses_what_is_no_key_file(tmp_path: Path, text: str) -> None:
    """Broken JSON, other JSON, missing members, no key, and no text at all are told with the file's name."""
    path = tmp_path / "key.json"
    path.write_bytes(text.encode("utf-8", "surrogateescape"))
    assert str(path) in refusal("jwt", "--key", str(path))


def test_version_and_help() -> None:
    """The version is that of the package, and without a command the help is shown."""
    assert __version__ in run("--version", fresh=True).stdout
    shown = run()
    assert (shown.returncode, shown.stdout) == (0, run("--help").stdout)
    assert "serve" in shown.stdout


def test_key_says_whose_app_it_is(serve: Serve, tmp_path: Path) -> None:
    """An app that is made without a company belongs to the first one, and that is said."""
    arguments = ("key", "--url", serve().url, "--out", str(tmp_path))
    assert "an app of Example" in run(*arguments).stderr
    assert run(*arguments, "--company", "Rival").stderr == ""


def test_catalogue_of_an_installed_package_stays_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts are kept in a checkout only: the file of an installed package is replaced by the next installation."""
    monkeypatch.setattr(verdicts, "path", lambda: tmp_path / "site-packages/mockspaces/contract/verdicts.json")
    with pytest.raises(SystemExit) as ended:
        main(["verify", "--target", str(tmp_path), "--update-catalogue"])
    assert ended.value.code == 2
