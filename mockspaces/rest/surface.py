"""The Spaces REST API as a surface: route, authenticate, authorise, enter, answer, refuse."""

from collections.abc import Mapping
from zlib import crc32

from starlette.responses import Response

from mockspaces.asgi.answer import Json
from mockspaces.asgi.cors import CORS, preflight
from mockspaces.asgi.credentials import credential
from mockspaces.asgi.exchange import Exchange, add_headers
from mockspaces.asgi.handlers import handed_over
from mockspaces.asgi.routing import MethodNotAllowed, Router
from mockspaces.cloud.identity.authentication import authenticate
from mockspaces.cloud.kernel import quotas
from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.quotas import RateLimited
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.spaces import access
from mockspaces.contract import endpoints, errors
from mockspaces.contract.rows import Endpoint
from mockspaces.contract.settings import wire_name
from mockspaces.contract.shapes.refusals import Error
from mockspaces.rest import (
    anonymous,
    bulk,
    configuration,
    files,
    invites,
    me,
    media,
    meetings,
    members,
    messages,
    misc,
    own_messages,
    own_spaces,
    people,
    push,
    spaces,
)
from mockspaces.rest.call import ACT_AS_HEADER, Call
from mockspaces.rest.entrances import ENTRANCES

HANDLERS = handed_over(
    anonymous.HANDLERS,
    bulk.HANDLERS,
    configuration.HANDLERS,
    files.HANDLERS,
    invites.HANDLERS,
    me.HANDLERS,
    media.HANDLERS,
    meetings.HANDLERS,
    members.HANDLERS,
    messages.HANDLERS,
    misc.HANDLERS,
    own_messages.HANDLERS,
    own_spaces.HANDLERS,
    people.HANDLERS,
    push.HANDLERS,
    spaces.HANDLERS,
)


class RestSurface:
    """Everything below ``/api`` but the accounts calls, and ``/health``."""

    name = "rest"
    handlers = HANDLERS

    def __init__(self) -> None:
        """Build the route table."""
        self._router = Router(row for row in endpoints.ROWS if row.id in HANDLERS)

    async def answer(self, exchange: Exchange) -> Response:
        """Answer one call, or raise `Rejection` (ERR-ORDER-01)."""
        if exchange.method == "OPTIONS":
            return preflight(exchange)
        if exchange.has_body:
            await exchange.body()
        endpoint_id, params = self._router.find(exchange.method, exchange.path)
        exchange.endpoint = endpoint_id
        endpoint = exchange.world.contract.endpoints[endpoint_id]
        # Step 1: another word than those of the row is an unknown path (ERR-ORDER-05).
        for name, words in endpoint.words.items():
            given = params[name].lower() if endpoint.words_in_any_case else params[name]
            if given not in (word.lower() if endpoint.words_in_any_case else word for word in words):
                raise Rejection(errors.ROUTE_NOT_FOUND, f'"{params[name]}" is none of {", ".join(words)}')
        result = await exchange.world.transactions.carry_out(
            lambda: self._carry_out(exchange, endpoint, params), exchange.begin_again
        )
        changes = exchange.world.contract.shapes
        response = result if isinstance(result, Response) else Json(result, changes=changes)
        return add_headers(conditional(exchange, response), CORS)

    async def _carry_out(self, exchange: Exchange, endpoint: Endpoint, params: Mapping[str, str]) -> object:
        """Do what happens inside the transaction: whoever waited for their turn is judged by what is true now."""
        caller = None
        if "none" not in endpoint.auth:  # even a bad credential is ignored there (ERR-ORDER-03)
            scheme, token = credential(exchange.header(b"authorization"))
            caller = exchange.caller = await authenticate(exchange.world, scheme, token)
        if planned := exchange.meet_fault(self.name):
            return planned
        self._authorise(exchange, endpoint, caller)
        call = Call(exchange, endpoint)
        entered = await ENTRANCES[endpoint.enters](call, params)
        return await HANDLERS[endpoint.id].act(call, *entered)

    def _authorise(self, exchange: Exchange, endpoint: Endpoint, caller: Caller | None) -> None:
        if caller is None:
            return
        quotas.count(exchange.world, endpoint, caller.id, (exchange.scope.get("client") or ("",))[0])
        act_as = endpoint.act_as_scope is not None and exchange.header(ACT_AS_HEADER) is not None
        setting = endpoint.anonymous_setting
        opened = caller.kind == "anon" and bool(setting) and getattr(exchange.world.settings, setting)
        access.check_kind(endpoint, caller, act_as=act_as, anonymous=opened)
        if opened:
            exchange.why = f"admitted by the setting {wire_name(setting)}"
        access.check_caller(endpoint, caller)

    def refuse(self, exchange: Exchange, rejection: Rejection) -> Response:
        """Render a refusal as ``{"code", "message"}`` (ERR-BODY-01); no WWW-Authenticate (REST-RES-05)."""
        contract = exchange.world.contract
        row = contract.errors[rejection.code]
        response = Json(Error(code=row.code, message=row.text(rejection.detail)), row.status, contract.shapes)
        if isinstance(rejection, MethodNotAllowed):
            response.headers["allow"] = rejection.allow
        if isinstance(rejection, RateLimited):
            response.headers["retry-after"] = str(rejection.retry_after)
        return add_headers(response, CORS)


def conditional(exchange: Exchange, response: Response) -> Response:
    """Add a weak ETag to a 200 of GET, or answer 304 if the client has it (REST-RES-04)."""
    if exchange.method not in ("GET", "HEAD") or response.status_code != 200:  # noqa: PLR2004 - OK
        return response
    body = response.body  # length and checksum: a cryptographic hash took a twentieth of a request
    etag = b'W/"%x-%08x"' % (len(body), crc32(body))
    if given := exchange.header(b"if-none-match"):
        known = [tag.strip().removeprefix("W/") for tag in given.split(",")]
        if "*" in known or etag.decode().removeprefix("W/") in known:
            response = Response(status_code=304)
    return add_headers(response, [(b"etag", etag)])
