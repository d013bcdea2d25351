"""The rules of the developer portal: who may do what there, in the order of the vendor's documents.

Tests make people, companies and apps by control calls, which ask for no right. Where such a call names who acts,
or gives somebody a right, these rules hold (DM-APP-01, DM-CLI-01, DM-USER-12).
"""

from collections.abc import Sequence

from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.slices import pause
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.store.entities import Company, Licence, User, replace
from mockspaces.contract import errors
from mockspaces.contract.licences import SERVICE_TYPES

FREELANCE = "freelance"


async def creator(world: World, username: str) -> User:
    """Return who acts in the portal. Refuses who cannot sign in there."""
    user = await people.known(world, username)
    if user.is_service_account:
        raise invalid("creator", "names a service account, which cannot sign in")
    if not user.enabled:
        raise _denied(f'"{user.username}" is disabled')
    return user


async def found_company(world: World, company: Company, founder: User | None) -> None:
    """Make those employees of a new company who signed up before with an address in its domains.

    Its founder becomes its admin too. Refuses a founder with an address elsewhere, or who is employed already.
    """
    if founder is not None:
        if founder.company_id is not None:
            raise invalid("creator", "is an employee of a company already")
        if _domain(founder) not in company.domains:
            raise invalid("domains", f'has not the domain of the creator\'s e-mail, "{_domain(founder)}"')
    for number, user in enumerate(await world.state.users.all() if company.domains else ()):
        await pause(number)
        if user.company_id is None and _domain(user) in company.domains:
            admin = (*user.company_admin, company.id) if founder and user.id == founder.id else user.company_admin
            await world.state.users.put(replace(user, company_id=company.id, company_admin=admin))


def _domain(user: User) -> str:
    return user.username.rpartition("@")[2]


def check_rights(user: User) -> None:
    """Refuse rights that have no effect: a developer's checkbox is there where they are employee and admin."""
    if user.is_service_account and (user.company_admin or user.developer):
        raise invalid("developer" if user.developer else "company_admin", "a service account cannot sign in")
    for company_id in user.developer:
        if company_id != FREELANCE and (company_id != user.company_id or company_id not in user.company_admin):
            raise Rejection(
                errors.PERMISSION_DENIED,
                f'developer: "{user.username}" is not both employee and admin of company "{company_id}"',
            )


def licences(world: World, company: Company | None, names: Sequence[str]) -> tuple[Licence, ...]:
    """Return new licences. Refuses one that the company of their holder does not own (USERS-BULK-12)."""
    for name in names:
        if company is not None and name not in company.owned_licenses:
            raise Rejection(errors.LICENSE_UNAVAILABLE, f'licenses: company "{company.name}" owns no "{name}"')
    return tuple(
        Licence(service_type=SERVICE_TYPES[name], purchased_license_ndbid=world.ids.account_id())
        for name in dict.fromkeys(names)
    )


def licence_names(held: Sequence[Licence]) -> list[str]:
    """Return what seeds and bulk updates call the licences that somebody has."""
    known = {service: name for name, service in SERVICE_TYPES.items()}
    return [known[one.service_type] for one in held]


def check_admin(creator: User, company: Company) -> None:
    """Refuse who may not manage a company and create its service domain: its admins may (DM-COMP-02)."""
    if company.id not in creator.company_admin:
        raise _denied(f'"{creator.username}" is no admin of company "{company.name}"')


def check_app_creator(creator: User, company: Company) -> None:
    """Refuse who may not make service apps of a company: its admin who is a developer of it may (DM-APP-01)."""
    check_admin(creator, company)
    if company.id not in creator.developer:
        freelance = ", only freelance, which gives no access to service apps" if FREELANCE in creator.developer else ""
        raise _denied(f'"{creator.username}" has no developer permission for company "{company.name}"{freelance}')


def check_client_creator(creator: User, owner: str) -> None:
    """Refuse who may not make OAuth clients for an owner, a company or ``freelance`` (DM-CLI-01)."""
    if owner not in creator.developer:
        of = "as a freelancer" if owner == FREELANCE else f'for company "{owner}"'
        raise _denied(f'"{creator.username}" has no developer permission {of}')


def _denied(why: str) -> Rejection:
    return Rejection(errors.PERMISSION_DENIED, f"creator: {why}")
