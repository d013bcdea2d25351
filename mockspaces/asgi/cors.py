"""Browser apps of any origin may call the emulated surfaces (REST-CORS-*, ACC-GEN-08)."""

import re

from starlette.responses import Response

from mockspaces.asgi.exchange import Exchange, add_headers

_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")  # RFC 9110, 5.6.2, in lower case
CORS = (
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"ETag, Retry-After"),
)
PREFLIGHT_METHODS = b"GET, POST, PATCH, DELETE, PUT, OPTIONS"
PREFLIGHT_HEADERS = (
    "authorization",
    "content-type",
    "accept",
    "accept-version",
    "spaces-x-space-password",
    "x-avaya-act-as",
)
PREFLIGHT_SECONDS = b"600"


def preflight(exchange: Exchange) -> Response:
    """Answer OPTIONS on any path: browser apps of any origin may call (REST-CORS-02)."""
    asked = exchange.header(b"access-control-request-headers") or ""
    names = filter(_HEADER_NAME.fullmatch, (name.strip().lower() for name in asked.split(",")))
    allowed = ", ".join(dict.fromkeys([*PREFLIGHT_HEADERS, *names]))
    headers = (
        *CORS,
        (b"access-control-allow-methods", PREFLIGHT_METHODS),
        (b"access-control-allow-headers", allowed.encode("ascii")),
        (b"access-control-max-age", PREFLIGHT_SECONDS),
    )
    return add_headers(Response(b"", 200), headers)
