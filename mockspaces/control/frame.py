"""The page for people as a frame around its views: journal, sockets, state, hands, and what can be called."""

import secrets
from typing import Any
from urllib.parse import urlsplit

from starlette.responses import HTMLResponse, Response

from mockspaces.asgi import pages
from mockspaces.asgi.exchange import add_headers
from mockspaces.cloud.kernel.rejection import invalid
from mockspaces.control.call import ControlCall
from mockspaces.control.clock import shown_clock

PACKAGE = "mockspaces.control"
PART = b"x-mock-part"  # the page's own script wants a view alone: the frame around it is there
LISTED_WORLDS = 500
LONGEST_NUMBER = 9  # digits of a page
VIEWS = (
    ("Journal", "ui"),
    ("Sockets", "ui/sockets"),
    ("State", "ui/state"),
    ("Hands", "ui/hands"),
    ("API", "docs"),
)


async def prepared() -> None:
    """Return when every page can be rendered; the first one loads the templates of all, before any transaction."""
    await pages.prepared(PACKAGE)


def shell() -> Response:
    """Return the empty page, which asks for the control token and tells nothing (CTRL-04)."""
    return _page("shell.html", (), {})


def framed(call: ControlCall, view: str, template: str, values: dict[str, Any]) -> Response:
    """Render a view; its script is told what happens and fetches the view anew when the world has changed.

    ``view`` is the address of the entry in the navigation that it belongs to.
    """
    shown = {"control": control(call), "page_of": view, "world": call.world.name, **values}
    if call.exchange.header(PART) is not None:
        html = pages.templates(PACKAGE).get_template(template).render(shown)
        return add_headers(HTMLResponse(html), ((b"content-security-policy", b"default-src 'none'"),))
    origins = call.exchange.origins
    named = sorted(name for one in call.worlds if (name := one.world.name) != call.world.name)
    shown |= {
        "base": origins.base,
        "clock": shown_clock(call.world),
        "worlds": [call.world.name, *named[: LISTED_WORLDS - 1]],
        "views": VIEWS,
        "template": template,
    }
    # What can be called is called from the page too, and may have origins of its own.
    return _page("frame.html", (origins.rest, origins.accounts), shown)


def missing(call: ControlCall, view: str, why: str) -> Response:
    """Render a view of something that is not there, or not any more; as for an entry that is gone, the view exists."""
    return framed(call, view, "missing.html", {"why": why})


def _page(template: str, origins: tuple[str, ...], values: dict[str, Any]) -> Response:
    nonce = secrets.token_urlsafe(16)
    html = pages.templates(PACKAGE).get_template(template).render(nonce=nonce, **values)
    callable_at = " ".join(dict.fromkeys(("'self'", *map(_origin, origins))))
    policy = (
        f"default-src 'none'; style-src 'unsafe-inline'; script-src 'nonce-{nonce}'; connect-src {callable_at};"
        " frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )
    headers = ((b"content-security-policy", policy.encode("latin-1", "replace")), (b"x-frame-options", b"DENY"))
    return add_headers(HTMLResponse(html), headers)


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def control(call: ControlCall) -> str:
    """Return the path below which this world's own calls are, as the browser sees it."""
    return f"{urlsplit(call.exchange.origins.base).path}/_mock"


def page_number(call: ControlCall) -> int:
    """Return the number of the page that a call wants, from 0."""
    given = call.query.get("page", "0")
    if not (given.isascii() and given.isdecimal() and len(given) <= LONGEST_NUMBER):
        raise invalid("page", "expected the number of a page, from 0")
    return int(given)


def check_query(call: ControlCall, *known: str) -> None:
    """Refuse parameters that a view does not have."""
    for name in call.query:
        if name not in known:
            raise invalid(name, "no such parameter")
