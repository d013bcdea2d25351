"""Mutants written by hand: a rule in the code, broken as somebody might break it by mistake."""

from typing import NamedTuple

from mutants.mutant import Mutant


class Rule(NamedTuple):
    """A text that stands exactly once in a module, and what replaces it."""

    module: str
    old: str
    new: str


CALLERS = "mockspaces.cloud.identity.authentication"
ACCESS = "mockspaces.cloud.spaces.access"
GRANTS = "mockspaces.cloud.identity.grants"
MESSAGES = "mockspaces.cloud.messaging.messages"
ROSTER = "mockspaces.cloud.spaces.roster"
INVITES = "mockspaces.cloud.spaces.invites"
FILES = "mockspaces.cloud.messaging.files"
MEETINGS = "mockspaces.cloud.messaging.meetings"
AUTHORIZE = "mockspaces.accounts.authorize"
SOCKET_MESSAGES = "mockspaces.realtime.messages"
CHANNELS = "mockspaces.realtime.channels"
PRESENCE = "mockspaces.realtime.presence"
ANNOUNCEMENTS = "mockspaces.realtime.announcements"
CODEC = "mockspaces.realtime.engineio3"

RULES: dict[str, tuple[Rule, tuple[str, ...]]] = {
    # --- credentials
    "service JWT: signature unchecked": (
        Rule(CALLERS, "if not world.signatures.verify(token, kid, keys.load(key.material)):", "if False:"),
        ("AUTH-SVC-05",),
    ),
    "service JWT: exp may be 7200 s ahead": (
        Rule(CALLERS, "if ahead > limit + leeway:", "if ahead > 7200 + leeway:"),
        ("AUTH-SVC-09",),
    ),
    "service JWT: expired accepted": (
        Rule(CALLERS, "if expiry <= now - leeway:", "if False:"),
        ("AUTH-SVC-08",),
    ),
    "service JWT: audience unchecked": (
        Rule(CALLERS, "    _check_audience(world, token.claims)\n", ""),
        ("AUTH-SVC-07",),
    ),
    "service JWT: key of another app accepted": (
        Rule(CALLERS, "if key is None or key.app_id != app.id:", "if key is None:"),
        ("AUTH-SVC-04",),
    ),
    "service JWT: inactive app accepted": (Rule(CALLERS, "if not app.active:", "if False:"), ("AUTH-SVC-12",)),
    "service JWT: blanks trimmed": (
        Rule(
            CALLERS,
            'if token.claims.get("sub") != app.subject:',
            'if str(token.claims.get("sub")).strip() != app.subject:',
        ),
        ("AUTH-SVC-10",),
    ),
    "service JWT: crit ignored": (Rule(CALLERS, 'if "crit" in header:', "if False:"), ("AUTH-SVC-19",)),
    "service JWT: nbf ignored": (Rule(CALLERS, 'if "nbf" in claims and', "if False and"), ("AUTH-SVC-11",)),
    "user JWT: signature unchecked": (
        Rule(CALLERS, "if not world.signatures.verify(token, str(key_id), key):", "if False:"),
        ("AUTH-USER-01",),
    ),
    "user JWT: issuer unchecked": (Rule(CALLERS, 'if claims.get("iss") != issuer:', "if False:"), ("AUTH-USER-02",)),
    "anonymous JWT: signature unchecked": (
        Rule(CALLERS, 'if not jws.verify_hs256(token, world.secret("anonymous")):', "if False:"),
        ("AUTH-ANON-01",),
    ),
    "access token: lives one second longer": (
        Rule(CALLERS, "    if expired >= 0:", "    if expired >= 1000:"),
        ("AUTH-OAUTH-01", "ACC-TOK-03"),
    ),
    "access token: survives its grant": (
        Rule(
            CALLERS,
            '    if grant.revoked:\n        raise _invalid("the grant of this access',
            '    if False:\n        raise _invalid("the grant of this access',
        ),
        ("AUTH-OAUTH-01", "ACC-REVOKE-05", "ACC-TOKEN-13"),
    ),
    "disabled user accepted": (Rule(CALLERS, "    if not user.enabled:\n", "    if False:\n"), ("AUTH-USER-05",)),
    # --- access
    "other company visible": (
        Rule(ACCESS, "if caller.app and space.company_id != caller.app.company_id:", "if False:"),
        ("AUTH-SVC-15", "AUTH-SVC-18"),
    ),
    "PIN ignored": (Rule(ACCESS, "    if pin != wanted:", "    if False:"), ("PERM-PIN-04", "SPACES-JOIN-05")),
    "PIN asked of members": (
        Rule(ACCESS, 'if not wanted or found.role in ("admin", "member"):', "if not wanted:"),
        ("PERM-PIN-03",),
    ),
    "private space open to strangers": (
        Rule(ACCESS, "    if found.space.private:", "    if False:"),
        ("PERM-PRIV-01",),
    ),
    "scope of a service app unchecked": (
        Rule(ACCESS, "if scope not in caller.scopes:", "if False:"),
        ("AUTH-SVC-14", "SCOPE-TAB-01"),
    ),
    # --- OAuth
    "code reusable": (Rule(GRANTS, "        if code.used:\n", "        if False:\n"), ("ACC-TOKEN-13", "ACC-AUTHZ-18")),
    "replay of a code revokes nothing": (
        Rule(GRANTS, "            await revoke_grant(world, code.grant_id)\n", ""),
        ("ACC-TOKEN-13",),
    ),
    "code of another client accepted": (
        Rule(GRANTS, "if code is None or code.client_id != proven.client.id:", "if code is None:"),
        ("ACC-AUTHZ-18", "ACC-TOKEN-04", "ACC-TOKEN-02", "ACC-ERR"),
    ),
    "PKCE verifier ignored": (
        Rule(GRANTS, "if not hmac.compare_digest(computed.encode(), code.challenge.encode()):", "if False:"),
        ("ACC-TOKEN-05",),
    ),
    "redirect_uri of the exchange ignored": (
        Rule(GRANTS, "    if redirect_uri != code.redirect_uri:", "    if False:"),
        ("ACC-TOKEN-04",),
    ),
    "refresh widens scopes": (
        Rule(
            GRANTS, "if beyond := [name for name in requested.names if name not in grant.scopes]:", "if beyond := []:"
        ),
        ("ACC-TOKEN-06",),
    ),
    "refresh without refresh token": (
        Rule(GRANTS, "refresh_token=None if silent else", "refresh_token=None if silent or narrowed is None else"),
        ("ACC-TOKEN-10", "ACC-TOKEN-11", "ACC-TOKEN-08"),
    ),
    "online access gets a refresh token": (
        Rule(GRANTS, "    silent = online or", "    silent ="),
        ("ACC-TOKEN-14",),
    ),
    "strict rotation forgotten": (
        Rule(GRANTS, "if token.replaced and world.settings.accounts_strict_rotation:", "if False:"),
        ("ACC-TOKEN-11",),
    ),
    "token of another client revoked": (
        Rule(
            GRANTS,
            '    if grant.client_id != client.id:\n        raise _refused("the token belongs',
            '    if False:\n        raise _refused("the token belongs',
        ),
        ("ACC-REVOKE-06",),
    ),
    "state dropped": (
        Rule(AUTHORIZE, "met(misbehaviour.STATE_CHANGED) else state", "met(misbehaviour.STATE_CHANGED) else None"),
        ("ACC-AUTHZ-06", "ACC-AUTHZ-16"),
    ),
    "redirect_uri by its beginning": (
        Rule(
            "mockspaces.cloud.identity.oauth_requests",
            "if redirect_uri not in client.redirect_uris:",
            "if not redirect_uri.startswith(client.redirect_uris):",
        ),
        ("ACC-AUTHZ-02", "ACC-AUTHZ-11"),
    ),
    "login form without csrf": (
        Rule("mockspaces.accounts.csrf", "if not hmac.compare_digest(cookie.encode(), field.encode()):", "if False:"),
        ("ACC-SIGNIN-04", "ACC-DECIDE-04"),
    ),
    "next to any host": (
        Rule(
            "mockspaces.accounts.redirects",
            "return text if origin is not None and origin in _own_origins(exchange) else",
            "return text if origin else",
        ),
        ("ACC-SIGNIN-05",),
    ),
    # --- spaces, messages, files, meetings
    "paging off by one": (
        Rule("mockspaces.rest.paging", '"from": offset + 1 if shown else 0', '"from": offset if shown else 0'),
        ("PAGE-ENV-04",),
    ),
    "page repeats its reference": (
        Rule(
            "mockspaces.cloud.store.collection",
            "irange(None, here, inclusive=(True, False)",
            "irange(None, here, inclusive=(True, True)",
        ),
        ("PAGE-R-01",),
    ),
    "oldest message first": (
        Rule(
            "mockspaces.cloud.messaging.timeline",
            "self._walk(self._low, self._high, descending=True)",
            "self._walk(self._low, self._high, descending=False)",
        ),
        ("PAGE-ORD-01", "MSG-BYREF-02", "MSG-QUERY-06"),
    ),
    "stale edit accepted": (
        Rule(MESSAGES, "if message.modified is not None and (seen is None or seen < message.modified):", "if False:"),
        ("MSG-UPDATE-04",),
    ),
    "chat of another edited": (
        Rule(MESSAGES, "    if message.sender.id != caller.id:", "    if False:"),
        ("MSG-UPDATE-06",),
    ),
    "comments not counted": (
        Rule(MESSAGES, "comments=parent.comments + 1", "comments=parent.comments"),
        ("MSG-CHAT-04",),
    ),
    "guest sees old messages": (
        Rule(
            MESSAGES, "return found.member.join_time if found.member and", "return found.member.join_time if False and"
        ),
        ("PERM-HIST-01",),
    ),
    "policy of a space ignored": (
        Rule(MESSAGES, "    if role not in world.contract.spaces.writers.get(policy, (role,)):", "    if False:"),
        ("PERM-POL-01",),
    ),
    "own messages count as unread": (
        Rule(MESSAGES, "    return sum(counts) - own", "    return sum(counts)"),
        ("USERS-READ-05",),
    ),
    "times of messages may be equal": (
        Rule(MESSAGES, "max(world.clock.now_ms(), times.get(space_id, 0) + 1)", "world.clock.now_ms()"),
        ("REST-TIME-03",),
    ),
    "last admin may go": (
        Rule(ROSTER, 'if await world.state.members.count("admin", space.id) == 1:', "if False:"),
        ("PERM-MAP-07", "SPACES-KICK-04", "SPACES-ROLE-06"),
    ),
    "member removes members": (
        Rule(ROSTER, '(found.role == "member" and target.role == "guest")', 'found.role == "member"'),
        ("PERM-MAP-07", "SPACES-KICK-04"),
    ),
    "link lets the removed back in": (
        Rule(INVITES, "if space.private and record is not None and record.deleted:", "if False:"),
        ("SPACES-INVJOIN-03", "SPACES-KICK-03"),
    ),
    "member invites admins": (
        Rule(INVITES, 'if "admin" in roles and found.role != "admin":', "if False:"),
        ("SPACES-INVITE-03",),
    ),
    "upload of another size accepted": (
        Rule(FILES, "    if len(data) != file.size:", "    if False:"),
        ("STO-PUT-01", "STO-PUT-03"),
    ),
    "URL for one method works for another": (
        Rule(FILES, '"\\n".join((method, file.id,', '"\\n".join(("", file.id,'),
        ("STO-PUT-04",),
    ),
    "meeting survives its last attendee": (
        Rule(
            MEETINGS,
            "return newest[0] if newest and meeting_of(newest[0]).end is None else None",
            "return newest[0] if newest else None",
        ),
        ("MEET-ACTIVE-01", "RT-MED-05", "MEET-END-02"),
    ),
    # --- socket
    "comma after 40/chat": (
        Rule(CODEC, 'self._comma = "," if comma else ""', 'self._comma = ","'),
        ("RT-EP-06", "RT-EIO-11", "RT-WIRE-01"),
    ),
    "open packet with maxPayload": (
        Rule(
            CODEC,
            "opening = OPEN + self._opening(frame[1:], max_payload=False)",
            "opening = OPEN + self._opening(frame[1:], max_payload=True)",
        ),
        ("RT-EIO-03", "RT-WIRE-01"),
    ),
    "ping unanswered": (Rule(CODEC, "return Received(reply=(PONG,))", "return Received()"), ("RT-HB-02", "RT-EIO-05")),
    "no echo to the sender": (
        Rule(
            ANNOUNCEMENTS,
            "    await hub.announce(hub.in_space(event.space.id), events.MESSAGE_SENT, render, variant, origin=event.origin)",
            "    await hub.announce([one for one in hub.in_space(event.space.id) if one.id != event.origin], events.MESSAGE_SENT, render, variant)",
        ),
        ("RT-MSG-05",),
    ),
    "loopbackMetadata for everybody": (
        Rule(
            ANNOUNCEMENTS,
            "        if event.loopback is not None and session.id == event.origin:",
            "        if event.loopback is not None:",
        ),
        ("RT-MSG-06",),
    ),
    "send without subscription": (
        Rule(SOCKET_MESSAGES, "    if space_id not in session.connection.spaces:", "    if False:"),
        ("RT-MSG-03", "RT-ACC-03"),
    ),
    "subscription without PIN": (
        Rule(CHANNELS, "    access.check_pin(caller, found, password)\n", ""),
        ("RT-SUB-04", "RT-SUB-06"),
    ),
    "directed presence for everybody": (
        Rule(PRESENCE, '    if not payload.get("receivers"):\n', "    if True:\n"),
        ("RT-PRES-05",),
    ),
    "no farewell": (
        Rule(PRESENCE, "for space_id in sorted(session.connection.announced):", "for space_id in ():"),
        ("RT-PRES-09",),
    ),
}


def all_handwritten() -> list[Mutant]:
    """Return every hand-written mutant."""
    return [Mutant(f"rule {name}", breaks, rule=name) for name, (_rule, breaks) in RULES.items()]
