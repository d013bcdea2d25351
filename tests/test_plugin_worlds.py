"""What the plugin promises holds whatever way a test gets a world, and in each phase of the test."""

import json
import signal
import subprocess
import sys
import urllib.error
import urllib.request
import xml.etree.ElementTree as ET

import pytest

from tests.test_plugin_reports import SYNC

HELPERS = """
import contextlib
import urllib.error
import urllib.request
import pytest

def ask(world, path):
    with contextlib.suppress(urllib.error.HTTPError):
        urllib.request.urlopen(world.url + path).close()
"""
WAYS = """
@pytest.fixture
def wrapped(mockspaces):
    ask(mockspaces, "/wrapped")
    return mockspaces

@pytest.fixture
def own(mockspaces_server):
    with mockspaces_server.open_world() as world:
        yield world

@pytest.fixture
def fails_after(mockspaces):
    yield
    ask(mockspaces, "/in-teardown")
    raise ValueError("teardown")

@pytest.fixture
def fails_before(mockspaces):
    ask(mockspaces, "/in-set-up")
    raise ValueError("set-up")
"""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests inside speak to the loopback, whatever the environment says."""
    monkeypatch.setenv("no_proxy", "*")


def journals(result: pytest.RunResult) -> dict[str, str]:
    """Return what each failing test was told of its worlds, by the name of the test."""
    told: dict[str, str] = {}
    name = ""
    for line in result.outlines:
        if line.startswith("____"):
            name = line.strip("_ ")
        told[name] = told.get(name, "") + line + "\n"
    return {
        name: text.partition("mockspaces journal")[2] for name, text in told.items() if "mockspaces journal" in text
    }


def test_journal_is_shown_whatever_way_the_test_gets_its_world(pytester: pytest.Pytester) -> None:
    """A failing test shows its journal in set-up, call and teardown, of each world it has or had, by any way."""
    pytester.makepyfile(
        HELPERS
        + WAYS
        + """
def test_only_the_fixture_on_top(wrapped):
    assert False

def test_set_up(fails_before):
    pass

def test_teardown(fails_after):
    pass

def test_asks_for_it(request):
    ask(request.getfixturevalue("mockspaces"), "/asked-for")
    assert False

def test_opens_one(mockspaces_server):
    ask(mockspaces_server.open_world().open_world(), "/opened")
    assert False

def test_in_a_block(mockspaces_server):
    with mockspaces_server.open_world() as world:
        ask(world, "/in-a-block")
    assert False

def test_own_fixture(own):
    ask(own, "/own")
    assert False

def test_default_world(mockspaces_server):
    ask(mockspaces_server, "/default")
    assert False

def test_default_world_again(mockspaces_server):
    assert False, "nothing of the test before"

def test_shared(mockspaces_session):
    ask(mockspaces_session, "/from-before")

def test_shared_later(mockspaces_session, mockspaces_module):
    ask(mockspaces_session, "/now")
    ask(mockspaces_module, "/module")
    assert False

def test_everything_is_dropped(mockspaces_server, mockspaces, mockspaces_session):
    opened = {world["name"] for world in mockspaces_server.call("GET", "/worlds")["data"]}
    assert len(opened) == 4, opened  # default, session, module, this
"""
    )
    result = pytester.runpytest_subprocess(*SYNC, "--junitxml=junit.xml")
    result.assert_outcomes(passed=3, failed=8, errors=2)
    told = journals(result)
    shown = {
        "test_only_the_fixture_on_top": ["/wrapped"],
        "ERROR at setup of test_set_up": ["/in-set-up"],
        "ERROR at teardown of test_teardown": ["/in-teardown"],
        "test_asks_for_it": ["/asked-for"],
        "test_opens_one": ["/opened"],
        "test_in_a_block": ["/in-a-block"],
        "test_own_fixture": ["/own"],
        "test_default_world": ["/default"],
        "test_shared_later": ["/now", "/module"],
    }
    assert {name: [path for path in paths if path in told[name]] for name, paths in shown.items()} == shown
    assert "/from-before" not in told["test_shared_later"]
    assert "/default" not in told.get("test_default_world_again", "")
    cases = ET.parse(pytester.path / "junit.xml").getroot().iter("testcase")  # noqa: S314 - pytest wrote it
    failures = {case.get("name"): "".join(case.itertext()) for case in cases}
    assert "GET /wrapped" in failures["test_only_the_fixture_on_top"]
    assert "GET /in-teardown" in failures["test_teardown"]


def test_plan_that_never_happened_fails_whatever_way_it_was_made(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A test that passes fails if what any phase or world of it planned never happened, and only then."""
    pytester.makepyfile(
        HELPERS
        + """
@pytest.fixture
def planned(mockspaces):
    mockspaces.fail("GET /users/me")

@pytest.fixture
def planned_late(mockspaces):
    yield
    mockspaces.fail("GET /users/me")

@pytest.fixture
def own(mockspaces_server):
    with mockspaces_server.open_world() as world:
        yield world

@pytest.fixture(scope="module")
def wide(mockspaces_server):
    with mockspaces_server.open_world() as world:
        world.fail("GET /users/me")
        yield world

def test_bad_by_fixture(planned):
    pass

def test_error_late(planned_late):
    pass

def test_bad_opened(mockspaces_server):
    mockspaces_server.open_world().reject("auth.credential_expired")

def test_bad_block(mockspaces_server):
    with mockspaces_server.open_world() as world:
        world.reject("auth.credential_expired")

def test_bad_own(own):
    own.reject("auth.credential_expired")

def test_skips(planned):
    pytest.skip("not today")

@pytest.mark.xfail
def test_expected(planned):
    assert False

def test_wide_first(wide):
    pass

def test_error_wide_last(wide):
    pass
"""
    )
    monkeypatch.delenv("CI", raising=False)  # or pytest says each failure a second time in its summary
    result = pytester.runpytest_subprocess(*SYNC)
    result.assert_outcomes(passed=3, failed=4, errors=2, skipped=1, xfailed=1)
    failed = {line.split("::")[1].split()[0] for line in result.outlines if line.startswith(("FAILED", "ERROR "))}
    assert failed == {
        *("test_bad_by_fixture", "test_bad_opened", "test_bad_block", "test_bad_own"),
        *("test_error_late", "test_error_wide_last"),
    }
    assert result.stdout.str().count("planned, but it never happened") == 6


def test_teardown_does_not_hide_what_failed(pytester: pytest.Pytester) -> None:
    """A world, or a whole server, that is gone at the end of a test adds no error to it."""
    pytester.makepyfile(
        HELPERS
        + """
def test_world_is_gone(mockspaces, mockspaces_server):
    mockspaces_server.call("DELETE", f"/worlds/{mockspaces.name}")

def test_server_is_gone(mockspaces, mockspaces_server):
    mockspaces_server.close()
    assert False, "its own failure"
"""
    )
    result = pytester.runpytest_subprocess(*SYNC)
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*its own failure*", "not available: *"])


def test_log_of_the_tests_is_their_own(pytester: pytest.Pytester) -> None:
    """At every level the log of a test holds nothing of the server in its process, least of all a token."""
    pytester.makepyfile(
        HELPERS
        + """
import logging
import websockets.sync.client

def test_quiet(mockspaces, caplog):
    with caplog.at_level(logging.DEBUG):
        ask(mockspaces, "/api/users/me")
        url = f"{mockspaces.url.replace('http', 'ws')}/socket.io/?token=SECRET&tokenType=jwt&EIO=3&transport=websocket"
        with websockets.sync.client.connect(url, proxy=None) as connection:
            connection.send("40/chat?token=SECRET&tokenType=jwt")
            while not str(connection.recv(timeout=10)).startswith("44/chat"):
                pass
    assert [record for record in caplog.records if record.threadName == "mockspaces"] == []
    assert len(list(mockspaces.journal)) > 1
"""
    )
    pytester.runpytest_subprocess(*SYNC).assert_outcomes(passed=1)


def test_seeds_by_fixture_parameter_and_path(pytester: pytest.Pytester) -> None:
    """A world begins with what the option names, a module's fixture, a parameter, or the call that opens it."""
    seed = {"users": [{"username": "max@zoo.example"}]}
    (pytester.path / "one.json").write_text(json.dumps(seed))
    pytester.makepyfile(
        test_module="""
import pathlib, pytest

@pytest.fixture(scope="session")
def mockspaces_seed():
    return {"users": [{"username": f"u{number}@zoo.example"} for number in range(3)]}

def users(world):
    return world.call("GET", "")["counts"]["users"]

def test_module(mockspaces, mockspaces_module):
    assert (users(mockspaces), users(mockspaces_module)) == (3, 3)

@pytest.mark.parametrize("mockspaces", ["one.json", pathlib.Path("one.json"), "empty"], indirect=True)
def test_parameter(mockspaces, request):
    assert users(mockspaces) == (0 if "empty" in request.node.name else 1)

def test_path(mockspaces_server):
    with mockspaces_server.open_world(seed="one.json") as world:
        assert users(world) == 1

@pytest.mark.parametrize("mockspaces", [{"user": []}], indirect=True)
def test_bad(mockspaces):
    pass
""",
        test_option="def test_option(mockspaces): assert mockspaces.find_user('max@zoo.example')",
    )
    result = pytester.runpytest_subprocess(*SYNC, "--mockspaces-seed=one.json")
    result.assert_outcomes(passed=6, errors=1)
    result.stdout.fnmatch_lines(['*did you mean "users"*'])


@pytest.mark.parametrize(
    ("name", "content", "hint"),
    [
        ("nothing.json", None, "nothing.json: No such file or directory"),
        ("broken.json", '{\n"users": [}', "broken.json, line 2, column 11: is not JSON: Expecting value"),
        (
            "typo.json",
            '{\n"users": [\n{"username": "a@b.example", "pasword": ""}]}',
            "typo.json, line 3: users[0].pasword",
        ),
        ("typo.yaml", "users:\n- username: a@b.example\n  pasword: x\n", "typo.yaml: users[0].pasword"),
    ],
)
def test_bad_seed_is_one_usage_error(pytester: pytest.Pytester, name: str, content: str | None, hint: str) -> None:
    """A seed that is missing, broken or misspelt ends the run before any test, by file, line and member."""
    if content:
        (pytester.path / name).write_text(content)
    pytester.makepyfile("def test_x(mockspaces): pass\ndef test_y(mockspaces): pass")
    options = ("-n", "2", "-p", "no:randomly") if name == "typo.json" else SYNC
    result = pytester.runpytest_subprocess(*options, f"--mockspaces-seed={name}")
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    told = result.stdout.str() + result.stderr.str()
    assert hint in told
    assert told.count(name) == 1
    assert "Traceback" not in told


def test_seed_is_read_only_where_a_test_begins_with_it(pytester: pytest.Pytester) -> None:
    """A run without a test that takes a world does not stumble over the seed of the project."""
    pytester.makepyfile("def test_x(): pass")
    pytester.runpytest_subprocess(*SYNC, "--mockspaces-seed=nothing.json").assert_outcomes(passed=1)


FAILING = (
    HELPERS
    + """
def test_fails(mockspaces):
    ask(mockspaces, "/api/users/me")
    print("page", mockspaces.url)
    assert False

def test_passes(mockspaces):
    pass
"""
)


def test_artifacts_are_kept_of_failing_tests(pytester: pytest.Pytester) -> None:
    """A failing test leaves its journal and its page in the folder that is named, a passing one nothing."""
    pytester.makepyfile(FAILING)
    pytester.runpytest_subprocess(*SYNC, "--mockspaces-artifacts=out").assert_outcomes(failed=1, passed=1)
    [folder] = (pytester.path / "out").iterdir()
    assert folder.name == "test_artifacts_are_kept_of_failing_tests.py-test_fails"
    [page] = folder.glob("*.html")
    assert "/api/users/me" in page.read_text()
    assert "401  GET /api/users/me" in (folder / "journal.txt").read_text()


def test_failing_test_waits_with_its_world(pytester: pytest.Pytester) -> None:
    """With --mockspaces-keep failed the run stops where a test fails, tells its page, and goes on after Enter."""
    pytester.makepyfile(FAILING)
    process = pytester.popen(
        [*pytester._getpytestargs(), *SYNC, "--mockspaces-keep=failed"], stdin=subprocess.PIPE, text=True
    )
    assert process.stdout
    assert process.stdin
    line = next(line for line in process.stdout if "its world is at" in line)
    page = line.partition("its world is at ")[2].split()[0]
    with urllib.request.urlopen(page) as answer:  # noqa: S310 - loopback
        assert b"/api/users/me" in answer.read()
    rest, _errors = process.communicate("\n", timeout=60)
    assert "1 failed, 1 passed" in rest


def test_nobody_to_wait_for(pytester: pytest.Pytester) -> None:
    """Without a terminal the run goes on by itself; what cannot work is one usage error."""
    pytester.makepyfile(FAILING)
    result = pytester.runpytest_subprocess(*SYNC, "--mockspaces-keep=failed")
    result.assert_outcomes(failed=1, passed=1)
    for options in (("--mockspaces-keep=all",), ("-n", "1", "--mockspaces-keep=failed")):
        assert pytester.runpytest_subprocess(*options).ret == pytest.ExitCode.USAGE_ERROR


def test_interrupted_test_shows_its_journal(pytester: pytest.Pytester) -> None:
    """Ctrl-C at a test that hangs shows what its world was asked, and leaves no process."""
    pytester.makepyfile(
        HELPERS
        + """
def test_hangs(mockspaces):
    ask(mockspaces, "/api/before")
    print("hangs", mockspaces.url, file=__import__("sys").__stderr__, flush=True)
    mockspaces.journal.wait(path="/never", timeout=30)
"""
    )
    options = [*SYNC, f"--mockspaces-python={sys.executable}", "-s"]
    process = pytester.popen([*pytester._getpytestargs(), *options], stdin=subprocess.DEVNULL, text=True)
    assert process.stderr
    url = next(line for line in process.stderr if line.startswith("hangs")).split()[1]
    process.send_signal(signal.SIGINT)
    told, _errors = process.communicate(timeout=60)
    assert process.returncode == pytest.ExitCode.INTERRUPTED
    assert "GET /api/before" in told
    with pytest.raises(urllib.error.URLError):
        urllib.request.urlopen(url)  # noqa: S310 - loopback
