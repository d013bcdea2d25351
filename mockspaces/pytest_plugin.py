"""The pytest plugin: a world per test. Importing it costs nothing until a test asks for it.

Whatever way a test gets a world - the fixture, another fixture on top of it, `request.getfixturevalue`,
``mockspaces_server.open_world()`` - it is kept with the test, and that has three consequences. If the test fails, in
set-up, call or teardown, its report shows the journal of the world, refusals first. If it passes although a fault it
planned, or a misbehaviour it asked for, never happened, it fails: it has not tested what it says. And when the report
of its teardown is written, the world is dropped; no sooner, since that report wants the journal too.

A world that a fixture of wider scope opens belongs to the tests that name the fixture. They are shown what the world
was asked since they began, and what never happened in it is told when it is dropped.

The hooks are such as the oldest pluggy knows that a supported pytest accepts: wrappers of the old style, which change
a result and raise nothing; what fails a test runs last in its phase instead.
"""

from __future__ import annotations

import contextlib
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

    from mockspaces.client import Mockspaces
    from mockspaces.client.seeds import Seed

TITLE = "mockspaces journal"
SERVER, FIXTURES = "mockspaces_server", {"mockspaces", "mockspaces_module", "mockspaces_session"}
MOST_DROPPED = 5  # worlds that a test has dropped itself and whose journals its report shows
BUNDLED = ("demo", "empty")
OPTIONS = {
    "url": "Use this running mock instead of an embedded one.",
    "token": "Control token of that mock.",
    "ca": "File with the CA of that mock, if its URL is https and the system does not trust it.",
    "python": "Run the server with the Python of another environment, one that has the extra server of mockspaces.",
    "seed": "What worlds begin with: demo (default), empty, or a JSON or YAML file.",
    "keep": 'With "failed", stop at each failing test, tell where its page is, and wait for Enter.',
    "artifacts": "Folder for the journal and the page of each failing test.",
}


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("mockspaces")
    for name, text in OPTIONS.items():
        group.addoption(f"--mockspaces-{name}", help=text.replace("%", "%%"))
        parser.addini(f"mockspaces_{name}", text)


def _option(config: pytest.Config, name: str) -> str | None:
    return config.getoption(f"--mockspaces-{name}") or config.getini(f"mockspaces_{name}") or None


@dataclass
class Kept:
    """The worlds of one test."""

    worlds: list[Mockspaces] = field(default_factory=list)
    since: dict[str, int] = field(default_factory=dict)  # by name, of wider worlds: the newest entry from before
    stories: list[str] = field(default_factory=list)  # of worlds that the test has dropped itself
    missing: list[str] = field(default_factory=list)  # what never happened in those
    excused: bool = False  # the test has failed or was skipped, whatever it planned
    told: bool = False


class Run:
    """What the tests of one run share: the server, the seeds, and who has which world."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config
        self.current = Kept()
        self.item: pytest.Item | None = None  # whose worlds these are
        self.wider: list[tuple[str, Mockspaces]] = []  # with the name of the fixture
        self.setting_up: list[tuple[str, str]] = []  # names and scopes of fixtures, the innermost last
        self.interrupted = ""
        self._server: Mockspaces | None = None
        self._seeds: dict[str, Seed] = {}

    @property
    def server(self) -> Mockspaces:
        """The default world; its server is started when it is first wanted, and ends with the run."""
        if self._server is None:
            from mockspaces.client import Mockspaces

            config = self.config
            url, python = _option(config, "url"), _option(config, "python")
            if url:
                mock = Mockspaces(url, control_token=_option(config, "token"), ca_file=_option(config, "ca"))
            else:
                mock = Mockspaces.start(python=python)
            try:
                mock.call("GET", "")
            except BaseException:
                mock.close()
                raise
            mock.watch(self)
            self._server = mock
        return self._server

    def seed(self, given: Any) -> Any:
        """Return a seed that a test, a fixture or an option names; a file is read once."""
        if isinstance(given, dict) or str(given) in BUNDLED:
            return given
        from mockspaces.client.seeds import Seed

        path = str(self.config.rootpath / given)
        if path not in self._seeds:
            try:
                self._seeds[path] = Seed(Path(path))
            except OSError as error:
                raise ValueError(f"{path}: {error.strerror}") from None
        return self._seeds[path]

    def check_seed(self) -> None:
        """Raise `UsageError` if no world could begin with the file that an option names."""
        name = _option(self.config, "seed") or BUNDLED[0]
        if name in BUNDLED:
            return
        from mockspaces.client import ControlError

        try:
            seed = self.seed(name)
        except ValueError as error:
            raise pytest.UsageError(f"--mockspaces-seed: {error}") from None
        try:
            self.server.open_world(seed=seed).drop()
        except ControlError as error:
            raise pytest.UsageError(f"--mockspaces-seed: {error.why}") from None
        except Exception:  # noqa: BLE001, S110 - no server: the fixture will say why
            pass

    def opened(self, world: Mockspaces) -> None:
        """Keep a world with the test that runs, or with the fixture of wider scope that is being set up."""
        name, scope = self.setting_up[-1] if self.setting_up else ("", "function")
        if scope == "function":
            self.current.worlds.append(world)
        else:
            self.wider.append((name, world))

    def dropping(self, world: Mockspaces) -> None:
        """Keep what is to be told of a world that a test or a fixture drops itself."""
        self._forget(world)
        with contextlib.suppress(Exception):  # its server may be gone
            from mockspaces.client.story import story

            self.current.missing += world.never_happened()
            self.current.stories = [*self.current.stories, story(world)][-MOST_DROPPED:]

    def release(self, world: Mockspaces) -> None:
        """Hand a world of a wider fixture, whose scope ends, to the test after which that happens."""
        self._forget(world)
        self.current.worlds.append(world)

    def _forget(self, world: Mockspaces) -> None:
        self.wider = [(name, one) for name, one in self.wider if one is not world]
        self.current.worlds = [one for one in self.current.worlds if one is not world]

    def begin(self, item: pytest.Item) -> None:
        """Keep from now on what this test opens."""
        self.end(self.current)
        self.item = item
        self.current = item.stash[KEPT] = Kept()
        for world in self._wider():
            with contextlib.suppress(LookupError):
                self.current.since[world.name] = world.journal.last().id

    def _wider(self) -> list[Mockspaces]:
        """Return the worlds of wider scope that the test uses; the default one only where it may have no other."""
        names = set(getattr(self.item, "fixturenames", ()))
        # What a test asked for by `getfixturevalue` alone is known to its request only, which pytest does not show.
        names |= set(getattr(getattr(self.item, "_request", None), "_fixture_defs", ()))
        found = [world for name, world in self.wider if name in names]
        shared = self._server and not _option(self.config, "url") and SERVER in names and FIXTURES.isdisjoint(names)
        return [*found, self._server] if self._server and shared else found

    @property
    def worlds(self) -> list[Mockspaces]:
        """The worlds that the test has now, its own first."""
        return [*self.current.worlds, *self._wider()]

    def never_happened(self) -> list[str]:
        """Return what the test that runs has planned in its own worlds and what has not happened."""
        found = [*self.current.missing]
        for world in self.current.worlds:
            found += world.never_happened()
        return found

    def stories(self) -> str:
        """Return what is to be told of all worlds of the test, once each."""
        from mockspaces.client.story import NOTHING, story

        told = [*self.current.stories]
        for world in self.worlds:
            try:
                told.append(story(world, self.current.since.get(world.name)))
            except Exception as error:  # noqa: BLE001 - a report must not fail because the server is gone
                told.append(f"not available: {error!r}")
        return "\n\n".join([one for one in told if one != NOTHING] or told[:1])

    def end(self, kept: Kept) -> None:
        """Drop the worlds of a test; one that is gone, or whose server is, needs nothing more."""
        worlds, kept.worlds = kept.worlds, []
        for world in reversed(worlds):  # one that was opened by another is dropped by it
            world.watch(None)
            with contextlib.suppress(Exception):
                world.drop()
            world.close()

    def pytest_keyboard_interrupt(self) -> None:
        """Ask for the journal of a test that hung until Ctrl-C, as long as the server is there."""
        self.interrupted = self.stories()

    def close(self) -> None:
        """Drop what an interrupted test has left, and end the server."""
        self.end(Kept([*self.current.worlds, *(world for _name, world in self.wider)]))
        server, self._server = self._server, None
        if server:
            server.watch(None)
            server.close()


RUN = pytest.StashKey[Run]()
KEPT = pytest.StashKey[Kept]()


def pytest_configure(config: pytest.Config) -> None:
    if (keep := _option(config, "keep")) not in (None, "failed"):
        raise pytest.UsageError(f'--mockspaces-keep: expected "failed", not "{keep}"')
    if keep and getattr(config.option, "numprocesses", None):
        raise pytest.UsageError("--mockspaces-keep waits at the terminal, which workers do not have: use -n 0")
    config.stash[RUN] = run = Run(config)
    config.pluginmanager.register(run, "mockspaces-run")
    config.add_cleanup(run.close)


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    """Check the seed before workers are started; what they find they could only tell as a crash."""
    if session.config.pluginmanager.hasplugin("dsession"):
        session.config.stash[RUN].check_seed()


def pytest_collection_finish(session: pytest.Session) -> None:
    config = session.config
    asked = any("mockspaces_seed" in getattr(item, "fixturenames", ()) for item in session.items)
    if asked and not config.option.collectonly and not hasattr(config, "workerinput"):
        config.stash[RUN].check_seed()


@pytest.fixture(scope="session")
def mockspaces_server(pytestconfig: pytest.Config) -> Mockspaces:
    """The default world of the mock that all tests of the run share.

    That is the one at --mockspaces-url, or one under --mockspaces-python, or one embedded in this process.
    What a test opens with ``mockspaces_server.open_world()`` is dropped at its end, if not before.
    """
    from mockspaces.client import ControlError

    url = _option(pytestconfig, "url")
    try:
        return pytestconfig.stash[RUN].server
    except ImportError as error:
        told = f"{error}, or name the Python of an environment that has it: --mockspaces-python"
        pytest.fail(told, pytrace=False)
    except (ControlError, OSError, RuntimeError, ValueError) as error:
        pytest.fail(f"mockspaces at {url}: {error}" if url else str(error), pytrace=False)


@pytest.fixture(scope="session")
def mockspaces_seed(pytestconfig: pytest.Config) -> Any:
    """What worlds begin with: a name, a document, or the path of a file. Override it in a conftest, module or class."""
    return _option(pytestconfig, "seed") or BUNDLED[0]


@pytest.fixture
def mockspaces(request: pytest.FixtureRequest, mockspaces_seed: Any, mockspaces_server: Mockspaces) -> Mockspaces:
    """A world of its own for one test: own state, clock, settings and journal.

    It begins with `mockspaces_seed`, or with what ``parametrize("mockspaces", [...], indirect=True)`` gives.
    """
    return _open(request, mockspaces_seed, mockspaces_server)


@pytest.fixture(scope="module")
def mockspaces_module(
    request: pytest.FixtureRequest, mockspaces_seed: Any, mockspaces_server: Mockspaces
) -> Iterator[Mockspaces]:
    """A world that the tests of one module share."""
    world = _open(request, mockspaces_seed, mockspaces_server)
    yield world
    request.config.stash[RUN].release(world)


@pytest.fixture(scope="session")
def mockspaces_session(
    request: pytest.FixtureRequest, mockspaces_seed: Any, mockspaces_server: Mockspaces
) -> Iterator[Mockspaces]:
    """A world that all tests of the run share, or of one worker of it."""
    world = _open(request, mockspaces_seed, mockspaces_server)
    yield world
    request.config.stash[RUN].release(world)


@pytest.fixture
def mockspaces_vendor_hosts(mockspaces: Mockspaces) -> Iterator[Mockspaces]:
    """The world of the test, which the vendor's host names lead to inside this process meanwhile."""
    with mockspaces.vendor_hosts():
        yield mockspaces


def _open(request: pytest.FixtureRequest, seed: Any, server: Mockspaces) -> Mockspaces:
    run = request.config.stash[RUN]
    server.watch(run)  # a project may have a fixture `mockspaces_server` of its own
    from mockspaces.client import ControlError

    try:
        return server.open_world(seed=run.seed(getattr(request, "param", seed)))
    except (ControlError, ValueError) as error:
        pytest.fail(f"mockspaces: {error}", pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_fixture_setup(
    fixturedef: pytest.FixtureDef[Any], request: pytest.FixtureRequest
) -> Generator[None, None, None]:
    """Know whose world it is that is opened meanwhile."""
    stack = request.config.stash[RUN].setting_up
    stack.append((fixturedef.argname, fixturedef.scope))
    yield
    stack.pop()


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    item.config.stash[RUN].begin(item)


@pytest.hookimpl(trylast=True)
def pytest_runtest_call(item: pytest.Item) -> None:
    """Fail a test that passed although something it planned never happened."""
    _fail_if(item.config.stash[RUN].never_happened())


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown(item: pytest.Item) -> None:
    """The same for what was planned since, and for worlds whose fixtures of wider scope end here."""
    run = item.config.stash[RUN]
    if not run.current.excused:
        _fail_if(run.never_happened())


def _fail_if(missing: Iterable[str]) -> None:
    if told := "; ".join(missing):
        pytest.fail(f"planned, but it never happened: {told}", pytrace=False)


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, Any, None]:
    """Show the journal of a failing test, refusals first; at its end drop its worlds."""
    outcome = yield
    report: pytest.TestReport = outcome.get_result()
    run = item.config.stash[RUN]
    kept = run.current
    if not report.passed:
        kept.excused = True
    if report.failed and not kept.told and (told := run.stories()):
        kept.told = True
        # Tell it as part of the failure itself: JUnit XML and editors show that, and not sections of the report.
        if add := getattr(report.longrepr, "addsection", None):
            add(TITLE, told)
        else:
            report.longrepr = f"{report.longrepr}\n{f' {TITLE} ':-^80}\n{told}"
        if folder := _option(item.config, "artifacts"):
            name = re.sub(r"[^\w.-]+", "-", item.nodeid).strip("-")[-150:]
            _save(item.config.rootpath / folder / name, run.worlds, told)
    if report.when == "teardown":
        run.end(kept)


def _save(folder: Path, worlds: Iterable[Mockspaces], told: str) -> None:
    """Write what there is to know of a failing test: for each world its journal and its page."""
    with contextlib.suppress(Exception):  # the server may be gone, the disk full: neither is what failed here
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "journal.txt").write_text(told, encoding="utf-8")
        for world in worlds:
            (folder / f"{world.name}.html").write_bytes(world.download("/ui"))
            (folder / f"{world.name}.har").write_bytes(world.download("/journal?format=har"))


@pytest.hookimpl(tryfirst=True)
def pytest_exception_interact(node: pytest.Item | pytest.Collector, report: pytest.TestReport) -> None:
    """Stop at a failing test if that is wanted, with its worlds as they are."""
    if not isinstance(node, pytest.Item) or not _option(node.config, "keep"):
        return
    pages = [f"{world.url}/_mock/ui" for world in node.config.stash[RUN].worlds]
    if pages and (capture := node.config.pluginmanager.getplugin("capturemanager")):
        capture.suspend(in_=True)
        with contextlib.suppress(EOFError):  # no terminal, nobody to wait for
            input(f"\n{node.nodeid} has failed; its world is at {' '.join(pages)} - Enter goes on\n")
        capture.resume()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if told := config.stash[RUN].interrupted:
        terminalreporter.section(TITLE)
        terminalreporter.line(told)
