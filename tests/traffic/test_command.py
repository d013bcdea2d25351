"""mockspaces check as a command: exit codes, reports, verdicts that are kept, overlays."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from mockspaces.contract import Contract, verdicts
from mockspaces.traffic.command import command
from tests.traffic.conftest import Write, entry, recorded

GUEST = "USERS-ANON-02"


def run(*arguments: object) -> Result:
    return CliRunner().invoke(command, list(map(str, arguments)))


async def test_a_clean_recording_ends_with_0(tmp_path: Path) -> None:
    """A recording of the mock has no difference; both reports say so."""
    path = tmp_path / "session.har"
    await recorded(path)
    found = run(path, "--report", tmp_path / "report")
    assert found.exit_code == 0, found.output
    assert "nothing differs" in found.output
    report = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))
    assert report["clean"]
    assert report["statements"][GUEST]["verdict"] == "confirmed by traffic"
    assert GUEST in (tmp_path / "report" / "report.md").read_text(encoding="utf-8")


def test_a_difference_ends_with_1(write: Write) -> None:
    """A recording that differs says in what, by call, member, statement and entry."""
    found = run(write(entry(body={"displayname": 1})))
    assert found.exit_code == 1
    [line] = [line for line in found.output.splitlines() if "displayname is" in line]
    assert line.startswith("GET /api/users/me: displayname is 1, not string [")
    assert line.endswith(".displayname] (1 times, entries 1)")


@pytest.mark.parametrize("text", ["", "no archive", '{"log": {"entries": [{"req'])
def test_what_cannot_be_read_ends_with_2(tmp_path: Path, text: str) -> None:
    """A file that is no archive, or is cut, gives a sentence and no verdict."""
    path = tmp_path / "odd.har"
    path.write_text(text, encoding="utf-8")
    found = run(path, "--report", tmp_path / "report")
    assert found.exit_code == 2
    assert found.output.startswith(f"mockspaces: {path}: ")
    assert not (tmp_path / "report").exists()


def test_missing_files_and_others_traffic_end_with_2(tmp_path: Path, write: Write) -> None:
    """A file that is not there, and one with nothing of the service, have nothing to judge."""
    assert "No such file" in run(tmp_path / "none.har").output
    found = run(write(entry(host="example.org", body={})))
    assert (found.exit_code, "no entry is one of the service (1 in all)" in found.output) == (2, True)


async def test_verdicts_are_kept_of_the_service_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A recording of what may be a mock keeps nothing until somebody says that it was the service."""
    kept, path = tmp_path / "kept.json", tmp_path / "session.har"
    monkeypatch.setattr(verdicts, "path", lambda _name: kept)
    monkeypatch.setattr(verdicts, "in_checkout", lambda: True)
    await recorded(path)
    refused = run(path, "--update-catalogue")
    assert (refused.exit_code, kept.exists()) == (2, False)
    assert "cloud may be a mock, which confirms nothing" in refused.output
    assert run(path, "--update-catalogue", "--hosts", "cloud").exit_code == 0
    assert verdicts.shown()[GUEST].host == "cloud"
    assert {one.verdict for one in verdicts.shown().values()} == {"confirmed by traffic"}


def test_an_overlay_is_written(tmp_path: Path, write: Write) -> None:
    """A member that never came, and another status of a known refusal, become an overlay that the mock takes."""
    learnt = tmp_path / "learnt.json"
    refusal = {"code": "space.not_found", "message": "No such space."}
    gone = entry(path=f"/api/spaces/{'0' * 24}", status=410, body=refusal)
    token = entry("POST", "/api/anonymous/auth", 200, {})
    assert run(write(gone, token), "--write-overlay", learnt).exit_code == 1
    overlay = json.loads(learnt.read_text(encoding="utf-8"))
    assert overlay["errors"] == {"space.not_found": {"status": 410}}
    assert {"token": {"absent": True}} in overlay["shapes"].values()
    assert Contract.shipped().overlaid(overlay).errors["space.not_found"].status == 410
