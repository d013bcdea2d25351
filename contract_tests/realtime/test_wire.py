"""The wire of Engine.IO 3: the sequence of section 2 and the compatibility rules, frame by frame."""

import json
import time
from contextlib import suppress
from urllib.parse import urljoin

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus

from contract_tests.claims import claim, expect, observe
from contract_tests.kit import Cloud, Like, behaviour, only_mock
from contract_tests.sockets import JOINED, UUID, Chat, Frame, Sockets, address, credential

SID = Like("session id", r"[\w-]{20}")
TEN_MB = 10 * 1024 * 1024


def goes_on(chat: Chat) -> list[Frame]:
    """Return what came until now on a connection that must not have been closed."""
    try:
        return chat.frames()
    except ConnectionClosed as closed:
        raise AssertionError(f"the connection was closed: {closed}") from None


@behaviour(
    "RT-EP-02", "RT-EP-03", "RT-EP-06", "RT-WIRE-01", "RT-HB-01", "RT-HB-02", "RT-EIO-01", "RT-EIO-04", "RT-EIO-11"
)
def test_the_documented_sequence_is_exact(cloud: Cloud, sockets: Sockets) -> None:
    """Open, 40, 40/chat, a subscription and a pong come byte for byte as in the sequence of clients in use."""
    for kind, make in (("somebody anonymous", cloud.guest), ("a user", cloud.jwt_user)):
        who = make()
        wire = sockets.wire(sockets.url({**credential(who), "batchRoster": "true"}))
        with claim("RT-WIRE-01", f"{kind}: the open packet comes first"):
            opening = str(wire.receive())
            assert opening.startswith("0{"), opening
        with claim("RT-EIO-01", "RT-EP-03", f"{kind}: the open packet is that of protocol 3, byte for byte"):
            told = json.loads(opening[1:])
            intervals = f'"pingInterval":{told["pingInterval"]},"pingTimeout":{told["pingTimeout"]}'
            expect(opening, f'0{{"sid":"{told["sid"]}","upgrades":[],{intervals}}}')
        with claim("RT-HB-01", f"{kind}: the intervals are 25000 and 60000"):
            expect([told["pingInterval"], told["pingTimeout"]], [25_000, 60_000])
        with claim("RT-WIRE-01", "RT-EIO-04", f"{kind}: 40 comes unasked"):
            expect(wire.receive(), "40")
        with claim(
            "RT-WIRE-01", "RT-EP-02", "RT-EIO-11", f"{kind}: a CONNECT to /chat is acknowledged, without a payload"
        ):
            wire.send(f"40/chat?token={who.token}&tokenType=jwt,")
            answer = wire.receive()
            expect(answer, JOINED)
        with claim("RT-EP-06", f"{kind}: the acknowledgement is 40/chat without a comma"):
            expect(answer, "40/chat")
        with claim("RT-HB-02", f"{kind}: a ping is answered by a pong"):
            wire.send("2")
            expect(wire.receive(), "3")
    space = cloud.space(who)
    with claim("RT-EP-03", "an event and its answer are frames of Socket.IO protocol 4, byte for byte"):
        wire.send(f'42/chat,["SUBSCRIBE_CHANNEL",{{"channel":{{"_id":"{space}","type":"topic"}},"version":"1.1"}}]')
        answer = str(wire.receive())
        told = json.loads(answer[len("42/chat,") :])[1]
        expect(
            answer,
            f'42/chat,["CHANNEL_SUBSCRIBED",{{"channel":{{"_id":"{space}","type":"topic"}},'
            f'"dtsid":"{told["dtsid"]}","sessionId":"{told["sessionId"]}"}}]',
        )
    with claim("RT-HB-02", "a ping is answered by a pong after a subscription"):
        wire.send("2")
        expect(wire.receive(), "3")


@behaviour("RT-HB-01", "RT-EIO-03")
def test_the_open_packet_of_protocol_3_tells_four_members(cloud: Cloud, sockets: Sockets) -> None:
    """The open packet has sid, upgrades, pingInterval and pingTimeout, the settings in milliseconds, no maxPayload."""
    with claim("RT-EIO-03", "the open packet has four members and no maxPayload"):
        opening = sockets.open().opening
        expect(sorted(opening), ["pingInterval", "pingTimeout", "sid", "upgrades"])
    with claim("RT-EIO-03", "there is a session id, and there are no upgrades"):
        expect([opening["sid"], opening["upgrades"]], [SID, []])
    with claim("RT-HB-01", "pingInterval is 25000 and pingTimeout 60000"):
        expect([opening["pingInterval"], opening["pingTimeout"]], [25_000, 60_000])
    cloud.configure({"socket.ping_interval_ms": 1234, "socket.ping_timeout_ms": 999})
    with claim("RT-HB-01", "settings change both intervals"):
        opening = sockets.open().opening
        observe((opening["pingInterval"], opening["pingTimeout"]), (1234, 999))


@behaviour("RT-EP-02")
@pytest.mark.parametrize("path", ["socket.io/", "socket.io"])
def test_the_path_needs_no_final_slash(cloud: Cloud, sockets: Sockets, path: str) -> None:
    """Both spellings of the path open a connection."""
    before = cloud.urls["socketio_path"].rstrip("/").removesuffix("socket.io")
    url = sockets.url({}, {**cloud.urls, "socketio_path": f"{before}{path}"})
    with claim("RT-EP-02", "it opens a connection"):
        expect(sockets.at(url).greeting, "40")


@behaviour("RT-EP-06", "RT-EIO-11", "RT-EIO-16")
@pytest.mark.parametrize(("spelling", "comma"), [("1x", ""), ("2x", ",")])
def test_the_spelling_of_namespaces_is_a_setting(cloud: Cloud, sockets: Sockets, spelling: str, comma: str) -> None:
    """A 1.x server writes 40/chat and 41/chat, a 2.x server puts a comma behind."""
    cloud.configure({"socket.spelling": spelling})
    chat = sockets.open(cloud.user())
    with claim("RT-EP-06", "RT-EIO-11", "the acknowledgement is spelt so"):
        observe(chat.join(), f"40/chat{comma}")
    cloud.control("POST", "/sockets/close", {"how": "namespace"})
    with claim("RT-EIO-16", "the farewell is spelt so"):
        observe(chat.receive(), f"41/chat{comma}")


@behaviour("RT-WIRE-02", "RT-EIO-09", "RT-EIO-14")
@pytest.mark.parametrize("form", ["40/chat", "40/chat,", "40/chat?{query}", "40/chat?{query},"])
def test_every_form_of_connect_is_understood(cloud: Cloud, sockets: Sockets, form: str) -> None:
    """The CONNECT may have a query inside the namespace or none, a comma or none, and need not wait for 40."""
    for kind, make in (("somebody anonymous", cloud.guest), ("a user", cloud.jwt_user)):
        who = make()
        frame = form.format(query=f"token={who.token}&tokenType=jwt")
        url = sockets.url({} if "query" in form else credential(who))
        with claim("RT-WIRE-02", "RT-EIO-09", "RT-EIO-14", f"{kind}: it joins without waiting for 40"):
            wire = sockets.wire(url)
            wire.send(frame)
            expect([str(wire.receive())[:1], wire.receive(), wire.receive()], ["0", "40", JOINED])
        with claim("RT-WIRE-02", f"{kind}: it joins after 40 came"):
            chat = sockets.at(url)
            chat.send(frame)
            expect([chat.greeting, chat.receive()], ["40", JOINED])


@behaviour("RT-WIRE-03", "RT-EIO-12")
def test_an_unknown_namespace_is_refused_and_the_connection_stays(cloud: Cloud, sockets: Sockets) -> None:
    """The refusal is a string in the words of the library, and another CONNECT succeeds afterwards."""
    for kind, make in (("somebody anonymous", cloud.guest), ("a user", cloud.jwt_user)):
        chat = sockets.open(make())
        with claim("RT-WIRE-03", "RT-EIO-12", f"{kind}: an unknown namespace is refused"):
            chat.send("40/nope")
            expect(chat.receive(), '44/nope,"Invalid namespace"')
        with claim("RT-WIRE-03", "RT-EIO-12", f"{kind}: another CONNECT succeeds after it"):
            expect(chat.join(), JOINED)


@behaviour("RT-WIRE-04", "RT-EIO-15")
@pytest.mark.parametrize("farewell", ["41/chat", "41/chat,"])
def test_leaving_the_namespace_ends_subscriptions_and_keeps_the_transport(
    cloud: Cloud, sockets: Sockets, farewell: str
) -> None:
    """After 41/chat no event comes any more, pings are answered, and the namespace can be joined anew."""
    chat = sockets.join(cloud.guest())
    with claim("RT-WIRE-04", "RT-EIO-15", "the transport stays, and a ping is answered"):
        chat.send(farewell)
        expect(goes_on(chat), [])
    with claim("RT-WIRE-04", "the namespace can be joined anew"):
        expect(chat.join(), JOINED)
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    chat.send(farewell)
    chat.frames()
    with claim("RT-WIRE-04", "RT-EIO-15", "no event of a subscribed space comes any more"):
        cloud.message(space, ann)
        expect(goes_on(chat), [])
    with claim("RT-WIRE-04", "a user can join the namespace anew"):
        expect(chat.join(), JOINED)
    with claim("RT-WIRE-04", "the subscription does not come back"):
        cloud.message(space, ann)
        observe(goes_on(chat), [])


@behaviour("RT-EIO-10")
@pytest.mark.parametrize("frame", ["40", "40?token=x&tokenType=jwt", "40,"])
def test_the_default_namespace_is_joined_unasked(cloud: Cloud, sockets: Sockets, frame: str) -> None:
    """A CONNECT of the default namespace is swallowed, and the session goes on."""
    chat = sockets.join(cloud.guest())
    with claim("RT-EIO-10", "it is swallowed"):
        chat.send(frame)
        expect(goes_on(chat), [])
    with claim("RT-EIO-10", "the session goes on"):
        expect(chat.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-EIO-15")
def test_the_default_namespace_is_never_left(cloud: Cloud, sockets: Sockets) -> None:
    """A DISCONNECT of the default namespace is swallowed, and the session goes on."""
    chat = sockets.join(cloud.guest())
    with claim("RT-EIO-15", "41 is swallowed"):
        chat.send("41")
        expect(goes_on(chat), [])
    with claim("RT-EIO-15", "the session goes on after 41"):
        expect(chat.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-EIO-05", "RT-HB-02")
@pytest.mark.parametrize("ping", ["2", "2hello", "2probe"])
def test_a_ping_is_answered_by_a_bare_pong(sockets: Sockets, ping: str) -> None:
    """Outside an upgrade a ping is answered by 3, whatever it carries."""
    chat = sockets.open()
    with claim("RT-EIO-05", "RT-HB-02", "it is answered by 3"):
        chat.send(ping)
        expect(chat.receive(), "3")


@behaviour("RT-EIO-06", "RT-EIO-07", "RT-HB-02")
def test_no_ping_of_the_engine_reaches_a_client_of_protocol_3(cloud: Cloud, sockets: Sockets) -> None:
    """The client alone pings; for many intervals it sees nothing but its pongs, and its own pongs are dropped."""
    chat = sockets.join(cloud.guest())
    with claim("RT-EIO-07", "a pong of the client is dropped"):
        chat.send("3")
        expect(goes_on(chat), [])
    cloud.configure({"socket.ping_interval_ms": 100, "socket.ping_timeout_ms": 1000})
    chat = sockets.join(cloud.user())
    with claim("RT-EIO-06", "RT-EIO-07", "RT-HB-02", "for many intervals no ping comes, and pongs are dropped"):
        for _ in range(8):
            time.sleep(0.1)
            chat.send("3")
            expect(goes_on(chat), [])


@behaviour("RT-HB-02", "RT-HB-03", "RT-EIO-08")
def test_silence_ends_a_connection_and_any_packet_prolongs_it(cloud: Cloud, sockets: Sockets) -> None:
    """A connection without a packet for interval and timeout together is closed, WebSocket pings notwithstanding."""
    cloud.configure({"socket.ping_interval_ms": 300, "socket.ping_timeout_ms": 300})
    silent, pinging, busy = sockets.open(), sockets.open(), sockets.join(cloud.user())
    begin = time.monotonic()
    while time.monotonic() - begin < 1.1:
        busy.send("3")
        with suppress(ConnectionClosed):
            pinging.ping_websocket()
        time.sleep(0.1)
    with claim("RT-HB-03", "RT-EIO-08", "a silent connection is closed cleanly"):
        observe(silent.end(timeout=0.1), ([], 1000))
    with claim("RT-HB-02", "RT-HB-03", "pings of the WebSocket prolong nothing"):
        observe(pinging.end(timeout=0.1), ([], 1000))
    with claim("RT-HB-03", "RT-EIO-08", "any packet prolongs"):
        expect(goes_on(busy), [])


@behaviour("RT-EIO-06", "RT-HB-03")
def test_a_client_that_sends_events_needs_no_pings(cloud: Cloud, sockets: Sockets) -> None:
    """The engine's own pings, which no client of protocol 3 answers, end nothing: any packet prolongs."""
    cloud.configure({"socket.ping_interval_ms": 1000, "socket.ping_timeout_ms": 300})
    chat = sockets.join(cloud.user())
    with claim("RT-EIO-06", "RT-HB-03", "a client that sends events needs no pings"):
        for _ in range(3):
            time.sleep(0.8)
            observe(chat.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-HB-01", "RT-HB-03")
def test_a_connection_keeps_the_intervals_it_was_told(cloud: Cloud, sockets: Sockets) -> None:
    """Shorter intervals concern the connections that are opened afterwards."""
    old = sockets.open()
    cloud.configure({"socket.ping_interval_ms": 100, "socket.ping_timeout_ms": 100})
    with claim("RT-HB-01", "RT-HB-03", "shorter intervals hold for connections opened afterwards"):
        observe(sockets.open().end(), ([], 1000))
    with claim("RT-HB-01", "RT-HB-03", "an older connection keeps the intervals it was told"):
        observe(goes_on(old), [])


@behaviour("RT-EP-07", "RT-EIO-17")
@pytest.mark.parametrize("event", ["UNSUBSCRIBE_CHANNEL", "NO_SUCH_EVENT"])
def test_an_acknowledgement_has_no_arguments_and_comes_last(cloud: Cloud, sockets: Sockets, event: str) -> None:
    """An event that asks for an acknowledgement gets one after it was processed, with its id and an empty array."""
    chat = sockets.join(cloud.guest())
    with claim("RT-EP-07", "RT-EIO-17", "the acknowledgement comes last, with its id and no arguments"):
        chat.emit(event, {"channel": {"_id": "x", "type": "topic"}}, ack="17")
        observe(goes_on(chat)[-1], "43/chat,17[]")


def _is_ignored(cloud: Cloud, sockets: Sockets, frame: str, *ids: str) -> None:
    """Claim that a frame has no effect and that its connection goes on."""
    chat = sockets.join(cloud.guest())
    with claim(*ids, "it is ignored"):
        chat.send(frame)
        observe(goes_on(chat), [])
    with claim(*ids, "the connection goes on"):
        observe(chat.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-EP-08")
@pytest.mark.parametrize(
    "frame",
    [
        '42/chat,["NO_SUCH_EVENT",{}]',
        '42/chat,["SEND_MESSAGE","text"]',
        '42/chat,["SEND_MESSAGE"]',
        '42/chat,["SEND_MESSAGE",[1,2]]',
        '42/chat,["SEND_MESSAGE",null,7]',
        '42/chat,["SEND_PRESENCE_EVENT",{"category":{"a":1}}]',
        '42/chat,["connect",{}]',
        '42/chat,["disconnect","x"]',
        '42/chat,["SEND_MESSAGE",{"content":' + "[" * 40 + "]" * 40 + "}]",
        '42/chat,["SEND_MESSAGE",{"content":' + "[" * 100_000 + "]" * 100_000 + "}]",
        "42/chat,12345678901234567890[]",
        "42/chat",
        "4",
        "47",
        "4hello",
        "44/chat,{}",
        "43/chat,1[]",
        "43/chat,[]",
        "451-/chat,[]",
        '459999-/chat,["x"]',
        '451-/chat,["x",{"_placeholder":true,"num":7}]',
        '450-/chat,["x"]',
        "5",
        "6",
        "0{}",
        "b4*",
        "42/chat," + "x" * TEN_MB,
    ],
    ids=lambda frame: frame[:40],
)
def test_no_payload_closes_the_connection(cloud: Cloud, sockets: Sockets, frame: str) -> None:
    """Unknown events, odd payloads, deep JSON, misplaced packets and huge frames are ignored."""
    _is_ignored(cloud, sockets, frame, "RT-EP-08")


@behaviour("RT-EP-08", "RT-EIO-21")
@pytest.mark.parametrize("frame", ['42/chat,["SEND_MESSAGE"', "42/chat,[]", "42/chat,[7,{}]", '42/chat,{"a":1}'])
def test_malformed_json_is_ignored(cloud: Cloud, sockets: Sockets, frame: str) -> None:
    """JSON that is broken off, or is no array with the name of an event, closes nothing."""
    _is_ignored(cloud, sockets, frame, "RT-EP-08", "RT-EIO-21")


@behaviour("RT-EP-08", "RT-EIO-22")
@pytest.mark.parametrize(
    "frame",
    [
        '42["SEND_MESSAGE",{}]',
        '42/other,["SEND_MESSAGE",{}]',
        '451-/other,["x",{"_placeholder":true,"num":0}]',
    ],
)
def test_an_event_of_a_namespace_that_was_not_joined_is_ignored(cloud: Cloud, sockets: Sockets, frame: str) -> None:
    """Events of the default and of an unknown namespace close nothing."""
    _is_ignored(cloud, sockets, frame, "RT-EP-08", "RT-EIO-22")


@behaviour("RT-EIO-20")
@pytest.mark.parametrize("frame", ["9", "7", "8x", "hello", "", "/chat", b"\x05abc", b""])
def test_an_unknown_packet_type_closes_cleanly(cloud: Cloud, sockets: Sockets, frame: str | bytes) -> None:
    """A packet whose first character is not 0 to 6 closes the WebSocket with code 1000."""
    chat = sockets.join(cloud.guest())
    with claim("RT-EIO-20", "it closes the WebSocket cleanly"):
        chat.send(frame)
        expect(chat.end(), ([], 1000))


@behaviour("RT-EP-08")
def test_invalid_utf8_harms_only_its_sender(cloud: Cloud, sockets: Sockets) -> None:
    """A text frame that is no UTF-8 ends its own connection with code 1007, and no other."""
    guest = cloud.guest()
    bad, good = sockets.join(guest), sockets.join(guest)
    with claim("RT-EP-08", "a text frame that is no UTF-8 ends its connection with code 1007"):
        bad.send_raw_text(b'42/chat,["\xff"]')
        observe(bad.end()[1], 1007)
    with claim("RT-EP-08", "it ends no other connection"):
        observe(goes_on(good), [])


@behaviour("RT-EP-08")
def test_events_are_processed_in_order_of_arrival(cloud: Cloud, sockets: Sockets) -> None:
    """A hundred messages sent at once come back in the order in which they were sent."""
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    texts = [str(number) for number in range(100)]
    with claim("RT-EP-08", "a hundred messages come back in the order of arrival"):
        for text in texts:
            chat.emit("SEND_MESSAGE", {"category": "chat", "topicId": space, "content": {"bodyText": text}})
        observe([one["content"]["bodyText"] for one in chat.said("MESSAGE_SENT")], texts)


@behaviour("RT-EIO-13")
def test_a_second_connect_checks_the_token_again(cloud: Cloud, sockets: Sockets) -> None:
    """A joined namespace acknowledges another CONNECT, or refuses it once the token is gone; the session goes on."""
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    with claim("RT-EIO-13", "another CONNECT is acknowledged"):
        expect(chat.join(), JOINED)
    with claim("RT-EIO-13", "the session goes on after another CONNECT, with one subscription"):
        cloud.message(space, ann)
        observe(len(chat.said("MESSAGE_SENT")), 1)
    chat, good = sockets.open(), credential(ann)
    chat.join("?" + "&".join(f"{name}={value}" for name, value in good.items()))
    with claim("RT-EIO-13", "another CONNECT with a bad token is refused"):
        observe(chat.join("?token=bad&tokenType=oauth"), '44/chat,"auth.credential_invalid"')
    with claim("RT-EIO-13", "the session goes on after another CONNECT with a bad token"):
        observe(chat.unsubscribe(space)[0], "CHANNEL_UNSUBSCRIBED")
    chat = sockets.join(cloud.user(), space)
    cloud.advance(4000)
    with claim("RT-EIO-13", "another CONNECT is refused when the token has expired"):
        observe(chat.join(), '44/chat,"auth.credential_expired"')
    with claim("RT-EIO-13", "the session goes on after a refused CONNECT"):
        observe(chat.unsubscribe(space)[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-EIO-18", "RT-EIO-19")
@pytest.mark.parametrize(("b64", "attachment"), [("0", b"\x04\x00\x01\x02"), ("1", "b4AAEC")])
def test_binary_data_makes_the_round_trip(cloud: Cloud, sockets: Sockets, b64: str, attachment: str | bytes) -> None:
    """Binary attachments travel behind a 0x04 byte, or as b4 and base64 when the client asked for text."""
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space, b64=b64)
    event = {"category": "x", "topicId": space, "content": {"blob": {"_placeholder": True, "num": 0}}}
    with claim("RT-EIO-19", "the header has the count of attachments and a placeholder"):
        chat.send(f'451-/chat,["SEND_PRESENCE_EVENT",{json.dumps(event)}]', attachment)
        header, returned = goes_on(chat)
        expect(str(header).startswith('451-/chat,["PRESENCE_EVENT_RESPONSE",'), wanted=True)
        told = json.loads(str(header)[len("451-/chat,") :])[1]
        expect(told["content"]["blob"], {"_placeholder": True, "num": 0})
    with claim("RT-EIO-18", "the attachment comes back as it was sent"):
        expect(returned, attachment)


@behaviour("RT-EIO-24")
def test_the_handshake_sets_no_cookie(sockets: Sockets) -> None:
    """The answer to a websocket-only handshake carries no cookie."""
    with claim("RT-EIO-24", "the handshake sets no cookie"):
        expect("set-cookie" in sockets.open().headers, wanted=False)


@behaviour("RT-EIO-25")
def test_no_socket_id_of_the_engine_leaks(cloud: Cloud, sockets: Sockets) -> None:
    """Payloads name a connection by its own session id, a uuid that is not the engine's."""
    ann = cloud.jwt_user()
    chat = sockets.join(ann)
    space = cloud.space(ann)
    with claim("RT-EIO-25", "the session id of a payload is a uuid"):
        _name, told = chat.subscribe(space)
        observe(told["sessionId"], UUID)
    with claim("RT-EIO-25", "it is not the engine's"):
        observe(chat.opening["sid"] in told["sessionId"], wanted=False)


@behaviour("RT-EP-04", "RT-EIO-23")
@pytest.mark.parametrize("query", ["EIO=3&transport=polling", "EIO=3", "EIO=4&transport=polling&t=abc"])
def test_other_transports_are_refused_with_json(cloud: Cloud, query: str) -> None:
    """A request for another transport is answered by status 400 with code and message."""
    url = urljoin(cloud.urls["socket"], f"/{cloud.urls['socketio_path']}?{query}")
    with claim("RT-EP-04", "another transport is refused"):
        got = cloud.http.get(url)
        observe(got.status_code, 400)
    with claim("RT-EIO-23", "code and message say that the transport is unknown"):
        observe((got.status_code, got.json()), (400, {"code": 0, "message": "Transport unknown"}))


@behaviour("RT-EIO-23")
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("EIO=3&transport=websocket&sid=abc", {"code": 1, "message": "Session ID unknown"}),
        ("EIO=3&transport=websocket", {"code": 3, "message": "Bad request"}),
    ],
)
def test_a_request_that_is_no_upgrade_is_refused_with_json(cloud: Cloud, query: str, answer: object) -> None:
    """A request that is no WebSocket is answered by status 400 with code and message."""
    with claim("RT-EIO-23", "status, code and message say what is wrong"):
        got = cloud.http.get(urljoin(cloud.urls["socket"], f"/{cloud.urls['socketio_path']}?{query}"))
        observe((got.status_code, got.json()), (400, answer))


@behaviour("RT-EIO-23")
@pytest.mark.parametrize(
    ("query", "text"),
    [
        ({"transport": "polling"}, b"Transport unknown"),
        ({"transport": ""}, b"Transport unknown"),
        ({"sid": "abc"}, b"Session ID unknown"),
    ],
)
def test_a_bad_upgrade_is_refused_with_text(sockets: Sockets, query: dict[str, str], text: bytes) -> None:
    """An upgrade with another transport or a session id is answered by status 400 with a text."""
    with claim("RT-EIO-23", "it is refused by status 400 with a text"):
        try:
            sockets.at(sockets.url(query))
        except InvalidStatus as refusal:
            response = refusal.response
            shown = (response.status_code, response.body, response.headers["content-type"])
            observe(shown, (400, text, "text/html"))
        else:
            raise AssertionError("the upgrade was accepted")


@behaviour("RT-EIO-01", "RT-EIO-02")
@pytest.mark.parametrize("query", [{"EIO": "3"}, {"EIO": "2"}, {"EIO": ""}, {}])
def test_whoever_does_not_ask_for_protocol_4_gets_protocol_3(
    cloud: Cloud, sockets: Sockets, query: dict[str, str]
) -> None:
    """An absent or other EIO parameter means protocol 3, and all other parameters are kept."""
    for kind, make in (("somebody anonymous", cloud.guest), ("a user", cloud.jwt_user)):
        url = address(cloud.urls, {**credential(make()), "transport": "websocket", "j": "1", **query})
        with claim("RT-EIO-01", f"{kind}: 40 comes unasked, as in protocol 3"):
            chat = sockets.at(url)
            expect(chat.greeting, "40")
        with claim("RT-EIO-02", f"{kind}: the token of the query is kept"):
            expect(chat.join(), JOINED)


@behaviour("RT-EP-01")
def test_the_host_header_does_not_matter(cloud: Cloud, sockets: Sockets) -> None:
    """A handshake for the name of the vendor's host is served."""
    only_mock(cloud, "a service may be found by its Host header")
    with claim("RT-EP-01", "a handshake for the name of the vendor's host is served"):
        wire = sockets.wire(sockets.url({}), additional_headers={"Host": "spacesapis-socket.avayacloud.com"})
        observe(str(wire.receive())[:1], "0")
