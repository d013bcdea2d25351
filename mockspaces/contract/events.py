"""Names on the socket: namespaces, events and categories, each with its source (realtime.md).

Confidence is D unless a comment says otherwise.
"""

from typing import Literal

from mockspaces.contract.rows import Endpoint, SocketEvent
from mockspaces.contract.scopes import SOCKET, SPACES_WEBSOCKET

ENGINE_PATH = "/socket.io"  # RT-EP-01
CHAT = "/chat"  # RT-EP-01

SUBSCRIBE_CHANNEL = "SUBSCRIBE_CHANNEL"
UNSUBSCRIBE_CHANNEL = "UNSUBSCRIBE_CHANNEL"
SEND_MESSAGE = "SEND_MESSAGE"
SEND_PRESENCE_EVENT = "SEND_PRESENCE_EVENT"
SEND_MEDIA_SESSION_EVENTS = "SEND_MEDIA_SESSION_EVENTS"
CHANNEL_SUBSCRIBED = "CHANNEL_SUBSCRIBED"
CHANNEL_UNSUBSCRIBED = "CHANNEL_UNSUBSCRIBED"
SUBSCRIBE_CHANNEL_FAILED = "SUBSCRIBE_CHANNEL_FAILED"
MESSAGE_SENT = "MESSAGE_SENT"
SEND_MESSAGE_FAILED = "SEND_MESSAGE_FAILED"
PRESENCE_EVENT_RESPONSE = "PRESENCE_EVENT_RESPONSE"
MEDIA_SESSION_RESPONSE = "MEDIA_SESSION_RESPONSE"
APP_PAIRING_AUTHORIZED = "APP_PAIRING_AUTHORIZED"


def _row(
    name: str, by: Literal["client", "server"], payload: str, source: str, purpose: str, answers: tuple[str, ...] = ()
) -> SocketEvent:
    return SocketEvent(id=name, by=by, payload=payload, source=source, purpose=purpose, answers=answers, confidence="D")


ROWS = (
    _row(
        SUBSCRIBE_CHANNEL,
        "client",
        "subscribe",
        "RT-SUB-01; docs: api/socket/subscribe_channel",
        "Hear of a space from now on.",
        (CHANNEL_SUBSCRIBED, SUBSCRIBE_CHANNEL_FAILED),
    ),
    _row(
        UNSUBSCRIBE_CHANNEL,
        "client",
        "unsubscribe",
        "RT-UNSUB-01; docs: api/socket/unsubscribe_channel",
        "Hear no more of a space.",
        (CHANNEL_UNSUBSCRIBED,),
    ),
    _row(
        SEND_MESSAGE,
        "client",
        "message to send",
        "RT-MSG-01; docs: api/socket/send_message",
        "Write a chat, post or task.",
        (MESSAGE_SENT, SEND_MESSAGE_FAILED),
    ),
    _row(
        SEND_PRESENCE_EVENT,
        "client",
        "presence to tell",
        "RT-PRES-01; docs: api/socket/send_presence_event",
        "Tell others who is there.",
        (PRESENCE_EVENT_RESPONSE,),
    ),
    _row(
        SEND_MEDIA_SESSION_EVENTS,
        "client",
        "media session to tell",
        "RT-MED-01; docs: api/socket/send_media_session_events",
        "Tell what one does in a meeting, or call somebody.",
        (MEDIA_SESSION_RESPONSE,),
    ),
    _row(
        CHANNEL_SUBSCRIBED,
        "server",
        "subscribed",
        "RT-SUB-02; docs: api/socket/channel_subscribed",
        "The connection hears of a space.",
    ),
    _row(
        CHANNEL_UNSUBSCRIBED,
        "server",
        "unsubscribed",
        "RT-UNSUB-01; docs: api/socket/channel_unsubscribed",
        "The connection hears no more of a space.",
    ),
    _row(
        SUBSCRIBE_CHANNEL_FAILED,
        "server",
        "not subscribed",
        "RT-SUB-06; docs: api/socket/subscribe_channel",
        "The connection may not hear of a space.",
    ),
    _row(
        MESSAGE_SENT,
        "server",
        "said in a space",
        "RT-SENT-01; docs: api/socket/message_sent",
        "Something was said, changed or removed in a space.",
    ),
    _row(
        SEND_MESSAGE_FAILED,
        "server",
        "message not sent",
        "RT-FAIL-01; docs: api/socket/send_message_failed",
        "A message was refused.",
    ),
    _row(
        PRESENCE_EVENT_RESPONSE,
        "server",
        "presence",
        "RT-PRES-03; docs: api/socket/presence_event_response",
        "Somebody told who is there.",
    ),
    _row(
        MEDIA_SESSION_RESPONSE,
        "server",
        "media session",
        "RT-MED-03; docs: media_session_response",
        "Something happened in a meeting or a call.",
    ),
    _row(
        APP_PAIRING_AUTHORIZED,
        "server",
        "pairing",
        "RT-PAIR-01; docs: api/socket/app_pairing_authorized",
        "A room app was paired with the person.",
    ),
)
CLIENT_EVENTS = tuple(row.id for row in ROWS if row.by == "client")  # anything else is ignored (RT-EP-08)
SERVER_EVENTS = tuple(row.id for row in ROWS if row.by == "server")

FIRST_SUBSCRIPTION = 7000  # RT-SUB-03, A: whose number the first subscription follows
CONNECT_EVENT = "connect"  # how the journal and fault plans call a CONNECT
DISCONNECT_EVENT = "disconnect"  # how the journal calls the end of a connection

# Categories of presence (RT-PRES-04) that the cloud itself knows; any other word is relayed as well (A)
PARTY_ONLINE = "app.event.presence.party.online"
PARTY_LEAVES = "app.event.presence.party.leaves"

# Categories of media sessions that clients send (RT-MED-02)
TRACKS_STATUS = "tracksstatus"
TRACK_STATUS = "trackstatus"  # the same, as some clients spell it
VIDEO_END = "video.end"
VIDEO_RELAYS = (
    "video.startscreenshare",
    "video.stopscreenshare",
    "video.screensharedata",
    "video.screenshare.uploadurl",
)

# Categories of media sessions that the server makes (RT-MED-08); the last two are ours, all others documented or seen.
MEETING_STARTED = "app.event.meeting.started"
MEETING_ENDED = "app.event.meeting.ended"
ATTENDEE_ADDED = "app.event.attendee.added"
ATTENDEE_LEFT = "app.event.attendee.left"
RECORDING_STARTED = "app.event.recording.started"
RECORDING_STOPPED = "app.event.recording.stopped"
ALL_PARTIES_MUTING = "app.event.all.parties.muting"
ALL_PARTIES_MUTED = "app.event.all.parties.muted"
TRACKS_CHANGE_REQUESTED = "request.tracksstatus.change"
PERMISSION_REQUESTED = "app.event.meeting.permission.requested"
PERMISSION_GRANTED = "app.event.meeting.permission.granted"
PERMISSION_REJECTED = "app.event.meeting.permission.rejected"

# Calls over the user channel (RT-CALL-01, -02)
CALL_PREFIX = "space.call."
CALL_OFFER = "space.call.offer"
CALL_ACCEPTED = "space.call.accepted"
CALL_REJECTED = "space.call.rejected"
CALL_CANCELLED = "space.call.cancelled"
CALL_ENDED = "space.call.ended"
CALL_ANSWERS = (CALL_ACCEPTED, CALL_REJECTED, CALL_CANCELLED, CALL_ENDED)
CALL_OFFER_SENT = "space.call.offer.sent"
CALL_OFFER_FAILED = "space.call.offer.failed"

# Joining the namespace as a row: checked as a call is (RT-AUTH-04, -05, RT-ACC-01)
CONNECT = Endpoint(
    id=SOCKET,
    surface="realtime",
    method="CONNECT",
    path=CHAT,
    auth=("user", "anon", "oauth", "svc"),
    scope=SPACES_WEBSOCKET,
    source="RT-ACC-01; seed 000",
    confidence="D",
)
