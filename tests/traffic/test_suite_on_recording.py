"""`mockspaces verify` on a recording of the suite's own traffic: as it is, and with lies told in it."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from mockspaces.contract import verdicts
from mockspaces.traffic import archives
from mockspaces.verification import runs
from mockspaces.verification.command import command
from tests.conftest import Serve
from tests.test_verify_end_to_end import CLEAN, DIFFERENT, FAILED, differing, findings, only, profile, verify
from tests.traffic.conftest import Object, Write, entry, free_port, loaded

pytestmark = pytest.mark.slow

PART = "USERS-READ"


def still_unread(one: Object) -> None:
    """Let the answer of marking read say that something is unread."""
    if one["request"]["url"].endswith("/markread") and one["response"]["status"] == 200:
        body = json.loads(one["response"]["content"]["text"])
        one["response"]["content"]["text"] = json.dumps({**body, "unread": True})


def without_the_event(one: Object) -> None:
    """Leave out what the sockets of somebody are told when they have read."""
    frames = one.get("_webSocketMessages", [])
    one["_webSocketMessages"] = [frame for frame in frames if "topic.markread" not in frame["data"]]


LIES: dict[str, Callable[[Object], None]] = {"USERS-READ-03": still_unread, "USERS-READ-04": without_the_event}


def whose(archive: Path, number: int) -> tuple[str, str]:
    """Return what the entry of a number was asked, and the day."""
    [one] = [entry for found, entry in archives.entries(archive) if found == number and entry]
    return one.request.url, one.started[:10]


def test_the_suite_on_its_own_traffic(
    serve: Serve, tmp_path: Path, write: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The recording confirms what the suite shows, which is kept with its entries, and each lie is found in it."""
    archive = tmp_path / "suite.har"
    served = serve("--host", "127.0.0.1", "--port", str(free_port()), "--record", str(archive), "--record-control")
    target = profile(tmp_path, served)
    runs.follow(
        runs.start(tmp_path / "run.json", ["--target", str(target), *only(PART)]),
        tmp_path / "run.json",
        lambda _line: None,
    )
    served.end(signal.SIGTERM)
    folder, kept = tmp_path / "report", tmp_path / "traffic.json"
    monkeypatch.setattr(verdicts, "path", lambda _name: kept)
    monkeypatch.setattr(verdicts, "in_checkout", lambda: True)
    options = ["--target", str(archive), "--report", str(folder), "--update-catalogue", "--hosts", "127.0.0.1"]
    told = CliRunner().invoke(command, [*options, *only(PART)])
    assert (told.exit_code, differing(folder)) == (CLEAN, set()), told.output
    shown = verdicts.shown()
    assert LIES.keys() <= shown.keys()
    for verdict in shown.values():
        url, day = whose(archive, verdict.entry)
        assert (verdict.verdict, verdict.host, verdict.date, "/api/" in url) == (
            "confirmed by traffic",
            "127.0.0.1",
            day,
            True,
        )
    assert {name for name, one in findings(folder).items() if one["verdict"] == "confirmed"} >= LIES.keys()
    entries = loaded(archive)
    for one in entries:
        for lie in LIES.values():
            lie(one)
    found = verify("--target", write(*entries, name="lies.har"), "--report", folder, *only(PART))
    assert (found.returncode, differing(folder) >= LIES.keys()) == (DIFFERENT, True), found.stdout + found.stderr


def test_traffic_of_others_cannot_be_played(write: Write) -> None:
    """A recording without the calls by which the suite makes its people is refused in a sentence."""
    found = verify("--target", write(entry(body={})))
    assert found.returncode == FAILED
    assert "recorded with --record-control" in found.stderr


def test_what_may_be_a_mock_confirms_nothing(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """Verdicts of a recording are kept only if somebody says that the service was behind its host."""
    monkeypatch.setattr(verdicts, "in_checkout", lambda: True)
    archive = write(entry(path="/_mock", body={}, host="127.0.0.1:8080"))
    found = CliRunner().invoke(command, ["--target", str(archive), "--update-catalogue", "--hosts", "localhost"])
    assert found.exit_code == FAILED
    assert "127.0.0.1 may be a mock, which confirms nothing" in found.output
