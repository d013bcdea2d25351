"""Refusals of the REST API, the socket and the control API (ERR-STD-01).

Handlers name the constants; the row gives wire code, status and message. A deployment that answers
otherwise is an overlay on these rows.
"""

from mockspaces.contract.rows import ErrorCode

CREDENTIAL_MISSING = "auth.credential_missing"
CREDENTIAL_MALFORMED = "auth.credential_malformed"
CREDENTIAL_INVALID = "auth.credential_invalid"
CREDENTIAL_EXPIRED = "auth.credential_expired"
APP_INACTIVE = "auth.app_inactive"
SERVICE_ACCOUNT_DISABLED = "auth.service_account_disabled"
KIND_NOT_ALLOWED = "auth.kind_not_allowed"
SCOPE_MISSING = "scope.missing"
SCOPE_OAUTH_MISSING = "scope.oauth_missing"
PERMISSION_DENIED = "permission.denied"
OTHER_COMPANY = "permission.other_company"
PIN_REQUIRED = "space.pin_required"
PIN_WRONG = "space.pin_wrong"
MEMBERS_ONLY = "space.members_only"
DIRECT_NOT_ALLOWED = "space.direct_not_allowed"
LAST_ADMIN = "space.last_admin"
ARCHIVED = "topic.invalid_acesss_to_archived_topic"
POLICY_FORBIDS = "not.authorized.by.topic.policy"
REQUEST_INVALID = "request.invalid"
MESSAGE_OUTDATED = "message.outdated"
SPACE_NOT_FOUND = "space.not_found"
USER_NOT_FOUND = "user.not_found"
INVITE_NOT_FOUND = "invite.not_found"
MESSAGE_NOT_FOUND = "message.not_found"
IDEA_NOT_FOUND = "idea.not_found"
TASK_NOT_FOUND = "task.not_found"
MEETING_NOT_FOUND = "meeting.not_found"
RECORDING_NOT_FOUND = "recording.not_found"
SETTINGS_NOT_FOUND = "settings.not_found"
FILE_NOT_FOUND = "file.not_found"
TOKEN_NOT_FOUND = "token.not_found"
SUBSCRIPTION_NOT_FOUND = "subscription.not_found"
USER_EXISTS = "user.already_exists"
LICENSE_UNAVAILABLE = "license.not_available"
CHANNEL_INVALID = "invalid.parameters"
SUBSCRIPTION_REQUIRED = "app.event.channel.subscription.required"
ROUTE_NOT_FOUND = "route.not_found"
METHOD_NOT_ALLOWED = "method.not_allowed"
REQUEST_TOO_LARGE = "request.too_large"
HEAD_TOO_LARGE = "request.head_too_large"
REQUEST_TIMEOUT = "request.timeout"
UNSUPPORTED_TYPE = "request.unsupported_type"
RATE_LIMITED = "rate.limited"
SERVER_ERROR = "server.error"
SERVER_STOPPING = "server.stopping"
NOT_STORED = "server.not_stored"  # with serve --log: the change could not be stored, and did not happen
# The storage alone answers these, as XML (STO-PUT-03..05); the words are those of common object stores.
STORAGE_MISMATCH = "storage.mismatch"
STORAGE_FORBIDDEN = "storage.forbidden"
STORAGE_FULL = "storage.full"
STORAGE_RANGE = "storage.range"
# The control API alone answers these (they are the mock's own, as all of /_mock).
WORLD_NOT_FOUND = "world.not_found"
COMPANY_NOT_FOUND = "company.not_found"
CLIENT_NOT_FOUND = "client.not_found"
APP_NOT_FOUND = "app.not_found"
KEY_NOT_FOUND = "key.not_found"
FAULT_NOT_FOUND = "fault.not_found"
ALREADY_EXISTS = "control.already_exists"
WORLDS_EXHAUSTED = "control.too_many_worlds"


def _row(code: str, status: int, message: str, source: str = "ERR-STD-01") -> ErrorCode:
    return ErrorCode(id=code, code=code, status=status, message=message, source=source)


def _xml(key: str, code: str, status: int, source: str) -> ErrorCode:
    return ErrorCode(id=key, code=code, status=status, message="", source=source)


ROWS = (
    _row(CREDENTIAL_MISSING, 401, "The request has no credential.", "AUTH-HDR-06"),
    _row(CREDENTIAL_MALFORMED, 401, "The Authorization header is malformed.", "AUTH-HDR-01..03"),
    _row(CREDENTIAL_INVALID, 401, "The credential is not valid."),
    _row(CREDENTIAL_EXPIRED, 401, "The credential has expired."),
    _row(APP_INACTIVE, 401, "The service app is not active.", "AUTH-SVC-12"),
    _row(SERVICE_ACCOUNT_DISABLED, 401, "The service account is disabled.", "AUTH-SVC-13"),
    _row(KIND_NOT_ALLOWED, 403, "This kind of credential is not accepted here."),
    _row(SCOPE_MISSING, 403, "The service app lacks the scope for this call.", "AUTH-SVC-14"),
    _row(SCOPE_OAUTH_MISSING, 403, "The token does not carry the spaces scope.", "AUTH-OAUTH-02"),
    _row(PERMISSION_DENIED, 403, "You have no permission to do this."),
    _row(OTHER_COMPANY, 403, "This belongs to another company.", "AUTH-SVC-15"),
    _row(PIN_REQUIRED, 403, "This space needs a PIN in the header spaces-x-space-password.", "PERM-PIN-04"),
    _row(PIN_WRONG, 403, "The PIN in the header spaces-x-space-password is wrong.", "PERM-PIN-04"),
    _row(MEMBERS_ONLY, 403, "Only members may enter this space.", "PERM-PRIV-01"),
    _row(DIRECT_NOT_ALLOWED, 403, "This is not possible in a direct space.", "PERM-DIR-01"),
    _row(LAST_ADMIN, 403, "A space cannot lose its only admin.", "PERM-MAP-07"),
    ErrorCode(
        id=ARCHIVED,
        code=ARCHIVED,
        status=403,
        message="The space is archived.",
        source="ERR-BODY-02; docs: api/messages/messages_deletemessages",
        confidence="D",
    ),
    ErrorCode(
        id=POLICY_FORBIDS,
        code=POLICY_FORBIDS,
        status=403,
        message="The policy of the space does not allow this.",
        source="ERR-BODY-02; docs: api/socket/send_message_failed",
        confidence="D",
    ),
    _row(REQUEST_INVALID, 400, "Invalid request: {detail}"),
    _row(CHANNEL_INVALID, 400, "Invalid parameters: {detail}", "RT-SUB-07"),
    _row(MESSAGE_OUTDATED, 400, "The message has changed meanwhile.", "MSG-UPDATE-04"),
    _row(SPACE_NOT_FOUND, 404, "No such space."),
    _row(USER_NOT_FOUND, 404, "No such user."),
    _row(INVITE_NOT_FOUND, 404, "No such invite."),
    _row(MESSAGE_NOT_FOUND, 404, "No such message."),
    _row(IDEA_NOT_FOUND, 404, "No such post."),
    _row(TASK_NOT_FOUND, 404, "No such task."),
    _row(MEETING_NOT_FOUND, 404, "No such meeting."),
    _row(RECORDING_NOT_FOUND, 404, "No such recording."),
    _row(SETTINGS_NOT_FOUND, 404, "No such settings."),
    _row(FILE_NOT_FOUND, 404, "No such file."),
    _row(TOKEN_NOT_FOUND, 404, "No such token."),
    _row(SUBSCRIPTION_NOT_FOUND, 404, "No such subscription."),
    _row(USER_EXISTS, 400, "A user with this e-mail exists.", "USERS-BULK-09"),
    _row(LICENSE_UNAVAILABLE, 400, "The company owns no such licence.", "USERS-BULK-09"),
    ErrorCode(
        id=SUBSCRIPTION_REQUIRED,
        code=SUBSCRIPTION_REQUIRED,
        status=403,
        message="Subscribe to the channel first.",
        source="RT-MSG-03; docs: api/socket/send_message",
        confidence="D",
    ),
    _xml(STORAGE_MISMATCH, "InvalidRequest", 400, "STO-PUT-03"),
    _xml(STORAGE_FORBIDDEN, "AccessDenied", 403, "STO-PUT-03"),
    _xml(STORAGE_FULL, "EntityTooLarge", 413, "STO-PUT-05"),
    _xml(STORAGE_RANGE, "InvalidRange", 416, "the mock's own"),
    _row(ROUTE_NOT_FOUND, 404, "No such path."),
    _row(METHOD_NOT_ALLOWED, 405, "This method is not allowed here."),
    _row(REQUEST_TOO_LARGE, 413, "The request body is too large.", "REST-REQ-05"),
    _row(HEAD_TOO_LARGE, 431, "Request line and headers are too large.", "the mock's own; RFC 6585, 5"),
    _row(REQUEST_TIMEOUT, 408, "The request did not come to its end.", "the mock's own; RFC 9110, 15.5.9"),
    _row(UNSUPPORTED_TYPE, 415, "The control API wants a body of type application/json.", "CTRL-03"),
    _row(RATE_LIMITED, 429, "Too many requests.", "LIM-02"),
    _row(SERVER_ERROR, 500, "This is a bug of the mock; its log has the traceback."),
    _row(SERVER_STOPPING, 503, "The mock is stopping.", "the mock's own"),
    _row(NOT_STORED, 503, "The mock cannot store changes now.", "the mock's own"),
    _row(WORLD_NOT_FOUND, 404, "No such world: {detail}", "the mock's own"),
    _row(COMPANY_NOT_FOUND, 404, "No such company: {detail}", "the mock's own"),
    _row(CLIENT_NOT_FOUND, 404, "No such OAuth client: {detail}", "the mock's own"),
    _row(APP_NOT_FOUND, 404, "No such service app: {detail}", "the mock's own"),
    _row(KEY_NOT_FOUND, 404, "No such key: {detail}", "the mock's own"),
    _row(FAULT_NOT_FOUND, 404, "No such fault: {detail}", "the mock's own"),
    _row(ALREADY_EXISTS, 409, "This exists already: {detail}", "the mock's own"),
    _row(WORLDS_EXHAUSTED, 409, "No more worlds can be opened: {detail}", "the mock's own"),
)
