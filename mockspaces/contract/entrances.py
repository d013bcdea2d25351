"""What a call enters before its handler runs: steps 4 to 6c of ERR-ORDER-01.

A row of an endpoint names its entrance. The surface finds what the ids of the path mean (step 4), checks company,
stranger and PIN, type of space and role (steps 5 to 6c), and hands what it found to the handler, which has no
other way to get at it. Where a row `hands` nothing, it only refuses.
"""

from mockspaces.contract.rows import Entrance

ROWS = {
    row.id: row
    for row in (
        Entrance(id="", source="ERR-ORDER-01"),
        # --- people
        Entrance(id="self", needs=("userId",), source="USERS-COLL-05; USERS-STATS-01"),
        Entrance(id="colleague", needs=("userId",), source="USERS-PEOPLE-03"),
        Entrance(id="settings", needs=("id",), hands=("Preferences",), source="USERS-SETPOST-03"),
        Entrance(id="partner", needs=("userType", "userId"), hands=("Person",), source="SPACES-DIRECT-05"),
        Entrance(id="room", needs=("email",), hands=("Standing",), source="USERS-ROOM-04"),
        # --- spaces
        Entrance(id="space", needs=("spaceId",), hands=("Standing",), source="ERR-ORDER-01"),
        Entrance(
            id="attendee",
            needs=("spaceId", "attendeeType", "attendeeId"),
            hands=("Standing", "Participant"),
            source="SPACES-ROLE-07; SPACES-KICK-04",
        ),
        Entrance(id="invite", needs=("inviteId",), hands=("Standing", "Invite"), source="SPACES-INVJOIN-04"),
        Entrance(id="own invite", needs=("inviteId",), hands=("Standing", "Invite"), source="SPACES-INVUPD-03"),
        # --- meetings
        Entrance(id="meeting", needs=("spaceId", "meetingId"), hands=("Standing", "Message"), source="MEET-GEN-02"),
        Entrance(
            id="party",
            needs=("spaceId", "meetingId", "type", "attendeeId"),
            hands=("Standing", "Message", "Party"),
            source="MEET-GEN-04; MEET-MEDIA-04",
        ),
        Entrance(
            id="recording",
            needs=("spaceId", "meetingId", "recordingId"),
            hands=("Standing", "Message", "Recording"),
            source="MEET-RECSTOP-03",
        ),
        # --- messages and files
        Entrance(id="message", needs=("messageId",), hands=("Standing", "Message"), source="PERM-HIST-01"),
        Entrance(id="editable message", needs=("messageId",), hands=("Standing", "Message"), source="MSG-UPDATE-06"),
        Entrance(id="idea", needs=("ideaId",), hands=("Standing", "Message"), source="MSG-COMMI-03"),
        Entrance(id="task", needs=("taskId",), hands=("Standing", "Message"), source="MSG-COMMT-01"),
        Entrance(
            id="file",
            needs=("messageId", "fileId"),
            hands=("Standing", "Message", "StoredFile"),
            source="MSG-VIEWER-01",
        ),
        Entrance(id="viewer token", needs=("token",), hands=("StoredFile",), source="FILES-VIEW-01"),
        Entrance(id="space token", needs=("tokenType", "token"), hands=("SpaceToken",), source="MISC-SAT-02"),
    )
}
