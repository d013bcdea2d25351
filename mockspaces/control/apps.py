"""OAuth clients and service apps: what the developer portal does (ACC-GEN-10)."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

import msgspec

from mockspaces.asgi.answer import Json, Signed
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import apps, portal
from mockspaces.cloud.kernel import jws, keys
from mockspaces.cloud.kernel.rejection import not_found
from mockspaces.cloud.worlds import seeds
from mockspaces.contract import errors
from mockspaces.contract.shapes import control as shapes
from mockspaces.control.call import ControlCall, Handlers


class AppPatch(seeds.Strict, frozen=True, kw_only=True):
    """Portal actions on a service app; absent members stay."""

    active: bool | None = None
    account_enabled: bool | None = None
    scopes: seeds.Scopes | None = None
    licenses: tuple[seeds.LicenceName, ...] | None = None


class KeyBody(seeds.Strict, frozen=True, kw_only=True):
    """Whether the key is generated (25 ms) or drawn from the bundled public pool."""

    fresh: bool = False


class JwtBody(seeds.Strict, frozen=True, kw_only=True):
    """How a JWT of a service app is to be, which is good unless something here makes it bad.

    ``expires_in`` is in seconds of the world's clock. ``kid`` may name any key: one of the app's own signs, or else its
    newest. Whatever stands in ``claims`` or ``header`` is said in its place, and null leaves it out.
    """

    expires_in: Annotated[float, msgspec.Meta(ge=-(10**9), le=10**9)] = 600
    iss: str | None = None
    sub: str | None = None
    aud: str | tuple[str, ...] | None = None
    kid: str | None = None
    alg: Literal["RS256", "HS256", "none"] = "RS256"
    signature: Literal["good", "bad"] = "good"
    claims: Mapping[str, Any] = {}
    header: Mapping[str, Any] = {}


async def create_client(call: ControlCall) -> object:
    """Register an OAuth client, as the portal would if a ``creator`` is named (DM-CLI-01)."""
    client = await seeds.add_client(call.world, await call.decode(seeds.ClientSeed))
    return shapes.MockClient(
        client_id=client.id,
        client_secret=client.secret,
        name=client.name,
        redirect_uris=client.redirect_uris,
        owner=client.owner,
    )


async def create_app(call: ControlCall) -> object:
    """Create a service app; ``key`` is the downloadable file of its key, if it has one (ACC-SVCKEY-01, DM-APP-01)."""
    app, key = await seeds.add_app(call.world, await call.decode(seeds.AppSeed))
    company = await call.world.state.companies.get(app.company_id)
    account = await apps.account_of(call.world, app)
    return shapes.MockApp(
        iss=app.id,
        sub=app.subject,
        name=app.name,
        company=company.name if company else None,
        scopes=app.scopes,
        active=app.active,
        account_id=app.account_id,
        licenses=portal.licence_names(account.licences),
        key=shapes.KeyFile(**apps.key_file(app, key)) if key else None,
    )


async def change_app(call: ControlCall) -> object:
    """Activate, deactivate or rescope an app, disable its account or give it other licences (DM-APP-02)."""
    world, app = call.world, await apps.get_app(call.world, call.params["iss"])
    patch, company = await call.decode(AppPatch), await call.world.state.companies.get(app.company_id)
    changed = await apps.change_app(
        world,
        app,
        active=patch.active,
        account_enabled=patch.account_enabled,
        scopes=None if patch.scopes is None else seeds.scopes(world, patch.scopes),
        licences=None if patch.licenses is None else portal.licences(world, company, patch.licenses),
    )
    account = await apps.account_of(world, changed)
    return shapes.AppState(
        iss=app.id,
        active=changed.active,
        account_enabled=account.enabled,
        scopes=changed.scopes,
        licenses=portal.licence_names(account.licences),
    )


async def create_key(call: ControlCall) -> object:
    """Add a key pair and return its file."""
    app = await apps.get_app(call.world, call.params["iss"])
    body = await call.decode(KeyBody)
    pair = call.exchange.attempt.made("fresh key", keys.fresh_elsewhere) if body.fresh else None
    return shapes.KeyFile(**apps.key_file(app, await apps.create_key(call.world, app, pair)))


async def get_key(call: ControlCall) -> object:
    """Return the file of a key again, as a download under its name (ACC-SVCKEY-02)."""
    app = await apps.get_app(call.world, call.params["iss"])
    key = await apps.get_key(call.world, app, call.params["kid"])
    answer = Json(shapes.KeyFile(**apps.key_file(app, key)))
    answer.headers["content-disposition"] = f'attachment; filename="service-key-{key.id}.json"'
    return answer


async def drop_key(call: ControlCall) -> object:
    """Delete a key with immediate effect (DM-CRED-01)."""
    app = await apps.get_app(call.world, call.params["iss"])
    key = await apps.get_key(call.world, app, call.params["kid"])
    await call.world.state.app_keys.delete(key.id)
    return {}


async def create_jwt(call: ControlCall) -> object:
    """Sign a JWT as an app would, good or bad on purpose (AUTH-SVC-01)."""
    world, body = call.world, await call.decode(JwtBody)
    app = await apps.get_app(world, call.params["iss"])
    keys_of_app = {key.id: key for key in await world.state.app_keys.page("app", app.id)}
    if not keys_of_app:
        raise not_found(errors.KEY_NOT_FOUND, "key of service app", app.id)
    newest = list(keys_of_app)[-1]
    audiences = world.settings.rest_service_audiences
    claims = {
        "iss": body.iss or app.id,
        "sub": body.sub or app.subject,
        "aud": body.aud or (audiences[0] if audiences else None),
        "exp": int(world.clock.now() + body.expires_in),
        **body.claims,
    }
    header = {"alg": body.alg, "typ": "JWT", "kid": body.kid or newest, **body.header}
    claims, header = ({name: value for name, value in one.items() if value is not None} for one in (claims, header))
    pair = keys.load(keys_of_app[body.kid if body.kid in keys_of_app else newest].material)

    def render(text: str) -> Json:
        signed, _, signature = text.rpartition(".")
        if body.signature == "bad":  # another first character, since the last one has bits to spare
            signature = f"{'B' if signature.startswith('A') else 'A'}{signature[1:]}"
        return Json(shapes.AppJwt(token=f"{signed}.{signature}", header=header, claims=claims))

    unsigned = jws.UnsignedToken(header, claims, pair)
    if body.alg == "RS256":
        return Signed(unsigned, render)
    if body.alg == "HS256":  # the public key as a secret, which careless verifiers fall for
        return render(jws.sign_hs256(header, claims, pair.pem.encode()))
    return render(f"{unsigned.signing_input.decode('ascii')}.")


HANDLERS: Handlers = {
    "CTRL-CLIENT": Handler(create_client, body=seeds.ClientSeed),
    "CTRL-APP": Handler(create_app, body=seeds.AppSeed),
    "CTRL-APP-PATCH": Handler(change_app, body=AppPatch),
    "CTRL-APP-JWT": Handler(create_jwt, body=JwtBody),
    "CTRL-KEY": Handler(create_key, body=KeyBody),
    "CTRL-KEY-GET": Handler(get_key),
    "CTRL-KEY-DROP": Handler(drop_key),
}
