"""The commands that speak to a running mock: what they print, and how they fail."""

import os
import pty
import re
import subprocess
from collections.abc import Iterator

import click
import httpx
import pytest
from click.testing import CliRunner, Result

from mockspaces import onlooking
from mockspaces.cli import main, refuse_unknown_variables
from mockspaces.client import Mockspaces
from mockspaces.server import Server
from tests.conftest import MOCKSPACES


@pytest.fixture
def mock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Mockspaces]:
    """A running mock; the machine of a developer may ask for colours or for none."""
    for name in ("NO_COLOR", "FORCE_COLOR"):
        monkeypatch.delenv(name, raising=False)
    with Server() as running, Mockspaces(running.url) as client:
        yield client


def run(mock: Mockspaces, *arguments: str, color: bool = False) -> Result:
    return CliRunner().invoke(main, [*arguments, "--url", mock.url], color=color)


def asked(mock: Mockspaces, authorization: str) -> int:
    """Return the status with which `GET /users/me/spaces` is answered."""
    url = f"{mock.api_url}/users/me/spaces"
    return httpx.get(url, headers={"Authorization": authorization}, trust_env=False).status_code


@pytest.mark.parametrize("kind", ["oauth", "jwt"])
def test_token_of_a_person_is_accepted(mock: Mockspaces, kind: str) -> None:
    """The header that is printed is a credential, with the scheme of its kind."""
    header = run(mock, "token", "ann@example.com", "--kind", kind, "--header").output.strip()
    name, _, value = header.partition(": ")
    assert (name, asked(mock, value)) == ("Authorization", 200)


def test_token_of_an_app_is_accepted(mock: Mockspaces) -> None:
    """What has no @ is the iss of an app, which signs a JWT."""
    app = mock.service_app(scopes="spaces.list")
    assert asked(mock, f"service_app {run(mock, 'token', app.iss).output.strip()}") == 200


def test_token_of_a_room_app_has_its_scheme(mock: Mockspaces) -> None:
    """A space access token is printed with the scheme that the REST API takes it by."""
    space = mock.space("Launch", owner="ann@example.com")
    shown = run(mock, "token", "ann@example.com", "--kind", "sat", "--space", space.id, "--header").output.strip()
    asked(mock, shown.removeprefix("Authorization: "))
    credential = mock.journal.last().credential
    assert credential
    assert credential.kind == "sat"


@pytest.mark.parametrize("who", ["ann@example.com", "app"])
def test_token_may_have_expired(mock: Mockspaces, who: str) -> None:
    """An expiry below zero gives a credential that is refused as expired."""
    name = mock.service_app(scopes="spaces.list").iss if who == "app" else who
    value = run(mock, "token", name, "--header", "--expires-in", "-1").output.strip().removeprefix("Authorization: ")
    assert asked(mock, value) == 401
    assert mock.journal.last().code == "auth.credential_expired"


def test_token_of_nobody_is_refused_in_one_line(mock: Mockspaces) -> None:
    """Who is not there is told by the mock's own words, with exit code 2."""
    done = run(mock, "token", "nobody@example.com")
    assert (done.exit_code, done.stdout) == (2, "")
    assert re.fullmatch(r"mockspaces: http\S+: 404 user.not_found: .*nobody@example.com.*\n", done.stderr)


def test_nobody_listens() -> None:
    """Without a mock each command says so in one line."""
    for arguments in (["token", "ann@example.com"], ["journal"], ["open"]):
        done = CliRunner().invoke(main, [*arguments, "--url", "http://127.0.0.1:9"])
        assert (done.exit_code, done.stdout, done.stderr.count("\n")) == (2, "", 1)
        assert "refused" in done.stderr


def test_journal_shows_a_line_for_each_exchange(mock: Mockspaces) -> None:
    """Time, outcome, what was asked, by whom, code and why; the newest last."""
    asked(mock, f"Bearer {mock.token('ann@example.com')}")
    asked(mock, "Bearer nonsense")
    first, second = run(mock, "journal").output.splitlines()
    assert re.fullmatch(r"\d\d:\d\d:\d\d  200  GET /api/users/me/spaces  oauth ann@example.com", first)
    assert second.endswith("auth.credential_invalid  no such access token was issued in this world")


def test_journal_shows_refusals_only(mock: Mockspaces) -> None:
    """Asked for refusals it leaves the rest out, and no more than were asked for."""
    asked(mock, f"Bearer {mock.token('ann@example.com')}")
    asked(mock, "Bearer nonsense")
    asked(mock, "nonsense")
    assert [line[10:13] for line in run(mock, "journal", "--refused").output.splitlines()] == ["401", "401"]
    assert len(run(mock, "journal", "--refused", "-n", "1").output.splitlines()) == 1
    assert run(mock, "journal", "-n", "0").output == ""


def test_journal_cannot_speak_to_the_terminal(mock: Mockspaces) -> None:
    """What a client sent is shown, not obeyed."""
    asked(mock, "Bearer \x1b[2J")
    [line] = run(mock, "journal").output.splitlines()
    assert "\x1b" not in line


def test_colours_are_for_terminals(mock: Mockspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pipe gets none, a terminal red for a refusal and green for what went well, none with NO_COLOR."""
    asked(mock, "Bearer nonsense")
    asked(mock, f"Bearer {mock.token('ann@example.com')}")
    red, green = "\x1b[31m401", "\x1b[32m200"
    assert "\x1b" not in run(mock, "journal").output
    assert red in (shown := run(mock, "journal", color=True).output)
    assert green in shown
    monkeypatch.setenv("NO_COLOR", "1")
    assert "\x1b" not in run(mock, "journal", color=True).output


def test_followed_shows_what_comes(mock: Mockspaces, capsys: pytest.CaptureFixture[str]) -> None:
    """Each look shows what came since the one before, once, and begins anew when the journal is cleared."""
    asked(mock, "Bearer one")
    newest = onlooking.latest(mock)
    asked(mock, "Bearer two")
    after = onlooking.followed(mock, newest, {})
    assert capsys.readouterr().out.count("401") == 1
    mock.journal.clear()
    assert onlooking.followed(mock, after, {}) == 0
    asked(mock, "Bearer three")
    onlooking.followed(mock, 0, {})
    assert capsys.readouterr().out.count("401") == 1


def test_follow_ends_with_the_shells_code(mock: Mockspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C ends it without a word, with the exit code of SIGINT."""
    asked(mock, "Bearer nonsense")
    looks: list[int] = []

    def followed(_mock: Mockspaces, newest: int, _wanted: object) -> int:
        looks.append(newest)
        if len(looks) == 2:
            raise KeyboardInterrupt
        return newest

    monkeypatch.setattr(onlooking, "followed", followed)
    done = run(mock, "journal", "-f")
    assert (done.exit_code, done.stderr, done.stdout.count("\n"), looks) == (130, "", 1, [1, 1])


def test_open_leads_to_the_page(mock: Mockspaces, monkeypatch: pytest.MonkeyPatch) -> None:
    """The page of the mock is opened, and its address printed for whoever has no browser."""
    opened: list[str] = []
    monkeypatch.setattr(click, "launch", opened.append)
    done = run(mock, "open")
    assert (done.exit_code, done.output, opened) == (0, f"{mock.url}/_mock/ui\n", [f"{mock.url}/_mock/ui"])


@pytest.mark.slow
def test_a_real_terminal_has_colours(mock: Mockspaces) -> None:
    """At a terminal the lines are coloured without being asked for."""
    asked(mock, "Bearer nonsense")
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm"}
    command = [*MOCKSPACES, "journal", "--url", mock.url]
    subprocess.run(command, stdout=theirs, env=environment, timeout=30, check=True)
    assert b"\x1b[31m401" in os.read(ours, 4000)
    os.close(theirs)
    os.close(ours)


@pytest.mark.slow
def test_completion_knows_commands_and_options() -> None:
    """The shell is told the commands that begin so, those that are loaded late too, and the options of each."""
    for words, wanted in (("mockspaces jo", "journal"), ("mockspaces journal --ref", "--refused")):
        variables = {"_MOCKSPACES_COMPLETE": "bash_complete", "COMP_WORDS": words, "COMP_CWORD": str(words.count(" "))}
        code = "import sys; sys.argv[0] = 'mockspaces'; from mockspaces.cli import main; main(prog_name='mockspaces')"
        done = subprocess.run(
            [MOCKSPACES[0], "-c", code], env={**os.environ, **variables}, capture_output=True, text=True, check=False
        )
        assert wanted in done.stdout, done.stderr


def test_their_variables_do_not_stop_the_server(capsys: pytest.CaptureFixture[str]) -> None:
    """A variable of a command that is loaded late is no misspelt one of the server; a misspelt one of it is."""
    refuse_unknown_variables({"MOCKSPACES_JOURNAL_LIMIT": "5", "MOCKSPACES_CHECK_REDACT": "1"})
    with pytest.raises(SystemExit):
        refuse_unknown_variables({"MOCKSPACES_JOURNAL_LIMT": "5"})
    assert capsys.readouterr().err == (
        'mockspaces: MOCKSPACES_JOURNAL_LIMT is no option; did you mean "MOCKSPACES_JOURNAL_LIMIT"?\n'
    )
