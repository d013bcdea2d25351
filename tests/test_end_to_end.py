"""Nothing but a key file: what a program does that meets the service for the first time."""

import json
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx
import jwt
import pytest

from tests.conftest import Serve, require
from tests.forking import loaded

SPACE = {"topic": {"title": "Announcements", "description": "From the bot"}}


def by_httpx(method: str, url: str, headers: Mapping[str, str], body: object = None) -> tuple[int, str]:
    answer = httpx.request(method, url, headers=headers, json=body, trust_env=False)
    return answer.status_code, answer.text


def by_curl(method: str, url: str, headers: Mapping[str, str], body: object = None) -> tuple[int, str]:
    command = [require("curl"), "--silent", "--noproxy", "*", "--request", method, "--write-out", "\n%{http_code}", url]
    for name, value in headers.items():
        command += ["--header", f"{name}: {value}"]
    if body is not None:
        command += ["--header", "Content-Type: application/json", "--data", json.dumps(body)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    text, _, status = done.stdout.rpartition("\n")
    return int(status), text


def key_from_control_api(url: str, _folder: Path) -> dict[str, str]:
    body = {"scopes": ["spaces.create", "spaces.settings.read"]}
    answer = httpx.post(f"{url}/_mock/service-apps", json=body, trust_env=False)
    key: dict[str, str] = answer.json()["key"]
    return key


def key_from_command_line(url: str, folder: Path) -> dict[str, str]:
    command = [*loaded("mockspaces"), "key", "--url", url, "--out", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=30)
    key: dict[str, str] = json.loads(Path(done.stdout.strip()).read_text())
    return key


def signed_by_pyjwt(key: Mapping[str, str], _folder: Path) -> str:
    claims = {"iss": key["iss"], "sub": key["sub"], "aud": "spaces.avayacloud.com", "exp": int(time.time()) + 600}
    return jwt.encode(claims, key["private_key"], "RS256", headers={"kid": key["kid"]})


def signed_by_command_line(key: Mapping[str, str], folder: Path) -> str:
    path = folder / f"service-key-{key['kid']}.json"
    path.write_text(json.dumps(key))
    command = [*loaded("mockspaces"), "jwt", "--key", str(path)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=30).stdout.strip()


Call = Callable[..., tuple[int, str]]
TakeKey = Callable[[str, Path], dict[str, str]]
Sign = Callable[[Mapping[str, str], Path], str]


@pytest.mark.behaviour("AUTH-SVC-01", "SPACES-CREATE-01", "SPACES-GET-01")
@pytest.mark.parametrize("call", [by_httpx, by_curl], ids=["httpx", "curl"])
@pytest.mark.parametrize(
    ("take_key", "sign"),
    [(key_from_control_api, signed_by_pyjwt), (key_from_command_line, signed_by_command_line)],
    ids=["pyjwt", "mockspaces"],
)
def test_a_key_file_is_all_it_takes(serve: Serve, tmp_path: Path, take_key: TakeKey, sign: Sign, call: Call) -> None:
    """A program that holds a key file signs its JWT, creates a space and reads it back."""
    url = serve().url
    headers = {"Authorization": f"service_app {sign(take_key(url, tmp_path), tmp_path)}"}
    status, text = call("POST", f"{url}/api/spaces/invite", headers, SPACE)
    assert status == 200, text
    space_id = json.loads(text)["data"][0]["topicId"]
    status, text = call("GET", f"{url}/api/spaces/{space_id}", headers)
    assert status == 200, text
    read = json.loads(text)
    assert (read["_id"], read["title"], read["description"]) == (space_id, *SPACE["topic"].values())


@pytest.mark.parametrize("call", [by_httpx, by_curl], ids=["httpx", "curl"])
def test_the_journal_tells_why_a_call_was_refused(serve: Serve, tmp_path: Path, call: Call) -> None:
    """The wire answer of a forged JWT gives nothing away, and the journal names what was wrong with it."""
    url = serve().url
    key = key_from_control_api(url, tmp_path)
    token = signed_by_pyjwt({**key, "kid": "00000000000000000000"}, tmp_path)
    status, text = call("POST", f"{url}/api/spaces/invite", {"Authorization": f"service_app {token}"}, SPACE)
    assert (status, json.loads(text)["code"]) == (401, "auth.credential_invalid")
    assert "00000000000000000000" not in text
    _status, journal = call("GET", f"{url}/_mock/journal?status=401", {})
    (entry,) = json.loads(journal)["entries"]
    assert "00000000000000000000" in entry["why"]
    assert key["iss"] in entry["why"]
