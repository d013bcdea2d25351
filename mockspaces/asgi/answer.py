"""Answers in JSON, made the short way: every call of every surface ends here."""

from collections.abc import Callable

from starlette.responses import Response

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
