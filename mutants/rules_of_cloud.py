"""Rules of the emulated cloud that are broken by hand: of two of something, of a second time, of the exact edge."""

from mutants.rule import Rule, Rules, never, undone, without

AUTHENTICATION = "mockspaces.cloud.identity.authentication"
GRANTS = "mockspaces.cloud.identity.grants"
TOKENS = "mockspaces.cloud.identity.tokens"
ID_TOKENS = "mockspaces.cloud.identity.id_tokens"
OAUTH_SCOPES = "mockspaces.cloud.identity.oauth_scopes"
SIGN_IN = "mockspaces.cloud.identity.sign_in"
CLIENTS = "mockspaces.cloud.identity.clients"
OAUTH_REQUESTS = "mockspaces.cloud.identity.oauth_requests"
APPS = "mockspaces.cloud.identity.apps"
SEEDS = "mockspaces.cloud.worlds.seeds"
PERSON_VIEWS = "mockspaces.cloud.views.person_views"
PORTAL = "mockspaces.cloud.identity.portal"
PEOPLE = "mockspaces.cloud.people.people"
PUSH = "mockspaces.cloud.people.push"
PREFERENCES = "mockspaces.cloud.people.preferences"
ACCESS = "mockspaces.cloud.spaces.access"
INVITES = "mockspaces.cloud.spaces.invites"
ROSTER = "mockspaces.cloud.spaces.roster"
DIRECTS = "mockspaces.cloud.spaces.directs"
COLLEAGUES = "mockspaces.cloud.spaces.colleagues"
SPACES = "mockspaces.cloud.spaces.spaces"
DISCOVERY = "mockspaces.cloud.spaces.discovery"
UPDATES = "mockspaces.cloud.spaces.updates"
FILES = "mockspaces.cloud.messaging.files"
MESSAGES = "mockspaces.cloud.messaging.messages"
DRAFTS = "mockspaces.cloud.messaging.drafts"
OWN_SPACES = "mockspaces.cloud.messaging.own_spaces"
OWN_MESSAGES = "mockspaces.cloud.messaging.own_messages"
TIMELINE = "mockspaces.cloud.messaging.timeline"
MEETINGS = "mockspaces.cloud.messaging.meetings"
REMOVAL = "mockspaces.cloud.messaging.removal"
BULK = "mockspaces.cloud.messaging.bulk"
QUOTAS = "mockspaces.cloud.kernel.quotas"
WORLD = "mockspaces.cloud.kernel.world"
IDS = "mockspaces.cloud.kernel.ids"
CLOCK = "mockspaces.cloud.kernel.clock"
PATTERNS = "mockspaces.cloud.kernel.patterns"
STATE = "mockspaces.cloud.store.state"
WORLDS = "mockspaces.cloud.worlds.worlds"
SNAPSHOTS = "mockspaces.cloud.worlds.snapshots"

CLOUD: Rules = {
    # --- mockspaces.cloud.identity
    "sat: its user is not asked": (
        undone(AUTHENTICATION, "SpaceTokenCase.check_user", "_check_enabled(self.user)"),
        ("AUTH-USER-05",),
    ),
    "sat: lives one millisecond longer": (
        Rule(AUTHENTICATION, "SpaceTokenCase.check_expiry", "expires <= ", "expires < "),
        ("ACC-SAT-01",),
    ),
    "user JWT: lives to the end of its second": (
        Rule(AUTHENTICATION, "_check_expiry", "expiry <= now", "expiry < now"),
        ("AUTH-USER-03", "AUTH-ANON-01"),
    ),
    "user JWT: bound to nothing": (never(AUTHENTICATION, "UserCase.check_grant", "self.bound and"), ("AUTH-USER-04",)),
    "service JWT: any alg": (
        never(AUTHENTICATION, "ServiceCase.check_header", 'header.get("alg") != '),
        ("AUTH-SVC-02",),
    ),
    "service JWT: any typ": (
        never(AUTHENTICATION, "ServiceCase.check_header", 'header.get("typ", "JWT") != '),
        ("AUTH-SVC-02",),
    ),
    "service JWT: disabled account accepted": (
        without(AUTHENTICATION, "ServiceCase.check_account", " or not self.account.enabled"),
        ("AUTH-SVC-13",),
    ),
    "service JWT: exactly an hour ahead is too much": (
        Rule(AUTHENTICATION, "ServiceCase.check_lifetime", "ahead > limit", "ahead >= limit"),
        ("AUTH-SVC-09",),
    ),
    "service JWT: fractions count": (
        Rule(
            AUTHENTICATION,
            "ServiceCase.check_lifetime",
            "math.floor(expiry) - math.floor(self.now)",
            "expiry - self.now",
        ),
        ("AUTH-SVC-09",),
    ),
    "service JWT: no leeway for expired ones": (
        without(AUTHENTICATION, "ServiceCase.check_expiry", " - self.world.settings.rest_service_leeway_s"),
        ("AUTH-SVC-09",),
    ),
    "service JWT: nbf of this moment lies ahead": (
        Rule(AUTHENTICATION, "ServiceCase.check_begin", "> latest", ">= latest"),
        ("AUTH-SVC-11",),
    ),
    "service JWT: one audience only": (
        Rule(
            AUTHENTICATION,
            "ServiceCase.check_audience",
            "audience if isinstance(audience, list) else [audience]",
            "[audience]",
        ),
        ("AUTH-SVC-07",),
    ),
    "scheme by case": (
        Rule(AUTHENTICATION, "_way", "_CASES.get(scheme.lower())", "_CASES.get(scheme)"),
        ("AUTH-HDR-01",),
    ),
    "code: lives one millisecond longer": (Rule(GRANTS, "exchange_code", "late >= 0", "late > 0"), ("ACC-AUTHZ-18",)),
    "refresh token of another client": (never(GRANTS, "refresh", "grant.client_id != client.id"), ("ACC-TOKEN-06",)),
    "disabled user refreshes": (without(GRANTS, "_live", " or not user.enabled"), ("ACC-TOKEN-16",)),
    "replay under strict rotation revokes nothing": (
        undone(GRANTS, "refresh", "await revoke_grant(world, grant.id)"),
        ("ACC-TOKEN-11",),
    ),
    "refusal of a replay undoes what it revokes": (
        undone(GRANTS, "refresh", "world.transactions.keep()"),
        ("ACC-TOKEN-11",),
    ),
    "public client uses passwords": (never(GRANTS, "exchange_password", "client.secret is None"), ("ACC-TOKEN-18",)),
    "access token revokes nothing": (
        without(GRANTS, "revoke", " or await world.state.access_tokens.get(value)"),
        ("ACC-REVOKE-02",),
    ),
    "revoking one grant ends all sockets": (
        Rule(GRANTS, "revoke_grant", "grant_id=grant.id", "grant_id=None"),
        ("RT-AUTH-12",),
    ),
    "plain challenge hashed": (
        Rule(GRANTS, "_check_verifier", 'code.challenge_method == "S256"', "True"),
        ("ACC-TOKEN-05",),
    ),
    "one signature for all users": (Rule(TOKENS, "user_id_signature", "user.ndbid.encode()", 'b""'), ("ACC-UJWT-02",)),
    "two user JWTs of one second are equal": (
        Rule(TOKENS, "_free_expiry", "return latest - low", "return latest"),
        ("ACC-UJWT-06",),
    ),
    "narrowed scope forgotten": (
        Rule(TOKENS, "access_token", "grant.scopes if scopes is None else scopes", "grant.scopes"),
        ("ACC-TOKEN-06",),
    ),
    "access token: one millisecond shorter": (
        Rule(TOKENS, "access_token", "life * 1000", "life * 1000 - 1"),
        ("ACC-TOK-03", "ACC-TOKEN-09"),
    ),
    "seconds left rounded up": (Rule(ID_TOKENS, "_seconds_left", "int(left)", "int(-(-left // 1))"), ("ACC-INFO-03",)),
    "id_token: lives to the end of its second": (
        Rule(ID_TOKENS, "_seconds_left", "left <= 0", "left < 0"),
        ("ACC-INFO-06",),
    ),
    "of two owners of an id_token only the last counts": (
        Rule(ID_TOKENS, "issue", "{known}.{grant.id}", "{known}"),
        ("ACC-INFO-06",),
    ),
    "id_token of a revoked grant": (
        Rule(ID_TOKENS, "_live_grant", "grant and not grant.revoked", "grant"),
        ("ACC-INFO-06",),
    ),
    "id_token of a disabled user": (
        Rule(ID_TOKENS, "tell", "user is None or not user.enabled", "user is None"),
        ("AUTH-USER-05", "ACC-INFO-06"),
    ),
    "comma is no separator": (without(OAUTH_SCOPES, "parse", '.replace(",", " ")'), ("ACC-SCOPE-04",)),
    "echo ignored": (
        Rule(OAUTH_SCOPES, "printed", 'world.settings.accounts_scope_style == "echo" and words', "False"),
        ("ACC-SCOPE-10",),
    ),
    "service account signs in": (never(SIGN_IN, "find", "user.is_service_account"), ("ACC-AUTHZ-15", "ACC-SIGNIN-06")),
    "disabled user signs in": (never(SIGN_IN, "find", "not user.enabled"), ("ACC-GEN-14",)),
    "session of a disabled user lives on": (
        Rule(SIGN_IN, "signed_in", "user if user and user.enabled else None", "user"),
        ("AUTH-USER-05",),
    ),
    "session before signing in again lives on": (
        undone(SIGN_IN, "open_session", "await end_session(world, replaces)"),
        ("ACC-SIGNIN-02",),
    ),
    "any text is a user name": (Rule(SIGN_IN, "looks_like_user_name", '"@" in text or', "True or"), ("ACC-SIGNIN-03",)),
    "inactive client accepted": (never(CLIENTS, "known", "not client.active"), ("ACC-AUTHZ-11",)),
    "public client with a secret": (never(CLIENTS, "authenticate", "secret is not None"), ("ACC-TOKEN-18",)),
    "verifier stands in for the secret unasked": (
        without(CLIENTS, "authenticate", " and world.settings.accounts_pkce_without_secret"),
        ("ACC-TOKEN-05",),
    ),
    "secret of a client unchecked": (never(CLIENTS, "authenticate", "not hmac.compare_digest("), ("ACC-TOKEN-02",)),
    "public client without challenge": (
        Rule(OAUTH_REQUESTS, "_challenge_method", "client.secret is None and response_type", "False and response_type"),
        ("ACC-AUTHZ-07",),
    ),
    "any client uses any grant": (
        never(OAUTH_REQUESTS, "check_grant", "client.grants is not None and"),
        ("ACC-AUTHZ-12", "ACC-ERR-05"),
    ),
    "esjwtcode is bound to nothing": (
        Rule(OAUTH_REQUESTS, "issue_code", 'request.response_type == "esjwtcode"', "False"),
        ("ACC-AUTHZ-19",),
    ),
    "shortest challenge is too short": (
        Rule(OAUTH_REQUESTS, "well_formed", "code_challenge_min_chars <= len", "code_challenge_min_chars < len"),
        ("ACC-AUTHZ-07",),
    ),
    "challenge of any characters": (
        without(OAUTH_REQUESTS, "well_formed", " and _UNRESERVED.fullmatch(text) is not None"),
        ("ACC-AUTHZ-07",),
    ),
    "acting as a user of another company": (
        never(APPS, "acted_as", "user.company_id != company.id"),
        ("AUTH-ACT-02", "AUTH-SVC-15"),
    ),
    "acting as a disabled user": (never(APPS, "acted_as", "not user.enabled"), ("AUTH-ACT-02",)),
    "acting as a service account": (never(APPS, "acted_as", "user and user.is_service_account"), ("AUTH-ACT-02",)),
    "sockets of an inactive app live on": (
        never(APPS, "change_app", "app.active and not changed.active"),
        ("RT-AUTH-12",),
    ),
    "key of another app downloaded": (without(APPS, "get_key", " or key.app_id != app.id"), ("ACC-SVCKEY-02",)),
    "app without service domain": (never(APPS, "create_service_app", "company.service_domain is None"), ("DM-APP-03",)),
    "a disabled person creates apps": (
        never(PORTAL, "creator", "not user.enabled"),
        ("DM-APP-01", "DM-CLI-01", "DM-COMP-01", "DM-COMP-02"),
    ),
    "a service account creates apps": (
        never(PORTAL, "creator", "user.is_service_account"),
        ("DM-APP-01", "DM-CLI-01", "DM-COMP-01", "DM-COMP-02"),
    ),
    "anybody manages a company": (
        never(PORTAL, "check_admin", "company.id not in creator.company_admin"),
        ("DM-COMP-02", "DM-APP-01"),
    ),
    # --- mockspaces.cloud.people
    "sockets of a disabled user live on": (
        never(PEOPLE, "set_enabled", "user.enabled and not enabled"),
        ("RT-AUTH-12",),
    ),
    "addresses keep their case": (Rule(PEOPLE, "email", "text.lower()", "text"), ("DM-USER-02",)),
    "addresses are compared with their case": (
        Rule(PEOPLE, "by_email", "address.lower()", "address"),
        ("USERS-ROOM-03", "USERS-COLLBULK-02"),
    ),
    "any address signs in": (Rule(PEOPLE, "by_username", 'first("username"', 'first("address"'), ("ACC-GEN-14",)),
    "subscription of another device removed": (
        without(PUSH, "remove", "same_device and "),
        ("USERS-PUSHDEL-01", "USERS-PUSHDEL-03"),
    ),
    "device subscribed twice": (never(PUSH, "add", "(known.subscription_id"), ("USERS-PUSHADD-02",)),
    "settings of others changed": (
        never(PREFERENCES, "find_own", "found.person_id != person_id"),
        ("USERS-SETPOST-03",),
    ),
    "other settings forgotten": (
        Rule(PREFERENCES, "change", "{**found.members, **members}", "{**members}"),
        ("USERS-SETPOST-01",),
    ),
    "policy of attachments not shown": (
        Rule(PREFERENCES, "denies_attachments", "company is not None and company.deny_attachments", "False"),
        ("DM-USET-04",),
    ),
    # --- mockspaces.cloud.spaces
    "listed by address is a stranger": (
        Rule(ACCESS, "standing", "for address in caller.person.emails", "for address in ()"),
        ("SPACES-JOIN-03",),
    ),
    "acting needs no scope of its own": (
        Rule(ACCESS, "check_kind", "endpoint.act_as_scope if act_as else endpoint.scope", "endpoint.scope"),
        ("AUTH-ACT-02",),
    ),
    "scope of an OAuth token unchecked": (
        Rule(ACCESS, "check_kind", "caller.grant and SPACES_SCOPE not in caller.scopes", "False"),
        ("AUTH-OAUTH-02",),
    ),
    "stranger at a direct space": (never(ACCESS, "check_stranger", 'found.space.type == "direct"'), ("PERM-PRIV-01",)),
    "PIN asked of registered guests always": (
        Rule(ACCESS, "needs_pin", "caller.anonymous or asks_all_guests(found.space)", "True"),
        ("PERM-PIN-03",),
    ),
    "empty PIN is a wrong one": (
        Rule(ACCESS, "check_pin", 'pin in (None, "", "null")', "pin is None"),
        ("PERM-PIN-04",),
    ),
    "scope asks for no role": (
        Rule(ACCESS, "check_role", 'caller.kind != "svc" or endpoint.scope is None', "True"),
        ("SCOPE-TAB-02",),
    ),
    "company unchecked over REST": (undone(ACCESS, "admit", "check_company(caller, space)"), ("AUTH-SVC-15",)),
    "disabled user invited": (never(INVITES, "resolve", "user and not user.enabled"), ("SPACES-CREATE-10",)),
    "user of another company invited by an app": (
        never(INVITES, "_invited_user", "caller.app and user.company_id"),
        ("AUTH-SVC-15",),
    ),
    "invitees by case": (
        Rule(INVITES, "_person", "invitee.invitee.lower()", "invitee.invitee"),
        ("SPACES-INVITE-05", "SPACES-INVITE-06"),
    ),
    "members invited into a personal room": (
        Rule(INVITES, "check_roles", 'found.space.type == "personal" and', "False and"),
        ("PERM-PERS-01",),
    ),
    "participant invited again begins anew": (
        never(INVITES, "admit", "await world.state.members.get("),
        ("SPACES-INVITE-04",),
    ),
    "inviting into an archived space": (
        undone(INVITES, "invite", "spaces.refuse_archived(found.space)"),
        ("PERM-ARCH-01",),
    ),
    "invitation is no activity": (never(INVITES, "_reach", "any(entered)"), ("USERS-SPACES-08",)),
    "link opens without PIN": (never(INVITES, "join", "asked"), ("SPACES-INVJOIN-05",)),
    "link into an archived space": (
        never(INVITES, "join", "found.member is None and found.space.archived"),
        ("PERM-ARCH-01",),
    ),
    "of two invited roles the lower one": (
        Rule(INVITES, "_invited_role", "max(roles", "min(roles"),
        ("SPACES-INVJOIN-02",),
    ),
    "invite of another changed": (never(INVITES, "check_own", "invite.creator_id != caller.id"), ("SPACES-INVUPD-03",)),
    "guest changes what they made as member": (never(INVITES, "check_own", "found.role not in"), ("SPACES-INVUPD-03",)),
    "address in another invite is dropped too": (without(INVITES, "delete", " - kept"), ("SPACES-INVDEL-02",)),
    "role for an anonymous user": (never(ROSTER, "set_role", 'who.type == "anonymousId"'), ("SPACES-ROLE-07",)),
    "member makes admins": (without(ROSTER, "_check_giving", 'role != "member" or '), ("SPACES-ROLE-06",)),
    "member demotes admins": (
        without(ROSTER, "_check_giving", ' or (target is not None and target.role == "admin")'),
        ("SPACES-ROLE-06",),
    ),
    "role change is no activity": (
        undone(ROSTER, "set_role", "await spaces.touch(world, found.space)"),
        ("SPACES-ROLE-05",),
    ),
    "same role again is a change": (
        Rule(ROSTER, "set_role", "elif target.role == role", "elif False"),
        ("SPACES-ROLE-06",),
    ),
    "nobody leaves an archived space": (
        Rule(ROSTER, "remove", "person_id != caller.id", "True"),
        ("PERM-ARCH-01", "PERM-MAP-07"),
    ),
    "removed person keeps the space": (never(ROSTER, "take_out", "record is not None"), ("SPACES-KICK-02",)),
    "removed person stays invited": (
        without(ROSTER, "take_out", " if one.invitee.lower() not in names"),
        ("SPACES-KICK-03",),
    ),
    "removed person stays subscribed": (
        undone(ROSTER, "remove", "await world.publish(ChannelClosed(space=found.space, person_id=person_id))"),
        ("SPACES-KICK-03",),
    ),
    "settings are told like a title": (
        never(UPDATES, "apply", "changed.title == space.title"),
        ("RT-SENT-08",),
    ),
    "a link tells the inviter first": (
        Rule(
            INVITES,
            "link",
            '"spaceName": space.title, "inviterName": inviter.displayname',
            '"inviterName": inviter.displayname, "spaceName": space.title',
        ),
        ("DM-INV-02",),
    ),
    "a link carries a password unasked": (
        without(INVITES, "_password", ' and space.settings.get("allowPasswordInURL")'),
        ("SPACES-CREATE-07", "DM-INV-02"),
    ),
    "a link has the password of no PIN": (
        without(INVITES, "_password", "space.pin and "),
        ("SPACES-CREATE-07", "DM-INV-02"),
    ),
    "one media session for all": (
        Rule("mockspaces.cloud.messaging.media", "token", "session_id=world.ids.token()", 'session_id="0" * 40'),
        ("MEDIA-TOKEN-02",),
    ),
    "two direct spaces of one pair": (
        Rule(DIRECTS, "between", "(min(caller.id, partner.id), max(caller.id, partner.id))", "(caller.id, partner.id)"),
        ("SPACES-DIRECT-02",),
    ),
    "hidden direct space stays hidden": (
        undone(DIRECTS, "between", "await spaces.unhide(world, space.id, caller.id)"),
        ("SPACES-DIRECT-06",),
    ),
    "service app with an anonymous partner": (
        never(DIRECTS, "find_partner", "caller.app and kind =="),
        ("SPACES-DIRECT-05",),
    ),
    "service app with a partner of another company": (
        never(DIRECTS, "_check_company", "caller.app and not ("),
        ("SPACES-DIRECT-05",),
    ),
    "direct space with oneself": (
        never(DIRECTS, "_check_acquainted", "partner.id == caller.id"),
        ("SPACES-DIRECT-05",),
    ),
    "anonymous partner anywhere": (
        never(DIRECTS, "_check_acquainted", "not world.presence.together("),
        ("SPACES-DIRECT-04",),
    ),
    "people who never met": (
        without(DIRECTS, "_check_acquainted", " and not await colleagues.once_together(world, caller.id, partner.id)"),
        ("SPACES-DIRECT-04",),
    ),
    "two people without company are of one": (
        without(DIRECTS, "_check_acquainted", "caller.company_id is not None and "),
        ("SPACES-DIRECT-04",),
    ),
    "anonymous party owns the space": (
        Rule(
            DIRECTS,
            "_create",
            "second if isinstance(first, AnonymousUser) and isinstance(second, User) else first",
            "first",
        ),
        ("SPACES-DIRECT-03",),
    ),
    "people of the company listed twice": (
        without(COLLEAGUES, "Colleagues.page", " if not company_id or user.company_id != company_id"),
        ("USERS-COLL-02",),
    ),
    "app finds people of other companies": (
        without(COLLEAGUES, "Colleagues.page", "[] if self._caller.app else "),
        ("USERS-COLL-04",),
    ),
    "acquaintances sorted by case": (
        Rule(COLLEAGUES, "_order", "user.displayname.casefold()", "user.displayname"),
        ("USERS-COLL-05",),
    ),
    "acquaintances never change": (Rule(COLLEAGUES, "acquaintances", "known.time == now", "True"), ("USERS-COLL-02",)),
    "app looks up anybody it met": (
        without(COLLEAGUES, "by_account_id", "not caller.app and "),
        ("USERS-COLL-04", "AUTH-SVC-15"),
    ),
    "personal rooms are private": (without(SPACES, "create", 'kind == "group" and '), ("DM-SET-02",)),
    "space without company": (
        Rule(SPACES, "create", "company_id=owner.company_id", "company_id=None"),
        ("SPACES-CREATE-11",),
    ),
    "chat in a group is an activity": (never(SPACES, "note_message", 'space.type != "direct"'), ("USERS-SPACES-08",)),
    "chat in a hidden direct space shows nothing": (
        Rule(SPACES, "note_message", "(space.pair or ()) if new else ()", "()"),
        ("USERS-HIDE-04",),
    ),
    "stranger joins an archived space": (
        never(SPACES, "join", "found.member is None and found.space.archived"),
        ("SPACES-JOIN-06",),
    ),
    "guest who is invited higher stays guest": (
        without(SPACES, "arrive", " or RANK[role] > RANK[member.role]"),
        ("SPACES-INVJOIN-02",),
    ),
    "first join of whoever is listed is no activity": (
        without(SPACES, "arrive", "not member.joined or "),
        ("SPACES-JOIN-04",),
    ),
    "joining is no visit": (undone(SPACES, "arrive", "await visit(world, space, caller.id)"), ("SPACES-JOIN-04",)),
    "joining leaves a space hidden": (
        undone(SPACES, "arrive", "await unhide(world, space.id, caller.id)"),
        ("SPACES-JOIN-04", "USERS-HIDE-04"),
    ),
    "of two entries by address the first counts": (
        Rule(SPACES, "take_over", "elif RANK[entry.role] > RANK[own.role]", "elif False"),
        ("SPACES-INVITE-05",),
    ),
    "history hidden from members": (
        Rule(SPACES, "hides_history", 'found.role in (None, "guest")', "True"),
        ("PERM-HIST-01",),
    ),
    "archived space is written": (never(SPACES, "refuse_archived", "space.archived"), ("PERM-ARCH-01",)),
    "archived space stays in the list of normal ones": (
        Rule(SPACES, "archive", "replace(record, archived=True)", "record"),
        ("USERS-SPACES-03",),
    ),
    "title of a direct space is one's own name": (
        Rule(SPACES, "partner", "one if person_id == other else other", "other"),
        ("SPACES-DIRECT-03",),
    ),
    "large one space later": (
        Rule(SPACES, "_is_large", "known == LARGE_SPACE", "known == LARGE_SPACE + 1"),
        ("USERS-SPACES-08",),
    ),
    "sat tells one millisecond longer": (
        Rule(DISCOVERY, "space_token", "found.expires <= ", "found.expires < "),
        ("MISC-SAT-02",),
    ),
    "sat of any kind": (without(DISCOVERY, "space_token", " if kind == SAT else None"), ("MISC-SAT-02",)),
    "inactive client discovered": (
        Rule(DISCOVERY, "known_app", "(client and client.active)", "client"),
        ("MISC-DISCOVER-01",),
    ),
    "protected space discovered without PIN": (
        Rule(DISCOVERY, "may_open", "return False", "return True"),
        ("MISC-DISCOVER-03",),
    ),
    "settings of the server changed": (
        without(UPDATES, "apply", " if name not in space_settings.READ_ONLY"),
        ("SPACES-UPDATE-03",),
    ),
    "same title again is announced": (
        Rule(UPDATES, "apply", "changed.title == space.title", "change.title is None"),
        ("SPACES-UPDATE-05", "SPACES-UPDATE-06"),
    ),
    "objects of settings replaced": (
        Rule(UPDATES, "merged", "isinstance(known, Mapping) and isinstance(value, Mapping)", "False"),
        ("SPACES-UPDATE-02",),
    ),
    # --- mockspaces.cloud.messaging
    "URL works at its very end": (Rule(FILES, "check_signature", "moment <= world", "moment < world"), ("STO-PUT-03",)),
    "second upload accepted": (never(FILES, "check_upload", "file.stored"), ("STO-PUT-04",)),
    "upload of another type accepted": (never(FILES, "check_upload", "media_type.strip().lower() !="), ("STO-PUT-01",)),
    "cap of all files one byte too low": (
        Rule(FILES, "check_upload", "held + file.size > ", "held + file.size >= "),
        ("STO-PUT-05",),
    ),
    "uploads on their way not counted": (
        without(FILES, "check_upload", " + sum(one.size for one in world.state.reservations.every())"),
        ("STO-PUT-05",),
    ),
    "empty file announced": (Rule(FILES, "check_size", "0 < size", "0 <= size"), ("FILES-UP-03",)),
    "largest file is too large": (
        Rule(FILES, "check_size", "<= world.settings.files_max_bytes", "< world.settings.files_max_bytes"),
        ("FILES-UP-03",),
    ),
    "viewer token unchecked": (
        without(FILES, "viewed", " or not hmac.compare_digest(token.encode(), view_token(world, file).encode())"),
        ("FILES-VIEW-01",),
    ),
    "guest creates posts": (never(MESSAGES, "check_author", 'role == "guest"'), ("RT-MSG-04",)),
    "post in a direct space": (never(MESSAGES, "check_author", 'found.space.type == "direct"'), ("RT-FAIL-02",)),
    "service app edits chats": (never(MESSAGES, "check_editor", 'caller.kind == "svc"'), ("MSG-UPDATE-06",)),
    "old message read by its id": (never(MESSAGES, "check_visible", "message.created <"), ("PERM-HIST-01",)),
    "message of the millisecond of joining hidden": (
        Rule(MESSAGES, "check_visible", "message.created < ", "message.created <= "),
        ("PERM-HIST-01",),
    ),
    "deleted message found": (without(MESSAGES, "find", " or message.deleted"), ("MSG-GET-01",)),
    "comments of any message": (never(MESSAGES, "find_parent", "message.category != category"), ("MSG-COMMI-03",)),
    "message of the read mark's millisecond is unread": (
        Rule(MESSAGES, "unread", "(since + 1,)", "(since,)"),
        ("USERS-READ-05",),
    ),
    "address as assignee": (without(MESSAGES, "_check_assignees", ' or entry.type == "email"'), ("MSG-TASK-04",)),
    "assignee who left hinders an edit": (
        Rule(MESSAGES, "_check_assignees", "person in known", "False"),
        ("MSG-UPDATE-02",),
    ),
    "comment on a message of another space": (
        never(MESSAGES, "_parent", "parent.space_id != space.id"),
        ("MSG-CHAT-05",),
    ),
    "comment on a chat": (never(MESSAGES, "_parent", "parent.category not in"), ("MSG-CHAT-05",)),
    "meeting edited": (never(MESSAGES, "edit", 'message.category == "meeting"'), ("MSG-UPDATE-07",)),
    "two edits of one millisecond look alike": (
        Rule(MESSAGES, "edit", "max(world.clock.now_ms(), before + 1)", "world.clock.now_ms()"),
        ("MSG-UPDATE-04",),
    ),
    "edit of the newest state is outdated": (
        Rule(MESSAGES, "edit", "seen < known", "seen <= known"),
        ("MSG-UPDATE-04",),
    ),
    "edit of another message": (never(MESSAGES, "edit", "body.id != message.id"), ("MSG-UPDATE-01",)),
    "message of an archived space deleted": (
        Rule(MESSAGES, "delete", "elif space.archived", "elif False"),
        ("MSG-DELETE-03",),
    ),
    "id named twice counts twice": (
        Rule(MESSAGES, "delete", "dict.fromkeys(message_ids)", "message_ids"),
        ("MSG-DELETE-02",),
    ),
    "comments outlive their post": (
        Rule(MESSAGES, "delete", 'in await world.state.messages.page("parent", message.id)', "in ()"),
        ("MSG-DELETE-04",),
    ),
    "deleted comment still counts": (
        Rule(MESSAGES, "delete", "parent.comments - 1", "parent.comments"),
        ("MSG-DELETE-04",),
    ),
    "admin deletes only their own": (without(MESSAGES, "may_delete", ' or found.role == "admin"'), ("PERM-MAP-06",)),
    "who has left deletes": (without(MESSAGES, "may_delete", " or found.role is None"), ("MSG-DELETE-03",)),
    "attachment is enough for a post": (
        Rule(DRAFTS, "_check_text", 'category == "chat" and attachments', "attachments"),
        ("MSG-IDEA-02",),
    ),
    "posts are comments": (
        Rule(DRAFTS, "read", 'if body.parent_msg and category == "chat" else', "if body.parent_msg else"),
        ("MSG-CHAT-01",),
    ),
    "top level wins over content": (
        Rule(
            DRAFTS,
            "_new_task",
            "getattr(body, name) if inner is UNSET else inner",
            "inner if getattr(body, name) is UNSET else getattr(body, name)",
        ),
        ("MSG-TASK-03",),
    ),
    "strict tasks ignored": (never(DRAFTS, "_new_task", "world.settings.rest_strict_tasks and"), ("MSG-TASK-05",)),
    "task forgets what an edit leaves out": (
        Rule(DRAFTS, "merge", "_task(world, content, message.task)", "_task(world, content, Task())"),
        ("MSG-UPDATE-02",),
    ),
    "quotes escaped whatever the setting": (
        without(DRAFTS, "_stored", " if world.settings.rest_escape_text else text"),
        ("MSG-GEN-04",),
    ),
    "hidden messages count as unread": (
        undone(OWN_SPACES, "unread_count", "since = max(since, messages.horizon(world, found) - 1)"),
        ("USERS-READ-05",),
    ),
    "read mark moves back": (never(OWN_SPACES, "mark_read", "record.last_read is not None and"), ("USERS-READ-06",)),
    "read mark of now leaves the newest message unread": (
        Rule(
            OWN_SPACES,
            "mark_read",
            "max(world.clock.now_ms(), await messages.newest_time(world, found.space.id))",
            "world.clock.now_ms()",
        ),
        ("USERS-READ-03",),
    ),
    "personal room hidden": (never(OWN_SPACES, "hide", 'found.space.type == "personal"'), ("USERS-HIDE-02",)),
    "hiding tells nobody": (
        undone(OWN_SPACES, "hide", "await world.publish(TopicHidden(space=found.space, person=caller.person))"),
        ("USERS-HIDE-05",),
    ),
    "space of the very moment is later": (
        Rule(OWN_SPACES, "_indexed", "(wanted.after + 1,)", "(wanted.after,)"),
        ("USERS-SPACES-01",),
    ),
    "archived spaces of admins included twice": (
        Rule(OWN_SPACES, "_fits", "return not (not_mine and is_admin)", "return True"),
        ("USERS-SPACES-06",),
    ),
    "messages of strangers' spaces": (
        undone(OWN_MESSAGES, "readable", "check_stranger(one, admits=False)"),
        ("USERS-MSGS-03",),
    ),
    "message of the very moment is later": (
        Rule(OWN_MESSAGES, "_changed", "(after + 1,)", "(after,)"),
        ("USERS-MSGS-01",),
    ),
    "guest lists old messages": (
        without(OWN_MESSAGES, "_changed.shown", " and message.created >= horizon"),
        ("PERM-HIST-01",),
    ),
    "guests list posts": (
        Rule(OWN_MESSAGES, "ideas", '("admin", "member")', '("admin", "member", "guest")'),
        ("USERS-IDEAS-02",),
    ),
    "tasks of spaces one has left": (
        Rule(OWN_MESSAGES, "tasks.shown", "member is None or space is None", "space is None"),
        ("USERS-TASKS-02",),
    ),
    "status of tasks ignored": (never(OWN_MESSAGES, "tasks.shown", "status and not ("), ("USERS-TASKS-01",)),
    "reference to what a filter hides": (
        Rule(TIMELINE, "Timeline.find", "message if within and self._keeps(message) else None", "message"),
        ("PAGE-R-02",),
    ),
    "descriptions are not searched": (
        Rule(
            TIMELINE,
            "Timeline._keeps",
            '(message.text.casefold(), (message.description or "").casefold())',
            "(message.text.casefold(),)",
        ),
        ("MSG-QUERY-04",),
    ),
    "meeting of another space": (without(MEETINGS, "find", " or message.space_id != space_id"), ("MEET-GEN-02",)),
    "who has left is muted": (never(MEETINGS, "attendee", "entry.leave_time is not None"), ("MEET-MEDIA-04",)),
    "anybody acts for others": (never(MEETINGS, "check_own", 'found.role != "admin" and'), ("MEET-GEN-04",)),
    "meeting starts in an archived space": (
        undone(MEETINGS, "join", "spaces.refuse_archived(space)"),
        ("PERM-ARCH-01",),
    ),
    "second device replaces the first": (Rule(MEETINGS, "join", "(*known.sessions, name)", "(name,)"), ("RT-MED-05",)),
    "one of two devices takes its person out": (
        never(MEETINGS, "leave", "session is not None and others"),
        ("RT-MED-05",),
    ),
    "last one out leaves the meeting on": (
        Rule(
            MEETINGS,
            "leave",
            "message if present(message) else await _finish(world, space, message, origin)",
            "message",
        ),
        ("RT-MED-05",),
    ),
    "ended meeting acted on": (never(MEETINGS, "_running", "meeting_of(message).end is not None"), ("MEET-GEN-02",)),
    "camera by REST makes no video meeting": (never(MEETINGS, "set_tracks", 'tracks.get("video")'), ("DM-MEET-01",)),
    "two recordings at once": (never(MEETINGS, "start_recording", "any(one.end is None"), ("MEET-REC-03",)),
    "recording stopped twice": (without(MEETINGS, "recording", " and one.end is None"), ("MEET-RECSTOP-03",)),
    "meeting outlives its space": (never(REMOVAL, "delete_space", "meeting is not None"), ("SPACES-DELETE-03",)),
    "sockets of a deleted user live on": (
        undone(REMOVAL, "delete_user", "await world.publish(AccessEnded(person_id=user.id))"),
        ("USERS-BULK-11", "RT-AUTH-12"),
    ),
    "user of any domain made": (never(BULK, "run", 'address.rpartition("@")[2] not in'), ("USERS-BULK-09",)),
    "user made twice": (never(BULK, "run", 'operation.action == "create"'), ("USERS-BULK-09",)),
    "user of another company changed": (
        never(BULK, "run", "user.company_id != company.id"),
        ("USERS-BULK-09", "AUTH-SVC-15"),
    ),
    "room keeps its owner's old name": (
        never(BULK, "_change", "room is not None and room.title =="),
        ("USERS-ROOM-01",),
    ),
    # --- mockspaces.cloud.kernel
    "quota outlives a clock that goes back": (
        Rule(
            QUOTAS, "_count", "not window.start <= now < window.start + interval", "not now < window.start + interval"
        ),
        ("LIM-02",),
    ),
    "one call too many": (
        Rule(QUOTAS, "_count", "0 if window.calls < calls", "0 if window.calls <= calls"),
        ("LIM-01",),
    ),
    "limit per address counts by user": (
        Rule(QUOTAS, "_count", "address if quota.per == 'address' else person_id", "person_id"),
        ("LIM-01",),
    ),
    "limits enforced unasked": (Rule(QUOTAS, "count", "world.settings.rest_enforce_limits", "True"), ("LIM-02",)),
    "secrets shared by all worlds": (
        Rule(WORLD, "World.secret", "self.state.master_secret.value", 'b"the same"'),
        ("AUTH-WORLD-01",),
    ),
    "ids know no clock": (
        Rule(IDS, "Ids.object_id", "int(self._clock.now())", "int(self._clock.now() - self._clock.offset)"),
        ("REST-ID-01",),
    ),
    "frozen clock does not move": (
        Rule(CLOCK, "Clock.advance", "now.frozen + seconds", "now.frozen"),
        ("DM-CFG-04", "AUTH-OAUTH-01", "ACC-TOK-03"),
    ),
    "search by case": (
        Rule(PATTERNS, "_compiled", "options.case_sensitive = case_sensitive", "options.case_sensitive = True"),
        ("PAGE-RX-01",),
    ),
    "two seeded worlds draw the same": (
        Rule(IDS, "seeded", r'f"{seed}\0{world}"', "seed"),
        ("AUTH-WORLD-01", "DM-CFG-04"),
    ),
    # --- mockspaces.cloud.store
    "people of a company sorted by case": (
        Rule(STATE, "State.__init__", "user.displayname.casefold()", "user.displayname"),
        ("USERS-COLL-05",),
    ),
    "addresses first in a roster": (
        Rule(STATE, "State.__init__", 'member.type == "email"', 'member.type != "email"'),
        ("SPACES-MEMBERS-04",),
    ),
    # --- mockspaces.cloud.views
    "a picture has its URL twice": (
        Rule(PERSON_VIEWS, "picturefile", "place[1] if place else ", ""),
        ("DM-USER-10",),
    ),
    # --- mockspaces.cloud.worlds
    "of two companies of one name the first is meant": (
        never(SEEDS, "find_company", "len(named) > 1"),
        ("DM-COMP-01",),
    ),
    "every port leads to the default world": (
        without(WORLDS, "Worlds.by_port", "self._by_port.get(port) or "),
        ("AUTH-WORLD-01",),
    ),
    "prefix leads to the default world": (
        Rule(WORLDS, "Worlds.named", "self._by_name.get(name)", "self._by_name.get(name, self._by_name[DEFAULT])"),
        ("AUTH-WORLD-01", "REST-HOST-02"),
    ),
    "two worlds of one name": (never(WORLDS, "Worlds._open", "chosen in self._by_name"), ("AUTH-WORLD-01",)),
    "port of a dropped world stays open": (
        undone(WORLDS, "Worlds._remove", "await self.listeners.close(hosted.port)"),
        ("AUTH-WORLD-01",),
    ),
    "world of a bad seed stays": (
        Rule(WORLDS, "Worlds._open", "await self._remove(hosted)", "..."),
        ("AUTH-WORLD-01",),
    ),
    "reset leaves the sockets": (
        Rule(WORLDS, "Worlds._adopt", "farewells = self._leave(hosted)", "farewells = ()"),
        ("AUTH-WORLD-01",),
    ),
    "reset keeps what was planned": (
        Rule(WORLDS, "Worlds._replace", "if same_run:", "if True:"),
        ("AUTH-WORLD-01",),
    ),
    "reset ends the sockets of all worlds": (
        Rule(
            WORLDS,
            "Worlds._adopt",
            "farewells = self._leave(hosted)",
            "farewells = [one for world in self for one in self._leave(world)]",
        ),
        ("AUTH-WORLD-01",),
    ),
    "restored world draws other secrets": (
        undone(SNAPSHOTS, "prepare", "state.master_secret.put(snapshot.master_secret)"),
        ("AUTH-WORLD-01",),
    ),
    "restored world draws other ids": (
        undone(SNAPSHOTS, "prepare", "state.random.put(snapshot.random)"),
        ("DM-CFG-04",),
    ),
    "restored world has a clock of its own": (
        undone(SNAPSHOTS, "prepare", "state.clock.put(ClockSetting(snapshot.clock.offset, snapshot.clock.frozen))"),
        ("DM-CFG-04",),
    ),
}
