"""Direct spaces: one per pair of people, the same ever after (SPACES-DIRECT-01..06)."""

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.rejection import Rejection, invalid, not_found
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.spaces import colleagues, spaces
from mockspaces.cloud.spaces.access import Standing
from mockspaces.cloud.store.entities import AnonymousUser, Person, Space, User, member_id
from mockspaces.contract import errors


async def between(world: World, caller: Caller, partner: Person) -> Standing:
    """Return the direct space of the caller and another person; the first call makes it."""
    pair = (min(caller.id, partner.id), max(caller.id, partner.id))
    space = await world.state.spaces.first("pair", pair)
    if space is None:
        await _check_acquainted(world, caller, partner)
        space = await _create(world, caller.person, partner, pair)
    await spaces.unhide(world, space.id, caller.id)
    return Standing(space, await world.state.members.get(member_id(space.id, caller.id)))


async def find_partner(world: World, caller: Caller, kind: str, partner_id: str) -> Person:
    """Return whom a path names, ``anonymous`` or ``user``: steps 3 to 5 (SPACES-DIRECT-01, -05).

    Anonymous callers say ``anonymous`` of themselves: their partner may be anybody.
    """
    if caller.app and kind == "anonymous":
        raise Rejection(errors.SCOPE_MISSING, "the scope spaces.direct.create is for registered partners only")
    people = world.state.anonymous if kind == "anonymous" else world.state.users
    partner: Person | None = await people.get(partner_id)
    if partner is None and caller.anonymous and kind == "anonymous":
        partner = await world.state.users.get(partner_id)
    if partner is None:
        raise not_found(errors.USER_NOT_FOUND, "user", partner_id)
    _check_company(caller, partner)
    return partner


async def check_related(world: World, caller: Caller, partner: Person) -> None:
    """Refuse people who may neither open a direct space nor call each other (SPACES-DIRECT-04, RT-CALL-04)."""
    _check_company(caller, partner)
    await _check_acquainted(world, caller, partner)


def _check_company(caller: Caller, partner: Person) -> None:
    if caller.app and not (isinstance(partner, User) and partner.company_id == caller.app.company_id):
        raise Rejection(errors.OTHER_COMPANY, f'user "{partner.username}" is of another company')


async def _check_acquainted(world: World, caller: Caller, partner: Person) -> None:
    """Steps 6c and 7: who may open one with whom (SPACES-DIRECT-04, -05)."""
    if partner.id == caller.id:
        raise invalid("userId", "is your own id")
    if caller.anonymous or isinstance(partner, AnonymousUser):
        if not world.presence.together(caller.id, partner.id):
            raise Rejection(errors.PERMISSION_DENIED, "no space has sockets of both subscribed at this moment")
        return
    same_company = caller.company_id is not None and caller.company_id == partner.company_id
    if not same_company and not await colleagues.once_together(world, caller.id, partner.id):
        raise Rejection(errors.PERMISSION_DENIED, "neither in one company nor ever together in a space")


async def _create(world: World, first: Person, second: Person, pair: tuple[str, str]) -> Space:
    """Create the space; a registered party owns it, the caller if both or none are (SPACES-DIRECT-03)."""
    owner = second if isinstance(first, AnonymousUser) and isinstance(second, User) else first
    licensed = isinstance(owner, User) and bool(owner.licences)
    now = world.clock.now_ms()
    space = Space(
        id=world.ids.object_id(),
        owner_id=owner.id,
        title=f"{first.displayname}, {second.displayname}",
        type="direct",
        created=now,
        modified=now,
        sequence=spaces.next_sequence(world),
        company_id=owner.company_id if isinstance(owner, User) else None,
        settings=spaces.default_settings(world, await spaces.conference_id(world), private=True, licensed=licensed),
        retention=world.contract.spaces.retention,
        pair=pair,
    )
    await world.state.spaces.put(space)
    for person in (first, second):
        if isinstance(person, AnonymousUser):
            await spaces.add(world, space, person.id, "anonymousId", "guest", joined=True)
        else:
            await spaces.add(world, space, person.id, "userId", "member", joined=True)
    return space
