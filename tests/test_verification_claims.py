"""Claims on another target: what is laid to them, what is not, and how the mock keeps tests honest."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from email.utils import formatdate
from pathlib import Path
from textwrap import dedent
from typing import Any

import httpx
import pytest

from contract_tests import profiles
from contract_tests.claims import Claim, Need, NotTried, aside, book, claim, expect, observe, step
from contract_tests.kit import SCOPES, refused
from contract_tests.profiles import Profile, ProfileError, ServiceCloud, Serving, Throttle, load
from contract_tests.recording import Recorder
from tests.forking import loaded

ROOT = Path(__file__).parent.parent
URLS = {"accounts": "http://there", "api": "http://there/api"}
Handler = Callable[[httpx.Request], httpx.Response]


def refusal(code: str = "auth.credential_invalid", status: int = 401) -> httpx.Response:
    return httpx.Response(status, json={"code": code, "message": "no"})


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    """A test of a run against a service has begun."""
    recording = Recorder()
    recording.begin("auth/test_x.py::test_it", ["A-01"])
    book.lenient, book.keep = True, recording.exchange
    book.begin()
    yield recording
    book.lenient = False
    book.begin()


@pytest.fixture
def serve(recorder: Recorder) -> Callable[[Handler], ServiceCloud]:
    """Make a service that answers so, of a profile without any credential."""

    def service(answer: Handler, **members: Any) -> ServiceCloud:
        hooks: dict[str, list[Callable[..., Any]]] = {"response": [recorder.response]}
        client = httpx.Client(transport=httpx.MockTransport(answer), event_hooks=hooks)
        return ServiceCloud(Profile("there", "service", URLS, **members), client)

    return service


def one(name: str = "A-01") -> Claim:
    [found] = [made for made in book.claims if made.id == name]
    return found


def test_a_service_that_accepts_garbage_is_contradicted(serve: Callable[[Handler], ServiceCloud]) -> None:
    """What is accepted instead of refused differs, no refusal was seen, and the test goes on to its next claim."""
    cloud = serve(lambda request: httpx.Response(200, json={}) if "Authorization" in request.headers else refusal())
    with claim("A-01", "garbage is refused"):
        refused(cloud.call("GET", "/spaces", headers={"Authorization": "service_app garbage"}), 401, "x")
    with claim("B-01", "nothing is refused"):
        refused(cloud.call("GET", "/spaces"), 401, "auth.credential_invalid")
    assert (one().state, one().kind, one().refusal, one().exchanges) == ("differs", "plain", False, [0])
    assert (one("B-01").state, one("B-01").refusal, one("B-01").exchanges) == ("held", True, [1])


@pytest.mark.parametrize(
    ("answer", "reason"),
    [
        (httpx.Response(503), "the target broke (503) on GET /api/spaces"),
        (httpx.Response(429), "the target was busy (429) on GET /api/spaces"),
        (httpx.Response(200, text="<!DOCTYPE html>sign in"), "something answered a page instead of JSON on GET /api"),
    ],
)
def test_a_target_that_breaks_contradicts_nothing(
    serve: Callable[[Handler], ServiceCloud], answer: httpx.Response, reason: str
) -> None:
    """Its status is no answer to the claim, whatever the claim compares it with; the next one is tried."""
    cloud = serve(lambda request: answer if request.url.path.endswith("spaces") else refusal())
    with claim("A-01", "it is refused"):
        assert cloud.call("GET", "/spaces").status_code != 200
    with claim("B-01", "it is refused"):
        refused(cloud.call("GET", "/users"), 401, "auth.credential_invalid")
    assert (one().state, one("B-01").state) == ("not tried", "held")
    assert one().reason.startswith(reason)


def test_a_claim_may_be_about_a_broken_target(serve: Callable[[Handler], ServiceCloud]) -> None:
    """A status that a claim allows is compared like any other."""
    cloud = serve(lambda _request: httpx.Response(503))
    with claim("A-01", "it is 503", allows=[503]):
        expect(cloud.call("GET", "/spaces").status_code, 503)
    assert one().state == "held"


def test_without_a_connection_the_rest_is_not_tried(serve: Callable[[Handler], ServiceCloud]) -> None:
    """A closed port ends the test, so that no claim waits for a timeout of its own."""

    def closed(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError("refused", request=request)

    cloud = serve(closed)
    with pytest.raises(NotTried, match="no connection"), claim("A-01", "it is accepted"):
        cloud.call("GET", "/spaces")
    assert (one().state, one().reason) == ("not tried", "no connection: refused")


def test_a_missing_credential_is_named(serve: Callable[[Handler], ServiceCloud]) -> None:
    """A need that the profile does not serve leaves just this claim untried, and says which it is."""
    cloud = serve(lambda _request: refusal())
    with claim("A-01", "an app may"):
        cloud.app("spaces.create")
    with claim("B-01", "a person may"):
        cloud.user("ann@example.com")
    assert "a service app of Example with spaces.create" in one().reason
    assert (one().state, one("B-01").state) == ("not tried", "not tried")


def test_a_difference_is_swallowed_and_kept() -> None:
    """An expectation ends its claim as documented, assumptions are gathered, and both sides are kept."""
    book.lenient = True
    try:
        book.begin()
        with claim("A-01", "both"):
            observe(1, 2)
            expect(3, 4)
            observe(5, 6)
        with claim("B-01", "assumed"):
            observe(1, 2)
        assert [(found.actual, found.wanted) for found in one().differences] == [(1, 2), (3, 4)]
        assert (one().kind, one("B-01").kind) == ("documented", "assumed")
    finally:
        book.lenient = False


def test_what_a_claim_cannot_read_differs_and_what_a_helper_cannot_read_does_not(
    serve: Callable[[Handler], ServiceCloud],
) -> None:
    """A member that the test itself misses is a difference; one that a step misses keeps claims from being tried."""
    cloud = serve(lambda _request: httpx.Response(200, json={}))
    with claim("A-01", "there is a topicId"):
        assert cloud.call("GET", "/spaces").json()["topicId"]
    with claim("B-01", "a guest may"):
        cloud.guest()
    with claim("C-01", "a step of the test"), step("prepare"):
        assert cloud.call("GET", "/spaces").json()["topicId"]
    with claim("D-01", "after a claim that gave nothing"):
        assert undefined  # type: ignore[name-defined]  # noqa: F821 - as after a claim that was not tried
    assert (one().state, one().differences[0].note) == ("differs", "the answer lacks 'topicId'")
    assert (one("B-01").state, one("B-01").reason) == ("not tried", "could not let a guest in: 'token'")
    assert (one("C-01").state, one("C-01").reason) == ("not tried", "could not prepare: 'topicId'")
    assert one("D-01").reason.startswith("an earlier claim did not give")


def test_the_words_of_a_refusal_are_laid_to_the_statements_about_them(serve: Callable[[Handler], ServiceCloud]) -> None:
    """A service that refuses with another status and code holds the claim, and differs in three known places."""
    cloud = serve(lambda _request: httpx.Response(403, json={"error": "no"}))
    with claim("A-01", "it is refused"):
        refused(cloud.call("GET", "/spaces"), 401, "auth.credential_invalid")
    found = {made.id: (made.state, made.aside) for made in book.claims}
    assert found.pop("A-01") == ("held", False)
    assert found == dict.fromkeys(["ERR-STD-01", "ERR-BODY-02", "ERR-BODY-01"], ("differs", True))


def test_a_claim_that_sends_nothing_is_about_the_newest_answer(serve: Callable[[Handler], ServiceCloud]) -> None:
    """Unless it names the answers that it is about."""
    cloud = serve(lambda request: refusal() if request.url.path.endswith("spaces") else httpx.Response(200, json={}))
    first = cloud.call("GET", "/spaces")
    cloud.call("GET", "/users")
    with claim("A-01", "the newest"):
        expect(1, 1)
    with claim("B-01", "the first", about=[first]):
        expect(1, 1)
    assert (one().exchanges, one().refusal) == ([1], False)
    assert (one("B-01").exchanges, one("B-01").refusal) == ([0], True)


@pytest.mark.usefixtures("recorder")
def test_needs_gather_in_the_order_of_a_test() -> None:
    """A claim needs what its test used until then; what nothing but a mock serves makes it an extra."""
    book.need(Need("person", "ann@example.com"))
    with claim("A-01", "first"):
        pass
    book.need(Need("control"))
    with claim("B-01", "second"):
        pass
    assert [len(made.needs) for made in book.claims] == [1, 2]
    assert [made.extra for made in book.claims] == [False, True]


# --- on our own mock


def test_on_the_mock_a_difference_fails_where_it_stands() -> None:
    """Neither claims nor asides swallow anything there."""
    book.begin()
    with pytest.raises(AssertionError, match="1 is not 2"), claim("A-01", "x"):
        observe(1, 2)
    with pytest.raises(AssertionError, match="1 is not 2"), claim("A-01", "x"):
        aside(1, 2, of="B-01")
    assert book.claims == []
    book.begin()


def test_claims_are_well_formed() -> None:
    """A text stands once for a statement of a test, claims do not lie in each other, and comparisons lie in claims."""
    book.begin()
    with claim("A-01", "x"):
        pass
    with pytest.raises(RuntimeError, match="twice"), claim("A-01", "x"):
        pass
    with pytest.raises(RuntimeError, match="inside of"), claim("A-01", "y"), claim("A-01", "z"):
        pass
    book.open = None
    with pytest.raises(RuntimeError, match="inside a claim"):
        expect(1, 1)
    book.begin()


TINY = """
    from contract_tests.claims import claim, expect
    from contract_tests.kit import Cloud, behaviour

    @behaviour("AUTH-SVC-01", "AUTH-SVC-02")
    def test_cited(cloud: Cloud) -> None:
        with claim("AUTH-SVC-01", "a claim"):
            expect(1, 1)

    @behaviour("AUTH-SVC-01")
    def test_uncited(cloud: Cloud) -> None:
        with claim("AUTH-SVC-01", "a claim"):
            expect(1, 1)
        with claim("AUTH-SVC-02", "another claim"):
            expect(1, 1)

    @behaviour("AUTH-SVC-01")
    def test_right(cloud: Cloud) -> None:
        with claim("AUTH-SVC-01", "needs nothing"):
            expect(1, 1)
        app = cloud.app("spaces.create")
        with claim("AUTH-SVC-01", "needs an app"):
            expect(app.key["iss"], app.key["iss"])
        cloud.control("GET", "")
        with claim("AUTH-SVC-01", "needs a mock"):
            expect(cloud.call("GET", "/spaces", app).status_code, 401 if cloud.is_mock else 0)
"""
PROFILE = """
    name = "tiny"
    kind = "service"
    [urls]
    accounts = "http://127.0.0.1:9"
    api = "http://127.0.0.1:9/api"
    [[apps.Example]]
    key_file_env = "TINY_KEY"
    scopes = ["spaces.create"]
"""


def run(folder: Path, *options: object) -> tuple[str, dict[str, Any]]:
    """Run the tiny suite as `verify` would; return what pytest says and each test's record."""
    (folder / "test_tiny.py").write_text(dedent(TINY), encoding="utf-8")
    (folder / "tiny.toml").write_text(dedent(PROFILE), encoding="utf-8")
    results = folder / "results.json"
    command = [*loaded("pytest"), "-p", "contract_tests.conftest", "-p", "no:randomly", "-p", "no:xdist"]
    command += [
        "-c",
        str(ROOT / "contract_tests" / "suite.ini"),
        "--rootdir",
        str(folder),
        "-p",
        "no:cacheprovider",
        "-p",
        "no:asyncio",
    ]
    command += ["-q", "-rA", "--results", str(results), *map(str, options), str(folder / "test_tiny.py")]
    paths = {**os.environ, "PYTHONPATH": str(ROOT)}
    told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False, env=paths)
    assert results.exists(), told.stdout + told.stderr
    records = json.loads(results.read_text(encoding="utf-8"))["tests"]
    return told.stdout, {record["test"].rpartition("::")[2]: record for record in records}


def test_the_mock_holds_tests_to_what_they_cite(tmp_path: Path) -> None:
    """A statement that is cited and not claimed fails a test there, and so does one that is claimed and not cited."""
    told, records = run(tmp_path)
    assert {name: record["outcome"] for name, record in records.items()} == {
        "test_cited": "failed",
        "test_uncited": "failed",
        "test_right": "failed",  # by the last comparison
    }
    assert "cited, but claimed nowhere: ['AUTH-SVC-02']" in told
    assert "claimed, but not cited: ['AUTH-SVC-02']" in told


def test_the_mock_knows_what_a_profile_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """From the mock's run alone it is known which claims a profile can try, and what would unlock the others."""
    monkeypatch.delenv("TINY_KEY", raising=False)
    _told, records = run(tmp_path, "--explain", tmp_path / "tiny.toml")
    lacking = {made["text"]: made["lacking"] for made in records["test_right"]["claims"]}
    assert lacking == {"needs nothing": [], "needs an app": ["a service app of Example with spaces.create"]}


def test_a_service_is_asked_what_its_profile_serves(tmp_path: Path) -> None:
    """Played by a mock, claims are tried up to the need that no service serves, which the test gives as its reason."""
    _told, records = run(tmp_path, "--target", tmp_path / "tiny.toml", "--rehearse")
    record = records["test_right"]
    assert [made["state"] for made in record["claims"]] == ["held", "held"]
    assert (record["outcome"], record["reason"]) == ("skipped", "needs the control API of a mock")


# --- profiles

EXAMPLE = [
    {"key_file_env": "K_ALL", "scopes": list(SCOPES)},
    {"key_file_env": "K_SOME", "scopes": ["spaces.create", "spaces.delete"]},
    {"key_file_env": "K_ONE", "scopes": ["spaces.create"]},
    {"key_file_env": "K_OTHER", "scopes": ["users.search"]},
]


def serving(**environment: str) -> Serving:
    return Serving(Profile("there", "service", URLS, apps={"Example": EXAMPLE}, environment=environment))


ALL_KEYS = {"K_ALL": "a", "K_SOME": "b", "K_ONE": "c", "K_OTHER": "d"}


def test_the_app_of_the_fewest_scopes_is_given_and_no_other_twice() -> None:
    """An exact match comes first, an app stands for no other, and one that has more never stands for one that lacks."""
    profile = serving(**ALL_KEYS)
    need = Need("app", "Example", ("spaces.create",))
    given = [(profile.app(need) or {}).get("key_file_env") for _ in range(4)]
    assert given == ["K_ONE", "K_SOME", "K_ALL", None]
    lacking = Need("app", "Example", (), ("spaces.create",))
    assert [(profile.app(lacking) or {}).get("key_file_env") for _ in range(2)] == ["K_OTHER", None]
    assert "has no app for it" in profile.lacking(Need("app", "Rival", ("spaces.create",)))


def test_a_variable_that_is_not_set_is_named() -> None:
    """What the environment does not hold is said by its name."""
    profile = Serving(
        Profile("there", "service", URLS, people={"ann@example.com": {"username_env": "U", "password_env": "P"}})
    )
    assert profile.lacking(Need("person", "ann@example.com")) == "the environment variable U is not set"
    assert profile.lacking(Need("client")) == "there names no client_id_env"
    assert serving().app(Need("app", "Example", ("spaces.create",))) is None


def test_a_profile_may_list_one_app_or_several(tmp_path: Path) -> None:
    """Both spellings of TOML are read; files are looked for beside the profile; production is refused however spelt."""
    path = tmp_path / "p.toml"
    urls = '[urls]\naccounts="http://a"\napi="http://a/api"\n'
    path.write_text(f'name="x"\nkind="service"\n{urls}[apps.Example]\nkey_file_env="K"\nscopes=[]\n', encoding="utf-8")
    profile = load(path, allow_production=False)
    assert (profile.apps, profile.folder) == ({"Example": [{"key_file_env": "K", "scopes": []}]}, tmp_path)
    path.write_text(f'name="x"\nkind="service"\n{urls}web="https://spaces.avayacloud.com."\n', encoding="utf-8")
    with pytest.raises(ProfileError, match="production"):
        load(path, allow_production=False)


class Clock:
    """Time that passes only while somebody sleeps, and a second per call of a busy target."""

    def __init__(self) -> None:
        self.now = 1_000.2

    def time(self) -> float:
        return self.now

    def monotonic(self) -> float:
        return self.now

    def sleep(self, seconds: float) -> None:
        self.now += seconds


@pytest.mark.parametrize(("late", "tries"), [(0.0, 1), (0.5, 3), (0.95, None)])
def test_an_edge_of_time_counts_only_by_the_date_of_the_answer(
    serve: Callable[[Handler], ServiceCloud], monkeypatch: pytest.MonkeyPatch, late: float, tries: int | None
) -> None:
    """What is sent within a second counts if the answer shows that second; a Date that is always late is given up."""
    clock, sent = Clock(), list[int]()
    monkeypatch.setattr(profiles, "time", clock)
    cloud = serve(lambda _request: httpx.Response(200, headers={"Date": formatdate(clock.now - late, usegmt=True)}))

    def send(second: int) -> httpx.Response:
        sent.append(second)
        assert second <= clock.now < second + 1
        return cloud.call("GET", "/spaces")

    if tries is None:
        with pytest.raises(NotTried, match="clock of the target"):
            cloud.in_second(send)
    else:
        cloud.in_second(send)
        assert len(sent) == tries


def test_a_throttle_leaves_time_between_calls(monkeypatch: pytest.MonkeyPatch) -> None:
    """Who must hit a second asks how long the next call has to wait."""
    clock = Clock()
    monkeypatch.setattr(profiles, "time", clock)
    throttle = Throttle(60)
    throttle.request(httpx.Request("GET", "http://there"))
    assert throttle.wait == pytest.approx(1)
    throttle.request(httpx.Request("GET", "http://there"))
    assert clock.now == pytest.approx(1_001.2)


@pytest.mark.slow
def test_shares_are_all_tests_once() -> None:
    """Two processes that share the tests have each of them once."""
    found = []
    for options in ((), ("--share", "0/2"), ("--share", "1/2")):
        fixed = ("--collect-only", "-q", "-n0", "-p", "no:randomly")  # as `mockspaces verify` starts it
        command = [sys.executable, "-m", "pytest", "contract_tests/misc", *fixed, *options]
        told = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        found.append({line for line in told.stdout.splitlines() if "::" in line})
    every, first, second = found
    assert first | second == every
    assert not first & second
    assert min(len(first), len(second)) > 10
