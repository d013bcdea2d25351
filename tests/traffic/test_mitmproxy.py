"""What mitmproxy records: a part of the contract suite, through it as a proxy and in front of a mock as another URL."""

import json
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socket import create_connection

import httpx
import pytest
from click.testing import CliRunner

from mockspaces.traffic.command import command
from mockspaces.verification import runs
from tests.conftest import ROOT, Serve, installed
from tests.test_verify_end_to_end import CLEAN, differing, findings, only, profile, verify
from tests.traffic.conftest import free_port
from tests.traffic.test_suite_on_recording import LIES, PART

pytestmark = pytest.mark.slow

MITMDUMP = ROOT / "tests/clients/mitmproxy/.venv/bin/mitmdump"
START_LIMIT_S = 60
END_LIMIT_S = 60


@contextmanager
def recording(archive: Path, *options: str) -> Iterator[str]:
    """Run mitmproxy, and yield its URL; the archive is there when it has ended."""
    installed(MITMDUMP)
    port = free_port()
    own = ["-q", "--listen-host", "127.0.0.1", "--listen-port", str(port), "--set", f"confdir={archive.parent / 'own'}"]
    process = subprocess.Popen([MITMDUMP, *own, "--set", f"hardump={archive}", *options])
    try:
        until = time.monotonic() + START_LIMIT_S
        while True:
            try:
                create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                assert process.poll() is None, "mitmproxy has ended"
                assert time.monotonic() < until, "mitmproxy does not listen"
                time.sleep(0.1)
        yield f"http://127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGINT)
        process.wait(END_LIMIT_S)


def test_the_suite_through_a_proxy(serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What mitmproxy writes of a part of the suite checks clean, and confirms by `mockspaces verify` what it shows."""
    archive, results, folder = tmp_path / "suite.har", tmp_path / "run.json", tmp_path / "report"
    served = serve("--host", "127.0.0.1", "--port", str(free_port()))
    target = profile(tmp_path, served)
    target.write_text(target.read_text(encoding="utf-8") + "\nproxies_from_environment = true\n", encoding="utf-8")
    with recording(archive) as proxy, monkeypatch.context() as surroundings:
        surroundings.setenv("HTTP_PROXY", proxy)
        surroundings.setenv("http_proxy", proxy)
        runs.follow(runs.start(results, ["--target", str(target), *only(PART)]), results, lambda _line: None)
    served.end(signal.SIGTERM)
    checked = CliRunner().invoke(command, [str(archive)])
    assert (checked.exit_code, "nothing differs" in checked.output) == (CLEAN, True), checked.output
    told = verify("--target", archive, "--report", folder, *only(PART))
    assert (told.returncode, differing(folder)) == (CLEAN, set()), told.stdout + told.stderr
    assert {name for name, one in findings(folder).items() if one["verdict"] == "confirmed"} >= LIES.keys()


def test_in_front_of_a_bot(serve: Serve, tmp_path: Path) -> None:
    """In reverse mode it records whoever is given its URL, with bytes that are no text, which are not judged."""
    archive, served = tmp_path / "session.har", serve("--host", "127.0.0.1", "--port", str(free_port()))
    made = httpx.post(f"{served.url}/_mock/tokens", json={"username": "ann@example.com"}).json()
    with (
        recording(archive, "--mode", f"reverse:{served.url}") as url,
        httpx.Client(base_url=url, headers={"Authorization": f"Bearer {made['token']}"}) as client,
    ):
        assert client.get("/api/users/me").json()["username"] == "ann@example.com"
        client.headers["Content-Type"] = "application/json"
        odd = client.post("/api/anonymous/auth", content=b'{"displayname": "\xff"}')
        assert odd.status_code == httpx.codes.BAD_REQUEST
    entries = json.loads(archive.read_text(encoding="utf-8"))["log"]["entries"]
    assert [one["request"]["url"].startswith(served.url) for one in entries] == [True, True]
    checked = CliRunner().invoke(command, [str(archive)])
    assert checked.exit_code == CLEAN, checked.output
    assert "2 entries, 2 judged, 1 with bytes that are no text" in checked.output
