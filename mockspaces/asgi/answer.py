"""Answers in JSON, made the short way: every call of every surface ends here."""

import msgspec
from starlette.responses import Response

CONTENT_TYPE = (b"content-type", b"application/json; charset=utf-8")  # REST-RES-02


class Json(Response):
    """A JSON answer whose headers need no look at what Starlette would guess."""

    def __init__(self, value: object, status: int = 200) -> None:
        """Encode ``value``; dictionaries, lists and Structs alike."""
        self.body = msgspec.json.encode(value)
        self.status_code = status
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(self.body)), CONTENT_TYPE]
