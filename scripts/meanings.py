"""What each refusal means in words, and what to do about it: what rows of errors do not say, for the documentation."""

from mockspaces.contract import errors, oauth_errors

# id of the row: (what it means, what to do)
MEANINGS = {
    errors.CREDENTIAL_MISSING: (
        "The call needs a credential, and none came: no `Authorization` header, and on the socket no `token`.",
        "Send the header. If your client does, look whether a redirect to another host dropped it.",
    ),
    errors.CREDENTIAL_MALFORMED: (
        "There is an `Authorization` header, but not of the form *scheme*, blank, *token*, or its scheme is unknown.",
        "Send `Bearer <access token>`, `jwt <user JWT>` or `service_app <JWT of the app>`.",
    ),
    errors.CREDENTIAL_INVALID: (
        (
            "The credential is none of this world, or one of its parts does not hold: signature, `kid`, `iss`, `sub`, `aud`, "
            "an `exp` too far ahead, an unknown or revoked token."
        ),
        "Read the why in the journal: it names the part. [Each why](../troubleshooting.md#401-of-a-service-app) is explained.",
    ),
    errors.CREDENTIAL_EXPIRED: (
        "The credential was good, and has expired by the clock of the world.",
        "Refresh the token or sign a new JWT, then repeat the call. If it should be fresh, look at `GET /_mock/clock`.",
    ),
    errors.APP_INACTIVE: (
        "The service app has not been activated, or was switched off in the portal.",
        "Activate it: `mockspaces.change_service_app(iss, active=True)`, `PATCH /_mock/service-apps/{iss}`.",
    ),
    errors.SERVICE_ACCOUNT_DISABLED: (
        "The service account behind the app is disabled.",
        "Enable it: `change_service_app(iss, account_enabled=True)`.",
    ),
    errors.KIND_NOT_ALLOWED: (
        "The credential is valid, but of a kind that this call does not take, as an anonymous user or a service app.",
        "[The call](calls.md) names the kinds that it takes.",
    ),
    errors.SCOPE_MISSING: (
        "The service app lacks the scope that opens this call.",
        "Give it the scope ([which opens what](scopes.md)): `change_service_app(iss, scopes=[...])`.",
    ),
    errors.SCOPE_OAUTH_MISSING: (
        "The access token was granted without the scope `spaces`, which every call of the REST API wants.",
        "Ask for `spaces` at the authorize endpoint, then let the user consent again.",
    ),
    errors.PERMISSION_DENIED: (
        "The caller may not do this here: their role in the space or company is too low.",
        "The why names the role that they have and the one that it takes.",
    ),
    errors.OTHER_COMPANY: (
        "The space or person belongs to another company than the service app.",
        "Use an app of that company.",
    ),
    errors.PIN_REQUIRED: (
        "The space is protected by a PIN, and none came.",
        "Send it in the header `spaces-x-space-password`, on the socket as `channel.password`.",
    ),
    errors.PIN_WRONG: (
        "The PIN that came is not that of the space.",
        "Ask for the right one; admins see it in the settings.",
    ),
    errors.MEMBERS_ONLY: (
        (
            "The space is private (`settings.memberOnly`), and the caller is neither a member nor invited. New group spaces "
            "are private."
        ),
        (
            "Invite the caller, or open the space: `memberOnly` false in its settings. For all new spaces of a world: the "
            "setting [`rest.default_member_only`](settings.md#rest.default_member_only) false."
        ),
    ),
    errors.DIRECT_NOT_ALLOWED: (
        "This is impossible in a direct space, the one of two people.",
        "Use a group space.",
    ),
    errors.LAST_ADMIN: (
        "The only admin of a space cannot leave, be removed or become less.",
        "Make somebody else an admin first.",
    ),
    errors.ARCHIVED: (
        "The space is archived: it can be read, nothing can be changed. (The code is misspelt on the wire.)",
        "Take it out of the archive first: `status` 0 of the space.",
    ),
    errors.POLICY_FORBIDS: (
        "The settings of the space do not let this role write this kind of message.",
        "An admin can; or change the settings of the space.",
    ),
    errors.REQUEST_INVALID: (
        "Query or body cannot be understood: no JSON, a member of the wrong type, a word that is none of those there are.",
        "`message` and why name the member.",
    ),
    errors.MESSAGE_OUTDATED: (
        "The message was changed by somebody else since your client read it.",
        "Read it again, and apply the change to what it is now.",
    ),
    errors.SPACE_NOT_FOUND: (
        "No space has this id in this world.",
        "Each test has a world of its own: ids are not shared.",
    ),
    errors.USER_NOT_FOUND: ("No user has this id or address in this world.", "Create them: `mockspaces.user(...)`."),
    errors.INVITE_NOT_FOUND: ("No invite has this id, or it was used or deleted.", "Invite again."),
    errors.MESSAGE_NOT_FOUND: ("No message has this id, or it was deleted.", "List the messages of the space."),
    errors.IDEA_NOT_FOUND: ("No post (the wire says idea) has this id.", "A chat or task has other calls."),
    errors.TASK_NOT_FOUND: ("No task has this id.", "A chat or post has other calls."),
    errors.MEETING_NOT_FOUND: (
        "The space has no such meeting, or it has ended.",
        "A meeting begins with the first attendee.",
    ),
    errors.RECORDING_NOT_FOUND: ("The meeting has no such recording.", "Start one first."),
    errors.SETTINGS_NOT_FOUND: ("Nobody has settings of this id.", "`GET /users/me/settings` lists one's own."),
    errors.FILE_NOT_FOUND: ("No file has this id, or its signed URL is of another world.", "Ask for a new URL."),
    errors.TOKEN_NOT_FOUND: ("No space access token is this one, or it has expired.", "Pair the app again."),
    errors.SUBSCRIPTION_NOT_FOUND: ("There is no such subscription of push messages.", "Subscribe first."),
    errors.USER_EXISTS: (
        "A bulk update creates somebody whose address is taken.",
        "Update that user, or choose another address.",
    ),
    errors.LICENSE_UNAVAILABLE: (
        "The company does not own the licence that is to be assigned.",
        "Let it own one: `change_company(company, owned_licenses=[...])`.",
    ),
    errors.CHANNEL_INVALID: (
        "An event of the socket has a channel that cannot be understood.",
        '`{"channel": {"_id": ..., "type": "topic"}}` is what it takes; the why names the member.',
    ),
    errors.SUBSCRIPTION_REQUIRED: (
        "Somebody writes to a space on a socket that has not subscribed to it.",
        "Send `SUBSCRIBE_CHANNEL`, wait for `CHANNEL_SUBSCRIBED`, then write.",
    ),
    errors.ROUTE_NOT_FOUND: (
        "There is no such path.",
        "REST is below `/api`, the identity server is not. The why names a path that is near.",
    ),
    errors.METHOD_NOT_ALLOWED: ("The path is there, with other methods.", "The header `Allow` names them."),
    errors.REQUEST_TOO_LARGE: (
        "The body is larger than is taken.",
        "[Limits](limits.md) has the number; send files by a signed URL.",
    ),
    errors.HEAD_TOO_LARGE: (
        "Request line and headers together are too large.",
        "A cookie or a token has grown too long.",
    ),
    errors.REQUEST_TIMEOUT: (
        "The request began and did not come to its end.",
        "`Content-Length` promises more than was sent.",
    ),
    errors.UNSUPPORTED_TYPE: (
        "A call of the control API came without `Content-Type: application/json`.",
        "Send the header; curl has `--json`.",
    ),
    errors.RATE_LIMITED: (
        "More calls came than the limit allows, and the setting `rest.enforce_limits` is on, or a fault was planned.",
        "Wait as long as `Retry-After` says: by the world's clock, so that a test can move it.",
    ),
    errors.SERVER_ERROR: ("This is a bug of the mock.", "Its log has the traceback. Please tell the maintainers."),
    errors.SERVER_STOPPING: ("The mock is about to end and takes no new calls.", "Start it again."),
    errors.NOT_STORED: (
        "The mock keeps its worlds in a [change log](../persistence.md), which cannot be written: nothing has changed.",
        "The why says what is wrong with it, mostly a full disk. Once there is room repeat the call.",
    ),
    errors.STORAGE_MISMATCH: (
        "What is uploaded is not what the signed URL was made for: another length or type.",
        "Ask for a URL for the file as it is.",
    ),
    errors.STORAGE_FORBIDDEN: ("The signature of the URL is wrong, or it has expired.", "Ask for a new URL."),
    errors.STORAGE_FULL: (
        "The files of this world are at their limit.",
        "Raise [`files.max_bytes`](settings.md#files.max_bytes), or reset the world.",
    ),
    errors.STORAGE_RANGE: ("The header `Range` is not one of this file.", "Ask for a part that it has."),
    errors.WORLD_NOT_FOUND: (
        "No world has this name, or it was dropped, or its time to live is over.",
        "Open it anew, with a longer `ttl` or with null.",
    ),
    errors.COMPANY_NOT_FOUND: ("No company has this name, domain or id.", "Create it: `mockspaces.company(...)`."),
    errors.CLIENT_NOT_FOUND: ("No OAuth client has this id.", "Register it: `mockspaces.oauth_client(...)`."),
    errors.APP_NOT_FOUND: ("No service app has this `iss`.", "Create it: `mockspaces.service_app(...)`."),
    errors.KEY_NOT_FOUND: ("The app has no key of this `kid`.", "Add one: `mockspaces.new_key(iss)`."),
    errors.FAULT_NOT_FOUND: ("No planned fault has this id.", "`GET /_mock/faults` lists them."),
    errors.ALREADY_EXISTS: (
        "Something of this name or address is there already.",
        "Choose another, or use what is there.",
    ),
    errors.WORLDS_EXHAUSTED: (
        "There are as many worlds as there may be, or no port is left for another.",
        "Drop worlds after use, or raise `--max-worlds` or `--world-ports`.",
    ),
    oauth_errors.INVALID_REQUEST: (
        "A parameter is missing, comes twice, or cannot be understood.",
        "The why names it. Forms are `application/x-www-form-urlencoded`.",
    ),
    oauth_errors.TOO_LARGE: ("The form is larger than is taken.", "[Limits](limits.md) has the number."),
    oauth_errors.INVALID_CLIENT: (
        "`client_id` is unknown, the secret is wrong or missing, or the client is not active.",
        "Compare both with those of `mockspaces.oauth_client(...)`.",
    ),
    oauth_errors.INVALID_GRANT: (
        (
            "Code, refresh token or password is wrong, used up, expired, of another client, or `redirect_uri` or "
            "`code_verifier` is not that of the request."
        ),
        "The why says which. A code is good for one exchange; a second one revokes what the first gave.",
    ),
    oauth_errors.UNSUPPORTED_GRANT_TYPE: (
        "There is no such `grant_type`.",
        "[The guide](../oauth.md) shows each that there is.",
    ),
    oauth_errors.UNAUTHORIZED_CLIENT: (
        "The client is registered without this grant.",
        "Register it with the grant: `oauth_client(grants=[...])`.",
    ),
    oauth_errors.INVALID_SCOPE: (
        "A scope is unknown, or a refresh asks for more than was granted.",
        "`openid` of OIDC libraries is none; [`accounts.accept_openid`](settings.md#accounts.accept_openid) lets it pass.",
    ),
    oauth_errors.INVALID_TOKEN: ("The token to be looked at is missing, invalid or expired.", "Get a new one."),
    oauth_errors.BEARER_INVALID: (
        "A call of the identity server came without a valid access token.",
        "Send `Authorization: Bearer <access token>`.",
    ),
    oauth_errors.UNSUPPORTED_RESPONSE_TYPE: (
        "There is no such `response_type`.",
        "`code`, `token` or `esjwtcode` it can be.",
    ),
    oauth_errors.ACCESS_DENIED: (
        "The user clicked *Deny* on the consent page.",
        "Your client should say so, and let them try again.",
    ),
    oauth_errors.UNTRUSTED_REQUEST: (
        (
            "The authorize URL names no client that is known, or a `redirect_uri` that is not registered, so nobody is "
            "redirected: the person sees a page."
        ),
        (
            "Register the redirect URI to the character; "
            "[`accounts.loopback_ports`](settings.md#accounts.loopback_ports) frees its port."
        ),
    ),
    oauth_errors.CSRF_FAILED: (
        "The form was made for another session: cookies are missing, or another program on the same host replaced them.",
        "Keep cookies; see [`accounts.cookie_prefix`](settings.md#accounts.cookie_prefix).",
    ),
    oauth_errors.OAUTH_SERVER_ERROR: (
        "This is a bug of the mock.",
        "Its log has the traceback. Please tell the maintainers.",
    ),
}
