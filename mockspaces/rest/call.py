"""What a handler of the REST API gets: an admitted request."""

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from mockspaces.asgi.decoding import decode
from mockspaces.asgi.exchange import Exchange
from mockspaces.asgi.surface import Handlers
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import Origins, World
from mockspaces.cloud.spaces import access
from mockspaces.cloud.spaces.access import Standing
from mockspaces.contract import errors
from mockspaces.contract.rows import Endpoint

PIN_HEADER = b"spaces-x-space-password"
ACT_AS_HEADER = b"x-avaya-act-as"

Value = TypeVar("Value")


class Call:
    """A request that passed steps 1 to 3 of ERR-ORDER-01; `enter` makes steps 4 to 6 for a space."""

    def __init__(
        self, exchange: Exchange, endpoint: Endpoint, caller: Caller | None, params: Mapping[str, str]
    ) -> None:
        """Bundle what the surface found out."""
        self.exchange = exchange
        self.endpoint = endpoint
        self.params = params
        self._caller = caller

    @property
    def world(self) -> World:
        """The world that is called."""
        return self.exchange.world

    @property
    def origins(self) -> Origins:
        """Where the caller reaches this world."""
        return self.exchange.origins

    @property
    def query(self) -> dict[str, str]:
        """The query parameters."""
        return self.exchange.query

    @property
    def caller(self) -> Caller:
        """Who calls; refused on endpoints without credential, which do not ask."""
        if self._caller is None:
            raise Rejection(errors.CREDENTIAL_MISSING, f"{self.endpoint.id} knows no caller")
        return self._caller

    @property
    def pin(self) -> str | None:
        """The PIN that was sent, None without the header (PERM-PIN-01)."""
        return self.exchange.header(PIN_HEADER)

    async def enter(self) -> Standing:
        """Admit the caller to the space of the path (ERR-ORDER-01 steps 4 to 6c)."""
        return await access.enter(self.world, self.endpoint, self.caller, self.params["spaceId"], self.pin)

    async def decode(self, kind: type[Value]) -> Value:
        """Return the JSON body as ``kind``; names the first bad member (step 7)."""
        return decode(await self.exchange.body(), kind, self.world.contract.limits)


Handler = Callable[[Call], Awaitable[object]]
handle: Handlers[Handler] = Handlers()
