"""A web service for meeting rooms: people sign in with their Spaces account, book rooms, and see who is inside.

Ordinary libraries only: Flask for the pages, Authlib for OAuth, PyJWT for the id_token, httpx for the REST API.
"""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx
import jwt
from authlib.integrations.base_client import OAuthError
from authlib.integrations.httpx_client import OAuth2Client
from flask import Flask, redirect, request
from flask.typing import ResponseReturnValue

SCOPE = "email profile spaces"
COOKIE = "rooms_session"


class NotSignedIn(Exception):
    """The visitor has to go through the sign-in again."""


class Trouble(Exception):
    """The cloud refused, with its code, or did not answer."""

    def __init__(self, status: int, code: str) -> None:
        super().__init__(f"{status} {code}")
        self.status = status
        self.code = code


@dataclass(frozen=True)
class Settings:
    """Where the cloud is, and who we are there."""

    accounts_url: str
    api_url: str
    client_id: str
    client_secret: str
    redirect_uri: str
    issuer: str = "avayacloud.com"


@dataclass
class Session:
    """What we know of one visitor."""

    state: str = ""
    nonce: str = ""
    email: str = ""
    token: dict[str, Any] = field(default_factory=dict)


class Rooms:
    """The pages and what they need."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._token_url = f"{settings.accounts_url}/oauth2/access_token"
        self._sessions: dict[str, Session] = {}
        self._http = httpx.Client(timeout=10, trust_env=False)
        self.app = Flask(__name__)
        for rule, method, page in (
            ("/login", "GET", self.login),
            ("/callback", "GET", self.callback),
            ("/logout", "POST", self.logout),
            ("/rooms", "GET", self.list_rooms),
            ("/rooms", "POST", self.book),
            ("/rooms/<room>", "GET", self.show),
        ):
            self.app.add_url_rule(rule, page.__name__, page, methods=[method])
        self.app.register_error_handler(NotSignedIn, lambda _error: redirect("/login"))
        self.app.register_error_handler(Trouble, _in_trouble)

    def close(self) -> None:
        self._http.close()

    # --- signing in

    def _oauth(self, token: Mapping[str, Any] | None = None) -> OAuth2Client:
        settings = self._settings
        return OAuth2Client(
            settings.client_id,
            settings.client_secret,
            redirect_uri=settings.redirect_uri,
            scope=SCOPE,
            token=dict(token) if token else None,
            token_endpoint_auth_method="client_secret_post",
            trust_env=False,
        )

    def login(self) -> ResponseReturnValue:
        """Send the visitor to the identity server."""
        session = Session(nonce=secrets.token_hex(8))
        key = secrets.token_urlsafe(16)
        self._sessions[key] = session
        with self._oauth() as oauth:
            url, session.state = oauth.create_authorization_url(
                f"{self._settings.accounts_url}/oauth2/authorize", nonce=session.nonce, access_type="offline"
            )
        response = redirect(url)
        response.set_cookie(COOKIE, key, httponly=True, samesite="lax")
        return response

    def callback(self) -> ResponseReturnValue:
        """Take the code, check everything that can be checked, and let the visitor in."""
        session = self._session(signed_in=False)
        answer = request.args
        if not session.state or answer.get("state") != session.state:
            return _problem(400, "state", "This sign-in was not begun here.")
        if "error" in answer:
            return _problem(403, answer["error"], "You were not signed in.")
        try:
            with self._oauth() as oauth:
                token = oauth.fetch_token(self._token_url, code=answer["code"], grant_type="authorization_code")
            session.email = self._email(token, session.nonce)
        except (OAuthError, jwt.InvalidTokenError, KeyError) as error:
            return _problem(502, type(error).__name__, "The identity server cannot be trusted.")
        session.state, session.token = "", dict(token)
        return redirect("/rooms")

    def _email(self, token: Mapping[str, Any], nonce: str) -> str:
        """Return who signed in, from an id_token whose every claim is checked."""
        claims = jwt.decode(
            token["id_token"],
            self._settings.client_secret,
            algorithms=["HS256"],
            audience=self._settings.client_id,
            issuer=self._settings.issuer,
            options={"require": ["exp", "iat", "aud", "iss", "sub"]},
        )
        if claims.get("nonce") != nonce:
            raise jwt.InvalidTokenError("the nonce is another one")
        return str(claims["email"])

    def logout(self) -> ResponseReturnValue:
        """Revoke the grant and forget the visitor."""
        session = self._session()
        form = {"client_id": self._settings.client_id, "refresh_token": session.token.get("refresh_token", "")}
        self._http.post(f"{self._settings.accounts_url}/oauth2/revoke_token", data=form)
        still_valid = self._ask(session, "GET", "/users/me").status_code != 401
        del self._sessions[request.cookies[COOKIE]]
        return {"signed_out": True, "revoked": not still_valid}

    def _session(self, *, signed_in: bool = True) -> Session:
        session = self._sessions.get(request.cookies.get(COOKIE, ""))
        if session is None or (signed_in and not session.token):
            raise NotSignedIn
        return session

    # --- rooms

    def list_rooms(self) -> ResponseReturnValue:
        session = self._session()
        spaces = self._call(session, "GET", "/users/me/spaces", params={"type": "group", "size": 50})["data"]
        rooms = [{"id": space["targetId"], "title": space["title"]} for space in spaces]
        return {"visitor": session.email, "rooms": rooms}

    def book(self) -> ResponseReturnValue:
        session = self._session()
        title = str(request.get_json().get("title", "")).strip()
        if not title:
            return _problem(400, "title", "A room needs a title.")
        made = self._call(session, "POST", "/spaces/invite", json={"topic": {"title": title}, "invitees": []})
        return {"id": made["data"][0]["topicId"], "title": title}

    def show(self, room: str) -> ResponseReturnValue:
        """Say who is in a room at this moment."""
        session = self._session()
        answer = self._ask(session, "GET", f"/spaces/{room}/activemeeting")
        if answer.status_code == 404 and answer.json()["code"] == "meeting.not_found":
            return {"busy": False, "people": []}
        meeting = _checked(answer).json()
        inside = [one["displayname"] for one in meeting["content"]["attendees"] if "leaveTime" not in one]
        return {"busy": True, "people": inside}

    # --- the REST API

    def _call(self, session: Session, method: str, path: str, **content: Any) -> Any:
        return _checked(self._ask(session, method, path, **content)).json()

    def _ask(self, session: Session, method: str, path: str, **content: Any) -> httpx.Response:
        """Call the API; a stale token is refreshed once."""
        try:
            answer = self._send(session, method, path, **content)
            if answer.status_code == 401 and self._refreshed(session):
                answer = self._send(session, method, path, **content)
        except httpx.TransportError as error:
            raise Trouble(504, type(error).__name__) from error
        return answer

    def _send(self, session: Session, method: str, path: str, **content: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {session.token['access_token']}"}
        return self._http.request(method, f"{self._settings.api_url}{path}", headers=headers, **content)

    def _refreshed(self, session: Session) -> bool:
        old = session.token.get("refresh_token")
        if not old:
            return False
        try:
            with self._oauth(session.token) as oauth:
                session.token |= oauth.refresh_token(self._token_url, refresh_token=old)
        except OAuthError:
            return False
        return True


def _checked(answer: httpx.Response) -> httpx.Response:
    if answer.status_code == 401:
        raise NotSignedIn
    if answer.is_error:
        try:
            code = str(answer.json()["code"])
        except (ValueError, KeyError, TypeError):
            code = ""
        raise Trouble(answer.status_code, code)
    return answer


def _problem(status: int, code: str, text: str) -> ResponseReturnValue:
    return {"problem": text, "code": code}, status


def _in_trouble(error: Trouble) -> ResponseReturnValue:
    return _problem(error.status if error.status < 500 else 502, error.code, "The cloud did not do that.")
