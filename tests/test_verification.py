"""From runs to verdicts and reports, on runs made by hand."""

import json
import re
import time
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract_tests.claims import Claim, Difference
from contract_tests.recording import Recorder
from contract_tests.redaction import redact_text
from mockspaces.contract import Contract, verdicts
from mockspaces.contract.behaviours import Behaviour, catalogue
from mockspaces.contract.verdicts import Verdict
from mockspaces.verification import learning, progress, reports, runs, summary
from mockspaces.verification.command import read_known
from mockspaces.verification.runs import ClaimRecord, Run, SuiteError, TestRecord
from mockspaces.verification.verdicts import NO_REFUSAL, Finding, Report, grade, verify


def row(name: str, evidence: str = "D", untested: str = "", *, refusal: bool = False) -> Behaviour:
    members = {"id": name, "kind": "behaviour", "area": "rest", "part": "", "statement": name}
    return Behaviour(**members, evidence=evidence, untested=untested, refusal=refusal)  # type: ignore[arg-type]


def held(name: str = "A-01", text: str = "it is so", **members: Any) -> ClaimRecord:
    return ClaimRecord(id=name, text=text, **members)


def differing(name: str = "A-01", text: str = "it is so", kind: Any = "documented", actual: str = "1") -> ClaimRecord:
    told = {"actual": actual, "wanted": "2", "note": "", "kind": kind}
    return ClaimRecord(id=name, text=text, state="differs", kind=kind, differences=(told,), exchanges=(0,))


def untried(name: str = "A-01", text: str = "it is so", reason: str = "x") -> ClaimRecord:
    return ClaimRecord(id=name, text=text, state="not tried", reason=reason)


def record(*claims: ClaimRecord, test: str = "test_x.py::test_it", **members: Any) -> TestRecord:
    cited = tuple(dict.fromkeys(one.id for one in claims))
    return TestRecord(test=test, behaviours=cited, outcome=members.pop("outcome", "passed"), claims=claims, **members)


def run(*tests: TestRecord, kind: str = "service") -> Run:
    return Run(target="there", finished="2026-11-20T12:00:00Z", kind=kind, tests=tests)


MOCK = run(record(held(), held("B-01")))


def judged(*claims: ClaimRecord, known: dict[str, str] | None = None) -> Report:
    return verify([row("A-01"), row("B-01")], MOCK, run(record(*claims)), known or {})


@pytest.mark.parametrize(
    ("evidence", "letter"),
    [
        ("D", "D"),
        ("C load; C browser", "C"),
        ("A", "A"),
        ("M", "M"),
        ("D; A", "mixed"),
        ("role D; rest A", "mixed"),
        ("C load, oauth", "C"),
        ("ACC-*", "mixed"),
        ("", "mixed"),
    ],
)
def test_evidence_is_reduced_to_a_letter(evidence: str, letter: str) -> None:
    """One tag alone is its letter, whatever else is written beside it; everything else is mixed."""
    assert grade(evidence) == letter


def test_every_behaviour_has_a_grade() -> None:
    """The catalogue's evidence can be reduced throughout."""
    assert {grade(one.evidence) for one in catalogue().values()} <= {"D", "C", "A", "M", "mixed"}


FIRST, SECOND = held(text="first"), held(text="second")


@pytest.mark.parametrize(
    ("evidence", "claims", "verdict"),
    [
        ("D", [FIRST, SECOND], "confirmed"),
        ("D", [FIRST], "partly"),
        ("D", [FIRST, untried(text="second")], "partly"),
        ("D", [untried(text="first"), untried(text="second")], "not tried"),
        ("D", [], "not tried"),
        ("D", [FIRST, differing(text="second")], "contradicted"),
        ("D", [differing(text="first", kind="assumed"), SECOND], "otherwise"),
        ("D", [differing(text="first", kind="assumed"), differing(text="second")], "contradicted"),
        ("D", [differing(text="first", kind="plain")], "contradicted"),
        ("mixed A, D", [differing(text="first", kind="plain")], "contradicted"),
        ("A", [differing(text="first", kind="plain")], "otherwise"),
    ],
)
def test_a_verdict_follows_from_claims(evidence: str, claims: list[ClaimRecord], verdict: Verdict) -> None:
    """One difference decides; confirmed needs every claim that the mock's run knows, and nothing tried is nothing."""
    [finding] = verify([row("A-01", evidence)], run(record(FIRST, SECOND)), run(record(*claims)), {}).findings
    assert finding.verdict == verdict


def test_a_difference_is_laid_to_its_claim_alone() -> None:
    """What is claimed of one behaviour says nothing about another of the same test."""
    [first, second] = judged(held(), differing("B-01")).findings
    assert (first.verdict, first.details) == ("confirmed", [])
    assert (second.verdict, second.details) == ("contradicted", ["it is so (test_x.py::test_it): answered: 1 is not 2"])


def test_what_a_helper_saw_counts_only_if_it_differs() -> None:
    """An aside makes a behaviour differ that no test on the mock claims so, and is not missed otherwise."""
    seen = msgspec.structs.replace(differing("B-01", "what helpers see", "assumed"), aside=True)
    assert judged(held(), held("B-01"), seen).findings[1].verdict == "otherwise"
    mock = run(record(held(), held("B-01"), held("B-01", "what helpers see", aside=True)))
    [finding] = verify([row("B-01")], mock, run(record(held("B-01"))), {}).findings
    assert (finding.verdict, finding.counted) == ("confirmed", 1)


def test_extras_of_the_mock_are_no_condition() -> None:
    """What only a mock can show keeps nothing from being confirmed, confirms nothing alone, and is told."""
    mock = run(record(FIRST, held(text="moves the clock", extra=True), held("B-01", extra=True)))
    target = run(record(FIRST), record(test="other"))
    [first, second] = verify([row("A-01"), row("B-01")], mock, target, {}).findings
    assert (first.verdict, first.counted, second.verdict) == ("confirmed", 1, "not tried")
    assert "extras of the mock" in first.details[0]


def test_a_refusal_must_have_been_answered() -> None:
    """A statement that speaks of a refusal is partly shown at best until one was seen."""
    statement = row("A-01", refusal=True)
    found = [
        verify([statement], MOCK, run(record(held(refusal=seen))), {}).findings[0].verdict for seen in (False, True)
    ]
    assert found == ["partly", "confirmed"]
    assert verify([statement], MOCK, run(record(held())), {}).findings[0].details == [NO_REFUSAL]


def test_a_claim_that_did_not_run_has_the_reason_of_its_test() -> None:
    """Why a test stopped, or that it did not run, is said of each claim that is missing; so is what would unlock it."""
    mock = run(record(held(lacking=("a second service app",))))
    stopped = run(TestRecord(test="test_x.py::test_it", behaviours=("A-01",), outcome="skipped", reason="no key"))
    [fate] = verify([row("A-01")], mock, stopped, {}).findings[0].claims
    assert (fate.state, fate.reason, fate.lacking) == ("not tried", "no key", ("a second service app",))
    assert verify([row("A-01")], mock, run(), {}).findings[0].claims[0].reason == "its test did not run"


def test_a_claim_whose_words_depend_on_the_target_is_a_stray() -> None:
    """The mock's run cannot know it, so it is told instead of being counted."""
    report = judged(held(), held("A-01", "space 5f3 is there"))
    assert report.strays == ("A-01: space 5f3 is there (test_x.py::test_it)",)
    assert report.findings[0].verdict == "confirmed"


def test_what_cannot_be_seen_is_told_apart_from_what_nobody_shows() -> None:
    """A behaviour without a test is uncited, unless the catalogue says why there is none."""
    report = verify([row("A-01", untested="internal: no call shows it"), row("B-01")], run(), run(), {})
    assert [finding.verdict for finding in report.findings] == ["invisible", "uncited"]


def test_known_differences_are_expected() -> None:
    """A listed difference leaves the run clean and is shown with its reason; an unlisted one does not."""
    both = differing(), differing("B-01")
    report = judged(*both, known={"A-01": "asked the vendor"})
    assert [(one.id, one.known) for one in report.findings] == [("A-01", "asked the vendor"), ("B-01", "")]
    assert [one.id for one in report.unexpected] == ["B-01"]
    assert judged(*both, known={"A-01": "x", "B-01": "y"}).clean


def test_a_single_claim_is_a_known_difference() -> None:
    """Another claim of the same statement that differs is not; one that does not differ any more is told."""
    mock = run(record(FIRST, SECOND))
    listed = {"A-01: first": "asked the vendor"}

    def against(*claims: ClaimRecord) -> Report:
        return verify([row("A-01")], mock, run(record(*claims)), listed)

    alone, both = against(differing(text="first"), SECOND), against(differing(text="first"), differing(text="second"))
    assert (alone.clean, alone.findings[0].known) == (True, "asked the vendor")
    assert (both.clean, both.findings[0].known, both.stale) == (False, "", ())
    assert "(known: asked the vendor)" in both.findings[0].details[0]
    assert against(FIRST, SECOND).stale == ("A-01: first",)


def test_a_listed_difference_that_stops_is_told() -> None:
    """What is listed and no longer differs, or could not be judged, makes the run unclean until it is taken off."""
    report = judged(held(), held("B-01"), known={"A-01": "x"})
    assert (report.stale, report.clean) == (("A-01",), False)


def test_a_restricted_report_says_nothing_about_the_rest() -> None:
    """With --only, neither findings nor stale differences of other behaviours are told."""
    report = verify([row("A-01"), row("B-01")], MOCK, run(record(held())), {"B-01": "x"}, ["A-"])
    assert [finding.id for finding in report.findings] == ["A-01"]
    assert report.clean


@pytest.mark.parametrize(
    ("text", "complaint"),
    [("", "known"), ("[known]\nX-99 = 'y'", 'no behaviour "X-99"'), ("[known", "Expected")],
    ids=["no table", "unknown id", "no TOML"],
)
def test_a_bad_list_of_known_differences_is_refused(tmp_path: Path, text: str, complaint: str) -> None:
    """A file without the table, with an id that does not exist, or that is no TOML, ends the run with its name."""
    path = tmp_path / "known.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SuiteError, match=re.escape(complaint)):
        read_known(path)


def test_a_file_that_is_no_recording_is_refused(tmp_path: Path) -> None:
    """Whatever cannot be read as a run is told by its name."""
    (tmp_path / "run.json").write_text("[]", encoding="utf-8")
    with pytest.raises(SuiteError, match=r"run\.json"):
        runs.load(tmp_path / "run.json")


# --- reports

HOSTILE = '<script>alert(1)</script><img src=x onerror=alert(2)> & "quotes" \N{SNOWMAN} </pre></details>'


def exchange(text: str = "{}", status: int = 200, url: str = "http://there/api/spaces") -> dict[str, Any]:
    request = {"method": "GET", "url": url, "headers": {}, "body": text}
    return {"request": request, "response": {"status": status, "headers": {}, "body": text}}


class Elements(HTMLParser):
    """Which elements a page has, and with which attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.names: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.names.append(tag)
        self.attributes |= {name for name, _value in attrs}


def test_reports_escape_hostile_text(tmp_path: Path) -> None:
    """Whatever a target answers is text in the report: it makes no element and no attribute."""
    answered = exchange(HOSTILE, url=f"http://there/{HOSTILE}")
    failed = record(differing(text=HOSTILE, actual=HOSTILE), exchanges=(answered,), reason=HOSTILE)
    report = verify([row("A-01")], run(failed), run(failed), {"A-01": HOSTILE})
    reports.write(report, tmp_path)
    elements = Elements((tmp_path / "report.html").read_text(encoding="utf-8"))
    assert elements.names.count("script") == 1
    assert "img" not in elements.names
    assert not any(name.startswith("on") for name in elements.attributes)
    markdown = (tmp_path / "report.md").read_text(encoding="utf-8")
    assert "<script" not in markdown
    assert json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["findings"][0]["known"] == HOSTILE


def test_a_report_needs_nothing_else(tmp_path: Path) -> None:
    """The page loads no file, and shows both exchanges of a difference."""
    mock, target = exchange("ours"), exchange("theirs")
    reports.write(
        verify(
            [row("A-01")],
            run(record(held(exchanges=(0,)), exchanges=(mock,))),
            run(record(differing(), exchanges=(target,))),
            {},
        ),
        tmp_path,
    )
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert not re.search(r"""(?:src|href)\s*=|url\(|@import""", page)
    assert "ours" in page
    assert "theirs" in page


def test_exchanges_of_a_claim_stand_beside_each_other() -> None:
    """A difference shows what the same claim got on both sides, and none of the rest of its test."""
    mock = record(held(exchanges=(1,)), exchanges=(exchange("x"), exchange("mine")))
    theirs = msgspec.structs.replace(differing(), exchanges=(0, 2))
    target = record(theirs, exchanges=(exchange("a"), exchange("y"), exchange("b")))
    [fate] = verify([row("A-01")], run(mock), run(target), {}).findings[0].claims
    assert fate.pairs == [(exchange("mine"), exchange("a")), (None, exchange("b"))]


def told(report: Report) -> list[str]:
    """Return the report in its three forms for people."""
    return [reports.text(report), reports.markdown(report), reports.html(report)]


def test_a_difference_shows_who_sent_and_got_what(tmp_path: Path) -> None:
    """Claim, test, request and answer of both sides, with headers in what is written to files."""
    sent = exchange("theirs", 202)
    sent["response"]["headers"] = {"x-request-id": "r7"}
    mock = run(record(held(exchanges=(0,)), exchanges=(exchange("ours"),)))
    report = verify([row("A-01")], mock, run(record(differing(), exchanges=(sent,))), {})
    for text in told(report):
        for word in ("it is so", "test_x.py::test_it", "GET http://there/api/spaces", "200", "ours", "202", "theirs"):
            assert word in text, word
    assert all("x-request-id: r7" in text for text in told(report)[1:])


def test_reasons_and_what_must_be_known_before_are_in_every_report() -> None:
    """Why claims were not tried, what was left out of the profile or left behind, and that the run ended early."""
    target = Run(
        target="there",
        finished="2026-11-20T12:00:00Z",
        kind="service",
        remarks=("KEY lacks the scope x",),
        ended="the target stopped answering",
        leftovers=("5f3",),
        tests=(record(untried(reason="there has no app for it")),),
    )
    report = verify([row("A-01"), row("B-01")], MOCK, target, {})
    assert not report.clean
    for text in told(report):
        assert "there has no app for it" in text
    for text in told(report)[1:]:
        assert "KEY lacks the scope x" in text
        assert "the target stopped answering: what follows" in text
        assert "5f3" in text
    assert report.findings[1].claims[0].reason == "the target stopped answering"


def test_the_core_is_as_its_worst_statement() -> None:
    """A topic of two statements is confirmed if both are, and nothing is said of what the run was not about."""
    names = ("AUTH-SVC-08", "AUTH-SVC-09", "AUTH-SVC-05")
    mock = run(record(*map(held, names)))

    def fate(*claims: ClaimRecord) -> dict[str, tuple[str, int, int]]:
        found = summary.core(verify(map(row, names), mock, run(record(*claims)), {}).findings)
        return {one.name: (one.verdict, one.tried, one.counted) for one in found}

    whole = fate(*map(held, names))
    assert whole == {"exp": ("confirmed", 2, 2), "signature": ("confirmed", 1, 1)}
    assert fate(held("AUTH-SVC-08"))["exp"] == ("partly", 1, 2)
    assert fate(held("AUTH-SVC-08"), differing("AUTH-SVC-09"))["exp"] == ("contradicted", 2, 2)
    assert fate()["signature"] == ("not tried", 0, 1)
    assert {name for ids in summary.CORE.values() for name in ids} <= catalogue().keys()


def test_a_profile_is_told_how_far_it_reaches() -> None:
    """From the mock's run: what can be confirmed, in part, or not, and which credential alone unlocks most."""
    mock = run(
        record(
            *(held("A-01"), held("B-01", "one"), held("B-01", "two", lacking=("a second app",))),
            *(held("C-01", lacking=("a person",)), held("D-01", lacking=("a person", "a second app"))),
            held("E-01", lacking=("a mock",), extra=True),
        )
    )
    found = summary.reach(mock, ["A-01", "B-01", "C-01", "D-01", "E-01"])
    assert (found.whole, found.part, found.none) == (("A-01",), ("B-01",), ("C-01", "D-01"))
    assert found.lacking == (("a person", 1, 2), ("a second app", 1, 2))


# --- progress


def test_progress_is_told_once_a_minute(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """With the number of tests and the time that is left; what a person must do is told at once."""
    now = [0.0]
    monkeypatch.setattr(time, "monotonic", lambda: now[0])
    terminal = progress.Terminal("there")
    for number in range(1, 41):
        now[0] += 6
        terminal.line(
            f"contract_tests/x.py::test_it[{number}] {'PASSED' if number % 2 else 'SKIPPED (why)'} [ {number}/100]"
        )
    terminal.line("PLEASE sign in: http://there")
    terminal.finish(run())
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "there: 10 of 100 tests, 5 passed, 5 skipped, 60 s, about 9 min left",
        "there: 20 of 100 tests, 10 passed, 10 skipped, 2 min, about 8 min left",
        "there: 30 of 100 tests, 15 passed, 15 skipped, 3 min, about 7 min left",
        "there: 40 of 100 tests, 20 passed, 20 skipped, 4 min, about 6 min left",
        "at your browser, please sign in: http://there",
        "there: 20 passed, 20 skipped, 4 min",
    ]


# --- secrets

SECRET = st.from_regex(r"[A-Za-z0-9]{24,40}", fullmatch=True)
NAMES = st.sampled_from(["password", "client_secret", "access_token", "token", "refresh_token", "confPin"])


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(secret=SECRET, name=NAMES, form=st.sampled_from(["form", "json", "nested", "query", "header", "difference"]))
def test_no_secret_of_a_run_is_in_any_file(tmp_path: Path, secret: str, name: str, form: str) -> None:
    """Whether in a form, in JSON, in a URL, in a header or in a failed assertion: no credential gets into a file."""
    content: dict[str, dict[str, Any]] = {
        "form": {"data": {name: secret}},
        "json": {"json": {name: secret}},
        "nested": {"json": {"data": [{"key": {name: secret}}]}},
        "query": {"params": {name: secret}},
        "header": {"headers": {"Authorization": f"Bearer {secret}", "Cookie": f"sessionid={secret}"}},
        "difference": {},
    }
    recorder = Recorder()
    recorder.begin("test_x.py::test_it", ["ACC-ERR-01"])
    request = httpx.Request("POST", "http://there/oauth2/access_token", **content[form])
    recorder.response(httpx.Response(200, request=request, json={name: secret}, headers={"Set-Cookie": f"s={secret}"}))
    if form == "difference":
        found = Difference({name: secret}, f'{{"{name}": "{secret}"}}', f"{name}={secret}", "assumed")
        recorder.finish(
            [Claim("ACC-ERR-01", "it is so", "differs", "assumed", f"{name}={secret}", differences=[found])]
        )
    recorder.write(tmp_path / "run.json", "there", "service", [])
    written = runs.load(tmp_path / "run.json")
    reports.write(verify([catalogue()["ACC-ERR-01"]], written, written, {}), tmp_path)
    for path in tmp_path.iterdir():
        assert secret not in path.read_text(encoding="utf-8"), path.name


def test_what_a_claim_is_known_by_is_no_secret(tmp_path: Path) -> None:
    """An account that is called as a part of the tests is hidden in what was sent, not in names of tests and claims."""
    recorder = Recorder()
    recorder.secrets = {"ann-the-admin"}
    recorder.begin("test_x.py::test_it[ann-the-admin]", ["ACC-ERR-01"])
    sent, got = {"url": "http://there/ann-the-admin"}, {"status": 200}
    recorder.exchange({**sent, "headers": {}, "body": ""}, {**got, "headers": {}, "body": ""})
    recorder.finish([Claim("ACC-ERR-01", "ann-the-admin signs in", reason="not ann-the-admin")])
    recorder.write(tmp_path / "run.json", "there", "service", [])
    [found] = runs.load(tmp_path / "run.json").tests
    assert (found.test, found.claims[0].text) == ("test_x.py::test_it[ann-the-admin]", "ann-the-admin signs in")
    assert (found.claims[0].reason, found.exchanges[0]["request"]["url"]) == ("not <secret>", "http://there/<secret>")


@given(st.emails(), st.text())
def test_addresses_are_redacted(address: str, around: str) -> None:
    """An ordinary e-mail address disappears from whatever text it stands in."""
    if not re.fullmatch(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+", address):
        return
    assert address not in redact_text(f"{around} {address} {around}".replace(address + "@", " "))


# --- what was learnt


def refusal(status: int, code: str) -> dict[str, Any]:
    return exchange(json.dumps({"code": code, "message": "x"}), status)


def learnt(*pairs: tuple[dict[str, Any], dict[str, Any]]) -> dict[str, Any]:
    ours, theirs = zip(*pairs, strict=True)
    return learning.overlay(run(record(exchanges=ours)), run(record(exchanges=theirs)))


def test_a_consistent_difference_becomes_an_overlay() -> None:
    """A refusal that the target always words otherwise is a row that a mock takes."""
    pair = refusal(403, "permission.denied"), refusal(404, "gone")
    found = learnt(pair, pair, (refusal(401, "auth.credential_missing"), refusal(401, "auth.credential_missing")))
    assert found == {"errors": {"permission.denied": {"status": 404, "code": "gone"}}}
    assert Contract.shipped().overlaid(found).errors["permission.denied"].status == 404


def test_an_inconsistent_difference_teaches_nothing() -> None:
    """Where the target answers now so, now otherwise, or with no refusal at all, no row is written."""
    ours = refusal(403, "permission.denied")
    assert learnt((ours, refusal(404, "gone")), (ours, ours)) == {}
    assert learnt((ours, exchange("{}", 200))) == {}


def test_verdicts_are_kept(tmp_path: Path) -> None:
    """Date, verdict and target are stored for what was judged; what was not keeps its older verdict."""
    path = tmp_path / "verdicts.json"
    assert learning.keep(judged(held()), path) == 1
    assert learning.keep(judged(untried(), differing("B-01")), path) == 1
    stored = json.loads(path.read_text(encoding="utf-8"))
    assert stored["A-01"] == {"verdict": "confirmed", "date": "2026-11-20", "target": "there"}
    assert stored["B-01"]["verdict"] == "contradicted"


def test_verdicts_of_a_recording_are_those_of_traffic() -> None:
    """What a run on a recording confirms or contradicts is counted by its claims, and names the first entry of them."""
    answers = tuple({**exchange("{}", 200), "entry": number} for number in (7, 8))
    one, other = held(text="answered", exchanges=(1,)), held(text="heard", exchanges=(2,))  # a frame has no number
    found = run(record(one, other, differing("B-01"), exchanges=(*answers, exchange("42", 101))))
    report = verify([row("A-01"), row("B-01")], run(record(one, other, held("B-01"))), found, {})
    shown = learning.shown(report, found, "host", "2031-02-03")
    assert {name: (told.verdict, told.count, told.entry) for name, told in shown.items()} == {
        "A-01": ("confirmed by traffic", 2, 8),
        "B-01": ("contradicted by traffic", 1, 7),
    }
    assert {(told.host, told.date) for told in shown.values()} == {("host", "2031-02-03")}


def test_kept_verdicts_are_of_behaviours() -> None:
    """The stored verdicts can be loaded, and each is about something that exists."""
    assert verdicts.verdicts().keys() <= catalogue().keys()


def test_a_finding_differs_by_its_verdict() -> None:
    """Contradicted and otherwise are differences, the rest is not."""
    members = {"id": "A-01", "area": "x", "statement": "x", "evidence": "D", "grade": "D"}
    shown = {name: Finding(verdict=name, **members).differs for name in ("contradicted", "otherwise", "confirmed")}  # type: ignore[arg-type]
    assert shown == {"contradicted": True, "otherwise": True, "confirmed": False}
