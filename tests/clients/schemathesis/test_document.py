"""A fuzzer that knows the API document only, against the running server."""

import subprocess
from pathlib import Path

from mockspaces.client import Mockspaces
from mockspaces.server import Server
from tests.conftest import installed

FUZZER = Path(__file__).parent / ".venv" / "bin" / "schemathesis"
BUDGET_S = 20
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance"
)


def test_no_call_that_the_document_allows_breaks_the_server(tmp_path: Path) -> None:
    """Requests made from the document, valid and invalid, are answered as it says and never by a 500."""
    installed(FUZZER)
    with Server() as running, Mockspaces(running.url) as mock:
        world = mock.open_world()
        token = world.call("POST", "/tokens", {"username": "ann@example.com"})["token"]
        document = f"{world.call('GET', '')['urls']['control']}/openapi.json"
        # The calls of the mock itself are left out: some of them end worlds, or plan the faults that are looked for.
        bounds = ("--max-time", str(BUDGET_S), "--max-examples", "5", "--seed", "1", "--phases", "coverage,fuzzing")
        filters = ("--exclude-tag", "CTRL", "--checks", CHECKS)
        quiet = ("--suppress-health-check", "all", "--warnings", "off", "--no-shrink", "--continue-on-failure")
        found = subprocess.run(
            (FUZZER, "run", document, "--header", f"Authorization: Bearer {token}", *filters, *bounds, *quiet),
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
        )
        world.drop()
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]
