"""The native login: page, sign-in and logout (ACC-LOGIN, ACC-SIGNIN, ACC-LOGOUT)."""

from urllib.parse import urlsplit

from starlette.responses import Response

from mockspaces.accounts import cookies, csrf
from mockspaces.accounts.call import Call, Handlers, pages
from mockspaces.accounts.parameters import Parameters, pairs_of
from mockspaces.accounts.redirects import Redirect, accepted_next, after_logout, below, legal
from mockspaces.asgi.answer import Signed
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import sign_in, tokens
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.store.entities import User

LISTED_USERS = 12
ONE_CLICK = "mock_sign_in"  # the mock's own field, only of its one-click buttons


async def show(call: Call) -> Response:
    """Show the login page (ACC-LOGIN-01..03)."""
    query = call.parameters(("next", "product_name"))
    query.refuse_problems()
    return await _page(call, accepted_next(call.exchange, query["next"]))


async def submit(call: Call) -> Response | Signed:
    """Sign in, or show the page again with what was wrong (ACC-SIGNIN-01..07)."""
    query = call.parameters(("next",))
    query.refuse_problems()
    form = await call.form("next", "username", "password", ONE_CLICK)
    target = accepted_next(call.exchange, form["next"] or query["next"])
    username = form["username"] or ""
    one_click = form[ONE_CLICK] if call.world.settings.accounts_list_users else None
    if one_click is None and not sign_in.looks_like_user_name(username):
        call.exchange.why = "the user name is neither an e-mail nor + and digits"
        return await _page(call, target, username=username, problem=call.world.contract.accounts.malformed_name)
    try:
        user = await _user(call, form, one_click)
    except Rejection as refused:
        call.exchange.refused(refused)
        return await _page(call, target, username=username, problem=call.world.contract.accounts.wrong_password)
    # Begin a session of a new name, so that one which somebody planted is worth nothing (ACC-SIGNIN-02).
    session = await sign_in.open_session(call.world, user, call.cookie(cookies.SESSION))

    def signed_in(token: str) -> Response:
        response = Redirect(legal(target))
        cookies.write(response, call.exchange, cookies.AUTH_TOKEN, token)
        cookies.write(response, call.exchange, cookies.SESSION, session.id)
        return response

    return Signed(await tokens.user_jwt(call.world, user), signed_in)


async def _user(call: Call, form: Parameters, one_click: str | None) -> User:
    if one_click is None:
        return await sign_in.check_password(call.world, form["username"] or "", form["password"] or "")
    call.exchange.why = "accounts.list_users: signed in by a button of the mock, without password"
    return await sign_in.find(call.world, one_click)


async def log_out(call: Call) -> Response:
    """End the session; tokens stay valid (ACC-LOGOUT-01, -02)."""
    query = call.parameters(("next",))
    query.refuse_problems()
    await sign_in.end_session(call.world, call.cookie(cookies.SESSION))
    wanted = query["next"]
    login = below(call.origins, "/account/login/")
    response = Redirect(login if wanted is None else legal(after_logout(call.exchange, wanted)))
    for name in (cookies.SESSION, cookies.AUTH_TOKEN):
        cookies.clear(response, call.exchange, name)
    return response


async def _page(call: Call, target: str, *, username: str | None = None, problem: str = "") -> Response:
    world, token = call.world, csrf.token(call.exchange)
    asked = Parameters(pairs_of(urlsplit(target).query.encode()), ("client_id", "login_hint"), world.contract.accounts)
    if username is None:  # show whom the client expects, where that can be shown (ACC-AUTHZ-08)
        try:
            asked.refuse_problems("login_hint")
        except Rejection:
            username = ""
        else:
            username = asked["login_hint"]
    client = await world.state.clients.get(asked["client_id"] or "")
    listed = (
        await world.state.users.page("sign_in", "all", limit=LISTED_USERS)
        if call.world.settings.accounts_list_users
        else []
    )
    more = await world.state.users.count("sign_in", "all") - len(listed) if listed else 0
    page = pages.render(
        "login.html",
        action=below(call.origins, "/account/login/"),
        client_name=client.name if client else "",
        csrf=token,
        inert=world.contract.accounts.inert_methods,
        more=more,
        next=target,
        problem=problem,
        username=username or "",
        users=listed,
    )
    cookies.write(page, call.exchange, cookies.CSRF, token)
    # A browser that is signed in keeps its session; any other gets a name that nobody is signed in under.
    session = call.cookie(cookies.SESSION)
    if not session or not await world.state.login_sessions.get(session):
        session = world.ids.token()
        call.exchange.note(cookies.taken(call.exchange))
    cookies.write(page, call.exchange, cookies.SESSION, session)
    return page


HANDLERS: Handlers = {
    "ACC-LOGIN": Handler(show),
    "ACC-SIGNIN": Handler(submit),
    "ACC-LOGOUT": Handler(log_out),
}
