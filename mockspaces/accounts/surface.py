"""The identity server as a surface: route, authenticate, answer, refuse (accounts section 1)."""

from contextlib import suppress
from urllib.parse import unquote_to_bytes

from starlette.responses import Response

from mockspaces.accounts import authorize, failures, login, people, token_endpoint
from mockspaces.accounts.call import Call
from mockspaces.asgi.answer import Signed
from mockspaces.asgi.cors import CORS, preflight
from mockspaces.asgi.credentials import credential
from mockspaces.asgi.exchange import Exchange, add_headers
from mockspaces.asgi.handlers import handed_over
from mockspaces.asgi.refused import REFUSED
from mockspaces.asgi.routing import Router
from mockspaces.cloud.identity.authentication import authenticate
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import endpoints, errors
from mockspaces.contract.rows import Endpoint

HANDLERS = handed_over(authorize.HANDLERS, login.HANDLERS, people.HANDLERS, token_endpoint.HANDLERS)
_AUTHORIZE = b"/oauth2/authorize/"
_QUESTION_MARK = b"%3f"


class AccountsSurface:
    """Everything below ``/oauth2``, ``/account``, ``/api/1.0`` and ``/norevimages``."""

    name = "accounts"
    handlers = HANDLERS

    def __init__(self) -> None:
        """Build the route table; a path that a setting adds leads to the row it is an alias of."""
        rows = [row for row in endpoints.ROWS if row.id in HANDLERS]
        self._router = Router(rows)
        self._typing_errors = {alias: row.path for row in rows for alias in row.optional_aliases}

    async def answer(self, exchange: Exchange) -> Response:
        """Answer one call, or raise `Rejection`."""
        if exchange.method == "OPTIONS":
            return preflight(exchange)
        path, query = self._address(exchange)
        endpoint_id, params = self._router.find(exchange.method, path)
        if "encodedQuery" in params:  # below authorize only an encoded query is served, see _address
            raise Rejection(errors.ROUTE_NOT_FOUND, f"{exchange.path} is no path of this surface")
        exchange.endpoint = endpoint_id
        endpoint = exchange.world.contract.endpoints[endpoint_id]
        if exchange.has_body:
            await exchange.body()
        call = Call(exchange, endpoint, params, path, query)
        answer = await exchange.world.transactions.carry_out(lambda: self._carry_out(call), exchange.begin_again)
        return add_headers(await answer.response() if isinstance(answer, Signed) else answer, CORS)

    async def _carry_out(self, call: Call) -> Response | Signed:
        """Do what happens inside the transaction."""
        await self._authenticate(call.exchange, call.endpoint)
        try:
            planned = call.exchange.meet_fault(self.name)
        except Rejection as refused:
            if call.endpoint.refusals == "client":
                raise await authorize.planned(call, refused) from None
            raise
        return planned or await HANDLERS[call.endpoint.id].act(call)

    def _address(self, exchange: Exchange) -> tuple[str, bytes]:
        """Return path and query; what follows an encoded question mark is the query (ACC-AUTHZ-14, ACC-TOKEN-17)."""
        raw: bytes = exchange.scope.get("raw_path") or b""
        _, found, rest = raw.partition(_AUTHORIZE)
        if found and rest[:3].lower() == _QUESTION_MARK:
            return "/oauth2/authorize", unquote_to_bytes(rest[3:])
        query: bytes = exchange.scope["query_string"]
        meant = self._typing_errors.get(exchange.path.rstrip("/"))
        if meant is None:
            return exchange.path, query
        if not exchange.world.settings.accounts_typo_alias:
            why = f'did you mean "{meant}"? With the setting accounts.typo_alias {exchange.path} is served too'
            raise Rejection(errors.ROUTE_NOT_FOUND, why)
        exchange.why = exchange.reading = "accounts.typo_alias: the misspelt path is served as an alias"
        return meant, query

    async def _authenticate(self, exchange: Exchange, endpoint: Endpoint) -> None:
        """ACC-SELF-02: a registered user, by OAuth token or user JWT, whatever the scopes."""
        if "oauth" not in endpoint.auth:
            return
        scheme, text = credential(exchange.header(b"authorization"))
        caller = await authenticate(exchange.world, scheme, text)
        if caller.kind not in endpoint.auth:
            raise Rejection(errors.KIND_NOT_ALLOWED, f"{endpoint.id} takes a registered user, not {caller.kind}")
        exchange.caller = caller

    def refuse(self, exchange: Exchange, rejection: Rejection) -> Response:
        """Render a refusal in the style of the endpoint, which a request has that cannot be read any further."""
        if REFUSED in exchange.scope and exchange.endpoint is None:
            with suppress(Rejection):
                exchange.endpoint, _params = self._router.find(exchange.method, exchange.path)
        return add_headers(failures.render(exchange, rejection), CORS)
