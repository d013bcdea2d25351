"""The double-submitted token of forms: a hidden field and a cookie of the same value (ACC-SIGNIN-04, ACC-DECIDE-04)."""

import hmac

from mockspaces.accounts import cookies
from mockspaces.accounts.parameters import Parameters
from mockspaces.asgi.exchange import Exchange
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import oauth_errors

FIELD = "csrfmiddlewaretoken"


def token(exchange: Exchange) -> str:
    """Return the token for a form: the one the browser has, so that a second tab does not spoil the first."""
    return cookies.read(exchange, cookies.CSRF) or exchange.world.ids.token()


def check(exchange: Exchange, form: Parameters) -> None:
    """Refuse a form that did not come from a page of ours."""
    cookie, field = cookies.read(exchange, cookies.CSRF), form[FIELD]
    if cookie is None or field is None:
        name = cookies.named(exchange, cookies.CSRF)
        missing = f"the cookie {name}" if cookie is None else f"the field {FIELD}"
        raise Rejection(oauth_errors.CSRF_FAILED, f"{missing} is missing")
    if not hmac.compare_digest(cookie.encode(), field.encode()):
        name = cookies.named(exchange, cookies.CSRF)
        why = (
            f"the field {FIELD} is not the value of the cookie {name}; if another program on this host name has one, "
            "call one of them 127.0.0.1 and the other localhost, or rename ours by the setting accounts.cookie_prefix"
        )
        raise Rejection(oauth_errors.CSRF_FAILED, why)
