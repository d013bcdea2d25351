"""Processes with everything loaded are like those of a fresh interpreter."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from mockspaces.client.waiting import wait_for
from tests.conftest import MOCKSPACES, SOON_S
from tests.forking import loaded

PROGRAM = """
import os, sys
print(sys.stdin.read(), sys.argv[1:], os.environ["WORD"], os.getcwd(), __name__, sys.path[0])
print("trouble", file=sys.stderr)
"""


@pytest.mark.parametrize("ending", ["", "sys.exit(3)", "sys.exit('why')", "1 / 0", "os._exit(9)", "os.kill(0, 15)"])
def test_a_process_is_like_a_fresh_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ending: str) -> None:
    """Arguments, environment, folder, standard files and exit code are its own, however it ends."""
    monkeypatch.setenv("WORD", "héllo")
    monkeypatch.chdir(tmp_path)
    ending = ending.replace("os.kill(0", "os.kill(os.getpid()")
    Path("program.py").write_text(f"{PROGRAM}\nsys.stdout.flush()\n{ending}\n", encoding="utf-8")
    fresh, forked = (
        subprocess.run([*command, "a b", "--c"], input="typed", capture_output=True, text=True, timeout=30, check=False)
        for command in ((sys.executable, "-m", "program"), loaded("program"))
    )
    assert forked.returncode == fresh.returncode
    assert forked.stdout == fresh.stdout
    assert forked.stderr.splitlines()[::-1][:2] == fresh.stderr.splitlines()[::-1][:2]


@pytest.mark.parametrize("fresh", [True, False], ids=["fresh", "loaded"])
@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 0), (signal.SIGTERM, 0), (signal.SIGKILL, -9)])
def test_a_signal_reaches_it(
    fresh: bool,  # noqa: FBT001 - as parametrize gives it
    number: signal.Signals,
    code: int,
) -> None:
    """It ends by a signal as a fresh one does, and nothing of it is left."""
    command = MOCKSPACES if fresh else loaded("mockspaces")
    with subprocess.Popen([*command, "serve", "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        url = process.stdout.readline().split()[1]
        process.send_signal(number)
        assert process.wait(SOON_S) == code
    wait_for(lambda: not answers(url), SOON_S)


def answers(url: str) -> bool:
    try:
        urllib.request.urlopen(url, timeout=SOON_S).close()  # noqa: S310 - loopback
    except OSError:
        return False
    return True
