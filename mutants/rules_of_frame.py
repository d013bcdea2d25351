"""Rules of what carries the cloud that are broken by hand: kernel, store, ASGI, and what the surfaces are built on."""

from mutants.rule import Rule, Rules, never, undone, without

CLOCK = "mockspaces.cloud.kernel.clock"
JWS = "mockspaces.cloud.kernel.jws"
NESTING = "mockspaces.cloud.kernel.nesting"
ESCAPING = "mockspaces.cloud.kernel.escaping"
CONNECTIONS = "mockspaces.cloud.kernel.presence"
COLLECTION = "mockspaces.cloud.store.collection"
LISTING = "mockspaces.cloud.store.listing"
DIRECTORY = "mockspaces.cloud.people.directory"
REGISTRATION = "mockspaces.cloud.spaces.registration"
DECODING = "mockspaces.asgi.decoding"
EXCHANGE = "mockspaces.asgi.exchange"
ROUTING = "mockspaces.asgi.routing"
CORS = "mockspaces.asgi.cors"
CALL = "mockspaces.asgi.call"
REST = "mockspaces.rest.surface"
ANONYMOUS = "mockspaces.rest.anonymous"
OWN_SPACES = "mockspaces.rest.own_spaces"
STORAGE = "mockspaces.storage.surface"
ACCOUNTS = "mockspaces.accounts.surface"
FAILURES = "mockspaces.accounts.failures"
FORMS = "mockspaces.accounts.call"
PACKETS = "mockspaces.realtime.packets"
CODEC = "mockspaces.realtime.engineio3"
ADAPTER = "mockspaces.realtime.adapter"
HUB = "mockspaces.realtime.hub"
ANNOUNCEMENTS = "mockspaces.realtime.announcements"
CHANNELS = "mockspaces.realtime.channels"
PRESENCE = "mockspaces.realtime.presence"
CALLS = "mockspaces.realtime.calls"

FRAME: Rules = {
    # --- mockspaces.cloud.kernel
    "a second advance forgets the first": (
        Rule(CLOCK, "Clock.advance", "now.offset + seconds", "seconds"),
        ("DM-CFG-04",),
    ),
    "a frozen clock goes on when it is moved": (
        Rule(CLOCK, "Clock.advance", "ClockSetting(now.offset, now.frozen + seconds)", "ClockSetting(now.offset)"),
        ("DM-CFG-04",),
    ),
    "a clock that goes on keeps its lead": (
        Rule(CLOCK, "Clock.resume", "ClockSetting()", "ClockSetting(self._setting.value.offset)"),
        ("DM-CFG-04",),
    ),
    "milliseconds are cut off": (Rule(CLOCK, "Clock.now_ms", "round(", "int("), ("REST-TIME-01", "DM-CFG-04")),
    "the zone of a time is ignored": (
        Rule(CLOCK, "milliseconds", "moment.astimezone(UTC)", "moment.replace(tzinfo=UTC)"),
        ("REST-TIME-01", "REST-TIME-02", "DM-CFG-04"),
    ),
    "padded base64url accepted": (never(JWS, "_decoded", "encoded(data) != part"), ("AUTH-SVC-01", "AUTH-SVC-05")),
    "a JWT repeats a claim": (never(JWS, "_decoder.members", "len(found) != len(pairs)"), ("AUTH-SVC-01",)),
    "JSON of exactly the depth refused": (
        Rule(NESTING, "deeper_than", "range(limit + 1)", "range(limit)"),
        ("REST-REQ-07", "RT-EP-08"),
    ),
    "brackets in texts count as arrays": (never(NESTING, "containers", "count > enough"), ("REST-REQ-07",)),
    "another quote ends an attribute": (
        Rule(ESCAPING, "escape", 'quote = "" if sign == quote else quote', 'quote = ""'),
        ("MSG-GEN-04",),
    ),
    "entities escaped once more": (
        Rule(ESCAPING, "_quoted", "for sign, entity in", 'for sign, entity in {"&": "&amp;"}.items() |'),
        ("MSG-GEN-04",),
    ),
    "every less-than begins a tag": (
        Rule(ESCAPING, "escape", "_TAG_BEGINS.match(text, at) is not None", "True"),
        ("MSG-GEN-04",),
    ),
    "who was removed says that they leave": (
        undone(CONNECTIONS, "Presence.expel", "self.announce(connection_id, space_id, online=False)"),
        ("RT-PRES-07", "RT-PRES-09"),
    ),
    "online in one space at a time": (
        Rule(CONNECTIONS, "Presence.announce", "(*others, space_id)", "(space_id,)"),
        ("RT-PRES-09",),
    ),
    "gone from one space is gone from all": (
        Rule(CONNECTIONS, "Presence.announce", "if online else others", "if online else ()"),
        ("RT-PRES-09",),
    ),
    "a subscription replaces those of other spaces": (
        Rule(CONNECTIONS, "Presence._change", "if name != space_id", "if False"),
        ("RT-SUB-09",),
    ),
    "every subscription has the same number": (
        Rule(CONNECTIONS, "Presence.subscribe", "self._state.subscribed.value + 1", "1"),
        ("RT-SUB-03", "RT-SUB-08"),
    ),
    "all who listen anywhere are together": (
        Rule(CONNECTIONS, "Presence.together", "not self._spaces_of(one).isdisjoint(self._spaces_of(other))", "True"),
        ("SPACES-DIRECT-04", "RT-CALL-04"),
    ),
    "nobody is together by listening": (
        Rule(CONNECTIONS, "Presence.together", "not self._spaces_of(one).isdisjoint(self._spaces_of(other))", "False"),
        ("SPACES-DIRECT-04", "RT-CALL-04"),
    ),
    # --- mockspaces.cloud.store
    "a page repeats its reference in an ascending list": (
        Rule(COLLECTION, "Collection.near", "inclusive=(False, True)", "inclusive=(True, True)"),
        ("PAGE-R-01", "PAGE-T-01", "PAGE-ENV-02"),
    ),
    "the later end of a walk belongs to it": (
        Rule(COLLECTION, "Collection.between", "inclusive=(True, False)", "inclusive=(True, True)"),
        ("MSG-QUERY-01", "PERM-HIST-01", "USERS-MSGS-01"),
    ),
    "pages of a descending list from the wrong end": (
        Rule(
            COLLECTION,
            "Collection.page",
            "0 if end is None else max(0, size - end), max(0, size - start)",
            "start, end",
        ),
        ("PAGE-R-04", "PAGE-N-01", "PAGE-ORD-01"),
    ),
    "a filter ends a list after one batch": (
        Rule(LISTING, "Indexed._filtered", "len(batch) < size", "True"),
        ("PAGE-RX-01", "SPACES-MEMBERS-01"),
    ),
    "a page before begins at the beginning": (
        Rule(LISTING, "Indexed._filtered", "found[-limit:]", "found[:limit]"),
        ("PAGE-R-01", "PAGE-T-01"),
    ),
    "a page before of a merged list begins at the beginning": (
        Rule(LISTING, "Merged.near", "together[-limit:]", "together[:limit]"),
        ("PAGE-R-01", "PAGE-T-01", "USERS-MSGS"),
    ),
    "a merged list takes a page of each": (
        Rule(LISTING, "Merged.page", "offset=0, limit=offset + limit", "offset=offset, limit=limit"),
        ("PAGE-N-01", "USERS-MSGS", "USERS-COLL-05"),
    ),
    "equals of a merged list have one place": (
        Rule(LISTING, "Merged.place", "place(item)", "place(item)[:1]"),
        ("USERS-MSGS-02", "USERS-IDEAS-02"),
    ),
    "a merged list is one after the other": (
        Rule(
            LISTING,
            "Merged._merged",
            "merge(*parts, key=self.place, reverse=self._descending)",
            "sum(map(list, parts), [])",
        ),
        ("PAGE-ORD-01", "USERS-MSGS", "USERS-COLL-05"),
    ),
    # --- mockspaces.cloud.people, mockspaces.cloud.spaces
    "a directory never changes": (
        without(DIRECTORY, "of_company", " and known.revision == revision"),
        ("USERS-COLL-01", "USERS-COLL-02"),
    ),
    "people are found by one address": (
        Rule(DIRECTORY, "fields", "*user.emails", "user.username"),
        ("USERS-COLL-01",),
    ),
    "one address of two users": (
        never(REGISTRATION, "create_user", "await people.by_email(world, one)"),
        ("DM-USER-02", "DM-USER-05"),
    ),
    "entries of a second address stay": (
        Rule(REGISTRATION, "create_user", "for one in user.emails:  #", "for one in user.emails[:1]:  #"),
        ("SPACES-INVITE-05",),
    ),
    # --- mockspaces.asgi
    "an empty body is no JSON": (
        Rule(DECODING, "counted", 'data if data.strip() else b"{}"', "data"),
        ("REST-REQ-03",),
    ),
    "an endless nesting is a bug": (
        Rule(DECODING, "counted", "except RecursionError:", "except ZeroDivisionError:"),
        ("REST-REQ-07",),
    ),
    "half of a pair goes unnamed": (
        Rule(DECODING, "counted", "if half := mended(text):", "if (half := mended(text)) and False:"),
        ("REST-REQ-08",),
    ),
    "blanks at the end of a header stay": (
        Rule(EXCHANGE, "Exchange._read_headers", 'name: value.strip(b" \\t")', "name: value"),
        ("AUTH-HDR-01", "REST-RES-04"),
    ),
    "of a repeated header the first counts": (
        Rule(EXCHANGE, "Exchange._read_headers", 'b", ".join(values)', "values[0]"),
        ("AUTH-HDR-01", "REST-RES-04"),
    ),
    "a parameter wins over a word": (
        Rule(ROUTING, "_walk", "literal and (found", "node.parameter is None and literal and (found"),
        ("ERR-ORDER-05",),
    ),
    "an empty segment is a parameter": (without(ROUTING, "_walk", " or not segment"), ("ERR-ORDER-01", "ERR-ORDER-05")),
    "a slash at the end is another path": (
        Rule(ROUTING, "_segments", 'path.strip("/")', 'path.lstrip("/")'),
        ("REST-REQ-01", "ACC-GEN-02"),
    ),
    "no HEAD": (Rule(ROUTING, "Router._find", '"GET" if method == "HEAD" else method', "method"), ("REST-REQ-06",)),
    "browsers may send known headers only": (without(CORS, "preflight", ", *names"), ("REST-CORS-02",)),
    "compressed bodies read as text": (never(CALL, "Call.text", "body and encoding"), ("REST-REQ-03", "ACC-TOKEN-01")),
    "byte order mark told as bad JSON": (never(CALL, "Call.text", "body.startswith"), ("REST-REQ-03",)),
    # --- mockspaces.rest
    "a bad credential counts where none is needed": (
        Rule(
            REST,
            "RestSurface._carry_out",
            '"none" not in endpoint.auth',
            'exchange.header(b"authorization") is not None',
        ),
        ("ERR-ORDER-03", "AUTH-HDR-06"),
    ),
    "refusals have an ETag": (without(REST, "conditional", " or response.status_code != 200"), ("REST-RES-04",)),
    "what a client has is sent again": (
        Rule(REST, "conditional", 'given := exchange.header(b"if-none-match")', 'given := ""'),
        ("REST-RES-04",),
    ),
    "of several known ETags the first counts": (
        Rule(REST, "conditional", 'given.split(",")]', 'given.split(",")[:1]]'),
        ("REST-RES-04",),
    ),
    "any ETag is not every ETag": (without(REST, "conditional", '"*" in known or '), ("REST-RES-04",)),
    "two documents of one length are equal": (
        Rule(REST, "conditional", "crc32(body))", "0)"),
        ("REST-RES-04",),
    ),
    "a form that begins like JSON is a form": (
        without(ANONYMOUS, "authenticate_guest", ' and not body.startswith(b"{")'),
        ("USERS-ANON-01", "USERS-ANON-05", "REST-REQ-03"),
    ),
    "null unpins nothing": (
        Rule(OWN_SPACES, "prefer", "None if body.is_pinned is UNSET", "None if not isinstance(body.is_pinned, bool)"),
        ("USERS-PREF-01",),
    ),
    "null leaves the notification": (
        Rule(
            OWN_SPACES,
            "prefer",
            "None if body.notification is UNSET",
            "None if not isinstance(body.notification, bool)",
        ),
        ("USERS-PREF-01",),
    ),
    "one type of space at a time": (
        Rule(OWN_SPACES, "_wanted", '.split(",")\n', '.split(",")[:1]\n'),
        ("USERS-SPACES-04",),
    ),
    # --- mockspaces.storage
    "a signature to read lets nobody read": (
        Rule(STORAGE, "_give", '_check_signature(exchange, "GET", file)', "..."),
        ("STO-GET-01",),
    ),
    "anybody uploads": (
        Rule(STORAGE, "StorageSurface._take.reserve", '_check_signature(exchange, "PUT", file)', "..."),
        ("STO-PUT-03", "STO-PUT-04"),
    ),
    "the last bytes are the first": (
        Rule(STORAGE, "_part", 'max(0, size - int(match["last"])), size - 1', '0, min(int(match["last"]), size) - 1'),
        ("STO-GET-01", "STO-GET-02"),
    ),
    "an upload that fails keeps its room": (
        undone(STORAGE, "StorageSurface._release.release", "await files.release(world, one)"),
        ("STO-PUT-05",),
    ),
    "a picture with scripts is shown in place": (
        without(STORAGE, "harmless", " and essence not in facts.scriptable"),
        ("STO-GET-02",),
    ),
    "a type is compared with its case": (
        without(STORAGE, "harmless", ".lower()"),
        ("STO-GET-02",),
    ),
    # --- mockspaces.accounts
    "the misspelt path is served unasked": (
        never(ACCOUNTS, "AccountsSurface._address", "not exchange.world.settings.accounts_typo_alias"),
        ("ACC-TOKEN-17",),
    ),
    "anybody is somebody": (
        never(ACCOUNTS, "AccountsSurface._authenticate", "caller.kind not in endpoint.auth"),
        ("ACC-SELF-02",),
    ),
    "an encoded question mark by capitals only": (
        without(ACCOUNTS, "AccountsSurface._address", ".lower()"),
        ("ACC-AUTHZ-14",),
    ),
    "a challenge to whoever did not ask": (
        without(FAILURES, "_json", ' and exchange.header(b"authorization") is not None'),
        ("ACC-ERR-05", "ACC-TOKEN-03"),
    ),
    "errors in the vendor's style only": (
        Rule(FAILURES, "_json", "STYLES[exchange.world.settings.accounts_error_style]", "_vendor"),
        ("ACC-ERR-03",),
    ),
    "no form of several parts": (never(FORMS, "Call._form_pairs", "media_type == MULTIPART"), ("ACC-TOKEN-01",)),
    # --- mockspaces.realtime
    "arguments of exactly the depth ignored": (
        Rule(PACKETS, "decode", "depth + 1", "depth"),
        ("RT-EP-08", "REST-REQ-07"),
    ),
    "a client fires the library's own events": (
        never(PACKETS, "_check", "value[0] in RESERVED"),
        ("RT-EP-08", "RT-EIO-22"),
    ),
    "a packet of a dead type goes on": (
        never(CODEC, "Codec._text", "frame[:1] not in tuple(TYPES)"),
        ("RT-EIO-20",),
    ),
    "answers of the client keep the comma": (
        Rule(CODEC, "Codec3._packet", "text[0] != packets.CONNECT_ERROR", "text[0] == packets.CONNECT"),
        ("RT-EIO-16", "RT-WIRE-04"),
    ),
    "a second CONNECT ends the connection": (
        Rule(ADAPTER, "Transport._admitted", "not joined or ", "True or "),
        ("RT-EIO-13",),
    ),
    "pictures of one way to a world for all": (
        without(HUB, "Hub.announce", "connection.base, "),
        ("RT-SENT-02",),
    ),
    "spelling of one namespace for all": (
        Rule(HUB, "Hub.announce", ", variant(connection), ", ", "),
        ("RT-SENT-02", "RT-MSG-06"),
    ),
    "both see one title of a direct space": (
        Rule(ANNOUNCEMENTS, "_viewer", 'connection.person_id if space.type == "direct" else None', "None"),
        ("RT-SENT-02",),
    ),
    "hiding is told to all who listen": (
        Rule(ANNOUNCEMENTS, "_to_person", "hub.of_person(event.person.id)", "hub.in_space(event.space.id)"),
        ("RT-USR-02", "RT-USR-03"),
    ),
    "what some shall hear all hear": (
        Rule(ANNOUNCEMENTS, "media_event", "event.receivers is None", "True"),
        ("RT-MED-03", "MEET-", "RT-MED-08"),
    ),
    "who is removed stays in the meeting": (
        Rule(ANNOUNCEMENTS, "channel_closed", "media is not None", "False"),
        ("RT-MED-05", "RT-UNSUB-03", "SPACES-KICK-03"),
    ),
    "any type of channel": (
        never(CHANNELS, "subscribe", 'channel.get("type") != only_type'),
        ("RT-SUB-01", "RT-SUB-07"),
    ),
    "a channel without id": (never(CHANNELS, "subscribe", "not space_id"), ("RT-SUB-07",)),
    "a PIN of any type": (never(CHANNELS, "_admit", "password is not None and not"), ("RT-SUB-07",)),
    "leaving a channel leaves no meeting": (
        undone(CHANNELS, "unsubscribe", "await leave_meeting(session, space_id)"),
        ("RT-MED-05",),
    ),
    "what the sender loops back, all get": (
        without(PRESENCE, "_tell.variant", " and recipient.id == session_id"),
        ("RT-PRES-03", "RT-PRES-05"),
    ),
    "leaving after the end is answered": (
        without(PRESENCE, "invalid_session", ' or payload["category"] == events.PARTY_LEAVES'),
        ("RT-PRES-07",),
    ),
    "the sender does not hear what is directed": (
        without(PRESENCE, "_audience", "one.id == session.id or "),
        ("RT-PRES-05",),
    ),
    "who unsubscribed is missed": (
        without(PRESENCE, "say_farewell", ".intersection(gone.spaces)"),
        ("RT-PRES-09", "RT-PRES-07"),
    ),
    "one who cannot be reached ends the offer": (
        Rule(CALLS, "relay", "hub.of_person(one) and ", "all(map(hub.of_person, wanted)) and "),
        ("RT-CALL-02",),
    ),
    "an answer reaches its caller alone": (
        Rule(CALLS, "_answer", "sorted({*call.parties})", "[call.parties[0]]"),
        ("RT-CALL-03",),
    ),
}
