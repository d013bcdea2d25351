"""Answers in JSON, made the short way: every call of every surface ends here."""

import asyncio
from collections.abc import Callable, Sequence

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from mockspaces.cloud.kernel.jws import UnsignedToken
from mockspaces.contract.http import JSON
from mockspaces.contract.shapes.changes import Changes, encoded

NO_CHANGES: Changes = {}
CONTENT_TYPE = (b"content-type", JSON.encode())


class Signed:
    """An answer with a token whose signature is made after the commit, when nobody else has to wait for it."""

    def __init__(self, token: UnsignedToken, render: Callable[[str], Response]) -> None:
        """Show the signed text of ``token`` by ``render``."""
        self._token = token
        self._render = render

    async def response(self) -> Response:
        """Sign the token and return the answer."""
        return self._render(await self._token.signed())


class Json(Response):
    """A JSON answer whose headers need no look at what Starlette would guess."""

    def __init__(self, value: object, status: int = 200, changes: Changes = NO_CHANGES) -> None:
        """Encode ``value``, with the changes that an overlay makes in its shapes."""
        self.body = encoded(value, changes)
        self.status_code = status
        self.background = None
        self.raw_headers = [(b"content-length", b"%d" % len(self.body)), CONTENT_TYPE]


class Parts(Response):
    """A JSON answer that is sent in parts: to join and send thirty megabytes at once would hold up everybody."""

    def __init__(self, parts: Sequence[bytes]) -> None:
        """Send texts that are JSON together."""
        super().__init__()
        length = sum(map(len, parts))
        self.parts = parts
        self.raw_headers = [(b"content-length", b"%d" % length), CONTENT_TYPE]

    async def __call__(self, scope: Scope, _receive: Receive, send: Send) -> None:
        """Send the parts; others have their turn in between."""
        await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
        for part in self.parts if scope["method"] != "HEAD" else ():
            await send({"type": "http.response.body", "body": part, "more_body": True})
            await asyncio.sleep(0)
        await send({"type": "http.response.body", "body": b""})
