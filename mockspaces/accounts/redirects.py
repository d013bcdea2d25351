"""Where a browser is sent, so that no value can add a header, a parameter or a host (ACC-GEN-13, ACC-SIGNIN-05)."""

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import quote, urlsplit

from starlette.responses import Response

from mockspaces.asgi.exchange import Exchange
from mockspaces.cloud.kernel.world import Origins

FOUND = 302
_QUERY_CHARACTERS = ":/?@!$&'()*+,;=%"  # RFC 3986, 3.4, and what is encoded already
_URI_CHARACTERS = f"{_QUERY_CHARACTERS}#[]"  # RFC 3986, 2.2
_STRAY_PERCENT = re.compile(r"%(?![0-9A-Fa-f]{2})")
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f]")
_DEFAULT_PORTS = {"http": 80, "https": 443}
Pairs = Iterable[tuple[str, str | None]]


class Redirect(Response):
    """A redirect whose headers need no look at what Starlette would guess."""

    body = b""
    status_code = FOUND
    background = None

    def __init__(self, url: str) -> None:
        """Lead to a URL that is encoded already."""
        self.raw_headers = [(b"content-length", b"0"), (b"location", url.encode("latin-1"))]


def component(value: str) -> str:
    """Encode a value as a query component; ``state`` may hold bytes that are no text."""
    if value.isascii() and value.isalnum():  # as codes and tokens are
        return value
    return quote(value, safe="", errors="surrogateescape")


def legal(url: str) -> str:
    """Encode each character of a URL that is not legal in a URI."""
    return quote(_STRAY_PERCENT.sub("%25", url), safe=_URI_CHARACTERS)


def legal_query(query: str) -> str:
    """Encode each character that is not legal in a query."""
    return quote(_STRAY_PERCENT.sub("%25", query), safe=_QUERY_CHARACTERS, errors="surrogateescape")


def with_query(url: str, pairs: Pairs) -> str:
    """Append parameters to the query of a registered URI; those that are None stay out (ACC-AUTHZ-16)."""
    return f"{_begun(url)}{_joined(pairs)}"


@lru_cache(maxsize=64)  # the same clients come again and again
def _begun(url: str) -> str:
    """Return a URL to which parameters can be appended."""
    parts = urlsplit(url)
    if parts.scheme in _DEFAULT_PORTS and parts.netloc and not parts.path:
        url = parts._replace(path="/").geturl()
    start = legal(url)
    mark = "?" if "?" not in start else "" if start.endswith(("?", "&")) else "&"
    return f"{start}{mark}"


def with_fragment(url: str, pairs: Pairs) -> str:
    """Give a registered URI, which has no fragment, one (ACC-AUTHZ-17)."""
    return f"{legal(url)}#{_joined(pairs)}"


def _joined(pairs: Pairs) -> str:
    return "&".join(f"{name}={component(value)}" for name, value in pairs if value is not None)


def below(origins: Origins, path: str) -> str:
    """Return a path of the identity server as browsers see it: with the prefix of the world, if it has one."""
    return urlsplit(origins.accounts).path.rstrip("/") + path


def home(exchange: Exchange) -> str:
    """Return the root of the world."""
    return below(exchange.origins, "/")


def accepted_next(exchange: Exchange, text: str | None) -> str:
    """Return ``next`` if it stays on the mock, else the root (ACC-SIGNIN-05). It is not encoded yet."""
    if text is None or _CONTROL.search(text):
        return home(exchange)
    if text.startswith("/"):
        return text if text[1:2] not in ("/", "\\") else home(exchange)
    origin = _origin(text)
    return text if origin is not None and origin in _own_origins(exchange) else home(exchange)


def after_logout(exchange: Exchange, text: str) -> str:
    """Return ``next`` of a logout, which may also lead to origins that the setting lists; else why it does not."""
    origin = None if _CONTROL.search(text) else _origin(text)
    if origin is not None and origin in {_origin(one) for one in exchange.world.settings.accounts_logout_origins}:
        return text
    accepted = accepted_next(exchange, text)
    if accepted != text:
        exchange.why = f"next: {text[:200]!r} is not on the mock; the setting accounts.logout_origins lists others"
    return accepted


def _own_origins(exchange: Exchange) -> set[tuple[str, str, int] | None]:
    """Return the configured origins of all surfaces; the Host header is none of them."""
    places = (exchange.origins, exchange.world.origins)
    return {
        _origin(url)
        for place in places
        for url in (place.base, place.accounts, place.rest, place.storage, place.socket, place.web)
    }


def _origin(url: str) -> tuple[str, str, int] | None:
    """Return scheme, host and port of an absolute http or https URL without userinfo, else None."""
    try:
        parts = urlsplit(url)
        scheme, host, port = parts.scheme, parts.hostname, parts.port
    except ValueError:
        return None
    if scheme not in _DEFAULT_PORTS or not host or "@" in parts.netloc or "\\" in url:
        return None
    return scheme, host, _DEFAULT_PORTS[scheme] if port is None else port
