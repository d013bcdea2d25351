"""What holds for every run in this repository: answers have the shapes of their rows, worlds are followed by replicas.

With ``--break-everywhere`` its calls also break at each of their changes before they are carried out. With ``--log``
the worlds of the embedded mock are kept in a log, and rebuilt from it when they go. With ``--workers`` the suite runs
on processes of their own behind a balancer instead, which share that log.
"""

import gc
import tempfile
from collections import Counter
from collections.abc import Generator
from pathlib import Path

# All of them are imported late otherwise: within an inner pytest, whose modules go again, and their classes with them.
import cryptography.x509  # noqa: F401 - for mockspaces.server.tls
import httpcore  # noqa: F401 - for httpx
import hypothesis  # noqa: F401 - it looks for who refers to what, which `gc.freeze` hides
import pytest

import mockspaces.cloud.kernel.rsa
import mockspaces.server.websocket  # noqa: F401 - as the others
from mockspaces.server import Server
from tests.breaking import KEPT, Breaking, uncovered, wrongly_kept
from tests.rebuilding import LOGS, RebuildingKeeper, opened
from tests.replicas import Replicas
from tests.shaped import Member, Shaped, unjudged
from tests.workers import running, unable

shaped: list[Shaped] = []
optional: tuple[set[Member], set[Member]] = (
    set(),
    set(),
)  # seen and missed, over all processes of a run, as what follows
whole: list[bool] = []  # of each process, whether it was given the whole contract suite
COLLECT_AFTER = (10_000, 10, 20)
SUITE = Path(__file__).parent / "contract_tests"
followed: list[Replicas] = []
rebuilding: list[RebuildingKeeper] = []
breaking: list[Breaking] = []
deselected: list[pytest.Item] = []
broken: Counter[str] = Counter()  # over all processes of a run, as what follows
kept: set[str] = set()


def pytest_addoption(parser: pytest.Parser) -> None:
    why = "Let each call of the embedded mock break at each of its changes first; fails if one is never reached."
    parser.addoption("--break-everywhere", action="store_true", help=why)
    why = "Keep the worlds of the embedded mock in a log of this kind, and compare them with it when they go."
    parser.addoption("--log", choices=LOGS, help=why)
    why = "Run on so many processes behind a balancer, by prefix; more than one share --log redis."
    parser.addoption("--workers", type=int, help=why)


def pytest_configure(config: pytest.Config) -> None:
    if (config.getoption("--workers") or 1) > 1 and config.getoption("--log") != "redis":
        raise pytest.UsageError("several --workers share --log redis")
    gc.disable()  # thousands of tests are no garbage, and a fifth of the time they take to be found went into looking
    if config.getoption("--overlay", default=None):  # a wrong cloud has to be noticed by the tests
        return
    patch = pytest.MonkeyPatch()
    config.add_cleanup(patch.undo)
    shaped.append(Shaped(patch))


@pytest.hookimpl(optionalhook=True)  # declared by the contract suite
def pytest_embedded_mock(config: pytest.Config, server: Server) -> None:
    followed.append(Replicas(server.app.worlds))
    if kind := config.getoption("--log"):
        folder = tempfile.TemporaryDirectory()
        config.add_cleanup(folder.cleanup)
        rebuilding.append(RebuildingKeeper(opened(kind, Path(folder.name), config.add_cleanup), server.app))
    if config.getoption("--break-everywhere"):
        patch = pytest.MonkeyPatch()
        config.add_cleanup(patch.undo)
        breaking.append(Breaking(patch, server.app))


@pytest.hookimpl(optionalhook=True)  # declared by the contract suite
def pytest_running_mock(config: pytest.Config) -> str | None:
    if not (count := config.getoption("--workers")):
        return None
    folder = tempfile.TemporaryDirectory()
    config.add_cleanup(folder.cleanup)
    return running(config.getoption("--log"), count, Path(folder.name), config.add_cleanup)


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
    for keeper in rebuilding:
        found, keeper.differences = keeper.differences, []
        assert not found, f"not in the log as it is: {', '.join(found)}"
    for one in breaking:
        left, one.left = [*one.left, *wrongly_kept(one.kept)], []
        kept.update(store for _, store in one.kept)
        one.kept.clear()
        assert not left, "\n".join(left)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    workers = config.getoption("--workers")
    for item in items if workers else ():
        if mark := unable(item.nodeid, workers):
            item.add_marker(mark)
    skipping = config.getoption("rehearse", default=False)  # what needs a control API does not run
    whole.append({*SUITE.rglob("test_*.py")} <= {item.path for item in items} and not deselected and not skipping)


def pytest_collection_finish() -> None:
    """Let the collector look at what tests make, and not at the tests again and again."""
    gc.freeze()
    gc.set_threshold(*COLLECT_AFTER)
    gc.enable()


def pytest_deselected(items: list[pytest.Item]) -> None:
    deselected.extend(items)


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Compare the worlds that outlive every test, the default one above all; judge which optional members came."""
    for answers in shaped:
        optional[0].update(answers.counted.seen)
        optional[1].update(answers.counted.missed)
    for replicas in followed:
        replicas.compare_all()
        assert not replicas.differences, f"changed past put, delete and facts: {', '.join(replicas.differences)}"
    for one in breaking:
        broken.update(one.broken)
    if hasattr(session.config, "workeroutput"):
        members = {"seen": sorted(optional[0]), "missed": sorted(optional[1]), "whole": all(whole)}
        members["checked"] = sum(one.checked for one in shaped)
        session.config.workeroutput |= {"broken": dict(broken), "kept": sorted(kept), **members}
        return
    if whole and all(whole) and any(one.checked for one in shaped) and session.exitstatus == pytest.ExitCode.OK:
        session.config.stash[UNJUDGED] = unjudged(*optional)
        if session.config.stash[UNJUDGED]:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
    if session.config.getoption("--break-everywhere") and not session.config.getoption("lf", default=False):
        missing = [*uncovered(broken), *sorted(KEPT.keys() - kept)]
        session.config.stash[MISSING] = missing
        if missing and session.exitstatus == pytest.ExitCode.OK:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_testnodedown(node: object) -> None:
    output = getattr(node, "workeroutput", {})
    broken.update(output.get("broken", {}))
    kept.update(output.get("kept", []))
    optional[0].update(map(tuple, output.get("seen", [])))
    optional[1].update(map(tuple, output.get("missed", [])))
    whole.append(output.get("whole", False))
    for one in shaped:
        one.checked += output.get("checked", 0)


MISSING = pytest.StashKey[list[str]]()
UNJUDGED = pytest.StashKey[list[str]]()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if followed:
        terminalreporter.line(f"{sum(one.compared for one in followed)} states were equal to their replicas")
    if rebuilding:
        terminalreporter.line(f"{sum(one.compared for one in rebuilding)} states were equal to their logs")
    if broken:
        terminalreporter.line(f"calls of {len(broken)} kinds broke {broken.total()} times and left nothing")
    if shaped:
        terminalreporter.line(f"{sum(one.checked for one in shaped)} answers were of the shape that their row names")
    for told in config.stash.get(UNJUDGED, []):
        terminalreporter.line(f"optional member {told}: show it in a test, or say why not in tests/shaped.py")
    if missing := config.stash.get(MISSING, []):
        terminalreporter.line(f"never carried out, or never kept by a refusal: {', '.join(missing)}")
