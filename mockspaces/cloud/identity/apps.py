"""OAuth clients and service apps: what the developer portal makes (DM-CLI-01, DM-APP-*, DM-CRED-01)."""

from urllib.parse import urlsplit

from mockspaces.cloud.kernel import keys
from mockspaces.cloud.kernel.events import AccessEnded
from mockspaces.cloud.kernel.keys import KeyPair
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.store.entities import AppKey, Company, Licence, OAuthClient, ServiceApp, User, replace
from mockspaces.contract import errors, nearest

ACT_AS = "X-Avaya-Act-As"
_FORBIDDEN_SCHEMES = ("javascript", "data")


async def create_client(
    world: World,
    name: str,
    redirect_uris: tuple[str, ...],
    *,
    public: bool = False,
    client_id: str | None = None,
    client_secret: str | None = None,
    active: bool = True,
    grants: tuple[str, ...] | None = None,
    owner: str = "freelance",
) -> OAuthClient:
    """Register an OAuth client; a public one has no secret."""
    for uri in redirect_uris:
        parts = urlsplit(uri)
        if not parts.scheme or parts.fragment or "#" in uri or parts.scheme.lower() in _FORBIDDEN_SCHEMES:
            raise invalid("redirect_uris", f'"{uri}" is not absolute, has a fragment or a forbidden scheme')
    client = OAuthClient(
        id=client_id or world.ids.short(),
        secret=None if public else client_secret or world.ids.token(),
        name=name,
        redirect_uris=redirect_uris,
        active=active,
        grants=grants,
        owner=owner,
    )
    if await world.state.clients.get(client.id):
        raise Rejection(errors.ALREADY_EXISTS, f'client "{client.id}" exists', detail=client.id)
    return await world.state.clients.put(client)


def known_scopes(world: World, scopes: tuple[str, ...]) -> tuple[str, ...]:
    """Return the scopes without repetition. Refuses unknown names (DM-APP-04)."""
    known = list(world.contract.scopes)
    for scope in scopes:
        if scope not in known:
            raise invalid("scopes", f'no scope "{scope}"{nearest(scope, known)}')
    return tuple(dict.fromkeys(scopes))


async def create_service_app(
    world: World,
    name: str,
    company: Company,
    scopes: tuple[str, ...],
    *,
    active: bool = False,
    app_id: str | None = None,
    licences: tuple[Licence, ...] = (),
) -> ServiceApp:
    """Create a service app with its service account (DM-APP-02); the company needs a service domain (DM-APP-03)."""
    if company.service_domain is None:
        raise invalid("company", f'"{company.name}" has no service domain')
    chosen = app_id or world.ids.short()
    subject = f"{chosen}@{company.service_domain}"
    wanted = known_scopes(world, scopes)
    account = User(
        id=world.ids.object_id(),
        ndbid=world.ids.account_id(),
        username=subject,
        displayname=name,
        last_update=world.clock.now_ms(),
        company_id=company.id,
        is_service_account=True,
        licences=licences,
    )
    app = ServiceApp(
        id=chosen,
        name=name,
        company_id=company.id,
        account_id=account.id,
        subject=subject,
        scopes=wanted,
        active=active,
    )
    if await world.state.apps.get(chosen):
        raise Rejection(errors.ALREADY_EXISTS, f'service app "{chosen}" exists', detail=chosen)
    await world.state.users.put(account)
    return await world.state.apps.put(app)


async def get_app(world: World, app_id: str) -> ServiceApp:
    """Return a service app. Refuses an unknown one."""
    app = await world.state.apps.get(app_id)
    if app is None:
        raise not_found(errors.APP_NOT_FOUND, "service app", app_id)
    return app


async def change_app(
    world: World,
    app: ServiceApp,
    *,
    active: bool | None = None,
    account_enabled: bool | None = None,
    scopes: tuple[str, ...] | None = None,
    licences: tuple[Licence, ...] | None = None,
) -> ServiceApp:
    """Do what an admin does in the portal; what is None stays as it is."""
    chosen = app.scopes if scopes is None else known_scopes(world, scopes)
    if licences is not None:
        await world.state.users.put(replace(await account_of(world, app), licences=licences))
    if account_enabled is not None:
        await people.set_enabled(world, await account_of(world, app), enabled=account_enabled)
    changed = await world.state.apps.put(replace(app, active=app.active if active is None else active, scopes=chosen))
    if app.active and not changed.active:
        await world.publish(AccessEnded(person_id=app.account_id))
    return changed


async def account_of(world: World, app: ServiceApp) -> User:
    """Return the service account of an app."""
    account = await world.state.users.get(app.account_id)
    if account is None:
        raise not_found(errors.USER_NOT_FOUND, "service account", app.account_id)
    return account


async def acted_as(world: World, app: ServiceApp, address: str) -> User:
    """Return the user an app acts as, by an e-mail in a domain of its company (AUTH-ACT-02).

    A user of another company is refused even if one of their addresses is in such a domain (AUTH-SVC-15).
    """
    if not address:
        raise invalid(ACT_AS, "must not be empty")
    wanted = people.email(address, ACT_AS)
    company = await world.state.companies.get(app.company_id)
    user = await people.by_email(world, wanted)
    if user and user.is_service_account:
        raise invalid(ACT_AS, "names a service account")
    if company is None or wanted.rpartition("@")[2] not in company.domains:
        raise Rejection(errors.OTHER_COMPANY, f'{ACT_AS}: "{wanted}" is not in a domain of the company of the app')
    if user is None:
        raise Rejection(errors.USER_NOT_FOUND, f'{ACT_AS}: there is no user "{wanted}"')
    if user.company_id != company.id:
        raise Rejection(errors.OTHER_COMPANY, f'{ACT_AS}: "{wanted}" is an address of a user of another company')
    if not user.enabled:
        raise invalid(ACT_AS, "names a disabled user")
    return user


async def create_key(world: World, app: ServiceApp, pair: KeyPair | None = None) -> AppKey:
    """Add a key pair to an app: the given one, or one of the bundled pool that no other app of the world has."""
    used = {key.material for key in await world.state.app_keys.all()}
    pair = pair or keys.unused(world.ids.choice(1 << 16), used)
    key = AppKey(id=world.ids.short(), app_id=app.id, material=pair.pem, created=world.clock.now_ms())
    return await world.state.app_keys.put(key)


async def get_key(world: World, app: ServiceApp, kid: str) -> AppKey:
    """Return a key pair of an app. Refuses an unknown one, or one of another app."""
    key = await world.state.app_keys.get(kid)
    if key is None or key.app_id != app.id:
        raise not_found(errors.KEY_NOT_FOUND, "key", kid)
    return key


def key_file(app: ServiceApp, key: AppKey) -> dict[str, str]:
    """Return the downloadable key file ``service-key-<kid>.json`` (ACC-SVCKEY-01)."""
    return {"iss": app.id, "sub": app.subject, "kid": key.id, "private_key": key.material}
