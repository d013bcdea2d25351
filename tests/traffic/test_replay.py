"""Recordings that are played to a mock once more: what it does otherwise is told, what cannot be played is named."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from mockspaces import create_app
from mockspaces.cli import main
from mockspaces.config import Config
from mockspaces.traffic import archives
from mockspaces.traffic.matching import Matcher
from mockspaces.traffic.recording import Recorder
from mockspaces.traffic.replay import Replayed, replayed
from mockspaces.traffic.stage import Stage
from tests.traffic.conftest import CONTRACT, Object, Write, entry, loaded

AN_ID = "an id of 24 characters"
CLIENT = {"client_id": "harvest-app", "client_secret": "sesame-sesame-7", "redirect_uris": ["https://app.example/cb"]}
JSON = ("content-type", "application/json")
PEARS = "the pears are ripe"


def empty() -> Any:
    return create_app(Config(seed="empty"))


def played(path: Path) -> Replayed:
    """Return what comes of a replay."""
    return asyncio.run(replayed(archives.entries(path), empty, CONTRACT, Matcher(CONTRACT)))


def told(found: Replayed) -> list[str]:
    return [f"{one.call}: {one.place}: {one.recorded} / {one.mock}" for one in found.unlike.values()]


class Client:
    """Somebody who is recorded."""

    def __init__(self, stage: Stage, token: str = "", scheme: str = "Bearer") -> None:
        self._stage = stage
        self._headers = [("authorization", f"{scheme} {token}")] if token else []
        self.token = token

    async def ask(self, method: str, path: str, body: Any = None, form: str = "") -> Any:
        """Make a call and return the JSON of its answer."""
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        content = form.encode() if form else b"" if body is None else json.dumps(body).encode()
        headers = [*self._headers, *([("content-type", kind)] if content else [])]
        _status, _headers, answer = await self._stage.ask(method, path, headers, content)
        await self._stage.settle()
        return json.loads(answer) if answer else None


async def session(stage: Stage) -> None:
    """Make, read, edit and delete a little of everything, with two people, a guest and an app, and one socket."""
    await stage.control("POST", "/oauth-clients", CLIENT)
    await stage.control("PATCH", "/users/ann@example.com", {"password": "orchard-1"})
    nobody = Client(stage)
    granted = await nobody.ask(
        "POST",
        "/oauth2/access_token",
        form="grant_type=password&username=ann%40example.com&password=orchard-1"
        f"&client_id={CLIENT['client_id']}&client_secret={CLIENT['client_secret']}",
    )
    ann = Client(stage, granted["access_token"])
    bob = Client(stage, (await stage.control("POST", "/tokens", {"username": "bob@example.com"}))["token"])
    for one in (ann, bob):
        await one.ask("GET", "/api/users/me")
    invitees = [{"inviteeType": "email", "invitee": "bob@example.com", "role": "member"}]
    invited = await ann.ask("POST", "/api/spaces/invite", {"topic": {"title": "Harvest"}, "invitees": invitees})
    space = invited["data"][0]["topicId"]
    socket = await stage.open("/socket.io/", f"EIO=3&transport=websocket&token={bob.token}&tokenType=oauth")
    socket.say("40/chat,")
    await stage.settle()
    channel = {"channel": {"_id": space, "type": "topic"}, "version": "1.1"}
    socket.say(f"42/chat,{json.dumps(['SUBSCRIBE_CHANNEL', channel])}")
    await stage.settle()
    said = (await ann.ask("POST", f"/api/spaces/{space}/chats", {"content": {"bodyText": PEARS}}))["data"][0]
    spoken = {"category": "chat", "topicId": space, "content": {"bodyText": "so are the plums"}}
    socket.say(f"42/chat,{json.dumps(['SEND_MESSAGE', spoken])}")
    await stage.settle()
    task = (await ann.ask("POST", f"/api/spaces/{space}/tasks", {"content": {"bodyText": "pick them"}}))["data"][0]
    changed = {name: task[name] for name in ("_id", "modified")} | {"content": {"bodyText": "pick them all"}}
    await ann.ask("POST", f"/api/messages/{task['_id']}", changed)
    await bob.ask("GET", f"/api/messages/{task['_id']}")
    await bob.ask("GET", f"/api/spaces/{space}/messages/query?size=5")
    await ann.ask("POST", "/api/messages/deletemessages", [said["_id"]])
    await bob.ask("GET", f"/api/spaces/{space}/messages/query?size=5")
    socket.say("2")
    await stage.settle()
    await ann.ask("POST", f"/api/spaces/{space}", {"title": "Harvest plans"})
    await bob.ask("GET", f"/api/spaces/{space}")
    await bob.ask("GET", f"/api/spaces/{space}/members")
    await bob.ask("GET", "/api/users/me/spaces?size=20&topictype=all")
    await bob.ask("DELETE", f"/api/spaces/{space}")
    await bob.ask("GET", f"/api/spaces/{'0' * 24}")
    await nobody.ask("GET", "/api/users/me")
    guest = await nobody.ask("POST", "/api/anonymous/auth", {"displayname": "Gast"})
    await Client(stage, guest["token"], "jwt").ask("GET", "/api/users/me")
    app = await stage.control("POST", "/service-apps", {"scopes": "all", "company": "Example"})
    jwt = (await stage.control("POST", f"/service-apps/{app['iss']}/jwt", {"expires_in": 600}))["token"]
    await Client(stage, jwt, "service_app").ask(
        "POST", "/api/spaces/invite", {"topic": {"title": "Ours"}, "invitees": []}
    )
    await ann.ask("DELETE", f"/api/spaces/{space}")
    await bob.ask("GET", f"/api/spaces/{space}")
    await stage.close()


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session, as our own recorder writes it."""
    path = tmp_path_factory.mktemp("replay") / "session.har"
    asyncio.run(session(Stage(Recorder(create_app(), path, CONTRACT))))
    return path


def test_a_recording_of_the_mock_has_no_difference(recording: Path) -> None:
    """Every call of the mock itself is played, answered alike and announced alike."""
    found = played(recording)
    assert told(found) == []
    assert found.left_out == {}
    assert found.counts["calls played"] == found.counts["calls alike"] == found.counts["calls"] == 23
    assert found.counts["sockets played"] == 1
    assert found.counts["events alike"] >= 5
    statuses = {(one["request"]["method"], one["response"]["status"]) for one in loaded(recording)}
    assert statuses >= {("POST", 200), ("DELETE", 200), ("DELETE", 403), ("GET", 404), ("GET", 401), ("GET", 101)}


def answer(entries: list[Object], method: str, path: str, which: int, edit: Callable[[Any], None]) -> None:
    """Change what one call was answered."""
    several = [one for one in entries if one["request"]["method"] == method and path in one["request"]["url"]]
    content = several[which]["response"]["content"]
    body = json.loads(content["text"])
    edit(body)
    content["text"] = json.dumps(body)
    content["size"] = len(content["text"])


def frames(entries: list[Object]) -> list[Object]:
    """Return the frames of the socket."""
    found: list[Object] = next(one["_webSocketMessages"] for one in entries if "_webSocketMessages" in one)
    return found


def without_a_member(entries: list[Object]) -> None:
    answer(entries, "GET", "/users/me", 0, lambda body: body.pop("gender"))


def another_role(entries: list[Object]) -> None:
    answer(
        entries,
        "GET",
        "/members",
        0,
        lambda body: body["data"].sort(key=lambda one: one["role"]) or body["data"][0].update(role="guest"),
    )


def another_status(entries: list[Object]) -> None:
    next(one for one in entries if one["request"]["url"].endswith("/chats"))["response"]["status"] = 201


def no_edit(entries: list[Object]) -> None:
    def old(body: Any) -> None:
        body["content"]["bodyText"] = "pick them"

    answer(entries, "GET", "/api/messages/", 0, old)


def still_there(entries: list[Object]) -> None:
    queries = [one for one in entries if "/messages/query" in one["request"]["url"]]
    queries[1]["response"]["content"] = queries[0]["response"]["content"]


def another_order(entries: list[Object]) -> None:
    answer(entries, "GET", "/messages/query", 0, lambda body: body["data"].reverse())


def another_id(entries: list[Object]) -> None:
    answer(entries, "GET", "/messages/query", 0, lambda body: body["data"][0].update(topicId="0" * 24))


def not_announced(entries: list[Object]) -> None:
    said = frames(entries)
    said.remove(next(one for one in said if one["type"] == "receive" and PEARS in one["data"]))


def announced_otherwise(entries: list[Object]) -> None:
    said = next(one for one in frames(entries) if one["type"] == "receive" and PEARS in one["data"])
    said["data"] = said["data"].replace(PEARS, "the pears are red")


def announced_twice(entries: list[Object]) -> None:
    said = frames(entries)
    where = next(number for number, one in enumerate(said) if one["type"] == "receive" and PEARS in one["data"])
    said.insert(where, said[where])


def refused(entries: list[Object]) -> None:
    several = [one for one in entries if one["request"]["method"] == "DELETE"]
    several[1]["response"] = several[0]["response"]


LIES: dict[Callable[[list[Object]], None], str] = {
    without_a_member: 'GET /api/users/me: gender: nothing / ""',
    another_role: 'GET /api/spaces/{spaceId}/members: data[].role: "guest" / "admin"',
    another_status: "POST /api/spaces/{spaceId}/chats: status: 201 / 200",
    no_edit: "GET /api/messages/{messageId}: content.bodyText: text of 9 characters / text of 13 characters",
    still_there: "GET /api/spaces/{spaceId}/messages/query: data[]: an object / nothing",
    another_order: "GET /api/spaces/{spaceId}/messages/query: data: in this order / in another order",
    another_id: f"GET /api/spaces/{{spaceId}}/messages/query: data[].topicId: {AN_ID} / {AN_ID}",
    not_announced: "socket: MESSAGE_SENT: : does not come / comes",
    announced_otherwise: "socket: MESSAGE_SENT: content.bodyText: text of 17 characters / text of 18 characters",
    announced_twice: "socket: MESSAGE_SENT: : comes / does not come",
    refused: "DELETE /api/spaces/{spaceId}: status: 403 permission.denied / 200",
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_listed_under_its_call(recording: Path, write: Write, lie: Callable[[list[Object]], None]) -> None:
    """What a service does otherwise is told under the call that shows it, with what the mock does."""
    entries = loaded(recording)
    lie(entries)
    assert LIES[lie] in told(played(write(*entries, name="lie.har")))


def test_a_service_that_differs_by_an_overlay_is_told(tmp_path: Path) -> None:
    """A recording of a mock whose answers lack a member differs in each call that has it, and in nothing else."""
    overlay, path = tmp_path / "overlay.json", tmp_path / "session.har"
    overlay.write_text(json.dumps({"shapes": {"Message": {"chatCount": {"absent": True}}}}))
    asyncio.run(session(Stage(Recorder(create_app(Config(overlay=str(overlay))), path, CONTRACT))))
    found = told(played(path))
    assert "POST /api/spaces/{spaceId}/chats: data[].chatCount: nothing / 0" in found
    assert all("chatCount: nothing / " in one for one in found)


def test_what_was_there_before_is_not_compared(recording: Path, write: Write) -> None:
    """A space that nobody has made in the recording is named with its reason, and so is a person nobody has seen."""
    entries = [one for one in loaded(recording) if "/invite" not in one["request"]["url"]]
    found = played(write(*entries, name="later.har"))
    assert told(found) == []
    assert found.left_out["names what was there before the recording"] >= 10
    assert found.left_out["shows what was there before the recording"] >= 5
    assert found.counts["calls alike"] < found.counts["calls"] - 10
    stranger = entry(
        path="/api/users/me/settings", body={}, sent=[{"name": "Authorization", "value": f"Bearer {'0' * 40}"}]
    )
    found = played(write(stranger, entry(path="/api/nothing", status=404), entry(status=503), name="other.har"))
    assert found.left_out == {
        "has a credential of somebody whom the recording does not show": 1,
        "is a call that no row has": 1,
        "has no answer, or one of a service in trouble": 1,
    }


def run(*arguments: object) -> Result:
    return CliRunner().invoke(main, ["check", *map(str, arguments)], prog_name="mockspaces")


def test_the_command_tells_and_ends_as_a_check_does(recording: Path, write: Write, tmp_path: Path) -> None:
    """0 where nothing differs, 1 where something does, 2 where nothing could be played; reports lie side by side."""
    found = run(recording, "--replay", "--report", tmp_path / "report")
    assert found.exit_code == 0, found.output
    assert "replay: nothing differs" in found.output
    entries = loaded(recording)
    no_edit(entries)
    found = run(write(*entries, name="lie.har"), "--replay", "--report", tmp_path / "report")
    assert found.exit_code == 1
    assert "recorded text of 9 characters, mock text of 13 characters (1 times, entries " in found.output
    report = json.loads((tmp_path / "report" / "replay.json").read_text())
    assert [one["call"] for one in report["differences"]] == ["GET /api/messages/{messageId}"]
    table = (tmp_path / "report" / "replay.md").read_text()
    assert (
        "| GET /api/messages/{messageId} | content.bodyText | text of 9 characters | text of 13 characters |" in table
    )
    found = run(write(entry(path="/api/nothing", status=404), name="nothing.har"), "--replay")
    assert found.exit_code == 2
    assert "nothing of it could be played" in found.output


def test_nothing_of_the_recording_is_told(recording: Path, write: Write, tmp_path: Path) -> None:
    """What a replay tells has no text, address, id or credential of the recording."""
    entries = loaded(recording)
    for one in (without_a_member, another_role, no_edit, another_id, announced_otherwise, refused):
        one(entries)
    found = run(write(*entries, name="lies.har"), "--replay", "--report", tmp_path)
    shown = found.output + "".join((tmp_path / name).read_text() for name in ("replay.json", "replay.md"))
    secrets = ["pears", "plums", "pick", "Harvest", "ann@", "orchard", "sesame", "Example"]
    secrets += [
        one["value"][-20:] for each in entries for one in each["request"]["headers"] if one["name"] == "authorization"
    ]
    assert [secret for secret in secrets if secret in shown] == []


def test_ids_are_exchanged_wherever_they_stand(tmp_path: Path) -> None:
    """An id in a list in a query is the mock's, encoded or not, and so is a path below the prefix of a world."""
    path = tmp_path / "session.har"

    async def several(stage: Stage) -> None:
        await stage.control("POST", "/worlds", {"name": "other"})
        bob = Client(stage, (await stage.control("POST", "/tokens", {"username": "bob@example.com"}))["token"])
        token = json.loads(
            (await stage.ask("POST", "/w/other/_mock/tokens", [JSON], b'{"username":"ann@example.com"}'))[2]
        )
        for who, prefix in ((bob, ""), (Client(stage, token["token"]), "/w/other")):
            await who.ask("GET", f"{prefix}/api/users/me")
            spaces = []
            for title in ("one", "two", "three"):
                made = await who.ask("POST", f"{prefix}/api/spaces/invite", {"topic": {"title": title}, "invitees": []})
                spaces.append(made["data"][0]["topicId"])
                task = {"content": {"bodyText": "x"}}
                await who.ask("POST", f"{prefix}/api/spaces/{spaces[-1]}/tasks", task)
                await asyncio.sleep(0.002)  # tasks of several spaces stand by their milliseconds
            await who.ask("GET", f"{prefix}/api/users/me/tasks?spacelist={spaces[0]}%2C{spaces[1]}&size=1")
            await who.ask("GET", f"{prefix}/api/users/me/spaces?size=2&topictype=all")

    asyncio.run(several(Stage(Recorder(create_app(), path, CONTRACT))))
    found = played(path)
    assert told(found) == []
    assert found.left_out == {}
    assert found.counts["calls alike"] == 18
