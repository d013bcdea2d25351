"""Authorize and consent (ACC-AUTHZ, ACC-CONSENT, ACC-DECIDE)."""

from urllib.parse import unquote_plus

from starlette.responses import Response

from mockspaces.accounts import cookies, csrf
from mockspaces.accounts.call import Call, Handlers, pages
from mockspaces.accounts.failures import Redirected, description
from mockspaces.accounts.parameters import Parameters, bad
from mockspaces.accounts.redirects import Pairs, Redirect, below, component, legal_query, with_fragment, with_query
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import oauth_requests, oauth_scopes, sign_in
from mockspaces.cloud.identity.oauth_requests import Asked, AuthorizationRequest
from mockspaces.cloud.kernel import misbehaviour
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.store.entities import User
from mockspaces.contract import oauth_errors

PARAMETERS = frozenset(
    (
        "client_id",
        "redirect_uri",
        "response_type",
        "access_type",
        "scope",
        "state",
        "code_challenge",
        "code_challenge_method",
        "nonce",
        "login_hint",
        "prompt",
    )
)


async def authorize(call: Call) -> Response:
    """Send the browser on: to login, to consent, or back to the client (ACC-AUTHZ-09, -10, -15)."""
    parameters = call.parameters(PARAMETERS, repeats=True)
    request = await _checked(call, parameters)
    user = await _signed_in(call)
    asks_for_login = parameters["prompt"] in call.world.contract.accounts.login_prompts
    if user is None or (asks_for_login and call.world.settings.accounts_auto_login is None):
        return _to_login(call)
    if _consents(call):
        return await _allow(call, request, parameters.state, user)
    return Redirect(f"{below(call.origins, '/oauth2/authorize/confirm')}?{_query(call)}")


async def ask(call: Call) -> Response:
    """Ask the user, every time (ACC-CONSENT-01..03)."""
    parameters = call.parameters(PARAMETERS, repeats=True)
    request = await _checked(call, parameters)
    user = await _signed_in(call)
    if user is None:
        return _to_login(call)
    if _consents(call):
        return await _allow(call, request, parameters.state, user)
    token = csrf.token(call.exchange)
    page = pages.render(
        "consent.html",
        action=f"{below(call.origins, '/oauth2/authorize/confirm')}?{_query(call)}",
        client_name=request.client.name or request.client.id,
        csrf=token,
        permissions=[
            {"text": row.consent, "asked": row.name in request.requested.names}
            for row in call.world.contract.oauth_scopes.values()
            if row.consent
        ],
        redirect_uri=request.redirect_uri,
        user=user,
    )
    cookies.write(page, call.exchange, cookies.CSRF, token)
    return page


async def decide(call: Call) -> Response:
    """Do what the user decided (ACC-DECIDE-01..05)."""
    parameters = call.parameters(PARAMETERS, repeats=True)
    request = await _checked(call, parameters)
    user = await _signed_in(call)
    if user is None:
        return _to_login(call)
    form = await call.form("decision")
    if form["decision"] == "allow":
        return await _allow(call, request, parameters.state, user)
    if form["decision"] == "deny":
        denied = Rejection(oauth_errors.ACCESS_DENIED, "the user denied the request")
        raise _told(call, denied, request.redirect_uri, request.response_type, parameters.state, described=False)
    raise bad("decision", 'expected "allow" or "deny"')


async def _checked(call: Call, parameters: Parameters) -> AuthorizationRequest:
    """Check the request; once client and URI are trusted, refusals go there (ACC-AUTHZ-11, -12)."""
    for name in ("client_id", "redirect_uri"):
        try:
            parameters.refuse_problems(name)
        except Rejection as refused:
            raise Rejection(oauth_errors.UNTRUSTED_REQUEST, refused.why) from None
    to = await oauth_requests.destination(call.world, parameters["client_id"], parameters["redirect_uri"])
    try:
        parameters.refuse_problems()
        asked = Asked(
            response_type=parameters["response_type"],
            access_type=parameters["access_type"],
            scope=parameters["scope"],
            nonce=parameters["nonce"],
            code_challenge=parameters["code_challenge"],
            code_challenge_method=parameters["code_challenge_method"],
        )
        return oauth_requests.check(call.world, to, asked, call.origins.accounts)
    except Rejection as refused:
        response_type = parameters["response_type"]
        raise _told(call, refused, to.redirect_uri, response_type, parameters.state) from None


def _told(
    call: Call,
    refused: Rejection,
    redirect_uri: str,
    response_type: str | None,
    state: str | None,
    *,
    described: bool = True,
) -> Redirected:
    """Return the refusal as the client sees it, in the part of its URI where it awaits the answer."""
    row = call.world.contract.errors[refused.code]
    said = description(row.text(refused.detail)) if described else None
    pairs = (("error", row.code), ("error_description", said), ("state", state))
    return Redirected(refused, _back(redirect_uri, response_type, pairs))


def _back(redirect_uri: str, response_type: str | None, pairs: Pairs) -> Response:
    place = with_fragment if response_type == oauth_requests.TOKEN else with_query
    return Redirect(place(redirect_uri, pairs))


async def planned(call: Call, refused: Rejection) -> Rejection:
    """Return a planned refusal as the client of an authorization request sees it (ACC-AUTHZ-12)."""
    parameters = call.parameters(PARAMETERS, repeats=True)
    to = await oauth_requests.destination(call.world, parameters["client_id"], parameters["redirect_uri"])
    return _told(call, refused, to.redirect_uri, parameters["response_type"], parameters.state)


def _returned_state(call: Call, state: str | None) -> str | None:
    """Return the state as it was sent, unless the server was told to misbehave."""
    if call.world.misbehaviours.met(misbehaviour.STATE_NOT_RETURNED):
        return None
    return "another-state" if call.world.misbehaviours.met(misbehaviour.STATE_CHANGED) else state


async def _signed_in(call: Call) -> User | None:
    user = await sign_in.signed_in(call.world, call.cookie(cookies.SESSION))
    if user and call.world.settings.accounts_auto_login is not None:
        call.exchange.note(f"accounts.auto_login: {user.username} counts as signed in")
    return user


def _to_login(call: Call) -> Response:
    """Send the browser to the login page, from which it comes back without ``prompt`` (ACC-AUTHZ-08, -09)."""
    target = f"{below(call.origins, call.path)}?{_query(call, without='prompt')}"
    login = below(call.origins, "/account/login/")
    return Redirect(f"{login}?next={component(target)}&product_name={call.world.contract.accounts.product}")


def _query(call: Call, without: str | None = None) -> str:
    """Return the query as it came; anything in it that is not legal in a URI is encoded."""
    text = call.raw_query.decode("utf-8", "surrogateescape")
    kept = [pair for pair in text.split("&") if unquote_plus(pair.partition("=")[0]) != without]
    return legal_query("&".join(kept))


def _consents(call: Call) -> bool:
    """Whether a setting answers for the user; the journal says so."""
    if call.world.settings.accounts_auto_consent:
        call.exchange.note("accounts.auto_consent: the consent page was skipped")
    return call.world.settings.accounts_auto_consent


async def _allow(call: Call, request: AuthorizationRequest, state: str | None, user: User) -> Response:
    """Issue what was asked for and send it to the client (ACC-AUTHZ-16, -17)."""
    world, state = call.world, _returned_state(call, state)
    if request.response_type != oauth_requests.TOKEN:
        code = await oauth_requests.issue_code(world, request, user)
        return _back(request.redirect_uri, request.response_type, (("state", state), ("code", code.id)))
    token = await oauth_requests.issue_token(world, request, user)
    pairs = (
        ("access_token", token.id),
        ("token_type", "Bearer"),
        ("expires_in", str(world.contract.limits.expires_in_s)),
        ("scope", oauth_scopes.printed(world, token.scopes, request.requested.words)),
        ("state", state),
    )
    return _back(request.redirect_uri, request.response_type, pairs)


HANDLERS: Handlers = {
    "ACC-AUTHZ": Handler(authorize),
    "ACC-CONSENT": Handler(ask),
    "ACC-DECIDE": Handler(decide),
}
