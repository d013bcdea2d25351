"""The closed vocabularies of the control API as types.

Made from the contract by `python -m scripts.words`; do not edit.
"""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypedDict

Code = Literal[
    "auth.credential_missing",
    "auth.credential_malformed",
    "auth.credential_invalid",
    "auth.credential_expired",
    "auth.app_inactive",
    "auth.service_account_disabled",
    "auth.kind_not_allowed",
    "scope.missing",
    "scope.oauth_missing",
    "permission.denied",
    "permission.other_company",
    "space.pin_required",
    "space.pin_wrong",
    "space.members_only",
    "space.direct_not_allowed",
    "space.last_admin",
    "topic.invalid_acesss_to_archived_topic",
    "not.authorized.by.topic.policy",
    "request.invalid",
    "invalid.parameters",
    "message.outdated",
    "space.not_found",
    "user.not_found",
    "invite.not_found",
    "message.not_found",
    "idea.not_found",
    "task.not_found",
    "meeting.not_found",
    "recording.not_found",
    "settings.not_found",
    "file.not_found",
    "token.not_found",
    "subscription.not_found",
    "user.already_exists",
    "license.not_available",
    "app.event.channel.subscription.required",
    "storage.mismatch",
    "storage.forbidden",
    "storage.full",
    "storage.range",
    "route.not_found",
    "method.not_allowed",
    "request.too_large",
    "request.head_too_large",
    "request.timeout",
    "request.unsupported_type",
    "rate.limited",
    "server.error",
    "server.stopping",
    "server.not_stored",
    "world.not_found",
    "company.not_found",
    "client.not_found",
    "app.not_found",
    "key.not_found",
    "fault.not_found",
    "control.already_exists",
    "control.too_many_worlds",
    "oauth.invalid_request",
    "oauth.too_large",
    "oauth.invalid_client",
    "oauth.invalid_grant",
    "oauth.unsupported_grant_type",
    "oauth.unauthorized_client",
    "oauth.invalid_scope",
    "oauth.invalid_token",
    "oauth.bearer_invalid",
    "oauth.unsupported_response_type",
    "oauth.access_denied",
    "oauth.untrusted_request",
    "oauth.csrf_failed",
    "oauth.server_error",
]

Scope = Literal[
    "accounts.users.bulk.write",
    "spaces.chat.create",
    "spaces.chat.read",
    "spaces.create",
    "spaces.create.actas",
    "spaces.delete",
    "spaces.direct.create",
    "spaces.invite.write",
    "spaces.list",
    "spaces.settings.read",
    "spaces.settings.write",
    "spaces.websocket",
    "users.search",
    "users.search.bulk",
    "spaces.post.read",
    "spaces.post.create",
    "spaces.task.read",
    "spaces.task.create",
    "spaces.messages.write",
]

OAuthScope = Literal[
    "email",
    "profile",
    "spaces",
    "office",
]

Route = Literal[
    "DELETE /spaces/invites/{inviteId}",
    "DELETE /spaces/{spaceId}",
    "DELETE /spaces/{spaceId}/attendees/{attendeeType}/{attendeeId}",
    "DELETE /topics/invites/{inviteId}",
    "DELETE /topics/{spaceId}",
    "DELETE /topics/{spaceId}/attendees/{attendeeType}/{attendeeId}",
    "DELETE /users/cm/subscriptions",
    "DELETE /users/me/cm/subscriptions",
    "GET /1.0/id_token/get_token_info",
    "GET /1.0/licenses/self/check",
    "GET /1.0/user/self",
    "GET /1.0/users/self/colleagues",
    "GET /1.0/users/self/products/{sku}/app_profile_setting",
    "GET /account/login",
    "GET /account/logout",
    "GET /apps/tokeninfo/{tokenType}/{token}",
    "GET /confnumbers",
    "GET /files/viewUrls/{token}",
    "GET /flavor",
    "GET /flavor/email/{email}",
    "GET /health",
    "GET /ideas/{ideaId}/messages",
    "GET /limit",
    "GET /mediasessions/mpaas/token/{spaceId}",
    "GET /messages/{messageId}",
    "GET /messages/{messageId}/files/{fileId}/viewerUrl",
    "GET /norevimages/noimage.jpg",
    "GET /oauth2/authorize",
    "GET /oauth2/authorize/confirm",
    "GET /oauth2/authorize/{encodedQuery}",
    "GET /service-configurations",
    "GET /spaces/direct/{userType}/{userId}",
    "GET /spaces/invites/{inviteId}/join",
    "GET /spaces/pictures/{id}",
    "GET /spaces/{spaceId}",
    "GET /spaces/{spaceId}/activemeeting",
    "GET /spaces/{spaceId}/ideas",
    "GET /spaces/{spaceId}/join",
    "GET /spaces/{spaceId}/meetings",
    "GET /spaces/{spaceId}/members",
    "GET /spaces/{spaceId}/messages/byref",
    "GET /spaces/{spaceId}/messages/query",
    "GET /spaces/{spaceId}/task",
    "GET /spaces/{spaceId}/tasks",
    "GET /storage/{key}",
    "GET /tasks/{taskId}/messages",
    "GET /topics/direct/{userType}/{userId}",
    "GET /topics/invites/{inviteId}/join",
    "GET /topics/{spaceId}",
    "GET /topics/{spaceId}/activemeeting",
    "GET /topics/{spaceId}/ideas",
    "GET /topics/{spaceId}/join",
    "GET /topics/{spaceId}/meetings",
    "GET /topics/{spaceId}/members",
    "GET /topics/{spaceId}/messages/byref",
    "GET /topics/{spaceId}/messages/query",
    "GET /topics/{spaceId}/task",
    "GET /topics/{spaceId}/tasks",
    "GET /users/attachments/natives",
    "GET /users/me",
    "GET /users/me/attachments/natives",
    "GET /users/me/featuresrollout",
    "GET /users/me/ideas",
    "GET /users/me/messages",
    "GET /users/me/settings",
    "GET /users/me/spaces",
    "GET /users/me/tasks",
    "GET /users/me/topics",
    "GET /users/meetingroom/{email}",
    "GET /users/{userId}/colleagues",
    "GET /users/{userId}/people",
    "GET /users/{userId}/people/withdm",
    "GET /users/{userId}/statistics",
    "PATCH /messages/{messageId}",
    "POST /1.0/jwt/get_jwt_token",
    "POST /1.0/users/self/products/{sku}/agreement",
    "POST /1.0/users/self/products/{sku}/app_profile_setting",
    "POST /account/login",
    "POST /analytics/video/conference/start",
    "POST /analytics/video/conference/stop",
    "POST /anonymous/auth",
    "POST /apps/spaces/discover",
    "POST /auth/oauth/accesstokens/add",
    "POST /auth/oauth/accesstokens/delete",
    "POST /files/getdownloadurl",
    "POST /files/getuploadurl",
    "POST /messages/deletemessages",
    "POST /messages/{messageId}",
    "POST /oauth2/access_token",
    "POST /oauth2/authorize/confirm",
    "POST /oauth2/revoke_token",
    "POST /spacedialin/dialin",
    "POST /spacedialin/gatherconferenceid",
    "POST /spaces",
    "POST /spaces/invite",
    "POST /spaces/invites/{inviteId}",
    "POST /spaces/{spaceId}",
    "POST /spaces/{spaceId}/attendees/{attendeeType}/{attendeeId}",
    "POST /spaces/{spaceId}/chats",
    "POST /spaces/{spaceId}/ideas",
    "POST /spaces/{spaceId}/invite",
    "POST /spaces/{spaceId}/meetings/{meetingId}/attendees/raisedhands",
    "POST /spaces/{spaceId}/meetings/{meetingId}/attendees/raisedhands/accept",
    "POST /spaces/{spaceId}/meetings/{meetingId}/attendees/raisedhands/lower",
    "POST /spaces/{spaceId}/meetings/{meetingId}/attendees/{type}/{attendeeId}/mediastate",
    "POST /spaces/{spaceId}/meetings/{meetingId}/attendees/{type}/{attendeeId}/operation",
    "POST /spaces/{spaceId}/meetings/{meetingId}/end",
    "POST /spaces/{spaceId}/meetings/{meetingId}/layout",
    "POST /spaces/{spaceId}/meetings/{meetingId}/muteall",
    "POST /spaces/{spaceId}/meetings/{meetingId}/recordings",
    "POST /spaces/{spaceId}/meetings/{meetingId}/recordings/{recordingId}/stop",
    "POST /spaces/{spaceId}/tasks",
    "POST /spacescalling/{callType}/call",
    "POST /sync/users",
    "POST /taskqueue/runner",
    "POST /topics",
    "POST /topics/invite",
    "POST /topics/invites/{inviteId}",
    "POST /topics/{spaceId}",
    "POST /topics/{spaceId}/attendees/{attendeeType}/{attendeeId}",
    "POST /topics/{spaceId}/chats",
    "POST /topics/{spaceId}/ideas",
    "POST /topics/{spaceId}/invite",
    "POST /topics/{spaceId}/meetings/{meetingId}/attendees/raisedhands",
    "POST /topics/{spaceId}/meetings/{meetingId}/attendees/raisedhands/accept",
    "POST /topics/{spaceId}/meetings/{meetingId}/attendees/raisedhands/lower",
    "POST /topics/{spaceId}/meetings/{meetingId}/attendees/{type}/{attendeeId}/mediastate",
    "POST /topics/{spaceId}/meetings/{meetingId}/attendees/{type}/{attendeeId}/operation",
    "POST /topics/{spaceId}/meetings/{meetingId}/end",
    "POST /topics/{spaceId}/meetings/{meetingId}/layout",
    "POST /topics/{spaceId}/meetings/{meetingId}/muteall",
    "POST /topics/{spaceId}/meetings/{meetingId}/recordings",
    "POST /topics/{spaceId}/meetings/{meetingId}/recordings/{recordingId}/stop",
    "POST /topics/{spaceId}/tasks",
    "POST /users/bulkupdate",
    "POST /users/me/cm/subscriptions",
    "POST /users/me/settings/{id}",
    "POST /users/me/spaces/{spaceId}/hide",
    "POST /users/me/spaces/{spaceId}/markread",
    "POST /users/me/spaces/{spaceId}/preference",
    "POST /users/me/topics/{spaceId}/hide",
    "POST /users/me/topics/{spaceId}/markread",
    "POST /users/me/topics/{spaceId}/preference",
    "POST /users/{userId}/colleaguesbulk",
    "PUT /storage/{key}",
]

EndpointId = Literal[
    "ACC-AUTHZ",
    "ACC-CONSENT",
    "ACC-DECIDE",
    "ACC-LOGIN",
    "ACC-SIGNIN",
    "ACC-LOGOUT",
    "ACC-TOKEN",
    "ACC-REVOKE",
    "ACC-INFO",
    "ACC-JWT",
    "ACC-SELF",
    "ACC-DIR",
    "ACC-IMG",
    "ACC-LIC",
    "ACC-AGREE",
    "ACC-PROFGET",
    "ACC-PROFSET",
    "USERS-ANON",
    "USERS-ME",
    "USERS-SPACES",
    "USERS-COLL",
    "USERS-COLLBULK",
    "USERS-PEOPLE",
    "USERS-WITHDM",
    "USERS-ROOM",
    "USERS-SETGET",
    "USERS-SETPOST",
    "USERS-PREF",
    "USERS-READ",
    "USERS-HIDE",
    "USERS-MSGS",
    "USERS-ATT",
    "USERS-TASKS",
    "USERS-IDEAS",
    "USERS-PUSHADD",
    "USERS-PUSHDEL",
    "USERS-STATS",
    "USERS-ROLLOUT",
    "USERS-BULK",
    "SPACES-CREATE",
    "SPACES-CREATEOLD",
    "SPACES-GET",
    "SPACES-UPDATE",
    "SPACES-DELETE",
    "SPACES-JOIN",
    "SPACES-INVITE",
    "SPACES-INVJOIN",
    "SPACES-INVUPD",
    "SPACES-INVDEL",
    "SPACES-MEMBERS",
    "SPACES-ROLE",
    "SPACES-KICK",
    "SPACES-DIRECT",
    "MSG-BYREF",
    "MSG-QUERY",
    "MSG-CHAT",
    "MSG-IDEAS",
    "MSG-IDEA",
    "MSG-TASKS",
    "MSG-TASK",
    "MSG-UPDATE",
    "MSG-PATCH",
    "MSG-GET",
    "MSG-DELETE",
    "MSG-COMMI",
    "MSG-COMMT",
    "MSG-VIEWER",
    "FILES-UP",
    "FILES-DOWN",
    "FILES-VIEW",
    "MEET-ACTIVE",
    "MEET-LIST",
    "MEET-END",
    "MEET-MUTEALL",
    "MEET-MEDIA",
    "MEET-OPER",
    "MEET-HAND",
    "MEET-HANDOK",
    "MEET-HANDLOW",
    "MEET-LAYOUT",
    "MEET-REC",
    "MEET-RECSTOP",
    "MEDIA-TOKEN",
    "MISC-CONF",
    "MISC-LIMIT",
    "MISC-FLAVOR",
    "MISC-FLAVMAIL",
    "MISC-CONFNUM",
    "MISC-ANASTART",
    "MISC-ANASTOP",
    "MISC-DIALGATHER",
    "MISC-DIALIN",
    "MISC-CALL",
    "MISC-HEALTH",
    "MISC-SAT",
    "MISC-DISCOVER",
    "STO-PUT",
    "STO-GET",
    "INT-SYNC",
    "INT-TOKADD",
    "INT-TOKDEL",
    "INT-TASKQ",
    "INT-PICT",
    "SOCKET",
]

FaultEvent = Literal[
    "SUBSCRIBE_CHANNEL",
    "UNSUBSCRIBE_CHANNEL",
    "SEND_MESSAGE",
    "SEND_PRESENCE_EVENT",
    "SEND_MEDIA_SESSION_EVENTS",
    "CHANNEL_SUBSCRIBED",
    "CHANNEL_UNSUBSCRIBED",
    "SUBSCRIBE_CHANNEL_FAILED",
    "MESSAGE_SENT",
    "SEND_MESSAGE_FAILED",
    "PRESENCE_EVENT_RESPONSE",
    "MEDIA_SESSION_RESPONSE",
    "APP_PAIRING_AUTHORIZED",
    "connect",
]

Event = Literal[
    "SUBSCRIBE_CHANNEL",
    "UNSUBSCRIBE_CHANNEL",
    "SEND_MESSAGE",
    "SEND_PRESENCE_EVENT",
    "SEND_MEDIA_SESSION_EVENTS",
    "CHANNEL_SUBSCRIBED",
    "CHANNEL_UNSUBSCRIBED",
    "SUBSCRIBE_CHANNEL_FAILED",
    "MESSAGE_SENT",
    "SEND_MESSAGE_FAILED",
    "PRESENCE_EVENT_RESPONSE",
    "MEDIA_SESSION_RESPONSE",
    "APP_PAIRING_AUTHORIZED",
    "connect",
    "disconnect",
]

Surface = Literal[
    "accounts",
    "rest",
    "storage",
    "realtime",
    "web",
]

Method = Literal[
    "GET",
    "POST",
    "PUT",
    "PATCH",
    "DELETE",
    "HEAD",
    "OPTIONS",
]

Direction = Literal[
    "IN",
    "OUT",
]

Misbehaviour = Literal[
    "id_token.bad_signature",
    "id_token.alg_none",
    "id_token.expired_at_issue",
    "id_token.issued_in_future",
    "id_token.wrong_audience",
    "id_token.wrong_issuer",
    "id_token.wrong_nonce",
    "id_token.wrong_subject",
    "key_rotated",
    "no_refresh_token",
    "no_id_token",
    "access_token.expired_at_issue",
    "state_not_returned",
    "state_changed",
    "revoke_not_effective",
]

Licence = Literal[
    "spaces_business",
    "spaces_power",
]

Role = Literal[
    "admin",
    "member",
    "guest",
]

TransportFault = Literal[
    "truncate",
    "drop",
    "reset",
    "garbage",
]

FrameFault = Literal[
    "close",
    "duplicate",
    "swallow",
]


class SettingChanges(TypedDict, total=False):
    """Settings of a world by their names in Python: `area_name`."""

    accounts_issuer: str
    accounts_error_style: Literal["vendor", "rfc6749"]
    accounts_scope_style: Literal["vendor", "echo"]
    accounts_pkce_without_secret: bool
    accounts_token_type: bool
    accounts_id_token_style: Literal["hs256", "rs256"]
    accounts_strict_rotation: bool
    accounts_typo_alias: bool
    accounts_ignore_verifier: bool
    accounts_accept_openid: bool
    accounts_loopback_ports: bool
    accounts_logout_origins: Sequence[str]
    accounts_cookie_prefix: str
    accounts_auto_login: str | None
    accounts_auto_consent: bool
    accounts_list_users: bool
    rest_service_audiences: Sequence[str]
    rest_service_leeway_s: int
    rest_pin_scope: Literal["all", "join"]
    rest_default_member_only: bool
    rest_escape_text: bool
    rest_strict_tasks: bool
    rest_enforce_limits: bool
    files_anonymous_upload: bool
    files_max_bytes: int
    socket_spelling: Literal["1x", "2x"]
    socket_allow_eio4: bool
    socket_ping_interval_ms: int
    socket_ping_timeout_ms: int
    socket_lenient_token: bool
    socket_enforce_limits: bool
    socket_queue_bytes: int


SettingValues = TypedDict(
    "SettingValues",
    {
        "accounts.issuer": str,
        "accounts.error_style": Literal["vendor", "rfc6749"],
        "accounts.scope_style": Literal["vendor", "echo"],
        "accounts.pkce_without_secret": bool,
        "accounts.token_type": bool,
        "accounts.id_token_style": Literal["hs256", "rs256"],
        "accounts.strict_rotation": bool,
        "accounts.typo_alias": bool,
        "accounts.ignore_verifier": bool,
        "accounts.accept_openid": bool,
        "accounts.loopback_ports": bool,
        "accounts.logout_origins": Sequence[str],
        "accounts.cookie_prefix": str,
        "accounts.auto_login": str | None,
        "accounts.auto_consent": bool,
        "accounts.list_users": bool,
        "rest.service_audiences": Sequence[str],
        "rest.service_leeway_s": int,
        "rest.pin_scope": Literal["all", "join"],
        "rest.default_member_only": bool,
        "rest.escape_text": bool,
        "rest.strict_tasks": bool,
        "rest.enforce_limits": bool,
        "files.anonymous_upload": bool,
        "files.max_bytes": int,
        "socket.spelling": Literal["1x", "2x"],
        "socket.allow_eio4": bool,
        "socket.ping_interval_ms": int,
        "socket.ping_timeout_ms": int,
        "socket.lenient_token": bool,
        "socket.enforce_limits": bool,
        "socket.queue_bytes": int,
    },
)


class ServerOptions(TypedDict, total=False):
    """How a server runs, as `Config` has it."""

    host: str
    port: int
    seed: str
    overlay: str | None
    settings: Mapping[str, Any]
    random_seed: str | None
    control_token: str | None
    world_ports: str | None
    max_worlds: int
    public_url: str | None
    vendor_hosts: Literal["production", "older", "staging", "testing"] | None
    tls: bool
    tls_port: int
    tls_cert: str | None
    tls_key: str | None
    ca_file: str | None
    log: str
    log_prefix: str
    log_password: str | None
    log_volatile: bool
    workers: int
    record: str | None
    record_control: bool
    log_level: Literal["debug", "info", "warning", "error"]
    log_format: Literal["lines", "json"]
