"""Seeds: documents that fill a world. The control API builds single things from the same shapes."""

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

import msgspec

from mockspaces.cloud.identity import apps, portal, sign_in
from mockspaces.cloud.kernel import keys
from mockspaces.cloud.kernel.rejection import Rejection, invalid, located, not_found
from mockspaces.cloud.kernel.slices import pause
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import drafts, messages
from mockspaces.cloud.messaging.drafts import ContentBody, MessageBody
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import invites, registration, spaces
from mockspaces.cloud.store.entities import (
    AppKey,
    Company,
    Invitee,
    OAuthClient,
    PhoneNumber,
    ServiceApp,
    Space,
    User,
    replace,
)
from mockspaces.contract import errors
from mockspaces.contract.rows import Role


class Strict(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A shape that refuses what it does not know."""


LicenceName = Literal["spaces_business", "spaces_power"]
# A link to a picture, or a text without any character that a URL cannot have.
PictureUrl = Annotated[str, msgspec.Meta(pattern=r"^https?://[!-~]+$", max_length=2048)]
Scopes = tuple[str, ...] | Literal["all"]
Domain = Annotated[str, msgspec.Meta(pattern=r"^[^@\s/:]+$")]
Name = Annotated[str, msgspec.Meta(pattern=r"\S")]
Password = Annotated[str, msgspec.Meta(min_length=1)]
PictureUrlOrNone = Annotated[str, msgspec.Meta(pattern=r"^(https?://[!-~]+)?$", max_length=2048)]


class CompanySeed(Strict, frozen=True, kw_only=True):
    """A company; the service domain must exist before it can have service apps.

    People who have signed up with an address in its domains become its employees; a ``creator`` must be one of them
    and becomes its admin.
    """

    name: Name
    domains: tuple[Domain, ...] = ()
    service_domain: bool = True
    deny_attachments: bool = False
    owned_licenses: tuple[LicenceName, ...] = ("spaces_business", "spaces_power")
    creator: str | None = None


class PhoneSeed(Strict, frozen=True, kw_only=True):
    """A phone number of a user: a plus and digits, between which blanks and hyphens may stand."""

    value: Annotated[str, msgspec.Meta(pattern=r"^\+[0-9][0-9 -]*$")]
    type: str = "mobile"
    verified: bool = False
    primary: bool = False
    unique: bool = False
    login: bool = False
    identity: bool = False


class UserSeed(Strict, frozen=True, kw_only=True):
    """A registered user; their company is that of their e-mail's domain, unless ``company`` names one.

    ``company_admin`` and ``developer`` are companies, the latter also ``freelance``; true is the user's own company,
    and for a developer without one ``freelance``.
    """

    username: str
    password: Password | None = None
    displayname: str = ""
    givenname: str = ""
    familyname: str = ""
    other_emails: tuple[str, ...] = ()
    phone_numbers: tuple[PhoneSeed, ...] = ()
    company: str | None = None
    licenses: tuple[LicenceName, ...] = ()
    company_admin: bool | tuple[str, ...] = False
    developer: bool | tuple[str, ...] = False
    picturefile: PictureUrl | None = None
    enabled: bool = True


class ClientSeed(Strict, frozen=True, kw_only=True):
    """An OAuth client; ids and secrets are drawn unless given. Without ``grants`` it may use all of them.

    ``owner`` is a company or ``freelance``. With a ``creator`` the portal's rules hold, and they decide whose it is
    unless ``owner`` says it.
    """

    name: str = "OAuth client"
    redirect_uris: tuple[str, ...] = ()
    public: bool = False
    client_id: str | None = None
    client_secret: str | None = None
    active: bool = True
    grants: tuple[Literal["authorization_code", "implicit", "refresh_token", "password"], ...] | None = None
    owner: str | None = None
    creator: str | None = None


class AppSeed(Strict, frozen=True, kw_only=True):
    """A service app with one key pair, or with none. ``scopes`` is a list or ``all``; ``fresh_key`` generates a key.

    ``licenses`` are those of its service account. With a ``creator`` the portal's rules hold.
    """

    name: str = "Service app"
    company: str | None = None
    scopes: Scopes = ()
    active: bool = True
    app_id: str | None = None
    key: bool = True
    fresh_key: bool = False
    licenses: tuple[LicenceName, ...] = ()
    creator: str | None = None


class MemberSeed(Strict, frozen=True, kw_only=True):
    """A person in a space, by e-mail."""

    username: str
    role: Role = "member"


class MessageSeed(Strict, frozen=True, kw_only=True):
    """What somebody wrote, by e-mail; an idea is what clients call a post. Its author needs no right to do so."""

    username: str
    text: str
    category: Literal["chat", "idea", "task"] = "chat"
    description: str = ""


class SpaceSeed(Strict, frozen=True, kw_only=True):
    """A group space in any state, also in those that no public call makes (archived)."""

    title: str
    owner: str
    description: str = ""
    members: tuple[MemberSeed, ...] = ()
    messages: tuple[MessageSeed, ...] = ()
    archived: bool = False
    settings: Mapping[str, Any] = {}


class Seed(Strict, frozen=True, kw_only=True):
    """A whole document; its parts are made in this order. ``$schema`` is for editors."""

    schema: str | None = msgspec.field(name="$schema", default=None)
    settings: Mapping[str, Any] = {}
    contract: Mapping[str, Any] = {}
    companies: tuple[CompanySeed, ...] = ()
    users: tuple[UserSeed, ...] = ()
    oauth_clients: tuple[ClientSeed, ...] = ()
    service_apps: tuple[AppSeed, ...] = ()
    spaces: tuple[SpaceSeed, ...] = ()


PACKAGE = Path(__file__).parents[2]
BUNDLED = ("demo", "empty")
Adder = Callable[[World, Any], Awaitable[object]]


@cache
def bundled(name: str) -> Seed:
    """Return a bundled seed by name: ``demo`` or ``empty``."""
    if name == "empty":
        return Seed()
    if name not in BUNDLED:
        raise invalid("seed", 'expected "demo", "empty" or a seed document')
    folder = PACKAGE / "fixtures"
    if not folder.is_dir():  # not installed: it stands beside the package
        folder = PACKAGE.parent / "fixtures"
    return msgspec.convert(json.loads((folder / "demo.json").read_text(encoding="utf-8")), Seed)


async def apply(world: World, seed: Seed) -> None:
    """Add everything a seed names to a world. Refuses what cannot be."""
    of_users = {name: value for name, value in seed.settings.items() if name == sign_in.AUTO_LOGIN}
    with located("settings"):
        world.change_settings({name: value for name, value in seed.settings.items() if name not in of_users})
    world.overlay_contract(seed.contract)
    await _add_all(world, "companies", add_company, seed.companies)
    await _add_all(world, "users", add_user, seed.users)
    with located("settings"):
        await sign_in.check_auto_login(world, of_users)
        world.change_settings(of_users)
    await _add_all(world, "oauth_clients", add_client, seed.oauth_clients)
    await _add_all(world, "service_apps", add_app, seed.service_apps)
    await _add_all(world, "spaces", add_space, seed.spaces)


async def _add_all(world: World, name: str, add: Adder, wanted: Sequence[Any]) -> None:
    for number, one in enumerate(wanted):
        await pause(number)
        with located(f"{name}[{number}]"):
            await add(world, one)


async def add_company(world: World, seed: CompanySeed) -> Company:
    """Create a company, with those as employees who signed up before it was there."""
    founder = None if seed.creator is None else await portal.creator(world, seed.creator)
    company = await people.create_company(
        world,
        seed.name,
        seed.domains,
        service_domain=seed.service_domain,
        owned_licenses=seed.owned_licenses,
        deny_attachments=seed.deny_attachments,
    )
    await portal.found_company(world, company, founder)
    return company


async def add_user(world: World, seed: UserSeed) -> User:
    """Create a registered user with their licences and portal rights."""
    company = await find_company(world, seed.company) if seed.company else None
    user = await registration.create_user(
        world,
        seed.username,
        password=seed.password,
        displayname=seed.displayname,
        givenname=seed.givenname,
        familyname=seed.familyname,
        other_emails=seed.other_emails,
        company=company,
    )
    employer = await world.state.companies.get(user.company_id) if user.company_id else None
    changed = replace(
        user,
        licences=portal.licences(world, employer, seed.licenses),
        phone_numbers=tuple(map(phone_number, seed.phone_numbers)),
        company_admin=await administered(world, user, seed.company_admin),
        developer=await developed(world, user, seed.developer),
        picturefile=seed.picturefile,
        enabled=seed.enabled,
    )
    portal.check_rights(changed)
    return await world.state.users.put(changed)


async def administered(world: World, user: User, wanted: bool | Sequence[str]) -> tuple[str, ...]:  # noqa: FBT001 - as the document has it
    """Return the companies that somebody is to be admin of; true means their own. Refuses who has none then."""
    if wanted is True and user.company_id is None:
        raise invalid("company_admin", f'"{user.username}" is an employee of no company')
    if isinstance(wanted, bool):
        return (user.company_id,) if wanted and user.company_id else ()
    return tuple(dict.fromkeys([(await find_company(world, one)).id for one in wanted]))


async def developed(world: World, user: User, wanted: bool | Sequence[str]) -> tuple[str, ...]:  # noqa: FBT001 - as the document has it
    """Return for what somebody is to be developer; true means their own company, or freelance without one."""
    if isinstance(wanted, bool):
        return (user.company_id or portal.FREELANCE,) if wanted else ()
    return tuple(dict.fromkeys([await _owner(world, one) for one in wanted]))


async def _owner(world: World, key: str) -> str:
    return key if key == portal.FREELANCE else (await find_company(world, key)).id


def phone_number(seed: PhoneSeed) -> PhoneNumber:
    """Return a phone number with its canonical form, which has neither blanks nor hyphens."""
    canonical = seed.value.replace(" ", "").replace("-", "")
    return PhoneNumber(canonical_form=canonical, **msgspec.structs.asdict(seed))


async def add_client(world: World, seed: ClientSeed) -> OAuthClient:
    """Register an OAuth client, if the portal would let its creator."""
    owner = None if seed.owner is None else await _owner(world, seed.owner)
    if seed.creator is not None:
        creator = await portal.creator(world, seed.creator)
        owner = owner or next(iter(creator.developer), portal.FREELANCE)
        portal.check_client_creator(creator, owner)
    return await apps.create_client(
        world,
        seed.name,
        seed.redirect_uris,
        public=seed.public,
        client_id=seed.client_id,
        client_secret=seed.client_secret,
        active=seed.active,
        grants=seed.grants,
        owner=owner or portal.FREELANCE,
    )


async def add_app(world: World, seed: AppSeed) -> tuple[ServiceApp, AppKey | None]:
    """Create a service app with one key pair or none, if the portal would let its creator."""
    if seed.fresh_key and not seed.key:
        raise invalid("fresh_key", "the app is to have no key")
    creator = None if seed.creator is None else await portal.creator(world, seed.creator)
    key = seed.company or (creator.company_id if creator else None)
    if creator is not None and key is None:
        raise Rejection(errors.PERMISSION_DENIED, f'creator: "{creator.username}" is of no company, as apps have to be')
    company = await find_company(world, key) if key else await _first_company(world)
    if creator is not None:
        portal.check_app_creator(creator, company)
    app = await apps.create_service_app(
        world,
        seed.name,
        company,
        scopes(world, seed.scopes),
        active=seed.active,
        app_id=seed.app_id,
        licences=portal.licences(world, company, seed.licenses),
    )
    if not seed.key:
        return app, None
    return app, await apps.create_key(world, app, keys.fresh() if seed.fresh_key else None)


def scopes(world: World, wanted: Scopes) -> tuple[str, ...]:
    """Return the scopes that are meant."""
    return tuple(world.contract.scopes) if wanted == "all" else tuple(wanted)


async def add_space(world: World, seed: SpaceSeed) -> Space:
    """Create a group space with its members and messages, oldest first."""
    owner = await people.known(world, seed.owner)
    if not seed.title.strip():
        raise invalid("title", "must not be blank")
    members = [
        Invitee(type="email", invitee=people.email(one.username, "members"), role=one.role) for one in seed.members
    ]
    space = await spaces.create(world, owner, seed.title, seed.description)
    for number, one in enumerate(members):
        await pause(number)
        await invites.admit(world, space, one, await people.by_email(world, one.invitee))
    settings = {**space.settings, **seed.settings}
    made = await world.state.spaces.put(replace(space, settings=settings))
    for number, message in enumerate(seed.messages):
        await pause(number)
        with located(f"messages[{number}]"):
            author = await people.known(world, message.username)
            content = ContentBody(body_text=message.text, description=message.description)
            await messages.add(world, author, made, drafts.read(world, message.category, MessageBody(content=content)))
    return await spaces.archive(world, made) if seed.archived else made


async def find_company(world: World, key: str) -> Company:
    """Return a company by id, domain or name. Refuses an unknown one, and a name that several have."""
    found = await people.company_of_domain(world, key.lower()) or await world.state.companies.get(key)
    named = [found] if found else [one for one in await world.state.companies.all() if one.name == key]
    if not named:
        raise not_found(errors.COMPANY_NOT_FOUND, "company", key)
    if len(named) > 1:
        raise invalid("company", f'{len(named)} companies are called "{key}"; say its id or one of its domains')
    return named[0]


async def _first_company(world: World) -> Company:
    for company in await world.state.companies.all():
        return company
    raise invalid("company", "the world has none; create one first")
