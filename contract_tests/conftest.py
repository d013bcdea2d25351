"""The target of the contract tests: the embedded mock, or what a profile names; each test on its own."""

import math
from collections.abc import Generator, Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import httpx
import pytest

from contract_tests import preflight
from contract_tests.browser import Browser, open_page
from contract_tests.claims import Need, NotTried, book, why
from contract_tests.kit import Cloud, route
from contract_tests.profiles import (
    USUAL,
    Profile,
    ProfileError,
    ServiceCloud,
    Serving,
    Throttle,
    connect,
    load,
    mock_cloud,
    rehearsal,
    trust,
)
from contract_tests.recording import Recorder
from contract_tests.redaction import redact_text
from contract_tests.sockets import Sockets
from mockspaces.config import Config
from mockspaces.server import Server

OWN_MOCK = "mock"
COULD_NOT_RUN = 2
LAG_S = 0.1  # between processes of one machine
PLEASE = "PLEASE "  # begins a line for the person at the browser, which `mockspaces verify` shows
TARGET = pytest.StashKey[Profile]()
recorder = Recorder()
book.keep = recorder.exchange
described: dict[str, str] = {}  # the profile in use, if there is one
leftovers: list[str] = []


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("contract")
    group.addoption("--target", type=Path, metavar="FILE", help="Profile of the target; the embedded mock without it.")
    group.addoption("--allow-production", action="store_true", help="Do not refuse a profile that names production.")
    group.addoption("--overlay", metavar="FILE", help="Contract overlay for the embedded mock: a variant, or a mutant.")
    group.addoption("--only", action="append", metavar="ID", help="Only tests that cite a behaviour beginning so.")
    group.addoption("--rehearse", action="store_true", help="An embedded mock in the place of the profile's service.")
    group.addoption("--interactive", action="store_true", help="A person at a browser signs in and decides.")
    group.addoption("--explain", type=Path, metavar="FILE", help="Note for each claim what this profile lacks for it.")
    group.addoption("--share", metavar="K/N", help="Only each Nth test, from the Kth one on; not to be shuffled.")
    group.addoption("--results", type=Path, metavar="FILE", help="Write outcome and redacted exchanges of each test.")


class Hooks:
    """What a run in a repository may want to hear from this suite."""

    def pytest_embedded_mock(self, config: pytest.Config, server: Server) -> None:
        """Hear of the mock that is embedded for this run, before it starts."""

    @pytest.hookspec(firstresult=True)
    def pytest_running_mock(self, config: pytest.Config) -> str | None:
        """Return the URL of a mock that takes the place of the embedded one, with its worlds reached by prefix.

        Each call has a connection of its own then, since there may be several processes behind that URL.
        """


def pytest_addhooks(pluginmanager: pytest.PytestPluginManager) -> None:
    pluginmanager.add_hookspecs(Hooks)


def loaded(config: pytest.Config, option: str) -> Profile | None:
    """Return the profile that an option names, if it does; one that cannot be used ends the run."""
    path: Path | None = config.getoption(option, None)
    if path is None:
        return None
    try:
        return load(path, allow_production=config.getoption("--allow-production"))
    except ProfileError as error:
        recorder.problems = str(error).splitlines()
        pytest.exit(str(error), COULD_NOT_RUN)


def pytest_collection(session: pytest.Session) -> None:
    """Read the profile, and try what it names before anything takes its time; a problem ends the run."""
    explained = loaded(session.config, "--explain")
    if explained is not None:

        def lacking(needs: Sequence[Need]) -> list[str]:
            serving = Serving(explained)
            return [str(need) for need in needs if serving.lacking(need)]

        recorder.lacking = lacking
    found = loaded(session.config, "--target")
    if found is None:
        return
    recorder.secrets = found.secrets
    if not (session.config.getoption("--rehearse") or session.config.getoption("collectonly")):
        seen = preflight.check(found, interactive=session.config.getoption("--interactive"))
        recorder.problems, recorder.remarks, found = seen.problems, seen.remarks, seen.profile
        if seen.problems:
            pytest.exit("; ".join(seen.problems), COULD_NOT_RUN)
    session.config.stash[TARGET] = found


@pytest.fixture(scope="session")
def browser(profile: Profile | None, pytestconfig: pytest.Config) -> Iterator[Browser | None]:
    """The browser at which a person signs in and decides, of a run that is interactive."""
    if profile is None or not pytestconfig.getoption("--interactive"):
        yield None
        return
    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def tell(text: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n{PLEASE}{text}", flush=True)  # noqa: T201 - for whoever is at the browser

    opened = Browser(profile.oauth_client["redirect_uri"], tell, open_page)
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def profile(pytestconfig: pytest.Config) -> Profile | None:
    """The profile of the target, None for the embedded mock."""
    found = pytestconfig.stash.get(TARGET, None)
    if found is None:
        return None
    described.update(name=found.name, kind=found.kind)
    book.lenient = True
    return found


@pytest.fixture(scope="session")
def throttle(profile: Profile | None, pytestconfig: pytest.Config) -> Throttle | None:
    """What keeps a run polite on a real service."""
    real = profile is not None and not profile.is_mock and not pytestconfig.getoption("--rehearse")
    return Throttle(profile.calls_per_minute) if profile is not None and real else None


@pytest.fixture(scope="session")
def running_mock(pytestconfig: pytest.Config) -> str | None:
    """The URL of a mock that runs already, None if one is embedded."""
    url: str | None = pytestconfig.hook.pytest_running_mock(config=pytestconfig)
    route.lag_s = LAG_S if url else 0
    return url


@pytest.fixture(scope="session")
def http(profile: Profile | None, throttle: Throttle | None, running_mock: str | None) -> Iterator[httpx.Client]:
    """One client for all tests: making one costs more than most tests do. It records, and is polite elsewhere."""
    if profile is not None and throttle is not None:
        route.tls, route.proxy, route.pace = trust(profile), profile.proxies_from_environment or None, throttle.request
    else:
        proxies = profile is not None and profile.proxies_from_environment
        urls = {"control": profile.control} if profile is not None else {}
        route.proxy = proxies or None
        profile = Profile(OWN_MOCK, "mock", urls=urls, proxies_from_environment=proxies)
        throttle = Throttle(math.inf)
    limits = httpx.Limits(max_keepalive_connections=0) if running_mock else USUAL
    with connect(profile, throttle, hooks={"response": [recorder.response]}, limits=limits) as client:
        yield client


@pytest.fixture(scope="session")
def target(
    profile: Profile | None,
    pytestconfig: pytest.Config,
    http: httpx.Client,
    browser: Browser | None,
    running_mock: str | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Profile]:
    """The profile in use; without one, that of a mock embedded for this run."""
    rehearse = pytestconfig.getoption("--rehearse")
    if profile is not None and not rehearse:
        yield replace(profile, browser=browser)
        return
    if running_mock:
        yield Profile(OWN_MOCK, "mock", control=f"{running_mock}/_mock", through=running_mock)
        return
    embedded = Server(Config(port=0, overlay=pytestconfig.getoption("--overlay")))
    pytestconfig.hook.pytest_embedded_mock(config=pytestconfig, server=embedded)
    with embedded as running:
        control = f"{running.url}/_mock"
        if profile is None or profile.is_mock:
            yield Profile(OWN_MOCK, "mock", control=control)
        else:
            yield rehearsal(profile, control, http, tmp_path_factory.mktemp("keys"))


@pytest.fixture
def cloud(target: Profile, http: httpx.Client, throttle: Throttle | None) -> Iterator[Cloud]:
    """The target of one test: a world of its own on a mock, the profile's people elsewhere."""
    if target.is_mock:
        with mock_cloud(target, http) as world:
            yield world
        return
    service = ServiceCloud(target, http, throttle)
    try:
        yield service
    finally:
        service.clean_up()
        leftovers.extend(service.leftovers)


@pytest.fixture
def sockets(cloud: Cloud) -> Iterator[Sockets]:
    """Sockets of the target, closed after the test."""
    with Sockets(cloud) as opened:
        yield opened


def cited(item: pytest.Item) -> list[str]:
    """Return the behaviours that a test shows."""
    return list(dict.fromkeys(one for marker in item.iter_markers("behaviour") for one in marker.args))


def chosen(config: pytest.Config) -> tuple[str, ...]:
    """Return how the behaviours of ``--only`` begin; none of them means all."""
    return tuple(config.getoption("--only") or ())


def pytest_ignore_collect(collection_path: Path, config: pytest.Config) -> bool | None:
    """Leave out the files that cite nothing of ``--only``: collecting them takes longer than most selections run."""
    named = {Path(argument.partition("::")[0]).resolve() for argument in config.args}
    if not chosen(config) or not collection_path.name.startswith("test_") or collection_path in named:
        return None
    return None if quotes(collection_path, chosen(config)) else True


def quotes(path: Path, beginnings: tuple[str, ...]) -> bool:
    """Whether a file cites a behaviour that begins so."""
    text = path.read_text(encoding="utf-8")
    return any(f'"{one}' in text for one in beginnings)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    only = chosen(config)
    if not only:
        _check_citations(items)
        # What failed in a share is run again as a whole: pytest collects nothing else then.
        share = None if config.getoption("lf", default=False) else config.getoption("--share")
        first, _, step = (share or "0/1").partition("/")
        config.hook.pytest_deselected(items=[one for at, one in enumerate(items) if at % int(step) != int(first)])
        items[:] = items[int(first) :: int(step)]
        return
    wanted = [any(one.startswith(only) for one in cited(item)) for item in items]
    config.hook.pytest_deselected(items=[item for item, want in zip(items, wanted, strict=True) if not want])
    items[:] = [item for item, want in zip(items, wanted, strict=True) if want]
    if not items:
        why = f"no test here cites a behaviour that begins with {' or '.join(only)}"
        pytest.exit(why, pytest.ExitCode.NO_TESTS_COLLECTED)


def _check_citations(items: list[pytest.Item]) -> None:
    """Refuse a citation that is put together: ``--only`` finds the files of a behaviour by its quoted id."""
    texts = {path: path.read_text(encoding="utf-8") for path in {item.path for item in items}}
    for item in items:
        for name in cited(item):
            if f'"{name}"' not in texts[item.path]:
                raise pytest.UsageError(f'{item.nodeid} cites {name}, but "{name}" is not in its file')


@pytest.hookimpl(optionalhook=True)  # of pytest-xdist
def pytest_xdist_auto_num_workers(config: pytest.Config) -> int | None:
    """Run one test after another on a target: its people are the same for all, and its rate is for all together.

    Results are written by one process, and a selection of nothing is told by one: nobody hears why another one ends.
    """
    only = chosen(config)
    nothing = only and not any(quotes(path, only) for path in Path(__file__).parent.rglob("test_*.py"))
    return 0 if nothing or config.getoption("--target") or config.getoption("--results") else None


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    recorder.writes = item.config.getoption("--results") is not None
    recorder.begin(item.nodeid.partition("contract_tests/")[2] or item.nodeid, cited(item))
    book.begin(repeats=hasattr(getattr(item, "obj", None), "hypothesis"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Turn what happened into claims, and an outcome that follows from them."""
    report = yield
    error = call.excinfo.value if call.excinfo is not None else None
    if book.lenient:
        _judge_elsewhere(item, report, error)
    elif report.when == "call" and report.passed:
        _judge_own(item, report)
    if report.when == "call" or (report.when == "setup" and not report.passed):
        recorder.finish(book.claims)
    played = item.config.getoption("--rehearse") or described.get("kind") != "service"
    if report.when == "teardown" and book.troubled and not played:
        gone = preflight.silent(item.config.stash[TARGET])
        if gone:
            recorder.ended = f"the target stopped answering: {gone}"
            item.session.shouldstop = recorder.ended
    return report


def _judge_own(item: pytest.Item, report: pytest.TestReport) -> None:
    """Let a test fail on our own mock that claims other statements than it cites."""
    claimed, wanted = {one.id for one in book.claims}, set(cited(item))
    if claimed != wanted:
        missing, strange = sorted(wanted - claimed), sorted(claimed - wanted)
        report.outcome = "failed"
        report.longrepr = f"cited, but claimed nowhere: {missing}; claimed, but not cited: {strange}"


def _judge_elsewhere(item: pytest.Item, report: pytest.TestReport, error: BaseException | None) -> None:
    """Lay nothing but claims to another target: a test that cannot go on is skipped, one whose claims differ fails."""
    rehearsed = bool(item.config.getoption("--rehearse"))
    if isinstance(error, NotTried) or (isinstance(error, Exception) and not rehearsed):
        book.stopped = why(error)
        report.outcome, report.longrepr = "skipped", (str(item.path), 0, f"Skipped: {book.stopped}")
    if report.when != "call":
        return
    differing = [one for one in book.claims if one.state == "differs"]
    contradicted = [one for one in differing if one.kind != "assumed" or rehearsed]
    if contradicted:
        said = "; ".join(f"{one.id}: {one.text}" for one in contradicted)
        report.outcome, report.longrepr = "failed", f"contradicts {said}"


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    record = recorder.current
    if record is None or not report.nodeid.endswith(record.test):
        return
    record.seconds += report.duration
    if report.outcome != "passed" and record.outcome == "passed":
        record.outcome = "error" if report.failed and report.when != "call" else report.outcome
        if report.failed and book.lenient and str(report.longrepr).startswith("contradicts "):
            record.outcome = "contradicted"
        record.reason = redact_text(book.stopped or reason(report))


def reason(report: pytest.TestReport) -> str:
    """Return why a test failed or was skipped, in one line without a traceback."""
    if isinstance(report.longrepr, tuple):
        return str(report.longrepr[2]).removeprefix("Skipped: ")
    crash = getattr(report.longrepr, "reprcrash", None)
    return str(crash.message if crash else report.longrepr).partition("\n")[0]


@pytest.hookimpl(trylast=True)  # when the fixtures have cleaned up, also after Ctrl-C
def pytest_sessionfinish(session: pytest.Session) -> None:
    path: Path | None = session.config.getoption("--results", None)
    if path is not None:
        recorder.write(path, described.get("name", OWN_MOCK), described.get("kind", "mock"), leftovers)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    for remark in recorder.remarks:
        terminalreporter.line(remark)
    if leftovers:
        terminalreporter.section("left behind")
        terminalreporter.line("these spaces could not be deleted: " + ", ".join(leftovers))
    cited_by_all = {name for record in recorder.records for name in record.behaviours}
    if cited_by_all:
        terminalreporter.line(f"{len(cited_by_all)} behaviours cited by {len(recorder.records)} tests")
