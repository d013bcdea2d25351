"""What a surface is: it answers exchanges and renders its own refusals."""

from typing import Protocol

from starlette.responses import Response

from mockspaces.asgi.exchange import Exchange
from mockspaces.cloud.kernel.rejection import Rejection


class Surface(Protocol):
    """One part of the emulated cloud, reached over HTTP."""

    name: str

    async def answer(self, exchange: Exchange) -> Response:
        """Answer a request, or raise `Rejection`."""

    def refuse(self, exchange: Exchange, rejection: Rejection) -> Response:
        """Render a refusal in the style of this surface."""
