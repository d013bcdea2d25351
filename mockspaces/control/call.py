"""What a handler of the control API gets: a call that passed the guard, for one world."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any

from starlette.types import ASGIApp

from mockspaces.asgi import call
from mockspaces.asgi.exchange import Exchange
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.worlds.worlds import Hosted, Worlds
from mockspaces.contract import Contract
from mockspaces.contract.limits import OPERATOR, Limits
from mockspaces.contract.rows import Endpoint
from mockspaces.contract.shapes.control import CheckedRecording

Check = Callable[[bytes, Contract, Sequence[str]], Awaitable[CheckedRecording]]
SHIPPED = Contract.shipped()  # an overlay concerns what is emulated


class ControlCall(call.Call):
    """A control call, which also knows the other worlds and all calls there are."""

    def __init__(
        self,
        exchange: Exchange,
        endpoint: Endpoint,
        params: Mapping[str, str],
        worlds: Worlds,
        documented: Mapping[str, Handler[Any]],
        serve: ASGIApp,
        check: Check,
    ) -> None:
        """Bundle what the surface found out. ``documented`` are the handlers of all surfaces, ``serve`` the whole.

        ``check`` holds a recording against a contract; names of further hosts of the service come last.
        """
        super().__init__(exchange, endpoint)
        self.params = params
        self.worlds = worlds
        self.documented = documented
        self.serve = serve
        self.check = check

    @property
    def hosted(self) -> Hosted:
        """The place of the world that the call came to."""
        return self.worlds.named(self.world.name)

    @property
    def limits(self) -> Limits:
        """The limits of the control API, which no overlay changes."""
        return OPERATOR


Handlers = Mapping[str, Handler[Callable[[ControlCall], Awaitable[object]]]]
