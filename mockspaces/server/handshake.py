"""The handshake of a WebSocket, read before anything of WebSocket is loaded."""

import base64
import binascii

VERSION, KEY_BYTES = b"13", 16

Lines = list[tuple[bytes, bytes]]


def handshake_problem(method: bytes, version: str, headers: Lines) -> str:
    """Return why a request is no WebSocket handshake, "" if it is one (RFC 6455, 4.2.1)."""
    if method != b"GET":
        return f"a WebSocket begins with GET, not {method.decode()}"
    if version != "1.1":
        return f"a WebSocket begins with HTTP/1.1, not {version}"
    if values(headers, b"transfer-encoding") or set(values(headers, b"content-length")) - {b"0"}:
        return "a WebSocket handshake has no body"
    if values(headers, b"sec-websocket-version") != [VERSION]:
        return "Sec-WebSocket-Version is not 13"
    keys = values(headers, b"sec-websocket-key")
    if len(keys) != 1 or not _is_key(keys[0]):
        return "Sec-WebSocket-Key is not 16 bytes in Base64, sent once"
    return ""


def values(headers: Lines, wanted: bytes) -> list[bytes]:
    """Return the values of a header, in their order."""
    return [value.strip(b" \t") for name, value in headers if name == wanted]


def _is_key(text: bytes) -> bool:
    try:
        return len(base64.b64decode(text, validate=True)) == KEY_BYTES
    except binascii.Error:
        return False
