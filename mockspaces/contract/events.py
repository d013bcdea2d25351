"""Names of what the socket server announces: categories of MESSAGE_SENT and MEDIA_SESSION_RESPONSE."""

# MEDIA_SESSION_RESPONSE (RT-MED-08); the last two are ours, all others documented or seen in a client.
MEETING_STARTED = "app.event.meeting.started"
MEETING_ENDED = "app.event.meeting.ended"
ATTENDEE_ADDED = "app.event.attendee.added"
ATTENDEE_LEFT = "app.event.attendee.left"
RECORDING_STARTED = "app.event.recording.started"
RECORDING_STOPPED = "app.event.recording.stopped"
ALL_PARTIES_MUTING = "app.event.all.parties.muting"
ALL_PARTIES_MUTED = "app.event.all.parties.muted"
TRACKS_CHANGE_REQUESTED = "request.tracksstatus.change"
TRACKS_STATUS = "tracksstatus"
PERMISSION_REQUESTED = "app.event.meeting.permission.requested"
PERMISSION_GRANTED = "app.event.meeting.permission.granted"
PERMISSION_REJECTED = "app.event.meeting.permission.rejected"

# What clients send; anything else is ignored (RT-EP-08).
CLIENT_EVENTS = (
    "SUBSCRIBE_CHANNEL",
    "UNSUBSCRIBE_CHANNEL",
    "SEND_MESSAGE",
    "SEND_PRESENCE_EVENT",
    "SEND_MEDIA_SESSION_EVENTS",
)
