import re
import subprocess
from pathlib import Path

import pytest

from mockspaces.client import Mockspaces
from mockspaces.server import Server

GUIDE = Path(__file__).parent.parent / "docs" / "oauth.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.mark.needs("bash", "curl", "python3")
def test_every_command_of_the_guide_works() -> None:
    """Copied into a shell one after the other, the blocks lead through all flows."""
    with Server() as running, Mockspaces(running.url) as mock:
        script = "\n".join(BLOCK.findall(GUIDE.read_text(encoding="utf-8")))
        script = script.replace("BASE=http://127.0.0.1:8080", f"BASE={mock.url}")
        command = ["bash", "-euo", "pipefail", "-c", script]
        ended = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
        assert (ended.returncode, ended.stderr) == (0, ""), ended.stdout
        statuses = [entry.status for entry in mock.journal.find(surface="accounts")]
    assert re.search(r"^http://localhost:3000/callback\?state=42&code=[0-9a-f]{40}$", ended.stdout, re.MULTILINE)
    assert "http://localhost:3000/callback#access_token=" in ended.stdout
    assert "the client_secret is not that of client" in ended.stdout
    assert statuses.count(401) == 1
    assert max(statuses) == 401
