"""Which refusal an id that nothing has gives rise to, for the API document; rules refuse by themselves."""

from mockspaces.contract import errors

# By the parameter of a path.
OF_PARAMETER = {
    "spaceId": errors.SPACE_NOT_FOUND,
    "inviteId": errors.INVITE_NOT_FOUND,
    "messageId": errors.MESSAGE_NOT_FOUND,
    "ideaId": errors.IDEA_NOT_FOUND,
    "taskId": errors.TASK_NOT_FOUND,
    "fileId": errors.FILE_NOT_FOUND,
    "meetingId": errors.MEETING_NOT_FOUND,
    "recordingId": errors.RECORDING_NOT_FOUND,
    "token": errors.TOKEN_NOT_FOUND,
    "userId": errors.USER_NOT_FOUND,
    "attendeeId": errors.USER_NOT_FOUND,
    "email": errors.USER_NOT_FOUND,
    "id": errors.SETTINGS_NOT_FOUND,
    # Types of people are part of the path: another word there is another path (ERR-ORDER-05).
    "userType": errors.ROUTE_NOT_FOUND,
    "attendeeType": errors.ROUTE_NOT_FOUND,
    "type": errors.ROUTE_NOT_FOUND,
    "callType": errors.ROUTE_NOT_FOUND,
}

# By the call, for ids in its query or body (ERR-ORDER-04).
OF_CALL = {
    "USERS-MSGS": errors.SPACE_NOT_FOUND,
    "USERS-PUSHDEL": errors.SUBSCRIPTION_NOT_FOUND,
    "SPACES-CREATE": errors.USER_NOT_FOUND,
    "SPACES-INVITE": errors.USER_NOT_FOUND,
    "SPACES-INVUPD": errors.USER_NOT_FOUND,
    "MSG-CHAT": errors.MESSAGE_NOT_FOUND,
    "FILES-UP": errors.SPACE_NOT_FOUND,
    "FILES-DOWN": errors.FILE_NOT_FOUND,
    "MEET-HANDOK": errors.USER_NOT_FOUND,
    "MEET-HANDLOW": errors.USER_NOT_FOUND,
}
