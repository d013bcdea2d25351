"""OAuth clients and service apps: what the developer portal does (ACC-GEN-10)."""

from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import apps
from mockspaces.cloud.kernel import keys
from mockspaces.cloud.worlds import seeds
from mockspaces.control.call import ControlCall, Handlers


class AppPatch(seeds.Strict, frozen=True, kw_only=True):
    """Portal actions on a service app; absent members stay."""

    active: bool | None = None
    account_enabled: bool | None = None
    scopes: tuple[str, ...] | None = None


class KeyBody(seeds.Strict, frozen=True, kw_only=True):
    """Whether the key is generated (25 ms) or drawn from the bundled public pool."""

    fresh: bool = False


async def create_client(call: ControlCall) -> object:
    """Register an OAuth client."""
    client = await seeds.add_client(call.world, await call.decode(seeds.ClientSeed))
    return {
        "client_id": client.id,
        "client_secret": client.secret,
        "name": client.name,
        "redirect_uris": client.redirect_uris,
    }


async def create_app(call: ControlCall) -> object:
    """Create a service app with a key; ``key`` is the downloadable file (ACC-SVCKEY-01)."""
    app, key = await seeds.add_app(call.world, await call.decode(seeds.AppSeed))
    return {
        "iss": app.id,
        "sub": app.subject,
        "name": app.name,
        "scopes": app.scopes,
        "active": app.active,
        "account_id": app.account_id,
        "key": apps.key_file(app, key),
    }


async def change_app(call: ControlCall) -> object:
    """Activate, deactivate, disable the account of, or rescope an app."""
    app = await apps.get_app(call.world, call.params["iss"])
    patch = await call.decode(AppPatch)
    changed = await apps.change_app(
        call.world, app, active=patch.active, account_enabled=patch.account_enabled, scopes=patch.scopes
    )
    account = await apps.account_of(call.world, changed)
    return {
        "iss": app.id,
        "active": changed.active,
        "account_enabled": account.enabled,
        "scopes": changed.scopes,
    }


async def create_key(call: ControlCall) -> object:
    """Add a key pair and return its file."""
    app = await apps.get_app(call.world, call.params["iss"])
    body = await call.decode(KeyBody)
    pair = call.exchange.attempt.made("fresh key", keys.fresh_elsewhere) if body.fresh else None
    return apps.key_file(app, await apps.create_key(call.world, app, pair))


async def get_key(call: ControlCall) -> object:
    """Return the file of a key again (ACC-SVCKEY-02)."""
    app = await apps.get_app(call.world, call.params["iss"])
    return apps.key_file(app, await apps.get_key(call.world, app, call.params["kid"]))


async def drop_key(call: ControlCall) -> object:
    """Delete a key with immediate effect (DM-CRED-01)."""
    app = await apps.get_app(call.world, call.params["iss"])
    key = await apps.get_key(call.world, app, call.params["kid"])
    await call.world.state.app_keys.delete(key.id)
    return {}


HANDLERS: Handlers = {
    "CTRL-CLIENT": Handler(create_client, body=seeds.ClientSeed),
    "CTRL-APP": Handler(create_app, body=seeds.AppSeed),
    "CTRL-APP-PATCH": Handler(change_app, body=AppPatch),
    "CTRL-KEY": Handler(create_key, body=KeyBody),
    "CTRL-KEY-GET": Handler(get_key),
    "CTRL-KEY-DROP": Handler(drop_key),
}
