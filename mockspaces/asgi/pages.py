"""Pages for people: rendered on the server, escaped, and of use to no other page (ACC-GEN-11)."""

import asyncio
import threading
from functools import cache
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from jinja2 import Environment

SHARED = "mockspaces.asgi"
HEADERS = {
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
}
_compiling = threading.Lock()
_compiled: set[tuple[str, ...]] = set()


@cache
def templates(*packages: str) -> "Environment":
    """Return the templates of some packages; the first page loads engine and templates, not the start of the server."""
    from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined  # noqa: PLC0415 - see above

    loader = ChoiceLoader([PackageLoader(package) for package in packages])
    return Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)


def prepare(*packages: str) -> None:
    """Load the engine and compile the templates of ``packages``, so that the first page need not."""
    with _compiling:
        if packages not in _compiled:
            environment = templates(*packages)
            for name in environment.list_templates(extensions=["html", "js"]):
                environment.get_template(name)
            _compiled.add(packages)


async def prepared(*packages: str) -> None:
    """Do what `prepare` does in a thread, unless it is done: it would hold up everybody for a tenth of a second."""
    if packages not in _compiled:
        await asyncio.to_thread(prepare, *packages)


class Pages:
    """The templates of one surface, on top of those that all surfaces share."""

    def __init__(self, package: str) -> None:
        """Read templates of ``package``."""
        self._packages = (package, SHARED)

    def render(self, template: str, status: int = 200, **values: Any) -> HTMLResponse:
        """Return a page."""
        text = templates(*self._packages).get_template(template).render(values)
        return HTMLResponse(text, status, headers=HEADERS)
