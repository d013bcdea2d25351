"""What a check finds in exchanges, and what it leaves alone."""

import json
from pathlib import Path
from typing import Any

import pytest

from mockspaces.traffic.findings import Findings
from mockspaces.traffic.verdicts import verdicts
from tests.traffic.conftest import CLOUD, Object, Write, checked, entry, loaded, recorded, socket

OPENED = '0{"sid":"a","upgrades":[],"pingInterval":25000,"pingTimeout":60000}'


def told(findings: Findings) -> list[str]:
    return [f"{one.call}: {one.what}" for one in findings.differences.values()]


@pytest.fixture
async def session(tmp_path: Path) -> Path:
    """A recording of the mock."""
    path = tmp_path / "session.har"
    answers = await recorded(path)
    assert [one.status_code for one in answers] == [200, 200, 200, 200, 200, 404, 401, 200]
    return path


def test_what_the_mock_does_has_no_difference(session: Path) -> None:
    """A recording of the mock itself is clean, and each of its calls was judged."""
    found = checked(session)
    assert told(found) == []
    assert found.counts["judged"] == 8
    assert "bearer scheme, opaque, 40 characters" in found.credentials


def change(session: Path, write: Write, place: int, edit: Any) -> Findings:
    entries = loaded(session)
    content = entries[place]["response"]["content"]
    body = json.loads(content["text"])
    edit(entries[place], body)
    content["text"] = json.dumps(body)
    return checked(write(*entries, name="changed.har"))


def drop(_entry: Object, body: Any) -> None:
    del body["displayname"]


def add(_entry: Object, body: Any) -> None:
    body["nickname"] = "x"


def retype(_entry: Object, body: Any) -> None:
    body["permissions"] = 3


def null(_entry: Object, body: Any) -> None:
    body["username"] = None


def created(entry: Object, _body: Any) -> None:
    entry["response"]["status"] = 201


def plain(entry: Object, _body: Any) -> None:
    headers = entry["response"]["headers"]
    others = [one for one in headers if one["name"].lower() != "content-type"]
    entry["response"]["headers"] = [{"name": "content-type", "value": "text/plain"}, *others]


LIES = {
    "a member is missing": (drop, "lacks displayname of User", "DM-USER-03"),
    "a member is new": (add, "has nickname, which User has not", ""),
    "a member is of another type": (retype, "permissions is 3, not array", "DM-USER-08"),
    "a member is null": (null, "username is None, not string", "DM-USER-02"),
    "the status is another": (created, "answers 201, which the row does not name", ""),
    "the type is another": (plain, "answers 200 as text/plain, not application/json", ""),
}


@pytest.mark.parametrize("name", LIES)
def test_a_lie_is_found_under_its_member_and_statement(session: Path, write: Write, name: str) -> None:
    """What an answer has otherwise is told once, and laid to the statements of its member."""
    edit, what, statement = LIES[name]
    found = change(session, write, 1, edit)
    difference = next(one for one in found.differences.values() if what in one.what)
    assert len(found.differences) == 1 + ("answers 201" in what)  # which a statement of its own is about
    assert difference.call == "GET /api/users/me"
    assert difference.numbers == [2]
    assert statement in (*difference.statements, "")
    if statement:
        assert verdicts(found)[statement].verdict == "contradicted by traffic"


def test_another_code_of_refusal_is_told(session: Path, write: Write) -> None:
    """A refusal with a code or status that no row has is a difference."""

    def edit(_entry: Object, body: Any) -> None:
        body["code"] = "space.gone"

    [difference] = change(session, write, 5, edit).differences.values()
    assert difference.what == "is refused with 404 space.gone, which no row of errors has"


def test_unknown_calls_are_told_on_hosts_of_the_vendor(write: Write) -> None:
    """A call that no row has is a difference where it was answered, not where it was refused."""
    asked = [entry(path="/api/likes/7", body={}), entry(path="/api/likes/7", status=404, body={})]
    refusal = {"code": "route.not_found", "message": "No such path."}
    asked.append(entry("DELETE", "/api/users/me", 405, refusal))
    found = checked(write(*asked))
    assert told(found) == ["GET of no known path on rest: answers 200; no row has this call"]
    assert "likes" not in str(found.differences)


def test_other_hosts_are_left_alone(write: Write) -> None:
    """What others were asked is not judged, unless they are named as the service."""
    path = write(entry(host="example.org", body={}), entry(host="localhost:8080", path="/_mock/health", body={}))
    found = checked(path)
    assert (found.counts["of other hosts"], told(found)) == (2, [])
    assert checked(path, hosts=("example.org",)).differences


@pytest.mark.parametrize("status", [0, 500, 503, 429])
def test_what_is_no_answer_is_not_judged(write: Write, status: int) -> None:
    """An exchange that broke, and a service in trouble, show nothing of any statement."""
    found = checked(write(entry(status=status, body={"what": "ever"})))
    assert (told(found), found.evidence) == ([], {})


def test_a_body_that_is_missing_confirms_nothing(write: Write) -> None:
    """Without the whole body no member is shown, and none is missing."""
    one = entry(body={})
    del one["response"]["content"]["text"]
    found = checked(write(one))
    claims = {claim for shown in found.evidence.values() for claim in shown.claims}
    assert (told(found), found.counts["without the whole body"]) == ([], 1)
    assert claims == {"success is 200", "every origin may read", "a weak ETag"}


def test_repeated_differences_are_told_once(write: Write) -> None:
    """The same difference in many items and entries is one, with its count and first entries."""
    found, _rule = checked(write(*[entry(status=202, body={})] * 9)).differences.values()
    assert (found.count, found.numbers) == (9, [1, 2, 3, 4, 5])


def test_frames_of_both_protocols_are_judged(write: Write) -> None:
    """Handshake, namespace, events and heartbeats of Engine.IO 3 and 4 are as the mock has them."""
    old = socket(
        ("receive", OPENED),
        ("receive", "40"),
        ("send", "40/chat?token=x"),
        ("receive", "40/chat"),
        ("send", "2"),
        ("receive", "3"),
        ("receive", '42/chat,["CHANNEL_UNSUBSCRIBED",{"channel":{"_id":"","type":"topic"}}]'),
    )
    new = socket(
        ("receive", OPENED.replace("}", ',"maxPayload":1000}')),
        ("send", "40/chat,"),
        ("receive", '40/chat,{"sid":"x"}'),
        ("receive", "2"),
        ("send", "3"),
        query="EIO=4&transport=websocket",
    )
    found = checked(write(old, new))
    assert told(found) == []
    assert {"RT-EIO-03", "RT-EIO-11", "RT-HB-02", "RT-UNSUB-01"} <= found.evidence.keys()
    assert found.counts["events judged"] == 1


WRONG_FRAMES = {
    "an unknown event": ('42/chat,["TOPIC_LIKED",{}]', "event: TOPIC_LIKED is said by the server, which no row has"),
    "a member too many": (
        '42/chat,["CHANNEL_UNSUBSCRIBED",{"channel":{"_id":"","type":"topic","new":1}}]',
        "CHANNEL_UNSUBSCRIBED: channel has new, which TopicChannel has not",
    ),
    "the heartbeat of the other protocol": ("2", "heartbeat: the server sends 2 in protocol 3"),
    "a payload of the other protocol": ('40/chat,{"sid":"x"}', "CONNECT: is answered with a payload in protocol 3"),
    "an unknown refusal": ('44/chat,"go.away"', "CONNECT: is refused with go.away, which no row of errors has"),
    "an acknowledgement of nothing": ("43/chat,7[]", "acknowledgement: of an id that was not sent"),
    "no packet": ("4x", "frame: is no packet of Socket.IO"),
}


@pytest.mark.parametrize("name", WRONG_FRAMES)
def test_frames_that_differ_are_told(write: Write, name: str) -> None:
    """What the server says otherwise on a socket is told by its event."""
    frame, what = WRONG_FRAMES[name]
    assert told(checked(write(socket(("receive", OPENED), ("receive", frame))))) == [f"socket: {what}"]


ASKED, BEAT, DONE = (
    ("send", '42/chat,7["SEND_MESSAGE",{}]'),
    (("send", "2"), ("receive", "3")),
    ("receive", "43/chat,7[]"),
)
NO_ACK, NO_BEAT = "socket: acknowledgement: does not come", "socket: heartbeat: the server does not answer 3"


@pytest.mark.parametrize(
    ("frames", "missed"),
    [
        ((ASKED, *BEAT, DONE, *BEAT, *BEAT), []),
        ((ASKED, *BEAT), []),
        ((ASKED, *BEAT, *BEAT), [NO_ACK]),
        ((BEAT[0], BEAT[0], BEAT[1], BEAT[0], BEAT[0]), []),
        ((BEAT[0],) * 3, [NO_BEAT]),
    ],
)
def test_what_never_comes_is_told(write: Write, frames: tuple[tuple[str, str], ...], missed: list[str]) -> None:
    """An acknowledgement may take one heartbeat, and two of these may wait; where a recording ends, nothing lacks."""
    assert told(checked(write(socket(("receive", OPENED), *frames)))) == missed


@pytest.mark.parametrize(("version", "payload"), [("3", "{0}:{1}2:40"), ("4", "{1}\x1e40")])
def test_polling_is_read(write: Write, version: str, payload: str) -> None:
    """The packets of a payload of polling are judged as frames are, in the form of either protocol."""
    packet = '42/chat,["NO_SUCH",1]'
    one = entry(path=f"/socket.io/?EIO={version}&transport=polling&sid=x", body=payload.format(len(packet), packet))
    assert told(checked(write(one))) == ["socket: event: NO_SUCH is said by the server, which no row has"]


def test_only_refusals_confirm_statements_about_refusals(session: Path) -> None:
    """No statement that speaks of a refusal is confirmed by answers alone, and what is shown names entry and host."""
    found = verdicts(checked(session))
    assert {one.host for one in found.values()} == {CLOUD}
    assert {one.date for one in found.values()} != {""}
    assert found["USERS-ANON-02"].verdict == "confirmed by traffic"
    assert found["USERS-ANON-02"].entry == 8
    assert found["ERR-BODY-01"].verdict == "shown in part"
