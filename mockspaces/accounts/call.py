"""What a handler of the identity server gets: a routed request with its parameters."""

from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.responses import Response

from mockspaces.accounts import cookies, csrf
from mockspaces.accounts.parameters import Parameters, bad, pairs_of
from mockspaces.asgi import call
from mockspaces.asgi.answer import Json, Signed
from mockspaces.asgi.exchange import Exchange, add_headers
from mockspaces.asgi.handlers import Handler
from mockspaces.asgi.pages import Pages
from mockspaces.contract.rows import Endpoint

URLENCODED, MULTIPART = "application/x-www-form-urlencoded", "multipart/form-data"
MAX_FIELDS = 200
pages = Pages("mockspaces.accounts")


class Call(call.Call):
    """A request that found its endpoint; its body, if any, is within the limit."""

    def __init__(
        self, exchange: Exchange, endpoint: Endpoint, params: Mapping[str, str], path: str, query: bytes
    ) -> None:
        """Bundle what the surface found out. ``path`` and ``query`` are those in force (ACC-AUTHZ-14)."""
        super().__init__(exchange, endpoint)
        self.params = params
        self.path = path
        self.raw_query = query

    def cookie(self, name: str) -> str | None:
        """Return a cookie, None if it is absent or not of our making."""
        return cookies.read(self.exchange, name)

    def parameters(self, known: Collection[str], *, repeats: bool = False) -> Parameters:
        """Return the known parameters of the query; whoever reads them refuses their problems.

        With ``repeats`` one may come again with an equal value (ACC-AUTHZ-01).
        """
        return Parameters(pairs_of(self.raw_query), known, self.world.contract.accounts, repeats=repeats)

    async def form(self, *known: str) -> Parameters:
        """Return the known parameters of an urlencoded or multipart body. Refuses any other (ACC-TOKEN-01).

        Refuses problems of the parameters too, and where the row says so a form that is not of a page of ours.
        """
        guard = (csrf.FIELD,) if self.endpoint.csrf else ()
        form = Parameters(await self._form_pairs(), (*known, *guard), self.world.contract.accounts)
        form.refuse_problems()
        if guard:
            csrf.check(self.exchange, form)
        return form

    def json(self, value: object) -> Response:
        """Return a JSON answer, which nobody may keep where the row says so (ACC-GEN-07)."""
        answer = Json(value, changes=self.world.contract.shapes)
        if not self.endpoint.no_store:
            return answer
        no_store = self.world.contract.accounts.no_store.items()
        return add_headers(answer, [(name.lower().encode(), words.encode()) for name, words in no_store])

    async def _form_pairs(self) -> list[tuple[str, str]]:
        """Return all fields of the body in their order."""
        content_type = self.exchange.header(b"content-type") or ""
        media_type = content_type.partition(";")[0].strip().lower()
        body = await self.text()
        if media_type == URLENCODED:
            most = self.world.contract.limits.form_escapes
            if body.count(b"%") > most:
                raise bad("body", f"more than {most} escapes")
            as_bytes = "surrogateescape"  # what is no UTF-8 is refused by name
            text = body.decode("utf-8", as_bytes)
            try:
                return parse_qsl(text, keep_blank_values=True, max_num_fields=MAX_FIELDS, errors=as_bytes)
            except ValueError:
                raise bad("body", f"more than {MAX_FIELDS} fields") from None
        if media_type == MULTIPART:
            limit = self.world.contract.limits.body_bytes
            parser = MultiPartParser(
                Headers({"content-type": content_type}),
                _once(body),
                max_files=0,
                max_fields=MAX_FIELDS,
                max_part_size=limit,
            )
            try:
                fields = await parser.parse()
            except (MultiPartException, LookupError, ValueError) as error:
                raise bad("body", f"unreadable: {error}") from None
            return [(name, value) for name, value in fields.multi_items() if isinstance(value, str)]
        raise bad("body", f'the media type is "{media_type[:80]}", send {URLENCODED} or {MULTIPART}')


async def _once(body: bytes) -> AsyncGenerator[bytes, None]:
    yield body


Handlers = Mapping[str, Handler[Callable[[Call], Awaitable[Response | Signed]]]]
