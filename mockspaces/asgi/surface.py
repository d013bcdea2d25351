"""What a surface is: it answers exchanges and renders its own refusals."""

from collections.abc import Awaitable, Callable
from typing import Any, Generic, Protocol, TypeVar

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


AnyHandler = TypeVar("AnyHandler", bound=Callable[..., Awaitable[object]])


# What the bodies of calls look like, by endpoint id and over all surfaces: what the API document tells.
BODIES: dict[str, Any] = {}
SUMMARIES: dict[str, str] = {}


class Handlers(Generic[AnyHandler]):
    """Handlers bound to endpoint rows by id."""

    def __init__(self) -> None:
        """Begin with none."""
        self.by_endpoint: dict[str, AnyHandler] = {}

    def __call__(self, endpoint: str, *, body: Any = None) -> Callable[[AnyHandler], AnyHandler]:
        """Bind the decorated handler to an endpoint row; ``body`` is the type that it decodes."""

        def bind(handler: AnyHandler) -> AnyHandler:
            if endpoint in self.by_endpoint:
                message = f"{endpoint} has a handler already"
                raise ValueError(message)
            self.by_endpoint[endpoint] = handler
            SUMMARIES[endpoint] = (handler.__doc__ or "").strip()
            if body is not None:
                BODIES[endpoint] = body
            return handler

        return bind
