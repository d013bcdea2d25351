"""Names on the socket: namespaces, events and categories, each with its source (realtime.md).

Confidence is D unless a comment says otherwise.
"""

from mockspaces.contract.rows import Endpoint
from mockspaces.contract.scopes import SOCKET, SPACES_WEBSOCKET

ENGINE_PATH = "/socket.io"  # RT-EP-01
CHAT = "/chat"  # RT-EP-01

# Client to server
SUBSCRIBE_CHANNEL = "SUBSCRIBE_CHANNEL"  # RT-SUB-01; docs: api/socket/subscribe_channel
UNSUBSCRIBE_CHANNEL = "UNSUBSCRIBE_CHANNEL"  # RT-UNSUB-01; docs: api/socket/unsubscribe_channel
SEND_MESSAGE = "SEND_MESSAGE"  # RT-MSG-01; docs: api/socket/send_message
SEND_PRESENCE_EVENT = "SEND_PRESENCE_EVENT"  # RT-PRES-01; docs: api/socket/send_presence_event
SEND_MEDIA_SESSION_EVENTS = "SEND_MEDIA_SESSION_EVENTS"  # RT-MED-01; docs: api/socket/send_media_session_events

# All that a client sends; anything else is ignored (RT-EP-08).
CLIENT_EVENTS = (
    SUBSCRIBE_CHANNEL,
    UNSUBSCRIBE_CHANNEL,
    SEND_MESSAGE,
    SEND_PRESENCE_EVENT,
    SEND_MEDIA_SESSION_EVENTS,
)

FIRST_SUBSCRIPTION = 7000  # RT-SUB-03, A: whose number the first subscription follows
CONNECT_EVENT = "connect"  # how the journal and fault plans call a CONNECT
DISCONNECT_EVENT = "disconnect"  # how the journal calls the end of a connection

# Server to client
CHANNEL_SUBSCRIBED = "CHANNEL_SUBSCRIBED"  # RT-SUB-02; docs: api/socket/channel_subscribed
CHANNEL_UNSUBSCRIBED = "CHANNEL_UNSUBSCRIBED"  # RT-UNSUB-01; docs: api/socket/channel_unsubscribed
SUBSCRIBE_CHANNEL_FAILED = "SUBSCRIBE_CHANNEL_FAILED"  # RT-SUB-06; docs: api/socket/subscribe_channel
MESSAGE_SENT = "MESSAGE_SENT"  # RT-SENT-01; docs: api/socket/message_sent
SEND_MESSAGE_FAILED = "SEND_MESSAGE_FAILED"  # RT-FAIL-01; docs: api/socket/send_message_failed
PRESENCE_EVENT_RESPONSE = "PRESENCE_EVENT_RESPONSE"  # RT-PRES-03; docs: api/socket/presence_event_response
MEDIA_SESSION_RESPONSE = "MEDIA_SESSION_RESPONSE"  # RT-MED-03; docs: media_session_response
APP_PAIRING_AUTHORIZED = "APP_PAIRING_AUTHORIZED"  # RT-PAIR-01; docs: api/socket/app_pairing_authorized

# All that the cloud says to sockets
SERVER_EVENTS = (
    CHANNEL_SUBSCRIBED,
    CHANNEL_UNSUBSCRIBED,
    SUBSCRIBE_CHANNEL_FAILED,
    MESSAGE_SENT,
    SEND_MESSAGE_FAILED,
    PRESENCE_EVENT_RESPONSE,
    MEDIA_SESSION_RESPONSE,
    APP_PAIRING_AUTHORIZED,
)

# Categories of MESSAGE_SENT beside those of messages (RT-SENT-01)
MESSAGE_REMOVED = "app.event.message.removed"  # RT-SENT-06; docs: guides/unread-messages-count
TOPIC_UPDATED = "topic.updated"  # RT-SENT-07; docs: api/socket/message_sent
TOPIC_HIDDEN = "topic.hidden"  # RT-USR-02; our name (A)
TOPIC_READ = "topic.markread"  # RT-USR-03; our name (A)

# Categories of presence (RT-PRES-04) that the cloud itself knows; any other word is relayed as well (A)
PARTY_ONLINE = "app.event.presence.party.online"
PARTY_LEAVES = "app.event.presence.party.leaves"
MEDIA_SESSION_INVALID = "media.session.invalid"  # RT-PRES-07; docs, an older edition

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
