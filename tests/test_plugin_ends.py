"""However a run of pytest ends, its exit code is its own and nothing is left running; and tests that are coroutines."""

import signal
import sys

import pytest

from mockspaces.client.waiting import wait_for
from tests.conftest import SOON_S
from tests.test_client_connection import ended

PLAIN = ("-p", "no:xdist", "-p", "no:randomly", "-p", "no:asyncio")


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests inside speak to the loopback, whatever the environment says."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize(
    ("ending", "code"),
    [
        ("pass", pytest.ExitCode.OK),
        ("assert False", pytest.ExitCode.TESTS_FAILED),
        ("pytest.exit('enough', returncode=7)", 7),
        ("raise KeyboardInterrupt", pytest.ExitCode.INTERRUPTED),
        ("raise SystemExit(3)", pytest.ExitCode.TESTS_FAILED),
        ("os._exit(9)", 9),
        ("os.kill(os.getpid(), 9)", -signal.SIGKILL),
        ("os.kill(os.getpid(), 15)", -signal.SIGTERM),
        ("mockspaces._opener._server._process.kill(); mockspaces._opener._server._process.wait()", pytest.ExitCode.OK),
    ],
)
def test_end_of_a_run_is_its_own(pytester: pytest.Pytester, ending: str, code: int) -> None:
    """The exit code is what it would be without us, and the server of another Python is gone soon after."""
    pytester.makepyfile(
        f"""
        import os, pathlib, pytest

        def test_ends(mockspaces):
            pathlib.Path("server").write_text(str(mockspaces._opener._server._process.pid))
            {ending}
        """
    )
    result = pytester.runpytest_subprocess(*PLAIN, f"--mockspaces-python={sys.executable}", "-W", "error")
    assert result.ret == code
    assert "INTERNALERROR" not in result.stdout.str()
    server = int((pytester.path / "server").read_text())
    wait_for(lambda: ended(server), SOON_S)


COROUTINES = """
import asyncio
import httpx, pytest

@pytest.fixture
async def client():
    async with httpx.AsyncClient() as one:
        yield one

{mark}
async def test_waits(mockspaces, client):
    with pytest.raises(RuntimeError, match="await mockspaces.aio"):
        mockspaces.wait_for(lambda: True)
    waiting = mockspaces.aio.journal.wait(path="/health")
    asked, [entry] = await asyncio.gather(client.get(mockspaces.url + "/health"), waiting)
    assert (asked.status_code, entry.status) == (200, 200)

{mark}
async def test_fails(mockspaces, client):
    await client.get(mockspaces.url + "/health")
    assert False

def test_plain(mockspaces):
    assert mockspaces.wait_for(lambda: mockspaces.name)
"""


@pytest.mark.parametrize(("mode", "mark"), [("strict", "@pytest.mark.asyncio"), ("auto", "")])
def test_coroutines_under_pytest_asyncio(pytester: pytest.Pytester, mode: str, mark: str) -> None:
    """In both modes of pytest-asyncio a coroutine takes a world, waits under `aio`, and shows its journal."""
    code = COROUTINES.replace("{mark}", mark)
    if mode == "strict":
        code = code.replace("@pytest.fixture", "import pytest_asyncio\n@pytest_asyncio.fixture")
    pytester.makepyfile(code)
    pytester.makeini(f"[pytest]\nasyncio_mode={mode}\nasyncio_default_fixture_loop_scope=function")
    result = pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:randomly")
    result.assert_outcomes(passed=2, failed=1)
    result.stdout.fnmatch_lines(["*mockspaces journal*", "200  GET /health"])


def test_examples_of_hypothesis_leave_no_world(pytester: pytest.Pytester) -> None:
    """More examples than a server has room for worlds are no matter where each drops its own."""
    pytester.makepyfile(
        """
        from hypothesis import given, settings, strategies as st
        from mockspaces import Mockspaces

        @settings(max_examples=60, deadline=None, database=None)
        @given(number=st.integers())
        def test_many(mockspaces_server, number):
            with mockspaces_server.open_world(seed="empty") as world:
                assert world.name

        def test_few_are_open(mockspaces_server):
            assert len(mockspaces_server.call("GET", "/worlds")["data"]) == 1
        """
    )
    pytester.runpytest_subprocess(*PLAIN).assert_outcomes(passed=2)


def test_test_case_of_unittest(pytester: pytest.Pytester) -> None:
    """A `TestCase` that takes a world by a fixture of its class has journal and planned faults like any test."""
    pytester.makepyfile(
        """
        import unittest, urllib.request
        import pytest

        class TestBot(unittest.TestCase):
            @pytest.fixture(autouse=True)
            def take(self, mockspaces):
                self.cloud = mockspaces

            def test_fails(self):
                urllib.request.urlopen(f"{self.cloud.url}/health").close()
                self.assertTrue(False)

            def test_plans(self):
                self.cloud.reject("permission.denied")

            def test_skips(self):
                self.cloud.reject("permission.denied")
                self.skipTest("not today")
        """
    )
    result = pytester.runpytest_subprocess(*PLAIN)
    result.assert_outcomes(failed=2, skipped=1)
    result.stdout.fnmatch_lines_random(["200  GET /health", "*planned, but it never happened*"])
