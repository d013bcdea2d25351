"""Whom somebody can find: people of their company and who was once in a space with them (USERS-COLL, -PEOPLE)."""

from collections.abc import Iterator, Sequence
from heapq import merge
from itertools import islice

import msgspec

from mockspaces.cloud.kernel.caller import Caller
from mockspaces.cloud.kernel.patterns import Pattern
from mockspaces.cloud.kernel.world import World
from mockspaces.cloud.people import directory, people
from mockspaces.cloud.spaces import spaces
from mockspaces.cloud.store.entities import Person, User, UserSpace
from mockspaces.cloud.store.listing import Indexed, Merged

MOST_KNOWN = 256  # people whose acquaintances are kept at a time


def _order(user: User) -> tuple[str, str]:
    return (user.displayname.casefold(), user.id)


class Colleagues:
    """The colleagues of a caller who match, by display name (USERS-COLL-02, -05)."""

    def __init__(self, world: World, caller: Caller, pattern: Pattern | None) -> None:
        """List the colleagues; a service app finds people of its company only (USERS-COLL-04)."""
        self._world = world
        self._caller = caller
        self._pattern = pattern

    async def page(self, *, offset: int, limit: int) -> Sequence[User]:
        """Return ``limit`` colleagues from position ``offset`` on."""
        company_id = self._caller.company_id
        inside: Iterator[User] = iter(())
        if company_id:
            inside = (await directory.of_company(self._world, company_id)).matching(self._pattern)
        # Those outside of the company that they met; the callers themselves are among them if they have none.
        known = [] if self._caller.app else await acquaintances(self._world, self._caller.id)
        others = [user for user in known if not company_id or user.company_id != company_id]
        if self._pattern:
            others = [user for user in others if self._pattern.matches(*directory.fields(user))]
        return list(islice(merge(inside, others, key=_order), offset, offset + limit))


class Acquaintances(msgspec.Struct, frozen=True):
    """Whom a person met, as of one state of users and memberships."""

    time: tuple[int, int]
    people: list[User]


async def acquaintances(world: World, person_id: str) -> list[User]:
    """Return the registered users who are or were in a space with somebody, themselves included, by name.

    They are kept until somebody enters a space for the first time or a user changes.
    """
    state = world.state
    kept: dict[str, Acquaintances] = state.cache(Acquaintances, dict)
    known, now = kept.get(person_id), (state.users.revision, state.user_spaces.population)
    if known is not None and known.time == now:
        return known.people
    ids: set[str] = set()
    for own in await state.user_spaces.page("person", person_id):
        ids.update([record.person_id for record in await state.user_spaces.page("space", own.space_id)])
    found = [await state.users.get(one) for one in ids]
    people_ = sorted((user for user in found if user and not user.is_service_account), key=_order)
    if len(kept) >= MOST_KNOWN:
        kept.clear()
    kept[person_id] = Acquaintances(now, people_)
    return people_


async def once_together(world: World, one: str, other: str) -> bool:
    """Whether two people are or were in one space (SPACES-DIRECT-04)."""
    records = world.state.user_spaces
    fewer, partner = one, other
    if await records.count("person", other) < await records.count("person", one):
        fewer, partner = other, one
    for record in await records.page("person", fewer):
        if await records.first("pair", (record.space_id, partner)):
            return True
    return False


async def by_account_id(world: World, caller: Caller, ndbid: str) -> list[User]:
    """Return the colleague with this accounts id, if they are one (USERS-COLL-01)."""
    user = await world.state.users.first("ndbid", ndbid)
    if user is None or user.is_service_account:
        return []
    same_company = caller.company_id is not None and user.company_id == caller.company_id
    related = same_company or (not caller.app and await once_together(world, caller.id, user.id))
    return [user] if related else []


async def by_emails(world: World, caller: Caller, addresses: Sequence[str]) -> list[User]:
    """Return the people of the caller's company with these addresses, in their order (USERS-COLLBULK-02)."""
    found = [await people.by_email(world, address) for address in addresses]
    return [
        user
        for user in found
        if user and not user.is_service_account and user.company_id and user.company_id == caller.company_id
    ]


async def of_company(world: World, company_id: str | None, pattern: Pattern | None, most: int) -> list[User]:
    """Return the first people of a company who match by name or user name (USERS-PEOPLE-01, -02)."""
    if company_id is None:
        return []
    found = (await directory.of_company(world, company_id)).matching(pattern)
    fitting = (user for user in found if pattern is None or pattern.matches(user.displayname, user.username))
    return list(islice(fitting, most))


class DirectPartners:
    """The partners of a person's direct spaces, hidden ones included, latest activity first (USERS-WITHDM-02)."""

    def __init__(self, world: World, person_id: str, pattern: Pattern | None) -> None:
        """List the partners who match by name or user name."""
        self._world = world
        self._pattern = pattern
        self._spaces = Merged(
            [
                Indexed(
                    world.state.user_spaces, "recent", (person_id, "direct", state), descending=True, keep=self._fitting
                )
                for state in ("normal", "hidden")
            ],
            descending=True,
        )

    async def _partner(self, record: UserSpace) -> Person | None:
        space = await self._world.state.spaces.get(record.space_id)
        return await spaces.partner(self._world, space, record.person_id) if space else None

    async def _fitting(self, records: Sequence[UserSpace]) -> Sequence[UserSpace]:
        found = [(record, await self._partner(record)) for record in records]
        return [
            record
            for record, other in found
            if other and (self._pattern is None or self._pattern.matches(other.displayname, other.username))
        ]

    async def page(self, *, offset: int, limit: int) -> Sequence[Person]:
        """Return ``limit`` partners from position ``offset`` on."""
        found = [await self._partner(record) for record in await self._spaces.page(offset=offset, limit=limit)]
        return [person for person in found if person]
