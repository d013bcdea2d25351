"""Rules of the surfaces that are broken by hand."""

from mutants.rule import Rule, Rules, never, undone, without

TOKEN_ENDPOINT = "mockspaces.accounts.token_endpoint"
LOGIN = "mockspaces.accounts.login"
AUTHORIZE = "mockspaces.accounts.authorize"
REDIRECTS = "mockspaces.accounts.redirects"
COOKIES = "mockspaces.accounts.cookies"
CSRF = "mockspaces.accounts.csrf"
PARAMETERS = "mockspaces.accounts.parameters"
PEOPLE = "mockspaces.accounts.people"
PAGING = "mockspaces.rest.paging"
ENTRANCES = "mockspaces.rest.entrances"
SPACES = "mockspaces.rest.spaces"
INVITES = "mockspaces.rest.invites"
MEETINGS = "mockspaces.rest.meetings"
MESSAGES = "mockspaces.rest.messages"
FILES = "mockspaces.rest.files"
SURFACE = "mockspaces.storage.surface"
EXCHANGE = "mockspaces.asgi.exchange"
HUB = "mockspaces.realtime.hub"
ANNOUNCEMENTS = "mockspaces.realtime.announcements"
CHANNELS = "mockspaces.realtime.channels"
CALLS = "mockspaces.realtime.calls"
PRESENCE = "mockspaces.realtime.presence"
MEDIA = "mockspaces.realtime.media"
ENGINEIO3 = "mockspaces.realtime.engineio3"
CHAT = "mockspaces.realtime.chat"
CREDENTIALS = "mockspaces.realtime.credentials"
CONTROL_SURFACE = "mockspaces.control.surface"
APPS = "mockspaces.control.apps"
HTTP = "mockspaces.server.http"
WEBSOCKET, HANDSHAKE = "mockspaces.server.websocket", "mockspaces.server.handshake"
SERVER = "mockspaces.server.server"
APP = "mockspaces.app"

SURFACES: Rules = {
    # --- mockspaces.accounts
    "Basic credentials not form-decoded": (
        Rule(TOKEN_ENDPOINT, "_basic", "unquote_plus(client_id), unquote_plus(secret)", "client_id, secret"),
        ("ACC-TOKEN-03",),
    ),
    "body and header name different secrets": (
        without(TOKEN_ENDPOINT, "issue", " or secret not in (None, basic[1])"),
        ("ACC-TOKEN-03",),
    ),
    "buttons of the mock work unasked": (
        without(LOGIN, "submit", " if call.world.settings.accounts_list_users else None"),
        ("ACC-SIGNIN-01",),
    ),
    "logout leaves the session": (
        undone(LOGIN, "log_out", "await sign_in.end_session(call.world, call.cookie(cookies.SESSION))"),
        ("ACC-LOGOUT-02",),
    ),
    "prompt asks for the login page for ever": (
        Rule(AUTHORIZE, "_to_login", "without='prompt'", "without=None"),
        ("ACC-AUTHZ-08",),
    ),
    "implicit answer in the query": (
        Rule(
            AUTHORIZE, "_back", "with_fragment if response_type == oauth_requests.TOKEN else with_query", "with_query"
        ),
        ("ACC-AUTHZ-12", "ACC-AUTHZ-17"),
    ),
    "redirect without a path": (
        never(REDIRECTS, "_begun", "parts.scheme in _DEFAULT_PORTS and"),
        ("ACC-AUTHZ-16",),
    ),
    "next with a backslash": (
        Rule(REDIRECTS, "accepted_next", r'text[1:2] not in ("/", "\\")', 'text[1:2] != "/"'),
        ("ACC-SIGNIN-05",),
    ),
    "next with userinfo": (without(REDIRECTS, "_origin", ' or "@" in parts.netloc'), ("ACC-SIGNIN-05",)),
    "cookies of all worlds of a host are one": (
        Rule(COOKIES, "write", "Path={home(exchange)}", "Path=/"),
        ("ACC-SIGNIN-07",),
    ),
    "second tab spoils the first": (
        without(CSRF, "token", "cookies.read(exchange, cookies.CSRF) or "),
        ("ACC-LOGIN-02", "ACC-SIGNIN-04"),
    ),
    "password trimmed": (
        Rule(
            PARAMETERS,
            "Parameters.__init__",
            "value if name in as_sent else value.strip(BLANKS)",
            "value.strip(BLANKS)",
        ),
        ("ACC-GEN-04",),
    ),
    "repeated parameter accepted": (never(PARAMETERS, "Parameters.__init__", "name in values"), ("ACC-GEN-05",)),
    "directory searched by case": (Rule(PEOPLE, "colleagues", "text.casefold()", "text"), ("ACC-DIR-01",)),
    "one profile for all people": (
        Rule(PEOPLE, "_profile_id", "{call.caller.user.id}/", "/"),
        ("ACC-PROFGET-01", "ACC-PROFSET-01"),
    ),
    "one profile for all products": (
        Rule(PEOPLE, "_profile_id", "/{call.params['sku']}", "/"),
        ("ACC-PROFGET-01", "ACC-PROFSET-01"),
    ),
    "cookie of another program taken silently": (
        undone(LOGIN, "_page", "call.exchange.note(cookies.taken(call.exchange))"),
        ("ACC-SIGNIN-07",),
    ),
    "every session cookie is that of another program": (
        without(COOKIES, "taken", " and not _SESSION_ID.fullmatch(value)"),
        ("ACC-SIGNIN-07",),
    ),
    # --- mockspaces.rest
    "page number beside a reference": (never(PAGING, "referenced", "by_page and reference"), ("PAGE-R-04",)),
    "pageref stands still": (Rule(PAGING, "tokened", "turn + 1", "turn"), ("PAGE-R-03",)),
    "token of another list accepted": (
        Rule(PAGING, "_mac", "call.endpoint.id.encode() + payload", "payload"),
        ("PAGE-T-01",),
    ),
    "page token of another world accepted": (
        Rule(PAGING, "_mac", 'call.world.secret("page token")', 'b"page token"'),
        ("AUTH-WORLD-01",),
    ),
    "a page is as large as it likes": (never(PAGING, "fitting", "room < 0 and shown"), ("PAGE-SIZE-02",)),
    "what is longer than a page is on none": (without(PAGING, "fitting", " and shown"), ("PAGE-SIZE-02",)),
    "a page before loses its nearest items": (
        Rule(PAGING, "fitting", "reversed(items) if backward else items", "items"),
        ("PAGE-SIZE-02",),
    ),
    "a short numbered page keeps its size": (
        never(PAGING, "_by_number", "data and len(data) < len(found[:many])"),
        ("PAGE-SIZE-02",),
    ),
    "a short page is the last": (without(PAGING, "_shown", " or many < len(items)"), ("PAGE-SIZE-02",)),
    "reference to what comes before wins": (
        Rule(
            PAGING,
            "referenced",
            'call.query.get("nextRefObjId") or call.query.get("prevRefObjId")',
            'call.query.get("prevRefObjId") or call.query.get("nextRefObjId")',
        ),
        ("PAGE-R-02",),
    ),
    "page number beside a token": (never(PAGING, "_refuse_mixture", "other in call.query"), ("PAGE-T-01",)),
    "anybody asks for others": (
        Rule(ENTRANCES, "myself", 'params["userId"] not in ("me", call.caller.id)', "False"),
        ("USERS-COLL-05", "USERS-WITHDM-03"),
    ),
    "people of other companies": (
        without(ENTRANCES, "colleague", " or person.company_id != company_id"),
        ("USERS-PEOPLE-03",),
    ),
    "file of an old message": (
        undone(ENTRANCES, "file", "messages.check_visible(call.world, standing, found)"),
        ("PERM-HIST-01",),
    ),
    "space of any type made": (never(SPACES, "create", "body.topic.type not in"), ("SPACES-CREATE-01",)),
    "space made for others": (never(SPACES, "create_old", "body.cid not in"), ("SPACES-CREATEOLD-02",)),
    "meeting of no length": (Rule(INVITES, "invitation", "end < start", "end <= start"), ("SPACES-CREATE-10",)),
    "invite moved to another space": (
        never(INVITES, "change", "body.topic_id != mine.space_id"),
        ("SPACES-INVUPD-03",),
    ),
    "anybody lowers hands": (
        undone(MEETINGS, "lower_hand", "meetings.check_own(call.caller, found, body.attendee_id)"),
        ("MEET-HANDLOW-01", "MEET-GEN-04"),
    ),
    "guest queries before their joining": (
        Rule(MESSAGES, "_bounds", "max(floor, moment + 1)", "moment + 1"),
        ("PERM-HIST-01",),
    ),
    "message of the very moment is after it": (Rule(MESSAGES, "_bounds", "moment + 1", "moment"), ("MSG-QUERY-01",)),
    "files for a space of strangers": (
        undone(
            FILES,
            "upload_urls",
            "access.check_stranger(await access.standing(call.world, call.caller, space), admits=False)",
        ),
        ("FILES-UP-05",),
    ),
    "company's policy of attachments ignored": (
        never(FILES, "upload_urls", "company and company.deny_attachments"),
        ("FILES-UP-05",),
    ),
    # --- mockspaces.storage
    "page from the storage runs": (never(SURFACE, "_give", "not harmless("), ("STO-GET-02",)),
    "part beyond the end": (
        Rule(SURFACE, "_part", 'min(int(match["last"] or size), size - 1)', 'int(match["last"] or size)'),
        ("STO-GET-01",),
    ),
    # --- mockspaces.asgi
    "first of a repeated parameter counts": (
        Rule(EXCHANGE, "Exchange.query", "dict(self.pairs)", "dict(reversed(self.pairs))"),
        ("REST-REQ-01",),
    ),
    "body of exactly the limit refused": (
        Rule(EXCHANGE, "Exchange._read", "size > most", "size >= most"),
        ("REST-REQ-05",),
    ),
    "length of exactly the limit refused": (
        Rule(EXCHANGE, "Exchange.body", "int(declared) > most", "int(declared) >= most"),
        ("REST-REQ-05",),
    ),
    # --- mockspaces.realtime
    "URLs of whoever was told first": (Rule(HUB, "Hub.announce", "connection.base, ", '"", '), ("RT-SENT-02",)),
    "removal of one ends all subscriptions": (
        never(ANNOUNCEMENTS, "channel_closed", "event.person_id is not None"),
        ("RT-UNSUB-03", "SPACES-KICK-03"),
    ),
    "removed person hears on": (
        undone(ANNOUNCEMENTS, "channel_closed", "hub.world.presence.expel(connection.id, space_id)"),
        ("SPACES-KICK-03", "RT-UNSUB-03"),
    ),
    "sockets of other grants end too": (
        Rule(ANNOUNCEMENTS, "access_ended", "event.grant_id in (None, connection.grant)", "True"),
        ("RT-AUTH-12",),
    ),
    "stranger listens in an archived space": (
        never(CHANNELS, "_admit", "space.archived and not found.member"),
        ("RT-SUB-10", "PERM-ARCH-01"),
    ),
    "subscribing is no visit": (never(CHANNELS, "subscribe", "found.member"), ("RT-SUB-10",)),
    "call that has ended lives on": (never(CALLS, "_answer", "kind in (events.CALL_ENDED"), ("RT-CALL-04",)),
    "anybody answers a call": (without(CALLS, "_answer", " or session.caller.id not in call.parties"), ("RT-CALL-04",)),
    "strangers call each other": (
        undone(CALLS, "_may_call", "await directs.check_related(world, session.caller, person)"),
        ("RT-CALL-04",),
    ),
    "goodbye forgotten": (Rule(PRESENCE, "relay", "online=False", "online=True"), ("RT-PRES-09",)),
    "old media session stays": (never(MEDIA, "_tracks", "before not in (None, name)"), ("RT-MED-07",)),
    "camera makes no video meeting": (Rule(MEDIA, "_tracks", 'media.get("video") is True', "False"), ("DM-MEET-01",)),
    "attachments of exactly the limit dropped": (
        Rule(ENGINEIO3, "Attachments.add", "self.size > self._limit", "self.size >= self._limit"),
        ("RT-EIO-18",),
    ),
    "longest frame dropped": (
        Rule(ENGINEIO3, "Codec.receive", "len(frame) > self._limit", "len(frame) >= self._limit"),
        ("RT-EP-08",),
    ),
    "default namespace joined again": (
        never(ENGINEIO3, "Codec3._message", "packet.namespace == packets.DEFAULT"),
        ("RT-EIO-10", "RT-EIO-15"),
    ),
    "binary frame without its first byte": (
        Rule(ENGINEIO3, "Codec3.send", "bytes((MESSAGE_BYTE,)) + frame", "frame"),
        ("RT-EIO-18",),
    ),
    "protocol 4 whatever the setting": (without(ENGINEIO3, "protocol", " and allow_eio4"), ("RT-EP-05",)),
    "second CONNECT unchecked": (
        undone(CHAT, "ChatNamespace.reauthenticate", "await self._admit(world, transport, namespace, auth, None)"),
        ("RT-EIO-13",),
    ),
    "CONNECT wins over the handshake": (
        Rule(CREDENTIALS, "read", 'if not handshake.get("token")', "if auth"),
        ("RT-AUTH-08",),
    ),
    "mangled token taken unasked": (
        without(CREDENTIALS, "read", " and world.settings.socket_lenient_token"),
        ("RT-AUTH-10",),
    ),
    "a fourth connection refused unasked": (
        without(CHAT, "_check_connections", "world.settings.socket_enforce_limits and "),
        ("RT-AUTH-13",),
    ),
    "the size of events is not looked at": (never(CHAT, "_check_event", "size > most"), ("RT-AUTH-13",)),
    "the size of events is looked at unasked": (
        never(CHAT, "_check_event", "not world.settings.socket_enforce_limits"),
        ("RT-AUTH-13",),
    ),
    "each connection has its own count of events": (
        Rule(CHAT, "_check_event", "session.caller.id", "session.id"),
        ("RT-AUTH-13",),
    ),
    "a pairing is told to the space": (
        Rule(ANNOUNCEMENTS, "app_paired", "hub.of_person(event.user.id)", "hub.in_space(event.space.id)"),
        ("RT-PAIR-01",),
    ),
    "a change of tracks begins another media session": (without(MEDIA, "_tracks", " or before"), ("RT-MED-07",)),
    "an edit is told as one's own": (
        Rule(
            "mockspaces.realtime.payloads",
            "message",
            "sender=seen.sender",
            "sender=msgspec.structs.replace(seen.sender, id=connection.person_id)",
        ),
        ("RT-SENT-05",),
    ),
    "the author of an event is its space": (
        Rule("mockspaces.realtime.payloads", "message", "shown.sender.id", "space.id"),
        ("RT-SENT-03",),
    ),
    "callees may be blank": (
        never("mockspaces.rest.misc", "call_phones", "not one.address.strip()"),
        ("MISC-CALL-01",),
    ),
    "a call without callees": (
        never("mockspaces.rest.misc", "call_phones", "not 1 <= len(body.callees)"),
        ("MISC-CALL-01",),
    ),
    "a parameter given twice counts once, whatever it says": (
        without(PARAMETERS, "Parameters.__init__", " and values[name] == taken"),
        ("ACC-AUTHZ-01",),
    ),
    "a parameter given twice is refused, whatever it says": (
        Rule(PARAMETERS, "Parameters.__init__", "repeats and", "False and"),
        ("ACC-AUTHZ-01",),
    ),
    # --- mockspaces.control
    "control token unchecked": (
        never(CONTROL_SURFACE, "ControlSurface._check_token", "not hmac.compare_digest("),
        ("CTRL-04",),
    ),
    "control token forgotten": (never(CONTROL_SURFACE, "ControlSurface._check_token", "given is None"), ("CTRL-04",)),
    "control calls without a body": (
        never(CONTROL_SURFACE, "ControlSurface.answer", "exchange.method not in control.WITHOUT_BODY and"),
        ("CTRL-03",),
    ),
    "clock moved in two ways at once": (
        never("mockspaces.control.clock", "move", "sum(given is not None"),
        ("DM-CFG-04",),
    ),
    "clock before 1970": (
        Rule("mockspaces.control.clock", "_check", "0 <= moment", "moment"),
        ("DM-CFG-04",),
    ),
    "key in use dropped": (
        Rule("mockspaces.control.keys", "drop", 'drop(call.params["publickeyid"])', "rotate(drop_old=True)"),
        ("ACC-UJWT-04",),
    ),
    "token of the life that is usual": (
        Rule("mockspaces.control.people", "create_token", "grant, expires_in=body.expires_in", "grant"),
        ("ACC-TOK-03",),
    ),
    "user disabled by halves": (
        never("mockspaces.control.people", "change_user", "patch.enabled is not None"),
        ("AUTH-USER-05",),
    ),
    "foreign pages control the mock": (
        never(CONTROL_SURFACE, "ControlSurface._check_origin", "origin not in own"),
        ("CTRL-06",),
    ),
    "any body controls the mock": (never(CONTROL_SURFACE, "_check_media_type", "media_type !="), ("CTRL-03",)),
    "any name leads to the mock": (
        never(CONTROL_SURFACE, "ControlSurface._check_host", '"." in name and'),
        ("CTRL-06",),
    ),
    "dropped key lives on": (
        undone(APPS, "drop_key", "await call.world.state.app_keys.delete(key.id)"),
        ("AUTH-SVC-04",),
    ),
    # --- mockspaces.server
    "body behind an offer is lost": (
        Rule(HTTP, "HttpProtocol._take_offer", "self._feed(head + rest)", "self._feed(head)"),
        ("REST-REQ-03",),
    ),
    "half a WebSocket is one": (
        Rule(HTTP, "HttpProtocol._take_offer", "if not problem", "if True"),
        ("RT-EP-04", "REST-REQ-03"),
    ),
    "head of any size": (
        never(HTTP, "HttpProtocol.on_headers_complete", "self._head > HEAD_BYTES and"),
        ("ERR-BODY-01",),
    ),
    "methods in small letters go unnamed": (
        never(HTTP, "_explained", "line and method != method.upper()"),
        ("ERR-BODY-01",),
    ),
    "early answer is lost on the way": (
        Rule(HTTP, "HttpProtocol.linger", "if self._stopping or", "if True or"),
        ("REST-REQ-05", "ACC-GEN-12"),
    ),
    "of calls at once the last one comes first": (
        Rule(HTTP, "HttpProtocol.on_response_complete", "self.pipeline.pop()", "self.pipeline.popleft()"),
        ("REST-RES-01",),
    ),
    "frames beside the handshake are lost": (never(HTTP, "HttpProtocol._switch", "rest:"), ("RT-EP-08",)),
    "handshake with a body": (
        undone(HANDSHAKE, "handshake_problem", 'return "a WebSocket handshake has no body"'),
        ("RT-EP-04",),
    ),
    "WebSocket of any version": (
        never(HANDSHAKE, "handshake_problem", 'values(headers, b"sec-websocket-version") !='),
        ("RT-EP-04",),
    ),
    "long frame stops after its first part": (
        Rule(WEBSOCKET, "WebSocketProtocol._go_on", "self.loop.call_soon(self._go_on)", "..."),
        ("RT-EP-08",),
    ),
    "connections to a dropped world go on": (
        undone(SERVER, "WorldListeners.close", "connection.shutdown()"),
        ("AUTH-WORLD-01",),
    ),
    "worlds share the port of the first": (
        Rule(SERVER, "WorldListeners.url", "url_of(self._shown, port)", "url_of(self._shown, min(self._open))"),
        ("AUTH-WORLD-01", "REST-HOST-02"),
    ),
    # --- mockspaces
    "a world has the URLs of its port by its prefix too": (
        Rule(APP, "App._find", "Origins(self.worlds.prefix_url(name))", "hosted.world.origins"),
        ("REST-HOST-02",),
    ),
    "prefix need not be a whole segment": (
        Rule(APP, "App._surface", '(prefix.endswith("/") or path[len(prefix) :][:1] in ("", "/"))', "True"),
        ("CTRL-01",),
    ),
}
