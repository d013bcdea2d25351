"""Whatever no other surface serves: links for humans are acknowledged, the rest is not found (REST-HOST-03)."""

from collections.abc import Mapping

from starlette.responses import Response

from mockspaces.asgi.cors import CORS, preflight
from mockspaces.asgi.exchange import Exchange, add_headers
from mockspaces.asgi.pages import Pages
from mockspaces.asgi.routing import MethodNotAllowed, Router
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import web

MEANINGS = {
    "WEB-JOIN": "An invitation to join the space behind invite",
    "WEB-MEET": "An invitation to the meeting behind invite",
    "WEB-SPACE": "The space",
    "WEB-ROOM": "The personal room of",
    "WEB-CHAT": "A chat with",
    "WEB-CALL": "A call with",
}
TITLES: Mapping[int, str] = {404: "Not found", 405: "Not possible", 500: "A bug"}
NOT_FOUND = 404
pages = Pages("mockspaces.web")


class WebSurface:
    """The web host, of which the mock emulates the addresses and nothing else."""

    name = "web"

    def __init__(self) -> None:
        """Build the route table."""
        self._router = Router(web.ROWS)

    async def answer(self, exchange: Exchange) -> Response:
        """Say what a link would open. It looks nothing up, so it tells nothing about what exists."""
        if exchange.method == "OPTIONS":
            return preflight(exchange)
        endpoint, params = self._router.find(exchange.method, exchange.path)
        exchange.endpoint = endpoint
        target = next(iter(params.values()), None) or exchange.query.get("email", "")

        async def meet_fault() -> Response | None:
            return exchange.meet_fault(self.name)

        planned = await exchange.world.transactions.carry_out(meet_fault, exchange.begin_again)
        shown = planned or pages.render("link.html", meaning=MEANINGS[endpoint], target=target)
        return add_headers(shown, CORS)

    def refuse(self, exchange: Exchange, rejection: Rejection) -> Response:
        """Say so as a page."""
        row = exchange.world.contract.errors[rejection.code]
        title = TITLES.get(row.status, "Not possible")
        if exchange.path == "/" and row.status == NOT_FOUND:  # whoever looks at the address in a browser
            page = pages.render("root.html", row.status, world=exchange.world.name, base=exchange.origins.base)
        else:
            page = pages.render("error.html", row.status, title=title, problem=row.text(rejection.detail), advice="")
        if isinstance(rejection, MethodNotAllowed):
            page.headers["allow"] = rejection.allow
        return add_headers(page, CORS)
