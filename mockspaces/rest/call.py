"""What a handler of the REST API gets: an admitted request, and after it what the call entered."""

from collections.abc import Awaitable, Callable, Mapping
from typing import Concatenate

from mockspaces.asgi import call
from mockspaces.asgi.handlers import Handler

PIN_HEADER = b"spaces-x-space-password"
ACT_AS_HEADER = b"x-avaya-act-as"


class Call(call.Call):
    """A request that passed steps 1 to 6c of ERR-ORDER-01."""

    @property
    def pin(self) -> str | None:
        """The PIN that was sent, None without the header (PERM-PIN-01)."""
        return self.exchange.header(PIN_HEADER)


# What a handler takes after the call is what the entrance of its row hands over, see `entrances`.
Handlers = Mapping[str, Handler[Callable[Concatenate[Call, ...], Awaitable[object]]]]
