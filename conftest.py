"""What holds for every run in this repository: answers have the shapes of their rows, worlds are followed by replicas.

With ``--break-everywhere`` its calls also break at each of their changes before they are carried out.
"""

from collections import Counter
from collections.abc import Generator

import httpcore  # noqa: F401 - httpx imports it late: within an inner pytest, whose modules go again with their classes
import pytest

from mockspaces.server import Server
from tests.breaking import KEPT, Breaking, uncovered, wrongly_kept
from tests.replicas import Replicas
from tests.shaped import Shaped

shaped: list[Shaped] = []
followed: list[Replicas] = []
breaking: list[Breaking] = []
broken: Counter[str] = Counter()  # over all processes of a run, as what follows
kept: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    why = "Let each call of the embedded mock break at each of its changes first; fails if one is never reached."
    parser.addoption("--break-everywhere", action="store_true", help=why)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("--overlay", default=None):  # a wrong cloud has to be noticed by the tests
        return
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    shaped.append(Shaped(patch))


@pytest.hookimpl(optionalhook=True)  # declared by the contract suite
def pytest_embedded_mock(config: pytest.Config, server: Server) -> None:
    followed.append(Replicas(server.app.worlds))
    if config.getoption("--break-everywhere"):
        patch = pytest.MonkeyPatch()
        config.add_cleanup(patch.undo)
        breaking.append(Breaking(patch, server.app))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown() -> Generator[None, None, None]:
    """Let the test fail whose world was not what its changes had told, or kept something of a broken call."""
    yield
    for answers in shaped:
        otherwise, answers.problems = list(dict.fromkeys(answers.problems)), []
        assert not otherwise, "not of the shape that its row names:\n" + "\n".join(otherwise)
    for replicas in followed:
        found, replicas.differences = replicas.differences, []
        assert not found, f"changed past put, delete and facts: {', '.join(found)}"
    for one in breaking:
        left, one.left = [*one.left, *wrongly_kept(one.kept)], []
        kept.update(store for _, store in one.kept)
        one.kept.clear()
        assert not left, "\n".join(left)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compare the worlds that outlive every test, the default one above all."""
    for replicas in followed:
        replicas.compare_all()
        assert not replicas.differences, f"changed past put, delete and facts: {', '.join(replicas.differences)}"
    for one in breaking:
        broken.update(one.broken)
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput |= {"broken": dict(broken), "kept": sorted(kept)}
    elif session.config.getoption("--break-everywhere") and not session.config.getoption("lf", default=False):
        missing = [*uncovered(broken), *sorted(KEPT.keys() - kept)]
        session.config.stash[MISSING] = missing
        if missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: object) -> None:
    output = getattr(node, "workeroutput", {})
    broken.update(output.get("broken", {}))
    kept.update(output.get("kept", []))


MISSING = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if followed:
        terminalreporter.line(f"{sum(one.compared for one in followed)} states were equal to their replicas")
    if broken:
        terminalreporter.line(f"calls of {len(broken)} kinds broke {broken.total()} times and left nothing")
    if missing := config.stash.get(MISSING, []):
        terminalreporter.line(f"never carried out, or never kept by a refusal: {', '.join(missing)}")
