"""Companies, registered users and anonymous users."""

import re

from mockspaces.cloud.kernel.events import AccessEnded
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.store.entities import AnonymousUser, Company, Person, User, replace
from mockspaces.contract import errors

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
    lowered = tuple(dict.fromkeys(domain.lower() for domain in domains))
    for domain in lowered:
        if await company_of_domain(world, domain):
            raise Rejection(errors.ALREADY_EXISTS, f'domain "{domain}" has a company', detail=domain)
    company = Company(
        id=world.ids.object_id(),
        name=name,
        domains=lowered,
        service_domain=new_service_domain(world) if service_domain else None,
        relationdef_id=world.ids.account_id(),
        owned_licenses=owned_licenses,
        deny_attachments=deny_attachments,
    )
    return await world.state.companies.put(company)


def new_service_domain(world: World) -> str:
    """Return a domain for the service accounts of one company (DM-COMP-02)."""
    return f"{world.ids.label()}.{world.contract.accounts.service_domain}"


async def company_of_domain(world: World, domain: str) -> Company | None:
    """Return the company that a domain belongs to (DM-COMP-01)."""
    return await world.state.companies.first("domain", domain)


async def by_email(world: World, address: str) -> User | None:
    """Return the user who has this address, primary or not, in any letter case."""
    return await world.state.users.first("address", address.lower())


async def known(world: World, address: str) -> User:
    """Return a user by any of their addresses. Refuses an unknown one."""
    user = await by_email(world, address)
    if user is None:
        raise not_found(errors.USER_NOT_FOUND, "user", address)
    return user


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
