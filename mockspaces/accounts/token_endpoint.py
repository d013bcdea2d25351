"""The token endpoint and revocation (ACC-TOKEN, ACC-REVOKE)."""

import base64
import binascii
from collections.abc import Awaitable, Callable, Mapping
from urllib.parse import unquote_plus

from msgspec import UNSET
from starlette.responses import Response

from mockspaces.accounts.call import Call, Handlers
from mockspaces.accounts.parameters import Parameters, bad
from mockspaces.asgi.answer import Signed
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import clients, grants, oauth_requests, oauth_scopes
from mockspaces.cloud.identity.clients import ProvenClient
from mockspaces.cloud.identity.grants import Issued
from mockspaces.cloud.kernel import misbehaviour
from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.contract import nearest, oauth_errors
from mockspaces.contract.shapes.accounts import Tokens
from mockspaces.contract.shapes.service import Nothing

PARAMETERS = (
    "client_id",
    "client_secret",
    "grant_type",
    "code",
    "redirect_uri",
    "code_verifier",
    "refresh_token",
    "username",
    "password",
    "scope",
)
BASIC = "basic"


async def issue(call: Call) -> Response | Signed:
    """Exchange a grant for tokens; the client is checked before the grant (ACC-TOKEN-01..18)."""
    form = await call.form(*PARAMETERS)
    if form.empty:
        in_url = call.parameters(PARAMETERS)
        raise bad("body", "empty" if in_url.empty else "empty; the parameters came in the URL, send them as a form")
    client_id, secret = form["client_id"], form["client_secret"]
    basic = _basic(call.exchange.header(b"authorization"))
    if basic is not None:
        if client_id not in (None, basic[0]) or secret not in (None, basic[1]):
            raise clients.refused("Authorization and body name different clients or secrets")
        client_id, secret = basic
    has_verifier = form["grant_type"] == oauth_requests.AUTHORIZATION_CODE and form["code_verifier"] is not None
    try:
        proven = await clients.authenticate(call.world, client_id, secret or None, has_verifier=has_verifier)
    except Rejection as refused:
        raw = _basic(call.exchange.header(b"authorization"), decoded=False)
        if raw is None or raw == basic or not await clients.proves(call.world, *raw):
            raise
        raise clients.refused(
            f"{refused.why}; it would be right undecoded: form-encode id and secret before base64 (RFC 6749, 2.3.1)"
        ) from None
    grant_type = form.required("grant_type")
    exchange = GRANTS.get(grant_type)
    if exchange is None:
        why = f'no grant_type "{grant_type[:80]}"{nearest(grant_type, list(GRANTS))}'
        raise Rejection(oauth_errors.UNSUPPORTED_GRANT_TYPE, why)
    oauth_requests.check_grant(proven.client, grant_type)
    if not proven.by_secret:
        call.exchange.why = "accounts.pkce_without_secret: the code_verifier stands in for the secret"
    issued = await exchange(call, proven, form)
    answer = Tokens(
        access_token=issued.access_token.id,
        scope=issued.scope,
        expires_in=call.world.contract.limits.expires_in_s,
        refresh_token=UNSET if issued.refresh_token is None else issued.refresh_token.id,
        token_type="Bearer" if call.world.settings.accounts_token_type else UNSET,
    )

    def with_id_token(text: str) -> Response:
        answer.id_token = text
        return call.json(answer)

    if call.world.misbehaviours.met(misbehaviour.NO_ID_TOKEN):
        return call.json(answer)
    id_token = issued.id_token
    return with_id_token(id_token) if isinstance(id_token, str) else Signed(id_token, with_id_token)


def _basic(header: str | None, *, decoded: bool = True) -> tuple[str, str] | None:
    """Return client id and secret of HTTP Basic, None without it; both are form-encoded (RFC 6749, 2.3.1).

    Not ``decoded`` they are as somebody may have meant them who does not know that.
    """
    scheme, _, text = (header or "").partition(" ")
    if scheme.lower() != BASIC:
        return None
    try:
        pair = base64.b64decode(text.strip(), validate=True).decode()
    except (binascii.Error, ValueError):
        raise clients.refused("the Basic credentials are not base64 of UTF-8 text") from None
    client_id, colon, secret = pair.partition(":")
    if not colon:
        raise clients.refused("the Basic credentials have no colon between client_id and secret")
    return (unquote_plus(client_id), unquote_plus(secret)) if decoded else (client_id, secret)


async def _code(call: Call, proven: ProvenClient, form: Parameters) -> Issued:
    code, redirect_uri = form.required("code"), form.required("redirect_uri")
    return await grants.exchange_code(call.world, proven, code, redirect_uri, form["code_verifier"])


async def _refresh(call: Call, proven: ProvenClient, form: Parameters) -> Issued:
    token = form.required("refresh_token")
    return await grants.refresh(call.world, proven.client, token, form["scope"], call.origins.accounts)


async def _password(call: Call, proven: ProvenClient, form: Parameters) -> Issued:
    username, password = form.required("username"), form.required("password")
    requested = oauth_scopes.parse(call.world, call.origins.accounts, form["scope"])
    return await grants.exchange_password(call.world, proven.client, username, password, requested)


GRANTS: Mapping[str, Callable[[Call, ProvenClient, Parameters], Awaitable[Issued]]] = {
    oauth_requests.AUTHORIZATION_CODE: _code,
    "refresh_token": _refresh,
    "password": _password,
}


async def revoke(call: Call) -> Response:
    """Revoke a grant; the client names itself without proof (ACC-REVOKE-01..06)."""
    form = await call.form("client_id", "refresh_token", "token")
    basic = _basic(call.exchange.header(b"authorization"))
    client = await clients.known(call.world, form["client_id"] or (basic[0] if basic else None))
    token = form["refresh_token"] or form["token"]
    if token is None:
        raise bad("refresh_token", "required")
    await grants.revoke(call.world, client, token)
    return call.json(Nothing())


HANDLERS: Handlers = {
    "ACC-TOKEN": Handler(issue),
    "ACC-REVOKE": Handler(revoke),
}
