"""How a refusal looks: one renderer per style (ACC-ERR-01..05, ACC-GEN-06)."""

from collections.abc import Callable, Mapping

from starlette.responses import Response

from mockspaces.accounts.call import pages
from mockspaces.asgi.exchange import Exchange
from mockspaces.asgi.routing import MethodNotAllowed
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import oauth_errors
from mockspaces.contract.http import JSON
from mockspaces.contract.shapes.changes import encoded
from mockspaces.contract.shapes.refusals import OAuthError, VendorError, VendorErrorObject

BASIC_CHALLENGE = 'Basic realm="accounts"'
TITLES: Mapping[int, str] = {403: "This form has gone stale", 404: "Not found", 405: "Not possible", 500: "A bug"}
ADVICE: Mapping[str, str] = {
    oauth_errors.UNTRUSTED_REQUEST: "The application that sent you here has to correct its link. Because of this "
    "mistake you are not sent back to it.",
    oauth_errors.CSRF_FAILED: "Go back, load the page again and send the form once more. A program must send the "
    "hidden field csrfmiddlewaretoken and the cookie csrftoken, both from the same page.",
}


class Redirected(Rejection):
    """A refusal that is told to the client at its redirect_uri (ACC-AUTHZ-12)."""

    def __init__(self, refused: Rejection, response: Response) -> None:
        """Answer with ``response``, which carries the refusal."""
        super().__init__(refused.code, refused.why, detail=refused.detail)
        self.response = response


def description(text: str) -> str:
    """Return a text in the characters that RFC 6749, 5.2 allows for one: printable ASCII but quote and backslash."""
    plain = text.replace('"', "'").replace("\\", "/")
    return "".join(one if " " <= one <= "~" else "?" for one in plain)


def _vendor(code: str, message: str) -> VendorError:
    """ACC-ERR-01, -02."""
    return VendorError(error=VendorErrorObject(code=code, message=message), error_description=message)


def _rfc6749(code: str, message: str) -> OAuthError:
    """ACC-ERR-03."""
    return OAuthError(error=code, error_description=message)


STYLES: Mapping[str, Callable[[str, str], VendorError | OAuthError]] = {"vendor": _vendor, "rfc6749": _rfc6749}


def render(exchange: Exchange, rejection: Rejection) -> Response:
    """Return the answer to a refused request."""
    if isinstance(rejection, Redirected):
        return rejection.response
    row = exchange.world.contract.endpoints[exchange.endpoint] if exchange.endpoint else None
    return _json(exchange, rejection) if row and row.refusals == "object" else _page(exchange, rejection)


def _json(exchange: Exchange, rejection: Rejection) -> Response:
    contract = exchange.world.contract
    row = contract.errors[oauth_errors.IN_WORDS_OF_OAUTH.get(rejection.code, rejection.code)]
    body = STYLES[exchange.world.settings.accounts_error_style](row.code, description(row.text(rejection.detail)))
    response = Response(encoded(body, contract.shapes), row.status, contract.accounts.no_store, JSON)
    if row.id == oauth_errors.INVALID_CLIENT and exchange.header(b"authorization") is not None:
        response.headers["www-authenticate"] = BASIC_CHALLENGE
    return response


def _page(exchange: Exchange, rejection: Rejection) -> Response:
    """Return a page that says what was wrong, to whoever tries a client out in a browser."""
    code = oauth_errors.IN_WORDS_OF_OAUTH.get(rejection.code, rejection.code)
    row = exchange.world.contract.errors[code]
    why = rejection.why
    problem = f"{why[:1].upper()}{why[1:]}{'' if why.endswith(('.', '?')) else '.'}"
    if row.id == oauth_errors.OAUTH_SERVER_ERROR:
        problem = "The log has the traceback."
    title = TITLES.get(row.status) or row.message.partition(":")[0].rstrip(".")
    response = pages.render("error.html", row.status, title=title, problem=problem, advice=ADVICE.get(code, ""))
    if isinstance(rejection, MethodNotAllowed):
        response.headers["allow"] = rejection.allow
    return response
