"""Who a user name and a password belong to, and which browsers are signed in (ACC-SIGNIN-*, ACC-GEN-14)."""

import hmac
import re
from collections.abc import Mapping
from typing import Any

from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.store.entities import LoginSession, User
from mockspaces.contract import oauth_errors

AUTO_LOGIN = "accounts.auto_login"
_PHONE = re.compile(r"\+[0-9]+")


def looks_like_user_name(text: str) -> bool:
    """Whether a text has the form of an e-mail or a phone number (ACC-SIGNIN-03)."""
    return "@" in text or _PHONE.fullmatch(text) is not None


async def check_password(world: World, username: str, password: str) -> User:
    """Return the user. A wrong password, an unknown or disabled user and a service account are told apart only here."""
    user = await find(world, username)
    if user.password is None or not hmac.compare_digest(user.password.encode(), password.encode()):
        raise _refused(f'the password is not that of "{user.username}"')
    return user


async def find(world: World, username: str) -> User:
    """Return the user who may sign in under this primary e-mail, in any letter case (ACC-GEN-14)."""
    user = await people.by_username(world, username)
    if user is None:
        raise _refused(f'no user has "{username[:80]}" as primary e-mail')
    if user.is_service_account:
        raise _refused(f'"{user.username}" is a service account, which cannot sign in')
    if not user.enabled:
        raise _refused(f'the user "{user.username}" is disabled')
    return user


def _refused(why: str) -> Rejection:
    return Rejection(oauth_errors.INVALID_GRANT, why)


async def open_session(world: World, user: User, replaces: str | None) -> LoginSession:
    """Begin a login session of a new name; the one that the browser had before ends (ACC-SIGNIN-02)."""
    await end_session(world, replaces)
    return await world.state.login_sessions.put(LoginSession(id=world.ids.token(), user_id=user.id))


async def end_session(world: World, session_id: str | None) -> None:
    """End a login session, if it exists; what was issued in it stays valid (ACC-LOGOUT-02)."""
    if session_id is not None:
        await world.state.login_sessions.delete(session_id)


async def signed_in(world: World, session_id: str | None) -> User | None:
    """Return the user of a browser: of its session, or the one that a setting signs in (ACC-AUTHZ-15)."""
    if world.settings.accounts_auto_login is not None:
        user = await people.by_username(world, world.settings.accounts_auto_login)
    else:
        session = await world.state.login_sessions.get(session_id) if session_id else None
        user = await world.state.users.get(session.user_id) if session else None
    return user if user and user.enabled else None


async def check_auto_login(world: World, settings: Mapping[str, Any]) -> None:
    """Refuse settings whose ``accounts.auto_login`` names nobody who could sign in (ACC-AUTHZ-15)."""
    username = settings.get(AUTO_LOGIN)
    if not isinstance(username, str):
        return
    try:
        await find(world, username)
    except Rejection as rejection:
        raise invalid(AUTO_LOGIN, rejection.why) from None
