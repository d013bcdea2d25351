"""What a handler of an HTTP surface gets: a request that found its row."""

from codecs import BOM_UTF8
from typing import TypeVar

from mockspaces.asgi.decoding import decode
from mockspaces.asgi.exchange import Exchange
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.contract import errors
from mockspaces.contract.limits import Limits
from mockspaces.contract.rows import Endpoint

Value = TypeVar("Value")


class Call:
    """A request with the row of its endpoint."""

    def __init__(self, exchange: Exchange, endpoint: Endpoint) -> None:
        """Bundle what the surface found out; ``origins`` are where the caller reaches the world."""
        self.exchange = exchange
        self.endpoint = endpoint
        self.world = exchange.world
        self.origins = exchange.origins

    @property
    def query(self) -> dict[str, str]:
        """The query parameters; a repeated one has its last value."""
        return self.exchange.query

    @property
    def caller(self) -> Caller:
        """Who calls; refused on endpoints without credential, which do not ask."""
        if self.exchange.caller is None:
            raise Rejection(errors.CREDENTIAL_MISSING, f"{self.endpoint.id} knows no caller")
        return self.exchange.caller

    @property
    def limits(self) -> Limits:
        """The limits that hold for this call."""
        return self.world.contract.limits

    async def text(self) -> bytes:
        """Return a body that has to be text. Refuses what would hide it from whoever reads it (REST-REQ-03)."""
        body = await self.exchange.body()
        encoding = (self.exchange.header(b"content-encoding") or "identity").lower()
        if body and encoding != "identity":
            raise invalid("body", f"Content-Encoding {encoding[:80]} is not understood, send the body as it is")
        if body.startswith(BOM_UTF8):
            raise invalid("body", "begins with a byte order mark, send the body without it")
        return body

    async def decode(self, kind: type[Value]) -> Value:
        """Return the JSON body as ``kind``; names the first bad member (ERR-ORDER-01, step 7)."""
        return decode(await self.text(), kind, self.limits)
