"""A recording answers again as it was answered, and nothing else."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest

from mockspaces import create_app
from mockspaces.traffic import archives
from mockspaces.traffic import player as playing_module
from mockspaces.traffic.player import MARK, UNKNOWN, Player
from mockspaces.traffic.recording import CLOSED, Everywhere, Recorder
from mockspaces.traffic.redaction import Redactor
from tests.traffic.conftest import CLOUD, CONTRACT, Object, Write, entry, loaded, socket

PIN = "4711"
PIN_HEADER = {"name": "spaces-x-space-password", "value": "0000"}
SESSION = {"name": "cookie", "value": "sessionid=a; csrftoken=b"}


async def session(client: httpx.AsyncClient) -> list[httpx.Response]:
    """Make a space with a PIN, enter it, read it twice, and send what is no JSON."""
    token = (await client.post("/_mock/tokens", json={"username": "ann@example.com"})).json()["token"]
    client.headers["Authorization"] = f"Bearer {token}"
    invited = await client.post("/api/spaces/invite", json={"topic": {"title": "Harvest plans"}, "invitees": []})
    space = f"/api/spaces/{invited.json()['data'][0]['topicId']}"
    return [
        invited,
        await client.post(space, json={"settings": {"confPin": PIN}}),
        await client.get(space, headers={"spaces-x-space-password": PIN}),
        await client.post(space, json={"title": "Pears"}),
        await client.get(space, headers={"spaces-x-space-password": PIN}),
        await client.post("/nowhere", content=b"unread"),
        await client.head("/api/users/me"),
    ]


async def asked(app: Any) -> list[httpx.Response]:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url=f"http://{CLOUD}") as client:
        return await session(client)


@pytest.fixture
async def recording(tmp_path: Path) -> Path:
    """A recording of a session, with its call of the control API."""
    path = tmp_path / "session.har"
    await asked(Recorder(create_app(), path, CONTRACT, control=True))
    return path


def player(path: Path) -> Player:
    return Player(archives.entries(path), CONTRACT)


async def test_who_asks_the_same_is_answered_the_same(recording: Path) -> None:
    """Each request finds its own answer, the same one asked twice in order, and a PIN is the one that was sent."""
    playing = player(recording)
    found = await asked(playing)
    assert [one.status_code for one in found] == [200, 200, 200, 200, 200, 404, 200]
    assert [one.json()["title"] for one in found[1:5]] == ["Harvest plans", "Harvest plans", "Pears", "Pears"]
    assert found[4].json()["settings"]["confPin"] == PIN
    assert (found[6].content, playing.diverged) == (b"", "")
    assert all(MARK.decode() in one.headers for one in found)


OTHERWISE: dict[str, Callable[[httpx.AsyncClient], Any]] = {
    "another path": lambda client: client.get("/api/users/me/settings"),
    "another method": lambda client: client.delete("/api/users/me"),
    "another body": lambda client: client.post("/api/spaces/invite", json={"topic": {"title": "Other plans"}}),
    "another query": lambda client: client.head("/api/users/me?size=1"),
    "no credential": lambda client: client.post(
        "/api/spaces/invite", json={"topic": {"title": "Harvest plans"}, "invitees": []}
    ),
}


@pytest.mark.parametrize("name", OTHERWISE)
async def test_what_was_not_recorded_is_not_answered(recording: Path, name: str) -> None:
    """Whoever asks something else gets no answer that could be one of the service, and it is remembered."""
    playing = player(recording)
    transport = httpx.ASGITransport(app=playing)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{CLOUD}") as client:
        answer = await OTHERWISE[name](client)
    assert (answer.status_code, answer.headers[MARK.decode()]) == (UNKNOWN, "none")
    assert playing.diverged.startswith("the recording does not have ")


async def test_an_answer_is_given_once(recording: Path) -> None:
    """What was asked once is answered once."""
    playing = player(recording)
    await asked(playing)
    transport = httpx.ASGITransport(app=playing)
    async with httpx.AsyncClient(transport=transport, base_url=f"http://{CLOUD}") as client:
        assert (await client.post("/nowhere", content=b"unread")).status_code == UNKNOWN


async def test_an_unread_body_is_recorded(recording: Path) -> None:
    """What a refused call was sent stands in the recording, though the application has not read it."""
    refused = next(one for one in loaded(recording) if one["request"]["url"].endswith("/nowhere"))
    assert refused["request"]["postData"]["text"] == "unread"


async def test_a_cookie_of_another_page_is_no_other_question(write: Write) -> None:
    """Cookies that only pages read may be kept or not; where both were recorded, each is answered as it was."""
    kept = [{"name": "accept", "value": "*/*"}, {"name": "cookie", "value": "csrftoken=a"}]
    archive = write(
        entry(path="/account/login/", body="kept", sent=kept, host=CLOUD),
        entry(path="/account/login/", body="none", sent=kept[:1], host=CLOUD),
        entry(path="/api/users/me", body="kept", sent=[*kept[:1], SESSION], host=CLOUD),
        entry(path="/account/logout", body="kept", sent=[*kept[:1], SESSION], host=CLOUD),
    )
    transport = httpx.ASGITransport(app=player(archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{CLOUD}") as client:
        told = [(await client.get(path)).text for path in ("/account/login/", "/account/login/", "/api/users/me")]
        signed_out = await client.get("/account/logout")
    assert told == ["none", "kept", "kept"]
    assert signed_out.status_code == UNKNOWN  # a page is another one to somebody who is signed in


@pytest.mark.parametrize("path", ["/api/users/me", "/_mock/journal"])
async def test_cookies_change_nothing_in_the_order_of_other_calls(write: Write, path: str) -> None:
    """What is no page is answered in the order of the recording, whatever pages a client has been to before."""
    accept = {"name": "accept", "value": "*/*"}
    archive = write(
        entry(path=path, body="first", sent=[accept, SESSION], host=CLOUD),
        entry(path=path, body="second", sent=[accept], host=CLOUD),
    )
    transport = httpx.ASGITransport(app=player(archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{CLOUD}") as client:
        assert [(await client.get(path)).text for _ in range(2)] == ["first", "second"]


@pytest.mark.parametrize(
    ("length", "body", "sort", "played"),
    [
        ("9", '{"a": 1', "application/json", False),
        ("9", '{"a": 1}', "application/json", True),
        ("9", "hello", "text/plain", False),
        ("5", "hello", "text/plain", True),
    ],
)
async def test_an_answer_that_broke_off_is_not_played(
    write: Write, length: str, body: str, sort: str, *, played: bool
) -> None:
    """Half a body would come as a whole one; a document that is shorter by what was hidden in it is whole."""
    headers = [{"name": "content-length", "value": length}]
    sent = [{"name": "accept", "value": "*/*"}]
    recorded = player(write(entry(body=body, sent=sent, host=CLOUD, headers=headers, type=sort)))
    transport = httpx.ASGITransport(app=recorded)
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{CLOUD}") as client:
        answer = await client.get("/api/users/me")
    assert (answer.status_code == 200, recorded.diverged == "") == (played, played)


async def test_a_wrong_pin_does_not_stand_for_the_right_one(write: Write) -> None:
    """An answer shows the PIN that the client has set, also after it was asked for with another one."""
    space, accept = {"settings": {"confPin": "0000"}}, {"name": "accept", "value": "*/*"}
    kind = {"name": "content-type", "value": "application/json"}
    path, post = "/api/spaces/s", json.dumps(space)
    archive = write(
        entry("POST", path, body=space, sent=[accept, kind], post=post, host=CLOUD),
        entry("GET", path, status=401, body={}, sent=[accept, PIN_HEADER], host=CLOUD),
        entry("GET", path, body=space, sent=[accept], host=CLOUD),
    )
    transport = httpx.ASGITransport(app=player(archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{CLOUD}") as client:
        await client.post("/api/spaces/s", json={"settings": {"confPin": "1234"}})
        refused = await client.get("/api/spaces/s", headers={"spaces-x-space-password": "9999"})
        shown = await client.get("/api/spaces/s")
    assert (refused.status_code, shown.json()) == (401, {"settings": {"confPin": "1234"}})


async def test_a_scheme_that_nobody_knows_counts_by_its_length(write: Write) -> None:
    """What a recording hides of an odd Authorization header does not make it another one."""
    sent = [{"name": "accept", "value": "*/*"}, {"name": "authorization", "value": '"bearer 0123"'}]
    archive = write(entry(body="odd", sent=sent, host=CLOUD))
    transport = httpx.ASGITransport(app=player(archive))
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{CLOUD}") as client:
        others = [await client.get("/api/users/me", headers={"Authorization": one}) for one in ("bearer 0123", '"x 0')]
        odd = await client.get("/api/users/me", headers={"Authorization": '"bearer 0123"'})
    assert ([one.status_code for one in others], odd.text) == ([UNKNOWN, UNKNOWN], "odd")


async def test_calls_of_the_control_api_are_not_handed_on(recording: Path) -> None:
    """A recording with control calls holds tokens of a mock, and a redacted one has no such call any more."""
    kept = [one for _number, one in archives.entries(recording) if one and "/_mock/" in one.request.url]
    redactor = Redactor(CONTRACT, Everywhere(CONTRACT))
    assert kept
    assert [redactor.entry(one) for one in kept] == [None] * len(kept)


async def test_a_body_that_is_missing_is_no_answer(write: Write) -> None:
    """An archive that leaves a body out does not answer with nothing in its place."""
    one: Object = entry(body={"a": 1}, host=CLOUD)
    one["request"]["headers"] = [{"name": "accept", "value": "*/*"}]
    without: Object = json.loads(json.dumps(one))
    del without["response"]["content"]["text"]
    found = []
    for archive in (write(one, name="whole.har"), write(without, name="without.har")):
        transport = httpx.ASGITransport(app=player(archive))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{CLOUD}") as client:
            found.append((await client.get("/api/users/me")).status_code)
    assert found == [200, UNKNOWN]


async def heard(app: Any, *headers: tuple[bytes, bytes]) -> list[Object]:
    """Open a socket, hear until the server says no more, and return what it sent."""
    frames: asyncio.Queue[Object] = asyncio.Queue()
    sent: list[Object] = []

    async def send(message: Any) -> None:
        sent.append(message)
        if message["type"] == "websocket.send":
            frames.put_nowait({"type": "websocket.disconnect", "code": 1000})

    frames.put_nowait({"type": "websocket.connect"})
    scope = {
        "type": "websocket",
        "scheme": "wss",
        "path": "/socket.io/",
        "query_string": b"EIO=3&transport=websocket",
        "headers": [(b"host", CLOUD.encode()), (b"upgrade", b"websocket"), *headers],
    }
    await app(scope, frames.get, send)
    return sent


def opened(**more: Any) -> Object:
    """Return a recorded socket on which the server has said one thing."""
    one = socket(("receive", "40"), host=CLOUD)
    one["request"]["headers"] = [{"name": "upgrade", "value": "websocket"}, *more.get("sent", [])]
    one["_webSocketMessages"][0]["time"] = more.get("time", 0)
    return one


async def test_a_frame_that_waited_in_vain_leaves_the_answer(write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    """A frame comes at last without the request that it was recorded after, which is answered when it is made."""
    monkeypatch.setattr(playing_module, "LATE_S", 0.01)
    asked_before = entry(body={"a": 1}, sent=[{"name": "accept", "value": "*/*"}], host=CLOUD)
    playing = player(write(asked_before, opened(time=4_000_000_000)))
    assert [one["type"] for one in await heard(playing)] == ["websocket.accept", "websocket.send"]
    transport = httpx.ASGITransport(app=playing)
    async with httpx.AsyncClient(transport=transport, base_url=f"https://{CLOUD}") as client:
        assert (await client.get("/api/users/me")).json() == {"a": 1}


@pytest.mark.parametrize("recorded", [True, False])
async def test_a_socket_is_found_whoever_opens_it(write: Write, *, recorded: bool) -> None:
    """A browser names the page that opens a socket and another client none: it is the same socket."""
    page = {"name": "origin", "value": "https://page.example"}
    playing = player(write(opened(sent=[page] if recorded else [])))
    found = await heard(playing, *([] if recorded else [(b"origin", page["value"].encode())]))
    assert ([one["type"] for one in found], playing.diverged) == (["websocket.accept", "websocket.send"], "")


@pytest.mark.parametrize("ended", [True, False])
async def test_a_socket_without_its_end_is_told(write: Write, *, ended: bool) -> None:
    """Browsers and proxies do not write how a socket ended, so that what comes no more may have come."""
    one = opened()
    if ended:
        one["_webSocketMessages"].append({"type": "receive", "data": "1000 ", "opcode": CLOSED, "time": 0})
    playing = player(write(one))
    await heard(playing)
    assert playing.unended == ("" if ended else "the recording does not have the end of a socket")


async def test_bytes_of_a_frame_are_not_played(write: Write) -> None:
    """What was recorded as bytes does not come, and is told as missing."""
    one = opened()
    one["_webSocketMessages"].insert(0, {"type": "receive", "data": "AAEC", "opcode": 2, "time": 0})
    playing = player(write(one))
    assert [message["type"] for message in await heard(playing)] == ["websocket.accept", "websocket.send"]
    assert playing.diverged == "the recording does not have the bytes of a frame"


def test_long_runs_are_redacted_in_time(write: Write) -> None:
    """A credential of megabytes takes no longer than its length."""
    long = "x1" * 2_000_000
    _, found = next(iter(archives.entries(write(entry(body={"token": long})))))
    assert found is not None
    shown = Redactor(CONTRACT, Everywhere(CONTRACT)).entry(found)
    assert shown is not None
    text = json.loads(shown["response"]["content"]["text"])["token"]
    assert (len(text), long[:100] in text) == (len(long), False)
