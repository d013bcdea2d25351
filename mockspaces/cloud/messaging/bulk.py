"""Users of a company made, changed and deleted by its service app (USERS-BULK-01..12)."""

from typing import Literal

import msgspec
from msgspec import UNSET, UnsetType

from mockspaces.cloud.kernel.rejection import Rejection, invalid
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.messaging import removal
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import registration, spaces
from mockspaces.cloud.store.entities import Company, Licence, PersonName, User, replace
from mockspaces.contract import errors, languages
from mockspaces.contract.bulk import Name, Phone
from mockspaces.contract.licences import SERVICE_TYPES

Action = Literal["create", "read", "update", "delete", "merge"]


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """One operation; what is absent stays as it is (USERS-BULK-02..06)."""

    action: Action
    email: str
    password: str | None = None
    firstname: Name | UnsetType = UNSET
    lastname: Name | UnsetType = UNSET
    language: str | UnsetType = UNSET
    cellphone: Phone | UnsetType = UNSET
    workphone: Phone | UnsetType = UNSET
    license_type: Literal["spaces_power", "spaces_business", ""] | UnsetType = UNSET


async def run(world: World, company: Company, operation: Operation) -> User | None:
    """Carry out one operation and return the user, None after a deletion. Refuses what cannot be done."""
    address = people.email(operation.email, "email")
    limits, given = world.contract.limits, operation.password
    if given is not None and not limits.password_min_chars <= len(given) <= limits.password_max_chars:
        raise invalid("password", f"expected {limits.password_min_chars} to {limits.password_max_chars} characters")
    if address.rpartition("@")[2] not in (*company.domains, company.service_domain):
        raise Rejection(errors.OTHER_COMPANY, f'"{address}" is not in a domain of the app\'s company')
    wanted = operation.license_type
    if isinstance(wanted, str) and wanted and wanted not in company.owned_licenses:
        raise Rejection(errors.LICENSE_UNAVAILABLE, f'the company owns no licence "{wanted}"')
    user = await people.by_email(world, address)
    if user is None:
        return await _without_user(world, company, operation)
    if user.is_service_account:
        return await _of_service_account(world, user, operation)
    if user.company_id != company.id:
        raise Rejection(errors.OTHER_COMPANY, f'"{address}" belongs to a user of another company')
    if operation.action == "create":
        raise Rejection(errors.USER_EXISTS, f'there is a user "{user.username}"')
    if operation.action == "read":
        return user
    if operation.action == "delete":
        await removal.delete_user(world, user)
        return None
    language = operation.language if operation.language in languages.ACCOUNTS else user.language
    password = user.password if given is None else given
    return await _change(world, user, replace(user, language=str(language), password=password), operation)


async def _of_service_account(world: World, account: User, operation: Operation) -> User:
    """Read a service account or give it a licence, which is all that is done to one here (DM-APP-02)."""
    if operation.action == "create":
        raise Rejection(errors.USER_EXISTS, f'there is a service account "{account.username}"')
    if operation.action == "delete" or operation.password is not None:
        done = "deleted" if operation.action == "delete" else "given a password"
        raise Rejection(errors.PERMISSION_DENIED, f'"{account.username}" is a service account, it is not {done}')
    return account if operation.action == "read" else await _change(world, account, account, operation)


async def _without_user(world: World, company: Company, operation: Operation) -> User:
    made_by_app = operation.email.lower().endswith(f"@{company.service_domain}")
    if operation.action not in ("create", "merge") or made_by_app:
        raise Rejection(errors.USER_NOT_FOUND, f'there is no user "{operation.email}"')
    if operation.password is None:
        raise invalid("password", "required to create a user")
    displayname = _displayname(world, operation, PersonName(), operation.email)
    user = await registration.create_user(
        world, operation.email, password=operation.password, displayname=displayname, company=company
    )
    language = operation.language if operation.language in languages.ACCOUNTS else languages.ACCOUNT_DEFAULT
    return await _change(world, user, replace(user, language=str(language)), operation)


async def _change(world: World, before: User, user: User, operation: Operation) -> User:
    """Store a user with their names, phones and licence."""
    changes: dict[str, object] = {"last_update": world.clock.now_ms()}
    if isinstance(operation.firstname, str) or isinstance(operation.lastname, str):
        changes["name"] = _name(operation, user.name)
        changes["displayname"] = _displayname(world, operation, user.name, user.username)
    if isinstance(operation.cellphone, str):
        changes["cellphone"] = operation.cellphone
    if isinstance(operation.workphone, str):
        changes["workphone"] = operation.workphone
    if isinstance(operation.license_type, str):
        wanted = operation.license_type
        changes["licences"] = (
            (Licence(service_type=SERVICE_TYPES[wanted], purchased_license_ndbid=world.ids.account_id()),)
            if wanted
            else ()
        )
    changed = await world.state.users.put(replace(user, **changes))
    if changed.displayname != before.displayname:
        # Let the personal room keep its owner's name, unless they gave it another (USERS-ROOM-01).
        room = await world.state.spaces.get(str(changed.room_id))
        if room is not None and room.title == before.displayname:
            await world.state.spaces.put(replace(room, title=changed.displayname))
            await spaces.touch(world, room)
    return changed


def _name(operation: Operation, known: PersonName) -> PersonName:
    first = operation.firstname if isinstance(operation.firstname, str) else known.givenname
    last = operation.lastname if isinstance(operation.lastname, str) else known.familyname
    return replace(known, givenname=first.strip(), familyname=last.strip())


def _displayname(world: World, operation: Operation, known: PersonName, address: str) -> str:
    """Return first and last name, or the e-mail if both are empty (USERS-BULK-04)."""
    name = _name(operation, known)
    shown = f"{name.givenname} {name.familyname}".strip()
    if len(shown) > world.contract.limits.displayname_chars:
        raise invalid("firstname", f"with lastname at most {world.contract.limits.displayname_chars} characters")
    return shown or address.lower()
