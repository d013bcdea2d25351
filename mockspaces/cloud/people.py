"""Companies, registered users and anonymous users."""

import re

from mockspaces.cloud import spaces
from mockspaces.cloud.entities import AnonymousUser, Company, Person, PersonName, User, replace
from mockspaces.cloud.events import AccessEnded
from mockspaces.cloud.rejection import Rejection, invalid, not_found
from mockspaces.cloud.world import World
from mockspaces.contract import errors

ADDRESSES = "addresses"  # the lock under which an address is found free and taken
SERVICE_DOMAIN_SUFFIX = "servicesapps.spaces.avayacloud.com"  # DM-COMP-02
_EMAIL = re.compile(r"[^@\s\x00-\x1f\x7f]+@[^@\s\x00-\x1f\x7f]+")


def email(text: str, member: str) -> str:
    """Return an e-mail in lower case. Refuses what has not exactly one @ with something on both sides."""
    if not _EMAIL.fullmatch(text):
        raise invalid(member, "expected an e-mail address")
    return text.lower()


async def create_company(
    world: World,
    name: str,
    domains: tuple[str, ...] = (),
    *,
    service_domain: bool = True,
    owned_licenses: tuple[str, ...] = ("spaces_business", "spaces_power"),
    deny_attachments: bool = False,
) -> Company:
    """Create a company; its domains decide which users are its employees (DM-COMP-01)."""
    lowered = tuple(domain.lower() for domain in domains)
    for domain in lowered:
        if domain in world.state.domains:
            raise Rejection(errors.ALREADY_EXISTS, f'domain "{domain}" has a company', detail=domain)
    company = Company(
        id=world.ids.object_id(),
        name=name,
        domains=lowered,
        service_domain=f"{world.ids.label()}.{SERVICE_DOMAIN_SUFFIX}" if service_domain else None,
        relationdef_id=world.ids.account_id(),
        owned_licenses=owned_licenses,
        deny_attachments=deny_attachments,
    )
    world.state.domains.update(dict.fromkeys(lowered, company.id))
    return await world.state.companies.put(company)


async def create_user(
    world: World,
    username: str,
    *,
    password: str | None = None,
    displayname: str = "",
    givenname: str = "",
    familyname: str = "",
    other_emails: tuple[str, ...] = (),
    company: Company | None = None,
) -> User:
    """Create a registered user with his personal room (PERM-PERS-01); the e-mail's domain names his company."""
    address = email(username, "username")
    others = tuple(email(other, "other_emails") for other in other_emails)
    shown = displayname or f"{givenname} {familyname}".strip() or address
    domain = address.rpartition("@")[2]
    user = User(
        id=world.ids.object_id(),
        ndbid=world.ids.account_id(),
        username=address,
        displayname=shown,
        name=_name(shown, givenname, familyname) if shown != address else PersonName(),
        other_emails=others,
        last_update=world.clock.now_ms(),
        company_id=company.id if company else world.state.domains.get(domain),
        password=password if password is not None else world.ids.label(16),
    )
    async with world.lock(ADDRESSES):
        await _refuse_taken(world, user.emails)
        await register(world, user)
    room = await spaces.create_personal_room(world, user)
    user = await world.state.users.put(replace(user, room_id=room.id))
    await spaces.take_over_email_entries(world, user)
    return user


def _name(shown: str, givenname: str, familyname: str) -> PersonName:
    if not givenname and not familyname:
        givenname, _, familyname = shown.partition(" ")
    return PersonName(givenname=givenname, familyname=familyname)


async def _refuse_taken(world: World, addresses: tuple[str, ...]) -> None:
    for address in addresses:
        if await by_email(world, address):
            raise Rejection(errors.ALREADY_EXISTS, f'e-mail "{address}" is taken', detail=address)


async def register(world: World, user: User) -> User:
    """Store a user and make all his addresses known."""
    world.state.addresses.update(dict.fromkeys(user.emails, user.id))
    return await world.state.users.put(user)


async def by_email(world: World, address: str) -> User | None:
    """Return the user who has this address, primary or not, in any letter case."""
    found = world.state.addresses.get(address.lower())
    return await world.state.users.get(found) if found else None


async def by_username(world: World, username: str) -> User | None:
    """Return the user with this primary e-mail (ACC-GEN-14)."""
    return await world.state.users.first("username", username.strip().lower())


async def get_person(world: World, person_id: str) -> Person | None:
    """Return a registered or anonymous user by Spaces id."""
    return await world.state.users.get(person_id) or await world.state.anonymous.get(person_id)


async def find(world: World, person_id: str) -> Person:
    """Return a registered or anonymous user by Spaces id. Refuses an unknown one."""
    person = await get_person(world, person_id)
    if person is None:
        raise not_found(errors.USER_NOT_FOUND, "user", person_id)
    return person


async def create_anonymous(world: World, username: str, displayname: str, picture_url: str) -> AnonymousUser:
    """Create a new guest; a repeated user name makes another one (USERS-ANON-03, -04)."""
    guest = AnonymousUser(
        id=world.ids.object_id(),
        username=username,
        displayname=displayname or "Guest",
        picture_url=picture_url or None,
    )
    return await world.state.anonymous.put(guest)


async def set_enabled(world: World, user: User, *, enabled: bool) -> User:
    """Enable or disable a user; a disabled one has no valid credential (AUTH-USER-05)."""
    changed = await world.state.users.put(replace(user, enabled=enabled))
    if user.enabled and not enabled:
        await world.publish(AccessEnded(person_id=user.id))
    return changed
