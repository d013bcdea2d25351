"""The double-submitted token of forms: a hidden field and a cookie of the same value (ACC-SIGNIN-04, ACC-DECIDE-04)."""

import hmac

from mockspaces.accounts import cookies
from mockspaces.accounts.call import Call
from mockspaces.accounts.parameters import Parameters
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import oauth_errors

FIELD = "csrfmiddlewaretoken"


def token(call: Call) -> str:
    """Return the token for a form: the one the browser has, so that a second tab does not spoil the first."""
    return call.cookie(cookies.CSRF) or call.world.ids.token()


def check(call: Call, form: Parameters) -> None:
    """Refuse a form that did not come from a page of ours."""
    cookie, field = call.cookie(cookies.CSRF), form[FIELD]
    if cookie is None or field is None:
        missing = "the cookie csrftoken" if cookie is None else f"the field {FIELD}"
        raise Rejection(oauth_errors.CSRF_FAILED, f"{missing} is missing")
    if not hmac.compare_digest(cookie.encode(), field.encode()):
        raise Rejection(oauth_errors.CSRF_FAILED, f"the field {FIELD} is not the value of the cookie csrftoken")
