"""What belongs together in the journal: a call, and the frames that announced what it did."""

from contract_tests.kit import Cloud
from contract_tests.sockets import Sockets

NO_CLAIMS_YET = True


def journal(cloud: Cloud, query: str = "") -> list[dict[str, object]]:
    """Return the journal's entries."""
    entries: list[dict[str, object]] = cloud.control("GET", f"/journal?{query}")["entries"]
    return entries


def test_frames_lead_to_the_call_that_caused_them(cloud: Cloud, sockets: Sockets) -> None:
    """The announcements of a call have its trace, those of another call another one."""
    ann = cloud.user()
    space = cloud.space(ann)
    sockets.join(ann, space)
    for text in ("one", "two"):
        cloud.call("POST", f"/spaces/{space}/chats", ann, json={"content": {"bodyText": text}})
    calls, frames = journal(cloud, "endpoint=MSG-CHAT"), journal(cloud, "event=MESSAGE_SENT")
    assert [frame["trace"] for frame in frames] == [call["trace"] for call in calls]
    assert calls[0]["trace"] != calls[1]["trace"]
    together = journal(cloud, f"trace={calls[0]['trace']}")
    assert [entry["event"] or entry["endpoint"] for entry in together] == ["MESSAGE_SENT", "MSG-CHAT"]


def test_frames_lead_to_the_event_that_caused_them(cloud: Cloud, sockets: Sockets) -> None:
    """What a socket event caused has its trace; every event of a connection has one of its own."""
    ann = cloud.user()
    space = cloud.space(ann)
    sockets.join(ann, space).message(space)
    (sent,) = journal(cloud, "event=SEND_MESSAGE")
    (heard,) = journal(cloud, "event=MESSAGE_SENT")
    (subscribed,) = journal(cloud, "event=CHANNEL_SUBSCRIBED")
    assert sent["trace"] == heard["trace"]
    assert subscribed["trace"] not in (sent["trace"], journal(cloud, "event=connect")[0]["trace"])


def test_frames_of_a_control_call_belong_together(cloud: Cloud, sockets: Sockets) -> None:
    """What a control call caused has a trace too, that of no call in the journal."""
    ann = cloud.user()
    space = cloud.space(ann)
    sockets.join(ann, space)
    body = {"username": ann.username, "content": {"bodyText": "x"}}
    cloud.control("POST", f"/spaces/{space}/messages", body)
    (heard,) = journal(cloud, "event=MESSAGE_SENT")
    assert [entry["event"] for entry in journal(cloud, f"trace={heard['trace']}")] == ["MESSAGE_SENT"]
