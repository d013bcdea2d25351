"""What the plugin tells about a test, and where its server comes from."""

import json
import sys

import pytest

from mockspaces import Config, Server

SYNC = ("-p", "no:xdist", "-p", "no:randomly", "-p", "no:asyncio")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests inside speak to the loopback, whatever the environment says."""
    monkeypatch.setenv("no_proxy", "*")


def test_failing_test_shows_its_journal_refusals_first(pytester: pytest.Pytester) -> None:
    """The report of a failing test holds what its world was asked, the refusals first with their why; no other does."""
    pytester.makepyfile(
        """
        import httpx

        def test_fails(mockspaces):
            httpx.get(f"{mockspaces.api_url}/users/me", headers={"Authorization": "Bearer nonsense"})
            httpx.get(f"{mockspaces.url}/health")
            assert False

        def test_passes(mockspaces):
            httpx.get(f"{mockspaces.api_url}/users/me")
        """
    )
    result = pytester.runpytest_subprocess(*SYNC, "-rA")
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(
        [
            "*mockspaces journal*",
            "401  GET /api/users/me  auth.credential_invalid  no such access token was issued in this world",
            "200  GET /health",
        ]
    )
    assert result.stdout.str().count("mockspaces journal") == 1


def test_journal_of_a_failing_test_is_cut(pytester: pytest.Pytester) -> None:
    """A long journal is cut to the newest entries and says how many there are besides."""
    pytester.makepyfile(
        """
        import httpx

        def test_fails(mockspaces):
            for _ in range(30):
                httpx.get(f"{mockspaces.url}/health")
            assert False
        """
    )
    pytester.runpytest_subprocess(*SYNC).stdout.fnmatch_lines(["... and 10 more"])


def test_fault_that_never_happened_fails_its_test(pytester: pytest.Pytester) -> None:
    """A test that passes without its planned fault or misbehaviour fails; one whose plan came true does not."""
    pytester.makepyfile(
        """
        import httpx

        def test_never_happens(mockspaces):
            mockspaces.fail("POST /spaces/invite", status=503)

        def test_never_misbehaves(mockspaces):
            mockspaces.misbehave("id_token.bad_signature")

        def test_happens(mockspaces):
            fault = mockspaces.fail("GET /users/me", status=503, times=1)
            assert httpx.get(f"{mockspaces.api_url}/users/me", headers={
                "Authorization": f"Bearer {mockspaces.token('ann@example.com')}"}).status_code == 503
            assert fault.fired == 1

        def test_need_not_happen(mockspaces):
            mockspaces.faults.plan(status=503, probability=0.5)

        def test_is_taken_back(mockspaces):
            mockspaces.reject("permission.denied").drop()

        def test_fails_for_another_reason(mockspaces):
            mockspaces.fail("POST /spaces/invite", status=503)
            assert 1 == 2
        """
    )
    result = pytester.runpytest_subprocess(*SYNC)
    result.assert_outcomes(passed=3, failed=3)
    result.stdout.fnmatch_lines_random(
        [
            "*planned, but it never happened: fault {'status': 503} {'endpoint': 'SPACES-CREATE'}",
            "*planned, but it never happened: misbehaviour id_token.bad_signature",
            "*assert 1 == 2",
        ]
    )


def test_waiting_inside_a_running_loop(pytester: pytest.Pytester) -> None:
    """A waiting call inside a loop raises with the advice at once; its async twin waits without stopping the loop."""
    pytester.makepyfile(
        """
        import asyncio, time
        import httpx, pytest

        async def test_async(mockspaces):
            for wait in (mockspaces.journal.wait, lambda: mockspaces.wait_for(mockspaces.chats)):
                with pytest.raises(RuntimeError, match="await mockspaces.aio"):
                    wait()
            async with httpx.AsyncClient() as client:
                waiting = asyncio.create_task(mockspaces.aio.journal.wait(2, path="/health"))
                await asyncio.sleep(0.05)
                for _ in range(2):
                    await client.get(f"{mockspaces.url}/health")
                assert [entry.status for entry in await waiting] == [200, 200]
            space = mockspaces.space("Room", owner="ann@example.com")
            later = asyncio.get_running_loop().call_later(
                0.05, lambda: mockspaces.message(space.id, "hello", username="ann@example.com"))
            assert [chat.text for chat in await mockspaces.aio.wait_for(mockspaces.chats)] == ["hello"]
            with pytest.raises(TimeoutError):
                await mockspaces.aio.wait_for(mockspaces.posts, timeout=0.05)
            with pytest.raises(TimeoutError):
                await mockspaces.aio.journal.wait(9, timeout=0.05)
        """
    )
    pytester.makeini("[pytest]\nasyncio_mode=auto\nasyncio_default_fixture_loop_scope=function")
    pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:randomly").assert_outcomes(passed=1)


def test_worlds_begin_with_the_seed_that_is_named(pytester: pytest.Pytester) -> None:
    """A seed file of the ini file, relative to it, fills every world; the option wins over it."""
    (pytester.path / "seed.json").write_text(json.dumps({"users": [{"username": "max@zoo.example"}]}))
    pytester.makeini("[pytest]\nmockspaces_seed=seed.json")
    pytester.makepyfile(
        """
        def test_counts(mockspaces, pytestconfig):
            wanted = {None: 1, "empty": 0, "demo": 6}[pytestconfig.getoption("--mockspaces-seed")]
            assert mockspaces.call("GET", "")["counts"]["users"] == wanted
        """
    )
    for options in ((), ("--mockspaces-seed=empty",), ("--mockspaces-seed=demo",)):
        pytester.runpytest_inprocess(*SYNC, *options).assert_outcomes(passed=1)


@pytest.mark.usefixtures("fresh_interpreter")
def test_server_of_another_environment(pytester: pytest.Pytester) -> None:
    """With another Python the server runs in a process of its own, which ends with the run."""
    pytester.makepyfile(
        """
        import os, sys

        def test_server_is_elsewhere(mockspaces):
            assert mockspaces.user("zoe@example.com").username == "zoe@example.com"
            assert "starlette" not in sys.modules
            print("pid", mockspaces.name)
        """
    )
    pytester.runpytest_subprocess(*SYNC, f"--mockspaces-python={sys.executable}").assert_outcomes(passed=1)


@pytest.mark.parametrize(("python", "hint"), [("/nonexistent", "No such file"), ("/bin/sh", "did not start")])
def test_python_without_the_server_is_told(pytester: pytest.Pytester, python: str, hint: str) -> None:
    """A Python that is missing or cannot run the server fails the test with its last words."""
    pytester.makepyfile("def test_x(mockspaces): pass")
    result = pytester.runpytest_inprocess(*SYNC, f"--mockspaces-python={python}")
    result.assert_outcomes(errors=1)
    assert hint in result.stdout.str()


@pytest.mark.parametrize(
    ("url", "hint"),
    [
        ("http://127.0.0.1:9", "mockspaces at http://127.0.0.1:9: "),
        ("127.0.0.1:9", "expected an http or https URL"),
        ("{mock}", "X-Mock-Token is wrong"),
    ],
)
def test_mock_that_cannot_be_used_is_told(pytester: pytest.Pytester, url: str, hint: str) -> None:
    """A mock that is not there, has no URL or wants another token fails the test in one line."""
    pytester.makepyfile("def test_x(mockspaces): pass")
    with Server(Config(port=0, control_token="hush")) as running:
        options = (f"--mockspaces-url={url.replace('{mock}', running.url)}", "--mockspaces-token=loud")
        result = pytester.runpytest_inprocess(*SYNC, *options)
    result.assert_outcomes(errors=1)
    assert hint in result.stdout.str()
    assert "Traceback" not in result.stdout.str()


def test_missing_server_packages_are_told(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where only the client is installed, the error says what to install and which option helps."""
    monkeypatch.setitem(sys.modules, "mockspaces.server", None)
    pytester.makepyfile("def test_x(mockspaces): pass")
    result = pytester.runpytest_inprocess(*SYNC)
    result.assert_outcomes(errors=1)
    result.stdout.fnmatch_lines(["*mockspaces?server?*--mockspaces-python*"])
