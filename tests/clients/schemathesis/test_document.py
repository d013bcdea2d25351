"""A fuzzer that knows the API document only, against a running server of its own: what it breaks is nobody else's."""

import json
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from mockspaces.client import Mockspaces
from mockspaces.server import Server
from tests.conftest import installed

FUZZER = Path(__file__).parent / ".venv" / "bin" / "schemathesis"
CHECKS = (
    "not_a_server_error,status_code_conformance,content_type_conformance,"
    "response_schema_conformance,response_headers_conformance"
)
QUIET = ("--suppress-health-check", "all", "--warnings", "off", "--no-shrink", "--continue-on-failure", "--seed", "1")
# One operation of each surface and kind of answer.
SAMPLE = ("ACC-TOKEN", "ACC-LOGIN", "USERS-SPACES", "MSG-CHAT", "STO-GET", "CTRL-USER")


# Nothing is waited for longer than it takes to see that it is waited for, as systematic cases would do up to a minute.
SETTINGS = """
[phases.coverage]
unexpected-methods = ["QUERY"]

[dictionaries.shortly]
values = [0, 0.05]

[[operations]]
include-operation-id = "CTRL-JOURNAL-WAIT"
parameters = { "body.timeout" = { dictionary = "shortly" } }
phases = { coverage = { enabled = false } }

[[operations]]
include-operation-id = "CTRL-EVENTS"
request-timeout = 2

[parameters]
"""


def fuzz(folder: Path, document: str, *options: str, parameters: Mapping[str, str] | None = None) -> None:
    """Send requests made from a document, valid and invalid. Fails if one is answered otherwise than it says."""
    installed(FUZZER)
    # By one thread of its own: several at once break on ast.parse of CPython 3.11 ("recursion depth mismatch").
    lines = [f"{json.dumps(name)} = {json.dumps(value)}" for name, value in (parameters or {}).items()]
    (folder / "schemathesis.toml").write_text("\n".join([SETTINGS, *lines, ""]), encoding="utf-8")
    command: tuple[str | Path, ...] = (FUZZER, "run", document, "--checks", CHECKS, *QUIET, *options)
    found = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert found.returncode == 0, found.stdout[-20_000:] + found.stderr[-2_000:]


def test_a_sample_of_calls_is_answered_as_the_document_says(tmp_path: Path) -> None:
    """Requests for a few operations have a status, media type, schema and headers that the document names."""
    chosen = [option for name in SAMPLE for option in ("--include-operation-id", name)]
    with Server() as running:
        fuzz(tmp_path, f"{running.url}/_mock/openapi.json", "--phases", "fuzzing", "--max-examples", "3", *chosen)


@pytest.mark.slow
def test_every_call_is_answered_as_the_document_says(tmp_path: Path) -> None:
    """Requests for every operation of the emulated cloud have an answer that the document names, and never a 500."""
    with Server() as running, Mockspaces(running.url) as mock:
        world = mock.open_world()
        token = world.call("POST", "/tokens", {"username": "ann@example.com"})["token"]
        document = f"{world.call('GET', '')['urls']['control']}/openapi.json"
        bounds = ("--phases", "coverage,fuzzing", "--max-examples", "2", "--exclude-tag", "CTRL")
        fuzz(tmp_path, document, *bounds, "--header", f"Authorization: Bearer {token}")
        world.drop()


@pytest.mark.slow
def test_calls_about_something_that_is_there_are_answered_as_the_document_says(tmp_path: Path) -> None:
    """Requests that name a space, people, messages and a meeting that there are get past their checks."""
    with Server() as running, Mockspaces(running.url) as mock:
        world = mock.open_world()
        ann, bob = (world.call("GET", f"/users/{name}@example.com") for name in ("ann", "bob"))
        token = world.call("POST", "/tokens", {"username": ann["username"]})["token"]
        people = {"members": [{"username": bob["username"]}]}
        space = world.call("POST", "/spaces", {"title": "Here", "owner": ann["username"], **people})["_id"]
        parameters = {"path.spaceId": space, "path.userId": ann["_id"], "path.attendeeId": bob["_id"]}
        for category, name in (("chat", "messageId"), ("idea", "ideaId"), ("task", "taskId")):
            content = {"bodyText": "x", "description": "x", "dueDate": "2031-02-03T04:05:06.789Z"}
            plan = {"username": ann["username"], "category": category, "content": content}
            parameters[f"path.{name}"] = world.call("POST", f"/spaces/{space}/messages", plan)["_id"]
        attendees = {"attendees": [{"username": one["username"]} for one in (ann, bob)]}
        parameters["path.meetingId"] = world.call("POST", f"/spaces/{space}/meeting", attendees)["_id"]
        document = f"{world.call('GET', '')['urls']['control']}/openapi.json"
        # What is deleted is not there: that is the part of the test before.
        bounds = ("--phases", "fuzzing", "--max-examples", "10", "--exclude-method", "DELETE")
        chosen = ("--include-path-regex", "Id}", *bounds, "--header", f"Authorization: Bearer {token}")
        fuzz(tmp_path, document, *chosen, parameters=parameters)
        world.drop()


@pytest.mark.slow
def test_every_call_of_the_mock_itself_is_answered_as_the_document_says(tmp_path: Path) -> None:
    """Requests for the control API are answered as documented, those that reset, seed or drop worlds among them."""
    with Server() as running:  # whose default world nobody can drop
        bounds = ("--phases", "coverage,fuzzing", "--max-examples", "2", "--include-tag", "CTRL")
        fuzz(tmp_path, f"{running.url}/_mock/openapi.json", *bounds)
