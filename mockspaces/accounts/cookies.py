"""Cookies of the identity server (ACC-SIGNIN-07). They belong to the world, whatever its place on the host."""

import re

from starlette.responses import Response

from mockspaces.accounts.redirects import home
from mockspaces.asgi.exchange import Exchange

CSRF, SESSION, AUTH_TOKEN = "csrftoken", "sessionid", "AUTH_TOKEN"
_SEPARATORS = re.compile(r"[;,]")
_OURS = re.compile(r"[A-Za-z0-9._-]{1,4096}")
_SESSION_ID = re.compile(r"[0-9a-f]{40}")
TAKEN = (
    "the cookie {name} is that of another program on this host name, which loses it now; "
    "call one of them 127.0.0.1 and the other localhost, or rename ours by the setting accounts.cookie_prefix"
)


def named(exchange: Exchange, name: str) -> str:
    """Return what a cookie is called in this world: by a setting it does not collide with that of another program."""
    return f"{exchange.world.settings.accounts_cookie_prefix}{name}"


def read(exchange: Exchange, name: str) -> str | None:
    """Return a cookie; of several the first, which a browser sends for the longest path (RFC 6265, 5.4)."""
    value = _sent(exchange, name)
    return value if value and _OURS.fullmatch(value) else None


def taken(exchange: Exchange) -> str:
    """Say what to do where the session cookie that we are about to set is one of another program, else nothing."""
    value = _sent(exchange, SESSION)
    return TAKEN.format(name=named(exchange, SESSION)) if value and not _SESSION_ID.fullmatch(value) else ""


def _sent(exchange: Exchange, name: str) -> str | None:
    sent = exchange.header(b"cookie")
    if sent is None:
        return None
    own = named(exchange, name)
    for part in _SEPARATORS.split(sent):
        key, _, value = part.strip().partition("=")
        if key == own:
            return value
    return None


def write(response: Response, exchange: Exchange, name: str, value: str) -> None:
    """Set a cookie for the time that the browser is open."""
    response.headers.append(
        "set-cookie", f"{named(exchange, name)}={value}; Path={home(exchange)}; HttpOnly; SameSite=Lax"
    )


def clear(response: Response, exchange: Exchange, name: str) -> None:
    """Take a cookie away."""
    response.headers.append(
        "set-cookie", f"{named(exchange, name)}=; Path={home(exchange)}; Max-Age=0; HttpOnly; SameSite=Lax"
    )
