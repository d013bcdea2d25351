"""`mockspaces verify` as a user runs it: against mocks of another configuration, behind a liar, or as a service."""

import asyncio
import contextlib
import json
import logging
import os
import signal
import socket
import ssl
import subprocess
import sys
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route

from mockspaces.client import Mockspaces, Scope
from tests.conftest import MOCKSPACES, Serve, Served

pytestmark = pytest.mark.slow

CLEAN, DIFFERENT, FAILED, INTERRUPTED = 0, 1, 2, 130
LONGEST_S = 240


def verify(*arguments: object, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run `mockspaces verify` to its end."""
    command = [*MOCKSPACES, "verify", *map(str, arguments)]
    surroundings = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=surroundings, timeout=LONGEST_S, check=False)


def only(*names: str) -> list[str]:
    return [option for name in names for option in ("--only", name)]


def profile(folder: Path, served: Served, through: str = "") -> Path:
    """Write the profile of a running mock."""
    path = folder / "target.toml"
    lines = ['name = "target"', 'kind = "mock"', f'control = "{served.url}/_mock"']
    path.write_text("\n".join([*lines, *([f'through = "{through}"'] if through else [])]), encoding="utf-8")
    return path


def findings(folder: Path) -> dict[str, Any]:
    """Return the findings of a report by behaviour."""
    return {one["id"]: one for one in json.loads((folder / "report.json").read_text(encoding="utf-8"))["findings"]}


def differing(folder: Path) -> set[str]:
    return {name for name, one in findings(folder).items() if one["verdict"] in ("contradicted", "otherwise")}


# --- another configuration

# Each behaviour that says what a setting is by default; nothing else may differ.
BY_SETTING = {
    "accounts.issuer=id.example.net": {"ACC-INFO-04", "ACC-ANON-01", "DM-CFG-01"},
    "accounts.error_style=rfc6749": {"ACC-ERR-01", "DM-CFG-01"},
    "rest.default_member_only=false": {"DM-SET-02", "SPACES-CREATE-12", "DM-CFG-02"},
    "socket.spelling=2x": {"RT-EP-06", "DM-CFG-03"},
}
CONCERNED = ["ACC-ERR", "ACC-INFO", "ACC-ANON", "DM-SET", "DM-CFG", "DM-SPACE", "RT-EP-06", "RT-WIRE"]
CONCERNED += ["SPACES-CREATE-01", "SPACES-CREATE-12"]
REASON = "the other mock is configured so"


def test_another_configuration_differs_in_just_that(serve: Serve, tmp_path: Path) -> None:
    """Issuer, spelling, error style and privacy of new spaces are told as what they are, and listed they are clean."""
    served = serve(*(option for setting in BY_SETTING for option in ("--set", setting)))
    target, report, recording = profile(tmp_path, served), tmp_path / "report", tmp_path / "recording"
    expected = set().union(*BY_SETTING.values())
    first = verify("--target", target, "--report", report, "--record", recording, *only(*CONCERNED))
    assert first.returncode == DIFFERENT, first.stderr
    assert differing(report) == expected
    known = tmp_path / "known.toml"
    known.write_text("[known]\n" + "\n".join(f'{name} = "{REASON}"' for name in expected), encoding="utf-8")
    few = only("ACC-ERR-01", "ACC-ERR-02", "RT-EP-06")
    served.end()  # a recording stands in for a target, which is gone
    replayed = verify("--target", recording, "--report", report, "--known", known, *few)
    assert replayed.returncode == CLEAN, replayed.stdout + replayed.stderr
    assert findings(report)["ACC-ERR-01"]["known"] == REASON
    with known.open("a", encoding="utf-8") as file:
        file.write(f'\nACC-ERR-02 = "{REASON}"\n')
    stale = verify("--target", recording, "--known", known, *few)
    assert stale.returncode == DIFFERENT
    assert "no longer different  ACC-ERR-02" in stale.stdout


# --- a liar between suite and mock


NO_TLS = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # one that loads no certificates, which takes its time


class Liar:
    """A reverse proxy that changes some answers of the mock behind it."""

    def __init__(self, behind: str) -> None:
        self._behind = behind
        self._changes: dict[str, Callable[[httpx.Response], Response]] = {}
        self._always: dict[str, Any] = {}
        self._delay = 0.0
        self._left = -1

    def lie(self, suffix: str, change: Callable[[httpx.Response], Response]) -> None:
        """Change every successful GET of a path that ends so."""
        self._changes[suffix] = change

    def answer_always(self, suffix: str, body: Any) -> None:
        """Answer every POST to a path that ends so with success, whoever asks."""
        self._always[suffix] = body

    async def answer(self, request: Request) -> Response:
        await asyncio.sleep(self._delay)
        self._left -= self._left > 0
        if not self._left:
            return Response("down", 502)
        always = next((one for end, one in self._always.items() if request.url.path.endswith(end)), None)
        if always is not None and request.method == "POST":
            return JSONResponse(always)
        url = f"{self._behind}{request.url.path}{'?' * bool(request.url.query)}{request.url.query}"
        headers = [(name, value) for name, value in request.headers.raw if name not in (b"host", b"content-length")]
        content = await request.body()
        async with httpx.AsyncClient(verify=NO_TLS, trust_env=False) as client:
            got = await client.request(request.method, url, headers=headers, content=content)
        change = next((one for end, one in self._changes.items() if request.url.path.endswith(end)), None)
        if change is not None and request.method == "GET" and got.status_code == httpx.codes.OK:
            return change(got)
        return passed(got)

    def die_after(self, requests: int) -> None:
        """Answer so many requests more, and then 502."""
        self._left = requests

    def delay(self, seconds: float) -> None:
        """Let every answer wait."""
        self._delay = seconds


def passed(got: httpx.Response, content: bytes | None = None, status: int | None = None) -> Response:
    """Return an answer as it was, or with another body or status."""
    kept = {name: value for name, value in got.headers.items() if name not in ("content-length", "date", "server")}
    return Response(got.content if content is None else content, status or got.status_code, kept)


def without(name: str) -> Callable[[httpx.Response], Response]:
    def change(got: httpx.Response) -> Response:
        return passed(got, json.dumps({key: value for key, value in got.json().items() if key != name}).encode())

    return change


def created(got: httpx.Response) -> Response:
    return passed(got, status=201)


def turned(got: httpx.Response) -> Response:
    body = got.json()
    return passed(got, json.dumps({**body, "data": body["data"][::-1]}).encode())


def cut(got: httpx.Response) -> Response:
    async def half() -> AsyncIterator[bytes]:
        yield got.content[:5]
        raise ConnectionAbortedError

    return StreamingResponse(half(), headers={"content-length": str(len(got.content)), "content-type": "text/plain"})


@pytest.fixture
def liar(serve: Serve) -> Iterator[tuple[Served, Liar, str]]:
    """A running mock, a liar before it, and his URL."""
    served = serve()
    proxy = Liar(served.url)
    methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
    app = Starlette(routes=[Route("/{path:path}", proxy.answer, methods=methods)])
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(app, log_config=None, lifespan="off", log_level=logging.CRITICAL + 1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listening]})
        thread.start()
        yield served, proxy, f"http://127.0.0.1:{listening.getsockname()[1]}"
        server.should_exit = True
        thread.join()


FOREIGN = only("MISC-LIMIT", "MISC-CONFNUM", "MSG-COMMI-02", "USERS-ROLLOUT", "ACC-JWT", "USERS-STATS")


def test_a_foreign_target_is_found_out(liar: tuple[Served, Liar, str], tmp_path: Path) -> None:
    """Dropped members, other statuses, turned order and cut answers are laid to the behaviours they break, no delay."""
    served, proxy, url = liar
    proxy.delay(0.005)
    proxy.lie("/limit", without("global"))
    proxy.lie("/messages", turned)
    proxy.lie("/confnumbers", cut)
    proxy.lie("/statistics", created)
    report = tmp_path / "report"
    told = verify("--target", profile(tmp_path, served, through=url), "--report", report, *FOREIGN)
    assert told.returncode == DIFFERENT, told.stderr
    shown = findings(report)
    assert differing(report) == {"MISC-LIMIT-01", "MSG-COMMI-02", "USERS-STATS-01"}
    cut_off = [one for one in shown["MISC-CONFNUM-01"]["claims"] if one["state"] == "not tried"]
    assert cut_off  # an answer that breaks off contradicts nothing
    assert {name for name, one in shown.items() if one["verdict"] == "confirmed"} >= {"ACC-JWT-01"}
    claimed = next(one for one in shown["USERS-STATS-01"]["claims"] if one["state"] == "differs")
    [exchange] = [one for one in claimed["target"] if one and one["response"]["status"] == 201][:1]
    assert exchange["request"]["url"].startswith(url)


def test_a_faithful_proxy_changes_nothing(liar: tuple[Served, Liar, str], tmp_path: Path) -> None:
    """The same through a proxy that passes everything on, slowly: no difference."""
    served, proxy, url = liar
    proxy.delay(0.02)
    told = verify("--target", profile(tmp_path, served, through=url), *FOREIGN)
    assert told.returncode == CLEAN, told.stdout + told.stderr


def test_what_was_learnt_is_an_overlay(serve: Serve, tmp_path: Path) -> None:
    """A target that words a refusal otherwise throughout teaches a row, with which a mock answers the same."""
    row = {"status": 406, "code": "no.such.space"}
    variant = tmp_path / "variant.json"
    variant.write_text(json.dumps({"errors": {"space.not_found": row}}), encoding="utf-8")
    target, learnt = profile(tmp_path, serve("--overlay", str(variant))), tmp_path / "learnt.json"
    told = verify("--target", target, "--write-overlay", learnt, "--against", "mock", *only("ERR-ORDER-02", "ERR-STD"))
    assert told.returncode == DIFFERENT, told.stderr
    assert json.loads(learnt.read_text(encoding="utf-8")) == {"errors": {"space.not_found": row}}
    assert "1 rows" in told.stdout


# --- as a service

PEOPLE = {"ann@example.com": "ANN", "bob@example.com": "BOB"}
SCOPES: list[Scope] = [
    "spaces.create",
    "spaces.delete",
    "spaces.settings.read",
    "spaces.settings.write",
    "spaces.chat.create",
]
RATE = 3000


def service(folder: Path, served: Served, *, host: str = "") -> tuple[Path, dict[str, str]]:
    """Write the profile of a service that a mock plays, and return it with the environment that it names."""
    with Mockspaces(served.url) as mock:
        client = mock.call("POST", "/oauth-clients", {"redirect_uris": ["https://app.example/callback"]})
        key = folder / "key.json"
        key.write_text(json.dumps(mock.service_app(scopes=SCOPES).key), encoding="utf-8")
        people = {name: mock.call("PATCH", f"/users/{name}", {}) for name in PEOPLE}
    environment = {"T_ID": client["client_id"], "T_SECRET": client["client_secret"], "T_KEY": str(key)}
    lines = ['name = "played"', 'kind = "service"', f"calls_per_minute = {RATE}", "[urls]"]
    lines += [f'accounts = "{host or served.url}"', f'api = "{served.url}/api"', f'socket = "{served.url}"']
    lines += [f'web = "{served.url}"']
    lines += ['socketio_path = "socket.io/"', "[oauth_client]"]
    lines += ['client_id_env = "T_ID"', 'client_secret_env = "T_SECRET"', "[apps.Example]"]
    lines += ['key_file_env = "T_KEY"', f"scopes = {json.dumps(SCOPES)}"]
    for name, part in PEOPLE.items():
        lines += [f'[people."{name}"]', f'username_env = "T_{part}"', f'password_env = "T_{part}_PASSWORD"']
        environment |= {f"T_{part}": name, f"T_{part}_PASSWORD": people[name]["password"]}
    path = folder / "service.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path, environment


def living(served: Served) -> list[str]:
    """Return the ids of the groups that a mock has."""
    with Mockspaces(served.url) as mock:
        spaces = mock.call("GET", "/snapshot")["state"]["spaces"]
    return [one["id"] for one in spaces if one.get("type", "group") == "group" and not one.get("deleted")]


POLITE = only("SPACES-CREATE-08", "SPACES-DELETE", "MSG-CHAT-0", "AUTH-HDR-01", "CTRL-CLOCK", "USERS-BULK-0")


def test_a_service_is_met_politely(serve: Serve, tmp_path: Path) -> None:
    """Through public calls only nothing fails; what cannot run says why; what was made is gone; the rate is kept."""
    served = serve()
    target, environment = service(tmp_path, served)
    before, report = living(served), tmp_path / "report"
    told = verify("--target", target, "--report", report, "--record", tmp_path / "kept", *POLITE, **environment)
    assert told.returncode == CLEAN, told.stdout + told.stderr
    record = json.loads((tmp_path / "kept" / "run.json").read_text(encoding="utf-8"))
    outcomes = {test["test"]: test["outcome"] for test in record["tests"]}
    assert set(outcomes.values()) == {"passed", "skipped"}
    held = [made for test in record["tests"] for made in test["claims"]]
    assert {made["state"] for made in held} == {"held", "not tried"}
    assert [test["test"] for test in record["tests"] if test["outcome"] == "skipped" and not test["reason"]] == []
    assert record["leftovers"] == []
    assert living(served) == before
    with Mockspaces(served.url) as mock:
        entries = [one for one in mock.call("GET", "/journal?limit=5000")["entries"] if one["surface"] != "control"]
    assert not any(one["path"].startswith("/_mock") for one in entries)
    assert len(entries) > 100
    first, last = (datetime.fromisoformat(one["time"]) for one in (entries[0], entries[-1]))
    sent = sum(len(test["exchanges"]) for test in record["tests"])  # but the raw requests
    assert (last - first).total_seconds() > 0.98 * (sent - 1) * 60 / RATE
    for path in [*report.iterdir(), tmp_path / "kept" / "run.json"]:
        text = path.read_text(encoding="utf-8")
        assert not any(environment[name] in text for name in ("T_SECRET", "T_ANN_PASSWORD", "T_BOB_PASSWORD"))


KEY_ONLY = ["AUTH-SVC-0", "AUTH-SVC-10", "AUTH-SVC-11", "AUTH-SVC-17", "AUTH-SVC-19", "AUTH-SVC-20"]
# What a service must do that accepts nothing but what it should; a key file shows it.
BY_KEY = {f"AUTH-SVC-{number:02}" for number in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 17, 19)}


def key_only(folder: Path, api: str, key: str) -> Path:
    """Write a profile that holds nothing but URLs and one key file."""
    (folder / "key.json").write_text(key, encoding="utf-8")
    lines = ['name = "keyed"', 'kind = "service"', "calls_per_minute = 100000", "[urls]", f'accounts = "{api}"']
    lines += [f'api = "{api}/api"', "[[apps.Example]]", 'key_file_env = "T_KEY"', f"scopes = {json.dumps(SCOPES)}"]
    path = folder / "keyed.toml"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def key_of(served: Served) -> str:
    with Mockspaces(served.url) as mock:
        return json.dumps(mock.service_app(scopes=SCOPES).key)


def test_a_key_file_alone_confirms_what_it_can(serve: Serve, tmp_path: Path) -> None:
    """Alg, kid, signature, iss, sub, aud, exp at most 3600, blanks and header forms are confirmed in real time."""
    served = serve()
    target = key_only(tmp_path, served.url, key_of(served))
    told = verify("--target", target, "--report", tmp_path, *only(*KEY_ONLY), T_KEY="key.json")
    assert told.returncode == CLEAN, told.stdout + told.stderr
    shown = findings(tmp_path)
    assert {name for name in BY_KEY if shown[name]["verdict"] != "confirmed"} <= {"AUTH-SVC-08", "AUTH-SVC-09"}
    edges = {one["text"]: one for name in ("AUTH-SVC-08", "AUTH-SVC-09") for one in shown[name]["claims"]}
    far = edges["exp 36000 s ahead is refused"]
    assert (far["state"], far["reason"]) == ("held", "")
    for text in ("exp 3600 s ahead is accepted", "exp 3601 s ahead is refused"):  # not tried if the Date is late
        assert edges[text]["state"] == "held" or "clock of the target" in edges[text]["reason"]
    other_app = [one for one in shown["AUTH-SVC-20"]["claims"] if "of another app" in one["text"]]
    assert "a second service app of Example with spaces.create" in other_app[0]["lacking"]


def test_a_service_that_accepts_anything_is_contradicted(liar: tuple[Served, Liar, str], tmp_path: Path) -> None:
    """Each rule about a JWT that is broken is named, with what was sent; what is accepted rightly is confirmed."""
    served, proxy, url = liar
    made = {"data": [{"topicId": "5f0c0e0f0a0b0c0d0e0f0a0b"}]}
    proxy.answer_always("/spaces/invite", made)
    target = key_only(tmp_path, url, key_of(served))
    refusing = {"AUTH-SVC-02", "AUTH-SVC-03", "AUTH-SVC-07", "AUTH-SVC-09"}
    told = verify("--target", target, "--report", tmp_path, *only(*refusing, "AUTH-SVC-10"), T_KEY="key.json")
    assert told.returncode == DIFFERENT, told.stderr
    shown = findings(tmp_path)
    assert {name for name in refusing if shown[name]["verdict"] != "contradicted"} == set()
    assert shown["AUTH-SVC-10"]["verdict"] == "otherwise"  # what we assume of blanks
    [kept] = [one for one in shown["AUTH-SVC-09"]["claims"] if one["text"] == "exp 36000 s ahead is refused"]
    assert (kept["details"][0], kept["target"][0]["response"]["status"]) == (
        "accepted: status 200, not 401 auth.credential_invalid",
        200,
    )


def test_what_is_down_is_told_before_anything(serve: Serve, tmp_path: Path) -> None:
    """A closed port and a variable that is not set end the run with a sentence each, and no report is written."""
    key = key_of(serve())
    with socket.create_server(("127.0.0.1", 0)) as closed:
        free = closed.getsockname()[1]
    report, target = tmp_path / "report", key_only(tmp_path, f"http://127.0.0.1:{free}", key)
    told = verify("--target", target, "--report", report, *only("AUTH-SVC-02"))
    assert told.returncode == FAILED
    lines = [line for line in told.stderr.splitlines() if "mockspaces: " in line]
    assert lines[0] == "mockspaces: these environment variables are not set: T_KEY"
    assert [line.startswith("mockspaces: urls.") and "cannot be reached" in line for line in lines[1:]] == [True, True]
    assert not report.exists()


def test_a_service_that_stops_in_the_middle_ends_the_run(liar: tuple[Served, Liar, str], tmp_path: Path) -> None:
    """What was found until then is reported, what came after is not tried for that reason, and the exit code is 2."""
    served, proxy, url = liar
    report, target = tmp_path / "report", key_only(tmp_path, url, key_of(served))
    proxy.die_after(30)
    told = verify("--target", target, "--report", report, *only("AUTH-SVC-02", "AUTH-SVC-10"), T_KEY="key.json")
    assert told.returncode == FAILED, told.stderr
    assert f"the target stopped answering: urls.api ({url}) answers 502" in told.stderr
    shown = findings(report)
    claims = [one for finding in shown.values() for one in finding["claims"]]
    assert {one["state"] for one in claims} == {"held", "not tried"}
    assert any("stopped answering" in one["reason"] for one in claims)
    assert differing(report) == set()


def test_a_dry_run_sends_nothing(serve: Serve, tmp_path: Path) -> None:
    """Every request is listed with the URL it would have, and the target sees none of them."""
    served = serve()
    target, environment = service(tmp_path, served)
    with Mockspaces(served.url) as mock:
        mock.call("DELETE", "/journal")
        told = verify("--target", target, "--dry-run", *only("SPACES-CREATE"), **environment)
        entries = [one for one in mock.call("GET", "/journal")["entries"] if one["surface"] != "control"]
    assert told.returncode == CLEAN, told.stderr
    assert f"POST {served.url}/api/spaces/invite" in told.stdout
    assert f"DELETE {served.url}/api/spaces/" in told.stdout
    assert entries == []


def test_production_is_refused(serve: Serve, tmp_path: Path) -> None:
    """A profile with a host of the vendor's production is not touched without a word, and the refusal is one line."""
    target, environment = service(tmp_path, serve(), host="https://accounts.avayacloud.com")
    told = verify("--target", target, "--dry-run", *only("USERS-ROLLOUT"), **environment)
    assert told.returncode == FAILED
    assert "--allow-production" in told.stderr
    assert "Traceback" not in told.stderr
    allowed = verify("--target", target, "--dry-run", "--allow-production", *only("USERS-ROLLOUT"), **environment)
    assert allowed.returncode == CLEAN


def test_interrupted_it_says_what_it_left_behind(serve: Serve, tmp_path: Path) -> None:
    """After Ctrl-C the spaces of the test that ran are deleted; those that cannot be are listed with their ids."""
    served = serve()
    target, environment = service(tmp_path, served)
    before = set(living(served))
    with Mockspaces(served.url) as mock:
        # Before any test the key is tried on a space that cannot be, whose id is nothing but f.
        spaces = {"path": "/api/spaces/*[0-9a-e]*"}
        mock.call("POST", "/faults", {"match": {"method": "DELETE", **spaces}, "action": {"reject": "server.error"}})
        chats = {"path": f"{spaces['path']}/chats"}
        held = mock.call("POST", "/faults", {"match": {"method": "POST", **chats}, "action": {"delay": 60}})["id"]
        command = [*MOCKSPACES, "verify", "--target", str(target), *only("MSG-CHAT-01")]
        running = subprocess.Popen(
            command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment}, start_new_session=True
        )
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline:  # until the test waits for the answer to its message
            if any(fault["fired"] for fault in mock.call("GET", "/faults")["data"] if fault["id"] == held):
                break
            time.sleep(0.05)
        os.killpg(running.pid, signal.SIGINT)
        _out, said = running.communicate(timeout=60)
    made = set(living(served)) - before
    assert running.returncode == INTERRUPTED
    assert "left behind" in said
    assert made
    assert any(space in said for space in made)
    assert "Traceback" not in said


def test_a_missing_profile_is_one_line(tmp_path: Path) -> None:
    """What cannot run ends with exit code 2 and one line that says why."""
    path = tmp_path / "bad.toml"
    path.write_text('name = "x"\nkind = "other"\n', encoding="utf-8")
    told = verify("--target", path, *only("USERS-ROLLOUT"))
    assert (told.returncode, "kind: is none of mock, service" in told.stderr) == (FAILED, True)
    with contextlib.suppress(FileNotFoundError):
        assert verify("--target", tmp_path / "none.toml").returncode == FAILED


def test_verify_costs_other_commands_nothing() -> None:
    """The command line does not load what only verify needs."""
    code = "import sys, mockspaces.cli; sys.exit('mockspaces.verification.command' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, timeout=30).returncode == 0
