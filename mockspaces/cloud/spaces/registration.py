"""Registration: a new user, with their personal room and the spaces they were invited to by e-mail."""

from mockspaces.cloud.kernel.rejection import Rejection
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import Company, PersonName, User, replace
from mockspaces.contract import errors


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
    """Create a registered user with their personal room (PERM-PERS-01); the e-mail's domain names their company."""
    address = people.email(username, "username")
    others = tuple(people.email(other, "other_emails") for other in other_emails)
    shown = displayname or f"{givenname} {familyname}".strip() or address
    owner = await people.company_of_domain(world, address.rpartition("@")[2])
    user = User(
        id=world.ids.object_id(),
        ndbid=world.ids.account_id(),
        username=address,
        displayname=shown,
        name=_name(shown, givenname, familyname) if shown != address else PersonName(),
        other_emails=others,
        last_update=world.clock.now_ms(),
        company_id=company.id if company else owner.id if owner else None,
        password=password if password is not None else world.ids.label(16),
    )
    for one in user.emails:
        if await people.by_email(world, one):
            raise Rejection(errors.ALREADY_EXISTS, f'e-mail "{one}" is taken', detail=one)
    room = await spaces.create_personal_room(world, user)
    user = await world.state.users.put(replace(user, room_id=room.id))
    for one in user.emails:  # the entries that were made for these addresses are theirs now (SPACES-INVITE-05)
        for entry in await world.state.members.page("person", one):
            await spaces.take_over(world, user, entry)
    return user


def _name(shown: str, givenname: str, familyname: str) -> PersonName:
    if not givenname and not familyname:
        givenname, _, familyname = shown.partition(" ")
    return PersonName(givenname=givenname, familyname=familyname)
