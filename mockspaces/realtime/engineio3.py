"""The codec: Engine.IO 3 with Socket.IO 4 on the client's side, Engine.IO 4 with Socket.IO 5 on the engine's side.

Frames in, frames out; no input or output here. Rules RT-EIO-01..22 of the compatibility list. A client that
speaks Engine.IO 4 has a codec too: it changes next to nothing, but keeps from the engine what it cannot digest.
"""

import base64
import binascii
from urllib.parse import urlencode

import msgspec

from mockspaces.contract.engineio import INVALID_NAMESPACE, MESSAGE_BYTE
from mockspaces.realtime import packets
from mockspaces.realtime.packets import Packet, PacketError

Frame = str | bytes

OPEN, CLOSE, PING, PONG, MESSAGE = "01234"
TYPES = "0123456"
BASE64 = "b4"
ALIVE = PONG  # what the engine is told when a frame is not for it: its client lives


class Received(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of a client's frame: answers to the client, frames for the engine, or the end.

    ``packet`` is the packet that the forwarded frames make up; ``ignored`` says why a frame is dropped.
    """

    reply: tuple[Frame, ...] = ()
    forward: tuple[Frame, ...] = (ALIVE,)
    close: bool = False
    ignored: str = ""
    packet: Packet | None = None


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What becomes of an engine's frame: frames for the client, the end, or ``pinged``: the engine wants a pong."""

    frames: tuple[Frame, ...] = ()
    close: bool = False
    pinged: bool = False


class Attachments:
    """The one binary packet that may be incomplete, bounded in number and in bytes."""

    def __init__(self, limit: int) -> None:
        """Hold at most ``limit`` bytes."""
        self._limit = limit
        self._packet: Packet | None = None
        self._frames: list[Frame] = []
        self.size = 0

    def begin(self, packet: Packet, header: str) -> None:
        """Wait for the attachments of a packet; an unfinished one is given up."""
        self.drop()
        self._packet, self._frames = packet, [header]

    def add(self, data: bytes) -> Received:
        """Take an attachment; the last one completes the packet. Raises `PacketError`."""
        packet = self._packet
        if packet is None:
            raise PacketError("a binary frame that no packet announced")
        self._frames.append(data)
        self.size += len(data)
        if self.size > self._limit:
            self.drop()
            raise PacketError(f"attachments of more than {self._limit} bytes")
        if len(self._frames) <= packet.attachments:
            return Received()
        frames = tuple(self._frames)
        self.drop()
        return Received(forward=frames, packet=packet)

    def drop(self) -> None:
        """Forget what there is."""
        self._packet, self._frames, self.size = None, [], 0


class Heartbeat(msgspec.Struct, frozen=True):
    """The intervals that the open packet tells, in milliseconds (RT-HB-01)."""

    interval: int = 25_000
    timeout: int = 60_000


class Codec:
    """One connection of a client that speaks Engine.IO 4: checked, not translated."""

    def __init__(self, heartbeat: Heartbeat, *, depth: int, limit: int) -> None:
        """Refuse JSON deeper than ``depth`` levels and messages of more than ``limit`` bytes."""
        self.heartbeat = heartbeat
        self._depth = depth
        self._limit = limit
        self.attachments = Attachments(limit)

    def receive(self, frame: Frame) -> Received:
        """Say what becomes of a frame of the client."""
        try:
            if len(frame) > self._limit:
                raise PacketError(f"a frame of {len(frame)} characters, the limit is {self._limit}")  # noqa: TRY301 - one place answers
            return self._binary(frame) if isinstance(frame, bytes) else self._text(frame)
        except (PacketError, UnicodeEncodeError) as error:
            return Received(ignored=str(error))

    def send(self, frame: Frame) -> Sent:
        """Say what becomes of a frame of the engine."""
        if not isinstance(frame, str):
            return Sent(frames=(frame,))
        if frame[0] == OPEN:
            return Sent(frames=(OPEN + self._opening(frame[1:], max_payload=True),))
        return Sent(frames=(frame,), close=frame[0] == CLOSE)

    def _binary(self, frame: bytes) -> Received:
        return self.attachments.add(frame)

    def _text(self, frame: str) -> Received:
        if frame[:1] not in tuple(TYPES):
            return Received(forward=(), close=True)  # RT-EIO-20
        if frame[0] == MESSAGE:
            packet = packets.parse(frame[1:], depth=self._depth)
            return self._message(packet, MESSAGE + packet.head + packet.data if packet.half else frame)
        return Received(forward=(frame if frame[0] == PONG else ALIVE,), close=frame[0] == CLOSE)

    def _message(self, packet: Packet, frame: str) -> Received:
        if packet.type in packets.BINARY:
            self.attachments.begin(packet, frame)
            return Received()
        self.attachments.drop()
        forward = f"41{packet.namespace}," if packet.type == packets.DISCONNECT else frame
        return Received(forward=(forward,), packet=packet)

    def _opening(self, text: str, *, max_payload: bool) -> str:
        """Return the open packet with the exact intervals: the engine knows whole seconds only (RT-EIO-03)."""
        told = msgspec.json.decode(text)
        opening = {"sid": told["sid"], "upgrades": told["upgrades"]}
        opening |= {"pingInterval": self.heartbeat.interval, "pingTimeout": self.heartbeat.timeout}
        if max_payload:
            opening["maxPayload"] = told["maxPayload"]
        return msgspec.json.encode(opening).decode()


class Codec3(Codec):
    """One connection of a client that speaks Engine.IO 3: translated both ways.

    ``comma`` spells namespaces as a 2.x server does, ``40/chat,`` (RT-EP-06); ``as_text`` is the client's wish
    for binary data as base64 (``b64=1``).
    """

    def __init__(self, heartbeat: Heartbeat, *, depth: int, limit: int, comma: bool, as_text: bool) -> None:
        """Translate with the spelling of a 1.x server, or of a 2.x one."""
        super().__init__(heartbeat, depth=depth, limit=limit)
        self._comma = "," if comma else ""
        self._as_text = as_text

    # --- client to engine

    def _binary(self, frame: bytes) -> Received:
        if frame[:1] != bytes((MESSAGE_BYTE,)):
            return Received(forward=(), close=True)
        return super()._binary(frame[1:])

    def _text(self, frame: str) -> Received:
        if frame.startswith(BASE64):
            try:
                data = base64.b64decode(frame[2:], validate=True)
            except (binascii.Error, ValueError) as error:
                raise PacketError(f"bad base64: {error}") from None
            return super()._binary(data)
        if frame[:1] == PING:
            return Received(reply=(PONG,))  # RT-EIO-05
        if frame[:1] == PONG:
            return Received()  # RT-EIO-07
        return super()._text(frame)

    def _message(self, packet: Packet, frame: str) -> Received:
        if packet.type not in (packets.CONNECT, packets.DISCONNECT):
            return super()._message(packet, frame)
        if packet.namespace == packets.DEFAULT:
            return Received()  # joined unasked, and never left (RT-EIO-10, -15)
        # RT-EIO-09: the query inside the namespace becomes the auth object of protocol 5.
        auth = msgspec.json.encode(packet.parameters).decode() if packet.query else ""
        return super()._message(packet, f"40{packet.namespace},{auth}")

    # --- engine to client

    def send(self, frame: Frame) -> Sent:
        """Say what becomes of a frame of the engine."""
        if not isinstance(frame, str):
            if self._as_text:
                return Sent(frames=(BASE64 + base64.b64encode(frame).decode(),))
            return Sent(frames=(bytes((MESSAGE_BYTE,)) + frame,))
        kind = frame[0]
        if kind == OPEN:
            opening = OPEN + self._opening(frame[1:], max_payload=False)
            return Sent(frames=(opening, MESSAGE + packets.CONNECT))  # RT-EIO-04
        if kind == MESSAGE:
            return Sent(frames=(MESSAGE + self._packet(frame[1:]),))
        answers = (frame,) if kind == PONG else ()
        return Sent(frames=answers, close=kind == CLOSE, pinged=kind == PING)  # RT-EIO-06, -16

    def _packet(self, text: str) -> str:
        """RT-EIO-11, -12, -16; everything else is identical in both protocols (RT-EIO-17, -19)."""
        if text[0] not in (packets.CONNECT, packets.DISCONNECT, packets.CONNECT_ERROR):
            return text
        namespace, _, data = text[1:].partition(",")
        if text[0] != packets.CONNECT_ERROR:
            return f"{text[0]}{namespace}{self._comma}"
        told = msgspec.json.decode(data) if data else ""
        if isinstance(told, dict):
            told = told.get("data", told.get("message", ""))
        payload = msgspec.json.encode(INVALID_NAMESPACE if told == "Unable to connect" else told)
        return f"{text[0]}{namespace},{payload.decode()}"


def protocol(eio: str | None, *, allow_eio4: bool) -> int:
    """Return the Engine.IO protocol of a handshake: 4 only where it is asked for and allowed (RT-EIO-01)."""
    return 4 if eio == "4" and allow_eio4 else 3


def engine_query(parameters: list[tuple[str, str]]) -> bytes:
    """Return the query that the engine may see: protocol 4, and nothing it takes for its own (RT-EIO-02)."""
    kept = [(name, value) for name, value in parameters if name not in ("EIO", "j", "sid", "transport")]
    return urlencode([*kept, ("EIO", "4"), ("transport", "websocket")]).encode()
