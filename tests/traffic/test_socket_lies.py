"""The lies about sockets that `mockspaces verify` is tried with, told in a recording and found by check or replay."""

import asyncio
import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import pytest

from liars.exchanges import Request, Talk
from liars.frames import EVENT, frames, never
from liars.lie import Lie
from mockspaces import create_app
from mockspaces.traffic.recording import Recorder
from mockspaces.traffic.stage import Socket, Stage
from tests.traffic.conftest import CONTRACT, Object, Write, checked, loaded
from tests.traffic.test_lies import members
from tests.traffic.test_replay import CLIENT, Client, played, told

pytestmark = pytest.mark.slow

HEARTBEATS = 4
MEDIA = {"audio": True, "video": True, "connected": True, "mdsrvSessionId": "tokbox-1"}
# What neither a check nor a replay can show of a recording, by the reason.
NOT_SHOWN: Mapping[str, tuple[str, ...]] = {
    "whether somebody is to be let in is known to the service alone": (
        "an app needs no scope for sockets",
        "any token will do for sockets",
        "no token will do for sockets",
    ),
    "it is told by asking something else, which no recording shows": ("polling has another answer",),
    "what a client said stands in the recording, whether or not the service heard it": ("namespaces cannot be left",),
}
MISSED_HEARTBEATS = Lie("heartbeats are not answered", "RT-HB-02", hears=never("3$"))


async def join(stage: Stage, query: str, namespace: str = "/chat") -> Socket:
    socket = await stage.open("/socket.io/", f"EIO=3&transport=websocket{query}")
    socket.say(f"40{namespace}")
    await stage.settle()
    return socket


async def say(stage: Stage, socket: Socket, name: str, payload: Any, ack: str = "") -> None:
    socket.say(f"42/chat,{ack}{json.dumps([name, payload])}")
    await stage.settle()


async def session(stage: Stage) -> None:
    """Let two people say and hear a little of everything that the lies are about."""
    await stage.control("POST", "/oauth-clients", CLIENT)
    ann, bob = [
        Client(stage, (await stage.control("POST", "/tokens", {"username": f"{name}@example.com"}))["token"])
        for name in ("ann", "bob")
    ]
    ids = [(await who.ask("GET", "/api/users/me"))["_id"] for who in (ann, bob)]
    invitees = [{"inviteeType": "email", "invitee": "bob@example.com", "role": "member"}]
    invited = await ann.ask("POST", "/api/spaces/invite", {"topic": {"title": "Harvest"}, "invitees": invitees})
    space = invited["data"][0]["topicId"]
    own, other = [await join(stage, f"&token={who.token}&tokenType=oauth") for who in (ann, bob)]
    await join(stage, "&token=nobody&tokenType=oauth")
    await join(stage, f"&token={ann.token}&tokenType=oauth", "/other")
    channel = {"channel": {"_id": space, "type": "topic"}, "version": "1.1"}
    for socket in (own, other):
        await say(stage, socket, "SUBSCRIBE_CHANNEL", channel)
        socket.say("2")
    await say(stage, own, "SUBSCRIBE_CHANNEL", {"channel": {"_id": "0" * 24, "type": "topic"}, "version": "1.1"})
    await messages(stage, own, ann, space)
    await meetings(stage, own, ann, space)
    call = {"category": "space.call.offer", "topicId": space, "content": {"callType": "spaces"}}
    await say(stage, own, "SEND_MEDIA_SESSION_EVENTS", {**call, "receivers": [{"_id": ids[1], "type": "user"}]})
    await bob.ask("POST", f"/api/users/me/spaces/{space}/markread", {})
    await bob.ask("POST", f"/api/users/me/spaces/{space}/hide", {})
    online = {"category": "app.event.presence.party.online", "topicId": space, "content": {}}
    await say(stage, other, "SEND_PRESENCE_EVENT", online)
    other.leave()
    for _ in range(HEARTBEATS):
        own.say("2")
        await stage.settle()
    await say(stage, own, "UNSUBSCRIBE_CHANNEL", {"channel": channel["channel"]})
    await say(stage, own, "SEND_MESSAGE", {"category": "chat", "topicId": space, "content": {"bodyText": "who hears?"}})
    own.say("41/chat")
    await stage.settle()
    await stage.close()


async def messages(stage: Stage, own: Socket, ann: Client, space: str) -> None:
    """Send messages in every way, change and remove one, and send what cannot be sent."""
    said = {"category": "chat", "topicId": space, "content": {"bodyText": "so are the plums", "cid": "1"}}
    await say(stage, own, "SEND_MESSAGE", {**said, "loopbackMetadata": "back"}, ack="7")
    await say(stage, own, "SEND_MESSAGE", {**said, "topicId": "0" * 24})
    for kind in ("chats", "ideas", "tasks"):
        last = await ann.ask("POST", f"/api/spaces/{space}/{kind}", {"content": {"bodyText": "the pears are ripe"}})
    await ann.ask("POST", "/api/messages/deletemessages", [last["data"][0]["_id"]])
    await ann.ask("POST", f"/api/spaces/{space}", {"title": "Harvest plans"})


async def meetings(stage: Stage, own: Socket, ann: Client, space: str) -> None:
    """Be online, meet, mute, record, and end the meeting."""
    for word in ("online", "away"):
        presence = {"category": f"app.event.presence.party.{word}", "topicId": space, "content": {}}
        await say(stage, own, "SEND_PRESENCE_EVENT", presence)
    media = {"category": "tracksstatus", "topicId": space, "content": {"mediaSession": MEDIA}}
    await say(stage, own, "SEND_MEDIA_SESSION_EVENTS", media)
    meeting = (await ann.ask("GET", f"/api/spaces/{space}/activemeeting"))["_id"]
    for action in ("recordings", "muteall", "end"):
        await ann.ask("POST", f"/api/spaces/{space}/meetings/{meeting}/{action}", {})


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The session, as our own recorder writes it."""
    path = tmp_path_factory.mktemp("sockets") / "session.har"
    asyncio.run(session(Stage(Recorder(create_app(), path, CONTRACT))))
    return path


def lied(lie: Lie, entries: Iterable[Object]) -> tuple[list[Object], set[str]]:
    """Return the entries with a lie told on their sockets, and names of events and members that it changes."""
    found, names = [], set[str]()
    for entry in entries:
        talk = Talk(Request(target=entry["request"]["url"]))
        kept = []
        for frame in entry.get("_webSocketMessages", []):
            texts = [frame["data"]]
            if frame["opcode"] == 1:
                texts = list((lie.hears if frame["type"] == "receive" else lie.says)(talk, frame["data"]))
            if texts != [frame["data"]]:
                names |= {*named(frame["data"]), *members(payload(frame["data"]), payload(*texts))}
            kept += [{**frame, "data": text} for text in texts]
        found.append({**entry, **({"_webSocketMessages": kept} if kept else {})})
    return found, names


def payload(*frames: str) -> Any:
    matches = [EVENT.fullmatch(frame) for frame in frames]
    return json.loads(matches[0][2])[1] if matches and matches[0] else None


def named(frame: str) -> list[str]:
    match = EVENT.fullmatch(frame)
    return [json.loads(match[2])[0]] if match else [frame[:2]]


def test_lies_on_sockets_are_found(recording: Path, write: Write) -> None:
    """Each lie about frames is found under its statement or member, or no recording can show it."""
    entries = loaded(recording)
    assert not checked(recording).differences
    assert told(played(recording)) == []
    outcomes = {}
    for lie in (*frames(), MISSED_HEARTBEATS):
        changed, names = lied(lie, entries)
        path = write(*changed)
        right = {lie.statement, *lie.others}
        differences = checked(path).differences.values()
        by_check = any(right.intersection(found.statements) or last(found.place) in names for found in differences)
        outcomes[lie.name] = by_check or any(
            name in line for name in names if name.isidentifier() for line in told(played(path))
        )
    hidden = {name for names in NOT_SHOWN.values() for name in names}
    assert {name for name, found in outcomes.items() if not found} == hidden


def last(place: str) -> str:
    return place.rpartition(".")[2]
