"""Lies about sockets: their handshake and their frames."""

import json
import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from liars.exchanges import Frames, Request, Talk
from liars.keys import keys, read, signed
from liars.lie import PEOPLE, PROFILES, SEVERAL, Lie, Part, asks

EVENT = re.compile(r"(42/chat,\d*)(\[.*\])", re.DOTALL)
Payload = Any


def heard(name: str, change: Callable[[Payload], Payload | None], *, category: str = "") -> Frames:
    """Return the change of an event: of its payload, or (None) that it never comes."""

    def changed(_talk: Talk, frame: str) -> Iterable[str]:
        found = EVENT.fullmatch(frame)
        said = json.loads(found[2]) if found else []
        if found is None or said[0] != name or (category and said[1].get("category") != category):
            return (frame,)
        better = change(said[1])
        if better is None:
            return ()
        return (found[1] + json.dumps([name, better], separators=(",", ":"), ensure_ascii=False),)

    return changed


def renamed(old: str, new: str, *, category: str = "") -> Frames:
    """Return the change of an event's name, of one category if one is given."""

    def changed(_talk: Talk, frame: str) -> Iterable[str]:
        found = EVENT.fullmatch(frame)
        said = json.loads(found[2]) if found else []
        if found is None or said[0] != old or (category and said[1].get("category") != category):
            return (frame,)
        return (frame.replace(f'["{old}"', f'["{new}"', 1),)

    return changed


def spelled(pattern: str, better: str) -> Frames:
    """Return the change of frames that read so."""
    return lambda _talk, frame: (re.sub(pattern, better, frame),)


def never(pattern: str) -> Frames:
    """Return the change that some frames never come."""
    return lambda _talk, frame: () if re.match(pattern, frame) else (frame,)


def lacks(*path: str) -> Callable[[Payload], Payload]:
    """Return the change of a payload that a member is missing."""

    def change(payload: Payload) -> Payload:
        *above, name = path
        place = payload
        for step in above:
            place = place.get(step, {})
        place.pop(name, None)
        return payload

    return change


def gets(name: str, value: Any) -> Callable[[Payload], Payload]:
    """Return the change of a payload that a member has another value."""
    return lambda payload: {**payload, name: value} if name in payload else payload


def nothing(_payload: Payload) -> None:
    """Let an event never come."""


def by_mightiest(request: Request) -> Request:
    """Let any service app connect as one with every scope."""
    token = request.query.get("token", "")
    found = read(token)
    if found is None or keys.of(found[0].get("kid")) is None:
        return request
    return request.with_query(token=signed(keys.mightiest), tokenType="service_app")


def by_anybody(request: Request) -> Request:
    """Let any text connect as an app with every scope."""
    if "token" not in request.query or read(request.query["token"]) is not None:
        return request
    return request.with_query(token=signed(keys.mightiest), tokenType="service_app")


def by_nobody(request: Request) -> Request:
    """Let who brings no token connect as an app with every scope."""
    if request.query.get("token"):
        return request
    return request.with_query(token=signed(keys.mightiest), tokenType="service_app")


def frames() -> Sequence[Lie]:
    """Return lies about sockets."""
    sent, response, media = "MESSAGE_SENT", "PRESENCE_EVENT_RESPONSE", "MEDIA_SESSION_RESPONSE"
    rows: Sequence[tuple[str, str, Frames, tuple[str, ...]]] = (
        ("the namespace is joined with a comma", "RT-EP-06", spelled(r"^40/chat$", "40/chat,"), ("RT-WIRE-01", "RT-EIO-11")),
        ("pings are as rare as once a minute", "RT-HB-01", spelled(r'"pingInterval":\d+', '"pingInterval":60000'), ("RT-EIO-03", "RT-WIRE-01")),
        ("the open packet has maxPayload", "RT-EIO-03", spelled(r"^0\{", '0{"maxPayload":1000000,'), ("RT-WIRE-01",)),
        ("an unknown namespace has another answer", "RT-WIRE-03", spelled('"Invalid namespace"', '"Unknown"'), ("RT-EIO-12",)),
        ("events are not acknowledged", "RT-EP-07", never(r"43"), ("RT-EIO-17",)),
        ("refusals have another code", "RT-AUTH-07", spelled(r'^(44/chat,)"[^"]*"', r'\1"no"'), ("RT-AUTH-01", "RT-AUTH-06", "RT-AUTH-04")),
        ("refusals come as objects", "RT-AUTH-06", spelled(r'^(44/chat,)("[^"]*")', r'\1{"message":\2}'), ("RT-AUTH-07", "RT-AUTH-10", "RT-EIO-12", "RT-AUTH-04")),
        ("a subscription has no dtsid", "RT-SUB-02", heard("CHANNEL_SUBSCRIBED", lacks("dtsid")), ("RT-SUB-03", "RT-SUB-08")),
        ("a subscription has no sessionId", "RT-SUB-02", heard("CHANNEL_SUBSCRIBED", lacks("sessionId")), ("RT-SUB-03", "RT-PRES-03")),
        ("dtsid is a number", "RT-SUB-03", heard("CHANNEL_SUBSCRIBED", lambda said: {**said, "dtsid": int(said.get("dtsid", 0))}), ("RT-SUB-02", "RT-SUB-08")),
        ("a subscription has no channel", "RT-SUB-02", heard("CHANNEL_SUBSCRIBED", lacks("channel")), ("RT-SUB-03",)),
        ("a failed subscription has another name", "RT-SUB-06", renamed("SUBSCRIBE_CHANNEL_FAILED", "SUBSCRIBE_FAILED"), ("RT-ACC-02", "RT-SUB-07", "RT-SUB-04")),
        ("a failed subscription has no error", "RT-SUB-06", heard("SUBSCRIBE_CHANNEL_FAILED", lacks("error")), ("RT-ACC-02", "RT-SUB-03", "RT-SUB-07", "RT-SUB-04")),
        ("a failed subscription has another code", "RT-SUB-06", heard("SUBSCRIBE_CHANNEL_FAILED", gets("error", "no")), ("RT-ACC-02", "RT-SUB-07", "RT-SUB-04")),
        ("leaving has another name", "RT-UNSUB-01", renamed("CHANNEL_UNSUBSCRIBED", "UNSUBSCRIBED"), ("RT-UNSUB-02", "RT-UNSUB-03", "RT-REST-06")),
        ("leaving tells no channel", "RT-UNSUB-01", heard("CHANNEL_UNSUBSCRIBED", lacks("channel")), ("RT-UNSUB-02", "RT-UNSUB-03", "RT-REST-06")),
        ("messages on the socket have no sender", "RT-SENT-02", heard(sent, lacks("sender")), ("RT-MSG-02", "RT-SENT-04", "RT-SENT-06", "RT-SENT-07")),
        ("messages have no topicTitle", "RT-SENT-02", heard(sent, lacks("topicTitle")), ("RT-SENT-04", "SPACES-DIRECT-03")),
        ("messages have no topicType", "RT-SENT-02", heard(sent, lacks("topicType")), ("RT-SENT-04", "RT-SENT-07")),
        ("messages have no cid", "RT-SENT-03", heard(sent, lacks("content", "cid")), ("RT-SENT-06",)),
        ("messages have no chatCount", "RT-SENT-04", heard(sent, lacks("chatCount")), ("RT-SENT-02", "MSG-GEN-01")),
        ("messages have another name", "RT-MSG-05", renamed(sent, "MESSAGE", category="chat"), ("RT-MSG-01", "RT-SENT-01", "RT-REST-01", "RT-FAIL-02", "RT-UNSUB-01")),
        ("loopbackMetadata is lost", "RT-MSG-06", heard(sent, lacks("loopbackMetadata")), ()),
        ("posts are called posts", "RT-SENT-01", heard(sent, gets("category", "post"), category="idea"), ("MSG-IDEA-04", "RT-MSG-01", "RT-REST-01", "RT-SENT-05", "RT-ACC-04")),
        ("removals are not told", "MSG-DELETE-04", heard(sent, nothing, category="app.event.message.removed"), ("RT-REST-02", "RT-SENT-06", "RT-SENT-01")),
        ("removals are told without the category", "RT-SENT-06", heard(sent, lacks("content", "category"), category="app.event.message.removed"), ("RT-REST-02", "MSG-DELETE-04")),
        ("new titles are not told", "RT-REST-03", heard(sent, nothing, category="topic.updated"), ("RT-SENT-07", "SPACES-UPDATE-05", "SPACES-DELETE-03", "RT-SENT-01")),
        ("hiding is not told", "RT-REST-04", heard(sent, nothing, category="topic.hidden"), ("RT-USR-02", "RT-USR-01", "RT-SENT-01", "USERS-HIDE-05")),
        ("reading is not told", "RT-REST-04", heard(sent, nothing, category="topic.markread"), ("RT-USR-03", "RT-USR-01", "RT-SENT-01", "USERS-READ-04")),
        ("a failed message has no sender", "RT-FAIL-01", heard("SEND_MESSAGE_FAILED", lacks("sender")), ("RT-MSG-03",)),
        ("a failed message has another code", "RT-FAIL-02", heard("SEND_MESSAGE_FAILED", gets("error", "no")), ("RT-ACC-04", "RT-MSG-02", "RT-MSG-03", "RT-MSG-04", "RT-ACC-03")),
        ("failed messages are not told", "RT-FAIL-02", heard("SEND_MESSAGE_FAILED", nothing), ("RT-MSG-02", "RT-MSG-03", "RT-MSG-04", "RT-ACC-03", "RT-ACC-04")),
        ("presence has no sender", "RT-PRES-03", heard(response, lacks("sender")), ("RT-PRES-09",)),
        ("presence has no attendee", "RT-PRES-03", heard(response, lacks("content", "attendee")), ("RT-PRES-09", "RT-PRES-05")),
        ("presence tells no sessionId", "RT-PRES-03", heard(response, lacks("content", "sessionId")), ("RT-PRES-09", "RT-PRES-05")),
        ("presence has another name", "RT-PRES-02", renamed(response, "PRESENCE_EVENT"), ("RT-PRES-05", "RT-PRES-07", "RT-PRES-06", "RT-ACC-05")),
        ("nobody hears that a connection is lost", "RT-PRES-09", heard(response, lambda said: None if said.get("content", {}).get("offline") else said), ("RT-PRES-04",)),
        ("meetings begin without a word", "RT-MED-04", heard(media, nothing, category="app.event.meeting.started"), ("RT-MED-08", "RT-MED-06", "MEET-GEN-01")),
        ("attendees have no mdsrvSessions", "RT-MED-07", heard(media, lacks("content", "attendee", "mdsrvSessions")), ("RT-MED-04",)),
        ("meetings end without a word", "RT-MED-05", heard(media, nothing, category="app.event.meeting.ended"), ("MEET-END-02", "RT-MED-08", "RT-REST-05", "SPACES-DELETE-03")),
        ("media events have no messageId", "RT-MED-03", heard(media, lacks("messageId")), ("RT-MED-04",)),
        ("offers have another name", "RT-CALL-02", heard(media, gets("category", "call.offer"), category="space.call.offer"), ("RT-ACC-07", "RT-USR-01", "RT-CALL-01")),
        ("mutes are not told", "MEET-MUTEALL-02", heard(media, nothing, category="app.event.all.parties.muted"), ("RT-MED-08", "RT-REST-05", "MEET-MUTEALL-01")),
        ("recordings begin without a word", "MEET-REC-02", heard(media, nothing, category="app.event.recording.started"), ("RT-MED-08", "RT-REST-05", "DM-MEET-03", "MEET-REC-01")),
    )  # fmt: skip
    polling = r"GET /socket\.io/?"
    several = ("RT-MSG", "RT-SENT", "RT-FAIL", "RT-PRES", "RT-MED", "RT-USR", "RT-CALL", "RT-REST", "MEET")
    people = ("MSG-", "RT-SUB", "RT-UNSUB", "RT-EP-07")

    def by(named: str) -> tuple[Part, ...]:
        return SEVERAL if named.startswith(several) else PEOPLE if named.startswith(people) else PROFILES

    return (
        *(
            Lie(name, named, others=others, hears=change, by=by(named))
            for name, named, change, others in rows
        ),
        Lie("an app needs no scope for sockets", "RT-AUTH-05", handshake=by_mightiest, by=SEVERAL,
            others=("RT-ACC-01", "RT-AUTH-03", "RT-AUTH-04", "RT-AUTH-06")),
        Lie("any token will do for sockets", "RT-AUTH-07", handshake=by_anybody,
            others=("RT-AUTH-01", "RT-AUTH-04", "RT-AUTH-06", "RT-EIO-12", "RT-SUB-04")),
        Lie("no token will do for sockets", "RT-AUTH-07", handshake=by_nobody, others=("RT-AUTH-04", "RT-AUTH-06", "RT-EIO-12", "RT-EP-04")),
        Lie("namespaces cannot be left", "RT-WIRE-04", by=PEOPLE, says=never(r"41/chat"), others=("RT-EIO-15", "RT-PRES-09", "RT-MED-05", "RT-EIO-16")),
        Lie("polling has another answer", "RT-EIO-23", polling, asks(lambda request: request.with_query(transport="x")), ("RT-EP-04",)),
    )  # fmt: skip
