"""The control API as a surface: guard, route, answer, refuse (CTRL-01..07)."""

import hmac
import ipaddress
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.types import ASGIApp

from mockspaces.asgi.answer import Json, Signed
from mockspaces.asgi.exchange import Exchange
from mockspaces.asgi.handlers import Handler, handed_over
from mockspaces.asgi.routing import MethodNotAllowed, Router
from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.worlds.worlds import Worlds
from mockspaces.contract import control, errors
from mockspaces.contract.queries import ROWS as QUERIES
from mockspaces.contract.shapes.refusals import ControlError
from mockspaces.control import (
    apps,
    asyncapi,
    clock,
    docs,
    events,
    explanations,
    faults,
    frame,
    hands,
    journal,
    keys,
    messages,
    metrics,
    misbehaviours,
    openapi,
    people,
    queries,
    recordings,
    repetitions,
    schemas,
    searches,
    snapshot,
    sockets,
    things,
    timelines,
    ui,
    worlds,
)
from mockspaces.control.call import SHIPPED, Check, ControlCall

TOKEN_HEADER = b"x-mock-token"
HANDLERS = handed_over(
    apps.HANDLERS,
    asyncapi.HANDLERS,
    clock.HANDLERS,
    docs.HANDLERS,
    events.HANDLERS,
    explanations.HANDLERS,
    faults.HANDLERS,
    hands.HANDLERS,
    journal.HANDLERS,
    keys.HANDLERS,
    messages.HANDLERS,
    metrics.HANDLERS,
    misbehaviours.HANDLERS,
    openapi.HANDLERS,
    people.HANDLERS,
    queries.HANDLERS,
    recordings.HANDLERS,
    repetitions.HANDLERS,
    schemas.HANDLERS,
    searches.HANDLERS,
    snapshot.HANDLERS,
    sockets.HANDLERS,
    things.HANDLERS,
    timelines.HANDLERS,
    ui.HANDLERS,
    worlds.HANDLERS,
)


class ControlSurface:
    """Everything below ``/_mock``."""

    name = "control"
    handlers = HANDLERS

    def __init__(
        self,
        worlds: Worlds,
        serve: ASGIApp,
        check: Check,
        token: str | None = None,
        others: Mapping[str, Handler[Any]] | None = None,
    ) -> None:
        """Build the route table; with a token every call but health must bring it.

        ``others`` are the handlers of the emulated surfaces, for the API document; ``serve`` is the application as a
        whole, for what is sent once more, and ``check`` what recordings are handed to.
        """
        self._serve = serve
        self._check = check
        self._worlds = worlds
        worlds.on_leave.append(events.leave)
        self._documented = {**(others or {}), **HANDLERS}
        self._token = token
        self._router = Router(row for row in control.ROWS if row.id in HANDLERS)

    async def answer(self, exchange: Exchange) -> Response:
        """Answer one control call, or raise `Rejection`."""
        endpoint, params = self._router.find(exchange.method, exchange.path)
        exchange.endpoint = endpoint
        shell = False
        if endpoint not in control.OPEN:
            self._check_host(exchange)
            shell = endpoint in control.SHELL and self._token is not None and exchange.header(TOKEN_HEADER) is None
            if not shell:
                self._check_token(exchange)
            self._check_origin(exchange)
            _check_media_type(exchange)
        if exchange.query and endpoint not in QUERIES:
            raise invalid(next(iter(exchange.query)), "this call has no query")
        if endpoint in control.SHELL:
            await frame.prepared()
        if shell:
            return frame.shell()
        body = await exchange.body(control.BODY_BYTES)  # before anything is looked up, so that nothing ages
        if exchange.method not in control.WITHOUT_BODY and not body.strip():
            raise invalid("", "a control call has a JSON body, at least {}")
        if endpoint in control.JOURNAL:
            await exchange.world.journal.catch_up()
        row, act = SHIPPED.endpoints[endpoint], HANDLERS[endpoint].act
        call = ControlCall(exchange, row, params, self._worlds, self._documented, self._serve, self._check)
        if row.transaction == "own":
            result = await exchange.world.transactions.carry_out(lambda: act(call))
        else:
            result = await act(call)
        if isinstance(result, Signed):
            return await result.response()
        return result if isinstance(result, Response) else Json(result)

    def _check_host(self, exchange: Exchange) -> None:
        """CTRL-06: a page under a name of its own that leads to this machine must not read what is here."""
        name = _name(exchange.header(b"host") or "")
        own = {urlsplit(url).hostname for url in (self._worlds.base, *self._worlds.names.values())}
        if "." in name and name not in own and not name.endswith(".localhost") and not _is_address(name):
            raise Rejection(errors.KIND_NOT_ALLOWED, f"Host {name} is none of the mock's names; --public-url adds one")

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
        row = SHIPPED.errors[rejection.code]
        body = ControlError(code=row.code, message=row.text(rejection.detail), why=rejection.why)
        response = Json(body, row.status)
        if isinstance(rejection, MethodNotAllowed):
            response.headers["allow"] = rejection.allow
        return response


def _check_media_type(exchange: Exchange) -> None:
    """CTRL-03: a body of type application/json, so that no foreign page can send one unasked."""
    if exchange.method in control.WITHOUT_BODY:
        return
    media_type = (exchange.header(b"content-type") or "").partition(";")[0].strip().lower()
    if media_type != "application/json":
        raise Rejection(errors.UNSUPPORTED_TYPE, f'the media type is "{media_type}", send application/json')


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _name(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        raise invalid("", "Host is no host") from None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
