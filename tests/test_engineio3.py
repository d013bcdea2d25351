"""The codec between Engine.IO 3 and 4, without any input or output: RT-EIO-01..22 as properties."""

import json
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
import socketio
from engineio import packet as engine_packet
from hypothesis import given
from hypothesis import strategies as st

from mockspaces.realtime.engineio3 import Codec, Codec3, Frame, Heartbeat, Received, engine_query, protocol
from mockspaces.realtime.packets import MAX_ATTACHMENTS

LIMIT, DEPTH = 2000, 32

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
namespaces = st.sampled_from(["/chat", "/w/t1/chat", "/", "/nope", "/ü"])
events = st.tuples(st.text(max_size=10).filter(lambda name: name not in {"connect", "disconnect"}), json_values)
plausible = st.builds(
    "{}{}{}{}{}{}".format,
    st.sampled_from(["4", "4", "4", "2", "3", "0", "1", "5", "b4", "9", ""]),
    st.sampled_from(["0", "1", "2", "3", "4", "5", "6", "51-", "52-", "61-", "516-", "599-", "7", "x", ""]),
    namespaces | st.sampled_from(["", "?", "/chat?token=a&tokenType=b"]),
    st.sampled_from([",", "", ",,"]),
    st.sampled_from(["", "7", "007", "9" * 20]),
    json_values.map(json.dumps)
    | events.map(json.dumps)
    | st.sampled_from(["", "[", '["a"', "[" * 50, '["\ud800"]', "]"]),
)
placeholders = st.builds(lambda number: {"_placeholder": True, "num": number}, st.integers(-1, 3) | json_values)
names_of_events = st.sampled_from(["connect", "disconnect", "x"])
binary_headers = st.builds(
    lambda count, name, arguments: f"45{count}-/chat,{json.dumps([name, *arguments])}",
    st.integers(0, 3),
    names_of_events,
    st.lists(placeholders | st.lists(placeholders, max_size=2), max_size=3),
)
reserved = names_of_events.map(lambda name: f'42/chat,["{name}"]')
attachments = st.binary(max_size=20).map(lambda data: b"\x04" + data)
frames = plausible | binary_headers | attachments | reserved | st.text(max_size=30) | st.binary(max_size=30)


def codec3(*, comma: bool = False, as_text: bool = False) -> Codec3:
    return Codec3(Heartbeat(), depth=DEPTH, limit=LIMIT, comma=comma, as_text=as_text)


def codec4() -> Codec:
    return Codec(Heartbeat(), depth=DEPTH, limit=LIMIT)


def digest(received: Received) -> Any:
    """Let the libraries read what is forwarded, as they would in the server, and return what they make of it."""
    packet: Any = None
    for frame in received.forward:
        outer = engine_packet.Packet(encoded_packet=frame)
        if outer.packet_type == engine_packet.PONG:
            continue
        assert outer.packet_type == engine_packet.MESSAGE
        if isinstance(frame, bytes):
            assert packet is not None
            packet.add_attachment(outer.data)
        else:
            packet = socketio.packet.Packet(encoded_packet=outer.data)
    if packet is not None:
        assert len(packet.attachments) == packet.attachment_count
    return packet


@pytest.mark.parametrize("make", [codec3, codec4])
@given(sequence=st.lists(frames, max_size=25))
def test_any_sequence_is_taken_and_nothing_indigestible_passes(make: Any, sequence: list[Frame]) -> None:
    """Whatever a client sends, the codec raises nothing, holds only so much, and the libraries can read the rest."""
    codec = make()
    for frame in sequence:
        received = codec.receive(frame)
        assert codec.attachments.size <= LIMIT
        packet = digest(received)
        if packet is not None and packet.packet_type in {socketio.packet.EVENT, socketio.packet.BINARY_EVENT}:
            assert isinstance(packet.data[0], str)
            assert packet.data[0] not in {"connect", "disconnect"}
        assert received.close or received.forward, "the engine must learn that its client lives (RT-EIO-08)"


@pytest.mark.parametrize("make", [codec3, codec4])
@given(namespace=namespaces.filter(lambda name: name != "/"), event=events, ack=st.none() | st.integers(0, 10**9))
def test_an_event_passes_unchanged(make: Any, namespace: str, event: tuple[str, Any], ack: int | None) -> None:
    """An event with or without acknowledgement is the same text on both sides (RT-EIO-17)."""
    frame = f"42{namespace},{'' if ack is None else ack}{json.dumps(event)}"
    received = make().receive(frame)
    assert received.forward == (frame,)
    packet = digest(received)
    assert (packet.namespace, packet.id, packet.data) == (namespace, ack, list(event))
    assert make().send(frame).frames == (frame,)


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=MAX_ATTACHMENTS))
def test_binary_events_pass_with_their_attachments(blobs: list[bytes]) -> None:
    """Each attachment loses its first byte on the way in and gets it back on the way out (RT-EIO-18, -19)."""
    placeholders = [{"_placeholder": True, "num": number} for number in range(len(blobs))]
    header = f"45{len(blobs)}-/chat,{json.dumps(['x', *placeholders])}"
    codec = codec3()
    steps = [codec.receive(header), *(codec.receive(b"\x04" + blob) for blob in blobs)]
    assert [step.forward for step in steps[:-1]] == [("3",)] * len(blobs)
    assert digest(steps[-1]).data == ["x", *blobs]
    assert [codec.send(blob).frames for blob in blobs] == [(b"\x04" + blob,) for blob in blobs]


@given(st.binary(max_size=60))
def test_base64_is_its_own_inverse(blob: bytes) -> None:
    """What is sent as b4 text to a client that wants text comes back as the same bytes."""
    codec = codec3(as_text=True)
    (shown,) = codec.send(blob).frames
    assert isinstance(shown, str)
    codec.receive('451-/chat,["x",{"_placeholder":true,"num":0}]')
    assert digest(codec.receive(shown)).data == ["x", blob]


@given(st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=20), max_size=4), st.sampled_from(["", ","]))
def test_the_query_of_a_connect_becomes_its_auth(query: dict[str, str], comma: str) -> None:
    """The query inside the namespace is decoded into the auth object of protocol 5 (RT-EIO-09)."""
    packet = digest(codec3().receive(f"40/chat?{urlencode(query)}{comma}"))
    assert (packet.namespace, packet.data or {}) == ("/chat", query)


@pytest.mark.parametrize(
    ("comma", "frame", "shown"),
    [
        (False, '40/chat,{"sid":"x"}', ("40/chat",)),
        (True, '40/chat,{"sid":"x"}', ("40/chat,",)),
        (False, "41/chat,", ("41/chat",)),
        (False, '41/chat,{"message":"x"}', ("41/chat",)),
        (True, "41/chat,", ("41/chat,",)),
        (False, '44/chat,{"message":"auth.x"}', ('44/chat,"auth.x"',)),
        (False, '44/chat,{"message":"auth.x","data":{"a":1}}', ('44/chat,{"a":1}',)),
        (False, '44/nope,"Unable to connect"', ('44/nope,"Invalid namespace"',)),
        (True, '43/chat,7["a"]', ('43/chat,7["a"]',)),
        (False, "2", ()),
        (False, "1", ()),
        (False, "6", ()),
    ],
)
def test_what_the_engine_says_is_told_in_protocol_4(comma: bool, frame: str, shown: tuple[str, ...]) -> None:  # noqa: FBT001 - a column of the table
    """Acknowledgements lose their payload, refusals become strings, and the engine's own packets vanish."""
    assert codec3(comma=comma).send(frame).frames == shown


def test_the_open_packet_has_the_exact_intervals() -> None:
    """The engine knows whole seconds only, clients are told the milliseconds of the settings (RT-EIO-03, -04)."""
    codec = Codec3(Heartbeat(250, 40), depth=DEPTH, limit=LIMIT, comma=False, as_text=False)
    told = '0{"sid":"x","upgrades":[],"pingTimeout":0,"pingInterval":0,"maxPayload":1}'
    opening = '0{"sid":"x","upgrades":[],"pingInterval":250,"pingTimeout":40}'
    assert codec.send(told).frames == (opening, "40")


def test_an_unfinished_packet_is_given_up_for_the_next_one() -> None:
    """Attachments that never come block nothing: the next packet drops what waits, and late ones are ignored."""
    codec = codec3()
    codec.receive('452-/chat,["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    codec.receive(b"\x04abc")
    assert codec.attachments.size == 3
    assert digest(codec.receive('42/chat,["y"]')).data == ["y"]
    assert codec.attachments.size == 0
    assert codec.receive(b"\x04abc").ignored


def test_attachments_are_bounded_together() -> None:
    """A packet whose attachments exceed the limit is dropped, each of them being small enough alone."""
    codec = codec3()
    codec.receive('452-/chat,["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]')
    part = b"\x04" + b"x" * (LIMIT // 2 + 1)
    assert not codec.receive(part).ignored
    assert codec.receive(part).ignored
    assert codec.attachments.size == 0


@given(
    st.lists(
        st.tuples(st.sampled_from(["EIO", "transport", "sid", "j", "token", "x"]), st.text(max_size=9)), max_size=8
    )
)
def test_the_engine_sees_protocol_4_and_everything_else_unchanged(pairs: list[tuple[str, str]]) -> None:
    """The rewritten query names protocol and transport once, and keeps what is not the engine's (RT-EIO-02)."""
    seen = parse_qsl(engine_query(pairs).decode(), keep_blank_values=True)
    assert seen[-2:] == [("EIO", "4"), ("transport", "websocket")]
    assert seen[:-2] == [pair for pair in pairs if pair[0] in {"token", "x"}]


@pytest.mark.parametrize(
    ("eio", "allow", "version"), [("4", True, 4), ("4", False, 3), ("3", True, 3), (None, True, 3), ("44", True, 3)]
)
def test_protocol_4_is_spoken_where_asked_for_and_allowed(eio: str | None, allow: bool, version: int) -> None:  # noqa: FBT001 - a column of the table
    """Anything but EIO=4 means protocol 3 (RT-EIO-01)."""
    assert protocol(eio, allow_eio4=allow) == version
