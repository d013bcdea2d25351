"""The wire of Engine.IO 3: the sequence of section 2 and the compatibility rules, frame by frame."""

import json
import time

import pytest
from websockets.exceptions import InvalidStatus

from contract_tests.claims import aside, expect, observe
from contract_tests.kit import Cloud, Like, behaviour
from contract_tests.sockets import JOINED, UUID, Sockets, address, credential

NO_CLAIMS_YET = True


SID = Like("session id", r"[\w-]{20}")
TEN_MB = 10 * 1024 * 1024


@behaviour("RT-EP-02", "RT-EP-03", "RT-EP-06", "RT-WIRE-01", "RT-HB-02", "RT-EIO-01", "RT-EIO-04", "RT-EIO-11")
def test_the_documented_sequence_is_exact(cloud: Cloud, sockets: Sockets) -> None:
    """Open, 40, 40/chat, a subscription and a pong come byte for byte as in the sequence of clients in use."""
    ann = cloud.jwt_user()
    space = cloud.space(ann)
    wire = sockets.wire(sockets.url({**credential(ann), "batchRoster": "true"}))
    opening = wire.receive()
    sid = json.loads(str(opening)[1:])["sid"]
    expect(opening, f'0{{"sid":"{sid}","upgrades":[],"pingInterval":25000,"pingTimeout":60000}}')
    expect(wire.receive(), "40")
    wire.send(f"40/chat?token={ann.token}&tokenType=jwt,")
    aside(wire.receive(), "40/chat", of="RT-EP-06", documented=True)
    wire.send(f'42/chat,["SUBSCRIBE_CHANNEL",{{"channel":{{"_id":"{space}","type":"topic"}},"version":"1.1"}}]')
    answer = str(wire.receive())
    told = json.loads(answer[len("42/chat,") :])[1]
    expect(
        answer,
        f'42/chat,["CHANNEL_SUBSCRIBED",{{"channel":{{"_id":"{space}","type":"topic"}},'
        f'"dtsid":"{told["dtsid"]}","sessionId":"{told["sessionId"]}"}}]',
    )
    wire.send("2")
    expect(wire.receive(), "3")


@behaviour("RT-HB-01", "RT-EIO-03")
def test_the_open_packet_of_protocol_3_tells_four_members(cloud: Cloud, sockets: Sockets) -> None:
    """The open packet has sid, upgrades, pingInterval and pingTimeout, the settings in milliseconds, no maxPayload."""
    chat = sockets.open()
    expect(chat.opening, {"sid": SID, "upgrades": [], "pingInterval": 25_000, "pingTimeout": 60_000})
    cloud.configure({"socket.ping_interval_ms": 1234, "socket.ping_timeout_ms": 999})
    opening = sockets.open().opening
    observe((opening["pingInterval"], opening["pingTimeout"]), (1234, 999))


@behaviour("RT-EP-02")
@pytest.mark.parametrize("path", ["socket.io/", "socket.io"])
def test_the_path_needs_no_final_slash(cloud: Cloud, sockets: Sockets, path: str) -> None:
    """Both spellings of the path open a connection."""
    url = sockets.url({}, {**cloud.urls, "socketio_path": path})
    expect(sockets.at(url).greeting, "40")


@behaviour("RT-EP-06", "RT-EIO-11", "RT-EIO-16")
@pytest.mark.parametrize(("spelling", "comma"), [("1x", ""), ("2x", ",")])
def test_the_spelling_of_namespaces_is_a_setting(cloud: Cloud, sockets: Sockets, spelling: str, comma: str) -> None:
    """A 1.x server writes 40/chat and 41/chat, a 2.x server puts a comma behind."""
    cloud.configure({"socket.spelling": spelling})
    chat = sockets.open(cloud.user())
    observe(chat.join(), f"40/chat{comma}")
    cloud.control("POST", "/sockets/close", {"how": "namespace"})
    observe(chat.receive(), f"41/chat{comma}")


@behaviour("RT-WIRE-02", "RT-EIO-09", "RT-EIO-14")
@pytest.mark.parametrize("form", ["40/chat", "40/chat,", "40/chat?{query}", "40/chat?{query},"])
def test_every_form_of_connect_is_understood(cloud: Cloud, sockets: Sockets, form: str) -> None:
    """The CONNECT may have a query inside the namespace or none, a comma or none, and need not wait for 40."""
    ann = cloud.jwt_user()
    query = f"token={ann.token}&tokenType=jwt"
    wire = sockets.wire(sockets.url({} if "query" in form else credential(ann)))
    wire.send(form.format(query=query))
    expect([str(wire.receive())[:1], wire.receive(), wire.receive()], ["0", "40", JOINED])


@behaviour("RT-WIRE-03", "RT-EIO-12")
def test_an_unknown_namespace_is_refused_and_the_connection_stays(cloud: Cloud, sockets: Sockets) -> None:
    """The refusal is a string in the words of the library, and another CONNECT succeeds afterwards."""
    chat = sockets.open(cloud.user())
    chat.send("40/nope")
    expect(chat.receive(), '44/nope,"Invalid namespace"')
    expect(chat.join(), JOINED)


@behaviour("RT-WIRE-04", "RT-EIO-15")
@pytest.mark.parametrize("farewell", ["41/chat", "41/chat,"])
def test_leaving_the_namespace_ends_subscriptions_and_keeps_the_transport(
    cloud: Cloud, sockets: Sockets, farewell: str
) -> None:
    """After 41/chat no event comes any more, pings are answered, and the namespace can be joined anew."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    chat.send(farewell)
    chat.frames()
    cloud.message(space, ann)
    expect(chat.frames(), [])
    expect(chat.join(), JOINED)
    cloud.message(space, ann)
    observe(chat.frames(), [])


@behaviour("RT-EIO-10", "RT-EIO-15")
@pytest.mark.parametrize("frame", ["40", "40?token=x&tokenType=jwt", "40,", "41"])
def test_the_default_namespace_is_joined_unasked_and_never_left(cloud: Cloud, sockets: Sockets, frame: str) -> None:
    """CONNECT and DISCONNECT of the default namespace are swallowed, and the session goes on."""
    chat = sockets.join(cloud.user())
    chat.send(frame)
    expect(chat.frames(), [])
    expect(chat.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-EIO-05", "RT-HB-02")
@pytest.mark.parametrize("ping", ["2", "2hello", "2probe"])
def test_a_ping_is_answered_by_a_bare_pong(sockets: Sockets, ping: str) -> None:
    """Outside an upgrade a ping is answered by 3, whatever it carries."""
    chat = sockets.open()
    chat.send(ping)
    expect(chat.receive(), "3")


@behaviour("RT-EIO-06", "RT-EIO-07", "RT-HB-02")
def test_no_ping_of_the_engine_reaches_a_client_of_protocol_3(cloud: Cloud, sockets: Sockets) -> None:
    """The client alone pings; for many intervals it sees nothing but its pongs, and its own pongs are dropped."""
    cloud.configure({"socket.ping_interval_ms": 100, "socket.ping_timeout_ms": 1000})
    chat = sockets.join(cloud.user())
    for _ in range(8):
        time.sleep(0.1)
        chat.send("3")
        expect(chat.frames(), [])


@behaviour("RT-HB-03", "RT-EIO-08")
def test_silence_ends_a_connection_and_any_packet_prolongs_it(cloud: Cloud, sockets: Sockets) -> None:
    """A connection without a packet for interval and timeout together is closed, WebSocket pings notwithstanding."""
    cloud.configure({"socket.ping_interval_ms": 300, "socket.ping_timeout_ms": 300})
    silent, busy = sockets.open(), sockets.join(cloud.user())
    begin = time.monotonic()
    while time.monotonic() - begin < 1.1:
        busy.send("3")
        time.sleep(0.1)
    observe(silent.end(timeout=0.1), ([], 1000))
    expect(busy.frames(), [])


@behaviour("RT-EIO-06", "RT-HB-03")
def test_a_client_that_sends_events_needs_no_pings(cloud: Cloud, sockets: Sockets) -> None:
    """The engine's own pings, which no client of protocol 3 answers, end nothing: any packet prolongs."""
    cloud.configure({"socket.ping_interval_ms": 1000, "socket.ping_timeout_ms": 300})
    chat = sockets.join(cloud.user())
    for _ in range(3):
        time.sleep(0.8)
        observe(chat.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-HB-01", "RT-HB-03")
def test_a_connection_keeps_the_intervals_it_was_told(cloud: Cloud, sockets: Sockets) -> None:
    """Shorter intervals concern the connections that are opened afterwards."""
    old = sockets.open()
    cloud.configure({"socket.ping_interval_ms": 100, "socket.ping_timeout_ms": 100})
    observe(sockets.open().end(), ([], 1000))
    observe(old.frames(), [])


@behaviour("RT-EP-07", "RT-EIO-17")
@pytest.mark.parametrize("event", ["UNSUBSCRIBE_CHANNEL", "NO_SUCH_EVENT"])
def test_an_acknowledgement_has_no_arguments_and_comes_last(cloud: Cloud, sockets: Sockets, event: str) -> None:
    """An event that asks for an acknowledgement gets one after it was processed, with its id and an empty array."""
    chat = sockets.join(cloud.user())
    chat.emit(event, {"channel": {"_id": "x", "type": "topic"}}, ack="17")
    observe(chat.frames()[-1], "43/chat,17[]")


@behaviour("RT-EP-08", "RT-EIO-21", "RT-EIO-22")
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
        '42/chat,["SEND_MESSAGE"',
        "42/chat,[]",
        "42/chat,[7,{}]",
        '42/chat,{"a":1}',
        '42/chat,["SEND_MESSAGE",{"a":"\\ud800"}]',
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
        '42["SEND_MESSAGE",{}]',
        '42/other,["SEND_MESSAGE",{}]',
        '451-/other,["x",{"_placeholder":true,"num":0}]',
        "5",
        "6",
        "0{}",
        "b4*",
        "42/chat," + "x" * TEN_MB,
    ],
    ids=lambda frame: frame[:40],
)
def test_no_payload_closes_the_connection(cloud: Cloud, sockets: Sockets, frame: str) -> None:
    """Unknown events, odd payloads, broken or deep JSON, misplaced packets and huge frames are ignored."""
    chat = sockets.join(cloud.user())
    chat.send(frame)
    observe(chat.frames(), [])
    observe(chat.unsubscribe("")[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-EIO-20")
@pytest.mark.parametrize("frame", ["9", "7", "8x", "hello", "", "/chat", b"\x05abc", b""])
def test_an_unknown_packet_type_closes_cleanly(cloud: Cloud, sockets: Sockets, frame: str | bytes) -> None:
    """A packet whose first character is not 0 to 6 closes the WebSocket with code 1000."""
    chat = sockets.join(cloud.user())
    chat.send(frame)
    expect(chat.end(), ([], 1000))


@behaviour("RT-EP-08")
def test_invalid_utf8_harms_only_its_sender(cloud: Cloud, sockets: Sockets) -> None:
    """A text frame that is no UTF-8 ends its own connection with code 1007, and no other."""
    ann = cloud.user()
    bad, good = sockets.join(ann), sockets.join(ann)
    bad.send_raw_text(b'42/chat,["\xff"]')
    observe(bad.end()[1], 1007)
    observe(good.frames(), [])


@behaviour("RT-EP-08")
def test_events_are_processed_in_order_of_arrival(cloud: Cloud, sockets: Sockets) -> None:
    """A hundred messages sent at once come back in the order in which they were sent."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    for number in range(100):
        chat.emit("SEND_MESSAGE", {"category": "chat", "topicId": space, "content": {"bodyText": str(number)}})
    observe([one["content"]["bodyText"] for one in chat.said("MESSAGE_SENT")], [str(number) for number in range(100)])


@behaviour("RT-EIO-13")
def test_a_second_connect_checks_the_token_again(cloud: Cloud, sockets: Sockets) -> None:
    """A joined namespace acknowledges another CONNECT, or refuses it once the token is gone; the session goes on."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space)
    expect(chat.join(), JOINED)
    cloud.message(space, ann)
    observe(len(chat.said("MESSAGE_SENT")), 1)
    cloud.advance(4000)
    observe(chat.join(), '44/chat,"auth.credential_expired"')
    observe(chat.unsubscribe(space)[0], "CHANNEL_UNSUBSCRIBED")


@behaviour("RT-EIO-18", "RT-EIO-19")
@pytest.mark.parametrize(("b64", "attachment"), [("0", b"\x04\x00\x01\x02"), ("1", "b4AAEC")])
def test_binary_data_makes_the_round_trip(cloud: Cloud, sockets: Sockets, b64: str, attachment: str | bytes) -> None:
    """Binary attachments travel behind a 0x04 byte, or as b4 and base64 when the client asked for text."""
    ann = cloud.user()
    space = cloud.space(ann)
    chat = sockets.join(ann, space, b64=b64)
    event = {"category": "x", "topicId": space, "content": {"blob": {"_placeholder": True, "num": 0}}}
    chat.send(f'451-/chat,["SEND_PRESENCE_EVENT",{json.dumps(event)}]', attachment)
    header, returned = chat.frames()
    expect(str(header).startswith('451-/chat,["PRESENCE_EVENT_RESPONSE",'), wanted=True)
    expect(json.loads(str(header)[len("451-/chat,") :])[1]["content"]["blob"], {"_placeholder": True, "num": 0})
    expect(returned, attachment)


@behaviour("RT-EIO-24")
def test_the_handshake_sets_no_cookie(sockets: Sockets) -> None:
    """The answer to a websocket-only handshake carries no cookie."""
    expect("set-cookie" in sockets.open().headers, wanted=False)


@behaviour("RT-EIO-25")
def test_no_socket_id_of_the_engine_leaks(cloud: Cloud, sockets: Sockets) -> None:
    """Payloads name a connection by its own session id, a uuid that is not the engine's."""
    ann = cloud.user()
    chat = sockets.join(ann)
    _name, told = chat.subscribe(cloud.space(ann))
    observe(told["sessionId"], UUID)
    observe(chat.opening["sid"] in told["sessionId"], wanted=False)


@behaviour("RT-EP-04", "RT-EIO-23")
@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("EIO=3&transport=polling", {"code": 0, "message": "Transport unknown"}),
        ("EIO=3", {"code": 0, "message": "Transport unknown"}),
        ("EIO=4&transport=polling&t=abc", {"code": 0, "message": "Transport unknown"}),
        ("EIO=3&transport=websocket&sid=abc", {"code": 1, "message": "Session ID unknown"}),
        ("EIO=3&transport=websocket", {"code": 3, "message": "Bad request"}),
    ],
)
def test_other_transports_are_refused_with_json(cloud: Cloud, query: str, answer: object) -> None:
    """A request that is no WebSocket is answered by status 400 with code and message."""
    got = cloud.http.get(f"{cloud.urls['socket']}/{cloud.urls['socketio_path']}?{query}")
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
    with pytest.raises(InvalidStatus) as refusal:
        sockets.at(sockets.url(query))
    response = refusal.value.response
    observe((response.status_code, response.body, response.headers["content-type"]), (400, text, "text/html"))


@behaviour("RT-EIO-01", "RT-EIO-02")
@pytest.mark.parametrize("query", [{"EIO": "3"}, {"EIO": "2"}, {"EIO": ""}, {}])
def test_whoever_does_not_ask_for_protocol_4_gets_protocol_3(
    cloud: Cloud, sockets: Sockets, query: dict[str, str]
) -> None:
    """An absent or other EIO parameter means protocol 3, and all other parameters are kept."""
    ann = cloud.jwt_user()
    chat = sockets.at(address(cloud.urls, {**credential(ann), "transport": "websocket", "j": "1", **query}))
    expect(chat.greeting, "40")
    expect(chat.join(), JOINED)


@behaviour("RT-EP-01")
def test_the_host_header_does_not_matter(sockets: Sockets) -> None:
    """A handshake for the name of the vendor's host is served."""
    wire = sockets.wire(sockets.url({}), additional_headers={"Host": "spacesapis-socket.avayacloud.com"})
    observe(str(wire.receive())[:1], "0")
