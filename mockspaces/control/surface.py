"""The control API as a surface: guard, route, answer, refuse (CTRL-01..07)."""

import hmac
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar
from urllib.parse import urlsplit

from starlette.responses import Response

from mockspaces.asgi.answer import Json, Signed
from mockspaces.asgi.decoding import decode
from mockspaces.asgi.exchange import Exchange
from mockspaces.asgi.routing import MethodNotAllowed, Router
from mockspaces.asgi.surface import Handlers
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.worlds.worlds import Hosted, Worlds
from mockspaces.contract import Contract, control, errors, queries

TOKEN_HEADER = b"x-mock-token"
OPEN = ("CTRL-HEALTH", "CTRL-CA")  # what a client needs before it can speak to the mock at all (CTRL-05)
WITHOUT_BODY = ("GET", "HEAD", "DELETE")
SHIPPED = Contract.shipped()
BODY_BYTES = 256 * 1024 * 1024  # a snapshot holds all stored files of a world (DM-CFG-02) and more

Value = TypeVar("Value")


class ControlCall:
    """A control call that passed the guard, for one world."""

    def __init__(self, exchange: Exchange, worlds: Worlds, params: Mapping[str, str]) -> None:
        """Bundle what the surface found out."""
        self.exchange = exchange
        self.worlds = worlds
        self.params = params

    @property
    def world(self) -> World:
        """The world that the call came to."""
        return self.exchange.world

    @property
    def hosted(self) -> Hosted:
        """The place of that world."""
        return self.worlds.named(self.world.name)

    @property
    def query(self) -> dict[str, str]:
        """The query parameters."""
        return self.exchange.query

    async def decode(self, kind: type[Value]) -> Value:
        """Return the JSON body as ``kind``; names the first bad member."""
        return decode(await self.exchange.body(), kind, SHIPPED.limits)


Handler = Callable[[ControlCall], Awaitable[object]]
handle: Handlers[Handler] = Handlers()


class ControlSurface:
    """Everything below ``/_mock``."""

    name = "control"

    def __init__(self, worlds: Worlds, token: str | None = None) -> None:
        """Build the route table; with a token every call but health must bring it."""
        self._worlds = worlds
        self._token = token
        self._router = Router(row for row in control.ROWS if row.id in handle.by_endpoint)

    async def answer(self, exchange: Exchange) -> Response:
        """Answer one control call, or raise `Rejection`."""
        endpoint, params = self._router.find(exchange.method, exchange.path)
        exchange.endpoint = endpoint
        if endpoint not in OPEN:
            self._check_token(exchange)
            self._check_origin(exchange)
            _check_media_type(exchange)
        if exchange.query and endpoint not in queries.ROWS:
            raise invalid(next(iter(exchange.query)), "this call has no query")
        body = await exchange.body(BODY_BYTES)  # before anything is looked up, so that nothing ages
        if exchange.method not in WITHOUT_BODY and not body.strip():
            raise invalid("", "a control call has a JSON body, at least {}")
        call = ControlCall(exchange, self._worlds, params)
        carry_out = handle.by_endpoint[endpoint]
        if SHIPPED.endpoints[endpoint].transaction == "own":
            result = await exchange.world.transactions.carry_out(lambda: carry_out(call))
        else:
            result = await carry_out(call)
        if isinstance(result, Signed):
            return await result.response()
        return result if isinstance(result, Response) else Json(result)

    def _check_token(self, exchange: Exchange) -> None:
        """CTRL-04."""
        if self._token is None:
            return
        given = exchange.header(TOKEN_HEADER)
        if given is None:
            raise Rejection(errors.CREDENTIAL_MISSING, "the control API wants the header X-Mock-Token")
        if not hmac.compare_digest(given.encode(), self._token.encode()):
            raise Rejection(errors.CREDENTIAL_INVALID, "X-Mock-Token is wrong")

    def _check_origin(self, exchange: Exchange) -> None:
        """CTRL-06: pages of other origins are refused."""
        origin = exchange.header(b"origin")
        if origin is None:
            return
        server = exchange.scope.get("server")
        own = {_origin(self._worlds.base), _origin(exchange.world.origins.base)}
        scheme = exchange.scope["scheme"]
        own |= {f"{scheme}://{host}:{server[1]}" for host in ("127.0.0.1", "localhost", "[::1]")} if server else set()
        if origin not in own:
            raise Rejection(errors.KIND_NOT_ALLOWED, f"Origin {origin} is not the mock's own")

    def refuse(self, exchange: Exchange, rejection: Rejection) -> Response:
        """Render a refusal; the control API also tells why, since nobody emulated reads it."""
        row = SHIPPED.errors[rejection.code]  # an overlay concerns what is emulated
        body = {
            "code": row.code,
            "message": row.text(rejection.detail),
            "why": rejection.why,
        }
        response = Json(body, row.status)
        if isinstance(rejection, MethodNotAllowed):
            response.headers["allow"] = rejection.allow
        return response


def _check_media_type(exchange: Exchange) -> None:
    """CTRL-03: a body of type application/json, so that no foreign page can send one unasked."""
    if exchange.method in WITHOUT_BODY:
        return
    media_type = (exchange.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Rejection(errors.UNSUPPORTED_TYPE, f'the media type is "{media_type}", send application/json')


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"
