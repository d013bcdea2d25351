"""Mutants written by hand: a rule in the code, broken as somebody might break it by mistake."""

from mutants.mutant import Mutant
from mutants.rule import Rule, Rules, never
from mutants.rules_of_cloud import CLOUD
from mutants.rules_of_frame import FRAME
from mutants.rules_of_surfaces import SURFACES

AUTHENTICATION = "mockspaces.cloud.identity.authentication"
ACCESS = "mockspaces.cloud.spaces.access"
GRANTS = "mockspaces.cloud.identity.grants"
OAUTH_REQUESTS = "mockspaces.cloud.identity.oauth_requests"
COLLECTION = "mockspaces.cloud.store.collection"
TRANSACTION = "mockspaces.cloud.store.transaction"
MESSAGES = "mockspaces.cloud.messaging.messages"
TIMELINE = "mockspaces.cloud.messaging.timeline"
ROSTER = "mockspaces.cloud.spaces.roster"
INVITES = "mockspaces.cloud.spaces.invites"
FILES = "mockspaces.cloud.messaging.files"
MEETINGS = "mockspaces.cloud.messaging.meetings"
AUTHORIZE = "mockspaces.accounts.authorize"
CSRF = "mockspaces.accounts.csrf"
REDIRECTS = "mockspaces.accounts.redirects"
PAGING = "mockspaces.rest.paging"
REST_MEETINGS = "mockspaces.rest.meetings"
DIRECTS = "mockspaces.cloud.spaces.directs"
CALLS = "mockspaces.realtime.calls"
SOCKET_MESSAGES = "mockspaces.realtime.messages"
CHANNELS = "mockspaces.realtime.channels"
PRESENCE = "mockspaces.realtime.presence"
ANNOUNCEMENTS = "mockspaces.realtime.announcements"
CODEC = "mockspaces.realtime.engineio3"

FIRST: Rules = {
    # --- credentials
    "service JWT: signature unchecked": (
        never(AUTHENTICATION, "ServiceCase.check_signature", "not self.world.signatures.verify("),
        ("AUTH-SVC-05",),
    ),
    "service JWT: exp may be 7200 s ahead": (
        Rule(AUTHENTICATION, "ServiceCase.check_lifetime", "ahead > limit", "ahead > 7200"),
        ("AUTH-SVC-09",),
    ),
    "service JWT: expired accepted": (
        never(AUTHENTICATION, "ServiceCase.check_expiry", "expiry <= now"),
        ("AUTH-SVC-08",),
    ),
    "service JWT: audience unchecked": (
        never(AUTHENTICATION, "ServiceCase.check_audience", "not any("),
        ("AUTH-SVC-07",),
    ),
    "service JWT: key of another app accepted": (
        Rule(AUTHENTICATION, "ServiceCase.check_key", " or key.app_id != app.id", ""),
        ("AUTH-SVC-20",),
    ),
    "service JWT: inactive app accepted": (
        never(AUTHENTICATION, "ServiceCase.check_active", "not app.active"),
        ("AUTH-SVC-12",),
    ),
    "service JWT: blanks trimmed": (
        Rule(
            AUTHENTICATION,
            "ServiceCase.check_subject",
            'claims.get("sub") != app.subject',
            'str(claims.get("sub")).strip() != app.subject',
        ),
        ("AUTH-SVC-10",),
    ),
    "service JWT: crit ignored": (
        never(AUTHENTICATION, "ServiceCase.check_header", '"crit" in header'),
        ("AUTH-SVC-19",),
    ),
    "service JWT: nbf ignored": (never(AUTHENTICATION, "ServiceCase.check_begin", '"nbf" in claims'), ("AUTH-SVC-11",)),
    "user JWT: signature unchecked": (
        never(AUTHENTICATION, "UserCase.check_signature", "not self.world.signatures.verify("),
        ("AUTH-USER-01",),
    ),
    "user JWT: issuer unchecked": (
        never(AUTHENTICATION, "UserCase.check_issuer", 'claims.get("iss") != '),
        ("AUTH-USER-02",),
    ),
    "anonymous JWT: signature unchecked": (
        never(AUTHENTICATION, "AnonymousCase.check_signature", "not jws.verify_hs256("),
        ("AUTH-ANON-01",),
    ),
    "access token: lives one second longer": (
        Rule(AUTHENTICATION, "AccessTokenCase.check_expiry", "expired >= 0", "expired >= 1000"),
        ("AUTH-OAUTH-01", "ACC-TOK-03"),
    ),
    "access token: survives its grant": (
        never(AUTHENTICATION, "AccessTokenCase.check_grant", "grant.revoked"),
        ("AUTH-OAUTH-01", "ACC-REVOKE-05", "ACC-TOKEN-13"),
    ),
    "disabled user accepted": (never(AUTHENTICATION, "_check_enabled", "not user.enabled"), ("AUTH-USER-05",)),
    # --- access
    "other company visible": (
        never(ACCESS, "check_company", "caller.app and "),
        ("AUTH-SVC-15", "AUTH-SVC-18"),
    ),
    "PIN ignored": (never(ACCESS, "check_pin", "pin != wanted"), ("PERM-PIN-04", "SPACES-JOIN-05")),
    "PIN asked of members": (
        Rule(ACCESS, "needs_pin", ' or found.role in ("admin", "member")', ""),
        ("PERM-PIN-03",),
    ),
    "PIN asked again of those who joined with it": (
        Rule(ACCESS, "check_pin", "passed or ", ""),
        ("PERM-PIN-05",),
    ),
    "PIN asked of nobody who is in the space": (
        Rule(ACCESS, "check_pin", "found.member.passed_pin", "True"),
        ("PERM-PIN-05",),
    ),
    "PIN passed without the setting": (
        Rule(ACCESS, "check_pin", 'and world.settings.rest_pin_scope == "join"', ""),
        ("PERM-PIN-05",),
    ),
    "app reads open spaces as a stranger": (
        Rule(ACCESS, "admit", " and caller.app is None", ""),
        ("PERM-PRIV-01", "SCOPE-TAB-02"),
    ),
    "private space open to strangers": (never(ACCESS, "check_stranger", "found.space.private"), ("PERM-PRIV-01",)),
    "scope of a service app unchecked": (
        never(ACCESS, "check_kind", "scope not in caller.scopes"),
        ("AUTH-SVC-14", "SCOPE-TAB-01"),
    ),
    # --- OAuth
    "code reusable": (never(GRANTS, "exchange_code", "code.used"), ("ACC-TOKEN-13", "ACC-AUTHZ-18")),
    "replay of a code revokes nothing": (
        Rule(GRANTS, "exchange_code", "await revoke_grant(world, code.grant_id)", "..."),
        ("ACC-TOKEN-13",),
    ),
    "refusal of a replayed code undoes what it revokes": (
        Rule(GRANTS, "exchange_code", "world.transactions.keep()", "..."),
        ("ACC-TOKEN-13",),
    ),
    "code of another client accepted": (
        Rule(GRANTS, "exchange_code", " or code.client_id != proven.client.id", ""),
        ("ACC-AUTHZ-18", "ACC-TOKEN-04", "ACC-TOKEN-02", "ACC-ERR"),
    ),
    "PKCE verifier ignored": (never(GRANTS, "_check_verifier", "not hmac.compare_digest("), ("ACC-TOKEN-05",)),
    "redirect_uri of the exchange ignored": (
        never(GRANTS, "exchange_code", "redirect_uri != code.redirect_uri"),
        ("ACC-TOKEN-04",),
    ),
    "refresh widens scopes": (Rule(GRANTS, "refresh", "if name not in grant.scopes", "if False"), ("ACC-TOKEN-06",)),
    "refresh without refresh token": (
        Rule(GRANTS, "_issue", "if not silent", "if not silent and narrowed is not None"),
        ("ACC-TOKEN-10", "ACC-TOKEN-11", "ACC-TOKEN-08"),
    ),
    "online access gets a refresh token": (Rule(GRANTS, "_issue", "silent = online or", "silent ="), ("ACC-TOKEN-14",)),
    "strict rotation forgotten": (never(GRANTS, "refresh", "token.replaced and "), ("ACC-TOKEN-11",)),
    "token of another client revoked": (never(GRANTS, "revoke", "grant.client_id != client.id"), ("ACC-REVOKE-06",)),
    "state dropped": (
        Rule(AUTHORIZE, "_returned_state", "else state", "else None"),
        ("ACC-AUTHZ-06", "ACC-AUTHZ-16"),
    ),
    "redirect_uri by its beginning": (
        Rule(
            OAUTH_REQUESTS,
            "destination",
            "redirect_uri in client.redirect_uris",
            "redirect_uri.startswith(client.redirect_uris)",
        ),
        ("ACC-AUTHZ-02", "ACC-AUTHZ-11"),
    ),
    "login form without csrf": (
        never(CSRF, "check", "not hmac.compare_digest("),
        ("ACC-SIGNIN-04", "ACC-DECIDE-04"),
    ),
    "next to any host": (
        Rule(REDIRECTS, "accepted_next", " and origin in _own_origins(exchange)", ""),
        ("ACC-SIGNIN-05",),
    ),
    # --- transactions
    "what a refusal does is taken back": (
        Rule(TRANSACTION, "Transactions.keep", "self._kept = self._position()", "..."),
        ("ACC-TOKEN-13", "ACC-TOKEN-11", "LIM-01"),
    ),
    # --- spaces, messages, files, meetings
    "paging off by one": (Rule(PAGING, "numbered", "(offset + 1, ", "(offset, "), ("PAGE-ENV-04",)),
    "page repeats its reference": (
        Rule(COLLECTION, "Collection.near", "inclusive=(True, False)", "inclusive=(True, True)"),
        ("PAGE-R-01",),
    ),
    "oldest message first": (
        Rule(TIMELINE, "Timeline.page", "descending=True", "descending=False"),
        ("PAGE-ORD-01", "MSG-BYREF-02", "MSG-QUERY-06"),
    ),
    "stale edit accepted": (never(MESSAGES, "edit", "known is not None and "), ("MSG-UPDATE-04",)),
    "chat of another edited": (
        never(MESSAGES, "check_editor", "message.sender.id != caller.id"),
        ("MSG-UPDATE-06",),
    ),
    "comments not counted": (
        Rule(MESSAGES, "put_new", "comments=parent.comments + 1", "comments=parent.comments"),
        ("MSG-CHAT-04",),
    ),
    "guest sees old messages": (
        Rule(MESSAGES, "horizon", "not spaces.hides_history(world, found)", "True"),
        ("PERM-HIST-01",),
    ),
    "muting all spares only who is listed": (
        Rule(REST_MEETINGS, "mute_all", ", call.caller.id)", ",)"),
        ("MEET-MUTEALL-02",),
    ),
    "a member switches the media of an admin": (
        never(MEETINGS, "check_own_or_lower", "other is not None and "),
        ("MEET-GEN-04",),
    ),
    "a member switches nobody else's media": (
        Rule(MEETINGS, "check_own_or_lower", 'found.role == "member" and ', "False and "),
        ("MEET-GEN-04",),
    ),
    "an answer to a call is not told to who gave it": (
        Rule(CALLS, "_answer", "sorted({*call.parties})", "sorted({*call.parties} - {session.caller.id})"),
        ("RT-CALL-03",),
    ),
    "anonymous callers find no registered partner": (
        never(DIRECTS, "find_partner", "partner is None and caller.anonymous"),
        ("SPACES-DIRECT-01",),
    ),
    "policy of a space ignored": (never(MESSAGES, "check_author", "role not in "), ("PERM-POL-01",)),
    "own messages count as unread": (Rule(MESSAGES, "unread", "sum(counts) - own", "sum(counts)"), ("USERS-READ-05",)),
    "times of messages may be equal": (
        Rule(MESSAGES, "_moment", "await newest_time(world, space_id) + 1", "0"),
        ("REST-TIME-03",),
    ),
    "last admin may go": (
        never(ROSTER, "_refuse_last_admin", "await world.state.members.count("),
        ("PERM-MAP-07", "SPACES-KICK-04", "SPACES-ROLE-06"),
    ),
    "member removes members": (
        Rule(ROSTER, "_check_removing", ' and target.role == "guest"', ""),
        ("PERM-MAP-07", "SPACES-KICK-04"),
    ),
    "link lets the removed back in": (
        never(INVITES, "join", "found.space.private and "),
        ("SPACES-INVJOIN-03", "SPACES-KICK-03"),
    ),
    "member invites admins": (never(INVITES, "check_roles", '"admin" in roles and '), ("SPACES-INVITE-03",)),
    "upload of another size accepted": (
        never(FILES, "receive", "len(data) != file.size"),
        ("STO-PUT-01", "STO-PUT-03"),
    ),
    "URL for one method works for another": (Rule(FILES, "_signature", "((method, ", '(("", '), ("STO-PUT-04",)),
    "meeting survives its last attendee": (
        Rule(MEETINGS, "active", " and meeting_of(newest[0]).end is None", ""),
        ("MEET-ACTIVE-01", "RT-MED-05", "MEET-END-02"),
    ),
    # --- socket
    "comma after 40/chat": (
        Rule(CODEC, "Codec3.__init__", '"," if comma else ""', '","'),
        ("RT-EP-06", "RT-EIO-11", "RT-WIRE-01"),
    ),
    "open packet with maxPayload": (
        Rule(CODEC, "Codec3.send", "max_payload=False", "max_payload=True"),
        ("RT-EIO-03", "RT-WIRE-01"),
    ),
    "ping unanswered": (
        Rule(CODEC, "Codec3._text", "Received(reply=(PONG,))", "Received()"),
        ("RT-HB-02", "RT-EIO-05"),
    ),
    "no echo to the sender": (
        Rule(
            ANNOUNCEMENTS,
            "message_sent",
            "hub.in_space(event.space.id)",
            "[one for one in hub.in_space(event.space.id) if one.id != event.origin]",
        ),
        ("RT-MSG-05",),
    ),
    "loopbackMetadata for everybody": (
        Rule(ANNOUNCEMENTS, "message_sent.render", " and connection.id == event.origin", ""),
        ("RT-MSG-06",),
    ),
    "send without subscription": (
        Rule(SOCKET_MESSAGES, "require_subscription", " or space_id not in connection.spaces", ""),
        ("RT-MSG-03", "RT-ACC-03"),
    ),
    "subscription without PIN": (
        Rule(CHANNELS, "_admit", "access.check_pin(world, caller, found, password)", "..."),
        ("RT-SUB-04", "RT-SUB-06"),
    ),
    "directed presence for everybody": (
        Rule(PRESENCE, "_audience", 'not payload.get("receivers")', "True"),
        ("RT-PRES-05",),
    ),
    "late farewell dropped": (
        Rule(PRESENCE, "_left", "connection is None or left not in connection.announced", "True"),
        ("RT-PRES-07",),
    ),
    "a farewell without space goes nowhere": (
        Rule(PRESENCE, "_left", 'space_id or (connection.unsubscribed if connection else "")', "space_id"),
        ("RT-PRES-07",),
    ),
    "a fourth connection where limits are enforced": (
        Rule("mockspaces.realtime.chat", "_check_connections", ">= most", "> most"),
        ("RT-AUTH-13",),
    ),
    "anybody makes service apps": (
        never("mockspaces.cloud.identity.portal", "check_app_creator", "company.id not in creator.developer"),
        ("DM-APP-01",),
    ),
    "a developer need not be admin": (
        Rule("mockspaces.cloud.identity.portal", "check_rights", " or company_id not in user.company_admin", ""),
        ("DM-USER-12",),
    ),
    "a licence that the company does not own": (
        never("mockspaces.cloud.identity.portal", "licences", "company is not None and "),
        ("DM-LIC-02",),
    ),
    "calls to phones without licence": (
        never("mockspaces.rest.misc", "call_phones", "not call.caller.user.licences"),
        ("MISC-CALL-01", "DM-LIC-02"),
    ),
    "verifier without challenge ignored": (
        never(GRANTS, "_check_verifier", "verifier is not None and "),
        ("ACC-TOKEN-05",),
    ),
    "no farewell": (Rule(PRESENCE, "say_farewell", "set(gone.announced)", "set[str]()"), ("RT-PRES-09",)),
}


RULES: Rules = {**FIRST, **CLOUD, **FRAME, **SURFACES}


def all_handwritten() -> list[Mutant]:
    """Return every hand-written mutant."""
    return [Mutant(f"rule {name}", breaks, rule=name) for name, (_rule, breaks) in RULES.items()]
