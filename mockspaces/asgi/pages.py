"""Pages for people: rendered on the server, escaped, and of use to no other page (ACC-GEN-11)."""

from functools import cached_property
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from starlette.responses import HTMLResponse

HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}


class Pages:
    """The templates of one surface, on top of those that all surfaces share."""

    def __init__(self, package: str) -> None:
        """Read templates of ``package``; the first page loads them, not the start of the server."""
        self._package = package

    @cached_property
    def _environment(self) -> Environment:
        loaders = [PackageLoader(package, "templates") for package in (self._package, "mockspaces.asgi")]
        return Environment(loader=ChoiceLoader(loaders), autoescape=True, undefined=StrictUndefined, trim_blocks=True)

    def render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        text = self._environment.get_template(template).render(values)
        return HTMLResponse(text, status, headers=HEADERS)
