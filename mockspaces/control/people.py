"""Companies, users, spaces, and credentials without the browser dance."""

from typing import Annotated, Any, Literal

import msgspec

from mockspaces.asgi.answer import Json, Signed
from mockspaces.asgi.handlers import Handler
from mockspaces.cloud.identity import portal, tokens
from mockspaces.cloud.kernel.rejection import invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import discovery, spaces
from mockspaces.cloud.spaces.access import find_space
from mockspaces.cloud.store.entities import Company, OAuthClient, User, replace
from mockspaces.cloud.worlds import seeds
from mockspaces.contract import errors, nearest
from mockspaces.contract.shapes import control as shapes
from mockspaces.control.call import ControlCall, Handlers
from mockspaces.control.queries import shown_space


class CompanyPatch(seeds.Strict, frozen=True, kw_only=True):
    """What can be changed on a company; absent members stay. A service domain that is there stays too.

    With a ``creator`` the portal's rules hold: they must be its admin.
    """

    service_domain: Literal[True] | None = None
    deny_attachments: bool | None = None
    owned_licenses: tuple[seeds.LicenceName, ...] | None = None
    creator: str | None = None


class UserPatch(seeds.Strict, frozen=True, kw_only=True):
    """What can be changed on a user; absent members stay, and an empty company or picture is none.

    ``company_admin`` and ``developer`` are as in a seed: companies, the latter also ``freelance``.
    """

    enabled: bool | None = None
    password: seeds.Password | None = None
    displayname: str | None = None
    company: str | None = None
    company_admin: bool | tuple[str, ...] | None = None
    developer: bool | tuple[str, ...] | None = None
    licenses: tuple[seeds.LicenceName, ...] | None = None
    picturefile: seeds.PictureUrlOrNone | None = None


class TokenBody(seeds.Strict, frozen=True, kw_only=True):
    """Which credential is wanted; ``scope`` and ``client_id`` concern OAuth tokens, ``expires_in`` is in seconds.

    Kind ``sat`` is a space access token of a room app for the space ``space_id`` (ACC-SAT-01).
    """

    username: str
    kind: Literal["oauth", "jwt", "sat"] = "oauth"
    client_id: str | None = None
    space_id: str | None = None
    scope: str = "email profile spaces"
    expires_in: Annotated[int, msgspec.Meta(ge=-(10**9), le=10**9)] | None = None


def shown_user(user: User) -> shapes.MockUser:
    """Return a user as tests want to know them, password included."""
    return shapes.MockUser(
        id=user.id,
        ndbid=user.ndbid,
        username=user.username,
        displayname=user.displayname,
        password=user.password,
        enabled=user.enabled,
        company_id=user.company_id,
        meetingroom_id=user.room_id,
        company_admin=user.company_admin,
        developer=user.developer,
        licenses=portal.licence_names(user.licences),
        picturefile=user.picturefile,
    )


def shown_company(company: Company) -> shapes.MockCompany:
    """Return a company."""
    return shapes.MockCompany(
        id=company.id, name=company.name, domains=company.domains, service_domain=company.service_domain
    )


async def create_company(call: ControlCall) -> object:
    """Create a company; a ``creator`` becomes its employee and admin (DM-COMP-01)."""
    return shown_company(await seeds.add_company(call.world, await call.decode(seeds.CompanySeed)))


async def change_company(call: ControlCall) -> object:
    """Create the service domain of a company (DM-COMP-02), or change what it forbids and owns."""
    company = await seeds.find_company(call.world, call.params["company"])
    patch = msgspec.structs.asdict(await call.decode(CompanyPatch))
    creator = patch.pop("creator")
    if creator is not None:
        portal.check_admin(await portal.creator(call.world, creator), company)
    if patch.pop("service_domain") and company.service_domain is None:
        patch["service_domain"] = people.new_service_domain(call.world)
    changes = {name: value for name, value in patch.items() if value is not None}
    return shown_company(await call.world.state.companies.put(replace(company, **changes)))


async def create_user(call: ControlCall) -> object:
    """Create a registered user; a password is drawn unless given."""
    return shown_user(await seeds.add_user(call.world, await call.decode(seeds.UserSeed)))


async def get_user(call: ControlCall) -> object:
    """Return a user by any of their addresses."""
    return shown_user(await people.known(call.world, call.params["username"]))


async def change_user(call: ControlCall) -> object:
    """Change a user, or disable them: all their credentials die at once (AUTH-USER-05)."""
    world, user = call.world, await people.known(call.world, call.params["username"])
    patch = await call.decode(UserPatch)
    if user.is_service_account and (patch.password is not None or patch.company is not None):
        raise invalid("password" if patch.password is not None else "company", "is not for a service account")
    plain = {"password": patch.password, "displayname": patch.displayname}
    changes: dict[str, Any] = {name: value for name, value in plain.items() if value is not None}
    if patch.company is not None:
        changes["company_id"] = (await seeds.find_company(world, patch.company)).id if patch.company else None
    if patch.picturefile is not None:
        changes["picturefile"] = patch.picturefile or None
    changed = replace(user, **changes)
    if patch.company_admin is not None:
        changed = replace(changed, company_admin=await seeds.administered(world, changed, patch.company_admin))
    if patch.developer is not None:
        changed = replace(changed, developer=await seeds.developed(world, changed, patch.developer))
    if patch.licenses is not None:
        employer = await world.state.companies.get(changed.company_id) if changed.company_id else None
        changed = replace(changed, licences=portal.licences(world, employer, patch.licenses))
    portal.check_rights(changed)
    changed = await world.state.users.put(changed)
    if patch.enabled is not None:
        changed = await people.set_enabled(world, changed, enabled=patch.enabled)
    return shown_user(changed)


async def create_space(call: ControlCall) -> object:
    """Create a space in any state, also one that no public call makes."""
    space = await seeds.add_space(call.world, await call.decode(seeds.SpaceSeed))
    shown = msgspec.structs.asdict(await shown_space(call.world, space))
    return shapes.CreatedSpace(**shown, status=spaces.status(call.world, space))


async def create_token(call: ControlCall) -> object:
    """Issue a valid credential for a user."""
    body = await call.decode(TokenBody)
    user = await people.known(call.world, body.username)
    if user.is_service_account:
        raise invalid("username", "names a service account; sign a JWT with the key of its app")
    if body.kind == "jwt":
        issued = await tokens.user_jwt(call.world, user, expires_in=body.expires_in)
        return Signed(issued, lambda text: Json(shapes.JwtIssued(token=text)))
    client = await _client(call.world, body.client_id)
    if body.kind == "sat":
        space = await find_space(call.world, body.space_id or "")
        sat = await discovery.issue_space_token(call.world, user, space, client.id, body.expires_in)
        return shapes.SatIssued(token=sat.id, client_id=client.id)
    scopes, known = tuple(dict.fromkeys(body.scope.split())), list(call.world.contract.oauth_scopes)
    for name in scopes:
        if name not in known:
            raise invalid("scope", f'no scope "{name}"{nearest(name, known)}')
    grant = await tokens.create_grant(call.world, client, user, scopes, body.scope)
    token = await tokens.access_token(call.world, grant, expires_in=body.expires_in)
    return shapes.OAuthIssued(token=token.id, client_id=client.id, scopes=grant.scopes)


async def _client(world: World, client_id: str | None) -> OAuthClient:
    if client_id is not None:
        client = await world.state.clients.get(client_id)
        if client is None:
            raise not_found(errors.CLIENT_NOT_FOUND, "OAuth client", client_id)
        return client
    for client in await world.state.clients.all():
        return client
    return await seeds.add_client(world, seeds.ClientSeed(name="Test client"))


HANDLERS: Handlers = {
    "CTRL-COMPANY": Handler(create_company, body=seeds.CompanySeed),
    "CTRL-COMPANY-PATCH": Handler(change_company, body=CompanyPatch),
    "CTRL-USER": Handler(create_user, body=seeds.UserSeed),
    "CTRL-USER-GET": Handler(get_user),
    "CTRL-USER-PATCH": Handler(change_user, body=UserPatch),
    "CTRL-SPACE": Handler(create_space, body=seeds.SpaceSeed),
    "CTRL-TOKEN": Handler(create_token, body=TokenBody),
}
