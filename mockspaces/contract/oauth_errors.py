"""Refusals of the identity server (accounts section 1, ACC-ERR-01..05).

They are rows of the same table as all refusals, so an overlay replaces them the same way. The ids begin
with ``oauth.``, because two rows may share a code of RFC 6749 and differ in their status.
"""

from mockspaces.contract import errors
from mockspaces.contract.rows import ErrorCode

INVALID_REQUEST = "oauth.invalid_request"
TOO_LARGE = "oauth.too_large"
INVALID_CLIENT = "oauth.invalid_client"
INVALID_GRANT = "oauth.invalid_grant"
UNSUPPORTED_GRANT_TYPE = "oauth.unsupported_grant_type"
UNAUTHORIZED_CLIENT = "oauth.unauthorized_client"
INVALID_SCOPE = "oauth.invalid_scope"
INVALID_TOKEN = "oauth.invalid_token"
BEARER_INVALID = "oauth.bearer_invalid"
UNSUPPORTED_RESPONSE_TYPE = "oauth.unsupported_response_type"
ACCESS_DENIED = "oauth.access_denied"
UNTRUSTED_REQUEST = "oauth.untrusted_request"
CSRF_FAILED = "oauth.csrf_failed"
OAUTH_SERVER_ERROR = "oauth.server_error"

# Rules that all surfaces share refuse in the words of the REST API; here they are said in those of OAuth.
IN_WORDS_OF_OAUTH = {
    errors.REQUEST_INVALID: INVALID_REQUEST,
    errors.REQUEST_TOO_LARGE: TOO_LARGE,
    errors.SERVER_ERROR: OAUTH_SERVER_ERROR,
    errors.CREDENTIAL_MISSING: BEARER_INVALID,
    errors.CREDENTIAL_MALFORMED: BEARER_INVALID,
    errors.CREDENTIAL_INVALID: BEARER_INVALID,
    errors.CREDENTIAL_EXPIRED: BEARER_INVALID,
    errors.APP_INACTIVE: BEARER_INVALID,
    errors.SERVICE_ACCOUNT_DISABLED: BEARER_INVALID,
    errors.KIND_NOT_ALLOWED: BEARER_INVALID,
}


def _row(id_: str, code: str, status: int, message: str, source: str) -> ErrorCode:
    return ErrorCode(id=id_, code=code, status=status, message=message, source=source)


ROWS = (
    _row(INVALID_REQUEST, "invalid_request", 400, "The request is invalid: {detail}", "ACC-ERR-05; RFC 6749, 5.2"),
    _row(TOO_LARGE, "invalid_request", 413, "The request body is too large.", "ACC-GEN-12"),
    _row(INVALID_CLIENT, "invalid_client", 401, "Client authentication failed.", "ACC-ERR-05; RFC 6749, 5.2"),
    _row(INVALID_GRANT, "invalid_grant", 400, "The grant is invalid, expired or revoked.", "RFC 6749, 5.2"),
    _row(UNSUPPORTED_GRANT_TYPE, "unsupported_grant_type", 400, "This grant type is not supported.", "RFC 6749, 5.2"),
    _row(UNAUTHORIZED_CLIENT, "unauthorized_client", 400, "The client may not use this grant.", "RFC 6749, 5.2"),
    _row(INVALID_SCOPE, "invalid_scope", 400, "The scope is unknown or exceeds what was granted.", "ACC-SCOPE-06"),
    _row(INVALID_TOKEN, "invalid_token", 400, "The token is missing, invalid or expired.", "ACC-INFO-06"),
    _row(BEARER_INVALID, "invalid_token", 401, "The access token is missing, invalid or expired.", "ACC-SELF-02"),
    _row(UNSUPPORTED_RESPONSE_TYPE, "unsupported_response_type", 400, "This response type is unknown.", "ACC-AUTHZ-13"),
    _row(ACCESS_DENIED, "access_denied", 400, "The user denied the request.", "ACC-DECIDE-03"),
    _row(UNTRUSTED_REQUEST, "invalid_request", 400, "This sign-in link is broken.", "ACC-AUTHZ-11"),
    _row(CSRF_FAILED, "invalid_request", 403, "This form has gone stale.", "ACC-SIGNIN-04, ACC-DECIDE-04"),
    _row(
        OAUTH_SERVER_ERROR,
        "server_error",
        500,
        "This is a bug of the mock; its log has the traceback.",
        "the mock's own",
    ),
)
