import subprocess
import sys

import pytest

from tests.conftest import Serve

THREE_TESTS = """
    import urllib.request
    import pytest

    def names(mock):
        return {world["name"] for world in mock.call("GET", "/worlds")["data"]}

    @pytest.mark.parametrize("number", range(6))
    def test_has_a_world_of_its_own(mockspaces, number):
        assert mockspaces.call("GET", "")["counts"]["users"] == 6
        assert list(mockspaces.journal) == []
        mockspaces.user("zoe@example.com")
        mockspaces.settings(rest_enforce_limits=True)
        mockspaces.clock.advance(days=number + 1)
        assert urllib.request.urlopen(f"{mockspaces.url}/health").read() == b"OK"
        assert len(list(mockspaces.journal)) == 1
"""


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests inside speak to the loopback, whatever the environment says."""
    monkeypatch.setenv("no_proxy", "*")


@pytest.mark.parametrize(
    "options",
    [
        pytest.param(("-p", "no:xdist", "-p", "no:randomly"), id="plain"),
        pytest.param(("-n", "2"), id="xdist", marks=pytest.mark.slow),
        pytest.param(("-p", "randomly", "-p", "no:xdist"), id="random"),
    ],
)
def test_each_test_has_a_world_of_its_own(pytester: pytest.Pytester, options: tuple[str, ...]) -> None:
    """Users, settings, clock and journal of one test are unknown to the next, in any order and on several workers."""
    pytester.makepyfile(THREE_TESTS)
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=6)


def test_running_mock_can_be_used_instead(pytester: pytest.Pytester, serve: Serve) -> None:
    """With a URL the same tests run against that mock and leave no world behind."""
    served = serve("--control-token", "hush")
    pytester.makepyfile(
        THREE_TESTS
        + f"""
    def test_is_the_mock_at_the_url(mockspaces, mockspaces_server):
        assert mockspaces_server.url == {served.url!r}
        assert names(mockspaces) == {{"default", mockspaces.name}}
"""
    )
    options = ("--mockspaces-url", served.url, "--mockspaces-token", "hush", "-p", "no:xdist")
    pytester.runpytest_subprocess(*options).assert_outcomes(passed=7)


def test_failed_test_drops_its_world_too(pytester: pytest.Pytester) -> None:
    """A test that fails takes its world with it."""
    pytester.makepyfile(
        """
        def test_fails(mockspaces):
            assert False

        def test_sees_nothing_of_it(mockspaces):
            opened = {world["name"] for world in mockspaces.call("GET", "/worlds")["data"]}
            assert opened == {"default", mockspaces.name}
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:xdist")
    result.assert_outcomes(passed=1, failed=1)


@pytest.mark.usefixtures("fresh_interpreter")
def test_example_of_the_design_works(pytester: pytest.Pytester) -> None:
    """A bot that gets its key file from the fixture creates a space, is refused when told so, and the why is there."""
    pytester.makepyfile(
        """
        import time
        import httpx
        import jwt

        def announce(api, key, title):
            claims = {"iss": key["iss"], "sub": key["sub"], "aud": "spaces.avayacloud.com", "exp": time.time() + 60}
            token = jwt.encode(claims, key["private_key"], "RS256", headers={"kid": key["kid"]})
            headers = {"Authorization": f"service_app {token}"}
            body = {"topic": {"title": title}}
            return httpx.post(f"{api}/spaces/invite", json=body, headers=headers, trust_env=False).status_code

        def test_bot(mockspaces):
            app = mockspaces.service_app(scopes=["spaces.create"])
            assert announce(mockspaces.api_url, app.key, "hello") == 200
            mockspaces.change_service_app(app.iss, active=False)
            assert announce(mockspaces.api_url, app.key, "again") == 401
            assert app.iss in mockspaces.journal.last(status=401).why
        """
    )
    pytester.runpytest_subprocess("-p", "no:xdist").assert_outcomes(passed=1)


@pytest.mark.usefixtures("fresh_interpreter")
def test_plugin_costs_nothing_until_it_is_used(pytester: pytest.Pytester) -> None:
    """A test run that does not ask for the fixture loads neither the client nor anything of the server."""
    pytester.makepyfile(
        """
        import sys

        def test_without_the_fixture():
            heavy = ("starlette", "httpx", "uvicorn", "msgspec", "cryptography", "socketio", "mockspaces.client")
            assert [name for name in heavy if name in sys.modules] == []
        """
    )
    pytester.runpytest_subprocess("-p", "no:xdist", "-p", "no:randomly").assert_outcomes(passed=1)


def test_plugin_loads_without_any_other_package_than_pytest() -> None:
    """Importing the plugin brings in nothing of ours but the package and itself."""
    code = "import sys, mockspaces.pytest_plugin; print(*sorted(name for name in sys.modules if 'mockspaces' in name))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "mockspaces mockspaces.pytest_plugin\n"
