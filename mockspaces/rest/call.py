"""What a handler of the REST API gets: an admitted request."""

from collections.abc import Awaitable, Callable, Mapping

from mockspaces.asgi import call
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.spaces import access
from mockspaces.cloud.spaces.access import Standing

PIN_HEADER = b"spaces-x-space-password"
ACT_AS_HEADER = b"x-avaya-act-as"


class Call(call.Call):
    """A request that passed steps 1 to 3 of ERR-ORDER-01; `enter` makes steps 4 to 6 for a space."""

    @property
    def pin(self) -> str | None:
        """The PIN that was sent, None without the header (PERM-PIN-01)."""
        return self.exchange.header(PIN_HEADER)

    async def enter(self) -> Standing:
        """Admit the caller to the space of the path (ERR-ORDER-01 steps 4 to 6c)."""
        return await access.enter(self.world, self.endpoint, self.caller, self.params["spaceId"], self.pin)


Handlers = Mapping[str, Handler[Callable[[Call], Awaitable[object]]]]
